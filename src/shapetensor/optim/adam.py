"""Adam and AdamW."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, NamedTuple, TypeVar

from .._core.apply import apply_many
from .._core.dtypes import F64, I64
from .._core.ops.update import adam_update
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


class AdamState(NamedTuple, Generic[Model]):
    """What Adam remembers: a tree of tensors, so that it compiles and can be saved."""

    step: Tensor[I64]
    exp_avg: Model
    exp_avg_sq: Model


@options_only
@dataclass(frozen=True, kw_only=True)
class Adam:
    """Steps by running means of the gradient and its square; options, defaults and arithmetic are torch.optim.Adam's.

    Reference: Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.

    Args:
        lr: the learning rate.
        betas: how much of the two running means a step keeps.
        eps: added to the root of the mean square.
        weight_decay: the factor of an L2 penalty.

    Raises:
        TypeError: for an option that is no number, and for one that is given by position.
        ValueError: for a negative option, and for betas outside [0, 1).

    Example:
        >>> import shapetensor as st
        >>> opt = st.optim.Adam(lr=0.1)
        >>> x = st.tensor([1.0, 2.0])
        >>> state = opt.init(x)
        >>> x, state = opt.update(x, st.grad(lambda x: (x * x).sum())(x), state)
        >>> [round(v, 6) for v in x.tolist()]  # the first step has the length of the learning rate
        [0.9, 1.9]
    """

    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    _decoupled: ClassVar[bool] = False  # whether the decay is beside the gradient, not part of it

    def __post_init__(self) -> None:
        name = type(self).__name__
        check_numbers(name, lr=self.lr, eps=self.eps, weight_decay=self.weight_decay)
        check_nonnegative(name, lr=self.lr, eps=self.eps, weight_decay=self.weight_decay)
        if not isinstance(self.betas, tuple | list) or len(self.betas) != 2:
            raise TypeError(f"{name}: betas should be two numbers, not {self.betas!r}")
        check_numbers(name, **{f"betas[{i}]": beta for i, beta in enumerate(self.betas)})
        if not all(0.0 <= beta < 1.0 for beta in self.betas):
            raise ValueError(f"{name}: betas={self.betas} should lie in [0, 1)")

    def init(self, model: Model) -> AdamState[Model]:
        """The state before the first step of this model.

        Raises:
            ValueError: if the model has no parameters.
        """
        device = parameters_of(model)[0].device
        step = zeros((), dtype=I64, device=device)
        return AdamState(step, slots(model, zeros_beside), slots(model, zeros_beside))

    def update(
        self, model: Model, grads: Model, state: AdamState[Model], *, lr: float | AnyTensor | None = None
    ) -> tuple[Model, AdamState[Model]]:
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
        name = type(self).__name__
        check_state(name, state, AdamState)
        step = state.step + 1
        lr = self.lr if lr is None else checked_rate(name, lr)
        count = step.astype(F64)
        first, second = (self._missing(beta, count) for beta in self.betas)
        kept = 1.0 - lr * self.weight_decay if self._decoupled else 1.0
        numbers = [ByDType(value) for value in (lr / first, second.sqrt(), kept)]
        options = (*map(float, self.betas), float(self.eps), 0.0 if self._decoupled else float(self.weight_decay))
        rows = zip(
            parameters_of(model),
            gradients_of(name, model, grads),
            leaves_of(state.exp_avg),
            leaves_of(state.exp_avg_sq),
            strict=True,
        )
        new = [apply_many(adam_update, (*row, *(n.beside(row[0]) for n in numbers)), options) for row in rows]
        x, m, v = zip(*new, strict=True)
        after = AdamState(step, refilled(state.exp_avg, m), refilled(state.exp_avg_sq, v))
        return with_parameters(model, x), after

    @staticmethod
    def _missing(beta: float, count: AnyTensor) -> AnyTensor:
        """1 - beta^count, what a running mean that began at 0 lacks; in F64, as a power near 1 needs."""
        exponent = count * (math.log(beta) if beta else -math.inf)
        return 1.0 - exponent.exp()


@options_only
@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """Adam whose weights shrink by `lr * weight_decay` beside the step, as in torch.optim.AdamW; its state is Adam's.

    Reference: Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.

    Args:
        lr: the learning rate.
        betas: how much of the two running means a step keeps.
        eps: added to the root of the mean square.
        weight_decay: how much of each parameter goes in a step, as a multiple of lr.

    Raises:
        TypeError: for an option that is no number, and for one that is given by position.
        ValueError: for a negative option, and for betas outside [0, 1).

    Example:
        >>> import shapetensor as st
        >>> opt = st.optim.AdamW(lr=0.1)
        >>> x = st.tensor([1.0, 2.0])
        >>> x, state = opt.update(x, st.grad(lambda x: (x * x).sum())(x), opt.init(x))
        >>> [round(v, 6) for v in x.tolist()]  # 0.1 of the step, and 0.001 of x
        [0.899, 1.898]
    """

    weight_decay: float = 1e-2
    _decoupled: ClassVar[bool] = True
