"""Writes an export: a folder with one file a table, or one table as one file; each appears whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from archive.errors import ArchiveError, DiskFull
from archive.ledger.export import csv, jsonl
from archive.ledger.export.listing import COLUMNS, TABLES, Listing
from archive.ledger.rows import Plain

FORMATS = ("csv", "jsonl")


@dataclass(frozen=True, slots=True)
class Written:
    """One file of an export. rows: without the header."""

    file: str
    rows: int
    sha256: str


def export(listing: Listing, form: str, target: Path, *, tables: Sequence[str] = TABLES, bom: bool = False) -> list[Written]:
    """Write the tables into the folder `target`; a target that is named like a file (`cases.csv`) takes the first table.

    form: one of FORMATS. bom: a mark before CSV that Excel reads as UTF-8. Raises ValueError for a format we do not
    have, DiskFull, ArchiveError where the place cannot be written.
    """
    if form not in FORMATS:
        raise ValueError(f"no export {form!r}: choose of {', '.join(FORMATS)}")
    places = {table: target / f"{table}.{form}" for table in tables}
    if target.suffix == f".{form}" and not target.is_dir():
        stem = target.stem if target.stem in tables else tables[0]
        places = {stem: target}
    return [_write(listing.rows(table), COLUMNS[table], form, path, bom=bom) for table, path in places.items()]


def _write(rows: Iterable[Plain], names: Sequence[str], form: str, path: Path, *, bom: bool) -> Written:
    held = list(rows)
    digest = hashlib.sha256()
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            for line in _lines(held, names, form, bom):
                digest.update(line)
                file.write(line)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as exc:
        with suppress(OSError):
            part.unlink()
        if exc.errno == errno.ENOSPC:
            raise DiskFull(f"no room for {path}: nothing of it was left there") from exc
        raise ArchiveError(f"{path} cannot be written: {exc.strerror}") from exc
    return Written(str(path), len(held), digest.hexdigest())


def _lines(rows: Sequence[Plain], names: Sequence[str], form: str, bom: bool) -> Iterator[bytes]:
    if form == "jsonl":
        yield from jsonl.lines(rows)
        return
    if bom:
        yield csv.BOM
    yield from csv.lines(rows, names)
