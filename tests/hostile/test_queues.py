"""A slow disk and slow readers: what waits for them is bounded in octets, and nobody else waits with it."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from pathlib import Path

from archive.capture import Exchange, Outcome, Visit
from archive.disk import Disk
from archive.memento import Memento
from archive.store import Settings, Store
from crawler.crawl import Desk
from crawler.readers import Readers

ASKED = b"GET / HTTP/1.1\r\nHost: court.test\r\n\r\n"


class Stuck(Disk):
    """A disk that takes nothing for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def append(self, fd: int, octets: bytes) -> None:
        self.free.wait(60)
        super().append(fd, octets)


def visit(number: int) -> Visit:
    """A page of ten thousand octets, half of them beyond its declared end, after an interim response."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
    url = f"http://court.test/{number}"
    exchange = Exchange(
        url, datetime(2026, 1, 1, tzinfo=UTC), 0.1, Outcome.CAPTURED, request=ASKED, response=head + b"%05000d" % number,
        head_length=len(head), status=200, surplus=b"b" * 4000, interim=(b"HTTP/1.1 103 Early Hints\r\n\r\n" + b"c" * 1000,),
    )  # fmt: skip
    return Visit(url, (exchange,))


async def test_a_disk_that_is_stuck_holds_up_its_visits_and_not_the_loop(tmp_path: Path) -> None:
    """While the writer has no room the loop goes on; what waits in the queue is no more than the queue takes."""
    disk = Stuck()
    disk.free.set()
    with Store.open(tmp_path, disk=disk, settings=Settings(floor=0, queue=25_000, batch=1)) as store:
        desk = Desk(store, None, None)
        disk.free.clear()
        # Should the loop be held after all, the disk comes free by itself, and the test sees that it did.
        rescue = threading.Timer(20, disk.free.set)
        rescue.start()
        kept = [asyncio.create_task(desk.keep(visit(number))) for number in range(8)]
        turns = 0
        while turns < 50 and not disk.free.is_set():
            await asyncio.sleep(0.01)
            turns += 1
        waiting, done, freed = len(store._orders), sum(task.done() for task in kept), disk.free.is_set()
        disk.free.set()
        rescue.cancel()
        snapshots = await asyncio.gather(*kept)

    assert (turns, done, freed) == (50, 0, False)
    assert waiting == 2  # of 25,000 octets, each with all that came
    assert {Outcome.CAPTURED} == {snapshot.captures[0].outcome for snapshot in snapshots}


async def test_what_waits_for_a_reader_is_not_in_memory() -> None:
    """Twenty captures wait for one worker: one is open."""
    begun, free = threading.Event(), threading.Event()
    opened: list[int] = []

    def memento(number: int) -> Memento:
        opened.append(number)
        begun.set()
        free.wait(60)
        return Memento.saved("http://court.test/", b"<title>a page</title>")

    with Readers(1) as readers:
        jobs = [asyncio.create_task(readers.open_and_read(lambda number=number: memento(number))) for number in range(20)]
        await asyncio.to_thread(begun.wait, 60)
        first = list(opened)
        free.set()
        readings = await asyncio.gather(*jobs)

    assert ([0], list(range(20))) == (first, opened)
    assert {"other-page"} == {reading.verdict for reading in readings}
