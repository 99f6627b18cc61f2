"""What is shown of a case, whatever the order, the pages' kinds and the accidents of courts."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import NotFound
from archive.ledger.book import Book
from archive.ledger.case import compatible, find, fold, holds
from archive.ledger.observation import Tie
from archive.ledger.rows import case_row, select, value_rows

KEYS = (
    "case",
    "uid",
    "court",
    "numbers",
    "received",
    "articles",
    "persons",
    "result",
    "decided",
    "in_force",
    "captures",
    "of_articles",
)
VALUE_KEYS = (
    "subject", "property", "value", "raw", "valid", "observed", "capture", "selector", "quote", "start", "end", "parser",
)  # fmt: skip


def cases(book, **known):
    return fold(book.sightings(**known), book.ties())


def test_a_case_moves_to_another_court(book, world):
    """One case for a transfer: named by its first capture, told by its last court, received when it was first received."""
    book.enter_many(world.small())
    case = find(cases(book), "57GV0001-01-2025-000001-21")
    row = case_row(case)
    assert tuple(row) == KEYS
    assert row == {
        "case": "case:reg:criminal-1:aaaa-1",
        "uid": "57GV0001-01-2025-000001-21",
        "court": "61GV0002",
        "numbers": ["1-77/2025", "1-11/2025"],
        "received": "2025-03-10",
        "articles": ["337/5", "332/2.1"],
        "persons": [
            {"name": "Вымыслов Иван Ильич", "articles": ["337/5", "332/2.1"], "result": "verdict", "decided": "2025-04-25"}
        ],
        "result": "verdict",
        "decided": "2025-04-25",
        "in_force": None,
        "captures": ["00000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000001"],
        "of_articles": False,
    }
    assert find(cases(book), "case:reg:criminal-1:aaaa-2") == case  # the id it would have had still leads here


def test_an_appeal_changes_no_first_instance(book, world):
    """An appeal is part of the case, and decides neither its receipt nor its result."""
    book.enter_many(world.small())
    case = find(cases(book), "reg:criminal-appeal:bbbb-2")
    assert [registration.register for registration in case.registrations] == ["criminal-1", "criminal-appeal"]
    assert (case.received, case.result, case.decided) == ("2025-04-05", "verdict", "2025-04-30")


def test_pages_come_in_another_order(tmp_path, world):
    """The order in which captures are read decides nothing."""
    entries = world.small()
    entries += [
        world.entry(7, world.card("bbbb-1", number="1-12/2025", court="57GV0001", result=("ПРИГОВОР", "verdict"))),
        world.entry(8, world.listing({"key": "bbbb-1", "number": "1-12/2025", "result": ("Прекращено", "terminated")})),
    ]
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    shuffle = random.Random(seed).shuffle
    folded = set()
    for n in range(6):
        shuffle(entries)
        home = tmp_path / str(n)
        home.mkdir()
        with Book.open(home, write=True) as book:
            for entry in entries:
                book.enter(entry.capture, entry.reading)
            folded.add(repr(cases(book)))
    assert len(folded) == 1


@pytest.mark.parametrize("verdict", ["captcha", "outage", "blocked", "unreadable", "wrong-query", "soft-404", "empty"])
def test_a_captcha_page_never_empties_a_case(book, world, verdict):
    """What we knew stays known when the court stops answering, and nothing is called not seen."""
    page = world.card("ffff-1", number="1-1/2025", court="57GV0001", received=("01.02.2025", "2025-02-01"))
    book.enter_many([world.entry(1, page)])
    before = cases(book)
    book.enter_many([world.entry(2, world.Page("card"), verdict=verdict, url="https://court1.test/")])
    assert cases(book) == before


def test_a_value_is_gone_from_the_next_card(book, world):
    """Absence is not deletion: the value stays, marked not seen by the later card and by nothing else."""
    full = world.card("ffff-1", number="1-1/2025", judge="Судьин С.С.", in_force=("05.05.2025", "2025-05-05"))
    row = world.listing({"key": "ffff-1", "number": "1-1/2025"})
    book.enter_many([world.entry(1, full), world.entry(2, row)])
    own = find(cases(book), "reg:criminal-1:ffff-1").registrations[0].own
    assert {name: values[0].not_seen for name, values in own.values.items()} == dict.fromkeys(own.values, False)
    book.enter_many([world.entry(3, world.card("ffff-1", number="1-1/2025", judge="Судьин С.С."))])
    case = find(cases(book), "reg:criminal-1:ffff-1")
    own = case.registrations[0].own
    assert case.in_force == "2025-05-05"
    assert {name: values[0].not_seen for name, values in own.values.items()} == {
        "number": False, "judge": False, "in_force": True,
    }  # fmt: skip


def test_a_card_and_a_listing_disagree(book, world):
    """The card is shown although the listing is newer; the disagreement stays visible."""
    book.enter_many([
        world.entry(1, world.card("ffff-1", number="1-1/2025", result=("Вынесен ПРИГОВОР", "verdict"))),
        world.entry(2, world.listing({"key": "ffff-1", "number": "1-1/2025", "result": ("ПРЕКРАЩЕНО", "terminated")})),
    ])  # fmt: skip
    case = find(cases(book), "reg:criminal-1:ffff-1")
    assert case.result == "verdict"
    assert [(c.property, c.shown, c.said, c.kind) for c in case.conflicts] == [
        ("result", ("verdict",), ("terminated",), "listing")
    ]


def test_a_court_states_no_date_of_receipt(book, world):
    """Four clocks, never filled from one another: no date of receipt is made of a capture, an event or a publication."""
    page = world.card(
        "ffff-1", number="1-1/2025", published=("01.02.2025", "2025-02-01"),
        events=[{"name": ("Регистрация поступившего в суд дела", "received"), "date": ("31.01.2025", "2025-01-31")}],
    )  # fmt: skip
    book.enter_many([world.entry(1, page)])
    case = find(cases(book), "reg:criminal-1:ffff-1")
    assert (case.received, case.decided, case.in_force) == (None, None, None)
    assert [(event.get("name"), event.get("date")) for event in case.events] == [("received", "2025-01-31")]


def test_rows_of_people_change_places(book, world):
    """A person keeps what was said of him when a later page lists people in another order, or fewer of them."""
    one = {"name": "Вымыслов И.И.", "article": ("ст.337 ч.5", "337/5"), "result": ("Оправдан", "acquitted")}
    two = {"name": "Небылицын Н.Н.", "article": ("ст.338 ч.1", "338/1")}
    book.enter_many([
        world.entry(1, world.card("ffff-1", number="1-1/2025", persons=[one, two])),
        world.entry(2, world.listing({"key": "ffff-1", "number": "1-1/2025", "persons": [{"name": "Небылицын Николай Нилович",
                    "decided": ("01.02.2025", "2025-02-01")}, {"name": ("Информация скрыта", None)}]})),
        world.entry(3, world.card("ffff-1", number="1-1/2025", persons=[two])),
    ])  # fmt: skip
    registration = find(cases(book), "reg:criminal-1:ffff-1").registrations[0]
    told = [(p.get("name"), p.all("article"), p.get("result"), p.get("decided"), p.not_seen) for p in registration.persons]
    assert told == [
        ("Небылицын Н.Н.", ("338/1",), None, "2025-02-01", False),
        ("Вымыслов И.И.", ("337/5",), "acquitted", None, True),
    ]
    assert [person.get("name") for person in registration.present] == ["Небылицын Н.Н."]


def test_a_hearing_is_put_off(book, world):
    """Events follow the newest card; one that it does not list any more stays, not seen; rows may be inserted."""
    set_for = {"name": ("Судебное заседание", "hearing"), "date": ("20.04.2025", "2025-04-20")}
    moved = {"name": ("Судебное заседание", "hearing"), "date": ("25.04.2025", "2025-04-25")}
    first = {"name": ("Передача дела судье", "assigned"), "date": ("02.04.2025", "2025-04-02")}
    book.enter_many([
        world.entry(1, world.card("ffff-1", number="1-1/2025", events=[set_for])),
        world.entry(2, world.card("ffff-1", number="1-1/2025", events=[first, moved])),
    ])  # fmt: skip
    events = find(cases(book), "reg:criminal-1:ffff-1").events
    assert [(event.get("date"), event.not_seen) for event in events] == [
        ("2025-04-02", False), ("2025-04-25", False), ("2025-04-20", True),
    ]  # fmt: skip


def test_what_was_known_then(book, world):
    """What was captured later is not known at an earlier time; what a court said on a day is not pretended to be known."""
    undecided = world.card("ffff-1", number="1-1/2025", received=("01.02.2025", "2025-02-01"))
    decided = world.card("ffff-1", number="1-1/2025", received=("01.02.2025", "2025-02-01"), result=("Приговор", "verdict"))
    book.enter_many([world.entry(1, undecided), world.entry(2, decided)])
    assert cases(book)[0].result == "verdict"
    then = world.midnight + timedelta(minutes=1)
    assert cases(book, known_at=then)[0].result is None
    assert cases(book, known_at=then - timedelta(seconds=1)) == ()


def test_the_court_takes_a_value_back_and_gives_it_again(book, world):
    """A page that returns to earlier bytes shows its values again, not the ones in between."""
    first = world.card("ffff-1", number="1-1/2025", result=("Приговор", "verdict"))
    second = world.card("ffff-1", number="1-1/2025", result=("Прекращено", "terminated"))
    book.enter_many([world.entry(1, first), world.entry(2, second), world.entry(3, first)])
    assert cases(book)[0].result == "verdict"


def test_a_value_is_shown_where_it_stands(book, world):
    """Every line of a case has all its keys, and the quote says the value; each observation once, at its newest capture."""
    page = world.card("ffff-1", number="1-1/2025", decided=("01.03.2025", "2025-03-01"), result=("Вынесен ПРИГОВОР", "verdict"))
    again = world.card("ffff-1", judge="Судьин С.С.", number="1-1/2025")
    book.enter_many([world.entry(1, page), world.entry(2, again)])
    rows = list(value_rows(book.quoted(["reg:criminal-1:ffff-1"])))
    assert {tuple(row) for row in rows} == {VALUE_KEYS}
    assert [(row["property"], row["quote"], row["valid"], row["capture"][-1]) for row in rows] == [
        ("decided", "01.03.2025", "2025-03-01", "1"),
        ("judge", "Судьин С.С.", None, "2"),
        ("number", "1-1/2025", None, "2"),
        ("result", "Вынесен ПРИГОВОР", "2025-03-01", "1"),
    ]
    assert rows[0]["observed"] == "2025-06-01T00:01:00Z"


def test_people_ask_for_some_of_the_cases(book, world):
    """By court, article with its parts, date of receipt, and any text a person would look for."""
    book.enter_many(world.small())
    folded = cases(book)

    def chosen(**asked):
        return {case.id.rpartition(":")[2] for case in select(folded, **asked)}

    assert chosen() == {"aaaa-1", "bbbb-1", "cccc-1", "dddd-1", "eeee-1"}
    assert chosen(court="57GV0001") == {"aaaa-1", "bbbb-1"}
    assert chosen(article="337") == {"aaaa-1", "cccc-1", "dddd-1", "eeee-1"}
    assert chosen(article="337/4") == {"cccc-1"}
    assert chosen(since=date(2025, 4, 7)) == {"cccc-1", "dddd-1"}
    assert chosen(query="небылицын") == {"bbbb-1"}
    assert chosen(query="1-78/2025") == {"cccc-1"}
    with pytest.raises(NotFound, match="no case is called"):
        find(folded, "1-9999/2025")


def test_a_person_says_two_registrations_are_one_case(book, world):
    """A tie joins, and is undone without a row being changed; a person may part what a judicial UID groups, a rule may not."""
    book.enter_many(world.small())
    left, right = "reg:criminal-1:dddd-1", "reg:criminal-1:eeee-1"
    apart = len(cases(book))
    joined = world.decided(book, "identity", left, right, same=True)
    assert len(cases(book)) == apart - 1
    undone = world.decided(book, "identity", left, right, undoes=joined)
    assert len(cases(book)) == apart
    world.decided(book, "identity", left, right, undoes=undone)
    assert len(cases(book)) == apart - 1
    moved = "reg:criminal-1:aaaa-1", "reg:criminal-1:aaaa-2"
    rule = ("doubt/1", Tie(*moved, False, 1, "doubt/1", "сомнение"))
    assert len(fold(book.sightings(), [*book.ties(), rule])) == apart - 1
    world.decided(book, "identity", *moved, same=False)
    assert len(cases(book)) == apart


def test_somebody_was_unsure(book, world):
    """Who could not tell has joined and parted nothing; a decision of another shape judges nothing either."""
    book.enter_many(world.small())
    before = cases(book)
    left, right = "reg:criminal-1:dddd-1", "reg:criminal-1:eeee-1"
    world.decided(book, "identity", left, right, same=None)
    world.decided(book, "identity", left, same=True)
    world.decided(book, "identity", left, right, same="да")
    world.decided(book, "takedown", left, right, same=True)
    assert before == cases(book)


def test_two_were_judged_apart_and_a_lower_tier_would_join_them(book, world):
    """A lower tier never overrides a higher one, not even through a third registration."""
    book.enter_many(world.small())
    c, d, e = (f"reg:criminal-1:{key}" for key in ("cccc-1", "dddd-1", "eeee-1"))
    before = len(cases(book))
    world.decided(book, "identity", c, e, same=False)
    rules = [("b", Tie(c, d, True, 2, "composite/1", "суд, дата, статья")), ("a", Tie(d, e, True, 3, "score/1", "0.97"))]
    groups = [{r.subject for r in case.registrations} for case in fold(book.sightings(), [*book.ties(), *rules])]
    assert {c, d} in groups and {e} in groups and len(groups) == before - 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=12), st.randoms(use_true_random=False))
def test_registrations_group_the_same_in_any_order(pairs, shuffled):
    """Groups are the connected sets over shared UIDs, and every registration is in exactly one."""
    from archive.ledger.identity import groups

    uids = {f"reg:{n}": [f"uid{u}" for m, u in pairs if m == n] for n in range(6)}
    names = list(uids)
    shuffled.shuffle(names)
    found = groups({name: uids[name] for name in names})
    assert found == groups(uids)
    assert sorted(name for group in found for name in group) == sorted(uids)
    for group in found:
        outside = {uid for name in uids.keys() - group for uid in uids[name]}
        assert outside.isdisjoint(uid for name in group for uid in uids[name])


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("Вымыслов Иван Ильич", "Вымыслов И.И.", True),
        ("ВЫМЫСЛОВ И. И.", "Вымыслов Иван", True),
        ("Семёнов С.С.", "Семенов С.С.", True),
        ("Вымыслов И.И.", "Вымыслов П.И.", False),
        ("Вымыслов Иван", "Вымыслов Илья", False),
        ("Вымыслов И.И.", "Небылицын И.И.", False),
        (None, "Небылицын И.И.", True),
    ],
)
def test_two_pages_write_one_name(left, right, expected):
    """Initials fit first names; another surname or another initial never does; a hidden name contradicts nobody."""
    assert compatible(left, right) is expected
    assert compatible(right, left) is expected


def test_articles_are_asked_for_with_their_parts():
    """337 asks for 337/5, never for 3375 or the other way round."""
    assert [holds(held, "337") for held in ("337", "337/5", "337.1", "3375", "33")] == [True, True, False, False, False]
    assert not holds("337", "337/5")
