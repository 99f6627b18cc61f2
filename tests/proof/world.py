"""A small archive with one capture of every kind, and the hands that damage it."""

from __future__ import annotations

import gzip
import hashlib
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.capture import Capture, Exchange, Outcome, Tls, Visit
from archive.keyring import Keyring
from archive.ledger.book import Book
from archive.ledger.observation import Observation, Reading
from archive.log import Writer, drain
from archive.store import Archive, Settings, Store

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CHAIN = (b"leaf certificate in DER" * 20, b"issuer certificate in DER" * 20)
TLS = Tls("TLSv1.3", "TLS_AES_128_GCM_SHA256", "http/1.1", True, None, CHAIN)
PAGE = (
    "<html><head><title>Дело</title></head><body>\n"
    "<p>Дело № <b>1-17/2026</b></p><p>Поступило: 12.01.2026</p><p>Судья: Вымыслов И. О.</p>\n"
    + "<p>Карточка дела для проверки.</p>\n" * 8
    + "</body></html>"
).encode("cp1251")
REG = "reg:criminal-1:00aa11bb-0000-4000-8000-000000000001"


def response(body: bytes, *fields: bytes, status: bytes = b"200 OK", length: bool = True) -> bytes:
    """A whole answer: status line, fields as given, body."""
    lines = [b"HTTP/1.1 " + status, b"Content-Type: text/html; charset=windows-1251", *fields]
    if length:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", b""]) + body


def exchange(url: str, answer: bytes, minute: int, **more: object) -> Exchange:
    """One turn, so many minutes past noon."""
    head = answer.find(b"\r\n\r\n") + 4 if answer.startswith(b"HTTP/") else 0
    known = Exchange(
        url=url, began=NOON + timedelta(minutes=minute), elapsed=0.25, outcome=Outcome.CAPTURED,
        request=b"GET / HTTP/1.1\r\nHost: court.example\r\nX-Try: %d\r\n\r\n" % minute, response=answer, head_length=head,
        status=int(answer[9:12]) if head else None, first_byte=0.1, peer="203.0.113.7:443", dns=("203.0.113.7",), tls=TLS,
    )  # fmt: skip
    return replace(known, **more)  # type: ignore[arg-type]


COURT = "https://court.example/"
CHUNKED = b"5;note=x\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n"
VISITS = {
    "card": Visit(COURT + "card", (exchange(COURT + "card", response(PAGE), 0),)),
    "revisit": Visit(COURT + "card", (exchange(COURT + "card", response(PAGE), 1),)),
    "redirect": Visit(
        COURT + "old",
        (
            exchange(COURT + "old", response(b"", b"Location: /new", status=b"302 Found"), 2),
            exchange(COURT + "new", response(CHUNKED, b"Transfer-Encoding: chunked", length=False), 3, via=COURT + "old"),
        ),
    ),
    "coded": Visit(
        COURT + "coded",
        (
            exchange(
                COURT + "coded",
                response(gzip.compress(b"<p>coded page</p>" * 30, mtime=0), b"Content-Encoding: gzip"),
                4,
                interim=(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n",),
                surplus=b"beyond the declared end",
            ),
        ),
    ),
    "octets": Visit(
        COURT + "odd",
        (exchange(COURT + "odd", b"SSH-2.0-not-a-web-server\r\n", 5, outcome=Outcome.BAD_HTTP, error="not HTTP"),),
    ),
    "refused": Visit(
        "http://down.example/", (exchange("http://down.example/", b"", 6, outcome=Outcome.REFUSED, error="refused", tls=None),)
    ),
    "unverified": Visit(
        "https://self-signed.example/",
        (exchange("https://self-signed.example/", response(b"<p>self-signed</p>" * 20), 7, tls=replace(TLS, verified=False, reason="self-signed certificate")),),
    ),
    "last": Visit(COURT + "last", (exchange(COURT + "last", response(b"<p>the last one</p>" * 20), 8),)),
}  # fmt: skip
NAMES = ("card", "revisit", "redirect", "redirect-2", "coded", "octets", "refused", "unverified", "last")  # by number


def observation(name: str, raw: str, value: str | None) -> Observation:
    text = PAGE.decode("cp1251")
    start = text.index(raw)
    return Observation(REG, name, raw, value, "html > body > p", raw, start, start + len(raw))


def reading(number: str = "1-17/2026") -> Reading:
    """What a parser says of the card."""
    said = (
        observation("number", "1-17/2026", number),
        observation("received", "12.01.2026", "2026-01-12"),
        observation("judge", "Вымыслов И. О.", "Вымыслов И. О."),
    )
    return Reading("page", "sudrf/1", "cp1251", observations=said, kind="card")


def build(home: Path, *, rotate: int = 1_000_000_000, ledger: bool = True) -> None:
    with Store.open(home, settings=Settings(rotate=rotate, floor=0), now=lambda: NOON) as store:
        for visit in VISITS.values():
            store.keep(visit).result()
        drain(store, Writer(home, Keyring.of(os.environ)))
        captures = list(store.archive.captures())
        if ledger:
            with Book.open(home, write=True, now=lambda: NOON) as book:
                for capture in captures[:2]:
                    book.enter(capture, reading(), source_text=PAGE.decode("cp1251"))


@dataclass
class Member:
    """One gzip member of a file, as its rows know it."""

    offset: int
    octets: bytes
    kind: str
    seq: int | None


@dataclass
class Kept:
    """An archive that may be damaged."""

    home: Path

    @property
    def warc(self) -> Path:
        return self.home / "warc"

    def files(self) -> list[Path]:
        return sorted(self.warc.glob("*.warc.gz"))

    @property
    def file(self) -> Path:
        (only,) = self.files()
        return only

    def captures(self) -> list[Capture]:
        with Archive.open(self.home) as archive:
            return list(archive.captures())

    def ids(self) -> dict[str, str]:
        """Capture id -> the name its visit has here."""
        with closing(sqlite3.connect(self.home / "index.sqlite")) as db:
            return {id_: NAMES[seq] for id_, seq in db.execute("SELECT id, seq FROM captures")}

    def ids_by_seq(self) -> dict[int | None, str]:
        with closing(sqlite3.connect(self.home / "index.sqlite")) as db:
            return dict(db.execute("SELECT seq, id FROM captures"))

    def members(self) -> list[Member]:
        octets = self.file.read_bytes()
        with closing(sqlite3.connect(self.home / "index.sqlite")) as db:
            rows = db.execute('SELECT "offset", length, kind, seq FROM members ORDER BY "offset"').fetchall()
        return [Member(offset, octets[offset : offset + length], kind, seq) for offset, length, kind, seq in rows]

    def member(self, kind: str, seq: int | None = None) -> Member:
        return next(m for m in self.members() if m.kind == kind and seq in (None, m.seq))

    def at(self, member: Member) -> str:
        return f"{self.file.name} at {member.offset}"

    def sql(self, statement: str, *values: object, file: str = "index.sqlite") -> None:
        with closing(sqlite3.connect(self.home / file)) as db, db:
            db.execute("PRAGMA foreign_keys = OFF")
            for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                db.execute(f'DROP TRIGGER "{trigger}"')
            assert db.execute(statement, values).rowcount, statement

    def rewrite(self, members: list[Member]) -> None:
        """The file anew from these members, and the index made to agree: what a careful hand would do."""
        self.file.write_bytes(b"".join(member.octets for member in members))
        with closing(sqlite3.connect(self.home / "index.sqlite")) as db, db:
            db.execute("PRAGMA foreign_keys = OFF")
            db.execute("DELETE FROM members")
            moved, at = {}, 0
            for m in members:
                sha256 = hashlib.sha256(m.octets).hexdigest()
                db.execute("INSERT INTO members VALUES (1, ?, ?, ?, ?, ?)", (at, len(m.octets), sha256, m.kind, m.seq))
                moved.setdefault(m.offset, (at, len(m.octets), sha256))
                at += len(m.octets)
            for seq, record, manifest in db.execute("SELECT seq, record_offset, manifest_offset FROM captures").fetchall():
                for names, old in (
                    (("record_offset", "record_length", "record_sha256"), record),
                    (("manifest_offset", "manifest_length", "manifest_member_sha256"), manifest),
                ):
                    if old in moved:
                        sets = ", ".join(f"{name} = ?" for name in names)
                        db.execute(f"UPDATE captures SET {sets} WHERE seq = ?", (*moved[old], seq))
