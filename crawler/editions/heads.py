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
# What is looked at: the tags below, and what hides others from view.
_OPENS = re.compile(
    r"<(?:!--|(?P<hides>script|style|textarea|title|noframes|xmp|template)(?=[\s/>])|(?P<ends>body[\s>]|/head\s{0,9}>)"
    r"|(?=(?:link|meta|base|html)[\s/>]))",
    re.I,
)
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
    plain = source[:LARGEST]
    tags, scripts = _cut(plain)

    def of(tag: _Tag, name: str) -> str:
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


_Tag = tuple[str, int, int]  # its name, and where its attributes begin and end


def _cut(text: str) -> tuple[list[_Tag], list[str]]:
    """The tags of a head, and the insides of its JSON-LD scripts. One pass: what has no end hides all that follows."""
    tags: list[_Tag] = []
    scripts: list[str] = []
    at, lower = 0, text.lower()
    while found := _OPENS.search(text, at):
        if found["ends"]:
            break
        if found[0] == "<!--":
            end = text.find("-->", found.end())
        else:
            tag = START_TAG.match(text, found.start())
            if tag is None:
                break  # a tag without an end: nothing more is markup
            at = tag.end()
            if not found["hides"]:
                tags.append((tag[1].lower(), tag.end(1), tag.end() - 1))
                continue
            end = lower.find(f"</{found['hides'].lower()}", at)
            if found["hides"].lower() == "script" and end >= 0 and "ld+json" in lower[tag.start() : at]:
                scripts.append(text[at:end])
        if end < 0:
            break
        at = end + 3
    return tags, scripts


def _absolute(raw: str, base: str) -> str | None:
    try:
        return resolve(raw, base) if raw.strip() else None
    except ValueError:
        return None


def _linked(scripts: list[str]) -> Iterator[tuple[str, str]]:
    """`url` and `mainEntityOfPage` of the page's article in JSON-LD, and its image; lists and @graph looked through."""
    for code in scripts:
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
