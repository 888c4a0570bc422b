"""The one place that decides how compiled code is kept on disk.

Numba's own cache looks at the file of a function only: after an edit of a helper in another module it serves the old
machine code. So the text of every kernel, generated or taken from this package, is written to a directory named by a
digest of everything the machine code depends on, and imported from there. Nothing in it is ever stale: another source,
Numba, processor or flag is another directory.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from . import progress

_SOURCES = Path(__file__).parent
HEADER = '''\
"""Written by shapetensor; do not edit: the next version of the library writes its own."""
from __future__ import annotations

import math

import numpy as np
from numba import njit, prange
from shapetensor._core.kernels.intrinsics import (
    add_any_order, bits, both, copysign, differing, fabs, find_at, from_bits, is_odd, larger, maximum, minimum,
    minus, multiply_any_order, plus, run_at, settle, shift_left, shift_right, sqrt,
)
from shapetensor._core.kernels.tile import copy_rows, dot_tile, multiply_tile, transpose_tile

'''
# contract lets a * b + c become one fused multiply-add; anything more would change results between kernels.
DECORATOR = '@njit(cache={cache}, nogil=True, error_model="numpy", fastmath={{"contract"}}{more})\n'

# Settings of Numba that change generated code; the names of the processor and its features are overrides of the host's.
_FLAGS = (
    "CPU_NAME",
    "CPU_FEATURES",
    "ENABLE_AVX",
    "OPT",
    "BOUNDSCHECK",
    "LOOP_VECTORIZE",
    "SLP_VECTORIZE",
    "DEBUGINFO_DEFAULT",
    "USING_SVML",
)

_lock = threading.RLock()
_modules: dict[str, ModuleType] = {}


def _source_files() -> Iterator[Path]:
    return iter(sorted(_SOURCES.rglob("*.py")))


@cache
def digest() -> str:
    """Names the kernel sources, Numba, llvmlite, Python, the processor and the flags that change generated code."""
    import llvmlite
    import numba
    from llvmlite import binding
    from numba.core import config

    flags = {name: getattr(config, name, None) for name in _FLAGS}
    host = binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()
    parts = [numba.__version__, llvmlite.__version__, sys.version, *host, *flags.items()]
    state = hashlib.sha256("\n".join(map(str, parts)).encode())
    for path in _source_files():
        state.update(path.relative_to(_SOURCES).as_posix().encode() + b"\0" + path.read_bytes())
    return state.hexdigest()[:24]


def user_cache() -> Path:
    """Where the kernels of all versions are; SHAPETENSOR_CACHE_DIR says otherwise."""
    if custom := os.environ.get("SHAPETENSOR_CACHE_DIR"):
        return Path(custom)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "shapetensor" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "shapetensor"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shapetensor"


def is_private(path: Path) -> bool:
    """Whether only this user can write there: code is imported from it."""
    if not hasattr(os, "getuid"):
        return True
    info = path.stat()
    return info.st_uid == os.getuid() and not info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _usable(path: Path) -> bool:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.access(path, os.W_OK) and is_private(path)
    except OSError:
        return False


@cache
def directory() -> Path | None:
    """Where kernels of this digest are kept; None if no directory can be written, then nothing is kept."""
    try:
        home = user_cache() / digest()
    except RuntimeError:  # this user has no home directory
        home = None
    if home is not None and _usable(home):
        return home
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    temporary = Path(tempfile.gettempdir()) / f"shapetensor-{owner}"
    return temporary / digest() if _usable(temporary) and _usable(temporary / digest()) else None


def _write_once(path: Path, text: str) -> None:
    """Create the file unless it already says this; a process that comes second keeps the first one's file."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # it may have been cleared since it was found
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        # Numba's index remembers the time stamp of the source: a fixed one lets processes share the index.
        os.utime(temporary, (0, 0))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _import(name: str, path: Path) -> ModuleType:
    full = f"_shapetensor_kernel_{name}"
    spec = importlib.util.spec_from_file_location(full, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module  # machine code from disk finds the globals of its module by this name
    spec.loader.exec_module(module)
    return module


def _require_compiler() -> None:
    """Kernels use functions that only compiled code has."""
    from numba.core import config

    if config.DISABLE_JIT:
        raise RuntimeError("NUMBA_DISABLE_JIT is set, but kernels have to be compiled: unset it")


def load(name: str, text: str) -> ModuleType:
    """The module of kernels `text`, compiled code kept on disk; functions in it are marked with `{kernel}`.

    Args:
        name: what the file is called, for people.
        text: Python source that may use `math`, `np` and `prange`; `{kernel}` stands where `@njit(...)` belongs, and
            `{parallel}` where its loops over `prange` should be shared by threads.

    Raises:
        RuntimeError: if Numba is told not to compile.
    """
    # The text is part of the file name, so that a user's edited kernel never meets its old machine code.
    name = f"{name}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    with _lock:
        if name not in _modules:
            _require_compiler()
            home = directory()
            progress.watch(home)
            plain, parallel = (DECORATOR.format(cache=home is not None, more=m) for m in ("", ", parallel=True"))
            source = HEADER + text.replace("{kernel}\n", plain).replace("{parallel}\n", parallel)
            if home is not None:
                path = home / f"{name}.py"
                _write_once(path, source)
                _modules[name] = _import(name, path)
            else:
                module = ModuleType(f"_shapetensor_kernel_{name}")
                exec(compile(source, f"<shapetensor kernel {name}>", "exec"), module.__dict__)
                _modules[name] = module
        return _modules[name]


def loaded() -> dict[str, Any]:
    """All kernels loaded so far, `module.function` -> Numba dispatcher."""
    return {
        f"{module}.{name}": value
        for module, found in sorted(_modules.items())
        for name, value in vars(found).items()
        if hasattr(value, "signatures")
    }


def compilations() -> int:
    """How many kernels this process compiled itself; those that came from disk do not count."""
    return sum(sum(kernel.stats.cache_misses.values()) for kernel in loaded().values())
