"""The two documents this project starts from, and the saved news pages: what is read in them, beside what is true."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from archive.ledger.observation import Reading
from archive.memento import Memento
from crawler.claims import claims
from crawler.papers import dated, stated
from crawler.readers import read

pytestmark = pytest.mark.real

# Metric, unit, figure or its two ends, article, period or day: every figure of the two texts that counts anything.
TALLY = [
    ("received", "case", "20000..", "", "2025-05-31"),
    ("received", "case", "18159", "337", "2025-05-31"),
    ("penalty", "year", "10", "337", None),
    ("received", "case", "1369", "332", "2025-05-31"),
    ("penalty", "year", "3", "332", None),
    ("received", "person", "1010", "338", "2025-05-31"),
    ("penalty", "year", "15", "338", None),
    ("received", "case/month", "1000", "", "2025-03-01/2025-05-31"),
    ("convicted", "verdict/month", "700..800", "", "2025-03-01/2025-05-31"),
    ("verdicts", "verdict", "848", "", "2025-04-01/2025-04-30"),
    ("verdicts", "verdict/working-day", "38", "", "2025-04-01/2025-04-30"),
    ("received", "person", "20662", "", "2025-05-31"),
    ("convicted", "person", "17721", "", "2025-05-31"),
    ("initiated", "case/month", "15000..20000", "", "2024-12-01/.."),
    ("submitted", "case/month", "100..1000", "", "2024-12-01/.."),
    ("exempted", "percent", "66.67", "", "2024-12-01/.."),
    ("received", "case", "4350", "", "2025-01-01/2025-05-31"),
    ("received", "case", "2355", "", "2025-01-01/2025-05-31"),
    ("recruited", "person/month", "40000..45000", "", None),
    ("army-size", "person", "2400000", "", None),
    ("army-size", "person", "1500000", "", None),
]
MOSCOW_TIMES = [
    ("convicted", "person/week", "100..", "337", "2023-01-01/2023-07-19"),
    ("received", "case", "2076", "337", "2023-01-01/2023-06-30"),
    ("received", "times", "2", "337", "2023-01-01/2023-06-30"),
    ("received", "times", "3", "337", "2023-01-01/2023-06-30"),
    ("convicted", "person", "8", "", None),
    ("penalty", "year", "10", "337", None),
]


@pytest.mark.parametrize(
    ("name", "expected"), [("article-2025-06-30.txt", TALLY), ("moscow-times-a81889.pdf.txt", MOSCOW_TIMES)]
)
def test_every_figure_of_the_seeds(realdata: Path, name: str, expected: list[tuple[object, ...]]) -> None:
    """Each with its article, unit and period; no other figure of the texts counts anything of courts or the army."""
    file = realdata / "seeds" / name
    text = file.read_text("utf-8")

    found = claims(text, dated(text))

    def amount(low: object, high: object) -> str:
        ends = ["" if end is None else f"{end:.10g}" for end in (low, high)]  # type: ignore[str-format]
        return ends[0] if ends[0] == ends[1] else "..".join(ends)

    assert expected == [
        (c.metric, c.unit, amount(c.low and float(c.low), c.high and float(c.high)), ",".join(c.articles),
         c.period or (str(c.as_of) if c.as_of else None))
        for c in found
    ]  # fmt: skip
    assert [claim.quote for claim in stated(file)] == [" ".join(claim.quote.split()) for claim in found]


@pytest.fixture(scope="module")
def pages(realdata: Path) -> list[tuple[dict[str, Any], Reading, str]]:
    """Every page of the index with its reading and its source."""
    news = realdata / "news"
    found = []
    for line in (news / "pages_index.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        memento = Memento.saved(row["url"], gzip.decompress((news / row["file"]).read_bytes()), [("Content-Type", "text/html")])
        found.append((row, read(memento), memento.body.decode("utf-8", "replace")))
    return found


def test_the_canonical_of_saved_pages(pages: list[tuple[dict[str, Any], Reading, str]]) -> None:
    """By the tags of the index: what is the same is followed, a front page and one of several are not, most of the rest is."""
    told: Counter[tuple[str, str]] = Counter()
    for row, reading, _ in pages:
        said = [each for each in reading.observations if each.property == "canonical"]
        followed = "none" if not said else "followed" if said[0].value else "refused"
        if reading.verdict == "page":
            told.update((tag, followed) for tag in row["tags"] if tag.startswith(("canonical", "multi", "no_")))
    for (tag, followed), count in sorted(told.items()):
        print(f"{tag:<24} {followed:<9} {count}")

    assert {followed for tag, followed in told if tag == "canonical_same"} == {"followed"}
    assert {followed for tag, followed in told if tag == "no_canonical"} == {"none"}
    assert {followed for tag, followed in told if tag in ("canonical_homepage",)} == {"refused"}
    other = {followed: count for (tag, followed), count in told.items() if tag == "canonical_other_host"}
    assert other["refused"] > other["followed"]  # of other publishers; followed are feeds, archives and mirrors
    path = {followed: count for (tag, followed), count in told.items() if tag == "canonical_path_diff"}
    assert path["followed"] > 10 * path.get("refused", 0)


def test_the_day_of_saved_pages(pages: list[tuple[dict[str, Any], Reading, str]]) -> None:
    """Within a day of the annotated one, beside what htmldate alone finds; a day that we give is wrong no more often than its."""
    from htmldate import find_date

    ours: Counter[str] = Counter()
    theirs: Counter[str] = Counter()
    for row, reading, source in pages:
        if not isinstance(row.get("date"), str):
            continue
        said = next((each.value for each in reading.observations if each.property == "published"), None)
        ours[_judged(said, row["date"])] += 1
        theirs[_judged(find_date(source, original_date=True, url=row["url"]), row["date"])] += 1
    print(f"ours {dict(ours)}; htmldate {dict(theirs)}")

    assert ours["right"] >= 190
    assert ours["wrong"] <= theirs["wrong"] + 5


def _judged(said: str | None, true: str) -> str:
    try:
        return (
            "none"
            if said is None
            else "right"
            if abs((date.fromisoformat(said) - date.fromisoformat(true)).days) <= 1
            else "wrong"
        )
    except ValueError:
        return "wrong"


def test_no_figure_of_a_news_page_is_taken_for_a_courts(pages: list[tuple[dict[str, Any], Reading, str]]) -> None:
    """None of these pages counts cases, verdicts or the accused (looked at by eye); dates, prices and counters are all over them."""
    found = [(each.subject, each.raw) for _, reading, _ in pages for each in reading.observations if "#claim:" in each.subject]

    assert len([1 for _, reading, _ in pages if any(each.property == "body" for each in reading.observations)]) >= 205
    assert found == []
