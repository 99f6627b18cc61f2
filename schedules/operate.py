"""What keeps an archive well, for who looks after it: status, doctor, backup; nothing is fetched, no lock is taken."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive import door
from archive.door import Globals, Shown
from archive.errors import NotAnArchive, NotFound
from crawler.cli import told

if TYPE_CHECKING:
    from archive.finding import Finding

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

LOOKED = 2.0  # seconds between two looks of `crawl status --watch`
NEXT = 10  # targets that are shown to a person; with --json all are
HOST = ("host", "in_flight", "visited", "bad", "outcome", "last_success", "paused_until", "why")
TARGET = ("source", "due", "last", "reason")
ALARM = ("alarm", "subject", "raised", "detail", "captures")
VANTAGE = ("vantage", "proxy", "paused_until", "why")


@app.command()
def status(
    ctx: typer.Context,
    watch: Annotated[bool, typer.Option("--watch", help="look again every two seconds, until interrupted")] = False,
) -> None:
    """What is happening: the daemon, its hosts, vantages and pauses, what is due next, alarms that stand, the archive."""
    out = door.shown(ctx)
    with told():
        while True:
            rows = list(_standing(ctx.obj))
            if out.json:
                out.rows(rows)
            else:
                if watch and sys.stdout.isatty():
                    out.text("\x1b[2J\x1b[H")
                _show(out, rows)
            if not watch:
                return
            time.sleep(LOOKED)


def _standing(options: Globals) -> Iterator[dict[str, Any]]:
    from archive.disk import Disk
    from archive.shelf import Archive
    from crawler import settings
    from crawler.opening import now
    from crawler.politeness import pauses
    from schedules import alarms, standing
    from schedules.hidden import Hidden
    from schedules.plan import turns
    from schedules.planned import past, planned

    at, home = now(), options.home
    quiet = pauses(home / "state.sqlite")
    yield from standing.rows(standing.read(home, at), quiet)
    yield from standing.vantages(settings.load(home).vantages, quiet)
    standing_now = alarms.standing(home)
    hidden = Hidden(home).now() if standing_now else Hidden(home)
    yield from (replace(each, alarm=hidden.alarm(each.alarm)).row() for each in standing_now)
    plan = planned(home)
    yield from ({"kind": "target", **each.row()} for each in turns(plan, past(home, plan, at), at))
    try:
        with Archive.open(home) as archive:
            last = archive.index.next_seq() - 1
            newest = next((capture.at for capture in archive.captures(since_seq=max(last, 0))), None)
            yield {
                "kind": "archive",
                "home": str(home),
                "captures": last + 1,
                "newest": None if newest is None else f"{newest:%Y-%m-%dT%H:%M:%SZ}",
                "unlogged": archive.index.waits(),
                "free": Disk().space(home),
            }
    except (NotFound, NotAnArchive):
        yield {"kind": "archive", "home": str(home), "captures": 0, "newest": None, "unlogged": 0, "free": None}


def _show(out: Shown, rows: list[dict[str, Any]]) -> None:
    """The same for a person."""
    of = {
        kind: [row for row in rows if row["kind"] == kind]
        for kind in ("daemon", "host", "target", "alarm", "archive", "vantage")
    }
    for row in of["daemon"]:
        out.text(_daemon(row))
    for row in of["archive"]:
        free = "" if row["free"] is None else f", {row['free'] / 2**30:.1f} GiB free"
        newest = f", the newest of {row['newest']}" if row["newest"] else ""
        out.text(f"archive {row['home']}: {row['captures']} captures{newest}, {row['unlogged']} not in the log yet{free}")
    if of["alarm"]:
        out.rows(of["alarm"], ALARM, "alarms")
    else:
        out.text("no alarm stands")
    if of["vantage"]:
        out.rows(of["vantage"], VANTAGE, "vantages beside this machine")
    if of["host"]:
        out.rows(of["host"][: 2 * NEXT], HOST, "hosts")
    if of["target"]:
        out.rows(of["target"][:NEXT], TARGET, "next")
        if len(of["target"]) > NEXT:
            out.text(f"and {len(of['target']) - NEXT} targets more: `crawl due`, or --json")


def _daemon(row: dict[str, Any]) -> str:
    if row["state"] == "never ran":
        return "no daemon ever ran here: `crawl daemon` starts one"
    words = {
        "running": "running",
        "stopping": "stopping",
        "stopped": "stopped",
        "killed": "gone without a word (killed, or the power failed): start it again, nothing kept is lost",
        "hangs": "there, and has said nothing for a minute",
    }[row["state"]]
    busy = f", busy with {', '.join(row['running'][:5])}" if row["running"] else ""
    return (
        f"daemon (process {row['pid']}) since {row['since']}: {words}; {row['visited']} visited, {row['bad']} bad, "
        f"{row['per_minute']} a minute, {row['in_flight']} in flight, {row['orders']} orders wait{busy}"
    )


@app.command()
def doctor(
    ctx: typer.Context,
    network: Annotated[
        bool,
        typer.Option("--network", help="connect to hosts, proxies, stampers and receivers that plan and settings name, too"),
    ] = False,
) -> None:
    """Is this machine fit? Home, disk, clock, versions, permissions, settings and plan, keys, network; says what to do.

    Exit status 4 where a check failed.
    """
    from archive.finding import status as outcome
    from crawler.opening import now
    from schedules.doctor import examine, mapped

    out, options = door.shown(ctx), ctx.obj
    try:
        target = mapped(options.connect_to)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    seen: list[Finding] = []

    def rows() -> Iterator[dict[str, str]]:
        for finding in examine(options.home, os.environ, now, target if network else None):
            seen.append(finding)
            yield finding.row()

    with told():
        out.rows(rows(), ("check", "subject", "outcome", "detail"))
        raise typer.Exit(outcome(seen))


@app.command()
def backup(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="a new folder, or an earlier copy to bring up to date")],
) -> None:
    """A consistent copy of the archive, while a daemon may run. `crawl verify --home DIR` checks it, and DIR is an archive."""
    from archive.backup import backup as copy
    from archive.keyring import Keyring

    out, options, keys = door.shown(ctx), ctx.obj, Keyring.of(os.environ).folder
    with told():
        seen: list[dict[str, object]] = []

        def rows() -> Iterator[dict[str, object]]:
            for copied in copy(options.home, folder):
                seen.append(copied.row())
                yield seen[-1]

        out.rows(rows(), ("file", "bytes", "sha256", "new"))
        new = [row for row in seen if row["new"]]
        octets = sum(int(str(row["bytes"])) for row in new)
        out.note(f"{len(seen)} files, {len(new)} copied now ({octets / 2**20:.1f} MiB); check it: crawl verify --home {folder}")
        out.note(f"the log's key is not in it: keep a copy of {keys} in another place")
