"""Initial values of parameters: functions of a random key and a shape.

The fans of a weight `(out, in, ...)` are `in` and `out` times the number of positions that further axes have.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from .. import random
from .._core.dtypes import F32, AnyDType
from .._core.errors import ShapeError
from .._core.pytree import is_tensor
from ..functions import creation

if TYPE_CHECKING:
    from ..random import Key
    from ..tensor import AnyTensor

__all__ = ["constant", "kaiming_normal", "kaiming_uniform", "normal", "ones", "uniform"]
__all__ += ["xavier_normal", "xavier_uniform", "zeros"]

Mode = Literal["fan_in", "fan_out"]
Nonlinearity = Literal["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]
# How much a nonlinearity shrinks the spread of its input (torch.nn.init.calculate_gain).
_GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5.0 / 3.0, "relu": math.sqrt(2.0), "selu": 0.75}


def kaiming_uniform(
    key: Key,
    shape: tuple[int, ...],
    *,
    a: float = 0.0,
    mode: Mode = "fan_in",
    nonlinearity: Nonlinearity = "leaky_relu",
    dtype: AnyDType = F32,
) -> AnyTensor:
    """Uniform in +-gain * sqrt(3 / fan), which keeps the variance through a nonlinearity (He et al., 2015, eq. 14).

    Args:
        key: a random key.
        shape: `(out, in, ...)`.
        a: the negative slope of a leaky ReLU.
        mode: which fan: "fan_in" keeps the variance forward, "fan_out" backward.
        nonlinearity: what follows the layer.
        dtype: F32 or F64.

    Raises:
        ShapeError: for fewer than 2 axes.

    Example:
        >>> import shapetensor as st
        >>> w = st.nn.init.kaiming_uniform(st.random.key(0), (4, 6))
        >>> w.shape, bool(w.max() <= 1.0)
        ((4, 6), True)
    """
    bound = _gain(nonlinearity, a) * math.sqrt(3.0 / _fan(shape, mode))
    return random.uniform(key, shape, low=-bound, high=bound, dtype=dtype)


def kaiming_normal(
    key: Key,
    shape: tuple[int, ...],
    *,
    a: float = 0.0,
    mode: Mode = "fan_in",
    nonlinearity: Nonlinearity = "leaky_relu",
    dtype: AnyDType = F32,
) -> AnyTensor:
    """Normal with the standard deviation gain / sqrt(fan); see `kaiming_uniform`.

    Raises:
        ShapeError: for fewer than 2 axes.

    Example:
        >>> import shapetensor as st
        >>> w = st.nn.init.kaiming_normal(st.random.key(0), (50, 200), nonlinearity="relu")
        >>> f"{float(w.var()):.3f}"
        '0.010'
    """
    deviation = _gain(nonlinearity, a) / math.sqrt(_fan(shape, mode))
    return random.normal(key, shape, std=deviation, dtype=dtype)


def xavier_uniform(key: Key, shape: tuple[int, ...], *, gain: float = 1.0, dtype: AnyDType = F32) -> AnyTensor:
    """Uniform in +-gain * sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010, eq. 16).

    Raises:
        ShapeError: for fewer than 2 axes.

    Example:
        >>> import shapetensor as st
        >>> w = st.nn.init.xavier_uniform(st.random.key(0), (2, 4))
        >>> w.shape, bool(w.max() <= 1.0)
        ((2, 4), True)
    """
    both = sum(_fans(shape))
    bound = gain * math.sqrt(6.0 / both) if both else 0.0
    return random.uniform(key, shape, low=-bound, high=bound, dtype=dtype)


def xavier_normal(key: Key, shape: tuple[int, ...], *, gain: float = 1.0, dtype: AnyDType = F32) -> AnyTensor:
    """Normal with the standard deviation gain * sqrt(2 / (fan_in + fan_out)); see `xavier_uniform`.

    Raises:
        ShapeError: for fewer than 2 axes.

    Example:
        >>> import shapetensor as st
        >>> w = st.nn.init.xavier_normal(st.random.key(0), (100, 300))
        >>> f"{float(w.var()):.3f}"
        '0.005'
    """
    both = sum(_fans(shape))
    deviation = gain * math.sqrt(2.0 / both) if both else 0.0
    return random.normal(key, shape, std=deviation, dtype=dtype)


def normal(
    key: Key, shape: tuple[int, ...], *, mean: float = 0.0, std: float = 1.0, dtype: AnyDType = F32
) -> AnyTensor:
    """Normal with this mean and standard deviation.

    Example:
        >>> import shapetensor as st
        >>> w = st.nn.init.normal(st.random.key(0), (50, 200), std=0.02)
        >>> f"{float(w.var()) ** 0.5:.3f}"
        '0.020'
    """
    return random.normal(key, shape, mean=mean, std=std, dtype=dtype)


def uniform(
    key: Key, shape: tuple[int, ...], *, low: float = 0.0, high: float = 1.0, dtype: AnyDType = F32
) -> AnyTensor:
    """Equally likely everywhere in `[low, high)`.

    Example:
        >>> import shapetensor as st
        >>> w = st.nn.init.uniform(st.random.key(0), (50, 200), low=-0.1, high=0.1)
        >>> bool(w.max() <= 0.1), bool(w.max() > 0.09)
        (True, True)
    """
    return random.uniform(key, shape, low=low, high=high, dtype=dtype)


def constant(key: Key, shape: tuple[int, ...], *, value: float, dtype: AnyDType = F32) -> AnyTensor:
    """The same value everywhere; the key is there so that all initialisers are called alike.

    Example:
        >>> import shapetensor as st
        >>> st.nn.init.constant(st.random.key(0), (2,), value=0.25)
        Tensor[F32, 2]([0.25, 0.25])
    """
    return creation.full(shape, value, dtype=dtype, device=key.device)


def zeros(key: Key, shape: tuple[int, ...], *, dtype: AnyDType = F32) -> AnyTensor:
    """Zeros; the key is there so that all initialisers are called alike.

    Example:
        >>> import shapetensor as st
        >>> st.nn.init.zeros(st.random.key(0), (2,))
        Tensor[F32, 2]([0., 0.])
    """
    return creation.zeros(shape, dtype=dtype, device=key.device)


def ones(key: Key, shape: tuple[int, ...], *, dtype: AnyDType = F32) -> AnyTensor:
    """Ones; the key is there so that all initialisers are called alike.

    Example:
        >>> import shapetensor as st
        >>> st.nn.init.ones(st.random.key(0), (2,))
        Tensor[F32, 2]([1., 1.])
    """
    return creation.ones(shape, dtype=dtype, device=key.device)


def _gain(nonlinearity: str, a: float = 0.0) -> float:
    """The factor that makes up for a nonlinearity.

    Raises:
        ValueError: for a nonlinearity without a known one.
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2.0 / (1.0 + a * a))
    if nonlinearity not in _GAINS:
        raise ValueError(f"nonlinearity {nonlinearity!r} has no known gain: use {', '.join(_GAINS)} or leaky_relu")
    return _GAINS[nonlinearity]


def _fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many inputs each output has, and how many outputs each input.

    Raises:
        ShapeError: for fewer than 2 axes.
    """
    if len(shape) < 2:
        raise ShapeError(f"a weight of shape {shape} has no fans: it needs at least 2 axes, (out, in, ...)")
    positions = math.prod(shape[2:])
    return shape[1] * positions, shape[0] * positions


def _fan(shape: tuple[int, ...], mode: str) -> int:
    fan_in, fan_out = _fans(shape)
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode is 'fan_in' or 'fan_out', not {mode!r}")
    return max(1, fan_in if mode == "fan_in" else fan_out)  # a layer without inputs has no values to scale


def check_key(name: str, key: object, example: str) -> None:
    """Raise TypeError, with a call that is right, where a seed or anything else but a tensor is given as the key."""
    if not is_tensor(key):
        raise TypeError(f"{name}: key={key!r} is no random key: make one, as in {example}")
