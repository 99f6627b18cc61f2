"""SQLite that Datasette opens: typed tables with keys and full-text search, and its metadata file beside the database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from archive.errors import ArchiveError
from archive.ledger.export.listing import TABLES as NAMES
from archive.ledger.export.listing import Listing
from archive.ledger.export.place import Written, made, put
from archive.ledger.export.schema import FLAG, NUMBER, PERSONS, TABLES, TEXTS, Table

METADATA: Final = "metadata.json"


def write(listing: Listing, path: Path) -> list[Written]:
    """The database, and its metadata beside it; flags are 0 and 1, lists are JSON. Raises DiskFull, ArchiveError."""
    counts: dict[str, int] = {}

    def make(part: Path) -> None:
        try:
            _fill(part, listing, counts)
        except sqlite3.Error as exc:
            raise ArchiveError(f"{path} cannot be written: {exc}") from exc

    written = made(path, 0, make)
    told = json.dumps(metadata(listing, path.stem), ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace") + b"\n"
    database = Written(written.file, sum(counts.values()), written.sha256, written.octets)
    return [database, put(path.with_name(METADATA), [told], 0)]


def metadata(listing: Listing, database: str) -> dict[str, Any]:
    """What Datasette shows of the database: what it is, each column's meaning, facets, and where it is searched."""
    tables = {
        table.name: {
            "description": table.meaning,
            "columns": {column.name: column.meaning for column in table.columns},
            "facets": list(table.facets),
            "sort": table.key,
            **({"fts_table": f"{table.name}_fts", "fts_pk": "rowid"} if table.searched else {}),
        }
        for table in TABLES.values()
    }
    about = f"ledger {listing.head}, as of {listing.as_of or 'never: nothing was read yet'}"
    return {
        "title": "Kartoteka",
        "description": f"A ledger of court cases; every value points to the capture that says it. {about}",
        "databases": {database: {"description": about, "tables": tables}},
    }


def _fill(part: Path, listing: Listing, counts: dict[str, int]) -> None:
    connection = sqlite3.connect(part, isolation_level=None)
    try:
        for pragma in ("page_size = 4096", "journal_mode = OFF", "synchronous = OFF", "encoding = 'UTF-8'"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        for name in NAMES:
            table = TABLES[name]
            connection.execute(_create(table))
            places = ", ".join("?" * len(table.columns))
            cursor = connection.executemany(f'INSERT INTO "{name}" VALUES ({places})', _rows(listing, table))  # noqa: S608
            counts[name] = max(0, cursor.rowcount)
            for column in (*table.facets, *(column for column, _ in table.refers)):
                connection.execute(f'CREATE INDEX "{name}_by_{column}" ON "{name}" ("{column}")')
            if table.searched:
                columns = ", ".join(f'"{column}"' for column in table.searched)
                connection.execute(
                    f'CREATE VIRTUAL TABLE "{name}_fts" USING fts5({columns}, content="{name}", tokenize="unicode61")'
                )
                connection.execute(f'INSERT INTO "{name}_fts" ("{name}_fts") VALUES (\'rebuild\')')  # noqa: S608
        connection.execute("COMMIT")
        connection.execute("VACUUM")
    finally:
        connection.close()


def _create(table: Table) -> str:
    kinds = {NUMBER: "INTEGER", FLAG: "INTEGER"}
    columns = [f'"{c.name}" {kinds.get(c.kind, "TEXT")}{" NOT NULL" if c.name == table.key else ""}' for c in table.columns]
    refers = [f'FOREIGN KEY ("{column}") REFERENCES "{other}" ("{TABLES[other].key}")' for column, other in table.refers]
    return f'CREATE TABLE "{table.name}" ({", ".join([*columns, f"""PRIMARY KEY ("{table.key}")""", *refers])})'


def _rows(listing: Listing, table: Table) -> Iterator[tuple[Any, ...]]:
    for row in listing.rows(table.name):
        yield tuple(_value(row[column.name], column.kind) for column in table.columns)


def _value(value: Any, kind: str) -> Any:
    if value is None or kind == NUMBER:
        return value
    if kind == FLAG:
        return int(value)
    text = json.dumps(value, ensure_ascii=False) if kind in (TEXTS, PERSONS) else str(value)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
