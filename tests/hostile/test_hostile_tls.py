"""Bad certificates and broken handshakes: stored, marked, and of no effect on the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from archive.door import Globals
from crawler.network import Network
from crawler.opening import opened
from crawler.politeness import Manners
from tests.hostile.catalogue import by_path, hears_and_hangs_up
from tests.hostile.certificates import Authority
from tests.sudrf.invented import ADDRESSES, PAGES
from tests.world.faults import Script, origin

CARD = ADDRESSES["card"]
HOST = "sgvs--sml.sudrf.ru"
GOOD = (PAGES / "card.html").read_bytes()
FALSE = GOOD.replace("Проверкин".encode("cp1251"), "Подменкин".encode("cp1251"))
TYPE = b"Content-Type: text/html; charset=windows-1251"


def served(card: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + TYPE + b"\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(card) + card


def register(card: bytes) -> Script:
    """A court's register with one card, and no robots.txt."""
    nothing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    return by_path({b"/robots.txt": nothing}, served(card))


async def tells_more_than_it_proves(peer: Any) -> None:
    """Plain HTTP where TLS was asked for, with the false card in it."""
    await peer.reader.read(100)
    await peer.send(served(FALSE))


# The fault, how the server listens, what it does where that is not to answer with the false card, how the capture ends
FAULTS: list[tuple[str, str | None, Script | None, str]] = [
    ("expired", "expired", None, "tls-failed"),
    ("not yet valid", "not-yet", None, "tls-failed"),
    ("wrong name", "wrong-name", None, "tls-failed"),
    ("self-signed", "self-signed", None, "tls-failed"),
    ("unknown authority", "unknown", None, "tls-failed"),
    ("old version", "old", None, "tls-failed"),
    ("knows no such name", "needs-name", None, "tls-failed"),
    ("closes in the handshake", None, hears_and_hangs_up, "tls-failed"),
    ("no TLS at all", None, tells_more_than_it_proves, "tls-failed"),
]


@pytest.fixture(autouse=True)
def small_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")


@pytest.fixture
async def court(tmp_path: Path) -> AsyncIterator[tuple[Path, Authority, dict[str, Any]]]:
    """A home whose ledger holds the good card; the digest of that ledger."""
    authority = Authority(tmp_path)
    home = tmp_path / "home"
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(origin(register(GOOD), tls=authority.context("good", HOST)))
        options = Globals(home, [f"{HOST}:443:127.0.0.1:{server.port}"], [authority.file], pace=0)
        async with opened(options) as crawl:
            done = await crawl.url(CARD)
            assert (done.capture.outcome, done.reading and done.reading.verdict) == ("captured", "page")
            assert crawl.desk.clerk is not None
            before = crawl.desk.clerk.book.digest()
    yield home, authority, {"before": before}


async def again(home: Path, authority: Authority, fault: str | None, script: Script | None) -> tuple[Any, Any, str, list[Any]]:
    """The same card asked for at a server with a fault: the result, its manifest, the ledger's digest, the visit's captures."""
    context = authority.context(fault, HOST) if fault else None
    async with origin(script or register(FALSE), tls=context) as server:
        options = Globals(home, [f"{HOST}:443:127.0.0.1:{server.port}"], [authority.file], pace=0)
        async with opened(options) as crawl:
            done = await crawl.url(CARD)
            assert crawl.desk.clerk is not None
            archive = crawl.desk.store.archive
            manifests = [archive.manifest(capture) for capture in done.snapshot.captures]
            return done, manifests[-1], crawl.desk.clerk.book.digest(), list(done.snapshot.captures)


@pytest.mark.parametrize(("fault", "listens", "script", "outcome"), FAULTS, ids=[fault for fault, *_ in FAULTS])
async def test_a_court_that_does_not_prove_itself(
    court: tuple[Path, Authority, dict[str, Any]], fault: str, listens: str | None, script: Script | None, outcome: str
) -> None:
    """The failure is kept with its reason, and what is known of the case stays as it was."""
    home, authority, told = court
    done, manifest, after, captures = await again(home, authority, listens, script)

    assert (outcome, False, False) == (done.capture.outcome, done.fine, done.capture.trusted)
    assert done.error and done.reading is None
    assert manifest["tls"]["verified"] is False and manifest["tls"]["reason"]
    if fault in ("expired", "not yet valid", "wrong name", "self-signed", "unknown authority"):
        assert manifest["tls"]["chain"]
    assert told["before"] == after
    assert captures[-1].record is None


async def test_a_capture_without_verification_feeds_nothing(
    court: tuple[Path, Authority, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a source allows it the false card is kept beside the failure, marked, and the ledger does not take it."""
    home, authority, told = court
    monkeypatch.setattr(Network, "manners", lambda *_: Manners(0.0, robots="not asked in this test", unverified=True))
    done, manifest, after, captures = await again(home, authority, "expired", None)

    assert [("tls-failed", False), ("captured", False)] == [(str(c.outcome), c.trusted) for c in captures]
    assert manifest["tls"]["verified"] is False
    assert told["before"] == after
    assert done.refused
