"""A leaf, a tile, a line or a signature is changed, deleted, inserted, moved: each is found, and named."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from archive import logcheck
from archive.errors import NotFound
from archive.finding import Verdict
from archive.keyring import Keyring
from archive.log import Log
from archive.logcheck import check_log
from archive.note import Checkpoint, Note
from tests.log.conftest import keep, logged
from tests.log.edits import (
    ALSO,
    EDITS,
    FIRST,
    SIZE,
    Edit,
    changed_capture,
    changed_leaf,
    changed_line,
    changed_partial,
    changed_tile,
    cut_bundle,
    deleted_capture,
    deleted_checkpoint,
    deleted_tile,
    ids,
    index,
    inserted_capture,
    inserted_tile,
)  # fmt: skip


@pytest.fixture(scope="module")
def sound() -> Iterator[Path]:
    """A home of 600 logged captures and its keyring, made once."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="kartoteka-") as folder:
        home = Path(folder) / "home"
        keep(home, 0, FIRST)
        logged(home, Keyring(Path(folder) / "keys"))
        keep(home, FIRST, SIZE - FIRST)
        logged(home, Keyring(Path(folder) / "keys"))
        yield Path(folder)


@pytest.fixture
def copy(sound: Path, place: Path) -> Path:
    shutil.copytree(sound, place / "copy")
    return place / "copy"


def failures(folder: Path, *, remembers: bool = True) -> set[tuple[str, str]]:
    keys = Keyring(folder / "keys") if remembers else None
    return {(f.check, f.subject) for f in check_log(folder / "home", keys=keys) if f.outcome is Verdict.FAIL}


def edited(sound: Path, place: Path, edit: Edit, seed: int) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """What the edit is to be called, and what was found."""
    copy = place / f"{edit.__name__}{seed}"
    shutil.copytree(sound, copy)
    named = edit(copy / "home", random.Random(seed))
    found = failures(copy)
    shutil.rmtree(copy)
    return named, found


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_an_edit_is_found_and_named(sound: Path, place: Path, edit: Edit) -> None:
    """Three draws of each kind: the finding names the file, the leaf or the capture, and blames nothing else."""
    first = random.SystemRandom().randrange(10**6)
    print(f"seed {first}")
    for seed in range(first, first + 3):
        named, found = edited(sound, place, edit, seed)
        assert named <= found, (seed, found)
        others = {check for check, _ in found - named} - ALSO.get(edit, set())
        assert set() == others, (seed, found)


@pytest.mark.full
def test_500_edits(sound: Path, place: Path) -> None:
    """The long form: 500 random edits, 500 found, 500 named."""
    first = random.SystemRandom().randrange(10**6)
    print(f"seed {first}")
    wrong = []
    for seed in range(first, first + 500):
        edit = EDITS[seed % len(EDITS)]
        named, found = edited(sound, place, edit, seed)
        if not named <= found:
            wrong.append((edit.__name__, seed, named, found))

    assert [] == wrong


def test_an_untouched_log_has_no_fault(sound: Path) -> None:
    """With and without a keyring: PASS for what was looked at, and NOT CHECKED for what is not remembered."""
    assert set() == failures(sound) == failures(sound, remembers=False)
    told = [f for f in check_log(sound / "home") if f.outcome is Verdict.NOT_CHECKED]
    assert ["13 log checkpoint"] == [f.check for f in told]


def test_one_capture_is_looked_at_alone(copy: Path) -> None:
    """With an id: its leaf and path, and nothing is said of the rest; changed, it is named."""
    home, keys = copy / "home", Keyring(copy / "keys")
    one, other = ids(home)[300], ids(home)[301]
    before = {f.check[:2]: f.outcome for f in check_log(home, [one], keys=keys)}
    index(home, "UPDATE captures SET outcome = 'timeout' WHERE seq = 300")
    after = [f for f in check_log(home, [one, other], keys=keys) if f.outcome is Verdict.FAIL]

    assert {"11": "NOT CHECKED", "12": "NOT CHECKED", "13": "PASS", "14": "PASS"} == before
    assert [("14 captures in the log", f"capture {one}")] == [(f.check, f.subject) for f in after]
    with pytest.raises(NotFound):
        list(check_log(home, ["nobody"]))


def test_a_size_that_was_invented_ends(copy: Path) -> None:
    """Signed by the log's own key, of more leaves than any disk has: told, and not looked for to the end."""
    home, keys = copy / "home", Keyring(copy / "keys")
    key = Log(home).verifier()
    assert key is not None
    text = str(Checkpoint(key.name, 10**17, bytes(32)))
    (home / "log" / "checkpoint").write_bytes(bytes(Note(text, (keys.signer(key.name).sign(text),))))

    assert ("13 log checkpoint", "log/checkpoint") in failures(copy)


def test_an_index_that_is_gone_or_no_index(copy: Path) -> None:
    """Leaves without captures are told; nothing is a traceback."""
    (copy / "home" / "index.sqlite").write_bytes(b"no database" * 1000)
    assert {"14 captures in the log"} == {check for check, _ in failures(copy)}
    (copy / "home" / "index.sqlite").unlink()
    assert {"14 captures in the log"} == {check for check, _ in failures(copy)}


@pytest.mark.parametrize(
    ("removed", "edit"),
    [
        ("agree", changed_leaf), ("agree", changed_tile), ("bundle", cut_bundle), ("stored", deleted_tile),
        ("files", inserted_tile), ("partial", changed_partial), ("checkpoint", changed_line), ("remembered", deleted_checkpoint),
        ("missing", inserted_capture), ("leaf", deleted_capture), ("other", changed_capture),
    ],
    ids=lambda each: each if isinstance(each, str) else each.__name__,
)  # fmt: skip
def test_a_check_that_was_removed_is_missed(
    sound: Path, place: Path, removed: str, edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutants: without any one check some edit is no longer named."""

    def nothing(*_: object, **__: object) -> Iterator[object]:
        yield from ()

    monkeypatch.setattr(logcheck._Run, removed, nothing)
    missed = [named <= found for named, found in (edited(sound, place, edit, seed) for seed in range(8))]

    assert False in missed
