"""Is every octet of the files in one whole record that hashes to what was kept? Checks (2), (3) and (4), in one pass.

It holds one step of octets and one manifest at a time.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from archive import records, standard
from archive.finding import Finding
from archive.glance import glance
from archive.records import ONE_MEMBER, Record
from archive.verify.carried import MEMBERS, Carried, Rows, State, file_is
from archive.verify.manifests import Manifests
from archive.verify.met import LONGEST_MEMBER, Met
from archive.verify.plain import Settling
from archive.verify.scene import Scene
from archive.verify.spelling import MANIFEST, Told, bare, named

MANIFEST_LIMIT = 16 * 1024 * 1024  # octets of a manifest that is read; ours have some thousand
AHEAD = 1 << 20  # octets of a file that are read at once
Progress = Callable[[str, int, int], None]  # what is read, octets (or captures) done, and in all


class Octets:
    """The pass over the files of one run, or over the records of some captures."""

    def __init__(self, scene: Scene, met: Met, manifests: Manifests, progress: Progress) -> None:
        self.scene, self.met, self.manifests, self.progress = scene, met, manifests, progress
        self.home, self.checks, self.index = scene.home, scene.checks, scene.index
        self.settling = Settling(scene, met, manifests)
        self.seen: Rows | None = None  # watches the rows of the file that is read

    def all_records(self, carried: Carried | None = None, note: Callable[[str], None] = lambda _: None) -> Iterator[Finding]:
        """Every file, one after another; those that an earlier run has read, and that are what they were, are taken as read."""
        present = [(serial, name, self.home / "warc" / name) for serial, name in self.scene.names()]
        present = [(serial, name, path) for serial, name, path in present if path.is_file()]
        whole = sum(path.stat().st_size for _, _, path in present)
        before = {number: (check.looked, check.failed) for number, check in self.checks.items()}
        done = 0
        if carried is None:
            self.settling.begin()
        else:
            done = self.take_over(carried, present)
            self.seen = carried.rows
            present = present[len(carried.names) :]
            if said := carried.told():
                note(said)
            yield from carried.found()
        for serial, name, path in present:
            self.settling.chains.clear()
            self.met.reading = serial
            file_was = file_is(path) if carried is not None else ""
            with path.open("rb", buffering=AHEAD) as file:
                for finding in self.one_file(serial, name, file, partial(self.told_of, name, done, whole)):
                    if carried is not None:
                        carried.note(finding)
                    yield finding
                done += file.seek(0, 2)
            self.settling.hold(serial, name)
            if carried is not None:
                self.met.write()
                carried.keep(serial, name, path, file_was, self.state(before))
        self.settling.end()
        yield from self.manifests.loose_records()

    def take_over(self, carried: Carried, present: Sequence[tuple[int, str, Path]]) -> int:
        """The files that are taken as read; how many octets they have."""
        state = carried.take_over(present, lambda count: self.met.forget_others([serial for serial, *_ in present[:count]]))
        for serial, _, path in present[: len(carried.names)]:
            self.met.reached[serial] = path.stat().st_size
        if state is None:
            self.settling.begin(seen=carried.rows)
        else:
            self.settling.begin(state.next_seq, carried.rows)
            self.manifests.expected = state.expected
            for number, check in self.checks.items():
                check.looked += state.looked[number]
                check.failed += state.failed[number]
                check.carried = carried.words if state.looked[number] else ""
        return sum(self.met.reached.values())

    def state(self, before: dict[int, tuple[int, int]]) -> State:
        looked = {number: check.looked - before[number][0] for number, check in self.checks.items()}
        failed = {number: check.failed - before[number][1] for number, check in self.checks.items()}
        return State(self.manifests.expected, self.settling.next_seq(), looked, failed)

    def told_of(self, name: str, done: int, whole: int, at: int) -> None:
        self.progress(name, done + at, whole)

    def one_file(self, serial: int, name: str, file: BinaryIO, progress: Callable[[int], None]) -> Iterator[Finding]:
        """Member after member, as the index knows them; what is not as it says goes the long way."""
        members: Iterator[tuple[int, int, str]] = iter(())
        if self.index is not None:
            rows = self.index.cursor()
            rows.row_factory = None
            members = rows.execute(MEMBERS, (serial,))
            if self.seen is not None:
                members = self.seen.members(members)
        member, unsure = next(members, None), []
        size = file.seek(0, 2)
        offset, looked = file.seek(0), 0
        while offset < size:
            if not looked % 128:
                progress(offset)
            while member is not None and member[0] < offset:
                unsure.append(member[0])
                member = next(members, None)
            if member is not None and member[0] == offset and member[1] <= LONGEST_MEMBER:
                told = glance(file.read(member[1]))
                if told is not None and told[0].length == member[1] and told[0].sha256 == member[2]:
                    if findings := self.settling.plain(serial, name, offset, *told):
                        yield from findings
                    offset = self.met.reached[serial] = offset + member[1]
                    looked += 1
                    member = next(members, None)
                    continue
            self.settling.hold(serial, name)
            record = next(records.walk(file, offset, resume=self.known_members(serial)), None)
            if record is None:
                break
            yield from self.record(serial, name, record)
            offset = self.met.reached[serial] = file.seek(offset + record.length)
        progress(size)
        for number in (2, 3, 10):
            self.checks[number].looked += looked
        unsure += [row[0] for row in (*([member] if member else []), *members)]
        yield from self.missing_members(serial, name, unsure)

    def records_of(self, scope: Sequence[sqlite3.Row]) -> Iterator[Finding]:
        """The records of some captures: those of their rows, and those that their manifests name."""
        for number, row in enumerate(scope, 1):
            path = self.home / "warc" / str(row["name"])
            self.checks[1].looked += 1
            if not path.is_file():
                yield from self.checks[1].fail(row["id"], f"{row['name']}, which the index names, is not there")
                continue
            with path.open("rb") as file:
                told = yield from self.record_at(file, row, row["manifest_offset"])
                places = {said["offset"] for said in named(told)} if told else set()
                for offset in sorted(places | ({row["record_offset"]} - {None})):
                    yield from self.record_at(file, row, offset)
                if told:
                    yield from self.manifests.named_records(row["name"], told)
            self.progress(row["id"], number, len(scope))

    def record_at(self, file: BinaryIO, row: sqlite3.Row, offset: int) -> Generator[Finding, None, Told | None]:
        """The record at one offset, once; what a manifest there says."""
        if self.met.lying(row["name"], offset):
            return None
        for record in records.walk(file, offset):
            return (yield from self.record(row["serial"], row["name"], record, whole=False))
        yield from self.checks[2].fail(f"{row['name']} at {offset}", "the file ends before this record")
        return None

    def known_members(self, serial: int) -> Callable[[int], int | None]:
        """Where behind a broken member the next one begins, as the index knows it."""

        def resume(offset: int) -> int | None:
            if self.index is None:
                return None
            query = "SELECT min(offset) FROM members WHERE serial = ? AND offset > ?"
            found: int | None = self.index.execute(query, (serial, offset)).fetchone()[0]
            return found

        return resume

    def record(self, serial: int, name: str, record: Record, *, whole: bool = True) -> Generator[Finding, None, Told | None]:
        """(2) to (4) of one record, and (5) where it is a manifest: what that says is returned."""
        where = f"{name} at {record.offset}"
        target = (record.get("WARC-Target-URI") or "").strip("<>")
        is_manifest = record.type == "metadata" and target.startswith(MANIFEST)
        digests, block, payload = standard.Digests(record), hashlib.sha256(), hashlib.sha256()
        body = standard.Body() if standard.is_http(record) else None
        kept = bytearray()
        for piece in record.block():
            digests.feed(piece)
            block.update(piece)
            for entity, _ in body.feed(piece) if body else ((piece, piece),):
                payload.update(entity)
            if is_manifest and len(kept) <= MANIFEST_LIMIT:
                kept += piece
        records.finish(record)
        yield from self.member(serial, where, record)
        if record.version is None:
            return None
        yield from self.follows_the_standard(where, record, digests)
        has_payload = record.readable and (record.type == "resource" or (record.type == "response" and body is not None))
        lies: list[Any] = [serial, record.offset, name, record.length, record.sha256, bare(record.get("WARC-Record-ID"))]
        lies += [record.type, target, record.get("WARC-Date"), body.head.status if body and body.head else None]
        lies += [record.taken, block.hexdigest(), payload.hexdigest() if has_payload else None]
        self.met.add((*lies, bare(record.get("WARC-Refers-To")), 0))
        self.met.met_id(lies[5], serial, record.offset)
        if not is_manifest or not record.readable:
            return None
        told = yield from self.manifests.manifest(name, record.offset, bytes(kept), target.removeprefix(MANIFEST))
        if told is not None and whole:
            yield from self.manifests.in_order(told["seq"], told["id"], name, record.offset)
            yield from self.manifests.named_records(name, told)
        return told

    def member(self, serial: int, where: str, record: Record) -> Iterator[Finding]:
        # (2)
        check = self.checks[2]
        check.looked += 1
        for fault in record.faults:
            if fault.clause == ONE_MEMBER or record.version is None:
                yield from check.fail(where, str(fault))
        if self.index is None or (record.version is None and record.sha256 is None):
            return
        query = "SELECT length, sha256 FROM members WHERE serial = ? AND offset = ?"
        row = self.index.execute(query, (serial, record.offset)).fetchone()
        if row is None:
            end = self.index.execute("SELECT max(offset + length) FROM members WHERE serial = ?", (serial,)).fetchone()[0]
            if not (record.offset >= (end or 0) and self.scene.writing()):  # a writer may append just now
                yield from check.fail(where, "no row of the index names this member")
        elif record.sha256 is not None and (record.length, record.sha256) != (row["length"], row["sha256"]):
            kept = f"kept: {row['length']} octets, {row['sha256']}"
            yield from check.fail(where, f"{record.length} octets that hash to {record.sha256}; {kept}")

    def missing_members(self, serial: int, name: str, offsets: Sequence[int]) -> Iterator[Finding]:
        """Of the rows that no plain record stood for: those that no record stood for."""
        if self.index is None:
            return
        for offset in offsets:
            if not self.met.unsettled(serial, offset):
                query = "SELECT kind FROM members WHERE serial = ? AND offset = ?"
                kind = self.index.execute(query, (serial, offset)).fetchone()[0]
                yield from self.checks[2].fail(f"{name} at {offset}", f"the {kind} record is not there")

    def follows_the_standard(self, where: str, record: Record, digests: standard.Digests) -> Iterator[Finding]:
        # (3), and in (4) and (10) what the record says of itself
        self.checks[3].looked += 1
        self.checks[10].looked += 1
        if record.version != "1.1":
            yield from self.checks[10].fail(where, f"WARC/{record.version}; this archive writes 1.1")
        for fault in [*(f for f in record.faults if f.clause != ONE_MEMBER), *standard.faults(record)]:
            yield from self.checks[3].fail(where, str(fault))
        if not (record.get("WARC-Block-Digest") or "").startswith("sha256:"):
            yield from self.checks[3].fail(where, "WARC-Block-Digest: every record of this archive has one, by sha256")
        for fault in digests.faults() if record.readable else ():
            number = 3 if fault.field == "WARC-Block-Digest" else 4
            yield from self.checks[number].fail(where, str(fault))
