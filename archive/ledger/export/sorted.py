"""Rows in the order of their keys, however many: what memory should not hold waits in a file that is gone afterwards."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, Self

from archive.errors import ArchiveError
from archive.ledger.rows import Plain


class Sorted:
    """Keys, each with what is said under it as JSON. Use as a context manager. Raises ArchiveError where the disk is full."""

    def __init__(self, rows: Iterable[tuple[str, Any]]) -> None:
        """Of two with one key the later stands."""
        self._held = sqlite3.connect("", isolation_level=None)  # a temporary file, once it outgrows the cache
        self._held.execute("CREATE TABLE held (key TEXT PRIMARY KEY, said TEXT NOT NULL) STRICT, WITHOUT ROWID")
        told = ((key, json.dumps(said)) for key, said in rows)  # in ASCII: a lone surrogate is kept as its escape
        try:
            self._held.execute("BEGIN")
            self._held.executemany("INSERT OR REPLACE INTO held VALUES (?, ?)", told)
            self._held.execute("COMMIT")
        except sqlite3.Error as exc:
            self._held.close()
            raise ArchiveError(f"no room to put rows in order: {exc}") from exc

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        for key, said in self._held.execute("SELECT key, said FROM held ORDER BY key"):
            yield key, json.loads(said)


def beside(
    old: Iterable[tuple[str, Plain]], new: Iterable[tuple[str, Plain]]
) -> Iterator[tuple[str, Plain | None, Plain | None]]:
    """Both by their keys, in order: what was and what is, None where it is not there."""
    left, right = iter(old), iter(new)
    was, is_ = next(left, None), next(right, None)
    while was is not None or is_ is not None:
        if is_ is None or (was is not None and was[0] < is_[0]):
            assert was is not None
            yield was[0], was[1], None
            was = next(left, None)
        elif was is None or is_[0] < was[0]:
            yield is_[0], None, is_[1]
            is_ = next(right, None)
        else:
            yield was[0], was[1], is_[1]
            was, is_ = next(left, None), next(right, None)
