"""The search of cases and complaints of vsrf.ru, and the pages of one: read by the labels of their rows."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from archive.ledger import terms
from archive.ledger.observation import Counter, Link, Reading
from crawler.cells import PERSON, Found, folded, say_court, say_date, say_judge, say_numbers, say_uid, say_words
from crawler.errors import Unreadable
from crawler.page import Node, Page, Part
from crawler.sites.vsrf import COURT

_HEAD, _ROW = "vs-items-separate", "div.row.vs-item-detail"
_FOUND = re.compile(r"найдено:?\s*(\d+)", re.IGNORECASE)
_ID = re.compile(r"/lk/practice/(?:cases|appeals|claims)/(\d+-\d+)")
_NUMBER = re.compile(r"\d{1,3}-[А-Я]{1,5}\d{2}-\d+(?:-[А-Я]\d*)?")
_DATE = re.compile(r"\d{2}\.\d{2}\.\d{4}")
_LOOKALIKE = str.maketrans("ABCEHKMOPTX", "АВСЕНКМОРТХ")
# The letters of a number say which proceedings it is of, and so does the page where it states them in words.
_LETTERS = {
    "УД": "criminal-cassation", "УДП": "criminal-cassation", "УФ": "criminal-cassation", "АПУ": "criminal-appeal",
    "КГ": "civil-cassation", "КФ": "civil-cassation", "АПГ": "civil-appeal", "КАД": "kas-cassation", "АПА": "kas-appeal",
    "АКПИ": "kas-1", "АД": "koap-cassation",
}  # fmt: skip
_KINDS = (
    ("уголовн", "criminal"),
    ("гражданск", "civil"),
    ("об административных правонарушениях", "koap"),
    ("административн", "kas"),
)
_INSTANCES = (("апелляц", "appeal"), ("кассац", "cassation"), ("i инстанц", "1"))
_FIRST = {  # the parts of `Суд 1-ой инстанции: X суд. Решение от ... Судья: ... Номер дела 1-ой инстанции: ...`
    "lower_court": re.compile(r"^.+?(?=\.?\s*(?:[А-Я]\w+ от \d|Судья:|Номер дела|$))"),
    "lower_decided": re.compile(r"(?<=[а-я] от )\d{2}\.\d{2}\.\d{4}"),
    "lower_judge": re.compile(r"(?<=Судья: ).+?(?=\s*(?:Номер дела|$))"),
    "lower_number": re.compile(r"(?<=инстанции: ).+"),
}
_COURT = re.compile(r"\b(?:суд|участок)\b", re.IGNORECASE)
_PEOPLE = re.compile(
    r"(заявител|истец|истцы|ответчик|в интересах|осужденн|оправданн|потерпевш|защитник|заинтересованн|третьи лица)"
)


def judge(page: Page) -> tuple[str, str] | None:
    """A page of cases by its rows; a search that found nothing by its count."""
    if page.all(f"div.{_HEAD}"):
        return "page", "cases and complaints"
    if (total := _total(page)) is not None:
        return ("empty", "nothing found") if total == 0 else ("unreadable", f"{total} found, and no row that we know")
    return "other-page", "none of the marks of a search or a case"


def read(page: Page, parser: str) -> Reading:
    """Every case and complaint; raises Unreadable where the count and the rows do not agree, or a page breaks off."""
    source = page.text.lower()
    if source.rfind("</html") < source.rfind("</div"):
        raise Unreadable(f"{page.url}: the page breaks off")
    found, total = Found(), _total(page)
    if total == 0:
        return Reading("empty", parser, page.charset, counter=Counter(0, 0, 0), flags=page.flags)
    groups: list[tuple[Node, list[Node]]] = []
    for node in page.all(f"div.{_HEAD}, {_ROW}"):
        if _HEAD in (node.attr("class") or "").split():
            groups.append((node, []))
        elif groups:
            groups[-1][1].append(node)
    # A search has its own form and says how many it found; there is no page of it beyond the first.
    if page.all("#filter-form") and (total is None or total != len(groups)):
        raise Unreadable(f"{len(groups)} rows where the search says {total}")
    for head, lines in groups:
        if not lines:
            raise Unreadable(f"{head.selector}: a case of which nothing is said")
        _case(page, head, lines, found)
    if total is None:
        return found.reading(parser, page, "card")
    return found.reading(parser, page, "listing", Counter(total, 1, total))


def _total(page: Page) -> int | None:
    said = next((m for node in page.all(".count-label") if (m := _FOUND.search(node.text))), None)
    return None if said is None else int(said[1])


def _case(page: Page, head: Node, lines: list[Node], found: Found) -> None:
    link = next((a for a in head.all("a[href]") if _ID.search(a.attr("href") or "")), None)
    label = next((node for node in (link, *head.all(".vs-items-label, .vs-items-additional-info")) if node and node.text), None)
    number = label.whole if label is not None else None
    if label is None or number is None:
        raise Unreadable(f"{head.selector}: no number")
    key = _ID.search((link.attr("href") or "") if link else "") or _ID.search(f"/lk/practice/claims/{_claim(head)}")
    normal = number.text.upper().translate(_LOOKALIKE).replace(" ", "").rstrip(".")
    stated = {folded(cells[0]): cells[1].text.casefold() for line in lines if len(cells := _cells(line)) == 2}
    subject = f"reg:{_register(normal, stated, found)}:{COURT}:{key[1] if key else normal}"
    found.say(number, subject, "court", COURT, derived=True)
    found.say(number, subject, "number", normal if _NUMBER.fullmatch(normal) else None)
    if not _NUMBER.fullmatch(normal):
        found.flag("number-unknown")  # its letters say which register this is
    href = link.attribute("href") if link is not None else None
    if link is not None and href is not None:
        address = urljoin(page.url, href.text).partition("#")[0]
        found.say(href, subject, "card", address)
        found.links.append(Link(address, "card", link.text, link.selector))
    for node in head.children:
        if label not in (node, *node.all("*")):
            found.leave(node.whole)
    people = events = 0
    for line in lines:
        cells = _cells(line)
        words, value = folded(cells[0]) if cells else "", cells[-1].whole if cells else None
        if len(cells) == 2 and _DATE.fullmatch(cells[0].text):
            events += 1
            _event(found, cells[0], cells[1], subject, f"{subject}#event:{events}")
        elif len(cells) != 2 or value is None:
            for cell in cells:
                if not cell.all("a[href]") or len(cells) > 1:  # the button that leads to the case again
                    found.leave(cell.whole)
        elif words == "дата поступления":
            say_date(found, value, subject, "received")
        elif words == "уникальный идентификатор дела":
            say_uid(found, value, subject)
        elif words in ("по иску", "предмет иска"):
            say_words(found, value, subject, "category")
        elif re.match(r"суд 1-о?й инстанции", words):
            _first_instance(found, cells[1], subject)
        elif _PEOPLE.match(words) and (label_part := cells[0].whole) is not None:
            role = label_part.sub(0, len(label_part.text.rstrip(": ")))
            for name in cells[1].lines:
                if _DATE.search(name.text):
                    found.leave(name)
                    continue
                people += 1
                found.say(role, f"{subject}#person:{people}", "role", role.text)
                found.say(name, f"{subject}#person:{people}", "name", name.text)
        else:
            found.leave(cells[0].whole)
            found.leave(value)


def _cells(line: Node) -> list[Node]:
    """The cells of a row that say something: a label and its value, a day and what happened, or a button."""
    return [node for node in line.children if node.text]


def _claim(head: Node) -> str | None:
    up = head.parent
    while up is not None and up.attr("data-subscribe-claim-id") is None:
        up = up.parent
    return None if up is None else up.attr("data-subscribe-claim-id")


def _register(number: str, stated: dict[str, str], found: Found) -> str:
    letters = re.match(r"\d+-([А-Я]+)", number) or re.match(r"([А-Я]+)", number)
    by_number = _LETTERS.get(letters[1] if letters else "", "other")
    kind = next((word for sign, word in _KINDS if sign in stated.get("вид судопроизводства", "")), None)
    instance = next((word for sign, word in _INSTANCES if sign in stated.get("инстанция", "")), None)
    if kind is None or instance is None or f"{kind}-{instance}" in ("koap-1", "koap-appeal"):
        return by_number
    if by_number not in ("other", f"{kind}-{instance}"):
        found.flag("register-mismatch")  # the words decide
    return f"{kind}-{instance}"


def _event(found: Found, day: Node, told: Node, subject: str, event: str) -> None:
    for line in told.lines:
        reporter = re.fullmatch(r"Докладчик:\s*(.+)", line.text)
        if reporter:
            say_judge(found, line.sub(*reporter.span(1)), subject, "judge")
        elif not any(o.subject == event for o in found.observations):
            found.say(line, event, "name", terms.event(line.text))
            say_date(found, day.whole, event, "date")
        else:
            found.leave(line)


def _first_instance(found: Found, cell: Node, subject: str) -> None:
    first, *rest = cell.lines
    for property, pattern in _FIRST.items():
        part: Part | None = first.find(pattern)
        if part is None:
            continue
        if property == "lower_court" and not _COURT.search(part.text):
            found.leave(first)
            break
        if property == "lower_court":
            say_court(found, part, subject, property)
        elif property == "lower_decided":
            say_date(found, part, subject, property)
        elif property == "lower_number":
            say_numbers(found, part, subject, property)
        else:
            found.say(part, subject, property, part.text if PERSON.fullmatch(part.text) else None)
    for line in rest:
        found.leave(line)
