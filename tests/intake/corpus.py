"""Files as others make and break them, from invented content: each with what `verify` must say and what comes in."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

DATE = "2026-03-02T12:00:00Z"
HTML = b"<html><title>An invented docket</title><p>hello, registry</p></html>"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(HTML) + HTML
HEAD = PAGE[: -len(HTML)]
SITE = "http://docket.example/"
IDENTICAL = "http://netpreserve.org/warc/1.0/revisit/identical-payload-digest"


@dataclass(frozen=True)
class Shape:
    """verdict: `accepted` or `refused`; words: one must stand in a failure. pages: the addresses that come in.

    untaken: words of which each must stand in what is said of a record that does not.
    """

    file: str
    octets: bytes
    verdict: str
    words: str = ""
    pages: tuple[str, ...] = ("a",)
    untaken: tuple[str, ...] = ()


def sha1(octets: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(octets).digest()).decode()


def sha256(octets: bytes) -> str:
    return "sha256:" + hashlib.sha256(octets).hexdigest()


def uuid(name: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"<urn:uuid:{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}>"


def record(
    page: str | None = "a", kind: str = "response", block: bytes = PAGE, *, version: str = "WARC/1.0", end: bytes = b"\r\n\r\n",
    line: str = "\r\n", **fields: str | None,
) -> bytes:  # fmt: skip
    """One record of SITE + page without a fault; fields: another value, or None to leave one out."""
    media = "application/warc-fields" if kind == "warcinfo" else f"application/http; msgtype={kind}"
    said: dict[str, str | None] = {
        "WARC-Type": kind,
        "WARC-Record-ID": uuid(f"{kind} {page}"),
        "WARC-Date": DATE,
        "WARC-Target-URI": None if page is None else SITE + page,
        "Content-Type": media if kind in ("request", "response", "warcinfo") else "text/plain",
        "Content-Length": str(len(block)),
    }
    said |= {name.replace("_", "-"): value for name, value in fields.items()}
    lines = [version, *(f"{name}: {value}" for name, value in said.items() if value is not None), "", ""]
    return line.join(lines).encode() + block + end


INFO = record(None, "warcinfo", b"software: an invented crawler\r\n")
A, B, C = record("a"), record("b"), record("c")
REVISIT = {"Content_Type": "application/http; msgtype=response", "WARC_Profile": IDENTICAL, "WARC_Payload_Digest": sha1(HTML)}
ARC_HEAD = b"1 0 Invented\nURL IP-address Archive-date Content-type Archive-length\n"


def packed(*records: bytes) -> bytes:
    return b"".join(gzip.compress(octets, mtime=0) for octets in records)


def arc(page: str, block: bytes = PAGE) -> bytes:
    return f"{SITE}{page} 203.0.113.1 20080430204825 text/html {len(block)}\n".encode() + block + b"\n"


def filedesc() -> bytes:
    return b"filedesc://invented.arc 0.0.0.0 20080430204825 text/plain %d\n" % len(ARC_HEAD) + ARC_HEAD + b"\n"


# Packages -------------------------------------------------------------------------------------------------------------


def datapackage(files: Mapping[str, bytes], **more: object) -> bytes:
    listed = [
        {"name": name.rpartition("/")[2], "path": name, "hash": sha256(octets), "bytes": len(octets)}
        for name, octets in files.items()
    ]
    return json.dumps({"profile": "data-package", "wacz_version": "1.1.1", "resources": listed} | more).encode()


def files(**more: bytes) -> dict[str, bytes]:
    return {"archive/data.warc.gz": packed(INFO, A), "pages/pages.jsonl": b'{"format": "json-pages-1.0"}\n'} | more


def wacz(
    inside: Mapping[str, bytes], *, told: bytes | None = None, odd: Iterable[tuple[zipfile.ZipInfo | str, bytes]] = (),
    method: int = zipfile.ZIP_STORED,
) -> bytes:  # fmt: skip
    """A package of these files; told: another datapackage.json (b"" for none); odd: entries it does not list."""
    told = datapackage(inside) if told is None else told
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as package, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, octets in inside.items():
            package.writestr(name, octets)
        if told:
            package.writestr("datapackage.json", told)
            package.writestr("datapackage-digest.json", json.dumps({"path": "datapackage.json", "hash": sha256(told)}).encode())
        for entry, octets in odd:
            package.writestr(entry, octets)
    return made.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


def encrypted(octets: bytes, name: str) -> bytes:
    """The flag that says so, in both headers of an entry."""
    made = bytearray(octets)
    for sign, flags, at in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        start = -1
        while (start := made.find(sign, start + 1)) >= 0:
            if made[start + at : start + at + len(name)] == name.encode():
                made[start + flags] |= 1
    return bytes(made)


def listing(octets: bytes, name: str) -> int:
    """Where the central directory's entry of that name begins."""
    return octets.rindex(b"PK\x01\x02", 0, octets.rindex(name.encode()))


def patched(octets: bytes, name: str, at: int, form: str, value: int) -> bytes:
    """Another number in the listing's entry of that name."""
    made = bytearray(octets)
    struct.pack_into(form, made, listing(octets, name) + at, value)
    return bytes(made)


def ended(octets: bytes, at: int, form: str, value: int) -> bytes:
    """Another number in the record that ends the listing."""
    made = bytearray(octets)
    struct.pack_into(form, made, octets.rindex(b"PK\x05\x06") + at, value)
    return bytes(made)


def commented(octets: bytes, comment: bytes, length: int) -> bytes:
    return ended(octets, 20, "<H", length) + comment


def streamed(octets: bytes) -> bytes:
    """The same files, written by who cannot go back: lengths stand behind the octets (APPNOTE 4.3.9)."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise OSError("a pipe")

        def tell(self) -> int:
            raise OSError("a pipe")

    made = Pipe()
    with zipfile.ZipFile(io.BytesIO(octets)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return made.getvalue()


def bomb(name: str, size: int) -> bytes:
    """A deflated entry that swells to `size` octets."""
    return wacz(files() | {name: b"\0" * size}, method=zipfile.ZIP_DEFLATED)


def long_line(size: int) -> bytes:
    """A gzip member that holds one header line of so many octets, made without holding it."""
    deflate = zlib.compressobj(9, wbits=31)
    pieces = [deflate.compress(b"WARC/1.0\r\nWARC-Type: ")]
    pieces += [deflate.compress(b"a" * (1 << 20)) for _ in range(size >> 20)]
    return b"".join(pieces) + deflate.flush()


GOOD = wacz(files())
DEEP = wacz({"inner.wacz": GOOD}, told=datapackage({"inner.wacz": GOOD}, profile="multi-wacz-package"))
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
OVER = patched(GOOD, "pages/pages.jsonl", 42, "<I", 0)  # the listing says it begins where the first entry does
W, WG, Z = "a.warc", "a.warc.gz", "a.wacz"

SHAPES: dict[str, Shape] = {
    # version lines
    "WARC 1.0": Shape(W, INFO + A, "accepted"),
    "WARC 1.1": Shape(W, record("a", version="WARC/1.1"), "accepted"),
    "a draft of 2008": Shape(W, record("a", version="WARC/0.17"), "accepted"),
    "a version of the future": Shape(W, record("a", version="WARC/7.0"), "refused", "no version that is known"),
    "a version line of three numbers": Shape(W, INFO + record("a", version="WARC/1.0.0"), "refused", "version line", (), ("version",)),
    "a version line without a number": Shape(W, INFO + record("a", version="WARC/") + B, "refused", "no WARC record", ("b",), ("no WARC",)),
    "lower case": Shape(W, record("a", version="warc/1.0"), "accepted"),
    "an empty line before the first record": Shape(W, b"\r\n" + A, "refused", "no WARC record", ("a",), ("no WARC",)),
    # field policies
    "no record id": Shape(W, record("a", WARC_Record_ID=None), "refused", "WARC-Record-ID"),
    "no date": Shape(W, record("a", WARC_Date=None) + B, "refused", "WARC-Date", ("b",), ("no time",)),
    "a date of fourteen digits": Shape(W, record("a", WARC_Date="20260302120000"), "refused", "WARC-Date"),
    "a date in words": Shape(W, record("a", WARC_Date="blue monday"), "refused", "WARC-Date", (), ("no time",)),
    "no type": Shape(W, record("a", WARC_Type=None) + B, "refused", "WARC-Type", ("b",)),
    "a type of the future": Shape(W, record("a", "hologram") + B, "accepted", pages=("b",)),
    "a date twice": Shape(W, A.replace(b"WARC-Date", f"WARC-Date: {DATE}\r\nWARC-Date".encode()), "refused", "repeated"),
    "an extension field twice": Shape(W, A.replace(b"WARC-Date", b"X-Mine: 1\r\nX-Mine: 2\r\nWARC-Date"), "accepted"),
    "an address in brackets, as wget has it": Shape(W, record("a", WARC_Target_URI=f"<{SITE}a>"), "accepted"),
    "an address in brackets, in 1.1": Shape(W, record("a", version="WARC/1.1", WARC_Target_URI=f"<{SITE}a>"), "refused", "brackets"),
    "an address with a space": Shape(W, record("a b"), "refused", "WARC-Target-URI", ("a b",)),
    "an address on a warcinfo": Shape(W, record("x", "warcinfo", b"software: x\r\n") + A, "refused", "must not stand"),
    "no address": Shape(W, record("a", WARC_Target_URI=None) + B, "refused", "WARC-Target-URI", ("b",), ("no address",)),
    "a folded value": Shape(W, record("a", WARC_Target_URI=f"\r\n {SITE}a"), "accepted"),
    "a media type that is none": Shape(W, record("a", Content_Type="gif\\image"), "refused", "Content-Type"),
    "a value that is not UTF-8": Shape(W, A.replace(b"WARC-Date", b"X-Mine: \xff\r\nWARC-Date"), "refused", "UTF-8"),
    "a name in UTF-8": Shape(W, A.replace(b"WARC-Date", "X-Mine: дело\r\nWARC-Date".encode()), "accepted"),
    # digests
    "digests in base 32": Shape(W, record("a", WARC_Block_Digest=sha1(PAGE), WARC_Payload_Digest=sha1(HTML)), "accepted"),
    "digests in hex": Shape(W, record("a", WARC_Block_Digest=sha256(PAGE), WARC_Payload_Digest=sha256(HTML)), "accepted"),
    "a digest by an unknown algorithm": Shape(W, record("a", WARC_Block_Digest="xxh3:0123456789abcdef"), "accepted"),
    "a block that was changed": Shape(W, record("a", WARC_Block_Digest=sha1(b"x")), "refused", "the block hashes to"),
    "a payload that was changed": Shape(W, record("a", WARC_Payload_Digest=sha1(b"x")), "refused", "the payload hashes to"),
    "a digest that is none": Shape(W, record("a", WARC_Block_Digest="sha1:short"), "refused", "WARC-Block-Digest"),
    "broken chunks, and a digest over what was sent": Shape(
        W, record("a", block=CHUNKS, WARC_Payload_Digest=sha1(CHUNKS.partition(b"\r\n\r\n")[2])), "accepted"
    ),
    # lengths
    "no length": Shape(W, record("a", Content_Length=None) + B, "refused", "Content-Length", ("b",), ("cannot be read",)),
    "a length below zero": Shape(W, record("a", Content_Length="-5") + B, "refused", "Content-Length", ("b",), ("cannot be read",)),
    "a length of twenty digits": Shape(W, record("a", Content_Length="9" * 20) + B, "refused", "Content-Length", ("b",), ("cannot be read",)),
    "a length beyond the file": Shape(W, INFO + record("a", Content_Length="99999"), "refused", "the block ends after", (), ("the block ends",)),
    "a length too short by ten": Shape(W, record("a", Content_Length=str(len(PAGE) - 10)) + B, "refused", "two empty lines", ("a", "b"), ("no WARC",)),
    "a length too long by one": Shape(W, record("a", Content_Length=str(len(PAGE) + 1)) + B, "refused", "two empty lines", ("a", "b")),
    "an exabyte that is not there": Shape(W, record("a", Content_Length="9" * 18), "refused", "the block ends after", (), ("more than",)),
    # layout
    "line feeds alone": Shape(W, record("a", line="\n"), "refused", "LF alone"),
    "no empty lines behind the block": Shape(W, record("a", end=b"") + B, "refused", "two empty lines", ("a", "b")),
    "a segment": Shape(
        W, record("a", WARC_Segment_Number="1") + record("a", "continuation", b"rest", WARC_Segment_Number="2", WARC_Segment_Origin_ID=uuid("response a"), WARC_Segment_Total_Length="9"), "accepted"
    ),
    "a segment that continues nothing": Shape(W, A + record("a", "continuation", b"rest", WARC_Segment_Number="1"), "refused", "WARC-Segment"),
    "cut in the block": Shape(W, INFO + A[:-30], "refused", "the block ends after", (), ("the block ends",)),
    "cut in the head": Shape(W, A + B[:60], "refused", "no end", ("a",), ()),
    "garbage between two records": Shape(W, A + b"garbage, garbage\r\n" + B, "refused", "no WARC record", ("a", "b"), ("no WARC",)),
    "an empty file": Shape(W, b"", "refused", "no record", (), ()),
    "text": Shape(W, b"nothing of the kind\n" * 9, "refused", "no WARC record", (), ("no WARC",)),
    # what other writers leave behind
    "repeated fields of an extension, in a flattened HTTP/2 answer": Shape(
        W, record("a", block=b"HTTP/1.1 200 \r\nlink: <a>\r\nlink: <b>\r\nContent-Length: 1\r\n\r\nx", WARC_Protocol="h2\r\nWARC-Protocol: tls/1.3", WARC_Payload_Digest="sha1:" + hashlib.sha1(b"x").hexdigest().upper()), "accepted"
    ),
    "a C1 control in a warcinfo of 2006": Shape(W, record(None, "warcinfo", b"software: x\r\ndescription: \xc2\x85\r\n", version="WARC/0.18") + A, "accepted"),
    "an address of two thousand letters": Shape(W, record("a" * 2000), "accepted", pages=("a" * 2000,)),
    "an HTTP field that is not UTF-8": Shape(W, record("a", block=b"HTTP/1.0 200 OK\r\nX: \xff\xff\r\n\r\na"), "accepted"),
    "broken chunks without a digest": Shape(W, record("a", block=b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\naa\r\n0\r\n\r\n"), "accepted"),
    "an answer of 204 that has a body, its digest over that": Shape(W, record("b") + record("a", block=b"HTTP/1.1 204 No Content\r\n\r\nstray", WARC_Payload_Digest=sha1(b"stray")), "accepted", pages=("a", "b")),
    "an answer of 204 with the digest of another body": Shape(W, record("a", block=b"HTTP/1.1 204 No Content\r\n\r\nstray", WARC_Payload_Digest=sha1(b"other")), "refused", "the payload hashes to"),
    "an HTTP head in line feeds": Shape(W, record("a", block=b"HTTP/1.1 200 OK\nX: y\n\nx", WARC_Payload_Digest=sha1(b"x")), "accepted"),
    "a body shorter than its head says": Shape(W, record("a", block=b"HTTP/1.1 200 OK\r\nContent-Length: 648\r\n\r\nx"), "accepted"),
    "a file of FTP, its digest over the block": Shape(W, record("a", "resource", b"x", WARC_Block_Digest=sha1(b"x"), Content_Type="application/octet-stream") + B, "accepted", pages=("a", "b")),
    "an answer of DNS": Shape(W, record("a", block=b"20260302120000\na. 60 IN A 203.0.113.9\n", Content_Type="text/dns", WARC_Target_URI="dns:a.example") + B, "accepted", pages=("b",), untaken=("no address of the web",)),
    "a conversion, metadata and a log": Shape(W, A + record("a", "conversion", b"x", WARC_Refers_To=uuid("response a")) + record("a", "metadata", b"via: x\r\n", Content_Type="application/warc-fields") + record("a", "resource", b"x", WARC_Target_URI="metadata://docket.example/log"), "accepted", untaken=("no address of the web",)),
    "digests by MD5, SHA-512 and in base 64": Shape(
        W, record("a", WARC_Block_Digest="md5:" + hashlib.md5(PAGE).hexdigest(), WARC_Payload_Digest="sha-512:" + hashlib.sha512(HTML).hexdigest())
        + record("b", WARC_Block_Digest="sha256:" + base64.b64encode(hashlib.sha256(PAGE).digest()).decode()), "accepted", pages=("a", "b"),
    ),
    "nine digits of a second": Shape(W, record("a", version="WARC/1.1", WARC_Date="2026-03-02T12:00:00.123456789Z"), "accepted"),
    "digits of a second in 1.0": Shape(W, record("a", WARC_Date="2026-03-02T12:00:00.5Z"), "refused", "WARC-Date"),
    "an address of IPv6 in brackets": Shape(W, record("a", WARC_IP_Address="[2001:db8::1]"), "refused", "WARC-IP-Address"),
    "one empty line behind the last block": Shape(W, A[:-2], "refused", "two empty lines"),
    "a request that holds an answer": Shape(W, A + record("a", "request", PAGE), "refused", "6.5.2"),
    "an answer that holds a request": Shape(W, record("a", block=b"GET /a HTTP/1.1\r\nHost: docket.example\r\n\r\n") + B, "refused", "6.3.2", ("a", "b")),
    "zeros behind the last record": Shape(W, A + b"\0" * 600, "refused", "no WARC record", ("a",), ("no WARC",)),
    # packed in ways the standard does not know
    "packed by Zstandard": Shape("a.warc.zst", b"\x28\xb5\x2f\xfd" + bytes(60), "refused", "Zstandard", (), ("zstd -d",)),
    "packed by Zstandard, a dictionary first": Shape("a.warc.zst", b"\x5d\x2a\x4d\x18\4\0\0\0dict", "refused", "Zstandard", (), ("zstd -d",)),
    "packed by LZ4": Shape("a.warc.lz4", b"\x04\x22\x4d\x18" + bytes(60), "refused", "LZ4", (), ("lz4",)),
    "packed by bzip2": Shape("a.warc.bz2", b"BZh91AY&SY" + bytes(60), "refused", "bzip2", (), ("bunzip2",)),
    # gzip
    "a member with an extra field": Shape(WG, packed(A)[:3] + b"\4" + packed(A)[4:10] + b"\6\0sl\2\0ab" + packed(A)[10:], "accepted"),
    "a member with a file's name": Shape(WG, packed(A)[:3] + b"\x08" + packed(A)[4:10] + b"a.warc\0" + packed(A)[10:], "accepted"),
    "a member a record": Shape(WG, packed(INFO, A, B), "accepted", pages=("a", "b")),
    "one member for all": Shape(WG, packed(INFO + A + B), "refused", "not the first record in its gzip member", ("a", "b")),
    "a torn member": Shape(WG, packed(A, B)[:-20], "refused", "inside a gzip member", ("a",), ("gzip member",)),
    "a garbage tail": Shape(WG, packed(A) + b"not gzip at all", "refused", "no gzip member", ("a",), ("no gzip",)),
    "a broken member between two": Shape(WG, packed(A) + b"\x1f\x8b\x08\0\0\0\0\0\0\0broken" + packed(B), "refused", "gzip member", ("a", "b"), ("gzip",)),
    "an empty member between two": Shape(WG, packed(A, b"", B), "refused", "is empty", ("a", "b"), ("empty",)),
    "a wrong CRC": Shape(WG, packed(A)[:-8] + b"\0\0\0\0" + packed(A)[-4:] + packed(B), "refused", "broken", ("b",), ("gzip",)),
    "a header line of a gigabyte": Shape(WG, long_line(1 << 30) + packed(B), "refused", "a line of", ("b",), ()),
    # ARC
    "an ARC file": Shape("a.arc", filedesc() + arc("a") + arc("b"), "unjudged", pages=("a", "b")),
    "an ARC file by members": Shape("a.arc.gz", packed(filedesc(), arc("a"), arc("b")), "unjudged", pages=("a", "b")),
    "an ARC file that was cut": Shape("a.arc", (filedesc() + arc("a") + arc("b"))[:-40], "unjudged", pages=("a",), untaken=("the block ends",)),
    "an ARC file with a broken line": Shape("a.arc", filedesc() + arc("a") + b"broken\n" + arc("b"), "unjudged", pages=("a",), untaken=("not the line",)),
    "an ARC file whose member is torn": Shape("a.arc.gz", packed(filedesc(), arc("a"), arc("b"))[:-30], "unjudged", pages=("a",), untaken=("",)),
    # WACZ
    "a package": Shape(Z, GOOD, "accepted"),
    "a package that is deflated": Shape(Z, wacz(files(), method=zipfile.ZIP_DEFLATED), "accepted"),
    "a package of packages": Shape(Z, DEEP, "accepted"),
    "a package with a plain WARC": Shape(Z, wacz({"archive/data.warc": INFO + A}), "accepted"),
    "a package with an ARC file": Shape(Z, wacz({"archive/old.arc": filedesc() + arc("a")} | files(**{"archive/b.warc.gz": packed(B)})), "accepted", pages=("a", "a", "b")),
    "a package with a broken WARC": Shape(Z, wacz(files(**{"archive/b.warc.gz": packed(B)[:-30]})), "refused", "inside a gzip member", ("a",), ("gzip member",)),
    "a package without a datapackage.json": Shape(Z, wacz(files(), told=b""), "refused", "no datapackage.json", ("a",), ("datapackage.json",)),
    "a datapackage.json that is none": Shape(Z, wacz(files(), told=b'{"resources": 7}'), "refused", "no data package", ("a",), ("no data package",)),
    "a listed file that is missing": Shape(Z, wacz(files(), told=datapackage(files(**{"archive/gone.warc": b""}))), "refused", "it is not in the package"),
    "a WARC file that is not listed": Shape(Z, wacz(files(), odd=[("archive/more.warc.gz", packed(B))]), "refused", "nothing vouches", ("a",), ("nothing vouches",)),
    "a second file of the same name, deeper": Shape(Z, wacz(files(), odd=[("deep/archive/data.warc.gz", packed(B))]), "refused", "nothing vouches", ("a",), ("nothing vouches",)),
    "a package in a package that is not listed": Shape(Z, wacz({"inner.wacz": GOOD}, told=datapackage({"inner.wacz": GOOD}, profile="multi-wacz-package"), odd=[("more.wacz", GOOD)]), "refused", "nothing vouches", ("a",), ("nothing vouches",)),
    "another file that is not listed": Shape(Z, wacz(files(), odd=[("notes.txt", b"x")]), "accepted"),
    "a package that was streamed": Shape(Z, streamed(wacz(files())), "accepted"),
    "a package with a comment": Shape(Z, commented(GOOD, b"made by hand", 12), "accepted"),
    "a comment longer than the file": Shape(Z, commented(GOOD, b"x", 900), "refused", "cannot be read", ("a",), ("cannot be read",)),
    "a package on two disks": Shape(Z, ended(GOOD, 4, "<H", 1), "refused", "disk", ("a",), ("disk",)),
    "more entries than there are": Shape(Z, ended(GOOD, 10, "<H", 900), "refused", "entries", ("a",), ("entries",)),
    "a listing that begins elsewhere": Shape(Z, ended(GOOD, 16, "<I", 7), "refused", "its listing is to lie", ("a",), ("its listing is to lie",)),
    "an extra field that runs over": Shape(Z, patched(GOOD, "pages/pages.jsonl", 30, "<H", 60), "refused", "cannot be read", ("a",), ("cannot be read",)),
    "zip64 sizes without their field": Shape(Z, patched(GOOD, "pages/pages.jsonl", 24, "<I", 0xFFFFFFFF), "refused", "are to be", ("a",)),
    "an entry without a name": Shape(Z, wacz(files(), odd=[("archive/b.warc.gz", packed(B))]).replace(b"archive/b.warc.gz", b"\0" * 17), "refused", "NUL", ("a",), ()),
    "a folder that holds octets": Shape(Z, wacz(files(), odd=[("archive/b.warc.gz/", packed(B))]), "accepted"),
    "something before the package": Shape(Z, b"#!/bin/sh\n" + GOOD, "refused", "no WARC record", (), ("neither WARC",)),
    "two packages in one file": Shape(Z, GOOD + wacz({"archive/data.warc.gz": packed(INFO, B)}), "refused", "its listing is to lie", ("a",), ("its listing is to lie",)),
    "a listed digest that differs": Shape(Z, wacz(files(), told=datapackage(files(**{"archive/data.warc.gz": b"x"}))), "refused", "its octets hash to"),
    "a digest of another datapackage.json": Shape(Z, GOOD.replace(sha256(datapackage(files())).encode(), sha256(b"x").encode()), "refused", "datapackage.json hashes to", ("a",)),
    "a name twice": Shape(Z, wacz(files(**{"archive/b.warc.gz": packed(B)}), odd=[("archive/data.warc.gz", packed(C))]), "refused", "entries have this name", ("b",), ("entries have this name",)),
    "a name that climbs out": Shape(Z, wacz(files(), odd=[("archive/../../archive/x.warc.gz", packed(B))]), "refused", "climbs out", ("a",), ("climbs out",)),
    "an absolute name": Shape(Z, wacz(files(), odd=[("/archive/x.warc.gz", packed(B))]), "refused", "absolute", ("a",), ("absolute",)),
    "a name with a drive": Shape(Z, wacz(files(), odd=[("C:/archive/x.warc.gz", packed(B))]), "refused", "absolute", ("a",), ("absolute",)),
    "a name with a backslash": Shape(Z, wacz(files(), odd=[("archive/a\\b.warc.gz", packed(B))]), "refused", "backslash", ("a",), ("backslash",)),
    "a name with a NUL": Shape(Z, wacz(files(), odd=[("archive/b.warcX.gz", packed(B))]).replace(b"warcX.gz", b"warc\0.gz"), "refused", "NUL", ("a",), ("NUL",)),
    "a symbolic link": Shape(Z, wacz(files(), odd=[(link("archive/x.warc.gz"), b"/etc/passwd")]), "refused", "symbolic link", ("a",), ("symbolic",)),
    "an encrypted entry": Shape(Z, encrypted(wacz(files(), odd=[("archive/x.warc.gz", packed(B))]), "archive/x.warc.gz"), "refused", "encrypted", ("a",), ("encrypted",)),
    "entries that overlap": Shape(Z, OVER, "refused", "overlaps", (), ("overlaps",)),
    "an entry that is not there": Shape(Z, patched(GOOD, "pages/pages.jsonl", 42, "<I", len(GOOD) - 40), "refused", "not there", ("a",)),
    "an entry that reaches into the listing": Shape(Z, patched(patched(GOOD, "archive/data.warc.gz", 20, "<I", 1 << 20), "archive/data.warc.gz", 24, "<I", 1 << 20), "refused", "reaches into", (), ("overlaps",)),
    "an entry longer than it is": Shape(Z, patched(GOOD, "archive/data.warc.gz", 24, "<I", 1 << 30), "refused", "are to be", (), ("are to be",)),
    "a CRC that differs": Shape(Z, patched(GOOD, "archive/data.warc.gz", 16, "<I", 1), "refused", "CRC", ("a",)),
    "a coding that WACZ does not know": Shape(Z, wacz(files(), method=zipfile.ZIP_LZMA), "refused", "method 14", (), ("method 14",)),
    "a bomb": Shape(Z, bomb("archive/b.warc", 80 << 20), "refused", "swell", ("a",), ("swell",)),
    "a bomb that lies about its size": Shape(Z, patched(bomb("archive/b.warc", 80 << 20), "archive/b.warc", 24, "<I", 1000), "refused", "inflates to more", ("a",), ("inflates to more",)),
    "a package that was cut": Shape(Z, GOOD[: GOOD.rindex(b"PK\x01\x02")], "refused", "cannot be read", ("a",), ("cannot be read",)),
    "a package cut in its WARC": Shape(Z, wacz({"archive/data.warc.gz": packed(INFO, A, B)})[: 20 + len(packed(INFO, A, B))], "refused", "cannot be read", ("a",), ("cannot be read", "datapackage.json", "gzip")),
    "a zip of something else": Shape(Z, wacz({"notes.txt": b"x"}), "refused", "no WARC file", (), ("no WARC file",)),
    "four octets of a package": Shape(Z, b"PK\x03\x04", "refused", "cannot be read", (), ("cannot be read",)),
}  # fmt: skip
