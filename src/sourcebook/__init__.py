"""Sourcebook: data-journalism notebooks in which every number is computed from a named source.

A story imports its words from here:

    from sourcebook import dataset, derive, fact, figure

The names are loaded when they are first used, so that `import sourcebook` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sourcebook.datasets import dataset as dataset
    from sourcebook.facts import Fact as Fact
    from sourcebook.facts import derive as derive
    from sourcebook.facts import fact as fact
    from sourcebook.facts import quantity as quantity
    from sourcebook.figures import Figure as Figure
    from sourcebook.figures import figure as figure
    from sourcebook.figures.parts.labels import label as label
    from sourcebook.figures.parts.labels import note as note
    from sourcebook.figures.parts.labels import ticks as ticks
    from sourcebook.figures.parts.meaning import colour_by as colour_by
    from sourcebook.figures.parts.meaning import colour_map as colour_map
    from sourcebook.figures.parts.meaning import colour_of as colour_of
    from sourcebook.figures.parts.meaning import colours_of as colours_of
    from sourcebook.figures.parts.panels import panels as panels
    from sourcebook.figures.parts.ranges import fact_table as fact_table
    from sourcebook.figures.parts.ranges import pointing as pointing
    from sourcebook.figures.parts.ranges import ranges as ranges

__version__ = "0.1.0"

_HOMES = {
    "colour_by": "figures.parts.meaning",
    "colour_map": "figures.parts.meaning",
    "colour_of": "figures.parts.meaning",
    "colours_of": "figures.parts.meaning",
    "dataset": "datasets",
    "derive": "facts",
    "fact": "facts",
    "Fact": "facts",
    "figure": "figures",
    "Figure": "figures",
    "label": "figures.parts.labels",
    "note": "figures.parts.labels",
    "panels": "figures.parts.panels",
    "pointing": "figures.parts.ranges",
    "quantity": "facts",
    "fact_table": "figures.parts.ranges",
    "ranges": "figures.parts.ranges",
    "ticks": "figures.parts.labels",
}
__all__ = [
    "Fact",
    "Figure",
    "__version__",
    "colour_by",
    "colour_map",
    "colour_of",
    "colours_of",
    "dataset",
    "derive",
    "fact",
    "fact_table",
    "figure",
    "label",
    "note",
    "panels",
    "pointing",
    "quantity",
    "ranges",
    "ticks",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module when a story first asks for it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sourcebook' has no attribute '{name}'")
    return getattr(import_module(f"sourcebook.{_HOMES[name]}"), name)
