"""Which answer an address gets: from a request and the world to bytes, or to a connection that breaks.

No I/O. What happens is entered in the world's script as it is answered.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from crawler.demo import chrome, pages, press, vnkod
from crawler.demo.courtweb import CourtWeb, Limit
from crawler.demo.docket import FIRST, REGISTERS, Court, Register, Registration, printed_article, printed_articles
from crawler.demo.world import World

HTML, TEXT = "text/html; charset=windows-1251", "text/plain"
REQUIRED = ("delo_id", "case_type", "new", "delo_table")


@dataclass(frozen=True, slots=True)
class Request:
    """What came in. scheme: `http` or `https`. host: lower case, no port. fields: names in lower case."""

    method: str
    scheme: str
    host: str
    target: str
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}{self.target}"

    def field(self, name: str) -> str:
        """The first field of this name, empty where there is none."""
        return next((value for key, value in self.fields if key == name), "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out. chunked: sent in chunks, without a length, as courts do. last: the connection ends with it."""

    status: int
    body: bytes
    fields: tuple[tuple[str, str], ...] = ()
    chunked: bool = False
    last: bool = False

    @property
    def reason(self) -> str:
        return HTTPStatus(self.status).phrase


def answer(world: CourtWeb, request: Request) -> Answer | None:
    """The answer to a request; None where the connection breaks instead."""
    return world.sent(request, _answer(world, request))


def _answer(world: CourtWeb, request: Request) -> Answer | None:
    if request.method not in ("GET", "HEAD"):
        return Answer(405, b"", (("Allow", "GET, HEAD"),))
    if request.host in press.HOSTS and isinstance(world, World):
        return _press(world, request)
    court = world.at(request.host)
    if court is not None:
        if request.host == court.dash and request.scheme == "https":
            return _court(world, court, request)
        if request.host == court.dot:
            world.script.note("redirect", world.visit, request.url)
        return _moved(f"https://{court.dash}{request.target}", (("NSR", "1"),))
    return Answer(421, b"no such host here\n", (("Content-Type", TEXT),))


def _moved(location: str, fields: tuple[tuple[str, str], ...] = ()) -> Answer:
    body = b"<html>\r\n<head><title>301 Moved Permanently</title></head>\r\n<body>\r\n"
    body += b"<center><h1>301 Moved Permanently</h1></center>\r\n"
    body += b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    return Answer(301, body, (("Content-Type", "text/html"), ("Location", location), *fields))


# ---- the publisher


def _press(world: World, request: Request) -> Answer:
    if request.scheme == "http":
        return _moved(f"https://{request.host}{request.target}")
    path = urlsplit(request.target).path
    if path == "/robots.txt":
        return Answer(200, press.robots(request.host), (("Content-Type", TEXT),))
    page = press.article(world, f"https://{request.host}{path}")
    if page is None:
        return Answer(404, b"<!DOCTYPE html><title>404</title><p>404</p>\n", (("Content-Type", "text/html; charset=utf-8"),))
    tag = f'"{sha256(page).hexdigest()[:16]}"'
    fields = [("ETag", tag), ("Vary", "Accept-Encoding"), ("Cache-Control", "max-age=60")]
    if request.field("if-none-match") == tag:
        return Answer(304, b"", tuple(fields))
    fields.append(("Content-Type", "text/html; charset=utf-8"))
    if "gzip" in request.field("accept-encoding"):
        fields.append(("Content-Encoding", "gzip"))
        page = gzip.compress(page, mtime=0)
    return Answer(200, page, tuple(fields))


# ---- a court

COURT_FIELDS = (
    ("Content-Type", HTML),
    ("NSR", "1"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-XSS-Protection", "1; mode=block"),
)


def _html(body: bytes, status: int = 200) -> Answer:
    return Answer(status, body, COURT_FIELDS, chunked=True)


def _court(world: CourtWeb, court: Court, request: Request) -> Answer | None:
    target = urlsplit(request.target)
    if target.path == "/robots.txt":
        if court == world.courts[2]:  # one court has none
            return _html(pages.not_found(court), 404)
        return Answer(200, b"User-agent: *\nDisallow: /admin/\n", (("Content-Type", TEXT), ("NSR", "1")))
    closed = world.closed.get(court.code)
    if closed == "blocked":
        return _html(pages.blocked(court.dash))
    query = _query(target.query)
    if target.path == "/":
        return _html(chrome.site(court, "<div id='content'>Добро пожаловать на сайт суда</div>"))
    if target.path != "/modules.php" or query.get("name") != "sud_delo":
        return _html(pages.not_found(court), 404)
    befell = world.accident(court, request.url)
    if befell == "reset":
        return None
    if befell == "unavailable":
        return Answer(503, pages.unavailable(), COURT_FIELDS)
    if closed == "outage" or befell == "outage":
        return _html(pages.outage(court))
    operation = query.get("name_op")
    if court.vnkod and (content := _vnkod(world, court, request, query)) is not None:
        return _html(chrome.site(court, content))
    if operation == "r":
        return _listing(world, court, request, query)
    if operation == "case":
        return _card(world, court, request, query)
    if operation == "r_juid":
        chain = world.chain(query.get("judicial_uid", ""), _register(query) or FIRST)
        return _module(world, court, query, pages.one_identifier(chain) if chain else pages.nothing_found(FIRST))
    if operation == "doc":
        return _module(world, court, query, _act(world, court, query))
    if operation is None:
        day = _day(query.get("h_date", "")) or world.today
        return _module(world, court, query, pages.hearing_list(day, world.hearings(court, day)))
    return _module(world, court, query, pages.search_form(_register(query) or FIRST))


def _query(text: str) -> dict[str, str]:
    """Fields by lower-case name. Values are windows-1251: UTF-8 turns into other letters, and finds nothing, silently.

    An ampersand that was escaped once too often is let pass, as addresses copied out of markup show.
    """
    pairs = parse_qsl(text, keep_blank_values=True, encoding="cp1251", errors="replace")
    return {name.lower().removeprefix("amp;"): value for name, value in pairs}


def _module(world: CourtWeb, court: Court, query: dict[str, str], content: str) -> Answer:
    if query.get("nc") == "1":
        return _html(chrome.fragment(content))
    return _html(chrome.site(court, chrome.module(content, world.today)))


def _register(query: dict[str, str]) -> Register | None:
    return next((register for register in REGISTERS if register.delo_id == query.get("delo_id")), None)


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%d.%m.%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


# ---- listings


def _listing(world: CourtWeb, court: Court, request: Request, query: dict[str, str]) -> Answer | None:
    note, visit = world.script.note, world.visit
    if court == world.courts[0] and note("unavailable", visit, request.url):
        return Answer(503, pages.unavailable(), (*COURT_FIELDS, ("Retry-After", "1")))
    if court == world.courts[1] and note("reset", visit, request.url):
        return None
    register = _register(query)
    if any(name not in query for name in REQUIRED):
        note("wrong-query", visit, request.url)
        return _module(world, court, query, pages.search_form(register or FIRST))
    if register is None or (query["new"], query["delo_table"].lower()) != (register.new, register.table):
        return _module(world, court, query, pages.nothing_found(register or FIRST))
    if world.closed.get(court.code) == "captcha":
        return _module(world, court, query, pages.captcha_gate(register))
    first, last = (_day(query.get(f"{register.table}__entry_date{n}d", "")) for n in (1, 2))
    limit = world.limits.get(court.code, Limit())
    if limit.days is not None and (first is None or last is None or (last - first).days >= limit.days):
        return _html(pages.outage(court))
    hidden = world.gap(court, register, first, last)
    if hidden is not None:
        note(hidden.step, visit, request.url)
        return _hidden(hidden.step, world, court, query, register)
    fits = _fitting(register, query)
    found = [entry for entry in world.docket(court, register) if fits(entry)]
    _note_listing(world, court, request, register, fits, found)
    return _listing_page(world, court, request, query, register, found)


def _hidden(step: str, world: CourtWeb, court: Court, query: dict[str, str], register: Register) -> Answer:
    if step == "blocked":
        return _html(pages.blocked(court.dash))
    if step == "outage":
        return _html(pages.outage(court))
    return _module(world, court, query, pages.captcha_gate(register))


def _note_listing(
    world: CourtWeb,
    court: Court,
    request: Request,
    register: Register,
    fits: Callable[[Registration], bool],
    found: Sequence[Registration],
) -> None:
    """Enter in the script what this listing shows of it."""
    note, visit = world.script.note, world.visit
    if not found:
        note("empty", visit, request.url)
    lost = world.lost
    if lost is not None and lost.court == court and lost.register == register and fits(lost):
        note("withdrawn-listing" if visit == 2 else "withdrawn-before", visit, request.url)


def _listing_page(
    world: CourtWeb, court: Court, request: Request, query: dict[str, str], register: Register, found: Sequence[Registration]
) -> Answer:
    number = query.get("page", "1")
    page = int(number) if number.isascii() and number.isdigit() and int(number) else 1
    shown = found[: world.limits.get(court.code, Limit()).rows]
    rows = shown[pages.ROWS * (page - 1) : pages.ROWS * page]
    if not rows:
        return _module(world, court, query, pages.nothing_found(register))
    if page > 1:
        world.script.note("paging", world.visit, request.url)
    asked = [part for part in urlsplit(request.target).query.split("&") if part.partition("=")[0].lower() not in REPEATED]

    def href(turned: int) -> str:
        # The real pager names srv_num and name_op twice and adds the court's code; nothing is escaped, nothing quoted.
        opening = f"./modules.php?name=sud_delo&srv_num=1&name_op=r&page={turned}&vnkod={court.code}&srv_num=1&name_op=r"
        return "&".join([opening, *asked])

    return _module(world, court, query, pages.listing(register, rows, len(found), page, href))


REPEATED = ("name", "srv_num", "name_op", "page", "vnkod")


def _fitting(register: Register, query: dict[str, str]) -> Callable[[Registration], bool]:
    """Does a registration of this register answer the query? An empty field asks nothing; a date that is none finds nothing."""
    table, people = register.table, register.table.removesuffix("_case") + "_defendant"
    asked = {name: value.strip() for name, value in query.items() if value.strip()}
    bounds = [
        (name, _bound(asked.get(f"{table}__{name}1d"), date.min), _bound(asked.get(f"{table}__{name}2d"), date.max))
        for name in ("entry_date", "result_date", "validity_date")
        if asked.keys() & {f"{table}__{name}1d", f"{table}__{name}2d"}
    ]
    wanted = asked.get(f"{people}__law_articless", "").casefold()
    item, name = asked.get("lawbookarticles[]"), asked.get(f"{people}__namess", "").casefold()
    number, uid = asked.get(f"{table}__case_numberss", ""), asked.get(f"{table}__judicial_uidss")

    def fits(entry: Registration) -> bool:
        days = {"entry_date": entry.received, "result_date": entry.decided, "validity_date": entry.in_force}
        for axis, first, last in bounds:
            day = days[axis]
            if day is None or first is None or last is None or not first <= day <= last:
                return False
        if wanted and not any(wanted in printed_articles(person).casefold() for person in entry.persons):
            return False
        if item and not any(f"ст.{item}" == printed_article(kept) for person in entry.persons for kept in person.articles):
            return False
        if name and not any((person.name or "").casefold().startswith(name) for person in entry.persons):
            return False
        return (not number or number in entry.printed_number) and uid in (None, entry.uid)

    return fits


def _bound(text: str | None, default: date) -> date | None:
    """An end of the days asked for; None for what is no date."""
    return default if text is None else _day(text)


# ---- the other template


def _vnkod(world: CourtWeb, court: Court, request: Request, query: dict[str, str]) -> str | None:
    """What a court with the VNKOD template answers otherwise than the others: listings, cards and hearing lists."""
    match query.get("name_op"):
        case "r":
            return _vnkod_listing(world, court, request, query)
        case "case":
            if "_id" not in query:  # in the names of the other template
                return vnkod.refused()
            shown = _served(court, world.entry(query.get("_uid", "")), query["_id"])
            return vnkod.card(shown, world.today) if shown is not None else None
        case None:
            day = _day(query.get("h_date", "")) or world.today
            return vnkod.hearing_list(FIRST, day, world.hearings(court, day))
    return None


def _vnkod_listing(world: CourtWeb, court: Court, request: Request, query: dict[str, str]) -> str:
    asked = (query.get("_deloid"), query.get("_new"), query.get("case__vnkod"))
    if asked != (FIRST.delo_id, FIRST.new, court.code):
        return vnkod.refused()
    first, last = (_day(query.get(f"case__entry_date{end}d", "")) for end in (1, 2))
    found = [e for e in world.docket(court, FIRST) if (first or date.min) <= e.received <= (last or date.max)]
    page = int(query.get("_page", "1"))
    rows = found[vnkod.ROWS * (page - 1) : vnkod.ROWS * page]
    if not rows:
        return vnkod.nothing_found(FIRST, world.today)
    kept = [part for part in urlsplit(request.target).query.split("&") if not part.startswith("_page=")]
    return vnkod.listing(
        FIRST, rows, len(found), page, lambda turned: f"/modules.php?{'&'.join(kept)}&_page={turned}", world.today
    )


# ---- cards and acts


def _served(court: Court, entry: Registration | None, case_id: str | None) -> Registration | None:
    """The registration, where this court's site shows it: a region's courts share one data base."""
    if entry is None or case_id != str(entry.case_id):
        return None
    return entry if entry.court == court or (court.region and entry.court.region == court.region) else None


def _card(world: CourtWeb, court: Court, request: Request, query: dict[str, str]) -> Answer:
    key = query.get("case_uid", "").lower()
    entry = _served(court, world.entry(key), query.get("case_id"))
    if entry is None:
        if key == world.withdrawn:
            world.script.note("withdrawn-card", world.visit, request.url)
        return _html(pages.not_found(court), 404)
    if key == world.dark and world.script.note("outage-card", world.visit, request.url):
        return _html(pages.outage(court))
    if key == world.changed:
        world.script.note("changed-after" if world.visit == 2 else "changed-before", world.visit, request.url)
    if key == world.shared:
        step = "alias-dash" if request.url == entry.card else "alias-spelling" if entry.court == court else "alias-host"
        world.script.note(step, world.visit, request.url)
    return _module(world, court, query, pages.card(entry))


def _act(world: CourtWeb, court: Court, query: dict[str, str]) -> str:
    number = query.get("number", "")
    known = number.isdecimal() and query.get("text_number") == "1"
    return pages.act_page(world.act(court, int(number)) if known else None)
