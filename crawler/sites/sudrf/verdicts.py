"""Is this the listing, hearing list, card or act that was asked for, or one of the many other things a court sends with 200?

A page counts as one only where its own marks stand, in either template: counter and table, date and table, case number and
table, an act's title and text.
"""

from __future__ import annotations

import re

from crawler.errors import Unreadable
from crawler.page import Page
from crawler.sites.sudrf import act, addresses, court, template
from crawler.sites.sudrf.addresses import Address

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
# What an operation is answered with; any other page under its address is not believed.
_ANSWERS = {"case": "card", "r": "listing", "r_juid": "listing", "hearings": "hearings", "doc": "act", "cat": "dictionary"}


def judge(page: Page) -> tuple[str, str] | None:
    """The verdict by the sites' own marks, with its reason. `empty` only where the query's form was right."""
    address = addresses.parse(page.url)
    what = _marks(page)
    if what and (sender := court.another(page, address)) is not None:
        return "other-page", f"the page of another court: its site counts visitors for {sender}"
    if what and _ANSWERS.get(address.op, what) != what:
        return "other-page", f"asked for {address.op}, and what came looks like: {what}"
    match what:
        case "card":
            return _card(page, address)
        case "listing":
            return _listing(page, address)
        case "hearings":
            return _hearings(page, address)
        case "act":
            return "page", "the text of an act"
    for sign, word, reason in _SIGNS:
        if page.has(sign):
            return word, reason
    if page.has(act.EMPTY):
        return "soft-404", "no act of that number"
    if page.has(_NOTHING):
        return _nothing(address)
    if address.op == "hearings" and _heading(page, _NO_HEARINGS):
        return "empty", "no case is set for that day"
    if page.all("input[name=captcha]"):
        return "captcha", "the search form asks for a captcha's code"
    if (counter := template.counter(page)) is not None:
        if counter.total == 0:
            return _nothing(address)
        return "unreadable", "a counter without its table of rows"
    if page.all("form#calform"):
        if address.op == "r":
            return "wrong-query", "the search form came back in place of a listing"
        return "other-page", "a search form"
    return "other-page", "none of the marks of a listing, a hearing list, a card or an act"


def _nothing(address: Address) -> tuple[str, str]:
    """An honest zero and a bad request look alike: only what was asked tells them apart."""
    if address.op == "case":
        return "soft-404", "no such card"
    if address.op == "r" and address.wrong:
        return "wrong-query", address.wrong
    return "empty", "nothing found for a query of the right form"


def kind(page: Page) -> str:
    """`card`, `listing`, `hearings`, `act` or `empty`; raises Unreadable where the marks of none are there."""
    what = _marks(page)
    if what is not None:
        return what
    counter = template.counter(page)
    if page.has(_NOTHING) or _heading(page, _NO_HEARINGS) or (counter is not None and counter.total == 0):
        return "empty"
    raise Unreadable(f"{page.url}: none of the marks of a listing, a hearing list, a card or an act")


def _marks(page: Page) -> str | None:
    """What the page looks like by its own marks, whatever was asked."""
    if template.card_number(page) is not None:
        return "card"
    if page.all(template.LISTS) and template.header_and_lines(page) is not None:
        if (counter := template.counter(page)) is not None:
            return "listing" if counter.total else None
        if template.of_one_uid(page):
            return "listing"
        if template.shown_day(page) is not None:
            return "hearings"
    return "act" if act.is_act(page) else None


_NOT_MARKUP = re.compile(r"<script\b.*?</script\s*>|<!--.*?-->", re.DOTALL)


def whole(page: Page) -> None:
    """Raises Unreadable where the page breaks off: a page cut in half says only half, and half a word.

    Every `html` that begins ends (the text of an act has one of its own), or, in a fragment, every `div`; and the last table
    is closed.
    """
    source = _NOT_MARKUP.sub("", page.text.lower()).rstrip()
    if source.rfind("</table") < source.rfind("<table"):
        raise Unreadable(f"{page.url}: the page ends inside a table")
    inside = [tag for tag in ("html", "div") if len(re.findall(rf"<{tag}\b", source)) > len(re.findall(rf"</{tag}\b", source))]
    # Behind the end of an act's own html the page goes on; sites leave a div open here and there.
    if len(inside) > source.endswith("</html>"):
        raise Unreadable(f"{page.url}: the page ends inside {inside}")


def _heading(page: Page, mark: re.Pattern[str]) -> bool:
    return any(mark.search(node.text) for node in page.all("#content, .title, td, #HH, #error, #search_results"))


def _card(page: Page, address: Address) -> tuple[str, str]:
    if next(template.sections(page), None) is None:
        return "unreadable", "a case number without a table"
    return _same_register(page, address)


def _listing(page: Page, address: Address) -> tuple[str, str]:
    if address.utf8:
        return "wrong-query", "Cyrillic values in UTF-8, not in windows-1251"
    return _same_register(page, address)


def _hearings(page: Page, address: Address) -> tuple[str, str]:
    shown = template.shown_day(page)
    if address.day is not None and address.day != shown:
        return "wrong-query", f"the list of {shown} came for {address.day}"
    return "page", "a hearing list"


def _same_register(page: Page, address: Address) -> tuple[str, str]:
    """The heading and the address must name one register: a wrong `new` or a short delo_id is accepted silently."""
    title = next((register for node in template.headings(page) if (register := addresses.titled(node.text)) is not None), None)
    # Materials are kept in the registers of the cases they belong to, under either heading.
    if title is not None and title != address.register and not {"material", "other"} & {title, address.register}:
        return "wrong-query", f"asked for {address.register}, and the heading says {title}"
    return "page", title or address.register
