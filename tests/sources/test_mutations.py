"""Every page of every source, built otherwise than we know it: refused, flagged or unread, and never a wrong value."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest

from archive.ledger.observation import Reading
from crawler import sites
from crawler.errors import Unreadable
from crawler.page import Page
from crawler.source import Source
from tests.sources.fixture import fixtures
from tests.sources.mutants import NEW, Mutant, mutants
from tests.sudrf.invented import ADDRESSES, PAGES, QUERY

SOME = 40  # changes of each page in the fast form
# What an alarm is raised by; a flag that the page had before says nothing of the change.
Saved = tuple[Source, str, str, bytes, str]


def saved() -> Iterator[tuple[str, Saved]]:
    """Source, address, content type, body and the pattern of a row: the fixture folders', and those of the invented garrison."""
    for each in fixtures():
        head = each.head
        charset = head["Content-Type"].rpartition("=")[2]
        row = each.row.pattern.decode(charset)
        yield f"{each.file.parent.name}-{each.file.stem}", (
            each.source, head["URL"], head["Content-Type"], each.file.read_bytes(), row,
        )  # fmt: skip
    for name in ("listing", "hearings", "card"):
        body = (PAGES / f"{name}.html").read_bytes()
        url = ADDRESSES.get(name, QUERY)
        yield f"garrison-{name}", (sites.source_named("sudrf"), url, "text/html; charset=windows-1251", body, r"<tr\b.*?</tr>")


ALL = [pytest.param(each, id=name) for name, each in saved()]


def opened(page: Saved, source: str | None = None) -> Page:
    site, url, content_type, body, _ = page
    if source is not None:
        body = source.encode(content_type.rpartition("=")[2], "replace")
    return Page.open(body, url, content_type=content_type, default_charset=site.charset)


def read(page: Saved, source: str | None = None) -> Reading | None:
    """What the source reads; None where it is refused."""
    shown = opened(page, source)
    answer = page[0].judge(shown)
    if answer is None or answer[0] != "page":
        return None
    try:
        return page[0].read(shown)
    except Unreadable:
        return None


def said(reading: Reading) -> dict[str, list[frozenset[tuple[str, str]]]]:
    """By registration and kind of part (person, event ...) what is stated of each such part, numbers left out.

    A lost row moves the numbers of those below it. What has no value states nothing, and of `other` and `unknown` the raw
    words count.
    """
    held: dict[str, set[tuple[str, str]]] = {}
    for one in reading.observations:
        subject = re.sub(r"(#hearing:[^:]*):.*", r"\1", one.subject)
        if one.value is not None:
            vague = one.value in ("other", "unknown") and not one.derived
            held.setdefault(subject, set()).add((one.property, one.raw if vague else one.value))
    parts: dict[str, list[frozenset[tuple[str, str]]]] = {}
    for subject, facts in held.items():
        parts.setdefault(re.sub(r"(#(?:person|event)):\d+", r"\1", subject), []).append(frozenset(facts))
    return parts


def wrong(whole: Reading, changed: Reading) -> list[tuple[str, list[tuple[str, str]]]]:
    """What the changed page states of a person, event or case and no such part of the whole one has; with the whole's nearest."""
    known, found = said(whole), []
    for kind, parts in said(changed).items():
        for part in parts:
            facts = part - {("name", NEW)}  # a renamed key, kept in its own words
            if not any(facts <= one for one in known.get(kind, ())):
                nearest = max(known.get(kind, [frozenset()]), key=lambda one: len(one & part))
                found.append((kind, sorted(facts - nearest)))
    return found


def hold(page: Saved, chosen: list[Mutant]) -> tuple[int, list[object]]:
    """How many of these changes were refused, and those that led to a wrong value without an alarm."""
    whole = read(page)
    assert whole is not None
    refused, bad = 0, list[object]()
    for mutant in chosen:
        changed = read(page, mutant.source)
        if changed is None:
            refused += 1
        elif set(changed.flags) <= set(whole.flags) and (found := wrong(whole, changed)):
            bad.append((mutant.name, found))
    return refused, bad


def every(page: Saved) -> list[Mutant]:
    source = opened(page).text
    return list(
        {each.source: each for each in mutants(source, re.compile(page[4], re.DOTALL)) if each.source != source}.values()
    )


@pytest.mark.parametrize("page", ALL)
def test_a_page_built_otherwise_states_nothing_wrong(page: Saved) -> None:
    """Cut, rows lost or doubled, columns and headers moved, renamed, lost or new, cells empty, tables exchanged: some of each."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    made = every(page)
    assert len(made) > SOME
    _, bad = hold(page, random.Random(seed).sample(made, SOME))
    assert bad == []


@pytest.mark.full
@pytest.mark.parametrize("page", ALL)
def test_no_change_of_a_page_states_anything_wrong(page: Saved) -> None:
    """The same, every change; a page that breaks off is refused wherever it does."""
    made = every(page)
    refused, bad = hold(page, made)
    assert bad == []
    assert refused >= 19


def test_the_kinds_of_change_are_all_made() -> None:
    """A generator that made none of one kind would prove nothing of it."""
    kinds = ("cut", "and closed", "row", "doubled", "headers", "columns", "renamed", "lost", "a column before", "emptied",
             "tables", "titles")  # fmt: skip
    names = [each.name for page in ALL for each in every(page.values[0])]  # type: ignore[arg-type]
    assert {kind: any(kind in name for name in names) for kind in kinds} == dict.fromkeys(kinds, True)
    assert len(names) > 2500


def test_a_reader_that_goes_by_places_is_caught() -> None:
    """The mutant: a reader that takes what stands under the header `Судья` for the day of receipt is seen to be wrong."""
    page = next(each for name, each in saved() if name == "garrison-listing")
    whole = read(page)
    assert whole is not None
    moved = [
        type(one)(one.subject, one.property, one.raw, "2026-01-01" if one.property == "received" else one.value,
                  one.selector, one.quote, one.start, one.end, one.derived)
        for one in whole.observations
    ]  # fmt: skip
    assert wrong(whole, type(whole)("page", whole.parser, whole.charset, observations=tuple(moved)))


@pytest.mark.parametrize("page", ALL)
def test_another_page_under_its_address(page: Saved) -> None:
    """Each page of each source, sent in place of this one: refused, flagged, or it states what it states at its own address."""
    site, url, *_ = page
    bad = []
    for name, other in saved():
        if other == page:
            continue
        own, here = read(other), read((site, url, *other[2:]))
        assert own is not None
        if here is not None and set(here.flags) <= set(own.flags) and (found := wrong(own, here)):
            bad.append((name, found))
    assert bad == []
