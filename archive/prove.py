"""One value from the ledger to the bytes that say it, as a report: what was checked, what was not, and the limits.

Built on `verify`. The report never says more than was checked: each check has its own line and one of PASS, FAIL and
NOT CHECKED, and what no check can show is said in words.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from archive import __version__
from archive.capture import Capture, Span
from archive.errors import ArchiveError, NotFound, Withheld
from archive.finding import CHECKS, Finding, Verdict
from archive.ledger import discretion, words
from archive.ledger.book import Book
from archive.ledger.case import find, fold
from archive.ledger.moment import NOW
from archive.ledger.observation import Quoted
from archive.ledger.rows import newest
from archive.store import Archive
from archive.text import decode_text
from archive.verify import verify

AROUND = 60  # characters of the source shown on each side of a quote
LONGEST = 400  # characters of a quote shown; the digest stands for the rest
LOG, TIME = "11 log", "12 outside time"
LIMITS = (
    "TLS gives no non-repudiation: it shows whom this machine talked to, and proves nothing of the content to others. "
    "Whoever ran this archive could have written it otherwise before anybody else held a digest of it.",
    "Time is by the clock of the capturing machine alone. No outside time was put on these records: nothing here shows "
    "that they existed at that time, nor that they did not exist before.",
    "No log that others hold was asked: an archive written anew as a whole, with all of its digests, passes these checks.",
    "The page is shown as the server sent it to this machine, then and there. It says nothing of what others were shown, "
    "nor of parts that scripts or other addresses would have added.",
    "That the quote means the value is the work of the parser named; `crawl reread --check` reads the page again.",
)


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


@dataclass(frozen=True, slots=True)
class Report:
    """What was asked, the values, and every check. text(): for people; rows(): for programs, by CONTRACT's keys."""

    asked: str
    property: str | None
    home: str
    values: tuple[Shown, ...]
    findings: tuple[Finding, ...]
    limits: tuple[str, ...] = LIMITS

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each value (kind `value`), each check (check, subject, outcome, detail), each limit (kind `limit`)."""
        for value in self.values:
            yield {"kind": "value", **_plain(asdict(value))}
        for finding in self.findings:
            yield dict(finding.row())
        for limit in self.limits:
            yield {"kind": "limit", "text": limit}

    def text(self) -> str:
        """One page and more of plain text; what came from the network stays on its line."""
        parts = [f"Report on {_line(self.asked)}{f', {self.property}' if self.property else ''}", ""]
        parts += [line for value in self.values for line in (*_about(value), "")]
        parts += [
            "Checks",
            *(f"  {f.outcome.value:<11}  {f.check}: {_line(f.subject)}: {_line(f.detail)}" for f in self.findings),
        ]
        captures = sorted({value.source.capture for value in self.values})
        parts += ["", "To repeat them", f"  python -m archive verify {' '.join(captures)}"]
        places = {(p.file, p.offset, p.length, p.member_sha256) for v in self.values for p in (v.source.record, v.source.body)}
        for file, offset, length, sha256 in sorted(places):
            parts += [f"  tail -c +{offset + 1} warc/{file} | head -c {length} | sha256sum", f"    {sha256}"]
        return "\n".join([*parts, "", "What this does not show", *(f"  - {limit}" for limit in self.limits), ""])


def prove(archive: Archive, book: Book, name: str, property: str | None = None) -> Report:
    """Every value of a subject, a registration (with its parts), a page or a case; or one property of it.

    name: `reg:...` with or without `#part`, an address, `case:...`, a UID or a number. Values as they stand now: of each,
    the newest capture that shows it. Raises NotFound where the ledger has nothing of that name.
    """
    held = [q for q in book.quoted(_registrations(book, name)) if _asked(q, name, property)]
    if not held:
        raise NotFound(f"the ledger has no value of {name}{f' {property}' if property else ''}")
    veil = discretion.veil(archive.home.path, NOW.cases(book))
    found = veil.untouched(held)
    if not found:
        raise Withheld(f"what the ledger has of {name} is withheld: taken down, or hidden by the court since it was read")
    charsets: dict[str, str] = {}
    values, findings = [], []
    for quoted in newest(found):
        value, finding = _shown(archive, quoted, found, charsets)
        findings.append(finding)
        if value is not None:
            around = {side: veil.text(value.subject, getattr(value, side)) for side in ("before", "after")}
            values.append(replace(value, before=around["before"], after=around["after"]))
    captures = sorted({q.sighting.extraction.capture for q in newest(found)})
    checked = [f for f in verify(archive.home.path, captures) if f.outcome is not Verdict.PASS or f.check != CHECKS[8]]
    findings = [*checked, *findings]
    findings.append(Finding(LOG, archive.home.path.name, Verdict.NOT_CHECKED, "no log with signed checkpoints is kept here"))
    findings.append(Finding(TIME, archive.home.path.name, Verdict.NOT_CHECKED, "no outside time stamp is kept here"))
    return Report(name, property, str(archive.home.path), tuple(values), tuple(findings))


def _registrations(book: Book, name: str) -> list[str]:
    if name.startswith("reg:") or "://" in name:
        return [words.registration(name)]
    case = find(fold(book.sightings(), book.ties()), name)
    return [registration.subject for registration in case.registrations]


def _asked(quoted: Quoted, name: str, property: str | None) -> bool:
    sighting = quoted.sighting
    if property is not None and sighting.property != property:
        return False
    return "#" not in name or sighting.subject == name or sighting.subject.startswith(name + "#")


def _shown(archive: Archive, quoted: Quoted, all_: Iterable[Quoted], charsets: dict[str, str]) -> tuple[Shown | None, Finding]:
    """The value with its surroundings, and whether the quote stands there."""
    sighting = quoted.sighting
    extraction = sighting.extraction
    subject = f"{sighting.subject} {sighting.property}"
    try:
        capture = archive.capture(extraction.capture)
        memento = archive.memento(capture)
        text = decode_text(memento.body, extraction.charset)
        source = _source(archive, capture, memento.entity)
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
    )
    return value, Finding(CHECKS[8], subject, Verdict.PASS if stands else Verdict.FAIL, detail)


def _raw_if_none(sighting: Any) -> str | None:
    return sighting.raw if sighting.value is None else None


def _source(archive: Archive, capture: Capture, entity: bytes) -> Source:
    told = archive.manifest(capture)
    holder = capture if capture.refers_to is None else archive.capture(capture.refers_to)
    if capture.record is None or holder.record is None:
        raise NotFound(f"{capture.id} holds no record of a page")
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
    )


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


def _about(value: Shown) -> Iterator[str]:
    source, record, body = value.source, value.source.record, value.source.body
    quote = value.quote if len(value.quote) <= LONGEST else f"{value.quote[:LONGEST]}[...]"
    yield f"{_line(value.subject)}  {value.property}"
    yield f"  value     {_line(value.value) if value.value is not None else 'not known: the text has no normal form here'}"
    yield f"  text      {_line(value.raw)}{'   (concluded, not stated)' if value.derived else ''}"
    yield f"  stands    {_line(value.before)}«{_line(quote)}»{_line(value.after)}"
    yield f"            characters [{value.start}, {value.end}) of the source, decoded as {value.charset}"
    yield f"            {_line(value.selector)}"
    yield f"  read by   {value.parser}, program now {__version__}, capture by {source.software}"
    yield f"  capture   {source.capture}, number {source.seq} of the log to come"
    yield f"            {_line(source.url)}"
    if source.requested != source.url:
        yield f"            asked for as {_line(source.requested)}"
    yield f"            {_time(source.at)}, {source.elapsed:.3f} s; {source.outcome}, status {source.status}"
    yield f"            from {source.peer or 'an address that is not known'}"
    if source.truncated:
        yield f"            cut short: {source.truncated}"
    if source.foreign:
        yield f"            taken in from {_line(source.foreign)}: not captured by this archive"
    yield f"  TLS       {_line(source.tls)}"
    yield f"  octets    {record.file}, [{record.offset}, {record.offset + record.length})"
    yield f"            member  sha256 {record.member_sha256}"
    yield f"            block   sha256 {record.block_sha256}"
    yield f"            payload sha256 {record.payload_sha256}"
    if source.body_of != source.capture:
        yield f"            body in capture {source.body_of}: {body.file}, [{body.offset}, {body.offset + body.length})"
    manifest = source.manifest
    yield f"  manifest  {manifest.file}, [{manifest.offset}, {manifest.offset + manifest.length})"
    yield f"            sha256 {source.manifest_sha256}"
    yield f"  time      {_time(source.at)} by the clock of the machine"
    yield "            not later than: not anchored; not earlier than: not known"
    yield f"  the same  {value.times} captures have this reading{_others(value.same)}"
    yield f"  otherwise {_others(value.otherwise)[2:] or 'none'}"


def _others(others: Iterable[Other]) -> str:
    return "".join(f"; {o.capture} of {_time(o.at)}: {_line(o.value if o.value is not None else o.raw)}" for o in others)


def _line(text: str) -> str:
    """On one line: a quote cannot write lines of the report."""
    return re.sub(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+[ \t]*", " ⏎ ", text)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    """Times as text, all the way down."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return _time(value) if isinstance(value, datetime) else value
