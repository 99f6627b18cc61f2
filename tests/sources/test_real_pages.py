"""All saved pages of courts, by one table: each ends as read, with every table cell accounted for, or with the right verdict.

`pytest tests/sources/test_real_pages.py -s` prints the table.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from archive.ledger import rules
from archive.memento import Memento
from archive.text import decode_text
from crawler import sites
from crawler.verdict import judged
from tests.sources.account import unaccounted

# What courts sent in place of a page; every other one is read.
VERDICTS = {
    "ksoyu_listing_bad_new.html": "wrong-query",
    "ksoyu_listing_captcha_gate.html": "captcha",
    "ksoyu_temporarily_unavailable.html": "outage",
    "sudrf_captcha_form.html": "captcha",
    "retyped_blocked_G.html": "blocked",
    "retyped_invalid_format.html": "wrong-query",
}


@pytest.mark.real
def test_every_saved_page_is_read_or_told(realdata: Path) -> None:
    """file, kind, verdict, observations, unread: no table cell is lost, and every quote stands where it is said to."""
    folder = realdata / "sudrf"
    with (folder / "pages.tsv").open(encoding="utf-8") as lines:
        pages = list(csv.DictReader(lines, delimiter="\t"))
    table, wrong = [], []
    for row in pages:
        body = (folder / "pages" / row["file"]).read_bytes()
        memento = Memento.saved(row["url"], body, (("Content-Type", row["content_type"]),))
        source = sites.source_for(row["url"])
        word, page = judged(memento, source)
        if word != "page":
            table.append((row["file"], "", str(word), 0, 0))
            continue
        assert source is not None
        assert page is not None
        reading = source.read(page)
        table.append((row["file"], reading.kind, str(word), len(reading.observations), len(reading.unread)))
        text = decode_text(body, reading.charset)
        wrong += [(row["file"], reason) for o in reading.observations if (reason := rules.wrong(o, text))]
        wrong += [(row["file"], left) for left in unaccounted(page, reading)]
        wrong += [(row["file"], source.name)] if source.last_resort or not reading.observations else []
    for each in table:
        print("{:50} {:9} {:12} {:5} {:5}".format(*each))
    assert wrong == []
    assert {file: word for file, _, word, _, _ in table if word != "page"} == {
        file: word for file, word in VERDICTS.items() if file in {row["file"] for row in pages}
    }


@pytest.mark.real
def test_pages_in_utf8_that_say_they_are_not(realdata: Path) -> None:
    """Nine of the saved pages are UTF-8 said to be windows-1251: read right, and flagged."""
    folder = realdata / "sudrf"
    flagged = []
    with (folder / "pages.tsv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            memento = Memento.saved(
                row["url"], (folder / "pages" / row["file"]).read_bytes(), (("Content-Type", row["content_type"]),)
            )
            _, page = judged(memento, sites.source_for(row["url"]))
            if page is not None and "charset-mismatch" in page.flags:
                assert page.charset == "utf-8"
                assert page.has("суд")
                flagged.append(row["file"])
    assert len(flagged) == 9
