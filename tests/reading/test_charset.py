"""Which characters a page's bytes stand for, and that every quote can be counted again from the codec's name."""

import codecs

import pytest

from archive.text import decode_text
from crawler.charset import decide
from crawler.page import Page

RUSSIAN = "<p>Уголовное дело 1-17/2031, судья Вымышленная А.Б.</p>"


@pytest.mark.parametrize(
    ("body", "content_type", "default", "charset", "flags"),
    [
        pytest.param(RUSSIAN.encode(), "text/html; charset=windows-1251", "cp1251", "utf-8", ("charset-mismatch",), id="saved again as UTF-8"),
        pytest.param(RUSSIAN.encode(), None, "cp1251", "utf-8", (), id="UTF-8 that says nothing"),
        pytest.param(codecs.BOM_UTF8 + RUSSIAN.encode(), None, "cp1251", "utf-8-sig", (), id="UTF-8 with a mark"),
        pytest.param(RUSSIAN.encode("cp1251"), "text/html; charset=Windows-1251", "utf-8", "cp1251", (), id="header"),
        pytest.param(RUSSIAN.encode("koi8-r"), 'text/html; charset="koi8-r"', "cp1251", "koi8-r", (), id="header before default"),
        pytest.param(b'<meta charset="koi8-r">' + RUSSIAN.encode("koi8-r"), None, "cp1251", "koi8-r", (), id="meta"),
        pytest.param(
            b"<META content='text/html; charset=windows-1251' http-equiv=Content-Type>" + RUSSIAN.encode("cp1251"),
            "text/html", "utf-8", "cp1251", (), id="meta http-equiv",
        ),
        pytest.param(
            b"<script>" + b"/" * 9000 + b"</script><meta charset=cp866>" + RUSSIAN.encode("cp866"), None, "utf-8", "cp866", (), id="late meta"
        ),
        pytest.param(
            b"<!-- <meta charset=koi8-r> --><meta charset=windows-1251>" + RUSSIAN.encode("cp1251"), None, "utf-8", "cp1251", (), id="meta in a comment"
        ),
        pytest.param(RUSSIAN.encode("cp1251"), None, "cp1251", "cp1251", (), id="a fragment without meta"),
        pytest.param(
            b"<meta charset=windows-1251>" + RUSSIAN.encode("cp1251"), "text/html; charset=utf-8", "utf-8", "cp1251", ("charset-mismatch",),
            id="cp1251 said to be UTF-8",
        ),
        pytest.param(RUSSIAN.encode() * 9 + b"\xd0", "text/html; charset=utf-8", "cp1251", "utf-8", ("charset-damaged",), id="cut inside a letter"),
        pytest.param(codecs.BOM_UTF16_LE + RUSSIAN.encode("utf-16-le"), "text/html", "utf-8", "utf-16", (), id="UTF-16"),
        pytest.param(b"<p>caf\xe9</p>", "text/html; charset=iso-8859-1", "utf-8", "cp1252", (), id="Latin-1 is windows-1252"),
        pytest.param(RUSSIAN.encode("cp1251"), "text/html; charset=x-unheard-of", "cp1251", "cp1251", ("charset-unknown-label",), id="unknown label"),
        pytest.param(RUSSIAN.encode("cp1251"), "text/html; charset=rot13", "cp1251", "cp1251", ("charset-unknown-label",), id="a codec, but no charset"),
        pytest.param(b"+ADw-script+AD4-", "text/html; charset=utf-7", "utf-8", "utf-8", ("charset-unknown-label",), id="UTF-7 is none"),
        pytest.param(b"plain", "text/html; charset=windows-1251", "utf-8", "cp1251", (), id="ASCII is as declared"),
        pytest.param(b"", None, "utf-8", "utf-8", (), id="nothing"),
    ],
)  # fmt: skip
def test_the_order_of_charsets(
    body: bytes, content_type: str | None, default: str, charset: str, flags: tuple[str, ...]
) -> None:
    """UTF-8 by its bytes, then mark, header, meta, default; what the bytes refute is passed over."""
    decoded = decide(body, content_type, default)

    assert (charset, flags) == (decoded.charset, decoded.flags)
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
    assert ("charset-damaged",) == page.flags
