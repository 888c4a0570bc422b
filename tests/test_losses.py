"""Losses against NumPy in double precision."""

from typing import Any

import numpy as np
import pytest

import shapetensor as st
from shapetensor import DTypeError, ShapeError, losses

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("lead", [(), (4,), (2, 3)])
def test_cross_entropy(lead: tuple[int, ...]) -> None:
    logits = RNG.normal(size=(*lead, 5))
    labels = np.asarray(RNG.integers(0, 5, lead))
    rows = np.log(np.exp(logits).sum(-1)) - np.take_along_axis(logits, labels[..., None], -1)[..., 0]
    args = st.tensor(logits), st.from_numpy(labels)
    st.testing.assert_close(losses.cross_entropy(*args, reduction="none"), rows)
    st.testing.assert_close(losses.cross_entropy(*args, reduction="sum"), rows.sum())
    st.testing.assert_close(losses.cross_entropy(*args), rows.mean())


def test_cross_entropy_of_large_logits() -> None:
    logits = st.tensor([[1e4, 0.0], [-1e4, 1e4]])
    value, gradient = st.value_and_grad(lambda x: losses.cross_entropy(x, st.tensor([0, 0])))(logits)
    assert value.item() == 1e4
    assert gradient.tolist() == [[0.0, 0.0], [-0.5, 0.5]]


def test_gradients() -> None:
    labels = st.tensor([0, 2, 1])
    logits = st.random.normal(st.random.key(0), (3, 4), dtype=st.F64)
    st.testing.check_grads(lambda x: losses.cross_entropy(x, labels), logits)
    st.testing.check_grads(losses.mse_loss, logits, logits * 0.5 + 1.0)


def test_labels_are_checked() -> None:
    with pytest.raises(ShapeError, match="cross_entropy"):
        losses.cross_entropy(st.zeros((2, 3)), st.tensor([0, 1, 2]))
    with pytest.raises(DTypeError, match="labels are class indices"):
        losses.cross_entropy(st.zeros((2, 3)), st.tensor([0.0, 1.0]))
    with pytest.raises(IndexError):
        losses.cross_entropy(st.zeros((2, 3)), st.tensor([0, 3]))


def test_mse_loss() -> None:
    a, b = RNG.normal(size=(2, 3, 4))
    args = st.tensor(a), st.tensor(b)
    st.testing.assert_close(losses.mse_loss(*args, reduction="none"), (a - b) ** 2)
    st.testing.assert_close(losses.mse_loss(*args, reduction="sum"), ((a - b) ** 2).sum())
    st.testing.assert_close(losses.mse_loss(*args), ((a - b) ** 2).mean())


def test_mse_loss_does_not_broadcast() -> None:
    with pytest.raises(ShapeError, match=r"^mse_loss: input \(3, 1\) and target \(3,\) have different shapes$"):
        losses.mse_loss(st.zeros((3, 1)), st.zeros(3))


@pytest.mark.parametrize("loss", [losses.cross_entropy, losses.mse_loss])
def test_wrong_reduction(loss: Any) -> None:
    x = st.zeros((2, 2))
    target = st.tensor([0, 1]) if loss is losses.cross_entropy else x
    with pytest.raises(ValueError, match=rf"^{loss.__name__}: reduction is 'mean', 'sum' or 'none', not 'avg'$"):
        loss(x, target, reduction="avg")
