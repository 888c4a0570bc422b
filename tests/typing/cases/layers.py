"""Layers: what they are made with, and what they make of tensors."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, reveal_type
from typing import Literal as L

from typing_extensions import TypeVarTuple, Unpack

import shapetensor as st
from shapetensor import F32, F64, I64, U32, Tensor, nn

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
H = TypeVar("H", bound=int)
S = TypeVarTuple("S")
Key = Tensor[U32, L[4]]


def linear(key: Key, x: Tensor[F32, B, L[64]], bad: Tensor[F32, B, L[63]]) -> None:
    layer = nn.Linear(64, 10, key=key)
    reveal_type(layer)  # R: Linear[64, 10]
    reveal_type(layer(x))  # R: Tensor[F32, B, 10]
    layer(bad)
    # E: Linear: x has shape (B, 63), its last axis should be in_features=64


def linear_on_any_axes(
    layer: nn.Linear[L[4], L[5]], v: Tensor[F32, L[4]], x: Tensor[F32, B, T, L[4]], s: Tensor[F32]
) -> None:
    reveal_type(layer(v))  # R: Tensor[F32, 5]
    reveal_type(layer(x))  # R: Tensor[F32, B, T, 5]
    layer(s)
    # E: Linear: x has shape (), its last axis should be in_features=4
    layer(x.mT)
    # E: Linear: x has shape (B, 4, T), its last axis should be in_features=4


def linear_parameters(layer: nn.Linear[L[4], L[5]], bare: nn.Linear[D, H]) -> None:
    reveal_type(layer.weight)  # R: Tensor[F32, 5, 4]
    reveal_type(layer.in_features)  # R: 4
    reveal_type(bare.weight)  # R: Tensor[F32, H, D]
    reveal_type(nn.Linear(4, 5, bias=False, key=st.random.key(0)).bias)  # R: Tensor[F32, 5] | None
    layer.weight @ layer.weight
    # E: matmul: (5, 4) @ (5, 4): inner dimensions differ: 4 != 5
    # N: did you mean `w.mT` with shape (4, 5)?


def linear_of_symbols(key: Key, d: D, h: H, x: Tensor[F32, B, D], bad: Tensor[F32, B, H]) -> None:
    layer = nn.Linear(d, h, key=key)
    reveal_type(layer)  # R: Linear[D, H]
    reveal_type(layer(x))  # R: Tensor[F32, B, H]
    layer(bad)
    # E: Linear: x has shape (B, H), its last axis should be in_features=D


def linear_of_variables(key: Key, n: int, x: Tensor[F32, B, L[64]]) -> None:
    layer = nn.Linear(n, 10, key=key)
    reveal_type(layer)  # R: Linear[Any, 10]
    reveal_type(layer(x))  # R: Tensor[F32, B, 10]
    layer(x) @ st.zeros((9, 1))
    # E: matmul: (B, 10) @ (9, 1): inner dimensions differ: 10 != 9


def wrong_arguments(key: Key) -> None:
    nn.Linear(4, 5, key=key)
    nn.LayerNorm(0)
    nn.LayerNorm(-1)
    # E: LayerNorm: normalized_shape=(-1,) should be the sizes of at least one axis
    nn.LayerNorm(())
    # E: LayerNorm: normalized_shape=() should be the sizes of at least one axis


def batch_norm(x: Tensor[F32, B, L[8]], images: Tensor[F32, B, L[8], T], bad: Tensor[F32, B, L[9]]) -> None:
    layer = nn.BatchNorm1d(8)
    reveal_type(layer)  # R: BatchNorm1d[8]
    reveal_type(layer(x))  # R: Tensor[F32, B, 8]
    reveal_type(layer(images))  # R: Tensor[F32, B, 8, T]
    layer(bad)
    # E: BatchNorm1d: x has shape (B, 9), not (n, 8) or (n, 8, l)
    layer(st.zeros((2, 8, 3, 3)))
    # E: BatchNorm1d: x has shape (2, 8, 3, 3), not (n, 8) or (n, 8, l)


def batch_norm_training(key: Key, x: Tensor[F32, B, L[8]], one: Tensor[F32, L[1], L[8]]) -> None:
    layer = nn.BatchNorm1d(8, affine=False)
    y, after = layer.training(x, key=key)
    reveal_type(y)  # R: Tensor[F32, B, 8]
    reveal_type(after)  # R: BatchNorm1d[8]
    layer.training(one, key=key)
    # E: BatchNorm1d: training needs more than 1 value per channel, x has shape (1, 8)


def layer_norm(x: Tensor[F32, B, T, L[8]], bad: Tensor[F32, B, T, L[9]]) -> None:
    reveal_type(nn.LayerNorm(8))  # R: LayerNorm[8]
    reveal_type(nn.LayerNorm(8)(x))  # R: Tensor[F32, B, T, 8]
    nn.LayerNorm(8)(bad)
    # E: LayerNorm: x has shape (B, T, 9), its last 1 axes should be normalized_shape=(8,)


def layer_norm_of_several(x: Tensor[F32, B, L[4], L[8]], bad: Tensor[F32, B, L[8], L[4]]) -> None:
    reveal_type(nn.LayerNorm((4, 8)))  # R: LayerNorm[4, 8]
    reveal_type(nn.LayerNorm((4, 8))(x))  # R: Tensor[F32, B, 4, 8]
    nn.LayerNorm((4, 8))(bad)
    # E: LayerNorm: x has shape (B, 8, 4), its last 2 axes should be normalized_shape=(4, 8)
    nn.LayerNorm((4, 8))(x[0, 0])
    # E: LayerNorm: x has shape (8,), its last 2 axes should be normalized_shape=(4, 8)


def embedding(key: Key, words: Tensor[I64, B, T], bad: Tensor[F32, B, T]) -> None:
    layer = nn.Embedding(100, 16, key=key)
    reveal_type(layer)  # R: Embedding[100, 16]
    reveal_type(layer(words))  # R: Tensor[F32, B, T, 16]
    layer(bad)
    # E: take: indices are integers, not F32: write indices.astype(I64)


def dropout(key: Key, x: Tensor[F32, B, D], bad: Tensor[F32, L[4]]) -> None:
    layer = nn.Dropout(0.5)
    reveal_type(layer(x))  # R: Tensor[F32, B, D]
    reveal_type(layer.training(x, key=key))  # R: tuple[Tensor[F32, B, D], Dropout]
    layer.training(x, key=bad)
    # E: a random key is a Tensor[U32, L[4]], not F32: make one with st.random.key(seed)


def residual(key: Key, x: Tensor[F32, B, L[8]]) -> None:
    reveal_type(nn.Residual(nn.Linear(8, 8, key=key)))  # R: Residual[Linear[8, 8]]
    reveal_type(nn.Residual(nn.Linear(8, 8, key=key))(x))  # R: Tensor[F32, B, 8]
    nn.Residual(nn.Linear(8, 7, key=key))(x)
    # E: Residual: inner makes (B, 7) of (B, 8): the shapes of a sum should be the same
    nn.Residual(nn.Linear(7, 8, key=key))(x)
    # E: Residual: inner: Linear: x has shape (B, 8), its last axis should be in_features=7


def flatten(x: Tensor[F32, B, L[8], L[8]], s: Tensor[F32]) -> None:
    reveal_type(nn.Flatten()(x))  # R: Tensor[F32, B, 64]
    reveal_type(nn.Flatten(0, 1)(x))  # R: Tensor[F32, 8*B, 8]
    nn.Flatten()(s)
    # E: Flatten: axis 1 is out of range for rank 0 (a scalar has no axes); the shape is ()
    nn.Flatten(2, 1)(x)
    # E: Flatten: x has shape (B, 8, 8), in which axis 1 is before 2


def sequential(key: Key, x: Tensor[F32, B, L[64]], bad: Tensor[F32, B, L[32]]) -> None:
    model = nn.Sequential(nn.Linear(64, 32, key=key), nn.ReLU(), nn.Linear(32, 10, key=key))
    reveal_type(model)  # R: Sequential[Linear[64, 32], ReLU, Linear[32, 10]]
    reveal_type(model(x))  # R: Tensor[F32, B, 10]
    model(bad)
    # E: Sequential: layer 0: Linear: x has shape (B, 32), its last axis should be in_features=64


def sequential_of_wrong_layers(key: Key, x: Tensor[F32, B, L[64]]) -> None:
    good = nn.Sequential(nn.Linear(64, 32, key=key), nn.Tanh(), nn.LayerNorm(32))
    reveal_type(good(x))  # R: Tensor[F32, B, 32]
    wrong = nn.Sequential(nn.Linear(64, 32, key=key), nn.Tanh(), nn.LayerNorm(31))
    wrong(x)
    # E: Sequential: layer 2: LayerNorm: x has shape (B, 32), its last 1 axes should be normalized_shape=(31,)


def sequential_in_sequential(key: Key, x: Tensor[F32, B, L[64]]) -> None:
    inner = nn.Sequential(nn.Linear(32, 16, key=key), nn.GELU())
    reveal_type(nn.Sequential(nn.Linear(64, 32, key=key), inner)(x))  # R: Tensor[F32, B, 16]
    nn.Sequential(nn.Linear(64, 31, key=key), inner)(x)
    # E: Sequential: layer 1: Sequential: layer 0: Linear: x has shape (B, 31), its last axis should be in_features=32


def sequential_training(key: Key, x: Tensor[F32, B, L[8]], bad: Tensor[F32, B, L[7]]) -> None:
    model = nn.Sequential(nn.Linear(8, 4, key=key), nn.BatchNorm1d(4), nn.Dropout(0.1))
    y, after = model.training(x, key=key)
    reveal_type(y)  # R: Tensor[F32, B, 4]
    reveal_type(after)  # R: Sequential[Linear[8, 4], BatchNorm1d[4], Dropout]
    model.training(bad, key=key)
    # E: Sequential: layer 0: Linear: x has shape (B, 7), its last axis should be in_features=8


def sequential_of_functions(key: Key, x: Tensor[F32, B, L[8]]) -> None:
    model = nn.Sequential(nn.Linear(8, 4, key=key), halves, nn.Linear(2, 1, key=key))
    reveal_type(model(x))  # R: Tensor[F32, B, 1]
    nn.Sequential(halves, nn.Linear(3, 1, key=key))(x)
    # E: Sequential: layer 0: halves: x has shape (B, 8), not (B, 4): axis 1: 8 != 4


def halves(x: Tensor[F32, B, L[4]]) -> Tensor[F32, B, L[2]]:
    return x[:, :2]


def activations(x: Tensor[F32, Unpack[S]], i: Tensor[I64, B]) -> None:
    reveal_type(nn.ReLU()(x))  # R: Tensor[F32, *S]
    reveal_type(nn.GELU()(x))  # R: Tensor[F32, *S]
    reveal_type(nn.Sigmoid()(x))  # R: Tensor[F32, *S]


class Perceptron(st.Module, Generic[D, H]):
    def __init__(self, width: D, hidden: H, key: Key) -> None:
        a, b = st.random.split(key)
        self.up = nn.Linear(width, hidden, key=a)
        self.norm = nn.BatchNorm1d(hidden)
        self.down = nn.Linear(hidden, width, key=b)

    def __call__(self, x: Tensor[F32, B, D]) -> Tensor[F32, B, D]:
        reveal_type(self.up)  # R: Linear[D, H]
        reveal_type(self.up(x))  # R: Tensor[F32, B, H]
        self.down(x)
        # E: Linear: x has shape (B, D), its last axis should be in_features=H
        return self.down(self.norm(self.up(x)).relu())


def own_layer(key: Key, x: Tensor[F32, B, L[8]], bad: Tensor[F32, B, L[9]]) -> None:
    layer = Perceptron(8, 16, key)
    reveal_type(layer)  # R: Perceptron[8, 16]
    reveal_type(layer(x))  # R: Tensor[F32, B, 8]
    reveal_type(layer.up.weight)  # R: Tensor[F32, 16, 8]
    layer(bad)
    # E: Perceptron.__call__: x has shape (B, 9), not (B, 8): axis 1: 9 != 8


def own_layer_in_sequential(key: Key, x: Tensor[F32, B, L[8]]) -> None:
    reveal_type(nn.Sequential(Perceptron(8, 16, key), nn.Linear(8, 2, key=key))(x))  # R: Tensor[F32, B, 2]
    nn.Sequential(nn.Linear(8, 9, key=key), Perceptron(8, 16, key))(x)
    # E: Sequential: layer 1: Perceptron.__call__: x has shape (B, 9), not (B, 8): axis 1: 9 != 8


def own_layer_before_wrong_layer(key: Key, x: Tensor[F32, B, L[8]]) -> None:
    reveal_type(nn.Residual(Perceptron(8, 16, key))(x))  # R: Tensor[F32, B, 8]
    nn.Sequential(Perceptron(8, 16, key), nn.Linear(7, 2, key=key))(x)
    # E: Sequential: layer 1: Linear: x has shape (B, 8), its last axis should be in_features=7


class Declared(st.Module):
    weight: Tensor[F32, L[3], L[2]]
    inner: nn.Linear[L[2], L[5]]

    def __call__(self, x: Tensor[F32, B, L[3]]) -> Tensor[F32, B, L[5]]:
        reveal_type(self.inner(x @ self.weight))  # R: Tensor[F32, B, 5]
        self.inner(x)
        # E: Linear: x has shape (B, 3), its last axis should be in_features=2
        return self.inner(x @ self.weight)


def declared_fields(key: Key, x: Tensor[F32, B, L[3]]) -> None:
    model = Declared(st.zeros((3, 2)), nn.Linear(2, 5, key=key))
    reveal_type(model(x))  # R: Tensor[F32, B, 5]
    Declared(st.zeros((3, 3)), nn.Linear(2, 5, key=key))
    # E: Declared: weight has shape (3, 3), not (3, 2): axis 1: 3 != 2


def replaced(layer: nn.Linear[L[4], L[5]], x: Tensor[F32, B, L[4]]) -> None:
    reveal_type(layer.replace(bias=None)(x))  # R: Tensor[F32, B, 5]
    layer.replace(bias=None)(x @ x.mT)
    # E: Linear: x has shape (B, B), its last axis should be in_features=4


def state(model: Declared) -> None:
    reveal_type(model.state_dict())  # R: dict[str, Tensor[Any, ...]]
    reveal_type(model.load_state_dict(model.state_dict()))  # R: Declared
    for name, parameter in model.named_parameters():
        reveal_type(parameter)  # R: Tensor[Any, ...]


def initialised(key: Key) -> None:
    reveal_type(nn.init.kaiming_uniform(key, (3, 4)))  # R: Tensor[F32, 3, 4]
    nn.init.kaiming_uniform(key, (3, 4)) @ nn.init.kaiming_uniform(key, (3, 4))
    # E: matmul: (3, 4) @ (3, 4): inner dimensions differ: 4 != 3
    # N: did you mean `w.mT` with shape (4, 3)?


def doubles(key: Key, x: Tensor[F32, B, L[4]], bad: Tensor[F64, B, L[4]]) -> None:
    layer = nn.Linear(4, 5, key=key)
    reveal_type(layer(x))  # R: Tensor[F32, B, 5]
    reveal_type(nn.LayerNorm(4)(bad))  # R: Tensor[F64, B, 4]


def unknown(
    layer: nn.Linear[Any, Any], anything: nn.Sequential[Unpack[tuple[Any, ...]]], x: Tensor[F32, B, L[4]]
) -> None:
    reveal_type(layer(x))  # R: Tensor[F32, B, Any]
    reveal_type(anything(x))  # R: Tensor[Any, ...]
    reveal_type(anything[0])  # R: Any
