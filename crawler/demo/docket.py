"""What a court of the small world holds in its register: Court, Register, Registration; values.

All people and cases are invented. Court names, codes and hosts are those of the public list of courts, so that
everything that goes by host or code meets what it will meet outside. Dates are the court's own, without a zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Court:
    """One court and its two host names.

    abbreviation: how other courts print its name in their lists. area: the region as appeals name it.
    initials: it prints judges as `Фамилия И.О.`. region: "" for a court above all regions, which has one host name. vnkod: its
    site has the VNKOD template. loud: its clerks write results in capitals.
    """

    code: str
    title: str
    abbreviation: str
    label: str
    region: str
    area: str
    city: str
    initials: bool = False
    vnkod: bool = False
    loud: bool = False

    @property
    def dot(self) -> str:
        """The host that is printed in lists of courts."""
        return f"{self.label}.{self.region}.sudrf.ru" if self.region else self.dash

    @property
    def dash(self) -> str:
        """The host that serves the register."""
        return f"{self.label}--{self.region}.sudrf.ru" if self.region else f"{self.label}.sudrf.ru"


@dataclass(frozen=True, slots=True)
class Register:
    """One register of the platform: our word for it, and the three numbers its addresses carry."""

    word: str
    delo_id: str
    new: str
    table: str
    title: str


FIRST = Register("criminal-1", "1540006", "0", "u1_case", "Уголовные дела - первая инстанция")
APPEAL = Register("criminal-appeal", "4", "4", "u2_case", "Уголовные дела - апелляция")
CASSATION = Register("criminal-cassation", "2450001", "2450001", "u33_case", "Уголовные дела - кассация")
MATERIAL = Register("material", "1610001", "0", "m_case", "Производство по материалам")
REGISTERS = (FIRST, APPEAL, CASSATION, MATERIAL)


@dataclass(frozen=True, slots=True)
class Result:
    """A decision: the ledger's word for it, and the lines the court prints."""

    word: str
    printed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """One defendant. name: None where the court hides it. articles: items in normal form, in the court's order.

    An attempt is two articles joined by a plus: `30/3+158/2/а`.
    """

    name: str | None
    articles: tuple[str, ...]
    decided: date | None = None
    result: Result | None = None

    @property
    def numbers(self) -> frozenset[str]:
        """The articles alone, without parts and points: what statistics group by."""
        return frozenset(item.split("+")[-1].split("/")[0] for item in self.articles)


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the movement of a case, in the court's words; None where the cell is empty."""

    name: str
    day: date
    time: str
    place: str | None = None
    result: str | None = None
    reason: str | None = None
    note: str | None = None
    placed: date | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """Someone who takes part and is no defendant."""

    role: str
    name: str


@dataclass(frozen=True, slots=True)
class Act:
    """The published text of a decision. number: its key in addresses."""

    number: int
    kind: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lower:
    """What an appeal says of the first instance."""

    court: Court
    number: str
    judge: str


@dataclass(frozen=True, slots=True)
class Registration:
    """One court's entry of a case, as it stands at one visit.

    case_uid: lower case, the key of the registration. uid: the judicial identifier, shared along a chain of transfers; ""
    where the court prints none. origin: the identifier under which the case began, where this entry bears another one (a new
    trial, a case joined to another); no page prints it.
    published, modified: the stamps at the foot of the card; None where the court prints none.
    """

    court: Court
    register: Register
    case_id: int
    case_uid: str
    number: str
    uid: str
    received: date
    judge: str
    persons: tuple[Person, ...]
    events: tuple[Event, ...]
    parties: tuple[Party, ...] = ()
    number_previous: str | None = None
    decided: date | None = None
    result: Result | None = None
    in_force: date | None = None
    act: Act | None = None
    lower: Lower | None = None
    published: datetime | None = None
    modified: datetime | None = None
    origin: str = ""

    @property
    def printed_number(self) -> str:
        """`1-305/2025 (1-648/2024;)` where the case was registered anew."""
        return f"{self.number} ({self.number_previous};)" if self.number_previous else self.number

    @property
    def printed_result(self) -> tuple[str, ...]:
        """The lines of the result, as this court's clerks write them."""
        return printed_result(self.result, self.court)

    @property
    def subject(self) -> str:
        """The ledger's name of this registration."""
        return f"reg:{self.register.word}:{self.case_uid}"

    @property
    def card(self) -> str:
        """The address of its card, as its court's own listing links it."""
        return self.card_at(self.court)

    def card_at(self, court: Court) -> str:
        """The address at which a court's site shows this card, in the names of that court's template."""
        module = f"https://{court.dash}/modules.php?name=sud_delo"
        if court.vnkod:
            key = f"&_id={self.case_id}&_uid={self.case_uid}&_deloId={FIRST.delo_id}&_caseType=0&_new={self.register.new}"
            return f"{module}&name_op=case{key}&srv_num=1"
        ending = "" if self.register.new == "0" else f"&new={self.register.new}"
        key = f"&case_id={self.case_id}&case_uid={self.case_uid}&delo_id={self.register.delo_id}"
        return f"{module}&srv_num=1&name_op=case{key}{ending}"


def printed_result(result: Result | None, court: Court) -> tuple[str, ...]:
    """The lines of a result as a court writes them; () where there is none yet."""
    lines = result.printed if result else ()
    return tuple(line.upper() for line in lines) if court.loud else lines


def printed_article(item: str) -> str:
    """How a court writes one item: `337/5` -> `ст.337 ч.5`, `30/3+158/2/а` -> `ст. 30 ч.3, ст.158 ч.2 п.а`."""

    def one(article: str, opening: str) -> str:
        number, *rest = article.split("/")
        part = f" ч.{rest[0]}" if rest and rest[0] else ""
        point = f" п.{rest[1]}" if len(rest) > 1 else ""
        return f"{opening}{number}{part}{point}"

    *stage, crime = item.split("+")
    return ", ".join([*(one(article, "ст. ") for article in stage), one(crime, "ст.")])


def printed_articles(person: Person) -> str:
    """All items of a person, as one cell: the code is named after the last one only."""
    return "; ".join(printed_article(item) for item in person.articles) + " УК РФ"


def judicial_uid(court_code: str, year: int, serial: int) -> str:
    """A judicial identifier with its two check digits (ISO 7064, mod 97-10; letters count A=10 ... Z=35)."""
    stem = f"{court_code}-01-{year}-{serial:06d}"
    check = 98 - int("".join(str(int(c, 36)) for c in stem if c != "-") + "00") % 97
    return f"{stem}-{check:02d}"
