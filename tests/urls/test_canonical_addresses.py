"""Addresses that are their own canonical form are told at a glance, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import urls

HOSTS = [
    "court.test",
    "a--b.sudrf.ru",
    "127.0.0.1",
    "0x7f.1",
    "1.2.3",
    "xn--80ak6aa92e.com",
    "a..b",
    "x" * 64 + ".ru",
    "court.test.",
    "A.test",
]
PORTS = ["", ":80", ":443", ":8080", ":08080", ":65535", ":65536", ":0", ":"]
PATHS = st.text(alphabet="abcXYZ019-._~!$&'()*+,;=:@/%[]|\\ й", max_size=12).map(lambda text: "/" + text)
QUERIES = st.one_of(
    st.just(""), st.text(alphabet="abcXYZ019-._~!$&'()*+,;=:@/?%[]| й\"<", max_size=12).map(lambda text: "?" + text)
)
ADDRESSES = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["http://", "https://", "HTTP://", "ftp://"]),
        st.sampled_from(HOSTS),
        st.sampled_from(PORTS),
        PATHS,
        QUERIES,
    ),
)


def said(ask: Callable[[str], str], url: str) -> str | None:
    try:
        return ask(url)
    except ValueError:
        return None


@pytest.mark.parametrize("ask", [urls.identity, urls.resolve, urls.host, urls.origin], ids=lambda ask: ask.__name__)
@given(url=ADDRESSES)
def test_the_short_way_says_what_the_long_way_says(ask: Callable[[str], str], url: str) -> None:
    """An address taken at a glance is the one that a walk through all the rules ends with."""
    short = said(ask, url)
    glance, urls._canonical = urls._canonical, lambda _: None  # type: ignore[assignment]
    urls._parts.cache_clear()
    try:
        long = said(ask, url)
    finally:
        urls._canonical = glance
        urls._parts.cache_clear()

    assert long == short
