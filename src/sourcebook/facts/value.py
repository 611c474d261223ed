"""A fact: a number with its unit, bounds, date, sources and formula, which arithmetic keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sourcebook.errors import UnitError
from sourcebook.facts import arithmetic, units
from sourcebook.facts.words import Style, words
from sourcebook.sources import Source


@dataclass(frozen=True, eq=False)
class Fact:
    """A number with everything a reader may ask of it.

    Attributes:
        id: readable kebab-case name, or "" while it is being computed.
        label: what it counts, as a noun phrase.
        value: the number, exactly as given or computed.
        unit: words such as "users", "percent", "users/day"; "ratio" is a pure number.
        lower, upper: bounds; one alone means open-ended ("more than"), none means as stated.
        wording: the source's qualifier: "exact", "about", "more than", "nearly", "up to", ...
        digits: significant digits that the number supports; None if it is exact.
        as_of: ISO 8601 date at the precision known.
        sources: who says so.
        formula: how it was computed, with the ids of its inputs in braces; "" if it was reported.
        inputs: the named facts that the formula mentions.
        note: what to know about it.
    """

    id: str
    label: str
    value: Decimal
    unit: str
    lower: Decimal | None = None
    upper: Decimal | None = None
    wording: str = "exact"
    digits: int | None = None
    as_of: str = ""
    sources: tuple[Source, ...] = ()
    formula: str = ""
    inputs: tuple[Fact, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        """Take numbers of any kind as decimals, digit by digit."""
        for name in ("value", "lower", "upper"):
            number = getattr(self, name)
            if number is not None and not isinstance(number, Decimal):
                object.__setattr__(self, name, Decimal(str(number)))

    @property
    def is_derived(self) -> bool:
        """Whether the number was computed here rather than reported by a source."""
        return bool(self.formula)

    @property
    def qualifier(self) -> str:
        """How far the number can be trusted, as one of the words that `words` knows."""
        if not self.is_derived:
            return self.wording
        if self.lower is not None and self.upper is not None:
            return "between"
        if self.lower is not None:
            return "more than"
        if self.upper is not None:
            return "up to" if self.wording == "up to" else "less than"
        return self.wording

    def words(self, locale: str = "en", *, style: Style = "long", qualified: bool = True) -> str:
        """Word the fact in a locale: see `sourcebook.facts.words.words`."""
        return words(self, locale, style=style, qualified=qualified)

    @property
    def short(self) -> str:
        """The fact in few letters and without qualifier: "300M"."""
        return words(self, style="short", qualified=False)

    @property
    def bare(self) -> str:
        """The fact in words without its qualifier: "300 million"."""
        return words(self, qualified=False)

    def to(self, unit: str) -> Fact:
        """Give the same fact in another unit: a rate a day as a rate an hour.

        Raises:
            UnitError: the unit measures something else.
        """
        try:
            factor = units.conversion(units.parse_unit(self.unit), units.parse_unit(unit))
        except UnitError as error:
            raise UnitError(f"{self.name} cannot be expressed in '{unit}'", mend=error.mend) from error
        converted = self.formula and factor != 1
        return replace(
            self,
            formula=f"({self.formula}) in {unit}" if converted else self.formula,
            unit=unit,
            value=_times(self.value, factor),
            lower=None if self.lower is None else _times(self.lower, factor),
            upper=None if self.upper is None else _times(self.upper, factor),
        )

    def __float__(self) -> float:
        """Give the value for a chart or a table."""
        return float(self.value)

    def __int__(self) -> int:
        """Give the value rounded towards zero."""
        return int(self.value)

    def __str__(self) -> str:
        """Give the fact in words."""
        return words(self)

    def __repr__(self) -> str:
        """Give the fact in words: what a plain notebook or Jupyter Book shows."""
        return words(self)

    def __format__(self, spec: str) -> str:
        """Word the fact in an f-string: {f}, {f:bare}, {f:short}, {f:exact} or a number format."""
        if spec in {"", "bare", "short"}:
            return {"": str(self), "bare": self.bare, "short": self.short}[spec]
        return words(self, style="exact") if spec == "exact" else format(self.value, spec)

    def __add__(self, other: Fact | float | Decimal) -> Fact:
        return arithmetic.combine(self, arithmetic.operand(self, other, unit=self.unit), "+")

    def __radd__(self, other: float | Decimal) -> Fact:
        if other == 0:
            return self  # where sum() begins
        return arithmetic.combine(arithmetic.operand(self, other, unit=self.unit), self, "+")

    def __sub__(self, other: Fact | float | Decimal) -> Fact:
        return arithmetic.combine(self, arithmetic.operand(self, other, unit=self.unit), "−")

    def __rsub__(self, other: float | Decimal) -> Fact:
        return arithmetic.combine(arithmetic.operand(self, other, unit=self.unit), self, "−")

    def __mul__(self, other: Fact | float | Decimal) -> Fact:
        return arithmetic.combine(self, arithmetic.operand(self, other), "×")

    def __rmul__(self, other: float | Decimal) -> Fact:
        return arithmetic.combine(arithmetic.operand(self, other), self, "×")

    def __truediv__(self, other: Fact | float | Decimal) -> Fact:
        return arithmetic.combine(self, arithmetic.operand(self, other), "÷")

    def __rtruediv__(self, other: float | Decimal) -> Fact:
        return arithmetic.combine(arithmetic.operand(self, other), self, "÷")

    def __lt__(self, other: Fact | float | Decimal) -> bool:
        return arithmetic.is_less(self, arithmetic.operand(self, other, unit=self.unit))

    def __gt__(self, other: Fact | float | Decimal) -> bool:
        return arithmetic.is_less(arithmetic.operand(self, other, unit=self.unit), self)

    def __le__(self, other: Fact | float | Decimal) -> bool:
        return not arithmetic.is_less(arithmetic.operand(self, other, unit=self.unit), self)

    def __ge__(self, other: Fact | float | Decimal) -> bool:
        return not arithmetic.is_less(self, arithmetic.operand(self, other, unit=self.unit))

    def __eq__(self, other: object) -> bool:
        """Compare values and bounds; a plain number is taken in the fact's own unit."""
        if not isinstance(other, Fact | int | float | Decimal):
            return NotImplemented
        try:
            same = arithmetic.operand(self, other, unit=self.unit).to(self.unit)
        except UnitError:
            return False
        return (self.value, self.lower, self.upper) == (same.value, same.lower, same.upper)

    def __hash__(self) -> int:
        """Hash in base units, so that equal facts hash alike."""
        return hash(Fraction(self.value) * units.parse_unit(self.unit).factor)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from sourcebook.facts.bundle import fact_bundle

        return fact_bundle(self)

    @property
    def name(self) -> str:
        """How errors call the fact: its id or formula, and its unit."""
        return f"'{self.id or self.formula or self.value}' ({self.unit})"


def _times(value: Decimal, factor: Fraction) -> Decimal:
    return value * factor.numerator / factor.denominator
