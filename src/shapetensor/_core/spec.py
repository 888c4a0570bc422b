"""What is known of a tensor besides its elements: shape, dtype, device and layout.

Specs are interned: equal specs are one object, so a cache key made of specs hashes and compares by identity.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from .dtypes import AnyDType, Float, WeakBool, WeakFloat, WeakInt

if TYPE_CHECKING:
    from .device import Device

Ints = tuple[int, ...]


class Spec:
    """Shape, dtype, device and strides (in elements) of a tensor; compare with `is`."""

    __slots__ = (
        "__weakref__",
        "contiguous",
        "device",
        "differentiable",
        "dtype",
        "release",
        "shape",
        "size",
        "strides",
    )
    shape: Ints
    dtype: AnyDType
    device: Device
    strides: Ints
    size: int
    contiguous: bool
    differentiable: bool
    release: Any

    def __init__(self, shape: Ints, dtype: AnyDType, device: Any, strides: Ints) -> None:
        self.shape, self.dtype, self.device, self.strides = shape, dtype, device, strides
        size = 1
        for n in shape:
            size *= n
        self.size = size
        self.contiguous = size <= 1 or is_contiguous(shape, strides)
        self.differentiable = issubclass(dtype, Float)
        # What a dying tensor calls: looked up here once instead of by way of the device each time.
        self.release = None if device is None else device.release

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def __repr__(self) -> str:
        return f"Spec({self.shape}, {self.dtype.__name__}, {self.device}, strides={self.strides})"


class AbstractSpec(Spec):
    """The spec of a tensor without elements, whose sizes may be symbols: it has no layout, and there are many of it."""

    __slots__ = ()

    def __init__(self, shape: Ints, dtype: AnyDType, device: Any) -> None:
        self.shape, self.dtype, self.device, self.strides = shape, dtype, device, (1,) * len(shape)
        self.contiguous, self.differentiable, self.release = True, issubclass(dtype, Float), device.release

    @property
    def size(self) -> int:  # type: ignore[override]
        size = 1
        for n in self.shape:
            size *= n
        return size


def is_contiguous(shape: Ints, strides: Ints) -> bool:
    """Whether the elements lie in C order without gaps; strides of axes of size 1 do not matter."""
    return all(n == 1 or s == c for n, s, c in zip(shape, strides, contiguous_strides(shape), strict=True))


def contiguous_strides(shape: Ints) -> Ints:
    """Strides of the C order, in elements."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return tuple(reversed(strides))


_interned: WeakValueDictionary[Any, Spec] = WeakValueDictionary()
_lock = threading.Lock()


def make_spec(shape: Ints, dtype: AnyDType, device: Any, strides: Ints | None = None) -> Spec:
    """The one Spec with these properties; C order unless strides are given."""
    if getattr(device, "is_abstract", False):
        return AbstractSpec(shape, dtype, device)
    if strides is None:
        strides = contiguous_strides(shape)
    key = (shape, dtype, device, strides)
    with _lock:
        spec = _interned.get(key)
        if spec is None:
            spec = _interned[key] = Spec(shape, dtype, device, strides)
    return spec


# Python scalars: a spec without a device, whatever the value, so that values never enter a cache key.
WEAK_SPECS: dict[AnyDType, Spec] = {d: Spec((), d, None, ()) for d in (WeakBool, WeakInt, WeakFloat)}
