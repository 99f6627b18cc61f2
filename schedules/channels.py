"""Who is told, and of what: webhooks, mailboxes, feeds; values, as the plan names them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

KINDS = ("new-case", "event", "changed", "withdrawn", "alarm")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to be told of. events: of KINDS. courts, articles: (): all; alarms come whatever these say."""

    events: tuple[str, ...] = KINDS
    courts: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()

    def admits(self, kind: str, court: str | None, articles: tuple[str, ...]) -> bool:
        """articles: as `337/5`; who wants 337 wants all of its parts."""
        if kind not in self.events:
            return False
        if kind == "alarm":
            return True
        named = set(articles) | {article.partition("/")[0] for article in articles}
        return (not self.courts or court in self.courts) and (not self.articles or bool(named & set(self.articles)))


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that notices are posted to. secret: the file that holds what they are signed with; None: unsigned."""

    url: str
    wanted: Wanted
    secret: Path | None = None

    @property
    def name(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class Mail:
    """A mailbox. smtp: HOST:PORT of a server that takes mail from us; user, password (a file): where it asks who we are."""

    to: str
    sender: str
    smtp: str
    wanted: Wanted
    starttls: bool = True
    user: str | None = None
    password: Path | None = None

    @property
    def name(self) -> str:
        return f"mailto:{self.to}"


@dataclass(frozen=True, slots=True)
class Feed:
    """An Atom file of the archive's folder: `feeds/NAME.atom`."""

    name: str
    wanted: Wanted


Channel = Webhook | Mail
