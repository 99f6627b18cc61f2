"""Could two written names be one person's? Initials, word order, case endings, romanisations, slips of the hand; pure.

Both scripts are brought to one skeleton of sounds, in which the spellings of one sound (`Щ`, `Shch`, `Sch`, `Šč`) are one
letter; endings of Russian cases are taken off it. Names fit where every word of the shorter one finds its like in the other:
an initial its name in the order of the names, a word one that differs by little. Words that remain on both sides are
against it: of two people of one surname the one with other initials is another.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

from archive.ledger.spellings import cost

_CYRILLIC: Final = {
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "ё": "o", "є": "e", "ж": "z", "з": "z", "и": "i",
    "і": "i", "ї": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "у": "u", "ў": "v", "ф": "f", "х": "h", "ц": "c", "ч": "%", "ш": "$", "щ": "$", "ъ": "", "ы": "i", "ь": "", "э": "e",
    "ю": "iu", "я": "ia", "ә": "a", "ғ": "g", "қ": "k", "ң": "n", "ө": "o", "ұ": "u", "ү": "u", "һ": "h", "ӣ": "i", "ҷ": "%",
}  # fmt: skip
_SOUNDS: Final = str.maketrans(_CYRILLIC)
# What is one sound in Cyrillic is one letter in the skeleton; longer spellings first.
_LATIN: Final = {
    "shch": "$", "shtch": "$", "stsch": "$", "schtsch": "$", "šč": "$", "ŝ": "$", "dzh": "dz", "dsch": "dz", "dj": "dz",
    "tsch": "%", "tch": "%", "č": "%", "ć": "%", "ç": "%", "ĉ": "%", "sch": "$", "sh": "$", "š": "$", "ş": "$", "ch": "%",
    "cz": "c", "zh": "z", "ž": "z", "ż": "z", "ź": "z", "kh": "h", "ḫ": "h", "x": "h", "ts": "c", "tz": "c", "ţ": "c",
    "ph": "f", "th": "t", "gh": "g", "ck": "k", "ce": "ce", "ci": "ci", "cy": "ci", "c": "k", "q": "k", "w": "v", "y": "i",
    "j": "i", "е": "e", "о": "o", "а": "a", "ü": "u", "û": "iu", "â": "ia", "ê": "e", "è": "e", "é": "e", "ë": "o",
}  # fmt: skip
_SPELLED = re.compile("|".join(sorted(map(re.escape, _LATIN), key=len, reverse=True)))
_SIGNS = str.maketrans("", "", "'’ʹʼ`ʺ\"")
# The letters by which a Cyrillic initial may be written in Latin, beside its own sound.
_INITIALS: Final = {
    "е": "eyji", "ё": "eyji", "є": "eyji", "ж": "zjg", "х": "khcx", "ц": "tcz", "ч": "ct", "ш": "sc", "щ": "sc", "ю": "yjiu",
    "я": "yjia", "в": "vw", "й": "yji", "к": "kcq", "г": "gh", "с": "sc", "и": "iy", "ы": "yi", "і": "iy", "ї": "yij",
}  # fmt: skip
# Parts and titles that some writers leave out.
_LOOSE: Final = frozenset((
    "оглы", "оглу", "огли", "угли", "улы", "уулу", "кызы", "кизи", "гызы", "ogly", "oglu", "ogli", "ugli", "uly", "uulu",
    "kyzy", "kizi", "qizi", "gizi", "bin", "ibn", "ben", "bint", "al", "el", "ul", "abu", "de", "del", "della", "di", "da",
    "dos", "van", "von", "der", "den", "le", "la", "dr", "mr", "mrs", "ms", "sir", "lord", "prof", "monsieur", "madame", "mme",
    "jr", "sr", "ii", "iii", "llc", "inc", "shaikh", "sheikh", "haji", "hajji", "mullah", "maulavi", "mawlawi", "president",
))  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:['’ʹʼ`][^\W\d_]+)*['’ʹʼ`]?\.?")
_JOINED = re.compile(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ][a-zа-яё])")
_ENDING = re.compile(r"(?:ogo|omu|ego|emu|im|om|em|imi|h)$|[aeiou]+$")


# The price of a spelling, in tenths of a nat a letter: at _FAIR it is as likely as not one name's, above _FAR it is none.
_FAIR: Final = 12.0
_FAR: Final = 20
_SURE: Final = 7  # as dear as a word beside others may be


class _Token(NamedTuple):
    word: str  # as written, in small letters
    cyrillic: bool
    skeleton: str
    stem: str
    first: str  # its first letter as written, lower case
    initial: bool
    loose: bool
    letters: frozenset[str]


@lru_cache(maxsize=65536)
def _tokens(name: str) -> tuple[_Token, ...]:
    found = []
    for written in _WORD.findall(_JOINED.sub(" ", name) if _JOINED.search(name) else name):
        word = written.rstrip(".").lower()
        skeleton = _skeleton(word)
        if not skeleton:
            continue
        cyrillic, initial, loose = word[0] in _CYRILLIC, len(word) == 1, word in _LOOSE
        found.append(_Token(word, cyrillic, skeleton, _stem(skeleton), word[0], initial, loose, frozenset(skeleton)))
    return tuple(found)


_SOFT = re.compile(r"i+(?=[aeou])")
_TWICE = re.compile(r"(.)\1+")


@lru_cache(maxsize=65536)
def _skeleton(word: str) -> str:
    if word[0] in _CYRILLIC:
        sounds = word.translate(_SOUNDS)
    else:
        sounds = _SPELLED.sub(lambda found: _LATIN[found[0]], word.translate(_SIGNS))
        if not sounds.isascii():
            sounds = "".join(sign for sign in unicodedata.normalize("NFKD", sounds) if not unicodedata.combining(sign))
    return _TWICE.sub(r"\1", _SOFT.sub("", sounds))


def _stem(skeleton: str) -> str:
    stem = _ENDING.sub("", skeleton)
    stem = _ENDING.sub("", stem) if stem.endswith(("a", "e", "i", "o", "u")) else stem
    return stem if len(stem) >= 2 else skeleton


def score(a: str, b: str) -> float:
    """How well two written names fit one person, 0..1; 0.5 is the decision line. Symmetric; the case of letters is nothing.

    It says that they could be one person's, not that they are: names alone never join two people.
    """
    one, other = _tokens(a), _tokens(b)
    if not one or not other:
        return 0.0
    if len(one) == len(other) == 1 and one[0].cyrillic != other[0].cyrillic and not (one[0].initial or other[0].initial):
        return _spelled(one[0], other[0], _FAR)
    if len(one) > len(other) or (len(one) == len(other) and a > b):
        one, other = other, one
    return max(_aligned(one, other), _run_together(one, other))


def keys(name: str) -> tuple[str, ...]:
    """Stems of the name's words in the skeleton of sounds, the longest first; initials and loose parts left out.

    Two spellings of one name mostly share one: enough to look for it, and no proof of anything.
    """
    stems = {token.stem for token in _tokens(name) if not token.initial and not token.loose}
    return tuple(sorted(stems, key=lambda stem: (-len(stem), stem)))


def _aligned(one: tuple[_Token, ...], other: tuple[_Token, ...]) -> float:
    left, right = list(range(len(one))), list(range(len(other)))
    total, met = 0.0, 0
    for i in range(len(one)):
        token = one[i]
        j = (
            -1
            if token.initial
            else next((j for j in right if other[j].skeleton == token.skeleton and not other[j].initial), -1)
        )
        if j >= 0:
            left.remove(i)
            right.remove(j)
            total += 1.0
            met += 1
    if left and right:
        near = ((_similar(one[i], other[j]), -abs(i - j), i, j) for i in left for j in right)
        for similar, _, i, j in sorted((pair for pair in near if pair[0]), reverse=True):
            if i in left and j in right:
                left.remove(i)
                right.remove(j)
                total += similar
                met += 1
    whole = met
    if not met:
        return 0.0
    # Initials stand for names in their order: the first for the first that is left.
    while left and right and (one[left[0]].initial or other[right[0]].initial) and _begins(one[left[0]], other[right[0]]):
        left.pop(0)
        right.pop(0)
        total += 0.95
        met += 1
    against = min(sum(not one[i].loose for i in left), sum(not other[j].loose for j in right))
    more = abs(len(left) - len(right))
    fit = total / met
    if against:
        return 0.48 * fit * whole / (whole + against)
    if met == 1 and len(other) > 1:
        return 0.55 * fit if len(one) == 1 and len(one[0].skeleton) > 3 else 0.3
    return max(0.0, fit - 0.03 * more)


def _run_together(one: tuple[_Token, ...], other: tuple[_Token, ...]) -> float:
    """Words written as one (`AlisherUsmanov`, `Ким Чен Ын` and `Ким Ченын`)."""
    if len(one) == len(other) or any(token.initial for token in (*one, *other)):
        return 0.0
    left, right = ("".join(token.skeleton for token in name) for name in (one, other))
    return 0.9 if left == right else 0.0


def _similar(one: _Token, other: _Token) -> float:
    if one.initial or other.initial:
        return 0.0
    if one.skeleton == other.skeleton:
        return 1.0
    if one.stem == other.stem:
        return 0.97
    if one.cyrillic != other.cyrillic:
        spelled = _spelled(one, other, _SURE)
        if spelled:
            return spelled
    if len(one.letters ^ other.letters) > 4 or abs(len(one.skeleton) - len(other.skeleton)) > 4:
        return 0.0  # more letters are others than two slips and an ending could make
    return _near(one.skeleton, other.skeleton) or (_near(one.stem, other.stem) * 0.98)


def _spelled(one: _Token, other: _Token, most: int) -> float:
    """How well a Latin spelling fits a Cyrillic word, 0.5 at _FAIR; 0 where a letter of it costs more than `most`."""
    latin, cyrillic = (other.word, one.word) if one.cyrillic else (one.word, other.word)
    letters = len(latin) + 1
    price = cost(latin, cyrillic, most * letters)
    return 0.0 if price is None else 1.0 / (1.0 + (price / letters / _FAIR) ** 2)


def _near(a: str, b: str) -> float:
    """1 less a share for each slip; 0 where there are more slips than a word of this length bears."""
    longer = max(len(a), len(b))
    bears = 0 if longer < 4 else 1 if longer < 8 else 2
    if abs(len(a) - len(b)) > bears:
        return 0.0
    slips = _slips(a, b)
    return 1.0 - slips / longer if slips <= bears else 0.0


def _slips(a: str, b: str) -> int:
    """Letters left out, put in, exchanged or changed places (optimal string alignment distance)."""
    before, row = [0] * (len(b) + 1), list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        earlier, before = before, row
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _begins(one: _Token, other: _Token) -> bool:
    """The same first letter, in one script or in two."""
    a, b = one.first, other.first
    if a == b:
        return True
    if (a in _CYRILLIC) == (b in _CYRILLIC):
        return {a, b} in ({"е", "ё"}, {"е", "э"}, {"i", "y"}, {"j", "y"}, {"v", "w"})
    cyrillic, roman = (a, b) if a in _CYRILLIC else (b, a)
    return roman in _INITIALS.get(cyrillic, _CYRILLIC[cyrillic])
