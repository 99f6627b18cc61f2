"""What happened, as `crawl changes` tells it: dated by courts, observed by captures, and nothing concluded from absence."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from archive.ledger.book import Book
from archive.ledger.case import fold
from archive.ledger.tally import Question, tally
from archive.ledger.timeline import pages, timeline
from tests.world.command import crawl

KEYS = ("event", "case", "kind", "date", "time", "observed", "registration", "detail", "captures", "id")
HEARING = {"name": ("Судебное заседание", "hearing"), "date": ("20.04.2025", "2025-04-20"), "time": "10:00"}


def told(book):
    sightings = book.sightings()
    (case,) = fold(sightings, book.ties())
    return timeline(case, pages(sightings, book.extractions()))


def events(book):
    return [(event.event, event.date, event.kind, event.captures[0][-1]) for event in told(book)]


def test_the_command_tells_what_is_new(tmp_path, world):
    """One line an event, with the keys that scripts rely on; `--since` asks by the time of the first look."""
    first = world.card("ffff-1", court="57GV0001", number="1-1/2025", received=("01.04.2025", "2025-04-01"), events=[HEARING])
    second = world.card(
        "ffff-1", court="57GV0001", number="1-7/2026", number_previous="1-1/2025", received=("01.04.2025", "2025-04-01"),
        events=[HEARING], decided=("20.04.2025", "2025-04-20"), result=("Вынесен ПРИГОВОР", "verdict"),
    )  # fmt: skip
    with Book.open(tmp_path, write=True) as book:
        book.enter_many([world.entry(1, first), world.entry(60, second)])

    async def run():
        since = (world.midnight + timedelta(minutes=30)).isoformat()
        return await asyncio.gather(
            crawl(tmp_path, "changes"), crawl(tmp_path, "changes", "--since", since), crawl(tmp_path, "changes", "--since", "2030-01-01")
        )  # fmt: skip

    every, late, none = asyncio.run(run())
    assert (every.status, late.status, none.status) == (0, 0, 5)
    assert {tuple(row) for row in every.rows} == {KEYS}
    assert [(row["event"], row["date"], row["observed"]) for row in every.rows] == [
        ("received", "2025-04-01", "2025-06-01T00:01:00Z"),
        ("hearing", "2025-04-20", "2025-06-01T00:01:00Z"),
        ("number-changed", None, "2025-06-01T01:00:00Z"),
        ("verdict", "2025-04-20", "2025-06-01T01:00:00Z"),
    ]
    assert late.rows == every.rows[2:]
    assert late.rows[0]["detail"] == "1-1/2025 -> 1-7/2026"


def test_a_newer_parser_sees_more_in_the_same_bytes(book, world):
    """What a mended reader finds is told as a change of the parser, never as news from the court."""
    blind = world.card("ffff-1", court="57GV0001", number="1-1/2025")
    seeing = world.card("ffff-1", court="57GV0001", number="1-1/2025", parser="sudrf/2", act="https://court.test/act")
    book.enter_many([world.entry(1, blind)])
    same = world.capture(2, seeing, payload_sha256=world.capture(1, blind).payload_sha256)
    book.enter(same, seeing.reading())
    assert events(book) == [("act-published", None, "parser", "2")]
    other = world.card(
        "ffff-1", court="57GV0001", number="1-1/2025", parser="sudrf/2", act=["https://court.test/act", "https://court.test/2"]
    )
    book.enter_many([world.entry(3, other)])
    assert events(book)[-1] == ("act-published", None, "source", "3")


def test_a_page_says_less_than_before(book, world):
    """A hearing, an act and a name that a later card leaves out have not ended, been withdrawn or been hidden."""
    whole = world.card("ffff-1", court="57GV0001", number="1-1/2025", act="https://court.test/act", events=[HEARING],
                       persons=[{"name": "Вымыслов И.И."}])  # fmt: skip
    book.enter_many([world.entry(1, whole)])
    before = told(book)
    book.enter_many([world.entry(2, world.card("ffff-1", court="57GV0001", number="1-1/2025"))])
    book.enter_many([world.entry(3, world.Page("card"), verdict="captcha")])
    assert told(book) == before
    hidden = world.card("ffff-1", court="57GV0001", number="1-1/2025", persons=[{"name": ("Информация скрыта", None)}])
    book.enter_many([world.entry(4, whole), world.entry(5, hidden)])
    assert next(event for event in told(book) if event not in before).event == "anonymised"


def test_no_event_names_a_man(book, world):
    """A change tells how many names were hidden, and never which."""
    for seq, name in ((1, "Вымыслов И.И."), (2, ("Информация скрыта", None))):
        book.enter_many([world.entry(seq, world.card("ffff-1", court="57GV0001", number="1-1/2025", persons=[{"name": name}]))])
    assert [(event.event, event.detail) for event in told(book)] == [("anonymised", "1 of 1")]


def test_a_reader_is_mended_and_reads_the_old_pages_again(book, world):
    """What only the newer reader sees in an old capture is a change of the parser, seen when it read it; the rest is as it was."""
    first = {"court": "57GV0001", "number": "1-1/2025", "received": ("01.04.2025", "2025-04-01")}
    blind, seeing = world.card("ffff-1", **first), world.card("ffff-1", **first, parser="sudrf/2", events=[HEARING])
    book.enter_many([world.entry(1, blind)])
    before = [(event.id, event.kind, event.observed) for event in told(book)]
    book.enter(world.capture(1, blind), seeing.reading())
    older = book.superseded()
    (case,) = fold(book.sightings(), book.ties())
    after = timeline(case, pages(book.sightings(), book.extractions(), pages(book.sightings(of=older), older)))
    assert before == [(event.id, event.kind, event.observed) for event in after if event.event == "received"]
    assert [("hearing", "parser")] == [(event.event, event.kind) for event in after if event.event != "received"]


def test_a_newer_version_that_reads_the_same_is_no_news(book, world):
    """The same bytes and the same values by another version: no event, no id and no figure moves."""
    lines = {"court": "57GV0001", "number": "1-1/2025", "received": ("01.04.2025", "2025-04-01"), "act": "https://court.test/act",
             "persons": [{"name": "Вымыслов И.И.", "article": ("ст.337 ч.5", "337/5")}], "events": [HEARING],
             "decided": ("20.04.2025", "2025-04-20"), "result": ("Вынесен ПРИГОВОР", "verdict")}  # fmt: skip
    page, again = world.card("ffff-1", **lines), world.card("ffff-1", **lines, parser="sudrf/2")
    book.enter_many([world.entry(1, page)])
    before, figures = told(book), tally(fold(book.sightings()), Question(by=("month", "article")))
    book.enter(world.capture(1, page), again.reading())
    older = book.superseded()
    (case,) = fold(book.sightings(), book.ties())
    assert before == timeline(case, pages(book.sightings(), book.extractions(), pages(book.sightings(of=older), older)))
    assert figures == tally(fold(book.sightings()), Question(by=("month", "article")))


def test_an_event_keeps_its_id_whatever_comes_later(book, world):
    """Ids are of the event itself: more captures, or the same in another order, give the same ones."""
    first = world.card("ffff-1", court="57GV0001", number="1-1/2025", received=("01.04.2025", "2025-04-01"))
    timed = {"name": ("Поступление дела", "received"), "date": ("01.04.2025", "2025-04-01"), "time": "09:15"}
    second = world.card("ffff-1", court="57GV0001", number="1-7/2026", number_previous="1-1/2025", events=[timed, HEARING],
                        received=("01.04.2025", "2025-04-01"))  # fmt: skip
    book.enter_many([world.entry(1, first)])
    before = {event.id for event in told(book)}
    book.enter_many([world.entry(2, second)])
    after = {event.id for event in told(book)}
    assert before < after and len(after) == len(told(book)) == 3


def test_what_we_did_ourselves_is_no_news_from_the_court(tmp_path, world):
    """A link, its undo and a correction are changes of two more kinds, with the decision as their capture, and no name in them."""
    left, right = "reg:criminal-1:aaaa-1", "reg:criminal-1:bbbb-1"
    with Book.open(tmp_path, write=True) as book:
        book.enter_many(
            [
                world.entry(n, world.card(key, court="57GV0001", number=f"1-{n}/2025"))
                for n, key in ((1, "aaaa-1"), (2, "bbbb-1"))
            ]
        )
        made = world.decided(book, "identity", left, right, same=True, reason="Вымыслов тот же")
        world.decided(book, "identity", left, right, undoes=made)
        world.decided(book, "correction", left, property="result", value="convicted", was=["terminated"])
        world.decided(book, "correction", f"{left}#person:1", property="name", value="Сказкин С.С.", was=["Вымыслов И.И."])
    rows = asyncio.run(crawl(tmp_path, "changes")).rows
    assert {row["date"] for row in rows} == {None}
    assert {(row["kind"], row["event"], row["detail"]) for row in rows} == {
        ("identity", "severed", f"{right}: taken back by a person"),
        ("identity", "joined", f"{right}: by a person"),
        ("correction", "other", "person:1 name"),
        ("correction", "other", "result: terminated -> convicted"),
    }


def test_a_verdict_of_each_person_is_an_event(book, world):
    """Two people on two days are two verdicts, each with its articles; nobody is named."""
    people = [{"name": name, "article": ("ст.337 ч.5", "337/5"), "decided": (day, f"2025-04-{day[:2]}"), "result": ("осужден", "convicted")}
              for name, day in (("Вымыслов И.И.", "20.04.2025"), ("Сказкин С.С.", "25.04.2025"))]  # fmt: skip
    book.enter_many([world.entry(1, world.card("ffff-1", court="57GV0001", persons=people, decided=("25.04.2025", "2025-04-25"),
                                               result=("Вынесен ПРИГОВОР", "verdict")))])  # fmt: skip
    assert [("verdict", "2025-04-20", "337/5: осужден"), ("verdict", "2025-04-25", "337/5: осужден")] == [
        (event.event, event.date, event.detail) for event in told(book)
    ]
