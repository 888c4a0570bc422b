"""Eager never compiles for a shape: sizes, strides and flags of arrays are run-time values of the kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numba import types
from numpy.typing import NDArray

import shapetensor as st
from shapetensor._core.dtypes import DTYPES, AnyDType
from shapetensor._core.kernels import cache
from shapetensor.tensor import AnyTensor

Array = NDArray[Any]
COMPUTE: tuple[AnyDType, ...] = (st.F32, st.F64, st.I32, st.I64, st.U8)
FLOATS = (st.F32, st.F64)
LAYOUTS = ("c", "transposed", "sliced", "stepped", "broadcast", "read-only", "six axes")


def lay_out(rng: np.random.Generator, m: int, n: int, dtype: AnyDType, layout: str) -> Array:
    """A matrix of this size; `six axes` has more than kernels have loops."""

    def memory(*shape: int) -> Array:
        return np.asarray(rng.integers(1, 5, shape), dtype.storage)

    if layout == "transposed":
        return memory(n, m).T
    if layout == "sliced":
        return memory(m + 3, n + 2)[2 : m + 2, 1 : n + 1]
    if layout == "stepped":
        return memory(2 * m, 3 * n)[::2, ::3]
    if layout == "broadcast":
        return np.broadcast_to(memory(1, n), (m, n))
    if layout == "six axes":
        return memory(4, 2, 4, 3, 4, m)[::2, :, ::2, :, ::2]
    array = memory(m, n)
    array.flags.writeable = layout == "c"
    return array


def a_dozen_ops(x: AnyTensor, y: AnyTensor) -> Iterator[AnyTensor]:
    """What a training loop is made of, on two tensors of one shape."""
    yield x + y
    yield x * 2
    yield x / y
    yield (x < y).astype(st.F32)
    yield st.where(x > 2, x, y)
    yield x.sum(axis=0)
    yield x.sum(axis=-1, keepdims=True)
    yield x.max(axis=-1)
    yield x.argmax(axis=-1)
    yield x.exp()
    yield st.softmax(x, axis=-1)
    if x.dtype in FLOATS:  # the same text serves integers, and compiles for half a minute
        yield x @ y.mT
    yield st.concat([x, y], axis=0)
    yield x.take(st.tensor([0, -1]), axis=0)
    yield x[..., ::-1]
    yield x.reshape(-1)
    yield x.astype(st.F64)


def run_all(rng: np.random.Generator, m: int, n: int, dtype: AnyDType, layout: str) -> None:
    x, y = (st.from_numpy(lay_out(rng, m, n, dtype, layout), copy=False) for _ in range(2))
    for _ in a_dozen_ops(x, y):
        pass
    if dtype in FLOATS:
        function: Callable[..., Any] = lambda a, b: st.softmax((a @ b.mT).tanh().relu(), axis=-1).sum()  # noqa: E731
        st.grad(function, argnums=(0, 1))(x, y)


@pytest.fixture(scope="module")
def warm() -> set[tuple[str, str]]:
    """The kernels that there are after each dtype and layout was used, at sizes that choose one each."""
    rng = np.random.default_rng(0)
    for dtype in COMPUTE:
        for layout in LAYOUTS:
            for m, n in ((4, 3), (33, 40)):
                run_all(rng, m, n, dtype, layout)
        # products have a kernel for each number of vectors in the last columns, and for one whole tile
        for n in (*range(1, 5), *range(5, 70, 4), 32, 64) if dtype in FLOATS else ():
            for m, k in ((1, 40), (33, 3)):
                x, w, t = (st.from_numpy(np.ones(shape, dtype.storage)) for shape in ((m, k), (k, n), (n, k)))
                x @ w, x @ t.mT
    return known()


def known() -> set[tuple[str, str]]:
    """The kernels of this process with their signatures, compiled here or found on disk."""
    return {(name, str(signature)) for name, kernel in cache.loaded().items() for signature in kernel.signatures}


def test_two_hundred_new_shapes_compile_nothing(warm: set[tuple[str, str]], rng: np.random.Generator) -> None:
    seen = set()
    for number in range(200):
        m, n = 2 + number % 61, 1 + (7 * number) % 53
        dtype, layout = COMPUTE[number % len(COMPUTE)], LAYOUTS[number % len(LAYOUTS)]
        run_all(rng, m, n, dtype, layout)
        seen.add((m, n))
        assert known() <= warm, (m, n, dtype, layout, known() - warm)
    assert len(seen) == 200


# How many dtypes each kernel meets; a kernel without a line here meets those that compute.
STORAGES = len({d.storage for d in DTYPES})
MEETS = {"copy": STORAGES, "cast": STORAGES, "movement": STORAGES, "fill": STORAGES, "index": STORAGES}
ARRAY = {types.Array(getattr(types, name), 1, "C") for name in ("bool_", "uint8", "int8", "uint16", "int32", "uint32")}
ARRAY |= {types.Array(getattr(types, name), 1, "C") for name in ("int64", "float32", "float64")}


def test_a_kernel_has_one_specialisation_for_each_dtype(warm: set[tuple[str, str]]) -> None:
    """Layouts and flags of arrays make none: one dimension, C order, aligned, writeable is all that kernels see."""
    assert warm
    for name, kernel in cache.loaded().items():
        arguments = [a for signature in kernel.signatures for a in signature if isinstance(a, types.Array)]
        assert set(arguments) <= ARRAY, name
        assert len(kernel.signatures) <= MEETS.get(name.split("_")[0], len(COMPUTE) + 1), name


def test_an_elementwise_op_has_three_layout_classes(warm: set[tuple[str, str]]) -> None:
    """All operands flat, a Python scalar on one side or the other, and strided."""
    assert warm
    kinds: dict[str, set[str]] = {}
    for name in cache.loaded():
        op, _, layout = name.rpartition(".")[2].rpartition("_")
        if layout in ("strided", "c", "s", "cc", "cs", "sc", "ccc", "csc", "ccs", "css"):
            kinds.setdefault(op, set()).add("scalar" if "s" in layout and layout != "strided" else layout)
    assert {"add", "mul", "exp", "where"} <= set(kinds)
    assert all(len(found) <= 3 for found in kinds.values()), kinds
