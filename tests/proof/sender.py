"""A server of odd answers that remembers every octet it was asked and sent; each path has an answer of its own, made from a seed.

On top of the answers of `tests.world.answers` (any framing and casing, folded fields, trailers, interim responses, octets
beyond the end, short and malformed ones): bodies in every content coding, heads of bare line feeds, HTTP/1.0, large bodies,
bodies that were sent before, redirects, and answers of 304 to who has the page.
"""

from __future__ import annotations

import gzip
import random
import zlib
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import brotli
import zstandard

from archive.capture import Outcome
from tests.world.answers import Answer, answer, pieces
from tests.world.faults import Peer

CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda octets: gzip.compress(octets, 1, mtime=0),
    "x-gzip": lambda octets: gzip.compress(octets[:7], mtime=0) + gzip.compress(octets[7:], mtime=0),  # two members
    "br": lambda octets: brotli.compress(octets, quality=1),
    "zstd": lambda octets: zstandard.ZstdCompressor(1).compress(octets),
    "deflate": zlib.compress,
    "Deflate": lambda octets: zlib.compress(octets, wbits=-15),
    "gzip, br": lambda octets: brotli.compress(gzip.compress(octets, mtime=0), quality=1),
    "identity": bytes,
}
LARGE = (200_000, 3_000_000, 20_000_000)  # octets; one answer in LARGE_EVERY has so many
LARGE_EVERY = 500
ETAG = b'"first"'


@dataclass(frozen=True)
class Sent:
    """One answer. plain: its body with the content coding undone, None where it is not whole or has none. to: where it redirects."""

    made: Answer
    plain: bytes | None = None
    to: str | None = None


@dataclass
class Sender:
    """asked, sent: by path, in order, every octet."""

    seed: int
    asked: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    sent: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    def answer(self, path: str) -> Sent:
        """The same for the same path, always."""
        number, _, hop = path.strip("/").partition("-")
        chance = random.Random(f"{self.seed} {path}")
        kind = int(number) % 20
        if kind < 9:
            return Sent(answer(chance))
        if kind < 13:
            return _coded(chance)
        if kind < 15:  # one of a few bodies comes again, with another head
            return _again(_coded(random.Random(f"{self.seed} again {chance.randrange(5)}")).made, chance)
        if kind < 17:
            return (
                _redirect(chance, f"/{number}-{int(hop or 0) + 1}")
                if int(hop or 0) < 1 + chance.randrange(4)
                else _coded(chance)
            )
        if kind == 17:
            return _old(chance)
        if kind == 18:
            return _bare(chance)
        return _large(chance) if int(number) % LARGE_EVERY == 19 else _page(chance)

    async def script(self, peer: Peer) -> None:
        """One connection."""
        while (request := await peer.request()) is not None:
            path = request.split(b" ")[1].decode()
            self.asked[path].append(request)
            made = self.answer(path).made
            if b"If-None-Match: " + ETAG in request:
                made = _unchanged(random.Random(path)).made
            # Octets alone in their segment cost a task each: what is large goes in few.
            segments = pieces(made, random.Random(path)) if len(made.octets) < 20_000 else [made.octets]
            self.sent[path].append(made.octets)
            await peer.send(*segments)
            if not made.kept:
                return


Script = Callable[[Peer], Awaitable[None]]


def _message(
    body: bytes, *fields: bytes, line: bytes = b"HTTP/1.1 200 OK", end: bytes = b"\r\n", closes: bool = False
) -> Answer:
    head = end.join([line, *fields, b"", b""])
    return Answer((), head + body, b"", body, Outcome.CAPTURED, closes, "close" if closes else "length")


def _text(chance: random.Random) -> bytes:
    return b"".join(b"<p>case %d of an invented court</p>\n" % chance.randrange(10**6) for _ in range(chance.randrange(1, 40)))


def _coded(chance: random.Random) -> Sent:
    """In a coding, with its length or in chunks."""
    coding, text = chance.choice(list(CODINGS)), _text(chance)
    body = CODINGS[coding](text)
    fields = [b"Content-Type: text/html; charset=utf-8", b"cOnTeNt-EnCoDiNg: " + coding.encode()]
    if chance.random() < 0.5:
        chunks = b"".join(
            b"%x;at=%d\r\n%b\r\n" % (len(body[n : n + 300]), n, body[n : n + 300]) for n in range(0, len(body), 300)
        )
        made = _message(chunks + b"0\r\nX-Trailer: 1\r\n\r\n", *fields, b"transfer-encoding: chunked")
        return Sent(replace(made, entity=body, kind="chunked"), text)
    return Sent(_message(body, *fields, b"CONTENT-LENGTH:%d" % len(body)), text)


def _again(made: Answer, chance: random.Random) -> Sent:
    head, mark, body = made.response.partition(b"\r\n\r\n")
    return Sent(
        replace(made, interim=(), surplus=b"", response=head + b"\r\nX-Again: %d" % chance.randrange(10**6) + mark + body)
    )


def _redirect(chance: random.Random, to: str) -> Sent:
    line = b"HTTP/1.1 " + chance.choice((b"301 Moved Permanently", b"302 Found", b"303 See Other", b"307 T", b"308 P"))
    body = chance.choice((b"", b"moved"))
    return Sent(_message(body, b"LOCATION: " + to.encode(), b"Content-Length: %d" % len(body), line=line), to=to)


def _old(chance: random.Random) -> Sent:
    """HTTP/1.0, which ends where the connection does."""
    return Sent(_message(_text(chance), b"Content-Type: text/html", line=b"HTTP/1.0 200 OK", closes=True))


def _bare(chance: random.Random) -> Sent:
    """Lines that end in a line feed alone, and now and then an empty body."""
    body = chance.choice((b"", _text(chance)))
    return Sent(_message(body, b"Content-Length: %d" % len(body), b"X-Odd:\t y ", end=b"\n", closes=True))


def _page(chance: random.Random) -> Sent:
    """One that says what it is known by, so that it can be asked for again."""
    text = _text(chance)
    return Sent(_message(text, b"ETag: " + ETAG, b"Content-Length: %d" % len(text)), text)


def _unchanged(chance: random.Random) -> Sent:
    made = _message(b"", b"ETag: " + ETAG, b"X-Again: %d" % chance.randrange(99), line=b"HTTP/1.1 304 Not Modified")
    return Sent(replace(made, outcome=Outcome.NOT_MODIFIED))


def _large(chance: random.Random) -> Sent:
    body = chance.randbytes(chance.choice(LARGE))
    return Sent(_message(body, b"Content-Type: application/pdf", b"Content-Length: %d" % len(body)), body)
