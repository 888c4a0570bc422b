"""Functions of one element, and of elements at the same place; operands broadcast and promote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from .._core.apply import apply
from .._core.dtypes import AnyDType, Bool
from .._core.ops import elementwise as ops
from ..methods.base import DT, Shape
from ..methods.elementwise import power
from ..tensor import AnyTensor, Tensor
from .operands import operand

if TYPE_CHECKING:
    from ..methods.base import Ranked


def add(x1: AnyTensor | float, x2: AnyTensor | float, /) -> AnyTensor:
    """The sum of each two elements: `x1 + x2`.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: promoted; integers wrap, booleans are or-ed.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for storage dtypes, and for operands that are neither tensors nor Python numbers.

    Example:
        >>> import shapetensor as st
        >>> st.add(st.tensor([1, 2]), 0.5)
        Tensor[F32, 2]([1.5, 2.5])
    """
    return apply(ops.add, (x1, x2))


def subtract(x1: AnyTensor | float, x2: AnyTensor | float, /) -> AnyTensor:
    """The difference of each two elements: `x1 - x2`.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: promoted; integers wrap, booleans have no difference.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for two booleans, storage dtypes, and operands that are neither tensors nor Python numbers.

    Example:
        >>> import shapetensor as st
        >>> st.subtract(1, st.tensor([1, 2, 3]))
        Tensor[I64, 3]([ 0, -1, -2])
    """
    return apply(ops.sub, (x1, x2))


def multiply(x1: AnyTensor | float, x2: AnyTensor | float, /) -> AnyTensor:
    """The product of each two elements: `x1 * x2`.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: promoted; integers wrap, booleans are and-ed.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for storage dtypes, and for operands that are neither tensors nor Python numbers.

    Example:
        >>> import shapetensor as st
        >>> st.multiply(st.tensor([[1.0], [2.0]]), st.tensor([10.0, 100.0]))
        Tensor[F32, 2, 2]([[ 10., 100.],
                           [ 20., 200.]])
    """
    return apply(ops.mul, (x1, x2))


def divide(x1: AnyTensor | float, x2: AnyTensor | float, /) -> AnyTensor:
    """The quotient of each two elements: `x1 / x2`; `1 / 0` is inf and `0 / 0` NaN.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: promoted; integers and booleans divide as F32.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for storage dtypes, and for operands that are neither tensors nor Python numbers.

    Example:
        >>> import shapetensor as st
        >>> st.divide(st.tensor([1, 2]), st.tensor([2, 0]))
        Tensor[F32, 2]([0.5, inf])
    """
    return apply(ops.div, (x1, x2))


def negative(x: Tensor[DT, *Shape], /) -> Tensor[DT, *Shape]:
    """Minus each element: `-x`.

    Shape: `(...) -> (...)`.

    Dtypes: numbers; unsigned integers wrap.

    Raises:
        DTypeError: for booleans and storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.negative(st.tensor([1, -2]))
        Tensor[I64, 2]([-1,  2])
    """
    return apply(ops.neg, (x,))


def exp(x: Tensor[Any, *Shape], /) -> Tensor[Any, *Shape]:
    """e to the power of each element.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers and booleans become F32.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.exp(st.tensor([0.0, 1.0]))
        Tensor[F32, 2]([1.       , 2.7182817])
    """
    return apply(ops.exp, (x,))


def log(x: Tensor[Any, *Shape], /) -> Tensor[Any, *Shape]:
    """The natural logarithm of each element; -inf at 0, NaN below.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers and booleans become F32.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.log(st.tensor([1.0, 0.0]))
        Tensor[F32, 2]([  0., -inf])
    """
    return apply(ops.log, (x,))


def sqrt(x: Tensor[Any, *Shape], /) -> Tensor[Any, *Shape]:
    """The square root of each element; NaN below 0. Its gradient at 0 is inf.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers and booleans become F32.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.sqrt(st.tensor([4, 9]))
        Tensor[F32, 2]([2., 3.])
    """
    return apply(ops.sqrt, (x,))


def tanh(x: Tensor[Any, *Shape], /) -> Tensor[Any, *Shape]:
    """The hyperbolic tangent of each element.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers and booleans become F32.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.tanh(st.tensor([0.0, 100.0]))
        Tensor[F32, 2]([0., 1.])
    """
    return apply(ops.tanh, (x,))


def relu(x: Tensor[DT, *Shape], /) -> Tensor[DT, *Shape]:
    """Each element, 0 where it is negative; NaN stays. The gradient at 0 is 0.

    Shape: `(...) -> (...)`.

    Dtypes: numbers.

    Raises:
        DTypeError: for booleans and storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.relu(st.tensor([-1.0, 2.0]))
        Tensor[F32, 2]([0., 2.])
    """
    return apply(ops.relu, (x,))


def maximum(x1: AnyTensor | float, x2: AnyTensor | float, /) -> AnyTensor:
    """The larger of each two elements; NaN if either is. At ties each operand gets half of the gradient.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: promoted.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for storage dtypes, and for operands that are neither tensors nor Python numbers.

    Example:
        >>> import shapetensor as st
        >>> st.maximum(st.tensor([1.0, 5.0]), 3.0)
        Tensor[F32, 2]([3., 5.])
    """
    return apply(ops.maximum, (x1, x2))


@overload
def where(condition: Ranked, x1: AnyTensor | float, x2: AnyTensor | float, /) -> AnyTensor: ...
@overload
def where(condition: Tensor[Bool, *Shape], x1: AnyTensor | float, x2: AnyTensor | float, /) -> Tensor[Any, *Shape]: ...
def where(condition: Any, x1: AnyTensor | float, x2: AnyTensor | float, /) -> AnyTensor:
    """Elements of x1 where the condition is true, else those of x2.

    Shape: `(...), (...), (...) -> (...)`, broadcast.

    Dtypes: a Bool condition; x1 and x2 are promoted.

    Both operands are computed before this chooses. A gradient that is inf or NaN at an element that is not chosen is
    multiplied by 0 further up and becomes NaN: for `where(x > 0, sqrt(x), 0)` make the operand safe first, as in
    `sqrt(where(x > 0, x, 1))`.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for a condition that is not Bool, and for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> x = st.tensor([-1.0, 2.0])
        >>> st.where(x > 0, x, 0.0)
        Tensor[F32, 2]([0., 2.])
    """
    return apply(ops.where, (condition, x1, x2))


def equal(x1: AnyTensor | float, x2: AnyTensor | float, /) -> Tensor[Bool, *tuple[Any, ...]]:
    """Whether each two elements are equal: `x1 == x2`; NaN equals nothing.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: compared as promoted; the result is Bool.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for storage dtypes, and for operands that are neither tensors nor Python numbers.

    Example:
        >>> import shapetensor as st
        >>> st.equal(st.tensor([1, 2]), 2)
        Tensor[Bool, 2]([False,  True])
    """
    return apply(ops.equal, (x1, x2))


def not_equal(x1: AnyTensor | float, x2: AnyTensor | float, /) -> Tensor[Bool, *tuple[Any, ...]]:
    """Whether each two elements differ: `x1 != x2`; NaN differs from everything.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: compared as promoted; the result is Bool.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for storage dtypes, and for operands that are neither tensors nor Python numbers.

    Example:
        >>> import shapetensor as st
        >>> st.not_equal(st.tensor([1, 2]), 2)
        Tensor[Bool, 2]([ True, False])
    """
    return apply(ops.not_equal, (x1, x2))


def less(x1: AnyTensor | float, x2: AnyTensor | float, /) -> Tensor[Bool, *tuple[Any, ...]]:
    """Whether each element of x1 is smaller than that of x2: `x1 < x2`; False for NaN.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: compared as promoted; the result is Bool.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for storage dtypes, and for operands that are neither tensors nor Python numbers.

    Example:
        >>> import shapetensor as st
        >>> st.less(st.tensor([1, 2, 3]), 2)
        Tensor[Bool, 3]([ True, False, False])
    """
    return apply(ops.less, (x1, x2))


def less_equal(x1: AnyTensor | float, x2: AnyTensor | float, /) -> Tensor[Bool, *tuple[Any, ...]]:
    """Whether each element of x1 is at most that of x2: `x1 <= x2`; False for NaN.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: compared as promoted; the result is Bool.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for storage dtypes, and for operands that are neither tensors nor Python numbers.

    Example:
        >>> import shapetensor as st
        >>> st.less_equal(st.tensor([1, 2, 3]), 2)
        Tensor[Bool, 3]([ True,  True, False])
    """
    return apply(ops.less_equal, (x1, x2))


def greater(x1: AnyTensor | float, x2: AnyTensor | float, /) -> Tensor[Bool, *tuple[Any, ...]]:
    """Whether each element of x1 is larger than that of x2: `x1 > x2`; False for NaN.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: compared as promoted; the result is Bool.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for storage dtypes, and for operands that are neither tensors nor Python numbers.

    Example:
        >>> import shapetensor as st
        >>> st.greater(st.tensor([1, 2, 3]), 2)
        Tensor[Bool, 3]([False, False,  True])
    """
    return apply(ops.greater, (x1, x2))


def greater_equal(x1: AnyTensor | float, x2: AnyTensor | float, /) -> Tensor[Bool, *tuple[Any, ...]]:
    """Whether each element of x1 is at least that of x2: `x1 >= x2`; False for NaN.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: compared as promoted; the result is Bool.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for storage dtypes, and for operands that are neither tensors nor Python numbers.

    Example:
        >>> import shapetensor as st
        >>> st.greater_equal(st.tensor([1, 2, 3]), 2)
        Tensor[Bool, 3]([False,  True,  True])
    """
    return apply(ops.greater_equal, (x1, x2))


def astype(x: Tensor[Any, *Shape], dtype: AnyDType | str, /) -> Tensor[Any, *Shape]:
    """The elements as another dtype: floats to integers towards zero, integers wrap, anything but 0 is True.

    Shape: `(...) -> (...)`.

    Dtypes: any to any. What a float outside an integer's range or NaN becomes depends on the processor.

    Raises:
        DTypeError: for a dtype that no tensor can have.

    Example:
        >>> import shapetensor as st
        >>> st.astype(st.tensor([1.9, -1.9]), st.I32)
        Tensor[I32, 2]([ 1, -1])
    """
    return operand("astype", x).astype(dtype)


def minimum(x1: AnyTensor | float, x2: AnyTensor | float, /) -> AnyTensor:
    """The smaller of each two elements; NaN if either is. At ties each operand gets half of the gradient.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: promoted.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for storage dtypes, and for operands that are neither tensors nor Python numbers.

    Example:
        >>> import shapetensor as st
        >>> st.minimum(st.tensor([1.0, 5.0]), 3.0)
        Tensor[F32, 2]([1., 3.])
    """
    return apply(ops.minimum, (x1, x2))


def pow(x1: AnyTensor | float, x2: AnyTensor | float, /) -> AnyTensor:
    """Each element of x1 to the power of that of x2: `x1 ** x2`.

    `x ** 2` is computed as `x * x` and `x ** 0.5` as `sqrt(x)`. At `0 ** 0`, which is 1, both gradients
    are 0.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: promoted; integers wrap, and those to a negative power in a tensor are 0.

    Raises:
        ShapeError: if the shapes do not broadcast.
        ValueError: for integers to the power of a negative Python int.
        DTypeError: for two booleans, storage dtypes, and operands that are neither tensors nor Python numbers.

    Example:
        >>> import shapetensor as st
        >>> st.pow(st.tensor([1.0, 2.0, 3.0]), 2)
        Tensor[F32, 3]([1., 4., 9.])
        >>> 2 ** st.tensor([1, 2, 3])
        Tensor[I64, 3]([2, 4, 8])
    """
    return power(x1, x2) if isinstance(x1, Tensor) else apply(ops.pow_, (x1, x2))


def floor_divide(x1: AnyTensor | float, x2: AnyTensor | float, /) -> AnyTensor:
    """The quotient of each two elements, rounded down: `x1 // x2`. The gradient is 0.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: promoted; integers `// 0` are 0, as in NumPy.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for two booleans, storage dtypes, and operands that are neither tensors nor Python numbers.

    Example:
        >>> import shapetensor as st
        >>> st.floor_divide(st.tensor([7, -7]), 2)
        Tensor[I64, 2]([ 3, -4])
    """
    return apply(ops.floor_divide, (x1, x2))


def remainder(x1: AnyTensor | float, x2: AnyTensor | float, /) -> AnyTensor:
    """What is left of x1 after `x1 // x2`, with the sign of x2: `x1 % x2`.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: promoted; integers `% 0` are 0, as in NumPy.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for two booleans, storage dtypes, and operands that are neither tensors nor Python numbers.

    Example:
        >>> import shapetensor as st
        >>> st.remainder(st.tensor([7, -7]), 3)
        Tensor[I64, 2]([1, 2])
    """
    return apply(ops.remainder, (x1, x2))


def clip(x: AnyTensor, /, min: AnyTensor | float | None = None, max: AnyTensor | float | None = None) -> AnyTensor:
    """Each element, or the bound that it is beyond: `minimum(maximum(x, min), max)`.

    An element at a bound has the whole gradient; beyond it the bound has.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: promoted.

    Args:
        x: the elements.
        min: the lower bound; None: there is none.
        max: the upper bound; None: there is none. It wins where it is below the lower one.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for two booleans and storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.clip(st.tensor([-5.0, 0.5, 5.0]), 0.0, 1.0)
        Tensor[F32, 3]([0. , 0.5, 1. ])
        >>> st.clip(st.tensor([-5, 0, 5]), max=2)
        Tensor[I64, 3]([-5,  0,  2])
    """
    return operand("clip", x).clip(min, max)


def logical_and(x1: AnyTensor | bool, x2: AnyTensor | bool, /) -> Tensor[Bool, *tuple[Any, ...]]:
    """Whether both of each two elements are true: `x1 & x2`.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: Bool.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for anything but booleans: compare with something first, as in `x != 0`.

    Example:
        >>> import shapetensor as st
        >>> st.logical_and(st.tensor([True, True, False]), st.tensor([True, False, False]))
        Tensor[Bool, 3]([ True, False, False])
    """
    return apply(ops.logical_and, (x1, x2))


def logical_or(x1: AnyTensor | bool, x2: AnyTensor | bool, /) -> Tensor[Bool, *tuple[Any, ...]]:
    """Whether one of each two elements is true, or both: `x1 | x2`.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: Bool.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for anything but booleans: compare with something first, as in `x != 0`.

    Example:
        >>> import shapetensor as st
        >>> st.logical_or(st.tensor([True, True, False]), st.tensor([True, False, False]))
        Tensor[Bool, 3]([ True,  True, False])
    """
    return apply(ops.logical_or, (x1, x2))


def logical_xor(x1: AnyTensor | bool, x2: AnyTensor | bool, /) -> Tensor[Bool, *tuple[Any, ...]]:
    """Whether exactly one of each two elements is true: `x1 ^ x2`.

    Shape: `(...), (...) -> (...)`, broadcast.

    Dtypes: Bool.

    Raises:
        ShapeError: if the shapes do not broadcast.
        DTypeError: for anything but booleans: compare with something first, as in `x != 0`.

    Example:
        >>> import shapetensor as st
        >>> st.logical_xor(st.tensor([True, True, False]), st.tensor([True, False, False]))
        Tensor[Bool, 3]([False,  True, False])
    """
    return apply(ops.logical_xor, (x1, x2))


def logical_not(x: Tensor[DT, *Shape], /) -> Tensor[DT, *Shape]:
    """Whether each element is false: `~x`.

    Shape: `(...) -> (...)`.

    Dtypes: Bool.

    Raises:
        DTypeError: for anything but booleans: compare with something first, as in `x != 0`.

    Example:
        >>> import shapetensor as st
        >>> st.logical_not(st.tensor([True, False]))
        Tensor[Bool, 2]([False,  True])
    """
    return apply(ops.logical_not, (x,))
