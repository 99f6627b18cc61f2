"""The day of a page that states none: where it is shown, in marks or in addresses, and never where it is not."""

from __future__ import annotations

import pytest

from tests.reading.test_article import PAGE, reading, values

URL = "https://news.example/article/seventeen"
BARE = PAGE.replace("2031-05-06T09:30:00+03:00", "").replace("article:modified_time", "x:y").replace("2031/05/0", "x/")


@pytest.mark.parametrize(
    "shown",
    [
        "<p class=line>Veröffentlicht am 6. Mai 2019 von der Redaktion des Blattes</p>",
        "<p class=line>Published on Monday, May 6, 2019 by the desk of this paper in Vymyshlensk, with additions</p>",
        '<div data-date="2019-05-06"></div>',
        '<a href="/archive/2019/05/06/">Архив</a>',
    ],
)
def test_a_day_is_quoted_where_the_page_has_it(shown: str) -> None:
    """In any language's words, in an attribute, in an address: derived, and quoted there."""
    page = BARE.replace("<h1>", f"{shown}<h1>")

    said = reading(page, URL)

    [published] = [each for each in said.observations if each.property == "published"]
    assert (published.value, published.derived) == ("2019-05-06", True)
    assert published.quote in shown and page[published.start : published.end] == published.quote


def test_a_day_that_stands_nowhere_is_none() -> None:
    """No date is taken from the clock."""
    assert values(reading(BARE, URL), "published") == []
