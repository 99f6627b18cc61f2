"""A small web on loopback: pages by their address, hosts by their real names, and what was asked for, in order."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from crawler.demo.ca import Authority
from tests.world.faults import Peer, origin

PROSE = (
    "The garrison court of an invented town heard {a} cases in the spring of 2031, its press office said on Friday. Of the "
    "accused {b} had left their units without leave, and {c} had refused an order of their commanders. Lawyers who were "
    "present told our correspondent that hearings took a quarter of an hour each. ",
    "The figure is twice that of the year before, when the same court counted {d} cases in all its registers. A clerk who "
    "asked not to be named explained that many files arrive on one day and are heard together, which the law allows where "
    "the accused agree. Nobody of the prosecution wished to say anything about it, and the judges were on leave. ",
)


def article(title: str, head: str = "", body: str | None = None, language: str = "en") -> bytes:
    """A page that is plainly an article, with these tags in its head."""
    paragraphs = body or "".join(f"<p>{text.format(a='2,076', b='1,369', c='1,010', d='18,159')}</p>" for text in PROSE)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta property="og:title" content="{escape(title)}"><meta property="og:type" content="article">{head}</head>'
        f"<body><article><h1>{escape(title)}</h1>{paragraphs}</article></body></html>"
    ).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says. fields: beside Content-Length and Connection."""

    body: bytes = b""
    status: int = 200
    fields: tuple[tuple[str, str], ...] = (("Content-Type", "text/html; charset=utf-8"),)


def moved(to: str) -> Answer:
    return Answer(b"", 301, (("Location", to),))


@dataclass(slots=True)
class Web:
    """pages: by address. down: hosts that break every connection. asked: addresses in order; fields: of each request."""

    pages: Mapping[str, Answer | bytes]
    down: frozenset[str] = frozenset()
    options: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)
    fields: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def hosts(self) -> set[str]:
        return {urlsplit(url).hostname or "" for url in self.pages} | self.down

    def answer(self, url: str) -> Answer:
        if urlsplit(url).path == "/robots.txt":
            return Answer(b"", 404)
        found = self.pages.get(url, Answer(b"<title>404 Not Found</title>", 404))
        return Answer(found) if isinstance(found, bytes) else found


@contextlib.asynccontextmanager
async def served(web: Web, folder: Path) -> AsyncIterator[Web]:
    """Every host of the web on one port for each scheme; `web.options` lead a command there and nowhere else."""
    authority = Authority(folder, web.hosts)

    async def talk(peer: Peer) -> None:
        secret = isinstance(peer.writer.get_extra_info("ssl_object"), ssl.SSLObject)
        while (head := await peer.request()) is not None:
            lines = head.decode("latin-1").split("\r\n")
            fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            url = f"http{'s' if secret else ''}://{fields['host']}{lines[0].split(' ')[1]}"
            if fields["host"] in web.down:
                peer.reset()
                return
            web.asked.append(url)
            web.fields[url] = fields
            given = web.answer(url)
            told = [*given.fields, ("Content-Length", str(len(given.body)))]
            lines = [f"HTTP/1.1 {given.status} Said", *(f"{name}: {value}" for name, value in told)]
            await peer.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + given.body)

    async with origin(talk) as clear, origin(talk, tls=authority.context()) as secret:
        rules = (f":80:127.0.0.1:{clear.port}", f":443:127.0.0.1:{secret.port}")
        web.options = ("--connect-to", rules[0], "--connect-to", rules[1], "--ca", str(authority.file), "--pace", "0")
        yield web
