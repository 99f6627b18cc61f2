"""Whose certificate is it, from whom, and between which days is it valid? A few words on DER octets; nothing is verified."""

from __future__ import annotations

import hashlib

from cryptography import x509


def words(der: bytes) -> str:
    """One line about a certificate; where it cannot be read, its digest alone."""
    digest = f"sha256 {hashlib.sha256(der).hexdigest()}"
    try:
        read = x509.load_der_x509_certificate(der)
        begin, end = read.not_valid_before_utc, read.not_valid_after_utc
        return (
            f"{read.subject.rfc4514_string()}, from {read.issuer.rfc4514_string()}, "
            f"valid {begin:%Y-%m-%d} to {end:%Y-%m-%d}, {digest}"
        )
    except (ValueError, x509.InvalidVersion):  # the second is no ValueError
        return f"a certificate that cannot be read, {digest}"
