"""Facts in words: the wording a reader sees is never more than what is known."""

from __future__ import annotations

import random
import re
from decimal import Decimal
from typing import Any

import pytest

from sourcebook.errors import FactError
from sourcebook.facts import Fact, date_words, exact_words


def said(value: str, unit: str = "users", **told: Any) -> Fact:
    """Give a reported fact of that value; bounds are given as text."""
    for side in {"lower", "upper"} & told.keys():
        told[side] = Decimal(told[side])
    return Fact(id="a", label="a", value=Decimal(value), unit=unit, **told)


def derived(value: str, unit: str = "users", **told: Any) -> Fact:
    """Give a computed fact of that value; bounds are given as text."""
    return said(value, unit, formula="{b} × {c}", **told)


USERS = said("300000000", wording="about", digits=1)
NEW = said("700000", wording="more than", lower="700000", digits=1)


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (USERS, "about 300 million"),
        (NEW, "more than 700,000"),
        (said("79", "percent"), "79%"),
        (said("0.41", "percent"), "0.41%"),
        (said("0.0041", "ratio"), "0.41%"),
        (said("1.5", "ratio"), "1.5"),
        (said("150", "percent"), "150%"),
        (said("2.5", "times"), "2.5"),
        (said("5", "users/day"), "5"),
        (said("5100000", wording="nearly", upper="5100000"), "nearly 5.1 million"),
        (said("90", "days", wording="up to", upper="90"), "up to 90"),
        (said("20", wording="fewer than", upper="20"), "fewer than 20"),
        (said("0"), "0"),
        (said("0", "percent"), "0%"),
        (said("-5", "percent"), "-5%"),
        (said("-1500"), "-1,500"),
        (said("-300000000"), "-300 million"),
        (said("999999"), "999,999"),
        (said("1000000"), "1 million"),
        (said("1412000000"), "1.412 billion"),
        (said("2000000000000"), "2 trillion"),
        (said("0.0000012", "percent"), "0.0000012%"),
        (said("0.3"), "0.3"),
        (said("3", "percentage points"), "3 percentage points"),
        (said("4800000000", "USD"), "4.8 billion US dollars"),
        (said("300", "CNY"), "300 Chinese yuan"),
        (said("12", "EUR"), "12 euros"),
        (derived("237000000", digits=2), "about 240 million"),
        (derived("240000000", digits=2), "240 million"),
        (derived("240000000", digits=2, wording="about"), "about 240 million"),
        (derived("0.2087", "ratio", digits=2), "about 21%"),
        (derived("0.004117647", "ratio", digits=2, lower="0.004117647"), "more than 0.41%"),
        (derived("3", lower="2", upper="4"), "between 2 and 4"),
        (derived("0.3", "ratio", lower="0.2", upper="0.4"), "between 20% and 40%"),
    ],
)
def test_fact_is_worded_for_prose(fact: Fact, words: str) -> None:
    """Numbers read as an editor would write them, with the qualifier that the source used."""
    worded = str(fact)

    assert worded == words


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (USERS, "约3亿"),
        (NEW, "超过70万"),
        (said("79", "percent"), "79%"),
        (said("3", "percentage points"), "3个百分点"),
        (said("4800000000", "USD"), "48亿美元"),
        (said("5100000", wording="nearly", upper="5100000"), "近510万"),
        (said("90", wording="up to", upper="90"), "至多90"),
        (said("20", wording="fewer than", upper="20"), "不到20"),
        (said("9999"), "9,999"),
        (said("10000"), "1万"),
        (derived("3000", lower="2000", upper="4000"), "2,000至4,000"),
        (derived("237000000", digits=2), "约2.4亿"),
    ],
)
@pytest.mark.parametrize("locale", ["zh_Hans", "zh-Hans", "zh"])
def test_fact_is_worded_in_chinese(fact: Fact, words: str, locale: str) -> None:
    """A Chinese reader counts in ten thousands, and no space stands in the sentence."""
    worded = fact.words(locale)

    assert worded == words


@pytest.mark.parametrize(
    ("fact", "long", "short", "bare", "exact"),
    [
        (USERS, "about 300 million", "300M", "300 million", "300,000,000"),
        (NEW, "more than 700,000", "700K", "700,000", "700,000"),
        (said("1500"), "1,500", "1,500", "1,500", "1,500"),
        (said("79", "percent"), "79%", "79%", "79%", "79%"),
        (derived("237000000", digits=2), "about 240 million", "240M", "240 million", "237,000,000"),
        (derived("0.00411764705", "ratio", digits=2), "about 0.41%", "0.41%", "0.41%", "0.411765%"),
        (derived("3", lower="2", upper="4"), "between 2 and 4", "3", "3", "3"),
    ],
)
def test_fact_has_a_form_for_every_place(fact: Fact, long: str, short: str, bare: str, exact: str) -> None:
    """Prose, labels and tables each get their form, as f-string formats too."""
    forms = (f"{fact}", f"{fact:short}", f"{fact:bare}", f"{fact:exact}")

    assert forms == (long, short, bare, exact)
    assert (repr(fact), fact.short, fact.bare) == (long, short, bare)


def test_fact_takes_number_formats() -> None:
    """A fact can be formatted like any number."""
    text = f"{USERS:,.1f} {float(USERS):.0f} {int(USERS)}"

    assert text == "300,000,000.0 300000000 300000000"


@pytest.mark.parametrize("locale", ["de", "fr_FR", "ja"])
def test_words_are_refused_in_a_locale_without_phrases(locale: str) -> None:
    """A language whose "more than" nobody wrote is an error, not half a sentence in English."""
    with pytest.raises(FactError, match=f"no words for locale '{locale}'") as caught:
        USERS.words(locale)

    assert caught.value.mend == "use one of en, zh"


@pytest.mark.parametrize("locale", ["tlh", "xx_YY", "not a locale", ""])
def test_words_are_refused_in_a_locale_that_does_not_exist(locale: str) -> None:
    """A misspelt locale is an error that an author can mend."""
    with pytest.raises(FactError, match="no words for locale"):
        USERS.words(locale)


BETWEEN = "between 1.2 million and 1.3 million"


@pytest.mark.parametrize(
    ("fact", "locale", "words"),
    [
        (derived("0.0099", "ratio", digits=1, lower="0.0099"), "en", "more than 0.9%"),
        (derived("242.857", digits=2, upper="242.857"), "en", "less than 250"),
        (derived("123456", digits=2, lower="123456"), "en", "more than 120,000"),
        (derived("-750001", digits=2, upper="-750001"), "en", "less than -750,000"),
        (said("1234567", wording="more than", lower="1234567", digits=7), "en", "more than 1.234 million"),
        (said("1234321", wording="fewer than", upper="1234321", digits=7), "en", "fewer than 1.235 million"),
        (said("12346", wording="more than", lower="12346", digits=5), "zh", "超过1.234万"),
        (derived("550000", digits=2, lower="500000"), "en", "more than 500,000"),
        (derived("550000", digits=2, upper="600000"), "en", "less than 600,000"),
        (derived("1234567", digits=2, lower="1230000", upper="1240000"), "en", BETWEEN),
        (derived("800000", digits=2, lower="794000", upper="806000"), "en", "between 790,000 and 810,000"),
    ],
)  # fmt: skip
def test_words_round_so_that_the_sentence_stays_true(fact: Fact, locale: str, words: str) -> None:
    """ "More than" rounds its bound down and "less than" up; a range is rounded outwards."""
    worded = fact.words(locale)

    assert worded == words


SCALES = {"": 1, "million": 10**6, "billion": 10**9, "trillion": 10**12}


def numbers_in(words: str) -> list[Decimal]:
    """Read the numbers of an English wording back."""
    found = re.findall(r"(-?[\d,]+(?:\.\d+)?)(?: (million|billion|trillion))?", words)
    return [Decimal(digits.replace(",", "")) * SCALES[scale] for digits, scale in found]


@pytest.mark.parametrize("kind", ["more than", "less than"])
def test_words_of_any_bound_are_true(kind: str) -> None:
    """Whatever the size and precision of a bound, the sentence that a reader sees holds."""
    chance = random.Random(kind)
    for _ in range(500):
        bound = Decimal(chance.randint(1, 10 ** chance.randint(1, 13)))
        side = "lower" if kind == "more than" else "upper"
        fact = derived(str(bound), digits=chance.randint(1, 8), **{side: str(bound)})

        (number,) = numbers_in(str(fact))

        assert str(fact).startswith(kind)
        assert number <= bound if kind == "more than" else number >= bound, f"{fact} of {bound}"


def test_words_of_any_range_enclose_it() -> None:
    """ "Between a and b" holds for both ends of what is known, and its ends differ."""
    chance = random.Random("range")
    for _ in range(500):
        low, value, high = sorted(chance.sample(range(1, 10 ** chance.randint(1, 9)), 3))
        fact = derived(str(value), digits=chance.randint(2, 4), lower=str(low), upper=str(high))

        below, above = numbers_in(str(fact))

        assert below <= low < high <= above, f"{fact} of {low} to {high}"


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (said("237000000"), "237,000,000 users"),
        (said("79", "percent"), "79%"),
        (said("3", "percentage points"), "3 percentage points"),
        (said("12", "USD"), "12 US dollars"),
        (said("2.5", "users/day"), "2.5 users/day"),
        (derived("0.4117647058823", "percent"), "0.411765%"),
        (said("0"), "0 users"),
    ],
)
def test_exact_words_give_every_digit_and_the_unit(fact: Fact, words: str) -> None:
    """Who wants to check a number gets all of it, with its unit."""
    worded = exact_words(fact)

    assert worded == words


def test_exact_words_give_a_bound_when_asked() -> None:
    """The bounds of a fact are told in the unit of the fact."""
    worded = exact_words(NEW, NEW.lower)

    assert worded == "700,000 users"


@pytest.mark.parametrize(
    ("as_of", "locale", "words"),
    [
        ("2025-01-17", "en_GB", "17 January 2025"),
        ("2025-01-17", "en_US", "January 17, 2025"),
        ("2025-01", "en_GB", "January 2025"),
        ("2024-Q4", "en_GB", "quarter 4 of 2024"),
        ("2025-H1", "en_GB", "first half of 2025"),
        ("2025-H2", "en_GB", "second half of 2025"),
        ("2024", "en_GB", "2024"),
        ("", "en_GB", ""),
        ("2025-01-17", "zh_Hans", "2025年1月17日"),
        ("2025-01", "zh_Hans", "2025年1月"),
        ("2024", "zh_Hans", "2024"),
    ],
)
def test_date_is_worded_at_its_own_precision(as_of: str, locale: str, words: str) -> None:
    """A month stays a month: no day is made up, and each language has its own order."""
    worded = date_words(as_of, locale)

    assert worded == words


@pytest.mark.parametrize("as_of", ["2024-Q4", "2025-H1"])
def test_date_holds_no_english_in_chinese(as_of: str) -> None:
    """A quarter and a half-year are worded in the language of the page."""
    worded = date_words(as_of, "zh_Hans")

    assert "quarter" not in worded
    assert "half" not in worded
