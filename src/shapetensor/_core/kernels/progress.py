"""Says that kernels are being compiled, where that takes a while: a first run would seem to hang."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numba.core.event import Event

PATIENCE = 2.0  # seconds of compiling after which a word is due


class _Progress:
    """How long this process has been compiling kernels."""

    watching = False
    told = False
    nested = 0  # kernels compile the functions that they call
    started = 0.0
    seconds = 0.0


def watch(home: Path | None) -> None:
    """Have Numba tell when it compiles; `home` is where kernels are kept. SHAPETENSOR_QUIET=1 keeps the word back."""
    if _Progress.watching:
        return
    _Progress.watching = True
    from numba.core import event

    class Listener(event.Listener):
        def on_start(self, event: Event) -> None:
            _Progress.nested += 1
            if _Progress.nested == 1:
                _Progress.started = time.perf_counter()

        def on_end(self, event: Event) -> None:
            _Progress.nested -= 1
            if _Progress.nested == 0 and _is_ours(event):
                _Progress.seconds += time.perf_counter() - _Progress.started
                _tell(home)

    event.register("numba:compile", Listener())


def _is_ours(event: Event) -> bool:
    module = event.data["dispatcher"].py_func.__module__  # None for functions made by `exec`
    return isinstance(module, str) and module.startswith("_shapetensor_kernel_")


def _tell(home: Path | None) -> None:
    """Once in a process, and on stderr."""
    if _Progress.told or _Progress.seconds < PATIENCE or os.environ.get("SHAPETENSOR_QUIET", "") not in ("", "0"):
        return
    _Progress.told = True
    if home is None:
        text = "there is no directory to keep them in, see `shapetensor doctor`"
    else:
        text = f"this happens once, they are kept in {home.parent}"
    print(f"shapetensor: compiling kernels for this processor; {text}", file=sys.stderr, flush=True)
