"""What does a page say of its own address, its other editions and its lead image? From its head's tags; pure.

What is read here is weighed and believed only as far as the rules go (declared.py), so a small scanner is enough: it
reads start tags as the HTML standard cuts them, skips comments and the insides of scripts, and stops at the body.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from archive.urls import resolve
from crawler.markup import START_TAG, attribute

LARGEST = 512 * 1024  # characters in which a page's head ends
MOST = 200  # alternates
_HIDDEN = re.compile(r"<!--.*?-->|<(style|textarea|title|noframes|xmp|template)\b[^>]*>.*?</\1\s*>", re.I | re.S)
_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script\s*>", re.I | re.S)
_BODY = re.compile(r"<body[\s>]|</head\s*>", re.I)
_ARTICLE = re.compile(r"(?:Article|BlogPosting|Report|LiveBlogPosting)\Z")


@dataclass(frozen=True, slots=True)
class Head:
    """Absolute addresses. canonicals: each once, in order. alternates: language and address of the hreflang links."""

    canonicals: tuple[str, ...] = ()
    og_url: str | None = None
    ld_urls: tuple[str, ...] = ()
    alternates: tuple[tuple[str, str], ...] = ()
    amp: str | None = None
    image: str | None = None
    language: str | None = None


def read(source: str, url: str) -> Head:
    """The head of a page. url: the address it came from. Never raises for odd markup: what cannot be read is not said."""
    text = source[:LARGEST]
    end = _BODY.search(_HIDDEN.sub(lambda found: " " * len(found[0]), text))
    head = text[: end.start()] if end else text
    scripts = [(found[1], found[2]) for found in _SCRIPT.finditer(text)]
    plain = _HIDDEN.sub(" ", _SCRIPT.sub(" ", head))
    tags = [(found[1].lower(), found.end(1), found.end() - 1) for found in START_TAG.finditer(plain)]

    def of(tag: tuple[str, int, int], name: str) -> str:
        words = attribute(plain, tag[1], tag[2], name)
        return " ".join(word.text for word in words) if words else ""

    base = next((made for tag in tags if tag[0] == "base" and (made := _absolute(of(tag, "href"), url))), url)
    language = next((of(tag, "lang") for tag in tags if tag[0] == "html"), "")
    canonicals: dict[str, None] = {}
    alternates: dict[tuple[str, str], None] = {}
    amp = None
    said: dict[str, str] = {}
    for tag in tags:
        if tag[0] == "link":
            rels, target = of(tag, "rel").lower().split(), _absolute(of(tag, "href"), base)
            if target is None:
                continue
            if "canonical" in rels:
                canonicals[target] = None
            elif "alternate" in rels and (code := of(tag, "hreflang")):
                if len(alternates) < MOST:
                    alternates[code.lower(), target] = None
            elif "amphtml" in rels:
                amp = amp or target
        elif tag[0] == "meta":
            name = (of(tag, "property") or of(tag, "name")).lower()
            if name in ("og:url", "og:image", "og:image:url", "twitter:image", "og:locale") and name not in said:
                said[name] = of(tag, "content")
    ld = list(_linked(scripts))
    images = [
        said.get("og:image"),
        said.get("og:image:url"),
        *(each for name, each in ld if name == "image"),
        said.get("twitter:image"),
    ]
    return Head(
        tuple(canonicals),
        _absolute(said.get("og:url", ""), base),
        tuple(dict.fromkeys(made for name, each in ld if name != "image" and (made := _absolute(each, base)))),
        tuple(alternates),
        amp,
        next((made for each in images if each and (made := _absolute(each, base))), None),
        (language or said.get("og:locale", ""))[:2].lower() or None,
    )


def _absolute(raw: str, base: str) -> str | None:
    try:
        return resolve(raw, base) if raw.strip() else None
    except ValueError:
        return None


def _linked(scripts: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """`url` and `mainEntityOfPage` of the page's article in JSON-LD, and its image; lists and @graph looked through."""
    for attributes, code in scripts:
        if "ld+json" not in attributes.lower():
            continue
        try:
            todo: list[Any] = [json.loads(code, strict=False)]
        except (ValueError, RecursionError):
            continue
        for _ in range(1000):
            if not todo:
                break
            each = todo.pop(0)
            if isinstance(each, list):
                todo += each[:100]
            elif isinstance(each, dict):
                kinds = each.get("@type")
                if any(
                    isinstance(kind, str) and _ARTICLE.search(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])
                ):
                    yield from _stated(each)
                    return
                todo += [value for value in each.values() if isinstance(value, list | dict)]


def _stated(article: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("mainEntityOfPage", "url", "image"):
        value = article.get(name)
        for each in value[:1] if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                each = each.get("@id") or each.get("url")
            if isinstance(each, str) and each:
                yield name, each
