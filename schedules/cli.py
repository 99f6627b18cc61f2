"""The front door: the `crawl` command with every floor's commands mounted, and this floor's own: daemon, due, plan check."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from archive import __version__, ask, door, export_cli, search_cli, takedown_cli
from archive import cli as archive_cli
from archive.door import Globals, Shown
from archive.errors import NotAnArchive, NotFound
from crawler import cli as crawler_cli
from crawler.cli import run, told, waiting
from crawler.errors import BadSettings
from crawler.lines import Results

if TYPE_CHECKING:
    from archive.ledger.book import Book
    from schedules.plan import Past, Plan

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Crawl and archive court records and cited links; a case ledger in which every value points to its bytes.",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"kartoteka {__version__}")
        raise typer.Exit()


@app.callback()
def options(
    ctx: typer.Context,
    home: Annotated[Path | None, typer.Option(help="the archive's folder (or KARTOTEKA_HOME)", show_default=False)] = None,
    connect_to: Annotated[
        list[str] | None, typer.Option(metavar="HOST:PORT:ADDR:PORT2", help="connect there instead, as in curl; repeatable")
    ] = None,
    ca: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="extra trust anchors (PEM); repeatable")] = None,
    pace: Annotated[float | None, typer.Option(min=0, metavar="SECONDS", help="override every politeness pause")] = None,
    per_host: Annotated[int | None, typer.Option(min=1, metavar="N", help="exchanges at once with one host")] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON Lines on stdout")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="less on stderr")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="more on stderr")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="the version")] = False,
) -> None:
    named = home is not None or door.HOME_VARIABLE in os.environ
    place = (home or door.default_home()).expanduser()
    ctx.obj = Globals(place, connect_to or [], ca or [], pace, per_host, json, quiet, verbose, named)


plans = typer.Typer(no_args_is_help=True, help="The plan: what is watched, and how often.")
app.add_typer(plans, name="plan")


@plans.command()
def check(ctx: typer.Context) -> None:
    """Is the plan right? Makes one with comments where there is none; an error names its line."""
    from schedules import planfile
    from schedules.plan import spoken

    out = door.shown(ctx)
    with told():
        path = planfile.make(ctx.obj.home)
        plan = planned(ctx.obj.home)
        out.rows(
            (
                {
                    "source": each.name,
                    "every": spoken(each.every),
                    "days": getattr(each, "days", None),
                    "months": getattr(each, "months", None),
                    "quiet": each.quiet,
                }
                for each in plan.targets
            ),
            ("source", "every", "days", "months", "quiet"),
        )
        out.note(f"{path} is right: {len(plan.targets)} targets" + ("" if plan.targets else "; name some in it"))


@app.command()
def due(ctx: typer.Context) -> None:
    """What is due now by the plan, and why; nothing is fetched."""
    from crawler.opening import now
    from schedules.plan import turns

    out, at = door.shown(ctx), now()
    with told():
        plan = planned(ctx.obj.home)
        coming = turns(plan, past(ctx.obj.home, plan, at), at)
        out.rows((each.row() for each in coming if each.due <= at), ("source", "due", "last", "reason"))
        later = [each for each in coming if each.due > at]
        out.note(f"{len(coming) - len(later)} of {len(coming)} targets are due")
        if later:
            out.note(f"next is {later[0].target.name}, at {later[0].row()['due']}")


@app.command()
def daemon(ctx: typer.Context) -> None:
    """Run the plan until told to stop (SIGTERM; SIGHUP reads the plan anew)."""
    with told():
        raise typer.Exit(run(_daemon(ctx.obj, door.shown(ctx))))


async def _daemon(options: Globals, out: Shown) -> int:
    from crawler.opening import now, opened
    from crawler.settings import load
    from schedules import planfile
    from schedules.daemon import Daemon, Orders, signals

    settings = load(options.home)
    path = planfile.make(options.home)

    def agreed() -> Plan:
        """The plan as its file says now, where it may be run. Raises BadSettings."""
        plan = planned(options.home)
        if not settings.contact and not on_loopback(plan, options.connect_to):
            raise BadSettings(
                f"a daemon asks other people's servers for months: say whom they can write to, "
                f'contact = "https://..." in {options.home / "kartoteka.toml"}'
            )
        return plan

    plan = agreed()
    if not settings.contact and plan.targets:
        out.note("no contact is set: this runs only because --connect-to leads every target of the plan to this machine")
    if not plan.targets:
        out.note(f"{path} names nothing to watch: fill it in, then send this process SIGHUP")
    results, orders = Results(out, each=options.verbose), Orders()
    with signals(orders):
        async with opened(options, waiting=waiting(out)) as crawl:
            watch = Daemon(
                crawl, plan, agreed, orders, done=results.add, note=out.note, now=now,
                in_flight=settings.in_flight, per_host=options.per_host or 1,
            )  # fmt: skip
            await watch.run()
    out.note(f"stopped: {results.all} visited, {results.bad} could not be fetched or read")
    return door.DONE


def planned(home: Path) -> Plan:
    """The plan as its file says now; an empty one where there is none. Raises BadSettings."""
    from crawler.sites import sources
    from schedules import planfile
    from schedules.plan import Plan

    return planfile.load(home, sources()) or Plan()


def past(home: Path, plan: Plan, at: datetime) -> dict[str, Past]:
    """When each target was visited last; read without the lock, so beside a daemon too."""
    from archive.ledger.book import Book
    from archive.shelf import Archive
    from crawler.sites import sources
    from schedules.past import pasts

    with contextlib.ExitStack() as stack:
        try:
            archive = stack.enter_context(Archive.open(home))
        except (NotAnArchive, NotFound):
            return {}  # nothing was ever kept
        book: Book | None = None
        with contextlib.suppress(NotFound):
            book = stack.enter_context(Book.open(home))
        return pasts(plan.targets, archive, book, {source.name: source for source in sources()}, at)


def on_loopback(plan: Plan, rules: Sequence[str]) -> bool:
    """Do these rules of --connect-to lead every target to this machine?"""
    from crawler.opening import now
    from crawler.sites import source_named
    from crawler.wire import ConnectTo

    try:
        connect = ConnectTo(rules)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    today = now().date()
    urls = [each.url for each in plan.addresses]
    urls += [seed.url for each in plan.dockets for seed in source_named(each.source).seeds(each.query(today))]
    for parts in {urlsplit(url)[:2] for url in urls}:
        asked = urlsplit(f"{parts[0]}://{parts[1]}")
        host = connect.target(asked.hostname or "", asked.port or {"http": 80}.get(asked.scheme, 443)).host
        try:
            if not ip_address(host).is_loopback:
                return False
        except ValueError:
            return False
    return True


for floor in (crawler_cli.app, ask.app, export_cli.app, takedown_cli.app, search_cli.app, archive_cli.app):
    for command in floor.registered_commands:
        app.registered_commands.append(command)


def main(argv: Sequence[str] | None = None) -> None:
    """The console script. Global options may stand before or after the command."""
    words = door.hoist(sys.argv[1:] if argv is None else argv)
    with contextlib.suppress(BrokenPipeError):
        app(words, prog_name="crawl")
