"""As of when? What the court said on a day and what we knew at a time are two questions; each is a replay up to then."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.ledger.book import Book, Entry
from archive.ledger.moment import NOW, Moment
from archive.ledger.rows import case_row
from archive.ledger.tally import Question, tally
from tests.ledger.conftest import MIDNIGHT, capture, card, decided, entry, listing

KEY = "reg:criminal-1:ffff-1"


def day(number: int) -> datetime:
    return MIDNIGHT + timedelta(days=number, hours=9)


def said(result: str | None, **more) -> object:
    known = {} if result is None else {"result": ("итог", result), "decided": ("20.05.2025", "2025-05-20")}
    return card("ffff-1", court="57GV0001", number="1-1/2025", received=("01.02.2025", "2025-02-01"), **known, **more)


def test_the_court_said_otherwise_on_that_day(book):
    """Between two visits the court said what the earlier one saw; before the first one nothing is known."""
    book.enter_many([entry(1, said(None), at=day(1)), entry(2, said("verdict"), at=day(10))])
    results = [[case.result for case in Moment(date(2025, 6, d)).cases(book)] for d in (1, 2, 10, 11)]
    assert [[], [None], [None], ["verdict"]] == results


def test_what_others_kept_is_known_since_it_came(book):
    """A capture of last year that was taken in today: the court said it then, and we know it since today."""
    took_in = datetime(2026, 2, 1, tzinfo=UTC)
    page = said("terminated")
    book.enter_many([Entry(capture(5, page, at=day(1), foreign="theirs.warc"), page.reading(), known=took_in)])
    then = day(2)
    assert ["terminated"] == [case.result for case in Moment(then.date()).cases(book)]
    assert [] == list(Moment(known_at=then).cases(book))
    assert 1 == len(Moment(known_at=took_in).cases(book))
    assert [] == list(Moment(then.date(), known_at=then).cases(book))


def test_a_correction_wins_only_in_what_is_shown(book):
    """What the person says is shown, and counted; what the court says stands beside it, and is what the court said."""
    book.enter_many([entry(1, said("terminated"), at=day(1))])
    rows = book.counts()["observation"]
    wrong = decided(book, "correction", KEY, property="result", value="convicted", at=day(3), reason="опечатка, см. приговор")
    (case,) = NOW.cases(book)
    assert ("convicted", [(("convicted",), ("terminated",))]) == (case.result, [(c.shown, c.said) for c in case.conflicts])
    assert wrong in case_row(case)["captures"]
    assert ["terminated"] == [case.result for case in Moment(date(2025, 6, 20)).cases(book)]
    assert ["terminated"] == [case.result for case in Moment(known_at=day(2)).cases(book)]
    assert rows == book.counts()["observation"]
    decided(book, "correction", KEY, undoes=wrong)
    assert ["terminated"] == [case.result for case in NOW.cases(book)]


def test_the_court_comes_to_agree_with_a_correction(book):
    """Both stay; once the court says the same there is nothing to disagree about."""
    book.enter_many([entry(1, said("terminated"), at=day(1))])
    decided(book, "correction", KEY, property="result", value="convicted")
    book.enter_many([entry(2, said("convicted"), at=day(9))])
    (case,) = NOW.cases(book)
    assert ("convicted", ()) == (case.result, case.conflicts)


def test_a_corrected_man_is_found_by_his_name(book):
    """Pages number people anew: a correction follows the man, and not the number that he had then."""
    men = [
        {"name": "Вымыслов И.И.", "result": ("осужден", "convicted")},
        {"name": "Сказкин С.С.", "result": ("осужден", "convicted")},
    ]
    book.enter_many([entry(1, said("verdict", persons=men), at=day(1))])
    decided(book, "correction", f"{KEY}#person:1", property="result", value="acquitted", name="Вымыслов И.И.")
    book.enter_many([entry(2, said("verdict", persons=men[::-1]), at=day(2))])
    (case,) = NOW.cases(book)
    assert {"Вымыслов И.И.": "acquitted", "Сказкин С.С.": "convicted"} == {p.get("name"): p.get("result") for p in case.persons}


RESULTS = ("verdict", "convicted", "terminated", None)
NAMES = ("Вымыслов И.И.", "Сказкин С.С.", ("Информация скрыта", None))


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, object]]:
    """Pages and decisions in the order of their days, of three registrations, some of them imported later than they were taken."""
    acts: list[tuple[str, object]] = []
    for number in range(draw(st.integers(1, 8))):
        key = draw(st.sampled_from(("aaaa-1", "bbbb-1", "cccc-1")))
        match draw(st.sampled_from(("card", "card", "listing", "import", "correct", "tie"))):
            case "card" | "import" as how:
                result, name = draw(st.sampled_from(RESULTS)), draw(st.sampled_from(NAMES))
                known = {} if result is None else {"result": ("итог", result), "decided": ("20.05.2025", "2025-05-20")}
                page = card(
                    key,
                    court="57GV0001",
                    received=("01.04.2025", "2025-04-01"),
                    persons=[{"name": name, "article": "337/5"}],
                    **known,
                )
                taken = day(number) if how == "card" else day(number) - timedelta(days=draw(st.integers(1, 6)))
                acts.append(("page", Entry(capture(number, page, at=taken), page.reading(), known=day(number))))
            case "listing":
                page = listing(
                    {"key": key, "court": "57GV0001", "number": f"1-{number}/2025", "received": ("02.04.2025", "2025-04-02")}
                )
                acts.append(("page", entry(number, page, at=day(number))))
            case "correct":
                acts.append(("correction", (day(number), f"reg:criminal-1:{key}", draw(st.sampled_from(RESULTS[:3])))))
            case "tie":
                other = draw(st.sampled_from(("aaaa-1", "bbbb-1", "cccc-1")))
                acts.append(("identity", (day(number), key, other, draw(st.booleans()))))
    return acts


def play(
    book: Book, acts: list[tuple[str, object]], *, until: datetime | None = None, taken_until: datetime | None = None
) -> None:
    for kind, told in acts:
        if kind == "page":
            taken, held = told.capture.at, told.known or told.capture.at
            if (until is None or held <= until) and (taken_until is None or taken <= taken_until):
                book.enter_many([told])
        elif until is None or told[0] <= until:
            if kind == "correction":
                decided(book, kind, told[1], property="result", value=told[2], at=told[0])
            elif told[1] != told[2]:
                decided(
                    book, kind, *sorted((f"reg:criminal-1:{told[1]}", f"reg:criminal-1:{told[2]}")), same=told[3], at=told[0]
                )


def everything(cases: tuple) -> str:
    return repr(cases) + repr(tally(cases, Question(by=("month", "result"))))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(acts=histories(), when=st.integers(-3, 9))
def test_as_of_equals_replay_up_to_then(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, object]], when: int
) -> None:
    """A ledger asked about a moment answers as one that was given nothing later; on both axes, tally and all."""
    at = day(when)
    whole, known, spoken = (Book.open(tmp_path_factory.mktemp("b"), write=True, now=lambda: MIDNIGHT) for _ in range(3))
    with whole, known, spoken:
        play(whole, acts)
        play(known, acts, until=at)
        play(spoken, acts, taken_until=datetime.combine(at.date(), datetime.max.time(), UTC))
        assert everything(NOW.cases(known)) == everything(Moment(known_at=at).cases(whole))
        assert everything(Moment(date(2030, 1, 1)).cases(spoken)) == everything(Moment(at.date()).cases(whole))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(acts=histories(), data=st.data())
def test_the_order_of_reading_decides_nothing(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, object]], data
) -> None:
    """The same captures and decisions in any order make the same ledger, byte for byte, our own clock left out."""
    pages = [act for act in acts if act[0] == "page"]
    rest = [act for act in acts if act[0] != "page"]  # decisions are numbered by the log
    shuffled = [*data.draw(st.permutations(pages)), *rest]
    one, other = (Book.open(tmp_path_factory.mktemp("b"), write=True, now=lambda: MIDNIGHT) for _ in range(2))
    with one, other:
        play(one, acts)
        play(other, shuffled)
        assert one.digest() == other.digest()
        assert everything(NOW.cases(one)) == everything(NOW.cases(other))
