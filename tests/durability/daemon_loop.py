"""`crawl daemon` under load, killed with SIGKILL again and again: run by test_daemon_kills.py in its own process.

python daemon_loop.py FOLDER KILLS SEED [lazy] -> one JSON object of what was told and what was found.

Every daemon is a process forked from this one, which has imported the program and started nothing. Its plan has the courts of
the small world, its inbox addresses and decisions of people, and a receiver takes its notices. A new archive, copied from one
that has read the courts before, is begun every ERA kills; at its end a last daemon finishes what was ordered and is stopped
gently. lazy: the mutant, a disk that holds each append back until the next one.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive.decisions import Decision, decisions
from archive.inbox import Inbox
from archive.store import Archive
from crawler.demo.world import World
from tests.durability.judge import Told, faults
from tests.durability.kill_loop import Lazy

ERA = 20
LONGEST, PATIENT = 60.0, 600.0  # seconds until a daemon's first answer, and until its last, before something is wrong
BATCH, RULINGS = 60, 2  # addresses and decisions that people hand in for each daemon


async def world_until_killed() -> None:
    """The courts, and a receiver that writes down which notices came, in a process of their own; a line on stdin: visit 2."""
    from crawler.demo.server import serve

    world = World()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:] if ": " in line)
        await reader.readexactly(int(fields["content-length"]))
        with Path(sys.argv[2]).open("a") as file:
            file.write(fields["webhook-id"] + "\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with serve(world) as served, server:
        port = server.sockets[0].getsockname()[1]
        print(json.dumps([*served.connect_to, str(port), str(served.ca_file)]), flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        world.turn(2)
        print("2", flush=True)
        await asyncio.Event().wait()


def daemon(home: Path, way: list[str], log: Path, *, lazy: bool) -> int:
    """Starts `crawl daemon` as leader of its own group; its process id."""
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(out, 1)
    os.dup2(out, 2)
    if lazy:
        import archive.store

        archive.store.Disk = Lazy  # type: ignore[misc]
    import schedules.daemon
    from schedules.cli import main

    # Lives of a second are to see what lives of months do.
    schedules.daemon.WATCHED = schedules.daemon.LOOKED = 0.3
    *rules, _, ca = way
    words = ["daemon", "--home", str(home), "--pace", "0", "--per-host", "4", "--ca", ca]
    status = 99
    try:
        main([*words, *(word for rule in rules for word in ("--connect-to", rule))])
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def plan(world: World, port: str) -> str:
    courts = ", ".join(f"'{court.code}'" for court in world.courts)
    days = (datetime.now(UTC).date() - datetime(2025, 1, 1, tzinfo=UTC).date()).days
    told = f"[[source]]\nname = 'sudrf'\ncourts = [{courts}]\nevery = '1m'\ndays = {days}\n"
    told += f"[[links]]\nurls = [{', '.join(map(repr, world.editions()))}]\nevery = '1m'\n"
    return told + f"[[notify]]\nwebhook = 'http://127.0.0.1:{port}/'\n[[feed]]\nname = 'all'\n"


async def first_reading(home: Path, way: list[str], world: World) -> None:
    """What the archive knew before: every court asked twice, and nothing told yet."""
    from archive.door import Globals
    from crawler.opening import opened
    from crawler.rounds import Round
    from crawler.sites import source_named, sources
    from schedules import planfile
    from schedules.watching import Watching

    *rules, port, ca = way
    home.mkdir()
    (home / "plan.toml").write_text(plan(world, port))
    async with opened(Globals(home, rules, [Path(ca)], pace=0, per_host=4)) as crawl:
        for _ in range(2):
            async for _ in (await Round.begin(crawl, source_named("sudrf"), world.query(), again=True)).visits():
                pass
    watching, agreed = Watching(home, floor=0), planfile.load(home, sources())
    assert agreed is not None
    while watching.look(agreed, datetime.now(UTC) + timedelta(minutes=11)).more:
        pass
    watching.close()


class Era:
    """One archive, what people handed in, and what they were told of it so far."""

    def __init__(self, home: Path, received: Path, world: World, rnd: random.Random) -> None:
        self.home, self.rnd, self.inbox, self.received = home, rnd, Inbox(home), received
        self.urls = [entry.card for entry in world.cases]
        self.orders: dict[str, list[str]] = {}
        self.rulings: list[str] = []
        self.notices: set[str] = set()
        self.done: set[tuple[str, str]] = set()
        self.before = len(received.read_text().splitlines()) if received.exists() else 0

    def hand_in(self) -> None:
        urls = self.rnd.sample(self.urls, min(BATCH, len(self.urls)))
        self.orders[self.inbox.hand_in(urls, read=True).id] = urls
        for _ in range(RULINGS):
            mark = f"{self.rnd.getrandbits(64):016x}"
            self.inbox.rule(Decision("note", datetime.now(UTC), "said by somebody", (), {"mark": mark}).block)
            self.rulings.append(mark)

    def answers(self) -> list[dict[str, object]]:
        """Every whole line that somebody was told."""
        found = []
        for path in sorted(self.inbox.folder.glob("*.answer")):
            octets = path.read_bytes()
            found += [json.loads(line) for line in octets[: octets.rfind(b"\n") + 1].splitlines()]
        return found

    def told(self) -> list[Told]:
        rows = [line["row"] for line in self.answers() if "row" in line]
        return [Told(r["capture"], r["payload_sha256"], r["observations"]) for r in rows if "payload_sha256" in r]  # type: ignore[index]

    def left(self) -> int:
        return len(list(self.inbox.folder.glob("*.order")))

    def wrong(self) -> list[str]:
        """Of what is told beside the archive: notices, deliveries, alarms, how it stands."""
        found = []
        for name in ("notices.sqlite", "watch.sqlite", "state.sqlite"):
            with closing(sqlite3.connect(f"file:{self.home / name}?mode=ro", uri=True)) as db:
                found += [f"{name}: {line}" for (line,) in db.execute("PRAGMA integrity_check") if line != "ok"]
        with closing(sqlite3.connect(f"file:{self.home / 'notices.sqlite'}?mode=ro", uri=True)) as db:
            posted = {id_ for (id_,) in db.execute("SELECT id FROM notice")}
            done = set(db.execute("SELECT notice, channel FROM delivery WHERE due IS NULL"))
        found += [f"notices: {id_} is gone" for id_ in self.notices - posted]
        found += [f"notices: {pair} was delivered, and is to be delivered again" for pair in self.done - done]
        came = self.came()
        found += [f"notices: {id_} came and was never posted" for id_ in came.keys() - posted]
        found += [f"notices: {id_} was crossed out and never came" for id_, _ in done if id_ not in came]
        self.notices, self.done = posted, done
        standing = self.home / "status.json"
        try:
            json.loads(standing.read_bytes()) if standing.exists() else None
        except ValueError:
            found.append("status.json is half")
        return found

    def came(self) -> Counter[str]:
        if not self.received.exists():
            return Counter()
        return Counter(self.received.read_text().splitlines()[self.before :])

    def ended(self) -> list[str]:
        """After the last daemon: every order is done, and every decision is kept once."""
        found = [f"order {path.name} is left" for path in self.inbox.folder.glob("*.order")]
        for id_, urls in self.orders.items():
            path = self.inbox.folder / f"{id_}.answer"
            lines = [json.loads(line) for line in path.read_bytes().splitlines() if line.endswith(b"}")]
            if {line["row"]["url"] for line in lines if "row" in line} != set(urls) or not any("end" in line for line in lines):
                found.append(f"order {id_} was not answered whole")
        with Archive.open(self.home) as archive:
            kept = Counter(each.decision.body["mark"] for each in decisions(archive, "note"))
        found += [f"decision {mark} is kept {kept[mark]} times" for mark in self.rulings if kept[mark] != 1]
        with closing(sqlite3.connect(f"file:{self.home / 'notices.sqlite'}?mode=ro", uri=True)) as db:
            waits = db.execute("SELECT count(*) FROM delivery WHERE due IS NOT NULL").fetchone()[0]
        return found + ([f"{waits} notices were never delivered"] if waits else [])


def kill(pid: int, era: Era, rnd: random.Random, *, group: bool) -> bool:
    """At any moment from the start, or from the first answer on; says whether the daemon was alive until then."""
    before = len(era.answers())
    if rnd.random() < 0.7:
        begun = time.monotonic()
        while len(era.answers()) <= before and time.monotonic() - begun < LONGEST and not os.waitpid(pid, os.WNOHANG)[0]:
            time.sleep(0.02)
    time.sleep(rnd.uniform(0.0, 0.6))
    try:
        os.killpg(pid, signal.SIGKILL) if group else os.kill(pid, signal.SIGKILL)
        return os.waitpid(pid, 0)[1] == signal.SIGKILL
    except (ProcessLookupError, ChildProcessError):
        return False


def finish(pid: int, era: Era) -> list[str]:
    """The last daemon of an archive does what is left, tells what is new, and is stopped gently."""
    begun = time.monotonic()

    def comes(true: Callable[[], bool]) -> None:
        while not true() and time.monotonic() - begun < PATIENT:
            time.sleep(0.1)

    comes(lambda: not era.left())
    ((last,),) = _asked(era.home / "index.sqlite", "SELECT max(seq) FROM captures")
    comes(lambda: any(int(seq) >= last for (seq,) in _asked(era.home / "notices.sqlite", "SELECT value FROM mark")))
    comes(lambda: not _asked(era.home / "notices.sqlite", "SELECT 1 FROM delivery WHERE due IS NOT NULL"))
    os.kill(pid, signal.SIGTERM)
    status = os.waitpid(pid, 0)[1]
    return [] if status == 0 else [f"the last daemon ended with {status}"]


def _asked(path: Path, question: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(question).fetchall()


def main() -> None:
    folder, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    lazy = "lazy" in sys.argv[4:]
    rnd = random.Random(seed)
    os.environ |= {"KARTOTEKA_FREE_BYTES": "0", "KARTOTEKA_WARC_BYTES": "1000000", "KARTOTEKA_READERS": "1"}
    os.environ["KARTOTEKA_KEYS"] = str(folder / "keys")
    import crawler.cli  # noqa: F401
    import schedules.cli  # noqa: F401

    world, received = World(), folder / "received"
    here = [sys.executable, __file__]
    first, log = folder / "first", folder / "log"
    courts = subprocess.Popen(
        [*here, "courts", str(received)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert courts.stdout is not None and courts.stdin is not None
    way = json.loads(courts.stdout.readline())
    subprocess.run([*here, "first", str(first), json.dumps(way)], check=True, stdout=subprocess.DEVNULL)
    courts.stdin.write("2\n")
    courts.stdin.flush()
    courts.stdout.readline()
    world.turn(2)
    names = ("killed at work", "acknowledged", "decided", "notices", "came twice", "checked whole")
    sums = dict.fromkeys(names, 0)
    wrong: list[str] = []
    try:
        for turn in range(kills):
            if turn % ERA == 0:
                home = folder / f"home{turn // ERA}"
                shutil.copytree(first, home)
                era = Era(home, received, world, rnd)
                (home / "inbox").mkdir(exist_ok=True)
            era.hand_in()
            at_work = kill(daemon(home, way, log, lazy=lazy), era, rnd, group=turn % 2 == 0)
            sums["killed at work"] += at_work
            if not at_work:
                wrong.append(f"kill {turn}: the daemon ended by itself: {log.read_text()[-300:]}")
            last = turn % ERA == ERA - 1 or turn == kills - 1
            if last:
                wrong += [f"kill {turn}: {fault}" for fault in (*finish(daemon(home, way, log, lazy=lazy), era), *era.ended())]
            whole = last or turn % 10 == 0
            sums["checked whole"] += whole
            wrong += [f"kill {turn}: {fault}" for fault in era.wrong()]
            if last or turn % 5 == 0:
                wrong += [f"kill {turn}: {fault}" for fault in faults(home, era.told(), whole=whole)]
            if lazy and wrong:
                break
            if last:
                came = era.came()
                sums["acknowledged"] += len(era.told())
                sums["decided"] += len(era.rulings)
                sums["notices"] += len(era.notices)
                sums["came twice"] += sum(count > 1 for count in came.values())
                if not wrong:
                    shutil.rmtree(home)
    finally:
        courts.kill()
        courts.wait()
    print(json.dumps({**sums, "faults": wrong[:20], "fault count": len(wrong)}, ensure_ascii=False))


if __name__ == "__main__":
    if sys.argv[1] == "courts":
        asyncio.run(world_until_killed())
    elif sys.argv[1] == "first":
        asyncio.run(first_reading(Path(sys.argv[2]), json.loads(sys.argv[3]), World()))
    else:
        main()
