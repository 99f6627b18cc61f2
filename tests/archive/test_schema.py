"""The index's SQL is what schema.py says, and what an archive needs of SQLite is asked of it."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from archive import index, schema


def test_the_written_sql_is_what_the_schema_says() -> None:
    """To write it anew: python -m archive.schema > archive/index.sql"""
    assert schema.written() == Path(index.__file__).with_name("index.sql").read_text("utf-8")


def test_a_capture_s_row_names_its_file_where_the_index_looks() -> None:
    """Rows come by position: the place of the file's number is said twice, and is one."""
    assert "serial" == list(schema.captures.c)[index.SERIAL].name


EVERY_PAGE = ("LATEST", "LATEST_OF", "SAME_PAYLOAD", "ONE", "EARLIER", "VISIT", "END", "LAST_MEMBERS", "NEWEST_VISITS", "KEYS")


def walked(*without: str) -> set[str]:
    """The questions that go through a whole table, where these indexes are missing."""
    db = sqlite3.connect(":memory:")
    for statement in index.MAKE:
        db.execute(statement)
    for name in without:
        db.execute(f"DROP INDEX {name}")
    found = set()
    for name in EVERY_PAGE:
        asked = dict.fromkeys(re.findall(r":(\w+)", index.SQL[name]), 1)
        plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {index.SQL[name]}", asked)]
        if any(step.startswith("SCAN") and "INDEX" not in step for step in plan):
            found.add(name)
    return found


def test_no_question_asked_for_every_page_walks_a_table() -> None:
    """A table of millions of captures: what is asked for a page goes by an index."""
    assert set() == walked()


def test_an_index_that_is_missing_is_found() -> None:
    """The mutant: without it the same questions go through every capture."""
    assert {"LATEST", "LATEST_OF", "EARLIER"} <= walked("captures_by_key")
