"""The small world is consistent, the same for the same seed, and its truth is what counting by hand gives."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from random import Random

import pytest

from crawler.demo.docket import APPEAL, FIRST, Person, Registration, judicial_uid, printed_article
from crawler.demo.invent import ACQUITTED, ASTRAKHAN, CONVICTED, PLANS, PYATIGORSK, STAVROPOL, TRANSFERRED, VERDICT
from crawler.demo.truth import Figures, Truth
from crawler.demo.world import World

UID = re.compile(r"\d{2}(OV|GV)\d{4}-0[1-9]-(19|20)\d{2}-\d{6}-\d{2}")
SEEDS = [1, 2, *(Random().randrange(10**9) for _ in range(6))]


@pytest.fixture(params=SEEDS, ids=[f"draw-{n}" for n in range(len(SEEDS))])  # parallel workers must agree on names
def any_world(request: pytest.FixtureRequest) -> World:
    print(f"seed {request.param}")
    return World(seed=request.param)


def test_judicial_identifiers_carry_their_check_digits(any_world: World) -> None:
    """Every identifier has the official form, and read as a number leaves 1 when divided by 97."""
    for entry in any_world.cases:
        assert UID.fullmatch(entry.uid)
        number = "".join(str("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(sign)) for sign in entry.uid.replace("-", ""))
        assert int(number) % 97 == 1


def test_the_form_s_own_example_has_our_check_digits() -> None:
    """The identifier that the search form prints as its example comes out of our rule too."""
    assert judicial_uid("26RS0023", 2020, 159) == "26RS0023-01-2020-000159-48"


def test_the_plan_is_kept_whatever_the_seed(any_world: World) -> None:
    """As many cases a month and court as the plan says, all keys different, every number once a court."""
    first = [entry for entry in any_world.cases if entry.register == FIRST]
    counted = Counter((entry.court.code, entry.received.month) for entry in first)
    planned = {(plan.court.code, month): count for plan in PLANS for month, count in enumerate(plan.monthly, 1) if count}

    assert planned == dict(counted)
    assert len(any_world.cases) == len({entry.case_uid for entry in any_world.cases})
    assert len(any_world.cases) == len({(entry.court.code, entry.number) for entry in any_world.cases})


def test_every_kind_of_case_occurs_whatever_the_seed(any_world: World) -> None:
    """All results of a first instance, both directions of a verdict, hidden names, several defendants, a chain, appeals."""
    first = [entry for entry in any_world.cases if entry.register == FIRST]
    persons = [person for entry in first for person in entry.persons]
    results = {entry.result.word for entry in first if entry.result}

    assert results == {"verdict", "returned-to-prosecutor", "terminated", "transferred", "medical-measures"}
    assert {"verdict", "convicted", "acquitted"} <= {person.result.word for person in persons if person.result}
    assert any(person.name is None for person in persons)
    assert max(len(entry.persons) for entry in first) == 3
    assert {1, 2} == set(Counter(entry.uid for entry in first).values())
    assert sum(entry.register == APPEAL for entry in any_world.cases) == 3
    assert any(entry.number_previous for entry in first)
    assert any(entry.act for entry in first)
    assert any(entry.published is None for entry in first)


def test_a_case_moves_forward_in_time(any_world: World) -> None:
    """Nothing is decided before it is received, in force before it is decided, or known before the registry knew it."""
    for entry in any_world.cases:
        days = [event.day for event in entry.events]
        assert days == sorted(days)
        assert days[0] == entry.received
        assert (entry.decided is None) == (entry.result is None)
        if entry.decided:
            assert entry.received <= entry.decided <= any_world.today
        if entry.in_force:
            assert entry.decided is not None
            assert entry.decided < entry.in_force <= any_world.today


def test_a_transferred_case_is_received_again_after_it_was_sent(any_world: World) -> None:
    """Two chains: same judicial identifier and people, different courts and keys."""
    chains = [case.chain for case in any_world.truth().cases if len(case.chain) > 1]

    assert len(chains) == 2
    for before, after in chains:
        assert before.result == TRANSFERRED
        assert before.decided is not None
        assert before.decided < after.received
        assert before.court != after.court
        assert before.case_uid != after.case_uid
        assert [person.name for person in before.persons] == [person.name for person in after.persons]


def test_a_case_number_that_looks_like_an_article_is_about_another(any_world: World) -> None:
    """The case 1-337/2025 is not a case of article 337."""
    (entry,) = (entry for entry in any_world.cases if entry.number == "1-337/2025")
    assert sorted({person.articles for person in entry.persons}) == [("228/2",)]


def test_the_same_seed_makes_the_same_world_and_another_does_not() -> None:
    """Two worlds of one seed agree in every value at both visits."""
    one, two, other = World(seed=7), World(seed=7), World(seed=8)

    assert one.cases == two.cases
    assert one.addresses() == two.addresses()
    assert one.cases != other.cases
    one.turn(2), two.turn(2)
    assert one.cases == two.cases
    assert one.addresses() == two.addresses()


def test_only_what_is_scripted_happens_between_the_visits(any_world: World) -> None:
    """One case has a result, a line more and a later stamp; one is gone; all others are what they were."""
    before = {entry.case_uid: entry for entry in any_world.cases}
    any_world.turn(2)
    after = {entry.case_uid: entry for entry in any_world.cases}

    assert {any_world.withdrawn} == before.keys() - after.keys()
    assert set() == after.keys() - before.keys()
    assert {any_world.changed} == {key for key in after if after[key] != before[key]}
    old, new = before[any_world.changed], after[any_world.changed]
    assert (old.result, new.result) == (None, VERDICT)
    assert len(new.events) == len(old.events) + 1
    assert old.modified is not None
    assert new.modified is not None
    assert old.modified < new.modified
    assert (old.number, old.received, old.uid, old.published) == (new.number, new.received, new.uid, new.published)


def test_a_visit_that_is_not_in_the_script_is_refused(world: World) -> None:
    """There are two visits."""
    with pytest.raises(ValueError, match="no visit 3"):
        world.turn(3)


# ---- the truth


def _entry(world: World, number: int, **values: object) -> Registration:
    base = next(entry for entry in world.cases if entry.register == FIRST)
    fresh = {"case_uid": f"key-{number}", "uid": f"uid-{number}", "number": f"1-{number}/2025"}
    return replace(base, **{**fresh, **values})


def test_the_truth_of_four_registrations_is_what_a_person_counts(world: World) -> None:
    """A chain counts once where it began; its verdict counts where it was passed; two articles are two rows and one total."""
    march, april, may = date(2025, 3, 10), date(2025, 4, 15), date(2025, 5, 20)
    guilty = Person("А", ("337/5", "158/2/в"), may, CONVICTED)
    entries = (
        _entry(world, 1, uid="chain", court=STAVROPOL, received=march, decided=march, result=TRANSFERRED,
               persons=(replace(guilty, decided=march, result=TRANSFERRED),)),
        _entry(world, 2, uid="chain", court=PYATIGORSK, received=april, decided=may, result=VERDICT, persons=(guilty,)),
        _entry(world, 3, court=PYATIGORSK, received=april, decided=may, result=VERDICT, persons=(
            Person(None, ("337/5",), may, ACQUITTED), Person("Б", ("332/1", "332/1"), may, VERDICT))),
        _entry(world, 4, court=ASTRAKHAN, received=april, decided=None, result=None, persons=(Person("В", ("338/1",)),)),
        _entry(world, 5, uid="chain", register=APPEAL, received=may, decided=may),
    )  # fmt: skip
    truth = Truth.of(entries)

    assert truth.tally(()) == {(): Figures(received=3, decided=2, verdicts=3, convicted=1, acquitted=1, pending=1)}
    assert truth.tally(("article",)) == {
        ("158",): Figures(1, 1, 1, 1, 0, 0),
        ("332",): Figures(1, 1, 1, 0, 0, 0),
        ("337",): Figures(2, 2, 2, 1, 1, 0),
        ("338",): Figures(1, 0, 0, 0, 0, 1),
    }
    assert truth.tally(("month", "court")) == {
        ("2025-03", "61GV0007"): Figures(received=1),
        ("2025-04", "61GV0008"): Figures(received=1),
        ("2025-04", "61GV0003"): Figures(received=1, pending=1),
        ("2025-05", "61GV0008"): Figures(decided=2, verdicts=3, convicted=1, acquitted=1),
    }
    assert truth.total() == Figures(3, 2, 3, 1, 1, 1)
    assert truth.total(months=("2025-04",)) == Figures(2, 0, 0, 0, 0, 1)


def test_the_truth_of_the_world_is_what_counting_its_cases_gives(any_world: World) -> None:
    """Counted again from the registrations by a loop of its own, for the total and for every court and month."""
    received: Counter[tuple[str, str]] = Counter()
    verdicts: Counter[tuple[str, str]] = Counter()
    seen = set()
    first = sorted((entry for entry in any_world.cases if entry.register == FIRST), key=lambda entry: entry.received)
    for entry in first:
        if entry.uid not in seen:
            received[entry.court.code, entry.received.isoformat()[:7]] += 1
        seen.add(entry.uid)
        for person in entry.persons:
            if person.result in (VERDICT, CONVICTED, ACQUITTED):
                verdicts[entry.court.code, str(person.decided)[:7]] += 1
    rows = any_world.truth().tally(("court", "month"))

    assert dict(received) == {key: row.received for key, row in rows.items() if row.received}
    assert dict(verdicts) == {key: row.verdicts for key, row in rows.items() if row.verdicts}
    assert len(seen) == any_world.truth().tally(())[()].received


def test_a_withdrawn_case_stays_true(any_world: World) -> None:
    """The second visit adds one verdict and takes no case away."""
    before = any_world.truth().tally(())[()]
    any_world.turn(2)
    after = any_world.truth().tally(())[()]
    people = len(any_world.entry(any_world.changed).persons)

    assert (before.received, before.decided + 1) == (after.received, after.decided)
    assert (before.verdicts + people, before.convicted + people) == (after.verdicts, after.convicted)


@pytest.mark.parametrize(
    ("item", "printed"),
    [
        ("337/5", "ст.337 ч.5"),
        ("337/3.1", "ст.337 ч.3.1"),
        ("158/3/г", "ст.158 ч.3 п.г"),
        ("30/3+158/3/г", "ст. 30 ч.3, ст.158 ч.3 п.г"),
    ],
)
def test_articles_are_printed_as_courts_write_them(item: str, printed: str) -> None:
    """The forms that research found on real pages."""
    assert printed == printed_article(item)


def test_the_full_size_has_room() -> None:
    """A court with thousands of cases is made from values in one go, and no page is kept."""
    plans = (replace(PLANS[0], monthly=(800, 800, 800, 800, 800)), *PLANS[1:])
    world = World(seed=3, plans=plans)
    assert 4000 + sum(sum(plan.monthly) for plan in PLANS[1:]) == sum(entry.register == FIRST for entry in world.cases)
