"""Operands as kernels want them: this dtype, C order; copied to scratch only where they are not."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...dtypes import AnyDType
from ...errors import DeviceError
from ...op import Call
from ...spec import Ints
from .. import launch
from ..launch import Place, is_c_order, merge
from . import compat
from .compat import array, cuda, device_function, int32, int64, uint32
from .kernel import Kernel


class Builder(launch.Builder):
    """Collects the launches of a call; numbers become arrays of one element on its device."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self.device: Any = call.device

    def scalar(self, index: int, dtype: AnyDType) -> Place:
        convert, device = launch.converter(self.call.op.name, dtype), self.device
        self._scalars.append((index, lambda value: device.constant(convert(value), dtype)))
        return self.ins[index]

    def scratch(self, size: int, dtype: AnyDType) -> Place:
        if size > launch.MOST:
            raise DeviceError(
                f"{self.call.op.name}: it takes memory for {size:,} elements, and kernels of {self.device!r} count to "
                f"{launch.MOST:,}: split the operands"
            )
        return super().scratch(size, dtype)

    def over(self, kernel: Kernel, size: int, *args: Any) -> None:
        """A launch with a thread for each of `size` elements, or for several."""
        self.step(kernel.over(self.device, size), *args)

    def blocks(self, kernel: Kernel, count: int, *args: Any) -> None:
        """A launch of so many blocks."""
        self.step(kernel.blocks(self.device, count), *args)

    def watch(self, error: Error) -> Cell:
        """Where a kernel of this call leaves a bad index."""
        return Cell(self.device, error)

    def table(self, *numbers: int) -> Any:
        """Integers in the memory of the device, such as shapes and strides."""
        return self.device.upload(np.array(numbers, np.int32))


Error = Callable[[int, int], Exception]  # of the position of a bad index, and the index


class Cell:
    """Two integers on the device: the position of a bad index, or -1, and the index.

    The device reads it when somebody waits for results.
    """

    def __init__(self, device: Any, error: Error) -> None:
        self.buffer, self.error = device.upload(np.array((-1, 0))), error
        self._device = device

    def expect(self) -> None:
        """A kernel that may write here was started."""
        self._device.checks.expect(self)


def i32(number: int) -> Any:
    """An integer as kernels get it."""
    return np.int32(number)


# --- copies -----------------------------------------------------------------------------------------------------------


@device_function
def walked(i: Any, start: Any, walk: Any, rank: Any) -> Any:
    """Where element i of a walk is; the walk is sizes, and then strides."""
    at = start
    for axis in range(rank - 1, -1, -1):
        size = walk[axis]
        whole = int32(uint32(i) // uint32(size))
        at = int32(at + int32(i - whole * size) * walk[rank + axis])
        i = whole
    return at


def _gather(x: Any, start: Any, walk: Any, rank: Any, out: Any) -> None:
    """out = the elements of x that a walk from `start` visits."""
    for i in range(int32(cuda.grid(1)), int32(out.size), int32(cuda.gridsize(1))):
        out[i] = x[walked(i, start, walk, rank)]


def _place(x: Any, start: Any, walk: Any, rank: Any, out: Any) -> None:
    """The elements of out that a walk visits = x; the others stay."""
    for i in range(int32(cuda.grid(1)), int32(x.size), int32(cuda.gridsize(1))):
        out[walked(i, start, walk, rank)] = x[i]


def _fill(value: Any, out: Any) -> None:
    for i in range(int32(cuda.grid(1)), int32(out.size), int32(cuda.gridsize(1))):
        out[i] = value[0]


def _cast(x: Any, out: Any) -> None:
    for i in range(int32(cuda.grid(1)), int32(out.size), int32(cuda.gridsize(1))):
        out[i] = out.dtype.type(x[i])


def _cast_by_int64(x: Any, out: Any) -> None:
    """Of negative floats, which a device would make 0, the CPU keeps the lowest bits."""
    for i in range(int32(cuda.grid(1)), int32(out.size), int32(cuda.gridsize(1))):
        out[i] = out.dtype.type(int64(x[i]))


def _cast_to_bool(x: Any, out: Any) -> None:
    for i in range(int32(cuda.grid(1)), int32(out.size), int32(cuda.gridsize(1))):
        out[i] = x[i] != 0


def _walking(name: str, function: Callable[..., None]) -> dict[str, Kernel]:
    walk = int32, array(int32), int32
    return {k: Kernel(f"{name}_{k}", function, array(t), *walk, array(t)) for k, t in compat.BITS.items()}


def _cast_from(source: str, target: str) -> Callable[..., None]:
    if target == "bool":
        return _cast_to_bool
    return _cast_by_int64 if source.startswith("float") and target in ("int8", "uint8", "uint32") else _cast


GATHER, PLACE = _walking("gather", _gather), _walking("place", _place)
FILL = {k: Kernel(f"fill_{k}", _fill, array(t), array(t)) for k, t in compat.TYPES.items()}
CASTS = {
    (a, b): Kernel(f"cast_{a}_{b}", _cast_from(a, b), array(s), array(t))
    for a, s in compat.TYPES.items()
    for b, t in compat.TYPES.items()
    if a != b
}
KERNELS = [*GATHER.values(), *PLACE.values(), *FILL.values(), *CASTS.values()]


def of(kernels: dict[Any, Kernel], op: str, *dtypes: AnyDType) -> Kernel:
    """The kernel for these dtypes.

    Raises:
        DeviceError: where there is none.
    """
    names = tuple(d.storage for d in dtypes)
    found = kernels.get(names if len(names) > 1 else names[0])
    if found is None:
        kinds = " and ".join(d.__name__ for d in dtypes)
        raise DeviceError(f"{op}: there is no CUDA kernel for {kinds}: convert on the CPU, x.to('cpu').astype(...)")
    return found


def gather(b: Builder, x: Place, start: int, shape: Ints, strides: Ints, dtype: AnyDType, out: Place) -> None:
    """Write the elements that (shape, strides) walk in x from `start` on to `out` in C order."""
    merged, (steps,) = merge(shape, strides)
    kernel = of(GATHER, b.call.op.name, dtype)
    b.over(kernel, math.prod(shape), x, i32(start), b.table(*merged, *steps), i32(len(merged)), out)


def place(b: Builder, x: Place, start: int, shape: Ints, strides: Ints, dtype: AnyDType, out: Place) -> None:
    """Write x, of C order, to the elements of `out` that (shape, strides) walk from `start` on."""
    merged, (steps,) = merge(shape, strides)
    kernel = of(PLACE, b.call.op.name, dtype)
    b.over(kernel, math.prod(shape), x, i32(start), b.table(*merged, *steps), i32(len(merged)), out)


def fill(b: Builder, value: Any, size: int, dtype: AnyDType, out: Place) -> None:
    """Write a number, a place or array of one element, everywhere."""
    b.over(of(FILL, b.call.op.name, dtype), size, value, out)


def cast(b: Builder, x: Place, source: AnyDType, target: AnyDType, size: int, out: Place) -> None:
    """Write x as another dtype."""
    if source is target:
        gather(b, x, 0, (size,), (1,), target, out)
        return
    b.over(of(CASTS, b.call.op.name, source, target), size, x, out)


def contiguous(
    b: Builder, index: int, dtype: AnyDType | None = None, shape: Ints | None = None, strides: Ints | None = None
) -> Place:
    """Input `index` in C order as `dtype`, optionally walked by another shape and strides than its own."""
    spec, source = b.call.ins[index], b.ins[index]
    if shape is None or strides is None:
        shape, strides = spec.shape, spec.strides
    size = math.prod(shape)
    if size and not is_c_order(shape, strides):
        source = b.scratch(size, spec.dtype)
        gather(b, b.ins[index], 0, shape, strides, spec.dtype, source)
    if dtype is not None and dtype is not spec.dtype:
        converted = b.scratch(size, dtype)
        if size:
            cast(b, source, spec.dtype, dtype, size, converted)
        source = converted
    return source
