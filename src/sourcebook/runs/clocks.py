"""Uses of the clock in a story's code: what it shows may differ tomorrow although no input changed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_ALWAYS = frozenset(
    {
        *(f"datetime.datetime.{name}" for name in ("now", "today", "utcnow")),
        "datetime.date.today",
        *(f"pandas.{kind}.now" for kind in ("Timestamp", "Period")),
        *(f"pandas.Timestamp.{name}" for name in ("today", "utcnow")),
        "time.time",
        "time.time_ns",
    }
)
_WITH_FEW_ARGUMENTS = {  # the clock is asked where no time is given
    "time.localtime": 0,
    "time.gmtime": 0,
    "time.ctime": 0,
    "time.asctime": 0,
    "time.strftime": 1,
}
_WITH_A_WORD = frozenset({"pandas.Timestamp", "pandas.to_datetime", "numpy.datetime64"})
_WORDS = frozenset({"now", "today"})
_LIBRARIES = frozenset({"datetime", "numpy", "pandas", "time"})
_PYTHON_CELLS = frozenset({"capture", "prun", "time", "timeit"})
_MAGIC = re.compile(r"^(\s*)(?:([\w.,\s*\[\]]+?)\s*=\s*)?([%!])(?=[!\w(/.~$'\"{-])(.*)$")
_TIMED = re.compile(r"^(?:time|timeit|prun)\s+(?!-)(.*)$")
_LONGEST = 60


@dataclass(frozen=True)
class ClockUse:
    """One place where the clock is asked.

    Attributes:
        place: "cell 3", or the name of a module's file.
        line: its line there, counted from 1.
        wording: the call as the author wrote it.
    """

    place: str
    line: int
    wording: str

    def __str__(self) -> str:
        """Give the use as one line: "cell 3, line 2: datetime.now()"."""
        return f"{self.place}, line {self.line}: {self.wording}"


def clock_uses(sources: Iterable[tuple[int, str]], modules: Iterable[Path]) -> list[ClockUse]:
    """Find where a story's own code asks for the time of day.

    Args:
        sources: number and source of each code cell, in order: later cells know the imports of earlier ones.
        modules: files of the story's own modules; one that is gone is left out.
    """
    names: dict[str, str] = {}
    found = [
        use for number, source in sources for use in _uses(_without_magics(source), f"cell {number}", names)
    ]
    for module in modules:
        found += _uses(_text_of(module), module.name, {})
    return found


def _text_of(module: Path) -> str:
    try:
        return module.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _without_magics(source: str) -> str:
    """Give a cell's Python, line by line where it was; what IPython alone understands is emptied."""
    lines = source.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        if lines[first][2:].split(" ")[0].strip() not in _PYTHON_CELLS:
            return ""
        lines[first] = ""
    return "\n".join(_plain(line) for line in lines)


def _plain(line: str) -> str:
    if line.lstrip().startswith("?") or (line.rstrip().endswith("?") and "#" not in line):
        return line[: len(line) - len(line.lstrip())] + "pass"
    match = _MAGIC.match(line)
    if match is None:
        return line
    indent, target, sign, rest = match.groups()
    timed = _TIMED.match(rest) if sign == "%" else None
    value = timed.group(1) if timed else "None"
    return f"{indent}{target} = {value}" if target else f"{indent}{value}"


def _uses(source: str, place: str, names: dict[str, str]) -> Iterator[ClockUse]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    search = _Search(names)
    search.visit(tree)
    for node in sorted(search.found, key=lambda one: (one.lineno, one.col_offset)):
        wording = " ".join(ast.unparse(node).split())
        cut = wording if len(wording) <= _LONGEST else f"{wording[: _LONGEST - 1]}…"
        yield ClockUse(place, node.lineno, cut)


class _Search(ast.NodeVisitor):
    """A walk in the order of the code, knowing what each imported name stands for."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names
        self.found: list[ast.expr] = []

    def visit_Import(self, node: ast.Import) -> None:
        for one in node.names:
            top = one.name.partition(".")[0]
            self._learn(one.asname or top, one.name if one.asname else top)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for one in node.names:
            if one.name == "*" and node.module in _LIBRARIES and not node.level:
                known = {*_ALWAYS, *_WITH_FEW_ARGUMENTS, *_WITH_A_WORD}
                parts = {name.split(".")[1] for name in known if name.split(".")[0] == node.module}
                self.names.update({part: f"{node.module}.{part}" for part in parts})
            else:
                self._learn(one.asname or one.name, f"{'.' * node.level}{node.module or ''}.{one.name}")

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._define(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._define(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.names.pop(node.name, None)
        kept = dict(self.names)
        self.generic_visit(node)
        self._restore(kept)

    def visit_Assign(self, node: ast.Assign) -> None:
        name = self._name(node.value)
        if name is None:  # else a new name for a function: who calls it by that name asks the clock
            self.visit(node.value)
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._learn(target.id, name or "")
            else:
                self.visit(target)

    def visit_Call(self, node: ast.Call) -> None:
        name = self._name(node.func)
        if name is not None and self._asks(name, node):
            self.found.append(node)
            inner = [*node.args, *node.keywords]
        else:
            inner = [node.func, *node.args, *node.keywords]
        for one in inner:
            self.visit(one)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if self._name(node) in _ALWAYS:  # handed on, to be called elsewhere
            self.found.append(node)
        else:
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.names.pop(node.id, None)
        elif self.names.get(node.id) in _ALWAYS:
            self.found.append(node)

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.names.pop(node.name, None)
        kept = dict(self.names)
        for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            self.names.pop(one.arg, None)
        self.generic_visit(node)
        self._restore(kept)

    def _restore(self, kept: dict[str, str]) -> None:
        self.names.clear()
        self.names.update(kept)

    def _learn(self, name: str, meaning: str) -> None:
        if meaning.partition(".")[0] in _LIBRARIES:
            self.names[name] = meaning
        else:
            self.names.pop(name, None)

    def _name(self, node: ast.expr) -> str | None:
        """Give the full name of a function, whatever it was imported as."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self._name(node.value)
            return None if base is None else f"{base}.{node.attr}"
        return None

    def _asks(self, name: str, call: ast.Call) -> bool:
        given = [*call.args, *(one.value for one in call.keywords)]
        if name in _WITH_FEW_ARGUMENTS:
            return len(given) <= _WITH_FEW_ARGUMENTS[name]
        if name in _WITH_A_WORD:
            first = given[0] if given else None
            return isinstance(first, ast.Constant) and first.value in _WORDS
        return name in _ALWAYS
