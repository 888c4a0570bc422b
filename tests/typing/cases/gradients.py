"""Gradients, compiled functions, and functions that are mapped."""

from __future__ import annotations

from typing import Literal as L
from typing import TypeVar, reveal_type

import shapetensor as st
from shapetensor import F32, I64, U32, Tensor, nn, optim

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
Key = Tensor[U32, L[4]]
Model = nn.Linear[L[4], L[2]]


def energy(w: Tensor[F32, D, D], x: Tensor[F32, D]) -> Tensor[F32]:
    return x @ w @ x


def loss_of(model: Model, x: Tensor[F32, B, L[4]], labels: Tensor[I64, B]) -> Tensor[F32]:
    return st.losses.cross_entropy(model(x), labels)


def grad(w: Tensor[F32, L[3], L[3]], x: Tensor[F32, L[3]], bad: Tensor[F32, L[4]]) -> None:
    reveal_type(st.grad(energy)(w, x))  # R: Tensor[F32, 3, 3]
    st.grad(energy)(w, x) @ bad
    # E: matmul: (3, 3) @ (4,): inner dimensions differ: 3 != 4
    st.grad(energy)(w, bad)
    # E: energy: x has shape (4,), not (D,): axis 0: 4 != 3, where D = 3 comes from w


def grad_of_the_second(w: Tensor[F32, L[3], L[3]], x: Tensor[F32, L[3]]) -> None:
    reveal_type(st.grad(energy, 1)(w, x))  # R: Tensor[F32, 3]
    reveal_type(st.grad(energy, argnums=(0, 1))(w, x))  # R: tuple[Tensor[F32, 3, 3], Tensor[F32, 3]]
    st.grad(energy, 1)(w, x) + st.zeros(4)
    # E: add: shapes (3,) and (4,) do not broadcast: axis -1: 3 != 4


def value_and_grad(w: Tensor[F32, L[3], L[3]], x: Tensor[F32, L[3]]) -> None:
    value, slope = st.value_and_grad(energy)(w, x)
    reveal_type(value)  # R: Tensor[F32]
    reveal_type(slope)  # R: Tensor[F32, 3, 3]
    slope @ st.zeros((4, 4))
    # E: matmul: (3, 3) @ (4, 4): inner dimensions differ: 3 != 4


def grad_of_modules(
    model: Model, x: Tensor[F32, L[8], L[4]], labels: Tensor[I64, L[8]], bad: Tensor[I64, L[7]]
) -> None:
    loss, gradients = st.value_and_grad(loss_of)(model, x, labels)
    reveal_type(loss)  # R: Tensor[F32]
    reveal_type(gradients)  # R: Linear[4, 2]
    reveal_type(gradients.weight)  # R: Tensor[F32, 2, 4]
    st.value_and_grad(loss_of)(model, x, bad)
    # E: loss_of: labels has shape (7,), not (B,): axis 0: 7 != 8, where B = 8 comes from x


def grad_of_nested_functions(model: Model, x: Tensor[F32, B, L[4]], labels: Tensor[I64, B]) -> None:
    def inner(model: Model) -> Tensor[F32]:
        return loss_of(model, x, labels)

    loss, gradients = st.value_and_grad(inner)(model)
    reveal_type(gradients)  # R: Linear[4, 2]
    reveal_type(st.grad(inner)(model).weight)  # R: Tensor[F32, 2, 4]


def grad_of_lambdas(x: Tensor[F32, B, D]) -> None:
    reveal_type(st.grad(lambda v: (v * v).sum())(x))  # R: Any


def auxiliary(x: Tensor[F32, L[3]]) -> None:
    reveal_type(st.grad(with_auxiliary, has_aux=True)(x))  # R: tuple[Tensor[F32, 3], Tensor[F32, 3]]
    reveal_type(st.value_and_grad(with_auxiliary, has_aux=True)(x))
    # R: tuple[tuple[Tensor[F32], Tensor[F32, 3]], Tensor[F32, 3]]


def with_auxiliary(x: Tensor[F32, D]) -> tuple[Tensor[F32], Tensor[F32, D]]:
    return x.sum(), x * 2.0


def not_a_scalar(x: Tensor[F32, L[3]]) -> Tensor[F32, L[3]]:
    return x * 2.0


def grad_of_vectors(x: Tensor[F32, L[3]]) -> None:
    st.grad(lambda v: not_a_scalar(v).sum())(x)
    st.grad(not_a_scalar)(x)
    # E: grad: the loss has shape (3,), not (): take .sum() or .mean() of it


@st.compile
def product(x: Tensor[F32, B, T], w: Tensor[F32, T, D]) -> Tensor[F32, B, D]:
    return x @ w


@st.compile
def wrong_product(x: Tensor[F32, B, T], w: Tensor[F32, T, D]) -> Tensor[F32, B, D]:
    return w @ x
    # E: matmul: (T, D) @ (B, T): inner dimensions differ: D and B are not known to be equal


def compiled(x: Tensor[F32, L[2], L[3]]) -> None:
    reveal_type(product(x, st.zeros((3, 4))))  # R: Tensor[F32, 2, 4]
    product(x, st.zeros((4, 3)))
    # E: product: w has shape (4, 3), not (T, D): axis 0: 4 != 3, where T = 3 comes from x
    product(x, st.zeros((3, 4))) + st.zeros(5)
    # E: add: shapes (2, 4) and (5,) do not broadcast: axis -1: 4 != 5


def compiled_here(x: Tensor[F32, L[2], L[3]]) -> None:
    fast = st.compile(not_a_scalar)
    reveal_type(fast(x[0]))  # R: Tensor[F32, 3]
    fast(x)
    # E: not_a_scalar: x has shape (2, 3), not (3,): it has 2 axes, not 1


def backward(x: Tensor[F32, L[3]]) -> None:
    v = x.traced()
    reveal_type(v)  # R: Tensor[F32, 3]
    reveal_type(st.traced(x))  # R: Tensor[F32, 3]
    reveal_type((v * v).sum().backward(wrt=v))  # R: Gradients


def optimized(model: Model, x: Tensor[F32, L[8], L[4]], labels: Tensor[I64, L[8]]) -> None:
    optimizer = optim.SGD(lr=0.1)
    state = optimizer.init(model)
    gradients = st.grad(loss_of)(model, x, labels)
    after, state = optimizer.update(model, gradients, state)
    reveal_type(after)  # R: Linear[4, 2]
    after(x.mT)
    # E: Linear: x has shape (4, 8), its last axis should be in_features=4


def mapped(x: Tensor[F32, B, L[3]]) -> Tensor[F32, B]:
    total: Tensor[F32, B] = st.vmap(lambda row: row.sum())(x)
    return total
