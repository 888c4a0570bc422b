"""Tensors out of nothing. These ops carry their device, since no operand says it."""

from __future__ import annotations

from typing import Any

from ..dims import Shape
from ..dtypes import AnyDType, Bool, require_compute
from ..errors import DTypeError
from ..op import OPAQUE, Op, define


def _full_shape(fill_value: Shape, *, shape: Shape, dtype: AnyDType, device: Any) -> Shape:
    return shape


def _full_dtype(fill_value: AnyDType, *, dtype: AnyDType) -> AnyDType:
    return dtype


full: Op = define("full", kind=OPAQUE, shape=_full_shape, dtype=_full_dtype)


def _arange_shape(start: Shape, step: Shape, *, n: int, dtype: AnyDType, device: Any) -> Shape:
    return (n,)


def _arange_dtype(start: AnyDType, step: AnyDType, *, dtype: AnyDType) -> AnyDType:
    require_compute("arange", dtype)
    if dtype is Bool:
        raise DTypeError("arange: Bool has no such numbers: use an integer or float dtype")
    return dtype


# start + i * step for i = 0 ... n-1; both are Python numbers
arange: Op = define("arange", kind=OPAQUE, shape=_arange_shape, dtype=_arange_dtype)
