"""Virtual streams: hosts that answer octet by octet, late, half, or never; every octet that was sent is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.time import Clock, Loop

LATENCY = 0.02  # seconds, each way


@dataclass(frozen=True, slots=True)
class Reply:
    """What a host does with a request. pieces: octets, and the seconds to wait before each. then: `keep`, `close`, `reset`.

    kind: what it truly is, for the oracle: `page`, `robots`, or the name of what stands in the page's place.
    pause: seconds for which the host is to be left alone, as it said itself; platform: so are all of its platform.
    """

    kind: str
    pieces: tuple[tuple[float, bytes], ...] = ()
    then: str = "keep"
    pause: float | None = None
    platform: bool = False


@dataclass(slots=True)
class Request:
    """One request as the host saw it. at, ended: monotonic; sent: octets that went out. life: of the daemon."""

    number: int
    life: int
    at: float
    wall: float
    host: str
    url: str
    kind: str
    pause: float | None = None
    platform: bool = False
    fresh: bool = True  # the first one on its connection
    sent: bytearray = field(default_factory=bytearray)
    ended: float | None = None
    reset: bool = False


Answering = Callable[[int, str, str, dict[str, str]], Reply]  # number, host, target, fields


class Net:
    """All hosts, and whoever asks them. connects: what befalls a connection: None, `refused`, `silent`; resolves: a look-up.

    asked: told of each request when it comes in; answered: and when all of its answer has gone out.
    """

    def __init__(
        self,
        clock: Clock,
        hosts: list[str],
        answer: Answering,
        befalls: Callable[[str], str | None],
        asked: Callable[[Request], None],
        answered: Callable[[Request], None],
    ) -> None:
        self.clock, self.answer, self.befalls, self.asked, self.answered = clock, answer, befalls, asked, answered
        self._addresses = {host: f"93.184.{n // 250}.{n % 250 + 1}" for n, host in enumerate(hosts)}
        self._names = {address: host for host, address in self._addresses.items()}
        self.requests: list[Request] = []
        self.open: set[Stream] = set()
        self.life = 0

    async def resolve(self, host: str) -> list[str]:
        await asyncio.sleep(LATENCY)
        if host not in self._addresses or self.befalls(host) == "dns":
            raise OSError(f"no address of {host}")
        return [self._addresses[host]]

    async def connect(self, loop: Loop, factory: Callable[[], Any], address: str, port: int) -> tuple[Any, Any]:
        host = self._names[address]
        await asyncio.sleep(LATENCY)
        match self.befalls(host):
            case "refused":
                raise ConnectionRefusedError(111, "Connection refused")
            case "silent":
                await asyncio.sleep(3600)
        protocol = factory()
        stream = Stream(self, loop, protocol, host, "https" if port == 443 else "http")
        protocol.connection_made(stream)
        return stream, protocol

    def cut(self) -> None:
        """Every connection breaks: the machine slept, or is gone."""
        for stream in list(self.open):
            stream.broke()

    def forget(self) -> None:
        """Nobody is there any more: what a host still meant to send is sent to nobody."""
        for stream in list(self.open):
            stream.dead = True
            stream.ends()
        self.open.clear()


class Stream(asyncio.Transport):
    """One connection as its client holds it."""

    def __init__(self, net: Net, loop: Loop, protocol: Any, host: str, scheme: str) -> None:
        super().__init__()
        self._net, self._loop, self._protocol = net, loop, protocol
        self._host, self._scheme = host, scheme
        self._got = b""
        self._closing = False
        self._request: Request | None = None
        self._count = 0
        self.dead = False
        net.open.add(self)

    # The client's side

    def write(self, data: Any) -> None:
        if self._closing or self.dead:
            return
        self._got += bytes(data)
        if b"\r\n\r\n" in self._got:
            head, self._got = self._got.split(b"\r\n\r\n", 1)
            self._loop.call_later(LATENCY, self._arrives, head)

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        pass

    def close(self) -> None:
        self._leaves(None)

    def abort(self) -> None:
        self._leaves(None)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def _leaves(self, why: Exception | None) -> None:
        if not self._closing:
            self._closing = True
            self.ends()
            self._net.open.discard(self)
            self._loop.call_soon(self._protocol.connection_lost, why)

    # The host's side

    def _arrives(self, head: bytes) -> None:
        if self._closing or self.dead:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        target, net = first.split(" ")[1], self._net
        number = len(net.requests)
        reply = net.answer(number, self._host, target, fields)
        url = f"{self._scheme}://{self._host}{target}"
        request = Request(
            number, net.life, net.clock.steady, net.clock.wall(), self._host, url, reply.kind, reply.pause, reply.platform,
            fresh=not self._count,
        )  # fmt: skip
        self._count += 1
        self._request = request
        net.requests.append(request)
        net.asked(request)
        self._next(request, reply, 0)

    def _next(self, request: Request, reply: Reply, place: int) -> None:
        if place < len(reply.pieces):
            wait, octets = reply.pieces[place]
            self._loop.call_later(LATENCY + wait, self._sends, request, reply, place, octets)
        elif reply.then == "keep":
            self._request = None
            request.ended = self._net.clock.steady
        elif reply.then == "stall":
            pass
        else:
            self._loop.call_later(LATENCY, self._hangs_up, reply.then)

    def _sends(self, request: Request, reply: Reply, place: int, octets: bytes) -> None:
        if self._closing or self.dead:
            return
        request.sent += octets
        if place + 1 == len(reply.pieces):
            self._net.answered(request)
        self._next(request, reply, place + 1)
        self._protocol.data_received(octets)

    def _hangs_up(self, how: str) -> None:
        if self._closing or self.dead:
            return
        if how == "close":
            self.ends()
            self._protocol.eof_received()
            self._leaves(None)
        else:
            self.broke()

    def broke(self) -> None:
        """The connection is reset."""
        if self._request is not None:
            self._request.reset = True
        self._leaves(ConnectionResetError(104, "Connection reset by peer"))

    def ends(self) -> None:
        if self._request is not None and self._request.ended is None:
            self._request.ended = self._net.clock.steady
        self._request = None
