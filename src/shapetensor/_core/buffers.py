"""CPU memory: 64-byte aligned flat arrays, given out again once nobody can see them any more.

A tensor's buffer is a flat NumPy array of exactly its elements. The pool keeps freed ones by (elements, dtype), so a
training loop allocates in its first step only, and large arrays do not page-fault anew in every step.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

Flat = NDArray[Any]
ALIGNMENT = 64  # bytes: one cache line, and the widest vector register
LIMIT = 1 << 30  # bytes that the pool keeps at most


def _references(array: Flat) -> int:
    return sys.getrefcount(array)


# How many references `_references` sees of an array that only one attribute holds; counted rather than written
# down, because interpreters differ in what they count.
class _Holder:
    def __init__(self) -> None:
        self.flat = np.empty(1)

    def count(self) -> int:
        return _references(self.flat)


_SOLE = _Holder().count()


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
        self.stack(flat.size, flat.dtype).append(flat)
        self._returned += flat.nbytes
        if self._returned > self.limit:
            self.trim()

    def trim(self) -> None:
        """Free whole kinds, least recently created first, until the limit holds."""
        cached = {key: len(s) * key[0] * key[1].itemsize for key, s in list(self._free.items())}
        total = sum(cached.values())
        for key, nbytes in cached.items():
            if total <= self.limit // 2:
                break
            self._free[key].clear()
            total -= nbytes
        self._returned = total

    def clear(self) -> None:
        """Give everything back to the system."""
        for stack in list(self._free.values()):
            stack.clear()
        self._returned = 0


POOL = Pool()


def release(holder: Any) -> None:
    """Return `holder._buffer` to the pool if the holder is the only one that can see its memory.

    Views of the array, NumPy's included, hold its owner (`.base`), so two counts tell.
    """
    flat = holder._buffer
    if _references(flat) == _SOLE + 1:
        raw = flat.base
        if type(raw) is np.ndarray and _references(raw) == _SOLE + 1 and raw.size == flat.nbytes + ALIGNMENT:
            POOL.give(flat)
