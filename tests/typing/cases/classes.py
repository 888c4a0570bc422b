"""Sizes of classes: generic classes, dataclasses, tuples with names, methods, properties, aliases."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, Self, TypeVar, reveal_type
from typing import Literal as L

from typing_extensions import TypeVarTuple, Unpack

import shapetensor as st
from shapetensor import F32, F64, I64, FloorDiv, Mul, Tensor, nn

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
H = TypeVar("H", bound=int)
S = TypeVarTuple("S")
Image = Tensor[F32, B, L[1], L[28], L[28]]
Flat = Tensor[F32, B, Mul[T, D]]
Vector = Tensor[F32, L[3]]


class Heads(Generic[D, H]):
    """Attention's heads: D is their width together, H their number."""

    heads: H
    weight: Tensor[F32, L["D//H"], D]
    bias: Tensor[F32, FloorDiv[D, H]]

    def __init__(self, width: D, heads: H) -> None:
        self.heads = heads
        self.weight = st.zeros((width // heads, width))
        self.bias = st.zeros((width // heads,))

    def split(self, x: Tensor[F32, B, D]) -> Tensor[F32, B, H, L["D//H"]]:
        reveal_type(self.weight)  # R: Tensor[F32, D//H, D]
        b, d = x.shape
        return x.reshape((b, self.heads, d // self.heads))

    def narrow(self, x: Tensor[F32, B, D]) -> Tensor[F32, B, L["D//H"]]:
        return x @ self.weight.mT + self.bias

    def wrong(self, x: Tensor[F32, B, D]) -> Tensor[F32, B, L["D//H"]]:
        return x @ self.weight
        # E: Incompatible return value type (got "Tensor[F32, B, D]", expected "Tensor[F32, B, FloorDiv[D, H]]")  [return-value]

    @property
    def square(self) -> Tensor[F32, D, D]:
        return self.weight.mT @ self.weight

    @classmethod
    def of(cls, width: D, heads: H) -> Self:
        return cls(width, heads)

    @staticmethod
    def mixed(x: Tensor[F32, T, D], y: Tensor[F32, D, T]) -> Tensor[F32, T, T]:
        return x @ y


def methods(x: Tensor[F32, B, L[64]], bad: Tensor[F32, B, L[63]]) -> None:
    layer = Heads(64, 4)
    reveal_type(layer)  # R: Heads[64, 4]
    reveal_type(layer.split(x))  # R: Tensor[F32, B, 4, 16]
    reveal_type(layer.narrow(x))  # R: Tensor[F32, B, 16]
    layer.split(bad)
    # E: Heads.split: x has shape (B, 63), not (B, 64): axis 1: 63 != 64
    layer.narrow(x) + st.zeros(15)
    # E: add: shapes (B, 16) and (15,) do not broadcast: axis -1: 16 != 15


def attributes(layer: Heads[L[64], L[4]]) -> None:
    reveal_type(layer.weight)  # R: Tensor[F32, 16, 64]
    reveal_type(layer.bias)  # R: Tensor[F32, 16]
    reveal_type(layer.square)  # R: Tensor[F32, 64, 64]
    reveal_type(layer.heads)  # R: 4
    layer.weight @ layer.weight
    # E: matmul: (16, 64) @ (16, 64): inner dimensions differ: 64 != 16
    # N: did you mean `w.mT` with shape (64, 16)?


def assigned(layer: Heads[L[64], L[4]]) -> None:
    layer.bias = st.zeros(16)
    layer.bias = st.zeros(17)
    # E: Incompatible types in assignment (expression has type "Tensor[F32, Literal[17]]", variable has type "Tensor[F32, Literal[16]]")  [assignment]


def class_methods(x: Tensor[F32, L[2], L[3]]) -> None:
    reveal_type(Heads.of(64, 4))  # R: Heads[64, 4]
    reveal_type(Heads.mixed(x, x.mT))  # R: Tensor[F32, 2, 2]
    Heads.mixed(x, x)
    # E: Heads.mixed: y has shape (2, 3), not (D, T): axis 0: 2 != 3, where D = 3 comes from x


def of_symbols(d: D, h: H, x: Tensor[F32, B, D], bad: Tensor[F32, D, B]) -> None:
    layer = Heads(d, h)
    reveal_type(layer)  # R: Heads[D, H]
    reveal_type(layer.split(x))  # R: Tensor[F32, B, H, D//H]
    layer.split(bad)
    # E: Heads.split: x has shape (D, B), not (B, D): axis 1: B and D are not known to be equal


def passed_on(layer: Heads[D, H], x: Tensor[F32, B, D]) -> Tensor[F32, B, FloorDiv[D, H]]:
    reveal_type(layer.split(x))  # R: Tensor[F32, B, H, D//H]
    layer.split(x) @ x
    return layer.narrow(x)


class Wide(Heads[D, L[2]]):
    def __init__(self, width: D) -> None:
        super().__init__(width, 2)

    def twice(self, x: Tensor[F32, B, D]) -> Tensor[F32, B, L[2], L["D//2"]]:
        reveal_type(self.split(x))  # R: Tensor[F32, B, 2, D//2]
        return self.split(x)


def subclasses(x: Tensor[F32, B, L[8]], bad: Tensor[F32, B, L[9]]) -> None:
    reveal_type(Wide(8))  # R: Wide[8]
    reveal_type(Wide(8).split(x))  # R: Tensor[F32, B, 2, 4]
    reveal_type(Wide(8).twice(x))  # R: Tensor[F32, B, 2, 4]
    Wide(8).split(bad)
    # E: Heads.split: x has shape (B, 9), not (B, 8): axis 1: 9 != 8


@dataclass
class Batch(Generic[B, D]):
    inputs: Tensor[F32, B, D]
    labels: Tensor[I64, B]
    weights: Tensor[F32, B] | None = None


def dataclasses(x: Tensor[F32, L[8], L[3]], labels: Tensor[I64, L[8]], bad: Tensor[I64, L[7]]) -> None:
    batch = Batch(x, labels)
    reveal_type(batch)  # R: Batch[8, 3]
    reveal_type(batch.inputs)  # R: Tensor[F32, 8, 3]
    reveal_type(batch.inputs.mT @ batch.inputs)  # R: Tensor[F32, 3, 3]
    Batch(x, bad)
    # E: Batch: labels has shape (7,), not (B,): axis 0: 7 != 8, where B = 8 comes from inputs
    Batch(inputs=x, labels=x)
    # E: Batch: labels is F32, not I64: write labels.astype(I64)


class Pair(NamedTuple):
    left: Tensor[F32, L[2], L[3]]
    right: Vector


def named_tuples(x: Tensor[F32, L[2], L[3]], v: Vector, bad: Tensor[F32, L[4]]) -> None:
    left, right = Pair(x, v)
    reveal_type(left @ right)  # R: Tensor[F32, 2]
    reveal_type(Pair(x, v)[1])  # R: Tensor[F32, 3]
    Pair(x, bad)
    # E: Pair: right has shape (4,), not (3,): axis 0: 4 != 3


def aliases(image: Image[L[2]], x: Image[B], bad: Tensor[F32, L[2], L[1], L[28], L[27]]) -> None:
    reveal_type(image)  # R: Tensor[F32, 2, 1, 28, 28]
    reveal_type(flattened(image))  # R: Tensor[F32, 2, 784]
    reveal_type(flattened(x))  # R: Tensor[F32, B, 784]
    flattened(bad)
    # E: flattened: x has shape (2, 1, 28, 27), not (B, 1, 28, 28): axis 3: 27 != 28


def flattened(x: Image[B]) -> Tensor[F32, B, L[784]]:
    return x.reshape((-1, 784))


def alias_of_products(x: Flat[B, L[2], L[3]], like: Tensor[F32, T, D], y: Flat[B, T, D]) -> None:
    reveal_type(x)  # R: Tensor[F32, B, 6]
    reveal_type(y)  # R: Tensor[F32, B, D*T]
    reveal_type(y @ like.reshape(-1))  # R: Tensor[F32, B]
    x @ st.zeros(5)
    # E: matmul: (B, 6) @ (5,): inner dimensions differ: 6 != 5


class Layer(Protocol[D]):
    @abstractmethod
    def __call__(self, x: Tensor[F32, B, D], /) -> Tensor[F32, B, D]: ...


def through(layer: Layer[D], x: Tensor[F32, B, D]) -> Tensor[F32, B, D]:
    return layer(layer(x))


class Doubled:
    count: ClassVar[int] = 0

    def __call__(self, x: Tensor[F32, B, L[3]], /) -> Tensor[F32, B, L[3]]:
        return x * 2.0


def protocols(x: Tensor[F32, L[2], L[3]], bad: Tensor[F32, L[2], L[4]]) -> None:
    reveal_type(through(Doubled(), x))  # R: Tensor[F32, 2, 3]
    through(nn.ReLU(), bad) @ x.mT
    # E: matmul: (2, 4) @ (3, 2): inner dimensions differ: 4 != 3


class Table(Generic[Unpack[S]]):
    def __init__(self, shape: tuple[Unpack[S]]) -> None:
        self.values: Tensor[F32, Unpack[S]] = st.zeros(shape)

    def __getitem__(self, i: int) -> Tensor[F32, Unpack[S]]:
        return self.values

    def __matmul__(self, other: Tensor[F32, Unpack[S], D]) -> Tensor[F32, D]:
        return (self.values.expand_dims(-1) * other).reshape((-1, other.shape[-1])).sum(axis=0)


def operators(x: Tensor[F32, L[2], L[3], L[4]], bad: Tensor[F32, L[2], L[2], L[4]]) -> None:
    table = Table((2, 3))
    reveal_type(table)  # R: Table[2, 3]
    reveal_type(table.values)  # R: Tensor[F32, 2, 3]
    reveal_type(table[0])  # R: Tensor[F32, 2, 3]
    reveal_type(table @ x)  # R: Tensor[F32, 4]
    table @ bad
    # E: Table.__matmul__: other has shape (2, 2, 4), not (2, 3, D): axis 1: 2 != 3


class Chained:
    def __init__(self, x: Tensor[F32, L[2], L[3]]) -> None:
        self.x = x
        self.total = x.sum(axis=0)

    def next(self, w: Tensor[F32, L[3], L[3]]) -> Self:
        reveal_type(self.x @ w)  # R: Tensor[F32, 2, 3]
        reveal_type(self.total)  # R: Tensor[F32, 3]
        self.x = self.x @ w
        self.x = w @ w
        # E: Incompatible types in assignment (expression has type "Tensor[F32, Literal[3], Literal[3]]", variable has type "Tensor[F32, Literal[2], Literal[3]]")  [assignment]
        return self


def containers(
    xs: list[Tensor[F32, L[2], L[3]]], named: dict[str, Tensor[F32, L[3]]], x: Tensor[F32, L[2], L[4]]
) -> None:
    reveal_type(xs[0] @ named["a"])  # R: Tensor[F32, 2]
    reveal_type([a.mT for a in xs])  # R: list[Tensor[F32, 3, 2]]
    xs[0] @ x
    # E: matmul: (2, 3) @ (2, 4): inner dimensions differ: 3 != 2
    xs.append(x)
    # E: Argument 1 to "append" of "list" has incompatible type "Tensor[F32, Literal[2], Literal[4]]"; expected "Tensor[F32, Literal[2], Literal[3]]"  [arg-type]


def calls_in_calls(x: Tensor[F32, L[2], L[3]], double: Tensor[F64, L[2], L[1], L[28], L[28]]) -> None:
    reveal_type(flattened(st.zeros((2, 28, 28))[:, None]) @ st.zeros((784, 1)))  # R: Tensor[F32, 2, 1]
    flattened(flattened(st.zeros((2, 1, 28, 28))))
    # E: flattened: x has shape (2, 784), not (B, 1, 28, 28): it has 2 axes, not 4
    flattened(double)
    # E: flattened: x is F64, not F32: write x.astype(F32)


def optional_fields(batch: Batch[L[8], L[3]], other: Batch[Any, L[3]]) -> None:
    weights = batch.weights
    if weights is not None:
        reveal_type(weights)  # R: Tensor[F32, 8]
        reveal_type(weights @ batch.inputs)  # R: Tensor[F32, 3]
        batch.inputs @ weights
        # E: matmul: (8, 3) @ (8,): inner dimensions differ: 3 != 8
    reveal_type(other.inputs)  # R: Tensor[F32, Any, 3]
