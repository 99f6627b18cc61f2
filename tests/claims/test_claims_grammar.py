"""What a sentence states, in three languages; and what looks like a figure and is none."""

from __future__ import annotations

import random
from datetime import date

import pytest

from archive.ledger.stated import Claim
from crawler.claims import claims, lexicon, placed, told, weigh
from crawler.claims.figures import figures
from crawler.claims.sentences import sentences

DAY = date(2031, 6, 30)


def short(claim: Claim) -> tuple[object, ...]:
    """Metric, unit, low, high, articles, period or day."""
    low, high = (None if value is None else float(value) for value in (claim.low, claim.high))
    return claim.metric, claim.unit, low, high, ",".join(claim.articles), claim.period or (claim.as_of and str(claim.as_of))


SAID = [
    (
        "In the first half of 2031 military courts received 1,204 criminal cases of absence without leave.",
        [("received", "case", 1204, 1204, "337", "2031-01-01/2031-06-30")],
    ),
    (
        "За первое полугодие 2031 года в военные суды поступило 1 204 уголовных дела о самовольном оставлении части. "
        "Это вдвое больше, чем за весь 2030 год, и втрое больше, чем в 2029-м.",
        [
            ("received", "case", 1204, 1204, "337", "2031-01-01/2031-06-30"),
            ("received", "times", 2, 2, "337", "2031-01-01/2031-06-30"),
            ("received", "times", 3, 3, "337", "2031-01-01/2031-06-30"),
        ],
    ),
    (
        "У першому півріччі 2031 року до судів надійшло 1\u202f204 кримінальних провадження за статтею 407 КК України.",
        [("received", "case", 1204, 1204, "407", "2031-01-01/2031-06-30")],
    ),
    (
        "In April 2031 alone, courts issued 748 verdicts, which averages to 34 decisions for every working day.",
        [
            ("verdicts", "verdict", 748, 748, "", "2031-04-01/2031-04-30"),
            ("verdicts", "verdict/working-day", 34, 34, "", "2031-04-01/2031-04-30"),
        ],
    ),
    (
        "По статье 337 УК — 1\u00a0105 дел, по статье 332 — 25, по статье 338 — 12.",
        [
            ("received", "case", 1105, 1105, "337", None),
            ("received", "case", 25, 25, "332", None),
            ("received", "case", 12, 12, "338", None),
        ],
    ),
    (
        "The courts received 1,105 cases under Article 337, 25 under Article 332 and 12 under Article 338.",
        [
            ("received", "case", 1105, 1105, "337", None),
            ("received", "case", 25, 25, "332", None),
            ("received", "case", 12, 12, "338", None),
        ],
    ),
    (
        "К концу мая в суды поступили дела в отношении 1 662 человек, из них 721 уже осуждён.",
        [("received", "person", 1662, 1662, "", "2031-05-31"), ("convicted", "person", 721, 721, "", "2031-05-31")],
    ),
    ("Почти 500 военных осуждены в мае 2031 года.", [("convicted", "person", None, 500, "", "2031-05-01/2031-05-31")]),
    ("Суды вынесли более 500 приговоров в 2030 году.", [("verdicts", "verdict", 500, None, "", "2030-01-01/2030-12-31")]),
    ("От 700 до 800 приговоров в месяц выносили суды.", [("verdicts", "verdict/month", 700, 800, "", None)]),
    ("Суди засудили понад дві тисячі військовослужбовців.", [("convicted", "person", 2000, None, "", None)]),
    ("Сто двадцать пять дел поступило в суд.", [("received", "case", 125, 125, "", None)]),
    ("Суд зарегистрировал 15–20 тысяч дел.", [("received", "case", 15000, 20000, "", None)]),
    ("Article 337 is punishable by up to ten years in prison.", [("penalty", "year", 10, 10, "337", None)]),
    (
        "Prosecutors asked the courts to exempt two-thirds of the accused from liability.",
        [("exempted", "percent", 66.67, 66.67, "", None)],
    ),
    ("63 % осуждённых получили условные сроки, сообщил суд.", [("suspended-sentences", "percent", 63, 63, "", None)]),
    (
        "By 21 March 2031 courts had received 4,036 cases against 4,048 soldiers; 247 of the cases had been decided.",
        [
            ("received", "case", 4036, 4036, "", "2031-03-21"),
            ("received", "person", 4048, 4048, "", "2031-03-21"),
            ("decided", "case", 247, 247, "", "2031-03-21"),
        ],
    ),
]


@pytest.mark.parametrize(("text", "expected"), SAID)
def test_a_sentence_says_what_it_counts(text: str, expected: list[tuple[object, ...]]) -> None:
    """Metric, unit, both ends, article and period, as the sentence has them; thin and no-break spaces group digits."""
    assert expected == [short(claim) for claim in claims(text, DAY)]


NO_COURT_FIGURES = [
    "Курс доллара в день заседания суда — 78,5 рубля, евро — 90.",
    "Суд оштрафовал компанию на 4 млн рублей, а истцу присудил 300 тысяч рублей.",
    "The court fined the company $4 million on 5 May 2031 at 10:30.",
    "В суд пришли 25-летний Вымыслов и две женщины.",
    "Просмотров: 18 159. Суд отложил заседание.",
    "Дело № 1-123/2031 рассмотрел 235-й гарнизонный суд 5.05.2031.",
    "Three men were charged with theft, the court said.",
    "The court sentenced him to 5 years in prison in 2030.",
    "Суд разъяснил, что: 1) дела принимаются; 2) дела возвращаются.",
    "The judge spoke for 40 minutes; 200 people live in the street by the courthouse.",
    "Covid: 2,076 new cases were found in the city. The court was closed.",
    "Суд сослался на ст.ст. 33-35 кодекса и на пункт 12.",
]


@pytest.mark.parametrize("text", NO_COURT_FIGURES)
def test_what_counts_nothing_of_courts_is_no_claim(text: str) -> None:
    """Dates, money, ages, numbers of cases and articles, counters of readers, one man's sentence, other counts."""
    assert [] == [short(claim) for claim in claims(text, DAY)]


def test_desertion_is_what_the_text_means_by_it() -> None:
    """Reporters call absence desertion; where a text sets the two apart, desertion is article 338."""
    loose = "Courts convict 100 deserters a week. They are soldiers accused of abandoning their units without official leave."
    apart = "Courts issued 886 sentences: 844 for unauthorized absence and 42 for desertion."

    assert [claim.articles for claim in claims(loose, DAY)] == [("337",)]
    assert [claim.articles for claim in claims(apart, DAY)] == [(), ("337",), ("338",)]


def test_whose_courts_are_meant_goes_by_who_acts() -> None:
    """The country spoken of last, and the code that an article is of; a war against a country is no mention of it."""
    text = (
        "Since the war against Ukraine began, Russian courts received 4,350 cases. A like trend is seen in Ukraine. "
        "Prosecutors opened between 15,000 and 20,000 cases a month. За статтею 407 засуджено 1 577 осіб."
    )

    assert [(claim.metric, claim.country) for claim in claims(text, DAY)] == [
        ("received", "RU"),
        ("initiated", "UA"),
        ("convicted", "UA"),
    ]


def test_the_same_period_is_the_one_before() -> None:
    """`Over the same period` and a figure without its noun go on from the sentence before."""
    text = "Between January and May 2031, Russian courts received 4,350 new cases. Over the same period, Ukrainian courts received 2,355."

    one, other = claims(text, DAY)

    assert (one.period, one.country) == ("2031-01-01/2031-05-31", "RU")
    assert short(other) == ("received", "case", 2355, 2355, "", "2031-01-01/2031-05-31")
    assert other.country == "UA"


def test_totals_take_the_one_day_that_the_text_names() -> None:
    """Where a text names one day for its totals, its other totals are up to it; where it names two, they are up to none."""
    one = "A total of 8,159 cases fall under Article 337. By the end of May 2031, courts had received cases against 9,662 men."
    two = f"{one} By the end of June 2031, courts had received cases against 9,990 men."

    assert [str(claim.as_of) for claim in claims(one, DAY)] == ["2031-05-31", "2031-05-31"]
    assert [str(claim.as_of) for claim in claims(two, DAY)] == ["None", "2031-05-31", "2031-06-30"]


def test_the_titles_of_others_say_nothing_of_this_text() -> None:
    """`Related article` has no article, topic or period of the text it stands in."""
    text = "Courts received 2,076 cases under Article 337 in 2030.\n\nRelated article: Court Sentences 8 Mobilized Soldiers to Prison for Deserting"

    assert [short(claim) for claim in claims(text, DAY)][1:] == [("convicted", "person", 8, 8, "", None)]


def test_every_property_stands_where_it_is_said() -> None:
    """Each slice of the text holds what it is quoted for: the figure, the noun or rate, the article, the words of time."""
    text = "По данным «Вымышленного листа», в апреле 2031 года суды вынесли около 748 приговоров по статье 337 УК."

    [said] = told(text, DAY)

    assert {name: (value, text[start:end]) for name, value, (start, end) in placed(said)} == {
        "metric": ("verdicts", text),
        "stated": ("748", "около 748"),
        "unit": ("verdict", "приговоров"),
        "article": ("337", "статье 337"),
        "period_from": ("2031-04-01", "в апреле 2031 года"),
        "period_to": ("2031-04-30", "в апреле 2031 года"),
        "attributed_to": ("Вымышленного листа", "По данным «Вымышленного листа»"),
        "approximate": ("yes", "около 748"),
        "country": ("RU", text),
    }


def test_a_sentence_ends_where_it_ends() -> None:
    """Neither at `ст. 337`, nor at `U.S. and`, nor inside a number."""
    text = "По ст. 337 УК осуждено 5 тыс. человек. The U.S. and others wrote of 1.5 million. «Так». Конец."

    assert [each.text for each in sentences(text)] == [
        "По ст. 337 УК осуждено 5 тыс. человек.",
        "The U.S. and others wrote of 1.5 million.",
        "«Так».",
        "Конец.",
    ]
    assert all(text[each.start : each.end] == each.text for each in sentences(text))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("18,159", 18159, 18159),
        ("18 159", 18159, 18159),
        ("18\u2009159", 18159, 18159),
        ("18.159", 18159, 18159),
        ("1.5 million", 1_500_000, 1_500_000),
        ("2,5 тыс.", 2500, 2500),
        ("twenty-five", 25, 25),
        ("двести семь", 207, 207),
        ("a few hundred", 100, 1000),
        ("40,000-45,000", 40000, 45000),
        ("from 15 to 20 thousand", 15000, 20000),
        ("at least 100", 100, None),
        ("не более 30", None, 30),
    ],
)
def test_how_much_a_figure_says(text: str, low: int | None, high: int | None) -> None:
    """Groups, decimals, scales, words, both ends of a range, one end where only one is said."""
    [figure] = figures(text)

    assert (low, high) == tuple(None if value is None else int(value) for value in (figure.low, figure.high))


def test_mangled_prose_is_read_or_left_and_never_breaks() -> None:
    """1,500 texts cut, spliced and spoilt at random: no error, and every slice lies in the text."""
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    whole = [*(text for text, _ in SAID), *NO_COURT_FIGURES]
    signs = [
        " ",
        "\n",
        "\n\n",
        "\u00a0",
        "\u2009",
        ",",
        ".",
        "-",
        "–",
        "(",
        ")",
        "%",
        "337",
        "2031",
        "ст.",
        "тыс.",
        "İ",
        "\x00",
        "٣",
        "²",
    ]
    read = 0
    for _ in range(1500):
        text = " ".join(chance.choices(whole, k=2))
        for _ in range(chance.randrange(4)):
            at = chance.randrange(len(text))
            text = text[:at] + chance.choice(signs) + text[at + chance.randrange(3) :]
        for said in told(text, DAY):
            read += 1
            for _, value, (start, end) in placed(said):
                assert value and 0 <= start < end <= len(text), (seed, text)
    assert read > 500


def spliced(chance: random.Random, count: int) -> list[str]:
    """The texts above, whole and cut, in one another's company."""
    whole = [*(text for text, _ in SAID), *NO_COURT_FIGURES]
    parts = [piece for text in whole for piece in (text, text[len(text) // 2 :], text[: len(text) // 3])]
    return [chance.choice((" ", "\n\n", "\n")).join(chance.choices(parts, k=4)) for _ in range(count)]


def everything_looked_at(monkeypatch: pytest.MonkeyPatch, texts: list[str]) -> list[object]:
    """What the texts state where each sentence that speaks of courts is read to its end."""
    with monkeypatch.context() as patched:
        patched.setattr(weigh, "_COUNTING", frozenset(lexicon._TAGS))
        patched.setattr(weigh._Reader, "_hands_out", lambda self: "p" in self.tags)
        return [told(text, DAY) for text in texts]


def test_the_first_look_at_a_sentence_passes_over_no_claim(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """A sentence that has nothing to count claims nothing: 400 texts state the same with the look and without it."""
    texts = spliced(random.Random(seed), 400)

    assert everything_looked_at(monkeypatch, texts) == [told(text, DAY) for text in texts]


@pytest.mark.parametrize("forgotten", ["person", "case", "verdict", "share"])
def test_a_look_that_forgets_what_may_be_counted_is_found(monkeypatch: pytest.MonkeyPatch, seed: int, forgotten: str) -> None:
    """The mutant of the test above."""
    texts = spliced(random.Random(seed), 400)
    every = everything_looked_at(monkeypatch, texts)
    monkeypatch.setattr(weigh, "_COUNTING", weigh._COUNTING - {forgotten})

    assert every != [told(text, DAY) for text in texts]


@pytest.fixture
def seed() -> int:
    drawn = random.SystemRandom().randrange(10**9)
    print(f"seed {drawn}")
    return drawn
