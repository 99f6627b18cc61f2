"""What a person sees around a restored page: the list of what was laid out, and the banner above the page; pure.

Everything that comes out of a capture is text here: escaped, and what could act on a reader's eyes made visible.
"""

from __future__ import annotations

import html
from collections.abc import Container, Mapping, Sequence
from typing import Any

from archive.door import visible

STYLE = (
    "body{font:15px/1.5 sans-serif;margin:0;height:100vh;display:flex;flex-direction:column}"
    "header{background:#fff3c4;border-bottom:2px solid #8a6d00;padding:.5em 1em}header p{margin:.2em 0;overflow-wrap:anywhere}"
    "main{padding:0 1em;overflow-wrap:anywhere}iframe{flex:1;border:0;width:100%}code{font-size:85%}"
)
Told = Mapping[str, Any]  # provenance.json, or what it says of one capture


def listing(told: Told, shown: Container[int]) -> bytes:
    """The front page: how the captures were chosen, and the files of each. shown: those that can be looked at, by number."""
    parts = ["<header><p><strong>Restored from an archive.</strong> Nothing here is live, and nothing is fetched.</p>"]
    parts += [f"<p>{_text(sentence)}</p>" for sentence in told.get("says") or ()]
    parts.append("</header><main>")
    for number, capture in enumerate(told["captures"], 1):
        parts.append(f"<h2>{number}. {_text(capture['url'])}</h2>{_facts(capture)}")
        if number in shown:
            parts.append(f'<p><a href="view/{number:02d}">look at the page</a></p>')
        rows = (
            f'<li><a href="{_text(each["file"])}">{_text(each["role"])}</a> <code>{_text(each["sha256"])}</code></li>'
            for each in capture["files"]
        )
        parts.append(f"<ul>{''.join(rows)}</ul>")
    return _page("Restored", [*parts, "</main>"])


def view(capture: Told, page: str) -> bytes:
    """One page under its banner: in a frame that runs no script, opens no window, sends no form and leads nowhere."""
    banner = (
        f"<header><p><strong>An archived page, not the live one.</strong> {_text(capture['url'])}</p>{_facts(capture)}"
        "<p>Scripts, links, frames, and what lies elsewhere are off: the octets as received are among "
        '<a href="../">all files of this snapshot</a>.</p></header>'
    )
    frame = f'<iframe sandbox src="../{_text(page)}" title="the archived page"></iframe>'
    return _page(f"Archived {capture['at']}", [banner, frame])


def _facts(capture: Told) -> str:
    """When, from where, and what it came to."""
    foreign, body_of = capture.get("foreign"), capture.get("body_of")
    said = [f"Received {capture['at']}" + ("" if foreign is None else f", as {foreign} says, which others made")]
    said.append(str(capture["outcome"]) + (f", status {capture['status']}" if capture["status"] is not None else ""))
    if body_of is not None:
        said.append(f"its body is that of {body_of['at']}, kept once")
    if not capture["trusted"]:
        said.append("the connection was NOT verified")
    if capture["error"]:
        said.append(str(capture["error"]))
    return f"<p>{_text('; '.join(said))}. Capture <code>{_text(capture['id'])}</code></p>"


def _page(title: str, parts: Sequence[str]) -> bytes:
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{_text(title)}</title><style>{STYLE}</style>'
    return (head + "".join(parts) + "\n").encode("utf-8", "backslashreplace")


def _text(value: object) -> str:
    return html.escape(visible(str(value)), quote=True)
