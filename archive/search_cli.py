"""Which cases, acts and articles speak of this? `crawl search`; read-only but for its own index, no network."""

from __future__ import annotations

from typing import Annotated

import typer

from archive import door
from archive.ask import told
from archive.door import Globals

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

KINDS = ("case", "act", "article")


@app.command()
def search(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help='in any form; "in quotes": one after another')],
    kind: Annotated[str | None, typer.Option(help="case, act or article")] = None,
    most: Annotated[int, typer.Option(min=1, help="how many, the best first")] = 100,
) -> None:
    """Cases, acts and articles in which all of these words stand; Russian, Ukrainian, English, names in either script."""
    from archive.ledger.book import Book
    from archive.ledger.search import Search
    from archive.ledger.views import Views

    out = door.shown(ctx)
    options: Globals = ctx.obj
    if kind is not None and kind not in KINDS:
        raise typer.BadParameter(f"--kind: {kind!r} is none of {', '.join(KINDS)}")
    with (
        told(), Book.open(options.home) as book, Views.open(options.home, book) as views,
        Search.open(options.home, book, views) as opened,
    ):  # fmt: skip
        try:
            found = out.rows(opened.find(" ".join(words), kind=kind, most=most), ("kind", "id", "title", "url", "capture"))
        except ValueError as exc:
            raise typer.BadParameter(str(exc)) from exc
    if not found:
        out.note("nothing has these words")
        raise typer.Exit(door.NOTHING)
