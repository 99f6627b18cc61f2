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
from archive.manifest import canonical

IDENTITY: Final = "identity"
CORRECTION: Final = "correction"
PERSON: Final = "person/1"  # the method of a tie that a person made


def ties(kept: Iterable[Kept]) -> list[tuple[str, Tie]]:
    """The judgements of identity with their ids, sorted by them: of each pair the last word that stands, and what takes back.

    Who was unsure has judged nothing, and has taken nobody's word for it.
    """
    decided = [each for each in kept if each.decision.kind == IDENTITY and len(each.decision.subjects) == 2]
    found = {each.id: _tie(each) for each in decided if isinstance(each.decision.body.get("undoes"), str)}
    found |= {each.id: _tie(each) for each in last_words(decided) if isinstance(each.decision.body.get("same"), bool)}
    return sorted(found.items())


def last_words(kept: Iterable[Kept]) -> list[Kept]:
    """Of each pair of registrations the last decision that was not taken back, in the order of the log."""
    decided = sorted(kept, key=lambda each: each.seq)
    undone_by: dict[str, list[str]] = {}
    for each in decided:
        undone_by.setdefault(str(each.decision.body.get("undoes")), []).append(each.id)

    def stands(id_: str) -> bool:  # a decision names an earlier one: no circles
        return not any(stands(other) for other in undone_by.get(id_, ()))

    judged = [each for each in decided if "same" in each.decision.body and "undoes" not in each.decision.body]
    last = {frozenset(each.decision.subjects): each for each in judged if stands(each.id)}
    return sorted(last.values(), key=lambda each: each.seq)


def _tie(kept: Kept) -> Tie:
    decision, body = kept.decision, kept.decision.body
    left, right = decision.subjects
    undoes, score = body.get("undoes"), body.get("score")
    return Tie(
        left, right, body.get("same") is True, 0, PERSON, decision.reason, undoes if isinstance(undoes, str) else None,
        score if isinstance(score, int | float) else None, _features(decision), decision.who, decision.at,
    )  # fmt: skip


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
            person if isinstance(person, str) else None, was, decision.who, *_place(decision.block.decode(), value),
        )  # fmt: skip
    latest = {(one.subject, one.name, one.property): one for one in standing.values()}
    return sorted(latest.values(), key=lambda one: one.seq)


def _place(text: str, value: str) -> tuple[str, int]:
    """The value in the decision's text, and where it begins: within the body, which canonical JSON puts before the rest."""
    quote = canonical({"": value}).decode()[4:-1]
    return quote, text.index(f'"value":{quote}') + len('"value":')


def _features(decision: Decision) -> tuple[tuple[str, str], ...]:
    told = decision.body.get("features")
    return tuple(sorted((str(name), str(value)) for name, value in told.items())) if isinstance(told, dict) else ()
