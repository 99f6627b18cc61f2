"""What a manifest says of the machine that fetched: its clock, its program, what was set, from where."""

from __future__ import annotations

import ctypes
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from archive.door import Globals
from archive.finding import Verdict
from archive.verify import verify
from crawler import machine
from crawler.demo.server import serve
from crawler.demo.world import World
from crawler.machine import Machine, code, configuration
from crawler.opening import opened

FIELDS = {
    "began", "ended", "elapsed_us", "first_byte_us", "requested", "url", "hop", "via", "visit", "file", "records",
    "payload_sha256", "dns", "peer", "tls", "outcome", "truncated", "nonce", "software", "facts", "method", "status", "flags",
}  # fmt: skip
IN_FACTS = {"user_agent", "machine", "robots", "pause", "per_host"}


@pytest.fixture
async def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Globals]:
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    home = tmp_path / "home"
    home.mkdir()
    (home / "kartoteka.toml").write_text('vantage = "a desk in Riga"\n')
    async with serve(World()) as served:
        yield Globals(home, list(served.connect_to), [served.ca_file], pace=0)


async def test_a_manifest_has_every_field(options: Globals) -> None:
    """reliability.md 2.2, field by field; and nothing of it costs the verifier its glance: all checks pass."""
    async with opened(options, read=False) as crawl:
        done = await crawl.url(World().addresses()[0])
        told = crawl.desk.store.archive.manifest(done.capture)
        exchange = crawl.desk.store.archive.exchange(done.capture)

    assert set() == FIELDS - told.keys()
    assert set() == IN_FACTS - {"robots"} - told["facts"].keys()
    said = told["facts"]["machine"]
    assert {"clock", "code", "configuration", "vantage"} == said.keys()
    assert ("a desk in Riga", code()) == (said["vantage"], said["code"])
    assert 2 == told["v"]
    assert exchange.ended is not None and timedelta() <= exchange.ended - exchange.began
    assert set() == {f.check for f in verify(options.home) if f.outcome is Verdict.FAIL}


def test_another_setting_is_another_configuration() -> None:
    """Whatever differs in what was set shows in the digest; the order of the names does not."""
    assert configuration({"pace": 1, "ca": ["a"]}) == configuration({"ca": ["a"], "pace": 1})
    assert 3 == len({configuration({"pace": pace, "ca": ["a"]}) for pace in (None, 1, 1.5)})


def test_the_clock_is_asked_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what the kernel says then is told; between, pages say the same."""
    answers = iter([{"synchronised": True, "within_ms": 16}, {"synchronised": False, "within_ms": None}])
    monkeypatch.setattr(machine, "clock", lambda: next(answers))
    now = [0.0]
    told = Machine({"vantage": None}, lambda: now[0])
    first = told.facts()
    now[0] = 59.0
    assert first is told.facts()
    now[0] = 60.0

    assert (True, False) == (first["clock"]["synchronised"], told.facts()["clock"]["synchronised"])  # type: ignore[index]


@pytest.mark.parametrize(
    ("state", "status", "maxerror", "told"),
    [
        (0, 0, 14_999, {"synchronised": True, "within_ms": 16}), (0, 0, 0, {"synchronised": True, "within_ms": 1}),
        (0, 0x40, 10, {"synchronised": False, "within_ms": None}), (5, 0, 10, {"synchronised": False, "within_ms": None}),
        (-1, 0, 0, None),
    ],
)  # fmt: skip
def test_the_kernels_word(
    monkeypatch: pytest.MonkeyPatch, state: int, status: int, maxerror: int, told: dict[str, object] | None
) -> None:
    """Kept in step and within how much, or not; a call that fails says nothing."""

    class Kernel:
        def __init__(self, *_: object, **__: object) -> None: ...

        def adjtimex(self, asked: object) -> int:
            timex = ctypes.cast(asked, ctypes.POINTER(machine._Timex)).contents  # type: ignore[arg-type]
            timex.status, timex.maxerror = status, maxerror
            return state

    monkeypatch.setattr(ctypes, "CDLL", Kernel)
    monkeypatch.setattr("sys.platform", "linux")

    assert told == machine.clock()
