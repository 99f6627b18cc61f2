"""The daemon: killed, stopped, started twice, given a wrong plan, left alone with a clock that jumps."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, tzinfo

import pytest

from archive.door import Globals
from archive.errors import NotFound
from archive.inbox import Inbox
from archive.store import Archive
from crawler.opening import opened
from crawler.sites import sources
from schedules.daemon import Daemon, Orders
from schedules.plan import Plan, turns
from schedules.planfile import load
from tests.world.command import crawl
from tests.world.watched import PATIENCE, Running, Watched, until

ASTRAKHAN, SOUTHERN = "61GV0003", "61OV0000"


def links(*urls: str) -> str:
    return f"[[links]]\nurls = [{', '.join(map(repr, urls))}]\nevery = '1d'\n"


def docket(days: int, *courts: str) -> str:
    return f"[[source]]\nname = 'sudrf'\ncourts = [{', '.join(map(repr, courts))}]\nevery = '1d'\ndays = {days}\n"


async def test_restart_forgets_nothing(watched: Watched, days: int) -> None:
    """Killed among a court's cards: after the start the court is asked again, the article that was done is not.

    What is due is told by the WARC files alone: with every database thrown away it is the same.
    """
    article, court = watched.served.world.editions()[0], f"sudrf {ASTRAKHAN}"
    watched.plan(links(article) + docket(days, ASTRAKHAN))
    told = await crawl(watched.home, "due")
    assert (0, {"source", "due", "last", "reason"}) == (told.status, set(told.rows[0]))
    assert {article: "never visited", court: "never visited"} == {row["source"]: row["reason"] for row in told.rows}

    running = await watched.daemon(pace=0.05)
    await until(lambda: watched.done() == {article}, "the article")
    await until(lambda: any("name_op=case" in url for url in watched.asked), "a card")
    assert -signal.SIGKILL == await running.ends(signal.SIGKILL)
    assert {court: "the last visit was broken off"} == watched.due()

    before = len(watched.asked)
    running = await watched.daemon()
    await running.says("2 targets are watched, 1 are due")
    await until(lambda: watched.done() == {article, court}, "the court")
    assert 0 == await running.ends(signal.SIGTERM)
    assert article not in watched.asked[before:]

    for file in watched.home.glob("*.sqlite*"):
        file.unlink()
    assert 0 == (await crawl(watched.home, "rebuild")).status
    told = await crawl(watched.home, "due")
    assert (0, []) == (told.status, told.rows)

    before = len(watched.asked)
    running = await watched.daemon()
    await running.says("2 targets are watched, 0 are due")
    assert 0 == await running.ends(signal.SIGTERM)
    assert [] == watched.asked[before:]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_sigterm_ends_gently(watched: Watched, days: int, number: signal.Signals) -> None:
    """What is in flight is kept whole, nothing new begins, the archive proves itself, and the rest is due at the next start."""
    watched.plan(docket(days, ASTRAKHAN))
    running = await watched.daemon(pace=0.05)
    await until(lambda: len(watched.asked) >= 3, "three pages")
    status = await running.ends(number)

    assert (0, True) == (status, "stopped: " in running.said)
    assert {f"sudrf {ASTRAKHAN}": "the last visit was broken off"} == watched.due()
    assert 0 == (await crawl(watched.home, "verify")).status


async def test_the_second_daemon(watched: Watched) -> None:
    """One writer: the second one ends with status 6 and asks nobody anything."""
    watched.plan(links(watched.served.world.editions()[0]))
    first = await watched.daemon()
    await until(lambda: len(watched.done()) == 1, "the article")
    before = len(watched.asked)
    second = await watched.daemon()

    assert 6 == await asyncio.wait_for(second.process.wait(), PATIENCE)
    assert len(watched.asked) == before
    assert 0 == await first.ends(signal.SIGTERM)


async def test_a_one_off_beside_the_daemon(watched: Watched) -> None:
    """It hands its work over and prints what came of it; the same with pages that are only kept."""
    first, mirror, english = watched.served.world.editions()
    watched.plan(links(first))
    running = await watched.daemon()
    await running.says("1 targets are watched")
    nowhere = "https://nowhere.example/"
    read, kept = await asyncio.gather(
        crawl(watched.home, "url", mirror, nowhere), crawl(watched.home, "url", "-", "--no-read", stdin=f"{english}\n")
    )
    assert 0 == await running.ends(signal.SIGTERM)

    assert (3, {mirror: "captured", nowhere: "tls-failed"}) == (read.status, {r["url"]: r["outcome"] for r in read.rows})
    assert (0, [(english, "captured", None)]) == (kept.status, [(r["url"], r["outcome"], r["verdict"]) for r in kept.rows])
    with Archive.open(watched.home) as archive:
        assert all(archive.capture(row["capture"]).url == row["final_url"] for row in read.rows + kept.rows)
    assert [] == list((watched.home / "inbox").iterdir())


async def test_an_order_outlives_its_daemon(watched: Watched) -> None:
    """Handed in, half done, killed: who waits is told; the next daemon does what is left, and asks for nothing twice."""
    addresses = [*watched.served.world.addresses(), *watched.served.world.editions()]
    watched.plan(links(addresses[0]))
    running, inbox = await ready(watched), Inbox(watched.home)
    assert running.process.pid == inbox.taker()
    await running.ends(signal.SIGKILL)
    order = inbox.hand_in(addresses[1:], read=True)
    inbox.answered(order)
    inbox.answer(order, {"url": addresses[1]}, fine=True)
    waits = inbox.answers(order)
    assert ({"url": addresses[1]}, True) == next(waits)
    with pytest.raises(NotFound, match="has ended"):
        next(waits)

    (watched.home / "inbox" / "0.order").write_text("{")
    before = len(watched.asked)
    running = await watched.daemon()
    await until(lambda: not (watched.home / "inbox" / f"{order.id}.order").exists(), "the end of the order")
    assert 0 == await running.ends(signal.SIGTERM)
    assert sorted(addresses[2:]) == sorted(watched.asked[before:])
    assert sorted(addresses[1:]) == sorted(row["url"] for row, _ in inbox.answers(order))
    assert "0.order is no order" in running.said


async def ready(watched: Watched) -> Running:
    """A daemon that has done what its plan has."""
    running = await watched.daemon()
    await until(lambda: len(watched.done()) == 1 and Inbox(watched.home).taker() is not None, "the one target")
    return running


async def test_a_court_that_is_down_keeps_nobody_waiting(watched: Watched, days: int) -> None:
    """At the first visit of the small world the Southern court blocks us: the article is done, the court comes again sooner."""
    watched.served.world.turn(1)
    article, court = watched.served.world.editions()[0], f"sudrf {SOUTHERN}"
    watched.plan(docket(days, SOUTHERN) + links(article))
    running = await watched.daemon()
    await until(lambda: [past.ended for past in watched.past().values()] == [True, True], "both")
    assert 0 == await running.ends(signal.SIGTERM)

    past = watched.past()
    assert {article: None, court: "blocked"} == {name: each.trouble for name, each in past.items()}
    plan = load(watched.home, sources())
    assert plan is not None
    comes = {each.target.name: each.due for each in turns(plan, past, past[court].at)}
    assert {article: past[article].at + timedelta(days=1), court: past[court].at + timedelta(hours=6)} == comes


async def test_sighup_reads_the_plan_anew(watched: Watched) -> None:
    """A new article is visited at once; a plan that is wrong changes nothing and is told with its line."""
    first, mirror, _ = watched.served.world.editions()
    watched.plan(links(first))
    running = await watched.daemon()
    await until(lambda: watched.done() == {first}, "the first article")

    watched.plan("[[links]]\nevery = 'often'\nurls = []\n")
    running.process.send_signal(signal.SIGHUP)
    await running.says("the plan is not changed: plan.toml line 2: 'often' is no interval")

    watched.plan(links(first, mirror))
    running.process.send_signal(signal.SIGHUP)
    await until(lambda: watched.done() == {first, mirror}, "the mirror")
    assert 0 == await running.ends(signal.SIGTERM)
    assert 1 == watched.asked.count(first)


async def test_a_plan_with_a_wrong_source(watched: Watched) -> None:
    """`plan check` and the daemon say the same, with the line, and nothing is begun."""
    watched.plan('[[source]]\nname = "sudfr"\nevery = "1d"\n')
    checked = await crawl(watched.home, "plan", "check")
    running = await watched.daemon()

    assert 2 == checked.status
    assert 2 == await asyncio.wait_for(running.process.wait(), PATIENCE)
    for said in (checked.err, running.said):
        assert "plan.toml line 2: no source 'sudfr'; known are sudrf" in said
    assert ["plan.toml"] == [path.name for path in watched.home.iterdir()]


async def test_nobody_to_write_to(watched: Watched) -> None:
    """Without a contact no daemon asks other people's servers; where everything leads to this machine it may, and says so."""
    article = watched.served.world.editions()[0]
    watched.plan(links(article))
    (rule,) = (rule for rule in watched.served.connect_to if rule.startswith(":443:"))
    refused = await watched.daemon(options=["--connect-to", rule.replace(":443:", "elsewhere.example:443:")])
    assert 2 == await asyncio.wait_for(refused.process.wait(), PATIENCE)
    await refused.says("contact = ")
    assert [] == watched.asked

    allowed = await watched.daemon()
    await allowed.says("no contact is set")
    watched.plan(links(article, "https://203.0.113.5:8443/"))
    allowed.process.send_signal(signal.SIGHUP)
    await allowed.says("the plan is not changed: a daemon asks other people's servers")
    assert 0 == await allowed.ends(signal.SIGTERM)


async def test_the_first_plan(watched: Watched) -> None:
    """`plan check` makes one with comments, and never writes over one, nor into somebody's folder of papers."""
    first = await crawl(watched.home, "plan", "check")
    made = (watched.home / "plan.toml").read_text()
    (watched.home / "plan.toml").write_text(made + "\n# mine\n")
    second = await crawl(watched.home, "plan", "check")
    papers = watched.home.parent / "papers"
    papers.mkdir()
    (papers / "letter.txt").write_text("Dear")
    third = await crawl(papers, "plan", "check")

    assert (0, 0, 3) == (first.status, second.status, third.status)
    assert made + "\n# mine\n" == (watched.home / "plan.toml").read_text()
    assert ["letter.txt"] == [path.name for path in papers.iterdir()]
    assert (0, {}) == ((await crawl(watched.home, "due")).status, watched.due())


class Hands:
    """A wall clock that a test can set."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@asynccontextmanager
async def within(watched: Watched, plan: Plan, clock: Hands, notes: list[str]) -> AsyncIterator[Daemon]:
    """A daemon inside this process, by that clock; it is stopped at the end."""
    options = Globals(watched.home, list(watched.served.connect_to), [watched.served.ca_file], pace=0)
    async with opened(options) as crawl_:
        crawl_.now = clock
        orders = Orders()
        daemon = Daemon(crawl_, plan, lambda: plan, orders, done=lambda _: None, note=notes.append, now=clock)
        work = asyncio.create_task(daemon.run())
        yield daemon
        orders.stop()
        await asyncio.wait_for(work, PATIENCE)


async def test_the_clock_is_set_while_the_daemon_runs(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day and 400 days forward: one visit each, told; an hour back: at most one, and the next turn is not lost."""
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    monkeypatch.setattr("schedules.daemon.BEAT", timedelta(seconds=0.05))
    article = watched.served.world.editions()[0]
    watched.plan(links(article))
    plan = load(watched.home, sources())
    assert plan is not None
    clock, notes = Hands(), list[str]()

    class Wall(datetime):
        """The machine has one clock: what it says of a visit moves with what it says of the plan."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return clock()

    monkeypatch.setattr("crawler.wire.datetime", Wall)
    visits = lambda: watched.asked.count(article)  # noqa: E731
    async with within(watched, plan, clock, notes):
        await until(lambda: visits() == 1, "the first visit")
        for ahead in (1, 401):
            was = visits()
            clock.ahead = timedelta(days=ahead, minutes=1)
            await until(lambda was=was: visits() == was + 1, f"the visit of day {ahead}")  # type: ignore[misc]
    assert 3 == visits()
    assert 2 == sum("the clock was set forward" in note for note in notes)
