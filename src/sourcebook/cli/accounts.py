"""Why stories must run and what they read, as tables in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from sourcebook.desk.why import Account


def print_accounts(accounts: Sequence[Account], *, with_inputs: bool) -> None:
    """Print a table of stories, and below it what one story reads."""
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    table = Table("story", "state", "why", "inputs", box=box.SIMPLE_HEAD, pad_edge=False)
    for one in accounts:
        why = "; ".join(str(reason) for reason in one.standing.reasons) or "nothing changed"
        run = one.standing.run
        table.add_row(
            one.path, "fresh" if one.standing.is_fresh else "stale", why, str(len(run.inputs)) if run else "-"
        )
    console.print(table)
    for one in accounts if with_inputs else ():
        _print_inputs(console, one)


def _print_inputs(console: Console, account: Account) -> None:
    run = account.standing.run
    if run is None:
        return
    table = Table("input", "now", "digest", box=box.SIMPLE_HEAD, pad_edge=False)
    for name, digest in run.inputs.items():
        table.add_row(name, "changed" if name in account.changed else "same", digest[:12])
    console.print(table)
    console.print(f"Its inputs are {account.how}.")
    for name in run.outputs:
        console.print(f"It writes {name}.")
    for what, used in (("the network", run.network), ("the clock", run.clock)):
        if used:
            console.print(f"It asks {what}: {', '.join(used)}.")
