"""The CPU: buffers are flat NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from numpy.typing import NDArray

from .buffers import POOL, Flat, are_own, release
from .errors import DeviceError
from .kernels.launch import Follower, Launch
from .op import Call
from .processor import Processor


class Cpu(Processor):
    """The processor this program runs on."""

    name = "cpu"
    pool = POOL
    release = staticmethod(release)
    are_own = staticmethod(are_own)

    def prepare(self, call: Call) -> Launch:
        try:
            make = _family(call).PREPARE[call.op.name]
        except KeyError:
            raise DeviceError(f"{call.op.name}: there is no CPU kernel for this op") from None
        launch: Launch = make(call)
        return launch

    def prepare_compiled(self, call: Call, followers: Sequence[Follower] = ()) -> Launch:
        make = getattr(_family(call), "PREPARE_COMPILED", {}).get(call.op.name)
        launch: Launch = self.prepare(call) if make is None else make(call, followers)
        return launch

    def can_follow(self, call: Call, follower: Follower) -> bool:
        family = _family(call)
        return call.op.name in getattr(family, "PREPARE_COMPILED", ()) and bool(family.can_follow(call, follower))

    def part(self, buffer: Flat, start: int, stop: int) -> Flat:
        return buffer[start:stop]

    def copy(self, buffer: Flat) -> Flat:
        out: Flat = self.upload(buffer)
        return out

    def write(self, values: NDArray[Any], buffer: Flat) -> None:
        buffer.reshape(values.shape)[...] = values

    def download(self, buffer: Flat) -> NDArray[Any]:
        return buffer


def _family(call: Call) -> Any:
    return import_module(f"{__package__}.kernels.cpu.{call.op.family}")


CPU = Cpu()
