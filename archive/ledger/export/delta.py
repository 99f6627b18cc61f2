"""What differs between two heads of the ledger: rows added, changed and gone, each whole; pure but for the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from archive.ledger.export import jsonl
from archive.ledger.export.listing import TABLES as NAMES
from archive.ledger.export.listing import Listing
from archive.ledger.export.place import Rows, Written, put
from archive.ledger.export.schema import TABLES
from archive.ledger.export.sorted import Sorted, beside
from archive.ledger.rows import Plain

# Of which ledger a row is, is told once.
_STAMP: Final = ("head", "as_of")


def write(before: Listing, now: Listing, path: Path) -> Written:
    """One JSON object a line, the first of kind `delta` with both heads. Raises DiskFull, ArchiveError."""
    rows = Rows(delta(before, now))
    written = put(path, jsonl.lines(rows), rows)
    return replace(written, rows=written.rows - 1)


def delta(before: Listing, now: Listing) -> Iterator[Plain]:
    """By table and key. op: ADD, MOD (changed: which columns; before: what they were), DEL (row: what it was).

    Applied in any order to the rows of `before`, they give those of `now`.
    """
    yield {
        "kind": "delta", "from": before.head, "to": now.head, "from_as_of": before.as_of, "to_as_of": now.as_of,
    }  # fmt: skip
    for name in NAMES:
        key = TABLES[name].key
        old, new = (Sorted((row[key], row) for row in map(_bare, listing.rows(name))) for listing in (before, now))
        with old, new:
            for each, was, is_ in beside(old, new):
                if was != is_:
                    yield {"op": "MOD", "table": name, "key": each} | _told(was, is_)


def _told(was: Plain | None, is_: Plain | None) -> Plain:
    if was is None:
        return {"op": "ADD", "row": is_}
    if is_ is None:
        return {"op": "DEL", "row": was}
    changed = [column for column in is_ if was[column] != is_[column]]
    return {"changed": changed, "before": {c: was[c] for c in changed}, "row": is_}


def _bare(row: Plain) -> Plain:
    return {name: value for name, value in row.items() if name not in _STAMP}
