"""What is signed, and by whom? Signed notes and checkpoints as C2SP writes them, with Ed25519; no I/O.

c2sp.org/signed-note and c2sp.org/tlog-checkpoint. Lines of other keys (witnesses, a second kind of signature) may stand
below ours; who does not know their keys leaves them alone.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from archive.errors import BadRecord, NoKey

ED25519 = b"\x01"  # c2sp.org/signed-note, signature types
LONGEST = 64 * 1024  # octets of a note that is read
MOST = 16  # signature lines; more than these are not looked for
NAME = re.compile(r"[^\s+\x00-\x1f]+")
NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key by the name it signs under. public: the 32 octets of RFC 8032."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or len(self.public) != 32:
            raise ValueError(f"no key of a log: {self.name[:80]!r} with {len(self.public)} octets")

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        """As others' tools read it: NAME+ID+KEY."""
        return f"{self.name}+{self.id.hex()}+{_b64(ED25519 + self.public)}"

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """Raises BadRecord."""
        try:
            name, id_, key = text.strip().split("+", 2)
            octets = _octets(key)
            if octets[:1] != ED25519:
                raise ValueError("not an Ed25519 key")
            found = cls(name, octets[1:])
            if found.id.hex() != id_:
                raise ValueError(f"its id is {found.id.hex()}")
        except ValueError as exc:
            raise BadRecord(f"not the public key of a log: {text[:120]!r}: {exc}") from exc
        return found

    def holds(self, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signature:
    """One line below a note."""

    name: str
    id: bytes
    octets: bytes

    def __str__(self) -> str:
        return f"— {self.name} {_b64(self.id + self.octets)}\n"


class Signer:
    """A private key by the name it signs under."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.verifier = Verifier(name, key.public_key().public_bytes_raw())

    @classmethod
    def new(cls, name: str) -> Signer:
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def parse(cls, name: str, pem: bytes) -> Signer:
        """The key of PEM text (PKCS #8, as `openssl genpkey -algorithm ed25519` makes it). Raises NoKey."""
        try:
            key = load_pem_private_key(pem, None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
            raise NoKey("the log's key cannot be read: it must be PEM, PKCS #8, without a password") from exc
        if not isinstance(key, Ed25519PrivateKey):
            raise NoKey("the log's key is not an Ed25519 key")
        return cls(name, key)

    def pem(self) -> bytes:
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, text: str) -> Signature:
        return Signature(self.verifier.name, self.verifier.id, self._key.sign(text.encode()))


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the lines of those who signed it. Nothing of it is to be believed before `signed_by`."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, octets: bytes) -> Note:
        """Raises BadRecord."""
        try:
            if len(octets) > LONGEST:
                raise ValueError("too long")
            whole = octets.decode()
            text, blank, lines = whole.rpartition("\n\n")
            if not blank or not text or not lines.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", whole):
                raise ValueError("it is no text with signatures below a blank line")
            signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
            if len(signatures) > MOST:
                raise ValueError(f"more than {MOST} signatures")
        except ValueError as exc:
            raise BadRecord(f"not a signed note: {exc}") from exc
        return cls(text + "\n", signatures)

    def __bytes__(self) -> bytes:
        return (self.text + "\n" + "".join(str(s) for s in self.signatures)).encode()

    def signed_by(self, key: Verifier) -> bool:
        """There is a line of this key, and every one of them holds."""
        ours = [s for s in self.signatures if (s.name, s.id) == (key.name, key.id)]
        return bool(ours) and all(key.holds(self.text, s.octets) for s in ours)

    def also(self, signature: Signature) -> Note:
        """The same with one line more."""
        return replace(self, signatures=(*self.signatures, signature))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How large a log is, and the root of its tree."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Strict: without extension lines, which nobody can audit. Raises BadRecord."""
        try:
            origin, size, root, end = text.split("\n")
            if end or not origin or not NUMBER.fullmatch(size):
                raise ValueError("it has not the three lines origin, size, root")
            found = cls(origin, int(size), _octets(root))
            if len(found.root) != 32:
                raise ValueError("its root is no SHA-256")
        except ValueError as exc:
            raise BadRecord(f"not a checkpoint: {exc}") from exc
        return found


def _signature(line: str) -> Signature:
    match = re.fullmatch(r"— ([^\s+]+) (\S+)", line)
    if match is None:
        raise ValueError(f"not a line of a signature: {line[:80]!r}")
    octets = _octets(match[2])
    if len(octets) < 5:
        raise ValueError(f"a signature of {len(octets)} octets")
    return Signature(match[1], octets[:4], octets[4:])


def _b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _octets(text: str) -> bytes:
    """One spelling only: padding bits that are not zero are refused too."""
    try:
        octets = base64.b64decode(text, validate=True)
    except binascii.Error as exc:
        raise ValueError(f"not base64: {exc}") from exc
    if _b64(octets) != text:
        raise ValueError("not the one spelling of its base64")
    return octets
