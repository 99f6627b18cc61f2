"""What is asked of a server: the octets of a request and where they go, told by us or by httpx; no I/O.

httpx itself is imported only where somebody speaks it, or where an address is an odd one: it takes a tenth of a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from archive.capture import Exchange
from archive.message import Head
from crawler.guard import SCHEMES

if TYPE_CHECKING:
    import httpx

# Octets that httpx too leaves as they are, in the form that archive.urls writes.
_PLAIN = re.compile(
    r"(https?)://([a-z0-9._-]+)(?::([0-9]+))?(/[A-Za-z0-9._~!$&()*+,;=:@/%-]*(?:\?[A-Za-z0-9._~!$&()*+,;=:@/?%-]*)?)"
)


def nobody_told(_exchange: Exchange) -> None:
    pass


@dataclass(slots=True)
class Get:
    """A GET without a body. url: absolute and resolved (archive.urls). fields: all that are sent, Host too.

    via: the address that led here. verify: False: whoever answers is let pass, and Tls says so. repeated: takes the
    Exchange that a kept connection broke off before it was answered, and that was asked again on a new one.
    """

    url: str
    fields: Sequence[tuple[bytes, bytes]]
    via: str | None = None
    verify: bool = True
    repeated: Callable[[Exchange], object] = nobody_told


class Asked(NamedTuple):
    """A request as it goes out, and where. port: 0 where the scheme has none.

    octets: all of it; none where a line break or NUL inside its head would make another request of it.
    deadline: seconds for the whole exchange in place of the limit. The others as in Get.
    """

    url: str
    scheme: str
    host: str
    port: int
    octets: bytes
    method: str = "GET"
    credentials: bool = False
    via: str | None = None
    verify: bool = True
    deadline: float | None = None
    repeated: Callable[[Exchange], object] = nobody_told


class Answer(NamedTuple):
    """A whole exchange, its response's head, and where in the response the entity-body lies."""

    exchange: Exchange
    head: Head
    spans: list[tuple[int, int]]


def asked(get: Get) -> Asked:
    """Raises httpx.InvalidURL for what is no address at all."""
    plain = _PLAIN.fullmatch(get.url)
    if plain is not None:
        scheme, host, port_, path = plain.groups()
        url, port, target, credentials = get.url, int(port_ or SCHEMES[scheme]), path.encode("ascii"), False
    else:
        import httpx

        url, scheme, host, port, target, credentials = _taken_apart(httpx.URL(get.url))
    octets = _head("GET", target, get.fields)
    return Asked(url, scheme, host, port, octets, "GET", credentials, get.via, get.verify, None, get.repeated)


async def asked_by(request: httpx.Request) -> Asked:
    """What httpx asks for. Of its `extensions` are read: via, verify, deadline, repeated."""
    import httpx

    url, scheme, host, port, target, credentials = _taken_apart(request.url)
    octets = _head(request.method, target, request.headers.raw)
    if octets:
        try:
            body = request.content
        except httpx.RequestNotRead:
            body = await request.aread()
        if b"chunked" in request.headers.get("transfer-encoding", "").encode("latin-1", "replace").lower():
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
        octets += body
    said = {name: value for name, value in request.extensions.items() if name in ("via", "verify", "deadline", "repeated")}
    return Asked(url, scheme, host, port, octets, request.method, credentials, **said)


def answered(answer: Answer) -> httpx.Response:
    """The answer as httpx knows one: fields as sent, the entity-body with its content coding."""
    import httpx

    exchange, head, spans = answer
    body = b"".join(exchange.response[start:end] for start, end in spans)
    return httpx.Response(
        head.status,
        headers=list(head.fields),
        stream=httpx.ByteStream(body),
        extensions={
            "exchange": exchange,
            "head": head,
            "http_version": b"HTTP/" + head.version,
            "reason_phrase": head.reason,
        },
    )


def _taken_apart(url: httpx.URL) -> tuple[str, str, str, int, bytes, bool]:
    port = url.port or SCHEMES.get(url.scheme, 0)
    return str(url), url.scheme, url.raw_host.decode("ascii"), port, url.raw_path, bool(url.userinfo)


def _head(method: str, target: bytes, fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The head as it goes out: method, target, fields in their order and case; nothing where it would be more than that."""
    lines = [b"%b %b HTTP/1.1" % (method.encode("ascii", "replace"), target)]
    lines += [b"%b: %b" % field for field in fields]
    head = b"\r\n".join(lines)
    if head.count(b"\n") != len(fields) or head.count(b"\r") != len(fields) or b"\0" in head:
        return b""
    return head + b"\r\n\r\n"
