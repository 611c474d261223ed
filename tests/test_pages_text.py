"""Text on pages besides numbers: code as its author wants it shown, hostile text, words in Chinese."""

from __future__ import annotations

import re

from page_parts import TITLE_OF_PLOTLY, prose_of, soup, words_of

from sourcebook.testing import Built

# --- code


def test_code_is_hidden_unless_its_cell_is_tagged(harbour_site: Built) -> None:
    """Readers see the code that the author wants them to see."""
    shown = [words_of(one) for one in soup(harbour_site, "book/charts").select(".cell_input")]

    assert len(shown) == 1
    assert "busiest = table" in shown[0]
    assert soup(harbour_site, "book/index").select(".cell_input") == []


def test_cell_of_which_nothing_is_seen_leaves_no_trace(harbour_site: Built) -> None:
    """Hidden code without output leaves no empty box between paragraphs."""
    cells = soup(harbour_site, "book/index").select(".cell") + soup(harbour_site, "book/charts").select(
        ".cell"
    )

    assert cells
    assert [cell for cell in cells if not cell.get_text(strip=True) and not cell.select("svg, img")] == []


def test_output_of_hidden_code_is_shown(harbour_site: Built) -> None:
    """What a cell prints belongs to the page."""
    assert "The busiest month had 455 ships" in prose_of(harbour_site, "book/charts")


def test_cell_that_only_derives_leaves_nothing_on_the_page(harbour_site: Built) -> None:
    """A definition is no output: no text, no box."""
    tree = soup(harbour_site, "book/index")

    assert tree.select(".cell_output") == []
    assert all(not words_of(one) for one in tree.select(".cell"))


# --- hostile text


def test_hostile_text_is_shown_as_text(harbour_site: Built) -> None:
    """Whatever stands in a table, a title or a note cannot become markup."""
    for page in harbour_site.pages:
        tree = soup(harbour_site, page)
        assert tree.select("img[onerror], [onerror], [onload], [onclick]") == [], page
        assert not any("alert(" in str(one) for one in tree.select("script")), page
    charts = soup(harbour_site, "book/charts")
    assert words_of(charts.select_one("#nights-by-month-title")) == TITLE_OF_PLOTLY
    assert "<img src=x onerror=alert(2)> rumours" in words_of(charts.select_one("#number-rumours"))
    assert '<b>Sly</b> & "Sons"' in words_of(soup(harbour_site, "book/sources").select_one("#source-hostile"))


def test_pages_hold_no_script_but_those_the_policy_allows(harbour_site: Built) -> None:
    """An inline script would be refused by the page's own content policy, so there is none but ours."""
    for page in set(harbour_site.pages) - {"index"}:
        tree = soup(harbour_site, page)
        inline = [one for one in tree.select("script:not([src])") if one.get("type") != "text/x-thebe-config"]
        assert len(inline) == 1, page
        assert tree.select("[style]") == [], page


# --- words in another language


def test_chinese_words_of_an_english_page_are_marked(story_site: Built) -> None:
    """A voice reads Chinese as Chinese, and the English around it as English."""
    chinese, latin = re.compile(r"[\u3400-\u9fff]"), re.compile(r"[A-Za-z]")
    trees = [soup(story_site, page) for page in story_site.pages if page != "index"]
    prose = [paragraph for tree in trees for paragraph in tree.select("article p")]

    phrases = [phrase.extract() for part in prose for phrase in part.select('[lang="zh-Hans"]')]

    marked = {words_of(phrase) for phrase in phrases}
    assert {str(tree.html["lang"]) for tree in trees if tree.html} == {"en"}
    assert "小红书" in marked
    assert [one for one in marked if latin.search(one)] == []
    assert [words_of(part) for part in prose if chinese.search(words_of(part))] == []
