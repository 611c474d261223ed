"""The terminal: arguments in, one call, a printed table and an exit code out."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sourcebook import __version__
from sourcebook.errors import BookError

if TYPE_CHECKING:
    from sourcebook.desk.progress import Tally

_BOOK = click.option(
    "--book",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="Folder that holds _config.yml; the present one by default.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Build data-journalism books in which every number has a source."""


@main.command()
@_BOOK
@click.option("--fresh", is_flag=True, help="Write every page again; runs that are fresh are kept.")
@click.option("--strict", is_flag=True, help="Stop on warnings too, as CI does before it publishes.")
@click.option("--rerun", is_flag=True, help="Run every story, and say which gives other outputs than before.")
@click.option("--cold", is_flag=True, help="Give every story a fresh process and Jupyter kernel; slow.")
@click.option(
    "--keep-going", is_flag=True, help="Publish the other pages if a story fails; its page says so."
)
@click.option(
    "--workers", type=click.IntRange(1), help="Stories to run at once; one per processor by default."
)
@click.option(
    "--on", "cluster", metavar="ADDRESS", help="Run stories on a Dask cluster: tcp://scheduler:8786."
)
def build(folder: Path, cluster: str | None, workers: int | None, **flags: bool) -> None:
    """Run what is stale and write the site to _build/html.

    If anything is wrong, the last good site stays as it was. Exit codes: 0 built, 1 something in the book is
    wrong, 2 wrong use, 130 interrupted.
    """
    from sourcebook.desk.build import build_site
    from sourcebook.desk.progress import Tally

    orders = {
        "workers": workers,
        "cluster": cluster,
        "is_forced": flags["rerun"],
        "is_cold": flags["cold"],
        "keeps_going": flags["keep_going"],
    }
    tally = Tally()

    def run() -> None:
        with _shown(tally) as tell:
            site = build_site(
                folder.resolve(),
                from_scratch=flags["fresh"],
                strict=flags["strict"],
                orders={name: one for name, one in orders.items() if one},
                tally=tally,
                tell=tell,
            )
        click.echo(f"The site is in {site}")
        if tally.failed:
            failed = ", ".join(sorted(tally.failed))
            click.echo(f"these stories failed, and their pages say so: {failed}", err=True)
            sys.exit(1)

    _exit_on_error(run)


@main.command()
@_BOOK
@click.argument("story", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print everything that is known, for machines.")
def why(folder: Path, story: str | None, as_json: bool) -> None:
    """Say which stories must run and why, and what each reads.

    STORY is a notebook, by its path or its name. Exit codes: 0 all fresh, 1 some must run, 2 wrong use.
    """
    from sourcebook.cli.accounts import print_accounts
    from sourcebook.desk.why import accounts_of

    def run() -> None:
        accounts = accounts_of(folder.resolve(), story)
        if as_json:
            click.echo(json.dumps([one.told() for one in accounts], indent=1, ensure_ascii=False))
        else:
            print_accounts(accounts, with_inputs=story is not None)
        sys.exit(0 if all(one.standing.is_fresh for one in accounts) else 1)

    _exit_on_error(run)


@main.command()
@_BOOK
@click.option("--most-mb", default=2000, show_default=True, help="Size to which kept runs are cut down.")
@click.option("--most-days", type=float, help="Remove also what was not used for so many days.")
def gc(folder: Path, most_mb: int, most_days: float | None) -> None:
    """Remove the runs that were not used for longest; those in use now are kept."""
    from sourcebook.desk.why import STORE
    from sourcebook.runs import Store
    from sourcebook.runs.store.collection import collect

    def run() -> None:
        done = collect(
            Store(folder.resolve() / STORE),
            most_bytes=most_mb * 1_000_000,
            most_days=most_days,
            now=time.time(),
        )
        freed, kept = (f"{size / 1_000_000:.1f} MB" for size in (done.freed_bytes, done.kept_bytes))
        click.echo(f"removed {done.removed} files ({freed}); {kept} are kept")

    _exit_on_error(run)


@main.command()
@_BOOK
def check(folder: Path) -> None:
    """Check the data package: types, constraints, keys, sources, bounds.

    Exit codes: 0 nothing found, 1 findings, 2 wrong use.
    """
    from sourcebook.checks import check_package

    def run() -> None:
        findings = check_package(folder.resolve())
        for finding in findings:
            click.echo(f"{finding}\n")
        click.echo(f"{len(findings)} finding{'' if len(findings) == 1 else 's'}")
        sys.exit(1 if findings else 0)

    _exit_on_error(run)


@contextmanager
def _shown(tally: Tally) -> Iterator[Callable[[str], None]]:
    """Show what runs, live in a terminal, and as plain lines elsewhere; give what tells a line."""
    if not sys.stdout.isatty():
        yield click.echo
        return
    from sourcebook.cli.display import shown_live

    with shown_live(tally) as tell:
        yield tell


def _exit_on_error(act: Callable[[], None]) -> None:
    try:
        act()
    except BookError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo(
            "interrupted; the runs that had ended are kept, and the last good site is as it was", err=True
        )
        sys.exit(130)
