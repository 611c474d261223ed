"""Posters: a figure as one picture that stands alone, with all its words, in a file that harms nobody."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import replace
from xml.etree import ElementTree

import pytest
import vl_convert

from sourcebook.errors import FigureError
from sourcebook.figures import PALETTE, DataTable, Figure, altair_charts, stills
from sourcebook.figures.downloads.lettering import Lettering, printable, substitutes_for
from sourcebook.figures.downloads.poster import png_of, poster, source_line
from sourcebook.figures.stills import Still
from sourcebook.sources import Source

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="60" viewBox="0 0 320 60">'
    '<defs><clipPath id="c"><rect width="320" height="60"/></clipPath></defs>'
    f'<g clip-path="url(#c)"><rect width="200" height="30" fill="{PALETTE["violet"]}"/>'
    f'<rect y="50" width="100" height="5" fill="{PALETTE["red"]}"/></g>'
    '<text x="210" y="20" font-family="Schibsted Grotesk" font-size="13px" fill="#14171c">→ 300M</text></svg>'
)
STILL = stills.clean_svg(DRAWN, prefix="people")
BODY = Lettering(15, 21, 400, PALETTE["mute"])
HEADING = Lettering(22, 26, 800, PALETTE["ink"], is_heading=True)
LONG = "The newcomers barely register beside either crowd, whichever of the many counts you care to believe"
CHINESE = "小红书的新用户究竟有多少？“难民”涌入之后，我们把每一个数字都追溯（第五十五次报告），没有人知道。"
ARABIC = "عدد المستخدمين الجدد لا يكاد يظهر بجانب أي من الحشدين"


@pytest.fixture
def figure() -> Figure:
    """Give a figure with all its words."""
    return Figure(
        id="people",
        title="Fewer came than were said",
        subtitle="People in a day",
        alt="Bars: about 300 million, then 150.",
        method=("Counted.",),
        engine="vega",
        spec={},
        table=DataTable((), ()),
        sources=(
            Source("a", "Reuters (via a paper)", "A"),
            Source("b", "Reuters (on a mirror)", "B"),
            Source("c", "小红书", "C"),
        ),
        as_of="2025-01-17",
    )


def parsed(svg: str) -> ElementTree.Element:
    """Read a picture as strictly as XML is read."""
    return ElementTree.fromstring(svg.encode("utf-8"))


def lines_in(svg: str) -> list[str]:
    """Give the lines of text that a picture shows, from the top."""
    return ["".join(text.itertext()) for text in parsed(svg).iter(f"{SVG}text")]


def size_of(png: bytes) -> tuple[int, int]:
    """Give width and height as the header of a PNG tells them."""
    return struct.unpack(">II", png[16:24])


def pixels_of(png: bytes) -> list[bytes]:
    """Unpack a PNG of four bytes a pixel, a row of pixels an item (W3C PNG, section 9)."""
    width, height = size_of(png)
    assert png[24:26] == b"\x08\x06"
    packed, start = b"", 8
    while start < len(png):
        (length,) = struct.unpack_from(">I", png, start)
        kind, data = png[start + 4 : start + 8], png[start + 8 : start + 8 + length]
        assert struct.unpack_from(">I", png, start + 8 + length) == (zlib.crc32(kind + data),)
        packed += data if kind == b"IDAT" else b""
        start += 12 + length
    raw, stride = zlib.decompress(packed), width * 4
    rows, above = [], bytearray(stride)
    for number in range(height):
        at = number * (stride + 1)
        row = unfiltered(raw[at], bytearray(raw[at + 1 : at + 1 + stride]), above=above)
        rows.append(bytes(row))
        above = row
    return rows


def unfiltered(kind: int, row: bytearray, *, above: bytearray) -> bytearray:
    """Undo the filter of one row of a PNG."""
    for i in range(len(row)) if kind else ():
        left, corner = (row[i - 4], above[i - 4]) if i >= 4 else (0, 0)
        guess = left + above[i] - corner
        nearest = min((abs(guess - one), order) for order, one in enumerate((left, above[i], corner)))[1]
        paeth = (left, above[i], corner)[nearest]
        row[i] = (row[i] + (0, left, above[i], (left + above[i]) // 2, paeth)[kind]) & 255
    return row


def test_poster_shows_all_the_words_of_the_figure(figure: Figure) -> None:
    """Heading, subtitle, the chart's own words, then who says so, each publisher once, and of when."""
    svg = poster(figure, STILL, book_title="The Exodus")

    shown = [line.replace("\u00a0", " ") for line in lines_in(svg)]
    assert " ".join(shown) == (
        "Fewer came than were said People in a day → 300M "
        "Sources: Reuters; 小红书. As of 17 January 2025. Chart: The Exodus."
    )


def test_poster_has_words_for_who_cannot_see_it(figure: Figure) -> None:
    """The picture has a name and a description, and says which elements they are."""
    root = parsed(poster(figure, STILL))

    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")

    assert title is not None and desc is not None
    assert (title.text, desc.text) == (figure.title, figure.alt)
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert root.get("role") == "img"


def test_poster_needs_nothing_from_elsewhere(figure: Figure) -> None:
    """No style, no script, no address but within the picture, no property that only our pages know."""
    svg = poster(figure, STILL, book_title="B")

    root = parsed(svg)
    names = {element.tag for element in root.iter()}
    attributes = {name for element in root.iter() for name in element.attrib}
    addresses = re.findall(r"url\(([^)]*)\)|href=\"([^\"]*)\"|https?://([^\"' <]*)", svg)
    assert root.tag == f"{SVG}svg"
    assert svg.count("xmlns") == 1
    assert names & {f"{SVG}style", f"{SVG}script", f"{SVG}image", f"{SVG}foreignObject"} == set()
    assert not any(name in {"style", "class"} or name.startswith("on") for name in attributes)
    assert {"".join(found) for found in addresses} == {"#people-1", "www.w3.org/2000/svg"}
    assert "var(" not in svg


def test_poster_has_plain_colours_on_white(figure: Figure) -> None:
    """The light theme's colours stand for the page's properties; an unknown property is ink."""
    other = replace(STILL, svg=STILL.svg.replace("var(--red)", "var(--unheard-of, #123456)"))

    fills = [element.get("fill") for element in parsed(poster(figure, other)).iter(f"{SVG}rect")]

    assert "var(--violet)" in STILL.svg
    assert fills == [
        PALETTE["bg"],
        PALETTE["ink"],
        None,
        PALETTE["violet"],
        PALETTE["ink"],
        PALETTE["rule"],
    ]


def test_poster_names_substitutes_for_the_typeface(figure: Figure) -> None:
    """Every text finds a typeface on a machine that has not the book's own."""
    root = parsed(poster(figure, STILL))

    families = [element.get("font-family", "") for element in root.iter() if "font-family" in element.attrib]

    assert len(families) == 3  # the whole picture, the label with the arrow, the source line in Chinese
    assert all(family.endswith("sans-serif") for family in families)
    assert ["Arial" in family for family in families] == [True, True, False]


@pytest.mark.parametrize("text", [LONG, CHINESE, ARABIC, "x", ""])
def test_poster_holds_what_it_shows(figure: Figure, text: str) -> None:
    """Text and chart stand within margins of 24 px, one below the other, whatever their length."""
    told = replace(figure, title=text or "x", subtitle=text, sources=(Source("a", text, "t"),))

    root = parsed(poster(told, STILL))

    width, height = int(root.get("width", "")), int(root.get("height", ""))
    chart = root.find(f"{SVG}svg")
    tops = [int(one.get("y", "")) for group in root.findall(f"{SVG}g") for one in group.iter(f"{SVG}text")]
    assert chart is not None
    assert (width, root.get("viewBox")) == (320 + 48, f"0 0 {width} {height}")
    assert (chart.get("x"), chart.get("width")) == ("24", "320")
    assert tops == sorted(tops)
    assert len(set(tops)) == len(tops)
    assert 24 <= height - tops[-1] <= 36


def test_poster_of_a_narrow_still_has_room_for_words(figure: Figure) -> None:
    """A small chart does not squeeze its heading."""
    root = parsed(poster(figure, replace(STILL, width=60)))

    assert root.get("width") == "368"


def test_poster_writes_from_the_right_where_the_language_does(figure: Figure) -> None:
    """Arabic begins at the right margin, its full stop at the left; the subtitle stays where it was."""
    texts = list(parsed(poster(replace(figure, title=f"{ARABIC}."), STILL)).iter(f"{SVG}text"))

    subtitle = next(text for text in texts if text.text == "People in a day")

    assert (texts[0].get("x"), texts[0].get("text-anchor")) == ("344", "end")
    assert (subtitle.get("x"), subtitle.get("text-anchor")) == ("24", "start")
    assert all(text.text and (text.text[0], text.text[-1]) == ("\u2067", "\u2069") for text in texts[:2])


@pytest.mark.parametrize(
    "hostile",
    [
        "</text></svg><script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "<!ENTITY x SYSTEM 'file:///etc/passwd'>&x; ]]> <![CDATA[",
        "a\x00b\x07c\ud800d\ufffee\x1bf",
        "y" * 10_000,
        "字" * 10_000,
        "word " * 2_000,
    ],
)
def test_poster_survives_any_text(figure: Figure, hostile: str) -> None:
    """Markup stays text, what XML cannot hold is replaced, the longest text is shown to its end."""
    told = replace(
        figure, title=hostile, subtitle=hostile, alt=hostile, sources=(Source("a", hostile, hostile),)
    )

    svg = poster(told, STILL, book_title=hostile)

    assert {element.tag.removeprefix(SVG) for element in parsed(svg).iter()} <= {
        *("svg", "title", "desc", "rect", "g", "text", "defs", "clipPath")
    }
    joined = "".join("".join(lines_in(svg)).split())
    assert joined.count("".join(printable(hostile).split())) == 4


def test_png_is_the_picture_at_twice_its_size(figure: Figure) -> None:
    """A PNG is sharp on today's screens: two pixels to the px, no more and no less."""
    svg = poster(replace(figure, title=LONG), STILL)
    root = parsed(svg)

    png = png_of(svg)

    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert size_of(png) == (2 * int(root.get("width", "")), 2 * int(root.get("height", "")))


def test_png_shows_the_chart_on_white_paper(figure: Figure) -> None:
    """The bars are there in their colours and lengths, the letters are, and the margins are white."""
    rows = pixels_of(png_of(poster(figure, STILL)))

    white, violet = b"\xff\xff\xff\xff", bytes.fromhex(PALETTE["violet"][1:]) + b"\xff"
    pixels = [[row[i : i + 4] for i in range(0, len(row), 4)] for row in rows]
    bars = [row.count(violet) for row in pixels if violet in row]
    ruled = [row for row in rows if bytes.fromhex(PALETTE["ink"][1:]) + b"\xff" in row]
    assert (len(bars), set(bars)) == (60, {400})
    assert len(ruled) > 6 + 20  # the rule above and the letters of the heading
    assert all(row[:48] == [white] * 48 and row[-48:] == [white] * 48 for row in pixels)
    assert all(row == white * (len(row) // 4) for row in [*rows[:48], *rows[-48:]])


@pytest.mark.parametrize(
    "text", [LONG, LONG.upper(), CHINESE, ARABIC, "WWWM@ " * 8, "ijl.1 " * 12, "W" * 40, "“新”…" * 9]
)
def test_png_keeps_long_texts_within_the_margins(figure: Figure, text: str) -> None:
    """The estimate of how wide letters are errs on the safe side, in every script."""
    told = replace(figure, title=text, subtitle=text, sources=(Source("a", text, "t"),))

    altair_charts.register_fonts()
    rows = pixels_of(vl_convert.svg_to_png(poster(told, STILL), scale=1))

    written = [row for row in rows if row[: 60 * 4] != row[-60 * 4 :]]
    assert len(written) > 40
    assert all(row[: 23 * 4] == row[-23 * 4 :] == b"\xff" * 23 * 4 for row in rows)


def test_poster_of_a_plain_chart_leaves_out_what_is_not_known(figure: Figure) -> None:
    """A chart without title and sources has its words for a name, and no line of sources."""
    plain = replace(figure, title="", subtitle="", sources=(), as_of="")

    root = parsed(poster(plain, STILL))

    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == "Bars: about 300 million, then 150."
    assert root.find(f"{SVG}desc") is None
    assert root.get("aria-labelledby") == title.get("id")
    assert [text.text for text in root.iter(f"{SVG}text")] == ["→ 300M"]
    assert len(root.findall(f"{SVG}rect")) == 2


def test_png_is_made_of_accents_beside_other_scripts(figure: Figure) -> None:
    """A label that mixes accents, arrows, Chinese and emoji draws; usvg stops at it in two typefaces."""
    mixed = "é\u0331 → 北京 Ḥ y\u0306 🙂 مُحَمَّد हिन्दी"
    label = replace(STILL, svg=STILL.svg.replace("→ 300M", mixed))

    png = png_of(poster(replace(figure, title=mixed), label))

    assert len(png) > 2_000


def test_png_of_no_picture_is_refused() -> None:
    """What cannot be drawn is told as one of the book's own errors."""
    with pytest.raises(FigureError, match="a picture cannot be drawn as PNG"):
        png_of("this is no SVG")


def test_source_line_is_short_where_little_is_known(figure: Figure) -> None:
    """One publisher is a source, several are sources; a title stands for a nameless one."""
    one = replace(figure, sources=(Source("a", "", "A report"),), as_of="2025")

    lines = [source_line(one), source_line(replace(one, as_of="", sources=()), "B"), source_line(figure)]

    assert [line.replace("\u00a0", " ") for line in lines] == [
        "Source: A report. As of 2025.",
        "Chart: B.",
        "Sources: Reuters; 小红书. As of 17 January 2025.",
    ]


@pytest.mark.parametrize(
    "text", [LONG, CHINESE, ARABIC, "x" * 500, f"{LONG} {CHINESE}", "e\u0301\u0323" * 200]
)
@pytest.mark.parametrize("look", [BODY, HEADING])
def test_lines_lose_no_letter_and_are_not_too_wide(look: Lettering, text: str) -> None:
    """Broken lines hold the text, in order, and each fits."""
    lines = look.lines_of(text, width=320)

    assert len(lines) > 1
    assert "".join("".join(lines).split()) == "".join(printable(text).split())
    assert max(look.width_of(line) for line in lines) <= 320


def test_lines_of_a_heading_are_of_about_one_length() -> None:
    """A heading's second line is no single word."""
    one, other = HEADING.lines_of(
        "Add every child to the survey, and the company still counts more", width=680
    )

    assert 0.7 < len(one) / len(other) < 1.4


def test_lines_do_not_end_in_a_lone_word() -> None:
    """A subtitle's last line has some of the words above it."""
    text = "TikTok users in the United States in millions. Gold: everybody under 18, as a thought experiment."

    lines = BODY.lines_of(text, width=640)

    assert len(lines) == 2
    assert len(lines[1].split()) > 2


def test_lines_of_a_subtitle_fill_the_width() -> None:
    """Only a heading is evened out; other lines are as long as they can be."""
    one, other = BODY.lines_of("word " * 30, width=680), HEADING.lines_of("word " * 16, width=680)

    assert [len(line.split()) for line in one] == [16, 14]
    assert [len(line.split()) for line in other] == [8, 8]


def test_lines_of_chinese_keep_brackets_with_their_words() -> None:
    """No line begins with a closing sign or ends with an opening one."""
    broken = [BODY.lines_of(CHINESE, width=width) for width in range(60, 400, 7)]

    assert all(line[0] not in "？”，），。" and line[-1] not in "“（" for lines in broken for line in lines)


def test_lines_hold_words_together_that_their_author_joined() -> None:
    """A no-break space is no place to break at."""
    lines = BODY.lines_of("about 17\u00a0January\u00a02025 it is", width=130)

    assert lines == ["about", "17\u00a0January\u00a02025", "it is"]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("plain, “quoted” – 5% ↑ Zürich Ō", None),
        ("→", "'Helvetica Neue'"),
        ("Łódź", "'Helvetica Neue'"),
        ("北京", "'PingFang SC'"),
        (ARABIC, "'Helvetica Neue'"),
    ],
)
def test_text_beyond_the_typeface_gets_one_that_has_it(text: str, first: str | None) -> None:
    """Only where the book's typeface lacks a letter is another named."""
    fonts = substitutes_for(text)

    assert (fonts and fonts.split(",")[0]) == first


def test_poster_is_the_same_each_time(figure: Figure) -> None:
    """Equal figures give equal bytes."""
    made = {poster(figure, Still(STILL.svg, STILL.width, STILL.height)) for _ in range(2)}

    assert len(made) == 1
    assert len({png_of(svg) for svg in made for _ in range(2)}) == 1
