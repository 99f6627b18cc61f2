"""The cases as folded, kept beside the ledger so that a question needs no fold; made anew from it at will, and never evidence.

`views.sqlite` holds what follows from the book alone: the keys of every registration, every case as a row, as it is counted and
as it is searched. Whoever asks brings it up to date first: registrations that newer extractions or corrections speak of are
folded again, groups are made anew, and cases that are no longer what they were are written anew; the rest stays. So it comes
out the same, row for row, whether it is made at once or after every page. Where the file cannot be written (another process
does, or the medium is read-only) the same is done in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from archive import __version__
from archive.ledger import askings, compared, withheld
from archive.ledger.book import Book
from archive.ledger.case import Case, case_of, judgements, keys_of, registrations, standing, unclear
from archive.ledger.counted import Counted, reduced
from archive.ledger.identity import Keys, groups, official
from archive.ledger.observation import Tie, Window
from archive.ledger.rows import Plain, case_row, searched

FILE: Final = "views.sqlite"
VERSION: Final = f"2 {__version__}"  # of what a row is made of: a program that may fold otherwise makes all of them anew
CHUNK: Final = 100  # registrations that are folded at once
SCHEMA: Final = """
CREATE TABLE head (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE keys (subject TEXT PRIMARY KEY, said TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE cases (id TEXT PRIMARY KEY, first INTEGER NOT NULL, signature TEXT NOT NULL, received TEXT, courts TEXT NOT NULL,
    articles TEXT NOT NULL, sought TEXT NOT NULL, counted TEXT NOT NULL, said TEXT NOT NULL) STRICT;
CREATE TABLE members (subject TEXT PRIMARY KEY, id TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE called (name TEXT, id TEXT, PRIMARY KEY (name, id)) STRICT, WITHOUT ROWID;
CREATE TABLE hides (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_case ON members (id);
CREATE INDEX called_by_case ON called (id);
"""
TABLES: Final = ("head", "keys", "cases", "members", "called", "hides", *compared.TABLES, *askings.TABLES)


class Views:
    """The views of one home, as of the book they were opened with. Use as a context manager, from one thread."""

    def __init__(self, tables: sqlite3.Connection, book: Book) -> None:
        self._tables = tables
        self._book = book

    @classmethod
    def open(cls, home: Path, book: Book, *, hold: bool = False) -> Self:
        """Brought up to date with the book, in the file where that can be written, else in memory.

        hold: nobody else brings them up to date until they are closed; who asks meanwhile does it in memory.
        """
        path = home / FILE
        tables = _writable(path)
        if tables is not None:
            views = cls(tables, book)
            try:
                views._freshen()
                if not hold:
                    tables.execute("COMMIT")
                return views
            except sqlite3.Error:  # a cache that is damaged, or a full disk: it is made anew, here or in memory
                tables.close()
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
            except BaseException:
                tables.close()
                raise
        views = cls(_copied(path), book)
        views._freshen()
        return views

    @classmethod
    def of(cls, book: Book) -> Self:
        """Made of the book in memory alone."""
        views = cls(_copied(None), book)
        views._freshen()
        return views

    def close(self) -> None:
        if self._tables.in_transaction:
            self._tables.execute("COMMIT")
        self._tables.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # Asking

    def rows(
        self,
        *,
        court: str | None = None,
        article: str | None = None,
        since: date | None = None,
        query: str | None = None,
    ) -> Iterator[Plain]:
        """Lines of `crawl cases`, in the order of the log; what is asked for as in `rows.select`."""
        where, values = ["1"], []
        if court is not None:
            where.append("instr(courts, ?)")
            values.append(f"|{court}|")
        if article is not None:
            where.append("(instr(articles, ?) OR instr(articles, ?))")
            values += [f"|{article}|", f"|{article}/"]
        if since is not None:
            where.append("received >= ?")
            values.append(since.isoformat())
        if query is not None:
            where.append("instr(sought, ?)")
            values.append(query.casefold())
        asked = f"SELECT said FROM cases WHERE {' AND '.join(where)} ORDER BY first, id"  # noqa: S608
        return (json.loads(said) for (said,) in self._tables.execute(asked, values))

    def counted(self) -> Iterator[Counted]:
        """Every case as it is counted, in the order of their ids."""
        return (Counted.of_text(text) for (text,) in self._tables.execute("SELECT counted FROM cases ORDER BY id"))

    def find(self, name: str) -> tuple[str, list[str]]:
        """A case's id and its registrations, by its id, any registration that was ever its id, a UID or a number.

        Raises NotFound: no case, or several (a number is not unique across courts).
        """
        wanted = name.removeprefix("case:")
        found = self._ids("SELECT id FROM members WHERE subject = ?", wanted)
        found = found or self._ids("SELECT id FROM called WHERE name = ? ORDER BY id", wanted)
        if len(found) != 1:
            raise unclear(name, found)
        return found[0], self._ids("SELECT subject FROM members WHERE id = ? ORDER BY subject", found[0])

    def case(self, name: str) -> Case:
        """One case, folded from its own registrations alone; the links within it are not told. Raises NotFound."""
        _, subjects = self.find(name)
        folded = registrations(self._book.sightings(subjects), self._book.corrections())
        return case_of([folded[subject] for subject in subjects], {})

    def cases_of(self, registrations: Iterable[str]) -> list[Case]:
        """The cases that these registrations are of, each once; what is no registration is of none."""
        ids = {id_ for subject in registrations for id_ in self._ids("SELECT id FROM members WHERE subject = ?", subject)}
        return [self.case(id_) for id_ in sorted(ids)]

    def is_case(self, id_: str, subjects: Sequence[str]) -> bool:
        """Whether that is a case of exactly these registrations, sorted."""
        return self._ids("SELECT subject FROM members WHERE id = ? ORDER BY subject", id_) == list(subjects)

    def comparisons(self, changed: Collection[str]) -> compared.Comparisons:
        """Comparisons of a ledger that differs from this one by these registrations; what is kept here stays as it is."""
        return compared.Comparisons(compared.copied(self._tables), changed)

    def hide(self, registrations: Iterable[str]) -> bool:
        """Whether a court has hidden a name, which it printed, in the case of one of these."""
        asked = "SELECT hides.id FROM members JOIN hides ON hides.id = members.id WHERE members.subject = ?"
        return any(self._ids(asked, subject) for subject in registrations)

    def hiding(self) -> list[str]:
        """The registrations of all those cases."""
        return [row[0] for row in self._tables.execute("SELECT subject FROM members JOIN hides ON hides.id = members.id")]

    def row(self, id_: str) -> Plain:
        """The line of one case."""
        (said,) = self._ids("SELECT said FROM cases WHERE id = ?", id_)
        found: Plain = json.loads(said)
        return found

    def marks(self) -> dict[str, str]:
        """By case a digest over all that is sought in it: what has the same was not changed since."""
        return {
            id_: hashlib.sha256(sought.encode("utf-8", "surrogatepass")).hexdigest()
            for id_, sought in self._tables.execute("SELECT id, sought FROM cases")
        }

    def windows(self) -> list[Window]:
        """What was asked of the registers, as `Book.coverage` folds it."""
        return askings.windows(self._tables)

    def keys(self) -> list[Keys]:
        """What every registration shows of who it is, in the order of their subjects."""
        return [_keys(said) for (said,) in self._tables.execute("SELECT said FROM keys ORDER BY subject")]

    def digest(self) -> str:
        """The sha256 over all rows, what is only a mark of how far they go left out."""
        digest = hashlib.sha256()
        for table in TABLES[1:]:
            for row in self._tables.execute(f"SELECT * FROM {table} ORDER BY 1{', 2' * (table != 'hides')}"):  # noqa: S608
                digest.update(json.dumps([table, *row], ensure_ascii=False).encode() + b"\n")
        return digest.hexdigest()

    def _ids(self, asked: str, value: str) -> list[str]:
        return [row[0] for row in self._tables.execute(asked, (value,))]

    # Bringing up to date

    def _freshen(self) -> None:
        head = {"version": VERSION, **self._book.head()}
        held = dict(self._tables.execute("SELECT name, value FROM head"))
        if held == head:
            return
        known = held.get("version") == VERSION and self._book.holds(held)
        if not known:
            for table in TABLES:  # an older program may have made them otherwise
                self._tables.execute(f"DROP TABLE IF EXISTS {table}")
            _make(self._tables)
        stale = self._book.touched(held) if known else self._book.all_registrations()
        changed = self._fold(stale, alone=not known)
        if changed or held.get("decisions") != head["decisions"]:
            self._group(set(stale) if known else set(), changed)
        else:
            self._anew(self._cases_of(stale))
        askings.freshen(self._tables, self._book, int(held["extractions"].partition(" ")[0]) if known else None)
        self._tables.execute("DELETE FROM head")
        self._tables.executemany("INSERT INTO head VALUES (?, ?)", sorted(head.items()))

    def _fold(self, stale: Sequence[str], *, alone: bool) -> set[str]:
        """The keys of these registrations, made anew; those of them that are others than they were.

        alone: nothing is held yet: each is entered as a case of its own, which most are, and is not folded a second time.
        """
        corrections, changed = self._book.corrections(), set[str]()
        for start in range(0, len(stale), CHUNK):
            folded = registrations(self._book.sightings(stale[start : start + CHUNK]), corrections)
            for subject in sorted(folded):
                keys = keys_of(folded[subject])
                before = self._tables.execute("SELECT said FROM keys WHERE subject = ?", (subject,)).fetchone()
                if before != (said := _text(keys),):
                    self._tables.execute("INSERT OR REPLACE INTO keys VALUES (?, ?)", (subject, said))
                    # A newer capture that shows the same is new evidence, and joins or parts nobody.
                    if before is None or replace(_keys(before[0]), evidence=keys.evidence) != keys:
                        changed.add(subject)
                if alone:
                    self._enter(case_of([folded[subject]], {}), _signature([subject], ()))
            for gone in set(stale[start : start + CHUNK]) - folded.keys():  # what said it is read otherwise now
                if self._tables.execute("DELETE FROM keys WHERE subject = ?", (gone,)).rowcount > 0:
                    changed.add(gone)
        return changed

    def _group(self, stale: set[str], changed: Collection[str]) -> None:
        """All groups made anew; those that are not as they were, or hold what is stale, are folded again."""
        held = self.keys()
        judged = judgements(held, self._book.ties(), compared.Comparisons(self._tables, changed).likenesses)
        ties = standing(judged)
        signatures = dict(self._tables.execute("SELECT id, signature FROM cases"))
        case = dict(self._tables.execute("SELECT subject, id FROM members"))
        wanted: list[list[str]] = []
        for group in groups(official(held), judged):
            subjects = sorted(group)
            within = tuple(sorted(key for one in subjects for key, tie in ties.get(one, ()) if tie.same and tie.right in group))
            before = signatures.get(case.get(subjects[0], ""))
            if before != _signature(subjects, within) or not stale.isdisjoint(group):
                wanted.append(subjects)
        gone = case.keys() - {keys.subject for keys in held}
        self._anew(wanted, ties, gone={case[subject] for subject in gone})

    def _cases_of(self, stale: Iterable[str]) -> list[list[str]]:
        ids = {id_ for subject in stale for id_ in self._ids("SELECT id FROM members WHERE subject = ?", subject)}
        return [self._ids("SELECT subject FROM members WHERE id = ? ORDER BY subject", id_) for id_ in sorted(ids)]

    def _anew(
        self,
        wanted: Sequence[Sequence[str]],
        ties: dict[str, list[tuple[str, Tie]]] | None = None,
        gone: Collection[str] = (),
    ) -> None:
        """These cases, folded again. ties: None where none of their links has changed. gone: ids of cases that are none now."""
        corrections = self._book.corrections()
        # All leave before any comes: what was one case may be two, and two may be one.
        ids = {id_ for group in wanted for one in group for id_ in self._ids("SELECT id FROM members WHERE subject = ?", one)}
        ids |= set(gone)
        asked = "SELECT signature FROM cases WHERE id = ?"
        kept = {id_: signature for id_ in ids for signature in self._ids(asked, id_)} if ties is None else {}
        for table in ("cases", "members", "called", "hides"):
            self._tables.executemany(f"DELETE FROM {table} WHERE id = ?", [(id_,) for id_ in sorted(ids)])  # noqa: S608
        for groups_ in batches(wanted):
            folded = registrations(self._book.sightings([name for group in groups_ for name in group]), corrections)
            for group in groups_:
                found = case_of([folded[name] for name in group if name in folded], ties or {})
                links = tuple(sorted(key for key, _ in found.links))
                self._enter(found, _signature(group, links) if ties is not None else kept.get(found.id, ""))

    def _enter(self, case: Case, signature: str) -> None:
        counted = reduced(case)
        case = withheld.drawn((), (case,), None).case(case) or case  # what courts have hidden; takedowns are the doors'
        row = (
            case.id, min(r.first for r in case.registrations), signature, case.received, f"|{'|'.join(counted.courts)}|",
            f"|{'|'.join(case.articles)}|", "\n".join(text.casefold() for text in searched(case)), counted.text(),
            json.dumps(case_row(case), ensure_ascii=False, separators=(",", ":")),
        )  # fmt: skip
        self._tables.execute("INSERT INTO cases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        self._tables.executemany("INSERT INTO members VALUES (?, ?)", [(r.subject, case.id) for r in case.registrations])
        if any(r.hidden for r in case.registrations):
            self._tables.execute("INSERT INTO hides VALUES (?)", (case.id,))
        names = {name for r in case.registrations for name in (*r.own.all("uid"), *r.own.all("number"))}
        self._tables.executemany("INSERT INTO called VALUES (?, ?)", [(name, case.id) for name in sorted(names)])


def _signature(subjects: Collection[str], links: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps([sorted(subjects), list(links)], ensure_ascii=False).encode()).hexdigest()[:24]


def batches(wanted: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    """Whole groups of registrations, some CHUNK registrations together."""
    batch: list[Sequence[str]] = []
    size = 0
    for group in wanted:
        batch.append(group)
        size += len(group)
        if size >= CHUNK:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _text(keys: Keys) -> str:
    return json.dumps([getattr(keys, field.name) for field in fields(keys)], ensure_ascii=False, separators=(",", ":"))


def _keys(text: str) -> Keys:
    values: list[Any] = [tuple(value) if isinstance(value, list) else value for value in json.loads(text)]
    return Keys(*values)


def _writable(path: Path) -> sqlite3.Connection | None:
    """The file, made where it is absent, in a transaction that nobody else is in; None where that cannot be had."""
    try:
        tables = sqlite3.connect(path, isolation_level=None, timeout=0.5)
    except sqlite3.Error:
        return None
    try:
        tables.execute("BEGIN IMMEDIATE")
        if not tables.execute("SELECT 1 FROM sqlite_master WHERE name = 'head'").fetchone():
            _make(tables)
        return tables
    except sqlite3.DatabaseError as exc:
        tables.close()
        if "not a database" in str(exc) or "malformed" in str(exc):
            with contextlib.suppress(OSError):
                path.unlink()
        return None


def _make(tables: sqlite3.Connection) -> None:
    for statement in f"{SCHEMA};{compared.SCHEMA};{askings.SCHEMA}".split(";"):
        if statement.strip():
            tables.execute(statement)


def _copied(path: Path | None) -> sqlite3.Connection:
    """What the file holds, in memory; nothing where there is none, or it cannot be read."""
    tables = sqlite3.connect(":memory:", isolation_level=None)
    if path is None:
        _make(tables)
        return tables
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.5)) as held:
            held.backup(tables)
            tables.execute("SELECT 1 FROM head").fetchone()
    except sqlite3.Error:
        tables.close()
        tables = sqlite3.connect(":memory:", isolation_level=None)
    if not tables.execute("SELECT 1 FROM sqlite_master WHERE name = 'head'").fetchone():
        _make(tables)
    return tables
