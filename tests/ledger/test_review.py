"""Who decides that two are one: rules where nothing is against it, people where it is unclear, and everything can be taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.decisions import Decision, decide, decisions
from archive.ledger.book import Book, Entry
from archive.ledger.candidates import candidate_id, marked
from archive.ledger.case import find, fold, keys_of, registrations
from archive.ledger.identity import Keys, groups, official
from archive.ledger.likeness import likenesses
from archive.ledger.moment import NOW
from archive.ledger.rows import case_row
from archive.ledger.tally import Question, tally
from archive.store import Settings, Store
from archive.verify import Verdict, verify
from tests.ledger.conftest import MIDNIGHT, capture, card, decided, entry, listing, say, small_world

LEFT, RIGHT = "reg:criminal-1:57GV0001:11", "reg:criminal-1:aaaa-1"


def keys(name: str, register: str = "criminal-1", **values) -> Keys:
    known = {
        "court": "57GV0001",
        "uids": (),
        "numbers": (),
        "received": "2025-04-07",
        "articles": ("337/5",),
        "names": ("Вымыслов И.И.",),
    }
    return Keys(f"reg:{register}:{name}", **(known | values))


def tier(*held: Keys) -> list[int | None]:
    return [each.tier for each in likenesses(held, groups(official(held)))]


ONE = keys("a")
CANDIDATES = [
    ("nothing but a key is missing", (ONE, keys("b", names=("Вымыслов Иван Ильич",))), [2]),
    ("another man", (ONE, keys("b", names=("Сказкин С.С.",))), []),
    ("his name is hidden", (ONE, keys("b", names=())), [None]),
    ("two numbers of one register", (keys("a", numbers=("1-5/2025",)), keys("b", numbers=("1-6/2025",))), []),
    ("two judicial UIDs", (keys("a", uids=("u",)), keys("b", uids=("v",))), []),
    ("two that fit", (ONE, keys("b", names=("Вымыслов Иван Ильич",)), keys("c", names=("Вымыслов Илья Иванович",))), [None, None]),
    ("another day", (ONE, keys("b", received="2025-09-01")), [None]),
    ("the same decision, romanised", (keys("a", decided="2025-05-20", names=("Вымыслов Иван Ильич",)),
                                      keys("b", court=None, received=None, decided="2025-05-20", names=("Ivan Vymyslov",))), [3]),
    ("names alone", (keys("a", names=("Вымыслов Иван Ильич",), received=None),
                     keys("b", names=("Вымыслов Иван Ильич",), received=None, court=None)), [None]),
    ("sent to another court", (keys("a", result="transferred", decided="2025-04-20", names=("Вымыслов Иван Ильич",)),
                               keys("b", court="61GV0002", received="2025-05-11", names=("Вымыслов Иван Ильич",))), [3]),
    ("received there before it was sent", (keys("a", result="transferred", decided="2025-04-20"),
                                           keys("b", court="61GV0002", received="2025-03-11")), []),
]  # fmt: skip


@pytest.mark.parametrize(("what", "held", "expected"), CANDIDATES, ids=[what for what, *_ in CANDIDATES])
def test_a_rule_joins_only_where_nothing_is_against_it(what, held, expected):
    """One candidate on either side, or one far above the others, and something of the court's own the same; else a person."""
    assert tier(*held) == expected


def test_the_order_of_registrations_decides_no_likeness():
    """The same pairs, scores and links from any order."""
    held = [one for _, some, _ in CANDIDATES for one in some if one.subject[-1] in "bc"]
    named = {one.subject + str(n): Keys(f"{one.subject}{n}", *[getattr(one, f) for f in ("court", "uids", "numbers")], received=one.received, names=one.names) for n, one in enumerate(held)}  # fmt: skip
    one, other = list(named.values()), list(named.values())[::-1]
    assert likenesses(one, groups(official(one))) == likenesses(other, groups(official(other))) != []


def pair_of_pages() -> list[Entry]:
    """A case on a listing without a key of its own, and on a card of another kind: the same day and man, no number in common."""
    row = listing({"key": "57GV0001:11", "court": "57GV0001", "received": ("07.04.2025", "2025-04-07"),
                   "persons": [{"name": ("Информация скрыта", None), "article": ("ст.337 ч.5", "337/5")}]})  # fmt: skip
    page = card("aaaa-1", court="57GV0001", number="1-5/2025", received=("07.04.2025", "2025-04-07"),
                persons=[{"name": "Вымыслов И.И.", "article": ("ст.337 ч.5", "337/5")}])  # fmt: skip
    return [entry(1, row), entry(2, page)]


def test_a_person_decides_at_the_command_line(tmp_path):
    """Listed, accepted with a reason, undone: each word is kept in the archive, and the ledger follows it and comes back."""
    with Store.open(tmp_path, settings=Settings(floor=0)), Book.open(tmp_path, write=True) as book:
        book.enter_many(pair_of_pages())
        before = NOW.cases(book)
    _, (row,) = say(tmp_path, "review")
    assert list(row)[:6] == ["candidate", "left", "right", "score", "features", "decision"]
    assert (row["left"], row["right"], row["decision"]) == (LEFT, RIGHT, None)
    assert 2 == say(tmp_path, "review", "accept", row["candidate"])[0]
    _, accepted = say(
        tmp_path, "review", "accept", row["candidate"][:8], "--reason", "тот же день и статья", "--who", "Редактор"
    )
    assert [("accept", "Редактор", "person/1")] == [(r["decision"], r["who"], r["method"]) for r in accepted]
    assert (5, []) == say(tmp_path, "review")
    assert ["accept"] == [r["decision"] for r in say(tmp_path, "review", "--all")[1]]
    with Book.open(tmp_path) as book:
        (joined,) = NOW.cases(book)
        assert LEFT == find([joined], f"case:{RIGHT}").id.removeprefix("case:")
        ((_, tie),) = joined.links
        assert (tie.tier, tie.reason, tie.who, tie.score) == (0, "тот же день и статья", "Редактор", row["score"])
    assert ["case:" + LEFT] == [r["case"] for r in say(tmp_path, "cases")[1]]
    _, (undone,) = say(tmp_path, "review", "undo", LEFT, RIGHT, "--reason", "разные люди")
    assert undone["decision"] is None
    with Book.open(tmp_path) as book:
        assert before == NOW.cases(book)
    _, kept = say(tmp_path, "decisions")
    assert [("identity", "тот же день и статья"), ("identity", "разные люди")] == [(r["kind"], r["reason"]) for r in kept]
    assert [] == [found for found in verify(tmp_path) if found.outcome is Verdict.FAIL and "decision" in found.subject]


def test_a_correction_at_the_command_line(tmp_path):
    """A wrong word is refused; a right one is shown with the place where it was said, and taken back by its id."""
    with Store.open(tmp_path, settings=Settings(floor=0)), Book.open(tmp_path, write=True) as book:
        book.enter_many(pair_of_pages())
    reason = ("--reason", "см. приговор")
    for status, wrong in (
        (3, (RIGHT, "result", "guilty")),
        (2, (RIGHT, "colour", "red")),
        (5, (f"{RIGHT}9", "result", "convicted")),
    ):
        assert status == say(tmp_path, "correct", *wrong, *reason)[0]
    _, (made,) = say(tmp_path, "correct", RIGHT, "result", "convicted", *reason)
    (shown,) = [row for row in say(tmp_path, "case", RIGHT)[1] if row["property"] == "result"]
    assert (shown["value"], shown["capture"], shown["parser"], shown["quote"]) == (
        "convicted",
        made["decision"],
        "decision/1",
        '"convicted"',
    )
    with Store.open(tmp_path, settings=Settings(floor=0)) as store:
        text = store.archive.memento(store.archive.capture(shown["capture"])).body.decode()
        assert text[shown["start"] : shown["end"]] == shown["quote"]
        assert 1 == len(list(decisions(store.archive, "correction")))
    assert 0 == say(tmp_path, "correct", "--undo", made["decision"], "--reason", "ошибка")[0]
    assert [] == [row for row in say(tmp_path, "case", RIGHT)[1] if row["property"] == "result"]


def test_what_was_taken_down_is_not_told_by_a_decision(tmp_path):
    """A reason and a correction may name him whom a takedown is for: neither list tells it any more; that it was decided stays."""
    with Store.open(tmp_path, settings=Settings(floor=0)) as store, Book.open(tmp_path, write=True) as book:
        book.enter_many(pair_of_pages())
        named = {"property": "name", "value": "Вымыслова И.И.", "name": "Вымыслов И.И.", "was": ["Вымыслов И.И."]}
        decide(store, Decision("correction", MIDNIGHT, "Вымыслов сменил имя", (f"{RIGHT}#person:1",), named))
        decide(store, Decision("identity", MIDNIGHT, "Вымыслов и там", (LEFT, RIGHT), {"same": None}))
        book.decide(*decisions(store.archive))
    assert "Вымыслов" in repr(say(tmp_path, "decisions")[1])
    with Store.open(tmp_path, settings=Settings(floor=0)) as store:
        decide(store, Decision("takedown", MIDNIGHT, "по просьбе", (RIGHT,), {"scope": "case"}))
    status, told = say(tmp_path, "decisions")
    assert (0, ["correction", "identity", "takedown"]) == (status, [row["kind"] for row in told])
    assert "Вымыслов" not in repr(told)
    assert (5, []) == say(tmp_path, "review", "--all")


def test_the_ledger_is_made_anew_with_its_decisions(tmp_path):
    """Index and ledger are lost and rebuilt: every decision is replayed in its order, and stands as it stood."""
    with Store.open(tmp_path, settings=Settings(floor=0)) as store, Book.open(tmp_path, write=True) as book:
        for number in range(3):
            same = Decision("identity", MIDNIGHT + timedelta(hours=number), "видно", (LEFT, RIGHT), {"same": number != 1})
            decide(store, same)
        book.decide(*decisions(store.archive))
        before, ties = book.digest(), book.ties()
    for file in [*tmp_path.glob("ledger.sqlite*"), *tmp_path.glob("index.sqlite*")]:
        file.unlink()
    status, rows = say(tmp_path, "rebuild")
    assert (0, before) == (status, next((row["rows"], row["sha256"]) for row in rows if row["file"] == "ledger.sqlite"))
    with Book.open(tmp_path) as book:
        assert (before, ties) == (book.digest(), book.ties())
        assert [True] == [tie.same for _, tie in ties]  # of three words about two the last one


def test_two_axes_at_the_command_line(tmp_path):
    """`--as-of` and `--known-at` in cases, case and tally: what the court said then, and what we knew."""
    lines = {"court": "57GV0001", "number": "1-5/2025", "received": ("07.04.2025", "2025-04-07")}
    later = card("aaaa-1", **lines, decided=("05.05.2025", "2025-05-05"), result=("ПРИГОВОР", "verdict"),
                 persons=[{"name": "Вымыслов И.И.", "article": ("ст.337 ч.5", "337/5")}])  # fmt: skip
    with Book.open(tmp_path, write=True) as book:
        book.enter_many([entry(1, card("aaaa-1", **lines), at=MIDNIGHT)])
        taken = MIDNIGHT + timedelta(days=10)
        book.enter_many(
            [Entry(capture(2, later, at=taken, foreign="theirs.warc"), later.reading(), known=MIDNIGHT + timedelta(days=40))]
        )

    def results(*words: str) -> list[str | None]:
        return [row["result"] for row in say(tmp_path, "cases", *words)[1]]

    assert (["verdict"], [None], ["verdict"]) == (results(), results("--as-of", "2025-06-10"), results("--as-of", "2025-06-11"))
    assert ([None], ["verdict"]) == (results("--known-at", "2025-06-30"), results("--known-at", "2025-07-30"))
    assert [] == results("--as-of", "2025-05-31")
    for axis, expected in (("--as-of", 1), ("--known-at", 0)):
        _, rows = say(tmp_path, "case", RIGHT, axis, "2025-06-20")
        assert expected == sum(row["property"] == "result" for row in rows)
        _, (counted,) = say(tmp_path, "tally", axis, "2025-06-20")
        assert (1, expected, expected) == (counted["received"], counted["decided"], counted["verdicts"])


def test_a_picture_at_the_command_line(tmp_path):
    """`--chart` writes the picture and prints the rows; `--maturity` prints the months; what cannot be drawn is told."""
    with Book.open(tmp_path, write=True) as book:
        book.enter_many(small_world())
    file = tmp_path / "months.svg"
    status, rows = say(tmp_path, "tally", "--by", "month", "--from", "2025-03-01", "--to", "2025-05-31", "--chart", str(file))
    assert (0, ["2025-03", "2025-04", "2025-05"]) == (status, [row["month"] for row in rows if "month" in row])
    first = file.read_bytes()
    say(tmp_path, "tally", "--by", "month", "--from", "2025-03-01", "--to", "2025-05-31", "--chart", str(file))
    assert first == file.read_bytes() and b"received by month" in first
    assert 2 == say(tmp_path, "tally", "--chart", str(file))[0]
    _, months = say(tmp_path, "tally", "--maturity")
    assert [("received", "2025-03"), ("received", "2025-04")] == [(row["measure"], row["month"]) for row in months][:2]


def test_a_case_that_only_an_article_names(book, world):
    """It is there to be searched, it is in no figure; when the court's page appears, a link joins them and nothing is rewritten."""
    named = world.Page("article")
    world.registration(named, "article-77", court="57GV0001", received=("07.04.2025", "2025-04-07"),
                       persons=[{"name": "Ivan Vymyslov", "article": ("ст.337 ч.5", "337/5")}])  # fmt: skip
    book.enter_many([entry(1, named)])
    (case,) = NOW.cases(book)
    assert (case.of_articles, tally((case,), Question()).total.received) == (True, 0)
    assert case_row(case)["persons"][0]["name"] == "Ivan Vymyslov"
    page = world.card("aaaa-1", court="57GV0001", number="1-5/2025", received=("07.04.2025", "2025-04-07"),
                      persons=[{"name": "Вымыслов Иван Ильич", "article": ("ст.337 ч.5", "337/5")}])  # fmt: skip
    book.enter_many([entry(2, page)])
    (case,) = NOW.cases(book)
    assert (case.of_articles, tally((case,), Question()).total.received) == (False, 1)
    assert case.id == "case:reg:criminal-1:article-77" == find([case], "reg:criminal-1:aaaa-1").id
    assert [person.get("name") for person in case.persons] == ["Вымыслов Иван Ильич"]
    assert [tie.method for _, tie in case.links] == ["composite/1"]


def test_the_words_that_differ_are_marked():
    """What the other side lacks stands in brackets; what both say stands plain."""
    assert ("Вымыслов [Иван] Ильич", "Вымыслов [И.] Ильич") == marked("Вымыслов Иван Ильич", "Вымыслов И. Ильич")
    assert ("", "[1-5/2025]") == marked("", "1-5/2025")
    assert candidate_id("a", "b") == candidate_id("b", "a")


PLAYERS = [f"reg:criminal-1:{letter}" for letter in "abcde"]
words_said = st.tuples(st.sampled_from(PLAYERS), st.sampled_from(PLAYERS), st.sampled_from((True, False, None)))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(said=st.lists(words_said, max_size=8), last=words_said)
def test_an_undo_restores_the_former_grouping(tmp_path_factory, said, last):
    """Whatever was decided before, a word and its undo leave the groups, and every id, as they were; so does an undone undo."""
    with Book.open(tmp_path_factory.mktemp("b"), write=True) as book:
        page = listing(
            *({"key": subject[-1], "court": "57GV0001", "received": ("07.04.2025", "2025-04-07")} for subject in PLAYERS)
        )
        book.enter_many([entry(1, page)])
        for left, right, same in said:
            if left != right:
                decided(book, "identity", *sorted((left, right)), same=same)
        before = [{r.subject for r in case.registrations} for case in NOW.cases(book)]
        left, right, same = last
        if left == right:
            return
        made = decided(book, "identity", *sorted((left, right)), same=same)
        after = [{r.subject for r in case.registrations} for case in NOW.cases(book)]
        undone = decided(book, "identity", *sorted((left, right)), undoes=made)
        assert before == [{r.subject for r in case.registrations} for case in NOW.cases(book)]
        decided(book, "identity", *sorted((left, right)), undoes=undone)
        assert after == [{r.subject for r in case.registrations} for case in NOW.cases(book)]
        for case in NOW.cases(book):
            for registration in case.registrations:
                assert case == find(NOW.cases(book), f"case:{registration.subject}")


def test_a_rule_does_not_make_again_what_a_person_took_back(book):
    """An automatic link that was undone waits for a person from then on; undone twice it stands again."""
    pages = [card(key, court="57GV0001", received=("07.04.2025", "2025-04-07"),
                  persons=[{"name": "Вымыслов И.И.", "article": ("ст.337 ч.5", "337/5")}]) for key in ("aaaa-1", "bbbb-1")]  # fmt: skip
    book.enter_many([entry(n, page) for n, page in enumerate(pages)])
    (case,) = NOW.cases(book)
    ((link, tie),) = case.links
    undone = decided(book, "identity", tie.left, tie.right, undoes=link)
    assert 2 == len(NOW.cases(book))
    decided(book, "identity", tie.left, tie.right, undoes=undone)
    assert (case,) == NOW.cases(book)
    held = list(map(keys_of, registrations(book.sightings()).values()))
    assert (case,) == fold(book.sightings(), book.ties()) and 2 == len(held)
