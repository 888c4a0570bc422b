"""Losses against NumPy in double precision, and against values that torch 2.13 gave."""

import re
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


LOGITS = [[1.0, 2.0, -1.0], [0.0, 0.5, 3.0], [2.0, 2.0, 2.0], [-1.0, 0.0, 4.0]]
# Options, labels, rows, mean and the gradient of the mean.
TORCH: list[tuple[dict[str, Any], list[int], list[float], float, list[list[float]]]] = [
    (
        {"label_smoothing": 0.1},
        [1, 2, 0, 2],
        [0.4823455501015197, 0.30720629170270086, 1.0986122886681098, 0.3247448901388226],
        0.5532272551527883,
        [
            [0.05654078175227145, -0.056987205158773035, 0.00044642340650159935],
            [0.002663286739681128, 0.009797028086853605, -0.012460314826534757],
            [-0.15, 0.075, 0.075],
            [-0.006690017537006062, -0.0038663378657572064, 0.010556355402763284],
        ],
    ),
    (
        {"ignore_index": -100},
        [1, -100, 0, 2],
        [0.34901221676818633, 0.0, 1.0986122886681098, 0.02474489013882259],
        0.49078979852503957,
        [
            [0.0864988201141397, -0.0982051624339196, 0.011706342319779909],
            [0.0, 0.0, 0.0],
            [-0.2222222222222222, 0.1111111111111111, 0.1111111111111111],
            [0.0021910877284363616, 0.005955993956768169, -0.008147081685204505],
        ],
    ),
    (
        {"ignore_index": 2, "label_smoothing": 0.2},
        [1, 2, 0, 2],
        [0.615678883434853, 0.0, 1.0986122886681098, 0.0],
        0.8571455860514814,
        [],
    ),
]


@pytest.mark.parametrize(("options", "labels", "rows", "mean", "gradient"), TORCH)
def test_cross_entropy_options_are_torchs(
    options: dict[str, Any], labels: list[int], rows: list[float], mean: float, gradient: list[list[float]]
) -> None:
    x, t = st.tensor(LOGITS, dtype=st.F64), st.tensor(labels)
    st.testing.assert_close(losses.cross_entropy(x, t, reduction="none", **options), rows, rtol=1e-12)
    st.testing.assert_close(losses.cross_entropy(x, t, reduction="sum", **options), sum(rows), rtol=1e-12)
    value, found = st.value_and_grad(lambda x: losses.cross_entropy(x, t, **options))(x)
    st.testing.assert_close(value, mean, rtol=1e-12)
    if gradient:
        st.testing.assert_close(found, gradient, rtol=1e-10, atol=1e-15)
    st.testing.check_grads(lambda x: losses.cross_entropy(x, t, **options), x)
    compiled = st.compile(lambda x, t: losses.cross_entropy(x, t, **options))
    assert compiled(x, t).item() == value.item()
    assert losses.cross_entropy(x.astype(st.F32), t, **options).dtype is st.F32


def test_all_rows_ignored() -> None:
    logits, labels = st.zeros((2, 3)), st.tensor([7, 7])
    assert np.isnan(losses.cross_entropy(logits, labels, ignore_index=7).item())
    assert losses.cross_entropy(logits, labels, ignore_index=7, reduction="sum").item() == 0.0
    with pytest.raises(IndexError):
        losses.cross_entropy(logits, labels)
    with pytest.raises(ValueError, match=r"^cross_entropy: label_smoothing=1.5 should lie in \[0, 1\]$"):
        losses.cross_entropy(logits, labels, label_smoothing=1.5)


SCORES, YES = [-50.0, -1.0, 0.0, 2.0, 800.0], [0.0, 1.0, 0.3, 1.0, 0.0]
WEIGHTED: list[tuple[list[float] | None, list[float], list[float]]] = [
    (
        None,
        [1.928749847963918e-22, 1.3132616875182228, 0.6931471805599453, 0.1269280110429725, 800.0],
        [1.928749847963918e-22, -0.7310585786300049, 0.2, -0.11920292202211769, 1.0],
    ),
    (
        [2.0, 3.0, 4.0, 0.5, 1.0],
        [0.0, 3.9397850625546686, 1.316979643063896, 0.06346400552148625, 800.0],
        [1.928749847963918e-22, -2.193175735890015, -0.25, -0.05960146101105884, 1.0],
    ),
]


@pytest.mark.parametrize(("weight", "rows", "gradient"), WEIGHTED)
def test_bce_with_logits_is_torchs(weight: list[float] | None, rows: list[float], gradient: list[float]) -> None:
    x, t = st.tensor(SCORES, dtype=st.F64), st.tensor(YES, dtype=st.F64)
    pos_weight = None if weight is None else st.tensor(weight, dtype=st.F64)

    def loss(x: Any) -> Any:
        return losses.binary_cross_entropy_with_logits(x, t, pos_weight=pos_weight, reduction="sum")

    found = losses.binary_cross_entropy_with_logits(x, t, pos_weight=pos_weight, reduction="none")
    st.testing.assert_close(found, rows, rtol=1e-12, atol=1e-15)
    st.testing.assert_close(st.grad(loss)(x), gradient, rtol=1e-12, atol=1e-15)
    st.testing.check_grads(lambda x: losses.binary_cross_entropy_with_logits(x, t[:4]), x[:4] * 0.5)
    st.testing.assert_close(loss(x.astype(st.F32)), sum(rows), rtol=1e-5)


def test_bce_is_torchs() -> None:
    p, t = st.tensor([0.0, 0.2, 0.5, 1.0, 1.0], dtype=st.F64), st.tensor([1.0, 1.0, 0.3, 1.0, 0.0], dtype=st.F64)
    rows = [100.0, 1.6094379124341003, 0.6931471805599453, 0.0, 100.0]
    st.testing.assert_close(losses.binary_cross_entropy(p, t, reduction="none"), rows, rtol=1e-12)
    gradient = st.grad(lambda p: losses.binary_cross_entropy(p, t, reduction="sum"))(p)
    # torch has -1e12 and 1e12 at the ends; the bound is flat there
    st.testing.assert_close(gradient, [0.0, -5.0, 0.8, -1.0, 0.0], rtol=1e-12)


def test_l1_loss() -> None:
    a, b = RNG.normal(size=(2, 3, 4))
    st.testing.assert_close(losses.l1_loss(st.tensor(a), st.tensor(b)), abs(a - b).mean())
    st.testing.assert_close(losses.l1_loss(st.tensor(a), st.tensor(b), reduction="none"), abs(a - b))
    gradient = st.grad(lambda x: losses.l1_loss(x, st.ones(3), reduction="sum"))(st.tensor([0.0, 1.0, 2.0]))
    assert gradient.tolist() == [-1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    "loss",
    [losses.l1_loss, losses.binary_cross_entropy, losses.binary_cross_entropy_with_logits],
    ids=lambda f: f.__name__,
)
def test_elementwise_losses_check_their_arguments(loss: Any) -> None:
    with pytest.raises(ShapeError, match=rf"^{loss.__name__}: input \(3, 1\) and target \(3,\) have different shapes$"):
        loss(st.zeros((3, 1)), st.zeros(3))
    with pytest.raises(ValueError, match=rf"^{loss.__name__}: reduction is 'mean', 'sum' or 'none', not 'avg'$"):
        loss(st.zeros(3), st.zeros(3), reduction="avg")


def test_cross_entropy_says_what_differs_from_torch() -> None:
    text = "cross_entropy: label -100 of row 0 is no class of 0 to 3; to leave such rows out, give ignore_index=-100"
    with pytest.raises(IndexError, match=f"^{re.escape(text)}$"):
        losses.cross_entropy(st.zeros((2, 4)), st.tensor([-100, 1]))
    text = (
        "cross_entropy: logits (2, 3, 5) and labels (2, 5) differ: axis 1: 3 != 5; "
        "classes are on the last axis of logits here, not on axis 1"
    )
    with pytest.raises(ShapeError, match=f"^{re.escape(text)}$"):
        losses.cross_entropy(st.zeros((2, 3, 5)), st.zeros((2, 5), dtype=st.I64))
