"""What people decide and hand over while a daemon holds the archive: done by it, printed to them, once, whatever is killed."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive import decisions
from archive.capture import Snapshot
from archive.decisions import Decision, decide
from archive.errors import ArchiveError
from archive.inbox import Inbox
from archive.ledger.book import Book
from archive.store import Archive, Settings, Store
from archive.take import take
from crawler.demo.world import MIRROR, ORIGINAL
from tests.world.command import Ran, crawl
from tests.world.watched import Running, Watched, until

ASTRAKHAN = "61GV0003"


async def ready(watched: Watched) -> Running:
    """A daemon that has read one court's cards and takes orders."""
    running = await watched.daemon()
    await until(lambda: len(watched.done()) == 1 and Inbox(watched.home).taker() is not None, "the one target")
    return running


def plan_of_a_court(watched: Watched, days: int) -> None:
    watched.plan(f"[[source]]\nname = 'sudrf'\ncourts = ['{ASTRAKHAN}']\nevery = '1d'\ndays = {days}\n")


def mirror_list(folder: Path) -> Path:
    path = folder / "sites_2025-06-01.tsv"
    path.write_text(
        f"origin\tmirror_host\tfirst_seen\tlast_seen\tin_last_commit\n{ORIGINAL}\t{MIRROR}\t2025-05-01\t2025-06-01\t0\n"
    )
    return path


def saved_page(folder: Path) -> Path:
    path = folder / "page.html"
    path.write_text("<!doctype html><title>Сохранено</title><p>Страница, которую кто-то сохранил.</p>")
    return path


def kept(home: Path) -> Counter[str]:
    with Archive.open(home) as archive:
        return Counter(each.decision.kind for each in decisions.decisions(archive))


async def test_people_decide_beside_the_daemon(watched: Watched, days: int, tmp_path: Path) -> None:
    """Corrections, candidates, takedowns, works, lists of mirrors, saved pages and a named export: each is done and printed.

    The ledger made anew from what is kept says the same.
    """
    plan_of_a_court(watched, days)
    running = await ready(watched)
    cases = (await crawl(watched.home, "cases")).rows
    one, other, third = (row["case"].removeprefix("case:") for row in cases[:3])
    article, mirror, _ = watched.served.world.editions()
    url = "https://papers.example/page"
    ran: list[Ran] = await asyncio.gather(
        crawl(watched.home, "correct", one, "received", "2025-01-31", "--reason", "a slip of the pen"),
        crawl(watched.home, "review", "reject", one, other, "--reason", "two men"),
        crawl(watched.home, "takedown", third, "--reason", "a request"),
        crawl(watched.home, "editions", article, mirror, "--together", "--because", "the same letters"),
        crawl(watched.home, "mirrors", "import", str(mirror_list(tmp_path))),
        crawl(watched.home, "import", str(saved_page(tmp_path)), "--url", url),
        crawl(watched.home, "export", "jsonl", "--with-names", "-o", str(tmp_path / "out.jsonl")),
    )
    corrected, rejected, taken, joined, mirrors, imported, exported = ran
    assert [0] * 7 == [each.status for each in ran], [each.err for each in ran]
    assert ("2025-01-31", one) == (corrected.rows[0]["value"], corrected.rows[0]["subject"])
    assert ({one, other}, "two men") == ({rejected.rows[0]["left"], rejected.rows[0]["right"]}, rejected.rows[0]["reason"])
    assert ["case"] == [row["scope"] for row in taken.rows]
    assert 1 == len({row["work"] for row in joined.rows})
    assert [ORIGINAL] == [row["origin"] for row in mirrors.rows]
    assert [(url, "captured")] == [(row["url"], row["outcome"]) for row in imported.rows]
    assert exported.rows

    undone = await crawl(watched.home, "takedown", "--undo", taken.rows[0]["takedown"], "--reason", "withdrawn")
    assert (0, []) == (undone.status, undone.rows)
    assert 0 == await running.ends(signal.SIGTERM)
    assert [] == list((watched.home / "inbox").iterdir())
    assert {"correction": 1, "identity": 1, "takedown": 2, "editions": 1, "names-exported": 1} == kept(watched.home)
    with Book.open(watched.home) as book:
        before = book.digest()
    assert 0 == (await crawl(watched.home, "rebuild")).status
    with Book.open(watched.home) as book:
        assert before == book.digest()
    assert 0 == (await crawl(watched.home, "verify")).status


@pytest.fixture
def decision() -> Decision:
    return Decision("note", datetime(2025, 6, 30, 9, 0, 1, 250, UTC), "because", ("reg:criminal-1:a",), {"n": 1}, "somebody")


async def test_killed_over_a_decision(watched: Watched, decision: Decision) -> None:
    """Killed before it was kept, and killed after it was kept and before that was said: the next daemon leaves it kept once."""
    watched.plan("")
    running = await watched.daemon()
    await until(lambda: Inbox(watched.home).taker() is not None, "a daemon")
    await running.ends(signal.SIGKILL)
    inbox = Inbox(watched.home)
    before, after = inbox.rule(decision.block), inbox.rule(Decision.of(decision.block.replace(b'"n":1', b'"n":2')).block)
    with Store.open(watched.home, create=False, settings=Settings(floor=0)) as store:
        decide(store, Decision.of(after.block.encode()))

    running = await watched.daemon()
    await until(lambda: not list(inbox.folder.glob("*.order")), "the end of both orders")
    assert 0 == await running.ends(signal.SIGTERM)
    with Archive.open(watched.home) as archive, Book.open(watched.home) as book:
        held = list(decisions.decisions(archive, "note"))
        assert [1, 2] == sorted(each.decision.body["n"] for each in held)
        assert {each.id for each in held} == {each.id for each in book.decisions("note")}
    assert [[(next(each.id for each in held if each.decision.body["n"] == n), True)] for n in (1, 2)] == [
        [(row["decision"], fine) for row, fine in inbox.answers(order)] for order in (before, after)
    ]


def warc_of(place: Path) -> Path:
    """A WARC file that somebody else made."""
    from tests.durability.cycle import visits

    with Store.open(place / "theirs", settings=Settings(floor=0)) as store:
        for visit in visits():
            store.keep(visit).result(30)
    (path,) = (place / "theirs" / "warc").glob("*.warc.gz")
    return path.rename(place / "theirs.warc.gz")


def taken_from(home: Path) -> list[tuple[str, int]]:
    """Of each capture that was taken in: from which file, and where it lay there."""
    with Archive.open(home) as archive:
        held = [archive.manifest(each)["facts"]["taken_from"] for each in archive.captures() if each.foreign is not None]
    return sorted((each["file"], each["offset"]) for each in held)


async def test_killed_over_a_file(watched: Watched, tmp_path: Path) -> None:
    """Half of somebody's WARC was taken in when the kill came: the next daemon takes in the rest, and nothing twice."""
    watched.plan("")
    running = await watched.daemon()
    await until(lambda: Inbox(watched.home).taker() is not None, "a daemon")
    await running.ends(signal.SIGKILL)
    inbox, theirs = Inbox(watched.home), warc_of(tmp_path)
    order = inbox.hand_over([theirs, saved_page(tmp_path)])
    inbox.begun(order)
    with Store.open(watched.home, create=False, settings=Settings(floor=0)) as store:
        taking = take(store, order.files[0], order=order.id)
        half = [each for _, each in zip(range(4), taking, strict=False) if isinstance(each, Snapshot)]
    theirs.unlink()

    running = await watched.daemon()
    await until(lambda: not list(inbox.folder.glob("*.order")), "the end of the order")
    assert 0 == await running.ends(signal.SIGTERM)
    found = taken_from(watched.home)
    assert 0 < len(half) < len(found) and sorted(set(found)) == found
    answers = list(inbox.answers(order))
    assert len(found) == sum("capture" in row for row, _ in answers)
    assert ["page.html: neither WARC, ARC nor WACZ; a saved page needs --url, the address it is of"] == [
        row["untaken"] for row, _ in answers if "page.html" in row.get("untaken", "")
    ]
    assert [] == list(inbox.folder.iterdir())


async def test_an_order_that_is_none(watched: Watched) -> None:
    """What is no decision is refused for good, and whoever waits is told; a file's name leads out of no folder."""
    watched.plan("")
    running = await watched.daemon()
    inbox = Inbox(watched.home)
    await until(lambda: inbox.taker() is not None, "a daemon")
    order = inbox.rule(b"{}")
    await until(lambda: not list(inbox.folder.glob("*.order")), "the end of the order")
    with pytest.raises(ArchiveError, match="not a decision"):
        list(inbox.answers(order))
    (inbox.folder / "0.order").write_text('{"files": ["../../format"], "url": null, "document": null}')
    await running.says("0.order is no order")
    assert 0 == await running.ends(signal.SIGTERM)
    assert (watched.home / "format").is_file()


def test_a_decision_that_is_kept_again_is_found(tmp_path: Path, decision: Decision) -> None:
    """The mutant beside it: who keeps without looking keeps it twice."""
    with Store.open(tmp_path / "home", settings=Settings(floor=0)) as store:
        ids = [decisions.once(store, decision).id for _ in range(3)]
        assert 1 == len(set(ids)) == len(list(store.archive.decided("note")))
        decide(store, decision)
        assert 2 == len(list(store.archive.decided("note")))
