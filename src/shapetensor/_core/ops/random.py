"""Random numbers: pure functions of a key, the same bits on every device (Philox4x32-10)."""

from __future__ import annotations

from ..dims import Shape, is_equal, show
from ..dtypes import F32, F64, U32, AnyDType, Integer, strengthen
from ..errors import DTypeError, ShapeError
from ..op import OPAQUE, Op, define


def _check_key(key: Shape) -> None:
    if len(key) != 1 or is_equal(key[0], 4) is False:
        raise ShapeError(f"a random key has shape (4,), not {show(key)}: make one with st.random.key(seed)")


def _check_key_dtype(key: AnyDType) -> None:
    if key is not U32:
        raise DTypeError(f"a random key is a Tensor[U32, L[4]], not {key.__name__}: make one with st.random.key(seed)")


def _drawn_shape(key: Shape, *, shape: Shape, dtype: AnyDType) -> Shape:
    _check_key(key)
    return shape


def _drawn_dtype(key: AnyDType, *, dtype: AnyDType) -> AnyDType:
    _check_key_dtype(key)
    if dtype not in (F32, F64):
        raise DTypeError(f"random numbers are drawn as F32 or F64, not {dtype.__name__}: write .astype(...) behind it")
    return dtype


def _split_shape(key: Shape, *, n: int) -> Shape:
    _check_key(key)
    return (n, 4)


def _split_dtype(key: AnyDType) -> AnyDType:
    _check_key_dtype(key)
    return U32


def _fold_shape(key: Shape, data: Shape) -> Shape:
    _check_key(key)
    if data:
        raise ShapeError(f"fold_in takes one integer, not a tensor of shape {show(data)}")
    return key


def _fold_dtype(key: AnyDType, data: AnyDType) -> AnyDType:
    _check_key_dtype(key)
    if not issubclass(data, Integer):
        raise DTypeError(f"fold_in takes an integer, not {strengthen(data).__name__}")
    return U32


random_uniform: Op = define("random_uniform", kind=OPAQUE, shape=_drawn_shape, dtype=_drawn_dtype)
random_normal: Op = define("random_normal", kind=OPAQUE, shape=_drawn_shape, dtype=_drawn_dtype)
random_split: Op = define("random_split", kind=OPAQUE, shape=_split_shape, dtype=_split_dtype)
random_fold_in: Op = define("random_fold_in", kind=OPAQUE, shape=_fold_shape, dtype=_fold_dtype)
