"""A server that says exactly the octets it is told to, and breaks off as it is told to.

    async with origin(script) as server:      # script(peer) runs once for each connection
        wire = server.wire()                  # every host name leads here
        ...
        server.requests, server.connections   # what came

A script reads with `peer.request()`, writes with `peer.send(...)` (each piece its own segment) and ends
with `peer.fin()`, `peer.reset()` or `peer.until_closed()`. When it returns, the connection is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from archive.capture import Exchange
from crawler.errors import FetchFailed
from crawler.wire import ConnectTo, Wire


@dataclass
class Peer:
    """The server's end of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: Origin

    async def request(self) -> bytes | None:
        """The next request's head; None when the client closed."""
        try:
            octets = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        self.server.requests.append(octets)
        return octets

    async def send(self, *segments: bytes) -> None:
        for segment in segments:
            self.writer.write(segment)
            await self.writer.drain()
            await asyncio.sleep(0)

    async def drip(self, octets: bytes, every: float, times: int = 1_000_000) -> None:
        """The same octets again and again, until the client has enough."""
        with contextlib.suppress(ConnectionError):
            for _ in range(times):
                await self.send(octets)
                await asyncio.sleep(every)

    def half_close(self) -> None:
        self.writer.write_eof()

    def fin(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def until_closed(self) -> None:
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65_536):
                pass


@dataclass
class Origin:
    """One listening address on loopback and what it has seen."""

    port: int = 0
    connections: int = 0
    open: int = 0  # connections that the client has not closed
    requests: list[bytes] = field(default_factory=list)

    def wire(self, **options: Any) -> Wire:
        """A wire for which every host name and port leads here."""
        return Wire(connect_to=ConnectTo([f"::127.0.0.1:{self.port}"]), **options)


Script = Callable[[Peer], Awaitable[None]]


@contextlib.asynccontextmanager
async def origin(script: Script, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Origin]:
    server = Origin()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        server.open += 1
        with contextlib.suppress(ConnectionError):
            await script(Peer(reader, writer, server))
        writer.close()
        server.open -= 1

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listening = await asyncio.start_server(start, "127.0.0.1", 0, ssl=tls, limit=1 << 20)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def once(*segments: bytes, end: str = "fin") -> Script:
    """Answer each connection's first request with these segments, then end: fin, reset, half-close or open."""

    async def script(peer: Peer) -> None:
        if await peer.request() is None:
            return
        await peer.send(*segments)
        if end == "reset":
            peer.reset()
        elif end == "half-close":
            peer.half_close()
            await peer.until_closed()
        elif end == "open":
            await peer.until_closed()

    return script


def always(*segments: bytes) -> Script:
    """Answer every request of a connection with these segments, and keep it open."""

    async def script(peer: Peer) -> None:
        while await peer.request() is not None:
            await peer.send(*segments)

    return script


async def fetch(wire: Wire, url: str = "http://court.test/", *, method: str = "GET", **extensions: Any) -> Exchange:
    """The exchange, however it ended."""
    try:
        response = await wire.handle_async_request(httpx.Request(method, url, extensions=extensions))
    except FetchFailed as failure:
        assert failure.outcome is failure.exchange.outcome
        return failure.exchange
    exchange: Exchange = response.extensions["exchange"]
    return exchange


def received(exchange: Exchange) -> bytes:
    """Every octet that the exchange says came, in order."""
    return b"".join(exchange.interim) + exchange.response + exchange.surplus


async def fetch_all(wire: Wire, urls: Sequence[str]) -> list[Exchange]:
    return list(await asyncio.gather(*(fetch(wire, url) for url in urls)))
