"""What differs between two heads of the ledger: rows added, changed and gone, each whole; pure but for the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from archive.ledger.export import jsonl
from archive.ledger.export.listing import TABLES as NAMES
from archive.ledger.export.listing import Listing
from archive.ledger.export.place import Written, put
from archive.ledger.export.schema import TABLES
from archive.ledger.rows import Plain

# Of which ledger a row is, is told once.
_STAMP: Final = ("head", "as_of")


def write(before: Listing, now: Listing, path: Path) -> Written:
    """One JSON object a line, the first of kind `delta` with both heads. Raises DiskFull, ArchiveError."""
    rows = list(delta(before, now))
    return put(path, jsonl.lines(rows), len(rows) - 1)


def delta(before: Listing, now: Listing) -> Iterator[Plain]:
    """By table and key. op: ADD, MOD (changed: which columns; before: what they were), DEL (row: what it was).

    Applied in any order to the rows of `before`, they give those of `now`.
    """
    yield {
        "kind": "delta", "from": before.head, "to": now.head, "from_as_of": before.as_of, "to_as_of": now.as_of,
    }  # fmt: skip
    for name in NAMES:
        key = TABLES[name].key
        old, new = ({row[key]: row for row in map(_bare, listing.rows(name))} for listing in (before, now))
        for each in sorted(old.keys() | new.keys()):
            was, is_ = old.get(each), new.get(each)
            if was == is_:
                continue
            told: dict[str, Any] = {"op": "MOD", "table": name, "key": each}
            if was is None:
                told |= {"op": "ADD", "row": is_}
            elif is_ is None:
                told |= {"op": "DEL", "row": was}
            else:
                changed = [column for column in is_ if was[column] != is_[column]]
                told |= {"changed": changed, "before": {c: was[c] for c in changed}, "row": is_}
            yield told


def _bare(row: Plain) -> Plain:
    return {name: value for name, value in row.items() if name not in _STAMP}
