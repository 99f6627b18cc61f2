"""The disk fails or the process dies at the n-th act of logging, for every n: the log stays a prefix, and goes on."""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive import tree
from archive.disk import Disk
from archive.errors import ArchiveError
from archive.finding import Verdict
from archive.keyring import Keyring
from archive.log import Log, Writer, drain
from archive.logcheck import check_log
from archive.note import Checkpoint, Note
from archive.store import Settings, Store
from archive.tiles import Tiles
from tests.durability.drives import Nth, Watched, failing
from tests.log.conftest import keep, logged

ACTS = ("create", "write", "half", "datasync", "sync_folder", "make_folder", "rename", "cut", "remove")
KEPT = 262  # a full tile is made on the way


class Died(BaseException):
    """The process is gone: nothing that follows reaches the disk."""


class Ended:
    """Dies at the n-th act, and at every act that comes after."""

    def __init__(self, nth: int) -> None:
        self.nth, self.count = nth, 0

    def __call__(self, what: str) -> None:
        self.count += 1
        if self.count >= self.nth:
            raise Died(what)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with 250 captures logged and twelve that wait, and one with all of them waiting."""
    memory = Path("/dev/shm")
    folder = Path(tmp_path_factory.mktemp("begun")) if not memory.is_dir() else memory / f"kartoteka-begun-{os.getpid()}"
    for name, first in (("new", 0), ("old", 250)):
        keep(folder / name / "home", 0, first or KEPT)
        if first:
            logged(folder / name / "home", Keyring(folder / name / "keys"))
            keep(folder / name / "home", first, KEPT - first)
    yield folder
    shutil.rmtree(folder)


def published(folder: Path) -> list[Checkpoint]:
    """Every checkpoint that somebody may have: the one that is shown, and the one that was signed last."""
    notes = [path.read_bytes() for path in (*folder.glob("keys/*.checkpoint"), *folder.glob("home/log/checkpoint"))]
    return [Checkpoint.parse(Note.parse(note).text) for note in notes]


def wrong_after(folder: Path, before: list[Checkpoint]) -> list[str]:
    """The next drain, with a disk that works: what it finds and what it leaves."""
    shown = published(folder)
    last = logged(folder / "home", Keyring(folder / "keys"))
    wrong = [] if last is not None and last.size == KEPT else [f"it ends as {last}"]
    tiles = Tiles(folder / "home" / "log", KEPT)
    for old in (*before, *shown):
        if last is not None and old.origin == last.origin:
            path = tree.consistency(old.size, last.size, tiles.node)
            if not tree.extends(old.size, last.size, path, old.root, last.root):
                wrong.append(f"{old} was signed, and the log does not extend it")
    found = check_log(folder / "home", keys=Keyring(folder / "keys"))
    wrong += [f"{f.check} {f.subject} {f.outcome} {f.detail}" for f in found if f.outcome is not Verdict.PASS]
    return wrong


def one(folder: Path, disk: Disk) -> BaseException | None:
    """A drain with this disk; how it ended."""
    with Store.open(folder / "home", settings=Settings(floor=0)) as store:
        try:
            drain(store, Writer(folder / "home", Keyring(folder / "keys"), disk))
        except (ArchiveError, Died) as exc:
            return exc
    return None


def every(begun: Path, place: Path, which: str, disk: Callable[[int], Disk], step: int) -> Iterator[tuple[int, list[str]]]:
    for nth in range(1, 500, step):
        folder = place / f"{which}{nth}"
        shutil.copytree(begun / which, folder)
        before = published(folder)
        ended = one(folder, disk(nth))
        yield nth, wrong_after(folder, before)
        shutil.rmtree(folder)
        if ended is None:
            return
    raise AssertionError("more acts than a drain can have")


@pytest.mark.parametrize("which", ["new", "old"])
def test_a_kill_at_every_act(begun: Path, place: Path, which: str) -> None:
    """Before, in the midst of and after every write, sync and rename: what was signed is extended, nothing is logged twice."""
    found = list(every(begun, place, which, lambda nth: Watched(Ended(nth)), 13))

    assert [] == [(nth, wrong) for nth, wrong in found if wrong]
    assert len(found) > 4


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
def test_every_act_fails(begun: Path, place: Path, error: int) -> None:
    """Once: the error has a name, captures wait, and the next drain logs them."""
    found = list(every(begun, place, "old", lambda nth: Watched(Nth(nth, failing(error), ACTS)), 11))

    assert [] == [(nth, wrong) for nth, wrong in found if wrong]
    assert len(found) > 2


@pytest.mark.full
@pytest.mark.parametrize("which", ["new", "old"])
def test_a_kill_at_each_single_act(begun: Path, place: Path, which: str) -> None:
    """The long form: every n."""
    assert [] == [(nth, wrong) for nth, wrong in every(begun, place, which, lambda nth: Watched(Ended(nth)), 1) if wrong]


@pytest.mark.full
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_each_single_act_fails(begun: Path, place: Path, error: int) -> None:
    """The long form: every n."""
    found = every(begun, place, "new", lambda nth: Watched(Nth(nth, failing(error), ACTS)), 1)

    assert [] == [(nth, wrong) for nth, wrong in found if wrong]


def test_kill_upon_kill(begun: Path, place: Path) -> None:
    """Killed ten times at random moments, with captures kept in between: one history."""
    seed = random.SystemRandom().randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    folder = place / "again"
    shutil.copytree(begun / "old", folder)
    signed = published(folder)
    for n in range(10):
        one(folder, Watched(Ended(chance.randrange(1, 40))))
        signed += published(folder)
        keep(folder / "home", 1000 + n, 1)
    last = logged(folder / "home", Keyring(folder / "keys"))

    assert last is not None and KEPT + 10 == last.size
    tiles = Tiles(folder / "home" / "log", last.size)
    assert all(
        tree.extends(c.size, last.size, tree.consistency(c.size, last.size, tiles.node), c.root, last.root) for c in signed
    )
    assert {Verdict.PASS} == {f.outcome for f in check_log(folder / "home", keys=Keyring(folder / "keys"))}


class Late(Watched):
    """The mutant: a checkpoint is shown before the tiles under it are written."""

    def rename(self, old: Path, new: Path) -> None:
        if "tile" in new.parts:
            return
        super().rename(old, new)


def test_a_log_without_its_tiles_is_never_signed(begun: Path, place: Path) -> None:
    """The mutant: renames of tiles are swallowed; what is signed is read back first, so nothing is."""
    folder = place / "late"
    shutil.copytree(begun / "old", folder)
    before = published(folder)

    ended = one(folder, Late(lambda _what: None))
    assert "not what was written" in str(ended)
    assert before == published(folder)
    assert 250 == Log(folder / "home").checkpoint().size  # type: ignore[union-attr]


def test_a_keyring_that_forgets_is_found(begun: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant: nothing is remembered, so an archive put back signs a second history; the judge sees that it is one."""
    monkeypatch.setattr(Keyring, "remember", lambda *_: None)
    folder = place / "forgets"
    shutil.copytree(begun / "old", folder)
    logged(folder / "home", Keyring(folder / "keys"))
    shutil.copytree(folder / "home", place / "backup")
    keep(folder / "home", 5000, 3)
    first = logged(folder / "home", Keyring(folder / "keys"))
    shutil.rmtree(folder / "home")
    (place / "backup").rename(folder / "home")
    keep(folder / "home", 6000, 4)
    second = logged(folder / "home", Keyring(folder / "keys"))

    assert first is not None and second is not None and (KEPT + 3, KEPT + 4) == (first.size, second.size)
    path = tree.consistency(first.size, second.size, Tiles(folder / "home" / "log", second.size).node)
    assert not tree.extends(first.size, second.size, path, first.root, second.root)
