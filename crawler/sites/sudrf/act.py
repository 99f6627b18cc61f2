"""The text of a judgment: a page of its own (`name_op=doc`), or a tab of the card; what it is of, and where it stands."""

from __future__ import annotations

import re

from archive.ledger import terms
from archive.ledger.observation import Link
from crawler.cells import Found
from crawler.errors import Unreadable
from crawler.page import Node, Page, Part
from crawler.sites.sudrf import addresses, court, sentences, template

EMPTY = "ПУСТОЙ ДОКУМЕНТ"  # what is sent for a text_number past the end
_TITLE = re.compile(r"приговор|решени|определени|постановлени|судебн\w* акт|судебн\w* приказ|заключени", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?:уголовное |гражданское |административное )?(?:дело|материал)\s*(?:№|N)\s*(?P<number>.+)", re.IGNORECASE
)
_MONTHS = ["января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"]
_DAY = re.compile(rf"(?P<day>\d{{1,2}})\s(?P<month>{'|'.join(_MONTHS)})\s(?P<year>\d{{4}})", re.IGNORECASE)
_NARRATIVE = re.compile(r"у\s?с\s?т\s?а\s?н\s?о\s?в\s?и\s?л", re.IGNORECASE)  # what stands above it is the act's head
_HEAD_LINES, _HEAD_LINE = 40, 120  # lines; characters: a longer one is prose


def is_act(page: Page) -> bool:
    """A heading that names an act and a text below it, in a page that is no card and no list."""
    titles = page.all("div#content div.title")
    if len(titles) != 1 or template.card_number(page) is not None or template.header_and_lines(page) is not None:
        return False
    content = page.one("div#content")
    text = content.text[_begins(content, content.text) :].strip()
    return bool(_TITLE.match(titles[0].text)) and text not in ("", EMPTY)


def read(page: Page, found: Found) -> None:
    """What the act is called, whose it is, its number, day and text; raises Unreadable where it names no registration."""
    address = addresses.parse(page.url)
    content = page.one("div#content")
    title, text = content.one("div.title").whole, body(page)
    if title is None or text is None:
        raise Unreadable("div#content: an act without title or text")
    code, code_part = court.of(page, address, found)
    link = _card_link(content)
    target = addresses.parse(link.attr("href") or "", page.url) if link is not None else address
    head = _head(page, text)
    number = next((part for line in head if (part := _numbered(line)) is not None), None)
    normal = terms.numbers(number.text)[0].normal if number is not None else None
    subject = target.subject(code, normal)
    if subject is None:
        raise Unreadable(f"{page.url}: the act names neither its card nor a case number")
    if code_part is not None:
        found.say(code_part, subject, "court", code)
    if link is not None and (href := link.attribute("href")) is not None and target.card is not None:
        found.say(href, subject, "card", target.card)
        found.links.append(Link(target.card, "card", link.text, link.selector))
    found.say(title, subject, "act", page.url)
    if number is not None:
        found.say(number, subject, "number", normal, derived=True)
    for line in head:
        uid = line.find(terms.UID)
        if uid is not None:
            found.say(uid, subject, "uid", terms.uid(uid.text))
    day = next((part for line in head if (part := line.find(_DAY)) is not None), None)
    if day is not None:
        found.say(day, subject, "decided", _date(day.text), derived=True)
    say_body(found, text, subject)


def say_body(found: Found, text: Part, subject: str) -> None:
    """The whole text of the act, as the court publishes it (it has no normal form), and what it sentenced whom to."""
    found.say(text, subject, "act", None)
    sentences.read(text, sentences.accused(found.observations, subject), found)


def body(page: Page) -> Part | None:
    """The text of the act on its own page: all that stands below its title and the link to its card."""
    content = page.one("div#content")
    whole = content.whole
    begins = _begins(content, whole.text) if whole is not None else 0
    return whole.sub(begins, len(whole.text)) if whole is not None and whole.text[begins:].strip() else None


def _begins(content: Node, text: str) -> int:
    """Where in the content's text the act itself begins."""
    title, link = content.one("div.title").text, _card_link(content)
    begins = text.find(title) + len(title)
    return max(begins, text.find(link.text, begins) + len(link.text)) if link is not None else begins


def _card_link(content: Node) -> Node | None:
    links = [a for a in content.all('a[href*="name_op=case"]') if "информация по делу" in a.text.casefold()]
    return links[0] if links else None


def _head(page: Page, text: Part) -> list[Part]:
    """The lines of the act above its narrative: number, names, place and day."""
    head: list[Part] = []
    for line in page.one("div#content").lines:
        if line.start < text.start:
            continue
        if _NARRATIVE.match(line.text) or len(head) == _HEAD_LINES:
            break
        if len(line.text) <= _HEAD_LINE:
            head.append(line)
    return head


def _numbered(line: Part) -> Part | None:
    said = _NUMBER.fullmatch(line.text)
    return line.sub(*said.span("number")) if said and terms.numbers(said["number"])[0].normal is not None else None


def _date(text: str) -> str | None:
    said = _DAY.fullmatch(text)
    return terms.date(f"{int(said['day']):02}.{_MONTHS.index(said['month'].lower()) + 1:02}.{said['year']}") if said else None
