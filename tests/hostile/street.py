"""A street of bad servers on loopback, each with a port of its own; good ones stand beside it in a process of their own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from crawler.guard import Guard
from tests.hostile.catalogue import BOMBS, SMALL, Kind, bomb
from tests.hostile.certificates import Authority
from tests.world.faults import once, origin

ROOT = Path(__file__).resolve().parents[2]
# What the names of the catalogue resolve to; a name that is not here has no address.
RESOLVES: dict[str, Sequence[str]] = {
    "no-address.test": (),
    "many-addresses.test": tuple(f"93.184.216.{n}" for n in range(17)),
    "names-loopback.test": ("127.0.0.1",),
    "names-both.test": ("93.184.216.34", "10.0.0.1"),
    "names-metadata.test": ("169.254.169.254",),
    "names-mapped.test": ("::ffff:127.0.0.1",),
    "localhost": ("127.0.0.1",),
}


class AtHome(Guard):
    """The guard of life; and what it lets pass beyond loopback is not connected to either: tests send nothing into the world."""

    def allowed(self, ip: str | IPv4Address | IPv6Address) -> str | None:
        return super().allowed(ip) or "public, and beyond this test"


@dataclass(frozen=True, slots=True)
class Street:
    """How to get there."""

    connect_to: tuple[str, ...]
    ca: Path


@contextlib.asynccontextmanager
async def street(kinds: Sequence[Kind], folder: Path) -> AsyncIterator[Street]:
    """All kinds listen; folder: where certificates may lie."""
    authority = Authority(folder)
    for coding in BOMBS:  # made before anybody waits for one
        bomb(coding, SMALL)
    async with contextlib.AsyncExitStack() as stack:
        rules = []
        for kind in kinds:
            context = authority.context(kind.tls, kind.host) if kind.tls else None
            script = once(kind.answer) if isinstance(kind.answer, bytes) else kind.answer
            server = await stack.enter_async_context(origin(script, tls=context))
            rules.append(f"{kind.host}::127.0.0.1:{server.port}")
        rules.append(f"nobody-listens.test::127.0.0.1:{stack.enter_context(unused())}")
        rules.append(f"black-hole.test::127.0.0.1:{stack.enter_context(black_hole())}")
        yield Street(tuple(rules), authority.file)


@contextlib.contextmanager
def unused() -> Iterator[int]:
    """A port that is taken and not listened to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """A port whose backlog is full: connections to it neither succeed nor fail."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@contextlib.asynccontextmanager
async def neighbours() -> AsyncIterator[int]:
    """The port of the good servers."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.hostile.street", stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.PIPE,
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None and process.stdin is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.stdin.close()  # which is how it knows that it is over
        await process.wait()


LATENCY = 0.1  # seconds before a good server answers, as one across a country would


async def _good() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                asked = await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(LATENCY)
                page = b"<!doctype html><title>Court</title><p>" + asked.split(b" ")[1] * 300
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(page) + page)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(_good())
