"""Is this the listing, hearing list or card that was asked for, or one of the many other things a court sends with 200?

A page counts as one only where its own marks stand: counter and table, date and table, case number and table.
"""

from __future__ import annotations

import re

from crawler.errors import Unreadable
from crawler.page import Page
from crawler.sites.sudrf import addresses
from crawler.sites.sudrf.addresses import Address

COUNTER = re.compile(
    r"Всего по запросу найдено\s*[—–-]\s*(?P<total>\d+)\s*\.\s*На странице записи с\s*(?P<first>\d+)\s*по\s*(?P<last>\d+)"
)
HEARINGS = re.compile(r"Список дел, назначенных к слушанию на\s*(?P<day>\d{2}\.\d{2}\.\d{4})")
_NO_HEARINGS = re.compile(r"на\s*\d{2}\.\d{2}\.\d{4}\s*дел не назначено", re.IGNORECASE)

_NOTHING = "Данных по запросу не обнаружено"
# Signs in the text a reader sees, with what they mean; the first that is there decides.
_SIGNS = (
    ("запрос заблокирован по соображениям безопасности", "blocked", "the platform's filter by address or country (G)"),
    ("Данный запрос некорректен", "blocked", "the platform's filter by client (B)"),
    ("Неверно указан проверочный код", "captcha", "the query needs a captcha's code"),
    ("Время жизни сессии закончилось", "captcha", "the captcha's session is over"),
    ("НЕВЕРНЫЙ ФОРМАТ ЗАПРОСА", "wrong-query", "the VNKOD template refuses the parameters"),
    ("Информация временно недоступна", "outage", "throttled, or the court's module is down"),
    ("сайт временно недоступен", "outage", "the site is down"),
    ("Данный модуль неактивен", "outage", "the court's module is off"),
    ("Указанный сервер СДП не найден", "outage", "the court's source server is gone"),
    ("pg_connect()", "outage", "the court's database is down"),
    ("ERROR LEVEL 2", "outage", "the court's module is broken"),
    ("производится информационное наполнение сайта", "outage", "the site is being filled"),
    ("Возможно, она была удалена или перемещена", "gone", "the page was removed or moved"),
)
# Pages of these operations look like the ones we read, and are others.
_OTHERS = {
    "doc": "the text of an act: not read yet",
    "r_juid": "the registrations under one judicial UID: not read yet",
    "cat": "a dictionary of the search form",
}
_VNKOD = "#search_results, #resultTable, table.law-case-table, div.lawcase-count, div.case-num"


def judge(page: Page) -> tuple[str, str] | None:
    """The verdict by the sites' own marks, with its reason. `empty` only where the query's form was right."""
    address = addresses.parse(page.url)
    if address.op not in _OTHERS and page.all("div.casenumber"):
        return _card(page, address)
    if address.op not in _OTHERS and page.all("table#tablcont") and not page.all(_VNKOD):
        if _counted(page):
            return _listing(page, address)
        if _heading(page, HEARINGS):
            return _hearings(page, address)
    for sign, word, reason in _SIGNS:
        if page.has(sign):
            return word, reason
    if page.has(_NOTHING):
        return _nothing(address)
    if address.op == "hearings" and _heading(page, _NO_HEARINGS):
        return "empty", "no case is set for that day"
    if page.all("input[name=captcha]"):
        return "captcha", "the search form asks for a captcha's code"
    if address.op in _OTHERS:
        return "other-page", _OTHERS[address.op]
    if page.all(_VNKOD):
        return "other-page", "the VNKOD template: known, and not read yet"
    if _counted(page):
        return "unreadable", "a counter without its table of rows"
    if page.all("form#calform"):
        if address.op == "r":
            return "wrong-query", "the search form came back in place of a listing"
        return "other-page", "a search form"
    return "other-page", "none of the marks of a listing, a hearing list or a card"


def _nothing(address: Address) -> tuple[str, str]:
    """An honest zero and a bad request look alike: only what was asked tells them apart."""
    if address.op == "case":
        return "soft-404", "no such card"
    if address.op == "r" and address.wrong:
        return "wrong-query", address.wrong
    return "empty", "nothing found for a query of the right form"


def kind(page: Page) -> str:
    """`card`, `listing`, `hearings` or `empty`; raises Unreadable where the marks of none are there."""
    if page.all("div.casenumber"):
        return "card"
    if page.all("table#tablcont"):
        if _counted(page):
            return "listing"
        if _heading(page, HEARINGS):
            return "hearings"
    if page.has(_NOTHING) or _heading(page, _NO_HEARINGS):
        return "empty"
    raise Unreadable(f"{page.url}: none of the marks of a listing, a hearing list or a card")


_NOT_MARKUP = re.compile(r"<script\b.*?</script\s*>|<!--.*?-->", re.DOTALL)


def whole(page: Page) -> None:
    """Raises Unreadable where the page breaks off: a page cut in half says only half, and half a word.

    It ends with `</html>`, or, as a fragment, with every `div` closed; and its last table is closed.
    """
    source = _NOT_MARKUP.sub("", page.text.lower()).rstrip()
    if source.rfind("</table") < source.rfind("<table"):
        raise Unreadable(f"{page.url}: the page ends inside a table")
    if not source.endswith("</html>") and len(re.findall(r"<div\b", source)) > len(re.findall(r"</div\b", source)):
        raise Unreadable(f"{page.url}: the page ends inside a div")


def _counted(page: Page) -> bool:
    return _heading(page, COUNTER)


def _heading(page: Page, mark: re.Pattern[str]) -> bool:
    return any(mark.search(node.text) for node in page.all("#content, .title, td, #HH, #error"))


def _card(page: Page, address: Address) -> tuple[str, str]:
    if not page.all("table#tablcont"):
        return "unreadable", "a case number without a table"
    return _same_register(page, address)


def _listing(page: Page, address: Address) -> tuple[str, str]:
    if address.utf8:
        return "wrong-query", "Cyrillic values in UTF-8, not in windows-1251"
    return _same_register(page, address)


def _hearings(page: Page, address: Address) -> tuple[str, str]:
    shown = next(m["day"] for node in page.all("#content, .title, #HH") if (m := HEARINGS.search(node.text)))
    if address.day is not None and address.day != shown:
        return "wrong-query", f"the list of {shown} came for {address.day}"
    return "page", "a hearing list"


def _same_register(page: Page, address: Address) -> tuple[str, str]:
    """The heading and the address must name one register: a wrong `new` or a short delo_id is accepted silently."""
    title = next((register for node in page.all("div.title") if (register := addresses.titled(node.text)) is not None), None)
    # Materials are kept in the registers of the cases they belong to, under either heading.
    if title is not None and title != address.register and not {"material", "other"} & {title, address.register}:
        return "wrong-query", f"asked for {address.register}, and the heading says {title}"
    return "page", title or address.register
