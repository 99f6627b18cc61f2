"""On which day was a page published, where it states none? What it shows, what its addresses hold, what htmldate concludes.

What is concluded is `derived`, and quoted where the page has that day: a day that stands nowhere in it is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import chain

from crawler import evident
from crawler.page import Node, Page, Part

DATE_LINE = 60  # characters: a line that shows a date says little more
EXTENSIVE = 400_000  # characters: htmldate's long search of a longer page can take seconds
_ISO = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?(?![0-9])")
_DOTTED = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})(?![0-9])")
_MONTHS = (
    "январ|січ|jan", "феврал|лют|feb", "март|берез|mar", "апрел|квіт|apr", "ма[йя]|трав|may", "июн|черв|jun", "июл|лип|jul",
    "август|серп|aug", "сентябр|верес|sep", "октябр|жовт|oct", "ноябр|листопад|nov", "декабр|груд|dec",
)  # fmt: skip
_NAME = rf"((?:{'|'.join(_MONTHS)})\w*)\.?"
_NAMED = re.compile(rf"\b(?:(\d{{1,2}})(?:st|nd|rd|th)?\s+{_NAME}|{_NAME}\s+(\d{{1,2}}))(?:,|\s+of)?\s+(\d{{4}})\b", re.I)
_DATED = re.compile(r"/((?:19|20)\d\d)[/-](\d\d?)[/-](\d\d?)(?!\d)")
_SHOWN = 'time, [itemprop="datePublished"], [class*="date"], [class*="time"]'
_TEXTS = "time, abbr, p, div, span, li, td, dd, small, em, i, b, strong, h1, h2, h3, h4, h5, h6, a, address, font"
_ADDRESSED = (("link", "href"), ("meta", "content"), ("a", "href"), ("img", "src"))


def day(raw: str) -> str | None:
    """`YYYY-MM-DD`, or `YYYY-MM` where no more is said, as the page's own clock has it; None where it is no date."""
    if found := _ISO.search(raw):
        year, month, number = found.groups()
    elif found := _DOTTED.search(raw):
        number, month, year = found.groups()
    elif found := _NAMED.search(raw):
        number, year = found.group(1) or found.group(4), found.group(5)
        name = (found.group(2) or found.group(3)).lower()
        month = next(str(i) for i, starts in enumerate(_MONTHS, 1) if re.match(starts, name))
    else:
        return None
    try:
        whole = date(int(year), int(month), int(number or 1)).isoformat()
    except ValueError:
        return None
    return whole if number else whole[:7]


def shown(page: Page) -> Iterator[tuple[Part, str]]:
    """The first short text in a place named for dates, and its day."""
    for node in page.all(_SHOWN):
        part = evident.whole(node) if len(node.text) <= DATE_LINE else None
        if part and (found := day(part.text)):
            yield part, found
            return


def addressed(page: Page) -> Iterator[tuple[Part, str]]:
    """The day in the page's own address, where an address that it names has it too."""
    if said := _DATED.search(page.url):
        try:
            found = date(*map(int, said.groups())).isoformat()
        except ValueError:
            return
        yield from ((part, found) for part in list(_first(_in_addresses(page, found))))


def guessed(page: Page) -> Iterator[tuple[Part, str]]:
    """What htmldate concludes, and where the page has that day: in its marks, in what it shows, in the addresses it names."""
    from htmldate import find_date  # parses the page anew

    found = find_date(page.text, original_date=True, extensive_search=len(page.text) <= EXTENSIVE, url=page.url)
    if found:
        places = chain(_in_marks(page, found), _in_texts(page, found), _in_addresses(page, found))
        yield from ((part, found) for part in list(_first(places)))


def _first(places: Iterator[Part]) -> Iterator[Part]:
    for place in places:
        yield place
        return


def _in_marks(page: Page, found: str) -> Iterator[Part]:
    for node in page.all("meta[content], time[datetime], abbr[title], [data-date], [data-time], [data-datetime], [title]"):
        for name in ("content", "datetime", "title", "data-date", "data-time", "data-datetime"):
            value = node.attr(name)
            if value and len(value) <= DATE_LINE and day(value) == found and (part := evident.attribute(node, name)):
                yield part
    iso = re.compile(re.escape(found))
    for node in page.all("script") if found in page.text else ():
        if (part := evident.code(node)) and (match := iso.search(part.text)):
            yield part.sub(*match.span())


def _in_texts(page: Page, found: str) -> Iterator[Part]:
    """Short texts first; then the words of a longer one, read in any language: the day's number with the year near it."""
    longer: list[Node] = []
    year, number = found[:4], str(int(found[8:]))
    spelt = re.compile(
        rf"\b0?{number}\b\D{{1,3}}(?:\w+|\d\d?)\D{{1,3}}{year}\b|"
        rf"\b[^\W\d]+\W{{1,3}}0?{number}\b\D{{1,3}}{year}\b|\b{year}\D{{1,3}}\d\d?\D{{1,3}}0?{number}\b"
    )
    for node in page.all(_TEXTS):
        text = node.text
        if year not in text:
            continue
        if len(text) <= DATE_LINE and day(text) == found and (part := evident.whole(node)):
            yield part
        elif len(text) <= 20 * DATE_LINE and spelt.search(text):
            longer.append(node)
    for node in sorted(longer, key=lambda node: len(node.text)):
        part = evident.whole(node)
        if part and (match := spelt.search(part.text)):
            yield part.sub(*match.span())


def _in_addresses(page: Page, found: str) -> Iterator[Part]:
    """`/2031/05/06/`, `20310506` or `6-5-2031` in the addresses that the page names."""
    year, month, number = found.split("-")
    pattern = re.compile(
        rf"{year}[/_.-]?0?{int(month)}[/_.-]?0?{int(number)}(?!\d)|(?<!\d)0?{int(number)}[/_.-]0?{int(month)}[/_.-]{year}"
    )
    for tag, name in _ADDRESSED:
        for node in page.all(f"{tag}[{name}]"):
            if pattern.search(node.attr(name) or "") and (part := evident.attribute(node, name)):
                match = pattern.search(part.text)
                yield part.sub(*match.span()) if match else part
