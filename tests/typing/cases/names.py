"""Names in annotations: typos, variables that nothing binds, named axes."""

from __future__ import annotations

from typing import Any, TypeVar, reveal_type
from typing import Literal as L

import shapetensor as st
from shapetensor import F32, FloorDiv, Mul, Sub, Tensor
from shapetensor.tensor import AnyTensor

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
N = 5


def typo(x: Tensor[F32, B, T]) -> Tensor[F32, L["B*T"]]:
    return x.reshape(-1)


def typo_wrong(x: Tensor[F32, B, T], y: Tensor[F32, L["Bt"]]) -> None:
    # E: dimension "Bt": Bt is no type variable: write Bt = TypeVar('Bt', bound=int) for one, or lower case for a named axis
    ...


def not_a_variable(x: Tensor[F32, B], y: Tensor[F32, L["B*N"]]) -> None:
    # E: dimension "B*N": N is no type variable: write N = TypeVar('N', bound=int) for one, or lower case for a named axis
    ...


def never_bare(x: Tensor[F32, L["B*T"]], like: Tensor[F32, B]) -> None:
    # E: dimension "B*T": T never stands by itself in the signature, so nothing says what it is: use it as an axis of an argument
    ...


def never_bare_in_words(x: Tensor[F32, Mul[B, T]], like: Tensor[F32, B]) -> None: ...


def only_in_the_result(x: Tensor[F32, B]) -> Tensor[F32, L["B*T"]]:
    # E: dimension "B*T": T never stands by itself in the signature, so nothing says what it is: use it as an axis of an argument
    return x


def bad_syntax(x: Tensor[F32, B], y: Tensor[F32, L["B*+"]]) -> None:
    # E: dimension "B*+": not a dimension: 'B*+' (use names, ints, + - * // and parentheses)
    ...


def unknown_operator(x: Tensor[F32, B], y: Tensor[F32, L["B/2"]]) -> None:
    # E: dimension "B/2": not a dimension: 'B / 2' (use names, ints, + - * // and parentheses)
    ...


def division_by_zero(x: Tensor[F32, B], y: Tensor[F32, L["B//0"]]) -> None:
    # E: dimension "B//0": the dimension 'B//0' divides by zero
    ...


def spelled(
    x: Tensor[F32, B, T], y: Tensor[F32, L["T*B"]], z: Tensor[F32, Mul[B, T]], w: Tensor[F32, L["2*B - T + 1"]]
) -> None:
    reveal_type(y + z)  # R: Tensor[F32, B*T]
    reveal_type(w)  # R: Tensor[F32, 2*B-T+1]
    y + w
    # E: add: shapes (B*T,) and (2*B-T+1,) do not broadcast: axis -1: B*T and 2*B-T+1 are not known to be equal


def folded(x: Tensor[F32, Mul[L[2], L[3]]], y: Tensor[F32, L["2*3"]], z: Tensor[F32, Sub[L[7], L[1]]]) -> None:
    reveal_type(x + y + z)  # R: Tensor[F32, 6]
    reveal_type(x)  # R: Tensor[F32, 6]


def folded_symbols(x: Tensor[F32, B, L["B-B+2"]], y: Tensor[F32, FloorDiv[Mul[L[2], B], L[2]]]) -> None:
    reveal_type(x)  # R: Tensor[F32, B, 2]
    reveal_type(y)  # R: Tensor[F32, B]


def named(x: Tensor[F32, L["batch"], L["time"]]) -> Tensor[F32, L["batch"]]:
    reveal_type(x)  # R: Tensor[F32, batch, time]
    reveal_type(x.mT)  # R: Tensor[F32, time, batch]
    reveal_type(x.sum(axis=1))  # R: Tensor[F32, batch]
    reveal_type(x @ x.mT)  # R: Tensor[F32, batch, batch]
    x @ x
    # E: matmul: (batch, time) @ (batch, time): inner dimensions differ: time and batch are not known to be equal
    return x.sum(axis=1)


def named_wrong(x: Tensor[F32, L["batch"], L["time"]]) -> Tensor[F32, L["batch"]]:
    return x.sum(axis=0)
    # E: named_wrong: the result has shape (time,), not (batch,): axis 0: time and batch are not known to be equal


def swapped(x: Tensor[F32, L["batch"], L["time"]], y: Tensor[F32, L["time"], L["batch"]]) -> None:
    reveal_type(named(x))  # R: Tensor[F32, batch]
    named(y)
    # E: named: x has shape (time, batch), not (batch, time): axis 0: time and batch are not known to be equal


def unnamed(x: Tensor[F32, B, T], n: int) -> None:
    reveal_type(named(x))  # R: Tensor[F32, B]
    reveal_type(named(st.zeros((3, 4))))  # R: Tensor[F32, 3]
    reveal_type(named(st.zeros((n, 4))))  # R: Tensor[F32, Any]
    named(st.zeros(3))
    # E: named: x has shape (3,), not (batch, time): it has 1 axis, not 2


def named_twice(x: Tensor[F32, L["batch"], L["batch"]]) -> Tensor[F32, L["batch"]]:
    return x.sum(axis=0)


def same_name(x: Tensor[F32, L["batch"], L["time"]]) -> None:
    reveal_type(named_twice(st.zeros((3, 3))))  # R: Tensor[F32, 3]
    named_twice(st.zeros((3, 4)))
    # E: named_twice: x has shape (3, 4), not (batch, batch): axis 1: 4 != 3, where batch = 3 comes from x
    named_twice(x)
    # E: named_twice: x has shape (batch, time), not (batch, batch): axis 1: time and batch are not known to be equal


def names_in_arithmetic(x: Tensor[F32, L["batch"], L["time"]]) -> Tensor[F32, L["batch*time"]]:
    reveal_type(x.reshape(-1))  # R: Tensor[F32, batch*time]
    return x.reshape(-1)


def sizes_of_names(x: Tensor[F32, L["batch"], L["time"]]) -> None:
    b, t = x.shape
    reveal_type(b * t)  # R: int
    reveal_type(x.reshape((b * t,)))  # R: Tensor[F32, batch*time]
    reveal_type(st.zeros((t, b)))  # R: Tensor[F32, time, batch]
    x + st.zeros((t, b))
    # E: add: shapes (batch, time) and (time, batch) do not broadcast: axis -2: batch and time are not known to be equal


def ints(x: Tensor[F32, int, L[3]], y: Tensor[F32, Any, L[3]], z: Tensor[F32, int, L[4]]) -> None:
    reveal_type(x + y)  # R: Tensor[F32, Any, 3]
    reveal_type(x.mT @ y)  # R: Tensor[F32, 3, 3]
    x + z
    # E: add: shapes (?, 3) and (?, 4) do not broadcast: axis -1: 3 != 4


def anything(x: AnyTensor, y: AnyTensor) -> None:
    reveal_type(x @ y)  # R: Tensor[Any, ...]
    reveal_type(x + y)  # R: Tensor[Any, ...]
    reveal_type(x.sum(axis=7))  # R: Tensor[Any, ...]
    named(x)


def missing_dtype(x: Tensor[B, T]) -> None:
    # E: Type argument "B" of "Tensor" must be a subtype of "DType"  [type-var]
    ...


def without_dtype(x: Tensor) -> None:
    # E: Missing type arguments for generic type "Tensor"  [type-arg]
    ...


def bare_numbers(x: Tensor[F32, L[2], L[3]]) -> None:
    y: Tensor[F32, L[2], L[3]] = x
    z: Tensor[F32, L[2], L[4]] = x
    # E: Incompatible types in assignment (expression has type "Tensor[F32, Literal[2], Literal[3]]", variable has type "Tensor[F32, Literal[2], Literal[4]]")  [assignment]
    w: Tensor[F32, L[2]] = x
    # E: Incompatible types in assignment (expression has type "Tensor[F32, Literal[2], Literal[3]]", variable has type "Tensor[F32, Literal[2]]")  [assignment]


def other_literals(mode: L["sum-all", "a*b"], one: L["x+y"], name: L["Bt"]) -> None:
    reveal_type(mode)  # R: sum-all | a*b
    reveal_type(one)  # R: x+y
    reveal_type(name)  # R: Bt
