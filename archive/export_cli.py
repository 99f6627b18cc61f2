"""What goes out of the archive as files for others' tools: `crawl export`; read-only, no network."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from archive import door
from archive.ask import told
from archive.door import Globals

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.command()
def export(
    ctx: typer.Context,
    form: Annotated[str, typer.Argument(help="csv, jsonl or cdxj")],
    target: Annotated[Path, typer.Option("-o", "--output", metavar="PATH", help="a folder, or one file")],
    with_names: Annotated[bool, typer.Option("--with-names", help="people by name, not by pseudonym")] = False,
    case_id: Annotated[str | None, typer.Option("--case", metavar="ID", help="only this case")] = None,
    bom: Annotated[bool, typer.Option("--bom", help="a mark before CSV that Excel reads as UTF-8")] = False,
) -> None:
    """The ledger, or the captures' index, as files for others' tools."""
    from archive.ledger.book import Book
    from archive.ledger.export.files import export as write
    from archive.ledger.export.listing import Listing
    from archive.ledger.export.people import Pseudonyms
    from archive.store import Archive

    out = door.shown(ctx)
    options: Globals = ctx.obj
    if form not in ("csv", "jsonl", "cdxj"):
        raise typer.BadParameter(f"{form!r} cannot be written yet; csv, jsonl and cdxj can")
    with told():
        if form == "cdxj":
            with Archive.open(options.home) as archive:
                octets = "".join(archive.cdxj()).encode()
            target.write_bytes(octets)
            digest = hashlib.sha256(octets).hexdigest()
            written = [{"file": str(target), "rows": octets.count(b"\n"), "sha256": digest}]
        else:
            with Book.open(options.home) as book:
                people = None if with_names else Pseudonyms.of_home(options.home)
                files = write(Listing.of(book, people=people, case=case_id), form, target, bom=bom)
            written = [{"file": str(each.file), "rows": each.rows, "sha256": each.sha256} for each in files]
        out.rows(written, ("file", "rows", "sha256"))
