"""What the pages of a book are made from, told to whoever decides whether there is anything to build."""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util.matching import Matcher

from sourcebook import tracing
from sourcebook.pages.domain import domain_of
from sourcebook.pages.settings import settings_of
from sourcebook.runs import Store

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

RESTS_ON = "rests-on.json"
"""Name of the file beside the doctrees; it lives and dies with what Sphinx remembers."""


def setup(app: Sphinx) -> None:
    """Watch what is opened, and tell at the end of a build what it rested on."""
    opened: set[str] = set()
    prefix = f"{app.srcdir}{os.sep}"

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(prefix):
            opened.add(arguments[0])

    sys.addaudithook(note)
    app.connect("build-finished", lambda app, exception: _tell(app, exception, opened), priority=1100)


def _tell(app: Sphinx, exception: Exception | None, opened: set[str]) -> None:
    """Write the names of all that was read, also by earlier builds whose pages were kept."""
    place = Path(app.doctreedir) / RESTS_ON
    if exception is not None:
        place.unlink(missing_ok=True)
        return
    names = {*_sources(app.env), *_configured(app), *_modules(), *opened, *_folders(app)}
    files = {name for one in names if (name := _name(str(app.srcdir), one)) is not None}
    told = {
        "vouched": _is_vouched(app),
        "files": sorted(files | {name for name in _earlier(place) - files if _is_there(app, name)}),
        "inputs": _inputs(app),
        "threads": settings_of(app).orders.threads,
    }
    place.write_text(json.dumps(told), encoding="utf-8")


def _sources(env: BuildEnvironment) -> Iterator[str]:
    """Give documents, and what they include, show or offer."""
    for docname in env.found_docs:
        yield env.doc2path(docname)
    for names in env.dependencies.values():
        yield from (name for name in names if not name.startswith("_build/"))
    yield from env.images
    yield from env.dlfiles


def _configured(app: Sphinx) -> Iterator[str]:
    """Give files and folders that the configuration names, with all that such folders hold."""
    for option in app.config:
        values = option.value if isinstance(option.value, list | tuple) else (option.value,)
        for value in (one for one in values if isinstance(one, str) and 0 < len(one) < 500):
            path = Path(app.confdir) / value
            if path.is_file():
                yield str(path)
            elif value.strip(".") and path.is_dir() and _name(str(app.srcdir), str(path)) is not None:
                yield from (str(one) for one in (path, *path.rglob("*")))


def _modules() -> Iterator[str]:
    """Give the code of extensions that are not installed packages."""
    paths = sysconfig.get_paths()
    installed = tuple({f"{paths[name]}{os.sep}" for name in ("stdlib", "platstdlib", "purelib", "platlib")})
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and not file.startswith(installed):
            yield file


def _folders(app: Sphinx) -> Iterator[str]:
    """Give every folder in which Sphinx looks for documents: a new file may be a page."""
    top, excluded = Path(app.srcdir), Matcher(app.config.exclude_patterns)
    for folder, folders, _ in os.walk(top, followlinks=True):
        yield folder
        here = Path(folder).relative_to(top)
        folders[:] = [
            name
            for name in folders
            if name not in tracing.SKIPPED_FOLDERS and not excluded((here / name).as_posix())
        ]


def _name(top: str, path: str) -> str | None:
    """Name a file as an input is named; None for what builds themselves make."""
    absolute = os.path.normpath(f"{top}/{path}" if path[:1] != "/" else path)
    if absolute == top:
        return "."
    if not absolute.startswith(f"{top}/"):
        return absolute
    name = absolute[len(top) + 1 :]
    return None if tracing.SKIPPED_FOLDERS.intersection(name.split("/")) else name


def _earlier(place: Path) -> set[str]:
    try:
        return set(json.loads(place.read_bytes())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _is_there(app: Sphinx, name: str) -> bool:
    return (Path(app.srcdir) / name).exists()


def _inputs(app: Sphinx) -> dict[str, str]:
    """Give what the runs of the stories read and wrote, by digest; two digests of one file are none."""
    store, found = Store(settings_of(app).store), dict[str, str]()
    for path in domain_of(app.env).data["stories"]:
        run = store.last(path)
        outputs = getattr(run, "outputs", {})
        for name, digest in _both(run.inputs if run else {path: ""}, outputs):
            found[name] = digest if found.get(name, digest) == digest else ""
    return found


def _both(*told: dict[str, str]) -> Iterable[tuple[str, str]]:
    return (item for one in told for item in one.items())


def _is_vouched(app: Sphinx) -> bool:
    """Say whether all is known: no page that MyST-NB executed itself, nothing looked up elsewhere."""
    metadata = getattr(app.env, "nb_metadata", {})
    executed = any("exec_data" in told for told in metadata.values())
    return not executed and not getattr(app.config, "intersphinx_mapping", None)
