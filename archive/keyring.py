"""With which key is a log signed, and what was signed last? Kept outside the archive, so that neither goes back with it.

A folder of the user, or KARTOTEKA_KEYS:

    ORIGIN.key           the private key, PEM, for its owner alone; or from KARTOTEKA_LOG_KEY, KARTOTEKA_LOG_KEY_FILE
    ORIGIN.checkpoint    the last checkpoint signed with it: an archive put back from an old backup does not reach it
    NAME.secret          32 random bytes in hex: what pseudonyms of one archive are made with
    ORIGIN.stamped       the digest of the last line of its journal of stamps
    roots/NAME.pem       certificates of time-stamping authorities that a person trusts
    blocks/HEIGHT        the header of a Bitcoin block (hex), as a person had it from somewhere
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from archive.disk import Disk
from archive.errors import NoKey
from archive.note import Note, Signer

LONGEST = 4096
FOLDER, KEY, KEY_FILE = "KARTOTEKA_KEYS", "KARTOTEKA_LOG_KEY", "KARTOTEKA_LOG_KEY_FILE"


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys by the origin of their log. given: PEM text that comes first; file: where it is instead of in the folder."""

    folder: Path
    given: str | None = field(default=None, repr=False)
    file: Path | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Keyring:
        """As the environment says; else the platform's folder for a user's settings."""
        named = environ.get(FOLDER)
        folder = Path(named) if named else Path(platformdirs.user_config_dir("kartoteka", appauthor=False)) / "keys"
        file = environ.get(KEY_FILE)
        return cls(folder, environ.get(KEY) or None, Path(file) if file else None)

    def signer(self, origin: str) -> Signer:
        """Raises NoKey."""
        if self.given is not None:
            return Signer.parse(origin, self.given.encode())
        path = self.file or self._path(origin, "key")
        try:
            with path.open("rb") as opened:
                _refuse_open(path, opened.fileno())
                return Signer.parse(origin, opened.read())
        except OSError as exc:
            raise NoKey(
                f"the key of the log {origin} is not at hand ({path}: {exc.strerror}): put it back, or name it in {KEY_FILE}"
            ) from exc

    def make(self, origin: str, disk: Disk) -> Signer:
        """The key of a new log: the one that was given, or one made now. Raises NoKey."""
        if self.given is not None or self.file is not None:
            return self.signer(origin)
        made = Signer.new(origin)
        try:
            self._put(self._path(origin, "key"), made.pem(), disk)
        except PermissionError as exc:
            raise NoKey(f"no key can be made in {self.folder} ({exc.strerror}): name another folder in {FOLDER}") from exc
        return made

    def secret(self, name: str, disk: Disk, *, given: bytes | None = None) -> bytes:
        """32 random bytes, the same ever after under this name; `given` is taken where none are there yet. Raises NoKey."""
        held = self.secret_held(name)
        if held is not None:
            return held
        made = given or secrets.token_bytes(32)
        try:
            self._put(self._path(name, "secret"), made.hex().encode("ascii"), disk)
        except PermissionError as exc:
            raise NoKey(f"no key can be kept in {self.folder} ({exc.strerror}): name another folder in {FOLDER}") from exc
        return made

    def secret_held(self, name: str) -> bytes | None:
        """The same, where it is at hand; None where it is not. Raises NoKey where others can read it."""
        path = self._path(name, "secret")
        try:
            with path.open("rb") as opened:
                _refuse_open(path, opened.fileno())
                return bytes.fromhex(opened.read(LONGEST).decode("ascii"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as exc:
            raise NoKey(f"{path} is not a key that can be read: {exc}") from exc

    def last(self, origin: str) -> Note | None:
        """What was signed last; None where nothing is remembered. Raises BadRecord, OSError."""
        try:
            return Note.parse(self._path(origin, "checkpoint").read_bytes())
        except FileNotFoundError:
            return None

    def remember(self, origin: str, note: Note, disk: Disk) -> None:
        """Before a checkpoint is shown to anybody."""
        self._put(self._path(origin, "checkpoint"), bytes(note), disk)

    def stamped(self, origin: str) -> str | None:
        """The digest of the last line that was added to the journal of stamps; None where nothing is remembered."""
        try:
            return self._path(origin, "stamped").read_text("ascii").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return None

    def remember_stamped(self, origin: str, digest: str, disk: Disk) -> None:
        self._put(self._path(origin, "stamped"), f"{digest}\n".encode(), disk)

    def roots(self) -> bytes:
        """The trusted certificates, as one PEM text; empty where there are none."""
        return b"\n".join(path.read_bytes() for path in sorted((self.folder / "roots").glob("*.pem")))

    def trust(self, name: str, pem: bytes, disk: Disk) -> None:
        """A person named these certificates as those of an authority."""
        path = self.folder / "roots" / f"{re.sub(r'[^A-Za-z0-9.-]', '_', name)}.pem"
        if not path.is_file() or path.read_bytes() != pem:
            disk.make_folder(path.parent)
            disk.put(path, pem)
            disk.sync_folder(path.parent)

    def block(self, height: int) -> bytes | None:
        """The header of a Bitcoin block, where a person has put it."""
        try:
            return bytes.fromhex((self.folder / "blocks" / str(height)).read_text("ascii"))
        except (OSError, ValueError):
            return None

    def _path(self, origin: str, kind: str) -> Path:
        return self.folder / f"{re.sub(r'[^A-Za-z0-9.-]', '_', origin)}.{kind}"

    def _put(self, path: Path, octets: bytes, disk: Disk) -> None:
        disk.make_folder(self.folder)
        disk.put(path, octets, secret=True)
        disk.sync_folder(self.folder)


def _refuse_open(path: Path, descriptor: int) -> None:
    mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
    if os.name == "posix" and mode & 0o077:
        raise NoKey(f"{path} is open to others (mode {mode:04o}): chmod 600 it, or take a new key")
