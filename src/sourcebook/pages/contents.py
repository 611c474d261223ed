"""The contents of a book: every page in reading order, found once a build, and what each page shows of it.

A page of a small book lists all pages. In a large book that would make every page as long as the book, and
each new title would change every page; there a page lists its neighbours, and links to one page that has all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from sourcebook.pages.domain import Page, domain_of
from sourcebook.pages.stories import story_path

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment

MOST_LISTED = 60
"""Pages of a book that every page lists in full."""

_NEIGHBOURS = 10  # before and after a page, in a larger book
_ALL_PAGES, _ALL_TITLE = "all-pages", "All pages"


def setup(app: Sphinx) -> None:
    """Write the page that lists all pages, where no other does."""
    app.connect("html-collect-pages", _write_all)


def contents_of(env: BuildEnvironment) -> tuple[Page, ...]:
    """Give the book's pages in reading order, the front page first."""
    domain = domain_of(env)
    if domain.contents is None:
        domain.contents = tuple(_numbered(env, _in_reading_order(env)))
    return domain.contents


def listed_on(env: BuildEnvironment, pagename: str) -> tuple[Page, ...]:
    """Give the pages that a page lists: all of a small book, else the front page and its neighbours."""
    pages = contents_of(env)
    if len(pages) <= MOST_LISTED:
        return pages
    places = domain_of(env).places
    if places is None:
        places = domain_of(env).places = {page.docname: place for place, page in enumerate(pages)}
    at = places.get(pagename, 0)
    start = max(1, at - _NEIGHBOURS)
    return (pages[0], *pages[start : at + _NEIGHBOURS + 1])


def all_pages(env: BuildEnvironment) -> str | None:
    """Give the name of the page that lists all pages; a small book needs none."""
    if len(contents_of(env)) <= MOST_LISTED:
        return None
    name = _ALL_PAGES
    while name in env.found_docs:
        name += "-"
    return name


def contents_context(builder: Builder, pagename: str, pages: Iterable[Page]) -> list[dict[str, Any]]:
    """Give what templates are told of pages that another page lists."""
    return [
        {
            "title": page.title,
            "url": builder.get_relative_uri(pagename, page.docname),
            "number": page.number,
            "current": page.docname == pagename,
        }
        for page in pages
    ]


def _in_reading_order(env: BuildEnvironment) -> list[str]:
    """Follow the contents from the front page: a page is followed by what its own contents name."""
    names = {env.config.root_doc: True}  # a dictionary keeps the order, and knows at once what it holds
    waiting = [env.config.root_doc]
    for name in waiting:  # grows while it is read
        for one in env.toctree_includes.get(name, []):
            if one not in names:
                names[one] = True
                waiting.append(one)
    return list(names)


def _numbered(env: BuildEnvironment, names: list[str]) -> Iterator[Page]:
    """Number the chapters; the front page and text pages have no number."""
    chapters = 0
    for name in names:
        is_chapter = name != env.config.root_doc and story_path(env, name) is not None
        chapters += is_chapter
        title = env.titles[name].astext() if name in env.titles else name
        yield Page(name, title, chapters if is_chapter else None)


def _write_all(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    name = all_pages(app.env)
    if name is not None and app.config.html_theme == "sourcebook":
        told = contents_context(app.builder, name, contents_of(app.env))
        yield name, {"title": _ALL_TITLE, "body": f"<h1>{_ALL_TITLE}</h1>", "every_page": told}, "page.html"
