"""httpx with warcio as most would write it, for the speed figures: `peer_httpx.py URLS OUT.warc.gz`. Never imported."""

from __future__ import annotations

import asyncio
import io
import sys
from pathlib import Path

import httpx
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter


async def main(urls: str, path: str) -> None:
    waiting = asyncio.Semaphore(64)
    with open(path, "wb") as out:
        writer = WARCWriter(out, gzip=True)
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=64)) as client:

            async def keep(url: str) -> None:
                async with waiting:
                    response = await client.get(url)
                head = StatusAndHeaders(f"{response.status_code} OK", list(response.headers.items()), protocol="HTTP/1.1")
                writer.write_record(
                    writer.create_warc_record(url, "response", payload=io.BytesIO(response.content), http_headers=head)
                )

            await asyncio.gather(*(keep(line.strip()) for line in Path(urls).read_text().splitlines()))


asyncio.run(main(*sys.argv[1:3]))
