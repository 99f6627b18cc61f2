"""A page's text asks no browser to connect, in whatever charset it hides that; what it says stays."""

from __future__ import annotations

import random
from html.parser import HTMLParser

import pytest

from archive.inert import decoded, inert


class Tags(HTMLParser):
    """The names of the start tags that a parser finds, in comments and raw text too."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.CDATA_CONTENT_ELEMENTS = ()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.append(tag)


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("<p>plain</p>", "<p>plain</p>"),
        ("<a href=x>Дело</a>", "<x-a href=x>Дело</x-a>"),
        ("<A\nHREF=x>y</A >", "<x-A\nHREF=x>y</x-A >"),
        ('<link rel="preconnect" href=x>', '<wbr rel="preconnect" href=x>'),
        ("<LINK/rel=preconnect>", "<wbr/rel=preconnect>"),
        ("<map><area href=x></map>", "<map><wbr href=x></map>"),
        ("<iframe srcdoc='<b>'></iframe>", "<x-iframe srcdoc='<b>'></x-iframe>"),
        ("<abbr>a</abbr><address>b</address><b>a < b</b>", "<abbr>a</abbr><address>b</address><b>a < b</b>"),
        ("<noscript><a href=x>y</a></noscript>", "<noscript><x-a href=x>y</x-a></noscript>"),
    ],
)
def test_what_can_ask_gets_a_name_that_means_nothing(page: str, shown: str) -> None:
    """And its text is still there; names that only begin so are left alone."""
    assert shown == inert(page.encode(), "text/html").decode()


@pytest.mark.parametrize(
    ("octets", "media", "text"),
    [
        ("Дело".encode("cp1251"), "text/html; charset=windows-1251", "Дело"),
        ("Дело".encode(), "text/html; charset=windows-1251", "Дело"),  # UTF-8 is UTF-8 whatever is said
        ("Дело".encode("koi8-r"), 'text/html; charset="KOI8-R"', "Дело"),
        (b"<meta charset=koi8-r>" + "Дело".encode("koi8-r"), "text/html", "<meta charset=koi8-r>Дело"),
        (b"<meta charset=no-such>" + "Дело".encode("cp1251"), "text/html; charset=hex", "<meta charset=no-such>Дело"),
        ("Дело".encode("utf-16"), "text/html; charset=windows-1251", "Дело"),
        (b"\xef\xbb\xbf<p>", None, "<p>"),
        (b"", None, ""),
    ],
)
def test_the_charset_of_a_page(octets: bytes, media: str | None, text: str) -> None:
    """Mark, UTF-8, head, page, preset; a name that no codec of text has is passed over."""
    assert text == decoded(octets, media)


HIDDEN = (
    ("<\x1b(Blink rel=preconnect>".encode("ascii"), "text/html; charset=iso-2022-jp"),
    ('<link rel=preconnect href="http://live.example">'.encode("utf-16"), "text/html"),
    (b"\xff\xfe" + "<a href=x>".encode("utf-16-le"), "text/html; charset=utf-8"),
    (b"\x98<a\x0chref=x>\xff", "text/html; charset=windows-1251"),
)


@pytest.mark.parametrize(("octets", "media"), HIDDEN)
def test_no_charset_hides_a_tag(octets: bytes, media: str) -> None:
    """What is looked at is the text that a browser will see, and it is sent in the one charset that was looked at."""
    assert not {"a", "link", "area", "iframe"} & set(Tags(inert(octets, media).decode()).found)


def test_no_random_page_asks() -> None:
    """Pieces of tags, quotes and octets in any order and charset: another parser than ours finds none of the four."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    pieces = (b"<a ", b"<link", b"<IFRAME\r", b"<area/", b">", b">", b"<", b"</", b"a", b"A", b"link", b"LiNk", b"iframe", b"area", b" ", b"\t", b"/", b">", b"'", b'"', b"=", b"href",
              b"\0", b"\x1b(B", b"\xd0\xb4", b"\xff", b"<!--", b"-->", b"<p>", b"&lt;", b"\r\n", b"!")  # fmt: skip
    plain = 0
    for _ in range(20_000):
        octets = b"".join(chance.choices(pieces, k=chance.randrange(20)))
        media = chance.choice((None, "text/html; charset=iso-2022-jp", "text/html; charset=utf-8", "text/html; charset=big5"))
        found = {"a", "link", "area", "iframe"}
        assert not found & set(Tags(inert(octets, media).decode()).found), octets
        plain += bool(found & set(Tags(decoded(octets, media)).found))
    assert plain > 500  # many would have asked
