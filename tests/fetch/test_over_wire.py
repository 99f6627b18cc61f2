"""The same promises over real sockets: a server on loopback, spoken to as if it were a court."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from archive.capture import Outcome
from crawler.fetch import NetworkFetcher
from crawler.politeness import Manners, Politeness
from crawler.wire import ConnectTo, Wire


@pytest.fixture
async def court(answer):
    """A court's web server that remembers what it was asked: (path, header lines)."""
    asked: list[tuple[str, list[bytes]]] = []
    seen: Counter[str] = Counter()
    pages = {
        "/robots.txt": answer(200, b"User-agent: *\nDisallow: /closed\n"),
        "/moved": answer(301, location="/суд?a=1".encode("cp1251")),
        "/%F1%F3%E4?a=1": answer(200, b"found"),
        "/same": answer(304, b""),
        "/loop": answer(302, location="/loop"),
    }

    async def serve(reader, writer):
        try:
            while True:
                *lines, _, _ = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
                path = lines[0].split(b" ")[1].decode("ascii")
                asked.append((path, lines))
                seen[path] += 1
                if path == "/shy" and seen[path] < 3:
                    writer.transport.abort()
                    return
                unwell = path == "/unwell" and seen[path] == 1
                writer.write(answer(503, retry_after="1") if unwell else pages.get(path, answer(200, path.encode())))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked
        server.close()


@pytest.fixture
async def fetcher(court, asides):
    port, _ = court
    wire = Wire(connect_to=ConnectTo([f"court.example::127.0.0.1:{port}"]))

    async def aside(visit):
        asides.append(visit)

    yield NetworkFetcher(
        wire,
        Politeness(None, pace=0),
        user_agent="kartoteka/0.1 (+mailto:clerk@example.org)",
        manners=lambda _: Manners(2.0),
        aside=aside,
    )
    await wire.aclose()


async def test_a_page_comes_with_its_redirect_and_its_robots(court, fetcher, asides):
    """Octets of a Location go back as they came; robots.txt is asked for once, first, and kept."""
    visit = await fetcher.fetch("http://court.example/moved")
    await fetcher.fetch("http://court.example/other")
    assert [path for path, _ in court[1]] == ["/robots.txt", "/moved", "/%F1%F3%E4?a=1", "/other"]
    assert [(exchange.url, exchange.status, exchange.via) for exchange in visit.exchanges] == [
        ("http://court.example/moved", 301, None),
        ("http://court.example/%F1%F3%E4?a=1", 200, "http://court.example/moved"),
    ]
    assert visit.last.response.endswith(b"\r\n\r\nfound")
    assert [(aside.url, aside.outcome) for aside in asides] == [("http://court.example/robots.txt", "captured")]


async def test_requests_go_out_in_one_order(court, fetcher):
    """The very lines on the wire, which are the lines in the record."""
    visit = await fetcher.fetch("http://court.example/a")
    lines = [
        b"GET /a HTTP/1.1",
        b"Host: court.example",
        b"User-Agent: kartoteka/0.1 (+mailto:clerk@example.org)",
        b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        b"Accept-Encoding: gzip, identity",
        b"Connection: keep-alive",
    ]
    assert court[1][-1][1] == lines
    assert visit.last.request == b"\r\n".join([*lines, b"", b""])


async def test_a_shy_and_an_unwell_page_come_in_the_end(court, fetcher):
    """Resets and a 503 are kept as tries, the one too that met a connection at rest; the page is the last exchange."""
    shy, unwell = await fetcher.fetch("http://court.example/shy"), await fetcher.fetch("http://court.example/unwell")
    assert [exchange.outcome for exchange in shy.exchanges] == ["reset", "reset", "captured"]
    assert [exchange.status for exchange in unwell.exchanges] == [503, 200]


@pytest.mark.parametrize(
    ("path", "outcome", "asked"),
    [("/loop", "redirect-loop", True), ("/closed/x", "robots", False), ("/same", "captured", True)],
)
async def test_other_ends(court, fetcher, path, outcome, asked):
    """A loop, a closed door, and a 304 that nobody asked for."""
    visit = await fetcher.fetch(f"http://court.example{path}")
    assert (visit.outcome, path in [path for path, _ in court[1]]) == (outcome, asked)


async def test_a_forbidden_address_is_told_by_the_guard(court, fetcher):
    """Not by its robots.txt, which was never asked for."""
    visit = await fetcher.fetch("http://10.0.0.1/")
    assert (visit.outcome, visit.last.request, visit.facts["robots"]) == (Outcome.GUARDED, b"", "not had: guarded")
