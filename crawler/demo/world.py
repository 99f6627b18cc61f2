"""The small world: its courts and cases at each visit, what happens to them between, and where everything is found.

The one thing that changes in it is which visit it is, and which accidents have happened; `turn` moves it on. The same
seed and plans make the same world, and the same pages byte for byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random
from types import MappingProxyType

from crawler.demo.courtweb import CourtWeb, Hidden, Limit, Shelves
from crawler.demo.docket import APPEAL, FIRST, Court, Event, Register, Registration
from crawler.demo.invent import CONVICTED, PLANS, VERDICT, Plan, invent
from crawler.demo.materials import materials
from crawler.demo.script import Script
from crawler.demo.truth import Truth
from crawler.source import Query, Seed

__all__ = ["ENGLISH", "MIRROR", "MONTHS", "ORIGINAL", "VISITS", "Limit", "World", "hearing_list", "listing"]

VISITS = MappingProxyType({1: date(2025, 6, 5), 2: date(2025, 6, 30)})  # the day each visit takes place, by the courts' clock
MONTHS = tuple((date(2025, m, 1), date(2025, m + 1, 1) - timedelta(days=1)) for m in range(1, 6))
ORIGINAL, MIRROR, ENGLISH = "uchetny-list.media", "uchetny-list-prosmotr.site", "en.uchetny-list.media"


class World(CourtWeb):
    """A few courts and a publisher, with everything that goes wrong between them and a crawler.

    seed: which people and days. plans: which courts and how many cases; the small world unless told otherwise. The first
    four courts play the parts of the script: the first has pages of listings, the third loses a case, the last hears appeals.
    """

    def __init__(self, seed: int = 1, plans: Sequence[Plan] = PLANS) -> None:
        if len(plans) < 4 or len({plan.court.code for plan in plans}) < len(plans):
            raise ValueError("the script needs four courts, each once")
        super().__init__((plan.court for plan in plans), VISITS[1], Script())
        self.seed = seed
        first = {entry.case_uid: entry for entry in (*invent(plans, seed), *materials(self.courts, seed))}
        self._roles(tuple(first.values()), Random(f"{seed}:roles"))
        second = dict(first)
        second[self.changed] = _concluded(first[self.changed])
        del second[self.withdrawn]
        self._entries = {1: first, 2: second}
        self._shelves = {visit: Shelves(entries.values()) for visit, entries in self._entries.items()}
        self.shelves = self._shelves[1]
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
        self.visit, self.today, self.shelves = visit, VISITS[visit], self._shelves[visit]

    @property
    def lost(self) -> Registration:
        """The case that is withdrawn, as it stood before."""
        return self._entries[1][self.withdrawn]

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
        return (*super().hosts, ORIGINAL, MIRROR, ENGLISH)


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
