"""Shapes, dtypes and tensors for hypothesis: small, and as odd as users make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from shapetensor import from_numpy
from shapetensor._core.dtypes import F32, F64, I32, I64, U8, AnyDType, Bool
from shapetensor.tensor import AnyTensor

Array = NDArray[Any]
Ints = tuple[int, ...]
COMPUTE: tuple[AnyDType, ...] = (F32, F64, I32, I64, U8, Bool)


class Pair(NamedTuple):
    """A tensor and the array whose memory, shape and strides it has."""

    tensor: AnyTensor
    array: Array


def sizes(*, least: int = 0, most: int = 7) -> st.SearchStrategy[int]:
    """Axes are often single, sometimes empty, and rarely a power of two."""
    usual = [n for n in (1, 1, 2, 3, 5, most) if least <= n <= most]
    return st.one_of(st.sampled_from(usual), st.integers(least, most))


def shapes(*, least: int = 0, most_axes: int = 4) -> st.SearchStrategy[Ints]:
    """0-d to `most_axes` axes."""
    return st.lists(sizes(least=least), max_size=most_axes).map(tuple)


def dtypes() -> st.SearchStrategy[AnyDType]:
    """Those that compute."""
    return st.sampled_from(COMPUTE)


@st.composite
def broadcastable(draw: st.DrawFn, *, count: int = 2, most_axes: int = 4) -> tuple[Ints, ...]:
    """Shapes that have a common one: leading axes left out and axes set to 1."""
    common = draw(shapes(most_axes=most_axes))
    found = []
    for _ in range(count):
        lead = draw(st.integers(0, len(common)))
        found.append(tuple(1 if draw(st.booleans()) else n for n in common[lead:]))
    return tuple(found)


def integers_as(rng: np.random.Generator, shape: Ints, dtype: AnyDType) -> Array:
    """Small whole numbers, so that sums and products are exact in every dtype."""
    least = 0 if dtype in (U8, Bool) else -4
    return np.asarray(rng.integers(least, 2 if dtype is Bool else 5, shape), dtype.storage)


@st.composite
def arrays(draw: st.DrawFn, shape: Ints, dtype: AnyDType) -> Array:
    """An array of this shape, laid out as views lay it out: permuted, stepped, cut out, stretched, read-only."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(("c", "permuted", "cut", "stretched", "read-only")))
    if kind == "permuted":
        order = draw(st.permutations(range(len(shape))))
        memory = integers_as(rng, tuple(shape[a] for a in order), dtype)
        return np.asarray(memory.transpose(np.argsort(order)) if order else memory)
    if kind == "cut":
        return _cut(draw, rng, shape, dtype)
    if kind == "stretched":
        alone = tuple(1 if draw(st.booleans()) else n for n in shape)
        return np.broadcast_to(integers_as(rng, alone, dtype), shape)
    array = integers_as(rng, shape, dtype)
    array.flags.writeable = kind == "c"
    return array


def _cut(draw: st.DrawFn, rng: np.random.Generator, shape: Ints, dtype: AnyDType) -> Array:
    """Every second or third element of some axes, with a margin."""
    steps = [draw(st.integers(1, 3)) for _ in shape]
    starts = [draw(st.integers(0, 2)) for _ in shape]
    whole = integers_as(rng, tuple(s + n * k + 1 for s, n, k in zip(starts, shape, steps, strict=True)), dtype)
    return np.asarray(whole[tuple(slice(s, s + n * k, k) for s, n, k in zip(starts, shape, steps, strict=True))])


@st.composite
def tensors(
    draw: st.DrawFn, shape: Ints | None = None, dtype: AnyDType | None = None, *, least: int = 0, most_axes: int = 4
) -> Pair:
    """A tensor on the memory of an array of any layout."""
    if shape is None:
        shape = draw(shapes(least=least, most_axes=most_axes))
    array = draw(arrays(shape, draw(dtypes()) if dtype is None else dtype))
    return Pair(from_numpy(array, copy=False), array)


@st.composite
def broadcastable_tensors(draw: st.DrawFn, *, count: int = 2, of: Sequence[AnyDType] = COMPUTE) -> list[Pair]:
    """Tensors that broadcast, of dtypes and layouts of their own."""
    found = draw(broadcastable(count=count))
    return [draw(tensors(shape, draw(st.sampled_from(tuple(of))))) for shape in found]
