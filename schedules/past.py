"""When each target of the plan was visited last, and whether it answered: told by the archive and its ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from archive.capture import Capture, Outcome
from archive.ledger.book import Book
from archive.ledger.observation import Window
from archive.shelf import Archive
from archive.urls import filed_under
from crawler.rounds import wanted
from crawler.source import Source
from schedules.plan import Address, Docket, Past, Target

# Words that say nobody answered for the page itself: another try may. All other words are answers, "gone" too.
TROUBLES = frozenset(("captcha", "blocked", "outage", "login", "unreachable"))
LOOKED = 16  # visits of a page that tell how often it changes
TRIED = 5  # askings of a court that are looked through for the plan's own: people ask for other windows between


def pasts(
    targets: Iterable[Target], archive: Archive, book: Book | None, sources: Mapping[str, Source], now: datetime
) -> dict[str, Past]:
    """By the target's name; those never visited are left out. book: None where nothing was ever read. now: UTC.

    An address was answered when its newest visit brought an answer that is no captcha, block or outage. A register was, when
    every window of its newest asking was; that asking had ended when each window was asked for, and each card visited whose
    turn had come.
    """
    wanted = list(targets)
    dockets = [each for each in wanted if isinstance(each, Docket)]
    addresses = [each for each in wanted if isinstance(each, Address)]
    found = _addresses([each.url for each in addresses], archive, book)
    if book is not None:
        bounded = [each.url for each in addresses if each.soonest is not None or each.latest is not None]
        found |= _rhythms({url: found[url] for url in bounded if url in found}, archive, book)
    if book is not None and dockets:
        found |= _dockets(dockets, archive, book, sources, now)
    return found


def longest_ago(addresses: Iterable[Address], archive: Archive) -> list[Address]:
    """Those that never answered first, then by when they did last: about in the order in which they are due, and soon told."""
    keys = {each.url: filed_under(each.url) for each in addresses}
    last = {key: capture.seq for key, capture in archive.index.latest(keys.values()).items()}
    return sorted(addresses, key=lambda each: last.get(keys[each.url], -1))


def _addresses(urls: list[str], archive: Archive, book: Book | None) -> dict[str, Past]:
    ended = archive.deciding(urls)
    whole = {capture.id for capture in ended.values() if capture.outcome.whole}
    verdicts = {each.capture: each.verdict for each in book.extractions(captures=whole)} if book else {}
    return {url: Past(capture.at, _trouble(capture, verdicts.get(capture.id))) for url, capture in ended.items()}


def _rhythms(pasts: Mapping[str, Past], archive: Archive, book: Book) -> dict[str, Past]:
    """With how its newest visits found each: by what was read, so that a page's counters and rates are no change."""
    ids = {
        url: [capture.id for capture in archive.captures(url) if capture.url == url and capture.foreign is None][-LOOKED:]
        for url in pasts
    }
    asked = {id_ for found in ids.values() for id_ in found}
    read = {each.capture: each.reading for each in book.extractions(captures=asked) if each.verdict == "page"}
    return {url: _rhythm(past, [read[id_] for id_ in ids[url] if id_ in read]) for url, past in pasts.items()}


def _rhythm(past: Past, readings: list[str]) -> Past:
    steps = [later == earlier for earlier, later in pairwise(readings)]
    row = next((n for n, same in enumerate(reversed(steps)) if same != steps[-1]), len(steps))
    return replace(past, same=row, changed=0) if steps and steps[-1] else replace(past, same=0, changed=row)


def _trouble(capture: Capture, verdict: str | None) -> str | None:
    if not capture.outcome.whole:
        return str(capture.outcome)
    if verdict is None:
        return "not read"  # killed between keeping and reading, or refused by the ledger
    return verdict if verdict in TROUBLES else None


def _dockets(
    dockets: list[Docket], archive: Archive, book: Book, sources: Mapping[str, Source], now: datetime
) -> dict[str, Past]:
    askings: dict[tuple[str, str], list[str]] = defaultdict(list)
    wrong: dict[tuple[str, str], list[str]] = defaultdict(list)
    for source, court, run, at in book.runs():
        # What was asked while the clock ran ahead may be newer or older than all else: only the log knows.
        (wrong if at > now else askings)[source, court].append(run)
    near = {run for d in dockets for run in (*askings[d.source, d.court][-TRIED:], *wrong[d.source, d.court])}
    windows: dict[str, list[Window]] = defaultdict(list)
    for window in book.coverage(runs=near):
        windows[window.asked.run].append(window)
    pages: dict[str, list[Capture]] = defaultdict(list)
    for page in book.windows(runs=near):
        pages[page.asked.run].append(archive.capture(page.capture))
    found = {}
    for docket in dockets:
        runs = [*askings[docket.source, docket.court][-TRIED:], *wrong[docket.source, docket.court]]
        for run in sorted(runs, key=lambda each: max(page.seq for page in pages[each]), reverse=True):
            past = _asking(docket, sources[docket.source], windows[run], pages[run], archive, book)
            if past is not None:
                found[docket.name] = past
                break
    return found


def _asking(
    docket: Docket, source: Source, windows: list[Window], pages: list[Capture], archive: Archive, book: Book
) -> Past | None:
    """What one asking of a court's register says; None where it was for other windows than the plan's."""
    first = min(pages, key=lambda capture: capture.seq)
    asked = {(window.asked.register, window.asked.first, window.asked.last) for window in windows}
    # It was made a moment before the first page was asked for: that may have been the day before.
    days = (first.at.date(), first.at.date() - timedelta(days=1))
    meant = [{(s.register, s.first, s.last) for s in source.seeds(docket.query(day)) if s.url} for day in days]
    if not any(asked & each for each in meant):
        return None
    # Each card whose turn had come was visited since, with whatever end.
    then = max(window.at for window in windows)
    left = wanted(book, archive, source, [page.id for page in pages], first.seq, then, tried=True)
    ended = any(each <= asked for each in meant) and not left
    trouble = next((window.asked.gap for window in windows if window.asked.gap in TROUBLES), None)
    paused = {page.id for page in pages if page.outcome is Outcome.PAUSED}  # as by a proxy that is gone
    if trouble is None and any(window.asked.gap and window.capture in paused for window in windows):
        trouble = str(Outcome.PAUSED)
    return Past(first.at, trouble, ended)
