"""What changed in the ledger by our own doing: registrations joined or parted, values corrected; pure.

Links that a rule made, and people's decisions, are changes of a case that no court made: events of kind `identity` and
`correction`, dated by nothing and observed when they were decided, or when what they rest on was first held.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Final

from archive.decisions import Kept
from archive.ledger.case import Case
from archive.ledger.judgements import CORRECTION, IDENTITY
from archive.ledger.timeline import Happened, Page, event_id
from archive.ledger.words import registration as registration_of

_UNTOLD: Final = frozenset(("name", "judge", "lower_judge"))  # an event names nobody


def upheavals(
    cases: Sequence[Case], decided: Iterable[Kept], held: Mapping[str, Sequence[Page]]
) -> list[tuple[Case, Happened]]:
    """Each such event with the case that it is of now. decided: decisions of every kind; held: as `timeline.pages` makes it."""
    kept = list(decided)
    case_of = {registration.subject: case for case in cases for registration in case.registrations}
    found = chain(_joined(cases, held), _judged(kept), _corrected(kept))
    return [(case_of[event.registration], event) for event in found if event.registration in case_of]


def _joined(cases: Iterable[Case], held: Mapping[str, Sequence[Page]]) -> Iterable[Happened]:
    """What a rule joined without a court's word for it (T2, T3), when the later of the two was first held."""
    for case in cases:
        for key, tie in case.links:
            first = [held[name][0].extraction for name in (tie.left, tie.right) if held.get(name)]
            if tie.tier >= 2 and first:
                later = max(first, key=lambda extraction: (extraction.held, extraction.seq))
                captures = tuple(extraction.capture for extraction in first)
                yield _event("joined", tie.left, tie.right, later.held, f"{tie.method}: {tie.reason}", captures, key)


def _judged(kept: Sequence[Kept]) -> Iterable[Happened]:
    """What people decided; what they took back is told as its opposite, and doubt not at all."""
    said = {each.id: each.decision.body.get("same") for each in kept}
    for each in kept:
        decision = each.decision
        if decision.kind != IDENTITY or len(decision.subjects) != 2:
            continue
        undoes, same = decision.body.get("undoes"), decision.body.get("same")
        if undoes is not None:
            same = said.get(undoes, True) is False
        if isinstance(same, bool):
            detail = "by a person" if undoes is None else "taken back by a person"
            word = "joined" if same else "severed"
            yield _event(word, *decision.subjects, decision.at, detail, (each.id,), each.id)


def _corrected(kept: Iterable[Kept]) -> Iterable[Happened]:
    for each in kept:
        decision, body = each.decision, each.decision.body
        if decision.kind != CORRECTION or len(decision.subjects) != 1:
            continue
        (subject,) = decision.subjects
        name, was = str(body.get("property", "")), body.get("was") or []
        told = "" if name in _UNTOLD else f": {', '.join(map(str, was))} -> {body.get('value')}"
        part = subject.partition("#")[2]
        detail = "a correction taken back" if body.get("undoes") else " ".join(filter(None, (part, name))) + told
        yield Happened(
            "other", registration_of(subject), None, None, decision.at, detail, "correction", (each.id,), event_id(each.id)
        )  # fmt: skip


def _event(word: str, left: str, right: str, at: datetime, detail: str, captures: tuple[str, ...], key: str) -> Happened:
    return Happened(word, left, None, None, at, f"{right}: {detail}", "identity", captures, event_id(word, key))
