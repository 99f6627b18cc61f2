"""Work handed to the process that holds the archive: a file in `inbox/`, renamed into place; its answer comes beside it.

    open              the process that takes orders, while it does
    ID.order          one order: JSON, whole from the moment it has this name, gone when it is done
    ID.files/         the files that it hands over, copied before it
    ID.answer         a line for each thing as it is done, then the line that says it was the last

One writer holds an archive (reliability.md 3.1, R8): nobody writes beside it, neither a one-off crawl nor a person who decides.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.errors import ArchiveError, NotFound

LOOK = 0.2  # seconds between two looks, on either side
KEPT = 86_400.0  # seconds that an answer nobody fetched is kept


@dataclass(frozen=True, slots=True)
class Order:
    """Addresses to visit. read: False where they are only to be archived."""

    id: str
    urls: tuple[str, ...]
    read: bool = True


@dataclass(frozen=True, slots=True)
class Ruling:
    """A person's decision to keep and to enter. block: of `archive.decisions.Decision`."""

    id: str
    block: str


@dataclass(frozen=True, slots=True)
class Papers:
    """Files to take in; they lie in the inbox. url: of a saved page.

    document: where they are no captures, but documents: under which `address`, of which `content_type`, and what else their
    manifests are to say.
    """

    id: str
    files: tuple[Path, ...]
    url: str | None = None
    document: Mapping[str, Any] | None = None


Handed = Order | Ruling | Papers


class Inbox:
    """The folder of one archive."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "inbox"
        self._lock = home / "lock"

    # -- the side that holds the archive

    def open(self) -> None:
        """From now on orders are taken; answers that nobody came for are thrown away."""
        self.folder.mkdir(exist_ok=True)
        for path in (*self.folder.glob("*.answer"), *self.folder.glob("*.files")):
            if not path.with_suffix(".order").exists() and time.time() - path.stat().st_mtime > KEPT:
                _remove(path)
        self._write("open", {"pid": os.getpid()})

    def close(self) -> None:
        (self.folder / "open").unlink(missing_ok=True)

    def orders(self) -> Iterator[Handed | Path]:
        """What waits, the oldest first; the path of what is no order."""
        for path in sorted(self.folder.glob("*.order")):
            try:
                yield self._order(path.stem, json.loads(path.read_bytes()))
            except (OSError, ValueError, KeyError, TypeError):
                yield path

    def _order(self, id_: str, told: Any) -> Handed:
        """Raises KeyError, TypeError, ValueError where it is none."""
        if "block" in told:
            return Ruling(id_, _text(told["block"]))
        if "files" in told:
            files = tuple(self._file(id_, number, _text(name)) for number, name in enumerate(told["files"]))
            return Papers(id_, files, told["url"], told["document"])
        if not isinstance(told["read"], bool):
            raise TypeError(told)
        return Order(id_, tuple(map(_text, told["urls"])), told["read"])

    def _file(self, id_: str, number: int, name: str) -> Path:
        if Path(name).name != name:
            raise ValueError(f"not the name of a file: {name!r}")
        return self.folder / f"{id_}.files" / str(number) / name

    def begun(self, order: Handed) -> bool:
        """Was an order taken before, by a process that was killed over it? From now on it is taken."""
        path = self.folder / f"{order.id}.answer"
        was = path.exists()
        path.touch()
        return was

    def answered(self, order: Order) -> set[str]:
        """The addresses of an order that have their answer already; and, as `begun`, it is taken."""
        path = self.folder / f"{order.id}.answer"
        path.touch()
        return {line["row"]["url"] for line in _lines(path.read_bytes()) if "row" in line}

    def answer(self, order: Handed, row: Mapping[str, object], *, fine: bool) -> None:
        self._append(order, {"row": row, "fine": fine})

    def end(self, order: Handed, refused: str | None = None) -> None:
        """The order is done, and is not taken again. refused: why it never can be done."""
        self._append(order, {"end": True, "refused": refused})
        (self.folder / f"{order.id}.order").unlink(missing_ok=True)
        _remove(self.folder / f"{order.id}.files")

    def put_off(self, order: Handed, why: str) -> None:
        """It could not be done now; it stays, and whoever waits for it is told."""
        self._append(order, {"put off": why})

    def _append(self, order: Handed, told: dict[str, object]) -> None:
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
        order = Order(_id(), tuple(urls), read)
        self._write(f"{order.id}.order", {"urls": urls, "read": read})
        return order

    def rule(self, block: bytes) -> Ruling:
        """Durable when this returns."""
        order = Ruling(_id(), block.decode("utf-8"))
        self._write(f"{order.id}.order", {"block": order.block})
        return order

    def hand_over(self, files: Sequence[Path], url: str | None = None, document: Mapping[str, Any] | None = None) -> Papers:
        """Copies of these files; durable when this returns. Raises OSError, and then nothing was handed over."""
        id_ = _id()
        copies = tuple(self._file(id_, number, file.name) for number, file in enumerate(files))
        try:
            for file, copy in zip(files, copies, strict=True):
                copy.parent.mkdir(parents=True)
                shutil.copyfile(file, copy)
                shutil.copystat(file, copy)
                for path in (copy, copy.parent, copy.parent.parent):
                    _sync(path)
            told = {"files": [file.name for file in files], "url": url, "document": document}
            self._write(f"{id_}.order", told)
        except OSError:
            _remove(self.folder / f"{id_}.files")
            raise
        return Papers(id_, copies, url, document)

    def answers(self, order: Handed) -> Iterator[tuple[dict[str, Any], bool]]:
        """A row for each thing done, and whether all went well, as they come.

        Raises NotFound where the taker ends before it is done, and ArchiveError where it cannot be done, or not now.
        """
        path = self.folder / f"{order.id}.answer"
        at = 0
        while True:
            here = self.taker() is not None  # asked first: what it wrote before it went is still read
            octets = path.read_bytes()[at:] if path.exists() else b""
            whole = octets[: octets.rfind(b"\n") + 1]
            at += len(whole)
            for line in _lines(whole):
                if "put off" in line:
                    raise ArchiveError(f"the daemon could not do it: {line['put off']}; it keeps the order, and tries again")
                if "end" in line:
                    path.unlink(missing_ok=True)
                    if line.get("refused"):
                        raise ArchiveError(line["refused"])
                    return
                yield line["row"], line["fine"]
            if not whole:
                if not here:
                    raise NotFound("who took the order has ended; what is left is done when `crawl daemon` runs again")
                time.sleep(LOOK)

    def _write(self, name: str, told: Mapping[str, object]) -> None:
        new = self.folder / f"{name}.new"
        with new.open("wb") as file:
            file.write(json.dumps(told).encode("utf-8", "surrogatepass"))
            file.flush()
            os.fsync(file.fileno())
        new.rename(self.folder / name)
        _sync(self.folder)


def _lines(octets: bytes) -> Iterator[dict[str, Any]]:
    """The whole lines; one that a kill cut off is none."""
    for line in octets.split(b"\n"):
        with contextlib.suppress(ValueError):
            yield json.loads(line)


def _id() -> str:
    return f"{time.time_ns()}-{uuid.uuid4().hex}"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _remove(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
