"""Which sources does a text name without a link? "According to court data compiled by Mediazona"; pure.

English, Russian and Ukrainian. A name is a run of capitalised words or a quoted title beside a word of attribution. Who
is meant, and where it was said, stays unresolved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from crawler.citations.values import Named

MOST = 1000  # in one document
_CAP = r"[A-ZА-ЯЁІЇЄҐ][\w'\u2019.-]*\w"
_EN = rf"(?:[Tt]he\s+)?{_CAP}(?:\s+(?:(?:of|for|the|de)\s+)*{_CAP}){{0,5}}"
_CYR_CAP = r"[A-ZА-ЯЁІЇЄҐ][\w'\u2019-]*\w"
_CYR = rf"(?:[«\"“„](?P<a>[^»\"”“\n]{{2,60}})[»\"”“]|(?P<ab>{_CYR_CAP}(?:\s+{_CYR_CAP}){{0,4}}))"
_KIND = r"(?:(?:издани[а-я]+|газет[а-я]+|проект[а-я]*|агентств[а-я]+|видання|газети|агентств[оа]|проєкту|телеканал[а-я]*)\s+)*"
_SAID = (
    r"(?:reports?|reported|wrote|writes|found|revealed|calculated|counted|estimated|noted|said|adds|added|learned|published)"
)
_PATTERNS = [
    re.compile(
        r"\b[Aa]ccording\s+to\s+(?:(?:(?:court|official|open|public|leaked|new|recent|internal|the|a|an|its|their|independent|news)\s+)*"
        r"(?:data|figures|records|documents|tally|count|analysis|investigation|statistics|estimates|report|outlet|website|media)\s+"
        rf"(?:(?:compiled|collected|published|obtained|released|provided|gathered|seen|analy[sz]ed|shared)\s+)?(?:by|from|of)\s+)?(?P<a>{_EN})"
    ),
    re.compile(
        r"\b(?:compiled|collected|published|obtained|gathered|analy[sz]ed|calculated|reported|first reported|verified)\s+by\s+"
        rf"(?:the\s+(?:[a-z-]+\s+){{0,4}})?(?P<a>{_EN})"
    ),
    re.compile(rf"\b(?:data|figures|statistics|tally|report|investigation|count)\s+(?:by|from|of)\s+(?P<a>{_EN})"),
    re.compile(rf"\b(?P<a>{_EN})(?:['\u2019]s?)\s+(?:own\s+)?(?:\w+\s+)?(?:tally|count|investigation|analysis|report|calculations|data|estimates)\b"),
    re.compile(rf"\b(?:outlet|website|newspaper|agency|project|publication|broadcaster|magazine)\s+(?P<a>{_EN})\s+{_SAID}\b"),
    re.compile(rf"(?P<a>\bThe\s+{_CAP}(?:\s+{_CAP}){{0,3}})\s+(?:has\s+)?{_SAID}\b"),
    re.compile(rf"\b(?:told|tells)\s+(?P<a>{_EN})"),
    re.compile(rf"\b{_CAP}\s+{_CAP}\s+of\s+(?P<a>{_EN})\s+{_SAID}\b"),
    re.compile(
        r"\b(?:[Пп]о\s+(?:данным|подсч[её]там|информации|сведениям|оценкам?)|[Сс]о\s+ссылкой\s+на|[Кк]ак\s+(?:сообща[а-я]+|писал[аи]?|пишет|выяснил[аи]?)"
        r"|[Зз]а\s+(?:даними|підрахунками|інформацією|оцінками)|[Іі]з\s+посиланням\s+на|[Яя]к\s+(?:повідомля[а-яіїє]+|пише|писала))\s+"
        + _KIND + _CYR
    ),
    re.compile(
        r"\b(?:сообщил[аи]?|сообща[ею]т|пиш[еу]т|рассказал[аи]?|підрахувал[аи]|подсчитал[аи]?|повідомил[аи]|повідомля[єю]т[ь]?)\s+"
        + _KIND + r"[«\"“„](?P<a>[^»\"”“\n]{2,60})[»\"”“]"
    ),
]  # fmt: skip
_NO_NAMES = """
    he she it they we i this that these those article court courts prosecutors officials moscow kyiv russia ukraine
    january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday
"""
_NONE = frozenset(_NO_NAMES.split())


def named(text: str) -> Iterator[Named]:
    """In the order of the text, each place once. The quote is the part of the sentence that names the source."""
    seen: list[tuple[int, int]] = []
    found: list[Named] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            group = "a" if match["a"] is not None else "ab"
            start, end = match.span(group)
            name = " ".join(re.split(r"(?<=\w)\.\s", match[group])[0].split()).strip(" .,-")
            name = re.sub(r"['\u2019]s?\Z", "", name)
            if any(start < other and first < end for first, other in seen):
                continue
            if name.removeprefix("The ").removeprefix("the ").lower() in _NONE or len(name) < 3:
                continue
            seen.append((start, end))
            found.append(Named(name, " ".join(text[match.start() : match.end()].split()), match.start(), match.end()))
            if len(found) >= MOST:
                break
    yield from sorted(found, key=lambda each: each.start)
