"""Builds that are killed: a few rounds of what `benchmarks/soak.py` does for hundreds."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SOAK = Path(__file__).parents[1] / "benchmarks" / "soak.py"


@pytest.fixture
def soak() -> ModuleType:
    """Give the script that kills builds."""
    spec = importlib.util.spec_from_file_location("soak", SOAK)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules["soak"] = made  # its dataclasses look there for their module
    spec.loader.exec_module(made)
    return made


def test_build_after_a_kill_is_right(soak: ModuleType, tmp_path: Path) -> None:
    """Whatever is killed, the build or a runner: the next build gives a clean one's bytes."""
    tally = soak.soak(tmp_path, rounds=2, worker_every=0, seed=4, states=2)

    assert tally.stopped == []
    assert tally.wrong == []
    assert tally.torn == []
    assert tally.rounds == 2
    assert tally.kills  # else nothing was tested
