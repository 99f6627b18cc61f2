"""What a person keeps to himself, planted wherever a program could find it, is in nothing that we write or send."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path

import pytest

from archive.urls import bare
from tests.hostile.catalogue import sized
from tests.hostile.test_sinks import article, crawl, several
from tests.world.faults import always, origin

CANARY = "canary7f3a91"
# Where other programs look without being told: proxies, credentials, key logs, settings of ours by unknown names.
PLANTED = {
    "HTTP_PROXY": f"http://user:{CANARY}@127.0.0.1:1/", "http_proxy": f"http://user:{CANARY}@127.0.0.1:1/",
    "HTTPS_PROXY": f"http://user:{CANARY}@127.0.0.1:1/", "ALL_PROXY": f"socks5://user:{CANARY}@127.0.0.1:1/",
    "KARTOTEKA_TOKEN": CANARY, "KARTOTEKA_PASSWORD": CANARY, "AWS_SECRET_ACCESS_KEY": CANARY, "GITHUB_TOKEN": CANARY,
    "REQUEST_METHOD": CANARY, "COOKIE": CANARY,
}  # fmt: skip


def spellings(secret: str) -> list[bytes]:
    """As it is, and as HTTP would carry it."""
    plain = secret.encode()
    return [plain, base64.b64encode(b"user:" + plain).rstrip(b"="), plain.hex().encode()]


def holds(folder: Path) -> list[str]:
    """The files that hold the canary, gzip members opened."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        octets = path.read_bytes()
        if path.suffix == ".gz":
            octets += gzip.decompress(octets)
        if any(each in octets for each in spellings(CANARY)):
            found.append(path.relative_to(folder).as_posix())
    return found


async def test_planted_secrets_are_nowhere(tmp_path: Path) -> None:
    """Not in an output, a log, a request, the WARC files or a database; and no proxy is asked."""
    home, keys = tmp_path / "home", tmp_path / "keys.log"
    netrc = tmp_path / ".netrc"
    netrc.write_text(f"machine press.test login user password {CANARY}\n")
    env = PLANTED | {"SSLKEYLOGFILE": str(keys), "NETRC": str(netrc), "HOME": str(tmp_path)}
    page = article("Заголовок")
    async with origin(always(sized(page))) as server:
        options = ["--connect-to", f"press.test:80:127.0.0.1:{server.port}", "--connect-to", "::127.0.0.1:1", "--pace", "0"]
        asked = [
            "http://press.test/1",
            f"http://user:{CANARY}@press.test/2",
            f"https://user:{CANARY}@10.0.0.7:8443/",
            f"ftp://user:{CANARY}@press.test/",
            f"http://{CANARY}@press.test:99999/",
            f"http://user:{CANARY}@[::1/",
            f"user:{CANARY}@press.test/",
        ]
        said = [await crawl(home, "url", *asked, *options, *form, "--verbose", **env) for form in (["--json"], [])]
        said.append(await crawl(home, "url", "-", *options, stdin="\n".join(asked).encode(), **env))
        said.append(await crawl(home, "read", str(netrc), "--url", asked[1], "--json", **env))
        requests = b"".join(server.requests)
    asks = [("verify", "--json"), ("cases", "--json"), ("export", "cdxj", "-o", str(home / "x.cdxj"), "--json")]
    said += await several(home, asks, **env)
    bad = await crawl(home, "url", asked[0], **(env | {"KARTOTEKA_TRIES": CANARY}))

    assert requests.count(b"GET /1 ") >= 1 and b"GET /2 " in requests
    assert [] == [each for each in spellings(CANARY) if each in requests]
    assert (bad.status, CANARY.encode() in bad.out + bad.err) == (2, False)
    for each in said:
        told = each.words if CANARY not in " ".join(each.words[-4:]) else each.words[:2]
        assert not any(form in each.err for form in spellings(CANARY)), (told, each.err)
        assert not any(form in each.out for form in spellings(CANARY)), (told, each.out)
    assert [] == holds(home)
    assert not keys.exists()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("http://user:word@court.test/a@b", "http://court.test/a@b"),
        ("HTTPS:\\\\user:word@court.test", "HTTPS:\\\\court.test"),
        ("//word@court.test/", "//court.test/"),
        ("user:word@court.test/", "user:court.test/"),
        ("http://a:b@c:d@court.test/", "http://court.test/"),
        ("http://court.test/?q=a@b#c@d", "http://court.test/?q=a@b#c@d"),
        ("court.test:80/@x", "court.test:80/@x"),
        ("", ""),
    ],
)
def test_an_address_with_a_password_in_it(given: str, shown: str) -> None:
    """It is shown and filed without, also where it is no address at all."""
    assert shown == bare(given)
