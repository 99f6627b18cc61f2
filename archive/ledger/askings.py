"""What was asked of the registers and came back, folded once and kept beside the views; it follows from the book alone.

One row an asking of one register of one court in one run: its windows as wholes. An asking is folded again where a page of it
came in, or a page of it was read anew; the others stay.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime
from typing import Any, Final

import orjson

from archive.ledger.book import Asking, Book
from archive.ledger.observation import CoverageWindow, Window

TABLES: Final = ("asking",)
SCHEMA: Final = """
CREATE TABLE asking (source TEXT, court TEXT, register TEXT, run TEXT, pages INTEGER NOT NULL, said TEXT NOT NULL,
    PRIMARY KEY (source, court, register, run)) STRICT, WITHOUT ROWID;
"""
TOGETHER: Final = 200  # askings that are folded at once


def windows(tables: sqlite3.Connection) -> list[Window]:
    """As `Book.coverage`: by time of the last page of each."""
    rows = tables.execute("SELECT source, court, register, run, said FROM asking")
    found = [_window(asking, each) for *asking, said in rows for each in orjson.loads(said)]
    return sorted(found, key=lambda window: (window.at, window.capture))


def freshen(tables: sqlite3.Connection, book: Book, since: int | None) -> None:
    """Brought up to date. since: the last number of an extraction that was there before; None: nothing is held yet."""
    if since is None:
        tables.execute("DELETE FROM asking")
    held = {tuple(row[:4]): row[4] for row in tables.execute("SELECT source, court, register, run, pages FROM asking")}
    asked = book.askings()
    stale = {asking for asking, pages in asked.items() if held.get(asking) != pages}
    if since is not None:
        stale |= book.asked_and_read(since)
    for some in _batches(sorted(stale)):
        folded: dict[Asking, list[Window]] = {asking: [] for asking in some}
        for window in book.coverage_of(some):
            one = window.asked
            folded[one.source, one.court, one.register, one.run].append(window)
        rows = ((*asking, asked[asking], json.dumps(list(map(_said, found)))) for asking, found in folded.items())
        tables.executemany("INSERT OR REPLACE INTO asking VALUES (?, ?, ?, ?, ?, ?)", rows)


def _batches(asked: list[Asking]) -> Iterator[Collection[Asking]]:
    # Those of one run lie together: a batch is asked for by its few runs.
    asked = sorted(asked, key=lambda asking: (asking[3], asking))
    for start in range(0, len(asked), TOGETHER):
        yield asked[start : start + TOGETHER]


def _said(window: Window) -> list[Any]:
    asked = window.asked
    first, last = (None if day is None else day.isoformat() for day in (asked.first, asked.last))
    return [first, last, asked.expected, asked.read, asked.gap, window.capture, window.at.isoformat()]


def _window(asking: Iterable[str], said: list[Any]) -> Window:
    source, court, register, run = asking
    first, last = (None if day is None else date.fromisoformat(day) for day in said[:2])
    expected, read, gap, capture, at = said[2:]
    asked = CoverageWindow(source, court, register, first, last, expected, read, gap, run)
    return Window(asked, capture, datetime.fromisoformat(at))
