"""How much a page costs, ours beside its peers': `python tests/bench/compare.py`; figures for docs/speed.md, never a test.

Each contestant keeps the same pages of the same origin on loopback, in turn, round after round, so that what else the machine
does falls on all alike. CPU seconds (user and system, of the whole process tree) are the anchor; wall time is colour. Every
WARC is counted. `--store` and `--origin` take pages and a server made elsewhere; else ours are used.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from warcio.archiveiterator import ArchiveIterator

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PORT = 18081
RULES = [f":{port}:127.0.0.1:{port}" for port in (18080, PORT)]  # theirs, ours
PEERS = ("scrapy>=2.13", "warcio>=1.8", "httpx>=0.28,<1", "uvloop")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took. cpu: seconds of the process and all it waited for; wall: seconds; rss: its peak, MiB; size: octets."""

    cpu: float
    wall: float
    rss: float
    size: int
    pages: int


Command = Callable[[Path, Path], tuple[list[str], dict[str, str]]]  # of the list of addresses and a folder to write in


def ours(*words: str, **environment: str) -> Command:
    def command(_urls: Path, folder: Path) -> tuple[list[str], dict[str, str]]:
        start = "import sys; sys.argv[0] = 'crawl'; from schedules.cli import main; main()"
        rules = [word for rule in RULES for word in ("--connect-to", rule)]
        fixed = ["--home", str(folder / "home"), "--json", "--pace", "0", *rules]
        return [sys.executable, "-c", start, "url", "-", *words, *fixed], {"PYTHONPATH": str(ROOT), **environment}

    return command


def wget(urls: Path, folder: Path) -> tuple[list[str], dict[str, str]]:
    by_host = folder / "by-host"  # wget keeps one connection: the order that suits it best
    by_host.write_text("".join(sorted(urls.read_text().splitlines(keepends=True), key=lambda url: url.split("/")[2])))
    return [
        "wget",
        "-q",
        "-t1",
        "-nd",
        "--no-warc-keep-log",
        "--delete-after",
        f"--warc-file={folder}/w",
        "-i",
        str(by_host),
    ], {}


def peer(python: Path, script: str) -> Command:
    return lambda urls, folder: ([str(python), str(HERE / script), str(urls), str(folder / "w.warc.gz")], {})


def environment() -> Path:
    """The python of the peers' own environment, made once in the user's cache folder."""
    folder = Path(platformdirs.user_cache_dir("kartoteka-bench", appauthor=False))
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PEERS], check=True)
    return python


@contextmanager
def origin(arguments: argparse.Namespace) -> Iterator[list[str]]:
    """The addresses, served while this lasts."""
    server = None
    if arguments.store:
        if arguments.origin:
            delay = ["-d", arguments.delay] if arguments.delay else []
            server = subprocess.Popen([arguments.origin, arguments.store, *delay])
            time.sleep(0.5)
        urls = (Path(arguments.store) / "urls.txt").read_text().split()[: arguments.pages]
    else:
        words = [sys.executable, str(HERE / "origin.py"), str(arguments.pages), str(PORT)]
        server = subprocess.Popen([*words, *([arguments.delay] if arguments.delay else [])], stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        urls = [line.strip() for line in iter(server.stdout.readline, "ready\n") if line]
    try:
        yield urls
    finally:
        if server is not None:
            server.terminate()
            server.wait()


def run(command: Command, urls: Path, folder: Path) -> Cost:
    words, extra = command(urls, folder)
    began = time.monotonic()
    with urls.open() as given, (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        child = subprocess.Popen(words, stdin=given, stdout=out, stderr=err, cwd=folder, env={**os.environ, **extra})
        _, _, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - began
    files = sorted(folder.rglob("*.warc.gz"))
    wanted = set(urls.read_text().split())
    size = sum(file.stat().st_size for file in files)
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, size, sum(kept(file, wanted) for file in files))


def kept(file: Path, wanted: set[str]) -> int:
    """How many of the addresses have a response of status 200 in the file."""
    found = set()
    with file.open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type in ("response", "revisit") and record.http_headers.get_statuscode() == "200":
                found.add((record.rec_headers.get_header("WARC-Target-URI") or "").strip("<>"))
    return len(found & wanted)


def main() -> int:
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--pages", type=int, default=4000)
    said.add_argument("--rounds", type=int, default=3)
    said.add_argument("--store", help="a folder of pages made elsewhere")
    said.add_argument("--origin", help="the program that serves them on 18080; without it they are served already")
    said.add_argument("--delay", help="LEAST:MOST milliseconds before each answer; 256 are then in flight")
    said.add_argument("--only", default="ours,ours-small,wget,scrapy,httpx", help="contestants; also: ours-two, ours-read")
    arguments = said.parse_args()
    many = {"KARTOTEKA_IN_FLIGHT": "256"} if arguments.delay else {}
    lanes = ["--per-host", "8"] if arguments.delay else []
    names = arguments.only.split(",")
    contestants: dict[str, Command] = {
        "ours": ours("--no-read", *lanes, **many),
        "ours-small": ours("--no-read", *lanes, **many, KARTOTEKA_LEVEL="6"),
        "ours-two": ours("--no-read", *lanes, **many, KARTOTEKA_FETCHERS="1"),
        "ours-read": ours(*lanes, **many),
        "wget": wget,
    }
    if {"scrapy", "httpx"} & set(names):
        python = environment()
        contestants |= {"scrapy": peer(python, "peer_scrapy.py"), "httpx": peer(python, "peer_httpx.py")}
    chosen = {name: contestants[name] for name in names if name != "wget" or shutil.which("wget")}
    costs: dict[str, list[Cost]] = {name: [] for name in chosen}
    with origin(arguments) as addresses, tempfile.TemporaryDirectory() as place:
        urls = Path(place) / "urls"
        urls.write_text("".join(f"{url}\n" for url in addresses))
        for turn in range(arguments.rounds):
            for name, command in chosen.items():
                folder = Path(place) / f"{name}-{turn}"
                folder.mkdir()
                cost = run(command, urls, folder)
                costs[name].append(cost)
                print(
                    f"{turn + 1} {name}: {cost.cpu:.2f} CPU s, {cost.wall:.1f} s, {cost.pages} pages",
                    file=sys.stderr,
                    flush=True,
                )
                shutil.rmtree(folder)
    return table(costs, len(addresses))


def table(costs: dict[str, list[Cost]], asked: int) -> int:
    """Medians, and each peer's CPU over ours; 1 where a page is missing from any WARC."""
    middle = {name: statistics.median(c.cpu for c in each) for name, each in costs.items()}
    print(f"{'':<11} CPU s/1,000  pages/CPU s  pages/s  RSS MiB  WARC MB  pages  CPU over {next(iter(costs))}'s")
    for name, each in costs.items():
        cpu, wall, pages = middle[name], statistics.median(c.wall for c in each), min(c.pages for c in each)
        print(
            f"{name:<11} {cpu / asked * 1000:>11.2f} {asked / cpu:>12.0f} {asked / wall:>8.0f} {max(c.rss for c in each):>8.0f}"
            f" {each[0].size / 1e6:>8.1f} {pages:>6} {cpu / middle[next(iter(costs))]:>8.2f}"
        )
    return int(any(c.pages != asked for each in costs.values() for c in each))


if __name__ == "__main__":
    sys.exit(main())
