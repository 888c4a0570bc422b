"""The one road from a record to a kernel: infer, run, record."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .device import deepest
from .doubt import asking
from .dtypes import WeakBool, WeakFloat, WeakInt, weak_dtype
from .errors import DTypeError, ShapeError
from .op import Call, Op
from .spec import WEAK_SPECS, AbstractSpec, Spec, make_spec

if TYPE_CHECKING:
    from ..tensor import AnyTensor


class Scalar:
    """A Python scalar among the operands: its value is no part of any cache key."""

    __slots__ = ("_buffer", "_spec")
    _marks = ()

    def __init__(self, value: Any, spec: Spec) -> None:
        self._buffer, self._spec = value, spec

    def _below(self, level: int) -> Any:
        """Rules see the scalar itself."""
        return self._buffer


_SCALARS = {float: WEAK_SPECS[WeakFloat], int: WEAK_SPECS[WeakInt], bool: WEAK_SPECS[WeakBool]}


class _Maker:
    """How outputs become tensors: a function `(buffer, spec, marks) -> tensor`."""

    make: Any = None


def tensors_make() -> Any:
    """The function that makes a tensor of (buffer, spec, marks)."""
    return _Maker.make


def tensors_are_made_by(make: Any) -> None:
    """tensor.py says so here, so that nothing in the core imports from above."""
    _Maker.make = make


@lru_cache(maxsize=8192)
def infer(op: Op, attrs: tuple[Any, ...], *specs: Spec) -> Call:
    """The call of an op at these specs: output shapes, dtypes and layouts, worked out once.

    Raises:
        ShapeError: with the op's name before the rule's text.
        DTypeError: as the dtype rule words it.
    """
    named = dict(zip(op.attrs, attrs, strict=True))
    try:
        with asking(None):  # rules use `same` and the like, which know what to do about symbols
            shapes = op.shape(*(s.shape for s in specs), **named)
    except ShapeError as error:
        raise ShapeError(f"{op.name}: {error}") from None
    dtypes = op.dtype(*(s.dtype for s in specs), **{n: named[n] for n in op.dtype_attrs})
    if not op.many:
        shapes, dtypes = [shapes], (dtypes,)
    elif not isinstance(dtypes, tuple):
        dtypes = (dtypes,) * len(shapes)
    device = _device(op, named, specs)
    views = None if op.view is None or (specs and type(specs[0]) is AbstractSpec) else op.view(specs[0], *attrs)
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
    """Run an op on tensors and Python scalars.

    The first lines are `_apply_any` written out for what nearly every call is: one or two tensors on a device that
    has prepared this very call.
    """
    try:
        if len(xs) == 2:
            x, y = xs
            call = infer(op, attrs, x._spec, y._spec)
            if call.launch is not None and not call.many:
                out = _Maker.make(call.launch(x._buffer, y._buffer), call.out, ())
                return _on_tapes(call, xs, out) if x._marks or y._marks else out  # type: ignore[no-any-return]
        elif len(xs) == 1:
            x = xs[0]
            call = infer(op, attrs, x._spec)
            if call.launch is not None and not call.many:
                out = _Maker.make(call.launch(x._buffer), call.out, ())
                return _on_tapes(call, xs, out) if x._marks else out  # type: ignore[no-any-return]
    except AttributeError:  # a Python scalar has no spec
        if len(xs) == 2 and type(y) in _SCALARS and hasattr(x, "_spec"):
            return _with_scalar(op, x, y, attrs)  # type: ignore[no-any-return]
    return _apply_any(op, xs, attrs)  # type: ignore[no-any-return]


def _with_scalar(op: Op, x: Any, y: Any, attrs: tuple[Any, ...]) -> Any:
    """`x * 2.0`: as in `apply`, with the number handed to the kernel by value."""
    weak = _SCALARS[type(y)]
    call = infer(op, attrs, x._spec, weak)
    if call.launch is None:
        return _apply_any(op, (x, y), attrs)
    out = _Maker.make(call.launch(x._buffer, y), call.out, ())
    return _on_tapes(call, (x, Scalar(y, weak)), out) if x._marks else out


def _apply_any(op: Op, xs: tuple[Any, ...], attrs: tuple[Any, ...]) -> Any:
    """The whole road: make operands of scalars, bring operands to one device, run, record."""
    xs = tuple(_operand(op, x) for x in xs)
    call = infer(op, attrs, *(x._spec for x in xs))
    if call.device is None:
        return _apply_any(op, _lifted(op, xs), attrs)
    made = call.device.run(call, [x._buffer for x in xs])
    marked = any(x._marks for x in xs)
    if call.many:
        outs = [_Maker.make(b, s, ()) for b, s in zip(made, call.outs, strict=True)]
        return _record(call, xs, outs) if marked else outs
    out = _Maker.make(made, call.out, ())
    return _on_tapes(call, xs, out) if marked else out


def apply_many(op: Op, xs: tuple[Any, ...], attrs: tuple[Any, ...] = ()) -> list[AnyTensor]:
    """As `apply`, for an op of many outputs."""
    return apply(op, xs, attrs)  # type: ignore[return-value]


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
    devices = [x._spec.device for x in xs if not x._spec.dtype.weak]
    if not devices:
        raise DTypeError(f"{op.name}: at least one operand must be a Tensor: make one with st.tensor(...)")
    device = deepest(op.name, devices)
    return tuple(x if x._spec.dtype.weak else on_device(x, device) for x in xs)


def on_device(x: Any, device: Any) -> Any:
    """A tensor as one of a device that wraps its own, through the devices between them."""
    if x._spec.device is device:
        return x
    if device.depth > x._spec.device.depth + 1 and hasattr(device, "inner"):
        x = on_device(x, device.inner)
    buffer, marks = device.lift(x)
    return _Maker.make(buffer, make_spec(x._spec.shape, x._spec.dtype, device, x._spec.strides), marks)


def _on_tapes(call: Call, xs: Sequence[Any], out: Any) -> Any:
    """The output on the tapes of the operands; the case of one tape, nearly always, is written out."""
    if not call.out.differentiable:
        return out
    tape = None
    nodes: list[Any] = []
    wanted, bit = 0, 1
    for x in xs:
        marks = x._marks
        if not marks:
            nodes.append(None)
        elif len(marks) == 1 and (tape is None or tape is marks[0][0]):
            tape, node = marks[0]
            nodes.append(node)
            wanted |= bit
        else:
            return _record(call, xs, [out])[0]
        bit <<= 1
    assert tape is not None
    made = tape.record(call, xs, nodes, wanted, (out,))
    if made is not None and made[0] is not None:
        out._marks = ((tape, made[0]),)
    return out


def _record(call: Call, xs: Sequence[Any], outs: list[Any]) -> list[Any]:
    """Put the call on each tape that an operand is on, oldest first, and mark the outputs."""
    if not any(s.differentiable for s in call.outs):
        return outs
    tapes = {tape for x in xs for tape, _ in x._marks}
    for tape in sorted(tapes, key=lambda t: t.level):
        nodes = [_mark(x, tape) for x in xs]
        wanted = sum(1 << i for i, node in enumerate(nodes) if node is not None)
        made = tape.record(call, xs, nodes, wanted, outs)
        for out, mark in zip(outs, made or (), strict=made is not None):
            if mark is not None and out._spec.differentiable:
                out._marks = (*out._marks, (tape, mark))
    return outs


def _mark(x: Any, tape: Any) -> Any:
    for found, mark in x._marks:
        if found is tape:
            return mark
    return None
