"""The commands that say which addresses are one work: editions, mirrors import, mirrors find."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archive import door
from archive.door import Globals
from archive.errors import InUse, NotAnArchive, NotFound
from crawler.cli import addresses, told

if TYPE_CHECKING:
    from crawler.held import Shelf

app = typer.Typer(no_args_is_help=True, add_completion=False)
mirrors_app = typer.Typer(no_args_is_help=True, help="Published lists of mirror hosts: what is known of them.")
COLUMNS = ("work", "relation", "confidence", "url", "reasons")
MIRROR_COLUMNS = ("origin", "host", "from", "to")
LARGEST = 64 * 1024 * 1024  # octets of a list
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_]?(\d\d)[-_]?(\d\d)(?!\d)")


@contextlib.contextmanager
def shelf(home: Path) -> Iterator[Shelf]:
    """The archive and the ledger of a home for reading, as far as there are any."""
    from archive.ledger.book import Book
    from archive.shelf import Archive
    from crawler.held import Shelf

    with contextlib.ExitStack() as stack:
        try:
            archive = stack.enter_context(Archive.open(home))
        except (NotAnArchive, NotFound):
            yield Shelf()
            return
        book = None
        with contextlib.suppress(NotFound):
            book = stack.enter_context(Book.open(home))
        yield Shelf(archive, book)


@app.command()
def editions(
    ctx: typer.Context,
    urls: Annotated[list[str], typer.Argument(metavar="URL... | -", help="addresses; `-`: read them from standard input")],
    cited: Annotated[
        datetime | None, typer.Option("--cited", formats=["%Y-%m-%d"], help="the day of the citation, for mirror lists")
    ] = None,
    links: Annotated[bool, typer.Option("--links", help="every link between them too, with what joins nothing")] = False,
    apart: Annotated[bool, typer.Option("--apart", help="decide that these two are two works (with --because)")] = False,
    together: Annotated[bool, typer.Option("--together", help="decide that these two are one work (with --because)")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="take back what was decided of these two (with --because)")] = False,
    because: Annotated[str | None, typer.Option("--because", metavar="TEXT", help="the reason, kept with the decision")] = None,
) -> None:
    """Group addresses into works, by what they say and what the archive holds: no network."""
    from crawler.held import works

    options: Globals = ctx.obj
    out, day = door.shown(ctx), cited.date() if cited else None
    asked = list(dict.fromkeys(addresses(urls)))
    acts = [name for name, said in (("apart", apart), ("together", together), ("undo", undo)) if said]
    with told():
        if acts:
            _decide(options, acts, asked, because)
        good = [url for url in asked if _is_address(url)]
        with shelf(options.home) as held:
            found = works(held, good, day)
        out.rows((each.row() for each in found.members), COLUMNS)
        if links:
            for link in found.links:
                row = {
                    "kind": "link", "left": _place(link.left), "right": _place(link.right), "relation": link.relation,
                    "confidence": round(link.confidence, 3), "reasons": list(link.reasons), "method": link.method,
                    "joins": link.joins,
                }  # fmt: skip
                out.line(row) if out.json else out.text(door.visible(f"{row['left']} is {link.relation} of {row['right']} "
                    f"({link.confidence:.2f}): {'; '.join(link.reasons)}"))  # fmt: skip
    for url in asked:
        if url not in good:
            out.note(f"no address of the web: {url[:200]}")
    out.note(f"{len(good)} addresses, {len({each.work for each in found.members})} works")
    if not good:
        raise typer.Exit(door.NOTHING if not asked else door.PARTLY)
    raise typer.Exit(door.DONE if len(good) == len(asked) else door.PARTLY)


def _place(place: object) -> str:
    from crawler.editions.outlets import Place

    assert isinstance(place, Place)
    return f"{place.outlet} {place.edition} {place.key}" if place.outlet else f"{place.edition}{place.key}"


def _is_address(url: str) -> bool:
    from archive.urls import identity

    try:
        return bool(identity(url))
    except ValueError:
        return False


def _decide(options: Globals, acts: list[str], asked: list[str], because: str | None) -> None:
    from archive.decisions import Decision
    from archive.ruling import hand
    from crawler.editions.works import METHOD
    from crawler.held import KIND
    from crawler.opening import now

    if len(acts) > 1 or len(asked) != 2 or not because or not because.strip() or not all(map(_is_address, asked)):
        raise typer.BadParameter("a decision is one of --apart, --together, --undo, on two addresses, with --because TEXT")
    with hand(options.home, create=True) as hand_:
        hand_.keep(Decision(KIND, now(), because, tuple(asked), {"act": acts[0], "method": METHOD}))


@mirrors_app.command("import")
def import_(
    ctx: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="RSF's sites.json, or its history as tab-separated lines")
    ],
    listed: Annotated[
        datetime | None,
        typer.Option("--listed", formats=["%Y-%m-%d"], help="the day a list without dates shows; else its name's, else today"),
    ] = None,
) -> None:
    """Take in published mirror lists; they are kept, and the table is made of them."""
    from archive import documents
    from crawler.editions.mirrors import read, rows, table
    from crawler.opening import now

    options: Globals = ctx.obj
    out, faults = door.shown(ctx), 0
    for file in files:
        if not file.is_file():
            raise typer.BadParameter(f"{file} is {'a folder' if file.is_dir() else 'not there'}; nothing was taken in")
        if file.stat().st_size > LARGEST:
            raise typer.BadParameter(f"{file} has more than {LARGEST} octets: that is no list of mirrors")
    lists = []
    with told(), keeping(options.home) as keep:
        for file in files:
            octets = file.read_bytes()
            day, source = (listed.date(), "--listed") if listed else _named_day(file.name) or (now().date(), "today")
            read_list = read(octets, day)
            for fault in read_list.faults:
                out.note(f"{file}: {fault}")
            faults += len(read_list.faults)
            if not read_list.spans:
                continue  # what lists nothing is no list
            kind = "text/tab-separated-values" if b"\t" in octets[:500] else "application/json"
            kept = keep(
                file,
                octets,
                {"address": documents.MIRRORS, "content_type": kind, "listed": day.isoformat(), "dated_by": source},
            )
            out.note(f"{file}: {len(read_list.spans)} pairs, showing {read_list.day} ({source}); kept as {kept}, "
                     f"sha256 {hashlib.sha256(octets).hexdigest()}")  # fmt: skip
            lists.append(read_list)
    found = table(lists)
    out.rows(rows(found), MIRROR_COLUMNS)
    for host, held in found.ambiguous():
        out.note(f"ambiguous: {host} is listed for {' and '.join(span.origin for span in held)}")
    if not lists:
        raise typer.Exit(door.PARTLY if faults else door.NOTHING)
    raise typer.Exit(door.PARTLY if faults else door.DONE)


@contextlib.contextmanager
def keeping(home: Path) -> Iterator[Callable[[Path, bytes, dict[str, str]], str]]:
    """Who keeps a document, and says under which id: we, or the daemon who holds the archive."""
    from archive.documents import keep_as
    from archive.inbox import Inbox
    from archive.store import Store
    from crawler.opening import now

    try:
        store = Store.open(home)
    except InUse:
        inbox = Inbox(home)
        if inbox.taker() is None:
            raise

        def handed_over(file: Path, _octets: bytes, told: dict[str, str]) -> str:
            (row,) = (row for row, _ in inbox.answers(inbox.hand_over([file], document=told)))
            return str(row["capture"])

        yield handed_over
        return
    with store:
        yield lambda file, octets, told: keep_as(store, file.name, octets, now(), told).id


def _named_day(name: str) -> tuple[date, str] | None:
    """`rsf_sites_2023-07-01.json` shows the first of July."""
    for found in _DAY.finditer(name):
        with contextlib.suppress(ValueError):
            return date(int(found[1]), int(found[2]), int(found[3])), "its name"
    return None


@mirrors_app.command()
def find(
    ctx: typer.Context,
    hosts: Annotated[list[str], typer.Argument(metavar="HOST...", help="a mirror's full host, or an origin")],
    at: Annotated[datetime | None, typer.Option("--at", formats=["%Y-%m-%d"], help="on that day; else ever")] = None,
) -> None:
    """Whose mirror is a host, and which mirrors has an origin, by the lists that were taken in."""
    from crawler.held import mirrors

    out, found = door.shown(ctx), 0
    with told(), shelf(ctx.obj.home) as held:
        listed = mirrors(held.archive)
        day = at.date() if at else None
        for host in hosts:
            origins = listed.of(host, day)
            spans = origins or listed.hosts(host, day)
            found += bool(spans)
            rows = [span.row() for span in spans]
            if len(origins) > 1:
                rows = [{"kind": "ambiguous", **row} for row in rows]
                out.note(f"ambiguous: {host} stood for {' and '.join(span.origin for span in origins)}")
            out.rows(rows, MIRROR_COLUMNS)
    raise typer.Exit(door.DONE if found == len(hosts) else door.NOTHING)
