"""The three that check a pack: this program, the second implementation in Node, and the shell steps of the README alone."""

from __future__ import annotations

from pathlib import Path

from archive.finding import Verdict
from archive.packcheck import Trust, verify_pack
from tests.packs.shell import Steps
from tests.verifier.second import told

Lines = set[tuple[int, str]]  # number of a check, and the subject that failed it


def by_python(pack: Path, trust: Trust) -> Lines:
    return {(int(f.check.split()[0]), f.subject) for f in verify_pack(pack, trust) if f.outcome is Verdict.FAIL}


def by_node(pack: Path, key: str, roots: str) -> Lines:
    ran = told("--vkey", key, "--roots", roots, pack)
    assert ran.err == ""
    assert ran.status == (4 if ran.failed else 0)
    return {(int(check.split()[0]), subject) for check, subject in ran.failed}


def by_shell(pack: Path, stranger: Steps) -> Lines:
    status, printed = stranger.run(pack)
    failed = [line.removeprefix("FAIL ").split(" ", 1) for line in printed if line.startswith("FAIL ")]
    assert printed and status == (4 if failed else 0), (status, printed)
    return {(int(number), subject) for number, subject in failed}
