"""How the cells of a register's tables are read: every text becomes an observation, or is left as unread; pure.

A column is known by its header, never by its place. What stands under a header must have that header's shape (a date, a
time, a judge's name ...): a cell of another shape is left unread, so that a moved or renamed column never turns into a
wrong value. Sources of any court system share this room; what is peculiar to one stands in its own file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from archive.ledger import courts, terms
from archive.ledger.observation import Counter, Link, Observation, Reading, Unread
from crawler.errors import Unreadable
from crawler.page import Node, Page, Part


@dataclass(slots=True)
class Found:
    """What a reading has gathered so far, in page order."""

    observations: list[Observation] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def say(self, part: Part, subject: str, property: str, value: str | None, *, derived: bool = False) -> None:
        self.observations.append(part.says(subject, property, value, derived=derived))

    def leave(self, part: Part | None) -> None:
        if part is not None:
            self.unread.append(Unread(part.text, part.selector))

    def leave_all(self, row: Node) -> None:
        """A row nothing is known of, cell by cell."""
        for cell in cells(row):
            self.leave(cell.whole)

    def flag(self, word: str) -> None:
        if word not in self.flags:
            self.flags.append(word)

    def reading(self, parser: str, page: Page, kind: str, counter: Counter | None = None) -> Reading:
        """All of it, as the reading of a page of this kind."""
        return Reading(
            verdict="page",
            parser=parser,
            charset=page.charset,
            observations=tuple(self.observations),
            links=tuple(self.links),
            unread=tuple(self.unread),
            counter=counter,
            flags=(*page.flags, *self.flags),
            kind=kind,
        )


# ---------------------------------------------------------------------------------------------------- columns


@dataclass(frozen=True, slots=True)
class Column:
    """A column we know: the property its cells state, their shape, and the header's words (folded, a full match).

    shape: date, time, number, court, judge, people, articles, text, act, ordinal; left: known, and not read.
    """

    property: str
    shape: str
    header: re.Pattern[str]


def column(property: str, shape: str, header: str) -> Column:
    return Column(property, shape, re.compile(header))


@dataclass(frozen=True, slots=True)
class Row:
    """One row under its headers, from left to right: the column (None: not known, or not certain), its header, the cell."""

    line: Node
    places: tuple[tuple[Column | None, Node, Node], ...]

    def cell(self, property: str) -> Node | None:
        """The cell that states this property; None where no column does."""
        return next((cell for one, _, cell in self.places if one is not None and one.property == property), None)


@dataclass(frozen=True, slots=True)
class Grid:
    """A header row and what each of its cells begins; None for a column we do not know, or cannot be sure of."""

    header: Node
    headers: tuple[Node, ...]
    known: tuple[Column | None, ...]

    def fits(self, line: Node) -> bool:
        """Has this row a cell for each header?"""
        return len(cells(line)) == len(self.headers)

    def repeats(self, line: Node) -> bool:
        """Is this a header row once more: does a cell say what its column, or what another one, is called?"""
        named = {folded(header) for header in self.headers if header.text}
        said = [folded(cell) for cell in cells(line) if cell.text]
        return bool(said) and sum(words in named for words in said) * 2 > len(said)

    def row(self, line: Node) -> Row:
        """The row by columns. Raises Unreadable where it has more or fewer cells than there are headers."""
        these = cells(line)
        if len(these) != len(self.headers):
            raise Unreadable(f"{line.selector}: {len(these)} cells under {len(self.headers)} headers")
        return Row(line, tuple(zip(self.known, self.headers, these, strict=True)))


def grid(header: Node, lines: Sequence[Node], known: Sequence[Column], found: Found, needs: Sequence[str] = ()) -> Grid:
    """Which known column each cell of a header row begins. lines: the rows below it, by which a doubt can be settled.

    Courts may order their columns as they like. But a column that stands elsewhere than on the pages we know could as well
    be two headers exchanged. Where only dates or times moved among the others, the rows settle it: a date stands under
    every date's header, and under no other. Else free text out of its place, and dates that changed places with other
    dates, are not read, and the page is flagged `columns-reordered`.
    Columns of one meaning are not read (`columns-doubled`). Raises Unreadable where one that `needs` names is not there.
    """
    headers = tuple(cells(header))
    met: list[Column | None] = []
    for each in headers:
        words = folded(each)
        met.append(next((one for one in known if one.header.fullmatch(words)), None))
    named = [one for one in met if one is not None]
    doubled = {one for one in named if named.count(one) > 1}
    if doubled:
        found.flag("columns-doubled")
        met = [None if one in doubled else one for one in met]
        named = [one for one in named if one not in doubled]
    missing = set(needs) - {one.property for one in named}
    if missing:
        raise Unreadable(f"{header.selector}: no column of {sorted(missing)} in {[h.text for h in headers]}")
    place = {one: at for at, one in enumerate(known)}
    moved = [(a, b) for at, a in enumerate(named) for b in named[at + 1 :] if place[a] > place[b]]
    if any(_one_is_timed(pair) for pair in moved) and _arranged(met, lines):
        moved = [pair for pair in moved if not _one_is_timed(pair)]
    if moved:
        found.flag("columns-reordered")
    unsure = {one for pair in moved for one in pair if one.shape == "text" or {a.shape for a in pair} == {"date"}}
    return Grid(header, headers, tuple(None if one in unsure else one for one in met))


def _one_is_timed(pair: tuple[Column, Column]) -> bool:
    """A date or a time, and something that is neither."""
    return (pair[0].shape in _TIMED) != (pair[1].shape in _TIMED)


def _arranged(met: Sequence[Column | None], lines: Sequence[Node]) -> bool:
    """Dates and times stand under their own headers in every row, under no others, and somewhere at all."""
    seen = False
    for line in lines:
        these = cells(line)
        if len(these) != len(met):
            continue
        for one, cell in zip(met, these, strict=True):
            text = cell.text
            shape = next((shape for shape, pattern in _TIMED.items() if pattern.fullmatch(text)), None)
            wanted = one.shape if one is not None and one.shape in _TIMED else None
            if one is not None and one.shape != "left" and text and shape != wanted:
                return False
            seen = seen or (shape is not None and shape == wanted)
    return seen


# ---------------------------------------------------------------------------------------------------- rows


def rows(table: Node) -> list[Node]:
    """A table's own rows that have cells, without those of tables inside its cells."""
    own = [child for child in table.children if child.tag in ("tr", "tbody", "thead", "tfoot")]
    every = [row for part in own for row in ([part] if part.tag == "tr" else part.children) if row.tag == "tr"]
    return [row for row in every if cells(row)]


def cells(row: Node) -> list[Node]:
    return [child for child in row.children if child.tag in ("td", "th")]


def folded(node: Node) -> str:
    """Its words in lower case, ё as е, without a colon at the end: how headers, keys and titles are compared."""
    return " ".join(node.text.casefold().replace("ё", "е").split()).rstrip(": ")


def within(node: Node, css_class: str) -> bool:
    """Does the node, or one around it, have this class?"""
    up: Node | None = node
    while up is not None:
        if css_class in (up.attr("class") or "").split():
            return True
        up = up.parent
    return False


# ---------------------------------------------------------------------------------------------------- shapes of values

_DATE = re.compile(r"\d{2}\.\d{2}\.\d{4}")
_TIME = re.compile(r"\d{1,2}:\d{2}")
_WORD = r"[А-ЯЁ][а-яё]+(?:-[А-ЯЁ]?[а-яё]+)*"
_CAPITALS = r"[А-ЯЁ]{2,}(?:-[А-ЯЁ]{2,})*"
_INITIAL = r"[А-ЯЁ]\."
_TIMED = {"date": _DATE, "time": _TIME}
PERSON = re.compile(
    rf"(?:{_WORD}|{_CAPITALS})(?:\s*{_INITIAL}|\s(?:{_WORD}|оглы|кызы)){{1,4}}"
    rf"|{_CAPITALS}(?:\s{_CAPITALS})?\s[А-ЯЁ]+(?:ВИЧ|ВНА|ЧНА|ОГЛЫ|КЫЗЫ)"
    rf"|(?:{_INITIAL}\s*){{1,2}}(?:{_WORD}|{_CAPITALS})"
)
# Surely a person and no result: initials, or a patronymic at the end.
_NAMED = re.compile(
    rf"{_WORD}(?:\s*{_INITIAL}){{1,2}}|(?:{_INITIAL}\s*){{1,2}}{_WORD}"
    rf"|{_WORD}\s{_WORD}\s(?:[А-ЯЁ][а-яё]*(?:вич|вна|чна)|{_WORD}\sоглы)"
)
_ARTICLE = re.compile(r"[сc]т(?:атья)?\.?\s*\d", re.IGNORECASE)
# Some courts print the code first: `КоАП: ст. 19.3 ч.1`.
_CODE_FIRST = re.compile(r"(?:крф\s?об\s?ап|коап(?:\s*рф)?|ук(?:\s*рф)?)\s*[:–-]?\s*(?=[сc]т)", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
HIDDEN = re.compile(r"<?\s*информация скрыта\s*>?", re.IGNORECASE)


def say_date(found: Found, part: Part | None, subject: str, property: str) -> None:
    """A date: an impossible one (31.02.2025) is kept raw without a value, what has no shape of a date is left."""
    if part is None:
        return
    if _DATE.fullmatch(part.text):
        found.say(part, subject, property, terms.date(part.text))
    else:
        found.leave(part)


def say_time(found: Found, part: Part | None, subject: str, property: str) -> None:
    if part is None:
        return
    if _TIME.fullmatch(part.text):
        found.say(part, subject, property, terms.time(part.text))
    else:
        found.leave(part)


def say_judge(found: Found, part: Part | None, subject: str, property: str) -> None:
    """One judge or several, by name; what is not written like a name is left."""
    if part is None:
        return
    names = part.text.split(", ")
    if all(PERSON.fullmatch(name) for name in names):
        found.say(part, subject, property, part.text)
    elif HIDDEN.fullmatch(part.text):
        found.say(part, subject, property, None)
    else:
        found.leave(part)


def say_result(found: Found, part: Part | None, subject: str, property: str, *, of_event: bool = False) -> None:
    """What came of it; a date or a name under this header is left."""
    if part is None:
        return
    if _DATE.fullmatch(part.text) or _TIME.fullmatch(part.text) or _NAMED.fullmatch(part.text):
        found.leave(part)
    else:
        found.say(part, subject, property, terms.outcome(part.text) if of_event else terms.result(part.text))


def say_text(found: Found, part: Part | None, subject: str, property: str) -> None:
    """Words as printed; a date, a time or a list of articles under this header is left."""
    if part is None:
        return
    if _DATE.fullmatch(part.text) or _TIME.fullmatch(part.text) or _ARTICLE.match(part.text):
        found.leave(part)
    else:
        found.say(part, subject, property, part.text)


def say_words(found: Found, part: Part | None, subject: str, property: str) -> None:
    """Words that may name articles too (a category); a date or a time under this header is left."""
    if part is None:
        return
    if _DATE.fullmatch(part.text) or _TIME.fullmatch(part.text):
        found.leave(part)
    else:
        found.say(part, subject, property, part.text)


def say_event(found: Found, part: Part | None, subject: str) -> None:
    """The name of an event and its word; a date or a time under this header is left."""
    if part is None:
        return
    if _DATE.fullmatch(part.text) or _TIME.fullmatch(part.text):
        found.leave(part)
    else:
        found.say(part, subject, "name", terms.event(part.text))


def say_name(found: Found, part: Part | None, subject: str) -> None:
    """A name as printed; a hidden one is kept raw, without a value."""
    if part is not None and HIDDEN.fullmatch(part.text):
        found.say(part, subject, "name", None)
    else:
        say_text(found, part, subject, "name")


def say_person(found: Found, part: Part | None, subject: str) -> None:
    """As say_name, where other words than names are met too (`подано ПРОКУРОРОМ`): they get no value."""
    if part is not None:
        found.say(part, subject, "name", part.text if PERSON.fullmatch(part.text) else None)


def say_numbers(found: Found, part: Part | None, subject: str, property: str, previous: str | None = None) -> None:
    """Every number of a text, each with its own quote; earlier ones under `previous` where that is another property.

    Words around them (`выделенный материал из у/д №2-45/2024`) are left.
    """
    if part is None:
        return
    at = 0
    for number in terms.numbers(part.text):
        said = previous if number.previous and previous else property
        found.say(part.sub(number.start, number.end), subject, said, number.normal)
        if _LETTER.search(part.text[at : number.start]):
            found.leave(part.sub(at, number.start))
        at = number.end
    if _LETTER.search(part.text[at:]):
        found.leave(part.sub(at, len(part.text)))


def say_uid(found: Found, part: Part | None, subject: str) -> None:
    """A judicial UID; one whose check digits are wrong is kept raw, without a value, and what is no UID at all is left."""
    if part is None:
        return
    value = terms.uid(part.text)
    if value is None and not terms.UID.search(part.text):
        found.leave(part)
    else:
        found.say(part, subject, "uid", value)


def say_court(found: Found, part: Part, subject: str, property: str) -> None:
    """A court by its name; the value is its code where the register knows exactly one of that name."""
    court = courts.by_short_name(part.text)
    found.say(part, subject, property, None if court is None else court.code)


def say_articles(found: Found, part: Part | None, subject: str) -> None:
    """Each article, attempt and complicity of a list with its own quote.

    An item that is no article at all (another person on the same line?) ends the reading of the line: what follows may not be
    this person's.
    """
    if part is None:
        return
    if code := _CODE_FIRST.match(part.text):
        part = part.sub(code.end(), len(part.text))
    for item in terms.articles(part.text):
        if item.value is None and not _ARTICLE.match(part.text, item.start):
            found.leave(part.sub(item.start, len(part.text)))
            return
        found.say(part.sub(item.start, item.end), subject, item.property, item.value)
