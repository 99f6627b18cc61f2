"""What there is to watch: three courts and some articles for a spring month, and what befalls their hosts, as a seed deals it.

The courts' pages are those of the demo world, rendered by its code from cases of our own that move with the days. The cases
are the same for every seed: what differs is what goes wrong. World time is true time: no clock of ours moves it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from functools import cache
from urllib.parse import urlsplit
from uuid import UUID

from crawler.demo import chrome, pages
from crawler.demo.courtweb import CourtWeb, Shelves
from crawler.demo.docket import FIRST, MATERIAL, Court, Event, Person, Registration, judicial_uid
from crawler.demo.invent import ASTRAKHAN, CONVICTED, PYATIGORSK, STAVROPOL, VERDICT
from crawler.demo.materials import GRANTED
from crawler.demo.script import Script
from crawler.demo.site import Answer, answer
from crawler.demo.site import Request as Asked
from tests.simulation.net import Reply
from tests.simulation.time import Clock

START = datetime(2026, 3, 15, tzinfo=UTC)
COURTS = (PYATIGORSK, STAVROPOL, ASTRAKHAN)
HOURS = 3600.0
DAY = 24 * HOURS
CASES = 5  # of a court
NAMES = ("Мнимов Лев Ильич", "Вымыслов Пётр Олегович", "Сказочный Артём Львович")
# What a page is that is not the page, where it comes with all its octets.
STRANGERS = frozenset(("captcha", "blocked", "outage", "soft-404", "challenge", "login", "gone", "unavailable", "throttled"))


@dataclass(frozen=True, slots=True)
class Spell:
    """What befalls a host for a while. begin, end: seconds of world time."""

    host: str
    begin: float
    end: float
    kind: str
    seconds: int = 0  # of a Retry-After


@dataclass(frozen=True, slots=True)
class Article:
    """One page of an outlet. period: days after which it says something else; tagged: it has an ETag."""

    url: str
    period: float
    tagged: bool

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


ARTICLES = tuple(
    Article(f"http://{host}.example/{n}/zametka", period, tagged)
    for n, (host, period, tagged) in enumerate(
        (
            ("listok", 0.4, True), ("vestnik", 3.0, False), ("obzor", 1000.0, True), ("hronika", 1000.0, False),
            ("hronika", 2.0, True), ("zerkalo", 1000.0, True),
        )
    )
)  # fmt: skip
HOSTS = [*(court.dash for court in COURTS), *dict.fromkeys(article.host for article in ARTICLES)]
COURT_SPELLS = (
    "captcha", "blocked", "outage", "unavailable", "throttled", "reset", "stall", "truncated", "slow", "refused", "dns",
    "layout", "down",
)  # fmt: skip
PRESS_SPELLS = (
    "challenge", "captcha", "soft-404", "outage", "login", "gone", "unavailable", "throttled", "reset", "stall", "truncated",
    "slow", "drip", "refused", "silent", "dns", "down",
)  # fmt: skip


@cache
def _case(place: int, n: int, *, decided: bool) -> Registration:
    """One case of a court: received in turn, decided some weeks later."""
    court, serial = COURTS[place], 100 * place + n
    received = date(2026, 2, 16) + timedelta(days=6 * n + place)
    hearing = received + timedelta(days=19 + 2 * n)
    events = [
        Event("Регистрация поступившего в суд дела", received, "10:05", placed=received),
        Event("Передача материалов дела судье", received, "17:45", placed=received),
        Event("Судебное заседание", hearing, "11:00", "Зал № 1", "Постановление приговора" if decided else None,
              placed=received + timedelta(days=3)),
    ]  # fmt: skip
    if decided:
        events.append(Event("Провозглашение приговора", hearing, "11:00", "Зал № 1", placed=hearing))
    person = Person(NAMES[n % 3] if n % 4 else None, ("337/5",), hearing if decided else None, CONVICTED if decided else None)
    return Registration(
        court=court, register=FIRST, case_id=310_000_000 + serial, case_uid=str(UUID(int=0xC0 << 100 | serial, version=4)),
        number=f"1-{20 + n}/2026", uid=judicial_uid(court.code, 2026, 300 + serial), received=received,
        judge="Весовщиков Пров Наумович", persons=(person,), events=tuple(events), decided=hearing if decided else None,
        result=VERDICT if decided else None, published=datetime.combine(received, time(19)),
        modified=datetime.combine(hearing if decided else received, time(19, 10)),
    )  # fmt: skip


@cache
def _material(place: int, month: int) -> Registration:
    court, day = COURTS[place], date(2026, month, 2)
    serial = 900_000 + 10 * place + month
    events = (
        Event("Регистрация материала в суде", day, "09:10", placed=day),
        Event("Судебное заседание", day, "11:30", "Зал № 1", "Вынесено постановление", placed=day),
    )
    return Registration(
        court=court, register=MATERIAL, case_id=500_000_000 + serial, case_uid=str(UUID(int=0xA0 << 100 | serial, version=4)),
        number=f"3/1-{month}/2026", uid=judicial_uid(court.code, 2026, serial), received=day,
        judge="Небылицын Семён Аркадьевич", persons=(Person("Неведомцев Илья Львович", ("337/5",), day, GRANTED),),
        events=events, decided=day, result=GRANTED,
    )  # fmt: skip


@cache
def _shelves(day: date, gone: frozenset[tuple[int, int]]) -> Shelves:
    """What the courts show on a day. gone: cases that were withdrawn by then."""
    entries = []
    for place in range(len(COURTS)):
        for n in range(CASES):
            case = _case(place, n, decided=True)
            if case.received <= day and (place, n) not in gone:
                entries.append(case if case.decided is not None and case.decided <= day else _case(place, n, decided=False))
        entries += [_material(place, month) for month in (2, 3, 4, 5) if date(2026, month, 2) <= day]
    return Shelves(entries)


class Courts(CourtWeb):
    """The three courts as of a day of world time."""

    def __init__(self, withdrawn: dict[tuple[int, int], date]) -> None:
        super().__init__(COURTS, START.date(), Script(()))
        self._withdrawn = withdrawn
        self.at_day(START.date())

    def at_day(self, day: date) -> None:
        self.shelves = _shelves(day, frozenset(key for key, since in self._withdrawn.items() if since <= day))


@cache
def _rendered(url: str, day: date, gone: frozenset[tuple[int, int]]) -> Answer:
    parts = urlsplit(url)
    courts = Courts(dict.fromkeys(gone, date.min))
    courts.at_day(day)
    given = answer(courts, Asked("GET", "https", parts.hostname or "", parts.path + (f"?{parts.query}" if parts.query else "")))
    assert given is not None
    return given


@cache
def _story(url: str, version: int) -> bytes:
    number = urlsplit(url).path.split("/")[1]
    text = f"Суд в городе N. отложил заседание по делу {number}: так сказано в заметке номер {version}. " * 3
    return (
        f"<!DOCTYPE html><html lang='ru'><head><meta charset='utf-8'><title>Заметка {number} — Листок</title>"
        f"<link rel='canonical' href='{url}'><meta property='og:type' content='article'>"
        f"<meta property='og:title' content='Заметка {number}'>"
        f"<meta property='article:published_time' content='2026-03-0{int(number) + 1}T12:00:00+03:00'></head><body><article>"
        f"<h1>Заметка {number}</h1><p>{text}</p></article></body></html>"
    ).encode()


PRESS_PAGES = {
    "challenge": (403, "<html><head><title>Just a moment...</title></head><body>wait</body></html>", (("cf-mitigated", "challenge"),)),
    "captcha": (200, "<html><head><title>Листок</title></head><body><div class='g-recaptcha'></div>Подтвердите, что вы не робот</body></html>", ()),
    "soft-404": (200, "<html><head><title>Страница не найдена</title></head><body><h1>Страница не найдена</h1></body></html>", ()),
    "outage": (200, "<html><head><title>Технические работы</title></head><body><h1>Технические работы</h1></body></html>", ()),
    "login": (401, "<html><head><title>Вход</title></head><body><form><input type='password'></form></body></html>", ()),
    "gone": (404, "<html><head><title>404</title></head><body><h1>404</h1></body></html>", ()),
    "unavailable": (503, "<html><head><title>503 Service Unavailable</title></head><body><h1>503</h1></body></html>", ()),
    "throttled": (429, "<html><head><title>429</title></head><body>slower</body></html>", ()),
}  # fmt: skip


class World:
    """A seed's world. slept: seconds of world time that the machine's monotonic clock did not count."""

    def __init__(self, chance: random.Random, days: int, clock: Clock) -> None:
        self.chance, self.clock, self.slept = chance, clock, 0.0
        withdrawn = {}
        if chance.random() < 0.5:
            withdrawn[chance.randrange(3), chance.randrange(3)] = START.date() + timedelta(days=chance.randrange(1, days + 1))
        self.withdrawn = withdrawn
        self.spells = [self._spell(days) for _ in range(chance.randrange(2, 3 + days // 3))]
        self.luck = chance.choice((0.0, 0.02, 0.05))  # of a request to meet an accident of its own
        self.delays = {chance.choice(ARTICLES).host: 5}  # robots.txt asks for a longer pause there

    def _spell(self, days: int) -> Spell:
        chance = self.chance
        host = chance.choice(HOSTS)
        kind = chance.choice(COURT_SPELLS if host.endswith("sudrf.ru") else PRESS_SPELLS)
        lasts = DAY if kind == "down" else chance.choice((0.2, 1.0, 6.0, 20.0)) * HOURS
        begin = chance.uniform(0, days * DAY)
        return Spell(host, begin, begin + lasts, kind, chance.choice((0, 30, 600, 7200, 200_000)))

    @property
    def elapsed(self) -> float:
        """Seconds of world time since its start, as its hosts see it."""
        return self.clock.steady + self.slept

    @property
    def today(self) -> date:
        return (START + timedelta(seconds=self.elapsed)).date()

    def spell(self, host: str) -> Spell | None:
        return next((each for each in self.spells if each.host == host and each.begin <= self.elapsed < each.end), None)

    def befalls(self, host: str) -> str | None:
        """What befalls a connection to a host, or the question for its address."""
        spell = self.spell(host)
        kind = spell.kind if spell else None
        return {"down": "refused", "refused": "refused", "dns": "dns", "silent": "silent"}.get(kind or "")

    def answer(self, number: int, host: str, target: str, fields: dict[str, str]) -> Reply:
        spell = self.spell(host)
        kind, seconds = (spell.kind, spell.seconds) if spell else (None, 0)
        if kind is None and self.chance.random() < self.luck:
            kind, seconds = self.chance.choice(("unavailable", "reset", "reset", "truncated", "slow", "stall")), 0
        court = next((court for court in COURTS if court.dash == host), None)
        if kind in ("reset", "stall"):
            return Reply(kind, (), kind)
        if kind in ("unavailable", "throttled"):
            return self._put_off(number, kind, seconds, court)
        if target == "/robots.txt":
            delay = f"Crawl-delay: {self.delays[host]}\n" if host in self.delays else ""
            return self._whole(
                number, "robots", 200, f"User-agent: *\nDisallow: /admin/\n{delay}".encode(), (("Content-Type", "text/plain"),)
            )
        given = self._court(court, host, target, kind) if court else self._article(host, target, fields, kind)
        reply = self._whole(number, *given)
        if kind == "truncated" and reply.pieces[0][1].find(b"\r\n\r\n") + 4 < len(reply.pieces[0][1]):
            octets = reply.pieces[0][1]
            head = octets.find(b"\r\n\r\n") + 4
            return replace(reply, kind=kind, pieces=((0.1, octets[: self.chance.randrange(head, len(octets))]),), then="close")
        if kind == "slow":
            octets = reply.pieces[0][1]
            third = len(octets) // 3 + 1
            return replace(reply, pieces=tuple((4.0, octets[n : n + third]) for n in range(0, len(octets), third)))
        if kind == "drip":
            octets = reply.pieces[0][1]
            return replace(
                reply, pieces=tuple((9.0, octets[n : n + 100]) for n in range(0, 400, 100)), then="stall", kind="truncated"
            )
        return reply

    def _put_off(self, number: int, kind: str, seconds: int, court: Court | None) -> Reply:
        status, text, _ = PRESS_PAGES[kind]
        fields: list[tuple[str, str]] = [("Content-Type", "text/html; charset=utf-8")]
        pause: float | None = None
        if seconds:
            at = START + timedelta(seconds=int(self.elapsed + seconds))
            fields.append(("Retry-After", str(seconds) if number % 2 else format_datetime(at, usegmt=True)))
            wanted = seconds if number % 2 else int(self.elapsed + seconds) - self.elapsed
            pause = min(float(wanted), DAY)  # nobody may put us off for longer
        elif kind == "throttled":
            pause = 1800.0
        reply = self._whole(number, kind, status, text.encode(), tuple(fields))
        return replace(reply, pause=pause, platform=kind == "throttled" and court is not None)

    def _court(
        self, court: Court, host: str, target: str, kind: str | None
    ) -> tuple[str, int, bytes, tuple[tuple[str, str], ...]]:
        fields = (("Content-Type", "text/html; charset=windows-1251"),)
        if kind == "blocked":
            return kind, 200, pages.blocked(host), fields
        if kind == "outage":
            return kind, 200, pages.outage(court), fields
        if kind == "captcha" and "name_op=r&" in target:
            return kind, 200, chrome.site(court, chrome.module(pages.captcha_gate(FIRST), START.date())), fields
        gone = frozenset(key for key, since in self.withdrawn.items() if since <= self.today)
        given = _rendered(f"https://{host}{target}", self.today, gone)
        if given.status != 200:
            return "gone", given.status, given.body, given.fields
        if kind == "layout":
            body = given.body.replace(b"tablcont", b"tabl2026").replace(b"cont1", b"kont1").replace(b"<th", b"<td")
            return kind, 200, body, given.fields
        return "page", 200, given.body, given.fields

    def _article(
        self, host: str, target: str, asked: dict[str, str], kind: str | None
    ) -> tuple[str, int, bytes, tuple[tuple[str, str], ...]]:
        html = (("Content-Type", "text/html; charset=utf-8"),)
        if kind in PRESS_PAGES:
            status, text, fields = PRESS_PAGES[kind]
            return kind, status, text.encode(), (*html, *fields)
        article = next((each for each in ARTICLES if each.url == f"http://{host}{target}"), None)
        if article is None:
            return "gone", 404, PRESS_PAGES["gone"][1].encode(), html
        version = int(self.elapsed / DAY / article.period)
        if not article.tagged:
            return "page", 200, _story(article.url, version), html
        tag = f'"{version}"'
        if asked.get("if-none-match") == tag:
            return "page", 304, b"", (("ETag", tag),)
        return "page", 200, _story(article.url, version), (*html, ("ETag", tag))

    def _whole(self, number: int, kind: str, status: int, body: bytes, fields: tuple[tuple[str, str], ...]) -> Reply:
        date_ = format_datetime(START + timedelta(seconds=self.elapsed), usegmt=True)
        lines = [f"HTTP/1.1 {status} X", f"Date: {date_}", f"X-Turn: {number}", *(f"{name}: {value}" for name, value in fields)]
        if status != 304:
            lines.append(f"Content-Length: {len(body)}")
        octets = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
        return Reply(kind, ((self.chance.uniform(0.05, 1.5), octets),))
