"""The figures that were published on cases of refusal to serve, each with where; the sentences are our own."""

from __future__ import annotations

from datetime import date

from archive.ledger.stated import Claim, named
from crawler.claims import claims

# By source: when it was published, and what it says, in our words. The facts are theirs.
PUBLISHED = {
    "https://en.zona.media/article/2023/07/19/337": (
        date(2023, 7, 19),
        "In the first half of 2023, military courts received 2,076 criminal cases of absence without leave. That is twice the number of "
        "cases registered in all of 2022 and three times the number in 2021. In June 2023, courts handed down 100 verdicts a week.",
    ),
    "https://re-russia.net/en/review/219": (
        date(2023, 3, 28),
        "By 21 March 2023, courts had received 536 cases on 548 soldiers: 471 under Article 337, 25 under Article 332, 21 under Article 334 "
        "and 14 under Article 338. By that day 247 cases had been decided and 25 texts published.",
    ),
    "https://connection-ev.example/article-3998": (
        date(2023, 11, 30),
        "By 21 November 2023, courts had received 4,121 cases under Article 337 and decided 3,470. In August 2023 a peak of 457 cases were "
        "received. 63 percent of convicted contract soldiers and 56 percent of mobilised ones received suspended sentences.",
    ),
    "https://zona.media/translate/2024/04/12/record": (
        date(2024, 4, 12),
        "In March 2024, courts issued 684 sentences, 34 every working day. In February 2024 a record 718 cases were received.",
    ),
    "https://www.pravda.com.ua/eng/news/2024/06/18/": (
        date(2024, 6, 18),
        "In May 2024, Russian courts issued 929 sentences: 844 under Article 337, 43 under Article 332 and 42 under Article 338. In total, "
        "courts have received 10,025 cases against 10,085 people; 8,594 of them have been sentenced.",
    ),
    "https://publisher.example/2025/06/30/tally": (
        date(2025, 6, 30),
        "Military courts in Russia have registered cases of refusal to serve. A total of 18,159 cases fall under Article 337, 1,369 cases "
        "under Article 332 and 1,010 cases under Article 338. In April 2025 alone, courts issued 848 verdicts, or 38 for every working day. "
        "By the end of May 2025, courts had received cases against 20,662 men; 17,721 of them had been convicted. "
        "Between January and May 2025, the courts received 4,350 new cases.",
    ),
}  # fmt: skip
# A machine's rewrite, as one was met: the number of cases under one article became that of men sentenced.
REWRITE = (
    "https://rewriter.example/2025/07/01/deserters",
    date(2025, 7, 1),
    "By the end of May 2025, Russian military courts had sentenced 18,159 soldiers for refusal to serve.",
)


def published(*more: tuple[str, date, str]) -> list[Claim]:
    """All claims of these texts, each with its id."""
    texts = [*((url, *said) for url, said in PUBLISHED.items()), *more]
    return [claim for url, day, text in texts for claim in named(claims(text, day), url)]
