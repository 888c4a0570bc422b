"""Stochastic gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from .._core.apply import apply, apply_many
from .._core.dtypes import I64
from .._core.ops.update import momentum_update, sgd_update
from .._core.pytree import leaves_of
from ..functions.creation import zeros
from .parameters import (
    ByDType,
    check_nonnegative,
    check_numbers,
    check_state,
    checked_rate,
    gradients_of,
    options_only,
    parameters_of,
    refilled,
    slots,
    with_parameters,
    zeros_beside,
)

if TYPE_CHECKING:
    from ..tensor import AnyTensor, Tensor

Model = TypeVar("Model")


class SGDState(NamedTuple, Generic[Model]):
    """What SGD remembers: a tree of tensors, so that it compiles and can be saved."""

    step: Tensor[I64]
    momentum_buffer: Model | None  # None where there is no momentum


@options_only
@dataclass(frozen=True, kw_only=True)
class SGD:
    """Steps against the gradient, with momentum; options, defaults and arithmetic are torch.optim.SGD's.

    Args:
        lr: the learning rate.
        momentum: how much of the last step the next one keeps.
        weight_decay: the factor of an L2 penalty.
        nesterov: take the gradient at the place that the momentum leads to.

    Raises:
        TypeError: for an option that is no number, and for one that is given by position.
        ValueError: for a negative option, and for `nesterov` without momentum.

    Example:
        >>> import shapetensor as st
        >>> opt = st.optim.SGD(lr=0.1)
        >>> x = st.tensor([1.0, 2.0])
        >>> state = opt.init(x)
        >>> x, state = opt.update(x, st.grad(lambda x: (x * x).sum())(x), state)
        >>> x, state.step
        (Tensor[F32, 2]([0.8, 1.6]), Tensor[I64](1))
    """

    lr: float = 1e-3
    momentum: float = 0.0
    weight_decay: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        check_numbers("SGD", lr=self.lr, momentum=self.momentum, weight_decay=self.weight_decay)
        check_nonnegative("SGD", lr=self.lr, momentum=self.momentum, weight_decay=self.weight_decay)
        if self.nesterov and self.momentum == 0.0:
            raise ValueError("SGD: nesterov wants momentum > 0")

    def init(self, model: Model) -> SGDState[Model]:
        """The state before the first step of this model.

        Raises:
            ValueError: if the model has no parameters.
        """
        device = parameters_of(model)[0].device
        velocity = slots(model, zeros_beside) if self.momentum else None
        return SGDState(zeros((), dtype=I64, device=device), velocity)

    def update(
        self, model: Model, grads: Model, state: SGDState[Model], *, lr: float | AnyTensor | None = None
    ) -> tuple[Model, SGDState[Model]]:
        """The model and the state after one step.

        Args:
            model: any tree; only its parameters change.
            grads: of the same structure, as `grad` returns it.
            state: from `init` or the last `update`.
            lr: for this step; a 0-d tensor where the step is compiled and the rate changes.

        Raises:
            TypeError: if state is none of this optimizer's.
            ValueError: if grads has another structure than the model.
            ShapeError: if shapes of gradients and parameters differ.
        """
        check_state("SGD", state, SGDState)
        rate = ByDType(self.lr if lr is None else checked_rate("SGD", lr))
        rows = list(zip(parameters_of(model), gradients_of("SGD", model, grads), strict=True))
        decay, velocity = float(self.weight_decay), state.momentum_buffer
        if velocity is None:
            new = [apply(sgd_update, (x, g, rate.beside(x)), (decay,)) for x, g in rows]
        else:
            options = float(self.momentum), decay, self.nesterov
            both = [
                apply_many(momentum_update, (x, g, v, rate.beside(x)), options)
                for (x, g), v in zip(rows, leaves_of(velocity), strict=True)
            ]
            new = [x for x, _ in both]
            velocity = refilled(velocity, [v for _, v in both])
        return with_parameters(model, new), SGDState(state.step + 1, velocity)
