"""A verification that was stopped goes on where it was; nothing that changed meanwhile is taken for what was read."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from archive import door
from archive.capture import Visit
from archive.finding import CHECKS, Finding, Verdict
from archive.store import Settings, Store
from archive.verify import carried, verify
from tests.log.conftest import visit
from tests.proof.world import Kept

ROOT = Path(__file__).resolve().parents[2]
FILES, READ = 6, 3  # files of the archive, and how many of them the run has read that was stopped


class Stopped(Exception):
    """A person has pressed Ctrl-C."""


@pytest.fixture(scope="module")
def sound() -> Iterator[Path]:
    """An archive of several small files."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="kartoteka-") as folder:
        with Store.open(Path(folder) / "home", settings=Settings(rotate=20_000, floor=0)) as store:
            for n in range(400):
                store.keep(large(n)).result(30)
                if len(store.index.files()) > FILES:
                    break
        yield Path(folder)


def large(n: int) -> Visit:
    """A page that says what does not compress well."""
    one = visit(n)
    (exchange,) = one.exchanges
    if not exchange.response:
        return one
    body = random.Random(n).randbytes(700).hex().encode()
    return replace(one, exchanges=(replace(exchange, response=exchange.response + body),))


@pytest.fixture
def home(sound: Path) -> Iterator[Kept]:
    with TemporaryDirectory(dir=sound) as folder:
        shutil.copytree(sound / "home", Path(folder) / "home")
        yield Kept(Path(folder) / "home")


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "one.sqlite"


def stopped(home: Kept, scratch: Path, *, files: int = READ) -> None:
    """A run that is stopped in the file behind so many."""
    names = [path.name for path in home.files()]

    def progress(name: str, done: int, whole: int) -> None:
        if name == names[files]:
            raise Stopped

    with pytest.raises(Stopped):
        list(verify(home.home, scratch=scratch, progress=progress))


def again(home: Kept, scratch: Path) -> tuple[list[Finding], list[str], set[str]]:
    """The next run: what it found, what it told, and the files that it read."""
    notes: list[str] = []
    read: set[str] = set()
    found = list(verify(home.home, scratch=scratch, note=notes.append, progress=lambda name, *_: read.add(name)))
    return found, notes, read - {"log"}


def plain(findings: list[Finding]) -> list[tuple[str, str, Verdict, str]]:
    """What was found, without when."""
    words = [f.detail.partition(", 3 of them as read on")[0].partition(f", {READ} files of them")[0] for f in findings]
    return [(f.check, f.subject, f.outcome, text.partition(" (found on")[0]) for f, text in zip(findings, words, strict=True)]


def told(findings: list[Finding]) -> set[tuple[str, str]]:
    return {(f.check, f.subject) for f in findings if f.outcome is Verdict.FAIL}


def test_a_stopped_run_goes_on_where_it_was(home: Kept, scratch: Path) -> None:
    """What was read is not read again; the sums are those of a run that was not stopped, and say what was read when."""
    whole = list(verify(home.home))
    stopped(home, scratch)
    found, notes, read = again(home, scratch)
    names = [path.name for path in home.files()]

    assert set(names[READ:]) == read
    assert [(f.check, f.outcome) for f in whole] == [(f.check, f.outcome) for f in found]
    assert [f.detail.split(" ")[0] for f in whole] == [f.detail.split(" ")[0] for f in found]
    assert ["2 gzip members", "3 records and block digests"] == [
        f.check for f in found if "3 files of them as read on" in f.detail and f.check[0] in "23"
    ]
    assert [f"going on behind {names[READ - 1]}: 3 files read until "] == [
        note[: -len(note.partition("until ")[2])] for note in notes
    ]
    assert not scratch.exists()


def test_a_run_that_came_to_its_end_leaves_nothing(home: Kept, scratch: Path) -> None:
    """The next one reads all of it."""
    for _ in range(2):
        _, notes, read = again(home, scratch)
        assert ([], {path.name for path in home.files()}) == (notes, read)
    assert [] == list(scratch.parent.iterdir())


def test_it_can_be_stopped_again_and_again(home: Kept, scratch: Path) -> None:
    """Each time it comes further; in the end all is there."""
    for files in (1, 2, 2, 4, 5):
        stopped(home, scratch, files=files)
    found, _, read = again(home, scratch)

    assert {home.files()[5].name, home.files()[-1].name} == read
    assert [(f.check, f.outcome) for f in verify(home.home)] == [(f.check, f.outcome) for f in found]


def test_what_was_found_before_is_told_again_with_its_time(home: Kept, scratch: Path) -> None:
    """Damage in a file that was read stays damage, and the reader knows when it was seen."""
    whole_before = home.files()[0]
    octets = bytearray(whole_before.read_bytes())
    octets[len(octets) // 2] ^= 1
    whole_before.write_bytes(octets)
    whole = list(verify(home.home))
    stopped(home, scratch)
    found, _, read = again(home, scratch)

    assert whole_before.name not in read
    assert told(whole) == told(found) != set()
    first = next(f for f in found if f.outcome is Verdict.FAIL)
    assert " (found on 20" in first.detail and first.detail.endswith(" by a run that was stopped)")


# -- a hand that changes what was read already


def a_flipped_bit(kept: Kept) -> None:
    path = kept.files()[1]
    told = path.stat()
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 1
    path.write_bytes(octets)
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))  # a careful hand puts the time back


def another_file_in_its_place(kept: Kept) -> None:
    path = kept.files()[1]
    told = path.stat()
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 1
    path.with_suffix(".new").write_bytes(octets)
    path.with_suffix(".new").rename(path)
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))


def a_cut_file(kept: Kept) -> None:
    os.truncate(kept.files()[2], kept.files()[2].stat().st_size - 10)


def a_deleted_file(kept: Kept) -> None:
    kept.files()[1].unlink()


def a_changed_row(kept: Kept) -> None:
    kept.sql("UPDATE captures SET url = 'https://court.example/other' WHERE seq = 3")


def a_changed_digest(kept: Kept) -> None:
    kept.sql("UPDATE captures SET manifest_sha256 = ? WHERE seq = 3", "0" * 64)


def a_deleted_row(kept: Kept) -> None:
    kept.sql("DELETE FROM captures WHERE seq = 3")


def a_changed_member(kept: Kept) -> None:
    kept.sql("UPDATE members SET sha256 = ? WHERE seq = 3", "0" * 64)


def a_deleted_member(kept: Kept) -> None:
    kept.sql("DELETE FROM members WHERE seq = 3 AND kind = 'manifest'")


def an_outbox_that_says_otherwise(kept: Kept) -> None:
    kept.sql("UPDATE outbox SET manifest_sha256 = ? WHERE seq = 3", "0" * 64)


HANDS = (
    a_flipped_bit, another_file_in_its_place, a_cut_file, a_deleted_file, a_changed_row, a_changed_digest, a_deleted_row,
    a_changed_member, a_deleted_member, an_outbox_that_says_otherwise,
)  # fmt: skip


@pytest.mark.parametrize("hand", HANDS, ids=lambda hand: hand.__name__)
def test_what_is_changed_between_two_runs_is_found(home: Kept, scratch: Path, hand: Callable[[Kept], None]) -> None:
    """In a file that had passed already: the second run finds what a fresh one finds, and says why it read it anew."""
    stopped(home, scratch)
    hand(home)
    found, notes, _ = again(home, scratch)

    assert told(list(verify(home.home))) == told(found) != set()
    assert ["has changed since" in note or "have changed since" in note for note in notes] == [True]


@pytest.mark.parametrize(
    ("removed", "hand"), [("file_is", a_flipped_bit), ("digest", a_changed_row), ("digest", an_outbox_that_says_otherwise)]
)
def test_what_it_is_bound_to_is_needed(
    home: Kept, scratch: Path, monkeypatch: pytest.MonkeyPatch, removed: str, hand: Callable[[Kept], None]
) -> None:
    """The mutants: bound to nothing, a tampered archive would pass on what was read before."""
    monkeypatch.setattr(carried if removed == "file_is" else carried.Rows, removed, lambda *_: "as ever")
    if removed == "file_is":
        monkeypatch.setattr("archive.verify.octets.file_is", lambda _: "as ever")
    stopped(home, scratch)
    hand(home)

    assert told(list(verify(home.home))) != told(again(home, scratch)[0])


def test_what_was_kept_meanwhile_is_read_too(home: Kept, scratch: Path) -> None:
    """The archive has grown: its last file is read anew, those before it are not."""
    stopped(home, scratch, files=FILES - 1)
    before = [path.name for path in home.files()]
    with Store.open(home.home, settings=Settings(rotate=20_000, floor=0)) as store:
        for n in range(500, 540):
            store.keep(large(n)).result(30)
    found, _, read = again(home, scratch)

    assert set() == told(found)
    assert set(before[: FILES - 1]).isdisjoint(read) and len(read) > 1
    assert [f.detail.split(" ")[0] for f in verify(home.home)] == [f.detail.split(" ")[0] for f in found]


def test_another_program_trusts_nothing_of_it(home: Kept, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With other checks nothing that was read counts."""
    stopped(home, scratch)
    monkeypatch.setattr(carried, "code", lambda: "of another version")
    _, notes, read = again(home, scratch)

    assert ["read anew: it was made by a program with other checks"] == notes
    assert {path.name for path in home.files()} == read


def test_a_moved_archive_is_another_one(home: Kept, scratch: Path) -> None:
    """A copy is not what was read, whatever it looks like."""
    stopped(home, scratch)
    shutil.copytree(home.home, home.home.with_name("copy"))
    _, _, read = again(Kept(home.home.with_name("copy")), scratch)

    assert {path.name for path in home.files()} == read


@pytest.mark.parametrize("octets", [b"no database" * 1000, b"", None], ids=["garbage", "empty", "cut"])
def test_a_broken_scratch_file_is_none(home: Kept, scratch: Path, octets: bytes | None) -> None:
    """It costs the time that it would have saved."""
    stopped(home, scratch)
    scratch.write_bytes(scratch.read_bytes()[:-3000] if octets is None else octets)
    for each in scratch.parent.iterdir():
        if each != scratch:
            each.unlink()
    found, _, _ = again(home, scratch)

    assert [(f.check, f.outcome) for f in verify(home.home)] == [(f.check, f.outcome) for f in found]


def test_where_nothing_can_be_written_nothing_is_remembered(home: Kept, tmp_path: Path) -> None:
    """No cache, no error: the run is made without it."""
    (tmp_path / "cache").write_text("a file, and no folder")
    found, notes, _ = again(home, tmp_path / "cache" / "one.sqlite")

    assert ([], set(CHECKS)) == (notes, {f.check for f in found})


def test_two_at_once_do_not_meet(home: Kept, scratch: Path) -> None:
    """The second one runs without; the first one's file is left to it."""
    run = verify(home.home, scratch=scratch, progress=lambda *_: None)
    while not scratch.exists():
        next(run)
    with sqlite3.connect(scratch, timeout=0) as other, pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("SELECT * FROM run").fetchall()
    found, notes, read = again(home, scratch)
    assert ([], {path.name for path in home.files()}, set(CHECKS)) == (notes, read, {f.check for f in found})
    assert scratch.exists()
    assert {f.check for f in run} <= set(CHECKS) and not scratch.exists()


STOPPED = """
import os, signal, sys
from archive.verify.octets import Octets
tell, name = Octets.told_of, sys.argv[1]
def told_of(self, file, *rest):
    if file == name:
        os.kill(os.getpid(), getattr(signal, sys.argv[2]))
    tell(self, file, *rest)
Octets.told_of = told_of
from archive.cli import main
main(["verify", "--json", "--home", sys.argv[3]])
"""


@pytest.mark.parametrize(("how", "fresh"), [("SIGKILL", False), ("SIGINT", False), ("SIGINT", True)])
def test_the_command_goes_on_too(home: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, fresh: bool) -> None:
    """Killed, or interrupted by a person: `verify` asked again says that it goes on, and `--fresh` that nothing is taken over."""
    monkeypatch.setenv("KARTOTEKA_CACHE", str(tmp_path / "cache"))
    names = [path.name for path in home.files()]
    words = [sys.executable, "-m", "archive", "verify", "--json", "--home", str(home.home)]
    said = "" if fresh else f"going on behind {names[READ - 1]}: 3 files read until "
    cut = [sys.executable, "-c", STOPPED, names[READ], how, str(home.home)]
    assert 0 != subprocess.run(cut, cwd=ROOT, capture_output=True, check=False).returncode
    assert door.scratch(home.home).is_file() and 0o600 == door.scratch(home.home).stat().st_mode & 0o777
    done = subprocess.run([*words, *(["--fresh"] if fresh else [])], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (0, set(CHECKS)) == (done.returncode, {json.loads(line)["check"] for line in done.stdout.splitlines()})
    assert done.stderr.startswith(said) and bool(done.stderr) == bool(said)
    assert not door.scratch(home.home).exists()
