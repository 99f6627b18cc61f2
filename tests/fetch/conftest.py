"""A small world: hosts with scripted answers behind the wire's interface, and a clock that only moves when slept on."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from archive.capture import Exchange, Outcome, Tls, Visit
from crawler.asking import Get
from crawler.errors import failed
from crawler.fetch import NetworkFetcher
from crawler.politeness import Manners, Politeness

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC).timestamp()


class VirtualClock:
    """Time that passes for sleepers only: the earliest wakes when nobody else can run."""

    def __init__(self, wall: float = NOON) -> None:
        self.now = 0.0
        self.offset = wall
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def wall(self) -> float:
        return self.offset + self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._count += 1
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + max(seconds, 0.0), self._count, future))
        if len(self._sleepers) == 1:
            asyncio.get_running_loop().call_soon(self._turn, 20)
        await future

    def _turn(self, patience: int) -> None:
        if patience:  # others may still have something to do at this very moment
            asyncio.get_running_loop().call_soon(self._turn, patience - 1)
            return
        at, _, future = heapq.heappop(self._sleepers)
        self.now = max(self.now, at)
        if not future.done():
            future.set_result(None)
        if self._sleepers:
            asyncio.get_running_loop().call_soon(self._turn, 20)


Answer = bytes | Outcome | Callable[[httpx.Request], bytes | Outcome]


def written(status: int = 200, body: bytes = b"<p>ok</p>", **fields: str | bytes) -> bytes:
    """An HTTP/1.1 message; retry_after="5" stands for the field Retry-After."""
    lines = [b"HTTP/1.1 %d Word" % status]
    for name, value in {**fields, "content_length": str(len(body))}.items():
        octets = value if isinstance(value, bytes) else value.encode("latin-1")
        lines.append(name.replace("_", "-").title().encode() + b": " + octets)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@dataclass
class World:
    """Addresses and what they answer, one answer after another; the last one stays."""

    clock: VirtualClock
    pages: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[tuple[float, str]] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    takes: float = 0.0
    under_way: dict[str, int] = field(default_factory=dict)
    most_at_once: dict[str, int] = field(default_factory=dict)

    def put(self, url: str, *answers: Answer) -> None:
        self.pages[url] = list(answers)

    def times(self, url: str) -> int:
        return sum(1 for _, asked in self.asked if asked == url)

    async def get(self, get: Get) -> Exchange:
        request = httpx.Request("GET", get.url, headers=list(get.fields), extensions={"via": get.via, "verify": get.verify})
        url, host = str(request.url), request.url.raw_host.decode()
        self.asked.append((self.clock.now, url))
        self.requests.append(request)
        self.under_way[host] = self.under_way.get(host, 0) + 1
        self.most_at_once[host] = max(self.most_at_once.get(host, 0), self.under_way[host])
        try:
            if self.takes:
                await self.clock.sleep(self.takes)
            script = self.pages.get(url, [written(404)])
            given = script.pop(0) if len(script) > 1 else script[0]
            return self._response(request, url, given(request) if callable(given) else given)
        finally:
            self.under_way[host] -= 1

    def _response(self, request: httpx.Request, url: str, given: bytes | Outcome) -> Exchange:
        unsent = (Outcome.DNS_FAILED, Outcome.REFUSED, Outcome.GUARDED)
        sent = b"GET / HTTP/1.1\r\n" + b"".join(b"%s: %s\r\n" % pair for pair in request.headers.raw) + b"\r\n"
        base: dict[str, Any] = {
            "url": url,
            "began": datetime.fromtimestamp(self.clock.wall(), UTC),
            "elapsed": self.takes,
            "via": request.extensions.get("via"),
            "request": sent,
        }
        verify = request.extensions.get("verify", True)
        if given is Outcome.TLS_FAILED and not verify:
            given = written(body=b"unverified")
            base["tls"] = Tls("TLSv1.3", "AES", "http/1.1", False, "self-signed", (b"der",))
        if isinstance(given, Outcome):
            if given in unsent or given is Outcome.TLS_FAILED:
                base["request"] = b""
            raise failed(Exchange(outcome=given, error=f"{given} by script", **base))
        head = given.partition(b"\r\n\r\n")[0]
        return Exchange(
            outcome=Outcome.CAPTURED, response=given, head_length=len(head) + 4, status=int(head.split()[1]), **base
        )


@pytest.fixture
def answer() -> Callable[..., bytes]:
    return written


@pytest.fixture
def clocks() -> Callable[[float], VirtualClock]:
    """Another process's clock: its monotonic time begins anew, its wall is told."""
    return VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def world(clock: VirtualClock) -> World:
    return World(clock)


@pytest.fixture
def asides() -> list[Visit]:
    return []


@pytest.fixture
def fetching(world: World, clock: VirtualClock, asides: list[Visit]) -> Callable[..., NetworkFetcher]:
    """Makes a fetcher into the world; by default without pauses, and with robots.txt not asked for."""

    def make(manners: Manners | None = None, *, politeness: Politeness | None = None, **options: Any) -> NetworkFetcher:
        async def aside(visit: Visit) -> None:
            asides.append(visit)

        options.setdefault("user_agent", "kartoteka/0.1 (+mailto:clerk@example.org)")
        kept = manners or Manners(0, robots="a test of something else")
        return NetworkFetcher(
            world,
            politeness or Politeness(None, clock=clock),
            manners=lambda _: kept,
            aside=aside,
            **options,
        )

    return make
