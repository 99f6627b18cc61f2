"""The `crawl` command as scripts use it: a process, its JSON Lines, its exit status."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
START = "import sys; sys.argv[0] = 'crawl'; from schedules.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of it."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


async def crawl(home: Path, *words: str, stdin: str | None = None) -> Ran:
    """Runs `crawl WORDS --home HOME --json` and waits for its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", START, *words, "--home", str(home), "--json",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        cwd=ROOT, env={**os.environ, "KARTOTEKA_FREE_BYTES": "0"},
    )  # fmt: skip
    out, err = await process.communicate(None if stdin is None else stdin.encode())
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())
