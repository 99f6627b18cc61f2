"""The tables of the index and every question put to them, said once, for any database; `index.sql` is their SQL.

Nothing imports this room while archives are open: building the expressions takes a third of a second of processor time,
more than a command's own start, and compiling one a visit costs fifteen times its answer. So the text is written down
and a test holds the two together. To write it anew: python -m archive.schema > archive/index.sql
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from archive.capture import Outcome

WIDTH = 120  # of the lines it writes

tables = sa.MetaData()

# serial: the number in the file's name; files are written one after another, so it orders them.
files = sa.Table(
    "files",
    tables,
    sa.Column("serial", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sqlite_strict=True,
)

# Every gzip member of every file, without gaps: sha256sum over the range is a check anyone can run.
members = sa.Table(
    "members",
    tables,
    sa.Column("serial", sa.Integer, sa.ForeignKey("files.serial"), primary_key=True, autoincrement=False),
    sa.Column("offset", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("length", sa.Integer, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("seq", sa.Integer),  # of the capture it was written with; none for warcinfo
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

captures = sa.Table(
    "captures",
    tables,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("visit", sa.Text, nullable=False),
    sa.Column("hop", sa.Integer, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("at", sa.Integer, nullable=False),  # microseconds since 1970, UTC
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("mime", sa.Text),
    sa.Column("payload_sha256", sa.Text),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("serial", sa.Integer, sa.ForeignKey("files.serial"), nullable=False),
    sa.Column("record_offset", sa.Integer),
    sa.Column("record_length", sa.Integer),
    sa.Column("record_sha256", sa.Text),
    sa.Column("manifest_offset", sa.Integer, nullable=False),
    sa.Column("manifest_length", sa.Integer, nullable=False),
    sa.Column("manifest_member_sha256", sa.Text, nullable=False),
    sa.Column("manifest_sha256", sa.Text, nullable=False),
    sa.Column("refers_to", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("trusted", sa.Integer, nullable=False),
    sa.Column("foreign_file", sa.Text),
    sqlite_strict=True,
)
sa.Index("captures_by_key", captures.c.key, captures.c.at)
sa.Index("captures_by_visit", captures.c.visit)
# Only bodies that a revisit may refer to: received whole, by ourselves, over a connection that verified.
REFERABLE = (captures.c.outcome == Outcome.CAPTURED.value) & (captures.c.trusted == 1) & captures.c.foreign_file.is_(None)
sa.Index("captures_by_payload", captures.c.payload_sha256, sqlite_where=REFERABLE)

# What the log has not taken yet; entered in the transaction of its capture.
outbox = sa.Table(
    "outbox",
    tables,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("manifest_sha256", sa.Text, nullable=False),
    sqlite_strict=True,
)

WHOLE_WORDS = [o.value for o in Outcome if o.whole]
WHOLE = captures.c.outcome.in_(WHOLE_WORDS)
WITH_BODY = captures.c.outcome.in_([Outcome.CAPTURED.value, Outcome.REVISIT.value])


def asked(name: str) -> sa.ColumnElement[Any]:
    """A value given with the question, by name."""
    return sa.literal_column(f":{name}")


def among(name: str) -> sa.Select[Any]:
    """The values of a JSON list that is given by name: a question has one text, however many it asks for."""
    return sa.select(sa.func.json_each(asked(name)).table_valued("value").c.value)


_newest = (
    sa.select(sa.func.max(captures.c.seq))
    .where(captures.c.key.in_(among("keys")), captures.c.url.in_(among("urls")), captures.c.foreign_file.is_(None))
    .group_by(captures.c.url)
)
_named = sa.func.json_each(asked("keys")).table_valued("value").alias("named")
_one = captures.alias("one")
_latest = (
    sa.select(_one.c.seq)
    .where(_one.c.key == _named.c.value, _one.c.outcome.in_(WHOLE_WORDS))
    .order_by(_one.c.at.desc(), _one.c.seq.desc())
    .limit(1)
    .scalar_subquery()
)
_file = members.c.serial == asked("serial")
_page = (captures.c.seq >= asked("since")) & (captures.c.at <= asked("until"))

# Rows go in by position, in the order of the columns; questions are asked by name.
SAID: dict[str, sa.ClauseElement] = {
    "NAME_FILE": sa.insert(files).prefix_with("OR IGNORE"),
    "ENTER_MEMBER": sa.insert(members),
    "ENTER_CAPTURE": sa.insert(captures),
    "ENTER_OUTBOX": sa.insert(outbox),
    "POSTED": sa.delete(outbox).where(outbox.c.seq <= asked("through")),
    "WAITING": sa.select(outbox).order_by(outbox.c.seq).limit(asked("most")),
    "WAITS": sa.select(sa.func.count()).select_from(outbox),
    "LEAVES": (
        sa.select(captures.c.seq, captures.c.manifest_sha256, captures.c.outcome, captures.c.at)
        .where(captures.c.seq.between(asked("first"), asked("last")))
        .order_by(captures.c.seq)
    ),
    "LAST_SEQ": sa.select(sa.func.max(captures.c.seq)),
    "FILES": sa.select(files).order_by(files.c.serial),
    "END": sa.select(members.c.offset + members.c.length).where(_file).order_by(members.c.offset.desc()).limit(1),
    "MEMBERS": sa.select(members)
    .where(_file, members.c.offset > asked("after"))
    .order_by(members.c.offset)
    .limit(asked("most")),
    "MEMBERS_OF_KIND": (
        sa.select(members)
        .where(_file, members.c.offset > asked("after"), members.c.kind == asked("kind"))
        .order_by(members.c.offset)
        .limit(asked("most"))
    ),
    "LAST_MEMBERS": sa.select(members).where(_file).order_by(members.c.offset.desc()).limit(asked("most")),
    "ONE": sa.select(captures).where(captures.c.id == asked("id")),
    "TAKEN_IDS": sa.select(captures.c.id).where(captures.c.id.in_(among("ids"))),
    "TAKEN_SEQS": sa.select(captures.c.seq).where(captures.c.seq.in_(among("seqs"))),
    "CAPTURES": sa.select(captures).where(_page).order_by(captures.c.seq).limit(asked("most")),
    "CAPTURES_OF_KEY": (
        sa.select(captures).where(captures.c.key == asked("key"), _page).order_by(captures.c.seq).limit(asked("most"))
    ),
    "KEYS": (
        sa.select(captures.c.key)
        .where(captures.c.key >= asked("first"), captures.c.key < asked("beyond"))
        .distinct()
        .order_by(captures.c.key)
    ),
    "VISIT": sa.select(captures).where(captures.c.visit == asked("visit")).order_by(captures.c.hop),
    "NEWEST_VISITS": sa.select(captures.c.url, captures.c.visit).where(captures.c.seq.in_(_newest)),
    "ENDS_OF_VISITS": sa.select(captures).where(captures.c.visit.in_(among("visits"))).order_by(captures.c.seq),
    "LATEST": (
        sa.select(captures)
        .where(captures.c.key == asked("key"), WHOLE)
        .order_by(captures.c.at.desc(), captures.c.seq.desc())
        .limit(1)
    ),
    "LATEST_OF": sa.select(captures).where(captures.c.seq.in_(sa.select(_latest).select_from(_named))),
    "NEAREST": (
        sa.select(captures)
        .where(captures.c.key == asked("key"), WHOLE)
        .order_by(sa.func.abs(captures.c.at - asked("at")), captures.c.seq.desc())
        .limit(1)
    ),
    "SAME_PAYLOAD": (
        sa.select(captures).where(captures.c.payload_sha256.in_(among("payloads")), REFERABLE).order_by(captures.c.seq)
    ),
    "EARLIER": (
        sa.select(captures)
        .where(
            captures.c.key == asked("key"),
            captures.c.url == asked("url"),
            WITH_BODY,
            captures.c.trusted == 1,
            captures.c.payload_sha256.is_not(None),
        )
        .order_by(captures.c.at.desc(), captures.c.seq.desc())
        .limit(asked("most"))
    ),
    "ALL_FILES": sa.select(files).order_by(*files.primary_key),
    "ALL_MEMBERS": sa.select(members).order_by(*members.primary_key),
    "ALL_CAPTURES": sa.select(captures).order_by(*captures.primary_key),
}

HEAD = "-- The index's statements as SQLite is given them: written by `python -m archive.schema`, never by hand.\n"


def compiled(said: sa.ClauseElement) -> str:
    """One statement as SQLite is given it, on one line."""
    text = str(said.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": not isinstance(said, sa.Insert)}))
    return " ".join(text.split())


def made() -> Iterator[tuple[str, sa.ClauseElement]]:
    """What makes an empty database an index, in order."""
    for table in tables.sorted_tables:
        yield f"MAKE {table.name}", CreateTable(table)
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            yield f"MAKE {index.name}", CreateIndex(index)


def written() -> str:
    """The text of `index.sql`: each statement under its name."""
    named = [*made(), *SAID.items()]
    return HEAD + "".join(f"\n-- {name}\n{_folded(compiled(said))};\n" for name, said in named)


def _folded(text: str) -> str:
    return "\n".join(wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))


if __name__ == "__main__":
    sys.stdout.write(written())
