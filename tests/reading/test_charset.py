"""Which characters a page's bytes stand for, and that every quote can be counted again from the codec's name."""

import codecs

import pytest

from archive.text import decode_text
from crawler.charset import decide
from crawler.page import Page

RUSSIAN = "<p>Уголовное дело 1-17/2031, судья Вымышленная А.Б.</p>"


HTML = "text/html; charset="
SIX = RUSSIAN.encode("cp1251")
CASES = {
    "saved again as UTF-8": (RUSSIAN.encode(), HTML + "windows-1251", "cp1251", "utf-8", ["charset-mismatch"]),
    "UTF-8 that says nothing": (RUSSIAN.encode(), None, "cp1251", "utf-8", []),
    "UTF-8 with a mark": (codecs.BOM_UTF8 + RUSSIAN.encode(), None, "cp1251", "utf-8-sig", []),
    "header": (SIX, HTML + "Windows-1251", "utf-8", "cp1251", []),
    "header before default": (RUSSIAN.encode("koi8-r"), HTML + '"koi8-r"', "cp1251", "koi8-r", []),
    "meta": (b'<meta charset="koi8-r">' + RUSSIAN.encode("koi8-r"), None, "cp1251", "koi8-r", []),
    "meta http-equiv": (
        b"<META content='text/html; charset=windows-1251' http-equiv=x>" + SIX, "text/html", "utf-8", "cp1251", [],
    ),
    "meta behind a long script": (
        b"<script>" + b"/" * 9000 + b"</script><meta charset=cp866>" + RUSSIAN.encode("cp866"), None, "utf-8", "cp866", [],
    ),
    "meta in a comment": (b"<!-- <meta charset=koi8-r> --><meta charset=windows-1251>" + SIX, None, "utf-8", "cp1251", []),
    "a fragment without meta": (SIX, None, "cp1251", "cp1251", []),
    "cp1251 said to be UTF-8": (b"<meta charset=windows-1251>" + SIX, HTML + "utf-8", "utf-8", "cp1251", ["charset-mismatch"]),
    "cut inside a letter": (RUSSIAN.encode() * 9 + b"\xd0", HTML + "utf-8", "cp1251", "utf-8", ["charset-damaged"]),
    "UTF-16": (codecs.BOM_UTF16_LE + RUSSIAN.encode("utf-16-le"), "text/html", "utf-8", "utf-16", []),
    "Latin-1 is windows-1252": (b"<p>caf\xe9</p>", HTML + "iso-8859-1", "utf-8", "cp1252", []),
    "unknown label": (SIX, HTML + "x-unheard-of", "cp1251", "cp1251", ["charset-unknown-label"]),
    "a codec, but no charset": (SIX, HTML + "rot13", "cp1251", "cp1251", ["charset-unknown-label"]),
    "UTF-7 is none": (b"+ADw-script+AD4-", HTML + "utf-7", "utf-8", "utf-8", ["charset-unknown-label"]),
    "ASCII is as declared": (b"plain", HTML + "windows-1251", "utf-8", "cp1251", []),
    "nothing": (b"", None, "utf-8", "utf-8", []),
}  # fmt: skip


@pytest.mark.parametrize(("body", "content_type", "default", "charset", "flags"), CASES.values(), ids=CASES.keys())
def test_the_order_of_charsets(body: bytes, content_type: str | None, default: str, charset: str, flags: list[str]) -> None:
    """UTF-8 by its bytes, then mark, header, meta, default; what the bytes refute is passed over."""
    decoded = decide(body, content_type, default)

    assert (charset, flags) == (decoded.charset, list(decoded.flags))
    assert decode_text(body, decoded.charset) == decoded.text
    assert not decoded.text.startswith("\ufeff")


def test_russian_that_nobody_declares_is_guessed() -> None:
    """A windows-1251 page read as if it came from a UTF-8 site."""
    body = ("<p>Суд рассмотрел дело и постановил приговор, который вступил в законную силу.</p>" * 20).encode("cp1251")

    decoded = decide(body, None, "utf-8")

    assert (body.decode("cp1251"), ("charset-guessed",)) == (decoded.text, decoded.flags)


def test_the_undefined_byte_of_windows_1251_is_one_character() -> None:
    """0x98 stands for nothing: it is shown as such, and offsets behind it still count."""
    page = Page.open(b"<p>\xc4\xe5\xeb\xee \x98 17</p>", "https://court.example/", default_charset="cp1251")

    part = page.one("p").whole
    assert part is not None
    assert ("Дело \ufffd 17", page.text[part.start : part.end]) == (part.text, part.quote)
    assert page.flags == ("charset-damaged",)
