"""A device is anything that can run a call: a processor, a recorder, a batch."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Protocol

from .errors import DeviceError
from .op import Call


class Device(Protocol):
    """Runs calls on buffers of its own kind.

    `depth` orders devices that wrap others: where operands live on several, the deepest runs the call, and `lift`
    makes its own tensor of one that lives on the device inside it.
    """

    name: str

    @property
    def depth(self) -> int:
        """How many devices are inside, this one included; the CPU counts as none."""

    def run(self, call: Call, buffers: Sequence[Any]) -> Any:
        """The output buffer, or a list of them for an op of many outputs."""

    def lift(self, tensor: Any) -> tuple[Any, tuple[Any, ...]]:
        """The buffer and the marks that a tensor of a shallower device has here."""

    def release(self, tensor: Any) -> None:
        """A tensor died: its buffer may be used again if nobody else has it."""


class Donated:
    """Where a tensor is whose memory was given to a compiled function: nowhere. It runs nothing."""

    name = "donated"

    def __init__(self, function: str) -> None:
        self.function = function

    @property
    def depth(self) -> int:
        """Asked for where operands live on several devices."""
        raise self.error()

    def run(self, call: Call, buffers: Sequence[Any]) -> Any:
        raise self.error(call.op.name)

    def lift(self, tensor: Any) -> tuple[Any, tuple[Any, ...]]:
        raise self.error()

    def release(self, tensor: Any) -> None:
        """The memory is somebody else's."""

    def error(self, where: str = "") -> RuntimeError:
        """What to raise where somebody uses the tensor."""
        return RuntimeError(
            f"{where}{': ' if where else ''}this tensor was donated to {self.function}, which may have overwritten it: "
            f"use what {self.function} returned in its place, or do not name the argument in donate_argnums"
        )

    def __repr__(self) -> str:
        return f"no device (donated to {self.function})"


class _Active(threading.local):
    """The devices that creation functions of this thread use, the innermost last."""

    def __init__(self) -> None:
        self.stack: list[tuple[Device, int]] = []


_active = _Active()


def cpu() -> Device:
    """The processor; NumPy is loaded here and not before."""
    from .cpu import CPU

    return CPU


def cuda(index: int) -> Device:
    """A CUDA device; numba-cuda is loaded here and not before."""
    from .cuda import Cuda

    return Cuda(index)


def current() -> Device:
    """Where tensors are created that name no device: the active Recorder of this thread, else the CPU."""
    return _active.stack[-1][0] if _active.stack else cpu()


def level_of(device: Device) -> int | None:
    """The level at which this thread made a device the current one last; None if it is not active."""
    return next((level for found, level in reversed(_active.stack) if found is device), None)


class activate:
    """`with activate(device):` makes it the current device of this thread; vmap says at which level."""

    def __init__(self, device: Device, level: int = 0) -> None:
        self.entry = device, level

    def __enter__(self) -> None:
        _active.stack.append(self.entry)

    def __exit__(self, *_: object) -> None:
        _active.stack.pop()


def as_device(device: Any) -> Device:
    """`None`, "cpu", "cuda", "cuda:1" or a device object as a device.

    Raises:
        DeviceError: for a name that no device has, or one that cannot be used on this machine.
    """
    if device is None:
        return current()
    if isinstance(device, str):
        kind, _, index = device.partition(":")
        if device != "cpu" and (kind != "cuda" or (device != "cuda" and not index.isdecimal())):
            raise DeviceError(f"there is no device {device!r}: this version has 'cpu' and 'cuda:0', 'cuda:1', ...")
        if (found := current()).name == "abstract":  # it stands for all of them
            return found
        return cpu() if device == "cpu" else cuda(int(index or 0))
    if not hasattr(device, "run"):
        raise DeviceError(f"{device!r} is not a device: use 'cpu', 'cuda:0' or x.device")
    return device  # type: ignore[no-any-return]


def has_elements(device: Device) -> bool:
    """Whether tensors there have elements: not where a function is being recorded, mapped or checked."""
    return hasattr(device, "pool")


def beside(x: Any, other: Any) -> Any:
    """A tensor on the device of another one, as far as that has elements."""
    device = other._spec.device
    return x.to(device) if has_elements(device) else x


def processor_of(device: Device) -> Device | None:
    """Where the elements will be of what a device that wraps others computes; None if that is not known."""
    found: Any = device
    while found is not None and not has_elements(found):
        found = getattr(found, "inner", None)
    return found  # type: ignore[no-any-return]


def deepest(op: str, devices: Sequence[Device]) -> Device:
    """The device that runs a call whose operands live on these.

    Raises:
        DeviceError: where two devices stand beside each other, neither wrapping the other.
    """
    best = max(devices, key=lambda d: d.depth)
    for device in devices:
        if device is not best and device.depth == best.depth:
            raise DeviceError(f"{op}: operands are on {best.name} and on {device.name}: move them with x.to(...)")
    return best
