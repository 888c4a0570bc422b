"""The free functions: each passes its arguments on as NumPy's of the same name does, and refuses the same mistakes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special

import shapetensor as st

RNG = np.random.default_rng(0)
A = RNG.normal(size=(2, 3, 4))
B = RNG.normal(size=(2, 3, 4)).round(1)
ROUNDED = A.round(1)  # so that some elements of it and of B are equal
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, 1.0])
PLACES = RNG.integers(-3, 3, size=(2, 5, 4))


def softmax(x: Any, axis: int = -1) -> Any:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def scatter_add(updates: Any, indices: Any, axis: int, size: int) -> Any:
    """The definition: one slice after the other."""
    moved = np.moveaxis(updates, axis, 0)
    out = np.zeros((size, *moved.shape[1:]))
    np.add.at(out, indices, moved)
    return np.moveaxis(out, 0, axis)


def scatter_add_along_axis(updates: Any, indices: Any, axis: int, size: int) -> Any:
    out = np.zeros((*updates.shape[:axis], size, *updates.shape[axis + 1 :]))
    grid = list(np.indices(updates.shape))
    grid[axis] = indices
    np.add.at(out, tuple(grid), updates)
    return out


# Our call, and the same in NumPy, on the same arrays.
CASES: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]] = {
    "add": (st.add, np.add, (A, B)),
    "subtract": (st.subtract, np.subtract, (A, B)),
    "multiply": (st.multiply, np.multiply, (A, B)),
    "divide": (st.divide, np.divide, (A, B + 10)),
    "negative": (st.negative, np.negative, (A,)),
    "exp": (st.exp, np.exp, (A,)),
    "log": (st.log, np.log, (A * A,)),
    "sqrt": (st.sqrt, np.sqrt, (A * A,)),
    "tanh": (st.tanh, np.tanh, (A,)),
    "relu": (st.relu, lambda x: np.maximum(x, 0), (A,)),
    "maximum": (st.maximum, np.maximum, (A, B)),
    "where": (st.where, np.where, (A > 0, A, B)),
    "equal": (st.equal, np.equal, (ROUNDED, B)),
    "not_equal": (st.not_equal, np.not_equal, (ROUNDED, B)),
    "less": (st.less, np.less, (ROUNDED, B)),
    "less_equal": (st.less_equal, np.less_equal, (ROUNDED, B)),
    "greater": (st.greater, np.greater, (ROUNDED, B)),
    "greater_equal": (st.greater_equal, np.greater_equal, (ROUNDED, B)),
    "astype": (lambda x: st.astype(x, "int32"), lambda x: x.astype("int32"), (A * 10,)),
    "sum": (lambda x: st.sum(x, axis=(0, 2), keepdims=True), lambda x: np.sum(x, (0, 2), keepdims=True), (A,)),
    "sum of all": (st.sum, np.sum, (A,)),
    "max": (lambda x: st.max(x, axis=1, keepdims=True), lambda x: np.max(x, 1, keepdims=True), (A,)),
    "argmax": (lambda x: st.argmax(x, axis=1, keepdims=True), lambda x: np.argmax(x, 1, keepdims=True), (A,)),
    "argmax of all": (st.argmax, np.argmax, (A,)),
    "mean": (lambda x: st.mean(x, axis=-1, keepdims=True), lambda x: np.mean(x, -1, keepdims=True), (A,)),
    "var": (lambda x: st.var(x, axis=0, correction=1), lambda x: np.var(x, 0, ddof=1), (A,)),
    "var of all": (lambda x: st.var(x, keepdims=True), lambda x: np.var(x, keepdims=True), (A,)),
    "reshape": (lambda x: st.reshape(x, (4, -1)), lambda x: np.reshape(x, (4, -1)), (A,)),
    "expand_dims": (lambda x: st.expand_dims(x, -2), lambda x: np.expand_dims(x, -2), (A,)),
    "expand_dims in front": (st.expand_dims, lambda x: np.expand_dims(x, 0), (A,)),
    "squeeze": (lambda x: st.squeeze(x, (0, -1)), lambda x: np.squeeze(x, (0, -1)), (A[:1, :, :1],)),
    "broadcast_to": (lambda x: st.broadcast_to(x, (5, 3, 4)), lambda x: np.broadcast_to(x, (5, 3, 4)), (A[:1],)),
    "permute_dims": (lambda x: st.permute_dims(x, (2, 0, -2)), lambda x: np.transpose(x, (2, 0, 1)), (A,)),
    "matrix_transpose": (st.matrix_transpose, np.matrix_transpose, (A,)),
    "concat": (lambda *x: st.concat(x, axis=-2), lambda *x: np.concatenate(x, -2), (A, B, A[:, :1])),
    "concat in front": (lambda *x: st.concat(x), lambda *x: np.concatenate(x), (A, B[:1])),
    "concat flattened": (lambda *x: st.concat(x, axis=None), lambda *x: np.concatenate(x, None), (A, B[0])),
    "stack": (lambda *x: st.stack(x, axis=-1), lambda *x: np.stack(x, -1), (A, B)),
    "stack in front": (lambda *x: st.stack(x), lambda *x: np.stack(x), (A, B)),
    "unstack": (lambda x: st.unstack(x, axis=1)[2], lambda x: x[:, 2], (A,)),
    "matmul": (st.matmul, np.matmul, (A, np.swapaxes(B, 1, 2))),
    "take": (lambda x, i: st.take(x, i, axis=1), lambda x, i: np.take(x, i, 1), (A, PLACES[0])),
    "take of one axis": (st.take, np.take, (A[0, 0], PLACES)),
    "take_along_axis": (
        lambda x, i: st.take_along_axis(x, i, axis=1),
        lambda x, i: np.take_along_axis(x, i, 1),
        (A, PLACES),
    ),
    "take_along_axis at the end": (
        st.take_along_axis,
        lambda x, i: np.take_along_axis(x, i, -1),
        (A[:, :2], PLACES[:, :2]),
    ),
    "scatter_add": (
        lambda x, i: st.scatter_add(x, i, axis=-2, size=6),
        lambda x, i: scatter_add(x, i, 1, 6),
        (A, PLACES[0, :3, 0]),
    ),
    "scatter_add_along_axis": (
        lambda x, i: st.scatter_add_along_axis(x, i, axis=1, size=6),
        lambda x, i: scatter_add_along_axis(x, i, 1, 6),
        (A, PLACES[:, :3]),
    ),
    "scatter_add_along_axis at the end": (
        lambda x, i: st.scatter_add_along_axis(x, i, size=6),
        lambda x, i: scatter_add_along_axis(x, i, 2, 6),
        (A, PLACES[:, :3]),
    ),
    "softmax": (lambda x: st.softmax(x, axis=1), lambda x: softmax(x, 1), (A,)),
    "softmax at the end": (st.softmax, softmax, (A,)),
    "log_softmax": (lambda x: st.log_softmax(x, axis=0), lambda x: np.log(softmax(x, 0)), (A,)),
    "log_softmax at the end": (st.log_softmax, lambda x: np.log(softmax(x)), (A,)),
    "sort": (lambda x: st.sort(x, axis=1), lambda x: np.sort(x, 1), (A,)),
    "sort at the end": (st.sort, np.sort, (A,)),
    "argsort": (lambda x: st.argsort(x, axis=0), lambda x: np.argsort(x, 0), (A,)),
    "argsort at the end": (st.argsort, np.argsort, (A,)),
    "minimum": (st.minimum, np.minimum, (A, B)),
    "pow": (st.pow, np.power, (A * A, B)),
    "pow of squares": (lambda x: st.pow(x, 2), np.square, (A,)),
    "pow of roots": (lambda x: st.pow(x, 0.5), np.sqrt, (A * A,)),
    "floor_divide": (st.floor_divide, np.floor_divide, (A, B)),
    "remainder": (st.remainder, np.remainder, (A, B)),
    "clip": (lambda x: st.clip(x, -0.5, 0.7), lambda x: np.clip(x, -0.5, 0.7), (A,)),
    "clip from below": (lambda x: st.clip(x, min=-0.5), lambda x: np.clip(x, -0.5, None), (A,)),
    "clip from above": (lambda x: st.clip(x, max=0.7), lambda x: np.clip(x, None, 0.7), (A,)),
    "clip of nothing": (st.clip, lambda x: x, (A,)),
    "clip by tensors": (st.clip, lambda x, a, b: np.minimum(np.maximum(x, a), b), (A, B, ROUNDED)),
    "clip of integers": (lambda i: st.clip(i, max=1), lambda i: np.minimum(i, 1), (PLACES,)),
    "clip of integers from below": (lambda i: st.clip(i, 0), lambda i: np.maximum(i, 0), (PLACES,)),
    "clip of integers on both sides": (lambda i: st.clip(i, -1, 1), lambda i: np.clip(i, -1, 1), (PLACES,)),
    "logical_and": (st.logical_and, np.logical_and, (A > 0, B > 0)),
    "logical_or": (st.logical_or, np.logical_or, (A > 0, B > 0)),
    "logical_xor": (st.logical_xor, np.logical_xor, (A > 0, B > 0)),
    "logical_not": (st.logical_not, np.logical_not, (A > 0,)),
    "abs": (st.abs, np.abs, (A,)),
    "sign": (st.sign, np.sign, (ROUNDED,)),
    "floor": (st.floor, np.floor, (A,)),
    "floor of integers": (st.floor, lambda i: i, (PLACES,)),
    "ceil": (st.ceil, np.ceil, (A,)),
    "ceil of integers": (st.ceil, lambda i: i, (PLACES,)),
    "round": (st.round, np.round, (A * 3,)),
    "round of integers": (st.round, lambda i: i, (PLACES,)),
    "isnan": (st.isnan, np.isnan, (SPECIAL,)),
    "isinf": (st.isinf, np.isinf, (SPECIAL,)),
    "isinf of integers": (st.isinf, np.isinf, (PLACES,)),
    "isfinite": (st.isfinite, np.isfinite, (SPECIAL,)),
    "isfinite of integers": (st.isfinite, np.isfinite, (PLACES,)),
    "square": (st.square, np.square, (A,)),
    "rsqrt": (st.rsqrt, lambda x: 1 / np.sqrt(x), (A * A,)),
    "sin": (st.sin, np.sin, (A,)),
    "cos": (st.cos, np.cos, (A,)),
    "log2": (st.log2, np.log2, (A * A,)),
    "log1p": (st.log1p, np.log1p, (A * A,)),
    "expm1": (st.expm1, np.expm1, (A,)),
    "erf": (st.erf, special.erf, (A,)),
    "sigmoid": (st.sigmoid, special.expit, (A * 100,)),
    "silu": (st.silu, lambda x: x * special.expit(x), (A,)),
    "gelu": (st.gelu, lambda x: x * special.ndtr(x), (A,)),
    "min": (lambda x: st.min(x, axis=1, keepdims=True), lambda x: np.min(x, 1, keepdims=True), (A,)),
    "argmin": (lambda x: st.argmin(x, axis=1, keepdims=True), lambda x: np.argmin(x, 1, keepdims=True), (A,)),
    "argmin of all": (lambda x: st.argmin(x, keepdims=True), lambda x: np.argmin(x, keepdims=True), (A,)),
    "prod": (lambda x: st.prod(x, axis=(0, 2)), lambda x: np.prod(x, (0, 2)), (A,)),
    "any": (lambda x: st.any(x, axis=1), lambda x: np.any(x, 1), (ROUNDED > 1,)),
    "all": (lambda x: st.all(x, axis=1, keepdims=True), lambda x: np.all(x, 1, keepdims=True), (ROUNDED > -1,)),
    "std": (lambda x: st.std(x, axis=0, correction=1), lambda x: np.std(x, 0, ddof=1), (A,)),
    "logsumexp": (lambda x: st.logsumexp(x, axis=1), lambda x: special.logsumexp(x, 1), (A * 500,)),
    "cumulative_sum": (lambda x: st.cumulative_sum(x, axis=-2), lambda x: np.cumsum(x, -2), (A,)),
    "cumulative_sum of one axis": (st.cumulative_sum, np.cumsum, (A[0, 0],)),
    "split": (lambda x: st.split(x, 2, axis=-1)[1], lambda x: np.split(x, 2, -1)[1], (A,)),
    "split at places": (lambda x: st.split(x, [1, 1, 3], axis=2)[2], lambda x: np.split(x, [1, 1, 3], 2)[2], (A,)),
    "pad": (lambda x: st.pad(x, 2), lambda x: np.pad(x, 2), (A,)),
    "pad with a value": (
        lambda x: st.pad(x, ((1, 0), (0, 2), (0, 0)), value=2.5),
        lambda x: np.pad(x, ((1, 0), (0, 2), (0, 0)), constant_values=2.5),
        (A,),
    ),
    "pad before and behind": (lambda x: st.pad(x, (0, 1)), lambda x: np.pad(x, (0, 1)), (A,)),
    "flip": (lambda x: st.flip(x, axis=(0, -1)), lambda x: np.flip(x, (0, -1)), (A,)),
    "flip of all": (st.flip, np.flip, (A,)),
    "roll": (lambda x: st.roll(x, -3, axis=1), lambda x: np.roll(x, -3, 1), (A,)),
    "roll of several": (lambda x: st.roll(x, (1, 2), axis=(0, -1)), lambda x: np.roll(x, (1, 2), (0, -1)), (A,)),
    "roll of all": (lambda x: st.roll(x, 7), lambda x: np.roll(x, 7), (A,)),
    "tile": (lambda x: st.tile(x, (2, 1, 3)), lambda x: np.tile(x, (2, 1, 3)), (A,)),
    "tile in front": (lambda x: st.tile(x, (2, 1, 1, 2)), lambda x: np.tile(x, (2, 1, 1, 2)), (A,)),
    "tile at the end": (lambda x: st.tile(x, 2), lambda x: np.tile(x, 2), (A,)),
    "repeat": (lambda x: st.repeat(x, 3, axis=1), lambda x: np.repeat(x, 3, 1), (A,)),
    "repeat of all": (lambda x: st.repeat(x, 2), lambda x: np.repeat(x, 2), (A,)),
    "moveaxis": (lambda x: st.moveaxis(x, (0, 2), (-1, 0)), lambda x: np.moveaxis(x, (0, 2), (-1, 0)), (A,)),
    "one_hot": (lambda i: st.one_hot(i, 3, dtype=st.F64), lambda i: np.eye(3)[i], (PLACES,)),
    "outer": (st.outer, np.outer, (A[0, 0], B[1, 1])),
    "tensordot": (lambda x, y: st.tensordot(x, y, axes=1), lambda x, y: np.tensordot(x, y, 1), (A, B[0].T)),
    "tensordot of pairs": (
        lambda x, y: st.tensordot(x, y, axes=((0, -1), (0, 2))),
        lambda x, y: np.tensordot(x, y, ((0, 2), (0, 2))),
        (A, B),
    ),
    "tensordot of two": (st.tensordot, np.tensordot, (A, np.moveaxis(B, 0, -1))),
    "matmul with a vector": (st.matmul, np.matmul, (A, B[0, 0])),
    "matmul of a vector": (st.matmul, np.matmul, (A[0, :, 0], B)),
    "linear": (st.linear, lambda x, w, b: x @ w.T + b, (A, B[0], B[1, :, 0])),
    "linear of a vector": (st.linear, lambda x, w, b: w @ x + b, (A[0, 0], B[0], B[1, :, 0])),
    "linear without bias": (st.linear, lambda x, w: x @ w.T, (A, B[0])),
    "linear of a vector without bias": (st.linear, lambda x, w: w @ x, (A[0, 0], B[0])),
    "matmul of vectors": (st.matmul, np.matmul, (A[0, 0], B[0, 0])),
}
FUNCTIONS = {
    name
    for name, home in st._HOMES.items()
    if home.startswith("functions.") and not home.endswith(("creation", "device"))
}


@pytest.mark.parametrize("name", CASES)
def test_as_numpy(name: str) -> None:
    ours, theirs, arrays = CASES[name]
    found = ours(*(st.from_numpy(np.ascontiguousarray(x)) for x in arrays)).numpy()
    expected = np.asarray(theirs(*arrays))
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_every_function_has_a_case() -> None:
    assert {name.partition(" ")[0] for name in CASES} == FUNCTIONS


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@pytest.mark.parametrize("wrong", [np.ones((2, 2)), [1.0, 2.0], None])
def test_operands_are_tensors(name: str, wrong: Any) -> None:
    """Even where a NumPy array has a method of that name."""
    required = [
        p.name
        for p in inspect.signature(getattr(st, name)).parameters.values()
        if p.default is p.empty and p.kind is not p.KEYWORD_ONLY
    ]
    others: dict[str, Any] = {
        "x2": st.ones((2, 2)),
        "dtype": "float32",
        "shape": (4,),
        "axis": 0,
        "axes": (1, 0),
        "indices": st.tensor([[0, 1], [1, 0]]),
        "num_classes": 3,
        "sections": 1,
        "pad_width": 1,
        "shift": 1,
        "repetitions": 2,
        "repeats": 2,
        "source": 0,
        "destination": 1,
    }
    arguments = [[wrong] if first == "arrays" else wrong for first in required[:1]] + [
        others.get(p, st.ones((2, 2))) for p in required[1:]
    ]
    keywords = {"axis": 0, "size": 2} if name.startswith("scatter") else {}
    kind = {list: "list", type(None): "NoneType"}.get(type(wrong), "numpy.ndarray")
    with pytest.raises(st.DTypeError, match=re.escape(f": {kind} is not a Tensor: convert it with st.tensor(...)")):
        getattr(st, name)(*arguments, **keywords)


@pytest.mark.parametrize("others", [(np.ones((4, 3)),), (np.ones((4, 3)), st.ones(4)), (st.ones((4, 3)), np.ones(4))])
def test_the_other_operands_of_linear_are_tensors(others: tuple[Any, ...]) -> None:
    with pytest.raises(st.DTypeError, match=r"^linear: numpy\.ndarray is not a Tensor: convert it with "):
        st.linear(st.ones((2, 3)), *others)


def test_linear_without_bias_refuses_dtypes_in_its_own_name() -> None:
    with pytest.raises(st.DTypeError, match=r"^linear: F16 is for storage only"):
        st.linear(st.ones((2, 3)), st.ones((4, 3), dtype=st.F16))
    with pytest.raises(st.DTypeError, match=r"^linear: Bool has no products to sum"):
        st.linear(st.ones((2, 3), dtype=st.Bool), st.ones((4, 3), dtype=st.Bool))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: st.concat([]), "concat: there is nothing to put together: it needs at least one tensor"),
        (lambda: st.stack([]), "stack: there is nothing to put together: it needs at least one tensor"),
        (
            lambda: st.stack([st.ones(2), st.ones(3)]),
            "stack: operand 1 has shape (3,), operand 0 (2,): they must be one shape",
        ),
        (
            lambda: st.concat([st.ones(2)], axis=1),
            "concat: axis 1 is out of range for rank 1 (valid: -1..0); the shape is (2,)",
        ),
        (lambda: st.take(st.ones((2, 3)), st.tensor([0])), "take: (2, 3) has 2 axes: say which with axis="),
        (
            lambda: st.scatter_add(st.ones(2), st.tensor([[0, 1]]), axis=0, size=2),
            "scatter_add: indices (1, 2) have more axes than the updates (2,)",
        ),
        (
            lambda: st.scatter_add(st.ones(2), st.tensor([0, 1]), axis=0, size=-1),
            "scatter_add: size -1 is negative",
        ),
        (
            lambda: st.scatter_add_along_axis(st.ones(2), st.tensor([0, 1]), size=-2),
            "scatter_add_along_axis: size -2 is negative",
        ),
        (
            lambda: st.split(st.ones((4, 3)), 2, axis=1),
            "split: axis 1 of (4, 3) has size 3, which 2 equal parts do not make: "
            "say where to cut, as in st.split(x, [1, 3])",
        ),
        (
            lambda: st.split(st.ones(4), 0),
            "split: axis 0 of (4,) has size 4, which 0 equal parts do not make: "
            "say where to cut, as in st.split(x, [1, 3])",
        ),
        (
            lambda: st.pad(st.ones((2, 3)), ((1, 1),)),
            "pad: pad_width ((1, 1),) does not say how many to put before and behind each axis of (2, 3): use an int, "
            "(before, after), or such a pair for each axis, none negative",
        ),
        (
            lambda: st.pad(st.ones(2), -1),
            "pad: pad_width -1 does not say how many to put before and behind each axis of (2,): use an int, "
            "(before, after), or such a pair for each axis, none negative",
        ),
        (lambda: st.tile(st.ones(2), -1), "tile: (-1,) has a negative number of repetitions; the shape is (2,)"),
        (
            lambda: st.repeat(st.ones(2), (1, 2)),  # type: ignore[arg-type]
            "repeat: (1, 2) is no number of repetitions: it is one int, not negative",
        ),
        (
            lambda: st.roll(st.ones((2, 3)), (1, 2), axis=0),
            "roll: (1, 2) and 0 are not as many shifts as axes; the shape is (2, 3)",
        ),
        (
            lambda: st.moveaxis(st.ones((2, 3)), (0, 1), 0),
            "moveaxis: (0, 1) and 0 are not as many axes; the shape is (2, 3)",
        ),
        (lambda: st.one_hot(st.tensor([0]), -1), "one_hot: size -1 is negative"),
        (
            lambda: st.outer(st.ones((2, 2)), st.ones(2)),
            "outer: (2, 2) and (2,) are not both vectors: write x.reshape(-1) first",
        ),
        (
            lambda: st.tensordot(st.ones((2, 3)), st.ones((2, 3)), axes=1),
            "tensordot: axis 1 of (2, 3) and axis 0 of (2, 3) differ: 3 != 2",
        ),
        (
            lambda: st.tensordot(st.ones((2, 3)), st.ones(3)),
            "tensordot: (2, 3) and (3,) do not both have 2 axes to sum over",
        ),
        (
            lambda: st.tensordot(st.ones((2, 3)), st.ones((2, 3)), axes=((0, 1), (0,))),
            "tensordot: axes (0, 1) of (2, 3) and (0,) of (2, 3) are not as many",
        ),
        (
            lambda: st.cumulative_sum(st.ones((2, 3))),
            "cumulative_sum: (2, 3) has 2 axes: say which with axis=",
        ),
        (
            lambda: st.matmul(st.ones(3), st.ones((4, 2))),
            "matmul: (3,) @ (4, 2): inner dimensions differ: 3 != 4",
        ),
        (
            lambda: st.matmul(st.ones(()), st.ones(3)),
            "matmul: () @ (3,): a scalar has no axes to multiply along: use x * w",
        ),
        (
            lambda: st.linear(st.ones((5, 3)), st.ones((3, 2)), st.ones(2)),
            "linear: the last axes of x (5, 3) and weight (3, 2) differ: 3 != 2; "
            "did you mean `weight.mT` with shape (2, 3)?",
        ),
        (
            lambda: st.linear(st.ones((5, 1, 3)), st.ones((2, 4))),
            "linear: the last axes of x (5, 1, 3) and weight (2, 4) differ: 3 != 4",
        ),
        (
            lambda: st.linear(st.ones(()), st.ones((2, 4))),
            "linear: x () and weight (2, 4) should be (..., in) and (out, in); use expand_dims or reshape",
        ),
        (
            lambda: st.linear(st.ones(3), st.ones((1, 2, 3))),
            "linear: x (3,) and weight (1, 2, 3) should be (..., in) and (out, in); use expand_dims or reshape",
        ),
        (
            lambda: st.linear(st.ones(3), st.ones((2, 3)), st.ones(1)),
            "linear: the first axes of weight (2, 3) and bias (1,) differ: 2 != 1",
        ),
        (lambda: st.tril(st.ones(3)), "tril: (3,) is no matrix: it has 1 axes, and needs 2 or more"),
        (lambda: st.eye(-1), "eye: (-1, -1) has a negative size"),
        (lambda: st.linspace(0, 1, -1), "linspace: the number of elements -1 is negative"),
        (
            lambda: st.ones((2, 3)).flatten(1, 0),
            "flatten: start_axis 1 is behind end_axis 0; the shape is (2, 3)",
        ),
        (
            lambda: st.sort(st.ones((2, 2)), axis=2),
            "sort: axis 2 is out of range for rank 2 (valid: -2..1); the shape is (2, 2)",
        ),
        (
            lambda: st.softmax(st.ones(())),
            "softmax: axis -1 is out of range for rank 0 (a scalar has no axes); the shape is ()",
        ),
    ],
)
def test_wrong_shapes(call: Callable[[], Any], text: str) -> None:
    with pytest.raises(st.ShapeError, match=f"^{re.escape(text)}$"):
        call()


def test_indices_out_of_range() -> None:
    far = st.tensor([0, 3])
    for call, name in (
        (lambda: st.take(st.ones(3), far), "take"),
        (lambda: st.take_along_axis(st.ones(3), far), "take_along_axis"),
        (lambda: st.scatter_add(st.ones(2), far, axis=0, size=3), "scatter_add"),
        (lambda: st.scatter_add_along_axis(st.ones(2), far, size=3), "scatter_add_along_axis"),
    ):
        with pytest.raises(IndexError, match=f"^{name}: index 3 is out of range for axis 0 of size 3$"):
            call()


def test_scatter_add_is_the_transpose_of_take() -> None:
    x, indices = st.from_numpy(A), st.from_numpy(PLACES[0])
    taken = st.take(x, indices, axis=1)
    u = st.random.normal(st.random.key(0), taken.shape, dtype=st.F64)
    back = st.scatter_add(u, indices, axis=1, size=3)
    np.testing.assert_allclose((taken * u).sum().item(), (x * back).sum().item())
    np.testing.assert_allclose(st.grad(lambda v: (st.take(v, indices, axis=1) * u).sum())(x).numpy(), back.numpy())


def test_python_numbers_as_operands() -> None:
    x = st.tensor([1.0, 3.0])
    assert st.subtract(2.0, x).tolist() == [1.0, -1.0]
    assert st.less(x, 2).tolist() == [True, False]
    assert st.maximum(2, x).tolist() == [2.0, 3.0]
    chosen = st.where(x > 2, 1, 0)
    assert (chosen.dtype, chosen.tolist()) == (st.I64, [0, 1])
    assert st.where(x > 2, 1.0, 0.0).dtype is st.F32


def test_arguments_have_the_array_apis_names() -> None:
    """Operands are positional only, options of reductions keyword only: their names are no promise, or a firm one."""
    for name in FUNCTIONS:
        kinds = {p.name: p.kind for p in inspect.signature(getattr(st, name)).parameters.values()}
        for operand in ("x", "x1", "x2", "condition", "arrays", "updates", "indices"):
            assert kinds.get(operand, inspect.Parameter.POSITIONAL_ONLY) is inspect.Parameter.POSITIONAL_ONLY
        for option in ("keepdims", "correction", "descending", "size"):
            assert kinds.get(option, inspect.Parameter.KEYWORD_ONLY) is inspect.Parameter.KEYWORD_ONLY
