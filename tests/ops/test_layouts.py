"""Random expressions of views, elementwise ops and reductions, on operands of any layout, against NumPy.

All numbers are whole, so that every result is exact whatever the order of the additions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as hst
from numpy.typing import NDArray

import shapetensor as st
from shapetensor._core.dtypes import F32, F64, I32, I64, U8, Bool
from shapetensor.tensor import AnyTensor
from tests.strategies import Pair, broadcastable_tensors, shapes, tensors

Array = NDArray[Any]
LARGEST = 400  # elements
EXACT = (F32, F64, I64)


def bounds(draw: hst.DrawFn, n: int) -> slice:
    """A slice of an axis, its ends often missing and sometimes outside."""
    end = hst.one_of(hst.none(), hst.integers(-n - 1, n + 1))
    return slice(draw(end), draw(end), draw(hst.sampled_from((None, 1, 2, 3, -1, -2))))


def some_axes(draw: hst.DrawFn, x: Array) -> tuple[int, ...]:
    return tuple(a for a in range(x.ndim) if draw(hst.booleans()))


def sliced(draw: hst.DrawFn, x: AnyTensor, y: Array) -> tuple[AnyTensor, Array]:
    key: list[Any] = [bounds(draw, n) for n in y.shape[: draw(hst.integers(0, y.ndim))]]
    if key and y.shape[0] and draw(hst.booleans()):
        key[0] = draw(hst.integers(-y.shape[0], y.shape[0] - 1))
    if draw(hst.booleans()):
        key.insert(draw(hst.integers(0, len(key))), None)
    return x[tuple(key)], y[tuple(key)]


def permuted(draw: hst.DrawFn, x: AnyTensor, y: Array) -> tuple[AnyTensor, Array]:
    order = tuple(draw(hst.permutations(range(y.ndim))))
    return x.permute_dims(order), np.transpose(y, order)


def reshaped(draw: hst.DrawFn, x: AnyTensor, y: Array) -> tuple[AnyTensor, Array]:
    if y.size and draw(hst.booleans()):
        return x.reshape(-1), y.reshape(-1)
    at = draw(hst.integers(0, y.ndim))
    joined = (*y.shape[: at - 1], y.shape[at - 1] * y.shape[at], *y.shape[at + 1 :]) if 0 < at < y.ndim else y.shape
    return x.reshape(joined), y.reshape(joined)


def stretched(draw: hst.DrawFn, x: AnyTensor, y: Array) -> tuple[AnyTensor, Array]:
    lead = draw(hst.sampled_from(((), (1,), (2,), (3,))))
    shape = (*lead, *(draw(hst.integers(1, 3)) if n == 1 else n for n in y.shape))
    return (x.broadcast_to(shape), np.broadcast_to(y, shape)) if len(shape) < 7 else (x, y)


def summed(draw: hst.DrawFn, x: AnyTensor, y: Array) -> tuple[AnyTensor, Array]:
    axes, keep = some_axes(draw, y), draw(hst.booleans())
    return x.sum(axis=axes, keepdims=keep), np.asarray(y.sum(axis=axes, keepdims=keep, dtype=y.dtype))


def largest(draw: hst.DrawFn, x: AnyTensor, y: Array) -> tuple[AnyTensor, Array]:
    axes = tuple(a for a in some_axes(draw, y) if y.shape[a])
    return x.max(axis=axes, keepdims=True), np.asarray(y.max(axis=axes, keepdims=True))


def doubled(draw: hst.DrawFn, x: AnyTensor, y: Array) -> tuple[AnyTensor, Array]:
    if not y.ndim:
        return x + x, y + y
    axis = draw(hst.integers(-y.ndim, y.ndim - 1))
    return st.concat([x, x], axis=axis), np.concatenate([y, y], axis)


def unstacked(draw: hst.DrawFn, x: AnyTensor, y: Array) -> tuple[AnyTensor, Array]:
    axes = [a for a in range(y.ndim) if y.shape[a]]
    if not axes:
        return x, y
    axis = draw(hst.sampled_from(axes))
    place = draw(hst.integers(0, y.shape[axis] - 1))
    return x.unstack(axis=axis)[place], np.take(y, place, axis)


def with_itself(draw: hst.DrawFn, x: AnyTensor, y: Array) -> tuple[AnyTensor, Array]:
    if draw(hst.booleans()) and y.ndim > 1 and y.shape[-1] == y.shape[-2]:
        return x - x.mT, y - np.swapaxes(y, -1, -2)
    return st.maximum(x, 1) - x, np.asarray(np.maximum(y, 1) - y, y.dtype)


def chosen(draw: hst.DrawFn, x: AnyTensor, y: Array) -> tuple[AnyTensor, Array]:
    return st.where(x > 0, x, -x), np.asarray(np.where(y > 0, y, -y), y.dtype)


MOVES: tuple[Callable[..., tuple[AnyTensor, Array]], ...] = (
    sliced,
    permuted,
    reshaped,
    stretched,
    summed,
    largest,
    doubled,
    unstacked,
    with_itself,
    chosen,
)


@hst.composite
def expressions(draw: hst.DrawFn) -> tuple[Callable[[AnyTensor], AnyTensor], Pair, Array]:
    """A function of a tensor, an operand, and the array it has to give."""
    start = draw(tensors(dtype=draw(hst.sampled_from(EXACT))))
    moves: list[Callable[[AnyTensor], AnyTensor]] = []
    array = start.array
    for _ in range(draw(hst.integers(1, 6))):
        move = draw(hst.sampled_from(MOVES))
        fixed = Recorded(draw)
        _, found = move(fixed.draw, st.from_numpy(array), array)
        if found.size > LARGEST or found.ndim > 7:
            break
        moves.append(fixed.again(move, array))
        array = np.asarray(found)

    def function(x: AnyTensor) -> AnyTensor:
        for move in moves:
            x = move(x)
        return x

    return function, start, array


class Recorded:
    """Draws that can be made again: a move is chosen once and then repeated on other tensors."""

    def __init__(self, draw: hst.DrawFn) -> None:
        self._draw, self._drawn = draw, list[Any]()

    def draw(self, strategy: Any) -> Any:
        self._drawn.append(self._draw(strategy))
        return self._drawn[-1]

    def again(self, move: Callable[..., tuple[AnyTensor, Array]], array: Array) -> Callable[[AnyTensor], AnyTensor]:
        def repeat(x: AnyTensor) -> AnyTensor:
            drawn = iter(self._drawn)
            return move(lambda strategy: next(drawn), x, array)[0]

        return repeat


@settings(max_examples=250)
@given(expressions())
def test_expression_is_that_of_numpy(case: tuple[Callable[[AnyTensor], AnyTensor], Pair, Array]) -> None:
    function, start, want = case
    before = start.array.copy()
    got = function(start.tensor)
    assert (got.shape, got.numpy().dtype) == (want.shape, want.dtype)
    np.testing.assert_array_equal(got.numpy(), want)
    np.testing.assert_array_equal(start.array, before)


@settings(max_examples=60)
@given(expressions())
def test_compiled_expression_is_eager(case: tuple[Callable[[AnyTensor], AnyTensor], Pair, Array]) -> None:
    function, start, want = case
    compiled = st.compile(function)
    for _ in range(2):
        got = compiled(start.tensor)
        assert got.shape == want.shape
        np.testing.assert_array_equal(got.numpy(), want)


@settings(max_examples=60)
@given(expressions())
def test_mapped_expression_is_a_loop(case: tuple[Callable[[AnyTensor], AnyTensor], Pair, Array]) -> None:
    function, start, want = case
    examples = [start.tensor, start.tensor + start.tensor, -start.tensor]
    mapped = st.vmap(function)(st.stack(examples))
    assert mapped.shape == (3, *want.shape)
    for got, example in zip(mapped.unstack(), examples, strict=True):
        np.testing.assert_array_equal(got.numpy(), function(example).numpy())


OPERATORS: dict[str, tuple[Callable[[Any, Any], AnyTensor], Callable[[Any, Any], Array]]] = {
    "add": (lambda x, y: x + y, np.add),
    "mul": (lambda x, y: x * y, np.multiply),
    "maximum": (st.maximum, np.maximum),
    "less": (lambda x, y: x < y, np.less),
    "equal": (lambda x, y: x == y, np.equal),
}


@pytest.mark.parametrize("name", OPERATORS)
@settings(max_examples=40)
@given(pairs=broadcastable_tensors())
def test_operands_of_any_layout_and_dtype(name: str, pairs: list[Pair]) -> None:
    ours, numpys = OPERATORS[name]
    (x, a), (y, b) = pairs
    got = ours(x, y)
    want = numpys(a, b)
    assert got.shape == want.shape
    np.testing.assert_array_equal(got.numpy(), want.astype(got.dtype.storage))


@settings(max_examples=40)
@given(broadcastable_tensors(count=3, of=(F32, F64, I32, I64, U8)))
def test_where_of_any_layout_and_dtype(pairs: list[Pair]) -> None:
    (c, a), (x, b), (y, d) = pairs
    got = st.where(c > 1, x, y)
    np.testing.assert_array_equal(got.numpy(), np.where(a > 1, b, d).astype(got.dtype.storage))


@settings(max_examples=60)
@given(hst.data())
def test_reductions_of_any_layout(data: hst.DataObject) -> None:
    pair = data.draw(tensors())
    axes = tuple(a for a in range(pair.array.ndim) if data.draw(hst.booleans()))
    kind = pair.array.dtype if pair.array.dtype.kind == "f" else np.int64
    want = pair.array.sum(axis=axes, dtype=kind)
    np.testing.assert_array_equal(pair.tensor.sum(axis=axes).numpy(), want)
    if all(pair.array.shape[a] for a in axes):
        np.testing.assert_array_equal(pair.tensor.max(axis=axes).numpy(), pair.array.max(axis=axes))
    for axis in range(pair.array.ndim):
        if pair.array.shape[axis]:
            got = pair.tensor.argmax(axis=axis)
            np.testing.assert_array_equal(got.numpy(), pair.array.argmax(axis))
            order = st.argsort(pair.tensor, axis=axis)
            np.testing.assert_array_equal(order.numpy(), pair.array.argsort(axis, kind="stable"))


@settings(max_examples=60)
@given(hst.data())
def test_matmul_of_any_layout(data: hst.DataObject) -> None:
    lead = data.draw(shapes(most_axes=2))
    m, k, n = (data.draw(hst.integers(0, 9)) for _ in range(3))
    dtype = data.draw(hst.sampled_from((F32, F64, I32, I64)))
    x = data.draw(tensors((*lead, m, k), dtype))
    w = data.draw(tensors((k, n) if data.draw(hst.booleans()) else (*lead, k, n), dtype))
    np.testing.assert_array_equal((x.tensor @ w.tensor).numpy(), x.array @ w.array)


@settings(max_examples=60)
@given(hst.data())
def test_gathering_from_any_layout(data: hst.DataObject) -> None:
    x = data.draw(tensors(least=1))
    if x.array.ndim:
        axis = data.draw(hst.integers(0, x.array.ndim - 1))
        n = x.array.shape[axis]
        indices = data.draw(hst.lists(hst.integers(-n, n - 1), max_size=5))
        where = np.array(indices, np.int64)
        got = x.tensor.take(st.from_numpy(where), axis=axis)
        np.testing.assert_array_equal(got.numpy(), np.take(x.array, where, axis))
        if x.tensor.dtype is not Bool:
            back = st.scatter_add(got, st.from_numpy(where), axis=axis, size=n)
            counts = np.bincount(where % n, minlength=n).reshape((-1,) + (1,) * (x.array.ndim - axis - 1))
            np.testing.assert_array_equal(back.numpy(), (x.array * counts).astype(x.array.dtype))
