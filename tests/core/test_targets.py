"""Kernels for other processors: those that this one can run are run, NEON's are assembled."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from llvmlite import binding

ROOT = Path(__file__).parent.parent.parent
FLOATS = ("float32", "float64")
# Wide vectors without AVX-512; and what every x86-64 has, without fused multiply-add. With the bits of a vector.
TARGETS = {"haswell": ("+avx2,+fma", "256"), "generic": ("", "128")}
KERNELS = {"gelu_c", "add_strided", "softmax", "cross_entropy", "sum_rows", "sum_columns_add", "max_columns_add"}
KERNELS |= {"transpose"}
PRODUCTS = {
    "product_direct_2_1_table",
    "product_copied_2_1_table",
    "product_transposed_2_1_table",
    "product_dots_4_0_table",
}


def start(module: str, folder: Path, **flags: str) -> subprocess.Popen[str]:
    """A program in a process that compiles for another processor, into a cache of its own."""
    own = {"SHAPETENSOR_CACHE_DIR": str(folder), "NUMBA_CACHE_DIR": str(folder)}
    command, pipe = [sys.executable, "-m", module], subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | flags | own, stdout=pipe, stderr=pipe, text=True)


def printed(process: subprocess.Popen[str]) -> list[list[str]]:
    """The words of each line, when it has ended well."""
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return [line.split() for line in out.splitlines()]


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """One for each target, side by side: nearly all of their time goes into compiling."""
    started = {
        target: start(
            "tests.core.targets", tmp_path_factory.mktemp(target), NUMBA_CPU_NAME=target, NUMBA_CPU_FEATURES=features
        )
        for target, (features, _) in TARGETS.items()
    }
    yield started
    for process in started.values():
        process.kill()
        process.communicate()


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="code for x86-64")
@pytest.mark.parametrize("target", TARGETS)
def test_kernels_for_other_processors(target: str, processes: dict[str, subprocess.Popen[str]]) -> None:
    if target == "haswell" and not binding.get_host_cpu_features().get("avx2", False):
        pytest.skip("this processor cannot run it")
    lines = printed(processes[target])
    widths = {(name, dtype): bits for name, dtype, bits, _ in lines}
    wanted = {(name, "float32") for name in KERNELS} | {(name, dtype) for name in PRODUCTS for dtype in FLOATS}
    assert {key: widths.get(key) for key in wanted} == dict.fromkeys(wanted, TARGETS[target][1])
    fusing = {(name, dtype): how for name, dtype, _, how in lines if name.startswith("product")}
    assert set(fusing) >= {(name, dtype) for name in PRODUCTS for dtype in FLOATS}
    assert set(fusing.values()) == {"fused" if target == "haswell" else "apart"}


def test_neon_is_assembled(tmp_path: Path) -> None:
    """Nothing of it was ever run: this shows that the loops become vectors for ARM too."""
    flags = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_OPT": "0"}
    found = {name: set(used) for name, *used in printed(start("tests.core.neon", tmp_path, **flags))}
    assert found["softmax"] >= {"fadd.4s", "fmaxnm.4s", "fmla.4s", "fmul.4s", "fsub.4s"}
    assert found["standardize"] >= {"fadd.4s", "fmul.4s", "fsub.4s"}
    for kind in ("direct", "copied", "transposed", "dots"):
        for lanes in ("4s", "2d"):
            used = found[f"product_{kind}_{lanes}"]
            assert f"fmla.{lanes}" in used, (kind, lanes)
            assert not {f"fmul.{lanes}", "fma", "fmaf"} & used, (kind, lanes)
