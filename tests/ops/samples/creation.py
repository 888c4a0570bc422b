"""Samples of the ops that make tensors out of nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import shapetensor as st
from shapetensor._core.cpu import CPU
from shapetensor._core.dtypes import BF16, F16, F32, F64, I8, I32, I64, U8, U32, AnyDType, Bool, Float, WeakInt
from shapetensor._core.errors import DTypeError, ShapeError
from tests.ops.sample import HERE, Ints, OpSamples, Sample, Symbolic, Wrong, WrongCall, numpy_name


def reference(fill_value: float, shape: Ints, dtype: AnyDType, device: Any) -> NDArray[Any]:
    """NumPy's full; the values are ones that bfloat16 has."""
    return np.full(shape, fill_value, numpy_name(dtype))


def _full(value: float, shape: Ints, dtype: AnyDType) -> Sample:
    return Sample((value,), {"shape": shape, "dtype": dtype, "device": HERE}, dtype)


def _samples() -> Iterator[Sample]:
    for shape in ((), (1,), (5,), (0,), (3, 0), (7, 11), (2, 1, 3, 1, 2, 2)):
        yield _full(2.5, shape, F64)
    floats: tuple[AnyDType, ...] = (F32, F64, F16, BF16)
    for dtype in floats:
        yield _full(-1.5, (3, 5), dtype)
        yield _full(7, (3,), dtype)
        yield _full(float("inf"), (2,), dtype)
        yield _full(float("nan"), (2,), dtype)
    extremes: tuple[tuple[AnyDType, int], ...] = (
        (I32, -(2**31)),
        (I64, 2**63 - 1),
        (U8, 255),
        (I8, -128),
        (U32, 2**32 - 1),
    )
    for dtype, value in extremes:
        yield _full(value, (3, 5), dtype)
        yield _full(0, (3, 5), dtype)
    for truth in (True, False):
        yield _full(truth, (4,), Bool)
        yield _full(truth, (4,), I64)


def _wrong() -> Iterator[WrongCall]:
    text = "full: 256 is out of range for U8 (0 to 255)"
    yield WrongCall(lambda: st.full(3, 256, dtype=U8), OverflowError, text)
    text = "full: -129 is out of range for I8 (-128 to 127)"
    yield WrongCall(lambda: st.full((), -129, dtype=I8), OverflowError, text)
    yield WrongCall(lambda: st.full((2, -1), 0.0), ShapeError, "full: (2, -1) has a negative size")
    text = "full: the value is a tensor, not a Python number: write x.broadcast_to((2,))"
    yield WrongCall(lambda: st.full(2, st.ones(())), DTypeError, text)  # type: ignore[call-overload]
    text = "full: str is not a Tensor: convert it with st.tensor(...) or st.from_numpy(...)"
    yield WrongCall(lambda: st.full(2, "3"), DTypeError, text)  # type: ignore[call-overload]


SIZES = {"B": 2, "T": 3}
LETTERS = Symbolic(("",), SIZES, {"shape": "B 2*T", "dtype": F32, "device": None})
COUNT = Symbolic(("", ""), SIZES, {"n": "2*T", "dtype": F32, "device": None}, dim_attrs=("n",))


def arange(start: float, step: float, n: int, dtype: AnyDType, device: Any) -> NDArray[Any]:
    """Each number on its own, so that errors do not add up."""
    return np.array([start + i * step for i in range(n)], float if issubclass(dtype, Float) else np.int64)


def _arange(start: float, step: float, n: int, dtype: AnyDType) -> Sample:
    return Sample((start, step), {"n": n, "dtype": dtype, "device": HERE}, dtype)


def _arange_samples() -> Iterator[Sample]:
    for n in (0, 1, 2, 17):
        yield _arange(0, 1, n, I64)
        yield _arange(-1.5, 0.25, n, F64)
    for dtype in (F32, F64):
        yield _arange(0.1, 0.1, 100, dtype)
        yield _arange(5, -1, 7, dtype)
    for whole in (I32, I64):
        yield _arange(-7, 3, 6, whole)
        yield _arange(7, -3, 6, whole)
    yield _arange(2, 3, 80, U8)
    yield _arange(True, 1, 3, I64)
    yield _arange(0, True, 3, I64)


def _arange_wrong() -> Iterator[Wrong | WrongCall]:
    attrs = {"n": 3, "device": CPU}
    numbers: tuple[tuple[Ints, AnyDType], ...] = (((), WeakInt), ((), WeakInt))
    for dtype, wanted in ((F16, "F32"), (BF16, "F32"), (I8, "I32 or I64"), (U32, "I32 or I64")):
        text = f"arange: {dtype.__name__} is for storage only: write x.astype({wanted}) first"
        yield Wrong(numbers, DTypeError, text, attrs | {"dtype": dtype})
    text = "arange: Bool has no such numbers: use an integer or float dtype"
    yield Wrong(numbers, DTypeError, text, attrs | {"dtype": Bool})
    yield WrongCall(lambda: st.arange(3, dtype=Bool), DTypeError, text)
    text = "arange: 256 is out of range for U8 (0 to 255)"
    yield WrongCall(lambda: st.arange(257, dtype=U8), OverflowError, text)


SAMPLES = {
    "full": OpSamples(reference, tuple(_samples()), tuple(_wrong()), symbolic=(LETTERS,), exact=True),
    "arange": OpSamples(arange, tuple(_arange_samples()), tuple(_arange_wrong()), symbolic=(COUNT,)),
}
