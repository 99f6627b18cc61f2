"""One value from the ledger to the bytes that say it, to the log, and to outside time; what was checked, what was not.

Built on `verify`. The report never says more than was checked: each check has its own line and one of PASS, FAIL and
NOT CHECKED, and what no check can show is said in words. What it looks like is the matter of `report` (text) and `sheet`
(a page for a court).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from archive import certificate, tree
from archive.capture import Capture, Span
from archive.errors import ArchiveError, Damaged, NotFound, Withheld
from archive.finding import CHECKS, Finding, Verdict
from archive.keyring import Keyring
from archive.ledger import discretion, words
from archive.ledger.book import Book
from archive.ledger.observation import Quoted
from archive.ledger.rows import newest
from archive.ledger.views import Views
from archive.log import Log, highest
from archive.log import find as leaf_of
from archive.note import Checkpoint, Note
from archive.stamped import Stamped
from archive.store import Archive
from archive.text import decode_text
from archive.tiles import Tiles
from archive.verify import verify

AROUND = 60  # characters of the source shown on each side of a quote
WIDELY = 600  # and on the page for a court
LATER = 20  # later captures of the same address that are told
PARTS = re.compile(r"<(script|img|iframe|frame|link|object|embed|video|audio)\b", re.IGNORECASE)
HONEST = (
    "TLS gives no non-repudiation: it shows whom this machine talked to, and proves nothing of the content to others. "
    "Whoever ran this archive could have written it otherwise before anybody else held a digest of it."
)
CLOCK = (
    "Time is by the clock of the capturing machine alone. No outside time was put on these records: nothing here shows "
    "that they existed at that time, nor that they did not exist before."
)
STAMPED = (
    "The stamps show that the records existed not later than the times they state, if the authorities named are believed. "
    "How much earlier they were made is by the clock of the capturing machine alone; nothing shows that they did not exist "
    "before."
)
UNLOGGED = "No log was asked: an archive written anew as a whole, with all of its digests, passes these checks."
LOGGED = (
    "The log is signed with a key of this archive's operator, and no witness of others has signed it. A log written anew as a "
    "whole and signed with that key shows only where somebody holds an earlier checkpoint or stamp of it."
)
THERE = (
    "The page is shown as the server sent it to this machine, then and there. It says nothing of what others were shown, "
    "nor of parts that scripts or other addresses would have added."
)
MEANT = "That the quote means the value is the work of the parser named; `crawl reread --check` reads the page again."
LIMITS = (HONEST, CLOCK, UNLOGGED, THERE, MEANT)
Signed = tuple[Note, Checkpoint]  # a note, and what it says


@dataclass(frozen=True, slots=True)
class Place:
    """A record's octets in a file of the archive, and three digests computed now (lower-case sha256 hex).

    block_sha256: of the record's block; payload_sha256: of the entity-body that the value was read from.
    """

    file: str
    offset: int
    length: int
    member_sha256: str
    block_sha256: str
    payload_sha256: str


@dataclass(frozen=True, slots=True)
class Source:
    """The capture that a value was read from, as its manifest tells it. Times are UTC, by the machine's clock."""

    capture: str
    requested: str
    url: str
    at: datetime
    elapsed: float
    outcome: str
    status: int | None
    truncated: str | None
    peer: str | None
    tls: str
    software: str
    foreign: str | None
    seq: int
    record: Place
    body: Place  # of another capture, where this one is a revisit
    body_of: str
    manifest: Span
    manifest_sha256: str
    ended: str | None
    certificate: str | None
    machine: dict[str, Any]  # what the manifest says of it: clock, vantage, code, configuration
    user_agent: str | None
    size: int  # octets of the response as received
    parts: int  # scripts, images and the like that the page names, none of which was captured with it
    logged: Logged | None
    anchors: tuple[Anchor, ...]


@dataclass(frozen=True, slots=True)
class Logged:
    """Where a capture's manifest stands in the log, and the signed checkpoint it is under. path: from the leaf to the root."""

    origin: str
    key: str
    leaf: int
    entry: str
    size: int
    root: str
    path: tuple[str, ...]
    signatures: int  # lines below the checkpoint: the log's own, and those of witnesses
    remembered: bool  # this machine signed it, and remembers that


@dataclass(frozen=True, slots=True)
class Anchor:
    """An outside stamp on a checkpoint that holds the capture. states: not later than; None: a proof that is no token."""

    file: str
    of: str  # the file it is a stamp on
    size: int
    states: str | None
    sha256: str


@dataclass(frozen=True, slots=True)
class Later:
    """A later visit to the same address, and what came of it."""

    capture: str
    at: datetime
    outcome: str
    status: int | None
    same_body: bool


@dataclass(frozen=True, slots=True)
class Other:
    """Another capture, and what it says of the same subject and property."""

    capture: str
    at: datetime
    raw: str
    value: str | None
    parser: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One value, and where it stands: source[start:end] is the quote, before and after are what surrounds it."""

    subject: str
    property: str
    value: str | None
    raw: str
    derived: bool
    parser: str
    charset: str
    selector: str
    quote: str
    start: int
    end: int
    before: str
    after: str
    times: int  # captures that have this very reading
    source: Source
    same: tuple[Other, ...]
    otherwise: tuple[Other, ...]
    passage: tuple[str, str]  # more of what surrounds it
    later: tuple[Later, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What was asked, the values, every check, and what they do not show.

    made: when, UTC. under: the checkpoint that it is made as of, whenever that was; `made` is then when its last capture was.
    """

    asked: str
    property: str | None
    home: str
    made: datetime
    values: tuple[Shown, ...]
    findings: tuple[Finding, ...]
    limits: tuple[str, ...] = LIMITS
    under: Checkpoint | None = None

    def dated(self) -> str:
        """As of when, in words."""
        at = time_text(self.made)
        return at if self.under is None else f"as of {self.under.size} captures in the log, the last of {at},"

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each value (kind `value`), each check (check, subject, outcome, detail), each limit (kind `limit`)."""
        for value in self.values:
            yield {"kind": "value", **_plain(asdict(value))}
        for finding in self.findings:
            yield dict(finding.row())
        for limit in self.limits:
            yield {"kind": "limit", "text": limit}


def prove(
    archive: Archive,
    book: Book,
    name: str,
    property: str | None = None,
    *,
    keys: Keyring | None = None,
    now: datetime | None = None,
    under: Signed | None = None,
    views: Views | None = None,
) -> Report:
    """Every value of a subject, a registration (with its parts), a page or a case; or one property of it.

    name: `reg:...` with or without `#part`, an address, `case:...`, a UID or a number. Values as they stand now: of each,
    the newest capture that shows it. keys: as for `verify`; None: of this user. Raises NotFound where the ledger has nothing of
    that name.

    under: a checkpoint that the captures are led to, whatever was logged since; with `now` as the time of its last capture the
    same archive gives the same report. views: those of the book that whoever asks has open already.
    """
    ring = keys if keys is not None else Keyring.of(os.environ)
    with nullcontext(views) if views is not None else Views.open(archive.home.path, book) as folded:
        registrations = _registrations(folded, name)
        held = [q for q in book.quoted(registrations) if _asked(q, name, property)]
        if not held:
            raise NotFound(f"the ledger has no value of {name}{f' {property}' if property else ''}")
        veil = discretion.over(archive.home.path, folded, (*registrations, *folded.hiding()))
    found = veil.untouched(held)
    if not found:
        raise Withheld(f"what the ledger has of {name} is withheld: taken down, or hidden by the court since it was read")
    shower = _Shower(archive, ring, under)
    values, findings = [], []
    for quoted in newest(found):
        value, finding = shower.shown(quoted, found)
        findings.append(finding)
        if value is not None:
            before, after, *passage = (veil.text(value.subject, text) for text in (value.before, value.after, *value.passage))
            values.append(replace(value, before=before, after=after, passage=(passage[0], passage[1])))
    captures = sorted({q.sighting.extraction.capture for q in newest(found)})
    made = now if now is not None else datetime.now(UTC)
    checked = [
        f
        for f in verify(archive.home.path, captures, keys=ring, now=made)
        if f.outcome is not Verdict.PASS or f.check != CHECKS[8]
    ]
    sources = [value.source for value in values]
    limits = (
        HONEST,
        STAMPED if sources and all(any(a.states for a in source.anchors) for source in sources) else CLOCK,
        LOGGED if sources and all(source.logged for source in sources) else UNLOGGED,
        THERE,
        MEANT,
    )
    return Report(
        name, property, str(archive.home.path), made, tuple(values), (*checked, *findings), limits, under and under[1]
    )


def _registrations(views: Views, name: str) -> list[str]:
    if name.startswith("reg:") or "://" in name:
        return [words.registration(name)]
    return views.find(name)[1]


def _asked(quoted: Quoted, name: str, property: str | None) -> bool:
    sighting = quoted.sighting
    if property is not None and sighting.property != property:
        return False
    return "#" not in name or sighting.subject == name or sighting.subject.startswith(name + "#")


class _Shower:
    """Makes what is shown of values, one after another. The source and log of a capture are looked for once."""

    def __init__(self, archive: Archive, keys: Keyring, under: Signed | None) -> None:
        self.archive, self.keys, self.under = archive, keys, under
        self.last = None if under is None else highest(Tiles(Log(archive.home.path).folder, under[1].size))
        self._sources: dict[str, Source] = {}

    def source(self, capture: Capture, entity: bytes, text: str) -> Source:
        found = self._sources.get(capture.id)
        if found is None:
            found = self._sources[capture.id] = _source(self.archive, capture, entity, text, self.keys, self.under)
        return found

    def shown(self, quoted: Quoted, all_: Iterable[Quoted]) -> tuple[Shown | None, Finding]:
        return _shown(self, quoted, all_)


def _shown(shower: _Shower, quoted: Quoted, all_: Iterable[Quoted]) -> tuple[Shown | None, Finding]:
    """The value with its surroundings, and whether the quote stands there."""
    archive, sighting = shower.archive, quoted.sighting
    extraction = sighting.extraction
    subject = f"{sighting.subject} {sighting.property}"
    try:
        capture = archive.capture(extraction.capture)
        memento = archive.memento(capture)
        text = decode_text(memento.body, extraction.charset)
        source = shower.source(capture, memento.entity, text)
    except (ArchiveError, LookupError) as exc:
        return None, Finding(CHECKS[8], subject, Verdict.FAIL, f"its source cannot be shown: {exc}")
    stands = text[quoted.start : quoted.end] == quoted.quote
    detail = (
        f"the quote {'stands' if stands else 'does not stand'} at [{quoted.start}, {quoted.end}) of the source of {capture.id}"
    )
    said = [q.sighting for q in all_ if (q.sighting.subject, q.sighting.property) == (sighting.subject, sighting.property)]
    others = [
        Other(s.extraction.capture, s.extraction.at, s.raw, s.value, s.extraction.parser) for s in said if s is not sighting
    ]
    same = [o for o in others if (o.value, o.raw if o.value is None else None) == (sighting.value, _raw_if_none(sighting))]
    value = Shown(
        subject=sighting.subject,
        property=sighting.property,
        value=sighting.value,
        raw=sighting.raw,
        derived=sighting.derived,
        parser=extraction.parser,
        charset=extraction.charset,
        selector=quoted.selector,
        quote=quoted.quote,
        start=quoted.start,
        end=quoted.end,
        before=text[max(0, quoted.start - AROUND) : quoted.start],
        after=text[quoted.end : quoted.end + AROUND],
        times=sighting.times,
        source=source,
        same=tuple(same),
        otherwise=tuple(o for o in others if o not in same and o.capture != capture.id),
        passage=(text[max(0, quoted.start - WIDELY) : quoted.start], text[quoted.end : quoted.end + WIDELY]),
        later=tuple(_later(archive, capture, shower.last)),
    )
    return value, Finding(CHECKS[8], subject, Verdict.PASS if stands else Verdict.FAIL, detail)


def _raw_if_none(sighting: Any) -> str | None:
    return sighting.raw if sighting.value is None else None


def _later(archive: Archive, capture: Capture, last: int | None) -> Iterator[Later]:
    """The visits to the same address that came after it. last: the number of the last that counts; None: all do."""
    found = 0
    for each in archive.captures(capture.url, since_seq=capture.seq + 1):
        if each.url == capture.url and found < LATER and (last is None or each.seq <= last):
            found += 1
            same = each.payload_sha256 == capture.payload_sha256
            yield Later(each.id, each.at, each.outcome.value, each.status, same)


def _logged(archive: Archive, capture: Capture, keys: Keyring, under: Signed | None) -> Logged | None:
    """None where it is not in the log, or the log is not what was signed: its checks tell."""
    log = Log(archive.home.path)
    try:
        signed, key = under or log.signed(), log.verifier()
        if signed is None or key is None:
            return None
        note, checkpoint = signed
        tiles = Tiles(log.folder, checkpoint.size)
        leaf = leaf_of(tiles, capture.seq)
        if leaf is None:
            return None
        path = tree.inclusion(leaf, checkpoint.size, tiles.node)
        entry = tiles.entry(leaf)
        if not tree.includes(tree.leaf_hash(entry), leaf, checkpoint.size, path, checkpoint.root):
            return None
        remembered = keys.last(key.name) is not None
    except Damaged:
        return None
    return Logged(
        checkpoint.origin, str(key), leaf, entry.decode("utf-8", "replace"), checkpoint.size, checkpoint.root.hex(),
        tuple(each.hex() for each in path), len(note.signatures), remembered,
    )  # fmt: skip


def _anchors(archive: Archive, leaf: int | None) -> Sequence[Anchor]:
    """The stamps of the earliest stamped checkpoint that holds a leaf. What they are worth the checks tell."""
    if leaf is None:
        return ()
    stamped = Stamped(archive.home.path)
    try:
        over = stamped.first_over(leaf)
        lines = [line for line in stamped.lines() if over and line.folder == over[0].folder]
    except Damaged:
        return ()
    kept = [line for line in lines if line.states is not None or line.file.endswith(".ots")]
    folder = "log/stamps"
    return [
        Anchor(f"{folder}/{line.file}", f"{folder}/{line.folder}/checkpoint", line.size or 0, line.states, line.sha256)
        for line in kept
    ]


def _source(archive: Archive, capture: Capture, entity: bytes, text: str, keys: Keyring, under: Signed | None) -> Source:
    told = archive.manifest(capture)
    holder = capture if capture.refers_to is None else archive.capture(capture.refers_to)
    if capture.record is None or holder.record is None:
        raise NotFound(f"{capture.id} holds no record of a page")
    logged = _logged(archive, capture, keys, under)
    payload = hashlib.sha256(entity).hexdigest()
    return Source(
        capture=capture.id,
        requested=told["requested"],
        url=capture.url,
        at=capture.at,
        elapsed=told["elapsed_us"] / 1_000_000,
        outcome=capture.outcome.value,
        status=capture.status,
        truncated=told["truncated"],
        peer=told["peer"],
        tls=_tls(told["tls"], capture.url, capture.foreign),
        software=told["software"],
        foreign=capture.foreign,
        seq=capture.seq,
        record=_place(archive, capture.record, payload),
        body=_place(archive, holder.record, payload),
        body_of=holder.id,
        manifest=capture.manifest,
        manifest_sha256=capture.manifest_sha256,
        ended=told.get("ended"),
        certificate=_leaf_certificate(archive, capture, told),
        machine=_seen_from(told),
        user_agent=told["facts"].get("user_agent"),
        size=capture.size,
        parts=len(PARTS.findall(text)),
        logged=logged,
        anchors=tuple(_anchors(archive, logged.leaf if logged is not None else None)),
    )


def _leaf_certificate(archive: Archive, capture: Capture, told: dict[str, Any]) -> str | None:
    if not told["tls"] or not told["tls"]["chain"]:
        return None
    tls = archive.exchange(capture).tls
    return certificate.words(tls.chain[0]) if tls is not None and tls.chain else None


def _place(archive: Archive, span: Span, payload: str) -> Place:
    record = archive.record(span)  # hashed now: Damaged where it is not what was kept
    return Place(span.file, span.offset, span.length, record.sha256, record.block_sha256, payload)


def _tls(told: dict[str, Any] | None, url: str, foreign: str | None) -> str:
    if told is None:
        if foreign is not None:
            return "not known: the capture was taken in from a file"
        return "none: the address is not https" if not url.lower().startswith("https:") else "not known"
    how = f"{told['version'] or 'version not known'}, {told['cipher'] or 'cipher not known'}"
    certificates = "certificates kept" if told["chain"] else "no certificate kept"
    return f"{'verified' if told['verified'] else 'NOT verified: ' + str(told['reason'])} ({how}; {certificates})"


def time_text(at: datetime) -> str:
    """RFC 3339, UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    """Times as text, all the way down."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return time_text(value) if isinstance(value, datetime) else value


def _seen_from(told: dict[str, Any]) -> dict[str, Any]:
    """What the manifest says of the machine; of what went through a proxy, from where that was, and what nobody knows of it."""
    machine, vantage = dict(told["facts"].get("machine") or {}), told.get("vantage")
    if vantage is None:
        return machine
    looked = "this machine" if vantage["names"] == "here" else "the proxy"
    unknown = vantage["peer"] == "unknown"
    server = "the server's address is not known" if unknown else f"asked for the server at {vantage['peer']}"
    through = f"through the {vantage['kind']} proxy {vantage['proxy']}; {looked} looked its name up, and {server}"
    by = machine.get("vantage") or "a machine that was not placed"
    return {**machine, "vantage": f"{vantage['label']}, {through}; by {by}"}
