"""Do stated figures agree with the ledger, and with each other? One verdict a claim, with its reason; pure.

    agrees             the ledger counts the same, over courts and days that it knows whole
    disagrees          it counts another figure, or another text states another one for the same
    arithmetic holds   the figures it stands with come to it; whether they are true is not said
    arithmetic fails   they do not
    not computable     neither can be told, and the reason says why

What the ledger counts of an incomplete coverage is told in the reason, and computes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Literal

from archive.ledger import courts, words
from archive.ledger.arithmetic import Check, checks, fits, published, ratio_fits, shown
from archive.ledger.case import Case, holds
from archive.ledger.observation import Sighting, Window
from archive.ledger.stated import Claim, number, of_values
from archive.ledger.tally import Question, Row, tally

_COUNTED = ("received", "decided", "pending", "verdicts", "convicted", "acquitted")


@dataclass(frozen=True, slots=True)
class Checked:
    """A claim, what was computed for it (None: nothing that may be held against it), and what came of it."""

    claim: Claim
    computed: int | float | str | None
    verdict: str
    reason: str

    def __post_init__(self) -> None:
        if self.verdict not in words.CLAIM_VERDICTS:
            raise ValueError(f"not a verdict on a claim: {self.verdict!r}")

    def row(self) -> dict[str, Any]:
        """A line of `crawl claims --json` (CONTRACT): `stated` for one figure, else `stated_low` and `stated_high`."""
        claim = self.claim
        exact = claim.exact
        stated: dict[str, Any] = (
            {"stated": number(exact)}
            if exact is not None
            else {"stated_low": number(claim.low), "stated_high": number(claim.high)}
        )
        return {
            "claim": claim.id,
            "source": claim.source,
            "metric": claim.metric,
            "unit": claim.unit,
            "article": ", ".join(claim.articles) or None,
            "period": claim.period,
            "as_of": claim.as_of.isoformat() if claim.as_of else None,
            **stated,
            "quote": claim.quote,
            "computed": self.computed,
            "verdict": self.verdict,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Counted:
    """What the ledger counts for a claim: the figure as it is told, or None with the reason why there is none that may be."""

    value: Fraction | None
    told: int | float | str | None
    says: str
    agrees: bool = False


Counter = Callable[[Claim], Counted]


def held(said: Iterable[Sighting]) -> list[Claim]:
    """The claims of the ledger, each as the newest page of its address states it."""
    newest: dict[str, tuple[datetime, int, str]] = {}
    by_claim: dict[tuple[str, str], list[Sighting]] = {}
    for each in said:
        url, mark, _ = each.subject.partition("#claim:")
        if not mark:
            continue
        at = (each.extraction.at, each.extraction.seq, each.extraction.reading)
        newest[url] = max(newest.get(url, at), at)
        by_claim.setdefault((url, each.subject), []).append(each)
    found = []
    for (url, subject), values in sorted(by_claim.items(), key=lambda pair: (pair[0][0], _place(pair[0][1]))):
        now = [v for v in values if (v.extraction.at, v.extraction.seq, v.extraction.reading) == newest[url]]
        claim = of_values(url, subject, ((v.property, v.raw, v.value) for v in sorted(now, key=lambda v: v.ordinal)))
        if claim is not None:
            found.append(claim)
    return found


def _place(subject: str) -> int:
    number_ = subject.rpartition(":")[2]
    return int(number_) if number_.isdigit() else 0


def check(claims: Sequence[Claim], count: Counter | None = None, *, of: Collection[str] | None = None) -> Iterator[Checked]:
    """A verdict for each claim, in their order.

    count: what the ledger says (ledger_counter); None: there is none. of: ids of those that are asked about; the others are
    what they are compared with.
    """
    found: dict[str, list[Check]] = {}
    for each in checks(claims):
        for id_ in each.claims:
            found.setdefault(id_, []).append(each)
    blamed = {id_ for each in found.values() for check_ in each if check_.number == 9 for id_ in check_.claims}
    for claim in claims:
        if of is None or claim.id in of:
            yield _judged(claim, found.get(claim.id, []), count, blamed)


def _judged(claim: Claim, compared: Sequence[Check], count: Counter | None, blamed: Collection[str]) -> Checked:
    counted = count(claim) if count else Counted(None, None, _never(claim) or "there is no ledger to count from")
    if claim.thing == "times" and claim.base and not compared:
        counted = replace(counted, says=f"{counted.says}; no figure of {_span(claim.base)} stands beside it")
    mine = claim.id in blamed
    # What a text that has its figure from another place says against a claim is told, and takes nothing from it.
    against = [c for c in compared if c.number in (8, 9) and c.holds is False and (mine or not set(c.claims) & set(blamed))]
    fails = [c for c in compared if c.number < 8 and c.holds is False and (mine or not set(c.claims) & set(blamed))]
    holding = [c for c in compared if c.holds]
    told = _told(compared)
    if counted.value is not None:
        verdict = "agrees" if counted.agrees else "disagrees"
        return Checked(claim, counted.told, verdict, "; ".join([counted.says, *told]))
    computed = next(
        (c.computed for c in (*against, *fails, *holding) if c.computed is not None and c.claims[0] == claim.id), None
    )
    if against:
        return Checked(claim, computed, "disagrees", "; ".join([*told, counted.says]))
    if fails:
        return Checked(claim, computed, "arithmetic fails", "; ".join([*told, counted.says]))
    if holding:
        return Checked(claim, computed, "arithmetic holds", "; ".join([*told, counted.says]))
    return Checked(claim, None, "not computable", "; ".join([counted.says, *told]))


def _told(compared: Sequence[Check]) -> list[str]:
    """Failures first; that something is said again is told once, however often it is."""
    ordered = sorted(compared, key=lambda c: (c.holds is not False, c.holds is None, c.number))
    says = list(dict.fromkeys(c.says for c in ordered if c.holds is not None))
    again = sorted({c.says for c in ordered if c.holds is None})
    if again:
        more = f" (and {len(again) - 1} times more)" if len(again) > 1 else ""
        says.append(again[0] + more)
    return says


# What the ledger says.


def ledger_counter(cases: Sequence[Case], windows: Sequence[Window], as_of: datetime | None) -> Counter:
    """Counts claims over these cases: for claims of the whole country, so that every court with a first instance is "
    "expected."""
    expected = frozenset(court.code for court in courts.courts() if "criminal-1" in court.registers)
    known: dict[Question, Row] = {}

    def total(question: Question, articles: tuple[str, ...]) -> Row:
        of = [case for case in cases if len(articles) < 2 or _any(case, articles)]
        return tally(of, question, windows=windows, expected=expected, as_of=as_of).total

    def count(claim: Claim) -> Counted:
        why = _never(claim)
        if why:
            return Counted(None, None, why)
        if as_of is None:
            return Counted(None, None, "the ledger has read nothing yet")
        articles = claim.articles or words.GROUPS.get(claim.group or "", ())
        if claim.thing == "times":
            return _ratio(claim, articles, total)
        question = Question(
            claim.first, claim.last or claim.as_of, unit=_unit(claim), article=articles[0] if len(articles) == 1 else None
        )
        row = known.get(question) if len(articles) == 1 else None
        row = row or total(question, articles)
        if len(articles) == 1:
            known[question] = row
        return _held_against(claim, row)

    return count


def _never(claim: Claim) -> str | None:
    """Why the ledger can never count this; None where it might."""
    if claim.country == "UA":
        return "this ledger holds Russian courts, and no other"
    if claim.metric not in _COUNTED:
        return f"the ledger does not count {claim.metric}"
    if not claim.articles and claim.group is None:
        return "the text does not say under which articles"
    if claim.thing == "percent":
        return "a share is not counted here"
    if claim.thing == "times":
        return (
            None
            if claim.base and all(claim.base) and claim.first and claim.last
            else "the text does not say which periods are compared"
        )
    if claim.first is None and claim.last is None and claim.as_of is None:
        return "the text does not say of which days"
    if claim.per not in (None, "working-day", "day", "week", "month") or (claim.per and not (claim.first and claim.last)):
        return "the text does not say over which days the rate is"
    return None


def _unit(claim: Claim) -> Literal["case", "person"]:
    return "case" if claim.thing == "case" else "person"


def _any(case: Case, articles: Collection[str]) -> bool:
    return any(holds(own, wanted) for person in case.persons for own in person.all("article") for wanted in articles)


def _held_against(claim: Claim, row: Row) -> Counted:
    reach = row.coverage
    value = Fraction(getattr(row, claim.metric))
    told: int | str = int(value)
    if claim.per:
        units = _days(claim, row)
        if not units:
            return Counted(None, None, "the rate's days cannot be counted")
        value = value / units
        told = published(value)
    if claim.first is None or (claim.last or claim.as_of) is None:
        end = "from which day on" if claim.first is None else "up to which day"
        return Counted(None, None, f"the text does not say {end} was counted; what was read comes to {told}")
    windows = f"{reach.windows_complete} of {reach.windows} windows read whole"
    where = f"{reach.courts_reached} of {reach.courts_expected} courts, {windows}"
    if not reach.complete:
        return Counted(None, None, f"the coverage is incomplete ({where}); what was read comes to {told}")
    rounded = [value, Fraction(value.__floor__()), Fraction(round(value))] if claim.per else [value]
    agrees = any(fits(each, claim) for each in rounded)
    return Counted(value, told, f"the ledger counts {told} ({where}); {shown(claim)} is said", agrees)


def _days(claim: Claim, row: Row) -> Fraction:
    if claim.per == "working-day":
        return Fraction(row.working_days or 0)
    assert claim.first is not None and claim.last is not None
    days = (claim.last - claim.first).days + 1
    months = (claim.last.year - claim.first.year) * 12 + claim.last.month - claim.first.month + 1
    return {"day": Fraction(days), "week": Fraction(days, 7), "month": Fraction(months)}[claim.per or "day"]


def _ratio(claim: Claim, articles: tuple[str, ...], total: Callable[[Question, tuple[str, ...]], Row]) -> Counted:
    assert claim.base is not None
    article = articles[0] if len(articles) == 1 else None
    over, under = (
        total(Question(first, last, article=article), articles) for first, last in ((claim.first, claim.last), claim.base)
    )
    a, b = (Fraction(getattr(row, claim.metric)) for row in (over, under))
    if not (over.coverage.complete and under.coverage.complete):
        return Counted(None, None, f"the coverage is incomplete; what was read comes to {int(a)} and {int(b)}")
    if not b:
        return Counted(None, None, f"the ledger counts none in {_span(claim.base)}")
    exact = a / b
    return Counted(
        exact,
        round(float(exact), 2),
        f"the ledger counts {int(a)} over {int(b)}: {float(exact):.2f} times",
        ratio_fits(exact, claim),
    )


def _span(days: tuple[date | None, date | None]) -> str:
    return "/".join(str(day or "..") for day in days)
