"""The site around a court's register: head, menus, the module's scripts, footer. Ours in wording, theirs in build.

The build keeps what a parser trips over on the real sites: attributes without quotes, tags in capitals, scripts that
write markup, the same id twice, one more set of links after the content.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from html import escape

from crawler.demo.docket import Court
from crawler.demo.markup import fill

MENU = (
    ("info_court", "О суде", "Состав, режим работы, территория"),
    ("docum_sud", "Документы суда", "Приказы, обзоры, образцы"),
    ("sud_delo", "Судебное делопроизводство", "Карточки дел и списки назначенных дел"),
    ("terr", "Территориальная подсудность", "Какие части и гарнизоны относятся к суду"),
    ("press_dep", "Пресс-служба", "Новости суда"),
    ("govduty", "Калькулятор госпошлины", "Расчёт пошлины и квитанция"),
    ("gbook", "Обращения граждан", "Подача обращения"),
    ("gbook_procedural", "Внепроцессуальные обращения", "Сведения о внепроцессуальных обращениях"),
    ("vacance", "Вакансии", "Свободные должности"),
    ("anticorruption", "Противодействие коррупции", "Сведения о доходах"),
    ("sud", "Суды субъекта РФ", "Список судов региона"),
    ("usd", "Судебный департамент", "Управление по региону"),
)


@cache
def _menu(side: str, wide: str) -> str:
    items = (
        fill("menu_item", module=module, label=label.upper(), hint=hint, side=side, wide=wide) for module, label, hint in MENU
    )
    return "".join(items)


def encoded(html: str) -> bytes:
    """A court's page as it goes out: windows-1251, lines ending as their servers end them."""
    return html.replace("\n", "\r\n").encode("cp1251")


_GAP = "\0"  # where the inner part will stand; no page has one


def site(court: Court, inner: str) -> bytes:
    """A whole page of a court's site around what one of its modules prints."""
    before, after = _site(court.title, court.code)
    return b"".join((before, encoded(inner), after))


@cache
def _site(title: str, code: str) -> list[bytes]:
    """What stands before and after the inner part of every page of a court."""
    left, right = _menu("right", ""), _menu("bottom", " menu__item_wide")
    return encoded(fill("site", title=escape(title), code=code, left=left, right=right, inner=_GAP)).split(_GAP.encode())


def module(content: str, today: date) -> str:
    """What the register's module prints around its content: the hearing form before it, its scripts after it."""
    return content.join(_module(today))


@cache
def _module(today: date) -> list[str]:
    return fill("module", content=_GAP, day=f"{today:%d.%m.%Y}").split(_GAP)


def fragment(content: str) -> bytes:
    """A page asked for with `nc=1`: the content alone, no head, no meta."""
    return encoded(f"<div class='box box_common m-all_m'>{content}</div>")
