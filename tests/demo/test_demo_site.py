"""Each address gets the page that the court's engine would give, with the marks that research/sudrf.md names."""

from __future__ import annotations

import gzip
import json
from datetime import date
from urllib.parse import quote, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.demo import press
from crawler.demo.docket import APPEAL, FIRST, MATERIAL, Registration, printed_articles
from crawler.demo.script import Script
from crawler.demo.site import Answer, Request, answer
from crawler.demo.world import ENGLISH, MIRROR, MONTHS, ORIGINAL, World, hearing_list, listing


def ask(world: World, url: str, **fields: str) -> Answer:
    """The answer to a GET of this address."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    named = tuple((name.replace("_", "-"), value) for name, value in fields.items())
    given = answer(world, Request("GET", parts.scheme, parts.hostname or "", target, named))
    assert given is not None
    return given


def page(given: Answer) -> LexborHTMLParser:
    return LexborHTMLParser(given.body.decode("cp1251"))


def words(text: str | None) -> str:
    return " ".join((text or "").replace("\xa0", " ").split())


def rows(given: Answer) -> list[list[str]]:
    """The cells of a listing's rows, header left out."""
    found = page(given).css("table#tablcont tr")[1:]
    return [[words(cell.text(separator=" ")) for cell in row.css("td")] for row in found]


@pytest.fixture
def quiet(world: World) -> World:
    """The world without accidents on the way."""
    world.script = Script(())
    world.hidden = ()
    return world


APRIL = MONTHS[3]


# ---- listings


def test_a_listing_is_paged_and_its_counter_tells_the_truth(quiet: World) -> None:
    """27 cases stand on two pages, newest first, none twice; the pager's addresses have no quotes and lead on."""
    court = quiet.courts[0]
    first = ask(quiet, listing(court, FIRST, *APRIL))
    text = words(page(first).body.text())
    assert "Всего по запросу найдено — 27. На странице записи с 1 по 25." in text
    links = [link for link in page(first).css("a") if "page=2" in (link.attributes.get("href") or "")]
    assert {"2", ">", ">>"} == {words(link.text()) for link in links}
    assert "<a href= ./modules.php?name=sud_delo&srv_num=1&name_op=r&page=2&vnkod=61GV0008&" in first.body.decode("cp1251")

    second = ask(quiet, f"https://{court.dash}/" + links[0].attributes["href"].removeprefix("./"))
    assert "Всего по запросу найдено — 27. На странице записи с 26 по 27." in words(page(second).body.text())
    expected = [entry.printed_number for entry in quiet.docket(court, FIRST) if APRIL[0] <= entry.received <= APRIL[1]]
    assert expected == [row[0] for row in rows(first) + rows(second)]


def test_a_listing_s_cells_are_what_the_case_is(quiet: World) -> None:
    """Every cell of every row of every listing is the world's value; a hidden name stands in angle brackets."""
    for seed in quiet.seeds():
        court = next(court for court in quiet.courts if court.code == seed.court)
        register = FIRST if seed.register == FIRST.word else APPEAL
        kept = [entry for entry in quiet.docket(court, register) if seed.first <= entry.received <= seed.last]
        given = [row for turn in (1, 2) for row in rows(ask(quiet, f"{seed.url}&page={turn}")) if len(row) == 8]
        assert len(kept) == len(given)
        for entry, row in zip(kept, given, strict=True):
            people = "; ".join(f"{p.name or '<Информация скрыта>'} - {printed_articles(p)}" for p in entry.persons)
            assert [entry.printed_number, f"{entry.received:%d.%m.%Y}"] == row[:2]
            assert row[2].startswith(people)
            assert ("Номер дела в первой инстанции" in row[2]) == (register == APPEAL)
            assert entry.judge == row[3]
            assert (f"{entry.decided:%d.%m.%Y}" if entry.decided else "") == row[4]
            assert " ".join(entry.result.printed if entry.result else ()) == row[5]
            assert (f"{entry.in_force:%d.%m.%Y}" if entry.in_force else "") == row[6]


def test_a_row_links_its_card_bare(quiet: World) -> None:
    """Single quotes, ampersands not escaped: as the engine prints it."""
    entry = quiet.docket(quiet.courts[0], FIRST)[0]
    given = ask(quiet, listing(entry.court, FIRST, *MONTHS[entry.received.month - 1])).body.decode("cp1251")
    assert f"<a href='{entry.card.partition('sudrf.ru')[2]}'>{entry.printed_number}</a>" in given


def _numbers(world: World, extra: str, months: tuple[date, date] = (MONTHS[0][0], MONTHS[4][1])) -> set[str]:
    found: set[str] = set()
    for turn in (1, 2):
        given = rows(ask(world, listing(world.courts[0], FIRST, *months) + extra + f"&page={turn}"))
        found |= {row[0] for row in given if len(row) == 8}
    return found


def _expected(world: World, text: str) -> set[str]:
    kept = world.docket(world.courts[0], FIRST)
    return {entry.printed_number for entry in kept if any(text in printed_articles(person) for person in entry.persons)}


@pytest.mark.parametrize("article", ["337", "228", "205", "338"])
def test_the_article_filter_is_a_substring(quiet: World, article: str) -> None:
    """`228` also finds 228.1, `205` finds 205.2; a case number that looks like the article is not found by it."""
    found = _numbers(quiet, f"&U1_DEFENDANT__LAW_ARTICLESS={article}")
    assert _expected(quiet, article) == found
    assert found
    assert article != "337" or "1-337/2025" not in found
    assert article != "205" or "205" not in {item for e in quiet.cases for p in e.persons for item in p.numbers}


def test_cyrillic_values_are_windows_1251(quiet: World) -> None:
    """The same question in UTF-8 is silently answered with nothing."""
    value = "337 ч.5"
    right = _numbers(quiet, "&U1_DEFENDANT__LAW_ARTICLESS=" + quote(value, encoding="cp1251"))
    assert _expected(quiet, value) == right
    assert right
    wrong = ask(quiet, listing(quiet.courts[0], FIRST, *APRIL) + "&U1_DEFENDANT__LAW_ARTICLESS=" + quote(value))
    assert "Данных по запросу не обнаружено" in wrong.body.decode("cp1251")


def test_an_exact_item_of_the_law_book_is_not_a_substring(quiet: World) -> None:
    """`lawbookarticles[]` asks for one item, whole."""
    found = _numbers(quiet, "&lawbookarticles%5B%5D=" + quote("337 ч.3", encoding="cp1251"))
    assert set() == found
    assert _expected(quiet, "ст.337 ч.3.1") == _numbers(
        quiet, "&lawbookarticles%5B%5D=" + quote("337 ч.3.1", encoding="cp1251")
    )


def test_field_names_may_have_any_case(quiet: World) -> None:
    """The form writes u1_case__ENTRY_DATE1D, others U1_CASE__ENTRY_DATE1D: one answer."""
    url = listing(quiet.courts[0], FIRST, *APRIL)
    assert ask(quiet, url).body.count(b"<tr") == ask(quiet, url.replace("u1_case__", "U1_CASE__")).body.count(b"<tr")
    assert rows(ask(quiet, url)) == rows(ask(quiet, url.replace("u1_case__ENTRY", "u1_Case__entry")))


def test_a_window_takes_both_its_days(quiet: World) -> None:
    """From and to are inclusive: the day of one case alone finds that day's cases."""
    docket = quiet.docket(quiet.courts[0], FIRST)
    day = docket[0].received
    assert {e.printed_number for e in docket if e.received == day} == _numbers(quiet, "", (day, day))


def test_by_name_number_and_identifier(quiet: World) -> None:
    """The other fields of the form ask what they say; a hidden name is found by nobody."""
    entry = next(e for e in quiet.docket(quiet.courts[0], FIRST) if e.persons[0].name and not e.number_previous)
    surname = quote(entry.persons[0].name.split()[0], encoding="cp1251")
    assert entry.printed_number in _numbers(quiet, f"&U1_DEFENDANT__NAMESS={surname}")
    assert {entry.printed_number} == _numbers(quiet, f"&u1_case__JUDICIAL_UIDSS={entry.uid}")
    assert {entry.printed_number} == _numbers(quiet, f"&u1_case__CASE_NUMBERSS={entry.number}")
    assert set() == _numbers(quiet, "&U1_DEFENDANT__NAMESS=" + quote("Информация", encoding="cp1251"))


@pytest.mark.parametrize("field", ["delo_id", "case_type", "new", "delo_table"])
def test_a_query_that_lacks_a_field_gets_the_form(quiet: World, field: str) -> None:
    """The search form with status 200, and no listing."""
    url = listing(quiet.courts[0], FIRST, *APRIL)
    parts = [part for part in url.partition("?")[2].split("&") if not part.startswith(f"{field}=")]
    given = ask(quiet, url.partition("?")[0] + "?" + "&".join(parts))
    assert given.status == 200
    assert page(given).css_first("form#calform input[name=delo_table]") is not None
    assert page(given).css_first("table#tablcont") is None


def test_a_wrong_new_finds_nothing(quiet: World) -> None:
    """It cannot be told from an honest nothing."""
    given = ask(quiet, listing(quiet.courts[0], FIRST, *APRIL).replace("&new=0", "&new=5"))
    honest = ask(quiet, listing(quiet.courts[-1], FIRST, *MONTHS[1]))
    for found in (given, honest):
        error = page(found).css_first("div#error")
        assert error is not None
        assert words(error.text(separator=" ")).startswith("Данных по запросу не обнаружено. Уточните критерии поиска.")


def test_a_page_past_the_last_and_a_date_that_is_none_find_nothing(quiet: World) -> None:
    """No rows, no counter."""
    url = listing(quiet.courts[0], FIRST, *APRIL)
    for wrong in (f"{url}&page=3", url.replace("30.04.2025", "31.02.2025")):
        assert "Данных по запросу не обнаружено" in ask(quiet, wrong).body.decode("cp1251")


# ---- cards


def _tabs(given: Answer) -> dict[str, LexborHTMLParser]:
    tree = page(given)
    names = [
        words(item.text()) for item in tree.css("ul.tabs > li") if (item.id or "").startswith("tab") and "_doc" not in item.id
    ]
    return {name: tree.css_first(f"div#cont{n}") for n, name in enumerate(names, 1)}


def _table(node: LexborHTMLParser) -> list[list[str]]:
    found = [[words(cell.text(separator=" ")) for cell in row.css("td")] for row in node.css("tr")]
    return [row for row in found if row]


def _day(day: date | None) -> str:
    return f"{day:%d.%m.%Y}" if day else ""


def _result(entry: Registration) -> str:
    return " ".join(entry.result.printed if entry.result else ())


def test_every_card_says_what_the_case_is(quiet: World) -> None:
    """Tabs by name, keys by name, one line an event, one row a defendant: all of it the world's values."""
    for entry in quiet.cases:
        given = ask(quiet, entry.card)
        tree, tabs = page(given), _tabs(given)
        kind, movement = ("МАТЕРИАЛ", "МАТЕРИАЛА") if entry.register == MATERIAL else ("ДЕЛО", "ДЕЛА")
        assert f"{kind} № {entry.printed_number}" == words(tree.css_first("div.casenumber").text())
        assert entry.register.title == words(tree.css_first("div.title").text())
        facts = {row[0]: row[1] for row in _table(tabs[kind])}
        assert entry.uid == facts["Уникальный идентификатор дела"]
        assert _day(entry.received) == facts["Дата поступления"]
        assert entry.judge == facts["Судья"]
        assert _day(entry.decided) == facts.get("Дата рассмотрения", "")
        assert _result(entry) == facts.get("Результат рассмотрения", "")
        assert entry.number_previous == facts.get("Номер по предыдущей регистрации")
        events = [
            [e.name, _day(e.day), e.time, e.place or "", e.result or "", e.reason or "", e.note or "", _day(e.placed)]
            for e in entry.events
        ]
        assert events == _table(tabs[f"ДВИЖЕНИЕ {movement}"])[1:]
        people = [
            [
                p.name or "Информация скрыта",
                printed_articles(p),
                _day(p.decided),
                " ".join(p.result.printed if p.result else ()),
            ]
            for p in entry.persons
        ]
        if entry.register == FIRST:
            assert people == _table(tabs["ЛИЦА"])[1:]
        assert ("СУДЕБНЫЕ АКТЫ" in tabs) == (entry.act is not None)
        assert ("РАССМОТРЕНИЕ В НИЖЕСТОЯЩЕМ СУДЕ" in tabs) == (entry.lower is not None)
        stamp = tree.css_first("div.publishInfo")
        expected = (
            entry.published and f"опубликовано {entry.published:%d.%m.%Y %H:%M}, изменено {entry.modified:%d.%m.%Y %H:%M}"
        )
        assert expected == (words(stamp.text()) if stamp else None)


def test_a_card_is_shown_at_three_addresses(quiet: World) -> None:
    """Own host, another spelling, another host of the region: the same content, each in its own court's frame."""
    own, spelling, other = quiet.shared_addresses()
    moved = ask(quiet, spelling)
    assert moved.status == 301
    location = dict(moved.fields)["Location"]
    assert spelling.replace("http://pgvs.stv.", "https://pgvs--stv.") == location
    contents = [page(ask(quiet, url)).css_first("div#content").html for url in (own, location, other)]
    assert contents[0] == contents[1] == contents[2]
    titles = [page(ask(quiet, url)).css_first("title").text() for url in (own, other)]
    assert titles == ["Пятигорский гарнизонный военный суд", "Ставропольский гарнизонный военный суд"]


def test_an_address_escaped_once_too_often_still_leads_to_the_card(quiet: World) -> None:
    """People copy addresses out of markup, with `&amp;` in them."""
    entry = quiet.cases[0]
    assert ask(quiet, entry.card).body == ask(quiet, entry.card.replace("&", "&amp;")).body


def test_a_card_is_not_shown_by_another_region_nor_under_another_number(quiet: World) -> None:
    """404, with the words that a withdrawn card gets too."""
    entry = quiet.entry(quiet.shared)
    assert entry is not None
    far = entry.card.replace(entry.court.dash, quiet.courts[2].dash)
    for url in (far, entry.card.replace(f"case_id={entry.case_id}", "case_id=1")):
        given = ask(quiet, url)
        assert given.status == 404
        assert "Возможно, она была удалена или перемещена" in given.body.decode("cp1251")


def test_one_identifier_lists_a_chain_at_its_courts_own_hosts(quiet: World) -> None:
    """r_juid: in order of receipt, each row linked at another host's dot spelling."""
    chain = next(case.chain for case in quiet.truth().cases if len(case.chain) == 2)
    tab = _tabs(ask(quiet, chain[1].card))["ДЕЛО"]
    href = tab.css_first("a").attributes["href"]
    given = page(ask(quiet, f"https://{chain[1].court.dash}{href}"))
    assert [entry.printed_number for entry in chain] == [words(link.text()) for link in given.css("table#tablcont a")]
    hosts = [urlsplit(link.attributes["href"] or "").hostname for link in given.css("table#tablcont a")]
    assert [entry.court.dot for entry in chain] == hosts


def test_an_act_has_a_page_of_its_own_and_nothing_after_its_last_text(quiet: World) -> None:
    """The same text as in the card's tab; a second text is an empty document."""
    entry = next(entry for entry in quiet.cases if entry.act)
    assert entry.act is not None
    url = f"https://{entry.court.dash}/modules.php?name=sud_delo&srv_num=1&name_op=doc&number={entry.act.number}&delo_id=1540006&new=0"
    text = words(page(ask(quiet, f"{url}&text_number=1")).css_first("div#content").text(separator=" "))
    assert " ".join(entry.act.paragraphs) == text
    assert "ПУСТОЙ ДОКУМЕНТ" in ask(quiet, f"{url}&text_number=2").body.decode("cp1251")


# ---- hearings


def test_a_hearing_list_has_its_sections_and_every_hearing(quiet: World) -> None:
    """Appeals and first instance under their own section rows, numbered through; the outer div shares the table's id."""
    court = quiet.courts[-1]
    for day in quiet.hearing_days(court):
        given = ask(quiet, hearing_list(court, day))
        tree = page(given)
        assert tree.css("#tablcont")[0].tag == "div"
        assert f"Список дел, назначенных к слушанию на {day:%d.%m.%Y}" in words(tree.css_first("#HH").text())
        heard = quiet.hearings(court, day)
        found = [[words(c.text(separator=" ")) for c in row.css("td")] for row in tree.css("table#tablcont tr")]
        given_rows = [row for row in found if len(row) == 8][1:]
        assert [(f"{n}.", e.printed_number, v.time) for n, (e, v) in enumerate(heard, 1)] == [tuple(r[:3]) for r in given_rows]
        sections = [row[0] for row in found if len(row) == 1]
        assert sorted({entry.register.title for entry, _ in heard}) == sorted(sections)


def test_a_day_without_hearings_says_so(quiet: World) -> None:
    """The honest nothing of a hearing list."""
    given = ask(quiet, hearing_list(quiet.courts[0], date(2025, 1, 1)))
    assert "На 01.01.2025 дел не назначено" in given.body.decode("cp1251")


# ---- failures and frames


def test_court_pages_are_windows_1251_in_a_frame_of_real_size(quiet: World) -> None:
    """Strict cp1251, no valid UTF-8, lines ending in CRLF, 10 to 45 KB; a fragment has neither head nor meta."""
    for url in (quiet.cases[0].card, listing(quiet.courts[0], FIRST, *APRIL), hearing_list(quiet.courts[0], date(2025, 4, 1))):
        body = ask(quiet, url).body
        assert 10_000 < len(body) < 45_000
        assert body.decode("cp1251").encode("cp1251") == body
        assert body.count(b"\r\n") == body.count(b"\n")
        with pytest.raises(UnicodeDecodeError):
            body.decode("utf-8")
    fragment = ask(quiet, listing(quiet.courts[0], FIRST, *APRIL) + "&nc=1").body
    assert b"<meta" not in fragment
    assert b"tablcont" in fragment


@pytest.mark.parametrize(
    ("court", "month", "words_on_it"),
    [
        (2, 2, "Неверно указан проверочный код с картинки"),
        (1, 4, "Информация временно недоступна. Приносим свои извинения. Попробуйте обратиться позже"),
        (3, 3, "Этот запрос заблокирован по соображениям безопасности (G)"),
    ],
)
def test_what_stands_before_a_listing_at_the_first_visit_is_gone_at_the_second(
    world: World, court: int, month: int, words_on_it: str
) -> None:
    """Status 200 and no listing; the second visit has the rows."""
    world.script.note("reset", 1, "spent"), world.script.note("unavailable", 1, "spent")
    url = listing(world.courts[court], FIRST, *MONTHS[month])
    given = ask(world, url)
    assert given.status == 200
    assert words_on_it in given.body.decode("cp1251")
    assert page(given).css_first("table#tablcont") is None
    assert world.gap(world.courts[court], FIRST, *MONTHS[month]) is not None
    world.turn(2)
    assert rows(ask(world, url))


def test_the_second_visit_shows_exactly_what_is_scripted(world: World) -> None:
    """Every card and listing is byte for byte the same but for the day in the form, the changed case and the withdrawn one."""
    world.hidden, world.script = (), Script(())
    entries = {entry.case_uid: entry for entry in world.cases}
    urls = [entry.card for entry in entries.values()] + [seed.url for seed in world.seeds()]
    before = {url: ask(world, url).body.replace(b"value=05.06.2025", b"value=DAY") for url in urls}
    world.turn(2)
    differing = {url for url in urls if ask(world, url).body.replace(b"value=30.06.2025", b"value=DAY") != before[url]}

    changed, lost = entries[world.changed], entries[world.withdrawn]
    months = {listing(e.court, FIRST, *MONTHS[e.received.month - 1]) for e in (changed, lost)}
    assert {changed.card, lost.card, *months} == differing
    assert ask(world, lost.card).status == 404


def test_the_same_seed_prints_the_same_bytes() -> None:
    """Two worlds of one seed, every address of both visits."""
    one, two = World(seed=5), World(seed=5)
    for world in (one, two):
        world.script = Script(())
    for visit in (1, 2):
        one.turn(visit), two.turn(visit)
        urls = [seed.url for seed in one.seeds()] + list(one.addresses()) + [entry.card for entry in one.cases]
        assert [ask(one, url) for url in urls] == [ask(two, url) for url in urls]


def test_robots_of_every_host(quiet: World) -> None:
    """Courts let the register be read, one has no file, the publisher keeps its drafts."""
    found = {
        host: ask(quiet, f"https://{host}/robots.txt") for host in quiet.hosts if host.count(".sudrf") == 0 or "--" in host
    }
    assert [found[court.dash].status for court in quiet.courts] == [200, 200, 404, 200]
    for host in (ORIGINAL, MIRROR, ENGLISH):
        assert b"Disallow: /drafts/" in found[host].body


def test_other_methods_and_hosts_are_refused(quiet: World) -> None:
    """The demo is read, never written to, and answers for its own hosts only."""
    court = quiet.courts[0]
    assert answer(quiet, Request("POST", "https", court.dash, "/")).status == 405
    assert ask(quiet, "https://elsewhere.invalid/").status == 421
    assert ask(quiet, f"https://{court.dash}/modules.php?name=press_dep&op=1").status == 404
    assert ask(quiet, f"https://{court.dot}/").status == 301


# ---- the publisher


def test_editions_point_at_one_another(quiet: World) -> None:
    """Original and mirror share path and canonical; Russian and English name each other as alternates, both ways."""
    original, mirror, english = quiet.editions()
    heads = {}
    for url in (original, mirror, english):
        tree = LexborHTMLParser(ask(quiet, url).body)
        links = {link.attributes["hreflang"]: link.attributes["href"] for link in tree.css("link[hreflang]")}
        described = json.loads(tree.css_first("script[type='application/ld+json']").text())
        canonical = tree.css_first("link[rel=canonical]").attributes["href"]
        shown = tree.css_first("time").attributes["datetime"]
        assert canonical == tree.css_first("meta[property='og:url']").attributes["content"]
        assert canonical == described["mainEntityOfPage"]
        assert shown == described["datePublished"]
        heads[url] = (canonical, links, shown, described["inLanguage"])
    both = {"ru": original, "en": english}
    assert (original, both, "2025-06-03T12:30:00+03:00", "ru") == heads[original] == heads[mirror]
    assert (english, both, "2025-06-04T11:00:00+03:00", "en") == heads[english]
    assert urlsplit(original).path == urlsplit(mirror).path


def test_the_article_states_what_the_courts_show_and_cites_their_pages(quiet: World) -> None:
    """Its figures are those of the truth, in both languages; its links are the three addresses and the broken search."""
    period, april, by = press.stated(quiet)
    assert period == quiet.truth(1).total(months=press.PERIOD)
    original, _, english = quiet.editions()
    russian, other = (LexborHTMLParser(ask(quiet, url).body) for url in (original, english))
    for tree in (russian, other):
        text = words(tree.css_first("article").text())
        for figure in (period.received, period.verdicts, period.convicted, april.verdicts, *by.values()):
            assert f" {figure}" in text
    cited = [link.attributes["href"] for link in russian.css("article a")]
    own, spelling, elsewhere = quiet.shared_addresses()
    assert [spelling, own, elsewhere, quiet.broken_query()] == cited
    assert [own, elsewhere] == [link.attributes["href"] for link in other.css("article a")]


def test_the_publisher_codes_and_validates(quiet: World) -> None:
    """gzip where it is accepted; the same validator gets 304 without a body; the next visit finds the same page."""
    url = quiet.editions()[0]
    plain, coded = ask(quiet, url), ask(quiet, url, accept_encoding="gzip, identity")
    assert plain.body == gzip.decompress(coded.body)
    assert ("Content-Encoding", "gzip") in coded.fields
    tag = dict(plain.fields)["ETag"]
    unchanged = ask(quiet, url, if_none_match=tag)
    assert (unchanged.status, unchanged.body) == (304, b"")
    quiet.turn(2)
    assert tag == dict(ask(quiet, url).fields)["ETag"]


@pytest.mark.parametrize(
    ("count", "text"), [(1, "1 уголовное дело"), (3, "3 уголовных дела"), (12, "12 уголовных дел"), (71, "71 уголовное дело")]
)
def test_cases_are_counted_in_grammar(count: int, text: str) -> None:
    """A seed may bring any number."""
    assert text == press._cases(count)
