"""A kernel: a function of one thread, the types of its arguments, and how many threads it wants."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, ParamSpec, Protocol, cast

from . import compat

# Threads of a block where each works on elements of its own, and blocks at most: each thread takes several elements
# then. In the simulator a thread is one of the system, so that few of them are faster.
THREADS, BLOCKS = (16, 2) if compat.SIMULATED else (256, 1 << 16)
WARP, WIDE = 32, 256  # threads of a block that works on a row together
LONG = 1024  # elements of a row from which on it is worth more than a warp


P = ParamSpec("P")


class Home(Protocol):
    """The device that a kernel is started on."""

    index: int
    here: AbstractContextManager[Any]
    stream: Any


def once(make: Callable[P, Kernel]) -> Callable[P, Kernel]:
    """The function that makes each kernel once, and finds it again."""
    return cast("Callable[P, Kernel]", cache(make))


class Kernel:
    """One entry of the registry.

    Attributes:
        name: unique.
        function: plain Python, the same for the compiler and for the simulator.
        signature: the types of its arguments.
        threads: of a block; None where any number will do.
    """

    __slots__ = ("_compiled", "function", "name", "signature", "threads")

    def __init__(self, name: str, function: Callable[..., None], *signature: Any, threads: Any = None) -> None:
        self.name, self.function, self.signature, self.threads = name, function, signature, threads
        self._compiled: dict[int, Callable[..., Callable[..., None]]] = {}  # by the device's number

    def over(self, device: Home, size: int) -> Callable[..., None]:
        """What starts it with a thread for each of `size` elements, or for several."""
        return self._start(device, min(BLOCKS, -(-size // THREADS)), THREADS)

    def blocks(self, device: Home, count: int) -> Callable[..., None]:
        """What starts it with so many blocks."""
        return self._start(device, count, self.threads)

    def _start(self, device: Home, blocks: int, threads: Any) -> Callable[..., None]:
        if device.index not in self._compiled:
            with device.here:
                self._compiled[device.index] = compat.compile_kernel(self.function, self.signature)
        launch = self._compiled[device.index](blocks, threads, device.stream)
        if len(compat.devices()) == 1:
            return launch

        def here(*args: Any) -> None:
            with device.here:
                launch(*args)

        return here

    def ptx(self, *capabilities: tuple[int, int]) -> list[str]:
        """Its code for devices of each of these compute capabilities."""
        return compat.ptx(self.function, self.signature, *capabilities)

    def __repr__(self) -> str:
        return f"<CUDA kernel {self.name}>"
