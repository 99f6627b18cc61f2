"""How much of our own archive is verified in one second of processor time, beside `warcio check` on the same files?

    python tests/bench/verify_speed.py FOLDER [--octets 250000000] [--rounds 3]
    python tests/bench/verify_speed.py --home HOME [--rounds 3]

The archive is made in FOLDER once, of invented pages, by Store.keep; HOME is one that is there, as `crawl url - --no-read`
makes it, and is not changed. Then both programs run over it in turn, as whole
processes; user and system time of each are theirs alone. warcio checks block and payload digests; ours checks all that
`archive/verify/` numbers. Nothing is asserted: the figures are printed.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import statistics
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from archive.capture import Exchange, Outcome, Visit  # noqa: E402
from archive.store import Settings, Store  # noqa: E402

LETTERS = "абвгдежзиклмнопрстуфхцчшщыэюя"


def answer(chance: random.Random, body: bytes) -> bytes:
    """A third gzip-coded, a third chunked, the rest as it is: what a server sends."""
    coding = chance.randrange(3)
    said = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 02 Mar 2026 12:00:00 GMT\r\n"
    said += b"Content-Type: text/html; charset=windows-1251\r\nConnection: keep-alive\r\n"
    if coding == 1:
        body = gzip.compress(body, 6, mtime=0)
        said += b"Content-Encoding: gzip\r\n"
    if coding == 2:
        pieces = [body[i : i + 8192] for i in range(0, len(body), 8192)]
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])
        return said + b"Transfer-Encoding: chunked\r\n\r\n" + body
    return said + b"Content-Length: %d\r\n\r\n" % len(body) + body


def page(chance: random.Random, words: list[str], number: int) -> bytes:
    """A register's listing: rows of links and names, 3 to 200 KB, about 35 on the mean."""
    rows = []
    for _ in range(int(min(400, max(10, chance.expovariate(1 / 140))))):
        link = f"/modules.php?name=sud_delo&amp;case_id={chance.randrange(10**9)}"
        told = " ".join(chance.choices(words, k=25))
        rows.append(f"<tr><td><a href='{link}'>{chance.randrange(9999)}/2026</a></td><td>{told}</td></tr>")
    return f"<html><title>{number}</title><body><table>{chr(10).join(rows)}</table></body></html>".encode("cp1251")


def make(home: Path, octets: int) -> None:
    """Captures until the files hold so many octets."""
    chance = random.Random(1)
    words = ["".join(chance.choices(LETTERS, k=chance.randint(2, 9))) for _ in range(3000)]
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    number = 0
    with Store.open(home, settings=Settings(floor=0, rotate=100_000_000)) as store:
        while sum(path.stat().st_size for path in (home / "warc").iterdir()) < octets:
            waiting = []
            for _ in range(200):
                answered = answer(chance, page(chance, words, number))
                head, url = answered.index(b"\r\n\r\n") + 4, f"https://court{number % 50}.example/card?id={number}"
                request = f"GET /card?id={number} HTTP/1.1\r\nHost: court{number % 50}.example\r\n\r\n".encode()
                exchange = Exchange(
                    url=url, began=noon + timedelta(seconds=number), elapsed=0.1, outcome=Outcome.CAPTURED, request=request,
                    response=answered, head_length=head, status=200, peer="203.0.113.7:443",
                )  # fmt: skip
                waiting.append(store.keep(Visit(url, (exchange,))))
                number += 1
            for future in waiting:
                future.result()


def spent(command: list[str]) -> tuple[float, float, int]:
    """Processor seconds of a process and its children, seconds by the clock, peak memory in MiB; it must accept."""
    began = os.times()
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{command}: status {status}")
    return usage.ru_utime + usage.ru_stime, os.times().elapsed - began.elapsed, usage.ru_maxrss // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--octets", type=int, default=250_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if (options.folder is None) == (options.home is None):
        parser.error("either a FOLDER to make an archive in, or the --home of one")
    home = options.home or options.folder / f"home-{options.octets}"
    if not home.exists():
        make(home, options.octets)
    files = [str(path) for path in sorted((home / "warc").iterdir())]
    size = sum(Path(path).stat().st_size for path in files) / 1e6
    programs = {
        "warcio check": [str(Path(sys.executable).with_name("warcio")), "check", *files],
        "crawl verify": [sys.executable, "-m", "schedules.cli", "--home", str(home), "-q", "verify"],
    }
    if not (ROOT / "schedules" / "__main__.py").exists():
        programs["crawl verify"][1:3] = ["-c", "from schedules.cli import main; main()"]
    figures: dict[str, list[tuple[float, float, int]]] = {name: [] for name in programs}
    for _ in range(options.rounds):
        for name, command in programs.items():
            figures[name].append(spent(command))
    medians = {}
    print(f"{len(files)} files, {size:.0f} MB; medians of {options.rounds} rounds, interleaved")
    for name, rows in figures.items():
        cpu, clock, memory = (statistics.median(column) for column in zip(*rows, strict=True))
        medians[name] = cpu
        print(f"{name:14} {cpu:7.2f} CPU-s  {size / cpu:6.1f} MB/CPU-s  {clock:7.2f} s  {memory:.0f} MiB peak")
    print(f"ratio per CPU-second: {medians['warcio check'] / medians['crawl verify']:.2f}")


if __name__ == "__main__":
    main()
