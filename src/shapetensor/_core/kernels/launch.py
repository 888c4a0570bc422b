"""What a device keeps of a call: kernels to launch on which buffers, ready to be repeated.

A Launch is made once for each (op, specs, attributes). Eager execution turns it into one function of the input
buffers; a compiled Program binds its steps to places in its arena.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..buffers import Flat, Pool
from ..dtypes import AnyDType, Bool, Float, Integer
from ..op import Call
from ..spec import Spec

# Elements that memory on a CUDA device has at most: kernels count in 32 bits, a little beyond the end, too.
MOST = (1 << 31) - (1 << 15)


@dataclass(frozen=True, slots=True)
class Place:
    """A buffer of the call: its inputs come first, then its outputs, then scratch."""

    index: int


class Follower(NamedTuple):
    """An elementwise call that reads the result of the one before it, in these places of its operands."""

    call: Call
    places: tuple[int, ...]

    def others(self, values: Sequence[Any]) -> list[Any]:
        """What belongs to its other operands."""
        return [value for place, value in enumerate(values) if place not in self.places]


@dataclass(frozen=True, slots=True)
class Step:
    """One kernel launch; `args` are places and constants in the kernel's own order."""

    kernel: Callable[..., Any]
    args: tuple[Any, ...]
    # Kernels that take indices return the first bad position or -1; this turns it into the error.
    check: Callable[[int, Sequence[Any]], Exception] | None = None


def found_in(place: int, error: Callable[[int, int], Exception]) -> Callable[[int, Sequence[Any]], Exception]:
    """The check of a step whose indices are its argument `place`: the error is told position and index."""
    return lambda position, args: error(position, int(args[place][position]))


@dataclass(frozen=True, slots=True)
class InPlace:
    """Other steps with the same results, which overwrite inputs: (input, output) by their numbers where they lie."""

    steps: tuple[Step, ...]
    pairs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Launch:
    """The steps of a call, its output and scratch sizes as (elements, NumPy dtype), and converters of scalars.

    Where nobody reads the inputs of `in_place` any more, a Program runs that instead.
    """

    steps: tuple[Step, ...]
    inputs: int
    outputs: tuple[tuple[int, np.dtype[Any]], ...]
    scratch: tuple[tuple[int, np.dtype[Any]], ...] = ()
    scalars: tuple[tuple[int, Callable[[Any], Any]], ...] = ()
    in_place: InPlace | None = None


class Builder:
    """Collects the steps of a Launch: kernels that want a dtype or layout get a converted copy in scratch."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.ins = [Place(i) for i in range(len(call.ins))]
        self.outs = [Place(len(call.ins) + i) for i in range(len(call.outs))]
        self._steps: list[Step] = []
        self._scratch: list[tuple[int, np.dtype[Any]]] = []
        self._scalars: list[tuple[int, Callable[[Any], Any]]] = []
        self._in_place: InPlace | None = None

    def step(
        self,
        kernel: Callable[..., Any],
        *args: Any,
        check: Callable[[int, Sequence[Any]], Exception] | None = None,
    ) -> None:
        self._steps.append(Step(kernel, args, check))

    def in_place(self, kernel: Callable[..., Any], *args: Any, pairs: tuple[tuple[int, int], ...]) -> None:
        """The last step in a form without outputs: it leaves them in inputs, which must be contiguous for that."""
        self._in_place = InPlace((*self._steps[:-1], Step(kernel, args, self._steps[-1].check)), pairs)

    def scratch(self, size: int, dtype: AnyDType) -> Place:
        """Room for `size` elements that lives as long as the call."""
        place = Place(len(self.ins) + len(self.outs) + len(self._scratch))
        self._scratch.append((size, storage(dtype)))
        return place

    def scalar(self, index: int, dtype: AnyDType) -> Place:
        """Input `index` is a Python scalar: the kernel gets it by value, as this dtype."""
        self._scalars.append((index, converter(self.call.op.name, dtype)))
        return self.ins[index]

    def done(self) -> Launch:
        outputs = tuple((s.size, storage(s.dtype)) for s in self.call.outs)
        steps, scratch, scalars = tuple(self._steps), tuple(self._scratch), tuple(self._scalars)
        return Launch(steps, len(self.ins), outputs, scratch, scalars, self._in_place)


def storage(dtype: AnyDType) -> np.dtype[Any]:
    """The NumPy dtype that buffers of this dtype have."""
    return np.dtype(dtype.storage)


def converter(op: str, dtype: AnyDType) -> Callable[[Any], Any]:
    """A function that turns a Python scalar into what kernels take for this dtype."""
    if issubclass(dtype, Float):
        return float
    if dtype is Bool:
        return bool
    assert issubclass(dtype, Integer)
    return _checked_integer(op, dtype)


def _checked_integer(op: str, dtype: type[Integer]) -> Callable[[Any], int]:
    low, high, name = dtype.low, dtype.high, dtype.__name__

    def convert(value: Any) -> int:
        number = int(value)
        if not low <= number <= high:
            raise OverflowError(f"{op}: {number} is out of range for {name} ({low} to {high})")
        return number

    return convert


def eager(launch: Launch, pool: Pool) -> Callable[..., Any]:
    """The launch as a function of the input buffers that returns the output buffer, or the list of them."""
    constants = _plain_constants(launch)
    if constants is None:
        return _general(launch, pool)
    return _single(launch.steps[0].kernel, launch, constants, pool)


def _plain_constants(launch: Launch) -> tuple[Any, ...] | None:
    """The constants of a launch that is just kernel(*inputs, *constants, out); None for any other."""
    if len(launch.steps) != 1 or len(launch.outputs) != 1 or launch.scratch or launch.steps[0].check:
        return None
    args, n = launch.steps[0].args, launch.inputs
    constants = args[n:-1]
    plain = all(type(a) is Place and a.index == i for i, a in enumerate([*args[:n], args[-1]]))
    return constants if plain and not any(isinstance(c, Place) for c in constants) else None


def _single(kernel: Callable[..., Any], launch: Launch, constants: tuple[Any, ...], pool: Pool) -> Callable[..., Flat]:
    """The common case, with as little as possible between Python and the kernel."""
    output = launch.outputs[0]
    stack, fresh = pool.stack(*output), pool.fresh

    def one(x: Flat) -> Flat:
        try:
            out = stack.pop()
        except IndexError:
            out = fresh(*output)
        kernel(x, *constants, out)
        return out

    def two(x: Flat, y: Flat) -> Flat:
        try:
            out = stack.pop()
        except IndexError:
            out = fresh(*output)
        kernel(x, y, *constants, out)
        return out

    def many(*xs: Flat) -> Flat:
        try:
            out = stack.pop()
        except IndexError:
            out = fresh(*output)
        kernel(*xs, *constants, out)
        return out

    if launch.scalars:
        return _with_scalars(many, launch.scalars)
    if launch.inputs > 2:
        return many
    return one if launch.inputs == 1 else two


def _with_scalars(
    run: Callable[..., Flat], scalars: tuple[tuple[int, Callable[[Any], Any]], ...]
) -> Callable[..., Flat]:
    """`run` with Python scalars converted first: for two operands without a loop."""
    if len(scalars) == 1:
        (index, convert) = scalars[0]
        if index == 0:
            return lambda x, *rest: run(convert(x), *rest)
        if index == 1:
            return lambda x, y, *rest: run(x, convert(y), *rest)

    def general(*inputs: Any) -> Flat:
        xs = list(inputs)
        for index, convert in scalars:
            xs[index] = convert(xs[index])
        return run(*xs)

    return general


def _general(launch: Launch, pool: Pool) -> Callable[..., Any]:
    single = len(launch.outputs) == 1

    def run(*inputs: Any) -> Any:
        buffers = list(inputs)
        for index, convert in launch.scalars:
            buffers[index] = convert(buffers[index])
        buffers += [pool.take(*kind) for kind in launch.outputs]
        buffers += [pool.take(*kind) for kind in launch.scratch]
        try:
            for step in launch.steps:
                execute(step, buffers)
        finally:
            for flat in buffers[launch.inputs + len(launch.outputs) :]:
                pool.give(flat)
        outputs = buffers[launch.inputs : launch.inputs + len(launch.outputs)]
        return outputs[0] if single else outputs

    return run


def execute(step: Step, buffers: Sequence[Any]) -> None:
    """Run one step on the buffers of its call."""
    args = [buffers[a.index] if type(a) is Place else a for a in step.args]
    found = step.kernel(*args)
    if step.check is not None and found >= 0:
        raise step.check(found, args)


def merge(shape: tuple[int, ...], *strides: tuple[int, ...]) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """Fewest axes that visit the same elements in the same order: neighbours that are contiguous become one.

    Axes of size 1 go away. Returns the merged shape and the merged strides of each operand.
    """
    axes: list[list[Any]] = []
    for n, *steps in zip(shape, *strides, strict=True):
        if n == 1:
            continue
        if axes and all(outer == inner * n for outer, inner in zip(axes[-1][1], steps, strict=True)):
            axes[-1] = [axes[-1][0] * n, steps]
        else:
            axes.append([n, steps])
    merged = [tuple(axis[1][i] for axis in axes) for i in range(len(strides))]
    return tuple(axis[0] for axis in axes), merged


def is_c_order(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Whether one flat array in this order holds exactly these elements."""
    merged, (steps,) = merge(shape, strides)
    return not merged or (len(merged) == 1 and steps[0] == 1)


def pad(values: tuple[int, ...], rank: int, fill: int) -> tuple[int, ...]:
    """Values behind as many `fill` as make `rank` of them."""
    return (fill,) * (rank - len(values)) + values


def broadcast_strides(spec: Spec, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides that walk the tensor as if it had this shape: 0 along stretched axes."""
    missing = len(shape) - spec.rank
    own = tuple(0 if n == 1 else s for n, s in zip(spec.shape, spec.strides, strict=True))
    return (0,) * missing + own
