"""Lifetimes -> arena offsets: buffers that are never alive together may lie in the same bytes.

Finding the smallest arena is NP-hard (dynamic storage allocation). Placing the largest buffers first, each into the
tightest gap, comes within a few percent on the programs of neural networks (Pisarchyk and Lee, "Efficient memory
management for deep neural net inference", 2020). Other orders win now and then, so a few are tried, unless one already
meets the lower bound.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Sequence
from typing import NamedTuple

ALIGNMENT = 64  # bytes: one cache line, and the widest vector register


class Lifetime(NamedTuple):
    """A buffer of `nbytes` that is written at step `first` and read at step `last` at the latest, both inclusive."""

    first: int
    last: int
    nbytes: int


class _Block(NamedTuple):
    """A placed buffer; blocks sort by offset."""

    offset: int
    end: int
    first: int
    last: int


def rounded(nbytes: int) -> int:
    """Up to the next multiple of the alignment."""
    return -(-nbytes // ALIGNMENT) * ALIGNMENT


_ORDERS: tuple[Callable[[Lifetime], tuple[int, ...]], ...] = (
    lambda b: (-b.nbytes, b.first),
    lambda b: (-b.nbytes * (b.last - b.first + 1), b.first),
    lambda b: (b.first, -b.nbytes),
)


def plan(lifetimes: Sequence[Lifetime]) -> tuple[list[int], int]:
    """Offsets of the buffers in one arena, and the arena's bytes.

    Buffers whose lifetimes share a step do not overlap; every offset is a multiple of `ALIGNMENT`.

    Args:
        lifetimes: one for each buffer, in any order; a buffer of no bytes gets offset 0.
    """
    bound = busiest(lifetimes)
    best, total = _place_all(lifetimes, _ORDERS[0])
    for order in _ORDERS[1:]:
        if total == bound:
            break
        offsets, needed = _place_all(lifetimes, order)
        if needed < total:
            best, total = offsets, needed
    return best, total


def busiest(lifetimes: Sequence[Lifetime]) -> int:
    """Bytes alive at the step where most are: no arena is smaller."""
    changes: list[tuple[int, int]] = []
    for b in lifetimes:
        changes += [(b.first, rounded(b.nbytes)), (b.last + 1, -rounded(b.nbytes))]
    alive = most = 0
    for _, change in sorted(changes):  # at equal steps what ends comes first
        alive += change
        most = max(most, alive)
    return most


def _place_all(lifetimes: Sequence[Lifetime], order: Callable[[Lifetime], tuple[int, ...]]) -> tuple[list[int], int]:
    offsets = [0] * len(lifetimes)
    placed: list[_Block] = []
    for i in sorted(range(len(lifetimes)), key=lambda i: order(lifetimes[i])):
        wanted = lifetimes[i]
        if wanted.nbytes:
            offset = offsets[i] = _tightest_gap(wanted, placed)
            insort(placed, _Block(offset, offset + rounded(wanted.nbytes), wanted.first, wanted.last))
    return offsets, max((b.end for b in placed), default=0)


def _tightest_gap(wanted: Lifetime, placed: Sequence[_Block]) -> int:
    """The smallest gap between buffers alive at the same time that is large enough, else behind all of them."""
    needed = rounded(wanted.nbytes)
    best, room = -1, 0
    floor = 0  # everything below is taken or was looked at
    for offset, end, first, last in placed:
        if last < wanted.first or wanted.last < first:
            continue
        gap = offset - floor
        if gap >= needed and (best < 0 or gap < room):
            best, room = floor, gap
        if end > floor:
            floor = end
    return floor if best < 0 else best
