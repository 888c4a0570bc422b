"""A device with memory of its own: calls become kernel launches that are prepared once, and programs replay there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from numpy.typing import NDArray

from .buffers import Holder, Pool
from .kernels.launch import Follower, Launch, eager
from .op import Call
from .spec import Ints


class Processor:
    """What `Cpu` and `Cuda` have in common.

    Attributes:
        name: as users write it.
        pool: memory that nobody uses.
    """

    name: str
    pool: Pool
    depth = 0  # it wraps no device

    def run(self, call: Call, buffers: Sequence[Any]) -> Any:
        launch = call.launch
        if launch is None:
            launch = call.launch = self._view(call) if call.views is not None else eager(self.prepare(call), self.pool)
        return launch(*buffers)

    def prepare(self, call: Call) -> Launch:
        """The kernels of a call on specs of this device.

        Raises:
            DeviceError: where the op has none.
        """
        raise NotImplementedError

    def prepare_compiled(self, call: Call, followers: Sequence[Follower] = ()) -> Launch:
        """The kernels of a call in a compiled function, where ops may have others: for its shapes, with followers."""
        assert not followers
        return self.prepare(call)

    def can_follow(self, call: Call, follower: Follower) -> bool:
        """Whether the kernel of a call can do this, too, in a compiled function."""
        return False

    def lift(self, tensor: Any) -> tuple[Any, tuple[Any, ...]]:
        return tensor._buffer, tensor._marks

    def release(self, holder: Any) -> None:
        """Return a tensor's buffer to the pool if nobody else can see its memory."""
        raise NotImplementedError

    def release_all(self, buffers: list[Any]) -> None:
        """Empty the list; what nobody else can see goes back to the pool, as if tensors had died."""
        while buffers:
            self.release(Holder(buffers.pop()))

    def are_own(self, holders: Iterable[Any]) -> bool:
        """Whether each tensor's buffer is memory that nobody else can see and nothing outside lent."""
        raise NotImplementedError

    def part(self, buffer: Any, start: int, stop: int) -> Any:
        """Some elements of a buffer, in its memory."""
        raise NotImplementedError

    def copy(self, buffer: Any) -> Any:
        """The same elements in other memory."""
        raise NotImplementedError

    def upload(self, values: NDArray[Any]) -> Any:
        """A new buffer with the elements of a NumPy array, in C order."""
        out = self.pool.take(values.size, values.dtype)
        self.write(values, out)
        return out

    def write(self, values: NDArray[Any], buffer: Any) -> None:
        """Copy the elements of a NumPy array to a buffer, in C order."""
        raise NotImplementedError

    def download(self, buffer: Any) -> NDArray[Any]:
        """The elements of a buffer, which nobody writes to."""
        raise NotImplementedError

    def _view(self, call: Call) -> Any:
        """A function of the input's buffer that cuts out what the outputs see; nothing is copied."""
        assert call.views is not None
        part = self.part
        ends = [(o, o + extent(s.shape, s.strides)) for o, s in zip(call.views, call.outs, strict=True)]
        if call.many:
            return lambda x: [part(x, start, end) for start, end in ends]
        (start, end), whole = ends[0], call.ins[0]
        if start == 0 and end == extent(whole.shape, whole.strides):
            return lambda x: x
        return lambda x: part(x, start, end)

    def __repr__(self) -> str:
        return self.name


def extent(shape: Ints, strides: Ints) -> int:
    """Number of elements from the first to the last that (shape, strides) reach."""
    if 0 in shape:
        return 0
    return 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
