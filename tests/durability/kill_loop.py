"""The whole `crawl url -` under load, killed with SIGKILL again and again: run by test_random_kills.py in its own process.

python kill_loop.py FOLDER KILLS SEED [lazy] -> one JSON object of what was told and what was found.

Every command is a process forked from this one, which has imported the program and started nothing; fetching, readers,
index and ledger are as in `crawl url - --json`. What a command imports while it runs is learnt from a first one, which is
let come to its end: a start that is mostly imports leaves little to be killed. A new archive is begun every ERA kills, so
that what is checked after them stays small. lazy: the mutant, a disk that holds each append back until the next one.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive.disk import Disk
from archive.store import Settings, Store
from crawler.demo.world import World
from tests.durability.judge import Told, faults

ERA = 20
LONGEST = 15.0  # seconds until the first line of a command, before something is wrong


class Lazy(Disk):
    """The mutant: an append is on its way, and the one before it is written."""

    held: tuple[int, bytes] | None = None

    def append(self, fd: int, octets: bytes) -> None:
        if not octets.startswith(b"\x1f\x8b"):
            return super().append(fd, octets)
        if self.held:
            super().append(*self.held)
        self.held = fd, octets


def addresses(world: World) -> list[str]:
    """Cards of every court, listings of all months: what the world shows at its second visit."""
    return [entry.card for entry in world.cases] + [seed.url for seed in world.seeds()]


async def world_until_killed() -> None:
    """The courts, in a process of their own."""
    from crawler.demo.server import serve

    world = World()
    world.turn(2)
    async with serve(world) as served:
        print(json.dumps([*served.connect_to, str(served.ca_file)]), flush=True)
        await asyncio.Event().wait()


def command(home: Path, way: list[str], listed: Path, out: Path, *, lazy: bool = False, learn: Path | None = None) -> int:
    """Starts `crawl url - --json` as leader of its own group; its process id. learn: where it writes what it has imported."""
    pid = os.fork()
    if pid:
        os.setpgid(pid, pid)  # here too: on a busy machine it is killed before it has come to do so itself
        return pid
    os.setpgid(0, 0)
    os.dup2(os.open(listed, os.O_RDONLY), 0)
    os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 1)
    os.dup2(os.open(out.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), 2)
    if lazy:
        import archive.store

        archive.store.Disk = Lazy  # type: ignore[misc]
    from schedules.cli import main

    *rules, ca = way
    words = ["url", "-", "--home", str(home), "--json", "--pace", "0", "--per-host", "4", "--ca", ca]
    try:
        main([*words, *(word for rule in rules for word in ("--connect-to", rule))])
    except BaseException:
        traceback.print_exc()
    finally:
        if learn:
            learn.write_text("\n".join(sys.modules))
        os._exit(99)


def rehearse(folder: Path, way: list[str], address: str) -> None:
    """One command to its end, in an archive of its own; what it has imported is imported here."""
    listed, learn = folder / "addresses", folder / "modules"
    listed.write_text(address)
    os.waitpid(command(folder / "rehearsal", way, listed, folder / "rehearsed", learn=learn), 0)
    assert lines(folder / "rehearsed"), (folder / "rehearsed.log").read_text()[-3000:]
    for name in learn.read_text().split():
        if name.partition(".")[0] != "__main__":
            importlib.import_module(name)


def lines(out: Path) -> list[dict[str, object]]:
    """The whole lines: one that was cut was not yet told."""
    octets = out.read_bytes() if out.exists() else b""
    return [json.loads(line) for line in octets[: octets.rfind(b"\n") + 1].splitlines()]


def kill(pid: int, out: Path, rnd: random.Random, *, group: bool) -> bool:
    """At any moment from the start, or from the first line on; says whether the command was alive until then.

    group: its readers with it; else they end by themselves, because their pipe is closed.
    """
    if rnd.random() < 0.7:
        begun = time.monotonic()
        while not lines(out) and time.monotonic() - begun < LONGEST and not os.waitpid(pid, os.WNOHANG)[0]:
            time.sleep(0.01)
    time.sleep(rnd.uniform(0.0, 0.5))
    try:
        os.killpg(pid, signal.SIGKILL) if group else os.kill(pid, signal.SIGKILL)
        return os.waitpid(pid, 0)[1] == signal.SIGKILL
    except (ProcessLookupError, ChildProcessError):
        return False


def main() -> None:
    folder, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    lazy = "lazy" in sys.argv[4:]
    rnd = random.Random(seed)
    os.environ["KARTOTEKA_FREE_BYTES"] = "0"
    os.environ["KARTOTEKA_WARC_BYTES"] = "1000000"
    import crawler.cli  # noqa: F401
    import schedules.cli  # noqa: F401

    world = World()
    world.turn(2)
    listed = folder / "addresses"
    courts = subprocess.Popen([sys.executable, __file__, "courts"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert courts.stdout is not None
    way = json.loads(courts.stdout.readline())
    rehearse(folder, way, world.cases[0].card)
    found: dict[str, object] = {}
    told: list[Told] = []
    sums = dict.fromkeys(("acknowledged", "values", "killed at work", "recoveries", "torn", "adopted", "checked whole"), 0)
    wrong: list[str] = []
    slowest = 0.0
    try:
        for turn in range(kills):
            if turn % ERA == 0:
                home, told = folder / f"home{turn // ERA}", []
            work = addresses(world) * 4
            rnd.shuffle(work)
            listed.write_text("\n".join(work))
            out = folder / f"out{turn}"
            pid = command(home, way, listed, out, lazy=lazy)
            at_work = kill(pid, out, rnd, group=turn % 2 == 0)
            sums["killed at work"] += at_work
            if not at_work:  # it had more to do than it can have done
                wrong.append(f"kill {turn}: the command ended by itself: {out.with_suffix('.log').read_text()[-300:]}")
            for row in lines(out):
                told.append(Told(row["capture"], row["payload_sha256"], row["observations"]))  # type: ignore[arg-type]
                sums["acknowledged"] += 1
                sums["values"] += row["observations"] or 0  # type: ignore[operator]
            out.unlink(missing_ok=True)
            last = turn % ERA == ERA - 1 or turn == kills - 1
            if turn % 2 and not last:
                continue  # the next command mends what this one left
            begun = time.monotonic()
            with Store.open(home, settings=Settings(floor=0)) as store:
                slowest = max(slowest, time.monotonic() - begun)
                sums["recoveries"] += 1
                sums["torn"] += len(store.recovery.aside)
                sums["adopted"] += store.recovery.adopted
            whole = last or turn % 10 == 0
            sums["checked whole"] += whole
            wrong += [f"kill {turn}: {fault}" for fault in faults(home, told, whole=whole)]
            if lazy and wrong:
                break
            if last and not wrong:
                subprocess.run(["rm", "-rf", str(home)], check=True)
    finally:
        courts.kill()
        courts.wait()
    found = {**sums, "slowest recovery": round(slowest, 3), "faults": wrong[:20], "fault count": len(wrong)}
    print(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    if sys.argv[1] == "courts":
        asyncio.run(world_until_killed())
    else:
        main()
