"""Which files an export is, by its format: a folder with one file a table, one table as one file, or what a format asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from archive.ledger.export import csv, ftm, jsonl, package, parquet, sqlite
from archive.ledger.export.listing import TABLES, Listing
from archive.ledger.export.place import Rows, Written, put
from archive.ledger.export.schema import TABLES as SCHEMA
from archive.ledger.rows import Plain

FORMATS: Final = ("csv", "jsonl", "parquet", "sqlite", "package", "ftm")
DATABASE: Final = "kartoteka.sqlite"


def export(listing: Listing, form: str, target: Path, *, tables: Sequence[str] = TABLES, bom: bool = False) -> list[Written]:
    """Write the tables into the folder `target`; a target that is named like a file (`cases.csv`) takes the first table.

    form: one of FORMATS. bom: a mark before CSV that Excel reads as UTF-8. Raises ValueError for a format we do not
    have, NotInstalled, DiskFull, ArchiveError where the place cannot be written.
    """
    if form == "sqlite":
        return sqlite.write(listing, target if target.suffix in (".sqlite", ".db") else target / DATABASE)
    if form == "package":
        return package.write(listing, target)
    if form == "ftm":
        return ftm.write(listing, target)
    if form not in FORMATS:
        raise ValueError(f"no export {form!r}: choose of {', '.join(FORMATS)}")
    places = {table: target / f"{table}.{form}" for table in tables}
    if target.suffix == f".{form}" and not target.is_dir():
        stem = target.stem if target.stem in tables else tables[0]
        places = {stem: target}
    if form == "parquet":
        return [parquet.write(listing, table, path) for table, path in places.items()]
    return [_lined(listing, table, form, path, bom=bom) for table, path in places.items()]


def _lined(listing: Listing, table: str, form: str, path: Path, *, bom: bool) -> Written:
    rows = Rows(listing.rows(table))
    return put(path, _lines(rows, SCHEMA[table].names, form, bom), rows)


def _lines(rows: Iterable[Plain], names: Sequence[str], form: str, bom: bool) -> Iterator[bytes]:
    if form == "jsonl":
        yield from jsonl.lines(rows)
        return
    if bom:
        yield csv.BOM
    yield from csv.lines(rows, names)
