"""Facts: values stated in prose, with unit, bounds, date and sources that arithmetic keeps."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from sourcebook.errors import FactError
from sourcebook.facts.bundle import DEFINITION, FACT_MIME, fact_json, parse_fact, publish
from sourcebook.facts.table import FACTS_PATH, fact, read_facts, read_rows
from sourcebook.facts.value import Fact
from sourcebook.facts.words import date_words, exact_words

__all__ = [
    "DEFINITION",
    "FACTS_PATH",
    "FACT_MIME",
    "Fact",
    "date_words",
    "derive",
    "exact_words",
    "fact",
    "fact_json",
    "parse_fact",
    "quantity",
    "read_facts",
    "read_rows",
]

_READABLE_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def quantity(value: float | str | Decimal, unit: str) -> Fact:
    """Give a plain number with a unit, to compute with: `newcomers / quantity(2, "days")` is a rate.

    It is exact and has no source; a float is taken digit by digit, as it prints.
    """
    return Fact(id="", label="", value=Decimal(str(value)), unit=unit)


def derive(fact_id: str, computed: Fact, *, label: str, unit: str = "", note: str = "") -> Fact:
    """Name a computed fact, so that prose on any page can use it as {fact}`fact_id`.

    Args:
        fact_id: readable kebab-case id, unique in the book.
        computed: the result of arithmetic on facts.
        label: what it counts, as a noun phrase.
        unit: unit to express it in, such as "percent" for a ratio; its own when left out.
        note: what a reader should know, such as the assumption behind it.

    Raises:
        FactError: the id is not in kebab-case, or the label is empty.
        UnitError: the unit measures something else.
    """
    if not _READABLE_ID.fullmatch(fact_id):
        raise FactError(
            f"'{fact_id}' is no readable id", mend="use small letters, digits and hyphens: 'women-of-china'"
        )
    if not label.strip():
        raise FactError(f"the fact '{fact_id}' has no label", mend="say in `label` what it counts")
    inputs = computed.inputs or ((computed,) if computed.id else ())
    formula = computed.formula or (f"{{{computed.id}}}" if computed.id else str(computed.value))
    named = replace(
        computed.to(unit) if unit else computed,
        id=fact_id,
        label=label.strip(),
        note=note,
        formula=formula,
        inputs=inputs,
    )
    publish(named)
    return named
