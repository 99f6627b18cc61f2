"""A few visits kept, read and entered, always the same: the path of `crawl url` without its network and its worker.

The clock, the pages and their order are fixed, so that the n-th act of two runs is the same act.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from archive.capture import Exchange, Outcome, Tls, Visit
from archive.disk import Disk
from archive.ledger.book import Book
from archive.ledger.observation import Reading
from archive.memento import Memento
from archive.store import Settings, Store
from crawler.clerk import Clerk
from crawler.crawl import Desk, Done
from crawler.demo.site import Request, answer
from crawler.demo.world import World
from crawler.readers import Readers, read
from crawler.sites import source_named
from tests.durability.judge import Told

BEGAN = datetime(2026, 3, 1, 9, 30, 15, 123456, tzinfo=UTC)
CHAIN = (b"leaf certificate" * 40, b"intermediate certificate" * 30)
TLS = Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384", "http/1.1", True, None, CHAIN)
ROTATE = 12_000  # octets: two cards fill a file


class Inline(Readers):
    """Reads here and now: a worker more would be one more process to kill."""

    async def open_and_read(self, opened: Callable[[], Memento], source_name: str | None = None) -> Reading:
        return read(opened(), source_named(source_name) if source_name else None)


@cache
def _world() -> World:
    world = World()
    world.turn(2)
    return world


@cache
def card(n: int) -> tuple[str, bytes]:
    """Address and response of the n-th case of the small world."""
    world = _world()
    url = world.cases[n].card
    parts = urlsplit(url)
    given = answer(world, Request("GET", "https", parts.hostname or "", f"{parts.path}?{parts.query}"))
    assert given is not None
    fields = "".join(f"{name}: {value}\r\n" for name, value in given.fields)
    head = f"HTTP/1.1 200 OK\r\n{fields}Content-Length: {len(given.body)}\r\n\r\n"
    return url, head.encode() + given.body


def exchange(n: int, at: int, **facts: object) -> Exchange:
    """The n-th card, fetched `at` seconds after the beginning."""
    url, response = card(n)
    known = Exchange(
        url, BEGAN + timedelta(seconds=at), 0.25, Outcome.CAPTURED, request=b"GET / HTTP/1.1\r\nHost: court.example\r\n\r\n",
        response=response, head_length=response.index(b"\r\n\r\n") + 4, status=200, peer="203.0.113.5:443", tls=TLS,
    )  # fmt: skip
    return replace(known, **facts)  # type: ignore[arg-type]


def visits() -> Iterator[Visit]:
    """Two cards, a refusal, the first card again with the same body, a redirect to a third."""
    refused = {"outcome": Outcome.REFUSED, "request": b"", "response": b"", "head_length": 0, "status": None, "tls": None}
    hop = b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"
    moved = exchange(3, 5, response=hop, head_length=len(hop), status=302, url="https://old.example/")
    for exchanges in (
        (exchange(0, 1),),
        (exchange(1, 2),),
        (exchange(2, 3, **refused),),
        (exchange(0, 4),),
        (moved, exchange(3, 6, via="https://old.example/")),
    ):
        yield Visit(exchanges[0].url, exchanges)


def mixed(seed: int, count: int = 14) -> Iterator[Visit]:
    """Cards with a tail of random octets (one sector or many), some after redirects; some bodies come again."""
    rnd = random.Random(seed)
    for n in range(count):
        hops = []
        for hop in range(rnd.choice((1, 1, 2, 3))):
            url, response = card(rnd.randrange(12))
            tail = b"<!--" + rnd.randbytes(rnd.choice((0, 300, 3000, 20_000))).hex().encode() + b"-->"
            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=windows-1251\r\nConnection: close\r\n\r\n"
            whole = head + response[response.index(b"\r\n\r\n") + 4 :] + (tail if rnd.random() < 0.7 else b"")
            hops.append(exchange(0, 10 * n + hop, url=url, response=whole, head_length=len(head)))
        yield Visit(hops[0].url, tuple(hops))


def told(done: Done, response: bytes) -> Told:
    capture = done.capture
    body = response[response.find(b"\r\n\r\n") + 4 :]
    return Told(
        capture.id,
        hashlib.sha256(body).hexdigest() if capture.payload_sha256 else None,
        len(done.reading.observations) if done.reading else None,
    )


def run(
    home: Path,
    disk: Disk,
    tell: Callable[[Told], None],
    refuse: Callable[[Exception], None] | None = None,
    work: Callable[[], Iterator[Visit]] = visits,
) -> None:
    """tell: each acknowledgement. refuse: each visit that was not kept, or whose reading was not entered; raised without it."""
    asyncio.run(_run(home, disk, tell, refuse, work))


async def _run(
    home: Path,
    disk: Disk,
    tell: Callable[[Told], None],
    refuse: Callable[[Exception], None] | None,
    work: Callable[[], Iterator[Visit]],
) -> None:
    settings = Settings(floor=0, rotate=ROTATE)
    with ExitStack() as stack:
        clock = iter(range(1000))
        store = stack.enter_context(
            Store.open(home, disk=disk, settings=settings, now=lambda: BEGAN + timedelta(seconds=next(clock)))
        )
        book = stack.enter_context(Book.open(home, write=True, now=lambda: BEGAN))
        readers = stack.enter_context(Inline())
        async with Clerk(book) as clerk:
            desk = Desk(store, clerk, readers)
            for visit in work():
                try:
                    done = await desk.read(visit.url, await desk.keep(visit))
                except Exception as exc:
                    if refuse is None:
                        raise
                    refuse(exc)
                    continue
                tell(told(done, visit.last.response))
                if done.refused and refuse is not None:
                    refuse(RuntimeError(done.refused))
