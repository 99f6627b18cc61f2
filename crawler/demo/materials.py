"""The courts' materials: arrests and searches, a register of their own that no figure of the tally counts.

They are dealt apart from the cases: the same seed deals the same cases with or without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from random import Random
from uuid import UUID

from crawler.demo.docket import MATERIAL, Court, Event, Person, Registration, Result, judicial_uid

GRANTED = Result("unknown", ("Удовлетворено",))
SUSPECTS = ("Неведомцев Илья Львович", "Сказкин Пётр Ефимович", "Мнимых Артём Юрьевич", "Выдумко Олег Ильич")
JUDGE = "Небылицын Семён Аркадьевич"


def materials(courts: Iterable[Court], seed: int) -> Iterator[Registration]:
    """One a month for each garrison court, January to May 2025, for others one in January; decided the day they came."""
    for place, court in enumerate(courts):
        deal = Random(f"{seed}:materials:{court.code}")
        for month in range(1, 6 if "GV" in court.code else 2):
            day = date(2025, month, deal.randint(13, 24))
            day -= timedelta(days=max(day.weekday() - 4, 0))
            person = Person(deal.choice(SUSPECTS), ("337/5",), day, GRANTED)
            yield Registration(
                court=court,
                register=MATERIAL,
                case_id=500_000_000 + 100 * place + month,
                case_uid=str(UUID(int=deal.getrandbits(128), version=4)),
                number=f"3/1-{10 * place + month}/2025",
                uid=judicial_uid(court.code, 2025, 900_000 + 10 * place + month),
                received=day,
                judge=JUDGE,
                persons=(person,),
                events=(
                    Event("Регистрация материала в суде", day, "09:10", placed=day),
                    Event("Судебное заседание", day, "11:30", "Зал № 1", "Вынесено постановление", placed=day),
                ),
                decided=day,
                result=GRANTED,
            )
