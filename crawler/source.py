"""What a site file declares: Source, Seed, Query, and how registers are asked; values and the functions that come with them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from archive import urls

if TYPE_CHECKING:
    from archive.ledger.observation import Counter, Link, Reading
    from crawler.page import Page


@dataclass(frozen=True, slots=True)
class Query:
    """What a person or the plan asks of a source. Dates are inclusive.

    courts: official codes, or hosts of courts that the register does not hold; (): all. registers: (): all that a court keeps.
    """

    courts: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    registers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seed:
    """An address a source starts from, and the window of the register it answers for."""

    url: str
    court: str | None = None
    register: str | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """The next address of a talk with a register.

    seed: the window whose coverage the answer counts for; None: it leads to cards and counts for none.
    control: the answer only shows that a query of this form is understood.
    """

    url: str
    seed: Seed | None = None
    control: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an Ask. verdict: None where nothing could be fetched or read."""

    verdict: str | None
    reason: str = ""
    counter: Counter | None = None
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a register before it is talked with.

    understood: the same run found something in it. answered: the address that found something in it last, in whatever run:
    courts have dialects, and seldom change them.
    """

    understood: bool = False
    answered: str | None = None


# Pure, and blind to the network: it says what to ask, is told what came, and ends when there is nothing more to ask.
Talk: TypeAlias = Generator[Ask, Answer, None]


@dataclass(frozen=True, slots=True)
class Place:
    """One line of `crawl sources`: a court of a court system, or a publication's one site."""

    title: str
    host: str
    court: str | None = None
    aliases: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()


def plain(seeds: Sequence[Seed], _past: Past, _today: date) -> Talk:
    """Each seed asked once, and no further page."""
    for seed in seeds:
        yield Ask(seed.url, seed)


def _never(_verdict: str, _reason: str) -> bool:
    return False


def host_of(url: str) -> str:
    """The host of an address as archive.urls compares it, "" where it has none: what `matches` goes by, for every address."""
    try:
        return urls.host(url)
    except ValueError:
        return ""


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
    follow: which rels of a reading's links belong to a crawl of this source ("card", "act").
    talk: how the windows of one court's one register are asked, given what is known of it, today.
    throttled: does this verdict with this reason say that the platform wants to be left alone?
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
    talk: Callable[[Sequence[Seed], Past, date], Talk] = plain
    throttled: Callable[[str, str], bool] = _never
    last_resort: bool = False

    @property
    def asked(self) -> bool:
        """Can its registers be asked by court and date? One that cannot is read where its addresses are known."""
        return self.seeds is not _no_seeds

    @property
    def parser(self) -> str:
        return f"{self.name}/{self.version}"
