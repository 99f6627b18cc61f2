"""Is the address that a page calls its own to be followed? What its tags say, weighed and not obeyed; pure.

rel=canonical is right on most pages. It is not followed where the page names several, an address of no host, a front page or
the section it stands in, another publisher's page, or an address that lost what told its article apart; nor where only the
path differs and nothing else in either address or in og:url ties them together (ukraine-news-links 0, 2.5).

Here one page speaks for itself, while it is read; `declared` weighs the same words again, beside all the pages that are held.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from archive.urls import identity
from crawler.editions.houses import is_home, one_house

# The closed list of reasons; the first line follows, the second does not.
FOLLOWED = ("same", "query", "path", "mirror", "wrapper")
REFUSED = ("several", "no-host", "front-page", "section", "other-publisher", "lost-id", "other-path")

_WRAPPER = re.compile(
    r"(?:feedproxy\.google\.com|news\.google\.com|web\.archive\.org|translate\.google\.com|feeds\d?\.|rssfeeds\.|"
    r"[\w-]+\.translate\.goog$)",
    re.I,
)
_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#]*", re.I)
_TELLING = re.compile(r"(?:\w*id|p|t|n|no|nr|num|article|story|news|post|page_?id|guid|item|key)\Z", re.I)
_JUNK = re.compile(
    r"(?:utm_\w+|fbclid|gclid|yclid|_openstat|ref|rss\w*|src|source|origin|from|ito|ns_\w+|s|sid|"
    r"\w*session\w*|ticket|chash|channel|ch)\Z",
    re.I,
)
_PAGED = re.compile(r"/(?:page|slide|photo|seite|p)?/?\d{1,3}/?\Z|/(?:amp|print)/?\Z", re.I)
_ID = re.compile(r"(?<!\d)(?!(?:19|20)\d\d(?!\d))\d{4,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{20,}|[0-9a-f]{16,}", re.I)
_DATED = re.compile(r"/(?:19|20)\d\d/\d\d?(?:/\d\d?)?/")


@dataclass(frozen=True, slots=True)
class Decision:
    """url: the address to follow; None where none is. why: one of FOLLOWED or REFUSED."""

    url: str | None
    why: str


def decide(url: str, named: Sequence[str], og_url: str | None = None) -> Decision | None:
    """What a page at `url` that names these canonical addresses, absolute, comes to; None where it names none."""
    if not named:
        return None
    identities = {_identity(each) for each in named}
    if None in identities and len(identities) == 1:
        return Decision(None, "no-host")
    if len(identities) > 1:
        return Decision(None, "several")
    canonical = named[0]
    if _identity(url) in identities:
        return Decision(canonical, "same")
    if is_home(canonical) and not is_home(url):
        return Decision(None, "front-page")
    here, there = urlsplit(url), urlsplit(canonical)
    if _WRAPPER.match(here.hostname or ""):
        return Decision(canonical, "wrapper")
    one_path = _path(here.path) == _path(there.path)
    if not one_house(url, canonical):
        if one_path and _query(here.query) == _query(there.query) and not is_home(url):
            return Decision(canonical, "mirror")
        return Decision(None, "other-publisher")
    if one_path:
        return _by_query(here.query, canonical, there.query)
    return _by_path(here.path, here.query, canonical, there.path, og_url)


def _by_query(here: str, canonical: str, there: str) -> Decision:
    """The same path: what was dropped may have told the article apart, and what was added may be a visitor's."""
    own, kept = dict(parse_qsl(here, keep_blank_values=True)), dict(parse_qsl(there, keep_blank_values=True))
    lost = [
        name for name, value in own.items() if name not in kept and _TELLING.match(name) and not _JUNK.match(name) and value
    ]
    if lost and not kept:
        return Decision(None, "lost-id")
    changed = [name for name in kept if name in own and own[name].strip("/") != kept[name].strip("/") and not _JUNK.match(name)]
    if changed:
        return Decision(None, "other-path")
    junk = [name for name in kept if name not in own and _JUNK.match(name)]
    return Decision(canonical.partition("?")[0] if junk and len(junk) == len(kept) and not own else canonical, "query")


def _by_path(here: str, query: str, canonical: str, there: str, og_url: str | None) -> Decision:
    """Another path of the same house: something must tie the two together."""
    one, other = _path(here), _path(there)
    if one.startswith(f"{other}/"):
        return Decision(canonical, "path") if _paged(one[len(other) :]) else Decision(None, "section")
    if set(_ID.findall(f"{one}?{query}")) & set(_ID.findall(other)):
        return Decision(canonical, "path")
    words, others = (set(re.findall(r"[^\W_]{3,}", path.rpartition("/")[2])) for path in (one, other))
    if words and others and len(words & others) * 2 >= min(len(words), len(others)):
        return Decision(canonical, "path")
    agreed = og_url is not None and _identity(og_url) == _identity(canonical)
    if agreed and (len(other.strip("/").split("/")) >= 2 or _DATED.search(other) or len(others) >= 3):
        return Decision(canonical, "path")
    if is_home(canonical):
        return Decision(canonical, "path")  # `/` and `/de`: both are front pages
    return Decision(None, "other-path")


def _paged(rest: str) -> bool:
    return bool(_PAGED.fullmatch(rest))


def _path(path: str) -> str:
    """As two spellings of one path are compared: without percent-signs, sessions, endings, upper case."""
    plain = _SESSION.sub("", unquote(path)).lower().rstrip("/")
    return re.sub(r"\.(?:html?|php|aspx?)\Z", "", plain)


def _query(query: str) -> frozenset[tuple[str, str]]:
    """What of a query may tell articles apart."""
    return frozenset(each for each in parse_qsl(query, keep_blank_values=True) if not _JUNK.match(each[0]))


def _identity(url: str) -> str | None:
    try:
        found = identity(url)
        host = urlsplit(found).hostname or ""
    except ValueError:
        return None
    bare = re.sub(r"\Ahttps?://(?:www\.)?", "", found).rstrip("/")
    return None if not host.strip(".") or host.startswith(".") else unquote(bare)
