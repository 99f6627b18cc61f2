"""The courts of a demo world: what each register holds, as it is asked for; the world itself says what goes wrong.

Nothing here draws a number or asks for the time. What changes from visit to visit is put in by whoever holds the courts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from crawler.demo.docket import APPEAL, Act, Court, Event, Register, Registration
from crawler.demo.script import Script

if TYPE_CHECKING:
    from crawler.demo.site import Answer, Request


@dataclass(frozen=True, slots=True)
class Hidden:
    """A listing that one visit cannot have: any window of this court that covers this day."""

    court: Court
    day: date
    step: str  # the script's name of the accident
    gap: str  # the ledger's word for the hole it leaves


@dataclass(frozen=True, slots=True)
class Limit:
    """What a court's register can do at most. rows: of one answer, whatever its counter says; days: of a query it can count."""

    rows: int | None = None
    days: int | None = None


CLOSED = ("captcha", "blocked", "outage")


class Shelves:
    """What all courts hold at one visit, by every key that an address may carry."""

    def __init__(self, entries: Iterable[Registration]) -> None:
        self.entries: Mapping[str, Registration] = {entry.case_uid: entry for entry in entries}
        self.dockets: dict[tuple[str, str], list[Registration]] = {}
        self.chains: dict[tuple[str, str], list[Registration]] = {}
        self.acts: dict[tuple[str, int], Act] = {}
        for entry in self.entries.values():
            self.dockets.setdefault((entry.court.code, entry.register.word), []).append(entry)
            self.chains.setdefault((entry.uid, entry.register.word), []).append(entry)
            if entry.act is not None:
                self.acts[entry.court.code, entry.act.number] = entry.act
        for docket in self.dockets.values():
            docket.sort(key=lambda entry: (entry.received, _number(entry)), reverse=True)
        for chain in self.chains.values():
            chain.sort(key=lambda entry: entry.received)
        self.days = _hearings(self.entries.values())


class CourtWeb:
    """Courts and what they hold. A world is made of it: it puts the shelves of each visit in, and what goes wrong.

    changed, withdrawn, shared, dark: the keys of the cases that the script is about, "" where it is about none.
    """

    changed = withdrawn = shared = dark = ""

    def __init__(self, courts: Iterable[Court], today: date, script: Script) -> None:
        self.courts = tuple(courts)
        self.visit = 1
        self.script = script
        self.closed: dict[str, str] = {}  # courts by code, and how each is closed, beside what the script hides
        self.limits: dict[str, Limit] = {}  # courts by code
        self.today = today
        self.shelves = Shelves(())
        self._hosts = {host: court for court in self.courts for host in (court.dash, court.dot)}

    def close(self, how: str, *courts: Court) -> None:
        """From now on: a captcha before the search form, every page blocked, or the module out."""
        if how not in CLOSED:
            raise ValueError(f"not how a court is closed: {how!r}; choose of {', '.join(CLOSED)}")
        self.closed |= {court.code: how for court in courts}

    def accident(self, court: Court, url: str) -> str | None:
        """What befalls this request to a court's module, beside the script: `unavailable`, `reset`, `outage`; None: nothing."""
        return None

    def sent(self, request: Request, given: Answer | None) -> Answer | None:
        """What becomes of an answer on its way: nothing, unless a trouble of this world has it; None: it never comes."""
        return given

    def at(self, host: str) -> Court | None:
        """The court of a host, in either spelling."""
        return self._hosts.get(host)

    @property
    def cases(self) -> tuple[Registration, ...]:
        """Every registration the courts show at this visit, appeals too."""
        return tuple(self.shelves.entries.values())

    def entry(self, case_uid: str) -> Registration | None:
        """The registration with this key, in whatever case the key is written; None where no court shows it now."""
        return self.shelves.entries.get(case_uid.lower())

    @property
    def lost(self) -> Registration | None:
        """The case that is withdrawn, as it stood before."""
        return None

    def docket(self, court: Court, register: Register) -> Sequence[Registration]:
        """A court's register at this visit, newest first."""
        return self.shelves.dockets.get((court.code, register.word), ())

    def chain(self, uid: str, register: Register) -> Sequence[Registration]:
        """All registrations under one judicial identifier, in order of receipt."""
        return self.shelves.chains.get((uid, register.word), ())

    def act(self, court: Court, number: int) -> Act | None:
        """The published text of this number at a court."""
        return self.shelves.acts.get((court.code, number))

    def hearings(self, court: Court, day: date) -> list[tuple[Registration, Event]]:
        """What a court hears on a day, appeals first, then by the hour."""
        return self.shelves.days.get((court.code, day), [])

    def hearing_days(self, court: Court) -> list[date]:
        """The days on which a court hears something, in order."""
        return sorted(day for code, day in self.shelves.days if code == court.code)

    def gap(self, court: Court, register: Register, first: date | None, last: date | None) -> Hidden | None:
        """What stands before a listing of this window at this visit."""
        return None

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host name that the world answers to."""
        return tuple(self._hosts)


def _number(entry: Registration) -> int:
    return int(entry.number.split("-")[1].split("/")[0])


def _hearings(entries: Iterable[Registration]) -> dict[tuple[str, date], list[tuple[Registration, Event]]]:
    days: dict[tuple[str, date], list[tuple[Registration, Event]]] = {}
    for entry in entries:
        for event in entry.events:
            if event.name == "Судебное заседание":
                days.setdefault((entry.court.code, event.day), []).append((entry, event))
    for heard in days.values():
        heard.sort(key=lambda row: (row[0].register.word != APPEAL.word, row[1].time, row[0].number))
    return days
