"""What verdicts sentenced whom to, and what must not be taken for it."""

from __future__ import annotations

import random

import pytest

from archive.ledger import narrative, rules, sentences
from archive.ledger.observation import Observation
from crawler.cells import Found
from crawler.page import Page
from crawler.sites.sudrf import sentences as reader
from tests.ledger.acts import ACTS, ONE, text


def told(act: str, names) -> dict[int, dict[str, str | None]]:
    found: dict[int, dict[str, str | None]] = {}
    for said in (*sentences.sentences(act, names), *narrative.told(act, names)):
        assert said.property not in found.setdefault(said.person, {}), "said twice"
        found[said.person][said.property] = said.value
    return found


@pytest.mark.parametrize(
    ("names", "described", "operative", "expected"), [act[1:] for act in ACTS], ids=[act[0] for act in ACTS]
)
def test_an_act_says_what_it_sentenced_whom_to(names, described, operative, expected):
    """Exactly this, of exactly these people; nothing where it cannot be told."""
    assert told(text(described, operative), names) == expected


def test_there_are_enough_acts():
    """At least sixty, each of its own kind."""
    assert len(ACTS) >= 60 and len({act[0] for act in ACTS}) == len(ACTS)


def test_every_quote_says_its_value():
    """A term stands in its quote word for word; a kind in words of its kind."""
    for _, names, described, operative, _ in ACTS:
        act = text(described, operative)
        for said in (*sentences.sentences(act, names), *narrative.told(act, names)):
            quote = act[said.start : said.end]
            assert quote == quote.strip() and quote
            if said.property in ("term", "suspended"):
                assert sentences.duration(quote) == said.value
            if said.property == "unit":
                assert said.value in quote


def test_the_page_is_quoted():
    """On a page each value is derived, and its quote is the slice of the source, markup included."""
    act = text("", ACTS[0][3]).replace("на срок 5 (пять)", "на срок <b>5</b>&nbsp;(пять)")
    page = Page(f"<html><body><div id='cont_doc1'><p>{act}</p></div></body></html>", "https://court.test/", "utf-8")
    found = Found()
    reader.read(page.one("#cont_doc1").whole, [("reg:criminal-1:a#person:1", ONE[0])], found)
    assert [(o.subject, o.property, o.value, o.derived) for o in found.observations] == [
        ("reg:criminal-1:a#person:1#sentence", "kind", "real", True),
        ("reg:criminal-1:a#person:1#sentence", "term", "P5Y6M", True),
    ]
    term = found.observations[1]
    assert term.quote == "5</b>&nbsp;(пять) лет 6 (шесть) месяцев" or term.quote.endswith("(шесть) месяцев")
    assert all(page.text[o.start : o.end] == o.quote and rules.wrong(o, page.text) is None for o in found.observations)


def test_the_accused_are_those_of_the_card():
    """Counsel and victims on the tab of parties are sentenced to nothing; a hidden name keeps its place."""
    page = Page(
        "<p>Лица</p><p>Вымыслов И.И.</p><p>Информация скрыта</p><p>Заступников З.З.</p>", "https://court.test/", "utf-8"
    )
    tab, first, hidden, counsel = (node.whole for node in page.all("p"))
    found, case = Found(), "reg:criminal-1:a"
    for number, part in enumerate((first, hidden, counsel), 1):
        found.say(part, f"{case}#person:{number}", "name", None if part is hidden else part.text)
        role = "Защитник" if part is counsel else "defendant"
        found.say(tab, f"{case}#person:{number}", "role", role, derived=part is not counsel)
    assert reader.accused(found.observations, case) == [(f"{case}#person:1", "Вымыслов И.И."), (f"{case}#person:2", None)]
    assert reader.accused(found.observations, "reg:criminal-1:b") == []


def test_the_book_refuses_words_that_are_no_sentence():
    """Kinds, pleas, services and terms are closed too."""
    subject = "reg:criminal-1:a#person:1#sentence"

    def refused(property: str, value: str) -> bool:
        return rules.wrong(Observation(subject, property, "x", value, "p", "x", 0, 1)) is not None

    assert [refused(*pair) for pair in (("kind", "real"), ("plea", "partly"), ("service", "contract"), ("term", "P5Y6M"))] == [
        False
    ] * 4
    assert [refused(*pair) for pair in (("kind", "prison"), ("plea", "yes"), ("service", "navy"), ("term", "5 лет"))] == [
        True
    ] * 4


def test_any_text_is_read_without_an_error():
    """Acts cut and shuffled at random: every span lies in the text, and nothing is raised."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    bits = [word for act in ACTS for word in text(*act[2:4]).split()]
    for _ in range(150):
        act = " ".join(rng.choices(bits, k=rng.randrange(1, 120)))
        act = act.replace("суд", "суд приговорил:", 1)
        for said in (*sentences.sentences(act, ONE), *narrative.told(act, ONE)):
            assert 0 <= said.start < said.end <= len(act) and said.person == 0


# Each rule that keeps something out, taken away: some act must then say something false.
MUTANTS = {
    "all of the text is the operative part": (sentences, "operative", lambda _text: 0),
    "credited detention counts": (sentences, "_before_credit", lambda _text, _start, end: end),
    "earlier sentences count": (sentences, "_earlier_only", lambda *_args: False),
    "whoever is found guilty is ours": (sentences.People, "strangers", lambda *_args: False),
    "the first punishment is the final one": (
        sentences, "_final",
        lambda text, parts: next((found for part in parts for found in sentences._punishments(text, *part)), None),
    ),
}  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_reader_with_one_rule_less_is_found_out(monkeypatch, mutant):
    """Every rule is needed by some act."""
    room, name, instead = MUTANTS[mutant]
    monkeypatch.setattr(room, name, instead)
    wrong = 0
    for _, names, described, operative, expected in ACTS:
        act = text(described, operative)
        found = {(s.person, s.property, s.value) for s in sentences.sentences(act, names)}
        wanted = {(p, k, v) for p, told in expected.items() for k, v in told.items() if k in ("kind", "term", "suspended")}
        wrong += found != wanted
    assert wrong > 0
