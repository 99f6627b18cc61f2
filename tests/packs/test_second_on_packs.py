"""The second verifier on hostile zips and odd packs, its charsets held against Python's, and its checks against mutants."""

from __future__ import annotations

import base64
import io
import json
import random
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from archive import coding
from tests.packs.tamper import tamper
from tests.packs.world import World
from tests.verifier.conftest import blind, other
from tests.verifier.second import VERIFIER, Told, asked, told

__all__ = ["blind", "other"]  # fixtures: the verifier with one line of it changed


@pytest.fixture(scope="session")
def zipped(world: World) -> Path:
    """The first case's pack as a zip."""
    return world.pack(1, world.folder / "pack.zip")


def by_node(pack: Path, world: World, verifier: Path = VERIFIER) -> Told:
    ran = told("--vkey", world.key, "--roots", world.roots, pack, verifier=verifier)
    assert ran.err == ""
    assert ran.status == (4 if ran.failed else 0)
    return ran


def test_a_zip_and_its_folder_are_one_pack(world: World, packs: list[Path], zipped: Path) -> None:
    """The same lines, but for the name of what was checked."""
    folder, packed = by_node(packs[0], world), by_node(zipped, world)

    assert set() == folder.failed == packed.failed
    assert folder.outcomes == packed.outcomes
    assert 17 == len(folder.outcomes)
    assert {"NOT CHECKED"} not in folder.outcomes.values()


def test_a_pack_without_a_key_or_roots_says_so(packs: list[Path]) -> None:
    """Every signature is then held against the key in the pack: (13) says that nobody gave one; tokens are not believed."""
    ran = told(packs[0])

    assert 0 == ran.status
    assert {"PASS", "NOT CHECKED"} == ran.outcomes["13 log checkpoint"]
    assert {"NOT CHECKED"} == ran.outcomes["15 outside time"]


Entries = list[tuple[zipfile.ZipInfo, bytes]]


def entry(name: str, octets: bytes = b"x") -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.create_system, info.external_attr = 3, 0o100644 << 16
    return info, octets


def rezipped(zipped: Path, path: Path, change: Callable[[Entries], object]) -> Path:
    with zipfile.ZipFile(zipped) as sound:
        entries = [(info, sound.read(info)) for info in sound.infolist()]
    change(entries)
    with zipfile.ZipFile(path, "w") as made:
        for info, octets in entries:
            made.writestr(info, octets, info.compress_type)
    return path


def deflated(entries: Entries) -> None:
    entries[3][0].compress_type = zipfile.ZIP_DEFLATED


def bomb(entries: Entries) -> None:
    info, octets = entry("ledger/more.jsonl", bytes(64 << 20))
    info.compress_type = zipfile.ZIP_DEFLATED
    entries.append((info, octets))


def redated(entries: Entries) -> None:
    entries[3][0].date_time = (1999, 1, 1, 0, 0, 0)


def linked(entries: Entries) -> None:
    entries[3][0].external_attr = 0o120777 << 16


def commented(entries: Entries) -> None:
    entries[3][0].comment = b"hello"


def fields(entries: Entries) -> None:
    entries[3][0].extra = b"\x55\x54\x05\x00\x03\x00\x00\x00\x00"


# What is done, and the subject of the line of (1).
ZIPS: dict[str, tuple[Callable[[Entries], object], str]] = {
    "slip": (lambda e: e.append(entry("../../slipped")), "../../slipped"), "absolute": (lambda e: e.append(entry("/etc/x")), "/etc/x"),
    "backslash": (lambda e: e.append(entry("captures\\x")), "captures\\x"), "hidden": (lambda e: e.append(entry("log/.x")), "log/.x"),
    "drive": (lambda e: e.append(entry("C:x")), "C:x"), "long": (lambda e: e.append(entry("a" * 201)), "a" * 201),
    "folder": (lambda e: e.append(entry("captures/")), "captures/"), "twice": (lambda e: e.append(e[0]), "README.txt"),
    "unlisted": (lambda e: e.append(entry("warc/more")), "warc/more"), "order": (lambda e: e.insert(0, e.pop(3)), "FILES"),
    "deflated": (deflated, "?"), "bomb": (bomb, "ledger/more.jsonl"), "redated": (redated, "?"), "linked": (linked, "?"),
    "commented": (commented, "?"), "fields": (fields, "?"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ZIPS)
def test_a_zip_that_is_not_plain_is_named(world: World, zipped: Path, tmp_path: Path, name: str) -> None:
    """(1) with the entry's own name, and nothing is written anywhere."""
    change, subject = ZIPS[name]
    with zipfile.ZipFile(zipped) as sound:
        fourth = sound.infolist()[3].filename
    path = rezipped(zipped, tmp_path / "odd.zip", change)
    ran = by_node(path, world)

    assert ("1 format and files", fourth if subject == "?" else subject) in ran.failed
    assert [path] == list(tmp_path.iterdir())


def test_a_zip_with_octets_flipped_cut_or_added_is_never_a_traceback(world: World, zipped: Path, tmp_path: Path) -> None:
    """Twenty draws over headers, listing and contents: each FAILs or is the same pack, and the words stay ours."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    chance, sound = random.Random(seed), zipped.read_bytes()
    listing = int.from_bytes(sound[-6:-2], "little")  # where the end says that it begins
    paths = []
    for number in range(20):
        octets = bytearray(sound)
        match number % 4:
            case 0:
                del octets[chance.randrange(len(octets)) :]
            case 1:
                octets[chance.randrange(listing, len(octets))] ^= 1 << chance.randrange(8)
            case 2:
                at = chance.randrange(len(octets))
                octets[at:at] = chance.randbytes(7)
            case 3:
                octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
        paths.append(tmp_path / f"{number}.zip")
        paths[-1].write_bytes(octets)
    ran = told("--vkey", world.key, *paths)
    passed = {each["subject"] for each in ran.findings if each["check"] == "1 format and files" and each["outcome"] == "PASS"}

    assert (4, "") == (ran.status, ran.err)
    assert set() == passed


def test_odd_files_of_a_folder_are_named(world: World, packs: list[Path], tmp_path: Path) -> None:
    """A link, a fifo, a folder and a name that no pack has: told by (1), never opened."""
    import os

    pack = tmp_path / "pack"
    shutil.copytree(packs[0], pack)
    (pack / "ledger" / "passwd").symlink_to("/etc/passwd")
    os.mkfifo(pack / "report" / "pipe")
    (pack / "captures" / "дело").write_bytes(b"x")
    (pack / ".hidden").mkdir()
    failed = {subject for check, subject in by_node(pack, world).failed if check == "1 format and files"}

    assert {"ledger/passwd", "report/pipe", "captures/" + "дело".encode().decode("latin-1"), ".hidden"} <= failed


def test_what_is_too_large_is_refused(world: World, packs: list[Path], tmp_path: Path) -> None:
    """A note, a line and a list beyond their bounds: FAIL with the bound, in little memory."""
    pack = tmp_path / "pack"
    shutil.copytree(packs[0], pack)
    with (pack / "log" / "checkpoint").open("r+b") as note:
        note.truncate(1 << 30)
    with (pack / "ledger" / "events.jsonl").open("wb") as lines:
        lines.truncate(17 << 20)
    with (pack / "members").open("r+b") as members:
        members.truncate(65 << 20)
    failed = by_node(pack, world).failed

    assert {
        ("13 log checkpoint", "log/checkpoint"), ("9 ledger values", "ledger/events.jsonl line 1"), ("1 format and files", "members"),
    } <= failed  # fmt: skip


# A kind of tampering that each check alone must name. (4), (7) and (10) are below.
GOLDEN = {
    1: "changed_file", 2: "changed_record", 5: "manifest_file_alone", 6: "moved_records", 8: "others_row", 9: "moved_quote",
    11: "misspelled_leaf", 12: "changed_step", 13: "changed_root", 14: "changed_leaf", 15: "forged_token", 16: "relisted",
    17: "others_leaf_in_report",
}  # fmt: skip


@pytest.mark.parametrize("number", GOLDEN)
def test_a_check_of_packs_that_looks_away_misses_its_kind(
    world: World, packs: list[Path], tmp_path: Path, blind: Callable[[int], Path], number: int
) -> None:
    """The mutants: without the check, what it is for is named by no other line of its number."""
    pack = tmp_path / "pack"
    shutil.copytree(packs[0], pack)
    named = tamper(pack, GOLDEN[number], 7)
    ran = by_node(pack, world, blind(number))
    seen = {(int(each["check"].split()[0]), each["subject"]) for each in ran.findings if each["detail"] == "it looks away"}

    assert number == named.check
    assert (number, named.subject) in seen
    assert number not in {int(check.split()[0]) for check, _ in ran.failed}


def test_versions_bodies_and_revisits_of_a_pack_are_named(world: World, packs: list[Path], tmp_path: Path) -> None:
    """(10) a newer pack; (4) a manifest that has another body's digest; (7) a revisit whose capture is not there."""
    pack = tmp_path / "pack"
    shutil.copytree(packs[0], pack)
    said = json.loads((pack / "pack.json").read_bytes()) | {"v": 2}
    (pack / "pack.json").write_text(json.dumps(said, sort_keys=True, separators=(",", ":")) + "\n")
    manifests = {path: path.read_text("utf-8") for path in sorted((pack / "captures").glob("*.json"))}
    first = next(path for path, text in manifests.items() if '"refers_to":null' in text and '"mime":"text/html"' in text)
    digest = json.loads(manifests[first])["payload_sha256"]
    first.write_text(manifests[first].replace(f'"payload_sha256":"{digest}"', f'"payload_sha256":"{"0" * 64}"'), "utf-8")
    revisit = next(path for path, text in manifests.items() if f'"capture":"{first.stem}"' in text)
    failed = by_node(pack, world).failed

    assert ("10 versions", "pack.json") in failed
    assert ("4 payload digests", f"capture {first.stem}") in failed
    assert ("7 revisits", f"capture {revisit.stem}") in failed


SINGLE = [
    "cp1250",
    "cp1251",
    "cp1252",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "cp1258",
    "koi8-r",
    "cp866",
    "mac-cyrillic",
    "latin-1",
    "ascii",
]


def test_charsets_are_those_of_python() -> None:
    """All 256 octets of every charset of one octet; UTF-8 and UTF-16 of random and of broken octets: the same text."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    cases = [(bytes(range(256)), name) for name in SINGLE]
    for _ in range(200):
        text = "".join(
            chr(chance.choice([chance.randrange(0x20, 0x250), chance.randrange(0x400, 0x500), 0x1F600, 0xFEFF]))
            for _ in range(20)
        )
        octets = bytearray(text.encode())
        for _ in range(chance.randrange(3)):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
        cases += [
            (bytes(octets), "utf-8"),
            (bytes(octets), "utf-8-sig"),
            (text.encode("utf-16-le"), "utf-16-le"),
            (text.encode("utf-16"), "utf-16"),
        ]
    answers = asked([("text", base64.b64encode(octets).decode(), name) for octets, name in cases])
    wrong = [
        (name, octets)
        for (octets, name), answer in zip(cases, answers, strict=True)
        if octets.decode(name, "replace") != answer["is"]
    ]

    assert [] == wrong
    assert "refused" in asked([("text", "", "rot13")])[0]


def test_content_codings_are_undone_as_by_us() -> None:
    """gzip, deflate in both forms, br, two stacked: the same octets; a bomb and three stacked: refused by both."""
    import gzip
    import zlib

    import brotli

    text, raw = b"<p>page</p>" * 500, zlib.compressobj(9, zlib.DEFLATED, -15)
    bodies = [
        (gzip.compress(text), "gzip"), (zlib.compress(text), "deflate"), (raw.compress(text) + raw.flush(), "Deflate"),
        (brotli.compress(text), "br"), (gzip.compress(brotli.compress(text)), "br, gzip"), (text, "identity"), (b"", "gzip"),
    ]  # fmt: skip
    answers = asked([("undone", base64.b64encode(octets).decode(), codings) for octets, codings in bodies])
    assert [coding.decode(octets, codings) for octets, codings in bodies] == [base64.b64decode(each["is"]) for each in answers]

    refused = [(gzip.compress(bytes(300 << 20), 9), "gzip"), (text, "gzip, gzip, gzip"), (text, "gzip"), (text, "rot13")]
    for (octets, codings), answer in zip(
        refused, asked([("undone", base64.b64encode(o).decode(), c) for o, c in refused]), strict=True
    ):
        with pytest.raises(coding.BadCoding):
            coding.decode(octets, codings)
        assert "refused" in answer


def test_entity_bodies_are_those_of_our_parser() -> None:
    """600 answers, framed well and badly, cut into pieces anywhere: the same body as ours takes of them."""
    from archive.errors import BadMessage
    from archive.message import entity, parse_head

    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    blocks = [answer(chance) for _ in range(600)]
    told_by_node = asked([("body", [base64.b64encode(piece).decode() for piece in pieces(chance, block)]) for block in blocks])
    wrong = []
    for block, said in zip(blocks, told_by_node, strict=True):
        try:
            head = parse_head(block)
            ours = (head.status, entity(block)) if head else (None, b"")
        except BadMessage:
            _, _, rest = split(block)
            ours = (None, rest)
        if ours != (said["is"]["status"], base64.b64decode(said["is"]["entity"])):
            wrong.append((block, ours, said))

    assert [] == wrong


def split(block: bytes) -> tuple[bytes, bytes, bytes]:
    """What is behind the first empty line."""
    ends = [at + len(mark) for mark in (b"\n\n", b"\n\r\n") if (at := block.find(mark)) >= 0]
    return (block[: min(ends)], b"", block[min(ends) :]) if ends else (block, b"", b"")


def pieces(chance: random.Random, block: bytes) -> list[bytes]:
    cuts = sorted(chance.sample(range(len(block) + 1), min(3, len(block))))
    return [block[a:b] for a, b in zip([0, *cuts], [*cuts, len(block)], strict=True)]


def answer(chance: random.Random) -> bytes:
    """A response that is odd in a way or two."""
    end = chance.choice([b"\r\n", b"\r\n", b"\r\n", b"\n"])
    lines = [
        chance.choice(
            [
                b"HTTP/1.1 200 OK",
                b"HTTP/1.1 200 OK",
                b"HTTP/1.0 404",
                b"HTTP/1.1 304 Not",
                b"HTTP/1.1 204 No",
                b"HTTP/2 200",
                b"HTTP/1.1 99 x",
                b"HTTP/1.1 101 x",
            ]
        )
    ]
    odd = [
        b"Transfer-Encoding: chunked", b"transfer-encoding:\tChunked ", b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding: gzip, chunked",
        b"Content-Length: 5", b"Content-Length: 5, 5", b"Content-Length: 5, 6", b"Content-Length: five", b"X-Folded: a", b" b", b"no colon", b"X: \xa0y\xa0",
        b"Bad Name: x",
    ]  # fmt: skip
    lines += chance.sample(odd, chance.choice([0, 1, 1, 1, 2])) if chance.random() < 0.7 else [odd[0]]
    data = chance.randbytes(chance.randrange(40))
    body = io.BytesIO()
    for _ in range(chance.randrange(3)):
        body.write(
            b"%x%s%s%s%s"
            % (len(data), chance.choice([b"", b";a=b", b" "]), end, data, chance.choice([end, end, end, b"", b"x\r\n"]))
        )
    body.write(chance.choice([b"0\r\n\r\n", b"0\n\n", b"0\r\nA: b\r\n\r\nmore", b"", b"zz\r\n", data]))
    return end.join(lines) + end + end + body.getvalue()
