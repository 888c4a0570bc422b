"""Kernels that are written by hand: ordinary functions here, compiled from a copy in the cache directory."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from . import cache


class Kernel:
    """A function of flat arrays and numbers that Numba compiles at first use.

    It may use `math`, `np`, its arguments and the helpers named in `uses`: its text is compiled from a file of its own.
    """

    __slots__ = ("_loaded", "function", "uses")

    def __init__(self, function: Callable[..., Any], uses: tuple[Kernel, ...] = ()) -> None:
        self.function, self.uses = function, uses
        self._loaded: Callable[..., Any] | None = None

    def text(self) -> str:
        """Source of the kernel behind that of its helpers."""
        lines = textwrap.dedent(inspect.getsource(self.function)).splitlines(keepends=True)
        start = next(i for i, line in enumerate(lines) if line.startswith("def "))
        return "".join(k.text() for k in self.uses) + "{kernel}\n" + "".join(lines[start:]) + "\n\n"

    def __call__(self, *args: Any) -> Any:
        """The function itself, uncompiled: kernels call their helpers by name."""
        return self.function(*args)

    def load(self) -> Callable[..., Any]:
        """The compiled form."""
        if self._loaded is None:
            name = self.function.__name__
            family = self.function.__module__.rpartition(".")[2]
            self._loaded = getattr(cache.load(f"{family}_{name}", self.text()), name)
        return self._loaded


def kernel(*uses: Kernel) -> Callable[[Callable[..., Any]], Kernel]:
    """Mark a function as a kernel: `@kernel()`, or `@kernel(helper)` where it calls another one."""
    return lambda function: Kernel(function, uses)
