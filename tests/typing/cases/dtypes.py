"""Dtypes: promotion, and operations that some have not."""

from __future__ import annotations

from typing import Literal as L
from typing import TypeVar, reveal_type

import shapetensor as st
from shapetensor import BF16, F16, F32, F64, I8, I32, I64, U8, Bool, DType, Float, Integer, Number, Tensor

B = TypeVar("B", bound=int)
DT = TypeVar("DT", bound=Float)
ANY = TypeVar("ANY", bound=DType)
IT = TypeVar("IT", bound=Integer)
EITHER = TypeVar("EITHER", F32, F64)


def promotion(f: Tensor[F32, B], d: Tensor[F64, B], i: Tensor[I32, B], u: Tensor[U8, B], m: Tensor[Bool, B]) -> None:
    reveal_type(f + d)  # R: Tensor[F64, B]
    reveal_type(f + i)  # R: Tensor[F32, B]
    reveal_type(i + u)  # R: Tensor[I32, B]
    reveal_type(i + m)  # R: Tensor[I32, B]
    reveal_type(u * u)  # R: Tensor[U8, B]


def division(f: Tensor[F32, B], d: Tensor[F64, B], i: Tensor[I32, B], j: Tensor[I64, B]) -> None:
    reveal_type(i / j)  # R: Tensor[F32, B]
    reveal_type(i / d)  # R: Tensor[F64, B]
    reveal_type(i // j)  # R: Tensor[I64, B]
    reveal_type(f // i)  # R: Tensor[F32, B]
    reveal_type(i % 3)  # R: Tensor[I32, B]


def python_numbers(
    f: Tensor[F32, B], d: Tensor[F64, B], i: Tensor[I32, B], m: Tensor[Bool, B], n: int, z: float
) -> None:
    reveal_type(f * 2)  # R: Tensor[F32, B]
    reveal_type(f * 2.5)  # R: Tensor[F32, B]
    reveal_type(d + n)  # R: Tensor[F64, B]
    reveal_type(i + n)  # R: Tensor[I32, B]
    reveal_type(i * 2.5)  # R: Tensor[F32, B]
    reveal_type(m + 1)  # R: Tensor[I64, B]
    reveal_type(f * z)  # R: Tensor[F32, B]


def mean_of_integers(f: Tensor[F32, B], i: Tensor[I64, B]) -> None:
    reveal_type(f.mean())  # R: Tensor[F32]
    reveal_type(i.astype(F32).mean())  # R: Tensor[F32]
    i.mean()
    # E: mean: I64 has no exact mean: write x.astype(F32).mean(...)
    st.mean(i)
    # E: mean: I64 has no exact mean: write x.astype(F32).mean(...)


def sums(f: Tensor[F32, B], i: Tensor[I32, B], u: Tensor[U8, B], m: Tensor[Bool, B]) -> None:
    reveal_type(f.sum())  # R: Tensor[F32]
    reveal_type(i.sum())  # R: Tensor[I64]
    reveal_type(u.sum())  # R: Tensor[I64]
    reveal_type(m.sum())  # R: Tensor[I64]
    reveal_type(u.max())  # R: Tensor[U8]
    reveal_type(u.prod())  # R: Tensor[I64]


def roots(f: Tensor[F64, B], i: Tensor[I64, B], h: Tensor[BF16, B]) -> None:
    reveal_type(f.sqrt())  # R: Tensor[F64, B]
    reveal_type(i.exp())  # R: Tensor[F32, B]
    reveal_type(h.astype(F32).exp())  # R: Tensor[F32, B]
    h.exp()
    # E: exp: BF16 is for storage only: write x.astype(F32) first


def storage_only(h: Tensor[F16, B], i: Tensor[I8, B]) -> None:
    reveal_type(h.astype(F32) + 1.0)  # R: Tensor[F32, B]
    h + h
    # E: add: F16 is for storage only: write x.astype(F32) first
    i + 1
    # E: add: I8 is for storage only: write x.astype(I32 or I64) first


def casts(f: Tensor[F32, B]) -> None:
    reveal_type(f.astype(I64))  # R: Tensor[I64, B]
    reveal_type(st.astype(f, F16))  # R: Tensor[F16, B]
    reveal_type(f.astype("float64"))  # R: Tensor[F64, B]
    f.astype("float63")
    # E: 'float63' is not a dtype of shapetensor: use one of Bool, U8, I8, I32, U32, I64, F16, BF16, F32, F64


def logic(m: Tensor[Bool, B], f: Tensor[F32, B], i: Tensor[I64, B]) -> None:
    reveal_type(m & m)  # R: Tensor[Bool, B]
    reveal_type(~m)  # R: Tensor[Bool, B]
    reveal_type(st.logical_not(m))  # R: Tensor[Bool, B]
    reveal_type(i > 2)  # R: Tensor[Bool, B]
    m & f
    # E: logical_and: F32 is not Bool: compare it with something first, as in x != 0
    ~f
    # E: logical_not: F32 is not Bool: compare it with something first, as in x != 0


def truth(m: Tensor[Bool, B], f: Tensor[F32, B]) -> None:
    reveal_type(m.any())  # R: Tensor[Bool]
    reveal_type((f > 0.0).all(axis=0))  # R: Tensor[Bool]
    -m
    # E: neg: Bool has no such arithmetic: write x.astype(I32) or F32 first


def masks_as_indices(x: Tensor[F32, B], m: Tensor[Bool, B], i: Tensor[I64, L[4]], f: Tensor[F32, L[4]]) -> None:
    reveal_type(x[i])  # R: Tensor[F32, 4]
    x[m]
    # E: a Bool tensor as index has a result whose shape depends on data: use st.where(mask, x, other)
    x[f]
    # E: take: indices are integers, not F32: write indices.astype(I64)


def variable(x: Tensor[DT, B], y: Tensor[DT, B]) -> Tensor[DT, B]:
    reveal_type(x + y)  # R: Tensor[DT, B]
    reveal_type(x * 2.0)  # R: Tensor[DT, B]
    reveal_type(x.exp())  # R: Tensor[DT, B]
    reveal_type(x.mean())  # R: Tensor[DT]
    reveal_type(x.argmax())  # R: Tensor[I64]
    reveal_type(x.astype(F32))  # R: Tensor[F32, B]
    return x.sqrt() + y


def returned_variable(x: Tensor[DT, B]) -> Tensor[DT, B]:
    return x.astype(F32)
    # E: returned_variable: the result is F32, not DT


def variable_of_integers(x: Tensor[IT, B]) -> None:
    reveal_type(x + x)  # R: Tensor[IT, B]
    reveal_type(x / 2)  # R: Tensor[F32, B]
    reveal_type(x.sum())  # R: Tensor[I64]
    x.mean()
    # E: mean: U8 has no exact mean: write x.astype(F32).mean(...)


def constrained(x: Tensor[EITHER, B]) -> Tensor[EITHER, B]:
    reveal_type(x + 1)  # R: Tensor[F32, B] # R: Tensor[F64, B]
    return x.tanh()


def any_dtype(x: Tensor[ANY, B], y: Tensor[Number, B]) -> None:
    reveal_type(x[0])  # R: Tensor[ANY]
    reveal_type(x.reshape((-1, 1)))  # R: Tensor[ANY, B, 1]
    reveal_type(x > x)  # R: Tensor[Bool, B]
    reveal_type(y + y)  # R: Tensor[Any, B]


def called_with_variables(f: Tensor[F32, B], d: Tensor[F64, B], i: Tensor[I64, B]) -> None:
    reveal_type(variable(f, f))  # R: Tensor[F32, B]
    reveal_type(variable(d, d))  # R: Tensor[F64, B]
    variable(f, d)
    # E: variable: y is F64, not F32, where DT = F32 comes from x: write y.astype(F32)
    variable(i, i)
    # E: variable: x is I64, not DT, which is Float: write x.astype(F32)


def called_with_constraint(f: Tensor[F32, B], d: Tensor[F64, B], i: Tensor[I64, B]) -> None:
    reveal_type(constrained(f))  # R: Tensor[F32, B]
    reveal_type(constrained(d))  # R: Tensor[F64, B]
    constrained(i)
    # E: constrained: x is I64, not EITHER, which is F32 or F64: write x.astype(F32)


def called_with_integers(i: Tensor[I64, B], f: Tensor[F32, B]) -> None:
    variable_of_integers(i)
    variable_of_integers(f)
    # E: variable_of_integers: x is F32, not IT, which is Integer: write x.astype(I64)


def clipped(x: Tensor[F32, B], i: Tensor[I64, B]) -> None:
    reveal_type(x.clip(0.0, 1.0))  # R: Tensor[F32, B]
    reveal_type(st.clip(i, 0, 5))  # R: Tensor[I64, B]
    reveal_type(i.clip(0, None))  # R: Tensor[I64, B]


def special(x: Tensor[F32, B], i: Tensor[I64, B]) -> None:
    reveal_type(st.sigmoid(x))  # R: Tensor[F32, B]
    reveal_type(st.gelu(x))  # R: Tensor[F32, B]
    reveal_type(st.sin(i))  # R: Tensor[F32, B]
    reveal_type(st.isnan(x))  # R: Tensor[Bool, B]
    reveal_type(st.sign(i))  # R: Tensor[I64, B]
    reveal_type(st.square(i))  # R: Tensor[I64, B]


def dtype_attribute(x: Tensor[F32, B], y: Tensor[DT, B]) -> None:
    reveal_type(x.dtype)  # R: type[F32]
    reveal_type(st.zeros((3,), dtype=x.dtype))  # R: Tensor[F32, 3]
    reveal_type(x.astype(y.dtype))  # R: Tensor[Any, B]
