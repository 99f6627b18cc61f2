"""The front door: the `crawl` command with every floor's commands mounted, and this floor's own: daemon, due, plan check."""

from __future__ import annotations

import contextlib
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer
from typer.core import TyperGroup
from typer.main import get_command_from_info, get_command_name, get_group_from_info
from typer.models import CommandInfo, TyperInfo

from archive import __version__, door
from archive.door import Globals, Shown
from crawler.cli import run, told
from crawler.errors import BadSettings
from crawler.lines import Results

if TYPE_CHECKING:
    from schedules.plan import Plan


def rooms() -> Iterator[typer.Typer]:
    """The commands of the other rooms, one room after another: each is imported when it is asked for, and no sooner."""
    from crawler import cli as crawler_cli

    yield crawler_cli.app
    from crawler import claims_cli

    yield claims_cli.app
    from crawler import editions_cli

    yield editions_cli.app
    yield group(editions_cli.mirrors_app, "mirrors")
    from crawler import cites_cli

    yield cites_cli.app
    from crawler import stamp_cli

    yield stamp_cli.app
    from archive import ask

    yield ask.app
    from archive import cli as archive_cli

    yield archive_cli.app
    from archive import export_cli

    yield export_cli.app
    from archive import search_cli

    yield search_cli.app
    from archive import takedown_cli

    yield takedown_cli.app
    from archive import review

    yield review.app
    yield group(review.review, "review")
    from schedules import operate

    yield operate.app


def group(commands: typer.Typer, name: str) -> typer.Typer:
    """Commands under one name."""
    room = typer.Typer()
    room.add_typer(commands, name=name)
    return room


class Front(TyperGroup):
    """Every command, each made when it is named: to make them all costs more than what most of them do."""

    def __init__(self, **said: Any) -> None:
        super().__init__(**said)
        self._rooms = rooms()
        self._known: dict[str, CommandInfo | TyperInfo] = {}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        while cmd_name not in self.commands and cmd_name not in self._known:
            if (room := next(self._rooms, None)) is None:
                self._make(*self._known)  # from them the nearest one is told
                break
            self._known |= _named(room)
        if cmd_name not in self.commands and cmd_name in self._known:
            self._make(cmd_name)
        return self.commands.get(cmd_name)

    def list_commands(self, ctx: Any) -> list[str]:
        for room in self._rooms:
            self._known |= _named(room)
        return list(dict.fromkeys((*self.commands, *self._known)))

    def _make(self, *names: str) -> None:
        markup = self.rich_markup_mode
        for name in names:
            told = self._known[name]
            self.commands[name] = (
                get_command_from_info(told, pretty_exceptions_short=False, rich_markup_mode=markup)
                if isinstance(told, CommandInfo)
                else get_group_from_info(told, pretty_exceptions_short=False, suggest_commands=True, rich_markup_mode=markup)
            )


def _named(room: typer.Typer) -> dict[str, CommandInfo | TyperInfo]:
    """A room's commands and groups by their names."""
    commands = {
        each.name or get_command_name(each.callback.__name__): each for each in room.registered_commands if each.callback
    }
    return {**commands, **{str(each.name): each for each in room.registered_groups}}


app = typer.Typer(
    cls=Front,
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
    from schedules.planned import planned

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
                    "vantages": each.vantages or None,
                }
                for each in plan.targets
            ),
            ("source", "every", "days", "months", "quiet", "vantages"),
        )
        out.note(f"{path} is right: {len(plan.targets)} targets" + ("" if plan.targets else "; name some in it"))


@app.command()
def due(ctx: typer.Context) -> None:
    """What is due now by the plan, and why; nothing is fetched."""
    from crawler.opening import now
    from schedules.plan import turns
    from schedules.planned import past, planned

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
def daemon(
    ctx: typer.Context,
    metrics: Annotated[
        int | None,
        typer.Option(min=0, max=65535, metavar="PORT", help="/metrics, /healthz and /readyz at this port of 127.0.0.1"),
    ] = None,
    log_format: Annotated[
        str | None,
        typer.Option(
            "--log-format",
            metavar="json|console",
            help="the log on stderr: an object a line, or for people",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run the plan until told to stop (SIGTERM; SIGHUP reads the plan anew)."""
    from schedules.journal import FORMS

    if log_format is not None and log_format not in FORMS:
        raise typer.BadParameter(f"--log-format is {' or '.join(FORMS)}")
    with told():
        raise typer.Exit(run(_daemon(ctx.obj, door.shown(ctx), metrics, log_format)))


async def _daemon(options: Globals, out: Shown, port: int | None, form: str | None) -> int:
    from crawler.opening import carrier, now, opened
    from crawler.settings import load
    from schedules import planfile
    from schedules.chores import Chores, beside
    from schedules.daemon import Daemon, Orders, signals
    from schedules.journal import Event, Telling, begun, journal, reloading
    from schedules.planned import planned, route
    from schedules.watching import Watching

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
    form = form or settings.log.format or "console"
    with journal(form, sys.stderr, now, quiet=options.quiet, verbose=options.verbose) as log:
        if not settings.contact and plan.targets:
            log.note("no contact is set: this runs only because --connect-to leads every target of the plan to this machine")
        if not plan.targets:
            log.note(f"{path} names nothing to watch: fill it in, then send this process SIGHUP")
        results, orders = Results(out, each=options.verbose), Orders()
        with signals(orders):
            async with opened(options, waiting=log.waiting) as crawl, gauged(port, log.note) as say:
                crawl.fetcher = Telling(crawl.fetcher, log.tell)
                begun(log.tell, crawl.desk.store.recovery, plan)

                def routed() -> Plan:
                    with reloading(log.tell):
                        told = agreed()
                        route(told, crawl.routes)
                    log.tell(Event.RELOADED, targets=len(told.targets))
                    return told

                route(plan, crawl.routes)
                watching = Watching(
                    options.home, floor=settings.free_bytes, stamped=bool(settings.authorities),
                    vantages=bool(settings.vantages), tell=log.tell,
                )  # fmt: skip
                watch = Daemon(
                    crawl, plan, routed, orders, done=log.told_of(results.add), note=log.note, now=now,
                    in_flight=settings.in_flight, per_host=options.per_host or 1, watching=watching, told=log.standing(say),
                )  # fmt: skip
                try:
                    store = crawl.desk.store
                    async with (
                        carrier(options, store, log.note) as carry,
                        beside(Chores(store, log.note, random.SystemRandom(), carry.carry, tell=log.tell)),
                    ):
                        await watch.run()
                finally:
                    watching.close()
        log.tell(Event.STOPPED, visited=results.all, bad=results.bad)
        log.note(f"stopped: {results.all} visited, {results.bad} could not be fetched or read")
    return door.DONE


@contextlib.asynccontextmanager
async def gauged(port: int | None, note: Callable[[str], None]) -> AsyncIterator[Callable[[dict[str, object]], None]]:
    """Whom a daemon tells how it stands: its supervisor, and who asks at the port. Raises BadSettings."""
    from schedules.gauges import Gauges, Served
    from schedules.supervised import Supervisor

    supervisor, gauges = Supervisor(os.environ), Gauges(time.monotonic)
    served = None if port is None else Served(gauges, port)
    ready = False

    def say(told: dict[str, object]) -> None:
        nonlocal ready
        gauges.say(told)
        status = f"{told['state']}: {told['visited']} visited, {told['bad']} bad, {told['in_flight']} in flight"
        if not ready:
            supervisor.ready(status)
            ready = True
        if told["state"] == "running":
            supervisor.alive(status)
        else:
            supervisor.stopping()

    if served is not None:
        note(f"how it stands: http://127.0.0.1:{served.port}/metrics")
    try:
        yield say
    finally:
        if served is not None:
            served.close()


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


def main(argv: Sequence[str] | None = None) -> None:
    """The console script. Global options may stand before or after the command."""
    words = door.hoist(sys.argv[1:] if argv is None else argv)
    with contextlib.suppress(BrokenPipeError):
        app(words, prog_name="crawl")
