"""This floor's commands: url, read, source, sources, reread, rebuild, import, demo."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from archive import __version__, ask, door
from archive.door import Globals, Shown
from archive.errors import ArchiveError, InUse, NotFound
from archive.ledger import coverage
from archive.ledger.observation import CoverageWindow
from crawler.errors import BadSettings

if TYPE_CHECKING:
    from archive.capture import Visit
    from archive.ledger.book import Book
    from archive.ledger.observation import Observation, Reading
    from crawler.crawl import Crawl, Desk, Done
    from crawler.politeness import Manners
    from crawler.settings import Settings
    from crawler.source import Query, Source

FIGURES = ("received", "decided", "verdicts", "convicted", "acquitted")
app = typer.Typer(no_args_is_help=True, add_completion=False)
T = TypeVar("T")


def now() -> datetime:
    """The one clock of this floor's commands: wall time in UTC."""
    return datetime.now(UTC)


def run(work: Coroutine[Any, Any, T]) -> T:
    """On uvloop where there is one."""
    with contextlib.suppress(ImportError):
        import uvloop

        return uvloop.run(work)
    return asyncio.run(work)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Errors that are ours end as a sentence and an exit status, not as a traceback."""
    try:
        yield
    except BadSettings as exc:
        door.complain(exc)
        raise typer.Exit(door.USAGE) from exc
    except ArchiveError as exc:
        raise door.fail(exc) from exc
    except OSError as exc:
        raise door.fail(ArchiveError(f"{exc.filename or 'input or output'}: {exc.strerror or exc}")) from exc


@contextlib.asynccontextmanager
async def at_desk(options: Globals, *, read: bool = True) -> AsyncIterator[Desk]:
    """One archive with its readers and its book, closed in the order that loses nothing."""
    from archive.ledger.book import Book
    from archive.store import Settings as Sizes
    from archive.store import Store
    from crawler.clerk import Clerk
    from crawler.crawl import Desk
    from crawler.readers import Readers

    settings = load(options.home)
    sizes = Sizes(rotate=settings.warc_bytes, level=settings.level, floor=settings.free_bytes)
    async with contextlib.AsyncExitStack() as stack:
        store = stack.enter_context(Store.open(options.home, settings=sizes))
        clerk = readers = None
        if read:
            book = stack.enter_context(Book.open(options.home, write=True))
            clerk = await stack.enter_async_context(Clerk(book))
            readers = stack.enter_context(Readers(settings.readers))
        yield Desk(store, clerk, readers)


@contextlib.asynccontextmanager
async def opened(options: Globals, *, read: bool = True) -> AsyncIterator[Crawl]:
    """The same, with its network."""
    from crawler.crawl import Crawl
    from crawler.fetch import NetworkFetcher
    from crawler.politeness import Politeness
    from crawler.wire import ConnectTo, Wire

    settings = load(options.home)
    try:
        wire = Wire(connect_to=ConnectTo(options.connect_to), ca=options.ca)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    async with contextlib.AsyncExitStack() as stack:
        desk = await stack.enter_async_context(at_desk(options, read=read))
        politeness = Politeness(options.home / "state.sqlite", pace=options.pace, per_host=options.per_host)
        stack.callback(politeness.close)
        stack.push_async_callback(wire.aclose)

        async def aside(visit: Visit) -> None:
            await desk.keep(visit)

        name = user_agent(settings)
        fetcher = NetworkFetcher(wire, politeness, user_agent=name, manners=manners, aside=aside, tries=settings.tries)
        yield Crawl(fetcher, desk, now)


def load(home: Path) -> Settings:
    from crawler import settings

    return settings.load(home)


def user_agent(settings: Settings) -> str:
    return f"kartoteka/{__version__}" + (f" (+{settings.contact})" if settings.contact else "")


def manners(url: str) -> Manners:
    """How we behave towards an address: what its source declares, else the general rule."""
    from crawler.politeness import Manners
    from crawler.sites import source_for

    source = source_for(url)
    if source is None:
        return Manners(pause=2.0)
    return Manners(pause=source.pause, platform=source.platform, platform_pause=source.platform_pause)


def addresses(given: list[str]) -> Iterable[str]:
    """The addresses of a command line; `-` reads them from standard input, one a line, as they come."""
    for word in given:
        if word != "-":
            yield word
            continue
        for line in sys.stdin:
            if line.strip() and not line.startswith("#"):
                yield line.strip()


@app.command("url")
def url_(
    ctx: typer.Context,
    urls: Annotated[list[str], typer.Argument(metavar="URL... | -", help="addresses; `-`: read them from standard input")],
    no_read: Annotated[bool, typer.Option("--no-read", help="archive only: nothing is read or entered")] = False,
) -> None:
    """Fetch, keep, read and enter each address."""
    options: Globals = ctx.obj
    with told():
        raise typer.Exit(run(_urls(options, door.shown(ctx), urls, read=not no_read)))


async def _urls(options: Globals, out: Shown, urls: list[str], *, read: bool) -> int:
    from crawler.inbox import Inbox

    settings = load(options.home)
    tally = Tally(out, each=True)
    try:
        async with opened(options, read=read) as crawl:
            async for done in crawl.urls(addresses(urls), in_flight=settings.in_flight, per_host=options.per_host or 1):
                tally.add(done)
    except InUse:
        inbox = Inbox(options.home)
        if (pid := inbox.taker()) is None:
            raise
        out.note(f"the archive is held by a daemon (process {pid}): it does this work, with its own options")
        for row, fine in inbox.answers(inbox.hand_in(list(addresses(urls)), read=read)):
            tally.tell(row, fine=fine)
    return tally.finish()


class Tally:
    """Shows results as they come and remembers whether all went well. each: those that went well too, to people."""

    def __init__(self, out: Shown, *, each: bool) -> None:
        self.out, self.each = out, each
        self.all = self.bad = 0

    def add(self, done: Done) -> None:
        self.tell(done.row(), fine=done.fine)

    def tell(self, row: dict[str, object], *, fine: bool) -> None:
        self.all += 1
        self.bad += not fine
        if self.out.json:
            self.out.line(row)
        elif self.each or not fine:
            self.out.text(plain(row))

    def finish(self) -> int:
        if not self.all:
            self.out.note("no address was given; name one, or pipe a list into `crawl url -`")
            return door.NOTHING
        self.out.note(f"{self.all} visited, {self.bad} could not be fetched or read")
        return door.PARTLY if self.bad else door.DONE


def plain(row: dict[str, object]) -> str:
    """One visit as a person reads it."""
    words = [str(row["outcome"]), str(row["status"] or "-"), str(row["verdict"] or "-"), str(row["observations"] or 0).rjust(4)]
    tail = f"  {row['error']}" if row["error"] else ""
    return door.visible(
        f"{words[0]:<13} {words[1]:<4} {words[2]:<12} {words[3]} values  {row['final_url']}  {row['capture']}{tail}"
    )


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


def reading_rows(reading: Reading) -> Iterator[dict[str, Any]]:
    """The lines of `crawl read --json` (CONTRACT): the verdict, then what was found in page order."""
    keys = ("kind", "subject", "property", "raw", "value", "derived", "selector", "quote", "start", "end", "charset")
    blank: dict[str, Any] = dict.fromkeys(keys)
    yield blank | {
        "kind": "verdict", "value": reading.verdict, "raw": reading.reason or None, "charset": reading.charset,
        "parser": reading.parser, "flags": list(reading.flags),
        "counter": [reading.counter.total, reading.counter.first, reading.counter.last] if reading.counter else None,
    }  # fmt: skip
    for said in reading.observations:
        yield blank | {name: getattr(said, name) for name in keys[1:-1]} | {"kind": "observation", "charset": reading.charset}
    for link in reading.links:
        yield blank | {"kind": "link", "property": link.rel, "raw": link.text, "value": link.url, "selector": link.selector}
    for unread in reading.unread:
        yield blank | {"kind": "unread", "raw": unread.text, "selector": unread.selector}


Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE")]


@app.command()
def source(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="as `crawl sources` lists it")],
    court: Annotated[list[str] | None, typer.Option("--court", metavar="CODE", help="official code; repeatable")] = None,
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="first day of receipt")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="last day of receipt")] = None,
) -> None:
    """One source, once: its listings, its cards, and what was covered."""
    from crawler.sites import sources
    from crawler.source import Query

    known = {each.name: each for each in sources()}
    if name not in known:
        raise typer.BadParameter(f"no source {name!r}; known are {', '.join(sorted(known))}")
    codes = {place.court for place in known[name].places()}
    for code in court or ():
        if code not in codes:
            raise typer.BadParameter(f"--court: {name} has no court {code!r}; `crawl sources --json` lists them")
    if first and last and first > last:
        raise typer.BadParameter("--from lies after --to")
    query = Query(tuple(court or ()), first.date() if first else None, last.date() if last else None)
    with told():
        raise typer.Exit(run(_source(ctx.obj, door.shown(ctx), known[name], query)))


async def _source(options: Globals, out: Shown, chosen: Source, query: Query) -> int:
    tally = Tally(out, each=options.verbose)
    async with opened(options) as crawl:
        run_id = str(uuid.uuid4())
        async for done in crawl.source(chosen, query, run_id):
            tally.add(done)
        windows = show_coverage(crawl, out, run_id)
    status = tally.finish()
    return door.PARTLY if status == door.DONE and not all(window.complete for window in windows) else status


def show_coverage(crawl: Crawl, out: Shown, run_id: str) -> list[CoverageWindow]:
    """A line for each court, register and window that this run asked for."""
    assert crawl.desk.clerk is not None
    windows = [window.asked for window in crawl.desk.clerk.book.coverage() if window.asked.run == run_id]
    out.rows(map(coverage.row, windows), ("court", "register", "from", "to", "expected", "read", "complete", "gap"), "Coverage")
    return windows


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
                {**base, "court": place.court, "title": place.title, "host": place.host, "aliases": list(place.aliases),
                 "seeds": list(place.seeds)}
            )  # fmt: skip
    door.shown(ctx).rows(rows, ("name", "kind", "court", "title", "host"))


@app.command()
def demo(ctx: typer.Context) -> None:
    """The demo court web on loopback, crawled end to end, with its tally."""
    import tempfile

    options: Globals = ctx.obj
    if not options.home_named:
        options.home = Path(tempfile.mkdtemp(prefix="kartoteka-demo-"))
    with told():
        raise typer.Exit(run(_demo(options, door.shown(ctx))))


async def _demo(options: Globals, out: Shown) -> int:
    """Two visits to the small world, 25 days apart by its own calendar; then what the ledger says beside what is true."""
    from archive.ledger import tally as counting
    from archive.ledger.case import fold
    from crawler.demo.server import serve
    from crawler.demo.world import World
    from crawler.sites import source_named

    world = World()
    tally = Tally(out, each=options.verbose)
    async with serve(world) as served:
        options.connect_to, options.ca, options.pace = list(served.connect_to), [served.ca_file], 0
        async with opened(options) as crawl:
            assert crawl.desk.clerk is not None
            for visit in (1, 2):
                world.turn(visit)
                out.text(f"Visit {visit}: {len(world.cases)} registrations at {len(world.courts)} courts, and one article")
                run_id = str(uuid.uuid4())
                lanes = [[seed for seed in world.seeds() if seed.court == court.code] for court in world.courts]
                async for done in crawl.seeds(source_named("sudrf"), lanes, run_id):
                    tally.add(done)
                async for done in crawl.urls(world.addresses()):
                    tally.add(done)
                show_coverage(crawl, out, run_id)
            book = crawl.desk.clerk.book
            windows = book.coverage()
            cases, as_of = fold(book.sightings(), book.ties()), book.as_of()
            counted = counting.tally(cases, counting.Question(by=("month",)), windows=windows, as_of=as_of)
            changed = next(case for case in cases if any(r.subject.endswith(world.changed) for r in case.registrations))
    true = world.truth().tally(("month",))
    same = all(
        row.group["month"] in {key[0] for key in true}
        and [getattr(row, name) for name in FIGURES] == [getattr(true[str(row.group["month"]),], name) for name in FIGURES]
        for row in counted.rows
    ) and len(true) == len(counted.rows)
    missing = world.script.missing()
    ask.print_tally(out, counted, ("month",))
    out.text(f"The ledger {'says what is true in the demo world' if same else 'DIFFERS from what is true in the demo world'}.")
    out.text(f"{len(world.script.happened)} accidents met; {len(missing)} of the script did not happen.")
    for step in missing:
        out.note(f"did not happen: {step.name}: {step.promise}")
    out.text(
        f"""The archive lies in {options.home}. Now try:
  crawl --home {options.home} cases
  crawl --home {options.home} tally --by month,court
  crawl --home {options.home} case {changed.numbers[0]}
  crawl --home {options.home} verify
  crawl --home {options.home} restore {world.editions()[0]} -o restored"""
    )
    tally.finish()
    return door.FAILED if missing or not same else door.DONE


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
    from archive.take import Untaken, take
    from archive.urls import identity

    if url is not None:
        try:
            url = identity(url)
        except ValueError as exc:
            raise typer.BadParameter(f"--url: {exc}") from exc
    for file in files:
        if not file.is_file():
            raise NotFound(f"there is no file {file}; nothing was taken in")
    tally, untaken = Tally(out, each=options.verbose), 0
    async with at_desk(options) as desk:
        for file in files:
            taken = take(desk.store, file, url=url)
            # Keeping blocks until it is durable: the loop goes on with reading meanwhile.
            while (each := await asyncio.to_thread(next, taken, None)) is not None:
                if isinstance(each, Untaken):
                    untaken += 1
                    record = "" if each.number is None else f" record {each.number} {each.url or ''}"
                    out.note(f"{each.file}{record}: {each.reason}")
                else:
                    tally.add(await desk.read(each.url, each))
    out.note(f"{untaken} records were not taken in")
    status = tally.finish()
    return door.PARTLY if untaken and tally.all else status


@app.command()
def reread(
    ctx: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="change nothing, compare")] = False,
    source: Annotated[str | None, typer.Option("--source", help="only this source's pages")] = None,
) -> None:
    """Read the archived bytes again with today's parsers."""
    with told():
        raise typer.Exit(run(_reread(ctx.obj, door.shown(ctx), check=check, source=source)))


async def _reread(options: Globals, out: Shown, *, check: bool, source: str | None) -> int:
    from archive.ledger.book import Book
    from archive.store import Archive, Store
    from crawler.readers import Readers
    from crawler.reread import compare, readings, to_read
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
                book.enter(capture, reading)
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


async def progress(rows: AsyncIterator[T], total: int | None, what: str, options: Globals) -> AsyncIterator[T]:
    """The same rows, with a bar on stderr where a person watches."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=options.quiet or not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        async for row in rows:
            yield row
            bar.advance(task)


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
