"""`python -m archive`: runs with no network library, and says by its exit status what it found."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.proof.test_standard import GOOD, record
from tests.proof.world import COURT, Kept

ROOT = Path(__file__).resolve().parents[2]
NETWORK = (
    "httpx", "httpcore", "tenacity", "selectolax", "apscheduler", "requests", "urllib3", "aiohttp", "tldextract", "lxml",
    "trafilatura", "uvloop", "protego", "crawler", "schedules",
)  # fmt: skip


def run(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=cwd, capture_output=True, text=True, check=False)


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("words", [["verify"], ["verify", "{id}"], ["restore", COURT + "card", "-o", "{out}"]])
def test_no_network_library_is_loaded(kept: Kept, tmp_path: Path, words: list[str]) -> None:
    """Who distrusts the crawler can run this without it."""
    filled = [
        word.format(id=kept.captures()[0].id, out=tmp_path / "out") for word in [*words, "--home", str(kept.home), "--json"]
    ]
    code = (
        "import sys, atexit, json\n"
        f"atexit.register(lambda: print(json.dumps(sorted(set({NETWORK!r}) & set(sys.modules))), file=sys.stderr))\n"
        "from archive.cli import main\n"
        f"main({filled!r})"
    )
    done = run("-c", code)

    assert (0, []) == (done.returncode, json.loads(done.stderr.splitlines()[-1])), done.stderr
    assert rows(done)


def test_a_sound_archive_is_0(kept: Kept) -> None:
    """One row a check, by the keys that scripts rely on; options before or after the command."""
    done = run("-m", "archive", "--json", "verify", "--home", str(kept.home))

    assert (0, 15) == (done.returncode, len(rows(done)))
    assert [["check", "subject", "outcome", "detail"]] * 15 == [list(row) for row in rows(done)]


def test_a_failed_check_is_4(kept: Kept) -> None:
    """So that a script stops."""
    kept.file.write_bytes(kept.file.read_bytes()[:-1])

    assert 4 == run("-m", "archive", "verify", "--home", str(kept.home)).returncode


def test_nothing_checked_is_5(tmp_path: Path) -> None:
    """An archive that is not there is not a good one, and none is made."""
    done = run("-m", "archive", "verify", "--json", "--home", str(tmp_path / "none"))

    assert (5, {"NOT CHECKED"}) == (done.returncode, {row["outcome"] for row in rows(done)})
    assert not (tmp_path / "none").exists()


def test_files_are_checked_by_the_standard(tmp_path: Path) -> None:
    """A foreign file needs no archive."""
    (tmp_path / "good.warc").write_bytes(GOOD["warcinfo"] + record())
    (tmp_path / "bad.warc").write_bytes(record(WARC_Date="monday"))
    good = run("-m", "archive", "verify", str(tmp_path / "good.warc"), "--home", str(tmp_path / "none"))
    bad = run("-m", "archive", "verify", "--json", str(tmp_path / "good.warc"), str(tmp_path / "bad.warc"))

    assert (0, 4) == (good.returncode, bad.returncode)
    assert ["bad.warc: record 1 at 0"] == [row["subject"] for row in rows(bad) if row["outcome"] == "FAIL"]


def test_an_unknown_target_is_5(kept: Kept) -> None:
    """Neither a file nor a capture: nothing was checked, and the error says what was asked."""
    done = run("-m", "archive", "verify", "no-such-thing", "--home", str(kept.home))

    assert (5, True) == (done.returncode, "no-such-thing" in done.stderr)


def test_a_snapshot_is_laid_out(kept: Kept, tmp_path: Path) -> None:
    """Rows name the files; their digests are those of the files."""
    done = run("-m", "archive", "restore", COURT + "coded", "-o", str(tmp_path / "out"), "--json", "--home", str(kept.home))
    check = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=tmp_path / "out", check=False)

    assert (0, 0) == (done.returncode, check.returncode)
    assert {row["file"] for row in rows(done)} == {
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()
    }


def test_a_value_is_proved_at_the_front_door(kept: Kept) -> None:
    """`crawl prove`: the report as text, and what a terminal must not act on made visible."""
    words = ["prove", "1-17/2026", "number", "--home", str(kept.home)]
    done = run("-c", f"from schedules.cli import main; main({words!r})")

    assert (0, True, True) == (done.returncode, "«1-17/2026»" in done.stdout, "NOT CHECKED  15 outside time" in done.stdout), (
        done.stderr
    )


def test_a_page_for_a_court_is_written(kept: Kept, tmp_path: Path) -> None:
    """`crawl prove -o FILE.html`: one file, its digest told; another kind of file is refused before anything is done."""
    page = tmp_path / "page.html"
    words = ["prove", "1-17/2026", "number", "-o", str(page), "--json", "--home", str(kept.home)]
    done = run("-c", f"from schedules.cli import main; main({words!r})")
    words[4] = str(tmp_path / "page.pdf")
    refused = run("-c", f"from schedules.cli import main; main({words!r})")

    assert (0, 2) == (done.returncode, refused.returncode), done.stderr
    assert [{"file": str(page), "rows": 1, "sha256": hashlib.sha256(page.read_bytes()).hexdigest()}] == rows(done)
