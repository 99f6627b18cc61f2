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
        ("vnkod", "other-page"),
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


def test_an_act_and_the_list_of_one_uid_are_other_pages(site: Site) -> None:
    """They look like what we read; the address says what they are."""
    assert verdict(site, "card", CARD.replace("name_op=case", "name_op=doc")) == "other-page"
    assert verdict(site, "listing", QUERY.replace("name_op=r", "name_op=r_juid")) == "other-page"
