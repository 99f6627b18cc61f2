"""A package holds the captures as they were received, in an order that nobody's clock decides, and comes back as it went."""

from __future__ import annotations

import base64
import errno
import gzip
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archive import package as packages
from archive import tree
from archive.errors import BadRecord, DiskFull, NotFound
from archive.finding import Verdict
from archive.foreign import verify_file
from archive.log import PROOF, proven
from archive.note import Note, Verifier
from archive.package import export, shown
from archive.seal import Seal, fingerprint, holds
from archive.store import Archive, Settings, Store
from tests.packs.world import MORNING, Card, World, visit
from tests.world.command import crawl


def written(world: World, path: Path, *, home: Path | None = None, withheld: dict[str, str] | None = None) -> Path:
    with Archive.open(home or world.home) as archive:
        export(archive, path, shown(archive.captures(), withheld or {}), keys=world.keys, note=str)
    return path


@pytest.fixture(scope="module")
def package(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(world, tmp_path_factory.mktemp("package") / "all.wacz")


def inside(package: Path, name: str) -> bytes:
    with zipfile.ZipFile(package) as opened:
        return opened.read(name)


def index(package: Path) -> list[tuple[str, dict[str, Any]]]:
    lines = gzip.decompress(inside(package, "indexes/index.cdx.gz")).decode().splitlines()
    return [(line.partition(" {")[0], json.loads("{" + line.partition(" {")[2])) for line in lines]


def failures(findings: Iterable[Any]) -> list[tuple[str, str]]:
    return [(f.check, f.subject) for f in findings if f.outcome is Verdict.FAIL]


def test_the_records_are_those_of_the_archive(world: World, package: Path) -> None:
    """Octet for octet, where the index of the package says; every capture with a page is there once."""
    with Archive.open(world.home) as archive:
        kept = [c for c in archive.captures() if c.payload_sha256 is not None]
        originals = {(c.key, f"{c.at:%Y%m%d%H%M%S}"): c.record.sha256 for c in kept if c.record is not None}
    found = {}
    for key, told in index(package):
        octets = inside(package, f"archive/{told['filename']}")
        at, length = int(told["offset"]), int(told["length"])
        found[tuple(key.split(" "))] = hashlib.sha256(octets[at : at + length]).hexdigest()

    assert originals == found


def test_the_index_is_sorted_and_its_blocks_are_where_they_are_said(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where lines are more than memory or a block should hold."""
    monkeypatch.setattr(packages, "SPILL", 4)
    monkeypatch.setattr(packages, "BLOCK", 5)
    package = written(world, tmp_path / "small.wacz")
    packed = inside(package, "indexes/index.cdx.gz")
    first, *blocks = inside(package, "indexes/index.idx").decode().splitlines()
    lines = gzip.decompress(packed).splitlines()

    assert {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"} == json.loads(first.removeprefix("!meta 0 "))
    assert sorted(lines) == lines and 3 == len(blocks)
    for number, line in enumerate(blocks):
        key, _, said = line.partition(" {")
        told = json.loads("{" + said)
        block = packed[told["offset"] : told["offset"] + told["length"]]
        assert f"sha256:{hashlib.sha256(block).hexdigest()}" == told["digest"]
        assert lines[5 * number : 5 * number + 5] == gzip.decompress(block).splitlines()
        assert lines[5 * number].decode().startswith(key + " {")


def test_the_same_head_gives_the_same_package(world: World, package: Path, tmp_path: Path) -> None:
    """Also when captures wait for the log; here even the signature is the same."""
    home = tmp_path / "home"
    shutil.copytree(world.home, home)
    with Store.open(home, settings=Settings(floor=0), now=lambda: MORNING) as store:
        store.keep(visit(Card(2, 1), 9)).result()

    assert package.read_bytes() == written(world, tmp_path / "again.wacz", home=home).read_bytes()


def test_each_capture_is_proven_by_the_log(world: World, package: Path) -> None:
    """A line of proofs.jsonl and the checkpoint make a c2sp.org/tlog-proof that holds under the log's key."""
    key, note = Verifier.parse(world.key), inside(package, "kartoteka/checkpoint.txt").decode()
    with Archive.open(world.home) as archive:
        manifests = {c.id: c.manifest_sha256 for c in archive.captures()}
    for line in inside(package, "kartoteka/proofs.jsonl").splitlines():
        told = json.loads(line)
        proof = "\n".join([PROOF, f"extra {told['leaf']}", f"index {told['index']}", *told["path"], "", note])
        said, checkpoint = proven(proof, key)
        assert manifests.pop(told["capture"]) == said["manifest"]
        path = [base64.b64decode(each) for each in told["path"]]
        assert tree.includes(
            tree.leaf_hash(base64.b64decode(told["leaf"])), told["index"], checkpoint.size, path, checkpoint.root
        )

    assert {} == manifests


def test_the_key_of_packages_is_vouched_for_by_the_log(world: World, package: Path) -> None:
    """Whoever knows the log's key knows whose package it is."""
    signed = json.loads(inside(package, "datapackage-digest.json"))["signedData"]
    note = Note.parse(inside(package, "kartoteka/key.txt"))

    assert note.signed_by(Verifier.parse(world.key))
    assert f"kartoteka wacz key v1\n{fingerprint(base64.b64decode(signed['publicKey']))}\n" == note.text


def test_our_own_verification_finds_it_sound(package: Path) -> None:
    """Every line passes; whose key signed it is not known, and that is said."""
    found = list(verify_file(package))

    assert [] == failures(found)
    assert ["all.wacz: datapackage-digest.json"] == [f.subject for f in found if f.outcome is Verdict.NOT_CHECKED]


def changed(package: Path, to: Path, name: str, edit: Any) -> Path:
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(to, "w") as new:
        for info in old.infolist():
            octets = old.read(info)
            new.writestr(info, edit(octets) if info.filename == name else octets)
    return to


def test_a_signature_over_something_else_is_named(package: Path, tmp_path: Path) -> None:
    """A datapackage.json that was written anew, its digest made to agree; and a signature that is another."""

    def redigested(octets: bytes) -> bytes:
        said = json.loads(octets)
        said["hash"] = "sha256:" + hashlib.sha256(inside(one, "datapackage.json")).hexdigest()
        said["signedData"]["hash"] = said["hash"]
        return json.dumps(said).encode()

    def resigned(octets: bytes) -> bytes:
        said = json.loads(octets)
        raw = bytearray(base64.b64decode(said["signedData"]["signature"]))
        raw[10] ^= 1
        said["signedData"]["signature"] = base64.b64encode(raw).decode()
        return json.dumps(said).encode()

    one = changed(package, tmp_path / "one.wacz", "datapackage.json", lambda octets: octets.replace(b"captures", b"pages", 1))
    two = changed(one, tmp_path / "two.wacz", "datapackage-digest.json", redigested)
    three = changed(package, tmp_path / "three.wacz", "datapackage-digest.json", resigned)

    for path in (one, two, three):
        assert ("5 manifests", f"{path.name}: datapackage-digest.json") in failures(verify_file(path))


def test_a_seal_holds_only_over_what_was_signed() -> None:
    """The same secret, the same key; another digest, time, key or set of keys, and it does not hold."""
    seal, other = Seal(b"\1" * 32), Seal(b"\2" * 32)
    signed = seal.sign("sha256:aa", "2026-03-02T12:00:00Z", "kartoteka/1")

    assert fingerprint(seal.public) == holds(signed, "sha256:aa", "2026-03-02T12:00:00Z")
    assert seal.public == Seal(b"\1" * 32).public != other.public
    for wrong, digest, created in (
        (signed, "sha256:bb", "2026-03-02T12:00:00Z"),
        (signed, "sha256:aa", "2026-03-02T12:00:01Z"),
        (signed | {"hash": "sha256:bb"}, "sha256:bb", "2026-03-02T12:00:00Z"),
        (signed | {"publicKey": base64.b64encode(other.public).decode()}, "sha256:aa", "2026-03-02T12:00:00Z"),
        (signed | {"more": "x"}, "sha256:aa", "2026-03-02T12:00:00Z"),
        (signed | {"signature": "AAAA"}, "sha256:aa", "2026-03-02T12:00:00Z"),
        (signed | {"publicKey": "AAAA"}, "sha256:aa", "2026-03-02T12:00:00Z"),
    ):
        with pytest.raises(BadRecord):
            holds(wrong, digest, created)


def test_what_was_taken_down_is_left_out(world: World, tmp_path: Path) -> None:
    """Captures that show it, and those that stand for one of them; nothing of their octets is in the package."""
    with Archive.open(world.home) as archive:
        gone = {c.id: "taken" for c in archive.captures() if c.url == Card(1, 0).url and c.refers_to is None}
        stood = [c for c in archive.captures() if c.refers_to in gone]
    package = written(world, tmp_path / "less.wacz", withheld=gone)

    assert gone and stood
    assert [] == [told for _, told in index(package) if told["url"] == Card(1, 0).url]
    assert Card(1, 0).url.encode() not in gzip.decompress(inside(package, "archive/" + index(package)[0][1]["filename"]))
    assert [] == failures(verify_file(package))


async def test_the_command_records_leaves_out_and_takes_back_in(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That names went out is a decision; a takedown is heeded; and what was written can be taken in, as others' captures."""
    home, path = tmp_path / "home", tmp_path / "out.wacz"
    shutil.copytree(world.home, home)
    shutil.copytree(world.keys.folder, tmp_path / "keys")
    monkeypatch.setenv("KARTOTEKA_KEYS", str(tmp_path / "keys"))
    assert 0 == (await crawl(home, "takedown", Card(2, 0).subject, "--reason", "asked for by who is named")).status
    made = await crawl(home, "export", "wacz", "-o", str(path))
    taken = await crawl(tmp_path / "other", "import", str(path))
    verified = await crawl(home, "verify", str(path))

    assert (0, 0, 0) == (made.status, taken.status, verified.status), made.err + taken.err
    assert "left out" in made.err and Card(2, 0).url not in {told["url"] for _, told in index(path)}
    assert {row["url"] for row in taken.rows} == {told["url"] for _, told in index(path)}
    with Archive.open(home) as archive:
        assert ["wacz"] == [d["form"] for d in _exported(archive)]


def _exported(archive: Archive) -> Iterator[Any]:
    from archive.decisions import decisions

    return (kept.decision.body for kept in decisions(archive, "names-exported"))


async def test_one_case_alone(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pages, and the redirects that led there; no other case's."""
    shutil.copytree(world.home, tmp_path / "home")
    monkeypatch.setenv("KARTOTEKA_KEYS", str(world.keys.folder))
    ran = await crawl(tmp_path / "home", "export", "wacz", "-o", str(tmp_path / "c.wacz"), "--case", Card(3, 0).subject)

    assert 0 == ran.status, ran.err
    assert {Card(3, 0).url, "https://court.example/old?number=3"} == {told["url"] for _, told in index(tmp_path / "c.wacz")}


def test_files_of_several_rotations_keep_their_names(tmp_path: Path, world: World) -> None:
    """Each WARC file of the archive is one of the package, with its warcinfo before the captures."""
    home = tmp_path / "home"
    with Store.open(home, settings=Settings(floor=0, rotate=3000), now=lambda: MORNING) as store:
        for number in range(1, 7):
            store.keep(visit(Card(number, 0), 0)).result()
        names = [path.name for path in store.archive.files()]
    package = written(world, tmp_path / "many.wacz", home=home)
    with zipfile.ZipFile(package) as opened:
        inside_ = [name for name in opened.namelist() if name.startswith("archive/")]
        firsts = {gzip.decompress(opened.read(name)).split(b"\r\n")[1] for name in inside_}

    assert 2 < len(names) and [f"archive/{name}" for name in names] == inside_
    assert {b"WARC-Type: warcinfo"} == firsts
    assert [] == failures(verify_file(package))


def test_an_archive_without_captures_makes_no_package(tmp_path: Path, world: World) -> None:
    """And leaves no file."""
    with Store.open(tmp_path / "home", settings=Settings(floor=0)):
        pass
    with pytest.raises(NotFound):
        written(world, tmp_path / "none.wacz", home=tmp_path / "home")

    assert not (tmp_path / "none.wacz").exists()


def test_a_full_disk_leaves_nothing(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the package nor a part of it."""
    (tmp_path / "out").mkdir()

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(packages.Packing, "indexes", full)
    with pytest.raises(DiskFull):
        written(world, tmp_path / "out" / "all.wacz")

    assert [] == list((tmp_path / "out").iterdir())
