"""Correct programs: mypy says nothing about any of them."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Protocol, Self, TypedDict, TypeVar, cast
from typing import Literal as L

import numpy as np
from typing_extensions import TypeVarTuple, Unpack

import shapetensor as st
from shapetensor import F32, F64, I64, U32, Bool, DType, Float, Mul, Tensor, nn, optim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapetensor.tensor import AnyTensor

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
H = TypeVar("H", bound=int)
N = TypeVar("N", bound=int)
S = TypeVarTuple("S")
DT = TypeVar("DT", bound=Float)
ANY = TypeVar("ANY", bound=DType)
M = TypeVar("M", bound=st.Module)
X = TypeVar("X")
Key = Tensor[U32, L[4]]
Image = Tensor[F32, B, L[3], T, T]
Scalar = Tensor[F32]


def row_sums(x: Tensor[F32, B, L[3]]) -> Tensor[F32, B]:
    return x.sum(axis=1)


def exactly(x: Tensor[F32, L[2], L[3]]) -> Tensor[F32, L[6]]:
    return x.reshape(6)


# Sizes and ranks that nobody knows.
def unknown_sizes(n: int, m: int) -> Tensor[F32, L[4]]:
    x = st.zeros((n, m))
    y = x @ st.ones((m, 4)) + st.ones((n, 4))
    row_sums(x)
    exactly(x)
    return y.sum(axis=0)


def int_sizes(x: Tensor[F32, int, L[3]], y: Tensor[F32, int, int]) -> Tensor[F32, L[5]]:
    row_sums(x)
    exactly(x)
    exactly(y)
    z: Tensor[F32, L[7], L[3]] = x
    return row_sums(z[:5]) + row_sums(y)[:5] + x[:5, 0]


def int_sizes_of_results(x: Tensor[F32, int, int]) -> Tensor[F32, L[2], L[3]]:
    return x


def any_sizes(x: Tensor[F32, Any, Any], y: Tensor[Any, *tuple[Any, ...]], z: Any) -> Tensor[F32, B, D]:
    exactly(x)
    exactly(y)
    exactly(z)
    exactly(z @ x)
    total: Tensor[F32, B, D] = x + y + z  # to mypy the sum with an Any is an Any
    return total


def any_tensor(x: AnyTensor) -> AnyTensor:
    y = x.reshape((-1, 3)).sum(axis=0)
    exactly(x)
    row_sums(y[None])
    return x[0, ..., None] + x.mT @ x


def bare_tensor(data: list[float]) -> Tensor[F32, L[3]]:
    x = st.tensor(data)
    return x - x.mean() + x[::2][0]


def unknown_axis(x: Tensor[F32, B, T], axis: int, axes: tuple[int, ...]) -> Tensor[F32, T]:
    return x.sum(axis=axis) + x.mean(axis=axes) + st.flip(x, axis=axes)[0]


def unknown_keys(x: Tensor[F32, B, T], key: Any, keys: tuple[slice, int], n: int | None) -> Tensor[F32, T]:
    return x[key] + x[keys] + x[:n][0] + x[n:, :1][0, 0]


# Sizes that programs compute.
def sizes_as_ints(x: Tensor[F32, B, T]) -> Tensor[F32, T]:
    n: int = x.shape[0]
    total = x.sum(axis=0)
    return total / n if n > 1 else total


def size_in_arithmetic(x: Tensor[F32, B, T]) -> float:
    b, t = x.shape
    mean = float(x.sum()) / (b * t)
    return mean / math.sqrt(x.shape[-1]) + 1 / b + (b - 1) / t + b % 2 + b**2 - b / 2.0 + abs(b - t) + max(b, t)


def half_of_size(x: Tensor[F32, B, T]) -> tuple[AnyTensor, AnyTensor]:
    half = x.shape[1] // 2
    return x[:, :half], x[:, half:]


def both_halves(x: Tensor[F32, B, Mul[L[2], T]]) -> Tensor[F32, B, T]:
    half = x.shape[1] // 2
    return x[:, :half] * st.sigmoid(x[:, half:])


def rotated(x: Tensor[F32, B, T]) -> Tensor[F32, B, T]:
    half = x.shape[-1] // 2
    return st.concat([x[..., half:], x[..., :half]], axis=-1)


def sizes_in_loops(x: Tensor[F32, B, T]) -> Tensor[F32, B]:
    total = st.zeros((x.shape[0],))
    for t in range(x.shape[1]):
        total = total + x[:, t]
    return total


def sizes_in_containers(x: Tensor[F32, B, T]) -> dict[str, int]:
    sizes: list[int] = list(x.shape)
    sizes.append(x.ndim)
    first, *rest = x.shape
    return {"all": x.size, "rows": x.shape[0], "last": sizes[-1], "sum": sum(x.shape) + first + sum(rest)}


def sizes_compared(x: Tensor[F32, B, T], y: Tensor[F32, B, D]) -> Tensor[F32, B, T]:
    if x.shape[1] != y.shape[1]:
        raise ValueError("sizes differ")
    assert x.shape[0] == y.shape[0]
    return x if x.shape == (3, 4) else x * 2.0


def size_as_argument(x: Tensor[F32, B, T], n: int) -> Tensor[F32, B, T]:
    make(n, 3)
    make(x.shape[0], n)
    make(len(x), x.ndim)
    return make(x.shape[0], x.shape[1]) + x


def make(n: N, m: H) -> Tensor[F32, N, H]:
    return st.zeros((n, m))


def product_of_sizes(x: Tensor[F32, Unpack[S], D]) -> Tensor[F32, Unpack[S], D]:
    lead: tuple[Any, ...] = x.shape[:-1]
    return x.reshape((math.prod(lead), x.shape[-1])).reshape(x.shape)


def blocks(x: Tensor[F32, B, T], size: int) -> list[AnyTensor]:
    return [x[:, i : i + size] for i in range(0, x.shape[1], size)]


# Ranks that programs ask for.
def either_rank(x: Tensor[F32, *tuple[Any, ...]]) -> Tensor[F32, int]:
    if x.ndim == 2:
        return x.sum(axis=1)
    if len(x.shape) == 3:
        b, t, d = x.shape
        return x.reshape((b, t * d)).sum(axis=1)
    return x


def vector_or_matrix(x: Tensor[F32, D] | Tensor[F32, B, D]) -> Tensor[F32, D]:
    if x.ndim == 2:
        return x.sum(axis=0)
    return x


def checked_instance(x: object) -> Scalar | None:
    if isinstance(x, Tensor):
        return x.sum() if x.ndim else None
    return None


def optional(x: Tensor[F32, B, D], mask: Tensor[Bool, B, L[1]] | None = None) -> Tensor[F32, B, D]:
    if mask is not None:
        x = st.where(mask, x, 0.0)
    y = x if mask is None else x * mask
    return y + (0.0 if mask is None else mask.astype(F32))


def optional_bias(x: Tensor[F32, B, D], w: Tensor[F32, D, H], bias: Tensor[F32, H] | None) -> Tensor[F32, B, H]:
    y = x @ w
    if bias is None:
        return y
    return y + bias


def one_of_two_shapes(c: bool, x: Tensor[F32, L[2], L[3]], y: Tensor[F32, L[4], L[3]]) -> Tensor[F32, L[3]]:
    z = x if c else y
    row_sums(z)
    return (z * 2.0).sum(axis=0) + (st.zeros(3) if c else st.zeros((1,)))


def tensor_or_number(x: Tensor[F32, B], factor: Tensor[F32, B] | float) -> Tensor[F32, B]:
    return x * factor + 1.0 / (1.0 + abs(factor) if isinstance(factor, float) else factor)


# Loops.
def through_layers(x: Tensor[F32, B, L[8]], layers: list[nn.Linear[L[8], L[8]]]) -> Tensor[F32, B, L[8]]:
    for layer in layers:
        x = layer(x).relu()
    return x


def through_unknown_layers(x: Tensor[F32, B, L[8]], layers: Sequence[nn.Linear[Any, Any]]) -> Tensor[F32, B, L[2]]:
    y: AnyTensor = x
    for layer in layers:
        y = layer(y)
    return y


def through_any_callables(x: Tensor[F32, B, L[8]], steps: Iterable[Callable[[AnyTensor], AnyTensor]]) -> AnyTensor:
    y: AnyTensor = x
    for step in steps:
        y = step(y)
    return functools.reduce(lambda z, f: f(z), steps, y)


def growing(x: Tensor[F32, B, T]) -> Tensor[F32, int, T]:
    rows: Tensor[F32, int, T] = x
    for _ in range(3):
        rows = st.concat([rows, x])
    return rows


def collected(x: Tensor[F32, B, T]) -> AnyTensor:
    parts = []
    for i in range(4):
        parts.append(x * float(i))
    return st.concat(parts, axis=1) + st.stack(parts).sum(axis=0)[:, :1]


def comprehension(x: Tensor[F32, L[3], T]) -> Tensor[F32, L[3], T]:
    rows = [row / row.sum() for row in x]
    pairs = {i: row for i, row in enumerate(x)}
    return st.stack(rows) + st.stack([pairs[i] for i in range(3)]) + st.stack([x[i] for i in range(3)])


def zipped(xs: list[Tensor[F32, B, T]], ys: list[Tensor[F32, B, T]]) -> Scalar:
    losses = [st.losses.mse_loss(x, y) for x, y in zip(xs, ys, strict=True)]
    return sum((st.losses.mse_loss(x, y) for x, y in zip(xs, ys, strict=True)), st.tensor(0.0)) + losses[0]


def recurrent(x: Tensor[F32, B, T, D], w: Tensor[F32, D, D]) -> Tensor[F32, B, D]:
    state = st.zeros((x.shape[0], x.shape[2]))
    for t in range(x.shape[1]):
        state = (state @ w + x[:, t]).tanh()
    return state


def power(x: Tensor[F32, D, D], n: int) -> Tensor[F32, D, D]:
    result = st.eye(x.shape[0])
    while n:
        if n % 2:
            result = result @ x
        x = x @ x
        n //= 2
    return result


def last_of_loop(xs: list[Tensor[F32, B]]) -> Tensor[F32, B] | None:
    found = None
    for x in xs:
        if found is None or float(x.sum()) > float(found.sum()):
            found = x
    return found


# Functions of many kinds.
def stars(*xs: Tensor[F32, B, D], **named: Tensor[F32, D]) -> Tensor[F32, B, D]:
    total = sum(xs[1:], xs[0])
    for bias in named.values():
        total = total + bias
    return total


def calls_of_stars(x: Tensor[F32, B, D], xs: list[Tensor[F32, B, D]], bias: Mapping[str, Tensor[F32, D]]) -> None:
    stars(x)
    stars(x, x, bias=x[0], other=x[1])
    stars(*xs, **bias)
    stars(*[x, x], **{"bias": x[0]})
    st.concat([*xs, x])
    st.zeros((*x.shape, 3))
    x.reshape((*x.shape[:1], -1))
    x.reshape(*x.shape)


def closures(x: Tensor[F32, B, T]) -> Callable[[Tensor[F32, T]], Tensor[F32, B]]:
    def times(v: Tensor[F32, T]) -> Tensor[F32, B]:
        return x @ v

    return times


def lambdas(x: Tensor[F32, B, T]) -> Tensor[F32, B, T]:
    halves: Callable[[Tensor[F32, B, T]], Tensor[F32, B, T]] = lambda v: v / 2.0  # noqa: E731
    return halves(x * 2.0)


def nested_arithmetic(x: Tensor[F32, B, T]) -> Tensor[F32, Mul[B, T]]:
    def flat(y: Tensor[F32, H, D]) -> Tensor[F32, Mul[H, D]]:
        return y.reshape(-1)

    def unflat(y: Tensor[F32, Mul[H, D]], n: H, m: D) -> Tensor[F32, H, D]:
        return y.reshape((n, m))

    return flat(unflat(flat(x), x.shape[0], x.shape[1]))


def mapped(f: Callable[[X], X], value: X) -> X:
    return f(value)


def higher_order(x: Tensor[F32, B, T]) -> Tensor[F32, B, T]:
    return mapped(st.softmax, mapped(lambda v: v + 1.0, mapped(st.relu, x)))


def partial(x: Tensor[F32, B, L[3]]) -> Tensor[F32, B]:
    total = functools.partial(st.sum, axis=1)
    shifted = functools.partial(add_row, bias=st.zeros(3))
    return total(shifted(x))


def add_row(x: Tensor[F32, B, D], bias: Tensor[F32, D]) -> Tensor[F32, B, D]:
    return x + bias


@functools.lru_cache
def cached(n: int) -> Tensor[F32, int, int]:
    return st.tril(st.ones((n, n)))


@functools.wraps(cached)
def wrapped(n: int) -> Tensor[F32, int, int]:
    return cached(n)


def masked_scores(q: Tensor[F32, B, T, D], k: Tensor[F32, B, T, D]) -> Tensor[F32, B, T, T]:
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    scores = st.where(cached(q.shape[1]) > 0.0, scores, -math.inf)
    return st.softmax(scores, axis=-1)


@contextmanager
def scaled(x: Tensor[F32, B, D]) -> Iterator[Tensor[F32, B, D]]:
    yield x * 2.0


def managed(x: Tensor[F32, B, D]) -> Tensor[F32, B, D]:
    with scaled(x) as y:
        return y + x


def generated(x: Tensor[F32, B, D], size: int) -> Iterator[tuple[int, Tensor[F32, int, D]]]:
    for start in range(0, x.shape[0], size):
        yield start, x[start : start + size]


def batches(
    x: Tensor[F32, B, D], labels: Tensor[I64, B], key: Key
) -> Iterator[tuple[Tensor[F32, int, D], Tensor[I64, int]]]:
    order = st.random.permutation(key, x.shape[0])
    for rows in st.split(order, 4):
        yield x[rows], labels[rows]


async def later(x: Tensor[F32, B, D]) -> Tensor[F32, D]:
    return (await later(x[None, 0])) + x[0]


# Classes.
class Predictor(Protocol):
    def __call__(self, x: Tensor[F32, B, L[3]], /) -> Tensor[F32, B]: ...


def protocol(f: Predictor, x: Tensor[F32, L[5], L[3]]) -> Tensor[F32, L[5]]:
    return f(x)


def protocols(x: Tensor[F32, L[5], L[3]]) -> Tensor[F32, L[5]]:
    return protocol(row_sums, x)


@dataclass(frozen=True)
class Batch(Generic[B, D]):
    inputs: Tensor[F32, B, D]
    labels: Tensor[I64, B]
    weights: Tensor[F32, B] | None = None
    names: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        return self.inputs.shape[0]

    def half(self) -> Batch[int, D]:
        n = self.size // 2
        return Batch(self.inputs[:n], self.labels[:n])

    def scaled(self, factor: float) -> Self:
        return replace(self, inputs=self.inputs * factor)


def dataclasses(x: Tensor[F32, L[8], L[3]], labels: Tensor[I64, L[8]], n: int) -> Tensor[F32, int]:
    batch = Batch(x, labels, weights=st.ones(8))
    unknown = Batch(st.zeros((n, 3)), st.zeros(n, dtype=I64))
    return row_sums(batch.scaled(0.5).inputs) + row_sums(batch.half().inputs) + row_sums(unknown.inputs)


class Pair(NamedTuple):
    left: Tensor[F32, int, L[3]]
    right: Tensor[F32, int]


def named_tuples(x: Tensor[F32, B, L[3]]) -> Tensor[F32, B]:
    left, right = Pair(x, row_sums(x))
    both = Pair(left=x, right=right)
    return row_sums(both.left) + both[1] + row_sums(left)


class Record(TypedDict):
    x: Tensor[F32, int, L[3]]
    y: Tensor[F32, L[2]]


def typed_dicts(x: Tensor[F32, B, L[3]]) -> Tensor[F32, int]:
    record: Record = {"x": x, "y": st.zeros(2)}
    record["y"] = st.ones((2,))
    return row_sums(record["x"])


class Scale(nn.Linear[D, D]):
    """A subclass of a layer of the library."""

    def extra(self, x: Tensor[F32, B, D]) -> Tensor[F32, B, D]:
        return self(x) + x @ self.weight


def subclassed(layer: Scale[L[4]], x: Tensor[F32, B, L[4]]) -> Tensor[F32, B, L[4]]:
    return nn.Sequential(layer, nn.ReLU())(layer.extra(x))


class Stack(st.Module):
    layers: tuple[nn.Linear[L[4], L[4]], ...]
    head: nn.Linear[L[4], L[2]] | None
    scale: float = 1.0

    def __call__(self, x: Tensor[F32, B, L[4]]) -> Tensor[F32, B, int]:
        for layer in self.layers:
            x = x + layer(x).relu() * self.scale
        return x if self.head is None else self.head(x)


def stacks(x: Tensor[F32, B, L[4]], keys: list[Key], n: int) -> Tensor[F32, B, int]:
    model = Stack(tuple(nn.Linear(4, 4, key=key) for key in keys), None)
    blocks = nn.Sequential(*[nn.Linear(4, 4, key=key) for key in keys])
    return model(blocks(x)) + nn.Linear(n, n, key=keys[0])(x)


class Conditional(st.Module):
    def __init__(self, width: int, deep: bool, key: Key) -> None:
        self.first = nn.Linear(3, width, key=key)
        self.second = nn.Linear(width, width, key=key) if deep else None
        self.norm: nn.LayerNorm[int] | nn.BatchNorm1d[int] = nn.LayerNorm(width) if deep else nn.BatchNorm1d(width)
        self.activation = st.relu if deep else st.gelu

    def __call__(self, x: Tensor[F32, B, L[3]]) -> AnyTensor:
        y = self.first(x)
        if self.second is not None:
            y = self.second(y)
        return self.activation(self.norm(y))


class Configured(st.Module, Generic[N]):
    config: dict[str, int]
    table: nn.Embedding[int, N]

    def __call__(self, words: Tensor[I64, B, T]) -> Tensor[F32, B, T, N]:
        return self.table(words)


def trained(model: M, x: AnyTensor, key: Key) -> tuple[M, Scalar]:
    def loss_of(model: M) -> Scalar:
        y: AnyTensor = model(x)
        return y.mean()

    loss, gradients = st.value_and_grad(loss_of)(model)
    optimizer = optim.SGD(lr=0.1)
    after, _ = optimizer.update(model, gradients, optimizer.init(model))
    return after, loss


@st.compile
def step(w: Tensor[F32, D, H], x: Tensor[F32, B, D]) -> Tensor[F32, B, H]:
    return x @ w


def compiled(n: int) -> Tensor[F32, L[2], L[4]]:
    step(st.zeros((n, 4)), st.zeros((2, n)))
    return step(st.zeros((3, 4)), st.zeros((2, 3)))


def transformed(x: Tensor[F32, B, D], w: Tensor[F32, D]) -> Tensor[F32, B, D]:
    rows: Tensor[F32, B, D] = st.vmap(lambda row: row * w)(x)
    slope = st.grad(lambda v: (v * v).sum())(w)
    _, back = st.vjp(lambda v: v * 2.0, x)
    value, change = st.jvp(lambda v: v.exp(), (x,), (x,))
    total: Tensor[F32, B, D] = rows + slope + back(x)[0] + value + change
    return total


# Other libraries, other dtypes.
def from_arrays(a: np.ndarray[Any, np.dtype[np.float32]], rows: list[list[float]]) -> Tensor[F32, int, L[3]]:
    x = st.from_numpy(a)
    y = st.tensor(rows, dtype=F32)
    z = 2.0 * y + float(np.mean(x.numpy())) + int(a.shape[0])
    return x + y + z + st.asarray(np.ones((1, 3), np.float32)) + st.tensor(a.tolist(), dtype="float32")


def to_python(x: Tensor[F32, B], y: Tensor[F32]) -> list[float]:
    values = [float(v) for v in x]
    return [*values, float(y), y.item(), float(x.numpy()[0]), len(x), *x.tolist()]


def generic_dtypes(x: Tensor[DT, B, D], y: Tensor[DT, D]) -> Tensor[DT, B, D]:
    return x - y * x.mean() + st.softmax(x) + st.zeros_like(x) + x.sqrt() * 2.0


def any_dtypes(x: Tensor[ANY, B, D], dtype: type[ANY]) -> Tensor[ANY, D, B]:
    y = x.astype(dtype).mT
    return st.concat([y, y])[: x.shape[1]]


def dtype_in_variable(x: Tensor[F32, B], dtype: str, wide: bool) -> Tensor[F64, B]:
    return (x.astype(dtype) + x.astype(F64 if wide else F32)).astype(F64)


def dtype_by_condition(x: Tensor[F32, B] | Tensor[F64, B]) -> Tensor[Any, B]:
    return x.astype(F64) if x.dtype is F32 else x + x


def integers(labels: Tensor[I64, B], n: int) -> Tensor[F32, B, int]:
    hot = st.one_hot(labels, n)
    return hot * (labels % 2 == 0).astype(F32).expand_dims(-1) / n


def masks(x: Tensor[F32, B, T], lengths: Tensor[I64, B]) -> Tensor[F32, B]:
    mask = st.arange(x.shape[1]) < lengths[:, None]
    return st.where(mask, x, 0.0).sum(axis=1) / lengths


def python_numbers(x: Tensor[F32, B], a: int, b: float, c: bool) -> Tensor[F32, B]:
    return a * x + b - x / a + x**b + (x if c else -x) + x * c + round(b) + max(a, 1)


# Aliases, named axes, casts.
def aliases(x: Image[B, T], y: Image[L[2], L[5]]) -> Image[B, T]:
    grey = x.mean(axis=1, keepdims=True)
    first: Image[L[1], L[5]] = y[:1]
    return st.concat([grey, grey, grey], axis=1) * first.mean()


def named_axes(x: Tensor[F32, L["batch"], L["time"]], y: Tensor[F32, L["time"]]) -> Tensor[F32, L["batch"]]:
    named_rows(x)
    return (x * y).sum(axis=1) + x @ y


def named_rows(x: Tensor[F32, L["batch"], L["time"]]) -> Tensor[F32, L["batch"]]:
    time = x.shape[1] - 1
    for t in range(x.shape[1]):
        x = x + float(t) / time
    return x[:, 0] + st.zeros((x.shape[0],)) + st.zeros((x.shape[0], time + 1)).sum(axis=1)


def named_axes_of_sizes(n: int, x: Tensor[F32, B, L[4]]) -> Tensor[F32, L[2]]:
    named_rows(st.zeros((n, 3)))
    named_rows(x)
    return named_rows(st.zeros((2, 3)))


def casts(x: object, n: int) -> Tensor[F32, B, D]:
    y = cast("Tensor[F32, B, D]", x)
    z: Tensor[F32, B, D] = st.zeros((n, n))
    return y + z


SIZE: Final = 4
PADDED = SIZE + 1
TABLE = {"a": st.zeros((2, 3)), "b": st.zeros((2, 3))}
SHAPES: dict[str, tuple[int, ...]] = {"w": (2, 3), "b": (3,)}


def module_level(name: str) -> Tensor[F32, int]:
    parameters = {key: st.zeros(shape) for key, shape in SHAPES.items()}
    return row_sums(TABLE[name]) + (TABLE["a"] @ parameters["w"].mT + parameters["b"])[0] + st.zeros((PADDED,))[:2]


def try_and_match(x: Tensor[F32, B, T], mode: L["sum", "mean"]) -> Tensor[F32, B]:
    try:
        y = x.sum(axis=1)
    except st.ShapeError:
        y = x[:, 0]
    match mode:
        case "sum":
            return y
        case "mean":
            return x.mean(axis=1)


def walrus(x: Tensor[F32, B, T]) -> Tensor[F32, B]:
    if float((total := x.sum(axis=1)).max()) > 0.0:
        return total
    return total * 0.0


def reassigned(x: Tensor[F32, B, L[28], L[28]], w: Tensor[F32, L[784], L[10]]) -> Tensor[F32, B, L[10]]:
    y = x.reshape((x.shape[0], -1)) @ w
    y = y - y.max(axis=1, keepdims=True)
    y = y.exp()
    y /= y.sum(axis=1, keepdims=True)
    return y


def attention(x: Tensor[F32, B, T, D], heads: H, w: Tensor[F32, D, Mul[L[3], D]]) -> Tensor[F32, B, T, D]:
    b, t, d = x.shape
    q, k, v = (
        part.reshape((b, t, heads, d // heads)).permute_dims((0, 2, 1, 3)) for part in st.split(x @ w, 3, axis=-1)
    )
    mixed = st.softmax(q @ k.mT / math.sqrt(d // heads)) @ v
    return mixed.permute_dims((0, 2, 1, 3)).reshape((b, t, d))


def patches(images: Tensor[F32, B, L[28], L[28]]) -> Tensor[F32, B, L[16], L[49]]:
    b = images.shape[0]
    return images.reshape((b, 4, 7, 4, 7)).permute_dims((0, 1, 3, 2, 4)).reshape((b, 16, 49))


def pairwise(x: Tensor[F32, B, D], y: Tensor[F32, T, D]) -> Tensor[F32, B, T]:
    squares = (x * x).sum(axis=1, keepdims=True) - 2.0 * x @ y.mT + (y * y).sum(axis=1)
    return squares.maximum(0.0).sqrt()


def positions(n: int, d: int) -> Tensor[F32, int, int]:
    rates = (st.arange(d // 2, dtype=F32) * (-math.log(1e4) / (d // 2))).exp()
    angles = st.arange(n, dtype=F32)[:, None] * rates
    return st.concat([st.sin(angles), st.cos(angles)], axis=1)


def even_positions(x: Tensor[F32, B, T]) -> AnyTensor:
    even, odd = x[:, ::2], x[:, 1::2]
    return even[:, : odd.shape[1]] + odd


def convolved(x: Tensor[F32, B, T], width: int) -> AnyTensor:
    padded = st.pad(x, ((0, 0), (width // 2, width // 2)))
    windows = [padded[:, i : i + x.shape[1]] for i in range(width)]
    return st.stack(windows, axis=-1).mean(axis=-1) + x


def three(x: Tensor[F32, L[3]]) -> Tensor[F32, L[3]]:
    return x


def of_several_shapes(x: Tensor[F32, L[3]], y: Tensor[F32, L[4]], z: Tensor[F64, L[3], L[2]]) -> None:
    for v in [x, y]:
        three(v)
        v + v.exp()
    for w in [x, y, z]:
        w + w
        w.sum() * 2.0
    table = {"x": x, "y": y}
    three(table["x"])
    rows = [x]
    rows.append(st.zeros(4)[:3])
    three(st.stack(rows)[0])
    max([x, y], key=lambda t: t.size).exp()


class Kept:
    def __init__(self) -> None:
        self.all = [st.zeros(3)]
        self.last = st.zeros((1, 3))

    def keep(self, x: Tensor[F32, L[4]], row: Tensor[F32, L[3]]) -> None:
        self.all.append(x)
        self.all[0] = st.zeros((2, 2))
        self.last = st.concat([self.last, row[None]])


def kept_in_names(x: Tensor[F32, B, D]) -> None:
    levels = [x]
    levels.append(x.mT)
    weights = {"w": st.zeros((3, 4))}
    weights["b"] = st.zeros(4)
    weights.update(c=st.zeros((2, 2)))
    grown = []
    grown.append(x)
    grown.append(st.concat([x, x]))
