"""The register of courts: codes, names, hosts, the court above; data and look-up.

115 military courts stand in `courts.tsv` beside this file, whose head names its sources. Any other court of
sudrf.ru is known by its host alone until a page of it prints its code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

KINDS = ("garrison", "district", "fleet", "appeal", "cassation")

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
class Court:
    """One court. None or () where a fact is not known.

    host: the dot spelling that court lists print (`sgvs.sml.sudrf.ru`); modules.php runs on `dash_host`.
    higher: official code of the court above.
    """

    code: str
    kind: str
    name: str
    english: str
    host: str | None
    region: str | None
    region_code: str | None
    higher: str | None
    predecessors: tuple[str, ...] = ()
    successors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not CODE.fullmatch(self.code):
            raise ValueError(f"not an official court code: {self.code!r}")
        if self.kind not in KINDS:
            raise ValueError(f"not a kind of court: {self.kind!r}")

    @property
    def dash_host(self) -> str | None:
        return None if self.host is None else dashed(self.host)


def dashed(host: str) -> str:
    """The spelling that modules.php runs on: `sgvs.sml.sudrf.ru` -> `sgvs--sml.sudrf.ru`; others unchanged."""
    host = host.lower().rstrip(".")
    labels = host.split(".")
    if len(labels) == 4 and labels[2:] == ["sudrf", "ru"]:
        return f"{labels[0]}--{labels[1]}.sudrf.ru"
    return host


@cache
def courts() -> tuple[Court, ...]:
    """All courts of the register, by code."""
    lines = files(__package__).joinpath("courts.tsv").read_text(encoding="utf-8").splitlines()
    _, *rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return tuple(
        Court(code, kind, name, english, host or None, region or None, digits or None, higher or None,
              tuple(before.split()), tuple(after.split()))
        for code, kind, name, english, host, region, digits, higher, before, after in rows
    )  # fmt: skip


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


def by_short_name(name: str) -> Court | None:
    """The court a page names in short: `Смоленский ГВС`; the full name does too. None where it is not exactly one."""
    return _index()[2].get(_name_key(name))


def _name_key(name: str) -> str:
    words = re.findall(r"[\w-]+", name.casefold().replace("ё", "е"))
    words = [part for word in words for part in _ABBREVIATIONS.get(word, word).split()]
    return " ".join(re.sub(r"^(\d+)-?(?:й|ый|ой)$", r"\1", word) for word in words)
