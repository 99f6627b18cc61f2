"""The ledger's book: the one place that writes what captures say, and where it is read again.

Entered twice is entered once; nothing is ever changed or taken out. One book writes, in one thread; readers open the
file `mode=ro`. What is current is a question of reading: of two readings of one capture by one parser the newer version
stands, unless it could not read the page at all.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote as percent

import orjson
import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import sqlite

from archive.capture import Capture
from archive.database import WAITED
from archive.decisions import Decision, Kept
from archive.errors import ArchiveError, Damaged, DiskFull, InUse, NotFound, Refused, TooNew
from archive.ledger import tables, words
from archive.ledger.coverage import fold
from archive.ledger.judgements import CORRECTION, IDENTITY, corrections, ties
from archive.ledger.observation import (
    Correction,
    Counter,
    CoverageWindow,
    Extraction,
    Link,
    Quoted,
    Reading,
    Sighting,
    Tie,
    Unread,
    Window,
)
from archive.ledger.rules import check

FILE = "ledger.sqlite"
READER = 5.0  # seconds that who only reads waits for a database that is held
TOGETHER = 16  # rows entered at one step: at each, the interpreter's lock is let go of and waited for
Asking = tuple[str, str, str, str]  # source, court, register and run
_BATCH = 500  # values in one IN (...): far below SQLite's bound variables (32,766)


@dataclass(frozen=True, slots=True)
class Entry:
    """One reading of one capture, to be entered. window: the coverage that this capture's answer completes.

    known: since when the archive holds it (`Archive.known`); None: since it was taken.
    """

    capture: Capture
    reading: Reading
    window: CoverageWindow | None = None
    source_text: str | None = None
    known: datetime | None = None


class Book:
    """The open ledger file. Use as a context manager, from one thread at a time."""

    def __init__(self, engine: sa.Engine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._now = now
        self._pin: sa.Connection | None = None

    @classmethod
    def open(cls, home: Path, *, write: bool = False, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Book:
        """Open the book of an archive; a writer makes it where it is absent, and must hold the archive's lock.

        now: our clock, aware and in UTC, for the `recorded` column. Raises NotFound (nothing was ever entered), TooNew,
        InUse, Damaged.
        """
        path = home / FILE
        if not write and not path.exists():
            raise NotFound(f"no ledger in {home}: nothing was read yet; crawl something, or rebuild it from the archive")
        engine = sa.create_engine("sqlite+pysqlite://", creator=lambda: _connect(path, write), poolclass=sa.StaticPool)

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

        book = cls(engine, now)
        with book._begun() as connection:
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if version > tables.VERSION:
                raise TooNew(f"{path} has format {version}; this program knows {tables.VERSION}: use a newer one")
            if 0 < version < tables.OLDEST:
                raise Damaged(f"{path} has format {version}, which is no longer read: `crawl rebuild` makes it anew")
            if not write and version == 0:
                raise NotFound(f"the ledger in {home} is just being made; nothing was read yet")
            if write and version < tables.VERSION:
                tables.metadata.create_all(connection)
                for trigger in tables.triggers():
                    connection.exec_driver_sql(trigger)
                connection.exec_driver_sql(f"PRAGMA user_version = {tables.VERSION}")
            elif write:
                for index in (tables.BY_COURT, tables.ASKED_BY):
                    index.create(connection, checkfirst=True)  # ledgers made before it was thought of have none
        return book

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Book:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """Everything read inside is of one moment, whoever writes meanwhile; for a book that is open for reading."""
        with self._begun() as connection:
            self._pin = connection
            try:
                yield
            finally:
                self._pin = None

    # Writing

    def enter(
        self, capture: Capture, reading: Reading, *, window: CoverageWindow | None = None, source_text: str | None = None
    ) -> Extraction:
        """Enter one reading in one transaction, durable on return. Raises Refused, and then nothing is entered."""
        return self.enter_many((Entry(capture, reading, window, source_text),))[0]

    def enter_many(self, entries: Iterable[Entry]) -> list[Extraction]:
        """Enter readings in one transaction, all or none; their extractions in the same order. Raises Refused."""
        batch = list(entries)
        for entry in batch:
            check(entry.capture, entry.reading, entry.source_text)
        recorded = _stamp(self._now())
        rows: _Rows = {table: [] for table in (tables.reading, tables.observation, tables.sighting, tables.link, tables.unread)}
        extractions, extracted, windows = [], [], []
        for entry in batch:
            reading_id = _write_reading(entry.reading, rows)
            extraction = _extraction(entry, reading_id)
            extractions.append(extraction)
            extracted.append(_extraction_row(extraction, recorded))
            if entry.window is not None:
                windows.append(_window_row(entry.window, entry.capture, recorded))
        with self._begun() as connection:
            _refuse_second_thoughts(connection, extractions)
            for table, found in rows.items():
                _insert(connection, table, found)
            _insert(connection, tables.extraction, extracted)
            _insert(connection, tables.coverage, windows)
        return extractions

    def cover(self, capture: Capture, window: CoverageWindow) -> None:
        """Enter a window that no page answered: the capture is the failed visit, or the page that was a captcha."""
        with self._begun() as connection:
            _insert(connection, tables.coverage, [_window_row(window, capture, _stamp(self._now()))])

    def decide(self, *kept: Kept) -> None:
        """Enter what was decided, as the archive keeps it; entered twice is entered once."""
        recorded = _stamp(self._now())
        rows = [
            (each.id, each.seq, each.decision.kind, _stamp(each.decision.at), each.decision.block.decode(), recorded)
            for each in kept
        ]
        with self._begun() as connection:
            _insert(connection, tables.decision, rows)

    # Reading

    def extractions(
        self,
        *,
        captures: Collection[str] | None = None,
        known_at: datetime | None = None,
        as_of: datetime | None = None,
        live: bool = True,
    ) -> list[Extraction]:
        """Extractions in the order of the log. live: only those that stand.

        known_at: only of captures that the archive held by then; as_of: only of those taken by then, whenever they came here.
        """
        columns = sa.select(tables.extraction, tables.reading).join(
            tables.reading, tables.extraction.c.reading == tables.reading.c.id
        )
        columns = columns.where(*_until(known_at, as_of))
        rows = self._batched(columns, tables.extraction.c.capture, captures)
        found = [_read_extraction(row) for row in rows]
        found.sort(key=lambda extraction: (extraction.seq, extraction.id))
        return standing(found) if live else found

    def standing_ids(self, *, known_at: datetime | None = None, as_of: datetime | None = None) -> Iterator[str]:
        """The ids of `extractions`, read capture by capture."""
        columns = sa.select(tables.extraction, tables.reading).join(
            tables.reading, tables.extraction.c.reading == tables.reading.c.id
        )
        rows = self._streamed(columns.where(*_until(known_at, as_of)).order_by(tables.extraction.c.capture))
        for _, of_one in groupby(map(_read_extraction, rows), key=lambda extraction: extraction.capture):
            for extraction in standing(of_one):
                yield extraction.id

    def superseded(self, *, known_at: datetime | None = None) -> list[Extraction]:
        """Extractions that a newer version of their parser has taken the place of, in the order of the log."""
        every = self.extractions(known_at=known_at, live=False)
        stand = {extraction.id for extraction in standing(every)}
        return [extraction for extraction in every if extraction.id not in stand]

    def as_of(self, *, known_at: datetime | None = None, as_of: datetime | None = None) -> datetime | None:
        """When the newest capture that was read began; None where nothing was read."""
        query = sa.select(sa.func.max(tables.extraction.c.at)).where(*_until(known_at, as_of))
        ((at,),) = self._all(query)
        return None if at is None else datetime.fromisoformat(at)

    def begun(self) -> datetime | None:
        """When the first capture that was read was held here; None where nothing was read."""
        ((at,),) = self._all(sa.select(sa.func.min(tables.extraction.c.known)))
        return None if at is None else datetime.fromisoformat(at)

    def sightings(
        self,
        registrations: Collection[str] | None = None,
        *,
        prefix: str = "reg:",
        known_at: datetime | None = None,
        as_of: datetime | None = None,
        events: bool = True,
        only: str | None = None,
        own: bool = False,
        of: Collection[Extraction] | None = None,
    ) -> list[Sighting]:
        """What stands in the book of these registrations, or of all whose subject begins with `prefix`.

        known_at, as_of: as in `extractions`.
        events: with the courts' lists of events, which no figure of the tally needs and which are most of a ledger.
        own: only what is said of the registrations themselves, nothing of their people, events and hearings. only: values of
            this property alone. of: of these extractions alone, whether they stand or not.
        One sighting for each place of a reading, with the newest capture that has this reading; in no order to rely on.
        """
        until = (known_at, as_of)
        said = self._said(registrations, prefix, until, (), events=events, own=own, only=only, of=of)
        return [sighting for sighting, _ in said]

    def quoted(
        self,
        registrations: Collection[str] | None = None,
        *,
        prefix: str = "",
        known_at: datetime | None = None,
        as_of: datetime | None = None,
        only: str | None = None,
        events: bool = True,
    ) -> list[Quoted]:
        """As `sightings`, each with selector and quote."""
        place = tables.sighting.c
        where = (place.selector, place.quote, place.start, place.end)
        said = self._said(registrations, prefix, (known_at, as_of), where, only=only, events=events)
        return [Quoted(sighting, *place) for sighting, place in said]

    def page(self, extraction: Extraction) -> list[tuple[str, str, str, str | None, str, str, int, int, bool]]:
        """The values of one reading in page order, as Observation's fields."""
        o, place = tables.observation.c, tables.sighting.c
        query = (
            sa.select(o.subject, o.property, o.raw, o.value, place.selector, place.quote, place.start, place.end, o.derived)
            .join_from(tables.sighting, tables.observation, place.observation == o.id)
            .where(place.reading == extraction.reading)
            .order_by(place.place)
        )
        return [(*row[:8], bool(row[8])) for row in map(tuple, self._all(query))]

    def newest(self, registration: str) -> Extraction | None:
        """The newest capture that says anything of a registration (or of a page, by its URL)."""
        found = [sighting.extraction for sighting in self.sightings([registration])]
        return max(found, key=lambda extraction: (extraction.at, extraction.seq), default=None)

    def read_at(self, url: str) -> bool:
        """Whether a page of exactly this address was read."""
        return bool(self._quickly(_AT_URL, url))

    def links(self, *, captures: Collection[str] | None = None, rel: str | None = None) -> list[tuple[Extraction, Link]]:
        """Links of the standing readings, in the order of the log and of the page."""
        condition = () if rel is None else (tables.link.c.rel == rel,)
        rows = self._of_readings(tables.link, captures, condition)
        return [(e, Link(row.url, row.rel, row.text, row.selector, row.language)) for e, row in rows]

    def named(self, url: str) -> tuple[str | None, tuple[str, ...]] | None:
        """What the newest page held at exactly this address names: its canonical address, and its other editions.

        None where no page of it was read.
        """
        pages = standing(_read_extraction(row) for row in self._quickly(_AT_URL, url))
        read = [extraction for extraction in pages if extraction.verdict == "page"]
        if not read:
            return None
        newest = max(read, key=lambda extraction: (extraction.at, extraction.seq))
        links = [link for page in read if page.capture == newest.capture for link in self._quickly(_NAMES, page.reading)]
        canonical = next((url for url, rel in links if rel == "canonical"), None)
        return canonical, tuple(url for url, rel in links if rel == "alternate")

    def unread(self, *, captures: Collection[str] | None = None) -> list[tuple[Extraction, Unread]]:
        """What no observation took, in the order of the log and of the page."""
        return [(e, Unread(row.text, row.selector)) for e, row in self._of_readings(tables.unread, captures, ())]

    def windows(self, *, known_at: datetime | None = None, runs: Collection[str] | None = None) -> list[Window]:
        """Coverage windows, one a page that answered, by time of their capture. runs: only of these askings."""
        query = sa.select(tables.coverage).order_by(tables.coverage.c.at, tables.coverage.c.id)
        if known_at is not None:
            query = query.where(tables.coverage.c.at <= _stamp(known_at))
        return [_read_window(row) for row in self._batched(query, tables.coverage.c.run, runs)]

    def runs(self) -> list[tuple[str, str, str, datetime]]:
        """Source, court and id of every asking of a register, with the time of its last page; in order of that time."""
        row = tables.coverage.c
        last = sa.func.max(row.at).label("last")
        query = sa.select(row.source, row.court, row.run, last).group_by(row.source, row.court, row.run).order_by(last, row.run)
        return [(each.source, each.court, each.run, datetime.fromisoformat(each.last)) for each in self._all(query)]

    def answered(self, source: str) -> dict[tuple[str, str], str]:
        """By court and register: the address of the page that told of rows there last."""
        row, last = tables.coverage.c, sa.func.max(tables.coverage.c.at)
        newest = sa.select(row.court, row.register, row.capture, last).where(row.source == source, row.expected > 0)
        pages = newest.group_by(row.court, row.register).subquery()  # the row of the maximum (sqlite.org/lang_select.html)
        query = sa.select(pages.c.court, pages.c.register, tables.extraction.c.url).join_from(
            pages, tables.extraction, tables.extraction.c.capture == pages.c.capture
        )
        return {(each.court, each.register): each.url for each in self._all(query)}

    def coverage(self, *, known_at: datetime | None = None, runs: Collection[str] | None = None) -> list[Window]:
        """The windows as wholes: each asking folded from the pages that answered it. runs: only these askings."""
        return self._folded(self.windows(known_at=known_at, runs=runs))

    def askings(self) -> dict[Asking, int]:
        """Every asking of a register of a court in a run, with the number of its pages."""
        row = tables.coverage.c
        asked = (row.source, row.court, row.register, row.run)
        rows = self._all(sa.select(*asked, sa.func.count().label("pages")).group_by(*asked))
        return {(each.source, each.court, each.register, each.run): each.pages for each in rows}

    def asked_and_read(self, since: int) -> set[Asking]:
        """Those of which a page was read, or read anew, by an extraction with a number above this one."""
        with self._begun() as connection:
            return {(row[0], row[1], row[2], row[3]) for row in connection.exec_driver_sql(_ASKED_AND_READ, (since,))}

    def coverage_of(self, askings: Collection[Asking]) -> list[Window]:
        """The windows of these askings as wholes."""
        runs, courts = {asking[3] for asking in askings}, {asking[1] for asking in askings}
        query = sa.select(tables.coverage).where(tables.coverage.c.court.in_(sorted(courts)))
        query = query.order_by(tables.coverage.c.at, tables.coverage.c.id)
        rows = self._batched(query, tables.coverage.c.run, runs)
        return self._folded([_read_window(r) for r in rows if (r.source, r.court, r.register, r.run) in askings])

    def _folded(self, pages: Collection[Window]) -> list[Window]:
        counters = {e.capture: e.counter for e in self.extractions(captures={page.capture for page in pages})}
        return fold((page, counters.get(page.capture)) for page in pages)

    def registrations(self, court: str) -> list[str]:
        """The registrations that some page says are this court's."""
        said = tables.observation.c
        stated = said.property == sa.literal_column("'court'")  # as the index has it: a bound value would pass it by
        query = sa.select(said.registration).distinct().where(stated, said.value == court)
        return sorted(row.registration for row in self._all(query))

    def spoken_of(self, captures: Collection[str]) -> list[str]:
        """The registrations that pages of these captures speak of."""
        extraction, place, said = tables.extraction.c, tables.sighting.c, tables.observation.c
        query = (
            sa.select(said.registration)
            .distinct()
            .join_from(tables.extraction, tables.sighting, extraction.reading == place.reading)
            .join(tables.observation, place.observation == said.id)
            .where(said.registration.like("reg:%"))
        )
        return sorted({row.registration for row in self._batched(query, extraction.capture, captures)})

    def speaking_of(self, registrations: Collection[str]) -> list[Extraction]:
        """Every extraction that stands and whose page speaks of one of these, in the order of the log."""
        place, said = tables.sighting.c, tables.observation.c
        query = sa.select(place.reading).distinct().join_from(tables.sighting, tables.observation, place.observation == said.id)
        readings = {row.reading for row in self._batched(query, said.registration, registrations)}
        return self.extractions(captures=self._captures(readings))

    def decisions(self, kind: str | None = None, *, known_at: datetime | None = None) -> list[Kept]:
        """What people decided, in the order of the log. known_at: only what was decided by then."""
        row = tables.decision.c
        query = sa.select(row.id, row.seq, row.said).order_by(row.seq)
        if kind is not None:
            query = query.where(row.kind == kind)
        if known_at is not None:
            query = query.where(row.at <= _stamp(known_at))
        return [Kept(each.id, each.seq, Decision.of(each.said.encode())) for each in self._all(query)]

    def ties(self, *, known_at: datetime | None = None) -> list[tuple[str, Tie]]:
        """People's judgements of identity with their ids, in the order of their ids."""
        return ties(self.decisions(IDENTITY, known_at=known_at))

    def corrections(self, *, known_at: datetime | None = None) -> list[Correction]:
        """People's corrections that stand, in the order of the log."""
        return corrections(self.decisions(CORRECTION, known_at=known_at))

    def head(self) -> dict[str, str]:
        """How far the book goes: the last number given to an extraction and to a decision, with the row that has it; and how
        many pages of registers were asked for."""
        last = {
            name: f"{row.number} {row.id}" if (row := self._one(_LAST.format(table))) else "0 "
            for name, table in (("extractions", "extraction"), ("decisions", "decision"))
        }
        asked = self._one("SELECT count(*) AS rows FROM coverage")
        return {**last, "asked": str(asked.rows if asked else 0)}

    def holds(self, head: Mapping[str, str]) -> bool:
        """Whether a head is an earlier one, or the present one, of this very book."""
        for name, table in (("extractions", "extraction"), ("decisions", "decision")):
            number, _, id_ = head.get(name, "").partition(" ")
            if not number.isdigit():
                return False
            row = self._one(f'SELECT id FROM "{table}" WHERE rowid = {int(number)}')  # noqa: S608
            if int(number) and (row is None or row.id != id_):
                return False
        return True

    def touched(self, head: Mapping[str, str]) -> list[str]:
        """The registrations of which something was entered, read anew or decided since that head, sorted."""
        extractions, decisions = (int(head[name].partition(" ")[0]) for name in ("extractions", "decisions"))
        with self._begun() as connection:
            found = {row[0] for row in connection.exec_driver_sql(_TOUCHED, (extractions,))}
            decided = connection.exec_driver_sql("SELECT said FROM decision WHERE rowid > ?", (decisions,)).all()
            subjects = {name for (said,) in decided for name in Decision.of(said.encode()).subjects}
            for subject in {words.registration(name) for name in subjects if name.startswith("reg:")}:
                if connection.exec_driver_sql(_THERE, (subject,)).first():
                    found.add(subject)
        return sorted(found)

    def later(self, known_at: datetime | None, as_of: datetime | None) -> tuple[int, int]:
        """How many captures were read that `extractions` leaves out as of then, and how many in all."""
        row = self._one(_LATER.format(_beyond(known_at, as_of)))
        return (0, 0) if row is None else (int(row.later or 0), int(row.every))

    def touched_later(self, known_at: datetime | None, as_of: datetime | None) -> list[str]:
        """The registrations that these captures speak of, sorted."""
        with self._begun() as connection:
            found = connection.exec_driver_sql(_TOUCHED_LATER.format(_beyond(known_at, as_of)))
            return sorted(row[0] for row in found)

    def all_registrations(self, *, prefix: str = "reg:") -> list[str]:
        """Every registration, or page, of which anything was ever said and whose name begins so, sorted."""
        with self._begun() as connection:
            return [
                row[0] for row in connection.exec_driver_sql(_REGISTRATIONS, {"first": prefix, "beyond": prefix + "\U0010ffff"})
            ]

    def _one(self, statement: str) -> sa.Row[Any] | None:
        with self._begun() as connection:
            return connection.exec_driver_sql(statement).first()

    def counts(self) -> dict[str, int]:
        """Rows by table."""
        with self._begun() as connection:
            return {
                table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for table in tables.metadata.sorted_tables
            }

    def digest(self) -> tuple[int, str]:
        """How many rows the book holds, and the sha256 over them in the order of their keys, our own clock left out."""
        count, digest = 0, hashlib.sha256()
        with self._begun() as connection:
            for table in tables.metadata.sorted_tables:
                columns = [column for column in table.columns if column.name != "recorded"]
                for row in connection.execute(sa.select(*columns).order_by(*table.primary_key)).yield_per(10_000):
                    digest.update(_canonical([table.name, *row]).encode("utf-8", "surrogatepass") + b"\n")
                    count += 1
        return count, digest.hexdigest()

    def _said(
        self,
        registrations: Collection[str] | None,
        prefix: str,
        until: tuple[datetime | None, datetime | None],
        more: Sequence[sa.ColumnElement[Any]],
        *,
        events: bool = True,
        only: str | None = None,
        own: bool = False,
        of: Collection[Extraction] | None = None,
    ) -> Iterator[tuple[Sighting, tuple[Any, ...]]]:
        column = tables.observation.c
        query = sa.select(
            tables.sighting.c.reading,
            column.id, column.subject, column.property, column.ordinal, column.raw, column.value, column.derived,
            *more,
        ).join_from(tables.sighting, tables.observation, tables.sighting.c.observation == column.id)  # fmt: skip
        if registrations is None and prefix:
            # Of most of a ledger not by the index on registrations: read in the order of observations both tables are read
            # once, front to back. Pages are the smaller part, and found by it.
            among = column.subject if "reg:".startswith(prefix) else column.registration
            query = query.where(among >= prefix, among < prefix + chr(0x10FFFF))
        if only is not None:
            query = query.where(column.property == only)
        if own:
            query = query.where(column.subject == column.registration)
        elif not events:
            query = query.where(sa.func.instr(column.subject, "#event:") == 0)
        rows: Iterable[sa.Row[Any]]
        if of is not None:
            rows = self._batched(query, tables.sighting.c.reading, {extraction.reading for extraction in of})
        elif registrations is None:
            rows, of = self._streamed(query), self.extractions(known_at=until[0], as_of=until[1])
        else:
            rows = self._batched(query, column.registration, registrations)
            captures = self._captures({row[0] for row in rows})
            of = self.extractions(captures=captures, known_at=until[0], as_of=until[1])
        by_reading: dict[str, list[Extraction]] = {}
        for extraction in of:
            by_reading.setdefault(extraction.reading, []).append(extraction)
        held = {
            reading: (
                max(found, key=lambda e: (e.at, e.seq)),
                min(e.seq for e in found),
                len(found),
                min(e.held for e in found),
            )
            for reading, found in by_reading.items()
        }
        # Half of a ledger's texts are the same few: subjects, dates, judges, articles. Each is held once.
        once = dict[str, str]().setdefault
        for row in rows:
            reading, key, subject, name, ordinal, raw, value, derived, *where = tuple(row)
            if reading in held:
                subject, name, raw = once(subject, subject), once(name, name), once(raw, raw)
                value = None if value is None else once(value, value)
                yield Sighting(key, subject, name, ordinal, raw, value, bool(derived), *held[reading]), tuple(where)

    def _captures(self, readings: Collection[str]) -> set[str]:
        query = sa.select(tables.extraction.c.capture)
        return {row.capture for row in self._batched(query, tables.extraction.c.reading, readings)}

    def _of_readings(
        self, table: sa.Table, captures: Collection[str] | None, condition: Sequence[sa.ColumnElement[bool]]
    ) -> list[tuple[Extraction, sa.Row[Any]]]:
        extractions = self.extractions(captures=captures)
        query = sa.select(table).where(*condition).order_by(table.c.reading, table.c.place)
        wanted = None if captures is None else {extraction.reading for extraction in extractions}
        by_reading: dict[str, list[sa.Row[Any]]] = {}
        for row in self._batched(query, table.c.reading, wanted):
            by_reading.setdefault(row.reading, []).append(row)
        return [(extraction, row) for extraction in extractions for row in by_reading.get(extraction.reading, ())]

    def _all(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        with self._begun() as connection:
            return connection.execute(query).all()

    def _streamed(self, query: sa.Select[Any]) -> Iterator[sa.Row[Any]]:
        """Rows as they come: all of a ledger's are more than should lie in memory beside what is made of them."""
        with self._begun() as connection:
            yield from connection.execute(query.execution_options(yield_per=10_000))

    def _batched(
        self, query: sa.Select[Any], column: sa.ColumnElement[str], values: Collection[str] | None
    ) -> Sequence[sa.Row[Any]]:
        if values is None:
            return self._all(query)
        wanted = sorted(values)
        batches = (wanted[i : i + _BATCH] for i in range(0, len(wanted), _BATCH))
        return [row for batch in batches for row in self._all(query.where(column.in_(batch)))]

    def _quickly(self, statement: str, value: str) -> list[tuple[Any, ...]]:
        """The rows of one statement, asked for after every page of a crawl: as text, and in no transaction but its own."""
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            return list(cursor.execute(statement, (value,)))
        except sqlite3.Error as error:
            raise _renamed(error) from error

    @contextmanager
    def _begun(self) -> Iterator[sa.Connection]:
        try:
            if self._pin is not None:
                yield self._pin
                return
            with self._engine.begin() as connection:
                yield connection
        except exc.DBAPIError as error:
            raise _renamed(error.orig) from error
        except sqlite3.Error as error:  # of rows entered past the library
            raise _renamed(error) from error


def standing(extractions: Iterable[Extraction]) -> list[Extraction]:
    """Of each capture and parser the extraction that counts: the newest version that could read the page.

    Pure; the order of the input is kept and decides nothing.
    """
    best: dict[tuple[str, str], tuple[tuple[bool, int, bool, str], Extraction]] = {}
    kept = list(extractions)
    for extraction in kept:
        name, version = _parser(extraction.parser)
        rank = (extraction.verdict != "unreadable", version, extraction.observations > 0, extraction.id)
        key = (extraction.capture, name)
        if key not in best or best[key][0] < rank:
            best[key] = (rank, extraction)
    return [e for e in kept if best[e.capture, _parser(e.parser)[0]][1] is e]


def _parser(parser: str) -> tuple[str, int]:
    """`sudrf/12` -> ("sudrf", 12); a name without a version is version 0."""
    name, _, version = parser.rpartition("/")
    return (name, int(version)) if name and re.fullmatch(r"[0-9]+", version) else (parser, 0)


def _connect(path: Path, write: bool) -> sqlite3.Connection:
    if write:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA recursive_triggers=ON")
    else:
        connection = sqlite3.connect(
            f"file:{percent(str(path))}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
    connection.execute(f"PRAGMA busy_timeout={int(1000 * (WAITED if write else READER))}")
    connection.execute("PRAGMA cache_size=-65536")
    return connection


def _renamed(error: BaseException | None) -> ArchiveError:
    said = str(error)
    if "append-only" in said:
        return Refused(said)
    if "full" in said:
        return DiskFull(f"the ledger could not be written: {said}; what was entered before stands")
    if "locked" in said or "busy" in said:
        return InUse(f"another process writes the ledger: {said}")
    return Damaged(f"the ledger could not be used: {said}; `crawl rebuild` makes it anew from the archive")


_Rows = dict[sa.Table, list[tuple[object, ...]]]
_INSERT = {table: tables.insert(table) for table in tables.metadata.sorted_tables}


def _text(query: sa.Select[Any]) -> str:
    return str(query.compile(dialect=sqlite.dialect()))


_AT_URL = _text(
    sa.select(tables.extraction, tables.reading)
    .join(tables.reading, tables.extraction.c.reading == tables.reading.c.id)
    .where(tables.extraction.c.url == sa.bindparam("url"))
)
_NAMES = _text(
    sa.select(tables.link.c.url, tables.link.c.rel)
    .where(tables.link.c.reading == sa.bindparam("reading"))
    .order_by(tables.link.c.place)
)


_LAST = 'SELECT rowid AS number, id FROM "{}" ORDER BY rowid DESC LIMIT 1'
# Of what is new, and of what another reading of the same captures had said. CROSS JOIN keeps SQLite to this order
# (sqlite.org/optoverview.html): of itself it would begin with every observation of the ledger, for its registration.
_TOUCHED = """
SELECT DISTINCT o.registration FROM extraction n CROSS JOIN extraction e ON e.capture = n.capture
CROSS JOIN sighting s ON s.reading = e.reading CROSS JOIN observation o ON o.id = s.observation
WHERE n.rowid > ? AND o.registration >= 'reg:' AND o.registration < 'reg;'"""
_ASKED_AND_READ = """
SELECT DISTINCT c.source, c.court, c.register, c.run FROM extraction e CROSS JOIN coverage c ON c.capture = e.capture
WHERE e.rowid > ?"""
_LATER = "SELECT sum({}) AS later, count(*) AS every FROM extraction n"
_TOUCHED_LATER = """
SELECT DISTINCT o.registration FROM extraction n CROSS JOIN sighting s ON s.reading = n.reading
CROSS JOIN observation o ON o.id = s.observation
WHERE {} AND o.registration >= 'reg:' AND o.registration < 'reg;'"""
_THERE = "SELECT 1 FROM observation WHERE registration = ? LIMIT 1"
# From one registration to the next by the index, not over all that is said of each.
_REGISTRATIONS = """
WITH RECURSIVE next(name) AS (
    SELECT min(registration) FROM observation WHERE registration >= :first AND registration < :beyond
    UNION ALL
    SELECT (SELECT min(registration) FROM observation WHERE registration > name AND registration < :beyond) FROM next
    WHERE name IS NOT NULL
) SELECT name FROM next WHERE name IS NOT NULL"""
_HELD = (
    "SELECT extraction.capture, reading.parser, reading.id FROM extraction JOIN reading ON extraction.reading = reading.id "
    "WHERE extraction.capture IN ({}) AND reading.observations > 0"
)


def _another(statement: str) -> str:
    """One more row for an INSERT."""
    return f", {statement[statement.rindex('(') :]}"


def _insert(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[object, ...]]) -> None:
    """Rows whose values are in the order of the table's columns."""
    if not rows:
        return
    entered = connection.connection.cursor()
    one = _INSERT[table]
    whole = len(rows) - len(rows) % TOGETHER
    if whole:
        several = f"{one}{_another(one) * (TOGETHER - 1)}"
        for at in range(0, whole, TOGETHER):
            entered.execute(several, [value for row in rows[at : at + TOGETHER] for value in row])
    entered.executemany(one, rows[whole:])
    entered.close()


def _write_reading(reading: Reading, rows: _Rows) -> str:
    """The rows of a reading, added to `rows`; its id. What is the same within a batch is left to the tables' triggers."""
    parser, _ = _parser(reading.parser)
    counter = reading.counter
    flags = list(reading.flags)
    head = [reading.parser, reading.verdict, reading.reason, reading.kind, reading.charset, flags]
    said = [
        (o.subject, o.property, o.raw, o.value, o.derived, o.selector, o.quote, o.start, o.end) for o in reading.observations
    ]
    links = [(found.url, found.rel, found.text, found.selector, found.language) for found in reading.links]
    unread = [(found.text, found.selector) for found in reading.unread]
    counts = (counter.total, counter.first, counter.last) if counter else (None, None, None)
    key = _hash(head, said, links, unread, counter and counts)
    rows[tables.reading].append((
        key, reading.parser, reading.verdict, reading.reason, reading.kind, reading.charset, *counts, _canonical(flags),
        len(said),
    ))  # fmt: skip
    ordinals: dict[tuple[str, str], int] = {}
    observations, sightings = rows[tables.observation], rows[tables.sighting]
    for place, (subject, name, raw, value, derived, selector, quote, start, end) in enumerate(said):
        ordinal = ordinals[subject, name] = ordinals.get((subject, name), -1) + 1
        registration = words.registration(subject)
        observation = _near(registration) + _hash(subject, name, ordinal, raw, value, derived, parser)[12:]
        observations.append((observation, registration, subject, name, ordinal, raw, value, derived, parser))
        sightings.append((key, place, observation, selector, quote, start, end))
    rows[tables.link] += ((key, place, *link) for place, link in enumerate(links))
    rows[tables.unread] += ((key, place, *left) for place, left in enumerate(unread))
    return key


def _extraction(entry: Entry, reading: str) -> Extraction:
    capture, read = entry.capture, entry.reading
    return Extraction(
        _hash(capture.id, reading), capture.id, capture.seq, capture.at, capture.url, capture.payload_sha256, read.parser,
        read.verdict, read.reason, read.kind, read.charset, read.counter, read.flags, len(read.observations), reading,
        entry.known,
    )  # fmt: skip


def _extraction_row(extraction: Extraction, recorded: str) -> tuple[object, ...]:
    e = extraction
    return e.id, e.capture, e.seq, _stamp(e.at), e.url, e.payload_sha256, e.reading, _stamp(e.held), recorded


def _read_extraction(row: Iterable[Any]) -> Extraction:
    (key, capture, seq, at, url, payload, reading, known, recorded, _, parser, verdict, reason, kind, charset, total, first,
     last, flags, observations) = tuple(row)  # fmt: skip
    counter = None if total is None else Counter(total, first, last)
    return Extraction(
        key, capture, seq, datetime.fromisoformat(at), url, payload, parser, verdict, reason, kind, charset, counter,
        tuple(json.loads(flags)), observations, reading, None if known == at else datetime.fromisoformat(known),
        datetime.fromisoformat(recorded),
    )  # fmt: skip


def _window_row(window: CoverageWindow, capture: Capture, recorded: str) -> tuple[object, ...]:
    row = (
        window.source, window.court, window.register, _day(window.first), _day(window.last), window.expected, window.read,
        window.gap, window.run, capture.id,
    )  # fmt: skip
    return _hash(*row), *row, _stamp(capture.at), recorded


def _read_window(row: sa.Row[Any]) -> Window:
    first, last = (None if day is None else date.fromisoformat(day) for day in (row.first, row.last))
    asked = CoverageWindow(row.source, row.court, row.register, first, last, row.expected, row.read, row.gap, row.run)
    return Window(asked, row.capture, datetime.fromisoformat(row.at))


def _refuse_second_thoughts(connection: sa.Connection, extractions: Sequence[Extraction]) -> None:
    """One version of a parser reads one capture in one way: a reader that changed must say so in its version.

    A page that could not be read is the exception: the next try may do better.
    """
    held: dict[tuple[str, str], str] = {}
    captures = sorted({extraction.capture for extraction in extractions})
    cursor = connection.connection.cursor()
    for i in range(0, len(captures), _BATCH):
        asked = captures[i : i + _BATCH]
        cursor.execute(_HELD.format(", ".join("?" * len(asked))), asked)
        held.update({(capture, parser): reading for capture, parser, reading in cursor.fetchall()})
    cursor.close()
    for extraction in extractions:
        if not extraction.observations:
            continue
        before = held.setdefault((extraction.capture, extraction.parser), extraction.reading)
        if before != extraction.reading:
            raise Refused(
                f"{extraction.parser} reads capture {extraction.capture} otherwise than it did before: "
                "raise the version of this reader, so that the change is told as one of the parser"
            )


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _canonical(parts: object) -> str:
    return _ENCODER.encode(parts)


def _octets(parts: object) -> bytes:
    """The canonical form in UTF-8. orjson writes the same, a body of an article in a tenth of the time."""
    try:
        return orjson.dumps(parts)
    except TypeError:  # its own error is one: half a surrogate pair, or a number beyond 64 bits
        return _canonical(parts).encode("utf-8", "surrogatepass")


def _hash(*parts: object) -> str:
    """128 bits of sha256 over the parts as JSON, lower-case hex: the same content has the same id in every ledger."""
    return hashlib.sha256(_octets(parts)).hexdigest()[:32]


@lru_cache(maxsize=4096)
def _near(registration: str) -> str:
    """The first 12 of an observation's 32 digits: what belongs together lies together, and is written to one place."""
    return _hash(registration)[:12]


def _until(known_at: datetime | None, as_of: datetime | None) -> list[sa.ColumnElement[bool]]:
    asked = ((tables.extraction.c.known, known_at), (tables.extraction.c.at, as_of))
    return [column <= _stamp(at) for column, at in asked if at is not None]


def _beyond(known_at: datetime | None, as_of: datetime | None) -> str:
    """What `_until` leaves out, as SQL over an extraction `n`; times are stamps of our own making."""
    asked = (("known", known_at), ("at", as_of))
    return "(" + " OR ".join(f"n.{name} > '{_stamp(at)}'" for name, at in asked if at is not None) + ")"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
