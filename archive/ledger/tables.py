"""The append-only tables of `ledger.sqlite` and the triggers that keep them so; no I/O.

    reading      what one parser read on one content; captures with the same bytes share it
    observation  one value of one subject, as one parser says it; never twice
    sighting     where in a reading an observation stands: selector, quote, offsets
    extraction   which capture has which reading
    link, unread what a reading found beside values
    coverage     what was asked of a register and how much of the answer was read
    decision     what people decided, as the archive keeps it (`archive.decisions`)

Rows of `extraction` and `decision` are numbered by SQLite in the order in which they were entered, so that a view can be told
what is new since it was made; the numbers are in no comparison of two ledgers.

A later page that says the same adds sightings and no observation; the same bytes again add one extraction.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, Table, Text, text

VERSION = 2  # PRAGMA user_version of the file
OLDEST = 2  # that is still read; an older one is made anew from the archive

metadata = MetaData()


def _table(name: str, *columns: Column[str] | Column[int] | Column[bool], numbered: bool = False) -> Table:
    return Table(name, metadata, *columns, sqlite_with_rowid=numbered, sqlite_strict=True)


def _text(name: str, *, key: bool = False, absent: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=absent)


def _number(name: str, *, key: bool = False, absent: bool = False) -> Column[int]:
    return Column(name, Integer, primary_key=key, nullable=absent, autoincrement=False)


reading = _table(
    "reading",
    _text("id", key=True),
    _text("parser"),
    _text("verdict"),
    _text("reason"),
    _text("kind"),
    _text("charset"),
    _number("total", absent=True),
    _number("first", absent=True),
    _number("last", absent=True),
    _text("flags"),  # JSON list
    _number("observations"),
)
extraction = _table(
    "extraction",
    _text("id", key=True),
    _text("capture"),
    _number("seq"),
    _text("at"),
    _text("url"),
    _text("payload_sha256", absent=True),
    _text("reading"),
    _text("known"),  # since when the archive has held the capture: of what others kept, later than `at`
    _text("recorded"),  # our clock: left out of every comparison of two ledgers
    numbered=True,
)
observation = _table(
    "observation",
    _text("id", key=True),
    _text("registration"),
    _text("subject"),
    _text("property"),
    _number("ordinal"),
    _text("raw"),
    _text("value", absent=True),
    Column("derived", Boolean().with_variant(Integer, "sqlite"), nullable=False),
    _text("parser"),  # its name; versions that agree share the observation
)
sighting = _table(
    "sighting",
    _text("reading", key=True),
    _number("place", key=True),  # in page order, from 0
    _text("observation"),
    _text("selector"),
    _text("quote"),
    _number("start"),
    _number("end"),
)
link = _table(
    "link",
    _text("reading", key=True),
    _number("place", key=True),
    _text("url"),
    _text("rel"),
    _text("text"),
    _text("selector"),
    _text("language", absent=True),
)
unread = _table("unread", _text("reading", key=True), _number("place", key=True), _text("text"), _text("selector"))
coverage = _table(
    "coverage",
    _text("id", key=True),
    _text("source"),
    _text("court"),
    _text("register"),
    _text("first", absent=True),
    _text("last", absent=True),
    _number("expected", absent=True),
    _number("read"),
    _text("gap", absent=True),
    _text("run"),
    _text("capture"),
    _text("at"),
    _text("recorded"),
)
decision = _table(
    "decision",
    _text("id", key=True),  # of its capture
    _number("seq"),
    _text("kind"),
    _text("at"),
    _text("said"),  # the record's block
    _text("recorded"),
    numbered=True,
)

Index("extraction_by_capture", extraction.c.capture)
Index("extraction_by_url", extraction.c.url)
Index("extraction_by_reading", extraction.c.reading)
Index("observation_by_registration", observation.c.registration)
Index("sighting_by_observation", sighting.c.observation)
ASKED_BY = Index("coverage_by_capture", coverage.c.capture)
# Of all observations those alone that say whose a registration is: a court's cases are asked for at the end of every round.
BY_COURT = Index(
    "registration_by_court", observation.c.value, observation.c.registration,
    sqlite_where=observation.c.property == text("'court'"),
)  # fmt: skip


def insert(table: Table) -> str:
    """The statement that enters one row, its values in the order of the columns."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join("?" * len(table.columns))})'  # noqa: S608


def triggers() -> Iterator[str]:
    """What makes each table refuse UPDATE and DELETE, and leave a row that stands as it is when it is entered again.

    The third trigger also covers INSERT OR REPLACE, whose hidden delete fires no delete trigger by default
    (sqlite.org/lang_conflict.html).
    """
    for table in metadata.sorted_tables:
        for act in ("update", "delete"):
            yield (
                f'CREATE TRIGGER IF NOT EXISTS "{table.name}_{act}" BEFORE {act.upper()} ON "{table.name}" '
                f"BEGIN SELECT RAISE(ABORT, '{table.name} is append-only: no {act}'); END"
            )
        same = " AND ".join(f'"{key.name}" = NEW."{key.name}"' for key in table.primary_key)
        held = f'EXISTS (SELECT 1 FROM "{table.name}" WHERE {same})'  # noqa: S608
        yield (
            f'CREATE TRIGGER IF NOT EXISTS "{table.name}_again" BEFORE INSERT ON "{table.name}" '
            f"WHEN {held} BEGIN SELECT RAISE(IGNORE); END"
        )
