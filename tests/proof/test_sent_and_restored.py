"""Every octet that a server sent comes back out of the archive: it remembers what it sent, and that is what is restored."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest

from archive.capture import Capture, Outcome, Snapshot
from archive.chosen import choose
from archive.door import Globals
from archive.restore import lay_out, restore
from archive.shelf import Archive
from archive.store import Settings, Store
from crawler.demo import server as demo
from crawler.demo.world import World
from crawler.fetch import NetworkFetcher, Validators
from crawler.opening import opened
from crawler.politeness import Manners, Politeness
from crawler.turn import Limits
from tests.crawl.test_crawl import visit as visit_world
from tests.proof.sender import Sender
from tests.world.faults import origin

HOST = "http://court.test"
AT_ONCE = 64  # visits that are kept before any is waited for


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is such a place: what is looked at is octets, and real syncs would take long."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path, prefix="kartoteka-") as folder:
        yield Path(folder)


@asynccontextmanager
async def fetching(sender: Sender) -> AsyncIterator[NetworkFetcher]:
    async with origin(sender.script) as server:
        wire = server.wire(limits=Limits(linger=20))
        yield NetworkFetcher(
            wire, Politeness(None, pace=0), user_agent="kartoteka/0", manners=lambda _: Manners(0.0, robots="a test's own"),
            aside=_aside, tries=1,
        )  # fmt: skip
        await wire.aclose()


async def _aside(_: object) -> None:
    raise AssertionError("robots.txt was asked for")


async def sent_and_kept(sender: Sender, home: Path, visits: int) -> None:
    """So many addresses visited and kept; those that can be asked for again are."""
    waiting: list[Future[Snapshot]] = []
    with Store.open(home, settings=Settings(floor=0)) as store:
        async with fetching(sender) as fetcher:
            for number in range(visits):
                url = f"{HOST}/{number}"
                waiting.append(store.keep(await fetcher.fetch(url)))
                if number % 20 == 19 and number % 500 != 19:
                    await asyncio.wrap_future(waiting[-1])
                    waiting.append(store.keep(await fetcher.fetch(url, validators=Validators('"first"'))))
                if len(waiting) >= AT_ONCE:
                    await asyncio.gather(*map(asyncio.wrap_future, waiting))
                    waiting.clear()
        await asyncio.gather(*map(asyncio.wrap_future, waiting))


def laid_out(archive: Archive, capture: Capture, out: Path) -> dict[str, bytes]:
    """role -> octets of one capture, read from the files that `restore` makes; the folder is gone afterwards."""
    files = restore(archive, capture.id, out=out)
    found = {
        file.file.rpartition("/")[2].rpartition("-")[0]: (out / file.file).read_bytes()
        for file in files
        if file.capture == capture.id and "/" in file.file
    }
    shutil.rmtree(out)
    return found


def received(found: dict[str, bytes]) -> bytes:
    """All that came, in the order of the wire."""
    interim = [found[f"interim-{n}"] for n in range(1, 1 + sum(role.startswith("interim-") for role in found))]
    return b"".join([*interim, found.get("response", b""), found.get("surplus", b"")])


def compared(sender: Sender, home: Path, place: Path) -> Counter[str]:
    """Every capture restored and held against what was sent; how many there were, by outcome."""
    counted: Counter[str] = Counter()
    turn: dict[str, int] = defaultdict(int)
    with Archive.open(home) as archive:
        for capture in archive.captures():
            path = urlsplit(capture.url).path
            if capture.outcome is Outcome.RESET and not capture.size:
                continue  # a connection that the server had closed meanwhile: it never read this, and was asked again at once
            number, turn[path] = turn[path], turn[path] + 1
            found, sent = laid_out(archive, capture, place / "out"), sender.answer(path)
            assert sender.sent[path][number] == received(found), (sender.seed, path)
            assert sender.asked[path][number] == found["request"], (sender.seed, path)
            entity = found.get("entity", found.get("body"))
            if sent.made.entity is not None:
                assert sent.made.entity == entity, (sender.seed, path)  # of an answer of 304 too: that of the page it is of
            if sent.plain is not None:
                assert sent.plain == found["body"], (sender.seed, path)
            counted[capture.outcome.value] += 1
    assert {path: len(octets) for path, octets in sender.sent.items()} == dict(turn)  # nothing that was sent is missing
    return counted


async def _run(place: Path, visits: int) -> Counter[str]:
    sender = Sender(random.randrange(1 << 32))
    print(f"seed {sender.seed}")
    await sent_and_kept(sender, place / "home", visits)
    counted = await asyncio.to_thread(compared, sender, place / "home", place)
    print(dict(counted))
    return counted


async def test_400_odd_exchanges_come_back(place: Path) -> None:
    """Every framing, coding and accident, redirect hops and revisits: byte for byte as the server sent them."""
    counted = await _run(place, 400)

    assert counted.total() >= 400
    assert {"captured", "revisit", "not-modified", "truncated", "bad-http"} <= set(counted)


@pytest.mark.full
async def test_10_000_odd_exchanges_come_back(place: Path) -> None:
    """The long form."""
    assert (await _run(place, 8_600)).total() >= 10_000


async def test_what_is_put_together_wrongly_is_seen(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant: a revisit that gets its body without the chunks it came in is not what was sent."""
    sender = Sender(11)
    await sent_and_kept(sender, place / "home", 120)
    monkeypatch.setattr(Archive, "wire_body", lambda archive, capture: archive.memento(capture).entity)

    with pytest.raises(AssertionError):
        compared(sender, place / "home", place)


async def test_a_visit_of_several_hops_comes_back_as_one(place: Path) -> None:
    """Asked for by its first address, all of its hops are laid out in their order."""
    sender = Sender(7)
    await sent_and_kept(sender, place / "home", 40)
    with Archive.open(place / "home") as archive:
        chosen = choose(archive, f"{HOST}/15")
        files = lay_out(archive, chosen, place / "out")
    hops = [urlsplit(capture.url).path for capture in chosen.captures]
    found = [(place / "out" / file.file).read_bytes() for file in files if "/response-" in file.file]

    assert hops == ["/15", *(f"/15-{n}" for n in range(1, len(hops)))] and len(hops) > 1
    assert [sender.sent[path][0] for path in hops] == found


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[bytes]]:
    """What the small court web wrote, by address, in order."""
    sent: dict[str, list[bytes]] = defaultdict(list)
    message = demo._message

    def remember(given: object, request: demo.Request, *rest: object) -> Iterator[bytes]:
        octets = b"".join(message(given, request, *rest))  # type: ignore[arg-type]
        sent[request.url].append(octets)
        yield octets

    monkeypatch.setattr(demo, "_message", remember)
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    return sent


def reaching(served: demo.Served, place: Path) -> Globals:
    return Globals(place / "home", list(served.connect_to), [served.ca_file], pace=0)


def as_it_was_sent(sent: dict[str, list[bytes]], place: Path) -> int:
    """How many answers came back; all that were sent did."""
    with Archive.open(place / "home") as archive:
        kept = [capture for capture in archive.captures() if capture.size and not capture.decision]
        for capture in kept:
            assert sent[capture.url].pop(0) == received(laid_out(archive, capture, place / "out")), capture.url
    assert not any(sent.values())
    return len(kept)


async def test_the_demo_world_comes_back(place: Path, remembered: dict[str, list[bytes]]) -> None:
    """The addresses of the small court web, over TLS, captchas, outages and resets among them: as its server wrote them."""
    async with demo.serve(World()) as served, opened(reaching(served, place), read=False) as crawl:
        for number in (1, 2):
            served.world.turn(number)
            async for _ in crawl.urls(served.world.addresses()):
                pass

    assert as_it_was_sent(remembered, place) > 20


@pytest.mark.full
async def test_the_whole_demo_world_comes_back(place: Path, remembered: dict[str, list[bytes]]) -> None:
    """Its registers with all of their cards too, as `crawl demo` visits them."""
    async with demo.serve(World()) as served, opened(reaching(served, place)) as crawl:
        for number in (1, 2):
            await visit_world(crawl, served.world, number)

    assert as_it_was_sent(remembered, place) > 300
