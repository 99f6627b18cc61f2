"""The court sites of sudrf.ru (GAS "Pravosudie"): what they are asked, and how their answers are told apart and read."""

from __future__ import annotations

from collections.abc import Iterable

from archive.ledger import courts
from archive.ledger.observation import Counter, Reading
from crawler.cells import Found
from crawler.page import Page
from crawler.sites.sudrf import act, addresses, card, hearings, listing
from crawler.sites.sudrf.verdicts import judge, kind, whole
from crawler.source import Place, Query, Seed, Source


def read(page: Page) -> Reading:
    """The listing, hearing list, card or act on this page; raises Unreadable where it is none of these as we know them."""
    found = Found()
    what = kind(page)
    whole(page)
    counter: Counter | None = None
    match what:
        case "listing":
            counter = listing.read(page, found)
        case "hearings":
            hearings.read(page, found)
        case "card":
            card.read(page, found)
        case "act":
            act.read(page, found)
        case _:
            return Reading("empty", SOURCE.parser, page.charset, counter=Counter(0, 0, 0), flags=page.flags)
    return found.reading(SOURCE.parser, page, what, counter)


def seeds(query: Query) -> Iterable[Seed]:
    """For each court asked (all with a site, by default) its criminal cases by date of entry, month by month."""
    for code in query.courts or tuple(court.code for court in courts.courts()):
        court = courts.by_code(code)
        if court is None:
            raise ValueError(f"no court {code!r} in the register of military courts")
        if court.host is None:
            continue  # no site is known: occupied regions
        for first, last in addresses.months(query.first, query.last):
            url, register = addresses.listing(court.host, court.kind, first, last)
            yield Seed(url, court.code, register, first, last)


def places() -> Iterable[Place]:
    """Every military court, those without a known site too."""
    for court in courts.courts():
        aliases = (court.host,) if court.host and court.host != court.dash_host else ()
        start = (addresses.listing(court.host, court.kind, None, None)[0],) if court.host else ()
        yield Place(court.name, court.dash_host or "", court.code, aliases, start)


SOURCE = Source(
    name="sudrf",
    title="Courts of the Russian Federation (GAS Pravosudie)",
    publisher="Судебный департамент при Верховном Суде Российской Федерации",
    kind="court-register",
    version=2,
    matches=addresses.ours,
    judge=judge,
    read=read,
    charset="cp1251",
    platform="sudrf",
    pause=3.0,
    platform_pause=1.5,
    follow=("card", "page"),
    seeds=seeds,
    places=places,
)
