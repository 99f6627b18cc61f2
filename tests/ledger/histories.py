"""Scripted lives of cases: what courts publish step by step, and what must be known in the end; all invented.

A script mutates a small world and takes captures of it. It keeps its own book of what each capture showed first, by rules
of its own: nothing here asks the code under test.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from archive.ledger.book import Entry
from archive.ledger.observation import Counter, CoverageWindow, Reading, Window

COURTS = ("57GV0001", "61GV0002", "77GV0003", "39GV0004")
SURNAMES = ("Вымыслов", "Придуманов", "Небылицын", "Сказкин", "Безднев", "Нигдеев", "Никтотов", "Былинин")
ARTICLES = (
    ("ст.337 ч.5 УК РФ", "337/5"),
    ("ст.337 ч.3.1 УК РФ", "337/3.1"),
    ("ст.338 ч.1 УК РФ", "338/1"),
    ("ст.332 ч.2.1 УК РФ", "332/2.1"),
)
RESULTS = {
    "verdict": "Вынесен ПРИГОВОР", "terminated": "Уголовное дело ПРЕКРАЩЕНО", "transferred": "Направлено ПО ПОДСУДНОСТИ",
    "returned-to-prosecutor": "ВОЗВРАЩЕНО ПРОКУРОРУ", "upheld": "ОСТАВЛЕН БЕЗ ИЗМЕНЕНИЯ", "changed": "приговор ИЗМЕНЕН",
    "reversed": "приговор ОТМЕНЕН", "convicted": "ОСУЖДЕН", "acquitted": "ОПРАВДАН", "joined": "Дело присоединено к другому делу",
}  # fmt: skip
WORDS = {
    "received": "Регистрация поступившего в суд дела", "assigned": "Передача материалов дела судье", "hearing": "Судебное заседание",
    "announced": "Провозглашение приговора", "archived": "Сдача материалов дела в архив",
}  # fmt: skip


@dataclass
class Man:
    name: str
    article: tuple[str, str]
    result: str | None = None
    decided: date | None = None
    hidden: bool = False


@dataclass
class Reg:
    """One registration as its court has it at this moment."""

    key: str
    court: str
    number: str
    received: date
    register: str = "criminal-1"
    uid: str | None = None
    previous: list[str] = field(default_factory=list)
    men: list[Man] = field(default_factory=list)
    events: list[tuple[str, date, str | None]] = field(default_factory=list)
    result: str | None = None
    decided: date | None = None
    in_force: date | None = None
    acts: list[str] = field(default_factory=list)
    lower: tuple[str, str] | None = None
    result_raw: str | None = None

    @property
    def subject(self) -> str:
        return f"reg:{self.register}:{self.key}"

    def own(self) -> dict[str, Any]:
        """What listing and card both say."""
        said: dict[str, Any] = {"court": self.court, "number": self.number, "received": day(self.received)}
        if self.previous:
            said["number_previous"] = list(self.previous)
        if self.decided and self.result:
            said["decided"] = day(self.decided)
            said["result"] = (self.result_raw or RESULTS[self.result], self.result)
        if self.in_force:
            said["in_force"] = day(self.in_force)
        if self.acts:
            said["act"] = list(self.acts)
        said["persons"] = [
            {"name": ("Информация скрыта", None) if man.hidden else man.name, "article": man.article} for man in self.men
        ]
        return said

    def whole(self) -> dict[str, Any]:
        """What the card says beside."""
        said = self.own()
        if self.uid:
            said["uid"] = self.uid
        if self.lower:
            said["lower_court"], said["lower_number"] = self.lower
        for told, man in zip(said["persons"], self.men, strict=True):
            if man.result and man.decided:
                told["result"] = (RESULTS[man.result], man.result)
                told["decided"] = day(man.decided)
        said["events"] = [
            {"name": (WORDS[word], word), "date": day(when), **({"time": hour} if hour else {})}
            for word, when, hour in self.events
        ]
        return said


def day(when: date) -> tuple[str, str]:
    return f"{when:%d.%m.%Y}", when.isoformat()


class History:
    """One case's life. entries: captures with what was read on each; events: (word, registration, date, time, observed)."""

    def __init__(self, world: Any, rng: random.Random, number: int, seq: int) -> None:
        self.world, self.rng, self.number, self.seq = world, rng, number, seq
        self.day = date(2025, 1, 9) + timedelta(days=rng.randrange(120))
        self.entries: list[Entry] = []
        self.events: set[tuple[str, str, str | None, str | None, datetime]] = set()
        self.listings: list[Window] = []
        self.steps: list[str] = []
        self.regs: list[Reg] = []
        self._shown: dict[tuple[Any, ...], datetime] = {}
        self._numbers: dict[str, list[str]] = {}
        self._acts: dict[str, int] = {}
        self._listed: dict[str, int] = {}
        self._names: dict[tuple[str, str], tuple[int, int]] = {}
        self._serial = 0

    # The world moves on

    def wait(self, least: int = 1, most: int = 20) -> date:
        self.day += timedelta(days=self.rng.randint(least, most))
        return self.day

    def register(self, **values: Any) -> Reg:
        self._serial += 1
        key = values.pop("key", None) or f"{self.number:08x}-0000-4000-8000-{self._serial:012x}"
        values.setdefault("court", self.rng.choice(COURTS))
        values.setdefault("number", self.fresh())
        reg = Reg(key=key, received=self.day, **values)
        reg.events.append(("received", self.day, "10:00"))
        self.regs.append(reg)
        return reg

    def fresh(self, series: str = "1") -> str:
        self._serial += 1
        return f"{series}-{self.number * 50 + self._serial}/{self.day.year}"

    def uid(self, court: str) -> str:
        self._serial += 1
        return f"{court}-01-{self.day.year}-{self.number * 50 + self._serial:06d}-11"

    def man(self, taken: int = 0) -> Man:
        return Man(f"{SURNAMES[(self.number + taken) % len(SURNAMES)]} Иван Ильич", self.rng.choice(ARTICLES))

    def hear(self, reg: Reg) -> None:
        for _ in range(self.rng.randint(1, 2)):
            reg.events.append(("hearing", self.wait(), f"{self.rng.randint(9, 16):02}:30"))

    def decide(self, reg: Reg, result: str, *, stated: bool = False) -> None:
        reg.result, reg.decided = result, self.wait()
        if result == "verdict":
            reg.events.append(("announced", self.day, None))
            for man in reg.men:
                man.result = self.rng.choice(["convicted", "convicted", "acquitted"]) if stated else "verdict"
                man.decided = self.day

    # Somebody looks

    def at(self) -> datetime:
        self.seq += 1
        return datetime(self.day.year, self.day.month, self.day.day, 12, tzinfo=self.world.midnight.tzinfo) + timedelta(
            seconds=self.seq
        )

    def look(self, *regs: Reg) -> None:
        """The card of each."""
        for reg in regs:
            at = self.at()
            page = self.world.card(reg.key, register=reg.register, **reg.whole())
            self.entries.append(self.world.entry(self.seq, page, at=at))
            self._see(reg, "card", at)

    def list(self, *regs: Reg, whole: bool = False) -> None:
        """One listing of them, its counter met. whole: asked and read to the end, for all days of receipt there are."""
        at = self.at()
        page = self.world.listing(*({"key": reg.key, "register": reg.register, **reg.own()} for reg in regs))
        run = f"{self.number}-{self.seq}"
        window = CoverageWindow("sudrf", self.regs[0].court, "criminal-1", None, None, len(regs), len(regs), None, run)
        reading = replace(page.reading(), counter=Counter(len(regs), 1 if regs else 0, len(regs)))
        if not regs:
            reading = Reading("empty", "sudrf/1", "cp1251", counter=Counter(0, 0, 0))
        capture = self.world.capture(self.seq, page, at=at)
        self.entries.append(Entry(capture, reading, None, page.text))
        if whole:
            self.listings.append(Window(window, capture.id, at))
        for reg in regs:
            self._see(reg, "listing", at)
            if len(reg.acts) < self._listed.get(reg.subject, 0):
                self.happened("act-withdrawn", reg, at)
                self._acts[reg.subject] = len(reg.acts)
                self.steps.append("act withdrawn")
            self._listed[reg.subject] = len(reg.acts)

    def captcha(self) -> None:
        at = self.at()
        self.entries.append(self.world.entry(self.seq, self.world.Page("card"), verdict="captcha", at=at))

    def happened(self, word: str, reg: Reg, at: datetime) -> None:
        self.events.add((word, reg.subject, None, None, at))

    def _see(self, reg: Reg, kind: str, at: datetime) -> None:
        """Book what this page is the first to show."""
        own: list[tuple[str, date]] = [("received", reg.received)]
        if reg.decided and reg.result:
            word = {"criminal-appeal": "appeal-result", "criminal-cassation": "cassation"}.get(reg.register) or {
                "verdict": "verdict", "transferred": "transferred", "joined": "joined", "returned-to-prosecutor": "returned",
            }.get(reg.result, "other")  # fmt: skip
            own.append((word, reg.decided))
        if reg.in_force:
            own.append(("in-force", reg.in_force))
        for word, when in own:
            self._shown.setdefault((reg.subject, word, when), at)
        if kind == "card":
            for word, when, hour in reg.events:
                self._shown.setdefault((reg.subject, word, when, hour), at)
        seen = self._numbers.setdefault(reg.subject, [])
        if reg.number not in seen:
            if seen or reg.previous:
                self.happened("number-changed", reg, at)
            seen += [reg.number, *reg.previous]
        for _ in range(self._acts.get(reg.subject, 0), len(reg.acts)):
            self.happened("act-published", reg, at)
        self._acts[reg.subject] = max(self._acts.get(reg.subject, 0), len(reg.acts))
        hidden = sum(man.hidden for man in reg.men)
        before = self._names.get((reg.subject, kind))
        if before and hidden > before[1] and len(reg.men) - hidden < before[0]:
            self.happened("anonymised", reg, at)
        if reg.men:
            self._names[reg.subject, kind] = (len(reg.men) - hidden, hidden)

    def expected_events(self) -> set[tuple[str, str, str | None, str | None, datetime]]:
        """All dated events; a day said without an hour is the row that has one, and the earlier look counts."""
        dated = dict(self._shown)
        for key in [key for key in dated if len(key) == 3 or key[3] is None]:
            hours = sorted((k for k in dated if k[:3] == key[:3] and len(k) == 4 and k[3]), key=lambda k: (dated[k], k[3]))
            if hours:
                dated[hours[0]] = min(dated[hours[0]], dated.pop(key))
            elif len(key) == 4:
                at = dated.pop(key)
                dated[key[:3]] = min(at, dated.get(key[:3], at))
        return self.events | {
            (key[1], key[0], key[2].isoformat(), key[3] if len(key) == 4 else None, at) for key, at in dated.items()
        }  # fmt: skip


PATHS = ("plain", "transferred", "joined", "severed", "retrial", "renewed", "rekeyed", "returned")


def live(world: Any, rng: random.Random, number: int, seq: int) -> tuple[History, dict[str, Any]]:
    """One scripted life, and its final state: what a person who watched it all would say."""
    h = History(world, rng, number, seq)
    path = PATHS[number % len(PATHS)]
    uid = rng.random() < 0.7 or path in ("transferred", "severed", "retrial")
    if path == "rekeyed":
        uid = number % 16 < len(PATHS)  # every other one has nothing but its number
    count = 2 if path == "severed" else rng.randint(1, 2)
    court = rng.choice(COURTS)
    a = h.register(court=court, uid=h.uid(court) if uid else None, men=[h.man(n) for n in range(count)])
    if path == "rekeyed":
        a.key = f"{court}:{number + 1000}"
    a.events.append(("assigned", h.day, None))
    _first_look(h, a)
    if rng.random() < 0.4:
        _renumber(h, a)
    if rng.random() < 0.5:
        h.captcha()
    h.hear(a)
    last = {"transferred": _transferred, "joined": _joined, "severed": _severed, "retrial": _retrial, "renewed": _renewed,
            "rekeyed": _rekeyed, "returned": _returned}.get(path, _plain)(h, a)  # fmt: skip
    h.steps.insert(0, path)
    higher: list[Reg] = []
    if last.result == "verdict":
        if rng.random() < 0.5:
            higher.append(_appeal(h, last, rng.choice(["upheld", "changed"])))
        last.in_force = h.wait()
        h.look(last)
        if rng.random() < 0.5:
            _act(h, last)
    if rng.random() < 0.3:
        _anonymise(h, last)
    if rng.random() < 0.3:
        _withdraw(h, a)
    people = [(man, reg) for reg in h.regs if reg is last or (path == "severed" and reg is a) for man in reg.men]
    if path == "severed":
        people = [(man, reg) for man, reg in people if reg is last or man not in last.men]
    return h, {
        "registrations": {reg.subject for reg in h.regs},
        "received": min(reg.received for reg in h.regs if reg.register == "criminal-1").isoformat(),
        "court": last.court,
        "result": last.result,
        "decided": last.decided.isoformat() if last.decided else None,
        "in_force": last.in_force.isoformat() if last.in_force else None,
        "numbers": {n for reg in h.regs for n in (reg.number, *reg.previous)},
        "persons": sorted(
            (
                (
                    None if man.hidden else man.name,
                    (man.article[1],),
                    man.result,
                    man.decided.isoformat() if man.decided else None,
                )
                for man, _ in people
            ),
            key=str,
        ),
    }


def _first_look(h: History, a: Reg) -> None:
    for look in h.rng.sample([h.list, h.look], 2):
        look(a)


def _renumber(h: History, a: Reg) -> None:
    h.wait()
    a.previous, a.number = [a.number, *a.previous], h.fresh()
    h.steps.append("renumbered")
    h.look(a)


def _plain(h: History, a: Reg) -> Reg:
    ending = h.rng.choice(["verdict", "verdict", "terminated", None])
    if ending:
        h.decide(a, ending, stated=h.rng.random() < 0.5)
    h.look(a)
    return a


def _transferred(h: History, a: Reg) -> Reg:
    h.decide(a, "transferred")
    h.look(a)
    h.wait()
    elsewhere = h.rng.choice([court for court in COURTS if court != a.court])
    b = h.register(court=elsewhere, uid=a.uid, men=[Man(man.name, man.article) for man in a.men])
    h.hear(b)
    if h.rng.random() < 0.7:
        h.decide(b, "verdict", stated=True)
    h.look(b)
    return b


def _joined(h: History, a: Reg) -> Reg:
    c = h.register(court=a.court, uid=h.uid(a.court), men=[h.man(4)])
    if h.number % 16 < len(PATHS):  # every other time the case that stays is the older one
        c.received = a.received - timedelta(days=3)
        c.events[0] = ("received", c.received, "10:00")
    h.look(c)
    h.decide(a, "joined")
    a.result_raw = f"{RESULTS['joined']} № {c.number}"
    c.men += [Man(man.name, man.article) for man in a.men]
    h.look(a, c)
    h.decide(c, "verdict", stated=True)
    h.look(c)
    return c


def _severed(h: History, a: Reg) -> Reg:
    h.wait()
    b = h.register(court=a.court, uid=a.uid, men=[Man(a.men[1].name, a.men[1].article)])
    if h.number % 16 < len(PATHS):
        del a.men[1]
    else:
        b.men[0] = a.men[1]  # the card of the first case goes on listing him
    h.look(a, b)
    kept = list(a.men)
    a.men = kept[:1]
    h.decide(a, "verdict", stated=True)
    a.men = kept
    h.decide(b, "verdict", stated=True)
    h.look(a, b)
    return b


def _retrial(h: History, a: Reg) -> Reg:
    h.decide(a, "verdict")
    h.look(a)
    _appeal(h, a, "reversed")
    h.wait()
    b = h.register(court=a.court, uid=a.uid, men=[Man(man.name, man.article) for man in a.men])
    h.hear(b)
    h.decide(b, "verdict", stated=True)
    h.look(b)
    return b


def _renewed(h: History, a: Reg) -> Reg:
    h.decide(a, "returned-to-prosecutor")
    h.look(a)
    h.wait()
    b = h.register(court=a.court, uid=h.uid(a.court), previous=[a.number], men=[Man(man.name, man.article) for man in a.men])
    h.look(b)
    h.hear(b)
    h.decide(b, "verdict", stated=True)
    h.look(b)
    return b


def _rekeyed(h: History, a: Reg) -> Reg:
    """The court takes the card down and puts it up again under another case_id."""
    h.wait()
    b = replace(a, key=f"{a.court}:{h.number + 5000}", men=[Man(man.name, man.article) for man in a.men], events=list(a.events))
    h.regs.append(b)
    h.decide(b, "verdict", stated=True)
    h.look(b)
    return b


def _returned(h: History, a: Reg) -> Reg:
    h.decide(a, "returned-to-prosecutor")
    h.look(a)
    return a


def _appeal(h: History, a: Reg, result: str) -> Reg:
    h.wait()
    number = f"22-{h.number * 50 + 49}/{h.day.year}"
    known = a.uid if h.rng.random() < 0.5 else None
    d = h.register(register="criminal-appeal", court="61OV0000", number=number, uid=known, lower=(a.court, a.number),
                   men=[Man(man.name, man.article) for man in a.men])  # fmt: skip
    h.decide(d, result)
    h.look(d)
    h.steps.append(f"appeal: {result}")
    return d


def _act(h: History, last: Reg) -> None:
    h.wait()
    last.acts = [f"https://court.test/act/{h.number}"]
    if h.rng.random() < 0.5:
        h.look(last)
    at_listing = h.rng.random() < 0.7
    if at_listing:
        h.list(last)
    h.wait()
    last.acts = []
    if h.rng.random() < 0.5:
        h.look(last)  # a card without its act says nothing
    if at_listing and h.rng.random() < 0.6:
        h.list(last)


def _anonymise(h: History, last: Reg) -> None:
    h.look(last)
    h.wait()
    for man in last.men:
        man.hidden = True
    h.look(last)
    h.steps.append("anonymised")


def _withdraw(h: History, a: Reg) -> None:
    here = [reg for reg in h.regs if reg.court == a.court and reg.register == a.register]
    h.list(*here, whole=True)
    h.wait()
    h.list(whole=True)
    for reg in here:
        h.happened("withdrawn-from-site", reg, h.entries[-1].capture.at)
    h.steps.append("withdrawn")
