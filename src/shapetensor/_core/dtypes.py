"""Element types, and the one promotion function that the run time and the type checker share.

A dtype is a class, never instantiated: it can stand in an annotation (`Tensor[F32, B, L[784]]`), be a value
(`st.zeros((2, 3), dtype=F32)`) and bound a type variable (`TypeVar("DT", bound=Float)`).
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any, ClassVar

from .dims import Poly
from .errors import DTypeError


class _NumPyDType:
    """`F32.dtype`, read by NumPy when a dtype is handed to it; NumPy loads on the first read only."""

    def __get__(self, instance: object, owner: type[DType]) -> Any:
        import numpy as np

        # NumPy has no bfloat16; its bits are the nearest thing.
        return np.dtype(owner.storage if owner.name == "bfloat16" else owner.name)


class DType:
    """The base of all element types."""

    name: ClassVar[str] = "dtype"
    storage: ClassVar[str] = "V"  # how a CPU buffer keeps one element, in NumPy's spelling
    itemsize: ClassVar[int] = 0  # bytes
    computes: ClassVar[bool] = False  # False: storage and `astype` only
    weak: ClassVar[bool] = False  # True: the type of a Python scalar
    dtype: ClassVar[Any] = _NumPyDType()
    type: ClassVar[Any] = None  # jaxtyping reads `x.dtype.type.__name__`

    def __init_subclass__(cls) -> None:
        cls.__module__ = "shapetensor"  # the name under which users know it
        cls.type = builtins.type(cls.name, (), {})

    def __new__(cls) -> DType:
        raise TypeError(f"{cls.__name__} is a dtype: use it as it is, without calling it")


class Number(DType):
    """Integers and floats."""


class Integer(Number):
    """Signed and unsigned integers."""

    low: ClassVar[int]
    high: ClassVar[int]


class Float(Number):
    """Floating point numbers: the types that have gradients."""


class Bool(DType):
    """True or False, one byte."""

    name, storage, itemsize, computes = "bool", "bool", 1, True


class U8(Integer):
    """8-bit unsigned integer."""

    name, storage, itemsize, computes = "uint8", "uint8", 1, True
    low, high = 0, 2**8 - 1


class I8(Integer):
    """8-bit signed integer: storage and `astype` only."""

    name, storage, itemsize = "int8", "int8", 1
    low, high = -(2**7), 2**7 - 1


class I32(Integer):
    """32-bit signed integer."""

    name, storage, itemsize, computes = "int32", "int32", 4, True
    low, high = -(2**31), 2**31 - 1


class U32(Integer):
    """32-bit unsigned integer: storage and `astype` only; random keys are made of it."""

    name, storage, itemsize = "uint32", "uint32", 4
    low, high = 0, 2**32 - 1


class I64(Integer):
    """64-bit signed integer."""

    name, storage, itemsize, computes = "int64", "int64", 8, True
    low, high = -(2**63), 2**63 - 1


class F16(Float):
    """IEEE half precision: storage and `astype` only, kept as its bits (Numba takes no float16 arrays)."""

    name, storage, itemsize = "float16", "uint16", 2


class BF16(Float):
    """bfloat16: storage and `astype` only, kept as its bits."""

    name, storage, itemsize = "bfloat16", "uint16", 2


class F32(Float):
    """IEEE single precision: the default."""

    name, storage, itemsize, computes = "float32", "float32", 4, True


class F64(Float):
    """IEEE double precision."""

    name, storage, itemsize, computes = "float64", "float64", 8, True


class WeakBool(DType):
    """The type of a Python bool: takes the other operand's dtype."""

    name, weak = "bool scalar", True


class WeakInt(Integer):
    """The type of a Python int: takes the dtype of the tensor beside it."""

    name, weak = "int scalar", True
    low, high = I64.low, I64.high


class WeakFloat(Float):
    """The type of a Python float: takes the dtype of the floating tensor beside it."""

    name, weak = "float scalar", True


AnyDType = type[DType]
DTYPES: tuple[AnyDType, ...] = (Bool, U8, I8, I32, U32, I64, F16, BF16, F32, F64)
BY_NAME: dict[str, AnyDType] = {d.name: d for d in DTYPES}
_WEAK: dict[type, AnyDType] = {bool: WeakBool, int: WeakInt, float: WeakFloat, Poly: WeakInt}
_STRONG: dict[AnyDType, AnyDType] = {WeakBool: Bool, WeakInt: I64, WeakFloat: F32}


def _merge_integers(a: type[Integer], b: type[Integer]) -> AnyDType:
    """The narrowest integer type that holds both ranges; I64 where none does."""
    low, high = min(a.low, b.low), max(a.high, b.high)
    for candidate in (a, b, I32, I64):
        if candidate.low <= low and candidate.high >= high:
            return candidate
    return I64


def _promote_strong(a: AnyDType, b: AnyDType) -> AnyDType:
    if a is b:
        return a
    if issubclass(a, Float) and issubclass(b, Float):
        if a.itemsize == b.itemsize:  # F16 has the digits, BF16 the range: only F32 has both
            return F32
        return a if a.itemsize > b.itemsize else b
    if issubclass(a, Float) or issubclass(b, Float):
        return a if issubclass(a, Float) else b
    if issubclass(a, Integer) and issubclass(b, Integer):
        return _merge_integers(a, b)
    return b if a is Bool else a


def _promote_weak(strong: AnyDType, weak: AnyDType) -> AnyDType:
    """A Python scalar changes the kind of a tensor's dtype when it must, never its width."""
    if weak is WeakFloat:
        return strong if issubclass(strong, Float) else F32
    if weak is WeakInt:
        return I64 if strong is Bool else strong
    return strong


def strengthen(dtype: AnyDType) -> AnyDType:
    """The dtype that a value alone gets: `float` F32, `int` I64, `bool` Bool."""
    return _STRONG.get(dtype, dtype)


def promote(*dtypes: AnyDType) -> AnyDType:
    """The dtype of the result of an operation on operands of these dtypes (docs/adr/0002)."""
    strong = [d for d in dtypes if not d.weak]
    weak = [d for d in dtypes if d.weak]
    result = strong[0] if strong else strengthen(max(weak, key=list(_STRONG).index))
    for dtype in strong[1:]:
        result = _promote_strong(result, dtype)
    for dtype in weak:
        result = _promote_weak(result, dtype)
    return result


def promote_float(*dtypes: AnyDType) -> AnyDType:
    """As `promote`, but integers and booleans become F32: the rule of `/`, `exp`, `sqrt`, ..."""
    result = promote(*dtypes)
    return result if issubclass(result, Float) else F32


def weak_dtype(value: object) -> AnyDType | None:
    """The weak dtype of a Python scalar; None for anything else."""
    for kind in type(value).__mro__:  # np.float64 is a float, and so weak as well
        if kind in _WEAK:
            return _WEAK[kind]
    return None


def as_dtype(value: Any) -> AnyDType:
    """`F32`, `"float32"`, `np.float32` or `np.dtype("float32")` as our dtype.

    Raises:
        DTypeError: for a dtype that no tensor can have.
    """
    if isinstance(value, type) and issubclass(value, DType) and value in DTYPES:
        return value
    if isinstance(value, type) and value in _WEAK:
        return strengthen(_WEAK[value])
    name = value if isinstance(value, str) else getattr(value, "name", getattr(value, "__name__", ""))
    if name in ("bool_", "bool"):
        return Bool
    if name in BY_NAME:
        return BY_NAME[name]
    raise DTypeError(f"{value!r} is not a dtype of shapetensor: use one of {names(DTYPES)}")


def names(dtypes: Iterable[AnyDType]) -> str:
    """`F32, F64` for an error text."""
    return ", ".join(d.__name__ for d in dtypes)


def require_compute(op: str, *dtypes: AnyDType) -> None:
    """Raise DTypeError where a storage-only dtype would have to be computed on."""
    for dtype in dtypes:
        if not dtype.computes and not dtype.weak:
            wanted = "F32" if issubclass(dtype, Float) else "I32 or I64"
            raise DTypeError(f"{op}: {dtype.__name__} is for storage only: write x.astype({wanted}) first")


def zero_of(dtype: AnyDType) -> float:
    """Zero as the Python scalar of a dtype's kind."""
    if dtype is Bool:
        return False
    return 0.0 if issubclass(dtype, Float) else 0
