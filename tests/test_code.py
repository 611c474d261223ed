"""The code keeps the rules of its tools: lint, format and types."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = {
    "lint": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "--diff", "src", "tests"),
    "types": ("mypy",),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_code_has_no_finding(tool: str) -> None:
    """What a tool finds is shown in full, as `make check` would."""
    name, *arguments = TOOLS[tool]

    ran = subprocess.run(
        [sys.executable, "-m", name, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300
    )

    if ran.returncode != 0:
        pytest.fail(f"{name} {' '.join(arguments)}\n{ran.stdout}{ran.stderr}", pytrace=False)
