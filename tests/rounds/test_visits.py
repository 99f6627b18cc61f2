"""When a card is visited again, told by its state alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from archive.ledger.observation import Counter, Extraction, Sighting
from crawler.visits import DECIDED, IN_FORCE, OPEN, RETRY, Known, news, turn

NOW = datetime(2025, 6, 5, 9, tzinfo=UTC)
READ = NOW - timedelta(hours=1)


def ago(days: int) -> date:
    return NOW.date() - timedelta(days=days)


@pytest.mark.parametrize(
    ("known", "days", "reason"),
    [
        (Known(received=ago(10), read=READ), 2, "open for 10 days: every 2 days"),
        (Known(received=ago(100), read=READ), 7, "open for 100 days: every 7 days"),
        (Known(received=ago(900), read=READ), 30, "open for 900 days: every 30 days"),
        (Known(received=ago(100), decided=ago(20), read=READ), 7, "decided, not in force for 20 days: every 7 days"),
        (Known(received=ago(500), decided=ago(200), read=READ), 30, "decided, not in force for 200 days: every 30 days"),
        (Known(received=ago(999), decided=ago(800), read=READ), 180, "decided, not in force for 800 days: every 180 days"),
        (Known(received=ago(90), decided=ago(40), in_force=ago(25), read=READ), 30, "in force for 25 days: every 30 days"),
        (Known(decided=ago(400), in_force=ago(300), read=READ), 90, "in force for 300 days: every 90 days"),
        (Known(decided=ago(4000), in_force=ago(3900), read=READ), 365, "in force for 3900 days: every 365 days"),
        (Known(read=READ), 7, "no date of receipt: every 7 days"),
        # a typing error of the court: a day that has not come
        (Known(received=ago(-1500), read=READ), 2, "open for 0 days: every 2 days"),
    ],
)
def test_the_older_its_state_the_rarer_the_visit(known, days, reason):
    """From receipt to long after the entry into force no card is ever done with."""
    coming = turn(known, NOW)
    assert (coming.due, coming.reason) == (READ + timedelta(days=days), reason)


@pytest.mark.parametrize(
    ("known", "due"),
    [
        (Known(received=ago(3)), NOW),
        (Known(received=ago(3), tried=READ), NOW),  # an outage in the card's place, and nothing is known of it yet
        (Known(received=ago(3), read=NOW - timedelta(days=9), tried=READ), READ + RETRY),
        (Known(received=ago(3), read=NOW - timedelta(days=9), tried=READ, gone=True), READ + timedelta(days=30)),
        (Known(received=ago(3), tried=READ, gone=True), READ + timedelta(days=30)),
    ],
)
def test_a_visit_that_brought_no_card(known, due):
    """What was never read is due; after a failure soon again; a card that was removed is looked for now and then."""
    assert turn(known, NOW).due == due


def test_every_state_has_an_end_of_its_patience():
    """Intervals grow with age, and the last has no end."""
    for rule in (OPEN, DECIDED, IN_FORCE):
        assert rule[-1][0] is None
        assert [days for _, days in rule] == sorted(days for _, days in rule)


def sighting(
    name: str, value: str | None, *, seq: int = 1, kind: str = "listing", subject: str = "reg:criminal-1:a"
) -> Sighting:
    at = NOW + timedelta(minutes=seq)
    page = Extraction("e", f"c{seq}", seq, at, "u", None, "sudrf/1", "page", "", kind, "cp1251", Counter(1, 1, 1), (), 1, "r")
    return Sighting("o", subject, name, 0, value or "", value, False, page, seq, 1)


def test_what_the_ledger_knows_decides():
    """The card outranks a listing, the newer page the older one; persons' dates are not the case's."""
    known = Known.of([
        sighting("received", "2025-03-01", seq=1),
        sighting("decided", "2025-05-02", seq=2, kind="card"),
        sighting("decided", "2025-05-01", seq=3),
        sighting("in_force", "2025-06", seq=3),
        sighting("decided", "2025-04-01", seq=9, kind="card", subject="reg:criminal-1:a#person:1"),
    ])  # fmt: skip
    assert known == Known(date(2025, 3, 1), date(2025, 5, 2), date(2025, 6, 1), NOW + timedelta(minutes=9))
    assert Known.of([sighting("received", "2025-02-31")]) == Known()


def test_a_row_that_tells_something_new():
    """A result that no page before told is a reason for a visit; what the same page says again is none."""
    row = {"number": {"1-1/2025"}, "result": {"verdict"}, "judge": {"Выдумкин В.В."}, "decided": {"2025-05-02"}}
    before = [sighting("number", "1-1/2025"), sighting("decided", "2025-05-02", kind="card")]
    assert news(row, [*before, sighting("result", "verdict", seq=7)], 7) == ["result"]
    assert news(row, [*before, sighting("result", "verdict", seq=6)], 7) == []
