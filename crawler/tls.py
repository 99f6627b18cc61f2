"""How a connection's encryption is checked, and what the connection itself said of it.

The flags are named here one by one: Python 3.13 made its default stricter, and a verdict that changes
with the interpreter is no evidence. On a failed verification OpenSSL still holds the chain it refused,
so reason and chain come from the same handshake; nothing is fetched a second time to explain a failure.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path

import certifi

from archive.capture import Tls

# What 3.13 takes by default. PARTIAL_CHAIN: an anchor named by --ca is one, self-signed or not.
_FLAGS = ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_TRUSTED_FIRST
_DER = 2  # _ssl.ENCODING_DER


def strict(ca: Iterable[Path] = ()) -> ssl.SSLContext:
    """Certifi's roots and the anchors in `ca` (PEM), host name checked. Raises ValueError for a file without any."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags = _FLAGS
    context.load_verify_locations(certifi.where())
    for path in ca:
        try:
            context.load_verify_locations(path)
        except OSError as exc:  # ssl.SSLError is one
            raise ValueError(f"{path}: no trust anchor in PEM form could be read ({exc})") from exc
    return _http1(context)


def unverified() -> ssl.SSLContext:
    """Whoever answers is let pass, and the capture is marked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return _http1(context)


def _http1(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def said(connection: ssl.SSLObject, reason: str | None) -> Tls:
    """The facts of this connection, after its handshake ended in one way or the other.

    After a failed one the chain is what the server sent: whether it holds the key was not proven any more.
    """
    cipher = connection.cipher()
    return Tls(
        version=connection.version() or (cipher[1] if cipher else None),
        cipher=cipher[0] if cipher else None,
        alpn=connection.selected_alpn_protocol(),
        verified=reason is None,
        reason=reason,
        chain=_chain(connection),
    )


def _chain(connection: ssl.SSLObject) -> tuple[bytes, ...]:
    # Public from 3.13 on, as DER; before, the same method of the object inside, as certificate objects.
    inner = connection if hasattr(connection, "get_unverified_chain") else connection._sslobj  # type: ignore[attr-defined]
    certificates = inner.get_unverified_chain() or ()
    return tuple(c if isinstance(c, bytes) else bytes(c.public_bytes(_DER)) for c in certificates)
