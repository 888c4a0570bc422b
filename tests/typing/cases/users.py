"""Users' own functions: arguments are matched with annotations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar, overload, reveal_type
from typing import Literal as L

from typing_extensions import ParamSpec, TypeVarTuple, Unpack

import shapetensor as st
from shapetensor import F32, F64, I64, Add, FloorDiv, Mul, Sub, Tensor

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
H = TypeVar("H", bound=int)
S = TypeVarTuple("S")
P = ParamSpec("P")
R = TypeVar("R")


def summed(*xs: Tensor[F32, B], scale: float = 1.0) -> Tensor[F32, B]:
    return st.stack(xs).sum(axis=0) * scale


def given_many(x: Tensor[F32, L[3]], bad: Tensor[F32, L[4]]) -> None:
    reveal_type(summed(x, x))  # R: Tensor[F32, 3]
    summed(x, bad, scale=2.0)
    # E: summed: xs[1] has shape (4,), not (B,): axis 0: 4 != 3, where B = 3 comes from xs[0]


def scores(x: Tensor[F32, B, L[64]], w: Tensor[F32, L[64], D]) -> Tensor[F32, B, D]:
    return x @ w


def numbers(n: int) -> None:
    reveal_type(scores(st.zeros((2, 64)), st.zeros((64, 10))))  # R: Tensor[F32, 2, 10]
    reveal_type(scores(st.zeros((n, 64)), st.zeros((64, 10))))  # R: Tensor[F32, Any, 10]
    scores(st.zeros((2, 63)), st.zeros((64, 10)))
    # E: scores: x has shape (2, 63), not (B, 64): axis 1: 63 != 64
    scores(st.zeros((2, 64)), st.zeros((10,)))
    # E: scores: w has shape (10,), not (64, D): it has 1 axis, not 2


def pair(x: Tensor[F32, B, T], y: Tensor[F32, B, T]) -> Tensor[F32, B]:
    return (x * y).sum(axis=1)


def same_variables(x: Tensor[F32, D, H], y: Tensor[F32, H, D]) -> None:
    reveal_type(pair(x, x))  # R: Tensor[F32, D]
    reveal_type(pair(st.zeros((2, 3)), st.zeros((2, 3))))  # R: Tensor[F32, 2]
    pair(st.zeros((2, 3)), st.zeros((2, 4)))
    # E: pair: y has shape (2, 4), not (B, T): axis 1: 4 != 3, where T = 3 comes from x
    pair(x, y)
    # E: pair: y has shape (H, D), not (B, T): axis 0: H and D are not known to be equal, where B = D comes from x


def keywords(x: Tensor[F32, L[2], L[3]], bad: Tensor[F32, L[3], L[2]]) -> None:
    reveal_type(pair(y=x, x=x))  # R: Tensor[F32, 2]
    pair(y=x, x=bad)
    # E: pair: y has shape (2, 3), not (B, T): axis 0: 2 != 3, where B = 3 comes from x


def dtypes(x: Tensor[F32, B, T], y: Tensor[F64, B, T], i: Tensor[I64, B, T]) -> None:
    reveal_type(pair(x, x))  # R: Tensor[F32, B]
    pair(x, y)
    # E: pair: y is F64, not F32: write y.astype(F32)
    pair(i, x)
    # E: pair: x is I64, not F32: write x.astype(F32)


def ranks(x: Tensor[F32, B, T], v: Tensor[F32, T], y: Tensor[F32, *tuple[Any, ...]]) -> None:
    reveal_type(pair(y, x))  # R: Tensor[F32, B]
    pair(x, v)
    # E: pair: y has shape (T,), not (B, T): it has 1 axis, not 2
    pair(x, x[None])
    # E: pair: y has shape (1, B, T), not (B, T): it has 3 axes, not 2


def flat(x: Tensor[F32, B, T, D]) -> Tensor[F32, L["B*T"], D]:
    b, t, d = x.shape
    return x.reshape((b * t, d))


def product(x: Tensor[F32, H, T, D]) -> None:
    reveal_type(flat(st.zeros((2, 3, 4))))  # R: Tensor[F32, 6, 4]
    reveal_type(flat(x))  # R: Tensor[F32, H*T, D]
    reveal_type(flat(st.zeros((2, 3, 4))) @ st.zeros((4, 5)))  # R: Tensor[F32, 6, 5]
    flat(x[0])
    # E: flat: x has shape (T, D), not (B, T, D): it has 2 axes, not 3
    flat(st.zeros((2, 3, 4))) @ st.zeros((6, 5))
    # E: matmul: (6, 4) @ (6, 5): inner dimensions differ: 4 != 6


def product_wrong(x: Tensor[F32, B, T, D]) -> Tensor[F32, L["B*T"], D]:
    b, t, d = x.shape
    return x.reshape((b * d, t))
    # E: product_wrong: the result has shape (B*D, T), not (B*T, D): axis 1: T and D are not known to be equal


def shifted(x: Tensor[F32, B, T]) -> Tensor[F32, B, L["T-1"]]:
    return x[:, 1:] - x[:, :-1]


def difference(x: Tensor[F32, B, T]) -> None:
    reveal_type(shifted(st.zeros((4, 9))))  # R: Tensor[F32, 4, 8]
    reveal_type(shifted(shifted(x)))  # R: Tensor[F32, B, T-2]
    shifted(x) + x
    # E: add: shapes (B, T-1) and (B, T) do not broadcast: axis -1: T-1 != T


def split_heads(x: Tensor[F32, B, D], heads: H) -> Tensor[F32, B, H, L["D//H"]]:
    b, d = x.shape
    return x.reshape((b, heads, d // heads))


def quotient(x: Tensor[F32, B, D], n: int) -> None:
    reveal_type(split_heads(st.zeros((2, 64)), 4))  # R: Tensor[F32, 2, 4, 16]
    reveal_type(split_heads(x, 4))  # R: Tensor[F32, B, 4, D//4]
    reveal_type(split_heads(st.zeros((2, 64)), n))  # R: Tensor[F32, 2, Any, Any]
    reveal_type(split_heads(heads=8, x=st.zeros((n, 64))))  # R: Tensor[F32, Any, 8, 8]
    split_heads(st.zeros((2, 64)), 4) + st.zeros((3, 16))
    # E: add: shapes (2, 4, 16) and (3, 16) do not broadcast: axis -2: 4 != 3


def arithmetic(
    x: Tensor[F32, B, T], y: Tensor[F32, Mul[B, T]]
) -> tuple[Tensor[F32, Add[B, T]], Tensor[F32, Sub[T, L[1]]], Tensor[F32, FloorDiv[T, L[2]]]]:
    return st.concat([x[:, 0], x[0]]), x[0, 1:], x[0, : x.shape[1] // 2]


def arithmetic_classes() -> None:
    reveal_type(arithmetic(st.zeros((2, 6)), st.zeros((12,))))
    # R: tuple[Tensor[F32, 8], Tensor[F32, 5], Tensor[F32, 3]]
    arithmetic(st.zeros((2, 6)), st.zeros((13,)))
    # E: arithmetic: y has shape (13,), not (B*T,): axis 0: 13 != 12, where B*T = 12 (B = 2, T = 6)


def unflat(x: Tensor[F32, L["B*T"]], like: Tensor[F32, B]) -> Tensor[F32, B, T]:
    return x.reshape((like.shape[0], -1))


def solved(x: Tensor[F32, T]) -> None:
    reveal_type(unflat(st.zeros((12,)), st.zeros((3,))))  # R: Tensor[F32, 3, 4]
    unflat(st.zeros((13,)), st.zeros((3,)))
    # E: unflat: x has shape (13,), not (B*T,): axis 0: 13 is not B*T for any T, where B = 3


def normed(x: Tensor[F32, Unpack[S], D]) -> Tensor[F32, Unpack[S], D]:
    return x / (x * x).sum(axis=-1, keepdims=True).sqrt()


def stars(x: Tensor[F32, B, T, D], s: Tensor[F32], y: Tensor[F32, *tuple[Any, ...]]) -> None:
    reveal_type(normed(x))  # R: Tensor[F32, B, T, D]
    reveal_type(normed(st.zeros(3)))  # R: Tensor[F32, 3]
    reveal_type(normed(y))  # R: Tensor[F32, ..., Any]
    normed(s)
    # E: normed: x has shape (), not (*S, D): it has 0 axes, not at least 1


def both_stars(x: Tensor[F32, Unpack[S]], y: Tensor[F32, Unpack[S], D]) -> Tensor[F32, Unpack[S]]:
    return (x.expand_dims(-1) * y).sum(axis=-1)


def stars_that_agree(x: Tensor[F32, B, T], y: Tensor[F32, B, T, D]) -> None:
    reveal_type(both_stars(x, y))  # R: Tensor[F32, B, T]
    reveal_type(both_stars(st.zeros(()), st.zeros(4)))  # R: Tensor[F32]
    both_stars(x, x)
    # E: both_stars: y has shape (B, T), not (*S, D): *S: (B,) != (B, T), where *S = (B, T) comes from x
    both_stars(st.zeros((2, 3)), st.zeros((2, 4, 5)))
    # E: both_stars: y has shape (2, 4, 5), not (*S, D): *S: (2, 4) != (2, 3), where *S = (2, 3) comes from x


def zeros_of(n: B, m: T, dtype: type[F32] = F32) -> Tensor[F32, B, T]:
    return st.zeros((n, m), dtype=dtype)


def sizes(n: int, x: Tensor[F32, D, H]) -> None:
    reveal_type(zeros_of(2, 3))  # R: Tensor[F32, 2, 3]
    reveal_type(zeros_of(n, 3))  # R: Tensor[F32, Any, 3]
    reveal_type(zeros_of(x.shape[1], x.shape[0] + 1))  # R: Tensor[F32, H, D+1]
    x + zeros_of(x.shape[1], x.shape[0])
    # E: add: shapes (D, H) and (H, D) do not broadcast: axis -2: D and H are not known to be equal


def square(x: Tensor[F32, T, T], n: T) -> Tensor[F32, T]:
    return x.sum(axis=0)


def sizes_and_axes(x: Tensor[F32, B, B]) -> None:
    reveal_type(square(x, x.shape[0]))  # R: Tensor[F32, B]
    reveal_type(square(st.zeros((3, 3)), 3))  # R: Tensor[F32, 3]
    square(st.zeros((3, 3)), 4)
    # E: square: n is 4, not T: 4 != 3, where T = 3 comes from x
    square(st.zeros((3, 4)), 3)
    # E: square: x has shape (3, 4), not (T, T): axis 1: 4 != 3, where T = 3 comes from x


def with_default(x: Tensor[F32, B, D], bias: Tensor[F32, D] | None = None, scale: float = 1.0) -> Tensor[F32, B, D]:
    y = x * scale
    return y if bias is None else y + bias


def defaults(x: Tensor[F32, B, L[3]], n: Tensor[F32, L[3]] | None) -> None:
    reveal_type(with_default(x))  # R: Tensor[F32, B, 3]
    reveal_type(with_default(x, st.zeros((3,))))  # R: Tensor[F32, B, 3]
    reveal_type(with_default(x, n))  # R: Tensor[F32, B, 3]
    reveal_type(with_default(x, scale=2.0, bias=None))  # R: Tensor[F32, B, 3]
    with_default(x, st.zeros((4,)))
    # E: with_default: bias has shape (4,), not (D,): axis 0: 4 != 3, where D = 3 comes from x


def returned(x: Tensor[F32, B, T], c: bool) -> Tensor[F32, B]:
    if c:
        return x.mean(axis=1)
    return x.mean(axis=0)
    # E: returned: the result has shape (T,), not (B,): axis 0: T and B are not known to be equal


def returned_tuple(x: Tensor[F32, B, T], c: bool) -> tuple[Tensor[F32, B], Tensor[F32, T]]:
    if c:
        return x.mean(axis=1), x.mean(axis=0)
    return x.mean(axis=0), x.mean(axis=1)
    # E: returned_tuple: the result[0] has shape (T,), not (B,): axis 0: T and B are not known to be equal
    # E: returned_tuple: the result[1] has shape (B,), not (T,): axis 0: B and T are not known to be equal


def returned_dtype(x: Tensor[F32, B, T], c: bool) -> Tensor[F32, B]:
    if c:
        return x.argmax(axis=1).astype(F32)
    return x.argmax(axis=1)
    # E: returned_dtype: the result is I64, not F32: write .astype(F32) behind it


def yielded(x: Tensor[F32, B, T]) -> Iterator[Tensor[F32, T]]:
    yield x[0]
    yield x[:, 0]
    # E: Incompatible types in "yield" (actual type "Tensor[F32, B]", expected type "Tensor[F32, T]")  [misc]


def either(x: Tensor[F32, B] | Tensor[F32, B, T]) -> Tensor[F32, B]:
    return x if x.ndim == 1 else x.sum(axis=1)


def unions(x: Tensor[F32, L[2]], y: Tensor[F32, L[2], L[3]], bad: Tensor[F64, L[2]]) -> None:
    reveal_type(either(x))  # R: Tensor[F32, 2]
    reveal_type(either(y))  # R: Tensor[F32, 2]
    either(y[None])
    # E: Argument 1 to "either" has incompatible type "Tensor[F32, Literal[1], Literal[2], Literal[3]]"; expected "Tensor[F32, Never] | Tensor[F32, Never, Never]"  [arg-type]
    either(bad)
    # E: Argument 1 to "either" has incompatible type "Tensor[F64, Literal[2]]"; expected "Tensor[F32, Never] | Tensor[F32, Never, Never]"  [arg-type]


def union_arguments(c: bool, x: Tensor[F32, L[2], L[3]], y: Tensor[F32, L[4], L[3]]) -> None:
    reveal_type(normed(x if c else y))  # R: Tensor[F32, 2, 3] | Tensor[F32, 4, 3]
    scores(x if c else y, st.zeros((64, 2)))
    # E: scores: x has shape (2, 3), not (B, 64): axis 1: 3 != 64


def nested(x: Tensor[F32, B, T]) -> Tensor[F32, B]:
    def total(row: Tensor[F32, B, D]) -> Tensor[F32, B]:
        return row.sum(axis=1)

    def closed(factor: Tensor[F32, T]) -> Tensor[F32, B, T]:
        return x * factor

    reveal_type(total(x))  # R: Tensor[F32, B]
    reveal_type(closed(x[0]))  # R: Tensor[F32, B, T]
    closed(x[:, 0])
    # E: closed: factor has shape (B,), not (T,): axis 0: B and T are not known to be equal
    return total(x)


def recursive(x: Tensor[F32, B, T], n: int) -> Tensor[F32, B, T]:
    reveal_type(recursive(x, n - 1))  # R: Tensor[F32, B, T]
    recursive(x[0], n)
    # E: recursive: x has shape (T,), not (B, T): it has 1 axis, not 2
    return x if n == 0 else recursive(x, n - 1)


def halved(x: Tensor[F32, B]) -> Tensor[F32, L["B//2"]]:
    return x[: x.shape[0] // 2]


def halving(x: Tensor[F32, L[16]]) -> None:
    reveal_type(halved(halved(x)))  # R: Tensor[F32, 4]
    halved(halved(x)) + x
    # E: add: shapes (4,) and (16,) do not broadcast: axis -1: 4 != 16


def apply(f: Callable[[Tensor[F32, B]], Tensor[F32, T]], x: Tensor[F32, B]) -> Tensor[F32, T]:
    return f(x)


def callables(x: Tensor[F32, L[4]]) -> None:
    reveal_type(apply(lambda v: v * 2.0, x))  # R: Tensor[F32, 4]
    apply(both_of, x)
    # E: Argument 1 to "apply" has incompatible type "Callable[[Tensor[F32, B], Tensor[F32, B]], Tensor[F32, B]]"; expected "Callable[[Tensor[F32, Literal[4]]], Tensor[F32, Literal[4]]]"  [arg-type]


def both_of(x: Tensor[F32, B], y: Tensor[F32, B]) -> Tensor[F32, B]:
    return x + y


@overload
def total(x: Tensor[F32, B]) -> Tensor[F32]: ...
@overload
def total(x: Tensor[F32, B, T]) -> Tensor[F32, B]: ...
def total(x: Any) -> Any:
    return x.sum(axis=-1)


def overloads(v: Tensor[F32, L[4]], x: Tensor[F32, L[4], L[5]], bad: Tensor[F32, L[1], L[1], L[1]]) -> None:
    reveal_type(total(v))  # R: Tensor[F32]
    reveal_type(total(x))  # R: Tensor[F32, 4]
    total(bad)
    # E: Argument 1 to "total" has incompatible type "Tensor[F32, Literal[1], Literal[1], Literal[1]]"; expected "Tensor[F32, Never]"  [arg-type]


def timed(f: Callable[P, R]) -> Callable[P, R]:
    return f


@timed
def decorated(x: Tensor[F32, B, T], w: Tensor[F32, T, D]) -> Tensor[F32, B, D]:
    return x @ w


def decorators(x: Tensor[F32, L[2], L[3]]) -> None:
    reveal_type(decorated(x, st.zeros((3, 4))))  # R: Tensor[F32, 2, 4]
    decorated(x, st.zeros((4, 3)))
    # E: decorated: w has shape (4, 3), not (T, D): axis 0: 4 != 3, where T = 3 comes from x


async def fetched(x: Tensor[F32, B, T]) -> Tensor[F32, L["B*T"]]:
    return x.reshape(-1)


async def awaited(x: Tensor[F32, L[2], L[3]], later: Awaitable[Tensor[F32, B]]) -> None:
    reveal_type(await fetched(x))  # R: Tensor[F32, 6]
    reveal_type(await later)  # R: Tensor[F32, B]
    await fetched(x[0])
    # E: fetched: x has shape (3,), not (B, T): it has 1 axis, not 2
    (await fetched(x)) + st.zeros(5)
    # E: add: shapes (6,) and (5,) do not broadcast: axis -1: 6 != 5


def many(*xs: Tensor[F32, B, L[3]], last: Tensor[F32, L[3]]) -> None: ...


def star_arguments(x: Tensor[F32, L[2], L[3]], v: Tensor[F32, L[3]]) -> None:
    many(x, x, last=v)
    many(last=v)
    many(x, x, last=x)
    # E: many: last has shape (2, 3), not (3,): it has 2 axes, not 1
    many(x, v, last=v)
    # E: many: xs[1] has shape (3,), not (B, 3): it has 1 axis, not 2


def unpacked_arguments(
    x: Tensor[F32, L[2], L[3]], both: tuple[Tensor[F32, L[2], L[3]], Tensor[F32, L[2], L[4]]]
) -> None:
    reveal_type(pair(*(x, x)))  # R: Tensor[F32, 2]
    pair(*both)
    # E: Cannot infer value of type parameter "T" of "pair"  [misc]


def ignored(x: Tensor[F32, L[2], L[3]]) -> None:
    x @ x  # type: ignore[shape]
    x @ x.mT  # type: ignore[shape]
    # E: Unused "type: ignore" comment  [unused-ignore]
    x @ x  # type: ignore[operator]
    # E: matmul: (2, 3) @ (2, 3): inner dimensions differ: 3 != 2
    # E: Unused "type: ignore" comment  [unused-ignore]
    # N: Error code "shape" not covered by "type: ignore[operator]" comment
    # N: did you mean `w.mT` with shape (3, 2)?


def missing_arguments(x: Tensor[F32, L[2], L[3]]) -> None:
    pair(x, x)
    pair(x)
    # E: Missing positional argument "y" in call to "pair"  [call-arg]
    pair(x, x, x)
    # E: Too many arguments for "pair"  [call-arg]
    pair(x, z=x)
    # E: Unexpected keyword argument "z" for "pair"  [call-arg]


def not_tensors(x: Tensor[F32, L[2], L[3]]) -> None:
    pair(x, x)
    pair(x, 3)
    # E: Argument 2 to "pair" has incompatible type "int"; expected "Tensor[F32, Literal[2], Literal[3]]"  [arg-type]
    pair(x, None)
    # E: Argument 2 to "pair" has incompatible type "None"; expected "Tensor[F32, Literal[2], Literal[3]]"  [arg-type]


def nested_of_one_name(x: Tensor[F32, B, D]) -> None:
    def inner(y: Tensor[F32, B, T]) -> None:
        reveal_type(y.sum(axis=1))  # R: Tensor[F32, B]
        reveal_type(y @ y.mT)  # R: Tensor[F32, B, B]

    inner(x)


def nested_of_that_name_too(x: Tensor[F32, T, D]) -> None:
    def inner(y: Tensor[F32, T, B]) -> None:
        reveal_type(y.sum(axis=1))  # R: Tensor[F32, T]
        reveal_type(y @ y.mT)  # R: Tensor[F32, T, T]

    inner(x)
