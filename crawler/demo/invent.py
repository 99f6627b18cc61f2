"""How the cases of the small world are made up: the same seed and the same plan, the same cases.

How many cases each court receives in each month stands in the plan, and which story and which articles a case gets
follows from its place in the plan; the seed deals names, days, judges, identifiers. So every seed has every kind of
case, and nothing has to be searched for by luck.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

from crawler.demo.docket import (
    APPEAL,
    FIRST,
    Act,
    Court,
    Event,
    Lower,
    Party,
    Person,
    Registration,
    Result,
    judicial_uid,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How many cases a court receives in the months of 2025, January first, and where its numbers start."""

    court: Court
    monthly: tuple[int, ...]
    first_number: int


STV = "26 - Ставропольский край"
PYATIGORSK = Court("61GV0008", "Пятигорский гарнизонный военный суд", "Пятигорский ГВС", "pgvs", "stv", STV, "Пятигорск", True)
STAVROPOL = Court("61GV0007", "Ставропольский гарнизонный военный суд", "Ставропольский ГВС", "sgvs", "stv", STV, "Ставрополь")
ASTRAKHAN = Court(
    "61GV0003", "Астраханский гарнизонный военный суд", "Астраханский ГВС", "astrahanskygvs", "ast",
    "30 - Астраханская область", "Астрахань",
)  # fmt: skip
SOUTHERN = Court(
    "61OV0000", "Южный окружной военный суд", "Южный ОВС", "yovs", "ros", "61 - Ростовская область", "Ростов-на-Дону"
)

# April at Pyatigorsk is more than one page of a listing; February at the Southern court is an honest nothing.
PLANS = (
    Plan(PYATIGORSK, (4, 3, 5, 27, 4), 301),
    Plan(STAVROPOL, (4, 3, 4, 4, 3), 12),
    Plan(ASTRAKHAN, (3, 2, 4, 3, 2), 5),
    Plan(SOUTHERN, (1, 0, 1, 1, 1), 2),
)

REGISTRY_CLOSED = date(2025, 6, 2)  # what the courts knew when the first visit comes
DAYS_OFF = frozenset(date(2025, m, d) for m, d in [*((1, d) for d in range(1, 9)), (5, 1), (5, 2), (5, 8), (5, 9)])

VERDICT = Result("verdict", ("Вынесен ПРИГОВОР",))
CONVICTED = Result("convicted", ("Вынесен ОБВИНИТЕЛЬНЫЙ приговор",))
ACQUITTED = Result("acquitted", ("Вынесен ОПРАВДАТЕЛЬНЫЙ приговор",))
RETURNED = Result("returned-to-prosecutor", ("ВОЗВРАЩЕНО ПРОКУРОРУ или РУКОВОДИТЕЛЮ СЛЕДСТВЕННОГО ОРГАНА",))
TRANSFERRED = Result("transferred", ("Направлено ПО ПОДСУДНОСТИ (подведомственности)",))
MEDICAL = Result("medical-measures", ("Применены ПРИНУДИТЕЛЬНЫЕ МЕРЫ МЕДИЦИНСКОГО ХАРАКТЕРА",))
TERMINATED = Result(
    "terminated",
    ("Уголовное дело ПРЕКРАЩЕНО", "назначена мера уголовно-правового характера - СУДЕБНЫЙ ШТРАФ (ст. 25.1 УПК РФ)"),
)
UPHELD = Result("upheld", ("судебный акт ОСТАВЛЕН БЕЗ ИЗМЕНЕНИЯ",))
CHANGED = Result("changed", ("ОБВИНИТЕЛЬНЫЙ приговор ИЗМЕНЕН",))

# A story: the result of the case, and of each defendant in turn (the last one for all who follow); None is pending.
Story = tuple[Result | None, tuple[Result | None, ...]]
STATED: Story = (VERDICT, (CONVICTED,))
PLAIN: Story = (VERDICT, (VERDICT,))
DIVIDED: Story = (VERDICT, (CONVICTED, ACQUITTED))
CLEARED: Story = (VERDICT, (ACQUITTED,))
PENDING: Story = (None, (None,))
STORIES: tuple[Story, ...] = (
    STATED,
    PLAIN,
    STATED,
    (RETURNED, (RETURNED,)),
    STATED,
    PENDING,
    DIVIDED,
    STATED,
    PLAIN,
    (TERMINATED, (TERMINATED,)),
    STATED,
    STATED,
    CLEARED,
    PLAIN,
    (MEDICAL, (MEDICAL,)),
    STATED,
    PENDING,
    PLAIN,
    STATED,
)
ARTICLES: tuple[tuple[str, ...], ...] = (
    ("337/5",),
    ("337/3.1",),
    ("332/2.1",),
    ("337/5", "337/5"),
    ("337/4",),
    ("338/3",),
    ("337/5",),
    ("337/2.1", "158/2/в"),
    ("332/1",),
    ("337/5",),
    ("205.2/1", "228.1/4/г"),
    ("337/3.1",),
    ("338/1", "30/3+158/3/г"),
)
NUMBER_TRAP = "1-337/2025"  # a case number that a search for article 337 must not take for the article

SURNAMES = (
    "Листобаев", "Камнедворов", "Зарянкинский", "Полуденцев-Гай", "Берестольский", "Ветродуев", "Грибошапкин", "Дождиковский",
    "Ельцветов", "Жаворончук", "Заболотников-Луг", "Инеевский", "Кленодуб", "Лопушанцев", "Мохоягов", "Незабудченко",
    "Овсянчиков", "Пихтогоров", "Росомахинский", "Снегиревич", "Тростникович", "Ужегодов", "Филиногоров", "Хвощевальский",
    "Цаплегубов", "Черемуховец", "Шиповничий", "Щегловатов", "Эхолотов", "Ягодинцев-Бор",
)  # fmt: skip
NAMES = ("Аркадий", "Богдан", "Вадим", "Герман", "Демьян", "Елисей", "Захар", "Игнат", "Корней", "Лукьян", "Марат", "Назар")
PATRONYMICS = ("Августович", "Борисович", "Власович", "Глебович", "Демидович", "Ефимович", "Жоресович", "Зиновьевич")
JUDGES = (
    "Судейкин-Липа Остап Ильич", "Весовщиков Пров Наумович", "Законников Фрол Савич", "Мерилов Кузьма Титович",
    "Правдолюбцев Ждан Янович", "Параграфов Влас Егорович",
)  # fmt: skip
ROOMS = ("Зал № 1", "Зал № 2", "Зал судебных заседаний", None)


def invent(plans: Sequence[Plan], seed: int) -> tuple[Registration, ...]:
    """Every registration as it stands at the first visit: the first instance, then the appeals."""
    received: list[tuple[Plan, date, int]] = []
    serial = 0
    for plan in plans:
        for month, count in enumerate(plan.monthly, start=1):
            days = _working_days(month)
            deal = Random(f"{seed}:{plan.court.code}:{month}")
            for day in sorted(deal.choice(days) for _ in range(count)):
                received.append((plan, day, serial))
                serial += 1
    cases = [_case(plan, day, serial, seed) for plan, day, serial in received]
    cases = _chains(cases, plans, seed)
    cases = _numbered(cases, plans)
    return tuple(_appeals(cases, plans, seed))


def _working_days(month: int) -> list[date]:
    days = (date(2025, month, 1) + timedelta(days=n) for n in range(31))
    return [day for day in days if day.month == month and day.weekday() < 5 and day not in DAYS_OFF]


def _after(day: date, working: int) -> date:
    """The day so many working days later."""
    while working:
        day += timedelta(days=1)
        working -= day.weekday() < 5 and day not in DAYS_OFF
    return day


def _judge(court: Court, deal: Random) -> str:
    full = deal.choice(JUDGES)
    if not court.initials:
        return full
    surname, name, patronymic = full.split()
    return f"{surname} {name[0]}.{patronymic[0]}."


def _name(deal: Random) -> str:
    return f"{deal.choice(SURNAMES)} {deal.choice(NAMES)} {deal.choice(PATRONYMICS)}"


def _identifiers(deal: Random) -> tuple[int, str]:
    return deal.randrange(300_000_000, 399_999_999), str(UUID(int=deal.getrandbits(128), version=4))


def _case(plan: Plan, received: date, serial: int, seed: int) -> Registration:
    deal = Random(f"{seed}:case:{serial}")
    case_result, results = STORIES[serial % len(STORIES)]
    crowd = 2 if (case_result, results) == DIVIDED else 3 if serial % 23 == 7 else 2 if serial % 11 == 4 else 1
    names = [None if serial % 4 == 1 else _name(deal) for _ in range(crowd)]
    articles = [ARTICLES[(serial + n) % len(ARTICLES)] for n in range(crowd)]
    case_id, case_uid = _identifiers(deal)
    judge = _judge(plan.court, deal)
    events, decided = _movement(case_result, received, deal)
    if decided is None:
        case_result, results = PENDING
    persons = tuple(
        Person(name, items, decided, results[min(n, len(results) - 1)])
        for n, (name, items) in enumerate(zip(names, articles, strict=True))
    )
    in_force = None
    if decided and case_result in (VERDICT, TERMINATED, MEDICAL) and decided + timedelta(days=16) <= REGISTRY_CLOSED:
        in_force = decided + timedelta(days=16)
    act = None
    if case_result == VERDICT and serial % 5 == 0:
        act = Act(deal.randrange(30_000_000, 39_999_999), "Приговор", _verdict_text(plan.court, judge, persons, decided))
    stamped = serial % 6 != 2
    last = max(event.placed or event.day for event in events)
    return Registration(
        court=plan.court,
        register=FIRST,
        case_id=case_id,
        case_uid=case_uid,
        number="",
        uid=judicial_uid(plan.court.code, 2025, 100 + serial * 7),
        received=received,
        judge=judge,
        persons=persons,
        events=events,
        parties=_parties(plan.court, deal),
        number_previous=f"1-{600 + serial}/2024" if serial % 29 == 3 else None,
        decided=decided,
        result=case_result,
        in_force=in_force,
        act=act,
        published=_stamp(received, deal) if stamped else None,
        modified=_stamp(last, deal) if stamped else None,
    )


def _stamp(day: date, deal: Random) -> datetime:
    return datetime.combine(day, time(18 + deal.randrange(3), deal.randrange(60)))


def _clock(deal: Random) -> str:
    return f"{9 + deal.randrange(9):02d}:{deal.choice((0, 15, 30, 45)):02d}"


ENDINGS = {
    VERDICT.word: "Постановление приговора",
    TERMINATED.word: "Производство по делу прекращено",
    MEDICAL.word: "Применены принудительные меры медицинского характера",
}


def _movement(result: Result | None, received: date, deal: Random) -> tuple[tuple[Event, ...], date | None]:
    """What happened until the registry closed, and the day of the decision if it was taken by then."""
    opening = _after(received, 5 + deal.randrange(4))
    events = [
        Event("Регистрация поступившего в суд дела", received, _clock(deal), placed=received),
        Event("Передача материалов дела судье", received, "17:45", placed=received),
    ]
    ruling = "Решение в отношении поступившего уголовного дела"
    if result in (RETURNED, TRANSFERRED):
        answer = "Возвращено прокурору" if result == RETURNED else "Направлено по подсудности"
        events.append(Event(ruling, opening, _clock(deal), result=answer, placed=_after(opening, 1)))
        decided = opening
    else:
        events.append(Event(ruling, opening, _clock(deal), result="Назначено судебное заседание", placed=_after(opening, 1)))
        hearing, room = _after(opening, 6 + deal.randrange(6)), deal.choice(ROOMS)
        if deal.random() < 0.4:
            events.append(
                Event(
                    "Судебное заседание", hearing, _clock(deal), room, "Заседание отложено", "НЕЯВКА подсудимого",
                    placed=_after(opening, 2),
                )
            )  # fmt: skip
            hearing = _after(hearing, 7)
        ending = ENDINGS[result.word] if result else None
        if result is None:
            hearing = max(hearing, _after(REGISTRY_CLOSED, 6 + deal.randrange(5)))
        at = _clock(deal)
        events.append(Event("Судебное заседание", hearing, at, room, ending, placed=_after(opening, 3)))
        decided = hearing
        if result == VERDICT:
            events.append(Event("Провозглашение приговора", hearing, at, room, placed=_after(hearing, 1)))
        if result is not None:
            sent = _after(hearing, 8)
            events.append(Event("Дело сдано в отдел судебного делопроизводства", sent, _clock(deal), placed=sent))
    return _as_known(events), decided if decided <= REGISTRY_CLOSED and result is not None else None


def _as_known(events: list[Event]) -> tuple[Event, ...]:
    """The lines the court has entered by the day the registry closes: a hearing to come stands there without a result."""
    known = []
    for event in events:
        if event.day <= REGISTRY_CLOSED:
            placed = min(event.placed, REGISTRY_CLOSED) if event.placed else None
            known.append(replace(event, placed=placed))
        elif event.name == "Судебное заседание" and (event.placed or event.day) <= REGISTRY_CLOSED:
            known.append(replace(event, result=None, reason=None))
            break
        else:
            break
    return tuple(known)


def _parties(court: Court, deal: Random) -> tuple[Party, ...]:
    surname = deal.choice(SURNAMES)
    return (
        Party("Защитник (адвокат)", f"{surname} {deal.choice('АБВГД')}.{deal.choice('ЕЗИКЛ')}."),
        Party("Прокурор", f"Военный прокурор гарнизона {court.city}"),
    )


def _verdict_text(court: Court, judge: str, persons: tuple[Person, ...], decided: date | None) -> tuple[str, ...]:
    """A verdict as it is published: people by initials, dates and places taken out."""
    lines = ["ПРИГОВОР", "Именем Российской Федерации", f"г. {court.city}", f"{court.title} в составе судьи {judge}"]
    for n, person in enumerate(persons, start=1):
        found = "оправдать" if person.result == ACQUITTED else "признать виновным"
        numbers = ", ".join(f"ст. {item}" for item in sorted(person.numbers))
        lines.append(f"ФИО{n}, ДД.ММ.ГГГГ года рождения, по {numbers} УК РФ {found}.")
    lines.append("Приговор может быть обжалован в течение 15 суток со дня провозглашения.")
    return tuple(lines)


def _chains(cases: list[Registration], plans: Sequence[Plan], seed: int) -> list[Registration]:
    """Two cases that began at the wrong court: sent on, and registered under the same judicial identifier at the next.

    The registration at the next court is one of that court's own later cases, so the plan's figures stand.
    """
    chained = {case.case_uid: case for case in cases}
    for goal, start in pairwise(plans[:3]):
        first = next((case for case in cases if case.court == start.court and case.received.month == 2), None)
        if first is None:
            continue
        deal = Random(f"{seed}:chain:{first.case_uid}")
        events, decided = _movement(TRANSFERRED, first.received, deal)
        then = next(
            (case for case in cases
             if case.court == goal.court and decided and case.received > decided and case.result == VERDICT), None
        )  # fmt: skip
        if then is None:
            continue
        persons = tuple(replace(person, decided=decided, result=TRANSFERRED) for person in then.persons)
        chained[first.case_uid] = replace(
            first, persons=persons, events=events, decided=decided, result=TRANSFERRED, in_force=None, act=None,
            modified=_stamp(events[-1].day, deal) if first.modified else None,
        )  # fmt: skip
        chained[then.case_uid] = replace(then, uid=first.uid)
    return list(chained.values())


def _numbered(cases: list[Registration], plans: Sequence[Plan]) -> list[Registration]:
    """Numbers in order of receipt; the one that looks like the article 337 goes to a case of another article."""
    by_court: dict[str, list[Registration]] = defaultdict(list)
    for case in cases:
        by_court[case.court.code].append(case)
    numbered = []
    for plan in plans:
        own = sorted(by_court[plan.court.code], key=lambda case: case.received)
        for n, case in enumerate(own, start=plan.first_number):
            case = replace(case, number=f"1-{n}/2025")
            if case.number == NUMBER_TRAP:
                case = replace(case, persons=tuple(replace(person, articles=("228/2",)) for person in case.persons))
            numbered.append(case)
    return numbered


def _appeals(cases: list[Registration], plans: Sequence[Plan], seed: int) -> list[Registration]:
    """One verdict of each garrison court heard again by the court above, the last plan's: two decided, one to come.

    Returns the first instance with its entries into force put right, and the appeals after it.
    """
    above = plans[-1].court
    by_uid = {case.case_uid: case for case in cases}
    appeals: list[Registration] = []
    for n, plan in enumerate(plans[:-1][:3], start=1):
        own = [case for case in cases if case.court == plan.court and case.result == VERDICT]
        case = (min if n < 3 else max)(own, key=lambda case: case.decided or date.max, default=None)
        if case is None:
            continue
        appeal = _appeal(case, above, n, Random(f"{seed}:appeal:{n}"))
        by_uid[case.case_uid] = replace(case, in_force=appeal.decided)
        appeals.append(appeal)
    return [*by_uid.values(), *appeals]


def _appeal(case: Registration, above: Court, n: int, deal: Random) -> Registration:
    received = min(_after(case.decided or case.received, 8), date(2025, 5, 30))
    heard = _after(received, 6)
    known = heard <= REGISTRY_CLOSED
    result = (UPHELD if n % 2 else CHANGED) if known else None
    case_id, case_uid = _identifiers(deal)
    return Registration(
        court=above,
        register=APPEAL,
        case_id=case_id,
        case_uid=case_uid,
        number=f"22-{110 + n}/2025",
        uid=case.uid,
        received=received,
        judge=_judge(above, deal),
        persons=tuple(replace(person, decided=None, result=result) for person in case.persons),
        events=(
            Event("Регистрация поступившего в суд дела", received, _clock(deal), placed=received),
            Event("Передача материалов дела судье", received, "17:45", placed=received),
            Event("Судебное заседание", heard, _clock(deal), "Зал № 1", "Вынесено решение" if known else None, placed=received),
        ),
        decided=heard if known else None,
        result=result,
        lower=Lower(case.court, case.printed_number, case.judge),
        published=_stamp(received, deal),
        modified=_stamp(heard if known else received, deal),
    )
