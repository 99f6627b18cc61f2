"""What a person decides of the ledger: candidates accepted, rejected, left open or taken back, and values corrected.

A decision is kept in the archive first, and then entered in the ledger; while a daemon holds the archive, by the daemon.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive import door
from archive.ask import told

if TYPE_CHECKING:
    from archive.decisions import Kept
    from archive.ledger.book import Book
    from archive.ledger.candidates import Candidate
    from archive.ledger.identity import Keys
    from archive.ledger.withheld import Veil
    from archive.ruling import Hand

app = typer.Typer(add_completion=False, rich_markup_mode=None)
review = typer.Typer(add_completion=False, rich_markup_mode=None, help="Identity candidates for a person to decide.")

COLUMNS = ("candidate", "score", "decision", "features", "left", "right")
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="why; it is kept with the decision")]
Who = Annotated[str | None, typer.Option("--who", metavar="NAME", help="who decides, as they wish to be called")]
Pair = Annotated[list[str], typer.Argument(metavar="CANDIDATE|LEFT RIGHT", help="a candidate's id, or two registrations")]


def now() -> datetime:
    return datetime.now(UTC)


@review.callback(invoke_without_command=True)
def listed(
    ctx: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="also what is decided, by people and by rules")] = False,
) -> None:
    """Candidates side by side with the words that differ; accept, reject, unsure and undo decide, each with a reason."""
    if ctx.invoked_subcommand is not None:
        return
    from archive.ledger import candidates as looked
    from archive.ledger.book import Book

    out = door.shown(ctx)
    with told(), Book.open(ctx.obj.home) as book:
        keys, found = _looked_at(ctx.obj.home, book)
        veil = _veil(ctx.obj.home, book)
        shown = [
            each for each in found
            if (every or each.decision in (None, looked.UNSURE)) and veil.gone.keys().isdisjoint((each.left, each.right))
        ]  # fmt: skip
        if out.json:
            out.rows(map(looked.row, shown))
        for each in [] if out.json else shown:
            _print(out, each, {name: _veiled(keys[name], veil) for name in (each.left, each.right)})
    if not shown:
        out.note("no candidate waits for a decision")
        raise typer.Exit(door.NOTHING)


@review.command()
def accept(ctx: typer.Context, pair: Pair, reason: Reason, who: Who = None) -> None:
    """They are one case."""
    _judge(ctx, pair, reason, who, same=True)


@review.command()
def reject(ctx: typer.Context, pair: Pair, reason: Reason, who: Who = None) -> None:
    """They are two cases; no rule joins them from now on, not even by way of a third."""
    _judge(ctx, pair, reason, who, same=False)


@review.command()
def unsure(ctx: typer.Context, pair: Pair, reason: Reason, who: Who = None) -> None:
    """Nobody can tell yet: it is noted, and joins and parts nothing."""
    _judge(ctx, pair, reason, who, same=None)


@review.command()
def undo(ctx: typer.Context, pair: Pair, reason: Reason, who: Who = None) -> None:
    """What stands for these two, by a person or by a rule, is taken back; what stood before it stands again."""
    from archive.errors import NotFound

    with told(), _writing(ctx.obj.home) as desk:
        candidate = desk.candidate(pair)
        if candidate.by is None:
            raise NotFound(f"nothing was decided of {candidate.left} and {candidate.right}")
        desk.decide("identity", (candidate.left, candidate.right), {"undoes": candidate.by}, reason, who)
        door.shown(ctx).rows([desk.row(candidate.id)], COLUMNS)


def _judge(ctx: typer.Context, pair: list[str], reason: str, who: str | None, *, same: bool | None) -> None:
    with told(), _writing(ctx.obj.home) as desk:
        candidate = desk.candidate(pair)
        body: dict[str, Any] = {"same": same, "method": "person/1"}
        if candidate.score is not None:
            body |= {"score": candidate.score, "features": dict(candidate.features)}
        subjects = (candidate.left, candidate.right)
        desk.decide("identity", subjects, body, reason, who)
        door.shown(ctx).rows([desk.row(candidate.id)], COLUMNS)


@app.command()
def correct(
    ctx: typer.Context,
    subject: Annotated[str, typer.Argument(help="as `crawl case` shows it; with --undo, the decision's id")],
    property_: Annotated[str | None, typer.Argument(metavar="PROPERTY")] = None,
    value: Annotated[
        str | None, typer.Argument(help="in normal form: a date YYYY-MM-DD, an article 337/5, a closed word")
    ] = None,
    *,
    reason: Reason,
    who: Who = None,
    undo: Annotated[bool, typer.Option("--undo", help="take a correction back")] = False,
) -> None:
    """Correct a value: it is shown from now on, and what the court says stays beside it, in `crawl case` and in every file."""
    with told(), _writing(ctx.obj.home) as desk:
        made = desk.take_back(subject, reason, who) if undo else desk.correct(subject, property_, value, reason, who)
        door.shown(ctx).rows([made], ("decision", "subject", "property", "value", "was"))


@app.command()
def decisions(
    ctx: typer.Context, kind: Annotated[str | None, typer.Argument(help="identity, correction, takedown ...")] = None
) -> None:
    """What people decided, when and why, in the order of the log."""
    from archive import decisions as kept
    from archive.errors import NotFound
    from archive.ledger.book import Book
    from archive.store import Archive

    out = door.shown(ctx)
    with told(), Archive.open(ctx.obj.home) as archive:
        veil = None
        with suppress(NotFound), Book.open(ctx.obj.home) as book:
            veil = _veil(ctx.obj.home, book)
        found = [_decision_row(each, veil) for each in kept.decisions(archive, kind)]
        out.rows(found, ("at", "kind", "who", "reason", "subjects", "decision"))
    if not found:
        out.note("nothing was decided")
        raise typer.Exit(door.NOTHING)


def _decision_row(kept: Kept, veil: Veil | None) -> dict[str, Any]:
    """A decision as a row. What it says of a case or a person that was taken down is not told again here."""
    from archive.ledger.withheld import KIND, WITHHELD
    from archive.ledger.words import registration
    from archive.warc import warc_date

    decision = kept.decision
    reason, body = decision.reason, dict(decision.body)
    about = {registration(subject) for subject in decision.subjects}
    if veil is not None and decision.kind != KIND and any(one in veil.gone or one in veil.names for one in about):
        reason, body = WITHHELD, {name: body[name] for name in ("same", "undoes", "property", "score") if name in body}
    return {
        "decision": kept.id, "kind": decision.kind, "at": warc_date(decision.at), "who": decision.who, "reason": reason,
        "subjects": list(decision.subjects), "body": body,
    }  # fmt: skip


def _veil(home: Path, book: Book) -> Veil:
    from archive.ledger import discretion
    from archive.ledger.views import Views

    with Views.open(home, book) as views:
        return discretion.over(home, views, views.hiding())


def _veiled(keys: Keys, veil: Veil) -> Keys:
    hidden = veil.names.get(keys.subject, frozenset())
    return replace(keys, names=tuple(name for name in keys.names if name not in hidden))


def _print(out: door.Shown, candidate: Candidate, keys: Mapping[str, Keys]) -> None:
    from archive.ledger.candidates import side_by_side

    score = "" if candidate.score is None else f"  {candidate.score:.1f}"
    features = ", ".join(f"{name} {said}" for name, said in candidate.features)
    out.text(door.visible(f"{candidate.id}{score}  {features}  {candidate.decision or 'undecided'}"))
    out.text(door.visible(f"  {candidate.left}\n  {candidate.right}".replace("\n", " | ")))
    for name, left, right in side_by_side(keys[candidate.left], keys[candidate.right]):
        out.text(door.visible(f"    {name:<12} {left or '-':<44} | {right or '-'}"))
    out.text("")


def _looked_at(home: Path, book: Book) -> tuple[dict[str, Keys], list[Candidate]]:
    from archive.ledger.candidates import candidates
    from archive.ledger.judgements import IDENTITY
    from archive.ledger.views import Views

    with Views.open(home, book) as views:
        keys = views.keys()
        found = candidates(keys, book.decisions(IDENTITY), views.comparisons(()).likenesses)
    return {each.subject: each for each in keys}, found


@contextmanager
def _writing(home: Path) -> Iterator[_Desk]:
    from archive.ruling import hand

    with hand(home) as hand_:
        yield _Desk(home, hand_)


class _Desk:
    """The ledger that is decided of, and the hand that keeps decisions."""

    def __init__(self, home: Path, hand: Hand) -> None:
        self.home, self.hand, self.book = home, hand, hand.book

    def decide(self, kind: str, subjects: tuple[str, ...], body: Mapping[str, Any], reason: str, who: str | None) -> str:
        from archive.decisions import Decision

        try:
            made = Decision(kind, now(), reason, subjects, body, who)
        except ValueError as exc:
            raise typer.BadParameter(str(exc)) from exc
        return self.hand.keep(made)

    def candidate(self, pair: list[str]) -> Candidate:
        from archive.errors import NotFound
        from archive.ledger.candidates import Candidate, chosen

        keys, found = _looked_at(self.home, self.book)
        if len(pair) == 1:
            return chosen(found, pair[0])
        if len(pair) != 2 or pair[0] == pair[1]:
            raise typer.BadParameter("name a candidate, or two different registrations")
        left, right = sorted(name.removeprefix("case:") for name in pair)
        for name in (left, right):
            if name not in keys:
                raise NotFound(f"no registration {name!r} in the ledger")
        return next((c for c in found if (c.left, c.right) == (left, right)), Candidate(left, right, None, (), None))

    def row(self, id_: str) -> dict[str, Any]:
        from archive.ledger.candidates import row

        _, found = _looked_at(self.home, self.book)
        return next((row(each) for each in found if each.id == id_), {"candidate": id_, "decision": None})

    def correct(self, subject: str, name: str | None, value: str | None, reason: str, who: str | None) -> dict[str, Any]:
        from archive.errors import NotFound, Refused
        from archive.ledger import words
        from archive.ledger.case import registrations
        from archive.ledger.observation import Observation
        from archive.ledger.rules import wrong

        if name is None or value is None:
            raise typer.BadParameter("name a subject, a property and its value")
        try:
            problem = wrong(Observation(subject, name, value, value, "decision", value, 0, len(value)))
        except ValueError as exc:
            raise typer.BadParameter(str(exc)) from exc
        if problem:
            raise Refused(f"{subject} {name} {value!r}: {problem}")
        registration = words.registration(subject)
        folded = registrations(self.book.sightings([registration]), self.book.corrections())
        if registration not in folded:
            raise NotFound(f"no registration {registration!r} in the ledger")
        one = folded[registration]
        parts = {part.subject: part for part in (one.own, *one.persons, *one.events, *one.hearings)}
        part = parts.get(subject.removesuffix("#sentence"))
        if part is None:
            raise NotFound(f"{registration} has no {subject}")
        was = [each.text for each in part.values.get(name, ())]
        body: dict[str, Any] = {"property": name, "value": value, "was": was}
        if "#person:" in subject and part.get("name") is not None:
            body["name"] = part.get("name")
        made = self.decide("correction", (subject,), body, reason, who)
        return {"decision": made, "subject": subject, "property": name, "value": value, "was": was}

    def take_back(self, id_: str, reason: str, who: str | None) -> dict[str, Any]:
        from archive.errors import NotFound

        made = next((each for each in self.book.corrections() if each.id == id_), None)
        if made is None:
            raise NotFound(f"no correction {id_!r} stands; `crawl decisions correction` lists them")
        taken = self.decide("correction", (made.subject,), {"undoes": id_}, reason, who)
        return {"decision": taken, "subject": made.subject, "property": made.property, "value": None, "was": [made.value]}
