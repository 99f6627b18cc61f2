"""What does the ledger say of the case, and how is each of its values shown? Rows and report, as files of the pack."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from archive.ledger.export import jsonl
from archive.ledger.export.listing import TABLES, Listing
from archive.ledger.rows import Plain
from archive.pack.files import File
from archive.prove import Report
from archive.sheet import sheet

ELSEWHERE = ("takedowns", "coverage")  # tables whose rows name captures that are not of the case


def tables(listing: Listing) -> dict[str, list[Plain]]:
    return {table: list(listing.rows(table)) for table in TABLES}


def named(tables: Mapping[str, Iterable[Plain]]) -> Iterator[str]:
    """The captures that the rows name."""
    for table, rows in tables.items():
        for row in () if table in ELSEWHERE else rows:
            yield from row.get("captures") or ()
            if row.get("capture") is not None:
                yield row["capture"]


def ledger(tables: Mapping[str, list[Plain]]) -> Iterator[File]:
    for table, rows in tables.items():
        yield File.of(f"ledger/{table}.jsonl", b"".join(jsonl.lines(rows)))


def report(report: Report) -> Iterator[File]:
    """The report for programs and the page for a person."""
    yield File.lines("report/report.jsonl", (_line(row) for row in report.rows()))
    yield File.of("report/report.html", sheet(report).encode("utf-8", "backslashreplace"))


def _line(row: Mapping[str, Any]) -> str:
    return (
        json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "backslashreplace").decode()
    )
