"""The word that is said when compiling takes long."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import shapetensor as st

CODE = """
from shapetensor._core.kernels import progress
progress.PATIENCE = {patience}
import shapetensor as st
x = st.ones(3)
(x + x).exp(), x.sum()
"""


def said(cache: Path, patience: float, **environment: str) -> str:
    settings = {k: v for k, v in os.environ.items() if k != "SHAPETENSOR_QUIET"}
    settings |= {"SHAPETENSOR_CACHE_DIR": str(cache), **environment}
    command = [sys.executable, "-c", CODE.format(patience=patience)]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout == ""
    return done.stderr


def test_a_long_first_run_says_so_once_and_the_second_run_nothing(tmp_path: Path) -> None:
    text = f"shapetensor: compiling kernels for this processor; this happens once, they are kept in {tmp_path}\n"
    assert said(tmp_path, 0.01) == text
    assert said(tmp_path, 0.01) == ""


@pytest.mark.parametrize(("patience", "quiet"), [(0.01, "1"), (1000.0, "0")])
def test_it_keeps_quiet(tmp_path: Path, patience: float, quiet: str) -> None:
    assert said(tmp_path, patience, SHAPETENSOR_QUIET=quiet) == ""


def test_functions_of_others_without_a_module_compile() -> None:
    """Numba tells us of all that is compiled in the process."""
    import numba

    assert (st.ones((3,)) + 1.0).tolist() == [2.0] * 3
    names: dict[str, Any] = {}
    exec("def f(x): return x + 1", names)
    assert numba.njit(names["f"])(1) == 2
