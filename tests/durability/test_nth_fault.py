"""C4: every n-th act fails, once: no room, a broken sector, a quota, in the files and in the tables."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from archive import database
from archive.disk import Disk
from archive.errors import ArchiveError
from archive.ledger.book import Book, Entry
from archive.store import Settings, Store
from crawler.clerk import Clerk
from tests.durability import cycle
from tests.durability.drives import Nth, Watched, failing
from tests.durability.judge import Told, faults

BEFORE = ("create", "write", "half", "datasync", "sync_folder", "make_folder", "rename", "cut", "remove")
SAID = {errno.ENOSPC: "database or disk is full", errno.EIO: "disk I/O error", errno.EDQUOT: "database or disk is full"}


def one_fault(home: Path, at: Nth) -> tuple[list[Told], list[Exception]]:
    """A cycle with one fault: what was told, and what was refused. The process lives."""
    told: list[Told] = []
    refused: list[Exception] = []
    try:
        cycle.run(home, Watched(at), told.append, refused.append)
    except (ArchiveError, OSError) as exc:  # it did not open: the command ends with a sentence and status 3
        refused.append(exc)
    return told, refused


def every(place: Path, error: int, step: int) -> Iterator[tuple[int, list[str], int]]:
    for nth in range(1, 500, step):
        home = place / f"home{nth}"
        at = Nth(nth, failing(error), BEFORE)
        told, refused = one_fault(home, at)
        if not at.reached:
            return
        with Store.open(home, settings=Settings(floor=0)), Book.open(home, write=True):
            pass
        yield nth, faults(home, told, whole=step == 1), len(refused)
    raise AssertionError("more acts than a cycle can have")


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_every_15th_act_fails(place: Path, error: int) -> None:
    """One fault costs one visit at most; what was told is there, and the next opening finds nothing odd."""
    found = list(every(place, error, 15))

    assert [] == [(nth, wrong) for nth, wrong, _ in found if wrong]
    assert max(refused for _, _, refused in found) <= 1
    assert len(found) > 3


@pytest.mark.full
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_every_act_fails(place: Path, error: int) -> None:
    """The long form: every n until there is none."""
    found = list(every(place, error, 1))

    assert [] == [(nth, wrong) for nth, wrong, _ in found if wrong]
    assert max(refused for _, _, refused in found) <= 1
    assert len(found) > 40


@contextmanager
def statement_fails(nth: int, error: int) -> Iterator[list[str]]:
    """The n-th statement or commit of either database fails as SQLite says it; what failed."""
    count, failed = 0, list[str]()

    def fail(what: str) -> None:
        nonlocal count
        count += 1
        if count == nth:
            failed.append(what)
            exc = sqlite3.OperationalError(SAID[error])
            exc.sqlite_errorcode = sqlite3.SQLITE_IOERR if error == errno.EIO else sqlite3.SQLITE_FULL  # type: ignore[misc]
            raise exc

    real = sa.dialects.sqlite.pysqlite.SQLiteDialect_pysqlite
    execute, executemany, commit = real.do_execute, real.do_executemany, real.do_commit

    def wrapped(act: object) -> object:
        def do(self: object, cursor: object, statement: str, *rest: object) -> object:
            fail(statement[:60])
            return act(self, cursor, statement, *rest)  # type: ignore[operator]

        return do

    def do_commit(self: object, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            fail("COMMIT")
        commit(self, connection)  # type: ignore[arg-type]

    class Failing(database.Connection):
        def execute(self, statement: str, *asked: object) -> sqlite3.Cursor:
            fail(statement[:60])
            return super().execute(statement, *asked)

        def executemany(self, statement: str, rows: Iterable[object]) -> sqlite3.Cursor:
            fail(statement[:60])
            return super().executemany(statement, rows)

    real.do_execute, real.do_executemany, real.do_commit = wrapped(execute), wrapped(executemany), do_commit  # type: ignore[method-assign, assignment]
    plain, database.Connection = database.Connection, Failing  # type: ignore[misc]  # the index's
    try:
        yield failed
    finally:
        database.Connection = plain  # type: ignore[misc]
        real.do_execute, real.do_executemany, real.do_commit = execute, executemany, commit  # type: ignore[method-assign]


def each_statement(place: Path, error: int, step: int) -> Iterator[tuple[int, list[str], list[str]]]:
    for nth in range(1, 900, step):
        home = place / f"home{nth}"
        told: list[Told] = []
        refused: list[Exception] = []
        with statement_fails(nth, error) as failed:
            try:
                cycle.run(home, Disk(), told.append, refused.append)
            except ArchiveError as exc:
                refused.append(exc)
        if not failed:
            return
        with Store.open(home, settings=Settings(floor=0)), Book.open(home, write=True):
            pass
        yield nth, faults(home, told, whole=step == 1), [repr(exc) for exc in refused]
    raise AssertionError("more statements than a cycle can have")


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
def test_every_29th_statement_fails(place: Path, error: int) -> None:
    """Index or ledger have no room or a broken sector: the fault has a name, and what was told is there."""
    found = list(each_statement(place, error, 29))

    assert [] == [(nth, wrong) for nth, wrong, _ in found if wrong]
    assert len(found) > 3


@pytest.mark.full
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
def test_every_statement_fails(place: Path, error: int) -> None:
    """The long form: every statement and every commit of both databases."""
    found = list(each_statement(place, error, 1))

    assert [] == [(nth, wrong) for nth, wrong, _ in found if wrong]
    assert len(found) > 60


class Forgetful(Watched):
    """The mutant: a failed write is not told to anybody."""

    def write(self, fd: int, octets: memoryview) -> int:
        try:
            return super().write(fd, octets)
        except OSError:
            return len(octets)


def test_a_disk_that_hides_its_faults_is_found(place: Path) -> None:
    """The mutant: the write failed, and nobody was told."""
    wrong = []
    for nth in range(6, 60):
        home, told = place / f"home{nth}", list[Told]()
        try:
            cycle.run(home, Forgetful(Nth(nth, failing(errno.EIO), BEFORE)), told.append, lambda _exc: None)
            Store.open(home, settings=Settings(floor=0)).close()
            wrong += faults(home, told, whole=False)
        except (ArchiveError, OSError):
            continue  # it was told after all
        if wrong:
            return
    raise AssertionError("nothing was found")


async def test_an_odd_error_of_the_ledger_leaves_no_page_waiting(place: Path) -> None:
    """What is no error of the archive's own family reaches who handed the page in; the clerk goes on."""
    visit = next(cycle.visits())
    with Store.open(place / "home", settings=Settings(floor=0)) as store, Book.open(place / "home", write=True) as book:
        capture = store.keep(visit).result(30).last
        reading = cycle.read(store.archive.memento(capture))
        real = Book.enter_many
        async with Clerk(book) as clerk:
            Book.enter_many = lambda *_: (_ for _ in ()).throw(RuntimeError("odd"))  # type: ignore[method-assign, assignment]
            try:
                with pytest.raises(RuntimeError, match="odd"):
                    async with asyncio.timeout(20):
                        await clerk.enter(Entry(capture, reading))
            finally:
                Book.enter_many = real  # type: ignore[method-assign]
            await clerk.enter(Entry(capture, reading))
        assert [capture.id] == [extraction.capture for extraction in book.extractions()]
