"""Samples of the ops that rearrange elements: all dtypes, and views wherever strides can say it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import shapetensor as st
from shapetensor._core.dtypes import BF16, F16, F32, F64, I8, I32, I64, U8, U32, AnyDType, Bool
from shapetensor._core.errors import DeviceError, ShapeError
from tests.ops.sample import (
    EVERY,
    HERE,
    LAYOUTS,
    SMOOTH,
    Ints,
    Operand,
    OpSamples,
    Same,
    Sample,
    Symbolic,
    Wrong,
    WrongCall,
)

Array = NDArray[Any]
Bound = tuple[int | None, int | None, int | None]
DEEP = (2, 3, 2, 2, 3, 2)
FIVE = (2, 3, 2, 2, 3)
SIZES = {"B": 2, "T": 3, "D": 5, "H": 7}


def _view(operand: Operand, /, *, view: bool = True, **attrs: Any) -> Sample:
    return Sample((operand,), attrs, view=view)


def _wrong(x: Ints, text: str, /, **attrs: Any) -> Wrong:
    return Wrong(((x, F32),), ShapeError, text, attrs)


# --- reshape ----------------------------------------------------------------------------------------------------------


def _reshape_samples() -> Iterator[Sample]:
    pairs: tuple[tuple[Ints, Ints], ...] = (((), ()), ((), (1, 1)), ((1,), ()), ((6,), (2, 3)), ((2, 3), (6,)))
    pairs += (((2, 3, 4), (4, 6)), ((0, 3), (3, 0, 2)), ((2, 1, 3, 1, 2, 2), (4, 6)), ((24,), (2, 1, 3, 1, 2, 2)))
    for shape, target in pairs:
        yield _view(Operand(shape), shape=target)
    # an axis may be split whatever its stride, and merged where the strides agree
    for layout in ("stepped", "offset", "swapped", "fortran"):
        yield _view(Operand((4, 6), F64, SMOOTH, layout), shape=(2, 2, 3, 2))
        yield _view(Operand((4, 6), F64, SMOOTH, layout), shape=(1, 4, 1, 6))
        yield _view(Operand((4, 6), F64, SMOOTH, layout), shape=(3, 8), view=False)
        yield _view(Operand((4, 6), F64, SMOOTH, layout), shape=(24,), view=False)
    for layout in ("stretched", "stretched_last"):
        yield _view(Operand((4, 6), F64, SMOOTH, layout), shape=(8, 3), view=False)
    yield _view(Operand(DEEP, F64, SMOOTH, "stepped"), shape=(12, 12), view=False)
    yield _view(Operand(FIVE, F64, SMOOTH, "stepped"), shape=(12, 6), view=False)
    for dtype in EVERY:
        yield _view(Operand((3, 4), dtype), shape=(2, 6))
        yield _view(Operand((3, 4), dtype, SMOOTH, "fortran"), shape=(2, 6), view=False)


def _reshape_wrong() -> Iterator[Wrong | WrongCall]:
    yield _wrong((2, 3), "reshape: (2, 3) has 6 elements, (4,) wants 4", shape=(4,))
    yield _wrong((2, 3), "reshape: -2 in (3, -2) is not a size", shape=(3, -2))
    yield _wrong((), "reshape: () has 1 elements, (0,) wants 0", shape=(0,))
    x = st.ones((2, 3))
    text = "reshape: (2, 3) has 6 elements, not a multiple of 4 for (4, -1)"
    yield WrongCall(lambda: x.reshape((4, -1)), ShapeError, text)
    yield WrongCall(lambda: x.reshape(-1, -1), ShapeError, "reshape: only one -1 is allowed in (-1, -1)")
    text = "reshape: -1 in (0, -1) could be anything: the other sizes multiply to 0"
    yield WrongCall(lambda: st.ones((0, 3)).reshape(0, -1), ShapeError, text)


# --- to_device --------------------------------------------------------------------------------------------------------


def _to_device_samples() -> Iterator[Sample]:
    """From the CPU to the CPU: a copy; other devices have tests of their own."""
    for shape in ((), (1,), (5,), (0,), (3, 0), (2, 1, 3, 1, 2, 2)):
        yield _view(Operand(shape), device=HERE, view=False)
    for layout in LAYOUTS:
        yield _view(Operand((3, 5), F64, SMOOTH, layout), device=HERE, view=False)
    for dtype in EVERY:
        yield _view(Operand((3, 4), dtype), device=HERE, view=False)


def _to_device_wrong() -> Iterator[WrongCall]:
    text = "there is no device 'gpu': this version has 'cpu' and 'cuda:0', 'cuda:1', ..."
    yield WrongCall(lambda: st.ones(2).to("gpu"), DeviceError, text)
    yield WrongCall(lambda: st.ones(2).to(0), DeviceError, "0 is not a device: use 'cpu', 'cuda:0' or x.device")


# --- expand_dims, broadcast_to, permute_dims, matrix_transpose --------------------------------------------------------


def _expand_samples() -> Iterator[Sample]:
    for shape in ((), (3,), (2, 3), (0, 3), (2, 3, 4), (2, 1, 3, 2, 2)):
        for axis in range(len(shape) + 1):
            yield _view(Operand(shape), axis=axis)
    for layout in LAYOUTS:
        yield _view(Operand((3, 5), F64, SMOOTH, layout), axis=1)
    for dtype in EVERY:
        yield _view(Operand((3, 4), dtype), axis=2)


def _broadcast_samples() -> Iterator[Sample]:
    pairs: tuple[tuple[Ints, Ints], ...] = (((), ()), ((), (2, 3)), ((1,), (5,)), ((3,), (3,)), ((3,), (2, 3)))
    pairs += (((2, 1, 3), (2, 4, 3)), ((1, 1), (0, 3)), ((0, 3), (2, 0, 3)), ((2, 1, 2, 1), (3, 1, 2, 4, 2, 3)))
    pairs += (((2, 1, 2, 1, 3), (2, 3, 2, 2, 3)),)
    for shape, target in pairs:
        yield _view(Operand(shape), shape=target)
    for layout in LAYOUTS:
        yield _view(Operand((3, 5), F64, SMOOTH, layout), shape=(2, 3, 5))
    for dtype in EVERY:
        yield _view(Operand((3, 1), dtype), shape=(3, 4))


def _broadcast_wrong() -> Iterator[Wrong]:
    text = "broadcast_to: shapes (2, 3) and (2, 4) do not broadcast: axis -1: 3 != 4"
    yield _wrong((2, 3), text, shape=(2, 4))
    yield _wrong((2, 3), "broadcast_to: (2, 3) has more axes than (3,)", shape=(3,))
    yield _wrong((3,), "broadcast_to: (3,) does not stretch to (1,): axis 0: 3 != 1", shape=(1,))
    yield _wrong((1,), "broadcast_to: -2 in (3, -2) is not a size", shape=(3, -2))


def _permute_samples() -> Iterator[Sample]:
    pairs: tuple[tuple[Ints, Ints], ...] = (((), ()), ((3,), (0,)), ((2, 3), (0, 1)), ((2, 3), (1, 0)))
    pairs += (
        ((2, 3, 4), (2, 0, 1)),
        ((2, 3, 4), (1, 2, 0)),
        ((0, 3), (1, 0)),
        ((2, 1, 3, 2, 1, 2), (5, 2, 0, 3, 1, 4)),
    )
    for shape, axes in pairs:
        yield _view(Operand(shape), axes=axes)
    for layout in LAYOUTS:
        yield _view(Operand((2, 3, 5), F64, SMOOTH, layout), axes=(2, 0, 1))
    for dtype in EVERY:
        yield _view(Operand((2, 3, 4), dtype), axes=(1, 2, 0))


def _permute_wrong() -> Iterator[Wrong]:
    for axes in ((0, 0), (0,), (0, 1, 2), (0, 2)):
        text = f"permute_dims: axes {axes} are not a permutation of the 2 axes of (2, 3)"
        yield _wrong((2, 3), text, axes=axes)


def _transpose_samples() -> Iterator[Sample]:
    for shape in ((2, 3), (1, 1), (0, 3), (2, 3, 4), (2, 1, 3, 2, 1, 4)):
        yield _view(Operand(shape))
    for layout in LAYOUTS:
        yield _view(Operand((2, 3, 5), F64, SMOOTH, layout))
    for dtype in EVERY:
        yield _view(Operand((3, 4), dtype))


# --- slice and its transpose ------------------------------------------------------------------------------------------

WHOLE: Bound = (None, None, None)
BACK: Bound = (None, None, -1)
FORWARD: tuple[tuple[Ints, tuple[Bound, ...]], ...] = (
    ((5,), ((1, 4, None),)),
    ((5,), ((None, None, 2),)),
    ((5,), ((-3, None, None),)),
    ((5,), ((1, 100, 3),)),
    ((5,), ((2, 3, None),)),
    ((4, 6), (WHOLE, (1, None, 2))),
    ((4, 6), ((1, 3, None),)),
    ((4, 6), ((3, 2, -1), WHOLE)),
    ((0, 3), (WHOLE, (1, None, None))),
    ((2, 3, 4), (WHOLE, (1, None, None), (None, None, 3))),
    ((2, 1, 3, 4, 1, 2), (WHOLE, WHOLE, (1, None, None), (None, None, 3))),
    (DEEP, ((1, None, None), (None, None, 2), WHOLE, (1, None, None), (1, None, None))),
)
EMPTY: tuple[tuple[Ints, tuple[Bound, ...]], ...] = (((5,), ((3, 3, None),)), ((4, 6), ((4, 1, None), (7, None, None))))
BACKWARD: tuple[tuple[Ints, tuple[Bound, ...]], ...] = (
    ((5,), (BACK,)),
    ((5,), ((3, None, -2),)),
    ((4, 6), (BACK, WHOLE)),
    ((4, 6), ((None, None, 2), (4, 0, -1))),
    ((4, 6), (BACK, BACK)),
    (DEEP, (BACK, WHOLE, BACK, WHOLE, BACK, WHOLE)),
    (FIVE, (BACK, WHOLE, BACK, WHOLE, BACK)),
    (DEEP, (BACK, (None, None, 2), BACK, BACK, (None, None, 2), BACK)),
)


def slices(bounds: tuple[Bound, ...]) -> tuple[slice, ...]:
    return tuple(slice(*b) for b in bounds)


def slice_backward(x: Array, shape: Ints, bounds: tuple[Bound, ...]) -> Array:
    """Zeros with x where the slice was taken."""
    out = np.zeros(shape, x.dtype)
    out[slices(bounds)] = x
    return out


def _slice_samples() -> Iterator[Sample]:
    for shape, bounds in FORWARD:
        yield _view(Operand(shape), bounds=bounds)
    for shape, bounds in (*BACKWARD, *EMPTY):
        yield _view(Operand(shape), bounds=bounds, view=False)
    for layout in LAYOUTS:
        yield _view(Operand((4, 6), F64, SMOOTH, layout), bounds=((1, None, None), (None, None, 2)))
        yield _view(Operand((4, 6), F64, SMOOTH, layout), bounds=(WHOLE, BACK), view=False)
    yield _view(Operand(DEEP, F64, SMOOTH, "stepped"), bounds=(BACK, WHOLE, BACK), view=False)
    for dtype in EVERY:
        yield _view(Operand((4, 6), dtype), bounds=((1, None, None),))
        yield _view(Operand((4, 6), dtype), bounds=((None, None, -2), BACK), view=False)


def _slice_wrong() -> Iterator[Wrong | WrongCall]:
    text = "slice: 3 indices for the 2 axes of (2, 3)"
    yield _wrong((2, 3), text, bounds=(WHOLE, WHOLE, WHOLE))
    yield _wrong((2, 3), "slice: slice step cannot be zero", bounds=((None, None, 0),))
    x = st.ones((2, 3))
    text = "index 5 is out of range for axis 1 of shape (2, 3)"
    yield WrongCall(lambda: x[0, 5], IndexError, text)
    yield WrongCall(lambda: x[-3], IndexError, "index -3 is out of range for axis 0 of shape (2, 3)")
    text = "3 indices for a tensor of 2 axes, shape (2, 3)"
    yield WrongCall(lambda: x[0, 0, 0], IndexError, text)
    yield WrongCall(lambda: x[..., ...], IndexError, "an index can have one '...' only")


def _taken(shape: Ints, bounds: tuple[Bound, ...]) -> Ints:
    return np.empty(shape)[slices(bounds)].shape


def _unslice(shape: Ints, bounds: tuple[Bound, ...], dtype: AnyDType = F64, layout: str = "c") -> Sample:
    return Sample((Operand(_taken(shape, bounds), dtype, SMOOTH, layout),), {"shape": shape, "bounds": bounds})


def _unslice_samples() -> Iterator[Sample]:
    for shape, bounds in (*FORWARD, *BACKWARD, *EMPTY):
        yield _unslice(shape, bounds)
    for layout in LAYOUTS:
        yield _unslice((4, 6), ((1, None, None), (None, None, -2)), F64, layout)
    for dtype in EVERY:
        yield _unslice((4, 6), ((1, None, None),), dtype)
        yield _unslice((4, 6), (BACK, (None, None, 2)), dtype)


def _unslice_wrong() -> Iterator[Wrong]:
    text = "slice_backward: (2, 3) is not that slice of (4, 3): axis 0: 2 != 3"
    yield _wrong((2, 3), text, shape=(4, 3), bounds=((1, None, None),))
    text = "slice_backward: (3,) is not that slice of (4, 3): it has 1 axes"
    yield _wrong((3,), text, shape=(4, 3), bounds=((1, None, None),))


# --- concat, unstack --------------------------------------------------------------------------------------------------


def concat(*xs: Array, axis: int) -> Array:
    return np.concatenate(xs, axis)


def unstack(x: Array, axis: int) -> list[Array]:
    """Views, also where no axis is left."""
    lead: tuple[Any, ...] = (slice(None),) * axis
    return [x[(*lead, i, ...)] for i in range(x.shape[axis])]


def _concat_samples() -> Iterator[Sample]:
    lists: tuple[tuple[tuple[Ints, ...], int], ...] = ((((3,),), 0), (((3,), (1,), (4,)), 0), (((2, 3), (0, 3)), 0))
    lists += ((((2, 3), (2, 1), (2, 2)), 1), (((0, 3), (0, 3)), 0), (((2, 1, 3), (2, 4, 3)), 1))
    lists += ((((2, 1, 3, 2, 1, 2), (2, 1, 2, 2, 1, 2)), 2),)
    for shapes, axis in lists:
        yield Sample(tuple(Operand(s) for s in shapes), {"axis": axis})
    for i, layout in enumerate(LAYOUTS):
        other = LAYOUTS[(i + 3) % len(LAYOUTS)]
        operands = (Operand((3, 5), F64, SMOOTH, layout), Operand((3, 5), F64, SMOOTH, other))
        yield Sample(operands, {"axis": i % 2})
    yield Sample((Operand((2, 3)), Same(0), Operand((2, 1)), Same(0)), {"axis": 1})
    for dtype in EVERY:
        yield Sample((Operand((2, 3), dtype), Operand((1, 3), dtype)), {"axis": 0})
    mixed = ((F32, F64, F64), (I64, F32, F32), (Bool, U8, U8), (I8, U8, I32), (F16, BF16, F32), (F16, I8, F16))
    for a, b, out in (*mixed, (U32, I32, I64), (BF16, F64, F64), (I32, I64, I64), (BF16, U8, BF16)):
        yield Sample((Operand((2, 3), a), Operand((2, 2), b)), {"axis": 1}, out)
        yield Sample((Operand((2, 3), b), Operand((2, 2), a)), {"axis": 1}, out)


def _concat_wrong() -> Iterator[Wrong]:
    def wrong(shapes: tuple[Ints, ...], axis: int, text: str) -> Wrong:
        return Wrong(tuple((s, F32) for s in shapes), ShapeError, f"concat: {text}", {"axis": axis})

    text = "operand 2 has shape (3,), operand 0 (2, 3): their ranks differ"
    yield wrong(((2, 3), (2, 3), (3,)), 0, text)
    text = "operands 0 and 1, (2, 3) and (2, 4), differ off axis 0: axis 1: 3 != 4"
    yield wrong(((2, 3), (2, 4)), 0, text)
    yield wrong(((2, 3), (2, 3)), 2, "axis 2 is out of range for rank 2 (valid: -2..1)")
    yield wrong(((), ()), 0, "axis 0 is out of range for rank 0 (a scalar has no axes)")


def _unstack_samples() -> Iterator[Sample]:
    for shape in ((1,), (4,), (0, 3), (3, 0), (2, 3), (2, 3, 4), (2, 1, 3, 2, 1, 2)):
        for axis in range(len(shape)):
            yield _view(Operand(shape), axis=axis)
    for i, layout in enumerate(LAYOUTS):
        yield _view(Operand((3, 5), F64, SMOOTH, layout), axis=i % 2)
    for dtype in EVERY:
        yield _view(Operand((3, 4), dtype), axis=1)


def _unstack_wrong() -> Iterator[Wrong]:
    text = "unstack: axis 1 is out of range for rank 1 (valid: -1..0)"
    yield _wrong((3,), text, axis=1)
    yield _wrong((), "unstack: axis 0 is out of range for rank 0 (a scalar has no axes)", axis=0)


def _op(
    reference: Any, valid: Iterator[Sample], wrong: Iterator[Wrong] | Iterator[Wrong | WrongCall], *symbolic: Symbolic
) -> OpSamples:
    return OpSamples(reference, tuple(valid), tuple(wrong), {}, symbolic, exact=True)


def _expand_wrong() -> Iterator[WrongCall]:
    text = "expand_dims: axis 3 is out of range for rank 3 (valid: -3..2); the shape is (2, 3)"
    yield WrongCall(lambda: st.ones((2, 3)).expand_dims(3), ShapeError, text)


def _transpose_wrong() -> Iterator[Wrong]:
    for shape in ("()", "(3,)"):
        text = f"matrix_transpose: {shape} has no last two axes to swap: it needs at least 2 axes"
        yield _wrong(() if shape == "()" else (3,), text)


SAMPLES = {
    "reshape": _op(
        lambda x, shape: np.reshape(x, shape),
        _reshape_samples(),
        _reshape_wrong(),
        Symbolic(("B T D",), SIZES, {"shape": "B*T D"}),
        Symbolic(("B T*D",), SIZES, {"shape": "D 1 B T"}),
    ),
    "to_device": _op(lambda x, device: np.array(x), _to_device_samples(), _to_device_wrong()),
    "expand_dims": _op(np.expand_dims, _expand_samples(), _expand_wrong()),
    "broadcast_to": _op(
        np.broadcast_to, _broadcast_samples(), _broadcast_wrong(), Symbolic(("1 D",), SIZES, {"shape": "B T D"})
    ),
    "permute_dims": _op(np.transpose, _permute_samples(), _permute_wrong()),
    "matrix_transpose": _op(np.matrix_transpose, _transpose_samples(), _transpose_wrong()),
    "slice": _op(
        lambda x, bounds: x[slices(bounds)],
        _slice_samples(),
        _slice_wrong(),
        Symbolic(("D H T",), SIZES, {"bounds": ((1, None, None), (2, -1, None), (None, None, 2))}),
        Symbolic(("D H",), SIZES, {"bounds": ((None, -2, None),)}),
    ),
    "slice_backward": _op(
        slice_backward,
        _unslice_samples(),
        _unslice_wrong(),
        Symbolic(("D-1 H-2",), SIZES, {"shape": "D H", "bounds": ((1, None, None), (1, -1, None))}),
    ),
    "concat": _op(concat, _concat_samples(), _concat_wrong(), Symbolic(("B T", "2*D T"), SIZES, {"axis": 0})),
    "unstack": _op(unstack, _unstack_samples(), _unstack_wrong(), Symbolic(("T 3 D",), SIZES, {"axis": 1})),
}
