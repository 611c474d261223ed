"""Facts in a notebook's outputs: the MIME bundle that carries them from the kernel to the pages."""

from __future__ import annotations

import sys
from decimal import Decimal
from html import escape
from typing import Any

from sourcebook.facts.value import Fact
from sourcebook.sources import Source

FACT_MIME = "application/vnd.sourcebook.fact.v1+json"
DEFINITION = "sourcebook_definition"
"""Output metadata of a fact that is defined in a cell but not shown there."""

_PLAIN = ("id", "label", "unit", "wording", "digits", "as_of", "formula", "note")


def fact_bundle(one: Fact) -> dict[str, Any]:
    """Give every form of a fact that a notebook's front end may choose from."""
    told = ". ".join(part for part in (one.label, "; ".join(each.citation for each in one.sources)) if part)
    preview = f'<span title="{escape(told)}">{escape(str(one))}</span>'
    return {FACT_MIME: fact_json(one), "text/html": preview, "text/plain": str(one)}


def fact_json(one: Fact) -> dict[str, Any]:
    """Give a fact as JSON for a notebook's output; `parse_fact` is its inverse."""
    exact = {
        name: None if (number := getattr(one, name)) is None else str(number)
        for name in ("value", "lower", "upper")
    }
    told = {name: getattr(one, name) for name in _PLAIN}
    return {
        **told,
        **exact,
        "words": str(one),
        "sources": [vars(source) for source in one.sources],
        "inputs": [fact_json(each) for each in one.inputs],
    }


def parse_fact(told: dict[str, Any]) -> Fact:
    """Read a fact from the JSON that `fact_json` gives."""
    plain: dict[str, Any] = {name: told[name] for name in _PLAIN}
    return Fact(
        **plain,
        value=Decimal(told["value"]),
        lower=None if told["lower"] is None else Decimal(told["lower"]),
        upper=None if told["upper"] is None else Decimal(told["upper"]),
        sources=tuple(Source(**source) for source in told["sources"]),
        inputs=tuple(parse_fact(each) for each in told["inputs"]),
    )


def publish(one: Fact) -> None:
    """Leave a derived fact in the notebook's outputs, where the pages find it."""
    if "IPython" not in sys.modules:
        return
    from IPython import get_ipython
    from IPython.display import display

    if get_ipython() is not None:
        shown = f"{escape(one.label)}: <strong>{escape(str(one))}</strong>"
        display({**fact_bundle(one), "text/html": shown}, raw=True, metadata={DEFINITION: True})
