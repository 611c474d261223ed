"""Facts on pages: the roles {eval} and {fact}, their node, and the card with a number's provenance."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxRole

from sourcebook.errors import Place, StoryError
from sourcebook.facts import FACT_MIME, Fact, date_words, exact_words, parse_fact
from sourcebook.pages._compat import evaluated_by_myst_nb
from sourcebook.pages.citations import source_context
from sourcebook.pages.domain import domain_of
from sourcebook.pages.fragments import render
from sourcebook.pages.nodes import fact_anchor, fact_definition, fact_node, fact_reference, pass_by
from sourcebook.pages.problems import book_problem
from sourcebook.pages.stories import EXPRESSIONS, is_ours

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders.html import StandaloneHTMLBuilder
    from sphinx.writers.html5 import HTML5Translator

_FORMULA_PART = re.compile(r"\{([^{}]+)\}")


def setup(app: Sphinx) -> None:
    """Register the roles, the nodes and the transform that clears definitions away."""
    words_alone = (pass_by, pass_by)
    app.add_node(fact_reference, html=(_visit_html, pass_by), latex=words_alone, text=words_alone)
    app.add_node(fact_definition, html=words_alone, latex=words_alone, text=words_alone)
    app.add_role("eval", EvalRole(), override=True)
    app.add_role("fact", FactRole())
    app.add_post_transform(ClearDefinitions)
    app.connect("doctree-resolved", _number_cards)


def facts_on(doctree: nodes.document) -> list[Fact]:
    """Give the facts of a page, each once: as they appear, then those they are computed from."""
    found: dict[str, Fact] = {}
    waiting = [parse_fact(node["fact"]) for node in doctree.findall(fact_reference)]
    while waiting:
        one = waiting.pop(0)
        if fact_anchor(one) not in found:
            found[fact_anchor(one)] = one
            waiting.extend(one.inputs)
    return list(found.values())


def fact_context(
    builder: StandaloneHTMLBuilder, docname: str, fact: Fact, *, card_id: str = ""
) -> dict[str, Any]:
    """Give what the templates `fact.html` and `numbers.html` are told of a fact."""
    return {
        "id": fact.id,
        "label": fact.label,
        "words": str(fact),
        "parts": _parts(fact),
        "value": format(fact.value.normalize(), "f"),
        "exact": exact_words(fact),
        "bounds": _bounds(fact),
        "as_of": date_words(fact.as_of),
        "formula": _formula(fact),
        "sources": [source_context(builder, docname, source) for source in fact.sources],
        "standing": "Derived" if fact.is_derived else "Reported",
        "note": fact.note or None,
        "anchor": fact_anchor(fact),
        "href": f"#{fact_anchor(fact)}",
        "card_id": card_id,
    }


class FactRole(SphinxRole):
    """{fact}`id`: a fact by its id, recorded in `data/facts.csv` or derived in any story."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Leave a reference that is resolved once every story has been read."""
        fact_id = self.text.strip()
        domain_of(self.env).note_used(self.env.docname, fact_id, self.lineno)
        pending = addnodes.pending_xref(
            "", refdomain="sourcebook", reftype="fact", reftarget=fact_id, refwarn=False
        )
        pending += nodes.inline("", fact_id)
        return [pending], []


class EvalRole(SphinxRole):
    """{eval}`expression`: a value that the story's kernel gave while it ran."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Give the fact, or the plain text of another value; text notebooks stay with MyST-NB."""
        if not is_ours(self.env.app, self.env.docname):
            return evaluated_by_myst_nb(self)
        data = self._value()
        if FACT_MIME in data:
            domain_of(self.env).note_shown(self.env.docname, data[FACT_MIME])
            return [fact_node(parse_fact(data[FACT_MIME]))], []
        text = data.get("text/plain", "")
        quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
        return [nodes.Text(text[1:-1] if quoted else text)], []

    def _value(self) -> dict[str, Any]:
        """Find the value by the cell that the line number tells, or anywhere if it is the same everywhere."""
        cells: dict[int, list[dict[str, Any]]] = self.env.temp_data.get(EXPRESSIONS, {})
        expression, cell = self.text.strip(), self.lineno // 10_000
        for held in (cells.get(cell, []), [one for values in cells.values() for one in values]):
            results = [one["result"]["data"] for one in held if one["expression"] == expression]
            if results and all(one == results[0] for one in results):
                return dict(results[0])
        what = f"{{eval}}`{expression}` has no value of its own in this place"
        place = Place(self.env.doc2path(self.env.docname, base=False), cell=cell)
        raise book_problem(StoryError(what, place, "write it in a plain paragraph of a Markdown cell"))


class ClearDefinitions(SphinxPostTransform):
    """Take away definitions, and the containers of cells of which readers see nothing."""

    default_priority = 500

    def run(self, **kwargs: Any) -> None:
        """Clear one page."""
        for node in list(self.document.findall(fact_definition)):
            node.parent.remove(node)
        for part in ("cell_code_output", "cell_code"):
            for box in list(self.document.findall(nodes.container)):
                if box.get("nb_element") == part and not box.children:
                    box.parent.remove(box)


def _number_cards(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for number, node in enumerate(doctree.findall(fact_reference), start=1):
        node["card_id"] = f"fact-card-{number}"


def _parts(fact: Fact) -> tuple[str, str, str]:
    """Give the words as what comes before the number, the number, and what comes after it."""
    before, number, after = str(fact).partition(fact.bare)
    return (before, number, after) if number else ("", str(fact), "")


def _bounds(fact: Fact) -> str | None:
    lower = None if fact.lower is None else f"at least {exact_words(fact, fact.lower)}"
    upper = None if fact.upper is None else f"at most {exact_words(fact, fact.upper)}"
    return ", ".join(part for part in (lower, upper) if part) or None


def _formula(fact: Fact) -> list[dict[str, str | None]]:
    """Give a formula as parts, each text plain or a link to the entry of the fact it names."""
    if not fact.formula:
        return []
    named = {one.id: one for one in fact.inputs}
    parts: list[dict[str, str | None]] = []
    for position, text in enumerate(_FORMULA_PART.split(fact.formula)):
        if position % 2 and text in named:
            one = named[text]
            parts.append(
                {"text": f"{one.label} ({one.words(qualified=False)})", "href": f"#{fact_anchor(one)}"}
            )
        elif text:
            parts.append({"text": text, "href": None})
    return parts


def _visit_html(translator: HTML5Translator, node: fact_reference) -> None:
    if isinstance(node.parent, nodes.title) or "card_id" not in node:
        return  # a heading is repeated in menus and in the browser's tab: words alone
    fact = parse_fact(node["fact"])
    builder: Any = translator.builder
    context = fact_context(builder, builder.current_docname, fact, card_id=node["card_id"])
    translator.body.append(render("fact.html", fact=context).strip())
    raise nodes.SkipNode
