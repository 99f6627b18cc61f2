"""What a crash left behind: whole captures are adopted, the torn tail is set aside, and nothing is thrown away.

The files are the truth and the index follows them: making the index anew is the same walk over every
file from its first octet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from archive import manifest, warc
from archive.capture import Capture, Span
from archive.disk import Disk
from archive.errors import BadRecord
from archive.index import NAME, Entry, Index, serial

MANIFEST_LIMIT = 16 * 1024 * 1024
LAST = 8  # members looked at again on opening
MANY = 500  # captures adopted in one transaction
STEP = 1024 * 1024


@dataclass(slots=True)
class Recovery:
    """What was found. adopted: captures entered; aside: side files made; findings: what a person should know.

    shut: files that nothing more may be appended to.
    """

    adopted: int = 0
    aside: list[Path] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    shut: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Group:
    """Members that belong together, up to `end`. capture: None for those that no manifest names."""

    capture: Capture | None
    entries: tuple[Entry, ...]
    end: int


def files(folder: Path) -> list[Path]:
    """The archive's own WARC files in the order they were written."""
    return sorted((p for p in folder.iterdir() if NAME.fullmatch(p.name)), key=lambda p: serial(p.name))


def recover(
    folder: Path,
    index: Index,
    disk: Disk,
    *,
    distrusted: Collection[str] = (),
    progress: Callable[[int], None] = lambda _octets: None,
) -> Recovery:
    """Makes index and files agree. Raises DiskFull, Poisoned or OSError.

    distrusted: files of which a sync failed since they were opened: nothing behind their last row is adopted.
    progress: told how far the walk is in each file.
    """
    found = Recovery()
    present = files(folder)
    # Rows are entered before the next file is begun. Where the last file alone has none, a crash came before they
    # were: nothing in it was acknowledged, and what follows a hole in it is no more than a torn tail.
    unnamed = [path for path in present if index.end(path.name) is None]
    crashed = unnamed[0] if unnamed and unnamed == present[-1:] and not index.made else None
    for name in index.files():
        if not (folder / name).is_file():
            found.findings.append(f"{name} is missing, and the index points into it: put it back")
    for path in present:
        known = index.end(path.name)
        size = path.stat().st_size
        if known is not None and size < known:
            found.shut.add(path.name)
            found.findings.append(f"{path.name} ends at {size}, and the index points up to {known}: captures are lost")
        elif known is None or size > known:
            if path.name not in distrusted:
                _tail(
                    path, known, index, disk, found, progress,
                    last=path == present[-1], resume=known is None and path != crashed,
                )  # fmt: skip
            else:
                _set_aside(path, known or 0, disk, found)
    if present and present[-1].name not in found.shut and index.end(present[-1].name):
        _last_rows(present[-1], index, found)
    index.made = False  # from now on it knows what was there
    return found


def _tail(
    path: Path,
    known: int | None,
    index: Index,
    disk: Disk,
    found: Recovery,
    progress: Callable[[int], None],
    *,
    last: bool,
    resume: bool,
) -> None:
    """Adopts whole captures behind the last row; what is behind those goes to a side file."""
    # What is adopted must be durable first: it was written, and perhaps never synced.
    fd = disk.reopen(path)
    try:
        disk.datasync(fd)
    finally:
        disk.close(fd)
    good = known or 0
    waiting: list[Group] = []
    damaged: list[str] = []
    # A file with rows was walked before: behind its last row the first fault ends what can be trusted. A file
    # without rows may be old, and a fault in its middle must not hide what follows.
    for group in _groups(path, good, index, damaged, resume=resume):
        good = group.end
        waiting.append(group)
        if len(waiting) >= MANY:
            _adopt(waiting, index, found)
            progress(good)
    _adopt(waiting, index, found)
    progress(good)
    if damaged and resume:
        found.shut.add(path.name)
        found.findings += damaged
    if good < path.stat().st_size and (last or known is not None):
        _set_aside(path, good, disk, found)
    elif path.stat().st_size == 0:  # made, and never written to
        disk.remove(path)
        disk.sync_folder(path.parent)


def _last_rows(path: Path, index: Index, found: Recovery) -> None:
    """What was written last is what a crash of the machine could have hurt: it must hash to its rows (R2)."""
    for entry in index.last(path.name, LAST):
        try:
            sound = warc.read_member(path, entry.span.offset, entry.span.length, keep=0).sha256 == entry.span.sha256
        except BadRecord:
            sound = False
        if not sound:
            found.shut.add(path.name)
            found.findings.append(f"{path.name} at {entry.span.offset}: the record is not the one that was written")


def _adopt(waiting: list[Group], index: Index, found: Recovery) -> None:
    named = [group.capture for group in waiting if group.capture is not None]
    ids, seqs = index.taken([c.id for c in named], [c.seq for c in named])
    captures: list[Capture] = []
    entries: list[Entry] = []
    for group in waiting:
        c = group.capture
        if c is not None and (c.id in ids or c.seq in seqs):
            found.findings.append(f"{c.manifest.file} at {c.manifest.offset}: capture {c.id} ({c.seq}) is there twice")
            entries += [Entry(e.span, e.kind, None) for e in group.entries]
            continue
        if c is not None:
            captures.append(c)
            ids.add(c.id)
            seqs.add(c.seq)
        entries += group.entries
    index.enter(captures, entries)
    found.adopted += len(captures)
    waiting.clear()


def _groups(path: Path, start: int, index: Index, damaged: list[str], *, resume: bool) -> Iterator[Group]:
    """Warcinfo records, and captures whose manifest and every record it names are whole.

    resume: behind a fault it goes on with the next record that reads; members that no manifest names then make
    groups of their own.
    """
    chains = {e.span.offset: e.span for e in index.entries(path.name, "chain")} if start else {}
    loose: list[Entry] = []
    offset = start
    while True:
        try:
            for record in warc.records(path, offset, keep=MANIFEST_LIMIT):
                span = Span(path.name, record.offset, record.length, record.sha256)
                offset = record.offset + record.length
                target = record.target or ""
                if record.type == "warcinfo":
                    yield Group(None, (Entry(span, "warcinfo", None),), offset)
                elif target.startswith(warc.MANIFEST):
                    group = _group(record, span, loose, chains, damaged)
                    if group.capture is None and not resume:
                        return
                    loose = []
                    yield group
                else:
                    kind = "chain" if target.startswith(warc.CHAIN) else record.type or "unknown"
                    loose.append(Entry(span, kind, None))
                    if kind == "chain":
                        chains[span.offset] = span
            return
        except BadRecord as exc:
            damaged.append(str(exc))
        after = _next_member(path, offset + 1) if resume else None
        if after is None:
            return
        if loose:
            yield Group(None, tuple(loose), offset)
        offset, loose = after, []


def _group(record: warc.Record, span: Span, loose: list[Entry], chains: dict[int, Span], damaged: list[str]) -> Group:
    """The capture that this manifest closes; without it where the manifest is none, or names what is not there."""
    end = span.offset + span.length
    here = {e.span for e in loose}
    kinds = {}
    try:
        told = manifest.parse(record.block or b"")
        capture = manifest.capture(told, span, record.block_sha256)
        for kind, named in manifest.spans(told):
            if named not in here and (kind != "chain" or chains.get(named.offset) != named):
                raise BadRecord(f"it names a {kind} record at {named.offset} that is not there")
            kinds[named] = kind
    except BadRecord as exc:
        damaged.append(f"{span.file} at {span.offset}: the manifest closes no capture: {exc}")
        return Group(None, (*loose, Entry(span, "manifest", None)), end)
    entries = [Entry(e.span, kinds[e.span], capture.seq) if e.span in kinds else e for e in loose]
    return Group(capture, (*entries, Entry(span, "manifest", capture.seq)), end)


def _next_member(path: Path, offset: int) -> int | None:
    """Where the next gzip member with a readable record begins."""
    with path.open("rb") as file:
        while True:
            file.seek(offset)
            window = file.read(STEP)
            at = window.find(b"\x1f\x8b\x08")
            if at < 0:
                if len(window) < STEP:
                    return None
                offset += len(window) - 2
                continue
            offset += at
            try:
                warc.read_member(path, offset, keep=0)
            except BadRecord:
                offset += 1
            else:
                return offset


def _set_aside(path: Path, good: int, disk: Disk, found: Recovery) -> None:
    """The tail becomes a side file, on the medium, before the file is cut."""
    new = path.with_name(f"{path.name}.torn.new")
    new.unlink(missing_ok=True)
    digest = hashlib.sha256()
    fd = disk.create(new)
    try:
        with path.open("rb") as file:
            file.seek(good)
            while piece := file.read(STEP):
                digest.update(piece)
                disk.append(fd, piece)
        disk.datasync(fd)
    finally:
        disk.close(fd)
    # Named by content: a crash between this rename and the cut makes the same name again, not a second copy.
    side = path.with_name(f"{path.name}.{good}-{digest.hexdigest()[:12]}.torn")
    disk.rename(new, side)
    disk.sync_folder(path.parent)
    if good:
        disk.cut(path, good)
    else:
        disk.remove(path)
        disk.sync_folder(path.parent)
    found.aside.append(side)
    found.findings.append(f"{path.name}: the torn tail from {good} on is in {side.name}")
