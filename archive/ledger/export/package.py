"""A Frictionless data package: the tables as CSV, and datapackage.json with their schemas, digests and sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from archive.ledger.export import csv
from archive.ledger.export.listing import TABLES as NAMES
from archive.ledger.export.listing import Listing
from archive.ledger.export.place import Rows, Written, put
from archive.ledger.export.schema import FLAG, NUMBER, TABLES, Table

DESCRIPTOR: Final = "datapackage.json"
_KINDS: Final = {NUMBER: "integer", FLAG: "boolean"}


def write(listing: Listing, folder: Path) -> list[Written]:
    """One CSV a table, and the descriptor that names them all. Raises DiskFull, ArchiveError."""
    tables = [(TABLES[name], _table(listing, TABLES[name], folder)) for name in NAMES]
    described = json.dumps(descriptor(listing, tables), ensure_ascii=False, indent=1) + "\n"
    return [*(written for _, written in tables), put(folder / DESCRIPTOR, [described.encode("utf-8", "backslashreplace")], 0)]


def descriptor(listing: Listing, tables: list[tuple[Table, Written]]) -> dict[str, Any]:
    """By specs.frictionlessdata.io/data-package; head and as_of are ours."""
    return {
        "profile": "tabular-data-package",
        "name": "kartoteka",
        "title": "A ledger of court cases",
        "description": "Every value points to the capture that says it. A cell that would begin as a formula has an apostrophe "
        "before it; line breaks in values are spaces; lists are joined by a semicolon and a space.",
        "head": listing.head,
        "as_of": listing.as_of,
        "sources": [{"title": "court registers and pages, as captured"}],
        "resources": [_resource(table, written) for table, written in tables],
    }


def _table(listing: Listing, table: Table, folder: Path) -> Written:
    rows = Rows(listing.rows(table.name))
    return put(folder / f"{table.name}.csv", csv.lines(rows, table.names), rows)


def _resource(table: Table, written: Written) -> dict[str, Any]:
    fields = [
        {
            "name": column.name,
            "type": _KINDS.get(column.kind, "string"),
            "description": column.meaning,
            **({"constraints": {"required": True, "unique": True}} if column.name == table.key else {}),
        }
        for column in table.columns
    ]
    keys = [{"fields": [c], "reference": {"resource": o, "fields": [TABLES[o].key]}} for c, o in table.refers]
    return {
        "profile": "tabular-data-resource",
        "name": table.name,
        "path": f"{table.name}.csv",
        "title": table.meaning,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": written.octets,
        "hash": f"sha256:{written.sha256}",
        "dialect": {"delimiter": ",", "quoteChar": '"', "doubleQuote": True, "lineTerminator": "\r\n"},
        "schema": {
            "fields": fields,
            "primaryKey": [table.key],
            "missingValues": [""],
            **({"foreignKeys": keys} if keys else {}),
        },
    }
