"""What address is this? The one to ask for, the one to compare by, and the key indexes sort by; pure.

resolve   the address a browser would ask the network for (WHATWG URL, the parts that http and https need)
identity  our canonical form of it: two spellings that RFC 3986, 6.2.2 and 6.2.3 call equivalent are one text
urlkey    the key of a CDXJ index: coarser, sorted by domain, as replay tools make it

All three raise ValueError with what is wrong. Fragments and credentials are never part of an address here: neither is
sent, and the latter must not reach an archive.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from string import ascii_letters, digits

import idna

PORTS = {"http": 80, "https": 443}

_ENDS = "".join(map(chr, range(0x21)))  # C0 controls and space: trimmed at both ends
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_SURROGATES = re.compile("[\ud800-\udfff]")
_USER = re.compile(r"^([^/\\?#]*:)?([/\\]*)[^/\\?#]*@")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset(ascii_letters + digits + "-._~")
_RESOLVED = re.compile(r"(https?)://(\[[^\]]*\]|[^/:]+)(:[0-9]+)?(/[^?]*)(?:\?(.*))?")
# Most addresses a crawl meets are in their canonical form already: nothing to encode, nothing to walk.
_CANONICAL = re.compile(
    r"(https?)://([a-z0-9.-]+)(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~!$&'()*+,;=:@/-]*)(?:\?([A-Za-z0-9._~!$&()*+,;=:@/?-]+))?"
)
_DOTS = re.compile(r"%2e", re.IGNORECASE)
# WHATWG URL, 3.1: forbidden domain code points.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f#/:<>?@\[\\\]^|%]")
# WHATWG URL, 1.3: the path and special-query percent-encode sets.
_PATH_SET = re.compile(r"[^!$-;=@-\]_a-z|~%]")
_QUERY_SET = re.compile(r"[^!$-&(-;=?-~%]")


def resolve(reference: str, base: str | None = None, *, charset: str = "utf-8") -> str:
    """The absolute http or https address that a browser asks for; without fragment and credentials.

    base: the address of the page (or of the redirect) that holds the reference. charset: that page's, for the letters of
    the query: a browser sends those of a windows-1251 page in windows-1251.
    """
    if base is None and _canonical(reference) is not None:
        return reference
    text = _SURROGATES.sub("\ufffd", reference).strip(_ENDS)
    text = text.replace("\t", "").replace("\n", "").replace("\r", "").partition("#")[0]
    text, mark, query = text.partition("?")
    text = text.replace("\\", "/")
    scheme, authority, path = _absolute(text, base)
    if authority is None:
        assert base is not None  # _absolute has refused a relative reference without a base
        above, _, query_above = base.partition("#")[0].partition("?")
        origin = _SCHEME.match(above)
        if origin is None or not above.startswith("//", origin.end()):
            raise ValueError(f"not an http or https address to start from: {base!r}")
        authority, slash, path_above = above[origin.end() + 2 :].partition("/")
        if not path and not mark:
            mark, query = ("?", query_above) if query_above else ("", "")
        if not path:
            path = slash + path_above
        elif not path.startswith("/"):
            path = "".join((slash + path_above).rpartition("/")[:2]) + path
    address = f"{scheme}://{_authority(authority, scheme)}{_path(path)}"
    return address + mark + _query(query, charset) if mark else address


def bare(text: str) -> str:
    """The text of an address without the name and password in it: those are a person's own, and are not kept or shown."""
    return _USER.sub(r"\1\2", text, count=1) if "@" in text else text


def identity(url: str) -> str:
    """The canonical address: of two spellings of one address, one. `identity(identity(u)) == identity(u)`.

    Parameters keep their order, and octets of any charset stay the octets they are.
    """
    if _canonical(url) is not None:
        return url
    scheme, name, port, path, query = _parts(url)
    path = _path(_plain(path))  # walked once more: an unescaped dot is a dot segment too
    return f"{scheme}://{name}{port}{path}" + (f"?{_plain(query)}" if query else "")


def host(url: str) -> str:
    """The host of an address, as it is compared: lower-case ASCII, no trailing dot, no port, IPv6 in brackets."""
    return _parts(url)[1]


def origin(url: str) -> str:
    """Scheme, host and port, the port always written: what robots.txt goes by (RFC 9309, 2.3; RFC 6454, 4)."""
    scheme, name, port, _, _ = _parts(url)
    return f"{scheme}://{name}{port or f':{PORTS[scheme]}'}"


@lru_cache(4096)  # a visit asks several times: its lane, its form, its origin, its host
def _canonical(url: str) -> tuple[str, str, str, str, str] | None:
    """The parts of an address that is its own identity; None where that takes a closer look."""
    found = _CANONICAL.fullmatch(url)
    if found is None:
        return None
    scheme, name, port, path, query = found.groups("")
    if "/." in path or name.endswith(".") or _host(name) != name or (port and not _own_port(port, scheme)):
        return None
    return scheme, name, port, path, query


def _own_port(port: str, scheme: str) -> bool:
    return int(port[1:]) <= 65535 and int(port[1:]) != PORTS[scheme]


@lru_cache(4096)
def _parts(url: str) -> tuple[str, str, str, str, str]:
    """Scheme, host, port with its colon or nothing, path, query."""
    if (parts := _canonical(url)) is not None:
        return parts
    found = _RESOLVED.fullmatch(resolve(url))
    assert found is not None  # resolve writes nothing else
    scheme, name, port, path, query = found.groups("")
    return scheme, name.removesuffix("."), port, path, query


def _absolute(text: str, base: str | None) -> tuple[str, str | None, str]:
    """Scheme, authority (None: the base's) and path, slashes already turned."""
    said = _SCHEME.match(text)
    scheme = said[1].lower() if said else ""
    above = base.split(":", 1)[0].lower() if base is not None else ""
    if said:
        if scheme not in PORTS:
            raise ValueError(f"not an http or https address: {text[:100]!r}")
        text = text[said.end() :]
        if scheme == above and not text.startswith("//"):
            return scheme, None, text
        text = "//" + text.lstrip("/")
    elif base is None:
        raise ValueError(f"not an absolute address: {text[:100]!r}")
    else:
        if above not in PORTS:
            raise ValueError(f"not an http or https address to start from: {base[:100]!r}")
        scheme = above
    if text.startswith("//"):
        authority, slash, path = text.lstrip("/").partition("/")
        return scheme, authority, slash + path
    return scheme, None, text


def _authority(text: str, scheme: str) -> str:
    name = text.rpartition("@")[2]  # the last @ ends the credentials
    port = ""
    if ":" in name and not name.endswith("]"):
        name, _, port = name.rpartition(":")
    if port and not (port.isascii() and port.isdigit() and len(port.lstrip("0")) <= 5 and int(port) <= 65535):
        raise ValueError(f"not a port: {port[:20]!r}")
    written = "" if not port or int(port) == PORTS[scheme] else f":{int(port)}"
    return _host(name) + written


@lru_cache(4096)  # a crawl's addresses share few hosts
def _host(name: str) -> str:
    if name.startswith("["):
        return _ipv6(name)
    if "%" in name:
        name = _octets(name).decode("utf-8", "replace")
    if not name.isascii():
        name = _idna(name)
    name = name.lower()
    if wrong := _FORBIDDEN.search(name):
        raise ValueError(f"a host cannot hold {wrong[0]!r}: {name[:100]!r}")
    labels = name.removesuffix(".").split(".")
    if not all(0 < len(label) < 64 for label in labels) or len(name) > 254:  # RFC 1035, 2.3.4
        raise ValueError(f"a host's labels have 1 to 63 letters, all together 253: {name[:100]!r}")
    for label in labels:
        if label.startswith("xn--"):
            _punycode(label)
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):  # WHATWG URL, 3.5: ends in a number
        return _ipv4(labels)
    return name


def _idna(name: str) -> str:
    """UTS 46 mapping, then each label's A-label; one that IDNA 2008 does not know (an emoji) as browsers write it."""
    try:
        mapped = idna.uts46_remap(name, std3_rules=False, transitional=False)
        labels = [label if label.isascii() else _alabel(label) for label in re.split("[.。．｡]", mapped)]
    except (idna.IDNAError, UnicodeError) as exc:
        raise ValueError(f"not a host name: {name[:100]!r}: {exc}") from exc
    return ".".join(labels)


def _alabel(label: str) -> str:
    try:
        return idna.alabel(label).decode("ascii")
    except idna.IDNAError:
        return "xn--" + label.encode("punycode").decode("ascii")


def _punycode(label: str) -> None:
    """UTS 46, 4.1: an A-label says something beyond ASCII, in the form that the mapping leaves as it is."""
    try:
        written = label[4:].encode("ascii").decode("punycode")
        stays = idna.uts46_remap(written, std3_rules=False, transitional=False) == written
    except (idna.IDNAError, UnicodeError, ValueError, OverflowError) as exc:
        raise ValueError(f"not punycode: {label[:100]!r}") from exc
    if not stays or written.isascii():
        raise ValueError(f"not punycode: {label[:100]!r}")


def _ipv4(labels: list[str]) -> str:
    """WHATWG URL, 3.5: decimal, octal and hexadecimal, the last number filling what is left."""
    try:
        numbers = [_number(label) for label in labels]
    except ValueError as exc:
        raise ValueError(f"not an IPv4 address: {'.'.join(labels)[:100]!r}") from exc
    *firsts, last = numbers
    if len(numbers) > 4 or any(number > 255 for number in firsts) or last >= 256 ** (5 - len(numbers)):
        raise ValueError(f"not an IPv4 address: {'.'.join(labels)[:100]!r}")
    return str(IPv4Address(last + sum(number << 8 * (3 - place) for place, number in enumerate(firsts))))


def _number(label: str) -> int:
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    if not label.isdigit():
        raise ValueError(label)
    return int(label, 8) if label.startswith("0") and label != "0" else int(label)


def _ipv6(name: str) -> str:
    try:
        address = IPv6Address(name[1:-1] if name.endswith("]") and "%" not in name else "")
    except AddressValueError as exc:
        raise ValueError(f"not an IPv6 address: {name[:100]!r}") from exc
    if mapped := address.ipv4_mapped:  # written alike by every Python
        return f"[::ffff:{int(mapped) >> 16:x}:{int(mapped) & 0xFFFF:x}]"
    return f"[{address.compressed}]"


def _path(text: str) -> str:
    """WHATWG URL, 4.4: dot segments walked, what may not stand in a path percent-encoded as UTF-8."""
    kept: list[str] = []
    *above, last = text.removeprefix("/").split("/")
    for segment in above:
        match _DOTS.sub(".", segment):
            case ".":
                pass
            case "..":
                del kept[-1:]
            case _:
                kept.append(segment)
    match _DOTS.sub(".", last):
        case ".":
            last = ""
        case "..":
            del kept[-1:]
            last = ""
    return _PATH_SET.sub(_encoded, "/" + "/".join([*kept, last]))


def _encoded(found: re.Match[str]) -> str:
    return "".join(f"%{octet:02X}" for octet in found[0].encode("utf-8"))


def _query(text: str, charset: str) -> str:
    def encoded(found: re.Match[str]) -> str:
        octets = found[0].encode(charset, "xmlcharrefreplace")
        if len(octets) > 3 and octets.startswith(b"&#"):
            return f"%26%23{octets[2:-1].decode('ascii')}%3B"  # what a browser sends for a letter the charset lacks
        return "".join(f"%{octet:02X}" for octet in octets)

    return _QUERY_SET.sub(encoded, text)


def _plain(text: str) -> str:
    """Percent-encoding in its one form (RFC 3986, 6.2.2): unreserved characters bare, the rest in capitals."""

    def plain(found: re.Match[str]) -> str:
        if found[1] is None:
            return "%25"  # a stray sign: written out, lest what follows it become an escape
        character = chr(int(found[1], 16))
        return character if character in _UNRESERVED else found[0].upper()

    return _ESCAPE.sub(plain, text)


def _octets(text: str) -> bytes:
    return re.sub(rb"%([0-9A-Fa-f]{2})", _unescape, text.encode("utf-8"))


def _unescape(found: re.Match[bytes]) -> bytes:
    return bytes((int(found[1], 16),))


# The CDXJ key. The rules are those of the Wayback Machine's canonicaliser (Google Safe Browsing's, then the Internet
# Archive's own), which every index of the field is sorted by, its oddities included; compared with cdxj-indexer's output.

# A word that must be there, and the rule: what stands before, the session, what follows.
_SESSIONS = tuple(
    (word, re.compile(rb"(.*)" + word + value + rb"(?:&(.*))?", re.DOTALL))
    for word, value in (
        (b"jsessionid=", rb"[0-9a-z]{32}"),
        (b"phpsessid=", rb"[0-9a-z]{32}"),
        (b"sid=", rb"[0-9a-z]{32}"),
        (b"aspsessionid", rb"[a-z]{8}=[a-z]{24}"),
        (b"cfid=", rb"[^&]+&cftoken=[^&]+"),
    )
)
_ASP = (
    re.compile(rb"(.*/)\((?:[a-z]\([0-9a-z]{24}\))+\)/([^?]+\.aspx.*)", re.DOTALL),
    re.compile(rb"(.*/)\([0-9a-z]{24}\)/([^?]+\.aspx.*)", re.DOTALL),
)
_KEY_ESCAPED = re.compile(rb"[\x00-\x20#%\x7f-\xff]")
_KEY_SCHEME = re.compile(rb"([A-Za-z][A-Za-z0-9+.\-]*):")
_KEY_AUTHORITY = re.compile(rb"[/?]")
_WWW = re.compile(rb"^www[0-9]*\.")
_HEX = frozenset(b"0123456789abcdefABCDEF")


@lru_cache(4096)  # asked before a visit, and once more when it is entered
def urlkey(url: str) -> str:
    """The key of the address in a CDXJ index (SURT): `ru,sudrf,2zovs--msk)/modules.php?...`.

    Lower-case, without scheme, `www.`, default port, credentials and session ids, parameters sorted. An address of
    another scheme that has no host (`urn:`, `dns:`) is its own key, in lower case.
    """
    octets = _SURROGATES.sub("\ufffd", url).encode("utf-8").strip(b" \t\r\n\x0b\x0c")
    octets = octets.replace(b"\t", b"").replace(b"\r", b"").replace(b"\n", b"").partition(b"#")[0]
    said = _KEY_SCHEME.match(octets)
    scheme = said[1].lower() if said else b"http"
    if said and scheme not in (b"http", b"https", b"ftp") and not octets.startswith(b"//", said.end()):
        return octets.lower().decode("utf-8", "replace")
    rest = octets[said.end() if said else 0 :].lstrip(b"/")
    authority = _KEY_AUTHORITY.split(rest, maxsplit=1)[0]
    path, _, query = rest[len(authority) :].partition(b"?")
    key = _key_host(authority, scheme) + b")" + _key_path(path)
    query = _key_query(query)
    return (key + (b"?" + query if query else b"")).decode("ascii")


def filed_under(url: str) -> str:
    """`urlkey`, and for text that is no address (it is kept as a visit that was not let out) the text in lower case."""
    try:
        return urlkey(url)
    except ValueError:
        return _SURROGATES.sub("\ufffd", url).lower()


@lru_cache(4096)
def _key_host(authority: bytes, scheme: bytes) -> bytes:
    name, port = authority.rpartition(b"@")[2], b""
    if not name.endswith(b"]") and b":" in name:
        name, _, port = name.rpartition(b":")
    if port and not (port.isdigit() and int(port) <= 65535):
        raise ValueError(f"not a port: {port[:20]!r}")
    name = _unescaped(name.strip(b"[]"))
    if not name.isascii():
        name = _key_idna(name.decode("utf-8", "ignore"))
    name = re.sub(rb"\.\.+", b".", name).strip(b".").lower()
    name = _KEY_ESCAPED.sub(_key_escape, _WWW.sub(b"", _key_ip(name)))
    if not name:
        raise ValueError(f"an address without a host: {authority[:100]!r}")
    default = {b"http": 80, b"https": 443, b"ftp": 21}.get(scheme, 80)
    written = b":%d" % int(port) if port and int(port) not in (0, default) else b""
    return b",".join(reversed(name.split(b"."))) + written


def _key_idna(name: str) -> bytes:
    try:
        return name.encode("idna")  # IDNA 2003, as the indexes have it
    except UnicodeError:
        return name.encode("utf-8")


def _key_ip(name: bytes) -> bytes:
    """Decimal and octal addresses are written out, a lone number as decimal; hexadecimal ones are left."""
    labels = name.decode("latin-1").split(".")
    if not all(label.isascii() and label.isdigit() for label in labels):
        return name
    if len(labels) == 1:
        return str(IPv4Address(int(name) & 0xFFFFFFFF)).encode("ascii")
    try:
        return _ipv4(labels).encode("ascii")
    except ValueError:
        return name


def _key_path(path: bytes) -> bytes:
    kept: list[bytes] = []
    for segment in _unescaped(path).removeprefix(b"/").split(b"/"):
        if segment == b".." and kept:
            kept.pop()
        elif segment != b".":
            kept.append(segment)
    text = b"/" + b"/".join(filter(None, kept)).lower()  # empty segments count for "..", then go
    for session in _ASP:
        if b".aspx" in text and (found := session.fullmatch(text)):
            text = found[1] + found[2]
    return _KEY_ESCAPED.sub(_key_escape, text)


def _key_query(query: bytes) -> bytes:
    text = _KEY_ESCAPED.sub(_key_escape, _unescaped(query)).lower()
    for word, session in _SESSIONS:
        if word in text and (found := session.fullmatch(text)):
            text = found[1] + (found[2] or b"")
    pairs = sorted((*pair.partition(b"=")[::2], pair) for pair in text.split(b"&"))
    return b"&".join(pair[-1] for pair in pairs)


def _key_escape(found: re.Match[bytes]) -> bytes:
    return b"%%%02x" % found[0][0]


def _unescaped(octets: bytes) -> bytes:
    """Percent-decoded until nothing is left to decode, in one pass however deep the escapes are nested."""
    once = re.sub(rb"%([0-9A-Fa-f]{2})", _unescape, octets) if b"%" in octets else octets
    if b"%" not in once:
        return once
    done = bytearray()
    for octet in octets:
        done.append(octet)
        while len(done) > 2 and done[-3] == 0x25 and done[-1] in _HEX and done[-2] in _HEX:
            done[-3:] = bytes((int(done[-2:], 16),))
    return bytes(done)
