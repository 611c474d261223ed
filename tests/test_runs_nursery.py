"""Nurseries that are lent: runners for a process that did not start them, and nothing left behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from ran_stories import printed, task_of
from test_runs_pools import is_alive, wait_until

from sourcebook.runs.runners.nurses import VARIABLE, OwnNurse, borrowed
from sourcebook.runs.runners.pools import WarmPool

FAMILY = "import os\nprint(os.getpid(), os.getppid())\n"
WAITS = "import os, time\nprint(os.getpid())\nopen('{}', 'w').write(str(os.getpid()))\ntime.sleep(600)"


@pytest.fixture(scope="module")
def nurse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnNurse]:
    """Give a nursery that serves one guest after another."""
    made = OwnNurse(tmp_path_factory.mktemp("nursery"), threads=1, is_warm=True, is_kept=True)
    yield made
    made.bury()


def _borrow(monkeypatch: pytest.MonkeyPatch, lent: tuple[dict[str, str], tuple[int, ...]]) -> None:
    """Be the build that a nursery is lent to: a build has a copy of the open file."""
    (variables, (door,)) = lent
    told = variables[VARIABLE].replace(f'"door": {door}', f'"door": {os.dup(door)}')
    monkeypatch.setenv(VARIABLE, told)


def _family(tmp_path: Path, *, threads: int = 1) -> tuple[int, int]:
    """Run a story in a pool of its own, and give its process and that process's parent."""
    with WarmPool(1, scratch=tmp_path, threads=threads) as pool:
        shown = printed(pool.submit(task_of(tmp_path, FAMILY)).result(timeout=60))
    runner, parent = map(int, shown.split())
    return runner, parent


def test_lent_nursery_serves_one_build_after_another(
    nurse: OwnNurse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two builds get runners of one nursery: its imports were done once."""
    parents = []
    for _ in range(2):
        with nurse.lent(for_good=False) as lent:
            _borrow(monkeypatch, lent)
            parents.append(_family(tmp_path)[1])

    assert parents[0] == parents[1]
    assert is_alive(parents[0])


def test_lent_nursery_is_borrowed_once(
    nurse: OwnNurse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second pool of the same build starts a nursery of its own."""
    with nurse.lent(for_good=False) as lent:
        _borrow(monkeypatch, lent)
        one, two = _family(tmp_path), _family(tmp_path)

    assert one[1] != two[1]


def test_lent_nursery_with_other_threads_is_given_back(
    nurse: OwnNurse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Libraries read their number of threads when they are imported: one that differs is of no use."""
    with nurse.lent(for_good=False) as lent:
        _borrow(monkeypatch, lent)
        _, first = _family(tmp_path)
    with nurse.lent(for_good=False) as lent:
        _borrow(monkeypatch, lent)
        _, second = _family(tmp_path, threads=2)

    assert first != second


def test_build_that_leaves_takes_its_runners_along(
    nurse: OwnNurse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build that ends in the middle leaves no story running, and the nursery serves the next."""
    noted = tmp_path / "pid"
    with nurse.lent(for_good=False) as lent:
        _borrow(monkeypatch, lent)
        with WarmPool(1, scratch=tmp_path, threads=1) as pool:
            pool.submit(task_of(tmp_path, WAITS.format(noted)))
            assert wait_until(lambda: noted.is_file() and noted.read_text())
    left = is_alive(int(noted.read_text()))
    with nurse.lent(for_good=False) as lent:
        _borrow(monkeypatch, lent)
        _, parent = _family(tmp_path)

    assert not left
    assert is_alive(parent)


def test_nursery_that_is_lent_for_good_ends_with_its_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was started for one build frees its memory when the stories have run."""
    nurse = OwnNurse(tmp_path, threads=1, is_warm=True)
    with nurse.lent(for_good=True) as lent:
        _borrow(monkeypatch, lent)
        _, parent = _family(tmp_path)
        is_over = wait_until(lambda: not is_alive(parent) and not nurse.is_alive)
    nurse.bury()

    assert is_over


def test_lent_nursery_that_is_killed_costs_no_story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool starts a nursery of its own when the lent one is gone."""
    nurse = OwnNurse(tmp_path / "lent", threads=1, is_warm=True)
    with nurse.lent(for_good=False) as lent:
        _borrow(monkeypatch, lent)
        with WarmPool(1, scratch=tmp_path, threads=1) as pool:
            first = int(printed(pool.submit(task_of(tmp_path, FAMILY)).result(timeout=60)).split()[1])
            os.kill(first, signal.SIGKILL)
            wait_until(lambda: not is_alive(first))
            wait_until(lambda: not pool._nurses)
            second = int(printed(pool.submit(task_of(tmp_path, FAMILY)).result(timeout=60)).split()[1])
    nurse.bury()

    assert first != second


def test_variable_that_names_no_socket_is_no_loan() -> None:
    """A variable left over from another process keeps no build from running stories."""
    with Path(os.devnull).open() as file:
        environment = {VARIABLE: f'{{"door": {os.dup(file.fileno())}, "threads": 1}}'}
        loan = borrowed(environment, threads=1)

    assert loan is None
    assert VARIABLE not in environment
