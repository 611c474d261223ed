"""Stories as Sphinx documents: brought up to date before reading, read as their executed twins."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from sphinx.util import logging
from sphinx.util.display import progress_message

from sourcebook.checks import check_package
from sourcebook.errors import BookError, BuildFailed
from sourcebook.pages._compat import leave_out_quickly, number_figures_only_where_there_are_some
from sourcebook.pages.domain import domain_of
from sourcebook.pages.problems import book_problem
from sourcebook.pages.settings import Settings, settings_of
from sourcebook.runs import Outcome, Store, bring_up_to_date
from sourcebook.runs.events import progress_of
from sourcebook.runs.runners.nurses import borrowed
from sourcebook.stories import USER_EXPRESSIONS, read_story

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

LOGGER = logging.getLogger(__name__)

SHOWN_TAG = "show-input"
"""Tag of a code cell that readers see even where the book hides its code."""

EXPRESSIONS = "sourcebook_expressions"
"""Key of the values of a story's expressions, by cell, while its page is being read."""

_SUFFIX = ".ipynb"
_CHECKED = "checked.json"


def setup(app: Sphinx) -> None:
    """Hand the execution of notebooks over to `sourcebook.runs`."""
    app.add_config_value("sourcebook_left_alone", [], "")
    app.connect("config-inited", _take_over, priority=200)
    leave_out_quickly(app)
    number_figures_only_where_there_are_some(app)
    app.connect("builder-inited", _bring_up_to_date, priority=900)
    app.connect("source-read", _read_twin)


def story_path(env: BuildEnvironment, docname: str) -> str | None:
    """Give the path of a document's notebook below the book's folder, or None for a text page."""
    path = Path(env.doc2path(docname))
    return path.relative_to(env.srcdir).as_posix() if path.suffix == _SUFFIX else None


def is_ours(app: Sphinx, docname: str) -> bool:
    """Say whether a document is a story that this package executes."""
    path = story_path(app.env, docname)
    return path is not None and path in domain_of(app.env).data["stories"]


def _take_over(app: Sphinx, config: Config) -> None:
    """Keep MyST-NB from executing notebooks; text notebooks stay with it."""
    config["sourcebook_left_alone"] = list(config.nb_execution_excludepatterns)
    if config.nb_execution_mode != "off":
        config.nb_execution_excludepatterns = [*config.nb_execution_excludepatterns, f"*{_SUFFIX}"]


def _bring_up_to_date(app: Sphinx) -> None:
    settings = settings_of(app)
    env = app.env
    env.find_files(app.config, app.builder)
    paths = [path for name in sorted(env.found_docs) if (path := story_path(env, name))]
    try:
        findings = check_package(settings.root, note=settings.store / _CHECKED)
        if findings:
            raise BuildFailed(findings)
        ours = [path for path in paths if _is_to_run(app, settings, path)]
        domain_of(env).data["stories"] = tuple(ours)
        with progress_message(f"bringing {len(ours)} stories up to date"), _store(settings) as store:
            done = bring_up_to_date(
                settings.root,
                ours,
                store=store,
                orders=settings.orders,
                tell=_tell,
                progress=progress_of(os.environ),
            )
    except BookError as error:
        raise book_problem(error) from error
    finally:
        borrowed(os.environ)  # a nursery that nobody asked for a runner may end now
    for outcome in done:
        if outcome.problem is not None:  # its page keeps its last good state, under a notice
            LOGGER.warning("%s", outcome.problem, type="sourcebook", subtype="failed")


@contextmanager
def _store(settings: Settings) -> Iterator[Store]:
    """Give the store of runs; what was kept is shared, where it is to be, before the build goes on."""
    if not settings.shared_store:
        yield Store(settings.store)
        return
    from sourcebook.runs.store.shared import Shared

    with closing(Shared(settings.shared_store, tell=LOGGER.info)) as shared:
        yield Store(settings.store, shared)


def _is_to_run(app: Sphinx, settings: Settings, path: str) -> bool:
    """Follow the book's own `execute` settings, as stock Jupyter Book words them."""
    absolute = PurePosixPath((settings.root / path).as_posix())
    if not settings.executes or any(absolute.match(one) for one in app.config.sourcebook_left_alone):
        return False
    return app.config.nb_execution_mode != "auto" or not read_story(settings.root, path).has_outputs


def _tell(outcome: Outcome) -> None:
    if outcome.problem is not None:
        LOGGER.info("  failed  %s", outcome.path)
    elif outcome.reasons:
        why = "; ".join(str(reason) for reason in outcome.reasons[:3])
        more = f" and {len(outcome.reasons) - 3} more" if len(outcome.reasons) > 3 else ""
        LOGGER.info("  ran     %s in %.1f s (%s%s)", outcome.path, outcome.seconds, why, more)
    else:
        LOGGER.info("  fresh   %s", outcome.path)
    for finding in outcome.findings:
        LOGGER.warning("%s", finding, type="sourcebook", subtype=finding.code)


def _read_twin(app: Sphinx, docname: str, source: list[str]) -> None:
    """Give Sphinx a story's executed twin, and make the page depend on it."""
    if not is_ours(app, docname):
        return
    path = story_path(app.env, docname)
    assert path is not None
    current = Store(settings_of(app).store).current(path)
    app.env.note_dependency(str(current))
    notebook = json.loads(current.read_bytes())  # we wrote it: no need to look it over, or to copy it
    values: dict[int, list[dict[str, Any]]] = {
        number: cell["metadata"].pop(USER_EXPRESSIONS, [])
        for number, cell in enumerate(notebook["cells"], start=1)
    }
    app.env.temp_data[EXPRESSIONS] = values
    if settings_of(app).code == "hidden":
        _hide_code(notebook["cells"])
    source[0] = json.dumps(notebook, ensure_ascii=False)


def _hide_code(cells: list[dict[str, Any]]) -> None:
    for cell in cells:
        tags = cell["metadata"].get("tags", [])
        if cell["cell_type"] == "code" and SHOWN_TAG not in tags:
            cell["metadata"]["tags"] = [*tags, "remove-input"]
