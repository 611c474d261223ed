"""What the store holds: entries are checked before use, outputs come back, looking costs next to nothing."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from kept_runs import KEY, OTHER_KEY, run_of

from sourcebook.runs.store import RunGone, Store, told_run


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give an empty store."""
    return Store(tmp_path / "store")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give the folder of a book that holds one table."""
    (tmp_path / "book" / "data").mkdir(parents=True)
    (tmp_path / "book" / "data" / "made.csv").write_bytes(b"year,people\n2024,7\n")
    return tmp_path / "book"


def test_run_comes_back_as_it_was_kept(store: Store) -> None:
    """Everything that is known of a run is known again in the next build."""
    run = run_of(
        "first",
        inputs={"data/a.csv": "1" * 64, "env:PORT": "absent", "data/facts.csv#ships": "2" * 64},
        unseen=("a subprocess ran",),
        parts={"code": "3" * 64},
        outputs={"data/made.csv": "4" * 64},
        network=("example.org:443",),
        clock=("cell 1, line 2: date.today()",),
        rule="all of data",
        seconds=1.5,
    )

    store.keep(KEY, run)

    (kept,) = store.runs_of(KEY)
    assert (kept, kept.seconds) == (run, 1.5)


def test_seconds_of_a_story_are_those_of_its_last_run(store: Store) -> None:
    """The story that took longest can be started first."""
    store.remember("book/slow.ipynb", run_of("slow", seconds=12.5))

    seconds = (store.seconds_of("book/slow.ipynb"), store.seconds_of("book/new.ipynb"))

    assert seconds == (12.5, None)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 1},
        {"format": 99},
        {"notebook": "../../etc/passwd"},
        {"inputs": {"../../etc/passwd": "1" * 64}},
        {"inputs": {"/etc/passwd": "1" * 64}},
        {"outputs": {"../outside.csv": "1" * 64}},
        {"outputs": {".git/hooks/post-checkout": "1" * 64}},
        {"outputs": {"/tmp/outside.csv": "1" * 64}},
        {"inputs": ["data/a.csv"]},
        {"unseen": "a subprocess ran"},
        {"seconds": "long"},
        {"a field of tomorrow": True},
    ],
)
def test_entry_of_another_version_or_hand_is_not_there(store: Store, change: dict[str, object]) -> None:
    """What this version has not written is skipped without a word, and what is sound beside it is kept."""
    store.keep(KEY, run_of("first"))
    store.notebooks.write(run_of("second").text.encode())
    path = store.manifest(KEY)
    told = json.loads(path.read_text())

    told["runs"].insert(0, told_run(run_of("second")) | change)
    path.write_text(json.dumps(told))

    assert store.runs_of(KEY) == (run_of("first"),)


def test_manifest_of_another_format_is_not_there(store: Store) -> None:
    """A newer version's store is a cold store, never an error."""
    store.keep(KEY, run_of("first"))
    path = store.manifest(KEY)

    path.write_text(path.read_text().replace('{"format": 2, "runs"', '{"format": 3, "runs"'))

    assert store.runs_of(KEY) == ()


def test_notebook_that_is_damaged_in_place_is_noticed_at_once(store: Store) -> None:
    """A byte that somebody changed, with the size kept, makes the run count as not there."""
    run = run_of("first")
    store.keep(KEY, run)
    path = store.notebooks.path(run.notebook)

    path.write_bytes(path.read_bytes().replace(b"first", b"fault"))

    assert store.runs_of(KEY) == ()


def test_notebook_that_is_damaged_unseen_is_never_used(store: Store) -> None:
    """Where even date and size were kept, the digest is what counts: the story runs in the next build."""
    run = run_of("first")
    store.keep(KEY, run)
    path = store.notebooks.path(run.notebook)
    date = path.stat().st_mtime_ns
    path.write_bytes(path.read_bytes().replace(b"first", b"fault"))
    os.utime(path, ns=(date, date))

    with pytest.raises(RunGone, match="build again"):
        store.notebook(run)

    assert store.runs_of(KEY) == ()


def test_notebook_whose_date_was_lost_is_still_good(store: Store) -> None:
    """A store that was copied without dates is checked once, and then looks cost nothing again."""
    run = run_of("first")
    store.keep(KEY, run)
    path = store.notebooks.path(run.notebook)
    sealed = path.stat().st_mtime_ns

    os.utime(path)
    found = store.runs_of(KEY)

    assert found == (run,)
    assert path.stat().st_mtime_ns == sealed


def test_run_whose_text_is_not_its_digest_is_refused(store: Store) -> None:
    """A fault of ours never makes a wrong entry."""
    with pytest.raises(ValueError, match="digest"):
        store.keep(KEY, run_of("first", text="something else"))

    assert list(store.folder.glob("runs/*/*.json")) == []


def test_output_that_is_gone_is_written_back(store: Store, root: Path) -> None:
    """Who deletes what a story made gets it back without a run."""
    run = run_of("first", made=root / "data" / "made.csv")
    store.keep(KEY, run, root=root)
    (root / "data" / "made.csv").unlink()
    (root / "data").rmdir()

    was_restorable, restored = store.is_restorable(run, root), store.restore(run, root)

    assert was_restorable
    assert restored == ("data/made.csv",)
    assert (root / "data" / "made.csv").read_bytes() == b"year,people\n2024,7\n"
    assert [path.name for path in (root / "data").iterdir()] == ["made.csv"]


def test_output_that_somebody_changed_is_not_overwritten(store: Store, root: Path) -> None:
    """A file that is there is an author's until a story writes it: the run does not count as restorable."""
    run = run_of("first", made=root / "data" / "made.csv")
    store.keep(KEY, run, root=root)
    (root / "data" / "made.csv").write_bytes(b"by hand")

    was_restorable, restored = store.is_restorable(run, root), store.restore(run, root)

    assert not was_restorable
    assert restored == ()
    assert (root / "data" / "made.csv").read_bytes() == b"by hand"


@pytest.mark.parametrize("harm", ["damaged", "gone", "never kept"])
def test_run_is_not_restorable_when_its_output_is_nowhere(store: Store, root: Path, harm: str) -> None:
    """A story whose file cannot be had back runs again."""
    run = run_of("first", made=root / "data" / "made.csv")
    store.keep(KEY, run, root=None if harm == "never kept" else root)
    (root / "data" / "made.csv").unlink()
    kept = store.files.path(run.outputs["data/made.csv"])

    if harm == "damaged":
        kept.write_bytes(b"year,people\n2024,8\n")
    elif harm == "gone":
        kept.unlink()

    assert not store.is_restorable(run, root)
    assert store.restore(run, root) == ()


def test_output_behind_a_link_out_of_the_book_is_not_written(
    store: Store, root: Path, tmp_path: Path
) -> None:
    """Nothing is ever written outside the book, whatever a store says."""
    outside = tmp_path / "outside"
    outside.mkdir()
    run = run_of("first", made=root / "data" / "made.csv")
    store.keep(KEY, run, root=root)
    (root / "data" / "made.csv").unlink()
    (root / "data").rmdir()
    (root / "data").symlink_to(outside)

    was_restorable, restored = store.is_restorable(run, root), store.restore(run, root)

    assert (was_restorable, restored) == (False, ())
    assert list(outside.iterdir()) == []


def test_looking_at_many_stories_costs_next_to_nothing(store: Store) -> None:
    """Asking for the runs of 200 stories, of 100 kB each, takes at most three hundredths of a second."""
    keys = [f"{number:064x}" for number in range(200)]
    for key in keys:
        store.keep(key, run_of(key, size=100_000))

    costs = []
    for _ in range(3):
        began = time.process_time()
        found = [store.runs_of(key) for key in keys]
        costs.append(time.process_time() - began)

    assert all(len(runs) == 1 for runs in found)
    assert min(costs) < 0.03


def test_runs_of_two_stories_do_not_mix(store: Store) -> None:
    """A story only ever finds runs of its own key."""
    store.keep(KEY, run_of("first"))
    store.keep(OTHER_KEY, run_of("second"))

    found = store.runs_of(KEY), store.runs_of(OTHER_KEY)

    assert found == ((run_of("first"),), (run_of("second"),))


def test_only_the_newest_runs_of_a_story_are_kept(store: Store) -> None:
    """A story that runs every day does not fill its manifest for ever, and the newest run comes first."""
    runs = [run_of(f"run {number}", inputs={"data/a.csv": f"{number:064x}"}) for number in range(25)]

    for run in runs:
        store.keep(KEY, run)

    assert store.runs_of(KEY) == tuple(reversed(runs[5:]))
