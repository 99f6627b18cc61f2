"""What one append holds: the members of some visits and the rows that index them; no I/O."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from archive import manifest, warc
from archive.capture import Capture, Exchange, Outcome, Snapshot, Span, Visit
from archive.index import Entry
from archive.warc import Member, Referent, Shape


class Held(Protocol):
    """What the archive holds already, asked before a body is written once more."""

    def same_body(self, exchange: Exchange, seen: Shape) -> Referent | None:
        """A capture whose stored body has the same octets as this one, on the wire too."""
        ...

    def unmodified(self, exchange: Exchange) -> Referent | None:
        """The capture whose validators this 304 answers."""
        ...


_chance: list[str] = []  # random UUIDs not yet used: the system is asked for many at once
_VARIANT = "89ab"  # RFC 9562, 4.1: two bits say whose layout it is


def new_id() -> str:
    """A random UUID (RFC 9562, 5.4) as text; four of them go into every capture. In the writer's thread alone."""
    if not _chance:
        digits = os.urandom(16 * 256).hex()
        _chance.extend(_uuid(digits[i : i + 32]) for i in range(0, len(digits), 32))
    return _chance.pop()


def _uuid(h: str) -> str:
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{_VARIANT[int(h[16], 16) & 3]}{h[17:20]}-{h[20:]}"


def shapes(visit: Visit) -> list[Shape]:
    """A look at each response of the visit, in order."""
    said = visit.facts.get("content_type")
    return [warc.shape(exchange, said if isinstance(said, str) else None) for exchange in visit.exchanges]


def may_refer(exchange: Exchange, seen: Shape, visit: Visit, smallest: int) -> bool:
    """A revisit may stand for this body: whole, not tiny, fetched by ourselves."""
    return (
        exchange.outcome is Outcome.CAPTURED
        and exchange.truncated is None
        and seen.kind == "response"
        and "foreign" not in visit.facts
        and len(exchange.response) - exchange.head_length >= smallest
    )


@dataclass(slots=True)
class Batch:
    """Octets for one file, from `end` on, with captures numbered from `seq` on.

    chains: certificate chains that the file holds already, by digest of their PEM text, as a manifest tells them.
    """

    file: str
    end: int
    seq: int
    held: Held
    chains: dict[str, Mapping[str, Any]]
    level: int
    smallest_revisit: int
    pieces: list[bytes] = field(default_factory=list)
    captures: list[Capture] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    _bodies: dict[str, tuple[Referent, memoryview, int]] = field(default_factory=dict)

    @property
    def octets(self) -> bytes:
        return b"".join(self.pieces)

    def begin(self, at: datetime, facts: Iterable[tuple[str, str]]) -> None:
        """The file is a new one: its warcinfo comes first."""
        self._put([warc.warcinfo(new_id(), at, self.file, facts)], None)

    def add(self, visit: Visit, seen: Sequence[Shape]) -> Snapshot:
        """All of the visit or, where it raises (ValueError: facts that no manifest can hold), nothing of it."""
        end, seq = self.end, self.seq
        try:
            visit_id = new_id()
            kept = [self._add(visit, visit_id, hop, look) for hop, look in enumerate(seen)]
        except Exception:
            self.end, self.seq = end, seq
            self.captures = [c for c in self.captures if c.seq < seq]
            self.entries = [e for e in self.entries if e.span.offset < end]
            del self.pieces[len(self.entries) :]
            self.chains = {digest: told for digest, told in self.chains.items() if told["offset"] < end}
            self._bodies = {digest: held for digest, held in self._bodies.items() if held[2] < seq}
            raise
        return Snapshot(visit_id, visit.url, tuple(kept))

    def _add(self, visit: Visit, visit_id: str, hop: int, seen: Shape) -> Capture:
        exchange = visit.exchanges[hop]
        place = manifest.Place(new_id(), self.seq, visit_id, hop, self.file)
        referent = self._referent(visit, exchange, seen)
        said = visit.facts.get("content_type")
        members = warc.exchange_members(
            exchange,
            seen,
            id_=place.id,
            new_id=new_id,
            referent=referent,
            content_type=said if isinstance(said, str) else None,
            level=self.level,
        )
        chain = self._chain(exchange)
        told = self._put(members, self.seq)
        known = manifest.compose(visit, exchange, seen, place, told, chain, referent)
        block = manifest.canonical(known)
        responded = any(m.id == place.id for m in members)
        own = warc.manifest_member(exchange, new_id() if responded else place.id, place.id, block, self.level)
        span = Span(self.file, self.end, len(own.octets), own.sha256)
        self._put([own], self.seq)
        # The row is made from what is written, so that a rebuild makes the same one.
        capture = manifest.capture(known, span, hashlib.sha256(block).hexdigest())
        self.captures.append(capture)
        self.seq += 1
        if referent is None and exchange.trusted and may_refer(exchange, seen, visit, self.smallest_revisit):
            assert seen.payload_sha256 is not None
            mine = Referent(capture.id, capture.url, capture.at, seen.payload_sha256, capture.mime)
            body = memoryview(exchange.response)[exchange.head_length :]
            self._bodies.setdefault(seen.payload_sha256, (mine, body, capture.seq))
        return capture

    def _referent(self, visit: Visit, exchange: Exchange, seen: Shape) -> Referent | None:
        if exchange.outcome is Outcome.NOT_MODIFIED and seen.head is not None and seen.head.status == 304:
            return self.held.unmodified(exchange)
        if not may_refer(exchange, seen, visit, self.smallest_revisit):
            return None
        found = self.held.same_body(exchange, seen)
        if found is None and seen.payload_sha256 in self._bodies:
            mine, body, _ = self._bodies[seen.payload_sha256]
            found = mine if body == memoryview(exchange.response)[exchange.head_length :] else None
        return found

    def _chain(self, exchange: Exchange) -> Mapping[str, Any] | None:
        if exchange.tls is None or not exchange.tls.chain:
            return None
        digest = warc.chain_sha256(exchange.tls.chain)
        if digest not in self.chains:
            (self.chains[digest],) = self._put([warc.chain_member(new_id(), exchange.began, exchange.tls.chain)], self.seq)
        return self.chains[digest]

    def _put(self, members: Iterable[Member], seq: int | None) -> list[dict[str, Any]]:
        told = []
        for member in members:
            told.append(manifest.told(member, self.end))
            self.entries.append(Entry(Span(self.file, self.end, len(member.octets), member.sha256), member.kind, seq))
            self.pieces.append(member.octets)
            self.end += len(member.octets)
        return told
