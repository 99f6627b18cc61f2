"""What looks wrong: each trouble is raised once, with the captures that show it, and cleared when it is over; quiet days are quiet."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from schedules.watch import Alarm, Asking, Certificate, Facts, Machine, Raised, Register, Seen, family, settle

DAY = timedelta(days=1)
BEGIN = datetime(2025, 3, 1, 6, tzinfo=UTC)
COURT = "https://gvs--kursk.sudrf.ru/modules.php?name=sud_delo&name_op=case&case_id={}&delo_id=1540006"
LISTING = "https://gvs--kursk.sudrf.ru/modules.php?name=sud_delo&name_op=r&delo_id=1540006&page={}"
ARTICLE = "https://news.example/2025/03/01/a-story"
HOST = "gvs--kursk.sudrf.ru"


class Diary:
    """Visits one after another, each with a capture of its own; what was raised and cleared, and when."""

    def __init__(self) -> None:
        self.facts, self.stands, self.said, self.number = Facts(), list[Raised](), list[tuple[str, str, str]](), 0
        self.now = BEGIN

    def sees(self, url: str, word: str, *, flags: tuple[str, ...] = (), held: bool = True) -> str:
        self.number += 1
        capture = f"c{self.number}"
        self.facts.fold(Seen(capture, self.now, url, url.split("/")[2], word, flags), held=held)
        return capture

    def looks(self, machine: Machine | None = None) -> None:
        raised, cleared = settle(self.stands, self.facts.alarms(self.now, machine), self.now)
        gone = {each.id for each in cleared}
        self.stands = [each for each in self.stands if each.id not in gone] + raised
        self.said += [("raised", r.alarm.kind, r.alarm.subject) for r in raised]
        self.said += [("cleared", c.alarm.kind, c.alarm.subject) for c in cleared]

    def captures(self, kind: str) -> tuple[str, ...]:
        (alarm,) = (each.alarm for each in self.stands if each.alarm.kind == kind)
        return alarm.captures


@pytest.fixture
def diary() -> Diary:
    return Diary()


def ordinary(diary: Diary, days: int, rng: random.Random, *, url: str = COURT) -> None:
    """A court as it is: some cards a day, now and then a failure that is over at the next try."""
    for _ in range(days):
        for _ in range(5):
            diary.sees(url.format(rng.randrange(10**6)), "page" if rng.random() > 0.05 else "timeout")
        diary.now += DAY
        diary.looks()


def test_ordinary_days_raise_nothing(diary: Diary) -> None:
    """200 days with 5 % of visits failing, one certificate renewed in time, cases coming now and then: not one alarm."""
    seed = 20250301
    rng = random.Random(seed)
    register = diary.facts.registers.setdefault("sudrf 46GV0001", Register())
    known, renewed = 0, BEGIN + timedelta(days=80)
    for day in range(200):
        ordinary(diary, 1, rng)
        known += rng.random() < 0.5
        register.fold(Asking(f"run{day}", diary.now, 4, 4, (), (f"l{day}",)), known)
        ends = (
            renewed
            if diary.now < renewed - 20 * DAY
            else renewed + 90 * DAY * (1 + (diary.now - renewed + 20 * DAY) // (90 * DAY))
        )
        diary.facts.hosts[HOST].meet(Certificate(f"t{day}", diary.now, str(ends), ends, valid=True))
        diary.looks(Machine(10**12, 10**9))
    assert [] == diary.said, f"seed {seed}"


def test_a_court_blocks_us(diary: Diary) -> None:
    """Captchas where pages were: raised once however long it lasts, and cleared when pages come again."""
    ordinary(diary, 20, random.Random(1))
    for _ in range(30):
        capture = diary.sees(COURT.format(1), "captcha")
        diary.looks()
    assert [("raised", "verdicts-changed", HOST)] == diary.said
    assert capture not in diary.captures("verdicts-changed")  # those that showed it first
    for _ in range(15):
        diary.sees(COURT.format(1), "page")
        diary.looks()
    assert ("cleared", "verdicts-changed", HOST) == diary.said[-1]
    assert 2 == len(diary.said)


@pytest.mark.parametrize(("word", "flags"), [("unreadable", ()), ("page", ("header-unknown",)), ("page", ("counter-missing",))])
def test_a_layout_changes_at_night(diary: Diary, word: str, flags: tuple[str, ...]) -> None:
    """The form of page that changed is named, with the page; the court's other pages raise nothing; three good ones clear it."""
    for number in range(3):
        diary.sees(LISTING.format(number), "page")
        diary.sees(COURT.format(number), "page", flags=("row-odd",))
    diary.looks()
    assert [] == diary.said
    bad = diary.sees(LISTING.format(1), word, flags=flags)
    diary.sees(COURT.format(1), "page")
    diary.looks()
    assert [("raised", "layout-changed", family(LISTING))] == diary.said
    assert (bad,) == diary.captures("layout-changed")
    for _ in range(3):
        diary.looks()
        diary.sees(LISTING.format(1), "page")
    diary.looks()
    assert [("raised", "layout-changed", family(LISTING)), ("cleared", "layout-changed", family(LISTING))] == diary.said


def test_a_page_we_never_read_is_no_change(diary: Diary) -> None:
    """A form that was never read, and one that always had its oddity, change nothing."""
    for _ in range(5):
        diary.sees(LISTING.format(1), "unreadable")
        diary.sees(COURT.format(1), "page", flags=("tab-missing",))
        diary.looks()
    assert [] == diary.said


@pytest.mark.parametrize("word", ["gone", "soft-404", "parked"])
def test_a_page_is_withdrawn(diary: Diary, word: str) -> None:
    """Three visits over two days; not at the first, not within a day, and not for what was never there."""
    diary.sees(ARTICLE, "page")
    gone = []
    for _ in range(3):
        gone.append(diary.sees(ARTICLE, word))
        diary.sees(ARTICLE + "-never-there", word, held=False)
        diary.looks()
        assert [] == diary.said
        diary.now += timedelta(hours=6)
    diary.now += 2 * DAY
    gone.append(diary.sees(ARTICLE, word))
    diary.looks()
    assert [("raised", "page-withdrawn", ARTICLE)] == diary.said
    assert tuple(gone) == diary.captures("page-withdrawn")
    diary.sees(ARTICLE, "page")
    diary.looks()
    assert ("cleared", "page-withdrawn", ARTICLE) == diary.said[-1]


def test_a_mirror_dies(diary: Diary) -> None:
    """Nobody answers for two days: its host is named; a single answer clears it."""
    url = "https://mirror.example/story"
    diary.sees(url, "page")
    for _ in range(4):
        diary.now += timedelta(hours=20)
        diary.sees(url, "refused")
        diary.looks()
    assert [("raised", "unreachable", "mirror.example")] == diary.said
    diary.sees(url, "page")
    diary.looks()
    assert ("cleared", "unreachable", "mirror.example") == diary.said[-1]


def test_a_register_goes_silent(diary: Diary) -> None:
    """Cases came every day or two; then none for three times the longest pause: raised, with the asking that brought the last."""
    register = diary.facts.registers.setdefault("sudrf 46GV0001", Register())
    for day in range(40):
        news = day < 20
        register.fold(Asking(f"run{day}", BEGIN + day * DAY, 4, 4, (), (f"l{day}",)), min(day, 19) // 2 if news else 9)
        diary.now = BEGIN + day * DAY
        diary.looks()
    assert [("raised", "silent", "sudrf 46GV0001")] == diary.said
    assert "l18" == diary.captures("silent")[0]
    register.fold(Asking("run40", BEGIN + 40 * DAY, 4, 4, (), ("l40",)), 10)
    diary.looks()
    assert ("cleared", "silent", "sudrf 46GV0001") == diary.said[-1]


def test_a_register_that_does_not_answer_is_not_silent(diary: Diary) -> None:
    """A court behind a captcha has fallen in coverage; that no case came from it says nothing."""
    register = diary.facts.registers.setdefault("sudrf 46GV0001", Register())
    for day in range(30):
        register.fold(Asking(f"run{day}", BEGIN + day * DAY, 4, 4, (), (f"l{day}",)), day)
    for day in range(30, 60):
        register.fold(Asking(f"run{day}", BEGIN + day * DAY, 0, 4, ("captcha",), (f"l{day}",)), 29)
        diary.looks()
        diary.now = BEGIN + day * DAY
    assert ("raised", "coverage-fallen", "sudrf 46GV0001") == diary.said[0]
    assert "silent" not in {kind for _, kind, _ in diary.said}


def test_a_counter_does_not_agree(diary: Diary) -> None:
    register = diary.facts.registers.setdefault("sudrf 46GV0001", Register())
    register.fold(Asking("a", BEGIN, 3, 4, ("mismatch",), ("l1",)), 5)
    diary.looks()
    assert [("raised", "counter-mismatch", "sudrf 46GV0001")] == diary.said
    assert ("l1",) == diary.captures("counter-mismatch")
    register.fold(Asking("b", BEGIN + DAY, 4, 4, (), ("l2",)), 5)
    diary.looks()
    assert ("cleared", "counter-mismatch", "sudrf 46GV0001") == diary.said[-1]


def test_what_has_fallen_stays_fallen(diary: Diary) -> None:
    """A court stands behind a captcha for a week and is asked each day: raised once, and over when it is whole again."""
    register = diary.facts.registers.setdefault("sudrf 46GV0001", Register())
    for day in range(10):
        whole = 4 if day == 0 or day > 7 else 1
        register.fold(Asking(f"run{day}", BEGIN + day * DAY, whole, 4, () if whole == 4 else ("captcha",), (f"l{day}",)), 5)
        diary.now = BEGIN + day * DAY
        diary.looks()
        assert ("coverage-fallen" in {each.alarm.kind for each in diary.stands}) == (1 <= day <= 7)
    assert ["raised", "cleared"] == [act for act, kind, _ in diary.said if kind == "coverage-fallen"]


def test_nobody_stamps_the_log(diary: Diary) -> None:
    """Six hours without a stamp are told, with the first capture that has none; a stamp ends it."""
    bare = Machine(10**12, 10**9, unstamped_since=BEGIN, first_unstamped="c1")
    for hours in (1, 7, 8):
        diary.now = BEGIN + timedelta(hours=hours)
        diary.looks(bare)
        assert ([] if hours == 1 else ["anchoring-pending"]) == [each.alarm.kind for each in diary.stands]
    assert ("c1",) == diary.captures("anchoring-pending")
    diary.looks(Machine(10**12, 10**9))
    assert [("raised", "anchoring-pending", "log"), ("cleared", "anchoring-pending", "log")] == diary.said


def met(diary: Diary, *, sha: str, days: int, valid: bool = True) -> None:
    diary.sees(COURT.format(1), "page")
    diary.facts.hosts[HOST].meet(Certificate(f"t{sha}", diary.now, sha, diary.now + days * DAY, valid=valid))
    diary.looks()


def test_certificates(diary: Diary) -> None:
    """One that is changed long before its end, one that is not valid, one that ends soon; a renewal in time is none of them."""
    met(diary, sha="a", days=300)
    met(diary, sha="b", days=300)
    assert [("raised", "certificate-changed", HOST)] == diary.said
    assert ("ta", "tb") == diary.captures("certificate-changed")
    diary.now += 8 * DAY
    met(diary, sha="b", days=292)
    assert ("cleared", "certificate-changed", HOST) == diary.said[-1]
    diary.now += 280 * DAY
    met(diary, sha="b", days=12)
    assert ("raised", "certificate-ending", HOST) == diary.said[-1]
    met(diary, sha="c", days=365)
    assert ("cleared", "certificate-ending", HOST) == diary.said[-1]
    met(diary, sha="d", days=365, valid=False)
    assert ("raised", "certificate-changed", HOST) == diary.said[-1]


@pytest.mark.parametrize(
    ("machine", "kind"),
    [
        (Machine(10**9, 10**9), "disk-low"),
        (Machine(10**12, 10**9, BEGIN - timedelta(hours=3), 7), "log-behind"),
    ],
)
def test_the_machine(diary: Diary, machine: Machine, kind: str) -> None:
    diary.looks(machine)
    diary.looks(machine)
    diary.looks(Machine(10**12, 10**9, BEGIN, 1))
    assert [("raised", kind), ("cleared", kind)] == [(act, what) for act, what, _ in diary.said]


def test_the_order_of_subjects_decides_nothing() -> None:
    """Visits of different hosts, folded in any order that keeps each host's own, leave the same alarms."""
    seed = random.randrange(10**6)
    rng = random.Random(seed)
    words = ["page", "captcha", "unreadable", "gone", "timeout", "empty"]
    streams = [[(f"https://h{host}.example/a/{n}", rng.choice(words)) for n in range(60)] for host in range(3)]

    def folded(order: Iterable[int]) -> list[Alarm]:
        facts, at = Facts(), [0, 0, 0]
        for host in order:
            url, word = streams[host][at[host]]
            facts.fold(Seen(f"{host}-{at[host]}", BEGIN + at[host] * DAY / 4, url, f"h{host}.example", word), held=True)
            at[host] += 1
        return facts.alarms(BEGIN + 30 * DAY)

    plain = [host for host in range(3) for _ in range(60)]
    shuffled = rng.sample(plain, len(plain))
    assert folded(plain), f"seed {seed}"
    assert folded(plain) == folded(shuffled), f"seed {seed}"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (COURT.format(1), COURT.format(2), True),
        (COURT.format(1), LISTING.format(1), False),
        (ARTICLE, "https://news.example/2024/12/31/another", True),
        ("https://vsrf.ru/lk/practice/cases/1", "https://vsrf.ru/lk/practice/cases/234", True),
        (ARTICLE, ARTICLE.replace("news", "mirror"), False),
    ],
)
def test_forms_of_pages(one: str, other: str, same: bool) -> None:
    assert same == (family(one) == family(other))
