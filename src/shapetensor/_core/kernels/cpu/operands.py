"""Operands as kernels want them: this dtype, this order of axes, C order; copied to scratch only where they are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...buffers import Flat
from ...dtypes import BF16, F16, F64, AnyDType
from ...spec import Ints
from .. import cache
from ..generate import elementwise as generate
from ..generate.expression import Expression
from ..launch import Builder, Place, is_c_order, merge, pad

_SAME = Expression(("x",), (), "x")


def _numpy_copy(x: Flat, shape: Ints, strides: Ints, out: Flat) -> None:
    """Copy of more axes than the strided kernel has loops; NumPy walks any number."""
    steps = tuple(s * x.itemsize for s in strides)
    np.copyto(out.reshape(shape), np.ndarray(shape, x.dtype, x, 0, steps))


def copy(b: Builder, x: Place, shape: Ints, strides: Ints, out: Place) -> None:
    """Write the elements that (shape, strides) walk in x to `out` in C order."""
    merged, (steps,) = merge(shape, strides)
    if len(merged) > generate.RANK:
        b.step(_numpy_copy, x, merged, steps, out)
        return
    kernel = cache.load("copy", generate.strided("copy", _SAME, F64)).copy
    b.step(kernel, x, pad(merged, generate.RANK, 1), pad(steps, generate.RANK, 0), out)


def cast_kernel(source: AnyDType, target: AnyDType) -> Callable[[Flat, Flat], None]:
    """Kernel `(x, out)` from one dtype to another, both flat."""
    if {source, target} & {F16, BF16}:
        return _half_cast(source, target)
    name = f"cast_{target.name}"
    code = Expression(("x",), (), "x != 0") if target.name == "bool" else _SAME
    function: Callable[[Flat, Flat], None] = getattr(
        cache.load(name, generate.contiguous(name, code, [False], F64)), name
    )
    return function


def _half_cast(source: AnyDType, target: AnyDType) -> Callable[[Flat, Flat], None]:
    """To or from 16-bit floats, by way of float32; NumPy does it, since Numba takes no such arrays.

    NumPy rounds float64 to float16 itself: once, not twice.
    """
    widen, narrow = _WIDEN.get(source), _NARROW.get(target)

    def cast(x: Flat, out: Flat) -> None:
        wide = widen(x) if widen else x if target is F16 else x.astype(np.float32)
        out[:] = narrow(wide) if narrow else wide

    return cast


def _narrow_bf16(x: Flat) -> Flat:
    """Round to the nearest bfloat16, ties to even; NaN stays NaN."""
    bits = x.view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return np.where(np.isnan(x), 0x7FC0, rounded).astype(np.uint16)


_WIDEN: dict[AnyDType, Callable[[Flat], Flat]] = {
    F16: lambda x: x.view(np.float16).astype(np.float32),
    BF16: lambda x: (x.astype(np.uint32) << 16).view(np.float32),
}
_NARROW: dict[AnyDType, Callable[[Flat], Flat]] = {
    F16: lambda x: _quiet_half(x).view(np.uint16),
    BF16: _narrow_bf16,
}


def _quiet_half(x: Flat) -> Flat:
    with np.errstate(over="ignore"):
        return x.astype(np.float16)


def contiguous(
    b: Builder, index: int, dtype: AnyDType | None = None, shape: Ints | None = None, strides: Ints | None = None
) -> Place:
    """Input `index` in C order as `dtype`, optionally walked by another shape and strides than its own."""
    spec = b.call.ins[index]
    place = b.ins[index]
    if shape is None or strides is None:
        shape, strides = spec.shape, spec.strides
    if not is_c_order(shape, strides):
        copied = b.scratch(_size(shape), spec.dtype)
        copy(b, place, shape, strides, copied)
        place = copied
    if dtype is not None and dtype is not spec.dtype:
        out = b.scratch(_size(shape), dtype)
        b.step(cast_kernel(spec.dtype, dtype), place, out)
        place = out
    return place


def _size(shape: Ints) -> int:
    size = 1
    for n in shape:
        size *= n
    return size
