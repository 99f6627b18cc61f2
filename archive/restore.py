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

from archive.capture import Capture
from archive.errors import BadCoding, Damaged, NotAnArchive, NotFound
from archive.store import Archive

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
CODED = {"gzip": ".gz", "x-gzip": ".gz", "deflate": ".zz", "br": ".br", "zstd": ".zst"}
MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
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


def restore(archive: Archive, url_or_capture: str, *, at: datetime | None = None, out: Path) -> list[Restored]:
    """Lays the whole snapshot that a capture belongs to out in `out`, which must be empty or not there yet.

    url_or_capture: a capture's id, or an address (then the capture nearest to `at`, UTC; None: the newest).
    Revisits are resolved to the body they stand for. Raises NotFound, NotAnArchive where `out` holds files,
    Damaged where kept bytes do not hash to what was kept.
    """
    chosen = find(archive, url_or_capture, at)
    snapshot = archive.snapshot(chosen.visit).captures
    for capture in snapshot:  # all of them hold before the first file is made
        pieces(archive, capture)
    folder = _Folder(out)
    try:
        done: list[Restored] = []
        told = []
        for number, capture in enumerate(snapshot, 1):
            place = f"{number:02d}"
            folder.make(place)
            files = []
            for piece in pieces(archive, capture):
                name = folder.write(place, piece.name, piece.octets)
                done.append(Restored(capture.id, name, piece.sha256))
                files.append({"file": name, "role": piece.role, "sha256": piece.sha256, "media": piece.media})
            told.append(_provenance(capture) | {"files": files})
        page = {"asked": url_or_capture, "at": _time(at), "nearest": _time(chosen.at), "chosen": chosen.id, "captures": told}
        octets = json.dumps(page, ensure_ascii=False, indent=1).encode() + b"\n"
        done.append(Restored(chosen.id, folder.write("", "provenance.json", octets), hashlib.sha256(octets).hexdigest()))
        sums = "".join(f"{r.sha256}  {r.file}\n" for r in done).encode()
        done.append(Restored(chosen.id, folder.write("", "SHA256SUMS", sums), hashlib.sha256(sums).hexdigest()))
    finally:
        folder.close()
    return done


def find(archive: Archive, url_or_capture: str, at: datetime | None) -> Capture:
    """The capture that is meant. Raises NotFound."""
    if re.fullmatch(r"[0-9a-fA-F-]{36}", url_or_capture):
        return archive.capture(url_or_capture)
    try:
        return archive.nearest(url_or_capture, at)
    except NotFound:
        # No page was ever had: that it was not is kept too, and the latest failure tells of it.
        failed = max(archive.captures(url_or_capture), key=lambda capture: (capture.at, capture.seq), default=None)
        if failed is None:
            raise
        return failed


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


def _provenance(capture: Capture) -> dict[str, Any]:
    """What is known of a capture, in words that JSON has. Digests are lower-case hex, times UTC."""
    told = asdict(capture) | {"at": _time(capture.at), "outcome": capture.outcome.value}
    return told


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

    def close(self) -> None:
        os.close(self._fd)


def _ours(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.\-]*", name):
        raise ValueError(f"not a name of ours: {name!r}")
    return name
