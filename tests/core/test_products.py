"""Products: every kind of kernel on drawn shapes and layouts, what surrounds their operands, their cuts and their code.

`just kernels-checked` runs this file with Numba's bounds checking, too.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import config, njit
from numpy.typing import NDArray

import shapetensor as st
from shapetensor._core.cpu import CPU
from shapetensor._core.dtypes import F32, F64, I32, I64, U8, AnyDType
from shapetensor._core.kernels import tile
from shapetensor._core.kernels.generate.product import COPIED, DEPTH, DIRECT, DOTS, TRANSPOSED, tiles
from shapetensor._core.kernels.launch import Launch, execute
from shapetensor._core.kernels.threads import Divided
from shapetensor._core.op import Call
from shapetensor.tensor import AnyTensor
from tests.core.products import (
    CASES,
    KINDS,
    LARGE,
    UNTRANSPOSED,
    Case,
    call_of,
    check,
    elements,
    guarded,
    kind,
    laid_out,
    large,
    names,
    operands,
)

Array = NDArray[Any]
Ints = tuple[int, ...]
ROOT = Path(__file__).parent.parent.parent
FLOATS: tuple[AnyDType, ...] = (F32, F64)

# Around one, two and four vectors of 16 or of 8 numbers; each number of vectors in a row of tiles is one more kernel.
SIZES = (0, 1, 3, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 130)
DEEP = (2047, 2048, 2049, 4097, 5000)  # around the blocks of k
LEADS: tuple[tuple[Ints, Ints], ...] = (
    ((3,), (3,)),
    ((3,), ()),
    ((), (3,)),
    ((2, 1), (1, 3)),
    ((2, 3), (3,)),
    ((1,), (2,)),
    ((0,), ()),
)
LAYOUTS = ("c", "swapped", "stepped", "offset", "offset swapped", "stretched", "stretched swapped")
SOME = (1, 7, 64, 65)  # columns where there are many rows


def _shape(rng: np.random.Generator) -> tuple[int, int, int, str]:
    """m, k and n of one sort or the other: any, many rows, many columns, a long k, rows in each other's way."""

    def one(sizes: Sequence[int]) -> int:
        return int(rng.choice(sizes))

    sort = rng.random()
    if sort < 0.55:
        return one(SIZES), one(SIZES), one(SIZES), ""
    if sort < 0.62:
        return one(range(256, 700)), one((17, 512, 600)), one(SOME), ""
    if sort < 0.68:
        return one(SIZES[:8]), one(SIZES[:8]), 64 * one(range(4, 20)), ""
    if sort < 0.84:
        return one((3, 33, 137, 270, 320)), one(DEEP), one((1, 7, 65)), ""
    return one(range(1, 130)), one(range(512, 600)), one((7, 64, 130)), "far"


def _case(rng: np.random.Generator) -> Case:
    m, k, n, far = _shape(rng)
    layouts = [str(rng.choice((far, f"{far} swapped") if far else LAYOUTS)) for _ in range(2)]
    lead: tuple[Ints, Ints] = ((), ())
    if m * k * n < 300_000 and not far and rng.random() < 0.5:
        lead = LEADS[rng.integers(len(LEADS))]
    return Case((*lead[0], m, k), (*lead[1], k, n), *layouts)


@pytest.mark.parametrize("dtype", FLOATS)
def test_drawn_products(dtype: AnyDType, rng: np.random.Generator) -> None:
    kinds: set[str] = set()
    deep: set[str] = set()
    for number in range(120):
        case, whole = _case(rng), number % 2 == 0
        x, w = operands(rng, case, dtype, whole=whole)
        launch = CPU.prepare(call_of(x, w))
        kinds |= {kind(launch), names(launch)[0] if launch.steps else ""}
        deep |= {kind(launch)} if x.shape[-1] > 2 * DEPTH else set()
        check(guarded(x, w), x, w, whole=whole)
    assert kinds >= {*KINDS, UNTRANSPOSED, "copy"}
    assert deep >= KINDS


@pytest.mark.parametrize("dtype", [I32, I64, U8])
def test_drawn_products_of_integers_wrap(dtype: AnyDType, rng: np.random.Generator) -> None:
    for _ in range(25):
        m, k, n = (int(rng.choice(sizes)) for sizes in (SIZES, SIZES, (1, 5, 33)))
        layouts = [str(rng.choice(LAYOUTS)) for _ in range(2)]
        x, w = operands(rng, Case((m, k), (k, n), *layouts), dtype)
        check(guarded(x, w), x, w)


# Each becomes a kernel of its own for both dtypes: one of each kind, and what is special about sizes
CONSTANT = (
    *CASES.values(),
    Case((256, 512), (512, 2)),
    Case((65, 0), (0, 33)),
    Case((1, 1), (1, 1)),
    Case((17, 33), (33, 1), "swapped"),
    Case((1, 33), (33, 70), "c", "stepped"),
    Case((3, 5, 6), (3, 6, 7), "c", "swapped"),
    Case((2, 1, 6, 5), (3, 5, 17)),
    Case((64, 64), (64, 64)),
)


@pytest.mark.parametrize("dtype", FLOATS)
def test_kernels_for_one_size_give_the_same_bits(dtype: AnyDType, rng: np.random.Generator) -> None:
    kinds = set()
    for case in CONSTANT:
        x, w = operands(rng, case, dtype)
        launch = compiled_launch(call_of(x, w))
        if case.multiplications <= 64**3:
            assert names(launch)[-1].endswith("x".join(map(str, launch_sizes(x, w)))), case
            kinds.add(kind(launch))
        got = guarded(x, w, compiled=True)
        check(got, x, w)
        assert got.tobytes() == guarded(x, w).tobytes(), case
    assert kinds == KINDS


def compiled_launch(call: Call) -> Launch:
    """What a compiled function would run."""
    launch = CPU.prepare_compiled(call)
    assert launch is not None
    return launch


def launch_sizes(x: AnyTensor, w: AnyTensor) -> Ints:
    """m, k and n of the product that is computed: one column is one row, one weight has all rows in one matrix."""
    m, k, n = x.shape[-2], x.shape[-1], w.shape[-1]
    return (1, k, m) if n == 1 else (m, k, n)


@pytest.mark.parametrize("dtype", [I32, I64, U8])
def test_kernels_of_integers_for_one_size_wrap(dtype: AnyDType, rng: np.random.Generator) -> None:
    x, w = operands(rng, Case((5, 33), (33, 17), "c", "swapped"), dtype)
    check(guarded(x, w, compiled=True), x, w)


def test_compiled_functions_have_them(rng: np.random.Generator) -> None:
    x, w = operands(rng, CASES[DIRECT], F32)
    assert st.compile(lambda a, b: a @ b)(x, w).numpy().tobytes() == (x @ w).numpy().tobytes()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_cases_are_what_they_are_called(name: str, dtype: AnyDType, rng: np.random.Generator) -> None:
    launch = CPU.prepare(call_of(*operands(rng, CASES[name], dtype)))
    assert name in (names(launch)[0], kind(launch))


# --- numbers that are not finite --------------------------------------------------------------------------------------


def _terms(x: Array, w: Array) -> Array:
    """The product, with each term formed: libraries may leave out those of zeros."""
    with np.errstate(invalid="ignore"):
        return np.asarray((x[:, :, None].astype(np.float64) * w[None]).sum(axis=1))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_nan_and_infinity_reach_their_rows_and_columns_only(
    name: str, dtype: AnyDType, rng: np.random.Generator
) -> None:
    case = CASES[name]
    m, k, n = *case.x, case.w[-1]
    for number in (np.nan, np.inf, -np.inf):
        for last in (False, True):
            x, w = elements(rng, case.x, dtype, whole=True), elements(rng, case.w, dtype, whole=True)
            i, j, p, q = (m - 1, n - 1, k - 1, k - 1) if last else rng.integers((m, n, k, k))
            x[i, p], w[q, j] = number, number
            got = guarded(*(st.from_numpy(laid_out(a, b), copy=False) for a, b in zip((x, w), case[2:], strict=True)))
            np.testing.assert_array_equal(got, _terms(x, w))
            finite = np.isfinite(got)
            assert np.delete(np.delete(finite, i, 0), j, 1).all()
            assert not finite[i].any()
            assert not finite[:, j].any()


@pytest.mark.parametrize("name", CASES)
def test_sums_of_negative_zeros_are_zero(name: str, rng: np.random.Generator) -> None:
    """They begin with 0, which -0 does not change: the same for each kind, and for k = 0."""
    x, w = operands(rng, CASES[name], F32)
    for got in (guarded(x * 0.0, w), guarded(-(x * 0.0), w), guarded(x[:, :0], w[:0])):
        np.testing.assert_array_equal(got, np.zeros(got.shape))
        assert not np.signbit(got).any()


# --- the order of sums ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", FLOATS)
def test_rows_do_not_depend_on_how_many_there_are(dtype: AnyDType, rng: np.random.Generator) -> None:
    """Nor on whether w was copied or transposed: but for inner products, there is one order of terms."""
    weights = elements(rng, (2500, 20), dtype)
    x = elements(rng, (300, 2500), dtype)
    found = {}
    for layout, least in (("c", 1), ("far", 1), ("swapped", 160)):
        w = st.from_numpy(laid_out(weights, layout), copy=False)
        for rows in (1, 2, 5, 6, 7, 13, 63, 64, 160, 255, 256, 300):
            if rows >= least:
                launch = CPU.prepare(call_of(st.from_numpy(x[:rows]), w))
                found[kind(launch), layout, rows] = (st.from_numpy(x[:rows]) @ w).numpy()
    assert {name for name, *_ in found} == KINDS - {DOTS}
    whole = found[COPIED, "c", 300]
    for key, got in found.items():
        assert got.tobytes() == whole[: len(got)].tobytes(), key


@pytest.mark.parametrize("far", ["offset swapped", "far swapped"])
def test_rows_do_not_depend_on_how_x_lies(far: str, rng: np.random.Generator) -> None:
    array = elements(rng, (130, 600), F32)
    w = st.from_numpy(elements(rng, (600, 65), F32))
    x = st.from_numpy(laid_out(array, far), copy=False)
    assert (UNTRANSPOSED in names(CPU.prepare(call_of(x, w)))) == far.startswith("far")
    assert (x @ w).numpy().tobytes() == (st.from_numpy(array) @ w).numpy().tobytes()


# --- pieces for threads -----------------------------------------------------------------------------------------------


def run_program(program: str, **environment: str) -> list[str]:
    """The lines that tests.core.products prints in a process of its own."""
    command = [sys.executable, "-m", "tests.core.products", program]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, (done.returncode, done.stderr)
    return done.stdout.splitlines()


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    one, two, three = (run_program("threads", NUMBA_NUM_THREADS=n)[0].split() for n in "123")
    assert [one[0], two[0], three[0]] == ["1", "2", "3"]
    assert one[2] == two[2] == three[2]


def _pieces(xs: tuple[AnyTensor, ...], most: int) -> Iterator[list[Array]]:
    """What each piece writes, alone, into panel and output of NaN, when there are so many at most."""
    launch = CPU.prepare(call_of(*xs))
    buffers: list[Any] = [x._buffer for x in xs]
    buffers += [np.empty(count, dtype) for count, dtype in launch.outputs]
    buffers += [np.empty(count * most, dtype) for count, dtype in launch.scratch]
    for step in launch.steps[:-1]:
        execute(step, buffers)
    args, kernel = launch.steps[-1].args, launch.steps[-1].kernel
    assert isinstance(kernel, Divided), xs
    for sizes in kernel._divide(most):
        inputs = [buffers[a.index] for a in args[: kernel._place]]
        written = [np.full(buffers[a.index].shape, np.nan) for a in args[kernel._place + 1 :]]
        written = [np.asarray(a, xs[0].dtype.storage) for a in written]
        kernel.kernel(*inputs, sizes, *written)
        yield written


def test_pieces_write_every_element_once() -> None:
    """Two threads must not write the same element: what is added to it behind the product would be lost or twice."""
    divided = set()
    for xs in large():
        divided.add(kind(CPU.prepare(call_of(*xs))))
        want = guarded(*xs).ravel()
        for most in (2, 3, 7):
            times = np.zeros(want.size, np.int64)
            panels: Any = 0
            for *panel, out in _pieces(xs, most):
                there = ~np.isnan(out)
                times += there
                panels = panels + np.sum([~np.isnan(p) for p in panel], axis=0)
                assert out[there].tobytes() == want[there].tobytes(), (xs, most)
            assert (times == 1).all(), (call_of(*xs), most)
            assert np.max(panels) <= 1, (call_of(*xs), most)
    assert divided == KINDS


def test_large_cases_are_worth_several_threads(rng: np.random.Generator) -> None:
    for case in LARGE:
        for dtype in FLOATS:
            x, w = operands(rng, case, dtype, whole=True)
            assert isinstance(CPU.prepare(call_of(x, w)).steps[-1].kernel, Divided), case
            check(guarded(x, w), x, w, whole=True)


# --- memory that is not there -----------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="mprotect")
def test_nothing_around_operands_outputs_and_scratch_is_read() -> None:
    """Pages before and behind each of them end the process that touches them."""
    assert run_program("pages") == [f"{name} {dtype.name}" for dtype in FLOATS for name in CASES]


def test_bounds_are_checked(tmp_path: Path) -> None:
    """Tiles name the arrays that they were given: to those that make a panel, w is x, and the panel is out."""
    own = {"NUMBA_BOUNDSCHECK": "1", "SHAPETENSOR_CACHE_DIR": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path)}
    found = {tuple(line.split("/")[:2]): line.split("/")[2] for line in run_program("bounds", **own)}
    tile_says = {part: f"a tile reaches beyond {part}" for part in ("x", "w", "out")}
    assert found == {
        **{(DIRECT, part): text for part, text in tile_says.items()},
        **{(DOTS, part): text for part, text in tile_says.items()},
        **{
            (kind, part): text
            for kind in (COPIED, TRANSPOSED)
            for part, text in (tile_says | {"w": tile_says["x"], "panel": tile_says["out"]}).items()
        },
        (UNTRANSPOSED, "x"): tile_says["x"],
        (UNTRANSPOSED, "panel"): tile_says["out"],
    }


# --- linear -----------------------------------------------------------------------------------------------------------

# x and the weight
AFFINE = (
    Case((19, 37), (81, 37)),
    Case((19, 37), (81, 37), "stepped", "swapped"),
    Case((3, 70), (81, 70), "stretched", "offset"),
    Case((257, 513), (7, 513), "offset", "swapped"),
    Case((2, 9, 37), (33, 37), "stepped", "c"),
    Case((3, 2, 5), (4, 5), "stretched", "c"),
    Case((33, 17), (1, 17)),
    Case((2, 5, 17), (1, 17), "stretched", "stepped"),
    Case((40, 17), (1, 17), "swapped", "c"),
    Case((1, 17), (1, 17)),
    Case((17,), (33, 17), "stepped", "c"),
    Case((9, 0), (5, 0)),
)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("case", AFFINE)
def test_linear_is_the_product_and_the_bias(case: Case, dtype: AnyDType, rng: np.random.Generator) -> None:
    x, weight = operands(rng, case, dtype)
    bias = st.from_numpy(laid_out(elements(rng, weight.shape[:1], dtype), "stepped"), copy=False)
    product = st.linear(x, weight).numpy()
    check(product, x, weight.mT)
    assert guarded(x, weight, bias).tobytes() == (product + bias.numpy()).tobytes()


def test_linear_of_integers_wraps(rng: np.random.Generator) -> None:
    x, weight = operands(rng, AFFINE[0], I32)
    bias = st.from_numpy(elements(rng, weight.shape[:1], I32))
    np.testing.assert_array_equal(guarded(x, weight, bias), x.numpy() @ weight.numpy().T + bias.numpy())


@pytest.mark.parametrize("case", AFFINE[2:8])
def test_linear_for_one_size(case: Case, rng: np.random.Generator) -> None:
    x, weight = operands(rng, case, F32)
    bias = st.from_numpy(elements(rng, weight.shape[:1], F32))
    got = guarded(x, weight, bias, compiled=True)
    assert got.tobytes() == guarded(x, weight, bias).tobytes()


def test_one_out_feature_is_computed_as_one_row(rng: np.random.Generator) -> None:
    """The rows of x are those of inner products."""
    x, weight = operands(rng, Case((33, 17), (1, 17)), F32)
    launch = compiled_launch(call_of(x, weight, st.from_numpy(elements(rng, (1,), F32))))
    assert names(launch) == ["product_dots_4_0_then_1x17x33"]


@pytest.mark.parametrize("layout", ["nn", "nt", "dots"])
def test_errors_do_not_grow_with_the_number_of_terms(layout: str, rng: np.random.Generator) -> None:
    """Terms of one sign, which errors are worst for: chains of 256, and sums of 256 of them, round 512 times at most.

    Half a unit each time, if all rounded alike; they do not, so that a tenth of that is enough.
    """
    m, k = (24 if layout != "dots" else 2), 1 << 16
    x, w = (rng.random(shape, np.float32) for shape in ((m, k), (k, 40)))
    second = st.from_numpy(w) if layout == "nn" else st.from_numpy(np.ascontiguousarray(w.T)).mT
    got = (st.from_numpy(x) @ second).numpy()
    assert np.abs(got / (x.astype(np.float64) @ w) - 1).max() < 512 * 2**-24 / 10


def test_parts_of_k_end_with_a_block() -> None:
    assert DEPTH % tile._BLOCK == 0


# --- machine code -----------------------------------------------------------------------------------------------------


def _loops(code: str) -> Iterator[str]:
    """The loops that are one block: from a label to the jump back to it."""
    for block in re.split(r"\n(?=\.L\w+:)", code):
        label = block.partition(":")[0]
        if found := re.search(rf"\n\s+j\w+\s+{re.escape(label)}\b", block):
            yield block[: found.end()]


@pytest.mark.skipif(tile.vector_bytes() != 64, reason="code for AVX-512")
@pytest.mark.skipif(bool(config.BOUNDSCHECK), reason="code without checks")
def test_sums_stay_in_registers(rng: np.random.Generator) -> None:
    """The inner loop of the largest tile, six rows of four vectors, does several steps and writes nothing."""
    assert tiles(64, 16, 32)[:2] == (6, 4)
    x, w = operands(rng, Case((6, 50), (50, 64)), F32)
    kernel: Any = CPU.prepare(call_of(x, w)).steps[-1].kernel
    again = njit(error_model="numpy", fastmath={"contract"})(kernel.py_func)  # one from disk has no assembly
    again.compile("(float32[::1], float32[::1], int64[::1], float32[::1])")
    (code,) = again.inspect_asm().values()
    steps = tile._UNROLLED
    loop = next(block for block in _loops(code) if len(re.findall(r"\bvfmadd\w+ps\b.*%zmm", block)) == steps * 24)
    assert not re.search(r"%\w+, [^%\n]*\(.*\)\n", loop)  # writes
    assert not re.search(r"\(%rsp.*\), %zmm", loop)
