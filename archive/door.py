"""What every command shares: the global options, the exit status, and how rows reach a person or a program."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import platformdirs
import typer

from archive.errors import ArchiveError, InUse

WIDE = 100_000

# Exit status (CONTRACT).
DONE, BUG, USAGE, PARTLY, FAILED, NOTHING, IN_USE = 0, 1, 2, 3, 4, 5, 6

CACHE_VARIABLE = "KARTOTEKA_CACHE"
HOME_VARIABLE = "KARTOTEKA_HOME"
VALUED = ("--home", "--connect-to", "--ca", "--pace", "--per-host")
PLAIN = ("--json", "--quiet", "--verbose", "-q", "-v")

# Text from the network is inert in terminal and log: C0, C1, DEL, bidi and zero-width controls, line separators, surrogates.
CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)

_JSON = json.JSONEncoder(ensure_ascii=False, default=str)


@dataclass(slots=True)
class Globals:
    """The global options of CONTRACT, as one run was given them."""

    home: Path
    connect_to: list[str] = field(default_factory=list)
    ca: list[Path] = field(default_factory=list)
    pace: float | None = None
    per_host: int | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    home_named: bool = True


def default_home() -> Path:
    """KARTOTEKA_HOME, or `kartoteka` in the platform's user data folder."""
    named = os.environ.get(HOME_VARIABLE)
    return Path(named) if named else Path(platformdirs.user_data_dir("kartoteka", appauthor=False))


def scratch(home: Path) -> Path:
    """Where an unfinished verification of a home is remembered: in KARTOTEKA_CACHE, or the platform's cache of this user."""
    named = os.environ.get(CACHE_VARIABLE)
    folder = Path(named) if named else Path(platformdirs.user_cache_dir("kartoteka", appauthor=False))
    return folder / "verify" / f"{hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:32]}.sqlite"


def hoist(argv: Sequence[str]) -> list[str]:
    """The same arguments with the global options first: they may stand before or after the command."""
    first: list[str] = []
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        name = word.partition("=")[0]
        if word == "--":
            rest += [word, *words]
        elif name in PLAIN and word == name:
            first.append(word)
        elif name in VALUED:
            first.append(word)
            if "=" not in word:
                first += [value for value in [next(words, None)] if value is not None]
        else:
            rest.append(word)
    return first + rest


def visible(text: str) -> str:
    r"""Text from the network made inert: control characters as visible escapes (`\x1b`, `\u202e`)."""
    return CONTROLS.sub(lambda m: m[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def json_line(row: Mapping[str, Any]) -> str:
    """One object a line; what could act on a terminal is escaped, and reads back the same."""
    line = _JSON.encode(row)
    # Whatever could act is unprintable to Python too; the other way round it is not so (no-break space).
    return line if line.isprintable() else CONTROLS.sub(lambda m: json.dumps(m[0])[1:-1], line)


def cell(value: object) -> str:
    """A value as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(cell(each) for each in value)
    if isinstance(value, Mapping):
        return json_line(value)
    return visible(str(value))


@dataclass(slots=True)
class Shown:
    """Where results go: JSON Lines on stdout for programs, a table for people. Everything else goes to stderr."""

    json: bool = False
    quiet: bool = False
    out: IO[str] = field(default_factory=lambda: sys.stdout)

    def rows(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None, title: str | None = None) -> int:
        """Prints them, as they come where it can, and says how many there were. columns: which a table shows, in order."""
        if self.json:
            count = 0
            for row in rows:
                self.line(row)
                count += 1
            return count
        rows = list(rows)
        if not rows:
            return 0
        import io

        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        names = list(columns or rows[0])
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for name in names:
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*[Text(cell(row.get(name))) for name in names])
        drawn = io.StringIO()
        # In a file or a pipe nothing is cut or folded.
        Console(file=drawn, width=None if self.out.isatty() else WIDE).print(table)
        self._write("\n".join(line.rstrip() for line in drawn.getvalue().rstrip("\n").split("\n")))
        return len(rows)

    def line(self, row: Mapping[str, Any], *, now: bool = True) -> None:
        """One row as it comes. now: False where `flush` follows before anything is waited for."""
        self._write(json_line(row), now=now)

    def text(self, text: str) -> None:
        """A sentence for a person: part of the result."""
        if not self.json:
            self._write(text)

    def flush(self) -> None:
        """What was written is out."""
        self._write(None)

    def _write(self, line: str | None, *, now: bool = True) -> None:
        try:
            if line is not None:
                self.out.write(line + "\n")
            if now:
                self.out.flush()
        except BrokenPipeError:
            # Whoever read has enough (`| head`): no error, and nothing more is to be written at the end either.
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
            raise typer.Exit(DONE) from None

    def note(self, text: str) -> None:
        """Progress and warnings, on stderr."""
        if not self.quiet:
            sys.stderr.write(visible(text) + "\n")


def shown(ctx: typer.Context) -> Shown:
    return Shown(json=ctx.obj.json, quiet=ctx.obj.quiet)


def complain(error: BaseException) -> None:
    sys.stderr.write(f"crawl: {visible(str(error))}\n")


def fail(error: BaseException) -> typer.Exit:
    """The error told on stderr, and the exit status that it means."""
    complain(error)
    return typer.Exit(IN_USE if isinstance(error, InUse) else PARTLY if isinstance(error, ArchiveError) else USAGE)
