"""Checkpoints are carried to authorities of our own; what comes back bounds captures in time, and nothing else passes."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive import ots, stamps
from archive.door import Globals
from archive.errors import BadStamp
from archive.finding import Finding, Verdict
from archive.keyring import Keyring
from archive.log import Log
from archive.stampcheck import check_stamps
from archive.stamped import Stamped, renewing
from archive.store import Settings, Store
from archive.verify import verify
from crawler.carry import Authority as Named
from crawler.carry import Carrier
from crawler.logged import log_kept
from crawler.opening import at_desk, opened
from crawler.wire import ConnectTo, Wire
from tests.log.authority import Authority, Calendar, served
from tests.log.conftest import keep, visit


@pytest.fixture(autouse=True)
def mine(place: Path, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    monkeypatch.setenv("KARTOTEKA_KEYS", str(place / "keys"))
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    return Keyring(place / "keys")


async def carried(
    home: Path, rules: list[str], *whom: Authority | Calendar, at_once: bool = True, now: datetime | None = None
) -> list[str]:
    """One stamping, as the daemon does it; what was told."""
    notes: list[str] = []
    names = [Named(each.name, f"http://{each.name}.example/tsr", each.roots) for each in whom if isinstance(each, Authority)]
    calendars = [f"http://{each.name}.example" for each in whom if isinstance(each, Calendar)]
    wire = Wire(connect_to=ConnectTo(rules))
    with Store.open(home, settings=Settings(floor=0)) as store:
        log_kept(store, notes.append)
        async with Carrier(
            store, wire, names, calendars, user_agent="kartoteka/test", now=lambda: now or datetime.now(UTC), note=notes.append
        ) as carrier:
            await carrier.carry(at_once=at_once)
    await wire.aclose()
    return notes


def found(home: Path, keys: Keyring | None, now: datetime | None = None) -> list[Finding]:
    return list(check_stamps(home, keys=keys, now=now))


def outcomes(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(f.subject, f.outcome.value) for f in findings]


async def test_two_authorities_and_a_calendar_stamp_a_checkpoint(home: Path, place: Path, mine: Keyring) -> None:
    """Both tokens hold over the signed note, an RSA key's and an elliptic curve's; the calendar's proof is pending, and said so."""
    one, two, calendar = Authority(place / "one", "one"), Authority(place / "two", "two", "ec"), Calendar()
    keep(home, 0, 3)
    with served(one, two, calendar) as rules:
        notes = await carried(home, rules, one, two, calendar)

    assert [] == notes
    findings = found(home, mine)
    assert ["NOT CHECKED", "PASS"] == [f.outcome.value for f in findings]
    assert "pending at http://calendar.example" in findings[0].detail and "2 stamps" == findings[1].detail
    note = (home / "log" / "checkpoint").read_bytes()
    for authority in (one, two):
        folder = home / "log" / "stamps" / "000000000003"
        token = stamps.holds(
            (folder / f"{authority.name}.tsr").read_bytes(), note, stamps.certificates(authority.roots.read_bytes())
        )
        assert abs(datetime.now(UTC) - token.at) < timedelta(minutes=5)
        assert (folder / f"{authority.name}.1.crl").exists()
    assert b"court.example" not in b"".join(calendar.taken)


async def test_what_is_stamped_is_not_stamped_again(home: Path, place: Path, mine: Keyring) -> None:
    """Within the hour nothing is asked, though there is something new; after it the new checkpoint is stamped; idle, nothing is."""
    one = Authority(place / "one", "one")
    keep(home, 0, 1)
    later = datetime.now(UTC) + timedelta(hours=1)
    with served(one) as rules:
        await carried(home, rules, one, at_once=False)
        keep(home, 1, 1)
        await carried(home, rules, one, at_once=False)
        assert (1, 1) == (one.asked, Stamped(home).covered())
        await carried(home, rules, one, at_once=False, now=later)
        await carried(home, rules, one, now=later)

    assert (2, 2) == (one.asked, Stamped(home).covered())
    assert [Verdict.PASS] == [f.outcome for f in found(home, mine)]


@pytest.mark.parametrize("mood", ["down", "garbage", "other"])
async def test_an_authority_that_fails_is_told_and_costs_nothing(home: Path, place: Path, mine: Keyring, mood: str) -> None:
    """The other's token is kept; the one that failed is asked again, and since when all is pending is known until then."""
    bad, good = Authority(place / "bad", "bad", mood=mood), Authority(place / "good", "good")
    keep(home, 0, 2)
    with served(bad, good) as rules:
        notes = await carried(home, rules, bad)
        assert "2026-03-02T12:00:00.000000Z" == Stamped(home).pending_since()
        notes += await carried(home, rules, bad, good)
        bad.mood = "well"
        notes += await carried(home, rules, bad, good)

    assert 2 == len([note for note in notes if note.startswith("bad has not stamped the log: ")]) == len(notes)
    assert None is Stamped(home).pending_since()
    assert ["PASS"] == [f.outcome.value for f in found(home, mine)]
    assert {"bad.tsr", "good.tsr"} <= {path.name for path in (home / "log/stamps/000000000002").iterdir()}


async def test_nobody_is_reached(home: Path, place: Path, mine: Keyring) -> None:
    """Captures go on; nothing fails in `verify`; the crawl says who could not be asked."""
    one = Authority(place / "one", "one")
    keep(home, 0, 1)
    notes = await carried(home, ["one.example:80:127.0.0.1:9"], one)

    assert ["one has not stamped the log"] == [note.partition(":")[0] for note in notes]
    assert [("log", "NOT CHECKED")] == outcomes(found(home, mine))


async def test_a_crawl_has_its_checkpoint_stamped(home: Path, place: Path, mine: Keyring) -> None:
    """By the settings of its home, at its end."""
    one = Authority(place / "one", "one")
    home.mkdir(parents=True)
    (home / "kartoteka.toml").write_text(
        f'[[authorities]]\nname = "one"\nurl = "http://one.example/tsr"\nroots = "{one.roots}"\n'
    )
    with served(one) as rules:
        async with opened(Globals(home, connect_to=rules), read=False) as crawl:
            await crawl.desk.keep(visit(0))

    assert 1 == Stamped(home).covered()
    assert [Verdict.PASS] == [f.outcome for f in found(home, mine)]


async def test_a_token_of_nobody_trusted_is_not_checked(home: Path, place: Path, mine: Keyring) -> None:
    """Its statement is told, and is no PASS; with another root than its own it fails."""
    one, other = Authority(place / "one", "one"), Authority(place / "other", "other")
    keep(home, 0, 1)
    with served(one) as rules:
        await carried(home, rules, one)
    (root,) = (mine.folder / "roots").iterdir()
    root.unlink()
    assert ["NOT CHECKED", "NOT CHECKED"] == [f.outcome.value for f in found(home, mine)]
    root.write_bytes(other.roots.read_bytes())
    assert [("log/stamps/000000000001/one.tsr", "FAIL")] == outcomes(found(home, mine))


async def test_a_certificate_is_revoked(home: Path, place: Path, mine: Keyring) -> None:
    """The list of that day is kept: revoked before it signed, a token fails."""
    one = Authority(place / "one", "one", revoked=datetime.now(UTC) - timedelta(hours=5))
    keep(home, 0, 1)
    with served(one) as rules:
        await carried(home, rules, one)

    (finding,) = found(home, mine)
    assert (Verdict.FAIL, "log/stamps/000000000001/one.tsr") == (finding.outcome, finding.subject)
    assert "was revoked on" in finding.detail


def lists(home: Path) -> list[str]:
    """The kept lists of revoked certificates, in the order of the journal."""
    return [line.file for line in Stamped(home).lines() if line.file.endswith(".crl")]


async def test_each_authority_has_its_own_list_of_the_day(home: Path, place: Path, mine: Keyring) -> None:
    """One of them a day, of each: what the one has revoked says nothing of the other."""
    one, two = Authority(place / "one", "one"), Authority(place / "two", "two", "ec")
    morning = datetime.now(UTC).replace(hour=8)
    with served(one, two) as rules:
        for count, hours in enumerate((0, 2, 24)):
            keep(home, count, 1)
            await carried(home, rules, one, two, now=morning + timedelta(hours=hours))

    assert sorted(lists(home)) == [
        "000000000001/one.1.crl", "000000000001/two.1.crl", "000000000003/one.1.crl", "000000000003/two.1.crl",
    ]  # fmt: skip
    assert ["one", "two"] == sorted({line.list_of for line in Stamped(home).lines() if line.list_of})
    assert [("log", "PASS")] == outcomes(found(home, mine))


async def test_an_authority_that_comes_later_brings_its_list(home: Path, place: Path, mine: Keyring) -> None:
    """Another's list of that day is not its own; and it is held against the list of its own issuer, of whatever day."""
    one = Authority(place / "one", "one")
    two = Authority(place / "two", "two", revoked=datetime.now(UTC) - timedelta(hours=5))
    keep(home, 0, 1)
    with served(one, two) as rules:
        await carried(home, rules, one)
        await carried(home, rules, one, two)
        keep(home, 1, 1)
        await carried(home, rules, one, two)  # the same day: no list more

    assert ["000000000001/one.1.crl", "000000000001/two.1.crl"] == lists(home)
    assert {("log/stamps/000000000001/two.tsr", "FAIL"), ("log/stamps/000000000002/two.tsr", "FAIL")} == set(
        outcomes(found(home, mine))
    )


async def test_a_revocation_that_is_known_later_counts(home: Path, place: Path, mine: Keyring) -> None:
    """The list of the day knew nothing; a later one says that the certificate was revoked before it signed."""
    one = Authority(place / "one", "one")
    keep(home, 0, 1)
    with served(one) as rules:
        await carried(home, rules, one)
        assert [("log", "PASS")] == outcomes(found(home, mine))
        one.revoked = datetime.now(UTC) - timedelta(hours=5)
        keep(home, 1, 1)
        await carried(home, rules, one, now=datetime.now(UTC) + timedelta(days=1))

    assert ("log/stamps/000000000001/one.tsr", "FAIL") in outcomes(found(home, mine))


async def test_a_list_that_cannot_be_had_costs_no_token(home: Path, place: Path, mine: Keyring) -> None:
    """The token is kept, the lack is told, and the next stamping of that day asks again."""
    one = Authority(place / "one", "one", lists=False)
    keep(home, 0, 1)
    with served(one) as rules:
        notes = await carried(home, rules, one)
        assert [] == lists(home)
        one.lists = True
        keep(home, 1, 1)
        notes += await carried(home, rules, one)

    assert ["whom the issuer of one has revoked is not known today"] == [note.partition(":")[0] for note in notes]
    assert ["000000000002/one.1.crl"] == lists(home)
    assert [("log", "PASS")] == outcomes(found(home, mine))


async def test_a_token_is_renewed_before_its_certificate_ends(home: Path, place: Path, mine: Keyring) -> None:
    """One new token covers all earlier ones, and holds after their certificate has ended; without it they are not checked."""
    short, long = Authority(place / "short", "short", days=60), Authority(place / "long", "long")
    keep(home, 0, 1)
    with served(short, long) as rules:
        notes = await carried(home, rules, short)
        ended = datetime.now(UTC) + timedelta(days=61)
        before = found(home, mine, ended)
        assert ["a certificate that stamped the log ends on"] == [note[:42] for note in notes]
        keep(home, 1, 1)
        await carried(home, rules, long)  # another one renews too

    assert [("log/stamps/000000000001/short.tsr", "NOT CHECKED")] == outcomes(before)[:1]
    assert ["renewals/0001"] == sorted({line.folder for line in Stamped(home).lines() if line.size is None})
    assert [("log", "PASS")] == outcomes(found(home, mine, ended))
    assert None is renewing(Stamped(home).lines(), datetime.now(UTC))


async def test_a_pending_proof_is_upgraded(home: Path, place: Path, mine: Keyring) -> None:
    """The calendar is asked again; the block is named, and with its header at hand the proof passes."""
    calendar = Calendar()
    keep(home, 0, 1)
    with served(calendar) as rules:
        await carried(home, rules, calendar)
        calendar.mined = True
        await carried(home, rules, calendar)  # too early to ask
        assert "pending" in found(home, mine)[0].detail
        await carried(home, rules, calendar, now=datetime.now(UTC) + timedelta(hours=3))

    assert "it leads to Bitcoin block 358391, whose header is not at hand" in found(home, mine)[0].detail
    (mine.folder / "blocks").mkdir()
    (mine.folder / "blocks" / "358391").write_text(calendar.header().hex())
    assert [Verdict.PASS] == [
        f.outcome for f in found(home, mine) if f.subject != "log" or f.outcome is not Verdict.NOT_CHECKED
    ]
    wrong = bytearray(calendar.header())
    wrong[40] ^= 1
    (mine.folder / "blocks" / "358391").write_text(wrong.hex())
    assert ("log/stamps/000000000001/2.ots", "FAIL") in outcomes(found(home, mine))


async def test_the_stamps_are_put_back(home: Path, place: Path, mine: Keyring) -> None:
    """The keyring remembers that more was added: `verify` fails, and nothing is added behind it."""
    one = Authority(place / "one", "one")
    keep(home, 0, 1)
    with served(one) as rules:
        await carried(home, rules, one)
        shutil.copytree(home / "log" / "stamps", place / "old")
        keep(home, 1, 1)
        await carried(home, rules, one)
        shutil.rmtree(home / "log" / "stamps")
        (place / "old").rename(home / "log" / "stamps")
        keep(home, 2, 1)
        notes = await carried(home, rules, one)

    assert ("log/stamps/journal", "FAIL") in outcomes(found(home, mine))
    assert ["the log is not stamped"] == [note.partition(":")[0] for note in notes]

    shutil.rmtree(home / "log" / "stamps")  # none at all is told too, to whoever has that keyring
    assert ("log/stamps/journal", "FAIL") in outcomes(list(verify(home, keys=mine)))
    assert [("log", "NOT CHECKED")] == [each for each in outcomes(list(verify(home))) if each[1] != "PASS"][-1:]


async def test_a_kill_between_file_and_line(home: Path, place: Path, mine: Keyring) -> None:
    """A file that no line names yet is no fault, and the next stamping goes on."""
    one = Authority(place / "one", "one")
    keep(home, 0, 1)
    (home / "log" / "stamps" / "000000000001").mkdir(parents=True)
    with served(one) as rules:
        await carried(home, rules, one)
        keep(home, 1, 1)
        (home / "log" / "stamps" / "000000000002").mkdir()
        (home / "log" / "stamps" / "000000000002" / "one.tsq").write_bytes(b"half")
        assert {"NOT CHECKED", "PASS"} == {f.outcome.value for f in found(home, mine)}
        await carried(home, rules, one)

    assert [("log", "PASS")] == outcomes(found(home, mine))


def test_the_time_of_a_token_is_asked_of_its_chain(place: Path) -> None:
    """Valid when it was signed and for as long as the certificate is; later it has expired."""
    one = Authority(place / "one", "one", days=30)
    request = stamps.request(b"octets")
    reply, roots = one.reply(request), stamps.certificates(one.roots.read_bytes())

    token = stamps.holds(reply, b"octets", roots, asked=request)
    assert token == stamps.holds(reply, b"octets", roots, at=datetime.now(UTC) + timedelta(days=29))
    for wrong, why in (
        ({"at": datetime.now(UTC) + timedelta(days=31)}, "expired"), ({"asked": stamps.request(b"octets")}, "nonce"),
    ):  # fmt: skip
        with pytest.raises(BadStamp, match=why):
            stamps.holds(reply, b"octets", roots, **wrong)  # type: ignore[arg-type]
    with pytest.raises(BadStamp, match="other octets"):
        stamps.holds(reply, b"others", roots)
    with pytest.raises(BadStamp, match="trusted"):
        stamps.holds(reply, b"octets", ())


def test_any_changed_octet_of_an_answer_is_refused(place: Path) -> None:
    """Or changes nothing that is believed: the certificates, which vouch for nobody."""
    one = Authority(place / "one", "one", "ec")
    reply, roots = one.reply(stamps.request(b"octets")), stamps.certificates(one.roots.read_bytes())
    sound = stamps.holds(reply, b"octets", roots)
    for at in range(0, len(reply), 7):
        changed = bytearray(reply)
        changed[at] ^= 0x20
        try:
            other = stamps.holds(bytes(changed), b"octets", roots)
        except BadStamp:
            continue
        assert (sound.at, sound.imprint, sound.serial) == (other.at, other.imprint, other.serial)


def test_a_name_of_no_kind_of_text_is_refused(place: Path) -> None:
    """In any of the certificates of an answer, or in a list of the revoked: an error of ours, not of the library."""
    one = Authority(place / "one", "one")
    reply, roots = one.reply(one.query(b"octets")), stamps.certificates(one.roots.read_bytes())
    names = [at for at in range(len(reply) - 5) if reply[at] == 0x0C and reply[at + 2 : at + 5] == b"one"]
    assert len(names) >= 3
    for at in names:
        with pytest.raises(BadStamp):
            stamps.holds(reply[:at] + b"\x2c" + reply[at + 1 :], b"octets", roots)
    crl = one.crl()
    at = crl.index(b"one root") - 2
    with pytest.raises(BadStamp):
        stamps.revoked(stamps.opened(reply), [crl[:at] + b"\x2c" + crl[at + 1 :]], roots)


def test_a_proof_is_read_and_written_the_same() -> None:
    """A fork of two calendars and a block; cut anywhere, it is refused."""
    operations, commitment = ots.begun(b"d" * 32, b"n" * 16)
    pending = (
        b"\x00" + ots.PENDING + b"\x0b\x0ahttp://a.b" if False else b"\x00" + ots.PENDING + bytes([11, 10]) + b"http://a.b"
    )
    paths = ots.answered(b"\xff" + pending + b"\xf0\x01x\x08\x00" + ots.BITCOIN + b"\x01\x05", commitment, operations)
    proof = ots.Proof("sha256", b"d" * 32, paths)
    octets = bytes(proof)

    assert proof == ots.Proof.parse(octets)
    assert [("pending", "http://a.b"), ("bitcoin", 5)] == [(p.kind, p.uri if p.kind == "pending" else p.height) for p in paths]
    for end in range(len(octets)):
        with pytest.raises(BadStamp):
            ots.Proof.parse(octets[:end])
    with pytest.raises(BadStamp, match="behind the end"):
        ots.Proof.parse(octets + b"x")


async def test_the_log_says_how_it_stands(home: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`crawl log --json`: how many captures are stamped, and since when the others are not."""
    from archive.cli import log_command
    from archive.door import Shown

    one = Authority(place / "one", "one")
    keep(home, 0, 2)
    with served(one) as rules:
        await carried(home, rules, one)
    async with at_desk(Globals(home), read=False) as desk:
        await desk.keep(visit(2))
    capsys.readouterr()
    import sys

    log_command(Globals(home), Shown(json=True, out=sys.stdout), sign=False)
    row = json.loads(capsys.readouterr().out)

    assert (2, "2026-03-02T12:00:02.000002Z", 3) == (row["stamped"], row["pending_since"], row["size"])
    assert Log(home).checkpoint() is not None
