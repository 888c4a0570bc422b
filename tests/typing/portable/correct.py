"""Correct programs: no type checker reports anything here, with the plugin or without it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Self, TypeVar, TypeVarTuple
from typing import Literal as L

import shapetensor as st
from shapetensor import F32, F64, I64, U32, Bool, Mul, Tensor, nn, optim

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
H = TypeVar("H", bound=int)
S = TypeVarTuple("S")
Scalar = Tensor[F32]
Key = Tensor[U32, L[4]]


# Constructors: their sizes are unknown, and so they fit every declared type of their rank.
def constructed(n: int) -> None:
    zeros: Tensor[F32, L[2], L[3]] = st.zeros((2, 3))
    ones: Tensor[I64, L[4]] = st.ones(4, dtype=I64)
    full: Tensor[F64, Any, L[3]] = st.full((n, 3), 0.5, dtype="float64")
    listed: Tensor[F32, L[2], L[2]] = st.tensor([[1.0, 2.0], [3.0, 4.0]])
    named: Tensor[F32, L["batch"], L[3]] = st.ones((n, 3))
    scalar: Scalar = st.tensor(0.5)
    drawn: Tensor[F32, L[2], L[3]] = st.random.normal(st.random.key(0), (2, 3))
    like: Tensor[I64, L[2], L[3]] = st.zeros_like(zeros, dtype=I64)
    numbers: Tensor[I64, L[3]] = st.arange(3)
    row_sums(st.zeros((n, 3)))
    row_sums(st.zeros_like(zeros))
    everything = (zeros, ones, full, listed, named, scalar, drawn, like, numbers)
    assert [x.ndim for x in everything] == [2, 1, 2, 2, 2, 0, 2, 2, 1]


def row_sums(x: Tensor[F32, B, L[3]]) -> Tensor[F32, B]:
    return x.sum(axis=1)


# Arithmetic, comparisons, functions of one element, reductions.
def standardised(x: Tensor[F32, B, D]) -> Tensor[F32, B, D]:
    centred = x - x.mean(axis=0, keepdims=True)
    return centred / (x.std(axis=0, keepdims=True) + 1e-5)


def distance(x: Tensor[F32, B, D], y: Tensor[F32, B, D]) -> Tensor[F32, B]:
    return ((x - y) ** 2).sum(axis=-1).sqrt()


def gated(x: Tensor[F32, *S], gate: Tensor[Bool, *S], scale: float) -> Tensor[F32, *S]:
    return st.where(gate & ~(x < 0.0), 1.0 - x.exp() * scale, -x + scale * x)


def softmax(x: Tensor[F32, *S]) -> Tensor[F32, *S]:
    e = (x - x.max(axis=-1, keepdims=True)).exp()
    return e / e.sum(axis=-1, keepdims=True)


def clipped(x: Tensor[F32, *S], mask: Tensor[Bool, *S]) -> Tensor[F32, *S]:
    y = st.where(mask | (x > 3.0), x.maximum(0.0).clip(max=5.0), 0.0)
    return st.flip(st.sort(y.round() // 2.0 % 3.0)) ** 2 + (x == y).astype(F32)


def stretched(x: Tensor[F32, D], batch: Tensor[F32, B, D]) -> Tensor[F32, B, D]:
    total: Tensor[F32, B, D] = x + batch
    return total * x + st.zeros((len(batch), 1))


def of_counts(counts: Tensor[I64, B]) -> Tensor[F32, B]:
    mean: Tensor[F32] = (counts / 2).mean()
    roots: Tensor[F32, B] = counts.sqrt()
    return (counts.exp() + roots + st.softmax(counts)) * mean


# Products.
def projected(x: Tensor[F32, B, L[784]], w: Tensor[F32, L[784], D]) -> Tensor[F32, B, D]:
    return x @ w


def of_sequences(x: Tensor[F32, *S, D], w: Tensor[F32, D, H]) -> Tensor[F32, *S, H]:
    return st.matmul(x, w)


def affine(x: Tensor[F32, *S, D], w: Tensor[F32, H, D], b: Tensor[F32, H], wide: Tensor[F64, H]) -> Tensor[F32, *S, H]:
    without: Tensor[F32, *S, H] = st.linear(x, w)
    mixed: Tensor[F64, *S, H] = st.linear(x, w, wide)
    assert without.shape == mixed.shape
    return st.linear(x, w, b)


def affine_of_unknown(
    x: Tensor[F32, B, D],
    w: Tensor[F32, D, D],
    b: Tensor[F32, D],
    n: Tensor[F32, int, int],
    m: Tensor[F32, int],
    a: Tensor[F32, *tuple[Any, ...]],
    v: Tensor[F32, *tuple[Any, ...]],
) -> None:
    whole = st.linear(n, w, b), st.linear(x, n, b), st.linear(x, n), st.linear(x, w, m), st.linear(n, n, m)
    ranks = st.linear(a, w, b), st.linear(x, a, b), st.linear(x, a), st.linear(x, w, v), st.linear(a, a, v)
    made: Tensor[F32, B, D] = st.linear(x, st.zeros(w.shape), st.zeros(b.shape))
    assert all(y.ndim == 2 for y in (*whole, *ranks, made))


def attention(q: Tensor[F32, B, T, D], k: Tensor[F32, B, T, D], v: Tensor[F32, B, T, D]) -> Tensor[F32, B, T, D]:
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    mask = st.tril(st.ones((q.shape[1], q.shape[1]), dtype=Bool))
    weights: Tensor[F32, B, T, T] = st.softmax(st.where(mask, scores, -math.inf))
    return weights @ v


def products(x: Tensor[F32, B, D], v: Tensor[F32, D], a: Tensor[F32, Any, Any], n: Tensor[F32, int, int]) -> None:
    by_vector: Tensor[F32, B] = x @ v
    by_row: Tensor[F32, D] = v @ (x.mT @ x)
    inner: Scalar = v @ v
    unknown: Tensor[F32, B] = x @ st.ones(x.shape[1])
    also: Tensor[F32, B, L[2]] = x @ st.ones((x.shape[1], 2))
    mixed: Tensor[Any] = st.losses.mse_loss(x, st.zeros_like(x, dtype=F64)) + st.losses.l1_loss(x @ (x.mT @ x), x)
    whole = mixed, x @ a, a @ x.mT, x @ n, n @ x.mT, n @ v, x.mT @ x @ v
    assert all(y is not None for y in (by_vector, by_row, inner, unknown, also, *whole))


# Arithmetic of dimensions, and shapes as values.
def flat(x: Tensor[F32, B, T, D]) -> Tensor[F32, L["B*T"], D]:
    b, t, d = x.shape
    return x.reshape((b * t, d))


def flat_too(x: Tensor[F32, B, T, D]) -> Tensor[F32, Mul[B, T], D]:
    b, t, _ = x.shape
    return x.reshape(b * t, -1)


def shifted(x: Tensor[F32, B, T]) -> Tensor[F32, B, L["T-1"]]:
    return x[:, 1:] - x[:, :-1]


def heads(x: Tensor[F32, B, T, D], h: int) -> Tensor[F32, B, Any, T, Any]:
    b, t, d = x.shape
    assert d % h == 0
    return x.reshape((b, t, h, d // h)).permute_dims((0, 2, 1, 3))


def shaped(x: Tensor[F32, *S], y: Tensor[F32, B, D]) -> Tensor[F32, *S]:
    first, *_ = y.shape
    assert first == len(y)
    assert math.prod(y.shape) == y.size
    noise = st.random.uniform(st.random.key(0), x.shape)
    zeros = st.zeros(x.shape)
    whole = st.reshape(x.reshape(-1), x.shape).broadcast_to(x.shape)
    first, second = y.shape
    first, second = second, first + 1
    pair: Tensor[F32, B, D] = st.broadcast_to(y[0] + y[-1, None], y.shape).reshape(y.shape)
    return x * 0.0 + noise + zeros + whole + pair.mean()


def loop(x: Tensor[F32, B, D]) -> list[float]:
    return [float(row.max()) for row in x] + [x[0, 0].item(), float(x.at[0].set(1.0).at[1, :].add(x[0]).sum())]


# Layers and models. Undeclared layers are of unknown width.
class Classifier(st.Module):
    hidden: nn.Linear[L[784], L[128]]
    norm: nn.BatchNorm1d[L[128]]
    dropout: nn.Dropout
    scores: nn.Linear[L[128], L[10]]

    def __init__(self, key: Key) -> None:
        first, second = st.random.split(key)
        self.hidden = nn.Linear(784, 128, key=first)
        self.norm = nn.BatchNorm1d(128)
        self.dropout = nn.Dropout(0.5)
        self.scores = nn.Linear(128, 10, key=second)

    def __call__(self, x: Tensor[F32, B, L[784]]) -> Tensor[F32, B, L[10]]:
        return self.scores(self.norm(self.hidden(x)).relu())

    def training(self, x: Tensor[F32, B, L[784]], *, key: Key) -> tuple[Tensor[F32, B, L[10]], Self]:
        hidden, norm = self.norm.training(self.hidden(x), key=key)
        dropped, _ = self.dropout.training(st.gelu(hidden), key=key)
        return self.scores(dropped), self.replace(norm=norm)


class Attention(st.Module, Generic[D, H]):
    weight: Tensor[F32, D, H]
    out: nn.Linear[H, D]
    scale: float = 1.0

    def __call__(self, x: Tensor[F32, *S, D]) -> Tensor[F32, *S, D]:
        return self.out(x @ self.weight * self.scale)


class Scaled(nn.Linear[L[3], L[2]]):
    factor: float

    def __init__(self, factor: float, key: Key) -> None:
        super().__init__(3, 2, key=key)
        self.factor = factor


class Head(nn.Linear[L[3], L[2]], init=False):
    def twice(self, x: Tensor[F32, B, L[3]]) -> Tensor[F32, B, L[2]]:
        return 2.0 * self(x)


class Pair(st.Module):
    left: nn.Linear[L[3], L[2]]
    right: nn.Linear[L[3], L[2]]
    weight: float = 0.5

    def __call__(self, x: Tensor[F32, B, L[3]]) -> Tensor[F32, B, L[2]]:
        return self.left(x) * self.weight + self.right(x)


def layers(key: Key, x: Tensor[F32, B, L[784]]) -> Tensor[F32, B, L[10]]:
    attention = Attention(st.ones((784, 16)), nn.Linear(16, 784, key=key))
    model = nn.Sequential(nn.Linear(784, 128, key=key), nn.ReLU(), nn.LayerNorm(128), nn.Linear(128, 10, key=key))
    typed = nn.Linear[L[784], L[10]](784, 10, key=key)
    table: nn.Embedding[L[100], L[784]] = nn.Embedding(100, 784, key=key)
    words: Tensor[F32, L[2], L[3], L[784]] = table(st.tensor([[3, 1, 4], [1, 5, 9]]))
    both: Tensor[F32, B, L[10]] = model(x) + typed(attention(x)) + Classifier(key)(x)
    trained, model = model.training(x, key=key)
    scaled: Tensor[F32, L[1], L[2]] = Scaled(2.0, key)(st.ones((1, 3)))
    scaled = Pair(Head(3, 2, key=key), Scaled(2.0, key), weight=1.0)(st.ones((1, 3)))
    scaled = scaled + Head(3, 2, key=key).twice(st.ones((1, 3)))
    total: Scalar = words.sum() + scaled.sum() + trained.sum()
    return both + nn.Linear(784, 10, bias=False, key=key)(x) * total


# Training: gradients are of the type of what they are gradients of.
class Batch(NamedTuple):
    images: Tensor[F32, int, L[784]]
    labels: Tensor[I64, int]


@dataclass(frozen=True)
class Settings:
    rate: float = 1e-3


optimizer = optim.AdamW(lr=1e-3)
State = optim.AdamState[Classifier]


@st.compile
def step(model: Classifier, state: State, batch: Batch, key: Key) -> tuple[Classifier, State, Scalar]:
    def loss_of(model: Classifier) -> tuple[Scalar, Classifier]:
        scores, after = model.training(batch.images, key=key)
        return st.losses.cross_entropy(scores, batch.labels), after

    (loss, model), gradients = st.value_and_grad(loss_of, has_aux=True)(model)
    gradients, norm = optim.clip_by_global_norm(gradients, 1.0)
    model, state = optimizer.update(model, gradients, state)
    return model, state, loss + 0.0 * norm


def squares(w: Tensor[F32, D], x: Tensor[F32, B, D]) -> Tensor[F32]:
    return ((x @ w) ** 2).mean()


def derivatives(w: Tensor[F32, L[3]], x: Tensor[F32, L[2], L[3]], model: nn.Linear[L[3], L[3]]) -> None:
    gradient: Tensor[F32, L[3]] = st.grad(squares)(w, x)
    value, again = st.value_and_grad(squares)(w, x)
    w -= 0.1 * (gradient + again) * value
    both: tuple[Tensor[F32, L[3]], Tensor[F32, L[2], L[3]]] = st.grad(squares, (0, 1))(w, x)
    second: Tensor[F32, L[2], L[3]] = st.grad(squares, argnums=1)(w, x)
    of_model: nn.Linear[L[3], L[3]] = st.grad(lambda m: (m(x) ** 2).sum())(model)
    of_dict = st.grad(lambda tree: (tree["a"] * tree["b"]).sum())({"a": w, "b": w})
    cube = st.grad(st.grad(lambda x: (x * x * x).sum()))(st.tensor(2.0))
    value, pull = st.vjp(lambda w: x @ w, w)
    (back,) = pull(st.ones_like(value))
    _, forward = st.jvp(lambda w, x: x @ w, (w, x), (w, x))
    norms: Tensor[F32, L[2]] = st.vmap(lambda row: (row * row).sum())(x)
    mapped: Tensor[F32, L[2]] = st.vmap(squares, in_axes=(None, 0))(w, x.reshape((2, 1, 3)))
    traced = st.traced({"w": w})
    found = (traced["w"] * 2.0).sum().backward(wrt=traced)
    of_traced: Tensor[F32, L[3]] = found[traced["w"]] + found.of(traced)["w"]
    weight = st.grad(squares)(w, st.ones((2, 3))) + of_model.weight[0] + of_dict["a"] + cube + back
    assert all(y is not None for y in (both, second, forward, norms, mapped, of_traced, weight, of_model.bias))


def run() -> None:
    """Call it all: what is here is correct."""
    key = st.random.key(0)
    x, y = st.random.normal(key, (2, 3)), st.ones((2, 3, 4))
    model, state = Classifier(key), optimizer.init(Classifier(key))
    batch = Batch(st.random.normal(key, (8, 784)), st.tensor([1, 2, 3, 4, 5, 6, 7, 8]))
    for i in range(2):
        model, state, loss = step(model, state, batch, st.random.fold_in(key, i))
        assert math.isfinite(float(loss) * Settings().rate)
    assert layers(key, batch.images).shape == model(batch.images).shape == (8, 10)
    constructed(2)
    derivatives(st.ones(3), x, nn.Linear(3, 3, key=key))
    products(x, st.ones(3), st.ones((3, 3)), st.ones((3, 3)))
    kept = [softmax(x), clipped(x, x > 0.0), standardised(x), gated(x, x > 0.0, 2.0), stretched(x[0], x), shaped(x, x)]
    assert all(found.shape == (2, 3) for found in kept)
    assert distance(x, x).shape == shifted(x)[:, 0].shape == (2,)
    assert of_counts(st.arange(3)).shape == (3,)
    assert len(flat(y)) == len(flat_too(y)) == 6
    assert heads(y, 2).shape == (2, 2, 3, 2)
    assert projected(st.ones((2, 784)), st.ones((784, 3))).shape == (2, 3)
    assert of_sequences(y, st.ones((4, 5))).shape == (2, 3, 5)
    assert affine(y, st.ones((5, 4)), st.ones(5), st.ones(5, dtype=F64)).shape == (2, 3, 5)
    affine_of_unknown(x, *(st.ones((3,) * rank) for rank in (2, 1, 2, 1, 2, 1)))
    assert attention(y, y, y).shape == (2, 3, 4)
    assert len(loop(x)) == 4
