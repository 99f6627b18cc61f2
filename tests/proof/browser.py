"""A real browser without a window, that knows no host beyond loopback; driven over its own debugging pipe of JSON.

Debian's chromium (`apt-get install chromium`). It resolves no name but those that a test maps, so that nothing it does, and
nothing that a page makes it do, leaves this machine.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--no-proxy-server",
    "--remote-debugging-port=0", "--window-size=1000,800",
)  # fmt: skip
PATIENCE = 60.0


@dataclass
class Browser:
    """One page of it. `ask` is a command of the DevTools protocol and its result."""

    wire: socket.socket
    number: int = 0
    ahead: bytearray = field(default_factory=bytearray)
    events: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, method: str, **params: object) -> dict[str, Any]:
        self.number += 1
        self._send(json.dumps({"id": self.number, "method": method, "params": params}).encode())
        while True:
            told = self._message()
            if told.get("id") == self.number:
                assert "error" not in told, told
                result: dict[str, Any] = told["result"]
                return result
            self.events.append(told)

    def until(self, event: str) -> None:
        """Until the browser tells of it."""
        while not any(told.get("method") == event for told in self.events):
            self.events.append(self._message())
        self.events.clear()

    def open(self, address: str, *, rest: float) -> None:
        """Shows the address, and leaves it that many seconds to do what it does."""
        self.ask("Page.enable")
        self.events.clear()
        self.ask("Page.navigate", url=address)
        self.until("Page.loadEventFired")
        time.sleep(rest)

    def click(self, x: int, y: int) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def _send(self, octets: bytes) -> None:
        """One text frame (RFC 6455, 5.2), masked as a client's must be."""
        mask, size = os.urandom(4), len(octets)
        length = struct.pack(">B", 0x80 | size) if size < 126 else struct.pack(">BH", 0x80 | 126, size)
        self.wire.sendall(b"\x81" + length + mask + bytes(octet ^ mask[n % 4] for n, octet in enumerate(octets)))

    def _message(self) -> dict[str, Any]:
        whole = b""
        while True:
            first, second = self._take(2)
            size = second & 0x7F
            if size > 125:
                size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
            whole += self._take(size)
            if first & 0x80:
                told: dict[str, Any] = json.loads(whole)
                return told

    def _take(self, count: int) -> bytes:
        while len(self.ahead) < count:
            more = self.wire.recv(1 << 16)
            assert more, "the browser has gone"
            self.ahead += more
        taken = bytes(self.ahead[:count])
        del self.ahead[:count]
        return taken


@contextlib.contextmanager
def browser(folder: Path, rules: str) -> Iterator[Browser]:
    """One that runs. rules: which names lead where, as `--host-resolver-rules` has it; every other name leads nowhere."""
    program = shutil.which("chromium")
    assert program, "this test shows a page in a real browser: `apt-get install chromium`"
    rules = ", ".join(filter(None, (rules, "MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1", "EXCLUDE localhost")))
    command = [program, *QUIET, f"--user-data-dir={folder}", f"--host-resolver-rules={rules}", "about:blank"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as running:
        assert running.stderr is not None
        try:
            port = next(int(found[1]) for line in running.stderr if (found := re.search(rb"ws://127\.0\.0\.1:(\d+)/", line)))
            drain = threading.Thread(target=running.stderr.read, daemon=True)
            drain.start()
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as wire:
                _upgraded(wire, _page(port))
                yield Browser(wire)
        finally:
            running.terminate()
            running.wait(PATIENCE)


def _page(port: int) -> str:
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    asked.request("GET", "/json/list")
    found = next(each for each in json.loads(asked.getresponse().read()) if each["type"] == "page")
    asked.close()
    return str(found["webSocketDebuggerUrl"]).partition(f":{port}")[2]


def _upgraded(wire: socket.socket, path: str) -> None:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = (
        f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13", "", "",
    )  # fmt: skip
    wire.sendall("\r\n".join(lines).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += wire.recv(1)
    assert head.startswith(b"HTTP/1.1 101"), head


@dataclass
class Canary:
    """Listens on loopback; whoever comes is written down, with the first line said."""

    port: int = 0
    seen: list[str] = field(default_factory=list)


@contextlib.contextmanager
def canary() -> Iterator[Canary]:
    """Answers each request with a small page; a connection on which nothing is said counts too."""
    bird = Canary()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        bird.port = listening.getsockname()[1]

        def met(peer: socket.socket) -> None:
            number = len(bird.seen)
            bird.seen.append("connected")
            with contextlib.suppress(OSError), peer:
                said = peer.recv(4096)
                bird.seen[number] = said.partition(b"\r\n")[0].decode("latin-1") or "connected"
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

        def listen() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=met, args=(listening.accept()[0],), daemon=True).start()

        threading.Thread(target=listen, daemon=True).start()
        yield bird
        listening.shutdown(socket.SHUT_RDWR)
