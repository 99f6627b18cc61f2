"""A small invented court world: its pages as text, what a reader says of them, and the captures that hold them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import EllipsisType, SimpleNamespace

import pytest

from archive.capture import Capture, Outcome, Span
from archive.decisions import Decision, Kept
from archive.ledger.book import Book, Entry
from archive.ledger.observation import CoverageWindow, Observation, Reading
from schedules.cli import main

MIDNIGHT = datetime(2025, 6, 1, tzinfo=UTC)


@dataclass
class Page:
    """A page under construction: every value stands in it, and is quoted where it stands."""

    kind: str = "card"
    parser: str = "sudrf/1"
    text: str = "<html><body>"
    said: list[Observation] = field(default_factory=list)

    def say(self, subject: str, name: str, raw: str, value: str | EllipsisType | None = ..., *, derived: bool = False) -> None:
        place = len(self.said) + 1
        self.text += f"<p>{name}: "
        start = len(self.text)
        self.text += f"{raw}</p>\n"
        known = raw if value is ... else value
        selector = f"html > body > p:nth-child({place})"
        self.said.append(Observation(subject, name, raw, known, selector, raw, start, start + len(raw), derived))

    def reading(self, verdict: str = "page", reason: str = "") -> Reading:
        said = tuple(self.said) if verdict == "page" else ()
        return Reading(verdict, self.parser, "cp1251", reason, said, kind=self.kind)


def registration(
    page: Page, key: str, *, register: str = "criminal-1", persons: Sequence[dict] = (), events=(), **values
) -> str:
    """A registration said on a page. A value is its text, or a pair of text and normal form."""
    subject = f"reg:{register}:{key}"
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            page.say(subject, name, *(one if isinstance(one, tuple) else (one,)))
    for form, parts in (("person", persons), ("event", events)):
        for number, part in enumerate(parts, 1):
            for name, value in part.items():
                for one in value if isinstance(value, list) else [value]:
                    page.say(f"{subject}#{form}:{number}", name, *(one if isinstance(one, tuple) else (one,)))
    return subject


def card(key: str, **values) -> Page:
    page = Page("card", values.pop("parser", "sudrf/1"))
    registration(page, key, **values)
    return page


def listing(*rows: dict) -> Page:
    page = Page("listing")
    for row in rows:
        registration(page, **row)
    return page


def capture(seq: int, page: Page | str, *, at: datetime | None = None, url: str | None = None, **changes) -> Capture:
    text = page if isinstance(page, str) else page.text
    payload = text.encode("cp1251")
    taken = MIDNIGHT + timedelta(minutes=seq) if at is None else at
    span = Span("kartoteka-0001.warc.gz", 1000 * seq, 900, "00" * 32)
    made = Capture(
        f"00000000-0000-4000-8000-{seq:012d}", seq, f"visit-{seq}", 0, url or f"https://court{seq}.test/", f"test,court)/{seq}",
        taken, Outcome.CAPTURED, 200, "text/html", hashlib.sha256(payload).hexdigest(), len(payload), span, span, "00" * 32,
    )  # fmt: skip
    return replace(made, **changes)


def entry(seq: int, page: Page, *, verdict: str = "page", window: CoverageWindow | None = None, **changes) -> Entry:
    return Entry(capture(seq, page, **changes), page.reading(verdict), window, page.text)


def small_world() -> list[Entry]:
    """Five courts' cases: a transfer under one UID, several articles and persons, an acquittal, a termination, an appeal."""
    uid = ["57GV0001-01-2025-000001-21", "57GV0001-01-2025-000002-18", "61GV0002-01-2025-000003-07"]
    sent = card(
        "aaaa-1", court="57GV0001", number="1-11/2025", uid=uid[0], received=("10.03.2025", "2025-03-10"),
        decided=("20.03.2025", "2025-03-20"), result=("Направлено ПО ПОДСУДНОСТИ", "transferred"),
        persons=[{"name": "Вымыслов Иван Ильич", "article": ("ст.337 ч.5 УК РФ", "337/5")}],
    )  # fmt: skip
    taken_up = card(
        "aaaa-2", court="61GV0002", number="1-77/2025", uid=uid[0], received=("02.04.2025", "2025-04-02"),
        decided=("25.04.2025", "2025-04-25"), result=("Вынесен ПРИГОВОР", "verdict"),
        persons=[
            {"name": "Вымыслов Иван Ильич", "article": [("ст.337 ч.5", "337/5"), ("ст.332 ч.2.1 УК РФ", "332/2.1")],
             "decided": ("25.04.2025", "2025-04-25"), "result": ("Вынесен ПРИГОВОР", "verdict")},
        ],
        events=[
            {"name": ("Судебное заседание", "hearing"), "date": ("20.04.2025", "2025-04-20"), "time": "10:00"},
            {"name": ("Провозглашение приговора", "announced"), "date": ("25.04.2025", "2025-04-25")},
        ],
    )  # fmt: skip
    two_people = card(
        "bbbb-1", court="57GV0001", number="1-12/2025", uid=uid[1], received=("05.04.2025", "2025-04-05"),
        decided=("30.04.2025", "2025-04-30"), result=("Вынесен ПРИГОВОР", "verdict"),
        persons=[
            {"name": "Придуманов П.П.", "article": ("ст.338 ч.1 УК РФ", "338/1"),
             "result": ("Обвинительный приговор", "convicted"), "decided": ("30.04.2025", "2025-04-30")},
            {"name": "Небылицын Н.Н.", "article": ("ст.338 ч.1 УК РФ", "338/1"), "result": ("Оправдан", "acquitted"),
             "decided": ("29.04.2025", "2025-04-29")},
        ],
    )  # fmt: skip
    rows = listing(
        {"key": "cccc-1", "court": "61GV0002", "number": "1-78/2025", "uid": uid[2], "received": ("07.04.2025", "2025-04-07"),
         "decided": ("12.05.2025", "2025-05-12"), "result": ("Уголовное дело ПРЕКРАЩЕНО", "terminated"),
         "persons": [{"name": "Сказкин С.С.", "article": ("ст.337 ч.4 УК РФ", "337/4")}]},
        {"key": "dddd-1", "court": "61GV0002", "number": "1-79/2025", "received": ("08.04.2025", "2025-04-08"),
         "persons": [{"name": ("Информация скрыта", None), "article": ("ст.337 ч.5 УК РФ", "337/5")}]},
        {"key": "eeee-1", "court": "61GV0002", "number": "1-80/2025",
         "persons": [{"name": "Безднев Б.Б.", "article": ("ст.337 ч.5 УК РФ", "337/5")}]},
    )  # fmt: skip
    appeal = card(
        "bbbb-2", register="criminal-appeal", court="61OV0000", number="22-5/2025", uid=uid[1],
        received=("20.05.2025", "2025-05-20"), decided=("28.05.2025", "2025-05-28"),
        result=("ОСТАВЛЕН БЕЗ ИЗМЕНЕНИЯ", "upheld"),
        persons=[{"name": "Придуманов П.П.", "article": ("ст.338 ч.1 УК РФ", "338/1"), "result": ("без изменения", "upheld")}],
    )  # fmt: skip
    return [entry(seq, page) for seq, page in enumerate((sent, taken_up, two_people, rows, appeal))]


def decided(
    book: Book, kind: str, *subjects: str, reason: str = "так видно по карточкам", at: datetime | None = None, **body
) -> str:
    """A decision as the archive would keep it, entered in the book; its id."""
    seq = 100_000 + len(book.decisions())
    made = Decision(kind, at or MIDNIGHT + timedelta(days=1), reason, subjects, body)
    kept = Kept(f"00000000-0000-4000-8000-{seq:012d}", seq, made)
    book.decide(kept)
    return kept.id


def say(home: Path, *words: str) -> tuple[int, list[dict]]:
    """The command, in this process: its exit status and its rows."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            main(["--home", str(home), "--json", *words])
            status = 0
        except SystemExit as exc:
            status = int(exc.code or 0)
    return status, [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture
def world() -> SimpleNamespace:
    """The makers of the small world, by name."""
    return SimpleNamespace(
        Page=Page, card=card, listing=listing, capture=capture, entry=entry, small=small_world, midnight=MIDNIGHT,
        registration=registration, decided=decided,
    )  # fmt: skip


@pytest.fixture
def book(tmp_path: Path) -> Iterable[Book]:
    """An empty book that is open for writing, with a clock that stands still."""
    with Book.open(tmp_path, write=True, now=lambda: MIDNIGHT) as opened:
        yield opened
