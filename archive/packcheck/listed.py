"""Is every file there that the pack lists, and is each as listed? Check (1), (16), and the versions of (10)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from archive.errors import BadRecord, Damaged
from archive.finding import Finding
from archive.note import LONGEST, Note
from archive.packcheck.opened import LARGEST_LIST, LIST, TOLD, misnamed, read
from archive.packcheck.run import Row, Run

SIGNATURE, STATEMENT, MEMBERS = "signature", "kartoteka pack v1", "members"
LINE = re.compile(r"([0-9a-f]{64}) (0|[1-9][0-9]{0,17}) (\S+)")
NUMBER = r"(0|[1-9][0-9]{0,17})"
ROW = re.compile(
    rf"([A-Za-z0-9_-][A-Za-z0-9._-]*)\t{NUMBER}\t{NUMBER}\t([0-9a-f]{{64}})\t{NUMBER}\t([a-z]+)\t([0-9a-f-]{{36}})\t([0-9a-f]{{64}})"
)
STEP = 256 * 1024
SHAPE = {
    "as_of": (str, type(None)), "captures": (list,), "case": (str,), "checkpoint": (dict,), "head": (str,), "kind": (str,),
    "signed": (bool,), "software": (str,), "stamped": (list,), "v": (int,),
}  # fmt: skip


def files(run: Run) -> Iterator[Finding]:
    """(1) the list, and the files it lists."""
    check, pack = run.checks[1], run.pack
    for name, why in pack.faults:
        yield from check.fail(name, why)
    listed = read(pack, LIST, LARGEST_LIST)
    if listed is None:
        yield from check.fail(LIST, "it is not there, or cannot be read")
        return
    known: set[str] = {LIST, SIGNATURE}
    before = ""
    for line in lines(listed):
        match = LINE.fullmatch(line)
        if match is None or misnamed(match[3]) or match[3] in (LIST, SIGNATURE):
            yield from check.fail(LIST, f"not a line of the list: {line[:120]!r}")
            continue
        sha256, size, name = match.groups()
        if name.encode() <= before.encode():
            yield from check.fail(LIST, f"{name} does not stand in its order")
        before = name
        known.add(name)
        check.looked += 1
        if wrong := _differs(run, name, sha256, int(size)):
            yield from check.fail(name, wrong)
    for name in sorted(set(pack.sizes) - known):
        yield from check.fail(name, f"{LIST} does not list it")


def _differs(run: Run, name: str, sha256: str, size: int) -> str | None:
    if name not in run.pack.sizes:
        return f"{LIST} lists it, and it is not there"
    digest, length = hashlib.sha256(), 0
    try:
        with run.pack.open(name) as file:
            while piece := file.read(STEP):
                digest.update(piece)
                length += len(piece)
    except (Damaged, OSError) as exc:
        return str(exc)
    if (length, digest.hexdigest()) != (size, sha256):
        return f"{length} octets that hash to {digest.hexdigest()}; {LIST} has {size}, {sha256}"
    return None


def lines(octets: bytes) -> Iterator[str]:
    """Lines that end with LF; what is no UTF-8 or has no end is given as it is, and fits no form."""
    for line in octets.decode("utf-8", "surrogateescape").splitlines(keepends=True):
        yield line.removesuffix("\n") if line.endswith("\n") else line + "\0"


def told(run: Run) -> Iterator[Finding]:
    """(1) and (10): what pack.json says; without it the captures that lie there are taken."""
    there = {name[9:-5] for name in run.pack.sizes if name.startswith("captures/") and name.endswith(".json")}
    there |= {name[9:-11] for name in run.pack.sizes if name.startswith("captures/") and name.endswith(".tlog-proof")}
    run.ids = sorted(there)
    try:
        said = _shaped(read(run.pack, TOLD, LARGEST_LIST))
    except ValueError as exc:
        yield from run.checks[1].fail(TOLD, str(exc))
        return
    run.checks[1].looked += 1
    run.checks[10].looked += 1
    if said["v"] != 1:
        yield from run.checks[10].fail(TOLD, f"a pack of version {said['v']}; this verifier knows 1")
    run.signed = said["signed"]
    run.stamped = [size for size in said["stamped"] if type(size) is int and 0 < size < 10**12]
    if sorted(set(said["captures"])) != sorted(said["captures"]) or set(said["captures"]) != there:
        yield from run.checks[1].fail(TOLD, f"it names {len(said['captures'])} captures, and those of {len(there)} are there")
    run.ids = [*dict.fromkeys(id_ for id_ in said["captures"] if isinstance(id_, str)), *sorted(there - set(said["captures"]))]
    folders = {name.split("/")[2] for name in run.pack.sizes if re.match(r"log/stamps/\d{12}/", name)}
    if sorted(said["stamped"]) != said["stamped"] or {f"{size:012}" for size in run.stamped} != folders:
        yield from run.checks[1].fail(TOLD, "the stamped checkpoints that it names are not those that are there")
    head = run.head and {"origin": run.head.origin, "size": run.head.size, "root": run.head.root.hex()}
    if head is not None and said["checkpoint"] != head:
        yield from run.checks[1].fail(TOLD, "it names another checkpoint than log/checkpoint")


def _shaped(octets: bytes | None) -> dict[str, Any]:
    if octets is None:
        raise ValueError("it is not there, or cannot be read")
    try:
        said = json.loads(octets)
    except (ValueError, RecursionError) as exc:
        raise ValueError(f"not JSON: {exc}") from exc
    if not isinstance(said, dict) or said.keys() != SHAPE.keys():
        raise ValueError("it has not the keys of version 1")
    if any(type(said[key]) not in kinds for key, kinds in SHAPE.items()) or said["kind"] != "kartoteka pack":
        raise ValueError("a value of it is of another kind")
    if not all(isinstance(id_, str) for id_ in said["captures"]) or not all(type(size) is int for size in said["stamped"]):
        raise ValueError("its captures or its stamped checkpoints are something else")
    return said


def members(run: Run) -> Iterator[Finding]:
    """(1) the lines of `members`."""
    octets = read(run.pack, MEMBERS, LARGEST_LIST)
    if octets is None:
        yield from run.checks[1].fail(MEMBERS, "it is not there, or cannot be read")
        return
    for number, line in enumerate(lines(octets), 1):
        match = ROW.fullmatch(line)
        if match is None:
            yield from run.checks[1].fail(f"{MEMBERS} line {number}", f"not a line of it: {line[:120]!r}")
            continue
        file, at, length, sha256, offset, kind, capture, block = match.groups()
        run.rows.append(Row(number, file, int(at), int(length), sha256, int(offset), kind, capture, block))


def signature(run: Run) -> Iterator[Finding]:
    # (16)
    check = run.checks[16]
    octets, listed = read(run.pack, SIGNATURE, LONGEST), read(run.pack, LIST, LARGEST_LIST)
    if octets is None:
        if run.signed or SIGNATURE in run.pack.sizes:
            yield from check.fail(SIGNATURE, "pack.json says that the pack is signed, and the signature is not there")
        check.why_not = "who made the pack had no key at hand, and did not sign its list"
        return
    check.looked += 1
    try:
        note = Note.parse(octets)
    except BadRecord as exc:
        yield from check.fail(SIGNATURE, str(exc))
        return
    wanted = f"{STATEMENT}\n{hashlib.sha256(listed or b'').hexdigest()}\n"
    if note.text != wanted:
        yield from check.fail(SIGNATURE, f"it is over another list than {LIST}")
    elif run.key is None or not note.signed_by(run.key):
        yield from check.fail(SIGNATURE, f"it is not by the key {run.key or 'of the log, which cannot be read'}")
