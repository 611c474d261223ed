"""A kernel that is traced from before its first import: `python -m sourcebook.tracing -f connection.json`."""

from __future__ import annotations

import os
from pathlib import Path
from runpy import run_module

from sourcebook import tracing


def main() -> None:
    """Start IPython's kernel in this process."""
    if root := os.environ.get(tracing.ROOT_VARIABLE):
        log = os.environ.get(tracing.LOG_VARIABLE)
        is_allowed = os.environ.get(tracing.NETWORK_VARIABLE) != "refused"
        tracing.start(Path(root), log=Path(log) if log else None, network=is_allowed)
    run_module("ipykernel_launcher", run_name="__main__")


if __name__ == "__main__":
    main()
