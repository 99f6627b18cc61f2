"""The book keeps what it was given, once, and lets nothing be changed."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.capture import Outcome
from archive.errors import NotFound, Refused, TooNew
from archive.ledger import tables
from archive.ledger.book import FILE, Book, _octets, standing
from archive.ledger.observation import CoverageWindow, Link, Unread


def filled(book, world):
    """A book with at least one row in every table."""
    *entries, last = world.small()
    book.enter_many(entries)
    reading = replace(last.reading, links=(Link("https://court.test/act", "act"),), unread=(Unread("Новая графа", "td"),))
    window = CoverageWindow("sudrf", "61OV0000", "criminal-appeal", None, None, 1, 1)
    book.enter(last.capture, reading, window=window, source_text=last.source_text)
    world.decided(book, "identity", "reg:criminal-1:aaaa-1", "reg:criminal-1:cccc-1", same=False)
    return book


@pytest.mark.parametrize("table", [table.name for table in tables.metadata.sorted_tables])
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "REPLACE"])
def test_a_row_that_stands_is_changed_or_taken_out(book, world, tmp_path, table, verb):
    """Every table refuses UPDATE and DELETE by trigger, whoever opens the file; REPLACE leaves the row as it is."""
    filled(book, world).close()
    other = sqlite3.connect(tmp_path / FILE)
    before = other.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
    assert before
    key = [column.name for column in tables.metadata.tables[table].primary_key]
    rest = [column.name for column in tables.metadata.tables[table].columns if column.name not in key]
    if verb == "UPDATE":
        with pytest.raises(sqlite3.DatabaseError, match="append-only: no update"):
            other.execute(f'UPDATE {table} SET "{rest[-1]}" = 7')
    elif verb == "DELETE":
        with pytest.raises(sqlite3.DatabaseError, match="append-only: no delete"):
            other.execute(f"DELETE FROM {table}")
    else:
        names = ", ".join(f'"{name}"' for name in key)
        others = ", ".join(f'"{name}"' for name in rest)
        spoilt = ", ".join(f"\"{name}\" || '9'" for name in rest)
        other.execute(f"INSERT OR REPLACE INTO {table} ({names}, {others}) SELECT {names}, {spoilt} FROM {table}")
        other.commit()
    assert before == other.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()


def test_the_same_reading_is_entered_twice(book, world):
    """Entered twice is entered once, in one batch or in two."""
    entries = world.small()
    first = book.enter_many(entries)
    counts = book.counts()
    again = book.enter_many(entries + entries)
    assert counts == book.counts()
    assert first + first == again
    assert sum(len(entry.reading.observations) for entry in entries) == counts["observation"] == counts["sighting"]


def test_a_page_repeats_some_values_among_new_ones(book, world):
    """Rows go in many at a step: one that stands already is passed over, and those around it are entered."""
    short = world.card("gggg-1", number="1-1/2025", court="57GV0001", persons=[{"name": f"Лицо {n}"} for n in range(20)])
    long = world.card("gggg-1", number="1-1/2025", court="57GV0001", persons=[{"name": f"Лицо {n}"} for n in range(60)])
    book.enter(world.entry(1, short).capture, world.entry(1, short).reading)
    before = book.counts()
    book.enter_many([world.entry(2, long), world.entry(3, long)])

    assert before["observation"] + 40 == book.counts()["observation"]
    assert {f"Лицо {n}" for n in range(60)} == {s.raw for s in book.sightings() if s.property == "name"}


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda each: st.lists(each, max_size=5), max_leaves=20)
)
@example(["\ud83d", 2**70, '\x00\x1f\x7f\u2028"\\/'])
def test_an_id_is_the_digest_of_one_spelling(parts):
    """Whichever library writes it: the spelling that `verify` knows."""
    spelt = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    assert spelt == _octets(parts)


def test_the_same_bytes_are_captured_again(book, world):
    """Growth follows change: a capture with the same bytes adds one row and no value."""
    page = world.card("ffff-1", number="1-1/2025", court="57GV0001")
    book.enter_many([world.entry(1, page)])
    before = book.counts()
    book.enter_many([world.entry(2, page)])
    assert before | {"extraction": 2} == book.counts()
    assert sorted({(s.ordinal, s.times, s.extraction.seq) for s in book.sightings()}) == [(0, 2, 2)]


def test_a_later_page_says_the_same_elsewhere(book, world):
    """A later capture with other bytes is a sighting, with its own quote, and no second observation."""
    book.enter_many([world.entry(1, world.card("ffff-1", number="1-1/2025", court="57GV0001"))])
    book.enter_many([world.entry(2, world.card("ffff-1", judge="Судьин С.С.", number="1-1/2025", court="57GV0001"))])
    counts = book.counts()
    assert (counts["observation"], counts["sighting"]) == (3, 5)
    numbers = [quoted for quoted in book.quoted() if quoted.sighting.property == "number"]
    assert [quoted.quote for quoted in numbers] == ["1-1/2025", "1-1/2025"]
    assert len({(quoted.start, quoted.sighting.extraction.capture) for quoted in numbers}) == 2
    assert len({quoted.sighting.observation for quoted in numbers}) == 1


def test_every_value_resolves(book, world):
    """Every observation has a capture, a digest, a selector, and a quote that stands in the page as it was captured."""
    entries = {entry.capture.id: entry for entry in world.small()}
    book.enter_many(entries.values())
    quoted = book.quoted()
    assert sum(len(entry.reading.observations) for entry in entries.values()) == len(quoted)
    for found in quoted:
        entry = entries[found.sighting.extraction.capture]
        assert entry.source_text[found.start : found.end] == found.quote
        assert found.selector
        assert entry.capture.payload_sha256 == found.sighting.extraction.payload_sha256


REFUSED = {
    "a quote that does not stand there": lambda said: replace(said, start=said.start + 1, end=said.end + 1),
    "no selector": lambda said: replace(said, selector=""),
    "a result that is no word of ours": lambda said: replace(said, property="result", value="guilty"),
    "a register that we do not have": lambda said: replace(said, subject="reg:traffic:1"),
    "a registration without a key": lambda said: replace(said, subject="reg:criminal-1:"),
    "a date in the page's form": lambda said: replace(said, property="received", value="10.03.2025"),
    "an event that is no word of ours": lambda said: replace(
        said, subject="reg:criminal-1:a#event:1", property="name", value="party"
    ),
}


@pytest.mark.parametrize("accident", REFUSED)
def test_a_value_that_cannot_be_shown(book, world, accident):
    """One bad value refuses the whole extraction, and nothing of it stays."""
    page = world.card("ffff-1", number="1-1/2025", court="57GV0001")
    page.said[1] = REFUSED[accident](page.said[1])
    with pytest.raises(Refused, match=r"00000000-0000-4000-8000-000000000001"):
        book.enter_many([world.entry(0, world.card("gggg-1", number="1-2/2025")), world.entry(1, page)])
    assert dict.fromkeys(book.counts(), 0) == book.counts()


@pytest.mark.parametrize(
    "changes",
    [{"trusted": False}, {"outcome": Outcome.TRUNCATED}, {"payload_sha256": None}],
    ids=["certificate", "broken off", "no body"],
)
def test_a_capture_that_may_not_feed_the_ledger(book, world, changes):
    """A page from an unverified or broken connection gives no value; that it was looked at is still entered."""
    page = world.card("ffff-1", number="1-1/2025")
    with pytest.raises(Refused):
        book.enter_many([world.entry(1, page, **changes)])
    book.enter_many([world.entry(1, page, verdict="outage", **changes)])
    assert [extraction.verdict for extraction in book.extractions()] == ["outage"]
    assert book.sightings() == []


def test_a_reader_changes_its_mind_without_saying_so(book, world):
    """One version of a parser reads one capture in one way; a page it could not read is the exception."""
    page = world.card("ffff-1", number="1-1/2025", court="57GV0001")
    book.enter_many([world.entry(1, page, verdict="unreadable")])
    book.enter_many([world.entry(1, page)])
    assert [extraction.verdict for extraction in book.extractions()] == ["page"]
    other = page.reading()
    other = replace(other, observations=other.observations[:1])
    with pytest.raises(Refused, match="raise the version"):
        book.enter(world.capture(1, page), other)


def test_a_mended_parser_reads_old_bytes(book, world):
    """The newer version stands, in whatever order they were entered; one that cannot read the page does not."""
    page = world.card("ffff-1", number="1-1/2025")
    newer = world.card("ffff-1", number="1-1/2025", parser="sudrf/10")
    broken = world.card("ffff-1", number="1-1/2025", parser="sudrf/11")
    book.enter_many([world.entry(1, newer), world.entry(1, page), world.entry(1, broken, verdict="unreadable")])
    assert [extraction.parser for extraction in book.extractions()] == ["sudrf/10"]
    everything = book.extractions(live=False)
    assert len(everything) == 3
    assert standing(everything)[0] == standing(everything[::-1])[0]
    assert book.counts()["observation"] == 1  # the two versions agree: one observation, two sightings


def test_the_ledger_of_an_empty_archive_is_read(tmp_path):
    """Nothing was read yet: that is said, and no file is made by looking."""
    with pytest.raises(NotFound, match="nothing was read yet"):
        Book.open(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_from_the_future(book, tmp_path):
    """A newer format is refused by name, not misread."""
    book.close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(TooNew, match="99"):
        Book.open(tmp_path, write=True)


def test_a_reader_beside_the_writer(book, world, tmp_path):
    """A reader sees what is entered, and cannot write."""
    book.enter_many(world.small())
    with Book.open(tmp_path) as reader:
        assert book.sightings() == reader.sightings()
        with pytest.raises(Exception, match="readonly"):
            reader.enter_many(world.small())


def test_what_is_asked_for_is_what_comes(book, world):
    """Links, unread places, windows, the newest capture, a prefix and a time each choose their rows."""
    filled(book, world)
    appeal = world.small()[-1].capture
    assert [(appeal.id, "act")] == [(extraction.capture, link.rel) for extraction, link in book.links(rel="act")]
    assert book.links(rel="card") == []
    assert [(appeal.id, "Новая графа")] == [(extraction.capture, unread.text) for extraction, unread in book.unread()]
    assert [(True, appeal.id)] == [(window.asked.complete, window.capture) for window in book.windows()]
    assert book.windows(known_at=appeal.at - timedelta(seconds=1)) == []
    newest = book.newest("reg:criminal-appeal:bbbb-2")
    assert newest is not None and appeal.id == newest.capture
    assert book.newest("reg:criminal-1:nobody") is None
    assert {"reg:criminal-appeal:bbbb-2"} == {
        sighting.subject.partition("#")[0] for sighting in book.sightings(prefix="reg:criminal-appeal:")
    }
    assert book.sightings(known_at=datetime(2025, 1, 1, tzinfo=UTC)) == []
