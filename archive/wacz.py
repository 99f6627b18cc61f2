"""Which files lie in a WACZ package, and may each be opened? Read in place: nothing is unpacked by its name.

A package is a zip that others made, and nothing in it is trusted. An entry with a fault is not opened and the others
are; a package whose listing is broken is read from its local headers as far as they go. Bounds: reliability.md 5.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import stat
import struct
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from archive.errors import Damaged

LOCAL, LISTED, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
END_64, LOCATOR = b"PK\x06\x06", b"PK\x06\x07"
LOCAL_SIZE = 30
MOST_ENTRIES = 100_000
LARGEST_LISTING = 16 * 1024 * 1024  # octets of the central directory: the zip library holds all of it
LARGEST_JSON = 16 * 1024 * 1024  # octets of datapackage.json
FREE = 64 * 1024 * 1024  # octets an entry may inflate to, whatever it is coded in
RATIO = 200  # inflated : coded beyond that
STEP = 256 * 1024
ARCHIVED = re.compile(r"(?:.*/)?archive/[^/]+\.(?:warc|arc)(?:\.gz)?", re.IGNORECASE)
NESTED = re.compile(r"[^/]+\.wacz", re.IGNORECASE)
DATAPACKAGE, DIGEST = "datapackage.json", "datapackage-digest.json"
BROKEN = (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, OSError, EOFError, struct.error, RuntimeError)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the package. start: octets into it of what is stored there, `coded` octets long; size: once inflated.

    faults: why it must not be opened; empty where it may be. crc: None where no listing says it.
    """

    name: str
    method: int
    start: int
    coded: int
    size: int
    crc: int | None = None
    faults: tuple[str, ...] = ()

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/") and not self.size


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that datapackage.json lists. digest: (algorithm, lower-case hex), None where there is none we know."""

    path: str
    digest: tuple[str, str] | None
    size: int | None


@dataclass(slots=True)
class Package:
    """An opened package. faults: of the package as a whole. told: datapackage.json as it says, None where unreadable."""

    file: IO[bytes]
    entries: tuple[Entry, ...]
    faults: list[str] = field(default_factory=list)
    told: bytes | None = None
    resources: tuple[Resource, ...] = ()
    profile: str = ""

    @classmethod
    def open(cls, file: IO[bytes]) -> Package:
        """Never raises for what the file holds: what is wrong stands in `faults`, of the package and of each entry."""
        entries, faults = cls.listed(file)
        package = cls(file, entries, faults)
        package._read_datapackage()
        return package

    @staticmethod
    def listed(file: IO[bytes]) -> tuple[tuple[Entry, ...], list[str]]:
        """The entries of any zip, and what is wrong with it as a whole; never raises for what the file holds."""
        try:
            return tuple(_checked(file)), []
        except BROKEN as exc:
            why = f"the package's listing cannot be read: {str(exc)[:200] or type(exc).__name__}"
            return tuple(_salvaged(file)), [why]

    def archived(self) -> list[Entry]:
        """The WARC and ARC files of its archive/ folder, with those that must not be opened."""
        return [entry for entry in self.entries if ARCHIVED.fullmatch(entry.name)]

    def nested(self) -> list[Entry]:
        """The packages of a multi-WACZ package."""
        return [e for e in self.entries if NESTED.fullmatch(e.name)] if self.profile == "multi-wacz-package" else []

    def vouches(self, entry: Entry) -> bool:
        """Does the package say that this file is part of it? Of one that lists nothing, all are."""
        return not self.resources or entry.name in {*(listed.path for listed in self.resources), DATAPACKAGE, DIGEST}

    def named(self, name: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.name == name), None)

    def look(self, entry: Entry) -> IO[bytes]:
        """The entry's octets, seekable; to be closed. What is coded is inflated into a nameless file first.

        Raises Damaged where the entry has a fault, or its octets are not what the listing says.
        """
        if entry.faults:
            raise Damaged("; ".join(entry.faults))
        stored = io.BufferedReader(Slice(self.file, entry.start, entry.coded), STEP)
        if entry.method == zipfile.ZIP_STORED:
            return stored
        inflated = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
        try:
            for piece in _inflated(stored, entry):
                inflated.write(piece)
        except BaseException:
            inflated.close()
            raise
        inflated.seek(0)
        return inflated

    def digests(self, entry: Entry, algorithm: str) -> tuple[str, int]:
        """Hex digest of the entry's octets, and how many there are. Raises Damaged where they do not fit its CRC."""
        digest, crc, size = hashlib.new(algorithm, usedforsecurity=False), 0, 0
        with self.look(entry) as octets:
            while piece := octets.read(STEP):
                digest.update(piece)
                crc = zlib.crc32(piece, crc)
                size += len(piece)
        if size != entry.size or (entry.crc is not None and crc != entry.crc):
            raise Damaged(f"the octets do not fit the package's own listing: {size} of {entry.size}, CRC {crc:08x}")
        return digest.hexdigest(), size

    def small(self, name: str) -> bytes | None:
        """A small file whole; None where there is none that may be opened."""
        entry = self.named(name)
        if entry is None or entry.faults or entry.size > LARGEST_JSON:
            return None
        try:
            with self.look(entry) as octets:
                return octets.read(LARGEST_JSON)
        except Damaged:
            return None

    def _read_datapackage(self) -> None:
        self.told = self.small(DATAPACKAGE)
        if self.told is None:
            self.faults.append(f"no {DATAPACKAGE} that could be read (WACZ 1.1.1, 5.3)")
            return
        try:
            said = json.loads(self.told)
            self.profile = str(said.get("profile") or "")
            self.resources = tuple(_resource(item) for item in said["resources"][:MOST_ENTRIES])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
            self.faults.append(f"{DATAPACKAGE} is no data package: {exc!r:.200}")


def _resource(said: dict[str, object]) -> Resource:
    """Of WACZ 1.x, and of its drafts, which had `stats` and `hashing`."""
    stats = said.get("stats")
    older = stats if isinstance(stats, dict) else {}
    label = said.get("hash") or f"{said.get('hashing')}:{older.get('hash')}"
    match = re.fullmatch(r"(md5|sha1|sha224|sha256|sha384|sha512):([0-9a-fA-F]+)", str(label).replace("sha-", "sha"))
    size = said.get("bytes", older.get("bytes"))
    path = said["path"]
    if not isinstance(path, str):
        raise TypeError(f"path: {path!r:.80}")
    return Resource(path, (match[1], match[2].lower()) if match else None, size if isinstance(size, int) else None)


# The listing ----------------------------------------------------------------------------------------------------------


def _checked(file: IO[bytes]) -> Iterator[Entry]:
    """The entries of the central directory, each with what is wrong with it. Raises one of BROKEN."""
    entries = _bounded(file)
    with zipfile.ZipFile(file) as package:
        listed, directory = package.infolist(), package.start_dir
    if len(listed) != entries:
        raise ValueError(f"its listing has {len(listed)} entries, and its end record speaks of {entries}")
    if len(listed) > MOST_ENTRIES:
        raise ValueError(f"{len(listed)} entries; at most {MOST_ENTRIES} are opened")
    names = Counter(info.filename for info in listed)
    places = [(*_place(file, info), info) for info in listed]
    overlapping = _overlapping([(info.header_offset, end, i) for i, (_, end, _, info) in enumerate(places)], directory)
    for i, (start, _, wrong, info) in enumerate(places):
        faults = [*unsafe(info), *wrong, *overlapping.get(i, ())]
        if names[info.filename] > 1:
            faults.append(f"{names[info.filename]} entries have this name")
        faults += _swelling(info.compress_type, info.compress_size, info.file_size)
        yield Entry(
            info.filename, info.compress_type, start, info.compress_size, info.file_size, info.CRC, tuple(dict.fromkeys(faults))
        )


def _bounded(file: IO[bytes]) -> int:
    """How many entries there are to be, where the record that ends the listing fits the file, and the listing is not too long:
    the zip library looks at neither.

    Raises ValueError. Where it does not fit, readers differ in which entries they see (APPNOTE 4.3.16).
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - 65_557))
    tail = file.read(65_557)
    at = tail.rfind(END)
    if at < 0 or len(tail) - at < 22:
        raise ValueError("it has no end record")
    disk, begins_on, here, entries, octets, offset, comment = struct.unpack("<4H2LH", tail[at + 4 : at + 22])
    behind = size - len(tail) + at  # what the listing must end at
    if len(tail) - at - 22 != comment:
        raise ValueError(f"{len(tail) - at - 22} octets follow its end record, which speaks of {comment}")
    if at >= 20 and tail[at - 20 : at - 16] == LOCATOR:  # zip64
        behind = min(int.from_bytes(tail[at - 12 : at - 4], "little"), size)
        file.seek(behind)
        record = file.read(56)
        if len(record) < 56 or record[:4] != END_64:
            raise ValueError("its zip64 end record is not where it should be")
        disk, begins_on, here, entries, octets, offset = struct.unpack("<2L4Q", record[16:56])
    if disk or begins_on or here != entries:
        raise ValueError(f"it is of several disks: {disk}, {begins_on}; {here} of {entries} entries")
    if octets > LARGEST_LISTING:
        raise ValueError(f"a listing of {octets} octets; at most {LARGEST_LISTING} are read")
    if offset + octets != behind:
        raise ValueError(f"its listing is to lie at {offset} to {offset + octets}, and ends at {behind}")
    return int(entries)


def _place(file: IO[bytes], info: zipfile.ZipInfo) -> tuple[int, int, list[str]]:
    """Where the octets of an entry begin and end by its local header, and where that differs from the listing."""
    file.seek(max(0, info.header_offset))
    head = file.read(LOCAL_SIZE)
    if info.header_offset < 0 or len(head) < LOCAL_SIZE or head[:4] != LOCAL:
        return 0, 0, ["listed, and not there"]
    flags, method = struct.unpack("<HH", head[6:10])
    name_length, extra = struct.unpack("<HH", head[26:30])
    name = file.read(name_length)
    wrong = []
    listed = info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437", "replace")
    if name != listed:
        wrong.append(f"its own header calls it {name[:80]!r}")
    if method != info.compress_type or (flags ^ info.flag_bits) & 1:
        wrong.append("its own header has another coding")
    start = info.header_offset + LOCAL_SIZE + name_length + extra
    if info.compress_type == zipfile.ZIP_STORED and info.compress_size != info.file_size:
        wrong.append(f"stored, and {info.compress_size} octets are to be {info.file_size}")
    return start, start + info.compress_size, wrong


def _overlapping(places: list[tuple[int, int, int]], directory: int) -> dict[int, list[str]]:
    """By entry: that its octets are another's too, or run into the listing (CVE-2024-0450)."""
    found: dict[int, list[str]] = {}
    furthest, owner = 0, -1
    for begin, end, i in sorted(places):
        if owner >= 0 and begin < furthest:
            found.setdefault(i, []).append("it overlaps another entry")
            found.setdefault(owner, []).append("it overlaps another entry")
        if end > directory:
            found.setdefault(i, []).append("it reaches into the package's listing")
        if end > furthest:
            furthest, owner = end, i
    return found


def _swelling(method: int, coded: int, size: int) -> Iterator[str]:
    if method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        yield f"coded by method {method}: WACZ knows stored and deflated"
    elif method == zipfile.ZIP_DEFLATED and size > max(FREE, RATIO * coded):
        yield f"it would swell from {coded} to {size} octets"


def unsafe(entry: zipfile.ZipInfo) -> Iterator[str]:
    """What is wrong with the name, the kind or the coding of an entry."""
    name = entry.orig_filename
    if not name:
        yield "no name"
    if "\0" in name:
        yield "a NUL in its name"
    if "\\" in name:
        yield "a backslash in its name"
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        yield "an absolute name"
    if ".." in name.replace("\\", "/").split("/"):
        yield "its name climbs out of the folder"
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind == stat.S_IFLNK:
        yield "a symbolic link"
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        yield "no plain file"
    if entry.flag_bits & 0x41:
        yield "encrypted"


def _salvaged(file: IO[bytes]) -> Iterator[Entry]:
    """Entries by their local headers alone, one behind the other, until one does not say where it ends."""
    size = file.seek(0, 2)
    at = 0
    seen: set[str] = set()
    while at + LOCAL_SIZE <= size and len(seen) < MOST_ENTRIES:
        file.seek(at)
        head = file.read(LOCAL_SIZE)
        if head[:4] != LOCAL:
            return
        _, flags, method = struct.unpack("<HHH", head[4:10])
        crc, coded, inflated, name_length, extra = struct.unpack("<IIIHH", head[14:30])
        raw = file.read(name_length)
        name = raw.decode("utf-8" if flags & 0x800 else "cp437", "replace")
        info = zipfile.ZipInfo(name or "?")
        info.orig_filename, info.flag_bits = name, flags
        start = at + LOCAL_SIZE + name_length + extra
        unsaid = (bool(flags & 0x8) and not coded) or coded == 0xFFFFFFFF
        faults = [*unsafe(info), *(["its name was met before"] if name in seen else [])]
        if unsaid:  # its end is not said: what is stored there runs on to the end, and its own reader finds the end
            coded = inflated = max(0, size - start)
            if method != zipfile.ZIP_STORED:
                faults.append("its length is not said")
        faults += _swelling(method, coded, inflated)
        short = start + coded > size
        if short:
            coded = max(0, size - start)
            inflated = coded if method == zipfile.ZIP_STORED else inflated
            if method != zipfile.ZIP_STORED:
                faults.append("it is cut off")
        yield Entry(info.filename, method, start, coded, inflated, None if unsaid or short else crc, tuple(faults))
        seen.add(name)
        at = start + coded


def _inflated(stored: IO[bytes], entry: Entry) -> Iterator[bytes]:
    inflate = zlib.decompressobj(-15)
    left, crc = entry.size, 0
    try:
        while not inflate.eof:
            coded = inflate.unconsumed_tail or stored.read(STEP)
            piece = inflate.decompress(coded, STEP)
            if not coded and not piece:
                raise Damaged("its octets end early")
            left -= len(piece)
            crc = zlib.crc32(piece, crc)
            if left < 0:
                raise Damaged(f"it inflates to more than the {entry.size} octets its listing says")
            yield piece
    except zlib.error as exc:
        raise Damaged(f"it cannot be inflated: {exc}") from exc
    if left or (entry.crc is not None and crc != entry.crc):
        raise Damaged(f"it inflates to {entry.size - left} octets of CRC {crc:08x}; its listing says otherwise")


class Slice(io.RawIOBase):
    """Some octets of a file as a file of their own; reading it moves the other's position."""

    def __init__(self, file: IO[bytes], start: int, length: int) -> None:
        super().__init__()
        self._file, self._start, self._length, self._at = file, start, length, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        count = max(0, min(len(buffer), self._length - self._at))
        self._file.seek(self._start + self._at)
        piece = self._file.read(count)
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
