"""A small world for the archive: servers that say things, and a disk that fails when told to."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.capture import Exchange, Outcome, Tls, Visit
from archive.disk import Disk
from archive.store import Settings, Store

BEGAN = datetime(2026, 3, 1, 9, 30, 15, 123456, tzinfo=UTC)
REQUEST = b"GET / HTTP/1.1\r\nHost: court.example\r\nAccept-Encoding: gzip, identity\r\n\r\n"
CHAIN = (b"leaf certificate" * 40, b"intermediate certificate" * 30)
TLS = Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384", "http/1.1", True, None, CHAIN)


@dataclass
class World:
    """A court's server; every turn begins a second after the one before."""

    turns: int = 0

    def exchange(self, response: bytes = b"", url: str = "http://court.example/", **facts: object) -> Exchange:
        """An exchange in which the server said `response`; head and status are found in it."""
        self.turns += 1
        end = min((response.find(mark) + len(mark) for mark in (b"\r\n\r\n", b"\n\n") if mark in response), default=0)
        known: dict[str, object] = {
            "url": url,
            "began": BEGAN + timedelta(seconds=self.turns),
            "elapsed": 0.25,
            "outcome": Outcome.CAPTURED,
            "request": REQUEST,
            "response": response,
            "head_length": end,
            "status": int(response[9:12]) if end else None,
            "first_byte": 0.125,
            "peer": "203.0.113.5:443",
            "dns": ("203.0.113.5",),
        }
        return Exchange(**(known | facts))  # type: ignore[arg-type]

    def page(self, body: bytes, url: str = "http://court.example/", fields: bytes = b"", **facts: object) -> Exchange:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n" + fields
        return self.exchange(head + b"Content-Length: %d\r\n\r\n" % len(body) + body, url, **facts)

    def visit(self, *exchanges: Exchange, **facts: object) -> Visit:
        return Visit(exchanges[0].url, exchanges, facts)

    def shapes(self) -> dict[str, Exchange]:
        """What real servers send, one exchange each."""
        body = b"<p>" + bytes(range(32, 127)) * 8
        head = b"HTTP/1.1 200 OK\r\n"
        packed = gzip.compress(body, mtime=0)
        long = b"Content-Length: %d\r\n\r\n"
        chunked = b"Transfer-Encoding: chunked\r\nContent-Type: text/html\r\n\r\n5;why=not\r\nhello\r\n3\r\n!!!\r\n0\r\n"
        return {
            "plain": self.page(body, "http://plain.example/"),
            "latin-1": self.page(body + b"1", "http://latin.example/", b"X-Name: \xcf\xe5\xf2\xf0\r\nx-name: again\r\n"),
            "folded": self.page(body + b"2", "http://folded.example/", b"X-Long: one\r\n  two\r\n"),
            "lf": self.exchange(b"HTTP/1.1 200 OK\nContent-Type: text/html\n\n" + body + b"3", "http://lf.example/"),
            "gzip": self.exchange(
                head + b"Content-Encoding: gzip\r\nContent-Type: text/html\r\n" + long % len(packed) + packed,
                "http://gzip.example/",
            ),
            "chunked": self.exchange(head + chunked + b"X-Trailer: yes\r\n\r\n", "http://chunked.example/"),
            "cut": self.page(body + b"4", "http://cut.example/", outcome=Outcome.TRUNCATED, truncated="disconnect"),
            "cut chunked": self.exchange(
                head + chunked[:-3], "http://cut-chunked.example/", outcome=Outcome.TRUNCATED, truncated="time"
            ),
            "interim": self.page(
                body + b"5", "http://interim.example/", interim=(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",)
            ),
            "surplus": self.page(body + b"6", "http://surplus.example/", surplus=b"<!-- more -->"),
            "no content": self.exchange(b"HTTP/1.1 204 No Content\r\n\r\n", "http://none.example/"),
            "octets": self.exchange(
                b"SSH-2.0-OpenSSH_9\r\n", "http://octets.example/", outcome=Outcome.BAD_HTTP, error="not a status line"
            ),
            "half a head": self.exchange(
                b"HTTP/1.1 200 OK\r\nContent-", "http://half.example/", outcome=Outcome.RESET, truncated="disconnect"
            ),
            "refused": self.exchange(
                b"", "http://refused.example/", outcome=Outcome.REFUSED, request=b"", error="ECONNREFUSED"
            ),
            "robots": self.exchange(
                b"",
                "http://robots.example/",
                outcome=Outcome.ROBOTS,
                request=b"",
                peer=None,
                dns=(),
                elapsed=0.0,
                first_byte=None,
            ),
            "tls": self.page(body + b"7", "https://tls.example/", tls=TLS, peer="[2001:db8::1]:443"),
            "tls again": self.page(
                body + b"8", "https://tls.example/again", tls=TLS, flags=("odd", "strange"), via="https://a.example/"
            ),
        }


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def settings() -> Settings:
    """No floor: a test's machine may have little room."""
    return Settings(floor=0)


@pytest.fixture
def opened(home: Path, settings: Settings) -> Callable[..., Store]:
    """Opens the home's store; closed by the test."""

    def open_(disk: Disk | None = None, **changes: object) -> Store:
        import dataclasses

        return Store.open(home, disk=disk, settings=dataclasses.replace(settings, **changes))  # type: ignore[arg-type]

    return open_


@dataclass
class FailingDisk(Disk):
    """Fails the n-th of the named acts, once or for as long as `until_freed` is set.

    short: the failing write takes half of what it is given first, as a full disk does.
    """

    act: str = ""
    nth: int = 0
    error: int = errno.EIO
    short: bool = False
    until_freed: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    failed: int = 0

    def _now(self, act: str) -> bool:
        self.counts[act] = self.counts.get(act, 0) + 1
        wanted = act == self.act and (self.counts[act] == self.nth or (self.until_freed and self.counts[act] > self.nth > 0))
        self.failed += wanted
        return wanted

    def _fail(self, act: str) -> None:
        if self._now(act):
            raise OSError(self.error, os.strerror(self.error))

    def create(self, path: Path) -> int:
        self._fail("create")
        return super().create(path)

    def write(self, fd: int, octets: memoryview) -> int:
        if self._now("write"):
            if self.short:
                os.write(fd, octets[: len(octets) // 2])
            raise OSError(self.error, os.strerror(self.error))
        return super().write(fd, octets)

    def datasync(self, fd: int) -> None:
        self._fail("datasync")
        super().datasync(fd)

    def sync_folder(self, path: Path) -> None:
        self._fail("sync_folder")
        super().sync_folder(path)

    def rename(self, old: Path, new: Path) -> None:
        self._fail("rename")
        super().rename(old, new)

    def cut(self, path: Path, length: int) -> None:
        self._fail("cut")
        super().cut(path, length)


@pytest.fixture
def failing() -> type[FailingDisk]:
    return FailingDisk


def dump(home: Path) -> list[str]:
    """The index as SQL text, to compare whole; sorted, because indexes are made in any order."""
    with sqlite3.connect(f"file:{home / 'index.sqlite'}?mode=ro", uri=True) as db:
        return sorted(db.iterdump())


@pytest.fixture
def dumped() -> Callable[[Path], list[str]]:
    return dump


def sound(home: Path) -> dict[str, str]:
    """Reads back everything the index names. Returns payload digest by capture id; raises where anything dangles."""
    from archive.store import Archive

    held = {}
    with Archive.open(home) as archive:
        size = {path.name: path.stat().st_size for path in archive.files()}
        for name in size:
            end = 0
            for entry in archive.index.entries(name):
                assert end == entry.span.offset, f"a gap in {name} at {end}"
                record = archive.record(entry.span)
                assert f"sha256:{record.block_sha256}" == record.get("WARC-Block-Digest")
                end += entry.span.length
            assert end == size[name], f"{name} has {size[name] - end} octets that no row names"
        for capture in archive.captures():
            exchange = archive.exchange(capture)
            held[capture.id] = hashlib.sha256(exchange.request + exchange.response).hexdigest()
    return held


@pytest.fixture
def read_back() -> Callable[[Path], dict[str, str]]:
    return sound
