"""The text of a verdict on a court's page: what it sentenced each of the accused to, each value with its own quote.

The grammar is the ledger's (archive.ledger.sentences, archive.ledger.narrative); here texts become observations, all derived.
"""

from __future__ import annotations

from collections.abc import Sequence

from archive.ledger import narrative, sentences
from archive.ledger.observation import Observation
from crawler.cells import Found
from crawler.page import Part


def accused(said: Sequence[Observation], registration: str) -> list[tuple[str, str | None]]:
    """Subject and name (None: hidden) of each whom these observations call a defendant of the registration, in their order."""
    names: dict[str, str | None] = {}
    for one in said:
        if one.subject.startswith(f"{registration}#person:"):
            if one.property == "role" and one.value == "defendant":
                names.setdefault(one.subject, None)
            elif one.property == "name" and one.value is not None:
                names[one.subject] = one.value
    called = {one.subject for one in said if one.property == "role" and one.value == "defendant"}
    return [(subject, name) for subject, name in names.items() if subject in called]


def read(text: Part, accused: Sequence[tuple[str, str | None]], found: Found) -> None:
    """Say what this text decided. accused: subject and name (None: hidden) of each, as the card lists them.

    A text that is no verdict says nothing; nor does one whose accused no card names: whose sentence it is cannot be said.
    """
    if not accused:
        return
    names = [name for _, name in accused]
    for said in (*sentences.sentences(text.text, names), *narrative.told(text.text, names)):
        subject = f"{accused[said.person][0]}#sentence"
        found.say(text.sub(said.start, said.end), subject, said.property, said.value, derived=True)
