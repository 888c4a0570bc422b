"""The one place that imports numba-cuda: what kernels, devices and tests want of it, by names of our own.

Numba's own `numba.cuda` is not maintained any more and is refused; numba-cuda takes its place where it is installed.
Under NUMBA_ENABLE_CUDASIM=1 it simulates a device: kernels run in Python, one thread of the system for each of theirs.

Raises:
    ImportError: where numba-cuda is missing, with what to do about it.
"""

from __future__ import annotations

import math as _math
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

INSTALL = 'pip install "shapetensor[cuda]"'
if find_spec("numba_cuda") is None:
    raise ImportError(f"the package numba-cuda is not installed: {INSTALL}")

from numba import cuda as _cuda  # noqa: E402

if "numba_cuda" not in (_cuda.__file__ or ""):
    raise ImportError(f"numba.cuda is Numba's own and not numba-cuda, which should take its place: {INSTALL}")

cuda: Any = _cuda  # the simulator looks for kernels' global of this name
types: Any = cuda.types
int32, int64, uint32, uint64 = types.int32, types.int64, types.uint32, types.uint64
float32, float64, boolean = types.float32, types.float64, types.boolean
SIMULATED: bool = cuda.jit.__module__.startswith("numba.cuda.simulator")
TYPES = {
    "float32": float32,
    "float64": float64,
    "int8": types.int8,
    "uint8": types.uint8,
    "int32": int32,
    "int64": int64,
    "uint32": uint32,
    "bool": boolean,
}
BITS = {**TYPES, "uint16": types.uint16}  # with what kernels move and do not compute on: floats of 16 bits
_FUNCTIONS = "exp log log2 sqrt tanh sin cos log1p expm1 floor ceil copysign fabs frexp fmod"
# Python's own functions raise where those of a device give inf or nan, and are of double precision.
math: Any = _math
if SIMULATED:
    math = SimpleNamespace(**{name: getattr(np, name) for name in _FUNCTIONS.split()}, inf=_math.inf, pi=_math.pi)
    math.erf, math.erfc = _math.erf, _math.erfc
else:
    # Small tensors have small grids, of which Numba would warn. It is one setting for the whole process.
    _config: Any = import_module("numba.cuda.core.config")
    _config.CUDA_LOW_OCCUPANCY_WARNINGS = 0
_one_at_a_time = threading.Lock()  # the simulator runs one kernel
_INTERVAL = 1e-4  # seconds


def array(kind: Any) -> Any:
    """The type of a flat array of these elements."""
    return types.Array(kind, 1, "C")


def device_function(function: Callable[..., Any]) -> Any:
    """A function that kernels of the same module call; the simulator calls it as it is."""
    return function if SIMULATED else cuda.jit(device=True)(function)


def compile_kernel(function: Callable[..., None], signature: Sequence[Any]) -> Callable[..., Callable[..., None]]:
    """`launch(blocks, threads, stream)` gives the function of a kernel's arguments that starts it."""
    if SIMULATED:
        return _simulated(function, signature)
    dispatcher = cuda.jit(types.void(*signature))(function)
    return lambda blocks, threads, stream: dispatcher[blocks, threads, stream]


def _simulated(function: Callable[..., None], signature: Sequence[Any]) -> Callable[..., Callable[..., None]]:
    dispatcher = cuda.jit(function)

    def configured(blocks: int, threads: Any, stream: Any) -> Callable[..., None]:
        def launch(*args: Any) -> None:
            assert tuple(map(_type_of, args)) == tuple(signature), (function, args, signature)
            with _one_at_a_time, _quick_turns():
                dispatcher[blocks, threads](*args)

        return launch

    return configured


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Threads that wait for each other: ten times as fast as with the interval that Python switches them in."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_INTERVAL)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


def _type_of(value: Any) -> Any:
    """What the compiler would take a kernel's argument for."""
    if isinstance(value, tuple):
        return types.UniTuple(_type_of(value[0]), len(value))
    kind = BITS[value.dtype.name]
    return array(kind) if value.shape else kind


def ptx(function: Callable[..., None], signature: Sequence[Any], *capabilities: tuple[int, int]) -> list[str]:
    """A kernel in the assembly language of each of these architectures; needs no driver.

    It is what `cuda.compile` does, but that Numba's own part of it, which is most, is done once for all.
    """
    compiler: Any = import_module("numba.cuda.compiler")
    options = dict.fromkeys(("debug", "opt", "abi_info", "launch_bounds"))
    flags = dict.fromkeys(("lineinfo", "device", "fastmath", "forceinline", "lto"), False)
    first = capabilities[0]
    with _as_if_on(first):
        library, _ = compiler._compile_pyfunc_with_fixup(
            function, types.void(*signature), cc=first, abi="numba", **options, **flags
        )
    return ["".join(library.get_asm_strs(cc=capability)) for capability in capabilities]


@contextmanager
def _as_if_on(capability: tuple[int, int]) -> Iterator[None]:
    """Functions that a kernel calls are compiled for the current device, of which there may be none."""
    from numba.cuda import dispatcher

    module: Any = dispatcher
    ask = module.get_current_device
    module.get_current_device = lambda: SimpleNamespace(compute_capability=capability)
    try:
        yield
    finally:
        module.get_current_device = ask


def driver_error() -> str:
    """Why no device can be used, and what to do about it; empty where one can."""
    if cuda.is_available():
        return ""
    if cuda.cuda_error() is None:
        return f"the driver is there, and NVIDIA's compiler is not: {INSTALL}"
    cause = " ".join(str(cuda.cuda_error()).split()).rstrip(".: ")
    simulated = "NUMBA_ENABLE_CUDASIM=1, set before Python starts, simulates a device, slowly"
    return f"no CUDA driver was found ({cause}): install NVIDIA's driver; {simulated}"


@cache
def devices() -> tuple[str, ...]:
    """The names of the devices."""
    if SIMULATED:
        return ("simulated device",)
    return tuple(name.decode() if isinstance(name, bytes) else name for name in (gpu.name for gpu in cuda.gpus))


def on(index: int) -> AbstractContextManager[Any]:
    """`with on(1):` makes a device the one that this thread uses; where there is one only, it is that anyway."""
    context: AbstractContextManager[Any] = nullcontext() if len(devices()) == 1 else cuda.gpus[index]
    return context


def memory() -> int:
    """Bytes of the device that this thread uses."""
    return 1 << 32 if SIMULATED else int(cuda.current_context().get_memory_info().total)


def wait(stream: Any) -> None:
    """Return once what was started in the stream is done."""
    cuda.current_context()  # a thread that never used a device has none, and waiting does not make one
    stream.synchronize()


def allocate(size: int, dtype: np.dtype[Any]) -> Any:
    """A flat array of the device that this thread uses.

    Raises:
        MemoryError: where it has no room.
    """
    try:
        return cuda.device_array(size, dtype)
    except Exception as error:  # numba-cuda names the cause in a text only
        if isinstance(error, MemoryError) or "OUT_OF_MEMORY" in str(error):
            raise MemoryError(str(error)) from None
        raise


def to_device(values: NDArray[Any], out: Any, stream: Any) -> None:
    """Copy elements to a device."""
    out.copy_to_device(values, stream=stream)
    wait(stream)


def to_host(source: Any, stream: Any) -> NDArray[Any]:
    """The elements of a device's array, once what was started before is done."""
    values: NDArray[Any] = source.copy_to_host(stream=stream)
    wait(stream)
    return values


def copy_within(source: Any, out: Any, stream: Any) -> None:
    """Copy elements from one array of a device to another."""
    out.copy_to_device(source, stream=stream)


def pointer(source: Any) -> int:
    """The address of a device's array."""
    return int(source.device_ctypes_pointer.value or 0)


def stream_number(stream: Any) -> int:
    """What `__cuda_array_interface__` says about the stream on which elements are computed."""
    return int(stream)
