"""The published statistics, each row with its definition and its coverage; pure.

    received    cases (or persons) by date of receipt; a case once, at the earliest receipt in its chain of transfers
    pending     those of them that no court had decided as far as the ledger knows
    decided     by date of decision, at the court that decided; sent on to another court is not decided
    verdicts    persons with a verdict (приговор), by date of decision: convicted, acquitted, and direction unknown
    convicted, acquitted    those of them whose direction is known: by the court's result, or by the text of the act
    texts       those of them whose sentence the published text of the act tells: shares of kinds are shares of these

A case without a date is in no row: it is listed (`Tally.undated`).
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import chain, product
from typing import Literal

from archive.ledger import courts, workdays
from archive.ledger.case import Case, holds
from archive.ledger.counted import SENT_ON, VERDICTS, Counted, Person, reduced
from archive.ledger.coverage import Run, uncovered
from archive.ledger.observation import CoverageWindow, Window

Unit = Literal["case", "person"]

REGISTERS = ("criminal-1",)
FIGURES = ("received", "decided", "verdicts", "convicted", "acquitted", "pending", "texts")
GROUPS = ("month", "week", "day", "article", "part", "court", "region", "result", "sentence")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. first, last: the period, both inclusive. article: `337` also asks for `337/5`.

    by: some of GROUPS; `article` is the article without its part (337), `part` with it (337/5), `week` the ISO week
    (2025-W14), `region` that of the court, `sentence` what the text of the act sentenced a person to.
    """

    first: date | None = None
    last: date | None = None
    by: tuple[str, ...] = ()
    unit: Unit = "case"
    article: str | None = None
    court: str | None = None
    registers: tuple[str, ...] = REGISTERS

    def __post_init__(self) -> None:
        if self.first and self.last and self.first > self.last:
            raise ValueError(f"the period begins on {self.first} and ends before it, on {self.last}")
        unknown = set(self.by) - set(GROUPS)
        if len(set(self.by)) < len(self.by):
            raise ValueError(f"grouped twice by the same: {', '.join(self.by)}")
        if unknown:
            raise ValueError(f"cannot group by {', '.join(sorted(unknown))}: choose of {', '.join(GROUPS)}")
        if self.unit not in ("case", "person"):
            raise ValueError(f"not a unit: {self.unit!r}; choose case or person")


@dataclass(frozen=True, slots=True)
class Missing:
    """Days of a court's register that no complete window answers for, both ends inclusive; None: no bound. gap: why."""

    court: str
    register: str
    first: date | None
    last: date | None
    gap: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far the ledger reaches for one row. as_of: the newest capture it knows.

    courts_expected: those that were planned, asked, or have cases here. windows, counters: of what was asked, how much was
    answered; those that were read whole; those whose own counter was compared with the rows read, and those that agree.
    undated, unnumbered: cases of the question that are in no row for want of a date, and those whose persons no page lists.
    missing: by court, register and day. stale: windows that were read whole once, and could not be when they were asked for
    last: what stands is as old as that reading. complete: nothing is missing, stale or without a date of receipt.
    """

    as_of: datetime | None
    courts_expected: int
    courts_reached: int
    windows: int
    windows_complete: int
    counters: int
    counters_agree: int
    undated: int
    unnumbered: int
    complete: bool
    missing: tuple[Missing, ...] = ()
    stale: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One line. working_days: of its period, up to the as-of; None where the period is open."""

    group: Mapping[str, str | None]
    received: int
    decided: int
    verdicts: int
    convicted: int
    acquitted: int
    pending: int
    working_days: int | None
    coverage: Coverage
    definition: str
    texts: int = 0

    @property
    def text_share(self) -> Fraction | None:
        """Of the verdicts, those whose text tells the sentence."""
        return Fraction(self.texts, self.verdicts) if self.verdicts else None

    @property
    def per_working_day(self) -> Fraction | None:
        """Verdicts per working day, exact."""
        return Fraction(self.verdicts, self.working_days) if self.working_days else None

    @property
    def published(self) -> str | None:
        """As it is published: rounded down, with the value behind it: `38 (38.55)`."""
        return None if self.per_working_day is None else published(self.per_working_day)


@dataclass(frozen=True, slots=True)
class Undated:
    """A case that no row counts. missing: `received`, or `decided` where the result is known and its date is not."""

    case: str
    missing: str


@dataclass(frozen=True, slots=True)
class Tally:
    """The rows by their groups, the total (each case once), and what could not be counted."""

    rows: tuple[Row, ...]
    total: Row
    undated: tuple[Undated, ...]


def published(exact: Fraction) -> str:
    """Rounded down, as newspapers print it, and the value to two places, half up: `38 (38.55)`."""
    behind = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{exact.numerator // exact.denominator} ({behind})"


def tally(
    cases: Iterable[Case | Counted],
    question: Question = Question(),
    *,
    windows: Iterable[Window] = (),
    expected: Collection[str] | None = None,
    as_of: datetime | None = None,
) -> Tally:
    """Count cases by the question.

    windows: what was asked of the registers and how it was answered, in one or several runs. expected: codes of the
    courts that should have answered; None: those that a run planned, that were asked or have cases here. as_of: time of
    the newest capture known. The order of cases and windows decides nothing.
    """
    counts: dict[tuple[str | None, ...], dict[str, int]] = {}
    whole: dict[str, int] = {}
    undated: list[Undated] = []
    seen: set[str] = set()
    days: set[date] = set()
    unnumbered: set[str | None] = set()
    every = (case if isinstance(case, Counted) else reduced(case) for case in cases)
    asked = [
        case for case in every
        if case.register in question.registers and not case.of_articles and _asked_for(case, question)
    ]  # fmt: skip
    for case in sorted(asked, key=lambda case: case.id):
        seen.update(code for code in (case.court, case.first_court) if code)
        if not case.persons:
            unnumbered.add(case.id)
        if case.received is None:
            undated.append(Undated(case.id, "received"))
        elif case.result not in (None, "unknown", SENT_ON) and case.decided is None:
            undated.append(Undated(case.id, "decided"))
        for fact in _facts(case, question):
            if not _within(fact.when, question.first, question.last):
                continue
            days.update(_span(fact.when))
            under = [fact.groups(name) for name in question.by]
            for key in product(*under):
                row = counts.setdefault(key, {})
                row[fact.measure] = row.get(fact.measure, 0) + 1
            whole[fact.measure] = whole.get(fact.measure, 0) + 1
    for quiet in _quiet(question):
        counts.setdefault((quiet,), {})
    answered = tuple(windows)
    runs = filter(None, map(Run.of, sorted({window.asked.run for window in answered})))
    reach = _Reach(
        question, _settled(answered, question.registers), tuple(runs),
        frozenset(expected) if expected is not None else None, frozenset(seen), as_of,
        len([u for u in undated if u.missing == "received"]), len(unnumbered),
        (min(days), max(days)) if days else (),
    )  # fmt: skip
    keys = sorted(counts, key=lambda key: [(part is None, part or "") for part in key])
    rows = tuple(_row(dict(zip(question.by, key, strict=True)), counts[key], question, reach) for key in keys)
    total = _row({}, whole, question, reach)
    return Tally(rows if question.by else (total,), total, tuple(undated))


@dataclass(frozen=True, slots=True)
class _Fact:
    """One thing counted once in the total: what it counts for, its date, and the groups it stands under."""

    measure: str
    when: str
    articles: tuple[str, ...]
    court: str | None
    result: str | None
    sentence: str | None = None

    def groups(self, name: str) -> Sequence[str | None]:
        match name:
            case "month":
                return (self.when[:7] if len(self.when) >= 7 else None,)
            case "week" | "day":
                return (_week(self.when) if name == "week" else self.when if len(self.when) == 10 else None,)
            case "court":
                return (self.court,)
            case "region":
                return (_region(self.court),)
            case "result":
                return (self.result,)
            case "sentence":
                return (self.sentence,)
        held = self.articles if name == "part" else (article.partition("/")[0] for article in self.articles)
        return tuple(dict.fromkeys(held)) or (None,)


@lru_cache(maxsize=8192)
def _week(when: str) -> str | None:
    if len(when) != 10:
        return None
    year, week, _ = date.fromisoformat(when).isocalendar()
    return f"{year}-W{week:02}"


def _region(code: str | None) -> str | None:
    court = courts.by_code(code) if code is not None else None
    return None if court is None else court.region


def _facts(case: Counted, question: Question) -> Iterable[_Fact]:
    people = [person for person in case.persons if _person_asked_for(person, question)]
    case_articles = _articles(case.articles, question)
    case_decided = case.decided if case.result != SENT_ON else None
    for_persons = question.unit == "person"
    if case.received is not None:
        court = case.first_court
        if for_persons:
            for person in people:
                held = _articles(person.articles, question)
                yield _Fact("received", case.received, held, court, person.result, person.kind)
                if person.decided is None:
                    yield _Fact("pending", case.received, held, court, person.result, person.kind)
        else:
            yield _Fact("received", case.received, case_articles, court, case.result)
            if case_decided is None:
                yield _Fact("pending", case.received, case_articles, court, case.result)
    if case_decided is not None and not for_persons:
        yield _Fact("decided", case_decided, case_articles, case.court, case.result)
    for person in people:
        if person.decided is None:
            continue
        held, result = _articles(person.articles, question), person.result
        for measure in _measures(person, for_persons=for_persons):
            yield _Fact(measure, person.decided, held, person.court, result, person.kind)


def _measures(person: Person, *, for_persons: bool) -> Iterable[str]:
    """What a person counts for who has an outcome."""
    if for_persons:
        yield "decided"
    if person.result in VERDICTS:
        yield "verdicts"
        if person.kind is not None:
            yield "texts"
    if person.result in ("convicted", "acquitted"):
        yield person.result


def _asked_for(case: Counted, question: Question) -> bool:
    if question.court is not None and question.court not in (case.court, case.first_court):
        return False
    return question.article is None or any(_person_asked_for(person, question) for person in case.persons)


def _person_asked_for(person: Person, question: Question) -> bool:
    return question.article is None or bool(_articles(person.articles, question))


def _articles(held: Iterable[str], question: Question) -> tuple[str, ...]:
    return tuple(article for article in held if question.article is None or holds(article, question.article))


@lru_cache(maxsize=8192)
def _span(when: str) -> tuple[date, date]:
    """The days that a date of the court may mean: `2023-07` is the whole of July."""
    year, *rest = (int(part) for part in when[:10].split("-"))
    if len(rest) == 2:
        return date(year, *rest), date(year, *rest)
    if len(rest) == 1:
        return date(year, rest[0], 1), date(year, rest[0], calendar.monthrange(year, rest[0])[1])
    return date(year, 1, 1), date(year, 12, 31)


def _week_span(week: str) -> tuple[date, date]:
    year, _, number = week.partition("-W")
    first = date.fromisocalendar(int(year), int(number), 1)
    return first, first + timedelta(days=6)


def _within(when: str, first: date | None, last: date | None) -> bool:
    earliest, latest = _span(when)
    return (first is None or first <= earliest) and (last is None or latest <= last)


def _quiet(question: Question) -> Iterable[str]:
    """Every month, week or day of a closed period: one in which nothing happened is a row too."""
    if question.by not in (("month",), ("week",), ("day",)) or question.first is None or question.last is None:
        return
    day, (unit,) = question.first, question.by
    while day <= question.last:
        yield f"{day:%Y-%m}" if unit == "month" else day.isoformat() if unit == "day" else _week(day.isoformat()) or ""
        day += timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Reach:
    """What is known of how far the ledger reaches, for every row."""

    question: Question
    asked: Mapping[str, Sequence[tuple[Window, Window]]]  # by court; as _settled
    runs: tuple[Run, ...]
    expected: frozenset[str] | None
    seen: frozenset[str]
    as_of: datetime | None
    undated: int
    unnumbered: int
    counted: tuple[date, ...]  # the first and the last day of anything counted

    def of(self, first: date | None, last: date | None, court: str | None) -> Coverage:
        only = court or self.question.court
        asked = chain.from_iterable(self.asked.values()) if only is None else self.asked.get(only, ())
        begin, end = first or date.min, last or date.max
        met = [
            (best, newest) for best, newest in asked
            if (best.asked.first or date.min) <= end and (best.asked.last or date.max) >= begin
        ]  # fmt: skip
        wanted = {(best.asked.court, best.asked.register) for best, _ in met}
        if self.expected is None:
            wanted |= self._planned(first, last)
        expected = {code for code, _ in wanted} | self.seen if self.expected is None else set(self.expected)
        if only is not None:
            expected &= {only}
        held = [best for best, _ in met if best.asked.court in expected]
        counted = [window.asked for window in held if window.asked.expected is not None]
        # An open period reaches as far as anybody asked, and as far as what it counts.
        begin = first or min([*map(_begin, held), *self.counted], default=date.min)
        end = last or max([*map(_end, held), *self.counted], default=date.max)
        silent = expected - {code for code, _ in wanted}
        wanted |= {(code, register) for code in silent for register in self.question.registers[:1]}
        by_register: dict[tuple[str, str], list[Window]] = {}
        for window in held:
            by_register.setdefault((window.asked.court, window.asked.register), []).append(window)
        missing = tuple(
            gap
            for each in sorted(wanted)
            if each[0] in expected
            for gap in _missing(by_register.get(each, ()), *each, begin, end)
        )
        stale = [newest.asked for best, newest in met if best.asked.complete and not newest.asked.complete]
        behind = tuple(
            Missing(now.court, now.register, now.first, now.last, now.gap or "mismatch")
            for now in sorted(stale, key=lambda now: str(_key(now)))
            if now.court in expected
        )
        return Coverage(
            as_of=self.as_of,
            courts_expected=len(expected),
            courts_reached=len({window.asked.court for window in held if window.asked.gap in (None, "mismatch")}),
            windows=len(held),
            windows_complete=sum(window.asked.complete for window in held),
            counters=len(counted),
            counters_agree=sum(asked.expected == asked.read for asked in counted),
            undated=self.undated,
            unnumbered=self.unnumbered,
            complete=bool(expected) and not missing and not behind and not self.undated,
            missing=missing,
            stale=behind,
        )

    def _planned(self, first: date | None, last: date | None) -> set[tuple[str, str]]:
        """Courts and registers that some run meant to ask for days of this period, whether it came to them or not."""
        planned = [run.asked_of for run in self.runs if _meets(run.first, run.last, first, last)]
        return {each for each in set().union(*planned) if each[1] in self.question.registers}


def _settled(windows: Iterable[Window], registers: Collection[str]) -> dict[str, list[tuple[Window, Window]]]:
    """By court: of each window that was asked for, the answer that counts and the newest one.

    Of several runs that asked the same the newest complete one counts: one that failed takes nothing away.
    """
    best: dict[tuple[object, ...], Window] = {}
    newest: dict[tuple[object, ...], Window] = {}
    for window in sorted(windows, key=lambda w: (w.asked.complete, w.at, w.capture)):
        if window.asked.register in registers:
            key = _key(window.asked)
            best[key] = window
            newest[key] = max(newest.get(key, window), window, key=lambda each: (each.at, each.capture))
    found: dict[str, list[tuple[Window, Window]]] = {}
    for key, window in best.items():
        found.setdefault(window.asked.court, []).append((window, newest[key]))
    return found


def _key(asked: CoverageWindow) -> tuple[object, ...]:
    return asked.source, asked.court, asked.register, asked.first, asked.last


def _missing(held: Sequence[Window], court: str, register: str, begin: date, end: date) -> Iterable[Missing]:
    """The days of the period that no complete window tells of, each span with the reason of the newest asked for it."""
    whole = [
        window.asked if window.asked.last == (end_ := _end(window)) else replace(window.asked, last=end_)
        for window in held
        if window.asked.complete and _begin(window) <= _end(window)
    ]
    failed = sorted((window for window in held if not window.asked.complete), key=lambda window: window.at, reverse=True)
    for first, last in uncovered(whole, begin, end):
        spans = [(first, last, "not-visited")]
        for window in failed:
            spans = [part for span in spans for part in _cut(span, window)]
        for day, until, gap in sorted(spans):
            yield Missing(court, register, None if day == date.min else day, None if until == date.max else until, gap)


def _cut(span: tuple[date, date, str], window: Window) -> Iterable[tuple[date, date, str]]:
    """A span that nobody has a reason for yet, cut where this window gives one."""
    first, last, gap = span
    begin, end = max(first, _begin(window)), min(last, window.asked.last or date.max)
    if gap != "not-visited" or begin > end:
        yield span
        return
    if first < begin:
        yield first, begin - timedelta(days=1), gap
    yield begin, end, window.asked.gap or "mismatch"
    if end < last:
        yield end + timedelta(days=1), last, gap


def _begin(window: Window) -> date:
    return window.asked.first or date.min


def _end(window: Window) -> date:
    """The last day that the answer can tell of: not a day after it was given."""
    return min(window.asked.last or date.max, window.at.date())


def _meets(begin: date | None, end: date | None, first: date | None, last: date | None) -> bool:
    return (last is None or (begin or date.min) <= last) and (first is None or (end or date.max) >= first)


def _row(group: Mapping[str, str | None], counts: Mapping[str, int], question: Question, reach: _Reach) -> Row:
    first, last = question.first, question.last
    spans = [_span(group["month"] or "")] if group.get("month") else []
    spans += [_week_span(group["week"] or "")] if group.get("week") else []
    spans += [_span(group["day"] or "")] if group.get("day") else []
    for begin, end in spans:
        first, last = max(begin, first or begin), min(end, last or end)
    if last is not None and reach.as_of is not None and (first or date.min) <= reach.as_of.date() < last:
        last = reach.as_of.date()  # the days that have not come yet belong to no figure
    days = None
    text = _definition(question)
    if first is not None and last is not None:
        days = workdays.working_days(first, last)
        if not workdays.backed(first, last):
            text += "; the production calendar of these years was not compared with the official one"
    counted = {measure: counts.get(measure, 0) for measure in FIGURES}
    return Row(group=group, **counted, working_days=days, coverage=reach.of(first, last, group.get("court")), definition=text)


def _definition(question: Question) -> str:
    unit = "cases" if question.unit == "case" else "persons in cases"
    parts = [
        f"first instance ({', '.join(question.registers)}), {unit}",
        "received: by date of receipt, each once, at the earliest receipt in the case's chain of transfers",
        "pending: of those received, not decided as far as known at the as-of",
        "decided: by date of decision, at the court that decided last; sent on to another court is not decided",
        "verdicts, convicted, acquitted: persons, by date of decision; a verdict whose direction is not published counts "
        "in verdicts only, unless the published text of the act tells the sentence; where a court gives no result for a "
        "person, the result of the case",
        "texts: of the verdicts, those whose sentence the published text of the act tells",
        "per working day: verdicts by working days of the production calendar, shortened days whole",
    ]
    if question.first is not None or question.last is not None:
        parts.append(f"period: {question.first or '...'} to {question.last or '...'}, both inclusive")
    if "sentence" in question.by:
        parts.append("sentence: as the published text of the act tells it; without a text it is not known, so read each kind "
                     "beside the share of verdicts whose text is known")  # fmt: skip
    if question.article is not None:
        parts.append(f"article {question.article} with its parts, at the level of the person")
    if question.court is not None:
        parts.append(f"court {question.court}")
    if {"article", "part"} & set(question.by):
        parts.append("a case with several articles counts under each it holds: rows add up to more than the total")
    return "; ".join(parts)
