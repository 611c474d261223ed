"""The semantic nodes of a page; each reads well as plain text where no visitor knows it better."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes

from sourcebook.facts import Fact, fact_json

_NOT_IN_ANCHORS = re.compile(r"[^a-z0-9]+")


class fact_reference(nodes.inline):  # noqa: N801 - docutils names its nodes so
    """A number in the text; `fact` holds its JSON, the only child its words."""


class fact_definition(nodes.General, nodes.Element):  # noqa: N801
    """A derived fact's definition: nothing to see on the page."""


class chart_figure(nodes.General, nodes.Element):  # noqa: N801
    """A figure; `figure` holds its JSON, the children its title, alt text and sources as paragraphs."""


class source_list(nodes.General, nodes.Element):  # noqa: N801
    """The list of the book's sources, each with what rests on it, made when the page is written."""


def pass_by(translator: Any, node: nodes.Element) -> None:
    """Visit or leave a node of which a writer shows only the children."""


def fact_node(fact: Fact) -> fact_reference:
    """Make the node for one fact: its words as text, all else as an attribute."""
    return fact_reference("", str(fact), fact=fact_json(fact))


def fact_anchor(fact: Fact) -> str:
    """Give the id of a fact's entry in the list of numbers at the end of a page."""
    words = _NOT_IN_ANCHORS.sub("-", (fact.id or fact.formula or str(fact.value)).lower()).strip("-")
    return f"number-{words or 'unnamed'}"


def figure_node(told: dict[str, Any]) -> chart_figure:
    """Make the node for one figure from its JSON."""
    cited = "; ".join(source["publisher"] or source["title"] for source in told["sources"])
    lines = (nodes.paragraph("", "", nodes.strong("", told["title"])), nodes.paragraph("", told["alt"]))
    return chart_figure("", *lines, nodes.paragraph("", f"Source: {cited}."), figure=told)
