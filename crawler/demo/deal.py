"""How the cases of the full-size world are dealt: given the figures it must hold, which case is received, decided and how.

The figures come first and the cases after them: so many cases under each article, so many men, so many convicted, so many
verdicts in one April, so many cases received in one spring. What the seed deals is everything else: courts, days, names.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random

from crawler.demo.invent import DAYS_OFF

APRIL = (date(2025, 4, 1), date(2025, 4, 30))
SPRING = (date(2025, 1, 1), date(2025, 5, 31))  # the months of "received January to May"
CLOSED = date(2025, 5, 30)  # the last day on which a court of this world does anything
HEARD_WITHIN = (15, 45)  # working days from receipt to verdict


@dataclass(frozen=True, slots=True)
class Census:
    """What a world holds, digit for digit.

    articles: cases by article. men: persons in them. convicted: of these. april: verdicts (persons) in April 2025.
    spring: cases received from January to May 2025. begin: the first day on which a case is received.
    """

    articles: Mapping[str, int]
    men: int
    convicted: int
    april: int
    spring: int
    begin: date

    @property
    def cases(self) -> int:
        return sum(self.articles.values())

    def share(self, of: int, begin: date) -> Census:
        """The same at one part in so many, each figure rounded by itself."""
        articles = {name: round(count / of) for name, count in self.articles.items()}
        men, convicted, april, spring = (round(n / of) for n in (self.men, self.convicted, self.april, self.spring))
        return Census(articles, men, convicted, april, spring, begin)


# The counts that Mediazona published at the end of May 2025.
PUBLISHED = Census({"332": 1_369, "337": 18_159, "338": 1_010}, 20_662, 17_721, 848, 4_350, date(2022, 9, 1))
HUNDREDTH = PUBLISHED.share(100, date(2024, 11, 1))


@dataclass(frozen=True, slots=True)
class Dealt:
    """One case as it is dealt. ends: the word of each man's result, None while the case is pending."""

    article: str
    received: date
    decided: date | None
    ends: tuple[str | None, ...]


OTHER_ENDS = ("terminated", "returned-to-prosecutor", "medical-measures")


def deal(census: Census, deal: Random) -> list[Dealt]:
    """Every case of the census, in order of receipt. Raises ValueError where its figures cannot be had together.

    Men without a verdict stand alone in their cases, so each figure comes out whatever the seed: the newest cases are
    pending, and among the others some end otherwise than by a verdict.
    """
    articles = [name for name, count in sorted(census.articles.items()) for _ in range(count)]
    deal.shuffle(articles)
    days = _receipts(census, deal)
    acquitted, undirected = census.convicted // 400 + 1, census.convicted // 300 + 1
    idle = census.men - census.convicted - acquitted - undirected
    pending = idle * 3 // 5
    tried = _tried(census, deal, idle, pending)
    crowd = _crowds(census, deal, tried)
    april = _april(census, deal, days, tried, crowd)
    men = [(n, man) for n in tried for man in range(crowd[n])]
    deal.shuffle(men)
    words = dict.fromkeys(men[:acquitted], "acquitted") | dict.fromkeys(men[acquitted : acquitted + undirected], "verdict")
    dealt = []
    for n, (article, received) in enumerate(zip(articles, days, strict=True)):
        ends: tuple[str | None, ...]
        if n >= census.cases - pending:
            decided, ends = None, (None,)
        elif n not in crowd:
            decided, ends = _end(received, deal), (deal.choice(OTHER_ENDS),)
        else:
            decided = deal.choice(_between(*APRIL)) if n in april else _end(received, deal)
            ends = tuple(words.get((n, man), "convicted") for man in range(crowd[n]))
        dealt.append(Dealt(article, received, decided, ends))
    return dealt


def _receipts(census: Census, deal: Random) -> list[date]:
    before = _between(census.begin, SPRING[0] - timedelta(days=1))
    spring = _between(SPRING[0], CLOSED)
    return sorted(deal.choices(before, k=census.cases - census.spring) + deal.choices(spring, k=census.spring))


def _tried(census: Census, deal: Random, idle: int, pending: int) -> list[int]:
    """The places of the cases that end by a verdict."""
    if not 0 <= pending <= idle <= census.cases:
        raise ValueError(f"{census.men} men with {census.convicted} convicted leave {idle} without a verdict")
    known = range(census.cases - pending)
    otherwise = set(deal.sample(known, idle - pending))
    return [n for n in known if n not in otherwise]


def _crowds(census: Census, deal: Random, tried: Sequence[int]) -> dict[int, int]:
    """How many men stand trial in each of these cases: mostly one, in some two, in a few three."""
    more = census.men - census.cases
    threes = more // 10
    chosen = deal.sample(tried, more - threes)
    return dict.fromkeys(tried, 1) | dict.fromkeys(chosen, 2) | dict.fromkeys(chosen[:threes], 3)


def _april(census: Census, deal: Random, days: Sequence[date], tried: Sequence[int], crowd: Mapping[int, int]) -> set[int]:
    """The cases decided in April: exactly so many men."""
    ready = [n for n in tried if date(2024, 12, 1) <= days[n] <= date(2025, 3, 20)]
    deal.shuffle(ready)
    chosen, men = set[int](), 0
    for n in ready:
        if men + crowd[n] <= census.april:
            chosen.add(n)
            men += crowd[n]
    if men < census.april:
        raise ValueError(f"only {men} men can be tried in April, not {census.april}")
    return chosen


def _end(received: date, deal: Random) -> date:
    """A day of decision out of April; May stands in for it, and for what would come after the end."""
    decided = after(received, deal.randint(*HEARD_WITHIN))
    if APRIL[0] <= decided <= APRIL[1] or decided > CLOSED:
        return deal.choice(_between(max(after(received, 8), date(2025, 5, 5)), CLOSED))
    return decided


# ---- working days, as the courts of this world keep them


@cache
def _calendar() -> tuple[date, ...]:
    days = (date(2022, 1, 1) + timedelta(days=n) for n in range(4 * 365))
    return tuple(day for day in days if day.weekday() < 5 and day not in DAYS_OFF)


def _between(first: date, last: date) -> Sequence[date]:
    days = _calendar()
    return days[bisect_left(days, first) : bisect_right(days, last)]


def after(day: date, working: int) -> date:
    """The day so many working days later."""
    days = _calendar()
    return days[bisect_right(days, day) + working - 1] if working else day
