"""Is every capture told by one manifest, which names its records as they are, in an order without gaps? (5) and (6)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Generator, Iterator

from archive.finding import Finding
from archive.glimpse import ENCODE
from archive.verify.met import Met
from archive.verify.scene import Scene
from archive.verify.spelling import NAMED, Told, named

MANIFEST_VERSIONS = (1, 2, 3)
TWICE = "SELECT * FROM ids WHERE hash IN (SELECT hash FROM ids GROUP BY hash HAVING count(*) > 1)"


class Manifests:
    """The manifests of one run. expected: the number that the next capture should have."""

    def __init__(self, scene: Scene, met: Met) -> None:
        self.scene, self.met = scene, met
        self.checks, self.index = scene.checks, scene.index
        self.expected = 0

    def manifest(self, name: str, offset: int, block: bytes, capture: str) -> Generator[Finding, None, Told | None]:
        check, where = self.checks[5], f"{name} at {offset}"
        check.looked += 1
        self.checks[10].looked += 1
        try:
            told: Told = json.loads(block)
            if told["v"] not in MANIFEST_VERSIONS:
                why = f"a manifest of version {told['v']!r}; this verifier knows {MANIFEST_VERSIONS[-1]}"
                yield from self.checks[10].fail(where, why)
                return None
            if ENCODE(told).encode() != block:
                yield from check.fail(where, "the manifest is not in its canonical form (RFC 8785)")
            for said in named(told):
                {key: said[key] for key in NAMED}
            id_, seq, file = told["id"], told["seq"], told["file"]
        except (ValueError, KeyError, TypeError) as exc:
            yield from check.fail(where, f"not a manifest: {exc!r}")
            return None
        if id_ != capture:
            yield from check.fail(where, f"the record is the manifest of {capture}, and what it holds is that of {id_}")
        if file != name:
            yield from check.fail(where, f"the manifest says that it lies in {file}")
        if type(seq) is not int:
            yield from check.fail(where, f"not a manifest: its number is {seq!r:.80}")
            return None
        yield from self.manifest_digest(where, offset, seq, id_, hashlib.sha256(block).hexdigest())
        self.met.remember(seq, id_)
        self.met.named_once_more(name, offset)
        return told

    def in_order(self, seq: int, id_: str, name: str, offset: int) -> Iterator[Finding]:
        # (6)
        check = self.checks[6]
        check.looked += 1
        if seq != self.expected:
            where = f"{name} at {offset}"
            yield from check.fail(id_, f"{where}: the capture has number {seq} where {self.expected} should come")
        self.expected = seq + 1

    def manifest_digest(self, where: str, offset: int, seq: int, id_: str, sha256: str) -> Iterator[Finding]:
        """The capture's row and the log's outbox keep the manifest's digest."""
        if self.index is None:
            return
        check = self.checks[5]
        row = self.index.execute("SELECT manifest_offset, manifest_sha256 FROM captures WHERE id = ?", (id_,)).fetchone()
        if row is None:
            if not self.scene.writing():
                yield from check.fail(where, f"the index has no capture {id_}, whose manifest this is")
            return
        if row["manifest_offset"] == offset and row["manifest_sha256"] != sha256:
            yield from check.fail(where, f"the manifest of {id_} hashes to {sha256}; kept: {row['manifest_sha256']}")
        posted = self.index.execute("SELECT manifest_sha256 FROM outbox WHERE seq = ?", (seq,)).fetchone()
        if posted is not None and posted[0] != sha256:
            yield from check.fail(where, f"the manifest of {id_} hashes to {sha256}; the log's outbox has {posted[0]}")

    def named_records(self, name: str, told: Told) -> Iterator[Finding]:
        """Every record that the manifest names is there, and is what it says."""
        check = self.checks[5]
        for said in named(told):
            place = f"its {said['kind']} record at {said['offset']} of {name}"
            row = self.met.lying(name, said["offset"])
            if row is None:
                yield from check.fail(told["id"], f"{place} is not there")
                continue
            for key in NAMED:
                if row[key] != said[key]:
                    yield from check.fail(told["id"], f"{place} has {key} {row[key]}; the manifest has {said[key]}")
            if said["kind"] != "chain" or not row["named"]:  # one chain serves all captures of a file
                self.met.named_once_more(name, said["offset"])

    def loose_records(self) -> Iterator[Finding]:
        self.met.write()
        query = "SELECT * FROM lies WHERE type != 'warcinfo' AND named != 1 ORDER BY serial, offset"
        for row in self.met.seen.execute(query):
            how = f"{row['named']} manifests name" if row["named"] else "no manifest names"
            where = f"{row['file']} at {row['offset']}"
            yield from self.checks[5].fail(where, f"{how} this {row['type']} record, {row['id']}")

    def sequence(self) -> Iterator[Finding]:
        """The rest of (6): what stands twice, and the index's own numbers."""
        check = self.checks[6]
        self.met.write()
        names = {serial: name for name, serial in self.met.serials.items()}
        found = ((row, self.met.lying(names[row["serial"]], row["offset"])) for row in self.met.seen.execute(TWICE).fetchall())
        twice = Counter(lies["id"] for _, lies in found if lies is not None)
        for id_, count in sorted(twice.items(), key=str):
            if count > 1:
                yield from check.fail(id_ or "a record without an id", f"the record is there {count} times")
        if self.index is None:
            return
        count, first, last = self.index.execute("SELECT count(*), min(seq), max(seq) FROM captures").fetchone()
        if count and (first, last) != (0, count - 1):
            yield from self.numbers()
        for row in self.met.captures(None, doubtful=True):
            if not self.met.seen.execute("SELECT 1 FROM told WHERE seq = ? AND id = ?", (row["seq"], row["id"])).fetchone():
                yield from check.fail(row["id"], f"the index has this capture as number {row['seq']}, and no manifest does")

    def numbers(self) -> Iterator[Finding]:
        assert self.index is not None
        expected = 0
        for row in self.index.execute("SELECT seq, id FROM captures ORDER BY seq"):
            if row["seq"] != expected:
                yield from self.checks[6].fail(row["id"], f"the index has number {row['seq']} where {expected} should come")
            expected = row["seq"] + 1
