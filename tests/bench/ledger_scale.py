"""How long does a question take to a ledger of millions? An invented one, entered through the book; processor seconds, not wall.

    python tests/bench/ledger_scale.py [--observations 8000000] [--home DIR]

Cases of two people with some forty properties each, looked at five times, so that nearly every value is an observation of its
own; listings whose counters are met, for every court and month. Prints what was entered a second, how large the file is, what it
takes to make the views at once and after one more page, and what the three questions cost once they are fresh; and the memory.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from archive.capture import Capture, Outcome, Span  # noqa: E402
from archive.ledger import courts  # noqa: E402
from archive.ledger.book import FILE, Book, Entry  # noqa: E402
from archive.ledger.observation import Counter, CoverageWindow, Observation, Reading  # noqa: E402
from archive.ledger.tally import Question, tally  # noqa: E402
from archive.ledger.views import Views  # noqa: E402

LOOKS = 5
BEGAN = datetime(2025, 1, 1, 9, tzinfo=UTC)
SURNAMES = [
    a + b
    for a in ("Бел", "Черн", "Красн", "Добр", "Зел", "Крив", "Мал", "Нов", "Остр", "Рыж")
    for b in ("ов", "ин", "енко", "ский")
]
CODES = [court.code for court in courts.courts() if "GV" in court.code][:150]
T = TypeVar("T")


def spent(work: Callable[[], T]) -> tuple[float, T]:
    began = time.process_time()
    done = work()
    return time.process_time() - began, done


def memory() -> int:
    """The most that this process ever held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def card(number: int, look: int, last: bool = False) -> Reading:
    """What one look at a card reads: forty values of the case and of each of its two people, all said anew."""
    uid = f"{number:08x}-0000-4000-8000-{number:012x}"
    subject, code = f"reg:criminal-1:{uid}", CODES[number % len(CODES)]
    received = date(2023, 1, 1) + timedelta(days=number % 880)
    said: list[tuple[str, str, str, str | None]] = [
        (subject, "court", code, code), (subject, "number", f"1-{number}/2025", f"1-{number}/2025"),
        (subject, "uid", f"{code}-01-2025-{number:06d}-11", f"{code}-01-2025-{number:06d}-11"),
        (subject, "received", received.strftime("%d.%m.%Y"), received.isoformat()), (subject, "judge", f"Судьев С.С. {look}", None),
        (subject, "modified", f"взгляд {look}", None),
    ]  # fmt: skip
    if last and number % 5:
        decided = received + timedelta(days=60)
        said += [(subject, "decided", str(decided), str(decided)), (subject, "result", "Вынесен ПРИГОВОР", "verdict")]
    for person in (1, 2):
        name = f"{SURNAMES[(number * 7 + person) % len(SURNAMES)]} {'АБВГД'[number % 5]}.{'ИКЛМН'[person]}."
        one = f"{subject}#person:{person}"
        said += [
            (one, "name", name, name),
            (one, "article", "ст.337 ч.5 УК РФ", "337/5"),
            (one, "role", f"обвиняемый {look}", "defendant"),
        ]
    for row in range(1, 17):
        event, day = f"{subject}#event:{row}", received + timedelta(days=3 * row)
        said += [
            (event, "name", f"Судебное заседание {look}", "hearing"), (event, "date", f"{day:%d.%m.%Y} {look}", day.isoformat()),
            (event, "time", f"10:{look:02}", f"10:{look:02}"), (event, "place", f"зал {row} {look}", None),
        ]  # fmt: skip
    found = tuple(
        Observation(where, name, raw, value, "tr > td", raw, 40 * place, 40 * place + len(raw))
        for place, (where, name, raw, value) in enumerate(said)
    )
    return Reading("page", "bench/1", "utf-8", observations=found, kind="card")


def capture(seq: int, at: datetime, name: str) -> Capture:
    span = Span("kartoteka-20250101000000-00001.warc.gz", seq, 1, "00" * 32)
    return Capture(
        f"{seq:08x}-0000-4000-8000-000000000000", seq, f"v{seq}", 0, f"https://court.example/{name}", name, at, Outcome.CAPTURED, 200,
        "text/html", hashlib.sha256(str(seq).encode()).hexdigest(), 1, span, span, "00" * 32,
    )  # fmt: skip


def entries(cases: int, looks: int) -> Iterator[list[Entry]]:
    seq = 0
    for look in range(looks):
        at = BEGAN + timedelta(days=7 * look)
        for start in range(0, cases, 100):
            batch = []
            for number in range(start, min(start + 100, cases)):
                batch.append(
                    Entry(capture(seq, at + timedelta(seconds=number), str(number)), card(number, look, look == looks - 1))
                )
                seq += 1
            yield batch
    for code in CODES:
        batch = []
        for month in range(29):
            first = date(2023 + month // 12, month % 12 + 1, 1)
            last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
            asked = CoverageWindow(
                "sudrf", code, "criminal-1", first, last, 1, 1, None, f"sudrf * criminal-1 {first}..{last} bench"
            )
            empty = Reading("page", "bench/1", "utf-8", kind="listing", counter=Counter(1, 1, 1))
            batch.append(Entry(capture(seq, BEGAN + timedelta(days=60, seconds=seq), f"{code}/{first}"), empty, asked))
            seq += 1
        yield batch


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--observations", type=int, default=8_000_000)
    asked.add_argument("--looks", type=int, default=LOOKS, help="fewer make more cases of as many values")
    asked.add_argument("--home", type=Path)
    options = asked.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="ledger-scale-"))
    home.mkdir(parents=True, exist_ok=True)
    each = sum(len(card(1, look).observations) for look in range(options.looks))
    cases = max(1, options.observations // each)
    entered, seconds = 0, 0.0
    with Book.open(home, write=True) as book:
        for batch in entries(cases, options.looks):
            took, _ = spent(lambda held=batch: book.enter_many(held))
            seconds += took
            entered += sum(len(entry.reading.observations) for entry in batch)
        print(
            f"{cases} cases, {entered} values entered in {seconds:.1f} s: {entered / seconds:,.0f} a second; {memory()} MiB at most"
        )
        print(f"{FILE}: {(home / FILE).stat().st_size / 2**20:,.0f} MiB; {book.counts()['observation']:,} observations")
    with Book.open(home) as book:
        took, views = spent(lambda: Views.open(home, book))
        print(f"views made at once: {took:.1f} s, {memory()} MiB at most")
        views.close()
    with Book.open(home, write=True) as book:
        book.enter_many([Entry(capture(10**7, BEGAN + timedelta(days=99), "one"), card(1, LOOKS))])
    for what in ("after one more page", "fresh"):
        with Book.open(home) as book:
            took, views = spent(lambda held=book: Views.open(home, held))
            print(f"views {what}: {took * 1000:.0f} ms")
            views.close()
    with Book.open(home) as book, Views.open(home, book) as views:
        for by in ((), ("month",), ("month", "court")):
            took, counted = spent(
                lambda by=by: tally(views.counted(), Question(by=by), windows=book.coverage(), as_of=book.as_of())
            )
            print(f"tally by {by or 'nothing'}: {took:.2f} s, {counted.total.received:,} received")
        name = f"case:reg:criminal-1:{1:08x}-0000-4000-8000-{1:012x}"
        took, _ = spent(lambda: (views.case(name), book.quoted(views.find(name)[1])))
        print(f"case: {took * 1000:.0f} ms")
        for query in (SURNAMES[3] + " А", "1-17/2025"):
            took, rows = spent(lambda query=query: list(views.rows(query=query)))
            print(f"cases --query {query!r}: {took * 1000:.0f} ms, {len(rows)} rows")
    print(f"{memory()} MiB at most")


if __name__ == "__main__":
    main()
