"""Collecting: the store stays within its bounds, and what pages show now is never removed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from kept_runs import KEY, OTHER_KEY, run_of

from sourcebook.runs.store import Store
from sourcebook.runs.store.collection import Collected, collect, find_damaged

DAY_S = 86_400
LONG = 10**12


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give an empty store."""
    return Store(tmp_path / "store")


@pytest.fixture
def now() -> float:
    """Give a time two hours after all that the test does."""
    return time.time() + 7_200


def use(store: Store, key: str, *, at: float) -> None:
    """Have the runs under a key be used at some time."""
    os.utime(store.manifest(key), (at, at))


def size_of(store: Store) -> int:
    """Give the size of all notebooks, outputs and manifests."""
    folders = ("files", "notebooks", "runs")
    return sum(
        path.stat().st_size for name in folders for path in (store.folder / name).rglob("*") if path.is_file()
    )


def test_runs_used_least_recently_go_first(store: Store, now: float) -> None:
    """A store that is too large keeps what was used last."""
    store.keep(KEY, run_of("used", size=50_000))
    store.keep(OTHER_KEY, run_of("unused", size=50_000))
    use(store, KEY, at=now - 2 * DAY_S)
    use(store, OTHER_KEY, at=now - 3 * DAY_S)

    collected = collect(store, most_bytes=60_000, now=now)

    assert store.runs_of(KEY) == (run_of("used", size=50_000),)
    assert store.runs_of(OTHER_KEY) == ()
    assert collected.removed == 1
    assert collected.freed_bytes > 50_000
    assert collected.kept_bytes == size_of(store) <= 60_000


def test_oldest_runs_of_one_story_go_first(store: Store, now: float) -> None:
    """Of the runs of one story, the newest stay, and the story's last use is not forgotten."""
    for number in range(4):
        store.keep(KEY, run_of(f"{number}", size=50_000, inputs={"data/a.csv": f"{number:064x}"}))
    use(store, KEY, at=now - 5 * DAY_S)

    collect(store, most_bytes=110_000, now=now)

    kept = [store.notebook(run).cells[0].source for run in store.runs_of(KEY)]
    assert kept == ["'3'", "'2'"]


def test_stripped_manifest_keeps_the_date_of_its_last_use(store: Store, now: float) -> None:
    """A collection is no use: what is left of a story goes first the next time, too."""
    for number in range(2):
        store.keep(KEY, run_of(f"{number}", size=50_000, inputs={"data/a.csv": f"{number:064x}"}))
    use(store, KEY, at=now - 5 * DAY_S)

    collect(store, most_bytes=60_000, now=now)

    assert store.manifest(KEY).stat().st_mtime == pytest.approx(now - 5 * DAY_S, abs=1)


def test_store_within_its_bounds_loses_nothing(store: Store, now: float) -> None:
    """Collecting is no reason to run anything again."""
    store.keep(KEY, run_of("first"))
    use(store, KEY, at=now - 300 * DAY_S)

    collected = collect(store, most_bytes=LONG, now=now)

    assert collected == Collected(removed=0, freed_bytes=0, kept_bytes=size_of(store))
    assert store.runs_of(KEY) == (run_of("first"),)


def test_runs_unused_for_long_go_even_from_a_small_store(store: Store, now: float) -> None:
    """What nobody has used for months is of no use."""
    store.keep(KEY, run_of("used"))
    store.keep(OTHER_KEY, run_of("unused"))
    use(store, KEY, at=now - 29 * DAY_S)
    use(store, OTHER_KEY, at=now - 31 * DAY_S)

    collect(store, most_bytes=LONG, most_days=30, now=now)

    assert store.runs_of(KEY) == (run_of("used"),)
    assert store.runs_of(OTHER_KEY) == ()


def test_runs_that_pages_show_are_never_removed(store: Store, tmp_path: Path, now: float) -> None:
    """However small the store is to be, the next build without changes runs nothing."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "made.csv").write_text("year,people\n")
    shown = run_of("shown", size=50_000, made=tmp_path / "data" / "made.csv", seconds=2.5)
    store.keep(KEY, shown, root=tmp_path)
    store.keep(KEY, run_of("not shown", inputs={"data/a.csv": "1" * 64}))
    store.remember("book/index.ipynb", shown)
    use(store, KEY, at=now - 300 * DAY_S)

    collected = collect(store, most_bytes=0, most_days=1, now=now)

    assert collected.removed == 1
    assert store.runs_of(KEY) == (shown,)
    assert store.last("book/index.ipynb") == shown
    assert store.files.has(shown.outputs["data/made.csv"])


def test_notebook_that_two_runs_share_stays_while_one_does(store: Store, now: float) -> None:
    """Equal outputs are kept once, for as long as any run needs them."""
    for key, digit in ((KEY, "1"), (OTHER_KEY, "2")):
        store.keep(key, run_of("same", inputs={"data/a.csv": digit * 64}))
    use(store, KEY, at=now - 40 * DAY_S)
    use(store, OTHER_KEY, at=now)

    collect(store, most_bytes=LONG, most_days=30, now=now)

    assert store.runs_of(KEY) == ()
    assert len(store.runs_of(OTHER_KEY)) == 1


def test_files_that_nobody_names_go_after_an_hour(store: Store) -> None:
    """What a killed build left is removed, but not while a build may still be about to name it."""
    store.keep(KEY, run_of("first"))
    orphan = store.notebooks.path(store.notebooks.write(b"nobody names me"))
    half = store.manifest(KEY).with_name(f".{KEY}.json.x1y2z3")
    half.write_text("half")
    began = time.time()

    collect(store, most_bytes=LONG, now=began + 60)
    after_a_minute = (orphan.exists(), half.exists())
    collect(store, most_bytes=LONG, now=began + 3_700)

    assert after_a_minute == (True, True)
    assert (orphan.exists(), half.exists()) == (False, False)
    assert store.runs_of(KEY) == (run_of("first"),)


def test_look_at_a_story_dates_its_runs(store: Store) -> None:
    """A story that is built counts as used, and its manifest is dated at most once a day."""
    store.keep(KEY, run_of("first"))
    long_ago, this_morning = time.time() - 40 * DAY_S, time.time() - DAY_S / 4
    dates = []

    for date in (long_ago, this_morning):
        use(store, KEY, at=date)
        store.runs_of(KEY)
        dates.append(store.manifest(KEY).stat().st_mtime)

    assert dates[0] == pytest.approx(time.time(), abs=60)
    assert dates[1] == pytest.approx(this_morning, abs=1)


def test_empty_store_is_collected_without_a_word(store: Store, now: float) -> None:
    """A book that was never built has nothing to collect."""
    collected = collect(store, most_bytes=0, most_days=0, now=now)

    assert collected == Collected(0, 0, 0)


@pytest.mark.parametrize("name", ["notebook", "manifest", "last"])
def test_damaged_entry_is_found(store: Store, name: str) -> None:
    """Whoever doubts a store can have all of it checked."""
    store.keep(KEY, run_of("first"))
    store.remember("book/index.ipynb", run_of("first"))
    (last,) = store.folder.glob("last/**/*.json")
    paths = {
        "notebook": store.notebooks.path(run_of("first").notebook),
        "manifest": store.manifest(KEY),
        "last": last,
    }
    before = find_damaged(store)

    paths[name].write_bytes(paths[name].read_bytes()[:-20])

    assert before == ()
    assert find_damaged(store) == (paths[name],)
