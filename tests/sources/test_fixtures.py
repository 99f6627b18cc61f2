"""Every source over its fixture folder: one test for all of them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from archive.ledger import rules
from archive.ledger.observation import Reading
from archive.text import decode_text
from crawler.errors import Unreadable
from tests.sources.account import unaccounted
from tests.sources.fixture import Fixture, fixtures, told

ALL = [pytest.param(each, id=f"{each.file.parent.name}-{each.file.stem}") for each in fixtures()]


def read(fixture: Fixture, body: bytes | None = None) -> Reading | None:
    """What the source reads on a page; None where it is refused."""
    page = fixture.open(body)
    answer = fixture.source.judge(page)
    if answer is None or answer[0] != "page":
        return None
    try:
        return fixture.source.read(page)
    except Unreadable:
        return None


@pytest.mark.parametrize("fixture", ALL)
def test_a_saved_page_reads_as_a_person_read_it(fixture: Fixture) -> None:
    """Values, unread text, links, counter and flags: nothing more and nothing less."""
    reading = read(fixture)
    assert reading is not None, fixture.source.judge(fixture.open())
    found = told(reading)
    assert fixture.compare(found) == found


@pytest.mark.parametrize("fixture", ALL)
def test_every_value_is_shown_in_the_bytes_and_every_cell_accounted_for(fixture: Fixture) -> None:
    """The quote is the exact slice of the source, the selector finds one element, and no text of a table is lost."""
    page, reading = fixture.open(), read(fixture)
    assert reading is not None
    source = decode_text(fixture.file.read_bytes(), reading.charset)
    assert [(o.raw, o.quote) for o in reading.observations if source[o.start : o.end] != o.quote] == []
    assert [reason for o in reading.observations if (reason := rules.wrong(o, source))] == []
    assert [len(page.all(o.selector)) for o in reading.observations] == [1] * len(reading.observations)
    assert unaccounted(page, reading) == []


@pytest.mark.parametrize("fixture", ALL)
def test_rows_removed_on_the_way(fixture: Fixture) -> None:
    """A list that lost a row, and a card or an act that lost all of them, is refused: never a shorter truth.

    A hearing list does not count its rows, so its last one can be missed by nobody; a card does not count its events.
    """
    body = fixture.file.read_bytes()
    spans = [m.span() for m in fixture.row.finditer(body)]
    whole = read(fixture)
    assert whole is not None
    assert spans
    if whole.kind in ("listing", "hearings"):
        last = len(spans) - (whole.kind == "hearings")
        changed = [body[:i] + body[j:] for i, j in spans[:last]] + [body[:i] + body[i:j] + body[i:] for i, j in spans[:1]]
    else:
        changed = [fixture.row.sub(b"", body)]
    assert [each is None for each in (read(fixture, one) for one in changed)] == [True] * len(changed)


@pytest.mark.parametrize("fixture", ALL)
def test_a_saved_page_cut_in_half(fixture: Fixture) -> None:
    """Half a page says nothing, wherever it breaks off."""
    body = fixture.file.read_bytes()
    places = range(len(body) // 8, len(body) * 15 // 16, len(body) // 16)
    assert [read(fixture, body[:place]) for place in places] == [None] * len(places)


@pytest.mark.parametrize("fixture", ALL)
def test_a_saved_page_in_utf8_that_says_it_is_not(fixture: Fixture) -> None:
    """Copies are often re-encoded with the old charset still named: read right, and flagged."""
    page = fixture.open()
    saved = type(page).open(page.text.encode(), page.url, content_type="text/html; charset=windows-1251")
    before, after = read(fixture), fixture.source.read(saved)
    assert before is not None
    assert told(after)["observations"] == told(before)["observations"]
    assert (after.charset, after.flags[0]) == ("utf-8", "charset-mismatch")


def test_the_first_run_of_a_new_fixture_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It writes what was read, for a person to read before the second run; in CI it writes nothing."""
    shutil.copytree(Path(__file__).parent / "vsrf", tmp_path / "vsrf")
    for kept in tmp_path.rglob("*.expected.json"):
        kept.unlink()
    fixture = fixtures(tmp_path)[-1]
    reading = read(fixture)
    assert reading is not None
    monkeypatch.setenv("CI", "1")
    with pytest.raises(AssertionError, match="is not there"):
        fixture.compare(told(reading))
    assert not fixture.expected.exists()
    monkeypatch.delenv("CI")
    with pytest.raises(AssertionError, match="read it, then run again"):
        fixture.compare(told(reading))
    assert fixture.compare(told(reading)) == told(reading)


def test_a_fixture_folder_without_a_page_is_noticed(tmp_path: Path) -> None:
    """What `crawl new` made is not done before the page lies in it."""
    (tmp_path / "fresh").mkdir()
    assert [each.file for each in fixtures(tmp_path)] == [tmp_path / "fresh" / "page.html"]


@pytest.mark.parametrize("fixture", ALL)
def test_a_cell_that_nobody_took_is_noticed(fixture: Fixture) -> None:
    """The account of the cells is not blind: what a reading loses, it names."""
    reading = read(fixture)
    assert reading is not None
    judges = {o.raw for o in reading.observations if o.property == "judge"}
    lossy = replace(reading, observations=tuple(o for o in reading.observations if o.raw not in judges))
    left = unaccounted(fixture.open(), lossy)
    assert bool(left) == bool(judges)
