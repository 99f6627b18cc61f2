"""ReplayWeb.page in a real browser, on loopback alone: what a person would read in the frame where it replays a page.

The browser (Debian's chromium) and the npm package `replaywebpage` (AGPL; never imported) are installed where they are missing.
All that the browser asks of other hosts goes to a proxy of ours, which answers nothing and remembers what it was asked for.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from platformdirs import user_cache_path

from tests.world.judges import LOOPBACK, NoJudge, environment, locked

REPLAY = "replaywebpage@2.4.6"
PATIENCE = 120.0  # seconds for a browser to start and to replay, on a busy machine
PAGE = """<!doctype html><meta charset="utf-8"><title>replay</title><script src="/ui.js"></script>
<replay-web-page style="height: 90vh" source="/package.wacz" url="{url}" ts="{ts}" replayBase="/replay/" embed="replayonly">
</replay-web-page>
<script>
const told = [];
addEventListener("error", each => told.push("error: " + each.message));
function texts(root, found) {{
  for (const each of root.querySelectorAll("*")) {{
    if (each.shadowRoot) texts(each.shadowRoot, found);
    if (each.tagName === "IFRAME") {{
      try {{
        const inside = each.contentDocument;
        if (inside && inside.body) {{ found.push([inside.location.href, inside.body.innerText]); texts(inside, found); }}
      }} catch (refused) {{ found.push(["refused", String(refused)]); }}
    }}
  }}
  return found;
}}
setInterval(() => fetch("/seen", {{method: "POST", body: JSON.stringify([told, texts(document, [])])}}), 500);
</script>"""


@dataclass
class Seen:
    """What the browser showed and asked for. frames: address and text of each frame, the innermost last."""

    frames: list[tuple[str, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)


def chromium() -> str:
    """Raises NoJudge where it is not there and cannot be installed."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", "chromium"], capture_output=True, check=False)
        found = shutil.which("chromium")
    if found is None:
        raise NoJudge("a browser is needed to replay a package, and chromium could not be installed")
    return found


def replayer() -> Path:
    """The folder with its ui.js and sw.js. Raises NoJudge."""
    cache = user_cache_path("kartoteka-tests", appauthor=False)
    folder = cache / REPLAY.replace("@", "-")
    with locked(cache / f"{folder.name}.lock"):
        if not (folder / "sw.js").exists():
            with TemporaryDirectory() as place:
                ran = subprocess.run(["npm", "pack", REPLAY], cwd=place, capture_output=True, text=True, check=False)
                packed = next(Path(place).glob("*.tgz"), None)
                if packed is None:
                    raise NoJudge(f"{REPLAY} could not be had:\n{ran.stdout}{ran.stderr}")
                folder.mkdir(parents=True, exist_ok=True)
                with tarfile.open(packed) as opened:
                    for name in ("ui.js", "sw.js"):
                        octets = opened.extractfile(f"package/{name}")
                        assert octets is not None
                        (folder / name).write_bytes(octets.read())
    return folder


def replayed(package: Path, url: str, ts: str, wanted: str) -> Seen:
    """Opens the package at an address and a time (14 digits), and waits until a frame shows the text that is wanted."""
    seen, done = Seen(), Event()
    with served(replayer(), package, PAGE.format(url=url, ts=ts), seen, wanted, done) as port, TemporaryDirectory() as profile:
        command = [
            chromium(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
            f"--user-data-dir={profile}", f"--proxy-server=http://{LOOPBACK}:{port}", f"http://{LOOPBACK}:{port}/",
        ]  # fmt: skip
        with (Path(profile) / "said").open("wb") as said:
            # A group of its own: the browser's helpers end with it.
            browser = subprocess.Popen(command, stdout=said, stderr=said, env=environment(), start_new_session=True)
            try:
                done.wait(PATIENCE)
            finally:
                os.killpg(browser.pid, 15)
                try:
                    browser.wait(20)
                except subprocess.TimeoutExpired:
                    os.killpg(browser.pid, 9)
                    browser.wait()
    return seen


@contextmanager
def served(replayer: Path, package: Path, page: str, seen: Seen, wanted: str, done: Event) -> Iterator[int]:
    """The page, the replayer and the package, by ranges too; and the proxy for all other hosts."""
    files = {"/ui.js": replayer / "ui.js", "/replay/sw.js": replayer / "sw.js", "/package.wacz": package}
    kinds = {".js": "text/javascript", ".wacz": "application/wacz"}

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if "://" in self.path:
                self.beyond()
            elif path == "/":
                self.answer(200, page.encode(), "text/html")
            elif path in files:
                octets = files[path].read_bytes()
                first, last = 0, len(octets) - 1
                if (asked := self.headers.get("Range", "")).startswith("bytes="):
                    begin, _, end = asked[6:].partition("-")
                    first = int(begin) if begin else max(0, len(octets) - int(end))
                    last = min(int(end), last) if begin and end else last
                    more = {"Content-Range": f"bytes {first}-{last}/{len(octets)}"}
                    self.answer(206, octets[first : last + 1], kinds[files[path].suffix], more)
                else:
                    self.answer(200, octets, kinds[files[path].suffix])
            else:
                self.answer(404, b"not here", "text/plain")

        do_HEAD = do_GET

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if "://" in self.path:
                self.beyond()
                return
            errors, frames = json.loads(body)
            seen.errors, seen.frames = errors, [tuple(each) for each in frames]
            self.answer(204, b"", "text/plain")
            if any(wanted in text for _, text in seen.frames):
                done.set()

        def do_CONNECT(self) -> None:
            self.beyond()

        def beyond(self) -> None:
            seen.beyond.append(self.path)
            self.answer(403, b"", "text/plain")

        def answer(self, status: int, body: bytes, kind: str, more: dict[str, str] | None = None) -> None:
            self.send_response(status)
            fields = {"Content-Type": kind, "Content-Length": str(len(body)), "Accept-Ranges": "bytes", **(more or {})}
            for name, value in fields.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD" and status != 204:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer((LOOPBACK, 0), Door)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
