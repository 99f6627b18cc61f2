"""Whoever keeps captures logs them at the end; what a kill left is logged by the next; and nothing of it costs a capture."""

from __future__ import annotations

import asyncio
import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archive.door import Globals
from archive.finding import Verdict
from archive.keyring import Keyring
from archive.log import Log, Writer, drain
from archive.logcheck import check_log
from archive.shelf import Archive
from archive.store import Settings, Store
from archive.verify import verify
from crawler.opening import at_desk
from schedules.chores import Chores, beside, look
from tests.log.conftest import keep, visit


@pytest.fixture(autouse=True)
def mine(place: Path, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    """A keyring for this test alone."""
    monkeypatch.setenv("KARTOTEKA_KEYS", str(place / "keys"))
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    return Keyring(place / "keys")


async def crawled(home: Path, *numbers: int) -> None:
    async with at_desk(Globals(home), read=False) as desk:
        for number in numbers:
            await desk.keep(visit(number))


def failed(home: Path, keys: Keyring) -> set[str]:
    return {f.check for f in verify(home, keys=keys) if f.outcome is Verdict.FAIL}


async def test_a_crawl_ends_with_a_checkpoint(home: Path, mine: Keyring) -> None:
    """Every capture has its leaf when the command ends, and `verify` passes all that can be checked."""
    await crawled(home, 0, 1, 2)
    await crawled(home, 3)

    checkpoint = Log(home).checkpoint()
    assert checkpoint is not None and 4 == checkpoint.size
    with Archive.open(home) as archive:
        assert 0 == archive.index.waits()
    assert set() == failed(home, mine)


async def test_a_kill_before_the_log_is_caught_up(home: Path, mine: Keyring) -> None:
    """Captures that were acknowledged and never logged are logged by whoever opens the archive next, though it keeps nothing."""
    keep(home, 0, 5)
    assert Log(home).checkpoint() is None
    await crawled(home)

    checkpoint = Log(home).checkpoint()
    assert checkpoint is not None and 5 == checkpoint.size


async def test_no_key_can_be_made(
    home: Path, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The captures are kept, and the reason is told; nothing fails in `verify`, and the next crawl logs them."""
    (place / "file").write_text("no folder")
    monkeypatch.setenv("KARTOTEKA_LOG_KEY", "no key")
    await crawled(home, 0, 1)

    assert "the captures are kept, and not yet in the log: " in capsys.readouterr().err
    with Archive.open(home) as archive:
        assert 2 == archive.index.waits()
    assert set() == failed(home, Keyring(place / "keys"))
    monkeypatch.delenv("KARTOTEKA_LOG_KEY")
    await crawled(home)
    assert Log(home).checkpoint() is not None


async def test_an_archive_put_back_is_told_at_the_next_crawl(
    home: Path, place: Path, mine: Keyring, capsys: pytest.CaptureFixture[str]
) -> None:
    """The keyring remembers more than the folder has: nothing is signed, the crawl says so, and `verify` fails."""
    await crawled(home, 0, 1)
    shutil.copytree(home, place / "backup")
    await crawled(home, 2)
    shutil.rmtree(home)
    (place / "backup").rename(home)
    await crawled(home, 3)

    assert "older state: 3 captures were signed for" in capsys.readouterr().err
    assert {"13 log checkpoint"} == failed(home, mine)


async def test_a_daemon_logs_by_the_hour(home: Path, mine: Keyring) -> None:
    """At once when it begins, and again each hour; the checkpoint grows while it keeps."""
    notes: list[str] = []
    with Store.open(home, settings=Settings(floor=0)) as store:
        store.keep(visit(0)).result()
        async with beside(Chores(store, notes.append, random.Random(1), hour=0.01)):
            await until(lambda: size(home) == 1)
            store.keep(visit(1)).result()
            await until(lambda: size(home) == 2)

    assert [] == notes


async def test_a_daemon_finds_what_rotted(home: Path, mine: Keyring) -> None:
    """A capture that is read again and is not what was kept is told by the check and the record."""
    keep(home, 0, 6)
    (file,) = (home / "warc").iterdir()
    octets = bytearray(file.read_bytes())
    octets[len(octets) // 2] ^= 1
    file.write_bytes(octets)
    notes: list[str] = []
    with Store.open(home, settings=Settings(floor=0)) as store:
        async with beside(Chores(store, notes.append, random.Random(1))):
            await until(lambda: bool(notes) and "run `crawl verify`" in notes[-1])

    assert [True] == sorted({f"{file.name} at " in note for note in notes[:-1] if "2 gzip members" in note})


def test_a_sample_is_of_what_is_kept(home: Path) -> None:
    """No more than there is, none twice; of a sound archive nothing is told."""
    keep(home, 0, 7)

    assert (7, []) == look(home, random.Random(1))
    assert (3, []) == look(home, random.Random(2), 3)


def test_verify_beside_a_writer_blames_nobody(home: Path, mine: Keyring) -> None:
    """Looked at again and again while captures are kept and logged, the log has no fault."""
    keep(home, 0, 1)
    with Store.open(home, settings=Settings(floor=0)) as store, ThreadPoolExecutor(1) as hand:

        def work() -> None:
            for n in range(1, 40):
                store.keep(visit(n)).result()
                drain(store, Writer(home, mine))

        busy = hand.submit(work)
        found: set[tuple[str, str, str]] = set()
        rounds = 0
        while not busy.done() or not rounds:
            found |= {(f.check, f.subject, f.detail) for f in check_log(home, keys=mine) if f.outcome is Verdict.FAIL}
            rounds += 1
        busy.result()

    assert set() == found


def size(home: Path) -> int:
    checkpoint = Log(home).checkpoint()
    return 0 if checkpoint is None else checkpoint.size


async def until(holds: object) -> None:
    async with asyncio.timeout(60):
        while not holds():  # type: ignore[operator]
            await asyncio.sleep(0.01)
