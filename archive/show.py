"""A restored folder shown on loopback, inert: read-only, no script runs, and nothing goes out to the live web.

Standard library only. The address holds a secret, so that no other page on this machine can guess it. What was received is
shown in a frame below a banner that says when (`framed`): sandboxed without scripts, windows, forms or an origin of its own,
and as text in which nothing makes a browser connect (`inert`). The files themselves, octet for octet, are saved and not
opened, but for plain text and plain pictures (reliability 5).
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from archive import framed
from archive.errors import NotAnArchive
from archive.inert import inert
from archive.restore import PROVENANCE

HTML = "text/html"  # shown inert
PLAIN = ("text/plain", "image/png", "image/jpeg", "image/gif", "image/webp")  # shown as they are; every other type is saved
RECEIVED = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'; frame-ancestors 'self'; base-uri 'none'"
)
OURS = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
FIXED = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-DNS-Prefetch-Control", "off"),  # names in links are not looked up
    ("Cache-Control", "no-store"),
)
TEXT = "text/plain; charset=utf-8"
PAGE = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class File:
    """One file. media: as it was received; kind: what a browser is told that it is; None: it is saved."""

    path: Path
    sha256: str
    media: str | None
    kind: str | None

    @property
    def is_html(self) -> bool:
        return _mime(self.media) == HTML


class Shown(ThreadingHTTPServer):
    """The server of one restored folder. `address`: where a person opens it. Call serve_forever() and shutdown()."""

    daemon_threads = True

    def __init__(self, out: Path, port: int = 0) -> None:
        self.secret = secrets.token_urlsafe(16)
        self.told, self.files = _listed(out)
        bodies = {_number(name): file for name, file in self.files.items() if "/body-" in name}
        self.views = {number: file for number, file in bodies.items() if file.kind is not None or file.is_html}
        super().__init__(("127.0.0.1", port), _Answer)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/{self.secret}/"


def serve(out: Path, port: int = 0) -> Shown:
    """A server of the folder that `restore` made in `out`, not running yet. Raises NotAnArchive where it is none."""
    return Shown(out, port)


def _listed(out: Path) -> tuple[dict[str, Any], dict[str, File]]:
    """What provenance.json says, and the files it lists by name; only they are ever shown."""
    try:
        told = json.loads((out / PROVENANCE).read_bytes())
        found = {
            each["file"]: File(out / each["file"], each["sha256"], each["media"], _kind(each["role"], each["media"]))
            for capture in told["captures"]
            for each in capture["files"]
        }
        framed.listing(told, ())  # it has all that is shown of it
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise NotAnArchive(f"{out} is no restored snapshot: {exc!r}") from exc
    for name in found:
        if not re.fullmatch(r"[0-9]{2,}/[A-Za-z0-9][A-Za-z0-9.\-]*", name):
            raise NotAnArchive(f"{out} names a file that no restore made: {name!r}")
    return told, found


def _kind(role: str, media: str | None) -> str | None:
    """What a browser is told that a file is; None where it should save it."""
    if role in ("manifest", "head", "request", "chain"):
        return TEXT
    return media if _mime(media) in PLAIN and re.fullmatch(r"[ -~]+", media or "") else None


def _mime(media: str | None) -> str:
    return (media or "").partition(";")[0].strip().lower()


def _number(name: str) -> int:
    """Of the capture whose folder a file lies in."""
    return int(name.partition("/")[0])


class _Answer(BaseHTTPRequestHandler):
    server: Shown
    server_version = "kartoteka"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        host = self.headers.get("Host", "")
        if host not in (f"127.0.0.1:{self.server.server_port}", f"localhost:{self.server.server_port}"):
            return self._send(421, b"not this host\n", TEXT, body=body)  # a rebound name
        base = f"/{self.server.secret}/"
        name = self.path[len(base) :] if self.path.startswith(base) else None
        if name == "":
            return self._send(200, framed.listing(self.server.told, self.server.views), PAGE, body=body, policy=OURS)
        way = re.fullmatch(r"(view|page)/([0-9]{2,9})", name or "")
        file = self.server.views.get(int(way[2])) if way else self.server.files.get(name or "")
        if file is None:
            return self._send(404, b"not found, or not part of this snapshot\n", TEXT, body=body)
        if way and way[1] == "view":
            page = framed.view(self.server.told["captures"][int(way[2]) - 1], f"page/{way[2]}")
            return self._send(200, page, PAGE, body=body, policy=OURS)
        if way and self.headers.get("Sec-Fetch-Dest") == "document":  # by itself it would have no banner
            return self._send(303, b"", TEXT, body=body, to=f"{base}view/{way[2]}")
        octets = file.path.read_bytes() if file.path.is_file() and not file.path.is_symlink() else b""
        if hashlib.sha256(octets).hexdigest() != file.sha256:
            return self._send(410, b"the file is not what was restored\n", TEXT, body=body)
        if way and file.is_html:
            return self._send(200, inert(octets, file.media), PAGE, body=body)
        self._send(200, octets, file.kind or "application/octet-stream", body=body, save=None if file.kind else file.path.name)

    def _send(
        self, status: int, octets: bytes, media: str, *, body: bool, policy: str = RECEIVED, save: str | None = None,
        to: str | None = None,
    ) -> None:  # fmt: skip
        self.send_response(status)
        for name, value in (("Content-Security-Policy", policy), *FIXED):
            self.send_header(name, value)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(octets)))
        if save is not None:
            self.send_header("Content-Disposition", f'attachment; filename="{save}"')
        if to is not None:
            self.send_header("Location", to)
        self.end_headers()
        if body:
            self.wfile.write(octets)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what is looked at is nobody's business."""
