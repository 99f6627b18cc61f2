"""A small world and an archive beside it; daemons that a test leaves running are ended."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from crawler.demo.server import serve
from crawler.demo.world import World
from tests.world.watched import Watched


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    async with serve(World()) as served:
        served.world.turn(2)  # the second visit has a clear way
        watched = Watched(tmp_path / "home", served)
        yield watched
        for each in watched.running:
            await each.ends(signal.SIGKILL)


@pytest.fixture
def days() -> int:
    """How many days a register must be asked back for, to find what the small world registered."""
    return (datetime.now(UTC).date() - date(2025, 1, 1)).days
