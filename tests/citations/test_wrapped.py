"""A line's end inside an address is healed when the text says so, never silently, and nothing is made of what follows."""

import pytest

from crawler.citations import cited
from crawler.citations.values import Citation
from crawler.citations.wrapped import Break, joins

HEAD = "https://www.courier.example/2031/05/06/courts-convict-deserters-a-week-onlooker"


def told(text: str) -> list[Citation]:
    return [each for each in cited(text.encode()).citations if each.kind == "address"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Original url:\n{HEAD}\n-a41774\n\nhttps://b.example/c", [f"{HEAD}-a41774", "https://b.example/c"]),
        ("https://b.example/article/2031/05/06/337\n2,076 criminal cases came", ["https://b.example/article/2031/05/06/337"]),
        ("https://b.example/article/2031/05/06/337\n848 verdicts", ["https://b.example/article/2031/05/06/337"]),
        ("https://b.example/article/2031/05/06/337\nhttps://b.example/d", ["https://b.example/article/2031/05/06/337", "https://b.example/d"]),
        ("https://b.example/army-\ndeserters-of-the-week so", ["https://b.example/army-deserters-of-the-week"]),
        ("https://b.example/2031/\n05/06/337 so", ["https://b.example/2031/05/06/337"]),
        ("https://b.example/acts/\nfiles/case-12.pdf.", ["https://b.example/acts/files/case-12.pdf"]),
        ("2013. https://\nb.example/articles/part-5.", ["https://b.example/articles/part-5"]),
        ("see https://b.example/\nThe court said", ["https://b.example/"]),
        ("see https://b.example/list\nup-to-date figures and", ["https://b.example/list"]),
        ("see https://b.example/list\nand/or others", ["https://b.example/list"]),
        ("see https://b.example/list.\nНичего не", ["https://b.example/list"]),
        ("see https://b.example/list\n\n-a41774", ["https://b.example/list"]),
        ("<https://b.example/one\ntwo/three>", ["https://b.example/onetwo/three"]),
        ("https://b.example/some\u00ad\nthing and", ["https://b.example/something"]),
        ("https://archive.example/web/20310101000000/\nhttps://b.example/c x", ["https://archive.example/web/20310101000000/https://b.example/c"]),
        (f"{HEAD}\r\n-a41774\r\n", [f"{HEAD}-a41774"]),
    ],
)  # fmt: skip
def test_a_broken_line_is_read_as_it_was_meant(text: str, expected: list[str]) -> None:
    """A tail is joined, a figure or the next sentence is not."""
    assert expected == [each.url for each in told(text)]


def test_the_reading_not_taken_is_kept() -> None:
    """Whoever fetches can try the other one: it has its likelihood and its reason."""
    (one,) = told("https://b.example/army-\ndeserters so on")

    assert "https://b.example/army-deserters" == one.url
    assert ["https://b.example/army-", "https://b.example/armydeserters"] == [each.url for each in one.alternatives]
    assert one.confidence < 0.95
    assert all(each.confidence < one.confidence and each.why for each in one.alternatives)


def test_what_the_document_says_elsewhere_decides() -> None:
    """A doubtful tail that another place has whole is joined; its span is of both lines."""
    doubtful = "https://b.example/news/desertion\nstatistics were published"
    (alone,) = told(doubtful)
    text = f"{doubtful}. See https://b.example/news/desertionstatistics, there"
    (both,) = told(text)

    assert "https://b.example/news/desertion" == alone.url
    assert ("https://b.example/news/desertionstatistics", 2) == (both.url, both.occurrences)


def test_a_wrong_rule_would_invent_an_address() -> None:
    """The mutant: a rule that always joins makes `/3372,076` of a figure; the weighing gives it next to no likelihood."""
    likely, why = joins(Break("https://b.example/337", "2,076", " criminal cases"))

    assert likely < 0.01
    assert "the next line begins with a figure" == why


def test_nothing_is_joined_to_a_short_line() -> None:
    """A line that ends long before the others was not broken by the paper's edge."""
    tail = "convict-two-more"
    full, short = (joins(Break("https://b.example/courts", tail, " x", line=line, width=90))[0] for line in (89, 30))

    assert short < 0.1 < full
