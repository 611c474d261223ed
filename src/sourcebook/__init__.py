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

__version__ = "0.1.0"

_HOMES = {
    "dataset": "datasets",
    "Fact": "facts",
    "derive": "facts",
    "fact": "facts",
    "Figure": "figures",
    "figure": "figures",
    "quantity": "facts",
}
__all__ = ["Fact", "Figure", "__version__", "dataset", "derive", "fact", "figure", "quantity"]


def __getattr__(name: str) -> Any:
    """Load a public name from its module when a story first asks for it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sourcebook' has no attribute '{name}'")
    return getattr(import_module(f"sourcebook.{_HOMES[name]}"), name)
