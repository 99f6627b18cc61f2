"""The questions a person asks of the ledger: cases, case, changes, tally; read-only, no network."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive import door
from archive.door import Globals
from archive.errors import ArchiveError, NotFound

if TYPE_CHECKING:
    from archive.ledger.book import Book
    from archive.ledger.case import Case
    from archive.ledger.counted import Counted
    from archive.ledger.maturity import Measure, Month
    from archive.ledger.moment import Moment
    from archive.ledger.observation import Window
    from archive.ledger.tally import Coverage, Missing, Row, Tally
    from archive.ledger.timeline import Happened
    from archive.ledger.views import Views

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

CASE_COLUMNS = ("case", "court", "numbers", "received", "articles", "persons", "result", "decided", "in_force")
CHANGE_COLUMNS = ("observed", "event", "date", "kind", "case", "detail")
FIGURES = ("received", "decided", "verdicts", "convicted", "acquitted", "pending", "working_days")

NAMED = 40  # courts that are named for one reason and span of days; with --json all are
SHORT = {"working_days": "days", "per_working_day": "a day"}

AsOf = Annotated[datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="what the court said on that day")]
KnownAt = Annotated[str | None, typer.Option("--known-at", metavar="TIME", help="what we knew then (RFC 3339, or a day)")]


def moment(text: str | None, option: str) -> datetime | None:
    """A time as a person writes it: `2025-05-31` (its end, UTC) or RFC 3339."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as exc:
        raise typer.BadParameter(f"{option}: {text!r} is no time; write 2025-05-31 or 2025-05-31T12:00:00Z") from exc
    if len(text) == len("2025-05-31"):
        at = at.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Errors that are ours end as a sentence and an exit status, not as a traceback."""
    try:
        yield
    except NotFound as exc:
        door.complain(exc)
        raise typer.Exit(door.NOTHING) from exc
    except ArchiveError as exc:
        raise door.fail(exc) from exc
    except OSError as exc:
        raise door.fail(ArchiveError(f"{exc.filename or 'input or output'}: {exc.strerror or exc}")) from exc


@app.command()
def cases(
    ctx: typer.Context,
    court: Annotated[str | None, typer.Option(help="official court code")] = None,
    article: Annotated[str | None, typer.Option(help="`337`, or with its part: `337/5`")] = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="received that day or later")] = None,
    query: Annotated[str | None, typer.Option(help="words in any form, a number, a name in either script")] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> None:
    """The ledger's cases."""
    from archive.ledger import discretion
    from archive.ledger.book import Book
    from archive.ledger.moment import Moment
    from archive.ledger.then import Then
    from archive.ledger.views import Views

    out, options = door.shown(ctx), _options(ctx)
    asked = Moment(_day(as_of), moment(known_at, "--known-at"))
    with told(), Book.open(options.home) as book, Views.open(options.home, book) as views:
        if asked.now:
            told_rows = _now(options, book, views, query, court, article, _day(since))
        else:
            then = Then(book, views, asked)
            discreet = discretion.discreet(options.home, views, then)
            told_rows = discreet.told(then.groups, court=court, article=article, since=_day(since), query=query)
        found = out.rows(told_rows if out.json else map(_for_people, told_rows), CASE_COLUMNS)
    if not found:
        out.note("no case answers that")
        raise typer.Exit(door.NOTHING)


@app.command()
def case(
    ctx: typer.Context,
    id_: Annotated[str, typer.Argument(metavar="ID", help="a case id, a registration, a judicial UID or a case number")],
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> None:
    """One case: every value of it, and where it stands."""
    from archive.ledger import discretion, rows
    from archive.ledger.book import Book
    from archive.ledger.moment import Moment
    from archive.ledger.then import Then
    from archive.ledger.views import Views

    out, options = door.shown(ctx), _options(ctx)
    asked = Moment(_day(as_of), moment(known_at, "--known-at"))
    with told(), Book.open(options.home) as book, Views.open(options.home, book) as views:
        if asked.now:
            one = views.case(id_)
            veil = discretion.veil(options.home, (one,))
        else:
            then = Then(book, views, asked)
            one = then.case(id_)
            veil = discretion.discreet(options.home, views, then).veil(one)
        one = veil.whole(one)
        subjects = [r.subject for r in one.registrations]
        quoted = veil.quoted(book.quoted(subjects, known_at=asked.known_at, as_of=asked.as_of))
        corrections = veil.corrections(asked.corrections(book))
        values = [*rows.value_rows(quoted), *rows.correction_rows(corrections, subjects)]
        values.sort(key=lambda row: (row["subject"], row["property"]))
        if out.json:
            out.rows(values)
        else:
            _print_case(out, one, values)
        for conflict in one.conflicts:
            out.note(f"pages disagree on {conflict.subject} {conflict.property}: {conflict.shown} / {conflict.said}")


@app.command()
def changes(
    ctx: typer.Context,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="first seen then or later (RFC 3339, or a day)")] = None,
    known_at: KnownAt = None,
) -> None:
    """What happened to the cases: the courts' dated events, and what captures show to have changed."""
    from archive.ledger import discretion, rows, timeline
    from archive.ledger.book import Book
    from archive.ledger.case import fold
    from archive.ledger.moment import NOW
    from archive.ledger.upheavals import upheavals

    out, options, when = door.shown(ctx), _options(ctx), moment(known_at, "--known-at")
    after = _begin(since, "--since")
    with told(), Book.open(options.home) as book:
        said = book.sightings(known_at=when)
        older = book.superseded(known_at=when)
        read_before = timeline.pages(book.sightings(of=older), older) if older else {}
        held = timeline.pages(said, book.extractions(known_at=when), read_before)
        listed = timeline.listings(book.coverage(known_at=when), book.windows(known_at=when), held)
        folded = fold(said, book.ties(known_at=when), book.corrections(known_at=when))
        happened = [(case, event) for case in folded for event in timeline.timeline(case, held, listed)]
        happened += upheavals(folded, book.decisions(known_at=when), held)
        new = sorted((pair for pair in happened if after is None or pair[1].observed >= after), key=_by_time)
        veil = discretion.veil(options.home, folded if when is None else (*NOW.cases(book), *folded))
        found = out.rows(veil.changes(rows.change_row(*pair) for pair in new), CHANGE_COLUMNS)
    if not found:
        out.note("nothing happened in that time")
        raise typer.Exit(door.NOTHING)


def _now(
    options: Globals, book: Book, views: Views, query: str | None, court: str | None, article: str | None, since: date | None
) -> Iterator[dict[str, Any]]:
    """Lines of `crawl cases` as the ledger is now."""
    from archive.ledger import discretion
    from archive.ledger.search import Search

    if query is None:
        yield from discretion.rows(options.home, views, views.rows(court=court, article=article, since=since))
        return
    with Search.open(options.home, book, views) as search:
        try:
            yield from search.cases(query, court=court, article=article, since=since)
        except ValueError as exc:
            raise typer.BadParameter(f"--query: {exc}") from exc


def _by_time(pair: tuple[Case, Happened]) -> tuple[Any, ...]:
    case, event = pair
    return event.observed, case.id, event.date or "", event.time or "", event.event, event.detail, event.id


def _begin(text: str | None, option: str) -> datetime | None:
    """As `moment`, but a day is meant from its beginning."""
    if text is not None and len(text) == len("2025-05-31"):
        text += "T00:00:00"
    return moment(text, option)


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    """A case as a line that a person reads: the court by name, each person by name and result."""
    persons = [f"{p['name'] or '(hidden)'}{': ' + p['result'] if p['result'] else ''}" for p in row["persons"]]
    return {**row, "court": _court(row["court"]), "persons": persons}


def _court(code: str | None) -> str | None:
    from archive.ledger import courts

    known = courts.by_code(code) if code else None
    return f"{code} {known.name}" if known else code


def _print_case(out: door.Shown, one: Case, values: Iterable[dict[str, Any]]) -> None:
    """Subject by subject; of a value its place is told by the capture, and in full with --json or `crawl prove`."""
    out.text(door.visible(one.id))
    out.text(door.visible(f"{', '.join(one.numbers)}  {_court(one.court) or ''}  {one.result or 'not decided'}"))
    subject = None
    for row in values:
        if row["subject"] != subject:
            subject = row["subject"]
            out.text("")
            out.text(door.visible(subject))
        said = row["value"] if row["value"] is not None else "?"
        raw = f"  «{row['raw']}»" if row["raw"] != said else ""
        out.text(door.visible(f"  {row['property']:<16} {said}{raw}  [{row['observed'][:16]} {row['capture'][:8]}]"))


@app.command()
def tally(
    ctx: typer.Context,
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="first day, inclusive")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="last day, inclusive")] = None,
    by: Annotated[
        str, typer.Option(help="month, week, day, article, part, court, region, result, sentence; several joined by commas")
    ] = "",
    unit: Annotated[str, typer.Option(help="case or person")] = "case",
    article: Annotated[str | None, typer.Option(help="only persons charged under it")] = None,
    court: Annotated[str | None, typer.Option(help="official court code")] = None,
    chart: Annotated[
        Path | None, typer.Option(metavar="FILE", help="with --by: the rows as bars, and their table (SVG)")
    ] = None,
    measure: Annotated[str, typer.Option(help="what the chart shows: received, decided, verdicts ...")] = "received",
    maturity: Annotated[bool, typer.Option("--maturity", help="how much of each month was known how many weeks later")] = False,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> None:
    """The statistics, with their definition and their coverage."""
    from archive.ledger import courts
    from archive.ledger import tally as counting
    from archive.ledger.book import Book
    from archive.ledger.moment import Moment

    out, options = door.shown(ctx), _options(ctx)
    asked = Moment(_day(as_of), moment(known_at, "--known-at"))
    groups = tuple(name for name in by.split(",") if name)
    try:
        question = counting.Question(_day(first), _day(last), groups, unit, article, court)  # type: ignore[arg-type]
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    with told(), Book.open(options.home) as book:
        cases, windows = _counted(options.home, book, asked)
        if court is not None and courts.by_code(court) is None and not any(court in case.courts for case in cases):
            raise typer.BadParameter(f"--court: no court {court!r} is known; `crawl sources` lists codes")
        newest = book.as_of(known_at=asked.known_at, as_of=asked.as_of)
        counted = counting.tally(cases, question, windows=windows, as_of=newest)
        months = _months(book, cases, asked, newest) if maturity or chart is not None else {}
    if chart is not None:
        with told():
            _draw(chart, counted, measure, months, asked, newest)
    if maturity:
        _print_months(out, months)
    else:
        print_tally(out, counted, groups)
    if newest is None:
        raise typer.Exit(door.NOTHING)


def _counted(home: Path, book: Book, asked: Moment) -> tuple[list[Counted], list[Window]]:
    """The cases as they are counted, and what was asked of the registers."""
    from archive.ledger.then import Then
    from archive.ledger.views import Views

    with Views.open(home, book) as views:
        if asked.now:
            return list(views.counted()), views.windows()
        then = Then(book, views, asked)
        return list(then.counted()), then.windows()


def _months(book: Book, cases: Iterable[Counted], asked: Moment, newest: datetime | None) -> dict[Measure, list[Month]]:
    from archive.ledger.maturity import maturity

    held, since = list(cases), book.begun()
    at = max(newest, asked.until) if newest and asked.until else newest
    measures: tuple[Measure, ...] = ("received", "verdicts")
    return {measure: maturity(held, as_of=at, since=since, measure=measure) for measure in measures}


def _print_months(out: door.Shown, months: dict[Measure, list[Month]]) -> None:
    from archive.ledger import maturity

    for measure, found in months.items():
        lines = [
            {
                **line,
                **({} if out.json else {f"{weeks} w": count for weeks, count in zip(maturity.WEEKS, each.known, strict=True)}),
            }
            for each, line in zip(found, maturity.rows(found, measure), strict=True)
        ]
        columns = ("measure", "month", "count", *(f"{weeks} w" for weeks in maturity.WEEKS), "watched", "expected", "mature")
        out.rows(lines, columns)


def _draw(
    path: Path, counted: Tally, measure: str, months: dict[Measure, list[Month]], asked: Moment, newest: datetime | None
) -> None:
    from archive.ledger.chart import chart

    if not counted.rows:
        raise NotFound("no case answers that: there is nothing to draw")
    by = "verdicts" if measure in ("verdicts", "convicted", "acquitted", "texts", "decided") else "received"
    unripe = {each.month for each in months.get(by, ()) if not each.mature}  # type: ignore[call-overload]
    said = [f"court's words of {asked.said_on}"] * (asked.said_on is not None)
    said += [f"known at {_when(asked.known_at)}"] * (asked.known_at is not None)
    head = ", ".join(said) or f"up to the capture of {_when(newest)}"
    try:
        drawn = chart(
            counted, measure, title=f"{measure} by {', '.join(counted.rows[0].group) or 'nothing'}", head=head, unripe=unripe
        )
    except ValueError as exc:
        raise typer.BadParameter(f"--chart: {exc}") from exc
    path.write_text(drawn, "utf-8")


def print_tally(out: door.Shown, counted: Tally, groups: tuple[str, ...]) -> None:
    """To people a table, figures a working day rounded down, as published, with the exact value behind them; else rows."""
    if out.json:
        from archive.ledger import rows

        out.rows(rows.tally_rows(counted))
        return

    def line(row: Row, name: str | None = None) -> dict[str, Any]:
        told = {group: row.group.get(group) for group in groups}
        if name and groups:
            told[groups[0]] = name
        reach = row.coverage
        return {
            **told,
            **{figure: getattr(row, figure) for figure in FIGURES},
            "per_working_day": row.published,
            "coverage": f"{reach.courts_reached}/{reach.courts_expected} courts, "
            f"{reach.windows_complete}/{reach.windows} windows{'' if reach.complete else ' - INCOMPLETE'}"
            f"{f', {len(reach.stale)} not read since' if reach.stale else ''}",
        }

    lines = [line(row) for row in counted.rows]
    if groups:
        lines.append(line(counted.total, "total"))
    lines = [{SHORT.get(name, name): value for name, value in each.items()} for each in lines]
    out.rows(lines, [SHORT.get(name, name) for name in (*groups, *FIGURES, "per_working_day", "coverage")])
    for left in counted.undated:
        out.text(door.visible(f"not counted: {left.case} has no date it was {left.missing}"))
    for sentence in missing(counted.total.coverage):
        out.text(door.visible(sentence))
    out.text(f"As of {_when(counted.total.coverage.as_of)}. {counted.total.definition}.")


def missing(reach: Coverage) -> Iterator[str]:
    """Which days of which courts the figures lack, a sentence for each reason; no figure above it is a whole one."""
    if not reach.complete:
        yield "INCOMPLETE: the figures say what was read, and courts or days are missing."
    yield from _by_gap(reach.missing, "")
    yield from _by_gap(reach.stale, "read whole before, and not when asked for last: ")


def _by_gap(spans: Iterable[Missing], opening: str) -> Iterator[str]:
    gaps: dict[tuple[str, str], list[str]] = {}
    for each in spans:
        gaps.setdefault((each.gap, f"{each.first or '...'}..{each.last or '...'}"), []).append(each.court)
    for (gap, days), codes in sorted(gaps.items()):
        more = f" and {len(codes) - NAMED} courts more" if len(codes) > NAMED else ""
        yield f"  {opening}{gap}: {days}: {', '.join(dict.fromkeys(codes[:NAMED]))}{more}"


def _when(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC") if at else "never: nothing was read yet"


def _options(ctx: typer.Context) -> Globals:
    options: Globals = ctx.obj
    return options


def _day(at: datetime | None) -> date | None:
    return at.date() if at else None
