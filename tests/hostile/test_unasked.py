"""A server that goes on talking on a kept connection when nobody has asked it anything."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from archive.capture import Exchange, Outcome, Visit
from archive.store import Archive, Settings, Store
from crawler.wire import UNASKED
from tests.hostile.certificates import Authority
from tests.hostile.test_sinks import crawl
from tests.world.faults import Peer, fetch, origin

PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok"
STRAY = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nthe next\x1b"


async def talks_on(peer: Peer) -> None:
    """Answers, and when the connection has come to rest answers again."""
    while (asked := await peer.request()) is not None:
        await peer.send(PAGE)
        if b"/robots.txt" not in asked:
            await asyncio.sleep(0.1)
            await peer.send(STRAY)
            await peer.until_closed()


async def test_octets_on_an_idle_connection_are_a_record_of_their_own(tmp_path: Path) -> None:
    """Every octet received lies in one record; none of these is taken for the next page's answer."""
    came: list[Exchange] = []
    async with origin(talks_on) as server:
        wire = server.wire()
        wire.unasked = came.append
        first = await fetch(wire, "http://court.test/a")
        while not came:
            await asyncio.sleep(0.01)
        second = await fetch(wire, "http://court.test/b")
        await wire.aclose()
    with Store.open(tmp_path, settings=Settings(floor=0)) as store:
        kept = await asyncio.wrap_future(store.keep(Visit(came[0].url, tuple(came))))
        told = store.archive.exchange(kept.last)

    assert (first.response, first.surplus) == (PAGE, b"")
    assert (second.response, second.surplus) == (PAGE, b"")
    assert server.connections == 2  # and the one that talked is not used again
    assert [(STRAY, b"", Outcome.BAD_HTTP)] == [(each.response, each.request, each.outcome) for each in came]
    assert UNASKED + "http://court.test:80" == came[0].url
    assert (came[0].response, came[0].flags, came[0].peer) == (told.response, told.flags, told.peer)


async def test_it_is_so_over_tls(tmp_path: Path) -> None:
    """What is kept is what was said, not how it was enciphered."""
    authority = Authority(tmp_path)
    came: list[Exchange] = []
    async with origin(talks_on, tls=authority.context("good", "court.test")) as server:
        wire = server.wire(ca=[authority.file])
        wire.unasked = came.append
        await fetch(wire, "https://court.test/a")
        while not came:
            await asyncio.sleep(0.01)
        await wire.aclose()

    assert [(STRAY, UNASKED + "https://court.test:443")] == [(each.response, each.url) for each in came]
    assert came[0].tls is not None and came[0].tls.verified


async def test_the_command_keeps_them_and_the_archive_verifies(tmp_path: Path) -> None:
    """The page's own visit stands as it was; the stray octets are found, read back and verified."""
    home = tmp_path / "home"

    async def slow(peer: Peer) -> None:
        """Keeps the command busy while the other server talks on."""
        while await peer.request() is not None:
            await asyncio.sleep(0.6)
            await peer.send(PAGE)

    async with origin(talks_on) as server, origin(slow) as other:
        options = ["--connect-to", f"court.test:80:127.0.0.1:{server.port}", "--connect-to", f"::127.0.0.1:{other.port}"]
        said = await crawl(
            home, "url", "-", *options, "--pace", "0", "--json", "--no-read", stdin=b"http://court.test/a\nhttp://slow.test/\n"
        )
    verified = await crawl(home, "verify", "--json")
    with Archive.open(home) as archive:
        (stray,) = [capture for capture in archive.captures() if capture.url.startswith(UNASKED)]
        octets = archive.exchange(stray).response

    rows = {row["url"]: row["outcome"] for row in map(json.loads, said.out.splitlines())}
    assert (rows["http://court.test/a"], octets) == ("captured", STRAY)
    assert {"FAIL"} & {json.loads(line)["outcome"] for line in verified.out.splitlines()} == set()
    assert verified.status == 0, verified.out
