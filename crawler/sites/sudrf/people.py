"""Who a cell of a court's table names: people with their articles, and for a higher court where the case came from."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.cells import HIDDEN, PERSON, Found, say_articles, say_court, say_name, say_numbers, say_text, say_words
from crawler.page import Node, Part

_CHARGED = re.compile(r"(?P<name>.+?)\s*[-–—]\s*(?P<articles>(?:КоАП\s*:\s*)?[сc]т\.?\s*\d.*)")
_LABEL = re.compile(r"(?P<label>[^:]{3,80}):\s*(?P<value>.*)")
_LOWER_COURT = re.compile(r"суд(?: \((?:судебный участок|мировой судья)\))? (?:первой|1-?о?й) инстанции")
_LOWER_NUMBER = re.compile(r"номер дела (?:в|суда) (?:суде )?(?:первой|1-?о?й) инстанции")
_LOWER_JUDGE = re.compile(r"судья(?: \(мировой судья\))? (?:первой|1-?о?й) инстанции")
_CATEGORY = re.compile(r"категория(?: дела)?")
_OFFENCE = re.compile(r"правонарушени[ея]|стать[яи](?: коап(?: рф)?)?|перечень статей")
_COMPLAINT = re.compile(r"жалобу подал(?:\(а\)|а)?|представление внес(?:\(ла\)|ла)?")


@dataclass(slots=True)
class People:
    """The people of one registration, numbered from 1 in page order."""

    found: Found
    registration: str
    count: int = 0

    def next(self) -> str:
        self.count += 1
        return f"{self.registration}#person:{self.count}"

    def read(self, cell: Node, header: Node | None, *, charged: bool, sure: bool) -> None:
        """A cell that names the people of a case, line by line, and for a higher court where the case came from.

        An offence on a line of its own (`Правонарушение: ст. ...`) is that of the one person the cell names.

        charged: people stand here because they are charged (a criminal register). sure: the columns stand in the order we
        know, so that a name without articles can be believed.
        """
        before, offences = self.count, []
        for line in cell.lines:
            labelled = _LABEL.fullmatch(line.text)
            if labelled and labelled["value"] and _OFFENCE.fullmatch(labelled["label"].casefold()):
                offences.append(line.sub(*labelled.span("value")))
            else:
                self._line(line, header if charged else None, sure=sure)
        if offences and self.count == before:
            self.next()  # the offender is not named here
        for offence in offences:
            if self.count == before + 1:
                say_articles(self.found, offence, f"{self.registration}#person:{self.count}")
            else:
                self.found.leave(offence)  # several people: whose it is, the cell does not say

    def _line(self, line: Part, header: Node | None, *, sure: bool) -> None:
        person = _CHARGED.fullmatch(line.text)
        if person:
            subject = self.next()
            say_name(self.found, line.sub(*person.span("name")), subject)
            self.charge(header, subject)
            say_articles(self.found, line.sub(*person.span("articles")), subject)
            return
        labelled = _LABEL.fullmatch(line.text)
        if labelled:
            value = line.sub(*labelled.span("value")) if labelled["value"] else None
            self._labelled(line, line.sub(*labelled.span("label")), value)
            return
        name = line.sub(0, len(line.text.rstrip(" ;")))
        if sure and (HIDDEN.fullmatch(name.text) or PERSON.fullmatch(name.text)):
            subject = self.next()
            say_name(self.found, name, subject)
            self.charge(header, subject)
        else:
            self.found.leave(line)

    def _labelled(self, line: Part, label: Part, value: Part | None) -> None:
        words = label.text.casefold()
        if value is None:
            return  # the label alone states nothing
        if _LOWER_COURT.fullmatch(words):
            say_court(self.found, value, self.registration, "lower_court")
        elif _LOWER_NUMBER.fullmatch(words):
            say_numbers(self.found, value, self.registration, "lower_number")
        elif _LOWER_JUDGE.fullmatch(words):
            say_text(self.found, value, self.registration, "lower_judge")
        elif _CATEGORY.fullmatch(words):
            say_words(self.found, value, self.registration, "category")
        elif label.text.isupper() or _COMPLAINT.fullmatch(words):  # АДМ. ИСТЕЦ: ..., Жалобу подал(а): ...
            subject = self.next()
            say_text(self.found, label, subject, "role")
            say_name(self.found, value, subject)
        else:
            self.found.leave(line)

    def charge(self, header: Node | None, subject: str) -> None:
        """That this person is the defendant: the header `Лица` of a criminal register says it, not the line."""
        stated = header.whole if header is not None else None
        if stated is not None:
            self.found.say(stated, subject, "role", "defendant", derived=True)
