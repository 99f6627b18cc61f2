"""A throw-away certificate authority: one root, and a certificate for each host at the moment it is asked for.

The root's key lives in this process alone and is good for nothing but the loopback server; only its certificate is
written down, for `--ca`.
"""

from __future__ import annotations

import ssl
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE = timedelta(days=30)


class Authority:
    """Root and server contexts.

    hosts: the only names it answers for. folder: where PEM files may lie; the caller removes it. life: of each certificate.
    """

    def __init__(self, folder: Path, hosts: Collection[str], now: datetime | None = None, *, life: timedelta = LIFE) -> None:
        self._folder, self._hosts, self._life = folder, frozenset(hosts), life
        self._lives: dict[str, timedelta] = {}
        self._now = now or datetime.now(UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._root = self._sign_root()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.file = folder / "demo-ca.pem"
        self.file.write_bytes(self._root.public_bytes(serialization.Encoding.PEM))

    def renew(self, host: str, life: timedelta) -> None:
        """From the next handshake on this host shows another certificate, which lasts so long from when the authority began."""
        self._lives[host] = life
        self._contexts.pop(host, None)

    def context(self) -> ssl.SSLContext:
        """The context a server listens with: it takes each connection's own certificate by the name it asks for."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = self._choose
        return context

    def _choose(self, connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        if name is None or name.lower() not in self._hosts:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = self._host(name.lower())
        return None

    def _host(self, name: str) -> ssl.SSLContext:
        if name not in self._contexts:
            key = ec.generate_private_key(ec.SECP256R1())
            pem = self._folder / f"{name}.pem"
            pem.write_bytes(
                key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
                + self._sign_host(name, key.public_key()).public_bytes(serialization.Encoding.PEM)
                + self._root.public_bytes(serialization.Encoding.PEM)
            )
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            self._contexts[name] = context
        return self._contexts[name]

    def _builder(self, subject: str, key: ec.EllipticCurvePublicKey, life: timedelta | None = None) -> x509.CertificateBuilder:
        """What root and host certificates share; the key identifiers are there because strict verifiers ask for them."""
        return (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name("Kartoteka demo root"))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - timedelta(days=1))
            .not_valid_after(self._now + (self._life if life is None else life))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )

    def _sign_root(self) -> x509.Certificate:
        return (
            self._builder("Kartoteka demo root", self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _sign_host(self, host: str, key: ec.EllipticCurvePublicKey) -> x509.Certificate:
        issuer = self._root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return (
            self._builder(host, key, self._lives.get(host))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False)
            .sign(self._key, hashes.SHA256())
        )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
