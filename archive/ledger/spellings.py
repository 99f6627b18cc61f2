"""How likely is a Latin spelling of a Cyrillic word? The cheapest way to read one as the other, in learned pieces; pure.

Pieces are of 0 to 7 Latin and 0 to 3 Cyrillic letters (`shch` and `щ`, `us` at the end and nothing): what is usual in any
romanisation, and in names that came into Russian from elsewhere, costs little. The table says how it was learned.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from importlib.resources import files
from typing import Final

END: Final = "$"
GAP: Final = 55  # a letter that nothing stands for
_LONGEST: Final = (7, 3)
_NEVER: Final = 1 << 30

_Pieces = dict[str, dict[str, int]]
_Begins = tuple[tuple[tuple[int, dict[str, int]], ...], ...]
_Ends = tuple[tuple[tuple[int, str], ...], ...]

# What published romanisations of Russian write (GOST, ICAO, BGN, scientific, the French and German ones): names of Russians
# are rarer in what the table was learned from than they are here.
_PUBLISHED: Final = {
    "щ": "shch sch shh stsch schtsch chtch shtch", "х": "kh h x ch", "ж": "zh j z", "ц": "ts c tz cz tc", "ч": "ch c tch tsch",
    "ш": "sh s sch", "ы": "y", "ю": "yu iu ju you iou", "я": "ya ia ja", "ё": "yo jo io e o yë", "е": "e ye je", "й": "y i j",
    "ий$": "y$ iy$ ii$ ij$ i$", "ый$": "y$ yy$ yi$ yj$ i$", "э": "e eh", "у": "u ou oo", "в": "v w", "ъ": "'", "ь": "'",
    "кс": "x ks", "ев$": "ev$ eff$ ew$", "ов$": "ov$ off$ ow$", "ги": "gui gi", "дж": "dzh dj j",
}  # fmt: skip
_USUAL: Final = 8  # the price of a published spelling, where it was not learned to be less

# Letters with their marks, as romanisations of Russian mean them; all other marks are taken off.
_MARKED: Final = str.maketrans({
    "š": "sh", "ş": "sh", "č": "ch", "ć": "ch", "ž": "zh", "ŝ": "shch", "ł": "l", "đ": "d", "ø": "o", "æ": "ae", "ß": "ss",
    "ı": "i", "ə": "a", "’": "'", "ʹ": "'", "ʼ": "'", "`": "'", "ʺ": "'", '"': "'",
})  # fmt: skip
# Letters that Russian lacks, as the nearest that it has.
_RUSSIAN: Final = str.maketrans({
    "і": "и", "ї": "и", "є": "е", "ґ": "г", "ў": "у", "ә": "а", "ғ": "г", "қ": "к", "ң": "н", "ө": "о", "ұ": "у", "ү": "у",
    "һ": "х", "ӣ": "и", "ҷ": "ч", "’": None, "'": None, "ʼ": None, "`": None,
})  # fmt: skip


@lru_cache(maxsize=1)
def pieces() -> _Pieces:
    """By Latin letters the Cyrillic ones they are written with, and the cost of each, in tenths of a nat."""
    found: _Pieces = {}
    for line in files("archive.ledger").joinpath("spellings.tsv").read_text("utf-8").splitlines():
        if not line.startswith(("#", "latin\t")):
            latin, cyrillic, price = line.split("\t")
            found.setdefault(latin, {})[cyrillic] = int(price)
    for cyrillic, written in _PUBLISHED.items():
        for latin in written.split():
            held = found.setdefault(latin, {})
            held[cyrillic] = min(_USUAL, held.get(cyrillic, _USUAL))
    return found


def cost(latin: str, cyrillic: str, limit: int) -> int | None:
    """Of the cheapest way to read one word as the other, in tenths of a nat; None where it is above `limit`.

    Words in small letters. About 10 microseconds where the words are nothing alike, 80 where they are.
    """
    begins, ends = _begins(latin), _ends(cyrillic)
    n, m = len(begins) - 1, len(ends) - 1
    rows = [[_NEVER] * (m + 1) for _ in range(n + 1)]
    rows[0][0] = 0
    reached = 0
    for i in range(n + 1):
        if i > reached:
            return None
        row = rows[i]
        for j in range(m + 1):
            so_far = row[j]
            if so_far > limit:
                continue
            gap = so_far + GAP
            if j < m and row[j + 1] > gap:
                row[j + 1] = gap
            if i < n and rows[i + 1][j] > gap:
                rows[i + 1][j] = gap
                if gap <= limit and reached <= i:
                    reached = i + 1
            for length, table in begins[i]:
                below = rows[i + length]
                for k, letters in ends[j]:
                    if letters in table:
                        total = so_far + table[letters]
                        if total < below[k]:
                            below[k] = total
                            if total <= limit and reached < i + length:
                                reached = i + length
    return rows[n][m] if rows[n][m] <= limit else None


@lru_cache(maxsize=65536)
def _begins(latin: str) -> _Begins:
    """By place: how many letters, and what they may be written with, of every piece that begins there."""
    marked = unicodedata.normalize("NFKD", latin.translate(_MARKED))
    word, known = "".join(sign for sign in marked if not unicodedata.combining(sign)) + END, pieces()
    found = []
    for i in range(len(word) + 1):
        here = (word[i : i + size] for size in range(min(_LONGEST[0], len(word) - i) + 1))
        found.append(tuple((len(letters), known[letters]) for letters in here if letters in known))
    return tuple(found)


@lru_cache(maxsize=65536)
def _ends(cyrillic: str) -> _Ends:
    """By place: where each piece that begins there ends, and its letters."""
    word = cyrillic.translate(_RUSSIAN) + END
    places = range(len(word) + 1)
    return tuple(tuple((k, word[j:k]) for k in places if j <= k <= j + _LONGEST[1]) for j in places)
