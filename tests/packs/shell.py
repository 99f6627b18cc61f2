"""The shell steps of a pack's README, run as a stranger runs them: with the tools that it names, and no others."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from archive.pack.making import README

NAMED = re.compile(r"sha256sum, xxd, base64 and gzip, and of the system ([a-z, \n]+)\. Type")


def tools() -> list[str]:
    """Those that the README names."""
    system = NAMED.search(README.read_text())
    assert system is not None
    return ["openssl", "sha256sum", "xxd", "base64", "gzip", *re.findall(r"[a-z]+", system[1].replace(" and ", " "))]


def bare(folder: Path) -> Path:
    """A folder with these tools alone, for a PATH."""
    folder.mkdir()
    for name in tools():
        found = shutil.which(name)
        assert found is not None, f"{name} is not on this machine"
        (folder / name).symlink_to(found)
    return folder


def steps(text: str) -> str:
    """The lines that begin with four spaces."""
    return "".join(line[4:] + "\n" for line in text.splitlines() if line.startswith("    "))


@dataclass(frozen=True, slots=True)
class Steps:
    """A stranger at a shell. path: of the tools; key, roots: what they have from elsewhere."""

    path: Path
    key: str
    roots: str

    def run(self, pack: Path) -> tuple[int, list[str]]:
        """Exit status, and the lines that were printed."""
        environment = {
            "PATH": str(self.path),
            "KEY": self.key,
            "ROOTS": self.roots,
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        }
        ran = subprocess.run(
            [self.path / "sh"], input=steps(README.read_text()), capture_output=True, text=True, cwd=pack, env=environment
        )
        assert "not found" not in ran.stderr, ran.stderr
        return ran.returncode, ran.stdout.splitlines()
