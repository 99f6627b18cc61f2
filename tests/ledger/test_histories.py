"""Two hundred scripted lives of cases, folded: the final state and the dated events, exactly as scripted."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace

import pytest

from archive.ledger import case as cases_room
from archive.ledger import timeline as timeline_room
from archive.ledger.book import Book
from archive.ledger.case import Case, find, fold
from archive.ledger.observation import Extraction, Sighting
from archive.ledger.timeline import listings, pages, timeline
from tests.ledger import conftest as makers
from tests.ledger.histories import History, live

COUNT = 200
WORLD = SimpleNamespace(
    Page=makers.Page, card=makers.card, listing=makers.listing, capture=makers.capture, entry=makers.entry,
    midnight=makers.MIDNIGHT,
)  # fmt: skip
State = dict[str, object]


@dataclass
class Told:
    """What a book says that holds all captures of all lives."""

    sightings: list[Sighting]
    extractions: list[Extraction]


@pytest.fixture(scope="module")
def lives() -> list[tuple[History, State]]:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    found: list[tuple[History, State]] = []
    for number in range(COUNT):
        found.append(live(WORLD, rng, number, found[-1][0].seq if found else 0))
    return found


def entered(home, lives, rng: random.Random | None = None) -> Told:
    entries = [entry for history, _ in lives for entry in history.entries]
    if rng is not None:
        rng.shuffle(entries)
    with Book.open(home, write=True) as book:
        book.enter_many(entries)
        return Told(book.sightings(), book.extractions())


@pytest.fixture(scope="module")
def told(tmp_path_factory, lives) -> Told:
    return entered(tmp_path_factory.mktemp("in-order"), lives)


@pytest.fixture(scope="module")
def few(lives, told) -> tuple[list[tuple[History, State]], Told]:
    """Enough lives for every kind of life to be among them several times."""
    chosen = lives[:72]
    subjects = {reg.subject for history, _ in chosen for reg in history.regs}
    return chosen, Told([s for s in told.sightings if s.subject.partition("#")[0] in subjects], told.extractions)


def state(case: Case) -> State:
    return {
        "registrations": {registration.subject for registration in case.registrations},
        "received": case.received,
        "court": case.court,
        "result": case.result,
        "decided": case.decided,
        "in_force": case.in_force,
        "numbers": set(case.numbers),
        "persons": sorted(
            ((p.get("name"), p.all("article"), p.get("result"), p.get("decided")) for p in case.persons), key=str
        ),
    }


def wrong(lives: list[tuple[History, State]], told: Told) -> list[str]:
    """Where the folded state or events of a history are not those of its script."""
    cases = fold(told.sightings)
    held = pages(told.sightings, told.extractions)
    found = []
    for history, expected in lives:
        case = find(cases, history.regs[0].subject)
        actual = state(case)
        which = f"{history.number} {history.steps}"
        found += [f"{which} {key}: {actual[key]} != {expected[key]}" for key in expected if actual[key] != expected[key]]
        happened = timeline(case, held, listings(history.listings, history.listings, held))
        events = {(e.event, e.registration, e.date, e.time, e.observed) for e in happened}
        missing, made_up = history.expected_events() - events, events - history.expected_events()
        found += [f"{which}: not seen {sorted(map(str, missing))}; made up {sorted(map(str, made_up))}"] * (missing != made_up)
    return found


def test_two_hundred_lives_of_cases_end_as_scripted(lives, told):
    """Final states and dated events are the script's; every kind of life is among them."""
    mistakes = wrong(lives, told)
    print(*mistakes, sep="\n")
    assert mistakes == []
    steps = Counter(step.partition(":")[0] for history, _ in lives for step in history.steps)
    assert {"plain", "transferred", "joined", "severed", "retrial", "renewed", "rekeyed", "returned", "renumbered", "appeal",
            "anonymised", "withdrawn", "act withdrawn"} <= set(steps)  # fmt: skip


def test_the_captures_are_read_in_another_order(tmp_path, lives, told):
    """The same cases to the last value, and the same events."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    again = entered(tmp_path, lives, random.Random(seed))
    assert repr(fold(again.sightings)) == repr(fold(told.sightings))
    assert pages(again.sightings, again.extractions) == pages(told.sightings, told.extractions)


def _never(*_args: object) -> bool:
    return False


MUTANTS = {
    "a case sent on is told by the court that sent it": (cases_room, "_SENT_ON", ()),
    "a new trial stands beside the old one": (cases_room, "_follows", _never),
    "two of one name are two": (cases_room, "_same", _never),
    "what courts say of one another is not heard": (cases_room, "links", lambda _keys: []),
    "a number is no key": (cases_room, "official", lambda keys: {k.subject: k.uids for k in keys}),
    "only cards are believed": (timeline_room, "_own", lambda *_args: ()),
    "an act that is not on a page is withdrawn": (
        timeline_room, "_acts",
        lambda subject, history: [
            timeline_room._seen("act-withdrawn", subject, b, (), "", len) for a, b in pairwise(history)
            if len(b.values(subject, "act")) < len(a.values(subject, "act"))
        ],
    ),
    "a case that is not on a page is withdrawn": (timeline_room, "_covers", lambda *_args: True),
    "every number is a new one": (
        timeline_room, "_numbers",
        lambda subject, history: [timeline_room._seen("number-changed", subject, page, (), "", len) for page in history],
    ),
    "a hidden name says nothing": (timeline_room, "_names", lambda *_args: ()),
}  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_fold_with_one_rule_less_is_found_out(monkeypatch, few, mutant):
    """Every rule is needed by some life."""
    room, name, instead = MUTANTS[mutant]
    assert hasattr(room, name)
    monkeypatch.setattr(room, name, instead)
    monkeypatch.setattr(cases_room, "alike", lambda *_known: [])  # likeness mends much of what a missing key breaks
    assert wrong(*few) != []
