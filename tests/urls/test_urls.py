"""One address is one text, and its key is the one every index of the field is sorted by."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.urls import host, identity, origin, resolve, urlkey

HERE = Path(__file__).parent
REAL = next((up / "shared" / "realdata" for up in HERE.parents if (up / "shared" / "realdata").is_dir()), None)
KEYS = [line.split("\t") for line in (HERE / "keys.tsv").read_text("utf-8").splitlines() if not line.startswith("#")]
BASE = "https://court.example/a/b?c=d"


@pytest.mark.parametrize(("url", "key"), KEYS, ids=[url[:40] for url, _ in KEYS])
def test_keys_are_those_of_the_indexes(url, key):
    """What cdxj-indexer wrote for the address is what we write, oddities included."""
    assert urlkey(url) == key


@pytest.mark.parametrize("url", ["", "http://", "http://a:99999/", "http://a:x/", "/", "?", "http://./"])
def test_what_has_no_host_has_no_key(url):
    """It raises ValueError, and nothing else."""
    with pytest.raises(ValueError) as caught:
        urlkey(url)
    assert type(caught.value) is ValueError and str(caught.value)


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://Court.Example", "http://court.example/"),
        ("https://court.example:443/a", "https://court.example/a"),
        ("http://court.example:443/a", "http://court.example:443/a"),
        ("http://court.example:0080/a", "http://court.example/a"),
        ("https://court.example./a", "https://court.example/a"),
        ("https://court.example/a/./b/../c/%2e%2E/d", "https://court.example/a/d"),
        ("https://court.example/%7e%41%2d%5f", "https://court.example/~A-_"),
        ("https://court.example/%d0%bf%2f?q=%ef%f0%26", "https://court.example/%D0%BF%2F?q=%EF%F0%26"),
        ("https://court.example/a#b?c", "https://court.example/a"),
        ("https://court.example/a?", "https://court.example/a"),
        ("https://court.example/a?b=2&a=1&b=1&&c", "https://court.example/a?b=2&a=1&b=1&&c"),
        ("https://court.example/a?q=a+b&Q=%20", "https://court.example/a?q=a+b&Q=%20"),
        ("https://court.example/дело?q=суд", "https://court.example/%D0%B4%D0%B5%D0%BB%D0%BE?q=%D1%81%D1%83%D0%B4"),
        ("https://СУД.пример/", "https://xn--d1azg.xn--e1afmkfd/"),
        ("https://2zovs--msk.sudrf.example/x", "https://2zovs--msk.sudrf.example/x"),
        ("https://a_b.example/x", "https://a_b.example/x"),
        ("https://faß.example/", "https://xn--fa-hia.example/"),
        ("https://☃.example/", "https://xn--n3h.example/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://①②⑦.0.0.1/", "http://127.0.0.1/"),
        ("http://[2001:DB8:0:0::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://[::ffff:1.2.3.4]/", "http://[::ffff:102:304]/"),
        ("http://clerk:secret@court.example/", "http://court.example/"),
        ("  http://court.example/a b\t\n ", "http://court.example/a%20b"),
        ("http:\\\\court.example\\a", "http://court.example/a"),
        ("https://court.example/100%", "https://court.example/100%25"),
        ("https://court.example/%%34%31", "https://court.example/%2541"),
        ("https://court.example//a//b", "https://court.example//a//b"),
        ("https://court.example/A", "https://court.example/A"),
    ],
)
def test_two_spellings_are_one_address(url, canonical):
    """What RFC 3986 calls equivalent is one text; parameters, letters of paths and octets of any charset stay."""
    assert (identity(url), identity(canonical)) == (canonical, canonical)


@pytest.mark.parametrize(
    "url",
    ["", "court.example/a", "/a", "mailto:a@b", "file:///etc/passwd", "javascript:alert(1)", "http://", "http:///", "https://[::1",
     "http://a b/", "http://a..b/", "http://a:65536/", "http://a:-1/", "http://xn--/", "http://xn--a/", "http://%00/", "http://1.2.3.256/",
     "http://" + "a" * 64 + ".example/", "http://" + "a." * 130 + "example/", "http://[fe80::1%25lo]/", "http://a%/", "http://a^b/"],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_a_reason(url):
    """Only http and https, only hosts that can be asked for."""
    with pytest.raises(ValueError) as caught:
        identity(url)
    assert type(caught.value) is ValueError and str(caught.value)


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ("x", "https://court.example/a/x"),
        ("./x/../y", "https://court.example/a/y"),
        ("/x", "https://court.example/x"),
        ("//other.example", "https://other.example/"),
        ("?x=1", "https://court.example/a/b?x=1"),
        ("?", "https://court.example/a/b?"),
        ("", "https://court.example/a/b?c=d"),
        ("#top", "https://court.example/a/b?c=d"),
        ("..", "https://court.example/"),
        ("https:x", "https://court.example/a/x"),
        ("http:x", "http://x/"),
        ("https:/x", "https://court.example/x"),
        ("/a%7eb", "https://court.example/a%7eb"),
    ],
)
def test_references_lead_where_a_browser_goes(reference, target):
    """WHATWG URL: relative references, and percent-encoding left as the page wrote it."""
    assert resolve(reference, BASE) == target


def test_letters_of_a_query_are_sent_in_the_pages_charset():
    """A windows-1251 page's links ask in windows-1251; a letter it lacks goes as a reference; paths are UTF-8 always."""
    assert resolve("/суд?q=суд&h=ї☃", BASE, charset="windows-1251") == (
        "https://court.example/%D1%81%D1%83%D0%B4?q=%F1%F3%E4&h=%BF%26%239731%3B"
    )


def test_origins_and_hosts_are_compared_without_their_spelling():
    """robots.txt goes by origin, pauses by host."""
    assert [origin(url) for url in ("HTTPS://Court.example.:443/a", "http://court.example:8080?x", "http://[::1]/")] == [
        "https://court.example:443",
        "http://court.example:8080",
        "http://[::1]:80",
    ]
    assert [host(url) for url in ("HTTPS://Court.example.:443/a", "http://court.example:8080?x", "http://[::1]:81/")] == [
        "court.example",
        "court.example",
        "[::1]",
    ]


PIECES = """http: https: // / \\ ? # @ : % %2 %2e %41 %25 %zz %D0 %ff .. . & = + a B 7 0x xn-- xn--d1azg [ ] [::1] ::
    суд 。 Ⅷ ß ☃ | ^ ' " < ~ _ - ; , :80 :443 1.2.3 08"""
pieces = st.sampled_from([*PIECES.split(), " ", "\t", "\u00ad", "\u200d", "\ud800", "\x00", "\x7f"])
addresses = st.one_of(
    st.lists(pieces, max_size=14).map("".join),
    st.lists(pieces, max_size=14).map(lambda some: "https://court.example/" + "".join(some)),
    st.lists(pieces, max_size=8).map(lambda some: "http://" + "".join(some)),
    st.text(max_size=40).map(lambda text: "http://court.example/" + text),
    st.text(max_size=20).map(lambda text: f"http://{text}/"),
)


@settings(max_examples=1500, deadline=None, print_blob=True)
@given(addresses)
def test_the_canonical_form_is_its_own_canonical_form(url):
    """Whatever the text: ValueError, or a form that stays as it is, in printable ASCII."""
    try:
        once = identity(url)
    except ValueError:
        return
    assert (identity(once), resolve(once)) == (once, once)
    assert re.fullmatch(r"https?://[!-~]+", once)
    assert urlkey(once).isascii()


@settings(max_examples=700, deadline=None, print_blob=True)
@given(addresses, addresses)
def test_references_and_keys_raise_nothing_but_their_own_error(reference, base):
    """Hostile text on either side."""
    for act in (lambda: resolve(reference, base), lambda: urlkey(reference), lambda: origin(reference)):
        try:
            found = act()
        except ValueError:
            continue
        assert isinstance(found, str)


def test_escapes_nested_a_thousand_deep_cost_no_more_than_others():
    """A key is made in one pass, however often an address was escaped."""
    assert urlkey("http://court.example/" + "%25" * 20_000) == "example,court)/" + "%25" * 20_000
    assert urlkey("http://court.example/%" + "25" * 50_000 + "41") == "example,court)/a"


@pytest.mark.real
@pytest.mark.skipif(REAL is None, reason="no real data here")
def test_real_indexes_hold_the_keys_that_we_make():
    """Every line of pywb's and ipwb's own indexes; a POST's key holds its body too, which an address does not say."""
    assert REAL is not None
    differing, seen = [], 0
    for path in sorted((REAL / "warc").rglob("*.cdxj")):
        for line in path.read_text("utf-8", "replace").splitlines():
            key, _, rest = line.partition(" ")
            found = re.search(r'"url": "((?:[^"\\]|\\.)*)"', rest)
            if found is None or key.startswith("!") or "__wb_method" in key:
                continue
            seen += 1
            url = json.loads(f'"{found[1]}"')
            if urlkey(url) != key:
                differing.append((url, key, urlkey(url)))
    assert (differing, seen > 150) == ([], True)


@pytest.mark.real
@pytest.mark.skipif(REAL is None, reason="no real data here")
def test_the_web_platforms_own_tests_are_met():
    """Each input ends as the platform says, or is refused; eight hosts that no resolver takes are refused beyond it."""
    assert REAL is not None
    cases = json.loads((REAL / "hostile/urls/wpt/urltestdata.json").read_text("utf-8"))
    stricter, wrong, seen = [], [], 0
    for case in cases:
        if not isinstance(case, dict):
            continue
        wanted = None
        if not case.get("failure") and case["protocol"] in ("http:", "https:"):
            mark = "?" if case["href"].partition("#")[0].endswith("?") else ""
            wanted = f"{case['protocol']}//{case['host']}{case['pathname']}{mark}{case['search']}"
        try:
            found = resolve(case["input"], None if case.get("base") == "about:blank" else case.get("base"))
        except ValueError:
            found = None
        seen += 1
        if found != wanted:
            (stricter if found is None else wrong).append(case["input"])
    assert (wrong, seen > 800) == ([], True)
    assert all(re.search(r"//\.\.?/|09\.\.$|xn--", text, re.IGNORECASE) for text in stricter)
