"""By which key is a WACZ package signed? The anonymous signature of wacz-auth 0.1.0, made and verified; no I/O.

It is ECDSA over the text `sha256:...` of datapackage.json's digest, as browsers make and verify it: P-384, SHA-256, r and s
of 48 octets each. It shows that the package is as it was when the holder of that key signed it; who that is it does not say,
nor when.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from archive.errors import BadRecord

SIZE = 48  # octets of r and of s
ORDER = int("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16)
KEYS = {"hash", "created", "software", "version", "signature", "publicKey"}  # and no others
VERSION = "0.1.0"


class Seal:
    """The key that packages of one archive are signed with, made of its secret: 32 random octets."""

    def __init__(self, secret: bytes) -> None:
        octets = HKDF(hashes.SHA512(), 72, None, b"kartoteka wacz key v1").derive(secret)
        # 192 bits more than the order has: what is left of the bias of the remainder nobody can see (FIPS 186-5, A.2.1).
        self._key = ec.derive_private_key(int.from_bytes(octets) % (ORDER - 1) + 1, ec.SECP384R1())
        self.public = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, digest: str, created: str, software: str) -> dict[str, str]:
        """The `signedData` of a package. digest: `sha256:` and hex, of datapackage.json; created: as that says."""
        try:
            how = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
            der = self._key.sign(digest.encode(), how)
        except UnsupportedAlgorithm:  # an OpenSSL before 3.2: another signature each time, and as good
            der = self._key.sign(digest.encode(), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(der)
        return {
            "hash": digest,
            "created": created,
            "software": software,
            "version": VERSION,
            "signature": base64.b64encode(r.to_bytes(SIZE) + s.to_bytes(SIZE)).decode(),
            "publicKey": base64.b64encode(self.public).decode(),
        }


def fingerprint(public: bytes) -> str:
    """How a key is called: hex of the sha256 of its SubjectPublicKeyInfo."""
    return hashlib.sha256(public).hexdigest()


def holds(signed: Mapping[str, Any], digest: str, created: object) -> str:
    """The fingerprint of the key that made an anonymous signature over this digest. Raises BadRecord: why it does not hold.

    created: as datapackage.json says, which the signature must repeat.
    """
    if not KEYS - {"version"} <= set(signed) <= KEYS:
        raise BadRecord(f"it has the keys {', '.join(sorted(map(str, signed)))[:200]} (wacz-auth 0.1.0, Anonymous Signature)")
    if signed["hash"] != digest:
        raise BadRecord(f"it is over {str(signed['hash'])[:80]}, and the package's is {digest}")
    if signed["created"] != created:
        raise BadRecord(f"it is of {str(signed['created'])[:40]}, and the package says {str(created)[:40]}")
    try:
        public = base64.b64decode(signed["publicKey"], validate=True)
        signature = base64.b64decode(signed["signature"], validate=True)
        key = load_der_public_key(public)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise ValueError("not a key for ECDSA")
        half = (key.curve.key_size + 7) // 8
        if len(signature) == 2 * half:  # as browsers write it; others write DER
            signature = encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
        key.verify(signature, digest.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as exc:
        raise BadRecord("the signature does not hold") from exc
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        raise BadRecord(f"its key or its signature cannot be read: {str(exc)[:120]}") from exc
    return fingerprint(public)
