"""Each bad proxy ends in its own word, in time and in little memory; and never as a failure of the court behind it."""

from __future__ import annotations

import pytest

from archive.capture import Exchange, Outcome
from crawler.tunnel import KEPT, Proxy
from crawler.turn import Limits
from crawler.wire import Wire
from tests.hostile.memory import forget, peak
from tests.hostile.proxies import BAD, Bad
from tests.hostile.street import black_hole, unused
from tests.world.faults import fetch, origin

LIMITS = Limits(connect=0.4, tunnel=0.6, tls=0.6, first_byte=0.6, whole=3, linger=0.05)


async def _met(bad: Bad, url: str) -> Exchange:
    if bad.does in (unused, black_hole):
        with bad.does() as port:  # type: ignore[operator]
            return await _asked(bad, port, url)
    async with origin(bad.does) as server:  # type: ignore[arg-type]
        return await _asked(bad, server.port, url)


async def _asked(bad: Bad, port: int, url: str) -> Exchange:
    wire = Wire(limits=LIMITS, proxy=Proxy("afar", bad.kind, "127.0.0.1", port, "there"))
    try:
        exchange = await fetch(wire, url)
        assert 0 == wire.open_connections
        return exchange
    finally:
        await wire.aclose()


@pytest.mark.parametrize("url", ["http://court.test/", "https://court.test/"], ids=["plain", "tls"])
@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
async def test_a_bad_proxy(bad: Bad, url: str) -> None:
    """Paused, and why: the court was not asked. What the proxy said is kept apart, up to a bound, and nothing is its page."""
    exchange = await _met(bad, url)

    assert (Outcome.PAUSED, b"", b"", b"", ()) == (
        exchange.outcome, exchange.request, exchange.response, exchange.surplus, exchange.interim,
    )  # fmt: skip
    assert exchange.vantage is not None and bad.fault == exchange.vantage.fault
    assert bad.kept == bool(exchange.tunnel) and len(exchange.tunnel) <= 2 * KEPT
    assert (exchange.error or "").startswith("vantage afar: its proxy") and (exchange.error or "").isprintable()
    assert (None, None, None) == (exchange.peer, exchange.tls, exchange.status)


def test_there_are_enough_of_them() -> None:
    """At least twenty, each with a name of its own, over both protocols."""
    assert len({bad.name for bad in BAD}) == len(BAD) >= 40
    assert {"http", "socks5"} == {bad.kind for bad in BAD}


async def test_floods_through_proxies_cost_little_memory() -> None:
    """All the endless ones, twenty times over: nothing of them stays."""
    endless = [bad for bad in BAD if "never" in bad.name or "floods" in bad.name]
    await _met(endless[0], "http://court.test/")
    before = forget()
    for bad in endless * 20:
        await _met(bad, "http://court.test/")

    assert len(endless) >= 4 and peak() - before < 30_000
