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

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Final

from archive.ledger import names
from archive.ledger.identity import Keys
from archive.ledger.observation import Tie

COMPOSITE: Final = "composite/1"
SCORE: Final = "score/1"
AUTOMATIC: Final = 17.0
MARGIN: Final = 6.0
REVIEW: Final = 8.0
FITS: Final = 0.5  # of names.score: its decision line
WELL: Final = 0.85
CROWDED: Final = 60  # registrations under one key by which candidates are looked for; more of them tell nothing
POPULATION: Final = 5000  # a name is never rarer than one in so many

_SENT_ON: Final = ("transferred", "returned-to-prosecutor")
# Agreement and disagreement of each feature, in bits; what is not known on one side says nothing.
_COURT: Final = {"same": 6.0, "other": -5.0, "sent on": 0.0}
_DAY: Final = {"same": 8.0, "slip": 1.0, "near": 1.0, "other": -6.0, "follows": 4.0, "before": -9.0}
_ARTICLES: Final = {"same": 3.0, "wider": 2.0, "some": 1.0, "other": -6.0}
_NUMBER: Final = {"same": 10.0, "other": -8.0}
_UID: Final = {"other": -6.0}
_AGAINST: Final = {"other", "before"}
_RAREST: Final = 11.0  # bits that the names of a case's people bear at most


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


def likenesses(held: Iterable[Keys], whole: Iterable[frozenset[str]], apart: Iterable[Tie] = ()) -> list[Likeness]:
    """Those that a rule joins, and those that a person should look at; by score, the best first.

    whole: the groups that keys, courts' own links and people have made. apart: who was judged apart, and is not asked again.
    """
    known = sorted(held, key=lambda keys: keys.subject)
    group = {subject: number for number, subjects in enumerate(whole) for subject in subjects}
    no = {frozenset((group.get(tie.left, -1), group.get(tie.right, -1))) for tie in apart if not tie.same}
    wanting = [keys for keys in known if _wants(keys)]
    if not wanting:
        return []
    rare = _Rarity(known)
    places = _Places(known)
    found: dict[tuple[str, str], tuple[float, dict[str, str]]] = {}
    for keys in wanting:
        for other in places.near(keys):
            pair = (keys.subject, other.subject) if keys.subject < other.subject else (other.subject, keys.subject)
            groups = frozenset((group[pair[0]], group[pair[1]]))
            if pair in found or len(groups) == 1 or groups in no:
                continue
            compared = _compare(keys, other, rare)
            if compared is not None and compared[0] >= REVIEW:
                found[pair] = compared
    return _settled(found, group)


def _wants(keys: Keys) -> bool:
    return not keys.uids or keys.result in _SENT_ON


class _Rarity:
    """In bits: how much it says that two names agree, by how many registrations have a word of it."""

    def __init__(self, held: Sequence[Keys]) -> None:
        self._count = Counter(key for keys in held for key in {key for name in keys.names for key in names.keys(name)})
        self._of = max(len(held), POPULATION)

    def bits(self, name: str) -> float:
        among = [self._count[key] for key in names.keys(name) if self._count[key]]
        return min(_RAREST, math.log2(self._of / min(among))) if among else 3.0


class _Places:
    """Where a registration may be met again: under what it shares with others."""

    def __init__(self, held: Sequence[Keys]) -> None:
        self._under: dict[tuple[str, ...], list[Keys]] = {}
        for keys in held:
            for place in _places(keys):
                self._under.setdefault(place, []).append(keys)

    def near(self, keys: Keys) -> Iterator[Keys]:
        met = {keys.subject}
        for place in _places(keys):
            found = self._under.get(place, ())
            if len(found) <= CROWDED:
                for other in found:
                    if other.subject not in met:
                        met.add(other.subject)
                        yield other


def _places(keys: Keys) -> Iterator[tuple[str, ...]]:
    words = sorted({key for name in keys.names for key in names.keys(name)[:3]})
    days = {day for day in (keys.received, keys.decided, keys.lower_decided) if day}
    courts = {court for court in (keys.court, keys.lower_court) if court}
    yield from (("court", court, day) for court in courts for day in days)
    yield from (("name", word, day) for word in words for day in days)
    yield from (("name", word, day[:7]) for word in words for day in days)
    yield from (("name", word, court) for word in words for court in courts)
    yield from (("name", word, article) for word in words for article in keys.articles)
    yield from (("name", word) for word in words)
    if keys.court is not None:
        yield from (("number", keys.court, number) for number in keys.numbers)


def _compare(one: Keys, other: Keys, rare: _Rarity) -> tuple[float, dict[str, str]] | None:
    """The sum of the weights and what each feature came to; None where a key, or the people, are against it."""
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
    people = _people(one.names, other.names)
    if people is not None and people < FITS:
        return None
    told: dict[str, str] = {}
    score = 0.0
    if people is not None:
        names_told = min((one.names, other.names), key=len)
        weight = min(_RAREST, sum(rare.bits(name) for name in names_told[:2]))
        score += weight if people >= WELL else 0.7 * weight
        told["people"] = f"{people:.2f}"

    def add(name: str, word: str | None, weights: Mapping[str, float]) -> None:
        nonlocal score
        if word is not None:
            told[name] = word
            score += weights[word]

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
    return round(score, 2), told


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


def _settled(found: Mapping[tuple[str, str], tuple[float, dict[str, str]]], group: Mapping[str, int]) -> list[Likeness]:
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
