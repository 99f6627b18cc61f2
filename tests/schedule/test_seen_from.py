"""Alarms by vantage: blocked here and reachable there is told as that, and a dead proxy is never a silent court."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.capture import Exchange, Outcome, Vantage, Visit
from archive.store import Settings, Store
from crawler.politeness import Manners, Politeness
from schedules.alarms import Alarms
from schedules.plan import Plan
from schedules.watch import Facts, Seen
from tests.world.command import crawl as command

BEGIN = datetime(2025, 3, 1, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOST = "court.example"
PAGE = f"https://{HOST}/card/1"
AFAR = Vantage("riga", "socks5", "proxy.example:1080", "there")


class Watch:
    """Visits an hour apart."""

    def __init__(self) -> None:
        self.facts, self.now, self.number = Facts(), BEGIN, 0

    def sees(self, word: str, vantage: str = "here", fault: str | None = None, *, held: bool = False) -> str:
        self.number += 1
        self.now += HOUR
        self.facts.fold(Seen(f"c{self.number}", self.now, PAGE, HOST, word, (), vantage, fault), held=held)
        return f"c{self.number}"

    def stands(self) -> list[tuple[str, str]]:
        return [alarm.key for alarm in self.facts.alarms(self.now)]


@pytest.mark.parametrize("word", ["blocked", "timeout", "reset", "refused"])
def test_blocked_here_and_reachable_there(word: str) -> None:
    """At the third visit in a row, with the captures of both; cleared by the first that is answered here."""
    watch = Watch()
    shown = []
    for turn in range(3):
        assert [] == watch.stands(), turn
        shown.append(watch.sees(word))
        good = watch.sees("page", "riga")
    (alarm,) = watch.facts.alarms(watch.now)
    assert ("blocked-here", HOST, (*shown, good)) == (alarm.kind, alarm.subject, alarm.captures)
    assert f"from here {word} since 2025-03-01T07:00:00Z; from riga it answers" == alarm.detail
    for _ in range(60):  # days of it: still that one alarm, and neither a silent host nor a changed one
        watch.sees(word)
        watch.sees("page", "riga")
    assert [("blocked-here", HOST)] == watch.stands()
    watch.sees("page")
    assert [] == watch.stands()


def test_blocked_there_and_reachable_here() -> None:
    """The other way round it is told of the host as that vantage sees it."""
    watch = Watch()
    for _ in range(3):
        watch.sees("timeout", "riga")
        watch.sees("page")
    assert [("blocked-here", f"{HOST}@riga")] == watch.stands()


def test_silent_from_everywhere() -> None:
    """Nobody is let in: the host is unreachable, from each of them."""
    watch = Watch()
    for _ in range(60):
        watch.sees("timeout")
        watch.sees("timeout", "riga")
    assert [("unreachable", HOST), ("unreachable", f"{HOST}@riga")] == watch.stands()


def test_an_answer_from_before_is_no_answer_now() -> None:
    """What another vantage was answered before the silence began does not show that it is only here."""
    watch = Watch()
    watch.sees("page", "riga")
    for _ in range(60):
        watch.sees("timeout")
    assert [("unreachable", HOST)] == watch.stands()


def test_a_dead_proxy_is_an_alarm_of_its_own() -> None:
    """Told after three visits, as the proxy's; of the court and its page nothing is said, for weeks; over with the first tunnel."""
    watch = Watch()
    watch.sees("page", "riga", held=True)
    for _ in range(400):
        watch.sees("paused", "riga", "vantage riga: its proxy says 407", held=True)
    (alarm,) = watch.facts.alarms(watch.now)
    assert ("vantage-failing", "riga", 5) == (alarm.kind, alarm.subject, len(alarm.captures))
    assert "no visit could be made since 2025-03-01T08:00:00Z: vantage riga: its proxy says 407" == alarm.detail
    assert 1 == watch.facts.hosts[f"{HOST}@riga"].visits
    watch.sees("page", "riga")
    assert [] == watch.stands()


def test_a_fault_taken_for_the_courts() -> None:
    """The mutant: where faults are folded as the host's own words, the court is called silent. So it is the fault that tells."""
    watch = Watch()
    for _ in range(60):
        watch.sees("timeout", "riga")  # the same visits, with the proxy's word as if it were the court's
    assert [("unreachable", f"{HOST}@riga")] == watch.stands()
    watch = Watch()
    for _ in range(60):
        watch.sees("timeout", "riga", "vantage riga: its proxy: no connection in time")
    assert [("vantage-failing", "riga")] == watch.stands()


def test_gone_here_and_there_told_apart() -> None:
    """A page that one vantage finds gone and the next one finds is not withdrawn; gone from both it is."""
    watch = Watch()
    for _ in range(60):
        watch.sees("gone", held=True)
        watch.sees("page", "riga")
    assert [] == watch.stands()
    for _ in range(60):
        watch.sees("gone", held=True)
        watch.sees("gone", "riga", held=True)
    assert ("page-withdrawn", PAGE) in watch.stands()


async def test_the_book_of_alarms_knows_vantages_by_the_manifests(tmp_path: Path) -> None:
    """Folded from the archive, kept over a restart, and the same from nothing."""
    home, at = tmp_path / "home", datetime.now(UTC) - timedelta(days=1)
    settings = Settings(floor=0)
    with Store.open(home, settings=settings) as store:
        for n in range(4):
            began = at + n * HOUR
            silent = Exchange(PAGE, began, 1.0, Outcome.TIMEOUT, error="no connection in time")
            fault = replace(
                silent, outcome=Outcome.PAUSED, error="vantage riga: its proxy says 403", vantage=replace(AFAR, fault="403")
            )
            head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
            page = replace(
                silent, outcome=Outcome.CAPTURED, error=None, response=head + b"ok", head_length=len(head), status=200
            )
            via = replace(page, vantage=replace(AFAR, label="oslo"))
            for exchange in (silent, fault, via):
                store.keep(Visit(PAGE, (exchange,))).result()

    expected = {("blocked-here", HOST), ("vantage-failing", "riga")}
    now = datetime.now(UTC)
    for _ in range(2):
        alarms = Alarms(home, floor=0, vantages=True)
        alarms.look(Plan(), now)
        found = {each.alarm.key for each in alarms.standing()} - {("log-behind", "log")}
        alarms.close()
        assert expected == found
    again = Alarms(home, floor=0, vantages=True)
    again.look(Plan(), now)
    assert {"riga", "oslo"} == again._facts.vantages.keys()
    again.close()


async def test_status_shows_the_vantages(tmp_path: Path) -> None:
    """Each place with its proxy, and until when it rests; nothing of its secret, and no host that is none."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "kartoteka.toml").write_text(
        '[[vantages]]\nname = "riga"\nproxy = "socks5h://proxy.example:1080"\nsecret = "riga.secret"\n'
    )
    (home / "riga.secret").write_text("clerk-of-riga:hunter22")
    politeness = Politeness(home / "state.sqlite")
    failed = Exchange(PAGE, BEGIN, 0.0, Outcome.REFUSED)
    for _ in range(10):
        politeness.tell("vantage:riga", Manners(0), failed)
    politeness.close()
    ran = await command(home, "status")

    (row,) = [row for row in ran.rows if row["kind"] == "vantage"]
    assert ("riga", "socks5h://proxy.example:1080", "10 failures in a row, refused") == (
        row["vantage"],
        row["proxy"],
        row["why"],
    )
    assert row["paused_until"] is not None
    assert [] == [row for row in ran.rows if row["kind"] == "host"]
    assert "hunter22" not in ran.out + ran.err
