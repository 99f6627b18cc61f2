"""A small archive with captures, a keyring of its own, and the hand that logs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from archive.capture import Exchange, Outcome, Visit
from archive.keyring import Keyring
from archive.log import Writer, drain
from archive.note import Checkpoint
from archive.store import Settings, Store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
Grown = Callable[[int], Checkpoint | None]


def visit(n: int) -> Visit:
    """The n-th page of an invented court; every third time it refuses."""
    url, at = f"https://court.example/case/{n}", NOON + timedelta(seconds=n, microseconds=n)
    if n % 3 == 2:
        return Visit(url, (Exchange(url, at, 0.1, Outcome.REFUSED, error="connection refused"),))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
    body = head + f"<p>case {n}</p>".encode()
    return Visit(
        url,
        (
            Exchange(
                url,
                at,
                0.1,
                Outcome.CAPTURED,
                request=b"GET / HTTP/1.1\r\n\r\n",
                response=body,
                head_length=len(head),
                status=200,
            ),
        ),
    )


def keep(home: Path, first: int, count: int) -> None:
    with Store.open(home, settings=Settings(floor=0)) as store:
        for future in [store.keep(visit(n)) for n in range(first, first + count)]:
            future.result(30)


def logged(home: Path, keys: Keyring) -> Checkpoint | None:
    with Store.open(home, settings=Settings(floor=0)) as store:
        return drain(store, Writer(home, keys)).checkpoint


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is such a place: what is looked at is order, and real syncs would take long."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    with TemporaryDirectory(dir=memory, prefix="kartoteka-") as folder:
        yield Path(folder)


@pytest.fixture
def home(place: Path) -> Path:
    return place / "home"


@pytest.fixture
def keys(place: Path) -> Keyring:
    return Keyring(place / "keys")


@pytest.fixture
def grow(home: Path, keys: Keyring) -> Grown:
    """Keeps so many captures more, and logs them."""
    kept = [0]

    def grown(count: int) -> Checkpoint | None:
        keep(home, kept[0], count)
        kept[0] += count
        return logged(home, keys)

    return grown
