"""Archives to look at and to damage."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.store import Archive
from tests.proof.world import Kept, build


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("proof") / "home"
    build(home)
    return home


@pytest.fixture
def kept(pristine: Path, tmp_path: Path) -> Kept:
    """One archive in one file, with a ledger; a copy that a test may damage."""
    shutil.copytree(pristine, tmp_path / "home")
    return Kept(tmp_path / "home")


@pytest.fixture
def several(tmp_path: Path) -> Kept:
    """The same captures in several files."""
    build(tmp_path / "several", rotate=2000, ledger=False)
    return Kept(tmp_path / "several")


@pytest.fixture
def archive(kept: Kept) -> Iterator[Archive]:
    with Archive.open(kept.home) as opened:
        yield opened
