"""What courts write as the result of a case and the name of an event, in the ledger's closed words; pure.

The wordings come from dictionaries that the clerk chooses from; capitals, brackets and tails differ between courts and
years. Each rule stands with a wording it was made for, and where that was seen:

    [card]  pages of court sites, their cards, listings and hearing lists
    [form]  the dictionaries of the search forms as a public crawler keeps them (asta-ko/sm-backend, cases/consts.py)
    [law]   the words of УПК 306, 389.20, 401.14; ГПК 328, 390; КАС 309, 329; КоАП 29.9, 30.7, 30.17, which the dictionaries use
    [seen]  quoted in the tests of other public readers of these sites (arvidsever/Sudrf, SelivanovAS/dashboard)
"""

from __future__ import annotations

import re
from typing import Final

from archive.ledger.glyphs import words

Rules = tuple[tuple[re.Pattern[str], str], ...]


def _rules(*rows: tuple[str, str]) -> Rules:
    return tuple((re.compile(pattern), word) for pattern, word in rows)


_ACT = r"(приговор|постановлени|определени|решени|судебн\w+ (акт|постановлени)|акт)"
_MATTER = r"(уголовн\w+ )?(дел[оа]|преследовани[ея]|производств[оа]( по (уголовному )?делу)?)"

# The first rule that fits decides: more particular ones stand above. Two words that exclude one another give no word.
_RESULTS: Final = _rules(
    # What only looks like a result.
    (r"(?=.*\bосужден)(?=.*\bоправдан)", "unknown"),  # two directions for one person or case
    (r"\bоправдан\w* (частично|в части|по части)", "unknown"),
    (r"\bусловн\w+ осужден", "unknown"),  # a ruling on a sentence being served
    (r"\bмер\w+ пресечения", "unknown"),
    (r"\bне (был[оаи]? )?(отмен|измен|осужд|оправд|прекращ|вынес|присоедин|переда|направл|возвращ)", "unknown"),
    (r"\bотказан\w* (в|во) (возвращени|направлени|передаче|прекращени|применени|присоединени|удовлетворени)", "unknown"),
    (r"^(назначен|вынесено (постановление|определение) о назначении (?!административн))", "unknown"),  # an appointment
    # Review. ГПК 328, УПК 389.20: an act is reversed also where it is so in part, the rest left as it was.
    (rf"\b{_ACT}\w*\b.*\bотменен\w*", "reversed"),  # ОБВИНИТЕЛЬНЫЙ приговор ОТМЕНЕН [law]
    (rf"\bотменен[оыа]?\b.*\b{_ACT}", "reversed"),  # ОТМЕНЕНО апелляционное постановление
    (r"^отмен(ен[оыа]?|а)\b", "reversed"),  # Отменено с возвращением на новое рассмотрение [card]; Отмена [form]
    (rf"\b{_ACT}\w*\b.*(?<!без )\bизменен[оыа]?\b", "changed"),  # ОБВИНИТЕЛЬНЫЙ приговор ИЗМЕНЕН [law]
    (rf"^изменен[оыа]?\b.*\b{_ACT}", "changed"),
    (r"^изменен[оыа]?\b", "changed"),
    (r"оставлен\w* без изменени", "upheld"),  # судебный акт ОСТАВЛЕН БЕЗ ИЗМЕНЕНИЯ; Оставлено без изменения [card]
    # КАССАЦИОННАЯ ЖАЛОБА оставлена БЕЗ УДОВЛЕТВОРЕНИЯ; Жалоба / представление ОСТАВЛЕНО БЕЗ УДОВЛЕТВОРЕНИЯ [card]
    (r"(жалоб|представлени|протест)\w*\b.*оставлен\w* без удовлетворени", "upheld"),
    (r"оставлен\w* без удовлетворени\w*.*(жалоб|представлени|протест)", "upheld"),
    (r"\bснят\w* с (\w+ )?рассмотрени", "withdrawn"),  # СНЯТО с апелляционного рассмотрения [form]
    (r"\b(отозван\w*|отзыв\w* (\w+ )?(жалоб|представлени))", "withdrawn"),  # Представление (жалоба) ОТОЗВАНЫ [form]
    (r"(апелляционн|кассационн|надзорн)\w+ производств\w+ прекращен", "appeal-terminated"),  # [form]
    (r"прекращен\w* (апелляционн|кассационн|надзорн)\w+ производств", "appeal-terminated"),
    # Производство по жалобе прекращено - отказ от жалобы [seen]
    (r"производств\w+ по (\w+ )?(жалоб|представлени|протест)\w*.*прекращен", "appeal-terminated"),
    (r"прекращен\w* производств\w+ по (\w+ )?(жалоб|представлени|протест)", "appeal-terminated"),
    # First instance.
    # ВОЗВРАЩЕНО ПРОКУРОРУ или РУКОВОДИТЕЛЮ СЛЕДСТВЕННОГО ОРГАНА [card]
    (r"возвра(щен[оыа]?|тить|щение|щается)\b.*(прокурор|руководител\w+ следственн)", "returned-to-prosecutor"),
    (r"возвращен[оы]?\b.*\bст(\.|атьи|атьей) ?237 упк", "returned-to-prosecutor"),
    # Направлено ПО ПОДСУДНОСТИ (подведомственности) [card]; Вынесено определение о передаче дела по подведомственности [form]
    (r"(направлен|передан|передач)\w*\b.*\bпо (подсудности|подведомственности|территориальной подсудности)", "transferred"),
    (r"(направлен|передан|передач)\w*\b.*\bв (другой|иной) суд\b", "transferred"),
    (
        r"^(вынесен\w+ (постановление|определение) о )?передач\w+ дела судье, в орган, должностному лицу",
        "transferred",
    ),  # [form]
    # Дело присоединено к другому делу [form]
    (r"\b(присо|со|объ)единен\w*\b.*\b(другом\w|другим|одно производство)", "joined"),
    (r"применен\w* принудительн\w+ мер\w+ медицинского", "medical-measures"),  # [form]
    (r"о применении (принудительн\w+ мер|пм\b)\w* медицинского", "medical-measures"),  # гл. 51 УПК [form]
    (r"(?=.*обвинительн)(?=.*оправдательн)", "unknown"),
    (r"(вынесен|постановлен\w*|провозглашен)\b.*\bобвинительн\w+\b.*\bприговор", "convicted"),
    (r"(вынесен|постановлен\w*|провозглашен)\b.*\bоправдательн\w+\b.*\bприговор", "acquitted"),
    (r"^обвинительный приговор\b", "convicted"),
    (r"^оправдательный приговор\b", "acquitted"),
    (r"^(осужден[аы]?|признан[аы]? виновн)", "convicted"),
    (r"^оправдан[аы]?\b", "acquitted"),
    (r"^(вынесен|вынесение|постановление|постановлен|провозглашен) приговор", "verdict"),  # Вынесен ПРИГОВОР [card]
    (r"^приговор( (вынесен|постановлен|провозглашен|вступил в (законную )?силу))?$", "verdict"),
    # Уголовное дело ПРЕКРАЩЕНО назначена мера ... - СУДЕБНЫЙ ШТРАФ; Производство по делу прекращено [card]
    (rf"^{_MATTER}\b.*\bпрекращен[оы]?\b", "terminated"),
    (rf"^прекращен[оы]?( {_MATTER}|$| в связи| по (основани|п\.|ст|ч\.))", "terminated"),
    # Вынесено постановление о прекращении производства по делу об адм. правонарушении [form]
    (r"^(вынесен\w*|оглашени\w*|изготовлен\w*)\b.*\b(постановлени|определени)\w* о прекращении\b", "terminated"),
    (r"^вынесено другое постановление", "other-ruling"),  # [form]
    (r"^вынесено (иное|другое) (постановление|определение|судебное решение)", "other-ruling"),
)


def result(text: str) -> str:
    """The word of words.RESULTS for what a court wrote as the result; `unknown` where it says no direction that we know.

    `Вынесен ПРИГОВОР` is `verdict`: it does not say convicted or acquitted. `ВЫНЕСЕНО РЕШЕНИЕ (ОПРЕДЕЛЕНИЕ)` is `unknown`,
    and so is what the closed list has no word for: an action allowed or dismissed, a penalty under the КоАП.
    """
    return _first(_RESULTS, text, "unknown")


_EVENTS: Final = _rules(
    # Изготовление постановления в полном объеме отложено [form]: of the paper, not of the hearing.
    (r"(изготовлени|составлени)\w*\b.*\bотложен", "other"),
    # An appointment, a request, a decision on receipt is none of what it speaks of.
    (r"^(вынесен\w* )?(постановление|определение) о (подготовке|назначении|принятии)", "other"),
    (r"^(назначен\w*|решение (в отношении|вопроса)|рассмотрение ходатайств|ходатайство)\b", "other"),
    (r"\bне (вступ|отлож|направл|переда|возвращ)", "other"),
    # Регистрация поступившего в суд дела; Регистрация иска (заявления, жалобы) в суде [card]
    (r"^регистрация (поступивш|иска|дела|материал|заявлени|административн|ходатайств|протокол)", "received"),
    (r"^(поступление|поступил[оаи]?) (в суд )?(дел|материал|иск|заявлени|ходатайств|протокол)", "received"),
    (r"^(подача|поступление|регистрация|поступила)\b.*\bкассационн\w+ (жалоб|представлен)", "cassation"),
    (r"^(подача|поступление|регистрация|поступила)\b.*\b(жалоб\w*|представлени\w*)", "appealed"),
    (r"^(дело|материалы?|иск|заявление|протокол) (дела )?поступил", "received"),
    # Передача дела судье; Передача материалов дела судье; Передача материалов судье [card, form]
    (r"^(передача|передано|переданы)\b.*\bсудье\b(?!, в орган)", "assigned"),
    (r"предварительно(е|го) (судебно(е|го) )?(слушани|заседани)", "preliminary-hearing"),
    (r"отложен|^отложение\b", "postponed"),  # Заседание отложено; Рассмотрение отложено [form]
    (r"(объявлен|объявление)\w* (\w+ )?перерыв", "recess"),  # Объявлен перерыв [form]
    (r"^(провозглашение|оглашение|провозглашен|оглашен) приговор", "announced"),
    (r"^(постановление|вынесен|вынесение|постановлен) (\w+ )?приговор", "verdict"),
    (r"возвра\w+\b.*(прокурор|руководител\w+ следственн)", "returned"),  # Дело возвращено прокурору [form]
    (r"(направлен|передан|передач)\w*\b.*\bпо (подсудности|подведомственности|территориальной)", "transferred"),
    (r"\b(присо|со|объ)единени?\w*\b.*\b(другом\w|другим|одно производство)", "joined"),
    (r"выдел\w+ .*\bв (отдельное|самостоятельное) производство", "severed"),
    (r"^(рассмотрен\w*|результат)\b.*\b(вышестоящ|апелляционн\w+ инстанц)", "appeal-result"),
    # Вступление постановления (определения) в законную силу [form]
    (r"\bвступ\w+( .*)? в (законную )?силу", "in-force"),
    # Сдача материалов дела в архив [card]; сдано в отдел судебного делопроизводства is no archive.
    (r"^(сдача|сдано|передача|передано|дело (сдано|передано)|материалы?( дела)? (сдан|передан)\w*)\b.*\bархив", "archived"),
    (
        r"^(публикация|размещение|опубликован\w*|размещен\w*)\b.*\b(акт|приговор|решени|постановлени|определени)",
        "act-published",
    ),
    # Судебное заседание; Рассмотрение дела по существу (КоАП) [form]; Слушание
    (r"^(судебное|открытое судебное|закрытое судебное|выездное судебное) (заседание|разбирательство)", "hearing"),
    (r"^рассмотрение (дела|жалобы|материала|протокола)\b", "hearing"),
    (r"^слушание\b", "hearing"),
)


def event(text: str) -> str:
    """The word of words.EVENTS for the name of an event; `other` where it is none of them."""
    return _first(_EVENTS, text, "other")


def outcome(text: str) -> str:
    """What came of an event or a hearing: a word of RESULTS, else of EVENTS (`postponed`, `recess` ...), else `unknown`."""
    word = result(text)
    if word != "unknown":
        return word
    word = event(text)
    # An appointment is not the hearing it appoints.
    return word if word in ("postponed", "recess", "joined", "severed", "returned", "verdict", "announced") else "unknown"


# The longest wording of the dictionaries has some 250 letters; a cell that holds a page is none, and costs time to search.
_LONGEST = 1000


def _first(rules: Rules, text: str, otherwise: str) -> str:
    if len(text) > _LONGEST:
        return otherwise
    folded = words(text)
    return next((word for pattern, word in rules if pattern.search(folded)), otherwise)
