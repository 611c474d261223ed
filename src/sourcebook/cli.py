"""The terminal: arguments in, one call, a printed table and an exit code out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from sourcebook import __version__
from sourcebook.errors import BookError

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
def build(folder: Path, fresh: bool, strict: bool) -> None:
    """Run what is stale and write the site to _build/html.

    If anything is wrong, the last good site stays as it was. Exit codes: 0 built, 1 something in the book is
    wrong, 2 wrong use.
    """
    from sourcebook.desk.build import build_site

    def run() -> None:
        site = build_site(folder.resolve(), from_scratch=fresh, strict=strict, tell=click.echo)
        click.echo(f"The site is in {site}")

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


def _exit_on_error(act: Callable[[], None]) -> None:
    try:
        act()
    except BookError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
