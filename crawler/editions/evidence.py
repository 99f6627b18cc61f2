"""What speaks for two addresses being one work? Every link that addresses and held pages give, strong or weak; pure.

From addresses alone: a slug that the outlet looks up, the outlet's own table of slugs in two languages. From pages: what
they name as their own address, hreflang that both sides say, where a visit ended, the lead image, and the likeness of
texts and figures, which only proposes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlsplit

from crawler.editions import likeness, outlets
from crawler.editions.address import Said, read
from crawler.editions.declared import NEAR, Belief, belief
from crawler.editions.heads import Head
from crawler.editions.houses import is_home, one_house
from crawler.editions.mirrors import Mirrors
from crawler.editions.outlets import Place, Placed
from crawler.editions.works import Link
from crawler.editions.wrappers import opaque

MANY = 3  # pages of one host that name one address as their own: a template's mistake, not theirs
NEAR_TEXT, SOME_TEXT = 0.7, 0.3
_DIGEST = re.compile(r"[0-9a-f]{16,}", re.I)
_NUMBERED = re.compile(r"/(\d+)__([0-9a-f]{32})\.\w+\Z")


@dataclass(frozen=True, slots=True)
class Page:
    """A held page. landed: the address at which its visit ended, where that is another. text: its article's."""

    said: Said
    head: Head = field(default_factory=Head)
    landed: str | None = None
    text: str | None = None
    cited: tuple[str, ...] = ()


def links(
    said: Iterable[Said],
    pages: Sequence[Page] = (),
    mirrors: Mirrors | None = None,
    day: date | None = None,
    place: Callable[[str], Said] | None = None,
) -> list[Link]:
    """Every link. said: the addresses asked for. day: as in address.read. place: reads an address, and remembers it."""

    def resolved(url: str) -> Said | None:
        try:
            return place(url) if place else read(url, mirrors, day)
        except ValueError:
            return None

    every = [*(page.said for page in pages), *said]
    everything = {each.place: each for each in every}
    named: dict[str, Said] = {}
    for page in pages:
        head = page.head
        for url in (*head.canonicals, head.og_url, *head.ld_urls, head.amp, page.landed, *(url for _, url in head.alternates)):
            if url and url not in named and (one := resolved(url)):
                named[url] = one
    every += named.values()
    known = {each.place: each for each in every}
    out = [*_guessed(everything.values(), known), *_by_slug(every), *_by_table(known.values())]
    out += _declared(pages, named)
    out += _mutual(pages, named)
    for page in pages:
        if page.landed and (there := named.get(page.landed)):
            out += _landed(page, there)
        if page.head.amp and (there := named.get(page.head.amp)) and there.place != page.said.place:
            sure = 0.94 if one_house(page.said.plain, there.plain) or there.wrapped else 0.6
            out.append(Link(there.place, page.said.place, "amp", sure, ("amphtml of the page names it",)))
    out += _images(pages)
    out += _alike(pages)
    out += _cites(pages, everything)
    return out


# What addresses say


def _guessed(said: Iterable[Said], known: Mapping[Place, Said]) -> Iterator[Link]:
    """What an address may be, where there is something that it may be."""
    for each in said:
        for guess in each.guesses:
            if guess.place in known or guess.relation == "translation":
                yield Link(each.place, guess.place, guess.relation, guess.confidence, (guess.reason,))


def _by_slug(said: Iterable[Said]) -> Iterator[Link]:
    """An outlet that looks an article up by its slug where no id is there: one article of that slug is meant."""
    by_slug: dict[tuple[str, str, str], set[Place]] = {}
    soft: set[tuple[tuple[str, str, str], Place]] = set()
    for each in said:
        if each.placed and each.slug:
            key = (each.place.outlet, each.place.edition, each.slug)
            if each.soft:
                soft.add((key, each.place))
            elif any(form.soft for form in each.placed.edition.forms):
                by_slug.setdefault(key, set()).add(each.place)
    for key, place in sorted(soft, key=lambda each: each[0]):
        found = sorted(by_slug.get(key, ()), key=lambda each: each.key)
        for other in found:
            if len(found) == 1:
                yield Link(place, other, "original", 0.97, ("the outlet finds an address without id by its slug",))
            else:
                yield Link(place, other, "original", 0.5, (f"{len(found)} articles have this slug",))


def _by_table(said: Iterable[Said]) -> Iterator[Link]:
    """Two editions of one outlet: the same slug, at most two days apart, and no other candidate on either side."""
    sides: dict[tuple[str, str, str], dict[Place, Said]] = {}
    for each in said:
        if each.placed and each.slug and each.day and not each.soft and "#" not in each.place.key:
            kind = each.place.key.partition("/")[0]
            sides.setdefault((each.place.outlet, each.place.edition, kind), {})[each.place] = each
    for (name, edition, kind), firsts in sorted(sides.items()):
        outlet = outlets.outlet(name)
        for first, second in outlet.pairs if outlet else ():
            if edition != first:
                continue
            near: list[tuple[Said, Said]] = []
            by_slug: dict[str, list[Said]] = {}
            for each in firsts.values():
                by_slug.setdefault(each.slug or "", []).append(each)
            for other in sides.get((name, second, kind), {}).values():
                slug = other.slug or ""
                plain = outlet.suffix.sub("", slug) if outlet and outlet.suffix else slug
                for each in {one.place: one for one in (*by_slug.get(slug, ()), *by_slug.get(plain, ()))}.values():
                    if each.day and other.day and abs((each.day - other.day).days) <= NEAR:
                        near.append((each, other))
            left, right = [each.place for each, _ in near], [other.place for _, other in near]
            for each, other in near:
                assert each.day and other.day
                days = abs((each.day - other.day).days)
                apart = "the same day" if not days else f"{days} day{'s' if days > 1 else ''} apart"
                why = f"the outlet's own table: one slug in {first} and {second}, {apart}"
                if left.count(each.place) == right.count(other.place) == 1:
                    yield Link(
                        other.place, each.place, other.placed.edition.relation if other.placed else "english", 0.93, (why,)
                    )
                else:
                    yield Link(other.place, each.place, "english", 0.6, (why, "another address fits as well"))


# What pages say of themselves


def _declared(pages: Sequence[Page], named: Mapping[str, Said]) -> Iterator[Link]:
    """canonical first; og:url and JSON-LD in its place where there is none, beside it as witnesses."""
    templates = _templates(pages, named)
    for page in pages:
        head = page.head
        canonicals = [named[url] for url in head.canonicals if url in named]
        stated = [("og:url", head.og_url), *(("JSON-LD", url) for url in head.ld_urls)]
        others = [(name, named[url]) for name, url in stated if url is not None and url in named]
        if not canonicals:
            for name, target in others[:2]:
                if found := belief(page.said, target):
                    yield _link(page.said, target, found, f"{name} {found.reason}", found.confidence - 0.01)
            continue
        for target in canonicals:
            found = belief(page.said, target)
            if found is None:
                continue
            sure, reasons = found.confidence, [f"canonical {found.reason}"]
            if len({each.place for each in canonicals}) > 1:
                sure, reasons = min(sure, 0.6), [*reasons, "the page has two canonical addresses"]
            if templates.get(target.place, 0) > MANY and not target.known:
                sure, reasons = min(sure, 0.6), [*reasons, f"{templates[target.place]} pages name this one address"]
            agreeing = [name for name, other in others if other.place == target.place]
            against = [name for name, other in others if other.place not in (target.place, page.said.place)]
            if agreeing:
                sure, reasons = min(0.99, sure + 0.01) if sure >= 0.9 else sure, [*reasons, f"{' and '.join(agreeing)} agree"]
            elif against:
                sure, reasons = sure - 0.03, [*reasons, f"{' and '.join(against)} say otherwise"]
            yield Link(page.said.place, target.place, found.relation, sure, tuple(reasons))


def _templates(pages: Sequence[Page], named: Mapping[str, Said]) -> Mapping[Place, int]:
    """How many different places name an address as their own."""
    naming: dict[Place, set[Place]] = {}
    for page in pages:
        for url in page.head.canonicals:
            if (target := named.get(url)) and target.place != page.said.place:
                naming.setdefault(target.place, set()).add(page.said.place)
    return {place: len(found) for place, found in naming.items()}


def _link(left: Said, right: Said, found: Belief, reason: str, confidence: float) -> Link:
    return Link(left.place, right.place, found.relation, max(0.0, confidence), (reason,))


def _mutual(pages: Sequence[Page], named: Mapping[str, Said]) -> Iterator[Link]:
    """hreflang that both pages say, neither of them a front page; one side alone is a hint."""
    held: dict[Place, list[Page]] = {}
    for page in pages:
        for place in {page.said.place, *(named[url].place for url in page.head.canonicals if url in named)}:
            held.setdefault(place, []).append(page)
    done: set[frozenset[Place]] = set()
    for page in pages:
        if is_home(page.said.plain):
            continue
        for code, url in page.head.alternates:
            there = named.get(url)
            if there is None or there.place == page.said.place or is_home(there.plain) or code == "x-default":
                continue
            pair = frozenset((page.said.place, there.place))
            if pair in done:
                continue
            own = {page.said.place, *(named[each].place for each in page.head.canonicals if each in named)}
            back = any(
                named[other].place in own
                for one in held.get(there.place, ())
                for _, other in one.head.alternates
                if other in named
            )
            left, right, relation = _languages(page, there, code)
            if back:
                done.add(pair)
                yield Link(left, right, relation, 0.95, ("hreflang on both pages names the other",))
            else:
                yield Link(left, right, relation, 0.6, (f"hreflang names it as {code}, and nothing says so there",))


def _languages(page: Page, there: Said, code: str) -> tuple[Place, Place, str]:
    """Which of the two is the English one of the other: left is `relation` of right."""
    own = next((lang for lang, url in page.head.alternates if _same(url, page.said)), page.head.language or "")
    if code.startswith("en") and not own.startswith("en"):
        return there.place, page.said.place, "english"
    if own.startswith("en") and not code.startswith("en"):
        return page.said.place, there.place, "english"
    return page.said.place, there.place, "original"


def _same(url: str, said: Said) -> bool:
    try:
        return read(url).place == said.place
    except ValueError:
        return False


def _landed(page: Page, there: Said) -> Iterator[Link]:
    """A visit that ended at another address: the server says where the text is."""
    found = belief(page.said, there)
    if found is None:
        return
    house = one_house(page.said.plain, there.plain) or (page.said.place.outlet and page.said.place.outlet == there.place.outlet)
    if found.relation == "mirror" or house or opaque(page.said.plain):
        yield Link(page.said.place, there.place, found.relation, found.confidence, (f"its redirect {found.reason}",))
    else:
        yield Link(page.said.place, there.place, "original", 0.5, ("it redirects to another house",))


# Images, texts, citations


def _images(pages: Sequence[Page]) -> Iterator[Link]:
    """A lead image named by a digest is one article's; with a path that the outlet would write it tells a mirror."""
    by_image: dict[str, list[Page]] = {}
    for page in pages:
        image = page.head.image
        if image is None:
            continue
        yield from _numbered(page, image)
        if _DIGEST.search(image):
            by_image.setdefault(_image(image), []).append(page)
    for held in by_image.values():
        known = [page for page in held if page.said.placed]
        for page in held:
            if page.said.known:
                continue
            for other in known:
                assert other.said.placed
                fits = outlets.in_edition(other.said.placed.edition, urlsplit(page.said.plain).path)
                if fits and near(fits, other.said.placed):
                    why = "a path of the outlet's grammar, and the same lead image"
                    yield Link(page.said.place, other.said.place, "mirror", 0.93, (why,))
        yield from _two_languages(known)


def _two_languages(held: Sequence[Page]) -> Iterator[Link]:
    """One image on two articles of one outlet in two languages, at most two days apart: with the same figures, one work."""
    places = {
        (page.said.place.outlet, page.said.place.edition): {
            p.said.place for p in held if p.said.place.edition == page.said.place.edition
        }
        for page in held
    }
    for one in held:
        for other in held:
            a, b = one.said.placed, other.said.placed
            assert a and b
            if a.edition.relation != "original" or b.edition.relation != "english" or a.place.outlet != b.place.outlet:
                continue
            if not (one.said.day and other.said.day and abs((one.said.day - other.said.day).days) <= NEAR):
                continue
            alone = all(len(each) == 1 for each in places.values())
            share = likeness.shared(likeness.figures(one.text or ""), likeness.figures(other.text or ""))
            reasons = ["one lead image in two editions of the outlet, at most two days apart"]
            if alone and share >= 0.5:
                yield Link(
                    other.said.place, one.said.place, "english", 0.92, (*reasons, f"{share:.0%} of the figures are shared")
                )
            else:
                yield Link(other.said.place, one.said.place, "english", 0.8, tuple(reasons))


def near(one: Placed, other: Placed) -> bool:
    """One place, or the same slug at most two days apart."""
    if one.place == other.place:
        return True
    if one.slug is None or one.slug != other.slug:
        return False
    return one.day is None or other.day is None or abs((one.day - other.day).days) <= NEAR


def _numbered(page: Page, image: str) -> Iterator[Link]:
    """The Moscow Times names an article's image `ID__md5(ID).jpg`: the article's id, on mirrors and without it too."""
    found = _NUMBERED.search(urlsplit(image).path)
    if found is None or hashlib.md5(found[1].encode(), usedforsecurity=False).hexdigest() != found[2].lower():
        return
    path = urlsplit(page.said.plain).path
    fits = [page.said.placed] if page.said.placed else list(outlets.fitting(path))
    meant = [
        each for each in fits
        if any(form.soft for form in each.edition.forms)
        and (page.said.known or each.edition.language == page.head.language)
    ]  # fmt: skip
    places = {Place(each.place.outlet, each.place.edition, f"id:{found[1]}") for each in meant}
    if len(places) != 1 or (place := places.pop()) == page.said.place:
        return
    if all(each.form.soft or each.place == place for each in meant):
        relation = "original" if page.said.known else "mirror"
        yield Link(page.said.place, place, relation, 0.95, (f"its lead image is article {found[1]}'s",))


def _image(url: str) -> str:
    """The digest that names an image, whatever its size and host."""
    return str(max(_DIGEST.findall(url), key=len)).lower()


def _alike(pages: Sequence[Page]) -> Iterator[Link]:
    """Texts that are near one another: a mirror where the path is the outlet's too; else a proposal."""
    texts = {str(i): page for i, page in enumerate(pages) if page.text}
    sketches = {name: likeness.shingles(page.text or "") for name, page in texts.items()}
    for left, right in likeness.pairs({name: sorted(sketch)[:64] for name, sketch in sketches.items()}):
        one, other = texts[left], texts[right]
        share = likeness.alike(sketches[left], sketches[right])
        if share < SOME_TEXT or one.said.place == other.said.place:
            continue
        if one.said.known and not other.said.known:
            one, other = other, one
        why = f"{share:.0%} of the runs of words are shared"
        if share >= NEAR_TEXT and other.said.placed and not one.said.known:
            fits = outlets.in_edition(other.said.placed.edition, urlsplit(one.said.plain).path)
            if fits and near(fits, other.said.placed):
                yield Link(one.said.place, other.said.place, "mirror", 0.92, ("a path of the outlet's grammar", why))
                continue
        yield Link(one.said.place, other.said.place, "reprint" if share >= NEAR_TEXT else "paraphrase", share * 0.8, (why,))
    figured = {name: likeness.figures(page.text or "") for name, page in texts.items()}
    for left, right in likeness.pairs(figured):
        share = likeness.shared(figured[left], figured[right])
        one, other = texts[left], texts[right]
        if share >= 0.5 and one.said.place != other.said.place and likeness.alike(sketches[left], sketches[right]) < SOME_TEXT:
            yield Link(one.said.place, other.said.place, "paraphrase", 0.4, (f"{share:.0%} of the figures are shared",))


def _cites(pages: Sequence[Page], asked: Mapping[Place, Said]) -> Iterator[Link]:
    """Who links to whom: a report on a work is not the work."""
    for page in pages:
        met: set[Place] = set()
        for url in page.cited:
            try:
                place = read(url).place
            except ValueError:
                continue
            if place in asked and place != page.said.place and place not in met:
                met.add(place)
                yield Link(page.said.place, place, "cites", 0.95, ("its text links there",))
