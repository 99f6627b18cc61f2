"""The door to what the archive proves: verify, prove, restore and log; no network, and no library that brings one."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archive import door
from archive.ask import moment, told
from archive.door import Globals, Shown
from archive.errors import NotFound

if TYPE_CHECKING:
    from archive.finding import Finding
    from archive.packcheck import Trust

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
COLUMNS = ("check", "subject", "outcome", "detail")
ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Known:
    """What whoever asks for a verification knows from elsewhere, of packs; fresh: nothing that a run before it read counts."""

    key: str | None = None
    roots: Path | None = None
    fresh: bool = False

    def trust(self) -> Trust:
        """With what this machine knows. Raises BadRecord, BadStamp where it cannot be read."""
        from archive.keyring import Keyring
        from archive.note import Verifier
        from archive.packcheck import Trust
        from archive.stamps import certificates

        ring = Keyring.of(os.environ)
        given = None
        if self.key is not None:
            given = Verifier.parse(Path(self.key).read_text("utf-8", "replace") if Path(self.key).is_file() else self.key)
        pem = self.roots.read_bytes() if self.roots is not None else ring.roots()
        return Trust(given, "that was given with --key", certificates(pem), ring.block)


@app.command()
def verify(
    ctx: typer.Context,
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID|FILE|PACK]...",
            help="captures of the archive, files that others made, or evidence packs; none: the whole archive",
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="read all of it, though a run that was stopped has read a part")
    ] = False,
    key: Annotated[
        str | None, typer.Option(metavar="KEY|FILE", help="packs: the log's public key, as you have it from elsewhere")
    ] = None,
    roots: Annotated[
        Path | None, typer.Option(metavar="FILE.pem", help="packs: root certificates of time-stamping authorities")
    ] = None,
) -> None:
    """Numbered checks over archive and ledger, or over an evidence pack (docs/pack.md); over files that others made: strict
    conformance to the standard.

    A run over the whole archive that was stopped is gone on with. Exit status 4 where a check failed, 5 where nothing was
    checked.
    """
    with told():
        known = Known(key, roots, fresh=fresh)
        raise typer.Exit(verify_command(ctx.obj, door.shown(ctx), targets or [], known))


def verify_command(options: Globals, out: Shown, targets: Sequence[str], known: Known | None = None) -> int:
    """Findings as they come; the exit status. Raises NotFound for a target that is no file, pack, capture or visit."""
    from archive.finding import status

    seen: list[Finding] = []

    def rows() -> Iterator[dict[str, str]]:
        for finding in _findings(options, out, targets, known or Known()):
            seen.append(finding)
            yield finding.row()

    out.rows(rows(), COLUMNS)
    return status(seen)


def _findings(options: Globals, out: Shown, targets: Sequence[str], known: Known) -> Iterable[Finding]:
    from rich.console import Console
    from rich.progress import Progress

    files = [Path(target) for target in targets if Path(target).exists()]
    ids = [target for target in targets if not Path(target).exists()]
    for target in ids:
        if not ID.fullmatch(target):
            raise NotFound(f"{target} is neither a file nor a pack nor the id of a capture")
    for path in files:
        from archive.foreign import verify_file
        from archive.packcheck import is_pack, verify_pack

        if is_pack(path):
            yield from verify_pack(path, known.trust())
        elif path.is_dir():
            raise NotFound(f"{path} is a folder, and no evidence pack: an archive is verified with --home {path}")
        else:
            yield from verify_file(path)
    if files and not ids:
        return
    from archive.keyring import Keyring
    from archive.verify import verify as checks
    from archive.verify.carried import forget

    scratch = door.scratch(options.home)
    if known.fresh:
        forget(scratch)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=options.quiet or not console.is_terminal) as bar:
        task = bar.add_task("verifying", total=None)
        yield from checks(
            options.home,
            ids,
            keys=Keyring.of(os.environ),
            progress=lambda name, done, whole: bar.update(task, description=name, completed=done, total=whole),
            scratch=scratch,
            note=out.note,
        )


@app.command()
def prove(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="a case, a registration or a part of it, a page's address")],
    property: Annotated[str | None, typer.Argument(help="one property: number, result, name, ...")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE.html", help="one page for a court, to open and print")
    ] = None,
) -> None:
    """A report on values of the ledger: where they stand in the archived bytes, what was checked, and the limits."""
    if out is not None and out.suffix.lower() not in (".html", ".htm"):
        raise typer.BadParameter(f"--out makes a page, FILE.html, not {out.name}")
    with told():
        raise typer.Exit(prove_command(ctx.obj, door.shown(ctx), name, property, out))


def prove_command(options: Globals, out: Shown, name: str, property: str | None, page: Path | None = None) -> int:
    """The report; the exit status of its checks. Raises NotFound where the ledger has no such value."""
    import hashlib

    from archive.finding import status
    from archive.ledger.book import Book
    from archive.prove import prove as proof
    from archive.report import text
    from archive.sheet import sheet
    from archive.store import Archive

    with Archive.open(options.home) as archive, Book.open(options.home) as book:
        report = proof(archive, book, name, property)
    if page is not None:
        octets = sheet(report).encode("utf-8", "backslashreplace")
        page.write_bytes(octets)
        out.rows([{"file": str(page), "rows": len(report.values), "sha256": hashlib.sha256(octets).hexdigest()}])
    elif out.json:
        for row in report.rows():
            out.line(row)
    else:
        out.text("\n".join(door.visible(line) for line in text(report).split("\n")))
    return status(report.findings)


@app.command()
def restore(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(metavar="URL|CAPTURE", help="an address, or the id of a capture")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="a new folder, or an empty one", show_default=False)],
    at: Annotated[str | None, typer.Option(metavar="TIME", help="the capture nearest to it (RFC 3339, or a day)")] = None,
    serve: Annotated[bool, typer.Option("--serve", help="then show it on loopback, inert, until interrupted")] = False,
) -> None:
    """Lay a snapshot out as received: bodies, heads, raw exchanges, provenance.

    Redirects are followed inside the archive. Which capture was taken, and how far it is from the time that was asked for,
    is told.
    """
    with told():
        raise typer.Exit(restore_command(ctx.obj, door.shown(ctx), what, moment(at, "--at"), out, serve=serve))


def restore_command(options: Globals, shown: Shown, what: str, at: datetime | None, out: Path, *, serve: bool = False) -> int:
    """One row a file. Raises what `restore` raises."""
    from archive.chosen import choose
    from archive.ledger.discretion import refuse
    from archive.restore import lay_out
    from archive.store import Archive

    with Archive.open(options.home) as archive:
        chosen = choose(archive, what, at)
        refuse(options.home, [capture.id for capture in chosen.captures])
        files = lay_out(archive, chosen, out)
    for sentence in chosen.says:
        shown.note(sentence)
    shown.rows(({"capture": f.capture, "file": f.file, "sha256": f.sha256} for f in files), ("capture", "file", "sha256"))
    shown.note(f"{len(files)} files in {out}; manifests, records and bodies hash to what was kept, and the files to SHA256SUMS")
    if serve:
        show(shown, out)
    return door.DONE


def show(shown: Shown, out: Path) -> None:
    """Serves what was restored until a person interrupts."""
    from archive.show import serve

    with serve(out) as server:
        shown.note(f"open {server.address} (interrupt to stop)")
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


class LogWork(StrEnum):
    """What `crawl log` does."""

    STATUS = "status"
    CHECKPOINT = "checkpoint"
    PROOF = "proof"


@app.command()
def log(
    ctx: typer.Context,
    what: Annotated[LogWork, typer.Argument(help="how it stands; log what waits and sign; the proof of one capture")] = (
        LogWork.STATUS
    ),
    capture: Annotated[str | None, typer.Argument(metavar="[ID]", help="the id of a capture, for its proof")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="the proof's file; else stdout")] = None,
) -> None:
    """The append-only log of captures: how it stands, a new checkpoint, the proof of one capture (c2sp.org/tlog-proof)."""
    if (what is LogWork.PROOF) != (capture is not None):
        raise typer.BadParameter("`crawl log proof ID` takes the id of a capture, and nothing else does")
    with told():
        if capture is not None:
            raise typer.Exit(proof_command(ctx.obj, door.shown(ctx), capture, out))
        raise typer.Exit(log_command(ctx.obj, door.shown(ctx), sign=what is LogWork.CHECKPOINT))


def log_command(options: Globals, out: Shown, *, sign: bool) -> int:
    """One row: the log as it stands, after what waited was logged and signed where `sign` says so."""
    from archive.keyring import Keyring
    from archive.log import Log, Writer, drain
    from archive.stamped import Stamped
    from archive.store import Archive, Store

    logged = 0
    if sign:
        with Store.open(options.home, create=False) as store:
            logged = drain(store, Writer(options.home, Keyring.of(os.environ))).logged
    with Archive.open(options.home) as archive:
        waiting = archive.index.waits()
    log = Log(options.home)
    checkpoint, key = log.checkpoint(), log.verifier()
    stamped = Stamped(options.home)
    row = {
        "origin": None if key is None else key.name,
        "size": 0 if checkpoint is None else checkpoint.size,
        "root": None if checkpoint is None else checkpoint.root.hex(),
        "logged": logged,
        "waiting": waiting,
        "stamped": stamped.covered(),
        "pending_since": stamped.pending_since(),
        "key": None if key is None else str(key),
    }
    out.rows([row])
    return door.DONE


def proof_command(options: Globals, out: Shown, id_: str, file: Path | None) -> int:
    """Writes or prints the proof. Raises NotFound where the capture is not in the log yet."""
    import hashlib

    from archive.log import Log
    from archive.store import Archive

    with Archive.open(options.home) as archive:
        proof = Log(options.home).proof(archive.capture(id_))
    if file is not None:
        file.write_text(proof, "utf-8")
        out.rows([{"capture": id_, "file": str(file), "sha256": hashlib.sha256(proof.encode()).hexdigest()}])
    elif out.json:
        out.line({"capture": id_, "proof": proof})
    else:
        out.text(proof.rstrip("\n"))
    return door.DONE


def _alone() -> typer.Typer:
    """The commands that run with nothing but the archive: verify and restore."""
    alone = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help="Verify an archive or a file, and lay out what is kept; no network, and no library that brings one.",
    )

    @alone.callback()
    def options(
        ctx: typer.Context,
        home: Annotated[Path | None, typer.Option(help="the archive's folder (or KARTOTEKA_HOME)", show_default=False)] = None,
        json: Annotated[bool, typer.Option("--json", help="JSON Lines on stdout")] = False,
        quiet: Annotated[bool, typer.Option("--quiet", "-q", help="less on stderr")] = False,
        verbose: Annotated[bool, typer.Option("--verbose", "-v", help="more on stderr")] = False,
    ) -> None:
        ctx.obj = Globals((home or door.default_home()).expanduser(), json=json, quiet=quiet, verbose=verbose)

    alone.command()(verify)
    alone.command()(restore)
    return alone


def main(argv: Sequence[str] | None = None) -> None:
    """`python -m archive`. Global options may stand before or after the command."""
    words = door.hoist(sys.argv[1:] if argv is None else argv)
    with contextlib.suppress(BrokenPipeError):
        _alone()(words, prog_name="python -m archive")
