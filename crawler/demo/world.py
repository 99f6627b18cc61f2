"""The small world: its courts and cases at each visit, what happens to them between, and where everything is found.

The one thing that changes in it is which visit it is, and which accidents have happened; `turn` moves it on. The same
seed and plans make the same world, and the same pages byte for byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from types import MappingProxyType

from crawler.demo.docket import APPEAL, FIRST, Court, Event, Register, Registration
from crawler.demo.invent import CONVICTED, PLANS, VERDICT, Plan, invent
from crawler.demo.materials import materials
from crawler.demo.script import Script
from crawler.demo.truth import Truth
from crawler.source import Query, Seed

VISITS = MappingProxyType({1: date(2025, 6, 5), 2: date(2025, 6, 30)})  # the day each visit takes place, by the courts' clock
MONTHS = tuple((date(2025, m, 1), date(2025, m + 1, 1) - timedelta(days=1)) for m in range(1, 6))
ORIGINAL, MIRROR, ENGLISH = "uchetny-list.media", "uchetny-list-prosmotr.site", "en.uchetny-list.media"


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


class World:
    """A few courts and a publisher, with everything that goes wrong between them and a crawler.

    seed: which people and days. plans: which courts and how many cases; the small world unless told otherwise. The first
    four courts play the parts of the script: the first has pages of listings, the third loses a case, the last hears appeals.
    """

    def __init__(self, seed: int = 1, plans: Sequence[Plan] = PLANS) -> None:
        if len(plans) < 4 or len({plan.court.code for plan in plans}) < len(plans):
            raise ValueError("the script needs four courts, each once")
        self.seed = seed
        self.courts = tuple(plan.court for plan in plans)
        self.visit = 1
        self.script = Script()
        self.closed: dict[str, str] = {}  # courts by code, and how each is closed, beside what the script hides
        self.limits: dict[str, Limit] = {}  # courts by code
        first = {entry.case_uid: entry for entry in (*invent(plans, seed), *materials(self.courts, seed))}
        self._roles(tuple(first.values()), Random(f"{seed}:roles"))
        second = dict(first)
        second[self.changed] = _concluded(first[self.changed])
        del second[self.withdrawn]
        self._entries = {1: first, 2: second}
        self._dockets = {visit: _dockets(entries.values()) for visit, entries in self._entries.items()}
        self._days = {visit: _hearings(entries.values()) for visit, entries in self._entries.items()}
        self.hidden = (
            Hidden(self.courts[2], date(2025, 3, 15), "captcha", "captcha"),
            Hidden(self.courts[1], date(2025, 5, 15), "outage", "outage"),
            Hidden(self.courts[-1], date(2025, 4, 15), "blocked", "blocked"),
        )

    def _roles(self, entries: tuple[Registration, ...], deal: Random) -> None:
        """Which case changes, which is withdrawn, which has three addresses, and whose card fails at the first visit."""
        head, third = self.courts[0], self.courts[2]
        alone = Counter(entry.uid for entry in entries)
        free = [entry for entry in entries if entry.register == FIRST and alone[entry.uid] == 1]
        waiting = [e for e in free if e.court == head and e.result is None and _awaits_hearing(e) and e.modified]
        lost = [e for e in free if e.court == third and e.result is not None and e.received.month in (1, 4, 5)]
        told = [e for e in free if e.court == head and e.result == VERDICT and e.in_force]
        self.changed = deal.choice(waiting).case_uid
        self.withdrawn = deal.choice(lost).case_uid
        shared, dark = deal.sample(told, 2)
        self.shared, self.dark = shared.case_uid, dark.case_uid

    def turn(self, visit: int) -> None:
        """Move to that visit: what is scripted between the two has happened."""
        if visit not in VISITS:
            raise ValueError(f"no visit {visit}: there are {sorted(VISITS)}")
        self.visit = visit

    def close(self, how: str, *courts: Court) -> None:
        """From now on: a captcha before the search form, every page blocked, or the module out."""
        if how not in CLOSED:
            raise ValueError(f"not how a court is closed: {how!r}; choose of {', '.join(CLOSED)}")
        self.closed |= {court.code: how for court in courts}

    @property
    def today(self) -> date:
        return VISITS[self.visit]

    @property
    def cases(self) -> tuple[Registration, ...]:
        """Every registration the courts show at this visit, appeals too."""
        return tuple(self._entries[self.visit].values())

    def entry(self, case_uid: str) -> Registration | None:
        """The registration with this key, in whatever case the key is written; None where no court shows it now."""
        return self._entries[self.visit].get(case_uid.lower())

    @property
    def lost(self) -> Registration:
        """The case that is withdrawn, as it stood before."""
        return self._entries[1][self.withdrawn]

    def docket(self, court: Court, register: Register) -> Sequence[Registration]:
        """A court's register at this visit, newest first."""
        return self._dockets[self.visit].get((court.code, register.word), ())

    def chain(self, uid: str, register: Register) -> list[Registration]:
        """All registrations under one judicial identifier, in order of receipt."""
        found = [entry for entry in self.cases if entry.uid == uid and entry.register == register]
        return sorted(found, key=lambda entry: entry.received)

    def hearings(self, court: Court, day: date) -> list[tuple[Registration, Event]]:
        """What a court hears on a day, appeals first, then by the hour."""
        return self._days[self.visit].get((court.code, day), [])

    def hearing_days(self, court: Court) -> list[date]:
        """The days on which a court hears something, in order."""
        return sorted(day for code, day in self._days[self.visit] if code == court.code)

    def truth(self, visit: int | None = None) -> Truth:
        """What the ledger must hold after this visit, if nothing stood in the crawler's way.

        A case that its court withdrew stays true: it was received, and absence is no deletion.
        """
        entries = {**self._entries[1], **self._entries[visit or self.visit]}
        return Truth.of(entries.values())

    def gap(self, court: Court, register: Register, first: date | None, last: date | None) -> Hidden | None:
        """What stands before a listing of this window at this visit; the second visit has a clear way."""
        if self.visit != 1 or register != FIRST:
            return None
        for hidden in self.hidden:
            if hidden.court == court and (first or date.min) <= hidden.day <= (last or date.max):
                return hidden
        return None

    def seeds(self) -> tuple[Seed, ...]:
        """Every listing that `query` asks for, at the address its court's own form would send."""
        asked = [(court, FIRST) for court in self.courts] + [(self.courts[-1], APPEAL)]
        return tuple(
            Seed(listing(court, register, first, last), court.code, register.word, first, last)
            for court, register in asked
            for first, last in MONTHS
        )

    def query(self) -> Query:
        """What to ask for: each court's first instance by month of receipt, and the appeals of the court above."""
        return Query(tuple(court.code for court in self.courts), MONTHS[0][0], MONTHS[-1][1], ("criminal-1", "criminal-appeal"))

    def shared_addresses(self) -> tuple[str, str, str]:
        """Three addresses of one card: its own, an old spelling on the dot host, and another court's host of its region."""
        entry = self._entries[1][self.shared]
        other = next(court for court in self.courts[1:] if court.region == entry.court.region)
        spelling = (
            f"http://{entry.court.dot}/modules.php?name_op=case&name=sud_delo&case_uid={entry.case_uid.upper()}"
            f"&case_id={entry.case_id}&new=0&delo_id={FIRST.delo_id}&case_type=0&srv_num=1"
        )
        return entry.card, spelling, entry.card.replace(entry.court.dash, other.dash)

    def broken_query(self) -> str:
        """A search that somebody copied without its last field."""
        return listing(self.courts[0], FIRST, *MONTHS[3]).replace(f"&delo_table={FIRST.table}", "")

    def editions(self) -> tuple[str, str, str]:
        """The one article: the original, its mirror, its English edition of a day later."""
        return (
            f"https://{ORIGINAL}/article/2025/06/03/337",
            f"https://{MIRROR}/article/2025/06/03/337",
            f"https://{ENGLISH}/article/2025/06/04/337",
        )

    def addresses(self) -> tuple[str, ...]:
        """What to fetch at this visit beside the listings and what they lead to."""
        if self.visit == 1:
            days = [(court, self.hearing_days(court)) for court in (self.courts[0], self.courts[-1])]
            lists = [hearing_list(court, days[-1]) for court, days in days if days]
            return (*self.editions(), *self.shared_addresses(), self.broken_query(), *lists)
        return tuple(self._entries[1][uid].card for uid in (self.withdrawn, self.changed))

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host name that the world answers to."""
        return (*(name for court in self.courts for name in (court.dash, court.dot)), ORIGINAL, MIRROR, ENGLISH)


def listing(court: Court, register: Register, first: date, last: date, page: int | None = None) -> str:
    """The address of a listing by day of receipt, as the search form sends it."""
    turned = f"&page={page}" if page else ""
    return (
        f"https://{court.dash}/modules.php?name=sud_delo&srv_num=1&name_op=r{turned}&delo_id={register.delo_id}&case_type=0"
        f"&new={register.new}&delo_table={register.table}&{register.table}__ENTRY_DATE1D={first:%d.%m.%Y}"
        f"&{register.table}__ENTRY_DATE2D={last:%d.%m.%Y}"
    )


def hearing_list(court: Court, day: date) -> str:
    """The address of what a court hears on a day."""
    return f"https://{court.dash}/modules.php?name=sud_delo&srv_num=1&H_date={day:%d.%m.%Y}"


def _awaits_hearing(entry: Registration) -> bool:
    return entry.events[-1].name == "Судебное заседание" and entry.events[-1].result is None


def _concluded(entry: Registration) -> Registration:
    """The same case after its last hearing: a result, one event more, a later stamp."""
    *before, hearing = entry.events
    decided = hearing.day
    announced = Event("Провозглашение приговора", decided, hearing.time, hearing.place, placed=decided + timedelta(days=1))
    return replace(
        entry,
        events=(*before, replace(hearing, result="Постановление приговора"), announced),
        persons=tuple(replace(person, decided=decided, result=CONVICTED) for person in entry.persons),
        decided=decided,
        result=VERDICT,
        modified=datetime.combine(decided + timedelta(days=1), time(19, 10)),
    )


def _number(entry: Registration) -> int:
    return int(entry.number.split("-")[1].split("/")[0])


def _dockets(entries: Iterable[Registration]) -> dict[tuple[str, str], list[Registration]]:
    dockets: dict[tuple[str, str], list[Registration]] = {}
    for entry in entries:
        dockets.setdefault((entry.court.code, entry.register.word), []).append(entry)
    for docket in dockets.values():
        docket.sort(key=lambda entry: (entry.received, _number(entry)), reverse=True)
    return dockets


def _hearings(entries: Iterable[Registration]) -> dict[tuple[str, date], list[tuple[Registration, Event]]]:
    days: dict[tuple[str, date], list[tuple[Registration, Event]]] = {}
    for entry in entries:
        for event in entry.events:
            if event.name == "Судебное заседание":
                days.setdefault((entry.court.code, event.day), []).append((entry, event))
    for heard in days.values():
        heard.sort(key=lambda row: (row[0].register.word != APPEAL.word, row[1].time, row[0].number))
    return days
