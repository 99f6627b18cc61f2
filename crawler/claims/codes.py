"""Which articles of the criminal codes does a sentence name, by number or by the offence? Russia's and Ukraine's; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = r"\d{2,3}(?:\.\d{1,2})?(?!\d)"
# A number behind an article's is another article's, where nothing says that it counts something.
_ANOTHER = (
    r"\d{3}(?:\.\d)?(?![\d%])(?!\s\d{3})(?!\s*(?:cases?|дел|справ|проваджен|persons?|people|men|человек|лиц|осіб|soldiers|service|under|for|were|was|had|have|by|по|за|тыс|тис|"
    r"thousand|new|нов|criminal|уголов|кримін|verdict|sentence|приговор|вирок|военнослуж|військовослуж|convict|осужд|засудж|[—–]))"
)
_LISTED = rf"{_NUMBER}(?:\s*\([^)\d]{{0,80}}\))?(?:(?:\s*,\s*|\s+(?:and|or|и|или|та|і|й|або)\s+){_ANOTHER})*"
_WORD = r"(?:articles?|arts?\.?|стать(?:я|и|е|ю|ёй|ей|ям|ями|ях)|статт(?:я|і|ю|ею|ям|ями)|статей|ст\.?)"
_PART = r"(?:part|parts|ч\.?|част(?:ь|и|ью|ині|ини|иною|ям|ями|іна))"
_ARTICLE = re.compile(
    rf"\b(?:{_PART}\s*(?P<part>\d{{1,2}}(?:\.\d)?)\s*(?:of\s+)?)?\b{_WORD}\s*(?P<listed>{_LISTED})(?:-?(?:й|ю|ой|ая|ї|я|ою))?"
    rf"(?:\s*,?\s*\(?(?:{_PART}|paragraph)\s*(?P<after>\d{{1,2}}(?:\.\d)?)\)?)?"
    rf"|\b(?P<ordinal>{_NUMBER})-?(?:й|ю|ой|ая|я|ою|ій)?\s+(?:стать(?:я|и|е|ю|ёй|ей)|статт(?:я|і|ю|ею))\b",
    re.I,
)
# An offence by its name: its article in the codes of Russia and of Ukraine.
_OFFENCES = {
    ("337", "407"): r"unauthori[sz]ed\s+(?:absence|abandonment|leave)|absen(?:t|ce)\s+without\s+(?:official\s+)?leave|"
        r"\bawol\b|(?:abandon|leav)\w*\s+(?:of\s+)?(?:their|a|his|the)?\s*(?:military\s+)?"
    r"(?:units?|posts?)(?:\s+without\s+\w+\s+leave)?|самовольн\w+\s+оставлени\w+(?:\s+(?:воинской\s+)?части)?|\bсоч\b|самовільн\w+\s+залишенн\w+(?:\s+(?:військової\s+)?частини)?|\bсзч\b|неявк\w+\s+(?:на|в|из)",
    ("332", "402"): r"(?:disobe(?:y|ying|dience)|failure\s+to\s+(?:carry\s+out|execute|comply\s+with|obey)|"
        r"non-?compliance\s+with|failing\s+to\s+follow)\s+(?:\w+\s+){0,3}orders?|insubordination|"
    r"неисполнени\w+\s+приказ\w*|неповиновени\w+|невиконанн\w+\s+наказ\w*|непокор\w+",
    ("334", "404"): r"violen\w+\s+against\s+(?:a\s+|their\s+)?(?:superior|commander)s?|"
        r"насильств\w+\s+действи\w+\s+в\s+отношении\s+начальник\w+",
}  # fmt: skip
DESERTION = ("338", "408")
_LOOSE = re.compile(r"\bdesert(?:ion|er|ers|ed|ing)?\b|дезертир\w*", re.I)
_OFFENCE = re.compile("|".join(f"(?P<o{articles[0]}>{words})" for articles, words in _OFFENCES.items()), re.I)
_BY_NAME = {f"o{articles[0]}": articles for articles in _OFFENCES}
# Crimes against military service in the two codes.
_UKRAINIAN = frozenset(str(n) for n in range(401, 436))
_RUSSIAN = frozenset(("332", "333", "334", "335", "336", "337", "338", "339", "340", "344", "346", "352.1"))


@dataclass(frozen=True, slots=True)
class Named:
    """Articles that a text names, and where. other: what they are in the code of Ukraine, where an offence is named.

    loose: by a word that reporters also use for another offence.
    """

    start: int
    end: int
    articles: tuple[str, ...]
    other: tuple[str, ...] = ()
    loose: bool = False


def numbered(sentence: str) -> list[Named]:
    """Articles by their numbers, in the order of the text."""
    found: list[Named] = []
    for match in _ARTICLE.finditer(sentence):
        bare = re.sub(r"\([^)]*\)", "", match["ordinal"] or match["listed"])
        numbers = tuple(dict.fromkeys(re.findall(_NUMBER, bare)))
        part = match["part"] or match["after"]
        if part and len(numbers) == 1:
            numbers = (f"{numbers[0]}/{part}",)
        found.append(Named(*match.span(), numbers))
    return found


def offences(sentence: str) -> list[Named]:
    """Offences by their names, in the order of the text."""
    found = []
    for match in _OFFENCE.finditer(sentence):
        russian, ukrainian = _BY_NAME[match.lastgroup or ""]
        found.append(Named(*match.span(), (russian,), (ukrainian,)))
    found += (Named(*match.span(), (DESERTION[0],), (DESERTION[1],), loose=True) for match in _LOOSE.finditer(sentence))
    return sorted(found, key=lambda each: each.start)


def country_of(numbers: tuple[str, ...]) -> str | None:
    """Whose code has these articles of crimes against service."""
    bare = {number.partition("/")[0] for number in numbers}
    if bare and bare <= _UKRAINIAN:
        return "UA"
    return "RU" if bare and bare <= _RUSSIAN else None
