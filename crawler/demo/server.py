"""The small world on loopback: HTTP/1.1 in the clear and under TLS, one port each, every host by its name.

    async with serve(World(seed=1)) as served:
        crawl("--connect-to", *served.connect_to, "--ca", served.ca_file)

Answers are made when they are asked for. What came in is in `served.log`, in order.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from crawler.demo.ca import LIFE, Authority
from crawler.demo.courtweb import CourtWeb
from crawler.demo.site import Answer, Request, answer

CHUNK = 4096  # octets of a chunk
HEAD_LIMIT = 65536  # octets of a request head
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Logged:
    """One request as it was answered. status: None where the connection was broken instead."""

    visit: int
    url: str
    status: int | None


@dataclass(slots=True)
class Served:
    """A world that can be reached. connect_to: rules as of curl, `:443:127.0.0.1:PORT`; ca_file: the root, for trust.

    faults: errors of the world itself, which no accident of the script explains; leaving `serve` raises the first.
    """

    world: CourtWeb
    connect_to: tuple[str, ...]
    ca_file: Path
    authority: Authority
    log: list[Logged] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)


@asynccontextmanager
async def serve(world: CourtWeb, life: timedelta = LIFE) -> AsyncIterator[Served]:
    """Serve a world until the block is left; then every connection is closed and the certificates are gone.

    life: of a certificate.
    """
    with TemporaryDirectory(prefix="kartoteka-demo-") as folder:
        authority = Authority(Path(folder), world.hosts, life=life)
        served = Served(world, (), authority.file, authority)
        doors = {scheme: _Door(served, scheme) for scheme in ("http", "https")}
        context = authority.context()
        clear = await asyncio.start_server(doors["http"].receive, LOOPBACK, 0, limit=HEAD_LIMIT)
        secret = await asyncio.start_server(doors["https"].receive, LOOPBACK, 0, limit=HEAD_LIMIT, ssl=context)
        served.connect_to = tuple(
            f":{port}:{LOOPBACK}:{server.sockets[0].getsockname()[1]}" for port, server in ((80, clear), (443, secret))
        )
        try:
            yield served
        finally:
            for server in (clear, secret):
                server.close()
            for door in doors.values():
                await door.close()
        if served.faults:
            raise served.faults[0]


class _Door:
    """One port: reads requests, writes answers, keeps connections alive."""

    def __init__(self, served: Served, scheme: str) -> None:
        self._served, self._scheme = served, scheme
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def close(self) -> None:
        await asyncio.sleep(0)  # what was accepted a moment ago comes in
        left = dict(self._open)
        for task, writer in left.items():
            task.cancel()
            writer.close()  # here, and not by the task: one that is cancelled before it begins never closes anything
        if left:
            await asyncio.wait(left)

    def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._talk(reader, writer))
        self._open[task] = writer
        task.add_done_callback(self._open.pop)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._turn(reader, writer):
                pass
        except (EOFError, asyncio.LimitOverrunError, ConnectionError):
            pass  # the other side has gone, or talks without end
        except Exception as fault:
            self._served.faults.append(fault)
        finally:
            writer.close()

    async def _turn(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; says whether the connection stays open."""
        head = await reader.readuntil(b"\r\n\r\n")
        request = self._parse(head)
        if request is None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return False
        given = answer(self._served.world, request)
        self._served.log.append(Logged(self._served.world.visit, request.url, given.status if given else None))
        if given is None:
            _break(writer)
            return False
        stays = request.field("connection").lower() != "close" and not given.last
        for octets in _message(given, request, self._served.world, stays):
            writer.write(octets)
        await writer.drain()
        return stays

    def _parse(self, head: bytes) -> Request | None:
        """A request without a body; the demo is read, never written to."""
        first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        parts = first.split(" ")
        fields = tuple((name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
        host = next((value for name, value in fields if name == "host"), "").lower().partition(":")[0]
        if len(parts) != 3 or not host or not parts[1].startswith("/"):
            return None
        return Request(parts[0], self._scheme, host, parts[1], fields)


def _break(writer: asyncio.StreamWriter) -> None:
    """Break the connection so that the other side sees a reset, not an end."""
    plain: socket.socket | None = writer.get_extra_info("socket")
    if plain is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _message(given: Answer, request: Request, world: CourtWeb, stays: bool) -> Iterator[bytes]:
    """The octets of an answer: head, and the body whole or in chunks. The clock is the world's, so equal worlds agree."""
    at = datetime.combine(world.today, time(9), UTC)
    fields = [("Server", "nginx"), ("Date", format_datetime(at, usegmt=True)), *given.fields]
    if given.chunked:
        fields.append(("Transfer-Encoding", "chunked"))
    elif given.status != 304:
        fields.append(("Content-Length", str(len(given.body))))
    fields.append(("Connection", "keep-alive" if stays else "close"))
    lines = [f"HTTP/1.1 {given.status} {given.reason}", *(f"{name}: {value}" for name, value in fields)]
    yield ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    if request.method == "HEAD" or given.status == 304:
        return
    if not given.chunked:
        yield given.body
        return
    for start in range(0, len(given.body), CHUNK):
        piece = given.body[start : start + CHUNK]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
