"""Claims on their way: out of an article's page or a file, into the ledger, and out of `crawl claims`."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from archive.ledger.stated import of_values
from archive.memento import Memento
from crawler.papers import dated, stated
from crawler.readers import read
from tests.world.command import crawl

URL = "https://news.example/2031/06/30/tally"
PARAGRAPHS = (
    "Военные суды Вымышленска зарегистрировали больше тысячи дел об отказе от службы, подсчитал «Учётный лист».",
    "По <b>статье 337</b>&nbsp;УК&nbsp;— 1&nbsp;105 дел, по статье 332&nbsp;— 25, по статье 338&nbsp;— 12.",
    "В апреле 2031 года суды вынесли 748 приговоров, то есть 34 за каждый рабочий день, и ещё много говорили о погоде.",
    "К концу мая в суды поступили дела в отношении 1&nbsp;150 человек, из них 721 уже осуждён; остальные ждут решения.",
)
RATES = '<p class="rates">USD 78,51 EUR 90,12</p>'


def page(*before: str, rates: str = RATES, strange: bool = False) -> bytes:
    """The article, with what stands before it; strange: in a build that is not plain."""
    text = "\n".join(f"<p>{each}</p>" for each in PARAGRAPHS)
    text += "<p>" + "Дальше в статье рассказано, как считали дела и почему выбраны эти суды. " * 8 + "</p>"
    if strange:
        text = text.replace("<p>", "<div class=x><span>").replace("</p>", "</span></div>")
    return (
        '<!DOCTYPE html><html lang="ru"><head><meta charset="utf-8"><title>Подсчёт</title>'
        '<meta property="og:type" content="article"><meta property="article:published_time" content="2031-06-30T10:00:00+03:00">'
        f"</head><body><header>{''.join(before)}</header><article><h1>Подсчёт</h1>{rates}{text}</article></body></html>"
    ).encode()


def said(body: bytes) -> dict[str, list[tuple[str, str, str | None]]]:
    """The values of each claim of the page."""
    reading = read(Memento.saved(URL, body, [("Content-Type", "text/html; charset=utf-8")]))
    source = body.decode()
    found: dict[str, list[tuple[str, str, str | None]]] = {}
    for each in reading.observations:
        assert source[each.start : each.end] == each.quote
        if "#claim:" in each.subject:
            assert each.derived
            found.setdefault(each.subject, []).append((each.property, each.raw, each.value))
    return found


def test_a_page_states_claims_each_quoted_where_it_stands() -> None:
    """Every property is a slice of the source, markup and no-break spaces in it, and derived: it was concluded."""
    found = said(page())

    assert list(found) == [f"{URL}#claim:{n}" for n in range(1, 9)]
    assert found[f"{URL}#claim:2"] == [
        ("metric", "По статье 337 УК — 1 105 дел, по статье 332 — 25, по статье 338 — 12.", "received"),
        ("stated", "1 105", "1105"),
        ("unit", "дел", "case"),
        ("article", "статье 337", "337"),
        ("as_of", "К концу мая", "2031-05-31"),
        ("country", "По статье 337 УК — 1 105 дел, по статье 332 — 25, по статье 338 — 12.", "RU"),
    ]


def test_any_build_of_page_states_the_same() -> None:
    """Where the text is not plain paragraphs its lines are read: the claims are the same."""
    plain, strange = said(page()), said(page(strange=True))

    assert list(plain.values()) == list(strange.values()) != []


def test_the_ledger_gives_back_the_claim_that_was_read() -> None:
    """Values and claim are one: what is entered is what is checked."""
    claims = [of_values(URL, subject, values) for subject, values in said(page()).items()]

    assert [(claim.metric, claim.unit, claim.exact and int(claim.exact), claim.articles) for claim in claims if claim] == [
        ("received", "case", None, ()),
        ("received", "case", 1105, ("337",)),
        ("received", "case", 25, ("332",)),
        ("received", "case", 12, ("338",)),
        ("verdicts", "verdict", 748, ()),
        ("verdicts", "verdict/working-day", 34, ()),
        ("received", "person", 1150, ()),
        ("convicted", "person", 721, ()),
    ]


def test_half_a_claim_is_none() -> None:
    """A ledger that holds a metric without a figure, or a figure that is none, holds no claim."""
    assert of_values("s", "s#claim:1", [("metric", "q", "received"), ("unit", "case", "case")]) is None
    assert of_values("s", "s#claim:1", [("metric", "q", "received"), ("unit", "q", "case"), ("stated", "q", "many")]) is None
    assert of_values("s", "s#claim:1", [("metric", "q", "fame"), ("unit", "q", "case"), ("stated", "5", "5")]) is None


def body_of(page_: bytes) -> str:
    reading = read(Memento.saved(URL, page_, [("Content-Type", "text/html; charset=utf-8")]))
    return next(each.raw for each in reading.observations if each.property == "body")


def test_what_passes_makes_no_new_version() -> None:
    """Rates, counters and headlines are other ones at every visit; the article is the same until its text is another."""
    first = body_of(page("<p>Просмотров: 1 204</p>"))
    later = body_of(
        page(
            "<ul><li><a href=/a>Совсем другой заголовок дня</a></li></ul>",
            rates='<p class="rates">USD 80,02 EUR 91,30 Brent 68,2</p><p>1 999 просмотров</p><p>5 минут назад</p>'
            '<p><a href="/b">Другой заголовок, который завтра сменится</a></p>',
        )
    )

    assert first == later
    assert first != body_of(page().replace("748 приговоров".encode(), "749 приговоров".encode()))


async def test_claims_of_a_file_are_checked(tmp_path: Path) -> None:
    """A text without an archive: arithmetic decides, in the keys that scripts rely on; a file without claims is status 5."""
    text = tmp_path / "tally.txt"
    text.write_text(
        "VYMYSHLENSK: 30 June 2031 – In April, Russian courts issued 748 verdicts, or 34 for every working day.\n"
        "Over the same period, 900 cases were received under Article 337.\n"
    )
    bare = tmp_path / "bare.md"
    bare.write_text("Nothing is counted here, and no court is named.\n")

    ran = await crawl(tmp_path / "home", "claims", str(text))
    none = await crawl(tmp_path / "home", "claims", str(bare))

    assert ran.status == 0
    assert [
        (row["metric"], row["unit"], row["stated"], row["period"], row["verdict"], row["computed"]) for row in ran.rows
    ] == [
        ("verdicts", "verdict", 748, "2031-04-01/2031-04-30", "arithmetic holds", None),
        ("verdicts", "verdict/working-day", 34, "2031-04-01/2031-04-30", "arithmetic holds", "34 (34.00)"),
        ("received", "case", 900, "2031-04-01/2031-04-30", "not computable", None),
    ]
    assert ran.rows[0]["claim"] == f"{text}#claim:1"
    assert (none.status, none.out) == (5, "")


async def test_claims_of_the_ledger_are_held_against_a_file(tmp_path: Path) -> None:
    """A page that was taken in states its claims; a file that says otherwise of the same disagrees; a broken file is told."""
    home, saved, other = tmp_path / "home", tmp_path / "page.html", tmp_path / "other.txt"
    saved.write_bytes(page())
    other.write_text("В апреле 2031 года суды вынесли 999 приговоров по делам об отказе от службы.")

    taken = await crawl(home, "import", str(saved), "--url", URL)
    own = await crawl(home, "claims")
    held = await crawl(home, "claims", str(other))
    broken = await crawl(home, "claims", str(tmp_path / "absent.pdf"))

    assert (taken.status, own.status, held.status, broken.status) == (0, 0, 0, 3)
    assert [row["claim"] for row in own.rows] == [f"{URL}#claim:{n}" for n in range(1, 9)]
    assert {row["verdict"] for row in own.rows} == {"arithmetic holds"}
    [row] = held.rows
    assert (row["stated"], row["verdict"]) == (999, "disagrees")
    assert f"748 in {URL}" in row["reason"]


def test_a_file_of_a_page_is_read_as_an_article(tmp_path: Path) -> None:
    """HTML states what its article states, each with its own source."""
    file = tmp_path / "page.html"
    file.write_bytes(page())

    found = stated(file, URL)

    assert [claim.id for claim in found] == [f"{URL}#claim:{n}" for n in range(1, 9)]
    assert {claim.source for claim in found} == {URL}


def test_a_text_tells_its_own_day() -> None:
    """In its dateline, or in the address it was printed from; else it tells none."""
    assert dated("VYMYSHLENSK: 30 June 2031 – Courts ...") == date(2031, 6, 30)
    assert dated("Courts ...\nOriginal url:\nhttps://paper.example/2031/07/19/courts-a1") == date(2031, 7, 19)
    assert dated("Courts received cases.") is None


def test_rows_are_json_lines_with_real_numbers() -> None:
    """What a program reads: numbers are numbers, absent is null."""
    from archive.ledger.claims import check

    claims = [claim for subject, values in said(page()).items() if (claim := of_values(URL, subject, values))]
    rows = [json.loads(json.dumps(each.row())) for each in check(claims)]

    assert [row.get("stated") for row in rows][1:4] == [1105, 25, 12]
    assert (rows[0]["stated_low"], rows[0]["stated_high"]) == (1000, None)
