"""Does every value of the pack's ledger stand in a page of the pack, and does the report say what they say? (9) and (17)."""

from __future__ import annotations

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from archive import message, records
from archive.coding import decode
from archive.errors import ArchiveError, BadMessage, Damaged
from archive.finding import Finding
from archive.packcheck.run import Capture, Run
from archive.text import decode_text
from archive.wacz import Slice

TABLES = ("cases", "coverage", "events", "observations", "persons", "takedowns")
ELSEWHERE = ("coverage", "takedowns")  # whose rows name captures that need not be in the pack
OBSERVATIONS, REPORT = "ledger/observations.jsonl", "report/report.jsonl"
WITHHELD = "[withheld]"
LONGEST_LINE = 16 << 20
LARGEST_BLOCK = 256 << 20
KEPT = 4  # pages that are remembered
DEEP = 8  # captures that stand for one another
STATED = ("subject", "property", "value", "raw", "quote", "start", "end")
TEXTS = ("observation", "subject", "property", "raw", "quote", "capture", "observed", "charset", "parser")
Row = dict[str, Any]


class Told:
    """Rows and report of one run. rows: digests of what each observation says, which the report must say too."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.rows: dict[bytes, bool] = {}  # whether the report says it
        self.members = {(row.file, row.offset): row for row in run.rows}
        self.sources: OrderedDict[tuple[str, str], str] = OrderedDict()

    def all(self) -> Iterator[Finding]:
        for table in TABLES:
            yield from self.table(table)
        yield from self.report()

    # -- (9)

    def table(self, table: str) -> Iterator[Finding]:
        check, file = self.run.checks[9], f"ledger/{table}.jsonl"
        if file not in self.run.pack.sizes:
            yield from check.fail(file, "it is not there, or cannot be opened")
            return
        seen: set[str] = set()
        for number, octets in enumerate(self.lines(file), 1):
            where = f"{file} line {number}"
            check.looked += 1
            try:
                row = _object(octets)
                yield from self.names(table, where, row)
                if table == "observations":
                    for wrong in self.observation(row, seen):
                        yield from check.fail(where, wrong)
            except (ValueError, KeyError, TypeError, RecursionError) as exc:
                yield from check.fail(where, f"not a row: {exc!r:.200}")

    def lines(self, file: str) -> Iterator[bytes]:
        """Line by line; what is longer than a line may be is cut there, and is no row."""
        try:
            with self.run.pack.open(file) as opened:
                while line := opened.readline(LONGEST_LINE):
                    yield line
        except (Damaged, OSError) as exc:
            yield str(exc).encode()

    def names(self, table: str, where: str, row: Row) -> Iterator[Finding]:
        """The captures that a row names are in the pack."""
        named = [] if table in ELSEWHERE else [*(row.get("captures") or ()), *filter(None, [row.get("capture")])]
        for id_ in named:
            if id_ not in self.run.held:
                yield from self.run.checks[9].fail(where, f"it names capture {id_!r:.60}, which is not in the pack")

    def observation(self, row: Row, seen: set[str]) -> Iterator[str]:
        """What is wrong with one row."""
        if any(type(row[key]) is not str for key in TEXTS):
            raise ValueError("a text of it is something else")
        if row["quote"] == WITHHELD:
            return
        self.rows[_stated(row, row["capture"])] = False
        if row["observation"] in seen:
            yield "another row has this observation too"
        seen.add(row["observation"])
        if row["observation"] != _id(row):
            yield "its id is not that of what it says"
        capture = self.run.held.get(row["capture"])
        if capture is None:
            return  # told
        if row["payload_sha256"] != capture.payload:
            yield f"the body of its capture hashes to {capture.payload}"
        if not _same_time(row["observed"], capture.began):
            yield f"its capture began at {capture.began}"
        try:
            source = self.source(capture, row["charset"])
        except (ArchiveError, LookupError) as exc:
            yield f"the source cannot be read: {exc}"
            return
        start, end = row["start"], row["end"]
        if type(start) is not int or type(end) is not int or not 0 <= start < end or source[start:end] != row["quote"]:
            yield f"the quote does not stand at [{start}, {end}) of the source"

    def source(self, capture: Capture, charset: str) -> str:
        """The decoded page of a capture. Raises ArchiveError, LookupError."""
        key = (capture.id, charset)
        if key not in self.sources:
            octets, plain = self.message(capture, 0)
            if plain:
                body = octets
            else:
                head = message.parse_head(octets)
                if head is None:
                    raise BadMessage("the head has no end")
                codings = b", ".join(head.all(b"content-encoding")).decode("latin-1")
                body = decode(message.entity(octets), codings)
            while len(self.sources) >= KEPT:
                self.sources.popitem(last=False)
            self.sources[key] = decode_text(body, charset)
        self.sources.move_to_end(key)
        return self.sources[key]

    def message(self, capture: Capture, deep: int) -> tuple[bytes, bool]:
        """Head and body as they were received; or, for a saved page, the body alone, and True. Raises ArchiveError."""
        if deep > DEEP or capture.main is None:
            raise Damaged(f"{capture.id} holds no page")
        refers = self.run.held.get(capture.refers_to) if capture.refers_to is not None else None
        if capture.outcome == "not-modified" and refers is not None:
            return self.message(refers, deep + 1)
        octets = self.block(capture.main)
        if capture.kind == "resource":
            return octets, True
        if capture.outcome != "revisit":
            return octets, False
        if refers is None:
            raise Damaged(f"{capture.id} stands for a capture that is not in the pack")
        whole, _ = self.message(refers, deep + 1)
        head = message.parse_head(whole)
        if head is None:
            raise BadMessage("the head has no end")
        return octets + whole[head.length :], False

    def block(self, place: tuple[str, int]) -> bytes:
        row = self.members.get(place)
        if row is None or place not in self.run.met:
            raise Damaged("its record is not there, or is not what was kept")
        with self.run.pack.open(f"warc/{row.file}") as file:
            record = next(records.walk(Slice(file, row.at, row.length)), None)  # type: ignore[arg-type]
            if record is None or (record.size or 0) > LARGEST_BLOCK:
                raise Damaged(f"a block of more than {LARGEST_BLOCK} octets is not opened")
            return b"".join(record.block())

    # -- (17)

    def report(self) -> Iterator[Finding]:
        check = self.run.checks[17]
        if REPORT not in self.run.pack.sizes:
            yield from check.fail(REPORT, "it is not there, or cannot be opened")
            return
        for number, octets in enumerate(self.lines(REPORT), 1):
            where = f"{REPORT} line {number}"
            try:
                row = _object(octets)
                if row.get("kind") == "value":
                    check.looked += 1
                    for wrong in self.value(row):
                        yield from check.fail(where, wrong)
            except (ValueError, KeyError, TypeError, RecursionError) as exc:
                yield from check.fail(where, f"not a line of a report: {exc!r:.200}")
        missing = sum(not told for told in self.rows.values())
        if missing:
            yield from check.fail(REPORT, f"{missing} rows of {OBSERVATIONS} are told by no value of it")

    def value(self, row: Row) -> Iterator[str]:
        source = row["source"]
        stated = _stated(row, source["capture"])
        if stated not in self.rows:
            yield f"no row of {OBSERVATIONS} says this"
        else:
            self.rows[stated] = True
        capture, head = self.run.held.get(source["capture"]), self.run.head
        if capture is None:
            yield f"it is of capture {source['capture']!r:.60}, which is not in the pack"
            return
        if source["manifest_sha256"] != capture.digest or not _same_time(source["at"], capture.began):
            yield "it gives another digest or time than the manifest of its capture"
        logged = source["logged"]
        said = tuple(logged[key] for key in ("origin", "size", "root", "leaf"))
        if head is not None and said != (head.origin, head.size, head.root.hex(), self.run.leaves.get(capture.id)):
            yield "it gives another leaf, size, root or origin than the log of this pack"


def _object(octets: bytes) -> Row:
    """Raises ValueError."""
    if not octets.endswith(b"\n"):
        raise ValueError("the line has no end")
    row = json.loads(octets)
    if not isinstance(row, dict):
        raise ValueError("not an object")
    return row


def _stated(row: Row, capture: object) -> bytes:
    return _digest([*(row[key] for key in STATED), capture])


def _digest(parts: list[Any]) -> bytes:
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _id(row: Row) -> str:
    said = [row[key] for key in ("subject", "property", "ordinal", "raw", "value", "derived")]
    said.append(re.sub("/[0-9]+$", "", row["parser"]))  # whatever its version
    return _digest([row["subject"].partition("#")[0]]).hex()[:12] + _digest(said).hex()[12:32]


def _same_time(one: str, other: str) -> bool:
    return datetime.fromisoformat(one) == datetime.fromisoformat(other)
