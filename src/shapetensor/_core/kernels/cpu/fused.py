"""Row kernels: softmax, cross-entropy and normalisation, forward and backward, each one visit of a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...dtypes import I64, AnyDType
from ...op import Call
from ...spec import Ints, contiguous_strides
from .. import cache, threads
from ..generate import rows
from ..generate.rows import ELEMENT, LABEL, NUMBER, PLACE, ROW, Rows
from ..launch import Builder, Launch, Place
from .operands import contiguous, copy

_X = {"x": ELEMENT}
_GRADIENT = {"grad": ELEMENT, "y": ELEMENT}
_OUT = {"out": ELEMENT}
ROWS = {
    "softmax": Rows(
        _X,
        _OUT,
        """
top = max(x)
out = exp_of_negative(x - top)
out = out * (1 / sum(out))
""",
    ),
    "log_softmax": Rows(
        _X,
        _OUT,
        """
top = max(x)
shift = log(sum(exp_of_negative(x - top)))
out = (x - top) - shift
""",
    ),
    "softmax_backward": Rows(_GRADIENT, _OUT, "inner = sum(grad * y)\nout = y * (grad - inner)"),
    "log_softmax_backward": Rows(_GRADIENT, _OUT, "total = sum(grad)\nout = grad - exp(y) * total"),
    "cross_entropy": Rows(
        {"x": ELEMENT, "label": LABEL},
        {"loss": ROW, "p": ELEMENT, "picked": ROW},
        """
top = max(x)
p = exp_of_negative(x - top)
loss = sum(p)
picked = x[label] - top
p = p * (1 / loss)
""",
        finish="loss = log(loss) - picked",
    ),
    "cross_entropy_backward": Rows(
        {"weight": ROW, "p": ELEMENT, "label": LABEL},
        _OUT,
        """
out = p * weight
out[label] = (p[label] - 1) * weight
""",
    ),
    "cross_entropy_backward_in_place": Rows(
        {"weight": ROW, "p": ELEMENT, "label": LABEL},
        {"p": ELEMENT},
        """
picked = (p[label] - 1) * weight
p = p * weight
p[label] = picked
""",
    ),
    "standardize": Rows(
        {"x": ELEMENT, "eps": NUMBER},
        _OUT,
        """
centred = x - mean(x)
out = centred * (1 / math.sqrt(mean(centred * centred) + eps))
""",
    ),
    "layer_norm": Rows(
        {"x": ELEMENT, "w": PLACE, "b": PLACE, "eps": NUMBER},
        _OUT,
        """
centred = x - mean(x)
r = 1 / math.sqrt(mean(centred * centred) + eps)
out = centred * r * w + b
""",
    ),
    "standardize_backward": Rows(
        {"grad": ELEMENT, "x": ELEMENT, "eps": NUMBER},
        _OUT,
        """
middle = mean(grad)
centred = x - mean(x)
r = 1 / math.sqrt(mean(centred * centred) + eps)
along = mean(grad * centred) * (r * r)
out = (grad - middle - centred * along) * r
""",
    ),
}
_WEIGHT = 8  # of an element of a row, in additions


def _kernel(name: str, dtype: AnyDType, size: int) -> Callable[..., Any]:
    """`(*inputs, rows, n, *outputs)`, on several threads where the size is worth it."""
    kernel = getattr(cache.load(name, rows.text(name, ROWS[name], dtype)), name)
    return threads.shared(kernel, rows.split(ROWS[name], threads.CHUNK), size * _WEIGHT)


def _along_axis(call: Call) -> Launch:
    """Rows along one axis; one that is not the last is moved there and back."""
    b = Builder(call)
    out, axis = call.outs[0], call.attrs[0]
    if out.size == 0:
        return b.done()
    n, kernel = out.shape[axis], _kernel(call.op.name, out.dtype, out.size)
    if axis == out.rank - 1:
        b.step(kernel, *(contiguous(b, i, out.dtype) for i in range(len(call.ins))), out.size // n, n, b.outs[0])
        return b.done()
    order = (*(i for i in range(out.rank) if i != axis), axis)
    moved = tuple(out.shape[i] for i in order)
    xs = [contiguous(b, i, out.dtype, moved, tuple(spec.strides[j] for j in order)) for i, spec in enumerate(call.ins)]
    result = b.scratch(out.size, out.dtype)
    b.step(kernel, *xs, out.size // n, n, result)
    copy(b, result, out.shape, _moved_back(moved, order), b.outs[0])
    return b.done()


def _moved_back(shape: Ints, order: Ints) -> Ints:
    """Strides that walk a C-order tensor of permuted axes in the order before the permutation."""
    steps = contiguous_strides(shape)
    return tuple(steps[order.index(i)] for i in range(len(order)))


def prepare_cross_entropy(call: Call) -> Launch:
    """Loss and probabilities of each row."""
    b = Builder(call)
    loss, p = call.outs
    if loss.size:
        n = p.shape[-1]
        kernel = _kernel("cross_entropy", p.dtype, p.size)
        x, labels = contiguous(b, 0, p.dtype), contiguous(b, 1, I64)
        picked = b.scratch(loss.size, p.dtype)
        b.step(kernel, x, labels, loss.size, n, *b.outs, picked, check=_bad_label(n))
    return b.done()


def prepare_cross_entropy_backward(call: Call) -> Launch:
    """weight * (p - onehot) of each row."""
    b = Builder(call)
    out = call.outs[0]
    if out.size:
        n = out.shape[-1]
        weights, p, labels = contiguous(b, 0), contiguous(b, 1), contiguous(b, 2, I64)
        kernel = _kernel("cross_entropy_backward", out.dtype, out.size)
        b.step(kernel, weights, p, labels, out.size // n, n, b.outs[0], check=_bad_label(n, place=2))
        kernel = _kernel("cross_entropy_backward_in_place", out.dtype, out.size)
        b.in_place(kernel, weights, p, labels, out.size // n, n, pairs=((1, 0),))
    return b.done()


def _bad_label(classes: int, place: int = 1) -> Callable[[int, Sequence[Any]], Exception]:
    def error(position: int, args: Sequence[Any]) -> Exception:
        label = args[place][position]
        leave_out = f"; to leave such rows out, give ignore_index={label}" if label < 0 else ""
        return IndexError(
            f"cross_entropy: label {label} of row {position} is no class of 0 to {classes - 1}{leave_out}"
        )

    return error


def _last_axes(call: Call) -> Launch:
    """Rows of the last axes together."""
    b = Builder(call)
    out = call.outs[0]
    named = call.named_attrs()
    n = 1
    for size in out.shape[out.rank - named.get("count", call.ins[-1].rank) :]:
        n *= size
    if out.size:
        xs: list[Place] = [contiguous(b, i, out.dtype) for i in range(len(call.ins))]
        kernel = _kernel(call.op.name, out.dtype, out.size)
        b.step(kernel, *xs, named["eps"], out.size // n, n, b.outs[0])
    return b.done()


PREPARE = {
    "cross_entropy": prepare_cross_entropy,
    "cross_entropy_backward": prepare_cross_entropy_backward,
}
PREPARE |= dict.fromkeys(("softmax", "log_softmax", "softmax_backward", "log_softmax_backward"), _along_axis)
PREPARE |= dict.fromkeys(("standardize", "standardize_backward", "layer_norm"), _last_axes)
