"""A time-stamping authority and an OpenTimestamps calendar of our own, served on loopback; openssl makes the tokens."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/root.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class Authority:
    """Its certificates and key in a folder. days: how long its certificate lasts. kind: of its key. lists: where it says so."""

    folder: Path
    name: str = "tsa"
    kind: str = "rsa"
    days: float = 3650
    revoked: datetime | None = None
    mood: str = "well"  # or: down, garbage, refuses, other (stamps what nobody asked for), slow
    asked: int = 0
    lists: bool = True  # says whom it revoked

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self._root_key, key = ec.generate_private_key(ec.SECP256R1()), self._key()
        now = datetime.now(UTC)
        root = (
            self._begun(named(f"{self.name} root"), named(f"{self.name} root"), self._root_key.public_key())
            .not_valid_before(now - timedelta(days=10)).not_valid_after(now + timedelta(days=7300))
            .add_extension(x509.BasicConstraints(True, None), critical=True)
            .sign(self._root_key, hashes.SHA256())
        )  # fmt: skip
        self.leaf = (
            self._begun(root.subject, named(f"{self.name} stamps"), key.public_key())
            .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=self.days))
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
            .add_extension(x509.CRLDistributionPoints([x509.DistributionPoint([x509.UniformResourceIdentifier(f"http://{self.name}.example/crl")], None, None, None)]), critical=False)
            .sign(self._root_key, hashes.SHA256())
        )  # fmt: skip
        self.root = root
        (self.folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
        (self.folder / "tsa.pem").write_bytes(self.leaf.public_bytes(Encoding.PEM))
        (self.folder / "tsa.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        (self.folder / "serial").write_text("01\n")
        (self.folder / "tsa.cnf").write_text(CONFIG.format(folder=self.folder))

    def _key(self) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
        return rsa.generate_private_key(65537, 2048) if self.kind == "rsa" else ec.generate_private_key(ec.SECP256R1())

    @staticmethod
    def _begun(issuer: x509.Name, subject: x509.Name, key: object) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().issuer_name(issuer).subject_name(subject)
        return builder.public_key(key).serial_number(x509.random_serial_number())  # type: ignore[arg-type]

    @property
    def roots(self) -> Path:
        return self.folder / "root.pem"

    def reply(self, request: bytes) -> bytes:
        """As openssl answers it."""
        if self.mood == "other":
            request = self.query(b"what nobody asked for")
        (self.folder / "query").write_bytes(request)
        command = [
            "openssl",
            "ts",
            "-reply",
            "-config",
            self.folder / "tsa.cnf",
            "-queryfile",
            self.folder / "query",
            "-out",
            "/dev/stdout",
        ]
        return subprocess.run(command, capture_output=True, check=True, cwd=self.folder).stdout

    def query(self, octets: bytes) -> bytes:
        command = ["openssl", "ts", "-query", "-digest", hashlib.sha256(octets).hexdigest(), "-sha256", "-cert"]
        return subprocess.run(command, capture_output=True, check=True).stdout

    def crl(self) -> bytes:
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.root.subject)
        builder = builder.last_update(now - timedelta(hours=1)).next_update(now + timedelta(days=7))
        if self.revoked is not None:
            one = x509.RevokedCertificateBuilder().serial_number(self.leaf.serial_number).revocation_date(self.revoked).build()
            builder = builder.add_revoked_certificate(one)
        return builder.sign(self._root_key, hashes.SHA256()).public_bytes(Encoding.DER)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if path == "/crl":
            return (200, self.crl()) if self.lists else (503, b"gone home")
        self.asked += 1
        if self.mood == "down":
            return 503, b"gone home"
        return 200, b"<html>not a token</html>" if self.mood == "garbage" else self.reply(body)


@dataclass
class Calendar:
    """Takes digests, and has a block for them when somebody says that it is mined."""

    name: str = "calendar"
    mined: bool = False
    height: int = 358_391
    taken: list[bytes] = field(default_factory=list)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if path == "/digest" and method == "POST":
            self.taken.append(body)
            uri = f"http://{self.name}.example".encode()
            payload = bytes([len(uri)]) + uri
            return 200, b"\xf0\x04salt\x08\x00" + bytes.fromhex("83dfe30d2ef90c8e") + bytes([len(payload)]) + payload
        if path.startswith("/timestamp/") and self.mined:
            number = b"\xf7\xef\x15"  # 358,391
            return 200, b"\xf1\x04tree\x08\x08\x00" + bytes.fromhex("0588960d73d71901") + bytes([len(number)]) + number
        return 404, b"Pending confirmation in Bitcoin blockchain"

    def header(self) -> bytes:
        """A block over the first digest that was taken; at the lowest difficulty, so that it is worked for here."""
        inner = hashlib.sha256(self.taken[0] + b"salt").digest()
        root = hashlib.sha256(hashlib.sha256(b"tree" + inner).digest()).digest()
        for nonce in range(1 << 16):
            found = (
                b"\1\0\0\0"
                + bytes(32)
                + root
                + (1_800_000_000).to_bytes(4, "little")
                + b"\xff\xff\x7f\x20"
                + nonce.to_bytes(4, "little")
            )
            if int.from_bytes(hashlib.sha256(hashlib.sha256(found).digest()).digest(), "little") <= 0x7FFFFF << 8 * 29:
                return found
        raise AssertionError


@contextmanager
def served(*hosts: Authority | Calendar) -> Iterator[list[str]]:
    """All of them on one loopback port, told apart by Host; gives the rules of --connect-to that lead there."""
    by_name = {f"{host.name}.example": host for host in hosts}

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            host = by_name[self.headers["Host"].partition(":")[0]]
            status, body = host.answer(self.command, self.path, self.rfile.read(length))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield [f"{name}:80:127.0.0.1:{server.server_address[1]}" for name in by_name]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
