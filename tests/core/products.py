"""Products of every kind, and what is right of them; as a program, what needs a process of its own.

python -m tests.core.products threads   the bits of large products
python -m tests.core.products bounds    what a build with bounds checking says of sizes that are too large
python -m tests.core.products pages     products of operands that end, or begin, where no memory is
"""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import shapetensor as st
from shapetensor._core.apply import infer
from shapetensor._core.cpu import CPU
from shapetensor._core.dtypes import F32, F64, AnyDType, Float, Integer
from shapetensor._core.kernels import threads
from shapetensor._core.kernels.generate.product import COPIED, DIRECT, DOTS, TRANSPOSED
from shapetensor._core.kernels.launch import Launch, Step, execute
from shapetensor._core.op import OPS, Call
from shapetensor.tensor import AnyTensor
from tests.ops.reference import lay_out, run_guarded

Array = NDArray[Any]
Ints = tuple[int, ...]
KINDS = {DIRECT, COPIED, TRANSPOSED, DOTS}
UNTRANSPOSED = "transpose"  # the step before a product whose x is transposed first
FAR = 4096  # bytes between rows that are in each other's way


class Case(NamedTuple):
    """The shapes of two factors, and how they lie."""

    x: Ints
    w: Ints
    x_layout: str = "c"
    w_layout: str = "c"

    @property
    def multiplications(self) -> int:
        lead = np.broadcast_shapes(self.x[:-2], self.w[:-2])
        return int(np.prod((*lead, *self.x[-2:], self.w[-1])))


# More than a tile of rows, of columns and of k each, whatever the processor; all but COPIED are small
CASES = {
    DIRECT: Case((19, 37), (37, 81)),
    COPIED: Case((257, 513), (513, 17)),
    TRANSPOSED: Case((19, 37), (37, 81), "c", "swapped"),
    DOTS: Case((3, 70), (70, 81), "c", "swapped"),
    UNTRANSPOSED: Case((19, 513), (513, 50), "far swapped", "c"),
}
# Worth several threads, and with an odd column or more
LARGE = (
    Case((201, 200), (200, 197)),
    Case((257, 515), (515, 65)),
    Case((257, 2100), (2100, 33)),
    Case((203, 200), (200, 193), "c", "swapped"),
    Case((67, 2100), (2100, 65), "c", "swapped"),
    Case((16, 6400), (6400, 66), "c", "swapped"),
    Case((5, 20_000), (20_000, 131), "c", "swapped"),
    Case((3, 150, 151), (3, 151, 149)),
    Case((2, 190, 191), (2, 191, 193), "c", "swapped"),
    Case((3, 150, 151), (151, 149)),
    Case((150, 151), (4, 151, 149)),
    Case((301, 513), (513, 50), "far swapped", "c"),
    Case((7000, 1000), (1000, 1)),
    Case((1, 1000), (1000, 7001)),
)


# --- operands ---------------------------------------------------------------------------------------------------------


def elements(rng: np.random.Generator, shape: Ints, dtype: AnyDType, *, whole: bool = False) -> Array:
    """Whole numbers have sums without rounding, in any order; integers are of all sizes, so that products wrap."""
    if issubclass(dtype, Integer):
        return np.asarray(rng.integers(dtype.low, dtype.high, shape, endpoint=True, dtype=dtype.storage))
    x = rng.integers(-9, 10, shape) if whole else rng.standard_normal(shape)
    return np.asarray(x, dtype.storage)


def laid_out(array: Array, layout: str) -> Array:
    """The same elements in this arrangement: as lay_out knows them, rows apart by FAR, and either `swapped` as well."""
    first, _, swapped = layout.partition(" ")
    if swapped:
        return laid_out(array.swapaxes(-1, -2), first).swapaxes(-1, -2)
    if first != "far":
        return lay_out(array, layout)
    wide = -(-array.shape[-1] * array.itemsize // FAR) * FAR // array.itemsize
    memory = np.full((*array.shape[:-1], wide), np.nan if array.dtype.kind == "f" else 1).astype(array.dtype)
    inside = memory[..., : array.shape[-1]]
    inside[...] = array
    return inside


def operands(
    rng: np.random.Generator, case: Case, dtype: AnyDType, *, whole: bool = False
) -> tuple[AnyTensor, AnyTensor]:
    pairs = (case.x, case.x_layout), (case.w, case.w_layout)
    x, w = (
        st.from_numpy(laid_out(elements(rng, shape, dtype, whole=whole), layout), copy=False) for shape, layout in pairs
    )
    return x, w


# --- results ----------------------------------------------------------------------------------------------------------


def call_of(*xs: AnyTensor) -> Call:
    """The product of two tensors; of three, the affine map."""
    return infer(OPS["matmul" if len(xs) == 2 else "linear"], (), *(x._spec for x in xs))


def names(launch: Launch) -> list[str]:
    """The kernels of its steps."""
    return [getattr(step.kernel, "kernel", step.kernel).__name__ for step in launch.steps]


def kind(launch: Launch) -> str:
    """Which kind of product it is, "" where there is nothing to compute."""
    return names(launch)[-1].split("_")[1] if launch.steps else ""


def guarded(*xs: AnyTensor, compiled: bool = False) -> Array:
    """The result. What lies around the operands and in memory that nobody wrote is NaN at first, then is not."""
    call = call_of(*xs)
    first, clean = run_guarded(call, xs, 0xFF, compiled=compiled)
    again, still = run_guarded(call, xs, 0x3C, compiled=compiled)
    assert clean, call
    assert still, call
    assert first == again, call
    out = call.outs[0]
    return np.frombuffer(first[0], out.dtype.storage).reshape(out.shape)


def check(got: Array, x: AnyTensor, w: AnyTensor, *, whole: bool = False) -> None:
    """Integers wrap and whole numbers are exact.

    Else k terms are rounded at most k times each, in whatever order they are added: that is off by g * sum |x| |w| with
    g = k u / (1 - k u) and u = eps / 2. The reference is too, by as much at most: 2 g < (k + 1) eps while k k u < 1,
    and where it is more the reference of float32 has no rounding to speak of.
    """
    if not issubclass(x.dtype, Float):
        np.testing.assert_array_equal(got, x.numpy() @ w.numpy())
        return
    a, b = (t.numpy().astype(np.float64) for t in (x, w))
    want = a @ b
    if whole:
        np.testing.assert_array_equal(got, want)
        return
    allowed = (x.shape[-1] + 1) * float(np.finfo(x.dtype.storage).eps) * (np.abs(a) @ np.abs(b))
    error = np.abs(got - want)
    assert (error <= allowed).all(), (error - allowed).max()


# --- processes --------------------------------------------------------------------------------------------------------


def large() -> Iterator[tuple[AnyTensor, ...]]:
    """Factors that are worth several threads; those of one weight also with a bias."""
    rng = np.random.default_rng(1)
    for dtype in (F32, F64):
        for case in LARGE:
            x, w = operands(rng, case, dtype)
            yield x, w
            if w.ndim == 2:
                yield x, w.mT, st.from_numpy(elements(rng, w.shape[1:], dtype))


def print_bits() -> None:
    state = hashlib.sha256()
    for xs in large():
        y = xs[0] @ xs[1] if len(xs) == 2 else st.linear(xs[0], xs[1], xs[2])
        state.update(np.ascontiguousarray(y.numpy()).tobytes())
    print(threads.count(), threads.layer() or "none", state.hexdigest())


def attempt(step: Step, buffers: Sequence[Any], place: int, missing: int) -> str:
    """What a step says that is given an array that lacks its last elements."""
    short = [b[: b.size - missing] if i == place else b for i, b in enumerate(buffers)]
    try:
        execute(step, short)
    except IndexError as error:
        return str(error)
    return "nothing"


def print_bounds() -> None:
    """For each array that a kind's kernels are given, what they say if it lacks its last element.

    Scratch has room for more threads than one, so that it takes a great part of it to make it too small.
    """
    rng = np.random.default_rng(1)
    for name, case in CASES.items():
        xs = operands(rng, case, F32)
        launch = CPU.prepare(call_of(*xs))
        buffers: list[Any] = [x._buffer for x in xs]
        buffers += [np.empty(count, dtype) for count, dtype in (*launch.outputs, *launch.scratch)]
        for step in launch.steps:
            execute(step, buffers)
        check(buffers[2].reshape(call_of(*xs).outs[0].shape), *xs)
        step = launch.steps[0] if name == UNTRANSPOSED else launch.steps[-1]
        parts = {"x": 0, "w": 1, "out": 2, "panel": 3}
        given = [part for part, place in parts.items() if any(getattr(a, "index", -1) == place for a in step.args)]
        for part in given:
            missing = buffers[3].size * 3 // 4 if part == "panel" else 1
            print(f"{name}/{part}/{attempt(step, buffers, parts[part], missing)}")


def at_an_edge(array: Array, *, end: bool) -> Array:
    """A copy of a flat array that ends where a page begins that nobody may read, or begins where one ends."""
    page = mmap.PAGESIZE
    pages = -(-array.nbytes // page)
    memory = mmap.mmap(-1, (pages + 2) * page)
    raw = np.frombuffer(memory, np.uint8)
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    for start in (raw.ctypes.data, raw.ctypes.data + (pages + 1) * page):
        if protect(ctypes.c_void_p(start), ctypes.c_size_t(page), 0):
            raise OSError(ctypes.get_errno(), "mprotect")
    first = (pages + 1) * page - array.nbytes if end else page
    inside = raw[first : first + array.nbytes].view(array.dtype)
    inside[:] = array
    return inside


def try_pages() -> None:
    rng = np.random.default_rng(1)
    for dtype in (F32, F64):
        for name, case in CASES.items():
            xs = operands(rng, case, dtype)
            call = call_of(*xs)
            launch = CPU.prepare(call)
            for end in (False, True):
                flats = [x._buffer for x in xs]
                flats += [np.zeros(count, kind) for count, kind in (*launch.outputs, *launch.scratch)]
                buffers = [at_an_edge(flat, end=end) for flat in flats]
                for step in launch.steps:
                    execute(step, buffers)
                check(buffers[2].reshape(call.outs[0].shape), *xs)
            print(name, dtype.name)


if __name__ == "__main__":
    {"threads": print_bits, "bounds": print_bounds, "pages": try_pages}[sys.argv[1]]()
