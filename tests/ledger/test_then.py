"""As of a moment, case by case and from the views, the ledger is what a fold of the whole of it says."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.errors import NotFound
from archive.ledger import then as then_room
from archive.ledger import withheld
from archive.ledger.book import Book
from archive.ledger.case import find
from archive.ledger.counted import reduced
from archive.ledger.discretion import Discreet
from archive.ledger.moment import NOW, Moment
from archive.ledger.rows import case_row, select
from archive.ledger.then import Then
from archive.ledger.views import Views
from archive.ledger.withheld import Takedown
from tests.ledger.conftest import MIDNIGHT, card, decided, entry, small_world
from tests.ledger.test_moments import day, histories, play, said

SUBJECTS = tuple(f"reg:criminal-1:{key}" for key in ("aaaa-1", "bbbb-1", "cccc-1"))
MOMENTS = st.one_of(
    st.integers(-3, 9).map(lambda number: Moment(known_at=day(number))),
    st.integers(-3, 9).map(lambda number: Moment(day(number).date())),
    st.tuples(st.integers(-3, 9), st.integers(-3, 9)).map(lambda two: Moment(day(two[0]).date(), known_at=day(two[1]))),
    st.just(NOW),
)
TAKEN = st.lists(
    st.builds(
        lambda subject, scope: Takedown(f"t-{subject}", MIDNIGHT, "просьба", scope, (subject,)),
        st.sampled_from(SUBJECTS), st.sampled_from(("person", "case")),
    ),
    max_size=2,
)  # fmt: skip


def without_links(cases) -> list[str]:
    return [repr((case.id, case.registrations, case.chain, case.earliest, case.last, case.people)) for case in cases]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(acts=histories(), asked=MOMENTS, taken=TAKEN, many=st.sampled_from((0, 4)))
def test_case_by_case_it_is_the_whole_ledger_as_of_then(tmp_path_factory, acts, asked, taken, many) -> None:
    """Cases, figures, windows and what may be shown of them, whether little or all of it has changed since."""
    home = tmp_path_factory.mktemp("b")
    with Book.open(home, write=True, now=lambda: MIDNIGHT) as book, pytest.MonkeyPatch.context() as patched:
        patched.setattr(then_room, "MANY", many)
        play(book, acts)
        whole = asked.cases(book)
        with Views.open(home, book) as views:
            digest = views.digest()
            then = Then(book, views, asked)
            assert without_links(whole) == without_links(then.cases())
            counted = sorted(then.counted(), key=lambda each: each.id)
            assert sorted(map(reduced, whole), key=lambda each: each.id) == counted
            assert book.coverage(known_at=asked.until) == then.windows()
            veil = withheld.drawn(taken, (*NOW.cases(book), *whole), None)
            discreet = Discreet(views, then, tuple(taken), None)
            shown = veil.cases(whole)
            for question in ({}, {"query": "вымыслов"}, {"query": "сказкин"}, {"article": "337"}, {"since": date(2025, 4, 2)}):
                assert [case_row(case) for case in select(shown, **question)] == list(discreet.told(then.groups, **question)), (
                    question
                )
            for case in whole:
                mine = discreet.veil(case)
                assert repr(veil.case(case)) == repr(mine.case(case))
            assert digest == views.digest()


def test_one_case_is_found_by_what_it_was_called_then(book, tmp_path):
    """By its id, any registration, UID or number that it had at that moment, and by none that it got later."""
    book.enter_many(small_world())
    later = card("ffff-1", court="57GV0001", number="9-99/2025", received=("01.02.2025", "2025-02-01"))
    book.enter_many([entry(90, later, at=day(20))])
    asked = Moment(day(10).date())
    whole = asked.cases(book)
    with Views.open(tmp_path, book) as views:
        then = Then(book, views, asked)
        for case in whole:
            for name in (case.id, *(r.subject for r in case.registrations), *filter(None, [case.uid]), *case.numbers):
                assert find(whole, name).id == then.case(name).id
        with pytest.raises(NotFound, match="no case is called"):
            then.case("9-99/2025")


def test_a_correction_of_today_is_no_word_of_the_court_then(book, tmp_path):
    """What a person corrected since is left out, although no page of the case came since."""
    book.enter_many([entry(1, said("terminated"), at=day(1))])
    decided(book, "correction", "reg:criminal-1:ffff-1", property="result", value="convicted", at=day(3))
    with Views.open(tmp_path, book) as views:
        assert ["terminated"] == [case.result for case in Then(book, views, Moment(date(2025, 7, 1))).cases()]
        assert ["convicted"] == [case.result for case in Then(book, views, Moment(known_at=day(4))).cases()]


def test_a_look_at_too_few_registrations_is_found_out(book, tmp_path, monkeypatch):
    """The mutant: what later pages touched is taken from the views of today."""
    book.enter_many([entry(1, said(None), at=day(1)), entry(2, said("verdict"), at=day(10))])
    monkeypatch.setattr(Then, "_touched", lambda _: set())
    with Views.open(tmp_path, book) as views:
        (then,) = Then(book, views, Moment(day(5).date())).counted()
    (whole,) = map(reduced, Moment(day(5).date()).cases(book))
    assert whole != then
