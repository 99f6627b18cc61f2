"""plan.toml: read into a Plan, with the line of every error; made with comments where there is none."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, time, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from archive.home import Home
from archive.urls import identity
from crawler import settings
from crawler.errors import BadSettings
from crawler.source import Source
from crawler.tunnel import HERE
from schedules.channels import KINDS, Channel, Feed, Mail, Wanted, Webhook
from schedules.plan import Address, Docket, Plan, Quiet

FILE = "plan.toml"
DAYS = 60  # how far back a register is asked where the plan does not say: cases appear weeks after their receipt
MOST_DAYS = 36_525
MOST_MONTHS = 1_200
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
LONGEST = timedelta(days=3_660)

_WHICH = frozenset(("events", "courts", "articles"))
TABLES = {
    "source": {"name", "courts", "days", "months", "every", "quiet", "vantages"},
    "links": {"urls", "file", "every", "quiet", "soonest", "latest", "vantages"},
    "notify": {"webhook", "secret", "mail", "from", "smtp", "starttls", "user", "password", *_WHICH},
    "feed": {"name", *_WHICH},
}

TEMPLATE = """\
# What is watched, and how often. `crawl plan check` says whether it is right, `crawl due` what is due, `crawl daemon` runs it
# (and reads this file anew on SIGHUP). Intervals: 30m, 6h, 1d, 2w.

# The clock that quiet hours go by; UTC where none is named.
# zone = "Europe/Moscow"

# A court register. Without `courts`: every court of the source that has a site (`crawl sources` lists them).
# [[source]]
# name = "sudrf"
# courts = ["61GV0008", "77OV0000"]
# every = "1d"
# days = 60                  # how many days back cases are asked for, by their day of receipt; or, in place of days,
#                            # months = 2: this month and the last, whole
# quiet = "22:00-07:00"      # hours in which nothing is begun
# vantages = ["here"]        # from where, in turn, as [[vantages]] of kartoteka.toml names them: docs/operation/running.md

# Addresses that articles cite, by name or from a file beside this one, one a line.
# [[links]]
# urls = ["https://example.org/article"]
# file = "cited.txt"
# every = "1w"
# soonest = "1d"             # how often a page was found changed sets how soon it is visited again, within these bounds
# latest = "8w"

# Who is told, and of what: "new-case", "event", "changed", "withdrawn", "alarm"; all where it is not said.
# Deliveries are signed with what the file beside this one holds (chmod 600), and tried again for three days.
# [[notify]]
# webhook = "https://example.org/hook"
# secret = "webhook.secret"
# events = ["new-case", "alarm"]
# courts = ["61GV0008"]
# articles = ["337"]

# [[notify]]
# mail = "desk@example.org"
# from = "kartoteka@example.org"
# smtp = "localhost:25"      # starttls = true, user, password (a file) where the server wants them

# An Atom file, feeds/kursk.atom, that a web server may hand out.
# [[feed]]
# name = "kursk"
# courts = ["61GV0008"]
"""

_SYNTAX = re.compile(r"(.*) \(at line (\d+), column \d+\)", re.S)


class BadPlan(BadSettings):
    """A plan that cannot be used; the text names the file, the line, and what to do."""


def load(home: Path, known: Iterable[Source]) -> Plan | None:
    """The plan of an archive; None where it has none yet. Raises BadPlan."""
    path = home / FILE
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as exc:
        raise BadPlan(f"{path}: {exc}") from exc
    vantages = (HERE, *(each.name for each in settings.load(home).vantages))
    return read(text, known, lambda name: (home / name).read_text("utf-8"), home, vantages)


def make(home: Path) -> Path:
    """The plan's file, made with its comments where there is none. Raises NotAnArchive for a folder that holds other things."""
    path = home / FILE
    if not path.exists():
        if Home(home).version() is None:
            Home(home).check_free()
        home.mkdir(parents=True, exist_ok=True)
        path.write_text(TEMPLATE, "utf-8")
    return path


def read(
    text: str,
    known: Iterable[Source],
    listed: Callable[[str], str],
    folder: Path = Path(),
    vantages: Sequence[str] = (HERE,),
) -> Plan:
    """A plan from its text. listed: the text of a file of addresses, by its name. folder: where it lies. vantages: that the
    settings know. Raises BadPlan."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        match = _SYNTAX.fullmatch(str(exc))
        # An error at the end of the document has no line of its own.
        line, what = (int(match[2]), match[1]) if match else (len(text.splitlines()), str(exc))
        raise BadPlan(f"{FILE} line {line}: {what}") from exc
    return _Reader(text.splitlines(), {source.name: source for source in known}, listed, folder, vantages).plan(told)


class _Reader:
    """One reading of one plan. Every complaint is made where its line can be found: table, number of the table, key."""

    def __init__(
        self,
        lines: list[str],
        known: Mapping[str, Source],
        listed: Callable[[str], str],
        folder: Path,
        vantages: Sequence[str],
    ) -> None:
        self.lines, self.known, self.listed, self.folder, self.vantages = lines, known, listed, folder, vantages
        self.zone: tzinfo = UTC

    def plan(self, told: dict[str, Any]) -> Plan:
        for key in told.keys() - {"zone", *TABLES}:
            raise self.bad(f"there is nothing called {key!r}; known are zone, {', '.join(f'[[{t}]]' for t in TABLES)}", key=key)
        self.zone = self._zone(told.get("zone", "UTC"))
        dockets: dict[str, Docket] = {}
        for number, table in self._tables(told, "source"):
            for docket in self._dockets(number, table):
                if docket.name in dockets:
                    raise self.bad(f"{docket.name} is watched already", "source", number, "courts", docket.court)
                dockets[docket.name] = docket
        addresses: dict[str, Address] = {}
        for number, table in self._tables(told, "links"):
            for address in self._addresses(number, table):
                # Many articles cite one page: it is visited as often as the keenest of them wants.
                other = addresses.get(address.url)
                addresses[address.url] = address if other is None else min(address, other, key=lambda each: each.every)
        channels: dict[str, Channel] = {}
        for number, table in self._tables(told, "notify"):
            channel = self._channel(number, table)
            if channel.name in channels:
                raise self.bad(f"{channel.name} is told already: one [[notify]] for each", "notify", number)
            channels[channel.name] = channel
        feeds: dict[str, Feed] = {}
        for number, table in self._tables(told, "feed"):
            name = table.get("name")
            if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name) or name in feeds:
                raise self.bad("[[feed]] needs a name of its own: small letters, digits, hyphens", "feed", number, "name")
            feeds[name] = Feed(name, self._wanted("feed", number, table))
        return Plan(tuple(dockets.values()), tuple(addresses.values()), tuple(channels.values()), tuple(feeds.values()))

    def _channel(self, number: int, table: dict[str, Any]) -> Channel:
        for key in ("webhook", "mail", "secret", "from", "smtp", "user", "password"):
            if key in table and (not isinstance(table[key], str) or not table[key].strip()):
                raise self.bad(f"{key} is a text", "notify", number, key)
        if "starttls" in table and not isinstance(table["starttls"], bool):
            raise self.bad("starttls is true or false", "notify", number, "starttls")
        wanted = self._wanted("notify", number, table)
        if ("webhook" in table) == ("mail" in table):
            raise self.bad("[[notify]] names a webhook or a mail, one of them", "notify", number)
        if "webhook" in table:
            if not re.fullmatch(r"https?://[^\s/]+\S*", table["webhook"]):
                raise self.bad(f"{table['webhook']!r} is no address; write https://...", "notify", number, "webhook")
            return Webhook(table["webhook"], wanted, self._beside(table.get("secret")))
        for key in ("from", "smtp"):
            if key not in table:
                raise self.bad(
                    f'[[notify]] with a mail needs {key}: from = "me@example.org", smtp = "localhost:25"', "notify", number
                )
        if not re.fullmatch(r"[^\s:]+:\d{1,5}", table["smtp"]):
            raise self.bad(f"{table['smtp']!r} is not HOST:PORT", "notify", number, "smtp")
        if "@" not in table["mail"] or re.search(r"\s", table["mail"] + table["from"]):
            raise self.bad(f"{table['mail']!r} is no mailbox", "notify", number, "mail")
        return Mail(
            table["mail"], table["from"], table["smtp"], wanted, table.get("starttls", True), table.get("user"),
            self._beside(table.get("password")),
        )  # fmt: skip

    def _beside(self, name: str | None) -> Path | None:
        """A file that is named as lying beside the plan."""
        return None if name is None else self.folder / name

    def _wanted(self, kind: str, number: int, table: dict[str, Any]) -> Wanted:
        found = {}
        for key in ("events", "courts", "articles"):
            value = table.get(key, [])
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                raise self.bad(f"{key} is a list of words", kind, number, key)
            found[key] = tuple(value)
        for word in found["events"]:
            if word not in KINDS:
                raise self.bad(f"nothing is told of {word!r}; known are {', '.join(KINDS)}", kind, number, "events", word)
        return Wanted(found["events"] or KINDS, found["courts"], found["articles"])

    def _tables(self, told: dict[str, Any], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
        tables = told.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            raise self.bad(f"[[{name}]] is written with two brackets", key=name)
        allowed = TABLES[name]
        for number, table in enumerate(tables):
            for key in table:
                if key not in allowed:
                    raise self.bad(f"[[{name}]] has no {key!r}; it has {', '.join(sorted(allowed))}", name, number, key)
            yield number, table

    def _dockets(self, number: int, table: dict[str, Any]) -> Iterator[Docket]:
        name = table.get("name")
        source = self.known.get(name) if isinstance(name, str) else None
        registers = {each.name for each in self.known.values() if each.asked}
        if source is None:
            said = "[[source]] needs a name" if name is None else f"no source {name!r}"
            raise self.bad(f"{said}; known are {', '.join(sorted(registers))}", "source", number, "name")
        if source.name not in registers:
            raise self.bad(f"{name!r} has no register to ask; list its addresses under [[links]]", "source", number, "name")
        sites = {place.court: bool(place.host) for place in source.places() if place.court}
        courts = table.get("courts", [court for court, site in sites.items() if site])
        if not isinstance(courts, list) or not courts:
            raise self.bad("courts is a list of official codes", "source", number, "courts")
        for court in courts:
            if court not in sites:
                told = f"{name} has no court {court!r}; `crawl sources --json` lists them"
                raise self.bad(told, "source", number, "courts", str(court))
            if not sites[court]:
                raise self.bad(f"no site of court {court} is known", "source", number, "courts", court)
        days = table.get("days", DAYS)
        if type(days) is not int or not 0 <= days <= MOST_DAYS:
            raise self.bad(f"days is a number from 0 to {MOST_DAYS}", "source", number, "days")
        months = table.get("months")
        if months is not None and (type(months) is not int or not 1 <= months <= MOST_MONTHS):
            raise self.bad(f"months is a number from 1 to {MOST_MONTHS}", "source", number, "months")
        if months is not None and "days" in table:
            raise self.bad("days or months, not both", "source", number, "months")
        every, quiet = self._times("source", number, table)
        vantages = self._seen_from("source", number, table)
        for court in courts:
            yield Docket(source.name, court, days, every, quiet, months, vantages)

    def _addresses(self, number: int, table: dict[str, Any]) -> Iterator[Address]:
        urls, file = table.get("urls", []), table.get("file")
        if not ("urls" in table or "file" in table):
            raise self.bad("[[links]] needs urls or a file of them", "links", number)
        if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
            raise self.bad("urls is a list of addresses", "links", number, "urls")
        if file is not None and not isinstance(file, str):
            raise self.bad("file is the name of a file", "links", number, "file")
        every, quiet = self._times("links", number, table)
        more = (*self._bounds(number, table, every), self._seen_from("links", number, table))
        for url in urls:
            try:
                yield Address(identity(url), every, quiet, *more)
            except ValueError as exc:
                raise self.bad(f"{url!r}: {exc}", "links", number, "urls", url) from exc
        if file is None:
            return
        try:
            lines = self.listed(file).splitlines()
        except (OSError, UnicodeDecodeError) as exc:
            raise self.bad(f"{file}: {exc}", "links", number, "file") from exc
        for at, line in enumerate(lines, 1):
            if line.strip() and not line.lstrip().startswith("#"):
                try:
                    yield Address(identity(line.strip()), every, quiet, *more)
                except ValueError as exc:
                    raise BadPlan(f"{file} line {at}: {exc}; mend or remove it") from exc

    def _bounds(self, number: int, table: dict[str, Any], every: timedelta) -> tuple[timedelta | None, timedelta | None]:
        found: dict[str, timedelta | None] = {"soonest": None, "latest": None}
        for key in found:
            if key in table:
                found[key] = interval(table[key])
                if found[key] is None:
                    raise self.bad(f"{table[key]!r} is no interval; write 6h or 4w", "links", number, key)
        soonest, latest = found["soonest"], found["latest"]
        if (soonest is not None and soonest > every) or (latest is not None and latest < every):
            raise self.bad("soonest <= every <= latest: the bounds lie about what is usual", "links", number, "every")
        return soonest, latest

    def _seen_from(self, name: str, number: int, table: dict[str, Any]) -> tuple[str, ...]:
        told = table.get("vantages", [])
        if not isinstance(told, list) or not all(isinstance(each, str) for each in told) or len(set(told)) < len(told):
            raise self.bad('vantages is a list of names, each once: ["here", "riga"]', name, number, "vantages")
        for each in told:
            if each not in self.vantages:
                known = f"known are {', '.join(self.vantages)}; [[vantages]] in {settings.FILE} makes others"
                raise self.bad(f"no vantage {each!r}: {known}", name, number, "vantages", each)
        return tuple(told)

    def _times(self, name: str, number: int, table: dict[str, Any]) -> tuple[timedelta, Quiet | None]:
        if "every" not in table:
            raise self.bad(f'[[{name}]] does not say how often: every = "1d"', name, number)
        every = interval(table["every"])
        if every is None:
            told = f"{table['every']!r} is no interval from 1m to {LONGEST.days}d; write 30m, 6h, 1d or 2w"
            raise self.bad(told, name, number, "every")
        if "quiet" not in table:
            return every, None
        try:
            start, end = (time.fromisoformat(part) for part in str(table["quiet"]).split("-"))
            return every, Quiet(start, end, self.zone)
        except ValueError as exc:
            told = f'{table["quiet"]!r} are no quiet hours; write quiet = "22:00-07:00"'
            raise self.bad(told, name, number, "quiet") from exc

    def _zone(self, name: object) -> tzinfo:
        if name == "UTC":
            return UTC
        try:
            return ZoneInfo(str(name))
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
            raise self.bad(f'no time zone {name!r}; write zone = "Europe/Moscow"', key="zone") from exc

    def bad(
        self, what: str, table: str | None = None, number: int = 0, key: str | None = None, value: str | None = None
    ) -> BadPlan:
        return BadPlan(f"{FILE} line {self._line(table, number, key, value)}: {what}")

    def _line(self, table: str | None, number: int, key: str | None, value: str | None) -> int:
        """The line of a value, else of its key, else of its table's head: as near as the text lets us come."""
        heads = [n for n, line in enumerate(self.lines) if re.match(r"\s*\[", line) and not _inside(line)]
        own = [n for n in heads if table and re.match(rf"\s*\[\[\s*[\"']?{table}[\"']?\s*\]\]", self.lines[n])]
        start = own[number] if number < len(own) else 0
        end = next((n for n in heads if n > start), len(self.lines)) if own or not table else len(self.lines)
        at = start
        if key is not None:
            key_of = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=|\s*\[+\s*[\"']?{re.escape(key)}\b")
            at = next((n for n in range(start, end if table else len(self.lines)) if key_of.match(self.lines[n])), start)
        if value is not None:
            at = next((n for n in range(at, end) if value in self.lines[n].partition("#")[0]), at)
        return at + 1


def _inside(line: str) -> bool:
    """A line of a list that begins with a list: no head of a table."""
    return re.fullmatch(r"\s*\[\[?[^\[\]=,]+\]\]?\s*(#.*)?", line) is None


def interval(text: object) -> timedelta | None:
    """30m, 6h, 1d, 2w; None for anything else."""
    match = re.fullmatch(r"([1-9]\d{0,5})([mhdw])", text, re.ASCII) if isinstance(text, str) else None
    found = int(match[1]) * UNITS[match[2]] if match else None
    return found if found is not None and found <= LONGEST else None
