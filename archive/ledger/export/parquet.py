"""Parquet: one file a table, lists as lists and a case's persons as structs; the ledger's head in the file's own metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from archive.errors import NotInstalled
from archive.ledger.export.listing import Listing
from archive.ledger.export.place import Written, made
from archive.ledger.export.schema import FLAG, NUMBER, PERSON, PERSONS, TABLES, TEXT, TEXTS, Column
from archive.ledger.rows import Plain

_GROUP: Final = 50_000  # rows held and written at once
_SAFE: Final = "backslashreplace"  # Parquet's text is UTF-8: a lone surrogate of a broken page is told as its escape


def write(listing: Listing, table: str, path: Path) -> Written:
    """Raises NotInstalled where pyarrow is not there, DiskFull, ArchiveError."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as exc:
        raise NotInstalled("Parquet needs pyarrow: pip install 'kartoteka[export]'") from exc
    shape = TABLES[table]
    kinds = {
        TEXT: pa.string(), NUMBER: pa.int64(), FLAG: pa.bool_(), TEXTS: pa.list_(pa.string()),
        PERSONS: pa.list_(pa.struct([(n, pa.list_(pa.string()) if n == "articles" else pa.string()) for n in PERSON])),
    }  # fmt: skip
    fields = [pa.field(c.name, kinds[c.kind], metadata={"description": c.meaning}) for c in shape.columns]
    told = {"title": table, "description": shape.meaning, "head": listing.head, "as_of": listing.as_of or ""}
    schema = pa.schema(fields, metadata=told)
    count = 0

    def make(part: Path) -> None:
        nonlocal count
        with pq.ParquetWriter(part, schema, compression="zstd", version="2.6") as writer:
            group: list[Plain] = []
            for row in listing.rows(table):
                group.append({column.name: _value(row[column.name], column) for column in shape.columns})
                count += 1
                if len(group) == _GROUP:
                    writer.write_table(pa.Table.from_pylist(group, schema=schema))
                    group = []
            writer.write_table(pa.Table.from_pylist(group, schema=schema))

    written = made(path, 0, make)
    return Written(written.file, count, written.sha256, written.octets)


def _value(value: Any, column: Column) -> Any:
    if value is None:
        return None
    if column.kind == TEXT:
        return _text(str(value))
    if column.kind == TEXTS:
        return [_text(each) for each in value]
    if column.kind == PERSONS:
        return [{name: _value(each[name], _PART[name]) for name in PERSON} for each in value]
    return value


_PART: Final = {name: Column(name, TEXTS if name == "articles" else TEXT, "") for name in PERSON}


def _text(text: str) -> str:
    return text.encode("utf-8", _SAFE).decode("utf-8")
