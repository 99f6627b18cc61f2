"""The Supreme Court and the courts of Moscow change their pages: an alarm or a refusal, and never a wrong value."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from archive.ledger.observation import Reading
from crawler.errors import Unreadable
from tests.sources.fixture import FOLDER, Fixture

Fact = tuple[str, str, str, str | None]


def fixture(name: str) -> Fixture:
    return Fixture(FOLDER / f"{name}.html")


def source(name: str) -> str:
    return fixture(name).file.read_text(encoding="utf-8")


def read(name: str, text: str | None = None) -> Reading | None:
    """The reading of a changed page; None where it is refused."""
    page = fixture(name).open(None if text is None else text.encode())
    answer = fixture(name).source.judge(page)
    if answer is None or answer[0] != "page":
        return None
    try:
        return fixture(name).source.read(page)
    except Unreadable:
        return None


def facts(reading: Reading | None) -> set[Fact]:
    """What is said, people and events without their numbers."""
    assert reading is not None
    return {(re.sub(r":\d+$", "", o.subject), o.property, o.raw, o.value) for o in reading.observations}


@pytest.mark.parametrize(
    ("name", "old", "new", "unread"),
    [
        ("vsrf/search", "Дата поступления:", "Когда пришло:", "25.01.2026"),
        ("vsrf/search", "Суд 1-ой инстанции:", "Откуда:", "Смоленский гарнизонный военный суд"),
        ("vsrf/case", "В интересах:", "Для кого:", "ПРОВЕРКИН ТЕСТ ТЕСТОВИЧ"),
        ("vsrf/case", "Уникальный идентификатор дела:", "Шифр:", "99GV0099-01-2026-000101-45"),
        ("mos_gorsud/card", ">Подсудимый<", ">Кого судят<", "Проверкин Т.Т. (Ст. 337, Ч. 5; Ст. 338, Ч. 3)"),
        ("mos_gorsud/card", "<th>Стадия</th>", "<th>Что было</th>", "Беседа"),
        ("mos_gorsud/card", "<h3>История состояний</h3>", "<h3>Летопись</h3>", "Регистрация поступившего дела"),
        ("mos_gorsud/search", "<th>Судья</th>", "<th>Кто судит</th>", "Шаблонова И.О."),
        ("mos_gorsud/search", "<th>Статья</th>", "<th>За что</th>", "Ст. 337, Ч. 5"),
    ],
)
def test_a_label_or_a_column_renamed(name: str, old: str, new: str, unread: str) -> None:
    """What stood there is unread; all else is read as before."""
    assert old in source(name)
    reading = read(name, source(name).replace(old, new))
    assert facts(reading) < facts(read(name))
    assert reading is not None
    assert [each.text for each in reading.unread if each.text.startswith(unread)]


def test_a_row_that_is_new() -> None:
    """A label we do not know is unread with its value."""
    row = '<div class="row vs-item-detail"><div class="col-md-3">Состав:</div><div class="col-md-7">первый</div></div>\n'
    text = source("vsrf/search").replace('<div class="row vs-item-detail"><div class="col-md-2"></div><div class="col-md-3">Суд', row + '<div class="row vs-item-detail"><div class="col-md-2"></div><div class="col-md-3">Суд')  # fmt: skip
    reading = read("vsrf/search", text)
    assert facts(reading) == facts(read("vsrf/search"))
    assert reading is not None
    assert [each.text for each in reading.unread].count("первый") == 2


@pytest.mark.parametrize(("name", "tried"), [("mos_gorsud/search", 15), ("mos_gorsud/card", 3 + 3 + 21 + 3)])
def test_two_columns_exchanged(name: str, tried: int) -> None:
    """Cells under the wrong header are left, or the page is refused; a change that goes unseen changed no meaning."""
    before = read(name)
    pairs = 0
    for head in re.findall(r"<thead><tr>(.*?)</tr></thead>", source(name), re.DOTALL):
        cells = re.findall(r"<th>.*?</th>", head, re.DOTALL)
        for a, b in combinations(range(len(cells)), 2):
            changed = list(cells)
            changed[a], changed[b] = changed[b], changed[a]
            assert source(name).count(head) == 1
            reading = read(name, source(name).replace(head, "".join(changed)))
            pairs += 1
            if reading is not None:
                assert facts(reading) <= facts(before), (cells[a], cells[b])
    assert pairs == tried


def test_a_count_that_the_rows_do_not_bear_out() -> None:
    """More found than shown, or fewer: nothing of the page is believed."""
    assert read("vsrf/search", source("vsrf/search").replace("НАЙДЕНО: 2", "НАЙДЕНО: 3")) is None
    assert read("vsrf/search", source("vsrf/search").replace("НАЙДЕНО: 2", "")) is None
    assert read("mos_gorsud/search", source("mos_gorsud/search").replace("найдено: 2", "найдено: 1")) is None
    uncounted = read("mos_gorsud/search", source("mos_gorsud/search").replace("Всего по запросу найдено: 2", ""))
    assert uncounted is not None
    assert (uncounted.counter, uncounted.flags) == (None, ("counter-missing",))


def test_nothing_found_by_the_supreme_court() -> None:
    """Its own count of none is a confirmed zero; rows that we do not know beside a count are an alarm."""
    bare = re.sub(r'<div id="vs-search-items">.*</div></div></body>', "</div></body>", source("vsrf/search"), flags=re.DOTALL)
    page = fixture("vsrf/search")
    assert page.source.judge(page.open(bare.encode())) == ("unreadable", "2 found, and no row that we know")
    none = page.open(bare.replace("НАЙДЕНО: 2", "НАЙДЕНО: 0").encode())
    assert page.source.judge(none) == ("empty", "nothing found")
    assert page.source.read(none).verdict == "empty"


@pytest.mark.parametrize(
    ("old", "new", "flag"),
    [
        ('<a href="/rs/vydumannyj/services/cases/criminal">', '<a href="/rs/sosednij/services/cases/criminal">', "court-mismatch"),
        ('<a href="/rs/vydumannyj/services/cases/criminal">', '<a href="/rs/vydumannyj/services/cases/civil">', "register-mismatch"),
        ("details/00000021-aaaa-4bbb-8ccc-000000000021?print=1", "details/00000099-aaaa-4bbb-8ccc-000000000099?print=1", "address-mismatch"),
    ],
)  # fmt: skip
def test_another_card_than_its_address_says(old: str, new: str, flag: str) -> None:
    """What the page says of itself is held against the address: a contradiction is an alarm."""
    assert old in source("mos_gorsud/card")
    reading = read("mos_gorsud/card", source("mos_gorsud/card").replace(old, new))
    assert reading is not None
    assert reading.flags == (flag,)


def test_a_row_too_short_in_its_middle() -> None:
    """Where a cell is missing before the one that marks its column, the cells behind it are not read."""
    text = source("mos_gorsud/card")
    assert text.count("<td>506</td><td>Беседа</td>") == 1
    reading = read("mos_gorsud/card", text.replace("<td>506</td><td>Беседа</td>", "<td>Беседа</td>"))
    assert facts(reading) < facts(read("mos_gorsud/card"))
    assert reading is not None
    assert {"30.01.2026 11:15", "Беседа", "Проведена"} <= {each.text for each in reading.unread}
