"""Do figures that texts state fit together? Parts and totals, cases and people, rates and days, ratios, totals over time; pure.

Every check names the claims it is about and says what it compared; what cannot be compared is no check and says nothing. Two
claims of different texts are compared only where they mean the same thing: that both say so confirms neither.

    (1) parts come to no more than their total
    (2) a case has at least one accused: people are no fewer than cases
    (3) what is decided, convicted or published is no more than what was received or decided
    (4) a rate is its total over its days, weeks or months
    (5) a ratio is one figure over the other
    (6) a period is no more than the total that holds it
    (7) a total does not fall as time goes on
    (8) what is said again elsewhere has the same value
    (9) a figure does not stand elsewhere for something else
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import combinations, pairwise

from archive.ledger import workdays
from archive.ledger.stated import Claim

RATIO_SLACK = Fraction(1, 8)  # `twice` is said of 1.75 to 2.25
ABOUT = Fraction(1, 10)  # `around 1,000` is said of 900 to 1,100
TELLING = 1000  # a smaller figure may well stand for two things
_COURSE = (
    ("received", "decided"),
    ("received", "convicted"),
    ("received", "verdicts"),
    ("received", "acquitted"),
    ("decided", "acts-published"),
    ("verdicts", "convicted"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison. claims: ids of those it is about. holds: None where the two only repeat one another.

    computed: what the first of them comes to by the others, where it comes to something.
    """

    number: int
    claims: tuple[str, ...]
    holds: bool | None
    says: str
    computed: int | str | None = None


def checks(claims: Sequence[Claim]) -> list[Check]:
    """All comparisons that these claims allow, text by text and then between texts; in the order of the list above."""
    by_source: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_source[claim.source].append(claim)
    found: list[Check] = []
    for group in by_source.values():
        for within in (_parts, _people, _course, _rates, _within):
            found += within(group)
    for between in (_ratios, _monotone, _repeated, _swapped):
        found += between(claims)
    return sorted(found, key=lambda check: check.number)


# What may be compared.


def _when(claim: Claim) -> tuple[date | None, date | None, date | None]:
    return claim.first, claim.last, claim.as_of


def _cumulative(claim: Claim) -> bool:
    """A total from the beginning on, up to its day where one is said."""
    return claim.period is None and claim.per is None and claim.thing in ("case", "person", "verdict", "crime", "text")


def _counts(claim: Claim) -> bool:
    return (
        claim.per is None
        and claim.thing not in ("percent", "times", "year")
        and claim.metric not in ("penalty", "recruited", "army-size")
    )


def _may_be_one_time(a: Claim, b: Claim) -> bool:
    """Both speak of one period, or are totals up to one day; a total without a day may be up to any."""
    if _cumulative(a) and _cumulative(b):
        return a.as_of == b.as_of or a.as_of is None or b.as_of is None
    return _when(a) == _when(b)


def _same_topic(a: Claim, b: Claim) -> bool:
    """Under the same articles; refusal to serve, and nothing said, may be the same."""
    return a.articles == b.articles and (a.group == b.group or None in (a.group, b.group)) and _same_country(a, b)


def _same_country(a: Claim, b: Claim) -> bool:
    return a.country == b.country or None in (a.country, b.country)


def shown(claim: Claim) -> str:
    """`20,538`, `700 to 800`, `more than 20,000`, as a check says it."""
    low, high = (
        None if value is None else f"{value:,.10g}" if value != value.to_integral_value() else f"{int(value):,}"
        for value in (claim.low, claim.high)
    )
    if low == high:
        return f"{'about ' if claim.about else ''}{low}"
    return f"{low} to {high}" if low and high else f"{low} or more" if low else f"{high} or fewer"


def fits(value: Fraction, claim: Claim) -> bool:
    """Is this value what the claim commits itself to?"""
    if claim.about and claim.exact is not None:
        return abs(value - Fraction(claim.exact)) <= Fraction(claim.exact) * ABOUT
    if claim.low is None and claim.high is not None:  # `nearly 500` is not 5
        return Fraction(claim.high) * (1 - ABOUT) <= value <= Fraction(claim.high)
    return (claim.low is None or value >= Fraction(claim.low)) and (claim.high is None or value <= Fraction(claim.high))


def _of(claim: Claim) -> str:
    """What a claim counts, in a few words."""
    under = f" under {', '.join(claim.articles)}" if claim.articles else ""
    return f"{claim.metric} ({claim.unit}){under}"


# (1) to (4), (6): within one text.


def _parts(group: Sequence[Claim]) -> Iterator[Check]:
    parts: dict[tuple[object, ...], list[Claim]] = defaultdict(list)
    for claim in group:
        if _counts(claim) and len(claim.articles) == 1 and claim.exact is not None:
            parts[(claim.metric, claim.country, *_when(claim))].append(claim)
    for known in parts.values():
        single = {claim.articles[0].partition("/")[0]: claim for claim in reversed(known)}
        if len(single) < 2:
            continue
        chosen = [single[article] for article in sorted(single)]
        total = sum((Fraction(claim.exact) for claim in chosen if claim.exact is not None), Fraction())
        said = " + ".join(shown(claim) for claim in chosen) + f" = {int(total):,}"
        things = {claim.thing for claim in chosen}
        mixed = " (some parts are told as people, some as cases)" if len(things) > 1 else ""
        for whole in group:
            if not (
                _counts(whole)
                and not whole.articles
                and whole.metric == chosen[0].metric
                and _may_be_one_time(whole, chosen[0])
                and _same_country(whole, chosen[0])
            ):
                continue
            yield from _part_check(chosen, whole, total, said + mixed, things)


def _part_check(chosen: Sequence[Claim], whole: Claim, total: Fraction, said: str, things: set[str]) -> Iterator[Check]:
    ids = (whole.id, *(claim.id for claim in chosen))
    if whole.thing == "person" and "case" in things:
        exact = whole.exact
        if exact is not None:
            gap = Fraction(exact) - total
            holds = gap >= 0
            more = f"{abs(int(gap)):,} {'more' if holds else 'fewer'} people than cases"
            yield Check(2, ids, holds, f"{said} cases, beside {shown(whole)} people: other units, {more}")
        return
    if whole.thing not in things:
        return
    if whole.exact is None:
        fine = fits(total, whole)
        yield Check(1, ids, fine, f"{said}; {shown(whole)} is said", int(total))
    elif total == Fraction(whole.exact):
        yield Check(1, ids, True, f"{said}, the total", int(total))
    elif total < Fraction(whole.exact):
        left = int(Fraction(whole.exact) - total)
        yield Check(1, ids, True, f"{said} of {shown(whole)}: {left:,} are left for what is not named", int(total))
    elif whole.about and fits(total, whole):
        yield Check(1, ids, True, f"{said}, {shown(whole)}", int(total))
    else:
        note = "; a case under several articles may have been counted under each" if whole.thing == "case" else ""
        yield Check(1, ids, False, f"{said}, more than the total of {shown(whole)}{note}", int(total))


def _people(group: Sequence[Claim]) -> Iterator[Check]:
    for a, b in combinations(group, 2):
        cases, people = (a, b) if a.unit == "case" else (b, a)
        if (cases.unit, people.unit) != ("case", "person") or cases.metric != people.metric or not _same_topic(cases, people):
            continue
        if cases.exact is None or people.exact is None or _when(cases) != _when(people) or cases.about or people.about:
            continue
        gap = people.exact - cases.exact
        more = "more" if gap >= 0 else "fewer"
        says = f"{shown(cases)} cases, {shown(people)} people: other units, {abs(int(gap)):,} {more} people than cases"
        yield Check(2, (cases.id, people.id), gap >= 0, says)


def _course(group: Sequence[Claim]) -> Iterator[Check]:
    for a, b in combinations(group, 2):
        for before, after in _COURSE:
            first, then = (a, b) if a.metric == before else (b, a)
            if (first.metric, then.metric) != (before, after) or not (_counts(first) and _counts(then)):
                continue
            if not (_cumulative(first) and _cumulative(then) and first.as_of == then.as_of and _same_topic(first, then)):
                continue
            if (
                first.high is None
                or then.low is None
                or (first.thing == "case" and then.thing != "case" and then.metric != "acts-published")
            ):
                continue
            holds = then.low <= first.high
            yield Check(
                3,
                (first.id, then.id),
                holds,
                f"{shown(then)} {after} of {shown(first)} {before}{'' if holds else ': more came out than went in'}",
            )


def _rates(group: Sequence[Claim]) -> Iterator[Check]:
    for rate in group:
        if rate.per is None or rate.first is None or rate.last is None:
            continue
        for total in group:
            if not (_counts(total) and total.metric == rate.metric and (total.first, total.last) == (rate.first, rate.last)):
                continue
            if total.exact is None or not _same_topic(rate, total):
                continue
            units, what = _units(rate)
            if not units:
                continue
            exact = Fraction(total.exact) / units
            told = published(exact)
            holds = _rounded(exact, rate)
            yield Check(
                4,
                (rate.id, total.id),
                holds,
                f"{shown(total)} in {what} is {told} a {(rate.per or '').replace('-', ' ')}; {shown(rate)} is said",
                told,
            )


def _units(rate: Claim) -> tuple[Fraction, str]:
    assert rate.first is not None and rate.last is not None
    days = (rate.last - rate.first).days + 1
    if rate.per == "working-day":
        if rate.country == "UA":
            return Fraction(0), ""
        known = workdays.working_days(rate.first, rate.last)
        return Fraction(known), f"{known} working days"
    if rate.per == "month":
        months = (rate.last.year - rate.first.year) * 12 + rate.last.month - rate.first.month + 1
        return Fraction(months), f"{months} months"
    if rate.per == "week":
        return Fraction(days, 7), f"{days} days"
    return (Fraction(days), f"{days} days") if rate.per == "day" else (Fraction(0), "")


def _rounded(exact: Fraction, rate: Claim) -> bool:
    """Down, as newspapers do, or to the nearest."""
    return any(fits(Fraction(value), rate) for value in (exact, exact.numerator // exact.denominator, round(exact)))


def published(exact: Fraction) -> str:
    """Rounded down, with the value to two places behind it: `38 (38.55)`."""
    cents = (exact * 100 + Fraction(1, 2)).__floor__()
    return f"{exact.numerator // exact.denominator} ({cents // 100}.{cents % 100:02d})"


def _within(group: Sequence[Claim]) -> Iterator[Check]:
    for part in group:
        if not _counts(part) or part.last is None or part.first is None or part.low is None:
            continue
        for total in group:
            if not (_cumulative(total) and total.metric == part.metric and total.high is not None):
                continue
            if total.thing != part.thing and (part.thing, total.thing) != ("case", "person"):
                continue
            if total.as_of is None or total.as_of < part.last or not _same_topic(part, total):
                continue
            holds = part.low <= total.high
            yield Check(
                6,
                (part.id, total.id),
                holds,
                f"{shown(part)} ({part.unit}) in {part.period}, {shown(total)} ({total.unit}) up to {total.as_of}",
            )


# (5), (7) to (9): any texts.


def _ratios(claims: Sequence[Claim]) -> Iterator[Check]:
    for ratio in claims:
        if ratio.unit != "times" or ratio.base is None:
            continue
        own = [c for c in claims if _base_of(ratio, c) and (c.first, c.last) == (ratio.first, ratio.last)]
        base = [c for c in claims if _base_of(ratio, c) and (c.first, c.last) == ratio.base]
        for over, under in ((a, b) for a in own[:1] for b in base):
            if over.exact is None or not under.exact or over.thing != under.thing:
                continue
            exact = Fraction(over.exact) / Fraction(under.exact)
            holds = ratio_fits(exact, ratio)
            told = f"{float(exact):.2f}"
            yield Check(
                5,
                (ratio.id, over.id, under.id),
                holds,
                f"{shown(over)} over {shown(under)} is {told}; {shown(ratio)} times is said",
                told,
            )


def ratio_fits(exact: Fraction, ratio: Claim) -> bool:
    low, high = ratio.low, ratio.high
    return (low is None or exact >= Fraction(low) * (1 - RATIO_SLACK)) and (
        high is None or exact <= Fraction(high) * (1 + RATIO_SLACK)
    )


def _base_of(ratio: Claim, claim: Claim) -> bool:
    return _counts(claim) and claim.metric == ratio.metric and _same_topic(ratio, claim)


def _key(claim: Claim) -> tuple[object, ...]:
    return claim.metric, claim.unit, claim.articles


def _monotone(claims: Sequence[Claim]) -> Iterator[Check]:
    series: dict[tuple[object, ...], list[Claim]] = defaultdict(list)
    for claim in claims:
        if _cumulative(claim) and claim.as_of is not None:
            series[(*_key(claim), claim.group, claim.country)].append(claim)
    for known in series.values():
        known.sort(key=lambda claim: (str(claim.as_of), claim.id))
        for earlier, later in pairwise(known):
            if earlier.as_of == later.as_of or earlier.low is None or later.high is None:
                continue
            holds = earlier.low <= later.high
            fell = "" if holds else ": a total does not fall"
            yield Check(
                7,
                (earlier.id, later.id),
                holds,
                f"{shown(earlier)} up to {earlier.as_of}, {shown(later)} up to {later.as_of}{fell}",
            )


def _repeated(claims: Sequence[Claim]) -> Iterator[Check]:
    alike: dict[tuple[object, ...], list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.metric != "penalty" or claim.articles:
            alike[_key(claim)].append(claim)
    for known in alike.values():
        for a, b in combinations(known, 2):
            if a.source == b.source or _when(a) != _when(b) or a.base != b.base or not _same_topic(a, b):
                continue
            if not any(_when(a)) and a.metric != "penalty" and (a.low, a.high) != (b.low, b.high):
                continue  # of which days each is, nobody says
            if (a.low, a.high) == (b.low, b.high):
                yield Check(8, (a.id, b.id), None, f"said again, which confirms nothing: {a.source} and {b.source}")
            elif not _compatible(a, b):
                yield Check(8, (a.id, b.id), False, f"{_of(a)}: {shown(a)} in {a.source}, {shown(b)} in {b.source}")


def _compatible(a: Claim, b: Claim) -> bool:
    """One of them is vaguer, and holds the other."""
    return any(
        one.exact is not None and fits(Fraction(one.exact), other)
        for one, other in ((a, b), (b, a))
        if other.exact is None or other.about
    )


def _swapped(claims: Sequence[Claim]) -> Iterator[Check]:
    """A figure that another text gives for something else, where another figure is given for what this one claims."""
    by_value: dict[object, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.exact is not None and claim.exact >= TELLING and _counts(claim):
            by_value[claim.exact].append(claim)
    for known in by_value.values():
        for claim, other in ((a, b) for a in known for b in known):
            if claim.source == other.source or claim.metric == other.metric or not _same_country(claim, other):
                continue
            rivals = [c for c in claims if c.source != claim.source and _rival(claim, c)]
            rivals.sort(key=lambda rival: _when(rival) != _when(claim))
            doubted = any(
                c.source != other.source and _rival(other, c) and _when(c) == _when(other) and c.articles == other.articles
                for c in claims
            )
            if rivals and not doubted:
                rival = rivals[0]
                stands = f"{shown(claim)} stands in {other.source} for {_of(other)}"
                says = f"{stands}, and {shown(rival)} in {rival.source} for {_of(rival)}"
                yield Check(9, (claim.id,), False, says, int(rival.exact or 0))


def _rival(claim: Claim, other: Claim) -> bool:
    """Another value for what is the same but for the articles, which a rewriter may have added or lost."""
    return (
        other.metric == claim.metric
        and other.thing == claim.thing
        and other.exact is not None
        and other.exact != claim.exact
        and (other.articles == claim.articles or not other.articles or not claim.articles)
        and _counts(other)
        and _may_be_one_time(claim, other)
        and _same_country(claim, other)
    )
