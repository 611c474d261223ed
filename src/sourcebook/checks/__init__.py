"""Checks: rules about a book's data, each of which says in a finding what is wrong and how to mend it."""

from __future__ import annotations

from pathlib import Path

from sourcebook.checks.facts import check_facts
from sourcebook.checks.tables import check_tables
from sourcebook.datasets import PACKAGE_PATH
from sourcebook.errors import Finding

__all__ = ["check_package"]


def check_package(root: Path) -> list[Finding]:
    """Check the data package of a book; tables that no descriptor describes are the author's own affair.

    Args:
        root: the book's folder.

    Returns:
        Findings in the order of the files and rows they are about; none if all is well.

    Raises:
        PackageError: the descriptor cannot be read at all.
    """
    if not (root / PACKAGE_PATH).is_file():
        return check_facts(root)
    return check_tables(root) or check_facts(root)
