"""Units of facts: products, quotients and conversions of words such as "users" and "users/day".

A unit is words joined by "*" and "/". Words of one dimension convert into each other; a word not
listed here is a dimension of its own, so that downloads and views never add up by mistake.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from sourcebook.errors import UnitError

_DIMENSIONS: dict[str, tuple[str, Decimal]] = {
    "users": ("people", Decimal(1)),
    "people": ("people", Decimal(1)),
    "adults": ("people", Decimal(1)),
    "percent": ("", Decimal("0.01")),
    "percentage points": ("", Decimal("0.01")),
    "ratio": ("", Decimal(1)),
    "times": ("", Decimal(1)),
    "seconds": ("time", Decimal(1)),
    "minutes": ("time", Decimal(60)),
    "hours": ("time", Decimal(3600)),
    "days": ("time", Decimal(86400)),
    "weeks": ("time", Decimal(604800)),
}
_SINGULARS = {"second": "seconds", "minute": "minutes", "hour": "hours", "day": "days", "week": "weeks",
              "user": "users", "person": "people", "%": "percent"}  # fmt: skip


@dataclass(frozen=True)
class Unit:
    """A unit as two sorted groups of words: those multiplied and those divided by."""

    over: tuple[str, ...] = ()
    under: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Give the unit as it is written: "users/day", "ratio" for a pure number."""
        over = "*".join(self.over) or ("1" if self.under else "ratio")
        return "/".join([over, *(_SINGULAR_OF.get(word, word) for word in self.under)])

    @property
    def factor(self) -> Fraction:
        """How many base units one of this unit is: 86,400 for days, 0.01 for per cent."""
        result = Fraction(1)
        for word in self.over:
            result *= Fraction(_dimension(word)[1])
        for word in self.under:
            result /= Fraction(_dimension(word)[1])
        return result

    @property
    def dimension(self) -> tuple[tuple[str, int], ...]:
        """The dimension and its powers; units with equal dimensions convert into each other."""
        powers = Counter(_dimension(word)[0] for word in self.over)
        powers.subtract(_dimension(word)[0] for word in self.under)
        return tuple(sorted((name, power) for name, power in powers.items() if name and power))


_SINGULAR_OF = {plural: singular for singular, plural in _SINGULARS.items() if singular != "%"}


def parse_unit(text: str) -> Unit:
    """Parse "users/day" into a unit; "", "1" and "ratio" are pure numbers."""
    first, *rest = (part.strip() for part in text.split("/"))
    over = [_SINGULARS.get(word.strip(), word.strip()) for word in first.split("*")]
    under = [_SINGULARS.get(word, word) for word in rest]
    return Unit(tuple(sorted(word for word in over if word not in {"", "1", "ratio"})), tuple(sorted(under)))


def multiply(left: Unit, right: Unit) -> tuple[Unit, Decimal]:
    """Give the unit of a product, and the factor by which the product of the values changes."""
    return _cancel((*left.over, *right.over), (*left.under, *right.under))


def divide(left: Unit, right: Unit) -> tuple[Unit, Decimal]:
    """Give the unit of a quotient, and the factor by which the quotient of the values changes."""
    return _cancel((*left.over, *right.under), (*left.under, *right.over))


def conversion(left: Unit, right: Unit) -> Fraction:
    """Give the exact number to multiply values in `left` with to get values in `right`.

    Raises:
        UnitError: the two measure different things.
    """
    if left.dimension != right.dimension:
        raise UnitError(f"'{left}' cannot be expressed in '{right}'", mend="combine numbers of one kind")
    return left.factor / right.factor


def _cancel(over: tuple[str, ...], under: tuple[str, ...]) -> tuple[Unit, Decimal]:
    """Take pure numbers and pairs of one dimension out of a product."""
    factor = Decimal(1)
    kept_over, kept_under = [], list(under)
    for word in over:
        dimension, size = _dimension(word)
        partner = next((one for one in kept_under if _dimension(one)[0] == dimension), None)
        if not dimension:
            factor *= size
        elif partner is None:
            kept_over.append(word)
        else:
            kept_under.remove(partner)
            factor *= size / _dimension(partner)[1]
    pure = [word for word in kept_under if not _dimension(word)[0]]
    for word in pure:
        kept_under.remove(word)
        factor /= _dimension(word)[1]
    return Unit(tuple(sorted(kept_over)), tuple(sorted(kept_under))), factor


def _dimension(word: str) -> tuple[str, Decimal]:
    return _DIMENSIONS.get(word, (word, Decimal(1)))
