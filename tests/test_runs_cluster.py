"""Runs on a Dask cluster: the same bytes as on this machine, whatever happens to a worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sourcebook.errors import Place, StoryFailed
from sourcebook.runs.cluster import ClusterError, ClusterPool
from sourcebook.runs.orders import Orders
from sourcebook.runs.runners.pools import pool_for
from sourcebook.runs.tasks import Executed, Limits, Pool, Task
from sourcebook.testing import Book

STORIES = {
    "book/table.ipynb": (
        "md: # A table",
        "import pandas as pd\ntable = pd.read_csv('../data/arrivals.csv')",
        "table",
        "md: The sum is {eval}`table['people'].sum()`.",
    ),
    "book/chart.ipynb": (
        "import altair as alt, pandas as pd, random",
        "print(random.random())\nalt.Chart(pd.read_csv('../data/arrivals.csv')).mark_bar().encode(x='year:O')",
    ),
    "book/module.ipynb": ("import sys\nsys.path.insert(0, '..')\nfrom words import GREETING\nGREETING",),
    "book/writes.ipynb": (
        "from pathlib import Path\nPath('../data/made.csv').write_text('year,people\\n2026,9\\n')",
    ),
}

OWN: dict[str, Any] = {  # processes that answer on the loopback only, on whatever ports are free
    "processes": True,
    "threads_per_worker": 1,
    "host": "127.0.0.1",
    "dashboard_address": "127.0.0.1:0",
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Give a cluster of two worker processes on this machine, which answers on the loopback only."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, **OWN) as made:
        yield made


@pytest.fixture
def pools(cluster: Any, tmp_path: Path) -> Iterator[Callable[..., ClusterPool]]:
    """Give the function that makes pools on the cluster; they are closed in the end."""
    made: list[ClusterPool] = []

    def make(**more: Any) -> ClusterPool:
        options = {"scratch": tmp_path / "scratch", "runners": pool_for, **more}
        made.append(ClusterPool(cluster.scheduler_address, **options))
        return made[-1]

    yield make
    for pool in made:
        pool.close()


@pytest.fixture
def stories(book: Book) -> Book:
    """Give a book whose stories read, import, draw and write."""
    book.write("data/arrivals.csv", "year,people\n2024,7\n2025,8\n")
    book.write("words.py", "GREETING = 'welcome'\n")
    for path, cells in STORIES.items():
        book.write_story(path, *cells)
    return book


def task_of(book: Book, path: str, **more: Any) -> Task:
    """Give the task of running one story."""
    return Task(book.root, path, (book.root / path).read_text(encoding="utf-8"), **more)


def told(executed: Executed) -> tuple[str, dict[str, Any]]:
    """Give what must be equal wherever a story runs: its notebook, and what it read and wrote."""
    report = {name: value for name, value in (executed.report or {}).items() if name != "began"}
    return executed.text, report


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., dict[str, Any]]]:
    """Give the function that runs stories of a copy of a book on this machine."""
    folder = tmp_path_factory.mktemp("here")
    pool = pool_for(Orders(workers=2), scratch=folder / "scratch")
    numbers = count()

    def run(book: Book, *paths: str) -> dict[str, Any]:
        copy = book.copy_to(folder / f"copy-{next(numbers)}")
        runs = {path: pool.submit(task_of(copy, path)) for path in paths}
        return {path: told(run.result(60)) for path, run in runs.items()}

    yield run
    pool.close()


class Refusing:
    """Stands in for the runners of this machine: nothing may run here."""

    def __call__(self, orders: Orders, *, scratch: Path) -> Pool:
        if "dask" not in str(scratch):
            raise AssertionError("a story ran on this machine")
        return pool_for(orders, scratch=scratch)


def test_stories_give_the_same_bytes_on_a_cluster(
    stories: Book, pools: Callable[..., ClusterPool], here: Callable[..., dict[str, Any]]
) -> None:
    """A reader cannot tell where a story ran; what it wrote lies in the book here."""
    expected = here(stories, *STORIES)
    pool, cells = pools(), []

    runs = {
        path: pool.submit(task_of(stories, path), lambda *cell, path=path: cells.append((path, *cell)))
        for path in STORIES
    }
    done = {path: told(run.result(60)) for path, run in runs.items()}

    assert done == expected
    assert (stories.root / "data" / "made.csv").read_text() == "year,people\n2026,9\n"
    assert ("book/table.ipynb", 3, 4) in cells


def test_run_survives_the_death_of_its_worker(
    stories: Book,
    pools: Callable[..., ClusterPool],
    cluster: Any,
    here: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    """A worker that is killed on the way takes no story with it: each runs again, to the same bytes."""
    note = tmp_path / "runs"
    stories.write_story(
        "book/slow.ipynb",
        f"import time\nwith open({str(note)!r}, 'a') as file:\n    file.write('run ')",
        "time.sleep(0.8)\n'at last'",
    )
    expected = here(stories, "book/slow.ipynb", "book/table.ipynb")
    note.unlink()
    pool = pools()

    runs = {path: pool.submit(task_of(stories, path)) for path in expected}
    wait_until(note.exists)
    os.kill(worker_of(cluster, "book/slow.ipynb"), signal.SIGKILL)
    done = {path: told(run.result(60)) for path, run in runs.items()}

    assert done == expected
    assert note.read_text() == "run run "


@pytest.mark.parametrize(
    "reads",
    [
        "Path('../archive/7.txt').read_text()",
        "Path('../archive/7.txt').read_text() if Path('../archive/7.txt').exists() else 'none'",
        "len(list(Path('..').glob('archive/*')))",
    ],
)
def test_file_that_was_not_sent_is_sent_in_a_second_go(
    stories: Book, pools: Callable[..., ClusterPool], here: Callable[..., dict[str, Any]], reads: str
) -> None:
    """A story that reads more than its last run did never takes a file of the book for missing."""
    for number in range(500):
        stories.write(f"archive/{number}.txt", f"{number}")
    stories.write_story("book/looks.ipynb", f"from pathlib import Path\n{reads}")
    expected = here(stories, "book/looks.ipynb")
    pool = pools(runners=Refusing(), files_of=lambda task: ["data/arrivals.csv"])

    done = told(pool.submit(task_of(stories, "book/looks.ipynb")).result(60))

    assert done == expected["book/looks.ipynb"]


def test_story_that_depends_on_this_machine_runs_here(
    book: Book, pools: Callable[..., ClusterPool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment variable that only this machine has is seen as it is here."""
    monkeypatch.setenv("SHOWN_PORT", "Ithaca")
    book.write_story("book/port.ipynb", "import os\nos.environ.get('SHOWN_PORT', 'no port')")

    done = pools().submit(task_of(book, "book/port.ipynb")).result(60)

    assert "'Ithaca'" in done.text


def test_failing_cell_is_told_as_on_this_machine(book: Book, pools: Callable[..., ClusterPool]) -> None:
    """An author is sent to the very line, wherever the story ran."""
    book.write_story("book/fails.ipynb", "one = 1\n\nprint(one / 0)")

    with pytest.raises(StoryFailed) as failed:
        pools().submit(task_of(book, "book/fails.ipynb")).result(60)

    assert "ZeroDivisionError: division by zero" in failed.value.what
    assert failed.value.place == Place("book/fails.ipynb", cell=1, line=3)
    assert failed.value.mend in str(failed.value)


def test_limits_hold_on_a_cluster(book: Book, pools: Callable[..., ClusterPool]) -> None:
    """A cell that takes too long is ended on its worker, once, and told."""
    book.write_story("book/slow.ipynb", "import time\ntime.sleep(60)")
    began = time.monotonic()

    with pytest.raises(StoryFailed, match="1 second"):
        pools(runners=Refusing()).submit(task_of(book, "book/slow.ipynb", limits=Limits(cell_s=1))).result(60)

    assert time.monotonic() - began < 10


def test_cancelled_run_ends_with_its_processes(
    book: Book, pools: Callable[..., ClusterPool], tmp_path: Path
) -> None:
    """Who interrupts a build leaves nothing running on the cluster."""
    note = tmp_path / "pid"
    book.write_story(
        "book/slow.ipynb",
        f"import os, time\nfrom pathlib import Path\nPath({str(note)!r}).write_text(str(os.getpid()))",
        "time.sleep(60)",
    )
    run = pools().submit(task_of(book, "book/slow.ipynb"))
    wait_until(lambda: note.exists() and bool(note.read_text()))

    was_cancelled = run.cancel()

    assert was_cancelled
    with pytest.raises(CancelledError):
        run.result(1)
    wait_until(lambda: not Path(f"/proc/{note.read_text()}").exists())


def test_scheduler_that_does_not_answer_is_told(tmp_path: Path) -> None:
    """A wrong address is told within seconds, with what to do."""
    with pytest.raises(ClusterError) as failed:
        ClusterPool("tcp://127.0.0.1:1", scratch=tmp_path, runners=pool_for, reach_s=0.5)

    assert failed.value.what == "no Dask scheduler answers at 'tcp://127.0.0.1:1'"
    assert "dask scheduler" in failed.value.mend


def test_worker_with_other_software_is_named(cluster: Any, tmp_path: Path) -> None:
    """A run may only count if it ran in the environment that it is kept under."""
    odd = tmp_path / "odd" / "odd_package-1.0.dist-info"
    odd.mkdir(parents=True)
    (odd / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-package\nVersion: 1.0\n")

    with another_worker(cluster, folder=odd.parent), pytest.raises(ClusterError) as failed:
        ClusterPool(cluster.scheduler_address, scratch=tmp_path, runners=pool_for)

    assert "worker 'tcp://127.0.0.1:" in failed.value.what
    assert "odd-package is 1.0 there and not installed here" in failed.value.what
    assert "requirements.txt" in failed.value.mend


def test_missing_package_is_named() -> None:
    """Who asks for a cluster without the packages for it learns what to install."""
    code = (
        "import sys; sys.modules['distributed'] = None\n"
        "from sourcebook.runs.cluster import ClusterPool\n"
        "from pathlib import Path\n"
        "ClusterPool('tcp://127.0.0.1:1', scratch=Path(), runners=None)"
    )

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert 'mend:  pip install "sourcebook[cluster]"' in ran.stderr


def wait_until(is_so: Callable[[], bool], *, seconds: float = 20) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def worker_of(cluster: Any, path: str) -> int:
    """Give the process of the worker that runs a story."""
    workers = cluster.scheduler.workers.values()
    (name,) = (one.name for one in workers if any(path in str(task.key) for task in one.processing))
    return int(cluster.workers[name].pid)


@contextmanager
def another_worker(cluster: Any, *, folder: Path) -> Iterator[None]:
    """Let a worker join for a while whose Python finds the packages in a folder, too."""
    workers = cluster.scheduler.workers
    count = len(workers)
    options = ("--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", str(folder))
    command = [sys.executable, "-m", "distributed.cli.dask_worker", cluster.scheduler_address, *options]
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(folder)}, stderr=subprocess.DEVNULL
    ) as process:
        wait_until(lambda: len(workers) > count)
        try:
            yield
        finally:
            process.kill()
    wait_until(lambda: len(workers) == count)
