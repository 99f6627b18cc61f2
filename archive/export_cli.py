"""What goes out of the archive as files for others' tools: `crawl export`; no network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archive import door
from archive.ask import AsOf, KnownAt, moment, told
from archive.door import Globals

if TYPE_CHECKING:
    from archive.capture import Capture
    from archive.ledger.export.place import Written
    from archive.shelf import Archive

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

LEDGER = ("csv", "jsonl", "parquet", "sqlite", "package", "ftm", "delta")
FORMS = (*LEDGER, "cdxj", "wacz", "pack")


@app.command()
def export(
    ctx: typer.Context,
    form: Annotated[str, typer.Argument(help=", ".join(FORMS))],
    target: Annotated[Path, typer.Option("-o", "--output", metavar="PATH", help="a folder, or one file")],
    with_names: Annotated[
        bool, typer.Option("--with-names", help="people by name, not by pseudonym; this is recorded")
    ] = False,
    case_id: Annotated[str | None, typer.Option("--case", metavar="ID", help="only this case")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="delta: what changed since then")] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    bom: Annotated[bool, typer.Option("--bom", help="a mark before CSV that Excel reads as UTF-8")] = False,
) -> None:
    """The ledger, or the captures' index, as files for others' tools."""
    out = door.shown(ctx)
    options: Globals = ctx.obj
    if form not in FORMS:
        raise typer.BadParameter(f"{form!r} is no format; choose of {', '.join(FORMS)}")
    if (form == "delta") != (since is not None):
        raise typer.BadParameter("a delta needs --since TIME, and only a delta has it")
    if target.resolve().is_relative_to(options.home.resolve()):
        raise typer.BadParameter(f"{target} lies in the archive itself, and could take the place of what is kept: name another")
    until, start = moment(known_at, "--known-at"), moment(since, "--since")
    day = as_of.date() if as_of else None
    with told():
        if form == "cdxj":
            written = [_index(options.home, target)]
        elif form == "wacz":
            written = [wacz(options.home, case_id, target, note=out.note)]
        elif form == "pack":
            written = [pack(options.home, case_id, target, named=with_names, note=out.note)]
        else:
            written = ledger(
                options.home, form, target, named=with_names, case=case_id, since=start, asked=(day, until), bom=bom
            )
        out.rows(({"file": w.file, "rows": w.rows, "sha256": w.sha256} for w in written), ("file", "rows", "sha256"))


def ledger(
    home: Path, form: str, target: Path, *, named: bool = False, case: str | None = None, since: datetime | None = None,
    asked: tuple[date | None, datetime | None] = (None, None), bom: bool = False,
) -> list[Written]:  # fmt: skip
    """Writes the files. asked: as of a day and as of a time. Where people are named, a record of it is kept first.

    Raises ArchiveError and its like.
    """
    from archive.ledger import discretion
    from archive.ledger.book import Book
    from archive.ledger.export import delta
    from archive.ledger.export.files import export as write
    from archive.ledger.export.listing import Listing
    from archive.ledger.moment import Moment
    from archive.ledger.views import Views

    with Book.open(home) as book, book.pinned(), Views.open(home, book, hold=True) as views:
        key, taken = discretion.pseudonyms(home), discretion.takedowns(home)

        def listing(moment: Moment) -> Listing:
            return Listing.of(book, views=views, key=key, named=named, asked=moment, case=case, takedowns=taken)

        now = listing(Moment(*asked))
        if named:
            _record(home, form, now.head, case)
        if since is None:
            return write(now, form, target, bom=bom)
        path = target if target.suffix == ".jsonl" else target / "delta.jsonl"
        return [delta.write(listing(Moment(asked[0], since)), now, path)]


def pack(home: Path, case: str | None, target: Path, *, named: bool, note: Callable[[str], None]) -> Written:
    """The evidence pack of one case. Raises ArchiveError, and BadParameter where no case or no --with-names is said."""
    from archive.pack.making import export as make

    if case is None:
        raise typer.BadParameter("a pack is of one case: name it with --case ID")
    if not named:
        raise typer.BadParameter(
            "a pack holds the pages as they were received, and they name people: say --with-names, and that is recorded"
        )
    return make(home, case, target, record=lambda head: _record(home, "pack", head, case), note=note)


def wacz(home: Path, case: str | None, target: Path, *, note: Callable[[str], None]) -> Written:
    """The captures, or those of one case, as WACZ. What was taken down is left out; that people are named is recorded.

    Raises ArchiveError and its like.
    """
    import os

    from archive.keyring import Keyring
    from archive.ledger.discretion import showing
    from archive.package import export as make
    from archive.package import shown
    from archive.shelf import Archive

    if target.suffix.lower() != ".wacz":  # WACZ 1.1.1, Zip Format File Extension
        target = target / "captures.wacz"
    withheld = showing(home)
    _record(home, "wacz", "", case)
    note("a WACZ holds pages as they were received, with the names on them; that it was made is recorded")
    if withheld:
        note(f"{len(withheld)} captures show what was taken down, and are left out")
    with Archive.open(home) as archive:
        captures = archive.captures() if case is None else _of_case(archive, case)
        return make(archive, target, shown(captures, withheld), keys=Keyring.of(os.environ), note=note)


def _of_case(archive: Archive, case: str) -> Iterable[Capture]:
    from archive.ledger.book import Book
    from archive.ledger.views import Views
    from archive.pack.case import captures

    with Book.open(archive.home.path) as book, Views.open(archive.home.path, book) as views:
        one = views.case(case)
        return captures(archive, book, [registration.subject for registration in one.registrations], one.captures)


def _record(home: Path, form: str, head: str, case: str | None) -> None:
    """That people were named to somebody is a record of the archive, as their decision is; never who they are."""
    from archive.decisions import Decision
    from archive.ruling import hand

    with hand(home) as hand_:
        body = {"form": form, "head": head, "case": case}
        hand_.keep(Decision("names-exported", datetime.now(UTC), "export with names was asked for", (), body))


def _index(home: Path, target: Path) -> Written:
    from archive.ledger.export.place import Written
    from archive.shelf import Archive

    with Archive.open(home) as archive:
        octets = "".join(archive.cdxj()).encode()
    target.write_bytes(octets)
    return Written(str(target), octets.count(b"\n"), hashlib.sha256(octets).hexdigest(), len(octets))
