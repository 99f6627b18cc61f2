"""Which address stands inside another? Web archives, caches, translators, redirectors, AMP and print pages undone; pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

DEEPEST = 4  # wrappers in one another

_ARCHIVED = re.compile(r"/(?:[\w.-]+/){0,3}?(\d{4,14}|\*)(?:[a-z]{2}_|id_)?/((?:https?:/|www\.|[\w-]+\.[\w.-]+/).*)", re.I)
_ARCHIVES = re.compile(
    r"(?:web|wayback|wwwb)\.archive\.org|archive\.org|archive\.(?:today|ph|is|li|vn|fo|md)|wayback\.archive-it\.org|arquivo\.pt"
    r"|web\.archive\.org\.\w+|webarchive\.nationalarchives\.gov\.uk|swap\.stanford\.edu|webarchive\.loc\.gov|vefsafn\.is"
    r"|webarchive\.org\.uk|timetravel\.mementoweb\.org|web\.archive\.bibalex\.org"
)
_AMP_CACHE = re.compile(r"/(?:amp|[cvri]|wp)/(s/)?([\w.-]+\.[a-z]{2,}(?::\d+)?(?:/.*)?)", re.I)
_QURIUM = re.compile(r"/qurium/([\w.-]+\.[a-z]{2,})(/.*)?", re.I)
_IN_PATH = re.compile(r"/((?:www\.)?(?:[a-z0-9-]+\.)+[a-z]{2,})(/.*)?", re.I)
_NEWS = re.compile(r"/(?:__i/)?(?:rss/)?(?:rd/)?articles/([\w-]{16,})", re.I)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """url: what stands inside. relation: what the outer address is to it. confidence: that it is so (0..1), and why."""

    url: str
    relation: str
    confidence: float
    reason: str


# Redirectors: host and path as expressions, the parameters that may hold the target.
_TARGETS = (
    (r"(?:www\.)?google\.[a-z.]+", r"/url", ("q", "url")),
    (r"(?:www\.)?bing\.com", r"/ck/.*|/news/apiclick\.aspx", ("url",)),
    (r"(?:l|lm)\.facebook\.com|l\.instagram\.com", r"/(?:l\.php)?", ("u",)),
    (r"(?:m\.)?(?:away\.)?vk\.com", r"/away(?:\.php)?", ("to",)),
    (r"out\.reddit\.com", r"/.*", ("url",)),
    (r"t\.me", r"/iv", ("url",)),
    (r"[\w.-]*\.safelinks\.protection\.outlook\.com", r"/.*", ("url",)),
    (r"(?:www\.)?youtube\.com", r"/redirect", ("q",)),
    (r"(?:www\.)?linkedin\.com", r"/(?:redir/redirect|safety/go)", ("url",)),
    (r"duckduckgo\.com", r"/l/?", ("uddg",)),
    (r"(?:www\.)?yandex\.[a-z.]+", r"/turbo", ("text",)),
    (r"slack-redir\.net", r"/link", ("url",)),
    (r"(?:www\.)?webcitation\.org", r"/.*", ("url",)),
    (r"12ft\.io", r"/proxy", ("q",)),
)
_REDIRECTORS = tuple((re.compile(host), re.compile(path), names) for host, path, names in _TARGETS)


def unwrapped(url: str) -> Wrapped | None:
    """The address inside this one, one wrapper undone; None where it is no wrapper that says what is inside."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    for rule in _RULES:
        for found in rule(host, parts.path, parts.query):
            if inside := _whole(found.url):
                return Wrapped(inside, found.relation, found.confidence, found.reason)
    return None


def _archive(host: str, path: str, query: str) -> Iterator[Wrapped]:
    said = _ARCHIVED.fullmatch(path)
    if said and (_ARCHIVES.fullmatch(host) or len(said[1]) == 14):
        inner = said[2] + (f"?{query}" if query else "")
        day = f" of {said[1][:4]}-{said[1][4:6]}-{said[1][6:8]}" if len(said[1]) >= 8 else ""
        yield Wrapped(inner, "mirror", 0.95, f"a public archive's copy{day} ({host})")
    elif _ARCHIVES.fullmatch(host) and (inner := re.fullmatch(r"/(?:newest|oldest|timegate|save(?:/_embed)?)/(.+)", path)):
        yield Wrapped(inner[1] + (f"?{query}" if query else ""), "mirror", 0.95, f"a public archive's copy ({host})")
    elif host == "webcache.googleusercontent.com":
        text = dict(parse_qsl(query)).get("q", "")
        if found := re.match(r"cache:(?:[\w-]{8,}:)?(\S+)", text):
            yield Wrapped(found[1], "mirror", 0.95, "a search engine's copy")


def _amp_cache(host: str, path: str, query: str) -> Iterator[Wrapped]:
    at_cache = host == "cdn.ampproject.org" or host.endswith((".cdn.ampproject.org", ".bing-amp.com")) or host == "bing-amp.com"
    at_search = bool(re.fullmatch(r"(?:www\.)?google\.[a-z.]+", host)) and path.startswith("/amp/")
    if (at_cache or at_search) and (found := _AMP_CACHE.fullmatch(path)):
        scheme = "https" if found[1] else "http"
        yield Wrapped(f"{scheme}://{found[2]}" + (f"?{query}" if query else ""), "amp", 0.95, f"an AMP cache ({host})")
    if re.fullmatch(r"(?:www\.)?yandex\.[a-z.]+", host) and (
        found := re.fullmatch(r"/turbo/([\w.-]+\.[a-z]{2,})/[sn]/(.*)", path)
    ):
        yield Wrapped(f"https://{found[1]}/{found[2]}", "amp", 0.95, "a turbo page")


def _translated(host: str, path: str, query: str) -> Iterator[Wrapped]:
    """A machine's translation is a text of its own; from one language into the same it is a way round a block."""
    pairs = parse_qsl(query, keep_blank_values=True)
    said = dict(pairs)
    if host.endswith(".translate.goog"):
        # Google's proxy: a dot is written as a hyphen, a hyphen as two.
        name = host.removesuffix(".translate.goog").replace("--", "\0").replace("-", ".").replace("\0", "-")
        kept = "&".join(each for each in query.split("&") if each and not each.startswith("_x_tr_"))
        inner = f"https://{name}{path}" + (f"?{kept}" if kept else "")
        into, out_of = said.get("_x_tr_tl"), said.get("_x_tr_sl")
    elif re.fullmatch(r"translate\.(?:google\.[a-z.]+|googleusercontent\.com|yandex\.[a-z.]+)", host) and (
        target := said.get("u") or said.get("url")
    ):
        inner, into, out_of = target, said.get("tl"), said.get("sl")
    else:
        return
    if into is None or into == out_of:
        yield Wrapped(inner, "mirror", 0.92, f"a translator's proxy that translates nothing ({host})")
    else:
        yield Wrapped(inner, "translation", 0.7, f"a machine's translation into {into} ({host})")


def _redirector(host: str, path: str, query: str) -> Iterator[Wrapped]:
    for hosts, paths, names in _REDIRECTORS:
        if hosts.fullmatch(host) and paths.fullmatch(path or "/"):
            said = dict(parse_qsl(query))
            for name in names:
                if said.get(name):
                    yield Wrapped(said[name], "original", 0.97, f"a redirector ({host})")
    if host in ("href.li", "anonym.to", "nullrefer.com", "dereferer.me") and query:
        yield Wrapped(unquote(query), "original", 0.97, f"a redirector ({host})")


def _news(host: str, path: str, query: str) -> Iterator[Wrapped]:
    """A feed of Google News: the address stands among other octets in base64."""
    if host == "news.google.com" and (found := _NEWS.match(path)):
        try:
            octets = base64.urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4))
        except (binascii.Error, ValueError):
            return
        if target := re.search(rb"https?://[\x21-\x7e]+", octets):
            yield Wrapped(target[0].decode("ascii"), "original", 0.95, "a news feed's address")


def _carried(host: str, path: str, query: str) -> Iterator[Wrapped]:
    """The origin's host is the first part of the path (ukraine-news-links 2.3, C)."""
    tail = f"?{query}" if query else ""
    if host == "storage.googleapis.com" and (found := _QURIUM.fullmatch(path)):
        yield Wrapped(
            f"https://{found[1]}{found[2] or '/'}{tail}", "mirror", 0.95, "a mirror by Qurium, its origin in the path"
        )
    elif (found := _IN_PATH.fullmatch(path)) and not found[1].lower().endswith((".html", ".htm", ".php", ".pdf", ".xml")):
        yield Wrapped(
            f"https://{found[1]}{found[2] or '/'}{tail}", "mirror", 0.6, "another host's name is the first part of its path"
        )


_RULES: tuple[Callable[[str, str, str], Iterator[Wrapped]], ...] = (
    _archive, _amp_cache, _translated, _redirector, _news, _carried,
)  # fmt: skip


def _whole(text: str) -> str | None:
    """`https:/news.example/a` and `news.example/a` as archives write them; None for what is no address of the web."""
    text = text.strip()
    if re.match(r"https?%3A", text, re.I):
        text = unquote(text)
    text = re.sub(r"\A(https?):/{1,2}(?=[^/])", r"\1://", text, flags=re.I)
    if not re.match(r"https?://", text, re.I):
        if re.match(r"[a-z][a-z0-9+.-]*:", text, re.I) and not re.match(r"[\w.-]+\.\w+:\d", text):
            return None
        text = f"https://{text}"
    try:
        name = urlsplit(text).hostname or ""
    except ValueError:
        return None
    return text if "." in name else None


# What feeds and short addresses lead to is not written in them: the answer says it.
_FEEDS = re.compile(r"/~(?:r|\w{0,3})?/")
_SHORTENERS = """
    t.co bit.ly tinyurl.com goo.gl ow.ly buff.ly is.gd cutt.ly dlvr.it trib.al clck.ru shorturl.at rb.gy lnkd.in fb.me nyti.ms
    reut.rs wapo.st bbc.in tmsnrt.rs econ.st vk.cc t.ly v.gd soo.gd u.to feeds.feedburner.com feedproxy.google.com
"""
_SHORT = frozenset(_SHORTENERS.split())


def opaque(url: str) -> bool:
    """A feed's or a shortener's address: it stands for another, and does not say which."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    return (host in _SHORT or bool(_FEEDS.match(parts.path))) and parts.path.strip("/") != ""


@dataclass(frozen=True, slots=True)
class Stripped:
    """Host, path and query without the marks of an AMP or print page. relation: `amp`, `print`, or None where none was."""

    host: str
    path: str
    query: str
    relation: str | None = None
    reason: str = ""


_AMP_QUERY = re.compile(r"(?:_?amp(?:=1|=true|=yes|=)?|output(?:type)?=amp|view=amp)", re.I)
_PRINT_QUERY = re.compile(r"(?:print(?:able|version)?=(?:1|true|yes|y|print)|(?:output|view|format|mode)=print(?:able)?)", re.I)
_AMP_PATHS = (
    (re.compile(r"(.*?)/(?:index\.)?amp/?", re.I), "its path ends with amp"),
    (re.compile(r"(.*)\.amp(\.html?)?", re.I), "its path ends with .amp"),
    (re.compile(r"((?:/[a-z]{2})?)/amp(?:-page)?(/.+)", re.I), "its path begins with amp"),
)
_PRINT_PATHS = (
    (re.compile(r"(.+?)/(?:print|printable|print-version|printversion)(?:\.html?|\.php)?/?", re.I), "its path ends with print"),
    (re.compile(r"((?:/[a-z]{2})?)/print(/.+)", re.I), "its path begins with print"),
)


def stripped(host: str, path: str, query: str) -> Stripped:
    """An address without what makes it the AMP or the print page of another."""
    for relation, pattern in (("amp", _AMP_QUERY), ("print", _PRINT_QUERY)):
        kept = [each for each in query.split("&") if each and not pattern.fullmatch(each)]
        if len(kept) < len([each for each in query.split("&") if each]):
            return Stripped(host, path, "&".join(kept), relation, f"its query asks for the {relation} page")
    for relation, patterns in (("amp", _AMP_PATHS), ("print", _PRINT_PATHS)):
        for pattern, reason in patterns:
            found = pattern.fullmatch(path)
            if found and (rest := "".join(part or "" for part in found.groups())).strip("/"):
                return Stripped(host, rest, query, relation, reason)
    if host.startswith("amp.") and host.count(".") > 1:
        return Stripped(host.removeprefix("amp."), path, query, "amp", "its host begins with amp")
    return Stripped(host, path, query)
