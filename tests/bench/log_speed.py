"""How long do a checkpoint and a proof take in a log of a million captures, and in how much memory?

    python tests/bench/log_speed.py FOLDER [--leaves 1000000]

The log is made in FOLDER of invented entries, through the writer that `crawl log` uses, 16,384 leaves a checkpoint. Then
one capture more is logged twenty times, and two thousand proofs are made and verified. Nothing is asserted: the figures are
printed. Sizes are the largest that the process had (ru_maxrss).
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from archive import tree  # noqa: E402
from archive.keyring import Keyring  # noqa: E402
from archive.log import MOST, Log, Writer  # noqa: E402
from archive.logcheck import check_log  # noqa: E402
from archive.tiles import Tiles  # noqa: E402


def entry(n: int) -> bytes:
    digest = hashlib.sha256(b"%d" % n).hexdigest()
    return f'{{"at":"2026-03-02T12:00:00.{n % 1_000_000:06}Z","manifest":"{digest}","outcome":"captured","seq":{n},"v":1}}'.encode()


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(times: list[float]) -> str:
    ordered = sorted(times)
    middle, late = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    return f"median {middle * 1000:.2f} ms, 99 of 100 within {late * 1000:.2f} ms, longest {ordered[-1] * 1000:.2f} ms"


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", type=Path)
    asked.add_argument("--leaves", type=int, default=1_000_000)
    told = asked.parse_args()
    home = told.folder / "home"
    writer = Writer(home, Keyring(told.folder / "keys"))
    begun = time.monotonic()
    for first in range(0, told.leaves, MOST):
        writer.append([entry(n) for n in range(first, min(first + MOST, told.leaves))])
        if first // MOST in (3, 30):
            print(f"{min(first + MOST, told.leaves)} leaves: {megabytes():.1f} MB")
    print(f"{told.leaves} leaves in {time.monotonic() - begun:.1f} s, {megabytes():.1f} MB")

    times = []
    for n in range(told.leaves, told.leaves + 20):
        begun = time.perf_counter()
        writer.append([entry(n)])
        times.append(time.perf_counter() - begun)
    print(f"a checkpoint for one capture more: {timed(times)}")

    checkpoint = Log(home).checkpoint()
    assert checkpoint is not None
    chance, looks = random.Random(1), list[float]()
    times.clear()
    for _ in range(2000):
        index = chance.randrange(checkpoint.size)
        begun = time.perf_counter()
        tiles = Tiles(home / "log", checkpoint.size)
        leaf, path = tiles.entry(index), tree.inclusion(index, checkpoint.size, tiles.node)
        times.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        assert tree.includes(tree.leaf_hash(leaf), index, checkpoint.size, path, checkpoint.root)
        looks.append(time.perf_counter() - begun)
    print(f"a proof, its tiles read anew: {timed(times)}")
    print(f"a proof verified: {timed(looks)}")
    print(f"{megabytes():.1f} MB")

    begun = time.monotonic()
    found = [f for f in check_log(home) if f.check[:2] in ("11", "12", "13")]
    print(f"checks (11) to (13) in {time.monotonic() - begun:.1f} s, {megabytes():.1f} MB: {[str(f.outcome) for f in found]}")


if __name__ == "__main__":
    main()
