"""How the dealt cases are entered in the courts' registers: numbers, people, events, and what was transferred and appealed.

Transfers, new trials, joined cases, appeals and cassations are laid upon the cases so that no figure of the census moves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from archive.ledger import courts as register
from crawler.demo.deal import CLOSED, Census, Dealt, after, deal
from crawler.demo.docket import (
    APPEAL,
    CASSATION,
    FIRST,
    Act,
    Court,
    Event,
    Lower,
    Person,
    Register,
    Registration,
    Result,
    judicial_uid,
)
from crawler.demo.invent import (
    ACQUITTED,
    CHANGED,
    CONVICTED,
    ENDINGS,
    JUDGES,
    MEDICAL,
    NAMES,
    PATRONYMICS,
    RETURNED,
    SURNAMES,
    TERMINATED,
    TRANSFERRED,
    UPHELD,
    VERDICT,
)

REVERSED = Result("reversed", ("ОБВИНИТЕЛЬНЫЙ приговор ОТМЕНЕН",))
RESULTS = {each.word: each for each in (VERDICT, CONVICTED, ACQUITTED, TERMINATED, RETURNED, MEDICAL)}
ITEMS = {
    "332": (("332/2.1",), ("332/2.1",), ("332/1",)),
    "337": (
        ("337/5",),
        ("337/5",),
        ("337/5",),
        ("337/3.1",),
        ("337/2.1",),
        ("337/4",),
        ("337/5", "337/5"),
        ("337/5", "158/2/в"),
    ),
    "338": (("338/3",), ("338/3",), ("338/1", "30/3+158/3/г")),
}
OTHERS = (("228/2",), ("205.2/1", "228.1/4/г"), ("158/3/а",))  # cases that no figure counts
TRAP = 337  # a number that a search for the article must not take for it


class Clerks:
    """Who enters the dealt cases in the courts' registers."""

    def __init__(self, courts: Sequence[Court], census: Census, seed: int) -> None:
        self._deal = Random(f"{seed}:clerks")
        self._census = census
        self._by_code = {court.code: court for court in courts}
        self._known = {court.code: court for court in register.courts()}
        self._garrisons = [court for court in courts if self._known[court.code].kind == "garrison"]
        self._districts = [court for court in courts if self._known[court.code].kind in ("district", "fleet")]
        self._weights = [self._deal.randint(2, 30) for _ in self._garrisons]
        self._serial = 0
        self._dealt = deal(census, Random(f"{seed}:deal"))

    def entries(self) -> Iterator[Registration]:
        """Every registration: the first instance, then what was appealed."""
        made = [entry for n, case in enumerate(self._dealt) for entry in self._case(case, n)]
        made += [self._stranger(n) for n in range(max(len(self._dealt) // 50, 12))]
        numbered = _numbered(made)
        yield from numbered
        yield from self._joined(numbered)
        yield from self._above(numbered)

    # ---- first instance

    def _case(self, case: Dealt, n: int) -> list[Registration]:
        """A case as its court enters it; one that began elsewhere, or is tried anew, is entered twice."""
        court = self._deal.choice(self._districts) if n % 50 == 7 else self._deal.choices(self._garrisons, self._weights)[0]
        names = [None if self._deal.random() < 0.25 else self._name() for _ in case.ends]
        items = [self._deal.choice(ITEMS[case.article]) for _ in case.ends]
        long = case.decided is not None and after(case.received, 22) <= case.decided and set(case.ends) & {"convicted"}
        if long and n % 60 == 11:
            return self._transferred(case, court, names, items)
        if long and n % 60 == 31 and after(case.received, 40) <= (case.decided or CLOSED):
            return self._tried_anew(case, court, names, items)
        return [self._entry(court, case.received, case.decided, case.ends, names, items)]

    def _transferred(
        self, case: Dealt, court: Court, names: Sequence[str | None], items: Sequence[tuple[str, ...]]
    ) -> list[Registration]:
        """Begun at the wrong court, and registered under the same judicial identifier at the right one."""
        wrong = self._deal.choice([each for each in self._garrisons if each != court])
        sent = after(case.received, 5)
        first = self._entry(wrong, case.received, sent, (None,) * len(names), names, items)
        people = tuple(replace(person, decided=sent, result=TRANSFERRED) for person in first.persons)
        second = self._entry(court, after(sent, 3), case.decided, case.ends, names, items)
        return [replace(first, result=TRANSFERRED, decided=sent, persons=people), replace(second, uid=first.uid)]

    def _tried_anew(
        self, case: Dealt, court: Court, names: Sequence[str | None], items: Sequence[tuple[str, ...]]
    ) -> list[Registration]:
        """A verdict that the court above reversed: entered again at the same court, under a new number and a new identifier."""
        first = self._entry(court, case.received, after(case.received, 12), ("convicted",) * len(names), names, items)
        second = self._entry(court, after(case.received, 30), case.decided, case.ends, names, items)
        return [replace(first, in_force=None), replace(second, origin=first.uid)]

    def _stranger(self, n: int) -> Registration:
        """A case of another article, received and decided before the last winter."""
        deal = self._deal
        received = after(self._census.begin, deal.randint(0, 20))
        court = self._districts[n] if n < len(self._districts) else deal.choice(self._garrisons)
        entry = self._entry(court, received, after(received, 20), ("convicted",), [self._name()], [OTHERS[n % len(OTHERS)]])
        return replace(entry, number=f"1-{TRAP}/{received.year}" if n % 3 == 0 else "")

    def _entry(
        self, court: Court, received: date, decided: date | None, ends: Sequence[str | None], names: Sequence[str | None],
        items: Sequence[tuple[str, ...]],
    ) -> Registration:  # fmt: skip
        deal = self._deal
        case_id, case_uid, uid = self._keys(court, received)
        words = {RESULTS[end] for end in ends if end is not None}
        result = VERDICT if words & {CONVICTED, ACQUITTED, VERDICT} else next(iter(words), None)
        persons = tuple(
            Person(name, held, decided, RESULTS[end] if end else None)
            for name, held, end in zip(names, items, ends, strict=True)
        )
        judge = deal.choice(JUDGES)
        if court.initials:
            surname, name, patronymic = judge.split()
            judge = f"{surname} {name[0]}.{patronymic[0]}."
        in_force = decided + timedelta(days=16) if decided and result else None
        act = None
        if result == VERDICT and not court.vnkod and deal.random() < 0.02:
            act = Act(30_000_000 + self._serial, "Приговор", _text(court, judge))
        stamped = deal.random() < 0.8
        events = self._events(received, decided, result)
        return Registration(
            court=court, register=FIRST, case_id=case_id, case_uid=case_uid, number="", uid=uid, received=received, judge=judge,
            persons=persons, events=events, decided=decided if result else None, result=result,
            in_force=in_force if in_force and in_force <= CLOSED else None, act=act,
            published=_stamp(received, deal) if stamped else None,
            modified=_stamp(min(max(event.placed or received for event in events), CLOSED), deal) if stamped else None,
        )  # fmt: skip

    def _keys(self, court: Court, received: date) -> tuple[int, str, str]:
        self._serial += 1
        key = UUID(int=self._deal.getrandbits(128), version=4)
        uid = judicial_uid(court.code, received.year, self._serial % 1_000_000)
        return 100_000_000 + 7 * self._serial, str(key), uid

    def _events(self, received: date, decided: date | None, result: Result | None) -> tuple[Event, ...]:
        deal = self._deal
        ruled = after(received, 4)
        events = [
            Event("Регистрация поступившего в суд дела", received, "09:30", placed=received),
            Event("Передача материалов дела судье", received, "17:45", placed=received),
        ]
        if ruled <= CLOSED and (decided is None or ruled < decided):
            ruling = "Решение в отношении поступившего уголовного дела"
            events.append(Event(ruling, ruled, "10:00", result="Назначено судебное заседание", placed=ruled))
            heard = after(ruled, 3)
            if deal.random() < 0.3 and heard <= CLOSED and (decided is None or heard < decided):
                late = "НЕЯВКА подсудимого"
                events.append(Event("Судебное заседание", heard, "11:00", "Зал № 1", "Заседание отложено", late, placed=heard))
        if decided is not None and result is not None:
            ending = ENDINGS.get(result.word)
            events.append(Event("Судебное заседание", decided, "14:15", "Зал № 2", ending, placed=decided))
            if result == VERDICT:
                events.append(Event("Провозглашение приговора", decided, "14:15", "Зал № 2", placed=decided))
        elif deal.random() < 0.02:
            # A clerk's slip of the finger: years like this one stand on real cards.
            events.append(Event("Судебное заседание", date(2029, 3, 1), "10:00", "Зал № 1", placed=min(ruled, CLOSED)))
        return tuple(events)

    def _name(self) -> str:
        return f"{self._deal.choice(SURNAMES)} {self._deal.choice(NAMES)} {self._deal.choice(PATRONYMICS)}"

    # ---- beside and above it

    def _joined(self, entries: Sequence[Registration]) -> Iterator[Registration]:
        """A second case against the same man, entered a few days later and joined to the first."""
        last = Counter[tuple[str, int]]()
        for entry in entries:
            last[entry.court.code, entry.received.year] += 1
        for n, entry in enumerate(entries):
            received = after(entry.received, 3)
            if n % 150 != 5 or entry.origin or entry.result == TRANSFERRED or received > CLOSED - timedelta(days=4):
                continue
            last[entry.court.code, received.year] += 1
            number = f"1-{9_000 + last[entry.court.code, received.year]}/{received.year}"
            result = Result("joined", ("Дело присоединено к другому делу", f"№ {entry.number}"))
            again = self._entry(entry.court, received, None, (None,), [entry.persons[0].name], [entry.persons[0].articles])
            over = after(received, 2)
            men = tuple(replace(man, decided=over, result=result) for man in again.persons)
            yield replace(again, number=number, origin=entry.uid, result=result, decided=over, persons=men)

    def _above(self, entries: Sequence[Registration]) -> Iterator[Registration]:
        """What was appealed, and of that what went to cassation."""
        anew = {entry.origin for entry in entries if entry.origin}
        appeals, met = 0, set[str]()
        for n, entry in enumerate(entries):
            reversed_ = entry.uid in anew
            higher = self._by_code.get(self._known[entry.court.code].higher or "")
            if entry.result != VERDICT or entry.decided is None or higher is None:
                continue
            if n % 12 != 3 and not reversed_ and higher.code in met:
                continue
            received = after(entry.decided, 6)
            if after(received, 8) > CLOSED:
                continue
            appeals += 1
            met.add(higher.code)
            ending = REVERSED if reversed_ else (UPHELD, CHANGED)[appeals % 2]
            # Some appeals print no identifier: the lower court and its number tell whose they are.
            bare = appeals % 5 == 0 and register.by_short_name(entry.court.title) is not None
            appeal = self._appeal(entry, higher, APPEAL, f"22-{appeals}/{received.year}", received, ending)
            yield replace(appeal, uid="") if bare else appeal
            top = self._by_code.get(self._top())
            later = after(received, 20)
            if top is not None and appeals % 8 == 1 and after(later, 8) <= CLOSED:
                number = f"7У-{appeals}/{later.year} [77-{appeals}/{later.year}]"
                yield self._appeal(entry, top, CASSATION, number, later, UPHELD)

    def _top(self) -> str:
        return next(court.code for court in register.courts() if court.kind == "cassation")

    def _appeal(
        self, entry: Registration, court: Court, kind: Register, number: str, received: date, result: Result
    ) -> Registration:
        heard = after(received, 8)
        case_id, case_uid, _ = self._keys(court, received)
        return Registration(
            court=court, register=kind, case_id=case_id, case_uid=case_uid, number=number, uid=entry.uid, received=received,
            judge=self._deal.choice(JUDGES), persons=tuple(replace(man, decided=None, result=result) for man in entry.persons),
            events=(
                Event("Регистрация поступившего в суд дела", received, "09:30", placed=received),
                Event("Судебное заседание", heard, "12:00", "Зал № 1", "Вынесено решение", placed=received),
            ),
            decided=heard, result=result, lower=Lower(entry.court, entry.number, entry.judge),
        )  # fmt: skip


def _numbered(entries: Sequence[Registration]) -> list[Registration]:
    """Numbers in order of receipt, by court and year; what is undecided at the turn of a year is often entered anew."""
    before: dict[str, str] = {}
    counters = Counter[tuple[str, int]]()

    def number(court: str, year: int) -> str:
        counters[court, year] += 1
        counters[court, year] += counters[court, year] == TRAP
        return f"1-{counters[court, year]}/{year}"

    numbered: dict[str, Registration] = {}
    seen = set[tuple[str, str]]()
    for n, entry in enumerate(sorted(entries, key=lambda entry: (entry.received, entry.case_id))):
        court, year = entry.court.code, entry.received.year
        if entry.number and (court, entry.number) not in seen:
            seen.add((court, entry.number))
            numbered[entry.case_uid] = entry
            continue
        first = number(court, year)
        if entry.origin:  # a new trial bears the number of the first one too
            numbered[entry.case_uid] = replace(entry, number=first, number_previous=before[entry.origin])
        elif n % 3 == 0 and entry.result != TRANSFERRED and entry.received.month > 10 and _open_at(entry, year + 1):
            numbered[entry.case_uid] = replace(entry, number=number(court, year + 1), number_previous=first)
        else:
            numbered[entry.case_uid] = replace(entry, number=first)
        before[entry.uid] = numbered[entry.case_uid].number
    return list(numbered.values())


def _open_at(entry: Registration, year: int) -> bool:
    return entry.decided is None or entry.decided >= date(year, 1, 15)


def _text(court: Court, judge: str) -> tuple[str, ...]:
    return (
        "ПРИГОВОР", "Именем Российской Федерации", f"{court.title} в составе судьи {judge}",
        "ФИО1, ДД.ММ.ГГГГ года рождения, признать виновным.",
        "Приговор может быть обжалован в течение 15 суток со дня провозглашения.",
    )  # fmt: skip


def _stamp(day: date, deal: Random) -> datetime:
    return datetime.combine(day, time(18 + deal.randrange(3), deal.randrange(60)))
