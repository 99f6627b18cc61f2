"""Run by a Python that has Datasette: opens a database with its metadata and answers paths, as JSON on stdout."""

import asyncio
import json
import sys
from pathlib import Path

from datasette.app import Datasette


async def main(database: str, metadata: str, *paths: str) -> None:
    opened = Datasette([database], metadata=json.loads(Path(metadata).read_text("utf-8")))
    await opened.invoke_startup()
    told = {}
    for path in paths:
        answer = await opened.client.get(path)
        told[path] = [answer.status_code, answer.text]
    print(json.dumps(told))


asyncio.run(main(*sys.argv[1:]))
