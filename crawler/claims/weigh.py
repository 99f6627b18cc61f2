"""What does each figure of a text count? Its noun, the verb nearest to it, and the article and period beside it; pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TypeVar

from archive.ledger.stated import Claim
from crawler.citations.named import named
from crawler.claims import codes, lexicon
from crawler.claims.codes import Named
from crawler.claims.figures import Figure, figures, may_state, openings
from crawler.claims.lexicon import Word
from crawler.claims.periods import Span, dates, periods, rates
from crawler.claims.sentences import Sentence, paragraphs, sentences, within

FAR = 48  # characters: a noun further away from a figure is not what it counts
NEAR = 400  # characters: what a sentence leaves unsaid is not looked for further back
FEW = 10  # a figure below is often that of one story, and no count
_URL = re.compile(r"https?://\S+|www\.\S+")
_NUMBERED = re.compile(r"ст\.\s?ст\.\s*\d[\d\s,–-]*|\d[\d()]*[-/]\d[-/\d]*(?:/\d{4})?|№\s*\S+")
_OF_THEM = re.compile(r"\s*(?:of\s+(?:them|these|those|the\s+\w+)|из\s+них|из\s+этих|з\s+них|із\s+них)", re.I)
_OF_THE = re.compile(r"\s+(?:of(?:\s+(?:the|these|those|all))?|из\s+(?:этих|всех)|з\s+(?:цих|усіх))(?=\s)", re.I)
_GOES_ON = re.compile(
    r"\s*(?:[,.;)—–-]|$|under\b|for\b|in\b|и\b|по\b|за\b|в\b|у\b|\()|\s*(?:had|have|were|was|are|received|got|—|уже|вже|были|получил|отримал)\b",
    re.I,
)
_OUTLET = re.compile(r"\b(?:the\s+(?:news\s+)?(?:outlet|publication|website|newspaper)|издани[еяю]|видання)\b", re.I)
_PROSECUTORS = re.compile(
    r"prosecutor\s+general|investigat\w+|генпрокур\w+|генеральн\w+\s+прокур\w+|следовател\w+|слідч\w+|ДБР\b|ОГП\b", re.I
)
_TOTAL = re.compile(
    r"\b(?:in\s+total|total|overall|altogether|всего|итого|в\s+общей\s+сложности|загалом|всього|усього)\b", re.I
)
_UKRAINIAN = re.compile(r"[іїєґ]", re.I)
_COURTS_NOT_PEOPLE = re.compile(
    r"\s+(?:суд|част|прокур|округ|следств|дейст|комисс|комісар|опера|лет|преступ|объект|след|дій|служб|злоч|правопор|формуван)",
    re.I,
)
# Which metrics a unit may have.
_FINE_FOR = {
    "case": frozenset(("received", "initiated", "submitted", "decided", "pending", "acquitted", "exempted", "acts-published")),
    "person": frozenset((
        "received", "submitted", "decided", "pending", "convicted", "acquitted", "exempted", "suspended-sentences",
        "prison-sentences",
        "recruited", "army-size", "verdicts",
    )),
    "percent": frozenset(("suspended-sentences", "prison-sentences", "exempted", "acquitted", "acts-published", "submitted")),
    "times": frozenset(("received", "initiated", "submitted", "decided", "convicted", "acquitted", "verdicts",
    "suspended-sentences")),
}  # fmt: skip
_THINGS = ("crime", "text", "verdict", "case", "person", "year")  # a word that may be several is the first
# What a sentence must speak of to claim anything; and to have something to count, where it goes on from no claim before it.
_SPEAKING = frozenset(("court", "penalty", "v:recruited", "p", "article", "offence"))
_COUNTING = frozenset((*_THINGS, "share", "army"))
_TOTALS = frozenset(("received", "convicted", "verdicts", "decided", "acquitted", "acts-published"))
_ARMY = frozenset(("recruited", "army-size"))

Slice = tuple[int, int]
T = TypeVar("T", Named, Span)


@dataclass(frozen=True, slots=True)
class Told:
    """A claim, and the slices of the text that say it: its sentence, its figure, and each property that has a place."""

    claim: Claim
    sentence: Slice
    figure: Slice
    places: dict[str, Slice] = field(default_factory=dict)


class Document:
    """What of the whole text a sentence may need: its countries, its topic, and which offence its loose words mean."""

    def __init__(self, text: str, lowered: str, published: date | None) -> None:
        self.text, self.lowered, self.published = text, lowered, published

    @cached_property
    def said(self) -> list[Sentence]:
        return sentences(self.text)

    @cached_property
    def loosely(self) -> tuple[str, str]:
        """What this text means by desertion: the offence of that name, or another that it describes and never sets "
        "against it."""
        by_number: set[str] = set()
        by_name: list[Named] = []
        for each in self.said:
            by_number.update(number.partition("/")[0] for one in codes.numbered(each.text) for number in one.articles)
            named_here = codes.offences(each.text)
            firm = [mention for mention in named_here if not mention.loose]
            if firm and len(firm) < len(named_here):
                return codes.DESERTION
            by_name += firm
        if by_number & set(codes.DESERTION) or not by_name:
            return codes.DESERTION
        return by_name[0].articles[0], by_name[0].other[0]

    @cached_property
    def refusal(self) -> Slice | None:
        return lexicon.refusal(self.text, self.lowered)

    @cached_property
    def countries(self) -> list[tuple[int, str, bool]]:
        aside = [(each.start, each.end) for each in self.said if lexicon.ASIDE.match(each.text)]
        found = sorted(lexicon.countries(self.lowered))
        return [each for each in found if not any(start <= each[0] < end for start, end in aside)]

    def country(self, sentence: Sentence, at: int) -> str | None:
        """Whose courts are meant at this place: who acts in the sentence before it, else whom was spoken of last."""
        inside = [each for each in self.countries if sentence.start <= each[0] < sentence.end]
        acting = [each for each in inside if each[2]]
        before = [each for each in acting or inside if each[0] < at]
        if chosen := (before[-1:] or acting[:1] or inside[:1]):
            return chosen[0][1]
        n = bisect_right(self.countries, (sentence.start, "", False))
        if known := self.countries[n - 1 : n] or self.countries[:1]:
            return known[0][1]
        return "UA" if _UKRAINIAN.search(sentence.text) else None

    def lately(self, sentence: Sentence) -> Named | None:
        """The article that its paragraph named last before this sentence, with its place in the whole text."""
        for each in reversed(self.said):
            if each.end <= sentence.start:
                if each.paragraph != sentence.paragraph:
                    return None
                if found := codes.numbered(each.text) or codes.offences(each.text):
                    return replace(found[-1], start=found[-1].start + each.start, end=found[-1].end + each.start)
        return None


def claims_of(text: str, lowered: str, published: date | None) -> list[Told]:
    """The claims of all sentences, each understood from its own words and from those before."""
    document, found = Document(text, lowered, published), list[Told]()
    for sentence in _stating(text, lowered):
        last = found[-1] if found and found[-1].sentence[1] > sentence.start - NEAR else None
        own = lowered[sentence.start : sentence.end]
        tags = lexicon.meanings(own)
        if last or (tags & _SPEAKING and (tags & _COUNTING or "%" in own)):
            found += _Reader(document, sentence, tags, last).claims()
    return _dated(found)


def _stating(text: str, lowered: str) -> Iterator[Sentence]:
    """The sentences that may state a figure; a paragraph without any is not cut."""
    among = openings(lowered)
    for number, (start, end) in enumerate(paragraphs(text)):
        if may_state(lowered[start:end], among):
            for sentence in within(text, start, end, number):
                if may_state(lowered[sentence.start : sentence.end], among):
                    yield sentence


def _dated(found: list[Told]) -> list[Told]:
    """Totals without a day are up to the one day that the text names for its totals, where it names one for that country."""
    days: dict[tuple[str | None, date], Slice] = {}
    for each in found:
        if each.claim.as_of and "as_of" in each.places and each.claim.metric in _TOTALS:
            days.setdefault((each.claim.country, each.claim.as_of), each.places["as_of"])
    out = []
    for each in found:
        claim = each.claim
        bare = claim.as_of is None and claim.period is None and claim.per is None and claim.unit not in ("times", "percent")
        if bare and claim.metric in _TOTALS:
            known = {
                day: place for (whose, day), place in days.items() if whose == claim.country or None in (whose, claim.country)
            }
            if len(known) == 1:
                ((day, place),) = known.items()
                each = replace(each, claim=replace(claim, as_of=day), places={**each.places, "as_of": place})
        out.append(each)
    return out


class _Reader:
    """Reads the figures of one sentence, one after another: what one leaves unsaid may be taken from the one before."""

    def __init__(self, document: Document, sentence: Sentence, tags: frozenset[str], last: Told | None) -> None:
        self.document, self.sentence, self.text, self.tags = document, sentence, sentence.text, tags
        self.words = lexicon.words(self.text)
        self.aside = bool(lexicon.ASIDE.match(self.text))
        self.last = None if self.aside else last
        self.goes_on = self.last is not None and bool(lexicon.BACK.match(self.text))
        self.lawful = "court" in tags or "article" in tags
        self.mentioned: list[Named] = []
        self.spans: list[Span] = []
        self.figures = figures(self.text)

    def claims(self) -> list[Told]:
        found: list[Told] = []
        nouns = [self._noun(figure) for figure in self.figures]
        if not any(nouns) and not any(figure.unit for figure in self.figures) and self.last is None and not self._hands_out():
            return found
        self._look()
        for n, figure in enumerate(self.figures):
            before = found[-1] if found else self.last
            if found and ":" in self.text[self.figures[n - 1].end : figure.start]:
                before = found[0]  # a list of its parts
            if one := self._claim(n, figure, before, inside=bool(found)):
                found.append(one)
        return found

    def _hands_out(self) -> bool:
        """May a figure without a noun count what the words before it speak of?"""
        if not self.figures or "p" not in self.tags:
            return False
        ahead = (word for word in self.words if word.start < self.figures[-1].end)
        return "army" in self.tags or any(_thing(word) in ("verdict", "case") for word in ahead)

    def _look(self) -> None:
        """All that the sentence says besides its figures; and the figures again, those that are part of it left out."""
        months = [word.start for word in self.words if "month" in word.tags] if "month" in self.tags else []
        articles = codes.numbered(self.text) if "article" in self.tags or "ст." in self.text else []
        self.mentioned = articles or (codes.offences(self.text) if "offence" in self.tags else [])
        self.spans = periods(self.text, _around(self.document.published, self.last), months)
        self.rates = rates(self.text) if "rate" in self.tags else []
        self.verbs = lexicon.verbs(self.text, self.words)
        masked = [
            *((each.start, each.end) for each in articles), *((each.start, each.end) for each in self.spans),
            *dates(self.text, month=bool(months)),
            *(found.span() for found in _URL.finditer(self.text) if "://" in self.text or "www" in self.text),
            *(found.span() for found in _NUMBERED.finditer(self.text) if _is_number(found[0])),
        ]  # fmt: skip
        if any(start < figure.end and figure.start < end for start, end in masked for figure in self.figures):
            self.figures = figures(self.text, masked)

    def _bounds(self, n: int) -> Slice:
        """The text between the figure before and the one behind."""
        before = self.figures[n - 1].end if n else 0
        behind = self.figures[n + 1].start if n + 1 < len(self.figures) else len(self.text)
        return before, behind

    def _claim(self, n: int, figure: Figure, before: Told | None, *, inside: bool) -> Told | None:
        places: dict[str, Slice] = {}
        counted = self._counted(n, figure, before, inside=inside, places=places)
        if counted is None:
            return None
        metric, thing = counted
        here = before is not None and self._same_paragraph(before)
        if not (self.lawful or metric in _ARMY or metric == "penalty" or (before and (self.goes_on or here))):
            return None
        per = self._per(n, figure, places)
        articles, country = self._article(n, metric, before, inside=inside, places=places)
        if metric == "penalty":
            if not articles:
                return None
            figure = replace(figure, low=figure.high or figure.low, high=figure.high or figure.low)
        country = country or self._country(figure)
        if country == "UA" and metric == "received" and thing == "case" and _PROSECUTORS.search(self.text):
            metric = "initiated"
        first, last, as_of, base = self._when(n, figure, metric, per, before, inside=inside, places=places)
        if self._one_story(figure, thing, counted=bool(articles or per or first or last or as_of)):
            return None
        group = None
        if not articles and country != "UA" and not self.aside and metric not in _ARMY and self.document.refusal:
            group, places["group"] = "refusal", self.document.refusal
        claim = Claim(
            metric, f"{thing}/{per}" if per else thing, figure.low, figure.high, self.text, articles, group, country,
            first, last,
            as_of, base, figure.about, self._source(before, places),
        )  # fmt: skip
        return Told(claim, (self.sentence.start, self.sentence.end), self._placed(figure.start, figure.end), places)

    def _one_story(self, figure: Figure, thing: str, *, counted: bool) -> bool:
        """`Three men were charged`: a few people of whom nothing says that they are counted."""
        if thing not in ("person", "case", "verdict") or counted or (figure.high or figure.low or 0) >= FEW:
            return False
        noun = self._noun(figure)
        return noun is not None and not any(
            "soldier" in w.tags for w in self.words if figure.end <= w.start and w.end <= noun.end
        )

    def _placed(self, start: int, end: int) -> Slice:
        return self.sentence.start + start, self.sentence.start + end

    # What is counted.

    def _counted(
        self, n: int, figure: Figure, before: Told | None, *, inside: bool, places: dict[str, Slice]
    ) -> tuple[str, str] | None:
        """Metric and unit, without what a rate is per; None for a figure of something else."""
        thing, noun = figure.unit, self._noun(figure)
        if thing is None and noun is not None:
            thing = _thing(noun)
            places["unit"] = self._placed(noun.start, noun.end)
        if thing == "year":
            said = any("penalty" in word.tags for word in self.words if word.end <= figure.start)
            return ("penalty", "year") if said else None
        if thing is None:
            if figure.in_words:
                return None
            thing = self._unsaid(n, figure, before)
        if thing in ("case", "person", "verdict", "crime", "text") and any(
            value is not None and value % 1 for value in (figure.low, figure.high)
        ):
            return None  # nobody counts parts of them
        if thing == "crime":
            return "initiated", thing
        if thing == "text":
            return "acts-published", thing
        if thing == "verdict":
            return self._of_verdicts(figure, noun), thing
        if thing is None:
            return None
        metric = self._verb(n, figure, thing)
        if metric == "verdicts" and thing == "person" and noun is not None and "sentences" in self.text.lower():
            metric = "convicted"  # the verb: a court sentences people
        if metric is None and thing == "case":
            metric = "received"
        if metric is None and thing == "person" and noun is not None:
            metric = "convicted" if "v:convicted" in noun.tags else None
        if metric is None and before is not None and (inside or self.goes_on) and thing in ("person", "times"):
            metric = before.claim.metric
        return (metric, thing) if metric else None

    def _noun(self, figure: Figure) -> Word | None:
        """What the figure counts, where it stands right behind it, with adjectives between at most."""
        of = _OF_THE.match(self.text, figure.end)
        at = of.end() if of else figure.end
        for word in self.words:
            if word.start < at:
                continue
            if (
                word.start > figure.end + FAR
                or "stop" in word.tags
                or not self.text[at : word.start].replace("-", " ").isspace()
            ):
                return None
            if _thing(word) and not (
                word.lower.startswith(("военн", "військов")) and _COURTS_NOT_PEOPLE.match(self.text, word.end)
            ):
                if "person" in word.tags and word.lower in ("military", "convict"):
                    continue
                return word
            at = word.end
        return None

    def _unsaid(self, n: int, figure: Figure, before: Told | None) -> str | None:
        """A figure without a noun: what the words before it hand out; or more of what the figure before counted."""
        if self._verb(n, figure, "person") == "army-size":
            return "person"
        begins, _ = self._bounds(n)
        if n and (own := self._noun(self.figures[n - 1])):
            begins = own.end
        begins = max(begins, figure.start - FAR)
        nouns = [word for word in self.words if begins <= word.start < figure.start and _thing(word) in ("verdict", "case")]
        following = self.text[figure.end : figure.end + 40]
        alone = bool(_GOES_ON.match(following) or rates(following[:24]))
        if nouns and alone and not _OF_THEM.match(following):
            return _thing(nouns[-1])
        if before is None or before.claim.thing in ("percent", "times", "year"):
            return None
        return before.claim.thing if alone or _OF_THEM.match(following) else None

    def _of_verdicts(self, figure: Figure, noun: Word | None) -> str:
        around = [word for word in self.words if noun and figure.end <= word.start <= noun.start]
        for metric in ("suspended-sentences", "acquitted"):
            if any(f"v:{metric}" in word.tags for word in around):
                return metric
        spoken = noun.lower if noun else self.text[: figure.start].lower()
        last = max(("conviction", "verdict", "sentence"), key=spoken.rfind)
        return "convicted" if last == "conviction" and last in spoken else "verdicts"

    def _verb(self, n: int, figure: Figure, thing: str) -> str | None:
        """The nearest word that says what happened, between the neighbouring figures; further off where there is none."""
        fine = _FINE_FOR.get(thing, frozenset())
        known = [each for each in self.verbs if each[2] in fine]
        begins, ends = self._bounds(n)
        for near in ([each for each in known if begins <= each[0] < ends], known):
            if near:
                return min(near, key=lambda each: self._far(figure, *each))[2]
        return None

    def _far(self, figure: Figure, start: int, end: int, metric: str) -> int:
        far = start - figure.end if start >= figure.end else figure.start - end
        between = self.text[min(end, figure.end) : max(start, figure.start)]
        far += 30 * (between.count(";") + between.count(","))
        vague = metric == "received" and self.text[start:end].lower() in ("against", "under", "против", "в отношении", "щодо")
        return far + 30 * vague

    def _per(self, n: int, figure: Figure, places: dict[str, Slice]) -> str | None:
        if figure.unit:
            return None
        begins, ends = self._bounds(n)
        behind = [each for each in self.rates if figure.end <= each[0] < ends]
        ahead = [each for each in self.rates if begins <= each[0] < figure.start]
        if n and ahead and not behind and ahead[-1][0] - begins < FAR:
            ahead = []  # it belongs to the figure before
        for start, end, per in behind[:1] or ahead[-1:]:
            places.setdefault("unit", self._placed(start, end))
            return per
        return None

    # Of which article, whose, and when.

    def _article(
        self, n: int, metric: str, before: Told | None, *, inside: bool, places: dict[str, Slice]
    ) -> tuple[tuple[str, ...], str | None]:
        if metric in _ARMY:
            return (), None
        mention, by = self._beside(n, self.mentioned, lambda each: each.articles, back=metric == "penalty"), self.sentence.start
        if mention is None and metric == "penalty":
            mention, by = self.document.lately(self.sentence), 0
        if mention is not None:
            if mention.loose and self.aside:
                return (), None
            places["article"] = mention.start + by, mention.end + by
            if not mention.other:
                return mention.articles, codes.country_of(mention.articles)
            russian, ukrainian = self.document.loosely if mention.loose else (mention.articles[0], mention.other[0])
            country = self._country(self.figures[n])
            return ((ukrainian,) if country == "UA" else (russian,)), country
        own = self.mentioned and self._noun(self.figures[n]) is not None
        if before is not None and not own and (self.goes_on or inside) and before.claim.metric != "penalty":
            if "article" in before.places:
                places["article"] = before.places["article"]
            return before.claim.articles, None
        return (), None

    def _beside(self, n: int, mentions: list[T], value: Callable[[T], object], *, back: bool = False) -> T | None:
        """Which of the things named in the sentence belongs to its n-th figure: by the order in which the sentence has them."""
        if not mentions:
            return None
        figure, (begins, ends) = self.figures[n], self._bounds(n)
        ahead = [each for each in mentions if begins <= each.start < figure.start]
        behind = [each for each in mentions if figure.end <= each.start < ends]
        if back:
            return next((each for each in reversed(mentions) if each.start < figure.start), None)
        if mentions[0].start >= self.figures[0].start:
            return behind[0] if behind else None
        if len({value(each) for each in mentions}) == 1:
            return mentions[0]
        return ahead[-1] if ahead else (behind[0] if behind and n == 0 else None)

    def _country(self, figure: Figure) -> str | None:
        return self.document.country(self.sentence, self.sentence.start + figure.start)

    def _when(
        self,
        n: int,
        figure: Figure,
        metric: str,
        per: str | None,
        before: Told | None,
        *,
        inside: bool,
        places: dict[str, Slice],
    ) -> tuple[date | None, date | None, date | None, tuple[date | None, date | None] | None]:
        """First and last day of the period, the day up to which was counted, and the period that a ratio compares with."""
        if metric == "penalty":
            return None, None, None, None
        spans = [each for each in self.spans if each.kind == "period"]
        base = None
        if figure.unit == "times":
            behind = [each for each in spans if figure.end <= each.start < self._bounds(n)[1]]
            spans = [each for each in spans if each.end <= self.figures[0].start]
            for each in behind[:1]:
                base, places["base"] = (each.first, each.last), self._placed(each.start, each.end)
        days = [each for each in self.spans if each.kind == "as-of"]
        day = days[0] if len(days) == 1 else self._beside(n, days, lambda each: each.last)
        as_of = day.last if day else None
        if day:
            places["as_of"] = self._placed(day.start, day.end)
        span = spans[0] if len(spans) == 1 else self._beside(n, spans, lambda each: (each.first, each.last))
        if span is not None:
            places["period"] = self._placed(span.start, span.end)
            return span.first, span.last, as_of, base
        if as_of is None and before is not None and self._same_time(before, metric, per, inside=inside):
            places |= {name: before.places[name] for name in ("period", "as_of") if name in before.places}
            return before.claim.first, before.claim.last, before.claim.as_of, base
        return None, None, as_of, base

    def _same_time(self, before: Told, metric: str, per: str | None, *, inside: bool) -> bool:
        """May the time that is not said be that of the claim before?"""
        told = before.claim
        if told.metric in _ARMY or told.metric == "penalty":
            return False
        if inside or self.goes_on or any(each.kind == "same" for each in self.spans):
            return True
        alike = (per and told.per) or (told.metric == metric and not _TOTAL.search(self.text))
        return bool(alike) and self._same_paragraph(before)

    def _same_paragraph(self, before: Told) -> bool:
        return "\n" not in self.document.text[before.sentence[1] : self.sentence.start]

    def _source(self, before: Told | None, places: dict[str, Slice]) -> str | None:
        """Whom the sentence names as its source; `the outlet` is the one named last."""
        if "source" in self.tags:
            for each in self._named:
                places["attributed_to"] = self._placed(each[0], each[1])
                return each[2]
        carried = self.goes_on and before is not None and before.claim.attributed_to and self._same_paragraph(before)
        if carried or ("source" in self.tags and _OUTLET.search(self.text)):
            for found in reversed(list(named(self.document.text[: self.sentence.start]))):
                places["attributed_to"] = found.start, found.end
                return found.name
        return None

    @cached_property
    def _named(self) -> list[tuple[int, int, str]]:
        return [(each.start, each.end, each.name) for each in named(self.text)]


def _thing(word: Word) -> str | None:
    return next((thing for thing in _THINGS if thing in word.tags), None)


def _around(published: date | None, last: Told | None) -> date | None:
    """The day before which a month without a year lies: in the year that was spoken of last, not after the text's own date."""
    spoken = last and (last.claim.last or last.claim.as_of)
    if not spoken or (published and published.year <= spoken.year):
        return published
    return date(spoken.year, 12, 31)


def _is_number(text: str) -> bool:
    """A case's number, which a range is not: `1-123/2023`, `№ 5`."""
    return text.startswith(("№", "ст")) or text.count("/") + text.count("-") >= 2
