"""An invented court whose cases were visited twice, logged in three turns and stamped in two; and a pack of each case."""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.capture import Capture, Exchange, Outcome, Tls, Visit
from archive.keyring import Keyring
from archive.ledger.book import Book
from archive.ledger.observation import Observation, Reading
from archive.log import Log, Writer, drain
from archive.pack.making import export
from archive.stamped import Stamping, renewal
from archive.stamps import certificates, opened, request
from archive.store import Settings, Store
from tests.log.authority import Authority

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
COURT = "https://court.example/"
CHAIN = (b"leaf certificate in DER" * 20, b"issuer certificate in DER" * 20)
TLS = Tls("TLSv1.3", "TLS_AES_128_GCM_SHA256", "http/1.1", True, None, CHAIN)
CODINGS = ("plain", "gzip", "chunked", "utf-8")


@dataclass(frozen=True, slots=True)
class Card:
    """The page of one case, as it stood at one visit."""

    case: int
    visit: int

    @property
    def url(self) -> str:
        return f"{COURT}card?number={self.case}"

    @property
    def subject(self) -> str:
        return f"reg:criminal-1:00aa11bb-0000-4000-8000-{self.case:012}"

    @property
    def coding(self) -> str:
        return CODINGS[self.case % len(CODINGS)]

    @property
    def charset(self) -> str:
        return "utf-8" if self.coding == "utf-8" else "cp1251"

    @property
    def values(self) -> list[tuple[str, str, str]]:
        said = [
            ("number", f"1-{self.case}/2026", f"1-{self.case}/2026"),
            ("received", f"{self.case % 27 + 1:02}.01.2026", f"2026-01-{self.case % 27 + 1:02}"),
            ("judge", f"Вымыслов И. О. {self.case}", f"Вымыслов И. О. {self.case}"),
        ]
        return [*said, ("decided", "16.02.2026", "2026-02-16")] if self.visit else said

    @property
    def source(self) -> str:
        rows = "".join(f"<tr><td>{name}</td><td>{raw}</td></tr>\n" for name, raw, _ in self.values)
        return f"<html><head><title>Дело {self.case}</title></head><body>\n<table>{rows}</table>\n" + "<p>Карточка.</p>\n" * 8

    @property
    def response(self) -> bytes:
        body = self.source.encode(self.charset)
        fields = [b"HTTP/1.1 200 OK", b"Content-Type: text/html; charset=" + self.charset.encode()]
        if self.coding == "gzip":
            body = gzip.compress(body, mtime=0)
            fields.append(b"Content-Encoding: gzip")
        if self.coding == "chunked":
            pieces = [body[i : i + 500] for i in range(0, len(body), 500)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
            fields.append(b"Transfer-Encoding: chunked")
        else:
            fields.append(b"Content-Length: %d" % len(body))
        return b"\r\n".join([*fields, b"", b""]) + body

    @property
    def reading(self) -> Reading:
        said = []
        for name, raw, value in self.values:
            start = self.source.index(f"<td>{raw}</td>") + 4
            said.append(Observation(self.subject, name, raw, value, "table td", raw, start, start + len(raw)))
        return Reading("page", "sudrf/1", self.charset, observations=tuple(said), kind="card")


def exchange(url: str, answer: bytes, at: datetime, *, via: str | None = None) -> Exchange:
    head = answer.find(b"\r\n\r\n") + 4
    return Exchange(
        url=url, began=at, elapsed=0.25, outcome=Outcome.CAPTURED,
        request=b"GET / HTTP/1.1\r\nHost: court.example\r\nX-At: %s\r\n\r\n" % at.isoformat().encode(), response=answer,
        head_length=head, status=int(answer[9:12]), first_byte=0.1, peer="203.0.113.7:443", dns=("203.0.113.7",), tls=TLS, via=via,
    )  # fmt: skip


def visit(card: Card, turn: int) -> Visit:
    """Every third case is reached by a redirect."""
    at = MORNING + timedelta(minutes=turn * 600 + card.case, microseconds=card.case)
    page = exchange(card.url, card.response, at + timedelta(seconds=1))
    if card.case % 3:
        return Visit(card.url, (page,))
    old = f"{COURT}old?number={card.case}"
    moved = b"HTTP/1.1 302 Found\r\nLocation: " + card.url.encode() + b"\r\nContent-Length: 0\r\n\r\n"
    return Visit(old, (exchange(old, moved, at), exchange(card.url, card.response, at + timedelta(seconds=1), via=old)))


@dataclass(frozen=True, slots=True)
class World:
    """Where it all lies. authorities: whose roots a verifier is given."""

    folder: Path
    cases: int

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def keys(self) -> Keyring:
        return Keyring(self.folder / "keys")

    @property
    def roots(self) -> Path:
        return self.folder / "roots.pem"

    @property
    def key(self) -> str:
        """The log's public key, as its operator would tell it."""
        return str(Log(self.home).verifier())

    def pack(self, case: int, path: Path) -> Path:
        export(self.home, Card(case, 0).subject, path, keys=self.keys, record=lambda _: None, note=lambda _: None)
        return path


def build(folder: Path, cases: int = 4) -> World:
    """Turns: the first visits (logged, stamped), second ones (the same page, or one with a value more; stamped), third ones."""
    world = World(folder, cases)
    authorities = [Authority(folder / "one", "one"), Authority(folder / "two", "two", "ec")]
    world.roots.write_bytes(b"".join(each.roots.read_bytes() for each in authorities))
    for turn in range(3):
        with Store.open(world.home, settings=Settings(floor=0), now=lambda: MORNING) as store:
            for number in range(1, cases + 1):
                card = Card(number, 0 if turn == 0 or number % 2 else 1)
                kept: list[Capture] = store.keep(visit(card, turn)).result().captures
                with Book.open(world.home, write=True, now=lambda: MORNING) as book:
                    book.enter(kept[-1], card.reading, source_text=card.source)
            drain(store, Writer(world.home, world.keys))
        if turn < 2:
            stamp(world, authorities)
    renew(world, authorities[0])
    return world


def stamp(world: World, authorities: list[Authority]) -> None:
    """As a carrier keeps what comes back, without its network."""
    stamping, at = Stamping(world.home, world.keys), datetime.now(UTC)
    note, checkpoint = (world.home / "log" / "checkpoint").read_bytes(), Log(world.home).checkpoint()
    assert checkpoint is not None
    folder = f"{checkpoint.size:012}"
    stamping.keep(f"{folder}/checkpoint", note, at)
    for each in authorities:
        _token(stamping, each, folder, note, at)
    (world.keys.folder / "roots").mkdir(exist_ok=True)
    (world.keys.folder / "roots" / "all.pem").write_bytes(world.roots.read_bytes())


def renew(world: World, authority: Authority) -> None:
    stamping, at = Stamping(world.home, world.keys), datetime.now(UTC)
    octets = renewal(stamping.lines())
    stamping.keep("renewals/0001/renewal", octets, at)
    _token(stamping, authority, "renewals/0001", octets, at)


def _token(stamping: Stamping, authority: Authority, folder: str, octets: bytes, at: datetime) -> None:
    pem, asked = authority.roots.read_bytes(), request(octets)
    reply = authority.reply(asked)
    stamping.keep(f"{folder}/{authority.name}.tsq", asked, at)
    stamping.keep(f"{folder}/{authority.name}.pem", pem, at)
    stamping.keep(f"{folder}/{authority.name}.1.crl", authority.crl(), at)
    stamping.keep(f"{folder}/{authority.name}.tsr", reply, at, token=opened(reply, certificates(pem)))


def main() -> None:
    """`python -m tests.packs.world FOLDER [CASES]`: the world, and a pack of each of its cases, for other people's verifiers."""
    import sys

    os.environ.setdefault("KARTOTEKA_KEYS", str(Path(sys.argv[1]) / "keys"))
    world = build(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 4)
    for case in range(1, world.cases + 1):
        print(world.pack(case, world.folder / f"pack-{case}"))
    print(world.key)


if __name__ == "__main__":
    main()
