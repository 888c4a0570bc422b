"""Samples of the ops that run on the host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shapetensor._core.dtypes import F32, F64, I64, AnyDType
from shapetensor._core.errors import ShapeError
from tests.ops.sample import (
    COMPUTE,
    DISTINCT,
    EXTREME,
    LAYOUTS,
    SPECIAL,
    TIES,
    Ints,
    Operand,
    OpSamples,
    Sample,
    Wrong,
    refuses_storage,
)


def reference(x: NDArray[Any], axis: int) -> list[NDArray[Any]]:
    """Sorted along the axis, and where each element stood; a stable sort."""
    return [np.sort(x, axis=axis, kind="stable"), np.argsort(x, axis=axis, kind="stable")]


def _sort(shape: Ints, axis: int, dtype: AnyDType = F64, data: str = DISTINCT, layout: str = "c") -> Sample:
    return Sample((Operand(shape, dtype, data, layout),), {"axis": axis}, (dtype, I64))


def _samples() -> Iterator[Sample]:
    for shape in ((1,), (5,), (0,), (3, 0), (0, 3), (4, 5), (2, 3, 4), (2, 1, 3, 1, 2, 2)):
        for axis in range(len(shape)):
            yield _sort(shape, axis)
    for i, layout in enumerate(LAYOUTS):
        data = TIES if layout.startswith("stretched") else DISTINCT
        yield _sort((3, 5), i % 2, F64, data, layout)
    for dtype in COMPUTE:
        yield _sort((11,), 0, dtype, TIES)
        yield _sort((3, 4), 0, dtype, EXTREME if dtype not in (F32, F64) else SPECIAL, "fortran")
    yield Sample((Operand((3,), F64, values=(2.0, 1.0, 2.0)),), {"axis": 0}, (F64, I64), gradients=((1.0, 1.0, 1.0),))


def _wrong() -> Iterator[Wrong]:
    text = "sort: axis 2 is out of range for rank 2 (valid: -2..1)"
    yield Wrong((((3, 4), F32),), ShapeError, text, {"axis": 2})
    text = "sort: axis 0 is out of range for rank 0 (a scalar has no axes)"
    yield Wrong((((), F32),), ShapeError, text, {"axis": 0})
    yield from refuses_storage("sort", lambda d: (((3,), d),), axis=0)


SAMPLES = {"sort": OpSamples(reference, tuple(_samples()), tuple(_wrong()), {"x": ("out[0]", "out[1]")}, exact=True)}
