"""Bad servers of every kind: each ends in its word, within its time, with its octets kept, and nobody else notices."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import statistics
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from archive.store import Archive
from crawler.wire import Limits
from tests.hostile.catalogue import CONTENT_LENGTHS, KINDS, Kind
from tests.hostile.street import RESOLVES, ROOT, neighbours, street

# The same limits as in life, each cut down so that to wait for it costs seconds.
QUICK = Limits(
    dns=1, connect=1, tls=1.5, first_byte=2, whole=4, rate_window=1.5, body=1 << 20, head=16_384, surplus=16_384, linger=0.2
)
MEMORY = 300  # MiB that a crawl through the street may grow
GOOD = [f"http://good-{n % 6}.test/{n}/" for n in range(6)]


def test_no_kind_is_told_twice() -> None:
    """A catalogue of at least 120 kinds; of the Content-Length forms, all 28."""
    names = Counter(kind.name for kind in KINDS)
    assert [] == [name for name, count in names.items() if count > 1]
    assert len(KINDS) >= 120
    assert len(CONTENT_LENGTHS) == 28


async def visited(
    kinds: Sequence[Kind], limits: Limits, folder: Path, *, in_flight: int, alone: float, rounds: int
) -> dict[str, Any]:
    """What a crawl of these kinds, with good neighbours, came to."""
    async with street(kinds, folder) as bad, neighbours() as port:
        job = {
            "home": str(folder / "home"), "ca": str(bad.ca), "limits": asdict(limits), "in_flight": in_flight, "alone": alone, "rounds": rounds,
            "connect_to": [*bad.connect_to, *(f"good-{n}.test::127.0.0.1:{port}" for n in range(6))], "resolves": RESOLVES,
            "visits": [{"name": kind.name, "url": kind.address, "obey": kind.obey} for kind in kinds], "good": GOOD,
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.hostile.visitor", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        out, _ = await process.communicate(json.dumps(job).encode())
    assert process.returncode == 0
    (folder / "told.json").write_bytes(out)
    told: dict[str, Any] = json.loads(out)
    return told


def judge(kinds: Sequence[Kind], told: dict[str, Any], home: Path) -> None:
    """Every promise but the words: nothing escaped, all is kept, memory stood, the good ones came."""
    assert [] == [visit for visit in told["visits"] if "escaped" in visit]
    visits = {visit["name"]: visit for visit in told["visits"]}
    with Archive.open(home) as archive:
        for kind in kinds:
            visit = visits[kind.name]
            kept = [archive.exchange(archive.capture(id_)) for id_ in visit["captures"]]
            octets = [b"".join((e.request, *e.interim, e.response, e.surplus)) for e in kept]
            assert visit["sha256"] == [hashlib.sha256(each).hexdigest() for each in octets], kind.name
            if isinstance(kind.answer, bytes) and kind.url.startswith("http://{host}"):
                came = b"".join((*kept[-1].interim, kept[-1].response, kept[-1].surplus))
                assert kind.answer == came, kind.name
    assert told["grown"] + told["reader"] < MEMORY
    assert [] == [why for each in told["rounds"] for half in ("alone", "beside") for why in each[half]["failed"]]
    assert [] == [each for each in told["rounds"] if not each["beside"]["pages"]]
    assert [] == [visit for visit in told["visits"] if visit["refused"]]
    assert told["open"] == 0
    print(figures(told))


def figures(told: dict[str, Any]) -> str:
    """What was measured. The rate beside is compared with the rate alone just before it: the median of such pairs."""
    ratios = sorted(each["beside"]["rate"] / each["alone"]["rate"] for each in told["rounds"])
    lines = [
        f"{len(told['visits'])} kinds; grown by {told['grown']} MiB, its reader by {told['reader']} MiB; {told['cpu']:.1f} s of "
        f"processor time; slowest over its deadline by {max(v['over'] for v in told['visits'])} s; the good ones' rate beside "
        f"the bad ones: {statistics.median(ratios):.3f} (median of {', '.join(f'{each:.3f}' for each in ratios)})"
    ]
    for each in told["rounds"]:
        lines += [
            f"  {half}: {said['rate']:.1f} pages a second in {said['seconds']:.1f} s, stalls of {said['stalls']:.2f} s together, "
            f"the longest {said['longest']:.2f} s"
            for half, said in each.items()
        ]
    return "\n".join(lines)


def words(told: dict[str, Any]) -> dict[str, str]:
    return {visit["name"]: visit["outcome"] for visit in told["visits"]}


def verdicts(told: dict[str, Any]) -> dict[str, str]:
    """What reading made of what was captured."""
    return {visit["name"]: visit["verdict"] for visit in told["visits"] if visit["outcome"] == "captured"}


async def test_bad_servers_of_every_kind(tmp_path: Path) -> None:
    """Each ends in its outcome word, its octets are kept, none is taken for a page, and the good ones beside them all come."""
    told = await visited(KINDS, QUICK, tmp_path, in_flight=64, alone=1, rounds=4)

    judge(KINDS, told, tmp_path / "home")
    assert {kind.name: kind.outcome for kind in KINDS} == words(told)
    assert {kind.name: kind.verdict for kind in KINDS if kind.outcome == "captured"} == verdicts(told)


@pytest.mark.full
async def test_bad_servers_under_the_limits_of_life(tmp_path: Path) -> None:
    """The same with the limits that a crawl has: a whole request may take two minutes, a body 64 MiB."""
    told = await visited(KINDS, Limits(), tmp_path, in_flight=64, alone=5, rounds=2)

    judge(KINDS, told, tmp_path / "home")
    assert {kind.name: kind.outcome for kind in KINDS} == words(told)
