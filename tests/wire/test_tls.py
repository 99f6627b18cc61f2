"""What is known of a connection's encryption, and how it fails."""

from __future__ import annotations

import asyncio
import re
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from cryptography import x509

from archive.capture import Outcome
from crawler.wire import Limits, Wire
from tests.world.faults import Peer, always, fetch, once, origin, received

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CA = trustme.CA()
OTHER = trustme.CA(organization_name="Another")


@pytest.fixture
def anchor(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    CA.cert_pem.write_to_path(str(path))
    return path


def serving(leaf: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    leaf.configure_cert(context)
    return context


def ders(leaf: trustme.LeafCert) -> tuple[bytes, ...]:
    return tuple(ssl.PEM_cert_to_DER_cert(pem.bytes().decode("ascii")) for pem in leaf.cert_chain_pems)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_the_facts_of_a_good_connection(anchor: Path, version: ssl.TLSVersion) -> None:
    """Version, cipher, protocol, verdict and the whole chain as sent, leaf first."""
    leaf = CA.create_child_ca().issue_cert("court.test")
    context = serving(leaf)
    context.maximum_version = version
    async with origin(always(OK), tls=context) as server:
        wire = server.wire(ca=[anchor])
        first, second = await fetch(wire, "https://court.test/"), await fetch(wire, "https://court.test/")
        await wire.aclose()

    assert (first.outcome, first.response, server.connections) == (Outcome.CAPTURED, OK, 1)
    assert first.tls is not None
    assert (first.tls.version, first.tls.alpn, first.tls.verified, first.tls.reason) == (
        {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version],
        "http/1.1",
        True,
        None,
    )
    assert first.tls.cipher
    assert first.tls.chain == ders(leaf)
    assert len(first.tls.chain) == 2
    assert second.tls == first.tls
    assert first.trusted


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    ("leaf", "reason"),
    [
        (CA.issue_cert("court.test", not_after=datetime(2021, 1, 1, tzinfo=UTC)), "certificate has expired"),
        (CA.issue_cert("other.test"), "Hostname mismatch"),
        (OTHER.issue_cert("court.test"), "unable to get local issuer certificate"),
        (OTHER.create_child_ca().issue_cert("court.test"), "unable to get local issuer certificate"),
    ],
    ids=["expired", "wrong name", "unknown authority", "unknown authority with a chain"],
)
async def test_a_certificate_that_does_not_verify(
    anchor: Path, leaf: trustme.LeafCert, reason: str, version: ssl.TLSVersion
) -> None:
    """No request is sent; reason and chain are of this very connection."""
    context = serving(leaf)
    context.maximum_version = version
    async with origin(always(OK), tls=context) as server:
        wire = server.wire(ca=[anchor])
        exchange = await fetch(wire, "https://court.test/")
        await asyncio.sleep(0)
        assert wire.open_connections == 0

    assert (exchange.outcome, exchange.request, received(exchange)) == (Outcome.TLS_FAILED, b"", b"")
    assert exchange.tls is not None
    assert not exchange.tls.verified
    assert reason in (exchange.tls.reason or "")
    assert exchange.tls.chain == ders(leaf)
    assert server.requests == []
    assert exchange.peer == f"127.0.0.1:{server.port}"


async def test_a_self_signed_certificate(anchor: Path, tmp_path: Path) -> None:
    """It is refused as such, and its certificate kept."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "court.test")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("court.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "self.pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    async with origin(always(OK), tls=context) as server:
        wire = server.wire(ca=[anchor])
        exchange = await fetch(wire, "https://court.test/")
        await wire.aclose()

    assert exchange.outcome is Outcome.TLS_FAILED
    assert exchange.tls is not None
    assert "self-signed certificate" in (exchange.tls.reason or "")
    assert exchange.tls.chain == (certificate.public_bytes(serialization.Encoding.DER),)


async def test_an_unverified_capture_is_marked(anchor: Path) -> None:
    """Asked for, it is made and never trusted; and its connection serves no verified request."""
    leaf = OTHER.issue_cert("court.test")
    async with origin(always(OK), tls=serving(leaf)) as server:
        wire = server.wire(ca=[anchor])
        loose = await fetch(wire, "https://court.test/", verify=False)
        strict = await fetch(wire, "https://court.test/")
        await wire.aclose()

    assert (loose.outcome, loose.response, loose.trusted) == (Outcome.CAPTURED, OK, False)
    assert loose.tls is not None
    assert loose.tls.reason
    assert loose.tls.chain == ders(leaf)
    assert strict.outcome is Outcome.TLS_FAILED


@pytest.mark.parametrize(("end", "outcome"), [("fin", Outcome.TLS_FAILED), ("reset", Outcome.RESET), ("wait", Outcome.TIMEOUT)])
async def test_a_handshake_that_does_not_end(anchor: Path, end: str, outcome: Outcome) -> None:
    """Closed, reset or stalled in the middle of it: each in its word, with no octet of HTTP."""

    async def script(peer: Peer) -> None:
        await peer.reader.read(100)
        if end == "reset":
            peer.reset()
        elif end == "wait":
            await peer.until_closed()

    async with origin(script) as server:
        wire = server.wire(ca=[anchor], limits=Limits(tls=0.3))
        exchange = await fetch(wire, "https://court.test/")
        await asyncio.sleep(0)
        assert wire.open_connections == 0

    assert (exchange.outcome, exchange.request, received(exchange)) == (outcome, b"", b"")
    assert exchange.tls is not None
    assert (exchange.tls.verified, exchange.tls.chain) == (False, ())


async def test_a_server_that_speaks_no_tls(anchor: Path) -> None:
    """Plain HTTP on the port of HTTPS is a failed handshake."""

    async def script(peer: Peer) -> None:
        await peer.reader.read(100)
        await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with origin(script) as server:
        wire = server.wire(ca=[anchor])
        exchange = await fetch(wire, "https://court.test/")
        await wire.aclose()

    assert exchange.outcome is Outcome.TLS_FAILED
    assert re.search("WRONG_VERSION_NUMBER|PACKET_LENGTH", exchange.error or "")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_an_old_version_is_refused(anchor: Path) -> None:
    """TLS 1.1 is a failed handshake, not a quiet downgrade."""
    context = serving(CA.issue_cert("court.test"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with origin(always(OK), tls=context) as server:
        wire = server.wire(ca=[anchor])
        exchange = await fetch(wire, "https://court.test/")
        await wire.aclose()

    assert exchange.outcome is Outcome.TLS_FAILED


async def test_the_name_that_is_asked_for(anchor: Path) -> None:
    """SNI and Host stay those of the URL, wherever the connection goes."""
    asked = []
    context = serving(CA.issue_cert("court.test"))
    context.sni_callback = lambda _, name, __: asked.append(name)  # type: ignore[assignment]
    async with origin(always(OK), tls=context) as server:
        wire = server.wire(ca=[anchor])
        await fetch(wire, "https://court.test/")
        await wire.aclose()

    assert asked == ["court.test"]
    assert b"\r\nHost: court.test\r\n" in server.requests[0]


async def test_a_body_in_small_and_large_records(anchor: Path) -> None:
    """Every octet inside TLS is kept, however it is cut into records."""
    body = bytes(range(256)) * 2000
    octets = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    cuts = [octets[:1], octets[1:20], octets[20:40_000], octets[40_000:]]
    async with origin(once(*cuts), tls=serving(CA.issue_cert("court.test"))) as server:
        wire = server.wire(ca=[anchor])
        exchange = await fetch(wire, "https://court.test/")
        await wire.aclose()

    assert (exchange.outcome, exchange.response) == (Outcome.CAPTURED, octets)


async def test_a_close_with_and_without_the_alert(anchor: Path) -> None:
    """A body to the close is whole after TLS's own end; after a cut connection nobody can say (RFC 9112, 9.8)."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\nhello")
        if peer.server.connections == 2:
            await asyncio.sleep(0.05)
            peer.writer.transport.abort()  # FIN, and no alert before it

    async with origin(script, tls=serving(CA.issue_cert("court.test"))) as server:
        wire = server.wire(ca=[anchor])
        whole, cut = await fetch(wire, "https://court.test/"), await fetch(wire, "https://court.test/")
        await wire.aclose()

    assert (whole.outcome, whole.truncated) == (Outcome.CAPTURED, None)
    assert (cut.outcome, cut.truncated, cut.response) == (Outcome.TRUNCATED, "disconnect", whole.response)


def test_an_anchor_file_that_is_none(tmp_path: Path) -> None:
    """A wrong --ca is an error at the start, not a thousand failed handshakes."""
    path = tmp_path / "no.pem"
    with pytest.raises(ValueError, match="no trust anchor"):
        Wire(ca=[path])
    path.write_text("not a certificate", "utf-8")
    with pytest.raises(ValueError, match="no trust anchor"):
        Wire(ca=[path])
