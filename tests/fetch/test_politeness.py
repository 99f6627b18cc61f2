"""Hosts are asked again when their time has come, and not before; also after a restart."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from archive.capture import Exchange, Outcome
from crawler.politeness import CoolingDown, Manners, Politeness, RetryAfter, retry_after

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
COURT, OTHER = "court.example", "other-court.example"


def ended(outcome=Outcome.CAPTURED, status=None):
    return Exchange(f"https://{COURT}/", NOW, 0.1, outcome, status=status)


async def begins(politeness, clock, host, manners, **options):
    """When an exchange with the host was let begin; it takes no time."""
    async with politeness.turn(host, manners, **options):
        return clock.monotonic()


@pytest.mark.parametrize(
    ("value", "seconds", "noted"),
    [
        ("7", 7.0, False),
        (" 120 ", 120.0, False),
        ("Mon, 02 Mar 2026 12:10:00 GMT", 600.0, False),
        ("Monday, 02-Mar-26 12:10:00 GMT", 600.0, False),  # RFC 850
        ("Mon Mar  2 12:10:00 2026", 600.0, False),  # asctime
        ("0", 1.0, True),
        ("-5", 1.0, True),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 1.0, True),
        ("86400", 86_400.0, False),
        ("86401", 86_400.0, True),
        ("9" * 400, 86_400.0, True),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0, True),
        ("soon", None, True),
        ("", None, True),
        ("1.5", None, True),
        ("١٢", None, True),
        ("Mon, 99 Mar 2026 12:10:00 GMT", None, True),
        ("Mon, 02 Mar 99999999999 12:10:00 GMT", None, True),
    ],
)
def test_both_forms_of_retry_after_are_kept_within_a_day(value, seconds, noted):
    """Seconds and dates, from one second to 24 hours; what is odd is said."""
    found = retry_after(value, NOW)
    assert (found.seconds, found.note is not None) == (seconds, noted)


async def test_a_host_is_left_alone_between_two_exchanges(clock):
    """The pause runs from the end of one exchange to the begin of the next."""
    politeness, manners = Politeness(None, clock=clock), Manners(3.0)
    async with politeness.turn(COURT, manners):
        await clock.sleep(10.0)
    assert await begins(politeness, clock, COURT, manners) == 13.0
    assert await begins(politeness, clock, OTHER, manners) == 13.0


async def test_a_platform_is_paused_over_all_its_hosts(clock):
    """Ten courts at three seconds each are still too much for the machine that serves them all."""
    politeness, manners = Politeness(None, clock=clock), Manners(3.0, platform="courts", platform_pause=1.5)
    hosts = [COURT, OTHER, "third.example", COURT]
    begun = await asyncio.gather(*(begins(politeness, clock, host, manners) for host in hosts))
    assert sorted(begun) == [0.0, 1.5, 3.0, 4.5]
    assert begun[3] - begun[0] >= 3.0


@pytest.mark.parametrize(("per_host", "most"), [(1, 1), (3, 3)])
async def test_no_more_than_the_agreed_exchanges_run_at_once(clock, world, per_host, most):
    """One at a time is the rule; a source may allow more."""
    politeness, manners, running, seen = Politeness(None, clock=clock), Manners(0.0, per_host=per_host), set(), []

    async def one(name):
        async with politeness.turn(COURT, manners):
            running.add(name)
            seen.append(len(running))
            await clock.sleep(1.0)
            running.discard(name)

    await asyncio.gather(*map(one, range(7)))
    assert max(seen) == most


async def test_a_crawl_delay_is_a_floor(clock):
    """robots.txt may ask for a longer pause, never for a shorter one."""
    politeness = Politeness(None, clock=clock)
    begun = [await begins(politeness, clock, COURT, Manners(3.0), floor=floor) for floor in (10.0, 1.0, 0.0)]
    assert begun == [0.0, 10.0, 13.0]


async def test_pace_overrides_every_pause(clock):
    """A person's word stands above the source's and the site's, and the records say so."""
    politeness, manners = Politeness(None, pace=0.5, per_host=4, clock=clock), Manners(9.0, "p", 9.0)
    begun = [await begins(politeness, clock, COURT, manners, floor=9.0) for _ in range(3)]
    assert begun == [0.0, 0.5, 1.0]
    assert politeness.facts(manners) == {"pause": 0.5, "per_host": 4, "overridden": True}
    assert Politeness(None, clock=clock).facts(manners) == {"pause": 9.0, "per_host": 1}


async def test_the_breaker_opens_after_ten_failures_and_rests_longer_each_time(clock):
    """A sick host is tried by one exchange at a time, later and later, until it answers."""
    politeness, manners = Politeness(None, clock=clock), Manners(0.0)
    rests = []
    for failure in range(13):
        async with politeness.turn(COURT, manners, patience=1e9):
            politeness.tell(COURT, manners, ended(Outcome.TIMEOUT))
        cooling = politeness.cooling(COURT, manners)
        rests.append((failure + 1, cooling.seconds if cooling else 0.0))
    assert rests == [*((n, 0.0) for n in range(1, 10)), (10, 60.0), (11, 120.0), (12, 240.0), (13, 480.0)]
    async with politeness.turn(COURT, manners, patience=1e9):
        politeness.tell(COURT, manners, ended(status=200))
    politeness.tell(COURT, manners, ended(Outcome.TIMEOUT))
    assert politeness.cooling(COURT, manners) is None


async def test_only_one_probe_goes_through_a_half_open_breaker(clock):
    """While the sick host is being tried, the others stay away."""
    politeness, manners = Politeness(None, clock=clock), Manners(0.0, per_host=3)
    for _ in range(10):
        politeness.tell(COURT, manners, ended(status=503))
    await clock.sleep(61.0)
    async with politeness.turn(COURT, manners):
        with pytest.raises(CoolingDown):
            async with politeness.turn(COURT, manners):
                pass
        politeness.tell(COURT, manners, ended(status=200))
    assert await begins(politeness, clock, COURT, manners) == 61.0


@pytest.mark.parametrize(
    ("exchange", "counts"),
    [
        *((ended(Outcome(word)), True) for word in ("dns-failed", "refused", "timeout", "reset", "too-slow", "truncated")),
        *((ended(status=status), True) for status in (500, 502, 503, 504)),
        *((ended(Outcome(word)), False) for word in ("tls-failed", "bad-http", "too-large", "guarded", "robots", "paused")),
        *((ended(status=status), False) for status in (200, 301, 400, 403, 404, 410, 501)),
    ],
    ids=lambda value: f"{value.outcome}-{value.status}" if isinstance(value, Exchange) else str(value),
)
def test_only_trouble_opens_the_breaker(clock, exchange, counts):
    """A host that says no is well; a host that says nothing is not."""
    politeness, manners = Politeness(None, clock=clock), Manners(0.0)
    for _ in range(10):
        politeness.tell(COURT, manners, exchange)
    assert (politeness.cooling(COURT, manners) is not None) is counts


def test_a_429_rests_for_half_an_hour_or_as_it_says(clock):
    """With no time named the source's own cool-down holds; a named time is kept."""
    manners = Manners(0.0, cool_down=900.0)
    seconds = []
    for host, told, wait in [("a", Manners(0.0), None), ("b", manners, None), ("c", manners, RetryAfter(60.0))]:
        politeness = Politeness(None, clock=clock)
        politeness.tell(host, told, ended(status=429), wait)
        cooling = politeness.cooling(host, told)
        seconds.append(cooling.seconds if cooling else 0.0)
    assert seconds == [1800.0, 900.0, 60.0]


async def test_a_restart_forgets_no_pause(tmp_path, clocks):
    """A killed process leaves its debts to hosts on disk: pauses, cool-downs, the breaker, the platform's share."""
    path, manners = tmp_path / "state.sqlite", Manners(30.0, platform="courts", platform_pause=10.0)
    clock = clocks(NOW.timestamp())
    politeness = Politeness(path, clock=clock)  # never closed: killed
    await begins(politeness, clock, COURT, manners)
    politeness.tell("limited.example", Manners(0.0), ended(status=429))
    for _ in range(10):
        politeness.tell("sick.example", Manners(0.0), ended(Outcome.REFUSED))

    later = clocks(NOW.timestamp() + 4.0)
    again = Politeness(path, clock=later)
    limited, sick = again.cooling("limited.example", Manners(0.0)), again.cooling("sick.example", Manners(0.0))
    assert limited and sick
    assert (round(limited.seconds, 3), round(sick.seconds, 3)) == (1796.0, 56.0)
    assert (limited.why, sick.why) == ("429 Too Many Requests", "10 failures in a row, refused")
    assert round(await begins(again, later, OTHER, manners), 3) == 6.0
    assert round(await begins(again, later, COURT, manners), 3) == 26.0
    await later.sleep(60.0)
    again.tell("sick.example", Manners(0.0), ended(Outcome.REFUSED))
    reopened = again.cooling("sick.example", Manners(0.0))
    assert reopened and reopened.seconds == 120.0


@pytest.mark.parametrize("jump", [-400 * 86_400.0, 400 * 86_400.0])
def test_a_wall_clock_that_jumped_never_pauses_for_longer_than_a_day(tmp_path, clocks, jump):
    """A clock set back by a year must not silence a host for a year."""
    first = Politeness(tmp_path / "state.sqlite", clock=clocks(NOW.timestamp()))
    first.tell(COURT, Manners(0.0), ended(status=429))
    cooling = Politeness(tmp_path / "state.sqlite", clock=clocks(NOW.timestamp() + jump)).cooling(COURT, Manners(0.0))
    assert (cooling.seconds if cooling else 0.0) == (86_400.0 if jump < 0 else 0.0)


async def test_a_longer_cool_down_than_ones_patience_is_told_and_a_shorter_one_waited_for(clock):
    """Whoever wants to ask says how long it would wait."""
    politeness, manners = Politeness(None, clock=clock), Manners(0.0)
    politeness.tell(COURT, manners, ended(status=429), RetryAfter(90.0))
    with pytest.raises(CoolingDown) as caught:
        await begins(politeness, clock, COURT, manners, patience=60.0)
    assert (caught.value.seconds, caught.value.why) == (90.0, "429 Too Many Requests")
    assert await begins(politeness, clock, COURT, manners, patience=90.0) == 90.0


def test_thousands_of_hosts_are_not_held_in_memory(clock, monkeypatch):
    """A host that owes nothing any more is let go."""
    monkeypatch.setattr("crawler.politeness.IDLE_HOSTS", 50)
    politeness = Politeness(None, clock=clock)
    for number in range(500):
        politeness.cooling(f"host{number}.example", Manners(0.0))
    assert len(politeness._debts) <= 50


@pytest.mark.parametrize("wrong", [{"pause": -1}, {"pause": 0, "per_host": 0}, {"pause": 0, "robots": ""}])
def test_manners_that_are_none_are_refused(wrong):
    """A negative pause, no exchange at all, an override without a reason."""
    with pytest.raises(ValueError, match="not manners"):
        Manners(**wrong)


async def test_a_long_wait_is_told(clock) -> None:
    """Whoever watches learns which host is waited for, how long and why; short pauses are not worth a word."""
    told = []
    politeness = Politeness(None, clock=clock, waiting=lambda host, seconds, why: told.append((host, round(seconds), why)))
    for pause in (2.0, 30.0, 30.0):
        async with politeness.turn("court.example", Manners(pause)):
            pass

    assert told == [("court.example", 30, "the pause between two visits")]
    politeness.close()
