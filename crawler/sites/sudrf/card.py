"""A case card of either template: number, tabs of tables, acts, the footer's two times."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from archive.ledger import terms
from crawler.cells import Found, say_numbers
from crawler.errors import Unreadable
from crawler.page import Page, Part
from crawler.sites.sudrf import act, addresses, court, template
from crawler.sites.sudrf.tabs import Card, appeal, complaints, defendants, events, movement, pairs, parties, unworded
from crawler.sites.sudrf.template import Section

_STAMPS = {
    "published": re.compile(r"(?<=опубликовано )\d{2}\.\d{2}\.\d{4} \d{1,2}:\d{2}"),
    "modified": re.compile(r"(?<=изменено )\d{2}\.\d{2}\.\d{4} \d{1,2}:\d{2}"),
}

# What a table is, by what names it (folded; a match at the beginning): its cell in capitals, or the tab of the VNKOD template.
_TABLES: Final[tuple[tuple[str, Callable[[Card, Section], None]], ...]] = (
    (r"(дело|материал|производство|жалоба|представление)$", pairs),
    (r"рассмотрение( дела)? в (нижестоящ|суде первой)", pairs),
    (r"(движение (дела|материала|производства|жалоб[ыа]?)|слушания)$", events),
    (r"[-= ]+движение жалобы", movement),
    (r"(лица|подсудимые|обвиняемые|осужденные|сведения о лице)\b", defendants),
    (r"(стороны|участники)\b", parties),
    (r"жалобы( \(.*\))?$", complaints),
    (r"(исполнительные листы|требования)$", unworded),
    (r"(жалоба №|обжалование)", appeal),
)


def read(page: Page, found: Found) -> None:
    """Every cell of every table is said or left; raises Unreadable for a card without number or table."""
    if template.tabs_without_content(page):
        found.flag("tab-missing")
    address = addresses.parse(page.url)
    heading, printed = template.card_number(page), template.number(page)
    number = heading.whole if heading is not None else None
    assert number is not None  # it holds the printed number
    code, code_part = court.of(page, address, found)
    numbers = terms.numbers(printed.text)
    subject = address.subject(code, numbers[0].normal)
    if subject is None:
        raise Unreadable(f"{page.url}: neither case_uid nor case_id, nor a number: {printed.text!r}")
    if code_part is not None:
        found.say(code_part, subject, "court", code)
    else:
        found.say(number, subject, "court", code, derived=True)  # by the host that served it
    say_numbers(found, printed, subject, "number", "number_previous")
    if address.card is not None:
        found.say(number, subject, "card", address.card, derived=True)
    card = Card(page, found, subject, address.register.startswith("criminal"))
    sections = list(template.sections(page))
    if not sections:
        raise Unreadable(f"{page.url}: a card without a table")
    astray = _astray(sections, found)
    for section in sections:
        _section(card, section, trusted=not any(section is each for each in astray))
    _acts(card, address.card or page.url)
    _stamps(card)


# Tables that stand in a tab of another name: what became of a complaint, in the tab of complaints.
_APPEALS = (appeal, movement, complaints, events)


def _astray(sections: list[Section], found: Found) -> list[Section]:
    """Tables that stand in the tab of another kind of table: titles were exchanged, or tables.

    Where most of them do, it is the tabs that are numbered otherwise, and nothing is known to be wrong.
    """
    paired = [(section, _reader(section.words), _reader(section.tab)) for section in sections]
    told = [each for each in paired if each[1] is not None and each[2] is not None]
    strange = [one for one, reader, tab in told if reader != tab and not (reader in _APPEALS and tab in _APPEALS)]
    if 2 * len(strange) > len(told):
        found.flag("tabs-misnumbered")
        return []
    if strange:
        found.flag("table-astray")
    return strange


def _section(card: Card, section: Section, *, trusted: bool) -> None:
    """One table by its name. One of a name we do not know, or not to be trusted, is left, cell by cell."""
    reader = _reader(section.words)
    if reader is None:
        card.found.flag("table-unknown")
    if reader is None or not trusted:
        for line in section.lines:
            card.found.leave_all(line)
    else:
        reader(card, section)


def _reader(words: str) -> Callable[[Card, Section], None] | None:
    return next((reader for sign, reader in _TABLES if re.match(sign, words)), None)


def _acts(card: Card, url: str) -> None:
    """The acts printed in the card: each tab names one, and its text stands beside it."""
    for printed in template.acts(card.page):
        name = printed.tab.whole
        if name is not None:
            card.found.say(name, card.subject, "act", f"{url}#{printed.anchor}")
        try:
            text = printed.body.whole if printed.body is not None else None
        except Unreadable:  # an act is a document of its own, and may be too broken to be quoted; the card is not
            card.found.flag("act-unplaced")
            continue
        if text is not None:
            act.say_body(card.found, text, card.subject)


def _stamps(card: Card) -> None:
    """When the court placed and last changed the card, by its own clock; the zone is not stated."""
    for footer in card.page.all("div.publishInfo"):
        part: Part | None = footer.whole
        for property, pattern in _STAMPS.items():
            stamp = part.find(pattern) if part is not None else None
            if stamp is not None:
                card.found.say(stamp, card.subject, property, terms.stamp(stamp.text))
