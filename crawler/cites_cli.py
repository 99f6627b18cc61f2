"""The command that archives what documents cite: cites."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive import door
from archive.door import Globals, Shown
from crawler.cli import SHORT, run, told, waiting

if TYPE_CHECKING:
    from crawler.cites import Wish

app = typer.Typer(no_args_is_help=True, add_completion=False)
HEALTH = ("health", "url", "edition", "drift", "work", "reason")
VISIT = ("outcome", "status", "role", "url")


@app.command()
def cites(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="PDF, DOCX, RTF, HTML, Markdown or plain text")],
    url: Annotated[
        str | None, typer.Option("--url", help="the address the document came from; relative links start there")
    ] = None,
    cited: Annotated[
        datetime | None, typer.Option("--cited", formats=["%Y-%m-%d"], help="the day on which the document cites")
    ] = None,
    web_archives: Annotated[
        bool, typer.Option("--web-archives", help="public web archives may be asked for what cannot be had elsewhere")
    ] = False,
    timegate: Annotated[str | None, typer.Option(help="the TimeGate to ask (RFC 7089)", metavar="URL")] = None,
    cdx: Annotated[str | None, typer.Option(help="the CDX server to ask", metavar="URL")] = None,
    vantage: Annotated[
        str | None,
        typer.Option(help="the name of the place we ask from: one of kartoteka.toml's [[vantages]] is gone through"),
    ] = None,
) -> None:
    """Keep documents and archive every link they cite; ends with a table of the links' health."""
    from archive.urls import identity
    from crawler import copies
    from crawler.cites import Wish
    from crawler.health import HERE

    if url is not None:
        try:
            url = identity(url)
        except ValueError as exc:
            raise typer.BadParameter(f"--url: {exc}") from exc
        if len(files) > 1:
            raise typer.BadParameter("--url names the address of one document; cite the others apart")
    for file in files:
        if not file.is_file():
            raise typer.BadParameter(f"{file} is {'a folder' if file.is_dir() else 'not there'}; nothing was fetched")
    wish = Wish(
        cited.date() if cited else None, web_archives, timegate or copies.TIMEGATE, cdx or copies.CDX, vantage or HERE
    )  # fmt: skip
    with told():
        raise typer.Exit(run(_cites(ctx.obj, door.shown(ctx), files, url, wish)))


async def _cites(options: Globals, out: Shown, files: list[Path], url: str | None, wish: Wish) -> int:
    from crawler.cites import Citing
    from crawler.errors import Unreadable
    from crawler.opening import opened
    from crawler.settings import load

    links: list[dict[str, Any]] = []
    unread = visits = 0
    ways = {each.name for each in load(options.home).vantages}
    through = wish.vantage if wish.vantage in ways else None  # any other name is this machine's own
    async with opened(options, patience=SHORT, waiting=waiting(out), vantage=through) as crawl:
        citing = Citing(crawl, wish)
        for file in files:
            try:
                async for row in citing.rows(file, url):
                    visits += "outcome" in row
                    if row.get("kind") == "health":
                        links.append(row)
                    if out.json:
                        out.line(row)
                    elif row.get("kind") != "health":
                        out.text(door.visible(_plain(row)))
            except Unreadable as exc:
                unread += 1
                door.complain(exc)
    if not out.json:
        out.rows(links, HEALTH, "Health of the links")
    out.note(
        f"{len(files)} documents, {len(links)} addresses cited, {visits} visits; {citing.missed} could not be had anywhere"
        + ("" if wish.archives else "; public web archives were not asked (--web-archives)")
        + "; pages are kept as received, not rendered"
    )
    return door.PARTLY if citing.missed or unread else door.DONE


def _plain(row: dict[str, Any]) -> str:
    """One line as a person reads it."""
    kind = row.get("kind")
    if kind == "document":
        return f"{row['document']}: kept as {row['capture']}, sha256 {row['payload_sha256']}"
    if kind == "reference":
        cases = ", ".join(each["case"] for each in row["cases"]) or "no case held here"
        return f"{row['document']}: {row['reference']} {row['value'] or row['anchor']}: {cases}"
    if "outcome" in row:
        tail = f"  {row['error']}" if row["error"] else ""
        return f"{row['outcome']:<13} {row['status'] or '-'!s:<4} {row['role']:<9} {row['final_url']}{tail}"
    return (
        f"{row['document']}: {kind}: {row.get('source') or row.get('anchor') or row.get('reason') or row.get('alternatives')}"
    )
