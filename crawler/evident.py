"""A place of a page where it can be shown in the source, and None where it cannot (of an `html` tag merged into another)."""

from __future__ import annotations

from crawler.errors import Unreadable
from crawler.page import Node, Part


def attribute(node: Node, name: str) -> Part | None:
    """The value of an attribute."""
    try:
        return node.attribute(name)
    except Unreadable:
        return None


def whole(node: Node) -> Part | None:
    """All that a reader sees of an element."""
    try:
        return node.whole
    except Unreadable:
        return None


def code(node: Node) -> Part | None:
    """What stands in a script."""
    try:
        return node.code
    except Unreadable:
        return None
