"""Where in the ledger do these words stand? Cases, acts and articles by word forms of three languages, names in both scripts.

`search.sqlite` in the home is made from what the ledger may show, and brought up to date when it is asked: what it finds is
the same whether it was made at once or after every page. A query is words, all of which must stand in one document, in any
form; a word that is not finished; a number; "words in quotes", one after another. Nothing in it is a command.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final, Self

from archive.errors import ArchiveError
from archive.ledger import discretion, names
from archive.ledger.book import Book
from archive.ledger.case import Case, holds
from archive.ledger.observation import Quoted
from archive.ledger.privacy import Surnames
from archive.ledger.rows import Plain, newest
from archive.ledger.views import Views
from archive.ledger.withheld import Veil, drawn
from archive.ledger.wordforms import stems
from archive.ledger.wordforms import words as words_of

FILE: Final = "search.sqlite"
VERSION: Final = 2
_PAGE: Final = "page "  # before an address, where a case has its id
MOST_WORDS: Final = 64  # of a query; what is beyond is refused
_ASKED: Final = re.compile(r'"([^"]*)"?|(\S+)')
_CAPITAL: Final = re.compile(r"\b[A-ZА-ЯЁІЇЄҐ][\w'’-]{2,}")
_TABLES: Final = """
CREATE TABLE about (name TEXT PRIMARY KEY, said TEXT) WITHOUT ROWID;
CREATE TABLE shown (of TEXT PRIMARY KEY, mark TEXT, place INTEGER, row TEXT, courts TEXT) WITHOUT ROWID;
CREATE TABLE document (id INTEGER PRIMARY KEY, shown TEXT, kind TEXT, of TEXT, title TEXT, url TEXT, capture TEXT);
CREATE INDEX document_by_shown ON document (shown);
CREATE TABLE unnamed (shown TEXT, stem TEXT, PRIMARY KEY (shown, stem)) WITHOUT ROWID;
CREATE VIRTUAL TABLE stands USING fts5
    (plain, russian, ukrainian, name, tokenize="unicode61 remove_diacritics 0", prefix='3 5');
"""


@dataclass(frozen=True, slots=True)
class Document:
    """One text. kind: `case`, `act` or `article`; of: a case's id, or an address."""

    kind: str
    of: str
    title: str
    url: str | None
    capture: str | None
    text: str
    named: tuple[str, ...] = ()
    courts: frozenset[str] = frozenset()


class Search:
    """The open index, as of the views it was opened with. Use as a context manager."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, home: Path, book: Book, views: Views) -> Self:
        """Brought up to date: in its file, else (it is busy, or cannot be written) in memory."""
        for path in (home / FILE, Path(":memory:")):
            try:
                connection = _opened(path)
                _freshen(connection, home, book, views)
            except sqlite3.Error as exc:
                if str(path) == ":memory:":
                    raise ArchiveError(f"the ledger could not be made ready to be searched: {exc}") from exc
                continue
            return cls(connection)
        raise AssertionError("unreachable")

    def __enter__(self) -> Search:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def cases(
        self, query: str, *, court: str | None = None, article: str | None = None, since: date | None = None
    ) -> Iterator[Plain]:
        """Rows of `crawl cases`, in its order: cases that the words stand in, or in one of their acts. Raises ValueError."""
        asked = match(query)
        if asked is None:
            return
        found = self._connection.execute(
            "SELECT row, courts FROM shown WHERE row IS NOT NULL AND of IN (SELECT document.shown FROM stands JOIN document "
            "ON document.id = stands.rowid WHERE stands MATCH ?) ORDER BY place",
            (asked,),
        )
        for text, courts in found:
            row: Plain = json.loads(text)
            if court is not None and court not in json.loads(courts):
                continue
            if article is not None and not any(holds(held, article) for held in row["articles"]):
                continue
            if since is None or (row["received"] is not None and row["received"] >= since.isoformat()):
                yield row

    def find(self, query: str, *, kind: str | None = None, most: int = 100) -> list[Plain]:
        """Documents of any kind, the best first: kind, id (a case's, or an address), title, url, capture. Raises ValueError."""
        asked = match(query)
        if asked is None:
            return []
        found = self._connection.execute(
            "SELECT kind, of, title, url, capture FROM stands JOIN document ON document.id = stands.rowid "
            "WHERE stands MATCH ? AND (? IS NULL OR kind = ?) ORDER BY round(bm25(stands), 6), kind, of, capture LIMIT ?",
            (asked, kind, kind, most),
        )
        return [dict(zip(("kind", "id", "title", "url", "capture"), row, strict=True)) for row in found]


def match(query: str) -> str | None:
    """The question as FTS5 takes it: quoted strings and operators of ours alone. None where there is no word in it.

    Raises ValueError for more than MOST_WORDS.
    """
    parts = []
    for phrase, word in _ASKED.findall(query):
        said = list(words_of(phrase or word))
        if said:
            parts.append(_phrase(said) if phrase else _word(word, said))
    if len(parts) > MOST_WORDS:
        raise ValueError(f"{len(parts)} words are more than can be looked for at once: {MOST_WORDS}")
    return " AND ".join(parts) or None


def _phrase(said: list[str]) -> str:
    columns = zip(("russian", "ukrainian"), zip(*map(stems, said), strict=True), strict=True)
    return "(" + " OR ".join(f"{name} : {_quoted(' '.join(stem))}" for name, stem in columns) + ")"


def _word(word: str, said: list[str]) -> str:
    """A word in any form; as the beginning of one; as a name in the other script. What punctuation joins stays together."""
    ways = [f"plain : {_quoted(' '.join(said))}{' *' if len(said[-1]) > 2 else ''}"]
    if not any(part.isdigit() for part in said):
        ways.append(_phrase(said))
        keys = names.keys(word) if len(word) > 3 else ()
        if keys:
            ways.append("(" + " AND ".join(f"name : {_quoted(key)}" for key in keys) + ")")
    return "(" + " OR ".join(ways) + ")"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _freshen(tables: sqlite3.Connection, home: Path, book: Book, views: Views) -> None:
    """What has changed since is looked through anew: cases by their rows in the views, pages by what is said of them."""
    taken = discretion.takedowns(home)
    head = {"version": str(VERSION), **book.head(), "taken": " ".join(each.id for each in taken)}
    if dict(tables.execute("SELECT name, said FROM about")) == head:
        return
    key = discretion.pseudonyms_held(home)
    tables.execute("BEGIN IMMEDIATE")
    try:
        held = dict(tables.execute("SELECT of, mark FROM shown"))
        rows = list(discretion.rows(home, views, views.rows()))
        seen = views.marks()
        folded_marks = {row["case"]: _mark([at, row, seen[row["case"]]]) for at, row in enumerate(rows)}
        _leave(tables, [id_ for id_ in held if not id_.startswith(_PAGE) and folded_marks.get(id_) != held[id_]])
        for at, row in enumerate(rows):
            if held.get(row["case"]) != folded_marks[row["case"]]:
                case = views.case(row["case"])
                veil = drawn(taken, (case,), key)
                _enter(tables, row["case"], folded_marks[row["case"]], at, row, _of_case(veil.whole(case), book, veil))
                # Whom his court names no more no article names either.
                stems_ = [(row["case"], stem) for stem in sorted(veil.surnames.stems)]
                tables.executemany("INSERT INTO unnamed VALUES (?, ?)", stems_)
        over = discretion.over(home, views)
        unnamed = {stem for (stem,) in tables.execute("SELECT stem FROM unnamed")}
        pages = _pages(book, replace(over, surnames=Surnames(over.surnames.stems | unnamed)))
        _leave(tables, [id_ for id_ in held if id_.startswith(_PAGE) and id_.removeprefix(_PAGE) not in pages])
        for url, page in pages.items():
            mark = _mark([page.text, page.title, page.capture])
            if held.get(_PAGE + url) != mark:
                _leave(tables, [_PAGE + url])
                _enter(tables, _PAGE + url, mark, None, None, [page])
        tables.execute("DELETE FROM about")
        tables.executemany("INSERT INTO about VALUES (?, ?)", sorted(head.items()))
        tables.execute("COMMIT")
    except BaseException:
        tables.execute("ROLLBACK")
        raise


def _leave(tables: sqlite3.Connection, ids: Iterable[str]) -> None:
    for id_ in ids:
        for (document,) in tables.execute("SELECT id FROM document WHERE shown = ?", (id_,)).fetchall():
            tables.execute("DELETE FROM stands WHERE rowid = ?", (document,))
        tables.execute("DELETE FROM document WHERE shown = ?", (id_,))
        tables.execute("DELETE FROM unnamed WHERE shown = ?", (id_,))
        tables.execute("DELETE FROM shown WHERE of = ?", (id_,))


def _enter(
    tables: sqlite3.Connection, id_: str, mark: str, place: int | None, row: Plain | None, texts: Iterable[Document]
) -> None:
    told = None if row is None else json.dumps(row, ensure_ascii=False)
    found = list(texts)
    tables.execute("INSERT INTO shown VALUES (?, ?, ?, ?, ?)", (id_, mark, place, told, json.dumps(sorted(found[0].courts))))
    for text in found:
        entered = tables.execute(
            "INSERT INTO document (shown, kind, of, title, url, capture) VALUES (?, ?, ?, ?, ?, ?)",
            (id_, text.kind, text.of, text.title, text.url, text.capture),
        )
        columns = (entered.lastrowid, *_columns(text))
        tables.execute("INSERT INTO stands (rowid, plain, russian, ukrainian, name) VALUES (?, ?, ?, ?, ?)", columns)


def _of_case(case: Case, book: Book, veil: Veil) -> list[Document]:
    """What its courts' registers say, and the texts of its acts."""
    courts = frozenset(code for r in case.registrations for code in r.own.all("court"))
    first = _case(case, courts)
    acts = [q for q in book.quoted([r.subject for r in case.registrations], only="act") if q.sighting.value is None]
    return [first, *(_text("act", case.id, first.title, found) for found in newest(veil.quoted(acts)))]


def _pages(book: Book, veil: Veil) -> dict[str, Document]:
    """Articles by address, each one document, whatever it says of itself."""
    said = [q for q in book.quoted(prefix="http") if q.sighting.property in ("title", "authors", "body", "outlet")]
    found: dict[str, Document] = {}
    for quoted in newest(veil.quoted(said)):
        url = quoted.sighting.subject
        new, held = _text("article", url, "", quoted), found.get(url)
        if held is not None:
            new = replace(
                new, title=held.title or new.title, text=f"{held.text} \n{new.text}", named=(*held.named, *new.named)
            )  # fmt: skip
        found[url] = new
    return dict(sorted(found.items()))


def _case(case: Case, courts: frozenset[str]) -> Document:
    texts, named = [case.id, *case.numbers, case.uid or ""], []
    for registration in case.registrations:
        for part in (registration.own, *registration.persons, *registration.events, *registration.hearings):
            for name, values in part.values.items():
                said = [value.raw for value in values if name != "act"]
                texts += said + [value.value for value in values if value.value is not None and name in ("court", "article")]
                named += said if name in ("name", "judge") and part not in registration.events else []
    newest_capture = case.captures[-1] if case.captures else None
    title = case.numbers[0] if case.numbers else case.id
    return Document("case", case.id, title, None, newest_capture, " \n".join(texts), tuple(dict.fromkeys(named)), courts)


def _text(kind: str, of: str, title: str, found: Quoted) -> Document:
    sighting, raw = found.sighting, found.sighting.raw
    told, page = raw if sighting.property == "title" else title, sighting.extraction
    return Document(kind, of, told, page.url, page.capture, raw, tuple(_CAPITAL.findall(raw)))


def _columns(text: Document) -> tuple[str, str, str, str]:
    said = list(words_of(text.text))
    pairs = list(map(stems, said))
    keys = dict.fromkeys(key for name in text.named for key in names.keys(name))
    return " ".join(said), " ".join(stem for stem, _ in pairs), " ".join(stem for _, stem in pairs), " ".join(keys)


def _mark(said: object) -> str:
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _opened(path: Path) -> sqlite3.Connection:
    """The tables, made where they are absent or of another version."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    try:
        version = dict(connection.execute("SELECT name, said FROM about")).get("version")
    except sqlite3.OperationalError:
        version = None
    except sqlite3.DatabaseError:  # no database: what it holds can be made again
        connection.close()
        path.unlink()
        connection, version = sqlite3.connect(path, isolation_level=None, timeout=10), None
    if version != str(VERSION):
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in ("stands", "document", "unnamed", "shown", "about"):
            if name in tables:
                connection.execute(f'DROP TABLE "{name}"')
        connection.executescript(_TABLES)
        if str(path) != ":memory:":
            path.chmod(0o600)
    return connection
