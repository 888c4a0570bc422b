"""Programs in processes that compile for other processors than this one."""

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
# Wide vectors without AVX-512; and what every x86-64 has: no fused multiply-add, no rounding.
FEATURES = {"haswell": "+avx2,+fma", "generic": ""}
Processes = dict[str, subprocess.Popen[str]]

only_x86 = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="code for x86-64")


def start(module: str, folder: Path, **flags: str) -> subprocess.Popen[str]:
    """A program with these settings of Numba and a cache of its own."""
    own = {"SHAPETENSOR_CACHE_DIR": str(folder), "NUMBA_CACHE_DIR": str(folder)}
    command, pipe = [sys.executable, "-m", module], subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | flags | own, stdout=pipe, stderr=pipe, text=True)


def side_by_side(module: str, folders: pytest.TempPathFactory) -> Iterator[Processes]:
    """One process for each of FEATURES: nearly all of their time goes into compiling."""
    started = {
        target: start(module, folders.mktemp(target), NUMBA_CPU_NAME=target, NUMBA_CPU_FEATURES=features)
        for target, features in FEATURES.items()
    }
    yield started
    for process in started.values():
        process.kill()
        process.communicate()


def printed(process: subprocess.Popen[str]) -> list[str]:
    """Its lines, when it has ended well."""
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return out.splitlines()


def skip_unless_it_runs(target: str) -> None:
    if target == "haswell" and not binding.get_host_cpu_features().get("avx2", False):
        pytest.skip("this processor cannot run it")
