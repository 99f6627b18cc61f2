"""Which words of court reporting mean which metric, unit and country? Russian, Ukrainian and English; data and look-up.

A word is looked up once and remembered: most words of a text are known by their first letters to mean nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

# A text without one of these says nothing of courts (compared in lower case).
_COURT_LATIN = (
    "court",
    "convict",
    "sentence",
    "verdict",
    "criminal",
    "prosecut",
    "desert",
    "unauthori",
    "awol",
    "article 3",
    "article 4",
)
_COURT_CYRILLIC = (
    "суд",
    "приговор",
    "уголовн",
    "вирок",
    "кримінальн",
    "дезертир",
    "осужд",
    "засудж",
    "статье ",
    "статтею",
    "самовол",
    "самовіл",
    "статьям",
)

# By what a word is: tag -> whole words, as expressions. A word may have several tags.
_TAGS = {
    # What is counted.
    "crime": r"offen[cs]es crimes преступлени\w+ правопорушен\w+ злочин\w+",
    "text": r"texts тексты текстов текстів",
    "verdict": r"""
        verdicts? sentences convictions? rulings? judge?ments? decisions? приговор(?:а|ов|ы|ам|ами|ах)? вирок\w*
        решени[йея]\w* рішен\w+
    """,
    "case": r"cases? proceedings prosecutions indictments дел[ао]? делам делах справ[аиу]? проваджен\w+ производств\w*",
    "person": r"""
        m[ea]n people persons? individuals soldiers? servicem[ea]n deserters? troops defendants? convicts? recruits
        fighters reservists conscripts members personnel человека? чел людей людям лиц[аоу]? военнослужащ\w+ солдат\w*
        военны[хе] мужчин\w* обвиняем\w+ осужд[её]нн\w+ дезертир\w* мобилизованн\w+ контрактник\w* срочник\w* бойц\w+
        подсудим\w+ фигурант\w* ос[оі]б[аи]? люди военных військовослужбовц\w+ військови[хй] чоловік\w* засуджен\w+
        мобілізован\w+ обвинувачен\w+ захисник\w*
    """,
    "year": r"years? лет год[ау]? рок[иу] років",
    # What happened.
    "v:acquitted": r"acquit\w* оправда(?:н|л)\w* оправдательн\w+ виправда\w+",
    "v:suspended-sentences": r"suspended условн\w+ умовн\w+",
    "v:prison-sentences": r"реальн\w+",
    "v:exempted": r"exempt\w*",
    "v:submitted": r"indict\w+ скерова\w+ спрямован\w+",
    "v:initiated": r"""
        opened initiated launched возбу(?:ди|жд)\w+ завели? завела відкри(?:то|ли|в) розпоча(?:то|ли) обліков\w+
        порушен[оі] порушили
    """,
    "v:decided": r"decided considered reviewed examined resolved рассмотр\w+ розглян\w+ вирішен\w+",
    "v:pending": r"pending awaiting",
    "v:convicted": r"""
        convict(?:s|ed|ing|ions?)? sentenced осуд\w+ осужд\w+ приговор(?:ил|ен|ён)\w* засуд\w+ засудж\w+
        обвинительн\w+
    """,
    "v:verdicts": r"verdicts? sentences judge?ments приговор(?:а|ов|ы|ам|ами)? вирок\w*",
    "v:recruited": r"recruit(?:s|ed|ing)? вербу\w+ завербова\w+",
    "v:received": r"""
        receiv\w* register\w* filed charged accused prosecuted prosecutions prosecuting brought heard against under
        поступ\w+ зарегистр\w+ получил\w* пришл\w+ обвиня\w+ против надійшл\w* надходи\w+ зареєстр\w+ отримал\w* щодо
    """,
    # Where phrases begin (below).
    "p": r"""
        formal submitted sent referred transferred reach\w* released? releasing направ\w+ направлен\w* передан\w*
        дошл\w+ prison real позбавлен\w+ на investigative texts? published опубликован\w+ оприлюднен\w+ текст\w*
        received получил\w* отримал\w* found f[ae]lls? increas\w+ expand\w* armed численност\w+ чисельн\w+ по за в
        решени[йея] got освобо\w+ звільн\w+
    """,
    # A share, or how many times: what a figure may be of that counts nothing itself.
    "share": r"""
        cent percent\w* процент\w* відсотк\w* half половин\w* thirds? трет[а-яії]\w* quarters? четверт\w* чверт\w* times fold
        twofold threefold fourfold fivefold doubl\w* twice tripl\w* quadrupl\w* раз раз[ауиі]в? вдвое втрое вчетверо впятеро
        удвоил\w* утроил\w* вдвічі удвічі втричі утричі подвоїл\w* вп['’]ятеро
    """,
    # How many serve.
    "army": r"increas\w* expand\w* armed численност\w+ чисельн\w+",
    # That it is about courts, about soldiers, about what the law allows.
    "court": r"""
        courts? judges? verdicts? convict\w* sentenc\w+ criminal prosecut\w+ charged indict\w+
        desert(?:er|ers|ion|ed|ing)? awol acquit\w* accused суд(?:ы|а|ов|у|ами|ах|е|и|і|ів|ьи|ей|дя|ом|ам)? судь\w+
        приговор\w* уголовн\w+ осу[жд]\w+ дезертир\w* обвин\w+ оправда\w+ следств\w+ вирок\w* кримінальн\w+ засу\w+
        прокур\w+ самовол\w+ самовіл\w+ провадж\w+ соч сзч трибунал\w* unauthori[sz]ed
    """,
    "article": r"articles? arts? стать\w+ статт\w+ статей ст",
    "offence": r"""
        unauthori[sz]ed absen(?:t|ce) awol abandon\w* leav\w+ самовольн\w+ соч самовільн\w+ сзч неявк\w+ disobe\w+
        failure failing compliance insubordination неисполнени\w+ неповиновени\w+ невиконанн\w+ непокор\w+ violen\w+
        насильств\w+ desert(?:ion|er|ers|ed|ing)? дезертир\w*
    """,
    "penalty": r"""
        punishable penalt\w+ maximum carries carrying faces? наказани\w+ караетс\w+ гроз[ия]т\w* предусматрива\w+
        максимальн\w+ покаранн\w+ карається загрожу\w+ передбача\w+
    """,
    "soldier": r"""
        soldiers? service\w* troops desert\w+ mobili[sz]\w+ военн\w+ солдат\w* мобилиз\w+ військов\w+ контрактн\w+
        дезертир\w* мобіліз\w+
    """,
    # Of time, of sources.
    "month": r"""
        january february march april may june july august september october november december jan feb mar apr jun jul
        aug sept? oct nov dec январ[ьяею] феврал[ьяею] март[аеу]? апрел[ьяею] ма[йяею] июн[ьяею] июл[ьяею]
        август[аеу]? сентябр[ьяею] октябр[ьяею] ноябр[ьяею] декабр[ьяею] січ(?:ень|ня|ні) лют(?:ий|ого|ому)
        берез(?:ень|ня|ні) квіт(?:ень|ня|ні) трав(?:ень|ня|ні) черв(?:ень|ня|ні) лип(?:ень|ня|ні) серп(?:ень|ня|ні)
        верес(?:ень|ня|ні) жовт(?:ень|ня|ні) листопад[аіу]? груд(?:ень|ня|ні)
    """,
    "rate": r"""
        daily weekly monthly annually yearly day week month year день неделю месяц год еже\w+ щодня щотижня щомісяця
        щомісячно щороку тиждень місяць рік
    """,
    "source": r"""
        according compiled reported reports data figures tally told said by данным подсч[её]там информации сведениям
        сообщ\w+ подсчитал\w* даними підрахунками інформацією повідомил\w* повідомля\w+ підрахувал\w* ссылкой
        посиланням пишет пише outlet publication website newspaper издани[еяю] видання
    """,
    # What no adjective is.
    "stop": r"""
        them whom which него них ним ними ней неё
        had have has were was are is been did of in to on from by after and with for under or who that и в на по из с
        за до у з та было будет были уже вже ещё еще что который які що когда when per each every
    """,
}  # fmt: skip


def _by_letter() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """The expressions of each tag by the first letter of the words they fit."""
    found: dict[str, dict[str, list[str]]] = {}
    for tag, expression in _TAGS.items():
        for one in expression.split():
            found.setdefault(one[0], {}).setdefault(tag, []).append(one)
    return {letter: [(tag, re.compile("|".join(words))) for tag, words in tags.items()] for letter, tags in found.items()}


_WHOLE = _by_letter()
# Phrases: from the place of a word tagged "p".
_PHRASES = {
    "acts-published": r"texts?\s+(?:were\s+|have\s+been\s+|are\s+)?(?:published|available)|published\s+texts|"
        r"опубликован\w+\s+(?:\w+\s+)?текст\w*|текст\w*\s+(?:\w+\s+)?опубликован\w+|оприлюднен\w+\s+текст\w*",
    "convicted": r"(?:received|got)\s+(?:their\s+)?(?:convictions?|sentences?|verdicts?)|получил\w*\s+приговор\w*|"
        r"отримал\w*\s+вирок\w*|found\s+guilty",
    "submitted": r"formal\s+charges\s+being\s+\w+|(?:submitted|sent|referred|transferred)\s+to\s+(?:the\s+)?courts?|"
        r"reach(?:ed|es)?\s+(?:the\s+)?courts?|"
    r"(?:направ(?:ил|лен)\w*|передан\w*|передал\w*|дошл\w+)\s+(?:\w+\s+){0,2}(?:в|до)\s+суд\w*",
    "exempted": r"releas\w+\s+from\s+(?:criminal\s+)?liability|освобо\w+\s+(?:\w+\s+)?от\s+(?:уголовной\s+)?ответственности|"
    r"звільн\w+\s+(?:\w+\s+)?від\s+(?:кримінальної\s+)?відповідальності",
    "prison-sentences": r"prison\s+(?:sentences|terms)|real\s+(?:prison\s+)?(?:sentences|terms)|позбавлен\w+\s+волі",
    "pending": r"на\s+рассмотрении|на\s+розгляді",
    "initiated": r"investigative\s+authorities\s+have\s+reported",
    "army-size": r"(?:increas|expand)\w*\s+the\s+size\s+of|armed\s+forces\s+to|численност\w+|чисельн\w+",
    "decided": r"решени[йея]\b",
    "received": r"f[ae]lls?\s+under|по\s+стать\w+|по\s+ст\.|за\s+стат\w+|за\s+ст\.|в\s+отношении",
}  # fmt: skip
_PHRASE = re.compile("|".join(rf"(?P<{name.replace('-', '_')}>{words})" for name, words in _PHRASES.items()), re.I)
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*")
# The claim goes on from the one before it.
BACK = re.compile(
    r"(?:[\"“«—–-]\s*)?(?:the\s+(?:figure|number|total)|this|these|that|those|of\s+(?:these|those|them|which)|out\s+of\s+(?:these|those|them)|another|a\s+further|over\s+the\s+same|despite|"
    r"most\s+of|among\s+them|эт[аои]\b|это\b|эта\s+цифра|из\s+них|из\s+этих|ещ[её]|за\s+тот\s+же|за\s+это\s+же|среди\s+них|при\s+этом|для\s+сравнения|"
    r"це\b|ця\b|ці\b|з\s+них|із\s+них|з\s+цих|ще\b|за\s+той|за\s+цей|серед\s+них|для\s+порівняння)\b", re.I,
)  # fmt: skip
_REFUSAL = re.compile(
    r"refus(?:al|ing|ed|es)\s+to\s+(?:serve|fight)|refusal\s+(?:cases|to)|отказ\w*\s+(?:от\s+службы|воевать|служить|участвовать)|отказник\w*|відмов\w+\s+(?:від\s+служби|служити|воювати)",
    re.I,
)
# Nothing that follows is a statement of this text: the titles of others.
ASIDE = re.compile(
    r"\s*(?:related\s+article|read\s+(?:also|more)|see\s+also|читайте\s+также|читайте\s+також|по\s+теме|дивіться\s+також)\b",
    re.I,
)
_COUNTRIES = (
    ("russia", "RU"),
    ("росси", "RU"),
    ("росій", "RU"),
    ("росії", "RU"),
    ("ukrain", "UA"),
    ("украин", "UA"),
    ("україн", "UA"),
    ("генпрокурор", "UA"),
)
_PLACE = re.compile(r"(?:^|\W)(?:in|to|from|on|with|в|на|из|у|з|до)\s+(?:the\s+)?\Z")
_WAR = re.compile(
    r"(?:war|invasion|aggression|campaign|войн\w+|війн\w+)\s+(?:against|in|on|of|в|с|на|против|проти)\s+\Z|russia[\s–-]+\Z"
)
_WAR_AFTER = re.compile(r"russia[\s–-]+ukraine")


class Word(NamedTuple):
    """A word of a sentence, `sentence[start:end]`, and what it may mean here (a tuple, since every sentence has many)."""

    start: int
    end: int
    lower: str
    tags: frozenset[str]


_NONE: frozenset[str] = frozenset()


@lru_cache(maxsize=32768)
def tags(word: str) -> frozenset[str]:
    """What a word, in lower case, may mean."""
    return frozenset(tag for tag, pattern in _WHOLE.get(word[0], ()) if pattern.fullmatch(word)) or _NONE


def words(sentence: str) -> list[Word]:
    """In the order of the sentence."""
    lowered = sentence.lower()
    if len(lowered) != len(sentence):  # a letter that has two in lower case would move the places
        return [Word(*found.span(), found[0].lower(), tags(found[0].lower())) for found in _WORD.finditer(sentence)]
    return [Word(*found.span(), found[0], tags(found[0])) for found in _WORD.finditer(lowered)]


def meanings(lowered: str) -> frozenset[str]:
    """What the words of a sentence, in lower case, may mean: for a first look, at a third of the cost of `words`."""
    return _NONE.union(*map(tags, _WORD.findall(lowered)))


def verbs(sentence: str, of: list[Word]) -> list[tuple[int, int, str]]:
    """Where the sentence says what happened, and the metric it means; a phrase goes before its words."""
    found: list[tuple[int, int, str]] = []
    for word in of:
        if not word.tags:
            continue
        if "p" in word.tags and (phrase := _PHRASE.match(sentence, word.start)):
            found.append((*phrase.span(), (phrase.lastgroup or "").replace("_", "-")))
            continue
        if found and word.start < found[-1][1]:
            continue
        found += ((word.start, word.end, tag[2:]) for tag in word.tags if tag.startswith("v:"))
    return found


def says_court(lowered: str) -> bool:
    """Might this text, in lower case, speak of courts at all?"""
    if "о" in lowered:  # Cyrillic
        return any(stem in lowered for stem in _COURT_CYRILLIC) or ("court" in lowered and "о" not in lowered[:2000])
    return any(stem in lowered for stem in _COURT_LATIN)


def refusal(text: str, lowered: str) -> tuple[int, int] | None:
    """Where a text says that it is about refusal to serve."""
    if "refus" not in lowered and "отказ" not in lowered and "відмов" not in lowered:
        return None
    found = _REFUSAL.search(text)
    return found.span() if found else None


def countries(lowered: str) -> Iterator[tuple[int, str, bool]]:
    """Where a country is spoken of, and whether as the one who acts. A war against it says nothing."""
    for stem, country in _COUNTRIES:
        at = lowered.find(stem)
        while at >= 0:
            before = lowered[max(0, at - 24) : at]
            if not (before[-1:].isalpha() or _WAR.search(before) or _WAR_AFTER.match(lowered, at)):
                yield at, country, not _PLACE.search(before)
            at = lowered.find(stem, at + 1)
