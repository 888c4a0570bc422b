"""Losses: what training makes small."""

from __future__ import annotations

from typing import Any, Literal, TypeVar, TypeVarTuple, overload

from ._core.apply import apply
from ._core.dtypes import DType, Integer
from ._core.errors import ShapeError
from ._core.ops import fused
from .tensor import AnyTensor, Tensor

__all__ = ["cross_entropy", "mse_loss"]

DT = TypeVar("DT", bound=DType)
IT = TypeVar("IT", bound=Integer)
C = TypeVar("C", bound=int)
Shape = TypeVarTuple("Shape")
Reduction = Literal["mean", "sum", "none"]


@overload
def cross_entropy(
    logits: Tensor[DT, *Shape, C], labels: Tensor[IT, *Shape], *, reduction: Literal["none"]
) -> Tensor[DT, *Shape]: ...
@overload
def cross_entropy(
    logits: Tensor[DT, *Shape, C],
    labels: Tensor[IT, *Shape],
    *,
    reduction: Literal["mean", "sum"] = "mean",
) -> Tensor[DT]: ...
def cross_entropy(logits: Any, labels: Any, *, reduction: Reduction = "mean") -> Any:
    """The negative logarithm of the probability that softmax(logits) gives to the right class.

    Classes are the last axis, whatever the rank (torch: axis 1). Softmax and logarithm are one fused pass over each
    row, so large logits do not overflow.

    Shape: `(..., c), (...) -> ()`, with `reduction="none"` `-> (...)`

    Args:
        logits: scores of the classes.
        labels: indices of the right classes, integers.
        reduction: "mean" or "sum" over all rows, or "none".

    Raises:
        ShapeError: if the shapes do not fit together.
        DTypeError: if the labels are no integers.
        IndexError: if a label is no class.

    Example:
        >>> import shapetensor as st
        >>> st.losses.cross_entropy(st.zeros((2, 4)), st.tensor([0, 3]))  # log(4)
        Tensor[F32](1.3862944)
    """
    return _reduced("cross_entropy", apply(fused.cross_entropy, (logits, labels)), reduction)


@overload
def mse_loss(
    input: Tensor[DT, *Shape], target: Tensor[DT, *Shape], *, reduction: Literal["none"]
) -> Tensor[DT, *Shape]: ...
@overload
def mse_loss(
    input: Tensor[DT, *Shape],
    target: Tensor[DT, *Shape],
    *,
    reduction: Literal["mean", "sum"] = "mean",
) -> Tensor[DT]: ...
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
    if input.shape != target.shape:
        raise ShapeError(f"mse_loss: input {input.shape} and target {target.shape} have different shapes")
    difference = input - target
    return _reduced("mse_loss", difference * difference, reduction)


def _reduced(name: str, losses: AnyTensor, reduction: str) -> AnyTensor:
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    if reduction == "none":
        return losses
    raise ValueError(f"{name}: reduction is 'mean', 'sum' or 'none', not {reduction!r}")
