"""A place for thousands of small archives, and how the loops are run that need a process of their own."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

HERE = Path(__file__).parent
Loop = Callable[..., dict[str, Any]]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is such a place: what is looked at is order, and real syncs would take hours."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    with TemporaryDirectory(dir=memory, prefix="kartoteka-") as folder:
        yield Path(folder)


@pytest.fixture
def loop(place: Path) -> Loop:
    """Runs a loop of this folder in its own process, which forks; gives what it found, printed."""

    def run(name: str, *words: object) -> dict[str, Any]:
        command = [sys.executable, str(HERE / name), str(place), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        found: dict[str, Any] = json.loads(done.stdout)
        print(name, *words, found)
        return found

    return run


@pytest.fixture
def seed() -> int:
    drawn = random.SystemRandom().randrange(10**9)
    print(f"seed {drawn}")
    return drawn
