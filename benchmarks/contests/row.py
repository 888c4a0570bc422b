"""One row of the table: work, how each library does it, and how much faster we should be."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Call = Callable[[], Any]
OURS = "shapetensor"


@dataclass(frozen=True)
class Row:
    """Work that several libraries can do.

    Attributes:
        name: what is done, and the shapes.
        make: for each library a function that prepares the work and gives the call that does it.
        bars: for some libraries, which multiple of our time theirs should be at least.
        note: what is not the same for all of them.
    """

    name: str
    make: Mapping[str, Callable[[], Call]]
    bars: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    def contenders(self) -> dict[str, Call]:
        """The calls of the libraries that are installed here, ours first."""
        return {name: make() for name, make in self.make.items() if is_there(name)}


@cache
def is_there(library: str) -> bool:
    """Whether the library of a contender, `torch` for `torch fused`, is installed."""
    return importlib.util.find_spec(library.split()[0]) is not None


@cache
def normal(*shape: int, seed: int = 0) -> Array:
    """Standard normal float32 elements; the same memory for all libraries that can use NumPy's."""
    out = empty(*shape)
    np.random.default_rng(seed).standard_normal(dtype=np.float32, out=out)
    return out


def empty(*shape: int) -> Array:
    """Memory that begins with a line of the cache, as that of tensors does: NumPy's own begins anywhere."""
    size = math.prod(shape)
    memory = np.empty(size + 16, np.float32)
    first = -memory.ctypes.data % 64 // 4
    return memory[first : first + size].reshape(shape)


def waiting(function: Callable[..., Any], *operands: Any) -> Call:
    """A call of jax that waits for its result."""
    import jax

    return lambda: jax.block_until_ready(function(*operands))
