"""A person who was taken down, or whom the court hid later, is named at no door: no command, file, feed, message or gauge."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer

from archive.door import Globals
from archive.ledger import withheld
from archive.ledger.privacy import Surnames
from archive.ledger.withheld import Veil
from archive.store import Archive
from crawler.crawl import Crawl
from crawler.demo.courtweb import Shelves
from crawler.demo.press import HOSTS
from crawler.demo.server import serve
from crawler.demo.site import Answer, Request
from crawler.demo.world import World
from crawler.opening import opened
from crawler.rounds import Round
from crawler.sites import source_named
from crawler.source import Query
from schedules import cli
from schedules.channels import Feed, Mail, Wanted
from schedules.gauges import Gauges
from schedules.notices import body
from schedules.plan import Address, Docket, Plan
from schedules.standing import Standing, write
from schedules.watching import Watching

NAME = "Небывальский Трифон Маркович"
STEM = re.compile("небывальск|nebyval", re.IGNORECASE)
SAID = "<p>Суд признал Небывальского виновным: он один из 12 осужденных по статье 337 УК РФ в мае 2025 года.</p>"
EVERY, DAY = Wanted(), timedelta(days=1)
# Doors that show nothing of what the ledger holds of people, each with the reason.
ELSEWHERE = {
    "url": "prints what was fetched: addresses, digests, verdicts", "cites": "reads a document of the user's", "source": "as url",
    "links": "reads a document of the user's, and no archive", "read": "reads a page of the user's, and no archive",
    "import": "as url", "new": "writes a scaffold", "demo": "has an archive of its own", "daemon": "its outputs are below",
    "doctor": "looks at the machine", "stamp": "sends digests", "sources": "prints the register of courts", "correct": "decides",
    "backup": "copies the archive as it is, for who keeps it", "rebuild": "prints digests", "log": "prints digests",
}  # fmt: skip


class Telling(World):
    """The small world, with a person whom its article names too. hidden: his court does not name him any more."""

    def __init__(self) -> None:
        super().__init__()
        for entries in self._entries.values():
            entry = entries[self.changed]
            entries[self.changed] = replace(entry, persons=(replace(entry.persons[0], name=NAME), *entry.persons[1:]))
        self.show()

    def show(self, visit: int = 1, *, hidden: bool = False) -> None:
        entries = dict(self._entries[visit])
        if hidden:
            entry = entries[self.changed]
            entries[self.changed] = replace(entry, persons=tuple(replace(each, name=None) for each in entry.persons))
        self.turn(visit)
        self.shelves = Shelves(entries.values())

    def gap(self, *_: object) -> None:
        return None

    def sent(self, request: Request, given: Answer | None) -> Answer | None:
        if given is None or request.host not in HOSTS or given.status != 200 or b"<article>" not in _plain(given):
            return given
        fields = tuple(pair for pair in given.fields if pair[0] != "Content-Encoding")
        told = _plain(given).replace(b"</article>", SAID.encode() + b"</article>")
        head = b'"og:title" content="'
        return replace(given, body=told.replace(head, head + "Дело Небывальского: ".encode()), fields=fields)


def _plain(given: Answer) -> bytes:
    return gzip.decompress(given.body) if ("Content-Encoding", "gzip") in given.fields else given.body


async def visited(crawl: Crawl, world: Telling) -> None:
    entry = world.entry(world.changed)
    assert entry is not None
    query = Query((entry.court.code,), entry.received, entry.received, ("criminal-1",))
    async for _ in (await Round.begin(crawl, source_named("sudrf"), query, again=True)).visits():
        pass
    async for _ in crawl.urls(world.editions()):
        pass


class Told:
    """An archive, what its daemon has told so far, and every door of it."""

    def __init__(self, home: Path, plan: Plan, case: str, article: str) -> None:
        self.home, self.plan, self.case, self.article = home, plan, case, article
        self.watching = Watching(home, floor=0)
        self.said: list[str] = []
        self._laid = 0

    def look(self) -> None:
        """What a daemon does each minute; the log it writes goes with what it said."""
        now = datetime.now(UTC) + timedelta(minutes=11)
        while (told := self.watching.look(self.plan, now)).more:
            pass
        self.said += told.lines

    def doors(self, folder: Path) -> Iterator[tuple[str, str]]:
        """Each door by its name, and all that it says."""
        surname, home = NAME.split()[0], self.home
        commands = [
            ("cases",), ("cases", "--query", surname), ("case", self.case), ("changes",), ("prove", self.case), ("claims",),
            ("prove", self.article), ("tally", "--by", "month,article,court,result"), ("tally", "--unit", "person"),
            ("review", "--all"), ("decisions",), ("takedown",), ("search", surname), ("search", "осужденных"),
            ("editions", "--links", self.article), ("verify",), ("status",), ("due",), ("plan", "check"), ("reread", "--check"),
            ("mirrors", "find", self.article.split("/")[2]),
        ]  # fmt: skip
        for words in commands:
            for form in ((), ("--json",)):
                yield " ".join((*words, *form)), run(home, *words, *form)
        for form in ("csv", "jsonl", "sqlite", "package", "ftm", "parquet", "cdxj"):
            for names in (False, True):
                out = folder / f"{form}-{names}"
                run(home, "export", form, "-o", str(out), *(("--with-names",) if names else ()))
                yield f"export {form}{' --with-names' if names else ''}", text_of(out)
        run(home, "export", "delta", "--since", "2020-01-01", "-o", str(folder / "delta"), "--with-names")
        yield "export delta", text_of(folder / "delta")
        with Archive.open(home) as archive:
            captures = [capture.id for capture in archive.captures() if capture.outcome.whole and not capture.decision]
        for capture in captures:
            run(home, "restore", capture, "-o", str(folder / capture))
            yield f"restore {capture}", text_of(folder / capture)
        self.watching.outbox.feeds(self.plan.feeds)
        yield "feeds", text_of(home / "feeds")
        due = self.watching.outbox.due(datetime.now(UTC) + DAY, 10_000)
        yield "webhooks and mail", "\n".join(body(each.notice).decode() for each in due)
        yield "the daemon's log", "\n".join(self.said)
        standing = Standing(datetime.now(UTC)).told("running", datetime.now(UTC), 0.0, targets=1, running=[], orders=0)
        write(home, standing)
        yield "status.json", (home / "status.json").read_text()
        gauges = Gauges(lambda: 0.0)
        gauges.say(standing)
        yield "metrics", b"".join(gauges.answer({"PATH_INFO": "/metrics"}, lambda *_: None)).decode()


def run(home: Path, *words: str) -> str:
    """Both streams of a command in this process."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), contextlib.suppress(SystemExit):
        cli.main([*words, "--home", str(home)])
    return out.getvalue()


def found(home: Path, *words: str) -> list[str]:
    """The rows of an answer, without what goes to people."""
    return [line for line in run(home, *words, "--json").splitlines() if line.startswith("{")]


def text_of(path: Path) -> str:
    import duckdb

    found = []
    for file in sorted(path.rglob("*")) if path.is_dir() else [path] if path.exists() else []:
        if file.suffix == ".parquet":
            found.append(str(duckdb.sql(f"SELECT * FROM read_parquet('{file}')").fetchall()))
        elif file.is_file():
            octets = file.read_bytes()
            found += [octets.decode("utf-8", "replace"), octets.decode("cp1251", "replace")]
    return "\n".join(found)


def naming(told: Told, folder: Path) -> set[str]:
    """The doors that name him. What a command was asked is not what it tells."""
    folder.mkdir()
    return {name for name, text in told.doors(folder) if STEM.search(text)}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    monkeypatch.setenv("KARTOTEKA_READERS", "1")
    return tmp_path / "home"


@pytest.mark.parametrize("how", ["takedown of the person", "takedown of the case", "hidden by the court"])
async def test_nobody_names_him_any_more(home: Path, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named at many doors before, at none after; and with a veil that forgets texts of no case, articles name him still."""
    world = Telling()
    entry = world.entry(world.changed)
    assert entry is not None
    plan = Plan(
        (Docket("sudrf", entry.court.code, 365, DAY),), (Address(world.editions()[0], DAY),),
        (Mail("desk@example.org", "me@example.org", "localhost:25", EVERY),), (Feed("all", EVERY),),
    )  # fmt: skip
    async with serve(world) as served:
        options = Globals(home, list(served.connect_to), [served.ca_file], pace=0)
        async with opened(options) as crawl:
            await visited(crawl, world)
        told = Told(home, plan, entry.subject, world.editions()[0])
        told.look()
        world.show(2)
        async with opened(options) as crawl:
            await visited(crawl, world)
        told.look()
        assert found(home, "search", NAME.split()[0])
        before = await asyncio.to_thread(naming, told, tmp_path / "before") if "person" in how else None
        if how == "hidden by the court":
            world.show(2, hidden=True)
            async with opened(options) as crawl:
                await visited(crawl, world)
            told.look()
    if how != "hidden by the court":
        subject = f"{entry.subject}#person:1" if "person" in how else entry.subject
        assert "takedown" in run(home, "takedown", subject, "--reason", "a request")
    told.look()
    after = await asyncio.to_thread(naming, told, tmp_path / "after")
    # Bytes as they were received are evidence: who hands them out goes by decisions of people alone.
    assert [] == sorted(door for door in after if how != "hidden by the court" or not door.startswith("restore"))
    assert [] == found(home, "search", NAME.split()[0])
    assert before is None or {"cases", "case", "prove", "claims", "search", "export", "restore"} <= {
        door.split()[0] for door in before
    }

    class Short(Veil):
        def free(self, text: str) -> str:
            return text

    drawn = withheld.drawn

    def forgetful(*asked: object) -> Veil:
        veil = drawn(*asked)  # type: ignore[arg-type]
        return Short(veil.gone, veil.names, veil.patterns, veil.taken, Surnames(frozenset()))

    monkeypatch.setattr(withheld, "drawn", forgetful)
    assert STEM.search(run(home, "claims", "--json"))
    told.watching.close()


def test_every_command_is_a_door_or_has_a_reason() -> None:
    """A new command stands in one of the two lists."""
    group = typer.main.get_command(cli.app)
    with group.make_context("crawl", ["--version"], resilient_parsing=True) as context:
        names = set(group.list_commands(context))
    doors = {"cases", "case", "changes", "prove", "claims", "tally", "review", "decisions", "takedown", "search", "editions",
             "verify", "status", "due", "plan", "reread", "mirrors", "export", "restore"}  # fmt: skip
    assert names == doors | ELSEWHERE.keys()
