"""What a bad server shows of itself under TLS: contexts to listen with, by the name of their fault."""

from __future__ import annotations

import ssl
import warnings
from datetime import UTC, datetime
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

FAULTS = ("good", "expired", "not-yet", "wrong-name", "self-signed", "unknown", "old", "needs-name", "client")


class Authority:
    """One root that the crawl is told of, and one that it is not. file: the root, for `--ca`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known, self._unknown = trustme.CA(), trustme.CA(organization_name="Nobody")
        self.file = folder / "root.pem"
        self._known.cert_pem.write_to_path(str(self.file))

    def context(self, fault: str, host: str) -> ssl.SSLContext:
        """A listening context for `host` with one of FAULTS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if fault == "self-signed":
            context.load_cert_chain(self._self_signed(host))
            return context
        issuer = self._unknown if fault == "unknown" else self._known
        leaf = issuer.issue_cert(
            "another.test" if fault == "wrong-name" else host,
            not_before=datetime(2120, 1, 1, tzinfo=UTC) if fault == "not-yet" else None,
            not_after={"expired": datetime(2021, 1, 1, tzinfo=UTC), "not-yet": datetime(2121, 1, 1, tzinfo=UTC)}.get(fault),
        )
        leaf.configure_cert(context)
        if fault == "old":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.set_ciphers("ALL:@SECLEVEL=0")
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
        elif fault == "needs-name":
            context.sni_callback = lambda _, name, __: (
                None if name == "its.other.name" else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            )
        elif fault == "client":
            context.maximum_version = ssl.TLSVersion.TLSv1_2  # in 1.3 the refusal comes after the handshake
            context.verify_mode = ssl.CERT_REQUIRED
            self._unknown.configure_trust(context)
        return context

    def _self_signed(self, host: str) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(7)
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(key, hashes.SHA256())
        )
        path = self._folder / f"{host}.pem"
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        return path
