"""The register of sources: one file a court system or publication; the folder's listing is the register."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules, walk_packages

from crawler.source import Source

LAST_RESORT = "article"  # takes what no other knows; imported where pages are read, for it brings the HTML parser


@cache
def _names() -> frozenset[str]:
    return frozenset(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))


@cache
def _known() -> tuple[Source, ...]:
    return tuple(_source(name) for name in sorted(_names() - {LAST_RESORT}))


@cache
def _register() -> tuple[Source, ...]:
    return (*_known(), _source(LAST_RESORT))


def _source(name: str) -> Source:
    source: Source = import_module(f"{__name__}.{name}").SOURCE
    return source


def load(name: str | None = None) -> None:
    """What reads the pages of a source (None: of every one) is imported: for a process that reads, outside a page's bounds."""
    for each in _names() if name is None else _names() & {name}:
        site = import_module(f"{__name__}.{each}")
        for module in walk_packages(getattr(site, "__path__", ()), f"{site.__name__}."):
            import_module(module.name)


def sources() -> list[Source]:
    """Every source by name; those that take what no other knows come last."""
    return list(_register())


def source_named(name: str) -> Source:
    """Raises KeyError where there is none of that name. Loads no other: the readers of all courts take a third of a second."""
    if name not in _names():
        raise KeyError(name)
    return _source(name)


def owner_of(url: str) -> Source | None:
    """The source that knows this address as its own; None where only the last resort would take it."""
    return next((source for source in _known() if source.matches(url)), None)


def source_for(url: str) -> Source | None:
    """The first source whose address this is."""
    return next((source for source in _register() if source.matches(url)), None)
