"""The bad servers: what each says or does, and the word in which a visit to it must end."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import brotli
import zstandard

from tests.world.faults import Peer, Script

PAGE = b"<!doctype html><title>Court</title><p>" + b"a" * 4


@dataclass(frozen=True, slots=True)
class Kind:
    """One bad server.

    answer: the octets it says to a request before it closes, or a script of its own. tls: which context of
    `certificates.py` it listens with. obey: its robots.txt is asked for first. verdict: what reading makes of what was
    captured.
    """

    name: str
    outcome: str
    answer: bytes | Script
    url: str = "http://{host}/page"
    tls: str | None = None
    obey: bool = False
    verdict: str = "other-page"

    @property
    def host(self) -> str:
        return self.name.lower() + ".bad.test"

    @property
    def address(self) -> str:
        return self.url.format(host=self.host)


def head(*fields: bytes, line: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"".join(each + b"\r\n" for each in (line, *fields)) + b"\r\n"


def sized(body: bytes, *fields: bytes, line: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return head(b"Content-Type: text/html", *fields, b"Content-Length: %d" % len(body), line=line) + body


def length(n: int) -> bytes:
    return head(b"Content-Type: text/html", b"Content-Length: %d" % n)


CHUNKED = head(b"Content-Type: text/html", b"Transfer-Encoding: chunked")
CLOSED = head(b"Content-Type: text/html")


# What a server can do beside saying octets and closing


def drips(before: bytes, drop: bytes, every: float = 0.02) -> Script:
    """Says `before`, then the drop again and again."""

    async def script(peer: Peer) -> None:
        if await peer.request() is not None:
            await peer.send(before)
            await peer.drip(drop, every)

    return script


def floods(before: bytes, drop: bytes) -> Script:
    """The same as fast as it goes."""
    return drips(before, drop * max(1, 65_536 // len(drop)), 0)


def stalls(before: bytes) -> Script:
    """Says `before`, and nothing more, and keeps the connection."""

    async def script(peer: Peer) -> None:
        if await peer.request() is not None:
            await peer.send(before)
            await peer.until_closed()

    return script


def resets(before: bytes) -> Script:
    async def script(peer: Peer) -> None:
        if await peer.request() is not None:
            await peer.send(before)
            await asyncio.sleep(0.05)  # a reset overtakes what lies unread
            peer.reset()

    return script


def half_closes(before: bytes) -> Script:
    async def script(peer: Peer) -> None:
        if await peer.request() is not None:
            await peer.send(before)
            peer.half_close()
            await peer.until_closed()

    return script


def first(says: bytes, *, stays: bool = False) -> Script:
    """Speaks before it was asked."""

    async def script(peer: Peer) -> None:
        await peer.send(says)
        if stays:
            await peer.until_closed()
        else:
            await peer.request()

    return script


async def hangs_up(peer: Peer) -> None:
    peer.fin()


async def hears_and_hangs_up(peer: Peer) -> None:
    await peer.reader.read(100)


async def resets_at_once(peer: Peer) -> None:
    peer.reset()


async def echoes(peer: Peer) -> None:
    octets = await peer.request()
    if octets is not None:
        await peer.send(octets)


async def asks_back(peer: Peer) -> None:
    """Answers, then sends a second answer on the kept connection."""
    if await peer.request() is not None:
        await peer.send(sized(PAGE) + sized(b"<p>the next one's"))
        await peer.until_closed()


def moves(location: bytes | Callable[[int], bytes], line: bytes = b"HTTP/1.1 302 Found") -> Script:
    """Each request is sent on; a function takes the count of the requests so far."""

    async def script(peer: Peer) -> None:
        if await peer.request() is not None:
            to = location if isinstance(location, bytes) else location(len(peer.server.requests))
            await peer.send(head(b"Location: " + to, b"Content-Length: 0", b"Connection: close", line=line))

    return script


def moves_with_a_body(octets: int) -> Script:
    """Each request is sent on, to an address that it was not sent to before, with so many octets about it."""

    async def script(peer: Peer) -> None:
        if await peer.request() is not None:
            to = b"/page?n=%d" % len(peer.server.requests)
            fields = (b"Location: " + to, b"Content-Length: %d" % octets, b"Connection: close")
            await peer.send(head(*fields, line=b"HTTP/1.1 302 Found"), *[b"a" * 65_536] * (octets // 65_536))

    return script


def by_path(answers: dict[bytes, bytes | Script], otherwise: bytes | Script) -> Script:
    """Another answer for another path."""

    async def script(peer: Peer) -> None:
        octets = await peer.request()
        if octets is None:
            return
        said = answers.get(octets.split(b" ")[1], otherwise)
        if isinstance(said, bytes):
            await peer.send(said)
        else:
            await said(Answered(peer.reader, peer.writer, peer.server, octets))

    return script


@dataclass
class Answered(Peer):
    """A peer whose request was read already: the first asking gives it again."""

    read: bytes | None = None

    async def request(self) -> bytes | None:
        octets, self.read = self.read, None
        return octets if octets is not None else await Peer.request(self)


# Bombs: each names its coding and swells far beyond what it weighs

ZEROS = b"\0" * (1 << 20)


@cache
def bomb(coding: str, mebibytes: int) -> bytes:
    """A body of so many MiB of zeros, coded; `gzip, br`: one in the other, the first applied first."""
    body: bytes | None = None
    for name in coding.split(", "):
        pieces = [ZEROS] * mebibytes if body is None else [body]
        if name == "gzip":
            coder = zlib.compressobj(9, zlib.DEFLATED, 31)
            body = b"".join(map(coder.compress, pieces)) + coder.flush()
        elif name == "deflate":
            coder = zlib.compressobj(9)
            body = b"".join(map(coder.compress, pieces)) + coder.flush()
        elif name == "br":
            squeeze = brotli.Compressor(quality=1)
            body = b"".join(map(squeeze.process, pieces)) + squeeze.finish()
        else:
            press = zstandard.ZstdCompressor(level=3).compressobj()
            body = b"".join(map(press.compress, pieces)) + press.flush()
    assert body is not None
    return body


def coded(body: bytes, coding: str) -> bytes:
    return sized(body, b"Content-Encoding: " + coding.encode())


SMALL = 32  # MiB


def explodes(coding: str) -> Script:
    """Answers with a bomb of so many MiB: beyond every bound; a whole GiB is `test_bombs.py`'s."""

    async def script(peer: Peer) -> None:
        if await peer.request() is not None:
            await peer.send(coded(bomb(coding, SMALL), coding))

    return script


# The catalogue

SLOW = [
    Kind("silence", "timeout", stalls(b"")),
    Kind("dripped-status", "too-slow", drips(b"HTTP/1.1 200 ", b"O")),
    Kind("dripped-field", "too-slow", drips(b"HTTP/1.1 200 OK\r\nX: ", b"a")),
    Kind("dripped-fields", "too-slow", drips(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n", 0.05)),
    Kind("dripped-body", "too-slow", drips(length(100_000), b"a")),
    Kind("dripped-body-to-close", "too-slow", drips(CLOSED, b"a")),
    Kind("dripped-chunks", "too-slow", drips(CHUNKED, b"1\r\na\r\n")),
    Kind("dripped-chunk-size", "too-slow", drips(CHUNKED + b"0", b"0", 2.5)),
    Kind("dripped-extension", "too-slow", drips(CHUNKED + b"5;", b"a")),
    Kind("dripped-trailer", "too-slow", drips(CHUNKED + b"0\r\nX: ", b"a")),
    Kind("dripped-interim", "too-slow", drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 2)),
    Kind("stall-in-status", "too-slow", stalls(b"HTTP/1.1 2")),
    Kind("stall-in-head", "too-slow", stalls(b"HTTP/1.1 200 OK\r\nServer: x\r\n")),
    Kind("stall-after-head", "too-slow", stalls(length(10))),
    Kind("stall-in-body", "too-slow", stalls(length(10) + b"abc")),
    Kind("stall-in-chunk", "too-slow", stalls(CHUNKED + b"a\r\nabc")),
    Kind("stall-before-last-chunk", "too-slow", stalls(CHUNKED + b"3\r\nabc\r\n")),
    Kind("stall-before-last-line", "too-slow", stalls(CHUNKED + b"3\r\nabc\r\n0\r\n")),
    Kind("stall-to-close", "too-slow", stalls(CLOSED + b"abc")),
    Kind("stall-after-interim", "too-slow", stalls(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")),
    Kind("above-the-rate", "timeout", drips(length(10**9), b"a" * 400, 0.02)),
    Kind("above-the-rate-to-close", "timeout", drips(CLOSED, b"a" * 400, 0.02)),
    Kind("slow-after-the-end", "captured", drips(sized(PAGE, b"Connection: close"), b"x", 0.01)),
]

ENDLESS = [
    Kind("endless-body", "too-large", floods(length(10**12), b"a")),
    Kind("endless-body-to-close", "too-large", floods(CLOSED, b"a")),
    Kind("endless-chunks", "too-large", floods(CHUNKED, b"400\r\n" + b"a" * 1024 + b"\r\n")),
    Kind("endless-small-chunks", "too-large", floods(CHUNKED, b"1\r\na\r\n")),
    Kind("one-endless-chunk", "too-large", floods(CHUNKED + b"ffffffffff\r\n", b"a")),
    Kind("endless-extension", "bad-http", floods(CHUNKED + b"5;", b"a")),
    Kind("endless-chunk-zeros", "bad-http", floods(CHUNKED, b"0")),
    Kind("endless-trailer", "bad-http", floods(CHUNKED + b"0\r\nX: ", b"a")),
    Kind("endless-trailers", "bad-http", floods(CHUNKED + b"0\r\n", b"X: a\r\n")),
    Kind("endless-reason", "too-large", floods(b"HTTP/1.1 200 ", b"a")),
    Kind("endless-field", "too-large", floods(b"HTTP/1.1 200 OK\r\nX: ", b"a")),
    Kind("endless-field-name", "too-large", floods(b"HTTP/1.1 200 OK\r\n", b"a")),
    Kind("endless-fields", "too-large", floods(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n")),
    Kind("endless-folds", "too-large", floods(b"HTTP/1.1 200 OK\r\nX: a\r\n", b" a\r\n")),
    Kind("endless-cookies", "too-large", floods(b"HTTP/1.1 200 OK\r\n", b"Set-Cookie: a=" + b"b" * 200 + b"\r\n")),
    Kind("endless-interim", "too-large", floods(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n")),
    Kind("endless-returns", "bad-http", floods(b"", b"\r")),
    Kind("endless-zeros", "bad-http", floods(b"", b"\0")),
    Kind("endless-surplus", "captured", floods(sized(PAGE), b"a")),
    Kind("endless-answers", "captured", floods(b"", sized(PAGE))),
    Kind("endless-body-after-204", "captured", floods(head(line=b"HTTP/1.1 204 No Content"), b"a")),
    Kind("too-many-fields", "too-large", sized(PAGE, *[b"X-%d: a" % n for n in range(300)])),
    Kind("a-length-of-18-digits", "truncated", length(10**17) + b"abc"),
    Kind("a-length-of-19-digits", "bad-http", length(10**18) + b"abc"),
    Kind("a-length-of-2-to-64", "bad-http", length(2**64) + b"abc"),
    Kind("a-length-of-5000-digits", "bad-http", head(b"Content-Length: " + b"9" * 5000) + b"abc"),
]

# What browsers agreed on (fetch/content-length of the web platform's tests), with our own answers: 42 octets come; where
# the field is no number browsers read on to the close, and we say that the answer is malformed, and keep it all.
A = b"a" * 42
CONTENT_LENGTHS: list[tuple[str, str, int]] = [
    # fields in the order they are sent, the outcome, octets of the body
    ("42", "captured", 42),
    ("42,42", "captured", 42),
    ("42|42", "captured", 42),
    ("42|42,42", "captured", 42),
    ("30", "captured", 30),
    ("30,30", "captured", 30),
    ("30|30", "captured", 30),
    ("30|30,30", "captured", 30),
    ("42,30", "bad-http", 0),
    ("30,42", "bad-http", 0),
    ("42|30", "bad-http", 0),
    ("30|42", "bad-http", 0),
    ("30,", "bad-http", 0),
    (",30", "bad-http", 0),
    ("30|\t", "bad-http", 0),
    ("|30", "bad-http", 0),
    ("aaaah|nah", "bad-http", 0),
    ("aaaah, nah", "bad-http", 0),
    ("aaaah|aaaah", "bad-http", 0),
    ("aaaah, aaaah", "bad-http", 0),
    ("aaaah", "bad-http", 0),
    ("42s", "bad-http", 0),
    ("30s", "bad-http", 0),
    ("-1", "bad-http", 0),
    ("0x20", "bad-http", 0),
    ("030", "captured", 30),
    ("030|30", "bad-http", 0),
    ("030, 30", "bad-http", 0),
]
LENGTHS = [
    Kind(f"content-length-{number}", outcome, head(*[b"Content-Length: " + part.encode() for part in form.split("|")]) + A)
    for number, (form, outcome, _) in enumerate(CONTENT_LENGTHS, 1)
]

FRAMING = [
    Kind(
        "length-and-chunks", "captured", head(b"Content-Length: 3", b"Transfer-Encoding: chunked") + b"4\r\nabcd\r\n0\r\n\r\n"
    ),
    Kind(
        "chunks-and-length", "captured", head(b"Transfer-Encoding: chunked", b"Content-Length: 99") + b"4\r\nabcd\r\n0\r\n\r\n"
    ),
    Kind("coding-gzip-chunked", "bad-http", head(b"Transfer-Encoding: gzip, chunked") + b"4\r\nabcd\r\n0\r\n\r\n"),
    Kind("coding-chunked-twice", "bad-http", head(b"Transfer-Encoding: chunked, chunked") + b"4\r\nabcd\r\n0\r\n\r\n"),
    Kind("coding-xchunked", "bad-http", head(b"Transfer-Encoding: xchunked") + b"4\r\nabcd\r\n0\r\n\r\n"),
    Kind("coding-quoted", "bad-http", head(b'Transfer-Encoding: "chunked"') + b"4\r\nabcd\r\n0\r\n\r\n"),
    Kind("coding-with-vt", "bad-http", head(b"Transfer-Encoding: \x0bchunked") + b"4\r\nabcd\r\n0\r\n\r\n"),
    Kind("coding-identity", "captured", head(b"Transfer-Encoding: identity", b"Content-Length: 4") + b"abcd"),
    Kind("coding-folded", "captured", head(b"Transfer-Encoding:\r\n chunked") + b"4\r\nabcd\r\n0\r\n\r\n"),
    Kind("chunk-size-none", "bad-http", CHUNKED + b"\r\nabcd\r\n0\r\n\r\n"),
    Kind("chunk-size-negative", "bad-http", CHUNKED + b"-4\r\nabcd\r\n0\r\n\r\n"),
    Kind("chunk-size-plus", "bad-http", CHUNKED + b"+4\r\nabcd\r\n0\r\n\r\n"),
    Kind("chunk-size-0x", "bad-http", CHUNKED + b"0x4\r\nabcd\r\n0\r\n\r\n"),
    Kind("chunk-size-underscore", "bad-http", CHUNKED + b"0_4\r\nabcd\r\n0\r\n\r\n"),
    Kind("chunk-size-word", "bad-http", CHUNKED + b"zz\r\nabcd\r\n0\r\n\r\n"),
    Kind("chunk-size-with-zeros", "captured", CHUNKED + b"0" * 12 + b"4\r\nabcd\r\n0\r\n\r\n"),
    Kind("chunk-size-of-17-digits", "truncated", CHUNKED + b"1" + b"0" * 15 + b"4\r\nabcd\r\n0\r\n\r\n"),
    Kind("chunk-size-huge", "truncated", CHUNKED + b"f" * 16 + b"\r\nabcd"),
    Kind("chunk-over-its-size", "bad-http", CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n"),
    Kind("chunk-under-its-size", "bad-http", CHUNKED + b"5\r\nabcd\r\n0\r\n\r\n"),
    Kind("chunk-without-its-end", "bad-http", CHUNKED + b"4\r\nabcd0\r\n\r\n"),
    Kind("chunks-with-bare-lf", "captured", CHUNKED + b"4\nabcd\n0\n\n"),
    Kind("chunks-cut-in-data", "truncated", CHUNKED + b"10\r\nabcd"),
    Kind("chunks-cut-before-the-last", "truncated", CHUNKED + b"4\r\nabcd\r\n"),
    Kind("chunks-cut-in-the-last", "truncated", CHUNKED + b"4\r\nabcd\r\n0\r\n"),
    Kind("trailer-with-a-length", "captured", CHUNKED + b"4\r\nabcd\r\n0\r\nContent-Length: 99\r\n\r\n"),
    Kind("status-099", "bad-http", sized(PAGE, line=b"HTTP/1.1 099 X")),
    Kind("status-999", "captured", sized(PAGE, line=b"HTTP/1.1 999 X")),
    Kind("status-two-digits", "bad-http", sized(PAGE, line=b"HTTP/1.1 20 OK")),
    Kind("status-four-digits", "bad-http", sized(PAGE, line=b"HTTP/1.1 2000 OK")),
    Kind("status-a-word", "bad-http", sized(PAGE, line=b"HTTP/1.1 two OK")),
    Kind("status-none", "bad-http", sized(PAGE, line=b"HTTP/1.1")),
    Kind("status-101", "bad-http", head(b"Upgrade: x", b"Connection: upgrade", line=b"HTTP/1.1 101 S")),
    Kind("status-204-with-a-body", "captured", sized(PAGE, line=b"HTTP/1.1 204 No Content")),
    Kind("status-304-with-a-body", "captured", sized(PAGE, line=b"HTTP/1.1 304 Not Modified"), verdict="unreadable"),
    Kind("status-205-with-a-body", "captured", sized(PAGE, line=b"HTTP/1.1 205 Reset Content")),
    Kind(
        "status-206-unasked",
        "captured",
        sized(PAGE, b"Content-Range: bytes 5-9/99", line=b"HTTP/1.1 206 P"),
        verdict="unreadable",
    ),
    Kind("version-2", "bad-http", sized(PAGE, line=b"HTTP/2.0 200 OK")),
    Kind("version-1.9", "captured", sized(PAGE, line=b"HTTP/1.9 200 OK")),
    Kind("version-0.9", "bad-http", PAGE),
    Kind("version-lower-case", "bad-http", sized(PAGE, line=b"http/1.1 200 OK")),
    Kind("icy", "bad-http", sized(PAGE, line=b"ICY 200 OK")),
    Kind("rtsp", "bad-http", sized(PAGE, line=b"RTSP/1.0 200 OK")),
    Kind("field-with-nul", "bad-http", sized(PAGE, b"X: a\0b")),
    Kind("field-with-escape", "captured", sized(PAGE, b"X: a\x1b[31mb")),
    Kind("field-with-bell-and-bs", "captured", sized(PAGE, b"X: \x07\x08\x7f")),
    Kind("field-in-utf-8", "captured", sized(PAGE, "X: суд".encode())),
    Kind("field-in-latin-1", "captured", sized(PAGE, b"X: caf\xe9")),
    Kind("field-without-colon", "bad-http", sized(PAGE, b"no colon")),
    Kind("field-with-space-before-colon", "bad-http", sized(PAGE, b"X : y")),
    Kind("field-without-a-name", "bad-http", sized(PAGE, b": y")),
    Kind("field-folded", "captured", sized(PAGE, b"X: y\r\n z")),
    Kind("field-folded-first", "bad-http", b"HTTP/1.1 200 OK\r\n X: y\r\n\r\n"),
    Kind("field-with-bare-cr", "captured", sized(PAGE, b"X: y\rSet-Cookie: z")),
    Kind("head-with-bare-lf", "captured", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
    Kind("head-after-blank-lines", "bad-http", b"\r\n\r\n" + sized(PAGE)),
    Kind("head-after-a-bom", "bad-http", b"\xef\xbb\xbf" + sized(PAGE)),
    Kind(
        "head-split-in-two",
        "captured",
        head(b"X: y", b"Content-Length: 0") + sized(PAGE, b"Set-Cookie: injected=1"),
        verdict="outage",
    ),
    Kind("a-second-answer", "captured", asks_back),
    Kind("no-length-and-empty", "captured", CLOSED, verdict="outage"),
    Kind("a-length-of-nothing", "captured", sized(b""), verdict="outage"),
]

CONNECTIONS = [
    Kind("hangs-up", "reset", hangs_up),
    Kind("hangs-up-when-asked", "reset", b""),
    Kind("resets", "reset", resets_at_once),
    Kind("resets-when-asked", "reset", resets(b"")),
    Kind("resets-in-status", "reset", resets(b"HTTP/1.1 20")),
    Kind("resets-in-head", "reset", resets(b"HTTP/1.1 200 OK\r\nX: y\r\n")),
    Kind("resets-in-body", "reset", resets(length(10) + b"abc")),
    Kind("resets-in-chunk", "reset", resets(CHUNKED + b"10\r\nabc")),
    Kind("resets-a-body-to-close", "reset", resets(CLOSED + b"abc")),
    Kind("ends-in-status", "reset", b"HTTP/1."),
    Kind("ends-in-head", "reset", b"HTTP/1.1 200 OK\r\nX:"),
    Kind("ends-in-body", "truncated", length(10) + b"abc"),
    Kind("ends-after-100", "reset", b"HTTP/1.1 100 Continue\r\n\r\n"),
    Kind("ends-after-103", "reset", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    Kind("half-closes-whole", "captured", half_closes(CLOSED + PAGE)),
    Kind("half-closes-short", "truncated", half_closes(length(10) + b"abc")),
    Kind("speaks-first", "bad-http", first(b"220 mail.bad.test ESMTP\r\n")),
    Kind("speaks-ssh", "bad-http", first(b"SSH-2.0-OpenSSH_9.2\r\n", stays=True)),
    Kind("answers-unasked", "captured", first(sized(PAGE, b"Connection: close"))),
    Kind("echoes", "bad-http", echoes),
    Kind("speaks-tls-alert", "bad-http", b"\x15\x03\x01\x00\x02\x02\x46"),
    Kind("speaks-http2", "bad-http", b"\0\0\x12\x04\0\0\0\0\0" + b"\0\x03\0\0\0\x64" * 3),
    Kind("speaks-random-octets", "bad-http", bytes(range(255, 0, -1)) * 8),
    Kind("speaks-utf-16", "bad-http", "HTTP/1.1 200 OK\r\n\r\n".encode("utf-16")),
]

NAMES = [  # `addresses.py` says what these resolve to
    Kind("refused", "refused", b"", url="http://nobody-listens.test/"),
    Kind("black-hole", "timeout", b"", url="http://black-hole.test/"),
    Kind("no-such-name", "dns-failed", b"", url="http://no-such-name.test/"),
    Kind("no-address", "dns-failed", b"", url="http://no-address.test/"),
    Kind("slow-names", "dns-failed", b"", url="http://slow-names.test/"),
    Kind("many-addresses", "dns-failed", b"", url="http://many-addresses.test/"),
    Kind("names-loopback", "guarded", b"", url="http://names-loopback.test/"),
    Kind("names-both", "guarded", b"", url="http://names-both.test/"),
    Kind("names-metadata", "guarded", b"", url="http://names-metadata.test/"),
    Kind("names-mapped", "guarded", b"", url="http://names-mapped.test/"),
    Kind("asks-loopback", "guarded", b"", url="http://127.0.0.1/"),
    Kind("asks-odd-loopback", "guarded", b"", url="http://0x7f.1/"),
    Kind("asks-a-port", "guarded", b"", url="http://odd-port.test:22/"),
]


def _far(number: int) -> bytes:
    return b"/page?n=%d" % number


REDIRECTS = [
    Kind("moves-to-itself", "redirect-loop", moves(b"/page")),
    Kind("moves-to-itself-with-a-fragment", "redirect-loop", moves(b"/page#again")),
    Kind("moves-in-a-circle", "redirect-loop", moves(lambda n: (b"/b", b"/page")[(n - 1) % 2])),
    Kind("moves-for-ever", "redirect-loop", moves(_far)),
    Kind("moves-for-ever-with-a-large-body", "redirect-loop", moves_with_a_body(1 << 20)),
    Kind("moves-deeper-for-ever", "redirect-loop", moves(lambda n: b"a/" * n)),
    Kind("moves-permanently-for-ever", "redirect-loop", moves(_far, b"HTTP/1.1 301 Moved Permanently")),
    Kind("moves-with-308-for-ever", "redirect-loop", moves(_far, b"HTTP/1.1 308 Permanent Redirect")),
    Kind("moves-to-a-file", "captured", moves(b"file:///etc/passwd")),
    Kind("moves-to-a-script", "captured", moves(b"javascript:alert(1)")),
    Kind("moves-to-data", "captured", moves(b"data:text/html,<p>")),
    Kind("moves-nowhere", "redirect-loop", moves(b"")),
    Kind("moves-to-nonsense", "captured", moves(b"http://[::1")),
    Kind("moves-to-loopback", "guarded", moves(b"http://127.0.0.1/admin")),
    Kind("moves-to-ipv6-loopback", "guarded", moves(b"http://[::1]/")),
    Kind("moves-to-mapped-loopback", "guarded", moves(b"http://[::ffff:127.0.0.1]/")),
    Kind("moves-to-octal-loopback", "guarded", moves(b"http://0177.0.0.1/")),
    Kind("moves-to-a-number", "guarded", moves(b"http://2130706433/")),
    Kind("moves-to-localhost", "guarded", moves(b"http://localhost/")),
    Kind("moves-to-metadata", "guarded", moves(b"http://169.254.169.254/latest/meta-data/")),
    Kind("moves-to-a-private-name", "guarded", moves(b"http://names-loopback.test/")),
    Kind("moves-to-a-port", "guarded", moves(b"http://odd-port.test:6379/")),
    Kind("moves-too-far", "captured", moves(b"/" + b"a" * 9000)),
    Kind("moves-to-a-dead-name", "dns-failed", moves(b"http://no-such-name.test/")),
    Kind("moves-without-a-place", "captured", sized(PAGE, line=b"HTTP/1.1 302 Found")),
    Kind(
        "moves-with-two-places", "captured", sized(PAGE, b"Location: javascript:1", b"Location: /b", line=b"HTTP/1.1 302 Found")
    ),
    Kind("refreshes", "captured", sized(PAGE, b"Refresh: 0; url=/page")),
]

BOMBS = ("gzip", "deflate", "br", "zstd", "gzip, gzip", "gzip, br", "zstd, gzip", "br, br")
CODINGS = [
    Kind(f"bomb-{coding.replace(', ', '-')}", "captured", explodes(coding), verdict="unreadable")
    for coding in BOMBS
] + [
    Kind("stacked-20-deep", "captured", coded(gzip.compress(PAGE), ", ".join(["gzip"] * 20)), verdict="unreadable"),
    Kind("stacked-in-20-fields", "captured", sized(gzip.compress(PAGE), *[b"Content-Encoding: gzip"] * 20), verdict="unreadable"),
    Kind("gzip-cut", "captured", coded(gzip.compress(PAGE)[:-6], "gzip"), verdict="unreadable"),
    Kind("gzip-of-nothing", "captured", coded(b"", "gzip"), verdict="outage"),
    Kind("gzip-that-is-none", "captured", coded(PAGE, "gzip"), verdict="unreadable"),
    Kind("gzip-with-a-bad-sum", "captured", coded(gzip.compress(PAGE)[:-8] + b"\0" * 8, "gzip"), verdict="unreadable"),
    Kind("gzip-of-1000-members", "captured", coded(gzip.compress(b"<p>a</p>") * 1000, "gzip")),
    Kind("gzip-and-garbage", "captured", coded(gzip.compress(PAGE) + b"garbage" * 9, "gzip")),
    Kind("gzip-on-204", "captured", head(b"Content-Encoding: gzip", line=b"HTTP/1.1 204 No Content")),
    Kind("gzip-said-as-br", "captured", coded(gzip.compress(PAGE), "br"), verdict="unreadable"),
    Kind("deflate-without-its-wrapper", "captured", coded(zlib.compress(PAGE)[2:-4], "deflate")),
    Kind("br-cut", "captured", coded(brotli.compress(PAGE * 9)[:-3], "br"), verdict="unreadable"),
    Kind("br-and-garbage", "captured", coded(brotli.compress(PAGE) + b"\xff" * 9, "br"), verdict="unreadable"),
    Kind("zstd-cut", "captured", coded(zstandard.compress(PAGE)[:-3], "zstd"), verdict="unreadable"),
    Kind("zstd-with-a-window-of-a-gib", "captured", coded(b"\x28\xb5\x2f\xfd\x00\xa0" + b"\x01\0\0", "zstd"), verdict="unreadable"),
    Kind("a-coding-of-its-own", "captured", coded(PAGE, "mystery"), verdict="unreadable"),
    Kind("a-coding-with-nul-in-its-name", "bad-http", coded(PAGE, "gz\0ip")),
]  # fmt: skip

TLS = [
    Kind("tls-expired", "tls-failed", sized(PAGE), "https://{host}/", tls="expired"),
    Kind("tls-not-yet-valid", "tls-failed", sized(PAGE), "https://{host}/", tls="not-yet"),
    Kind("tls-wrong-name", "tls-failed", sized(PAGE), "https://{host}/", tls="wrong-name"),
    Kind("tls-self-signed", "tls-failed", sized(PAGE), "https://{host}/", tls="self-signed"),
    Kind("tls-unknown-authority", "tls-failed", sized(PAGE), "https://{host}/", tls="unknown"),
    Kind("tls-old-version", "tls-failed", sized(PAGE), "https://{host}/", tls="old"),
    Kind("tls-no-name-known", "tls-failed", sized(PAGE), "https://{host}/", tls="needs-name"),
    Kind("tls-wants-a-client-certificate", "tls-failed", sized(PAGE), "https://{host}/", tls="client"),
    Kind("tls-plain-http", "tls-failed", first(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "https://{host}/"),
    Kind("tls-garbage", "tls-failed", first(b"\x16\x03\x03" + b"\xff" * 600), "https://{host}/"),
    Kind("tls-alert", "tls-failed", first(b"\x15\x03\x03\x00\x02\x02\x28"), "https://{host}/"),
    Kind("tls-hangs-up", "tls-failed", hears_and_hangs_up, "https://{host}/"),
    Kind("tls-resets", "reset", resets_at_once, "https://{host}/"),
    Kind("tls-stalls", "timeout", first(b"", stays=True), "https://{host}/"),
    Kind("tls-stalls-in-a-record", "timeout", first(b"\x16\x03\x03\x40\x00\x02", stays=True), "https://{host}/"),
    Kind("tls-good-and-drips", "too-slow", drips(length(100_000), b"a"), "https://{host}/", tls="good"),
    Kind("tls-good-and-floods", "too-large", floods(length(10**12), b"a"), "https://{host}/", tls="good"),
    Kind("tls-good-and-short", "truncated", length(10) + b"abc", "https://{host}/", tls="good"),
    Kind("tls-good-and-no-http", "bad-http", PAGE, "https://{host}/", tls="good"),
]

FINE = sized(PAGE)
ROBOTS = [
    Kind("robots-silent", "timeout", by_path({b"/robots.txt": stalls(b"")}, FINE), obey=True),
    Kind("robots-endless", "captured", by_path({b"/robots.txt": floods(length(10**12), b"Disallow: /x\n")}, FINE), obey=True),
    Kind("robots-dripped", "captured", by_path({b"/robots.txt": drips(length(10**6), b"a")}, FINE), obey=True),
    Kind("robots-reset", "reset", by_path({b"/robots.txt": resets(b"")}, FINE), obey=True),
    Kind("robots-500", "robots", by_path({b"/robots.txt": sized(b"", line=b"HTTP/1.1 500 X")}, FINE), obey=True),
    Kind("robots-moves-for-ever", "captured", by_path({b"/page": FINE}, moves(_far)), obey=True),
    Kind("robots-a-bomb", "captured", by_path({b"/robots.txt": explodes("gzip")}, FINE), obey=True),
    Kind("robots-random", "captured", by_path({b"/robots.txt": sized(bytes(range(256)) * 2000)}, FINE), obey=True),
    Kind("robots-no-http", "captured", by_path({b"/robots.txt": b"\0" * 99}, FINE), obey=True),
    Kind("robots-closed", "robots", by_path({b"/robots.txt": sized(b"User-agent: *\nDisallow: /\n")}, FINE), obey=True),
    Kind("robots-a-wildcard-storm", "captured", by_path({b"/robots.txt": sized(b"User-agent: *\nDisallow: " + b"/*a" * 900 + b"\n")}, FINE), "http://{host}/" + "a" * 900, obey=True),
]  # fmt: skip

KINDS = [*SLOW, *ENDLESS, *LENGTHS, *FRAMING, *CONNECTIONS, *NAMES, *REDIRECTS, *CODINGS, *TLS, *ROBOTS]
