"""The readers on pages that courts really sent. The pages hold real people: here are counts, numbers and digests only."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from pathlib import Path

import pytest

from archive.ledger.observation import Counter as Window
from archive.ledger.observation import Reading
from archive.text import decode_text
from crawler.page import Page
from crawler.sites.sudrf import SOURCE

REAL = Path(__file__).parents[2].parent / "shared" / "realdata" / "sudrf"
if not REAL.exists():  # a worktree lies one folder deeper
    REAL = Path(__file__).parents[3].parent / "shared" / "realdata" / "sudrf"

pytestmark = [pytest.mark.real, pytest.mark.skipif(not REAL.exists(), reason="no ../shared/realdata")]


def opened(name: str) -> Page:
    with (REAL / "pages.tsv").open(encoding="utf-8") as rows:
        row = next(row for row in csv.DictReader(rows, delimiter="\t") if row["file"] == name)
    body = (REAL / "pages" / name).read_bytes()
    return Page.open(body, row["url"], content_type=row["content_type"], default_charset=SOURCE.charset)


def read(name: str) -> Reading:
    page = opened(name)
    answer = SOURCE.judge(page)
    assert answer is not None
    assert answer[0] == "page"
    reading = SOURCE.read(page)
    source = decode_text((REAL / "pages" / name).read_bytes(), reading.charset)
    for said in reading.observations:
        assert source[said.start : said.end] == said.quote
    return reading


def values(reading: Reading, property: str, part: str = "") -> list[str | None]:
    """Values of a property in page order; part: of which part of a registration ("#person", "#event", "": of itself)."""
    return [
        o.value
        for o in reading.observations
        if o.property == property and (part in o.subject if part else "#" not in o.subject)
    ]


def digest(texts: list[str | None]) -> str:
    return hashlib.sha256("\n".join(str(text) for text in texts).encode()).hexdigest()[:16]


def test_the_listing_of_an_ordinary_court() -> None:
    """Nine rows of January 2023, raw windows-1251 without a head: numbers, dates, articles, results, acts."""
    reading = read("giaginsky_listing_nc1_raw_cp1251.html")
    assert (reading.counter, reading.charset, reading.unread) == (Window(9, 1, 9), "cp1251", ())
    assert reading.flags == ("unknown-court",)
    assert values(reading, "number") == [f"1-{n}/2023" for n in range(25, 16, -1)]
    assert Counter(values(reading, "received")) == {"2023-01-31": 2, "2023-01-27": 5, "2023-01-20": 1, "2023-01-10": 1}
    assert values(reading, "article", "#person") == [
        "264.1/1", "306/1", "285/1", "264/1", "228/2", "158/3/г", "158/2/в",
        "159/3", "159/3", "292/2", "292/2", "292/2", "159/3", "157/1",
    ]  # fmt: skip
    assert Counter(values(reading, "result")) == {"verdict": 7, "terminated": 1, "returned-to-prosecutor": 1}
    assert values(reading, "decided")[:3] == ["2023-02-13", "2023-02-13", "2023-03-29"]
    assert values(reading, "in_force") == [
        "2023-03-01", "2023-03-01", "2023-03-21", "2023-03-20", "2023-03-07", "2023-03-10", "2023-09-07", "2023-03-20",
    ]  # fmt: skip
    assert (len(values(reading, "act")), len(set(values(reading, "card")))) == (6, 9)
    assert set(values(reading, "court")) == {"giaginsky--adg"}
    assert digest(values(reading, "name", "#person")) == "a917d6bfbeea2632"
    assert digest(values(reading, "judge")) == "49c1c9cb2041e5a3"


@pytest.mark.parametrize("name", ["excerpt_2zovs_listing_art205.1.cp1251.html", "excerpt_2zovs_listing_art205.1.html"])
def test_the_listing_of_a_military_court(name: str) -> None:
    """25 rows of 567; every name is hidden; 1-337/2026 is a case number and no article 337."""
    reading = read(name)
    assert (reading.counter, reading.unread, reading.flags) == (Window(567, 1, 25), (), ())
    assert len({o.subject for o in reading.observations if "#" not in o.subject}) == 25
    assert set(values(reading, "court")) == {"77OV0000"}
    assert set(values(reading, "name", "#person")) == {None}
    articles = Counter(str(value).partition("/")[0] for value in values(reading, "article", "#person"))
    assert articles["337"] == articles["30"] == articles["33"] == 0
    assert "1-337/2026" in values(reading, "number")
    assert (sum(articles.values()), articles["205.1"]) == (106, 26)
    assert len(values(reading, "attempt", "#person")) == 17
    assert len(values(reading, "name", "#person")) == 31
    assert Counter(values(reading, "result")) == {"verdict": 9}
    assert digest(values(reading, "number")) == "ba333298257826ad"
    assert [link.text for link in reading.links if link.rel == "page"] == ["2", "3", ">>"]


@pytest.mark.parametrize("name", ["excerpt_2zovs_hearings_2026-08-12.cp1251.html", "excerpt_2zovs_hearings_2026-08-12.html"])
def test_the_hearings_of_one_day(name: str) -> None:
    """Nine hearings in three registers; one is an appeal under article 337 part 5 from Smolensk."""
    reading = read(name)
    assert (reading.unread, reading.flags) == ((), ())
    assert values(reading, "time", "#hearing") == [
        "09:00", "09:00", "09:00", "10:00", "11:00", "12:00", "10:00", "10:00", "12:00",
    ]  # fmt: skip
    assert set(values(reading, "date", "#hearing")) == {"2026-08-12"}
    registers = [o.subject.split(":")[1] for o in reading.observations if o.property == "number"]
    assert registers == ["criminal-appeal"] * 5 + ["kas-1"] + ["criminal-1"] * 3
    one = "reg:criminal-appeal:083e1a34-b2ca-481e-94a6-17270e4e0088"
    said = [(o.property, o.value) for o in reading.observations if o.subject == one]
    assert [(name, value) for name, value in said if name not in ("card", "judge")] == [
        ("number", "22-1097/2026"), ("court", "77OV0000"), ("lower_court", "77GV0021"), ("lower_number", "1-105/2026"),
    ]  # fmt: skip
    assert [o.raw for o in reading.observations if o.subject == one and o.property == "lower_court"] == ["Смоленский ГВС"]
    assert [o.value for o in reading.observations if o.subject == f"{one}#person:1" and o.property == "article"] == ["337/5"]
    names = [o for o in reading.observations if o.property == "name" and "criminal" in o.subject]
    assert (len(names), digest([o.value for o in names if o.value])) == (16, "6bd74337f7662cee")
    assert digest(values(reading, "judge")) == "299712bafeb76a89"
    assert [o.value for o in reading.observations if o.property == "number_previous"] == ["1-648/2025"]
    assert values(reading, "complicity", "#person") == ["33/5", "33/5", "33/4"]
    assert values(reading, "attempt", "#person") == ["30/3", "30/3"]
    assert Counter(values(reading, "article", "#person"))["105/2/а,в,ж,з"] == 6


def test_the_card_of_a_transferred_case() -> None:
    """The judicial UID names the first court, the card's own link the court that has the case now."""
    reading = read("leninsky_ufa_criminal.html")
    assert [values(reading, name) for name in ("number", "court", "uid", "received", "decided", "result")] == [
        ["1-151/2026"], ["03RS0004"], ["03RS0003-01-2026-003803-62"], ["2026-04-22"], ["2026-05-06"], ["terminated"],
    ]  # fmt: skip
    assert values(reading, "name", "#event") == ["received", "assigned", "other", "hearing", "other"]
    assert values(reading, "date", "#event") == ["2026-04-22", "2026-04-22", "2026-04-24", "2026-05-06", "2026-05-15"]
    assert values(reading, "time", "#event") == ["15:56", "16:59", "18:06", "10:00", "12:23"]
    assert values(reading, "placed", "#event") == ["2026-04-22", "2026-04-22", "2026-04-29", "2026-04-29", "2026-05-19"]
    assert values(reading, "article", "#person") == ["173.1/2/б"]
    assert values(reading, "decided", "#person") == ["2026-05-06"]
    assert values(reading, "result", "#person") == ["terminated"]
    assert values(reading, "role", "#person") == ["defendant", "Защитник (адвокат)", "Прокурор"]
    assert (values(reading, "published"), values(reading, "modified")) == (["2026-04-22T18:54"], ["2026-06-19T20:05"])
    assert [value is None for value in values(reading, "act")] == [False, True]  # its tab, its text
    assert len(reading.unread) == 6  # the way of hearing it, and one writ of execution


def test_the_card_of_a_cassation_court() -> None:
    """Two numbers, the case below, hidden names, the ruling on the person."""
    reading = read("ksoyu_card_criminal.html")
    assert values(reading, "number") == ["7У-1297/2026", "77-655/2026"]
    assert [values(reading, name) for name in ("court", "uid", "lower_number", "result")] == [
        ["26KJ0005"], ["26RS0001-01-2024-012553-83"], ["1-94/2025"], ["unknown"],
    ]  # fmt: skip
    assert values(reading, "article", "#person") == ["183/4", "290/3"]
    assert values(reading, "result", "#person") == ["reversed"]


def test_a_civil_listing_of_a_cassation_court() -> None:
    """25 rows of 530 under full chrome, every one with its act, two numbers and the case below (one has two numbers)."""
    reading = read("ksoyu_listing_acts.html")
    assert (reading.counter, reading.unread) == (Window(530, 1, 25), ())
    assert (len(values(reading, "act")), len(values(reading, "number")), len(values(reading, "lower_number"))) == (25, 50, 26)
    assert set(values(reading, "court")) == {"77KJ0002"}


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("ksoyu_listing_bad_new.html", "wrong-query"),
        ("ksoyu_listing_captcha_gate.html", "captcha"),
        ("ksoyu_temporarily_unavailable.html", "outage"),
        ("sudrf_captcha_form.html", "captcha"),
        ("retyped_blocked_G.html", "blocked"),
        ("retyped_invalid_format.html", "wrong-query"),
        ("ksoyu_act_doc.html", "page"),
        ("blag_card.html", "page"),
        ("samara_kas_appeal_uid_results.html", "page"),
        ("retyped_rjuid_komi.html", "page"),
        ("retyped_asoy_upk_search_55_584_2025.html", "page"),
        ("retyped_syktyvkar_old_registration_9-727.html", "page"),
        ("retyped_khimki_registration_history.html", "page"),
    ],
)
def test_what_courts_send_in_place_of_pages(name: str, word: str) -> None:
    """Each answer by its own marks, under all of its chrome."""
    answer = SOURCE.judge(opened(name))
    assert answer is not None
    assert answer[0] == word


def test_the_act_of_a_cassation_court() -> None:
    """Whose it is, its number, UID and day; the whole text is one value."""
    reading = read("ksoyu_act_doc.html")
    assert {o.subject for o in reading.observations} == {"reg:civil-cassation:3128af6a-aafd-43ab-a873-18c4f46b860e"}
    assert [values(reading, name) for name in ("court", "number", "uid", "decided")] == [
        ["77KJ0002"], ["88-14715/2026"], ["77RS0020-02-2025-007285-88"], ["2026-05-14"],
    ]  # fmt: skip
    title, text = (o for o in reading.observations if o.property == "act")
    assert (title.raw, title.value) == ("Решение по гражданскому делу - кассация", opened("ksoyu_act_doc.html").url)
    assert (text.value, len(text.raw)) == (None, 15382)


def test_a_card_of_the_other_template() -> None:
    """Seven events once, not again from the copies for phones; five people, all hidden; the footer's two times."""
    reading = read("blag_card.html")
    assert [values(reading, name) for name in ("court", "uid", "received", "number", "number_previous")] == [
        ["28RS0004"], ["28RS0004-01-2025-018120-67"], ["2025-12-15"], ["2-5/2026"], ["М-7523/2025"],
    ]  # fmt: skip
    assert values(reading, "time", "#event") == ["16:36", "14:20", "20:56", "10:46", "10:48", "10:48", "14:00"]
    assert values(reading, "place", "#event") == ["301"]
    assert values(reading, "name", "#person") == [None] * 5
    assert (values(reading, "published"), values(reading, "modified")) == (["2025-12-15T21:09"], ["2026-05-28T11:05"])


def test_a_listing_of_the_other_template() -> None:
    """One registration, though its row stands twice."""
    reading = read("samara_kas_appeal_uid_results.html")
    assert reading.counter == Window(1, 1, 1)
    assert {o.subject.partition("#")[0] for o in reading.observations} == {
        "reg:civil-appeal:70f25bb3-b647-4795-a592-61e457a42ea7"
    }
    assert [values(reading, name) for name in ("number", "number_previous", "received", "decided", "result")] == [
        ["33а-647/2026"], ["33а-11786/2025"], ["2025-11-10"], ["2026-01-13"], ["upheld"],
    ]  # fmt: skip


def test_all_registrations_under_one_uid() -> None:
    """Three registrations of two courts, each told by the host its card is on."""
    reading = read("retyped_rjuid_komi.html")
    assert values(reading, "number") == ["12-56/2026", "12-461/2026", "12-879/2026"]
    assert values(reading, "court") == ["uwsud--komi", "syktsud--komi", "syktsud--komi"]
    assert values(reading, "result") == ["transferred", "reversed", "upheld"]


def test_a_case_and_the_materials_severed_from_it() -> None:
    """Three rows of an appeal court lead back to the same two numbers below."""
    reading = read("retyped_asoy_upk_search_55_584_2025.html")
    assert values(reading, "number") == ["55-584/2025", "55К-241/2025", "55К-702/2024"]
    assert values(reading, "lower_number") == ["2-12/2025", "2-45/2024", "2-12/2025", "2-45/2024", "2-45/2024"]


def test_a_case_that_was_registered_anew() -> None:
    """The number it has, the one it was taken in under, and those of the year before."""
    reading = read("retyped_khimki_registration_history.html")
    assert values(reading, "number") == ["2-4461/2026"]
    assert values(reading, "number_previous") == ["М-2633/2026", "9-1693/2025", "М-9111/2025"]
