"""From samples to tensors and arrays, and numerical derivatives to compare with."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import shapetensor as st
from shapetensor._core.apply import apply, infer
from shapetensor._core.cpu import CPU
from shapetensor._core.device import current
from shapetensor._core.dims import Atom, Dim, Poly, Shape
from shapetensor._core.dtypes import BF16, F64, AnyDType, Bool, Float, Integer, weak_dtype
from shapetensor._core.interop import share_in
from shapetensor._core.kernels.launch import execute
from shapetensor._core.op import Call, Op
from shapetensor._core.parse import parse_dim
from shapetensor._core.spec import WEAK_SPECS, Spec
from shapetensor.tensor import AnyTensor, Tensor
from tests.ops.sample import HERE, Ints, Operand, OpSamples, Same, Sample, numpy_name

Array = NDArray[Any]
Args = tuple[Any, ...]
_SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 2.5, -1e30, 1e-30, 700.0)
_TOLERANCE: dict[AnyDType, tuple[float, float]] = {F64: (1e-12, 1e-13), st.F32: (2e-5, 2e-6)}
_STEP = 1e-5  # of central differences, whose error is then about 1e-10


# --- operands ---------------------------------------------------------------------------------------------------------


def elements(operand: Operand, place: int, variant: int) -> Array:
    """The elements as NumPy keeps them; bfloat16 as float32."""
    kind = numpy_name(operand.dtype)
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
    magnitude = np.asarray(rng.integers(1, 7, shape))
    return np.asarray(magnitude * rng.choice([-1, 1], shape)) if signed else magnitude


def _floats(rng: np.random.Generator, operand: Operand, place: int) -> Array:
    shape, size = operand.shape, int(np.prod(operand.shape))
    if operand.data == "special":
        return rng.permutation(np.resize(_SPECIAL, size)).reshape(shape)
    if operand.data == "ties":
        return np.asarray(rng.integers(-1, 3, shape), float)
    if operand.data == "positive":
        return np.asarray(rng.uniform(0.3, 3.0, shape))
    if operand.data == "distinct":
        # a grid in random order, shifted for each operand so that no two operands share a value
        grid = (np.arange(size) - size / 2 + 0.3 * (place + 1)) * min(0.37, 20 / max(size, 1))
        return rng.permutation(grid).reshape(shape)
    return np.asarray(rng.uniform(0.2, 2.0, shape) * rng.choice([-1.0, 1.0], shape))


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
    kind = numpy_name(dtype)
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


# --- specs and symbols ------------------------------------------------------------------------------------------------


def specs_of(args: Sequence[Any]) -> list[Spec]:
    return [WEAK_SPECS[weak_dtype(x)] if isinstance(x, (int, float)) else x._spec for x in args]  # type: ignore[index]


def call_of(op: Op, sample: Sample, args: Args) -> Call:
    return infer(op, attributes(op, sample), *specs_of(args))


def symbols(shape: tuple[int, ...]) -> Shape:
    """A letter for each size but 0 and 1, the same for the same size."""
    return tuple(n if n < 2 else Poly.of(Atom(f"n{n}", n)) for n in shape)


def put_in(shape: Any) -> tuple[int, ...]:
    """The ints that such symbols stand for."""
    values: dict[Atom, Dim] = {a: a.key for n in shape if isinstance(n, Poly) for a in n.atoms()}  # type: ignore[misc]
    return tuple(n.substitute(values) if isinstance(n, Poly) else n for n in shape)  # type: ignore[misc]


def spelled(text: str, sizes: Any) -> tuple[Shape, tuple[int, ...]]:
    """`"B 2*T"` in letters and in ints."""
    atoms = {name: Atom(name, name) for name in sizes}
    dims = tuple(parse_dim(word, lambda name: Poly.of(atoms[name])) for word in text.split())
    values: dict[Atom, Dim] = {atoms[name]: size for name, size in sizes.items()}
    ints = tuple(d.substitute(values) if isinstance(d, Poly) else d for d in dims)
    return dims, ints  # type: ignore[return-value]


# --- guarded memory ---------------------------------------------------------------------------------------------------

GUARD = 256  # bytes before and behind a buffer that nobody may touch


class Guarded:
    """A buffer between two guards, all of it filled with one byte."""

    def __init__(self, count: int, dtype: np.dtype[Any], byte: int) -> None:
        nbytes = count * dtype.itemsize
        raw = np.full(nbytes + 2 * GUARD + 64, byte, np.uint8)
        start = -raw.ctypes.data % 64 + GUARD
        self.inside = raw[start : start + nbytes].view(dtype)
        self._guards = (raw[:start], raw[start + nbytes :])
        self._byte = byte

    def is_whole(self) -> bool:
        return all((guard == self._byte).all() for guard in self._guards)


def _guard(x: Any, byte: int) -> Guarded:
    """A copy of an operand between guards; of a Python scalar an empty one."""
    flat = getattr(x, "_buffer", np.empty(0, np.uint8))
    guarded = Guarded(len(flat), flat.dtype, byte)
    guarded.inside[:] = flat
    return guarded


def run_guarded(call: Call, args: Args, byte: int, *, compiled: bool = False) -> tuple[list[bytes], bool]:
    """The bytes of the outputs, and whether nothing was written elsewhere; memory begins as this byte."""
    launch = CPU.prepare_compiled(call) if compiled else CPU.prepare(call)
    assert launch is not None
    guards = [_guard(x, byte) for x in args]
    buffers: list[Any] = [g.inside if hasattr(x, "_buffer") else x for g, x in zip(guards, args, strict=True)]
    for index, convert in launch.scalars:
        buffers[index] = convert(buffers[index])
    for count, dtype in (*launch.outputs, *launch.scratch):
        guards.append(Guarded(count, dtype, byte))
        buffers.append(guards[-1].inside)
    for step in launch.steps:
        execute(step, buffers)
    unchanged = all(
        guard.inside.tobytes() == x._buffer.tobytes()
        for guard, x in zip(guards, args, strict=False)
        if hasattr(x, "_buffer")
    )
    outs = buffers[launch.inputs : launch.inputs + len(launch.outputs)]
    return [out.tobytes() for out in outs], unchanged and all(g.is_whole() for g in guards)


def run_in_place(call: Call, args: Args) -> tuple[list[bytes], bool]:
    """The bytes of the operands, all tensors, after the launch in place, and whether nothing was written elsewhere."""
    launch = CPU.prepare(call)
    assert launch.in_place is not None
    guards = [_guard(x, 0xA5) for x in args]
    scratch = [np.empty(count, dtype) for count, dtype in launch.scratch]
    buffers = [*(g.inside for g in guards), *(None for _ in launch.outputs), *scratch]
    for step in launch.in_place.steps:
        execute(step, buffers)
    return [g.inside.tobytes() for g in guards], all(g.is_whole() for g in guards)


# --- batches ----------------------------------------------------------------------------------------------------------


def batches(
    sample: Sample, mapped: Sequence[int], axis: int, size: int
) -> tuple[list[Args], Args, tuple[int | None, ...]]:
    """The operands of each example; all of them stacked where they are mapped; and the axes to map."""
    shared = materialise(sample)[0]
    examples = [materialise(sample, variant)[0] for variant in range(max(size, 1))]
    rows: list[Args] = [tuple(e[i] if i in mapped else shared[i] for i in range(len(shared))) for e in examples]
    stacked: list[Any] = list(shared)
    axes: list[int | None] = [None] * len(shared)
    for i in mapped:
        place = axes[i] = min(axis, len(shared[i].shape))
        whole = np.stack([to_numpy(row[i]) for row in rows], place)
        whole = np.take(whole, range(size), place)
        stacked[i] = st.from_numpy(whole) if shared[i].dtype is not st.BF16 else st.from_numpy(whole).astype(st.BF16)
    return rows[:size], tuple(stacked), tuple(axes)


def tensor_places(sample: Sample) -> list[int]:
    return [i for i, o in enumerate(sample.operands) if isinstance(o, Operand)]


def with_same(sample: Sample, args: Sequence[Any]) -> list[Any]:
    return [args[o.place] if isinstance(o, Same) else x for o, x in zip(sample.operands, args, strict=True)]
