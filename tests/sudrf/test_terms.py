"""Words of court registers to meaning."""

from __future__ import annotations

import random

import pytest

from archive.ledger import outcomes, terms, words


def said(text: str) -> list[tuple[str, str | None, str]]:
    return [(item.property, item.value, text[item.start : item.end]) for item in terms.articles(text)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ст.337 ч.5 УК РФ", "337/5"),
        ("ст.337 ч.3.1 УК РФ", "337/3.1"),
        ("ст.352.1 УК РФ", "352.1"),
        ("ст. 205.1 ч. 1.1 УК РФ", "205.1/1.1"),
        ("ст.158 ч.3 п.г УК РФ", "158/3/г"),
        ("ст.105 ч.2 п.п.а,в УК РФ", "105/2/а,в"),
        ("ст.105 ч.2 пп.а, в, ж УК РФ", "105/2/а,в,ж"),
        ("ст.105 ч.2 п. «а» УК РФ", "105/2/а"),
        ("ст.102 п.а УК РСФСР", "102//а"),
        ("ст.20.3.3 ч.1 КоАП РФ", "20.3.3/1"),
        ("Статья 337 Часть 5", "337/5"),
        ("cт.337 ч.5 УК РФ", "337/5"),  # a Latin c
        ("ст.105 ч.2 п.п.a,e УК РФ", "105/2/а,е"),  # Latin a and e
    ],
)
def test_an_article_is_written_in_many_ways(text: str, value: str) -> None:
    """Article, part and points have one normal form, in Cyrillic."""
    assert [item.value for item in terms.articles(text)] == [value]


def test_the_name_of_the_code_stands_after_the_last_article_only() -> None:
    """Every article is quoted by itself, and all belong to the code named last; repeats are episodes and stay."""
    text = "ст.205.1 ч.1.1; ст.205.1 ч.1.1 УК РФ"
    assert said(text) == [("article", "205.1/1.1", "ст.205.1 ч.1.1")] * 2
    assert [item.code for item in terms.articles(text)] == ["УК", "УК"]


def test_attempt_and_complicity_are_not_offences() -> None:
    """Articles 30 and 33 qualify the article after them, whatever stands between, and are never counted as articles."""
    assert said("ст. 30 ч.3, ст.222.1 ч.4") == [("attempt", "30/3", "ст. 30 ч.3"), ("article", "222.1/4", "ст.222.1 ч.4")]
    assert said("ст.33 ч.5-ст.105 ч.2 п.п.а,в УК РФ") == [
        ("complicity", "33/5", "ст.33 ч.5"),
        ("article", "105/2/а,в", "ст.105 ч.2 п.п.а,в"),
    ]
    assert said("ст.33 ч.5; ст.286 ч.3 пп.а,б УК РФ") == [
        ("complicity", "33/5", "ст.33 ч.5"),
        ("article", "286/3/а,б", "ст.286 ч.3 пп.а,б"),
    ]
    assert said("ст. 30 ч.3, ст.33 ч.4-ст.228.1 ч.5 УК РФ") == [
        ("attempt", "30/3", "ст. 30 ч.3"),
        ("complicity", "33/4", "ст.33 ч.4"),
        ("article", "228.1/5", "ст.228.1 ч.5"),
    ]


@pytest.mark.parametrize("text", ["1-337/2026", "ст.158 прим ч.2", "ст.222 ч.1, ч.2", "ст.105 ч.2 п.а-в", "глава 33"])
def test_what_is_no_article_gets_no_value(text: str) -> None:
    """A case number is not article 337, and an item of another grammar keeps its text without a value."""
    assert said(text) == [("article", None, text)]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Вынесен ПРИГОВОР", "verdict"),
        ("Постановление приговора", "verdict"),
        ("Уголовное дело ПРЕКРАЩЕНО назначена мера уголовно-правового характера - СУДЕБНЫЙ ШТРАФ", "terminated"),
        ("Производство по делу прекращено", "terminated"),
        ("ВОЗВРАЩЕНО ПРОКУРОРУ или РУКОВОДИТЕЛЮ СЛЕДСТВЕННОГО ОРГАНА", "returned-to-prosecutor"),
        ("Возвращено прокурору в порядке ст.237 УПК РФ", "returned-to-prosecutor"),
        ("Направлено ПО ПОДСУДНОСТИ (подведомственности)", "transferred"),
        ("Применены ПРИНУДИТЕЛЬНЫЕ МЕРЫ МЕДИЦИНСКОГО ХАРАКТЕРА", "medical-measures"),
        ("Вынесено другое ПОСТАНОВЛЕНИЕ", "other-ruling"),
        ("Дело присоединено к другому делу", "joined"),
        ("судебный акт ОСТАВЛЕН БЕЗ ИЗМЕНЕНИЯ", "upheld"),
        ("ОБВИНИТЕЛЬНЫЙ приговор ОТМЕНЕН", "reversed"),
        ("ОБВИНИТЕЛЬНЫЙ приговор ИЗМЕНЕН", "changed"),
        ("ОПРАВДАТЕЛЬНЫЙ приговор ОТМЕНЕН", "reversed"),
        ("СНЯТО с апелляционного рассмотрения", "withdrawn"),
        ("Представление (жалоба) ОТОЗВАНЫ", "withdrawn"),
        ("Апелляционное ПРОИЗВОДСТВО ПРЕКРАЩЕНО", "appeal-terminated"),
        ("Отменено с возвращением на новое рассмотрение", "reversed"),
        ("Вынесен ОБВИНИТЕЛЬНЫЙ приговор", "convicted"),
        ("Вынесен ОПРАВДАТЕЛЬНЫЙ приговор", "acquitted"),
        ("ОСУЖДЕН", "convicted"),
        ("ОПРАВДАН", "acquitted"),
        # It says that there was a decision, not which.
        ("ВЫНЕСЕНО РЕШЕНИЕ (ОПРЕДЕЛЕНИЕ)", "unknown"),
        ("ОСУЖДЕН, по части обвинения ОПРАВДАН", "unknown"),
        ("Отменено условное осуждение", "unknown"),
        ("Мера пресечения изменена", "unknown"),
        ("Заявление ВОЗВРАЩЕНО заявителю", "unknown"),
        ("Решено сослать на Луну", "unknown"),
    ],
)
def test_a_result_is_a_word_of_the_closed_list(text: str, word: str) -> None:
    """Capitals do not matter; `Вынесен ПРИГОВОР` says no direction; a wording we do not know is `unknown`."""
    assert terms.result(text) == terms.result(text.upper()) == terms.result(text.lower()) == word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Регистрация поступившего в суд дела", "received"),
        ("Регистрация иска (заявления, жалобы) в суде", "received"),
        ("Регистрация жалобы (представления) в суде", "appealed"),
        ("Передача материалов дела судье", "assigned"),
        ("Решение в отношении поступившего уголовного дела", "other"),
        ("Предварительное слушание", "preliminary-hearing"),
        ("Судебное заседание", "hearing"),
        ("Провозглашение приговора", "announced"),
        ("Дело сдано в отдел судебного делопроизводства", "other"),
        ("Сдача материалов дела в архив", "archived"),
        ("Производство по делу возобновлено", "other"),
    ],
)
def test_an_event_is_a_word_of_the_closed_list(text: str, word: str) -> None:
    """What happened has its word, and `other` where it is none of the list."""
    assert terms.event(text) == word


def test_an_appointment_is_not_the_hearing_it_appoints() -> None:
    """`Назначено судебное заседание` is no outcome that we know; a postponement and a recess are."""
    assert terms.outcome("Назначено судебное заседание") == "unknown"
    assert terms.outcome("Назначено предварительное слушание") == "unknown"
    assert terms.outcome("Заседание отложено") == "postponed"
    assert terms.outcome("Объявлен перерыв") == "recess"
    assert terms.outcome("Постановление приговора") == "verdict"


def test_every_word_that_a_rule_gives_is_in_the_closed_list() -> None:
    """No rule can state a word that the ledger does not know."""
    assert {word for _, word in outcomes._RESULTS} <= set(words.RESULTS)
    assert {word for _, word in outcomes._EVENTS} <= set(words.EVENTS)


def test_a_day_that_never_was_has_no_value() -> None:
    """Dates are DD.MM.YYYY and real; times are HH:MM and real; nothing is guessed."""
    assert terms.date("10.08.2026") == "2026-08-10"
    assert terms.date("29.02.2024") == "2024-02-29"
    assert [
        terms.date(text) for text in ("29.02.2025", "31.02.2026", "00.01.2026", "1.8.2026", "10.08.26", "2026-08-10", "")
    ] == [None] * 7
    assert [terms.time(text) for text in ("09:00", "9:05", "23:59", "24:00", "12:60", "12.30", "")] == [
        "09:00", "09:05", "23:59", None, None, None, None,
    ]  # fmt: skip
    assert terms.stamp("22.04.2026 18:54") == "2026-04-22T18:54"
    assert terms.stamp("31.04.2026 18:54") is None


@pytest.mark.parametrize(
    ("text", "current", "previous"),
    [
        ("1-41/2026", ["1-41/2026"], []),
        ("1-17/2026 (1-648/2025;)", ["1-17/2026"], ["1-648/2025"]),
        ("2-5/2026 (2-13/2025; 2-2935/2024;) ~ М-2773/2024", ["2-5/2026"], ["2-13/2025", "2-2935/2024", "М-2773/2024"]),
        ("7У-1297/2026 [77-655/2026]", ["7У-1297/2026", "77-655/2026"], []),
        ("7У-11553/2021 [77-249/2022 - (77-5643/2021)]", ["7У-11553/2021", "77-249/2022"], ["77-5643/2021"]),
        ("3/1-12/2026 (К/21548)", ["3/1-12/2026"], ["К/21548"]),
        ("выделенный материал из у/д №2-45/2024", ["2-45/2024"], []),
        ("ДЕЛО № 1 – 151/2026", ["1-151/2026"], []),
        ("1-17/2021З", ["1-17/2021З"], []),
        ("2a-5/2024", ["2а-5/2024"], []),  # a Latin a
        ("22K-1372/2026", ["22К-1372/2026"], []),  # a Latin K
        ("2А-5/2024", ["2а-5/2024"], []),
        ("ДА-3/2024", ["ДА-3/2024"], []),
        ("3а-33/2026", ["3а-33/2026"], []),
    ],
)
def test_a_case_has_several_numbers(text: str, current: list[str], previous: list[str]) -> None:
    """Current and earlier numbers are told apart, each where it stands, without spaces and in Cyrillic."""
    found = terms.numbers(text)
    assert [n.normal for n in found if not n.previous] == current
    assert [n.normal for n in found if n.previous] == previous
    assert [text[n.start : n.end] for n in found] == [n.printed for n in found]


@pytest.mark.parametrize(
    "text", ["ст.337 ч.5", "12.03.2026", "03RS0004#1-151/2026#1", "Образцов П. П.", "дело Проверкина 1-2/2026"]
)
def test_text_that_is_more_than_numbers_has_no_number(text: str) -> None:
    """A number is not picked out of words that we cannot account for: the whole text is kept."""
    assert [(n.printed, n.normal) for n in terms.numbers(text)] == [(text, None)]


def test_a_judicial_uid_with_one_digit_wrong_has_no_value() -> None:
    """ISO 7064 mod 97-10 catches every single wrong digit and every exchange of neighbours."""
    good = "77GV0021-01-2026-000101-73"
    assert terms.uid(good) == good
    assert terms.uid("26RS0023-01-2020-000159-48") == "26RS0023-01-2020-000159-48"  # the example of the courts' own form
    digits = [i for i, sign in enumerate(good) if sign.isdigit()]
    for i in digits:
        for digit in "0123456789":
            if digit != good[i]:
                assert terms.uid(good[:i] + digit + good[i + 1 :]) is None
    for i in range(len(good) - 1):
        swapped = good[:i] + good[i + 1] + good[i] + good[i + 2 :]
        if swapped != good:
            assert terms.uid(swapped) is None


def test_a_uid_typed_in_cyrillic_or_cut_short() -> None:
    """Look-alike letters are folded to the Latin of the pattern; what aggregators cut is no UID."""
    assert terms.uid("50АV0000-01-2026-000101-68") == "50AV0000-01-2026-000101-68"  # a Cyrillic А
    assert terms.uid("770021-01-2026-000101-73") is None
    assert terms.uid("") is None


def test_any_text_is_taken_apart_without_loss_of_place() -> None:
    """Whatever a clerk types, every span lies inside the text, in order, and nothing is raised."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    bits = [
        "ст.",
        "ст. ",
        "ч.",
        " ",
        "337",
        "30",
        "33",
        ".1",
        ";",
        ", ",
        "-",
        "п.п.",
        "а",
        "УК РФ",
        "КоАП РФ",
        "(",
        ")",
        "/",
        "2026",
        "~",
        "№",
    ]
    for _ in range(3000):
        text = "".join(rng.choice(bits) for _ in range(rng.randrange(1, 14)))
        for spans in ([(a.start, a.end) for a in terms.articles(text)], [(n.start, n.end) for n in terms.numbers(text)]):
            assert all(0 <= start < end <= len(text) for start, end in spans)
            assert spans == sorted(spans)
        assert terms.result(text) in words.RESULTS
        assert terms.event(text) in words.EVENTS
