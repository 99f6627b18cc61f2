"""What comes of stated figures: by the figures beside them, by those of other texts, and by the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from archive.ledger import courts, words
from archive.ledger.arithmetic import published as per_day
from archive.ledger.case import fold
from archive.ledger.claims import Checked, Counted, check, ledger_counter
from archive.ledger.observation import CoverageWindow, Window
from archive.ledger.stated import Claim, named
from crawler.claims import claims
from tests.claims.published import PUBLISHED, REWRITE, published

RECORD = "https://zona.media/translate/2024/04/12/record"
TALLY = "https://publisher.example/2025/06/30/tally"


def checked(*more: tuple[str, date, str]) -> dict[tuple[str, str, str], Checked]:
    """By host, what is counted, and how much."""
    return {
        (c.claim.source.split("/")[2], f"{c.claim.metric} {c.claim.unit}", str(c.claim.exact)): c
        for c in check(published(*more))
    }


def test_every_published_figure_has_a_verdict_and_a_reason() -> None:
    """The sets of court-ledger.md 5.1: what can be held against another figure is, and what cannot says why."""
    found = checked()

    assert {each.verdict for each in found.values()} == {"arithmetic holds", "not computable"}
    assert all(each.reason for each in found.values())
    assert {key: each.verdict for key, each in found.items() if each.verdict == "not computable"} == {
        ("en.zona.media", "received case", "2076"): "not computable",
        ("en.zona.media", "received times", "2"): "not computable",
        ("en.zona.media", "received times", "3"): "not computable",
        ("en.zona.media", "verdicts verdict/week", "100"): "not computable",
        ("connection-ev.example", "received case", "457"): "not computable",
        ("connection-ev.example", "suspended-sentences percent", "63"): "not computable",
        ("connection-ev.example", "suspended-sentences percent", "56"): "not computable",
        ("zona.media", "received case", "718"): "not computable",
    }


def test_rates_are_told_as_published_with_the_exact_value() -> None:
    """848 in the 22 working days of April 2025, 684 in the 20 of March 2024: rounded down, as newspapers do."""
    found = checked()

    assert found["publisher.example", "verdicts verdict/working-day", "38"].computed == "38 (38.55)"
    assert found["zona.media", "verdicts verdict/working-day", "34"].computed == "34 (34.20)"
    assert "848 in 22 working days is 38 (38.55) a working day" in found["publisher.example", "verdicts verdict", "848"].reason


def test_cases_and_men_are_other_units() -> None:
    """18,159 + 1,369 + 1,010 are 20,538 cases; beside 20,662 men no contradiction, for a case may have several accused."""
    men = checked()["publisher.example", "received person", "20662"]

    assert men.verdict == "arithmetic holds"
    assert "1,369 + 18,159 + 1,010 = 20,538 cases, beside 20,662 people: other units, 124 more people than cases" in men.reason


def test_parts_come_to_their_total() -> None:
    """929 = 844 + 43 + 42; 531 of 536 leave five for other articles; one verdict more than the total is a contradiction."""
    found = checked()
    spoilt = claims(
        "In May 2024, courts issued 900 sentences: 844 under Article 337, 43 under Article 332 and 42 under Article 338."
    )

    assert found["www.pravda.com.ua", "verdicts verdict", "929"].computed == 929
    assert "531 of 536: 5 are left" in found["re-russia.net", "received case", "536"].reason
    assert [c.verdict for c in check(named(spoilt, "x"))] == ["arithmetic fails"] * 4


def test_a_rewrite_that_spoils_a_figure_is_caught() -> None:
    """18,159 sentenced: elsewhere that is the number of cases under article 337, and 17,721 were convicted."""
    found = checked(REWRITE)
    spoilt = found["rewriter.example", "convicted person", "18159"]

    assert (spoilt.verdict, spoilt.computed) == ("disagrees", 17721)
    assert (
        f"18,159 stands in {TALLY} for received (case) under 337, and 17,721 in {TALLY} for convicted (person)" in spoilt.reason
    )
    # What it says against the figures it was made from is told, and takes nothing from them.
    true = found["publisher.example", "convicted person", "17721"]
    assert true.verdict == "arithmetic holds" and "18,159 in https://rewriter.example" in true.reason


def test_said_again_is_not_confirmed() -> None:
    """The same figure in ten texts stays what it was in one."""
    again = [(f"https://copy{n}.example/a", date(2024, 4, 13), PUBLISHED[RECORD][1]) for n in range(3)]
    alone, copied = checked(), checked(*again)
    key = ("zona.media", "received case", "718")

    assert (alone[key].verdict, copied[key].verdict) == ("not computable", "not computable")
    assert "said again, which confirms nothing" in copied[key].reason and "(and 2 times more)" in copied[key].reason


def test_another_value_elsewhere_disagrees() -> None:
    """Two texts, one period, two figures: neither is believed."""
    other = ("https://other.example/a", date(2024, 4, 13), "In February 2024 a record 781 cases were received by the courts.")

    found = checked(other)

    assert found["zona.media", "received case", "718"].verdict == "disagrees"
    assert found["other.example", "received case", "781"].verdict == "disagrees"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("By 1 May 2031 courts received 400 cases against 300 people.", "arithmetic fails"),  # fewer people than cases
        ("By 1 May 2031 courts received 400 cases. They decided 500 cases by that day.", "arithmetic fails"),
        ("By 1 May 2031 courts received 400 cases. By 1 June 2031 courts received 300 cases.", "arithmetic fails"),
        ("In April 2031 courts issued 748 verdicts, or 50 for every working day.", "arithmetic fails"),
        ("By 1 June 2031 courts received 400 cases. In April 2031 they received 500 cases.", "arithmetic fails"),
        (
            "In 2030 courts received 500 cases. In 2031 courts received 1,000 cases, twice the number in 2030.",
            "arithmetic holds",
        ),
        (
            "In 2030 courts received 500 cases. In 2031 courts received 800 cases, three times the number in 2030.",
            "arithmetic fails",
        ),
    ],
)
def test_each_rule_has_a_figure_that_breaks_it(text: str, verdict: str) -> None:
    """The mutants of the checks: what is spoilt fails, and by the rule that it breaks."""
    found = list(check(named(claims(text, date(2031, 12, 1)), "x")))

    assert verdict in {each.verdict for each in found}
    assert ("arithmetic fails" in {each.verdict for each in found}) == (verdict == "arithmetic fails")


def test_per_day_is_rounded_down_with_the_value_behind() -> None:
    """As the tally prints it."""
    from fractions import Fraction

    assert (per_day(Fraction(848, 22)), per_day(Fraction(684, 20))) == ("38 (38.55)", "34 (34.20)")


# Against the ledger.

CLAIM = Claim(
    "received", "case", Decimal(0), Decimal(0), "Courts received no case.", ("337",), None, "RU", date(2031, 4, 1), date(2031, 4, 30),
    id="x#claim:1", source="x",
)  # fmt: skip
AT = datetime(2031, 6, 1, tzinfo=UTC)


def windows(codes: list[str]) -> list[Window]:
    """April asked of these courts, and answered whole."""
    return [
        Window(CoverageWindow("sudrf", code, "criminal-1", date(2031, 4, 1), date(2031, 4, 30), 0, 0, run="r"), f"c{n}", AT)
        for n, code in enumerate(codes)
    ]


ALL = [court.code for court in courts.courts() if "criminal-1" in court.registers]


def test_a_whole_ledger_decides() -> None:
    """Every court that keeps the register was asked and answered whole: the figure agrees, or does not."""
    count = ledger_counter(fold([]), windows(ALL), AT)
    other = replace(CLAIM, low=Decimal(7), high=Decimal(7))

    assert [(c.verdict, c.computed) for c in check([CLAIM], count)] == [("agrees", 0)]
    assert [(c.verdict, c.computed) for c in check([other], count)] == [("disagrees", 0)]


def test_an_incomplete_ledger_computes_nothing() -> None:
    """One court of them all is missing: what was read is told with its coverage, and never as the figure."""
    count = ledger_counter(fold([]), windows(ALL[1:]), AT)

    [found] = check([CLAIM], count)

    assert (found.verdict, found.computed) == ("not computable", None)
    assert f"the coverage is incomplete ({len(ALL) - 1} of {len(ALL)} courts" in found.reason


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"country": "UA"}, "Russian courts"),
        ({"metric": "penalty", "unit": "year"}, "does not count penalty"),
        ({"articles": ()}, "under which articles"),
        ({"first": None, "last": None}, "of which days"),
        ({"first": None, "last": None, "as_of": date(2031, 4, 30)}, "from which day on"),
        ({"unit": "percent"}, "a share is not counted here"),
    ],
)
def test_what_the_ledger_cannot_count_says_why(changed: dict[str, object], reason: str) -> None:
    """Another country, a penalty, no article, no days, an open beginning: each its own reason."""
    count = ledger_counter(fold([]), windows(ALL), AT)

    [found] = check([replace(CLAIM, **changed)], count)  # type: ignore[arg-type]

    assert found.verdict == "not computable" and reason in found.reason


def test_verdicts_are_of_the_closed_list() -> None:
    """Nothing else may stand there."""
    assert words.CLAIM_VERDICTS == ("agrees", "disagrees", "arithmetic holds", "arithmetic fails", "not computable")
    with pytest.raises(ValueError, match="not a verdict"):
        Checked(CLAIM, None, "confirmed", "by nobody")


def test_a_row_has_the_keys_that_scripts_rely_on() -> None:
    """`stated` for one figure, `stated_low` and `stated_high` for a range (CONTRACT)."""
    shared = {"claim", "source", "metric", "unit", "article", "period", "as_of", "quote", "computed", "verdict", "reason"}
    ranged = replace(CLAIM, high=None)

    one, other = [each.row() for each in check([CLAIM, ranged], lambda _: Counted(None, None, "not asked"))]

    assert set(one) == shared | {"stated"}
    assert set(other) == shared | {"stated_low", "stated_high"}
    assert (one["period"], one["article"], other["stated_high"]) == ("2031-04-01/2031-04-30", "337", None)
