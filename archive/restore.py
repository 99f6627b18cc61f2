"""A snapshot laid out as received: bodies, heads, raw exchanges, manifests, and where each comes from.

Nothing that the network sent names a file: names are a digest and a suffix by media type. Every file is made
anew (O_EXCL), follows no link (O_NOFOLLOW), and lies inside the folder that was asked for. What is written has
been checked against the digests it was kept with; where they differ, nothing is written.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive import warc
from archive.capture import Capture
from archive.chosen import Chosen, choose
from archive.errors import BadCoding, Damaged, NotAnArchive
from archive.shelf import Archive

# Suffixes by media type; anything else is `.bin`, which nothing opens by itself.
SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "text/plain": ".txt",
    "text/csv": ".csv",
    "text/css": ".css",
    "text/xml": ".xml",
    "application/xml": ".xml",
    "application/json": ".json",
    "application/pdf": ".pdf",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "application/msword": ".doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/zip": ".zip",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
}
PROVENANCE = "provenance.json"
CODED = {"gzip": ".gz", "x-gzip": ".gz", "deflate": ".zz", "br": ".br", "zstd": ".zst"}
MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class Restored:
    """One file that was written. file: its path below the folder asked for; sha256: of its octets."""

    capture: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One file to write. role: what its octets are; `body` is what a reader opens."""

    role: str
    octets: bytes
    suffix: str
    media: str | None = None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.octets).hexdigest()

    @property
    def name(self) -> str:
        return f"{self.role}-{self.sha256}{self.suffix}"


def suffix(mime: str | None) -> str:
    """The safe suffix of a media type; `.bin` for one that is unknown."""
    return SUFFIXES.get((mime or "").strip().lower(), ".bin")


def coding_suffix(codings: str | None) -> str:
    """`.gz` for `gzip`; one after the other for stacked codings; `.coded` for one that is unknown."""
    names = [name.strip().lower() for name in (codings or "").split(",")]
    return "".join(CODED.get(name, ".coded") for name in names if name not in ("", "identity"))


def restore(archive: Archive, asked: str, *, at: datetime | None = None, out: Path) -> list[Restored]:
    """`lay_out` of what `choose` finds. Raises what either does."""
    return lay_out(archive, choose(archive, asked, at), out)


def lay_out(archive: Archive, chosen: Chosen, out: Path) -> list[Restored]:
    """Every capture that was chosen as a folder of `out`, which must be empty or not there yet.

    Revisits are resolved to the body they stand for. What is written is read again and must hash to what was kept.
    Raises NotAnArchive where `out` holds files, Damaged where kept bytes do not hash to what was kept.
    """
    for capture in chosen.captures:  # all of them hold before the first file is made
        pieces(archive, capture)
    folder = _Folder(out)
    try:
        done: list[Restored] = []
        told = []
        for number, capture in enumerate(chosen.captures, 1):
            place = f"{number:02d}"
            folder.make(place)
            files = []
            for piece in pieces(archive, capture):
                name = folder.write(place, piece.name, piece.octets)
                done.append(Restored(capture.id, name, piece.sha256))
                files.append({"file": name, "role": piece.role, "sha256": piece.sha256, "media": piece.media})
            told.append(_provenance(archive, capture) | {"files": files})
        page = {
            "asked": chosen.asked, "at": _time(chosen.at), "nearest": _time(chosen.capture.at), "chosen": chosen.capture.id,
            "says": chosen.says, "captures": told,
        }  # fmt: skip
        octets = json.dumps(page, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace") + b"\n"
        done.append(Restored(chosen.capture.id, folder.write("", PROVENANCE, octets), hashlib.sha256(octets).hexdigest()))
        sums = "".join(f"{r.sha256}  {r.file}\n" for r in done).encode()
        done.append(Restored(chosen.capture.id, folder.write("", "SHA256SUMS", sums), hashlib.sha256(sums).hexdigest()))
        for file in done:
            folder.holds(file)
    finally:
        folder.close()
    return done


def pieces(archive: Archive, capture: Capture) -> list[Piece]:
    """The files of one capture. Raises Damaged where the body does not hash to what the index says."""
    manifest = archive.record(capture.manifest)
    if manifest.block is None or manifest.block_sha256 != capture.manifest_sha256:
        raise Damaged(f"capture {capture.id}: the manifest hashes to {manifest.block_sha256}, not {capture.manifest_sha256}")
    found: list[Piece] = [Piece("manifest", manifest.block, ".json")]
    exchange = archive.exchange(capture)
    if exchange.tunnel:
        found.append(Piece("tunnel", exchange.tunnel, ".bin"))
    if exchange.request:
        found.append(Piece("request", exchange.request, ".http"))
    found += [Piece(f"interim-{n}", octets, ".http") for n, octets in enumerate(exchange.interim, 1)]
    if exchange.response:
        found.append(Piece("response", exchange.response, ".http"))
    if exchange.head_length:
        found.append(Piece("head", exchange.response[: exchange.head_length], ".txt"))
    if exchange.surplus:
        found.append(Piece("surplus", exchange.surplus, ".bin"))
    if exchange.tls is not None and exchange.tls.chain:
        found.append(Piece("chain", warc.pem(exchange.tls.chain), ".pem"))
    return found + _bodies(archive, capture)


def _bodies(archive: Archive, capture: Capture) -> list[Piece]:
    """The entity-body as received and, where it is coded, the decoded body beside it."""
    if capture.payload_sha256 is None or capture.record is None:
        return []
    memento = archive.memento(capture)
    seen = hashlib.sha256(memento.entity).hexdigest()
    if seen != capture.payload_sha256:
        raise Damaged(f"capture {capture.id}: the body hashes to {seen}, and {capture.payload_sha256} was kept; run `verify`")
    plain = suffix(memento.mime)
    codings = ", ".join(value for name, value in memento.fields if name.lower() == "content-encoding")
    coded = coding_suffix(codings)
    if not coded:
        return [Piece("body", memento.entity, plain, memento.content_type)]
    found = [Piece("entity", memento.entity, plain + coded)]
    with suppress(BadCoding):  # the body as received is there; where it cannot be decoded nothing is made up
        found.append(Piece("body", memento.body, plain, memento.content_type))
    return found


def _provenance(archive: Archive, capture: Capture) -> dict[str, Any]:
    """What is known of a capture, in words that JSON has. Digests are lower-case hex, times UTC.

    body_of: the capture whose kept body a revisit, or an answer of 304, stands for.
    """
    told = _words(capture)
    return told | {"body_of": None if capture.refers_to is None else _words(archive.capture(capture.refers_to))}


def _words(capture: Capture) -> dict[str, Any]:
    return asdict(capture) | {"at": _time(capture.at), "outcome": capture.outcome.value}


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class _Folder:
    """Where files are made, each for the first time; names are ours and hold no separator."""

    def __init__(self, path: Path) -> None:
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, FOLDER)
        except OSError as exc:
            raise NotAnArchive(f"{path} is no folder that files can be written to: {exc.strerror}") from exc
        if os.listdir(self._fd):  # noqa: PTH208  # by descriptor: it cannot be swapped under us
            os.close(self._fd)
            raise NotAnArchive(
                f"{path} is not empty: give a new folder, so that nothing in it is overwritten or taken for evidence"
            )
        self._path = path

    def make(self, name: str) -> None:
        os.mkdir(_ours(name), 0o755, dir_fd=self._fd)

    def write(self, place: str, name: str, octets: bytes) -> str:
        """The new file's path below the folder. Equal content under the same name is one file."""
        below = f"{_ours(place)}/{_ours(name)}" if place else _ours(name)
        inner = os.open(place, FOLDER, dir_fd=self._fd) if place else os.dup(self._fd)
        try:
            with os.fdopen(os.open(name, MAKE, 0o644, dir_fd=inner), "wb") as file:
                file.write(octets)
        except FileExistsError as exc:
            raise NotAnArchive(f"{self._path / below} appeared while the folder was written") from exc
        finally:
            os.close(inner)
        return below

    def holds(self, file: Restored) -> None:
        """Raises Damaged where a file, read again, is not what was written."""
        place, _, name = file.file.rpartition("/")
        inner = os.open(place, FOLDER, dir_fd=self._fd) if place else os.dup(self._fd)
        try:
            with os.fdopen(os.open(name, READ, dir_fd=inner), "rb") as opened:
                seen = hashlib.file_digest(opened, "sha256").hexdigest()
        finally:
            os.close(inner)
        if seen != file.sha256:
            raise Damaged(f"{self._path / file.file} hashes to {seen} as soon as it is written, not to {file.sha256}")

    def close(self) -> None:
        os.close(self._fd)


def _ours(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.\-]*", name):
        raise ValueError(f"not a name of ours: {name!r}")
    return name
