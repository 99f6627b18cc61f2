"""Takes in what others kept: WARC, ARC, WACZ and saved pages; tolerant, bounded, and never stamped as ours.

Each response, revisit or resource of a web address becomes a capture with the time that its file gives, marked
`foreign`; its manifest says which file it came from (name, sha256, record, offset, software), and of a package also
which of its files (`member`) and the digest of its datapackage.json. Octets are taken as they are. A revisit gets the
body it stands for where that is at hand and its digest agrees. What cannot be read is told with the reason, and what
can be read is kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from archive import arc, records, standard
from archive.capture import TRUNCATIONS, Capture, Exchange, Outcome, Snapshot, Visit
from archive.errors import ArchiveError, BadMessage, Damaged, NotFound
from archive.foreign import kind_of, packed_otherwise
from archive.message import entity, parse_head
from archive.records import Record
from archive.savedpage import Part, saved_page
from archive.store import Store
from archive.wacz import Package
from archive.warc import CHAIN

LARGEST = 256 * 1024 * 1024  # octets of one record that is taken in
LARGEST_REQUEST = 1024 * 1024
LARGEST_INFO = 64 * 1024
MOST_BODIES = 100_000  # of a file or package, remembered for its revisits
MOST_LATER = 10_000  # revisits that wait for a body that may still come ...
LATER_OCTETS = 32 * 1024 * 1024  # ... and what their heads and requests may hold
TRIED = 20  # held captures of an address looked at for a revisit's body
BODIED = (Outcome.CAPTURED, Outcome.REVISIT)
WEB = ("http://", "https://", "ftp://")
ORIGIN = (
    "WARC-Record-ID", "WARC-Date", "WARC-IP-Address", "WARC-Block-Digest", "WARC-Payload-Digest", "WARC-Profile",
    "WARC-Refers-To", "WARC-Refers-To-Target-URI", "WARC-Refers-To-Date", "WARC-Truncated",
)  # fmt: skip
SOFTWARE = ("software", "operator", "hostname", "http-header-user-agent", "isPartOf")


@dataclass(frozen=True, slots=True)
class Untaken:
    """A record, or a whole file (number None), that was not taken in, and why. offset: octets into the file."""

    file: str
    number: int | None
    offset: int | None
    url: str | None
    reason: str

    def __str__(self) -> str:
        record = "" if self.number is None else f" record {self.number} {self.url or ''}"
        return f"{self.file}{record}: {self.reason}"


def take(
    store: Store, path: Path, *, url: str | None = None, at: datetime | None = None, order: str | None = None
) -> Iterator[Snapshot | Untaken]:
    """Each capture as soon as it is durable, and each record that was not taken in, in the order of the file.

    url: makes of any other file a saved page of that address, whatever the file says; received at `at` (UTC; None: when the
    file says that it was saved, else now, when we got it).
    order: by whose order; what was kept by the same order before is given again, and not kept again.
    Raises NotFound where there is no such file, and what `store.keep` raises (DiskFull, Poisoned).
    """
    if not path.is_file():
        raise NotFound(f"there is no file {path}")
    source: dict[str, object] = {"file": path.name, "sha256": _sha256(path), "taken": datetime.now(UTC).isoformat()}
    held: dict[tuple[object, ...], Capture] = {}
    if order is not None:
        source["order"] = order
        held = _held(store, path.name, source)
    with path.open("rb") as file:
        kind = kind_of(file)
        otherwise = packed_otherwise(file)
    named = path.name.endswith((".warc", ".warc.gz"))
    if kind == "unknown" and (url is not None or not (otherwise or named)):
        yield from _saved(store, path, url, source, at, held)
    elif otherwise:
        yield Untaken(path.name, None, None, None, otherwise)
    else:
        with path.open("rb") as file:
            taking = _Taking(store, path.name, held=held)
            yield from taking.package(file, source) if kind == "zip" else taking.records(file, kind, path.name, source)
            yield from taking.rest()


def _saved(
    store: Store,
    path: Path,
    url: str | None,
    source: Mapping[str, object],
    at: datetime | None,
    held: Mapping[tuple[object, ...], Capture],
) -> Iterator[Snapshot | Untaken]:
    """A page that a person saved, and what lies in the same file. Of what was saved beside it no address is known."""
    if path.stat().st_size > LARGEST:
        yield Untaken(path.name, None, None, url, f"a saved page of more than {LARGEST} octets")
        return
    found = saved_page(path.read_bytes(), path.name)
    for fault in found.faults:
        yield Untaken(path.name, None, None, None, fault)
    told = {**source, "kind": found.kind}
    if found.at is not None:
        told["saved"] = found.at.isoformat()
    if beside := _beside(path):
        told["beside"] = f"{beside} files in its folder, not taken in: their addresses are not known"
    address = url or (found.page.url if found.page is not None else None)
    if found.page is not None and (address is None or not address.lower().startswith(WEB)):
        why = "neither WARC, ARC nor WACZ; a saved page needs --url, the address it is of"
        yield Untaken(path.name, None, None, address, why if address is None else "no address of the web: name one by --url")
        return
    for part, where in [*([(found.page, address)] if found.page else []), *((part, part.url) for part in found.others)]:
        if where is None or not where.lower().startswith(WEB):
            yield Untaken(path.name, part.number, None, where, "no address of the web: it is left where it is")
            continue
        if (before := held.get(_place({"number": part.number}))) is not None:
            yield store.archive.snapshot(before.visit)
            continue
        try:
            yield store.keep(saved(path, part, where, told, at or found.at)).result()
        except ValueError as exc:
            yield Untaken(path.name, part.number, None, where, f"the archive does not take it: {exc}")


def saved(path: Path, part: Part, url: str, source: Mapping[str, object], at: datetime | None) -> Visit:
    """A document that a person saved: its octets, no head, and nothing said of a server. at: None: now, when we got it."""
    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    facts = {
        "foreign": path.name,
        "content_type": part.media,
        "taken_from": {"kind": "saved page", **source, "number": part.number, "modified": modified.isoformat()},
    }
    exchange = Exchange(
        url=url, began=at or datetime.now(UTC), elapsed=0.0, outcome=Outcome.CAPTURED, response=part.octets, flags=("foreign",)
    )
    return Visit(url, (exchange,), facts)


def _beside(path: Path) -> int:
    """How many files a browser has put into the folder that goes with a page saved whole."""
    folders = [path.with_name(f"{path.stem}{suffix}") for suffix in ("_files", ".files")]
    return sum(1 for folder in folders if folder.is_dir() for each in folder.iterdir() if each.is_file())


@dataclass(frozen=True, slots=True)
class _Met:
    """A record with its block, and which file it is from."""

    record: Record
    octets: bytes
    request: bytes
    name: str
    origin: Mapping[str, object]


@dataclass(slots=True)
class _Taking:
    """One file or package while it is taken in: the exchange that is being put together, and where bodies lie."""

    store: Store
    file: str  # that was named: what `foreign` says
    name: str = ""  # as people are told: a package's member behind its package
    source: Mapping[str, object] = field(default_factory=dict)
    info: dict[str, str] = field(default_factory=dict)
    request: tuple[str, str, bytes] | None = None  # target, date, octets: before its response, or behind it
    waiting: tuple[Record, bytes] | None = None  # a response whose request may still come
    bodies: dict[tuple[str, str], str] = field(default_factory=dict)  # digest -> capture, of this file or package
    later: list[_Met] = field(default_factory=list)  # revisits whose body was not met yet
    later_octets: int = 0
    held: Mapping[tuple[object, ...], Capture] = field(default_factory=dict)  # by `_place`: kept by the same order before

    def package(self, file: IO[bytes], source: Mapping[str, object], *, inside: str = "") -> Iterator[Snapshot | Untaken]:
        """Each WARC or ARC file of a package, and of the packages in it, one level deep."""
        package = Package.open(file)
        where = f"{self.file}: {inside}" if inside else self.file
        for fault in package.faults:
            yield Untaken(where, None, None, None, fault)
        told = {"datapackage": f"sha256:{hashlib.sha256(package.told).hexdigest()}"} if package.told is not None else {}
        nested = [] if inside else package.nested()
        found = package.archived()
        for entry in [*found, *nested]:
            member = f"{inside}!{entry.name}" if inside else entry.name
            if not entry.faults and not package.vouches(entry):
                why = "datapackage.json does not list it, and so nothing vouches for it"
                yield Untaken(f"{self.file}: {member}", None, None, None, why)
                continue
            try:
                with package.look(entry) as octets:
                    if entry in nested:
                        yield from self.package(octets, {**source, **told}, inside=member)
                    else:
                        kind = kind_of(octets)
                        yield from self.records(octets, kind, f"{self.file}: {member}", {**source, **told, "member": member})
            except Damaged as exc:
                yield Untaken(f"{self.file}: {member}", None, None, None, str(exc))
        if not found and not nested:
            yield Untaken(where, None, None, None, "no WARC file in the archive/ folder of this package")

    def records(self, file: IO[bytes], kind: str, name: str, source: Mapping[str, object]) -> Iterator[Snapshot | Untaken]:
        """The records of one WARC or ARC file."""
        self.name, self.source, self.info, self.request = name, source, {}, None
        for record in arc.walk(file) if kind == "arc" else records.walk(file, inner=True):
            if record.version is None:
                records.finish(record)
                yield self._untaken(record, "; ".join(map(str, record.faults)))
            elif record.type == "warcinfo":
                yield from self._flush()
                self._warcinfo(record)
            elif record.type == "request":
                yield from self._request(record)
            elif record.type in ("response", "resource", "revisit"):
                yield from self._flush()
                yield from self._take(record)
            records.finish(record)
        yield from self._flush()

    def rest(self) -> Iterator[Snapshot | Untaken]:
        """After all of it: the revisits whose body came behind them, or did not come."""
        later, self.later = self.later, []
        for met in later:
            yield from self._keep(met, last=True)

    def _warcinfo(self, record: Record) -> None:
        text = _read(record, LARGEST_INFO) or b""
        fields = (line.partition(":") for line in text.decode("utf-8", "replace").splitlines())
        said = {name.strip(): value.strip() for name, _, value in fields}
        self.info = {name: said[name][:500] for name in SOFTWARE if said.get(name)}

    def _request(self, record: Record) -> Iterator[Snapshot | Untaken]:
        octets = _read(record, LARGEST_REQUEST)
        key = _target(record), record.get("WARC-Date") or ""
        if self.waiting is not None and key != _key(self.waiting[0]):
            yield from self._flush()
        self.request = (*key, octets) if octets is not None else None

    def _take(self, record: Record) -> Iterator[Snapshot | Untaken]:
        target = _target(record)
        if target.startswith(CHAIN):
            return  # what an archive of this kind keeps of a connection, beside its captures: passed over, as metadata are
        if not target.lower().startswith(WEB):
            yield self._untaken(record, "no address of the web: it is left where it is")
            return
        octets = _read(record, LARGEST)
        records.finish(record)
        if octets is None:
            whole = f"more than {LARGEST} octets" if (record.size or 0) > LARGEST else "; ".join(map(str, record.faults))
            yield self._untaken(record, whole or "its block cannot be read")
            return
        self.waiting = (record, octets)
        if self.request is not None and self.request[:2] == _key(record):
            yield from self._flush()

    def _flush(self) -> Iterator[Snapshot | Untaken]:
        """The exchange is whole: it is kept."""
        if self.waiting is None:
            return
        (record, octets), self.waiting = self.waiting, None
        matching = self.request is not None and self.request[:2] == _key(record)
        request = self.request[2] if matching and self.request else b""
        self.request = None
        yield from self._keep(_Met(record, octets, request, self.name, self._origin(record)))

    def _keep(self, met: _Met, *, last: bool = False) -> Iterator[Snapshot | Untaken]:
        before = self.held.get(_place(met.origin))
        if before is not None:
            self._remember(met.record, before)
            yield self.store.archive.snapshot(before.visit)
            return
        body = None
        if met.record.type == "revisit":
            body = self._body(met)
            size = len(met.octets) + len(met.request) + 4096
            room = len(self.later) < MOST_LATER and self.later_octets + size <= LATER_OCTETS
            if body is None and not last and room and met.record.get("WARC-Payload-Digest"):
                self.later.append(met)
                self.later_octets += size
                return
        try:
            visit = self._visit(met, body)
        except ValueError as exc:
            yield Untaken(met.name, met.record.number, met.record.offset, _target(met.record) or None, str(exc))
            return
        try:
            snapshot = self.store.keep(visit).result()
        except ValueError as exc:
            why = f"the archive does not take it: {exc}"
            yield Untaken(met.name, met.record.number, met.record.offset, _target(met.record) or None, why)
            return
        self._remember(met.record, snapshot.last)
        yield snapshot

    def _remember(self, record: Record, capture: Capture) -> None:
        """A whole body, by the digest its record has and by ours: a revisit may stand for it."""
        if record.type == "revisit" or capture.outcome is not Outcome.CAPTURED or capture.payload_sha256 is None:
            return
        said = standard.digest(record.get("WARC-Payload-Digest") or "")
        for digest in {said or ("sha256", capture.payload_sha256), ("sha256", capture.payload_sha256)}:
            if len(self.bodies) < MOST_BODIES:
                self.bodies.setdefault(digest, capture.id)

    def _body(self, met: _Met) -> tuple[Capture, bytes] | None:
        """The held capture that a revisit stands for, and what follows the revisit's head; None where none is at hand.

        The digest that the revisit names decides, over octets that are read again here: nobody's word is taken for it.
        """
        wanted = standard.digest(met.record.get("WARC-Payload-Digest") or "")
        try:
            head = parse_head(met.octets)
        except BadMessage:
            return None
        if wanted is None or head is None or head.status < 200 or head.status in (204, 304) or met.octets[head.length :]:
            return None
        archive = self.store.archive
        for capture in self._candidates(met.record, wanted):
            try:
                memento = archive.memento(capture)
                if not _is_of(wanted, memento.entity):
                    continue
                chunked = head.get(b"transfer-encoding") is not None
                body = memento.entity
                if chunked and (memento.header("Transfer-Encoding") or "") and capture.outcome is Outcome.CAPTURED:
                    body = archive.wire_body(capture)
                if entity(met.octets + body) == memento.entity:
                    return capture, body
            except ArchiveError:
                continue  # what is held cannot be read: it stands for nothing
        return None

    def _candidates(self, record: Record, wanted: tuple[str, str]) -> Iterator[Capture]:
        """Of this file or package by digest; then whole captures of the addresses that the record names, nearest first."""
        archive = self.store.archive
        here = self.bodies.get(wanted)
        if here is not None:
            yield archive.capture(here)
        try:
            at = _date(record.get("WARC-Refers-To-Date") or record.get("WARC-Date") or "")
        except ValueError:
            return
        for url in dict.fromkeys((_bare(record.get("WARC-Refers-To-Target-URI")), _target(record))):
            if not url.lower().startswith(WEB):
                continue
            try:
                held = [c for c in archive.captures(url) if c.payload_sha256 and c.trusted and c.outcome in BODIED]
            except ValueError:
                continue  # no address that anything could be filed under
            if wanted[0] == "sha256":
                held = [c for c in held if c.payload_sha256 == wanted[1]]
            yield from sorted(held, key=lambda c: abs(c.at - at))[:TRIED]
        if wanted[0] == "sha256":
            yield from archive.index.referable([wanted[1]]).get(wanted[1], [])[:TRIED]

    def _visit(self, met: _Met, body: tuple[Capture, bytes] | None) -> Visit:
        """Raises ValueError where the record does not say a time."""
        record, octets = met.record, met.octets
        url, at = _target(record), _date(record.get("WARC-Date") or "")
        flags = ["foreign", *_digest_flags(record, octets)]
        truncated = _truncated(record)
        status, head_length, outcome, beyond = None, 0, Outcome.CAPTURED, b""
        facts: dict[str, object] = {"foreign": self.file, "taken_from": dict(met.origin)}
        if record.type == "resource":
            facts["content_type"] = (record.get("Content-Type") or "application/octet-stream")[:200]
        else:
            try:
                head = parse_head(octets)
            except BadMessage:
                head = None
            if head is None or head.status < 200:
                outcome = Outcome.BAD_HTTP
            else:
                status, head_length = head.status, head.length
                if status in (204, 304):  # such an answer has no body: what follows is beyond it
                    octets, beyond = octets[:head_length], octets[head_length:]
        if record.type == "revisit":
            # The body lies in another record, perhaps of another file: what came with this visit is its head.
            flags.append("foreign-revisit")
            truncated = "length" if status != 304 else truncated
            if body is not None:
                held, rest = body
                octets, truncated = octets + rest, None
                flags.append("foreign-revisit-resolved")
                facts["body_from"] = {"capture": held.id, "url": held.url, "foreign": held.foreign}
        if status == 304:
            outcome = Outcome.NOT_MODIFIED
        elif truncated and outcome is Outcome.CAPTURED:
            outcome = Outcome.TRUNCATED
        exchange = Exchange(
            url=url, began=at, elapsed=0.0, outcome=outcome, request=met.request, response=octets, head_length=head_length,
            status=status, surplus=beyond, truncated=truncated, flags=tuple(flags),
        )  # fmt: skip
        return Visit(url, (exchange,), facts)

    def _origin(self, record: Record) -> dict[str, object]:
        said: dict[str, object] = {name: value[:2000] for name in ORIGIN if (value := record.get(name)) is not None}
        place = {"type": record.type, "offset": record.offset, "length": record.length, "number": record.number}
        return {**self.source, **place, "fields": said, "warcinfo": dict(self.info)}

    def _untaken(self, record: Record, reason: str) -> Untaken:
        return Untaken(self.name, record.number, record.offset, _target(record) or None, reason)


def _held(store: Store, name: str, source: Mapping[str, object]) -> dict[tuple[object, ...], Capture]:
    """What an order has kept of a file already, by its place there."""
    found = {}
    for capture in store.archive.captures():
        if capture.foreign == name:
            told = store.archive.manifest(capture)["facts"].get("taken_from", {})
            if (told.get("order"), told.get("sha256")) == (source["order"], source["sha256"]):
                found[_place(told)] = capture
    return found


def _place(origin: Mapping[str, object]) -> tuple[object, ...]:
    return origin.get("member"), origin.get("offset"), origin.get("number")


def _read(record: Record, limit: int) -> bytes | None:
    """The block; None where it is larger than the limit, or is not all there."""
    if not record.readable or record.size is None or record.size > limit:
        return None
    octets = b"".join(record.block())
    return octets if len(octets) == record.size else None


def _target(record: Record) -> str:
    return _bare(record.get("WARC-Target-URI"))


def _bare(uri: str | None) -> str:
    value = (uri or "").strip()
    return value[1:-1] if value.startswith("<") and value.endswith(">") else value  # wget 1.19 and later


def _is_of(wanted: tuple[str, str], octets: bytes) -> bool:
    return hashlib.new(wanted[0], octets, usedforsecurity=False).hexdigest() == wanted[1]


def _key(record: Record) -> tuple[str, str]:
    return _target(record), record.get("WARC-Date") or ""


def _truncated(record: Record) -> str | None:
    value = record.get("WARC-Truncated")
    if value is None:
        return None
    return value.strip().lower() if value.strip().lower() in TRUNCATIONS else "unspecified"


def _digest_flags(record: Record, octets: bytes) -> Iterator[str]:
    digests = standard.Digests(record)
    digests.feed(octets)
    for fault in digests.faults():
        yield "foreign-block-digest" if fault.field == "WARC-Block-Digest" else "foreign-payload-digest"


def _date(text: str) -> datetime:
    """A WARC-Date as precise as it is, or the 14 digits of an ARC file and of older writers. Raises ValueError."""
    digits = re.fullmatch(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?\d*", text.strip())
    dashed = re.fullmatch(
        r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:Z|\+00:?00)?)?)?)?",
        text.strip(),
        re.I,
    )
    match = dashed or digits
    if match is None:
        raise ValueError(f"WARC-Date: no time can be read of {text[:40]!r}")
    year, month, day, hour, minute, second = (int(part) if part else None for part in match.groups()[:6])
    fraction = (dashed[7] or "0") if dashed else "0"
    whole = datetime(year or 1, month or 1, day or 1, hour or 0, minute or 0, min(second or 0, 59), tzinfo=UTC)
    return whole + timedelta(microseconds=int(fraction[:6].ljust(6, "0")))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
