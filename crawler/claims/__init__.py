"""Which figures on courts and their cases does a text state? Each with what is counted, of which article and when; pure.

Russian, Ukrainian and English prose. A text without a word of courts costs one look. What a sentence does not say is taken
from the one it goes on from (`of these`, `за тот же период`), and from nothing else; the rest stays unsaid.
"""

from __future__ import annotations

from datetime import date

from archive.ledger.stated import Claim
from crawler.claims.figures import may_state
from crawler.claims.lexicon import says_court
from crawler.claims.sentences import sentences
from crawler.claims.weigh import Told, claims_of

__all__ = ["Told", "claims", "told"]


def told(text: str, published: date | None = None) -> list[Told]:
    """In the order of the text, each with the places of what it says. published: the text's own date."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a letter that has two in lower case would move every place
        lowered = "".join(letter if len(letter.lower()) != 1 else letter.lower() for letter in text)
    if not says_court(lowered) or not may_state(lowered):
        return []
    return claims_of(sentences(text), text, lowered, published)


def claims(text: str, published: date | None = None) -> list[Claim]:
    """The figures that a text states, in its order."""
    return [each.claim for each in told(text, published)]
