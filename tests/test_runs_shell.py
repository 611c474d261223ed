"""The in-process shell shows what a real kernel shows, twice the same, and keeps stories apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kinds_of_cells import SHOWN
from ran_stories import PATH, ran, task_of, task_of_kinds

from sourcebook.runs.runners.outputs import steady, steady_text
from sourcebook.runs.runners.pools import WarmPool
from sourcebook.stories import new_notebook, parse_notebook


@pytest.fixture(scope="session")
def shown(shelf: Any) -> Callable[[str], Any]:
    """Give the notebook that a runner made of a story that holds every kind of cell."""

    def make(folder: Path) -> dict[str, str]:
        try:
            return run(folder / "first")
        except TimeoutError:  # seen once: what all kinds together waited for is not known yet
            return run(folder / "second")

    def run(folder: Path) -> dict[str, str]:
        texts = {}
        with pytest.MonkeyPatch.context() as here, WarmPool(1, scratch=folder / "scratch") as pool:
            here.delenv("PYTEST_CURRENT_TEST")  # a kernel that sees it does not show what C code prints
            for name, kind in (("warm", "warm"), ("again", "warm"), ("kernel", "kernel")):
                done = pool.submit(task_of_kinds(folder, SHOWN, kind=kind)).result(timeout=60)
                (folder / PATH).with_name("note.txt").unlink()
                texts[name] = done.text
        return texts

    texts = shelf.told("kinds-of-cells", make)
    return lambda name: parse_notebook(texts[name])


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give warm runners."""
    with WarmPool(2, scratch=tmp_path_factory.mktemp("scratch")) as made:
        yield made


@pytest.mark.parametrize(("number", "kind"), enumerate(SHOWN))
def test_shell_shows_what_a_kernel_shows(shown: Callable[[str], Any], number: int, kind: str) -> None:
    """Whichever runner a story had, its page is the same."""
    warm, kernel = shown("warm").cells[number], shown("kernel").cells[number]

    assert warm == kernel


def test_shell_gives_the_notebook_what_a_kernel_gives_it(shown: Callable[[str], Any]) -> None:
    """The language and the state of widgets are kept, too."""
    warm, kernel = shown("warm").metadata, shown("kernel").metadata

    assert warm == kernel
    assert "widgets" in warm
    assert warm.language_info.pygments_lexer == "ipython3"


def test_two_runs_give_equal_bytes(shown: Callable[[str], Any]) -> None:
    """Random numbers, unique ids and addresses are the same each time."""
    first, second = shown("warm"), shown("again")

    assert first == second


def test_stories_draw_different_random_numbers(pool: WarmPool, tmp_path: Path) -> None:
    """Two stories do not share their chance, and an id is unique in the book."""
    code = "import random, uuid\nimport numpy as np\nprint(random.random(), np.random.rand(), uuid.uuid4())"

    one = ran(pool, tmp_path, code, path="book/one.ipynb").split()
    other = ran(pool, tmp_path, code, path="book/other.ipynb").split()

    assert not set(one) & set(other)


LEAK = """
import os, sys, random
import pandas as pd
print(sorted(name for name in globals() if not name.startswith('_')))
print(os.environ.get('LEAKED'), os.path.basename(os.getcwd()), 'leaked' in sys.path, random.random())
print(pd.get_option('display.max_rows'), sys.modules.get('leaked'), Out, len(In), hasattr(pd, 'leaked'))
leaked = os.environ['LEAKED'] = 'leaked'
os.chdir('/')
sys.path.insert(0, 'leaked')
sys.modules['leaked'] = sys
pd.set_option('display.max_rows', 7)
pd.leaked = True
random.seed(5)
get_ipython().register_magic_function(print, magic_name='leaked')
"""


def test_story_leaves_no_trace_in_the_next(pool: WarmPool, tmp_path: Path) -> None:
    """What a story sets, changes or patches is gone with it."""
    first = ran(pool, tmp_path, LEAK)

    second = ran(pool, tmp_path, LEAK)

    assert first == second
    assert "leaked" not in second


def test_expression_in_prose_is_evaluated_in_cell_order(pool: WarmPool, tmp_path: Path) -> None:
    """A number in prose is what it was when the reader comes to it, not what it became later."""
    cells = ("x = 1", "md: It is {eval}`x`.", "x = 2", "md: Now it is {eval}`x` and {eval}`x + 1`.")

    executed = pool.submit(task_of(tmp_path, *cells)).result(timeout=60)

    told = [
        (one["expression"], one["result"]["data"]["text/plain"])
        for cell in parse_notebook(executed.text).cells
        for one in cell.metadata.get("user_expressions", [])
    ]
    assert told == [("x", "1"), ("x", "2"), ("x + 1", "3")]


def test_prints_of_other_processes_stay_in_their_place(pool: WarmPool, tmp_path: Path) -> None:
    """What a program prints stands between what the cell printed before it and after it."""
    cell = "import os\nprint('one')\nleft = os.system('echo two')\nprint('three')\nos.system('echo four')"

    shown = ran(pool, tmp_path, *[cell] * 10)

    assert shown.split() == ["one", "two", "three", "four", "0"] * 10


def test_library_that_took_its_ids_by_name_gets_steady_ones(pool: WarmPool, tmp_path: Path) -> None:
    """The ids of a styled table are the same in each run."""
    code = "import pandas as pd\nprint(pd.DataFrame({'a': [1]}).style.to_html())"

    first = ran(pool, tmp_path, code)

    assert ran(pool, tmp_path, code) == first


@pytest.mark.parametrize(
    ("text", "steadied"),
    [
        ("<object object at 0x7f3a5c2b1d90>", "<object object at 0x0>"),
        ("the value at 0x10 stays", "the value at 0x10 stays"),
        ("/tmp/ipykernel_4711/123.py:1: UserWarning: beware", "/tmp/ipykernel/123.py:1: UserWarning: beware"),
        ("", ""),
    ],
)
def test_text_is_kept_without_what_is_chance(text: str, steadied: str) -> None:
    """Addresses and process ids change nothing on a page."""
    assert steady_text(text) == steadied


def test_prints_are_joined_however_they_arrived() -> None:
    """A slow machine does not part a line in two."""
    notebook = new_notebook([("code", "")])
    notebook.cells[0].outputs = [
        {"output_type": "stream", "name": "stderr", "text": "e"},
        {"output_type": "stream", "name": "stdout", "text": "a"},
        {"output_type": "stream", "name": "stdout", "text": "b"},
        {"output_type": "display_data", "data": {"text/plain": "shown"}, "metadata": {}},
        {"output_type": "stream", "name": "stdout", "text": "c"},
    ]

    steady(notebook)

    outputs = notebook.cells[0].outputs
    assert [one.get("text") for one in outputs] == ["ab", "e", None, "c"]
