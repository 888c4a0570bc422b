"""Functions of one element: rounding, signs, roots, and what probability and neural networks need."""

from __future__ import annotations

import math
from typing import Any

from .._core.apply import apply
from .._core.dtypes import Bool, Float
from .._core.ops import elementwise, special
from ..methods.base import DT, Shape
from ..tensor import Tensor
from .operands import operand


def abs(x: Tensor[DT, *Shape], /) -> Tensor[DT, *Shape]:
    """The absolute value of each element; its gradient at 0 is 0.

    Shape: `(...) -> (...)`.

    Dtypes: numbers; kept. The lowest integer has no positive one and stays as it is.

    Raises:
        DTypeError: for booleans and storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.abs(st.tensor([-1.5, 2.0]))
        Tensor[F32, 2]([1.5, 2. ])
    """
    return operand("abs", x).abs()


def sign(x: Tensor[DT, *Shape], /) -> Tensor[DT, *Shape]:
    """-1, 0 or 1, as each element is negative, zero or positive; NaN stays. The gradient is 0.

    Shape: `(...) -> (...)`.

    Dtypes: numbers; kept.

    Raises:
        DTypeError: for booleans and storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.sign(st.tensor([-2.5, 0.0, 7.0]))
        Tensor[F32, 3]([-1.,  0.,  1.])
    """
    return operand("sign", x).sign()


def floor(x: Tensor[DT, *Shape], /) -> Tensor[DT, *Shape]:
    """The largest whole number that is not above each element. The gradient is 0.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers are whole already and come back as they are.

    Raises:
        DTypeError: for booleans and storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.floor(st.tensor([-1.5, 1.5]))
        Tensor[F32, 2]([-2.,  1.])
    """
    return operand("floor", x).floor()


def ceil(x: Tensor[DT, *Shape], /) -> Tensor[DT, *Shape]:
    """The smallest whole number that is not below each element. The gradient is 0.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers are whole already and come back as they are.

    Raises:
        DTypeError: for booleans and storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.ceil(st.tensor([-1.5, 1.5]))
        Tensor[F32, 2]([-1.,  2.])
    """
    return operand("ceil", x).ceil()


def round(x: Tensor[DT, *Shape], /) -> Tensor[DT, *Shape]:
    """The nearest whole number to each element; of two that are equally near the even one. The gradient is 0.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers are whole already and come back as they are.

    Raises:
        DTypeError: for booleans and storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.round(st.tensor([0.5, 1.5, -2.7]))
        Tensor[F32, 3]([ 0.,  2., -3.])
    """
    return operand("round", x).round()


def isnan(x: Tensor[Any, *Shape], /) -> Tensor[Bool, *Shape]:
    """Whether each element is NaN.

    Shape: `(...) -> (...)`.

    Dtypes: any that computes; the result is Bool.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.isnan(st.tensor([1.0, float("nan")]))
        Tensor[Bool, 2]([False,  True])
    """
    return operand("isnan", x).isnan()


def isinf(x: Tensor[Any, *Shape], /) -> Tensor[Bool, *Shape]:
    """Whether each element is infinite, of either sign.

    Shape: `(...) -> (...)`.

    Dtypes: any that computes; the result is Bool.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.isinf(st.tensor([1.0, float("-inf"), float("nan")]))
        Tensor[Bool, 3]([False,  True, False])
    """
    value = operand("isinf", x)
    if not issubclass(value.dtype, Float):
        return value != value
    return abs(value) == math.inf


def isfinite(x: Tensor[Any, *Shape], /) -> Tensor[Bool, *Shape]:
    """Whether each element is neither infinite nor NaN.

    Shape: `(...) -> (...)`.

    Dtypes: any that computes; the result is Bool.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.isfinite(st.tensor([1.0, float("-inf"), float("nan")]))
        Tensor[Bool, 3]([ True, False, False])
    """
    value = operand("isfinite", x)
    if not issubclass(value.dtype, Float):
        return value == value
    return abs(value) < math.inf


def square(x: Tensor[DT, *Shape], /) -> Tensor[DT, *Shape]:
    """Each element times itself.

    Shape: `(...) -> (...)`.

    Dtypes: numbers; integers wrap.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.square(st.tensor([-3, 4]))
        Tensor[I64, 2]([ 9, 16])
    """
    return apply(elementwise.mul, (operand("square", x), x))


def rsqrt(x: Tensor[Any, *Shape], /) -> Tensor[Any, *Shape]:
    """One over the square root of each element; inf at 0, NaN below.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers and booleans become F32.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.rsqrt(st.tensor([4.0, 0.25]))
        Tensor[F32, 2]([0.5, 2. ])
    """
    return operand("rsqrt", x).rsqrt()


def sin(x: Tensor[Any, *Shape], /) -> Tensor[Any, *Shape]:
    """The sine of each element, an angle in radians.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers and booleans become F32.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.sin(st.tensor([0.0, 0.5]))
        Tensor[F32, 2]([0.        , 0.47942555])
    """
    return operand("sin", x).sin()


def cos(x: Tensor[Any, *Shape], /) -> Tensor[Any, *Shape]:
    """The cosine of each element, an angle in radians.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers and booleans become F32.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.cos(st.tensor([0.0, 0.5]))
        Tensor[F32, 2]([1.        , 0.87758255])
    """
    return operand("cos", x).cos()


def log2(x: Tensor[Any, *Shape], /) -> Tensor[Any, *Shape]:
    """The logarithm of each element to base 2, exact for powers of 2; -inf at 0, NaN below.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers and booleans become F32.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.log2(st.tensor([8.0, 0.5, 0.0]))
        Tensor[F32, 3]([  3.,  -1., -inf])
    """
    return operand("log2", x).log2()


def log1p(x: Tensor[Any, *Shape], /) -> Tensor[Any, *Shape]:
    """The natural logarithm of 1 plus each element, exact where that is tiny.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers and booleans become F32.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.log1p(st.tensor([0.0, 1e-10, -1.0]))
        Tensor[F32, 3]([0.e+00, 1.e-10,   -inf])
    """
    return operand("log1p", x).log1p()


def expm1(x: Tensor[Any, *Shape], /) -> Tensor[Any, *Shape]:
    """e to the power of each element, minus 1, exact where the element is tiny.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers and booleans become F32.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.expm1(st.tensor([0.0, 1e-10]))
        Tensor[F32, 2]([0.e+00, 1.e-10])
    """
    return operand("expm1", x).expm1()


def erf(x: Tensor[Any, *Shape], /) -> Tensor[Any, *Shape]:
    """The error function of each element: `2 / sqrt(pi)` times the integral of `exp(-t**2)` from 0 to it.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers and booleans become F32.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.erf(st.tensor([0.0, 0.5, 10.0]))
        Tensor[F32, 3]([0.       , 0.5204999, 1.       ])
    """
    return operand("erf", x).erf()


def sigmoid(x: Tensor[Any, *Shape], /) -> Tensor[Any, *Shape]:
    """The logistic function of each element, `1 / (1 + exp(-x))`, without overflow.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers and booleans become F32.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.sigmoid(st.tensor([0.0, -1000.0, 1000.0]))
        Tensor[F32, 3]([0.5, 0. , 1. ])
    """
    return operand("sigmoid", x).sigmoid()


def silu(x: Tensor[Any, *Shape], /) -> Tensor[Any, *Shape]:
    """Each element times its `sigmoid`, also known as swish.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers and booleans become F32.

    Reference: Elfwing, Uchibe and Doya, Sigmoid-weighted linear units (2017), arXiv:1702.03118.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.silu(st.tensor([-1.0, 0.0, 1.0]))
        Tensor[F32, 3]([-0.26894143,  0.        ,  0.7310586 ])
    """
    return apply(special.silu, (x,))


def gelu(x: Tensor[Any, *Shape], /) -> Tensor[Any, *Shape]:
    """Each element times the share of the normal distribution below it: `x * (1 + erf(x / sqrt(2))) / 2`.

    Shape: `(...) -> (...)`.

    Dtypes: floats; integers and booleans become F32.

    Reference: Hendrycks and Gimpel, Gaussian error linear units (2016), arXiv:1606.08415; the exact form, not the
    approximation by tanh.

    Raises:
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.gelu(st.tensor([-1.0, 0.0, 1.0]))
        Tensor[F32, 3]([-0.15865526,  0.        ,  0.8413447 ])
    """
    return apply(special.gelu, (x,))
