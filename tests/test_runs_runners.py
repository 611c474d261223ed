"""A story that crashes, hangs, eats memory or floods the page ends alone, and is told by name and cell."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ran_stories import task_of, told

from sourcebook.runs.runners.pools import ColdPool, WarmPool

GIB = 1 << 30
WAITS = "import time\ntime.sleep(600)"
FAILING: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "exits": (("1", "import os\nos._exit(3)"), {}),
    "segfaults": (("import ctypes\nctypes.string_at(0)",), {}),
    "is killed": (("import os\nos.kill(os.getpid(), 9)",), {}),
    "loops in C": (("1", "sum(range(10**11))"), {"cell_s": 0.5}),
    "sleeps": ((WAITS,), {"cell_s": 0.5}),
    "is slow in all": (("import time", *["time.sleep(0.4)"] * 9), {"cell_s": 5, "story_s": 1}),
    "eats memory": (
        ("held = []\nwhile True:\n    held.append(bytearray(10**7))",),
        {"memory_bytes": 2 * GIB},
    ),
    "prints": (("while True:\n    print('x' * 1000)",), {"output_bytes": 10**6}),
    "prints from a process": (("!yes",), {"output_bytes": 10**6}),
    "prints from the system": (("import os\nos.system('yes')",), {"output_bytes": 10**6}),
    "raises": (("one = 1\n\nprint(one / 0)",), {}),
    "fails to parse": (("one = 1\none +",), {}),
    "leaves": (("import sys\nsys.exit(2)",), {}),
    "ends the kernel": (("exit()", "1"), {}),
    "asks": (("input('name? ')",), {}),
    "interrupts": (("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n" + WAITS,), {}),
    "fails in prose": (("one = 1", "md: It is\n\n{eval}`one` or {eval}`missing`."), {}),
    "forks into the story": (("import os\nif not os.fork():\n    raise SystemExit", "print('well')"), {}),
    "closes what it prints to": (("import os\nos.close(1)\nos.close(2)\nprint('well')",), {}),
    "kernel exits": (("1", "import os\nos._exit(3)"), {"kind": "kernel"}),
    "kernel loops in C": (("1", "sum(range(10**11))"), {"kind": "kernel", "cell_s": 0.5}),
    "kernel prints": (("while True:\n    print('x' * 1000)",), {"kind": "kernel", "output_bytes": 10**6}),
    "kernel raises": (("one = 1\n\nprint(one / 0)",), {"kind": "kernel"}),
    "kernel fails in prose": (("one = 1", "md: It is\n\n{eval}`missing`."), {"kind": "kernel"}),
}
ESCAPES = """
import os, subprocess
subprocess.Popen(['sleep', '{n}'])
subprocess.Popen(['setsid', 'sleep', '{n}'])
if not os.fork():
    os.setsid()
    if not os.fork():
        os.execvp('sleep', ['sleep', '{n}'])
    os._exit(0)
print('started')
"""


@pytest.fixture(scope="session")
def failed(shelf: Any) -> Callable[[str], dict[str, Any]]:
    """Give what became of each failing story, all of them run beside each other."""

    def make(folder: Path) -> dict[str, Any]:
        with WarmPool(3, scratch=folder / "scratch") as pool:
            tasks = {name: task_of(folder, *cells, **more) for name, (cells, more) in FAILING.items()}
            futures = {name: pool.submit(task) for name, task in tasks.items()}
            return {name: told(future) for name, future in futures.items()}

    results = shelf.told("failing-runners", make)
    return lambda name: dict(results[name])


@pytest.mark.parametrize(
    ("name", "what", "cell"),
    [
        ("exits", "the kernel died while the story ran: exit code 3", 2),
        ("segfaults", "the kernel died while the story ran: signal SIGSEGV", 1),
        ("is killed", "the kernel died while the story ran: signal SIGKILL", 1),
        ("kernel exits", "the kernel died while the story ran: exit code 3", 2),
    ],
)
def test_crash_is_told_with_its_cell_and_its_signal(
    failed: Callable[[str], dict[str, Any]], name: str, what: str, cell: int
) -> None:
    """An author learns which cell ends the process, and how; such a story may be tried again."""
    ended = failed(name)

    assert (ended["kind"], ended["what"], ended["cell"]) == ("RunnerDied", what, cell)


@pytest.mark.parametrize(
    ("name", "what", "cell"),
    [
        ("loops in C", "a cell ran longer than 0.5 seconds", 2),
        ("kernel loops in C", "a cell ran longer than 0.5 seconds", 2),
        ("sleeps", "a cell ran longer than 0.5 seconds", 1),
        ("prints", "a cell printed more than 1 MB", 1),
        ("prints from a process", "a cell printed more than 1 MB", 1),
        ("prints from the system", "a cell printed more than 1 MB", 1),
        ("kernel prints", "a cell printed more than 1 MB", 1),
        ("eats memory", "MemoryError: ", 1),
    ],
)
def test_limit_ends_the_story_and_is_named(
    failed: Callable[[str], dict[str, Any]], name: str, what: str, cell: int
) -> None:
    """Whatever a cell does for ever, the build goes on, and the author is sent to that cell."""
    ended = failed(name)

    assert (ended["kind"], ended["what"], ended["cell"]) == ("StoryFailed", what, cell)
    assert "mend:" in ended["message"]


def test_story_of_many_slow_cells_is_ended_as_a_whole(failed: Callable[[str], dict[str, Any]]) -> None:
    """No cell is too slow by itself, but together they are."""
    ended = failed("is slow in all")

    assert (ended["kind"], ended["what"]) == ("StoryFailed", "the story ran longer than 1 seconds")
    assert 2 < ended["cell"] < 10


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("raises", "ZeroDivisionError: division by zero\n  where: book/story.ipynb, cell 1, line 3"),
        ("fails to parse", "SyntaxError: invalid syntax"),
        ("leaves", "SystemExit: 2\n  where: book/story.ipynb, cell 1"),
        ("ends the kernel", "a cell ended the kernel with exit()\n  where: book/story.ipynb, cell 1"),
        ("asks", "StdinNotImplementedError: "),
        ("interrupts", "KeyboardInterrupt: \n  where: book/story.ipynb, cell 1, line 2"),
        (
            "fails in prose",
            "{eval}`missing` failed: NameError: name 'missing' is not defined\n"
            "  where: book/story.ipynb, cell 2, line 3",
        ),
    ],
)
def test_exception_is_told_with_its_place(
    failed: Callable[[str], dict[str, Any]], name: str, where: str
) -> None:
    """An author is sent to the very line, and told what Python said."""
    ended = failed(name)

    assert ended["kind"] == "StoryFailed"
    assert ended["message"].startswith(where)


@pytest.mark.parametrize("name", ["raises", "fails in prose"])
def test_kernel_fails_in_the_same_words(failed: Callable[[str], dict[str, Any]], name: str) -> None:
    """It does not matter to an author which runner a story had."""
    warm, kernel = failed(name), failed(f"kernel {name}")

    assert warm == kernel


@pytest.mark.parametrize("name", ["forks into the story", "closes what it prints to"])
def test_strange_story_is_executed_all_the_same(failed: Callable[[str], dict[str, Any]], name: str) -> None:
    """What is unusual is not yet wrong."""
    ended = failed(name)

    assert (ended["kind"], ended["what"]) == ("", "well")


@pytest.mark.parametrize("make_pool", [WarmPool, ColdPool])
def test_processes_that_a_story_started_end_with_it(make_pool: Any, tmp_path: Path) -> None:
    """Neither a child in the background nor one that made itself a daemon outlives its story."""
    number = 86_000 + (make_pool is ColdPool)
    with make_pool(1, scratch=tmp_path / "scratch") as pool:
        ended = told(pool.submit(task_of(tmp_path, ESCAPES.format(n=number))))

        alive = subprocess.run(["pgrep", "-x", "-f", f"sleep {number}"], capture_output=True, text=True)

    assert ended["what"] == "started"
    assert alive.stdout == ""
