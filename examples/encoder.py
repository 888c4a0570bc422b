"""A transformer encoder whose every shape is proved: `shapetensor check examples/encoder.py`, then run it.

It reads an image of 8x8 pixels as a text of 8 words, one a row. `B` is any batch, `T` any number of words, `D` the
width of a word and `H` the number of heads: whatever they are, mypy knows that attention gives back what it was given.
"""

from __future__ import annotations

import argparse
import math
from typing import Generic, TypeVar
from typing import Literal as L

from sklearn.datasets import load_digits

import shapetensor as st
from shapetensor import F32, I64, U32, Tensor, nn, optim

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
F = TypeVar("F", bound=int)
H = TypeVar("H", bound=int)
N = TypeVar("N", bound=int)
Key = Tensor[U32, L[4]]


class Attention(st.Module, Generic[D, H]):
    """Each word looks at all words, with H pairs of eyes (Vaswani et al., 2017)."""

    heads: H

    def __init__(self, width: D, heads: H, key: Key) -> None:
        keys = st.random.split(key, 4)
        self.heads = heads
        self.query = nn.Linear(width, width, key=keys[0])
        self.key = nn.Linear(width, width, key=keys[1])
        self.value = nn.Linear(width, width, key=keys[2])
        self.out = nn.Linear(width, width, key=keys[3])

    def split(self, x: Tensor[F32, B, T, D]) -> Tensor[F32, B, H, T, L["D//H"]]:
        batch, words, width = x.shape
        return x.reshape((batch, words, self.heads, width // self.heads)).permute_dims((0, 2, 1, 3))

    def join(self, x: Tensor[F32, B, H, T, L["D//H"]]) -> Tensor[F32, B, T, L["H*(D//H)"]]:
        batch, heads, words, width = x.shape
        return x.permute_dims((0, 2, 1, 3)).reshape((batch, words, heads * width))

    def weights(self, x: Tensor[F32, B, T, D]) -> Tensor[F32, B, H, T, T]:
        query, key = self.split(self.query(x)), self.split(self.key(x))
        return st.softmax(query @ key.mT / math.sqrt(query.shape[-1]), axis=-1)

    def __call__(self, x: Tensor[F32, B, T, D]) -> Tensor[F32, B, T, D]:
        mixed = self.weights(x) @ self.split(self.value(x))
        return self.out(self.join(mixed).reshape(x.shape))


class FeedForward(st.Module, Generic[D, F]):
    """Each word by itself: wider, bent, and back."""

    def __init__(self, width: D, hidden: F, key: Key) -> None:
        keys = st.random.split(key)
        self.up = nn.Linear(width, hidden, key=keys[0])
        self.down = nn.Linear(hidden, width, key=keys[1])

    def __call__(self, x: Tensor[F32, B, T, D]) -> Tensor[F32, B, T, D]:
        return self.down(st.gelu(self.up(x)))


class Block(st.Module, Generic[D, F, H]):
    """Attention and feed-forward, each added to its normalised input."""

    def __init__(self, width: D, hidden: F, heads: H, key: Key) -> None:
        keys = st.random.split(key)
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads, keys[0])
        self.norm2 = nn.LayerNorm(width)
        self.feed_forward = FeedForward(width, hidden, keys[1])

    def __call__(self, x: Tensor[F32, B, T, D]) -> Tensor[F32, B, T, D]:
        x = x + self.attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))


class Encoder(st.Module, Generic[T, D, N]):
    """T words of 8 pixels -> width D, two blocks, the mean word -> N scores."""

    def __init__(self, words: T, width: D, classes: N, key: Key) -> None:
        keys = st.random.split(key, 5)
        self.embed = nn.Linear(8, width, key=keys[0])
        self.place = nn.Embedding(words, width, key=keys[1])
        self.block1 = Block(width, 128, 4, keys[2])
        self.block2 = Block(width, 128, 4, keys[3])
        self.norm = nn.LayerNorm(width)
        self.scores = nn.Linear(width, classes, key=keys[4])

    def __call__(self, images: Tensor[F32, B, T, L[8]]) -> Tensor[F32, B, N]:
        x = self.embed(images) + self.place.weight
        return self.scores(self.norm(self.block2(self.block1(x))).mean(axis=1))


Model = Encoder[L[8], L[64], L[10]]
optimizer = optim.AdamW(lr=2e-3)
State = optim.AdamState[Model]


@st.compile
def step(
    model: Model, state: State, images: Tensor[F32, B, L[8], L[8]], labels: Tensor[I64, B]
) -> tuple[Model, State, Tensor[F32]]:
    def loss_of(model: Model) -> Tensor[F32]:
        return st.losses.cross_entropy(model(images), labels, label_smoothing=0.1)

    loss, gradients = st.value_and_grad(loss_of)(model)
    return *optimizer.update(model, gradients, state), loss


def accuracy(scores: Tensor[F32, B, N], labels: Tensor[I64, B]) -> Tensor[F32]:
    return (scores.argmax(axis=1) == labels).astype(F32).mean()


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a transformer encoder on handwritten digits.")
    parser.add_argument("--epochs", type=int, default=10)
    epochs = parser.parse_args().epochs
    pixels, targets = load_digits(return_X_y=True)
    images: Tensor[F32, int, L[8], L[8]] = (st.tensor(pixels, dtype=F32) / 16.0).reshape((-1, 8, 8))
    labels: Tensor[I64, int] = st.tensor(targets, dtype=I64)
    model_key, order_key = st.random.split(st.random.key(0))
    model = Encoder(8, 64, 10, model_key)
    state = optimizer.init(model)
    for epoch in range(epochs):
        order = st.random.permutation(st.random.fold_in(order_key, epoch), 1472)
        for batch in st.split(order, 23):
            model, state, loss = step(model, state, images[batch], labels[batch])
        scores = model(images[1472:])
        print(
            f"epoch {epoch + 1}  loss {float(loss):.3f}  accuracy {100 * float(accuracy(scores, labels[1472:])):.1f} %"
        )


if __name__ == "__main__":
    main()
