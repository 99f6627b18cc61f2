"""What a court sends with 200 instead of a page."""

from __future__ import annotations

import pytest

from archive.ledger import words
from crawler.sites.sudrf import SOURCE
from tests.sudrf.invented import ADDRESSES, QUERY, Site

CARD = ADDRESSES["card"]


def verdict(site: Site, name: str, url: str | None = None) -> str:
    answer = SOURCE.judge(site.open(name, url))
    assert answer is not None
    word, reason = answer
    assert word in words.VERDICTS
    assert reason
    return word


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("listing", "page"),
        ("hearings", "page"),
        ("card", "page"),
        ("empty", "empty"),
        ("no_hearings", "empty"),
        ("captcha_gate", "captcha"),
        ("captcha_form", "captcha"),
        ("outage", "outage"),
        ("blocked", "blocked"),
        ("form", "wrong-query"),
        ("invalid_format", "wrong-query"),
        ("gone", "gone"),
        ("vnkod", "page"),
    ],
)
def test_each_answer_is_told_by_its_own_marks(site: Site, name: str, word: str) -> None:
    """All of these come with status 200 and the court's usual chrome."""
    assert verdict(site, name) == word


@pytest.mark.parametrize(
    "name", ["empty", "captcha_gate", "captcha_form", "outage", "blocked", "form", "gone", "invalid_format"]
)
def test_a_block_or_an_outage_in_place_of_a_card_is_never_a_page(site: Site, name: str) -> None:
    """What is known of a case is not overwritten by chrome."""
    assert verdict(site, name, CARD) not in ("page", "empty")


@pytest.mark.parametrize(
    "url",
    [
        QUERY.replace("new=0", "new=5"),
        QUERY.replace("delo_id=1540006", "delo_id=7"),
        QUERY.replace("u1_case", "g1_case"),
        QUERY + "&U1_DEFENDANT__NAMESS=%D0%9F%D1%80%D0%BE%D0%B2%D0%B5%D1%80%D0%BA%D0%B8%D0%BD",
    ],
)
def test_nothing_found_for_a_query_of_the_wrong_form_proves_nothing(site: Site, url: str) -> None:
    """An honest zero and a bad request look alike: only a query of the right form makes a zero."""
    assert verdict(site, "empty", url) == "wrong-query"


def test_another_register_than_the_one_asked_for(site: Site) -> None:
    """A short delo_id is accepted silently, and the heading betrays it."""
    assert verdict(site, "listing", QUERY.replace("1540006", "4").replace("new=0", "new=4")) == "wrong-query"


def test_the_hearings_of_another_day(site: Site) -> None:
    """A list of the 12th does not answer for the 14th."""
    assert verdict(site, "hearings", ADDRESSES["hearings"].replace("12.08", "14.08")) == "wrong-query"


def test_the_form_is_no_page_of_cases_even_when_it_was_asked_for(site: Site) -> None:
    """`name_op=sf` asks for the form: no fault, and nothing to read."""
    assert verdict(site, "form", QUERY.replace("name_op=r", "name_op=sf")) == "other-page"


def test_a_counter_without_rows_is_an_alarm_and_not_an_empty_court(site: Site) -> None:
    """Layout drift: 28 found, and no table that we know."""
    drifted = site.source("listing").replace('id="tablcont"', 'id="newtable"')
    answer = SOURCE.judge(site.served(drifted, QUERY))
    assert answer is not None
    assert answer[0] == "unreadable"


@pytest.mark.parametrize(
    ("name", "operation", "word"),
    [
        ("card", "doc", "other-page"),
        ("card", "r", "other-page"),
        ("card", "r_juid", "other-page"),
        ("listing", "case", "other-page"),
        ("listing", "doc", "other-page"),
        ("listing", "cat", "other-page"),
        ("listing", "r_juid", "page"),
        ("hearings", "case", "other-page"),
    ],
)
def test_another_page_than_the_one_asked_for(site: Site, name: str, operation: str, word: str) -> None:
    """What came is told by its own marks; under the address of something else it is not believed."""
    url = (CARD if operation in ("case", "doc") else QUERY).replace("name_op=case", "name_op=r")
    assert verdict(site, name, url.replace("name_op=r", f"name_op={operation}")) == word


def test_an_act_that_is_not_there(site: Site) -> None:
    """A text_number past the end answers with a page that says so."""
    source = '<div id="content"><div class="title">Приговор по уголовному делу</div>ПУСТОЙ ДОКУМЕНТ</div>'
    answer = SOURCE.judge(site.served(source, CARD.replace("name_op=case", "name_op=doc")))
    assert answer is not None
    assert answer[0] == "soft-404"


@pytest.mark.parametrize(("code", "word"), [("77GV0021", "page"), ("77GV0014", "other-page")])
def test_the_page_of_another_court_under_this_address(site: Site, code: str, word: str) -> None:
    """Every site counts its visitors under its own code: another's page speaks for none of ours."""
    counter = f'<noscript><img src="//counter.sudrf.ru/cnt.php?ssid={code}&show=1"></noscript></body>'
    for name in ("card", "listing"):
        page = site.served(site.source(name).replace("</body>", counter), ADDRESSES.get(name, QUERY))
        answer = SOURCE.judge(page)
        assert answer is not None
        assert answer[0] == word
