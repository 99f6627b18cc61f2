"""Captures become leaves, once each and in order; what is signed can be proved and carried away."""

from __future__ import annotations

import hashlib
import shutil
import stat
from pathlib import Path

import pytest

from archive import tree
from archive.errors import BadRecord, Forked, NoKey, NotFound
from archive.finding import Verdict
from archive.keyring import Keyring
from archive.log import Log, Writer, drain, entry, proven, told
from archive.logcheck import check_log
from archive.note import Checkpoint, Note, Signer, Verifier
from archive.shelf import Archive
from archive.store import Settings, Store, rebuild
from archive.tiles import Tiles, name
from tests.log.conftest import Grown, keep, logged


def failures(home: Path, keys: Keyring) -> list[tuple[str, str]]:
    return [(f.check, f.subject) for f in check_log(home, keys=keys) if f.outcome is Verdict.FAIL]


def test_every_capture_becomes_a_leaf_once(home: Path, keys: Keyring, grow: Grown) -> None:
    """In the order of the archive, over several checkpoints and a full tile; nothing is left waiting, and all checks pass."""
    checkpoints = [grow(count) for count in (1, 4, 250, 1, 300)]

    with Archive.open(home) as archive:
        captures = list(archive.captures())
        assert [] == archive.index.waiting()
    last = checkpoints[-1]
    assert last is not None and last.size == len(captures) == 556
    tiles = Tiles(home / "log", last.size)
    assert [entry(c) for c in captures] == [tiles.entry(n) for n in range(last.size)]
    for old in checkpoints:
        assert old is not None
        assert tree.extends(old.size, last.size, tree.consistency(old.size, last.size, tiles.node), old.root, last.root)
    found = list(check_log(home, keys=keys))
    assert [Verdict.PASS] * 4 == [f.outcome for f in found]
    assert ["11 log entries", "12 log tiles", "13 log checkpoint", "14 captures in the log"] == [f.check for f in found]


def test_nothing_new_signs_nothing(home: Path, keys: Keyring, grow: Grown) -> None:
    """A drain of an empty outbox leaves every file as it is."""
    grow(3)
    before = {path: path.stat().st_mtime_ns for path in (home / "log").rglob("*")}

    assert logged(home, keys) == Log(home).checkpoint()
    assert before == {path: path.stat().st_mtime_ns for path in (home / "log").rglob("*")}


def test_a_leaf_reveals_no_address(home: Path, grow: Grown) -> None:
    """Neither address nor digest of a page: the manifest's nonce keeps both from being guessed (P13)."""
    grow(4)
    with Archive.open(home) as archive:
        captures = list(archive.captures())
    leaves = (home / "log" / name("entries", 0, 4)).read_bytes()

    assert all(
        hashlib.sha256(c.url.encode()).hexdigest().encode() not in leaves and b"court.example" not in leaves for c in captures
    )
    assert all(c.payload_sha256 is None or c.payload_sha256.encode() not in leaves for c in captures)
    assert len(leaves) // 4 < 1024


def test_a_proof_is_carried_away(home: Path, keys: Keyring, grow: Grown) -> None:
    """The proof of one capture holds with nothing but the key; of another key, or changed, it proves nothing."""
    grow(300)
    key = Log(home).verifier()
    assert key is not None
    with Archive.open(home) as archive:
        for capture in list(archive.captures())[::37]:
            proof = Log(home).proof(capture)
            said, checkpoint = proven(proof, key)
            assert said["manifest"] == hashlib.sha256(archive.record(capture.manifest).block or b"").hexdigest()
            assert 300 == checkpoint.size
            with pytest.raises(BadRecord, match="not signed"):
                proven(proof, Signer.new(key.name).verifier)
            with pytest.raises(BadRecord):
                proven(proof.replace(f"index {said['seq']}", f"index {said['seq'] ^ 1}"), key)


def test_a_proof_is_asked_for_too_early(home: Path, keys: Keyring, grow: Grown) -> None:
    """What waits has no proof yet, and the error says what to do."""
    grow(1)
    keep(home, 1, 1)
    with Archive.open(home) as archive, pytest.raises(NotFound, match="crawl log checkpoint"):
        Log(home).proof(list(archive.captures())[1])


@pytest.mark.parametrize("most", [64, 16_384])
def test_the_index_is_lost_and_made_anew(
    home: Path, keys: Keyring, grow: Grown, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After `crawl rebuild` every capture waits again; each is found in the log, and none is logged twice."""
    monkeypatch.setattr("archive.log.MOST", most)
    before = grow(270)
    keep(home, 270, 5)
    rebuild(home)

    after = logged(home, keys)
    assert before is not None and after is not None and (270, 275) == (before.size, after.size)
    assert [] == failures(home, keys)


# -- the key


def test_the_key_is_its_owners_alone(home: Path, keys: Keyring, grow: Grown) -> None:
    """Made on first use, outside the archive, 0600; one that others may read is refused."""
    grow(1)
    (path,) = keys.folder.glob("*.key")
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert not [p for p in home.rglob("*") if p.is_file() and b"PRIVATE KEY" in p.read_bytes()]

    path.chmod(0o640)
    keep(home, 1, 1)
    with pytest.raises(NoKey, match="chmod 600"):
        logged(home, keys)


def test_the_key_is_given(home: Path, place: Path) -> None:
    """From a file or from the environment, as openssl makes it; another one than the log's signs nothing."""
    pem = Signer.new("any").pem()
    (place / "secret").write_bytes(pem)
    (place / "secret").chmod(0o600)
    by_file = Keyring.of({"KARTOTEKA_KEYS": str(place / "ring"), "KARTOTEKA_LOG_KEY_FILE": str(place / "secret")})
    by_text = Keyring.of({"KARTOTEKA_KEYS": str(place / "ring"), "KARTOTEKA_LOG_KEY": pem.decode()})
    keep(home, 0, 1)
    first = logged(home, by_file)
    keep(home, 1, 1)
    second = logged(home, by_text)
    keep(home, 2, 1)

    assert first is not None and second is not None and (1, 2) == (first.size, second.size)
    with pytest.raises(NoKey, match="the key at hand"):
        logged(home, Keyring(place / "ring", Signer.new("any").pem().decode()))
    with pytest.raises(NoKey, match="not at hand"):
        logged(home, Keyring(place / "ring"))
    with pytest.raises(NoKey, match="PEM"):
        logged(home, Keyring(place / "ring", "no key"))


def test_a_second_signature_stands_below(home: Path, keys: Keyring, grow: Grown) -> None:
    """A witness's line is kept, disturbs no check, and the log goes on."""
    grow(2)
    note = Log(home).note()
    assert note is not None
    witness = Signer.new("witness.example")
    both = note.also(witness.sign(note.text))
    (home / "log" / "checkpoint").write_bytes(bytes(both))

    assert Note.parse(bytes(both)) == both and both.signed_by(witness.verifier)
    assert [] == failures(home, keys)
    after = grow(1)
    assert after is not None and 3 == after.size


# -- one history


def test_the_archive_is_put_back_from_an_old_backup(home: Path, keys: Keyring, grow: Grown, place: Path) -> None:
    """Archive and log together: the keyring remembers that more was signed, and nothing is signed (E7)."""
    grow(5)
    shutil.copytree(home, place / "backup")
    grow(3)
    shutil.rmtree(home)
    (place / "backup").rename(home)
    keep(home, 100, 2)

    with pytest.raises(Forked, match="older state: 8 captures were signed for"):
        logged(home, keys)
    assert ("13 log checkpoint", "log/checkpoint") in failures(home, keys)


def test_the_log_alone_is_put_back(home: Path, keys: Keyring, grow: Grown, place: Path) -> None:
    """Without a keyring's memory too: the archive has captures that left the outbox and are in no leaf."""
    grow(5)
    shutil.copytree(home / "log", place / "old")
    grow(3)
    shutil.rmtree(home / "log")
    (place / "old").rename(home / "log")
    (memory,) = keys.folder.glob("*.checkpoint")
    memory.unlink()

    with pytest.raises(Forked, match="capture 5 was logged"):
        logged(home, keys)
    assert {"14 captures in the log"} == {check for check, _ in failures(home, keys)}


def test_the_archive_alone_is_put_back(home: Path, keys: Keyring, grow: Grown, place: Path) -> None:
    """The log holds captures that the archive has lost, or has others of the same number for."""
    grow(5)
    shutil.copytree(home, place / "backup")
    grow(3)
    shutil.copytree(home / "log", place / "log")
    shutil.rmtree(home)
    (place / "backup").rename(home)
    shutil.rmtree(home / "log")
    (place / "log").rename(home / "log")

    with pytest.raises(Forked, match="the log holds capture 7"):
        logged(home, keys)
    assert [("14 captures in the log", f"log leaf {n}") for n in (5, 6, 7)] == failures(home, keys)
    keep(home, 200, 3)
    with pytest.raises(Forked, match="leaf 5 of the log is another capture 5"):
        logged(home, keys)


def test_the_log_is_lost(home: Path, keys: Keyring, grow: Grown) -> None:
    """No second log begins beside what was signed."""
    grow(3)
    shutil.rmtree(home / "log")
    keep(home, 3, 1)

    with pytest.raises(Forked, match="capture 0 was logged"):
        logged(home, keys)
    assert {"14 captures in the log"} == {check for check, _ in failures(home, keys)}


def test_nothing_is_signed_on_tiles_that_were_changed(home: Path, keys: Keyring, grow: Grown) -> None:
    """The root is made from the tiles again before anything is added."""
    grow(300)
    for file in (name(1, 0, 1), name(0, 1, 44), name("entries", 1, 44)):
        path = home / "log" / file
        was = path.read_bytes()
        path.write_bytes(was[:20] + bytes([was[20] ^ 1]) + was[21:])
        keep(home, 1000, 1)
        with pytest.raises(Forked, match=r"do not have the root|does not hash to its tile"):
            logged(home, keys)
        path.write_bytes(was)
    after = logged(home, keys)
    assert after is not None and 303 == after.size


def test_the_checkpoint_is_lost_and_comes_back(home: Path, keys: Keyring, grow: Grown) -> None:
    """What was signed is remembered, and the tiles prove it: it is shown again."""
    before = grow(6)
    (home / "log" / "checkpoint").unlink()

    assert before == logged(home, keys) == Log(home).checkpoint()


# -- the notes


def test_a_note_is_read_strictly() -> None:
    """One spelling of everything; what nobody signed is not believed."""
    signer = Signer.new("kartoteka/test")
    text = str(Checkpoint("kartoteka/test", 7, bytes(32)))
    good = bytes(Note(text, (signer.sign(text),)))

    assert Note.parse(good).signed_by(signer.verifier) and bytes(Note.parse(good)) == good
    assert Verifier.parse(str(signer.verifier)) == signer.verifier
    for bad in (
        b"",
        text.encode(),
        good[:-1],
        good.replace(b"\n\n", b"\n"),
        good.replace(b"7", b"\x017"),
        good + b"x",
        b"\xff" + good,
    ):
        with pytest.raises(BadRecord):
            Note.parse(bad)
    assert not Note.parse(good.replace(b"\n7\n", b"\n8\n")).signed_by(signer.verifier)
    for body in (text.replace("7", "07"), text + "extension\n", text.replace("7", "-7"), text.replace("A=", "B="), text[:-1]):
        with pytest.raises(BadRecord):
            Checkpoint.parse(body)


def test_an_entry_is_read_strictly() -> None:
    """Spelled otherwise, with more in it or less, it is no entry."""
    good = b'{"at":"2026-03-02T12:00:00.000000Z","manifest":"' + b"a" * 64 + b'","outcome":"captured","seq":3,"v":1}'
    assert 3 == told(good)["seq"]
    for bad in (
        b"",
        b"[]",
        good.replace(b"a" * 64, b"A" * 64),
        good.replace(b":3", b": 3"),
        good.replace(b'"v":1', b'"v":2'),
        good.replace(b"3,", b'"3",'),
        good.replace(b'"v":1', b'"v":true'),
        b"[" * 60_000,
    ):
        with pytest.raises(BadRecord):
            told(bad)


def test_the_outbox_is_kept_while_there_is_no_key(home: Path, keys: Keyring, grow: Grown) -> None:
    """A missing key costs no capture: they wait, and go in once it is back."""
    grow(1)
    (path,) = keys.folder.glob("*.key")
    path.rename(path.with_suffix(".away"))
    keep(home, 1, 3)
    with pytest.raises(NoKey, match="not at hand"):
        logged(home, keys)
    with Store.open(home, settings=Settings(floor=0)) as store:
        assert 3 == len(store.waiting())
        path.with_suffix(".away").rename(path)
        assert 3 == drain(store, Writer(home, keys)).logged
        assert [] == store.waiting()
