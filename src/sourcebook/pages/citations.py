"""Sources on pages: how one is cited, and the directive {sources} that lists each with what rests on it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from docutils import nodes
from markupsafe import Markup
from sphinx.errors import NoUri
from sphinx.util.docutils import SphinxDirective

from sourcebook.datasets import PACKAGE_PATH, read_package, read_records
from sourcebook.facts import Fact, date_words
from sourcebook.pages.domain import domain_of
from sourcebook.pages.fragments import render
from sourcebook.pages.nodes import fact_anchor, pass_by, source_list
from sourcebook.pages.settings import settings_of
from sourcebook.sources import KINDS, SOURCES_PATH, Source, read_sources

if TYPE_CHECKING:
    from pathlib import Path

    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.writers.html5 import HTML5Translator

_WEAK = frozenset({"aggregator", "content-farm", "recalled"})


def setup(app: Sphinx) -> None:
    """Register the directive and its node."""
    app.add_node(source_list, html=(_visit_html, pass_by), latex=(pass_by, pass_by), text=(pass_by, pass_by))
    app.add_directive("sources", SourcesDirective)
    app.connect("doctree-resolved", _fill_in_text)


class SourcesDirective(SphinxDirective):
    """{sources}: every source of the book, with the numbers, charts and tables that rest on it."""

    def run(self) -> list[nodes.Node]:
        """Leave the node; its content is known only once every page has been read."""
        domain_of(self.env).note_list(self.env.docname)
        return [source_list()]


def anchor_of(source_id: str) -> str:
    """Give the id of a source's entry on the page that lists them."""
    return f"source-{source_id}"


def source_context(builder: Builder, docname: str, source: Source) -> dict[str, Any]:
    """Give what templates are told of a source, with a link to its entry seen from `docname`."""
    page = domain_of(builder.env).sources_page
    entry = None if page is None else f"{builder.get_relative_uri(docname, page)}#{anchor_of(source.id)}"
    return {
        "id": source.id,
        "publisher": source.name,
        "title": source.title,
        "url": source.link,
        "published": date_words(source.published),
        "href": entry,
        "reliability": source.caution,
    }


def groups_of(app: Sphinx, docname: str) -> list[dict[str, Any]]:
    """Give the book's sources by kind, most reliable first, each with what rests on it.

    Links are relative to `docname`. A source on which nothing rests is left out.
    """
    root = settings_of(app).root
    if not (root / SOURCES_PATH).is_file():
        return []
    resting = _Resting(app, docname, root)
    entries = [entry for source in read_sources(root).values() if (entry := resting.entry(source))]
    groups = [
        {"kind": kind, "title": title, "sources": [one for one in entries if one["kind"] == kind]}
        for kind, title in KINDS.items()
    ]
    return [group for group in groups if group["sources"]]


class _Resting:
    """What rests on each source: facts and figures of the pages, rows of the tables."""

    def __init__(self, app: Sphinx, docname: str, root: Path) -> None:
        self._domain = domain_of(app.env)
        self._app, self._docname = app, docname
        self._facts = self._facts_by_source(app)
        self._figures = self._figures_by_source()
        self._tables = _rows_by_source(root)

    def entry(self, source: Source) -> dict[str, Any] | None:
        facts, figures = self._facts.get(source.id, {}), self._figures.get(source.id, {})
        tables = self._tables.get(source.id, [])
        if not (facts or figures or tables):
            return None
        return {
            "id": source.id,
            "anchor": anchor_of(source.id),
            "kind": source.kind,
            "publisher": source.publisher,
            "title": source.title,
            "url": source.link,
            "published": date_words(source.published),
            "accessed": date_words(source.accessed),
            "note": source.note or None,
            "weak": source.kind in _WEAK,
            "caution": source.caution,
            "facts": list(facts.values()),
            "figures": list(figures.values()),
            "tables": tables,
        }

    def _address(self, page: str, anchor: str) -> str:
        try:
            return f"{self._app.builder.get_relative_uri(self._docname, page)}#{anchor}"
        except NoUri:  # LaTeX knows no addresses before it writes, and needs none
            return f"#{anchor}"

    def _facts_by_source(self, app: Sphinx) -> dict[str, dict[str, dict[str, str]]]:
        """Give the recorded facts that pages show, or that shown facts are computed from."""
        held: dict[str, dict[str, dict[str, str]]] = {}
        for page in sorted(app.env.found_docs):
            waiting: list[Fact] = self._domain.shown(page)
            while waiting:
                one = waiting.pop(0)
                waiting.extend(one.inputs)
                for source in one.sources if one.id and not one.is_derived else ():
                    told = {
                        "label": one.label,
                        "words": str(one),
                        "href": self._address(page, fact_anchor(one)),
                    }
                    held.setdefault(source.id, {}).setdefault(one.id, told)
        return held

    def _figures_by_source(self) -> dict[str, dict[str, dict[str, str]]]:
        held: dict[str, dict[str, dict[str, str]]] = {}
        for page, figure in self._domain.figures():
            told = {"title": figure["title"], "href": self._address(page, figure["id"])}
            for source in figure["sources"]:
                held.setdefault(source["id"], {})[figure["id"]] = told
        return held


def _rows_by_source(root: Path) -> dict[str, list[dict[str, Any]]]:
    held: dict[str, list[dict[str, Any]]] = {}
    if not (root / PACKAGE_PATH).is_file():
        return held
    for resource in read_package(root).values():
        if not any(field.name == "source_id" for field in resource.fields) or resource.path == SOURCES_PATH:
            continue
        cited = Counter(row["source_id"] or "" for _, row in read_records(root, resource))
        for source_id, rows in cited.items():
            told = {"name": resource.name, "title": resource.title, "rows": rows}
            held.setdefault(source_id, []).append(told)
    return held


def _visit_html(translator: HTML5Translator, node: source_list) -> None:
    app: Any = translator.builder.app
    groups = groups_of(app, app.builder.current_docname)
    translator.body.append(Markup(render("sources.html", groups=groups)))
    raise nodes.SkipNode


def _fill_in_text(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give builders without markup of their own the list as plain paragraphs."""
    if app.builder.format == "html":
        return
    for node in doctree.findall(source_list):
        for group in groups_of(app, docname):
            node += nodes.paragraph("", "", nodes.strong("", group["title"]))
            node += nodes.bullet_list(
                "", *(nodes.list_item("", nodes.paragraph("", _line(source))) for source in group["sources"])
            )


def _line(source: dict[str, Any]) -> str:
    return ", ".join(part for part in (source["publisher"], source["title"], source["published"]) if part)
