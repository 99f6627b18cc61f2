"""Which addresses are one work? Links between places, each with its reasons, and the groups they make; pure.

A link joins when it says that both sides are one work and is sure enough; whatever else is known (likeness, who cites
whom) stays a proposal. Strong links come first; one that would make two articles of one edition one work, or join what
a person has parted, joins nothing. Nothing is stored: take a link out, and the groups come out without it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from crawler.editions.address import SURE, Said
from crawler.editions.outlets import Place

METHOD = "editions/1"
JOINING = frozenset(("original", "mirror", "amp", "print", "english"))  # relations of one work's addresses
_RANK = ("original", "english", "translation", "print", "amp", "mirror", "reprint", "paraphrase", "cites", "unknown")


@dataclass(frozen=True, slots=True)
class Link:
    """What `left` is to `right`: relation, confidence (0..1), reasons, and the method that says so."""

    left: Place
    right: Place
    relation: str
    confidence: float
    reasons: tuple[str, ...]
    method: str = METHOD

    def __post_init__(self) -> None:
        if self.relation not in _RANK or not 0 <= self.confidence <= 1 or not self.reasons:
            raise ValueError(f"not a link: {self.relation!r}, {self.confidence}, {self.reasons}")

    @property
    def joins(self) -> bool:
        return self.relation in JOINING and self.confidence >= SURE


@dataclass(frozen=True, slots=True)
class Member:
    """One address of a work. relation: to the work. proposals: links that join nothing."""

    url: str
    work: str
    relation: str
    confidence: float
    reasons: tuple[str, ...]

    def row(self) -> dict[str, object]:
        """A line of `crawl editions` (CONTRACT)."""
        return {
            "url": self.url, "work": self.work, "relation": self.relation, "confidence": round(self.confidence, 3),
            "reasons": list(self.reasons),
        }  # fmt: skip


@dataclass(slots=True)
class _Groups:
    """Places united one by one. articles: of each group the one article it has of each outlet's edition."""

    apart: Collection[frozenset[Place]]
    parent: dict[Place, Place] = field(default_factory=dict)
    members: dict[Place, list[Place]] = field(default_factory=dict)
    articles: dict[Place, dict[tuple[str, str], Place]] = field(default_factory=dict)
    how: dict[Place, Link] = field(default_factory=dict)  # the weakest link that holds a place in its group
    refused: list[Link] = field(default_factory=list)

    def add(self, place: Place) -> None:
        if place not in self.parent:
            self.parent[place], self.members[place] = place, [place]
            hard = place.outlet and not place.key.startswith("slug:")
            self.articles[place] = {(place.outlet, place.edition): place} if hard else {}

    def root(self, place: Place) -> Place:
        self.add(place)
        while self.parent[place] != place:
            self.parent[place] = self.parent[self.parent[place]]
            place = self.parent[place]
        return place

    def join(self, link: Link) -> None:
        left, right = self.root(link.left), self.root(link.right)
        if left == right:
            return
        if why := self._forbidden(left, right):
            self.refused.append(replace(link, confidence=min(link.confidence, 0.5), reasons=(*link.reasons, why)))
            return
        small, large = sorted((left, right), key=lambda each: (len(self.members[each]), each.outlet, each.edition, each.key))
        self.parent[small] = large
        self.members[large] += self.members.pop(small)
        self.articles[large] |= self.articles.pop(small)
        for end in (link.left, link.right):
            self.how.setdefault(end, link)

    def _forbidden(self, left: Place, right: Place) -> str | None:
        one, other = self.articles[left], self.articles[right]
        for edition in one.keys() & other.keys():
            if one[edition] != other[edition]:
                return f"it would make two articles of {edition[0]} {edition[1]} one work"
        if any(
            frozenset((a, b)) in self.apart for a in self.members[left] for b in self.members[right]
        ) if self.apart else False:  # fmt: skip
            return "a person has parted them"
        return None


def grouped(addresses: Iterable[Said], links: Iterable[Link], apart: Collection[frozenset[Place]] = ()) -> list[Member]:
    """The addresses with their works, in the order given; the same whatever the order of the links.

    apart: pairs of places that a person has parted.
    """
    said = list(addresses)
    strong = sorted(
        links, key=lambda each: (-each.confidence, each.relation, *_text(each.left), *_text(each.right), each.reasons)
    )
    groups = _Groups(apart)
    for each in said:
        groups.add(each.place)
    for link in strong:
        if link.joins:
            groups.join(link)
    proposed = [link for link in strong if not link.joins] + groups.refused
    by_place = _by_place(proposed)
    relations = {each.place: _relation(each, groups) for each in said}
    names: dict[Place, tuple[int, bool, str]] = {}
    for each in said:
        root = groups.root(each.place)
        rank = (_RANK.index(each.relation if each.known else relations[each.place]), each.soft, each.plain)
        names[root] = min(names.get(root, rank), rank)
    works = {root: f"work:{name}" for root, (_, _, name) in names.items()}
    told = {place: works[groups.root(place)] for place in groups.parent if groups.root(place) in works}
    return [_member(each, groups, told, by_place.get(each.place, ())) for each in said]


def _member(said: Said, groups: _Groups, works: Mapping[Place, str], proposed: Collection[Link]) -> Member:
    how = groups.how.get(said.place)
    reasons, confidence = list(said.reasons), said.confidence
    relation = _relation(said, groups)
    if how is not None:
        confidence = min(confidence, how.confidence)
        reasons += how.reasons
    own = works[said.place]
    for link in proposed:
        other = link.right if link.left == said.place else link.left
        if (there := works.get(other)) is not None and there != own and not (
            link.left != said.place and link.relation in ("reprint", "paraphrase", "cites", "translation")
        ):  # fmt: skip
            reasons.append(f"not joined with {there} ({link.relation}, {link.confidence:.2f}): {'; '.join(link.reasons)}")
            if relation == "unknown" and link.left == said.place:
                relation, confidence = link.relation, min(confidence, link.confidence)
    return Member(said.url, own, relation, confidence, tuple(dict.fromkeys(reasons)))


def _relation(said: Said, groups: _Groups) -> str:
    """What the address itself says it is; else what the link says that joined it."""
    if said.relation != "unknown":
        return said.relation
    how = groups.how.get(said.place)
    if how is None:
        return "unknown"
    return how.relation if how.left == said.place else "original"


def _by_place(links: Iterable[Link]) -> dict[Place, list[Link]]:
    held: dict[Place, list[Link]] = {}
    for link in links:
        for place in {link.left, link.right}:
            held.setdefault(place, []).append(link)
    return held


def _text(place: Place) -> tuple[str, str, str]:
    return place.outlet, place.edition, place.key
