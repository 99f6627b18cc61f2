"""Is every capture told by its manifest, made of the records that are there, and in the log? (4) to (8), (10) to (14)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Generator, Iterator
from typing import Any

from archive import tree
from archive.errors import BadRecord
from archive.finding import Finding
from archive.glimpse import ENCODE
from archive.log import PROOF, vouched
from archive.log import told as leaf_told
from archive.note import LONGEST, Note, Verifier
from archive.packcheck.opened import read
from archive.packcheck.run import Capture, Place, Row, Run
from archive.verify.spelling import KINDS, MANIFEST, NAMED, named

MANIFEST_LIMIT = 16 << 20
VERSIONS = (1, 2)
HEAD, VKEY = "log/checkpoint", "log/vkey"
Said = dict[str, Any]


def head(run: Run, given: Verifier | None, how: str) -> Iterator[Finding]:
    """(13) the key, and the checkpoint that it signed. given: the key as it was obtained elsewhere; how, in words."""
    check = run.checks[13]
    octets = read(run.pack, VKEY, LONGEST)
    held = None
    try:
        held = Verifier.parse((octets or b"").decode("utf-8", "replace"))
        if octets != f"{held}\n".encode():
            raise BadRecord("it is not spelled as a key and an end of line")
    except BadRecord as exc:
        yield from check.fail(VKEY, str(exc))
    if given is None:
        yield from check.skip(VKEY, "no key was given from elsewhere: signatures are held against the one in the pack")
    elif held is not None and held != given:
        yield from check.fail(VKEY, f"it is not {given}, which is the key {how}")
    else:
        check.looked += 1
    run.key = given or held
    check.of = f"checkpoints, by the key {how if given is not None else 'that lies in the pack'}"
    note = read(run.pack, HEAD, LONGEST)
    check.looked += 1
    try:
        if note is None:
            raise BadRecord("it is not there, or cannot be read")
        run.head = vouched(Note.parse(note), run.key)
    except BadRecord as exc:
        yield from check.fail(HEAD, str(exc))


class Captures:
    """The captures of one run. first: by place of a record, number and id of the first capture that names it."""

    def __init__(self, run: Run) -> None:
        self.run, self.checks = run, run.checks
        self.rows = {(row.file, row.offset): row for row in run.rows}
        self.own = {row.capture: row for row in run.rows if row.kind == "manifest"}
        self.first: dict[Place, tuple[int, str]] = {}
        self.taken: set[int] = set()  # leaves
        self.note: bytes | None = None

    def all(self) -> Iterator[Finding]:
        self.note = read(self.run.pack, HEAD, LONGEST)
        for id_ in self.run.ids:
            yield from self.capture(id_)
        yield from self.order()
        yield from self.loose()
        for capture in self.run.held.values():
            yield from self.body(capture)

    def capture(self, id_: str) -> Iterator[Finding]:
        file, proof = f"captures/{id_}.json", f"captures/{id_}.tlog-proof"
        block, said = read(self.run.pack, file, MANIFEST_LIMIT), None
        if block is None:
            yield from self.checks[14].fail(f"capture {id_}", f"{file} is not there, or cannot be read")
        else:
            said = yield from self.manifest(id_, file, block)
        if read(self.run.pack, proof, LONGEST) is None:
            yield from self.checks[14].fail(f"capture {id_}", f"{proof} is not there, or cannot be read")
        else:
            yield from self.logged(id_, proof)
        if said is not None:
            yield from self.records(id_, said)

    # -- (5), (10)

    def manifest(self, id_: str, file: str, block: bytes) -> Generator[Finding, None, Said | None]:
        check = self.checks[5]
        check.looked += 1
        self.checks[10].looked += 1
        try:
            said: Said = json.loads(block)
            if said["v"] not in VERSIONS:
                yield from self.checks[10].fail(file, f"a manifest of version {said['v']!r:.40}")
                return None
            if ENCODE(said).encode() != block:
                yield from check.fail(file, "the manifest is not in its canonical form (RFC 8785)")
            if said["id"] != id_:
                yield from check.fail(file, f"it is the manifest of {said['id']!r:.60}")
            names = [({key: each[key] for key in (*NAMED, "kind", "offset")}) for each in named(said)]
            main = next((each for each in names if each["kind"] in KINDS), None)
            refers = said["refers_to"] and said["refers_to"]["capture"]
            if type(said["seq"]) is not int or any(type(said[key]) is not str for key in ("began", "outcome", "file")):
                raise ValueError("its number, time, outcome or file is something else")
            if any(type(each["offset"]) is not int or type(each["kind"]) is not str for each in names):
                raise ValueError("the kind or the place of a record is something else")
            if not all(each is None or type(each) is str for each in (refers, said["payload_sha256"])):
                raise ValueError("its body, or what it stands for, is something else")
            self.run.held[id_] = Capture(
                id_, hashlib.sha256(block).hexdigest(), said["seq"], said["began"], said["outcome"], said["payload_sha256"],
                refers, (said["file"], main["offset"]) if main else None, main["kind"] if main else "",
            )  # fmt: skip
        except (ValueError, KeyError, TypeError, RecursionError) as exc:
            yield from check.fail(file, f"not a manifest: {exc!r:.200}")
            return None
        yield from self.own_record(self.run.held[id_], file)
        return said

    def own_record(self, capture: Capture, file: str) -> Iterator[Finding]:
        check, row = self.checks[5], self.own.get(capture.id)
        if row is None:
            yield from check.fail(f"capture {capture.id}", "members has no record of its manifest")
            return
        seen = self.run.met.get((row.file, row.offset))
        if seen is None:
            return  # (2) tells
        if seen.block != capture.digest:
            yield from check.fail(file, f"it hashes to {capture.digest}, and the block of its record to {seen.block}")
        if (seen.type, seen.target, seen.date) != ("metadata", MANIFEST + capture.id, capture.began):
            yield from check.fail(file, f"its record is {seen.type} of {seen.target[:120]} at {seen.date}")

    # -- (5), (8), (3)

    def records(self, id_: str, said: Said) -> Iterator[Finding]:
        """What the manifest names is what members has, and what is there."""
        for each in named(said):
            place = (said["file"], each["offset"])
            row = self.rows.get(place)
            if row is None:
                yield from self.checks[5].fail(f"capture {id_}", f"its {each['kind']} record at {place} is not in members")
                continue
            self.first[place] = min(self.first.get(place, (said["seq"], id_)), (said["seq"], id_))
            self.checks[8].looked += 1
            has = (row.length, row.sha256, row.kind, row.block)
            if has != (each["length"], each["sha256"], each["kind"], each["block_sha256"]):
                yield from self.checks[8].fail(row.subject, f"it is not what the manifest of {id_} says of this record")
            seen = self.run.met.get(place)
            if seen is not None and (seen.type, seen.id, seen.block) != (each["type"], each["id"], each["block_sha256"]):
                yield from self.checks[3].fail(
                    row.where, f"the {seen.type} record {seen.id} is not as the manifest of {id_} says"
                )

    def loose(self) -> Iterator[Finding]:
        # (8)
        for row in self.run.rows:
            first = self.first.get((row.file, row.offset))
            if row.kind == "manifest":
                if self.own[row.capture] is not row or row.capture not in self.run.held:
                    yield from self.checks[8].fail(row.subject, f"it is no record of the manifest of {row.capture}")
            elif first is None:
                yield from self.checks[8].fail(row.subject, "no manifest names this record")
            elif first[1] != row.capture:
                yield from self.checks[8].fail(row.subject, f"the first capture that names this record is {first[1]}")

    # -- (6)

    def order(self) -> Iterator[Finding]:
        check, before = self.checks[6], Row(0, "", 0, 0, "", 0, "", "", "")
        for row in self.run.rows:
            check.looked += 1
            if (row.file.encode(), row.offset) < (before.file.encode(), before.offset + before.length):
                yield from check.fail(row.subject, "in the archive it does not lie behind the record before")
            before = row
        seqs: dict[int, str] = {}
        last = -1
        for capture in self.run.held.values():
            check.looked += 1
            if capture.seq in seqs:
                yield from check.fail(f"capture {capture.id}", f"it has the number of {seqs[capture.seq]}: {capture.seq}")
            elif capture.seq < last:
                yield from check.fail("pack.json", f"capture {capture.id} does not stand in the order of the log")
            seqs[capture.seq] = capture.id
            last = capture.seq

    # -- (11), (12), (13), (14)

    def logged(self, id_: str, file: str) -> Iterator[Finding]:
        proof = read(self.run.pack, file, LONGEST) or b""
        begin, _, rest = proof.partition(b"\n\n")
        self.checks[13].looked += 1
        if rest != self.note:
            yield from self.checks[13].fail(file, f"it ends with another checkpoint than {HEAD}")
        self.checks[11].looked += 1
        self.checks[10].looked += 1
        try:
            leaf, index, path = _parsed(begin)
            said = leaf_told(leaf)
        except (BadRecord, ValueError) as exc:
            yield from self.checks[11].fail(file, str(exc))
            return
        if self.run.head is not None:
            self.checks[12].looked += 1
            if not tree.includes(tree.leaf_hash(leaf), index, self.run.head.size, path, self.run.head.root):
                yield from self.checks[12].fail(file, "the path does not lead from the leaf to the root that was signed")
        yield from self.leaf(id_, index, said)

    def leaf(self, id_: str, index: int, said: Said) -> Iterator[Finding]:
        check, capture = self.checks[14], self.run.held.get(id_)
        check.looked += 1
        if index in self.taken:
            yield from check.fail(f"capture {id_}", f"leaf {index} is that of another capture too")
        self.taken.add(index)
        self.run.leaves[id_] = index
        if capture is None:
            return  # (5) or (14) has told
        now = {"at": capture.began, "manifest": capture.digest, "outcome": capture.outcome, "seq": capture.seq}
        differs = ", ".join(f"{key}: {said[key]}, now {now[key]}" for key in now if said[key] != now[key])
        if differs:
            yield from check.fail(f"capture {id_}", f"it is not what leaf {index} was logged as ({differs})")

    # -- (4), (7)

    def body(self, capture: Capture) -> Iterator[Finding]:
        subject = f"capture {capture.id}"
        if capture.refers_to is not None:
            self.checks[7].looked += 1
            stands_for = self.run.held.get(capture.refers_to)
            if stands_for is None:
                yield from self.checks[7].fail(subject, f"it stands for {capture.refers_to!r:.60}, which is not in the pack")
            elif stands_for.payload != capture.payload:
                yield from self.checks[7].fail(subject, f"it stands for {stands_for.id}, which has another body")
        elif capture.payload is not None and capture.main is not None and capture.kind in ("response", "resource"):
            seen = self.run.met.get(capture.main)
            if seen is not None:
                self.checks[4].looked += 1
                if seen.payload != capture.payload:
                    yield from self.checks[4].fail(
                        subject, f"the body hashes to {seen.payload}; its manifest has {capture.payload}"
                    )


def _parsed(begin: bytes) -> tuple[bytes, int, list[bytes]]:
    """Leaf, index and path of a proof. Raises ValueError."""
    lines = begin.decode("utf-8", "replace").split("\n")
    index = re.fullmatch(r"index (0|[1-9][0-9]{0,18})", lines[2]) if len(lines) > 2 else None
    if lines[0] != PROOF or index is None or not lines[1].startswith("extra "):
        raise ValueError("not a proof of this log: it lacks its first line, its entry or its index")
    return once(lines[1][6:]), int(index[1]), [once(line) for line in lines[3:]]


def once(text: str) -> bytes:
    """Base64 in its one spelling. Raises ValueError."""
    octets = base64.b64decode(text, validate=True)
    if base64.b64encode(octets).decode() != text:
        raise ValueError(f"not the one spelling of its base64: {text[:80]!r}")
    return octets
