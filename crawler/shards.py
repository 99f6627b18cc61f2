"""Fetching in processes of their own: hosts are shared out over them, and every visit comes back whole.

One interpreter that fetches and writes spends a third of its time waiting for its own lock (docs/speed.md). So a list of
addresses is fetched by processes started anew (never forked: a fork would hold the archive's lock), while this one keeps,
reads and enters. A host always falls to the same process, and so do all hosts of one platform, which share their pauses.
Between them go frames: two lengths, a list of messages in JSON, then the octets that those speak of, in their order. A
process that dies is started again, and what it had in hand is asked for once more.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from types import TracebackType
from typing import Any, Self, cast
from zlib import crc32

from archive.capture import Exchange, Outcome, Tls, Vantage, Visit
from archive.urls import host
from crawler.errors import FetcherDied
from crawler.fetch import Validators
from crawler.network import Network, nobody_told

_START = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from crawler.shards import serve; serve(int(sys.argv[2]))"
_SIZE = struct.Struct(">QQ")
DEATHS = 2  # of its process, and an address is given up
PATIENCE = 5.0  # seconds for a process to end in good order


class _Line(asyncio.Protocol):
    """Messages both ways over one socket; what is said in one turn of the loop goes out in one frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._unsaid: list[tuple[Any, ...]] = []
        self._octets: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self.open_to_more = asyncio.Event()  # the other side takes what it is sent
        self.open_to_more.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def pause_writing(self) -> None:
        self.open_to_more.clear()

    def resume_writing(self) -> None:
        self.open_to_more.set()

    def say(self, *message: Any, octets: Iterable[bytes] = ()) -> None:
        """A message of plain values; octets: what it speaks of by their lengths."""
        if not self._unsaid:
            asyncio.get_running_loop().call_soon(self._out)
        self._unsaid.append(message)
        self._octets += octets

    def _out(self) -> None:
        said, octets, self._unsaid, self._octets = self._unsaid, self._octets, [], []
        if self._transport is not None and not self._transport.is_closing():
            head = json.dumps(said).encode("ascii")
            self._transport.writelines((_SIZE.pack(len(head), sum(map(len, octets))), head, *octets))

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        start, have = 0, len(buffer)
        with memoryview(buffer) as view:
            while have - start >= _SIZE.size:
                head, octets = _SIZE.unpack_from(view, start)
                said = start + _SIZE.size + head
                if have < said + octets:
                    break
                messages = json.loads(bytes(view[start + _SIZE.size : said]))
                start = said + octets
                with view[said:start] as rest:
                    cut = _Cut(rest)
                    for message in messages:
                        self.hear(cut, *message)
        if start:
            del buffer[:start]

    def hear(self, cut: _Cut, *message: Any) -> None:
        """One message. cut: gives the octets that it speaks of."""
        raise NotImplementedError

    def hang_up(self) -> None:
        if self._transport is not None:
            if self._unsaid:
                self._out()
            self._transport.close()


class _Cut:
    """The octets of a frame, cut off from the front."""

    def __init__(self, octets: memoryview) -> None:
        self._octets, self._at = octets, 0

    def __call__(self, length: int) -> bytes:
        start = self._at
        self._at += length
        return bytes(self._octets[start : self._at])


def _told(visit: Visit) -> tuple[dict[str, Any], list[bytes]]:
    """A visit in plain values, and its octets."""
    octets: list[bytes] = []
    exchanges = []
    for each in visit.exchanges:
        chain = each.tls.chain if each.tls else ()
        pieces = (each.request, *each.interim, each.response, each.surplus, each.tunnel, *chain)
        octets += pieces
        told: dict[str, Any] = {name: getattr(each, name) for name in _PLAIN}
        told["began"], told["outcome"] = each.began.isoformat(), each.outcome.value
        told["ended"] = each.ended and each.ended.isoformat()
        told["tls"] = each.tls and {name: getattr(each.tls, name) for name in _PLAIN_TLS}
        told["vantage"] = each.vantage and asdict(each.vantage)
        told["lengths"] = [
            len(each.request),
            [*map(len, each.interim)],
            len(each.response),
            len(each.surplus),
            len(each.tunnel),
            [*map(len, chain)],
        ]
        exchanges.append(told)
    return {"url": visit.url, "exchanges": exchanges, "facts": dict(visit.facts)}, octets


def _visit(told: dict[str, Any], cut: _Cut) -> Visit:
    """The same visit again."""
    exchanges = []
    for each in told["exchanges"]:
        request, interim, response, surplus, tunnel, chain = each.pop("lengths")
        octets: dict[str, Any] = {"request": cut(request), "interim": tuple(map(cut, interim))}
        octets |= {"response": cut(response), "surplus": cut(surplus), "tunnel": cut(tunnel)}
        certificates = tuple(map(cut, chain))
        each["began"], each["outcome"] = datetime.fromisoformat(each["began"]), Outcome(each["outcome"])
        each["ended"] = each["ended"] and datetime.fromisoformat(each["ended"])
        each["dns"], each["flags"] = tuple(each["dns"]), tuple(each["flags"])
        each["vantage"] = each["vantage"] and Vantage(**each["vantage"])
        each["tls"] = each["tls"] and Tls(**each["tls"], chain=certificates)
        exchanges.append(Exchange(**each, **octets))
    return Visit(told["url"], tuple(exchanges), told["facts"])


_OCTETS = ("request", "interim", "response", "surplus", "tunnel")
_MADE = ("began", "ended", "outcome", "tls", "vantage")  # of other than plain values
_PLAIN = tuple(field.name for field in fields(Exchange) if field.name not in (*_OCTETS, *_MADE))
_PLAIN_TLS = tuple(field.name for field in fields(Tls) if field.name != "chain")


# ------------------------------------------------------------------------------ the side that keeps


@dataclass(slots=True)
class _Asked:
    """One address in a process's hands."""

    url: str
    validators: Validators | None
    vantage: str | None
    answer: asyncio.Future[Visit]
    deaths: int = 0

    def order(self) -> tuple[object, ...]:
        """As the process is told it."""
        return self.url, self.validators and asdict(self.validators), self.vantage


class Shards:
    """A Fetcher over `count` processes. Use as an async context manager; the processes start with their first address.

    aside: takes the visits to robots.txt, and what came unasked, in the order they were made; waiting: told of long waits.
    """

    def __init__(
        self,
        network: Network,
        count: int,
        aside: Callable[[Visit], Awaitable[None]],
        waiting: Callable[[str, float, str], None] = nobody_told,
    ) -> None:
        network.wire()  # an option that cannot be used is told here, and not by every process
        self._network, self._aside, self.waiting = network, aside, waiting
        self._shards = [_Shard(self, network, number) for number in range(count)]
        self._asides: set[asyncio.Task[None]] = set()
        self._failed: BaseException | None = None  # why nothing more can be kept

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.gather(*(shard.close() for shard in self._shards))
        await asyncio.gather(*self._asides, return_exceptions=True)
        if self._failed is not None and exc is None:
            raise self._failed

    @property
    def pids(self) -> list[int]:
        """The process ids of those that run."""
        return [shard.process.pid for shard in self._shards if shard.process is not None and shard.process.poll() is None]

    async def fetch(self, url: str, *, validators: Validators | None = None, vantage: str | None = None) -> Visit:
        """As `NetworkFetcher.fetch`, elsewhere. Raises FetcherDied where an address ends its process twice."""
        if self._failed is not None:
            raise self._failed
        return await self._shards[self._falls_to(url)].fetch(url, validators, vantage)

    def _falls_to(self, url: str) -> int:
        if len(self._shards) == 1:
            return 0
        return crc32((self._network.manners(url).platform or host(url)).encode()) % len(self._shards)

    def put_aside(self, visit: Visit) -> None:
        async def keep() -> None:
            try:
                await self._aside(visit)
            except BaseException as exc:
                self._failed = self._failed or exc
                raise

        task = asyncio.create_task(keep())
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)


def _spawned(words: list[str], descriptor: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(words, pass_fds=[descriptor], stdin=subprocess.DEVNULL, stdout=sys.stderr)


class _Shard(_Line):
    """One process and the socket to it."""

    def __init__(self, shards: Shards, network: Network, number: int) -> None:
        super().__init__()
        self.process: subprocess.Popen[bytes] | None = None
        self._shards, self._network, self._number = shards, network, number
        self._asked: dict[int, _Asked] = {}
        self._count = 0
        self._starting: asyncio.Task[None] | None = None
        self._gone = asyncio.Event()
        self._closed = False

    async def fetch(self, url: str, validators: Validators | None, vantage: str | None) -> Visit:
        for _ in range(DEATHS):
            # One that died with nothing in hand was not started again: who has waited for its end meanwhile does that.
            if self._transport is not None:
                break
            if self._starting is None:
                self._starting = asyncio.create_task(self._start())
            await asyncio.shield(self._starting)
        else:
            if self._transport is None:
                raise FetcherDied(f"no fetching process stays up; {url} was not asked for: run again")
        self._count = number = self._count + 1
        asked = self._asked[number] = _Asked(url, validators, vantage, asyncio.get_running_loop().create_future())
        self.say("fetch", number, *asked.order())
        try:
            return await asked.answer
        except asyncio.CancelledError:
            self.say("cancel", number)
            raise
        finally:
            self._asked.pop(number, None)

    async def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # Python's own search path: a checkout, an environment, a test run each have another one.
            words = [sys.executable, "-c", _START, json.dumps(sys.path), str(theirs.fileno())]
            self.process = _spawned(words, theirs.fileno())
        self._gone.clear()
        self._buffer.clear()
        await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=ours)
        self.say("open", self._network.told(), self._number)

    def hear(self, cut: _Cut, *message: Any) -> None:
        match message:
            case "visit", int(number), told:
                visit = _visit(told, cut)
                if (asked := self._asked.get(number)) and not asked.answer.done():
                    asked.answer.set_result(visit)
            case "aside", told:
                self._shards.put_aside(_visit(told, cut))
            case "waiting", host_, seconds, why:
                self._shards.waiting(host_, seconds, why)
            case "bug", int(number), str(why):
                if (asked := self._asked.get(number)) and not asked.answer.done():
                    asked.answer.set_exception(RuntimeError(f"while fetching {asked.url}: {why}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._gone.set()
        self.open_to_more.set()
        if not self._closed:
            self._starting = asyncio.create_task(self._again())

    async def _again(self) -> None:
        """The process has died: what it had in hand goes to another one, once."""
        assert self.process is not None
        status = await asyncio.to_thread(self.process.wait)
        name = signal.Signals(-status).name if status < 0 else f"status {status}"
        for number, asked in list(self._asked.items()):
            asked.deaths += 1
            if asked.deaths >= DEATHS and not asked.answer.done():
                del self._asked[number]
                asked.answer.set_exception(
                    FetcherDied(f"the fetching process ended with {name} twice while {asked.url} was under way; run again")
                )
        if self._asked:
            await self._start()
            for number, asked in self._asked.items():
                self.say("fetch", number, *asked.order())
        else:
            self._starting = None

    async def close(self) -> None:
        """End the process; what it has in hand is not waited for."""
        self._closed = True
        if self._starting is not None:
            await asyncio.gather(self._starting, return_exceptions=True)
        process = self.process
        if process is None:
            return
        if self._transport is not None:
            self.hang_up()
            await self._gone.wait()
        try:
            await asyncio.to_thread(process.wait, PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)


# ------------------------------------------------------------------------------ the side that fetches


Fetch = Callable[[str, Validators | None, str | None], Awaitable[Visit]]  # address, validators, vantage


class _Desk(_Line):
    """What the fetching process is told, and what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.network: asyncio.Future[tuple[Network, int]] = asyncio.get_running_loop().create_future()
        self.over = asyncio.Event()
        self.fetch: Fetch | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._early: list[tuple[int, str, Validators | None, str | None]] = []

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.over.set()

    def hear(self, _: _Cut, *message: Any) -> None:
        match message:
            case "fetch", number, url, told, vantage:
                validators = told and Validators(**told)
                if self.fetch is None:
                    self._early.append((number, url, validators, vantage))
                else:
                    self._begin(number, url, validators, vantage)
            case "cancel", number:
                if (task := self._tasks.get(number)) is not None:
                    task.cancel()
            case "open", network, number:
                self.network.set_result((Network.of(network), number))

    def ready(self, fetch: Fetch) -> None:
        self.fetch = fetch
        for order in self._early:
            self._begin(*order)

    async def shut(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _begin(self, number: int, url: str, validators: Validators | None, vantage: str | None) -> None:
        task = self._tasks[number] = asyncio.create_task(self._visit(number, url, validators, vantage))
        task.add_done_callback(lambda _: self._tasks.pop(number, None))

    async def _visit(self, number: int, url: str, validators: Validators | None, vantage: str | None) -> None:
        assert self.fetch is not None
        await self.open_to_more.wait()  # what the keeper has not taken yet lies in this process's memory
        try:
            visit = await self.fetch(url, validators, vantage)
        except Exception as exc:  # a fault of our own: it must be heard where the address was asked for
            self.say("bug", number, repr(exc))
        else:
            told, octets = _told(visit)
            self.say("visit", number, told, octets=octets)


def serve(descriptor: int) -> None:
    """The fetching process: until the other side hangs up, however that comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: who keeps decides
    link = socket.socket(fileno=descriptor)
    try:
        import uvloop
    except ImportError:
        asyncio.run(_serve(link))
    else:
        uvloop.run(_serve(link))


async def _serve(link: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    desk = _Desk()
    await loop.create_unix_connection(lambda: desk, sock=link)
    over = asyncio.create_task(desk.over.wait())
    await asyncio.wait((cast("asyncio.Future[Any]", desk.network), over), return_when=asyncio.FIRST_COMPLETED)
    if desk.network.done():
        network, number = desk.network.result()

        def put_aside(visit: Visit) -> None:
            told, octets = _told(visit)
            desk.say("aside", told, octets=octets)

        async def aside(visit: Visit) -> None:
            put_aside(visit)

        def waiting(host_: str, seconds: float, why: str) -> None:
            desk.say("waiting", host_, seconds, why)

        async with network.opened(aside, put_aside, waiting, first=number == 0) as fetcher:
            desk.ready(lambda url, validators, vantage: fetcher.fetch(url, validators=validators, vantage=vantage))
            await over
            await desk.shut()
    over.cancel()
