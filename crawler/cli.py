"""This floor's commands: url, read, links, source, sources, new, reread, rebuild, import, demo."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from archive import door
from archive.door import Globals, Shown
from archive.errors import ArchiveError, InUse
from crawler.errors import BadSettings, FetcherDied
from crawler.lines import Results, progress, reading_rows, show_coverage

if TYPE_CHECKING:
    from archive.ledger.book import Book
    from archive.ledger.observation import Observation
    from crawler.source import Query, Source

app = typer.Typer(no_args_is_help=True, add_completion=False)
SHORT = 15.0  # seconds that one address asked for by hand waits for a host's cool-down; then it is told, and asked for later
FEW = 50  # addresses on a command line that are fetched faster than a process starts
T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """On uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        import asyncio

        return asyncio.run(work)
    return uvloop.run(work)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Errors that are ours end as a sentence and an exit status, not as a traceback."""
    try:
        yield
    except BadSettings as exc:
        door.complain(exc)
        raise typer.Exit(door.USAGE) from exc
    except FetcherDied as exc:
        door.complain(exc)
        raise typer.Exit(door.BUG) from exc
    except ArchiveError as exc:
        raise door.fail(exc) from exc
    except OSError as exc:
        raise door.fail(ArchiveError(f"{exc.filename or 'input or output'}: {exc.strerror or exc}")) from exc


def waiting(out: Shown) -> Callable[[str, float, str], None]:
    """Tells of a long wait on stderr, so that nobody takes it for a standstill."""
    return lambda host, seconds, why: out.note(f"waiting {seconds:.0f} s for {host}: {why}")


def addresses(given: list[str]) -> Iterable[str]:
    """The addresses of a command line; `-` reads them from standard input, one a line, as they come."""
    for word in given:
        if word != "-":
            yield word
            continue
        for line in _standard_input():
            if line.strip() and not line.startswith("#"):
                yield line.strip()


def _standard_input() -> Iterable[str]:
    """A reader of its own: one thread may still wait in it when Python ends, and must not hold `sys.stdin` then."""
    try:
        return open(sys.stdin.fileno(), encoding="utf-8", errors="surrogateescape", closefd=False)
    except OSError:  # no file of the system's
        return sys.stdin


Vantage = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="ask from there alone: a [[vantages]] of kartoteka.toml, or `here`", show_default=False),
]


@app.command("url")
def url_(
    ctx: typer.Context,
    urls: Annotated[list[str], typer.Argument(metavar="URL... | -", help="addresses; `-`: read them from standard input")],
    no_read: Annotated[bool, typer.Option("--no-read", help="archive only: nothing is read or entered")] = False,
    vantage: Vantage = None,
) -> None:
    """Fetch, keep, read and enter each address."""
    options: Globals = ctx.obj
    with told():
        raise typer.Exit(run(_urls(options, door.shown(ctx), urls, vantage, read=not no_read)))


async def _urls(options: Globals, out: Shown, urls: list[str], vantage: str | None, *, read: bool) -> int:
    from archive.inbox import Inbox
    from crawler.opening import opened
    from crawler.settings import load

    settings = load(options.home)
    results = Results(out, each=True, together=True)
    gc.freeze()  # what was imported is not garbage
    gc.set_threshold(20_000, 20, 50)  # a page's values die with it: looked for a thirtieth as often, they cost a twentieth less
    try:
        fetchers = settings.fetchers if "-" in urls or len(urls) > FEW else 0
        async with opened(
            options, read=read, patience=SHORT, waiting=waiting(out), fetchers=fetchers, vantage=vantage
        ) as crawl:
            per_host = options.per_host or 1
            async for done in crawl.urls(addresses(urls), in_flight=settings.in_flight, per_host=per_host, rest=results.rest):
                results.add(done)
    except InUse:
        inbox = Inbox(options.home)
        if (pid := inbox.taker()) is None:
            raise
        out.note(f"the archive is held by a daemon (process {pid}): it does this work, with its own options")
        for row, fine in inbox.answers(inbox.hand_in(list(addresses(urls)), read=read)):
            results.tell(row, fine=fine)
            results.rest()
    return results.finish()


@app.command("read")
def read_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="a saved page")],
    url: Annotated[str, typer.Option("--url", help="the address it is read as if it came from")],
    headers: Annotated[Path | None, typer.Option("--headers", help="its HTTP head, as saved by curl -D")] = None,
) -> None:
    """Read a saved page: no network, no archive."""
    with told():
        body = file.read_bytes()
        fields = header_lines(headers.read_bytes()) if headers else ()
        raise typer.Exit(run(_read(door.shown(ctx), body, url, fields)))


def header_lines(octets: bytes) -> tuple[tuple[str, str], ...]:
    """The fields of a saved head, with or without its status line."""
    from archive import message

    lines = octets.strip().replace(b"\r\n", b"\n").split(b"\n")
    if lines[0].startswith(b"HTTP/"):
        lines = lines[1:]
    head = message.parse_head(b"HTTP/1.1 200 OK\n" + b"\n".join(lines) + b"\n\n")
    return tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in head.fields) if head else ()


async def _read(out: Shown, body: bytes, url: str, fields: tuple[tuple[str, str], ...]) -> int:
    from archive.memento import Memento
    from archive.urls import identity
    from crawler.readers import Readers

    try:
        address = identity(url)
    except ValueError as exc:
        raise typer.BadParameter(f"--url: {exc}") from exc
    with Readers(1) as readers:
        reading = await readers.read(Memento.saved(address, body, fields))
    out.rows(reading_rows(reading), ("kind", "subject", "property", "raw", "value", "selector"))
    return door.DONE if reading.verdict == "page" else door.PARTLY


@app.command()
def links(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="PDF, DOCX, RTF, HTML, Markdown or plain text")],
    url: Annotated[str | None, typer.Option("--url", help="the address it came from; relative links start there")] = None,
) -> None:
    """Links cited in a document, and sources it names without one: no network."""
    from archive.urls import identity
    from crawler.citations import desk
    from crawler.errors import Unreadable

    if url is not None:
        try:
            url = identity(url)
        except ValueError as exc:
            raise typer.BadParameter(f"--url: {exc}") from exc
    out = door.shown(ctx)
    with told():
        try:
            cited = desk.read(file, url)
        except Unreadable as exc:
            door.complain(exc)
            raise typer.Exit(door.PARTLY) from exc
    rows = [*(each.row() for each in cited.citations), *(each.row() for each in cited.references)]
    out.rows(rows, ("url", "confidence", "occurrences", "from", "anchor", "alternatives", "kind"))
    for note in (*cited.unread, *cited.hints):
        out.note(f"{file}: {note}")
    whole = [each for each in cited.citations if each.url is not None]
    times, named = sum(each.occurrences for each in whole), len(cited.citations) - len(whole)
    out.note(f"{len(whole)} addresses, cited {times} times; {named} sources are named without a whole address")
    raise typer.Exit(door.PARTLY if cited.unread else door.DONE)


Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE")]


@app.command()
def source(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="as `crawl sources` lists it")],
    court: Annotated[
        list[str] | None, typer.Option("--court", metavar="CODE", help="official code, or a court's host; repeatable")
    ] = None,
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="first day of receipt")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="last day of receipt")] = None,
    register: Annotated[list[str] | None, typer.Option(metavar="WORD", help="criminal-1, ...; repeatable")] = None,
    again: Annotated[bool, typer.Option("--again", help="a new run, and every card, whatever was settled")] = False,
    vantage: Vantage = None,
) -> None:
    """One source, once: its listings, its cards, and what was covered. Broken off and begun again it goes on where it stood."""
    from crawler.source import Query

    chosen = known_source(name)
    if first and last and first > last:
        raise typer.BadParameter("--from lies after --to")
    query = Query(tuple(court or ()), _date(first), _date(last), tuple(register or ()))
    try:
        list(chosen.seeds(query))
    except ValueError as exc:
        raise typer.BadParameter(f"{exc}; `crawl sources --json` lists courts") from exc
    out = door.shown(ctx)
    with told():
        try:
            raise typer.Exit(run(_source(ctx.obj, out, chosen, query, vantage, again=again)))
        except KeyboardInterrupt:
            out.note("broken off; what was fetched is kept, and the same command goes on where it stood")
            raise typer.Exit(door.PARTLY) from None


def _date(day: datetime | None) -> date | None:
    return None if day is None else day.date()


def known_source(name: str) -> Source:
    from crawler.sites import sources

    known = {each.name: each for each in sources()}
    if name not in known:
        raise typer.BadParameter(f"no source {name!r}; known are {', '.join(sorted(known))}")
    return known[name]


async def _source(options: Globals, out: Shown, chosen: Source, query: Query, vantage: str | None, *, again: bool) -> int:
    from crawler.opening import opened
    from crawler.rounds import Round

    results = Results(out, each=options.verbose)
    async with opened(options, waiting=waiting(out), vantage=vantage) as crawl:
        once = await Round.begin(crawl, chosen, query, again=again)
        if once.start.settled:
            out.note(f"going on with a run that was broken off: {len(once.start.settled)} windows of it are settled")
        async for done in once.visits():
            results.add(done)
        windows = show_coverage(await once.coverage(), out)
    status = results.finish()
    return door.PARTLY if status == door.DONE and not all(window.complete for window in windows) else status


@app.command()
def sources(ctx: typer.Context) -> None:
    """The sources known; for court systems one line a court."""
    from crawler.sites import sources as known

    rows: list[dict[str, Any]] = []
    for each in known():
        base = {"name": each.name, "publisher": each.publisher, "kind": each.kind}
        places = list(each.places())
        if not places:
            rows.append({**base, "court": None, "title": each.title, "host": None, "aliases": [], "seeds": []})
        for place in places:
            rows.append(
                {**base, "court": place.court, "title": place.title, "host": place.host or None, "aliases": list(place.aliases),
                 "seeds": list(place.seeds)}
            )  # fmt: skip
    door.shown(ctx).rows(rows, ("name", "kind", "court", "title", "host"))


@app.command()
def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="what the source is called: small letters, digits, _")],
    url: Annotated[str, typer.Argument(metavar="URL", help="one of its pages")],
) -> None:
    """Scaffold a source: its file and its fixture folder, in the current folder: a checkout, or an empty one."""
    from crawler import scaffold

    out, here = door.shown(ctx), Path()
    with told():
        written = scaffold.new(here, name, url)
    out.rows(({"file": str(file)} for file in written), ("file",))
    out.note(f"written in {here.resolve()}; save the page, with invented people, as {written[-1].with_name('page.html')}")
    if scaffold.checkout(here):
        out.note(f"then run pytest {scaffold.FIXTURES}")
    else:
        out.note("this folder is no checkout of Kartoteka: lay both folders over one, then run pytest there")


@app.command()
def demo(
    ctx: typer.Context,
    full: Annotated[bool, typer.Option("--full", help="the full-size world: every military court, some 35,000 pages")] = False,
) -> None:
    """The demo court web on loopback, crawled end to end, with its tally."""
    import tempfile

    options: Globals = ctx.obj
    if not options.home_named:
        options.home = Path(tempfile.mkdtemp(prefix="kartoteka-demo-"))
    with told():
        if full:
            from crawler.demo.census import FullWorld
            from crawler.demo.recount import recount

            raise typer.Exit(run(recount(options, door.shown(ctx), FullWorld())))
        from crawler.demo.tour import tour

        raise typer.Exit(run(tour(options, door.shown(ctx))))


@app.command("import")
def import_(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="WARC, ARC, WACZ, or saved pages made elsewhere")],
    url: Annotated[str | None, typer.Option("--url", help="the address that a saved page is of")] = None,
) -> None:
    """Take in what others kept; its provenance says so, and it is never stamped as our capture."""
    if url is not None and len(files) > 1:
        raise typer.BadParameter("--url names the address of one saved page; import the others apart")
    with told():
        raise typer.Exit(run(_import(ctx.obj, door.shown(ctx), files, url)))


async def _import(options: Globals, out: Shown, files: list[Path], url: str | None) -> int:
    from archive.inbox import Inbox
    from archive.take import Untaken
    from archive.urls import identity
    from crawler.intake import taken_in
    from crawler.opening import at_desk

    if url is not None:
        try:
            url = identity(url)
        except ValueError as exc:
            raise typer.BadParameter(f"--url: {exc}") from exc
    for file in files:
        if not file.is_file():
            what = "a folder: name the files in it" if file.is_dir() else "not there"
            raise typer.BadParameter(f"{file} is {what}; nothing was taken in")
    results, untaken = Results(out, each=True), 0
    try:
        async with at_desk(options) as desk:
            for file in files:
                async for each in taken_in(desk, file, url):
                    untaken += isinstance(each, Untaken)
                    if isinstance(each, Untaken):
                        out.note(str(each))
                    else:
                        results.add(each)
    except InUse:
        inbox = Inbox(options.home)
        if (pid := inbox.taker()) is None:
            raise
        out.note(f"the archive is held by a daemon (process {pid}): it takes them in")
        for row, fine in inbox.answers(inbox.hand_over(files, url)):
            untaken += "untaken" in row
            if "untaken" in row:
                out.note(str(row["untaken"]))
            else:
                results.tell(row, fine=fine)
    out.note(f"{results.all} captures taken in, {untaken} records or files were not")
    if untaken:
        return door.PARTLY
    return door.DONE if results.all else door.NOTHING


@app.command()
def reread(
    ctx: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="change nothing, compare")] = False,
    source: Annotated[str | None, typer.Option("--source", help="only this source's pages")] = None,
) -> None:
    """Read the archived bytes again with today's parsers."""
    if source is not None:
        known_source(source)
    with told():
        raise typer.Exit(run(_reread(ctx.obj, door.shown(ctx), check=check, source=source)))


async def _reread(options: Globals, out: Shown, *, check: bool, source: str | None) -> int:
    from archive.ledger.book import Book, Entry
    from archive.store import Archive, Store
    from crawler.readers import Readers
    from crawler.reread import compare, readings, to_read
    from crawler.settings import load
    from crawler.sites import source_for

    settings = load(options.home)
    with contextlib.ExitStack() as stack:
        if check:
            archive = stack.enter_context(Archive.open(options.home))
        else:
            archive = stack.enter_context(Store.open(options.home, create=False)).archive
        book = stack.enter_context(Book.open(options.home, write=not check))
        readers = stack.enter_context(Readers(settings.readers))
        chosen = to_read(archive.captures())
        if source is not None:
            chosen = [c for c in chosen if (found := source_for(c.url)) and found.name == source]
        before = said(book)
        compared = []
        async for capture, reading in progress(readings(archive, readers, chosen), len(chosen), "reading", options):
            if isinstance(reading, ArchiveError):
                out.note(f"{capture.id} {capture.url}: {reading}")
                continue
            compared.append(compare(capture.id, before.get(capture.id, ()), reading.observations))
            if not check:
                book.enter_many([Entry(capture, reading, known=archive.known(capture))])
    names = ("capture", "same", "added", "missing", "changed")
    different = [each for each in compared if not each.equal]
    out.rows(({name: getattr(each, name) for name in names} for each in (compared if out.json else different)), names)
    out.note(f"{len(compared)} captures read again, {len(different)} differ from the ledger")
    if not compared:
        return door.NOTHING
    return door.FAILED if check and different else door.DONE


def said(book: Book) -> dict[str, list[Observation]]:
    """What the ledger holds, by the capture's payload and address, as observations in page order."""
    from archive.ledger.observation import Observation

    return {extraction.capture: [Observation(*place) for place in book.page(extraction)] for extraction in book.extractions()}


@app.command()
def rebuild(ctx: typer.Context) -> None:
    """Make index and ledger anew from archive and decisions."""
    with told():
        raise typer.Exit(run(_rebuild(ctx.obj, door.shown(ctx))))


async def _rebuild(options: Globals, out: Shown) -> int:
    from archive.ledger.book import FILE, Book
    from archive.store import Store
    from archive.store import rebuild as rebuild_index
    from crawler.readers import Readers
    from crawler.rebuild import rebuild as rebuild_ledger
    from crawler.settings import load

    settings = load(options.home)
    found = rebuild_index(options.home)
    for finding in found.findings:
        out.note(str(finding))
    with contextlib.ExitStack() as stack:
        archive = stack.enter_context(Store.open(options.home, create=False)).archive
        readers = stack.enter_context(Readers(settings.readers))
        refused = 0
        async for error in progress(rebuild_ledger(archive, readers, options.home), None, "reading", options):
            if error is not None:
                refused += 1
                out.note(str(error))
        with Book.open(options.home) as book:
            digests = {"index.sqlite": archive.index.digest(), FILE: book.digest()}
    out.rows(
        ({"file": name, "rows": rows, "sha256": digest} for name, (rows, digest) in digests.items()), ("file", "rows", "sha256")
    )
    out.note(f"{refused} pages were not taken into the ledger" if refused else "every page was read again")
    return door.DONE
