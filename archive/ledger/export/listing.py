"""The tables of an export, row by row; sorted, stamped with the ledger's head, and the same for the same ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from archive.ledger import withheld, words
from archive.ledger.book import Book
from archive.ledger.case import Case, find, fold
from archive.ledger.export.people import given
from archive.ledger.export.schema import TABLES as SCHEMA
from archive.ledger.head import head
from archive.ledger.moment import NOW, Moment
from archive.ledger.observation import Quoted, Window
from archive.ledger.privacy import HIDDEN, Names, Pseudonyms, Surnames, is_name
from archive.ledger.rows import Plain, case_row, coverage_rows, event_rows, newest, observation_row, person_rows, time
from archive.ledger.withheld import Takedown, Tombstone

TABLES = tuple(SCHEMA)


@dataclass(frozen=True, slots=True)
class Listing:
    """What one export tells, read once: all of it as it may be shown. people: None names everybody.

    windows: how far the ledger reaches; head, as_of: which ledger it is.
    """

    cases: tuple[Case, ...]
    quoted: Sequence[Quoted]
    people: Pseudonyms | None
    windows: tuple[Window, ...]
    tombstones: tuple[Tombstone, ...]
    head: str
    as_of: str | None

    @classmethod
    def of(
        cls,
        book: Book,
        *,
        key: Pseudonyms,
        named: bool = False,
        asked: Moment = NOW,
        case: str | None = None,
        takedowns: Sequence[Takedown] = (),
    ) -> Listing:
        """Everything the book says, or one case, with the coverage of its courts; as of a moment.

        takedowns: those that stand now; they, and names that a court has hidden by now, hold for every moment. Raises NotFound.
        """
        ties, corrections = asked.ties(book), asked.corrections(book)
        cases, windows = fold(asked.sightings(book), ties, corrections), book.coverage(known_at=asked.until)
        veil = withheld.drawn(takedowns, cases if asked.now else (*NOW.cases(book), *cases), key)
        decided = [*(each.id for each in takedowns), *(each.id for each in corrections)]
        read = book.extractions(known_at=asked.known_at, as_of=asked.as_of)
        which = head(read, windows, ties, decided)
        registrations = None
        if case is not None:
            one = find(cases, case)
            cases, registrations = (one,), [r.subject for r in one.registrations]
            courts = {r.own.get("court") for r in one.registrations}
            windows = [window for window in windows if window.asked.court in courts]
        quoted = book.quoted(registrations, known_at=asked.known_at, as_of=asked.as_of)
        stones = withheld.tombstones(takedowns, veil, quoted, key) if takedowns else ()
        if registrations is not None:
            stones = tuple(stone for stone in stones if set(stone.takedown.subjects) & set(registrations))
        return cls(
            cases=tuple(sorted(veil.cases(cases), key=lambda each: each.id)),
            quoted=veil.quoted(quoted),
            people=None if named else key,
            windows=tuple(windows),
            tombstones=stones,
            head=which,
            as_of=time(book.as_of(known_at=asked.known_at, as_of=asked.as_of)),
        )

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
        for case in self.cases:
            row = case_row(case)
            if self.people is not None:
                row["persons"] = [person | {"name": self.people.name(person["name"])} for person in row["persons"]]
            yield row

    def _persons(self) -> Iterator[Plain]:
        for case in self.cases:
            for row in person_rows(case):
                yield row if self.people is None else row | {"name": self.people.name(row["name"])}

    def _events(self) -> Iterator[Plain]:
        names = self._names() if self.people is not None else {}
        for case in self.cases:
            met: set[str] = set()
            for row in event_rows(case):
                if row["event"] in met:  # a row that a later page no longer has, and whose place another took
                    row["event"] += "@" + row["captures"][-1]
                met.add(row["event"])
                mine = names.get(row["registration"], Names(None))
                told = ("name", "place", "result_raw", "reason", "note")
                yield row | {key: HIDDEN for key in told if row[key] is not None and mine.inside(row[key])}

    def _observations(self) -> Iterator[Plain]:
        if self.people is None:
            yield from map(observation_row, newest(self.quoted))
            return
        names, others = self._names(), Surnames.of(self._said_names())
        for found in newest(self.quoted):
            mine = names.get(words.registration(found.sighting.subject), Names(None))
            yield given(observation_row(found), mine, others, self.people)

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

    def _said_names(self) -> Iterator[str]:
        return (s.value for s, *_ in self.quoted if is_name(s.subject, s.property) and s.value is not None)

    def _names(self) -> dict[str, Names]:
        """By registration, every name that any page of its case ever gave."""
        said: dict[str, set[str]] = {}
        for sighting, *_ in self.quoted:
            if is_name(sighting.subject, sighting.property) and sighting.value is not None:
                said.setdefault(words.registration(sighting.subject), set()).update((sighting.raw, sighting.value))
        named: dict[str, Names] = {}
        for case in self.cases:
            subjects = [registration.subject for registration in case.registrations]
            names = Names.of(name for subject in subjects for name in said.get(subject, ()))
            named.update(dict.fromkeys(subjects, names))
        return named


def _window_id(row: Plain) -> str:
    told = "\n".join(f"{name}={row[name]}" for name in ("source", "court", "register", "from", "to", "run"))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]
