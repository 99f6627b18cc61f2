"""Power losses of one traced run: each state is opened, judged, and written to again. Run by test_power_loss.py.

python losses.py FOLDER STATES SEED [no-sync | no-folder-sync | first-told] [torn] -> one JSON object.
STATES: how many that differ are judged.

no-sync, no-folder-sync: mutants of the disk. first-told: mutant of the order, rows before octets. torn: the traced run
begins with an archive whose last file has a torn tail, so that recovery itself loses power.
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
import shutil
import sqlite3
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive.disk import Disk
from archive.errors import ArchiveError
from archive.ledger.book import Book
from archive.store import Settings, Store
from tests.durability import cycle
from tests.durability.drives import Unsynced, statements
from tests.durability.judge import faults
from tests.durability.power import Medium, Trace, moments

HOME = "a/b/home"
WHOLE = 20  # one state in so many is verified and rebuilt too


def tear(home: Path) -> bytes:
    """The last file goes on with octets that no row names: half a record that was never finished."""
    path = max((home / "warc").glob("*.warc.gz"))
    with sqlite3.connect(f"file:{home / 'index.sqlite'}?mode=ro", uri=True) as db:
        ((begin, length),) = db.execute("SELECT offset, length FROM members WHERE kind = 'response' LIMIT 1")
    octets = min((home / "warc").glob("*.warc.gz")).read_bytes()[begin : begin + length // 2] + bytes(100)
    with path.open("ab") as file:
        file.write(octets)
    return octets


def traced(root: Path, seed: int, words: list[str]) -> tuple[Trace, Medium, bytes]:
    root.mkdir()
    home = root / HOME
    torn = b""
    if "torn" in words:
        cycle.run(home, Disk(), lambda told: None)
        torn = tear(home)
    before = Medium.of(root)
    trace = Trace(root, home, syncs="no-sync" not in words, folders="no-folder-sync" not in words)
    if "first-told" in words:
        _rows_first()
    statements(trace.happens)
    cycle.run(home, trace, trace.tell, work=lambda: cycle.mixed(seed))
    trace.close_tables()
    return trace, before, torn


def _rows_first() -> None:
    """The mutant: the transaction comes before the sync."""
    real = Store._appended

    def appended(self: Store, batch: object, *, last_try: bool) -> bool:
        self.index.enter(batch.captures, batch.entries)  # type: ignore[attr-defined]
        entered = self.index.enter
        self.index.enter = lambda captures, entries: setattr(self.index, "enter", entered)  # type: ignore[method-assign]
        return real(self, batch, last_try=last_try)  # type: ignore[arg-type]

    Store._appended = appended  # type: ignore[method-assign, assignment]


def kept_aside(home: Path, torn: bytes) -> bool:
    """Evidence is not thrown away: the torn octets are in a side file, or still where they were."""
    return any(torn in path.read_bytes() for path in (home / "warc").iterdir())


def judge(home: Path, medium: Medium, torn: bytes, *, whole: bool) -> tuple[list[str], float]:
    """What is wrong with one state, and how long it took to open."""
    if not home.is_dir() and not medium.told:
        return [], 0.0
    begun = time.monotonic()
    try:
        with Store.open(home, disk=Unsynced(), settings=Settings(floor=0, rotate=cycle.ROTATE)):
            opened = time.monotonic() - begun
        if whole:
            Book.open(home, write=True).close()
    except (ArchiveError, OSError) as exc:
        return [f"it does not open: {exc}"], time.monotonic() - begun
    found = faults(home, medium.told, whole=whole)
    if torn and not kept_aside(home, torn):
        found.append("the torn tail was thrown away")
    if whole and not found:
        try:
            told = list(medium.told)
            cycle.run(home, Unsynced(), told.append)
            found = faults(home, told, whole=False)
        except Exception as exc:
            found = [f"nothing can be kept in it: {exc!r}"]
    return found, opened


def main() -> None:
    folder, states, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    rnd = random.Random(seed)
    trace, before, torn = traced(folder / "run", seed, sys.argv[4:])
    points = [(place, copy.deepcopy(medium), commit) for place, medium, commit in moments(trace.acts, before)]
    unsure = [point for point in points if point[1].unsure or point[2]]
    wrong: list[str] = []
    bad = judged = drawn = 0
    slowest = 0.0
    seen = set()
    while judged < states and drawn < 20 * states:
        drawn += 1
        place, medium, commit = rnd.choice(unsure if rnd.random() < 0.9 else points)
        to = folder / "state"
        to.mkdir()
        medium.write_out(to, HOME, random.Random(f"{seed}:{drawn}"), commit)
        state = (_digest(to), len(medium.told))
        if state not in seen:
            seen.add(state)
            judged += 1
            found, opened = judge(to / HOME, medium, torn, whole=judged % WHOLE == 0)
            slowest = max(slowest, opened)
            bad += bool(found)
            act = trace.acts[place]
            wrong += [f"state {drawn} after {act.kind} {act.path}: {fault}" for fault in found[:2]]
        shutil.rmtree(to)
    print(json.dumps({"seed": seed, "moments": len(points), "drawn": drawn, "states": judged, "bad": bad,
                      "slowest recovery": round(slowest, 3), "faults": wrong[:20]}))  # fmt: skip


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(f"{path.relative_to(folder)} ".encode() + (path.read_bytes() if path.is_file() else b"/"))
    return digest.hexdigest()


if __name__ == "__main__":
    main()
