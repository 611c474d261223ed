"""Hand-offs: a story that reads what another wrote runs after it, and none waits for itself."""

from __future__ import annotations

import pytest
from small_books import INDEX, OTHER

from sourcebook.errors import BookError, StoryFailed
from sourcebook.runs import Run
from sourcebook.runs.handoffs import HandOff, find_hand_offs, refuse_cycles, waits_of
from sourcebook.testing import Book, FakeKernels

ARRIVALS, TALLY, SUM = "data/arrivals.csv", "data/made/tally.csv", "data/made/sum.csv"


@pytest.fixture
def relay() -> FakeKernels:
    """Give runners in which the index, which comes first, reads what the other story writes."""
    return FakeKernels(inputs={INDEX: [TALLY], OTHER: [ARRIVALS]}, outputs={OTHER: [TALLY]})


def _read(book: Book, name: str) -> str:
    return (book.root / name).read_text(encoding="utf-8")


def test_reader_runs_again_after_the_writer_when_nobody_knew(two: Book, relay: FakeKernels) -> None:
    """In a first build the order is found out: in the end every story has read what is there."""
    two.run(relay)

    assert relay.ran == [INDEX, OTHER, INDEX]
    assert two.reasons(INDEX) == two.reasons(OTHER) == ()
    assert _read(two, TALLY) == _read(two, ARRIVALS)


def test_reader_runs_once_and_after_the_writer_when_the_order_is_known(two: Book, relay: FakeKernels) -> None:
    """What an earlier build found out orders the next one."""
    two.run(relay)
    relay.ran.clear()

    two.write("requirements.txt", "pandas==3.0\n")
    two.run(relay)

    assert relay.ran == [OTHER, INDEX]


def test_change_goes_through_the_hand_off(two: Book, relay: FakeKernels) -> None:
    """A changed table runs its reader, and then whoever reads what that story makes of it."""
    two.run(relay)
    relay.ran.clear()

    two.write(ARRIVALS, "year,people\n2024,8\n")
    done = two.run(relay)

    assert relay.ran == [OTHER, INDEX]
    assert [str(one) for one in done[INDEX].reasons] == [f"input changed: {TALLY}"]


def test_reader_stays_fresh_when_the_writer_writes_the_same(two: Book, relay: FakeKernels) -> None:
    """A story that runs again and writes equal bytes makes nobody else run."""
    two.run(relay)
    relay.ran.clear()

    two.write_story(OTHER, "y = 3")
    two.run(relay)

    assert relay.ran == [OTHER]


def test_failed_reader_is_tried_again_once_the_writer_has_written(two: Book, relay: FakeKernels) -> None:
    """On a fresh checkout the reader finds nothing to read: that is no failure yet."""

    class Eager(FakeKernels):
        def submit(self, task, *watch):  # type: ignore[no-untyped-def]
            missing = task.path == INDEX and not (two.root / TALLY).exists()
            self.failures = {INDEX: StoryFailed("FileNotFoundError")} if missing else {}
            return super().submit(task, *watch)

    eager = Eager(inputs=relay.inputs, outputs=relay.outputs)

    done = two.run(eager)

    assert eager.ran == [INDEX, OTHER, INDEX]
    assert done[INDEX].problem is None


def test_vanished_hand_off_is_restored_without_a_run(two: Book, relay: FakeKernels) -> None:
    """What stories write is kept with their runs: deleting it costs nothing."""
    two.run(relay)
    relay.ran.clear()

    (two.root / TALLY).unlink()
    two.run(relay)

    assert relay.ran == []
    assert _read(two, TALLY) == _read(two, ARRIVALS)


def test_edited_hand_off_is_written_again(two: Book, relay: FakeKernels) -> None:
    """A file that a story makes is what the story makes of the data, whatever somebody typed into it."""
    two.run(relay)
    relay.ran.clear()

    two.write(TALLY, "year,people\n2024,9999\n")
    two.run(relay)

    assert relay.ran[0] == OTHER
    assert _read(two, TALLY) == _read(two, ARRIVALS)


def test_stories_that_wait_for_each_other_are_refused_with_the_path(two: Book) -> None:
    """A circle cannot be computed; who must break it sees every step of it."""
    circle = FakeKernels(inputs={INDEX: [TALLY], OTHER: [SUM]}, outputs={INDEX: [SUM], OTHER: [TALLY]})

    with pytest.raises(BookError) as refused:
        two.run(circle)

    steps = f"{TALLY} -> {INDEX} -> {SUM} -> {OTHER}"
    assert "wait for each other" in str(refused.value)
    assert f"{OTHER} -> {steps}" in str(refused.value) or f"{INDEX} -> {SUM} -> {OTHER}" in str(refused.value)


def test_file_that_two_stories_write_is_refused(two: Book) -> None:
    """Which of two stories wrote last must not decide what is published."""
    both = FakeKernels(outputs={INDEX: [TALLY], OTHER: [TALLY]})

    with pytest.raises(BookError, match=f"two stories write '{TALLY}'"):
        two.run(both)


def test_folder_that_is_listed_hands_over_its_files() -> None:
    """A story that reads a folder reads what another story puts there."""
    runs = {"a": Run("", outputs={TALLY: "1"}), "b": Run("", inputs={"data/made": "2"})}

    found = find_hand_offs(runs)

    assert found == (HandOff("a", "b", TALLY),)


def test_what_only_may_be_read_makes_no_circle() -> None:
    """Two stories whose reading cannot be watched count as reading everything: they are no circle."""
    every = {TALLY: "1", SUM: "2"}
    runs = {
        "a": Run("", inputs=every, outputs={TALLY: "1"}, rule="all of data"),
        "b": Run("", inputs=every, outputs={SUM: "2"}, rule="all of data"),
    }

    hand_offs = find_hand_offs(runs)
    refuse_cycles(hand_offs)

    assert waits_of(hand_offs, ["a", "b"]) in ({"a": set(), "b": {"a"}}, {"a": {"b"}, "b": set()})
