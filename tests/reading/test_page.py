"""Strict selectors, and the text as a reader sees it."""

import re

import pytest

from archive.ledger.observation import Observation
from crawler.errors import Unreadable
from crawler.page import Page

CARD = """<!DOCTYPE html>
<html><head><title>Карточка дела</title><script>var a = '<td>не текст</td>';</script></head><body>
<div class=casenumber>ДЕЛО № 1-17/2031</div>
<table id=c><tr><td><b>Судья</b><td>Вымышленная&nbsp;А.Б.
<tr><td><b>Статья</b><td>ст.337 ч.5 УК&nbsp;РФ<br>ст.338&nbsp;ч.1 УК РФ<!-- снято --><br><br>
<tr><td>Итог<td> <style>td{}</style></table>
<p>Пос<i>тано</i>вление<img alt="нет"> суда</p><template>скрыто</template></body></html>"""


@pytest.fixture
def page() -> Page:
    return Page(CARD, "https://court.example/card", "utf-8")


def test_strict_selection(page: Page) -> None:
    """None, several, or too few is an error that says the selector and the counts."""
    assert "ДЕЛО № 1-17/2031" == page.one("div.casenumber").text
    assert page.maybe("div.none") is None
    assert 3 == len(page.all("table#c tr", at_least=3))
    assert [] == page.all("h1")
    for wrong, said in (
        (lambda: page.one("div.none"), "div.none: 0 of 1"),
        (lambda: page.one("td"), "td: 6 of 1"),
        (lambda: page.maybe("td"), "td: 6 of 1"),
        (lambda: page.all("h1", at_least=1), "h1: 0 of at least 1"),
        (lambda: page.one("table#c").one("p"), "p: 0 of 1"),
    ):
        with pytest.raises(Unreadable, match=re.escape(said)):
            wrong()
    with pytest.raises(ValueError, match="not a selector"):
        page.one("td[")


def test_selection_inside_a_node_leaves_the_node_out_and_repeats_nothing(page: Page) -> None:
    """The library counts an element as inside itself, and twice where two of a list's selectors fit."""
    table = page.one("table")

    assert [] == table.all("table")
    assert ["tbody"] == [node.tag for node in table.all("tbody, #c > tbody")]


def test_text_is_what_a_reader_sees(page: Page) -> None:
    """No scripts, styles, comments or templates; white space folded; borders of blocks part words, inline tags do not."""
    assert (
        "Карточка дела ДЕЛО № 1-17/2031 Судья Вымышленная А.Б. Статья ст.337 ч.5 УК РФ ст.338 ч.1 УК РФ Итог Постановление суда"
        == page.root.text
    )
    assert page.has("вымышленная  а.б.") and page.has("ПОСТАНОВЛЕНИЕ") and not page.has("не текст") and not page.has("снято")
    assert "" == page.all("td")[-1].text
    assert page.all("td")[-1].whole is None
    assert [] == page.all("td")[-1].lines


def test_lines_are_parted_by_breaks_and_blocks(page: Page) -> None:
    """One cell with two articles is two values."""
    cell = page.all("td")[3]

    assert [("ст.337 ч.5 УК РФ", "ст.337 ч.5 УК&nbsp;РФ"), ("ст.338 ч.1 УК РФ", "ст.338&nbsp;ч.1 УК РФ")] == [
        (p.text, p.quote) for p in cell.lines
    ]


def test_parts_say_observations(page: Page) -> None:
    """The quote is the slice, from the source of the first letter to that of the last."""
    part = page.one("p").whole
    assert part is not None
    assert ("Постановление суда", 'Пос<i>тано</i>вление<img alt="нет"> суда') == (part.text, part.quote)
    cut = part.find(re.compile("станов"))
    assert cut is not None
    assert ("станов", "с<i>тано</i>в") == (cut.text, cut.quote)
    assert part.find(re.compile("судья")) is None
    assert [("Постановление", "Пос<i>тано</i>вление"), ("уда", "уда")] == [
        (p.text, p.quote) for p in part.split(re.compile(" с"))
    ]
    with pytest.raises(Unreadable, match="no text between 13 and 14"):
        part.sub(13, 14)

    said = part.says("reg:criminal-1:00000000-0000-4000-8000-000000000001", "result", "other-ruling")

    start = CARD.index("Пос<i>")
    assert (
        Observation(
            said.subject,
            "result",
            "Постановление суда",
            "other-ruling",
            page.one("p").selector,
            part.quote,
            start,
            start + len(part.quote),
        )
        == said
    )


def test_family(page: Page) -> None:
    """Children are elements; the parent of html is None; two ways to one element are equal."""
    rows = page.one("tbody").children

    assert ["tr", "tr", "tr"] == [row.tag for row in rows]
    assert page.one("tbody") == rows[0].parent
    assert page.root.parent is None
    assert "html > body:nth-child(2) > table:nth-child(2) > tbody:nth-child(1) > tr:nth-child(2)" == rows[1].selector
    assert 3 == len({*rows, *page.all("tr")})


def test_the_code_of_a_script_stands_as_it_is_written() -> None:
    """Raw text: no reference is one there; a part of it may read as what it escapes."""
    page = Page('<script type=x>\n {"a": "caf\\u00e9 &amp;"}</script><p>x', "https://court.example/", "utf-8")
    code = page.one("script").code
    assert code is not None

    literal = code.sub(code.text.index("caf"), code.text.rindex('"')).reads("café &amp;")

    assert ("café &amp;", "caf\\u00e9 &amp;") == (literal.text, literal.quote)
    assert page.text[literal.start : literal.end] == literal.quote
    assert page.one("p").code is None
    assert "" == page.one("script").text
