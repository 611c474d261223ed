"""Figures on pages: drawn once by content, written with the page, their files with the build."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from markupsafe import Markup

from sourcebook import tracing
from sourcebook.facts import date_words
from sourcebook.figures import Figure, altair_charts, parse_figure
from sourcebook.figures.stills import Still
from sourcebook.pages.citations import source_context
from sourcebook.pages.domain import domain_of
from sourcebook.pages.fragments import render, to_top
from sourcebook.pages.nodes import chart_figure
from sourcebook.pages.settings import settings_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders.html import StandaloneHTMLBuilder
    from sphinx.writers.html5 import HTML5Translator

FILES = "_figures"
"""Folder of the site that holds what figures load or offer for download."""

_WIDTHS = {"text": (342, 680), "wide": (342, 680, 1080)}
_MOST_ROWS = 100
_PLOTLY_HEIGHT_PX = 360


def setup(app: Sphinx) -> None:
    """Register the node and write the figures' files when a build ends."""
    children = (_pass_by, _pass_by)
    app.add_node(chart_figure, html=(_visit_html, _pass_by), latex=children, text=children)
    app.connect("build-finished", _write_files)


def figure_context(
    builder: StandaloneHTMLBuilder, docname: str, figure: Figure, folder: Path
) -> dict[str, Any]:
    """Give what the template `figure.html` is told of a figure; drawings are kept in `folder`."""
    live, stills = _drawn(figure, folder)
    to_files = f"{to_top(builder, docname)}{FILES}/"
    return {
        "id": figure.id,
        "title": figure.title,
        "subtitle": figure.subtitle,
        "alt": figure.alt,
        "width": figure.width,
        "engine": figure.engine,
        "spec_url": f"{to_files}{_spec_name(figure, live)}",
        "csv_url": f"{to_files}{figure.id}.csv",
        "stills": [{**asdict(one), "svg": Markup(one.svg)} for one in stills],
        "height": _height(figure),
        "columns": [{"label": one.label, "numeric": one.is_numeric} for one in figure.table.columns],
        "rows": figure.table.texts(most=_MOST_ROWS),
        "row_count": len(figure.table.rows),
        "cut": len(figure.table.rows) > _MOST_ROWS,
        "method": list(figure.method),
        "sources": _named_once([source_context(builder, docname, source) for source in figure.sources]),
        "as_of": date_words(figure.as_of),
    }


def _named_once(sources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep one source of each publisher: a source line names names, the list of sources has them all."""
    return list({source["publisher"] or source["title"]: source for source in reversed(sources)}.values())[
        ::-1
    ]


def _visit_html(translator: HTML5Translator, node: chart_figure) -> None:
    builder: Any = translator.builder
    folder = settings_of(builder.app).store / "drawings"
    context = figure_context(builder, builder.current_docname, parse_figure(node["figure"]), folder)
    translator.body.append(render("figure.html", figure=context))
    raise nodes.SkipNode


def _drawn(figure: Figure, folder: Path) -> tuple[dict[str, Any], list[Still]]:
    """Give the live specification and the stills; what was drawn once is not drawn again."""
    if figure.engine == "plotly":
        return figure.spec, []
    told = json.dumps([figure.id, figure.spec, figure.width, _drawing_code()], sort_keys=True)
    kept = folder / f"{tracing.digest_of_bytes(told.encode())}.json"
    if kept.is_file():
        drawn = json.loads(kept.read_text(encoding="utf-8"))
        return drawn["live"], [Still(**one) for one in drawn["stills"]]
    live = altair_charts.live_specification(figure.spec, width=680)
    draw = partial(altair_charts.still, figure.spec)
    stills = [draw(width=width, prefix=f"{figure.id}-{width}") for width in _WIDTHS[figure.width]]
    folder.mkdir(parents=True, exist_ok=True)
    partly = kept.with_suffix(".part")
    partly.write_text(json.dumps({"live": live, "stills": [asdict(one) for one in stills]}), encoding="utf-8")
    partly.replace(kept)
    return live, stills


def _drawing_code() -> str:
    """Give the digest of the code that draws, so that a change in it draws again."""
    folder = Path(altair_charts.__file__).parent
    return tracing.digest_of_bytes(b"".join(file.read_bytes() for file in sorted(folder.glob("*.py"))))


def _spec_name(figure: Figure, live: dict[str, Any]) -> str:
    digest = tracing.digest_of_bytes(json.dumps(live, sort_keys=True).encode())
    return f"{figure.id}.{digest[:10]}.json"


def _height(figure: Figure) -> int:
    if figure.engine == "plotly":
        return int(figure.spec["layout"].get("height") or _PLOTLY_HEIGHT_PX)
    return int(figure.spec.get("height", 300)) if isinstance(figure.spec.get("height", 300), int) else 300


def _write_files(app: Sphinx, exception: Exception | None) -> None:
    """Write every figure's files, also those of pages that were not written this time; drop old ones."""
    if exception is not None or app.builder.format != "html":
        return
    target, folder = Path(app.outdir) / FILES, settings_of(app).store / "drawings"
    wanted: dict[str, str] = {}
    for _, told in domain_of(app.env).figures():
        figure = parse_figure(told)
        live, _ = _drawn(figure, folder)
        wanted[_spec_name(figure, live)] = json.dumps(live, ensure_ascii=False)
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


def _pass_by(translator: Any, node: nodes.Element) -> None:
    pass
