"""Samples of gathering and scattering."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import shapetensor as st
from shapetensor._core.dtypes import F32, F64, I32, I64, U8, AnyDType, Bool, WeakBool, WeakFloat, WeakInt
from shapetensor._core.errors import DTypeError, ShapeError
from shapetensor._core.ops import index as ops
from tests.ops.sample import (
    COMPUTE,
    LAYOUTS,
    SMOOTH,
    SPECIAL,
    Ints,
    Operand,
    OpSamples,
    Same,
    Sample,
    Symbolic,
    Wrong,
    WrongCall,
    refuses_storage,
)

Array = NDArray[Any]


def scatter_add(x: Array, indices: Array, axis: int, size: int) -> Array:
    """Slices of x added up where their indices say."""
    lead, rest = x.shape[:axis], x.shape[axis + indices.ndim :]
    out = np.zeros((*lead, size, *rest), x.dtype)
    moved = np.moveaxis(out, axis, 0)
    slices = np.moveaxis(x.reshape((*lead, indices.size, *rest)), axis, 0)
    np.add.at(moved, indices.reshape(-1), slices)
    return out


def scatter_add_along(x: Array, indices: Array, axis: int, size: int) -> Array:
    """Elements of x added up where the index beside each says."""
    out = np.zeros((*x.shape[:axis], size, *x.shape[axis + 1 :]), x.dtype)
    places: list[Array] = list(np.indices(x.shape))
    places[axis] = indices
    np.add.at(out, tuple(places), x)
    return out


def take(x: Array, indices: Array, axis: int) -> Array:
    return np.take(x, indices.astype(np.int64), axis)


def take_along(x: Array, indices: Array, axis: int) -> Array:
    return np.take_along_axis(x, indices.astype(np.int64), axis)


def _indices(shape: Ints, below: int, dtype: AnyDType = I64, layout: str = "c") -> Operand:
    return Operand(shape, dtype, SMOOTH, layout, below=below, least=0 if dtype is U8 else None)


def _take(x: Operand, indices: Ints, axis: int, dtype: AnyDType = I64, layout: str = "c") -> Sample:
    return Sample((x, _indices(indices, x.shape[axis], dtype, layout)), {"axis": axis})


def _take_samples() -> Iterator[Sample]:
    shapes: tuple[tuple[Ints, Ints, int], ...] = (
        ((5,), (), 0),
        ((5,), (1,), 0),
        ((5,), (7,), 0),
        ((4, 3), (6,), 0),
        ((4, 3), (2, 5), 1),
        ((1, 1), (3,), 0),
    )
    shapes += (((2, 3, 4), (2, 2), 1), ((2, 1, 3, 2, 1, 2), (3,), 2), ((0, 3), (2,), 1), ((4, 3), (0,), 0))
    for shape, indices, axis in shapes:
        yield _take(Operand(shape), indices, axis)
    for i, layout in enumerate(LAYOUTS):
        yield _take(Operand((4, 3), F64, SMOOTH, layout), (2, 3), i % 2, I64, LAYOUTS[(i + 2) % len(LAYOUTS)])
    for dtype in COMPUTE:
        yield _take(Operand((4, 3), dtype), (5,), 0)
    for dtype in (I32, U8):
        yield _take(Operand((4, 3)), (5,), 0, dtype)
    yield Sample((Operand((4,), I64, below=4), Same(0)), {"axis": 0})


def _scatter(x: Operand, indices: Ints, axis: int, size: int, dtype: AnyDType = I64, layout: str = "c") -> Sample:
    return Sample((x, _indices(indices, size, dtype, layout)), {"axis": axis, "size": size})


def _scatter_samples() -> Iterator[Sample]:
    shapes: tuple[tuple[Ints, Ints, int], ...] = (
        ((), (), 0),
        ((7,), (7,), 0),
        ((3, 4), (3,), 0),
        ((4, 2, 3), (2, 3), 1),
        ((2, 3, 4), (3,), 1),
    )
    shapes += (((2, 1, 3, 2, 1, 2), (3,), 2), ((0, 3), (0,), 0), ((2, 0), (2,), 0), ((2, 3), (), 1), ((9,), (9,), 0))
    for i, (shape, indices, axis) in enumerate(shapes):
        yield _scatter(Operand(shape), indices, axis, 1 + i % 5)
    yield _scatter(Operand((0,)), (0,), 0, 0)
    for i, layout in enumerate(LAYOUTS):
        yield _scatter(Operand((4, 3), F64, SMOOTH, layout), (4,), 0, 5, I64, LAYOUTS[(i + 2) % len(LAYOUTS)])
    for dtype in COMPUTE:
        yield _scatter(Operand((6, 2), dtype), (6,), 0, 3)
    for dtype in (I32, U8):
        yield _scatter(Operand((6, 2)), (6,), 0, 4, dtype)
    yield Sample((Operand((4,), I64, below=4), Same(0)), {"axis": 0, "size": 4})


def _along_shapes() -> Iterator[tuple[Ints, Ints, int]]:
    """Shapes of the whole and of the indices."""
    yield from (((5,), (7,), 0), ((1,), (1,), 0), ((4, 3), (6, 3), 0), ((4, 3), (4, 2), 1), ((4, 3), (4, 0), 1))
    yield from (((2, 3, 4), (2, 5, 4), 1), ((2, 1, 3, 2, 1, 2), (2, 1, 4, 2, 1, 2), 2), ((0, 3), (0, 2), 1))


def _take_along_samples() -> Iterator[Sample]:
    for whole, indices, axis in _along_shapes():
        yield _take(Operand(whole), indices, axis)
    for i, layout in enumerate(LAYOUTS):
        yield _take(Operand((4, 3), F64, SMOOTH, layout), (4, 5), 1, I64, LAYOUTS[(i + 2) % len(LAYOUTS)])
    for dtype in COMPUTE:
        yield _take(Operand((4, 3), dtype), (2, 3), 0)
    for dtype in (I32, U8):
        yield _take(Operand((4, 3)), (2, 3), 0, dtype)
    yield Sample((Operand((4, 3), I64, below=3), Same(0)), {"axis": 1})


def _scatter_along_samples() -> Iterator[Sample]:
    for whole, indices, axis in _along_shapes():
        yield _scatter(Operand(indices), indices, axis, whole[axis])
    for i, layout in enumerate(LAYOUTS):
        yield _scatter(Operand((4, 3), F64, SMOOTH, layout), (4, 3), i % 2, 2, I64, LAYOUTS[(i + 2) % len(LAYOUTS)])
    for dtype in COMPUTE:
        yield _scatter(Operand((4, 3), dtype), (4, 3), 0, 3)
    for dtype in (I32, U8):
        yield _scatter(Operand((4, 3)), (4, 3), 0, 3, dtype)
    yield Sample((Operand((4, 3), I64, below=3), Same(0)), {"axis": 1, "size": 3})


def _types_wrong(name: str, **attrs: int) -> Iterator[Wrong]:
    text = f"{name}: the index is a Python number, not a tensor: write st.tensor(...)"
    if not name.endswith("along_axis"):  # these refuse its shape
        for scalar in (WeakInt, WeakFloat, WeakBool):
            yield Wrong((((3,), F32), ((), scalar)), DTypeError, text, attrs)
    if name == "scatter_add":  # the others refuse its shape
        text = f"{name}: the values are a Python number, not a tensor: write st.tensor(...)"
        for scalar in (WeakInt, WeakFloat, WeakBool):
            yield Wrong((((), scalar), ((), I64)), DTypeError, text, attrs)
    for dtype in (F32, F64, Bool):
        text = f"{name}: indices are integers, not {dtype.__name__}: write indices.astype(I64)"
        yield Wrong((((3,), F32), ((3,), dtype)), DTypeError, text, attrs)
    yield from refuses_storage(name, lambda d: (((3,), d), ((3,), I64)), **attrs)
    yield from refuses_storage(name, lambda d: (((3,), F32), ((3,), d)), **attrs)


def _out_of_range(name: str, call: Callable[[Any, Any], Any], along: bool) -> Iterator[WrongCall]:
    """The first bad position is named, above and below."""
    x = st.ones((3,))
    for bad in (3, -4):
        text = f"{name}: index {bad} is out of range for axis 0 of size 3"
        yield WrongCall(lambda i=bad: call(x, st.tensor([0, i, 1])), IndexError, text)  # type: ignore[misc]
    if not along:
        text = f"{name}: index 7 is out of range for axis 0 of size 3"
        yield WrongCall(lambda: call(st.ones((3, 0)), st.tensor([0, 7, 1])), IndexError, text)


def _take_wrong() -> Iterator[Wrong | WrongCall]:
    text = "take: axis 1 is out of range for rank 1 (valid: -1..0)"
    yield Wrong((((3,), F32), ((2,), I64)), ShapeError, text, {"axis": 1})
    text = "take: axis 0 is out of range for rank 0 (a scalar has no axes)"
    yield Wrong((((), F32), ((2,), I64)), ShapeError, text, {"axis": 0})
    yield from _types_wrong("take", axis=0)
    yield from _out_of_range("take", lambda x, i: x.take(i, axis=0), False)
    text = "take: index 0 is out of range for axis 0 of size 0"
    yield WrongCall(lambda: st.ones((0, 2)).take(st.tensor([0]), axis=0), IndexError, text)


def _scatter_wrong() -> Iterator[Wrong | WrongCall]:
    text = "scatter_add: axes 1 to 2 of (2, 3, 4) are not those of the indices (3, 5): 4 != 5"
    yield Wrong((((2, 3, 4), F32), ((3, 5), I64)), ShapeError, text, {"axis": 1, "size": 6})
    text = "scatter_add: (2,) has no 2 axes from axis 0 on, as the indices (2, 3) have"
    yield Wrong((((2,), F32), ((2, 3), I64)), ShapeError, text, {"axis": 0, "size": 6})
    yield from _types_wrong("scatter_add", axis=0, size=3)
    yield from _out_of_range("scatter_add", lambda x, i: ops.scatter_add(x, i, axis=0, size=3), False)
    text = "scatter_add: index 0 is out of range for axis 0 of size 0"
    yield WrongCall(lambda: ops.scatter_add(st.ones(1), st.tensor([0]), axis=0, size=0), IndexError, text)


def _along_wrong(name: str, **attrs: int) -> Iterator[Wrong]:
    text = f"{name}: axis 2 is out of range for rank 2 (valid: -2..1)"
    yield Wrong((((3, 4), F32), ((3, 4), I64)), ShapeError, text, attrs | {"axis": 2})
    text = f"{name}: indices (3,) need as many axes as (3, 4)"
    yield Wrong((((3, 4), F32), ((3,), I64)), ShapeError, text, attrs)
    text = f"{name}: (3, 4) and indices (3, 5) differ off axis 0: axis 1: 4 != 5"
    yield Wrong((((3, 4), F32), ((3, 5), I64)), ShapeError, text, attrs)
    yield from _types_wrong(name, **attrs)


def _scatter_along_wrong() -> Iterator[Wrong | WrongCall]:
    name = "scatter_add_along_axis"
    text = f"{name}: (3, 4) and indices (2, 4) differ: axis 0: 3 != 2"
    yield Wrong((((3, 4), F32), ((2, 4), I64)), ShapeError, text, {"axis": 0, "size": 3})
    yield from _along_wrong(name, axis=0, size=3)
    yield from _out_of_range(name, lambda x, i: ops.scatter_add_along_axis(x, i, axis=0, size=3), True)


def scatter_set(x: Array, indices: Array, updates: Array) -> Array:
    """The last of several updates of one row counts."""
    out = x.copy()
    rows = updates.reshape((indices.size, *x.shape[1:]))
    for i, row in zip(indices.reshape(-1), rows, strict=True):
        out[int(i)] = row
    return out


def _set(x: Operand, indices: Ints, dtype: AnyDType = I64, layout: str = "c", updates: str = "c") -> Sample:
    new = Operand((*indices, *x.shape[1:]), x.dtype, SMOOTH, updates)
    return Sample((x, _indices(indices, x.shape[0], dtype, layout), new))


def _set_samples() -> Iterator[Sample]:
    shapes: tuple[tuple[Ints, Ints], ...] = (
        ((4, 3), (2,)),
        ((2, 3, 4), (3,)),
        ((5,), ()),
        ((5,), (1,)),
        ((5,), (9,)),
        ((1, 1), (3,)),
    )
    shapes += (
        ((4, 3), (2, 5)),
        ((3, 2, 1, 2, 1, 2), (4,)),
        ((0, 3), (0,)),
        ((4, 0), (2,)),
        ((4, 3), (0,)),
    )
    for shape, indices in shapes:
        yield _set(Operand(shape), indices)
    for i, layout in enumerate(LAYOUTS):
        others = LAYOUTS[(i + 2) % len(LAYOUTS)], LAYOUTS[(i + 5) % len(LAYOUTS)]
        yield _set(Operand((4, 3), F64, SMOOTH, layout), (2, 3), I64, *others)
    for dtype in COMPUTE:
        yield _set(Operand((4, 3), dtype), (5,))
    for dtype in (I32, U8):
        yield _set(Operand((4, 3)), (5,), dtype)
    yield Sample((Operand((4, 3)), _indices((4,), 4), Same(0)))
    yield Sample((Operand((4,), I64, below=4), Same(0), Same(0)))
    yield Sample((Operand((11,), F64, SPECIAL), _indices((11,), 11), Operand((11,), F64, SPECIAL)))


def _set_wrong() -> Iterator[Wrong | WrongCall]:
    name = "scatter_set"
    text = f"{name}: updates (2, 4) should have the shape (2, 3): axis 1: 4 != 3"
    yield Wrong((((4, 3), F32), ((2,), I64), ((2, 4), F32)), ShapeError, text)
    text = f"{name}: updates (3,) should have the shape (2, 3)"
    yield Wrong((((4, 3), F32), ((2,), I64), ((3,), F32)), ShapeError, text)
    text = f"{name}: axis 0 is out of range for rank 0 (a scalar has no axes)"
    yield Wrong((((), F32), ((), I64), ((), F32)), ShapeError, text)
    text = f"{name}: the updates are F64, not F32: write updates.astype(F32)"
    yield Wrong((((4,), F32), ((2,), I64), ((2,), F64)), DTypeError, text)
    for scalar in (WeakInt, WeakFloat, WeakBool):
        text = f"{name}: the updates are {scalar.name}, not I64: write updates.astype(I64)"
        yield Wrong((((4,), I64), ((), I64), ((), scalar)), DTypeError, text)
        text = f"{name}: the index is a Python number, not a tensor: write st.tensor(...)"
        yield Wrong((((4,), I64), ((), scalar), ((), I64)), DTypeError, text)
    yield from refuses_storage(name, lambda d: (((4,), d), ((2,), I64), ((2,), d)))
    for dtype in (F32, F64, Bool):
        text = f"{name}: indices are integers, not {dtype.__name__}: write indices.astype(I64)"
        yield Wrong((((4,), F32), ((2,), dtype), ((2,), F32)), DTypeError, text)
    yield from refuses_storage(name, lambda d: (((4,), F32), ((2,), d), ((2,), F32)))
    x = st.ones((3, 2))
    for i in (3, -4):
        indices, updates = st.tensor([0, i]), st.ones((2, 2))
        text = f"{name}: index {i} is out of range for axis 0 of size 3"
        yield WrongCall(lambda i=indices, u=updates: ops.scatter_set(x, i, u), IndexError, text)  # type: ignore[misc]
    text = f"{name}: index 0 is out of range for axis 0 of size 0"
    empty = st.zeros((0,))
    yield WrongCall(lambda: ops.scatter_set(empty, st.tensor([0]), st.ones(1)), IndexError, text)
    text = f"{name}: index 7 is out of range for axis 0 of size 3"
    yield WrongCall(lambda: ops.scatter_set(st.ones((3, 0)), st.tensor([7]), st.ones((1, 0))), IndexError, text)


SIZES = {"B": 2, "T": 3, "D": 5, "N": 7}
SAMPLES = {
    "scatter_set": OpSamples(
        scatter_set,
        tuple(_set_samples()),
        tuple(_set_wrong()),
        {"x": ("indices",), "updates": ("indices",)},
        (Symbolic(("B T D", "N N", "N N T D"), SIZES),),
        exact=True,
    ),
    "take": OpSamples(
        take,
        tuple(_take_samples()),
        tuple(_take_wrong()),
        {"x": ("indices",)},
        (Symbolic(("B T D", "N N"), SIZES, {"axis": 1}),),
        exact=True,
    ),
    "scatter_add": OpSamples(
        scatter_add,
        tuple(_scatter_samples()),
        tuple(_scatter_wrong()),
        {"x": ("indices",)},
        (Symbolic(("B T N D", "T N"), SIZES, {"axis": 1, "size": "2*N"}, dim_attrs=("size",)),),
    ),
    "take_along_axis": OpSamples(
        take_along,
        tuple(_take_along_samples()),
        (
            *_along_wrong("take_along_axis", axis=0),
            *_out_of_range("take_along_axis", lambda x, i: ops.take_along_axis(x, i, axis=0), True),
        ),
        {"x": ("indices",)},
        (Symbolic(("B T", "N T"), SIZES, {"axis": 0}),),
        exact=True,
    ),
    "scatter_add_along_axis": OpSamples(
        scatter_add_along,
        tuple(_scatter_along_samples()),
        tuple(_scatter_along_wrong()),
        {"x": ("indices",)},
        (Symbolic(("B T", "B T"), SIZES, {"axis": 0, "size": "N"}, dim_attrs=("size",)),),
    ),
}
