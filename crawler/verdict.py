"""Is this the page, or a captcha, a block, an outage, an empty answer?

Asked in this order: what the transport says, the marks of guards that stand before a site, the source's own marks,
and marks that say what a strange page may be. What nothing vouches for is `other-page`, never `page`: a challenge
taken for a register would empty it. The words are archive.ledger.words.VERDICTS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archive.capture import Outcome
from archive.errors import BadCoding
from archive.ledger.words import VERDICTS
from archive.memento import Memento
from crawler import sites
from crawler.errors import Unreadable
from crawler.page import Page
from crawler.source import Source

LIMIT = 8 * 1024 * 1024  # octets of one page, decoded (reliability 4.2); a larger one is not parsed
SHORT = 1500  # characters of text: a guard's own page says little, an article about guards says more
# RFC 9110, 15 and RFC 6585; what is not named here is judged by its first digit.
STATUSES = {
    204: "other-page", 205: "other-page", 206: "unreadable", 304: "unreadable", 400: "wrong-query", 401: "login", 402: "login",
    403: "blocked", 404: "gone", 407: "login", 408: "outage", 410: "gone", 414: "wrong-query", 418: "blocked", 425: "outage",
    429: "blocked", 451: "blocked", 511: "login",
}  # fmt: skip
BY_DIGIT = {1: "unreadable", 3: "other-page", 4: "other-page", 5: "outage"}
FAILED = {
    Outcome.TRUNCATED: "unreadable", Outcome.TOO_LARGE: "unreadable", Outcome.TOO_SLOW: "unreadable",
    Outcome.BAD_HTTP: "unreadable", Outcome.ROBOTS: "blocked", Outcome.GUARDED: "blocked", Outcome.REDIRECT_LOOP: "other-page",
}  # fmt: skip
READABLE = ("text/html", "application/xhtml+xml", "application/xml", "text/xml", "text/plain")

# Elements that only a guard's own page has.
CHALLENGES = (
    ("captcha", "Cloudflare asks for a captcha", 'form[action*="__cf_chl_captcha_tk__"], form#challenge-form .g-recaptcha'),
    ("blocked", "Cloudflare tries the browser", 'form[action*="__cf_chl_"], #cf-challenge-running, #challenge-error-text'),
    ("blocked", "DDoS-Guard tries the browser", 'script[src*="/.well-known/ddos-guard/js-challenge"], #ddg-l10n-title'),
    ("captcha", "DDoS-Guard asks for a captcha", "#ddg-captcha"),
    ("blocked", "Qrator tries the browser", 'script[src*="/__qrator/"], iframe[src*="/__qrator/"]'),
    ("captcha", "a captcha service of Yandex", 'form[action*="/checkcaptcha"], form[action*="/showcaptcha"]'),
    ("captcha", "DataDome asks for a captcha", 'script[src*="captcha-delivery.com"], iframe[src*="captcha-delivery.com"]'),
)  # fmt: skip
# What their addresses hold. Their ids are among `Page.marks`.
_ADDRESSED = tuple({mark for _, _, css in CHALLENGES for mark in re.findall(r'\*="([^"]+)"', css)})
# Elements that ordinary pages have too: they decide only where there is little else to read.
SMALL_MARKS = (
    ("blocked", "Incapsula tries the browser", 'iframe[src*="_Incapsula_Resource"], script[src*="_Incapsula_Resource"]'),
    ("blocked", "Cloudflare tries the browser", 'script[src*="/cdn-cgi/challenge-platform/"], script[src*="/cdn-cgi/bm/"]'),
    (
        "blocked",
        "StormWall or Variti tries the browser",
        'script[src*="/__js_p_"], script[src*="/_varity"], script[src*="/TSPD/"]',
    ),
    ("captcha", "a captcha stands here", ".g-recaptcha, .h-captcha, .cf-turnstile, .smart-captcha, #px-captcha"),
    ("captcha", "a captcha stands here", 'iframe[src*="recaptcha/api"], iframe[src*="hcaptcha.com"], img[src*="captcha"]'),
    ("captcha", "a captcha stands here", 'input[name*="captcha"], form[action*="captcha"]'),
    ("login", "a password is asked for", 'input[type="password"]'),
    (
        "parked",
        "a seller of domains speaks",
        'script[src*="sedoparking"], script[src*="parkingcrew"], script[src*="bodis.com"]',
    ),
)
# What the title or a main heading says: regular expressions.
HEADINGS = {
    "blocked": (
        "^just a moment", "^attention required", "^ddos-guard", "access denied", r"^403\b", "request (?:blocked|rejected)",
        "pardon our interruption", "you have been blocked", "checking your browser", "проверка браузера", "запрос заблокирован",
        "доступ (?:ограничен|запрещ[её]н|заблокирован)", "доступ обмежено",
    ),
    "outage": (
        r"^50[0-9]\b", "bad gateway", "service (?:temporarily )?unavailable", "gateway time-?out", "internal server error",
        "under maintenance", "технические работы", "технічні роботи", "сайт временно недоступен", "сайт тимчасово недоступний",
    ),
    "soft-404": (
        r"^(?:(?:error|ошибка|помилка)\s*)?404\s*(?:$|[-–—|:.!·]|not|error|ошибка|помилка|страниц|сторінк|page|найден)",
        "^(?:page |file |document )?not found", "страница не найдена", "сторінку не знайдено", "нет такой страницы",
        r"запрашиваем\w+ страниц\w+ не", r"page (?:you \w+ )?(?:can ?not|could not|was not) be found", "page doesn.t exist",
    ),
    "parked": (
        "domain (?:name )?(?:is|may be) for sale", "this domain is parked", "домен (?:прода[её]тся|припаркован)",
        "buy this domain",
    ),
}  # fmt: skip
# What a short page says.
SAYINGS = {
    "captcha": (
        "verify you are human", "complete the captcha", "введите символы с картинки", "подтвердите, что вы не робот",
        "докажите, что вы не робот",
    ),
    "blocked": (
        "checking your browser", "enable javascript and cookies to continue", "incapsula incident id",
        "проверка вашего браузера", "ваш запрос заблокирован", "этот запрос заблокирован",
        "you don't have permission to access", "заблокирован по решению",
    ),
    "outage": (
        "temporarily unavailable", "временно недоступ", "тимчасово недоступ", "ведутся технические работы",
        "error establishing a database connection",
    ),
    "parked": ("the domain has expired", "domain is for sale", "домен продается", "домен продаётся"),
}  # fmt: skip
_HEADINGS = {word: re.compile("|".join(patterns), re.I) for word, patterns in HEADINGS.items()}
# A heading in which none of these stands fits none of those, and is told so forty times as fast; a test holds the two together.
HEADED = (
    "moment", "attention", "guard", "denied", "40", "request", "pardon", "blocked", "checking", "проверка", "запрос", "доступ",
    "50", "gateway", "unavailable", "server", "maintenance", "технич", "технічн", "сайт", "found", "страниц", "сторінк",
    "exist", "domain", "домен",
)  # fmt: skip


class Verdict(str):
    """One of words.VERDICTS, and why."""

    reason: str

    def __new__(cls, word: str, reason: str = "") -> Verdict:
        if word not in VERDICTS:
            raise ValueError(f"not a verdict: {word!r}")
        self = super().__new__(cls, word)
        self.reason = reason
        return self


def verdict(memento: Memento, source: Source | None = None) -> Verdict:
    """What came. source: whose page it should be; found by the address where it is not given."""
    return judged(memento, source or sites.source_for(memento.url))[0]


def judged(memento: Memento, source: Source | None) -> tuple[Verdict, Page | None]:
    """The verdict, and the page where one was opened."""
    said = _transport(memento)
    try:
        body = memento.body
    except BadCoding as exc:
        return said or Verdict("unreadable", str(exc)), None
    if said is None and (odd := _no_html(memento, body)):
        return odd, None
    if len(body) > LIMIT:
        return said or Verdict("unreadable", f"{len(body)} octets; at most {LIMIT} are parsed"), None
    page = Page.open(
        body,
        memento.url,
        content_type=memento.content_type,
        default_charset=source.charset if source else "utf-8",
        sparse=source is None or source.last_resort,
    )
    guard = next(_guards(memento, page), None)
    if said in ("blocked", "outage", "login"):  # guards answer 401, 403, 429 and 503: the page says what is wanted
        guard = guard or next((word for word in _general(page) if word in ("captcha", "blocked")), None)
    elif said:
        return said, page
    if decided := guard or said:
        return decided, page
    # A source's own marks are stronger than general ones, but for its doubt: a captcha at a court's address is a captcha
    # and no unknown page. The reader of any article has no marks of its own.
    own = next(_own(page, source), None) if source and not source.last_resort else None
    if own and own != "other-page":
        return own, page
    if general := next(_general(page), None):
        return (own if own and general == "other-page" else general), page
    if own is None and source is not None and source.last_resort:
        own = next(_own(page, source), None)
    if own:
        return own, page
    return Verdict(
        "other-page", f"the marks of {source.name} are not there" if source else "no source knows this address"
    ), page


def _own(page: Page, source: Source) -> Iterator[Verdict]:
    try:
        own = source.judge(page)
    except Unreadable as exc:
        own = ("other-page", str(exc))
    if own:
        yield Verdict(*own)


def _transport(memento: Memento) -> Verdict | None:
    """What the exchange decides by itself."""
    if not memento.outcome.whole:
        return Verdict(FAILED.get(memento.outcome, "outage"), f"the exchange ended as {memento.outcome}")
    status = memento.status
    if status is None or status in (200, 203) or (status == 304 and memento.entity):
        return None  # a 304 with a body stands for the page it confirms
    return Verdict(STATUSES.get(status, BY_DIGIT.get(status // 100, "other-page")), f"status {status}")


def _no_html(memento: Memento, body: bytes) -> Verdict | None:
    if not body.strip():
        return Verdict("outage", "the body is empty")
    if memento.mime and memento.mime not in READABLE:
        return Verdict("other-page", f"not a page but {memento.mime}")
    if body.startswith((b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8")):
        return Verdict("other-page", "not a page but a file")
    return None


def _guards(memento: Memento, page: Page) -> Iterator[Verdict]:
    """Marks of a guard that stands before the site: no page of the site has them."""
    if (memento.header("cf-mitigated") or "").lower() == "challenge":
        yield Verdict("blocked", "cf-mitigated: challenge")
    if memento.header("x-sucuri-block"):
        yield Verdict("blocked", "x-sucuri-block")
    if (waf := (memento.header("x-amzn-waf-action") or "").lower()) in ("captcha", "challenge"):
        yield Verdict("captcha" if waf == "captcha" else "blocked", f"x-amzn-waf-action: {waf}")
    if _suspect(page):
        for word, reason, css in CHALLENGES:
            if page.all(css):
                yield Verdict(word, reason)
    if "window._cf_chl_opt" in page.text and not page.shows(SHORT):
        yield Verdict("blocked", "Cloudflare tries the browser")


def _suspect(page: Page) -> bool:
    """Some element may be a guard's: whether it is one is asked of the selectors, which need a pass of the tree each."""
    if page.marks["guarded"]:
        return True
    for tag, name in (("form", "action"), ("script", "src"), ("iframe", "src")):
        for node in page.marks[tag]:
            address = (node.attr(name) or "").lower()
            if address and any(mark in address for mark in _ADDRESSED):
                return True
    return False


def _general(page: Page) -> Iterator[Verdict]:
    """What a page is that the source does not vouch for."""
    for heading in (*page.marks["title"], *page.marks["h1"]):
        text = heading.text
        folded = text.casefold()
        for word, pattern in _HEADINGS.items() if any(part in folded for part in HEADED) else ():
            if pattern.search(text):
                yield Verdict(word, f"its heading says {text[:80]!r}")
    if not page.shows(SHORT):
        for word, reason, css in SMALL_MARKS:
            if page.all(css):
                yield Verdict(word, reason)
        for word, sayings in SAYINGS.items():
            for saying in filter(page.has, sayings):
                yield Verdict(word, f"it says {saying!r}")
        if not page.shows(1):
            yield Verdict("other-page", "there is nothing to read")
