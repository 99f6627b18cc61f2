"""Work handed to the process that holds the archive: a file in `inbox/`, renamed into place; its answer comes beside it.

    open              the process that takes orders, while it does
    ID.order          one order: JSON, whole from the moment it has this name, gone when it is done
    ID.answer         a line for each visit as it ends, then the line that says it was the last

One writer holds an archive (reliability.md 3.1, R8): a one-off crawl never writes beside it.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.errors import NotFound

LOOK = 0.2  # seconds between two looks, on either side
KEPT = 86_400.0  # seconds that an answer nobody fetched is kept


@dataclass(frozen=True, slots=True)
class Order:
    """Addresses to visit. read: False where they are only to be archived."""

    id: str
    urls: tuple[str, ...]
    read: bool = True


class Inbox:
    """The folder of one archive."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "inbox"
        self._lock = home / "lock"

    # -- the side that holds the archive

    def open(self) -> None:
        """From now on orders are taken; answers that nobody came for are thrown away."""
        self.folder.mkdir(exist_ok=True)
        for path in self.folder.glob("*.answer"):
            if not path.with_suffix(".order").exists() and time.time() - path.stat().st_mtime > KEPT:
                path.unlink(missing_ok=True)
        self._write("open", {"pid": os.getpid()})

    def close(self) -> None:
        (self.folder / "open").unlink(missing_ok=True)

    def orders(self) -> Iterator[Order | Path]:
        """What waits, the oldest first; the path of what is no order."""
        for path in sorted(self.folder.glob("*.order")):
            try:
                told = json.loads(path.read_bytes())
                urls, read = told["urls"], told["read"]
                if not all(isinstance(url, str) for url in urls) or not isinstance(read, bool):
                    raise TypeError(told)
            except (OSError, ValueError, KeyError, TypeError):
                yield path
            else:
                yield Order(path.stem, tuple(urls), read)

    def answered(self, order: Order) -> set[str]:
        """The addresses of an order that have their answer already: it was taken before a kill. From now on it is taken."""
        path = self.folder / f"{order.id}.answer"
        path.touch()
        return {line["row"]["url"] for line in _lines(path.read_bytes()) if "row" in line}

    def answer(self, order: Order, row: dict[str, object], *, fine: bool) -> None:
        self._append(order, {"row": row, "fine": fine})

    def end(self, order: Order) -> None:
        """The order is done, and is not taken again."""
        self._append(order, {"end": True})
        (self.folder / f"{order.id}.order").unlink(missing_ok=True)

    def _append(self, order: Order, told: dict[str, object]) -> None:
        with (self.folder / f"{order.id}.answer").open("ab") as file:
            file.write(json.dumps(told, default=str).encode("utf-8", "surrogatepass") + b"\n")

    # -- the side that hands in

    def taker(self) -> int | None:
        """The process that holds the archive's lock, where it takes orders."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            pid = json.loads((self.folder / "open").read_bytes())["pid"]
            if json.loads(self._lock.read_bytes())["pid"] == pid:
                os.kill(pid, 0)
                return int(pid)
        return None

    def hand_in(self, urls: list[str], *, read: bool) -> Order:
        """Durable when this returns."""
        order = Order(f"{time.time_ns()}-{uuid.uuid4().hex}", tuple(urls), read)
        self._write(f"{order.id}.order", {"urls": urls, "read": read})
        return order

    def answers(self, order: Order) -> Iterator[tuple[dict[str, Any], bool]]:
        """Each visit's row, and whether all went well, as they come. Raises NotFound where the taker ends before it is done."""
        path = self.folder / f"{order.id}.answer"
        at = 0
        while True:
            here = self.taker() is not None  # asked first: what it wrote before it went is still read
            octets = path.read_bytes()[at:] if path.exists() else b""
            whole = octets[: octets.rfind(b"\n") + 1]
            at += len(whole)
            for line in _lines(whole):
                if "end" in line:
                    path.unlink(missing_ok=True)
                    return
                yield line["row"], line["fine"]
            if not whole:
                if not here:
                    raise NotFound("who took the order has ended; what is left is done when `crawl daemon` runs again")
                time.sleep(LOOK)

    def _write(self, name: str, told: dict[str, object]) -> None:
        new = self.folder / f"{name}.new"
        with new.open("wb") as file:
            file.write(json.dumps(told).encode("utf-8", "surrogatepass"))
            file.flush()
            os.fsync(file.fileno())
        new.rename(self.folder / name)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _lines(octets: bytes) -> Iterator[dict[str, Any]]:
    """The whole lines; one that a kill cut off is none."""
    for line in octets.split(b"\n"):
        with contextlib.suppress(ValueError):
            yield json.loads(line)
