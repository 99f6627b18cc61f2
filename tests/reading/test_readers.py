"""Pages that kill a parser cost one worker: the crawl goes on, the page is `unreadable` and says why."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from archive.memento import Memento
from crawler.readers import Bounds, Readers, _reading, read

URL = "https://news.example/2031/05/06/invented"
TEXT = " ".join(
    f"Sentence {n} of the invented article speaks about an invented court and its invented figures." for n in range(20)
)
ARTICLE = Memento.saved(
    URL, f"<title>Invented</title><meta property=og:type content=article><h1>Invented</h1><article><p>{TEXT}</article>".encode()
)
PLAIN = Memento.saved(URL, b"<p>Nothing to see")
SMALL = Bounds(cpu=1, wall=6)


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with Readers(1, SMALL) as started:
        yield started


async def test_a_worker_reads_as_the_function_does(readers: Readers) -> None:
    """The pipe changes nothing: same observations, same quotes."""
    reading = await readers.read(ARTICLE)

    assert reading == read(ARTICLE)
    assert (reading.verdict, reading.parser) == ("page", "article/3")
    assert {"title", "body"} <= {said.property for said in reading.observations}


async def test_a_source_that_is_none_is_said(readers: Readers) -> None:
    """A name that no file has."""
    reading = await readers.read(ARTICLE, "unheard-of")

    assert (reading.verdict, reading.reason) == ("unreadable", "no source is called unheard-of")


HOSTILE = {
    "options": b"<select>" + b"<option>" * 30_000,
    "deep": b"<div>" * 60_000,
    "misnested": b"<a><div>" * 20_000,
    "formatting": b"<b><i><font>" * 10_000 + b"<p>" * 200,
    "attributes": b"<p " + b" ".join(b"a%d=1" % n for n in range(40_000)) + b">",
    "one attribute of a megabyte": b"<p title='" + b"x " * 500_000 + b"'>y",
    "rows": b"<table>" + b"<tr><td>1" * 40_000,
    "foreign": b"<svg><foreignObject>" * 10_000,
    "templates": b"<template>" * 30_000,
    "references": b"<p title='" + b"&" * 300_000 + b"&notit;" * 20_000 + b"'>",
    "broken": b"<p " * 100_000,
    "open comment": b"<p>x<!--" + b"-" * 1_000_000,
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_page_made_to_hurt_ends_within_the_limits(readers: Readers, body: bytes) -> None:
    """It is judged, or it is unreadable with the reason; a page is never made of it, and the next one is read."""
    reading = await readers.read(Memento.saved(URL, b"<title>t</title>" + body))

    assert reading.verdict in ("unreadable", "other-page")
    assert reading.reason


async def test_after_all_that_an_article_is_still_an_article(readers: Readers) -> None:
    """The worker that answers is as good as the first."""
    assert (await readers.read(ARTICLE)).verdict == "page"


async def test_the_reason_names_the_limit() -> None:
    """Processor time, wall time, size: each is told apart."""
    slow = Memento.saved(URL, b"<title>t</title>" + b"<a><div>" * 200_000)
    with (
        Readers(1, Bounds(cpu=1, wall=60)) as few_seconds,
        Readers(1, Bounds(cpu=60, wall=0.5)) as short,
        Readers(1, Bounds(size=10)) as small,
    ):
        reasons = [
            reading.reason for reading in await asyncio.gather(few_seconds.read(slow), short.read(slow), small.read(slow))
        ]

    assert reasons == [
        "the reader took more than 1 s of processor time",
        "the reader took more than 0.5 s",
        f"{len(slow.entity)} octets; at most 10 are parsed",
    ]


async def test_a_page_that_eats_memory_is_unreadable() -> None:
    """The limit is the worker's alone."""
    with Readers(1, Bounds(memory=200 * 1024 * 1024)) as lean:
        reading = await lean.read(Memento.saved(URL, b"<title>t</title>" + b"<p>" * 500_000))
        after = await lean.read(PLAIN)

    assert (reading.verdict, reading.reason) == ("unreadable", "the page needs more memory than a reader has")
    assert after.verdict == "other-page"


@pytest.mark.parametrize("blow", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
async def test_twenty_deaths_lose_no_page(blow: signal.Signals) -> None:
    """Whatever kills a worker, in a job or between two, the page it had is read by the next."""
    with Readers(1) as readers:
        await readers.read(PLAIN)
        reasons = []
        for death in range(20 if blow is signal.SIGKILL else 2):
            job = asyncio.create_task(readers.read(PLAIN))
            if death % 2:
                await asyncio.sleep(0.001)  # into the job
            for pid in readers.pids:
                os.kill(pid, blow)
            reasons.append((await job).reason)

    assert set(reasons) == {"the marks of article are not there"}


async def test_a_worker_that_the_machine_does_not_let_run_loses_no_page() -> None:
    """A busy machine: time in which a worker had no processor says nothing of its page, which is read by the next."""
    with Readers(1, Bounds(wall=4)) as readers:
        await readers.read(PLAIN)
        (stopped,) = readers.pids
        os.kill(stopped, signal.SIGSTOP)
        reading = await readers.read(PLAIN)
        after = readers.pids

    assert reading.reason == "the marks of article are not there"
    assert stopped not in after


async def test_a_page_that_kills_two_workers_is_given_up() -> None:
    """One more try, not a loop."""
    slow = Memento.saved(URL, b"<title>t</title>" + b"<a><div>" * 200_000)
    with Readers(1) as readers:
        job = asyncio.create_task(readers.read(slow))
        killed: set[int] = set()
        while not job.done():
            for pid in set(readers.pids) - killed:
                await asyncio.sleep(0.5)  # past its start, into the job
                os.kill(pid, signal.SIGSEGV)
                killed.add(pid)
            await asyncio.sleep(0.02)

    assert (job.result().verdict, job.result().reason, len(killed)) == ("unreadable", "the reader ended with SIGSEGV", 2)


async def test_many_jobs_share_few_workers() -> None:
    """Nobody waits for ever and nobody's answer goes to another."""
    pages = [Memento.saved(f"{URL}/{n}", ARTICLE.entity.replace(b"Invented<", b"Invented %d<" % n)) for n in range(12)]
    with Readers(2) as readers:
        readings = await asyncio.gather(*map(readers.read, pages))
        running = len(readers.pids)

    titles = [next(said.raw for said in reading.observations if said.property == "title") for reading in readings]
    assert titles == [f"Invented {n}" for n in range(12)]
    assert running == 2


async def test_a_page_that_ends_its_worker_costs_no_other_of_its_batch() -> None:
    """What goes to a worker together is judged page by page: those before it and those after it are read."""
    slow = Memento.saved(URL, b"<title>t</title>" + b"<a><div>" * 200_000)
    with Readers(1, Bounds(cpu=1)) as readers:
        verdicts = [reading.verdict for reading in await asyncio.gather(*map(readers.read, [ARTICLE, ARTICLE, slow, ARTICLE]))]

    assert verdicts == ["page", "page", "unreadable", "page"]


async def test_texts_come_through_the_pipe_as_they_are() -> None:
    """Half of a surrogate pair, a quotation mark, a line's end: none of it is a mark of the pipe."""
    odd = f'<title>t</title><script type="application/ld+json">{{"@type": "Article", "headline": "\\ud800 \\" x"}}</script><p>{TEXT}'
    page = Memento.saved(URL, f"<article>{odd}</article>".encode())
    with Readers(1) as readers:
        assert await readers.read(page) == read(page)
    assert "\ud800" in read(page).observations[0].raw


@pytest.mark.parametrize(
    "answer", [(b"", b""), (b"[]", b""), (b"{}", b""), (b'["page"]', b"\xff"), (b"[1,2,3,4,5,6,7,8,9,0]", b"")]
)
def test_an_answer_that_is_none_is_unreadable(answer: tuple[bytes, bytes]) -> None:
    """Whatever a worker says that no reading says, the page is unreadable."""
    assert _reading(answer).verdict == "unreadable"


async def test_closing_leaves_nobody_behind() -> None:
    """Even in the middle of a job; and a closed room says so."""
    readers = Readers(1)
    job = asyncio.create_task(readers.read(Memento.saved(URL, b"<a><div>" * 200_000)))
    while not readers.pids:
        await asyncio.sleep(0.02)
    pids = readers.pids

    await asyncio.to_thread(readers.close)

    assert (await job).verdict == "unreadable"
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_a_given_up_job_costs_no_worker(readers: Readers) -> None:
    """A task that is cancelled leaves its worker to the next."""
    job = asyncio.create_task(readers.read(ARTICLE))
    await asyncio.sleep(0.01)
    job.cancel()

    assert (await readers.read(ARTICLE)).verdict == "page"


def test_a_reader_that_breaks_or_lies_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug on one page, a quote that is not in the source, a page with nothing on it: unreadable, never an exception."""
    from dataclasses import replace

    from archive.ledger.observation import Observation, Reading
    from crawler.page import Page
    from crawler.sites import source_named

    def lies(page: Page) -> Reading:
        said = Observation(page.url, "title", "Forged", None, "h1", "Forged", 0, 6)
        return Reading("page", "article/3", page.charset, observations=(said,))

    def breaks(page: Page) -> Reading:
        raise KeyError("no such column")

    def finds_nothing(page: Page) -> Reading:
        return Reading("page", "article/3", page.charset)

    article = source_named("article")
    readings = [read(ARTICLE, replace(article, read=wrong)) for wrong in (lies, breaks, finds_nothing)]

    assert {reading.verdict for reading in readings} == {"unreadable"}
    assert [reading.reason for reading in readings] == [
        f"the quote of {URL} title is not in the source",
        "KeyError: 'no such column'",
        "a page, and nothing on it was read",
    ]


def test_a_body_above_the_cap_is_not_parsed() -> None:
    """What swells when decoded is stopped too."""
    import gzip

    swollen = Memento.saved(URL, gzip.compress(b"<a><div>" * 1_100_000), [("Content-Encoding", "gzip")])

    assert "at most" in read(swollen).reason or "swells" in read(swollen).reason
    assert read(swollen).verdict == "unreadable"
