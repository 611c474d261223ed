"""Facts as if rows of facts.csv had recorded them, each with its own unit, bound or source."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sourcebook.facts import Fact
from sourcebook.sources import Source

REUTERS, TIKTOK = Source("reuters", "Reuters", "A"), Source("tiktok", "TikTok", "B")


def recorded(value: str, unit: str = "users", fact_id: str = "a", **told: Any) -> Fact:
    """Give a fact as if a row of facts.csv had recorded it; bounds are given as text."""
    for side in {"lower", "upper"} & told.keys():
        told[side] = None if told[side] is None else Decimal(told[side])
    return Fact(id=fact_id, label=fact_id, value=Decimal(value), unit=unit, **told)


USERS = recorded(
    "300000000", fact_id="users", wording="about", digits=1, as_of="2025-01-17", sources=(REUTERS,)
)
WOMEN = recorded("79", "percent", "women", digits=2, as_of="2025-01", sources=(REUTERS,))
NEW = recorded("700000", fact_id="new", wording="more than", lower="700000", digits=1, sources=(REUTERS,))
AMERICANS = recorded("170000000", fact_id="americans", digits=2, as_of="2025-01-18", sources=(TIKTOK,))
DAILY = recorded("24", "users/day", "daily")
HOURS = recorded("12", "hours", "hours")
PRICE = recorded("5", "USD/user", "price")
POINTS = recorded("3", "percentage points", "points", sources=(REUTERS,))
RIVAL = recorded("65", "percent", "rival", digits=2, sources=(TIKTOK,))
MILLION = recorded("1000000", fact_id="million", lower="1000000", upper="1200000", digits=2)
VIEWS = recorded("10", "views", "views")
ABOVE = recorded("10", fact_id="above", lower="10")
BELOW = recorded("10", fact_id="below", upper="10")
RANGE = recorded("3", fact_id="range", lower="2", upper="4")
FIVE = recorded("5", fact_id="five")
