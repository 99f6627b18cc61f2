"""What an address of a court site asks for: `/modules.php?name=sud_delo&...` taken apart and put together; pure.

Spellings differ (dot and dash host, http and https, order and case of parameters, `&amp;`, the names of the VNKOD
template): one card has one canonical address at a host, in the names its court understands, and one subject everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from archive.ledger import courts
from crawler.source import host_of

# delo_id -> (register by `new`; None: whatever `new` says). An absent or empty `new` counts as the one listed first.
_REGISTERS: dict[str, dict[str, str]] = {
    "1540006": {"0": "criminal-1", "4": "criminal-appeal", "2450001": "criminal-cassation"},
    "4": {"4": "criminal-appeal", "2450001": "criminal-cassation"},
    "2450001": {"2450001": "criminal-cassation"},
    "1540005": {"0": "civil-1", "5": "civil-appeal", "2800001": "civil-cassation"},
    "5": {"5": "civil-appeal", "2800001": "civil-cassation"},
    "2800001": {"2800001": "civil-cassation"},
    "41": {"0": "kas-1", "41": "kas-1", "42": "kas-appeal", "43": "kas-cassation"},
    "42": {"0": "kas-appeal", "42": "kas-appeal", "43": "kas-cassation"},
    "43": {"0": "kas-cassation", "43": "kas-cassation"},
    "1500001": {"0": "koap", "1500001": "koap"},
    "1502001": {"0": "koap-complaint", "1502001": "koap-complaint"},
    "1513001": {"0": "koap-complaint-2", "1513001": "koap-complaint-2"},
    "2550001": {"0": "koap-cassation", "2550001": "koap-cassation"},
    "1610001": {"0": "material", "1610001": "material"},
    "1610002": {"0": "material", "1610002": "material"},
}
TABLES = {
    "criminal-1": "u1_case", "criminal-appeal": "u2_case", "criminal-cassation": "u33_case", "civil-1": "g1_case",
    "civil-appeal": "g2_case", "civil-cassation": "g33_case", "kas-1": "p1_case", "kas-appeal": "p2_case",
    "kas-cassation": "p33_case", "koap": "adm_case", "koap-complaint": "adm1_case", "koap-complaint-2": "adm2_case",
    "koap-cassation": "adm33_case", "material": "m_case",
}  # fmt: skip

# The VNKOD template has names of its own for the same things.
_NAMES = {
    "_id": "case_id", "_uid": "case_uid", "_deloid": "delo_id", "_casetype": "case_type", "_new": "new", "_page": "page",
    "_doc": "doc",
}  # fmt: skip
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a court site.

    host: the dash spelling. op: `name_op` (`sf`, `r`, `case`, `doc`, `r_juid`, ...), `hearings` for a day's list, else "other".
    case_uid: lower-case GUID of the registration, None where there is none. vnkod: the court's own code, where printed.
    """

    host: str
    op: str
    delo_id: str | None = None
    new: str | None = None
    case_id: str | None = None
    case_uid: str | None = None
    srv_num: str = "1"
    vnkod: str | None = None
    table: str | None = None
    day: str | None = None
    number: str | None = None
    text_number: str | None = None
    utf8: bool = False  # a value has Cyrillic letters in UTF-8: the server reads cp1251 and finds nothing
    vintage: bool = False  # in the names of the VNKOD template, which its courts understand

    @property
    def register(self) -> str:
        """The register (words.REGISTERS) that delo_id and new name together; `other` where they name none."""
        known = _REGISTERS.get(self.delo_id or "")
        if known is None:
            return "other"
        first = next(iter(known))
        # Lists of one UID write `new=0` behind every card; only a search is led astray by it.
        new = first if self.new == "0" and self.op == "case" and "0" not in known else self.new or first
        return known.get(new, "other")

    @property
    def wrong(self) -> str | None:
        """Why this query can find nothing although cases are there; None where its form is right."""
        if self.utf8:
            return "Cyrillic values in UTF-8, not in windows-1251"
        if self.register == "other":
            return f"delo_id={self.delo_id} and new={self.new} are no pair"
        table = TABLES.get(self.register) if self.delo_id != "1610002" else "gdp_case"  # materials that were a register apart
        if self.table not in (None, table or self.table):
            return f"delo_table={self.table} is not the table of {self.register}"
        return None

    @property
    def card(self) -> str | None:
        """The canonical address of the card, in the names of its own template; None where this is not a card's address."""
        if self.op != "case" or self.case_id is None:
            return None
        known = _REGISTERS.get(self.delo_id or "", {"0": ""})
        new = self.new if self.new in known else next(iter(known))
        if self.vintage:
            asked = [("_id", self.case_id), ("_uid", self.case_uid), ("_deloId", self.delo_id), ("_caseType", "0"),
                     ("_new", new), ("srv_num", self.srv_num)]  # fmt: skip
            query = "".join(f"&{name}={value}" for name, value in asked if value)
            return f"https://{self.host}/modules.php?name=sud_delo&name_op=case{query}"
        asked = [("srv_num", self.srv_num), ("name_op", "case"), ("case_id", self.case_id), ("case_uid", self.case_uid),
                 ("delo_id", self.delo_id), ("new", new if new != "0" else None)]  # fmt: skip
        query = "".join(f"&{name}={value}" for name, value in asked if value)
        return f"https://{self.host}/modules.php?name=sud_delo{query}"

    def subject(self, court: str, number: str | None = None) -> str | None:
        """`reg:REGISTER:KEY` of the registration this card shows: by case_uid alone, else by court and id or number."""
        key = self.case_uid or (f"{court}:{self.case_id}" if self.case_id else f"{court}:{number}" if number else None)
        return None if key is None else f"reg:{self.register}:{key}"


def parse(url: str, base: str = "") -> Address:
    """Take an address apart; `url` may be relative to `base`, in any of the spellings met."""
    parts = urlsplit(urljoin(base, url.strip().replace("&amp;", "&")))
    asked: dict[str, str] = {}
    utf8 = vintage = False
    for pair in parts.query.split("&"):
        name, _, value = pair.partition("=")
        name = name.lower()
        octets = unquote_to_bytes(value.replace("+", " "))
        vintage = vintage or (name == "_id" and bool(octets))
        utf8 = utf8 or _is_utf8(octets)
        # Pager links repeat srv_num and name_op: the first value that is one stands.
        if octets and not asked.get(_NAMES.get(name, name)):
            asked[_NAMES.get(name, name)] = octets.decode("cp1251", "replace").strip()
    uid = asked.get("case_uid", "").lower()
    op = asked.get("name_op") or ("hearings" if asked.get("h_date") else "other")
    return Address(
        host=courts.dashed(parts.hostname or ""),
        op=op if asked.get("name", "sud_delo") == "sud_delo" else "other",
        delo_id=asked.get("delo_id"),
        new=asked.get("new"),
        case_id=asked.get("case_id"),
        case_uid=uid if _GUID.fullmatch(uid) else None,
        srv_num=asked.get("srv_num", "1"),
        vnkod=_code(asked.get("vnkod") or asked.get("case__vnkod")),
        table=asked.get("delo_table", "").lower() or None,
        day=asked.get("h_date"),
        number=asked.get("number"),
        text_number=asked.get("text_number"),
        utf8=utf8,
        vintage=vintage,
    )


def absolute(url: str, base: str) -> str:
    """A link's whole address, https and dash host where it leads to a court site; parameters as printed."""
    whole = urljoin(base, url.strip().replace("&amp;", "&"))
    parts = urlsplit(whole)
    host = (parts.hostname or "").lower()
    if not ours(whole):
        return whole
    return parts._replace(scheme="https", netloc=courts.dashed(host), fragment="").geturl()


def ours(url: str) -> bool:
    """Is this an address of a sudrf.ru site?"""
    host = host_of(url)
    return host == "sudrf.ru" or host.endswith(".sudrf.ru")


def label(host: str) -> str:
    """What a court is called by its host alone: `leninsky--bkr.sudrf.ru` -> `leninsky--bkr`."""
    return courts.dashed(host).removesuffix(".sudrf.ru")


def titled(title: str) -> str | None:
    """The register that a page's own heading names (`Уголовные дела - первая инстанция`); None where it is not certain."""
    kind, words = _kind(title)
    instance = next((name for sign, name in _INSTANCES if sign in words), None)
    if kind in ("criminal", "civil", "kas"):
        return None if instance is None else f"{kind}-{instance}"
    if kind == "koap":
        # Complaints and second complaints are not told apart by a heading.
        return {"1": "koap", "cassation": "koap-cassation"}.get(instance or "")
    return kind


def heads(text: str) -> bool:
    """Does this text head a section of some register, known by name or not?"""
    return _kind(text)[0] is not None


def _kind(title: str) -> tuple[str | None, str]:
    # Look-alikes: the letters of КАС are Latin on some pages.
    words = " ".join(title.casefold().replace("k", "к").replace("a", "а").replace("c", "с").split())
    return next((kind for sign, kind in _KINDS if sign in words), None), words


_INSTANCES = (("первая инстанция", "1"), ("апелляц", "appeal"), ("кассац", "cassation"))
_KINDS = (
    ("об административных правонарушениях", "koap"),
    ("уголовные дела", "criminal"),
    ("кас рф", "kas"),
    ("гражданские дела", "civil"),
    ("материал", "material"),
)


def _code(text: str | None) -> str | None:
    code = (text or "").upper()
    return code if courts.CODE.fullmatch(code) else None


def _is_utf8(octets: bytes) -> bool:
    if octets.isascii():
        return False
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
