"""Files of the real world: each has the verdict that its makers and four other readers agree on, and comes in within bounds."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from archive.finding import Verdict, status
from archive.foreign import verify_file

pytestmark = pytest.mark.real
AGREED = ("warcio_check", "fastwarc_check", "jwarc_validate")
CLAUSE = re.compile(r"\((?:WARC 1\.1, [^()]+|ARC File Format[^()]*|WACZ 1\.1\.1, [^()]+)\)$")
MEMORY = 1 << 30  # octets of address space
SECONDS = 60  # of processor time a file
# What a file's name says is wrong with it, and what a finding must name.
REASONS = {
    "invalid-empty": "no record",
    "contenttype-recommended": "Content-Type",
    "contenttype-warcinfo": "Content-Type",
    "digest-fields": "Digest",
    "duplicate-fields": "repeated",
    "fields-empty": "",
    "fields-invalidformat": "is not",
    "fields-missing": "is not",
    "lonely-continuation": "missing in a continuation",
    "lf-line-endings": "LF alone",
    "lonely-request": "WARC-Target-URI: the field is missing",
    "lonely-revisit": "missing in a revisit",
    "lonely-warcinfo": "missing",
    "segment-number": "WARC-Segment-Number",
    "recorddigests": "Digest",
}


def verdicts(realdata: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((realdata / "warc" / "VERDICTS.json").read_text("utf-8"))
    there = {name: said for name, said in told.items() if name != "_about" and (realdata / "warc" / name).is_file()}
    assert len(there) > 100
    return there


def agreed(said: dict[str, Any]) -> bool:
    return all((said.get(reader) or {}).get("rc") == 0 for reader in AGREED) and said["jwat"]["compliant"] == "true"


def test_what_four_readers_accept_is_accepted(realdata: Path) -> None:
    """warcio, FastWARC, jwarc and JWAT agree seldom; where they do, it is a file that follows the standard."""
    names = [name for name, said in verdicts(realdata).items() if agreed(said)]
    refused = {name: found for name in names if (found := failures(realdata / "warc" / name))}

    assert (True, {}) == (len(names) > 20, refused)


def failures(path: Path) -> list[str]:
    return [finding.detail for finding in verify_file(path) if finding.outcome is Verdict.FAIL]


def test_named_files_have_the_verdict_of_their_name_and_its_reason(realdata: Path) -> None:
    """JHOVE's corpus: valid and invalid as their names say, and what is invalid is said with field and clause."""
    named = [path for path in sorted((realdata / "warc").rglob("*")) if "jhove" in str(path) and ".warc" in path.name]
    wrong = {}
    for path in named:
        found = failures(path)
        if path.name.startswith("valid-"):
            if found:
                wrong[path.name] = found
            continue
        words = next((words for part, words in REASONS.items() if part in path.name), "")
        if not [detail for detail in found if words in detail and CLAUSE.search(detail)]:
            wrong[path.name] = found

    assert {} == wrong
    assert (11, 65) == tuple(sum(path.name.startswith(kind) for path in named) for kind in ("valid-", "invalid-"))


def test_what_two_strict_readers_refuse_is_refused(realdata: Path) -> None:
    """Where JWAT names an error and jwarc refuses too, so do we. (JWAT's mere warnings are no errors.)"""
    both = {
        name for name, said in verdicts(realdata).items()
        if (said.get("jwarc_validate") or {}).get("rc") and said["jwat"] and said["jwat"]["compliant"] == "false" and said["jwat"]["errors"]
    }  # fmt: skip

    assert (True, set()) == (len(both) > 50, {name for name in both if not failures(realdata / "warc" / name)})


CHILD = """
import json, os, resource, sys
from pathlib import Path
from archive.finding import status
from archive.foreign import verify_file
from archive.store import Settings, Store
from archive.take import Untaken, take
from archive.verify import verify

memory, seconds, home = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
for number, line in enumerate(sys.stdin):
    path = Path(line.rstrip("\\n"))
    sys.stdout.flush()
    if pid := os.fork():
        _, ended = os.waitpid(pid, 0)
        if ended:
            print(json.dumps({"file": str(path), "ended": ended}))
        continue
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    findings = list(verify_file(path))
    with Store.open(home / str(number), settings=Settings(floor=0)) as store:
        found = list(take(store, path))
    kept = sum(not isinstance(each, Untaken) for each in found)
    sound = status(verify(home / str(number)))
    print(json.dumps({"file": str(path), "ended": 0, "status": status(findings), "kept": kept,
                      "reasons": [each.reason for each in found if isinstance(each, Untaken)], "sound": sound}))
    sys.stdout.flush()
    os._exit(0)
"""


@pytest.mark.parametrize("folder", ["warc", "hostile/wacz"])
def test_every_file_comes_in_or_fails_within_bounds(realdata: Path, tmp_path: Path, folder: str) -> None:
    """In 1 GiB of address space and a minute each: nothing is raised, what is kept is sound, and what is not has its reason."""
    names = (".warc", ".warc.gz", ".arc", ".arc.gz", ".wacz", ".open")
    paths = [path for path in sorted((realdata / folder).rglob("*")) if path.is_file() and path.name.endswith(names)]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(MEMORY), str(SECONDS), str(tmp_path)],
        input="\n".join(map(str, paths)) + "\n", capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines()]

    assert [] == [each for each in told if each["ended"]], done.stderr[-2000:]
    assert len(paths) == len(told) > (150 if folder == "warc" else 4)
    assert {0, 5} >= {each["sound"] for each in told}
    assert {0, 4, 5} >= {each["status"] for each in told}
    assert [] == [each["file"] for each in told if each["status"] == 0 and not each["kept"] and "page" in each["file"]]
    assert 0 <= resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < MEMORY >> 10


def test_wacz_files_are_judged_as_their_names_say(realdata: Path) -> None:
    """py-wacz's fixtures; the one with the broken signature fits its own hashes, and that is all that is said of it."""
    folder = realdata / "hostile" / "wacz" / "py-wacz"
    found = {path.name: status(verify_file(path)) for path in sorted(folder.glob("*.wacz"))}

    assert {
        "invalid_example_1.wacz": 4, "invalid_signed_example_1.wacz": 0, "valid_example_1.wacz": 0,
        "valid_example_2.wacz": 0, "valid_signed_example_1.wacz": 0,
    } == found  # fmt: skip
