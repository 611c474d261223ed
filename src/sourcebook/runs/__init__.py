"""Runs: is a story stale and why; execute it; keep the run and fetch it again.

The names are loaded when they are first used: the terminal needs no notebook reader.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sourcebook.runs.keys import Keyed as Keyed
    from sourcebook.runs.keys import environment_of as environment_of
    from sourcebook.runs.keys import key_of as key_of
    from sourcebook.runs.keys import read_keyed as read_keyed
    from sourcebook.runs.orders import Orders as Orders
    from sourcebook.runs.orders import Outcome as Outcome
    from sourcebook.runs.reasons import Reason as Reason
    from sourcebook.runs.standing import Standing as Standing
    from sourcebook.runs.standing import standings_of as standings_of
    from sourcebook.runs.store import Run as Run
    from sourcebook.runs.store import Store as Store
    from sourcebook.runs.updating import bring_up_to_date as bring_up_to_date

_HOMES = {
    "Keyed": "keys",
    "Orders": "orders",
    "Outcome": "orders",
    "Reason": "reasons",
    "Run": "store",
    "Standing": "standing",
    "Store": "store",
    "bring_up_to_date": "updating",
    "environment_of": "keys",
    "key_of": "keys",
    "read_keyed": "keys",
    "standings_of": "standing",
}
__all__ = [
    "Keyed",
    "Orders",
    "Outcome",
    "Reason",
    "Run",
    "Standing",
    "Store",
    "bring_up_to_date",
    "environment_of",
    "key_of",
    "read_keyed",
    "standings_of",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sourcebook.runs' has no attribute '{name}'")
    return getattr(import_module(f"sourcebook.runs.{_HOMES[name]}"), name)
