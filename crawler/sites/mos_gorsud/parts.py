"""What card and search of mos-gorsud.ru share: addresses, values beside their copy buttons, states, and people."""

from __future__ import annotations

import re
from typing import Final

from archive.ledger import terms
from crawler.cells import Found, say_articles, say_date, say_result, say_uid
from crawler.page import Node, Part

# What the path of a case says: /mgs/services/cases/first-admin/details/GUID, /rs/tverskoj/services/cases/criminal/...
PATH = re.compile(r"/(?P<court>mgs|rs/[\w-]+)/services/cases/(?P<section>[\w-]+)(?:/details/(?P<key>[0-9a-fA-F-]{36}))?")
REGISTERS: Final = {
    "criminal": "criminal-1", "civil": "civil-1", "kas": "kas-1", "admin": "koap", "first-criminal": "criminal-1",
    "first-civil": "civil-1", "first-admin": "kas-1", "appeal-criminal": "criminal-appeal", "appeal-civil": "civil-appeal",
    "appeal-admin": "kas-appeal", "appeal-kas": "kas-appeal", "cassation-criminal": "criminal-cassation",
    "cassation-civil": "civil-cassation", "cassation-admin": "kas-cassation",
}  # fmt: skip
_CODES: Final = {"mgs": "77OS0000"}  # as its judicial UIDs begin; a district court is called by its path
_COPY = re.compile(r"скопирова(?:ть|но)(?: в буфер обмена)?", re.IGNORECASE)  # the button beside a number
_STATE = re.compile(r"(?P<state>.+), (?P<day>\d{2}\.\d{2}\.\d{4})")
_CHARGED = re.compile(r"(?P<name>[^()]+?)\s*\((?P<articles>ст[^()]*)\)[,;]?", re.IGNORECASE)
_ACCUSED = re.compile(r"подсудим|обвиняем|осужд[её]н|оправдан|лицо", re.IGNORECASE)


def court_of(path: str) -> str:
    return _CODES.get(path) or f"mos-gorsud/{path.removeprefix('rs/')}"


def said(right: Node) -> Part | None:
    """A value without the button that copies it."""
    lines = [line for line in right.lines if not _COPY.fullmatch(line.text)]
    whole = right.whole
    if whole is None or not lines:
        return None
    button = _COPY.search(whole.text)
    return whole.sub(0, button.start()) if button and button.start() else whole


def number_of(node: Node) -> str | None:
    """The first case number of a cell, in normal form: numbers are padded with zeros here (`02-3501/2025`)."""
    found = (number.normal for line in lines_of(node) for number in terms.numbers(line.text) if number.normal is not None)
    return next((_unpadded(normal) for normal in found), None)


def say_numbers(found: Found, node: Node, subject: str, property: str) -> None:
    """Every number of a cell, line by line: buttons stand between them, and sometimes the judicial UID."""
    for line in lines_of(node):
        if terms.uid(line.text) is not None:
            say_uid(found, line, subject)
            continue
        for number in terms.numbers(line.text):
            part = line.sub(number.start, number.end)
            if number.normal is None:
                found.leave(part)
            else:
                which = "number_previous" if number.previous and property == "number" else property
                found.say(part, subject, which, _unpadded(number.normal))


def lines_of(node: Node) -> list[Part]:
    return [line for line in node.lines if not _COPY.fullmatch(line.text)]


def _unpadded(normal: str) -> str:
    return re.sub(r"^0+(?=\d)", "", normal)


def say_state(found: Found, part: Part, subject: str) -> None:
    """`Удовлетворено, 16.10.2020`: what came of the case, where its words are a result; else only where it stands: left."""
    dated = _STATE.fullmatch(part.text)
    state = part.sub(*dated.span("state")) if dated else part
    if terms.result(state.text) != "unknown":
        say_result(found, state, subject, "result")
        if dated:
            say_date(found, part.sub(*dated.span("day")), subject, "decided")
    else:
        found.leave(part)


class People:
    """The people of one card, numbered in page order."""

    def __init__(self, found: Found, subject: str) -> None:
        self.found, self.subject, self.count = found, subject, 0

    def next(self) -> str:
        self.count += 1
        return f"{self.subject}#person:{self.count}"

    def parties(self, right: Node) -> None:
        """Names under their roles, or behind them: a role stands in bold before those who have it.

        Where one of the bold places is empty, a role is missing, and who has the others is not certain: only names are said.
        """
        bold = right.all("p.table-bold-text, strong, b")
        roles = [each.text for each in bold if each.text]
        sure = len(roles) == len(bold)
        if not sure:
            self.found.flag("role-missing")
        role: Part | None = None
        for line in right.lines:
            begins = next((each for each in roles if line.text.startswith(each)), "")
            if begins:
                named = line.sub(0, len(begins.rstrip(": ")))
                role = named if sure else None
                if not sure:
                    self.found.leave(named)
            if line.text[len(begins) :].strip(" :"):
                name = line.sub(len(begins), len(line.text))
                self._named(name, role)

    def named(self, left: Node, right: Node) -> None:
        """`Фамилия И.О. (Ст. 337, Ч. 5), ...`: people with their articles."""
        label = left.whole
        role = label.sub(0, len(label.text.rstrip(": "))) if label is not None else None
        for line in right.lines:
            charged = list(_CHARGED.finditer(line.text))
            if not charged or _CHARGED.sub("", line.text).strip(" ,;"):
                self._named(line, role)  # more than people and articles: as it stands
                continue
            for each in charged:
                person = self._named(line.sub(*each.span("name")), role)
                say_articles(self.found, line.sub(*each.span("articles")), person)

    def _named(self, name: Part, role: Part | None) -> str:
        person = self.next()
        if role is not None:
            self.found.say(role, person, "role", "defendant" if self._accuses(role) else role.text)
        self.found.say(name, person, "name", name.text)
        return person

    def _accuses(self, role: Part) -> bool:
        return self.subject.startswith("reg:criminal") and _ACCUSED.match(role.text) is not None

    def offence(self, part: Part) -> None:
        """The article of a card that names one person; with several, whose it is the card does not say."""
        if self.count > 1:
            self.found.leave(part)
        else:
            say_articles(self.found, part, f"{self.subject}#person:1")
            self.count = 1
