"""Arithmetic on facts keeps what a reader needs: units, bounds, sources, dates, and no false precision."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from recorded_facts import (
    ABOVE,
    AMERICANS,
    BELOW,
    DAILY,
    FIVE,
    HOURS,
    MILLION,
    NEW,
    POINTS,
    PRICE,
    RANGE,
    REUTERS,
    RIVAL,
    TIKTOK,
    USERS,
    VIEWS,
    WOMEN,
    recorded,
)

from sourcebook.errors import FactError, UnitError
from sourcebook.facts import Fact, quantity


@pytest.mark.parametrize(
    ("compute", "value", "unit"),
    [
        (lambda: USERS + AMERICANS, "470000000", "users"),
        (lambda: AMERICANS - NEW, "169300000", "users"),
        (lambda: USERS + 1, "300000001", "users"),
        (lambda: 1 + USERS, "300000001", "users"),
        (lambda: USERS - 1, "299999999", "users"),
        (lambda: 100 - WOMEN, "21", "percent"),
        (lambda: USERS * 2, "600000000", "users"),
        (lambda: 0.5 * USERS, "150000000", "users"),
        (lambda: USERS / 4, "75000000", "users"),
        (lambda: 1 / recorded("4", "users"), "0.25", "1/user"),
        (lambda: USERS * Decimal("0.1"), "30000000", "users"),
        (lambda: WOMEN * 0.5, "39.5", "percent"),
        (lambda: WOMEN / 2, "39.5", "percent"),
        (lambda: WOMEN * USERS, "237000000", "users"),
        (lambda: USERS * WOMEN, "237000000", "users"),
        (lambda: recorded("237", "users") / WOMEN, "300", "users"),
        (lambda: WOMEN * WOMEN, "0.6241", "ratio"),
        (lambda: recorded("85") / recorded("170"), "0.5", "ratio"),
        (lambda: recorded("85", "users") / recorded("170", "people"), "0.5", "ratio"),
        (lambda: DAILY * recorded("7", "days"), "168", "users"),
        (lambda: DAILY * HOURS, "12", "users"),
        (lambda: recorded("14") / recorded("7", "days"), "2", "users/day"),
        (lambda: recorded("14") / recorded("7", "users/day"), "2", "days"),
        (lambda: PRICE * recorded("3"), "15", "USD"),
        (lambda: recorded("15", "USD") / recorded("3"), "5", "USD/user"),
        (lambda: recorded("15", "USD") / PRICE, "3", "users"),
        (lambda: recorded("3", "hours") + recorded("30", "minutes"), "3.5", "hours"),
        (lambda: recorded("7", "users") + recorded("3", "people"), "10", "users"),
        (lambda: recorded("2", "users") * recorded("3", "USD"), "6", "USD*users"),
        (lambda: WOMEN - RIVAL, "14", "percentage points"),
        (lambda: WOMEN + POINTS, "82", "percent"),
        (lambda: WOMEN - POINTS, "76", "percent"),
        (lambda: WOMEN - 4, "75", "percent"),
        (lambda: sum([USERS, AMERICANS]), "470000000", "users"),
        (lambda: NEW / quantity(2, "days"), "350000", "users/day"),
        (lambda: DAILY * quantity(0.5, "days"), "12", "users"),
        (lambda: quantity("2.50", "hours").to("minutes"), "150", "minutes"),
    ],
)  # fmt: skip
def test_result_has_its_value_and_unit(compute: Callable[[], Fact], value: str, unit: str) -> None:
    """Units follow from the arithmetic: users a day times days are users, users by users a share."""
    result = compute()

    assert (result.value, result.unit) == (Decimal(value), unit)


@pytest.mark.parametrize(
    ("compute", "names"),
    [
        (lambda: USERS + WOMEN, ("'users' (users)", "'women' (percent)")),
        (lambda: WOMEN + USERS, ("'users' (users)", "'women' (percent)")),
        (lambda: USERS - VIEWS, ("'users' (users)", "'views' (views)")),
        (lambda: USERS + DAILY, ("'users' (users)", "'daily' (users/day)")),
        (lambda: PRICE + recorded("1", "CNY/user", "yuan"), ("'price' (USD/user)", "'yuan' (CNY/user)")),
        (lambda: (USERS + AMERICANS) + VIEWS, ("'{users} + {americans}' (users)", "'views' (views)")),
        (lambda: USERS < WOMEN, ("'users' (users)", "'women' (percent)")),
        (lambda: VIEWS >= USERS, ("'users' (users)", "'views' (views)")),
    ],
)  # fmt: skip
def test_units_that_do_not_fit_are_an_error_that_names_both_facts(
    compute: Callable[[], Fact], names: tuple[str, str]
) -> None:
    """People plus per cent is refused, with the names and units of both facts and a mend."""
    with pytest.raises(UnitError) as caught:
        compute()

    assert names[0] in caught.value.what
    assert names[1] in caught.value.what
    assert caught.value.mend


@pytest.mark.parametrize(
    ("compute", "lower", "upper"),
    [
        (lambda: FIVE + FIVE, None, None),
        (lambda: ABOVE + FIVE, "15", None),
        (lambda: FIVE + ABOVE, "15", None),
        (lambda: ABOVE + ABOVE, "20", None),
        (lambda: ABOVE - FIVE, "5", None),
        (lambda: FIVE - ABOVE, None, "-5"),
        (lambda: ABOVE * FIVE, "50", None),
        (lambda: 2 * ABOVE, "20", None),
        (lambda: ABOVE * -1, None, "-10"),
        (lambda: ABOVE / FIVE, "2", None),
        (lambda: FIVE / ABOVE, None, "0.5"),
        (lambda: 20 / ABOVE, None, "2"),
        (lambda: BELOW * FIVE, None, "50"),
        (lambda: BELOW / FIVE, None, "2"),
        (lambda: FIVE / BELOW, "0.5", None),
        (lambda: 100 - ABOVE, None, "90"),
        (lambda: 100 - BELOW, "90", "100"),
        (lambda: RANGE + FIVE, "7", "9"),
        (lambda: FIVE - RANGE, "1", "3"),
        (lambda: RANGE * RANGE, "4", "16"),
        (lambda: RANGE * -2, "-8", "-4"),
        (lambda: FIVE / RANGE, "1.25", "2.5"),
        (lambda: RANGE / RANGE, "0.5", "2"),
        (lambda: ABOVE - RANGE, "6", None),
        (lambda: ABOVE * RANGE, "20", None),
        (lambda: ABOVE / RANGE, "2.5", None),
        (lambda: RANGE / ABOVE, None, "0.4"),
        (lambda: ABOVE - ABOVE, None, None),
        (lambda: FIVE / recorded("1", lower="-1", upper="2"), None, None),
        (lambda: ABOVE * 0, None, None),
    ],
)  # fmt: skip
def test_bounds_are_carried(compute: Callable[[], Fact], lower: str | None, upper: str | None) -> None:
    """ "More than" stays a lower bound, and becomes an upper one where it is taken away or divided by."""
    result = compute()

    assert result.lower == (None if lower is None else Decimal(lower))
    assert result.upper == (None if upper is None else Decimal(upper))


@pytest.mark.parametrize(
    ("compute", "words"),
    [
        (lambda: NEW / AMERICANS, "more than 0.41%"),
        (lambda: WOMEN * USERS, "about 240 million"),
        (lambda: AMERICANS / NEW, "less than 250"),
        (lambda: NEW / 2, "more than 350,000"),
        (lambda: 1_000_000 - NEW, "less than 300,000"),
        (lambda: NEW + AMERICANS, "more than 170 million"),
        (lambda: WOMEN - RIVAL, "14 percentage points"),
        (lambda: recorded("10", digits=2) / recorded("3", digits=1), "about 3.3"),
        (lambda: recorded("2", digits=1) * recorded("3", "ratio", digits=1), "6"),
        (lambda: WOMEN * MILLION, "between 790,000 and 950,000"),
        (lambda: AMERICANS - AMERICANS, "0"),
        (lambda: NEW - NEW, "about 0"),
        (lambda: recorded("90", upper="90", wording="up to") * 2, "up to 180"),
        (lambda: recorded("90", upper="90", wording="nearly") * 2, "less than 180"),
        (lambda: NEW / quantity(2, "days"), "more than 350,000"),
    ],
)  # fmt: skip
def test_result_is_worded_as_far_as_it_is_known(compute: Callable[[], Fact], words: str) -> None:
    """A derived number claims neither more digits nor more certainty than what it is made of."""
    result = compute()

    assert str(result) == words


@pytest.mark.parametrize(
    ("compute", "digits"),
    [
        (lambda: USERS * WOMEN, 2),
        (lambda: recorded("123456", digits=6) * recorded("12345", "ratio", digits=5), 5),
        (lambda: recorded("123456", digits=6) * 2, 6),
        (lambda: FIVE * FIVE, None),
        (lambda: recorded("1234567", digits=7) + recorded("1000", digits=2), 5),
        (lambda: recorded("1000000", digits=3) - recorded("990000", digits=3), 2),
    ],
)
def test_result_has_no_false_digits(compute: Callable[[], Fact], digits: int | None) -> None:
    """A product is as precise as its least precise factor, a sum as its coarsest place."""
    result = compute()

    assert result.digits == digits


def test_result_joins_sources_without_repeating_them() -> None:
    """Whoever said any part of a number is named once, in order of appearance."""
    result = (NEW + USERS) / AMERICANS

    assert result.sources == (REUTERS, TIKTOK)


@pytest.mark.parametrize(
    ("one", "other", "newest"),
    [
        ("2025-01-17", "2024-12", "2025-01-17"),
        ("2024", "2025", "2025"),
        ("", "2024", "2024"),
        ("2024-Q3", "2024-Q4", "2024-Q4"),
        ("2024-Q4", "2025-01", "2025-01"),
        ("2025-H1", "2025-11", "2025-11"),
        ("2024-Q1", "2024-12-31", "2024-12-31"),
    ],
)
@pytest.mark.parametrize("swapped", [False, True], ids=["in order", "swapped"])
def test_result_is_as_of_its_newest_part(one: str, other: str, newest: str, swapped: bool) -> None:
    """A sum speaks of the time of the newest number in it, whatever the precision of the dates."""
    left, right = recorded("1", as_of=one), recorded("2", fact_id="b", as_of=other)

    result = right + left if swapped else left + right

    assert result.as_of == newest


@pytest.mark.parametrize(
    ("compute", "formula", "inputs"),
    [
        (lambda: NEW / AMERICANS, "{new} ÷ {americans}", ["new", "americans"]),
        (lambda: 2 * NEW, "2 × {new}", ["new"]),
        (lambda: 1_000_000 - NEW, "1,000,000 users − {new}", ["new"]),
        (lambda: NEW * -1, "{new} × −1", ["new"]),
        (lambda: (USERS + NEW) * 2, "({users} + {new}) × 2", ["users", "new"]),
        (lambda: USERS + NEW * 2, "{users} + {new} × 2", ["users", "new"]),
        (lambda: USERS - (NEW + NEW), "{users} − ({new} + {new})", ["users", "new"]),
        (lambda: USERS / (NEW * 2), "{users} ÷ ({new} × 2)", ["users", "new"]),
        (lambda: (NEW / USERS).to("percent"), "({new} ÷ {users}) in percent", ["new", "users"]),
    ],
)
def test_result_tells_how_it_was_computed(
    compute: Callable[[], Fact], formula: str, inputs: list[str]
) -> None:
    """A reader can follow the working: a formula with the ids of its inputs, bracketed as computed."""
    result = compute()

    assert result.formula == formula
    assert [one.id for one in result.inputs] == inputs
    assert result.is_derived


@pytest.mark.parametrize(
    ("fact", "unit", "value"),
    [
        (recorded("3", "hours"), "minutes", "180"),
        (recorded("180", "minutes"), "hours", "3"),
        (recorded("1", "weeks"), "days", "7"),
        (recorded("0.5", "ratio"), "percent", "50"),
        (recorded("50", "percent"), "ratio", "0.5"),
        (recorded("24", "users/day"), "users/hour", "1"),
        (recorded("1", "users/hour"), "users/day", "24"),
        (recorded("7", "users"), "people", "7"),
        (recorded("7", "users"), "users", "7"),
    ],
)
def test_fact_converts_within_one_kind(fact: Fact, unit: str, value: str) -> None:
    """The same fact can be told in another unit, exactly."""
    converted = fact.to(unit)

    assert (converted.value, converted.unit) == (Decimal(value), unit)


def test_fact_converts_its_bounds_too() -> None:
    """A range in hours is a range in minutes."""
    fact = recorded("3", "hours", lower="2", upper="4")

    converted = fact.to("minutes")

    assert (converted.lower, converted.upper) == (120, 240)


@pytest.mark.parametrize("unit", ["percent", "views", "users/day", "hours"])
def test_fact_does_not_convert_into_another_kind(unit: str) -> None:
    """Users cannot be told in hours; the error names the fact and both units."""
    with pytest.raises(UnitError, match=rf"'users' \(users\) cannot be expressed in '{unit}'"):
        USERS.to(unit)


@pytest.mark.parametrize(
    "compute",
    [
        lambda: USERS / 0,
        lambda: USERS / recorded("0", fact_id="zero"),
        lambda: 1 / recorded("0", fact_id="0"),
    ],
)
def test_division_by_zero_is_an_error_that_names_both(compute: Callable[[], Fact]) -> None:
    """Dividing by a number that is 0 is told with the names of the two numbers."""
    with pytest.raises(FactError, match=r"'.+' \(.+\) cannot be divided by '.+' \(.+\), which is 0"):
        compute()


@pytest.mark.parametrize(
    ("number", "value"), [(5, "5"), (0.1, "0.1"), ("0.10", "0.10"), (Decimal("1e3"), "1000")]
)
def test_quantity_is_taken_digit_by_digit(number: Any, value: str) -> None:
    """A plain number is what its author wrote, with no digits from binary arithmetic, and exact."""
    made = quantity(number, "days")

    assert (made.value, made.unit) == (Decimal(value), "days")
    assert (made.digits, made.sources, made.is_derived) == (None, (), False)


def test_operands_stay_as_they_were() -> None:
    """Arithmetic makes new facts; the recorded ones keep their ids, bounds and sources."""
    before = vars(NEW).copy()

    _ = NEW / AMERICANS + 1

    assert vars(NEW) == before


OPERATIONS = {"+": operator.add, "−": operator.sub, "×": operator.mul, "÷": operator.truediv}


def drawn(chance: random.Random, *, signed: bool) -> tuple[Fact, list[Decimal]]:
    """Draw a fact without unit, and some points that its bounds allow, its ends among them."""
    low, value, high = sorted(Decimal(chance.randint(-6 if signed else 0, 6)) / 2 for _ in range(3))
    kind = chance.choice(["exact", "more than", "up to", "range"])
    if kind == "exact":
        return recorded(str(value), "users"), [value]
    if kind == "range":
        points = [low, high, value, (low + high) / 2]
        return recorded(str(value), "users", lower=str(low), upper=str(high)), points
    if kind == "more than":
        return recorded(str(value), "users", lower=str(value)), [value, value + 1, value + 1000]
    floor = Decimal(0) if value >= 0 else value - 1000  # what is counted cannot be negative
    return recorded(str(value), "users", upper=str(value)), [value, (value + floor) / 2, floor]


@pytest.mark.parametrize("signed", [False, True], ids=["counts", "signed numbers"])
@pytest.mark.parametrize("sign", OPERATIONS)
def test_result_of_any_allowed_values_lies_within_its_bounds(sign: str, signed: bool) -> None:
    """Whatever the true values are, as far as the operands' bounds allow them, the result's hold too."""
    chance = random.Random(f"{sign}{signed}")
    act = OPERATIONS[sign]
    hair = Decimal("1e-20")
    for _ in range(1500):
        (left, lefts), (right, rights) = drawn(chance, signed=signed), drawn(chance, signed=signed)
        if sign == "÷" and not right.value:
            continue

        result = act(left, right)

        exact = result.lower is None and result.upper is None and len(lefts) == len(rights) == 1
        low = result.value if exact else result.lower
        high = result.value if exact else result.upper
        for one, other in ((one, other) for one in lefts for other in rights if sign != "÷" or other):
            true = act(one, other)
            assert low is None or low <= true + hair, f"{vars(left)} {sign} {vars(right)}: {true} < {low}"
            assert high is None or high >= true - hair, f"{vars(left)} {sign} {vars(right)}: {true} > {high}"
