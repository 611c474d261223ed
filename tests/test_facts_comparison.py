"""Facts compared: only where their bounds decide, in whatever unit they are told."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from recorded_facts import AMERICANS, BELOW, FIVE, NEW, RANGE, WOMEN, recorded

from sourcebook.errors import FactError
from sourcebook.facts import Fact


@pytest.mark.parametrize(
    ("compare", "answer"),
    [
        (lambda: FIVE < 6, True),
        (lambda: FIVE < 5, False),
        (lambda: FIVE <= 5, True),
        (lambda: FIVE > 4.5, True),
        (lambda: Decimal("5.1") <= FIVE, False),
        (lambda: FIVE < 5.5, True),
        (lambda: WOMEN > 50, True),
        (lambda: recorded("0.8", "ratio") > WOMEN, True),
        (lambda: recorded("3", "hours") > recorded("170", "minutes"), True),
        (lambda: NEW > 600_000, True),
        (lambda: NEW >= 700_000, True),
        (lambda: NEW <= 600_000, False),
        (lambda: NEW < 700_000, False),
        (lambda: BELOW < 11, True),
        (lambda: RANGE < FIVE, True),
        (lambda: RANGE > FIVE, False),
    ],
)  # fmt: skip
def test_facts_compare_when_their_bounds_allow_it(compare: Callable[[], bool], answer: bool) -> None:
    """What the bounds decide is answered, with numbers and facts, in whatever unit they stand."""
    result = compare()

    assert result is answer


@pytest.mark.parametrize(
    "compare",
    [
        lambda: NEW < AMERICANS,
        lambda: NEW > 800_000,
        lambda: NEW <= 800_000,
        lambda: RANGE < 3,
        lambda: FIVE < BELOW,
    ],
)
def test_comparison_is_refused_when_the_bounds_overlap(compare: Callable[[], bool]) -> None:
    """ "More than 700,000" may or may not be above 800,000: nobody guesses."""
    with pytest.raises(FactError, match="their bounds overlap") as caught:
        compare()

    assert ".value" in caught.value.mend


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FIVE, recorded("5.0", fact_id="b", as_of="2020")),
        (recorded("1", "days"), recorded("24", "hours")),
        (recorded("24", "hours"), recorded("1", "days")),
        (recorded("50", "percent"), recorded("0.5", "ratio")),
        (recorded("24", "users/day"), recorded("1", "users/hour")),
        (recorded("7", "days", lower="7"), recorded("1", "weeks", lower="1")),
    ],
)
def test_equal_facts_hash_alike(one: Fact, other: Fact) -> None:
    """Equal values are equal in whatever unit they are told, and a set holds them once."""
    distinct = {one, other}

    assert one == other
    assert other == one
    assert len(distinct) == 1


@pytest.mark.parametrize(
    "other",
    [recorded("6"), recorded("5", "views"), recorded("5", lower="5"), recorded("5", upper="5"), 6, "5", None],
)
def test_facts_differ_in_value_bounds_or_kind(other: object) -> None:
    """Five is not six, not five views, and not "more than five"."""
    same = other == FIVE

    assert same is False


def test_fact_equals_a_plain_number_in_its_own_unit() -> None:
    """In prose code, a share of 79 per cent is compared with 79."""
    same = WOMEN == 79

    assert same
