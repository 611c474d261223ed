"""Downloads: what a reader can take away of a figure, as files that explain themselves.

The CSV holds what is plotted and nothing else. Units, sources and licences stand beside it: in a Data
Package descriptor for programs, in a README for people.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from keyword import kwlist
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sourcebook.facts import date_words
from sourcebook.figures.downloads.packages import descriptor_of, safe_csv, writable
from sourcebook.figures.downloads.poster import png_of, poster
from sourcebook.figures.looks import with_light_colours

if TYPE_CHECKING:
    from sourcebook.figures import Figure
    from sourcebook.figures.stills import Still
    from sourcebook.sources import Source

__all__ = ["Snippet", "files_of", "safe_csv", "snippets"]

_WIDTH_PX = 680  # of a chart that leaves its width to the page
_COMPOSED = frozenset({"hconcat", "vconcat", "concat", "facet", "repeat"})
_INTERNAL = "_row"
_COLUMNS = 88  # letters to a line of the README
_TAKEN = frozenset({*kwlist, "function", "next", "pd", "repeat"})  # words of Python and R
_TYPE_WORDS = {
    "boolean": "true or false",
    "date": "date, as year-month-day",
    "integer": "whole number",
    "string": "text",
}
_FILE_WORDS = {
    "csv": "what is plotted, as text in UTF-8 with commas between the columns",
    "datapackage.json": "the columns, sources and licence for programs (Data Package, datapackage.org)",
    "vega-lite.json": "how the chart is drawn, for the Vega-Lite editor",
    "plotly.json": "how the chart is drawn, for Plotly",
    "svg": "the picture, to be scaled or edited",
    "png": "the picture, at two pixels to the point",
}
_NOTATION = """\
Numbers are plain digits without thousands separators, in the unit of the data: the labels of
a chart may shorten 300000000 to 300M. A missing value is empty."""
_OWN_TERMS = "The sources keep their own terms, also where the licence above is wider."


@dataclass(frozen=True)
class Snippet:
    """A few lines that load a figure's CSV.

    Attributes:
        name: the program they are for.
        language: "python", "r", "excel" for a formula, or "text" for advice.
        code: the lines.
    """

    name: str
    language: str
    code: str


def files_of(
    figure: Figure,
    still: Still | None = None,
    *,
    licences: Sequence[Mapping[str, str]] = (),
    book_title: str = "",
) -> dict[str, bytes]:
    """Give the files that a reader may download of a figure, by name.

    Args:
        figure: whose data, picture and specification are given.
        still: its drawing; without one there is neither SVG nor PNG.
        licences: terms of the book's data as a data package words them: `name`, `title`, `path`.
        book_title: where the figure was published.

    Returns:
        `<id>.csv`, `<id>.datapackage.json`, `<id>.vega-lite.json` or `<id>.plotly.json`, `<id>.README.md`,
        and with a still `<id>.svg` and `<id>.png` at two pixels to the px.
    """
    table = safe_csv(figure.table).encode("utf-8")
    descriptor = descriptor_of(figure, table, licences=licences)
    files = {
        f"{figure.id}.csv": table,
        f"{figure.id}.datapackage.json": _json(descriptor),
        f"{figure.id}.{'plotly' if figure.engine == 'plotly' else 'vega-lite'}.json": _json(_spec(figure)),
    }
    if still is not None:
        svg = poster(figure, still, book_title=book_title)
        files |= {f"{figure.id}.svg": svg.encode("utf-8"), f"{figure.id}.png": png_of(svg)}
    readme = _readme(figure, descriptor, names=list(files), book_title=book_title)
    return {**files, f"{figure.id}.README.md": writable(readme).encode("utf-8")}


def snippets(figure_id: str, address: str) -> tuple[Snippet, ...]:
    """Give lines that load a figure's CSV in pandas, in R and in a spreadsheet.

    Args:
        figure_id: names the variable that holds the table.
        address: where the CSV is: an absolute http(s) address, or the name of the file.
    """
    is_online = re.match("https?://", address) is not None
    where = quote(writable(address), safe="%:/?#[]@!$&'()*+,;=~") if is_online else writable(address)
    quoted, name = json.dumps(where, ensure_ascii=False), _variable(figure_id)
    pandas = f'import pandas as pd\n\n{name} = pd.read_csv({quoted}, keep_default_na=False, na_values=[""])'
    r = f'{name} <- read.csv({quoted}, check.names = FALSE, na.strings = "", encoding = "UTF-8")'
    formula = Snippet("Google Sheets", "excel", f'=IMPORTDATA("{where}")')  # no quote is left in `where`
    spreadsheet = formula if is_online else _advice(where)
    return Snippet("pandas", "python", pandas), Snippet("R", "r", r), spreadsheet


def _advice(file_name: str) -> Snippet:
    lines = (
        f"Open {' '.join(file_name.split())} as text in UTF-8 with commas between the columns.",
        "Excel: Data, From Text/CSV. LibreOffice: File, Open. Google Sheets: File, Import.",
    )
    return Snippet("Spreadsheet", "text", "\n".join(lines))


def _variable(figure_id: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", figure_id.lower()).strip("_")
    return name if name[:1].isalpha() and name not in _TAKEN else f"data_{name}".rstrip("_")


def _spec(figure: Figure) -> dict[str, Any]:
    """Give the specification as any editor draws it: plain colours, a width, where it is from."""
    plain = _without_internal(with_light_colours(figure.spec))
    told = {"title": figure.title, "as_of": figure.as_of, "sources": [one.citation for one in figure.sources]}
    if figure.engine == "plotly":
        parts = {name: part for name, part in plain.items() if name != "rows"}
        return {**parts, "layout": {"meta": told, **plain["layout"]}}
    if not _COMPOSED & plain.keys():
        plain |= {"width": _WIDTH_PX, "autosize": {"type": "fit-x", "contains": "padding"}}
    return {"description": figure.alt, **plain, "usermeta": {**told, **plain.get("usermeta", {})}}


def _without_internal(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_internal(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: _without_internal(one) for name, one in value.items() if name != _INTERNAL}


def _json(told: dict[str, Any]) -> bytes:
    return writable(json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False)).encode("utf-8")


def _readme(figure: Figure, descriptor: Mapping[str, Any], *, names: list[str], book_title: str) -> str:
    dated = f"As of {date_words(figure.as_of)}." if figure.as_of else ""
    published = f"Published in “{book_title}”." if book_title else ""
    fields = descriptor["resources"][0]["schema"]["fields"]
    licences = [_licence_words(one) for one in descriptor.get("licenses", [])]
    sections = {
        "## The chart in words": [_filled(figure.alt)],
        "## Columns": [_listed(map(_field_words, fields)), _NOTATION],
        "## How the numbers came about": [*map(_filled, figure.method)],
        "## Sources": [_listed(map(_source_words, figure.sources))],
        "## Licence": [_listed(licences), _OWN_TERMS] if licences else [],
        "## Files": [_listed(_file_words(name, figure) for name in names)],
        "## How to load the data": [_indented(one) for one in snippets(figure.id, f"{figure.id}.csv")],
    }
    begin = (
        f"# {_plain(figure.title or figure.id)}",
        _filled(figure.subtitle),
        _filled(f"{dated} {published}"),
    )
    told = [begin, *((head, *texts) for head, texts in sections.items() if any(texts))]
    return "\n\n".join(block for section in told for block in section if block) + "\n"


def _plain(text: str) -> str:
    """Put a text on one line, without the two signs by which Markdown would run or follow it."""
    return " ".join(text.split()).replace("<", "\\<").replace("](", "]\\(")


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(
        _plain(text),
        _COLUMNS,
        initial_indent=indent,
        subsequent_indent=" " * len(indent),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _listed(texts: Iterable[str]) -> str:
    return "\n".join(_filled(text, "- ") for text in texts)


def _field_words(field: Mapping[str, str]) -> str:
    kind = _TYPE_WORDS.get(field["type"], field["type"])
    unit = f", {field['unit']}" if "unit" in field else ""
    return f"{field['name']}: {kind}{unit}. {field.get('description', '')}"


def _source_words(source: Source) -> str:
    caution = f"Caution: {source.caution}." if source.caution else ""
    return " ".join(part for part in (f"{source.citation}.", source.link, source.note, caution) if part)


def _licence_words(licence: Mapping[str, str]) -> str:
    title, name = licence.get("title", ""), licence.get("name", "")
    named = f"{title} ({name})" if title and name else title or name
    return " ".join(part for part in (f"{named}." if named else "", licence.get("path")) if part)


def _file_words(name: str, figure: Figure) -> str:
    return f"{name}: {_FILE_WORDS[name.removeprefix(f'{figure.id}.')]}"


def _indented(snippet: Snippet) -> str:
    if snippet.language == "text":
        return snippet.code
    return f"{snippet.name}:\n\n{textwrap.indent(snippet.code, '    ')}"
