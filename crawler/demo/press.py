"""The publisher: one article on the courts of the small world, in Russian, at a mirror, and in English a day later.

Every figure it states is counted from the world, as the courts showed it at the first visit; what it cites are pages of
the courts, in the spellings that people copy. The outlet and its hosts are invented.
"""

from __future__ import annotations

import json
from html import escape
from urllib.parse import urlsplit

from crawler.demo.docket import Registration
from crawler.demo.markup import fill
from crawler.demo.truth import AWOL, Figures, Truth
from crawler.demo.world import ENGLISH, MIRROR, ORIGINAL, World

PERIOD = tuple(f"2025-{month:02d}" for month in range(1, 6))
APRIL = ("2025-04",)
PUBLISHED, MODIFIED = "2025-06-03T12:30:00+03:00", "2025-06-03T18:05:00+03:00"
PUBLISHED_ENGLISH, MODIFIED_ENGLISH = "2025-06-04T11:00:00+03:00", "2025-06-04T11:00:00+03:00"


def article(world: World, url: str) -> bytes | None:
    """The page at this address of the publisher, or None where it has none. UTF-8, not yet coded for transfer."""
    original, mirror, english = world.editions()
    if url in (original, mirror):
        return _russian(world, urlsplit(url).hostname or "").encode()
    return _english(world).encode() if url == english else None


def robots(host: str) -> bytes:
    """Drafts are not for crawlers; the article is."""
    return f"User-agent: *\nDisallow: /drafts/\nSitemap: https://{host}/sitemap.xml\n".encode()


def stated(world: World) -> tuple[Figures, Figures, dict[str, int]]:
    """What the article says: the period, April alone, and the cases received under each article in the period."""
    truth: Truth = world.truth(1)
    by_article = {number: truth.total((number,), PERIOD).received for number in sorted(AWOL)}
    return truth.total(AWOL, PERIOD), truth.total(AWOL, APRIL), by_article


def _link(url: str, text: str) -> str:
    return f'<a href="{escape(url)}">{text}</a>'


def _cases(count: int) -> str:
    """`21 уголовное дело`, `3 уголовных дела`, `71 уголовное дело`, `12 уголовных дел`."""
    last = 0 if count % 100 in (11, 12, 13, 14) else count % 10
    form = "уголовное дело" if last == 1 else "уголовных дела" if last in (2, 3, 4) else "уголовных дел"
    return f"{count} {form}"


def _head(world: World, language: str, host: str, published: str, modified: str, title: str, author: str) -> dict[str, str]:
    """What both languages put at the head: the canonical address, each other as alternates, the same for machines."""
    original, _, english = world.editions()
    canonical = english if language == "en" else original
    alternates = "\n".join(
        f'<link rel="alternate" hreflang="{code}" href="{href}">' for code, href in (("ru", original), ("en", english))
    )
    described = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": title,
        "inLanguage": language,
        "datePublished": published,
        "dateModified": modified,
        "mainEntityOfPage": canonical,
        "author": {"@type": "Person", "name": author},
        "publisher": {"@type": "Organization", "name": "Учётный лист" if language == "ru" else "Uchetny List"},
    }
    return {
        "language": language,
        "host": host,
        "canonical": canonical,
        "alternates": alternates,
        "published": published,
        "modified": modified,
        "title": title,
        "author": author,
        "ld": json.dumps(described, ensure_ascii=False, indent=1),
    }


def _shared(world: World) -> Registration:
    entry = world.entry(world.shared)
    if entry is None:
        raise LookupError(f"the case with three addresses is gone: {world.shared}")
    return entry


def _russian(world: World, host: str) -> str:
    period, april, by = stated(world)
    own, spelling, other = world.shared_addresses()
    entry = _shared(world)
    paragraphs = (
        f"За январь—май 2025 года четыре военных суда получили {_cases(period.received)} об отказе от службы. "
        f"По статье 337 УК — {by['337']}, по статье 332 — {by['332']}, по статье 338 — {by['338']}; дело, в котором несколько "
        "статей, посчитано по каждой.",
        f"К концу мая приговоры вынесены в отношении {period.verdicts} человек. О {period.convicted} из них суды прямо пишут, "
        f"что они осуждены, о {period.acquitted} — что оправданы; в остальных карточках сказано только, что приговор есть.",
        f"В апреле 2025 года эти суды вынесли приговоры в отношении {april.verdicts} человек, а новых дел в апреле пришло "
        f"{april.received}.",
        f"Так выглядит одно из дел, {_link(spelling, entry.number)}: {entry.court.title} зарегистрировал его "
        f"{entry.received:%d.%m.%Y}. Та же карточка открывается {_link(own, 'на сайте суда')} и "
        f"{_link(other, 'на сайте соседнего суда')}.",
        f"Список дел за апрель мы брали {_link(world.broken_query(), 'из поиска суда')}.",
    )
    return fill(
        "article",
        **_head(world, "ru", host, PUBLISHED, MODIFIED, "Сколько дел об отказе от службы получили суды", "Лада Картотекина"),
        outlet="Учётный лист",
        locale="ru_RU",
        day="3 июня 2025, 12:30",
        lead=f"С января по май четыре военных суда получили {_cases(period.received)}.",
        body="\n".join(f"<p>{text}</p>" for text in paragraphs),
        menu_news="Новости",
        menu_courts="Суды",
        menu_about="О нас",
        more="Читайте также",
        more_first="Как считать рабочие дни суда",
        more_second="Что можно узнать из карточки дела",
        rights="Все люди и дела вымышлены.",
        follow="Мы в сети",
    )


def _english(world: World) -> str:
    period, april, by = stated(world)
    own, _, other = world.shared_addresses()
    entry = _shared(world)
    paragraphs = (
        f"Between January and May 2025, four military courts received {period.received} criminal cases related to refusal "
        f"to serve. There were {by['337']} cases under Article 337 of the Criminal Code, {by['332']} under Article 332 and "
        f"{by['338']} under Article 338; a case that holds several articles is counted under each.",
        f"By the end of May, verdicts had been handed down against {period.verdicts} people. The courts say of "
        f"{period.convicted} of them that they were convicted, of {period.acquitted} that they were acquitted; the other cards "
        "only say that there is a verdict.",
        f"In April 2025 alone, these courts issued verdicts against {april.verdicts} people and received "
        f"{april.received} new cases.",
        f"This is what one of them looks like: {_link(own, entry.number)}, also shown "
        f"{_link(other, 'by a neighbouring court')}.",
    )
    return fill(
        "article",
        **_head(
            world, "en", ENGLISH, PUBLISHED_ENGLISH, MODIFIED_ENGLISH,
            "How many refusal cases the courts received", "Lada Kartotekina",
        ),
        outlet="Uchetny List",
        locale="en_GB",
        day="4 June 2025, 11:00",
        lead=f"From January to May, {period.received} cases came to four military courts.",
        body="\n".join(f"<p>{text}</p>" for text in paragraphs),
        menu_news="News",
        menu_courts="Courts",
        menu_about="About",
        more="Read also",
        more_first="How to count a court's working days",
        more_second="What a case card tells",
        rights="All people and cases are invented.",
        follow="Follow us",
    )  # fmt: skip


HOSTS = (ORIGINAL, MIRROR, ENGLISH)
