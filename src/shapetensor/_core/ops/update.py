"""Steps of optimizers, each one pass over a parameter and what is remembered of it.

Numbers that change from step to step are tensors without axes, so that one compiled step serves them all; options that
stay are attributes. `decay` is the factor of an L2 penalty: `decay * x` is added to the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..dims import Shape, same, show
from ..dtypes import AnyDType, Float, require_compute
from ..errors import DTypeError, ShapeError
from ..op import OPAQUE, Call, Op, define
from .rules import Attrs, Batched, batch_loop


def _one_shape(x: Shape, others: dict[str, Shape], numbers: dict[str, Shape]) -> Shape:
    """The shape of a parameter and of all that belongs to it, as well as it is known."""
    for name, shape in others.items():
        text = f"the parameter has shape {show(x)}, {name} {show(shape)}"
        if len(shape) != len(x):
            raise ShapeError(text)
        x = tuple(same(n, m, f"{text}: axis {axis}") for axis, (n, m) in enumerate(zip(x, shape, strict=True)))
    for name, shape in numbers.items():
        if shape:
            raise ShapeError(f"{name} has shape {show(shape)}, not (): it is one number")
    return x


def _one_dtype(op: str) -> Callable[..., AnyDType]:
    """The dtype rule: tensors of one floating dtype."""

    def dtype(x: AnyDType, *others: AnyDType) -> AnyDType:
        require_compute(op, x, *others)
        if any(d.weak for d in (x, *others)):
            raise DTypeError(f"{op}: an operand is a Python number, not a tensor: write st.tensor(...)")
        if not issubclass(x, Float):
            raise DTypeError(f"{op}: the parameter is a tensor of {x.__name__}, not of F32 or F64")
        for other in others:
            if other is not x:
                raise DTypeError(f"{op}: beside a parameter of {x.__name__} there is a tensor of {other.__name__}")
        return x

    return dtype


def _batch(shaped: int) -> Callable[..., Any]:
    """One call for all examples, unless the numbers behind the `shaped` operands differ between them."""

    def rule(op: Op, xs: Sequence[Any], batched: Batched, attrs: Attrs) -> Any:
        if any(batched[shaped:]):
            return batch_loop(op, xs, batched, attrs)
        size = next(x.shape[0] for x, b in zip(xs, batched, strict=True) if b)
        wide = [x if b else x.broadcast_to((size, *x.shape)) for x, b in zip(xs[:shaped], batched, strict=False)]
        return op(*wide, *xs[shaped:], **attrs)

    return rule


def _flops(each: int) -> Callable[[Call], int]:
    """So many operations for each element, and two more where weights decay."""
    return lambda call: call.outs[0].size * (each + 2 * bool(call.named_attrs()["decay"]))


def _decayed(x: Any, grad: Any, decay: float) -> Any:
    """The gradient with that of the penalty."""
    return grad + decay * x if decay else grad


# --- plain descent: x - rate * grad -----------------------------------------------------------------------------------


def _sgd_shape(x: Shape, grad: Shape, rate: Shape, *, decay: float) -> Shape:
    return _one_shape(x, {"the gradient": grad}, {"the rate": rate})


sgd_update: Op = define(
    "sgd_update",
    kind=OPAQUE,
    shape=_sgd_shape,
    dtype=_one_dtype("sgd_update"),
    batch=_batch(2),
    flops=_flops(2),
    vjp=(
        lambda g, rate, decay: g - decay * rate * g,
        lambda g, rate: -(rate * g),
        lambda g, x, grad, decay: -(g * _decayed(x, grad, decay)).sum(),
    ),
    jvp=(
        lambda dx, rate, decay: dx - decay * rate * dx,
        lambda dgrad, rate: -(rate * dgrad),
        lambda drate, x, grad, decay: -(drate * _decayed(x, grad, decay)),
    ),
)

# --- with momentum: v' = momentum * v + grad, x' = x - rate * v'; nesterov: x - rate * (grad + momentum * v') ---------


def _momentum_shape(
    x: Shape, grad: Shape, v: Shape, rate: Shape, *, momentum: float, decay: float, nesterov: bool
) -> list[Shape]:
    shape = _one_shape(x, {"the gradient": grad, "the momentum buffer": v}, {"the rate": rate})
    return [shape, shape]


def _momentum_back(g: Any, rate: Any, momentum: float, nesterov: bool) -> tuple[Any, Any]:
    """The gradients of the decayed gradient and of the new buffer."""
    step = -(rate * g[0])
    if not nesterov:
        return (found := g[1] + step), found
    buffer = g[1] + momentum * step
    return buffer + step, buffer


def _momentum_back_x(g: Any, rate: Any, momentum: float, decay: float, nesterov: bool) -> Any:
    return g[0] + decay * _momentum_back(g, rate, momentum, nesterov)[0] if decay else g[0]


def _momentum_step(x: Any, grad: Any, out: Any, momentum: float, decay: float, nesterov: bool) -> Any:
    """What goes off x in units of the rate."""
    return _decayed(x, grad, decay) + momentum * out[1] if nesterov else out[1]


def _momentum_moved(dgrad: Any, rate: Any, momentum: float, nesterov: bool) -> list[Any]:
    """Tangents for that of the decayed gradient."""
    return [-(rate * (dgrad + momentum * dgrad if nesterov else dgrad)), dgrad]


def _momentum_moved_x(dx: Any, rate: Any, momentum: float, decay: float, nesterov: bool) -> list[Any]:
    if not decay:
        return [dx, None]
    by_gradient, buffer = _momentum_moved(decay * dx, rate, momentum, nesterov)
    return [dx + by_gradient, buffer]


def _momentum_moved_v(dv: Any, rate: Any, momentum: float, nesterov: bool) -> list[Any]:
    buffer = momentum * dv
    return [-(rate * (momentum * buffer if nesterov else buffer)), buffer]


momentum_update: Op = define(
    "momentum_update",
    kind=OPAQUE,
    shape=_momentum_shape,
    dtype=_one_dtype("momentum_update"),
    many=True,
    batch=_batch(3),
    flops=_flops(4),
    vjp=(
        _momentum_back_x,
        lambda g, rate, momentum, nesterov: _momentum_back(g, rate, momentum, nesterov)[0],
        lambda g, rate, momentum, nesterov: momentum * _momentum_back(g, rate, momentum, nesterov)[1],
        lambda g, x, grad, out, momentum, decay, nesterov: (
            -(g[0] * _momentum_step(x, grad, out, momentum, decay, nesterov)).sum()
        ),
    ),
    jvp=(
        _momentum_moved_x,
        lambda dgrad, rate, momentum, nesterov: _momentum_moved(dgrad, rate, momentum, nesterov),
        _momentum_moved_v,
        lambda drate, x, grad, out, momentum, decay, nesterov: [
            -(drate * _momentum_step(x, grad, out, momentum, decay, nesterov)),
            None,
        ],
    ),
)

# --- Adam: m' = b1 * m + (1 - b1) * grad, v' = b2 * v + (1 - b2) * grad^2, --------------------------------------------
# ---       x' = kept * x - rate * m' / (sqrt(v') / root + eps)


def _adam_shape(
    x: Shape,
    grad: Shape,
    m: Shape,
    v: Shape,
    rate: Shape,
    root: Shape,
    kept: Shape,
    *,
    b1: float,
    b2: float,
    eps: float,
    decay: float,
) -> list[Shape]:
    others = {"the gradient": grad, "its mean": m, "its mean square": v}
    shape = _one_shape(x, others, {"the rate": rate, "the root": root, "the part kept": kept})
    return [shape, shape, shape]


def _below(out: Any, root: Any, eps: float) -> Any:
    """What the mean is divided by."""
    return out[2].sqrt() / root + eps


def _by_m(out: Any, rate: Any, root: Any, eps: float) -> Any:
    """The derivative of the new parameter by the new mean."""
    return -(rate / _below(out, root, eps))


def _by_v(out: Any, rate: Any, root: Any, eps: float) -> Any:
    """The derivative of the new parameter by the new mean square."""
    below = _below(out, root, eps)
    return rate * out[1] / (below * below * out[2].sqrt() * root * 2.0)


def _by_root(out: Any, rate: Any, root: Any, eps: float) -> Any:
    """The derivative of the new parameter by the root."""
    below = _below(out, root, eps)
    return -(rate * out[1] * out[2].sqrt() / (below * below * root * root))


def _adam_back(
    g: Any, x: Any, grad: Any, out: Any, rate: Any, root: Any, b1: float, b2: float, eps: float, decay: float
) -> Any:
    """The gradient of the decayed gradient."""
    by_mean = (1.0 - b1) * (g[1] + g[0] * _by_m(out, rate, root, eps))
    by_square = (2.0 - 2.0 * b2) * (g[2] + g[0] * _by_v(out, rate, root, eps))
    return by_mean + by_square * _decayed(x, grad, decay)


def _adam_back_x(
    g: Any, x: Any, grad: Any, out: Any, rate: Any, root: Any, kept: Any, b1: float, b2: float, eps: float, decay: float
) -> Any:
    straight = kept * g[0]
    return straight + decay * _adam_back(g, x, grad, out, rate, root, b1, b2, eps, decay) if decay else straight


def _adam_moved(
    dgrad: Any, x: Any, grad: Any, out: Any, rate: Any, root: Any, b1: float, b2: float, eps: float, decay: float
) -> list[Any]:
    """Tangents for that of the decayed gradient."""
    dm = (1.0 - b1) * dgrad
    dv = (2.0 - 2.0 * b2) * _decayed(x, grad, decay) * dgrad
    return [_by_m(out, rate, root, eps) * dm + _by_v(out, rate, root, eps) * dv, dm, dv]


def _adam_moved_x(
    dx: Any,
    x: Any,
    grad: Any,
    out: Any,
    rate: Any,
    root: Any,
    kept: Any,
    b1: float,
    b2: float,
    eps: float,
    decay: float,
) -> list[Any]:
    straight = kept * dx
    if not decay:
        return [straight, None, None]
    by_gradient, dm, dv = _adam_moved(decay * dx, x, grad, out, rate, root, b1, b2, eps, decay)
    return [straight + by_gradient, dm, dv]


def _adam_moved_m(dm: Any, out: Any, rate: Any, root: Any, b1: float, eps: float) -> list[Any]:
    return [_by_m(out, rate, root, eps) * (b1 * dm), b1 * dm, None]


def _adam_moved_v(dv: Any, out: Any, rate: Any, root: Any, b2: float, eps: float) -> list[Any]:
    return [_by_v(out, rate, root, eps) * (b2 * dv), None, b2 * dv]


adam_update: Op = define(
    "adam_update",
    kind=OPAQUE,
    shape=_adam_shape,
    dtype=_one_dtype("adam_update"),
    many=True,
    batch=_batch(4),
    flops=_flops(14),
    vjp=(
        _adam_back_x,
        _adam_back,
        lambda g, out, rate, root, b1, eps: b1 * (g[1] + g[0] * _by_m(out, rate, root, eps)),
        lambda g, out, rate, root, b2, eps: b2 * (g[2] + g[0] * _by_v(out, rate, root, eps)),
        lambda g, out, root, eps: -(g[0] * out[1] / _below(out, root, eps)).sum(),
        lambda g, out, rate, root, eps: (g[0] * _by_root(out, rate, root, eps)).sum(),
        lambda g, x: (g[0] * x).sum(),
    ),
    jvp=(
        _adam_moved_x,
        _adam_moved,
        _adam_moved_m,
        _adam_moved_v,
        lambda drate, out, root, eps: [-(drate * out[1] / _below(out, root, eps)), None, None],
        lambda droot, out, rate, root, eps: [droot * _by_root(out, rate, root, eps), None, None],
        lambda dkept, x: [dkept * x, None, None],
    ),
)
