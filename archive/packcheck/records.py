"""Is every octet of the pack's WARC files in one whole record that `members` names? Checks (2), (3), and payloads for (4)."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from typing import IO

from archive import records, standard
from archive.errors import Damaged
from archive.finding import Finding
from archive.packcheck.run import Row, Run, Seen
from archive.records import ONE_MEMBER, Record
from archive.verify.spelling import bare
from archive.wacz import Slice


def every_member(run: Run) -> Iterator[Finding]:
    """File by file, in the order of `members`; one step of octets is held at a time."""
    by_file: dict[str, list[Row]] = {}
    for row in run.rows:
        by_file.setdefault(row.file, []).append(row)
    for name, rows in by_file.items():
        try:
            with run.pack.open(f"warc/{name}") as file:
                yield from _file(run, f"warc/{name}", file, rows)
        except (Damaged, OSError, KeyError) as exc:
            yield from run.checks[2].fail(f"warc/{name}", f"it is not there, or cannot be read: {exc}")
    for name in sorted(run.pack.sizes):
        if name.startswith("warc/") and name[5:] not in by_file:
            yield from run.checks[2].fail(name, "no line of members names it")


def _file(run: Run, name: str, file: IO[bytes], rows: list[Row]) -> Iterator[Finding]:
    check, end = run.checks[2], 0
    size = file.seek(0, 2)
    for row in rows:
        check.looked += 1
        if row.at != end:
            yield from check.fail(row.where, f"it begins at {row.at}, and the member before ends at {end}")
        end = row.at + row.length
        if end > size:
            yield from check.fail(row.where, f"the file ends at {size}, before this member does")
            continue
        seen = yield from _member(run, Slice(file, row.at, row.length), row)
        if seen is not None:
            run.met[row.file, row.offset] = seen
    if end != size:
        yield from check.fail(name, f"{size} octets; its last member ends at {end}")


def _member(run: Run, octets: Slice, row: Row) -> Generator[Finding, None, Seen | None]:
    found: Seen | None = None
    walked = records.walk(octets)  # type: ignore[arg-type]  # a raw file reads as well
    record = next(walked, None)
    if record is not None:
        found = yield from _record(run, record, row)
    if record is None or (record.length, record.sha256) != (row.length, row.sha256):
        what = "nothing" if record is None else f"a member of {record.length} octets that hashes to {record.sha256}"
        yield from run.checks[2].fail(row.where, f"{what}; members has {row.length}, {row.sha256}")
        return None
    return found


def _record(run: Run, record: Record, row: Row) -> Generator[Finding, None, Seen | None]:
    digests, block, payload = standard.Digests(record), hashlib.sha256(), hashlib.sha256()
    body = standard.Body() if standard.is_http(record) else None
    for piece in record.block():
        digests.feed(piece)
        block.update(piece)
        for entity, _ in body.feed(piece) if body else ((piece, piece),):
            payload.update(entity)
    records.finish(record)
    for fault in record.faults:
        if fault.clause == ONE_MEMBER or record.version is None:
            yield from run.checks[2].fail(row.where, str(fault))
    if record.version is None:
        return None
    check = run.checks[3]
    check.looked += 1
    if record.version != "1.1":
        yield from check.fail(row.where, f"WARC/{record.version}")
    for fault in [*(f for f in record.faults if f.clause != ONE_MEMBER), *standard.faults(record), *digests.faults()]:
        yield from check.fail(row.where, str(fault))
    if record.get("WARC-Block-Digest") != f"sha256:{block.hexdigest()}" or block.hexdigest() != row.block:
        yield from check.fail(row.where, f"the block hashes to {block.hexdigest()}; members has {row.block}")
    has_payload = record.readable and (record.type == "resource" or (record.type == "response" and body is not None))
    return Seen(
        record.type, bare(record.get("WARC-Record-ID")) or "", (record.get("WARC-Target-URI") or "").strip("<>"),
        record.get("WARC-Date") or "", block.hexdigest(), payload.hexdigest() if has_payload else None,
    )  # fmt: skip
