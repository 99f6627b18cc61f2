"""Talks with a register: whatever it does, a window is either read whole or has a gap with a name."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.ledger.observation import Counter
from crawler.sites.sudrf import addresses, queries
from crawler.source import Answer

MAY = [date(2025, 5, 1) + timedelta(days=n) for n in range(31)]
OUT = Answer("outage", "throttled, or the court's module is down")


def test_one_page_is_asked_once(register, talk, plan):
    """A window of one page needs no second look; nothing else is asked."""
    told = talk(register({MAY[4]: 9}), plan())
    assert (told.result, told.pages, len(told.asked)) == ([(9, 9, None)], 1, 1)


def test_the_first_page_is_read_again_at_the_end(register, talk, plan):
    """Newest cases come first: one that arrives while the pages are turned has shifted them all."""
    told = talk(register({MAY[4]: 60}), plan())
    assert told.result == [(60, 60, None)]
    assert told.asked[0] == told.asked[-1]
    assert [addresses.parse(ask.url).wrong for ask in told.asked] == [None] * 4


def test_a_case_that_arrives_meanwhile(register, talk, plan):
    """The counter has moved: every page is asked for once more."""
    court = register({MAY[4]: 30})

    def arrives(number: int) -> None:
        if number == 2:
            court.entries[MAY[6]] = 1

    court.accident = arrives
    told = talk(court, plan())
    assert (told.result, told.pages) == ([(31, 31, None)], 5)


def test_a_zero_is_held_against_a_control(register, talk, plan):
    """A wide window of the same form finds something: the zero is one. The control is told apart from the window."""
    told = talk(register({date(2024, 9, 3): 40}), plan())
    assert told.result == [(0, 0, None)]
    assert [ask.control for ask in told.asked] == [False, True]


def test_a_court_where_nothing_is_ever_found(register, talk, plan):
    """Ten years without a case are no court, but a question it does not understand: no zero is believed."""
    told = talk(register({}), plan())
    assert told.result == [(0, 0, "mismatch")]
    assert [ask.control for ask in told.asked[1:]] == [True] * (len(told.asked) - 1)


def test_another_window_is_as_good_as_a_control(register, talk, plan):
    """Where April has cases nobody needs to ask for more to believe that May has none."""
    told = talk(register({date(2025, 4, 7): 3}), plan(date(2025, 4, 1)))
    assert (told.result, len(told.asked)) == ([(3, 3, None), (0, 0, None)], 2)
    assert talk(register({}), plan(), understood=True).pages == 1


@pytest.mark.parametrize("strict", [True, False])
def test_a_court_of_the_other_template(register, talk, plan, strict):
    """It says that it does not understand, or it finds nothing: either way the other dialect is tried, and kept."""
    court = register({MAY[4]: 30, date(2025, 4, 7): 3}, dialect=queries.VNKOD, strict=strict)
    told = talk(court, plan(date(2025, 4, 1)))
    assert told.result == [(3, 3, None), (30, 30, None)]
    if strict:
        assert ["_deloId" in ask.url for ask in told.asked] == [False, *[True] * (len(told.asked) - 1)]


def test_a_zero_in_the_wrong_dialect_and_then_a_failure(register, talk, plan):
    """It finds nothing in the one, something in the other, and is gone when it is asked for the window: that is no zero."""
    court = register({MAY[4]: 1}, dialect=queries.VNKOD, strict=False)
    court.accident = lambda number: Answer(None) if number == 5 else None
    assert talk(court, plan()).result == [(0, 0, "unreachable")]


def test_a_court_whose_dialect_is_known(register, talk, plan):
    """What it understood last time it is asked in at once; one that has moved meanwhile is understood all the same."""
    before = queries.address("sgvs--sml.sudrf.ru", "77GV0021", "criminal-1", MAY[0], MAY[-1], queries.VNKOD)
    for dialect, askings in ((queries.VNKOD, [True]), (queries.PRIMARY, [True, False])):
        told = talk(register({MAY[4]: 3}, dialect=dialect), plan(), answered=before)
        assert told.result == [(3, 3, None)]
        assert ["_deloId" in ask.url for ask in told.asked] == askings


def test_a_court_that_moved_back(register, talk, plan):
    """A court whose code is not known is never asked in the dialect that needs it."""
    told = talk(register({}, before="wrong-query"), plan(court="leninsky--bkr.sudrf.ru"))
    assert (told.result, len(told.asked)) == ([(None, 0, "mismatch")], 1)


def test_a_wide_query_that_a_court_cannot_count(register, talk, plan):
    """It is out twice, and each half of the window comes."""
    told = talk(register({MAY[4]: 9, MAY[20]: 30}, days=16), plan())
    assert told.result == [(39, 39, None)]


def test_a_court_that_is_out_is_not_besieged(register, talk, plan):
    """Asked twice and for one half; every further window once."""
    told = talk(register({MAY[4]: 9}, before="outage"), plan(date(2025, 1, 1)))
    assert told.result == [(None, 0, "outage")] * 5
    assert len(told.asked) == 3 + 4


def test_a_site_that_shows_no_more_than_a_number_of_rows(register, talk, plan):
    """The counter promises more than the pages hold: halves, and their halves, until all rows were read."""
    told = talk(register(dict.fromkeys(MAY, 7), cap=50), plan())
    assert told.result == [(217, 217, None)]


def test_a_day_that_a_site_caps(register, talk, plan):
    """What cannot be cut smaller is a gap."""
    told = talk(register({MAY[0]: 80}, cap=50), plan(MAY[0], MAY[0]))
    assert told.result == [(80, 50, "mismatch")]


def test_a_site_that_shows_its_first_page_for_every_other(register, talk, plan):
    """The same rows again are not the rest."""

    class Stuck(register):
        def answer(self, ask):
            got = super().answer(ask)
            if got.counter and got.counter.first > 1 and "H_date" not in ask.url:
                return Answer("page", "", Counter(got.counter.total, 1, self.rows))
            return got

    told = talk(Stuck({MAY[0]: 30}), plan(MAY[0], MAY[0]))
    assert [(expected, read, bool(gap)) for expected, read, gap in told.result] == [(30, 25, True)]


def test_a_register_of_more_pages_than_anybody_turns(register, talk, plan, monkeypatch):
    """It is asked in halves at once."""
    monkeypatch.setattr(queries, "MOST_ROWS", 50)
    told = talk(register({MAY[0]: 40, MAY[30]: 40}), plan())
    assert told.result == [(80, 80, None)]


def test_a_captcha_is_left_alone_and_the_hearing_lists_lead_to_cards(register, talk, plan):
    """Each window is asked for once; then each working day's list, which count for no window."""
    told = talk(register({}, before="captcha"), plan(date(2025, 4, 1)))
    assert told.result == [(None, 0, "captcha")] * 2
    lists = [ask for ask in told.asked if ask.seed is None]
    days = [addresses.parse(ask.url).day for ask in lists]
    assert [addresses.parse(ask.url).op for ask in lists] == ["hearings"] * len(lists)
    assert (days[0], "01.05.2025" in days, "05.04.2025" in days) == ("01.04.2025", False, False)  # a holiday, a Saturday
    assert all("captcha" not in ask.url for ask in told.asked)


@pytest.mark.parametrize("before", ["blocked", "login", "gone"])
def test_what_stands_before_a_form_is_no_zero(register, talk, plan, before):
    """One question a window, no control, no hearing list."""
    told = talk(register({}, before=before), plan())
    assert ([gap for _, _, gap in told.result], len(told.asked)) == ([{"gone": "unreachable"}.get(before, "blocked")], 1)


@settings(max_examples=120, deadline=None)
@given(
    entries=st.dictionaries(st.sampled_from(MAY), st.integers(1, 40), max_size=6),
    rows=st.sampled_from([20, 25]),
    cap=st.sampled_from([None, 25, 60]),
    days=st.sampled_from([None, 8, 16]),
    dialect=st.sampled_from([queries.PRIMARY, queries.VNKOD]),
    strict=st.booleans(),
    fails=st.sets(st.integers(1, 12), max_size=3),
    failure=st.sampled_from([OUT, Answer(None), Answer("captcha"), Answer("wrong-query"), Answer("unreadable")]),
)
def test_a_window_is_whole_or_has_a_gap(world, entries, rows, cap, days, dialect, strict, fails, failure):
    """Whatever happens, no complete window says less than the register holds, and every talk ends."""
    court = world.Register(entries, rows, cap, days, dialect, strict)
    court.accident = lambda number: failure if number in fails else None
    told = world.converse(court, world.planned())
    total = sum(entries.values())
    [window] = told.windows
    assert not window.complete or (window.expected, window.read) == (total, total)
    assert window.complete or window.gap is not None


def test_both_dialects_say_the_same(parse):
    """Register, days and court stand in either address; each is of the right form, and asks for one register."""
    for register in queries.REGISTERS:
        urls = [
            queries.address("gvs.sam.sudrf.ru", "63GV0001", register, MAY[0], MAY[30], dialect, page)
            for dialect in (queries.PRIMARY, queries.VNKOD)
            for page in (1, 3)
        ]
        assert {parse(url).register for url in urls} == {register}
        assert {parse(url).host for url in urls} == {"gvs--sam.sudrf.ru"}
        assert {parse(url).wrong for url in urls} == {None}
        assert all("01.05.2025" in url and "31.05.2025" in url for url in urls)
        assert {parse(url).vnkod for url in urls} == {None, "63GV0001"}


def test_values_are_windows_1251():
    """UTF-8 finds nothing, and says nothing of it; letters that windows-1251 has not are refused."""
    assert queries.encoded("337 ч.5, Ё-ж~") == "337%20%F7.5%2C%20%A8-%E6~"
    assert unquote_to_bytes(queries.encoded("Найти")).decode("cp1251") == "Найти"
    with pytest.raises(ValueError, match="charmap"):
        queries.encoded("ö")


def test_no_query_asks_for_an_article():
    """The site's filter is a substring match: the rows say what a case is about."""
    url = queries.address("sgvs.sml.sudrf.ru", "77GV0021", "criminal-1", MAY[0], MAY[30])
    assert "ARTICLE" not in url.upper() and "vnkod=" not in urlsplit(url).query


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [(date(2025, 5, 31), date(2025, 5, 31), 1), (date(2024, 1, 1), date(2025, 12, 31), 24), (None, date(2025, 5, 31), 1)],
)
def test_windows_are_months(first, last, count):
    """They touch, and leave no day out."""
    windows = list(queries.months(first, last))
    assert (len(windows), windows[0][0], windows[-1][1]) == (count, first, last)
    assert [a[1] + timedelta(days=1) for a in windows[:-1]] == [b[0] for b in windows[1:]]
