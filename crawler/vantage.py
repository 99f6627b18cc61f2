"""From where is an address asked for: from here, or through a proxy, and from where next? values, and the proxies' secrets.

An address has its vantages in order; the next one is asked, once, where the one before was blocked, met silence, or was told
that there is nothing: what is gone here may be there. A captcha is an answer, and nobody goes round it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from archive.capture import Outcome
from archive.urls import host as host_of
from crawler.errors import BadSettings
from crawler.preset import Vantage
from crawler.tunnel import HERE, HTTP, SOCKS5, THERE, Proxy

KINDS = {"http": (HTTP, HERE, 8080), "socks5": (SOCKS5, HERE, 1080), "socks5h": (SOCKS5, THERE, 1080)}
# A pause that a host asked for is kept from every vantage (politeness.py), so that asking elsewhere is no way round it.
SILENT = frozenset((
    Outcome.DNS_FAILED, Outcome.REFUSED, Outcome.TIMEOUT, Outcome.RESET, Outcome.TLS_FAILED, Outcome.TOO_SLOW, Outcome.PAUSED,
))  # fmt: skip
REFUSED = frozenset(("blocked", "gone", "soft-404", "parked"))  # verdicts
REFUSED_STATUSES = frozenset((401, 403, 404, 410, 451))  # where no page is read


def proxy(vantage: Vantage, home: Path) -> Proxy:
    """The way out that a setting names. home: where its secret lies. Raises BadSettings."""
    told = f"vantage {vantage.name!r}: proxy"
    try:
        parts = urlsplit(vantage.proxy)
        host, port = parts.hostname, parts.port
    except ValueError as exc:
        raise BadSettings(f"{told}: {exc}") from exc
    if parts.scheme not in KINDS:
        raise BadSettings(f"{told}s are {', '.join(f'{kind}://HOST:PORT' for kind in KINDS)}, and this begins otherwise")
    if parts.username is not None or parts.password is not None:
        raise BadSettings(f'{told} has credentials in it: write user:password into a file (chmod 600), secret = "its name"')
    if host is None or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise BadSettings(f"{told} is {parts.scheme}://HOST:PORT and nothing more")
    kind, names, usual = KINDS[parts.scheme]
    try:
        login = None if vantage.secret is None else secret(home / vantage.secret)
        return Proxy(vantage.name, kind, host, port or usual, vantage.names or names, login)
    except ValueError as exc:
        raise BadSettings(f"vantage {vantage.name!r}: {exc}") from exc


def secret(path: Path) -> tuple[bytes, bytes]:
    """User and password of a file for its owner alone, `user:password` in one line. Raises BadSettings."""
    try:
        if path.stat().st_mode & 0o077:
            raise BadSettings(f"{path} is open to others: chmod 600 it")
        user, colon, password = path.read_bytes().strip().partition(b":")
    except OSError as exc:
        raise BadSettings(f"{path}: {exc.strerror}; write user:password into it, for its owner alone") from exc
    if not colon or not user or b"\n" in password or b"\r" in password or b"\0" in user + password:
        raise BadSettings(f"{path} does not hold user:password in one line")
    return user, password


class Routes:
    """The vantages of each address, in turn. always: all go through this one, whatever else is said."""

    def __init__(self, vantages: Sequence[Vantage] = (), always: str | None = None) -> None:
        self._vantages, self._always = tuple(vantages), always
        self._known = (HERE, *(each.name for each in vantages))
        self._check(() if always is None else (always,))
        self._urls: Mapping[str, tuple[str, ...]] = {}
        self._hosts: Mapping[str, tuple[str, ...]] = {}

    def plan(self, urls: Mapping[str, tuple[str, ...]], hosts: Mapping[str, tuple[str, ...]]) -> None:
        """What the plan says of single addresses (canonical) and of the hosts of its courts, in place of what it said before.

        Raises BadSettings for a vantage that was not there when this began.
        """
        self._check(name for names in (*urls.values(), *hosts.values()) for name in names)
        self._urls, self._hosts = urls, hosts

    def _check(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._known:
                told = f"no vantage {name!r}; known are {', '.join(self._known)}"
                raise BadSettings(f"{told}: [[vantages]] in kartoteka.toml makes others, from the next start on")

    def of(self, url: str, source: Callable[[str], str | None] = lambda url: None) -> tuple[str, ...]:
        """Names; `here` is this machine itself. source: that an address belongs to."""
        if self._always is not None:
            return (self._always,)
        if not self._vantages:
            return (HERE,)
        if url in self._urls:
            return self._urls[url]
        try:
            host = host_of(url)
        except ValueError:
            return (HERE,)
        if host in self._hosts:
            return self._hosts[host]
        named = tuple(each.name for each in self._vantages if _names(host, each.hosts))
        if named or not any(each.sources for each in self._vantages):
            return named or (HERE,)
        owner = source(url)
        return tuple(each.name for each in self._vantages if owner in each.sources) or (HERE,)


def _names(host: str, patterns: Iterable[str]) -> bool:
    """`court.example`, or `*.court.example` for it and all below it."""
    return any(host == each.removeprefix("*.") or (each[:2] == "*." and host.endswith(each[1:])) for each in patterns)


def elsewhere(outcome: Outcome, status: int | None, verdict: str | None) -> bool:
    """Is the next vantage to be asked? verdict: None where nothing was read. Who asks us to slow down is not gone round."""
    if status == 429:
        return False
    if outcome in SILENT:
        return True
    return verdict in REFUSED if verdict is not None else status in REFUSED_STATUSES
