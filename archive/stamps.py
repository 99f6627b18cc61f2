"""When did a time-stamping authority see these octets? RFC 3161 requests made and answers verified; no I/O.

The answer of the authority is kept as it came. rfc3161-client takes it apart and checks its signature and chain as of the time
that it states; here it is also held against what was asked, against the time of whoever looks, and against the lists of
revoked certificates. Trusted is who is named by roots that the caller has from elsewhere; the certificates in an answer vouch
for nobody.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import rfc3161_client
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID

from archive.errors import BadStamp

LARGEST = 256 * 1024  # octets of an answer that is read; those of authorities have some thousand
HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
GRANTED = (0, 1)  # PKIStatus: granted, granted with modifications (RFC 3161, 2.4.2)
Certificates = tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """What an answer states. Nothing of it is to be believed before `holds`.

    at: the time that is stated, UTC. authority: the subject of the certificate that signed. ends: when that certificate does.
    chain: the certificates in the answer, as they came.
    """

    at: datetime
    serial: int
    policy: str
    hash: str
    imprint: bytes
    nonce: int | None
    authority: str
    ends: datetime
    leaf: x509.Certificate
    chain: Certificates


def request(octets: bytes) -> bytes:
    """A request for a token over these octets, in DER: by SHA-256, with a nonce, and asking for the certificate."""
    builder = rfc3161_client.TimestampRequestBuilder(octets, rfc3161_client.HashAlgorithm.SHA256)
    return bytes(builder.build().as_bytes())


def certificates(pem: bytes) -> Certificates:
    """The certificates of a PEM text, whatever stands around them. Raises BadStamp."""
    try:
        return tuple(
            x509.load_der_x509_certificate(base64.b64decode(b"".join(part.split()), validate=True))
            for part in re.findall(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", pem, re.DOTALL)
        )
    except ValueError as exc:
        raise BadStamp(f"a certificate cannot be read: {exc}") from exc


def pem(certificates: Iterable[x509.Certificate]) -> bytes:
    """The same as PEM text."""
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def opened(reply: bytes, extra: Certificates = ()) -> Token:
    """What an answer states. extra: where the certificate may be that signed it, if not in the answer. Raises BadStamp."""
    return _opened(_parsed(reply), extra)


def holds(
    reply: bytes,
    octets: bytes,
    roots: Certificates,
    *,
    asked: bytes | None = None,
    extra: Certificates = (),
    at: datetime | None = None,
) -> Token:
    """The token of an answer that holds over these octets: by its signature, its chain to one of the roots, and its imprint.

    asked: the request that it answers, whose nonce it must repeat. extra: certificates that may stand between, trusted as
    little as those in the answer. at: the chain must be valid then too; None: only when it was signed. Raises BadStamp.
    """
    token = opened(reply, extra)
    if hashlib.new(token.hash, octets).digest() != token.imprint:
        raise BadStamp("it is a token over other octets")
    if asked is not None:
        _answers(token, asked)
    checked(reply, token, roots, extra=extra, at=at)
    return token


def checked(reply: bytes, token: Token, roots: Certificates, *, extra: Certificates = (), at: datetime | None = None) -> None:
    """Raises BadStamp where the answer is not signed by who is trusted. For who has the digest alone: `holds` asks more."""
    if not roots:
        raise BadStamp("no root certificate is trusted")
    response = _parsed(reply)
    try:
        builder = rfc3161_client.VerifierBuilder(roots=list(roots))
        if not response.signed_data.certificates:
            builder = builder.tsa_certificate(token.leaf)
        builder.build().verify(response, token.imprint)
    except (rfc3161_client.VerificationError, ValueError, KeyError) as exc:
        raise BadStamp(f"it is not signed by who is trusted: {exc}") from exc
    if at is not None:
        for each in _path(token, (*extra, *roots)):
            if not each.not_valid_before_utc <= at <= each.not_valid_after_utc:
                raise BadStamp(f"the certificate of {_name(each.subject)} is not valid on {at:%Y-%m-%d}: it has expired")


def revoked(token: Token, lists: Iterable[bytes], known: Certificates) -> datetime | None:
    """Since when the signing certificate is revoked, by one of these lists (DER); None where none says so.

    known: certificates among which the issuer of a list is found. Raises BadStamp where a list cannot be read or is signed by
    nobody known.
    """
    for octets in lists:
        try:
            crl = x509.load_der_x509_crl(octets)
            _ = crl.issuer
        except (ValueError, KeyError) as exc:
            raise BadStamp(f"a list of revoked certificates cannot be read: {exc}") from exc
        issuers = [each for each in (*token.chain, *known) if each.subject == crl.issuer]
        if not any(_signed(crl, each) for each in issuers):
            raise BadStamp(f"a list of revoked certificates is not signed by its issuer, {_name(crl.issuer)}")
        if crl.issuer == token.leaf.issuer:
            found = crl.get_revoked_certificate_by_serial_number(token.leaf.serial_number)
            if found is not None:
                return found.revocation_date_utc
    return None


def _signed(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (TypeError, ValueError):  # a kind of key that signs no such list
        return False


def lists_of(token: Token) -> list[str]:
    """Where the issuer of the signing certificate says that it lists what it revoked (http and https)."""
    try:
        points = token.leaf.extensions.get_extension_for_oid(ExtensionOID.CRL_DISTRIBUTION_POINTS).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    assert isinstance(points, x509.CRLDistributionPoints)
    names = [
        name.value for point in points for name in point.full_name or () if isinstance(name, x509.UniformResourceIdentifier)
    ]
    return [name for name in names if name.startswith(("http://", "https://"))]


def _parsed(reply: bytes) -> rfc3161_client.TimeStampResponse:
    if len(reply) > LARGEST:
        raise BadStamp(f"an answer of {len(reply)} octets")
    try:
        return rfc3161_client.decode_timestamp_response(_sorted(reply))
    except (ValueError, KeyError, x509.InvalidVersion) as exc:  # KeyError: a name of a kind of text that is none
        raise BadStamp(f"no answer of a time-stamping authority: {str(exc)[:200]}") from exc


def _opened(response: rfc3161_client.TimeStampResponse, extra: Certificates) -> Token:
    if response.status not in GRANTED:
        said = "; ".join(response.status_string)
        raise BadStamp(f"the authority refused: status {response.status}{f', {said[:200]}' if said else ''}")
    try:
        info, signed = response.tst_info, response.signed_data
        chain = tuple(x509.load_der_x509_certificate(each) for each in signed.certificates)
        signers = list(signed.signer_infos)
        imprint = info.message_imprint
        name = HASHES.get(imprint.hash_algorithm.dotted_string)
        if name is None:
            raise BadStamp(f"its imprint is by {imprint.hash_algorithm.dotted_string}, which is not of SHA-2")
        if len(signers) != 1:
            raise BadStamp(f"it has {len(signers)} signers; a token has one (RFC 3161, 2.4.2)")
        signer = signers[0]
        names = [
            (each.issuer, each.subject) for each in chain
        ]  # all are read here, where one that cannot be is an error of ours
        issuers = (*(issuer for issuer, _ in names), *(each.issuer for each in extra))
        wanted = (signer.issuer, signer.serial_number)
        held = zip(issuers, (*chain, *extra), strict=True)
        leaf = next((each for issuer, each in held if (issuer, each.serial_number) == wanted), None)
        if leaf is None:
            raise BadStamp("the certificate that signed it is neither in the answer nor at hand")
        at = info.gen_time
        return Token(
            at if at.tzinfo is not None else at.replace(tzinfo=UTC), info.serial_number, info.policy.dotted_string, name,
            imprint.message, info.nonce, _name(leaf.subject), leaf.not_valid_after_utc, leaf, chain,
        )  # fmt: skip
    except (ValueError, KeyError, x509.InvalidVersion) as exc:  # KeyError: a name of a kind of text that is none
        raise BadStamp(f"no answer of a time-stamping authority: {str(exc)[:200]}") from exc


def _answers(token: Token, asked: bytes) -> None:
    """The token is of the request's octets and repeats its nonce (RFC 3161, 2.4.1)."""
    try:
        begin, end = _inside(asked, 0)
        parts = _elements(asked, begin, end)
        imprint, nonces = parts[1], [part for part in parts[2:] if part[0] == 0x02]
    except IndexError as exc:
        raise BadStamp("the request cannot be read") from exc
    if end != len(asked) or not imprint.endswith(token.imprint):
        raise BadStamp("the request is over other octets")
    if nonces and int.from_bytes(nonces[0][_inside(nonces[0], 0)[0] :], "big", signed=True) != token.nonce:
        raise BadStamp("it repeats another nonce than that of the request")


def _path(token: Token, others: Certificates) -> list[x509.Certificate]:
    """The certificates from the one that signed up to a root, by who issued whom."""
    path = [token.leaf]
    while path[-1].issuer != path[-1].subject and len(path) < 10:
        above = next((each for each in (*token.chain, *others) if each not in path and _issued(each, path[-1])), None)
        if above is None:
            break
        path.append(above)
    return path


def _issued(issuer: x509.Certificate, issued: x509.Certificate) -> bool:
    try:
        issued.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _name(name: x509.Name) -> str:
    return name.rfc4514_string()


# DER of what is signed over must not be touched; the set of certificates is not. Large authorities write it in the order of the
# chain and not in that of DER (X.690, 11.6), which OpenSSL takes and rfc3161-client does not.
def _sorted(reply: bytes) -> bytes:
    try:
        begin, end = _certificates(reply)
        parts = _elements(reply, begin, end)
    except IndexError:
        return reply  # whatever it is, it is told by who reads it
    return reply[:begin] + b"".join(sorted(parts)) + reply[end:]


def _certificates(reply: bytes) -> tuple[int, int]:
    """Where the set of certificates lies in a TimeStampResp (RFC 3161, 2.4.2; RFC 5652, 5.1). Raises IndexError."""
    at, _ = _inside(reply, 0)
    at, _ = _inside(reply, _behind(reply, at))  # the token, after the status
    at, _ = _inside(reply, _behind(reply, at))  # its content, after its type
    at, _ = _inside(reply, at)
    for _ in ("version", "digestAlgorithms", "encapContentInfo"):
        at = _behind(reply, at)
    if reply[at] != 0xA0:
        raise IndexError("no certificates")
    return _inside(reply, at)


def _inside(der: bytes, at: int) -> tuple[int, int]:
    """Begin and end of an element's content."""
    length, begin = der[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        length, begin = int.from_bytes(der[begin : begin + count], "big"), begin + count
    if begin + length > len(der):
        raise IndexError("cut off")
    return begin, begin + length


def _behind(der: bytes, at: int) -> int:
    return _inside(der, at)[1]


def _elements(der: bytes, begin: int, end: int) -> Sequence[bytes]:
    found = []
    while begin < end:
        following = _behind(der, begin)
        found.append(der[begin:following])
        begin = following
    return found
