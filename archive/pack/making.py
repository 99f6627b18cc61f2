"""The evidence pack of one case: gathered from archive, log and ledger as they are now, and written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive.capture import Capture
from archive.errors import NoKey, NotFound
from archive.keyring import Keyring
from archive.ledger import discretion
from archive.ledger.book import Book
from archive.ledger.export.listing import Listing
from archive.ledger.export.place import Written
from archive.ledger.rows import Plain
from archive.ledger.views import Views
from archive.manifest import SOFTWARE, canonical
from archive.note import Signer
from archive.pack import case, told
from archive.pack.files import File
from archive.pack.logged import Head
from archive.pack.place import write
from archive.prove import Report, prove
from archive.shelf import Archive

VERSION = 1
README = Path(__file__).with_name("README.txt")


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that a pack of one case is made of, before it is written."""

    archive: Archive
    head: Head
    case: str
    listing: Listing
    report: Report
    captures: list[Capture]
    tables: dict[str, list[Plain]]
    stamped: list[int]

    @classmethod
    def of(cls, archive: Archive, book: Book, views: Views, name: str, keys: Keyring) -> Gathered:
        """Raises NotFound (no such case; a capture that is not logged yet), Withheld, Damaged, BadRecord."""
        home = archive.home.path
        head = Head.of(home)
        listing = Listing.of(
            book, views=views, key=discretion.pseudonyms(home, keys), named=True, case=name,
            takedowns=discretion.takedowns(home),
        )  # fmt: skip
        one = next(listing.cases, None)
        if one is None:
            raise NotFound(f"what the ledger has of {name} is withheld")
        tables = told.tables(listing)
        registrations = [registration.subject for registration in one.registrations]
        named = [*told.named(tables), *case.decided(book, registrations)]
        captures = case.captures(archive, book, registrations, named)
        discretion.refuse(home, [capture.id for capture in captures])
        stamped = head.stamped([head.leaf(capture) for capture in captures])
        under = (head.note, head.checkpoint)
        report = prove(archive, book, one.id, keys=keys, now=datetime.fromisoformat(head.at), under=under, views=views)
        return cls(archive, head, one.id, listing, report, captures, tables, stamped)

    def files(self, *, signed: bool) -> Iterator[File]:
        members = case.members(self.archive, self.captures)
        yield File.of("README.txt", README.read_bytes())
        yield File.of("pack.json", self.told(signed=signed))
        yield File.lines("members", map(str, members))
        yield from case.files(self.archive.home.warc, members)
        yield from case.manifests(self.archive, self.captures)
        yield from self.head.proofs(self.captures)
        yield from self.head.files(self.stamped)
        yield from told.ledger(self.tables)
        yield from told.report(self.report)

    def told(self, *, signed: bool) -> bytes:
        checkpoint = self.head.checkpoint
        said = {
            "v": VERSION,
            "kind": "kartoteka pack",
            "software": SOFTWARE,
            "case": self.case,
            "head": self.listing.head,
            "as_of": self.listing.as_of,
            "checkpoint": {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex()},
            "captures": [capture.id for capture in self.captures],
            "stamped": self.stamped,
            "signed": signed,
        }
        return canonical(said) + b"\n"


def export(
    home: Path,
    name: str,
    target: Path,
    *,
    keys: Keyring | None = None,
    record: Callable[[str], None],
    note: Callable[[str], None],
) -> Written:
    """Writes the pack of a case. record: keeps that people are named before anything is handed out; given the ledger's head.

    note: is told what a person should know of it. Raises what `Gathered.of` and `write` raise.
    """
    ring = keys if keys is not None else Keyring.of(os.environ)
    with Archive.open(home) as archive, Book.open(home) as book, book.pinned(), Views.open(home, book, hold=True) as views:
        gathered = Gathered.of(archive, book, views, name, ring)
        signer = _signer(ring, gathered.head, note)
        record(gathered.listing.head)
        return write(target, gathered.files(signed=signer is not None), signer)


def _signer(keys: Keyring, head: Head, note: Callable[[str], None]) -> Signer | None:
    try:
        signer = keys.signer(head.key.name)
    except NoKey as exc:
        note(f"the pack is not signed: {exc}")
        return None
    if signer.verifier != head.key:
        note("the pack is not signed: the key at hand is not the one that signed the log")
        return None
    return signer
