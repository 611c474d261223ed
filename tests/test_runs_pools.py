"""Pools of runners: full, cancelled, closed, or with their processes killed, they leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import CancelledError, wait
from pathlib import Path
from typing import Any

import pytest
from ran_stories import PATH, printed, ran, task_of, told

from sourcebook.runs import Orders
from sourcebook.runs.runners.pools import ColdPool, WarmPool, pool_for

FAMILY = "import os\nprint(os.getpid(), os.getppid())\n"
WAITS = "import time\ntime.sleep(600)"


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that is dead but not buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition: Any, *, seconds: float = 15) -> bool:
    """Wait for a condition, and say whether it came true."""
    until = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < until:
        time.sleep(0.02)
    return bool(met)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give two warm runners."""
    with WarmPool(2, scratch=tmp_path_factory.mktemp("scratch")) as made:
        yield made


def test_forty_stories_end_each_with_its_own_result(pool: WarmPool, tmp_path: Path) -> None:
    """More stories than places wait their turn; none hangs, and none gets another's result."""
    code = "import numpy as np, pandas as pd, pyarrow as pa\nprint(pa.array(np.arange({n})).sum(), {n})"
    tasks = [task_of(tmp_path, code.format(n=number), path=f"book/{number}.ipynb") for number in range(1, 41)]

    futures = [pool.submit(task) for task in tasks]

    assert [printed(future.result(timeout=60)) for future in futures] == [
        f"{n * (n - 1) // 2} {n}" for n in range(1, 41)
    ]


def test_cells_are_told_as_they_begin(pool: WarmPool, tmp_path: Path) -> None:
    """A display can show where each story is; prose without numbers takes no time."""
    seen: list[tuple[int, int]] = []
    task = task_of(tmp_path, "1", "md: Words.", "2", "md: It is {eval}`1`.")

    pool.submit(task, lambda cell, cells: seen.append((cell, cells))).result(timeout=60)

    assert seen == [(1, 4), (3, 4), (4, 4)]


def test_story_runs_in_its_folder_with_the_builds_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path means what it means in JupyterLab, and no variable of ours is seen."""
    monkeypatch.setenv("DESK", "nord")
    monkeypatch.setenv("SOURCEBOOK_OWN", "1")
    code = "import os\nprint(os.getcwd(), os.environ.get('DESK'), os.environ.get('SOURCEBOOK_OWN'))"
    threads = "print(os.environ['OPENBLAS_NUM_THREADS'], os.environ['OMP_NUM_THREADS'])"

    with WarmPool(1, scratch=tmp_path / "scratch", threads=3) as own:
        told_here = ran(own, tmp_path, code, threads, path="book/north/one.ipynb")

    assert told_here.split() == [str(tmp_path / "book" / "north"), "nord", "None", "3", "3"]


def test_pool_sees_what_a_story_reads(pool: WarmPool, tmp_path: Path) -> None:
    """The table that a story reads is among its inputs, and nothing of ours is."""
    table = tmp_path / "data" / "arrivals.csv"
    table.parent.mkdir()
    table.write_text("year,people\n2024,7\n")
    task = task_of(tmp_path, "import pandas as pd\npd.read_csv('../data/arrivals.csv')")

    report = pool.submit(task).result(timeout=60).report

    assert report is not None
    assert list(report["inputs"]) == ["data/arrivals.csv"]


def test_cancelled_story_ends_at_once(pool: WarmPool, tmp_path: Path) -> None:
    """Whoever interrupts a build waits for no cell."""
    begun: list[int] = []
    future = pool.submit(task_of(tmp_path, WAITS), lambda cell, cells: begun.append(cell))
    wait_until(lambda: begun)

    future.cancel()

    assert wait([future], timeout=10).done
    with pytest.raises(CancelledError):
        future.result()


def test_pool_goes_on_after_its_nursery_was_killed(pool: WarmPool, tmp_path: Path) -> None:
    """The stories that ran are told as died, with their processes gone; the next ones run."""
    parent = int(ran(pool, tmp_path, FAMILY).split()[1])
    marked = "import subprocess\nsubprocess.Popen(['setsid', 'sleep', '86100'])\n" + WAITS
    begun: list[int] = []
    future = pool.submit(task_of(tmp_path, "1", marked), lambda cell, cells: begun.append(cell))
    wait_until(lambda: len(begun) == 2)

    os.kill(parent, signal.SIGKILL)

    ended = told(future)
    assert (ended["kind"], ended["cell"]) == ("RunnerDied", 2)
    assert "its runner's parent ended, signal SIGKILL" in ended["what"]
    assert subprocess.run(["pgrep", "-x", "-f", "sleep 86100"], capture_output=True).stdout == b""
    assert ran(pool, tmp_path, "print('on')") == "on"


def test_closed_pool_leaves_no_process(tmp_path: Path) -> None:
    """After a build nothing runs, whatever stories were doing."""
    own = WarmPool(2, scratch=tmp_path / "scratch")
    runner, parent = map(int, ran(own, tmp_path, FAMILY).split())
    begun: list[int] = []
    futures = [own.submit(task_of(tmp_path, WAITS), lambda cell, cells: begun.append(cell)) for _ in range(3)]
    wait_until(lambda: len(begun) == 2)

    own.close()

    assert all(future.cancelled() for future in futures)
    assert not is_alive(runner)
    assert not is_alive(parent)
    assert not list((tmp_path / "scratch" / "runners").iterdir())
    with pytest.raises(RuntimeError, match="closed"):
        own.submit(task_of(tmp_path, "1"))


BUILD = """
    import sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from ran_stories import ran, task_of
    from sourcebook.runs.runners.pools import WarmPool
    root = Path({root!r})
    pool = WarmPool(1, scratch=root / "scratch")
    begun = lambda cell, cells: print("begun", flush=True)
    print(ran(pool, root, {family!r}), flush=True)
    pool.submit(task_of(root, {waits!r}), begun).result()
"""


def test_killed_build_leaves_no_process(tmp_path: Path) -> None:
    """Even kill -9 of the build, in the middle of a cell, ends every process of it."""
    waits = "import subprocess\nsubprocess.Popen(['setsid', 'sleep', '86200'])\n" + WAITS
    code = textwrap.dedent(BUILD).format(
        tests=str(Path(__file__).parent), root=str(tmp_path), family=FAMILY, waits=waits
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as build:
        assert build.stdout is not None
        parent = int(build.stdout.readline().split()[1])
        build.stdout.readline()
        sleeping = ["pgrep", "-x", "-f", "sleep 86200"]
        wait_until(lambda: subprocess.run(sleeping, capture_output=True).stdout)

        build.kill()

        assert wait_until(lambda: not is_alive(parent))
        assert wait_until(lambda: not subprocess.run(sleeping, capture_output=True).stdout)


def test_cold_pool_gives_what_the_warm_one_gives(pool: WarmPool, tmp_path: Path) -> None:
    """A story does not owe its result to what happened to be imported before it."""
    cells = ("import pandas as pd, random", "pd.DataFrame({'a': [random.random()]})", "md: {eval}`1 + 1`")

    warm = pool.submit(task_of(tmp_path, *cells)).result(timeout=60)
    with ColdPool(1, scratch=tmp_path / "scratch") as cold:
        done = cold.submit(task_of(tmp_path, *cells)).result(timeout=60)

    assert done.text == warm.text
    assert not list((tmp_path / "scratch" / "runners").iterdir())


def test_kernel_that_is_not_installed_is_named(pool: WarmPool, tmp_path: Path) -> None:
    """A story in another language says which kernel is wanting."""
    task = task_of(tmp_path, "1", kind="kernel")
    text = task.text.replace('"python3"', '"no-such"').replace('"python"', '"R"')

    ended = told(pool.submit(type(task)(tmp_path, PATH, text, "kernel")))

    assert ended["what"] == "no kernel 'no-such' on this machine"


@pytest.mark.parametrize(("is_cold", "kind"), [(True, ColdPool), (False, WarmPool)])
def test_pool_is_what_the_orders_ask_for(tmp_path: Path, is_cold: bool, kind: type) -> None:
    """`--cold` uses nothing that was prepared."""
    made = pool_for(Orders(workers=1, is_cold=is_cold), scratch=tmp_path)

    assert isinstance(made, kind)
    made.close()


def test_prepared_pool_has_started_before_the_first_story(tmp_path: Path) -> None:
    """Libraries are imported while the build still reads its stories."""
    with WarmPool(1, scratch=tmp_path / "scratch") as own:
        own.prepare()

        assert wait_until(lambda: list((tmp_path / "scratch" / "runners").glob("*/nursery.log")))
