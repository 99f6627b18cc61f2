"""How is a proxy asked to let us through: HTTP CONNECT or SOCKS5, and what does its answer mean? no I/O.

RFC 9110, 9.3.6 with Basic credentials (RFC 7617); RFC 1928 with RFC 1929. What a proxy says is its own word and no evidence of
the server behind it: it is kept apart, and its refusals are its own faults, whatever they say of the server.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address
from typing import Protocol

from archive.capture import Outcome, Vantage
from crawler.turn import Limits, Turn

HTTP, SOCKS5 = "http", "socks5"
HERE, THERE = "here", "there"
_LIMITS = Limits(head=16 * 1024, fields=100, interim=5)
KEPT = 16 * 1024  # octets of what a proxy says that are kept
SHOWN = 80  # characters of its reason that are told
SHORT = 4  # a part of the credentials below this length is looked for only together with the other

# RFC 1928, 6.
REPLIES = {
    1: "general failure", 2: "not allowed by its rules", 3: "network unreachable", 4: "host unreachable",
    5: "connection refused", 6: "TTL expired", 7: "command not supported", 8: "address type not supported",
}  # fmt: skip
_ADDRESS_OCTETS = {1: 4, 4: 16}  # by address type; 3 is a name, whose length comes first


class Refusal(Exception):
    """No tunnel. word: why, short: a status, `socks-5`, `no-proxy` (it does not speak as one), `too-large`."""

    def __init__(self, word: str, text: str) -> None:
        super().__init__(text)
        self.word = word


class Handshake(Protocol):
    """One asking. said: what the proxy has said; rest: what came behind that, through the tunnel."""

    opening: bytes  # what we say first
    done: bool
    said: bytes
    rest: bytes

    def feed(self, octets: bytes) -> bytes:
        """Takes what came; what is to be sent next. Raises Refusal."""
        ...


@dataclass(frozen=True, slots=True)
class Proxy:
    """A way out. label: what the place is called. names: where host names are looked up. login: user and password."""

    label: str
    kind: str
    host: str
    port: int
    names: str = HERE
    login: tuple[bytes, bytes] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in (HTTP, SOCKS5) or self.names not in (HERE, THERE) or not 0 < self.port < 65536:
            raise ValueError(f"not a proxy: {self!r}")
        user, password = self.login or (b"u", b"p")
        if self.kind == SOCKS5 and not (0 < len(user) < 256 and 0 < len(password) < 256):
            raise ValueError(f"vantage {self.label}: RFC 1929 has room for 1 to 255 octets of user and of password")
        if self.kind == HTTP and b":" in user:
            raise ValueError(f"vantage {self.label}: a user's name has no colon (RFC 7617)")

    @property
    def vantage(self) -> Vantage:
        """As an exchange tells it."""
        return Vantage(self.label, self.kind, f"{_bracketed(self.host)}:{self.port}", self.names)

    def ask(self, host: str, port: int) -> Handshake:
        """For a tunnel to this host, in ASCII; IPv6 without brackets."""
        if self.kind == SOCKS5:
            return _Socks(host, port, self.login)
        return _Connect(host, port, self._token)

    @property
    def _token(self) -> bytes | None:
        return None if self.login is None else base64.b64encode(b":".join(self.login))

    def hidden(self, octets: bytes) -> bytes:
        """The same octets, with stars for our credentials: some proxies say in their answer what they were asked."""
        if self.login is None:
            return octets
        user, password = self.login
        secrets = [b":".join(self.login), self._token or b"", *(each for each in (user, password) if len(each) >= SHORT)]
        for secret in sorted(secrets, key=len, reverse=True):
            octets = octets.replace(secret, b"*" * len(secret))
        return octets


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _inert(text: str) -> str:
    from archive.door import (
        visible,
    )  # with it comes what command lines are made of: for a fetching process a third of its start

    return visible(text)[:SHOWN]


class _Connect:
    """HTTP CONNECT. An answer of 200 to 299 opens the tunnel behind its head (RFC 9110, 9.3.6); no other does."""

    def __init__(self, host: str, port: int, token: bytes | None) -> None:
        authority = f"{_bracketed(host)}:{port}".encode("ascii")
        lines = [b"CONNECT %b HTTP/1.1" % authority, b"Host: %b" % authority]
        if token is not None:
            lines.append(b"Proxy-Authorization: Basic %b" % token)
        self.opening = b"\r\n".join([*lines, b"", b""])
        self.done = False
        self.said = self.rest = b""
        self._turn = Turn(_LIMITS, "CONNECT")

    def feed(self, octets: bytes) -> bytes:
        turn = self._turn
        turn.feed(octets)
        head, ending = turn.head, turn.ending
        self.said = bytes(turn.octets[:KEPT])
        if head is not None and 200 <= head.status < 300 and ending is not None and ending.outcome is Outcome.CAPTURED:
            interim, answer, self.rest = turn.pieces()
            self.said = b"".join((*interim, answer))
            self.done = True
        elif ending is not None and ending.outcome is Outcome.TOO_LARGE:
            raise Refusal("too-large", f"its proxy answers with {ending.error}")
        elif head is not None:
            raise Refusal(str(head.status), f"its proxy says {head.status} {_inert(head.reason.decode('latin-1'))}".rstrip())
        elif ending is not None:
            raise Refusal("no-proxy", f"its proxy does not answer as one: {_inert(ending.error or '')}")
        return b""


class _Socks:
    """SOCKS5: methods, where it asks for them our user and password, the request; each answer of a length that it tells."""

    def __init__(self, host: str, port: int, login: tuple[bytes, bytes] | None) -> None:
        self.opening = b"\x05\x01\x00" if login is None else b"\x05\x02\x00\x02"
        self.done = False
        self.said = self.rest = b""
        self._login = login
        self._request = b"\x05\x01\x00" + _address(host) + port.to_bytes(2, "big")
        self._steps = [self._method]
        self._unread = b""

    def feed(self, octets: bytes) -> bytes:
        self._unread += octets
        out = b""
        while self._steps:
            step = self._steps[0]
            before = len(self._unread)
            answer = step(self._unread)
            if answer is None:
                break  # not whole yet
            out += answer
            if len(self._unread) == before:
                break
        if not self._steps:
            self.done, self.rest, self._unread = True, self._unread, b""
        return out

    def _take(self, length: int) -> None:
        self.said += self._unread[:length]
        self._unread = self._unread[length:]
        self._steps.pop(0)

    def _method(self, have: bytes) -> bytes | None:
        self._version(have, b"\x05")
        if len(have) < 2:
            return None
        chosen = have[1]
        self._take(2)
        if chosen == 0:
            self._steps.append(self._reply)
            return self._request
        if chosen == 2 and self._login is not None:
            user, password = self._login
            self._steps.append(self._admitted)
            return b"\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password
        if chosen in (2, 0xFF):
            wants = "it wants a user and a password" if self._login is None else "it takes no way of logging in that we know"
            raise Refusal("socks-login", f"its proxy lets nobody in: {wants}")
        raise Refusal("no-proxy", f"its proxy chose method {chosen}, which it was not offered")

    def _admitted(self, have: bytes) -> bytes | None:
        self._version(have, b"\x01")  # RFC 1929, 2
        if len(have) < 2:
            return None
        status = have[1]
        self._take(2)
        if status != 0:
            raise Refusal("socks-login", f"its proxy does not take our user and password (status {status})")
        self._steps.append(self._reply)
        return self._request

    def _reply(self, have: bytes) -> bytes | None:
        self._version(have, b"\x05")
        if len(have) >= 2 and have[1] != 0:
            self.said += have[:KEPT]
            raise Refusal(f"socks-{have[1]}", f"its proxy says {have[1]}: {REPLIES.get(have[1], 'a code that nobody defined')}")
        if len(have) < 5:
            return None
        length = have[4] + 1 if have[3] == 3 else _ADDRESS_OCTETS.get(have[3])
        if length is None:
            self.said += have[:KEPT]
            raise Refusal("no-proxy", f"its proxy names an address of type {have[3]}")
        if len(have) < 4 + length + 2:
            return None
        self._take(4 + length + 2)
        return b""

    def _version(self, have: bytes, version: bytes) -> None:
        if have and have[:1] != version:
            self.said += have[:KEPT]
            raise Refusal("no-proxy", "its proxy does not answer in SOCKS5")


def _address(host: str) -> bytes:
    try:
        address = ip_address(host)
    except ValueError:
        name = host.encode("ascii")
        if not 0 < len(name) < 256:
            raise Refusal("too-large", f"a name of {len(name)} octets, and RFC 1928 has room for 255") from None
        return b"\x03" + bytes([len(name)]) + name
    return (b"\x01" if isinstance(address, IPv4Address) else b"\x04") + address.packed
