"""The one road from a record to a kernel: infer, run, record."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .device import deepest
from .dtypes import weak_dtype
from .errors import DTypeError, ShapeError
from .op import Call, Op
from .spec import WEAK_SPECS, Spec, make_spec

if TYPE_CHECKING:
    from ..tensor import AnyTensor


class Scalar:
    """A Python scalar among the operands: its value is no part of any cache key."""

    __slots__ = ("_buffer", "_spec")
    _marks = ()

    def __init__(self, value: Any, spec: Spec) -> None:
        self._buffer, self._spec = value, spec


class _Maker:
    """How outputs become tensors: a function `(buffer, spec, marks) -> tensor`."""

    make: Any = None


def tensors_are_made_by(make: Any) -> None:
    """tensor.py says so here, so that nothing in the core imports from above."""
    _Maker.make = make


@lru_cache(maxsize=8192)
def infer(op: Op, attrs: tuple[Any, ...], *specs: Spec) -> Call:
    """The call of an op at these specs: output shapes, dtypes and layouts, worked out once.

    Raises:
        ShapeError: with the op's name before the rule's text.
        DTypeError: likewise.
    """
    named = dict(zip(op.attrs, attrs, strict=True))
    try:
        shapes = op.shape(*(s.shape for s in specs), **named)
    except ShapeError as error:
        raise ShapeError(f"{op.name}: {error}") from None
    dtypes = op.dtype(*(s.dtype for s in specs), **{n: named[n] for n in op.dtype_attrs})
    if not op.many:
        shapes, dtypes = [shapes], (dtypes,)
    elif not isinstance(dtypes, tuple):
        dtypes = (dtypes,) * len(shapes)
    device = _device(op, named, specs)
    views = op.view(specs[0], *attrs) if op.view is not None else None
    if views is not None and not op.many:
        views = [views]
    strides = [None] * len(shapes) if views is None else [v[1] for v in views]
    outs = tuple(make_spec(s, d, device, t) for s, d, t in zip(shapes, dtypes, strides, strict=True))
    return Call(op, attrs, specs, outs, device, None if views is None else tuple(v[0] for v in views))


def _device(op: Op, attrs: dict[str, Any], specs: Sequence[Spec]) -> Any:
    """The device of all operands; None where they live on several."""
    if "device" in attrs:
        return attrs["device"]
    devices = {s.device for s in specs if not s.dtype.weak}
    return devices.pop() if len(devices) == 1 else None


def apply(op: Op, xs: tuple[Any, ...], attrs: tuple[Any, ...] = ()) -> AnyTensor:
    """Run an op on tensors and Python scalars."""
    try:
        specs = [x._spec for x in xs]
    except AttributeError:
        xs = tuple(_operand(op, x) for x in xs)
        specs = [x._spec for x in xs]
    call = infer(op, attrs, *specs)
    device = call.device
    if device is None:
        return apply(op, _lifted(op, xs), attrs)
    made = device.run(call, [x._buffer for x in xs])
    if call.many:
        return _many_outputs(call, xs, made)  # type: ignore[return-value]
    out = _Maker.make(made, call.out, ())
    for x in xs:
        if x._marks:
            return _record(call, xs, [out])[0]
    return out  # type: ignore[no-any-return]


def apply_many(op: Op, xs: tuple[Any, ...], attrs: tuple[Any, ...] = ()) -> list[AnyTensor]:
    """As `apply`, for an op of many outputs."""
    return apply(op, xs, attrs)  # type: ignore[return-value]


def _many_outputs(call: Call, xs: Sequence[Any], made: Sequence[Any]) -> list[AnyTensor]:
    outs = [_Maker.make(b, s, ()) for b, s in zip(made, call.outs, strict=True)]
    return _record(call, xs, outs) if any(x._marks for x in xs) else outs


def _operand(op: Op, x: Any) -> Any:
    """A tensor as it is, a Python scalar as a Scalar."""
    if hasattr(x, "_spec"):
        return x
    if type(x).__module__ == "numpy" and getattr(x, "shape", None) == ():
        x = _numpy_scalar(x)
    dtype = weak_dtype(x)
    if dtype is None:
        kind = type(x)
        where = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        raise DTypeError(f"{op.name}: {where} is not a Tensor: convert it with st.tensor(...) or st.from_numpy(...)")
    return Scalar(x, WEAK_SPECS[dtype])


def _numpy_scalar(x: Any) -> Any:
    """np.float32(2) counts as the Python scalar it holds; an array does not, not even of no axes."""
    return x if hasattr(x, "__setitem__") else x.item()


def _lifted(op: Op, xs: Sequence[Any]) -> tuple[Any, ...]:
    """Operands of several devices, all on the deepest of them."""
    device = deepest(op.name, [x._spec.device for x in xs if not x._spec.dtype.weak])
    return tuple(x if x._spec.dtype.weak else on_device(x, device) for x in xs)


def on_device(x: Any, device: Any) -> Any:
    """A tensor as one of a device that wraps its own, through the devices between them."""
    if x._spec.device is device:
        return x
    if device.depth > x._spec.device.depth + 1 and hasattr(device, "inner"):
        x = on_device(x, device.inner)
    buffer, marks = device.lift(x)
    return _Maker.make(buffer, make_spec(x._spec.shape, x._spec.dtype, device, x._spec.strides), marks)


def _record(call: Call, xs: Sequence[Any], outs: list[Any]) -> list[Any]:
    """Put the call on each tape that an operand is on, oldest first; returns the marked outputs."""
    if not any(s.differentiable for s in call.outs):
        return outs
    tapes = {tape for x in xs for tape, _ in x._marks}
    for tape in sorted(tapes, key=lambda t: t.level) if len(tapes) > 1 else tapes:
        nodes = tuple(_mark(x, tape) for x in xs)
        made = tape.record(call, [below(x, tape.level) for x in xs], nodes, outs)
        if made is None:
            continue
        outs = [
            out._marked((*out._marks, (tape, mark))) if mark is not None and spec.differentiable else out
            for out, mark, spec in zip(outs, made, call.outs, strict=True)
        ]
    return outs


def _mark(x: Any, tape: Any) -> Any:
    for found, mark in x._marks:
        if found is tape:
            return mark
    return None


def below(x: Any, level: int) -> Any:
    """What a tape of this level sees of an operand: marks of older tapes only, scalars as they are."""
    if type(x) is Scalar:
        return x._buffer
    marks = x._marks
    if not marks or marks[-1][0].level < level:
        return x
    return x._marked(tuple(m for m in marks if m[0].level < level))
