"""Which pairs of registrations wait for a person, and what was decided of others; side by side, with the words that differ."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from archive.decisions import Kept
from archive.errors import NotFound
from archive.ledger.case import Alike, alike
from archive.ledger.identity import Keys, links, live
from archive.ledger.judgements import IDENTITY, PERSON, last_words, ties
from archive.ledger.likeness import likenesses
from archive.ledger.observation import Tie

ACCEPT, REJECT, UNSURE, AUTOMATIC = "accept", "reject", "unsure", "automatic"
_SAID: Final = {True: ACCEPT, False: REJECT, None: UNSURE}
SHOWN: Final = ("court", "numbers", "received", "decided", "result", "articles", "names", "uids", "lower_court", "below")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two registrations that may be one case. left < right.

    decision: what stands: a person's word, `automatic` where a rule joins them, None where nobody decided. by: the id of what
    stands, which an undo names. method, reason, who: of what stands. score: None where nothing but a person saw a likeness.
    """

    left: str
    right: str
    score: float | None
    features: tuple[tuple[str, str], ...]
    decision: str | None
    by: str | None = None
    method: str | None = None
    reason: str | None = None
    who: str | None = None

    @property
    def id(self) -> str:
        return candidate_id(self.left, self.right)


def candidate_id(left: str, right: str) -> str:
    """The same for the same two, in either order and in every ledger."""
    return hashlib.sha256("\n".join(sorted((left, right))).encode()).hexdigest()[:16]


def candidates(keys: Sequence[Keys], decided: Iterable[Kept], compared: Alike = likenesses) -> list[Candidate]:
    """All pairs that a rule or a person has looked at, or that wait: the undecided first, then by score.

    keys: of every registration. decided: the decisions of kind `identity`. compared: by whom the registrations are compared.
    """
    kept = [each for each in decided if each.decision.kind == IDENTITY]
    known = {one.subject for one in keys}
    found: dict[tuple[str, str], Candidate] = {}
    judged = [*links(keys), *ties(kept)]
    standing = dict(live(judged))
    for each in alike(keys, judged, compared):
        automatic = each.tier is not None
        pair = (each.left, each.right)
        found[pair] = Candidate(
            *pair, each.score, each.features, AUTOMATIC if automatic else None, each.id if automatic else None,
            each.tie.method if automatic else None, each.tie.reason if automatic else None,
        )  # fmt: skip
    for key, tie in standing.items():
        if tie.tier > 0:
            pair = _pair(tie)
            found.setdefault(pair, Candidate(*pair, None, (), AUTOMATIC, key, tie.method, tie.reason))
    for one in last_words(kept):
        decision = one.decision
        left, right = sorted(decision.subjects)
        if {left, right} <= known:
            said = decision.body.get("same")
            before = found.get((left, right))
            score = before.score if before is not None and before.score is not None else decision.body.get("score")
            features = before.features if before and before.features else tuple((decision.body.get("features") or {}).items())
            found[left, right] = Candidate(
                left, right, score, features, _SAID.get(said, UNSURE), one.id, PERSON, decision.reason, decision.who
            )
    return sorted(found.values(), key=lambda c: (c.decision is not None, -(c.score or 0.0), c.left, c.right))


def _pair(tie: Tie) -> tuple[str, str]:
    left, right = sorted((tie.left, tie.right))
    return left, right


def chosen(held: Iterable[Candidate], name: str) -> Candidate:
    """The candidate of that id, or its only one that begins so. Raises NotFound."""
    found = [each for each in held if each.id.startswith(name)]
    if len(found) != 1:
        raise NotFound(f"{len(found)} candidates are called {name!r}; `crawl review --all` lists them")
    return found[0]


def row(candidate: Candidate) -> dict[str, Any]:
    """One line of `crawl review`."""
    return {
        "candidate": candidate.id, "left": candidate.left, "right": candidate.right, "score": candidate.score,
        "features": dict(candidate.features), "decision": candidate.decision, "method": candidate.method,
        "reason": candidate.reason, "who": candidate.who, "by": candidate.by,
    }  # fmt: skip


def side_by_side(left: Keys, right: Keys) -> Iterator[tuple[str, str, str]]:
    """Property by property what either registration shows, the words that the other lacks in brackets."""
    for name in SHOWN:
        one, other = (_text(getattr(keys, name)) for keys in (left, right))
        if one or other:
            yield name, *marked(one, other)


def marked(one: str, other: str) -> tuple[str, str]:
    """Both texts, with `[ ]` around each run of words that the other does not have in that place."""
    left, right = one.split(), other.split()
    sides: tuple[list[str], list[str]] = ([], [])
    for act, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        for side, words in zip(sides, (left[a:b], right[c:d]), strict=True):
            if words:
                side.append(" ".join(words) if act == "equal" else f"[{' '.join(words)}]")
    return " ".join(sides[0]), " ".join(sides[1])


def _text(value: object) -> str:
    return "" if value is None else ", ".join(value) if isinstance(value, tuple) else str(value)
