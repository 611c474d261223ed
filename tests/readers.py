# ruff: noqa: E501  # a cell stands in one line
"""Ways in which stories read: each a piece of code, what of the book it rests on, and how that may change."""

from __future__ import annotations

from dataclasses import dataclass, field

A = "data/a.csv"
CHANGES = ("byte", "append", "delete")


@dataclass(frozen=True)
class Reader:
    """One way to read.

    Attributes:
        name: what the test is called.
        code: what a cell in `book/` would say.
        rests_on: path -> how it may change: a "byte", "append", "delete"; a folder: a path to "add" below it.
        variables: environment variables that it rests on.
        blind: whether nobody sees it without the preload library.
        looks_around: whether it asks for the size of files that it does not read.
    """

    name: str
    code: str
    rests_on: dict[str, tuple[str, ...]] = field(default_factory=lambda: {A: CHANGES})
    variables: tuple[str, ...] = ()
    blind: bool = False
    looks_around: bool = False


def on(*paths: str) -> dict[str, tuple[str, ...]]:
    """Rest on the content of files."""
    return dict.fromkeys(paths, CHANGES)


def adding(*paths: str) -> dict[str, tuple[str, ...]]:
    """Rest on there being no such file yet."""
    return dict.fromkeys(paths, ("add",))


PANDAS = (
    Reader("pandas-c", "import pandas as pd; pd.read_csv('../data/a.csv')"),
    Reader("pandas-python", "import pandas as pd; pd.read_csv('../data/a.csv', engine='python')"),
    Reader("pandas-pyarrow", "import pandas as pd; pd.read_csv('../data/a.csv', engine='pyarrow')"),
    Reader("pandas-mapped", "import pandas as pd; pd.read_csv('../data/a.csv', memory_map=True)"),
    Reader("pandas-gz", "import pandas as pd; pd.read_csv('../data/a.csv.gz')", on("data/a.csv.gz")),
    Reader("pandas-zip", "import pandas as pd; pd.read_csv('../data/a.zip')", on("data/a.zip")),
    Reader("pandas-json", "import pandas as pd; pd.read_json('../data/a.json')", on("data/a.json")),
    Reader(
        "pandas-parquet", "import pandas as pd; pd.read_parquet('../data/a.parquet')", on("data/a.parquet")
    ),
    Reader(
        "pandas-feather", "import pandas as pd; pd.read_feather('../data/a.feather')", on("data/a.feather")
    ),
    Reader("pandas-orc", "import pandas as pd; pd.read_orc('../data/a.orc')", on("data/a.orc")),
    Reader("pandas-fwf", "import pandas as pd; pd.read_fwf('../data/a.txt')", on("data/a.txt")),
    Reader("pandas-excel", "import pandas as pd; pd.read_excel('../data/a.xlsx')", on("data/a.xlsx")),
    Reader("pandas-hdf", "import pandas as pd; pd.read_hdf('../data/a.h5')", on("data/a.h5")),
)
ARROW = (
    Reader("arrow-csv", "from pyarrow import csv; csv.read_csv('../data/a.csv')"),
    Reader("arrow-json", "from pyarrow import json; json.read_json('../data/a.ndjson')", on("data/a.ndjson")),
    Reader(
        "arrow-parquet",
        "from pyarrow import parquet; parquet.read_table('../data/a.parquet')",
        on("data/a.parquet"),
    ),
    Reader(
        "arrow-dataset",
        "from pyarrow import dataset; dataset.dataset('../data/tables', format='parquet').to_table()",
        on("data/tables/one.parquet") | adding("data/tables/three.parquet"),
    ),
    Reader(
        "arrow-map",
        "import pyarrow; pyarrow.memory_map('../data/a.txt').read()",
        on("data/a.txt"),
        blind=True,
    ),
    Reader(
        "arrow-stream", "import pyarrow; pyarrow.OSFile('../data/a.txt').read()", on("data/a.txt"), blind=True
    ),
    Reader(
        "arrow-feather",
        "from pyarrow import feather; feather.read_table('../data/a.feather')",
        on("data/a.feather"),
    ),
    Reader(
        "arrow-ipc",
        "import pyarrow as pa; pa.ipc.open_file(pa.memory_map('../data/a.feather')).read_all()",
        on("data/a.feather"),
        blind=True,
    ),
)
QUERIES = (
    Reader("duckdb-csv", "import duckdb; duckdb.sql(\"from '../data/a.csv'\").fetchall()"),
    Reader(
        "duckdb-glob",
        "import duckdb; duckdb.sql(\"from read_parquet('../data/tables/*.parquet')\").fetchall()",
        on("data/tables/two.parquet") | adding("data/tables/three.parquet"),
    ),
    Reader(
        "duckdb-deep-glob",
        "import duckdb; duckdb.sql(\"from read_csv('../data/**/part-*.csv')\").fetchall()",
        on("data/months/part-1.csv") | adding("data/months/part-9.csv", "data/tables/part-9.csv"),
        looks_around=True,
    ),
    Reader(
        "duckdb-database",
        "import duckdb; duckdb.connect('../data/a.duckdb', read_only=True).sql('from t').fetchall()",
        on("data/a.duckdb"),
    ),
    Reader(
        "duckdb-database-to-write",
        "import duckdb; c = duckdb.connect('../data/a.duckdb'); c.sql('from t').fetchall(); c.close()",
        on("data/a.duckdb"),
    ),
    Reader("polars-csv", "import polars as pl; pl.read_csv('../data/a.csv')"),
    Reader("polars-lazy-csv", "import polars as pl; pl.scan_csv('../data/a.csv').collect()"),
    Reader(
        "polars-parquet", "import polars as pl; pl.read_parquet('../data/a.parquet')", on("data/a.parquet")
    ),
    Reader(
        "polars-lazy-glob",
        "import polars as pl; pl.scan_parquet('../data/tables/*.parquet').collect()",
        on("data/tables/one.parquet") | adding("data/tables/three.parquet"),
    ),
    Reader("polars-json", "import polars as pl; pl.read_ndjson('../data/a.ndjson')", on("data/a.ndjson")),
    Reader(
        "sqlite",
        "import sqlite3; sqlite3.connect('../data/a.db').execute('select * from t').fetchall()",
        on("data/a.db"),
    ),
    Reader(
        "sqlite-attached",
        "import sqlite3; c = sqlite3.connect(':memory:'); c.execute(\"attach '../data/a.db' as other\"); "
        "c.execute('select * from other.t').fetchall()",
        on("data/a.db"),
        blind=True,
    ),
)
PYTHON = (
    Reader("open", "open('../data/a.csv').read()"),
    Reader("path", "from pathlib import Path; Path('../data/a.csv').read_bytes()"),
    Reader("os-open", "import os; f = os.open('../data/a.csv', os.O_RDONLY); os.read(f, 9); os.close(f)"),
    Reader(
        "folder-descriptor",
        "import os; d = os.open('../data', os.O_RDONLY); os.open('a.csv', os.O_RDONLY, dir_fd=d)",
        blind=True,
    ),
    Reader("json", "import json; json.load(open('../data/a.json'))", on("data/a.json")),
    Reader("csv", "import csv; list(csv.reader(open('../data/a.csv')))"),
    Reader(
        "mmap",
        "import mmap; f = open('../data/a.txt', 'rb'); mmap.mmap(f.fileno(), 0, prot=1)[:]",
        on("data/a.txt"),
    ),
    Reader(
        "mmap-to-write",
        "import mmap; f = open('../data/a.txt', 'r+b'); mmap.mmap(f.fileno(), 0)[:]",
        on("data/a.txt"),
    ),
    Reader("numpy-load", "import numpy as np; np.load('../data/a.npy')", on("data/a.npy")),
    Reader(
        "numpy-mapped", "import numpy as np; np.load('../data/a.npy', mmap_mode='r').sum()", on("data/a.npy")
    ),
    Reader(
        "numpy-fromfile", "import numpy as np; np.fromfile('../data/a.npy', dtype='u1')", on("data/a.npy")
    ),
    Reader("numpy-loadtxt", "import numpy as np; np.loadtxt('../data/a.txt')", on("data/a.txt")),
    Reader(
        "numpy-memmap", "import numpy as np; np.memmap('../data/a.npy', mode='r').sum()", on("data/a.npy")
    ),
    Reader("pillow", "from PIL import Image; Image.open('../data/a.png').load()", on("data/a.png")),
    Reader("matplotlib", "from matplotlib import image; image.imread('../data/a.png')", on("data/a.png")),
    Reader(
        "fsspec",
        "import fsspec; fsspec.open('file://' + __import__('os').path.abspath('../data/a.csv')).open().read()",
    ),
    Reader(
        "ctypes",
        "import ctypes; c = ctypes.CDLL(None); c.fopen.restype = ctypes.c_void_p; assert c.fopen(b'../data/a.csv', b'r')",
        blind=True,
    ),
    Reader(
        "link",
        "import os; os.path.exists('l.csv') or os.symlink('../data/a.csv', 'l.csv'); open('l.csv').read()",
    ),
    Reader("hard-link", "import os; os.link('../data/a.csv', 'h.csv'); open('h.csv').read()"),
    Reader("copy", "import shutil; shutil.copy2('../data/a.csv', 'copied.csv'); open('copied.csv').read()"),
    Reader("folder-link", "open('../data/latest/part-1.csv').read()", on("data/months/part-1.csv")),
    Reader("odd-name", "open('../data/größe #1.csv').read()", on("data/größe #1.csv")),
    Reader(
        "gone-folder",
        "import os; os.mkdir('x'); os.chdir('x'); os.rmdir('../x'); open('../../data/a.csv').read()",
    ),
)
FOLDERS = (
    Reader(
        "glob",
        "import glob; [open(f).read() for f in glob.glob('../data/months/*.csv')]",
        on("data/months/part-1.csv") | adding("data/months/new.csv"),
    ),
    Reader("listdir", "import os; os.listdir('../data/months')", adding("data/months/new.csv")),
    Reader("scandir", "import os; list(os.scandir('../data/months'))", adding("data/months/new.csv")),
    Reader(
        "listdir-descriptor",
        "import os; os.listdir(os.open('../data/months', os.O_RDONLY))",
        adding("data/months/new.csv"),
    ),
    Reader("walk", "import os; list(os.walk('../data'))", adding("data/months/new.csv", "data/new.csv")),
    Reader(
        "rglob",
        "from pathlib import Path; list(Path('../data').rglob('*.csv'))",
        adding("data/months/new.csv"),
    ),
    Reader("own-folder", "import os; os.listdir()", adding("book/new.txt")),
    Reader("whole-book", "from pathlib import Path; list(Path('..').glob('*.csv'))", adding("new.csv")),
    Reader("exists", "import os; assert os.path.exists('../data/a.csv')", {A: ("delete",)}),
    Reader("exists-not", "import os; assert not os.path.exists('../data/new.csv')", adding("data/new.csv")),
    Reader("is-file", "from pathlib import Path; assert Path('../data/a.csv').is_file()", {A: ("delete",)}),
    Reader(
        "is-file-not",
        "from pathlib import Path; assert not Path('../data/new.csv').is_file()",
        adding("data/new.csv"),
    ),
    Reader("is-folder", "import os; assert not os.path.isdir('../data/new')", adding("data/new/a.csv")),
    Reader("module-exists-not", "import os; assert not os.path.exists('new.py')", adding("book/new.py")),
    Reader("access", "import os; assert os.access('../data/a.csv', os.R_OK)", {A: ("delete",)}),
    Reader("size", "import os; os.path.getsize('../data/a.csv')", {A: ("append", "delete")}),
    Reader(
        "arrow-exists-not",
        "from pyarrow import fs; fs.LocalFileSystem().get_file_info('../data/new.csv')",
        adding("data/new.csv"),
        blind=True,
    ),
    Reader(
        "missed",
        "try:\n    open('../data/new.csv')\nexcept FileNotFoundError:\n    pass",
        adding("data/new.csv"),
    ),
    Reader(
        "missed-by-pandas",
        "import pandas as pd\ntry:\n    pd.read_parquet('../data/new.parquet')\nexcept FileNotFoundError:\n    pass",
        adding("data/new.parquet"),
    ),
    Reader(
        "missed-folder",
        "import os\ntry:\n    os.listdir('../data/new')\nexcept FileNotFoundError:\n    pass",
        adding("data/new/a.csv"),
    ),
)
RUN = "import subprocess; subprocess.run"
CHILDREN = (
    Reader("cat", f"{RUN}(['cat', '../data/a.csv'], capture_output=True, check=True)"),
    Reader(
        "python", f"import sys; {RUN}([sys.executable, '-c', 'open(\"../data/a.csv\").read()'], check=True)"
    ),
    Reader(
        "pipeline", f"{RUN}('sort ../data/a.csv | head -n 1', shell=True, capture_output=True, check=True)"
    ),
    Reader("redirection", f"{RUN}('wc -l < ../data/a.csv', shell=True, capture_output=True, check=True)"),
    Reader(
        "shell-glob",
        f"{RUN}('cat ../data/months/*.csv', shell=True, capture_output=True, check=True)",
        on("data/months/part-1.csv") | adding("data/months/new.csv"),
    ),
    Reader("shell-test", f"{RUN}('test -e ../data/new.csv', shell=True)", adding("data/new.csv")),
    Reader(
        "ls",
        f"{RUN}(['ls', '../data/months'], capture_output=True, check=True)",
        adding("data/months/new.csv"),
    ),
    Reader(
        "find", f"{RUN}(['find', '../data'], capture_output=True, check=True)", adding("data/months/new.csv")
    ),
    Reader("script", f"{RUN}(['sh', 'script.sh'], check=True)", on("book/script.sh", A), blind=True),
    Reader("executable", f"{RUN}(['./script.sh'], check=True)", on("book/script.sh", A), blind=True),
    Reader("system", "import os; assert os.system('cat ../data/a.csv > /dev/null') == 0"),
    Reader("popen", "import os; os.popen('cat ../data/a.csv').read()"),
    Reader("spawnv", "import os; os.spawnvp(os.P_WAIT, 'grep', ['grep', '-q', '.', '../data/a.csv'])"),
    Reader(
        "posix-spawn",
        "import os; os.waitpid(os.posix_spawn('/bin/cat', ['cat', '../data/a.csv'], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, '/dev/null', os.O_WRONLY, 0)]), 0)",
    ),
    Reader(
        "emptied-environment", f"{RUN}(['cat', '../data/a.csv'], env={{}}, capture_output=True, check=True)"
    ),
    Reader("env-i", f"{RUN}(['env', '-i', 'cat', '../data/a.csv'], capture_output=True, check=True)"),
    Reader(
        "cleared-environment",
        "import os, subprocess; os.environ.clear(); subprocess.run(['/bin/cat', '../data/a.csv'], capture_output=True, check=True)",
    ),
    Reader(
        "grandchild",
        f"import sys; {RUN}([sys.executable, '-c', 'import subprocess; subprocess.run([\"cat\", \"../data/a.csv\"], env={{}}, capture_output=True)'], check=True)",
    ),
    Reader(
        "fork",
        "import os\nif not (p := os.fork()):\n    open('../data/a.csv').read()\n    os._exit(0)\nos.waitpid(p, 0)",
    ),
    Reader(
        "fork-twice",
        "import os\nif not (p := os.fork()):\n    if not (q := os.fork()):\n        open('../data/a.csv').read()\n        os._exit(0)\n    os.waitpid(q, 0)\n    os._exit(0)\nos.waitpid(p, 0)",
    ),
    Reader(
        "processes-spawned",
        "import multiprocessing as m; from pathlib import Path\nwith m.get_context('spawn').Pool(1) as p:\n    p.map(Path.read_text, [Path('../data/a.csv')])",
    ),
    Reader(
        "processes-forked",
        "import multiprocessing as m; from pathlib import Path\nwith m.get_context('fork').Pool(1) as p:\n    p.map(Path.read_text, [Path('../data/a.csv')])",
    ),
    Reader(
        "process-pool",
        "from concurrent.futures import ProcessPoolExecutor; from pathlib import Path\nwith ProcessPoolExecutor(1) as p:\n    list(p.map(Path.read_text, [Path('../data/a.csv')]))",
    ),
    Reader(
        "fact-in-a-fork",
        "import os\nfrom sourcebook import fact\nif not (p := os.fork()):\n    fact('ships')\n    os._exit(0)\nos.waitpid(p, 0)",
        {"data/facts.csv": ("byte",)},
    ),
    Reader(
        "threads",
        "from concurrent.futures import ThreadPoolExecutor; from pathlib import Path\nwith ThreadPoolExecutor(4) as p:\n    list(p.map(Path.read_text, [Path('../data/a.csv')] * 9))",
    ),
)
CODE = (
    Reader("module", "import near", on("book/near.py")),
    Reader("package", "from pack import part", on("book/pack/__init__.py", "book/pack/part.py")),
    Reader("module-reads", "import near; near.read()", on("book/near.py", A)),
    Reader("module-by-path", "import importlib.util as u; s = u.spec_from_file_location('x', 'near.py'); m = u.module_from_spec(s); s.loader.exec_module(m)", on("book/near.py")),
    Reader("module-compiled", "import py_compile, importlib.util as u; py_compile.compile('near.py'); s = u.spec_from_file_location('x', 'near.py'); m = u.module_from_spec(s); s.loader.exec_module(m)", on("book/near.py")),
    Reader("module-run", "import runpy; runpy.run_path('near.py')", on("book/near.py")),
    Reader("module-in-a-child", f"import sys; {RUN}([sys.executable, '-c', 'import near'], check=True)", on("book/near.py"), blind=True),
    Reader("variable", "import os; os.environ['PLACE']", {}, ("PLACE",)),
    Reader("variable-got", "import os; os.getenv('PLACE'); os.environ.get('NOWHERE', '')", {}, ("PLACE", "NOWHERE")),
    Reader("variable-asked-for", "import os; 'NOWHERE' in os.environ", {}, ("NOWHERE",)),
    Reader("variable-in-a-module", "import near; near.place()", on("book/near.py"), ("PLACE",)),
)  # fmt: skip
READERS = (*PANDAS, *ARROW, *QUERIES, *PYTHON, *FOLDERS, *CHILDREN, *CODE)
