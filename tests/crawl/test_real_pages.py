"""Pages that courts really sent, served on loopback under their addresses and crawled with the command."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from archive.store import Archive
from tests.world.command import Ran, crawl
from tests.world.pages import Given, serving

pytestmark = pytest.mark.real

GOOD = (
    "giaginsky_listing_nc1_raw_cp1251.html",
    "excerpt_2zovs_listing_art205.1.cp1251.html",
    "excerpt_2zovs_hearings_2026-08-12.cp1251.html",
    "leninsky_ufa_criminal.html",
)
NOT_THE_PAGE = {
    "ksoyu_listing_bad_new.html": "wrong-query",
    "ksoyu_listing_captcha_gate.html": "captcha",
    "ksoyu_temporarily_unavailable.html": "outage",
    "sudrf_captcha_form.html": "captcha",
    "retyped_blocked_G.html": "blocked",
    "retyped_invalid_format.html": "wrong-query",
}


@pytest.fixture(scope="module")
def pages(realdata: Path) -> dict[str, tuple[str, Given]]:
    """Address and answer by file name, as pages.tsv gives them."""
    with (realdata / "sudrf" / "pages.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    folder = realdata / "sudrf" / "pages"
    return {row["file"]: (row["url"], Given((folder / row["file"]).read_bytes(), row["content_type"])) for row in rows}


async def crawled(home: Path, pages: dict[str, tuple[str, Given]], names: tuple[str, ...]) -> dict[str, Ran]:
    """Each page in a visit of its own: several files stand for one address."""
    ran = {}
    for name in names:
        url, given = pages[name]
        async with serving({url: given}) as served:
            reach = [word for rule in served.connect_to for word in ("--connect-to", rule)]
            ran[name] = await crawl(home, "url", url, *reach, "--ca", str(served.ca), "--pace", "0")
    return ran


async def test_what_courts_sent_is_kept_read_and_proved(tmp_path: Path, pages: dict[str, tuple[str, Given]]) -> None:
    """Every value right and at its place; the ledger is the same when it is made anew from the archive."""
    home = tmp_path / "home"
    ran = await crawled(home, pages, GOOD)

    assert {name: ("page", None, 0) for name in GOOD} == {
        name: (done.rows[0]["verdict"], done.rows[0]["error"], done.status) for name, done in ran.items()
    }
    assert [ran[name].rows[0]["observations"] for name in GOOD] == [109, 328, 135, 45]
    with Archive.open(home) as archive:
        for name in GOOD:
            memento = archive.memento(archive.capture(ran[name].rows[0]["capture"]))
            assert pages[name][1].body == memento.entity

    cases = {number: row for row in (await crawl(home, "cases")).rows for number in row["numbers"]}
    appeal = cases["22-1097/2026"]
    assert appeal["articles"] == ["337/5"]
    values = {(row["property"], row["value"]) for row in (await crawl(home, "case", "22-1097/2026")).rows}
    assert {("lower_number", "1-105/2026"), ("lower_court", "77GV0021"), ("time", "09:00"), ("date", "2026-08-12")} <= values
    assert tuple(cases["1-151/2026"][name] for name in ("uid", "received", "result", "decided")) == (
        "03RS0003-01-2026-003803-62",
        "2026-04-22",
        "terminated",
        "2026-05-06",
    )

    before = (await crawl(home, "verify")).rows
    assert "FAIL" not in {row["outcome"] for row in before}
    digests = await crawl(home, "rebuild")
    again = await crawl(home, "rebuild")
    assert digests.rows == again.rows
    check = await crawl(home, "reread", "--check")
    assert (check.status, len(check.rows)) == (0, 4)


async def test_a_page_that_is_not_the_page_changes_nothing(tmp_path: Path, pages: dict[str, tuple[str, Given]]) -> None:
    """A captcha, an outage, a block, a wrong query: kept, called by name, and what was known stays known."""
    home = tmp_path / "home"
    await crawled(home, pages, GOOD)
    known = (await crawl(home, "cases")).out
    ran = await crawled(home, pages, tuple(NOT_THE_PAGE))

    assert {name: (word, 0, 3) for name, word in NOT_THE_PAGE.items()} == {
        name: (done.rows[0]["verdict"], done.rows[0]["observations"], done.status) for name, done in ran.items()
    }
    assert known == (await crawl(home, "cases")).out


async def test_a_saved_page_reads_as_the_served_one(
    tmp_path: Path, realdata: Path, pages: dict[str, tuple[str, Given]]
) -> None:
    """`crawl read` needs neither network nor archive, and says the same."""
    for name, count in zip(GOOD, (109, 328, 135, 45), strict=True):
        url, given = pages[name]
        headers = tmp_path / "headers"
        headers.write_text(f"HTTP/1.1 200 OK\r\nContent-Type: {given.content_type}\r\n\r\n", "ascii")
        file = realdata / "sudrf" / "pages" / name
        ran = await crawl(tmp_path / "no home", "read", str(file), "--url", url, "--headers", str(headers))
        said = [row for row in ran.rows if row["kind"] == "observation"]
        text = given.body.decode(said[0]["charset"], "replace")

        assert (0, count) == (ran.status, len(said))
        assert [row["quote"] for row in said] == [text[row["start"] : row["end"]] for row in said]
    assert not (tmp_path / "no home").exists()
