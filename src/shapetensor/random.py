"""Random numbers as pure functions of a key: the same key gives the same numbers, on every device.

The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011),
which turns a key and a counter into four words of 32 bits. There is no global state: use a key for one draw, and
`split` it for more.

Element i of a draw, in C order, depends on the key, the dtype, the distribution and i alone: a longer draw begins with
the shorter one, and `uniform(key, (6,))` has the elements of `uniform(key, (2, 3))`.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from ._core.apply import apply
from ._core.device import current
from ._core.dims import as_size
from ._core.dtypes import F32, F64, U32, AnyDType, Bool, as_dtype
from ._core.errors import DTypeError, ShapeError
from ._core.ops import random as ops
from .functions.creation import from_numpy, zeros
from .functions.host import argsort
from .methods.base import Shape
from .methods.movement import as_shape
from .tensor import AnyTensor, Tensor

__all__ = ["bernoulli", "fold_in", "key", "normal", "permutation", "split", "uniform"]

if TYPE_CHECKING:
    Key = Tensor[U32, Literal[4]]
else:

    def __getattr__(name: str) -> Any:
        """`Key` at its first use: it is a hint, and hints load jaxtyping."""
        if name == "Key":
            return Tensor[U32, Literal[4]]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_LOW = 2**64 - 1
# The first words of the fractional part of pi: any numbers would do, so long as seed 0 is not a fixed point.
_FIRST, _SECOND = 0x243F6A8885A308D3, 0x13198A2E03707344


def key(seed: int, *, device: Any = None) -> Key:
    """A random key from a seed: every seed from 0 to 2**128 - 1 has its own.

    Shape: `() -> (4,)`.

    Dtypes: U32.

    The halves a (low) and b (high) of the seed are mixed by three steps, `a = m(a ^ c)`, `b = m((b + a) ^ d)`,
    `a = a ^ m(b)`, where m is the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
    generators", OOPSLA 2014) and c, d are digits of pi. Each step can be undone, so that no two seeds have one key, and
    each bit of the seed changes about half of the key.

    Args:
        seed: any integer in that range.
        device: where the key shall be, and with it what is drawn; None: the CPU.

    Raises:
        ValueError: for a negative seed, or one of more than 128 bits.
        TypeError: for a seed that is no integer.

    Example:
        >>> import shapetensor as st
        >>> st.random.key(0)
        Tensor[U32, 4]([1465090858, 1915762242, 1917321665,  204743540])
    """
    number = operator.index(seed)
    if not 0 <= number < 2**128:
        raise ValueError(f"key: seed {number} is not in the range from 0 to 2**128 - 1")
    if current().name == "abstract":  # neither has it elements nor may it load NumPy
        return zeros(4, dtype=U32)
    import numpy as np

    low = _mix(number & _LOW ^ _FIRST)
    high = _mix(((number >> 64) + low & _LOW) ^ _SECOND)
    low ^= _mix(high)
    words = [half >> shift & 0xFFFFFFFF for half in (low, high) for shift in (0, 32)]
    made = from_numpy(np.array(words, np.uint32))
    return made if device is None else made.to(device)


def split(key: Key, n: int = 2) -> AnyTensor:
    """New keys from one key, independent of each other and of what is drawn with it.

    Shape: `(4,) -> (n, 4)`: unpack it, as in `a, b = split(key)`.

    Dtypes: U32.

    Raises:
        ShapeError: for what has not the shape of a key, and for a negative n.
        DTypeError: for what has not the dtype of a key.

    Example:
        >>> import shapetensor as st
        >>> for_weights, for_dropout = st.random.split(st.random.key(0))
        >>> for_weights.shape
        (4,)
    """
    count = as_size(n)
    if count < 0:
        raise ShapeError(f"split: n is {count}: there cannot be fewer than 0 keys")
    return apply(ops.random_split, (key,), (count,))


def fold_in(key: Key, data: int | AnyTensor) -> Key:
    """A new key from a key and an integer, such as the number of a step or a layer.

    Shape: `(4,), () -> (4,)`.

    Dtypes: U32, and an integer of at most 64 bits.

    Raises:
        ShapeError: for what has not the shape of a key, and for several integers.
        DTypeError: for what has not the dtype of a key, and for data that is no integer.
        OverflowError: for an int of more than 64 bits.

    Example:
        >>> import shapetensor as st
        >>> key = st.random.key(0)
        >>> st.random.fold_in(key, 3).tolist() == st.random.fold_in(key, st.tensor(3)).tolist()
        True
    """
    return apply(ops.random_fold_in, (key, data))


@overload
def uniform(
    key: Key, shape: int | Sequence[int] = (), *, low: float = 0.0, high: float = 1.0, dtype: AnyDType | str = F32
) -> AnyTensor: ...
@overload
def uniform(
    key: Key, shape: tuple[*Shape], *, low: float = 0.0, high: float = 1.0, dtype: AnyDType | str = F32
) -> Tensor[Any, *Shape]: ...
def uniform(key: Key, shape: Any = (), *, low: float = 0.0, high: float = 1.0, dtype: AnyDType | str = F32) -> Any:
    """Numbers that are equally likely everywhere in `[low, high)`.

    Shape: `(4,) -> shape`.

    Dtypes: F32, multiples of 2**-24 before they are scaled, or F64, multiples of 2**-53.

    Numbers of `[0, 1)` are scaled to the range, which may round the largest of them to `high` itself.

    Raises:
        ShapeError: for what has not the shape of a key, and for a negative size.
        DTypeError: for what has not the dtype of a key, and for other dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.random.uniform(st.random.key(0), 3, low=-1.0)
        Tensor[F32, 3]([-0.81549823,  0.84011257,  0.42184126])
    """
    drawn = apply(ops.random_uniform, (key,), _attrs("uniform", shape, dtype))
    return drawn if (low, high) == (0.0, 1.0) else drawn * (high - low) + low


@overload
def normal(
    key: Key, shape: int | Sequence[int] = (), *, mean: float = 0.0, std: float = 1.0, dtype: AnyDType | str = F32
) -> AnyTensor: ...
@overload
def normal(
    key: Key, shape: tuple[*Shape], *, mean: float = 0.0, std: float = 1.0, dtype: AnyDType | str = F32
) -> Tensor[Any, *Shape]: ...
def normal(key: Key, shape: Any = (), *, mean: float = 0.0, std: float = 1.0, dtype: AnyDType | str = F32) -> Any:
    """Normally distributed numbers, by the method of Box and Muller (1958).

    Shape: `(4,) -> shape`.

    Dtypes: F32, which reaches 6.66 standard deviations, or F64, which reaches 8.57.

    Raises:
        ShapeError: for what has not the shape of a key, and for a negative size.
        DTypeError: for what has not the dtype of a key, and for other dtypes.

    Example:
        >>> import shapetensor as st
        >>> x = st.random.normal(st.random.key(0), (1000,), mean=5.0)
        >>> print(f"{x.mean():.1f}")
        5.0
    """
    drawn = apply(ops.random_normal, (key,), _attrs("normal", shape, dtype))
    return drawn if (mean, std) == (0.0, 1.0) else drawn * std + mean


@overload
def bernoulli(
    key: Key, p: float | AnyTensor = 0.5, shape: int | Sequence[int] = ()
) -> Tensor[Bool, *tuple[Any, ...]]: ...
@overload
def bernoulli(key: Key, p: float | AnyTensor, shape: tuple[*Shape]) -> Tensor[Bool, *Shape]: ...
def bernoulli(key: Key, p: float | AnyTensor = 0.5, shape: Any = ()) -> Any:
    """True with probability p, which counts in steps of 2**-24.

    Shape: `(4,) -> shape`; a tensor p broadcasts to it.

    Dtypes: Bool.

    Raises:
        ValueError: for a number p outside of `[0, 1]`; elements of a tensor are not looked at.
        ShapeError: for what has not the shape of a key, for a negative size, and if p does not broadcast to the shape.
        DTypeError: for what has not the dtype of a key.

    Example:
        >>> import shapetensor as st
        >>> st.random.bernoulli(st.random.key(0), 0.9, (4,))
        Tensor[Bool, 4]([ True, False,  True,  True])
    """
    sizes = as_shape(shape)
    if isinstance(p, Tensor):
        p = p.broadcast_to(sizes)
    elif not 0.0 <= p <= 1.0:
        raise ValueError(f"bernoulli: p is {p}, which is no probability")
    return uniform(key, sizes) < p


def permutation(key: Key, n: int) -> AnyTensor:
    """The integers from 0 to n - 1 in random order: every order is equally likely.

    They are sorted by F64 draws; 2**53 of those make a tie improbable. Sorting is done on the host.

    Shape: `(4,) -> (n,)`.

    Dtypes: I64.

    Raises:
        ShapeError: for what has not the shape of a key, and for a negative n.
        DTypeError: for what has not the dtype of a key.
        CompileError: while a function is being recorded.

    Example:
        >>> import shapetensor as st
        >>> st.random.permutation(st.random.key(0), 4)
        Tensor[I64, 4]([2, 0, 3, 1])
    """
    return argsort(uniform(key, (as_size(n),), dtype=F64))


def _mix(word: int) -> int:
    """SplitMix64's finaliser: a bijection of 64 bits in which every bit depends on every other."""
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & _LOW
    word = (word ^ word >> 27) * 0x94D049BB133111EB & _LOW
    return word ^ word >> 31


def _attrs(name: str, shape: Any, dtype: Any) -> tuple[tuple[int, ...], AnyDType]:
    sizes, wanted = as_shape(shape), as_dtype(dtype)
    if any(n < 0 for n in sizes):
        raise ShapeError(f"{name}: {sizes} has a negative size")
    if wanted not in (F32, F64):
        raise DTypeError(f"{name}: numbers are drawn as F32 or F64, not {wanted.__name__}: write .astype(...) behind")
    return sizes, wanted
