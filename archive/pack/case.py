"""Which captures does a case rest on, and which octets of which files are they? Nothing is read but manifests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from archive import manifest
from archive.capture import Capture
from archive.errors import Damaged
from archive.ledger import words
from archive.ledger.book import Book
from archive.ledger.judgements import CORRECTION, IDENTITY
from archive.pack.files import STEP, File
from archive.shelf import Archive


@dataclass(frozen=True, slots=True)
class Member:
    """A line of `members`. at: where it begins in the pack's file; offset: in the archive's. block: its block's digest."""

    file: str
    at: int
    length: int
    sha256: str
    offset: int
    kind: str
    capture: str
    block: str

    def __str__(self) -> str:
        return "\t".join(
            (self.file, str(self.at), str(self.length), self.sha256, str(self.offset), self.kind, self.capture, self.block)
        )


def decided(book: Book, registrations: Collection[str]) -> Iterator[str]:
    """The captures that keep what people decided of these registrations: which are one case, and which value is corrected."""
    for kind in (IDENTITY, CORRECTION):
        for kept in book.decisions(kind):
            if {words.registration(subject) for subject in kept.decision.subjects} & set(registrations):
                yield kept.id


def captures(archive: Archive, book: Book, registrations: Collection[str], named: Iterable[str]) -> list[Capture]:
    """Those whose pages speak of the registrations, and those named; with every hop of their visits, and what they stand for.

    In the order of the log. Raises NotFound where one is not in the archive.
    """
    wanted = [*(extraction.capture for extraction in book.speaking_of(registrations)), *named]
    found: dict[str, Capture] = {}
    while wanted:
        id_ = wanted.pop()
        if id_ in found:
            continue
        capture = archive.capture(id_)
        for each in archive.snapshot(capture.visit).captures:
            found[each.id] = each
            if each.refers_to is not None:
                wanted.append(each.refers_to)
    return sorted(found.values(), key=lambda capture: capture.seq)


def block(archive: Archive, capture: Capture) -> bytes:
    """The manifest as it is kept. Raises Damaged."""
    record = archive.record(capture.manifest)
    if record.block is None or record.block_sha256 != capture.manifest_sha256:
        raise Damaged(f"{capture.id}: the manifest hashes to {record.block_sha256}, not {capture.manifest_sha256}")
    return record.block


def manifests(archive: Archive, captures: Iterable[Capture]) -> Iterator[File]:
    for capture in captures:
        yield File.made(f"captures/{capture.id}.json", partial(block, archive, capture))


def members(archive: Archive, captures: Iterable[Capture]) -> list[Member]:
    """Every record that the manifests name, and their own; each once, sorted as they lie in the archive. Raises Damaged."""
    found: dict[tuple[str, int], Member] = {}
    for capture in captures:
        told, own = manifest.parse(block(archive, capture)), capture.manifest
        chain = told["tls"]["chain"] if told["tls"] else None
        for said in (*told["records"], *((chain,) if chain else ())):
            row = Member(
                told["file"], 0, said["length"], said["sha256"], said["offset"], said["kind"], capture.id, said["block_sha256"]
            )
            found.setdefault((row.file, row.offset), row)
        found[own.file, own.offset] = Member(
            own.file, 0, own.length, own.sha256, own.offset, "manifest", capture.id, capture.manifest_sha256
        )
    return list(_placed(found.values()))


def _placed(rows: Iterable[Member]) -> Iterator[Member]:
    file, at = "", 0
    for row in sorted(rows, key=lambda row: (row.file.encode(), row.offset)):
        at = at if row.file == file else 0
        yield replace(row, at=at)
        file, at = row.file, at + row.length


def files(warc: Path, members: Iterable[Member]) -> Iterator[File]:
    """A file for each of the archive's: these members of it, one behind another."""
    by_file: dict[str, list[Member]] = {}
    for member in members:
        by_file.setdefault(member.file, []).append(member)
    for name, rows in by_file.items():
        yield File(f"warc/{name}", sum(row.length for row in rows), partial(_octets, warc / name, rows))


def _octets(path: Path, rows: Iterable[Member]) -> Iterator[bytes]:
    """Raises Damaged."""
    try:
        with path.open("rb") as file:
            for row in rows:
                yield from octets(file, row.offset, row.length)
    except OSError as exc:
        raise Damaged(f"{path} cannot be read: {exc.strerror}") from exc


def octets(file: BinaryIO, offset: int, length: int) -> Iterator[bytes]:
    """Some octets of a file, in steps. Raises Damaged where it ends before them."""
    file.seek(offset)
    while length:
        piece = file.read(min(STEP, length))
        if not piece:
            raise Damaged(f"{file.name} ends before octet {offset + length}")
        length -= len(piece)
        offset += len(piece)
        yield piece
