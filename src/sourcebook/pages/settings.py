"""What a book may choose, read once into `Settings`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from sourcebook.errors import Place, SettingsError, nearest
from sourcebook.runs import Orders

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

STORE_FOLDER = "_build/.sourcebook"
"""Where runs and drawings are kept, below the book's folder, whatever is built from them."""

_STORE_VARIABLE = "SOURCEBOOK_STORE"
_CODE = ("hidden", "shown")
_BARE_CHARTS = ("drawn", "left")

_STOCK_REPOSITORY = "https://github.com/executablebooks/jupyter-book"
"""What Jupyter Book says of a book that names no repository."""


@dataclass(frozen=True)
class Settings:
    """The book's choices.

    Attributes:
        root: the book's folder, which holds `_config.yml`.
        store: where runs and drawings are kept.
        code: whether readers see the code cells; a cell tagged "show-input" is always shown.
        bare_charts: whether charts that are shown without `figure` are drawn as plain figures, or left to
            their library.
        orders: how stories are to be run.
        shared_store: address of a store of runs that others use too; empty if there is none.
        executes: whether stories are run at all; False where the book says `execute_notebooks: off`.
        description, publisher, repository: what the masthead, the footer and search engines are told.
        text_licence, code_licence: licences named in the footer.
    """

    root: Path
    store: Path
    code: Literal["hidden", "shown"]
    bare_charts: Literal["drawn", "left"]
    orders: Orders
    shared_store: str
    executes: bool
    description: str
    publisher: str
    repository: str | None
    text_licence: str
    code_licence: str


def setup(app: Sphinx) -> None:
    """Register the book's options."""
    app.add_config_value("sourcebook_code", "shown", "env", str)
    app.add_config_value("sourcebook_bare_charts", "drawn", "env", str)
    app.add_config_value("sourcebook_workers", None, "", (int, type(None)))
    app.add_config_value("sourcebook_story_timeout", None, "", (int, float, type(None)))
    app.add_config_value("sourcebook_store", "", "", str)
    app.add_config_value("sourcebook_description", "", "html", str)
    app.add_config_value("sourcebook_text_licence", "", "html", str)
    app.add_config_value("sourcebook_code_licence", "", "html", str)
    app.connect("config-inited", _check, priority=100)


def settings_of(app: Sphinx) -> Settings:
    """Give the choices of the book that is being built."""
    config = app.config
    options = config.html_theme_options or {}
    return Settings(
        root=Path(app.srcdir),
        store=Path(app.srcdir) / STORE_FOLDER,
        code=cast('Literal["hidden", "shown"]', config.sourcebook_code),
        bare_charts=cast('Literal["drawn", "left"]', config.sourcebook_bare_charts),
        orders=_orders_of(config),
        shared_store=os.environ.get(_STORE_VARIABLE, "") or config.sourcebook_store,
        executes=config.nb_execution_mode != "off",
        description=config.sourcebook_description,
        publisher=config.author if config.author != "unknown" else "",
        repository=None
        if options.get("repository_url") == _STOCK_REPOSITORY
        else options.get("repository_url") or None,
        text_licence=config.sourcebook_text_licence,
        code_licence=config.sourcebook_code_licence,
    )


def _orders_of(config: Config) -> Orders:
    """Give what the book says of runs, overruled by what was asked for this build alone."""
    orders = Orders(
        workers=config.sourcebook_workers,
        timeout_s=float(config.nb_execution_timeout),
        story_timeout_s=config.sourcebook_story_timeout,
        draws_bare_charts=config.sourcebook_bare_charts == "drawn",
    )
    return orders.overruled(os.environ)


def _check(app: Sphinx, config: Config) -> None:
    from sourcebook.pages.problems import book_problem

    for name, known in (("sourcebook_code", _CODE), ("sourcebook_bare_charts", _BARE_CHARTS)):
        chosen = config[name]
        if chosen not in known:
            place = Place("_config.yml", field=name)
            raise book_problem(
                SettingsError(f"unknown choice '{chosen}'", place, nearest(str(chosen), known))
            )
    if config.sourcebook_workers is not None and config.sourcebook_workers < 1:
        place = Place("_config.yml", field="sourcebook_workers")
        raise book_problem(SettingsError("at least one story must run at once", place, "write 1 or more"))
