"""What a site file declares: Source, Seed, Query; values and the functions that come with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from archive.ledger.observation import Reading

if TYPE_CHECKING:
    from crawler.page import Page


@dataclass(frozen=True, slots=True)
class Query:
    """What a person or the plan asks of a source. Dates are inclusive; codes are official court codes."""

    courts: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Seed:
    """An address a source starts from, and the window of the register it answers for."""

    url: str
    court: str | None = None
    register: str | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One line of `crawl sources`: a court of a court system, or a publication's one site."""

    title: str
    host: str
    court: str | None = None
    aliases: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()


def _no_seeds(_: Query) -> Iterable[Seed]:
    return ()


def _no_places() -> Iterable[Place]:
    return ()


@dataclass(frozen=True, slots=True)
class Source:
    """A court system or a publication: whose pages these are, and how they are read.

    matches: is this address one of ours? The general reader of articles matches last.
    judge: the verdict (words.VERDICTS) by the source's own marks, with its reason; None where they do not decide.
        It may look at anything in the page, and must not call a page a `page` unless its marks are there.
    read: a plain synchronous function; raises crawler.errors.Unreadable. Called only when the verdict is `page` or `empty`.
    follow: which rels of a reading's links belong to a crawl of this source ("card", "page").
    platform: hosts with one platform share pauses; None: each host by itself. pause: seconds between two fetches of a host.
    """

    name: str
    title: str
    publisher: str
    kind: str  # "court-register" or "publication"
    version: int
    matches: Callable[[str], bool]
    judge: Callable[[Page], tuple[str, str] | None]
    read: Callable[[Page], Reading]
    charset: str = "utf-8"
    platform: str | None = None
    pause: float = 2.0
    platform_pause: float = 0.0
    follow: tuple[str, ...] = ()
    seeds: Callable[[Query], Iterable[Seed]] = _no_seeds
    places: Callable[[], Iterable[Place]] = field(default=_no_places)
    last_resort: bool = False

    @property
    def asked(self) -> bool:
        """Can its registers be asked by court and date? One that cannot is read where its addresses are known."""
        return self.seeds is not _no_seeds

    @property
    def parser(self) -> str:
        return f"{self.name}/{self.version}"
