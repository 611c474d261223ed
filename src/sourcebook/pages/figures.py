"""Figures on pages: drawn once by content, written with the page, their files with the build."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from markupsafe import Markup
from sphinx.util import logging

from sourcebook import tracing
from sourcebook.facts import date_words
from sourcebook.figures import Figure, parse_figure, plotly_charts
from sourcebook.pages.citations import source_context
from sourcebook.pages.domain import domain_of
from sourcebook.pages.drawings import Drawing, Drawings
from sourcebook.pages.fragments import render, to_top
from sourcebook.pages.nodes import chart_figure, pass_by
from sourcebook.pages.settings import settings_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders.html import StandaloneHTMLBuilder
    from sphinx.environment import BuildEnvironment
    from sphinx.writers.html5 import HTML5Translator

LOGGER = logging.getLogger(__name__)

FILES = "_figures"
"""Folder of the site that holds what figures load or offer for download."""

_MOST_ROWS = 100
_ROOM_PX = 300  # kept for an Altair chart of which there is no still


def setup(app: Sphinx) -> None:
    """Register the node; draw what is new before pages are written, write the figures' files at the end."""
    children = (pass_by, pass_by)
    app.add_node(chart_figure, html=(_visit_html, pass_by), latex=children, text=children)
    app.connect("env-get-updated", _draw, priority=400)  # before it is asked which pages are outdated
    app.connect("build-finished", _write_files)


def drawings_of(app: Sphinx) -> Drawings:
    """Give the drawings that are kept beside the runs of the book."""
    return Drawings(settings_of(app).store / "drawings")


def figure_context(
    builder: StandaloneHTMLBuilder, docname: str, figure: Figure, drawing: Drawing
) -> dict[str, Any]:
    """Give what the template `figure.html` is told of a figure."""
    to_files = f"{to_top(builder, docname)}{FILES}/"
    return {
        "id": figure.id,
        "title": figure.title,
        "subtitle": figure.subtitle,
        "alt": figure.alt,
        "width": figure.width,
        "engine": figure.engine,
        "spec_url": f"{to_files}{_spec_name(figure, drawing)}",
        "csv_url": f"{to_files}{figure.id}.csv",
        "stills": [{**asdict(one), "svg": Markup(one.svg)} for one in drawing.stills],
        "height": plotly_charts.height_of(figure.spec) if figure.engine == "plotly" else _ROOM_PX,
        "columns": [{"label": one.label, "numeric": one.is_numeric} for one in figure.table.columns],
        "rows": figure.table.texts(most=_MOST_ROWS),
        "row_count": len(figure.table.rows),
        "cut": len(figure.table.rows) > _MOST_ROWS,
        "method": list(figure.method),
        "sources": named_once([source_context(builder, docname, source) for source in figure.sources]),
        "as_of": date_words(figure.as_of),
    }


def named_once(sources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep one source of each publisher: a source line names names, the list of sources has them all."""
    named: dict[str, dict[str, Any]] = {}
    for source in sources:
        named.setdefault(source["publisher"] or source["title"], source)
    return list(named.values())


def _visit_html(translator: HTML5Translator, node: chart_figure) -> None:
    builder: Any = translator.builder
    figure = parse_figure(node["figure"])
    context = figure_context(builder, builder.current_docname, figure, drawings_of(builder.app).of(figure))
    translator.body.append(render("figure.html", figure=context))
    raise nodes.SkipNode


def _draw(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Draw what is not drawn yet; what cannot be drawn is a warning, and its table stands in."""
    if app.builder.format == "html":
        figures = (
            (env.doc2path(docname, base=False), parse_figure(told))
            for docname, told in domain_of(env).figures()
        )
        for finding in drawings_of(app).make(figures):
            LOGGER.warning("%s", finding, type="sourcebook", subtype=finding.code)
    return []


def _spec_name(figure: Figure, drawing: Drawing) -> str:
    digest = tracing.digest_of_bytes(json.dumps(drawing.live, sort_keys=True).encode())
    return f"{figure.id}.{digest[:10]}.json"


def _write_files(app: Sphinx, exception: Exception | None) -> None:
    """Write every figure's files, also those of pages that were not written this time; drop old ones."""
    if exception is not None or app.builder.format != "html":
        return
    target, drawings = Path(app.outdir) / FILES, drawings_of(app)
    wanted: dict[str, str] = {}
    for _, told in domain_of(app.env).figures():
        figure = parse_figure(told)
        drawing = drawings.of(figure)
        wanted[_spec_name(figure, drawing)] = json.dumps(drawing.live, ensure_ascii=False)
        wanted[f"{figure.id}.csv"] = _csv(figure)
    if wanted:
        target.mkdir(parents=True, exist_ok=True)
    for name, text in wanted.items():
        path = target / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="")
    for path in target.glob("*.*"):
        if path.name not in wanted:
            path.unlink()


def _csv(figure: Figure) -> str:
    """Give the data table as CSV with plain values: no grouping, a missing value left empty."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(one.label for one in figure.table.columns)
    writer.writerows(["" if value is None else value for value in row] for row in figure.table.rows)
    return text.getvalue()
