"""The plan: what is due, by whatever clock; and a plan that is wrong says where."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.sites import sources
from schedules.plan import BEAT, SKEW, Address, Docket, Past, Plan, Quiet, due, retry, spoken, turn, turns, wake
from schedules.planfile import TEMPLATE, BadPlan, interval, read

NOW = datetime(2025, 6, 5, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ARTICLE = Address("https://uchetny-list.media/a", DAY)
COURT = Docket("sudrf", "61GV0008", 60, DAY)


def planned(text: str, lists: dict[str, str] | None = None) -> Plan:
    return read(text, sources(), (lists or {}).__getitem__)


@pytest.mark.parametrize(
    ("past", "moment", "reason"),
    [
        (None, NOW, "never visited"),
        (Past(NOW - HOUR), NOW + 23 * HOUR, "every 1d"),
        (Past(NOW - 400 * DAY), NOW - 399 * DAY, "every 1d"),
        (Past(NOW - HOUR, "captcha"), NOW + 5 * HOUR, "not answered (captcha), tried again after 6h"),
        (Past(NOW - HOUR, None, ended=False), NOW - HOUR, "the last visit was broken off"),
        (Past(NOW + SKEW), NOW + SKEW + DAY, "every 1d"),
        (Past(NOW + HOUR), NOW, "visited at a time that has not come: the clock was set back"),
        (Past(NOW + 400 * DAY, "captcha"), NOW, "visited at a time that has not come: the clock was set back"),
    ],
)
def test_when_a_target_is_due_and_why(past: Past | None, moment: datetime, reason: str) -> None:
    """A turn is counted from the last visit; what was not answered comes sooner, what was broken off at once."""
    found = turn(ARTICLE, past, NOW)

    assert (moment, reason, past and past.at) == (found.due, found.reason, found.last)


def test_a_year_of_missed_turns_is_one_visit() -> None:
    """The daemon was off for 400 days: each target is due once, the longest due first."""
    plan = Plan((COURT,), (ARTICLE,))
    last = {COURT.name: Past(NOW - 400 * DAY), ARTICLE.name: Past(NOW - 401 * DAY)}

    assert [ARTICLE, COURT] == [each.target for each in due(plan, last, NOW)]


@pytest.mark.parametrize(
    ("jump", "at", "visits"),
    [
        (timedelta(), 4.5, 10),
        (-HOUR, 4.5, 10),  # its turn comes an hour late
        (-HOUR, 4.01, 11),  # the last visit lies ahead: one too many, as nobody knows how long ago it was
        (DAY, 4.5, 11),
        (-DAY, 4.5, 11),
        (400 * DAY, 4.5, 11),
        (-400 * DAY, 4.5, 11),
    ],
)
def test_a_clock_that_jumps_neither_floods_nor_starves(jump: timedelta, at: float, visits: int) -> None:
    """Ten days by a clock that nobody can set, the wall clock jumps once: at most one visit too many, none much too late."""
    plan, last = Plan((), (ARTICLE,)), dict[str, Past]()
    step = 10 * BEAT
    seen: list[timedelta] = []
    for beat in range(10 * DAY // step):  # the beat rings whatever the wall clock does
        steady = beat * step
        wall = NOW + steady + (jump if steady >= timedelta(days=at) else timedelta())
        for each in due(plan, last, wall):
            last[each.target.name] = Past(wall)
            seen.append(steady)
        assert timedelta() < wake(turns(plan, last, wall), wall) - wall <= BEAT

    assert visits == len(seen)
    assert max(later - sooner for sooner, later in pairwise(seen)) <= DAY + HOUR + step


def test_a_clock_that_went_mad_and_came_back() -> None:
    """400 days ahead for an hour, then right again: one visit in the false time, one in the true, and then its turn."""
    plan, last = Plan((COURT,), ()), {COURT.name: Past(NOW)}
    times = [NOW + HOUR, NOW + 400 * DAY, NOW + 400 * DAY + HOUR, NOW + 3 * HOUR, NOW + 4 * HOUR, NOW + 27 * HOUR]
    seen = []
    for wall in times:
        seen.append(len(due(plan, last, wall)))
        last |= {each.target.name: Past(wall) for each in due(plan, last, wall)}

    assert [0, 1, 0, 1, 0, 1] == seen


def test_a_court_that_answers_with_captchas_is_not_besieged() -> None:
    """A month of captchas: four tries a day, no more."""
    plan, last = Plan((COURT,), ()), dict[str, Past]()
    tries = 0
    for minute in range(0, 30 * 24 * 60, 5):
        for each in due(plan, last, NOW + timedelta(minutes=minute)):
            tries += 1
            last[each.target.name] = Past(NOW + timedelta(minutes=minute), "captcha")

    assert (120, timedelta(hours=6)) == (tries, retry(timedelta(days=7)))


@pytest.mark.parametrize(
    ("quiet", "moment", "over"),
    [
        (Quiet(time(22), time(7)), "2025-06-05T21:59", "2025-06-05T21:59"),
        (Quiet(time(22), time(7)), "2025-06-05T22:00", "2025-06-06T07:00"),
        (Quiet(time(22), time(7)), "2025-06-06T06:59", "2025-06-06T07:00"),
        (Quiet(time(22), time(7)), "2025-06-06T07:00", "2025-06-06T07:00"),
        (Quiet(time(12), time(13)), "2025-06-05T12:30", "2025-06-05T13:00"),
        (Quiet(time(22), time(7), ZoneInfo("Europe/Moscow")), "2025-06-05T19:30", "2025-06-06T04:00"),
        # the night the clocks go forward in Berlin: 02:30 is not on them, and the hours still end
        (Quiet(time(1), time(2, 30), ZoneInfo("Europe/Berlin")), "2025-03-30T00:30", "2025-03-30T01:30"),
    ],
)
def test_quiet_hours_end(quiet: Quiet, moment: str, over: str) -> None:
    """Nothing begins in them, and everything right after them."""
    at, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (moment, over))

    assert end == quiet.over(at)
    assert (at == end) == (turn(Address("https://a.example/", DAY, quiet), None, at).due <= at)


def test_a_night_that_has_an_hour_twice() -> None:
    """At any moment of the nights on which clocks change the quiet hours end, and not before they began."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    deal = random.Random(seed)
    for day in ("2025-03-30", "2025-10-26"):
        for _ in range(300):
            start, end = (time(deal.randrange(24), deal.randrange(60)) for _ in range(2))
            if start == end:
                continue
            at = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(minutes=deal.randrange(-720, 720))
            over = Quiet(start, end, ZoneInfo("Europe/Berlin")).over(at)
            assert at <= over <= at + timedelta(hours=25)


def test_a_plan_as_a_person_writes_it() -> None:
    """Registers by court, addresses by name and from a file; an address that two lists name is visited as the keener wants."""
    plan = planned(
        """
        zone = "Europe/Moscow"
        [[source]]
        name = "sudrf"
        courts = ["61GV0008", "61GV0007"]
        every = "6h"
        days = 30
        quiet = "22:00-07:00"
        [[links]]
        urls = ["HTTPS://Uchetny-List.media/a#top"]
        every = "1w"
        [[links]]
        file = "cited.txt"
        every = "1d"
        """,
        {"cited.txt": "# cited in June\nhttps://uchetny-list.media/a\n\n  https://uchetny-list.media/b\n"},
    )

    quiet = Quiet(time(22), time(7), ZoneInfo("Europe/Moscow"))
    courts = tuple(Docket("sudrf", court, 30, 6 * HOUR, quiet) for court in ("61GV0008", "61GV0007"))
    assert Plan(courts, (ARTICLE, Address("https://uchetny-list.media/b", DAY))) == plan


def test_whole_months_are_the_same_windows_every_day() -> None:
    """`months = 2` asks for this month and the last, to its end: the windows of yesterday are those of today."""
    [court] = planned('[[source]]\nname = "sudrf"\ncourts = ["61GV0008"]\nevery = "1d"\nmonths = 2\n').dockets
    days = [date(2025, 1, 1), date(2025, 1, 31), date(2025, 2, 28), date(2024, 12, 31)]
    assert [(court.query(day).first, court.query(day).last) for day in days] == [
        (date(2024, 12, 1), date(2025, 1, 31)),
        (date(2024, 12, 1), date(2025, 1, 31)),
        (date(2025, 1, 1), date(2025, 2, 28)),
        (date(2024, 11, 1), date(2024, 12, 31)),
    ]
    one = replace(court, months=1)
    assert (one.query(days[2]).first, one.query(days[2]).last) == (date(2025, 2, 1), date(2025, 2, 28))
    year = replace(court, months=14)
    assert year.query(days[0]).first == date(2023, 12, 1)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("months = 0", "months is a number"),
        ("months = true", "months is a number"),
        ("months = 2\ndays = 60", "days or months"),
    ],
)
def test_months_that_are_none(line: str, says: str) -> None:
    """The line is named, as for every error of a plan."""
    with pytest.raises(BadPlan, match=f"line 5: {says}"):
        planned(f'[[source]]\nname = "sudrf"\ncourts = ["61GV0008"]\nevery = "1d"\n{line}\n')


def test_every_court_that_has_a_site() -> None:
    """Without `courts` a source is watched whole; courts without a site are not waited for."""
    sudrf = next(source for source in sources() if source.name == "sudrf")
    plan = planned('[[source]]\nname = "sudrf"\nevery = "1d"')

    assert [place.court for place in sudrf.places() if place.host] == [each.court for each in plan.dockets]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[source]]\nname = "sudrf\n', "line 2: "),
        ('[[source]]\nname = "sudrf"\nevery = 1d\n', "line 3: "),
        ("# nothing\n\nsources = 1\n", "line 3: there is nothing called 'sources'"),
        ('[source]\nname = "sudrf"\n', "line 1: [[source]] is written with two brackets"),
        ('[[source]]\nevery = "1d"\n', "line 1: [[source]] needs a name; known are sudrf"),
        ('[[source]]\n# which\nname = "sudfr"\nevery = "1d"', "line 3: no source 'sudfr'; known are sudrf"),
        ('[[source]]\nname = "article"\nevery = "1d"', "line 2: 'article' has no register"),
        ('[[source]]\nname = "sudrf"\n', "line 1: [[source]] does not say how often"),
        ('[[source]]\nname = "sudrf"\nevery = "daily"', "line 3: 'daily' is no interval"),
        ('[[source]]\nname = "sudrf"\nevery = "0d"', "line 3: '0d' is no interval"),
        ('[[source]]\nname = "sudrf"\nevery = "1d"\ndays = "60"', "line 4: days is a number"),
        ('[[source]]\nname = "sudrf"\nevery = "1d"\nquiet = "25:00-07:00"', "line 4: '25:00-07:00' are no quiet hours"),
        ('[[source]]\nname = "sudrf"\nevery = "1d"\nquiet = "07:00-07:00"', "line 4: '07:00-07:00' are no quiet hours"),
        ('[[source]]\nname = "sudrf"\nevery = "1d"\nhours = 2', "line 4: [[source]] has no 'hours'"),
        ('[[source]]\nname = "sudrf"\ncourts = [\n "61GV0008",\n "99XX9999",\n]\nevery = "1d"', "line 5: sudrf has no court"),
        ('[[source]]\nname = "sudrf"\ncourts = ["61GV0008", "61GV0008"]\nevery = "1d"', "line 3: sudrf 61GV0008 is watched"),
        (
            '[[source]]\nname = "sudrf"\ncourts = ["61GV0008"]\nevery = "1d"\n'
            '[[source]]\nname = "sudrf"\ncourts = ["61GV0008"]\nevery = "6h"',
            "line 7: sudrf 61GV0008 is watched already",
        ),
        ('zone = "Moscow"\n', "line 1: no time zone 'Moscow'"),
        ('[[links]]\nevery = "1d"\n', "line 1: [[links]] needs urls or a file"),
        ('[[links]]\nevery = "1d"\nurls = [\n  "https://a.example/",\n  "ftp://b.example/",\n]', "line 5: 'ftp://b.example/'"),
        ('[[links]]\nevery = "1d"\nfile = "cited.txt"', "cited.txt line 2: "),
        (
            '[[source]]\nname = "sudrf"\nevery = "1d"\nvantages = [\n "here",\n "riga",\n]',
            "line 6: no vantage 'riga': known are here",
        ),
        ('[[links]]\nevery = "1d"\nurls = []\nvantages = "here"', "line 4: vantages is a list of names"),
        ('[[links]]\nevery = "1d"\nurls = []\nvantages = ["here", "here"]', "line 4: vantages is a list of names, each once"),
        ('source = [{name = "sudrf"}]', "line 1: [[source]] does not say how often"),
    ],
)
def test_a_plan_with_an_error_names_its_line(text: str, says: str) -> None:
    """The file, the line, what is wrong there, and what would be right."""
    with pytest.raises(BadPlan) as caught:
        planned(text, {"cited.txt": "https://a.example/\nmailto:b@c.example\n"})

    assert says in str(caught.value)


def test_from_where_a_target_is_asked() -> None:
    """In the order of the plan, on every court and address of its table; nothing said is nothing, and the settings decide."""
    text = '[[{}]]\n{}\nevery = "1d"\nvantages = ["riga", "here"]\n'
    told = text.format("source", 'name = "sudrf"\ncourts = ["61GV0008"]') + text.format(
        "links", 'urls = ["https://a.example/"]'
    )
    plan = read(told, sources(), {}.__getitem__, vantages=("here", "riga"))

    assert [("riga", "here")] * 2 == [each.vantages for each in plan.targets]
    assert [()] == [each.vantages for each in planned('[[links]]\nurls = ["https://a.example/"]\nevery = "1d"').targets]


def test_the_plan_that_is_made_first() -> None:
    """It watches nothing; and with its comment signs taken away from the examples it is right."""
    examples = "\n".join(line.removeprefix("# ") for line in TEMPLATE.splitlines() if "=" in line or "[[" in line)

    assert Plan() == planned(TEMPLATE)
    assert (2, 1) == (lambda plan: (len(plan.dockets), len(plan.addresses)))(planned(examples, {"cited.txt": ""}))


@pytest.mark.parametrize("text", ["1m", "90m", "6h", "36h", "1d", "2w"])
def test_an_interval_reads_back(text: str) -> None:
    """What is told of an interval is what the plan may say."""
    read_ = interval(text)

    assert read_ is not None and text == spoken(read_)
    assert [None] * 6 == [interval(wrong) for wrong in ("", "1", "d", "-1d", "1.5h", 6)]


BOUNDED = Address("https://a.example/", timedelta(days=8), None, timedelta(days=1), timedelta(days=30))


@pytest.mark.parametrize(
    ("past", "days"),
    [
        (Past(NOW), 8),
        (Past(NOW, same=1), 8),
        (Past(NOW, same=2), 16),
        (Past(NOW, same=100), 30),
        (Past(NOW, changed=1), 4),
        (Past(NOW, changed=3), 1),
        (Past(NOW, changed=40), 1),
        (Past(NOW, "outage", changed=40), 0.25),
    ],
)
def test_a_page_sets_its_own_pace(past: Past, days: float) -> None:
    """Within its bounds: sooner the more often it changed, later the longer it stayed the same; a trouble is tried as ever."""
    assert timedelta(days=days) == turn(BOUNDED, past, NOW).due - NOW


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 50), st.integers(0, 400))
def test_no_pace_leaves_its_bounds(same: int, changed: int, every: int, more: int) -> None:
    """Whatever was seen; and without bounds it is always what the plan says."""
    day = timedelta(days=1)
    bounded = Address("https://a.example/", every * day, None, day, (every + more) * day)
    free = Address("https://a.example/", every * day)
    for past in (Past(NOW, same=same), Past(NOW, changed=changed)):
        assert day <= turn(bounded, past, NOW).due - NOW <= (every + more) * day
        assert every * day == turn(free, past, NOW).due - NOW
