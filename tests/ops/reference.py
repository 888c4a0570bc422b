"""From samples to tensors and arrays, and numerical derivatives to compare with."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapetensor as st
from numpy.typing import NDArray
from shapetensor._core.apply import apply
from shapetensor._core.device import current
from shapetensor._core.dtypes import BF16, F16, F64, AnyDType, Bool, Float, Integer
from shapetensor._core.interop import share_in
from shapetensor._core.op import OPS, Op
from shapetensor.tensor import AnyTensor, Tensor

from tests.ops.sample import HERE, Ints, Operand, OpSamples, Same, Sample

Array = NDArray[Any]
Args = tuple[Any, ...]
_SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 2.5, -1e30, 1e-30, 700.0)
_TOLERANCE: dict[AnyDType, tuple[float, float]] = {F64: (1e-12, 1e-13), st.F32: (2e-5, 2e-6)}
_STEP = 1e-5  # of central differences, whose error is then about 1e-10


# --- operands ---------------------------------------------------------------------------------------------------------


def elements(operand: Operand, place: int, variant: int) -> Array:
    """The elements as NumPy keeps them; bfloat16 as float32."""
    kind = {BF16: "float32", F16: "float16"}.get(operand.dtype, operand.dtype.storage)
    if operand.values is not None:
        return np.array(operand.values, kind).reshape(operand.shape)
    seed = zlib.crc32(f"{operand.shape} {operand.dtype.__name__} {operand.data} {place} {variant}".encode())
    rng = np.random.default_rng(seed)
    if operand.below is not None:
        least = -operand.below if operand.least is None else operand.least
        return np.asarray(rng.integers(least, max(operand.below, least + 1), operand.shape), kind)
    if operand.dtype is Bool:
        return np.asarray(rng.random(operand.shape) < 0.5)
    if issubclass(operand.dtype, Integer):
        return np.asarray(_integers(rng, operand, operand.dtype), kind)
    return np.asarray(_floats(rng, operand, place), kind)


def _integers(rng: np.random.Generator, operand: Operand, dtype: type[Integer]) -> Array:
    shape, size = operand.shape, int(np.prod(operand.shape))
    if operand.data == "extreme":
        corners = [dtype.low, dtype.high, 0, dtype.low + 1, dtype.high - 1]
        return np.array([corners[i % 5] for i in range(size)], dtype.storage).reshape(shape)
    signed = dtype.low < 0 and operand.data != "positive"
    if operand.data == "ties":
        return np.asarray(rng.integers(-1 if signed else 0, 3, shape))
    magnitude = rng.integers(1, 7, shape)
    return magnitude * rng.choice([-1, 1], shape) if signed else magnitude


def _floats(rng: np.random.Generator, operand: Operand, place: int) -> Array:
    shape, size = operand.shape, int(np.prod(operand.shape))
    if operand.data == "special":
        return np.resize(_SPECIAL, size).reshape(shape)
    if operand.data == "ties":
        return np.asarray(rng.integers(-1, 3, shape), float)
    if operand.data == "positive":
        return np.asarray(rng.uniform(0.3, 3.0, shape))
    if operand.data == "distinct":
        # a grid in random order, shifted for each operand so that no two operands share a value
        grid = (np.arange(size) - size / 2 + 0.3 * (place + 1)) * min(0.37, 20 / max(size, 1))
        return rng.permutation(grid).reshape(shape)
    return rng.uniform(0.2, 2.0, shape) * rng.choice([-1.0, 1.0], shape)


def lay_out(array: Array, layout: str) -> Array:
    """The same elements in this arrangement of memory; gaps are filled with what would be noticed."""
    if layout == "c" or array.ndim == 0:
        return array
    if layout == "read_only":
        array.flags.writeable = False
        return array
    if layout == "fortran":
        return np.asfortranarray(array)
    if layout == "swapped":
        return np.swapaxes(np.ascontiguousarray(np.swapaxes(array, -1, -2)), -1, -2) if array.ndim > 1 else array
    if layout in ("stepped", "offset"):
        return _among_gaps(array, layout)
    axis = 0 if layout == "stretched" else array.ndim - 1
    one = np.take(array, [0], axis) if array.shape[axis] else array
    return np.broadcast_to(one.copy(), array.shape)


def _among_gaps(array: Array, layout: str) -> Array:
    garbage = np.nan if array.dtype.kind == "f" else 1
    if layout == "stepped":
        base = np.full([2 * n + 1 for n in array.shape], garbage, array.dtype)
        inside = base[tuple(slice(1, 2 * n + 1, 2) for n in array.shape)]
    else:
        base = np.full([n + 2 for n in array.shape], garbage, array.dtype)
        inside = base[tuple(slice(1, n + 1) for n in array.shape)]
    inside[...] = array
    return inside


def as_tensor(array: Array, dtype: AnyDType) -> AnyTensor:
    """A tensor on the array's own memory where that can be, so that it has the array's strides."""
    if dtype is BF16:
        bits = (array.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
        shared = share_in(_like(bits, array), BF16)
        return st.zeros(array.shape, dtype=BF16) if shared is None else Tensor._make(*shared, ())
    return st.from_numpy(array, copy=False)


def _like(bits: Array, array: Array) -> Array:
    """The bits in the order of memory that the array has; steps between elements are kept as well."""
    if array.flags.c_contiguous or 0 in array.strides:
        return np.ascontiguousarray(bits)
    return _among_gaps(bits, "stepped") if not array.flags.f_contiguous else np.asfortranarray(bits)


def materialise(sample: Sample, variant: int = 0) -> tuple[Args, list[Any]]:
    """The operands for the op, and those for the reference: tensors and arrays of the same elements."""
    args: list[Any] = []
    arrays: list[Any] = []
    for place, operand in enumerate(sample.operands):
        if isinstance(operand, Same):
            args.append(args[operand.place])
            arrays.append(arrays[operand.place])
        elif isinstance(operand, Operand):
            array = lay_out(elements(operand, place, variant), operand.layout)
            args.append(as_tensor(array, operand.dtype))
            arrays.append(to_numpy(args[-1]) if operand.dtype is BF16 else array)
        else:
            args.append(operand)
            arrays.append(operand)
    return tuple(args), arrays


# --- running ----------------------------------------------------------------------------------------------------------


def attributes(op: Op, sample: Sample) -> Args:
    """The attributes in the op's order."""
    values = {k: current() if v is HERE or v == HERE else v for k, v in sample.attrs.items()}
    return tuple(values[name] for name in op.attrs)


def run(op: Op, args: Sequence[Any], attrs: Args) -> list[AnyTensor]:
    """The outputs of an op, as a list even where there is one."""
    found = apply(op, tuple(args), attrs)
    return found if op.many else [found]  # type: ignore[return-value]


def expected(samples: OpSamples, sample: Sample, arrays: Sequence[Any]) -> list[Array]:
    """What the reference says, in the dtypes that the sample says."""
    with np.errstate(all="ignore"):
        found = samples.reference(*arrays, **sample.attrs)
        results = found if isinstance(found, list) else [found]
        return [_stored(np.asarray(r), d) for r, d in zip(results, dtypes(sample, len(results)), strict=True)]


def dtypes(sample: Sample, count: int) -> list[AnyDType]:
    """The dtype of each of so many outputs."""
    outs = sample.outs()
    return [outs[min(i, len(outs) - 1)] for i in range(count)]


def _stored(array: Array, dtype: AnyDType) -> Array:
    kind = {BF16: "float32", F16: "float16"}.get(dtype, dtype.storage)
    return array if array.dtype == kind else array.astype(kind)


def to_numpy(x: AnyTensor) -> Array:
    """The elements; bfloat16 as float32, decoded here rather than by astype."""
    if x.dtype is not BF16:
        return x.numpy()
    strides = tuple(2 * s for s in x._spec.strides)
    bits = np.ndarray(x.shape, np.uint16, x._buffer, 0, strides) if x.size else np.zeros(x.shape, np.uint16)
    return (bits.astype(np.uint32) << 16).view(np.float32).reshape(x.shape)


def assert_same(got: AnyTensor, want: Array, where: str, *, exact: bool, scale: float = 1.0) -> None:
    """Equal bits where `exact` or for integers, else equal within the rounding of the dtype."""
    array = to_numpy(got)
    assert array.shape == want.shape, f"{where}: {array.shape} is not {want.shape}"
    assert array.dtype == want.dtype, f"{where}: {array.dtype} is not {want.dtype}"
    if exact or not issubclass(got.dtype, Float):
        np.testing.assert_array_equal(array, want, err_msg=where)
    else:
        relative, absolute = _TOLERANCE[got.dtype]
        np.testing.assert_allclose(array, want, relative * scale, absolute * scale, err_msg=where)


# --- derivatives ------------------------------------------------------------------------------------------------------

Function = Callable[..., list[AnyTensor]]


def of_floats(op: Op, sample: Sample, args: Args) -> tuple[Function, list[AnyTensor]]:
    """The op as a function of its floating tensors, each once, that gives its floating outputs; and these tensors."""
    attrs = attributes(op, sample)
    places = [i for i, o in enumerate(sample.operands) if isinstance(o, Operand) and issubclass(o.dtype, Float)]

    def function(*xs: AnyTensor) -> list[AnyTensor]:
        given = dict(zip(places, xs, strict=True))
        full: list[Any] = [given.get(i, x) for i, x in enumerate(args)]
        for i, operand in enumerate(sample.operands):
            if isinstance(operand, Same):
                full[i] = full[operand.place]
        return [y for y in run(op, full, attrs) if issubclass(y.dtype, Float)]

    return function, [args[i] for i in places]


def directions(tensors: Sequence[AnyTensor], seed: int) -> list[AnyTensor]:
    """Random tensors of these shapes and dtypes."""
    rng = np.random.default_rng(seed)
    return [st.from_numpy(np.asarray(rng.normal(size=x.shape)).astype(x.dtype.storage)) for x in tensors]


def difference(f: Callable[..., Sequence[AnyTensor]], xs: Sequence[AnyTensor], vs: Sequence[AnyTensor]) -> list[Array]:
    """The derivative of f in a direction, by central differences."""

    def at(step: float) -> list[Array]:
        moved = [st.from_numpy(np.asarray(x.numpy() + step * v.numpy())) for x, v in zip(xs, vs, strict=True)]
        return [y.numpy().copy() for y in f(*moved)]

    return [(a - b) / (2 * _STEP) for a, b in zip(at(_STEP), at(-_STEP), strict=True)]


def inner(xs: Sequence[AnyTensor | Array], ys: Sequence[AnyTensor | Array]) -> float:
    """The inner product of two lists of tensors."""
    return float(sum(np.vdot(np.asarray(x), np.asarray(y)) for x, y in zip(xs, ys, strict=True)))


def size_of(shape: Ints) -> int:
    return int(np.prod(shape))


def op_named(name: str) -> Op:
    return OPS[name]
