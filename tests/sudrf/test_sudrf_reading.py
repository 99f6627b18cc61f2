"""The invented listing, hearing list and card, value by value."""

from __future__ import annotations

import json
from dataclasses import astuple
from typing import Any

import pytest

from archive.ledger import rules, words
from archive.text import decode_text
from crawler.sites.sudrf import SOURCE
from tests.sudrf.invented import ADDRESSES, PAGES, QUERY, Site

NAMES = ("listing", "hearings", "card")


def expected(name: str) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads((PAGES / f"{name}.expected.json").read_text(encoding="utf-8"))
    return kept


@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_the_page_is_read_and_nothing_else(site: Site, name: str) -> None:
    """Observations, unread text, links, counter and flags are those a person read on the page."""
    reading = SOURCE.read(site.open(name))
    assert {
        "counter": None if reading.counter is None else list(astuple(reading.counter)),
        "flags": list(reading.flags),
        "observations": [[o.subject, o.property, o.raw, o.value, o.derived] for o in reading.observations],
        "unread": [unread.text for unread in reading.unread],
        "links": [[link.rel, link.url, link.text] for link in reading.links],
    } == expected(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_value_is_shown_in_the_bytes_that_say_it(site: Site, name: str) -> None:
    """The quote is the exact slice of the source as the archive decodes it, and the selector finds its element."""
    page = site.open(name)
    source = decode_text((PAGES / f"{name}.html").read_bytes(), SOURCE.charset)
    reading = SOURCE.read(page)
    for said in reading.observations:
        assert source[said.start : said.end] == said.quote
        page.one(said.selector)
        assert rules.wrong(said, source) is None
        assert said.property in words.PROPERTIES[words.form(said.subject)]
    assert len({(o.subject, o.property, o.start, o.value) for o in reading.observations}) == len(reading.observations)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_saved_again_in_utf8_reads_the_same(site: Site, name: str) -> None:
    """Saved copies are often re-encoded, with the old charset still named inside."""
    first = SOURCE.read(site.open(name))
    again = SOURCE.read(type(site.open(name)).open(site.source(name).encode(), ADDRESSES.get(name, QUERY)))
    assert [(o.subject, o.property, o.raw, o.value) for o in again.observations] == [
        (o.subject, o.property, o.raw, o.value) for o in first.observations
    ]
    assert again.charset == "utf-8"


def test_listing_and_card_speak_of_one_registration(site: Site) -> None:
    """The row and the card it leads to have one subject and one address, however case_uid is written."""
    rows, card = SOURCE.read(site.open("listing")), SOURCE.read(site.open("card"))
    subject = "reg:criminal-1:00000001-aaaa-4bbb-8ccc-000000000001"
    addresses = {
        o.value for reading in (rows, card) for o in reading.observations if (o.subject, o.property) == (subject, "card")
    }
    assert addresses == {rows.links[0].url}
    assert {o.value for o in card.observations if (o.subject, o.property) == (subject, "court")} == {"77GV0021"}


def test_a_court_nobody_knows_is_called_by_its_host(site: Site) -> None:
    """Any court of sudrf.ru works: by the code its own links print, else by its host, flagged."""
    there = ADDRESSES["card"].replace("sgvs--sml", "vydumka--vym")
    by_link = SOURCE.read(site.open("card", there))
    assert {o.value for o in by_link.observations if o.property == "court"} == {"77GV0021"}
    assert "unknown-court" not in by_link.flags
    silent = site.source("card").replace("vnkod=77GV0021&", "")
    by_host = SOURCE.read(site.served(silent, there))
    assert {o.value for o in by_host.observations if o.property == "court"} == {"vydumka--vym"}
    assert "unknown-court" in by_host.flags


def test_a_link_that_contradicts_the_host_is_not_believed(site: Site) -> None:
    """The host is in the register: its court stands, and the page is flagged."""
    other = SOURCE.read(site.served(site.source("card").replace("vnkod=77GV0021", "vnkod=77GV0014"), ADDRESSES["card"]))
    assert {o.value for o in other.observations if o.property == "court"} == {"77GV0021"}
    assert "court-mismatch" in other.flags


def test_an_uid_with_a_wrong_digit_stays_without_value(site: Site) -> None:
    """Kept as printed, and not believed."""
    typo = SOURCE.read(site.served(site.source("card").replace("000101-73", "000101-74"), ADDRESSES["card"]))
    assert [(o.raw, o.value) for o in typo.observations if o.property == "uid"] == [("77GV0021-01-2026-000101-74", None)]


def test_nothing_found_is_a_confirmed_zero(site: Site) -> None:
    """An empty answer to a right query has a counter of nothing."""
    reading = SOURCE.read(site.open("empty"))
    assert (reading.verdict, reading.observations) == ("empty", ())
    assert reading.counter is not None
    assert reading.counter.total == 0


def test_the_text_of_an_act_is_no_table_of_the_card(site: Site) -> None:
    """An act is a document of its own inside the card: its tables do not speak for the registration, its text is one value."""
    assert "01.01.1999" in site.source("card")
    said = [o for o in SOURCE.read(site.open("card")).observations if "1999" in o.raw]
    assert [(o.property, o.value, "ПРИГОВОР" in o.raw) for o in said] == [("act", None, True)]
