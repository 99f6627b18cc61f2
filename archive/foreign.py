"""Does a file that others made follow the standard? Strict: every finding names record, offset, field and clause.

The same numbers as `verify`, as far as they apply to one file: (1) it is of a kind that is known, (2) gzip members,
(3) records and block digests, (4) payload digests, (10) versions. For a WACZ package only what makes a zip unsafe to
open is looked at (1); the rest is NOT CHECKED. Nothing of the file is held beyond one step of octets.
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from archive import records, standard
from archive.errors import NotFound
from archive.finding import CHECKS, Check, Finding
from archive.records import ONE_MEMBER

MOST_ENTRIES = 100_000  # of a zip, reliability 5
MOST_OCTETS = 1 << 40  # decoded, of a zip
MOST_RATIO = 1100  # deflate cannot do more than 1,032 : 1
APPLY = {1: "file", 2: "gzip members", 3: "records", 4: "payload digests", 10: "version lines"}


def verify_file(path: Path) -> Iterator[Finding]:
    """Findings over one WARC file (1.0, 1.1 and its drafts; gzip or plain), in the order of its records.

    Raises NotFound where there is no such file.
    """
    if not path.is_file():
        raise NotFound(f"there is no file {path}")
    checks = {number: Check(CHECKS[number - 1], of) for number, of in APPLY.items()}
    with path.open("rb") as file:
        kind = kind_of(file)
        if kind == "zip":
            yield from _zip(checks[1], path)
        elif kind == "arc":
            checks[1].why_not = "an ARC file: no standard of ISO to hold it to"
        else:
            yield from _warc(checks, path.name, file)
    for check in checks.values():
        if kind in ("zip", "arc") and not check.looked:
            check.why_not = "an ARC file" if kind == "arc" else "a package: its WARC files are not looked into yet"
        yield from check.sum(path.name)


def kind_of(file: BinaryIO) -> str:
    """`warc`, `arc`, `zip`, or `unknown`, by how the file begins."""
    file.seek(0)
    begin = file.read(4)
    if begin == b"PK\x03\x04":
        return "zip"
    first = records.begins(file, 16)
    if first.lower().startswith(b"warc/"):
        return "warc"
    return "arc" if first.startswith(b"filedesc:") else "unknown"


def _warc(checks: dict[int, Check], name: str, file: BinaryIO) -> Iterator[Finding]:
    packed = records.is_gzip(file)
    number = 0
    for record in records.walk(file):
        number = record.number
        yield from _record(checks, name, record, packed=packed)
    checks[1].looked += 1
    if not number:
        yield from checks[3].fail(name, "the file holds no record (WARC 1.1, 4: warc-file is one record or more)")


def _record(checks: dict[int, Check], name: str, record: records.Record, *, packed: bool) -> Iterator[Finding]:
    subject = f"{name}: record {record.number} at {record.offset}"
    digests = standard.Digests(record)
    for piece in record.block():
        digests.feed(piece)
    records.finish(record)
    checks[2].looked += packed
    checks[3].looked += 1
    checks[10].looked += record.version is not None
    for fault in [*record.faults, *standard.faults(record)]:
        number = 2 if fault.clause == ONE_MEMBER else 10 if fault.clause == standard.UNKNOWN_VERSION else 3
        yield from checks[number].fail(subject, str(fault))
    for fault in digests.faults() if record.readable else ():
        yield from checks[3 if fault.field == "WARC-Block-Digest" else 4].fail(subject, str(fault))
    checks[4].looked += digests.checked


def _zip(check: Check, path: Path) -> Iterator[Finding]:
    """What makes a zip unsafe to open (reliability 5); nothing is taken out of it."""
    try:
        with zipfile.ZipFile(path) as package:
            entries = package.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as exc:
        yield from check.fail(path.name, f"the package cannot be read: {exc}")
        return
    check.looked += 1
    check.of = "package whose entries are safe to open"
    if len(entries) > MOST_ENTRIES:
        yield from check.fail(path.name, f"{len(entries)} entries; at most {MOST_ENTRIES} are opened")
    names: set[str] = set()
    for entry in entries:
        for wrong in unsafe(entry):
            yield from check.fail(f"{path.name}: {entry.orig_filename[:200]!r}", wrong)
        if entry.filename in names:
            yield from check.fail(f"{path.name}: {entry.filename[:200]!r}", "two entries have this name")
        names.add(entry.filename)
    total = sum(entry.file_size for entry in entries)
    if total > MOST_OCTETS or total > MOST_RATIO * max(1, path.stat().st_size):
        yield from check.fail(path.name, f"the entries would take {total} octets")
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    for one, two in pairwise(ordered):
        if one.header_offset + 30 + one.compress_size > two.header_offset:
            yield from check.fail(f"{path.name}: {two.filename[:200]!r}", f"it overlaps {one.filename[:200]!r}")


def unsafe(entry: zipfile.ZipInfo) -> Iterator[str]:
    """What is wrong with the name, the kind or the coding of an entry."""
    name = entry.orig_filename
    if "\0" in name:
        yield "a NUL in its name"
    if "\\" in name:
        yield "a backslash in its name"
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        yield "an absolute name"
    if ".." in name.replace("\\", "/").split("/"):
        yield "its name climbs out of the folder"
    if stat.S_ISLNK(entry.external_attr >> 16):
        yield "a symbolic link"
    if entry.flag_bits & 0x1:
        yield "encrypted"
