"""Random HTTP/1.1 answers, each with the borders it was put together from.

`answer(random)` makes one: any framing, any casing, folded and repeated fields, chunk extensions,
trailers, interim responses, octets beyond the end; now and then one that is short or malformed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from archive.capture import Outcome


@dataclass(frozen=True)
class Answer:
    """closes: the server must close after it. entity: None where the answer is not whole."""

    interim: tuple[bytes, ...]
    response: bytes
    surplus: bytes
    entity: bytes | None
    outcome: Outcome
    closes: bool
    kind: str

    @property
    def octets(self) -> bytes:
        return b"".join(self.interim) + self.response + self.surplus

    @property
    def kept(self) -> bool:
        """The connection can be used again after it."""
        return not self.closes and self.kind in ("length", "chunked", "none") and b"X-Folded" not in self.response


def pieces(made: Answer, rng: random.Random) -> list[bytes]:
    """The answer in random segments. Where nothing says that the connection closes, surplus comes with the last
    octet: what arrives after an answer that keeps its connection belongs to no exchange."""
    if not made.surplus or b"\nconnection:" in made.response.lower():
        return segments(made.octets, rng)
    body = len(made.octets) - len(made.surplus) - 1
    return [*segments(made.octets[:body], rng), made.octets[body:]]


def segments(octets: bytes, rng: random.Random) -> list[bytes]:
    """The octets cut at random places: whole, in a few pieces, or one by one at the start."""
    style = rng.randrange(4)
    if style == 0 or len(octets) < 2:
        return [octets]
    if style == 1:
        few = min(len(octets), 60)
        return [octets[i : i + 1] for i in range(few)] + ([octets[few:]] if octets[few:] else [])
    cuts = sorted(rng.sample(range(1, len(octets)), min(len(octets) - 1, rng.randint(1, 6))))
    return [octets[a:b] for a, b in zip([0, *cuts], [*cuts, len(octets)], strict=True)]


def _cased(name: str, rng: random.Random) -> bytes:
    style = rng.randrange(4)
    cased = (name, name.lower(), name.upper(), "".join(rng.choice((c.lower(), c.upper())) for c in name))[style]
    return cased.encode("ascii")


def _field(name: str, value: bytes, rng: random.Random) -> bytes:
    return _cased(name, rng) + b":" + rng.choice((b" ", b"", b"  ", b"\t")) + value + rng.choice((b"", b"", b" ")) + b"\r\n"


def _filler(rng: random.Random) -> list[bytes]:
    pool = [
        _field("Server", b"made-up/1.0", rng),
        _field("Date", b"Mon, 01 Jan 2024 00:00:00 GMT", rng),
        _field("Set-Cookie", b"a=1; path=/", rng),
        _field("Set-Cookie", b"b=2", rng),
        _field("X-Town", "Кленовка".encode(), rng),
        _field("X-Latin", b"caf\xe9", rng),
        _field("X-Empty", b"", rng),
        b"X-Folded: one\r\n  two\r\n\tthree\r\n",
        _field("Content-Type", b"text/html; charset=windows-1251", rng),
    ]
    return rng.sample(pool, rng.randint(0, len(pool)))


def _interim(rng: random.Random) -> bytes:
    line = rng.choice((b"HTTP/1.1 100 Continue\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n"))
    return line + b"".join(_filler(rng)[:2]) + b"\r\n"


def _chunked(data: bytes, rng: random.Random) -> bytes:
    out, i = [], 0
    while i < len(data):
        n = rng.randint(1, max(1, len(data) - i))
        size = rng.choice((b"%x", b"%X", b"0%x")) % n
        out.append(size + rng.choice((b"", b"", b";name", b';name="a b"', b" ;x=1")) + b"\r\n" + data[i : i + n] + b"\r\n")
        i += n
    out.append(rng.choice((b"0\r\n", b"0\r\n", b"000\r\n", b"0;last\r\n")))
    out.append(rng.choice((b"", b"", b"X-Sum: 1\r\n", b"X-Sum: 1\r\nX-More: 2\r\n")) + b"\r\n")
    return b"".join(out)


def answer(rng: random.Random) -> Answer:
    interim = tuple(_interim(rng) for _ in range(rng.choice((0, 0, 0, 1, 2))))
    data = rng.randbytes(rng.choice((0, 1, 3, 40, 700, 5000)))
    kind = rng.choice(
        ("length",) * 4 + ("chunked",) * 4 + ("close", "none", "both", "short", "short-chunks", "bad-chunk", "bad-head")
    )
    fields = _filler(rng)
    status, version, outcome, entity = 200, b"1.1", Outcome.CAPTURED, data
    closes = rng.random() < 0.3
    body = data
    if kind == "length":
        fields.append(_field("Content-Length", b"%d" % len(data), rng))
        if rng.random() < 0.2:
            fields.append(_field("Content-Length", b"%d" % len(data), rng))
    elif kind in ("chunked", "both"):
        fields.append(_field("Transfer-Encoding", rng.choice((b"chunked", b"Chunked")), rng))
        body = _chunked(data, rng)
        if kind == "both":
            fields.append(_field("Content-Length", b"3", rng))
    elif kind == "close":
        closes, version = True, rng.choice((b"1.0", b"1.1"))
    elif kind == "none":
        status, body, entity = rng.choice((204, 304)), b"", b""
        if rng.random() < 0.5:
            fields.append(_field("Content-Length", b"5", rng))
    elif kind == "short":
        fields.append(_field("Content-Length", b"%d" % (len(data) + rng.randint(1, 99)), rng))
        outcome, closes, entity = Outcome.TRUNCATED, True, None
    elif kind == "short-chunks":
        fields.append(_field("Transfer-Encoding", b"chunked", rng))
        whole = _chunked(data, rng)
        body = whole[: rng.randrange(len(whole))]
        outcome, closes, entity = Outcome.TRUNCATED, True, None
    elif kind == "bad-chunk":
        fields.append(_field("Transfer-Encoding", b"chunked", rng))
        body = b"3\r\nabc\r\n" + rng.choice((b"zz\r\n", b"-1\r\n", b"3\r\nabcd\r\n", b"\r\n")) + data
        outcome, closes, entity = Outcome.BAD_HTTP, True, None
    else:
        fields.append(
            rng.choice(
                (b"no colon here\r\n", b"X : y\r\n", b"X: a\0b\r\n", b"Content-Length: -1\r\n", b"Content-Length: 1, 2\r\n")
            )
        )
        outcome, closes, entity = Outcome.BAD_HTTP, True, None
    rng.shuffle(fields)
    if fields and fields[0][:1] in b" \t":
        fields.insert(0, b"X-First: 1\r\n")
    surplus = b""
    if outcome is Outcome.CAPTURED and kind != "close" and rng.random() < 0.2:
        surplus = rng.choice((b"\r\n", b"<!-- after -->", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"))
        closes = True
    if closes and rng.random() < 0.5:
        fields.append(_field("Connection", b"close", rng))
    line = b"HTTP/%b %d %b\r\n" % (version, status, rng.choice((b"OK", b"", "Хорошо".encode())))
    return Answer(interim, line + b"".join(fields) + b"\r\n" + body, surplus, entity, outcome, closes, kind)
