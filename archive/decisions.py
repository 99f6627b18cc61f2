"""What people decided: each decision a record of its own in the archive, in the order they were made; none is ever changed.

A decision goes the way of every capture: a `resource` record whose block is canonical JSON (RFC 8785) under the address
`urn:kartoteka:decision:KIND`, with a manifest, a row of the index and a leaf of the log. So it is found by its kind, checked
by `verify`, adopted after a crash, and told again to a ledger that is made anew. A decision is taken back by another one that
names it; both stay. What a kind's `body` means is said by who makes decisions of that kind.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from archive.capture import DECISION as ADDRESS
from archive.capture import Capture, Exchange, Outcome, Visit
from archive.errors import BadRecord
from archive.manifest import canonical, plain
from archive.shelf import Archive
from archive.store import Store
from archive.warc import read_date, warc_date

VERSION: Final = 1
MEDIA_TYPE: Final = "application/json"
_KIND: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_KEYS: Final = {"v", "kind", "at", "who", "reason", "subjects", "body"}


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided, when and why. at: aware, UTC.

    kind: small letters, digits and hyphens (`identity`, `takedown`, `mirrors`). subjects: what it is about: ids of cases and
    registrations, addresses, or of another decision. body: the rest, as JSON knows it. who: as they wish to be called; None
    where they did not say.
    """

    kind: str
    at: datetime
    reason: str
    subjects: tuple[str, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict)
    who: str | None = None

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind):
            raise ValueError(f"not a kind of decision: {self.kind!r}")
        if self.at.utcoffset() != timedelta(0):
            raise ValueError(f"the time of a decision is not in UTC: {self.at!r}")
        if not self.reason.strip():
            raise ValueError("a decision without a reason")

    @property
    def address(self) -> str:
        return ADDRESS + self.kind

    @property
    def block(self) -> bytes:
        """The record's block: canonical JSON. Raises ValueError where the body has none."""
        return canonical({
            "v": VERSION, "kind": self.kind, "at": warc_date(self.at), "who": plain(self.who), "reason": plain(self.reason),
            "subjects": plain(self.subjects), "body": plain(self.body),
        })  # fmt: skip

    @classmethod
    def of(cls, block: bytes) -> Decision:
        """From a record's block. Raises BadRecord: no decision, or of a version this program does not know."""
        try:
            said = json.loads(block)
            if not isinstance(said, dict) or said.keys() != _KEYS or said["v"] != VERSION:
                raise ValueError(f"not the keys of a decision of version {VERSION}")
            subjects = said["subjects"]
            if not isinstance(said["body"], dict) or not all(isinstance(each, str) for each in subjects):
                raise ValueError("its body or its subjects are something else")
            read = cls(said["kind"], read_date(said["at"]), said["reason"], tuple(subjects), said["body"], said["who"])
            if read.block != block:
                raise ValueError("it is not spelled as canonical JSON")
            return read
        except (ValueError, TypeError, AttributeError, RecursionError) as exc:
            raise BadRecord(f"not a decision: {block[:80]!r}: {exc}") from exc


@dataclass(frozen=True, slots=True)
class Kept:
    """A decision as it lies in the archive. id: of its capture, by which a later one names it; seq: its place in the log."""

    id: str
    seq: int
    decision: Decision


def decide(store: Store, decision: Decision) -> Kept:
    """Keep a decision; it is durable on return. Raises ValueError (a body without JSON), DiskFull, Poisoned."""
    block = decision.block
    exchange = Exchange(decision.address, decision.at, 0.0, Outcome.CAPTURED, response=block)
    facts = {"content_type": MEDIA_TYPE, "decision": decision.kind}
    capture = store.keep(Visit(decision.address, (exchange,), facts)).result().last
    # As it will be read again, so that a ledger entered now and one made anew hold the same.
    return Kept(capture.id, capture.seq, Decision.of(block))


def once(store: Store, decision: Decision) -> Kept:
    """The same, unless this very decision is kept already: who was killed after keeping it may be told to keep it again."""
    block = decision.block
    digest = hashlib.sha256(block).hexdigest()
    for capture in store.archive.decided(decision.kind):
        if capture.payload_sha256 == digest:
            return Kept(capture.id, capture.seq, Decision.of(block))
    return decide(store, decision)


def decisions(archive: Archive, kind: str | None = None, *, since_seq: int | None = None) -> Iterator[Kept]:
    """What was decided, in the order of the log. kind: None for all. since_seq: from that number on.

    Raises BadRecord, Damaged where a record is not what was kept.
    """
    for capture in archive.decided(kind, since_seq=since_seq):
        yield opened(archive, capture)


def opened(archive: Archive, capture: Capture) -> Kept:
    """The decision that a capture holds. Raises BadRecord, Damaged."""
    decision = Decision.of(archive.memento(capture).entity)
    if decision.address != capture.url:
        raise BadRecord(f"{capture.id}: a decision of kind {decision.kind!r} lies under {capture.url}")
    return Kept(capture.id, capture.seq, decision)
