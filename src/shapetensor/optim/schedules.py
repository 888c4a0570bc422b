"""Learning rates that change: functions of the step, which give a 0-d F32 tensor.

A schedule of a tensor is made of ops like everything else, so it can be called in a compiled step, and one Program
serves all steps: `optimizer.update(model, grads, state, lr=schedule(state.step))`. Steps count from 0, as
`state.step` does before an update.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from .._core.dtypes import F32, F64
from .._core.errors import ShapeError
from ..functions.creation import full, tensor
from ..functions.elementwise import where
from ..functions.special import cos
from ..tensor import AnyTensor, Tensor
from .parameters import check_nonnegative

__all__ = ["constant", "cosine", "linear_warmup"]

if TYPE_CHECKING:  # at run time `Tensor[F32]` would load jaxtyping
    Schedule: TypeAlias = Callable[[AnyTensor | int], Tensor[F32]]


def constant(lr: float) -> Schedule:
    """The same rate at every step.

    Raises:
        ValueError: for a negative rate.

    Example:
        >>> import shapetensor as st
        >>> st.optim.schedules.constant(0.1)(7)
        Tensor[F32](0.1)
    """
    check_nonnegative("constant", lr=lr)

    def schedule(step: AnyTensor | int) -> Tensor[F32]:
        return full((), lr, dtype=F32, device=_counted(step).device)

    return schedule


def linear_warmup(lr: float, warmup: int) -> Schedule:
    """From 0 at step 0 in a straight line to `lr` at step `warmup`, and no further.

    Raises:
        ValueError: for a negative rate or number of steps.

    Example:
        >>> import shapetensor as st
        >>> schedule = st.optim.schedules.linear_warmup(0.5, 10)
        >>> [schedule(step).item() for step in (0, 5, 10, 1000)]
        [0.0, 0.25, 0.5, 0.5]
    """
    check_nonnegative("linear_warmup", lr=lr, warmup=warmup)
    return lambda step: (_share(_counted(step), 0, warmup) * lr).astype(F32)


def cosine(lr: float, steps: int, *, warmup: int = 0, final: float = 0.0) -> Schedule:
    """`linear_warmup`, then half a period of a cosine from `lr` down to `final` at step `steps`, where it stays.

    Reference: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, equation 5.

    Args:
        lr: the largest rate.
        steps: the step at which the smallest is reached, warm-up included.
        warmup: the step at which the largest is reached.
        final: the smallest rate.

    Raises:
        ValueError: for negative numbers, and if the warm-up is longer than the whole.

    Example:
        >>> import shapetensor as st
        >>> schedule = st.optim.schedules.cosine(1.0, 100, warmup=20)
        >>> [round(schedule(step).item(), 4) for step in (0, 10, 20, 60, 80, 100, 1000)]
        [0.0, 0.5, 1.0, 0.5, 0.1464, 0.0, 0.0]
    """
    check_nonnegative("cosine", lr=lr, steps=steps, warmup=warmup, final=final)
    if warmup > steps:
        raise ValueError(f"cosine: warmup={warmup} should be at most steps={steps}")

    def schedule(step: AnyTensor | int) -> Tensor[F32]:
        count = _counted(step)
        turned = cos(_share(count, warmup, steps) * math.pi)
        falling = (turned + 1.0) * (0.5 * (lr - final)) + final
        return where(count < warmup, _share(count, 0, warmup) * lr, falling).astype(F32)

    return schedule


def _counted(step: AnyTensor | int) -> AnyTensor:
    """The step in F64, which counts to 2**53.

    Raises:
        ShapeError: for a tensor with axes.
    """
    count = step if isinstance(step, Tensor) else tensor(step)
    if count.shape != ():
        raise ShapeError(f"a schedule takes one step, of shape (), not {count.shape}")
    return count.astype(F64)


def _share(count: AnyTensor, first: int, last: int) -> AnyTensor:
    """How far the step is on its way from `first` to `last`, between 0 and 1; at no distance it is there."""
    done = (count - first) / (last - first) if last > first else count * 0.0 + 1.0
    return -(-done.maximum(0.0)).maximum(-1.0)
