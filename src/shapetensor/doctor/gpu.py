"""The check of what CUDA devices need: a GPU, its driver, and the extra `cuda`. None of them is started for that."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec

from .outcome import Outcome, ok, pip_install, warning
from .packages import is_within, version_of

NUMBA_CUDA_FROM, NUMBA_CUDA_BELOW = "0.30.4", "0.31"
# The oldest driver for what CUDA toolkits of these versions compile.
_DRIVERS = {"12": 525, "13": 580}


def _cuda_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _gpu_names() -> str:
    """What nvidia-smi lists, "NAME, DRIVER; ..."; empty without it."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    query = [tool, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, errors="replace", timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return "; ".join(line.strip() for line in done.stdout.splitlines() if line.strip())


def _is_redirected() -> bool:
    """Whether `numba.cuda` is numba-cuda; it is looked for and not imported, which would start the driver."""
    found = find_spec("numba.cuda")
    return found is not None and "numba_cuda" in (found.origin or "")


def _too_old(names: str) -> str:
    """What to say of a driver that cannot run what the installed toolkit compiles; empty where it can."""
    toolkit = version_of("cuda-toolkit").partition(".")[0]
    drivers = [int(major) for major in re.findall(r", (\d+)\.[\d.]+(?:;|$)", names)]
    if not drivers or min(drivers) >= _DRIVERS.get(toolkit, 0):
        return ""
    return f"the driver is too old for CUDA {toolkit}, which needs {_DRIVERS[toolkit]} or newer"


def check_gpu() -> Outcome:
    names, driver, extra = _gpu_names(), _cuda_driver(), version_of("numba-cuda")
    found = names or ("CUDA driver found" if driver else "no CUDA driver found")
    if extra == "not installed":
        hint = 'not used; to use it: pip install "shapetensor[cuda]"'
        return ok(f"{found}: {hint if names or driver else 'computes on the CPU only'}")
    value, again = f"{found}; numba-cuda {extra}", f'{pip_install()} "shapetensor[cuda]"'
    if not is_within(extra, NUMBA_CUDA_FROM, NUMBA_CUDA_BELOW):
        return warning(f"{value}: outside >={NUMBA_CUDA_FROM},<{NUMBA_CUDA_BELOW}", again)
    if not _is_redirected():
        return warning(f"{value}, but `numba.cuda` is Numba's own", f"{again} --force-reinstall")
    if os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0"):
        return warning(f"{value}: 'cuda:0' is simulated, which is slow", "unset NUMBA_ENABLE_CUDASIM")
    if not driver:
        fix = "install NVIDIA's driver; without a GPU, NUMBA_ENABLE_CUDASIM=1 simulates one, slowly"
        missing = "the driver's library cannot be loaded" if names else "computes on the CPU only"
        return warning(f"{value}: {missing}", fix)
    if old := _too_old(names):
        return warning(f"{value}: {old}", f'install a newer driver, or {pip_install()} "shapetensor[cuda12]"')
    return ok(f"{value}; our kernels are compiled and simulated, not yet run on hardware")
