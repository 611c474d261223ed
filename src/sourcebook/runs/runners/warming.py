"""Warming up: what a nursery imports and builds before it forks, so that no story has to.

Whatever is used before a fork must survive it; a library that starts threads, such as Polars, must
not even be imported here. Objects are built and thrown away; nothing is shown, numbered or kept,
because a story must not notice.
"""

from __future__ import annotations

import contextlib
import importlib.util
from importlib import import_module

_LIBRARIES = ("numpy", "pandas", "pyarrow", "altair", "plotly", "matplotlib", "IPython", "ipykernel")
_MODULES = (
    "pandas.io.formats.style",
    "plotly.express",
    "plotly.graph_objects",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "sourcebook.datasets",
    "sourcebook.facts.words",
    "sourcebook.figures",
    "sourcebook.figures.bare",
    "sourcebook.figures.descriptions.alt_text",
    "sourcebook.runs.runners.shell",
)

_TYPICAL = """
import io

import altair as alt
import pandas as pd
import plotly.express as px
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sourcebook.figures import plain_figure

table = pd.read_csv(io.StringIO("year,kind,people\\n2024,a,1\\n2025,b,2\\n"))
table.groupby("kind", as_index=False)["people"].sum().describe()._repr_html_()
axes = {"x": "year", "y": "people", "color": "kind"}
charts = [alt.Chart(table).mark_bar().encode(x="year:O", y="people:Q", color="kind:N")]
charts += [draw(table, **axes) for draw in (px.bar, px.line, px.scatter)]
for chart in charts:
    plain_figure(chart)._repr_mimebundle_()
drawn = Figure()
drawn.add_subplot().plot([1, 2])
FigureCanvasAgg(drawn).print_png(io.BytesIO())
"""
"""What most stories do: a table is read, charts and a picture are drawn; none has an id or is shown."""


def import_libraries() -> None:
    """Import what stories use, if it is installed."""
    installed = {name for name in _LIBRARIES if importlib.util.find_spec(name) is not None}
    for name in _LIBRARIES + _MODULES:
        if name.split(".")[0] in {*installed, "sourcebook"}:
            with contextlib.suppress(ImportError):
                import_module(name)


def build_objects() -> None:
    """Build a notebook, a table and charts, and with them what libraries load when they are first used."""
    for build in (_build_notebook, _build_charts):
        with contextlib.suppress(Exception):  # a story that uses it will say what is wrong
            build()


def _build_notebook() -> None:
    from sourcebook.runs.runners.outputs import steady
    from sourcebook.stories import find_expressions, new_notebook, parse_notebook, write_text

    notebook = parse_notebook(write_text(new_notebook([("code", "1"), ("markdown", "{eval}`x`")])))
    find_expressions(notebook.cells[1].source)
    steady(notebook)


def _build_charts() -> None:
    exec(compile(_TYPICAL, __file__, "exec"), {})
