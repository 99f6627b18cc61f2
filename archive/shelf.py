"""The archive as a reader sees it: captures found, opened and followed; read-only, without the lock."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from archive import manifest, member, message, warc
from archive.capture import DECISION, Capture, Exchange, Outcome, Snapshot, Span
from archive.errors import BadMessage, BadRecord, Damaged, NotAnArchive, NotFound
from archive.home import Home
from archive.index import Index, cdxj
from archive.member import Opened
from archive.memento import Memento
from archive.urls import filed_under
from archive.warc import Record


class Archive:
    """What is kept under one home. Usable from several threads; sees what was acknowledged before it asks.

    Whatever is opened is checked against the digest its row has: Damaged where the bytes are not what was kept.
    """

    def __init__(self, home: Home, index: Index) -> None:
        self.home = home
        self.index = index

    @classmethod
    def open(cls, home: Path) -> Archive:
        """Raises NotAnArchive, TooNew, and NotFound where the index is missing (crawl rebuild makes it)."""
        place = Home(home)
        if place.version() is None:
            raise NotAnArchive(f"{home} is no archive; `crawl url` makes one there")
        return cls(place, Index.open(place.index))

    def close(self) -> None:
        self.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # -- finding

    def captures(self, url: str | None = None, at: datetime | None = None, since_seq: int | None = None) -> Iterator[Capture]:
        """In the order of the log. url: every address of its key; at: begun no later; since_seq: from that number on."""
        return self.index.captures(None if url is None else filed_under(url), at, since_seq)

    def decided(self, kind: str | None = None, *, since_seq: int | None = None) -> Iterator[Capture]:
        """The captures that hold decisions, in the order of the log. kind: None for all."""
        keys = self.index.keys(DECISION) if kind is None else [filed_under(DECISION + kind)]
        found = heapq.merge(*(self.index.captures(key, since_seq=since_seq) for key in keys), key=lambda capture: capture.seq)
        return (capture for capture in found if capture.decision)

    def capture(self, id_: str) -> Capture:
        """Raises NotFound."""
        found = self.index.capture(id_)
        if found is None:
            raise NotFound(f"no capture {id_!r} in {self.home.path}")
        return found

    def nearest(self, url: str, at: datetime | None = None) -> Capture:
        """The whole capture (captured, revisit, not-modified) nearest to a time, else the latest. Raises NotFound."""
        found = self.index.nearest(filed_under(url), at)
        if found is None:
            raise NotFound(f"no capture of {url} in {self.home.path}")
        return found

    def deciding(self, urls: Iterable[str]) -> dict[str, Capture]:
        """The capture that ended our newest visit of each of these addresses, by address; those never visited are left out."""
        return self.index.deciding({url: filed_under(url) for url in urls})

    def snapshot(self, visit: str) -> Snapshot:
        """The captures of one visit. Raises NotFound."""
        found = self.index.visit(visit)
        if not found:
            raise NotFound(f"no visit {visit!r} in {self.home.path}")
        return Snapshot(visit, self.requested(found[0]), tuple(found))

    def files(self) -> list[Path]:
        """The WARC files that rows point into, in the order they were written."""
        return [self.home.warc / name for name in self.index.files()]

    def cdxj(self, url: str | None = None) -> list[str]:
        """Index lines for other people's replayers, byte-sorted; decisions are no pages, and are left out."""
        return cdxj(capture for capture in self.captures(url) if not capture.decision)

    # -- opening

    def record(self, span: Span) -> Record:
        """The record at a place. Raises Damaged."""
        path = self.home.warc / span.file
        try:
            record = warc.read_member(path, span.offset, span.length)
        except FileNotFoundError as exc:
            raise Damaged(f"{span.file} is missing") from exc
        if record.sha256 != span.sha256:
            raise Damaged(f"{span.file} at {span.offset}: the member hashes to {record.sha256}, not {span.sha256}")
        return record

    def manifest(self, capture: Capture) -> dict[str, Any]:
        """All that is known of a capture beside its bytes. Raises Damaged."""
        block = self._opened(capture.manifest).block
        if (digest := hashlib.sha256(block).hexdigest()) != capture.manifest_sha256:
            raise Damaged(f"{capture.id}: the manifest hashes to {digest}, not {capture.manifest_sha256}")
        return manifest.parse(block)

    def known(self, capture: Capture) -> datetime:
        """Since when this archive holds it: our own since they were taken, what others kept since it was taken in.

        Where no manifest says when that was (before 0.2), it is the time that the file gives.
        """
        if capture.foreign is None:
            return capture.at
        said = self.manifest(capture)["facts"].get("taken_from", {}).get("taken")
        return capture.at if said is None else datetime.fromisoformat(said)

    def requested(self, capture: Capture) -> str:
        """The address the visit was asked for, before any redirect."""
        return str(self.manifest(capture)["requested"])

    def exchange(self, capture: Capture) -> Exchange:
        """Both directions as they were received, a revisit's body put back. Raises Damaged."""
        told = self.manifest(capture)
        chain: tuple[bytes, ...] = ()
        for kind, span in manifest.spans(told):
            if kind == "chain":
                chain = warc.certificates(self._opened(span).block)
        body = self._wire_body(capture) if capture.outcome is Outcome.REVISIT else b""
        return manifest.exchange(told, lambda span: self._opened(span).block, chain, body)

    def memento(self, capture: Capture) -> Memento:
        """The capture opened for reading, revisits and 304 answers resolved to the body they stand for.

        Raises NotFound where no page was received, Damaged where the bytes are not what was kept.
        """
        if capture.record is None or capture.payload_sha256 is None:
            said = f": {capture.error}" if capture.error else ""
            raise NotFound(f"{capture.id} holds no page of {capture.url}: {capture.outcome}{said}")
        if capture.outcome is Outcome.NOT_MODIFIED and capture.refers_to is not None:
            was = self.memento(self.capture(capture.refers_to))
            opened = (was.status, was.fields, was.entity)
        else:
            opened = self._answer(capture)
        if hashlib.sha256(opened[2]).hexdigest() != capture.payload_sha256:
            raise Damaged(f"{capture.id}: the body does not hash to {capture.payload_sha256}")
        return Memento(capture.url, *opened, capture.at, capture.outcome, capture, capture.trusted)

    def _opened(self, span: Span) -> Opened:
        """What a capture's opening needs of the record at a place. Raises Damaged, and BadRecord for one too large."""
        if (found := member.opened(self.home.warc / span.file, span)) is not None:
            return found
        record = self.record(span)
        if record.block is None:
            raise BadRecord(f"{record.file} at {record.offset}: a block of {record.block_length} octets is too large to open")
        return Opened(record.type or "", record.get("Content-Type") or "", record.block)

    def _answer(self, capture: Capture) -> tuple[int | None, tuple[tuple[str, str], ...], bytes]:
        assert capture.record is not None
        record = self._opened(capture.record)
        octets = record.block
        if record.type == "resource":  # a page saved without its head
            return None, (("Content-Type", record.content_type),), octets
        if capture.outcome is Outcome.REVISIT:
            octets += self._wire_body(capture)
        try:
            opened = Memento.of_message(capture.url, octets)
        except BadMessage as exc:
            raise Damaged(f"{capture.id}: the record is no response: {exc}") from exc
        return opened.status, opened.fields, opened.entity

    def _wire_body(self, capture: Capture) -> bytes:
        if capture.refers_to is None:
            raise Damaged(f"{capture.id}: a revisit that refers to nothing")
        return self.wire_body(self.capture(capture.refers_to))

    def wire_body(self, capture: Capture) -> bytes:
        """What followed the head of a response that is held whole, as it was on the wire. Raises Damaged."""
        if capture.record is None or capture.outcome is Outcome.REVISIT:
            raise Damaged(f"{capture.id} holds no body of its own")
        octets = self._opened(capture.record).block
        head = self.head(octets, capture)
        return octets[head.length :]

    def head(self, octets: bytes, capture: Capture) -> message.Head:
        """Raises Damaged where the octets do not begin with a response's head."""
        try:
            head = message.parse_head(octets)
        except BadMessage as exc:
            raise Damaged(f"{capture.id}: the record is no response: {exc}") from exc
        if head is None:
            raise Damaged(f"{capture.id}: the head of the response has no end")
        return head
