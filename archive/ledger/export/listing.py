"""The tables of an export: cases, persons, events, observations, coverage; sorted, and the same for the same ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from archive.ledger import words
from archive.ledger.book import Book
from archive.ledger.case import Case, find, fold
from archive.ledger.export.people import HIDDEN, Names, Pseudonyms, without_names
from archive.ledger.observation import Quoted, Window
from archive.ledger.rows import Plain, case_row, coverage_rows, event_rows, newest, observation_row, person_rows

# The columns of each table, in their order: an empty table has them too.
COLUMNS = {
    "cases": (
        "case", "uid", "court", "numbers", "received", "articles", "persons", "result", "decided", "in_force", "captures",
    ),
    "persons": (
        "person", "case", "registration", "court", "name", "role", "articles", "attempt", "complicity", "decided", "result",
        "not_seen", "counted", "captures",
    ),
    "events": (
        "event", "case", "registration", "kind", "name", "date", "time", "place", "result", "result_raw", "reason", "note",
        "placed", "not_seen", "captures",
    ),
    "observations": (
        "observation", "subject", "property", "ordinal", "value", "raw", "derived", "observed", "url", "capture",
        "payload_sha256", "charset", "selector", "quote", "start", "end", "parser", "times",
    ),
    "coverage": (
        "source", "court", "register", "from", "to", "expected", "read", "complete", "gap", "run", "at", "capture",
    ),
}  # fmt: skip
TABLES = tuple(COLUMNS)


@dataclass(frozen=True, slots=True)
class Listing:
    """What one export tells, read once. people: None names everybody. windows: how far the ledger reaches."""

    all_cases: tuple[Case, ...]
    quoted: Sequence[Quoted]
    people: Pseudonyms | None
    windows: tuple[Window, ...]

    @classmethod
    def of(cls, book: Book, *, people: Pseudonyms | None, known_at: datetime | None = None, case: str | None = None) -> Listing:
        """Everything the book says, or one case, with the coverage of its courts. Raises NotFound."""
        cases, windows = fold(book.sightings(known_at=known_at), book.ties()), book.coverage(known_at=known_at)
        if case is None:
            return cls(cases, book.quoted(known_at=known_at), people, tuple(windows))
        one = find(cases, case)
        courts = {registration.own.get("court") for registration in one.registrations}
        quoted = book.quoted([r.subject for r in one.registrations], known_at=known_at)
        return cls((one,), quoted, people, tuple(window for window in windows if window.asked.court in courts))

    def rows(self, table: str) -> Iterator[Plain]:
        """The rows of one of TABLES, by their ids."""
        made: dict[str, Callable[[], Iterator[Plain]]] = {
            "cases": self._cases, "persons": self._persons, "events": self._events, "observations": self._observations,
            "coverage": self._coverage,
        }  # fmt: skip
        return made[table]()

    def _cases(self) -> Iterator[Plain]:
        for case in self._sorted():
            row = case_row(case)
            if self.people is not None:
                row["persons"] = [person | {"name": self.people.name(person["name"])} for person in row["persons"]]
            yield row

    def _persons(self) -> Iterator[Plain]:
        for case in self._sorted():
            for row in person_rows(case):
                yield row if self.people is None else row | {"name": self.people.name(row["name"])}

    def _events(self) -> Iterator[Plain]:
        names = self._names() if self.people is not None else {}
        for case in self._sorted():
            for row in event_rows(case):
                mine = names.get(row["registration"], Names(None))
                told = ("name", "place", "result_raw", "reason", "note")
                yield row | {key: HIDDEN for key in told if row[key] is not None and mine.inside(row[key])}

    def _observations(self) -> Iterator[Plain]:
        names = self._names() if self.people is not None else {}
        for found in newest(self.quoted):
            row = observation_row(found)
            if self.people is not None:
                mine = names.get(words.registration(found.sighting.subject), Names(None))
                row = without_names(row, mine, self.people)
            yield row

    def _coverage(self) -> Iterator[Plain]:
        rows = coverage_rows(self.windows)
        return iter(sorted(rows, key=lambda row: [row[name] or "" for name in ("run", "court", "register", "from", "capture")]))

    def _sorted(self) -> list[Case]:
        return sorted(self.all_cases, key=lambda case: case.id)

    def _names(self) -> dict[str, Names]:
        """By registration, every name that any page of its case ever gave."""
        said: dict[str, set[str]] = {}
        for found in self.quoted:
            sighting = found.sighting
            if sighting.property == "name" and "#person:" in sighting.subject:
                said.setdefault(words.registration(sighting.subject), set()).update({sighting.raw, sighting.value or ""})
        named: dict[str, Names] = {}
        for case in self.all_cases:
            subjects = [registration.subject for registration in case.registrations]
            names = Names.of(name for subject in subjects for name in said.get(subject, ()) if name)
            named.update(dict.fromkeys(subjects, names))
        return named
