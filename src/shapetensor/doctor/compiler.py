"""Checks of Numba and of what it compiled: threads, settings, the cache of kernels."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from .machine import usable_cores
from .outcome import Outcome, numba_config, ok, pip_install, problem, warning

# Settings of Numba that change how fast or where kernels are: name, attribute of its config, when it matters, how.
_NUMBA_SETTINGS: tuple[tuple[str, str, Callable[[Any], bool], str], ...] = (
    ("NUMBA_BOUNDSCHECK", "BOUNDSCHECK", bool, "every access of a kernel is checked, which is slower"),
    ("NUMBA_OPT", "OPT", lambda level: int(level) < 3, "kernels are compiled with less optimisation"),
    ("NUMBA_LOOP_VECTORIZE", "LOOP_VECTORIZE", lambda on: not on, "loops are not vectorised"),
    ("NUMBA_DEBUGINFO", "DEBUGINFO_DEFAULT", bool, "kernels carry debug information, and may be slower"),
    ("NUMBA_CACHE_DIR", "CACHE_DIR", bool, "Numba keeps machine code there, out of reach of `shapetensor cache`"),
)


def _layers() -> list[str]:
    """The threading layers of Numba that can be loaded here."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a TBB that is too old is one that is not there
        for layer, module in ("tbb", "tbbpool"), ("omp", "omppool"), ("workqueue", "workqueue"):
            with contextlib.suppress(ImportError):
                if layer == "tbb":
                    import_module("numba.np.ufunc.parallel")._check_tbb_version_compatible()
                import_module(f"numba.np.ufunc.{module}")
                found.append(layer)
    return found


def chosen_layer(setting: str, priority: Sequence[str], available: Sequence[str]) -> str | None:
    """The layer that Numba takes, by its own rules; None where it would raise.

    Args:
        setting: NUMBA_THREADING_LAYER: "default", a property such as "threadsafe", or the name of a layer.
        priority: NUMBA_THREADING_LAYER_PRIORITY, which counts for "default".
        available: the layers that can be loaded.
    """
    wanted = {
        "default": list(priority),
        "safe": ["tbb"],
        "threadsafe": ["tbb", "omp"],
        # The OpenMP of GCC, which Linux has, ends a child process that was forked.
        "forksafe": ["tbb", "workqueue"] if sys.platform.startswith("linux") else ["tbb", "omp", "workqueue"],
    }.get(setting.lower(), [setting.lower()])
    return next((layer for layer in wanted if layer in available), None)


def check_threading_layer() -> Outcome:
    config, available = numba_config(), _layers()
    setting = str(config.THREADING_LAYER)
    layer = chosen_layer(setting, config.THREADING_LAYER_PRIORITY, available)
    there = f"available: {' '.join(available)}"
    if layer is None:
        text = f"none for NUMBA_THREADING_LAYER={setting} ({there}): large calls run on one thread"
        return warning(text, "unset NUMBA_THREADING_LAYER")
    threads, usable = int(config.NUMBA_NUM_THREADS), usable_cores()
    value = f"{layer}, {threads} thread{'s' * (threads > 1)} ({there})"
    if layer == "workqueue":
        fix = "unset NUMBA_THREADING_LAYER" if "omp" in available else f"{pip_install()} tbb"
        return warning(f"{value}: too slow to start to be used: large calls run on one thread", fix)
    if threads > usable:
        return warning(f"{value}, but {usable} usable cores", f"set NUMBA_NUM_THREADS={usable}")
    return ok(value)


def check_numba_settings() -> Outcome:
    config = numba_config()
    if config.DISABLE_JIT:
        return problem("NUMBA_DISABLE_JIT=1: kernels cannot be compiled", "unset NUMBA_DISABLE_JIT")
    names, texts = [], []
    for name, attribute, matters, effect in _NUMBA_SETTINGS:
        value = getattr(config, attribute, None)
        if value is not None and matters(value):
            names.append(name)
            # The class of NUMBA_OPT has a repr of its own.
            texts.append(f"{name}={int(value) if isinstance(value, int) else value}: {effect}")
    if not names:
        return ok("none that matters is set")
    return warning("; ".join(texts), f"unset {' '.join(names)} (also in .numba_config.yaml)")


def kept(directory: Path) -> tuple[int, int]:
    """How many compiled kernels a directory of them holds, and the bytes of all its files."""
    kernels = size = 0
    for file in directory.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # other processes write, rename and remove
            size += file.stat().st_size if file.is_file() else 0
            kernels += file.suffix == ".nbc"
    return kernels, size


def in_bytes(size: int) -> str:
    """A number of bytes for people.

    Example:
        >>> from shapetensor.doctor.compiler import in_bytes
        >>> in_bytes(999), in_bytes(231_400), in_bytes(2_500_000)
        ('999 B', '231.4 kB', '2.5 MB')
    """
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} kB" if size < 999_950 else f"{size / 1_000_000:.1f} MB"


def preferred_cache() -> Path | None:
    """Where compiled kernels should be kept; None for a user without a home directory."""
    from .._core.kernels import cache

    try:
        return cache.user_cache()
    except RuntimeError:
        return None


def check_kernel_cache() -> Outcome:
    from .._core.kernels import cache

    home, wanted = cache.directory(), preferred_cache()
    own = "set SHAPETENSOR_CACHE_DIR to a directory that you, and nobody else, can write to"
    if home is None:
        return problem("none: every process compiles its kernels again", own)
    try:
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(b"1")
    except OSError as error:
        return problem(f"{home} cannot be written: {error.strerror}", own)
    kernels, size = kept(home)
    value = f"{home}: {kernels} kernel{'s' * (kernels != 1)}, {in_bytes(size)}"
    if home.parent != wanted:
        return warning(f"{value}; {wanted} is not writable, or not by you alone", own)
    return ok(value)
