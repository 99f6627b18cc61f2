"""`crawl cites`: what a document cites is archived, by the reading that answers, in whatever edition can be had."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archive.door import Globals
from archive.ledger.book import Book
from archive.ledger.courts import by_code
from crawler.cites import Citing, Wish
from crawler.demo.site import Request, answer
from crawler.demo.world import World
from crawler.opening import opened
from tests.works.holding import hold
from tests.works.web import Answer, Web, article, moved, served
from tests.world.command import crawl

TIMES = "https://www.themoscowtimes.com"
WHOLE = f"{TIMES}/2031/07/19/invented-court-convicts-a-hundred-a-week-a81889"
CUT = WHOLE.removesuffix("-a81889")


@dataclass(frozen=True, slots=True)
class Ran:
    """What one run over a document told."""

    rows: list[dict[str, Any]]
    missed: int


async def cites(home: Path, file: str, web: Web, wish: Wish = Wish()) -> Ran:
    """As the command does it, without a process of its own."""
    rules, ca = [web.options[1], web.options[3]], [Path(web.options[5])]
    async with opened(Globals(home, connect_to=rules, ca=ca, pace=0)) as crawl:
        citing = Citing(crawl, wish)
        return Ran([row async for row in citing.rows(Path(file))], citing.missed)


def written(folder: Path, text: str, name: str = "a.txt") -> str:
    file = folder / name
    file.write_text(text, "utf-8")
    return str(file)


def visits(ran: Any) -> list[tuple[str, str, str]]:
    return [(row["role"], row["url"], row["outcome"]) for row in ran.rows if "outcome" in row]


def ends(ran: Any) -> list[dict[str, Any]]:
    return [row for row in ran.rows if row.get("kind") == "health"]


async def test_the_document_and_its_links_are_kept(tmp_path: Path) -> None:
    """Contract's keys, plus document; the document is a record with its digest; a table of health ends it."""
    url = "https://news.example/a"
    text = f"See {url} and {url}. According to data compiled by Courier of Nowhere, more. Case 1-12/2031 of nobody."
    file = written(tmp_path, text)
    async with served(Web({url: article("One")}), tmp_path) as web:
        ran = await crawl(tmp_path / "home", "cites", file, *web.options)
        plain = await crawl(tmp_path / "home", "url", url, *web.options)
        again = await crawl(tmp_path / "home", "cites", file, *web.options)
    verified = await crawl(tmp_path / "home", "verify")

    row = next(row for row in ran.rows if "outcome" in row)
    document = next(row for row in ran.rows if row.get("kind") == "document")
    (health,) = ends(ran)
    assert (0, 0, 0) == (ran.status, again.status, verified.status)
    assert set(plain.rows[0]) | {"document"} <= set(row)
    assert ("a.txt", url, "page", "cited") == (row["document"], row["url"], row["verdict"], row["role"])
    assert len(document["payload_sha256"]) == 64
    assert document["capture"] == next(row["capture"] for row in again.rows if row.get("kind") == "document")
    assert ("alive", url, 2, f"work:{url}") == (health["health"], health["url"], health["occurrences"], health["work"])
    assert "Courier of Nowhere" in [row.get("source") for row in ran.rows]
    assert [("1-12/2031", [])] == [(row["value"], row["cases"]) for row in ran.rows if row.get("kind") == "reference"]


async def test_a_case_that_the_ledger_holds(tmp_path: Path) -> None:
    """A judicial UID, and a number with its court, lead from the document to the case."""
    world = World(seed=1)
    entry = next(each for each in world.cases if each.uid and "(" not in each.number)
    court, parts = by_code(entry.court.code), urlsplit(entry.card)
    assert court is not None
    card = answer(world, Request("GET", "https", parts.hostname or "", f"{parts.path}?{parts.query}", ()))
    assert card is not None
    hold(tmp_path / "home", {entry.card: card.body}, read=True)
    file = written(tmp_path, f"УИД {entry.uid}. {court.name} рассмотрел дело № {entry.number}.")
    async with served(Web({}), tmp_path) as web:
        ran = await cites(tmp_path / "home", file, web)

    told = {row["reference"]: row["cases"] for row in ran.rows if row.get("kind") == "reference"}
    assert [1.0] == [each["confidence"] for each in told["uid"]]
    assert told["uid"][0]["case"] == told["case"][0]["case"]


async def test_a_broken_address_is_decided_by_the_answer(tmp_path: Path) -> None:
    """The cut form is a valid address and is answered too: both readings are asked for, and the page says which is its own."""
    text = f"A paragraph that is set over some lines of print, and then\n{CUT}\n-a81889\n\nis told."
    page = article("Invented court", f'<link rel="canonical" href="{WHOLE}">')
    file = written(tmp_path, text)
    async with served(Web({WHOLE: page, CUT: moved(WHOLE)}), tmp_path) as web:
        ran = await cites(tmp_path / "home", file, web)

    assert {("cited", WHOLE)} <= {(role, url) for role, url, _ in visits(ran)}
    assert [WHOLE] == [row["url"] for row in ends(ran)]


async def test_readings_that_both_may_be(tmp_path: Path) -> None:
    """A hyphen at the break, a line full to its edge: who answers is meant, and the other is kept as asked for."""
    right, wrong = "https://news.example/story/well-known", "https://news.example/story/well-"
    filler = "words of an invented text that are set to the very edge of it"
    text = (
        f"{filler}\n{filler}\n{filler}\n{filler}\n{'x' * 30} {wrong}\nknown parts of the story were told {filler}\n{filler}\n"
    )
    file = written(tmp_path, text)
    async with served(Web({right: article("Known")}), tmp_path) as web:
        ran = await cites(tmp_path / "home", file, web)

    (health,) = ends(ran)
    asked = {url for _, url, _ in visits(ran)}
    assert 0 == ran.missed
    assert (right, "alive") == (health["url"], health["health"]), (asked, health)
    if len(asked) > 1:
        assert "by the answer" in health["decided"]


async def test_editions_are_tried_in_order(tmp_path: Path) -> None:
    """The address as cited, the original, mirrors of the day, and no public archive unless a person allows it."""
    cited = "https://gate-1.example/2031/07/19/a-slug-of-the-invented-court-a41774"
    path = cited.partition("example")[2]
    original, mirror = f"https://ru.themoscowtimes.com{path}", f"https://gate-2.example{path}"
    lists = tmp_path / "history.tsv"
    lists.write_text(
        "origin\tmirror_host\tfirst_seen\tlast_seen\tin_last_commit\n"
        "https://www.moscowtimes.ru/\tgate-1.example\t2031-07-01\t2031-08-01\t0\n"
        "moscowtimes.ru\tgate-2.example\t2031-07-01\t2031-09-01\t0\n"
        "moscowtimes.ru\tgate-3.example\t2031-10-01\t2031-11-01\t0\n"
    )
    file = written(tmp_path, f"Read {cited} today.")
    down = frozenset(("gate-1.example", "ru.themoscowtimes.com", "gate-3.example"))
    async with served(Web({mirror: article("Mirror", language="ru")}, down), tmp_path) as web:
        await crawl(tmp_path / "home", "mirrors", "import", str(lists))
        ran = await cites(tmp_path / "home", file, web, Wish(date(2031, 7, 20)))

    (health,) = ends(ran)
    assert 0 == ran.missed
    assert [("cited", cited), ("original", original), ("mirror", mirror)] == [(role, url) for role, url, _ in visits(ran)]
    assert ("failing", "mirror", f"work:{original}") == (health["health"], health["edition"], health["work"])
    assert not any("archive.org" in url for url in web.asked)


async def test_the_english_edition_is_tried(tmp_path: Path) -> None:
    """Where the original cannot be had, the publisher's English one is, and says so."""
    ru, en = "https://zona.media/article/2031/07/18/337", "https://en.zona.media/article/2031/07/19/337"
    file = written(tmp_path, f"{ru} and in English {en}")
    async with served(Web({en: article("English")}, frozenset(("zona.media",))), tmp_path) as web:
        ran = await cites(tmp_path / "home", file, web)

    told = {row["url"]: (row["health"], row["edition"]) for row in ends(ran)}
    assert {ru: ("failing", "english"), en: ("alive", "cited")} == told
    assert 1 == len({row["work"] for row in ends(ran)})


async def test_a_public_archive_is_asked_where_allowed(tmp_path: Path) -> None:
    """A TimeGate by the citation's day, then CDX; the copy is marked as one, and is no capture of the address itself."""
    dead, other = "https://news.example/dead", "https://news.example/older"
    gate, copied = f"https://web.archive.org/web/{dead}", f"https://web.archive.org/web/20310719080000/{dead}"
    listed = (
        "https://web.archive.org/cdx/search/cdx?url=https%3A%2F%2Fnews.example%2Folder&output=json&filter=statuscode:200&limit=8"
        "&sort=closest&closest=20310720"
    )
    older = f"https://web.archive.org/web/20310601000000id_/{other}"
    memento = (("Content-Type", "text/html"), ("Memento-Datetime", "Sat, 19 Jul 2031 08:00:00 GMT"))
    rows = b'[["urlkey","timestamp","original"],["x","20290101000000","%b"],["x","20310601000000","%b"]]'
    web = Web(
        {
            dead: Answer(b"", 404), other: Answer(b"", 410), gate: moved(copied), copied: Answer(article("Dead"), 200, memento),
            listed: Answer(rows % (other.encode(), other.encode()), 200, (("Content-Type", "application/json"),)),
            older: article("Older"),
        }
    )  # fmt: skip
    file = written(tmp_path, f"{dead} {other}")
    async with served(web, tmp_path):
        never = await cites(tmp_path / "home", file, web, Wish(date(2031, 7, 20)))
        before = list(web.asked)
        ran = await cites(tmp_path / "home", file, web, Wish(date(2031, 7, 20), archives=True))

    assert (2, 0) == (never.missed, ran.missed)
    assert not any("archive.org" in url for url in before)
    assert {"archive"} == {row["edition"] for row in ends(ran)}
    copies = {row["cited"]: row["copy"] for row in ran.rows if row.get("role") == "archive" and row["copy"]}
    assert {"of": dead, "archive": "web.archive.org", "taken": "2031-07-19T08:00:00+00:00"} == copies[dead]
    assert "2031-06-01T00:00:00+00:00" == copies[other]["taken"]
    assert "Sun, 20 Jul 2031 12:00:00 GMT" == web.fields[gate]["accept-datetime"]


async def test_a_data_story_brings_its_figures(tmp_path: Path) -> None:
    """The numbers are not in the page: the bundle that its widget names, and the data file which that names, come too."""
    page, host = "https://zona.media/article/2031/07/18/tally", "https://s3.zona.media/infographics/tally"
    bundle = f"{host}/main.0a1b2c3d4e5f.js.gz"
    widget = '<div data-html="&lt;script src=&quot;' + bundle + '&quot;&gt;&lt;/script&gt;"></div>'
    script = gzip.compress(b"fetch(\"data/cases.json\");var rows=JSON.parse('[[337,18159]]')")
    data = f"{host}/data/cases.json"
    web = Web(
        {
            page: article("Tally", body="<p>" + "Words of an invented tally. " * 40 + f"</p>{widget}", language="ru"),
            bundle: Answer(script, 200, (("Content-Type", "application/javascript"),)),
            data: Answer(b"[[337,18159]]", 200, (("Content-Type", "application/json"),)),
        }
    )
    file = written(tmp_path, page)
    async with served(web, tmp_path):
        ran = await cites(tmp_path / "home", file, web)

    assert [("cited", page), ("data", bundle), ("data", data)] == [(role, url) for role, url, _ in visits(ran)]
    assert 0 == ran.missed


async def test_what_cannot_be_fetched(tmp_path: Path) -> None:
    """Exit status 3; the rest is kept, and each link says how it stands."""
    pages: dict[str, Answer | bytes] = {
        "https://news.example/good": article("Good"),
        "https://news.example/new": article("New"),
        "https://news.example/old": moved("https://news.example/new"),
        "https://news.example/home": moved("https://news.example/"),
        "https://news.example/": article("Front"),
        "https://news.example/lost": article("Страница не найдена", body="<p>Нет такой страницы.</p>"),
        "https://news.example/shut": Answer(b"<title>Access denied</title>", 403),
        "https://news.example/paid": article(
            "Paid", '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false}</script>'
        ),
    }
    urls = [
        *(url for url in pages if url not in ("https://news.example/", "https://news.example/new")),
        "https://gone.example/x",
    ]
    file = written(tmp_path, "\n\n".join(f"See {url} now." for url in urls))
    async with served(Web(pages, frozenset(("gone.example",))), tmp_path) as web:
        ran = await crawl(tmp_path / "home", "cites", file, *web.options)

    told = {row["url"].removeprefix("https://news.example/"): row["health"] for row in ends(ran)}
    assert {
        "good": "alive", "old": "moved", "home": "soft-404", "lost": "soft-404", "shut": "blocked", "paid": "paywalled",
        "https://gone.example/x": "failing",
    } == told  # fmt: skip
    assert 3 == ran.status
    assert "not asked (--web-archives)" in ran.err


async def test_drift_is_measured_on_the_text(tmp_path: Path) -> None:
    """The same article under other headlines has not moved; one that was rewritten has."""
    url = "https://news.example/a"
    file = written(tmp_path, url)
    told = []
    pages: dict[str, Answer | bytes] = {}
    bodies = [
        None,
        None,
        "<p>" + "Everything in this invented article was rewritten by somebody else overnight. " * 12 + "</p>",
    ]
    for number, body in enumerate(bodies):
        pages[url] = article(f"Title {number}", f"<!-- rate {number} -->", body)
        async with served(Web(pages), tmp_path) as web:
            ran = await cites(tmp_path / "home", file, web)
        told.append(ends(ran)[0]["drift"])

    assert [None, 0.0] == told[:2]
    assert told[2] > 0.9


async def test_a_document_that_cannot_be_read(tmp_path: Path) -> None:
    """It is kept, the reason is told, and the next one is worked on."""
    url = "https://news.example/a"
    broken = tmp_path / "a.pdf"
    broken.write_bytes(b"%PDF-1.7\nbroken")
    async with served(Web({url: article("One")}), tmp_path) as web:
        ran = await crawl(tmp_path / "home", "cites", str(broken), written(tmp_path, url), *web.options)

    assert 3 == ran.status
    assert ["a.pdf", "a.txt"] == [row["document"] for row in ran.rows if row.get("kind") == "document"]
    assert ["alive"] == [row["health"] for row in ends(ran)]


async def test_a_rebuilt_ledger_is_the_same(tmp_path: Path) -> None:
    """Documents and lists are evidence and no pages: reading the archive again gives the ledger that was."""
    url = "https://news.example/a"
    lists = tmp_path / "sites.json"
    lists.write_text('{"https://news.example/": ["gate.example"]}')
    async with served(Web({url: article("One")}), tmp_path) as web:
        await crawl(tmp_path / "home", "mirrors", "import", str(lists))
        await cites(tmp_path / "home", written(tmp_path, url), web)
    with Book.open(tmp_path / "home") as book:
        before = book.digest()
    rebuilt = await crawl(tmp_path / "home", "rebuild")
    checked = await crawl(tmp_path / "home", "reread", "--check")

    told = next((row["rows"], row["sha256"]) for row in rebuilt.rows if row["file"] == "ledger.sqlite")
    assert (before, 0) == (told, checked.status)
