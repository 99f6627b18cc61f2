"""Is this the page? Everything that answers in a page's place is known for what it is, and doubt is never `page`."""

import gzip
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.capture import Outcome
from archive.ledger.observation import Reading
from archive.memento import Memento
from crawler.page import Page
from crawler.source import Source
from crawler.verdict import CHALLENGES, HEADED, HEADINGS, LIMIT, Verdict, verdict

URL = "https://court.example/cards?number=1"


def judge(page: Page) -> tuple[str, str] | None:
    if page.maybe("div.card"):
        return "page", "the card's mark"
    return ("empty", "it says so") if page.has("Ничего не найдено") else None


def read(page: Page) -> Reading:
    return Reading("page", "court/1", page.charset)


COURT = Source("court", "A court", "the court", "court-register", 1, lambda url: True, judge, read)
CARD = b"<title>Court</title><div class=card>Case 1</div>"


def answered(body: bytes, status: int | None = 200, *fields: tuple[str, str], outcome: Outcome = Outcome.CAPTURED) -> Memento:
    return Memento(URL, status, (("Content-Type", "text/html; charset=utf-8"), *fields), body, outcome=outcome)


def test_a_verdict_is_a_word_with_its_reason() -> None:
    """It compares as the word; a word outside the closed list is none."""
    word = verdict(answered(CARD), COURT)

    assert (word, word.reason) == ("page", "the card's mark")
    with pytest.raises(ValueError, match="not a verdict"):
        Verdict("fine")


STATUSES = {
    200: "page", 203: "page", 204: "other-page", 206: "unreadable", 301: "other-page", 304: "page", 400: "wrong-query",
    401: "login", 403: "blocked", 404: "gone", 410: "gone", 418: "blocked", 429: "blocked", 451: "blocked",
    499: "other-page", 500: "outage",
    503: "outage", 521: "outage", None: "page",
}  # fmt: skip


@pytest.mark.parametrize(("status", "word"), STATUSES.items())
def test_the_transport_speaks_first(status: int | None, word: str) -> None:
    """A card that comes with a status of failure is not the card."""
    assert word == verdict(answered(CARD, status), COURT)


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Outcome.TRUNCATED, "unreadable"),
        (Outcome.TIMEOUT, "outage"),
        (Outcome.ROBOTS, "blocked"),
        (Outcome.REDIRECT_LOOP, "other-page"),
    ],
)
def test_half_a_page_is_no_page(outcome: Outcome, word: str) -> None:
    """A body that broke off may hold the marks and lack the rows."""
    assert word == verdict(answered(CARD, outcome=outcome), COURT)


@pytest.mark.parametrize(
    ("word", "memento"),
    [
        ("blocked", answered(CARD, 200, ("cf-mitigated", "challenge"))),
        ("captcha", answered(b"", 403, ("x-amzn-waf-action", "captcha"))),
        ("blocked", answered(b'<title>Just a moment...</title><form id=challenge-form action="/?__cf_chl_jschl_tk__=1">', 503)),
        ("captcha", answered(b'<title>Attention Required!</title><form action="/x?__cf_chl_captcha_tk__=2">', 403)),
        ("captcha", answered(b"<p>Prove it<div class=g-recaptcha></div>", 403)),
        ("blocked", answered(b'<html><script src="/__qrator/qauth_utm_v2.js"></script>', 401)),
        ("blocked", answered(b'<script src="/__qrator/qauth_utm_v2.js"></script><p>Court', 200)),
        ("blocked", answered(b'<title>DDoS-Guard</title><p>Checking your browser before accessing court.example')),
        ("blocked", answered(b'<iframe src="/_Incapsula_Resource?x=1">Incapsula incident ID: 1-2</iframe>')),
        ("captcha", answered("<p>Введите символы с картинки<img src=/captcha.php>".encode())),
        ("login", answered(b"<h1>Members</h1><form><input type=password></form>")),
        ("parked", answered(b"<title>court.example domain is for sale</title>")),
        ("soft-404", answered("<title>Страница не найдена</title><h1>404</h1>".encode())),
        ("soft-404", answered(b"<h1>Page not found</h1>")),
        ("outage", answered(b"<title>502 Bad Gateway</title>")),
        ("outage", answered("<h1>Сайт временно недоступен</h1>".encode())),
        ("outage", answered(b" \r\n ")),
        ("other-page", answered(b"<script>1</script>")),
        ("other-page", answered(b"<h1>Welcome</h1><p>to the court")),
        ("other-page", Memento(URL, 200, (("Content-Type", "application/pdf"),), b"%PDF-1.7 ...")),
        ("other-page", Memento(URL, 200, (), b"%PDF-1.7 ...")),
        ("unreadable", answered(b"not gzip", 200, ("Content-Encoding", "gzip"))),
        ("unreadable", answered(b"x", 200, ("Content-Encoding", "unheard-of"))),
        ("unreadable", answered(CARD + b" " * LIMIT)),
        ("empty", answered("<p>Ничего не найдено".encode())),
        ("page", answered(gzip.compress(CARD), 200, ("Content-Encoding", "gzip"))),
        ("page", answered(CARD + b"<p>404 days of g-recaptcha<input type=password>")),
    ],
)  # fmt: skip
def test_what_comes_in_a_page_s_place(word: str, memento: Memento) -> None:
    """Challenges, captchas, logins, parked domains, soft 404s, outages, files; and a page that merely mentions them."""
    said = verdict(memento, COURT)

    assert (word, True) == (said, bool(said.reason))


def test_a_source_whose_marks_break_does_not_vouch() -> None:
    """Two marks where one should be: a changed page, not a page."""

    def strict(page: Page) -> tuple[str, str]:
        return "page", page.one("div.card").text

    source = Source("strict", "", "", "court-register", 1, lambda url: True, strict, COURT.read)

    assert verdict(answered(CARD + CARD), source) == "other-page"


def test_without_a_source_the_address_finds_one() -> None:
    """An address that nothing matches is never a page."""
    said = verdict(Memento("gopher://court.example/1", 200, (("Content-Type", "text/html"),), CARD))

    assert (said, said.reason) == ("other-page", "no source knows this address")


@pytest.mark.real
def test_saved_challenges_are_none_of_them_a_page(realdata: Path) -> None:
    """Cloudflare's pages of several years."""
    words = {
        file.name: str(verdict(Memento.saved(URL, file.read_bytes()), None))
        for file in realdata.glob("hostile/challenge/*.html")
    }

    assert words.pop("reCaptcha_challenge_12_12_2019.html") == "captcha"
    assert {"blocked"} == set(words.values())


def element(css: str) -> str:
    """A page with the one element that a simple selector (no list) asks for, around others that it does not."""
    inner = ""
    for step in reversed(css.split()):
        found = re.fullmatch(r'([a-z]*)(?:#([\w-]+)|\.([\w-]+)|\[(\w+)\*="([^"]+)"\])', step)
        assert found is not None, step
        tag, name, css_class, attribute, part = found.groups()
        said = f"id={name}" if name else f"class={css_class}" if css_class else f'{attribute}="https://x.example/{part}?a=1"'
        inner = f"<{tag or 'div'} {said}>{inner}</{tag or 'div'}>"
    return f"<title>Court</title><div class=card>Case 1 {inner}</div>"


@pytest.mark.parametrize(("word", "css"), [(word, one) for word, _, css in CHALLENGES for one in css.split(", ")])
def test_each_mark_of_a_guard_is_enough(word: str, css: str) -> None:
    """Whether a guard may be there is told before its selectors are asked: no mark of theirs may be missed by that."""
    assert word == verdict(answered(element(css).encode()), COURT)


@given(st.one_of([st.from_regex(re.compile(each, re.I)) for patterns in HEADINGS.values() for each in patterns]))
def test_no_heading_is_passed_over(text: str) -> None:
    """What an expression finds in a heading holds one of the parts by which headings are told apart at once."""
    assert any(part in text.casefold() for part in HEADED)
