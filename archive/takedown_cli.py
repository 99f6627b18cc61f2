"""What is to be withheld, by whose decision and why: `crawl takedown`, its register, and its undoing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive import door
from archive.ask import told
from archive.door import Globals

if TYPE_CHECKING:
    from archive.decisions import Decision
    from archive.ledger.book import Book

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

COLUMNS = ("takedown", "scope", "decided", "reason", "cases", "persons", "observations", "sha256")


@app.command()
def takedown(
    ctx: typer.Context,
    what: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="a case, a person (REG#person:N), or the address of a page; none: the register"),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="why; it is kept, and shown in the register")] = None,
    who: Annotated[str | None, typer.Option(help="who decided it")] = None,
    undo: Annotated[str | None, typer.Option(metavar="ID", help="take back the takedown of this id")] = None,
) -> None:
    """Withhold a case, a person or a page from every view and export; the bytes stay. Without ID: what is withheld."""
    out = door.shown(ctx)
    options: Globals = ctx.obj
    if what is not None and undo is not None:
        raise typer.BadParameter("either what is to be taken down, or --undo")
    if (what or undo) and not (reason and reason.strip()):
        raise typer.BadParameter("a decision needs its --reason")
    with told():
        if undo is not None:
            _keep(options.home, lambda _book: _undoing(options.home, undo, reason or "", who))
        elif what is not None:
            _keep(options.home, lambda book: deciding(book, options.home, what, reason or "", who))
        found = out.rows(register(options.home), COLUMNS)
    if not found:
        out.note("nothing is taken down")
        if what is None and undo is None:
            raise typer.Exit(door.NOTHING)


def deciding(book: Book, home: Path, what: str, reason: str, who: str | None) -> Decision:
    """The decision that takes something down: it names registrations and addresses, and people by keyed tokens alone.

    Raises NotFound.
    """
    from archive.decisions import Decision
    from archive.errors import NotFound
    from archive.ledger import discretion, words
    from archive.ledger.privacy import is_name
    from archive.ledger.views import Views
    from archive.ledger.withheld import KIND

    at = datetime.now(UTC)
    if not what.startswith(("reg:", "case:")) and "://" in what:
        if not book.read_at(what):
            raise NotFound(f"no page of {what} was read")
        return Decision(KIND, at, reason, (what,), {"scope": "page"}, who)
    base, _, part = what.partition("#")
    with Views.open(home, book) as views:
        case = views.case(base)
    subjects = tuple(registration.subject for registration in case.registrations)
    if not part:
        return Decision(KIND, at, reason, subjects, {"scope": "case"}, who)
    said = {s.value for s in book.sightings([words.registration(base)]) if s.subject == what and is_name(what, s.property)}
    shown = {n for r in case.registrations for person in r.persons if person.subject == what for n in person.all("name")}
    names = {name for name in said | shown if name}
    if not names:
        raise NotFound(f"{what} is no person whom a page names")
    key = discretion.pseudonyms(home)
    return Decision(KIND, at, reason, subjects, {"scope": "person", "tokens": sorted(map(key.token, names))}, who)


def register(home: Path) -> Iterator[dict[str, Any]]:
    """The takedowns that stand, each with its tombstone."""
    from archive.ledger import discretion, withheld, words
    from archive.ledger.book import Book
    from archive.ledger.rows import time
    from archive.ledger.views import Views

    standing = discretion.takedowns(home)
    if not standing:
        return
    with Book.open(home) as book, Views.open(home, book) as views:
        key = discretion.pseudonyms(home)
        bases = {words.registration(subject) for each in standing for subject in each.subjects}
        veil = withheld.drawn(standing, views.cases_of(bases), key)
        quoted = book.quoted(bases | veil.gone.keys() | veil.taken.keys())
        for stone in withheld.tombstones(standing, veil, quoted, key):
            each = stone.takedown
            yield {
                "takedown": each.id, "scope": each.scope, "decided": time(each.at), "reason": each.reason,
                "cases": stone.cases, "persons": stone.persons, "observations": stone.observations, "sha256": stone.sha256,
            }  # fmt: skip


def _undoing(home: Path, id_: str, reason: str, who: str | None) -> Decision:
    from archive.decisions import Decision
    from archive.errors import NotFound
    from archive.ledger import discretion
    from archive.ledger.withheld import KIND

    if id_ not in {each.id for each in discretion.takedowns(home)}:
        raise NotFound(f"no takedown {id_} stands; `crawl takedown` lists those that do")
    return Decision(KIND, datetime.now(UTC), reason, (id_,), {"undoes": id_}, who)


def _keep(home: Path, decided: Callable[[Book], Decision]) -> None:
    """The decision is durable in the archive before the ledger hears of it."""
    from archive.ruling import hand

    with hand(home) as hand_:
        hand_.keep(decided(hand_.book))
