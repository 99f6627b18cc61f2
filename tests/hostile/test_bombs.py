"""Bodies of a GiB in a few kilobytes: kept as they came, refused in reading, and never in memory."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from archive.store import Archive
from crawler.readers import Readers
from tests.hostile.catalogue import BOMBS, bomb, coded
from tests.hostile.street import ROOT

GROWTH = 100  # MiB
FETCHES = """
import asyncio, hashlib, json, resource, sys
from pathlib import Path
from archive.coding import decode
from archive.errors import BadCoding
from archive.message import entity, parse_head
from archive.store import Settings, Store
from crawler.fetch import NetworkFetcher
from crawler.politeness import Manners, Politeness
from crawler.wire import ConnectTo, Wire
from tests.hostile.memory import forget, peak

home, port, bombs = json.loads(sys.argv[1])

def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime

async def main():
    async def aside(visit): ...
    wire = Wire(connect_to=ConnectTo([f"::127.0.0.1:{port}"]))
    fetcher = NetworkFetcher(wire, Politeness(None, pace=0), user_agent="kartoteka/0", manners=lambda _: Manners(0.0, robots="no"), aside=aside)
    told = []
    with Store.open(Path(home), settings=Settings(floor=0)) as store:
        await asyncio.wrap_future(store.keep(await fetcher.fetch("http://bomb.test/none")))
        for number, coding in enumerate(bombs):
            before, began = forget(), spent()
            visit = await fetcher.fetch(f"http://bomb.test/{number}")
            snapshot = await asyncio.wrap_future(store.keep(visit))
            memento = store.archive.memento(snapshot.last)
            try:
                memento.body
                refused = ""
            except BadCoding as exc:
                refused = str(exc)
            told.append({"coding": coding, "outcome": visit.outcome, "refused": refused, "grown": (peak() - before) / 1024, "cpu": round(spent() - began, 2),
                         "sha256": hashlib.sha256(visit.last.response).hexdigest(), "capture": snapshot.last.id})
    await wire.aclose()
    json.dump(told, sys.stdout)

asyncio.run(main())
"""


async def exploded(mebibytes: int, folder: Path) -> list[dict[str, Any]]:
    """Each bomb fetched, kept and opened in a process of its own; what it grew by, MiB, and its processor time, seconds."""
    answers = [coded(bomb(coding, mebibytes), coding) for coding in BOMBS]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1][1:]
        writer.write(answers[int(path)] if path.isdigit() else b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        job = json.dumps([str(folder / "home"), server.sockets[0].getsockname()[1], BOMBS])
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            FETCHES,
            job,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        out, _ = await process.communicate()
    assert process.returncode == 0
    told: list[dict[str, Any]] = json.loads(out)
    with Archive.open(folder / "home") as archive, Readers(1) as readers:
        for each, answer in zip(told, answers, strict=True):
            assert archive.exchange(archive.capture(each["capture"])).response == answer, each["coding"]
            reading = await readers.read(archive.memento(archive.capture(each["capture"])), "article")
            assert (each["coding"], reading.verdict) == (each["coding"], "unreadable")
    for each, answer in zip(told, answers, strict=True):
        print(
            f"{each['coding']:12} {len(answer):>9} octets, grown by {each['grown']:.1f} MiB, {each['cpu']} s: {each['refused']}"
        )
    return told


def judge(told: list[dict[str, Any]]) -> None:
    assert [(coding, "captured") for coding in BOMBS] == [(each["coding"], each["outcome"]) for each in told]
    assert [] == [each for each in told if "swells" not in each["refused"]]
    assert [] == [each for each in told if each["grown"] >= GROWTH]


async def test_bombs_in_every_coding(tmp_path: Path) -> None:
    """What they would swell to is far beyond what may be grown by."""
    judge(await exploded(128, tmp_path))


@pytest.mark.full
async def test_bombs_of_a_gibibyte(tmp_path: Path) -> None:
    """A whole GiB each, four codings alone and four stacks of two."""
    judge(await exploded(1024, tmp_path))
