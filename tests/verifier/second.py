"""The second verifier, asked from here: its rooms one by one, or the whole of it over an archive or a pack."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERIFIER = Path(__file__).parents[2] / "docs" / "verifier" / "verify.mjs"
ROOMS = Path(__file__).with_name("asked.mjs")


def node() -> str:
    """Where Node is. It is no package of Python's: who runs these tests installs it (`apt-get install nodejs`)."""
    found = shutil.which("node")
    assert found is not None, "node is missing: the second verifier needs Node.js 18 or later (apt-get install nodejs)"
    return found


def asked(questions: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """The answers of single rooms, in order: `is` with a value, or `refused` with a sentence."""
    ran = subprocess.run([node(), ROOMS], input=json.dumps(questions).encode(), capture_output=True, check=True)
    answers: list[dict[str, Any]] = json.loads(ran.stdout)
    assert [] == [answer for answer in answers if "bug" in answer]
    return answers


@dataclass(frozen=True)
class Told:
    """What a run of the whole said."""

    status: int
    findings: list[dict[str, str]]
    err: str

    @property
    def failed(self) -> set[tuple[str, str]]:
        return {(each["check"], each["subject"]) for each in self.findings if each["outcome"] == "FAIL"}

    @property
    def outcomes(self) -> dict[str, set[str]]:
        """By check."""
        found: dict[str, set[str]] = {}
        for each in self.findings:
            found.setdefault(each["check"], set()).add(each["outcome"])
        return found


def told(*words: str | Path, verifier: Path = VERIFIER) -> Told:
    ran = subprocess.run([node(), verifier, "--json", *words], capture_output=True, check=False)
    return Told(ran.returncode, [json.loads(line) for line in ran.stdout.splitlines()], ran.stderr.decode())
