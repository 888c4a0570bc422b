"""CUDA devices: buffers are flat arrays of numba-cuda, and all that is done on a device is done in one stream."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from sys import getrefcount
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .buffers import SOLE, Pool
from .dtypes import F16, AnyDType
from .errors import DeviceError
from .kernels.launch import MOST, Launch
from .op import Call
from .processor import Processor, extent
from .spec import Spec

_CONSTANTS = 1024  # numbers that a device keeps an array of


@cache
def compat() -> ModuleType:
    """The module that speaks to numba-cuda.

    Raises:
        ImportError: where that is not installed.
    """
    return import_module(f"{__package__}.kernels.cuda.compat")


def unavailable() -> str:
    """Why there is no device; empty where there is one."""
    try:
        found: str = compat().driver_error()
    except ImportError as error:
        return str(error)
    return found


class Memory(Pool):
    """Free flat arrays of a device."""

    def __init__(self, name: str, here: AbstractContextManager[Any]) -> None:
        with here:
            super().__init__(compat().memory() // 2)
        self._name, self._here = name, here

    def fresh(self, size: int, dtype: np.dtype[Any]) -> Any:
        """A new array; free ones of other sizes are given back to the device where it has no room."""
        with self._here:
            self.allocated += 1
            try:
                return compat().allocate(size, dtype)
            except MemoryError:
                self.clear()
            try:
                return compat().allocate(size, dtype)
            except MemoryError:
                raise MemoryError(
                    f"{self._name}: cannot allocate {size * dtype.itemsize:,} bytes for {size:,} elements of {dtype}"
                ) from None

    def give(self, flat: Any) -> None:
        if flat.size:
            super().give(flat)


class Checks:
    """The cells of kernels that were started since somebody last waited for results."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cells: dict[Any, None] = {}

    def expect(self, cell: Any) -> None:
        """A kernel that may leave a bad index there was started."""
        with self._lock:
            self._cells[cell] = None

    def taken(self) -> list[Any]:
        """The cells, which are not waited for any more."""
        with self._lock:
            cells, self._cells = self._cells, {}
        return list(cells)


class Cuda(Processor):
    """A CUDA device; there is one object for each, `Cuda(0) is Cuda(0)`.

    Devices are numbered from 0 on. Kernels run behind the calls that start them, one after the other, in one stream.

    Raises:
        DeviceError: if numba-cuda or the driver is missing, or there is no such device.

    Example:
        >>> import shapetensor as st
        >>> try:
        ...     device = st.Cuda(0)
        ... except st.DeviceError:
        ...     device = "cpu"
        >>> st.ones(2, device=device).to("cpu")
        Tensor[F32, 2]([1., 1.])
    """

    _made: ClassVar[dict[int, Cuda]] = {}
    _making = threading.Lock()
    index: int
    checks: Checks
    here: AbstractContextManager[Any]  # in which this thread uses the device
    stream: Any  # in which all is done
    _constants: OrderedDict[tuple[AnyDType, bytes], Any]
    _lock: threading.Lock

    def __new__(cls, index: int = 0) -> Cuda:
        with cls._making:
            found = cls._made.get(index)
            if found is None:
                found = cls._made[index] = cls._start(index)
        return found

    @classmethod
    def _start(cls, index: int) -> Cuda:
        if reason := unavailable():
            raise DeviceError(f"cuda:{index}: {reason}")
        names = compat().devices()
        if not 0 <= index < len(names):
            listed = ", ".join(f"cuda:{i} ({name})" for i, name in enumerate(names))
            raise DeviceError(f"cuda:{index}: there is no such device: this machine has {listed or 'none'}")
        self = object.__new__(cls)
        self.index, self.name, self.here = index, f"cuda:{index}", compat().on(index)
        self.pool, self.checks = Memory(self.name, self.here), Checks()
        self._constants, self._lock = OrderedDict(), threading.Lock()
        with self.here:
            self.stream = compat().cuda.stream()
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Cuda, (self.index,)

    def prepare(self, call: Call) -> Launch:
        module = f"{__package__}.kernels.cuda.{call.op.family}"
        make = import_module(module).PREPARE.get(call.op.name) if find_spec(module) else None
        if make is None:
            raise DeviceError(
                f"{call.op.name}: there is no CUDA kernel for this op: compute it on the CPU, x.to('cpu')"
            )
        for spec in (*call.ins, *call.outs):
            if spec.device is self and extent(spec.shape, spec.strides) > MOST:
                raise DeviceError(
                    f"{call.op.name}: a tensor of shape {spec.shape} lies in {extent(spec.shape, spec.strides):,} "
                    f"elements of memory, and kernels of {self.name} count to {MOST:,}: split it"
                )
        launch: Launch = make(call)
        return launch

    # --- memory -------------------------------------------------------------------------------------------------------

    def write(self, values: NDArray[Any], buffer: Any) -> None:
        if values.size:
            with self.here:
                compat().to_device(np.ascontiguousarray(values).reshape(-1), buffer, self.stream)

    def download(self, buffer: Any) -> NDArray[Any]:
        """The elements of a buffer, once everything that was started is done.

        Raises:
            IndexError: if a kernel that was started before met an index out of range.
        """
        self.synchronize()
        return self._read(buffer)

    def synchronize(self) -> None:
        """Wait until everything that was started is done.

        Raises:
            IndexError: if a kernel met an index out of range.
        """
        with self.here:
            compat().wait(self.stream)
        cells = self.checks.taken()
        for i, cell in enumerate(cells):
            if error := self._error(cell):
                for later in cells[i + 1 :]:
                    self.checks.expect(later)
                raise error

    def _read(self, buffer: Any) -> NDArray[Any]:
        if not buffer.size:
            return np.empty(0, buffer.dtype)
        with self.here:
            values: NDArray[Any] = compat().to_host(buffer, self.stream)
        return values

    def _error(self, cell: Any) -> Exception | None:
        """What to raise for what a kernel left in its cell, which is empty afterwards."""
        position, index = self._read(cell.buffer).tolist()
        if position < 0:
            return None
        self.write(np.array((-1, 0)), cell.buffer)
        found: Exception = cell.error(position, index)
        return found

    def constant(self, value: Any, dtype: AnyDType) -> Any:
        """A buffer of one element; that of a number which was met before is found again."""
        with np.errstate(over="ignore"):
            number = np.array([value], dtype.storage)
        key = dtype, number.tobytes()
        with self._lock:
            found = self._constants.get(key)
            if found is None:
                found = self._constants[key] = self.upload(number)
                if len(self._constants) > _CONSTANTS:
                    self._constants.popitem(last=False)
            else:
                self._constants.move_to_end(key)
        return found

    def copy(self, buffer: Any) -> Any:
        out = self.pool.take(buffer.size, buffer.dtype)
        if buffer.size:
            with self.here:
                compat().copy_within(buffer, out, self.stream)
        return out

    def release(self, holder: Any, getrefcount: Any = getrefcount) -> None:
        flat = holder._buffer
        if getrefcount(flat) == SOLE and not hasattr(flat, "lent"):
            self.pool.give(flat)

    def are_own(self, holders: Iterable[Any]) -> bool:
        for holder in holders:
            flat = holder._buffer
            if getrefcount(flat) != SOLE or hasattr(flat, "lent"):
                return False
        return True

    def part(self, buffer: Any, start: int, stop: int) -> Any:
        """Some elements of a buffer, in its memory."""
        found = buffer[start:stop]
        found.lent = buffer  # which is held, and neither goes to the pool
        return found

    def interface(self, buffer: Any, spec: Spec) -> dict[str, Any]:
        """`__cuda_array_interface__` of a tensor, version 3."""
        kind = np.dtype(np.float16 if spec.dtype is F16 else spec.dtype.storage)
        found = {
            "shape": spec.shape,
            "typestr": kind.str,
            "data": (compat().pointer(buffer) if buffer.size else 0, False),
            "strides": None if spec.contiguous else tuple(s * kind.itemsize for s in spec.strides),
            "stream": compat().stream_number(self.stream),
            "version": 3,
        }
        buffer.lent = getattr(buffer, "lent", None)  # from now on others see the memory
        return found

    @classmethod
    def started(cls) -> list[Cuda]:
        """The devices that were asked for."""
        return list(cls._made.values())
