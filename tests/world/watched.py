"""The daemon as people run it: a process beside a small world on loopback."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from archive.errors import NotAnArchive, NotFound
from archive.ledger.book import Book
from archive.store import Archive
from crawler.demo.server import Served
from crawler.sites import sources
from schedules import planfile
from schedules.past import pasts
from schedules.plan import Past, due
from tests.world.command import ROOT, START

PATIENCE = 120.0  # seconds: a test that waits longer has failed


async def until(true: Callable[[], bool], what: str) -> None:
    """Waits for something to become true; a test fails by its name where it never does."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while True:
        began = loop.time()
        if true():
            return
        assert loop.time() < deadline, f"never came: {what}"
        await asyncio.sleep(0.05 + 4 * (loop.time() - began))  # the small world lives in this loop too


class Running:
    """A daemon that runs, and what it has said on stderr so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            self.said += line.decode()

    async def says(self, words: str) -> None:
        await until(lambda: words in self.said or self.process.returncode is not None, f"{words!r} in {self.said!r}")
        assert words in self.said

    async def ends(self, number: signal.Signals) -> int:
        """Its exit status after a signal."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        status = await asyncio.wait_for(self.process.wait(), PATIENCE)
        await self._listening
        return status


class Watched:
    """An archive with a plan, and the world that the plan is about."""

    def __init__(self, home: Path, served: Served) -> None:
        self.home, self.served = home, served
        self.running: list[Running] = []

    @property
    def options(self) -> list[str]:
        rules = [word for rule in self.served.connect_to for word in ("--connect-to", rule)]
        return [*rules, "--ca", str(self.served.ca_file)]

    @property
    def asked(self) -> list[str]:
        """What the world was asked for, in order; the rules for robots left out."""
        return [each.url for each in self.served.log if not each.url.endswith("/robots.txt")]

    def past(self) -> dict[str, Past]:
        """What the archive says of the plan's targets, read beside a daemon that may write."""
        known = {source.name: source for source in sources()}
        plan = planfile.load(self.home, known.values())
        assert plan is not None
        try:
            with Archive.open(self.home) as archive, Book.open(self.home) as book:
                return pasts(plan.targets, archive, book, known, datetime.now(UTC))
        except (NotAnArchive, NotFound):
            return {}

    def due(self) -> dict[str, str]:
        """Reasons by target, of those that are due now."""
        plan, now = planfile.load(self.home, sources()), datetime.now(UTC)
        assert plan is not None
        return {each.target.name: each.reason for each in due(plan, self.past(), now)}

    def done(self) -> set[str]:
        """The targets that were answered."""
        return {name for name, past in self.past().items() if past.ended and past.trouble is None}

    def plan(self, text: str) -> None:
        self.home.mkdir(exist_ok=True)
        (self.home / "plan.toml").write_text(text)

    async def daemon(self, pace: float = 0, *, options: list[str] | None = None) -> Running:
        words = [*(self.options if options is None else options), "--pace", str(pace)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", START, "daemon", "--home", str(self.home), *words,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            cwd=ROOT, env={**os.environ, "KARTOTEKA_FREE_BYTES": "0"},
        )  # fmt: skip
        self.running.append(Running(process))
        return self.running[-1]
