"""Kernels for other processors: those that this one can run are run, NEON's are assembled."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from llvmlite import binding

ROOT = Path(__file__).parent.parent.parent
# Wide vectors without AVX-512; and what every x86-64 has, without fused multiply-add. With the bits of a vector.
TARGETS = {"haswell": ("+avx2,+fma", "256"), "generic": ("", "128")}
KERNELS = {"gelu_c", "add_strided", "softmax", "cross_entropy", "sum_rows", "sum_columns_add", "max_columns_add"}


def run(module: str, folder: Path, **flags: str) -> str:
    """What a program prints in a process that compiles for another processor, into a cache of its own."""
    own = {"SHAPETENSOR_CACHE_DIR": str(folder), "NUMBA_CACHE_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=os.environ | flags | own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="code for x86-64")
@pytest.mark.parametrize("target", TARGETS)
def test_kernels_for_other_processors(target: str, tmp_path: Path) -> None:
    if target == "haswell" and not binding.get_host_cpu_features().get("avx2", False):
        pytest.skip("this processor cannot run it")
    features, bits = TARGETS[target]
    out = run("tests.core.targets", tmp_path, NUMBA_CPU_NAME=target, NUMBA_CPU_FEATURES=features)
    widths = dict(line.split() for line in out.splitlines())
    assert {name: widths.get(name) for name in KERNELS} == dict.fromkeys(KERNELS, bits)


def test_neon_is_assembled(tmp_path: Path) -> None:
    """Nothing of it was ever run: this shows that the loops become vectors for ARM too."""
    flags = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_OPT": "0"}
    found = {line.split()[0]: set(line.split()[1:]) for line in run("tests.core.neon", tmp_path, **flags).splitlines()}
    assert found["softmax"] >= {"fadd", "fmaxnm", "fmla", "fmul", "fsub"}
    assert found["standardize"] >= {"fadd", "fmul", "fsub"}
