"""A restored folder shown on loopback, inert: read-only, no script runs, and nothing goes out to the live web.

Standard library only. The address holds a secret, so that no other page on this machine can guess it; the page
is sandboxed without scripts or origin, and what a browser should not open it is told to save (reliability 5).
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import secrets
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from archive.errors import NotAnArchive

# Shown as they are, inside the sandbox; every other type is saved.
SHOWN = ("text/html", "text/plain", "image/png", "image/jpeg", "image/gif", "image/webp")
POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
FIXED = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)


class Shown(ThreadingHTTPServer):
    """The server of one restored folder. `address`: where a person opens it. Call serve_forever() and shutdown()."""

    daemon_threads = True

    def __init__(self, out: Path, port: int = 0) -> None:
        self.secret = secrets.token_urlsafe(16)
        self.files = _listed(out)
        super().__init__(("127.0.0.1", port), _Answer)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/{self.secret}/"


def serve(out: Path, port: int = 0) -> Shown:
    """A server of the folder that `restore` made in `out`, not running yet. Raises NotAnArchive where it is none."""
    return Shown(out, port)


def _listed(out: Path) -> dict[str, tuple[Path, str, str | None]]:
    """name -> (file, sha256, media type) of what provenance.json lists; only that is ever shown."""
    try:
        told = json.loads((out / "provenance.json").read_bytes())
        entries = [entry for capture in told["captures"] for entry in capture["files"]]
        found = {entry["file"]: (out / entry["file"], entry["sha256"], entry["media"]) for entry in entries}
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise NotAnArchive(f"{out} is no restored snapshot: {exc!r}") from exc
    for name in found:
        if not re.fullmatch(r"[0-9]{2,}/[A-Za-z0-9][A-Za-z0-9.\-]*", name):
            raise NotAnArchive(f"{out} names a file that no restore made: {name!r}")
    return found


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
            return self._send(421, b"not this host\n", "text/plain; charset=utf-8", body=body)  # a rebound name
        base = f"/{self.server.secret}/"
        if not self.path.startswith(base):
            return self._send(404, b"not found\n", "text/plain; charset=utf-8", body=body)
        name = self.path[len(base) :]
        if not name:
            return self._send(200, self._list(), "text/html; charset=utf-8", body=body)
        entry = self.server.files.get(name)
        if entry is None:
            return self._send(404, b"not found\n", "text/plain; charset=utf-8", body=body)
        path, sha256, media = entry
        octets = path.read_bytes() if not path.is_symlink() else b""
        if hashlib.sha256(octets).hexdigest() != sha256:
            return self._send(410, b"the file is not what was restored\n", "text/plain; charset=utf-8", body=body)
        mime = (media or "").partition(";")[0].strip().lower()
        shown = mime in SHOWN and re.fullmatch(r"[ -~]+", media or "") is not None
        kind = media if shown and media else "application/octet-stream"
        self._send(200, octets, kind, body=body, save=None if shown else path.name)

    def _list(self) -> bytes:
        rows = "".join(
            f'<li><a href="{html.escape(name, quote=True)}">{html.escape(name)}</a> {html.escape(media or "")}</li>\n'
            for name, (_, _, media) in self.server.files.items()
        )
        return f'<!doctype html><meta charset="utf-8"><title>restored</title><ul>\n{rows}</ul>\n'.encode()

    def _send(self, status: int, octets: bytes, media: str, *, body: bool, save: str | None = None) -> None:
        self.send_response(status)
        for name, value in FIXED:
            self.send_header(name, value)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(octets)))
        if save is not None:
            self.send_header("Content-Disposition", f'attachment; filename="{save}"')
        self.end_headers()
        if body:
            self.wfile.write(octets)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what is looked at is nobody's business."""
