"""A plain visitor of the demo: one connection a request, the stored message cut by the archive's own rules."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from archive.message import entity, parse_head
from crawler.demo.server import Served, serve
from crawler.demo.world import World


@dataclass(frozen=True)
class Got:
    """An answer as received. raw: all octets; body: the entity-body, content coding kept."""

    status: int
    fields: dict[str, str]
    body: bytes
    raw: bytes

    @property
    def text(self) -> str:
        return self.body.decode("cp1251")


class Visitor:
    def __init__(self, served: Served) -> None:
        self.served = served
        self.world = served.world
        self.trust = ssl.create_default_context(cafile=str(served.ca_file))
        self.trust.verify_flags |= ssl.VERIFY_X509_STRICT
        rules = (rule.split(":") for rule in served.connect_to)
        self.ports = {int(port): (address, int(target)) for _, port, address, target in rules}

    async def connect(self, url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(url)
        secret = parts.scheme == "https"
        address, port = self.ports[443 if secret else 80]
        options = {"ssl": self.trust, "server_hostname": parts.hostname} if secret else {}
        return await asyncio.open_connection(address, port, **options)

    async def get(self, url: str, method: str = "GET", **fields: str) -> Got:
        parts = urlsplit(url)
        reader, writer = await self.connect(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.hostname}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        raw = await reader.read()
        writer.close()
        head = parse_head(raw)
        assert head is not None
        named = {name.decode().lower(): value.decode("latin-1") for name, value in head.fields}
        return Got(head.status, named, entity(raw, method), raw)


@pytest.fixture
def world() -> World:
    return World(seed=1)


@pytest_asyncio.fixture
async def visitor(world: World) -> AsyncIterator[Visitor]:
    async with serve(world) as served:
        yield Visitor(served)


@pytest.fixture
def visitor_of() -> type[Visitor]:
    """For a test that serves a world of its own."""
    return Visitor
