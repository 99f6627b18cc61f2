"""What does an address say by itself of the text behind it? pure.

Wrappers are undone, a mirror's host is put back to its origin's by the table of its day, marks of AMP and print pages are
taken off, and what is left is read by its outlet's grammar. What that does not settle (an unlisted host with a known
outlet's path, a host that was listed on another day) is a guess, told with its confidence, and joins nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from urllib.parse import urlsplit

from archive.urls import identity
from crawler.editions import houses, outlets
from crawler.editions.mirrors import Mirrors
from crawler.editions.outlets import Place, Placed
from crawler.editions.wrappers import DEEPEST, stripped, unwrapped

SURE = 0.9  # from here on two addresses are one work (CONTRACT)
# Parameters that say how a reader came, never what is read; `from`, `ref` and `id` mean something on some sites.
_TRACKING = re.compile(
    r"(?:utm_\w+|utm|fbclid|yclid|gclid|gbraid|wbraid|dclid|msclkid|twclid|igshid|igsh|mc_[ce]id|_openstat|ysclid|cmpid|ncid|"
    r"mkt_tok|at_(?:medium|campaign|custom\d)|ga_\w+|_ga|_gl|__twitter_impression|fb_(?:action|source|ref)\w*|sharetype|spm|vero_id|"
    r"_hs(?:enc|mi)|hsctatracking|wt_mc|xtor|amp_js_v|amp_gsa|usqp)\Z",
    re.I,
)
_INDEX = re.compile(r"/(?:index|default)\.(?:s?html?|php\d?|aspx?)\Z", re.I)


@dataclass(frozen=True, slots=True)
class Guess:
    """What an address may be, and is not taken to be: of which address, as what, how likely (0..1), and why."""

    of: str
    place: Place
    relation: str
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Said:
    """One address, read.

    url: as given. plain: the same in its plain form on the outlet's own host. relation: to its work (CONTRACT's words).
    confidence: that it is of `place`. known: an outlet's grammar or the mirror table vouches for the place. soft: the place is
    a slug alone. wrapped: something stands around the address (an archive, a cache, a mirror's host).
    """

    url: str
    plain: str
    place: Place
    relation: str
    confidence: float
    reasons: tuple[str, ...]
    placed: Placed | None = None
    guesses: tuple[Guess, ...] = ()
    wrapped: bool = False

    @property
    def known(self) -> bool:
        return self.placed is not None

    @property
    def slug(self) -> str | None:
        return self.placed.slug if self.placed else None

    @property
    def day(self) -> date | None:
        """The day of the article, as its address has it; None where it has none of its own."""
        return self.placed.day if self.placed and not self.placed.form.rendered else None

    @property
    def soft(self) -> bool:
        return self.placed is not None and self.placed.form.soft


def read(url: str, mirrors: Mirrors | None = None, day: date | None = None) -> Said:
    """What an address says. day: when it was cited; None: a host is taken for whatever it was listed as, if that is one thing.

    Raises ValueError for what is no http(s) address.
    """
    inner, relation, confidence = url, None, 1.0
    reasons: list[str] = []
    guesses: list[Guess] = []
    for _ in range(DEEPEST):
        inner = _written(inner)
        if (found := unwrapped(inner)) and _is_address(found.url):
            if found.confidence >= SURE:
                inner, confidence = found.url, min(confidence, found.confidence)
                relation = relation or (None if found.relation == "original" else found.relation)
                reasons.append(found.reason)
                continue
            told = found.relation == "translation" or outlets.editions_of(urlsplit(found.url).hostname or "")
            if told and (inside := _plainly(found.url)):
                guesses.append(Guess(inside.plain, inside.place, found.relation, found.confidence, found.reason))
        parts = urlsplit(inner)
        cut = stripped(parts.netloc, parts.path, parts.query)
        if cut.relation is None or (outlets.editions_of(parts.netloc) and not outlets.editions_of(cut.host)):
            break
        inner = parts._replace(netloc=cut.host, path=cut.path, query=cut.query).geturl()
        relation, confidence = relation or cut.relation, min(confidence, 0.95)
        reasons.append(f"{cut.relation}: {cut.reason}")
    mark = urlsplit(inner).fragment
    parts = urlsplit(identity(inner))
    host, path, query = (parts.netloc.removeprefix("www."), parts.path, parts.query)
    place_on = _origin(host, path, query, mirrors, day, reasons, guesses)
    if place_on is not None:
        host, path, confidence = place_on[0], place_on[1], min(confidence, place_on[2])
        relation = relation or "mirror"
    said = _read(url, host, path, query, mark, relation, confidence, reasons, wrapped=bool(reasons))
    if said.known or place_on is not None:
        return _with(said, guesses)
    return _with(said, [*guesses, *_lookalike(host, path), *_unlisted(host, path)])


def _written(url: str) -> str:
    """In the form that is compared, its fragment kept."""
    mark = url.partition("#")[2]
    return identity(url) + (f"#{mark}" if mark else "")


def _is_address(url: str) -> bool:
    try:
        return bool(identity(url))
    except ValueError:
        return False


def _with(said: Said, guesses: list[Guess]) -> Said:
    """A guess that is as good as certain is taken."""
    sure = [each for each in guesses if each.confidence >= SURE]
    if len(sure) == 1:
        one = sure[0]
        path = urlsplit(one.of).path
        found = next((each for each in outlets.fitting(path) if each.place == one.place), None)
        return Said(
            said.url, one.of, one.place, one.relation, one.confidence, (*said.reasons, one.reason), found, (), said.wrapped
        )
    relation, confidence, reasons = said.relation, said.confidence, said.reasons
    if relation == "unknown" and (told := next((each for each in guesses if each.relation == "translation"), None)):
        relation, confidence, reasons = told.relation, told.confidence, (f"of {told.of}: {told.reason}",)
    return Said(said.url, said.plain, said.place, relation, confidence, reasons, said.placed, tuple(guesses), said.wrapped)


@lru_cache(4096)
def _plainly(url: str) -> Said | None:
    try:
        return read(url)
    except ValueError:
        return None


def _read(
    url: str, host: str, path: str, query: str, mark: str, relation: str | None, confidence: float, reasons: list[str],
    *, wrapped: bool,
) -> Said:  # fmt: skip
    """The grammar's word, or the general rule's."""
    found = outlets.placed(host, path, mark)
    if found is None:
        kept = "&".join(sorted(each for each in query.split("&") if each and not _TRACKING.match(each.partition("=")[0])))
        if kept != query and "&".join(sorted(each for each in query.split("&") if each)) != kept:
            reasons.append("parameters that only say how a reader came are left out")
        short = _INDEX.sub("/", path).rstrip("/") or "/"
        key = short + (f"?{kept}" if kept else "")
        editions = outlets.editions_of(host)
        if editions:  # the outlet's successors and aliases are one host here too
            host = _own(editions[0].hosts[0], host, editions)
            reasons.append(f"{editions[0].outlet}: an address of its own, of no form that articles have")
        elif not reasons and relation is None:
            reasons.append("no outlet's grammar is known for this host")
        return Said(
            url, f"https://{host}{key}", Place("", host, key), relation or ("original" if editions else "unknown"),
            confidence, tuple(reasons), None, (), wrapped,
        )  # fmt: skip
    reasons.append(f"{found.place.outlet} {found.place.edition}: {_told(found)}")
    own = found.edition.hosts[0]
    if found.form.hosts and host in found.form.hosts:
        own = host
    elif host != own.removeprefix("www."):
        reasons.append(f"{host} is the outlet's own name for {own.removeprefix('www.')}")
    tail = path.rstrip("/")
    if found.printed:
        relation = relation or "print"
        tail = re.sub(r"/(?:pdf|print)\Z", "", tail)
        reasons.append("print: its path ends with the print page's mark")
    if "#" in found.place.key:
        tail += f"#{mark}"
        reasons.append("one entry of a page that goes on, and not the page")
    if found.form.rendered:
        reasons.append(
            "dated by its rendering: without an id the outlet writes the day on which the page that held the link was made,"
            " and looks the article up by its slug"
        )
    return Said(
        url,
        f"https://{own}{tail}",
        found.place,
        relation or found.edition.relation,
        confidence,
        tuple(reasons),
        found,
        (),
        wrapped,
    )


def _own(first: str, host: str, editions: tuple[outlets.Edition, ...]) -> str:
    """The first of the hosts that stand in one edition with this one."""
    for edition in editions:
        if host in (each.removeprefix("www.") for each in edition.hosts):
            return edition.hosts[0].removeprefix("www.")
    return first.removeprefix("www.") if host == first.removeprefix("www.") else host


def _told(found: Placed) -> str:
    names = [name for name in found.form.key if not name.startswith("=")]
    return f"the article's {' and '.join(names)} identif{'y' if len(names) > 1 else 'ies'} it"


def _origin(
    host: str, path: str, query: str, mirrors: Mirrors | None, day: date | None, reasons: list[str], guesses: list[Guess]
) -> tuple[str, str, float] | None:
    """The origin's host and path where the table says whose mirror this host is; with how sure that is."""
    spans = mirrors.of(host) if mirrors is not None else []
    if not spans or outlets.editions_of(host):
        return None
    published = next((each.day for each in outlets.fitting(path) if each.day), None)
    fitting = [
        span
        for span in spans
        if (span.holds(day) if day is not None else published is None or span.last is None or published <= span.last)
    ]
    houses_ = {_house(span.origin) for span in fitting}
    if len(houses_) == 1:
        span = fitting[0]
        until = "still" if span.last is None else f"until {span.last}"
        reasons.append(f"listed as a mirror of {span.origin} from {span.first}, {until}")
        name, slash, base = span.origin.partition("/")
        return name, (f"{slash}{base}" if base else "") + path, 0.95 if day is not None else 0.92
    if houses_:
        reasons.append(f"ambiguous: listed as a mirror of {' and of '.join(sorted({span.origin for span in fitting}))}")
    elif day is not None:
        reasons.append(f"listed as a mirror of {spans[0].origin} on other days, not on {day}")
    else:
        reasons.append(f"listed as a mirror of {spans[0].origin} only before the day in this address")
    tail = f"?{query}" if query else ""
    for span in fitting or spans:
        if inside := _plainly(f"https://{span.origin}{path}{tail}"):
            guesses.append(Guess(inside.plain, inside.place, "mirror", 0.5, f"listed as a mirror of {span.origin}"))
    return None


def _house(origin: str) -> str:
    """Two spellings of one outlet are one: what its own table calls one host, else the origin itself."""
    editions = outlets.editions_of(origin.partition("/")[0])
    return f"{editions[0].outlet}/{editions[0].name}" if editions else origin


def _lookalike(host: str, path: str) -> list[Guess]:
    """A host under a name that an outlet's mirrors are known by, with a path of its grammar."""
    found = []
    for outlet in outlets.outlets():
        if outlet.lookalike is None or not any(map(outlet.lookalike.fullmatch, host.split("."))):
            continue
        if not outlet.lookalike.fullmatch(houses.house(host).partition(".")[0]):
            continue
        for edition in outlet.editions:
            if placed := outlets.in_edition(edition, path):
                of = f"https://{edition.hosts[0]}{path.rstrip('/')}"
                why = f"a name as {outlet.name}'s mirrors have, and an address of its grammar"
                found.append(Guess(of, placed.place, "mirror", SURE, why))
    return found


def _unlisted(host: str, path: str) -> list[Guess]:
    """A path that some outlet could have written: alone it says nothing, and is only told."""
    found = []
    for placed in outlets.fitting(path):
        strong = placed.slug is not None and placed.slug.count("-") >= 3 and not placed.form.soft
        if placed.place.outlet in ("kyiv-independent", "the-insider", "zerkalo", "moscow-times") and not strong:
            continue  # shapes that any site may have
        of = f"https://{placed.edition.hosts[0]}{path.rstrip('/')}"
        why = f"a path as {placed.place.outlet} writes it, on a host that no list has"
        found.append(Guess(of, placed.place, "mirror", 0.6 if strong else 0.3, why))
    return found
