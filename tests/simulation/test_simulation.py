"""C11: the daemon's months. A virtual clock, hosts and disk that fail as a seed says, and an oracle that asks after each hour.

python -m tests.simulation.run --seed N [--days D] [--trace]     one seed again, with all that happened
pytest tests/simulation -m full                                  1,000 seeds of 30 days, in hundreds
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from archive.memento import Memento
from crawler import readers
from crawler.fetch import NetworkFetcher
from crawler.page import Page
from crawler.politeness import Politeness
from crawler.source import Source
from crawler.turn import WHOLE, Turn
from crawler.verdict import Verdict
from schedules import daemon
from schedules.daemon import Daemon
from schedules.outbox import Outbox
from schedules.plan import Quiet
from tests.simulation import life
from tests.simulation.disk import Faulty
from tests.simulation.run import run

Mutate = Callable[[pytest.MonkeyPatch], None]


@pytest.mark.parametrize("seed", range(10))
def test_three_days(seed: int) -> None:
    """Nothing acknowledged is lost, one attempt has one effect, only pages speak, pauses and turns are kept."""
    report = run(seed, 3)

    assert (None, True) == (report.broken, report.hours > 60), report


@pytest.mark.full
@pytest.mark.parametrize("hundred", range(10))
def test_a_month_of_a_thousand_seeds(hundred: int) -> None:
    """The long form."""
    reports = [run(seed, 30) for seed in range(100 * hundred, 100 * hundred + 100)]

    assert [] == [report for report in reports if report.broken is not None]


def test_a_seed_again() -> None:
    """The same number is the same month: every request, visit and word at the same moment."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")

    assert run(seed, 2).trace == run(seed, 2).trace


def unsynced(m: pytest.MonkeyPatch) -> None:
    datasync = Faulty.datasync
    m.setattr(Faulty, "datasync", lambda self, fd: None if self._paths[fd].suffix == ".gz" else datasync(self, fd))


def deaf(m: pytest.MonkeyPatch) -> None:
    m.setattr(NetworkFetcher, "_wait_asked", lambda self, trip, exchange: None)


def hasty(m: pytest.MonkeyPatch) -> None:
    m.setattr(Politeness, "_pause", lambda self, manners, floor: 0.0)


def forgetful(m: pytest.MonkeyPatch) -> None:
    m.setattr(Politeness, "_save", lambda self, debt: None)


def trusting(m: pytest.MonkeyPatch) -> None:
    def judged(memento: Memento, source: Source | None) -> tuple[Verdict, Page]:
        return Verdict("page"), Page.open(memento.body, memento.url, content_type=memento.content_type)

    m.setattr(life, "_read", {})
    m.setattr(readers, "judged", judged)


def cut_short(m: pytest.MonkeyPatch) -> None:
    def eof(self: Turn, *, sure: bool = True) -> None:
        self.end, self.ending = len(self.octets), WHOLE

    m.setattr(life, "_read", {})
    m.setattr(Turn, "eof", eof)


def unlearning(m: pytest.MonkeyPatch) -> None:
    async def learn(self: Daemon, ended: dict[str, Any]) -> None:
        self._running -= ended.keys()

    m.setattr(Daemon, "_learn", learn)


def sleepless(m: pytest.MonkeyPatch) -> None:
    m.setattr(Quiet, "over", lambda self, moment: moment)


def believing(m: pytest.MonkeyPatch) -> None:
    m.setattr(daemon, "BACK", timedelta(days=-9_999))


def stuttering(m: pytest.MonkeyPatch) -> None:
    keep = life.Gathering.keep
    m.setattr(life.Gathering, "keep", lambda self, visit: (keep(self, visit), keep(self, visit))[1])


def insisting(m: pytest.MonkeyPatch) -> None:
    m.setattr(Outbox, "delivered", lambda self, delivery: None)


# How each is found, and by which seed.
MUTANTS: dict[Mutate, tuple[str, int]] = {
    unsynced: ("acknowledged before the last end, and not as it was", 0),
    deaf: ("before the end of its pause", 16),
    hasty: ("is asked again after", 0),
    forgetful: ("before the end of its pause", 16),
    trusting: ("a page that is", 8),
    cut_short: ("is called whole, and was cut short", 12),
    unlearning: ("before its turn", 0),
    sleepless: ("in its quiet hours", 1),
    believing: ("before its turn", 33),
    stuttering: ("was kept twice", 0),
    insisting: ("was delivered twice", 5),
}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_daemon_that(mutant: Mutate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each promise has a daemon that breaks it, and the month tells."""
    said, seed = MUTANTS[mutant]
    mutant(monkeypatch)
    report = run(seed, 4)

    assert said in (report.broken or ""), report
