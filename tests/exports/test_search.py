"""What is looked for is found, in any form of the word and in either script; what is not there is not; nothing is a command."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.ledger.book import Book
from archive.ledger.search import FILE, Search, match
from archive.ledger.views import Views
from archive.ledger.wordforms import stems, words

ACT = (
    "Именем Российской Федерации. Военнослужащий, самовольно оставив воинскую часть, скрылся с места службы "
    "и впоследствии задержан сотрудниками военной комендатуры."
)


@pytest.fixture
def home(book, world, tmp_path) -> Path:
    """The small world with the text of an act, and three articles."""
    entries = world.small()
    act = world.Page("act")
    act.say("reg:criminal-1:aaaa-2", "act", ACT, None)
    entries.append(world.entry(10, act, url="https://court.test/act"))
    for seq, (language, title, body) in enumerate((
        ("ru", "Вымыслов получил срок", "Гарнизонный суд рассмотрел дела о дезертирстве"),
        ("uk", "Військовий суд виніс вирок", "Солдата засудили за самовільне залишення військової частини"),
        ("en", "A court convicts a deserter", "Vymyslov was sentenced after deserting from his unit"),
    ), 11):  # fmt: skip
        page = world.Page("article")
        page.say(f"https://news.test/{language}", "title", title)
        page.say(f"https://news.test/{language}", "body", body, None, derived=True)
        entries.append(world.entry(seq, page, url=f"https://news.test/{language}"))
    book.enter_many(entries)
    return tmp_path


def found(home: Path, query: str, **asked) -> list[str]:
    with Book.open(home) as book, Views.open(home, book) as views, Search.open(home, book, views) as search:
        return [row["case"].removeprefix("case:reg:") for row in search.cases(query, **asked)]


def documents(home: Path, query: str) -> set[tuple[str, str]]:
    with Book.open(home) as book, Views.open(home, book) as views, Search.open(home, book, views) as search:
        return {(row["kind"], row["id"].rpartition("/")[2].rpartition(":")[2]) for row in search.find(query)}


@pytest.mark.parametrize(
    ("query", "cases"),
    [
        ("Вымыслов", ["criminal-1:aaaa-1"]),
        ("вымыслову", ["criminal-1:aaaa-1"]),
        ("Vymyslov", ["criminal-1:aaaa-1"]),
        ("Ivan Vymyslov", ["criminal-1:aaaa-1"]),
        ("Небылицына", ["criminal-1:bbbb-1"]),
        ("Nebylitsyn", ["criminal-1:bbbb-1"]),
        ("приговоры", ["criminal-1:aaaa-1", "criminal-1:bbbb-1"]),
        ("уголовных дел", ["criminal-1:cccc-1"]),
        ("1-12/2025", ["criminal-1:bbbb-1"]),
        ("57GV0001-01-2025-000002-18", ["criminal-1:bbbb-1"]),
        ("337/4", ["criminal-1:cccc-1"]),
        ("воинских частей", ["criminal-1:aaaa-1"]),
        ('"самовольно оставив"', ["criminal-1:aaaa-1"]),
        ('"оставив самовольно"', []),
        ("Вымыслов Небылицын", []),
        ("61GV0002", ["criminal-1:aaaa-1", "criminal-1:cccc-1", "criminal-1:dddd-1", "criminal-1:eeee-1"]),
        ("несуществующее", []),
        ("", []),
        ("!!! ...", []),
    ],
)
def test_a_case_is_found(home, query, cases):
    """By name in either script and any case of it, by number, article, outcome, and the words of its act."""
    assert found(home, query) == cases


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("дезертирство", {("article", "ru")}),
        ("військових судів", {("article", "uk")}),
        ("самовільного залишення частин", {("article", "uk")}),
        ("sentences deserted", {("article", "en")}),
        ("Вымыслова", {("article", "ru"), ("article", "en"), ("case", "aaaa-1")}),
        ("самовольное оставление", set()),
        ("комендатурами", {("act", "aaaa-1")}),
    ],
)
def test_acts_and_articles_are_found(home, query, hits):
    """In Russian, Ukrainian and English word forms."""
    assert documents(home, query) == hits


def test_the_question_is_narrowed(home):
    """Court, article and day of receipt hold beside the words."""
    assert found(home, "приговор", court="57GV0001") == ["criminal-1:aaaa-1", "criminal-1:bbbb-1"]
    assert found(home, "приговор", article="338") == ["criminal-1:bbbb-1"]


def test_made_anew_it_is_the_same(home):
    """Thrown away, or broken, the index comes back with the same octets; what is entered later is found."""
    assert found(home, "Сказкин") == ["criminal-1:cccc-1"]
    first = hashlib.sha256((home / FILE).read_bytes()).hexdigest()
    (home / FILE).unlink()
    found(home, "Сказкин")
    assert hashlib.sha256((home / FILE).read_bytes()).hexdigest() == first
    (home / FILE).write_bytes(b"not a database at all" * 100)
    assert found(home, "Сказкин") == ["criminal-1:cccc-1"]


def test_what_comes_later_is_found(home, world):
    """A ledger that has grown is looked through as it is now."""
    assert found(home, "Новоявленский") == []
    with Book.open(home, write=True) as book:
        later = world.card("zzzz-1", court="57GV0001", number="1-900/2025", persons=[{"name": "Новоявленский Н.Н."}])
        book.enter_many([world.entry(50, later)])
    assert found(home, "Новоявленскому") == ["criminal-1:zzzz-1"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from([*'"*:^()-+{} ', "AND ", "OR ", "NOT ", "NEAR(", "name", "plain:", "суд", "1", "\x00", "'"]),
        max_size=12,
    )
)
def test_a_query_is_no_command(parts):
    """Whatever is typed is a question that FTS5 takes, in words of ours: quoted strings, and columns that there are."""
    query = "".join(parts)
    asked = match(query)
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE VIRTUAL TABLE t USING fts5(plain, russian, ukrainian, name)")
        if asked is not None:
            assert database.execute("SELECT count(*) FROM t WHERE t MATCH ?", (asked,)).fetchone() == (0,)
    assert (asked is None) == (not list(words(query)))


def test_too_many_words():
    """A question without end is refused, not run."""
    with pytest.raises(ValueError, match="more than"):
        match("суд " * 65)


@pytest.mark.parametrize(
    "forms",
    [
        "дезертирство дезертирства дезертирством", "приговор приговора приговоров", "вирок вироку вироків вироком",
        "військовий військового військової", "справа справи справу", "солдат солдата солдатів", "ніч ночі",
        "обвинувачений обвинуваченого обвинуваченому", "deserted deserting deserts", "суд суду судом суды",
    ],
)  # fmt: skip
def test_forms_of_one_word(forms):
    """In one of the languages all of them have one stem."""
    assert 1 in {len({stems(word)[language] for word in words(forms)}) for language in (0, 1)}
