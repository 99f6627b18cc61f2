"""Does every row of the index say what its records and its manifest say? Checks (7) and (8), and (4) again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence

from archive import records
from archive.finding import Finding
from archive.verify.manifests import MANIFEST_VERSIONS
from archive.verify.met import Met
from archive.verify.octets import MANIFEST_LIMIT
from archive.verify.scene import Scene
from archive.verify.spelling import KINDS, MANIFEST, NAMED, Told, as_written, microseconds, named


class Rows:
    """The rows of one run that are not settled yet, or those of some captures."""

    def __init__(self, scene: Scene, met: Met) -> None:
        self.home, self.checks, self.index, self.met = scene.home, scene.checks, scene.index, met

    def revisits(self, captures: Sequence[str] | None) -> Iterator[Finding]:
        check = self.checks[7]
        if self.index is not None:
            check.why_not = "no revisit among them"
        for row in self.met.captures(captures):
            settled = captures is None and not self.met.is_doubtful(row["seq"])  # its record refers to what its row says
            lies = None if settled else self.met.lying(row["name"], row["record_offset"])
            is_revisit = lies is not None and lies["type"] == "revisit"
            if row["refers_to"] is None and not is_revisit:
                continue
            check.looked += 1
            if row["refers_to"] is None:
                yield from check.fail(row["id"], "its record is a revisit, and the index does not say of what")
            else:
                yield from self.revisit(row, lies, whole=captures is None)

    def revisit(self, row: sqlite3.Row, lies: sqlite3.Row | None, *, whole: bool) -> Iterator[Finding]:
        check = self.checks[7]
        meant = next(self.met.captures([row["refers_to"]]), None)
        if meant is None:
            yield from check.fail(row["id"], f"it stands for capture {row['refers_to']}, which is not kept")
            return
        if meant["payload_sha256"] != row["payload_sha256"]:
            bodies = f"{meant['payload_sha256']}, and its own to {row['payload_sha256']}"
            yield from check.fail(row["id"], f"it stands for {meant['id']}, whose body hashes to {bodies}")
        if lies is not None and lies["refers_to"] != row["refers_to"]:
            yield from check.fail(row["id"], f"its record refers to {lies['refers_to']}; the index to {row['refers_to']}")
        has_body = meant["refers_to"] is None and meant["record_offset"] is not None
        if not whole or (has_body and not self.met.is_doubtful(meant["seq"])):
            return  # (8) holds of the row that is meant: its body is there, and hashes to what it says
        source = self.met.lying(meant["name"], meant["record_offset"])
        if source is None or source["payload_sha256"] != row["payload_sha256"]:
            yield from check.fail(row["id"], f"the body of {meant['id']}, for which it stands, is not there")

    def index_rows(self, captures: Sequence[str] | None) -> Iterator[Finding]:
        if self.index is None:
            self.checks[8].why_not = "there is no index"
        for row in self.met.captures(captures, doubtful=True):
            self.checks[8].looked += 1
            told = self.told(row)
            if told is None:
                where = f"{row['manifest_offset']} of {row['name']}"
                yield from self.checks[8].fail(row["id"], f"its manifest is not at {where}")
            else:
                yield from self.agrees_with_manifest(row, told)
            if row["record_offset"] is not None:
                yield from self.agrees_with_record(row, told)

    def told(self, row: sqlite3.Row) -> Told | None:
        """The manifest that a row points to, read again; None where none of this capture is there."""
        try:
            with (self.home / "warc" / str(row["name"])).open("rb") as file:
                for record in records.walk(file, row["manifest_offset"]):
                    if record.get("WARC-Target-URI") != MANIFEST + row["id"] or (record.size or 0) > MANIFEST_LIMIT:
                        return None
                    told: Told = json.loads(b"".join(record.block()))
                    return told if told["v"] in MANIFEST_VERSIONS and [named(told)] else None
        except (OSError, TypeError, ValueError, KeyError):
            pass
        return None

    def agrees_with_manifest(self, row: sqlite3.Row, told: Told) -> Iterator[Finding]:
        # (8)
        same = ("seq", "id", "visit", "hop", "url", "outcome", "status", "mime", "payload_sha256", "size", "error")
        said: Told = {key: told.get(key) for key in same}
        tls, foreign = told.get("tls"), (told.get("facts") or {}).get("foreign")
        said["at"] = microseconds(told.get("began"))
        said["refers_to"] = (told.get("refers_to") or {}).get("capture")
        said["trusted"] = int(tls is None or bool(tls.get("verified")))
        said["foreign_file"] = None if foreign is None else str(foreign)
        place = next((each for each in named(told) if each["kind"] in KINDS), None) or dict.fromkeys(NAMED | {"offset"})
        said |= {f"record_{key}": place[key] for key in ("offset", "length", "sha256")}
        for column, value in said.items():
            if row[column] != value:
                yield from self.checks[8].fail(row["id"], f"the index has {column} {row[column]!r}; the manifest {value!r}")

    def agrees_with_record(self, row: sqlite3.Row, told: Told | None) -> Iterator[Finding]:
        # (8): the record's own address, time and status; (4): its body
        check, payloads = self.checks[8], self.checks[4]
        lies = self.met.lying(row["name"], row["record_offset"])
        if lies is None or lies["id"] != row["id"]:
            yield from check.fail(row["id"], f"its record is not at {row['record_offset']} of {row['name']}")
            return
        if microseconds(lies["date"]) != row["at"]:
            yield from check.fail(row["id"], f"its record has the date {lies['date']}; the index another time")
        if lies["status"] is not None and lies["status"] != row["status"]:
            yield from check.fail(row["id"], f"its record has status {lies['status']}; the index {row['status']}")
        if not lies["target"].startswith("urn:kartoteka:") and lies["target"] != as_written(row["url"]):
            yield from check.fail(row["id"], f"its record is of {lies['target']}; the index has {row['url']}")
        if lies["payload_sha256"] is None or row["payload_sha256"] is None or row["refers_to"] is not None:
            return
        payloads.looked += 1
        for who, digest in (("the index", row["payload_sha256"]), ("the manifest", told and told["payload_sha256"])):
            if digest is not None and digest != lies["payload_sha256"]:
                yield from payloads.fail(row["id"], f"the entity-body hashes to {lies['payload_sha256']}; {who} has {digest}")
