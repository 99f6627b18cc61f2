"""Captures as a package that others' tools open: WACZ 1.1.1, written as a stream.

    archive/NAME.warc.gz           the records of these captures as they were received, under the name of their file
    indexes/index.cdx.gz, .idx     CDXJ, sorted, in blocks of gzip
    pages/pages.jsonl              what a person may open: captures of HTML that answered with 200
    kartoteka/checkpoint.txt       the head of the log, signed; `vkey.txt` its key
    kartoteka/proofs.jsonl         for each capture its leaf and the path to that head, as a c2sp.org/tlog-proof has them
    kartoteka/key.txt              the key that signed the package, vouched for by the log's
    datapackage.json, datapackage-digest.json     what all of them hash to, and the signature over that (`seal`)

The same head of the log gives the same octets. `created` is therefore when the last capture under the head was made, and
not when somebody asked for the package.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import heapq
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO

from archive import manifest, records, tree
from archive.capture import Capture, Span
from archive.disk import Disk
from archive.errors import BadRecord, Damaged, NoKey, NotFound
from archive.index import cdxj
from archive.keyring import Keyring
from archive.ledger.export.place import Written, made
from archive.log import Log, entry, find, highest, told
from archive.manifest import SOFTWARE
from archive.note import Checkpoint, Note, Signer, Verifier
from archive.seal import Seal, fingerprint
from archive.shelf import Archive
from archive.tiles import Tiles
from archive.zipped import LARGE, Zipped

VERSION = "1.1.1"  # what its validator accepts
BLOCK = 3000  # lines of the index that are packed together, as cdxj-indexer does
SPILL = 50_000  # lines that are sorted in memory
STEP = 256 * 1024
HTML = ("text/html", "application/xhtml+xml")
OURS = "urn:kartoteka:"  # addresses of what people decided or handed in: no pages
ABOUT = (
    "Captures of a kartoteka archive, as they were received. The folder kartoteka/ holds proofs that each was in an "
    "append-only log under a signed checkpoint. The signature in datapackage-digest.json is anonymous (wacz-auth 0.1.0): it "
    "shows that the package was not changed since, and not by whom or when it was made."
)


@dataclass(frozen=True, slots=True)
class Head:
    """The log's newest checkpoint, its key, and the highest number of a capture under it."""

    note: Note
    checkpoint: Checkpoint
    key: Verifier
    tiles: Tiles
    last: int

    @classmethod
    def of(cls, home: Path) -> Head | None:
        """None where nothing was signed. Raises BadRecord, Damaged."""
        log = Log(home)
        signed, key = log.signed(), log.verifier()
        if signed is None or key is None or not signed[1].size:
            return None
        tiles = Tiles(log.folder, signed[1].size)
        return cls(*signed, key, tiles, highest(tiles))

    @property
    def at(self) -> str:
        return str(told(self.tiles.entry(self.checkpoint.size - 1))["at"])


@dataclass
class Sorter:
    """Lines sorted by their octets; more than SPILL of them wait in nameless files."""

    stack: ExitStack
    lines: list[bytes] = field(default_factory=list)
    runs: list[IO[bytes]] = field(default_factory=list)

    def add(self, line: bytes) -> None:
        self.lines.append(line)
        if len(self.lines) >= SPILL:
            run = self.stack.enter_context(TemporaryFile())  # noqa: SIM115
            run.writelines(sorted(self.lines))
            run.seek(0)
            self.runs.append(run)
            self.lines.clear()

    def sorted(self) -> Iterator[bytes]:
        return heapq.merge(*self.runs, sorted(self.lines))


@dataclass
class Packing:
    """One package while it is written. listed: its resources so far."""

    archive: Archive
    head: Head | None
    place: Zipped
    index: Sorter
    pages: IO[bytes]
    proofs: IO[bytes]
    listed: list[dict[str, Any]] = field(default_factory=list)
    captures: int = 0
    newest: str = ""

    def add(self, name: str, pieces: Iterable[bytes], *, large: bool = False) -> None:
        """A file, and its line in datapackage.json."""
        digest, size = hashlib.sha256(), 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                yield piece

        self.place.add(name, counted(), large=large)
        short = name.rpartition("/")[2].lower()
        self.listed.append({"name": short, "path": name, "hash": f"sha256:{digest.hexdigest()}", "bytes": size})

    # -- the records, and what is told of each capture while they go by

    def records(self, captures: Iterable[Capture]) -> None:
        waiting = _Peeked(iter(captures))
        used: set[str] = set()
        while (first := waiting.next) is not None:
            file, number = first.manifest.file, 1
            name = file
            while name in used:
                number += 1
                name = file.replace(".warc.gz", f"-{number}.warc.gz")
            used.add(name)
            path = self.archive.home.warc / file
            self.add(f"archive/{name}", self.file(path, name, waiting), large=path.stat().st_size >= LARGE)

    def file(self, path: Path, name: str, waiting: _Peeked) -> Iterator[bytes]:
        """The records of the captures that come next and lie in this file; its warcinfo before them."""
        written: dict[int, int] = {}  # records that several captures share: where they lie now
        at = 0
        with path.open("rb") as file:
            for length in _warcinfo(file):
                yield from _octets(file, 0, length)
                at = length
            while waiting.next is not None and waiting.next.manifest.file == path.name:
                capture = waiting.take()
                spans = [*manifest.spans(self.archive.manifest(capture)), ("manifest", capture.manifest)]
                new: dict[int, int] = {}
                for kind, span in sorted(spans, key=lambda each: each[1].offset):
                    if span.offset in written:
                        continue
                    yield from _checked(file, span)
                    new[span.offset] = at
                    if kind == "chain":
                        written[span.offset] = at
                    at += span.length
                self.tell(capture, name, new)

    def tell(self, capture: Capture, name: str, places: dict[int, int]) -> None:
        self.captures += 1
        self.newest = max(self.newest, _time(capture))
        if capture.record is not None:
            place = replace(capture.record, file=name, offset=places[capture.record.offset])
            for line in cdxj([replace(capture, record=place)]):
                self.index.add(line.encode())
        if capture.status == 200 and capture.mime in HTML and capture.payload_sha256 is not None:
            self.pages.write(_line({"id": capture.id, "url": capture.url, "ts": _time(capture)}))
        if self.head is not None:
            self.proofs.write(_line(_proof(self.head, capture)))

    # -- the rest

    def indexes(self) -> None:
        blocks: list[bytes] = [b'!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}\n']
        self.add("indexes/index.cdx.gz", self._blocks(blocks))
        self.add("indexes/index.idx", blocks)

    def _blocks(self, told: list[bytes]) -> Iterator[bytes]:
        at, held = 0, list[bytes]()

        def packed() -> bytes:
            octets = gzip.compress(b"".join(held), mtime=0)
            said = {"offset": at, "length": len(octets), "digest": f"sha256:{hashlib.sha256(octets).hexdigest()}"}
            told.append(b" ".join(held[0].split(b" ")[:2]) + b" " + json.dumps(said).encode() + b"\n")
            return octets

        for line in self.index.sorted():
            held.append(line)
            if len(held) == BLOCK:
                block = packed()
                at += len(block)
                held.clear()
                yield block
        if held:
            yield packed()

    def kept(self, name: str, file: IO[bytes]) -> None:
        """What was written into a nameless file."""
        file.seek(0)
        self.add(name, iter(lambda: file.read(STEP), b""))

    def datapackage(self, seal: Seal | None) -> None:
        created = (self.head.at if self.head is not None else self.newest or "1980-01-01T00:00:00")[:19].rstrip("Z") + "Z"
        said = {
            "profile": "data-package",
            "wacz_version": VERSION,
            "title": f"{self.captures} captures",
            "description": ABOUT,
            "created": created,
            "software": SOFTWARE,
            "resources": self.listed,
        }
        octets = json.dumps(said, ensure_ascii=False, indent=1).encode() + b"\n"
        self.place.add("datapackage.json", (octets,))
        digest: dict[str, object] = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(octets).hexdigest()}"}
        if seal is not None:
            digest["signedData"] = seal.sign(str(digest["hash"]), created, SOFTWARE)
        self.place.add("datapackage-digest.json", (json.dumps(digest, indent=1).encode() + b"\n",))


@dataclass
class _Peeked:
    """Captures in the order of the log, of which one may be looked at before it is taken."""

    rest: Iterator[Capture]
    next: Capture | None = None

    def __post_init__(self) -> None:
        self.next = next(self.rest, None)

    def take(self) -> Capture:
        taken = self.next
        assert taken is not None
        self.next = next(self.rest, None)
        return taken


def export(
    archive: Archive, target: Path, captures: Iterable[Capture], *, keys: Keyring, note: Callable[[str], None]
) -> Written:
    """Writes the package of these captures, in the order of the log; of an archive with a log only those under its head.

    `rows`: captures. Raises Damaged, BadRecord, DiskFull, NotFound where nothing is left to pack."""
    head = Head.of(archive.home.path)
    seal, vouched = _sealed(head, keys, note)
    count = 0

    def fill(part: Path) -> None:
        nonlocal count
        with ExitStack() as stack:
            place = stack.enter_context(Zipped(stack.enter_context(part.open("wb"))))
            pages, proofs = (stack.enter_context(TemporaryFile()) for _ in range(2))
            packing = Packing(archive, head, place, Sorter(stack), pages, proofs)
            pages.write(_line({"format": "json-pages-1.0", "id": "pages", "title": "Pages"}))
            packing.records(c for c in captures if head is None or c.seq <= head.last)
            if not packing.captures:
                raise NotFound("there is no capture to pack")
            packing.indexes()
            packing.kept("pages/pages.jsonl", packing.pages)
            if head is not None:
                packing.add("kartoteka/checkpoint.txt", (bytes(head.note),))
                packing.kept("kartoteka/proofs.jsonl", packing.proofs)
                packing.add("kartoteka/vkey.txt", (f"{head.key}\n".encode(),))
            if vouched is not None:
                packing.add("kartoteka/key.txt", (bytes(vouched),))
            packing.datapackage(seal)
            count = packing.captures

    written = made(target, 0, fill)
    return Written(written.file, count, written.sha256, written.octets)


def _sealed(head: Head | None, keys: Keyring, note: Callable[[str], None]) -> tuple[Seal | None, Note | None]:
    """The key of packages, and the log's word for it; made at the first call. None where the log's key is not at hand."""
    if head is None:
        note("the package is not signed: nothing of this archive is in a signed log yet (`crawl log checkpoint`)")
        return None, None
    try:
        signer: Signer = keys.signer(head.key.name)
        if signer.verifier != head.key:
            raise NoKey("the key at hand is not the one that signed the log")
        seal = Seal(keys.secret(f"{head.key.name}.wacz", Disk()))
    except NoKey as exc:
        note(f"the package is not signed: {exc}")
        return None, None
    text = f"kartoteka wacz key v1\n{fingerprint(seal.public)}\n"
    return seal, Note(text, (signer.sign(text),))


def shown(captures: Iterable[Capture], withheld: dict[str, str]) -> Iterator[Capture]:
    """Those that may go out: no decision and nothing that people handed in, nothing that was taken down or stands for it."""
    for capture in captures:
        if not capture.url.startswith(OURS) and capture.id not in withheld and (capture.refers_to or "") not in withheld:
            yield capture


def _proof(head: Head, capture: Capture) -> dict[str, object]:
    at = find(head.tiles, capture.seq)
    if at is None or head.tiles.entry(at) != entry(capture):
        raise Damaged(f"capture {capture.id} is not what was logged: run `crawl verify`")
    path = tree.inclusion(at, head.checkpoint.size, head.tiles.node)
    return {
        "capture": capture.id,
        "index": at,
        "leaf": base64.b64encode(head.tiles.entry(at)).decode(),
        "path": [base64.b64encode(each).decode() for each in path],
    }


def _warcinfo(file: BinaryIO) -> Iterator[int]:
    """How long the warcinfo record is that a file begins with."""
    record = next(records.walk(file), None)
    if record is not None:
        records.finish(record)
        if record.type == "warcinfo" and record.readable and not record.faults:
            yield record.length


def _checked(file: BinaryIO, span: Span) -> Iterator[bytes]:
    """The octets of a member, hashed while they go by. Raises Damaged."""
    digest = hashlib.sha256()
    for piece in _octets(file, span.offset, span.length):
        digest.update(piece)
        yield piece
    if digest.hexdigest() != span.sha256:
        raise Damaged(f"{span.file} at {span.offset}: the member hashes to {digest.hexdigest()}, not {span.sha256}")


def _octets(file: BinaryIO, offset: int, length: int) -> Iterator[bytes]:
    file.seek(offset)
    while length:
        piece = file.read(min(STEP, length))
        if not piece:
            raise BadRecord(f"{file.name} ends before octet {offset + length}")
        length -= len(piece)
        yield piece


def _time(capture: Capture) -> str:
    return capture.at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _line(said: dict[str, object]) -> bytes:
    return (json.dumps(said, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
