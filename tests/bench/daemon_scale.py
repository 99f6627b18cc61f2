"""How soon does a daemon fetch, and what does it cost while nothing is due, over an archive of a million captures?

    python tests/bench/daemon_scale.py FOLDER [--captures 1000000] [--links 10000] [--idle 120]

The archive is made in FOLDER where it is not there yet: its index and its ledger are entered through `Index.enter` and
`Book.enter_many`, rows of invented captures that point into WARC files of the right length and without octets (sparse); the last
two hundred captures are kept by the store, with real records, and all are in the log. The plan names every court of the source
`sudrf` that has a site and the cited links; all were visited lately but one link. A server on loopback says when it is first asked.
Then the daemon, as a command: the first start, which takes the archive in for its alarms, and a second one. Printed: seconds from
the start of the process to the first connection, processor seconds a second and resident memory of the process and its
children over the idle time. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from archive.capture import Capture, Exchange, Outcome, Span, Visit  # noqa: E402
from archive.index import Entry as Member  # noqa: E402
from archive.index import Index  # noqa: E402
from archive.ledger.book import Book, Entry  # noqa: E402
from archive.ledger.observation import Counter, CoverageWindow, Observation, Reading  # noqa: E402
from archive.store import Store  # noqa: E402
from archive.urls import identity, urlkey  # noqa: E402
from crawler.logged import log_kept  # noqa: E402
from crawler.sites import sources  # noqa: E402
from schedules.plan import Docket  # noqa: E402

NOW = datetime.now(UTC).replace(microsecond=0)
A_FILE = 250_000  # captures
LENGTH, OWN = 3000, 1000  # octets of a record and of a manifest, packed
KEPT = 200
FRESH = "http://fresh.example/"
TICK = os.sysconf("SC_CLK_TCK")


def link(number: int) -> str:
    return identity(f"https://site{number % 400}.example/article/{number}")


def capture(seq: int, url: str, at: datetime, payload: str) -> Capture:
    name, place = f"kartoteka-20250101000000-{seq // A_FILE + 1:05}.warc.gz", seq % A_FILE * (LENGTH + OWN)
    digest = hashlib.sha256(b"%d" % seq).hexdigest()
    return Capture(
        f"{seq:08x}-0000-4000-8000-000000000000", seq, f"{seq:08x}-0000-4000-9000-000000000000", 0, url, urlkey(url), at,
        Outcome.CAPTURED, 200, "text/html", payload, 30_000, Span(name, place, LENGTH, digest),
        Span(name, place + LENGTH, OWN, digest), digest,
    )  # fmt: skip


@cache
def courts() -> tuple[str, ...]:
    """Every court of the source that has a site."""
    (source,) = (each for each in sources() if each.name == "sudrf")
    query = replace(Docket("sudrf", "", 60, timedelta(days=1)).query(NOW.date()), courts=())
    return tuple(sorted({seed.court for seed in source.seeds(query) if seed.url and seed.court}))


def told(captures: int, links: int) -> Iterator[Entry]:
    """Visits of the links, each found changed every fifth time, and askings of the courts, in the order of the log."""
    (source,) = (each for each in sources() if each.name == "sudrf")
    rounds = max(1, captures // links)
    seq = 0
    for turn in range(rounds):
        began = NOW - timedelta(days=rounds - turn, hours=1)
        for number in range(links):
            url, state = link(number), turn // 5
            digest = hashlib.sha256(f"{number} {state}".encode()).hexdigest()
            title = f"Заметка {number}, {state}"
            said = (Observation(url, "title", title, title, "h1", title, 0, len(title)),)
            read = Reading("page", "article/1", "utf-8", observations=said, kind="article")
            yield Entry(capture(seq, url, began + timedelta(seconds=number), digest), read)
            seq += 1
        for court in courts():
            day = began.date()
            run = f"sudrf {court} * {day - timedelta(days=60)}..{day} {turn}"
            for seed in source.seeds(Docket("sudrf", court, 60, timedelta(days=1)).query(day)):
                if seed.url:
                    asked = CoverageWindow("sudrf", court, seed.register, seed.first, seed.last, 1, 1, None, run)
                    read = Reading("page", "sudrf/1", "utf-8", kind="listing", counter=Counter(1, 1, 1))
                    digest = hashlib.sha256(f"{seed.url} {turn}".encode()).hexdigest()
                    yield Entry(
                        capture(seq, identity(seed.url), began + timedelta(seconds=links + seq % 1000), digest), read, asked
                    )
                    seq += 1


def make(home: Path, captures: int, links: int) -> None:
    began = time.monotonic()
    Store.open(home).close()
    every, seq = told(captures, links), 0
    with Book.open(home, write=True) as book:
        index = Index.open(home / "index.sqlite", write=True)
        while batch := list(islice(every, 10_000)):
            kept = [entry.capture for entry in batch]
            members = [
                Member(span, kind, c.seq) for c in kept for span, kind in ((c.record, "response"), (c.manifest, "manifest"))
            ]
            index.enter(kept, [member for member in members if member.span is not None])
            book.enter_many(batch)
            seq = kept[-1].seq + 1
        for name in index.files():
            with (home / "warc" / name).open("wb") as file:
                file.truncate(index.end(name))
        index.close()
    print(f"{seq} captures entered in {time.monotonic() - began:.0f} s")
    body = b"<title>kept</title>" * 50
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with Store.open(home) as store:
        for number in range(KEPT):
            url, at = f"http://kept.example/{number}", NOW - timedelta(minutes=30)
            made = Exchange(url, at, 0.1, Outcome.CAPTURED, request=b"GET / HTTP/1.1\r\n\r\n", response=answer,
                            head_length=len(answer) - len(body), status=200)  # fmt: skip
            store.keep(Visit(url, (made,))).result()
        print(f"{log_kept(store, print)} leaves logged, {time.monotonic() - began:.0f} s in all")
    listed = "\n".join(link(number) for number in range(links))
    (home / "cited.txt").write_text(f"{listed}\n{FRESH}\n", "utf-8")
    named = ", ".join(f'"{code}"' for code in courts())
    (home / "plan.toml").write_text(
        f'[[source]]\nname = "sudrf"\ncourts = [{named}]\nevery = "52w"\n\n[[links]]\nfile = "cited.txt"\nevery = "52w"\nsoonest = "26w"\n',
        "utf-8",
    )


class Asked(threading.Thread):
    """A server that notes when it is first asked, and answers."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.first: float | None = None

    def run(self) -> None:
        while True:
            conversation, _ = self.socket.accept()
            self.first = self.first or time.monotonic()
            with conversation:
                conversation.recv(65536)
                conversation.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
                )


def family(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, children.read_text().split())
    return found


def measured(pids: list[int]) -> tuple[float, float]:
    """Processor seconds so far, and MiB resident, of all of them."""
    spent, pages = 0, 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        spent += int(fields[11]) + int(fields[12])
        pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return spent / TICK, pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def run(home: Path, what: str, settle: float, idle: float) -> None:
    asked = Asked()
    asked.start()
    command = [
        sys.executable, "-c", "import sys; sys.argv[0]='crawl'; from schedules.cli import main; main()", "daemon", "--home", str(home),
        "--connect-to", f"::127.0.0.1:{asked.port}",
    ]  # fmt: skip
    began = time.monotonic()
    with (home / "daemon.err").open("w") as err:
        process = subprocess.Popen(command, cwd=ROOT, stderr=err, stdout=err)
        try:
            while asked.first is None and process.poll() is None and time.monotonic() - began < 600:
                time.sleep(0.02)
            cpu, mib = measured(family(process.pid))
            first = f"{asked.first - began:.2f} s" if asked.first else "none"
            print(f"{what}: first fetch after {first}, {cpu:.2f} s of processor by then, {mib:.0f} MiB")
            time.sleep(settle)
            before, _ = measured(family(process.pid))
            time.sleep(idle)
            after, mib = measured(family(process.pid))
            peaks = [line for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
            each = [f"{measured([pid])[1]:.0f}" for pid in family(process.pid)]
            print(
                f"{what}: {before:.1f} s of processor in the first {settle:.0f} s; then {100 * (after - before) / idle:.2f} % of a core "
                f"over {idle:.0f} s; {mib:.0f} MiB resident ({' + '.join(each)}), peak {int(peaks[0].split()[1]) // 1024}"
            )
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("folder", type=Path)
    asked.add_argument("--captures", type=int, default=1_000_000)
    asked.add_argument("--links", type=int, default=10_000)
    asked.add_argument("--settle", type=float, default=60)
    asked.add_argument("--idle", type=float, default=120)
    options = asked.parse_args()
    os.environ["XDG_CONFIG_HOME"] = str(options.folder / "config")  # the log's key
    home = options.folder / "home"
    if not (home / "plan.toml").exists():
        make(home, options.captures, options.links)
    run(home, "first start", options.settle, options.idle)
    cited = (home / "cited.txt").read_text("utf-8")
    (home / "cited.txt").write_text(f"{cited}http://fresh{int(time.time())}.example/\n", "utf-8")
    run(home, "second start", options.settle, options.idle)


if __name__ == "__main__":
    main()
