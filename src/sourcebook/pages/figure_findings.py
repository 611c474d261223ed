"""Findings about figures, told as long as they stand: bare charts, numbers typed in alt texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sphinx.util import logging

from sourcebook.errors import Finding, Place
from sourcebook.figures import Figure, parse_figure
from sourcebook.figures.marks import MOST_READ
from sourcebook.figures.stated_numbers import loose_numbers
from sourcebook.pages.domain import BookDomain, domain_of
from sourcebook.pages.fragments import digest_of_json

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

LOGGER = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    """Have the figures looked over once all pages are read."""
    app.connect("env-get-updated", _tell)  # in every build, also in one that reads no page


def _tell(app: Sphinx, env: BuildEnvironment) -> list[str]:
    for finding in _findings(env):
        LOGGER.warning("%s", finding, type="sourcebook", subtype=finding.code)
    return []


def _findings(env: BuildEnvironment) -> Iterator[Finding]:
    domain = domain_of(env)
    facts = _wordings(domain)
    words, known, now = digest_of_json(sorted(facts)), domain.data["loose"], {}
    for docname, told in domain.figures():
        place = Place(env.doc2path(docname, base=False), cell=told.get("cell"))
        if told.get("is_plain"):
            yield _bare(place)
            continue
        key = f"{told['digest']} {words}"
        now[key] = known[key] if key in known else _loose(parse_figure(told), facts)
        if now[key]:
            yield _typed(place, told["id"], now[key])
    domain.data["loose"] = now


def _loose(figure: Figure, facts: list[str]) -> tuple[str, ...]:
    return tuple(loose_numbers(figure.alt, [*facts, *_cells(figure)]))


def _bare(place: Place) -> Finding:
    what = "a chart is shown without `figure`: readers get no heading, no source and a draft of its alt text"
    mend = "give the chart to figure(chart, id=..., title=..., alt=..., method=..., of=...)"
    return Finding("bare-chart", what, place, mend)


def _typed(place: Place, figure_id: str, numbers: tuple[str, ...]) -> Finding:
    quoted = ", ".join(f"'{one}'" for one in numbers)
    what = f"the alt text of the figure '{figure_id}' states {quoted}, which no fact and no row does"
    return Finding("typed-number", what, place, 'put a fact in its place: alt=f"... {users} ..."')


def _wordings(domain: BookDomain) -> list[str]:
    """Give every fact of the book as prose may word it."""
    shown = (fact for docname in domain.data["shown"] for fact in domain.shown(docname))
    facts = (*domain.recorded.values(), *domain.derived.values(), *shown)
    return [wording for fact in facts for wording in (str(fact), f"{fact:exact}", f"{fact:short}")]


def _cells(figure: Figure) -> list[str]:
    return [text for row in figure.table.texts(most=MOST_READ) for text in row]
