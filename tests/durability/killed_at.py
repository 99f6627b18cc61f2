"""One capture cycle, killed at its n-th act for every n: run by test_nth_kill.py in a process of its own.

python killed_at.py FOLDER [STEP [FIRST [early]]] -> one JSON object: what each n found. Acts are every write (before, in the
midst of, after), sync, rename, cut, folder, statement and commit. STEP, FIRST: only every so many, from that one on. early: the mutant, which
tells before it has written. The second cycle runs over what the first kill left, and is killed at its n-th act too.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive.ledger.book import Book
from archive.memento import Memento
from archive.store import Settings, Store
from crawler.readers import read
from tests.durability import cycle
from tests.durability.drives import Nth, Watched, die, statements
from tests.durability.judge import Told, faults

MOST = 5000  # acts, before something is wrong


def killed(home: Path, acks: Path, nth: int, *, early: bool) -> int:
    """The status of a cycle that dies at its n-th act: 0 where it had fewer."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    try:
        fd = os.open(acks, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        at = Nth(nth, die)
        statements(at)

        def tell(told: Told) -> None:
            at("tell")
            os.write(
                fd, f"{told.capture} {told.payload or '-'} {'-' if told.observations is None else told.observations}\n".encode()
            )
            at("told")

        if early:
            _tell_early(tell)
        cycle.run(home, Watched(at), tell)
        os._exit(0)
    except BaseException as exc:
        os.write(2, f"at {nth}: {exc!r}\n".encode())
    finally:
        os._exit(1)


def _tell_early(tell: object) -> None:
    """The mutant: told when the rows are made, and entered afterwards."""
    import archive.batch

    real = archive.batch.Batch.add

    def add(self: archive.batch.Batch, visit: object, seen: object) -> object:
        snapshot = real(self, visit, seen)  # type: ignore[arg-type]
        tell(Told(snapshot.last.id, None))  # type: ignore[operator]
        return snapshot

    archive.batch.Batch.add = add  # type: ignore[method-assign, assignment]


def said(acks: Path) -> list[Told]:
    found = []
    for line in acks.read_text().splitlines() if acks.exists() else ():
        capture, payload, count = line.split()
        found.append(Told(capture, None if payload == "-" else payload, None if count == "-" else int(count)))
    return found


def main() -> None:
    folder = Path(sys.argv[1])
    step, first = (int(word) for word in (sys.argv[2:4] + ["1", "1"][len(sys.argv[2:4]) :]))
    early = "early" in sys.argv[4:]
    wrong: list[str] = []
    points = torn = adopted = 0
    slowest = 0.0
    for n in (0, 1, 3):  # what is made or loaded once is not done in each child
        read(Memento.of_message(*cycle.card(n)))
    for nth in range(first, MOST, step):
        home, acks = folder / "a" / "b" / f"home{nth}", folder / f"acks{nth}"
        status = killed(home, acks, nth, early=early)
        # The same over what it left: killed in recovery, or a little later.
        again = killed(home, acks, nth // 3 + 1, early=early) if status == signal.SIGKILL and nth % 2 else 0
        if status not in (0, signal.SIGKILL) or again not in (0, signal.SIGKILL):
            wrong.append(f"act {nth}: the cycle ended with {status}, then {again}")
        begun = time.monotonic()
        with Store.open(home, settings=Settings(floor=0)) as store, Book.open(home, write=True):
            slowest = max(slowest, time.monotonic() - begun)
            torn += len(store.recovery.aside)
            adopted += store.recovery.adopted
        wrong += [f"act {nth}: {fault}" for fault in faults(home, said(acks), whole=not early)]
        shutil.rmtree(home)
        points += 1
        if status == 0:
            break
        if early and wrong:
            break
    else:
        wrong.append(f"more than {MOST} acts")
    print(json.dumps({"points": points, "last": nth, "torn": torn, "adopted": adopted, "slowest recovery": round(slowest, 3),
                      "faults": wrong[:20], "fault count": len(wrong)}))  # fmt: skip


if __name__ == "__main__":
    main()
