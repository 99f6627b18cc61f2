"""An origin for the speed figures: keeps every answer in memory and writes it when it is asked for, after a delay if wanted.

Run as a process of its own, so that its work is in nobody's figures: `origin.py PAGES PORT [LEAST:MOST milliseconds]`. It says
`ready` on stdout, after the addresses.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import cast
from zlib import crc32

sys.path.insert(0, str(Path(__file__).parent))
from pages import HOSTS, served

MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Asked(asyncio.Protocol):
    """One connection: requests in, answers out, in order."""

    def __init__(self, answers: dict[bytes, bytes], delay: tuple[float, float]) -> None:
        self.answers, self.delay = answers, delay
        self.octets = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.octets += data
        while b"\r\n\r\n" in self.octets:
            request, _, self.octets = self.octets.partition(b"\r\n\r\n")
            path = request.split(b" ", 2)[1]
            answer = self.answers.get(path, MISSING)
            least, most = self.delay
            if most:  # the same for an address every time
                wait = least + (most - least) * (crc32(path) % 1000 / 1000)
                asyncio.get_running_loop().call_later(wait, self.transport.write, answer)
            else:
                self.transport.write(answer)


async def main(count: int, port: int, delay: tuple[float, float]) -> None:
    answers = {}
    for page in served(count):
        answers[page.path.encode()] = page.octets
        print(f"http://{page.host}:{port}{page.path}")
    loop = asyncio.get_running_loop()
    for host in ("127.0.0.1", *HOSTS):  # ours connects to the first, as --connect-to names it
        await loop.create_server(lambda: Asked(answers, delay), host, port, backlog=1024)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    least, _, most = (sys.argv[3] if len(sys.argv) > 3 else "0:0").partition(":")
    work = main(int(sys.argv[1]), int(sys.argv[2]), (float(least) / 1000, float(most) / 1000))
    try:
        import uvloop

        uvloop.run(work)
    except ImportError:
        asyncio.run(work)
