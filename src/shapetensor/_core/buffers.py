"""CPU memory: 64-byte aligned flat arrays, given out again once nobody can see them any more.

A tensor's buffer is a flat NumPy array of exactly its elements. The pool keeps freed ones by (elements, dtype), so a
training loop allocates in its first step only, and large arrays do not page-fault anew in every step.
"""

from __future__ import annotations

from collections.abc import Iterable
from sys import getrefcount
from typing import Any

import numpy as np
from numpy.typing import NDArray

Flat = NDArray[Any]
ALIGNMENT = 64  # bytes: one cache line, and the widest vector register
LIMIT = 1 << 30  # bytes that the pool keeps at most


class Pool:
    """Free flat arrays by (elements, dtype); bounded, and safe to share between threads."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.allocated = 0  # system allocations so far
        self._free: dict[tuple[int, np.dtype[Any]], list[Flat]] = {}
        self._returned = 0  # bytes that came back since they were last counted

    def stack(self, size: int, dtype: np.dtype[Any]) -> list[Flat]:
        """The free arrays of one kind: pop from it, or call `fresh`."""
        return self._free.setdefault((size, dtype), [])

    def take(self, size: int, dtype: np.dtype[Any]) -> Flat:
        """A flat array with arbitrary contents."""
        try:
            return self.stack(size, dtype).pop()
        except IndexError:
            return self.fresh(size, dtype)

    def fresh(self, size: int, dtype: np.dtype[Any]) -> Flat:
        """A new aligned array from the system."""
        nbytes = size * dtype.itemsize
        try:
            raw = np.empty(nbytes + ALIGNMENT, np.uint8)
        except (MemoryError, ValueError):
            raise MemoryError(f"cannot allocate {nbytes:,} bytes for {size:,} elements of {dtype}") from None
        self.allocated += 1
        start = -raw.ctypes.data % ALIGNMENT
        return raw[start : start + nbytes].view(dtype)

    def give(self, flat: Flat) -> None:
        """Take an array back that nobody else holds."""
        try:
            self._free[(flat.size, flat.dtype)].append(flat)
        except KeyError:
            self.stack(flat.size, flat.dtype).append(flat)
        self._returned += flat.nbytes
        if self._returned > self.limit:
            self.trim()

    def trim(self) -> None:
        """Count what is kept, and where that is too much free whole kinds, the oldest first, down to half the limit."""
        cached = {key: len(s) * key[0] * key[1].itemsize for key, s in list(self._free.items())}
        total = sum(cached.values())
        for key in cached if total > self.limit else ():
            self._free[key].clear()
            total -= cached[key]
            if total <= self.limit // 2:
                break
        self._returned = total

    def clear(self) -> None:
        """Give everything back to the system."""
        for stack in list(self._free.values()):
            stack.clear()
        self._returned = 0


POOL = Pool()


class Holder:
    """Stands for a tensor."""

    def __init__(self, flat: Any) -> None:
        self._buffer = flat


def _counts(holder: Any) -> tuple[int, int]:
    """References to a holder's array and to the array's owner, seen from lines as in `release`."""
    flat = holder._buffer
    first = getrefcount(flat)
    raw = flat.base
    return first, getrefcount(raw)


def _counts_of_sole_holder() -> tuple[int, int]:
    """Measured rather than written down: interpreters differ in which references they count."""
    return _counts(Holder(POOL.fresh(1, np.dtype(np.uint8))))


SOLE, _SOLE_RAW = _counts_of_sole_holder()


def are_own(holders: Iterable[Any]) -> bool:
    """Whether each `holder._buffer` is memory that nobody but the holder can see and nothing outside lent."""
    for holder in holders:  # the lines of `release` once more: its counts hold in lines like these only
        flat = holder._buffer
        if getrefcount(flat) != SOLE:
            return False
        raw = flat.base
        if getrefcount(raw) != _SOLE_RAW or raw.base is not None:
            return False
    return True


def release(holder: Any, getrefcount: Any = getrefcount) -> None:
    """Return `holder._buffer` to the pool if the holder is the only one that can see its memory.

    Views of the array, NumPy's included, hold its owner (`.base`), so two counts tell. Tensors may die while the
    interpreter shuts down and globals are gone already, hence the default argument.
    """
    flat = holder._buffer
    if getrefcount(flat) == SOLE:
        raw = flat.base
        if getrefcount(raw) == _SOLE_RAW and type(raw) is np.ndarray and raw.size == flat.nbytes + ALIGNMENT:
            POOL.give(flat)
