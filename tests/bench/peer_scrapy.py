"""Scrapy with warcio at its best settings, for the speed figures: `peer_scrapy.py URLS OUT.warc.gz`.

Run by the bench's own environment, never imported. Its default of 100 items at once makes 100 tasks a response.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import scrapy
from scrapy.crawler import CrawlerProcess
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

URLS, OUT = sys.argv[1:3]
OFF = ("COMPRESSION", "COOKIES", "REDIRECT", "METAREFRESH", "HTTPPROXY", "TELNETCONSOLE", "ROBOTSTXT_OBEY", "RETRY")
SPIDER = "scrapy.spidermiddlewares."


class Keep(scrapy.Spider):
    name = "keep"

    async def start(self):
        for line in Path(URLS).read_text().splitlines():
            yield scrapy.Request(line.strip(), dont_filter=True)

    def parse(self, response):
        sent = b"".join(b"%b: %b\r\n" % (k, v) for k, vs in response.request.headers.items() for v in vs)
        fields = [(k.decode(), v.decode("latin-1")) for k, vs in response.headers.items() for v in vs]
        head = StatusAndHeaders(f"{response.status} OK", fields, protocol="HTTP/1.1")
        record = writer.create_warc_record(response.url, "response", payload=io.BytesIO(response.body), http_headers=head)
        path = response.url.split("/", 3)[3].encode()
        request = writer.create_warc_record(
            response.url, "request", payload=io.BytesIO(b"GET /%b HTTP/1.1\r\n%b\r\n" % (path, sent))
        )
        writer.write_request_response_pair(request, record)


with open(OUT, "wb") as out:
    writer = WARCWriter(out, gzip=True)
    settings = {(name if name == "ROBOTSTXT_OBEY" else f"{name}_ENABLED"): False for name in OFF}
    settings |= {
        "LOG_ENABLED": False, "CONCURRENT_REQUESTS": 64, "CONCURRENT_REQUESTS_PER_DOMAIN": 8, "CONCURRENT_ITEMS": 1,
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor", "ASYNCIO_EVENT_LOOP": "uvloop.Loop",
        "DOWNLOAD_DELAY": 0,
        "SPIDER_MIDDLEWARES": {
            SPIDER + "referer.RefererMiddleware": None, SPIDER + "urllength.UrlLengthMiddleware": None,
            SPIDER + "depth.DepthMiddleware": None,
        },
    }  # fmt: skip
    process = CrawlerProcess(settings)
    process.crawl(Keep)
    process.start()
