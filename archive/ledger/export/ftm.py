"""FollowTheMoney entities and statements: cases, their people and parts, events, courts and articles; and what is lost.

Written by the model's published schemata (followthemoney 4); the library itself is needed to read, not to write. Every
statement has the row of the ledger that it comes from as its `origin`, and the time of the capture as its `last_seen`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from archive.ledger import courts
from archive.ledger.export.csv import lines as csv_lines
from archive.ledger.export.listing import Listing
from archive.ledger.export.place import Rows, Written, put
from archive.ledger.export.schema import TABLES
from archive.ledger.export.sorted import Sorted
from archive.ledger.rows import Plain

ENTITIES, STATEMENTS, COVERAGE, LOST = "entities.ftm.json", "statements.csv", "coverage.csv", "lost.txt"
DATASET: Final = "kartoteka"
_DATE: Final = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_COLUMNS: Final = (
    "canonical_id", "entity_id", "prop", "prop_type", "schema", "value", "dataset", "origin", "lang", "original_value",
    "external", "first_seen", "last_seen", "id",
)  # fmt: skip
# The model's type of every property that is written here.
_TYPES: Final = {
    "name": "name", "caseNumber": "identifier", "court": "string", "category": "string", "status": "string", "fileDate": "date",
    "closeDate": "date", "description": "text", "notes": "text", "sourceUrl": "url", "country": "country",
    "party": "entity", "case": "entity", "role": "string", "date": "date", "summary": "text", "recordId": "string",
    "registrationNumber": "identifier", "title": "string", "author": "string", "publishedAt": "date", "language": "language",
    "publisher": "string", "modifiedAt": "date", "contentHash": "checksum",
}  # fmt: skip
_LANGUAGES: Final = {"ru": "rus", "uk": "ukr", "en": "eng"}
LOSSES: Final = """What FollowTheMoney has no place for, and these files therefore lack:

- charges by article and part, and the outcome, term and kind of sentence of each person: told as text in `summary`
- instances: which court's registration said what; a case is one entity, and its court is the one where it stands
- several persons' decisions on several days: a party has one date
- the four clocks: the court's own dates stand in `fileDate`, `closeDate` and `date`, the capture's time in `last_seen`; when
  the court says it published, and when the ledger learned, are left out
- which page disagrees with which, and what a later page no longer shows
- selector, quote and offsets of every value: `crawl export jsonl` has them, under the observation's id
- coverage: how much of a register was read; it lies beside, in coverage.csv
- an event is not tied to its case by a link, which the model has no property for: its `recordId` is the case's id
- links between articles and the cases that they name
- dates less precise than a day keep their precision; hours are left out
"""


@dataclass(slots=True)
class _Entity:
    """An entity under way: by property its values, each with the ledger's row that says it."""

    id: str
    schema: str
    origin: str
    seen: str | None
    properties: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, *values: str | None) -> None:
        for value in values:
            text = None if value is None else " ".join(value.encode("utf-8", "backslashreplace").decode().split())
            if text and text not in self.properties.setdefault(name, []):
                self.properties[name].append(text)

    def date(self, name: str, value: str | None) -> None:
        found = _DATE.match(value) if value else None
        self.add(name, found[0] if found else None)


def write(listing: Listing, folder: Path) -> list[Written]:
    """Entities and their statements, the coverage, and a text that says what is lost. Raises DiskFull, ArchiveError."""
    covered = Rows(listing.rows("coverage"))
    with Sorted(
        (entity.id, [entity.schema, entity.origin, entity.seen, entity.properties]) for entity in _entities(listing)
    ) as held:
        entities = Rows(_Entity(id_, *said) for id_, said in held)
        told = [put(folder / ENTITIES, map(_line, entities), entities)]
        statements = Rows(row for id_, said in held for row in _statements(_Entity(id_, *said), listing.as_of))
        told.append(put(folder / STATEMENTS, _csv(statements), statements))
    return [
        *told,
        put(folder / COVERAGE, csv_lines(covered, TABLES["coverage"].names), covered),
        put(folder / LOST, [f"{LOSSES}\nLedger {listing.head}, as of {listing.as_of or 'never'}.\n".encode()], 0),
    ]


def _entities(listing: Listing) -> Iterator[_Entity]:
    courts_met: dict[str, str | None] = {}
    seen = {row["capture"]: row["observed"] for row in listing.rows("observations")}
    for row in listing.rows("cases"):
        courts_met.setdefault(row["court"] or "", seen.get(row["capture"]))
        yield _case(row, seen)
    for row in listing.rows("persons"):
        courts_met.setdefault(row["court"] or "", seen.get(row["capture"]))
        if row["counted"]:
            yield from _person(row, seen)
    for row in listing.rows("events"):
        yield _event(row, seen)
    yield from _articles(listing)
    for code, at in courts_met.items():
        if code:
            yield _court(code, at)


def _case(row: Plain, seen: dict[str, str]) -> _Entity:
    made = _Entity(_id(row["case"]), "CourtCase", row["case"], seen.get(row["capture"]))
    made.add("name", row["numbers"][0] if row["numbers"] else row["uid"] or row["case"])
    made.add("caseNumber", *row["numbers"], row["uid"])
    made.add("court", _named(row["court"]))
    made.add("status", row["result"])
    made.add("country", "ru")
    made.date("fileDate", row["received"])
    made.date("closeDate", row["decided"])
    articles = ", ".join(row["articles"])
    made.add("notes", f"articles {articles}" if articles else None, f"in force {row['in_force']}" if row["in_force"] else None)
    made.add("description", f"captures {', '.join(row['captures'])}")
    return made


def _person(row: Plain, seen: dict[str, str]) -> Iterator[_Entity]:
    """A person in a case, never more: nobody is said to be the same man in two cases."""
    at = seen.get(row["capture"])
    made = _Entity(_id(row["person"]), "Person", row["person"], at)
    made.add("name", row["name"] or "name not shown")
    link = _Entity(_id("party", row["person"]), "CourtCaseParty", row["person"], at)
    link.add("party", made.id)
    link.add("case", _id(row["case"]))
    link.add("role", row["role"])
    link.date("date", row["decided"])
    articles = ", ".join(row["articles"])
    link.add("summary", f"articles {articles}" if articles else None, f"result {row['result']}" if row["result"] else None)
    yield made
    yield link


def _event(row: Plain, seen: dict[str, str]) -> _Entity:
    made = _Entity(_id(row["event"]), "Event", row["event"], seen.get(row["capture"]))
    made.add("name", row["name"] or row["kind"] or "event")
    made.date("date", row["date"])
    made.add("summary", row["kind"], row["result_raw"])
    made.add("recordId", row["case"])
    return made


def _articles(listing: Listing) -> Iterator[_Entity]:
    found: dict[str, _Entity] = {}
    for row in listing.rows("observations"):
        if row["subject"].startswith("reg:") or "#claim:" in row["subject"]:
            continue
        made = found.setdefault(row["subject"], _Entity(_id(row["subject"]), "Article", row["subject"], row["observed"]))
        text, name = row["value"] or row["raw"], row["property"]
        if name == "title":
            made.add("title", row["raw"])
            made.add("name", row["raw"])
        elif name in ("published", "modified"):
            made.date(f"{name}At", row["value"])
        elif name == "authors":
            made.add("author", text)
        elif name == "outlet":
            made.add("publisher", text)
        elif name == "language":
            made.add("language", _LANGUAGES.get(text[:2].lower()))
        if re.fullmatch(r"https?://[^/\s]+\.[^/\s]+(/\S*)?", row["url"]):
            made.add("sourceUrl", row["url"])
    yield from found.values()


def _court(code: str, at: str | None) -> _Entity:
    made = _Entity(_id("court", code), "PublicBody", f"court {code}", at)
    made.add("name", _named(code))
    made.add("registrationNumber", code)
    made.add("country", "ru")
    return made


def _named(code: str | None) -> str | None:
    known = courts.by_code(code) if code else None
    return known.name if known else code


def _id(*parts: str) -> str:
    """An id that tells nothing of what it is of: never a name, never a number."""
    return f"kt-{hashlib.sha256('#'.join(parts).encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _line(entity: _Entity) -> bytes:
    said: dict[str, Any] = {
        "id": entity.id, "schema": entity.schema, "properties": entity.properties, "datasets": [DATASET],
    }  # fmt: skip
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _statements(entity: _Entity, as_of: str | None) -> Iterator[dict[str, str]]:
    keys = []
    for name, values in entity.properties.items():
        for value in values:
            keys.append(_key(entity.id, name, value))
            yield _statement(entity, name, _TYPES[name], value, keys[-1], as_of)
    # The entity itself, by the digest over its statements (followthemoney: `id` statements of a dataset).
    checksum = hashlib.sha1("".join(sorted(keys)).encode(), usedforsecurity=False).hexdigest()
    yield _statement(entity, "id", "checksum", checksum, _key(entity.id, "id", checksum), as_of)


def _key(entity: str, name: str, value: str) -> str:
    """As the library makes it, so that statements of two exports of one fact are one statement."""
    return hashlib.sha1(f"{DATASET}.{entity}.{name}.{value}".encode(), usedforsecurity=False).hexdigest()


def _statement(entity: _Entity, name: str, kind: str, value: str, key: str, as_of: str | None) -> dict[str, str]:
    seen = entity.seen or as_of or ""
    row = dict.fromkeys(_COLUMNS, "")
    return row | {
        "canonical_id": entity.id, "entity_id": entity.id, "prop": name, "prop_type": kind, "schema": entity.schema,
        "value": value, "dataset": DATASET, "origin": entity.origin, "external": "f", "last_seen": seen[:19], "id": key,
    }  # fmt: skip


def _csv(rows: Iterable[dict[str, str]]) -> Iterator[bytes]:
    """As the library reads it: every cell quoted, lines ended by LF. Not for spreadsheets: the CSV export is."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, dialect="unix")
    writer.writeheader()
    for row in rows:
        writer.writerow(row)
        if out.tell() > 1 << 20:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()
