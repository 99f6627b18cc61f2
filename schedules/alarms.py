"""The book of alarms: what was folded so far, what stands, what stood; in `watch.sqlite`, beside the archive.

Lost, it is folded anew from the archive. Facts and alarms are written in one transaction, so that a kill between two looks
raises nothing twice and loses nothing. Read through connections of its own: it never holds up who writes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography import x509

from archive.capture import Capture
from archive.database import WAITED
from archive.disk import Disk
from archive.errors import ArchiveError, NotAnArchive, NotFound
from archive.ledger.book import Book
from archive.ledger.observation import Extraction
from archive.shelf import Archive
from archive.stamped import Stamped
from archive.urls import host as host_of
from schedules.plan import Plan
from schedules.watch import (
    GONE,
    Address,
    Alarm,
    Asking,
    Certificate,
    Facts,
    Family,
    Host,
    Machine,
    Raised,
    Register,
    Seen,
    Way,
    settle,
)

FILE = "watch.sqlite"
AT_ONCE = 2_000  # captures folded in one look: a large archive is taken in over many
UNREAD = timedelta(minutes=10)  # a page kept so long ago and not read yet will not be read by whoever kept it
CERTIFICATES = timedelta(hours=6)  # between two looks at a host's certificate
KINDS: Mapping[str, type[Host] | type[Family] | type[Address] | type[Register] | type[Way]] = {
    "hosts": Host, "families": Family, "addresses": Address, "registers": Register, "vantages": Way,
}  # fmt: skip

_tables = sa.MetaData()
_facts = sa.Table(
    "fact",
    _tables,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("said", sa.Text, nullable=False),  # JSON
)
_alarms = sa.Table(
    "alarm",
    _tables,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("captures", sa.Text, nullable=False),  # JSON list
    sa.Column("raised", sa.Text, nullable=False),
    sa.Column("cleared", sa.Text),
)
_marks = sa.Table("mark", _tables, sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False))


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found. raised, cleared: now. more: captures are left to fold."""

    raised: tuple[Raised, ...]
    cleared: tuple[Raised, ...]
    more: bool


class Alarms:
    """Open for the one process that watches; used from one thread at a time."""

    def __init__(
        self, home: Path, *, floor: int, disk: Disk | None = None, stamped: bool = False, vantages: bool = False
    ) -> None:
        """floor: octets that are never used, as the settings say. stamped: they name authorities who stamp the log.

        vantages: they know some beside this machine.
        """
        self._home, self._floor, self._disk = home, floor, disk or Disk()
        self._stamped, self._vantages = stamped, vantages
        # A connection of its own each time: looks are made from whichever thread is free.
        self._engine = sa.create_engine(f"sqlite:///{home / FILE}", poolclass=sa.NullPool, connect_args={"timeout": WAITED})
        with self._engine.connect() as db:
            db.exec_driver_sql("PRAGMA journal_mode=WAL")
        _tables.create_all(self._engine)
        self._load()
        # Whoever kept what was there before has ended: what he did not come to read is read by nobody.
        self._left = 0
        with contextlib.suppress(NotAnArchive, NotFound), Archive.open(home) as archive:
            self._left = archive.index.next_seq()

    def _load(self) -> None:
        """What was folded so far, as the last look that was written left it."""
        self._facts = Facts()
        with self._engine.connect() as db:
            for row in db.execute(_facts.select()):
                getattr(self._facts, row.kind)[row.subject] = _fact(row.kind, json.loads(row.said))
            marks = {row.name: row.value for row in db.execute(_marks.select())}
        self._through = int(marks.get("through", -1))
        # The first capture without a stamp, and when it was first seen to be so.
        first, _, since = marks.get("unstamped", "").partition(" ")
        self._bare = (first, datetime.fromisoformat(since)) if since else None
        self._sound = True

    def close(self) -> None:
        self._engine.dispose()

    def look(self, plan: Plan, now: datetime, busy: Container[str] = ()) -> Look:
        """Folds what was kept since the last look, and judges. Raises ArchiveError where the archive cannot be read.

        busy: names of targets that are being visited, asked after all was read: a register that is read half is neither
        incomplete nor wrong.
        """
        if not self._sound:  # a look was broken off: what it folded was not written
            self._load()
        self._sound = False
        before = {kind: {name: _said(fact) for name, fact in getattr(self._facts, kind).items()} for kind in KINDS}
        more = False
        with contextlib.ExitStack() as stack:
            try:
                archive = stack.enter_context(Archive.open(self._home))
            except (NotAnArchive, NotFound):
                self._sound = True
                return Look((), (), more=False)
            book: Book | None = None
            with contextlib.suppress(NotFound):
                book = stack.enter_context(Book.open(self._home))
            more = self._fold(archive, book, now)
            if book is not None:
                self._registers(plan, book, busy)
            machine = self._machine(archive, now)
        found = self._facts.alarms(now, machine)
        look = self._settled(before, found, now, more=more)
        self._sound = True
        return look

    def standing(self) -> list[Raised]:
        """What stands, the oldest first."""
        with self._engine.connect() as db:
            return _read(db, _alarms.c.cleared.is_(None))

    def lately(self, since: datetime) -> list[Raised]:
        """What was raised or cleared since, each as it stands now."""
        at = since.isoformat()
        with self._engine.connect() as db:
            return _read(db, (_alarms.c.raised >= at) | (_alarms.c.cleared >= at))

    @property
    def through(self) -> int:
        """The number of the last capture that was folded; -1 before the first."""
        return self._through

    # -- folding

    def _fold(self, archive: Archive, book: Book | None, now: datetime) -> bool:
        captures: list[Capture] = []
        for capture in archive.captures(since_seq=self._through + 1):
            captures.append(capture)
            if len(captures) == AT_ONCE:
                break
        read = {e.capture: e for e in book.extractions(captures={c.id for c in captures})} if book and captures else {}
        for capture in captures:
            extraction = read.get(capture.id)
            mine = capture.seq >= self._left and _read_later(capture)
            if extraction is None and mine and now - capture.at < UNREAD:
                return False  # it may be read any moment: from here on the next time
            self._through = capture.seq
            if capture.foreign is None and not capture.decision and (seen := _seen(capture, extraction)) is not None:
                if self._vantages:
                    seen = _seen_from(archive, capture, seen)
                self._facts.fold(seen, held=_held(archive, book, seen, capture.seq))
                self._certificate(archive, capture, seen.known_as)
        return len(captures) == AT_ONCE

    def _certificate(self, archive: Archive, capture: Capture, host: str) -> None:
        """Looked at now and then, and whenever the handshake failed."""
        facts = self._facts.hosts[host]
        mine = facts.certificate
        failed = str(capture.outcome) == "tls-failed"
        fresh = facts.looked is not None and capture.at - facts.looked < CERTIFICATES
        if not capture.url.startswith("https:") or (mine and mine.valid and fresh and not failed):
            return
        with contextlib.suppress(ArchiveError):
            tls = archive.exchange(capture).tls
            if tls is None or not tls.chain:
                return
            leaf = tls.chain[0]
            with contextlib.suppress(ValueError, x509.InvalidVersion):
                ends = x509.load_der_x509_certificate(leaf).not_valid_after_utc
                digest = hashlib.sha256(leaf).hexdigest()
                facts.meet(Certificate(capture.id, capture.at, digest, ends, valid=tls.verified and not failed))

    def _registers(self, plan: Plan, book: Book, busy: Container[str]) -> None:
        newest = {(source, court): run for source, court, run, _ in book.runs()}
        wanted = {d.name: newest[d.source, d.court] for d in plan.dockets if (d.source, d.court) in newest}
        fresh = {name: run for name, run in wanted.items() if self._asked(name) != run}
        last = {name: run for name, run in wanted.items() if name not in fresh}
        windows = book.coverage(runs=set(fresh.values()) | set(last.values()))
        for docket in plan.dockets:
            if docket.name not in wanted or docket.name in busy:
                continue
            mine = [w for w in windows if w.asked.run == wanted[docket.name] and w.asked.court == docket.court]
            asking = _asking(wanted[docket.name], mine)
            register = self._facts.registers.setdefault(docket.name, Register())
            if register.askings and register.askings[-1] == asking:
                continue
            known = len(book.registrations(docket.court))
            if docket.name not in busy:  # it may have been begun since
                register.fold(asking, known)

    def _asked(self, name: str) -> str | None:
        register = self._facts.registers.get(name)
        return register.askings[-1].run if register and register.askings else None

    def _machine(self, archive: Archive, now: datetime) -> Machine:
        waiting = archive.index.waiting(1)
        first = next(archive.captures(since_seq=waiting[0][0]), None) if waiting else None
        bare = self._unstamped(archive) if self._stamped else None
        if bare is None:
            self._bare = None
        elif self._bare is None or self._bare[0] != bare.id:
            self._bare = bare.id, now
        return Machine(
            self._disk.space(self._home),
            self._floor,
            None if first is None else first.at,
            archive.index.waits(),
            None if first is None else first.id,
            None if self._bare is None else self._bare[1],
            None if self._bare is None else self._bare[0],
        )

    def _unstamped(self, archive: Archive) -> Capture | None:
        """The first capture that is logged and has no stamp. A log that cannot be read is `verify`'s to tell of."""
        stamped = Stamped(self._home)
        with contextlib.suppress(ArchiveError):
            if stamped.pending_since() is not None:
                return next(archive.captures(since_seq=stamped.covered()), None)
        return None

    # -- keeping

    def _settled(self, before: dict[str, dict[str, str]], found: list[Alarm], now: datetime, *, more: bool) -> Look:
        with self._engine.begin() as db:
            if more:
                raised: list[Raised] = []
                cleared: list[Raised] = []  # an archive that is still being taken in tells of old troubles
            else:
                raised, cleared = settle(_read(db, _alarms.c.cleared.is_(None)), found, now)
            for kind in KINDS:
                self._write(db, kind, before[kind])
            for each in raised:
                values = {
                    "kind": each.alarm.kind, "subject": each.alarm.subject, "detail": each.alarm.detail,
                    "captures": json.dumps(each.alarm.captures), "raised": each.raised.isoformat(), "cleared": None,
                }  # fmt: skip
                db.execute(_alarms.delete().where(_alarms.c.id == each.id))
                db.execute(_alarms.insert().values(id=each.id, **values))
            for each in cleared:
                db.execute(_alarms.update().where(_alarms.c.id == each.id).values(cleared=now.isoformat()))
            db.execute(_marks.delete())
            db.execute(_marks.insert().values(name="through", value=str(self._through)))
            if self._bare is not None:
                db.execute(_marks.insert().values(name="unstamped", value=f"{self._bare[0]} {self._bare[1].isoformat()}"))
        return Look(tuple(raised), tuple(cleared), more=more)

    def _write(self, db: sa.Connection, kind: str, before: dict[str, str]) -> None:
        """Only what has changed."""
        now = {name: _said(fact) for name, fact in getattr(self._facts, kind).items()}
        changed = [name for name in now if before.get(name) != now[name]]
        for name in (*changed, *(before.keys() - now.keys())):
            db.execute(_facts.delete().where(_facts.c.kind == kind, _facts.c.subject == name))
        if changed:
            db.execute(_facts.insert(), [{"kind": kind, "subject": name, "said": now[name]} for name in changed])


def standing(home: Path) -> list[Raised]:
    """The alarms that stand, for who only looks; none where nobody ever watched."""
    if not (home / FILE).is_file():
        return []
    engine = sa.create_engine(f"sqlite:///{home / FILE}")
    try:
        with engine.connect() as db:
            return _read(db, _alarms.c.cleared.is_(None))
    except sa.exc.OperationalError:
        return []  # it is just being made
    finally:
        engine.dispose()


def _read(db: sa.Connection, which: sa.ColumnElement[bool]) -> list[Raised]:
    rows = db.execute(_alarms.select().where(which).order_by(_alarms.c.raised, _alarms.c.id))
    return [
        Raised(
            row.id,
            Alarm(row.kind, row.subject, row.detail, tuple(json.loads(row.captures))),
            datetime.fromisoformat(row.raised),
            datetime.fromisoformat(row.cleared) if row.cleared else None,
        )
        for row in rows
    ]


def _read_later(capture: Capture) -> bool:
    """Is a capture read by whoever keeps it? A person's decision is not, nor are the rules for robots."""
    return capture.outcome.whole and not capture.decision and not capture.url.endswith("/robots.txt")


def _seen(capture: Capture, extraction: Extraction | None) -> Seen | None:
    """None for a redirect's hop, and for an address without a host."""
    try:
        host = host_of(capture.url)
    except ValueError:
        return None
    if not host or (capture.status is not None and 300 <= capture.status < 400 and capture.status != 304):
        return None
    word = extraction.verdict if extraction is not None else str(capture.outcome)
    if extraction is None and capture.status in (404, 410):
        word = "gone"
    return Seen(capture.id, capture.at, capture.url, host, word, extraction.flags if extraction is not None else ())


def _seen_from(archive: Archive, capture: Capture, seen: Seen) -> Seen:
    """The same with its vantage; only the manifest tells it."""
    with contextlib.suppress(ArchiveError):
        vantage = archive.manifest(capture).get("vantage")
        if vantage is not None:
            return replace(seen, vantage=vantage["label"], fault=capture.error if vantage["fault"] else None)
    return seen


def _held(archive: Archive, book: Book | None, seen: Seen, seq: int) -> bool:
    """Was a page read under this address before? Asked only where it seems to be gone."""
    if book is None or seen.word not in GONE:
        return False
    earlier = {capture.id for capture in archive.captures(seen.url) if capture.seq < seq}
    return any(extraction.verdict == "page" for extraction in book.extractions(captures=earlier))


def _asking(run: str, windows: Iterable[Any]) -> Asking:
    found = sorted(windows, key=lambda window: (window.at, window.capture))
    whole = [window for window in found if window.asked.complete]
    gaps = sorted({window.asked.gap for window in found if window.asked.gap is not None})
    bad = [window.capture for window in found if not window.asked.complete]
    shown = bad or [window.capture for window in whole]
    at = found[-1].at if found else datetime(1970, 1, 1, tzinfo=UTC)
    return Asking(run, at, len(whole), len(found), tuple(gaps), tuple(dict.fromkeys(shown))[-5:])


# -- facts as JSON


def _said(fact: object) -> str:
    return json.dumps(asdict(fact), ensure_ascii=False, default=_plain)  # type: ignore[call-overload]


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value))


def _fact(kind: str, said: dict[str, Any]) -> Host | Family | Address | Register | Way:
    match kind:
        case "hosts":
            pairs = [tuple(each) for each in said["recent"]]
            since = [tuple(each) for each in said["silent_since"]]
            certificates = (_certificate(said["certificate"]), _certificate(said["before"]))
            looked = said["looked"] and datetime.fromisoformat(said["looked"])
            return Host(pairs, said["visits"], said["usual"], since, *certificates, looked)
        case "families":
            return Family([(c, w, list(odd)) for c, w, odd in said["last"]], said["read"], said["flags"])
        case "vantages":
            return Way([tuple(each) for each in said["failed"]])
        case "addresses":
            return Address([tuple(each) for each in said["gone"]])
        case _:
            return Register([_again(each) for each in said["askings"]], said["known"], said["days"], said["news"])


def _certificate(said: dict[str, Any] | None) -> Certificate | None:
    if said is None:
        return None
    at, ends = datetime.fromisoformat(said["at"]), datetime.fromisoformat(said["ends"])
    return Certificate(said["capture"], at, said["sha256"], ends, said["valid"])


def _again(said: dict[str, Any]) -> Asking:
    at = datetime.fromisoformat(said["at"])
    return Asking(said["run"], at, said["complete"], said["windows"], tuple(said["gaps"]), tuple(said["captures"]))


def shown(raised: Iterable[Raised]) -> Iterator[str]:
    """A line each, for the log."""
    for each in raised:
        state = "cleared" if each.cleared else "ALARM"
        yield f"{state}: {each.alarm.kind}: {each.alarm.subject}: {each.alarm.detail}"
