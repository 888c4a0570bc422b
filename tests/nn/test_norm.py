"""BatchNorm1d and LayerNorm against values that torch 2.13 gave, and against NumPy."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import shapetensor as st
from shapetensor import ShapeError, nn
from shapetensor._core.pytree import tree_map
from shapetensor.tensor import AnyTensor

KEY = st.random.key(0)
X = [[1.0, 2.0], [3.0, 5.0], [8.0, -4.0]]


def scaled() -> nn.BatchNorm1d[Any]:
    return nn.BatchNorm1d(2).replace(weight=st.tensor([2.0, 0.5]), bias=st.tensor([1.0, -1.0]))


def weighted_sum(norm: nn.BatchNorm1d[Any], x: AnyTensor) -> tuple[AnyTensor, tuple[AnyTensor, nn.BatchNorm1d[Any]]]:
    y, after = norm.training(x, key=KEY)
    return (y * st.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]])).sum(), (y, after)


def test_training_is_torchs() -> None:
    (_, (y, after)), (norm, x) = st.value_and_grad(weighted_sum, (0, 1), has_aux=True)(scaled(), st.tensor(X))
    st.testing.assert_close(
        y, [[-1.0380974, -0.8663694], [0.3206342, -0.4654776], [3.7174633, -1.6681528]], rtol=1e-6, atol=1e-6
    )
    st.testing.assert_close(
        x, [[-0.2612959, -0.2577162], [0.3658119, 0.1718105], [-0.1045161, 0.0859056]], rtol=1e-5, atol=1e-6
    )
    st.testing.assert_close(norm.weight, [4.7555609, -4.5434394])
    st.testing.assert_close(norm.bias, [9.0, 13.0])
    st.testing.assert_close(after.running_mean, [0.4, 0.1])
    st.testing.assert_close(after.running_var, [2.2, 3.0])
    assert after.num_batches_tracked.item() == 1
    st.testing.assert_close(
        after(st.tensor(X)),
        [[1.8090379, -0.4515182], [4.5058312, 0.4145058], [11.2478142, -2.1835661]],
        rtol=1e-6,
        atol=1e-6,
    )


def test_three_axes_and_a_cumulative_mean_are_torchs() -> None:
    x = np.arange(12, dtype=np.float32).reshape(2, 2, 3) ** 2
    norm = nn.BatchNorm1d(2, momentum=None)
    y, norm = norm.training(st.tensor(x), key=KEY)
    expected = [
        [[-1.0122819, -0.9728423, -0.8545237], [-1.1338096, -0.9740109, -0.7685555]],
        [[0.4075421, 0.9202563, 1.5118496], [0.5098338, 0.9435730, 1.4229690]],
    ]
    st.testing.assert_close(y, expected)
    _, norm = norm.training(st.tensor(x) * 2.0 + 1.0, key=KEY)
    st.testing.assert_close(norm.running_mean, [39.0, 88.5])
    st.testing.assert_close(norm.running_var, [1928.66675, 5756.66602])
    assert norm.num_batches_tracked.item() == 2


def reference(x: NDArray[Any]) -> NDArray[Any]:
    axes = (0,) if x.ndim == 2 else (0, 2)
    centred = x - x.mean(axis=axes, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=axes, keepdims=True) + 1e-5)  # type: ignore[no-any-return]


@pytest.mark.parametrize("shape", [(2, 3), (64, 5), (1, 3, 2), (4, 3, 7)])
def test_training_is_numpys(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(3.0, 2.0, shape)
    for affine in (True, False):
        norm = nn.BatchNorm1d(shape[1], affine=affine)
        y, _ = norm.training(st.tensor(x, dtype=st.F32), key=KEY)
        st.testing.assert_close(y, reference(x), rtol=1e-4, atol=1e-5)


def test_gradients() -> None:
    x = st.random.normal(KEY, (4, 2), dtype=st.F64)
    norm = tree_map(lambda x: x.astype(st.F64) if x.dtype is st.F32 else x, scaled())
    st.testing.check_grads(lambda m, x: m.training(x, key=KEY)[0].tanh(), norm, x)
    st.testing.check_grads(lambda m, x: m(x).tanh(), norm, x, order=1)


def test_buffers() -> None:
    norm = nn.BatchNorm1d(2)
    assert [n for n, _ in norm.named_parameters()] == ["weight", "bias"]
    assert list(norm.state_dict()) == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    assert norm.num_batches_tracked.dtype is st.I64
    gradient = st.grad(lambda m: m(st.ones((3, 2))).sum())(norm)
    assert gradient.running_mean.tolist() == [0.0, 0.0]


def test_new_buffers_are_on_no_tape() -> None:
    norm, x = st.traced((nn.BatchNorm1d(2), st.tensor(X)))
    _, after = norm.training(x, key=KEY)
    assert "traced" in repr(after.weight)
    assert "traced" not in repr(after.running_mean) + repr(after.running_var)


def test_without_affine() -> None:
    norm = nn.BatchNorm1d(2, affine=False)
    assert list(norm.parameters()) == []
    assert repr(norm) == "BatchNorm1d(2, eps=1e-05, momentum=0.1, affine=False)"


@pytest.mark.parametrize("shape", [(1, 2), (1, 2, 1), (0, 2)])
def test_training_needs_more_than_one_value(shape: tuple[int, ...]) -> None:
    norm = nn.BatchNorm1d(2)
    with pytest.raises(ShapeError, match=r"^BatchNorm1d: training needs more than 1 value per channel, x has shape"):
        norm.training(st.zeros(shape), key=KEY)
    assert norm(st.zeros(shape)).shape == shape


@pytest.mark.parametrize("shape", [(2,), (5, 3), (2, 5), (1, 2, 3, 4)])
def test_wrong_shapes(shape: tuple[int, ...]) -> None:
    norm = nn.BatchNorm1d(2)
    text = r"^BatchNorm1d: x has shape .*, not \(n, 2\) or \(n, 2, l\)$"
    if len(shape) == 2 and shape[1] == 2:
        return
    with pytest.raises(ShapeError, match=text):
        norm(st.zeros(shape))
    with pytest.raises(ShapeError, match=text):
        norm.training(st.zeros(shape), key=KEY)


def layer_norm() -> nn.LayerNorm[*tuple[Any, ...]]:
    norm = nn.LayerNorm(4)
    return norm.replace(
        weight=st.tensor([1.0, 2.0, 0.5, -1.0], dtype=st.F64), bias=st.tensor([0.0, 0.1, -0.2, 0.3], dtype=st.F64)
    )


ROWS = [[1.0, -2.0, 0.5, 3.0], [0.0, 1.0, 2.0, -1.0]]


def test_layer_norm_is_torchs() -> None:
    def weighted(norm: nn.LayerNorm[*tuple[Any, ...]], x: AnyTensor) -> tuple[AnyTensor, AnyTensor]:
        y = norm(x)
        return (y * st.tensor([[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]], dtype=st.F64)).sum(), y

    args = layer_norm(), st.tensor(ROWS, dtype=st.F64)
    (_, y), (norm, x) = st.value_and_grad(weighted, (0, 1), has_aux=True)(*args)
    expected = [
        [0.21055838998863707, -2.847817459840919, -0.2350930649981062, -1.033536469928035],
        [-0.447211806656309, 0.994423613312618, 0.47081770998446343, 1.641635419968927],
    ]
    st.testing.assert_close(y, expected, rtol=1e-12)
    of_x = [
        [0.20744603562691927, -0.3291441694490372, 0.4923403614273924, -0.3706422276052745],
        [2.9515850443346445, 5.098227475478918, -4.382637066440845, -3.667175453372718],
    ]
    st.testing.assert_close(x, of_x, rtol=1e-10)
    of_weight = [-1.788847226625236, 0.7621503033610855, 7.909440259821135, -5.390838529998383]
    st.testing.assert_close(norm.weight, of_weight, rtol=1e-12)
    st.testing.assert_close(norm.bias, [4.0, 6.0, 8.0, 10.0])


def test_layer_norm_over_two_axes_is_torchs() -> None:
    x = np.arange(12.0).reshape(2, 2, 3) ** 2
    expected = [
        [
            [-1.030418674777325, -0.9180093648016169, -0.5807814348744923],
            [-0.018734884995951297, 0.768130284834006, 1.7798140746153799],
        ],
        [
            [-1.3440857928672243, -0.8979636999155499, -0.38320743881746405],
            [0.20018299042703322, 0.852207587817942, 1.5728663533552623],
        ],
    ]
    st.testing.assert_close(nn.LayerNorm((2, 3), eps=1e-3)(st.tensor(x)), expected, rtol=1e-12)


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 4, 3), (0, 3)])
def test_layer_norm_is_numpys(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(3.0, 2.0, shape)
    centred = x - x.mean(-1, keepdims=True)
    expected = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    for norm in (nn.LayerNorm(3), nn.LayerNorm((3,), elementwise_affine=False), nn.LayerNorm(3, bias=False)):
        y: AnyTensor = norm(st.tensor(x, dtype=st.F32))
        assert y.dtype is st.F32
        st.testing.assert_close(y, expected, rtol=1e-4, atol=1e-5)


def test_layer_norm_gradients() -> None:
    st.testing.check_grads(lambda m, x: m(x).tanh(), layer_norm(), st.tensor(ROWS, dtype=st.F64))


def test_layer_norm_names_and_repr() -> None:
    assert list(nn.LayerNorm(3).state_dict()) == ["weight", "bias"]
    assert list(nn.LayerNorm(3, bias=False).state_dict()) == ["weight"]
    assert list(nn.LayerNorm(3, elementwise_affine=False).state_dict()) == []
    assert repr(nn.LayerNorm((2, 3), bias=False)) == "LayerNorm((2, 3), eps=1e-05, elementwise_affine=True, bias=False)"


@pytest.mark.parametrize("shape", [(), (3,), (2, 4), (2, 3, 1), (3, 2)])
def test_layer_norm_wrong_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"^LayerNorm: x has shape .*, its last 2 axes should be .*=\(2, 3\)$"):
        nn.LayerNorm((2, 3))(st.zeros(shape))
    with pytest.raises(
        ShapeError, match=r"^LayerNorm: normalized_shape=\(\) should be the sizes of at least one axis$"
    ):
        nn.LayerNorm(())
