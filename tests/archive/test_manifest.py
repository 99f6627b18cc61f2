"""A manifest has one spelling, and what has none is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import manifest
from archive.errors import BadRecord

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(max_codepoint=0xD7FF)), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(st.characters(max_codepoint=0xD7FF)), values, max_size=4))
def test_any_facts_have_one_spelling_that_reads_back(facts: dict[str, Any]) -> None:
    """Canonical JSON reads back as it was, and is the same whatever order the keys came in."""
    one = manifest.canonical(manifest.plain(facts))
    other = manifest.canonical(manifest.plain(dict(reversed(facts.items()))))

    assert facts == json.loads(one)
    assert one == other


def test_rfc_8785_spellings() -> None:
    """Its own example of strings and order, and numbers that have two spellings elsewhere."""
    facts = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\x80": "Control",
        "\xf6": "Latin Small Letter O With Diaeresis",
    }
    order = ["Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign"]

    assert [*order, "Hebrew Letter Dalet With Dagesh"] == list(json.loads(manifest.canonical(manifest.plain(facts))).values())
    assert manifest.canonical({"a": '\u20ac$\u000f\nA\'B"\\\\"/'}) == b'{"a":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    assert manifest.canonical(manifest.plain({"wait": 2.0, "tries": 3, "pace": 0.5})) == b'{"pace":0.5,"tries":3,"wait":2}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e-7, 1.5e300, 2**53, object(), {1: 2}, {"\U0001f600": 1}])
def test_what_has_no_one_spelling_is_refused(value: object) -> None:
    """Two programs would write it in two ways, and the digests would differ."""
    with pytest.raises(ValueError, match=r"canonical|keys"):
        manifest.plain({"x": value})


def test_a_lone_surrogate_stays_legible() -> None:
    """An error text from a file name that is not UTF-8 must not cost the visit its place."""
    assert manifest.plain({"error": "no \udc80 here"}) == {"error": "no \\udc80 here"}


@pytest.mark.parametrize("block", [b"", b"[]", b'{"v":3}', b"\xff", b'{"v":1'])
def test_what_is_no_manifest_is_bad(block: bytes) -> None:
    """Also one of a later version, whose meaning is not known here."""
    with pytest.raises(BadRecord):
        manifest.parse(block)
