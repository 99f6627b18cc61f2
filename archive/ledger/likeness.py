"""Which registrations without a common key may be one case: how alike they are, feature by feature, and who decides; pure.

Compared are only those that want something: a judicial UID, or, sent on to another court or back to the prosecutor, the
registration that followed. T2: court, day of receipt, articles and people agree, and nobody else's do, on either side. T3: the
sum of the weights below reaches AUTOMATIC and is MARGIN above that of the next best, on either side. What reaches REVIEW is
shown to a person. No rule joins against a key (two UIDs, or two numbers in one register of one court), against anything
that differs, or by names alone: a day of the court must be the same, or a case be received where it was sent.

The weights are logarithms (base 2) of how much likelier an agreement is in one case than by chance, in the manner of Fellegi
and Sunter; that of a name is what its rarity in this ledger makes of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Final, NamedTuple

from archive.ledger import names
from archive.ledger.identity import Keys
from archive.ledger.nearness import RAREST, Near, Places, Rarity
from archive.ledger.observation import Tie

COMPOSITE: Final = "composite/1"
SCORE: Final = "score/1"
AUTOMATIC: Final = 17.0
MARGIN: Final = 6.0
REVIEW: Final = 8.0
FITS: Final = 0.5  # of names.score: its decision line
WELL: Final = 0.85

_SENT_ON: Final = ("transferred", "returned-to-prosecutor")
# Agreement and disagreement of each feature, in bits; what is not known on one side says nothing.
_COURT: Final = {"same": 6.0, "other": -5.0, "sent on": 0.0}
_DAY: Final = {"same": 8.0, "slip": 1.0, "near": 1.0, "other": -6.0, "follows": 4.0, "before": -9.0}
_ARTICLES: Final = {"same": 3.0, "wider": 2.0, "some": 1.0, "other": -6.0}
_NUMBER: Final = {"same": 10.0, "other": -8.0}
_UID: Final = {"other": -6.0}
_AGAINST: Final = {"other", "before"}


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two registrations, and how alike they are. left < right. features: name of each and what it came to, in words.

    tier: 2 or 3 where a rule joins them, None where a person is asked.
    """

    left: str
    right: str
    score: float
    features: tuple[tuple[str, str], ...]
    tier: int | None

    @property
    def id(self) -> str:
        """The same for the same pair and rule in every ledger: by it a link is undone."""
        return f"{COMPOSITE if self.tier == 2 else SCORE} {self.left} {self.right}"

    @property
    def tie(self) -> Tie:
        """The link that a rule makes. Raises ValueError where a person is asked."""
        if self.tier is None:
            raise ValueError(f"{self.left} and {self.right} are for a person to decide")
        method = COMPOSITE if self.tier == 2 else SCORE
        reason = "; ".join(f"{name}: {said}" for name, said in self.features)
        return Tie(self.left, self.right, True, self.tier, method, reason, None, self.score, self.features)


class Compared(NamedTuple):
    """One registration as another was compared with it. base: the sum of the weights without that of names.

    words: of each name that tells, what its rarity is counted by. share: of their bits; None where either names nobody.
    told: what each feature came to.
    """

    one: str
    other: str
    base: float
    words: tuple[tuple[str, ...], ...]
    share: float | None
    told: Mapping[str, str]

    def score(self, rare: Rarity) -> float:
        bits = 0.0 if self.share is None else self.share * min(RAREST, sum(map(rare.bits, self.words)))
        return round(bits + self.base, 2)

    @property
    def worth(self) -> bool:
        """It reaches REVIEW with the rarest names at least."""
        return self.base + (0.0 if self.share is None else RAREST) >= REVIEW


def likenesses(held: Iterable[Keys], whole: Iterable[frozenset[str]], apart: Iterable[Tie] = ()) -> list[Likeness]:
    """Those that a rule joins, and those that a person should look at; by score, the best first.

    whole: the groups that keys, courts' own links and people have made. apart: who was judged apart, and is not asked again.
    """
    known = {keys.subject: keys for keys in sorted(held, key=lambda keys: keys.subject)}
    if not any(map(wants, known.values())):
        return []
    near = {subject: Near.of(keys) for subject, keys in known.items()}
    places = Places(near)
    compared = (
        found for subject, keys in known.items() if wants(keys)
        for other in places.near(subject) if (found := compare(keys, known[other])) is not None
    )  # fmt: skip
    return settled(compared, Rarity.of(near.values()), whole, apart)


def settled(
    compared: Iterable[Compared], rare: Rarity, whole: Iterable[frozenset[str]], apart: Iterable[Tie]
) -> list[Likeness]:
    """As `likenesses`, of registrations that were compared already; in whatever order."""
    group = {subject: number for number, subjects in enumerate(whole) for subject in subjects}
    no = {frozenset((group.get(tie.left, -1), group.get(tie.right, -1))) for tie in apart if not tie.same}
    found: dict[tuple[str, str], tuple[float, Mapping[str, str]]] = {}
    for each in compared:
        pair = (each.one, each.other) if each.one < each.other else (each.other, each.one)
        groups = frozenset((group[pair[0]], group[pair[1]]))
        if len(groups) == 1 or groups in no or (pair in found and each.one > each.other):
            continue  # as the first of the two sees it, where it sees enough
        score = each.score(rare)
        if score >= REVIEW:
            found[pair] = score, each.told
    return _settled(found, group)


def wants(keys: Keys) -> bool:
    """Something that would tell which case it is, is missing; only those are compared with others."""
    return not keys.uids or keys.result in _SENT_ON


def compare(one: Keys, other: Keys) -> Compared | None:
    """What each feature comes to; None where a key, or the people, are against it, or it could never be shown to anybody."""
    if one.register.partition("-")[0] != other.register.partition("-")[0]:
        return None
    lower, upper = (one, other) if _stage(one) <= _stage(other) else (other, one)
    level = _stage(one) == _stage(other)
    sent_on = level and (one.result in _SENT_ON or other.result in _SENT_ON)
    uids_differ = bool(one.uids and other.uids) and not set(one.uids) & set(other.uids)
    if uids_differ and not sent_on:
        return None
    same_court = one.court is not None and one.court == other.court
    number = _numbers(one, other) if level and (same_court or one.court is None or other.court is None) else None
    if number == "other" and same_court and not sent_on:
        return None
    told: dict[str, str] = {}
    base = 0.0

    def add(name: str, word: str | None, weights: Mapping[str, float]) -> None:
        nonlocal base
        if word is not None:
            told[name] = word
            base += weights[word]

    if level:
        add("court", _court(one.court, other.court, sent_on), _COURT)
        add("received", _follows(one, other) if sent_on else _day(one.received, other.received), _DAY)
        if not sent_on:
            add("decided", _day(one.decided, other.decided), _DAY)
    else:
        add("court", _court(lower.court, upper.lower_court, False), _COURT)
        add("decided", _day(lower.decided, upper.lower_decided), _DAY)
        if lower.received and upper.received and upper.received < lower.received:
            add("received", "before", _DAY)
    add("articles", _articles(one.articles, other.articles), _ARTICLES)
    add("number", number, _NUMBER)
    add("uid", "other" if uids_differ else None, _UID)
    if base + RAREST < REVIEW:  # asked before the names, which are dear to compare
        return None
    people = _people(one.names, other.names)
    if people is not None and people < FITS:
        return None
    if people is not None:
        told = {"people": f"{people:.2f}", **told}
    words = tuple(names.keys(name) for name in min((one.names, other.names), key=len)[:2])
    share = None if people is None else 1.0 if people >= WELL else 0.7
    found = Compared(one.subject, other.subject, base, words if people is not None else (), share, told)
    return found if found.worth else None


def _stage(keys: Keys) -> int:
    return 2 if keys.register.endswith("-cassation") else 1 if keys.register.endswith("-appeal") else 0


def _people(one: Sequence[str], other: Sequence[str]) -> float | None:
    """How well everybody of the shorter list is found in the longer one; None where either names nobody."""
    if not one or not other:
        return None
    shorter, longer = sorted((tuple(one), tuple(other)), key=len)
    return min(max(names.score(name, each) for each in longer) for name in shorter[:4])


def _court(one: str | None, other: str | None, sent_on: bool) -> str | None:
    if one is None or other is None:
        return None
    return "same" if one == other else "sent on" if sent_on else "other"


def _numbers(one: Keys, other: Keys) -> str | None:
    if not one.numbers or not other.numbers:
        return None
    pairs = list(product((*one.numbers, *one.previous), (*other.numbers, *other.previous)))
    return "same" if any(a == b for a, b in pairs) else "other"  # a number beside it is the next case's


def _day(one: str | None, other: str | None) -> str | None:
    if not one or not other:
        return None
    if one == other:
        return "same"
    if len(one) != 10 or len(other) != 10:
        return "near" if one.startswith(other) or other.startswith(one) else "other"
    if one[:4] == other[:4] and (one[5:7], one[8:]) == (other[8:], other[5:7]):
        return "slip"  # day and month changed places
    if abs((date.fromisoformat(one) - date.fromisoformat(other)).days) <= 7:
        return "near"
    return "slip" if _slip(one, other) else "other"


def _follows(one: Keys, other: Keys) -> str | None:
    """A case that was sent on is received elsewhere after it was, within half a year."""
    sent, got = (one, other) if one.result in _SENT_ON else (other, one)
    left, came = sent.decided or sent.received, got.received
    if left is None or came is None or len(left) != 10 or len(came) != 10:
        return None
    days = (date.fromisoformat(came) - date.fromisoformat(left)).days
    return "follows" if 0 <= days <= 183 else "before" if days < 0 else "other"


def _articles(one: Sequence[str], other: Sequence[str]) -> str | None:
    if not one or not other:
        return None
    if set(one) == set(other):
        return "same"
    if all(any(_wider(a, b) or _wider(b, a) for b in other) for a in one):
        return "wider"
    return "some" if {a.partition("/")[0] for a in one} & {b.partition("/")[0] for b in other} else "other"


def _wider(one: str, other: str) -> bool:
    return one == other or other.startswith(one + "/")


def _slip(one: str, other: str) -> bool:
    """One sign changed, left out or put in, or two neighbours changed places."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    if len(a) == len(b):
        return a[1:] == b[1:] or (a[:2] == b[1::-1] and len(a) > 1 and a[2:] == b[2:])
    return a[1:] == b or a == b[1:]


def _settled(found: Mapping[tuple[str, str], tuple[float, Mapping[str, str]]], group: Mapping[str, int]) -> list[Likeness]:
    """Who is joined by rule and who is shown: a link is made where there is one candidate, or one far above the others."""
    best: dict[int, dict[int, float]] = {}
    alike: dict[str, set[int]] = {}
    for (left, right), (score, told) in found.items():
        a, b = group[left], group[right]
        for one, other in ((a, b), (b, a)):
            held = best.setdefault(one, {})
            held[other] = max(held.get(other, score), score)
        if _composite(told):
            alike.setdefault(left, set()).add(b)
            alike.setdefault(right, set()).add(a)
    made = []
    for (left, right), (score, told) in found.items():
        a, b = group[left], group[right]
        sole = len(alike.get(left, ())) == 1 == len(alike.get(right, ()))
        runner_up = max(
            (each for one, other in ((a, b), (b, a)) for name, each in best[one].items() if name != other), default=0.0
        )
        clear = score >= AUTOMATIC and score - runner_up >= MARGIN
        sound = _sound(told)
        tier = 2 if sound and sole and _composite(told) and score > runner_up else 3 if sound and clear else None
        made.append(Likeness(left, right, score, tuple(told.items()), tier))
    return sorted(made, key=lambda each: (-each.score, each.left, each.right))


def _composite(told: Mapping[str, str]) -> bool:
    return _sound(told) and all(told.get(name) == "same" for name in ("court", "received", "articles"))


def _sound(told: Mapping[str, str]) -> bool:
    """A rule may join them: people fit, nothing is against it, and something of the court's own says the same."""
    if "people" not in told or _AGAINST & set(told.values()):
        return False
    if "same" in (told.get("received"), told.get("decided"), told.get("number")):
        return True
    sent = (told.get("received"), told.get("court"), told.get("articles")) == ("follows", "sent on", "same")
    return sent and float(told["people"]) >= WELL
