"""Figures: a chart with the things that make it complete: title, alt text, source, data, method."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sourcebook.errors import BookError, FigureError
from sourcebook.facts import Fact
from sourcebook.figures import altair_charts, plotly_charts
from sourcebook.figures.looks import PALETTE
from sourcebook.figures.tables import DataTable, table_of
from sourcebook.sources import Source
from sourcebook.tracing import digest_of_bytes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FIGURE_MIME", "PALETTE", "DataTable", "Figure", "figure", "parse_figure", "plain_figure"]

FIGURE_MIME = "application/vnd.sourcebook.figure.v1+json"

Width = Literal["text", "wide"]
Tier = Literal["static", "touch", "live"]

_READABLE_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_NEEDED = {
    "title": "say in one sentence what the chart proves",
    "alt": "describe the chart for who cannot see it: its type, what it compares, the values that matter",
    "method": "say how the numbers came about and what they cannot say",
}


@dataclass(frozen=True)
class Figure:
    """A chart and the five things around it, ready for any page.

    Attributes:
        id: readable kebab-case id, unique in the book.
        title: the claim that the chart proves.
        subtitle: what is measured, in which unit.
        alt: the chart in words.
        method: how the numbers came about and what they cannot say, a paragraph an item.
        engine: the library that draws it live.
        spec: Vega-Lite specification, or Plotly's {"data", "layout"}; colours are `var(--name)`.
        table: what is plotted.
        sources: who the data comes from.
        as_of: ISO 8601 date of the newest number, or "".
        facts: ids of the facts that it rests on.
        width: "text" for the text column, "wide" for more.
        tier: what readers can do with it: "static" nothing, "touch" read its values off the still,
            "live" also start the library that it was made with.
        series: number of the table's column that parts it into series, from 0; None without series.
        is_plain: whether the chart was shown as it is, without `figure`.
    """

    id: str
    title: str
    subtitle: str
    alt: str
    method: tuple[str, ...]
    engine: Literal["vega", "plotly"]
    spec: dict[str, Any] = field(repr=False)
    table: DataTable = field(repr=False)
    sources: tuple[Source, ...] = field(repr=False)
    as_of: str = ""
    facts: tuple[str, ...] = ()
    width: Width = "text"
    tier: Tier = "touch"
    series: int | None = None
    is_plain: bool = False
    fallback: str = field(default="", repr=False, compare=False)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from html import escape

        cited = escape("; ".join(source.citation for source in self.sources))
        above = f"<h3>{escape(self.title)}</h3><p>{escape(self.subtitle)}</p>"
        shown = f"{above}{self.fallback}<p>Source: {cited}</p>"
        return {FIGURE_MIME: figure_json(self), "text/html": shown, "text/plain": f"{self.title}\n{self.alt}"}


def figure(
    chart: Any,
    *,
    id: str,
    title: str,
    alt: str,
    method: str | Sequence[str],
    of: Sequence[pd.DataFrame | Fact] | pd.DataFrame | Fact,
    subtitle: str = "",
    table: pd.DataFrame | None = None,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    width: Width = "text",
    tier: Tier | None = None,
) -> Figure:
    """Make a chart complete.

    Args:
        chart: an Altair chart or a Plotly figure.
        id: readable kebab-case id, unique in the book; it names addresses and files.
        title: the claim that the chart proves, as a sentence.
        alt: the chart in words, with the two or three values that carry the claim.
        method: how the numbers came about and what they cannot say; one text or several paragraphs.
        of: the tables and facts that the chart rests on; its source line is made from them.
        subtitle: what is measured, in which unit.
        table: what is plotted, one row per mark; taken from the chart when left out.
        columns: columns of the table to show, and the heading of each.
        units: what the numbers of a column count, such as {"people": "users"}; columns that keep their
            name from a dataset() have its units.
        width: "text" for the text column, "wide" for more.
        tier: "static" for a picture, "touch" for values on hover, tap and arrow keys, "live" to load the
            chart's library when readers ask; "live" if the chart has selections or inputs, else "touch".

    Raises:
        FigureError: something that readers need is missing, or the chart is of an unknown kind.
    """
    if not _READABLE_ID.fullmatch(id):
        raise FigureError(
            f"'{id}' is no readable id", mend="use small letters, digits and hyphens: 'women-by-source'"
        )
    paragraphs = (method,) if isinstance(method, str) else tuple(method)
    adapter = _adapter_for(id, chart)
    plotted = table if table is not None else adapter.plotted_data(chart)
    rests_on = [of] if isinstance(of, Fact) or hasattr(of, "columns") else list(of)
    counted = {**_units(rests_on, plotted), **(units or {})}
    drawn = _drawn(id, chart, plotted=plotted, table=table_of(id, plotted, columns=columns, units=counted))
    draft = "" if str(alt).strip() else _draft(drawn)
    _refuse_gaps(id, {"title": title, "alt": alt, "method": " ".join(paragraphs)}, draft=draft)
    sources, facts = _provenance(id, rests_on)
    return Figure(
        id=id,
        title=title.strip(),
        subtitle=subtitle.strip(),
        alt=alt.strip(),
        method=paragraphs,
        sources=sources,
        as_of=_newest(rests_on),
        facts=tuple(name for fact in facts for name in _ids_of(fact)),
        width=width,
        **{**drawn, "tier": tier or drawn["tier"]},
    )


def plain_figure(chart: Any) -> Figure:
    """Make a figure of a chart as it is: with a draft of its alt text, without title, method and sources."""
    plotted = _adapter_for("", chart).plotted_data(chart)
    has_data = plotted is not None and not plotted.empty
    table = table_of("", plotted) if has_data else DataTable((), ())
    drawn = _drawn("bare", chart, plotted=plotted if has_data else None, table=table)
    digest = digest_of_bytes(json.dumps(drawn["spec"], sort_keys=True).encode())
    words: dict[str, Any] = {"title": "", "subtitle": "", "alt": _draft(drawn), "method": (), "sources": ()}
    return Figure(id=f"chart-{digest[:8]}", is_plain=True, **words, **drawn)


_PLAIN = (
    "id",
    "title",
    "subtitle",
    "alt",
    "engine",
    "spec",
    "as_of",
    "width",
    "tier",
    "series",
    "is_plain",
)


def figure_json(one: Figure) -> dict[str, Any]:
    """Give a figure as JSON for a notebook's output; `parse_figure` is its inverse."""
    told = {name: getattr(one, name) for name in _PLAIN}
    return {
        **told,
        "method": list(one.method),
        "facts": list(one.facts),
        "sources": [vars(source) for source in one.sources],
        "table": one.table.to_json(),
    }


def parse_figure(told: Mapping[str, Any]) -> Figure:
    """Read a figure from the JSON that `figure_json` gives."""
    plain = {name: told[name] for name in _PLAIN if name in told}
    return Figure(
        **plain,
        method=tuple(told["method"]),
        facts=tuple(told["facts"]),
        sources=tuple(Source(**source) for source in told["sources"]),
        table=DataTable.from_json(told["table"]),
    )


def _drawn(figure_id: str, chart: Any, *, plotted: pd.DataFrame | None, table: DataTable) -> dict[str, Any]:
    """Give those parts of a figure that follow from its chart and its data."""
    adapter = _adapter_for(figure_id, chart)
    spec = adapter.specification(chart)
    return {
        "engine": adapter.ENGINE,
        "spec": spec if plotted is None else adapter.with_rows(spec, chart, plotted),
        "table": table,
        "tier": "live" if adapter.is_interactive(spec) else "touch",
        "series": None if plotted is None else _series(adapter.series_column(spec, plotted), table),
        "fallback": adapter.fallback_html(chart, figure_id),
    }


def _draft(drawn: Mapping[str, Any]) -> str:
    from sourcebook.figures.descriptions import describe
    from sourcebook.figures.descriptions.alt_text import alt_draft

    return alt_draft(describe(drawn["spec"], drawn["engine"], table=drawn["table"]), drawn["table"])


def _refuse_gaps(figure_id: str, told: Mapping[str, str], *, draft: str) -> None:
    for name, text in told.items():
        if isinstance(text, str) and text.strip():
            continue
        word = {"alt": "alt text"}.get(name, name)
        offered = f"; a draft to check and to shorten: “{draft}”" if name == "alt" and draft else ""
        mend = f"pass `{name}`: {_NEEDED[name]}{offered}"
        raise FigureError(f"the figure '{figure_id}' has no {word}", mend=mend)


def _adapter_for(figure_id: str, chart: Any) -> Any:
    for adapter in (altair_charts, plotly_charts):
        if adapter.draws(chart):
            return adapter
    raise FigureError(
        f"the figure '{figure_id}' is given a {type(chart).__name__}",
        mend="pass an Altair chart or a Plotly figure",
    )


def _series(name: str | None, table: DataTable) -> int | None:
    """Give the column of the data table that parts the rows into series, if it has fewer values than rows."""
    number = next((number for number, one in enumerate(table.columns) if one.name == name), None)
    if number is None or not 1 < len({row[number] for row in table.rows}) < len(table.rows):
        return None
    return number


def _provenance(figure_id: str, rests_on: Sequence[Any]) -> tuple[tuple[Source, ...], tuple[Fact, ...]]:
    from sourcebook.datasets import find_root
    from sourcebook.sources import cite

    facts = tuple(one for one in rests_on if isinstance(one, Fact))
    ids = [source_id for one in rests_on if not isinstance(one, Fact) for source_id in _sources_of(one)]
    try:
        cited = cite(dict.fromkeys(ids), root=find_root()) if ids else ()
    except BookError as error:
        raise FigureError(
            f"the figure '{figure_id}' rests on {error.what}", error.place, error.mend
        ) from error
    sources = tuple(dict.fromkeys((*cited, *(source for fact in facts for source in fact.sources))))
    if not sources:
        raise FigureError(
            f"the figure '{figure_id}' has no source",
            mend="pass in `of` the dataset() or facts it was made from, or keep the column 'source_id'",
        )
    return sources, facts


def _newest(rests_on: Sequence[Any]) -> str:
    """Give the latest date that a fact, or a table's column `as_of`, names."""
    dates = [one.as_of for one in rests_on if isinstance(one, Fact)]
    tables = [one for one in rests_on if not isinstance(one, Fact) and "as_of" in one.columns]
    return max((*dates, *(str(date) for table in tables for date in table["as_of"].dropna())), default="")


def _units(rests_on: Sequence[Any], plotted: pd.DataFrame | None) -> dict[str, str]:
    """Give the units of the columns that kept their name from a dataset."""
    told = {
        name: unit
        for one in rests_on
        if not isinstance(one, Fact)
        for name, unit in one.attrs.get("units", {}).items()
    }
    return {name: unit for name, unit in told.items() if plotted is not None and name in plotted.columns}


def _sources_of(table: pd.DataFrame) -> list[str]:
    """Give the sources of the rows at hand, or of the whole dataset if the rows no longer say."""
    if "source_id" in table.columns:
        return [str(one) for one in table["source_id"].dropna().unique()]
    return list(table.attrs.get("sources", []))


def _ids_of(fact: Fact) -> tuple[str, ...]:
    return (fact.id,) if fact.id else tuple(one.id for one in fact.inputs)
