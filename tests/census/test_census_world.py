"""The full-size world holds what it says it holds, by its own count, and fails as it says it fails."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from archive.ledger import courts as register
from archive.memento import Memento
from crawler.demo.census import SPELL, VNKOD, FullWorld, demo_courts
from crawler.demo.deal import APRIL, HUNDREDTH, PUBLISHED, SPRING, Census, deal
from crawler.demo.docket import Registration
from crawler.demo.site import Request, answer
from crawler.demo.truth import Truth
from crawler.page import Page
from crawler.sites import source_for
from crawler.verdict import verdict

MONTHS = {"2025-01", "2025-02", "2025-03", "2025-04", "2025-05"}


def held(truth: Truth, census: Census) -> Census:
    """The figures of a world by its own count."""
    men = [man for case in truth.cases for man in case.persons if man.numbers & set(census.articles)]
    return Census(
        {name: truth.total((name,)).received for name in census.articles}, len(men), truth.total().convicted,
        truth.total(months={"2025-04"}).verdicts, truth.total(months=MONTHS).received, census.begin,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(1, 9))
def test_any_seed_holds_the_same_figures(seed):
    """The seed deals courts, days and names; the figures stand."""
    world = FullWorld(HUNDREDTH, seed, few=4)
    assert (seed, held(world.truth(), HUNDREDTH)) == (seed, HUNDREDTH)


@pytest.mark.full
def test_the_full_size_holds_the_published_figures():
    """18,159 cases under 337, 1,369 under 332, 1,010 under 338; 20,662 men, 17,721 convicted; 848 in April; 4,350 in spring."""
    world = FullWorld()
    assert held(world.truth(), PUBLISHED) == PUBLISHED
    assert len(world.courts) == 111


def test_a_man_more_or_a_verdict_less_is_seen():
    """The mutant: one registration with another outcome, one with another man, one month later; each changes the count."""
    world = FullWorld(HUNDREDTH, few=4)
    told = next(
        e for e in world.cases
        if e.register.word == "criminal-1" and e.decided and APRIL[0] <= e.decided <= APRIL[1] and e.received.year == 2025
        and {man.result.word for man in e.persons if man.result} == {"convicted"} and not e.origin
    )  # fmt: skip
    assert SPRING[0] <= told.received
    man = told.persons[0]
    changed = {
        "men": replace(told, persons=(*told.persons, man)),
        "convicted": replace(told, persons=(replace(man, result=None), *told.persons[1:])),
        "april": replace(told, persons=(replace(man, decided=date(2025, 5, 6)), *told.persons[1:])),
        "spring": replace(told, received=date(2024, 12, 30)),
        "articles": replace(told, persons=tuple(replace(each, articles=("228/2",)) for each in told.persons)),
    }
    for name, mutant in changed.items():
        entries: list[Registration] = [mutant if e is told else e for e in world.cases]
        found = held(Truth.of(entries), HUNDREDTH)
        assert getattr(found, name) != getattr(HUNDREDTH, name), name


def test_figures_that_cannot_be_had_together_are_refused():
    """More convicted than men, or more tried in April than were received by then, is no world."""
    from random import Random

    with pytest.raises(ValueError, match="without a verdict"):
        deal(replace(HUNDREDTH, convicted=300), Random(1))
    with pytest.raises(ValueError, match="in April"):
        deal(replace(HUNDREDTH, april=150), Random(1))


def test_every_registered_court_with_a_site_is_there():
    """All but the four whose hosts nobody knows, and the seven of the other template."""
    known = {court.code for court in register.courts() if court.host is not None}
    made = demo_courts()
    assert {court.code for court in made} == known
    assert {court.dash for court in made} == {register.by_code(code).dash_host for code in known}
    assert {f"{court.label}.{court.region}" for court in made if court.vnkod} == VNKOD


def test_no_two_cases_of_a_court_bear_one_number():
    """Numbers tell registrations apart; what is numbered anew bears an older one beside it."""
    world = FullWorld(HUNDREDTH, few=4)
    counted = Counter((e.court.code, e.register.word, e.number) for e in world.cases)
    assert [each for each, count in counted.items() if count > 1] == []
    assert any(e.number.startswith("1-337/") and "337" not in e.persons[0].numbers for e in world.cases)


def test_an_answer_fails_once_and_a_court_is_out_for_a_spell():
    """Of the same address asked for again and again one answer fails at most; every court is out once, in a row."""
    world = FullWorld(HUNDREDTH, few=4, failing=2)
    court = world.courts[0]
    befell = [world.accident(court, f"https://{court.dash}/{n}") for n in range(60) for _ in range(2)]
    spell = [n for n, each in enumerate(befell) if each == "outage"]
    assert spell == list(range(spell[0], spell[0] + SPELL))
    failures = [n for n, each in enumerate(befell) if each in ("unavailable", "reset")]
    assert len(failures) == world.failed == len({n // 2 for n in failures})
    assert {befell[n] for n in failures} == {"unavailable", "reset"}


# ---- the pages


def reading(world, url):
    """The page at an address as a crawl reads it, redirects followed; the verdict where it is none."""
    rest = url
    for _ in range(3):
        scheme, _, tail = rest.partition("://")
        host, _, path = tail.partition("/")
        given = answer(world, Request("GET", scheme, host, f"/{path}"))
        if given.status != 301:
            break
        rest = dict(given.fields)["Location"]
    kept, source = Memento(rest, given.status, given.fields, given.body), source_for(rest)
    said = verdict(kept, source)
    if said not in ("page", "empty"):
        return str(said)
    return source.read(Page.open(kept.body, rest, content_type=kept.header("content-type"), default_charset=source.charset))


def values(page, subject, name):
    return [each.value for each in page.observations if (each.subject, each.property) == (subject, name)]


@pytest.fixture
def calm():
    """A world in which nothing fails."""
    world = FullWorld(HUNDREDTH, few=4, failing=0)
    world.calm = True
    return world


@pytest.mark.parametrize("vnkod", [False, True])
def test_a_card_says_what_each_man_was_told(calm, vnkod):
    """In either template: number, day of receipt, judicial identifier; of each man articles, day and result, once."""
    entries = [e for e in calm.cases if e.court.vnkod is vnkod]
    assert len(entries) > 60
    for entry in entries[::3]:
        page = reading(calm, entry.card)
        assert values(page, entry.subject, "received") == [entry.received.isoformat()], entry
        assert values(page, entry.subject, "uid") == ([entry.uid] if entry.uid else [])
        assert values(page, entry.subject, "number_previous")[:1] == ([entry.number_previous] if entry.number_previous else [])
        people = {each.subject for each in page.observations if "#person" in each.subject and each.property == "article"}
        assert len(people) == len(entry.persons)
        for n, man in enumerate(entry.persons, 1):
            told = [man.result.word] if man.result else []
            assert values(page, f"{entry.subject}#person:{n}", "result") == told
            if entry.register.word == "criminal-1":
                assert values(page, f"{entry.subject}#person:{n}", "decided") == (
                    [man.decided.isoformat()] if man.decided else []
                )
        assert len({each.subject for each in page.observations if "#event" in each.subject}) == len(entry.events)


def test_a_court_answers_its_own_dialect_only(calm):
    """VNKOD courts refuse the primary query, the others send their form; asked in their own, both list their cases once."""
    from crawler.sites.sudrf import queries

    first, last = HUNDREDTH.begin, date(2025, 5, 31)
    for court in calm.courts:
        own, other = (queries.VNKOD, queries.PRIMARY) if court.vnkod else (queries.PRIMARY, queries.VNKOD)
        docket = [e for e in calm.cases if e.court == court and e.register.word == "criminal-1"]
        if not docket:
            continue
        asked = [queries.address(court.dash, court.code, "criminal-1", first, last, dialect) for dialect in (own, other)]
        assert reading(calm, asked[1]) == "wrong-query"
        listed, page = [], 1
        while len(listed) < len(docket):
            found = reading(calm, queries.address(court.dash, court.code, "criminal-1", first, last, own, page))
            assert found.counter.total == len(docket)
            listed += [each.subject for each in found.observations if each.property == "received"]
            page += 1
        assert sorted(listed) == sorted(e.subject for e in docket)


def test_a_card_is_shown_in_the_names_of_its_courts_template_only(calm):
    """A court does not understand the names of the other template: a crawl must ask as the court's own links do."""
    for vnkod in (False, True):
        entry = next(e for e in calm.cases if e.court.vnkod is vnkod and e.register.word == "criminal-1")
        other = next(court for court in calm.courts if court.vnkod is not vnkod)
        assert values(reading(calm, entry.card), entry.subject, "received") == [entry.received.isoformat()]
        wrong = entry.card_at(other).replace(other.dash, entry.court.dash)
        assert reading(calm, wrong) == ("gone", "wrong-query")[vnkod]


def test_up_to_three_addresses_show_one_registration(calm):
    """The old spelling on the dot host, and another court of the region, serve the card under the same key."""
    others = Counter()
    for url in calm.aliases(5):
        page = reading(calm, url)
        (subject,) = {each.subject for each in page.observations if each.property == "received"}
        others[subject] += 1
    assert set(others) == {entry.subject for entry in calm.cases[::5]}
    assert set(others.values()) == {1, 2}


def test_a_data_base_loaded_anew_keeps_the_key(calm):
    """At the second visit some cards have another number in their address, and the old address is not found."""
    before = {e.case_uid: e for e in calm.cases}
    calm.turn(2)
    moved = [e for e in calm.cases if e.case_id != before[e.case_uid].case_id]
    assert moved
    for entry in moved:
        assert reading(calm, before[entry.case_uid].card) == "gone"
        assert values(reading(calm, entry.card), entry.subject, "received") == [entry.received.isoformat()]
