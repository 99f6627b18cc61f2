"""A season of the small world: cases come as the days pass, and each trouble has its days and its page.

The same season, asked the same questions, gives the same answers; which requests fail is drawn from the address and the day.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from crawler.demo.courtweb import Shelves
from crawler.demo.docket import Court, Registration
from crawler.demo.script import Script
from crawler.demo.site import Answer, Request
from crawler.demo.world import World

T = TypeVar("T")
COUNTER = re.compile("(Всего по запросу найдено — )(\\d+)".encode("cp1251"))
KNOWN = 12  # cases of a court that its register has before the season


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong, where, and on which days of the season: from the first on, until before the last.

    kind: down, captcha, blocked, layout, counter, withdrawn, quiet. where: a court's code, a host, or an address.
    """

    kind: str
    where: str
    first: int
    last: int

    def on(self, day: int) -> bool:
        return self.first <= day < self.last


class Season(World):
    """begin: its first day. troubles: its calendar. failing: shares of requests answered 503, and broken off.

    steady: no address fails three times on one day, so that a visit with three tries is answered. closing: hosts that keep no
    connection.
    """

    def __init__(
        self, begin: date, troubles: Iterable[Trouble] = (), *, failing: tuple[float, float] = (0.05, 0.02), steady: bool = True,
        closing: Iterable[str] = (), pace: Mapping[str, int] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.script = Script(())
        self.begin, self.troubles, self.failing, self.steady = begin, tuple(troubles), failing, steady
        self.closing, self.failed = frozenset(closing), Counter[str]()
        self._asked: Counter[str] = Counter()
        self._comes = dict(self._dealt(pace or {}))
        self.to(begin)

    def _dealt(self, pace: Mapping[str, int]) -> Iterable[tuple[str, tuple[Registration, int]]]:
        """Every case moved to the day of its turn: so many days after the one before of the same court."""
        of: dict[tuple[str, str], list[Registration]] = {}
        for entry in sorted(self._entries[1].values(), key=lambda each: (each.received, each.case_uid)):
            of.setdefault((entry.court.code, entry.register.word), []).append(entry)
        for (court, _), entries in of.items():
            for number, entry in enumerate(entries):
                # What the article speaks of was there before.
                day = -KNOWN if entry.case_uid in (self.shared, self.dark) else (number - KNOWN) * pace.get(court, 2)
                yield entry.case_uid, (moved(entry, self.begin + timedelta(days=day) - entry.received), day)

    def to(self, today: date) -> None:
        """The courts as they are on that day."""
        self.visit, self.today, day = 2, today, (today - self.begin).days
        self._asked.clear()
        shown = []
        for entry, comes in self._comes.values():
            for quiet in self.of("quiet", entry.court.code):
                comes = quiet.last if quiet.on(comes) else comes
            if comes <= day:
                shown.append(as_known(entry, today))
        self.shelves = Shelves(shown)
        self.closed = {each.where: each.kind for each in self.troubles if each.kind in ("captcha", "blocked") and each.on(day)}

    @property
    def day(self) -> int:
        return (self.today - self.begin).days

    def of(self, kind: str, where: str) -> list[Trouble]:
        return [each for each in self.troubles if (each.kind, each.where) == (kind, where)]

    def now(self, kind: str, where: str) -> bool:
        """Is there such a trouble today?"""
        return any(each.on(self.day) for each in self.of(kind, where))

    def accident(self, court: Court, url: str) -> str | None:
        self._asked[url] += 1
        draw = Random(f"{court.code} {self.day} {url.partition('ENTRY_DATE')[0]} {self._asked[url]}").random()
        if self.steady and self._asked[url] % 3 == 0:
            return None
        befell = "unavailable" if draw < self.failing[0] else "reset" if draw < sum(self.failing) else None
        self.failed[befell or "well"] += 1
        return befell

    def sent(self, request: Request, given: Answer | None) -> Answer | None:
        court = self.at(request.host)
        if self.now("down", request.host if court is None else court.code):
            return None
        if self.now("withdrawn", request.url):
            return Answer(
                404, b"<!DOCTYPE html><title>404</title><p>404</p>\n", (("Content-Type", "text/html; charset=utf-8"),)
            )
        if given is None:
            return None
        if court is not None and "name_op=r&" in request.target:
            if self.now("layout", court.code):
                given = replace(given, body=given.body.replace(b"tablcont", b"docket"))
            if self.now("counter", court.code):
                given = replace(given, body=COUNTER.sub(lambda told: told[1] + b"%d" % (int(told[2]) + 1), given.body))
        return replace(given, last=request.host in self.closing)


def moved(value: T, by: timedelta) -> T:
    """The same with all its days so much later."""
    return _each(value, lambda day: day + by)


def _each(value: Any, act: Any) -> Any:
    if isinstance(value, date | datetime):
        return act(value)
    if isinstance(value, tuple):
        return tuple(_each(each, act) for each in value)
    if is_dataclass(value) and not isinstance(value, Court):
        return replace(value, **{each.name: _each(getattr(value, each.name), act) for each in fields(value)})  # type: ignore[type-var]
    return value


def as_known(entry: Registration, today: date) -> Registration:
    """What its court has entered by that day."""
    events = tuple(replace(e, placed=min(e.placed, today) if e.placed else None) for e in entry.events if e.day <= today)
    before = datetime.combine(today, datetime.min.time()) - timedelta(hours=3)
    stamps = {
        "published": entry.published and min(entry.published, before),
        "modified": entry.modified and min(entry.modified, before),
    }
    if entry.decided is not None and entry.decided > today:
        open_ = tuple(replace(person, decided=None, result=None) for person in entry.persons)
        entry = replace(entry, persons=open_, decided=None, result=None, in_force=None, act=None)
    elif entry.in_force is not None and entry.in_force > today:
        entry = replace(entry, in_force=None)
    return replace(entry, events=events or entry.events[:1], **stamps)
