"""What was fetched and where it lies: Exchange, Visit, Capture, Snapshot; values, no I/O.

An Exchange is the bytes of one HTTP turn. A Visit is one attempt at one address: the exchanges of all
its tries and redirect hops, in order. Kept, each exchange becomes a Capture; the captures of one visit
are a Snapshot. Times are aware and in UTC; durations are seconds by the monotonic clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Outcome(StrEnum):
    """How an exchange ended: the closed list of CONTRACT."""

    CAPTURED = "captured"
    REVISIT = "revisit"  # captured, and the same body is held already
    NOT_MODIFIED = "not-modified"
    DNS_FAILED = "dns-failed"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    RESET = "reset"
    TLS_FAILED = "tls-failed"
    BAD_HTTP = "bad-http"
    TRUNCATED = "truncated"
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"
    REDIRECT_LOOP = "redirect-loop"
    GUARDED = "guarded"  # the address is not allowed
    ROBOTS = "robots"
    PAUSED = "paused"  # the host is cooling down

    @property
    def whole(self) -> bool:
        """A complete response was received."""
        return self in (Outcome.CAPTURED, Outcome.REVISIT, Outcome.NOT_MODIFIED)


DECISION = "urn:kartoteka:decision:"  # under it lies what people decided, and nothing that anybody sent
TRUNCATIONS = ("length", "time", "disconnect", "unspecified")  # WARC 1.1, 5.13


def _aware(name: str, at: datetime) -> None:
    if at.utcoffset() != timedelta(0):
        raise ValueError(f"{name} is not in UTC: {at!r}")


@dataclass(frozen=True, slots=True)
class Tls:
    """What the connection itself said of its encryption.

    chain: DER certificates as the server sent them on this connection, leaf first.
    reason: why verification failed; None where it did not.
    """

    version: str | None
    cipher: str | None
    alpn: str | None
    verified: bool
    reason: str | None
    chain: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Vantage:
    """From where an exchange was made: through a proxy. What the proxy says is no word of the court's.

    label: what the place is called. kind: "http" (CONNECT) or "socks5". proxy: "host:port", without credentials.
    names: where host names were looked up, "here" or "there". peer: the address that the proxy was asked for ("host:port" as in
        Exchange); None where only the proxy knows it. fault: why no tunnel came, as a word for a failure to connect or as
        what the proxy said; None where one did.
    """

    label: str
    kind: str
    proxy: str
    names: str
    peer: str | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP turn, both directions, byte for byte.

    response: head and body as received, up to where the framing ends or the exchange broke off; octets
        that are no HTTP head at all are here too, with head_length 0.
    interim: each 1xx response as received. surplus: bytes after the declared end.
    Every byte received is in exactly one of interim, response, surplus, in that order on the wire.
    truncated: why the body is short (WARC-Truncated), None where it is whole.
    ended: by the wall clock, where it was asked then; a clock that was set meanwhile shows beside `elapsed`.
    via: the address that led here, for a redirect hop. flags: oddities met and let pass, as words.
    vantage: the proxy it went through; None: straight from this machine. tunnel: what that proxy said before its tunnel stood,
        on the exchange that it was made for; it is in none of the pieces above.
    """

    url: str
    began: datetime
    elapsed: float
    outcome: Outcome
    method: str = "GET"
    error: str | None = None
    request: bytes = b""
    interim: tuple[bytes, ...] = ()
    response: bytes = b""
    head_length: int = 0
    status: int | None = None
    surplus: bytes = b""
    truncated: str | None = None
    first_byte: float | None = None
    peer: str | None = None  # "203.0.113.5:443", "[2001:db8::1]:443"
    dns: tuple[str, ...] = ()
    tls: Tls | None = None
    via: str | None = None
    flags: tuple[str, ...] = ()
    ended: datetime | None = None
    vantage: Vantage | None = None
    tunnel: bytes = b""

    def __post_init__(self) -> None:
        _aware("began", self.began)
        if self.ended is not None:
            _aware("ended", self.ended)
        if self.truncated is not None and self.truncated not in TRUNCATIONS:
            raise ValueError(f"not a WARC-Truncated reason: {self.truncated!r}")
        if self.outcome is Outcome.REVISIT:
            raise ValueError("only the store knows a revisit: an exchange is captured")

    @property
    def trusted(self) -> bool:
        """Nothing about the connection forbids that this feeds the ledger."""
        return self.tls is None or self.tls.verified


@dataclass(frozen=True, slots=True)
class Visit:
    """One attempt at one address, captured or failed and why.

    exchanges: every try and every redirect hop in order of time; the last one decides. A visit that was
    never let out (robots, paused, guarded before a connection) has one exchange with no bytes.
    facts: what the capture manifest says of the visit beside the exchanges (machine, pace, robots rule ...).
    """

    url: str
    exchanges: tuple[Exchange, ...]
    facts: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.exchanges:
            raise ValueError(f"a visit without an exchange: {self.url}")

    @property
    def last(self) -> Exchange:
        return self.exchanges[-1]

    @property
    def outcome(self) -> Outcome:
        return self.last.outcome

    @property
    def final_url(self) -> str:
        return self.last.url


@dataclass(frozen=True, slots=True)
class Span:
    """A WARC record's gzip member: where it lies and what it hashes to (lower-case hex)."""

    file: str  # name inside the archive's warc/ folder
    offset: int
    length: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Capture:
    """One kept exchange.

    id: UUID of the record that carries the response (or of the manifest, where no response came).
    seq: position in the log, from 0, without gaps. visit: UUID shared by the captures of one snapshot.
    record: the response, revisit or octets record; None where nothing was received.
    payload_sha256: over the entity-body (transfer coding undone, content coding kept); None without one.
    refers_to: the capture whose payload a revisit or a not-modified answer stands for.
    """

    id: str
    seq: int
    visit: str
    hop: int
    url: str
    key: str
    at: datetime
    outcome: Outcome
    status: int | None
    mime: str | None
    payload_sha256: str | None
    size: int  # bytes of the response as received
    record: Span | None
    manifest: Span
    manifest_sha256: str
    refers_to: str | None = None
    error: str | None = None
    trusted: bool = True
    foreign: str | None = None  # the file an imported capture came from: never stamped as ours

    def __post_init__(self) -> None:
        _aware("at", self.at)

    @property
    def decision(self) -> bool:
        """A person's decision (`archive.decisions`), and no page.

        What a server redirects to under that address was not let out; what others kept under it is not ours.
        """
        return self.url.startswith(DECISION) and self.outcome is Outcome.CAPTURED and self.foreign is None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The captures of one visit together, in order; the last one decides."""

    visit: str
    url: str
    captures: tuple[Capture, ...]

    @property
    def last(self) -> Capture:
        return self.captures[-1]
