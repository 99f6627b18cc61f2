"""What the tables of an export are: each column with its kind and its meaning, once for every format; data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TEXT, NUMBER, FLAG, TEXTS, PERSONS = "text", "number", "flag", "texts", "persons"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. kind: TEXT, NUMBER (whole), FLAG, TEXTS (a list of texts), PERSONS (a list of what PERSON names)."""

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table. key: the column that names a row, unique, and the same for the same thing in every export.

    facets: columns by which a person sorts rows into few groups. refers: by column the table whose key it holds.
    """

    name: str
    key: str
    meaning: str
    columns: tuple[Column, ...]
    facets: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    refers: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def _columns(kinds: dict[str, str], *told: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, kinds.get(name, TEXT), meaning) for name, meaning in (*told, *_STAMP))


# On every row of every table: which state of the ledger it is of.
_STAMP: Final = (
    ("head", "the ledger's head: the same head is the same ledger, and gives the same file"),
    ("as_of", "when the newest capture that the ledger knows was taken (RFC 3339, UTC)"),
)
PERSON: Final = ("name", "articles", "result", "decided")

_CASES: Final = Table(
    "cases", "case", "One row a case: the registrations of several courts that are one.",
    _columns(
        {"numbers": TEXTS, "articles": TEXTS, "captures": TEXTS, "persons": PERSONS},
        ("case", "the case's id; never reused"),
        ("uid", "the judicial UID that its courts print"),
        ("court", "official code of the court where the case stands"),
        ("numbers", "case numbers, the present one first"),
        ("received", "earliest day of receipt (as precise as the court states it)"),
        ("articles", "articles of the persons it is about: 337/5 is article 337, part 5"),
        ("persons", "whom it is about: name or pseudonym, articles, result, day of decision"),
        ("result", "what came of it, in the ledger's closed words"),
        ("decided", "day of the decision"),
        ("in_force", "day on which it came into force"),
        ("captures", "ids of the captures behind the values shown, in the order of the log"),
        ("capture", "the newest of these captures"),
    ),
    ("court", "result", "articles"), ("case", "uid", "numbers", "court", "persons"),
)  # fmt: skip
_PERSONS: Final = Table(
    "persons", "person", "One row a person of a registration.",
    _columns(
        {"articles": TEXTS, "captures": TEXTS, "not_seen": FLAG, "counted": FLAG},
        ("person", "the person's id within the registration"),
        ("case", "the case"),
        ("registration", "the court's entry of the case"),
        ("court", "official code of the court"),
        ("name", "the name, or the surname's initial and a keyed token that stands for it; absent where the court hides it"),
        ("role", "role in the case, as the court writes it"),
        ("articles", "articles charged"),
        ("attempt", "whether an attempt is charged"),
        ("complicity", "whether complicity is charged"),
        ("decided", "day of the decision on this person"),
        ("result", "what came of it for this person"),
        ("not_seen", "a later page of the same kind no longer lists this person"),
        ("counted", "the statistics count this person"),
        ("captures", "ids of the captures behind the values shown"),
        ("capture", "the newest of these captures"),
    ),
    ("court", "role", "result", "articles"), ("name", "role"), (("case", "cases"),),
)  # fmt: skip
_EVENTS: Final = Table(
    "events", "event", "One row an event or hearing of a registration, as the court dates it.",
    _columns(
        {"captures": TEXTS, "not_seen": FLAG},
        ("event", "the event's id within the registration"),
        ("case", "the case"),
        ("registration", "the court's entry of the case"),
        ("kind", "what happened, in the ledger's closed words"),
        ("name", "what happened, in the court's words"),
        ("date", "the day"),
        ("time", "the hour, local to the court"),
        ("place", "the room"),
        ("result", "what came of it, in the ledger's closed words"),
        ("result_raw", "what came of it, in the court's words"),
        ("reason", "the reason the court gives"),
        ("note", "the court's note"),
        ("placed", "when the court says it placed this on its site"),
        ("not_seen", "a later page of the same kind no longer lists it"),
        ("captures", "ids of the captures behind the values shown"),
        ("capture", "the newest of these captures"),
    ),
    ("kind", "result"), ("name", "result_raw", "reason", "note"), (("case", "cases"),),
)  # fmt: skip
_OBSERVATIONS: Final = Table(
    "observations", "observation", "One row a value that some page states, with the place where its newest capture shows it.",
    _columns(
        {"ordinal": NUMBER, "start": NUMBER, "end": NUMBER, "times": NUMBER, "derived": FLAG},
        ("observation", "the observation's id; a keyed token where the value is kept back"),
        ("subject", "what it is said of"),
        ("property", "what is said"),
        ("ordinal", "place among several values of one property, from 0"),
        ("value", "the normal form; absent where none is known"),
        ("raw", "the text as a reader of the page sees it"),
        ("derived", "concluded, not stated"),
        ("observed", "when the capture was taken (RFC 3339, UTC)"),
        ("url", "the address that was captured"),
        ("capture", "id of the newest capture that says so"),
        ("payload_sha256", "sha256 of the entity-body of that capture"),
        ("charset", "how the page was decoded"),
        ("selector", "how the value was found in the page"),
        ("quote", "the exact slice of the page's source"),
        ("start", "where the quote begins, in characters"),
        ("end", "where the quote ends"),
        ("parser", "name and version of what read the page"),
        ("times", "how many captures have this page"),
    ),
    ("property", "parser", "derived"), ("subject", "value", "raw"),
)  # fmt: skip
_COVERAGE: Final = Table(
    "coverage", "window", "One row an asking of a court's register: how many entries it said it has, how many were read.",
    _columns(
        {"expected": NUMBER, "read": NUMBER, "complete": FLAG},
        ("window", "the asking's id"),
        ("source", "the source"),
        ("court", "official code of the court"),
        ("register", "which register was asked"),
        ("from", "first day of receipt asked for; absent: no bound"),
        ("to", "last day of receipt asked for; absent: no bound"),
        ("expected", "how many entries the register said it has"),
        ("read", "how many were read"),
        ("complete", "every entry the counter tells of was read"),
        ("gap", "why it is not complete"),
        ("run", "which crawl asked"),
        ("at", "when the last page of the answer was taken; absent: never asked"),
        ("capture", "id of that capture"),
    ),
    ("court", "register", "complete", "gap"),
)  # fmt: skip
_TAKEDOWNS: Final = Table(
    "takedowns", "takedown", "One row a thing taken down: what is withheld here is counted, and named by a digest alone.",
    _columns(
        {"cases": NUMBER, "persons": NUMBER, "observations": NUMBER},
        ("takedown", "id of the decision"),
        ("scope", "person, registration, case or page"),
        ("decided", "when it was decided (RFC 3339, UTC)"),
        ("reason", "why, as the decision states it"),
        ("cases", "how many cases are withheld whole"),
        ("persons", "how many persons are no longer named"),
        ("observations", "how many observations are withheld"),
        ("sha256", "over the ids of these observations, sorted, with the archive's key"),
        ("capture", "id of the decision's record in the archive"),
    ),
    ("scope",),
)  # fmt: skip

TABLES: Final = {table.name: table for table in (_CASES, _PERSONS, _EVENTS, _OBSERVATIONS, _COVERAGE, _TAKEDOWNS)}
