"""The vocabulary of the court system, wording by wording; dates, numbers and lists of articles as people type them."""

from __future__ import annotations

import pytest

from archive.ledger import outcomes, terms, words
from archive.ledger.durations import duration

# The dictionaries of results and events, by register. [card] pages of court sites; [form] the search forms' dictionaries
# (asta-ko/sm-backend, cases/consts.py); [law] the codes' words; [seen] tests of other public readers of these sites.
RESULTS = {
    "criminal, first instance": [
        ("Вынесен ПРИГОВОР", "verdict"),  # [card]
        ("Уголовное дело ПРЕКРАЩЕНО", "terminated"),  # [card]
        ("Уголовное дело ПРЕКРАЩЕНО)", "terminated"),  # [form]
        ("ПРЕКРАЩЕНО", "terminated"),
        ("Дело прекращено в связи с примирением сторон", "terminated"),
        ("ВОЗВРАЩЕНО ПРОКУРОРУ", "returned-to-prosecutor"),  # [form]
        ("ВОЗВРАЩЕНО ПРОКУРОРУ или РУКОВОДИТЕЛЮ СЛЕДСТВЕННОГО ОРГАНА", "returned-to-prosecutor"),  # [card]
        ("Направлено ПО ПОДСУДНОСТИ (подведомственности)", "transferred"),  # [form]
        ("Передано по территориальной подсудности", "transferred"),
        ("Применены ПРИНУДИТЕЛЬНЫЕ МЕРЫ МЕДИЦИНСКОГО ХАРАКТЕРА", "medical-measures"),  # [form]
        ("Вынесено постановление в порядке гл. 51 УПК (о применении ПМ медицинского характера)", "medical-measures"),  # [form]
        ("Вынесено другое ПОСТАНОВЛЕНИЕ", "other-ruling"),  # [form]
        ("Дело присоединено к другому делу", "joined"),  # [form]
        ("Уголовные дела соединены в одно производство", "joined"),
        ("Вынесен ОБВИНИТЕЛЬНЫЙ приговор", "convicted"),  # [law]
        ("Вынесен ОПРАВДАТЕЛЬНЫЙ приговор", "acquitted"),  # [law]
        ("Приговор вступил в законную силу", "verdict"),
    ],
    "criminal, review": [
        ("Апелляционное ПРОИЗВОДСТВО ПРЕКРАЩЕНО", "appeal-terminated"),  # [form]
        ("СНЯТО с апелляционного рассмотрения", "withdrawn"),  # [form]
        ("СНЯТО с кассационного рассмотрения", "withdrawn"),
        ("Представление (жалоба) ОТОЗВАНЫ", "withdrawn"),  # [form]
        ("Отмена", "reversed"),  # [form]
        (
            "АПЕЛЛЯЦИОННОЕ постановление (по существу обвинения) ОТМЕНЕНО и возвращено на НОВОЕ РАССМОТРЕНИЕ",
            "reversed",
        ),  # [card]
        ("обвинительный приговор отменен с вынесением нового обвинительного приговора", "reversed"),  # [law]
        ("оправдательный приговор отменен с вынесением обвинительного приговора", "reversed"),  # [law]
        ("обвинительный приговор изменен с переквалификацией обвинения без изменения наказания", "changed"),  # [law]
        ("ОБВИНИТЕЛЬНЫЙ приговор ИЗМЕНЁН со снижением наказания", "changed"),
        ("приговор суда первой инстанции оставлен без изменения", "upheld"),  # [law]
        ("ВЫНЕСЕНО РЕШЕНИЕ (ОПРЕДЕЛЕНИЕ)", "unknown"),  # [card]
        ("ВЫНЕСЕНО РЕШЕНИЕ ПО СУЩЕСТВУ ДЕЛА", "unknown"),  # [card]
        ("ВОЗВРАЩЕНО БЕЗ РАССМОТРЕНИЯ ПО СУЩЕСТВУ", "unknown"),  # [seen]
    ],
    "civil and administrative (КАС)": [
        ("Иск (заявление, жалоба) УДОВЛЕТВОРЕН", "unknown"),  # [seen]
        ("ОТКАЗАНО в удовлетворении иска (заявлении, жалобы)", "unknown"),  # [seen]
        ("Производство по делу ПРЕКРАЩЕНО", "terminated"),  # [card]
        ("ОСТАВЛЕНО БЕЗ РАССМОТРЕНИЯ в связи с неявкой сторон", "unknown"),  # [form]
        ("Заявление ВОЗВРАЩЕНО заявителю НЕВЫПОЛНЕНИЕ УКАЗАНИЙ судьи", "unknown"),  # [card]
        ("РЕШЕНИЕ оставлено БЕЗ ИЗМЕНЕНИЯ", "upheld"),  # [card]
        ("Решение ОСТАВЛЕНО БЕЗ ИЗМЕНЕНИЯ, а жалоба - БЕЗ УДОВЛЕТВОРЕНИЯ", "upheld"),  # [seen]
        ("РЕШЕНИЕ ОТМЕНЕНО ПОЛНОСТЬЮ с вынесением НОВОГО решения", "reversed"),  # [seen]
        ("Решение отменено в части, в остальной части оставлено без изменения", "reversed"),  # [law]
        ("Решение изменено", "changed"),  # [seen]
        ("РЕШЕНИЕ суда 1-й инстанции ОТМЕНЕНО с направлением на новое рассмотрение", "reversed"),  # [card]
        ("Жалоба / представление ОСТАВЛЕНО БЕЗ УДОВЛЕТВОРЕНИЯ", "upheld"),  # [card]
        ("Производство по жалобе прекращено - отказ от жалобы", "appeal-terminated"),  # [seen]
        ("Жалоба, представление возвращены заявителю", "unknown"),  # [seen]
        ("Снято с рассмотрения", "withdrawn"),  # [seen]
    ],
    "КоАП": [
        ("Вынесено постановление о назначении административного наказания", "unknown"),  # [form]
        ("Вынесено постановление о прекращении производства по делу об адм. правонарушении", "terminated"),  # [form]
        (
            "Вынесено определение о передаче дела по подведомственности (ст 29.9 ч.2 п.2 и ст 29.4 ч.1 п.5)",
            "transferred",
        ),  # [form]
        (
            "Вынесено определение о передаче дела судье, в орган, должностному лицу, уполномоченному ...",
            "transferred",
        ),  # [form]
        (
            "Вынесено определение о возвращении протокола об АП и др. материалов дела в орган, долж. лицу ...",
            "unknown",
        ),  # [form]
        ("Отменено с возвращением на новое рассмотрение", "reversed"),  # [card]
        ("Оставлено без изменения", "upheld"),  # [card]
    ],
    "materials": [
        ("Ходатайство УДОВЛЕТВОРЕНО", "unknown"),
        ("Отказано в прекращении уголовного дела", "unknown"),
        ("Отказано в возвращении уголовного дела прокурору", "unknown"),
        ("Отказано в передаче дела по подсудности", "unknown"),
        ("Приговор не отменён", "unknown"),
        ("Вынесен пpигoвop", "verdict"),  # Latin p and o
    ],
}
EVENTS = [
    ("Передача дела судье", "assigned"),  # [form]
    ("Передача материалов судье", "assigned"),  # [card]
    ("Подготовка дела к рассмотрению", "other"),  # [form]
    ("Рассмотрение дела по существу", "hearing"),  # [form]
    ("Обращено к исполнению", "other"),  # [form]
    ("Вступление постановления (определения) в законную силу", "in-force"),  # [form]
    ("Решение не вступило в законную силу", "other"),
    ("Материалы дела сданы в отдел судебного делопроизводства", "other"),  # [form]
    ("Дело передано в архив", "archived"),  # [seen]
    ("Изготовлено постановление о прекращении в полном объеме", "other"),  # [form]
    ("Предварительное судебное заседание", "preliminary-hearing"),  # [seen]
    ("Вынесено определение о назначении предварительного судебного заседания", "other"),
    ("Вынесено определение о назначении дела к судебному разбирательству", "other"),  # [card]
    ("Вынесено определение о подготовке дела к судебному разбирательству", "other"),  # [card]
    ("Регистрация поступившего заявления", "received"),  # [card]
    ("Регистрация апелляционной жалобы", "appealed"),
    ("Подача кассационной жалобы", "cassation"),
    ("Поступление дела в суд", "received"),
    ("Оглашение приговора", "announced"),
    ("Выделено уголовное дело в отдельное производство", "severed"),
    ("Передача дела по подсудности", "transferred"),
    ("Публикация судебного акта", "act-published"),
    ("Дело рассмотрено вышестоящим судом", "other"),
    ("Рассмотрено вышестоящим судом", "appeal-result"),
]
OUTCOMES = [
    ("Рассмотрение отложено", "postponed"),  # [form]
    ("Производство по делу приостановлено", "unknown"),  # [card]
    ("Провозглашение приговора окончено", "announced"),  # [form]
    ("Дело возвращено прокурору", "returned-to-prosecutor"),  # [form]
    # The paper is put off, not the hearing.
    ("Оглашение резолютивной части постановления о назначении административного наказания "
     "(изготовление постановления в полном объеме отложено)", "unknown"),  # [form]
    ("Оглашение резолютивной части постановления о прекращении производства "
     "(изготовление постановления в полном объеме отложено)", "terminated"),  # [form]
    ("ПОСТАНОВЛЕНИЕ О НАЗНАЧЕНИИ СУДЕБНОГО ЗАСЕДАНИЯ", "unknown"),  # [card]
]  # fmt: skip


@pytest.mark.parametrize(("text", "word"), [row for rows in RESULTS.values() for row in rows])
def test_a_wording_of_the_dictionaries_of_results(text, word):
    """Each has its word, whatever its capitals; what the closed list has no word for is `unknown`."""
    assert (terms.result(text), terms.result(text.upper()), terms.result(f" {text.lower()} ")) == (word,) * 3


@pytest.mark.parametrize(("text", "word"), EVENTS)
def test_a_wording_of_the_dictionary_of_events(text, word):
    """Each has its word; what only speaks of an event is none."""
    assert terms.event(text) == terms.event(text.upper()) == word


@pytest.mark.parametrize(("text", "word"), OUTCOMES)
def test_what_came_of_a_hearing(text, word):
    """A result, or the next event; an appointment and a paper that is put off are neither."""
    assert terms.outcome(text) == word


def test_every_rule_is_needed():
    """Of each word of results at least one wording is known here, and no rule gives a word outside the closed lists."""
    met = {word for rows in RESULTS.values() for _, word in rows}
    assert met == set(words.RESULTS)
    assert {word for _, word in outcomes._EVENTS} <= set(words.EVENTS)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("ч. 5 ст. 337 УК РФ", [("article", "337/5")]),
        ("частью 5 статьи 337 Уголовного кодекса Российской Федерации", [("article", "337/5")]),
        ("п. «а» ч. 2 ст. 105 УК РФ", [("article", "105/2/а")]),
        ("п.п. «а» и «в» ч. 2 ст. 105 УК РФ", [("article", "105/2/а,в")]),
        ("ч. 3 ст. 30, п. «г» ч. 3 ст. 158 УК РФ", [("attempt", "30/3"), ("article", "158/3/г")]),
        ("ч.5 ст.33, ч.3 ст.286 УК РФ", [("complicity", "33/5"), ("article", "286/3")]),
        ("ч. 1 ст. 30 - ч. 2 ст. 228 УК РФ", [("attempt", "30/1"), ("article", "228/2")]),
        ("ст.337ч.5УК РФ", [("article", "337/5")]),
        ("ст 337 ч 5 УК РФ", [("article", "337/5")]),
        ("ст.337 ч..5 УК РФ", [("article", "337/5")]),
        ("ст.205.1.ч.1.1 УК РФ", [("article", "205.1/1.1")]),
        ("ст.337 ч.5; ;ст.338 ч.1 УК РФ;", [("article", "337/5"), ("article", "338/1")]),
        ("ст.337 ч.3.1; 332 ч.2.1 УК РФ", [("article", "337/3.1"), ("article", "332/2.1")]),
        ("ст.127.2 ч.1 УК РФ и ст.338 ч.1 УК РФ", [("article", "127.2/1"), ("article", "338/1")]),
        ("ст.337 ч.5 УК РФ; ст.12.8 ч.1 КоАП РФ", [("article", "337/5"), ("article", "12.8/1")]),
        ("КоАП: ст. 20.2 ч.5", [("article", "20.2/5")]),
        ("Ст. 20.2, Ч.5 КоАП РФ", [("article", "20.2/5")]),
        ("ст.159 ч.4 УК РФ (в ред. ФЗ от 07.03.2011)", [("article", "159/4")]),
        ("ст.105 ч.2 п.и УК РФ", [("article", "105/2/и")]),
        ("ст.111 ч.4 УK PФ", [("article", "111/4")]),  # Latin K and P
        ("ст.108 УПК РФ", [("article", None)]),  # of a code without offences
        ("ст.228-1 ч.3 УК РФ", [("article", None)]),
        ("ст.105 ч.2 п.п.е.1 УК РФ", [("article", None)]),
    ],
)
def test_a_list_of_articles_from_the_part_to_the_whole_and_back(text, items):
    """Cards, acts and portals write one article in their own order; slips of the hand are read, doubts are not."""
    assert [(item.property, item.value) for item in terms.articles(text)] == items


def test_episodes_are_counted():
    """An article said once for two episodes is one item that counts twice; repeats are items of their own."""
    (once,) = terms.articles("ст.158 ч.3 п.а (2 эпизода) УК РФ")
    assert (once.value, once.times) == ("158/3/а", 2)
    assert [(a.value, a.times) for a in terms.articles("ст.159 ч.3; ст.159 ч.3 УК РФ")] == [("159/3", 1)] * 2


@pytest.mark.parametrize(
    ("text", "value", "oddity"),
    [
        ("31.12.2025", "2025-12-31", None),
        ("31.02.2025", None, "impossible-day"),
        ("04.22.2026", None, "day-and-month-swapped"),
        ("10.08.0226", None, "impossible-year"),
        ("10.08.1925", None, "impossible-year"),
        ("10.08.2205", None, "impossible-year"),
        ("00.00.2025", None, "impossible-day"),
        ("10.08.26", None, None),
        ("10 августа", None, None),
    ],
)
def test_a_slip_in_a_date_is_named_and_not_mended(text, value, oddity):
    """What cannot be a day has no value, and a word for what is wrong with it."""
    assert (terms.date(text), terms.oddity(text)) == (value, oddity)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("14 мая 2026 года", "2026-05-14"),
        ("«07» июня 2024 г.", "2024-06-07"),
        ("1 марта 2024", "2024-03-01"),
        ("август 2023 года", "2023-08"),
        ("мая 2026 г.", "2026-05"),
        ("10.08.2026", "2026-08-10"),
        ("31 февраля 2024 года", None),
        ("ДД.ММ.ГГГГ", None),
        ("2023 год", None),
    ],
)
def test_a_date_in_words_is_as_precise_as_it_is(text, value):
    """Day, or month where no day is given."""
    assert terms.dated(text) == value


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("9-1693/2025 ~ М-9111/2025", ["9-1693/2025", "М-9111/2025"]),
        ("02-3501/2025 ∼ М-1235/2025 (М-9040/2024)", ["02-3501/2025", "М-1235/2025", "М-9040/2024"]),
        ("45-КФ23-1180-К7", ["45-КФ23-1180-К7"]),
        ("3-KГ23-1-К3", ["3-КГ23-1-К3"]),  # a Latin K
        ("228-УД24-5-А6", ["228-УД24-5-А6"]),
        ("5-12/109/2024", ["5-12/109/2024"]),
        ("1-12/2024-109", ["1-12/2024-109"]),
        ("П16-1234/2024", ["П16-1234/2024"]),
        ("4/17.1-55/2024", ["4/17.1-55/2024"]),
        ("8a-4096/2026 [88a-4000/2026]", ["8а-4096/2026", "88а-4000/2026"]),
        ("выделенный материал из у/д №2-12/2025 (2-45/2024;)", ["2-12/2025", "2-45/2024"]),
        ("1-337/26", [None]),
    ],
)
def test_numbers_of_all_courts(text, normal):
    """Justices of the peace, city portals and the Supreme Court count in ways of their own."""
    assert [number.normal for number in terms.numbers(text)] == normal


def test_a_number_is_mentioned_in_a_note():
    """A clerk's sentence is no number, and names one."""
    note = "Дело присоединено к другому делу № 1-12/2025, ст.337 ч.5"
    assert [n.normal for n in terms.mentioned(note)] == ["1-12/2025"]
    assert [n.normal for n in terms.numbers(note)] == [None]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5 (пять) лет 6 (шесть) месяцев", "P5Y6M"),
        ("двадцать пять лет", "P25Y"),
        ("1 (один) год", "P1Y"),
        ("300 (триста) часов", "PT300H"),
        ("одного года 6 (шести) месяцев", "P1Y6M"),
        ("6 месяцев 15 дней", "P6M15D"),
        ("пяти лет и шести месяцев", "P5Y6M"),
        ("5 (шесть) лет", None),  # digits and words contradict one another
        ("до десяти лет", None),
        ("20 лет 20 лет", None),
        ("лет", None),
    ],
)
def test_a_term_in_digits_and_words(text, value):
    """ISO 8601, and nothing where the text is of two minds."""
    assert duration(text) == value
