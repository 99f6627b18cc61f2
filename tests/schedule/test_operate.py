"""Who looks after it: asks how it stands, copies it while it runs, and wants to know what is wrong with the machine."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.backup import backup
from archive.disk import Disk
from archive.door import Globals
from archive.errors import DiskFull, NotAnArchive, NotFound, Refused
from archive.finding import Verdict
from archive.index import Index
from archive.verify import verify
from crawler.opening import opened
from schedules import standing
from schedules.doctor import examine
from schedules.standing import Standing
from tests.world.command import crawl
from tests.world.watched import Watched, until

ASTRAKHAN = "61GV0003"
NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


def here(host: str, port: int) -> tuple[str, int]:
    return host, port


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """However full the disk of these tests is."""
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")


async def kept(watched: Watched, home: Path, *urls: str) -> None:
    """Keeps them unread, within this process."""
    options = Globals(home, list(watched.served.connect_to), [watched.served.ca_file], pace=0)
    async with opened(options, read=False) as crawl_:
        for url in urls:
            assert (await crawl_.url(url)).fine


def digest(home: Path) -> tuple[int, str]:
    with closing(Index.open(home / "index.sqlite")) as index:
        return index.digest()


async def test_status_while_it_runs_and_after_a_kill(watched: Watched) -> None:
    """It names the process and what it visited; after a kill the last words are told as such; due targets are listed."""
    article, mirror, _ = watched.served.world.editions()
    before = await crawl(watched.home, "status")
    assert (0, ["never ran"]) == (before.status, [r["state"] for r in before.rows if r["kind"] == "daemon"])

    watched.plan(f"[[links]]\nurls = ['{article}', '{mirror}']\nevery = '1d'\n")
    running = await watched.daemon()
    await until(lambda: len(watched.done()) == 2, "both")
    await until(lambda: (standing.read(watched.home, datetime.now(UTC)) or {}).get("visited") == 2, "its word")
    rows = (await crawl(watched.home, "status")).rows
    (daemon,) = (row for row in rows if row["kind"] == "daemon")
    assert ("running", running.process.pid, 2, 0) == (daemon["state"], daemon["pid"], daemon["visited"], daemon["bad"])
    hosts = {row["host"]: row["visited"] for row in rows if row["kind"] == "host"}
    assert 2 == sum(hosts.values())
    assert {article, mirror} == {row["source"] for row in rows if row["kind"] == "target"}
    assert 0 < next(row["captures"] for row in rows if row["kind"] == "archive")

    await running.ends(signal.SIGKILL)
    rows = (await crawl(watched.home, "status")).rows
    assert ["killed"] == [row["state"] for row in rows if row["kind"] == "daemon"]
    running = await watched.daemon()
    await running.says("are due")
    assert 0 == await running.ends(signal.SIGTERM)
    rows = (await crawl(watched.home, "status")).rows
    assert ["stopped"] == [row["state"] for row in rows if row["kind"] == "daemon"]


def test_what_a_minute_holds() -> None:
    """The rate is of the last sixty seconds, by the clock that nobody sets."""
    counts = Standing(NOW)
    for second in range(120):
        counts.begun("https://a.example/")
        counts.ended("https://a.example/", "captured", fine=second % 10 > 0, at=NOW + timedelta(seconds=second), steady=second)
        counts.gone("https://a.example/")
    told = counts.told("running", NOW, 120.0)

    assert (120, 12, 60, 0) == (told["visited"], told["bad"], told["per_minute"], told["in_flight"])
    assert 0 == counts.per_minute(1000.0)


async def test_a_copy_while_the_daemon_writes(watched: Watched, days: int) -> None:
    """Taken again and again while a court is crawled: each is an archive that proves itself; the last holds all."""
    watched.plan(f"[[source]]\nname = 'sudrf'\ncourts = ['{ASTRAKHAN}']\nevery = '1d'\ndays = {days}\n")
    running = await watched.daemon()
    out = watched.home.parent / "copy"
    await until(lambda: (watched.home / "ledger.sqlite").exists() and len(watched.asked) > 3, "a first page")
    for _ in range(3):
        ran = await crawl(watched.home, "backup", str(out))
        assert 0 == ran.status, ran.err
        assert [] == [finding for finding in verify(out, ()) if finding.outcome is Verdict.FAIL]
    await until(lambda: len(watched.done()) == 1, "the court")
    assert 0 == await running.ends(signal.SIGTERM)

    ran = await crawl(watched.home, "backup", str(out))
    assert {"file", "bytes", "sha256", "new"} == set(ran.rows[0])
    assert digest(watched.home) == digest(out)
    assert (await crawl(watched.home, "tally")).out == (await crawl(out, "tally")).out
    again = await crawl(watched.home, "backup", str(out))
    warcs = [row for row in again.rows if row["file"].startswith("warc/")]
    assert warcs
    assert not any(row["new"] for row in warcs)


class Full(Disk):
    """Takes so many octets, and no more."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, fd: int, octets: memoryview) -> int:
        if self.room < len(octets):
            raise OSError(28, "No space left on device")
        self.room -= len(octets)
        return super().write(fd, octets)


async def test_a_copy_that_was_broken_off(watched: Watched) -> None:
    """The disk is full at every place in turn: the folder holds the last whole copy, or none, and the next try mends it."""
    article, mirror, english = watched.served.world.editions()
    await kept(watched, watched.home, article, mirror)
    out = watched.home.parent / "copy"
    assert list(backup(watched.home, out))
    whole = digest(out)
    await kept(watched, watched.home, english)
    size = sum(path.stat().st_size for path in watched.home.rglob("*") if path.is_file())
    refused = 0
    for room in range(0, size, max(size // 40, 1)):
        try:
            list(backup(watched.home, out, Full(room)))
        except DiskFull as exc:
            assert "No space left" in str(exc)
            refused += 1
            assert digest(out) in (whole, digest(watched.home))
    assert refused > 3
    list(backup(watched.home, out))
    assert digest(watched.home) == digest(out)
    assert [] == [finding for finding in verify(out, ()) if finding.outcome is Verdict.FAIL]


async def test_a_secret_stays_its_owners(watched: Watched, tmp_path: Path) -> None:
    """What nobody else may read beside the plan, nobody else may read in the copy; an earlier copy's is shut again."""
    await kept(watched, watched.home, watched.served.world.editions()[0])
    for name in ("riga.secret", "plain.txt"):
        (watched.home / name).write_text("clerk:hunter22")
    (watched.home / "riga.secret").chmod(0o600)
    copy = tmp_path / "copy"
    for _ in range(2):
        assert 0 == (await crawl(watched.home, "backup", str(copy))).status
        modes = {name: (copy / name).stat().st_mode & 0o777 for name in ("riga.secret", "plain.txt")}
        assert {"riga.secret": 0o600, "plain.txt": 0o644} == modes
        (copy / "riga.secret").chmod(0o644)


async def test_a_folder_that_is_no_copy(watched: Watched, tmp_path: Path) -> None:
    """Nothing is written into somebody's papers, into the archive itself, or over the copy of another archive."""
    await kept(watched, watched.home, watched.served.world.editions()[0])
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "letter.txt").write_text("Dear")
    with pytest.raises(NotAnArchive, match="not empty"):
        list(backup(watched.home, papers))
    with pytest.raises(Refused, match="one in the other"):
        list(backup(watched.home, watched.home / "copy"))
    with pytest.raises(NotFound, match="no archive"):
        list(backup(tmp_path / "nowhere", tmp_path / "copy"))

    copy = tmp_path / "copy"
    list(backup(watched.home, copy))
    await kept(watched, copy, *watched.served.world.editions()[1:])
    with pytest.raises(Refused, match="put back from an older copy"):
        list(backup(watched.home, copy))
    assert ["letter.txt"] == [path.name for path in papers.iterdir()]


async def test_a_machine_that_is_fit(watched: Watched) -> None:
    """A watched archive with a contact passes; the hosts of the plan are tried at the address that was named."""
    article = watched.served.world.editions()[0]
    await kept(watched, watched.home, article)
    watched.plan(f"[[links]]\nurls = ['{article}']\nevery = '1d'\n")
    (watched.home / "kartoteka.toml").write_text('contact = "https://example.org/us"\n')
    watched.home.chmod(0o750)
    ran = await crawl(watched.home, "doctor", "--network", *watched.options)

    assert 0 == ran.status, ran.out
    assert set("12345678") == {row["check"][0] for row in ran.rows}
    assert ["PASS"] == [row["outcome"] for row in ran.rows if row["check"] == "8 network"]


@pytest.mark.parametrize(
    ("accident", "check"),
    [
        ("a WARC file is gone", "1 home"),
        ("no room", "2 disk"),
        ("the clock was set back", "3 clock"),
        ("everybody may write", "5 permissions"),
        ("a plan with an error", "6 settings and plan"),
        ("nobody to write to", "6 settings and plan"),
        ("nobody answers", "8 network"),
    ],
)
async def test_what_is_wrong_is_named(watched: Watched, accident: str, check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each accident fails its own check and no other, and the text says what to do."""
    home, now, target = watched.home, datetime.now(UTC), here
    article = watched.served.world.editions()[0]
    await kept(watched, home, article)
    (home / "kartoteka.toml").write_text('contact = "https://example.org/us"\nfree_bytes = 0\n')
    watched.plan("[[links]]\nurls = ['http://127.0.0.1:1/']\nevery = '1d'\n" if accident == "nobody answers" else "")
    home.chmod(0o750)
    monkeypatch.delenv("KARTOTEKA_FREE_BYTES")
    match accident:
        case "a WARC file is gone":
            shutil.rmtree(home / "warc")
        case "no room":
            (home / "kartoteka.toml").write_text(f'contact = "https://example.org/us"\nfree_bytes = {10**18}\n')
        case "the clock was set back":
            now -= timedelta(days=30)
        case "everybody may write":
            home.chmod(0o777)
        case "a plan with an error":
            watched.plan("[[links]]\nevery = 'often'\nurls = []\n")
        case "nobody to write to":
            (home / "kartoteka.toml").write_text("free_bytes = 0\n")
    found = list(examine(home, os.environ, lambda: now, target))

    assert {check} == {each.check for each in found if each.outcome is Verdict.FAIL}


def test_no_database_is_copied_half(tmp_path: Path) -> None:
    """A database that another connection is writing to is copied as it was before that transaction."""
    from archive.backup import _snapshot

    path = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (n); INSERT INTO t VALUES (1);")
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO t VALUES (2)")
        with closing(sqlite3.connect(_snapshot(path, tmp_path / "b.sqlite"))) as copy:
            assert [(1,)] == copy.execute("SELECT n FROM t").fetchall()
        db.rollback()
