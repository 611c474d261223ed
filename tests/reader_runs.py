"""Runs the ways to read as a warm runner would: forked from one process, each traced, in a book of its own.

`python reader_runs.py FOLDER preload|hook` writes, for each reader, what its run rests on, or its error.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

from readers import READERS, Reader
from small_books import FACTS, SOURCES

from sourcebook import tracing
from sourcebook.runs.discovery import inputs_of

NEAR = """\
import os
def read():
    return open("../data/a.csv").read()
def place():
    return os.environ["PLACE"]
"""


def write_template(root: Path) -> None:
    """Write a book with a table in every format that is installed."""
    for folder in ("book/pack", "data/months", "data/tables"):
        (root / folder).mkdir(parents=True)
    (root / "_config.yml").write_text("")
    (root / "book/near.py").write_text(NEAR)
    (root / "book/pack/__init__.py").write_text("a = 1\n")
    (root / "book/pack/part.py").write_text("a = 1\n")
    (root / "book/script.sh").write_text("#!/bin/sh\ncat ../data/a.csv > /dev/null\n")
    (root / "book/script.sh").chmod(0o755)
    for name in ("data/a.csv", "data/größe #1.csv", "data/months/part-1.csv", "data/months/part-2.csv"):
        (root / name).write_text("a,b\n1,2\n3,4\n")
    (root / "data/latest").symlink_to("months")
    (root / "data/other.csv").write_text("a\n1\n")
    (root / "data/a.txt").write_text("1 2\n3 4\n")
    (root / "data/a.json").write_text('[{"a": 1}]')
    (root / "data/a.ndjson").write_text('{"a": 1}\n')
    (root / "data/facts.csv").write_text(FACTS, encoding="utf-8")
    (root / "data/sources.csv").write_text(SOURCES, encoding="utf-8")
    _write_tables(root / "data")


def _write_tables(data: Path) -> None:
    import sqlite3

    import duckdb
    import numpy as np
    import pandas as pd
    from PIL import Image

    table = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    table.to_csv(data / "a.csv.gz", index=False)
    table.to_csv(data / "a.zip", index=False)
    table.to_feather(data / "a.feather")
    table.to_orc(data / "a.orc")
    for name in ("a.parquet", "tables/one.parquet", "tables/two.parquet"):
        table.to_parquet(data / name)
    np.save(data / "a.npy", np.arange(9))
    Image.new("RGB", (2, 2)).save(data / "a.png")
    sqlite = sqlite3.connect(data / "a.db")
    sqlite.execute("create table t (a)")
    sqlite.commit()
    sqlite.close()
    with duckdb.connect(str(data / "a.duckdb")) as connection:
        connection.execute("create table t as select 1 as a")
    for kind, write in (("xlsx", table.to_excel), ("h5", lambda to: table.to_hdf(to, key="a"))):
        try:
            write(data / f"a.{kind}")
        except ImportError:
            (data / f"a.{kind}").write_bytes(b"")


def run(reader: Reader, root: Path, *, is_watched: bool) -> dict[str, object]:
    """Run one reader in a forked process and give its report."""
    told, log = root.with_suffix(".json"), root.with_suffix(".log")
    child = os.fork()
    if not child:
        try:
            told.write_text(json.dumps(_told(reader, root, log if is_watched else None)))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    found: dict[str, object] = json.loads(told.read_text())
    return found


def _told(reader: Reader, root: Path, log: Path | None) -> dict[str, object]:
    os.chdir(root / "book")
    sys.path[0] = str(root / "book")
    story = sys.modules["__main__"] = ModuleType("__main__")
    tracing.start(root, log=log)
    try:
        exec(compile(reader.code, "<cell>", "exec"), story.__dict__)
    except BaseException as error:
        missing = error.name if isinstance(error, ImportError) else None
        return {"error": traceback.format_exc(), "missing": missing or ""}
    return asdict(inputs_of(root, tracing.report(), declared=None))


def main(folder: Path, *, is_watched: bool) -> None:
    """Run every reader."""
    template = folder / "template"
    if not (child := os.fork()):
        write_template(template)
        os._exit(0)
    os.waitpid(child, 0)
    if is_watched:  # else pandas, which brings compiled readers along, would widen every reader's inputs
        import pandas  # noqa: F401
    (book := folder / "books").mkdir()
    os.environ["PLACE"] = "here"
    for reader in READERS:
        shutil.copytree(template, book / reader.name, symlinks=True)
        told = run(reader, book / reader.name, is_watched=is_watched)
        (folder / f"{reader.name}.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), is_watched=sys.argv[2] == "preload")
