"""What a crawl came to, as lines: rows for programs, sentences for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from archive import door
from archive.door import Globals, Shown

if TYPE_CHECKING:
    from archive.ledger.observation import CoverageWindow, Reading
    from crawler.crawl import Done

T = TypeVar("T")


class Results:
    """Shows results as they come and remembers whether all went well.

    each: those that went well too, to people. together: lines that come together go out together, when `rest` is called.
    """

    def __init__(self, out: Shown, *, each: bool, together: bool = False) -> None:
        self.out, self.each, self.together = out, each, together
        self.all = self.bad = 0

    def add(self, done: Done) -> None:
        self.tell(done.row(), fine=done.fine)

    def tell(self, row: dict[str, object], *, fine: bool) -> None:
        """As `add`, of a visit that another process made."""
        self.all += 1
        self.bad += not fine
        if self.out.json:
            self.out.line(row, now=not self.together)
        elif self.each or not fine:
            self.out.text(plain(row))

    def rest(self) -> None:
        """All that has come is told: what was held back goes out."""
        if self.together:
            self.out.flush()

    def finish(self) -> int:
        if not self.all:
            self.out.note("no address was given; name one, or pipe a list into `crawl url -`")
            return door.NOTHING
        self.out.note(f"{self.all} visited, {self.bad} could not be fetched or read")
        return door.PARTLY if self.bad else door.DONE


def plain(row: dict[str, object]) -> str:
    """One visit as a person reads it."""
    words = [str(row["outcome"]), str(row["status"] or "-"), str(row["verdict"] or "-"), str(row["observations"] or 0).rjust(4)]
    tail = f"  {row['error']}" if row["error"] else ""
    return door.visible(
        f"{words[0]:<13} {words[1]:<4} {words[2]:<12} {words[3]} values  {row['final_url']}  {row['capture']}{tail}"
    )


def reading_rows(reading: Reading) -> Iterator[dict[str, Any]]:
    """The lines of `crawl read --json` (CONTRACT): the verdict, then what was found in page order."""
    keys = ("kind", "subject", "property", "raw", "value", "derived", "selector", "quote", "start", "end", "charset")
    blank: dict[str, Any] = dict.fromkeys(keys)
    yield blank | {
        "kind": "verdict", "value": reading.verdict, "raw": reading.reason or None, "charset": reading.charset,
        "parser": reading.parser, "flags": list(reading.flags),
        "counter": [reading.counter.total, reading.counter.first, reading.counter.last] if reading.counter else None,
    }  # fmt: skip
    for said in reading.observations:
        yield blank | {name: getattr(said, name) for name in keys[1:-1]} | {"kind": "observation", "charset": reading.charset}
    for link in reading.links:
        yield blank | {"kind": "link", "property": link.rel, "raw": link.text, "value": link.url, "selector": link.selector}
    for unread in reading.unread:
        yield blank | {"kind": "unread", "raw": unread.text, "selector": unread.selector}


def show_coverage(windows: list[CoverageWindow], out: Shown) -> list[CoverageWindow]:
    """A line for each court, register and window that was planned; to people the gaps are counted too."""
    from archive.ledger import coverage

    out.rows(map(coverage.row, windows), ("court", "register", "from", "to", "expected", "read", "complete", "gap"), "Coverage")
    gaps = Counter(window.gap for window in windows if not window.complete)
    if gaps:
        told = ", ".join(f"{gap or 'mismatch'} {count}" for gap, count in sorted(gaps.items(), key=lambda each: str(each[0])))
        out.note(f"{sum(gaps.values())} of {len(windows)} windows are not complete: {told}")
    return windows


async def progress(rows: AsyncIterator[T], total: int | None, what: str, options: Globals) -> AsyncIterator[T]:
    """The same rows, with a bar on stderr where a person watches."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=options.quiet or not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        async for row in rows:
            yield row
            bar.advance(task)
