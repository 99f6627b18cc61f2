"""The statistics of the small world, counted by hand, and what they say of themselves."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from archive.ledger.case import fold
from archive.ledger.coverage import Run
from archive.ledger.observation import CoverageWindow, Window
from archive.ledger.rows import tally_rows
from archive.ledger.tally import Question, published, tally

KEYS = (
    "received", "decided", "verdicts", "convicted", "acquitted", "pending", "working_days", "per_working_day", "coverage",
    "definition", "texts", "text_share",
)  # fmt: skip
APRIL = {"first": date(2025, 4, 1), "last": date(2025, 4, 30)}


@pytest.fixture
def told(book, world):
    """The small world, entered and folded."""
    book.enter_many(world.small())
    return fold(book.sightings())


def counts(row):
    return (row.received, row.decided, row.verdicts, row.convicted, row.acquitted, row.pending)


def test_the_small_world_is_counted(told):
    """A transfer counts once, people count one by one, and the case without a date is named and counted nowhere."""
    counted = tally(told)
    # received: a (March), b, c, d; decided: a, b, c; persons: a unknown direction, b one of each; pending: d
    assert counts(counted.total) == (4, 3, 3, 1, 1, 1)
    assert [(left.case, left.missing) for left in counted.undated] == [("case:reg:criminal-1:eeee-1", "received")]
    assert counted.total.working_days is None and counted.total.per_working_day is None


def test_months(told):
    """Receipts by the day of receipt, decisions by the day of decision; a quiet month of the period is a row of noughts."""
    question = Question(date(2025, 2, 1), date(2025, 5, 31), ("month",))
    assert {row.group["month"]: counts(row) for row in tally(told, question).rows} == {
        "2025-02": (0, 0, 0, 0, 0, 0),
        "2025-03": (1, 0, 0, 0, 0, 0),
        "2025-04": (3, 2, 3, 1, 1, 1),
        "2025-05": (0, 1, 0, 0, 0, 0),
    }


def test_articles(told):
    """A case counts under each article it holds; the total counts it once; a person's verdict is under his own articles."""
    counted = tally(told, Question(by=("article",)))
    assert {row.group["article"]: counts(row) for row in counted.rows} == {
        "332": (1, 1, 1, 0, 0, 0),
        "337": (3, 2, 1, 0, 0, 1),
        "338": (1, 1, 2, 1, 1, 0),
    }
    assert counted.total.received == 4
    assert {row.group["part"]: row.received for row in tally(told, Question(by=("part",), article="337")).rows} == {
        "337/4": 1, "337/5": 2,
    }  # fmt: skip


def test_courts(told):
    """A receipt is the first court's, a decision that of the court which decided."""
    assert {row.group["court"]: counts(row) for row in tally(told, Question(by=("court",))).rows} == {
        "57GV0001": (2, 1, 2, 1, 1, 0),
        "61GV0002": (2, 2, 1, 0, 0, 1),
    }


def test_results(told):
    """What is not known stays not known: a group of its own, null."""
    assert {row.group["result"]: (row.received, row.verdicts) for row in tally(told, Question(by=("result",))).rows} == {
        "acquitted": (0, 1), "convicted": (0, 1), "terminated": (1, 0), "verdict": (2, 1), None: (1, 0),
    }  # fmt: skip


def test_people(told):
    """The unit `person` counts people in cases; an article is asked for at the level of the person."""
    assert counts(tally(told, Question(unit="person")).total) == (5, 4, 3, 1, 1, 1)
    assert counts(tally(told, Question(unit="person", article="337")).total) == (3, 2, 1, 0, 0, 1)
    assert counts(tally(told, Question(article="338")).total) == (1, 1, 2, 1, 1, 0)


def test_counsel_stands_on_the_card(book, world):
    """Only the accused are counted: counsel, prosecutor and victim on the card's tab of parties are nobody's verdict."""
    page = world.card(
        "ffff-1", court="57GV0001", number="1-1/2025", received=("01.04.2025", "2025-04-01"),
        decided=("09.04.2025", "2025-04-09"), result=("Вынесен ПРИГОВОР", "verdict"),
        persons=[
            {"name": "Вымыслов И.И.", "role": ("Подсудимый", "defendant"), "article": ("ст.337 ч.5", "337/5")},
            {"name": "Заступников З.З.", "role": ("Защитник (адвокат)", "counsel")},
        ],
    )  # fmt: skip
    book.enter(world.capture(1, page), page.reading())
    counted = tally(fold(book.sightings()), Question(unit="person")).total
    assert (counted.received, counted.verdicts) == (1, 1)


def test_a_verdict_whose_direction_is_not_published(told):
    """Приговор counts in verdicts; only one known to be guilty counts in convicted."""
    row = tally(told, Question(article="332")).total
    assert (row.verdicts, row.convicted, row.acquitted) == (1, 0, 0)


def test_a_case_was_sent_on_and_not_seen_again(book, world):
    """Sent on to another court is not decided: the case is pending, not lost."""
    page = world.small()[0]
    book.enter(page.capture, page.reading)
    assert counts(tally(fold(book.sightings())).total) == (1, 0, 0, 0, 0, 1)


def test_the_order_of_reading_decides_nothing(told):
    """The same rows from the cases in any order."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    shuffled = random.Random(seed).sample(told, len(told))
    question = Question(by=("month", "article"))
    assert tally(told, question) == tally(shuffled, question)


def test_events_are_left_in_the_book(book, told):
    """No figure needs the courts' lists of events: the tally without them is the same tally."""
    question = Question(by=("month", "article", "court", "result"))
    lean = fold(book.sightings(events=False))
    assert not any(case.events for case in lean) and any(case.events for case in told)
    assert tally(lean, question) == tally(told, question)


def test_a_new_parser_reads_the_same_bytes(book, world):
    """A technical event: no case, no person and no verdict is counted anew."""
    entries = world.small()
    book.enter_many(entries)
    before = tally(fold(book.sightings()), Question(by=("month", "court", "article")))
    values = book.counts()["observation"]
    for entry in entries:
        newer = type(entry.reading)(
            "page", "sudrf/2", entry.reading.charset, "", entry.reading.observations, kind=entry.reading.kind
        )
        book.enter(entry.capture, newer)
    assert tally(fold(book.sightings()), Question(by=("month", "court", "article"))) == before
    assert book.counts()["observation"] == values
    assert {extraction.parser for extraction in book.extractions()} == {"sudrf/2"}


def test_a_published_figure_is_printed():
    """848 verdicts in the 22 working days of April 2025; 684 in the 20 of March 2024: rounded down, exact value behind."""
    assert published(Fraction(848, 22)) == "38 (38.55)"
    assert published(Fraction(684, 20)) == "34 (34.20)"
    assert published(Fraction(0, 22)) == "0 (0.00)"
    assert published(Fraction(1, 1)) == "1 (1.00)"


def test_a_rate_is_exact(told, world):
    """Verdicts by working days of the period; a month that has not ended is measured by its days until the as-of."""
    row = tally(told, Question(**APRIL), as_of=world.midnight).total
    assert (row.verdicts, row.working_days, row.per_working_day) == (3, 22, Fraction(3, 22))
    assert row.published == "0 (0.14)"
    early = tally(told, Question(**APRIL), as_of=world.midnight.replace(month=4, day=15)).total
    assert early.working_days == 11


def window(court, first, last, expected=4, read=4, gap=None, at=datetime(2025, 5, 2, tzinfo=UTC)):
    asked = CoverageWindow("sudrf", court, "criminal-1", date(2025, 4, first), date(2025, 4, last), expected, read, gap)
    return Window(asked, f"capture of {court} {first}-{last} {at}", at)


def earlier(day):
    return {"at": datetime(2025, 4, day, tzinfo=UTC)}


WHOLE = [window("57GV0001", 1, 30), window("61GV0002", 1, 15), window("61GV0002", 16, 30)]
HOLES = {
    "a court was not reached": (WHOLE[:1], (2, 1)),
    "a captcha hid half a month": ([*WHOLE[:2], window("61GV0002", 16, 30, None, 0, "captcha")], (2, 2)),
    "a day is missing between two windows": ([*WHOLE[:2], window("61GV0002", 17, 30)], (2, 2)),
    "the counter said more rows than were read": ([*WHOLE[:2], window("61GV0002", 16, 30, 5, 4, "mismatch")], (2, 2)),
    "the register was asked before the month had ended": ([*WHOLE[:2], window("61GV0002", 16, 30, **earlier(20))], (2, 2)),
    "nothing was ever asked": ([], (2, 0)),
}


@pytest.mark.parametrize("hole", HOLES)
def test_a_row_whose_coverage_has_a_hole(told, hole):
    """The row is printed, and marked incomplete."""
    dated = [case for case in told if case.received]
    windows, (expected, reached) = HOLES[hole]
    assert tally(dated, Question(**APRIL), windows=WHOLE).total.coverage.complete
    coverage = tally(dated, Question(**APRIL), windows=windows).total.coverage
    assert not coverage.complete
    assert (coverage.courts_expected, coverage.courts_reached) == (expected, reached)


def test_a_later_asking_fails(told):
    """What was read whole stays read; and an open period must be covered as far as anybody asked, and as far as it counts."""
    dated = [case for case in told if case.received]
    failed = window("61GV0002", 16, 30, None, 0, "captcha", datetime(2025, 5, 9, tzinfo=UTC))
    assert tally(dated, Question(**APRIL), windows=[failed, *WHOLE]).total.coverage.missing == ()
    year = [
        replace(w, asked=replace(w.asked, first=date(2025, 1, 1), last=date(2025, 6, 30)), at=datetime(2025, 7, 1, tzinfo=UTC))
        for w in (WHOLE[0], WHOLE[1])
    ]
    assert tally(dated, windows=year).total.coverage.complete
    assert not tally(dated, windows=[*year[1:], window("57GV0001", 2, 30)]).total.coverage.complete
    assert not tally(dated, windows=WHOLE).total.coverage.complete  # something of May is counted, and nobody asked for May


def test_what_is_missing_is_named_with_its_reason(told):
    """By court and day: the newest reason of what was asked for, and `not-visited` for what was not."""
    dated = [case for case in told if case.received]
    windows = [
        window("57GV0001", 1, 30),
        window("61GV0002", 4, 15),
        window("61GV0002", 10, 25, None, 0, "outage", datetime(2025, 5, 1, tzinfo=UTC)),
        window("61GV0002", 20, 25, None, 0, "captcha"),
    ]
    coverage = tally(dated, Question(**APRIL), windows=windows).total.coverage
    assert [(gap.court, gap.first.day, gap.last.day, gap.gap) for gap in coverage.missing] == [
        ("61GV0002", 1, 3, "not-visited"),
        ("61GV0002", 16, 19, "outage"),
        ("61GV0002", 20, 25, "captcha"),
        ("61GV0002", 26, 30, "not-visited"),
    ]


def test_a_court_that_a_run_planned_and_never_asked(told):
    """A run that was killed after its first court makes no figure complete: the others were expected."""
    dated = [case for case in told if case.received and case.court == "57GV0001"]
    run = Run("sudrf", (), ("criminal-1",), date(2025, 4, 1), date(2025, 4, 30), "x")
    asked = window("25GV0001", 1, 30)
    planned = replace(asked, asked=replace(asked.asked, run=str(run)))
    coverage = tally(dated, Question(**APRIL), windows=[planned]).total.coverage
    assert (coverage.courts_expected, coverage.courts_reached, coverage.complete) == (114, 1, False)
    assert {gap.gap for gap in coverage.missing} == {"not-visited"} and len(coverage.missing) == 113
    another = replace(run, first=date(2025, 1, 1), last=date(2025, 1, 31))
    elsewhere = replace(asked, asked=replace(asked.asked, run=str(another)))
    assert tally(dated, Question(**APRIL), windows=[elsewhere]).total.coverage.courts_expected == 2


def test_what_was_read_whole_once_and_not_since(told):
    """Nothing is missing of it, but what the court has published since nobody knows: no figure of it is called complete."""
    dated = [case for case in told if case.received]
    failed = window("61GV0002", 16, 30, None, 0, "captcha", datetime(2025, 5, 9, tzinfo=UTC))
    coverage = tally(dated, Question(**APRIL), windows=[failed, *WHOLE]).total.coverage
    assert not coverage.complete and coverage.missing == ()
    assert [(gap.court, gap.first.day, gap.gap) for gap in coverage.stale] == [("61GV0002", 16, "captcha")]
    before = tally(dated, Question(**APRIL), windows=WHOLE).total.coverage
    assert before.complete and before.stale == ()


def test_a_court_that_should_have_answered(told):
    """Courts that no page ever named are missing from a complete country; one court's row is complete by itself."""
    dated = [case for case in told if case.received]
    everyone = {"57GV0001", "61GV0002", "77GV0021"}
    counted = tally(dated, Question(**APRIL, by=("court",)), windows=WHOLE, expected=everyone)
    assert not counted.total.coverage.complete
    assert {row.group["court"]: row.coverage.complete for row in counted.rows} == {"57GV0001": True, "61GV0002": True}
    undated = tally(told, Question(**APRIL), windows=WHOLE)
    assert (undated.total.coverage.undated, undated.total.coverage.complete) == (1, False)


def test_no_number_without_its_definition(told, world):
    """Every line has the keys that scripts rely on; what is no plain row says its kind; cases left out are named."""
    rows = list(tally_rows(tally(told, Question(**APRIL, by=("month", "court")), windows=WHOLE, as_of=world.midnight)))
    plain = [row for row in rows if "kind" not in row]
    assert {tuple(row) for row in plain} == {("month", "court", *KEYS)}
    assert [row["kind"] for row in rows[len(plain) :]] == ["total", "undated"]
    for row in rows[:-1]:
        assert "first instance (criminal-1), cases" in row["definition"]
        assert "2025-04-01 to 2025-04-30" in row["definition"]
        assert row["coverage"]["as_of"] == "2025-06-01T00:00:00Z"
        assert row["coverage"]["complete"] is False
    assert rows[-1] == {"kind": "undated", "case": "case:reg:criminal-1:eeee-1", "missing": "received"}
    assert tuple(next(iter(tally_rows(tally(told))))) == KEYS


def test_a_question_that_cannot_be_asked():
    """A group or unit that does not exist is refused by name."""
    with pytest.raises(ValueError, match="rank"):
        Question(by=("month", "rank"))
    with pytest.raises(ValueError, match="soldier"):
        Question(unit="soldier")
