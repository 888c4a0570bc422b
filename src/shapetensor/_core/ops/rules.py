"""What several gradient and batching rules share; operators and methods of their arguments only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..op import Op
from ..spec import Spec, make_spec

Attrs = dict[str, Any]
Batched = Sequence[bool]


def unbroadcast(g: Any, spec: Spec) -> Any:
    """Sum a gradient over the axes along which its input was stretched, and give it the input's dtype."""
    if g.shape != spec.shape:
        lead = len(g.shape) - len(spec.shape)
        stretched = [lead + i for i, n in enumerate(spec.shape) if n == 1 and g.shape[lead + i] != 1]
        g = g.sum(axis=(*range(lead), *stretched)).reshape(spec.shape)
    return g if g.dtype is spec.dtype else g.astype(spec.dtype)


def stretch(tangent: Any, out_spec: Any) -> Any:
    """A tangent in the shape and dtype of the output."""
    if tangent.shape != out_spec.shape:
        tangent = tangent.broadcast_to(out_spec.shape)
    return tangent if tangent.dtype is out_spec.dtype else tangent.astype(out_spec.dtype)


def restore_axes(reduced: Any, spec: Spec, axes: tuple[int, ...]) -> Any:
    """A reduction's result with the reduced axes of `spec` back as axes of size 1."""
    return reduced.reshape(tuple(1 if i in axes else n for i, n in enumerate(spec.shape)))


def align(xs: Sequence[Any], batched: Batched) -> list[Any]:
    """Operands whose trailing axes line up for broadcasting although axis 0 of some is the batch."""
    rank = max(len(getattr(x, "shape", ())) - b for x, b in zip(xs, batched, strict=True))
    return [_lengthen(x, rank) if b else x for x, b in zip(xs, batched, strict=True)]


def _lengthen(x: Any, rank: int) -> Any:
    """Ones between the batch axis and the others until there are `rank` others."""
    missing = rank - (len(x.shape) - 1)
    return x if missing <= 0 else x.reshape((x.shape[0], *(1,) * missing, *x.shape[1:]))


def batch_broadcasting(op: Op, xs: Sequence[Any], batched: Batched, attrs: Attrs) -> Any:
    """For ops that broadcast their leading axes: one call on the aligned operands."""
    return op(*align(xs, batched), **attrs)


def batch_shifting(*names: str) -> Callable[..., Any]:
    """For ops of one batched operand: the attributes named here hold axes, which move up by one."""

    def rule(op: Op, xs: Sequence[Any], batched: Batched, attrs: Attrs) -> Any:
        moved = {n: _shift(v) if n in names else v for n, v in attrs.items()}
        return op(*xs, **moved)

    return rule


def batch_stretching(*names: str) -> Callable[..., Any]:
    """As `batch_shifting`, for ops of several operands of one shape: those without the batch are stretched along it."""

    def rule(op: Op, xs: Sequence[Any], batched: Batched, attrs: Attrs) -> Any:
        size = next(x.shape[0] for x, b in zip(xs, batched, strict=True) if b)
        full = [x if b else x.broadcast_to((size, *x.shape)) for x, b in zip(xs, batched, strict=True)]
        return op(*full, **{n: _shift(v) if n in names else v for n, v in attrs.items()})

    return rule


def _shift(axes: Any) -> Any:
    return axes + 1 if isinstance(axes, int) else tuple(a + 1 for a in axes)


def batch_loop(op: Op, xs: Sequence[Any], batched: Batched, attrs: Attrs) -> Any:
    """One call for each example; right for every op, and the rule of those that have no other."""
    columns = [x.unstack() if b else None for x, b in zip(xs, batched, strict=True)]
    size = next(len(c) for c in columns if c is not None)
    if size == 0:
        return _no_examples(op, xs, batched, attrs)
    results = [op(*(x if c is None else c[i] for x, c in zip(xs, columns, strict=True)), **attrs) for i in range(size)]
    if op.many:
        return [_stack(list(outputs)) for outputs in zip(*results, strict=True)]
    return _stack(results)


def _no_examples(op: Op, xs: Sequence[Any], batched: Batched, attrs: Attrs) -> Any:
    """No example: what one of zeros gives says the shapes and dtypes."""
    one = op(*(_zeros(x, x.shape[1:]) if b else x for x, b in zip(xs, batched, strict=True)), **attrs)
    none = [_zeros(out, (0, *out.shape)) for out in (one if op.many else [one])]
    return none if op.many else none[0]


def _zeros(x: Any, shape: tuple[int, ...]) -> Any:
    return x._zeros(make_spec(shape, x.dtype, None))


def _stack(tensors: list[Any]) -> Any:
    first = tensors[0].expand_dims(0)
    return first._concat([t.expand_dims(0) for t in tensors[1:]], 0)
