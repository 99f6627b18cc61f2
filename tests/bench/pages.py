"""The pages of the speed figures: an invented court web, the same octets for the same seed; no I/O.

A quarter listings (windows-1251), half case cards (either charset), a quarter articles (UTF-8); a third gzip-coded, a third
chunked, a Set-Cookie on each, spread over fifty hosts. Names, cases and prose are made of syllables: nobody is in them.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random

HOSTS = tuple(f"127.0.0.{n}" for n in range(2, 52))
ONSETS = [
    "б",
    "в",
    "г",
    "д",
    "ж",
    "з",
    "к",
    "л",
    "м",
    "н",
    "п",
    "р",
    "с",
    "т",
    "ф",
    "х",
    "ч",
    "ш",
    "ст",
    "пр",
    "тр",
    "кр",
    "вл",
    "сл",
    "зн",
    "гр",
]
VOWELS = "аеиоуыяю"
CODAS = ("", "", "й", "н", "р", "ль", "т", "м", "сть", "в")


@dataclass(frozen=True, slots=True)
class Served:
    """One address and the whole HTTP answer to it."""

    host: str
    path: str
    octets: bytes


def served(count: int, seed: int = 20260302) -> Iterator[Served]:
    """`count` pages, hosts in turn."""
    random = Random(seed)
    prose = _Prose(random)
    for n in range(count):
        host, kind = HOSTS[n % len(HOSTS)], n // len(HOSTS) % 4
        if kind == 0:
            path, text, charset = f"/modules.php?name=sud_delo&page={n}", prose.listing(n), "windows-1251"
        elif kind in (1, 2):
            path = f"/modules.php?name=sud_delo&name_op=case&case_id={10_000_000 + n}"
            text, charset = prose.card(n), "windows-1251" if kind == 1 else "UTF-8"
        else:
            path, text, charset = f"/news/{n}-{prose.latin()}.html", prose.article(n), "UTF-8"
        yield Served(host, path, answer(text.encode(charset), charset, n, coded=n % 3 == 0, chunked=n % 9 < 3))


def answer(body: bytes, charset: str, n: int, *, coded: bool, chunked: bool) -> bytes:
    head = [b"HTTP/1.1 200 OK", b"Server: invented", f"Content-Type: text/html; charset={charset}".encode()]
    head.append(b"Set-Cookie: sid=%08x; path=/" % (n * 2654435761 % 2**32))
    if coded:
        body = gzip.compress(body, 6, mtime=0)
        head.append(b"Content-Encoding: gzip")
    if chunked:
        body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in _parts(body)) + b"0\r\n\r\n"
        head.append(b"Transfer-Encoding: chunked")
    else:
        head.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def _parts(body: bytes, step: int = 8192) -> list[bytes]:
    return [body[at : at + step] for at in range(0, len(body), step)]


class _Prose:
    """Words with the frequencies of a language (Zipf), so that they deflate like one."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._words = ["".join(self._syllable() for _ in range(random.choice((1, 2, 2, 3, 3, 4)))) for _ in range(6000)]
        self._sums = list(accumulate(1 / (rank + 3) for rank in range(len(self._words))))

    def words(self, count: int) -> str:
        return " ".join(self._random.choices(self._words, cum_weights=self._sums, k=count))

    def latin(self) -> str:
        return f"{self._random.getrandbits(40):x}"

    def listing(self, n: int) -> str:
        rows = "".join(
            f"<tr><td><a href='/modules.php?name=sud_delo&amp;name_op=case&amp;case_id={n}{row:02}&amp;case_uid={self.latin()}"
            f"&amp;delo_id=1500001' title='открыть'>1-{row}/2026</a></td><td>0{row % 9 + 1}.03.2026</td>"
            f"<td>КАТЕГОРИЯ: {self.words(24)}</td><td>{self.words(3)}</td><td>{self.words(9)}</td></tr>\n"
            for row in range(100)
        )
        return self._page(f"<table id='tablcont'><tr><th>№ дела</th></tr>{rows}</table>", 60)

    def card(self, n: int) -> str:
        events = "".join(f"<tr><td>{self.words(4)}</td><td>12:{i:02}</td><td>{self.words(10)}</td></tr>\n" for i in range(20))
        act = "".join(f"<p>{self.words(60)}.</p>\n" for _ in range(22))
        return self._page(f"<div class='casenumber'>ДЕЛО № 1-{n}/2026</div><table>{events}</table><div>{act}</div>", 60)

    def article(self, n: int) -> str:
        menu = "".join(f"<li class='menu__item'><a class='link link_{i % 7}' href='/{self.latin()}'>{self.words(3)}</a></li>\n"
                       for i in range(420))  # fmt: skip
        body = "".join(f"<p class='article__text'>{self.words(55)}.</p>\n" for _ in range(100))
        return self._page(f"<ul>{menu}</ul><article><h1>{n} {self.words(8)}</h1>{body}</article>", 40)

    def _page(self, body: str, links: int) -> str:
        menu = "".join(f"<a href='/page/{i}'>{self._words[i]}</a>\n" for i in range(links))
        return f"<!DOCTYPE html>\n<html><head><title>{self.words(6)}</title></head><body>\n{menu}{body}\n</body></html>\n"

    def _syllable(self) -> str:
        choice = self._random.choice
        return choice(ONSETS) + choice(VOWELS) + choice(CODAS)
