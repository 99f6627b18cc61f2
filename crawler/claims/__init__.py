"""Which figures on courts and their cases does a text state? Each with what is counted, of which article and when; pure.

Russian, Ukrainian and English prose. A text without a word of courts costs one look. What a sentence does not say is taken
from the one it goes on from (`of these`, `за тот же период`), and from nothing else; the rest stays unsaid.
"""

from __future__ import annotations

from datetime import date
from typing import TypeAlias

from archive.ledger.stated import Claim
from archive.text import fold
from crawler.claims.figures import may_state
from crawler.claims.lexicon import says_court
from crawler.claims.weigh import Told, claims_of

__all__ = ["Told", "claims", "may_claim", "placed", "told", "values"]

BEGINNING = 12_000  # characters: a text about courts says so by then


def may_claim(text: str) -> bool:
    """Might this text state figures on courts? One look, so that other texts cost nothing."""
    lowered = text[:BEGINNING].lower()
    return says_court(lowered) and may_state(lowered)


def told(text: str, published: date | None = None) -> list[Told]:
    """In the order of the text, each with the places of what it says. published: the text's own date."""
    if not may_claim(text):
        return []
    lowered = text.lower()
    if len(lowered) != len(text):  # a letter that has two in lower case would move every place
        lowered = "".join(letter if len(letter.lower()) != 1 else letter.lower() for letter in text)
    return claims_of(text, lowered, published)


def claims(text: str, published: date | None = None) -> list[Claim]:
    """The figures that a text states, in its order."""
    return [each.claim for each in told(text, published)]


Value: TypeAlias = tuple[str, str, str | None]


def values(said: Told, text: str) -> list[Value]:
    """The properties of a claim as the ledger has them: (property, as the text says it, its normal form)."""
    return [(name, fold(text[start:end]), value) for name, value, (start, end) in placed(said)]


def placed(said: Told) -> list[tuple[str, str, tuple[int, int]]]:
    """Each property of a claim with its normal form and the slice of the text that says it; the whole sentence says the "
    "metric."""
    claim, places = said.claim, said.places
    low, high = (None if value is None else f"{value.normalize():f}" for value in (claim.low, claim.high))
    amounts = [("stated", low)] if low == high else [("stated_low", low), ("stated_high", high)]
    base = claim.base or (None, None)
    listed: list[tuple[str, object, tuple[int, int]]] = [
        ("metric", claim.metric, said.sentence),
        *((name, value, said.figure) for name, value in amounts),
        ("unit", claim.unit, places.get("unit", said.figure)),
        *(("article", article, places.get("article", said.sentence)) for article in claim.articles),
        ("period_from", claim.first, places.get("period", said.sentence)),
        ("period_to", claim.last, places.get("period", said.sentence)),
        ("as_of", claim.as_of, places.get("as_of", said.sentence)),
        ("attributed_to", claim.attributed_to, places.get("attributed_to", said.sentence)),
        ("approximate", "yes" if claim.about else None, said.figure),
        ("group", claim.group, places.get("group", said.sentence)),
        ("country", claim.country, said.sentence),
        ("base_from", base[0], places.get("base", said.sentence)),
        ("base_to", base[1], places.get("base", said.sentence)),
    ]
    return [(name, str(value), place) for name, value, place in listed if value is not None]
