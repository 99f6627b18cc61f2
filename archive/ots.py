"""What does an OpenTimestamps proof lead to: a Bitcoin block, or a calendar that has it pending? Read strictly, written; pure.

Our own reading of the format (its reference is opentimestamps/core of the Python client): that library brings a Bitcoin
library and code for its elliptic curve along, under the LGPL, to read a file of a few hundred octets. A proof is kept as paths:
the operations from the digest to one attestation. What an operation gives that this Python cannot compute (Keccak-256, and
RIPEMD-160 on some systems) is unknown, and so is every attestation behind it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from archive.errors import BadStamp

MAGIC = b"\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
VERSION = 1
HASHES = {0x02: ("sha1", 20), 0x03: ("ripemd160", 20), 0x08: ("sha256", 32), 0x67: ("keccak256", 32)}
APPEND, PREPEND, REVERSE, HEXLIFY = 0xF0, 0xF1, 0xF2, 0xF3
FORK, ATTESTATION = 0xFF, 0x00
PENDING, BITCOIN = bytes.fromhex("83dfe30d2ef90c8e"), bytes.fromhex("0588960d73d71901")
LITECOIN, ETHEREUM = bytes.fromhex("06869a0d73d71b45"), bytes.fromhex("30fe8087b5c7ead7")
KINDS = {PENDING: "pending", BITCOIN: "bitcoin", LITECOIN: "litecoin", ETHEREUM: "ethereum"}
LONGEST = 4096  # octets of a message, or of what an operation adds
LONGEST_PAYLOAD, LONGEST_URI = 8192, 1000
LARGEST = 256 * 1024  # octets of a proof that is read
DEEPEST, MOST = 256, 512  # operations one after another; attestations
URI = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/:")


@dataclass(frozen=True, slots=True)
class Path:
    """From the digest to one attestation.

    operations: each as it is written. attestation: as it is written, its tag first. commitment: what is attested; None where
    it cannot be computed here.
    """

    operations: tuple[bytes, ...]
    attestation: bytes
    commitment: bytes | None

    @property
    def kind(self) -> str:
        """bitcoin, litecoin, ethereum, pending or unknown."""
        return KINDS.get(self.attestation[:8], "unknown")

    @property
    def payload(self) -> bytes:
        return _Octets(self.attestation[8:]).counted(LONGEST_PAYLOAD)

    @property
    def uri(self) -> str:
        """Of the calendar where it is pending. Raises BadStamp."""
        text = _Octets(self.payload).counted(LONGEST_URI).decode("ascii", "replace")
        if not set(text) <= URI:
            raise BadStamp(f"a calendar's address has other characters: {text[:80]!r}")
        return text

    @property
    def height(self) -> int:
        """Of the block."""
        return _Octets(self.payload).number()


@dataclass(frozen=True, slots=True)
class Proof:
    """A `.ots` file: the hash's name, the digest of what was stamped, and where it leads."""

    hash: str
    digest: bytes
    paths: tuple[Path, ...]

    @classmethod
    def parse(cls, octets: bytes) -> Proof:
        """Raises BadStamp."""
        if len(octets) > LARGEST:
            raise BadStamp(f"a proof of {len(octets)} octets")
        at = _Octets(octets)
        if at.take(len(MAGIC)) != MAGIC:
            raise BadStamp("no OpenTimestamps proof: its first octets are others")
        if (version := at.number()) != VERSION:
            raise BadStamp(f"a proof of version {version}; this program knows {VERSION}")
        kind = at.one()
        if kind not in HASHES:
            raise BadStamp(f"the digest is by an unknown hash, {kind:#04x}")
        name, length = HASHES[kind]
        digest = at.take(length)
        paths = parse_paths(at, digest)
        if at.left:
            raise BadStamp(f"{at.left} octets behind the end of the proof")
        return cls(name, digest, paths)

    def __bytes__(self) -> bytes:
        kind = next(number for number, (name, _) in HASHES.items() if name == self.hash)
        return MAGIC + _number(VERSION) + bytes([kind]) + self.digest + written(self.paths)

    def also(self, paths: Iterable[Path]) -> Proof:
        """The same with more paths, each once."""
        return Proof(self.hash, self.digest, tuple(dict.fromkeys((*self.paths, *paths))))


def begun(digest: bytes, nonce: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """What is handed to calendars in place of a SHA-256 digest, so that they do not learn it: operations, and their result."""
    operations = (bytes([APPEND]) + _number(len(nonce)) + nonce, b"\x08")
    return operations, hashlib.sha256(digest + nonce).digest()


def answered(reply: bytes, commitment: bytes, operations: tuple[bytes, ...] = ()) -> tuple[Path, ...]:
    """A calendar's answer over a commitment, as paths from where `operations` begin. Raises BadStamp."""
    if len(reply) > LARGEST:
        raise BadStamp(f"a calendar's answer of {len(reply)} octets")
    at = _Octets(reply)
    paths = parse_paths(at, commitment)
    if at.left:
        raise BadStamp(f"{at.left} octets behind the end of a calendar's answer")
    return tuple(Path(operations + path.operations, path.attestation, path.commitment) for path in paths)


def block_time(commitment: bytes, header: bytes) -> datetime:
    """When the block says it was made whose header holds the commitment as its Merkle root. UTC.

    Raises BadStamp where it does not, or where its hash does not meet the target that it states.
    """
    if len(header) != 80:
        raise BadStamp(f"a block's header has 80 octets, not {len(header)}")
    if header[36:68] != commitment:
        raise BadStamp(
            f"the block's Merkle root is {header[36:68][::-1].hex()}, and the proof leads to {commitment[::-1].hex()}"
        )
    bits = int.from_bytes(header[72:76], "little")
    target = (bits & 0x7FFFFF) << 8 * max(0, (bits >> 24) - 3)
    worked = hashlib.sha256(hashlib.sha256(header).digest()).digest()
    if int.from_bytes(worked, "little") > target:
        raise BadStamp("the block's hash does not meet its own target: nobody worked for it")
    return datetime.fromtimestamp(int.from_bytes(header[68:72], "little"), UTC)


def parse_paths(at: _Octets, message: bytes | None) -> tuple[Path, ...]:
    found: list[Path] = []
    _timestamp(at, message, (), found)
    return tuple(found)


def _timestamp(at: _Octets, message: bytes | None, before: tuple[bytes, ...], found: list[Path]) -> None:
    if len(before) > DEEPEST:
        raise BadStamp(f"more than {DEEPEST} operations one after another")
    more = True
    while more:
        tag = at.one()
        more = tag == FORK
        if more:
            tag = at.one()
        if tag == ATTESTATION:
            if len(found) >= MOST:
                raise BadStamp(f"more than {MOST} attestations")
            path = Path(before, at.take(8) + at.kept_counted(LONGEST_PAYLOAD), message)
            _ = (
                path.uri if path.kind == "pending" else path.height if path.kind == "bitcoin" else None
            )  # well-formed, or refused
            found.append(path)
            continue
        operation = bytes([tag]) + (at.kept_counted(LONGEST, least=1) if tag in (APPEND, PREPEND) else b"")
        if tag not in (APPEND, PREPEND, REVERSE, HEXLIFY) and tag not in HASHES:
            raise BadStamp(f"an unknown operation, {tag:#04x}")
        _timestamp(at, _result(operation, message), (*before, operation), found)


def _result(operation: bytes, message: bytes | None) -> bytes | None:
    tag = operation[0]
    if message is None:
        return None
    if tag in (APPEND, PREPEND):
        added = _Octets(operation[1:]).counted(LONGEST)
        result: bytes = message + added if tag == APPEND else added + message
    elif tag == REVERSE:
        result = message[::-1]
    elif tag == HEXLIFY:
        result = message.hex().encode()
    else:
        try:
            return hashlib.new(HASHES[tag][0], message, usedforsecurity=False).digest()
        except ValueError:
            return None
    if not 0 < len(result) <= LONGEST:
        raise BadStamp(f"a message of {len(result)} octets")
    return result


def written(paths: Iterable[Path]) -> bytes:
    """Paths as one tree: the attestations reached here, then what goes on, each branch but the last behind a fork."""
    here = list(paths)
    branches = [bytes([ATTESTATION]) + path.attestation for path in here if not path.operations]
    further: dict[bytes, list[Path]] = {}
    for path in here:
        if path.operations:
            rest = Path(path.operations[1:], path.attestation, path.commitment)
            further.setdefault(path.operations[0], []).append(rest)
    branches += [operation + written(rest) for operation, rest in further.items()]
    return b"".join(bytes([FORK]) + branch for branch in branches[:-1]) + branches[-1]


def _number(value: int) -> bytes:
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*octets, value])


class _Octets:
    """What is read, from its beginning on; every read that the octets do not allow raises BadStamp."""

    def __init__(self, octets: bytes) -> None:
        self.octets, self.at = octets, 0

    @property
    def left(self) -> int:
        return len(self.octets) - self.at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise BadStamp("the proof is cut off")
        self.at += count
        return self.octets[self.at - count : self.at]

    def one(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        value = shift = 0
        while True:
            octet = self.one()
            value |= (octet & 0x7F) << shift
            if not octet & 0x80:
                return value
            shift += 7
            if shift > 63:
                raise BadStamp("a number of more than 64 bits")

    def counted(self, most: int, *, least: int = 0) -> bytes:
        """Octets after their count."""
        count = self.number()
        if not least <= count <= most:
            raise BadStamp(f"{count} octets where {least} to {most} may be")
        return self.take(count)

    def kept_counted(self, most: int, *, least: int = 0) -> bytes:
        """The same with the count before them."""
        start = self.at
        self.counted(most, least=least)
        return self.octets[start : self.at]
