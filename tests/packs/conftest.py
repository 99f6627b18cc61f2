"""One world for all tests, its packs, and what a stranger has from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from archive.note import Verifier
from archive.packcheck import Trust
from archive.stamps import certificates
from tests.packs.world import World, build


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """In memory where there is such a place."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="kartoteka-") as folder:
        yield build(Path(folder))


@pytest.fixture(scope="session")
def packs(world: World) -> list[Path]:
    """A pack of each case."""
    return [world.pack(case, world.folder / f"pack-{case}") for case in range(1, world.cases + 1)]


@pytest.fixture(scope="session")
def trust(world: World) -> Trust:
    return Trust(Verifier.parse(world.key), "that the test gave", certificates(world.roots.read_bytes()))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path, prefix="kartoteka-") as folder:
        yield Path(folder)
