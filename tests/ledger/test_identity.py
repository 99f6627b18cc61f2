"""Which registrations are one: addresses and numbers spelled in many ways, official keys, what courts say of one another."""

from __future__ import annotations

import random
from itertools import permutations, product

import pytest

from archive.ledger.case import find, fold
from archive.ledger.identity import Keys, groups, links, official
from archive.ledger.tally import Question, tally
from crawler.sites.sudrf import addresses

GUID = "0000000a-0000-4000-8000-00000000000b"


def test_one_card_is_spelled_in_a_hundred_ways():
    """Hosts, schemes, orders, cases of letters, entities and both templates' names: one registration, whoever serves it."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    asked = [("name", "sud_delo"), ("srv_num", "1"), ("name_op", "case"), ("case_id", "77"), ("case_uid", GUID),
             ("delo_id", "1540006"), ("case_type", "0"), ("new", "0")]  # fmt: skip
    vintage = {"case_id": "_id", "case_uid": "_uid", "delo_id": "_deloId", "case_type": "_caseType", "new": "_new"}
    met = set()
    for scheme, host, amp, vnkod in product(
        ("http", "https"),
        ("1court.reg.sudrf.ru", "1court--reg.sudrf.ru", "2court--reg.sudrf.ru"),
        ("&", "&amp;"),
        (False, True),
    ):
        pairs = rng.sample(asked, len(asked))
        if rng.random() < 0.5:
            pairs = [pair for pair in pairs if pair[0] not in ("srv_num", "case_type", "new")]
        names = [vintage.get(name, name) if vnkod else rng.choice((name, name.upper())) for name, _ in pairs]
        values = [value.upper() if name == "case_uid" and rng.random() < 0.5 else value for name, value in pairs]
        url = f"{scheme}://{host}/modules.php?" + amp.join(f"{n}={v}" for n, v in zip(names, values, strict=True))
        met.add(addresses.parse(url).subject(rng.choice(("57GV0001", "61GV0002"))))
    assert met == {f"reg:criminal-1:{GUID}"}


def keys(name: str, register: str = "criminal-1", court: str | None = "57GV0001", **values) -> Keys:
    return Keys(f"reg:{register}:{name}", court, values.pop("uids", ()), values.pop("numbers", ()), **values)


def guid(n: int) -> str:
    return f"{n:08x}-0000-4000-8000-000000000000"


def methods(*held: Keys) -> list[tuple[str, str, str]]:
    return [(tie.method, tie.left.split(":")[-1][:8], tie.right.split(":")[-1][:8]) for _, tie in links(held)]


FIRST = keys(guid(1), numbers=("1-5/2025",))
APPEAL = keys(guid(2), "criminal-appeal", "61OV0000", numbers=("22-9/2025",), lower_court="57GV0001", below=("1-5/2025",))


def test_an_appeal_without_a_uid_is_linked_by_the_lower_court():
    """Court and number of the first instance are an official cross-link, with method, tier and evidence."""
    told = keys(guid(2), "criminal-appeal", "61OV0000", numbers=("22-9/2025",), lower_court="57GV0001", below=("1-5/2025",),
                evidence="captures c7")  # fmt: skip
    ((key, tie),) = links([FIRST, told])
    assert key == f"lower-court/1 {told.subject} {FIRST.subject}"
    assert (tie.tier, tie.method, tie.same) == (1, "lower-court/1", True)
    assert tie.reason == f"{told.subject} came from 1-5/2025 at 57GV0001; captures c7"


@pytest.mark.parametrize(
    ("what", "held", "expected"),
    [
        ("one meant", (FIRST, APPEAL), 1),
        ("two have that number and nothing joins them", (FIRST, keys(guid(3), numbers=("1-5/2025",)), APPEAL), 0),
        ("two that share a UID are one", (keys(guid(1), numbers=("1-5/2025",), uids=("u",)),
                                         keys(guid(3), numbers=("1-5/2025",), uids=("u",)), APPEAL), 1),
        ("another court", (keys(guid(1), court="61GV0002", numbers=("1-5/2025",)), APPEAL), 0),
        ("another register", (keys(guid(1), "civil-1", numbers=("1-5/2025",)), APPEAL), 0),
        ("the court is not known", (keys(guid(1), court=None, numbers=("1-5/2025",)), APPEAL), 0),
        ("UIDs are against it", (keys(guid(1), numbers=("1-5/2025",), uids=("u",)),
                                 keys(guid(2), "criminal-appeal", "61OV0000", uids=("v",), lower_court="57GV0001",
                                      below=("1-5/2025",))), 0),
        ("a UID has joined them already", (keys(guid(1), numbers=("1-5/2025",), uids=("u",)),
                                           keys(guid(2), "criminal-appeal", "61OV0000", uids=("u",), lower_court="57GV0001",
                                                below=("1-5/2025",))), 0),
        ("the case was renumbered since", (keys(guid(1), numbers=("1-9/2026",), previous=("1-5/2025",)), APPEAL), 1),
    ],
)  # fmt: skip
def test_a_link_is_made_only_where_one_is_meant(what, held, expected):
    """Doubt makes no link: it is left to a person."""
    assert len(links(held)) == expected, what


def test_a_renewed_uid_makes_no_new_case():
    """The number by the earlier registration holds where the judicial UID is a new one."""
    before = keys(guid(1), numbers=("9-727/2020",), uids=("old",))
    after = keys(guid(2), numbers=("2-1725/2020",), previous=("9-727/2020",), uids=("new",))
    assert methods(before, after) == [("previous/1", "00000002", "00000001")]
    assert len(groups(official([before, after]), links([before, after]))) == 1


def test_a_joined_case_is_part_of_the_other():
    """Which case it went into is what the court wrote."""
    assert methods(keys(guid(1), joined=("1-7/2025",)), keys(guid(2), numbers=("1-7/2025",))) == [
        ("joined/1", "00000001", "00000002")
    ]


def test_a_number_is_the_key_of_what_has_no_better_one():
    """Without case_uid and UID: court, register and number; and the one registration that has more is the same."""
    bare = [keys(f"57GV0001:{n}", numbers=("1-5/2025",)) for n in (11, 12)]
    whole = keys(guid(1), numbers=("1-5/2025",), uids=("u",))
    other = keys(guid(3), numbers=("1-5/2025",), uids=("v",))

    def count(*held: Keys) -> int:
        return len(groups(official(held)))

    assert count(*bare) == 1
    assert count(*bare, whole) == 1
    assert count(*bare, whole, other) == 4  # that number is no key at that court
    assert count(keys(guid(1), numbers=("1-5/2025",)), keys(guid(2), numbers=("1-5/2025",))) == 2
    assert count(keys("57GV0001:11", numbers=("1-5/2025",)), keys("61GV0002:11", court="61GV0002", numbers=("1-5/2025",))) == 2


def test_the_order_of_registrations_decides_no_link():
    """The same links and groups from any order."""
    held = [FIRST, APPEAL, keys(guid(4), numbers=("1-8/2025",), previous=("1-5/2025",)), keys(guid(5), joined=("1-8/2025",))]
    told = {(tuple(links(order)), tuple(groups(official(order), links(order)))) for order in permutations(held)}
    assert len(told) == 1
    assert len(groups(official(held), links(held))) == 1


@pytest.fixture
def linked(book, world):
    """A case and its appeal, tied by nothing but court and number; and the book that holds them."""
    first = world.card(guid(1), court="57GV0001", number="1-5/2025", received=("02.04.2025", "2025-04-02"))
    appeal = world.card(
        guid(2), register="criminal-appeal", court="61OV0000", number="22-9/2025", received=("02.06.2025", "2025-06-02"),
        lower_court=("Вымышленский ГВС", "57GV0001"), lower_number="1-5/2025",
    )  # fmt: skip
    book.enter_many([world.entry(1, first), world.entry(2, appeal)])
    return book


def test_a_person_takes_an_official_link_back(linked, world):
    """A link is undone by its id, or overruled; what courts said stays in the book, and nothing is rewritten."""
    (case,) = fold(linked.sightings(), linked.ties())
    ((key, tie),) = case.links
    assert (tie.method, tie.tier) == ("lower-court/1", 1) and "captures 00000000-0000-4000-8000-000000000002" in tie.reason
    rows = linked.counts()["observation"]
    undone = world.decided(linked, "identity", tie.left, tie.right, undoes=key)
    assert len(fold(linked.sightings(), linked.ties())) == 2
    world.decided(linked, "identity", tie.left, tie.right, undoes=undone)
    assert fold(linked.sightings(), linked.ties()) == (case,)
    world.decided(linked, "identity", tie.left, tie.right, same=False)
    assert len(fold(linked.sightings(), linked.ties())) == 2
    assert linked.counts()["observation"] == rows


VERDICT = {"decided": ("25.04.2025", "2025-04-25"), "result": ("Вынесен ПРИГОВОР", "verdict")}


def counted(book, **asked):
    row = tally(fold(book.sightings(events=False)), Question(**asked)).total
    return row.received, row.decided, row.verdicts, row.convicted, row.acquitted, row.pending


def test_the_text_of_an_act_tells_the_direction_of_a_verdict(book, world):
    """`Вынесен ПРИГОВОР` says no direction; a punishment in the published act does, and an acquittal does."""
    page = world.card(
        guid(1), court="57GV0001", number="1-5/2025", received=("02.04.2025", "2025-04-02"), **VERDICT,
        persons=[{"name": name, "article": ("ст.337 ч.5", "337/5")} for name in ("Вымыслов И.И.", "Сказкин С.С.", "Безднев Б.Б.")],
    )  # fmt: skip
    subject = f"reg:criminal-1:{guid(1)}#person"
    page.say(f"{subject}:1#sentence", "kind", "лишения свободы", "real", derived=True)
    page.say(f"{subject}:2#sentence", "kind", "оправдать", "acquittal", derived=True)
    book.enter_many([world.entry(1, page)])
    assert counted(book) == (1, 1, 3, 1, 1, 0)


def test_a_case_is_severed(book, world):
    """One case received once; each man once, with the outcome of the part that he went into."""
    man = {name: {"name": name, "article": ("ст.337 ч.5", "337/5")} for name in ("Вымыслов И.И.", "Сказкин С.С.")}
    parent = world.card(guid(1), court="57GV0001", number="1-5/2025", uid="U", received=("02.04.2025", "2025-04-02"), **VERDICT,
                        persons=[man["Вымыслов И.И."] | {"result": ("ОСУЖДЕН", "convicted")}, man["Сказкин С.С."]])  # fmt: skip
    child = world.card(guid(2), court="57GV0001", number="1-6/2025", uid="U", received=("10.04.2025", "2025-04-10"),
                       persons=[man["Сказкин С.С."]])  # fmt: skip
    book.enter_many([world.entry(1, parent), world.entry(2, child)])
    case = find(fold(book.sightings()), "1-5/2025")
    assert [(told.subject[-1], person.get("name")) for told, person in case.people] == [
        ("0", "Вымыслов И.И."), ("0", "Сказкин С.С."),
    ]  # fmt: skip
    assert [told.own.get("number") for told, _ in case.people] == ["1-5/2025", "1-6/2025"]
    assert counted(book, unit="person") == (2, 1, 1, 1, 0, 1)
    assert counted(book) == (1, 0, 1, 1, 0, 1)


def test_a_case_is_joined_to_another(book, world):
    """The state is that of the case it went into, and the men are counted there."""
    man = {"name": "Вымыслов И.И.", "article": ("ст.337 ч.5", "337/5")}
    other = {"name": "Сказкин С.С.", "article": ("ст.338 ч.1", "338/1")}
    gone = world.card(guid(1), court="57GV0001", number="1-5/2025", received=("12.04.2025", "2025-04-12"), persons=[man],
                      decided=("20.04.2025", "2025-04-20"), result=("Дело присоединено к другому делу № 1-4/2025", "joined"))  # fmt: skip
    into = world.card(guid(2), court="57GV0001", number="1-4/2025", received=("02.04.2025", "2025-04-02"), **VERDICT,
                      persons=[other | {"result": ("ОСУЖДЕН", "convicted")}, man | {"result": ("ОСУЖДЕН", "convicted")}])  # fmt: skip
    book.enter_many([world.entry(1, gone), world.entry(2, into)])
    (case,) = fold(book.sightings())
    assert (case.received, case.result, case.decided) == ("2025-04-02", "verdict", "2025-04-25")
    assert counted(book, unit="person") == (2, 2, 2, 2, 0, 0)
    assert {row.group["article"]: row.received for row in tally((case,), Question(by=("article",))).rows} == {
        "337": 1,
        "338": 1,
    }
