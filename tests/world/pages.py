"""Serves given pages under their real addresses on loopback: the least a court site does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from crawler.demo.ca import Authority


@dataclass(frozen=True, slots=True)
class Given:
    """One answer: the body octets and its Content-Type."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Served:
    """How to get there: rules for --connect-to, and the file for --ca."""

    connect_to: tuple[str, ...]
    ca: Path


@asynccontextmanager
async def serving(pages: Mapping[str, Given]) -> AsyncIterator[Served]:
    """https addresses to what they answer; anything else is 404. One connection an answer."""
    at = {(urlsplit(url).hostname, url.split("/", 3)[3]): given for url, given in pages.items()}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        target = head.split(" ")[1].removeprefix("/")
        host = next(line[6:].strip() for line in head.split("\r\n") if line.lower().startswith("host: "))
        given = at.get((host, target))
        body = given.body if given else b"not found"
        kind = given.content_type if given else "text/plain"
        writer.write(f"HTTP/1.1 {200 if given else 404} X\r\nContent-Type: {kind}\r\nConnection: close\r\n".encode())
        writer.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    with TemporaryDirectory() as folder:
        authority = Authority(Path(folder), {host for host, _ in at if host})
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=authority.context())
        port = server.sockets[0].getsockname()[1]
        async with server:
            yield Served((f":443:127.0.0.1:{port}",), authority.file)
