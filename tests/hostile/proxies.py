"""Bad proxies, each with what it does and the word that an exchange tells of it; no server behind any of them is at fault."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.hostile.street import black_hole, unused
from tests.world.faults import Peer, once

Script = Callable[[Peer], Awaitable[None]]
DRIP = 0.005


@dataclass(frozen=True, slots=True)
class Bad:
    """kind: http or socks5. does: its script, or a port that nobody serves well. fault: Vantage.fault. kept: it said something."""

    name: str
    kind: str
    does: Script | Callable[..., object]
    fault: str
    kept: bool = True


def _socks(*answers: bytes, end: str = "fin") -> Script:
    """Answers to the method and the request, one each."""

    async def script(peer: Peer) -> None:
        for answer in answers:
            if not await peer.reader.read(4096):
                return
            await peer.send(answer)
        if end == "open":
            await peer.until_closed()

    return script


def _head(answer: bytes) -> Script:
    return once(answer, end="open")


def _endless(begin: bytes, more: bytes, *, socks: bool = False) -> Script:
    async def script(peer: Peer) -> None:
        await (peer.reader.read(4096) if socks else peer.request())
        await peer.send(begin)
        while not peer.writer.is_closing():
            await peer.send(more)

    return script


def _dripped(octets: bytes) -> Script:
    async def script(peer: Peer) -> None:
        await peer.reader.read(4096)
        await peer.drip(octets, DRIP)

    return script


async def _silent(peer: Peer) -> None:
    await peer.until_closed()


async def _closes(peer: Peer) -> None:
    peer.fin()


async def _resets(peer: Peer) -> None:
    peer.reset()


async def _resets_when_asked(peer: Peer) -> None:
    await peer.reader.read(4096)
    peer.reset()


async def _half_closes(peer: Peer) -> None:
    peer.half_close()
    await peer.until_closed()


async def _speaks_first(peer: Peer) -> None:
    await peer.send(b"220 mail.example ESMTP\r\n")
    await peer.until_closed()


async def _slow_reply(peer: Peer) -> None:
    await peer.reader.read(4096)
    await peer.send(b"\x05\x00")
    await asyncio.sleep(60)


GZIP = b"\x1f\x8b\x08\x00" + b"\0" * 1000
LONG = b"X" * 1024

BAD = (
    Bad("nobody listens", "http", unused, "refused", kept=False),
    Bad("nobody listens for SOCKS", "socks5", unused, "refused", kept=False),
    Bad("a black hole", "http", black_hole, "timeout", kept=False),
    Bad("a black hole for SOCKS", "socks5", black_hole, "timeout", kept=False),
    Bad("silent", "http", _silent, "timeout", kept=False),
    Bad("silent to SOCKS", "socks5", _silent, "timeout", kept=False),
    Bad("closes at once", "http", _closes, "reset", kept=False),
    Bad("closes at once for SOCKS", "socks5", _closes, "reset", kept=False),
    Bad("resets at once", "http", _resets, "reset", kept=False),
    Bad("resets when asked", "http", _resets_when_asked, "reset", kept=False),
    Bad("resets when asked for SOCKS", "socks5", _resets_when_asked, "reset", kept=False),
    Bad("closes its half", "http", _half_closes, "reset", kept=False),
    Bad("wants a password", "http", _head(b'HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm="r"\r\n\r\n'), "407"),
    Bad("forbids", "http", _head(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nforbidden"), "403"),
    Bad("says that the court is not there", "http", _head(b"HTTP/1.1 404 Not Found\r\n\r\n"), "404"),
    Bad("redirects", "http", _head(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"), "302"),
    Bad("says 200 to what is no tunnel", "http", _head(b"HTTP/1.1 304 Not Modified\r\n\r\n"), "304"),
    Bad("cannot reach the court", "http", _head(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"), "502"),
    Bad("waited for the court", "http", _head(b"HTTP/1.1 504 Gateway Timeout\r\n\r\n"), "504"),
    Bad("is overloaded", "http", _head(b"HTTP/1.0 503 Busy\r\nRetry-After: 3600\r\n\r\n"), "503"),
    Bad("speaks in colours", "http", _head(b"HTTP/1.1 500 \x1b[2J\xe2\x80\xae\x07owned\r\n\r\n"), "500"),
    Bad("is no proxy", "http", _head(b"SSH-2.0-OpenSSH_9.2\r\n"), "no-proxy"),
    Bad("answers in SOCKS", "http", _head(b"\x05\x00\x00\x01\0\0\0\0\0\0"), "no-proxy"),
    Bad("answers with a picture", "http", _head(GZIP), "no-proxy"),
    Bad("has a head that is none", "http", _head(b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"), "no-proxy"),
    Bad("breaks its head off", "http", once(b"HTTP/1.1 200 Conn"), "reset"),
    Bad("never ends its head", "http", _endless(b"HTTP/1.1 200 OK\r\n", b"X-More: " + LONG + b"\r\n"), "too-large"),
    Bad("never ends one line", "http", _endless(b"HTTP/1.1 200 OK\r\nX-Long: ", LONG), "too-large"),
    Bad("has a thousand fields", "http", _head(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000 + b"\r\n"), "too-large"),
    Bad("never comes to the point", "http", _endless(b"", b"HTTP/1.1 103 Early\r\n\r\n"), "too-large"),
    Bad("dribbles its head", "http", _dripped(b"H"), "no-proxy"),
    Bad("dribbles fields", "http", _dripped(b"HTTP/1.1 100 Wait\r\n\r\n"), "too-large"),
    Bad("dribbles nothing of a head", "http", _dripped(b"\r\n"), "no-proxy"),
    *(
        Bad(
            f"SOCKS code {code}",
            "socks5",
            _socks(b"\x05\x00", b"\x05" + bytes([code]) + b"\x00\x01\0\0\0\0\0\0"),
            f"socks-{code}",
        )
        for code in (*range(1, 9), 9, 255)
    ),
    Bad("takes no method", "socks5", _socks(b"\x05\xff"), "socks-login"),
    Bad("wants a password for SOCKS", "socks5", _socks(b"\x05\x02"), "socks-login"),
    Bad("chose what was not offered", "socks5", _socks(b"\x05\x01"), "no-proxy"),
    Bad("is a SOCKS4 proxy", "socks5", _socks(b"\x04\x5a\0\0\0\0\0\0"), "no-proxy"),
    Bad("is an HTTP server", "socks5", _socks(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "no-proxy"),
    Bad("is a mail server", "socks5", _speaks_first, "no-proxy"),
    Bad("names an address of no type", "socks5", _socks(b"\x05\x00", b"\x05\x00\x00\x07\0\0\0\0\0\0"), "no-proxy"),
    Bad("another version in its reply", "socks5", _socks(b"\x05\x00", b"\x04\x00\x00\x01\0\0\0\0\0\0"), "no-proxy"),
    Bad("breaks its reply off", "socks5", _socks(b"\x05\x00", b"\x05\x00\x00\x01\0\0"), "reset"),
    Bad("stalls before its reply", "socks5", _slow_reply, "timeout"),
    Bad("stalls inside a name", "socks5", _socks(b"\x05\x00", b"\x05\x00\x00\x03\xffabc", end="open"), "timeout"),
    Bad("dribbles SOCKS", "socks5", _dripped(b"\x05"), "no-proxy"),
    Bad("floods instead of a method", "socks5", _endless(b"\x05\x00", b"\x00" * 65_536, socks=True), "no-proxy"),
)
