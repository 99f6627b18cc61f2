"""The full-size world: every registered military court, and exactly as many cases and men as were published.

What the cases are `deal` says, and how they are entered `clerks`. Courts fail here: once an answer, and by turns. The same seed
and census make the same world.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from hashlib import blake2b
from urllib.parse import urlsplit

from archive.ledger import courts as register
from crawler.demo.clerks import Clerks
from crawler.demo.courtweb import CourtWeb, Shelves
from crawler.demo.deal import CLOSED, PUBLISHED, Census
from crawler.demo.docket import Court, Registration
from crawler.demo.script import Script
from crawler.demo.truth import Truth

# The seven military courts that had the VNKOD template in a public list of 2024 (tochno-st/sudrfscraper, config_sudrf.json).
VNKOD = frozenset({"belgvs.amr", "bgvs.amr", "sgvs.amr", "gvs.vrn", "gvs.sam", "gvs.uln", "tverskoy.twr"})
SHORT = (("гарнизонный военный суд", "ГВС"), ("окружной военный суд", "ОВС"), ("флотский военный суд", "ФВС"))
SPELL = 6  # answers that a court's outage swallows
LATER = date(2025, 6, 2)  # the day of the second visit


class FullWorld(CourtWeb):
    """The courts, their cases at each visit, and what befalls an answer.

    failing: of so many addresses one fails when it is asked for first; 0: none does. Every court is out for `SPELL` answers
    in a row, one after another by its own count.
    """

    def __init__(self, census: Census = PUBLISHED, seed: int = 1, *, few: int | None = None, failing: int = 20) -> None:
        super().__init__(demo_courts(few), CLOSED, Script(()))
        self.census, self.seed, self._failing = census, seed, failing
        self.calm = False
        first = tuple(Clerks(self.courts, census, seed).entries())
        # A court that loads its data base anew gives its cards new numbers; the key of the registration stays.
        second = tuple(replace(e, case_id=e.case_id + 600_000_000) if n % 40 == 0 else e for n, e in enumerate(first))
        self._visits = {1: Shelves(first), 2: Shelves(second)}
        self.shelves = self._visits[1]
        self._failed: set[bytes] = set()
        self._asked = Counter[str]()
        self._spell = {court.code: 3 + n % 19 for n, court in enumerate(self.courts)}

    def turn(self, visit: int) -> None:
        """Move to that visit; at the second one nothing fails any more."""
        if visit not in self._visits:
            raise ValueError(f"no visit {visit}: there are {sorted(self._visits)}")
        self.visit, self.today, self.shelves = visit, (CLOSED, LATER)[visit - 1], self._visits[visit]
        self.calm = visit == 2

    def accident(self, court: Court, url: str) -> str | None:
        if self.calm:
            return None
        self._asked[court.code] += 1
        if 0 <= self._asked[court.code] - self._spell[court.code] < SPELL:
            return "outage"
        mark = blake2b(f"{self.seed} {url}".encode(), digest_size=8).digest()
        if not self._failing or mark[0] * 256 + mark[1] >= 65536 // self._failing or mark in self._failed:
            return None
        self._failed.add(mark)
        return ("unavailable", "reset")[mark[2] % 2]

    @property
    def failed(self) -> int:
        """How many addresses have failed once."""
        return len(self._failed)

    def truth(self) -> Truth:
        return Truth.of(self.cases)

    def aliases(self, every: int = 1) -> Iterator[str]:
        """The other addresses of each case, of one in so many: an old spelling on the dot host, a court's of its region."""
        beside: dict[str, list[Court]] = defaultdict(list)
        for court in self.courts:
            beside[court.region].append(court)
        for entry in self.cases[::every]:
            yield _old_spelling(entry)
            other = next((court for court in beside[entry.court.region] if court != entry.court and court.region), None)
            if other is not None:
                yield entry.card_at(other)


def _old_spelling(entry: Registration) -> str:
    """The address of a card as lists of before the dash hosts have it: no TLS, other order, the key in capitals."""
    parts = urlsplit(entry.card.replace(entry.case_uid, entry.case_uid.upper()))
    return f"http://{entry.court.dot}{parts.path}?{'&'.join(reversed(parts.query.split('&')))}&hide_parts=0"


def demo_courts(few: int | None = None) -> tuple[Court, ...]:
    """The registered courts that have a site. few: so many garrison courts, of both templates, and the courts above them."""
    held = [court for court in register.courts() if court.host is not None]
    if few is not None:
        garrisons = [court for court in held if court.kind == "garrison"]
        garrisons.sort(key=lambda court: (not _vnkod(court), court.region_code != "28", court.code))
        chosen = garrisons[: few // 2] + [court for court in garrisons if not _vnkod(court)][: few - few // 2]
        above = {court.higher for court in chosen}
        held = [court for court in held if court in chosen or court.code in above or court.kind in ("appeal", "cassation")]
    return tuple(_court(court, n) for n, court in enumerate(held))


def _vnkod(court: register.Court) -> bool:
    return (court.host or "").removesuffix(".sudrf.ru") in VNKOD


def _court(court: register.Court, n: int) -> Court:
    label, _, region = (court.host or "").removesuffix(".sudrf.ru").partition(".")
    short = court.name
    for name, letters in SHORT:
        short = short.replace(name, letters)
    return Court(
        court.code, court.name, short, label, region, f"{court.region_code} - {court.region}", court.name.split()[0],
        initials=n % 3 == 0, vnkod=_vnkod(court), loud=n % 5 == 2,
    )  # fmt: skip
