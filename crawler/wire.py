"""One exchange over the network: the exact octets of both directions kept, and bounded.

HTTP/1.1 over asyncio, one Protocol a connection, an idle list for each origin, no pool to scan, no cookie jar,
nothing from the environment; straight, or through the one proxy it is told of. What is sent is put together
here and kept as sent; what comes is kept as it came (turn.py cuts it). Each exchange ends as an Exchange, or as
one FetchFailed that carries it; only CancelledError passes beside them, and leaves no connection behind. For
whoever speaks httpx, a Wire is a transport of it too (asking.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import logging
import re
import select
import socket
import ssl
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

from archive.capture import Exchange, Outcome, Tls, Vantage
from crawler import asking, tls
from crawler.asking import Answer, Asked, Get
from crawler.errors import failed
from crawler.guard import Guard
from crawler.tunnel import HERE, Handshake, Proxy, Refusal
from crawler.turn import WHOLE, Ending, Limits, Turn

if TYPE_CHECKING:
    import httpx

__all__ = ["ConnectTo", "Get", "Limits", "Resolve", "Wire"]

log = logging.getLogger(__name__)

Resolve = Callable[[str], Awaitable[Sequence[str]]]  # a host name to its addresses; OSError where it has none
_Origin = tuple[str, str, int, bool]  # scheme, host, port, verify

# Our own lack, not the server's answer: said so, lest a full descriptor table reads as a dead court.
_LOCAL = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}
UNASKED = "urn:kartoteka:unasked:"
# Names that each network answers in its own way (RFC 6762, 8375, 9476 and clouds): not asked for behind a proxy's back.
_INNER = ("local", "localdomain", "localhost", "internal", "intranet", "lan", "home.arpa", "alt", "corp", "home", "private")
LARGE = 64 * 1024  # octets: below it a response is not worth counting after its exchange
_RULE = re.compile(r"(\[[^]]*\]|[^:\[\]]*):([0-9]*):(\[[^]]*\]|[^:\[\]]*):([0-9]*)")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect for an origin. named: a person named this host, or this port."""

    host: str
    port: int
    host_named: bool = False
    port_named: bool = False


@dataclass(frozen=True, slots=True)
class ConnectTo:
    """Rules HOST:PORT:ADDR:PORT2 as in curl's --connect-to; the first that matches wins.

    An empty HOST or PORT matches any, an empty ADDR or PORT2 keeps what the URL says; IPv6 in brackets.
    Raises ValueError for a rule in another form.
    """

    rules: Sequence[str] = ()
    parsed: tuple[tuple[str, str, str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parsed", tuple(map(self._parse, self.rules)))

    @staticmethod
    def _parse(rule: str) -> tuple[str, str, str, str]:
        match = _RULE.fullmatch(rule)
        if match is None or any(int(port) > 65535 for port in match.group(2, 4) if port):
            raise ValueError(f"not HOST:PORT:ADDR:PORT2: {rule!r}")
        host, port, address, port2 = match.groups()
        return host.strip("[]").lower(), port, address.strip("[]"), port2

    def target(self, host: str, port: int) -> Target:
        for from_host, from_port, address, port2 in self.parsed:
            if from_host in ("", host.lower()) and from_port in ("", str(port)):
                return Target(address or host, int(port2 or port), bool(address), bool(port2))
        return Target(host, port)


class Wire:
    """One vantage's connections.

    `resolve` stands in for the system's look-up; its answers pass the same guard. `ca` are trust anchors
    beside certifi's; a file without any raises ValueError here. proxy: everything goes through
    it; a person named it, so its own address passes the guard. `unasked` may be set to what takes the octets that
    came on an idle connection, as an Exchange without a request whose URL is UNASKED and the origin.
    """

    def __init__(
        self,
        *,
        limits: Limits = Limits(),
        connect_to: ConnectTo = ConnectTo(),
        ca: Sequence[Path] = (),
        guard: Guard = Guard(),
        resolve: Resolve | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        self.limits = limits
        self._proxy = proxy
        self._connect_to = connect_to
        self._ca = tuple(ca)
        self._guard = guard
        self._resolve = resolve or self._look_up
        self._threads: ThreadPoolExecutor | None = None
        self._idle: dict[_Origin, dict[_Connection, None]] = {}
        self._oldest: OrderedDict[_Connection, None] = OrderedDict()
        self._live: set[_Connection] = set()
        self._held = 0  # octets of all turns under way, and of large responses that somebody has
        self.unasked: Callable[[Exchange], object] = lambda exchange: None
        self._put_down: deque[int] = deque()  # of those, what nobody has any more
        _give_large_blocks_back()
        if self._ca:
            _ = self._strict

    @property
    def open_connections(self) -> int:
        """Connections held now, idle ones included."""
        return len(self._live)

    @property
    def held(self) -> int:
        """Octets of all exchanges under way, and of large responses that somebody has still."""
        while self._put_down:
            self._held -= self._put_down.popleft()
        return self._held

    async def get(self, get: Get) -> Exchange:
        """One GET, answered whole. Raises FetchFailed."""
        return (await self.exchange(asking.asked(get))).exchange

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The same for httpx; its Exchange is in `extensions["exchange"]`."""
        return asking.answered(await self.exchange(await asking.asked_by(request)))

    async def exchange(self, asked: Asked) -> Answer:
        """One exchange, whole. Raises FetchFailed."""
        began, start = datetime.now(UTC), monotonic()
        url, octets = asked.url, asked.octets
        deadline = start + (self.limits.whole if asked.deadline is None else asked.deadline)
        origin = (asked.scheme, asked.host, asked.port, asked.verify)
        turn = Turn(self.limits, asked.method)
        connection: _Connection | None = None
        flags: tuple[str, ...] = ()
        try:
            target = self._admit(asked)
            connection = self._take(origin)
            if connection is not None:
                ending = await connection.exchange(octets, turn, deadline)
                if ending.outcome is Outcome.RESET and not turn.octets and asked.method == "GET":
                    # RFC 9112, 9.3.1: it was closed while our request was under way; nobody has answered yet.
                    asked.repeated(
                        Exchange(
                            url,
                            began,
                            monotonic() - start,
                            Outcome.RESET,
                            asked.method,
                            ending.error,
                            octets,
                            peer=connection.peer,
                            dns=connection.dns,
                            tls=connection.tls,
                            via=asked.via,
                            flags=("stale-connection",),
                            vantage=connection.vantage,
                        )
                    )
                    connection.abort()
                    connection, flags = None, ("stale-connection",)
                    turn = Turn(self.limits, asked.method)
                    began, start = datetime.now(UTC), monotonic()
            if connection is None:
                connection = _Connection(self, origin)
                await self._connect(connection, target, deadline)
                ending = await connection.exchange(octets, turn, deadline)
        except _Broken as exc:
            ending = exc.ending
            flags += exc.flags
        finally:
            if connection is not None:
                self._give_back(connection, turn)
        interim, response, surplus = turn.pieces()
        turn.octets = bytearray()  # it is in the pieces now, and a failure's traceback would keep it
        if len(response) > LARGE:
            response = self._count(response)
        head, frame = turn.head, turn.framing
        sent = connection is not None and connection.sent
        exchange = Exchange(
            url=url,
            began=began,
            ended=datetime.now(UTC),
            elapsed=monotonic() - start,
            outcome=ending.outcome,
            method=asked.method,
            error=ending.error,
            request=octets if sent else b"",
            interim=interim,
            response=response,
            head_length=turn.head_length,
            status=head.status if head is not None else None,
            surplus=surplus,
            truncated=ending.truncated,
            first_byte=connection.first_byte - start if connection is not None and connection.first_byte else None,
            peer=connection.peer if connection is not None else None,
            dns=connection.dns if connection is not None else (),
            tls=connection.tls if connection is not None else None,
            via=asked.via,
            flags=flags + (head.flags if head is not None else ()) + (frame.flags if frame is not None else ()),
            vantage=connection.vantage if connection is not None else None,
            tunnel=connection.take_tunnel() if connection is not None else b"",
        )
        if ending is not WHOLE:
            raise failed(exchange)
        assert head is not None
        return Answer(exchange, head, turn.spans())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection; exchanges under way end as reset."""
        for connection in list(self._live):
            connection.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None
        await asyncio.sleep(0)  # the transports tell their protocols in the loop's next turn

    def _admit(self, asked: Asked) -> Target:
        """Where this request may go, before anything is looked up. Raises _Broken."""
        if len(asked.url) > self.limits.url:
            raise _Broken(Outcome.TOO_LARGE, f"a URL of more than {self.limits.url} octets")
        if not asked.octets:
            raise _Broken(Outcome.GUARDED, "a line break or NUL inside the request's head")
        target = self._connect_to.target(asked.host, asked.port)
        why = self._guard.refusal(asked.scheme, asked.host, credentials=asked.credentials, named=target.host_named)
        if why is None and not target.port_named:
            why = self._guard.port(target.port)
        if why is not None:
            raise _Broken(Outcome.GUARDED, why)
        return target

    async def _connect(self, connection: _Connection, target: Target, deadline: float) -> None:
        """Look up once, check every answer, connect to a checked one, shake hands. Raises _Broken."""
        scheme, host, _, verify = connection.origin
        if self._proxy is None:
            await self._open(
                connection, target.port, await self._addresses(connection, target, deadline), target.host, deadline
            )
        else:
            await self._pass_through(self._proxy, connection, target, deadline)
        if scheme == "https":
            due = min(deadline, monotonic() + self.limits.tls)
            await connection.shake_hands(self._strict if verify else self._unverified, host.removesuffix("."), due)

    async def _open(self, connection: _Connection, port: int, addresses: Sequence[str], host: str, deadline: float) -> None:
        """The first of the addresses that takes a connection."""
        due = min(deadline, monotonic() + self.limits.connect)
        broken = _Broken(Outcome.DNS_FAILED, f"{host} has no address")
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            # A black hole among several addresses takes its share of the time, not all of it.
            now = monotonic()
            try:
                await connection.open(address, port, now + (due - now) / left)
                break
            except _Broken as exc:
                if connection.transport is not None:  # the time was up in the very moment it was made
                    raise
                broken = exc
        else:
            raise broken

    async def _pass_through(self, proxy: Proxy, connection: _Connection, target: Target, deadline: float) -> None:
        """Have the proxy make the connection. Raises _Broken: whatever it fails in is a pause, and no word of the server's."""
        connection.vantage = vantage = proxy.vantage
        if proxy.names == HERE:
            # One of them: a proxy that cannot reach it says so at its own pace. IPv4, which more proxies have.
            host = min(await self._addresses(connection, target, deadline), key=lambda address: ":" in address, default=None)
            if host is None:
                raise _Broken(Outcome.DNS_FAILED, f"{target.host} has no address")
            where = f"[{host}]:{target.port}" if ":" in host else f"{host}:{target.port}"
            connection.vantage = vantage = replace(vantage, peer=where)
        else:
            host = self._outer(target)
        due = min(deadline, monotonic() + self.limits.tunnel)
        try:
            # Not looked up by `_resolve`, which stands in for what is known of servers.
            await self._open(connection, proxy.port, await self._of_proxy(proxy, due), proxy.host, due)
            await connection.pass_through(proxy, proxy.ask(host, target.port), due)
        except (_Broken, Refusal) as exc:
            word = exc.word if isinstance(exc, Refusal) else str(exc.ending.outcome)
            text = str(exc) if isinstance(exc, Refusal) else f"its proxy: {exc}"
            shown = proxy.hidden(text.encode("utf-8", "replace")).decode("utf-8", "replace")
            connection.vantage = replace(vantage, fault=word)
            flags = () if isinstance(exc, Refusal) else exc.flags
            raise _Broken(Outcome.PAUSED, f"vantage {proxy.label}: {shown}", *flags) from None
        finally:
            connection.peer = None  # that is the proxy

    def _outer(self, target: Target) -> str:
        """The name or address that the far end is asked for. Raises _Broken."""
        try:
            return self._checked(str(ip_address(target.host)), target)
        except ValueError:
            host = target.host.removesuffix(".").lower()
        if not target.host_named and ("." not in host or any(host.endswith(f".{inner}") for inner in _INNER)):
            raise _Broken(Outcome.GUARDED, f"host {host!r} is one of the proxy's own network")
        return host

    async def _of_proxy(self, proxy: Proxy, due: float) -> Sequence[str]:
        try:
            return [str(ip_address(proxy.host))]
        except ValueError:
            pass
        try:
            async with asyncio.timeout(min(due - monotonic(), self.limits.dns)):
                return list(dict.fromkeys(await self._look_up(proxy.host)))
        except TimeoutError as exc:
            raise _Broken(Outcome.DNS_FAILED, f"no answer about {proxy.host} in time") from exc
        except OSError as exc:
            raise _Broken(Outcome.DNS_FAILED, f"{proxy.host}: {exc.strerror or exc}") from exc

    async def _addresses(self, connection: _Connection, target: Target, deadline: float) -> Sequence[str]:
        try:
            return [self._checked(str(ip_address(target.host)), target)]
        except ValueError:
            pass
        due = min(deadline, monotonic() + self.limits.dns)
        try:
            async with asyncio.timeout(due - monotonic()):
                found = tuple(dict.fromkeys(await self._resolve(target.host)))
        except TimeoutError as exc:
            raise _Broken(Outcome.DNS_FAILED, f"no answer about {target.host} in time") from exc
        except Exception as exc:  # a resolver of the caller's may raise what it likes; none of it escapes
            raise _Broken(Outcome.DNS_FAILED, f"{target.host}: {exc}") from exc
        connection.dns = found
        if len(found) > self.limits.addresses:
            raise _Broken(Outcome.DNS_FAILED, f"{target.host} has {len(found)} addresses, more than {self.limits.addresses}")
        return [self._checked(address, target) for address in found]

    def _checked(self, address: str, target: Target) -> str:
        if not target.host_named and (why := self._guard.allowed(address)) is not None:
            raise _Broken(Outcome.GUARDED, why)
        return address

    async def _look_up(self, host: str) -> Sequence[str]:
        # Threads of our own: the loop's default ones are few, and a dead name server holds each for its time-out.
        if self._threads is None:
            self._threads = ThreadPoolExecutor(32, thread_name_prefix="look-up")
        loop = asyncio.get_running_loop()
        answers = await loop.run_in_executor(self._threads, lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
        return [str(sockaddr[0]) for *_, sockaddr in answers]

    @cached_property
    def _strict(self) -> ssl.SSLContext:
        return tls.strict(self._ca)

    @cached_property
    def _unverified(self) -> ssl.SSLContext:
        return tls.unverified()

    # Idle connections: a dict for each origin is its stack, one ordered dict is the queue of all. Every step is O(1).

    def _take(self, origin: _Origin) -> _Connection | None:
        idle = self._idle.get(origin)
        while idle:
            connection = next(reversed(idle))
            self._forget_idle(connection)
            if connection.fresh(monotonic() - self.limits.idle):
                return connection
            connection.close()
        return None

    def _give_back(self, connection: _Connection, turn: Turn) -> None:
        if not (connection.usable and turn.keeps):
            connection.abort()
            return
        connection.rest()
        self._idle.setdefault(connection.origin, {})[connection] = None
        self._oldest[connection] = None
        if len(self._oldest) > self.limits.idle_connections:
            oldest = next(iter(self._oldest))
            self._forget_idle(oldest)
            oldest.close()

    def _forget_idle(self, connection: _Connection) -> None:
        if self._oldest.pop(connection, self) is None:
            idle = self._idle[connection.origin]
            del idle[connection]
            if not idle:
                del self._idle[connection.origin]

    def _opened(self, connection: _Connection) -> None:
        self._live.add(connection)

    def _lost(self, connection: _Connection) -> None:
        self._live.discard(connection)
        self._forget_idle(connection)

    def _count(self, response: bytes) -> bytes:
        large = _Large(response)
        large.put_down = self._put_down.append
        self._held += len(large)
        return large

    def _relieve(self) -> None:
        """Too much is held by all together: the exchange that holds the most ends. What it has is kept."""
        largest = max(self._live, key=_Connection.holds)
        # What waits for a slow disk is no fault of a small page that comes meanwhile.
        if self.held > self.limits.held and largest.holds() > self.limits.held // 64:
            largest.give_way()


def _give_large_blocks_back() -> None:
    """Blocks from a MiB on leave the process when they are freed.

    glibc by itself raises that threshold to 32 MiB with what it meets, and bodies that grew among others then leave holes:
    after eight floods at once 117 MiB stayed, and 5 this way.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library
        adjust = ctypes.CDLL(None).mallopt
        adjust(-3, 1024 * 1024)  # M_MMAP_THRESHOLD
        adjust(-1, 2 * 1024 * 1024)  # M_TRIM_THRESHOLD


class _Large(bytes):
    """A response that counts as held for as long as somebody has it: a visit of many hops, the writer's queue."""

    put_down: Callable[[int], None]

    def __del__(self) -> None:
        self.put_down(len(self))


class _Broken(Exception):
    """The exchange ended before it could be put to a connection, or on one."""

    def __init__(self, outcome: Outcome, error: str, *flags: str) -> None:
        super().__init__(error)
        self.ending = Ending(outcome, error)
        self.flags = flags


class _Connection(asyncio.Protocol):
    """One TCP connection, with or without TLS: octets to the turn under way, and all the ways it can end.

    One timer serves all its time limits: it is left alone while the next limit moves away, and set anew
    only for a nearer one, so that a page costs no timer.
    """

    def __init__(self, wire: Wire, origin: _Origin) -> None:
        self.origin = origin
        self.dns: tuple[str, ...] = ()
        self.peer: str | None = None
        self.vantage: Vantage | None = None
        self.tls: Tls | None = None
        self.sent = False
        self.first_byte: float | None = None
        self.transport: asyncio.Transport | None = None
        self._wire = wire
        self._limits = wire.limits
        self._loop = asyncio.get_running_loop()
        self._turn: Turn | None = None
        self._woken: asyncio.Future[None] | None = None
        self._asking: Handshake | None = None  # of the proxy
        self._tunnel = b""  # what the proxy said, until an exchange takes it
        self._early = b""  # what came before anything was asked
        self._rested: float | None = None  # when it last became idle
        self._poll: select.poll | None = None
        self._ended: _Broken | None = None  # the connection gives nothing more, and why
        self._lingering = False
        self._window = 0  # octets the turn had when the time now measured began
        self._deadline = 0.0
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._ssl: ssl.SSLObject | None = None
        self._shaking = origin[0] == "https"

    # Opening

    async def open(self, address: str, port: int, due: float) -> None:
        """Connect. Raises _Broken."""
        where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        try:
            async with asyncio.timeout(due - monotonic()):
                await self._loop.create_connection(lambda: self, address, port)
        except TimeoutError as exc:
            raise _Broken(Outcome.TIMEOUT, f"{where}: no connection in time") from exc
        except ConnectionResetError as exc:
            raise _Broken(Outcome.RESET, f"{where}: {exc.strerror or exc}") from exc
        except OSError as exc:
            local = ("local-fault",) if exc.errno in _LOCAL else ()
            raise _Broken(Outcome.REFUSED, f"{where}: {exc.strerror or exc}", *local) from exc
        self.peer = where

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._wire._opened(self)

    async def pass_through(self, proxy: Proxy, asking: Handshake, due: float) -> None:
        """Ask the proxy that was connected to for its tunnel. Raises _Broken, Refusal."""
        assert self.transport is not None
        self._asking = asking
        if self._ended is None:
            self._woken = self._loop.create_future()
            self._arm(due)
            early, self._early = self._early, b""
            self.transport.write(asking.opening)
            try:
                if early:
                    self._through(early)
                await self._woken
            finally:
                self._tunnel = proxy.hidden(asking.said)
        self._asking = None
        if asking.done:
            self._early = asking.rest + self._early
        elif self._ended is not None:
            raise self._ended

    def take_tunnel(self) -> bytes:
        """What the proxy said, for the first exchange that asks."""
        said, self._tunnel = self._tunnel, b""
        return said

    def _through(self, data: bytes) -> None:
        """What the proxy says before its tunnel stands."""
        assert self._asking is not None and self.transport is not None
        try:
            answer = self._asking.feed(data)
        except Refusal as exc:
            if self._woken is not None and not self._woken.done():
                self._woken.set_exception(exc)
            self._enough()
            return
        if answer:
            self.transport.write(answer)
        if self._asking.done:
            self._wake()

    async def shake_hands(self, context: ssl.SSLContext, host: str, due: float) -> None:
        """Put TLS on the connection, and note what it says of itself, verified or not. Raises _Broken."""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        try:
            self._ssl = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        except (ValueError, UnicodeError) as exc:
            raise _Broken(Outcome.TLS_FAILED, f"{host!r} cannot be asked for: {exc}") from exc
        if self._ended is None:
            self._woken = self._loop.create_future()
            self._arm(due)
            self._incoming.write(self._early)
            self._early = b""
            self._shake()
            await self._woken
        self._shaking = False
        if self._ended is not None:
            self.tls = tls.said(self._ssl, self._ended.ending.error)
            raise self._ended
        self.tls = tls.said(self._ssl, None if context.check_hostname else "not verified: it was asked for without")

    def _shake(self) -> None:
        assert self._ssl is not None
        try:
            self._ssl.do_handshake()
            self._wake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLCertVerificationError as exc:
            self._end(Outcome.TLS_FAILED, f"certificate not verified: {exc.verify_message}")
        except ssl.SSLError as exc:
            self._end(Outcome.TLS_FAILED, f"TLS handshake failed: {exc.reason or exc}")
        self._flush()  # the alert that tells the server why, too

    # One exchange

    async def exchange(self, octets: bytes, turn: Turn, deadline: float) -> Ending:
        """Send and receive; how the turn ended."""
        self.sent = False
        self.first_byte = None
        self._turn = turn
        self._deadline = deadline
        self._lingering = False
        self._window = 0
        self._woken = self._loop.create_future()
        try:
            if self._early:
                early, self._early = self._early, b""
                self._receive(early)
            if self._ended is None:
                self._send(octets)
                self._arm(min(deadline, monotonic() + self._limits.first_byte))
            else:
                self._sender_ended()
            await self._woken
        finally:
            self._wire._held -= len(turn.octets)
        self._turn = None
        assert turn.ending is not None
        return turn.ending

    def _send(self, octets: bytes) -> None:
        assert self.transport is not None
        self.sent = True
        if self._ssl is None:
            self.transport.write(octets)
        else:
            self._ssl.write(octets)
            self._flush()

    def data_received(self, data: bytes) -> None:
        if self._asking is not None and not self._asking.done:
            self._through(data)
        elif self._ssl is None:
            self._receive(data)
        else:
            self._incoming.write(data)
            if self._shaking:
                self._shake()
                return
            plain = self._decrypted()
            if plain:
                self._receive(plain)
            if self._ended is not None:
                self._sender_ended()

    def _receive(self, data: bytes) -> None:
        turn = self._turn
        if turn is None:
            if self._rested is None:
                self._early += data
            else:
                self._unasked(data)
            return
        if self.first_byte is None:
            self.first_byte = now = monotonic()
            self._arm(min(self._deadline, now + self._limits.rate_window))
        self._wire._held += len(data)
        if not turn.feed(data):
            if self._wire._held > self._limits.held:
                self._wire._relieve()
            return
        if self._lingering:
            if len(turn.octets) - self._window > self._limits.surplus:
                self._enough()
        elif self._ended is None and (turn.ending is not WHOLE or not turn.keeps) and turn.listens:
            self._lingering = True
            self._window = len(turn.octets)
            self._arm(min(self._deadline, monotonic() + self._limits.linger))
        elif turn.ending is WHOLE:
            self._wake()
        else:
            self._enough()

    def _unasked(self, data: bytes) -> None:
        """Octets on an idle connection: whose answer they are nobody can know, and nobody is taken for it."""
        log.warning("%s sent %d octets that nobody asked for: %r", self.peer, len(data), data[:80])
        scheme, host, port, _ = self.origin
        exchange = Exchange(
            f"{UNASKED}{scheme}://{host}:{port}",
            datetime.now(UTC),
            0.0,
            Outcome.BAD_HTTP,
            error=f"{len(data)} octets that nobody asked for, on a connection that was idle",
            response=data,
            truncated="disconnect",
            peer=self.peer,
            dns=self.dns,
            tls=self.tls,
            flags=("unasked",),
            vantage=self.vantage,
        )
        self.abort()
        self._wire.unasked(exchange)

    def eof_received(self) -> None:
        if self._asking is not None and not self._asking.done:
            self._end(Outcome.RESET, "closed before its tunnel stood")
        elif self._shaking:
            self._end(Outcome.TLS_FAILED, "closed in the TLS handshake")
        elif self._ssl is not None:
            self._end(Outcome.TRUNCATED, "closed without a TLS close alert")
        else:
            self._end(Outcome.CAPTURED, "closed")

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:
            self._end(Outcome.RESET, "closed here")
        elif not isinstance(exc, OSError) and self._woken is not None and not self._woken.done():
            self._woken.set_exception(exc)  # the loop brings a fault of our own this way: it must not read as a reset
        else:
            self._end(Outcome.RESET, f"the connection broke: {getattr(exc, 'strerror', None) or exc}")
        self._leave()

    def _end(self, outcome: Outcome, error: str) -> None:
        """Nothing more comes on this connection: the first reason is the one."""
        if self._ended is None:
            self._ended = _Broken(outcome, error)
        self._sender_ended()

    def _sender_ended(self) -> None:
        """Tell whoever waits. An orderly close can be the end of a body; a cut one never is."""
        assert self._ended is not None
        if self._turn is not None:
            ending = self._ended.ending
            if ending.outcome in (Outcome.CAPTURED, Outcome.TRUNCATED):
                self._turn.eof(sure=ending.outcome is Outcome.CAPTURED)
            else:
                self._turn.break_off(ending.outcome, str(self._ended), "disconnect")
        self._wake()

    def holds(self) -> int:
        """Octets of the turn under way."""
        return len(self._turn.octets) if self._turn is not None else 0

    def give_way(self) -> None:
        """End the turn under way: others need the room."""
        assert self._turn is not None
        self._turn.break_off(Outcome.TOO_LARGE, f"the largest of all exchanges that hold {self._limits.held} octets", "length")
        self._enough()

    def _enough(self) -> None:
        """Tell whoever waits, and read no more: a loop may read thirty times before anybody whom it woke has his turn."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()
        self._wake()

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    # TLS, octet by octet in our own hands: asyncio's layer drops the chain when a verification fails

    def _decrypted(self) -> bytes:
        assert self._ssl is not None
        parts = []
        try:
            while part := self._ssl.read(262_144):
                parts.append(part)
            if self._ended is None:
                self._ended = _Broken(Outcome.CAPTURED, "closed by a TLS alert")
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as exc:
            if self._ended is None:
                self._ended = _Broken(Outcome.TLS_FAILED, f"TLS failed after its handshake: {exc.reason or exc}")
        self._flush()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _flush(self) -> None:
        if self._outgoing.pending and self.transport is not None:
            self.transport.write(self._outgoing.read())

    # Time

    def _arm(self, due: float) -> None:
        self._due = due
        if self._timer is None or due < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = due
            self._timer = self._loop.call_later(max(0.0, due - monotonic()), self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = monotonic()
        if now < self._due:
            self._arm(self._due)
        elif self._asking is not None:
            if not self._asking.done:
                self._end(Outcome.TIMEOUT, "no tunnel in time")
        elif self._shaking:
            self._end(Outcome.TIMEOUT, "no TLS handshake in time")
        elif self._turn is not None:
            self._time_up(self._turn, now)
        elif self._rested is not None:
            self.close()

    def _time_up(self, turn: Turn, now: float) -> None:
        limits = self._limits
        if self._lingering:
            self._wake()
        elif now >= self._deadline:
            turn.break_off(Outcome.TIMEOUT, "not whole within its time", "time")
            self._wake()
        elif self.first_byte is None:
            turn.break_off(Outcome.TIMEOUT, "no octet of an answer in time", "time")
            self._wake()
        elif len(turn.octets) - self._window < limits.rate * limits.rate_window:
            turn.break_off(Outcome.TOO_SLOW, f"below {limits.rate} octets a second over {limits.rate_window:g} s", "time")
            self._wake()
        else:
            self._window = len(turn.octets)
            self._arm(min(self._deadline, now + limits.rate_window))

    # Between exchanges

    @property
    def usable(self) -> bool:
        transport = self.transport
        if transport is None or self._ended is not None or self._turn is not None:
            return False
        return not transport.is_closing() and transport.get_write_buffer_size() == 0

    def rest(self) -> None:
        """Wait for another exchange."""
        assert self.transport is not None
        if self._poll is None and hasattr(select, "poll"):
            self._poll = select.poll()
            self._poll.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        self._rested = monotonic()
        self._arm(self._rested + self._limits.idle)

    def fresh(self, since: float) -> bool:
        """It can take a request: idle since then at most, and nothing, not even an end, waits unread in the socket."""
        if not self.usable or self._rested is None or self._rested < since or self._loop is not asyncio.get_running_loop():
            return False
        # Octets sent before our request are no answer to it (the classic desynchronisation).
        return self._poll is None or not self._poll.poll(0)

    def close(self) -> None:
        """End it in good order."""
        if self.transport is None or self._loop.is_closed():
            return
        if self._ssl is not None and not self._shaking:
            with contextlib.suppress(ssl.SSLError):
                self._ssl.unwrap()
            self._flush()
        self.transport.close()
        self._leave()

    def abort(self) -> None:
        """End it at once."""
        if self.transport is not None and not self._loop.is_closed():
            self.transport.abort()
        self._leave()

    def _leave(self) -> None:
        # Not left to connection_lost alone: uvloop does not call it for a connection whose making was cancelled
        # in the moment it was made.
        self._wire._lost(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
