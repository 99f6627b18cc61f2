"""The register of courts: codes, names, hosts, the court above, what they were before; data and look-up.

115 military courts stand in `courts.tsv` beside this file, and those that are no more in `former.tsv`; the heads of both say
what is known from where. Any other court of sudrf.ru is known by its host alone until a page of it prints its code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

KINDS = ("garrison", "district", "fleet", "appeal", "cassation")
ENDS = ("renamed", "merged", "abolished")

# Which criminal registers a court keeps, by its kind; materials are arrests, searches and what follows a sentence.
_REGISTERS = {
    "garrison": ("criminal-1", "material"),
    "district": ("criminal-1", "criminal-appeal", "material"),
    "fleet": ("criminal-1", "criminal-appeal", "material"),
    "appeal": ("criminal-appeal",),
    "cassation": ("criminal-cassation",),
}
# Which list says what of a court, by the letter that `courts.tsv` has for the list.
_SAYS = {
    "code": "DTA",
    "kind": "DTA",
    "name": "DTA",
    "host": "DT",
    "region": "D",
    "region_code": "D",
    "higher": "A",
}
_LISTS = {
    "D": "dataout-org/sudrfparser: court list of sudrf.ru, 18.11.2023",
    "T": "tochno-st/sudrfscraper: config_sudrf.json, 2024",
    "A": "arvidsever/Sudrf",
}
_LAW = "Federal Constitutional Law of 29.07.2018 No. 1-FKZ"

# Two letters of a code say the kind of court; the digits are not the region (39GV0005 sits in St Petersburg).
CODE = re.compile(r"\d{2}(?:VS|KJ|AJ|OS|RS|KV|AV|OV|GV|AO|AA|AS|UD|KS|US|GU|MS|IC)\d{4}")

_ABBREVIATIONS = {
    "гвс": "гарнизонный военный суд",
    "овс": "окружной военный суд",
    "фвс": "флотский военный суд",
    "зовс": "западный окружной военный суд",
    "вовс": "восточный окружной военный суд",
    "цовс": "центральный окружной военный суд",
    "юовс": "южный окружной военный суд",
}


@dataclass(frozen=True, slots=True)
class Former:
    """A court that is no more. None where a fact is not known; ended: the first day without it. how: one of ENDS.

    successor: official code of the court that took its place. source: where all of this is from.
    """

    name: str
    english: str
    host: str | None
    region_code: str | None
    successor: str | None
    how: str
    ended: date | None
    source: str

    def __post_init__(self) -> None:
        if self.how not in ENDS:
            raise ValueError(f"not how a court ends: {self.how!r}")


@dataclass(frozen=True, slots=True)
class Court:
    """One court. None or () where a fact is not known.

    host: the dot spelling that court lists print (`sgvs.sml.sudrf.ru`); modules.php runs on `dash_host`.
    higher: official code of the court above. sources: the lists that name it, by letter.
    """

    code: str
    kind: str
    name: str
    english: str
    host: str | None
    region: str | None
    region_code: str | None
    higher: str | None
    sources: str = ""

    def __post_init__(self) -> None:
        if not CODE.fullmatch(self.code):
            raise ValueError(f"not an official court code: {self.code!r}")
        if self.kind not in KINDS:
            raise ValueError(f"not a kind of court: {self.kind!r}")

    @property
    def dash_host(self) -> str | None:
        return None if self.host is None else dashed(self.host)

    @property
    def registers(self) -> tuple[str, ...]:
        """The criminal registers it keeps (words.REGISTERS)."""
        return _REGISTERS[self.kind]

    @property
    def predecessors(self) -> tuple[Former, ...]:
        return tuple(former for former in formers() if former.successor == self.code)

    def said_by(self, fact: str) -> tuple[str, ...]:
        """Where a fact of this court is from, by the fact's name; () where it is not known. Raises KeyError for no fact."""
        if fact == "english":
            return ("transliterated by us",)
        if getattr(self, fact) is None:
            return ()
        if fact == "higher" and self.kind != "garrison":
            return (_LAW,)
        return tuple(_LISTS[letter] for letter in self.sources if letter in _SAYS[fact])


def dashed(host: str) -> str:
    """The spelling that modules.php runs on: `sgvs.sml.sudrf.ru` -> `sgvs--sml.sudrf.ru`; others unchanged."""
    host = host.lower().rstrip(".")
    labels = host.split(".")
    if len(labels) == 4 and labels[2:] == ["sudrf", "ru"]:
        return f"{labels[0]}--{labels[1]}.sudrf.ru"
    return host


@cache
def courts() -> tuple[Court, ...]:
    """All courts of the register, by code. None of them is known to have ended, so none has a successor."""
    return tuple(
        Court(code, kind, name, english, host or None, region or None, digits or None, higher or None, sources)
        for code, kind, name, english, host, region, digits, higher, sources in _rows("courts.tsv")
    )


@cache
def formers() -> tuple[Former, ...]:
    """The courts that are no more, and that links of old articles lead to."""
    return tuple(
        Former(name, english, host or None, digits or None, successor or None, how,
               date.fromisoformat(ended) if ended else None, source)
        for name, english, host, digits, successor, how, ended, source in _rows("former.tsv")
    )  # fmt: skip


def _rows(name: str) -> Iterator[list[str]]:
    lines = files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()
    _, *rows = (line.split("\t") for line in lines if not line.startswith("#"))
    yield from rows


@cache
def _index() -> tuple[dict[str, Court], dict[str, Court], dict[str, Court | None]]:
    codes = {court.code: court for court in courts()}
    hosts = {court.dash_host: court for court in courts() if court.dash_host is not None}
    names: dict[str, Court | None] = {}
    for court in courts():
        key = _name_key(court.name)
        names[key] = None if key in names else court  # two courts of one name: neither is meant
    return codes, hosts, names


def by_code(code: str) -> Court | None:
    """The court of an official code (`77GV0021`), in either case."""
    return _index()[0].get(code.strip().upper())


def by_host(host: str) -> Court | None:
    """The court of a host, dot or dash form, with or without scheme, port and path: one court."""
    name = urlsplit(host if "//" in host else f"//{host}").hostname
    return None if name is None else _index()[1].get(dashed(name))


def former_by_host(host: str) -> Former | None:
    """The court that a dead host was of, dot or dash form."""
    name = urlsplit(host if "//" in host else f"//{host}").hostname
    asked = None if name is None else dashed(name)
    return next((former for former in formers() if former.host and dashed(former.host) == asked), None)


def by_short_name(name: str) -> Court | None:
    """The court a page names in short: `Смоленский ГВС`; the full name does too. None where it is not exactly one."""
    return _index()[2].get(_name_key(name))


def _name_key(name: str) -> str:
    words = re.findall(r"[\w-]+", name.casefold().replace("ё", "е"))
    words = [part for word in words for part in _ABBREVIATIONS.get(word, word).split()]
    return " ".join(re.sub(r"^(\d+)-?(?:й|ый|ой)$", r"\1", word) for word in words)
