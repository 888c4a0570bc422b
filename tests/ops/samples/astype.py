"""Samples of astype: every pair of dtypes, rounding and overflow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import shapetensor as st
from shapetensor._core.dtypes import BF16, F16, F32, F64, I8, I32, I64, U8, U32, AnyDType, Bool, Float, Integer
from shapetensor._core.errors import DTypeError
from tests.ops.sample import EVERY, EXTREME, LAYOUTS, POSITIVE, SMOOTH, SPECIAL, Operand, OpSamples, Sample, WrongCall

Array = NDArray[Any]
DEEP = ((2, 3, 2, 2, 3), (2, 3, 2, 2, 3, 2))  # more axes than kernels have loops
FLOATS: tuple[AnyDType, ...] = (F64, F32, F16, BF16)


def round_to_bfloat16(x: Array) -> Array:
    """The nearest bfloat16, ties to even, as float32: eight bits of significand."""
    fraction, exponent = np.frexp(x.astype(np.float64))
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.ldexp(np.rint(fraction * 256) / 256, exponent), np.float32)


def reference(x: Array, dtype: AnyDType) -> Array:
    """NumPy's conversion; bfloat16 is what NumPy lacks."""
    if dtype is BF16:
        return round_to_bfloat16(x)
    if dtype is F16:
        return np.asarray(x, np.float16)
    found: Array = x.astype(dtype.storage)
    return found


def _cast(source: AnyDType, target: AnyDType, values: Any) -> Sample:
    return Sample((Operand(np.shape(values), source, values=values),), {"dtype": target}, target)


def _pairs() -> Iterator[Sample]:
    for source in EVERY:
        for target in EVERY:
            yield Sample((Operand((5,), source, POSITIVE),), {"dtype": target}, target)


def _layouts() -> Iterator[Sample]:
    for layout in LAYOUTS:
        yield Sample((Operand((3, 5), F64, SMOOTH, layout),), {"dtype": F64}, F64)
        yield Sample((Operand((3, 5), F64, SMOOTH, layout),), {"dtype": F32}, F32)
    for shape in ((), (1,), (0, 2), (7, 11), (2, 3, 4), (2, 1, 3, 1, 2, 2)):
        yield Sample((Operand(shape),), {"dtype": F64}, F64)
    for dtype in (F16, BF16, I8, U32):
        yield Sample((Operand((3, 5), dtype, POSITIVE, "stepped"),), {"dtype": F32}, F32)
    for deep in DEEP:
        yield Sample((Operand(deep, F64, SMOOTH, "stepped"),), {"dtype": I32}, I32)


def _rounding() -> Iterator[Sample]:
    odd = 2**53 + 1
    yield _cast(I64, F64, [odd, -odd, 2**62 + 1, 5])
    yield _cast(I64, F32, [2**24 + 1, 2**24 + 3, -(2**25) - 2, 2**60 + 1])
    yield _cast(F64, F32, [0.1, 1 + 2**-24, 1 + 3 * 2**-24, 1e39, -1e39, 1e-46])
    yield _cast(F64, I64, [1.9, -1.9, 0.5, -0.5, 2.0**40 + 0.5])
    yield _cast(F32, I32, [1.9, -1.9, 2.5, -2.5])
    yield _cast(F32, U8, [0.9, 254.9, 3.5])
    for target in (F16, BF16):
        # ties of the 11 and of the 8 bits of a significand, overflow, the special values
        ties = [1 + 2**-11, 1 + 3 * 2**-11, 1 + 2**-8, 1 + 3 * 2**-8, 257.0, 259.0, 65519.0, 65520.0, -1e30]
        yield _cast(F32, target, ties)
        yield _cast(F64, target, ties)
        yield Sample((Operand((11,), F32, SPECIAL),), {"dtype": target}, target)
        yield _cast(I32, target, [1, -257, 259, 60001])
    # just above a tie: rounding by way of float32 would lose what decides
    yield _cast(F64, F16, [1 + 2**-11 + 2**-40, 1 + 2**-11, 1 + 3 * 2**-11 - 2**-40, 6e-8, 1e-8])


def _wrapping() -> Iterator[Sample]:
    integers: tuple[AnyDType, ...] = (I32, I64, U8, I8, U32)
    for source in integers:
        for target in integers:
            yield Sample((Operand((5,), source, EXTREME),), {"dtype": target}, target)
    for source in FLOATS:
        yield _cast(source, Bool, [0.0, -0.0, 0.5, np.nan, np.inf, -1.0])
    for source in (I64, U8):
        yield _cast(source, Bool, [0, 1, 2, 200])


def _derivatives() -> Iterator[Sample]:
    """Through a narrower type finite differences see only its steps."""
    for target in (F32, F16, BF16):
        yield Sample((Operand((3,), F64, values=(1.0, 2.0, 3.0)),), {"dtype": target}, target, gradients=((1, 1, 1),))


def _wrong() -> Iterator[WrongCall]:
    known = "use one of Bool, U8, I8, I32, U32, I64, F16, BF16, F32, F64"
    x = st.ones(2)
    yield WrongCall(lambda: x.astype("complex64"), DTypeError, f"'complex64' is not a dtype of shapetensor: {known}")
    for abstract in (Float, Integer):
        text = f"{abstract!r} is not a dtype of shapetensor: {known}"
        yield WrongCall(lambda kind=abstract: x.astype(kind), DTypeError, text)  # type: ignore[misc]


SAMPLES = {
    "astype": OpSamples(
        reference,
        (*_pairs(), *_layouts(), *_rounding(), *_wrapping(), *_derivatives()),
        tuple(_wrong()),
        exact=True,
    )
}
