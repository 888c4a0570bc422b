"""Every kernel of the registry is compiled, for two architectures and without a driver: PTX, and machine code of it."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import pytest

if find_spec("numba_cuda") is None or find_spec("nvidia") is None:
    pytest.skip('compiling for CUDA devices needs pip install "shapetensor[cuda]"', allow_module_level=True)

from shapetensor._core.kernels.cuda import compat
from shapetensor._core.kernels.cuda.kernel import Kernel
from shapetensor._core.kernels.cuda.registry import kernels

if compat.SIMULATED:
    pytest.skip("the simulator compiles nothing", allow_module_level=True)

ARCHITECTURES = ((8, 0), (9, 0))
by_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: f"sm_{a[0]}{a[1]}")
REGISTERS = 128  # of a thread, at most: blocks of 256 threads then fit twice
SHARED = 48 * 1024  # bytes of a block, at most


class Resources(NamedTuple):
    """What the assembler says of a kernel."""

    registers: int
    stack: int
    spills: int
    shared: int


@cache
def for_all() -> dict[str, list[str]]:
    """The PTX of each kernel for each architecture."""
    return {kernel.name: kernel.ptx(*ARCHITECTURES) for kernel in kernels()}


def compiled(architecture: tuple[int, int]) -> dict[str, str]:
    """The PTX of each kernel."""
    return {name: texts[ARCHITECTURES.index(architecture)] for name, texts in for_all().items()}


@cache
def assembled(architecture: tuple[int, int]) -> dict[str, Resources]:
    """What each kernel takes, after the assembler."""
    name = f"sm_{architecture[0]}{architecture[1]}"
    return {kernel: _assemble(ptx, name) for kernel, ptx in compiled(architecture).items()}


def _assemble(ptx: str, architecture: str) -> Resources:
    from cuda.core import Linker, LinkerOptions, ObjectCode

    options = LinkerOptions(arch=architecture, ptxas_options=["-v"])
    linker = Linker(ObjectCode.from_ptx(ptx.encode()), options=options)
    assert linker.link("cubin").code
    log = linker.get_info_log()

    def number(pattern: str) -> int:
        return sum(map(int, re.findall(pattern, log)))

    assert re.search(r"Used \d+ registers", log), log
    spills = number(r"(\d+) bytes spill stores") + number(r"(\d+) bytes spill loads")
    stack = number(r"(\d+) bytes stack frame") + number(r"(\d+) bytes cumulative stack size")
    return Resources(number(r"Used (\d+) registers"), stack, spills, number(r"(\d+) bytes smem"))


@by_architecture
def test_every_kernel_is_assembled_without_spills(architecture: tuple[int, int]) -> None:
    found = assembled(architecture)
    assert len(found) == len(list(kernels())) > 500
    print(f"{len(found)} kernels: {', '.join(found)}")
    assert {name: r for name, r in found.items() if r.spills} == {}
    assert {name: r for name, r in found.items() if r.registers > REGISTERS or r.shared > SHARED} == {}


@by_architecture
def test_no_thread_keeps_arrays_in_memory(architecture: tuple[int, int]) -> None:
    """What is indexed by what the compiler does not know lies in memory, hundreds of times slower than a register.

    Sines and cosines of doubles are left out: those of angles beyond 2e9 take a table.
    """
    slow = {name: r for name, r in assembled(architecture).items() if r.stack}
    assert {name for name in slow if "float64" not in name or not re.match("sin|cos|normal", name)} == set()


@by_architecture
def test_kernels_of_f32_compute_nothing_in_double_precision(architecture: tuple[int, int]) -> None:
    """A number without a type would do that; devices are up to 64 times slower in it."""
    for name, ptx in compiled(architecture).items():
        if "float32" in name and "float64" not in name:
            assert ".f64" not in ptx, name


@by_architecture
def test_places_in_memory_are_found_in_32_bits(architecture: tuple[int, int]) -> None:
    """A division in 64 bits takes about a hundred instructions; only integers that are divided themselves do that."""
    divides = re.compile(r"\b(div|rem)\.[su]64")
    slow = {name for name, ptx in compiled(architecture).items() if divides.search(ptx)}
    assert {name for name in slow if not re.match("floor_divide_integer|remainder_integer", name)} == set()


@by_architecture
def test_it_is_what_numba_itself_compiles(architecture: tuple[int, int]) -> None:
    """By the function for that, which does everything again for each architecture."""
    from shapetensor._core.kernels.cuda.operands import FILL

    kernel = FILL["float32"]
    options = {"cc": architecture, "device": False, "abi": "numba", "output": "ptx"}
    text = compat.cuda.compile(kernel.function, compat.types.void(*kernel.signature), **options)[0]
    mangled = re.compile(r"_Z\w+")
    assert mangled.sub("", compiled(architecture)[kernel.name]) == mangled.sub("", text)


def test_small_grids_are_no_reason_to_warn() -> None:
    """Numba would, at every start of a kernel for a small tensor."""
    assert not import_module("numba.cuda.core.config").CUDA_LOW_OCCUPANCY_WARNINGS


def test_the_checks_find_what_they_look_for() -> None:
    """A double constant, a division of 64 bits, and an array that is indexed by what nobody knows."""
    from shapetensor._core.kernels.cuda.compat import array, cuda, float32, int64

    def wrong(x: Any, places: Any, out: Any) -> None:
        kept = cuda.local.array(64, float32)
        i = cuda.grid(1)
        for k in range(64):
            kept[k] = x[i] * 0.1
        out[i] = kept[(places[i] // places[0]) % 64] + kept[places[i] % 61]

    kernel = Kernel("wrong_float32", wrong, array(float32), array(int64), array(float32))
    (ptx,) = kernel.ptx((8, 0))
    assert ".f64" in ptx
    assert re.search(r"\b(div|rem)\.[su]64", ptx)
    assert _assemble(ptx, "sm_80").stack > 0
