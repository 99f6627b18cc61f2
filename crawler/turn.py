"""The receiving half of one HTTP turn: octets in, what each of them is out; no I/O.

Every octet lands in one buffer and stays there. The turn only finds the borders: where each interim
response ends, where the response begins, where its head and its body end, and what lies beyond. The wire
decides from that when to stop listening; the archive gets the pieces, which in order are all that came.
"""

from __future__ import annotations

from dataclasses import dataclass

from archive.capture import Outcome
from archive.errors import BadMessage
from archive.message import HEAD_END, Dechunker, Framing, Head, framing, parse_head


@dataclass(frozen=True, slots=True)
class Limits:
    """What one exchange may cost. Seconds, octets, counts; each is the most that is still let pass."""

    dns: float = 10
    addresses: int = 16
    connect: float = 10
    tunnel: float = 30  # a proxy's time, from the connection to it until its tunnel stands: it looks up and connects itself
    tls: float = 10
    first_byte: float = 30  # from the request's last octet
    whole: float = 120
    rate: int = 1024  # octets a second, at least, over each `rate_window` from the first octet on
    rate_window: float = 30
    body: int = 64 * 1024 * 1024  # on the wire, chunk framing included
    head: int = 64 * 1024
    fields: int = 200
    interim: int = 20
    chunks: int = 65_536  # the largest body in chunks of 1 KiB; smaller ones cost the loop its time and 100 times their size
    url: int = 8192
    idle: float = 15  # a kept connection is offered again for so long
    idle_connections: int = 256
    linger: float = 0.5  # how long a connection that ends anyway is listened to for its last octets
    surplus: int = 64 * 1024
    held: int = 80 * 1024 * 1024  # received by all exchanges together and not put down yet; beyond it the largest one ends


@dataclass(frozen=True, slots=True)
class Ending:
    """How a turn ended. truncated: the WARC-Truncated reason where octets of the response are missing."""

    outcome: Outcome
    error: str | None = None
    truncated: str | None = None


WHOLE = Ending(Outcome.CAPTURED)


class Turn:
    """One turn's octets and their borders.

    `ending` is None while more is to come. After it is set, what is fed still belongs to the turn: beyond
    a response that ended it is surplus, after a fault it is more of the octets that could not be cut.
    """

    __slots__ = (
        "_chunks",
        "_most",
        "_scanned",
        "borders",
        "end",
        "ending",
        "framing",
        "head",
        "limits",
        "method",
        "octets",
        "start",
    )

    def __init__(self, limits: Limits, method: str = "GET") -> None:
        self.limits = limits
        self.method = method
        self.octets = bytearray()
        self.borders: list[int] = []  # where each interim response ends
        self.start = 0  # where the response begins
        self.head: Head | None = None
        self.framing: Framing | None = None
        self.end: int | None = None  # where the response ends
        self.ending: Ending | None = None
        self._scanned = 0
        self._chunks: Dechunker | None = None
        self._most = 0  # the buffer's length at which the body reaches its cap

    def feed(self, octets: bytes) -> bool:
        """Take octets; True when the ending is known."""
        self.octets += octets
        if self.ending is None:
            try:
                if self.head is not None:
                    self._body(octets)
                elif self._head() and self.ending is None:
                    self._body(bytes(memoryview(self.octets)[self.start + self.head_length :]))
            except BadMessage as exc:
                self.ending = Ending(Outcome.BAD_HTTP, str(exc))
        return self.ending is not None

    def eof(self, *, sure: bool = True) -> None:
        """The sender closed. sure: TCP's or TLS's own sign of an end, not a connection that was cut (RFC 9112, 9.8)."""
        if self.ending is not None:
            return
        if self.framing is not None and self.framing.kind == "close" and sure:
            self.end = len(self.octets)
            self.ending = WHOLE
        elif self.framing is not None:
            why = "closed before the end of the body" if sure else "closed without a TLS close alert: is that all?"
            self.ending = Ending(Outcome.TRUNCATED, why, "disconnect")
        else:
            self.break_off(Outcome.RESET, "closed in the head" if self.began else "closed without an answer", "disconnect")

    def break_off(self, outcome: Outcome, error: str, truncated: str) -> None:
        """End it from outside: the time is up, or the connection broke."""
        if self.ending is None:
            self.ending = Ending(outcome, error, truncated if self.began else None)

    @property
    def began(self) -> bool:
        """An octet of the final response came."""
        return len(self.octets) > self.start

    @property
    def head_length(self) -> int:
        return self.head.length if self.head is not None else 0

    @property
    def keeps(self) -> bool:
        """The connection can carry another turn: the end was marked, nothing lies beyond it, nobody wants to close."""
        head, frame = self.head, self.framing
        if head is None or frame is None or frame.kind == "close" or self.ending is not WHOLE or self.end != len(self.octets):
            return False
        if head.flags or frame.flags:  # a sender that is loose about one border may be loose about the next
            return False
        wishes = b",".join(head.all(b"connection")).lower()
        return b"close" not in wishes and (head.version != b"1.0" or b"keep-alive" in wishes)

    @property
    def listens(self) -> bool:
        """More octets may come that belong here: the sender closes after these, or they could not be cut."""
        return self.ending is WHOLE or (self.ending is not None and self.ending.outcome is Outcome.BAD_HTTP)

    def pieces(self) -> tuple[tuple[bytes, ...], bytes, bytes]:
        """Interim responses, response, surplus: together and in order, every octet that was fed."""
        view = memoryview(self.octets)
        starts = [0, *self.borders]
        interim = tuple(bytes(view[a:b]) for a, b in zip(starts, self.borders, strict=False))
        end = len(view) if self.end is None else self.end
        return interim, bytes(view[self.start : end]), bytes(view[end:])

    def spans(self) -> list[tuple[int, int]]:
        """Where the entity-body lies in the response."""
        if self.head is None or self.framing is None:
            return []
        first = self.head.length
        if self._chunks is not None:
            return [(first + a, first + b) for a, b in self._chunks.spans]
        end = len(self.octets) if self.end is None else self.end
        return [(first, end - self.start)]

    def _head(self) -> bool:
        """Find the response's head behind any interim ones; True when it is there or the turn has ended."""
        octets, limits = self.octets, self.limits
        while True:
            # A head dripped octet by octet is searched once, not from its start each time.
            found = HEAD_END.search(octets, max(self.start, self._scanned - 2))
            length = (found.end() if found else len(octets)) - self.start
            if found is None and self._scanned - self.start < 8 and length:
                parse_head(octets, self.start)  # refuses at once what does not begin as HTTP/1 does
            if length > limits.head:
                return self._too_large(f"a head of more than {limits.head} octets")
            if found is None:
                self._scanned = len(octets)
                return False
            head = parse_head(octets, self.start)
            assert head is not None
            if head.status >= 200:
                break
            if len(self.borders) == limits.interim:
                return self._too_large(f"more than {limits.interim} interim responses")
            if len(head.fields) > limits.fields:
                return self._too_large(f"an interim response of more than {limits.fields} fields")
            self.start = self._scanned = self.start + head.length
            self.borders.append(self.start)
        self.head = head
        if len(head.fields) > limits.fields:
            return self._too_large(f"more than {limits.fields} fields")
        self.framing = frame = framing(head, self.method)
        body = self.start + head.length
        self._most = body + limits.body
        if frame.kind == "none":
            self.end = body
            self.ending = WHOLE
        elif frame.kind == "chunked":
            self._chunks = Dechunker()
        return True

    def _body(self, octets: bytes) -> None:
        """Look for the end of the body; `octets` are those of it that have just come."""
        assert self.framing is not None and self.head is not None
        have = len(self.octets)
        chunks = self._chunks
        if chunks is not None:
            before = have - len(octets)
            taken = chunks.feed(octets)
            end = before + taken if chunks.done else None
            if len(chunks.spans) > self.limits.chunks:
                self._too_large(f"more than {self.limits.chunks} chunks")
                return
        elif self.framing.length is not None:
            end = self.start + self.head.length + self.framing.length
            if have < end <= self._most:
                return
        else:
            end = None
        if min(have, end if end is not None else have) > self._most:
            self._too_large(f"a body of more than {self.limits.body} octets")
        elif end is not None and have >= end:
            self.end = end
            self.ending = WHOLE

    def _too_large(self, error: str) -> bool:
        self.ending = Ending(Outcome.TOO_LARGE, error, "length")
        return True
