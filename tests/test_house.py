"""The house keeps its own plan: floors, doors, and what is in the wheel."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_arrows_run_down_only() -> None:
    """No room imports one above it, and each outside library enters by its named rooms."""
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_else_at_the_top() -> None:
    """Top-level folders are fixed: the three floors, their tests and their papers."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()

    assert {".ci", "archive", "crawler", "docs", "schedules", "tests"} == {Path(p).parts[0] for p in tracked if "/" in p}
