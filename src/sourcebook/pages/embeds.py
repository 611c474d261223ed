"""Embeds: a page for each figure that other sites can frame, and the code that frames it.

Each figure has two pages. `embed.html` follows later builds. `embed.<digest>.html` is this edition's copy,
named by its own content: it needs no other file of the site, and nothing else is ever written to its address.
Whoever publishes therefore keeps the copies of earlier editions, which `is_frozen` knows by name: a build
adds its own and takes none away, also where a figure has left the book.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import Markup

from sourcebook import tracing
from sourcebook.figures.downloads.packages import safe_csv
from sourcebook.pages.citations import anchor_of, source_context
from sourcebook.pages.domain import domain_of
from sourcebook.pages.fragments import THEME, render

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from sourcebook.figures import Figure
    from sourcebook.pages.drawings import Drawing

LIVE = "embed.html"
"""Name of the page that follows later builds."""

TOP = "../../"
"""The site's top as embed pages see it, from `_figures/<id>/`."""

_FROZEN = re.compile(r"embed\.[0-9a-f]{10}\.html")
_STYLES = (
    "layers",
    "base",
    "downloads",
    "embed",
    "figure",
    "fonts",
    "older-browsers",
    "print",
    "table",
    "tokens",
)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src '{style}'{sheets}; img-src 'self' data:; "
    "font-src 'self'; {data}base-uri 'none'; form-action 'none'"
)
_AROUND_PX = 290  # heading, tabs, source line and foot around a still of the design's width
_MOST_CSV_BYTES = 50_000


@dataclass(frozen=True)
class Home:
    """Where a figure is at home.

    Attributes:
        site: name of the site.
        language: BCP 47 tag of its texts.
        story: title of the story that the figure belongs to.
        url: address of the figure in its story; relative to the embed page unless the book names its own.
    """

    site: str
    language: str
    story: str
    url: str


@dataclass(frozen=True)
class EmbedCode:
    """Markup to copy into another page.

    Attributes:
        name: what readers of that page will get.
        address: the embed page's address as the code has it.
        code: the markup.
    """

    name: str
    address: str
    code: str


def is_frozen(name: str) -> bool:
    """Say whether a file of that name is a frozen page, of this edition or an earlier one."""
    return _FROZEN.fullmatch(name) is not None


def home_of(app: Sphinx, docname: str, figure: Figure) -> Home:
    """Give the home of a figure that the page `docname` shows."""
    base = (app.config.html_baseurl or "").rstrip("/")
    title = app.env.titles[docname].astext() if docname in app.env.titles else ""
    return Home(
        site=str(app.config.html_title or app.config.project),
        language=str(app.config.language or "en"),
        story=title,
        url=f"{f'{base}/' if base else TOP}{app.builder.get_target_uri(docname)}#{figure.id}",
    )


def embed_sources(app: Sphinx, figure: Figure) -> list[dict[str, Any]]:
    """Give a figure's sources with links to their entries as embed pages see them."""
    page = domain_of(app.env).sources_page
    told = [source_context(app.builder, app.config.root_doc, source) for source in figure.sources]
    if page is None:
        return told
    entries = f"{TOP}{app.builder.get_target_uri(page)}#"
    return [{**one, "href": entries + anchor_of(one["id"])} for one in told]


def embed_files(figure: Figure, context: dict[str, Any], *, home: Home, version: str) -> dict[str, bytes]:
    """Give both pages of a figure by their names.

    Args:
        figure: what the pages show.
        context: what `figure.html` is told of it, with `top=TOP` and the sources of `embed_sources`.
        home: where it comes from.
        version: digest of the site's scripts, as story pages ask for them.
    """
    live = _page(_live_context(context), home, version=version)
    return {LIVE: live, **frozen_file(figure, context, home=home)}


def frozen_file(figure: Figure, context: dict[str, Any], *, home: Home) -> dict[str, bytes]:
    """Give the frozen page alone, by its name; the arguments are those of `embed_files`."""
    page = _page(_frozen_context(figure, context), home, version=None)
    return {f"embed.{tracing.digest_of_bytes(page)[:10]}.html": page}


def embed_codes(figure: Figure, drawing: Drawing, *, folder: str, frozen: str) -> tuple[EmbedCode, ...]:
    """Give the code of the page that follows later builds, and of the one that does not.

    Args:
        figure: what is embedded.
        drawing: its stills, which tell the height to begin with.
        folder: address of the figure's folder, with a slash at its end: absolute if the book names its own
            address, else relative to the page that shows the code, where `copy.js` completes it.
        frozen: name of the frozen page.
    """
    pages = (("Embed it, with later corrections", LIVE), ("Embed it as it is in this edition", frozen))
    height = _AROUND_PX + max((one.height for one in drawing.stills if one.width <= 680), default=300)
    title = figure.title or figure.alt
    return tuple(
        EmbedCode(
            name,
            folder + page,
            render("embed_code.html", address=folder + page, title=title, height=round(height)),
        )
        for name, page in pages
    )


def _page(context: dict[str, Any], home: Home, *, version: str | None) -> bytes:
    """Render one page; without a version it is a frozen one."""
    style, is_live = _style(), version is not None
    policy = _POLICY.format(
        style="sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        sheets=" 'self'" if context["engine"] == "plotly" else "",  # its library links a sheet of its own
        data="connect-src 'self'; " if is_live else "",
    )
    return render(
        "embed.html",
        figure={**context, "level": 1, "embeds": ()},
        home=home,
        policy=policy,
        style=Markup(style),
        static=f"{TOP}_static/",
        query=f"?v={version}" if is_live else "",
        frozen=not is_live,
    ).encode()


def _live_context(context: dict[str, Any]) -> dict[str, Any]:
    files = context["downloads"].get("files", ())
    return {**context, "downloads": {"files": files, "snippets": ()} if files else {}}


def _frozen_context(figure: Figure, context: dict[str, Any]) -> dict[str, Any]:
    """Take out whatever is loaded or linked on the site; the numbers go into the page itself."""
    csv_url = _address_of_csv(figure)
    files = [
        {
            "name": "CSV",
            "words": "what is plotted, in this edition",
            "url": csv_url,
            "saved_as": f"{figure.id}.csv",
        }
    ]
    stage = {name: told for name, told in context["stage"].items() if name not in {"spec", "readings"}}
    return {
        **context,
        "engine": "",
        "stills": [{**still, "spec_url": ""} for still in context["stills"]],
        "stage": stage,
        "readings": 0 if context["cut"] else context["readings"],
        "csv_url": csv_url,
        "downloads": {"files": files, "snippets": ()} if csv_url else {},
        "sources": [{**source, "href": source["url"]} for source in context["sources"]],
    }


def _address_of_csv(figure: Figure) -> str:
    """Give the data table as an address that holds it, or "" if it is too large for that."""
    text = safe_csv(figure.table) if figure.table.columns else ""
    fits = 0 < len(text.encode()) <= _MOST_CSV_BYTES
    return f"data:text/csv;charset=utf-8,{quote(text, safe=',:;/()')}" if fits else ""


@cache
def _style() -> str:
    """Join the stylesheets that a figure needs, with the addresses of fonts as embed pages see them."""
    first, *others = ((THEME / "css" / f"{name}.css").read_text(encoding="utf-8").strip() for name in _STYLES)
    return "\n".join((first, *others)).replace('url("fonts/', f'url("{TOP}_static/fonts/')
