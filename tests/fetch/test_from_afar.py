"""Visits from another vantage: whose fault a failure is, and what a host is owed whoever asks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from archive.capture import Exchange, Outcome, Vantage
from crawler.errors import FetchFailed, Paused
from crawler.fetch import NetworkFetcher, Way
from crawler.politeness import Manners, Politeness
from tests.fetch.conftest import VirtualClock, World, written

PAGE = "https://court.example/modules.php?id=1"
AFAR = Vantage("afar", "socks5", "proxy.example:1080", "there")
OBEY = Manners(0)


class Far:
    """A world seen through a proxy; while `fault` is set, not seen."""

    def __init__(self, world: World) -> None:
        self.world, self.fault, self.asked = world, "", 0

    async def get(self, get: object) -> Exchange:
        self.asked += 1
        if self.fault:
            vantage = replace(AFAR, fault=self.fault)
            began = self.world.clock.wall()
            from datetime import UTC, datetime

            at = datetime.fromtimestamp(began, UTC)
            raise Paused(Exchange(get.url, at, 0.0, Outcome.PAUSED, error="vantage afar: its proxy is gone", vantage=vantage))  # type: ignore[attr-defined]
        try:
            return replace(await self.world.get(get), vantage=AFAR, peer=None)  # type: ignore[arg-type]
        except FetchFailed as exc:
            raise type(exc)(replace(exc.exchange, vantage=AFAR)) from exc


@pytest.fixture
def there(clock: VirtualClock) -> World:
    return World(clock)


@pytest.fixture
def far(there: World) -> Far:
    return Far(there)


def both(fetching: Callable[..., NetworkFetcher], far: Far, **options: object) -> NetworkFetcher:
    return fetching(vantages={"afar": Way(far, AFAR)}, **options)


async def test_a_dead_proxy_is_not_the_courts_silence(world, fetching, far, clock):
    """Twelve visits through it: the host owes and is owed nothing, and is asked from here at once; the proxy is left alone."""
    world.put(PAGE, written())
    far.fault = "refused"
    politeness = Politeness(None, clock=clock)
    fetcher = both(fetching, far, politeness=politeness)
    words = [(await fetcher.fetch(PAGE, vantage="afar")).last.vantage.fault for _ in range(12)]
    here = await fetcher.fetch(PAGE)

    assert ["refused"] * 10 + ["resting"] * 2 == words
    assert 10 == far.asked, "no try is repeated, and after ten there is a rest"
    assert (Outcome.CAPTURED, 0.0) == (here.outcome, clock.now)
    assert politeness.cooling("court.example", OBEY) is politeness.cooling("court.example@afar", OBEY) is None
    assert "failures in a row" in politeness.cooling("vantage:afar", OBEY).why


async def test_a_proxy_that_is_back_is_asked_again(fetching, far, clock, there):
    """After its rest one try is let through, and when that is served all are."""
    there.put(PAGE, written())
    far.fault = "timeout"
    fetcher = both(fetching, far)
    for _ in range(11):
        await fetcher.fetch(PAGE, vantage="afar")
    far.fault = ""
    await clock.sleep(3_600)

    visits = [await fetcher.fetch(PAGE, vantage="afar") for _ in range(2)]
    assert [Outcome.CAPTURED] * 2 == [visit.outcome for visit in visits]
    assert {"afar"} == {visit.facts["vantage"] for visit in visits} == {visit.last.vantage.label for visit in visits}


async def test_silence_here_is_no_silence_there(world, fetching, far, clock, there):
    """A breaker that opened because one vantage met silence lets the other one ask."""
    world.put(PAGE, Outcome.TIMEOUT)
    there.put(PAGE, written())
    fetcher = both(fetching, far)
    here = [(await fetcher.fetch(PAGE)).outcome for _ in range(5)]

    assert Outcome.PAUSED == here[-1], "here it has opened"
    assert Outcome.CAPTURED == (await fetcher.fetch(PAGE, vantage="afar")).outcome


@pytest.mark.parametrize("answer", [written(429), written(503, retry_after="900")], ids=["429", "Retry-After"])
async def test_who_asks_for_a_pause_gets_it_from_everywhere(world, fetching, far, there, answer):
    """Another vantage is no way round a site that wants to be left alone."""
    world.put(PAGE, answer)
    there.put(PAGE, written())
    fetcher = both(fetching, far)
    await fetcher.fetch(PAGE)

    assert (Outcome.PAUSED, 0) == ((await fetcher.fetch(PAGE, vantage="afar")).outcome, there.times(PAGE))


async def test_one_host_has_one_pause(world, fetching, far, clock, there):
    """Between two exchanges with a host its pause passes, wherever they are made from."""
    world.put(PAGE, written())
    there.put(PAGE, written())
    fetcher = both(fetching, far, manners=Manners(7, robots="a test"))
    for vantage in (None, "afar", None, "afar", "afar"):
        await fetcher.fetch(PAGE, vantage=vantage)

    times = sorted(at for at, _ in world.asked + there.asked)
    assert [0.0, 7.0, 14.0, 21.0, 28.0] == times


async def test_robots_are_each_vantages_own(world, fetching, far, there):
    """Who is let in nowhere here may be let in there, and sees another file; neither is taken for the other's."""
    robots = "https://court.example/robots.txt"
    world.put(robots, written(body=b"User-agent: *\nDisallow: /\n"))
    there.put(robots, written(body=b""))
    there.put(PAGE, written())
    fetcher = both(fetching, far, manners=OBEY)

    words = [(await fetcher.fetch(PAGE, vantage=vantage)).outcome for vantage in (None, "afar", None)]
    assert [Outcome.ROBOTS, Outcome.CAPTURED, Outcome.ROBOTS] == words
    assert (1, 1) == (world.times(robots), there.times(robots))


async def test_no_robots_file_through_a_dead_proxy(fetching, far, asides):
    """The page is paused too, with the proxy's fault, and the origin's rules stay unknown."""
    far.fault = "407"
    fetcher = both(fetching, far, manners=OBEY)
    visit = await fetcher.fetch(PAGE, vantage="afar")

    assert (Outcome.PAUSED, "407", 1) == (visit.outcome, visit.last.vantage.fault, len(asides))
    assert fetcher._robots.known("https://court.example:443@afar") is None
