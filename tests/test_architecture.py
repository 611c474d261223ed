"""The house of floors: who may know whom, who holds which door, and how large a room may be."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "sourcebook"
THEME = PACKAGE / "theme"

# The highest floor first. A module imports from the rows below its own, never from its own row.
# Floor 3 has two rows: what is drawn and what is checked may know facts, and facts know neither.
# The front door is `sourcebook/__init__.py`, by which a story comes in: it opens on floors 2 and 3.
# `__main__` is no module but the bell of `cli`.
ROWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("7", ("cli", "testing")),
    ("6", ("desk",)),
    ("5", ("pages", "theme")),
    ("4", ("runs", "editions")),
    ("front door", ("sourcebook",)),
    ("3", ("checks", "figures")),
    ("3", ("facts",)),
    ("2", ("datasets",)),
    ("1", ("sources", "stories")),
    ("0", ("errors", "tracing")),
)
ROW_OF = {module: number for number, (_, row) in enumerate(ROWS) for module in row}
MODULES = sorted(ROW_OF.keys() - {"sourcebook"})
FLOORED = [  # the modules that are there: `editions` has its place and is still to move in
    (floor, module)
    for floor, row in ROWS
    for module in row
    if (PACKAGE / module).is_dir() or (PACKAGE / f"{module}.py").is_file()
]

DOORS = {
    "stories": {"nbformat"},
    "pages": {"sphinx", "docutils", "myst_nb"},
    "runs": {"nbclient", "jupyter_client"},
    "cli": {"click", "rich"},
    "figures": {"altair", "plotly", "vl_convert"},
}
# A Fact is worded and computed in files of their own, which name its type; it shows itself by its bundle.
KNOTS = {
    ("facts/arithmetic.py", "facts/value.py"),
    ("facts/words.py", "facts/value.py"),
    ("facts/value.py", "facts/bundle.py"),
}
NAMELESS = {"utils", "helpers", "common", "core", "manager"}


@dataclass(frozen=True, order=True)
class Arrow:
    """One import: a file, its line, and the dotted name that it asks for."""

    path: str
    line: int
    target: str

    @property
    def module(self) -> str:
        """The module that imports."""
        first = self.path.split("/")[0].removesuffix(".py")
        return {"__init__": "sourcebook", "__main__": "cli"}.get(first, first)

    @property
    def imported(self) -> str:
        """The module of ours that is imported, or the top-level name of another package."""
        first, *rest = self.target.split(".")
        return rest[0] if first == "sourcebook" and rest and rest[0] in ROW_OF else first

    @property
    def is_ours(self) -> bool:
        """Whether it stays in the house."""
        return self.target.split(".")[0] == "sourcebook"


def arrows_of(package: Path) -> list[Arrow]:
    """Give every import of a package, also late ones and those for types only."""
    files = sorted(package.rglob("*.py"))
    return [arrow for path in files for arrow in _arrows_in(package, path)]


def _arrows_in(package: Path, path: Path) -> Iterator[Arrow]:
    name = path.relative_to(package).as_posix()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (Arrow(name, node.lineno, one.name) for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(name, node)
            yield from (Arrow(name, node.lineno, f"{base}.{one.name}") for one in node.names)
        elif isinstance(node, ast.Call) and _is_import_call(node):
            yield Arrow(name, node.lineno, _named_in(node))


def _absolute(name: str, node: ast.ImportFrom) -> str:
    """Give the full name of a `from ... import`, relative ones included."""
    if not node.level:
        return node.module or ""
    folder = ["sourcebook", *name.split("/")[:-1]]
    return ".".join([*folder[: len(folder) - node.level + 1], *filter(None, [node.module])])


def _is_import_call(node: ast.Call) -> bool:
    return ast.unparse(node.func).split(".")[-1] in {"import_module", "__import__"} and bool(node.args)


def _named_in(node: ast.Call) -> str:
    """Give the name in `import_module("name")`; a computed one counts for the front door alone."""
    first = node.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else "sourcebook"


def wrong_arrows(arrows: list[Arrow]) -> list[str]:
    """Say which imports do not go down."""
    inner = [arrow for arrow in arrows if arrow.is_ours and arrow.module != arrow.imported]
    return [
        f"{arrow.path}:{arrow.line} imports {arrow.target}"
        for arrow in inner
        if ROW_OF.get(arrow.imported, -1) <= ROW_OF.get(arrow.module, len(ROWS))
    ]


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Give every function and method of the package, with the place to look it up."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}", node


def length_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function without its docstring, which may be as long as readers need."""
    assert node.end_lineno is not None
    first = node.body[0]
    told = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(node) is not None else 0
    return node.end_lineno - node.lineno + 1 - told


@pytest.fixture(scope="module")
def arrows() -> list[Arrow]:
    """Give every import of the package."""
    return arrows_of(PACKAGE)


@pytest.fixture(scope="module")
def rooms(arrows: list[Arrow]) -> dict[str, set[str]]:
    """Give, for every file of a module that is a folder, the files of that module it imports."""
    files = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.glob("*/**/*.py")}
    known: dict[str, set[str]] = {name: set() for name in files}
    for arrow in (arrow for arrow in arrows if arrow.is_ours and arrow.path in files):
        parts = arrow.target.removeprefix("sourcebook.").split(".")
        options = ["/".join(parts[:count]) + end for count in (4, 3, 2, 1) for end in (".py", "/__init__.py")]
        found = next((name for name in options if name in files), arrow.path)
        if found.split("/")[0] == arrow.module:
            known[arrow.path] |= {found} - {arrow.path}
    return known


def test_every_module_stands_on_a_floor() -> None:
    """A new module gets a place in the table, or there is none."""
    names = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if path.suffix in {".py", ""}}

    homeless = {name for name in names if not name.startswith("__")} - ROW_OF.keys()

    assert homeless == set()


def test_house_has_at_most_fifteen_modules() -> None:
    """A sixteenth module must replace one."""
    count = len(MODULES)

    assert count <= 15


def test_arrows_go_down(arrows: list[Arrow]) -> None:
    """A module imports only from lower floors: never up, never sideways, not even late or for types."""
    wrong = wrong_arrows(arrows)

    assert wrong == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("facts/words.py", "from sourcebook.pages import facts\n"),
        ("facts/words.py", "import sourcebook.figures\n"),
        ("facts/words.py", "from ..figures import looks\n"),
        ("facts/words.py", "from sourcebook import fact\n"),
        ("facts/words.py", "def late():\n    from sourcebook.runs import store\n"),
        ("facts/words.py", "import importlib\nimportlib.import_module('sourcebook.runs')\n"),
        ("checks/prose.py", "if TYPE_CHECKING:\n    from sourcebook.figures import Figure\n"),
        ("sources.py", "from sourcebook import stories\n"),
        ("runs/store.py", "from sourcebook.editions import Edition\n"),
        ("errors.py", "from sourcebook import tracing\n"),
    ],
)
def test_arrow_that_does_not_go_down_is_caught(tmp_path: Path, path: str, code: str) -> None:
    """Each way to import upwards or sideways is seen, so an empty list of wrong arrows means something."""
    made = tmp_path / "sourcebook" / path
    made.parent.mkdir(parents=True)
    made.write_text(code, "utf-8")

    wrong = wrong_arrows(arrows_of(tmp_path / "sourcebook"))

    assert len(wrong) == 1
    assert wrong[0].startswith(path)


@pytest.mark.parametrize("module", ["checks", "desk", "facts", "figures", "pages", "runs", "tracing"])
def test_rooms_of_a_module_import_without_cycles(rooms: dict[str, set[str]], module: str) -> None:
    """The files of one module can be read in an order in which each knows only earlier ones."""
    inside = {name: known for name, known in rooms.items() if name.startswith(f"{module}/")}
    untied = {name: {one for one in known if (name, one) not in KNOTS} for name, known in inside.items()}

    try:
        order = list(TopologicalSorter(untied).static_order())
    except CycleError as error:
        pytest.fail(f"a cycle of imports: {' -> '.join(error.args[1])}")

    assert set(order) == set(inside)


def test_knots_are_still_there(rooms: dict[str, set[str]]) -> None:
    """An exception that is no longer needed leaves the list."""
    untied = [(one, other) for one, other in KNOTS if other not in rooms[one]]

    assert untied == []


@pytest.mark.parametrize(
    ("package", "door"), [(package, door) for door, held in DOORS.items() for package in sorted(held)]
)
def test_outside_world_has_one_door(arrows: list[Arrow], package: str, door: str) -> None:
    """Whoever exchanges a library changes one module."""
    users = {arrow.module for arrow in arrows if not arrow.is_ours and arrow.imported == package}

    assert users <= {door}


@pytest.mark.parametrize("module", ["errors", "tracing"])
def test_ground_floor_needs_only_the_standard_library(arrows: list[Arrow], module: str) -> None:
    """What is loaded inside every kernel costs nothing and clashes with nothing."""
    others = {arrow.imported for arrow in arrows if arrow.module == module and not arrow.is_ours}

    assert others <= sys.stdlib_module_names


@pytest.mark.parametrize("module", ["errors", "tracing"])
def test_ground_floor_knows_nobody_in_the_house(arrows: list[Arrow], module: str) -> None:
    """The ground floor stands on the ground alone."""
    known = {arrow.imported for arrow in arrows if arrow.module == module and arrow.is_ours} - {module}

    assert known == set()


PAGES = ("docutils", "myst_nb", "sphinx")
HEAVY = ("altair", "docutils", "frictionless", "nbformat", "numpy", "pandas", "plotly", "sphinx")


@pytest.mark.parametrize(
    ("code", "unloaded"),
    [
        ("import sourcebook", (*HEAVY, "babel")),
        ("import sourcebook.errors, sourcebook.tracing", (*HEAVY, "babel")),
        ("from sourcebook import fact, derive", (*PAGES, "altair", "pandas", "plotly")),
        ("from sourcebook import dataset, fact, figure", (*PAGES, "altair", "plotly")),
        ("import sourcebook.cli", HEAVY),
        ("import sourcebook.checks", PAGES),
        ("import sourcebook.runs", PAGES),
    ],
)  # fmt: skip
def test_import_loads_no_more_than_it_needs(code: str, unloaded: tuple[str, ...]) -> None:
    """A story never pays for Sphinx, and the terminal answers at once."""
    script = f"import sys; {code}; print([name for name in {unloaded!r} if name in sys.modules])"

    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )

    assert ran.stdout.strip() == "[]"


def test_files_are_short() -> None:
    """A file of more than 400 lines holds two things."""
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}

    assert {path.name: length for path, length in lengths.items() if length > 400} == {}


def test_functions_are_short() -> None:
    """A function of more than 40 lines has a step in it that wants a name."""
    lengths = {name: length_of(node) for name, node in functions()}

    assert {name: length for name, length in lengths.items() if length > 40} == {}


def test_set_up_is_short() -> None:
    """Switching the extension on is a loop over parts, and each part says in a few lines what it adds."""
    lengths = {name: length_of(node) for name, node in functions() if node.name == "setup"}

    assert lengths
    assert {name: length for name, length in lengths.items() if length > 15} == {}


@pytest.mark.parametrize(
    ("pattern", "most"), [("templates/*", 60), ("*.html", 60), ("js/*.js", 150), ("css/*.css", 150)]
)
def test_theme_has_small_files(pattern: str, most: int) -> None:
    """Templates, scripts and styles can each be read in one go; the charts' engines are not ours."""
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in THEME.glob(pattern)}

    assert lengths
    assert {name: length for name, length in lengths.items() if length > most} == {}


def test_theme_is_data_only() -> None:
    """The theme holds no Python: whoever designs pages needs none."""
    code = [path.name for path in THEME.rglob("*.py")]

    assert code == []


def test_book_has_few_options() -> None:
    """At most ten options of a book, so that all of them fit in a head."""
    calls = (node for _, function in functions() for node in ast.walk(function) if isinstance(node, ast.Call))
    added = {
        ast.unparse(node.args[0]) for node in calls if ast.unparse(node.func).endswith("add_config_value")
    }

    assert added
    assert all(name.startswith("'sourcebook_") for name in added)
    assert len(added) <= 10


def test_files_are_named_for_what_they_hold() -> None:
    """No drawer for odds and ends: three homeless functions mean that a noun is missing."""
    names = {path.stem.strip("_") for path in chain(PACKAGE.rglob("*.py"), THEME.glob("*/*"))}

    assert names & NAMELESS == set()


def test_house_can_be_drawn(arrows: list[Arrow], tmp_path: Path) -> None:
    """The house as a Mermaid flowchart: floors as boxes, imports as arrows, each of which goes down."""
    known = {(arrow.module, arrow.imported) for arrow in arrows if arrow.is_ours} - {("cli", "cli")}
    rooms = [
        f"  subgraph row{number}[floor {floor}]\n" + "".join(f"    {name}\n" for name in row) + "  end"
        for number, (floor, row) in enumerate(ROWS)
    ]
    lines = [f"  {one} --> {other}" for one, other in sorted(known) if one != other]
    drawing = tmp_path / "house.mmd"

    drawing.write_text("\n".join(["flowchart TD", *rooms, *lines, ""]), "utf-8")

    drawn = re.findall(r"(\w+) --> (\w+)", drawing.read_text("utf-8"))
    assert len(drawn) > 20
    assert [(one, other) for one, other in drawn if ROW_OF[one] >= ROW_OF[other]] == []


@pytest.mark.parametrize(("floor", "module"), FLOORED)
def test_readme_tells_every_module(floor: str, module: str) -> None:
    """Who opens the repository finds each module in the table, on its floor."""
    readme = (ROOT / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d) \| (.+?) \|", readme, re.MULTILINE)

    floors = [number for number, names in rows if f"`{module}`" in names]

    assert floors == [floor]


def test_readme_tells_no_module_that_is_not_there() -> None:
    """Each module that the README tells can be opened."""
    readme = (ROOT / "README.md").read_text("utf-8")
    told = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| \d \| (.+?) \|", readme, re.MULTILINE)))

    absent = [
        name for name in told if not (PACKAGE / name).is_dir() and not (PACKAGE / f"{name}.py").is_file()
    ]

    assert absent == []
