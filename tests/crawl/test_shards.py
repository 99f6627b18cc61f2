"""Fetching processes that die, are cut off, or are asked too much: no visit is lost, none is doubled, none is left running."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.capture import Exchange, Outcome, Tls, Visit
from crawler.errors import BadSettings, FetcherDied
from crawler.network import Network
from crawler.shards import Shards, _Cut, _told, _visit

ROOT = Path(__file__).resolve().parents[2]


class Site:
    """A server on loopback: robots.txt, pages, one that is held until it is let go, and one that kills who asks for it."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.reached = asyncio.Event()
        self.let_go = asyncio.Event()
        self.port = 0

    def url(self, path: str, host: str = "court.test") -> str:
        return f"http://{host}{path}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                while (await reader.readline()).strip():
                    pass
                path = line.split()[1].decode()
                self.asked[path] += 1
                if path == "/held":
                    self.reached.set()
                    await self.let_go.wait()
                body = b"User-agent: *\nAllow: /\n" if path == "/robots.txt" else f"the page {path}".encode() * 100
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    server = await asyncio.start_server(site.answer, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    async with server:
        yield site
        site.let_go.set()


@asynccontextmanager
async def shards(site: Site, home: Path, count: int = 1, asides: list[Visit] | None = None) -> AsyncIterator[Shards]:
    network = Network(home, "kartoteka/test", connect_to=(f":80:127.0.0.1:{site.port}",), pace=0, per_host=8)

    async def aside(visit: Visit) -> None:
        if asides is not None:
            asides.append(visit)

    async with Shards(network, count, aside) as made:
        yield made


def body(visit: Visit) -> bytes:
    return visit.last.response[visit.last.head_length :]


async def test_what_another_process_fetched_is_whole(site: Site, tmp_path: Path) -> None:
    """Visits come back with every octet, each to who asked for it; robots.txt is put aside once."""
    asides: list[Visit] = []
    paths = [f"/{n}" for n in range(200)]
    async with shards(site, tmp_path, 2, asides) as made:
        visits = await asyncio.gather(*(made.fetch(site.url(path, f"h{i % 5}.test")) for i, path in enumerate(paths)))

    assert [f"the page {path}".encode() * 100 for path in paths] == [body(visit) for visit in visits]
    assert {Outcome.CAPTURED} == {visit.outcome for visit in visits}
    assert sorted(f"http://h{i}.test/robots.txt" for i in range(5)) == sorted(visit.url for visit in asides)
    assert {path: 1 for path in paths} == {path: n for path, n in site.asked.items() if path != "/robots.txt"}


async def test_a_host_always_falls_to_the_same_process(site: Site, tmp_path: Path) -> None:
    """Its pauses are kept by one; hosts of one platform share their pauses, so they share the process."""
    async with shards(site, tmp_path, 4) as made:
        falls = {made._falls_to(f"http://h.test/{n}?q={n}") for n in range(50)}
        courts = {
            made._falls_to(f"https://{name}.sudrf.ru/modules.php?name=sud_delo") for name in ("2zovs--msk", "leninsky--bkr")
        }
        spread = {made._falls_to(f"http://h{n}.test/") for n in range(50)}

    assert (1, 1, 4) == (len(falls), len(courts), len(spread))


async def test_a_process_that_is_killed_is_started_again(site: Site, tmp_path: Path) -> None:
    """What it had in hand is asked for once more."""
    async with shards(site, tmp_path) as made:
        held = asyncio.create_task(made.fetch(site.url("/held")))
        await site.reached.wait()
        (first,) = made.pids
        os.kill(first, signal.SIGKILL)
        site.let_go.set()
        visit = await held
        (second,) = made.pids

    assert (b"the page /held" * 100, 2) == (body(visit), site.asked["/held"])
    assert first != second


async def test_a_process_that_was_killed_at_rest(site: Site, tmp_path: Path) -> None:
    """It had nothing in hand; who comes while its end is being seen to is served by another one, and does not wait for ever."""
    async with shards(site, tmp_path) as made:
        await made.fetch(site.url("/1"))
        (shard,), (first,) = made._shards, made.pids
        os.kill(first, signal.SIGKILL)
        while shard._transport is not None:
            await asyncio.sleep(0)
        visit = await asyncio.wait_for(made.fetch(site.url("/2")), 30)
        (second,) = made.pids

    assert b"the page /2" * 100 == body(visit)
    assert first != second


async def test_an_address_that_kills_twice_is_given_up(site: Site, tmp_path: Path) -> None:
    """It fails with what to do; the others are fetched."""
    async with shards(site, tmp_path) as made:
        held = asyncio.create_task(made.fetch(site.url("/held")))
        for _ in range(2):
            await site.reached.wait()
            site.reached.clear()
            os.kill(made.pids[0], signal.SIGKILL)
        with pytest.raises(FetcherDied, match=r"SIGKILL twice while http://court\.test/held was under way; run again"):
            await held
        other = await made.fetch(site.url("/other"))

    assert b"the page /other" * 100 == body(other)


async def test_who_waits_no_longer_is_not_fetched_for(site: Site, tmp_path: Path) -> None:
    """A cancelled visit ends there too, and the next one is served."""
    async with shards(site, tmp_path) as made:
        held = asyncio.create_task(made.fetch(site.url("/held")))
        await site.reached.wait()
        held.cancel()
        await asyncio.gather(held, return_exceptions=True)
        other = await made.fetch(site.url("/other"))

    assert (True, b"the page /other" * 100) == (held.cancelled(), body(other))


async def test_what_cannot_be_put_aside_stops_the_crawl(site: Site, tmp_path: Path) -> None:
    """A robots.txt that could not be kept is no less than a page that could not."""

    async def full(_: Visit) -> None:
        raise OSError("no room")

    network = Network(tmp_path, "kartoteka/test", connect_to=(f":80:127.0.0.1:{site.port}",), pace=0)
    with pytest.raises(OSError, match="no room"):
        async with Shards(network, 1, full) as made:
            await made.fetch(site.url("/1"))
            await made.fetch(site.url("/2"))


async def test_no_process_outlives_who_keeps(site: Site, tmp_path: Path) -> None:
    """The keeper is killed; the fetching process sees the end of its line and ends."""
    keeper = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _KEEPER, str(tmp_path), str(site.port), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert keeper.stdout is not None
    child = int(await keeper.stdout.readline())
    keeper.kill()
    await keeper.wait()
    for _ in range(200):
        if not _runs(child):
            break
        await asyncio.sleep(0.05)

    assert not _runs(child)


async def test_an_option_that_cannot_be_used_is_told_before_anything_starts(tmp_path: Path) -> None:
    """One sentence, not one a process."""

    async def aside(_: Visit) -> None:
        return None

    with pytest.raises(BadSettings, match="--connect-to"):
        Shards(Network(tmp_path, "kartoteka/test", connect_to=("nonsense",)), 2, aside)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


_KEEPER = """
import asyncio, sys
from pathlib import Path
from crawler.network import Network
from crawler.shards import Shards, _Cut, _told, _visit

async def main():
    async def aside(visit): pass
    network = Network(Path(sys.argv[1]), "kartoteka/test", connect_to=(f":80:127.0.0.1:{sys.argv[2]}",), pace=0)
    async with Shards(network, 1, aside) as made:
        await made.fetch("http://court.test/1")
        print(made.pids[0], flush=True)
        await made.fetch("http://court.test/held")

asyncio.run(main())
"""


OCTETS = st.binary(max_size=40)
EXCHANGES = st.builds(
    Exchange,
    url=st.text(),
    began=st.datetimes(timezones=st.just(UTC)),
    elapsed=st.floats(0, 1e6),
    outcome=st.sampled_from([each for each in Outcome if each is not Outcome.REVISIT]),
    error=st.none() | st.text(),
    request=OCTETS,
    interim=st.lists(OCTETS).map(tuple),
    response=OCTETS,
    head_length=st.integers(0, 40),
    status=st.none() | st.integers(100, 999),
    surplus=OCTETS,
    truncated=st.sampled_from([None, "length", "time"]),
    first_byte=st.none() | st.floats(0, 1e6),
    peer=st.none() | st.text(),
    dns=st.lists(st.text()).map(tuple),
    tls=st.none()
    | st.builds(
        Tls,
        st.none() | st.text(),
        st.none() | st.text(),
        st.none(),
        st.booleans(),
        st.none() | st.text(),
        st.lists(OCTETS).map(tuple),
    ),
    via=st.none() | st.text(),
    flags=st.lists(st.text()).map(tuple),
)


@given(st.lists(st.builds(Visit, st.text(), st.lists(EXCHANGES, min_size=1).map(tuple)), max_size=3))
def test_a_visit_is_the_same_on_the_other_side(visits: list[Visit]) -> None:
    """Every field and every octet of it, whatever stands beside it in the frame."""
    told = [_told(visit) for visit in visits]
    said = json.loads(json.dumps([plain for plain, _ in told]))
    cut = _Cut(memoryview(b"".join(piece for _, octets in told for piece in octets)))

    assert visits == [_visit(plain, cut) for plain in said]
