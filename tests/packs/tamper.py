"""The hand that tampers with a pack: named kinds, each drawn by a seed, and the line that must name what it did.

A careless hand changes a file. A careful one makes everything agree that can be made to agree without the log's key: rows,
digests, `FILES`. `tamper(pack, kind, seed)` changes a pack (a folder) in place and gives the lines that must FAIL.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from archive.manifest import canonical
from archive.note import Note, Signer, Verifier
from archive.stamped import spelled
from archive.stamps import opened
from tests.log.authority import Authority


@dataclass(frozen=True, slots=True)
class Named:
    """The check and the subject of the line that a verifier must print as FAIL; and of the one that the shell steps must."""

    check: int
    subject: str
    shell_check: int
    shell_subject: str

    @classmethod
    def by_all(cls, check: int, subject: str) -> Named:
        return cls(check, subject, check, subject)

    @classmethod
    def deep(cls, check: int, subject: str) -> Named:
        """The shell steps do not make this check: they know that the list is not the one that was signed."""
        return cls(check, subject, 16, "signature")


Edit = Callable[["Hand"], Named]
KINDS: dict[str, Edit] = {}


def kind(edit: Edit) -> Edit:
    KINDS[edit.__name__] = edit
    return edit


def tamper(pack: Path, name: str, seed: int) -> Named:
    """One edit of a kind, drawn by the seed. pack: a folder, made in a world of tests/packs/world.py; changed in place."""
    return KINDS[name](Hand(pack, random.Random(f"{name} {seed}")))


def drawn(count: int, first: int) -> list[tuple[str, int]]:
    """So many kinds with seeds, every kind as often as any other."""
    names = sorted(KINDS)
    return [(names[number % len(names)], first + number) for number in range(count)]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of `members`."""

    file: str
    at: int
    length: int
    sha256: str
    offset: int
    kind: str
    capture: str
    block: str

    @classmethod
    def of(cls, line: str) -> Row:
        file, at, length, sha256, offset, kind, capture, block = line.split("\t")
        return cls(file, int(at), int(length), sha256, int(offset), kind, capture, block)


@dataclass(frozen=True, slots=True)
class Hand:
    """What it holds."""

    pack: Path
    chance: random.Random

    def files(self) -> list[str]:
        found = (path.relative_to(self.pack).as_posix() for path in self.pack.rglob("*") if path.is_file())
        return sorted(name for name in found if name not in ("FILES", "signature"))

    def read(self, name: str) -> bytes:
        return (self.pack / name).read_bytes()

    def write(self, name: str, octets: bytes) -> None:
        (self.pack / name).parent.mkdir(parents=True, exist_ok=True)
        (self.pack / name).write_bytes(octets)

    def remove(self, name: str) -> None:
        (self.pack / name).unlink()

    def relist(self) -> None:
        """The list of files is made to agree; it is signed no longer."""
        lines = [f"{sha256(self.read(name))} {len(self.read(name))} {name}\n" for name in self.files()]
        self.write("FILES", "".join(lines).encode())

    def flip(self, octets: bytes) -> bytes:
        """One bit of one octet is another."""
        at = self.chance.randrange(len(octets))
        return octets[:at] + bytes([octets[at] ^ 1 << self.chance.randrange(8)]) + octets[at + 1 :]

    def told(self) -> dict[str, Any]:
        return json.loads(self.read("pack.json"))

    def captures(self) -> list[str]:
        return self.told()["captures"]

    def capture(self) -> str:
        return self.chance.choice(self.captures())

    def rows(self) -> list[Row]:
        return [Row.of(line) for line in self.read("members").decode().splitlines()]

    def octets(self, row: Row) -> bytes:
        return self.read(f"warc/{row.file}")[row.at : row.at + row.length]

    def relay(self, rows: list[tuple[Row, bytes]]) -> None:
        """WARC files and `members` anew from these members, in this order."""
        laid: dict[str, bytes] = {}
        lines = []
        for row, octets in rows:
            at = len(laid.setdefault(row.file, b""))
            laid[row.file] += octets
            new = replace(row, at=at, length=len(octets), sha256=sha256(octets))
            lines.append("\t".join(str(getattr(new, name)) for name in Row.__slots__) + "\n")
        for file, octets in laid.items():
            self.write(f"warc/{file}", octets)
        self.write("members", "".join(lines).encode())

    def members(self) -> list[tuple[Row, bytes]]:
        return [(row, self.octets(row)) for row in self.rows()]

    def line_of(self, row: Row) -> str:
        return f"members line {self.rows().index(row) + 1}"

    def remake(self, row: Row, head: bytes, block: bytes) -> tuple[Row, bytes]:
        """A record with another head or block, its digests made to agree."""
        digest = sha256(block)
        head = re.sub(rb"WARC-Block-Digest: sha256:[0-9a-f]{64}", b"WARC-Block-Digest: sha256:" + digest.encode(), head)
        head = re.sub(rb"WARC-Payload-Digest: [^\r]*\r\n", b"", head)
        head = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(block), head)
        octets = gzip.compress(head + b"\r\n\r\n" + block + b"\r\n\r\n", 1, mtime=0)
        return replace(row, block=digest), octets

    def rewrite(self, row: Row, change: Callable[[bytes, bytes], tuple[bytes, bytes]]) -> None:
        """One record is another, and the files agree with it."""
        members = self.members()
        for at, (each, octets) in enumerate(members):
            if each == row:
                head, _, block = gzip.decompress(octets).partition(b"\r\n\r\n")
                members[at] = self.remake(row, *change(head, block.removesuffix(b"\r\n\r\n")))
        self.relay(members)

    def row(self, *kinds: str, capture: str | None = None) -> Row:
        return self.chance.choice([row for row in self.rows() if row.kind in kinds and capture in (None, row.capture)])

    def manifest(
        self, capture: str, change: Callable[[dict[str, Any]], object], head: Callable[[bytes], bytes] = bytes
    ) -> None:
        """A manifest says something else; its file and its record agree."""
        told = json.loads(self.read(f"captures/{capture}.json"))
        change(told)
        new = canonical(told)
        self.write(f"captures/{capture}.json", new)
        self.rewrite(self.row("manifest", capture=capture), lambda old, _: (head(old), new))

    def proof(self, capture: str, change: Callable[[list[str]], object]) -> str:
        """The lines of a proof before its checkpoint are others."""
        name = f"captures/{capture}.tlog-proof"
        head, _, note = self.read(name).decode().partition("\n\n")
        lines = head.split("\n")
        change(lines)
        self.write(name, ("\n".join(lines) + "\n\n" + note).encode())
        self.relist()
        return name

    def entry(self, capture: str, change: Callable[[bytes], bytes]) -> str:
        def edit(lines: list[str]) -> None:
            lines[1] = "extra " + base64.b64encode(change(base64.b64decode(lines[1][6:]))).decode()

        return self.proof(capture, edit)

    def edit_lines(self, name: str, change: Callable[[list[bytes]], object]) -> None:
        lines = self.read(name).splitlines(keepends=True)
        change(lines)
        self.write(name, b"".join(lines))
        self.relist()

    def stamp_files(self, *ends: str) -> list[str]:
        return [name for name in self.files() if name.startswith("log/stamps/0") and name.endswith(ends)]

    def edit_json(self, name: str, line: int, change: Callable[[dict[str, Any]], object]) -> str:
        """One line of JSON Lines, its keys in their order."""

        def edit(lines: list[bytes]) -> None:
            said = json.loads(lines[line])
            change(said)
            lines[line] = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

        self.edit_lines(name, edit)
        return f"{name} line {line + 1}"

    def ledger_line(self) -> int:
        return self.chance.randrange(len(self.read(OBSERVATIONS).splitlines()))

    def value_line(self) -> int:
        lines = self.read(REPORT).splitlines()
        return self.chance.choice([at for at, line in enumerate(lines) if json.loads(line).get("kind") == "value"])


OBSERVATIONS, REPORT = "ledger/observations.jsonl", "report/report.jsonl"


def sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


# -- files, and their list


@kind
def changed_file(hand: Hand) -> Named:
    name = hand.chance.choice([name for name in hand.files() if hand.read(name)])
    hand.write(name, hand.flip(hand.read(name)))
    return Named.by_all(1, name)


@kind
def deleted_file(hand: Hand) -> Named:
    name = hand.chance.choice(hand.files())
    hand.remove(name)
    return Named.by_all(1, name)


@kind
def inserted_file(hand: Hand) -> Named:
    name = f"{hand.chance.choice(['captures', 'ledger', 'log', 'report', 'warc'])}/more-{hand.chance.randrange(99)}"
    hand.write(name, b"what nobody listed\n")
    return Named.by_all(1, name)


@kind
def emptied_file(hand: Hand) -> Named:
    name = hand.chance.choice([name for name in hand.files() if hand.read(name)])
    hand.write(name, b"")
    return Named.by_all(1, name)


@kind
def exchanged_files(hand: Hand) -> Named:
    one, two = hand.chance.sample(sorted({hand.read(name): name for name in hand.files()}.values()), 2)
    first, second = hand.read(one), hand.read(two)
    hand.write(one, second)
    hand.write(two, first)
    return Named.by_all(1, hand.chance.choice([one, two]))


@kind
def changed_list(hand: Hand) -> Named:
    def edit(lines: list[bytes]) -> None:
        at = hand.chance.randrange(len(lines))
        lines[at] = (b"0" if lines[at][:1] != b"0" else b"1") + lines[at][1:]

    lines = hand.read("FILES").splitlines(keepends=True)
    edit(lines)
    hand.write("FILES", b"".join(lines))
    return Named.by_all(16, "signature")


@kind
def shortened_list(hand: Hand) -> Named:
    lines = hand.read("FILES").splitlines(keepends=True)
    gone = lines.pop(hand.chance.randrange(len(lines)))
    hand.write("FILES", b"".join(lines))
    return Named.by_all(1, gone.decode().split()[2])


@kind
def moved_list(hand: Hand) -> Named:
    lines = hand.read("FILES").splitlines(keepends=True)
    at = hand.chance.randrange(len(lines) - 1)
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    hand.write("FILES", b"".join(lines))
    return Named.by_all(1, "FILES")


@kind
def deleted_list(hand: Hand) -> Named:
    hand.remove("FILES")
    return Named.by_all(1, "FILES")


@kind
def deleted_signature(hand: Hand) -> Named:
    hand.remove("signature")
    return Named.by_all(16, "signature")


@kind
def changed_signature(hand: Hand) -> Named:
    """Another octet of the signature, spelled as base64 is."""
    note = Note.parse(hand.read("signature"))
    (line,) = note.signatures
    hand.write("signature", bytes(Note(note.text, (replace(line, octets=hand.flip(line.octets)),))))
    return Named.by_all(16, "signature")


@kind
def strangers_signature(hand: Hand) -> Named:
    name = Verifier.parse(hand.read("log/vkey").decode()).name
    text = f"kartoteka pack v1\n{sha256(hand.read('FILES'))}\n"
    hand.write("signature", bytes(Note(text, (Signer.new(name).sign(text),))))
    return Named.by_all(16, "signature")


@kind
def relisted(hand: Hand) -> Named:
    """What nothing but the signature on the list vouches for: the page for a person, this README, a view of the ledger."""
    name = hand.chance.choice(["README.txt", "report/report.html", "ledger/cases.jsonl"])
    hand.write(name, hand.read(name).replace(b"a", b"o", 1))
    hand.relist()
    return Named.by_all(16, "signature")


@kind
def other_case(hand: Hand) -> Named:
    hand.write("pack.json", canonical(hand.told() | {"case": "case:reg:criminal-1:another"}) + b"\n")
    hand.relist()
    return Named.by_all(16, "signature")


@kind
def fewer_captures(hand: Hand) -> Named:
    told = hand.told()
    told["captures"].pop(hand.chance.randrange(len(told["captures"])))
    hand.write("pack.json", canonical(told) + b"\n")
    hand.relist()
    return Named.by_all(1, "pack.json")


@kind
def another_head(hand: Hand) -> Named:
    told = hand.told()
    told["checkpoint"]["size"] += hand.chance.randrange(1, 9)
    hand.write("pack.json", canonical(told) + b"\n")
    hand.relist()
    return Named.by_all(1, "pack.json")


# -- records


@kind
def changed_record(hand: Hand) -> Named:
    row = hand.chance.choice(hand.rows())
    name = f"warc/{row.file}"
    octets = hand.read(name)
    at = row.at + hand.chance.randrange(row.length)
    hand.write(name, octets[:at] + bytes([octets[at] ^ 1 << hand.chance.randrange(8)]) + octets[at + 1 :])
    hand.relist()
    return Named.by_all(2, f"warc/{row.file} at {row.at}")


@kind
def rewritten_record(hand: Hand) -> Named:
    """The page says something else; record, row and list agree, and the manifest does not."""
    row = hand.row("response", "request")
    hand.rewrite(row, lambda head, block: (head, block.replace(b"a", b"o", 1)))
    hand.relist()
    return Named.by_all(8, hand.line_of(hand.rows()[hand_index(hand, row)]))


@kind
def backdated_record(hand: Hand) -> Named:
    row = hand.row("response", "request", "chain")
    hand.rewrite(row, lambda head, block: (head.replace(b"WARC-Date: 2026", b"WARC-Date: 2025"), block))
    hand.relist()
    return Named.by_all(8, hand.line_of(hand.rows()[hand_index(hand, row)]))


def hand_index(hand: Hand, row: Row) -> int:
    return next(at for at, each in enumerate(hand.rows()) if (each.file, each.offset) == (row.file, row.offset))


@kind
def deleted_record(hand: Hand) -> Named:
    row = hand.row("response", "request", "revisit")
    hand.relay([(each, octets) for each, octets in hand.members() if each != row])
    hand.relist()
    return Named.by_all(5, f"capture {row.capture}")


@kind
def deleted_manifest_record(hand: Hand) -> Named:
    row = hand.row("manifest")
    hand.relay([(each, octets) for each, octets in hand.members() if each != row])
    hand.relist()
    return Named.by_all(5, f"capture {row.capture}")


@kind
def inserted_record(hand: Hand) -> Named:
    """A copy of a record under a new id, behind the others, with its row."""
    row, last = hand.row("request", "response"), hand.rows()[-1]
    head, _, block = gzip.decompress(hand.octets(row)).partition(b"\r\n\r\n")
    head = re.sub(rb"(WARC-Record-ID: <urn:uuid:)[0-9a-f]{8}", rb"\g<1>00000000", head)
    new = hand.remake(replace(row, file=last.file, offset=last.offset + last.length), head, block.removesuffix(b"\r\n\r\n"))
    hand.relay([*hand.members(), new])
    hand.relist()
    return Named.by_all(8, f"members line {len(hand.rows())}")


@kind
def hidden_octets(hand: Hand) -> Named:
    """A member behind the last one, which no row names."""
    file = hand.chance.choice(sorted({row.file for row in hand.rows()}))
    hand.write(f"warc/{file}", hand.read(f"warc/{file}") + gzip.compress(b"WARC/1.1\r\n\r\n", mtime=0))
    hand.relist()
    return Named.by_all(2, f"warc/{file}")


@kind
def moved_records(hand: Hand) -> Named:
    """Two neighbours change places, and their rows do."""
    members = hand.members()
    at = hand.chance.randrange(len(members) - 1)
    members[at], members[at + 1] = members[at + 1], members[at]
    hand.relay(members)
    hand.relist()
    return Named.by_all(6, f"members line {at + 2}")


@kind
def moved_row(hand: Hand) -> Named:
    """A row says that its record lay elsewhere in the archive."""
    rows = hand.members()
    at = hand.chance.randrange(len(rows))
    rows[at] = (replace(rows[at][0], offset=rows[at][0].offset + 1), rows[at][1])
    kind = rows[at][0].kind
    named = Named.by_all(8, f"members line {at + 1}") if kind != "manifest" else None
    hand.relay(rows)
    hand.relist()
    return named or Named.by_all(16, "signature")


@kind
def others_row(hand: Hand) -> Named:
    """A row gives its record to another capture."""
    rows = hand.members()
    at = hand.chance.choice([at for at, (row, _) in enumerate(rows) if row.kind != "manifest"])
    row = rows[at][0]
    rows[at] = (replace(row, capture=hand.chance.choice([id_ for id_ in hand.captures() if id_ != row.capture])), rows[at][1])
    hand.relay(rows)
    hand.relist()
    return Named.by_all(8, f"members line {at + 1}")


@kind
def others_type(hand: Hand) -> Named:
    """A record calls itself something else than its manifest does."""
    row = hand.row("request")
    hand.rewrite(row, lambda head, block: (re.sub(rb"(Record-ID: <urn:uuid:)[0-9a-f]{8}", rb"\g<1>00000000", head), block))
    hand.relist()
    new = hand.rows()[hand_index(hand, row)]
    return Named.by_all(3, f"warc/{new.file} at {new.at}")


# -- manifests, leaves and proofs


@kind
def other_payload(hand: Hand) -> Named:
    """The manifest says that the body hashes to something else."""
    capture = hand.chance.choice([row.capture for row in hand.rows() if row.kind == "response" and page(hand, row)])
    hand.manifest(capture, lambda told: told.update(payload_sha256="0" * 64))
    hand.relist()
    return Named(4, f"capture {capture}", 14, f"capture {capture}")


def page(hand: Hand, row: Row) -> bool:
    return bool(json.loads(hand.read(f"captures/{row.capture}.json"))["payload_sha256"])


@kind
def lost_referent(hand: Hand) -> Named:
    """A revisit says that it stands for a capture that is not here."""
    capture = hand.row("revisit").capture
    hand.manifest(capture, lambda told: told["refers_to"].update(capture="00000000-0000-4000-8000-000000000000"))
    hand.relist()
    return Named(7, f"capture {capture}", 14, f"capture {capture}")


@kind
def later_version(hand: Hand) -> Named:
    hand.write("pack.json", canonical(hand.told() | {"v": 2}) + b"\n")
    hand.relist()
    return Named.deep(10, "pack.json")


@kind
def changed_manifest(hand: Hand) -> Named:
    capture = hand.capture()
    hand.manifest(capture, lambda told: told.update(elapsed_us=told["elapsed_us"] + 1))
    hand.relist()
    return Named.by_all(14, f"capture {capture}")


@kind
def backdated_capture(hand: Hand) -> Named:
    """Manifest, its record and the leaf say that it was a year before."""
    capture = hand.capture()

    def earlier(told: dict[str, Any]) -> None:
        told["began"] = told["began"].replace("2026", "2025")

    hand.manifest(capture, earlier, lambda head: head.replace(b"WARC-Date: 2026", b"WARC-Date: 2025"))
    digest = sha256(hand.read(f"captures/{capture}.json"))

    def entry(leaf: bytes) -> bytes:
        return canonical(json.loads(leaf) | {"at": json.loads(leaf)["at"].replace("2026", "2025"), "manifest": digest})

    return Named.by_all(12, hand.entry(capture, entry))


@kind
def backdated_manifest(hand: Hand) -> Named:
    capture = hand.capture()

    def earlier(told: dict[str, Any]) -> None:
        told["began"] = told["began"].replace("2026", "2025")

    hand.manifest(capture, earlier, lambda head: head.replace(b"WARC-Date: 2026", b"WARC-Date: 2025"))
    hand.relist()
    return Named.by_all(14, f"capture {capture}")


@kind
def manifest_file_alone(hand: Hand) -> Named:
    """The file says something else than its record."""
    capture = hand.capture()
    name = f"captures/{capture}.json"
    hand.write(name, canonical(json.loads(hand.read(name)) | {"peer": "203.0.113.8:443"}))
    hand.relist()
    return Named.by_all(5, name)


@kind
def exchanged_manifests(hand: Hand) -> Named:
    one, two = hand.chance.sample(hand.captures(), 2)
    first, second = (hand.read(f"captures/{each}.json") for each in (one, two))
    hand.write(f"captures/{one}.json", second)
    hand.write(f"captures/{two}.json", first)
    hand.relist()
    return Named.by_all(5, f"captures/{one}.json")


@kind
def deleted_manifest(hand: Hand) -> Named:
    capture = hand.capture()
    hand.remove(f"captures/{capture}.json")
    hand.relist()
    return Named.by_all(14, f"capture {capture}")


@kind
def deleted_proof(hand: Hand) -> Named:
    capture = hand.capture()
    hand.remove(f"captures/{capture}.tlog-proof")
    hand.relist()
    return Named.by_all(14, f"capture {capture}")


@kind
def deleted_capture(hand: Hand) -> Named:
    """Records, manifest, proof and all rows of a capture; nothing that is left contradicts."""
    chosen = hand.chance.choice(hand.captures()[-2:])
    for name in (f"captures/{chosen}.json", f"captures/{chosen}.tlog-proof"):
        hand.remove(name)
    hand.relay([(row, octets) for row, octets in hand.members() if row.capture != chosen])
    told = hand.told()
    told["captures"].remove(chosen)
    hand.write("pack.json", canonical(told) + b"\n")
    for name in hand.files():
        if name.startswith(("ledger/", REPORT)):
            lines = [line for line in hand.read(name).splitlines(keepends=True) if chosen.encode() not in line]
            hand.write(name, b"".join(lines))
    hand.relist()
    return Named.by_all(16, "signature")


@kind
def changed_leaf(hand: Hand) -> Named:
    capture = hand.capture()
    hand.entry(capture, lambda leaf: canonical(json.loads(leaf) | {"outcome": "timeout"}))
    return Named.by_all(14, f"capture {capture}")


@kind
def misspelled_leaf(hand: Hand) -> Named:
    return Named.by_all(11, hand.entry(hand.capture(), lambda leaf: leaf.replace(b',"seq"', b', "seq"')))


@kind
def exchanged_proofs(hand: Hand) -> Named:
    one, two = hand.chance.sample(hand.captures(), 2)
    first, second = (hand.read(f"captures/{each}.tlog-proof") for each in (one, two))
    hand.write(f"captures/{one}.tlog-proof", second)
    hand.write(f"captures/{two}.tlog-proof", first)
    hand.relist()
    return Named.by_all(14, f"capture {one}")


@kind
def changed_step(hand: Hand) -> Named:
    def edit(lines: list[str]) -> None:
        at = hand.chance.randrange(3, len(lines))
        lines[at] = base64.b64encode(hand.flip(base64.b64decode(lines[at]))).decode()

    return Named.by_all(12, hand.proof(hand.capture(), edit))


@kind
def deleted_step(hand: Hand) -> Named:
    return Named.by_all(12, hand.proof(hand.capture(), lambda lines: lines.pop(hand.chance.randrange(3, len(lines)))))


@kind
def inserted_step(hand: Hand) -> Named:
    step = base64.b64encode(hand.chance.randbytes(32)).decode()
    return Named.by_all(
        12, hand.proof(hand.capture(), lambda lines: lines.insert(hand.chance.randrange(3, len(lines) + 1), step))
    )


@kind
def moved_steps(hand: Hand) -> Named:
    def edit(lines: list[str]) -> None:
        at = hand.chance.randrange(3, len(lines) - 1)
        lines[at], lines[at + 1] = lines[at + 1], lines[at]

    return Named.by_all(12, hand.proof(hand.capture(), edit))


@kind
def changed_index(hand: Hand) -> Named:
    def edit(lines: list[str]) -> None:
        lines[2] = f"index {int(lines[2][6:]) ^ 1}"

    return Named.by_all(12, hand.proof(hand.capture(), edit))


@kind
def no_proof_at_all(hand: Hand) -> Named:
    def edit(lines: list[str]) -> None:
        lines[0] = "c2sp.org/tlog-proof@v2"

    return Named.by_all(11, hand.proof(hand.capture(), edit))


# -- the checkpoint and its key


def checkpoints(hand: Hand, octets: bytes) -> None:
    """The head is another, wherever it stands."""
    old = hand.read("log/checkpoint")
    hand.write("log/checkpoint", octets)
    for capture in hand.captures():
        name = f"captures/{capture}.tlog-proof"
        hand.write(name, hand.read(name).replace(old, octets))


@kind
def changed_root(hand: Hand) -> Named:
    lines = hand.read("log/checkpoint").decode().split("\n")
    lines[2] = base64.b64encode(hand.flip(base64.b64decode(lines[2]))).decode()
    checkpoints(hand, "\n".join(lines).encode())
    hand.relist()
    return Named.by_all(13, "log/checkpoint")


@kind
def changed_size(hand: Hand) -> Named:
    lines = hand.read("log/checkpoint").decode().split("\n")
    lines[1] = str(int(lines[1]) + hand.chance.randrange(1, 5))
    checkpoints(hand, "\n".join(lines).encode())
    hand.relist()
    return Named.by_all(13, "log/checkpoint")


@kind
def deleted_checkpoint(hand: Hand) -> Named:
    hand.remove("log/checkpoint")
    hand.relist()
    return Named.by_all(13, "log/checkpoint")


@kind
def older_checkpoint(hand: Hand) -> Named:
    """One that the log did sign, before."""
    name = hand.chance.choice(hand.stamp_files("/checkpoint"))
    hand.write("log/checkpoint", hand.read(name))
    hand.relist()
    return Named.by_all(13, f"captures/{hand.capture()}.tlog-proof")


@kind
def proofs_other_checkpoint(hand: Hand) -> Named:
    capture = hand.capture()
    name = f"captures/{capture}.tlog-proof"
    hand.write(name, hand.read(name).replace(hand.read("log/checkpoint"), hand.read(hand.stamp_files("/checkpoint")[0])))
    hand.relist()
    return Named.by_all(13, name)


@kind
def strangers_checkpoint(hand: Hand) -> Named:
    """Signed by another key of the same name, in the pack as the log's; the list is signed with it too."""
    stranger = Signer.new(Verifier.parse(hand.read("log/vkey").decode()).name)
    text = Note.parse(hand.read("log/checkpoint")).text
    checkpoints(hand, bytes(Note(text, (stranger.sign(text),))))
    hand.write("log/vkey", f"{stranger.verifier}\n".encode())
    hand.relist()
    statement = f"kartoteka pack v1\n{sha256(hand.read('FILES'))}\n"
    hand.write("signature", bytes(Note(statement, (stranger.sign(statement),))))
    return Named.by_all(13, "log/vkey")


@kind
def changed_key(hand: Hand) -> Named:
    key = Verifier.parse(hand.read("log/vkey").decode())
    hand.write("log/vkey", f"{Verifier(key.name, hand.flip(key.public))}\n".encode())
    hand.relist()
    return Named.by_all(13, "log/vkey")


# -- consistency and stamps


def consistency(hand: Hand, change: Callable[[list[bytes]], object]) -> Named:
    name = hand.chance.choice([name for name in hand.files() if name.startswith("log/consistency/") and hand.read(name)])
    hand.edit_lines(name, change)
    return Named.by_all(12, name)


@kind
def changed_consistency(hand: Hand) -> Named:
    def edit(lines: list[bytes]) -> None:
        at = hand.chance.randrange(len(lines))
        lines[at] = base64.b64encode(hand.flip(base64.b64decode(lines[at]))) + b"\n"

    return consistency(hand, edit)


@kind
def shortened_consistency(hand: Hand) -> Named:
    return consistency(hand, lambda lines: lines.pop(hand.chance.randrange(len(lines))))


@kind
def longer_consistency(hand: Hand) -> Named:
    step = base64.b64encode(hand.chance.randbytes(32)) + b"\n"
    return consistency(hand, lambda lines: lines.insert(hand.chance.randrange(len(lines) + 1), step))


@kind
def deleted_consistency(hand: Hand) -> Named:
    name = hand.chance.choice([name for name in hand.files() if name.startswith("log/consistency/")])
    hand.remove(name)
    hand.relist()
    return Named.by_all(12, name)


@kind
def changed_stamp(hand: Hand) -> Named:
    name = hand.chance.choice(hand.stamp_files(".tsr", ".tsq", ".pem", ".crl", "/checkpoint"))
    hand.write(name, hand.flip(hand.read(name)))
    hand.relist()
    return Named.by_all(15, name)


@kind
def deleted_stamp(hand: Hand) -> Named:
    name = hand.chance.choice(hand.stamp_files(".tsr", ".tsq", ".pem", ".crl", "/checkpoint"))
    hand.remove(name)
    hand.relist()
    return Named.by_all(15, name)


@kind
def inserted_stamp(hand: Hand) -> Named:
    name = hand.chance.choice(hand.stamp_files(".tsr")).replace(".tsr", "-more.tsr")
    hand.write(name, b"what nobody stamped")
    hand.relist()
    return Named.by_all(15, name)


@kind
def exchanged_tokens(hand: Hand) -> Named:
    one, two = hand.chance.sample(hand.stamp_files(".tsr"), 2)
    first, second = hand.read(one), hand.read(two)
    hand.write(one, second)
    hand.write(two, first)
    hand.relist()
    return Named.by_all(15, hand.chance.choice([one, two]))


def rejournal(hand: Hand, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """The journal with other lines, each again with the digest of the line before."""
    said = [json.loads(line) for line in hand.read(JOURNAL).splitlines()]
    change(said)
    lines, previous = [], "0" * 64
    for each in said:
        lines.append(canonical(each | {"previous": previous}))
        previous = sha256(lines[-1])
    hand.write(JOURNAL, b"".join(line + b"\n" for line in lines))
    hand.relist()


JOURNAL = "log/stamps/journal"


@kind
def forged_token(hand: Hand) -> Named:
    """A token by an authority that calls itself as a trusted one does, over the right checkpoint; the journal agrees."""
    name = hand.chance.choice(hand.stamp_files("one.tsr"))
    with TemporaryDirectory() as folder:
        reply = Authority(Path(folder) / "forger", "one").reply(hand.read(name.replace(".tsr", ".tsq")))
    token = opened(reply)
    hand.write(name, reply)

    def edit(lines: list[dict[str, Any]]) -> None:
        for line in lines:
            if f"log/stamps/{line['file']}" == name:
                line |= {"sha256": sha256(reply), "states": spelled(token.at), "ends": spelled(token.ends)}

    rejournal(hand, edit)
    return Named.by_all(15, name)


@kind
def backdated_stamp(hand: Hand) -> Named:
    """The journal says that a token states a year before; its lines follow on one another."""
    name = hand.chance.choice(hand.stamp_files(".tsr"))

    def edit(lines: list[dict[str, Any]]) -> None:
        for line in lines:
            if f"log/stamps/{line['file']}" == name:
                line["states"] = str(int(line["states"][:4]) - 1) + line["states"][4:]

    rejournal(hand, edit)
    return Named.by_all(15, name)


@kind
def others_checkpoint_stamped(hand: Hand) -> Named:
    """The stamped note is signed by a stranger; the journal agrees."""
    name = hand.chance.choice(hand.stamp_files("/checkpoint"))
    note = Note.parse(hand.read(name))
    stranger = Signer.new(Verifier.parse(hand.read("log/vkey").decode()).name)
    octets = bytes(Note(note.text, (stranger.sign(note.text),)))
    hand.write(name, octets)

    def edit(lines: list[dict[str, Any]]) -> None:
        for line in lines:
            if f"log/stamps/{line['file']}" == name:
                line["sha256"] = sha256(octets)

    rejournal(hand, edit)
    return Named.by_all(15, name)


@kind
def changed_journal(hand: Hand) -> Named:
    def edit(lines: list[bytes]) -> None:
        at = hand.chance.randrange(len(lines) - 1)
        lines[at] = lines[at].replace(b'"at":"20', b'"at":"19')

    hand.edit_lines(JOURNAL, edit)
    return Named.by_all(15, JOURNAL)


@kind
def shortened_journal(hand: Hand) -> Named:
    hand.edit_lines(JOURNAL, lambda lines: lines.pop(hand.chance.randrange(len(lines) - 1)))
    return Named.by_all(15, JOURNAL)


@kind
def moved_journal(hand: Hand) -> Named:
    def edit(lines: list[bytes]) -> None:
        at = hand.chance.randrange(len(lines) - 1)
        lines[at], lines[at + 1] = lines[at + 1], lines[at]

    hand.edit_lines(JOURNAL, edit)
    return Named.by_all(15, JOURNAL)


@kind
def deleted_journal(hand: Hand) -> Named:
    hand.remove(JOURNAL)
    hand.relist()
    return Named.by_all(15, JOURNAL)


# -- rows and report


@kind
def changed_quote(hand: Hand) -> Named:
    at = hand.ledger_line()
    return Named.deep(9, hand.edit_json(OBSERVATIONS, at, lambda row: row.update(quote=row["quote"][:-1] + "~")))


@kind
def changed_value(hand: Hand) -> Named:
    """The value is another, and the text it was read from stands where it stood."""
    return Named.deep(9, hand.edit_json(OBSERVATIONS, hand.ledger_line(), lambda row: row.update(value=f"{row['value']}1")))


@kind
def moved_quote(hand: Hand) -> Named:
    def edit(row: dict[str, Any]) -> None:
        row["start"], row["end"] = row["start"] + 1, row["end"] + 1

    return Named.deep(9, hand.edit_json(OBSERVATIONS, hand.ledger_line(), edit))


@kind
def backdated_row(hand: Hand) -> Named:
    at = hand.ledger_line()
    return Named.deep(
        9, hand.edit_json(OBSERVATIONS, at, lambda row: row.update(observed=row["observed"].replace("2026", "2025")))
    )


@kind
def others_capture(hand: Hand) -> Named:
    """A row says that another capture shows it."""
    at = hand.ledger_line()

    def edit(row: dict[str, Any]) -> None:
        row["capture"] = hand.chance.choice([id_ for id_ in hand.captures() if id_ != row["capture"]])

    return Named.deep(9, hand.edit_json(OBSERVATIONS, at, edit))


@kind
def deleted_row(hand: Hand) -> Named:
    hand.edit_lines(OBSERVATIONS, lambda lines: lines.pop(hand.chance.randrange(len(lines))))
    return Named.by_all(16, "signature")


@kind
def doubled_row(hand: Hand) -> Named:
    lines = hand.read(OBSERVATIONS).splitlines(keepends=True)
    hand.edit_lines(OBSERVATIONS, lambda found: found.append(hand.chance.choice(lines)))
    return Named.deep(9, f"{OBSERVATIONS} line {len(lines) + 1}")


@kind
def moved_rows(hand: Hand) -> Named:
    def edit(lines: list[bytes]) -> None:
        at = hand.chance.randrange(len(lines) - 1)
        lines[at], lines[at + 1] = lines[at + 1], lines[at]

    hand.edit_lines(OBSERVATIONS, edit)
    return Named.by_all(16, "signature")


@kind
def changed_report(hand: Hand) -> Named:
    return Named.deep(17, hand.edit_json(REPORT, hand.value_line(), lambda line: line.update(value=f"{line['value']}1")))


@kind
def backdated_report(hand: Hand) -> Named:
    def edit(line: dict[str, Any]) -> None:
        line["source"]["at"] = line["source"]["at"].replace("2026", "2025")

    return Named.deep(17, hand.edit_json(REPORT, hand.value_line(), edit))


@kind
def others_leaf_in_report(hand: Hand) -> Named:
    def edit(line: dict[str, Any]) -> None:
        line["source"]["logged"]["leaf"] += 1

    return Named.deep(17, hand.edit_json(REPORT, hand.value_line(), edit))


@kind
def better_report(hand: Hand) -> Named:
    """What was not checked is said to have passed."""
    name = REPORT
    hand.write(name, hand.read(name).replace(b"NOT CHECKED", b"PASS"))
    hand.relist()
    return Named.by_all(16, "signature")


def main() -> None:
    """`python -m tests.packs.tamper`: the kinds. `... PACK KIND SEED`: tampers with PACK, and says in JSON what must be named."""
    import sys
    from dataclasses import asdict

    if len(sys.argv) == 4:
        print(json.dumps(asdict(tamper(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))))
    else:
        print("\n".join(sorted(KINDS)))


if __name__ == "__main__":
    main()
