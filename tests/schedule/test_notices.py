"""Who is told, of what, and once: posted before it is sent, sent again after a failure, never for a parser of ours."""

from __future__ import annotations

import asyncio
import contextlib
import email
import hashlib
import hmac
import json
import xml.etree.ElementTree as ET
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from archive.door import Globals
from archive.ledger.book import Book
from archive.shelf import Archive
from crawler.opening import opened
from crawler.rounds import Round
from crawler.sites import source_named
from crawler.source import Query
from schedules.channels import Feed, Mail, Wanted, Webhook
from schedules.news import news
from schedules.notices import ATOM, Notice, feed, of_alarm, of_change
from schedules.notify import Notifier
from schedules.outbox import AGAIN, Outbox
from schedules.plan import Docket, Plan
from schedules.watch import Alarm, Raised
from schedules.watching import Watching
from tests.world.watched import Watched

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
KURSK = "46GV0001"


def notice(number: int, kind: str = "event", *, court: str | None = KURSK, articles: tuple[str, ...] = ("337/5",)) -> Notice:
    at = NOW + timedelta(minutes=number)
    return Notice(f"n{number}", at, kind, "case:1", f"verdict: 1-{number}/2025", "convicted", ("c1",), court, articles)


@dataclass
class Receiver:
    """A server that takes one request a connection. answers: statuses in order, the last for ever; None: says nothing."""

    port: int = 0
    answers: list[int | None] = field(default_factory=lambda: [200])
    took: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def meets(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            octets = await reader.readexactly(int(fields.get("content-length", "0")))
            cased = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            self.took.append(({name.lower(): value for name, value in cased.items()}, octets))
            status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if status is not None:
                writer.write(f"HTTP/1.1 {status} OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                await writer.drain()
        writer.close()


@asynccontextmanager
async def listening(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]) -> AsyncIterator[int]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)  # type: ignore[arg-type]
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


class Cut(BaseException):
    """As a kill ends it: nothing after it runs."""


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path)


async def test_a_webhook_is_signed_and_told_once(outbox: Outbox, tmp_path: Path) -> None:
    """Body, id and signature as Standard Webhooks has them; what was taken is not sent again, by this process or the next."""
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    receiver = Receiver()
    async with listening(receiver.meets) as port:
        hook = Webhook(f"http://127.0.0.1:{port}/hook", Wanted(), secret)
        assert 1 == outbox.post([notice(1), notice(1)], [hook], NOW)
        assert 1 == await Notifier(outbox, lambda: NOW, print).once([hook])
        assert 0 == await Notifier(Outbox(tmp_path), lambda: NOW, print).once([hook])
        assert 0 == outbox.post([notice(1)], [hook], NOW)
    ((fields, octets),) = receiver.took
    signed = f"{fields['webhook-id']}.{fields['webhook-timestamp']}.".encode() + octets
    assert hmac.new(b"s3cret", signed, hashlib.sha256).digest() == b64decode(fields["webhook-signature"].removeprefix("v1,"))
    told = json.loads(octets)
    assert ("kartoteka.event", "n1", fields["webhook-id"]) == (told["type"], told["data"]["id"], told["data"]["id"])


async def test_a_receiver_that_is_down(outbox: Outbox) -> None:
    """Tried again later and later, in order; after three days it is given up, said so, and the next notice gets its own tries."""
    receiver, notes, clock = Receiver(answers=[500]), list[str](), [NOW]
    async with listening(receiver.meets) as port:
        hook = Webhook(f"http://127.0.0.1:{port}/hook", Wanted())
        outbox.post([notice(1)], [hook], NOW)
        notifier = Notifier(outbox, lambda: clock[0], notes.append)
        for wait in (timedelta(), *AGAIN):
            clock[0] += wait
            assert 0 == await notifier.once([hook])
            assert 0 == await notifier.once([hook])  # its time has not come
        assert len(AGAIN) + 1 == len(receiver.took)
        assert timedelta(days=2) < clock[0] - NOW < timedelta(days=4)
        assert 0 == outbox.waits()
        assert ("answered 500" in notes[-1], "given up" in notes[-1]) == (True, True)
        receiver.answers = [204]
        outbox.post([notice(2)], [hook], clock[0])
        assert 1 == await notifier.once([hook])
    assert ["n1"] * (len(AGAIN) + 1) + ["n2"] == [json.loads(octets)["data"]["id"] for _, octets in receiver.took]


async def test_a_kill_between_posting_and_sending(outbox: Outbox, tmp_path: Path) -> None:
    """What was posted is sent by the next process; killed after the sending it comes once more under the same id."""
    receiver = Receiver()
    async with listening(receiver.meets) as port:
        hook = Webhook(f"http://127.0.0.1:{port}/hook", Wanted())
        outbox.post([notice(n) for n in range(5)], [hook], NOW)
        outbox.close()  # killed here

        class Killed(Outbox):
            def delivered(self, delivery: object) -> None:
                raise Cut

        with pytest.raises(Cut):
            await Notifier(Killed(tmp_path), lambda: NOW, print).once([hook])
        assert 5 == await Notifier(Outbox(tmp_path), lambda: NOW, print).once([hook])
    ids = [fields["webhook-id"] for fields, _ in receiver.took]
    assert ["n0", *(f"n{n}" for n in range(5))] == ids


async def test_one_dead_receiver_holds_up_nobody(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """It accepts and says nothing: the other one is told meanwhile, and this one again later."""
    monkeypatch.setattr("schedules.notify.DEADLINE", 4.0)
    alive, over = Receiver(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    async with listening(silent) as one, listening(alive.meets) as two:
        hooks = [Webhook(f"http://127.0.0.1:{port}/", Wanted()) for port in (one, two)]
        outbox.post([notice(1)], hooks, NOW)
        notes: list[str] = []
        assert 1 == await Notifier(outbox, lambda: NOW, notes.append).once(hooks)
        over.set()
    assert (1, 1, 1) == (len(alive.took), outbox.waits(), len(notes))


async def test_mail(outbox: Outbox) -> None:
    """Taken by a mail server, with an id that tells it from no other; a server that is not there is tried again."""
    took: list[bytes] = []

    async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                took.append(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(b"250 taken\r\n")
            elif word == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 fine\r\n")
        writer.close()

    async with listening(smtp) as port:
        mail = Mail("desk@example.org", "kartoteka@example.org", f"127.0.0.1:{port}", Wanted(), starttls=False)
        outbox.post([Notice("n1", NOW, "alarm", "a\u202eb", "alarm: \x1b[2J", "Приговор", ("c1",))], [mail], NOW)
        assert 1 == await Notifier(outbox, lambda: NOW, print).once([mail])
    message = email.message_from_bytes(took[0].removesuffix(b"\r\n.\r\n"))
    text = message.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert ("<n1@kartoteka.invalid>", "desk@example.org") == (message["Message-ID"], message["To"])
    assert "Приговор" in text.decode()
    assert "\x1b" not in text.decode() + str(message["Subject"])

    gone = Mail("desk@example.org", "kartoteka@example.org", f"127.0.0.1:{port}", Wanted(), starttls=False)
    outbox.post([notice(2)], [gone], NOW)
    assert 0 == await Notifier(outbox, lambda: NOW, print).once([gone])
    assert 1 == outbox.waits()


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Wanted(), ["n1", "n2", "n3", "n4"]),
        (Wanted(events=("new-case", "alarm")), ["n2", "n4"]),
        (Wanted(courts=("46GV0001",)), ["n1", "n4"]),
        (Wanted(articles=("337",)), ["n1", "n3", "n4"]),
        (Wanted(articles=("337/5",)), ["n1", "n4"]),
    ],
)
async def test_who_wants_what(outbox: Outbox, wanted: Wanted, ids: list[str]) -> None:
    """By kind, court and article; an alarm comes whatever courts and articles say."""
    hook = Webhook("http://127.0.0.1:9/", wanted)
    told = [
        notice(1),
        notice(2, "new-case", court="77OV0000", articles=("332/1",)),
        notice(3, court="77OV0000", articles=("337",)),
        Notice("n4", NOW + timedelta(hours=1), "alarm", "a.example", "alarm", "", ()),
    ]
    outbox.post(told, [hook], NOW)
    assert ids == [each.notice.id for each in outbox.due(NOW)]


def test_a_feed(outbox: Outbox) -> None:
    """Well-formed whatever a page says, newest first, the same bytes for the same notices, written only when it changes."""
    odd = Notice("odd", NOW, "event", "case:1", "a\x00b\ud800<script>", "]]>&\x1b", ("c1",))
    assert feed("kursk", [notice(1), odd]) == feed("kursk", [odd, notice(1)])
    outbox.post([notice(1), notice(2)], [], NOW)
    kursk, none = Feed("kursk", Wanted()), Feed("none", Wanted(courts=("77OV0000",)))
    paths = outbox.feeds([kursk, none])
    root = ET.fromstring(paths[0].read_bytes())
    titles = [entry.findtext(f"{{{ATOM}}}title") for entry in root.iter(f"{{{ATOM}}}entry")]
    assert ["verdict: 1-2/2025", "verdict: 1-1/2025"] == titles
    assert [] == list(ET.fromstring(paths[1].read_bytes()).iter(f"{{{ATOM}}}entry"))
    assert ["a\\x00b\\ud800<script>"] == [
        e.findtext(f"{{{ATOM}}}title") for e in ET.fromstring(feed("x", [odd])).iter(f"{{{ATOM}}}entry")
    ]
    assert [] == outbox.feeds([kursk, none])


def test_a_parser_of_ours_is_no_news() -> None:
    row = {
        "event": "verdict",
        "case": "case:1",
        "date": "2025-05-01",
        "observed": NOW.isoformat(),
        "detail": "",
        "captures": ["c"],
    }
    source, parser = (
        of_change({**row, "kind": kind}, court=KURSK, articles=(), number="1-1/2025") for kind in ("source", "parser")
    )
    assert source is not None
    assert parser is None


def test_an_alarm_and_its_end_are_two_notices() -> None:
    raised = Raised("id", Alarm("silent", "sudrf 46GV0001", "no new case for 20 days", ("c1",)), NOW)
    over = Raised("id", raised.alarm, NOW, NOW + timedelta(days=1))
    assert of_alarm(raised).id != of_alarm(over).id
    assert ("alarm: silent: sudrf 46GV0001", "over: silent: sudrf 46GV0001") == (of_alarm(raised).title, of_alarm(over).title)


async def test_news_of_a_court(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first asking found is no news; what the second one changed is, once, and a lost file tells nothing old."""
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    world = watched.served.world
    query = Query((), date(2025, 1, 1), date(2025, 5, 31))
    plan = Plan(tuple(Docket("sudrf", court.code, 365, timedelta(days=1)) for court in world.courts))
    options = Globals(watched.home, list(watched.served.connect_to), [watched.served.ca_file], pace=0)
    late = lambda: datetime.now(UTC) + timedelta(minutes=11)  # noqa: E731
    async with opened(options) as crawl:
        watching = Watching(watched.home, floor=0)
        for visit in (1, 2):
            world.turn(visit)
            chosen = Query(tuple(court.code for court in world.courts), query.first, query.last)
            async for _ in (await Round.begin(crawl, source_named("sudrf"), chosen, revisit=True)).visits():
                pass
            if visit == 1:
                first = watching.look(plan, late())
                assert [] == [each for each in first.lines if "ALARM" in each and "log" not in each and "coverage" not in each]
        told: list[Notice] = []
        with Archive.open(watched.home) as archive, Book.open(watched.home) as book:
            after = watching.outbox.through
            assert after is not None
            told, _ = news(archive, book, after, 10**9)
    of_changed = {each.title.split(":")[0] for each in told if each.subject.endswith(world.changed)}
    assert "verdict" in of_changed
    assert len(told) == len({each.id for each in told})
    second = watching.look(plan, late())
    assert second.posted >= len(told)
    assert 0 == watching.look(plan, late()).posted
    watching.close()
