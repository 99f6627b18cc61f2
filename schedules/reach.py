"""Can be reached from here what plan and settings name? Hosts, proxies, stampers, receivers; asked on request alone.

Names are looked up, connections and tunnels opened and closed again: no page is asked for, nothing is stamped, no mail is sent
(a mail server's greeting is read, and QUIT said). What is tried is told in the order of the plan, each once.
"""

from __future__ import annotations

import smtplib
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from archive.door import visible
from crawler.errors import BadSettings
from crawler.guard import Guard
from crawler.preset import Settings
from crawler.sites import owner_of, sources
from crawler.tunnel import HERE, Proxy, Refusal
from crawler.vantage import Routes, proxy
from schedules.channels import Mail, Webhook
from schedules.plan import Plan
from schedules.planned import route

ASKED = 8  # hosts of the plan that are tried from each vantage
PATIENCE = 5.0  # seconds to accept a connection
TUNNEL = 15.0  # seconds for a proxy's tunnel: it looks up and connects itself

Target = Callable[[str, int], tuple[str, int]]  # where host and port are really connected to (`--connect-to`)


@dataclass(frozen=True, slots=True)
class Reached:
    """ok: None where nothing was tried. advice: what to do, where it is not ok."""

    subject: str
    detail: str
    ok: bool | None


class _Wrong(Exception):
    """It cannot be reached; the text says why and what to do."""


def reached(plan: Plan, settings: Settings, home: Path, target: Target) -> Iterator[Reached]:
    """All that is named. home: where secrets lie."""
    tried = 0
    for each in (
        *_hosts(plan, settings, home, target),
        *_stampers(settings, target),
        *_receivers(plan),
    ):
        tried += 1
        yield each
    if not tried:
        yield Reached("hosts", "no plan names any", None)


def _hosts(plan: Plan, settings: Settings, home: Path, target: Target) -> Iterator[Reached]:
    proxies: dict[str, Proxy] = {}
    for each in settings.vantages:
        try:
            proxies[each.name] = proxy(each, home)
        except BadSettings as exc:
            yield Reached(f"vantage {each.name}", str(exc), False)
            continue
        yield _tried(f"vantage {each.name}", partial(_proxy_there, proxies[each.name]))
    asked: dict[str, list[tuple[str, int]]] = {}
    routes = Routes(settings.vantages)
    try:
        route(plan, routes)
    except BadSettings as exc:
        yield Reached("plan", str(exc), False)
        return
    for url in _urls(plan):
        parts = urlsplit(url)
        place = (parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443))
        for vantage in routes.of(url, _source_of):
            if parts.hostname and place not in asked.setdefault(vantage, []):
                asked[vantage].append(place)
    for vantage, places in asked.items():
        seen_from = "" if vantage == HERE else f" from {vantage}"
        for host, port in places[:ASKED]:
            if vantage == HERE:
                yield _tried(host, partial(_host_there, host, port, target))
            elif vantage in proxies:
                yield _tried(host + seen_from, partial(_host_through, proxies[vantage], host, port, target))
        if len(places) > ASKED:
            yield Reached(f"{len(places) - ASKED} hosts more{seen_from}", f"only {ASKED} of the plan's hosts are tried", None)


def _urls(plan: Plan) -> Iterator[str]:
    known = {source.name: source for source in sources()}
    today = datetime.now(UTC).date()
    yield from (each.url for each in plan.addresses)
    for docket in plan.dockets:
        yield from (seed.url for seed in known[docket.source].seeds(docket.query(today)))


def _source_of(url: str) -> str | None:
    source = owner_of(url)
    return source.name if source else None


def _stampers(settings: Settings, target: Target) -> Iterator[Reached]:
    named = [(f"stamps: {each.name}", each.url) for each in settings.authorities]
    named += [("stamps: OpenTimestamps", each) for each in settings.calendars]
    for name, url in named:
        yield _tried(f"{name} {urlsplit(url).hostname}", partial(_address_there, url, target))


def _receivers(plan: Plan) -> Iterator[Reached]:
    for channel in plan.channels:
        if isinstance(channel, Webhook):
            # Its host alone: the rest of a webhook's address may be all that keeps others out of it.
            yield _tried(f"webhook {urlsplit(channel.url).hostname}", partial(_address_there, channel.url, _itself))
        elif isinstance(channel, Mail):
            yield _tried(f"mail {channel.smtp}", partial(_mail_there, channel))


def _tried(subject: str, act: Callable[[], str]) -> Reached:
    try:
        return Reached(visible(subject), act(), True)
    except socket.gaierror as exc:
        detail = f"its name has no address ({exc.strerror}): is this machine's DNS right, is the host gone?"
    except TimeoutError:
        detail = "nobody answers in time: a firewall here, or the host is down or blocks us"
    except OSError as exc:
        detail = f"{exc.strerror or exc}: a firewall here, or the host is down or blocks us"
    except _Wrong as exc:
        detail = visible(str(exc))
    return Reached(visible(subject), detail, False)


def _itself(host: str, port: int) -> tuple[str, int]:
    return host, port


def _host_there(host: str, port: int, target: Target) -> str:
    with socket.create_connection(target(host, port), timeout=PATIENCE):
        return f"accepts connections at port {port}"


def _address_there(url: str, target: Target) -> str:
    parts = urlsplit(url)
    return _host_there(parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443), target)


def _proxy_there(through: Proxy) -> str:
    with socket.create_connection((through.host, through.port), timeout=PATIENCE):
        return f"its proxy ({through.kind}) accepts connections; names are looked up {through.names}"


def _host_through(through: Proxy, host: str, port: int, target: Target) -> str:
    """A tunnel is opened there and closed."""
    at, there = target(host, port)
    if through.names == HERE:
        at = _looked_up(at, named=at != host)
    asking = through.ask(at, there)
    due = time.monotonic() + TUNNEL
    with socket.create_connection((through.host, through.port), timeout=PATIENCE) as line:
        out = asking.opening
        try:
            while not asking.done:
                line.settimeout(max(due - time.monotonic(), 0.001))
                line.sendall(out)
                if not (said := line.recv(4096)):
                    raise _Wrong("its proxy closed before its tunnel stood")
                out = asking.feed(said)
        except Refusal as exc:
            said_ = through.hidden(str(exc).encode("utf-8", "replace")).decode("utf-8", "replace")
            raise _Wrong(f"{said_}: is the login right, may it connect to port {port}, is the host up?") from None
        except TimeoutError as exc:
            raise _Wrong("its proxy made no tunnel in time") from exc
    return f"a tunnel to port {port} stands"


def _looked_up(host: str, *, named: bool) -> str:
    addresses = [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    address = min(addresses, key=lambda each: ip_address(each).version)
    if not named and (why := Guard().allowed(address)) is not None:
        raise _Wrong(f"it leads to an address that is not asked for: {why}")
    return address


def _mail_there(mail: Mail) -> str:
    host, _, port = mail.smtp.rpartition(":")
    try:
        with smtplib.SMTP(host, int(port), timeout=PATIENCE) as server:
            server.ehlo()
            secure = server.has_extn("starttls")
    except smtplib.SMTPException as exc:
        raise _Wrong(f"it does not greet as a mail server does: {exc}") from exc
    if mail.starttls and not secure:
        raise _Wrong("it offers no STARTTLS: starttls = false in the plan, where that is meant")
    return "greets as a mail server"
