"""Keeping gradients small."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ..functions.elementwise import minimum
from .parameters import ByDType, check_nonnegative, parameters_of, with_parameters

if TYPE_CHECKING:
    from ..tensor import AnyTensor

Model = TypeVar("Model")


def clip_by_global_norm(grads: Model, max_norm: float) -> tuple[Model, AnyTensor]:
    """Gradients scaled down so that the norm of all of them together is at most `max_norm`, and the norm before.

    All are multiplied by `min(1, max_norm / (norm + 1e-6))`, as by torch.nn.utils.clip_grad_norm_; with a norm
    of NaN all become NaN.

    Reference: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", ICML 2013.

    Args:
        grads: a tree, as `grad` returns it.
        max_norm: the largest norm that stays as it is.

    Raises:
        ValueError: for a negative `max_norm`, and for a tree without gradients.

    Example:
        >>> import shapetensor as st
        >>> grads, norm = st.optim.clip_by_global_norm({"w": st.tensor([3.0, 4.0])}, 1.0)
        >>> norm, [round(g, 4) for g in grads["w"].tolist()]
        (Tensor[F32](5.), [0.6, 0.8])
    """
    check_nonnegative("clip_by_global_norm", max_norm=max_norm)
    found = parameters_of(grads)
    squares = [(g * g).sum() for g in found]
    total = squares[0]
    for square in squares[1:]:
        total = total + square
    norm = total.sqrt()
    factor = ByDType(minimum(max_norm / (norm + 1e-6), 1.0))
    return with_parameters(grads, [g * factor.beside(g) for g in found]), norm
