"""C7: two commands are started on one archive at the same moment."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from archive.store import Archive, Settings, Store
from tests.durability.judge import faults
from tests.world.command import Ran, crawl

HELD = "http://court.example/"


async def two_at_once(home: Path, rounds: int, together: int = 2) -> list[list[int]]:
    """Statuses of each round, the first to end first. No answer is given before all but one have ended."""
    statuses = []
    for turn in range(rounds):
        go = asyncio.Event()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, go: asyncio.Event = go) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            await go.wait()
            body = b"User-agent: *\nAllow: /\n" if b"robots.txt" in head else b"<p>once"
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        rule = f":80:127.0.0.1:{server.sockets[0].getsockname()[1]}"
        words = ("url", f"{HELD}{turn}", "--no-read", "--pace", "0", "--connect-to", rule)
        async with server:
            left: set[asyncio.Task[Ran]] = {asyncio.create_task(crawl(home, *words)) for _ in range(together)}
            ended: list[int] = []
            while left:
                if len(left) == 1:
                    go.set()
                done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
                ended += [task.result().status for task in done]
        statuses.append(ended)
    return statuses


def kept_once(home: Path, rounds: int) -> bool:
    with Archive.open(home) as archive:
        kept = Counter(capture.url for capture in archive.captures() if not capture.url.endswith("robots.txt"))
    return kept == {f"{HELD}{turn}": 1 for turn in range(rounds)}


async def test_3_starts_of_two_commands(place: Path) -> None:
    """One holds the archive, the other ends with status 6 and has written nothing; each address is kept once."""
    assert [[6, 0]] * 3 == await two_at_once(place / "home", 3)
    assert kept_once(place / "home", 3)
    assert [] == faults(place / "home")


@pytest.mark.full
async def test_50_starts_of_two_commands(place: Path) -> None:
    """The long form."""
    assert [[6, 0]] * 50 == await two_at_once(place / "home", 50)
    assert kept_once(place / "home", 50)
    assert [] == faults(place / "home")


def test_a_lock_that_is_let_go_a_moment_later(place: Path) -> None:
    """A writer that was killed while it started a process: the lock lives until that one is up, and nobody is refused."""
    import threading

    with Store.open(place / "home", settings=Settings(floor=0)):
        pass
    first = Store.open(place / "home", settings=Settings(floor=0))
    timer = threading.Timer(0.15, first.close)
    timer.start()
    with Store.open(place / "home", settings=Settings(floor=0)) as second:
        assert [] == second.recovery.findings
    timer.join()


def test_an_archive_without_its_lock_is_found(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant: whoever asks gets the lock. Two writers then meet, and the judge sees it or one of them fails."""
    import itertools
    import os

    from archive.disk import Disk
    from tests.durability import cycle

    class Open(Disk):
        def lock(self, path: Path) -> int:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)

    home = place / "home"
    errors = []
    with Store.open(home, disk=Open(), settings=Settings(floor=0)) as one:
        one.keep(next(cycle.visits())).result(30)
        with Store.open(home, disk=Open(), settings=Settings(floor=0)) as two:
            for store, visit in zip(itertools.cycle((one, two)), cycle.mixed(1, 6), strict=False):
                error = store.keep(visit).exception(30)
                errors += [error] if error else []

    assert errors or faults(home)
