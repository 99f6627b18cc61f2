"""The daemon through a season: every trouble is told at its page, once, and told to be over; nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from archive.capture import Capture
from archive.store import Archive
from crawler.demo.invent import ASTRAKHAN, PYATIGORSK, STAVROPOL
from crawler.demo.server import Served, serve
from schedules.plan import Address, Docket, Plan
from schedules.watch import Raised
from tests.log.authority import Authority
from tests.log.authority import served as stamping
from tests.world.days import TIB, Days, Looking, Room, living
from tests.world.season import Season, Trouble

DAY = timedelta(days=1)
COURTS = (PYATIGORSK, STAVROPOL, ASTRAKHAN)
QUIET, LAID, SHUT = (court.code for court in COURTS)
QUIET_PACE = {QUIET: 1}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is such a place: a season's syncs would take longer than all else."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    with TemporaryDirectory(dir=memory, prefix="kartoteka-") as folder:
        yield Path(folder)


@pytest.fixture
def begin() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Expected:
    """An alarm that a trouble must raise: on a day from `first` on and before `by`, and it is over before `over`.

    shown: does this capture show it? None: of the machine, and no page shows it.
    """

    kind: str
    subject: str
    first: int
    by: int
    over: int
    shown: Callable[[Capture], bool] | None = None

    def why(self, raised: list[tuple[int, Raised]], cleared: list[int], archive: Archive) -> Iterator[str]:
        """What is wrong with what was raised of this kind and subject; nothing where all is well."""
        named = f"{self.kind} of {self.subject}"
        mine = [(day, each) for day, each in raised if self.first <= day < self.over]
        if not mine or len({each.alarm.subject for _, each in mine}) < len(mine):
            yield f"{named} was raised on days {[day for day, _ in raised]}, not once from {self.first} to {self.by}"
        for day, each in mine:
            if day >= self.by:
                yield f"{named} was raised on day {day}, not before {self.by}"
            if not [end for end in cleared if day <= end < self.over]:
                yield f"{named} was over on days {cleared}, not before {self.over}"
            captures = [archive.capture(capture) for capture in each.alarm.captures]
            if self.shown is not None and not (captures and all(map(self.shown, captures))):
                yield f"{named} is shown by {[(capture.url, str(capture.at)) for capture in captures]}"


def wrong(looking: Looking, expected: list[Expected], also: list[Expected], archive: Archive) -> list[str]:
    """What was not told as it was, and what was told that was not. also: alarms that a trouble may raise beside."""
    found = []
    for each in expected:
        keys = [key for key in looking.raised if key[0] == each.kind and key[1].startswith(each.subject)]
        raised = [row for key in keys for row in looking.raised[key]]
        cleared = [day for key in keys for day in looking.cleared.get(key, ())]
        found += each.why(raised, cleared, archive)
    for (kind, subject), rows in looking.raised.items():
        for day, each in rows:
            if not any(
                e.kind == kind and subject.startswith(e.subject) and e.first <= day < e.over for e in (*expected, *also)
            ):
                found.append(f"false: {kind} of {subject} on day {day}: {each.alarm.detail}")
    return found


class Proofs:
    """The log's key and the authority that stamps it, which a test takes away and gives back."""

    def __init__(self, authority: Authority, keys: Path) -> None:
        self.authority, self._keys = authority, keys

    def key(self, *, there: bool) -> None:
        for path in self._keys.glob("*.key.away" if there else "*.key"):
            path.rename(path.with_suffix("") if there else path.with_name(path.name + ".away"))


async def season(days: Days, served: Served, proofs: Proofs, disk: Room, length: int) -> None:
    """The days of the calendar; what befalls this machine, and the courts' certificates, stands here."""
    for number in range(length):
        disk.free = 2**30 if number == 3 else TIB
        if number == 8:
            served.authority.renew(STAVROPOL.dash, 400 * DAY)
        if number == 6:
            served.authority.renew(ASTRAKHAN.dash, 300 * DAY)
        proofs.key(there=number not in (11, 12))
        proofs.authority.mood = "down" if number in (15, 16) else "well"
        await days.day(number)


async def test_every_alarm_at_its_page(place: Path, monkeypatch: pytest.MonkeyPatch, begin: datetime) -> None:
    """5 % of requests answered 503, 2 % reset, and each trouble there is: raised once, shown by its captures, over in time."""
    keys, disk, authority = place / "keys", Room(), Authority(place / "tsa", "one")
    monkeypatch.setenv("KARTOTEKA_KEYS", str(keys))
    troubles = (
        Trouble("quiet", QUIET, 5, 15),
        Trouble("layout", LAID, 4, 6),
        Trouble("counter", LAID, 10, 12),
        Trouble("down", SHUT, 4, 5),
        Trouble("captcha", SHUT, 8, 10),
        Trouble("blocked", SHUT, 13, 16),
    )
    world = Season(begin.date(), (), closing=[STAVROPOL.dash, ASTRAKHAN.dash], pace=QUIET_PACE)
    article, mirror, english = world.editions()
    dead = mirror.split("/")[2]
    world.troubles = (*troubles, Trouble("down", dead, 5, 10), Trouble("withdrawn", english, 6, 11))
    home = place / "home"
    home.mkdir()
    told = f'[[authorities]]\nname = "one"\nurl = "http://one.example/tsr"\nroots = "{authority.roots}"\n'
    (home / "kartoteka.toml").write_text(told)
    plan = Plan(
        tuple(Docket("sudrf", court.code, 8, DAY) for court in COURTS),
        tuple(Address(url, DAY) for url in (article, mirror, english)),
    )

    def within(first: int, last: int, text: str) -> Callable[[Capture], bool]:
        """A page with that in its address, captured on those days."""
        return lambda capture: text in capture.url and first <= (capture.at - begin) // DAY < last

    listing = f"{STAVROPOL.dash}/modules.php?name=sud_delo&srv_num=1&name_op=r"
    expected = [
        Expected("silent", f"sudrf {QUIET}", 9, 15, 17, within(0, 15, PYATIGORSK.dash)),
        Expected("layout-changed", STAVROPOL.dash, 4, 5, 8, within(4, 6, listing)),
        Expected("coverage-fallen", f"sudrf {LAID}", 4, 5, 8, within(4, 6, listing)),
        Expected("counter-mismatch", f"sudrf {LAID}", 10, 11, 13, within(10, 12, listing)),
        Expected("coverage-fallen", f"sudrf {LAID}", 10, 11, 13, within(10, 12, listing)),
        Expected("coverage-fallen", f"sudrf {SHUT}", 4, 5, 6, within(4, 5, ASTRAKHAN.dash)),
        Expected("coverage-fallen", f"sudrf {SHUT}", 8, 9, 11, within(8, 10, ASTRAKHAN.dash)),
        Expected("coverage-fallen", f"sudrf {SHUT}", 13, 14, 17, within(13, 16, ASTRAKHAN.dash)),
        Expected("verdicts-changed", ASTRAKHAN.dash, 13, 16, 20, within(12, 16, ASTRAKHAN.dash)),
        Expected("unreachable", dead, 7, 8, 11, within(5, 8, mirror)),
        Expected("page-withdrawn", english, 8, 9, 12, within(6, 9, english)),
        Expected("certificate-ending", STAVROPOL.dash, 5, 7, 9, within(0, 1, STAVROPOL.dash)),
        Expected("certificate-changed", ASTRAKHAN.dash, 6, 7, 15, within(0, 7, ASTRAKHAN.dash)),
        Expected("disk-low", "disk", 3, 4, 5),
        Expected("log-behind", "log", 12, 13, 14, within(11, 12, "://")),
        Expected("anchoring-pending", "log", 16, 17, 18, within(14, 16, "://")),
    ]  # fmt: skip
    # A day without an answer is half of what a host was asked lately, or nearly.
    also = [Expected("verdicts-changed", ASTRAKHAN.dash, first, by, by) for first, by in ((4, 7), (8, 12))]
    # What a changed layout hides is still in the page's counter.
    also.append(Expected("counter-mismatch", f"sudrf {LAID}", 4, 8, 8))
    with stamping(authority) as ways:
        async with serve(world, 400 * DAY) as served:
            served.authority.renew(STAVROPOL.dash, 19 * DAY)
            async with living(home, served, plan, begin, monkeypatch, disk=disk, ways=ways) as days:
                await season(days, served, Proofs(authority, keys), disk, 20)
    with Archive.open(home) as archive:
        assert [] == wrong(days.looking, expected, also, archive)
    assert world.failed["unavailable"] and world.failed["reset"]
