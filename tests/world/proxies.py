"""A proxy on loopback that speaks CONNECT or SOCKS5 as it should, and remembers what it was asked and what passed through.

async with proxying("socks5", {"court.test": port}, login=(b"clerk", b"secret")) as proxy:
    wire = proxy.wire(names="there")        # everything goes through it
    ...
    proxy.asked                             # ["court.test:80"]: the names or addresses that it was asked for
    proxy.through                           # octets that came back through its tunnels
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from crawler.tunnel import Proxy
from crawler.wire import Wire
from tests.world.faults import Peer, origin

OPENED = b"HTTP/1.1 200 Connection established\r\nVia: 1.1 a-proxy\r\n\r\n"


@dataclass
class Proxying:
    """kind: http or socks5. leads: by name or address, to which port of 127.0.0.1."""

    kind: str
    leads: Mapping[str, int]
    login: tuple[bytes, bytes] | None = None
    port: int = 0
    asked: list[str] = field(default_factory=list)
    through: bytearray = field(default_factory=bytearray)
    sent: bytearray = field(default_factory=bytearray)
    connections: int = 0
    wrong: list[bytes] = field(default_factory=list)  # credentials that were not ours

    def proxy(self, names: str = "there", label: str = "afar") -> Proxy:
        return Proxy(label, self.kind, "127.0.0.1", self.port, names, self.login)

    def wire(self, names: str = "there", **options: Any) -> Wire:
        return Wire(proxy=self.proxy(names), **options)

    async def script(self, peer: Peer) -> None:
        self.connections += 1
        port = None
        with contextlib.suppress(asyncio.IncompleteReadError):  # who only looks whether somebody is there asks nothing
            port = await (self._http(peer) if self.kind == "http" else self._socks(peer))
        if port is None:
            return
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await peer.send(OPENED if self.kind == "http" else b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
        try:
            await asyncio.gather(self._pump(peer.reader, writer, self.sent), self._pump(reader, peer.writer, self.through))
        finally:
            writer.close()

    @staticmethod
    async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: bytearray) -> None:
        with contextlib.suppress(ConnectionError):
            while octets := await reader.read(65_536):
                seen += octets
                writer.write(octets)
                await writer.drain()
            writer.write_eof()

    async def _http(self, peer: Peer) -> int | None:
        head = await peer.request()
        if head is None:
            return None
        host = head.split(b" ")[1].decode().rpartition(":")
        self.asked.append("".join(host))
        if self.login is not None:
            token = base64.b64encode(b":".join(self.login))
            if b"Proxy-Authorization: Basic %b\r\n" % token not in head:
                await peer.send(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return None
        return self.leads[host[0].strip("[]")]

    async def _socks(self, peer: Peer) -> int | None:
        read = peer.reader.readexactly
        _, count = await read(2)
        methods = await read(count)
        if self.login is None:
            await peer.send(b"\x05\x00")
        elif 2 not in methods:
            await peer.send(b"\x05\xff")
            return None
        else:
            await peer.send(b"\x05\x02")
            _, length = await read(2)
            user = await read(length)
            (length,) = await read(1)
            password = await read(length)
            if (user, password) != self.login:
                self.wrong.append(user + b":" + password)
                await peer.send(b"\x01\x01")
                return None
            await peer.send(b"\x01\x00")
        _, command, _, kind = await read(4)
        assert command == 1
        host = (await read((await read(1))[0])).decode() if kind == 3 else str(ip_address(await read(4 if kind == 1 else 16)))
        port = int.from_bytes(await read(2), "big")
        self.asked.append(f"{host}:{port}")
        return self.leads[host]


@contextlib.asynccontextmanager
async def proxying(kind: str, leads: Mapping[str, int], *, login: tuple[bytes, bytes] | None = None) -> AsyncIterator[Proxying]:
    proxy = Proxying(kind, leads, login)
    async with origin(proxy.script) as server:
        proxy.port = server.port
        yield proxy
