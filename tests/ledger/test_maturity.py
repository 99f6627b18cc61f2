"""Courts publish late: what is learnt of it from old months, and how a picture says so."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from archive.ledger.chart import chart
from archive.ledger.counted import Counted, Person
from archive.ledger.maturity import WEEKS, maturity
from archive.ledger.tally import Question, tally
from tests.ledger.test_tally import told as told  # the small world, folded

WATCHED = datetime(2024, 1, 1, tzinfo=UTC)
NOW = datetime(2025, 6, 16, tzinfo=UTC)


def case(number: int, received: date, weeks: float) -> Counted:
    """A case that was first seen so many weeks after its month had ended."""
    end = datetime(received.year + received.month // 12, received.month % 12 + 1, 1, tzinfo=UTC)
    known = (end + timedelta(weeks=weeks) - timedelta(hours=1)).isoformat()
    person = Person(("337/5",), "convicted", received.isoformat(), "57GV0001", None, known)
    return Counted(f"case:{number}", "criminal-1", False, "57GV0001", "57GV0001", ("57GV0001",), received.isoformat(), "verdict",
                   received.isoformat(), ("337/5",), (person,), known, known)  # fmt: skip


def world() -> list[Counted]:
    """Ten cases a month for seventeen months: six are seen in time, two after a month, two after three."""
    months = [date(2024 + n // 12, n % 12 + 1, 10) for n in range(17)]
    lags = [0, 0, 0, 0, 0, 0, 4, 4, 13, 13]
    return [case(10 * m + n, day, lag) for m, day in enumerate(months) for n, lag in enumerate(lags)]


def test_months_are_as_ripe_as_older_ones_were_at_their_age():
    """Eighty of a hundred are known after a month: a month of that age is expected to lack a fifth, and is hatched."""
    known = [one for one in world() if datetime.fromisoformat(one.known) <= NOW]
    months = {each.month: each for each in maturity(known, as_of=NOW, since=WATCHED)}
    assert (6, 6, 6, 8, 8, 10, 10) == months["2024-06"].known == tuple(months["2024-06"].known)
    assert (Fraction(1), True) == (months["2024-06"].expected, months["2024-06"].mature)
    assert (6, 6, 6, None, None, None, None) == months["2025-05"].known
    assert (Fraction(6, 10), False) == (months["2025-05"].expected, months["2025-05"].mature)
    assert (Fraction(8, 10), False) == (months["2025-04"].expected, months["2025-04"].mature)
    assert [month for month, each in sorted(months.items()) if not each.mature] == ["2025-03", "2025-04", "2025-05"]
    assert WEEKS[3] == 4


def test_what_we_came_late_for_teaches_nothing():
    """Months that ended before this ledger watched were not published late: no share is learnt from them."""
    since = datetime(2025, 5, 1, tzinfo=UTC)
    months = maturity(world(), as_of=NOW, since=since)
    assert {None} == {each.expected for each in months}
    assert ["2025-05"] == [each.month for each in months if each.watched]
    assert [] == maturity(world(), as_of=None, since=None)


def test_verdicts_ripen_by_their_own_days():
    """The measure of verdicts goes by the day of decision and the first look at it."""
    months = maturity(world(), as_of=NOW, since=WATCHED, measure="verdicts")
    assert {10} == {each.count for each in months}


SVG = "{http://www.w3.org/2000/svg}"


def drawn(told, measure="received", by=("month",), **more) -> str:
    question = Question(date(2025, 2, 1), date(2025, 5, 31), by)
    return chart(tally(told, question), measure, title="received by month", head="a test", **more)


def test_a_picture_begins_at_nought_and_is_the_same_every_time(told):
    """Every bar stands on nought and is as tall as its figure; the same rows give the same bytes."""
    one = drawn(told, unripe={"2025-04"})
    assert one == drawn(told, unripe={"2025-04"})
    root = ET.fromstring(one)
    bars = [rect for rect in root.iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None]
    told_bars = {
        bar.find(f"{SVG}title").text: (int(bar.get("y")) + int(bar.get("height")), int(bar.get("height"))) for bar in bars
    }
    base = {foot for foot, _ in told_bars.values()}
    assert len(base) == 1
    tall = {title: height for title, (_, height) in told_bars.items()}
    assert 3 * tall["2025-03: 1"] == tall["2025-04: 3"] > tall["2025-02: 0"] == 0
    assert ["2025-04"] == [bar.find(f"{SVG}title").text[:7] for bar in bars if bar.get("fill") == "url(#h)"]


def test_a_picture_has_its_table_its_coverage_and_its_definition(told):
    """Nobody needs to trust the drawing: figures, courts reached, as-of and what is counted stand under it."""
    text = " ".join(ET.fromstring(drawn(told, unripe={"2025-04"})).itertext())
    for said in (
        "2025-04",
        "0/2 courts",
        "not mature",
        "incomplete",
        "Hatched",
        "As of",
        "first instance (criminal-1)",
        "total",
    ):
        assert said in text, said


def test_what_cannot_be_drawn(told):
    """A rate, a total alone, or more bars than an eye tells apart."""
    for measure, by in (("per_working_day", ("month",)), ("received", ()), ("received", ("day",))):
        with pytest.raises(ValueError):
            drawn(told, measure, by)
