"""A court changes its page: an error, unread text or a flag, and never a wrong value."""

from __future__ import annotations

import random
import re
from itertools import combinations

import pytest

from archive.ledger.observation import Reading
from crawler.errors import Unreadable
from crawler.sites.sudrf import SOURCE
from tests.sudrf.invented import ADDRESSES, QUERY, Site

Fact = tuple[str, str, str, str | None]


def facts(reading: Reading) -> set[Fact]:
    return {(o.subject, o.property, o.raw, o.value) for o in reading.observations}


def read(site: Site, source: str, name: str) -> Reading | None:
    """The reading of a changed page; None where it is refused."""
    page = site.served(source, ADDRESSES.get(name, QUERY))
    answer = SOURCE.judge(page)
    if answer is None or answer[0] != "page":
        return None
    try:
        return SOURCE.read(page)
    except Unreadable:
        return None


def headers(source: str, name: str) -> list[list[str]]:
    """The header cells of each table, as they stand in the source."""
    if name == "listing":
        return [re.findall(r'<th style="text-align: center" >.*?</th>', source)]
    if name == "hearings":
        return [re.findall(r"<td><b>.*?</b></td>", source)]
    rows = re.findall(r"<tr>(?:<td(?: align='center')?><b>(?:(?!</tr>).)*</b>(?:(?!</tr>).)*</td>){3,}</tr>", source)
    return [re.findall(r"<td(?: align='center')?><b>.*?</td>", row) for row in rows]


@pytest.mark.parametrize("name", ["listing", "hearings", "card"])
def test_two_headers_exchanged(site: Site, name: str) -> None:
    """Cells under the wrong header are left, or the page is refused; no value changes its meaning."""
    source = site.source(name)
    whole = facts(SOURCE.read(site.open(name)))
    tried = 0
    for table in headers(source, name):
        for a, b in combinations(table, 2):
            changed = source.replace(a, "\x00").replace(b, a, 1).replace("\x00", b, 1)
            reading = read(site, changed, name)
            tried += 1
            if reading is not None:
                wrong = {fact for fact in facts(reading) - whole if not _same_but_for_number(fact, whole)}
                assert not wrong, (a, b)
                assert facts(reading) == whole or "columns-reordered" in reading.flags, (a, b)
    assert tried == {"listing": 28, "hearings": 28, "card": 28 + 6 + 15 + 15 + 10}[name]


def _same_but_for_number(fact: Fact, whole: set[Fact]) -> bool:
    """People whose names are unread are not counted: those after them move up."""
    stem = re.sub(r"#person:\d+", "#person", fact[0])
    return any((re.sub(r"#person:\d+", "#person", one[0]), *one[1:]) == (stem, *fact[1:]) for one in whole)


@pytest.mark.parametrize(
    ("name", "old", "new", "property", "texts"),
    [
        ("listing", "Решение</th>", "Итог</th>", "result", {"Вынесен ПРИГОВОР", "Уголовное дело ПРЕКРАЩЕНО"}),
        ("listing", "Дата<br>решения", "Дата<br>итога", "decided", {"20.02.2026", "31.02.2026"}),
        ("hearings", "<b>Судья</b>", "<b>Служитель</b>", "judge", {"Образцов Пётр Петрович", "Шаблонова Инна Олеговна"}),
        ("card", "<b>Дата рассмотрения</b>", "<b>День рассмотрения</b>", "decided", {"День рассмотрения", "20.02.2026"}),
        ("card", "<b>Перечень статей</b>", "<b>Обвинение</b>", "article", {"ст.337 ч.5; ст.337 ч.5 УК РФ"}),
    ],
)
def test_a_column_or_a_key_renamed(site: Site, name: str, old: str, new: str, property: str, texts: set[str]) -> None:
    """What stood there is unread, everything else is read as before."""
    before = facts(SOURCE.read(site.open(name)))
    reading = read(site, site.source(name).replace(old, new), name)
    assert reading is not None
    assert texts <= {unread.text for unread in reading.unread}
    gone = before - facts(reading)
    assert facts(reading) < before
    assert {fact[1] for fact in gone} <= {property, "complicity"}


def test_a_new_column(site: Site) -> None:
    """Its cells are unread; the columns we know are read as before."""
    source = site.source("listing").replace("<th style", '<th style="x">Новое</th><th style', 1)
    source = re.sub(r'(<td title="Для получения)', r"<td>новое значение</td>\1", source)
    reading = read(site, source, "listing")
    assert reading is not None
    assert facts(reading) == facts(SOURCE.read(site.open("listing")))
    assert [unread.text for unread in reading.unread] == ["новое значение"] * 3


def test_a_new_tab(site: Site) -> None:
    """A table under a heading we do not know is unread, cell by cell."""
    source = site.source("card").replace(">ИСПОЛНИТЕЛЬНЫЕ ЛИСТЫ</th>", ">ЖЕРЕБЬЁВКА</th>")
    reading = read(site, source, "card")
    assert reading is not None
    assert facts(reading) == facts(SOURCE.read(site.open("card")))
    assert "Номер электронного ИД" in {unread.text for unread in reading.unread}


def test_a_tab_without_content(site: Site) -> None:
    """A tab that leads nowhere is flagged; the others are read."""
    source = site.source("card").replace("<div id='cont4'", "<div id='cont44'")
    reading = read(site, source, "card")
    assert reading is not None
    assert "tab-missing" in reading.flags


ROW = re.compile(r'\t*<tr valign="top".*?</tr>\s*', re.DOTALL)


@pytest.mark.parametrize("name", ["listing", "hearings"])
def test_a_row_lost_on_the_way(site: Site, name: str) -> None:
    """Counter or ordinals show that a row is missing or there twice: nothing of the page is believed."""
    source = site.source(name)
    first, second, *_ = ROW.findall(source)
    assert read(site, source, name) is not None
    for changed in (source.replace(first, ""), source.replace(second, ""), source.replace(second, second + second)):
        with pytest.raises(Unreadable):
            SOURCE.read(site.served(changed, ADDRESSES.get(name, QUERY)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("найдено — 28. На странице записи с 1", "найдено — 2. На странице записи с 1"),
        ("по 3.&nbsp;", "по 25.&nbsp;"),
        ('<th style="text-align: center" >№ дела</th>', '<th style="text-align: center" >Шифр</th>'),
        ("<td title=", "<td></td><td title="),
        ("name_op=case", "name_op=kase"),
        ("<a href='/modules.php?name=sud_delo&srv_num=1&name_op=case&case_id=9000002", "<a name='"),
        ("&delo_id=1540006'>1-40/2026", "&delo_id=4&new=4'>1-40/2026"),
    ],
)
def test_a_listing_that_contradicts_itself(site: Site, old: str, new: str) -> None:
    """Counter, header, cells, links and register must agree, or the whole page is refused."""
    source = site.source("listing")
    assert old in source
    with pytest.raises(Unreadable):
        SOURCE.read(site.served(source.replace(old, new), QUERY))


@pytest.mark.parametrize("name", ["listing", "hearings", "card"])
def test_a_page_cut_anywhere(site: Site, name: str) -> None:
    """The beginning of a page is refused, or says nothing that the whole page does not say."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    source = site.source(name)
    whole = facts(SOURCE.read(site.open(name)))
    places = {len(source) // 2, *random.Random(seed).sample(range(1, len(source)), 60)}
    assert read(site, source[: len(source) // 2], name) is None
    for place in places:
        reading = read(site, source[:place], name)
        assert reading is None or facts(reading) <= whole, place


@pytest.mark.parametrize(
    ("cell", "other"),
    [
        ("20.02.2026", "Вынесен ПРИГОВОР"),
        ("Образцов П. П.", "20.02.2026"),
        ("Проверкин Тест Тестович - ст.337 ч.5 УК РФ", "Образцов П. П."),
    ],
)
def test_cells_exchanged_under_their_headers(site: Site, cell: str, other: str) -> None:
    """A cell that has not the shape of its column is unread, and states nothing of that column."""
    source = site.source("listing")
    whole = facts(SOURCE.read(site.open("listing")))
    changed = source.replace(cell, "\x00", 1).replace(other, cell, 1).replace("\x00", other, 1)
    reading = read(site, changed, "listing")
    assert reading is not None
    assert {other, cell} & {unread.text for unread in reading.unread}
    assert {fact[1] for fact in facts(reading) - whole if fact[3] is not None} <= {"name"}


def test_two_people_on_one_line(site: Site) -> None:
    """The second person's articles are not given to the first."""
    changed = site.source("listing").replace("УК РФ;<br>Выдумкина", "УК РФ; Выдумкина")
    reading = read(site, changed, "listing")
    assert reading is not None
    first = [o.value for o in reading.observations if o.subject.endswith("02#person:1") and o.property == "article"]
    assert first == ["338/3", "222.1/4", "337/3.1"]
    assert [unread.text for unread in reading.unread if unread.text.startswith("Выдумкина")] != []
