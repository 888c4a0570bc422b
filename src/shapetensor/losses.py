"""Losses: what training makes small."""

from __future__ import annotations

from typing import Any, Literal, TypeVar, TypeVarTuple, overload

from ._core.apply import apply, apply_many
from ._core.dtypes import DType, Integer
from ._core.errors import ShapeError
from ._core.ops import fused, special
from ._core.pytree import is_tensor
from .functions.elementwise import where
from .functions.fused import log_softmax
from .tensor import AnyTensor, Tensor

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "l1_loss", "mse_loss"]

DT = TypeVar("DT", bound=DType)
IT = TypeVar("IT", bound=Integer)
C = TypeVar("C", bound=int)
Shape = TypeVarTuple("Shape")
Reduction = Literal["mean", "sum", "none"]


@overload
def cross_entropy(
    logits: Tensor[DT, *Shape, C],
    labels: Tensor[IT, *Shape],
    *,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    reduction: Literal["none"],
) -> Tensor[DT, *Shape]: ...
@overload
def cross_entropy(
    logits: Tensor[DT, *Shape, C],
    labels: Tensor[IT, *Shape],
    *,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    reduction: Literal["mean", "sum"] = "mean",
) -> Tensor[DT]: ...
def cross_entropy(
    logits: Any,
    labels: Any,
    *,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> Any:
    """The negative logarithm of the probability that softmax(logits) gives to the right class.

    Classes are the last axis, whatever the rank (torch: axis 1). Softmax and logarithm are one fused pass over each
    row, so large logits do not overflow.

    Shape: `(..., c), (...) -> ()`, with `reduction="none"` `-> (...)`

    Args:
        logits: scores of the classes.
        labels: indices of the right classes, integers.
        label_smoothing: the share of the loss that is the mean over all classes (Szegedy et al., 2016).
        ignore_index: rows with this label count nothing: loss 0, and the mean is over the others, NaN if there are
            none. By default every row counts (torch: -100 is ignored).
        reduction: "mean" or "sum" over all rows, or "none".

    Raises:
        ShapeError: if the shapes do not fit together.
        DTypeError: if the labels are no integers.
        IndexError: if a label is no class.
        ValueError: for a smoothing outside [0, 1].

    Example:
        >>> import shapetensor as st
        >>> st.losses.cross_entropy(st.zeros((2, 4)), st.tensor([0, 3]))  # log(4)
        Tensor[F32](1.3862944)
        >>> st.losses.cross_entropy(st.tensor([[0.0, 5.0], [0.0, 5.0]]), st.tensor([-1, 1]), ignore_index=-1)
        Tensor[F32](0.00671535)
    """
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(f"cross_entropy: label_smoothing={label_smoothing} should lie in [0, 1]")
    classes: AnyTensor = labels if ignore_index is None else where(labels == ignore_index, 0, labels)
    try:
        rows, _ = apply_many(fused.cross_entropy, (logits, classes))
    except ShapeError as error:
        if (
            is_tensor(logits)
            and is_tensor(labels)
            and labels.ndim > 1
            and labels.shape == logits.shape[:1] + logits.shape[2:]
        ):
            raise ShapeError(f"{error}; classes are on the last axis of logits here, not on axis 1") from None
        raise
    if label_smoothing:
        rows = rows * (1.0 - label_smoothing) - log_softmax(logits).mean(axis=-1) * label_smoothing
    if ignore_index is None:
        return _reduced("cross_entropy", rows, reduction)
    counts = labels != ignore_index
    rows = where(counts, rows, 0.0)
    return rows.sum() / counts.sum() if reduction == "mean" else _reduced("cross_entropy", rows, reduction)


@overload
def binary_cross_entropy_with_logits(
    input: Tensor[Any, *Shape],
    target: Tensor[Any, *Shape],
    *,
    pos_weight: AnyTensor | None = None,
    reduction: Literal["none"],
) -> Tensor[Any, *Shape]: ...
@overload
def binary_cross_entropy_with_logits(
    input: Tensor[Any, *Shape],
    target: Tensor[Any, *Shape],
    *,
    pos_weight: AnyTensor | None = None,
    reduction: Literal["mean", "sum"] = "mean",
) -> Tensor[Any]: ...
def binary_cross_entropy_with_logits(
    input: Any, target: Any, *, pos_weight: AnyTensor | None = None, reduction: Reduction = "mean"
) -> Any:
    """The binary cross entropy of sigmoid(input), without its overflow: `log(1 + exp(x)) - t x`.

    Shape: `(...), (...) -> ()`, with `reduction="none"` `-> (...)`

    Args:
        input: scores; positive ones say yes.
        target: probabilities, often 0.0 and 1.0.
        pos_weight: how much more the yes of each class counts; broadcasts.
        reduction: "mean" or "sum" over all elements, or "none".

    Raises:
        ShapeError: if the shapes of input and target differ.

    Example:
        >>> import shapetensor as st
        >>> x, t = st.tensor([0.0, 1000.0]), st.tensor([1.0, 0.0])
        >>> st.losses.binary_cross_entropy_with_logits(x, t, reduction="none")
        Tensor[F32, 2]([6.931472e-01, 1.000000e+03])
    """
    _check_same("binary_cross_entropy_with_logits", input, target)
    if pos_weight is None:
        rows = apply(special.softplus, (input,)) - input * target
    else:  # -w t log(s) - (1 - t) log(1 - s) for s = sigmoid(x): -log(s) = softplus(-x), -log(1 - s) = x + softplus(-x)
        weights = (pos_weight - 1.0) * target + 1.0
        rows = (1.0 - target) * input + weights * apply(special.softplus, (-input,))
    return _reduced("binary_cross_entropy_with_logits", rows, reduction)


@overload
def binary_cross_entropy(
    input: Tensor[Any, *Shape], target: Tensor[DT, *Shape], *, reduction: Literal["none"]
) -> Tensor[Any, *Shape]: ...
@overload
def binary_cross_entropy(
    input: Tensor[Any, *Shape],
    target: Tensor[Any, *Shape],
    *,
    reduction: Literal["mean", "sum"] = "mean",
) -> Tensor[Any]: ...
def binary_cross_entropy(input: Any, target: Any, *, reduction: Reduction = "mean") -> Any:
    """`-(t log(p) + (1 - t) log(1 - p))` of probabilities, where logarithms are at least -100, as in torch.

    At a probability of exactly 0 or 1 the gradient of the bounded logarithm is 0 (torch: about 1e12). Better keep the
    logits, and use `binary_cross_entropy_with_logits`.

    Shape: `(...), (...) -> ()`, with `reduction="none"` `-> (...)`

    Args:
        input: probabilities, between 0 and 1; outside the loss means nothing.
        target: probabilities, often 0.0 and 1.0.
        reduction: "mean" or "sum" over all elements, or "none".

    Raises:
        ShapeError: if the shapes differ.

    Example:
        >>> import shapetensor as st
        >>> st.losses.binary_cross_entropy(st.tensor([0.5, 0.0]), st.tensor([1.0, 1.0]), reduction="none")
        Tensor[F32, 2]([  0.6931472, 100.       ])
    """
    _check_same("binary_cross_entropy", input, target)
    yes, no = _bounded_log(input), _bounded_log(1.0 - input)
    return _reduced("binary_cross_entropy", (target - 1.0) * no - target * yes, reduction)


def _bounded_log(p: AnyTensor) -> AnyTensor:
    """log(p), at least -100; the logarithm of 0 is never taken, since 0 times its slope were NaN."""
    positive = p > 0.0
    return where(positive, where(positive, p, 1.0).log(), -100.0).maximum(-100.0)


@overload
def l1_loss(
    input: Tensor[Any, *Shape], target: Tensor[DT, *Shape], *, reduction: Literal["none"]
) -> Tensor[Any, *Shape]: ...
@overload
def l1_loss(
    input: Tensor[Any, *Shape],
    target: Tensor[Any, *Shape],
    *,
    reduction: Literal["mean", "sum"] = "mean",
) -> Tensor[Any]: ...
def l1_loss(input: Any, target: Any, *, reduction: Reduction = "mean") -> Any:
    """The absolute differences of two tensors of one shape; where they are equal, the gradient is 0.

    Shape: `(...), (...) -> ()`, with `reduction="none"` `-> (...)`

    Args:
        input: predictions.
        target: what they should be.
        reduction: "mean" or "sum" over all elements, or "none".

    Raises:
        ShapeError: if the shapes differ.

    Example:
        >>> import shapetensor as st
        >>> st.losses.l1_loss(st.tensor([1.0, 2.0]), st.tensor([1.0, 4.0]))
        Tensor[F32](1.)
    """
    _check_same("l1_loss", input, target)
    return _reduced("l1_loss", abs(input - target), reduction)


@overload
def mse_loss(
    input: Tensor[Any, *Shape], target: Tensor[DT, *Shape], *, reduction: Literal["none"]
) -> Tensor[Any, *Shape]: ...
@overload
def mse_loss(
    input: Tensor[Any, *Shape],
    target: Tensor[Any, *Shape],
    *,
    reduction: Literal["mean", "sum"] = "mean",
) -> Tensor[Any]: ...
def mse_loss(input: Any, target: Any, *, reduction: Reduction = "mean") -> Any:
    """The squared differences of two tensors of one shape.

    Shape: `(...), (...) -> ()`, with `reduction="none"` `-> (...)`

    Args:
        input: predictions.
        target: what they should be.
        reduction: "mean" or "sum" over all elements, or "none".

    Raises:
        ShapeError: if the shapes differ; they do not broadcast, which is nearly always a mistake here.

    Example:
        >>> import shapetensor as st
        >>> st.losses.mse_loss(st.tensor([1.0, 2.0]), st.tensor([1.0, 4.0]))
        Tensor[F32](2.)
    """
    _check_same("mse_loss", input, target)
    difference = input - target
    return _reduced("mse_loss", difference * difference, reduction)


def _check_same(name: str, input: AnyTensor, target: AnyTensor) -> None:
    if input.shape != target.shape:
        raise ShapeError(f"{name}: input {input.shape} and target {target.shape} have different shapes")


def _reduced(name: str, losses: AnyTensor, reduction: str) -> AnyTensor:
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    if reduction == "none":
        return losses
    raise ValueError(f"{name}: reduction is 'mean', 'sum' or 'none', not {reduction!r}")
