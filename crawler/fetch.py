"""One address in, one Visit out: redirects, retries by rule, robots.txt, politeness; what came of it is told, never raised."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol
from weakref import WeakValueDictionary

from archive import urls
from archive.capture import Exchange, Outcome, Vantage, Visit
from archive.errors import BadMessage
from archive.message import parse_head
from crawler.asking import Get
from crawler.errors import DnsFailed, FetchFailed, Refused, Reset, TimedOut, TlsFailed, TooSlow, Truncated
from crawler.politeness import Clock, CoolingDown, Manners, Politeness, Rests, RetryAfter, date_said, retry_after
from crawler.robots import REDIRECTS as ROBOTS_HOPS
from crawler.robots import RobotsFiles

if TYPE_CHECKING:
    from tenacity import RetryCallState

HOPS = 10
LONGEST_URL = 8_192
REDIRECTS = frozenset((301, 302, 303, 307, 308))
SEEN_FROM = "@"
RESTING = "resting"  # the fault of a vantage whose proxy failed too often to be asked now
NO_HOST = Manners(0)  # of a proxy: it is asked whenever the host's own pause is over
AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504))


class _Unwell(Exception):
    """An answer of a kind that may be better the next time; kept like any other."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(f"{exchange.url}: {exchange.status}")
        self.exchange = exchange


RETRIED = (DnsFailed, Refused, Reset, TimedOut, Truncated, TooSlow, _Unwell)


@dataclass(frozen=True, slots=True)
class Validators:
    """What an earlier capture said of itself, sent back so that an unchanged page need not come again.

    url: the address which said so, where that was not the first hop.
    """

    etag: str | None = None
    last_modified: str | None = None
    url: str | None = None

    def fields(self) -> list[tuple[bytes, bytes]]:
        given = ((b"If-None-Match", self.etag), (b"If-Modified-Since", self.last_modified))
        return [
            (name, value.encode("latin-1")) for name, value in given if value and value.isprintable() and ord(max(value)) < 256
        ]


class Line(Protocol):
    """What is asked over: a Wire, or a small world of a test."""

    async def get(self, get: Get) -> Exchange: ...  # raises FetchFailed where no whole answer came


class Fetcher(Protocol):
    """The port: an address is visited, and a failure is a Visit too."""

    async def fetch(self, url: str, *, validators: Validators | None = None, vantage: str | None = None) -> Visit: ...


@dataclass(frozen=True, slots=True)
class Way:
    """What is asked over from another vantage, and what exchanges say of it."""

    line: Line
    vantage: Vantage

    @property
    def key(self) -> str:
        """Under which pauses are kept that its proxy is owed."""
        return f"vantage:{self.vantage.label}"


@dataclass(slots=True)
class _Trip:
    """What one visit has used up and met so far."""

    tries: int  # left, over all hops
    until: float  # monotonic
    way: Way | None = None  # from another vantage
    exchanges: list[Exchange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)
    alone: CoolingDown | None = None  # why it was given up before its tries were used

    def seen_from(self, name: str) -> str:
        """What a host, or an origin, is known by where it is seen from another vantage."""
        return name if self.way is None else f"{name}{SEEN_FROM}{self.way.vantage.label}"

    def note(self, text: str | None) -> None:
        if text is not None and text not in self.notes:
            self.notes.append(text)


class NetworkFetcher:
    """Fetches over the wire.

    user_agent: "kartoteka/VERSION (+contact)"; its first word up to the slash is what robots.txt knows us by.
    manners: how the source that an address belongs to wants its hosts treated. aside: takes the visits to robots.txt.
    tries: exchanges at most for one visit beside its redirects. budget: seconds after which nothing is tried again.
    patience: seconds that a cool-down is waited for; a longer one ends the visit. uniform: the source of jitter.
    machine: what manifests say of the machine and its clock now. vantages: other ways out, by label.
    """

    def __init__(
        self,
        wire: Line,
        politeness: Politeness,
        *,
        user_agent: str,
        manners: Callable[[str], Manners],
        aside: Callable[[Visit], Awaitable[None]],
        tries: int = 3,
        budget: float = 600.0,
        patience: float = 120.0,
        backoff: float = 1.0,
        uniform: Callable[[float, float], float] = random.uniform,
        machine: Callable[[], Mapping[str, object]] | None = None,
        vantages: Mapping[str, Way] | None = None,
    ) -> None:
        if tries < 1 or not user_agent.isprintable() or not user_agent.isascii():
            raise ValueError(f"not a fetcher with {tries} tries and the name {user_agent!r}")
        self._wire = wire
        self._politeness = politeness
        self._clock: Clock = politeness.clock
        self._robots = RobotsFiles(politeness)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._user_agent = user_agent
        self._token = user_agent.partition("/")[0]
        self._manners = manners
        self._aside = aside
        self._tries = tries
        self._budget = budget
        self._patience = patience
        self._backoff = backoff
        self._uniform = uniform
        self._machine = machine
        self._vantages = vantages or {}
        # Fixed, and in this order: a server that sorts clients by their headers always meets the same one.
        self._fields = [
            (b"User-Agent", user_agent.encode("ascii")),
            (b"Accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            (b"Accept-Encoding", b"gzip, identity"),
            (b"Connection", b"keep-alive"),
        ]

    def rests(self) -> Rests:
        """The pauses that pages ask for, kept where all pauses are."""
        return Rests(self._politeness, self._manners)

    async def fetch(self, url: str, *, validators: Validators | None = None, vantage: str | None = None) -> Visit:
        """The visit to an address: every try and every redirect hop. Raises nothing but CancelledError.

        vantage: from where, of those that are known; None: from here.
        """
        trip = self._trip(None if vantage is None else self._vantages[vantage])
        try:
            url = self._address(urls.resolve(url))
        except ValueError as exc:
            return Visit(url, (self._unsent(url, Outcome.GUARDED, str(exc)),))
        await self._travel(trip, url, validators, HOPS, obey=True)
        return self._visit(url, trip, validators)

    def _visit(self, url: str, trip: _Trip, validators: Validators | None) -> Visit:
        if trip.way is not None:  # what was never let out was to go there too
            trip.exchanges = [each if each.vantage else replace(each, vantage=trip.way.vantage) for each in trip.exchanges]
        return Visit(url, tuple(trip.exchanges), self._facts(trip, validators))

    # One visit: hops, each with its tries

    async def _travel(self, trip: _Trip, url: str, validators: Validators | None, hops: int, *, obey: bool) -> None:
        via: str | None = None
        been = {url}
        while True:
            fits = validators is not None and (validators.url == url if validators.url else via is None)
            sent = validators if fits else None
            target = await self._hop(trip, url, via, sent, obey=obey)
            if target is None:
                return
            if target in been or len(been) > hops:
                why = "the same address again" if target in been else f"more than {hops} redirects"
                trip.exchanges[-1] = replace(trip.exchanges[-1], outcome=Outcome.REDIRECT_LOOP, error=f"{why}: {target}")
                return
            been.add(target)
            url, via = target, url

    async def _hop(self, trip: _Trip, url: str, via: str | None, validators: Validators | None, *, obey: bool) -> str | None:
        """Asks for one address, as often as the rules allow; the address it redirects to, or None."""
        manners, origin = self._manners(url), urls.origin(url)
        host = trip.seen_from(origin.split("://", 1)[1].rpartition(":")[0])
        floor = 0.0
        if obey:
            refused, floor = await self._ask_robots(trip, url, origin, manners)
            if refused is not None:
                trip.exchanges.append(replace(refused, via=via))
                return None
        trip.facts |= self._politeness.facts(manners, floor)
        before = len(trip.exchanges)
        # What broke off unanswered is a record too, though it was asked again at once.
        get = Get(url, self._headers(url, validators), via, repeated=trip.exchanges.append)
        try:
            try:
                exchange = await self._exchange(trip, get, host, manners, floor)
            except RETRIED as failure:  # tenacity is for the unlucky: its own cost is a fifth of a visit's
                exchange = await self._again(failure, trip, get, host, manners, floor)
        except CoolingDown as cooling:
            trip.alone = cooling
            if len(trip.exchanges) > before:
                return None  # what the host said last stands
            trip.exchanges.append(self._unsent(url, Outcome.PAUSED, str(cooling), via))
            if cooling.why.startswith("vantage ") and trip.way is not None:
                trip.exchanges[-1] = replace(trip.exchanges[-1], vantage=replace(trip.way.vantage, fault=RESTING))
            return None
        except _Unwell as unwell:
            exchange = unwell.exchange
        except TlsFailed:
            if not manners.unverified:
                return None
            get.verify = False
            try:
                exchange = await self._exchange(trip, get, host, manners, floor)
            except (FetchFailed, CoolingDown):
                return None
            except _Unwell as unwell:
                exchange = unwell.exchange
        except FetchFailed:
            return None
        return self._next(trip, url, exchange, validators)

    def _next(self, trip: _Trip, url: str, exchange: Exchange, validators: Validators | None) -> str | None:
        if exchange.status == 304 and validators is not None:
            trip.exchanges[-1] = replace(trip.exchanges[-1], outcome=Outcome.NOT_MODIFIED)
        location = _said(exchange, b"location") if exchange.status in REDIRECTS else None
        if location is None:
            return None
        try:
            return self._address(redirected(url, location))
        except ValueError as exc:
            trip.note(f"the redirect was not followed: {exc}")
            return None

    async def _exchange(self, trip: _Trip, get: Get, host: str, manners: Manners, floor: float) -> Exchange:
        """One try. Raises FetchFailed, _Unwell, or CoolingDown where it was not let out; what was sent is in the trip."""
        left = max(trip.until - self._clock.monotonic(), 0.0)
        line = self._wire if trip.way is None else self._open_way(trip.way)
        async with self._politeness.turn(host, manners, floor=floor, patience=min(self._patience, left)):
            try:
                exchange = await line.get(get)
            except FetchFailed as exc:
                trip.exchanges.append(exc.exchange)
                self._tell_way(trip.way, exc.exchange)
                self._politeness.tell(host, manners, exc.exchange)
                raise
            trip.exchanges.append(exchange)
            self._tell_way(trip.way, exchange)
            self._politeness.tell(host, manners, exchange, self._wait_asked(trip, exchange))
        if exchange.status in AGAIN:
            raise _Unwell(exchange)
        return exchange

    def _open_way(self, way: Way) -> Line:
        """A proxy that failed again and again is left alone for a while. Raises CoolingDown."""
        cooling = self._politeness.cooling(way.key, NO_HOST)
        if cooling is not None:
            raise CoolingDown(cooling.seconds, f"vantage {way.vantage.label}: {cooling.why}")
        return way.line

    def _tell_way(self, way: Way | None, exchange: Exchange) -> None:
        """What became of a proxy's tunnel is the proxy's doing, and counts for it alone."""
        if way is not None and exchange.vantage is not None:
            failed = exchange.vantage.fault is not None
            outcome = Outcome.REFUSED if failed else Outcome.CAPTURED
            self._politeness.tell(way.key, NO_HOST, replace(exchange, outcome=outcome, status=None))

    def _wait_asked(self, trip: _Trip, exchange: Exchange) -> RetryAfter | None:
        # RFC 9110, 10.2.3: it is said with a 503 or a redirect, and sites say it with a 429; with a page it means nothing.
        value = None if exchange.status is None or exchange.status < 300 else _said(exchange, b"retry-after")
        if value is None:
            return None
        # Where a time of day is meant, it is one of the server's clock: ours may have been set wrong.
        now = date_said((_said(exchange, b"date") or b"").decode("latin-1")) or datetime.fromtimestamp(self._clock.wall(), UTC)
        wait = retry_after(value.decode("latin-1"), now)
        trip.note(wait.note)
        return wait

    # The rules of trying again

    async def _again(self, first: Exception, trip: _Trip, get: Get, host: str, manners: Manners, floor: float) -> Exchange:
        """What the tries after a first failure came to; raises as the last of them."""
        from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential

        highest = wait_exponential(multiplier=self._backoff, max=60.0)

        def stop(state: RetryCallState) -> bool:
            trip.tries -= 1
            cooling = self._politeness.cooling(host, manners)
            if cooling is not None and cooling.seconds > self._patience:
                trip.alone = cooling
                return True
            return trip.tries <= 0 or self._clock.monotonic() + state.upcoming_sleep > trip.until

        def wait(state: RetryCallState) -> float:
            # Full jitter above what the host asked for, and nothing at all where no pause is wanted.
            cooling = self._politeness.cooling(host, manners)
            floor = cooling.seconds if cooling else 0.0
            return 0.0 if self._politeness.pace == 0 else floor + self._uniform(0.0, highest(state))

        failure: Exception | None = first
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(RETRIED), stop=stop, wait=wait, sleep=self._clock.sleep, reraise=True
        ):
            with attempt:
                if failure is not None:
                    told, failure = failure, None
                    raise told
                return await self._exchange(trip, get, host, manners, floor)
        raise first  # never reached: the loop returns or raises

    # robots.txt

    async def _ask_robots(self, trip: _Trip, url: str, origin: str, manners: Manners) -> tuple[Exchange | None, float]:
        """The exchange that was not let out, where robots.txt says no; and the pause it asks for."""
        if manners.robots != "obey":
            trip.facts["robots"] = f"not followed: {manners.robots}"
            return None, 0.0
        visit, file = None, trip.seen_from(origin)  # who is blocked here may be let in there, and see another file
        if not self._robots.fresh(file):
            async with self._locks.setdefault(file, asyncio.Lock()):  # those who ask at the same time share the answer
                if not self._robots.fresh(file):
                    visit = await self._visit_robots(origin, trip.way)
        if visit is not None:
            last = visit.last
            if last.outcome is Outcome.PAUSED:
                return replace(self._unsent(url, Outcome.PAUSED, last.error), vantage=last.vantage), 0.0
            if not _asked(visit):
                # No connection, no question: the page's own try will fail alike, and say so in a record of its own.
                trip.facts["robots"] = f"not had: {last.outcome}"
                trip.tries = 1
                return None, 0.0
            if not last.outcome.whole and not self._robots.judges(file):
                trip.facts["robots"] = f"not had: {last.outcome}"
                return self._unsent(url, last.outcome, f"not asked for: its robots.txt could not be had: {last.error}"), 0.0
        ruling = self._robots.ruling(file, url, self._token)
        trip.note(ruling.why if ruling.allowed else None)
        if not ruling.allowed:
            trip.facts["robots"] = "disallowed"
            return self._unsent(url, Outcome.ROBOTS, ruling.why), 0.0
        trip.facts["robots"] = "allowed"
        return None, ruling.delay

    async def _visit_robots(self, origin: str, way: Way | None) -> Visit:
        """The visit to the origin's robots.txt, kept, and remembered where it was let out at all."""
        trip = self._trip(way)
        url = urls.identity(f"{origin}/robots.txt")
        await self._travel(trip, url, None, ROBOTS_HOPS, obey=False)
        visit = self._visit(url, trip, None)
        if visit.outcome is not Outcome.PAUSED and _asked(visit):
            self._robots.enter(trip.seen_from(origin), visit.last)
        await self._aside(visit)
        return visit

    # Small things

    def _trip(self, way: Way | None = None) -> _Trip:
        return _Trip(self._tries, self._clock.monotonic() + self._budget, way)

    def _facts(self, trip: _Trip, validators: Validators | None) -> dict[str, object]:
        facts = {"user_agent": self._user_agent, **trip.facts}
        if self._machine is not None:
            facts["machine"] = self._machine()
        if trip.way is not None:
            facts["vantage"] = trip.way.vantage.label
        if self._politeness.pace is not None:
            facts["pace"] = self._politeness.pace
        if validators is not None:
            facts["validators"] = {"etag": validators.etag, "last_modified": validators.last_modified}
        if trip.alone is not None:
            facts["paused"] = {"seconds": round(trip.alone.seconds, 3), "why": trip.alone.why}
        if trip.notes:
            facts["notes"] = list(trip.notes)
        return facts

    def _headers(self, url: str, validators: Validators | None) -> list[tuple[bytes, bytes]]:
        authority = url.split("/", 3)[2].encode("ascii")
        return [(b"Host", authority), *self._fields, *(validators.fields() if validators else ())]

    def _address(self, url: str) -> str:
        if len(url) > LONGEST_URL:
            raise ValueError(f"an address of {len(url)} characters, more than {LONGEST_URL}")
        return url

    def _unsent(self, url: str, outcome: Outcome, error: str | None, via: str | None = None) -> Exchange:
        """A hop that was never let out: no octets, and why."""
        return Exchange(url, datetime.fromtimestamp(self._clock.wall(), UTC), 0.0, outcome, error=error, via=via)


def redirected(url: str, location: bytes) -> str:
    """Where a Location field leads: its octets beyond ASCII percent-encoded one by one, as browsers do.

    Raises ValueError where it leads to no http or https address.
    """
    text = "".join(chr(octet) if octet < 0x80 else f"%{octet:02X}" for octet in location)
    return urls.resolve(text, url)


def _asked(visit: Visit) -> bool:
    return any(exchange.request for exchange in visit.exchanges)


def _said(exchange: Exchange, name: bytes) -> bytes | None:
    """The first value of a field of the response. name: in lower case."""
    with suppress(BadMessage):  # the wire has cut this head: it has none that cannot be read
        head = parse_head(exchange.response)
        return None if head is None else head.get(name)
    return None
