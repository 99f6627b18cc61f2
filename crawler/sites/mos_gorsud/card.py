"""A card of mos-gorsud.ru: pairs of label and value, and the tables of its tabs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urljoin, urlsplit

from archive.ledger import terms
from archive.ledger.observation import Link
from crawler.cells import (
    Found,
    Grid,
    cells,
    column,
    folded,
    grid,
    rows,
    say_court,
    say_date,
    say_event,
    say_judge,
    say_result,
    say_text,
    say_uid,
    say_words,
)
from crawler.errors import Unreadable
from crawler.page import Node, Page
from crawler.sites.mos_gorsud.parts import PATH, REGISTERS, People, court_of, number_of, said, say_numbers, say_state

_COURT_PAGE = re.compile(r"(?:https?://(?:www\.)?mos-gorsud\.ru)?/(?:mgs|rs/[\w-]+)/?")
_MOMENT = re.compile(r"(?P<day>\d{2}\.\d{2}\.\d{4}) (?P<hour>\d{1,2}:\d{2})")

_KEYS: Final = (
    (r"уникальный идентификатор дела|уид", "uid"),
    (r"номер (дела|заявления|материала)( ?[~∼] ?материала)?", "number"),
    (r"дата (поступления|регистрации)( дела)?( в апелляционную инстанцию)?", "received"),
    (r"судья|председательствующий судья|судья-докладчик", "judge"),
    (r"категория( дела)?", "category"),
    (r"текущее состояние", "state"),
    (r"дата рассмотрения дела в первой инстанции", "decided"),
    (r"дата (рассмотрения|окончания)( дела)?", "decided"),
    (r"дата вступления( решения| приговора)? в (законную )?силу", "in_force"),
    (r"номер дела в суде нижестоящей инстанции", "lower_number"),
    (r"суд первой инстанции", "lower_court"),
    (r"стороны", "parties"),
    (r"подсудимы[ей]|осужденный( \(оправданный, обвиняемый\))?|обвиняемый|привлекаемое лицо|лицо|заявитель", "person"),
    (r"статья( коап( рф)?)?", "article"),
)
_STATES = (column("date", "date", r"дата"), column("name", "text", r"состояние"), column("note", "text", r"документ-основание"))
_SESSIONS = (
    column("moment", "moment", r"дата и время"),
    column("place", "text", r"зал"),
    column("name", "text", r"стадия"),
    column("result", "text", r"результат"),
    column("reason", "text", r"основание( назначения судебного заседания)?"),
    column("recorded", "left", r"использовалось аудио/видео протоколирование"),
    column("type", "left", r"тип судебного заседания/слушания"),
)
_PAPERS = (
    column("date", "left", r"дата документа|дата"),
    column("kind", "text", r"вид документа"),
    column("text", "left", r"текст документа.*"),
)


def is_card(page: Page) -> bool:
    """Its pairs state a number or a judicial UID."""
    return any(_property(left) in ("uid", "number") for left, _ in _pairs(page))


def read(page: Page, found: Found) -> None:
    """Every pair and every cell of its tables is said or left."""
    court, key, register = _address(page, found)
    pairs = _pairs(page)
    numbers = [right for left, right in pairs if _property(left) == "number"]
    normal = next((number for right in numbers if (number := number_of(right)) is not None), None)
    if key is None and normal is None:
        raise Unreadable(f"{page.url}: a card without an address of its own and without a number")
    subject = f"reg:{register}:{key or f'{court}:{normal}'}"
    crumbs = [a for a in page.all("ul.breadcrumb a[href]") if _COURT_PAGE.fullmatch(a.attr("href") or "")]
    name = crumbs[-1].whole if crumbs else None
    stated = name or (said(numbers[0]) if numbers else None)
    if stated is not None:
        found.say(stated, subject, "court", court, derived=True)
    people = People(found, subject)
    for left, right in pairs:
        _pair(page, left, right, subject, people)
    for title, table in _tables(page):
        _table(page, title, table, subject, found)


def _pair(page: Page, left: Node, right: Node, subject: str, people: People) -> None:
    found, property, part = people.found, _property(left), said(right)
    higher = not subject.startswith(("reg:criminal-1", "reg:civil-1", "reg:kas-1", "reg:koap:", "reg:material"))
    if part is None:
        return
    for link in right.all('a[href*="/services/cases/"]'):
        url = urljoin(page.url, link.attr("href") or "")
        found.links.append(Link(url, "card", link.text, link.selector))
    match property:
        case "uid":
            say_uid(found, part, subject)
        case "number" | "lower_number":
            say_numbers(found, right, subject, property)
        case "received" | "in_force":
            say_date(found, part, subject, property)
        case "decided":
            say_date(found, part, subject, "lower_decided" if higher and "первой" in folded(left) else "decided")
        case "judge":
            say_judge(found, part, subject, "judge")
        case "category":
            say_words(found, part, subject, "category")
        case "lower_court":
            say_court(found, part, subject, "lower_court")
        case "state":
            say_state(found, part, subject)
        case "parties":
            people.parties(right)
        case "person":
            people.named(left, right)
        case "article":
            people.offence(part)
        case _:
            found.leave(left.whole)
            found.leave(part)


# ---------------------------------------------------------------------------------------------------- pairs


def _pairs(page: Page) -> list[tuple[Node, Node]]:
    """Label and value of each row of a card."""
    both = [(row.maybe("div.left"), row.maybe("div.right")) for row in page.all("div.row_card, div.card-sud > div.row")]
    return [(left, right) for left, right in both if left is not None and right is not None]


def _property(key: Node) -> str | None:
    words = folded(key).replace("c", "с")  # `Cудья`: its C is Latin
    return next((property for pattern, property in _KEYS if re.fullmatch(pattern, words)), None)


def _address(page: Page, found: Found) -> tuple[str, str | None, str]:
    """Court, key and register of a card: by its own breadcrumb and links, else by its address; a contradiction is flagged."""
    asked = PATH.search(urlsplit(page.url).path)
    crumbs = [PATH.search(a.attr("href") or "") for a in page.all('ul.breadcrumb a[href*="/services/cases/"]')]
    own = next((crumb for crumb in reversed(crumbs) if crumb), None)
    printed = [PATH.search(a.attr("href") or "") for a in page.all('a.print-link, a[href*="print=1"]')]
    key = asked["key"].lower() if asked and asked["key"] else None
    for link in printed:
        if link and link["key"] and key != link["key"].lower():
            found.flag("address-mismatch")
            key = key or link["key"].lower()
    if own and asked and (own["court"], own["section"]) != (asked["court"], asked["section"]):
        found.flag("court-mismatch" if own["court"] != asked["court"] else "register-mismatch")
    where = own or asked
    if where is None:
        raise Unreadable(f"{page.url}: neither breadcrumb nor address says of which court this is")
    return court_of(where["court"]), key, REGISTERS.get(where["section"], "other")


# ---------------------------------------------------------------------------------------------------- tables


def _tables(page: Page) -> Iterable[tuple[str, Node]]:
    """Each table of the card's tabs with the heading above it."""
    title = ""
    for node in page.all(".case-detail h3, .case-detail table, #state-history *, #sessions *, #act-documents *"):
        if node.tag == "h3":
            title = folded(node)
        elif node.tag == "table":
            yield title, node


def _table(page: Page, title: str, table: Node, subject: str, found: Found) -> None:
    header, *lines = rows(table) or [table]
    known = next((known for sign, known in _TABLES if re.match(sign, title)), ())
    met = grid(header, lines, known, found)
    if not any(met.known) or (known is not _PAPERS and not any(one and one.property == "name" for one in met.known)):
        if known:
            found.flag("header-unknown")
        for line in lines:
            found.leave_all(line)
        return
    for line in lines:
        if met.repeats(line):
            found.flag("header-doubled")
        elif known is _PAPERS:
            _paper(page, met, line, subject, found)
        else:
            count = len({o.subject for o in found.observations if o.subject.startswith(f"{subject}#event:")})
            _event(met, line, lines, f"{subject}#event:{count + 1}", found)


_TABLES = ((r"история состояний", _STATES), (r"судебные заседания", _SESSIONS), (r"документы|судебные акты", _PAPERS))


def _event(met: Grid, line: Node, lines: list[Node], event: str, found: Found) -> None:
    these = cells(line)
    sure = _aligned(met, line, lines)
    for at, cell in enumerate(these):
        one, part = (met.known[at] if at < sure else None), cell.whole
        match one.property if one is not None else "":
            case "moment":
                moment = _MOMENT.fullmatch(part.text) if part is not None else None
                if part is not None and moment is not None:
                    found.say(part.sub(*moment.span("day")), event, "date", terms.date(moment["day"]))
                    found.say(part.sub(*moment.span("hour")), event, "time", terms.time(moment["hour"]))
                else:
                    say_date(found, part, event, "date")
            case "date":
                say_date(found, part, event, "date")
            case "name":
                say_event(found, part, event)
            case "result":
                say_result(found, part, event, "result", of_event=True)
            case "place" | "reason" | "note" as property:
                say_text(found, part, event, property)
            case _:
                found.leave(part)


def _aligned(met: Grid, line: Node, lines: list[Node]) -> int:
    """How many cells of a row stand under their headers for certain: of a whole row all, and of one that is too short some.

    Rows of talks lack cells at their end. A cell whose class is its column's own, at the place it has in whole rows, shows that
    none is missing before it. Where a row has more cells than there are headers, a header is missing, and where a class has
    another place in another whole row, cells are: then none is certain.
    """
    if any(len(cells(each)) > len(met.headers) for each in lines):
        return 0
    places: dict[str, set[int]] = {}
    for whole in filter(met.fits, lines):
        for css_class, at in _classes(whole).items():
            places.setdefault(css_class, set()).add(at)
    if any(len(held) > 1 for held in places.values()):
        return 0
    if met.fits(line):
        return len(met.headers)
    return max((at + 1 for css_class, at in _classes(line).items() if places.get(css_class) == {at}), default=0)


def _classes(line: Node) -> dict[str, int]:
    """The classes that one cell of a row has and no other, each with its place."""
    named = [cell.attr("class") for cell in cells(line)]
    return {each: at for at, each in enumerate(named) if each and named.count(each) == 1}


def _paper(page: Page, met: Grid, line: Node, subject: str, found: Found) -> None:
    """A document of the case: an act where its text can be had; else the row is left."""
    links = line.all('a[href*="/docs/content/"]')
    if not met.fits(line) or len(links) != 1:
        found.leave_all(line)
        return
    url = urljoin(page.url, links[0].attr("href") or "")
    for one, _, cell in met.row(line).places:
        if one is not None and one.property == "kind" and cell.whole is not None:
            found.say(cell.whole, subject, "act", url)
            found.links.append(Link(url, "act", cell.text, links[0].selector))
        else:
            found.leave(cell.whole)
