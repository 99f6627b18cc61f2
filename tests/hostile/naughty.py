"""Texts that a page, a field or an address may hold, and that somebody's terminal, table or file system would obey."""

from __future__ import annotations

TERMINAL = [
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b]8;;http://evil.test\x1b\\link\x1b]8;;\x1b\\", "\x1b[2J\x1b[H", "\x1b[?1049h",
    "\x1b]52;c;ZXZpbA==\x07", "\x1bP$q\x1b\\", "\x9b31m8-bit", "\x9d0;title\x9c", "a\rb", "a\x08\x08b", "a\x0cb", "a\x0bb", "\x07bell",
    "a\x7fb", "a\x0eb\x0fc", "\x1bc", "%s%n%x", "{0.__class__}", "$(touch /tmp/evil)", "`id`", "; rm -rf ~", "[red]rich[/red]", "[/]",
]  # fmt: skip
TEXT = [
    "\u202eevil\u202c", "a\u2066b\u2069", "\u200fמילה", "zero\u200bwidth", "bom\ufeffbom", "line\u2028sep", "para\u2029sep", "next\x85line",
    "a\u061cb", "tag\U000e0041\U000e007f", "soft\u00adhyphen", "\u0130i\u0131", "ﷺ" * 20, "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L", "\ufffe\uffff", "𝔘𝔫𝔦", "👩‍👩‍👧‍👦", "a\u0000b",
]  # fmt: skip
CELLS = [
    "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "=HYPERLINK(\"http://evil.test\";\"x\")", "＝1+1", "＋1", "－1", "＠x",
    "\t=1+1", "\r=1+1", " =1+1", "\u00a0=1+1", "\u200b=1+1", "\ufeff=1+1", "'=1+1", "\"=1+1", "\u202e=1+1", "\x00=1+1", "\x1b=1+1", ";=1+1",
    "a\",\"=1+1", "a\r\n=1+1",
]  # fmt: skip
MARKUP = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</td></tr></table><h1>x", "\"><svg onload=alert(1)>", "<!--", "-->",
    "]]>", "&lt;b&gt;", "&#0;", "javascript:alert(1)", "<plaintext>", "<template>", "${7*7}", "{{7*7}}",
]  # fmt: skip
QUERIES = [
    "' OR '1'='1",
    "Robert'); DROP TABLE observation;--",
    "\\",
    "\\'",
    "%_%",
    "NULL",
    "nan",
    "1e999",
    "true",
    "[]",
    "{}",
    '"',
    "0",
]
PATHS = [
    "../../../etc/passwd",
    "..\\..\\x",
    "/etc/passwd",
    "C:\\x",
    "CON",
    "a/../../b",
    "%2e%2e%2f",
    "....//",
    "-rf",
    "--json",
    "~",
    ".",
]
EVERY = [*TERMINAL, *TEXT, *CELLS, *MARKUP, *QUERIES, *PATHS]
LONE = ["\ud800", "a\udfffb", "\udc80\udcff"]  # only in a program's own strings: no octets of UTF-8 say them
