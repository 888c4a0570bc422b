"""Samples of the reductions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import shapetensor as st
from shapetensor._core.dtypes import F32, F64, I32, I64, U8, AnyDType, Bool, Float
from shapetensor._core.errors import DTypeError, ShapeError
from tests.ops.sample import (
    COMPUTE,
    DISTINCT,
    EXTREME,
    LAYOUTS,
    POSITIVE,
    SMOOTH,
    SPECIAL,
    TIES,
    Ints,
    Operand,
    OpSamples,
    Sample,
    Wrong,
    WrongCall,
    refuses_storage,
)

Array = NDArray[Any]
DEEP = (2, 3, 2, 2, 3, 2)


def reduce_sum(x: Array, axes: Ints, keepdims: bool) -> Any:
    dtype = x.dtype if x.dtype.kind == "f" else np.int64
    return np.sum(x, axis=axes, keepdims=keepdims, dtype=dtype)


def reduce_max(x: Array, axes: Ints, keepdims: bool) -> Any:
    return np.max(x, axis=axes, keepdims=keepdims)


def reduce_min(x: Array, axes: Ints, keepdims: bool) -> Any:
    return np.min(x, axis=axes, keepdims=keepdims)


def reduce_argmin(x: Array, axes: Ints, keepdims: bool) -> Any:
    return np.argmin(x, axis=axes[0], keepdims=keepdims)


def reduce_prod(x: Array, axes: Ints, keepdims: bool) -> Any:
    return np.prod(x, axis=axes, keepdims=keepdims, dtype=x.dtype if x.dtype.kind == "f" else np.int64)


def reduce_any(x: Array, axes: Ints, keepdims: bool) -> Any:
    return np.any(x, axis=axes, keepdims=keepdims)


def reduce_all(x: Array, axes: Ints, keepdims: bool) -> Any:
    return np.all(x, axis=axes, keepdims=keepdims)


def reduce_logsumexp(x: Array, axes: Ints, keepdims: bool) -> Any:
    """The largest element apart; where it is infinite or NaN, it is the result."""
    wide = (x if x.dtype.kind == "f" else x.astype(np.float32)).astype(np.float64)
    top = np.max(wide, axis=axes, keepdims=True)
    total = np.exp(wide - np.where(np.isfinite(top), top, 0)).sum(axis=axes, keepdims=True)
    found = np.where(np.isfinite(top), top + np.log(total), top)
    return found if keepdims else found.reshape(np.max(wide, axis=axes).shape)


def cumulative_sum(x: Array, axis: int) -> Any:
    return np.cumsum(x, axis, dtype=x.dtype if x.dtype.kind == "f" else np.int64)


def reduce_argmax(x: Array, axes: Ints, keepdims: bool) -> Any:
    return np.argmax(x, axis=axes[0], keepdims=keepdims)


def _reduce(operand: Operand, axes: Ints, out: AnyDType, keepdims: bool = False) -> Sample:
    return Sample((operand,), {"axes": axes, "keepdims": keepdims}, out)


# Shapes and axes: first, middle, last, all, none, neighbours, axes with others between them, more than four runs
SEVERAL: tuple[tuple[Ints, Ints], ...] = (
    ((), ()),
    ((3, 4), ()),
    ((3, 4), (0, 1)),
    ((2, 3, 4), (0, 1)),
    ((2, 3, 4), (1, 2)),
    ((2, 3, 4), (0, 2)),
    ((2, 1, 4), (0, 2)),
    ((2, 3, 4, 2), (1, 3)),
    (DEEP, (0, 2, 4)),
    (DEEP, (1, 3, 5)),
    ((0, 3), (1,)),
    ((3, 0, 2), (0, 2)),
)
SINGLE: tuple[tuple[Ints, Ints], ...] = (
    ((1,), (0,)),
    ((5,), (0,)),
    ((17, 3), (0,)),
    ((3, 17), (1,)),
    ((2, 3, 4), (1,)),
    ((2, 1, 3, 1, 2, 2), (2,)),
    ((0, 3), (1,)),
    ((2600,), (0,)),
    ((2, 1100), (1,)),
)
# Above what threads are worth, cut in each way: rows longer than a block and not of whole vectors, several pieces of
# the reduced axis, wide rows; then narrow ones, which are taken several at a time
LARGE: tuple[tuple[Ints, Ints], ...] = (
    ((23, 4999), (1,)),
    ((2, 70_001), (1,)),
    ((40_001, 3), (0,)),
    ((70, 1501), (0,)),
    ((9, 1117, 11), (1,)),
    ((2, 6007, 11), (1,)),
    ((101, 1009), (0, 1)),
    ((37, 5, 61, 9), (0, 2)),
    ((37, 5, 61, 9), (1, 3)),
    ((1024, 3), (0,)),
    ((5, 4096, 4), (1,)),
)
EMPTY: tuple[tuple[Ints, Ints], ...] = (((0,), (0,)), ((0, 3), (0,)), ((3, 0), (1,)), ((3, 0, 2), (0, 1, 2)))


def _samples(out: Any, data: str, shapes: tuple[tuple[Ints, Ints], ...]) -> Iterator[Sample]:
    for i, (shape, axes) in enumerate(shapes):
        yield _reduce(Operand(shape, F64, data), axes, out(F64), i % 2 == 0)
        if len(shape) < 4:
            yield _reduce(Operand(shape, F64, data), axes, out(F64), i % 2 == 1)
    for i, layout in enumerate(LAYOUTS):
        kind = TIES if layout.startswith("stretched") else data
        for axes in ((0,), (1,), (2,)):
            yield _reduce(Operand((3, 2, 5), F64, kind, layout), axes, out(F64), i % 2 == 0)
    for deep in (DEEP, DEEP[1:]):
        yield _reduce(Operand(deep, F64, data, "stepped"), (2,), out(F64))
    for dtype in COMPUTE:
        yield _reduce(Operand((5, 6), dtype, TIES), (0,), out(dtype))
        yield _reduce(Operand((5, 6), dtype, TIES, "fortran"), (1,), out(dtype), True)
        yield _reduce(Operand((40,), dtype, data), (0,), out(dtype))
    for dtype in (I32, I64, U8):
        yield _reduce(Operand((5, 5), dtype, EXTREME), (1,), out(dtype))
    for dtype in (F32, F64):
        for axes in ((0,), (1,)):
            yield _reduce(Operand((11, 11), dtype, SPECIAL), axes, out(dtype))


def _large(out: Any, data: str, dtype: AnyDType = F64) -> Iterator[Sample]:
    """Not smooth: finite differences of so many elements would take long."""
    for i, (shape, axes) in enumerate(LARGE):
        yield _reduce(Operand(shape, dtype, data), axes, out(dtype), i % 2 == 1)
    yield _reduce(Operand((1117, 97), dtype, data, "fortran"), (1,), out(dtype))
    yield _reduce(Operand((53, 43, 47), dtype, data, "swapped"), (0, 1), out(dtype))
    yield _reduce(Operand((23, 4999), F32, POSITIVE), (1,), out(F32))
    yield _reduce(Operand((1009, 101), I32), (1,), out(I32))


def _sum_dtype(dtype: AnyDType) -> AnyDType:
    return dtype if issubclass(dtype, Float) else I64


def _float_dtype(dtype: AnyDType) -> AnyDType:
    return dtype if issubclass(dtype, Float) else F32


def _tied(rows: Any, axes: Ints, gradient: Any) -> Sample:
    operand = Operand(np.shape(rows), F64, values=rows)
    return Sample((operand,), {"axes": axes, "keepdims": False}, F64, gradients=(gradient,))


def _max_ties() -> Iterator[Sample]:
    """Equal maxima share a gradient evenly."""
    third = 1 / 3
    yield _tied(((1, 2, 2), (3, 3, 3), (3, 1, 2)), (1,), ((0, 0.5, 0.5), (third,) * 3, (1, 0, 0)))
    yield _tied(((1, 2), (2, 2)), (0, 1), ((0, third), (third, third)))


def _wrong(name: str, empty: bool, missing: str = "largest element", **more: Any) -> Iterator[Wrong | WrongCall]:
    yield from refuses_storage(name, lambda d: (((3,), d),), axes=(0,), keepdims=False, **more)
    attrs = {"axes": (0, 1), "keepdims": True}
    if empty:
        text = f"{name}: axis 1 of (3, 0) is empty: there is no {missing}"
        yield Wrong((((3, 0), F32),), ShapeError, text, attrs)
        text = f"{name}: axis 0 of (0,) is empty: there is no {missing}"
        yield Wrong((((0,), F32),), ShapeError, text, {"axes": (0,), "keepdims": False})
    x = st.ones((2, 3))
    text = f"{name}: axis 2 is out of range for rank 2 (valid: -2..1); the shape is (2, 3)"
    yield WrongCall(lambda: getattr(x, name)(axis=2), ShapeError, text)
    if name not in ("argmax", "argmin"):
        text = f"{name}: axes (1, -1) name axis 1 twice; the shape is (2, 3)"
        yield WrongCall(lambda: getattr(x, name)(axis=(1, -1)), ShapeError, text)


def _min_ties() -> Iterator[Sample]:
    """Equal minima share a gradient evenly."""
    third = 1 / 3
    yield _tied(((1, 1, 2), (3, 3, 3), (3, 1, 2)), (1,), ((0.5, 0.5, 0), (third,) * 3, (0, 1, 0)))
    yield _tied(((1, 2), (1, 1)), (0, 1), ((third, 0), (third, third)))


def _prod_zeros() -> Iterator[Sample]:
    """The gradient of each element is the product of the others, zeros or not."""
    yield _tied(((2, 3, 4), (0, 3, 4), (0, 0, 4)), (1,), ((12, 8, 6), (12, 0, 0), (0, 0, 0)))
    yield _tied(((2, 3), (0, 4)), (0, 1), ((0, 0), (24, 0)))


def _prod_samples() -> Iterator[Sample]:
    """Factors whose product does not depend on the order: none so large or small that two of them are out of range."""
    for sample in _samples(_sum_dtype, SMOOTH, (*SEVERAL, *_FEW, *EMPTY)):
        if sample.tensors[0].data != SPECIAL:
            yield sample
    inf, nan = np.inf, np.nan
    rows = (
        (inf, 2.0, -3.0, 1.0),
        (nan, 0.0, 1.0, 1.0),
        (0.0, inf, 1.0, 2.0),
        (-0.0, 2.0, 3.0, 1.0),
        (inf, -inf, 2.0, 1.0),
    )
    for dtype in (F32, F64):
        yield _reduce(Operand((5, 4), dtype, values=rows), (1,), dtype)
    yield from _prod_zeros()


def variance(x: Array, axes: Ints, keepdims: bool, correction: int) -> Any:
    """As np.var, which warns where there are too few elements."""
    wide, count = x.astype(np.float64), np.prod([x.shape[a] for a in axes])
    centred = wide - wide.sum(axis=axes, keepdims=True) / count
    return np.sum(centred * centred, axis=axes, keepdims=keepdims) / max(count - correction, 0)


def _corrected(sample: Sample, correction: int) -> Sample:
    return replace(sample, attrs={**sample.attrs, "correction": correction})


def _variance_samples() -> Iterator[Sample]:
    def same(dtype: AnyDType) -> AnyDType:
        return dtype

    plain = (*_samples(same, SMOOTH, (*SEVERAL, *SINGLE)), *_large(same, TIES))
    for i, sample in enumerate(s for s in plain if issubclass(s.tensors[0].dtype, Float)):
        shape, axes = sample.tensors[0].shape, sample.attrs["axes"]
        yield _corrected(sample, i % 2 if np.prod([shape[a] for a in axes]) > 1 else 0)
    for shape, axes in EMPTY:  # NaN, as of what has no mean; differences of it say nothing
        yield _corrected(_reduce(Operand(shape, F64, TIES), axes, F64), 0)
    pair = _reduce(Operand((2, 2), F64, values=((1, 1), (1, 2))), (1,), F64)
    for correction in (1, 2, 3):  # from 2 on there are too few elements
        yield _corrected(pair, correction)
    yield _corrected(_reduce(Operand((1,), F32, values=(3,)), (0,), F32), 1)
    yield _corrected(_reduce(Operand((6,), F64, values=(1e9, 1e9 + 1, 1e9 + 2) * 2), (0,), F64), 0)
    yield _corrected(_tied((1, 2, 6), (0,), (-4 / 3, -2 / 3, 2)), 0)
    yield _corrected(_tied(((1, 2), (2, 7)), (0, 1), ((-4 / 3, -2 / 3), (-2 / 3, 8 / 3))), 1)


def _variance_wrong() -> Iterator[Wrong | WrongCall]:
    yield from _wrong("var", False, correction=0)
    attrs = {"axes": (0,), "keepdims": False, "correction": 0}
    for dtype in (I32, I64, U8, Bool):
        text = f"var: {dtype.__name__} has no exact mean: write x.astype(F32).var(...)"
        yield Wrong((((3,), dtype),), DTypeError, text, attrs)


def _scan(operand: Operand, axis: int, out: AnyDType) -> Sample:
    return Sample((operand,), {"axis": axis}, out)


_FEW = tuple(pair for pair in SINGLE if max(pair[0]) < 1000)


def _scan_samples() -> Iterator[Sample]:
    for shape, axes in (*_FEW, *EMPTY[:3], ((2, 3, 4), (2,)), ((2, 3, 4), (0,))):
        yield _scan(Operand(shape), axes[0], F64)
    for layout in LAYOUTS:
        for axis in range(3):
            yield _scan(Operand((3, 2, 5), F64, SMOOTH, layout), axis, F64)
    yield _scan(Operand(DEEP, F64, SMOOTH, "stepped"), 2, F64)
    for dtype in COMPUTE:
        yield _scan(Operand((5, 6), dtype, TIES), 0, _sum_dtype(dtype))
        yield _scan(Operand((5, 6), dtype, SMOOTH, "fortran"), 1, _sum_dtype(dtype))
    for dtype in (I32, I64, U8):
        yield _scan(Operand((5, 5), dtype, EXTREME), 1, I64)
    for dtype in (F32, F64):
        yield _scan(Operand((11, 11), dtype, SPECIAL), 0, dtype)
        yield _scan(Operand((11, 11), dtype, SPECIAL), 1, dtype)


def _scan_wrong() -> Iterator[Wrong | WrongCall]:
    text = "cumulative_sum: axis 1 is out of range for rank 1 (valid: -1..0)"
    yield Wrong((((3,), F32),), ShapeError, text, {"axis": 1})
    text = "cumulative_sum: axis 0 is out of range for rank 0 (a scalar has no axes)"
    yield Wrong((((), F32),), ShapeError, text, {"axis": 0})
    yield from refuses_storage("cumulative_sum", lambda d: (((3,), d),), axis=0)
    x = st.ones((2, 3))
    text = "cumulative_sum: axis 2 is out of range for rank 2 (valid: -2..1); the shape is (2, 3)"
    yield WrongCall(lambda: x.cumulative_sum(axis=2), ShapeError, text)


SAMPLES = {
    "min": OpSamples(
        reduce_min,
        (*_samples(lambda d: d, DISTINCT, (*SEVERAL, *SINGLE)), *_min_ties()),
        tuple(_wrong("min", True, "smallest element")),
        {"x": ("x", "out")},
        exact=True,
    ),
    "argmin": OpSamples(
        reduce_argmin,
        tuple(_samples(lambda d: I64, DISTINCT, SINGLE)),
        tuple(_wrong("argmin", True, "smallest element")),
        exact=True,
    ),
    "prod": OpSamples(
        reduce_prod,
        tuple(_prod_samples()),
        tuple(_wrong("prod", False)),
        {"x": ("x",)},
    ),
    "any": OpSamples(
        reduce_any,
        tuple(_samples(lambda d: Bool, TIES, (*SEVERAL, *SINGLE, *EMPTY))),
        tuple(_wrong("any", False)),
        exact=True,
    ),
    "all": OpSamples(
        reduce_all,
        tuple(_samples(lambda d: Bool, TIES, (*SEVERAL, *SINGLE, *EMPTY))),
        tuple(_wrong("all", False)),
        exact=True,
    ),
    "logsumexp": OpSamples(
        reduce_logsumexp,
        (*_samples(_float_dtype, SMOOTH, (*SEVERAL, *SINGLE)), *_large(_float_dtype, TIES)),
        tuple(_wrong("logsumexp", True)),
        {"x": ("x", "out")},
    ),
    "cumulative_sum": OpSamples(cumulative_sum, tuple(_scan_samples()), tuple(_scan_wrong())),
    "sum": OpSamples(
        reduce_sum,
        (*_samples(_sum_dtype, SMOOTH, (*SEVERAL, *SINGLE, *EMPTY)), *_large(_sum_dtype, TIES)),
        tuple(_wrong("sum", False)),
    ),
    "var": OpSamples(variance, tuple(_variance_samples()), tuple(_variance_wrong()), {"x": ("x",)}),
    "max": OpSamples(
        reduce_max,
        (*_samples(lambda d: d, DISTINCT, (*SEVERAL, *SINGLE)), *_max_ties(), *_large(lambda d: d, DISTINCT, F32)),
        tuple(_wrong("max", True)),
        {"x": ("x", "out")},
        exact=True,
    ),
    "argmax": OpSamples(
        reduce_argmax, tuple(_samples(lambda d: I64, DISTINCT, SINGLE)), tuple(_wrong("argmax", True)), exact=True
    ),
}
