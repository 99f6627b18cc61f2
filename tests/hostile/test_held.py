"""Many large answers at once: what all exchanges hold together is bounded, and the largest of them pays."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import threading

import uvloop

from archive.capture import Exchange, Outcome
from crawler.wire import ConnectTo, Limits, Wire
from tests.world.faults import Peer, fetch, origin

MIB = 1 << 20
HELD = 4 * MIB
LIMITS = Limits(held=HELD, first_byte=20)
SMALL = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
ODD = 300_000  # one read beyond a bound, at the most


async def endless(peer: Peer) -> None:
    """A short page where it is asked for, else a body without an end."""
    while (asked := await peer.request()) is not None:
        if b"/small" in asked.split(b"\r\n")[0]:
            await peer.send(SMALL)
        else:
            await peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
            await peer.drip(b"a" * 65_536, 0)


async def sized(peer: Peer) -> None:
    """A body of a MiB."""
    while await peer.request() is not None:
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % MIB + b"a" * MIB)


def kept(exchange: Exchange) -> tuple[Outcome, str | None]:
    return exchange.outcome, exchange.truncated


async def test_eight_floods_at_once_hold_no_more_than_the_bound() -> None:
    """Each ends too-large with what came so far; together they held the bound and no more."""
    async with origin(endless) as server:
        wire = server.wire(limits=LIMITS)
        exchanges = await asyncio.gather(*(fetch(wire, f"http://flood-{n}.test/") for n in range(8)))
        await wire.aclose()

    assert [(Outcome.TOO_LARGE, "length")] * 8 == [kept(each) for each in exchanges]
    # All eight are held here still, so that the last of them had the least room.
    assert sum(len(each.response) for each in exchanges) < HELD + 8 * ODD
    assert [] == [each.response[:80] for each in exchanges if not each.response.startswith(b"HTTP/1.1 200 OK\r\n\r\naaaa")]


async def test_the_largest_pays_and_not_the_small_one() -> None:
    """A page of a few octets comes whole while floods hold all there is."""
    async with origin(endless) as server:
        wire = server.wire(limits=LIMITS)
        flood = asyncio.create_task(fetch(wire, "http://flood.test/"))
        pages = [await fetch(wire, "http://good.test/small") for _ in range(20)]
        ended = await flood
        # The flood is over and still held by whoever has it: the good ones do not pay for that either.
        other = asyncio.create_task(fetch(wire, "http://other.test/"))
        pages += [await fetch(wire, "http://good.test/small") for _ in range(20)]
        await other
        await wire.aclose()

    assert kept(ended) == (Outcome.TOO_LARGE, "length")
    assert [SMALL] * 40 == [page.response for page in pages]
    assert {Outcome.CAPTURED} == {page.outcome for page in pages}


async def test_what_was_put_down_makes_room() -> None:
    """Twenty answers of a MiB, one after another and let go: a bound of four is never met."""
    async with origin(sized) as server:
        wire = server.wire(limits=LIMITS)
        outcomes = []
        for number in range(20):
            outcomes.append((await fetch(wire, f"http://court.test/{number}")).outcome)
            gc.collect()  # a FetchFailed may be in a circle with its traceback
        await wire.aclose()

    assert [Outcome.CAPTURED] * 20 == outcomes


async def test_what_nobody_puts_down_counts() -> None:
    """The same, and all of them kept in hand: as many come whole as fit."""
    async with origin(sized) as server:
        wire = server.wire(limits=LIMITS)
        exchanges = [await fetch(wire, f"http://court.test/{number}") for number in range(6)]
        await wire.aclose()

    assert [Outcome.CAPTURED] * 3 == [each.outcome for each in exchanges[:3]]
    assert [Outcome.TOO_LARGE] * 3 == [each.outcome for each in exchanges[3:]]
    assert sum(len(each.response) for each in exchanges) < HELD + 3 * ODD


async def test_an_exchange_given_up_gives_its_room_back() -> None:
    """Cancelled in the midst of a body a hundred times: the next ones have all the room there is."""
    async with origin(endless) as server:
        wire: Wire = server.wire(limits=LIMITS)
        for number in range(100):
            task = asyncio.create_task(fetch(wire, f"http://flood-{number}.test/"))
            while not task.done() and wire.held == 0:
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        left = wire.held
        page = await fetch(wire, "http://good.test/small")
        await wire.aclose()

    assert (left, page.outcome) == (0, Outcome.CAPTURED)


def test_no_octet_is_read_beyond_what_ended_it() -> None:
    """What lies ready in the socket when an answer has passed a cap stays there: a loop's turn is many reads long.

    The chunks of one octet keep the loop busy, so that the socket is full each time that it is read.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * MIB)

    def serve() -> None:
        peer, _ = listener.accept()
        with peer, contextlib.suppress(OSError):
            peer.recv(65_536)
            peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * (8 * MIB // 6))

    async def fetched() -> Exchange:
        wire = Wire(connect_to=ConnectTo([f"::127.0.0.1:{listener.getsockname()[1]}"]), limits=LIMITS)
        exchange = await fetch(wire)
        await wire.aclose()
        return exchange

    server = threading.Thread(target=serve)
    server.start()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        exchange = runner.run(fetched())
    server.join()
    listener.close()

    assert kept(exchange) == (Outcome.TOO_LARGE, "length")
    assert 6 * LIMITS.chunks < len(exchange.response) < 6 * LIMITS.chunks + 2 * ODD
