"""What is there to verify: which format, which index, which files? Check (1), and the versions of (10)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import quote

from archive.errors import NotFound
from archive.finding import Check, Finding

FORMAT = INDEX_VERSION = 1
ASIDE = ".torn"  # recovery's side files
ROWS = "SELECT c.*, f.name FROM captures c LEFT JOIN files f USING (serial)"


class Scene:
    """One home as one run finds it. index: one moment of it, read-only; None where none can be read."""

    def __init__(self, home: Path, checks: dict[int, Check], stack: ExitStack) -> None:
        self.home, self.checks, self.stack = home, checks, stack
        self.index: sqlite3.Connection | None = None

    def writing(self) -> bool:
        """A writer holds the archive's lock now."""
        try:
            import fcntl

            with (self.home / "lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except (ImportError, OSError):
            return False
        return False

    def names(self) -> list[tuple[int, str]]:
        """Serial and name of the files, in the order they were written."""
        if self.index is None:
            return list(enumerate(sorted(path.name for path in (self.home / "warc").glob("*.warc.gz"))))
        return [(row["serial"], row["name"]) for row in self.index.execute("SELECT * FROM files ORDER BY serial")]

    def format_and_index(self) -> Iterator[Finding]:
        """Opens what can be read."""
        files, versions = self.checks[1], self.checks[10]
        path = self.home / "format"
        if not path.is_file():
            for check in self.checks.values():
                check.why_not = f"no archive in {self.home}"
            return
        try:
            said = json.loads(path.read_bytes())["format"]
        except (ValueError, KeyError, TypeError):
            yield from files.fail("format", "the file does not say which format the archive has")
            return
        versions.looked += 1
        if said != FORMAT:
            yield from versions.fail("format", f"the archive has format {said}; this verifier knows {FORMAT}: use a newer one")
        index = self.home / "index.sqlite"
        if not index.is_file():
            if any((self.home / "warc").glob("*.warc.gz")):
                yield from files.fail("index.sqlite", "the index is missing: `crawl rebuild` makes it from the WARC files")
            return
        yield from self.open_index(index)

    def open_index(self, path: Path) -> Iterator[Finding]:
        try:
            index = self.stack.enter_context(closing(read_only(path)))
            index.execute("BEGIN")  # one moment of the index, though a writer may be at work
            version = index.execute("PRAGMA user_version").fetchone()[0]
            broken = [row[0] for row in index.execute("PRAGMA quick_check") if row[0] != "ok"]
            index.execute("SELECT 1 FROM captures, members, files, outbox LIMIT 1").fetchone()
        except sqlite3.Error as exc:
            yield from self.checks[1].fail("index.sqlite", f"the index cannot be read: {exc}")
            return
        self.index = index
        self.checks[10].looked += 1
        if version != INDEX_VERSION:
            yield from self.checks[10].fail("index.sqlite", f"version {version}; this verifier knows {INDEX_VERSION}")
        for line in broken:
            yield from self.checks[1].fail("index.sqlite", f"the index is damaged: {line}")

    def scope(self, ids: Sequence[str]) -> list[sqlite3.Row] | None:
        """The rows of the captures or visits named; None: all of it. Raises NotFound."""
        if not ids:
            return None
        if self.index is None:
            raise NotFound(f"no index in {self.home} that could say where {', '.join(ids)} lies")
        found = []
        for wanted in ids:
            rows = self.index.execute(f"{ROWS} WHERE c.id = ? OR c.visit = ?", (wanted, wanted)).fetchall()
            if not rows:
                raise NotFound(f"no capture {wanted} in {self.home}")
            found += rows
        return found

    def files(self) -> Iterator[Finding]:
        """(1) Files and rows name one another."""
        check, folder = self.checks[1], self.home / "warc"
        named = {name for _, name in self.names()}
        there = {path.name: path.stat().st_size for path in folder.iterdir()} if folder.is_dir() else {}
        for name in sorted(named):
            check.looked += 1
            if name not in there:
                yield from check.fail(name, "the index names this file, and it is not there")
        for name, size in sorted(there.items()):
            if name in named:
                continue
            if name.endswith(ASIDE):
                yield from check.skip(name, f"{size} octets that a recovery set aside: no part of the archive")
            elif self.writing():
                yield from check.skip(name, "a writer is at work, and has begun this file")
            else:
                yield from check.fail(name, "the file is there, and the index does not name it")


def read_only(path: Path) -> sqlite3.Connection:
    """A database that nothing is written to, and whose schema is not trusted."""
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection
