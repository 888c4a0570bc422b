"""The CPU: buffers are flat NumPy arrays, calls become kernel launches that are prepared once."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from .buffers import release
from .errors import DeviceError
from .kernels.launch import Follower, Launch, eager
from .op import Call
from .spec import Ints


class Cpu:
    """The processor this program runs on."""

    name = "cpu"
    depth = 0
    release = staticmethod(release)

    def run(self, call: Call, buffers: Sequence[Any]) -> Any:
        launch = call.launch
        if launch is None:
            launch = call.launch = self._prepare(call)
        return launch(*buffers)

    def _prepare(self, call: Call) -> Any:
        return _view(call) if call.views is not None else eager(prepare(call))

    def lift(self, tensor: Any) -> tuple[Any, tuple[Any, ...]]:
        return tensor._buffer, tensor._marks

    def __repr__(self) -> str:
        return "cpu"


def prepare(call: Call) -> Launch:
    """The kernels of a call on CPU specs.

    Raises:
        DeviceError: where the op has no CPU kernel.
    """
    try:
        make = _family(call).PREPARE[call.op.name]
    except KeyError:
        raise DeviceError(f"{call.op.name}: there is no CPU kernel for this op") from None
    launch: Launch = make(call)
    return launch


def can_follow(call: Call, follower: Follower) -> bool:
    """Whether the kernel of a call can do this, too, in a compiled function."""
    family = _family(call)
    return call.op.name in getattr(family, "PREPARE_COMPILED", ()) and bool(family.can_follow(call, follower))


def prepare_compiled(call: Call, followers: Sequence[Follower] = ()) -> Launch:
    """The kernels of a call in a compiled function, where ops may have others: for its shapes, with what follows."""
    make = getattr(_family(call), "PREPARE_COMPILED", {}).get(call.op.name)
    launch: Launch = prepare(call) if make is None else make(call, followers)
    return launch


def _family(call: Call) -> Any:
    return import_module(f"{__package__}.kernels.cpu.{call.op.family}")


def extent(shape: Ints, strides: Ints) -> int:
    """Number of elements from the first to the last that (shape, strides) reach."""
    if 0 in shape:
        return 0
    return 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))


def _view(call: Call) -> Any:
    """A function of the input's buffer that cuts out what the outputs see; nothing is copied."""
    assert call.views is not None
    ends = [(o, o + extent(s.shape, s.strides)) for o, s in zip(call.views, call.outs, strict=True)]
    if call.many:
        return lambda x: [x[start:end] for start, end in ends]
    (start, end), whole = ends[0], call.ins[0]
    if start == 0 and end == extent(whole.shape, whole.strides):
        return lambda x: x
    return lambda x: x[start:end]


CPU = Cpu()
