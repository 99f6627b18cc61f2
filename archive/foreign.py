"""Does a file that others made follow the standard? Strict: every finding names record, offset, field and clause.

The same numbers as `verify`, as far as they apply to one file: (1) it is of a kind that is known, and what lies in a
package may be opened, (2) gzip members, (3) records and block digests, (4) payload digests, (5) what a package's
datapackage.json says of its files, (10) versions. Nothing of the file is held beyond one step of octets and, of a
package, its listing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from archive import records, standard
from archive.errors import BadRecord, Damaged, NotFound
from archive.finding import CHECKS, Check, Finding
from archive.records import LONGEST_LINE, ONE_MEMBER, Fault
from archive.wacz import DATAPACKAGE, DIGEST, Package

APPLY = {1: "file", 2: "gzip members", 3: "records", 4: "payload digests", 10: "version lines"}
PACKED = {1: "entries of the package that are safe to open", 5: "files that datapackage.json lists"}
Checks = dict[int, Check]
# How files begin that are packed in another way than the standard knows, and what unpacks them.
PACKERS = (
    (re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), "Zstandard", "zstd -d"),
    (re.compile(rb"\x04\x22\x4d\x18"), "LZ4", "lz4 -d"),
    (re.compile(rb"BZh[1-9]"), "bzip2", "bunzip2"),
    (re.compile(rb"\xfd7zX"), "xz", "unxz"),
)
HTTP_ANSWER = re.compile(rb"HTTP/[0-9.]+ [0-9]{3}\b")
HTTP_REQUEST = re.compile(rb"[A-Z]+ [!-~]+ HTTP/[0-9.]+\r?\n")


def verify_file(path: Path) -> Iterator[Finding]:
    """Findings over one WARC file (1.0, 1.1 and its drafts; gzip or plain) or WACZ package, in the order of its records.

    Raises NotFound where there is no such file.
    """
    if not path.is_file():
        raise NotFound(f"there is no file {path}")
    checks = {number: Check(CHECKS[number - 1], of) for number, of in APPLY.items()}
    with path.open("rb") as file:
        kind = kind_of(file)
        if kind == "zip":
            checks |= {number: Check(CHECKS[number - 1], of) for number, of in PACKED.items()}
            yield from _package(checks, path.name, file)
        elif kind == "arc":
            for check in checks.values():
                check.why_not = "an ARC file: no standard of ISO to hold it to"
        else:
            yield from _warc(checks, path.name, file)
    for _, check in sorted(checks.items()):
        yield from check.sum(path.name)


def packed_otherwise(file: IO[bytes]) -> str | None:
    """Why a file is read no further that is packed by a program whose coding is not in the standard; None for others."""
    file.seek(0)
    begin = file.read(4)
    for form, name, unpack in PACKERS:
        if form.match(begin):
            return f"packed by {name}, and the standard knows gzip alone (WARC 1.1, Annex D): unpack it first, as by `{unpack}`"
    return None


def kind_of(file: IO[bytes]) -> str:
    """`warc`, `arc`, `zip`, or `unknown`, by how the file begins."""
    file.seek(0)
    begin = file.read(4)
    if begin == b"PK\x03\x04":
        return "zip"
    first = records.begins(file, 16)
    if first.lower().startswith(b"warc/"):
        return "warc"
    return "arc" if first.startswith(b"filedesc:") else "unknown"


def _warc(checks: Checks, name: str, file: IO[bytes]) -> Iterator[Finding]:
    if otherwise := packed_otherwise(file):
        yield from checks[1].fail(name, otherwise)
        return
    packed = records.is_gzip(file)
    number = 0
    for record in records.walk(file, inner=True):
        number = record.number
        yield from _record(checks, name, record, packed=packed)
    checks[1].looked += 1
    if not number:
        yield from checks[3].fail(name, "the file holds no record (WARC 1.1, 4: warc-file is one record or more)")


def _record(checks: Checks, name: str, record: records.Record, *, packed: bool) -> Iterator[Finding]:
    subject = f"{name}: record {record.number} at {record.offset}"
    digests, begin = standard.Digests(record), b""
    for piece in record.block():
        begin = begin or piece[:LONGEST_LINE]
        digests.feed(piece)
    records.finish(record)
    checks[2].looked += packed
    checks[3].looked += 1
    checks[10].looked += record.version is not None
    for fault in [*record.faults, *standard.faults(record), *_other_message(record, begin)]:
        number = 2 if fault.clause == ONE_MEMBER else 10 if fault.clause == standard.UNKNOWN_VERSION else 3
        yield from checks[number].fail(subject, str(fault))
    for fault in digests.faults() if record.readable else ():
        yield from checks[3 if fault.field == "WARC-Block-Digest" else 4].fail(subject, str(fault))
    checks[4].looked += digests.checked


def _other_message(record: records.Record, begin: bytes) -> Iterator[Fault]:
    """A request that holds an answer, or an answer that holds a request: not what its type and its media type say."""
    if not standard.is_http(record):
        return
    if record.type == "request" and HTTP_ANSWER.match(begin):
        yield Fault("WARC 1.1, 6.5.2", f"the block of a request is an answer: {begin[:40]!r}")
    elif record.type == "response" and HTTP_REQUEST.match(begin):
        yield Fault("WARC 1.1, 6.3.2", f"the block of a response is a request: {begin[:40]!r}")


def _package(checks: Checks, name: str, file: IO[bytes], *, nested: bool = False) -> Iterator[Finding]:
    """A package: its entries, what it says of them, and the WARC files in it; of packages in it, one level deep."""
    package = Package.open(file)
    for fault in package.faults:
        yield from checks[1].fail(name, fault)
    for entry in package.entries:
        checks[1].looked += 1
        for fault in entry.faults:
            yield from checks[1].fail(f"{name}: {entry.name[:200]!r}", fault)
    yield from _listed(checks, name, package)
    yield from _datapackage_digest(checks[5], name, package)
    opened = 0
    for entry in [*package.archived(), *([] if nested else package.nested())]:
        if entry.faults:
            continue  # said already
        member = f"{name}!{entry.name}"
        try:
            with package.look(entry) as octets:
                opened += 1
                kind = kind_of(octets)
                if kind == "zip":
                    yield from _package(checks, member, octets, nested=True)
                elif kind == "arc":
                    yield from checks[3].skip(member, "an ARC file: no standard of ISO to hold it to")
                else:
                    yield from _warc(checks, member, octets)
        except Damaged as exc:
            yield from checks[1].fail(member, str(exc))
    if not opened:
        yield from checks[3].fail(name, "no WARC file that could be read in archive/ (WACZ 1.1.1, 5.2.1)")


def _anonymous(check: Check, subject: str, signed: dict[str, object], told: bytes) -> Iterator[Finding]:
    """An anonymous signature holds; whose key it is nobody here can say."""
    from archive.seal import holds  # which loads what knows keys

    try:
        created = json.loads(told).get("created")
        key = holds(signed, f"sha256:{hashlib.sha256(told).hexdigest()}", created)
    except (BadRecord, ValueError, AttributeError, RecursionError) as exc:
        yield from check.fail(subject, f"its signature: {exc}")
        return
    check.looked += 1
    yield from check.skip(
        subject, f"whose key it is that signed it, sha256:{key}, is not known here: nothing is said of who or when"
    )


def _listed(checks: Checks, name: str, package: Package) -> Iterator[Finding]:
    """(5) every file that datapackage.json lists is there and is what it says; all WARC files are listed, the rest is noted."""
    check = checks[5]
    check.why_not = f"no {DATAPACKAGE} that lists files"
    for listed in package.resources:
        check.looked += 1
        subject = f"{name}: {listed.path[:200]!r}"
        entry = package.named(listed.path)
        if entry is None:
            yield from check.fail(subject, f"{DATAPACKAGE} lists it, and it is not in the package")
            continue
        if entry.faults:
            continue  # (1) has said why it is not opened
        try:
            digest, size = package.digests(entry, listed.digest[0] if listed.digest else "sha256")
        except Damaged as exc:
            yield from check.fail(subject, str(exc))
            continue
        if listed.digest is None:
            yield from check.fail(subject, f"{DATAPACKAGE} gives no digest that is known (WACZ 1.1.1, 5.3)")
        elif digest != listed.digest[1]:
            yield from check.fail(
                subject, f"its octets hash to {listed.digest[0]}:{digest}; {DATAPACKAGE} has {listed.digest[1]}"
            )
        if listed.size is not None and size != listed.size:
            yield from check.fail(subject, f"{size} octets; {DATAPACKAGE} has {listed.size}")
    evidence = {entry.name for entry in (*package.archived(), *package.nested())}
    for entry in package.entries:
        if entry.is_folder or package.vouches(entry):
            continue
        subject = f"{name}: {entry.name[:200]!r}"
        if entry.name in evidence:
            yield from check.fail(subject, f"{DATAPACKAGE} does not list it, and so nothing vouches for it (WACZ 1.1.1, 5.3)")
        else:
            yield from check.skip(subject, f"in the package, and {DATAPACKAGE} does not list it")


def _datapackage_digest(check: Check, name: str, package: Package) -> Iterator[Finding]:
    """(5) datapackage.json hashes to what datapackage-digest.json says; a signature in it is not verified."""
    octets = package.small(DIGEST)
    if octets is None or package.told is None:
        return  # 5.4: it may be left out
    check.looked += 1
    subject = f"{name}: {DIGEST}"
    try:
        said = json.loads(octets)
        path, wanted, signed = said["path"], standard.digest(said["hash"]), said.get("signedData")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
        yield from check.fail(subject, f"it is not what WACZ 1.1.1, 5.4 says: {exc!r:.200}")
        return
    if path != DATAPACKAGE or wanted is None:
        yield from check.fail(subject, f"it names {path!r:.80} and {said['hash']!r:.80}")
    elif (found := hashlib.new(wanted[0], package.told, usedforsecurity=False).hexdigest()) != wanted[1]:
        yield from check.fail(subject, f"{DATAPACKAGE} hashes to {wanted[0]}:{found}; it has {wanted[1]}")
    if isinstance(signed, dict) and "publicKey" in signed:
        yield from _anonymous(check, subject, signed, package.told)
    elif signed is not None:
        yield from check.skip(subject, "its signature is not verified: hashes prove that files fit together, not who made them")
