"""A writer that is killed again and again: run by test_store_crash.py in a process of its own.

python crash_loop.py HOME KILLS SEED -> one JSON object: what was acknowledged, and what was found afterwards.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive.capture import Exchange, Outcome, Tls, Visit
from archive.store import Archive, Settings, Store

SETTINGS = Settings(floor=0, rotate=150_000)
TLS = [None, Tls("TLSv1.3", None, None, True, None, (b"one" * 200,)), Tls("TLSv1.2", None, None, True, None, (b"two" * 200,))]
SHARED = b"<p>a page that many addresses serve" + b"." * 400


def exchange(rnd: random.Random, url: str, hop: int) -> Exchange:
    body = SHARED if rnd.random() < 0.2 else rnd.randbytes(rnd.choice((10, 300, 3000, 40_000)))
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    outcome, response = (Outcome.RESET, b"") if rnd.random() < 0.1 else (Outcome.CAPTURED, head + body)
    return Exchange(
        f"{url}/{hop}",
        datetime.now(UTC),
        0.01,
        outcome,
        request=b"GET / HTTP/1.1\r\n\r\n",
        response=response,
        head_length=len(head) if response else 0,
        status=200 if response else None,
        surplus=b"more" if response and rnd.random() < 0.1 else b"",
        tls=rnd.choice(TLS),
    )


def write(home: Path, acks: int, turn: int, seed: int) -> None:
    """Keeps visits until it is killed; tells each acknowledged exchange: its address, and what was handed in."""
    rnd = random.Random(f"{seed}-{turn}")
    with Store.open(home, settings=SETTINGS) as store:
        flying: deque[tuple[Visit, object]] = deque()
        for n in range(100_000):
            url = f"http://court{turn}.example/{n}"
            visit = Visit(url, tuple(exchange(rnd, url, hop) for hop in range(rnd.choice((1, 1, 2)))))
            flying.append((visit, store.keep(visit)))
            while flying and (len(flying) > 6 or flying[0][1].done()):
                kept, future = flying.popleft()
                for e, c in zip(kept.exchanges, future.result().captures, strict=True):
                    os.write(acks, f"{c.id} {hashlib.sha256(e.response).hexdigest()}\n".encode())


def main() -> None:
    home, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    rnd = random.Random(seed)
    told = home.parent / "acks"
    acks = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    aside = adopted = 0
    slowest = 0.0
    for turn in range(kills):
        pid = os.fork()
        if not pid:
            write(home, acks, turn, seed)
            os._exit(1)
        time.sleep(rnd.uniform(0.0, 0.25))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        if turn % 2:  # on the other turns the next writer mends what this one left
            begun = time.monotonic()
            with Store.open(home, settings=SETTINGS) as store:
                slowest = max(slowest, time.monotonic() - begun)
                aside += len(store.recovery.aside)
                adopted += store.recovery.adopted
    with Store.open(home, settings=SETTINGS):
        pass
    handed_in = dict(line.split() for line in told.read_text().splitlines() if line.count(" ") == 1)
    with Archive.open(home) as archive:
        captures = list(archive.captures())
        held = {c.id: hashlib.sha256(archive.exchange(c).response).hexdigest() for c in captures}
    print(
        json.dumps(
            {
                "acknowledged": len(handed_in),
                "lost": [id_ for id_, digest in handed_in.items() if held.get(id_) != digest],
                "gaps": [c.seq for n, c in enumerate(captures) if c.seq != n],
                "doubled": len(captures) - len({c.url for c in captures}),
                "torn": aside,
                "adopted": adopted,
                "slowest recovery": slowest,
            }
        )
    )


if __name__ == "__main__":
    main()
