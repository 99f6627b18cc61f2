"""A court of either template changes its page: what is doubtful is left and flagged, and no value is wrong."""

from __future__ import annotations

import random
import re
from itertools import combinations
from pathlib import Path

import pytest

from archive.ledger.observation import Reading
from crawler.errors import Unreadable
from crawler.page import Page
from crawler.sites.sudrf import SOURCE

PAGES = Path(__file__).parents[1] / "sources" / "sudrf"
Fact = tuple[str, str, str, str | None]


def source(name: str) -> str:
    return (PAGES / f"{name}.html").read_bytes().decode("cp1251")


def address(name: str) -> str:
    return (PAGES / f"{name}.head").read_text(encoding="utf-8").splitlines()[0]


def read(text: str, name: str, url: str | None = None) -> Reading | None:
    """The reading of a changed page; None where it is refused."""
    page = Page.open(text.encode("cp1251"), url or address(name), content_type="text/html; charset=windows-1251")
    answer = SOURCE.judge(page)
    if answer is None or answer[0] != "page":
        return None
    try:
        return SOURCE.read(page)
    except Unreadable:
        return None


def whole(name: str) -> Reading:
    reading = read(source(name), name)
    assert reading is not None
    return reading


def facts(reading: Reading) -> set[Fact]:
    """What is said, people and events without their numbers: where one is unread, those after it move up."""
    return {(re.sub(r":\d+$", "", o.subject), o.property, o.raw, o.value) for o in reading.observations}


def headers(text: str) -> list[list[str]]:
    """The header cells of each table that is read, as they stand in the source."""
    heads = re.findall(r"<thead><tr>.*?</tr></thead>", text, re.DOTALL)
    return [re.findall(r"<t[dh]\b[^>]*>.*?</t[dh]>", head, re.DOTALL) for head in heads]


@pytest.mark.parametrize("name", ["vnkod_listing", "vnkod_hearings", "vnkod_card", "juid"])
def test_any_two_headers_exchanged(name: str) -> None:
    """Cells under the wrong header are left, or the page is refused; a change that goes unseen changed no meaning."""
    text, before = source(name), whole(name)
    tried = 0
    for head in headers(text):
        for a, b in combinations(range(len(head)), 2):
            cells = [re.sub(r"^<t[dh][^>]*>|</t[dh]>$", "", cell) for cell in head]
            changed = list(cells)
            changed[a], changed[b] = changed[b], changed[a]
            old, new = "".join(head), "".join(h.replace(c, n, 1) for h, c, n in zip(head, cells, changed, strict=True))
            assert text.count(old) == 1
            reading = read(text.replace(old, new), name)
            tried += 1
            if reading is not None:
                assert facts(reading) <= facts(before), (cells[a], cells[b])
                assert (
                    facts(reading) == facts(before) or reading.flags != before.flags or len(reading.unread) > len(before.unread)
                )
    assert tried == {"vnkod_listing": 28, "vnkod_hearings": 28, "vnkod_card": 15 + 6 + 10 + 3, "juid": 28}[name]


@pytest.mark.parametrize(
    ("name", "old", "new", "unread"),
    [
        ("vnkod_listing", ">Решение<", ">Чем кончилось<", "Вынесен ПРИГОВОР"),
        ("vnkod_listing", ">Дата решения<", ">День<", "20.02.2026"),
        ("vnkod_card", "<b>Дата рассмотрения</b>", "<b>День</b>", "День"),
        ("vnkod_card", ">Перечень статей<", ">Обвинение<", "ст.337 ч.5; ст.337 ч.5 УК РФ"),
        ("vnkod_card", 'id="tab_id_DefList">Лица<', 'id="tab_id_DefList">Жребий<', "Выдумкина Инна"),
        ("vnkod_hearings", ">Судья<", ">Служитель<", "Образцов П. П."),
        ("juid", ">Суд<", ">Место<", "Смоленский гарнизонный военный суд"),
        ("koap_card", "<b>Перечень статей</b>", "<b>Статьи закона</b>", "ст.20.3.3 ч.1 КоАП РФ"),
        ("koap_card", ">СТОРОНЫ ПО ДЕЛУ</th>", ">ЖЕРЕБЬЁВКА</th>", "ПРИВЛЕКАЕМОЕ ЛИЦО"),
    ],
)
def test_a_column_a_key_or_a_tab_renamed(name: str, old: str, new: str, unread: str) -> None:
    """What stood there is unread; all else is read as before."""
    assert source(name).count(old) == 1
    reading = read(source(name).replace(old, new), name)
    assert reading is not None
    assert unread in {each.text for each in reading.unread}
    gone = facts(whole(name)) - facts(reading)
    assert gone
    # The court of a row is told by its address, where no column tells it.
    assert {fact for fact in facts(reading) - facts(whole(name)) if fact[1] != "court"} == set()


def test_a_column_that_is_new() -> None:
    """Its cells are unread, row by row; the columns we know are read as before."""
    text = source("vnkod_card").replace("<tr><td>Наименование события", "<tr><td>Важность</td><td>Наименование события")
    text = re.sub(r'<tr>(<td class="vert-align">)', r"<tr><td>высокая</td>\1", text)
    reading = read(text, "vnkod_card")
    assert reading is not None
    assert facts(reading) == facts(whole("vnkod_card"))
    assert [each.text for each in reading.unread].count("высокая") == 4


def test_two_columns_of_one_meaning() -> None:
    """Which of them is meant nobody can say: neither is read."""
    reading = read(source("vnkod_card").replace(">Дата события<", ">Дата размещения<"), "vnkod_card")
    assert reading is not None
    assert "columns-doubled" in reading.flags
    assert [o for o in reading.observations if "#event" in o.subject and o.property in ("date", "placed")] == []


def test_two_tables_that_changed_places() -> None:
    """Events under the tab of people, and people under that of events: left and flagged, never mixed."""
    text = source("vnkod_card")
    changed = text.replace("tab_content_EventList", "\x00").replace("tab_content_DefList", "tab_content_EventList")
    reading = read(changed.replace("\x00", "tab_content_DefList"), "vnkod_card")
    assert reading is not None
    assert "header-unknown" in reading.flags
    assert facts(reading) < facts(whole("vnkod_card"))
    assert {"Судебное заседание", "Выдумкина Инна"} <= {each.text for each in reading.unread}


def test_the_copies_for_phones_say_nothing_of_their_own() -> None:
    """A page without them reads the same, and one with nothing but them is refused."""
    for name in ("vnkod_listing", "vnkod_card"):
        bare = re.sub(
            r'<div class="mobile-lawcase-(item|card)[^>]*>.*?(</ul>|</table>)</div>', "", source(name), flags=re.DOTALL
        )
        assert bare != source(name)
        reading = read(bare, name)
        assert reading is not None
        assert [(o.subject, o.property, o.raw) for o in reading.observations] == [
            (o.subject, o.property, o.raw) for o in whole(name).observations
        ]
    phones = re.sub(r'<div id="resultTable">.*?</table></div>', "", source("vnkod_listing"), flags=re.DOTALL)
    assert read(phones, "vnkod_listing") is None


@pytest.mark.parametrize("name", ["vnkod_listing", "vnkod_hearings", "vnkod_card", "koap_card", "juid", "act"])
def test_a_page_of_either_template_cut_anywhere(name: str) -> None:
    """The beginning of a page is refused, or says nothing that the whole page does not say."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    text = source(name)
    for place in random.Random(seed).sample(range(1, len(text) - 8), 25):
        reading = read(text[:place], name)
        assert reading is None or facts(reading) <= facts(whole(name)), place


def test_a_card_that_two_hosts_serve() -> None:
    """Hosts of a region serve one another's cards: one registration, and the court that its own page prints."""
    here = whole("vnkod_card")
    there = read(source("vnkod_card"), "vnkod_card", address("vnkod_card").replace("vydumka--vym", "sosed--vym"))
    assert there is not None
    assert {o.subject for o in here.observations} == {o.subject for o in there.observations}
    assert [o.value for o in there.observations if o.property == "court"] == ["99GV0099"]
    assert facts(there) - facts(here) == {fact for fact in facts(there) if fact[1] in ("card", "act")} - facts(here)


def test_one_registration_in_both_templates() -> None:
    """A court that changed its template still tells of the same registration, value by value."""
    old = source("vnkod_listing")
    rows = re.findall(r'<tr class="case">(.*?)</tr>', old, re.DOTALL)
    primary = "".join(f"<tr>{row}</tr>" for row in rows).replace("_id=", "case_id=").replace("_uid=", "case_uid=")
    primary = primary.replace("_deloId=", "delo_id=").replace("_caseType=", "case_type=").replace("_new=", "new=")
    names = ("№ дела", "Дата<br>поступления", "Лица", "Судья", "Дата<br>решения", "Решение", "Дата вступления<br>в законную силу",
             "Судебные<br>акты")  # fmt: skip
    text = (
        '<div id="content"><div class="title">Уголовные дела - первая инстанция</div><table><tr><td>Всего по запросу найдено — 28. '
        'На странице записи с 1 по 3.</td></tr></table><table id="tablcont"><tr>'
        + "".join(f"<th>{name}</th>" for name in names)
        + f"</tr>{primary}</table></div>"
    ).replace("—", "&mdash;")
    reading = read(text, "", address("juid").replace("r_juid", "r").replace("&vnkod=99GV0099", "") + "&new=0")
    assert reading is not None
    kept = {fact for fact in facts(whole("vnkod_listing")) if fact[1] not in ("court", "card", "act", "role")}
    assert {fact for fact in facts(reading) if fact[1] not in ("court", "card", "act", "role")} == kept


def test_the_movement_of_a_complaint_told_in_pairs() -> None:
    """Some courts print it as a table of events, others as days with their names: each is a dated event."""
    text = source("koap_card")
    inner = re.search(r"<tr><td><b>Наименование события</b></td><td><b>Дата</b></td><td><b>Результат.*?</table>", text)
    assert inner is not None
    pairs = "<tr><td>Направлено в вышестоящую инстанцию</td><td>15.03.2026</td></tr></table>"
    reading = read(text.replace(inner.group(), pairs), "koap_card")
    assert reading is not None
    assert [o.value for o in reading.observations if o.raw == "15.03.2026"] == ["2026-03-15"]
    assert [o.property for o in reading.observations if o.raw == "Направлено в вышестоящую инстанцию"] == ["name"]


@pytest.mark.parametrize(
    ("heading", "url", "word"),
    [
        ("Уголовные дела - первая инстанция", "_deloId=1540006&_caseType=0&_new=0", "page"),
        ("Уголовные дела - апелляция", "_deloId=1540006&_caseType=0&_new=4", "page"),
        ("Уголовные дела - апелляция", "_deloId=1540006&_caseType=0&_new=0", "wrong-query"),
        ("Гражданские дела - первая инстанция", "_deloId=1540006&_caseType=0&_new=0", "wrong-query"),
        ("Административные дела (КАС РФ) - первая инстанция", "_deloId=41&_caseType=0&_new=0", "page"),
    ],
)
def test_a_heading_that_contradicts_the_address(heading: str, url: str, word: str) -> None:
    """A card of another register than its address says is not believed, in this template too."""
    text = source("vnkod_card").replace("Уголовные дела - первая инстанция", heading)
    there = address("vnkod_card").replace("_deloId=1540006&_caseType=0&_new=0", url)
    answer = SOURCE.judge(Page.open(text.encode("cp1251"), there, content_type="text/html; charset=windows-1251"))
    assert answer is not None
    assert answer[0] == word


def test_a_list_of_one_uid_that_does_not_count_its_rows() -> None:
    """It is read, and the page is flagged; a search's listing without its counter is refused."""
    counter = '<div class="lawcase-count">Всего по запросу найдено - <b>3</b>.</div>'
    reading = read(source("juid").replace(counter, ""), "juid")
    assert reading is not None
    assert (reading.counter, reading.flags) == (None, ("counter-missing",))
    assert facts(reading) == facts(whole("juid"))
    silent = re.sub(r'<div class="lawcase-count">.*?</div>', "", source("vnkod_listing"), flags=re.DOTALL)
    assert read(silent, "vnkod_listing") is None
