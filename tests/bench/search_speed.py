"""How long does `crawl cases --query` take? An invented ledger, its index made and asked; processor seconds, not wall.

    python tests/bench/search_speed.py [CASES]

Cases of one look each, with two people, ten events and an act of some hundred words. Prints what the index cost to make, its
size, what it costs to open when nothing has changed, and each question.
"""

from __future__ import annotations

import hashlib
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from archive.capture import Capture, Outcome, Span  # noqa: E402
from archive.ledger.book import Book, Entry  # noqa: E402
from archive.ledger.observation import Observation, Reading  # noqa: E402
from archive.ledger.search import FILE, Search  # noqa: E402
from archive.ledger.views import Views  # noqa: E402

WORDS = [
    a + b
    for a in ("суд", "дел", "част", "служб", "врем", "мест", "прав", "вин")
    for b in ("а", "у", "ом", "ами", "ового", "ностью")
]
NAMES = [
    a + b
    for a in ("Бел", "Черн", "Красн", "Добр", "Зел", "Крив", "Мал", "Нов", "Остр", "Рыж")
    for b in ("ов", "ин", "енко", "ский")
]
QUESTIONS = (
    "Белову",
    "Krivenko",
    "1-777/2025",
    "приговор",
    "службы времени",
    '"Вынесен приговор"',
    "Остринский 337/5",
    "нет такого",
)


def entries(cases: int) -> Iterator[Entry]:
    draw = random.Random(1)
    for number in range(cases):
        subject = f"reg:criminal-1:{number:08x}-0000-4000-8000-{number:012x}"
        said: list[Observation] = []

        def say(of: str, name: str, raw: str, value: str | None, said: list[Observation] = said) -> None:
            said.append(Observation(of, name, raw, value, "p", raw, 0, len(raw)))

        day = (date(2025, 1, 1) + timedelta(days=number % 300)).isoformat()
        say(subject, "court", "57GV0001", "57GV0001")
        say(subject, "number", f"1-{number}/2025", f"1-{number}/2025")
        say(subject, "received", day, day)
        say(subject, "result", "Вынесен приговор", "verdict")
        for person in (1, 2):
            say(
                f"{subject}#person:{person}",
                "name",
                name := f"{draw.choice(NAMES)} {draw.choice('АБВГ')}.{draw.choice('АБВГ')}.",
                name,
            )
            say(f"{subject}#person:{person}", "article", "ст.337 ч.5 УК РФ", "337/5")
        for event in range(10):
            say(f"{subject}#event:{event}", "name", "Судебное заседание", "hearing")
            say(f"{subject}#event:{event}", "date", day, day)
            say(f"{subject}#event:{event}", "note", " ".join(draw.choices(WORDS, k=8)), None)
        say(subject, "act", " ".join(draw.choices(WORDS, k=150)), None)
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        span = Span("w.warc.gz", number, 900, "00" * 32)
        at = datetime(2025, 12, 1, tzinfo=UTC) + timedelta(seconds=number)
        capture = Capture(
            f"00000000-0000-4000-8000-{number:012x}", number, f"v{number}", 0, f"https://court.test/{number}", "test,court)/",
            at, Outcome.CAPTURED, 200, "text/html", digest, 100, span, span, "00" * 32,
        )  # fmt: skip
        yield Entry(capture, Reading("page", "sudrf/1", "utf-8", "", tuple(said), kind="card"))


def main(cases: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with Book.open(home, write=True) as book:
            batch: list[Entry] = []
            for entry in entries(cases):
                batch.append(entry)
                if len(batch) == 500:
                    book.enter_many(batch)
                    batch = []
            book.enter_many(batch)
            with Views.open(home, book) as views:
                began = time.process_time()
                Search.open(home, book, views).__exit__()
                made = time.process_time() - began
                size = (home / FILE).stat().st_size >> 20
                print(f"{cases} cases: index made in {made:.1f} s of CPU ({made / cases * 1000:.2f} ms a case), {size} MiB")
                began = time.process_time()
                search = Search.open(home, book, views)
                print(f"opened again: {(time.process_time() - began) * 1000:.1f} ms")
                with search:
                    for question in QUESTIONS:
                        began = time.process_time()
                        found = sum(1 for _ in search.cases(question))
                        print(f"{(time.process_time() - began) * 1000:8.1f} ms  {found:6} cases  {question}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
