"""A real browser shows a restored page that tries everything: no request leaves, and no script runs."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive import show
from archive.capture import Visit
from archive.restore import restore
from archive.store import Settings, Store
from tests.proof.browser import Browser, Canary, browser, canary
from tests.proof.test_restore import served
from tests.proof.world import COURT, exchange, response

LIVE = "http://live.example"  # leads to the canary, whatever the port
REST = 3.0  # seconds a page has for what it does: refreshes, timers and prefetches among them
LINK = (500, 400)  # where a click meets the page's link, which lies over all of it
HOSTILE = """<!doctype html><html><head><title>An invented docket</title><meta charset="utf-8">
<meta http-equiv="refresh" content="1;url={live}/refresh"><base href="{live}/base/">
<link rel="dns-prefetch" href="{live}"><link rel="preconnect" href="{live}"><link rel="prefetch" href="{live}/prefetch">
<link rel="preload" as="image" href="{live}/preload"><link rel="modulepreload" href="{live}/module.js">
<link rel="stylesheet" href="{live}/sheet.css"><link rel="icon" href="{live}/icon.png">
<link rel="manifest" href="{live}/manifest.json"><link rel="prerender" href="{live}/prerender">
<meta http-equiv="Content-Security-Policy" content="default-src *; report-uri {live}/report">
<style>@import url("{live}/import.css"); @font-face {{ font-family: f; src: url("{live}/font.woff2") }}
body {{ background: url("{live}/background.png"); font-family: f }} a.all {{ position: fixed; inset: 0 }}</style>
<script>location.href = "ran"; document.title = "ran"; fetch("{live}/fetch"); new Image().src = "{live}/image-of-script";</script>
<script src="{live}/script.js"></script>
<script type="speculationrules">{{"prefetch": [{{"source": "list", "urls": ["{live}/speculated"]}}]}}</script></head>
<body onload="location.href = 'ran'; navigator.sendBeacon('{live}/beacon')">
<p>Case of an invented court</p><img src="{live}/image.png" onerror="location.href = 'ran'"><img srcset="{live}/set.png 2x">
<picture><source srcset="{live}/source.png"><img src="{live}/picture.png"></picture>
<iframe src="{live}/frame"></iframe><iframe srcdoc="<img src='{live}/in-frame.png'><script>parent.location='ran'</script>"></iframe>
<object data="{live}/object"></object><embed src="{live}/embed"><video src="{live}/video" poster="{live}/poster" autoplay></video>
<audio src="{live}/audio" autoplay></audio><input type="image" src="{live}/input.png"><table background="{live}/table.png"></table>
<svg><image href="{live}/svg.png"/><use href="{live}/use.svg#a"/><script>location.href = "ran"</script></svg>
<form action="{live}/form" method="post"><input name="a" autofocus onfocus="this.form.submit()"></form>
<iframe src="javascript:parent.location='ran'"></iframe><details open ontoggle="location.href = 'ran'"><summary>x</summary></details>
<a class="all" href="{live}/clicked" ping="{live}/ping">more</a></body></html>"""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    page = HOSTILE.format(live=LIVE).encode()
    answer = response(
        page, b"Link: <%s/header>; rel=preload; as=image" % LIVE.encode(), b"Refresh: 1; url=%s/h" % LIVE.encode()
    )
    answer = answer.replace(b"windows-1251", b"utf-8")
    with Store.open(tmp_path / "home", settings=Settings(floor=0)) as store:
        store.keep(Visit(COURT, (exchange(COURT, answer, 0),))).result()
        restore(store.archive, COURT, out=tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that the server of the restored folder was asked for, behind its secret."""
    paths: list[str] = []

    def met(self: show._Answer, *_: object) -> None:
        paths.append(self.path.removeprefix(f"/{self.server.secret}"))

    monkeypatch.setattr(show._Answer, "log_request", met)
    return paths


@contextmanager
def watched(tmp_path: Path) -> Iterator[tuple[Browser, Canary]]:
    with canary() as bird, browser(tmp_path / "profile", f"MAP live.example 127.0.0.1:{bird.port}") as shows:
        yield shows, bird


@pytest.mark.full
def test_nothing_leaves_and_no_script_runs(out: Path, asked: list[str], tmp_path: Path) -> None:
    """In its frame, by itself, and clicked: the canary is met by nobody, and no page called `ran` is asked for."""
    with served(out) as server, watched(tmp_path) as (shows, bird):
        for address in ("", "page/01", "view/01"):
            shows.open(server.address + address, rest=REST)
        shows.click(*LINK)
        shows.click(LINK[0], LINK[1] + 50)
        shows.open(server.address + "view/01", rest=REST)
        picture = shows.ask("Page.captureScreenshot")["data"]

    assert [] == bird.seen
    assert {"/", "/view/01", "/page/01"} == {path for path in asked if path != "/favicon.ico"}
    assert asked.count("/page/01") >= 3  # the page was there, in its frame
    assert len(picture) > 10_000


@pytest.mark.full
def test_the_policy_alone_is_not_enough(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant: the page's own text under the same policy makes the browser connect, though it sends no request."""
    monkeypatch.setattr(show, "inert", lambda octets, _: octets)
    with served(out) as server, watched(tmp_path) as (shows, bird):
        shows.open(server.address + "view/01", rest=REST)

    assert {"connected"} == set(bird.seen)


@pytest.mark.full
def test_the_canary_would_sing(out: Path, tmp_path: Path) -> None:
    """The same octets without what keeps them inert: the page asks for nearly all that it names, and its script runs."""
    body = next(path for path in (out / "01").iterdir() if path.name.startswith("body-"))
    paths = []

    class Plain(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            octets = body.read_bytes() if self.path == "/" else b""
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Plain) as server, watched(tmp_path) as (shows, bird):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        shows.open(f"http://127.0.0.1:{server.server_port}/", rest=REST)
        server.shutdown()

    assert len(bird.seen) > 3
