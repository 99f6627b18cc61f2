"""`crawl links`: what scripts rely on, and an exit status that says whether the document was read."""

from __future__ import annotations

from pathlib import Path

from tests.citations import documents
from tests.world.command import crawl

ADDRESS = "https://court.example/acts/337"


async def test_the_keys_of_the_contract_are_there(tmp_path: Path) -> None:
    """url, confidence, alternatives, occurrences, span, anchor, from; a line that is no plain row has a kind."""
    text = f"Twice: {ADDRESS} and {ADDRESS}.\nAccording to data compiled by Courier of Nowhere, more."
    file = tmp_path / "a.txt"
    file.write_text(text, "utf-8")

    ran = await crawl(tmp_path / "home", "links", str(file))
    plain, named = ran.rows
    assert 0 == ran.status
    keys = ("url", "confidence", "alternatives", "occurrences", "span", "anchor", "from")
    assert [ADDRESS, 0.99, [], 2, [7, 7 + len(ADDRESS)], None, "text"] == [plain[key] for key in keys]
    assert ("unresolved", None, "Courier of Nowhere") == (named["kind"], named["url"], named["source"])
    assert not (tmp_path / "home").exists()


async def test_a_page_is_read_from_its_own_address(tmp_path: Path) -> None:
    """Relative links start at --url."""
    file = tmp_path / "a.html"
    file.write_text("<!doctype html><a href='/acts/337'>the act</a>", "utf-8")

    ran = await crawl(tmp_path, "links", str(file), "--url", "https://court.example/x")
    assert [(ADDRESS, "the act", "href")] == [(row["url"], row["anchor"], row["from"]) for row in ran.rows]


async def test_a_broken_file_is_an_error(tmp_path: Path) -> None:
    """A cut PDF: exit status 3, one sentence, no traceback and no row; the same for a file that is not there."""
    file = tmp_path / "a.pdf"
    file.write_bytes(documents.pdf([ADDRESS])[:300])

    for broken in (file, tmp_path / "none.pdf"):
        ran = await crawl(tmp_path, "links", str(broken))
        assert (3, "") == (ran.status, ran.out)
        assert ran.err.startswith("crawl: ") and "Traceback" not in ran.err
