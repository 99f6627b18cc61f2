"""The demo's archive, crawled by the command as a person would, once for all workers."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.world.command import crawl
from tests.world.judges import locked


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `crawl demo` kept in two visits of the small world. Tests only read it."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # which the workers share
    home, done = base / "demo", base / "demo.done"
    with locked(base / "demo.lock"):
        if not done.exists():
            ran = asyncio.run(crawl(home, "demo"))
            assert ran.status == 0, ran.err
            done.touch()
    return home
