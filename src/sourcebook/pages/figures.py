"""Figures on pages: drawn once by content, written with the page."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from docutils import nodes
from markupsafe import Markup
from sphinx.util import logging

from sourcebook import tracing
from sourcebook.facts import date_words
from sourcebook.figures import Figure, parse_figure, plotly_charts
from sourcebook.figures.descriptions import describe, structure
from sourcebook.figures.marks import MOST_READ, marks_text
from sourcebook.figures.stills import Still
from sourcebook.pages import embeds
from sourcebook.pages.citations import source_context
from sourcebook.pages.domain import domain_of
from sourcebook.pages.downloads import FILES, download_context, taken_files
from sourcebook.pages.drawings import Drawing, Drawings
from sourcebook.pages.fragments import render, to_top
from sourcebook.pages.nodes import chart_figure, pass_by
from sourcebook.pages.settings import settings_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.writers.html5 import HTML5Translator

LOGGER = logging.getLogger(__name__)

_MOST_ROWS = 100
_ROOM_PX = 300  # kept for an Altair chart of which there is no still


def setup(app: Sphinx) -> None:
    """Register the node; draw what is new before pages are written."""
    children = (pass_by, pass_by)
    app.add_node(chart_figure, html=(_visit_html, pass_by), latex=children, text=children)
    app.connect("env-get-updated", _draw, priority=400)  # before it is asked which pages are outdated


def drawings_of(app: Sphinx) -> Drawings:
    """Give the drawings that are kept beside the runs of the book."""
    return Drawings(settings_of(app).store / "drawings")


def figure_context(app: Sphinx, figure: Figure, *, top: str, sources: list[dict[str, Any]]) -> dict[str, Any]:
    """Give what the template `figure.html` is told of a figure.

    Args:
        app: the build.
        figure: what is shown.
        top: relative address of the site's top.
        sources: its sources as the page links them.
    """
    folder, drawing = f"{top}{FILES}/{figure.id}/", drawings_of(app).of(figure)
    names = live_names(figure, drawing)
    rows = len(figure.table.rows)
    cut = _is_cut(figure)
    return {
        "id": figure.id,
        "level": 3,
        "title": figure.title,
        "subtitle": figure.subtitle,
        "alt": figure.alt,
        "structure": structure(describe(figure.spec, figure.engine, table=figure.table)),
        "width": figure.width,
        "engine": figure.engine if names else "",
        "stills": [_still_context(one, folder, names=names, cut=cut) for one in drawing.stills],
        "stage": _stage_context(figure, drawing, folder=folder),
        "readings": rows if is_readable(figure) else 0,
        "csv_url": f"{folder}{figure.id}.csv",
        "downloads": download_context(app, figure, drawing, folder=folder),
        "height": plotly_charts.height_of(figure.spec) if figure.engine == "plotly" else _ROOM_PX,
        "columns": [{"label": one.label, "numeric": one.is_numeric} for one in figure.table.columns],
        "rows": figure.table.texts(most=_MOST_ROWS),
        "row_count": rows,
        "cut": cut,
        "method": list(figure.method),
        "sources": named_once(sources),
        "as_of": date_words(figure.as_of),
        "embeds": (),
    }


def embed_context(app: Sphinx, figure: Figure) -> dict[str, Any]:
    """Give what `figure.html` is told on the figure's embed pages."""
    return figure_context(app, figure, top=embeds.TOP, sources=embeds.embed_sources(app, figure))


def named_once(sources: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep one source of each publisher: a source line names names, the list of sources has them all."""
    named: dict[str, dict[str, Any]] = {}
    for source in sources:
        named.setdefault(source["publisher"] or source["title"], source)
    return list(named.values())


def is_readable(figure: Figure) -> bool:
    """Say whether readers may read the figure's values off its still."""
    return figure.tier != "static" and 0 < len(figure.table.rows) <= MOST_READ


def live_names(figure: Figure, drawing: Drawing) -> dict[int, str]:
    """Give the names of the files that a live chart is drawn from, by width; none for a chart that is not."""
    if figure.tier != "live" and drawing.stills:
        return {}
    return {
        width: f"live{f'-{width}' if width else ''}.{tracing.digest_of_bytes(_json(spec))[:10]}.json"
        for width, spec in drawing.live.items()
    }


def loaded_files(figure: Figure, drawing: Drawing) -> dict[str, bytes]:
    """Give what pages load of a figure when readers ask: what it is drawn from, its readings."""
    files = {name: _json(drawing.live[width]) for width, name in live_names(figure, drawing).items()}
    if is_readable(figure) and _is_cut(figure):
        files[_readings_name(figure, drawing)] = _readings(figure, drawing)
    return files


def _still_context(still: Still, folder: str, *, names: dict[int, str], cut: bool) -> dict[str, Any]:
    name = names.get(still.width) or names.get(0)
    return {
        "width": still.width,
        "height": still.height,
        "svg": Markup(still.svg),
        "marks": "" if cut else marks_text(still.marks),
        "spec_url": f"{folder}{name}" if name else "",
    }


def _stage_context(figure: Figure, drawing: Drawing, *, folder: str) -> dict[str, str]:
    """Give the data attributes of the stage: what scripts must know beside the stills and the table."""
    told = {}
    if not drawing.stills and (names := live_names(figure, drawing)):
        told["spec"] = folder + next(iter(names.values()))
    if is_readable(figure) and figure.series is not None:
        told["series"] = str(figure.series)
    if is_readable(figure) and _is_cut(figure):
        told["readings"] = folder + _readings_name(figure, drawing)
    return told


def _is_cut(figure: Figure) -> bool:
    return len(figure.table.rows) > _MOST_ROWS


def _readings(figure: Figure, drawing: Drawing) -> bytes:
    marks = {still.width: marks_text(still.marks) for still in drawing.stills}
    return _json({"rows": figure.table.texts(), "marks": marks})


def _readings_name(figure: Figure, drawing: Drawing) -> str:
    return f"readings.{tracing.digest_of_bytes(_readings(figure, drawing))[:10]}.json"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _visit_html(translator: HTML5Translator, node: chart_figure) -> None:
    builder: Any = translator.builder
    figure, docname = parse_figure(node["figure"]), builder.current_docname
    sources = [source_context(builder, docname, source) for source in figure.sources]
    context = figure_context(builder.app, figure, top=to_top(builder, docname), sources=sources)
    context["embeds"] = _embed_codes(builder.app, figure, docname)
    translator.body.append(render("figure.html", figure=context))
    raise nodes.SkipNode


def _embed_codes(app: Sphinx, figure: Figure, docname: str) -> tuple[embeds.EmbedCode, ...]:
    home = embeds.home_of(app, docname, figure)
    (frozen,) = embeds.frozen_file(figure, embed_context(app, figure), home=home)
    base = (app.config.html_baseurl or "").rstrip("/")
    folder = f"{f'{base}/' if base else to_top(app.builder, docname)}{FILES}/{figure.id}/"
    return embeds.embed_codes(figure, drawings_of(app).of(figure), folder=folder, frozen=frozen)


def _draw(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Draw what is not drawn yet; what cannot be drawn is a warning, and its table stands in."""
    if app.builder.format == "html":
        drawings = drawings_of(app)
        figures = (
            (env.doc2path(docname, base=False), parse_figure(told))
            for docname, told in domain_of(env).figures()
            if not drawings.is_good(told["drawing"])
        )

        def then(path: str, figure: Figure) -> None:
            taken_files(app, figure, drawing=drawings.of(figure), path=path)  # kept for the build's end

        for finding in drawings.make(figures, then=then):
            LOGGER.warning("%s", finding, type="sourcebook", subtype=finding.code)
    return []
