"""What a run rests on: what was seen, what is declared, or all of `data/`; and whether it asks the clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sourcebook.runs.discovery import clock_uses, inputs_of
from sourcebook.testing import Book
from sourcebook.tracing import ABSENT, UNSTABLE, digest_of

UNSEEN = {"inputs": {}, "unseen": ["a subprocess ran"]}


@pytest.fixture
def tables(book: Book) -> Book:
    """Give a book with a few tables, one of them deep."""
    for name in ("data/a.csv", "data/b.csv", "data/deep/c.csv", "other/d.csv", "data/_build/e.csv"):
        book.write(name, name)
    return book


def report(**more: Any) -> dict[str, Any]:
    """Give a report of a story that read one table."""
    return {"inputs": {"data/a.csv": "digest"}, "outputs": {}, "unseen": [], "network": [], **more}


def test_run_rests_on_what_was_seen(tables: Book) -> None:
    """Where all reading was seen, nothing else counts."""
    found = inputs_of(tables.root, report(network=["example.org:80"]), declared=None)

    assert found.inputs == {"data/a.csv": "digest"}
    assert (found.rule, found.unseen, found.network) == ("seen", (), ("example.org:80",))


@pytest.mark.parametrize("told", [None, UNSEEN])
def test_run_rests_on_all_of_data_where_something_went_unseen(
    tables: Book, told: dict[str, Any] | None
) -> None:
    """Never wrong beats precise: any table may have been read, and any new one would have been."""
    found = inputs_of(tables.root, told, declared=None)

    assert list(found.inputs) == ["data", "data/a.csv", "data/b.csv", "data/deep", "data/deep/c.csv"]
    assert found.inputs == {name: digest_of(tables.root, name) for name in found.inputs}
    assert found.rule == "all of data"
    assert found.unseen


def test_run_rests_on_a_data_folder_that_is_still_to_come(book: Book) -> None:
    """A book without data notices its first table."""
    found = inputs_of(book.root, UNSEEN, declared=None)

    assert found.inputs == {"data": ABSENT}


def test_run_rests_on_all_of_data_through_links_that_go_round(tables: Book) -> None:
    """A link to another folder is followed, one to its own folder only once."""
    (tables.root / "data/elsewhere").symlink_to(tables.root / "other")
    (tables.root / "data/round").symlink_to(tables.root / "data")

    found = inputs_of(tables.root, UNSEEN, declared=None)

    assert "data/elsewhere/d.csv" in found.inputs
    assert "data/round" in found.inputs


def test_run_rests_on_what_its_story_declares(tables: Book) -> None:
    """An author who knows what a subprocess reads keeps the other tables out."""
    found = inputs_of(tables.root, UNSEEN, declared=["other/d.csv"])

    assert found.inputs == {"other/d.csv": digest_of(tables.root, "other/d.csv")}
    assert found.rule == "declared"


def test_declared_inputs_count_also_where_all_was_seen(tables: Book) -> None:
    """What an author says that a story rests on is never overruled."""
    found = inputs_of(tables.root, report(), declared=["other/d.csv"])

    assert list(found.inputs) == ["data/a.csv", "other/d.csv"]
    assert found.rule == "seen"


@pytest.mark.parametrize(
    ("declared", "names"),
    [
        ([], []),
        (["none.csv"], ["none.csv"]),
        (["./data/../data/a.csv"], ["data/a.csv"]),
        (["data/deep"], ["data/deep", "data/deep/c.csv"]),
        (["data/*.csv"], ["data", "data/a.csv", "data/b.csv"]),
        (["data/**/*.csv"], ["data", "data/a.csv", "data/b.csv", "data/deep", "data/deep/c.csv"]),
        (["data/*/c.csv"], ["data", "data/deep", "data/deep/c.csv"]),
        (["none/*.csv"], ["none"]),
        (["*.none"], ["."]),
    ],
)
def test_declared_pattern_rests_on_the_folders_that_it_searches(
    tables: Book, declared: list[str], names: list[str]
) -> None:
    """A file that appears, or comes to match a pattern, makes the story stale."""
    found = inputs_of(tables.root, UNSEEN, declared=declared)

    assert list(found.inputs) == names
    assert found.inputs == {name: digest_of(tables.root, name) for name in names}


def test_table_that_changed_while_the_story_ran_is_unstable(tables: Book) -> None:
    """Where nobody saw when a table was read, one that changed meanwhile is not trusted."""
    began = (tables.root / "data/b.csv").stat().st_mtime_ns

    found = inputs_of(tables.root, {**UNSEEN, "began": began}, declared=["data/a.csv", "data/b.csv"])

    assert found.inputs["data/b.csv"] == UNSTABLE


def test_output_is_no_input_where_something_went_unseen(tables: Book) -> None:
    """A story that writes a table of its own does not wait for itself."""
    outputs = {"data/b.csv": digest_of(tables.root, "data/b.csv")}

    found = inputs_of(tables.root, {**UNSEEN, "outputs": outputs}, declared=None)

    assert "data/b.csv" not in found.inputs
    assert found.outputs == outputs


@pytest.mark.parametrize(
    "code",
    [
        "import datetime\ndatetime.datetime.now()",
        "import datetime as d\nd.date.today()",
        "from datetime import datetime\ndatetime.utcnow()",
        "from datetime import date as day\nday.today()",
        "import time\ntime.time()",
        "from time import *\ntime()",
        "import time\ntime.strftime('%Y')",
        "import time\ntime.localtime()",
        "import pandas as pd\npd.Timestamp.now('UTC')",
        "import pandas as pd\npd.to_datetime('today')",
        "import pandas\npandas.Timestamp('now')",
        "import numpy as np\nnp.datetime64('now', 's')",
        "from datetime import datetime\nstamp = datetime.now\nstamp()",
        "import time\n%time time.time()",
        "%%time\nimport time; time.time()",
        "import time\nx = !ls\nfiles = %who_ls\n%matplotlib inline\n!date\ntime?\n?time\ntime.time()",
        "import time\nawait wait(time.time())",
        "import time\nfor x in y:\n    %timeit z\n    time.time()",
    ],
)
def test_clock_is_found(code: str) -> None:
    """A story that shows today's date is named, whatever the clock was imported as."""
    found = clock_uses([(3, code)], [])

    assert len(found) == 1
    assert (found[0].place, found[0].line) == ("cell 3", code.count("\n") + 1 if "%%" not in code else 2)


@pytest.mark.parametrize(
    "code",
    [
        "import time\ntime.perf_counter(), time.monotonic(), time.sleep(0)",
        "import time\ntime.strftime('%Y', stamp), time.localtime(0), time.gmtime(stamp)",
        "import datetime\ndatetime.datetime(2024, 1, 1), datetime.date.fromisoformat('2024-01-01')",
        "import pandas as pd\npd.Timestamp('2024-01-01'), pd.to_datetime(table['now'])",
        "table.now(), now(), time.time(), today",
        "import time\ndef f(time):\n    return time.time()",
        "from datetime import datetime\ndatetime = other\ndatetime.now()",
        "%%bash\nimport time; time.time()",
        "import time\nthis is no Python",
        "import time\nshare = people %total",
        "'import time; time.time()'  # datetime.now()",
    ],
)
def test_clock_is_not_found_where_it_is_not_asked(code: str) -> None:
    """Measuring how long something took, or reading a given date, is no use of the clock."""
    found = clock_uses([(1, code)], [])

    assert found == []


def test_clock_is_found_in_a_later_cell_and_in_a_module(tmp_path: Path) -> None:
    """Imports hold for the cells below; a module is named by its file; one that is gone says nothing."""
    module = tmp_path / "near.py"
    module.write_text(
        "from datetime import date\n\n\ndef day():\n    return date.today()\n", encoding="utf-8"
    )

    found = clock_uses([(1, "import datetime as dt"), (4, "dt.date.today()")], [module, tmp_path / "gone.py"])

    assert [str(one) for one in found] == ["cell 4, line 1: dt.date.today()", "near.py, line 5: date.today()"]
