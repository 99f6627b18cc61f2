"""What the registers of a court are asked, and what next, given what it answered; pure.

Entry is the only date every case has, so windows are cut by day of receipt, at the ends of months. The articles are never
asked for: the site's filter is a substring match, and finds 20.3.3 for 20.3; what a case is about is told by its rows.

    an answer that is no listing   the other dialect is tried once: courts move from one template to the other
    more rows than one page        page after page, then the first one again (a new case shifts them all); once more
                                   where the counter changed meanwhile
    an outage                      asked again; then in halves: some courts cannot count a wide query
    a page past which none comes   a cap: asked in halves
    nothing found                  an honest zero and a bad request look alike: a control query over a wide window tells
    a captcha                      is left alone; hearing lists and cards are not guarded, so the lists are the way in
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from archive.ledger import courts, workdays
from crawler.sites.sudrf import addresses
from crawler.sites.sudrf.addresses import TABLES
from crawler.source import Answer, Ask, Past, Place, Query, Seed, Talk

if TYPE_CHECKING:
    from archive.ledger.observation import Link

PRIMARY, VNKOD = "primary", "vnkod"

# delo_id and new of a register's queries, in the primary dialect and in that of the VNKOD template.
_PAIRS = {
    "criminal-1": (("1540006", "0"), ("1540006", "0")),
    "criminal-appeal": (("4", "4"), ("1540006", "4")),
    "criminal-cassation": (("2450001", "2450001"), ("1540006", "2450001")),
    "material": (("1610001", "0"), ("1610001", "0")),
}
REGISTERS = tuple(_PAIRS)
STRANGER = ("criminal-1", "material")  # what a court is asked for that is known by its host alone

MOST_ROWS = 10_000  # 400 pages: a window that holds more is asked in halves
CONTROLS = (1, 10)  # years that a control query reaches back
HEARD = timedelta(days=60)  # after the last day of receipt: by then nearly every case was heard once
AHEAD = timedelta(days=14)  # how far ahead courts set hearings, for the most part
_VNKOD = re.compile(r"[?&]_deloId=", re.IGNORECASE)
_PAGE = re.compile(r"[?&]_?page=(\d+)", re.IGNORECASE)


# ---- what is planned


def seeds(query: Query) -> Iterable[Seed]:
    """Every window to be asked for: court by court, register by register, month by month.

    Those of a court without a known site (occupied regions) have no address: nobody can ask for them. Raises ValueError for
    a court that is neither in the register nor a host of sudrf.ru, and for a register that is not asked for.
    """
    unknown = set(query.registers) - set(REGISTERS)
    if unknown:
        raise ValueError(f"no register {', '.join(sorted(unknown))}; there are {', '.join(REGISTERS)}")
    for code in query.courts or tuple(court.code for court in courts.courts()):
        name, host, kept = _court(code)
        for register in kept:
            if query.registers and register not in query.registers:
                continue
            for first, last in months(query.first, query.last):
                url = "" if host is None else address(host, name, register, first, last)
                yield Seed(url, name, register, first, last)


def _court(code: str) -> tuple[str, str | None, tuple[str, ...]]:
    """What the ledger calls a court, its host, and the registers it is asked for."""
    court = courts.by_code(code) or courts.by_host(code)
    if court is not None:
        return court.code, court.host, court.registers
    if addresses.ours(f"https://{code}/"):
        return addresses.label(code), code, STRANGER
    raise ValueError(f"the register has no court {code!r}, and that is no host of sudrf.ru")


def places() -> Iterable[Place]:
    """Every military court, those without a known site too; the hosts of a court's predecessors are aliases of it."""
    for court in courts.courts():
        own = (court.host,) if court.host and court.host != court.dash_host else ()
        before = tuple(former.host for former in court.predecessors if former.host)
        start = tuple(seed.url for seed in seeds(Query((court.code,))) if seed.url)
        yield Place(court.name, court.dash_host or "", court.code, (*own, *before), start)


def months(first: date | None, last: date | None) -> Iterator[tuple[date | None, date | None]]:
    """The window cut at the ends of months: some courts cannot count a wider query. An open window stays whole."""
    if first is None or last is None:
        yield first, last
        return
    while first <= last:
        turn = (first.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        yield first, min(turn, last)
        first = turn + timedelta(days=1)


def address(
    host: str, court: str, register: str, first: date | None, last: date | None, dialect: str = PRIMARY, page: int = 1
) -> str:
    """The query for what entered a register of a court from `first` to `last`.

    All required fields are there, and no empty vnkod, which some courts answer with the form. court: its code, which the
    VNKOD dialect names.
    """
    base = f"https://{courts.dashed(host)}/modules.php?name=sud_delo&srv_num=1&name_op=r"
    delo_id, new = _PAIRS[register][dialect == VNKOD]
    if dialect == VNKOD:
        process = f"&process-type={delo_id}_0_{new}" if new == "0" else ""
        asked = f"&_deloId={delo_id}&_caseType=0&_new={new}&case__vnkod={court}&case__num_build=1{process}"
        dates = _dates("case__entry_date{}d", first, last)
        return base + asked + dates + (f"&_page={page}" if page > 1 else "")
    table = TABLES[register]
    turned = f"&page={page}" if page > 1 else ""
    asked = f"&delo_id={delo_id}&case_type=0&new={new}&delo_table={table}"
    return f"{base}{turned}{asked}{_dates(table + '__ENTRY_DATE{}D', first, last)}&Submit={encoded('Найти')}"


def _dates(field_name: str, first: date | None, last: date | None) -> str:
    return "".join(f"&{field_name.format(end)}={day:%d.%m.%Y}" for end, day in ((1, first), (2, last)) if day is not None)


def encoded(value: str) -> str:
    """A value as these sites read it: octets of windows-1251, percent-encoded. Raises ValueError for other letters.

    UTF-8 would find nothing, without a word.
    """
    return "".join(
        chr(octet) if chr(octet).isascii() and (chr(octet).isalnum() or chr(octet) in "-._~") else f"%{octet:02X}"
        for octet in value.encode("cp1251")
    )


def hearing_list(host: str, day: date) -> str:
    """The address of what a court hears on a day."""
    return f"https://{courts.dashed(host)}/modules.php?name=sud_delo&srv_num=1&H_date={day:%d.%m.%Y}"


def throttled(verdict: str, reason: str) -> bool:
    """Does this page ask for a long pause? `Информация временно недоступна` is what an overtired platform says."""
    return verdict == "outage" and reason.startswith("throttled")


# ---- how one register is talked with


@dataclass(slots=True)
class _Form:
    """What has been learnt of a register's form in this talk.

    understood: it found something once, so a zero of the same form is one. fixed: the dialect is certain. down: it was out
    when asked twice. guarded: a captcha stands before it.
    """

    dialect: str = PRIMARY
    understood: bool = False
    fixed: bool = False
    down: bool = False
    guarded: bool = False
    zeros: list[Seed] = field(default_factory=list)

    def url(self, seed: Seed, page: int = 1) -> str:
        return _url(seed, self.dialect, page)


def talk(seeds: Sequence[Seed], past: Past, today: date) -> Talk:
    """Asks for these windows of one court's one register, until each is read whole or cannot be.

    The first question is put in the dialect that the register understood last.
    """
    vnkod = past.answered is not None and _VNKOD.search(past.answered) is not None
    form = _Form(VNKOD if vnkod else PRIMARY, past.understood)
    for seed in seeds:
        yield from _window(seed, form)
    if form.zeros and not form.understood:
        yield from _control(form)
    if form.guarded:
        for seed in seeds:
            for day in _court_days(seed, today):
                yield Ask(hearing_list(_host(seed), day))


def _window(seed: Seed, form: _Form) -> Talk:
    answer = yield from _first(seed, form)
    form.guarded = form.guarded or answer.verdict == "captcha"
    if answer.verdict == "outage" and not form.down:
        answer = yield Ask(form.url(seed), seed)
        if answer.verdict == "outage":
            yield from _halves(seed, form)
            return
    counter = answer.counter
    if counter is None:
        return
    if counter.total == 0:
        form.zeros.append(seed)
        return
    form.understood = form.fixed = True
    if counter.total > MOST_ROWS and len(_parts(seed)) > 1:
        capped = True
    else:
        capped = yield from _pages(seed, form, answer)
    if capped:
        for half in _parts(seed):
            yield from _window(half, form)


def _first(seed: Seed, form: _Form) -> Generator[Ask, Answer, Answer]:
    """The first page of a window; in the other dialect where this one is not understood."""
    answer = yield Ask(form.url(seed), seed)
    if answer.verdict == "wrong-query" and not form.fixed:
        for other in _others(seed, form):
            found = yield Ask(_url(seed, other), seed)
            if found.counter is not None:
                form.dialect, form.fixed = other, True
                return found
    return answer


def _pages(seed: Seed, form: _Form, answer: Answer) -> Generator[Ask, Answer, bool]:
    """The other pages, and the first again. True where pages are missing that no failure explains: a cap."""
    for _ in range(2):
        counter = answer.counter
        assert counter is not None
        if counter.first != 1 or counter.last >= counter.total:
            return False
        changed = False
        for page in range(2, -(-counter.total // counter.last) + 1):
            more = yield Ask(_turned(answer.links, page) or form.url(seed, page), seed)
            if more.counter is None:
                return False
            if more.verdict == "empty" or (more.counter.total == counter.total and more.counter.first <= counter.last):
                again = yield Ask(form.url(seed), seed)  # nothing more, or the first page once more
                return again.counter is not None and again.counter.total == counter.total and len(_parts(seed)) > 1
            if more.counter.total != counter.total:
                changed = True
                break
        answer = yield Ask(form.url(seed), seed)
        if answer.counter is None or (answer.counter.total == counter.total and not changed):
            return False
    return False


def _halves(seed: Seed, form: _Form) -> Talk:
    """Smaller windows, where a register was out twice: the second half is asked for only where the first one came."""
    halves = _parts(seed)
    form.down = len(halves) == 1
    for half in halves if len(halves) > 1 else ():
        answer = yield Ask(form.url(half), half)
        if answer.counter is None:
            form.down = answer.verdict == "outage"
            return
        form.understood = form.understood or answer.counter.total > 0
        if answer.counter.total:
            yield from _pages(half, form, answer)
        else:
            form.zeros.append(half)


def _control(form: _Form) -> Talk:
    """Does a query of this form find anything at all? One of the other dialect that does shows that these zeros were none."""
    zeros, form.zeros = form.zeros, []
    days = [(seed.first, seed.last) for seed in zeros if seed.first and seed.last]
    if not days:
        return
    begin, end = min(first for first, _ in days), max(last for _, last in days)
    for dialect in (form.dialect, *_others(zeros[0], form)):
        for years in CONTROLS:
            wide = replace(zeros[0], first=begin - timedelta(days=365 * years), last=end)
            answer = yield Ask(_url(wide, dialect), zeros[0], control=True)
            if answer.counter is None:
                break  # a captcha, a block, a form: nothing is learnt, and a wider one will not help
            if answer.counter.total:
                if dialect != form.dialect:
                    form.dialect, form.fixed, form.understood = dialect, True, True
                    for seed in zeros:
                        yield from _window(seed, form)
                return


def _others(seed: Seed, form: _Form) -> tuple[str, ...]:
    """The other dialect; VNKOD only where the court's code is known."""
    if form.fixed:
        return ()
    other = VNKOD if form.dialect == PRIMARY else PRIMARY
    return () if other == VNKOD and not courts.CODE.fullmatch(seed.court or "") else (other,)


def _url(seed: Seed, dialect: str, page: int = 1) -> str:
    assert seed.court is not None and seed.register is not None  # as `seeds` makes them
    return address(_host(seed), seed.court, seed.register, seed.first, seed.last, dialect, page)


def _host(seed: Seed) -> str:
    return addresses.parse(seed.url).host


def _parts(seed: Seed) -> list[Seed]:
    """The two halves of a window; itself where it is a day, or open."""
    if seed.first is None or seed.last is None or seed.first >= seed.last:
        return [seed]
    middle = seed.first + (seed.last - seed.first) // 2
    halves = (replace(seed, last=middle), replace(seed, first=middle + timedelta(days=1)))
    return [replace(half, url=_url(half, PRIMARY)) for half in halves]


def _turned(links: Iterable[Link], page: int) -> str | None:
    """The pager's own link to a page."""
    numbered = ((link.url, _PAGE.search(link.url)) for link in links if link.rel == "page")
    return next((url for url, number in numbered if number and int(number[1]) == page), None)


def _court_days(seed: Seed, today: date) -> Iterator[date]:
    """The working days on which cases of this window are heard, as far as a list can know them."""
    if seed.first is None or seed.last is None:
        return
    day, end = seed.first, min(seed.last + HEARD, today + AHEAD)
    while day <= end:
        if workdays.working_days(day, day):
            yield day
        day += timedelta(days=1)
