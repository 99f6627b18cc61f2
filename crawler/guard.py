"""Which addresses may be connected to.

The question is asked twice: of the URL, before a name is looked up, and of every address the look-up
gave, before a connection is made to one of them. One bad address among good ones refuses them all: a
name that answers with both is trying something. Pure; the look-up and the connection are wire's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

PORTS = frozenset((80, 443))
SCHEMES = {"http": 80, "https": 443}

# ipaddress.is_global is not enough, and not the same from one interpreter to the next (cpython#113171).
# These are the IANA special-purpose registries (RFC 6890 and after) and the addresses clouds keep for
# themselves; the rows that the registries call reachable (AS112, AMT, anycast) serve no pages.
_CLOSED_4 = tuple(
    (IPv4Network(network), why)
    for network, why in (
        ("0.0.0.0/8", "this host, RFC 1122"),
        ("10.0.0.0/8", "private, RFC 1918"),
        ("100.64.0.0/10", "shared by a carrier, RFC 6598"),
        ("127.0.0.0/8", "loopback, RFC 1122"),
        ("168.63.129.16/32", "a cloud's own server"),
        ("169.254.0.0/16", "link-local, RFC 3927; clouds keep their metadata here"),
        ("172.16.0.0/12", "private, RFC 1918"),
        ("192.0.0.0/24", "protocol assignments, RFC 6890"),
        ("192.0.2.0/24", "documentation, RFC 5737"),
        ("192.31.196.0/24", "AS112, RFC 7535"),
        ("192.52.193.0/24", "AMT, RFC 7450"),
        ("192.88.99.0/24", "6to4 relay, RFC 7526"),
        ("192.168.0.0/16", "private, RFC 1918"),
        ("192.175.48.0/24", "AS112, RFC 7534"),
        ("198.18.0.0/15", "benchmarks, RFC 2544"),
        ("198.51.100.0/24", "documentation, RFC 5737"),
        ("203.0.113.0/24", "documentation, RFC 5737"),
        ("224.0.0.0/4", "multicast, RFC 5771"),
        ("240.0.0.0/4", "reserved, RFC 1112"),
    )
)
# Tunnels (6to4, Teredo) and v4-compatible addresses are refused whatever they hold: no page has only those.
_CLOSED_6 = tuple(
    (IPv6Network(network), why)
    for network, why in (
        ("::/128", "unspecified, RFC 4291"),
        ("::1/128", "loopback, RFC 4291"),
        ("::/96", "v4-compatible, ended by RFC 4291"),
        ("64:ff9b:1::/48", "a network's own translation, RFC 8215"),
        ("100::/64", "discarded, RFC 6666"),
        ("2001::/23", "protocol assignments, RFC 2928, Teredo among them"),
        ("2001:db8::/32", "documentation, RFC 3849"),
        ("2002::/16", "6to4, RFC 3056, ended by RFC 7526"),
        ("2620:4f:8000::/48", "AS112, RFC 7534"),
        ("3fff::/20", "documentation, RFC 9637"),
        ("5f00::/16", "segment routing, RFC 9602"),
        ("fc00::/7", "private, RFC 4193"),
        ("fe80::/10", "link-local, RFC 4291"),
        ("fec0::/10", "site-local, RFC 3879"),
        ("ff00::/8", "multicast, RFC 4291"),
    )
)
_GLOBAL_6 = IPv6Network("2000::/3")  # RFC 4291, 2.4: the only unicast space given out so far
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: where DNS64 puts the whole of IPv4

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"  # underscores are not host names by RFC 1123, and are met
_NAME = re.compile(rf"(?=.{{1,253}}\.?\Z)(?:{_LABEL}\.)*{_LABEL}\.?", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets public addresses and the web's own ports pass; `extra_ports` are allowed beside 80 and 443."""

    extra_ports: Iterable[int] = ()
    ports: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ports", PORTS.union(self.extra_ports))

    def allowed(self, ip: str | IPv4Address | IPv6Address) -> str | None:
        """None where the address may be connected to, else the reason why not. What is no address is refused."""
        return _closed(str(ip))

    def refusal(self, scheme: str, host: str, *, credentials: bool = False, named: bool = False) -> str | None:
        """Why this URL is not followed, None where it may be; `host` in ASCII as it is sent, IPv6 without brackets.

        named: a person named the address to connect to, so the host is a label and decides nothing.
        """
        if scheme not in SCHEMES:
            return f"scheme {scheme!r} is not http or https"
        if credentials:
            return "the URL carries credentials"
        return None if named else _ill_formed(host)

    def port(self, port: int) -> str | None:
        """Why this port is not connected to, None where it may be."""
        return None if port in self.ports else f"port {port} is not {', '.join(map(str, sorted(self.ports)))}"


@lru_cache(maxsize=4096)
def _closed(text: str) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return f"{text!r} is not an address"
    if isinstance(address, IPv4Address):
        return _closed_4(address, str(address))
    if address.scope_id is not None:
        return f"{address} names an interface"
    for network, why in _CLOSED_6:
        if address in network:
            return f"{address} is {why}"
    inner = address.ipv4_mapped or (IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None)
    if inner is not None:
        return _closed_4(inner, f"{inner} inside {address}")
    return None if address in _GLOBAL_6 else f"{address} is outside global unicast, RFC 4291"


def _closed_4(address: IPv4Address, shown: str) -> str | None:
    return next((f"{shown} is {why}" for network, why in _CLOSED_4 if address in network), None)


@lru_cache(maxsize=4096)
def _ill_formed(host: str) -> str | None:
    if not host:
        return "the URL has no host"
    if ":" in host:
        return _closed(host)
    labels = host.removesuffix(".").lower().split(".")
    # WHATWG URL, "ends in a number": glibc reads 127.1, 0x7f.1, 2130706433 and 0177.0.0.1 as 127.0.0.1.
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return _closed(str(IPv4Address(host)))
        except ValueError:
            return f"host {host!r} is a number that resolvers read in their own ways"
    if not _NAME.fullmatch(host):
        return f"host {host!r} is not a host name"
    if labels[-1] == "localhost":  # RFC 6761, 6.3: never asked of DNS
        return f"host {host!r} is this machine"
    return None
