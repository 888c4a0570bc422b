"""What optimizers share: walking over the parameters of a model, and checked options."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeVar

from .._core.errors import ShapeError
from .._core.pytree import flatten, is_tensor, leaves_of, parameter_mask, unflatten
from ..functions.creation import full, zeros

if TYPE_CHECKING:
    from .._core.device import Device
    from .._core.dtypes import AnyDType
    from ..tensor import AnyTensor

Model = TypeVar("Model")
Optimizer = TypeVar("Optimizer")


def parameters_of(model: Any) -> list[AnyTensor]:
    """The tensors that an optimizer changes.

    Raises:
        ValueError: if there are none.
    """
    found = [x for x, wanted in zip(leaves_of(model), parameter_mask(model), strict=True) if wanted]
    if not found:
        raise ValueError(f"{type(model).__name__} has no parameters to optimise")
    return found


def gradients_of(name: str, model: Any, grads: Any) -> list[AnyTensor]:
    """The gradients of the parameters, in their order.

    Raises:
        ValueError: if the trees differ in structure.
        ShapeError: if a gradient has another shape than its parameter.
    """
    (leaves, definition), (found, structure) = flatten(model), flatten(grads)
    if structure != definition:
        raise ValueError(f"{name}: the gradients have another structure than the model: take them of this model")
    for x, g in zip(leaves, found, strict=True):
        if x.shape != g.shape:
            raise ShapeError(f"{name}: a gradient has shape {g.shape}, its parameter {x.shape}")
    return [g for g, wanted in zip(found, parameter_mask(model), strict=True) if wanted]


def with_parameters(model: Model, parameters: Sequence[Any]) -> Model:
    """The model with other tensors as parameters; everything else stays the very same."""
    leaves, definition = flatten(model)
    new = iter(parameters)
    merged = [next(new) if wanted else x for x, wanted in zip(leaves, parameter_mask(model), strict=True)]
    return unflatten(definition, merged)  # type: ignore[no-any-return]


def slots(model: Model, make: Callable[[AnyTensor], Any]) -> Model:
    """A tree like the model with `make(parameter)` for each parameter and None for other tensors."""
    leaves, definition = flatten(model)
    mask = parameter_mask(model)
    return unflatten(definition, [make(x) if wanted else None for x, wanted in zip(leaves, mask, strict=True)])  # type: ignore[no-any-return]


def refilled(slots: Model, values: Sequence[Any]) -> Model:
    """The same tree with other tensors."""
    return unflatten(flatten(slots)[1], list(values))  # type: ignore[no-any-return]


def zeros_beside(x: AnyTensor) -> AnyTensor:
    """Zeros of a parameter's shape and dtype, where it is."""
    return zeros(x.shape, dtype=x.dtype, device=x.device)


class ByDType:
    """A number that goes into arithmetic with parameters of any dtype: a 0-d tensor, made once for each."""

    def __init__(self, value: float | AnyTensor) -> None:
        self._value: Any = value
        self._made: dict[AnyDType, AnyTensor] = {}

    def beside(self, x: AnyTensor) -> AnyTensor:
        """The number in the dtype of a parameter, where that is."""
        if x.dtype not in self._made:
            self._made[x.dtype] = self._make(x.dtype, x.device)
        return self._made[x.dtype]

    def _make(self, dtype: AnyDType, device: Device) -> AnyTensor:
        if is_tensor(self._value):
            return self._value.astype(dtype)  # type: ignore[no-any-return]
        return full((), self._value, dtype=dtype, device=device)


def checked_rate(name: str, rate: float | AnyTensor) -> float | AnyTensor:
    """A learning rate that was given to `update`.

    Raises:
        ShapeError: for a tensor with axes.
        TypeError: for what is neither a number nor a tensor.
        ValueError: for a negative number.
    """
    if is_tensor(rate):
        if rate.shape != ():  # type: ignore[union-attr]
            raise ShapeError(f"{name}: lr has shape {rate.shape}, not (): it is one number")  # type: ignore[union-attr]
    else:
        check_numbers(name, lr=rate)
        check_nonnegative(name, lr=rate)  # type: ignore[arg-type]
    return rate


def check_nonnegative(name: str, **options: float) -> None:
    """Raise ValueError, with the option's name, where one is negative or no number."""
    for option, value in options.items():
        if not value >= 0.0:
            raise ValueError(f"{name}: {option}={value} should be at least 0")


def check_numbers(name: str, **options: Any) -> None:
    """Raise TypeError, with the option's name, where one is no Python number."""
    for option, value in options.items():
        if is_tensor(value):
            raise TypeError(
                f"{name}: {option} is a tensor, not a number: update(..., lr=...) takes a rate that changes"
            )
        if not isinstance(value, Real):
            raise TypeError(f"{name}: {option} should be a number, not {type(value).__name__}")


def check_state(name: str, state: object, wanted: type) -> None:
    """Raise TypeError where what was given to `update` is no state of this optimizer."""
    if not isinstance(state, wanted):
        found = "None" if state is None else type(state).__name__
        raise TypeError(f"{name}: state is {found}, not {wanted.__name__}: the first one is optimizer.init(model)")


def options_only(cls: type[Optimizer]) -> type[Optimizer]:
    """The dataclass, where an argument by position, as the model is in torch, raises an error that says what to do."""
    plain = cls.__init__

    @functools.wraps(plain)
    def init(self: Any, *args: Any, **options: Any) -> None:
        if args:
            name = cls.__name__
            raise TypeError(
                f"{name} takes options by name, and no model or parameters: write optimizer = optim.{name}(lr=...), "
                "then state = optimizer.init(model)"
            )
        plain(self, **options)

    cls.__init__ = init  # type: ignore[method-assign]
    return cls
