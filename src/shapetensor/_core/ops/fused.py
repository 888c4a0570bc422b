"""Operations over rows that are one pass each, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..dims import Shape, normalise_axis, same, show
from ..dtypes import AnyDType, Float, Integer, promote, promote_float, require_compute
from ..errors import DTypeError, ShapeError
from ..op import OPAQUE, Op, define
from .rules import batch_loop, batch_shifting, batch_stretching, stretch, unbroadcast


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


def _inner(x: Any, y: Any, axis: int) -> Any:
    """<x, y> along the axis, which stays with size 1."""
    return (x * y).sum(axis=axis, keepdims=True)


softmax: Op = define(
    "softmax",
    kind=OPAQUE,
    shape=_along,
    dtype=_row_dtype("softmax"),
    batch=batch_shifting("axis"),
    vjp=(lambda g, out, axis: softmax_backward(g, out, axis=axis),),
    jvp=(lambda dx, out, axis: softmax_backward(dx, out, axis=axis),),
)
log_softmax: Op = define(
    "log_softmax",
    kind=OPAQUE,
    shape=_along,
    dtype=_row_dtype("log_softmax"),
    batch=batch_shifting("axis"),
    vjp=(lambda g, out, axis: log_softmax_backward(g, out, axis=axis),),
    jvp=(lambda dx, out, axis: dx - _inner(dx, out.exp(), axis),),
)


def _alike(grad: Shape, y: Shape) -> Shape:
    """The shape of a gradient and of what it belongs to."""
    differ = f"a gradient of {show(grad)} beside {show(y)}"
    if len(grad) != len(y):
        raise ShapeError(f"{differ}: their ranks differ")
    return tuple(same(n, m, f"{differ}: axis {i}") for i, (n, m) in enumerate(zip(grad, y, strict=True)))


def _alike_along(grad: Shape, y: Shape, *, axis: int) -> Shape:
    return _along(_alike(grad, y), axis=axis)


def _gradient_dtype(name: str) -> Callable[..., AnyDType]:
    def dtype(grad: AnyDType, y: AnyDType) -> AnyDType:
        require_compute(name, grad, y)
        if grad is not y or not issubclass(grad, Float):
            found = [f"a Python {d.name}" if d.weak else d.__name__ for d in (grad, y)]
            raise DTypeError(f"{name}: a gradient of {found[0]} beside {found[1]}: both must be the same float dtype")
        return grad

    return dtype


# The Jacobian of softmax, diag(y) - y y^T, is symmetric, so this serves tangents as well.
softmax_backward: Op = define(
    "softmax_backward",
    kind=OPAQUE,
    shape=_alike_along,
    dtype=_gradient_dtype("softmax_backward"),
    batch=batch_stretching("axis"),
    vjp=(
        lambda g, y, axis: softmax_backward(g, y, axis=axis),
        lambda g, grad, y, axis: g * (grad - _inner(grad, y, axis)) - grad * _inner(g, y, axis),
    ),
    jvp=(
        lambda dgrad, y, axis: softmax_backward(dgrad, y, axis=axis),
        lambda dy, grad, y, axis: dy * (grad - _inner(grad, y, axis)) - y * _inner(grad, dy, axis),
    ),
)


def _total(x: Any, axis: int) -> Any:
    return x.sum(axis=axis, keepdims=True)


log_softmax_backward: Op = define(
    "log_softmax_backward",
    kind=OPAQUE,
    shape=_alike_along,
    dtype=_gradient_dtype("log_softmax_backward"),
    batch=batch_stretching("axis"),
    vjp=(
        lambda g, y, axis: g - _inner(g, y.exp(), axis),
        lambda g, grad, y, axis: -(g * y.exp() * _total(grad, axis)),
    ),
    jvp=(
        lambda dgrad, y, axis: log_softmax_backward(dgrad, y, axis=axis),
        lambda dy, grad, y, axis: -(dy * y.exp() * _total(grad, axis)),
    ),
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


def _cross_entropy_shape(logits: Shape, labels: Shape) -> list[Shape]:
    return [_check_labels(logits, labels), logits]


def _labelled_dtype(name: str, values: AnyDType, labels: AnyDType) -> AnyDType:
    require_compute(name, values, labels)
    if labels.weak:
        raise DTypeError(f"{name}: the label is a Python number, not a tensor: write st.tensor(...)")
    if not issubclass(labels, Integer):
        raise DTypeError(f"{name}: labels are class indices, integers, not {labels.__name__}")
    return promote_float(values)


def _cross_entropy_dtype(logits: AnyDType, labels: AnyDType) -> AnyDType:
    return _labelled_dtype("cross_entropy", logits, labels)


def _backward_shape(weights: Shape, p: Shape, labels: Shape) -> Shape:
    _check_labels(p, labels)
    if len(weights) != len(labels):
        raise ShapeError(f"weights {show(weights)} want the shape of labels {show(labels)}")
    for axis, (n, m) in enumerate(zip(labels, weights, strict=True)):
        same(n, m, f"weights {show(weights)} and labels {show(labels)} differ: axis {axis}")
    return p


def _backward_dtype(weights: AnyDType, p: AnyDType, labels: AnyDType) -> AnyDType:
    """The weights are gradients of the loss, so that they have the dtype of the probabilities."""
    _labelled_dtype("cross_entropy_backward", p, labels)
    return _gradient_dtype("cross_entropy_backward")(weights, p)


def _label_column(x: Any, labels: Any) -> Any:
    """x[..., label] of each row."""
    from .index import take_along_axis

    axis = len(labels.shape)
    return take_along_axis(x, labels.expand_dims(axis), axis=axis).reshape(labels.shape)


def _rows_inner(x: Any, y: Any) -> Any:
    return (x * y).sum(axis=len(x.shape) - 1)


def _cross_entropy_vjp(gs: Any, labels: Any, out: Any) -> Any:
    """From the gradients of the losses and, for higher derivatives, of the probabilities."""
    losses, probabilities = gs
    found = None if losses is None else cross_entropy_backward(losses, out[1], labels)
    if probabilities is None:
        return found
    other = softmax_backward(probabilities, out[1], axis=len(labels.shape))
    return other if found is None else found + other


def _cross_entropy_jvp(dlogits: Any, labels: Any, out: Any) -> list[Any]:
    loss = _rows_inner(out[1], dlogits) - _label_column(dlogits, labels)
    return [loss, softmax_backward(dlogits, out[1], axis=len(labels.shape))]


# The losses, and the probabilities that the gradient is made of: computing them anew would take longer.
cross_entropy: Op = define(
    "cross_entropy",
    kind=OPAQUE,
    shape=_cross_entropy_shape,
    dtype=_cross_entropy_dtype,
    batch=None,
    many=True,
    vjp=(_cross_entropy_vjp, None),
    jvp=(_cross_entropy_jvp, None),
)
# weight * (p - onehot(label))
cross_entropy_backward: Op = define(
    "cross_entropy_backward",
    kind=OPAQUE,
    shape=_backward_shape,
    dtype=_backward_dtype,
    batch=None,
    vjp=(
        lambda g, p, labels: _rows_inner(g, p) - _label_column(g, labels),
        lambda g, weights: g * weights.expand_dims(len(weights.shape)),
        None,
    ),
    jvp=(
        lambda dweights, p, labels: cross_entropy_backward(dweights, p, labels),
        lambda dp, weights: dp * weights.expand_dims(len(weights.shape)),
        None,
    ),
)


def _last_axes(x: Shape, *, count: int, eps: float) -> Shape:
    """Normalised are the last `count` axes together."""
    if not 0 < count <= len(x):
        raise ShapeError(f"{show(x)} has no {count} axes to normalise")
    return x


def _standardize_backward_shape(grad: Shape, x: Shape, *, count: int, eps: float) -> Shape:
    return _last_axes(_alike(grad, x), count=count, eps=eps)


def _normal(x: Any, count: int) -> tuple[int, ...]:
    """The axes that are normalised."""
    rank = len(x.shape)
    return tuple(range(rank - count, rank))


def _mean(x: Any, axes: tuple[int, ...]) -> Any:
    return x.mean(axis=axes, keepdims=True)


standardize: Op = define(
    "standardize",
    kind=OPAQUE,
    shape=_last_axes,
    dtype=_row_dtype("standardize"),
    batch=lambda op, xs, batched, attrs: op(*xs, **attrs),
    vjp=(lambda g, x, count, eps: standardize_backward(g, x, count=count, eps=eps),),
    jvp=(lambda dx, x, count, eps: standardize_backward(dx, x, count=count, eps=eps),),
)


def _curvature(g: Any, grad: Any, x: Any, count: int, eps: float) -> Any:
    """The derivative of <g, standardize_backward(grad, x)> by x, which is that of the function along g as well.

    With z and r as below, J = r (I - 1 1^T / n - z z^T / n), r' = -r^2 z / n, and means in place of sums over n:
    -r^2 z (mean(g grad) - mean(g) mean(grad) - mean(g z) mean(grad z)) - r (mean(grad z) J g + mean(g z) J grad)
    """
    axes = _normal(x, count)
    z = standardize(x, count=count, eps=eps)
    centred = x - _mean(x, axes)
    r = (_mean(centred * centred, axes) + eps).rsqrt()
    gz, hz = _mean(g * z, axes), _mean(grad * z, axes)
    spread = _mean(g * grad, axes) - _mean(g, axes) * _mean(grad, axes) - gz * hz
    along_g = standardize_backward(g, x, count=count, eps=eps)
    along_grad = standardize_backward(grad, x, count=count, eps=eps)
    return -(r * r * z * spread) - r * (hz * along_g + gz * along_grad)


# r (grad - mean(grad) - z mean(grad z)) with z = standardize(x) and r = 1 / sqrt(var(x) + eps): the Jacobian of
# standardize is symmetric, so this serves tangents as well.
standardize_backward: Op = define(
    "standardize_backward",
    kind=OPAQUE,
    shape=_standardize_backward_shape,
    dtype=_gradient_dtype("standardize_backward"),
    batch=batch_stretching(),
    vjp=(
        lambda g, x, count, eps: standardize_backward(g, x, count=count, eps=eps),
        lambda g, grad, x, count, eps: _curvature(g, grad, x, count, eps),
    ),
    jvp=(
        lambda dgrad, x, count, eps: standardize_backward(dgrad, x, count=count, eps=eps),
        lambda dx, grad, x, count, eps: _curvature(dx, grad, x, count, eps),
    ),
)


def _affine_shape(x: Shape, weight: Shape, bias: Shape, *, eps: float) -> Shape:
    if len(weight) != len(bias) or not 0 < len(weight) <= len(x):
        both = f"weight {show(weight)} and bias {show(bias)}"
        raise ShapeError(f"{both} should have the shape of the last axes of {show(x)}")
    lead = len(x) - len(weight)
    for name, found in (("weight", weight), ("bias", bias)):
        for axis, (n, m) in enumerate(zip(x[lead:], found, strict=True)):
            same(n, m, f"{name} {show(found)} does not fit the last axes of {show(x)}: axis {axis}")
    return x


def _affine_dtype(x: AnyDType, weight: AnyDType, bias: AnyDType) -> AnyDType:
    require_compute("layer_norm", x, weight, bias)
    return promote_float(promote(x, weight, bias))


def _as(x: Any, like: Any) -> Any:
    """In the dtype of another tensor or spec."""
    return x if x.dtype is like.dtype else x.astype(like.dtype)


def _batch_affine(op: Op, xs: Any, batched: Any, attrs: Any) -> Any:
    return batch_loop(op, xs, batched, attrs) if any(batched[1:]) else op(*xs, **attrs)


def _layer_norm_tangent(dx: Any, x: Any, weight: Any, eps: float) -> Any:
    return standardize_backward(dx, x, count=len(weight.shape), eps=eps) * weight


# standardize(x) * weight + bias in one pass
layer_norm: Op = define(
    "layer_norm",
    kind=OPAQUE,
    shape=_affine_shape,
    dtype=_affine_dtype,
    batch=_batch_affine,
    vjp=(
        lambda g, x, weight, eps, x_spec: unbroadcast(
            standardize_backward(g * weight, _as(x, g), count=len(weight.shape), eps=eps), x_spec
        ),
        lambda g, x, eps, weight_spec: unbroadcast(
            g * standardize(_as(x, g), count=weight_spec.rank, eps=eps), weight_spec
        ),
        lambda g, bias_spec: unbroadcast(g, bias_spec),
    ),
    jvp=(
        lambda dx, x, weight, eps, out_spec: _layer_norm_tangent(_as(dx, out_spec), _as(x, out_spec), weight, eps),
        lambda dweight, x, eps, out_spec: (
            standardize(_as(x, out_spec), count=len(dweight.shape), eps=eps) * _as(dweight, out_spec)
        ),
        lambda dbias, out_spec: stretch(dbias, out_spec),
    ),
)
