"""A case reduced to what the statistics count of it, and when it was known; a plain value that a view can keep; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from archive.ledger.case import Case
from archive.ledger.registration import Entity, Registration

SENT_ON: Final = "transferred"
VERDICTS: Final = frozenset({"verdict", "convicted", "acquitted"})


@dataclass(frozen=True, slots=True)
class Person:
    """One person in a case. court: that tells his outcome. decided: its day; None while there is none.

    kind: of his sentence, by the text of an act; None where no text tells it. known: since when we could know of his outcome.
    """

    articles: tuple[str, ...]
    result: str | None
    decided: str | None
    court: str | None
    kind: str | None
    known: str | None


@dataclass(frozen=True, slots=True)
class Counted:
    """One case. court: that tells its state; first_court: of the earliest receipt; courts: of all its registrations.

    known, known_decided: since when we could know of its receipt and of its decision (RFC 3339, UTC). of_articles: it is never
    counted.
    """

    id: str
    register: str
    of_articles: bool
    court: str | None
    first_court: str | None
    courts: tuple[str, ...]
    received: str | None
    result: str | None
    decided: str | None
    articles: tuple[str, ...]
    persons: tuple[Person, ...]
    known: str | None
    known_decided: str | None

    def text(self) -> str:
        """As one line of JSON: a list in the order of the fields."""
        values: list[Any] = [getattr(self, name) for name in self.__slots__]
        values[self.__slots__.index("persons")] = [[getattr(p, name) for name in Person.__slots__] for p in self.persons]
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def of_text(cls, text: str) -> Counted:
        (id_, register, of_articles, court, first_court, courts, received, result, decided, articles, persons, known,
         known_decided) = orjson.loads(text)  # fmt: skip
        people = tuple(Person(tuple(p[0]), *p[1:]) for p in persons)
        return cls(
            id_, register, of_articles, court, first_court, tuple(courts), received, result, decided, tuple(articles), people,
            known, known_decided,
        )  # fmt: skip


def reduced(case: Case) -> Counted:
    """The case as it is counted."""
    earliest, last = case.earliest, case.last
    return Counted(
        id=case.id,
        register=last.register,
        of_articles=case.of_articles,
        court=case.court,
        first_court=case.court if earliest is None else earliest.own.get("court"),
        courts=tuple(dict.fromkeys(court for r in case.registrations if (court := r.own.get("court")))),
        received=case.received,
        result=case.result,
        decided=case.decided,
        articles=case.articles,
        persons=tuple(_person(case, told, person) for told, person in case.people),
        known=None if earliest is None else _known(earliest.known, "received", case.received),
        known_decided=_known(last.known, "decided", case.decided),
    )


def _person(case: Case, told: Registration, person: Entity) -> Person:
    """A person's result and its date: the person's own; where the court gives none, those of the case.

    A verdict without a direction has one where the text of the act tells the sentence.
    """
    own = told.own.get("result") != SENT_ON  # a person listed only by a court that sent the case on has no outcome there
    state = told if own else case.last
    result = (person.get("result") if own else None) or state.own.get("result")
    decided = (person.get("decided") if own else None) or state.own.get("decided")
    kind = person.get("kind")
    if result == "verdict" and kind is not None:
        result = "acquitted" if kind == "acquittal" else "convicted"
    court = told.own.get("court") if own else case.court
    if result == SENT_ON:
        decided = None
    return Person(person.all("article"), result, decided, court, kind, _known(state.known, "decided", decided))


def _known(known: Mapping[tuple[str, str], datetime], name: str, value: str | None) -> str | None:
    at = None if value is None else known.get((name, value))
    return None if at is None else at.isoformat()
