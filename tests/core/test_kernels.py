"""Kernels on drawn shapes, layouts and elements against NumPy in float64, with guards around everything they write.

`just kernels-checked` runs this file with Numba's bounds checking, which takes a cache of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as hst
from numba import config
from numpy.typing import NDArray
from scipy import special

import shapetensor as st
from shapetensor._core.apply import infer
from shapetensor._core.dtypes import F32, F64, AnyDType
from shapetensor._core.kernels import cache, threads
from shapetensor._core.op import OPS
from shapetensor.tensor import AnyTensor
from tests.ops.reference import run_guarded

Array = NDArray[Any]
# single, prime, powers of two and their neighbours, and more than the blocks that kernels work on
SIZES = (0, 1, 2, 3, 7, 13, 31, 64, 65, 127, 257, 509, 1021, 4099)
MOST = 120_000  # elements: above what threads share, and little enough to be quick
KINDS = ("normal", "wide", "special", "denormal")
_SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0)


def elements(rng: np.random.Generator, shape: tuple[int, ...], kind: str, dtype: AnyDType) -> Array:
    x = rng.standard_normal(shape)
    if kind == "wide":
        x *= 10.0 ** rng.integers(-3, 4, shape)
    if kind == "special":
        some = rng.random(shape) < 0.02
        x = np.where(some, rng.choice(_SPECIAL, shape), x)
    if kind == "denormal":
        x *= np.finfo(dtype.storage).smallest_normal
    return np.asarray(x, dtype.storage)


def laid_out(rng: np.random.Generator, array: Array, layout: str) -> Array:
    """The same elements: in C order, off the alignment, in another order of axes, with gaps, stretched."""
    if layout == "misaligned":
        memory = np.empty(array.size + 3, array.dtype)
        inside = memory[3:].reshape(array.shape)
        inside[...] = array
        return inside
    if layout == "permuted":
        order = rng.permutation(array.ndim)
        return np.asarray(np.array(array.transpose(order), order="C").transpose(np.argsort(order)))
    if layout == "gaps" and array.ndim:
        gaps = min(array.ndim, 2)  # of the last axes
        memory = np.full((*array.shape[:-gaps], *(2 * n + 1 for n in array.shape[-gaps:])), np.nan, array.dtype)
        inside = memory[..., 1::2] if gaps == 1 else memory[..., 1::2, 1::2]
        inside[...] = array
        return inside
    if layout == "stretched" and array.ndim and array.shape[0]:
        return np.broadcast_to(array[:1].copy(), array.shape)
    return array


@hst.composite
def operands(draw: hst.DrawFn, least_axes: int = 0, least: int = 0) -> tuple[AnyTensor, Array]:
    """A tensor on memory of some layout, and its elements in float64."""
    rng = np.random.default_rng(draw(hst.integers(0, 2**32 - 1)))
    dtype = draw(hst.sampled_from((F32, F64)))
    shape: list[int] = []
    for _ in range(draw(hst.integers(least_axes, 4))):
        left = MOST // int(np.prod([max(n, 1) for n in shape], dtype=np.int64))
        shape.append(draw(hst.sampled_from([n for n in SIZES if least <= n <= max(left, least)])))
    array = elements(rng, tuple(shape), draw(hst.sampled_from(KINDS)), dtype)
    layout = draw(hst.sampled_from(("c", "misaligned", "permuted", "gaps", "stretched")))
    array = laid_out(rng, array, layout)
    return st.from_numpy(array, copy=False), array.astype(np.float64)


def guarded(name: str, xs: tuple[AnyTensor, ...], **attributes: Any) -> list[Array]:
    """The outputs of an op in float64, after a look at what else was written."""
    op = OPS[name]
    call = infer(op, tuple(attributes[a] for a in op.attrs), *(x._spec for x in xs))
    first, clean = run_guarded(call, xs, 0xA5)
    again, still = run_guarded(call, xs, 0x3C)
    assert clean, (name, call)
    assert still, (name, call)
    assert first == again, (name, call)  # every element was written, and nothing read that was not
    specs = zip(first, call.outs, strict=True)
    return [np.frombuffer(b, s.dtype.storage).reshape(s.shape).astype(np.float64) for b, s in specs]


def close(got: Array, want: Array, scale: Array | float, units: float, dtype: AnyDType) -> None:
    """Equal up to so many units of rounding of `scale`; infinite and undefined elements are the same."""
    limit = np.finfo(dtype.storage)
    with np.errstate(all="ignore"):
        want = want.astype(dtype.storage).astype(np.float64)  # what overflows and what is too small to tell
        odd = ~np.isfinite(want) | ~np.isfinite(got)
        np.testing.assert_array_equal(got[odd], want[odd])
        error = np.abs(got - want)[~odd]
        allowed = units * float(limit.eps) * np.broadcast_to(scale, want.shape)[~odd] + float(limit.smallest_subnormal)
    assert (error <= allowed).all(), (error - allowed).max()


# --- elementwise ------------------------------------------------------------------------------------------------------

UNARY: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "erf": special.erf,
    "sigmoid": lambda x: np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x))),  # subnormal where SciPy's is 0
    "relu": lambda x: np.where(x <= 0, 0, x),
    "neg": np.negative,
    "abs": np.abs,
}


@pytest.mark.parametrize("name", UNARY)
@settings(max_examples=25)
@given(operand=operands())
def test_functions_of_one_element(name: str, operand: tuple[AnyTensor, Array]) -> None:
    x, array = operand
    with np.errstate(all="ignore"):
        want = UNARY[name](array)
    close(guarded(name, (x,))[0], want, np.abs(want), 3, x.dtype)


BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "relu_backward": lambda g, y: np.where(y > 0, g, 0),
    "tanh_backward": lambda g, y: g * (1 - y * y),
}


@pytest.mark.parametrize("name", BINARY)
@settings(max_examples=25)
@given(operand=operands(), data=hst.data())
def test_functions_of_two_elements(name: str, operand: tuple[AnyTensor, Array], data: hst.DataObject) -> None:
    x, array = operand
    axes = [data.draw(hst.booleans()) for _ in range(x.ndim)]
    index = tuple(slice(0, 1) if b and n else slice(None) for b, n in zip(axes, x.shape, strict=True))
    y, other = x[index], array[index]
    with np.errstate(all="ignore"):
        want = BINARY[name](array, other)
        scale = np.abs(want) + (np.abs(array) * (1 + other * other) if name == "tanh_backward" else 0)
    close(guarded(name, (x, y))[0], want, scale, 3, x.dtype)


# --- reductions -------------------------------------------------------------------------------------------------------


@settings(max_examples=80)
@given(operand=operands(), data=hst.data())
def test_sums(operand: tuple[AnyTensor, Array], data: hst.DataObject) -> None:
    """Within a few units of the sum of absolute values: what pairwise or compensated summation gives, at any length."""
    x, array = operand
    axes = tuple(a for a in range(x.ndim) if data.draw(hst.booleans()))
    with np.errstate(all="ignore"):
        want, scale = array.sum(axis=axes), np.abs(array).sum(axis=axes)
    close(guarded("sum", (x,), axes=axes, keepdims=False)[0], want, scale, 40, x.dtype)


def test_a_long_sum_is_as_exact_as_a_short_one() -> None:
    """Where each addition rounds the same way, plain summation is off by n units."""
    for shape, axis in (
        ((4_000_000,), 0),
        ((1_000_003,), 0),
        ((500_000, 4), 0),
        ((40_001, 50), 0),
        ((2, 200_003, 3), 1),
    ):
        x = st.full(shape, 0.1)
        sums = st.cumulative_sum(x, axis=axis).numpy().astype(np.float64).take(-1, axis)
        assert np.abs(sums / float(np.float32(0.1)) / shape[axis] - 1).max() < 1e-6, shape
        exact = float(np.float32(0.1)) * shape[axis]
        error = np.abs(x.sum(axis=axis).numpy().astype(np.float64) / exact - 1).max()
        assert error < 1e-6, (shape, error)


@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin"])
@settings(max_examples=40)
@given(operand=operands(least_axes=1, least=1), data=hst.data())
def test_extremes(name: str, operand: tuple[AnyTensor, Array], data: hst.DataObject) -> None:
    x, array = operand
    axis = data.draw(hst.integers(0, x.ndim - 1))
    got = guarded(name, (x,), axes=(axis,), keepdims=False)[0]
    np.testing.assert_array_equal(got, getattr(array, name)(axis=axis))


@settings(max_examples=60)
@given(operand=operands(least_axes=1, least=1), data=hst.data())
def test_variances_and_logsumexp(operand: tuple[AnyTensor, Array], data: hst.DataObject) -> None:
    x, array = operand
    axes = tuple(a for a in range(x.ndim) if data.draw(hst.booleans())) or (0,)
    with np.errstate(all="ignore"):
        centred = array - array.mean(axis=axes, keepdims=True)
        size = np.prod([x.shape[a] for a in axes])
        spread = np.abs(array).max(axis=axes)
        got = guarded("var", (x,), axes=axes, keepdims=False, correction=0)[0]
        close(got, (centred**2).sum(axis=axes) / size, (centred**2).mean(axis=axes) + spread**2 * 1e-3, 60, x.dtype)
        want = special.logsumexp(array, axis=axes)
        got = guarded("logsumexp", (x,), axes=axes, keepdims=False)[0]
        close(got, want, 1 + np.abs(want), 12, x.dtype)


@settings(max_examples=40)
@given(operand=operands(least_axes=1), data=hst.data())
def test_cumulative_sums(operand: tuple[AnyTensor, Array], data: hst.DataObject) -> None:
    x, array = operand
    axis = data.draw(hst.integers(0, x.ndim - 1))
    with np.errstate(all="ignore"):
        want = array.astype(np.longdouble).cumsum(axis).astype(np.float64)
        scale = np.abs(array).cumsum(axis)
    close(guarded("cumulative_sum", (x,), axis=axis)[0], want, scale, 40, x.dtype)


@pytest.mark.parametrize("shape", [(400,), (400, 2)])
def test_cumulative_sums_stay_infinite(shape: tuple[int, ...]) -> None:
    x = np.full(shape, 3e36, np.float32)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(st.cumulative_sum(st.from_numpy(x), axis=0).numpy(), x.cumsum(0), 1e-5)


# --- rows -------------------------------------------------------------------------------------------------------------


def _softmax(x: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True))


@settings(max_examples=60)
@given(operand=operands(least_axes=1, least=1))
def test_softmax_and_its_kin(operand: tuple[AnyTensor, Array]) -> None:
    x, array = operand
    last = x.ndim - 1
    with np.errstate(all="ignore"):
        p = _softmax(array)
        close(guarded("softmax", (x,), axis=last)[0], p, np.maximum(p, 1e-3), 60, x.dtype)
        logs = array - array.max(-1, keepdims=True)
        logs = logs - np.log(np.exp(logs).sum(-1, keepdims=True))
        scale = 1 + np.abs(array) + np.abs(logs)
        close(guarded("log_softmax", (x,), axis=last)[0], logs, scale, 12, x.dtype)


@settings(max_examples=40)
@given(operand=operands(least_axes=1, least=1), data=hst.data())
def test_cross_entropy_rows(operand: tuple[AnyTensor, Array], data: hst.DataObject) -> None:
    x, array = operand
    rng = np.random.default_rng(data.draw(hst.integers(0, 1000)))
    labels = rng.integers(0, x.shape[-1], x.shape[:-1])
    loss, p = guarded("cross_entropy", (x, st.from_numpy(np.asarray(labels))))
    with np.errstate(all="ignore"):
        want = _softmax(array)
        picked = np.take_along_axis(array, labels[..., None], -1)[..., 0]
        losses = special.logsumexp(array, axis=-1) - picked
        losses = np.where(np.isposinf(array).any(-1), np.nan, losses)  # inf - inf, as probabilities are
        close(p, want, np.maximum(want, 1e-3), 60, x.dtype)
        close(loss, losses, 1 + np.abs(array).max(-1), 20, x.dtype)
    weights = st.from_numpy(rng.standard_normal(labels.shape).astype(x.dtype.storage))
    gradient = guarded(
        "cross_entropy_backward", (weights, st.from_numpy(p.astype(x.dtype.storage)), st.from_numpy(labels))
    )
    want = weights.numpy()[..., None] * (p - (np.arange(x.shape[-1]) == labels[..., None]))
    close(gradient[0], want, np.abs(weights.numpy()[..., None]) * (1 + p), 4, x.dtype)


@settings(max_examples=40)
@given(operand=operands(least_axes=1, least=2), data=hst.data())
def test_layer_norm_rows(operand: tuple[AnyTensor, Array], data: hst.DataObject) -> None:
    x, array = operand
    count = data.draw(hst.integers(1, x.ndim))
    axes = tuple(range(x.ndim - count, x.ndim))
    with np.errstate(all="ignore"):
        centred = array - array.mean(axes, keepdims=True)
        r = 1 / np.sqrt((centred**2).mean(axes, keepdims=True) + 1e-5)
        scale = 1 + r * np.abs(array).max(axes, keepdims=True)
        close(guarded("standardize", (x,), count=count, eps=1e-5)[0], centred * r, scale, 100, x.dtype)


def test_a_label_out_of_range_is_found_in_any_row_and_nothing_written_outside() -> None:
    rows = threads.WORTHWHILE // 8
    x = st.zeros((rows, 16))
    for row in (0, 1, rows // 2, rows - 1):
        labels = np.zeros(rows, np.int64)
        labels[row:] = 16
        with pytest.raises(IndexError, match=f"label 16 of row {row} "):
            st.losses.cross_entropy(x, st.from_numpy(labels))


_BEYOND = """
{kernel}
def beyond(x, out):
    for i in range(x.size + np.uint64(1)):
        out[np.uint64(0)] = x[np.uint64(i)]
"""


@pytest.mark.skipif(not config.BOUNDSCHECK, reason="just kernels-checked")
def test_bounds_are_checked() -> None:
    """What this file shows with NUMBA_BOUNDSCHECK: no kernel does what raises here."""
    with pytest.raises(IndexError, match="out of bounds"):
        cache.load("beyond", _BEYOND).beyond(np.zeros(3), np.zeros(1))
