"""Correct programs whose ints change, hide or come from elsewhere: mypy says nothing."""

from __future__ import annotations

import itertools
import math
import operator
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import reduce
from typing import Final, Generic, NewType, TypeAlias, TypeVar
from typing import Literal as L

from typing_extensions import TypeVarTuple, Unpack

import shapetensor as st
from shapetensor import F32, F64, I64, U32, Float, Mul, Tensor, nn
from shapetensor.tensor import AnyTensor

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
H = TypeVar("H", bound=int)
S = TypeVarTuple("S")
DT = TypeVar("DT", bound=Float)
Key: TypeAlias = Tensor[U32, L[4]]
Width = NewType("Width", int)
WIDTH: Final[int] = 8
DEPTH: Final = 3
FLAGS: Final = (True, False)


class Size(IntEnum):
    SMALL = 3
    LARGE = 5


class Mode(Enum):
    SUM = "sum"
    MEAN = "mean"


def cube(x: Tensor[F32, B, T, D]) -> Tensor[F32, B]:
    return x[:, 0, 0]


def three(x: Tensor[F32, L[3]]) -> Tensor[F32, L[3]]:
    return x


def changing_int(x: Tensor[F32, B, T]) -> Tensor[F32, int]:
    n = x.shape[0]
    y = x.reshape((n, -1))
    n = 3
    three(st.zeros(n))
    n += 2
    five = st.zeros(n) + st.zeros(5)
    n = x.shape[1]
    n *= 2
    return st.zeros(n) + y.sum() + five.sum()


def changing_in_loop(x: Tensor[F32, B, T]) -> AnyTensor:
    n = 4
    y = st.zeros((4,))
    for _ in range(3):
        y = st.zeros((n,))[:4] + y
        n = n * 2
    size = x.shape[0]
    while size > 1:
        size //= 2
        st.zeros((size, 3)) + st.zeros((1, 3))
    return st.zeros(n) + st.zeros((32,)) + st.zeros((size,))


def changing_in_branches(c: bool, x: Tensor[F32, B, T]) -> Tensor[F32, int]:
    n = x.shape[0] if c else x.shape[1]
    m = 3
    if c:
        m = 5
    k = x.shape[0]
    if c:
        k = x.shape[1]
    st.zeros((k,)) + st.zeros((x.shape[1],))
    three(st.zeros(m)[:3])
    st.zeros(m) + st.zeros((5,))
    return st.zeros(n) + x[0] if n == x.shape[1] else st.zeros(k)


def counters(xs: Sequence[Tensor[F32, int]]) -> Tensor[F32, int]:
    total = 0
    for x in xs:
        total += x.shape[0]
    out = st.zeros((total,))
    at = 0
    for x in xs:
        out = out.at[at : at + x.shape[0]].set(x)
        at += x.shape[0]
    return out + st.zeros((total,)) + st.zeros((at,))


def nonlocal_int() -> Callable[[], AnyTensor]:
    n = 3

    def grow() -> AnyTensor:
        nonlocal n
        n += 1
        return st.zeros((n,)) + st.zeros((4,))

    return grow


counter = 3


def global_int() -> AnyTensor:
    global counter
    counter += 1
    return st.zeros((counter, 2)) + st.zeros((9, 2))


def typed_int(n: L[3, 5], m: L[3], c: bool) -> AnyTensor:
    three(st.zeros((m,)))
    x = st.zeros((n,))
    y = st.zeros((3 if c else 5,))
    return x + st.zeros((3,)) if n == 3 else x + y


def enum_sizes(size: Size) -> AnyTensor:
    three(st.zeros((Size.SMALL,)))
    three(st.zeros(Size.SMALL.value))
    return st.zeros((size, 2)) + st.zeros((5, 2)) + st.zeros((Size.LARGE, 2))


def new_types(width: Width, x: Tensor[F32, B, T]) -> Tensor[F32, B]:
    return (st.zeros((x.shape[0], width)) + st.zeros((7,))).sum(axis=1)


def declared_finals(x: Tensor[F32, L[8]]) -> Tensor[F32, L[8]]:
    return x + st.zeros((WIDTH,)) + st.zeros((2**DEPTH,)) + st.zeros(DEPTH + 5)


def bools_as_sizes(x: Tensor[F32, B, T], flag: bool) -> Tensor[F32, T]:
    return x[int(flag)] + st.zeros((1 + flag,))[:1] + x[0] * flag


def arithmetic(x: Tensor[F32, B, T], n: int) -> None:
    b, t = x.shape
    st.zeros((b * t // t, 2)) + st.zeros((b, 2))
    st.zeros((b + t - t,)) + x[:, 0]
    st.zeros((-(-b // 2),))
    st.zeros((max(b, t), min(b, t), abs(b - t), b % t, b**2, round(b / 2), int(b * 0.5)))
    st.zeros((math.ceil(b / 8) * 8,))[:b] + x[:, 0]
    st.zeros((divmod(b, t)[0],)) + st.zeros((b // t,))
    st.zeros((b << 1,)) + st.zeros((2 * b,))
    st.zeros((sum((b, t)),)) + st.zeros((b + t,))
    st.zeros((math.prod([b, t]),)) + x.reshape(-1)
    st.zeros((reduce(operator.mul, x.shape),)) + x.reshape(-1)
    st.zeros((n * b,)) + st.zeros((b * n,))
    st.zeros((b * (t + 1),)) + st.zeros((b * t + b,))
    st.zeros((int(str(b)),)) + x[:, 0]


def aligned(x: Tensor[F32, B, T], n: int) -> Tensor[F32, B, T]:
    assert x.shape == (n, n)
    assert n == x.shape[0]
    assert x.shape[1] == n
    return x + st.zeros((n, n)) + st.eye(n)


def rows_of_random(x: Tensor[F32, B, T]) -> Tensor[F32, T]:
    i = random.randrange(x.shape[0])
    j = random.choice(range(x.shape[0]))
    return x[i] + x[j] + x[-1 - i] + x[min(i, j) : max(i, j)].sum(axis=0)


def strided(x: Tensor[F32, B, T], step: int) -> AnyTensor:
    y = x[::step, ::-1]
    return y[: x.shape[0] // step] + x[: x.shape[0] // step]


def slices_in_variables(x: Tensor[F32, B, T], n: int) -> AnyTensor:
    first, rest = slice(None, n), slice(n, None)
    both: tuple[slice, slice] = (first, rest)
    window = slice(2, 5)
    return st.concat([x[first], x[rest]]) + x + x[both].sum() + x[:, window][:, 0][:, None] + x[..., window].sum()


def indices_in_containers(x: Tensor[F32, B, T], rows: list[int], where: dict[str, tuple[int, int]]) -> Tensor[F32, T]:
    picked = st.stack([x[i] for i in rows])
    start, stop = where["a"]
    return picked.sum(axis=0) + x[start:stop].mean(axis=0) + x[rows[0]] + x[where["b"]]


def tensors_as_indices(x: Tensor[F32, B, T], i: Tensor[I64], rows: Tensor[I64, H]) -> Tensor[F32, T]:
    j = int(x[:, 0].argmax())
    k = x.argmax(axis=1)
    return x[i] + x[j] + x[rows].sum(axis=0) + x[rows, rows].sum() + x[st.arange(x.shape[0]), k].sum() + x[int(i)]


def axis_of(x: Tensor[F32, Unpack[S]], axis: int = -1) -> Tensor[F32, Unpack[S]]:
    axis = axis if axis >= 0 else x.ndim + axis
    y = x - x.mean(axis=axis, keepdims=True)
    return y / (y * y).mean(axis=axis, keepdims=True).sqrt()


def chosen_axes(x: Tensor[F32, B, T, D], spatial: bool, keep: bool) -> AnyTensor:
    axes = (1, 2) if spatial else (0,)
    axis = 1 if spatial else None
    total = x.sum(axis=axes, keepdims=keep) + x.sum(axis=axis, keepdims=keep)
    for a in (0, 1, 2):
        total = total + x.sum(axis=a).sum()
    for a in range(x.ndim):
        x.sum(axis=a)
    for a, n in enumerate(x.shape):
        st.flip(x, axis=a)[:n]
    return total


def permuted(x: Tensor[F32, B, T, D], order: Sequence[int]) -> AnyTensor:
    for axes in itertools.permutations(range(3)):
        cube(x.permute_dims(axes))
    back = [order.index(i) for i in range(3)]
    return x.permute_dims(order).permute_dims(back) + x


def queue(x: Tensor[F32, B, T], n: int) -> AnyTensor:
    recent: deque[Tensor[F32, B, T]] = deque(maxlen=n)
    recent.append(x)
    while recent:
        x = x + recent.popleft()
    return st.stack(list(recent)) if recent else x[None]


def reshaped_twice(x: Tensor[F32, B, T]) -> Tensor[F32, B, T]:
    saved = x.shape
    flat = x.reshape(-1)
    sizes: list[int] = [*saved]
    wide = flat.reshape((*saved, 1)).reshape(sizes)
    return flat.reshape(saved) + wide + flat.reshape(tuple(saved)) + x.reshape((saved[0], saved[1]))


def groups(x: Tensor[F32, B, L[12]], n: int) -> AnyTensor:
    width = x.shape[1] // n
    y = x.reshape((x.shape[0], n, width))
    z = x.reshape((-1, width))
    return y.sum(axis=2) + z.reshape((-1, n, width)).mean(axis=-1) + cube(y)[:, None]


@dataclass
class Config:
    width: int = 64
    heads: int = 4
    hidden: tuple[int, ...] = (32, 16)


class Model(st.Module):
    def __init__(self, config: Config, key: Key) -> None:
        keys = st.random.split(key, len(config.hidden) + 1)
        sizes = [config.width, *config.hidden]
        self.layers = tuple(nn.Linear(a, b, key=k) for a, b, k in zip(sizes, sizes[1:], keys, strict=False))
        self.head = nn.Linear(sizes[-1], 10, key=keys[-1])
        self.width = config.width // config.heads
        self.scale: Tensor[F32, int] = st.ones((self.width,))

    def __call__(self, x: Tensor[F32, B, int]) -> Tensor[F32, B, L[10]]:
        for layer in self.layers:
            x = layer(x).relu()
        rows = x.reshape((x.shape[0], -1, self.width)) * self.scale
        return self.head(rows.reshape(x.shape))


def models(config: Config, key: Key, x: Tensor[F32, B, L[64]]) -> Tensor[F32, B, L[10]]:
    model = Model(config, key)
    other = Model(Config(width=x.shape[1], heads=2), key)
    return model(x) + other(x) + model(st.zeros((x.shape[0], config.width)))


class Table(Generic[T, D]):
    def __init__(self, rows: T, width: D) -> None:
        self.rows, self.width = rows, width
        self.values: Tensor[F32, T, D] = st.zeros((rows, width))

    def widened(self, extra: H) -> Table[T, H]:
        return Table(self.rows, extra)

    def doubled(self) -> Tensor[F32, Mul[L[2], T], D]:
        return st.concat([self.values, self.values])

    def joined(self, other: Table[T, H]) -> Tensor[F32, T, int]:
        return st.concat([self.values, other.values], axis=1)


def tables(n: int, x: Tensor[F32, L[6], L[3]], y: Tensor[F32, B, T]) -> Tensor[F32, L[6], L[3]]:
    table = Table(3, 3)
    unknown = Table(n, 3)
    sized = Table(y.shape[0], y.shape[1])
    tables = [Table(i, 3) for i in range(3)]
    y + sized.values
    st.concat([t.values for t in tables]) + unknown.values
    x + unknown.doubled() + Table(3, n).doubled()
    table.joined(table.widened(4)) + st.zeros(7)
    sized.widened(n).values + sized.widened(3).values[:, :1]
    return x + table.doubled()


def optional_sizes(x: Tensor[F32, B, T], width: int | None, shape: tuple[int, ...] | None = None) -> AnyTensor:
    width = width or x.shape[1]
    y = st.zeros((x.shape[0], width))
    z = x if shape is None else x.reshape(shape)
    return y + x + z.sum() + (st.zeros(shape) if shape else st.zeros(())).sum()


def modes(x: Tensor[F32, B, T], mode: Mode, how: str) -> Tensor[F32, T]:
    reductions: dict[Mode, Callable[..., AnyTensor]] = {Mode.SUM: st.sum, Mode.MEAN: st.mean}
    method = getattr(x, how)
    found: Tensor[F32, T] = method(axis=0)
    return reductions[mode](x, axis=0) + {"sum": x.sum, "max": x.max}[how](axis=0) + found


def exceptions(x: Tensor[F32, B, T], n: int) -> Tensor[F32, B, int]:
    if x.shape[1] % n:
        raise ValueError(f"{x.shape[1]} is not a multiple of {n}")
    try:
        return x.reshape((x.shape[0], n, -1))[:, :, 0]
    except (st.ShapeError, IndexError):
        return x
    finally:
        del n


def recursive_split(x: Tensor[F32, int, D]) -> Tensor[F32, D]:
    n = x.shape[0]
    if n == 1:
        return x[0]
    return recursive_split(x[: n // 2]) + recursive_split(x[n // 2 :])


def sorted_rows(x: Tensor[DT, B, T], k: int) -> Tensor[DT, B, int]:
    order = st.argsort(x, axis=-1)
    best = st.take_along_axis(x, order[:, -k:], axis=1)
    return st.flip(best, axis=1) + st.sort(x, axis=-1)[:, -k:]


def assigned_in_expressions(x: Tensor[F32, L[6], L[4]], v: int) -> Tensor[F32, L[6], L[4]]:
    n = m = k = 4
    if (n := v) > 3:
        pass
    [(m := i) for i in range(v)]
    match v:
        case k:
            pass
    return x + st.zeros((n, 4)) + st.zeros((m, 4)) + st.zeros((k, 4))


def replaced_names(x: Tensor[F32, L[6], L[4]], c: bool) -> Tensor[F32, L[6], L[4]]:
    n = tau = 4
    if c:
        from math import tau  # type: ignore[assignment]
    del n
    n = 6
    return x + st.zeros((n, 4)) + st.zeros((int(tau), 4))


def wide_numbers(x: Tensor[F64, B], n: int) -> Tensor[F64, B]:
    scale = 10**n
    total: Tensor[F64, B] = (
        x * scale + x / 3 + n - x * (n / 2) + 2**-n * x + (x > n).astype(F64) + x // max(n, 1) + x % (n or 1)
    )
    return total


def chained(x: Tensor[F32, B, T]) -> bool:
    return bool((x > 0.0).all()) and not (x != x).any().item() and float(x.max()) < 1e9 and 0 < x.shape[0] < 10


def powers(x: Tensor[F32, B, T], n: int, exponent: float) -> AnyTensor:
    total = st.ones_like(x)
    for i in range(n):
        total = total + x**i / math.factorial(i)
    return total + x**exponent + st.pow(x, n) + exponent**x + abs(n) * x - -x
