"""The front door: the `crawl` command with every floor's commands mounted."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from archive import __version__, ask, door
from archive import cli as archive_cli
from archive.door import Globals
from crawler import cli as crawler_cli

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


for floor in (crawler_cli.app, ask.app, archive_cli.app):
    for command in floor.registered_commands:
        app.registered_commands.append(command)


def main(argv: Sequence[str] | None = None) -> None:
    """The console script. Global options may stand before or after the command."""
    words = door.hoist(sys.argv[1:] if argv is None else argv)
    with contextlib.suppress(BrokenPipeError):
        app(words, prog_name="crawl")
