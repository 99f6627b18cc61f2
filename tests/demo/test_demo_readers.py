"""The real readers on every page of the small world: exactly its facts, and the right verdict on what is no page."""

from collections import defaultdict
from urllib.parse import urlsplit

import pytest

from archive.ledger.observation import Counter
from archive.memento import Memento
from crawler.demo.docket import APPEAL, FIRST
from crawler.demo.script import Script
from crawler.demo.site import Request, answer
from crawler.demo.world import MONTHS, World, hearing_list, listing
from crawler.page import Page
from crawler.sites import source_for
from crawler.verdict import verdict


def memento(world, url, **fields):
    parts = urlsplit(url)
    given = answer(world, Request("GET", parts.scheme, parts.hostname, f"{parts.path}?{parts.query}", tuple(fields.items())))
    return Memento(url, given.status, given.fields, given.body)


def read(world, url):
    """The verdict first, then the reading, as a crawl does."""
    kept, source = memento(world, url), source_for(url)
    said = verdict(kept, source)
    assert said in ("page", "empty"), f"{url}: {said}: {said.reason}"
    content_type = kept.header("content-type")
    return source.read(Page.open(kept.body, url, content_type=content_type, default_charset=source.charset))


def said(reading, *, raw=()):
    """What a reading says: (subject, property) -> values in page order, repeats of one value once for a registration.

    raw: properties compared as printed, where the ledger's word is another room's to choose.
    """
    found = defaultdict(list)
    for each in reading.observations:
        value = each.raw if each.property in raw and "#event" in each.subject else each.value
        if ("#" in each.subject and not each.subject.endswith("name")) or value not in found[each.subject, each.property]:
            found[each.subject, each.property].append(value)
    return dict(found)


def put(facts, subject, **values):
    """Enter the values that are there; a value that the court does not print is no fact."""
    for name, value in values.items():
        if value is not None:
            facts[subject, name] = value if isinstance(value, list) else [str(value)]


def people(facts, entry, *, results):
    for n, person in enumerate(entry.persons, 1):
        subject = f"{entry.subject}#person:{n}"
        attempts = [stage for item in person.articles for stage in item.split("+")[:-1]]
        facts[subject, "name"] = [person.name]
        put(
            facts,
            subject,
            role="defendant" if entry.register.word.startswith("criminal") else None,
            article=[item.split("+")[-1] for item in person.articles],
        )
        put(facts, subject, attempt=attempts or None)
        if results:
            put(facts, subject, decided=person.decided, result=person.result and person.result.word)


def entry_facts(facts, entry):
    put(
        facts,
        entry.subject,
        court=entry.court.code,
        number=entry.number,
        number_previous=entry.number_previous,
        received=entry.received,
        judge=entry.judge,
        decided=entry.decided,
        result=entry.result and entry.result.word,
        lower_court=entry.lower and entry.lower.court.code,
        lower_number=entry.lower and entry.lower.number.split(" ")[0],
    )


def card_facts(entry):
    facts = {}
    entry_facts(facts, entry)
    put(
        facts,
        entry.subject,
        uid=entry.uid,
        lower_judge=entry.lower and entry.lower.judge,
        published=entry.published and f"{entry.published:%Y-%m-%dT%H:%M}",
        modified=entry.modified and f"{entry.modified:%Y-%m-%dT%H:%M}",
    )
    people(facts, entry, results=True)
    for n, party in enumerate(entry.parties, len(entry.persons) + 1):
        put(facts, f"{entry.subject}#person:{n}", role=party.role, name=party.name)
    for n, event in enumerate(entry.events, 1):
        put(
            facts,
            f"{entry.subject}#event:{n}",
            name=event.name,
            date=event.day,
            time=event.time,
            place=event.place,
            result=event.result,
            reason=event.reason,
            note=event.note,
            placed=event.placed,
        )
    return facts


ADDRESSES = ("card", "act")  # what an address is worth is the reader's own tests' matter


def without_addresses(found):
    return {key: values for key, values in found.items() if key[1] not in ADDRESSES}


@pytest.fixture(params=[1, 4711])
def quiet(request):
    world = World(seed=request.param)
    world.script, world.hidden = Script(()), ()
    return world


@pytest.mark.parametrize("visit", [1, 2])
def test_every_card_is_read_as_the_case_is(quiet, visit):
    """Each value of each card at both visits, no value more; the act is there where the court published one."""
    quiet.turn(visit)
    for entry in quiet.cases:
        reading = read(quiet, entry.card)
        found = said(reading, raw=("name", "result"))
        assert card_facts(entry) == without_addresses(found), entry.card
        assert (entry.act is not None) == ((entry.subject, "act") in found)


def test_every_listing_is_read_as_the_register_is(quiet):
    """Rows, people, articles, results and entries into force of every window, page by page, and the counter's figures."""
    for seed in quiet.seeds():
        court = next(court for court in quiet.courts if court.code == seed.court)
        register = FIRST if seed.register == FIRST.word else APPEAL
        kept = [entry for entry in quiet.docket(court, register) if seed.first <= entry.received <= seed.last]
        for page, start in enumerate(range(0, max(len(kept), 1), 25), 1):
            rows = kept[start : start + 25]
            facts = {}
            for entry in rows:
                entry_facts(facts, entry)
                put(facts, entry.subject, in_force=entry.in_force)
                people(facts, entry, results=False)
            reading = read(quiet, f"{seed.url}&page={page}")
            assert facts == without_addresses(said(reading)), seed.url
            assert reading.counter == (Counter(len(kept), start + 1, start + len(rows)) if rows else Counter(0, 0, 0))
            assert [entry.card for entry in rows] == [link.url for link in reading.links if link.rel == "card"]


def test_every_hearing_list_is_read_as_the_day_was(quiet):
    """Every hearing of every court, with its hour and hall."""
    for court in quiet.courts:
        for day in quiet.hearing_days(court):
            found = said(read(quiet, hearing_list(court, day)))
            heard = {key[0]: values for key, values in found.items() if key[1] == "time"}
            expected = {
                f"{entry.subject}#hearing:{day}:{event.time}": [event.time] for entry, event in quiet.hearings(court, day)
            }
            assert expected == heard
            for entry, event in quiet.hearings(court, day):
                subject = f"{entry.subject}#hearing:{day}:{event.time}"
                assert found.get((subject, "place")) == ([event.place] if event.place else None)
                assert found[entry.subject, "number"] == [entry.number]


def test_one_card_at_three_addresses_is_one_registration(quiet):
    """Whatever the host and the spelling, the same subject and facts; a court taken from the wrong host is flagged as such."""
    own, spelling, other = quiet.shared_addresses()
    moved = memento(quiet, spelling).header("location")
    entry = quiet.entry(quiet.shared)
    expected = card_facts(entry)
    court = expected.pop((entry.subject, "court"))
    for url in (own, moved, other):
        reading = read(quiet, url)
        found = without_addresses(said(reading, raw=("name", "result")))
        told = found.pop((entry.subject, "court"))
        assert found == expected
        assert (told != court) == ("court-mismatch" in reading.flags)
        assert told == court or url == other


@pytest.mark.parametrize(
    ("court", "month", "word"), [(2, 2, "captcha"), (1, 4, "outage"), (3, 3, "blocked")], ids=["captcha", "outage", "blocked"]
)
def test_what_stands_before_a_listing_is_known_for_what_it_is(court, month, word):
    """The verdict of each accident with status 200, which is also the gap it leaves."""
    world = World(seed=1)
    world.script = Script(())
    url = listing(world.courts[court], FIRST, *MONTHS[month])
    assert verdict(memento(world, url), source_for(url)) == word
    assert world.gap(world.courts[court], FIRST, *MONTHS[month]).gap == word


def test_cards_that_are_no_cards(world):
    """The dark card is an outage; the withdrawn one is gone or not found; a broken query is a wrong query."""
    dark = world.entry(world.dark).card
    lost = world.lost.card
    assert verdict(memento(world, dark), source_for(dark)) == "outage"
    world.script = Script(())
    broken = world.broken_query()
    assert verdict(memento(world, broken), source_for(broken)) == "wrong-query"
    world.turn(2)
    assert verdict(memento(world, lost), source_for(lost)) in ("gone", "soft-404")


def test_the_article_is_read_in_all_its_editions(quiet):
    """Title, language, canonical, alternates and time as the publisher says them; its citations are its links."""
    original, mirror, english = quiet.editions()
    for url, language, canonical in ((original, "ru", original), (mirror, "ru", original), (english, "en", english)):
        reading = read(quiet, url)
        found = defaultdict(list)
        for each in reading.observations:
            found[each.property].append(each.value)
        assert found["language"][0] == language
        assert found["canonical"] == [canonical]
        assert set(found["alternate"]) >= {f"ru {original}", f"en {english}"} - {f"{language} {canonical}"}
        assert found["published"]
        cited = {link.url for link in reading.links if link.rel == "cited"}
        assert set(quiet.shared_addresses()[:: 2 if language == "en" else 1]) <= cited
