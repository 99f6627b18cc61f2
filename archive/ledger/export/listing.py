"""The tables of an export, row by row; sorted, stamped with the ledger's head, and the same for the same ledger.

Each table is read as it is written, a few cases or pages at a time: of millions of observations a few thousand are held.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Self

from archive.ledger import withheld, words
from archive.ledger.book import Book
from archive.ledger.case import Case
from archive.ledger.discretion import Discreet
from archive.ledger.export.people import given
from archive.ledger.export.schema import TABLES as SCHEMA
from archive.ledger.head import head
from archive.ledger.moment import NOW, Moment
from archive.ledger.observation import Quoted, Window
from archive.ledger.privacy import HIDDEN, Names, Pseudonyms, Surnames, is_name
from archive.ledger.rows import Plain, coverage_rows, event_rows, newest, observation_row, person_rows, time
from archive.ledger.then import Group, Then
from archive.ledger.views import CHUNK, Views
from archive.ledger.withheld import Takedown, Tombstone

TABLES = tuple(SCHEMA)


class Listing:
    """What one export tells, as it may be shown. people: None names everybody.

    windows: how far the ledger reaches; head, as_of: which ledger it is. The book and the views it was made of stay open, and
    as they are, while it is read (`Book.pinned`).
    """

    def __init__(
        self, book: Book, views: Views, asked: Moment, key: Pseudonyms, *, named: bool, case: str | None,
        takedowns: Sequence[Takedown],
    ) -> None:  # fmt: skip
        self._book, self._views, self._asked = book, views, asked
        self._then = Then(book, views, asked)
        self._discreet = Discreet(views, self._then, tuple(takedowns), key)
        self.people = None if named else key
        ties, corrections, windows = asked.ties(book), asked.corrections(book), self._then.windows()
        decided = [*(each.id for each in takedowns), *(each.id for each in corrections)]
        self.head = head(book.standing_ids(known_at=asked.known_at, as_of=asked.as_of), windows, ties, decided)
        self.as_of = time(book.as_of(known_at=asked.known_at, as_of=asked.as_of))
        self._groups: Sequence[Group] = sorted(self._then.groups, key=lambda group: group.id)
        self._only: frozenset[str] | None = None
        if case is not None:
            one = self._then.case(case)
            self._only = frozenset(r.subject for r in one.registrations)
            self._groups = [group for group in self._groups if group.id == one.id]
            courts = {r.own.get("court") for r in one.registrations}
            windows = [window for window in windows if window.asked.court in courts]
        self.windows: tuple[Window, ...] = tuple(windows)
        self.tombstones = self._tombstones(takedowns, key)

    @classmethod
    def of(
        cls,
        book: Book,
        *,
        key: Pseudonyms,
        views: Views | None = None,
        named: bool = False,
        asked: Moment = NOW,
        case: str | None = None,
        takedowns: Sequence[Takedown] = (),
    ) -> Self:
        """Everything the book says, or one case, with the coverage of its courts; as of a moment. views: made anew where None.

        takedowns: those that stand now; they, and names that a court has hidden by now, hold for every moment. Raises NotFound.
        """
        return cls(book, views or Views.of(book), asked, key, named=named, case=case, takedowns=takedowns)

    @property
    def cases(self) -> Iterator[Case]:
        """Those that may be shown, by their ids."""
        return self._discreet.cases(self._groups)

    def rows(self, table: str) -> Iterator[Plain]:
        """The rows of one of TABLES, by their ids."""
        made: dict[str, Callable[[], Iterator[Plain]]] = {
            "cases": self._cases, "persons": self._persons, "events": self._events, "observations": self._observations,
            "coverage": self._coverage, "takedowns": self._takedowns,
        }  # fmt: skip
        stamp = {"head": self.head, "as_of": self.as_of}
        names = SCHEMA[table].names
        for row in made[table]():
            full = {"capture": (row.get("captures") or [None])[-1], **row, **stamp}
            yield {name: full[name] for name in names}

    def _cases(self) -> Iterator[Plain]:
        for row in self._discreet.told(self._groups):
            if self.people is not None:
                row["persons"] = [person | {"name": self.people.name(person["name"])} for person in row["persons"]]
            yield row

    def _persons(self) -> Iterator[Plain]:
        for case in self._discreet.cases(self._groups, events=False):
            for row in person_rows(case):
                yield row if self.people is None else row | {"name": self.people.name(row["name"])}

    def _events(self) -> Iterator[Plain]:
        for start in range(0, len(self._groups), CHUNK):
            groups = self._groups[start : start + CHUNK]
            names = self._names([subject for group in groups for subject in group.subjects])
            for case in self._discreet.cases(groups):
                met: set[str] = set()
                for row in event_rows(case):
                    if row["event"] in met:  # a row that a later page no longer has, and whose place another took
                        row["event"] += "@" + row["captures"][-1]
                    met.add(row["event"])
                    mine = names.get(row["registration"], Names(None))
                    told = ("name", "place", "result_raw", "reason", "note")
                    yield row | {key: HIDDEN for key in told if row[key] is not None and mine.inside(row[key])}

    def _observations(self) -> Iterator[Plain]:
        others = self._surnames() if self.people is not None else Surnames(frozenset())
        for bases in self._bases():
            found = newest(self._quoted(bases))
            if self.people is None:
                yield from map(observation_row, found)
                continue
            names = self._names(bases)
            for each in found:
                mine = names.get(words.registration(each.sighting.subject), Names(None))
                yield given(observation_row(each), mine, others, self.people)

    def _bases(self) -> Iterator[list[str]]:
        """What values are said of, registrations and pages, some at a time, so that the subjects of all are in order."""
        some: list[str] = []
        for base in sorted(self._only) if self._only is not None else self._book.all_registrations(prefix=""):
            if len(some) >= CHUNK and not _between(some, base):
                yield some
                some = []
            some.append(base)
        if some:
            yield some

    def _quoted(self, bases: Sequence[str], *, names: bool = False) -> list[Quoted]:
        """What is said of these, as it may be shown. names: of people alone."""
        asked = {"only": "name", "events": False} if names else {}
        found = self._book.quoted(bases, known_at=self._asked.known_at, as_of=self._asked.as_of, **asked)  # type: ignore[arg-type]
        veils = self._discreet.veils(bases)
        shown = (
            veils[base].quoted((each,)) if (base := words.registration(each.sighting.subject)) in veils else (each,)
            for each in found
            if not names or is_name(each.sighting.subject, each.sighting.property)
        )  # fmt: skip
        return list(chain.from_iterable(shown))

    def _names(self, bases: Sequence[str]) -> dict[str, Names]:
        """By registration, every name that any page of its case ever gave."""
        if self.people is None:
            return {}
        cases = [group.subjects for group in self._then.groups_of(bases)]
        said: dict[str, set[str]] = {}
        for sighting, *_ in self._quoted(sorted({subject for subjects in cases for subject in subjects}), names=True):
            if sighting.value is not None:
                said.setdefault(words.registration(sighting.subject), set()).update((sighting.raw, sighting.value))
        named: dict[str, Names] = {}
        for subjects in cases:
            names = Names.of(name for subject in subjects for name in said.get(subject, ()))
            named.update(dict.fromkeys(subjects, names))
        return named

    def _surnames(self) -> Surnames:
        """Of all cases, for texts of no case."""
        stems: set[str] = set()
        for bases in self._bases():
            of_cases = [base for base in bases if base.startswith("reg:")]
            told = (quoted.sighting.value for quoted in self._quoted(of_cases, names=True))
            stems |= Surnames.of(name for name in told if name is not None).stems
        return Surnames(frozenset(stems))

    def _coverage(self) -> Iterator[Plain]:
        rows = [row | {"window": _window_id(row)} for row in coverage_rows(self.windows)]
        return iter(sorted(rows, key=lambda row: [row[name] or "" for name in ("run", "court", "register", "from", "capture")]))

    def _takedowns(self) -> Iterator[Plain]:
        for stone in self.tombstones:
            each = stone.takedown
            yield {
                "takedown": each.id, "scope": each.scope, "decided": time(each.at), "reason": each.reason,
                "cases": stone.cases, "persons": stone.persons, "observations": stone.observations, "sha256": stone.sha256,
                "capture": each.id,
            }  # fmt: skip

    def _tombstones(self, takedowns: Sequence[Takedown], key: Pseudonyms) -> tuple[Tombstone, ...]:
        if not takedowns:
            return ()
        veil, subjects = self._discreet.about()
        about = subjects if self._only is None else subjects & self._only
        quoted = self._book.quoted(about, known_at=self._asked.known_at, as_of=self._asked.as_of)
        stones = withheld.tombstones(takedowns, veil, quoted, key)
        return tuple(s for s in stones if self._only is None or set(s.takedown.subjects) & self._only)


def _between(some: Sequence[str], base: str) -> bool:
    """Whether its subjects come between those of one before it: `a b` stands before `a#person:1`."""
    return any(base.startswith(each) and base[len(each)] < "#" for each in some)


def _window_id(row: Plain) -> str:
    told = "\n".join(f"{name}={row[name]}" for name in ("source", "court", "register", "from", "to", "run"))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]
