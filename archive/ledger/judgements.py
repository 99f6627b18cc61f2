"""What the decisions of people mean to the ledger: ties between registrations, and corrections of values; pure.

identity     subjects: two registrations. body: {"same": true | false | null (unsure), "method", "score", "features"}
correction   subjects: (the subject of a value,). body: {"property", "value", "name" (of a person in the case), "was"}
both         body: {"undoes": id}, and nothing else: what was decided, or linked by a rule, is taken back

A decision that does not fit its kind was kept by a newer program, or by hand: it is evidence, and judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from archive.decisions import Decision, Kept
from archive.ledger.observation import Correction, Tie

IDENTITY: Final = "identity"
CORRECTION: Final = "correction"
PERSON: Final = "person/1"  # the method of a tie that a person made


def ties(kept: Iterable[Kept]) -> list[tuple[str, Tie]]:
    """The judgements of identity with their ids, sorted by them; who was unsure judged nothing."""
    found = []
    for each in kept:
        decision, body = each.decision, each.decision.body
        undoes, same = body.get("undoes"), body.get("same")
        if decision.kind != IDENTITY or len(decision.subjects) != 2 or not (isinstance(same, bool) or isinstance(undoes, str)):
            continue
        left, right = decision.subjects
        score = body.get("score")
        tie = Tie(
            left, right, same is True, 0, PERSON, decision.reason, undoes if isinstance(undoes, str) else None,
            score if isinstance(score, int | float) else None, _features(decision), decision.who, decision.at,
        )  # fmt: skip
        found.append((each.id, tie))
    return sorted(found, key=lambda pair: pair[0])


def corrections(kept: Iterable[Kept]) -> list[Correction]:
    """The corrections that stand, in the order of the log: of two of one value the later one."""
    standing: dict[str, Correction] = {}
    for each in sorted(kept, key=lambda one: one.seq):
        decision, body = each.decision, each.decision.body
        if decision.kind != CORRECTION or len(decision.subjects) != 1:
            continue
        undoes = body.get("undoes")
        if undoes is not None:
            standing.pop(undoes, None)
            continue
        name, value, person = body.get("property"), body.get("value"), body.get("name")
        if not isinstance(name, str) or not isinstance(value, str):
            continue
        was = tuple(text for text in body.get("was") or () if isinstance(text, str))
        (subject,) = decision.subjects
        standing[each.id] = Correction(
            each.id, subject, name, value, decision.reason, decision.at, each.seq,
            person if isinstance(person, str) else None, was, decision.who,
        )  # fmt: skip
    latest = {(one.subject, one.name, one.property): one for one in standing.values()}
    return sorted(latest.values(), key=lambda one: one.seq)


def _features(decision: Decision) -> tuple[tuple[str, str], ...]:
    told = decision.body.get("features")
    return tuple(sorted((str(name), str(value)) for name, value in told.items())) if isinstance(told, dict) else ()
