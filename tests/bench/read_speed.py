"""What it costs to read a page and to enter what it says: `python tests/bench/read_speed.py`; for docs/speed.md, never a test.

Pages of each kind (pages.py, or `--store` of a folder made elsewhere) go, a part at a time and in turn, through what stands
between the archive and the ledger. Processor time of this process, the least of the rounds; `x parse` is the cost over that of
the HTML parser alone in the same round, which does not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from pages import served  # noqa: E402
from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser  # noqa: E402

from archive.capture import Capture, Outcome, Span  # noqa: E402
from archive.ledger.book import Book, Entry  # noqa: E402
from archive.ledger.observation import Reading  # noqa: E402
from archive.memento import Memento  # noqa: E402
from crawler.page import Page  # noqa: E402
from crawler.readers import _reading, _taken, _told, read  # noqa: E402

BATCH = 16
KINDS = ("listing", "card", "card", "article")  # fifty pages of each in turn, as both generators make them


def mementos(store: str | None, count: int) -> dict[str, list[Memento]]:
    """Pages by kind."""
    found: dict[str, list[Memento]] = {}
    if store is None:
        answers = [(f"http://{page.host}{page.path}", page.octets) for page in served(count)]
    else:
        octets = (Path(store) / "store.bin").read_bytes()
        urls = (Path(store) / "urls.txt").read_text().split()
        places = [line.split("\t")[1:] for line in (Path(store) / "store.idx").read_text().splitlines()]
        pairs = zip(urls, places, strict=True)
        answers = [(url, octets[int(at) : int(at) + int(size)]) for url, (at, size) in pairs][:count]
    for n, (url, answer) in enumerate(answers):
        found.setdefault(KINDS[n // 50 % 4], []).append(Memento.of_message(url, answer))
    return found


def capture(n: int, memento: Memento) -> Capture:
    """A capture such as the archive would hold of it."""
    digest = sha256(memento.entity).hexdigest()
    span = Span("bench.warc.gz", n, 1, digest)
    at = datetime(2031, 5, 6, tzinfo=UTC)
    return Capture(
        f"bench-{n}", n, f"visit-{n}", 0, memento.url, memento.url, at, Outcome.CAPTURED, 200, memento.mime, digest,
        len(memento.entity), span, span, digest,
    )  # fmt: skip


def cost(work: Callable[[], object], pages: int) -> float:
    """Milliseconds of processor time a page."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000 / pages


def entered(entries: Sequence[Entry]) -> None:
    with tempfile.TemporaryDirectory() as home, Book.open(Path(home), write=True) as book:
        for at in range(0, len(entries), BATCH):
            book.enter_many(entries[at : at + BATCH])


def parts(pages: list[Memento]) -> dict[str, Callable[[], object]]:
    """What is measured, in the order of a page's way."""
    texts = [Page.open(page.body, page.url, content_type=page.content_type).text for page in pages]
    readings: list[Reading] = [read(page) for page in pages]
    entries = [Entry(capture(n, page), reading) for n, (page, reading) in enumerate(zip(pages, readings, strict=True))]
    return {
        "parse": lambda: [LexborHTMLParser(text, options=LexborDocumentOptions.WO_EVENTS) for text in texts],
        "uncode": lambda: [page.body for page in pages],
        "cut": lambda: [Page(text, "", "utf-8")._markup for text in texts],
        "read": lambda: [read(page) for page in pages],
        "pipe": lambda: [_reading(answer) for each in readings if (answer := _taken(bytearray(_told(each))))],
        "enter": lambda: entered(entries),
    }


def main() -> int:
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--pages", type=int, default=400)
    said.add_argument("--rounds", type=int, default=3)
    said.add_argument("--store", help="a folder of pages made elsewhere")
    arguments = said.parse_args()
    print(f"{'':<9}{'part':<8} ms a page  x parse")
    total, count, observations = 0.0, 0, 0
    for kind, pages in mementos(arguments.store, arguments.pages).items():
        work = parts(pages)
        rounds = [{name: cost(act, len(pages)) for name, act in work.items()} for _ in range(arguments.rounds)]
        least = {name: min(each[name] for each in rounds) for name in work}
        for name, spent in least.items():
            print(f"{kind:<9}{name:<8} {spent:>9.3f} {spent / least['parse']:>8.2f}")
        total += len(pages) * (least["read"] + least["pipe"] + least["enter"])
        count += len(pages)
        observations += sum(len(read(page).observations) for page in pages)
    print(f"{count} pages, {observations} observations: {1000 * count / total:.0f} pages read and entered a CPU second,")
    print(f"{1000 * observations / total:.0f} observations")
    return 0


if __name__ == "__main__":
    sys.exit(main())
