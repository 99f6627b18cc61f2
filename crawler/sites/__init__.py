"""The register of sources: one file a court system or publication; the folder's listing is the register."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from crawler.source import Source


@cache
def _register() -> tuple[Source, ...]:
    names = (module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
    found: list[Source] = [import_module(f"{__name__}.{name}").SOURCE for name in names]
    return tuple(sorted(found, key=lambda source: (source.last_resort, source.name)))


def sources() -> list[Source]:
    """Every source by name; those that take what no other knows come last."""
    return list(_register())


def source_named(name: str) -> Source:
    """Raises KeyError where there is none of that name."""
    return {source.name: source for source in _register()}[name]


def source_for(url: str) -> Source | None:
    """The first source whose address this is."""
    return next((source for source in _register() if source.matches(url)), None)
