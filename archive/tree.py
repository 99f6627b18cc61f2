"""The hash tree of RFC 6962: its hashes, and proofs of inclusion and consistency, made and verified; pure.

Whoever keeps the tree gives `Node`: the hash of one complete subtree. Proofs ask it for a few of them, and never
for the leaves of the whole tree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

Node = Callable[[int, int], bytes]  # (height, index): the hash over leaves [index * 2**height, (index + 1) * 2**height)
EMPTY = hashlib.sha256(b"").digest()  # the root of no leaves (RFC 6962, 2.1)


def leaf_hash(entry: bytes) -> bytes:
    """RFC 6962, 2.1."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962, 2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def over(hashes: Sequence[bytes]) -> bytes:
    """The root over subtrees of one size, of which the last alone may be smaller."""
    row = list(hashes)
    if not row:
        return EMPTY
    while len(row) > 1:
        odd = row[-1:] if len(row) % 2 else []
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)] + odd
    return row[0]


def root(size: int, node: Node) -> bytes:
    """The root over the first `size` leaves."""
    return _range(0, size, node) if size else EMPTY


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """The path of a leaf to the root, from its sibling upwards (RFC 6962, 2.1.1). Raises ValueError beyond the tree."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not among the first {size}")
    path = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range(middle, high, node))
            high = middle
        else:
            path.append(_range(low, middle, node))
            low = middle
    return path[::-1]


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """The proof that the first `old` leaves are those of the tree of `new` (RFC 6962, 2.1.2). Raises ValueError."""
    if not 0 < old <= new:
        raise ValueError(f"a tree of {new} cannot extend one of {old}")
    path = []
    low, high, whole = 0, new, True  # whole: the range begins the old tree, whose root the verifier has
    while old < high:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_range(middle, high, node))
            high = middle
        else:
            path.append(_range(low, middle, node))
            low, whole = middle, False
    if not whole:
        path.append(_range(low, high, node))
    return path[::-1]


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Does the path lead from the leaf's hash to the root? (RFC 9162, 2.1.3.2)"""
    if not 0 <= index < size or len(leaf) != len(EMPTY):
        return False
    at, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if at % 2 or at == last:
            found = node_hash(step, found)
            while not at % 2 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def extends(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Is the tree of `old` leaves the beginning of the tree of `new`? (RFC 9162, 2.1.4.2) Never of an empty one."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    at, last = old - 1, new - 1
    while at % 2:
        at, last = at >> 1, last >> 1
    of_old = of_new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at % 2 or at == last:
            of_old, of_new = node_hash(step, of_old), node_hash(step, of_new)
            while not at % 2 and at:
                at, last = at >> 1, last >> 1
        else:
            of_new = node_hash(of_new, step)
        at, last = at >> 1, last >> 1
    return last == 0 and of_old == old_root and of_new == new_root


def _split(width: int) -> int:
    """The largest power of two below."""
    return 1 << (width - 1).bit_length() - 1


def _range(low: int, high: int, node: Node) -> bytes:
    width = high - low
    if width & (width - 1) == 0:
        height = width.bit_length() - 1
        return node(height, low >> height)
    middle = low + _split(width)
    return node_hash(_range(low, middle, node), _range(middle, high, node))
