"""How does an outlet write the addresses of its articles, and which part of one is the article's own? pure.

The rules are data: `outlets.toml` beside this file, whose head says what each word means. A host of no outlet there goes
by the general rule: its path and query, spelt in one way.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

_NAMELESS = re.compile(r"\(\?P<\w+>")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an outlet keeps one text: addresses of one place are one text by the outlet's own rules.

    outlet: a name of outlets.toml, empty by the general rule. edition: one of its languages; by the general rule the host.
    """

    outlet: str
    edition: str
    key: str


@dataclass(frozen=True, slots=True)
class Form:
    """One shape of address; the words are explained in outlets.toml."""

    path: re.Pattern[str]
    key: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    soft: bool = False
    entry: bool = False
    rendered: bool = False


@dataclass(frozen=True, slots=True)
class Edition:
    """An outlet's texts in one language. relation: what an address of it is to the work (CONTRACT's words).

    title: what it calls itself; None where the table does not say.
    """

    outlet: str
    name: str
    hosts: tuple[str, ...]
    forms: tuple[Form, ...]
    language: str | None = None
    relation: str = "original"
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Outlet:
    """pairs: editions whose slugs are compared. suffix: what the second of them puts behind a slug. lookalike: of mirrors."""

    name: str
    editions: tuple[Edition, ...]
    pairs: tuple[tuple[str, str], ...] = ()
    suffix: re.Pattern[str] | None = None
    lookalike: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """An address read by its outlet's grammar. day: the date written in it; None where none is, or no day of a calendar."""

    place: Place
    edition: Edition
    form: Form
    slug: str | None
    day: date | None
    printed: bool


@cache
def outlets() -> tuple[Outlet, ...]:
    """Every outlet of the table, in its order."""
    told = tomllib.loads(files(__package__).joinpath("outlets.toml").read_text("utf-8"))
    return tuple(_outlet(each) for each in told["outlet"])


@cache
def _by_host() -> Mapping[str, tuple[Edition, ...]]:
    held: dict[str, list[Edition]] = {}
    for outlet in outlets():
        for edition in outlet.editions:
            own = [host for form in edition.forms for host in form.hosts]
            for host in dict.fromkeys(each.removeprefix("www.") for each in (*edition.hosts, *own)):
                held.setdefault(host, []).append(edition)
    return {host: tuple(editions) for host, editions in held.items()}


def editions_of(host: str) -> tuple[Edition, ...]:
    """The editions that a host serves; empty for a host of no outlet. host: with or without `www.`."""
    return _by_host().get(host.removeprefix("www."), ())


def title(url: str) -> str | None:
    """What the outlet of an address calls itself there; None for a host of no outlet, or of one whose title is not told."""
    host, path = _parts(url)
    found = placed(host, path)
    own = (each for each in editions_of(host) if host in (name.removeprefix("www.") for name in each.hosts))
    edition = found.edition if found else next(own, None)
    return edition.title if edition else None


def own_id(url: str) -> tuple[str, int] | None:
    """The number by which an outlet knows the article of an address, as written there, and where it begins; None without one.

    It is the article's own within its outlet and language: `a81889` of the English Moscow Times and of the Russian one are
    two articles. A slug is no id (ukraine-news-links 2.1).
    """
    host, path = _parts(url)
    found = placed(host, path)
    match = found and found.form.path.fullmatch(path.rstrip("/"))
    if not match or "id" not in match.re.groupindex:
        return None
    group = "own" if "own" in match.re.groupindex else "id"
    return match[group], url.index(path, url.index("//") + 2) + match.start(group)


def outlet(name: str) -> Outlet | None:
    """The outlet of this name."""
    return next((each for each in outlets() if each.name == name), None)


def placed(host: str, path: str, fragment: str = "") -> Placed | None:
    """What the grammar of a host's outlet makes of a path without AMP marks; None where no form fits."""
    bare = host.removeprefix("www.")
    for edition in editions_of(bare):
        if found := in_edition(edition, path, fragment, bare):
            return found
    return None


def in_edition(edition: Edition, path: str, fragment: str = "", host: str | None = None) -> Placed | None:
    """The same for one edition. host: None asks what the path would be on the edition's own hosts."""
    path = path.rstrip("/") or "/"
    for form in edition.forms:
        if host is not None and host not in {each.removeprefix("www.") for each in form.hosts or edition.hosts}:
            continue
        if (found := form.path.fullmatch(path)) is None:
            continue
        said = {name: found[name] for name in form.path.groupindex}
        words = [each[1:] if each.startswith("=") else _written(each, said[each] or "") for each in form.key]
        key = "/".join(words) if len(words) > 1 or form.soft else f"{form.key[0]}:{words[0]}"
        if form.entry and re.fullmatch(r"\d+", fragment):
            key += f"#{fragment}"
        place = Place(edition.outlet, edition.name, f"slug:{key}" if form.soft else key)
        return Placed(place, edition, form, said.get("slug") or None, _day(said.get("date")), bool(said.get("print")))
    return None


def fitting(path: str) -> Iterator[Placed]:
    """What a path would be at each outlet that could have written it: alone it says nothing of whose it is."""
    bare = path.rstrip("/") or "/"
    for fits, edition in _shapes():
        if fits(bare) and (found := in_edition(edition, path)):
            yield found


@cache
def _shapes() -> tuple[tuple[Callable[[str], object], Edition], ...]:
    """Every form's expression and its edition, once for an edition: most paths fit none, and are asked for with each page."""
    return tuple(
        (re.compile("|".join(f"(?:{_NAMELESS.sub('(?:', form.path.pattern)})" for form in edition.forms)).fullmatch, edition)
        for each in outlets()
        for edition in each.editions
    )


def _parts(url: str) -> tuple[str, str]:
    """Host without `www.`, and path; empty where it is no address."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").removeprefix("www."), parts.path
    except ValueError:
        return "", ""


def _written(name: str, text: str) -> str:
    """2023/7/8 and 2023/07/08 are one date."""
    return "/".join(part.zfill(2) for part in text.split("/")) if name == "date" else text


def _day(text: str | None) -> date | None:
    try:
        return date(*map(int, text.split("/"))) if text else None
    except ValueError:
        return None


def _outlet(told: Mapping[str, object]) -> Outlet:
    name = _text(told["name"])
    if hosts := _texts(told.get("each_host", [])):
        titles = told.get("titles", dict.fromkeys(hosts, told.get("title")))
        if not isinstance(titles, dict):
            raise ValueError(f"outlets.toml: no titles by host: {titles!r}")
        editions = tuple(Edition(name, host, (host,), _forms(told["forms"]), title=_said(titles.get(host))) for host in hosts)
    else:
        editions = tuple(_edition(name, each) for each in _tables(told["edition"]))
    pairs = tuple((_texts(each)[0], _texts(each)[1]) for each in _list(told.get("pairs", [])))
    suffix, lookalike = told.get("suffix"), told.get("lookalike")
    return Outlet(
        name, editions, pairs,
        None if suffix is None else re.compile(rf"(?:{_text(suffix)})\Z"),
        None if lookalike is None else re.compile(_text(lookalike)),
    )  # fmt: skip


def _edition(outlet: str, told: Mapping[str, object]) -> Edition:
    return Edition(
        outlet, _text(told["name"]), _texts(told["hosts"]), _forms(told["forms"]),
        _said(told.get("language")), _text(told.get("relation", "original")), _said(told.get("title")),
    )  # fmt: skip


def _forms(told: object) -> tuple[Form, ...]:
    return tuple(
        Form(
            re.compile(_text(each["path"])), _texts(each["key"]), _texts(each.get("hosts", [])),
            bool(each.get("soft")), bool(each.get("entry")), bool(each.get("rendered")),
        )
        for each in _tables(told)
    )  # fmt: skip


def _list(told: object) -> list[object]:
    if not isinstance(told, list):
        raise ValueError(f"outlets.toml: not a list: {told!r}")
    return told


def _tables(told: object) -> list[dict[str, object]]:
    return [each for each in _list(told) if isinstance(each, dict)]


def _texts(told: object) -> tuple[str, ...]:
    return tuple(_text(each) for each in _list(told))


def _said(told: object) -> str | None:
    return None if told is None else _text(told)


def _text(told: object) -> str:
    if not isinstance(told, str):
        raise ValueError(f"outlets.toml: not a text: {told!r}")
    return told
