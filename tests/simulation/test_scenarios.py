"""Some days that are dealt by hand: clocks that are set, a machine that sleeps, a night of two clocks, a host that never answers.

The oracle judges them as it judges every month; here is what they are about, in numbers.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

import pytest

from tests.simulation.oracle import Oracle
from tests.simulation.run import Event, Month, Report, run
from tests.simulation.world import ARTICLES, DAY, HOURS, Spell

PAGES = [article.url for article in ARTICLES]


def links(every: str, *urls: str, more: str = "") -> str:
    return f"[[links]]\nurls = {list(urls)}\nevery = {every!r}\n{more}\n"


def days(
    count: int, plan: str, events: Iterable[Event] = (), spells: Iterable[Spell] = (), begin: timedelta = timedelta()
) -> tuple[Report, Month]:
    """So many days, dealt so. begin: how long after the world's start."""
    kept: list[Month] = []

    def dealt(month: Month) -> None:
        kept.append(month)
        month.watch = False
        month.deals(plan, events, spells)
        month.world.slept = begin.total_seconds()
        month.clock.set(begin)

    report = run(1, count, dealt=dealt)
    assert report.broken is None, report
    return report, kept[0]


def visits(month: Month) -> Counter[str]:
    return Counter(request.url for request in month.net.requests if request.kind != "robots")


@pytest.mark.parametrize(("hours", "times"), [(-1, 3), (24, 4), (24 * 400, 4)])
def test_the_clock_is_set(hours: float, times: int) -> None:
    """Back: the next turn comes when it would have come. Forward: each target once, and then in its time again."""
    _, month = days(3, links("1d", *PAGES), [Event(30 * HOURS, "set", hours)])

    assert dict.fromkeys(PAGES, times) == visits(month)


def test_the_machine_sleeps_for_five_days() -> None:
    """Turns that were missed are made up for once a target, however many they were."""
    _, month = days(2, links("8h", *PAGES), [Event(20 * HOURS, "sleep", 120.0)])

    assert dict.fromkeys(PAGES, 3 + 4) == visits(month)


def test_a_night_whose_clocks_go_forward() -> None:
    """29 March in Berlin: 02:15 to 02:45 never comes, and what is due then is not lost."""
    plan = 'zone = "Europe/Berlin"\n' + links("1h", PAGES[0], more='quiet = "02:15-02:45"')
    _, month = days(1, plan, begin=timedelta(days=13, hours=12))

    assert 24 == visits(month)[PAGES[0]]


def test_how_often_a_page_changes() -> None:
    """A page that says something else each time comes sooner, one that never does later; both within their bounds."""
    lively, still = PAGES[0], PAGES[2]
    _, month = days(12, links("1d", lively, still, more='soonest = "6h"\nlatest = "4d"'))
    seen = visits(month)

    assert 24 <= seen[lively] <= 48
    assert 5 <= seen[still] <= 8


def test_a_host_that_never_answers() -> None:
    """All others are visited as often as if it did."""
    silent = Spell("hronika.example", 0, 9 * DAY, "silent")
    _, quiet = days(2, links("8h", *PAGES))
    _, loud = days(2, links("8h", *PAGES), spells=[silent])
    others = [url for url in PAGES if "hronika" not in url]

    assert [visits(quiet)[url] for url in others] == [visits(loud)[url] for url in others]


def test_hundreds_of_addresses_of_one_slow_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """They wait in the plan, one visit at a time, and cost no task each; nobody else waits for them."""
    many = [f"http://zerkalo.example/{n}/stranitsa" for n in range(100, 150)]
    tasks, told = [0], Oracle.told

    def counted(self: Oracle, said: dict[str, object]) -> None:
        tasks.append(len(asyncio.all_tasks()))
        told(self, said)

    monkeypatch.setattr(Oracle, "told", counted)
    # Some are due each minute: the plan learns of them one after another.
    plans = "".join(links(f"{360 + n}m", url) for n, url in enumerate(many))
    _, month = days(1, plans + links("8h", *PAGES[:3]), spells=[Spell("zerkalo.example", 5 * HOURS, 9 * HOURS, "stall")])
    seen = visits(month)

    assert [3, 3, 3] == [seen[url] for url in PAGES[:3]]
    assert max(tasks) < 25
