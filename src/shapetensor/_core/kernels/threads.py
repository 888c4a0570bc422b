"""Large calls shared by threads: OpenMP, or TBB where it is installed, by way of Numba's prange.

Numba's third way, its own work queue, starts a call twenty times slower and ends the process when two threads of
Python use it at once, so it is never used: where only that is there, calls run on one thread and `shapetensor doctor`
says why. Where the cuts are seen in results, as in sums, they depend on sizes alone, so that results do not depend on
the number of threads.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import cache

# Additions, or their like, from which on two threads are faster than one; see benchmarks/threads.py.
WORTHWHILE = 100_000
CHUNK = 16_384  # elements that a thread takes at a time
FAST = ("omp", "tbb")


class _State:
    """What this process uses."""

    limit: int | None = None  # as set by the user
    most = 1  # as many as Numba started
    layer: str | None = None  # "" where there is none to use, None where nobody has asked yet
    forked = False  # whether a parent started threads, which do not exist in this process


def layer() -> str:
    """The threading layer in use, "omp" or "tbb"; "" where calls run on one thread. Starts its threads."""
    if _State.forked:
        return ""
    if _State.layer is None:
        _State.layer = _start()
    return _State.layer


def _start() -> str:
    """Let Numba choose a layer, unless what it would choose is the slow one."""
    import numba

    if numba.config.THREADING_LAYER not in ("default", *FAST) or not any(map(_is_there, FAST)):
        return ""
    try:
        numba.get_num_threads()  # this starts them
        found = numba.threading_layer()
    except ValueError:
        return ""
    _State.most = most()
    return found if found in FAST else ""


def _is_there(name: str) -> bool:
    """Whether Numba's layer of this name can be loaded here."""
    try:
        __import__(f"numba.np.ufunc.{name}pool")
    except ImportError:
        return False
    return True


def count() -> int:
    """How many threads large calls use."""
    if not layer():
        return 1
    return _State.most if _State.limit is None else min(_State.most, _State.limit)


def limit(number: int) -> None:
    """Use at most so many."""
    _State.limit = number


def _after_fork() -> None:
    """A child has no threads of its parent's OpenMP, and starting others there ends the process: it does without.

    The parent's may have been started by other users of Numba.
    """
    started = getattr(sys.modules.get("numba.np.ufunc.parallel"), "_is_initialized", False)
    _State.forked = _State.forked or bool(_State.layer) or started


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Shared:
    """A kernel for calls that are worth several threads, called for one piece after another.

    Pieces are cut by a function `NAME(address, *extra, *args)` of few lines. It calls the kernel by its address, not by
    its name: LLVM would otherwise compile the kernel again inside it. So one such function serves all kernels that take
    the same kinds of arguments.

    Args:
        kernel: what is called for each piece, with the arguments that it would have for all of them.
        name: of the function that cuts.
        text: its source, with `{parallel}` before it.
        extra: how many arguments, the first ones, are for the cutting only.
        whole: whether the kernel may be called for everything where there is one thread.
    """

    __slots__ = ("_address", "_extra", "_whole", "kernel", "name", "text")

    def __init__(self, kernel: Callable[..., Any], name: str, text: str, extra: int = 0, *, whole: bool = True) -> None:
        self.kernel, self.name, self.text, self._extra, self._whole = kernel, name, text, extra, whole
        self._address = 0

    def __call__(self, *args: Any) -> Any:
        threads = count()
        if threads == 1 and self._whole:
            return self.kernel(*args)
        if not self._address:
            self._address = _address(self.kernel, args[self._extra :])
        given = self._given(threads, args)
        if threads == 1:
            return self.cutting("{kernel}")(self._address, *given)
        from numba import get_num_threads, set_num_threads

        before = get_num_threads()  # a setting of each thread of Python, which other users of Numba have too
        set_num_threads(min(threads, before))
        try:
            return self.cutting("{parallel}")(self._address, *given)
        finally:
            set_num_threads(before)

    def _given(self, threads: int, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """What the function that cuts is given behind the address."""
        return args

    def cutting(self, how: str) -> Callable[..., Any]:
        """The function that cuts, for one thread or for several."""
        found: Callable[..., Any] = getattr(cache.load(self.name, self.text.replace("{parallel}", how)), self.name)
        return found


class Divided(Shared):
    """A kernel with an argument that says what to do: threads get pieces of it.

    Args:
        kernel: what is called for each piece.
        count: how many arguments it has.
        place: which of them says what to do: an array of int64.
        divide: gives for a number of threads a table with one such array a line.
    """

    __slots__ = ("_divide", "_pieces", "_place")

    def __init__(
        self, kernel: Callable[..., Any], count: int, place: int, divide: Callable[[int], NDArray[np.int64]]
    ) -> None:
        names = [f"a{i}" for i in range(count)]
        each = [f"{n}[p]" if i == place else n for i, n in enumerate(names)]
        name = f"pieces_{place}_of_{count}"
        super().__init__(
            kernel,
            name,
            f"""\
{{parallel}}
def {name}(kernel, {", ".join(names)}):
    for p in prange(len({names[place]})):
        run_at(kernel, ({", ".join(each)}))
""",
        )
        self._place, self._divide = place, divide
        self._pieces: dict[int, NDArray[np.int64]] = {}

    def _given(self, threads: int, args: tuple[Any, ...]) -> tuple[Any, ...]:
        pieces = self._pieces.get(threads)
        if pieces is None:
            pieces = self._pieces[threads] = self._divide(threads)
        return (*args[: self._place], pieces, *args[self._place + 1 :])


def most() -> int:
    """How many threads a call can use at most."""
    from numba import config

    return int(config.NUMBA_NUM_THREADS)


def _address(kernel: Any, args: tuple[Any, ...]) -> int:
    """Where the machine code of a kernel for arguments of these types is."""
    from numba import typeof

    kinds = tuple(typeof(x) for x in args)
    kernel.compile(kinds)
    compiled = kernel.overloads[kinds]
    address: int = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    return address


def shared(kernel: Callable[..., Any], cut: tuple[str, str], work: int) -> Callable[..., Any]:
    """The kernel; where the work is worth it, on several threads. `cut` is name and text of what cuts it."""
    return kernel if work < WORTHWHILE else Shared(kernel, *cut)
