"""The wire against a server that does as it is told: what is kept, and how each exchange ends."""

from __future__ import annotations

import asyncio
import base64
import errno
import json
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from archive.capture import Exchange, Outcome
from archive.message import entity
from crawler.errors import FetchFailed
from crawler.guard import Guard
from crawler.wire import ConnectTo, Limits, Wire
from tests.world.answers import answer, pieces
from tests.world.faults import Peer, always, fetch, fetch_all, once, origin, received

REAL = Path(__file__).resolve().parents[3] / "shared" / "realdata"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
QUICK = Limits(first_byte=0.3, whole=1.5, connect=0.5, tls=0.5, dns=0.3, rate=1000, rate_window=0.4, linger=0.1)


async def test_both_directions_are_kept_octet_for_octet() -> None:
    """2,000 random answers in random segments: interim, response and surplus in order are what the server sent."""
    seed = random.randrange(2**32)
    print("seed", seed)
    rng = random.Random(seed)
    current = answer(rng)

    async def script(peer: Peer) -> None:
        while await peer.request() is not None:
            made = current
            await peer.send(*pieces(made, rng))
            if not made.kept:
                return

    async with origin(script) as server:
        wire = server.wire(limits=Limits(linger=20))
        kept = 0
        for number in range(2000):
            current = answer(rng)
            exchange = await fetch(wire, f"http://court.test/{number}")
            assert (exchange.outcome, exchange.interim, exchange.response, exchange.surplus) == (
                current.outcome,
                current.interim,
                current.response,
                current.surplus,
            ), current
            assert exchange.request == server.requests[-1]
            kept += current.kept
        assert server.connections == 2000 - kept + (1 if current.kept else 0)
        await wire.aclose()


async def test_the_request_is_sent_as_it_is_recorded() -> None:
    """Fields in their order and case, repeated ones too; the record is what the server read."""
    async with origin(always(OK)) as server:
        wire = server.wire()
        headers = [("Host", "court.test"), ("User-Agent", "made-up"), ("x-Odd-CASE", "1"), ("Accept", "a"), ("Accept", "b")]
        response = await wire.handle_async_request(
            httpx.Request("GET", "http://court.test/a%20b?x=%D0%BF#part", headers=headers)
        )
        exchange = response.extensions["exchange"]
        await wire.aclose()

    assert server.requests == [exchange.request]
    assert exchange.request == (
        b"GET /a%20b?x=%D0%BF HTTP/1.1\r\n"
        b"Host: court.test\r\nUser-Agent: made-up\r\nx-Odd-CASE: 1\r\nAccept: a\r\nAccept: b\r\n\r\n"
    )


async def test_a_request_with_a_body() -> None:
    """A stamp request is sent whole, with its length."""
    bodies = []

    async def script(peer: Peer) -> None:
        await peer.request()
        bodies.append(await peer.reader.readexactly(5))
        await peer.send(OK)

    async with origin(script) as server:
        wire = server.wire()
        response = await wire.handle_async_request(httpx.Request("POST", "http://stamps.test/", content=b"query"))
        await wire.aclose()

    assert bodies == [b"query"]
    assert response.extensions["exchange"].request.endswith(b"Content-Length: 5\r\n\r\nquery")


async def test_a_request_that_would_split_is_not_sent() -> None:
    """A line break in a field's value never becomes a field of its own."""
    async with origin(always(OK)) as server:
        wire = server.wire()
        with pytest.raises(FetchFailed) as failure:
            await wire.handle_async_request(httpx.Request("GET", "http://court.test/", headers={"X": "a\r\nY: b"}))
        await wire.aclose()

    assert failure.value.outcome is Outcome.GUARDED
    assert (server.connections, failure.value.exchange.request) == (0, b"")


async def test_what_httpx_sees() -> None:
    """Status, fields as sent and the entity-body with its content coding; httpx's own client can use it too."""
    packed = base64.b64decode("H4sIAAAAAAACA8vPBgBH3dx5AgAAAA==")
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(packed), packed)
    octets = b"HTTP/1.1 203 Sure\r\nX-a: 1\r\nx-A: 2\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    async with origin(always(octets)) as server:
        wire = server.wire()
        response = await wire.handle_async_request(httpx.Request("GET", "http://court.test/"))
        raw = b"".join([part async for part in response.aiter_raw()])
        async with httpx.AsyncClient(transport=wire, trust_env=False) as client:
            decoded = (await client.get("http://court.test/")).text

    assert (response.status_code, response.headers.raw[0], response.headers.raw[1]) == (203, (b"X-a", b"1"), (b"x-A", b"2"))
    assert response.extensions["reason_phrase"] == b"Sure"
    assert raw == packed
    assert decoded == "ok"


async def test_the_facts_of_an_exchange() -> None:
    """Peer, look-up, times, where it came from: of this very connection."""

    async def resolve(host: str) -> list[str]:
        assert host == "named.test"
        return ["127.0.0.1"]

    async with origin(always(OK)) as server:
        wire = Wire(connect_to=ConnectTo([f"::named.test:{server.port}"]), resolve=resolve)
        exchange = await fetch(wire, "http://court.test/x", via="http://court.test/")
        await wire.aclose()

    assert (exchange.url, exchange.via, exchange.method) == ("http://court.test/x", "http://court.test/", "GET")
    assert (exchange.peer, exchange.dns, exchange.tls) == (f"127.0.0.1:{server.port}", ("127.0.0.1",), None)
    assert (exchange.status, exchange.head_length) == (200, len(OK) - 2)
    assert exchange.first_byte is not None
    assert 0 <= exchange.first_byte <= exchange.elapsed


# How servers break

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("octets", "outcome", "kept"),
    [
        (LENGTH % 10 + b"abc", "truncated", None),
        (LENGTH % 0 + b"", "captured", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -10\r\n\r\nabc", "bad-http", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "bad-http", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "captured", b"abc"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
            "captured",
            b"abcd",
        ),
        (CHUNKED + b"zz\r\nabcd\r\n0\r\n\r\n", "bad-http", None),
        (CHUNKED + b"f" * 19 + b"\r\nabcd", "truncated", None),
        (CHUNKED + b"10\r\nabcd", "truncated", None),
        (b"good day\r\n\r\n", "bad-http", None),
        (b"<p>good day</p>", "bad-http", None),
        (b"HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n", "captured", b""),
        (b"HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n", "bad-http", None),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "captured", b"ok"),
        (b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n", "bad-http", None),
        (b"HTTP/1.1 200 OK\r\nX: a\x1b[31mb\r\nContent-Length: 0\r\n\r\n", "captured", b""),
        (b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n", "bad-http", None),
        (b"HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 0\r\n\r\n", "bad-http", None),
        (b"HTTP/1.1 200 OK\r\nX: y\r\n z\r\nContent-Length: 0\r\n\r\n", "captured", b""),
        ("HTTP/1.1 200 OK\r\nX: суд\r\nContent-Length: 0\r\n\r\n".encode(), "captured", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\nnotgzip", "captured", b"notgzip"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: mystery\r\nContent-Length: 3\r\n\r\nabc", "captured", b"abc"),
        (b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "bad-http", None),
        (b"HTTP/1.1 204 N\r\nContent-Length: 5\r\n\r\nhello", "captured", b""),
        (b"HTTP/1.0 200 OK\r\n\r\nto the close", "captured", b"to the close"),
        (b"HTTP/1.1 200 OK\r\n\r\nto the close", "captured", b"to the close"),
        (b"", "reset", None),
        (b"HTTP/1.1 200 OK\r\nX:", "reset", None),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "reset", None),
        (b"HTTP/2.0 200 OK\r\n\r\n", "bad-http", None),
    ],
)
async def test_answers_of_every_kind(octets: bytes, outcome: str, kept: bytes | None) -> None:
    """What can be cut without guessing is captured, what cannot is not; every octet is kept either way."""
    async with origin(once(octets)) as server:
        wire = server.wire()
        exchange = await fetch(wire)
        await wire.aclose()

    assert exchange.outcome == outcome
    assert received(exchange) == octets
    if kept is not None:
        assert entity(exchange.response) == kept
        assert exchange.truncated is None
    if outcome == "truncated":
        assert exchange.truncated == "disconnect"


async def test_octets_that_are_no_head_are_kept_as_octets() -> None:
    """A page without a head is no response, and is not thrown away: it may be all that a sick server can say."""
    async with origin(once(b"<p>", b"back soon", b"</p>")) as server:
        wire = server.wire()
        exchange = await fetch(wire)
        await wire.aclose()

    assert (exchange.outcome, exchange.response, exchange.head_length, exchange.status) == (
        Outcome.BAD_HTTP,
        b"<p>back soon</p>",
        0,
        None,
    )


async def test_a_second_response_on_the_wire_answers_nobody() -> None:
    """A split response is one response; the rest is surplus, and the next request gets a connection of its own."""
    split = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"
    answers = [split, OK]

    async def script(peer: Peer) -> None:
        while await peer.request() is not None:
            await peer.send(answers[min(peer.server.connections, 2) - 1])

    async with origin(script) as server:
        wire = server.wire(limits=Limits(linger=0.05))
        first, second = await fetch(wire), await fetch(wire)
        await wire.aclose()

    assert (first.response, first.surplus) == (split[:38], split[38:])
    assert (second.response, second.surplus, server.connections) == (OK, b"", 2)


async def test_octets_on_an_idle_connection_answer_nobody() -> None:
    """What a server sends unasked between two requests is never the answer of the second."""
    sent = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        if peer.server.connections == 1:
            await asyncio.sleep(0.02)
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
            sent.set()
            await peer.until_closed()

    async with origin(script) as server:
        wire = server.wire()
        await fetch(wire)
        await sent.wait()
        second = await fetch(wire)
        await wire.aclose()

    assert (second.response, server.connections) == (OK, 2)


@pytest.mark.parametrize(
    ("octets", "truncated"),
    [
        (b"", None),
        (b"HTTP/1.1 200 OK\r\nX:", "disconnect"),
        (LENGTH % 9 + b"abc", "disconnect"),
        (b"HTTP/1.1 200 OK\r\n\r\nabc", "disconnect"),
    ],
)
async def test_a_reset_is_not_an_end(octets: bytes, truncated: str | None) -> None:
    """RST in any phase is `reset`, even where the body would have run to the close."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(octets)
        await asyncio.sleep(0.05)  # a reset may overtake what was sent
        peer.reset()

    async with origin(script) as server:
        wire = server.wire()
        exchange = await fetch(wire)
        await wire.aclose()

    assert (exchange.outcome, exchange.response, exchange.truncated) == (Outcome.RESET, octets, truncated)


async def test_a_half_closed_connection_ends_the_body() -> None:
    """FIN from a server that still listens is the end of what it says."""
    async with origin(once(b"HTTP/1.1 200 OK\r\n\r\nabc", end="half-close")) as server:
        wire = server.wire()
        exchange = await fetch(wire)
        await wire.aclose()

    assert (exchange.outcome, exchange.response[-3:]) == (Outcome.CAPTURED, b"abc")


async def test_a_server_that_speaks_first() -> None:
    """Octets that come before the request are kept like any others."""

    async def script(peer: Peer) -> None:
        await peer.send(b"220 mail.test ready\r\n")
        await peer.request()

    async with origin(script) as server:
        wire = server.wire()
        exchange = await fetch(wire)
        await wire.aclose()

    assert (exchange.outcome, exchange.response) == (Outcome.BAD_HTTP, b"220 mail.test ready\r\n")


async def test_nobody_listens() -> None:
    """A refused connection is an outcome with its address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    wire = Wire(connect_to=ConnectTo([f"::127.0.0.1:{port}"]))
    exchange = await fetch(wire)
    await wire.aclose()

    assert (exchange.outcome, exchange.request, exchange.peer) == (Outcome.REFUSED, b"", None)
    assert f"127.0.0.1:{port}" in (exchange.error or "")


@contextmanager
def black_hole() -> Iterator[int]:
    """A port whose backlog is full: connections to it neither succeed nor fail."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        fillers.append(filler)
    try:
        yield listener.getsockname()[1]
    finally:
        for s in (*fillers, listener):
            s.close()


async def test_a_connection_that_never_comes() -> None:
    """A black hole costs its time and no more, and leaves no connection."""
    with black_hole() as port:
        wire = Wire(connect_to=ConnectTo([f"::127.0.0.1:{port}"]), limits=QUICK)
        exchange = await fetch(wire)

        assert exchange.outcome is Outcome.TIMEOUT
        assert wire.open_connections == 0


async def test_a_black_hole_among_the_addresses_is_passed_by() -> None:
    """The next address gets its share of the time."""
    with black_hole() as port:

        async def resolve(host: str) -> list[str]:
            return ["127.0.0.1", "127.0.0.2"]

        server = await asyncio.start_server(lambda r, w: w.write(OK), "127.0.0.2", port)
        async with server:
            wire = Wire(connect_to=ConnectTo([f"::named.test:{port}"]), limits=replace(QUICK, connect=1.0), resolve=resolve)
            exchange = await fetch(wire)
            await wire.aclose()

    assert (exchange.outcome, exchange.peer) == (Outcome.CAPTURED, f"127.0.0.2:{port}")
    assert exchange.dns == ("127.0.0.1", "127.0.0.2")


async def test_our_own_lack_is_not_the_servers_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of descriptors: the record says that the fault is here."""

    async def open_nothing(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", open_nothing)
    wire = Wire(connect_to=ConnectTo(["::127.0.0.1:9"]))
    exchange = await fetch(wire)

    assert (exchange.outcome, exchange.flags) == (Outcome.REFUSED, ("local-fault",))


# Limits in time


@pytest.mark.parametrize(
    ("before", "drop", "every", "outcome", "truncated"),
    [
        (b"", b"", 5.0, "timeout", None),
        (b"", b"H", 0.05, "bad-http", None),
        (b"HTTP/1.1 200 OK\r\nX: ", b"a", 0.02, "too-slow", "time"),
        (LENGTH % 100_000, b"a", 0.02, "too-slow", "time"),
        (CHUNKED, b"1\r\na\r\n", 0.02, "too-slow", "time"),
        (CHUNKED + b"5;", b"a", 0.02, "too-slow", "time"),
        (LENGTH % 100_000, b"", 5.0, "too-slow", "time"),
        (LENGTH % 10_000_000, b"a" * 2000, 0.01, "timeout", "time"),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0, "too-large", "length"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.1, "too-slow", None),
    ],
    ids=[
        "silence",
        "not http",
        "dripped head",
        "dripped body",
        "dripped chunks",
        "dripped extension",
        "stall after head",
        "above the rate and endless",
        "endless interim",
        "slow interim",
    ],
)
async def test_servers_that_never_finish(before: bytes, drop: bytes, every: float, outcome: str, truncated: str | None) -> None:
    """Each ends by itself, in its word, with what came kept and the connection gone."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(before)
        await peer.drip(drop, every)

    async with origin(script) as server:
        wire = server.wire(limits=QUICK)
        exchange = await fetch(wire)
        await asyncio.sleep(0)

        assert (exchange.outcome, exchange.truncated) == (outcome, truncated)
        assert received(exchange).startswith(before + (drop if every < 1 else b""))
        assert wire.open_connections == 0
        await wire.aclose()


async def test_the_deadline_of_one_request() -> None:
    """`deadline` in the request's extensions stands in place of the limit."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 40, 0.01)

    async with origin(script) as server:
        wire = server.wire(limits=Limits(interim=10**6))
        exchange = await fetch(wire, deadline=0.2)
        await wire.aclose()

    assert exchange.outcome is Outcome.TIMEOUT
    assert len(exchange.interim) > 0


@pytest.mark.parametrize(("octets", "outcome"), [(299, "too-slow"), (300, "captured"), (301, "captured")])
async def test_the_minimum_rate_to_the_octet(octets: int, outcome: str) -> None:
    """One octet below the rate over a window is too slow; the rate itself is not."""
    head = LENGTH % (octets + 5)

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head + b"a" * (octets - len(head)))
        await asyncio.sleep(1.5)  # inside the second window
        await peer.send(b"b" * (len(head) + 5))

    async with origin(script) as server:
        wire = server.wire(limits=Limits(rate=300, rate_window=1.0))
        exchange = await fetch(wire)
        await wire.aclose()

    assert exchange.outcome == outcome


@pytest.mark.parametrize("off", [-1, 0, 1])
async def test_the_length_of_a_url(off: int) -> None:
    """A URL one octet longer than the cap is not sent."""
    base = "http://court.test/"
    async with origin(always(OK)) as server:
        wire = server.wire()
        exchange = await fetch(wire, base + "a" * (8192 + off - len(base)))
        await wire.aclose()

    assert exchange.outcome is (Outcome.TOO_LARGE if off > 0 else Outcome.CAPTURED)
    assert len(server.requests) == (0 if off > 0 else 1)


async def test_a_flood_beyond_the_cap() -> None:
    """An endless body is dropped at the cap: what is kept exceeds it by one read at the most."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        await peer.drip(b"a" * 65_536, 0)

    async with origin(script) as server:
        wire = server.wire(limits=Limits(body=300_000))
        exchange = await fetch(wire)
        await wire.aclose()

    assert (exchange.outcome, exchange.truncated) == (Outcome.TOO_LARGE, "length")
    assert 300_000 < len(exchange.response) < 300_000 + 2 * 262_144


async def test_endless_surplus() -> None:
    """A server that goes on after its answer is listened to for a while only; its answer stands."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"more")
        await peer.drip(b"more" * 1000, 0)

    async with origin(script) as server:
        wire = server.wire(limits=Limits(linger=5, surplus=10_000))
        exchange = await fetch(wire)
        await wire.aclose()

    assert (exchange.outcome, exchange.response) == (Outcome.CAPTURED, OK)
    assert exchange.surplus.startswith(b"moremore")


# Keeping connections


async def test_connections_are_used_again() -> None:
    """100 requests in turn are one connection; each host has its own."""
    async with origin(always(OK)) as server:
        wire = server.wire()
        for _ in range(100):
            assert (await fetch(wire)).outcome is Outcome.CAPTURED
        assert server.connections == 1
        await fetch(wire, "http://other.test/")
        assert server.connections == 2
        assert wire.open_connections == 2
        await wire.aclose()
        assert wire.open_connections == 0


async def test_at_once_means_a_connection_each() -> None:
    """20 at once are 20 connections, and the next 20 use the same."""
    async with origin(always(OK)) as server:
        wire = server.wire()
        for _ in range(3):
            exchanges = await fetch_all(wire, [f"http://court.test/{i}" for i in range(20)])
            assert {e.outcome for e in exchanges} == {Outcome.CAPTURED}
        assert server.connections == 20
        await wire.aclose()


async def test_no_more_idle_connections_than_allowed() -> None:
    """The longest idle one is closed first."""
    async with origin(always(OK)) as server:
        wire = server.wire(limits=Limits(idle_connections=3))
        for i in range(5):
            await fetch(wire, f"http://court-{i}.test/")
        await asyncio.sleep(0.01)
        assert wire.open_connections == 3
        await fetch(wire, "http://court-4.test/")
        assert server.connections == 5
        await fetch(wire, "http://court-0.test/")
        assert server.connections == 6
        await wire.aclose()


async def test_an_idle_connection_is_not_kept_for_ever() -> None:
    """After its time it is closed, unasked."""
    async with origin(always(OK)) as server:
        wire = server.wire(limits=Limits(idle=0.05, first_byte=0.1))
        await fetch(wire)
        assert wire.open_connections == 1
        for _ in range(100):
            await asyncio.sleep(0.02)
            if not wire.open_connections:
                break
        assert wire.open_connections == 0
        await wire.aclose()


@pytest.mark.parametrize("end", ["fin", "reset"])
async def test_a_kept_connection_that_died_is_replaced_unseen(end: str) -> None:
    """The server hangs up on the second request of a connection: a fresh one answers it, and the record says so."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        peer.reset() if end == "reset" else peer.fin()

    async with origin(script) as server:
        wire = server.wire()
        repeated: list[Exchange] = []
        first = await fetch(wire)
        second = await fetch(wire, repeated=repeated.append)
        await wire.aclose()

    assert (first.outcome, first.flags) == (Outcome.CAPTURED, ())
    assert (second.outcome, second.response, second.flags) == (Outcome.CAPTURED, OK, ("stale-connection",))
    # What broke off is told too: sent, and never answered.
    assert [(e.outcome, e.request, e.response, e.flags) for e in repeated] == [
        (Outcome.RESET, second.request, b"", ("stale-connection",))
    ]
    assert server.connections == 2


async def test_only_a_request_that_may_be_repeated_is() -> None:
    """A POST on a dying connection is not sent twice."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()

    async with origin(script) as server:
        wire = server.wire()
        await fetch(wire)
        second = await fetch(wire, method="POST")
        await wire.aclose()

    assert (second.outcome, server.connections) == (Outcome.RESET, 1)


async def test_a_fresh_connection_that_dies_is_not_tried_again() -> None:
    """One try is one exchange: trying again is the fetcher's decision."""
    async with origin(once(b"")) as server:
        wire = server.wire()
        exchange = await fetch(wire)
        await wire.aclose()

    assert (exchange.outcome, server.connections) == (Outcome.RESET, 1)


# Ending


async def test_closing_the_wire_ends_what_is_under_way() -> None:
    """Nobody waits for ever: an exchange under way ends as reset, with what came."""
    begun = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(LENGTH % 10 + b"abc")
        begun.set()
        await peer.until_closed()

    async with origin(script) as server:
        wire = server.wire()
        task = asyncio.ensure_future(fetch(wire))
        await begun.wait()
        await asyncio.sleep(0.01)
        await wire.aclose()
        exchange = await task

    assert (exchange.outcome, exchange.response) == (Outcome.RESET, LENGTH % 10 + b"abc")


async def test_a_fault_of_our_own_is_no_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in the reading shows itself, and is not recorded as the server's doing."""

    def broken(*_: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr("crawler.turn.Turn.feed", broken)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    async with origin(once(OK)) as server:
        wire = server.wire()
        with pytest.raises(ZeroDivisionError):
            await fetch(wire)
        assert wire.open_connections == 0


async def storm(count: int) -> None:
    """Cancel at every stage, then ask for good pages."""
    seed = random.randrange(2**32)
    print("seed", seed)
    rng = random.Random(seed)

    async def script(peer: Peer) -> None:
        while (request := await peer.request()) is not None:
            if b"/slow" in request:
                await peer.send(LENGTH % 10 + b"abc")
                await peer.until_closed()
                return
            await peer.send(OK)

    async with origin(script) as server:
        wire = server.wire()
        cancelled = 0
        for _ in range(0, count, 50):
            tasks = [
                asyncio.ensure_future(fetch(wire, f"http://c{i % 7}.test/slow" if i % 3 else "http://c0.test/"))
                for i in range(50)
            ]
            for task in tasks:
                asyncio.get_running_loop().call_later(rng.random() * 0.02, task.cancel)
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                assert isinstance(result, asyncio.CancelledError | Exchange), result
                cancelled += isinstance(result, asyncio.CancelledError)
        assert cancelled >= count / 3
        good = await fetch_all(wire, [f"http://c{i % 7}.test/" for i in range(100)])
        assert [e.outcome for e in good] == [Outcome.CAPTURED] * 100
        await wire.aclose()
        await asyncio.sleep(0.05)
        assert (wire.open_connections, server.open) == (0, 0)


async def test_cancelled_exchanges_leave_nothing_behind() -> None:
    """1,000 cancelled at random moments, then 100 of 100 good pages, and no connection is left."""
    await storm(1000)


@pytest.mark.full
async def test_ten_thousand_cancelled_exchanges_leave_nothing_behind() -> None:
    """The long form."""
    await storm(10_000)


# Connecting elsewhere


@pytest.mark.parametrize(
    ("rules", "host", "port", "target"),
    [
        (["a.test:80:127.0.0.1:8080"], "a.test", 80, ("127.0.0.1", 8080)),
        (["a.test:80:127.0.0.1:8080"], "A.TEST", 80, ("127.0.0.1", 8080)),
        (["a.test:80:127.0.0.1:8080"], "a.test", 443, ("a.test", 443)),
        (["a.test:80:127.0.0.1:8080"], "b.test", 80, ("b.test", 80)),
        ([":443:127.0.0.1:8443", "::127.0.0.1:8080"], "b.test", 443, ("127.0.0.1", 8443)),
        ([":443:127.0.0.1:8443", "::127.0.0.1:8080"], "b.test", 80, ("127.0.0.1", 8080)),
        (["a.test::b.test:"], "a.test", 443, ("b.test", 443)),
        (["a.test:::8443"], "a.test", 443, ("a.test", 8443)),
        (["[::1]:80:[::2]:81"], "::1", 80, ("::2", 81)),
    ],
)
def test_connect_to_rules(rules: list[str], host: str, port: int, target: tuple[str, int]) -> None:
    """As in curl: the first match wins, what is empty matches any or stays."""
    found = ConnectTo(rules).target(host, port)

    assert (found.host, found.port) == target


@pytest.mark.parametrize("rule", ["", "a", "a:80:b", "a:80:b:c", "a:80:::1:80", "a:80:b:65536", "a:80:b:80:"])
def test_connect_to_rules_that_are_none(rule: str) -> None:
    """A rule that cannot be read is an error at once, not a page fetched from elsewhere."""
    with pytest.raises(ValueError, match="HOST:PORT:ADDR:PORT2"):
        ConnectTo([rule])


async def test_a_rule_without_an_address_names_none() -> None:
    """`a.test:80::PORT` names a port: the address is looked up, and checked like any other."""

    async def resolve(host: str) -> list[str]:
        return ["127.0.0.1"]

    async with origin(always(OK)) as server:
        wire = Wire(connect_to=ConnectTo([f"a.test:80::{server.port}"]), resolve=resolve, guard=Guard())
        exchange = await fetch(wire, "http://a.test/")
        await wire.aclose()

    assert (exchange.outcome, server.connections) == (Outcome.GUARDED, 0)


# Real hostile answers


@pytest.mark.real
async def test_the_hostile_answers() -> None:
    """Each ends as its file says, with every octet kept."""
    path = REAL / "hostile" / "http" / "hostile-responses.json"
    if not path.exists():
        pytest.skip("no real data here")
    words = {"protocol-error": "bad-http", "truncated": "truncated"}
    cases = json.loads(path.read_text("utf-8"))
    ended = {}
    for case in cases:
        octets = base64.b64decode(case["raw_b64"])
        async with origin(once(octets)) as server:
            wire = server.wire()
            exchange = await fetch(wire)
            await wire.aclose()
        ended[case["name"]] = exchange.outcome.value
        assert received(exchange) == octets, case["name"]
        assert exchange.outcome == words.get(case["expect"].split(":")[0], "captured"), case["name"]
    assert len(ended) == 25
