"""The markup of the demo's pages: files of `templates/`, with `$names` to fill in."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from string import Template


@cache
def _template(name: str) -> Template:
    return Template((files(__package__) / "templates" / f"{name}.html").read_text(encoding="utf-8"))


def fill(name: str, /, **parts: object) -> str:
    """A template with every one of its names filled in; KeyError where one is missing. Nothing is escaped here."""
    return _template(name).substitute(parts)
