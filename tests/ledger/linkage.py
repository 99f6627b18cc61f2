"""A linkage test in Russian after FEBRL: invented cases, each with records that clerks, courts and newspapers might make of it.

Every record has a truth: the case it is of. What is broken: judicial UIDs missing, numbers missing, names in initials, in another
order or in Latin letters, slips of the hand, days that changed places with months, articles without their part.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

from archive.ledger.identity import Keys

SURNAMES = [
    "Алымов",
    "Бавыкин",
    "Варламов",
    "Гладышев",
    "Дягилев",
    "Елохин",
    "Жиганов",
    "Завьялов",
    "Игумнов",
    "Калачёв",
    "Лапшин",
    "Мезенцев",
    "Неклюдов",
    "Овсянников",
    "Пичугин",
    "Ракитин",
    "Сапегин",
    "Тетерин",
    "Уваркин",
    "Фатьянов",
    "Хлопонин",
    "Цаплин",
    "Чекмарёв",
    "Шорохов",
    "Щегловитов",
    "Юшков",
    "Ярыгин",
    "Бурлаков",
    "Верещагин",
    "Голубцов",
    "Дубровин",
    "Ермаков",
    "Жданов",
    "Зимин",
    "Истомин",
    "Кольцов",
    "Ларионов",
    "Мещеряков",
    "Нагибин",
    "Ордынцев",
]
ROOTS = [
    "Бел",
    "Чёрн",
    "Красн",
    "Добр",
    "Зел",
    "Крив",
    "Мал",
    "Нов",
    "Остр",
    "Пёстр",
    "Рыж",
    "Сед",
    "Тих",
    "Хмур",
    "Ясн",
    "Вол",
    "Берез",
    "Дуб",
    "Сос",
    "Камен",
    "Реч",
    "Озер",
    "Луг",
    "Мор",
    "Снеж",
    "Град",
    "Ветр",
    "Гром",
    "Солнц",
    "Звезд",
    "Кузн",
    "Плот",
    "Рыб",
    "Гонч",
    "Столяр",
    "Мельн",
    "Пекар",
    "Ткач",
    "Шорн",
    "Бондар",
]
ENDINGS = ("ов", "ин", "ев", "енко", "ский", "ицын", "ушкин", "атов", "ягин", "овцев")
FIRST = [
    "Андрей",
    "Борис",
    "Виктор",
    "Григорий",
    "Денис",
    "Евгений",
    "Захар",
    "Иван",
    "Кирилл",
    "Леонид",
    "Максим",
    "Никита",
    "Олег",
    "Павел",
    "Роман",
    "Степан",
    "Тимур",
    "Фёдор",
    "Юрий",
    "Яков",
]
FATHERS = [
    "Андреевич",
    "Борисович",
    "Викторович",
    "Григорьевич",
    "Денисович",
    "Евгеньевич",
    "Захарович",
    "Иванович",
    "Кириллович",
    "Леонидович",
    "Максимович",
    "Олегович",
    "Павлович",
    "Романович",
    "Степанович",
    "Тимурович",
    "Юрьевич",
    "Яковлевич",
]
COURTS = [f"{region:02}GV{number:04}" for region in range(1, 76) for number in (1, 2)]
ARTICLES = ("337/5", "337/4", "337/3", "337/3.1", "332/2.1", "338/1", "338/3", "335/1", "158/2", "228/2")
LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        [
            "a",
            "b",
            "v",
            "g",
            "d",
            "e",
            "e",
            "zh",
            "z",
            "i",
            "y",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "kh",
            "ts",
            "ch",
            "sh",
            "shch",
            "",
            "y",
            "",
            "e",
            "yu",
            "ya",
        ],
        strict=True,
    )
)
LETTERS = "абвгдежзиклмнопрстуфхцчшщыэюя"


@dataclass(frozen=True, slots=True)
class Record:
    keys: Keys
    case: int


def records(cases: int, rng: random.Random) -> list[Record]:
    """At least one record of every case, of half of them a second. One man in twelve is accused again, at the same court."""
    found: list[Record] = []
    for number in range(cases):
        before = rng.choice(found).keys if found and rng.random() < 1 / 12 else None
        found += (Record(keys, number) for keys in _case(number, rng, before))
    rng.shuffle(found)
    return found


def _case(number: int, rng: random.Random, before: Keys | None) -> list[Keys]:
    court = before.court if before is not None and before.court in COURTS else rng.choice(COURTS)
    received = date(2023, 1, 1) + timedelta(days=rng.randrange(900))
    decided = received + timedelta(days=rng.randrange(10, 120))
    names = tuple(_name(rng) for _ in range(1 if rng.random() < 0.93 else 2))
    if before is not None and before.names and before.names[0].count(" ") == 2:
        names = before.names[:1]
    articles = (rng.choices(ARTICLES, weights=(50, 12, 5, 4, 8, 4, 3, 2, 2, 2))[0],)
    uid = f"{court}-01-{received.year}-{number:06d}-{rng.randrange(90):02d}"
    card = Keys(
        f"reg:criminal-1:{_guid(rng)}", court, (uid,), (f"1-{rng.randrange(1, 400)}/{received.year}",), received=str(received),
        decided=str(decided), result="verdict", articles=articles, names=names,
    )  # fmt: skip
    made = [card]
    kind = rng.random()
    if kind < 0.20:  # a listing of the same court, without UID and number, under a key of its own
        made.append(_broken(replace(card, subject=f"reg:criminal-1:{court}:{number}", uids=(), numbers=()), rng, 0.10))
    elif kind < 0.30:  # sent to another court, which printed no UID
        other = rng.choice(COURTS)
        made[0] = replace(card, result="transferred")
        came = decided + timedelta(days=rng.randrange(5, 40))
        made.append(
            _broken(
                replace(
                    card,
                    subject=f"reg:criminal-1:{_guid(rng)}",
                    court=other,
                    uids=(),
                    received=str(came),
                    decided=None,
                    numbers=(f"1-{rng.randrange(1, 400)}/{came.year}",),
                ),
                rng,
                0.05,
            )
        )
    elif kind < 0.40:  # an appeal that names court and day of the verdict, and neither number nor UID
        came = decided + timedelta(days=rng.randrange(12, 60))
        made.append(
            _broken(
                Keys(
                    f"reg:criminal-appeal:{_guid(rng)}",
                    court[:2] + "OV0000",
                    (),
                    (f"22-{number}/{came.year}",),
                    lower_court=court,
                    received=str(came),
                    lower_decided=str(decided),
                    articles=articles,
                    names=names,
                ),
                rng,
                0.05,
            )
        )
    elif kind < 0.50:  # an article: no court's key, a name in Latin letters, the day of the verdict
        told = tuple(_latin(f"{name.split()[1]} {name.split()[0]}") for name in names)
        made.append(
            _broken(
                Keys(
                    f"reg:criminal-1:article-{number}",
                    court if rng.random() < 0.6 else None,
                    (),
                    (),
                    decided=str(decided),
                    names=told,
                    articles=tuple(a.partition("/")[0] for a in articles),
                    article=True,
                ),
                rng,
                0.08,
            )
        )
    return made


def _broken(keys: Keys, rng: random.Random, share: float) -> Keys:
    """Each feature wrong, shortened or left out with this chance."""

    def hit(times: float = 1.0) -> bool:
        return rng.random() < share * times

    names = tuple(_initials(name) if not keys.article and rng.random() < 0.5 else name for name in keys.names)
    names = tuple(_typo(name, rng) if hit(2) else name for name in names)
    return replace(
        keys, names=() if hit() else names, received=_day(keys.received, rng) if hit() else keys.received,
        decided=_day(keys.decided, rng) if hit() else keys.decided, court=None if hit(0.5) else keys.court,
        articles=tuple(a.partition("/")[0] for a in keys.articles) if hit(2) else keys.articles,
    )  # fmt: skip


def _name(rng: random.Random) -> str:
    surname = rng.choice(SURNAMES) if rng.random() < 0.3 else rng.choice(ROOTS) + rng.choice(ENDINGS)
    return f"{surname} {rng.choice(FIRST)} {rng.choice(FATHERS)}"


def _initials(name: str) -> str:
    surname, *rest = name.split()
    return f"{surname} {''.join(word[0] + '.' for word in rest)}"


def _latin(name: str) -> str:
    return " ".join("".join(LATIN[letter] for letter in word.lower()).capitalize() for word in name.split())


def _typo(name: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(name.split()[0]))
    match rng.randrange(4):
        case 0:
            return name[:at] + name[at + 1 :]
        case 1:
            return name[:at] + rng.choice(LETTERS) + name[at:]
        case 2:
            return name[:at] + rng.choice(LETTERS) + name[at + 1 :]
        case _:
            return name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :]


def _day(day: str | None, rng: random.Random) -> str | None:
    if day is None or rng.random() < 0.4:
        return None
    known = date.fromisoformat(day)
    if known.day <= 12 and rng.random() < 0.5:
        return str(date(known.year, known.day, known.month))
    return str(known + timedelta(days=rng.choice((-10, -1, 1, 10, 31))))


def _guid(rng: random.Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
