"""Builds and checks from the terminal: what is wrong is told, and the last good site stays."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from sourcebook.cli import main
from sourcebook.testing import Book, Built

README = Path(__file__).parents[1] / "README.md"


def _story_with(figure: str) -> tuple[str, ...]:
    return (
        "# ours\nimport altair as alt\nfrom sourcebook import dataset, fact, figure",
        f'table = dataset("arrivals")\nchart = alt.Chart(table).mark_bar().encode(x="ships:Q")\n{figure}',
    )


WRONG: dict[str, tuple[Callable[[Book], Any], tuple[str, ...]]] = {
    "unknown source": (
        lambda book: book.edit("data/arrivals.csv", "2024-02-01,396,,port", "2024-02-01,396,,prt"),
        ("'prt' in dataset 'arrivals'", "data/arrivals.csv, row 3", "source_id", "did you mean 'port'?"),
    ),
    "unknown source of a fact": (
        lambda book: book.edit("data/facts.csv", ",2025-02,survey,", ",2025-02,surveys,"),
        ("'surveys' in dataset 'facts'", "data/facts.csv, row 4", "source_id", "did you mean 'survey'?"),
    ),
    "wrong type": (
        lambda book: book.edit("data/arrivals.csv", ",410,", ",many,"),
        ("'many' in dataset 'arrivals'", "data/arrivals.csv, row 2, field 'ships'", "mend:"),
    ),
    "no date": (
        lambda book: book.edit("data/arrivals.csv", "2024-03-01", "2024-13-01"),
        ("'2024-13-01' in dataset 'arrivals'", "data/arrivals.csv, row 4, field 'month'", "mend:"),
    ),
    "negative count": (
        lambda book: book.edit("data/arrivals.csv", ",410,", ",-410,"),
        ("'-410' in dataset 'arrivals'", "data/arrivals.csv, row 2, field 'ships'", "below", "mend:"),
    ),
    "share over 100 in a table": (
        lambda book: book.edit("data/arrivals.csv", ",71.5,", ",171.5,"),
        ("'171.5' in dataset 'arrivals'", "data/arrivals.csv, row 2, field 'share_night'", "above", "mend:"),
    ),
    "share over 100 among the facts": (
        lambda book: book.edit("data/facts.csv", ",79,", ",179,"),
        ("'share-by-night' is over 100", "data/facts.csv, row 3, field 'value'", "mend:"),
    ),
    "missing value": (
        lambda book: book.edit("data/arrivals.csv", ",410,", ",,"),
        ("dataset 'arrivals'", "data/arrivals.csv, row 2, field 'ships'", "required", "mend:"),
    ),
    "fact given twice": (
        lambda book: book.edit("data/facts.csv", "visitors,people", "ships,people"),
        ("'facts'", "data/facts.csv, row 4", "mend:"),
    ),
    "missing table": (
        lambda book: (book.root / "data/arrivals.csv").unlink(),
        ("dataset 'arrivals' is missing", "data/arrivals.csv", "put it back"),
    ),
    "missing comma in the descriptor": (
        lambda book: book.edit("data/datapackage.json", '"name": "harbour",', '"name": "harbour"'),
        ("descriptor is not valid JSON", "data/datapackage.json, line 3", "comma"),
    ),
    "descriptor with an unknown type": (
        lambda book: book.edit("data/datapackage.json", '"month", "type": "date"', '"month", "type": "day"'),
        ("data/datapackage.json", "mend:"),
    ),
    "table with another heading": (
        lambda book: book.edit("data/arrivals.csv", "month,ships", "month,vessels"),
        ("dataset 'arrivals'", "data/arrivals.csv", "mend:"),
    ),
    "unknown fact": (
        lambda book: book.write_story("book/charts.ipynb", "from sourcebook import fact", "fact('shops')"),
        ("unknown fact 'shops'", "book/charts.ipynb, cell 2, line 1", "did you mean 'ships'?"),
    ),
    "unknown dataset": (
        lambda book: book.write_story("book/charts.ipynb", "from sourcebook import *\ndataset('arrival')"),
        ("unknown dataset 'arrival'", "book/charts.ipynb, cell 1, line 2", "did you mean 'arrivals'?"),
    ),
    "figure without alt text": (
        lambda book: book.write_story(
            "book/charts.ipynb",
            *_story_with('figure(chart, id="a", title="A", alt=" ", method="Counted.", of=table)'),
        ),
        ("the figure 'a' has no alt text", "book/charts.ipynb, cell 2", "describe the chart"),
    ),
    "failing cell": (
        lambda book: book.write_story("book/charts.ipynb", "md: # A title", "one = 1\none / 0"),
        ("ZeroDivisionError: division by zero", "book/charts.ipynb, cell 2, line 2", "mend:"),
    ),
    "torn notebook": (
        lambda book: book.write("book/charts.ipynb", (book.root / "book/charts.ipynb").read_text()[:-200]),
        ("'book/charts.ipynb' cannot be read as a notebook", "where: book/charts.ipynb", "JupyterLab"),
    ),
    "misspelt setting": (
        lambda book: book.edit("_config.yml", "sourcebook_code: hidden", "sourcebook_code: hiden"),
        ("unknown choice 'hiden'", "_config.yml", "did you mean 'hidden'?"),
    ),
}  # fmt: skip


CHECKED_ONLY = {
    "unknown source of a fact",
    "no date",
    "share over 100 in a table",
    "missing value",
    "fact given twice",
    "descriptor with an unknown type",
    "table with another heading",
    "unknown dataset",
}
"""What a build finds in the same way as others of its kind: a build of each would prove nothing new."""


@pytest.mark.parametrize("wrong", [one for one in WRONG if one not in CHECKED_ONLY])
def test_wrong_input_stops_the_build_and_leaves_the_last_good_site(harbour: Book, wrong: str) -> None:
    """What is wrong is told with its place and a mend, and readers keep the site they had."""
    harm, told = WRONG[wrong]
    site = Built(0, "", harbour.root / "_build" / "html")
    before = site.files()
    harm(harbour)

    built = harbour.build()

    assert built.code == 1, built.output
    for part in told:
        assert part in built.output
    assert "Traceback" not in built.output
    assert before
    assert site.files() == before


DATA = [name for name, (_, told) in WRONG.items() if any("data/" in part for part in told)]


@pytest.mark.parametrize("wrong", DATA)
def test_check_finds_wrong_data(harbour: Book, wrong: str) -> None:
    """`sourcebook check` tells of the data what the build would, in a second, and ends with 1."""
    harm, told = WRONG[wrong]
    harm(harbour)

    checked = CliRunner().invoke(main, ["check", "--book", str(harbour.root)])

    assert checked.exit_code == 1, checked.output
    for part in told:
        assert part in checked.output


def test_check_ends_with_0_when_nothing_is_found(harbour: Book) -> None:
    """Good data is said to be good."""
    checked = harbour.command("check", "--book", str(harbour.root))

    assert checked.code == 0
    assert "0 findings" in checked.output


@pytest.mark.parametrize(
    "words",
    [
        ("bild",),
        ("build", "--frsh"),
        ("build", "--book", "no-such-folder"),
        ("build", "one", "two"),
        ("check", "--book"),
    ],
    ids=" ".join,
)
def test_misuse_ends_with_2(words: tuple[str, ...]) -> None:
    """A misspelt command or option does nothing, and says so."""
    called = CliRunner().invoke(main, list(words))

    assert called.exit_code == 2
    assert "Error:" in called.output


def test_build_of_a_folder_without_a_book_says_so(book: Book) -> None:
    """An author in the wrong folder is told where to go."""
    (book.root / "_config.yml").unlink()

    built = book.build()

    assert built.code == 1
    assert "there is no book here" in built.output
    assert "_config.yml" in built.output
    assert not (book.root / "_build").exists()


# --- one build, two commands


def test_desk_and_jupyter_book_make_the_same_site(harbour_site: Built, harbour_by_desk: Built) -> None:
    """`sourcebook build` and `jupyter-book build .` give the same files to the byte."""
    stock, desk = harbour_site.files(), harbour_by_desk.files()

    assert harbour_by_desk.code == 0, harbour_by_desk.output
    assert sorted(stock.keys() ^ desk.keys()) == []
    assert [name for name in stock if stock[name] != desk[name]] == []


def test_desk_runs_nothing_when_every_run_is_kept(harbour_by_desk: Built) -> None:
    """Runs of one command serve the other, and move with the book."""
    assert harbour_by_desk.ran == ()


def test_second_build_runs_and_writes_nothing_when_nothing_changed(harbour: Book) -> None:
    """A build without a change costs readers' caches nothing."""
    first = harbour.build()
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in _files(first.site)}

    second = harbour.build()

    assert second.code == 0, second.output
    assert second.ran == ()
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in _files(second.site)} == before


def test_edit_that_changes_no_output_writes_nothing(harbour: Book) -> None:
    """A story runs again because its table changed; its page does not, because what it shows did not."""
    harbour.write_story(
        "book/index.ipynb", "md: # Front", "print(len(open('../data/log.csv').read().split()))"
    )
    harbour.write("data/log.csv", "one two\n")
    harbour.edit("book/away.md", " ships come", " {fact}`ships` come")
    harbour.edit("book/away.md", "night-ships", "ships")
    first = harbour.build()
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in _files(first.site)}

    harbour.write("data/log.csv", "two one\n")
    second = harbour.build()

    assert first.code == second.code == 0, first.output + second.output
    assert second.ran == ("book/index.ipynb",)
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in _files(second.site)} == before


def test_two_builds_at_once_make_the_site_of_one(harbour: Book, harbour_by_desk: Built) -> None:
    """Two authors, or an author and a clock, may build one book at once: both succeed, with one site."""
    shutil.rmtree(harbour.root / "_build")

    with ThreadPoolExecutor(2) as pool:
        builds = [pool.submit(harbour.build) for _ in range(2)]
    one, other = (done.result() for done in builds)

    assert one.code == other.code == 0, one.output + other.output
    assert len(one.ran + other.ran) == len(harbour.stories)
    assert one.files() == harbour_by_desk.files()


def test_page_that_was_taken_out_is_gone_from_the_site(harbour: Book) -> None:
    """Nothing stays online that the book no longer holds."""
    harbour.edit("_toc.yml", "  - file: book/charts\n", "")

    built = harbour.build()

    assert built.code == 0, built.output
    assert [name for name in built.files() if "charts" in name or "by-month" in name] == []
    assert "book/quiet" in built.pages


def test_fresh_writes_every_page_again_and_runs_nothing(harbour: Book) -> None:
    """`--fresh` is for looks; what was computed is kept."""
    before = Built(0, "", harbour.root / "_build" / "html").files()

    built = harbour.build("--fresh")

    assert built.code == 0, built.output
    assert built.ran == ()
    assert built.files() == before


def _files(site: Path) -> list[Path]:
    return [path for path in sorted(site.rglob("*")) if path.is_file()]


# --- commands and their description


def _commands(group: click.Group, words: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    found: list[tuple[tuple[str, ...], click.Command]] = []
    for name, command in group.commands.items():
        found.append(((*words, name), command))
        if isinstance(command, click.Group):
            found.extend(_commands(command, (*words, name)))
    return found


COMMANDS = dict(_commands(main))


@pytest.mark.parametrize("words", [(), *COMMANDS], ids=lambda words: " ".join(words) or "sourcebook")
def test_help_of_a_command_tells_what_it_does(words: tuple[str, ...]) -> None:
    """`--help` works for every command and every option of it is explained."""
    called = CliRunner().invoke(main, [*words, "--help"])

    assert called.exit_code == 0
    command = COMMANDS.get(words, main)
    assert (command.help or "").splitlines()[0].rstrip(".")[:60] in called.output
    assert all(one.help for one in command.params if isinstance(one, click.Option))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_command_is_described_in_the_readme(words: tuple[str, ...]) -> None:
    """Every command and option can be looked up where readers look first."""
    text = README.read_text(encoding="utf-8")
    options = {
        option
        for one in COMMANDS[words].params
        for option in one.opts
        if option.startswith("--") and option != "--help"
    }

    missing = [option for option in sorted(options) if not re.search(rf"{option}\b", text)]

    assert f"sourcebook {' '.join(words)}" in text
    assert missing == []


def test_strict_build_stops_when_a_chart_could_not_be_drawn(
    harbour_without_browser: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What CI publishes is whole: a table in place of a picture is an error there."""
    book = Book(harbour_without_browser.site.parents[1]).copy_to(tmp_path / "harbour")
    before = book.build().files()
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMIUM", raising=False)
    shutil.rmtree(book.store.folder / "drawings")

    strict = book.build("--strict")

    assert strict.code == 1
    assert "[no-browser]" in strict.output
    assert strict.files() == before
