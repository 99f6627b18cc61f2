"""Where a data story's figures lie, and which copies public archives hold: read out of what they answer, and bounded."""

from __future__ import annotations

from datetime import UTC, date, datetime
from html import escape

from crawler.copies import AcceptDatetime, cdx, copy_of, nearest, timegate
from crawler.figures import MOST, carriers, data_files

PAGE = "https://zona.media/article/2031/07/18/tally"
BUNDLE = "https://s3.zona.media/infographics/tally/main.0a1b2c3d4e5f.js.gz"


def test_the_bundle_in_an_escaped_widget() -> None:
    """The page holds it as text in an attribute; plain scripts of the site itself are none of it."""
    widget = escape(f'<script src="{BUNDLE}"></script><link rel="stylesheet" href="/a.css">')
    source = f'<script src="/js/menu.js"></script><div data-html="{widget}"></div><script>fetch("/data/rows.json")</script>'

    assert [BUNDLE, "https://zona.media/data/rows.json"] == carriers(source, PAGE)
    assert ["https://s3.zona.media/projects/x/app-deadbeef99.js"] == carriers(
        '<script defer src="//s3.zona.media/projects/x/app-deadbeef99.js"></script>', PAGE
    )
    assert [] == carriers('<script src="/js/menu.js"></script><p>cases.json is a file</p>', PAGE)


def test_the_files_that_a_bundle_names() -> None:
    """Beside the bundle, or by their full address; not each word in quotes."""
    script = 'a("data/cases.json.gz"),b("https://s3.zona.media/x/rows.csv?v=2"),c("package.json"),d("a.b.c")'

    assert [
        "https://s3.zona.media/infographics/tally/data/cases.json.gz",
        "https://s3.zona.media/x/rows.csv?v=2",
    ] == data_files(script, BUNDLE)


def test_a_page_that_names_a_thousand_files() -> None:
    """No more than a few are fetched."""
    source = "".join(f'<div data-html="{escape(f"<script src=/w/{i}.js></script>")}"></div>' for i in range(1000))

    assert MOST == len(carriers(source, PAGE))


def test_a_timegate_is_asked_for_a_time() -> None:
    """RFC 7089: the field, and what the answer says of itself."""
    url, final = "https://news.example/a?b=1", "https://web.archive.org/web/20310719080000/https://news.example/a?b=1"
    fields = AcceptDatetime(at=datetime(2031, 7, 20, 12, tzinfo=UTC)).fields()

    assert [(b"Accept-Datetime", b"Sun, 20 Jul 2031 12:00:00 GMT")] == fields
    assert f"https://web.archive.org/web/{url}" == timegate(url)
    said = copy_of(url, final, [("Memento-Datetime", "Sat, 19 Jul 2031 08:00:00 GMT")])
    by_address = copy_of(url, final, [])
    assert said is not None and by_address is not None
    assert datetime(2031, 7, 19, 8, tzinfo=UTC) == said.at == by_address.at
    assert copy_of(url, url, [("Memento-Datetime", "yesterday")]) is None


def test_the_nearest_of_a_list() -> None:
    """Before or after, whichever is nearer; without a day the latest; broken answers have none."""
    rows = b'[["timestamp","original"],["20310101000000","http://news.example/a"],["20310801000000","http://news.example/a"],["x","y"]]'

    assert "https://web.archive.org/web/20310801000000id_/http://news.example/a" == nearest(rows, date(2031, 7, 20))
    assert "https://web.archive.org/web/20310101000000id_/http://news.example/a" == nearest(rows, date(2031, 2, 1))
    assert "20310801" in str(nearest(rows, None))
    for broken in (
        b"",
        b"[]",
        b"{}",
        b"null",
        b"[[1]]",
        b'[["timestamp","original"]]',
        b'[["timestamp","original"],[1,2]]',
        b"<html>",
    ):
        assert nearest(broken, None) is None
    assert "url=https%3A%2F%2Fnews.example%2Fa%3Fb%3D1&" in cdx("https://news.example/a?b=1", None)
