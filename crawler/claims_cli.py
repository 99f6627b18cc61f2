"""The command that checks stated figures: `crawl claims`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archive import door
from archive.errors import NotFound
from crawler.cli import told
from crawler.errors import Unreadable

if TYPE_CHECKING:
    from archive.ledger.claims import Counter
    from archive.ledger.stated import Claim

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

COLUMNS = ("verdict", "metric", "unit", "article", "period", "as_of", "said", "computed", "reason", "claim")


@app.command()
def claims(
    ctx: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE...]", help="PDF, DOCX, RTF, HTML or text")] = None,
    url: Annotated[str | None, typer.Option(help="the address that the one FILE came from")] = None,
    published: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the day a FILE is of, where it does not tell it")
    ] = None,
) -> None:
    """Figures that articles state, checked against the ledger and against each other.

    Without FILE those of the articles in the ledger; with FILE those that it states, held against them too. Verdicts: `agrees`
    and `disagrees` (with the ledger, where it knows courts and days whole; `disagrees` also with another text), `arithmetic
    holds`, `arithmetic fails` (with the figures beside it: whether they are true is not said), `not computable` (the reason
    says why). That others repeat a figure confirms nothing.
    """
    from archive.ledger.claims import check
    from crawler.papers import stated

    out = door.shown(ctx)
    if url and len(files or ()) != 1:
        raise typer.BadParameter("--url says where one FILE came from")
    asked: list[Claim] = []
    unread = False
    for file in files or ():
        try:
            asked += stated(file, url, published.date() if published else None)
        except (Unreadable, OSError) as exc:
            door.complain(exc)
            unread = True
    with told():
        known, count = _ledger(ctx.obj.home, {claim.source for claim in asked})
    every = [*asked, *known]
    wanted = {claim.id for claim in asked} if files else None
    rows = [each.row() for each in check(every, count, of=wanted)]
    if out.json:
        out.rows(rows)
    else:
        out.rows(({**row, "said": _said(row)} for row in rows), COLUMNS)
    if unread:
        raise typer.Exit(door.PARTLY)
    if not rows:
        out.note("no figure is stated there" if files else "no article in the ledger states a figure")
        raise typer.Exit(door.NOTHING)


def _said(row: dict[str, object]) -> str:
    if "stated" in row:
        return str(row["stated"])
    low, high = row["stated_low"], row["stated_high"]
    return f"{'' if low is None else low}..{'' if high is None else high}"


def _ledger(home: Path, asked: set[str]) -> tuple[list[Claim], Counter | None]:
    """The claims of the ledger, those of the asked addresses left out, and what counts in it; none where there is no ledger."""
    from archive.ledger import discretion
    from archive.ledger.book import Book
    from archive.ledger.case import fold
    from archive.ledger.claims import held, ledger_counter

    try:
        with Book.open(home) as book:
            cases = fold(book.sightings(events=False), book.ties())
            veil = discretion.veil(home, cases)
            known = [
                replace(claim, quote=veil.free(claim.quote))
                for claim in held(book.sightings(prefix="http"))
                if claim.source not in asked and claim.source not in veil.gone
            ]
            return known, ledger_counter(cases, book.coverage(), book.as_of())
    except NotFound:
        return [], None
