"""Kernels for other processors: those that this one can run are run, NEON's are assembled."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.processors import FEATURES, Processes, only_x86, printed, side_by_side, skip_unless_it_runs, start

FLOATS = ("float32", "float64")
VECTORS = {"haswell": "256", "generic": "128"}  # bits
KERNELS = {"gelu_c", "add_strided", "softmax", "cross_entropy", "sum_rows", "sum_columns_add", "max_columns_add"}
KERNELS |= {"transpose"}
PRODUCTS = {
    "product_direct_2_1_table",
    "product_copied_2_1_table",
    "product_transposed_2_1_table",
    "product_dots_4_0_table",
}


def words(process: subprocess.Popen[str]) -> list[list[str]]:
    """Of each line that it printed."""
    return [line.split() for line in printed(process)]


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    yield from side_by_side("tests.core.targets", tmp_path_factory)


@only_x86
@pytest.mark.parametrize("target", FEATURES)
def test_kernels_for_other_processors(target: str, processes: Processes) -> None:
    skip_unless_it_runs(target)
    lines = words(processes[target])
    widths = {(name, dtype): bits for name, dtype, bits, _ in lines}
    wanted = {(name, "float32") for name in KERNELS} | {(name, dtype) for name in PRODUCTS for dtype in FLOATS}
    assert {key: widths.get(key) for key in wanted} == dict.fromkeys(wanted, VECTORS[target])
    fusing = {(name, dtype): how for name, dtype, _, how in lines if name.startswith("product")}
    assert set(fusing) >= {(name, dtype) for name in PRODUCTS for dtype in FLOATS}
    assert set(fusing.values()) == {"fused" if target == "haswell" else "apart"}


def test_neon_is_assembled(tmp_path: Path) -> None:
    """Nothing of it was ever run: this shows that the loops become vectors for ARM too."""
    flags = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_OPT": "0"}
    found = {name: set(used) for name, *used in words(start("tests.core.neon", tmp_path, **flags))}
    assert found["softmax"] >= {"fadd.4s", "fmaxnm.4s", "fmla.4s", "fmul.4s", "fsub.4s"}
    assert found["standardize"] >= {"fadd.4s", "fmul.4s", "fsub.4s"}
    for kind in ("direct", "copied", "transposed", "dots"):
        for lanes in ("4s", "2d"):
            used = found[f"product_{kind}_{lanes}"]
            assert f"fmla.{lanes}" in used, (kind, lanes)
            assert not {f"fmul.{lanes}", "fma", "fmaf"} & used, (kind, lanes)
