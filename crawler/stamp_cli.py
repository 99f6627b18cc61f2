"""The command that has the log stamped now: `crawl stamp`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from archive import door
from archive.door import Globals, Shown
from crawler.cli import run, told

if TYPE_CHECKING:
    from archive.stamped import Line

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
def stamp(ctx: typer.Context) -> None:
    """Log and sign what is kept, and have the checkpoint stamped now by the authorities that kartoteka.toml names.

    The daemon does so each hour while there is something new. Exit status 3 where somebody did not stamp it, 5 where nobody is
    named.
    """
    with told():
        raise typer.Exit(run(_stamp(ctx.obj, door.shown(ctx))))


async def _stamp(options: Globals, out: Shown) -> int:
    from archive.log import Log
    from archive.stamped import Stamped
    from archive.store import Store
    from crawler.logged import log_kept
    from crawler.opening import carrier
    from crawler.settings import load

    settings = load(options.home)
    if not settings.authorities and not settings.calendars:
        out.note("no authority is named: put two or more [[authorities]] with name, url and roots into kartoteka.toml")
        return door.NOTHING
    notes: list[str] = []

    def note(text: str) -> None:
        notes.append(text)
        out.note(text)

    with Store.open(options.home, create=False) as store:
        log_kept(store, note)
        async with carrier(options, store, note) as carry:
            await carry.carry(at_once=True)
    checkpoint = Log(options.home).checkpoint()
    size = 0 if checkpoint is None else checkpoint.size
    lines = [line for line in Stamped(options.home).lines() if line.size == size]
    out.rows([_row(line) for line in lines], ("file", "states", "ends", "sha256"))
    return door.PARTLY if notes else door.DONE if lines else door.NOTHING


def _row(line: Line) -> dict[str, object]:
    return {
        "size": line.size,
        "file": f"log/stamps/{line.file}",
        "states": line.states,
        "ends": line.ends,
        "sha256": line.sha256,
    }
