"""A hand that writes a whole archive anew, consistent with itself in all but one thing: one check alone can find that."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

from archive.manifest import canonical
from tests.proof.world import Kept, Member

Told = dict[str, Any]
Record = Callable[[Member, bytes, bytes], tuple[bytes, bytes]]  # the head of a record and its block, as they are to be


def as_it_is(member: Member, head: bytes, block: bytes) -> tuple[bytes, bytes]:
    return head, block


def rewritten(kept: Kept, *, record: Record = as_it_is, manifest: Callable[[Told], object] = lambda _: None) -> None:
    """Every record, manifest and row made to agree with the edits: digests, lengths and places, all but the log's."""
    places: dict[int, Told] = {}
    octets, rows, manifests = b"", [], []
    for member in kept.members():
        head, _, block = gzip.decompress(member.octets).partition(b"\r\n\r\n")
        block = block.removesuffix(b"\r\n\r\n")
        told: Told = {}
        if member.kind == "manifest":
            told = json.loads(block)
            for said in [*told["records"], *([told["tls"]["chain"]] if told["tls"] else [])]:
                said.update(places[said["offset"]])
            manifest(told)
            block = canonical(told)
        head, block = record(member, head, block)
        digest = hashlib.sha256(block).hexdigest()
        head = re.sub(rb"WARC-Block-Digest: sha256:[0-9a-f]{64}", b"WARC-Block-Digest: sha256:" + digest.encode(), head)
        head = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(block), head)
        packed = gzip.compress(head + b"\r\n\r\n" + block + b"\r\n\r\n", mtime=0)
        sha256 = hashlib.sha256(packed).hexdigest()
        places[member.offset] = {
            "offset": len(octets), "length": len(packed), "sha256": sha256, "block_length": len(block), "block_sha256": digest,
        }  # fmt: skip
        rows.append((1, len(octets), len(packed), sha256, member.kind, told.get("seq", member.seq)))
        if told:
            manifests.append((told["id"], told["seq"], digest, member.offset))
        octets += packed
    kept.file.write_bytes(octets)
    with closing(sqlite3.connect(kept.home / "index.sqlite")) as db, db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("DELETE FROM members")
        db.executemany("INSERT INTO members VALUES (?, ?, ?, ?, ?, ?)", rows)
        db.execute("UPDATE captures SET seq = -1 - seq")  # out of the way of what they become
        for id_, seq, digest, was in manifests:
            (old,) = db.execute("SELECT record_offset FROM captures WHERE id = ?", (id_,)).fetchone()
            own, main = places[was], places.get(old, {"offset": None, "length": None, "sha256": None})
            db.execute(
                "UPDATE captures SET seq = ?, manifest_sha256 = ?, manifest_offset = ?, manifest_length = ?, "
                "manifest_member_sha256 = ?, record_offset = ?, record_length = ?, record_sha256 = ? WHERE id = ?",
                (seq, digest, own["offset"], own["length"], own["sha256"], main["offset"], main["length"], main["sha256"], id_),
            )


def unlogged(kept: Kept) -> None:
    """As if the log had taken none of the captures yet: they all wait."""
    shutil.rmtree(kept.home / "log")
    with closing(sqlite3.connect(kept.home / "index.sqlite")) as db, db:
        db.execute("DELETE FROM outbox")
        db.execute("INSERT INTO outbox SELECT seq, manifest_sha256 FROM captures")
