"""Where in the ledger do these words stand? Cases, acts and articles by word forms of three languages, names in both scripts.

`search.sqlite` in the home is made from what the ledger may show, and made anew when the ledger has changed: it holds nothing
that a rebuild would not give again. A query is words, all of which must stand in one document, in any form; a word that is
not finished; a number; "words in quotes", one after another. Nothing in it is a command.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from archive.errors import ArchiveError
from archive.ledger import discretion, names, words
from archive.ledger.book import FILE as BOOK
from archive.ledger.book import Book
from archive.ledger.case import Case, holds
from archive.ledger.head import head
from archive.ledger.moment import NOW
from archive.ledger.observation import Quoted
from archive.ledger.rows import Plain, case_row, newest
from archive.ledger.wordforms import stems
from archive.ledger.wordforms import words as words_of

FILE: Final = "search.sqlite"
VERSION: Final = 1
MOST_WORDS: Final = 64  # of a query; what is beyond is refused
_ASKED: Final = re.compile(r'"([^"]*)"?|(\S+)')
_CAPITAL: Final = re.compile(r"\b[A-ZА-ЯЁІЇЄҐ][\w'’-]{2,}")
_TABLES: Final = """
CREATE TABLE about (name TEXT PRIMARY KEY, said TEXT) WITHOUT ROWID;
CREATE TABLE shown (place INTEGER PRIMARY KEY, id TEXT UNIQUE, row TEXT, courts TEXT);
CREATE TABLE document (id INTEGER PRIMARY KEY, kind TEXT, of TEXT, place INTEGER, title TEXT, url TEXT, capture TEXT);
CREATE VIRTUAL TABLE stands USING fts5
    (plain, russian, ukrainian, name, content='', tokenize="unicode61 remove_diacritics 0", prefix='3 5');
"""


@dataclass(frozen=True, slots=True)
class Document:
    """One text. kind: `case`, `act` or `article`; of: a case's id, or an address."""

    kind: str
    of: str
    place: int | None
    title: str
    url: str | None
    capture: str | None
    text: str
    named: tuple[str, ...] = ()


class Search:
    """The open index. Use as a context manager."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, home: Path, book: Book) -> Search:
        """As the ledger is now: made anew where it has changed. Raises ArchiveError where there is no room for it."""
        path, stamp = home / FILE, _stamp(home)
        if _said(path, "stamp") != stamp:
            which = _head(home, book)
            if _said(path, "head") != which:
                _make(path, documents(home, book), which, stamp)
            else:
                with closing(sqlite3.connect(path)) as connection, connection:
                    connection.execute("UPDATE about SET said = ? WHERE name = 'stamp'", (stamp,))
        return cls(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True))

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
            "SELECT row, courts FROM shown WHERE place IN (SELECT document.place FROM stands JOIN document "
            "ON document.id = stands.rowid WHERE stands MATCH ? AND document.place IS NOT NULL) ORDER BY place",
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
            "WHERE stands MATCH ? AND (? IS NULL OR kind = ?) ORDER BY round(bm25(stands), 6), document.id LIMIT ?",
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


def documents(home: Path, book: Book) -> tuple[list[tuple[str, str, str]], list[Document]]:
    """What there is to look through, as it may be shown: each case's id, row and courts; and all texts."""
    folded = NOW.cases(book)
    veil = discretion.veil(home, book, folded)
    cases = veil.cases(folded)
    place = {registration.subject: at for at, case in enumerate(cases) for registration in case.registrations}
    rows = []
    texts = []
    for at, case in enumerate(cases):
        courts = sorted({code for r in case.registrations for code in r.own.all("court")})
        rows.append((case.id, json.dumps(case_row(case), ensure_ascii=False), json.dumps(courts)))
        texts.append(_case(at, case))
    for found in newest(veil.quoted(_texts(book))):
        sighting = found.sighting
        base = words.registration(sighting.subject)
        if base in place:
            case = cases[place[base]]
            texts.append(_text("act", case.id, place[base], case.numbers[0] if case.numbers else case.id, found))
        elif not sighting.subject.startswith("reg:"):
            texts.append(_text("article", sighting.subject, None, "", found))
    return rows, _joined(texts)


def _texts(book: Book) -> list[Quoted]:
    """Texts of acts, and what articles say of themselves."""
    acts = [q for q in book.quoted(prefix="reg:", only="act") if q.sighting.value is None]
    return acts + [q for q in book.quoted(prefix="http") if q.sighting.property in ("title", "authors", "body", "outlet")]


def _case(at: int, case: Case) -> Document:
    texts, named = [case.id, *case.numbers, case.uid or ""], []
    for registration in case.registrations:
        for part in (registration.own, *registration.persons, *registration.events, *registration.hearings):
            for name, values in part.values.items():
                said = [value.raw for value in values if name != "act"]
                texts += said + [value.value for value in values if value.value is not None and name in ("court", "article")]
                named += said if name in ("name", "judge") and part not in registration.events else []
    newest_capture = case.captures[-1] if case.captures else None
    title = case.numbers[0] if case.numbers else case.id
    return Document("case", case.id, at, title, None, newest_capture, " \n".join(texts), tuple(dict.fromkeys(named)))


def _text(kind: str, of: str, place: int | None, title: str, found: Quoted) -> Document:
    sighting, raw = found.sighting, found.sighting.raw
    told = raw if sighting.property == "title" else title
    return Document(
        kind, of, place, told, sighting.extraction.url, sighting.extraction.capture, raw, tuple(_CAPITAL.findall(raw))
    )


def _joined(texts: Iterable[Document]) -> list[Document]:
    """An article is one document, whatever it says of itself; so is every other text."""
    articles: dict[str, Document] = {}
    found = []
    for text in texts:
        if text.kind != "article":
            found.append(text)
            continue
        held = articles.get(text.of)
        title = text.title or (held.title if held else "")
        more = f"{held.text} \n{text.text}" if held else text.text
        named = (*held.named, *text.named) if held else text.named
        articles[text.of] = Document("article", text.of, None, title, text.url, text.capture, more, named)
    return found + [articles[url] for url in sorted(articles)]


def _make(path: Path, made: tuple[list[tuple[str, str, str]], list[Document]], which: str, stamp: str) -> None:
    """Under another name first: who reads meanwhile reads the old one."""
    part = path.with_name(f".{path.name}.part-{os.getpid()}")
    part.unlink(missing_ok=True)
    rows, texts = made
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as connection:
            connection.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN; {_TABLES}")
            said = (("version", str(VERSION)), ("head", which), ("stamp", stamp))
            connection.executemany("INSERT INTO about VALUES (?, ?)", said)
            connection.executemany("INSERT INTO shown VALUES (?, ?, ?, ?)", ((at, *row) for at, row in enumerate(rows)))
            for at, text in enumerate(texts):
                connection.execute(
                    "INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (at, text.kind, text.of, text.place, text.title, text.url, text.capture),
                )
                connection.execute(
                    "INSERT INTO stands (rowid, plain, russian, ukrainian, name) VALUES (?, ?, ?, ?, ?)", (at, *_columns(text))
                )
            connection.execute("INSERT INTO stands (stands) VALUES ('optimize')")
            connection.execute("COMMIT")
        part.chmod(0o600)
        part.replace(path)
    except (sqlite3.Error, OSError) as exc:
        part.unlink(missing_ok=True)
        raise ArchiveError(f"{path} cannot be written: {exc}") from exc


def _columns(text: Document) -> tuple[str, str, str, str]:
    said = list(words_of(text.text))
    pairs = list(map(stems, said))
    keys = dict.fromkeys(key for name in text.named for key in names.keys(name))
    return " ".join(said), " ".join(stem for stem, _ in pairs), " ".join(stem for _, stem in pairs), " ".join(keys)


def _head(home: Path, book: Book) -> str:
    decided = [*(each.id for each in book.corrections()), *(each.id for each in discretion.takedowns(home))]
    return head(book.extractions(), (), book.ties(), decided)


def _stamp(home: Path) -> str:
    """Whether the ledger's file was written to since, and what is taken down: told without reading the ledger."""
    found: list[Any] = [VERSION, [each.id for each in discretion.takedowns(home)]]
    for name in (BOOK, f"{BOOK}-wal"):
        try:
            status = (home / name).stat()
            found.append([status.st_size, status.st_mtime_ns] if status.st_size else None)
        except FileNotFoundError:
            found.append(None)
    return json.dumps(found)


def _said(path: Path, name: str) -> str | None:
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            said = dict(connection.execute("SELECT name, said FROM about").fetchall())
    except sqlite3.Error:
        return None  # of another version, or broken: it is made anew
    return said.get(name) if said.get("version") == str(VERSION) else None
