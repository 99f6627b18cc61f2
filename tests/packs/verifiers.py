"""The three that check a pack: this program, the second implementation in Node, and the shell steps of the pack's README alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from archive.finding import Verdict
from archive.note import Verifier
from archive.packcheck import Trust, verify_pack
from archive.stamps import certificates
from tests.packs.world import World
from tests.verifier.second import told

Lines = set[tuple[int, str]]  # number of a check, and the subject that failed it
# What the README asks for, and nothing else is found by the steps.
TOOLS = (
    "openssl", "sha256sum", "xxd", "base64", "gzip", "sh", "awk", "sed", "head", "tail", "sort", "find", "cmp", "wc", "cat",
    "mkdir", "rm",
)  # fmt: skip


def by_python(pack: Path, world: World) -> Lines:
    trust = Trust(Verifier.parse(world.key), roots=certificates(world.roots.read_bytes()))
    return {(int(f.check.split()[0]), f.subject) for f in verify_pack(pack, trust) if f.outcome is Verdict.FAIL}


def by_node(pack: Path, world: World) -> Lines:
    ran = told("--vkey", world.key, "--roots", world.roots, pack)
    assert ran.err == ""
    assert ran.status == (4 if ran.failed else 0)
    return {(int(check.split()[0]), subject) for check, subject in ran.failed}


def tools(folder: Path) -> Path:
    """A folder with links to the tools that the README names, to be all of PATH."""
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found is not None, f"{name} is missing, which the shell steps of a pack need"
        (folder / name).symlink_to(found)
    return folder


def by_shell(pack: Path, world: World, path: Path, steps: Path) -> Lines:
    """steps: the README that is trusted, as a reader compares it with that of another pack. path: from `tools`."""
    ran = subprocess.run(
        ["/bin/sh", "-c", "sed -n 's/^    //p' \"$STEPS\" | sh"], cwd=pack, capture_output=True, text=True, check=False,
        env={"PATH": str(path), "KEY": world.key, "ROOTS": str(world.roots), "STEPS": str(steps), "TMPDIR": os.environ.get("TMPDIR", "/tmp")},
    )  # fmt: skip
    failed = [line.removeprefix("FAIL ").split(" ", 1) for line in ran.stdout.splitlines() if line.startswith("FAIL ")]
    lines = {(int(number), subject) for number, subject in failed}
    assert ran.returncode == (4 if lines else 0), (ran.returncode, ran.stdout, ran.stderr)
    assert "PASS" in ran.stdout or lines, ran.stdout
    return lines
