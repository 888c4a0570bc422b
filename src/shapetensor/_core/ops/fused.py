"""Operations over rows that are one pass each, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..dims import Shape, normalise_axis, same, show
from ..dtypes import AnyDType, Integer, promote_float, require_compute
from ..errors import DTypeError, ShapeError
from ..op import OPAQUE, Op, define
from .rules import batch_shifting


def _along(x: Shape, *, axis: int) -> Shape:
    normalise_axis(axis, len(x))
    if x[axis] == 0:
        raise ShapeError(f"axis {axis} of {show(x)} is empty")
    return x


def _row_dtype(name: str) -> Callable[[AnyDType], AnyDType]:
    def dtype(x: AnyDType) -> AnyDType:
        require_compute(name, x)
        return promote_float(x)

    return dtype


def _softmax_vjp(g: Any, out: Any, axis: int) -> Any:
    """p * (g - <g, p>): the Jacobian diag(p) - p p^T is symmetric, so this serves tangents as well."""
    weighted = g * out
    return weighted - out * weighted.sum(axis=axis, keepdims=True)


softmax: Op = define(
    "softmax",
    kind=OPAQUE,
    shape=_along,
    dtype=_row_dtype("softmax"),
    batch=batch_shifting("axis"),
    vjp=(_softmax_vjp,),
    jvp=(lambda dx, out, axis: _softmax_vjp(dx, out, axis),),
)
log_softmax: Op = define(
    "log_softmax",
    kind=OPAQUE,
    shape=_along,
    dtype=_row_dtype("log_softmax"),
    batch=batch_shifting("axis"),
    vjp=(lambda g, out, axis: g - out.exp() * g.sum(axis=axis, keepdims=True),),
    jvp=(lambda dx, out, axis: dx - (out.exp() * dx).sum(axis=axis, keepdims=True),),
)


def _check_labels(logits: Shape, labels: Shape) -> Shape:
    """The shape of the labels, as well as it is known."""
    if not logits or len(labels) != len(logits) - 1:
        raise ShapeError(f"logits {show(logits)} want labels of shape {show(logits[:-1])}, not {show(labels)}")
    differ = f"logits {show(logits)} and labels {show(labels)} differ"
    common = tuple(same(n, m, f"{differ}: axis {a}") for a, (n, m) in enumerate(zip(logits, labels, strict=False)))
    if logits[-1] == 0:
        raise ShapeError(f"logits {show(logits)} have no classes")
    return common


def _cross_entropy_shape(logits: Shape, labels: Shape) -> Shape:
    return _check_labels(logits, labels)


def _labelled_dtype(name: str, logits: AnyDType, labels: AnyDType) -> AnyDType:
    require_compute(name, logits, labels)
    if labels.weak:
        raise DTypeError(f"{name}: the label is a Python number, not a tensor: write st.tensor(...)")
    if not issubclass(labels, Integer):
        raise DTypeError(f"{name}: labels are class indices, integers, not {labels.__name__}")
    return promote_float(logits)


def _cross_entropy_dtype(logits: AnyDType, labels: AnyDType) -> AnyDType:
    return _labelled_dtype("cross_entropy", logits, labels)


def _backward_shape(weights: Shape, logits: Shape, labels: Shape) -> Shape:
    _check_labels(logits, labels)
    if len(weights) != len(labels):
        raise ShapeError(f"weights {show(weights)} want the shape of labels {show(labels)}")
    for axis, (n, m) in enumerate(zip(labels, weights, strict=True)):
        same(n, m, f"weights {show(weights)} and labels {show(labels)} differ: axis {axis}")
    return logits


def _backward_dtype(weights: AnyDType, logits: AnyDType, labels: AnyDType) -> AnyDType:
    """The weights are gradients of the loss, so that they have its dtype."""
    loss = _labelled_dtype("cross_entropy_backward", logits, labels)
    if weights is not loss:
        found = f"a Python {weights.name}" if weights.weak else weights.__name__
        raise DTypeError(
            f"cross_entropy_backward: weights are {found} beside logits of {logits.__name__}: "
            f"they must be {loss.__name__}"
        )
    return loss


def _label_column(x: Any, labels: Any) -> Any:
    """x[..., label] of each row."""
    from .index import take_along_axis

    axis = len(labels.shape)
    return take_along_axis(x, labels.expand_dims(axis), axis=axis).reshape(labels.shape)


def _tangent(dlogits: Any, logits: Any, labels: Any) -> Any:
    """<softmax - onehot, dlogits> for each row."""
    axis = len(labels.shape)
    return (softmax(logits, axis=axis) * dlogits).sum(axis=axis) - _label_column(dlogits, labels)


def _curvature(direction: Any, weights: Any, logits: Any) -> Any:
    """The Hessian of a row's loss, diag(p) - p p^T, times a direction; times the row's weight."""
    axis = len(weights.shape)
    return weights.expand_dims(axis) * _softmax_vjp(direction, softmax(logits, axis=axis), axis)


cross_entropy: Op = define(
    "cross_entropy",
    kind=OPAQUE,
    shape=_cross_entropy_shape,
    dtype=_cross_entropy_dtype,
    batch=None,
    vjp=(lambda g, logits, labels: cross_entropy_backward(g, logits, labels), None),
    jvp=(lambda dlogits, logits, labels: _tangent(dlogits, logits, labels), None),
)
cross_entropy_backward: Op = define(
    "cross_entropy_backward",
    kind=OPAQUE,
    shape=_backward_shape,
    dtype=_backward_dtype,
    batch=None,
    vjp=(
        lambda g, logits, labels: _tangent(g, logits, labels),
        lambda g, weights, logits: _curvature(g, weights, logits),
        None,
    ),
    jvp=(
        lambda dweights, logits, labels: cross_entropy_backward(dweights, logits, labels),
        lambda dlogits, weights, logits: _curvature(dlogits, weights, logits),
        None,
    ),
)
