"""Linear: values, gradients, shapes and the initial distribution."""

import math
import re
from typing import Any

import numpy as np
import pytest

import shapetensor as st
from shapetensor import ShapeError, nn
from shapetensor.tensor import AnyTensor

KEY = st.random.key(0)


def test_value() -> None:
    layer = nn.Linear(3, 2, key=KEY)
    x = np.array([[1.0, 2.0, 3.0], [-1.0, 0.5, 0.0]], np.float32)
    assert layer.bias is not None
    expected = x @ layer.weight.numpy().T + layer.bias.numpy()
    st.testing.assert_close(layer(st.tensor(x)), expected)


def test_without_bias() -> None:
    layer = nn.Linear(3, 2, bias=False, key=KEY)
    assert list(layer.state_dict()) == ["weight"]
    assert layer(st.zeros((4, 3))).tolist() == [[0.0, 0.0]] * 4
    assert repr(layer) == "Linear(in_features=3, out_features=2, bias=False)"


@pytest.mark.parametrize("lead", [(), (0,), (5,), (2, 3), (2, 0, 3), (2, 1, 2, 2)])
def test_leading_axes(lead: tuple[int, ...]) -> None:
    layer = nn.Linear(3, 2, key=KEY)
    x = st.random.normal(st.random.key(1), (*lead, 3))
    y: AnyTensor = layer(x)
    assert y.shape == (*lead, 2)
    assert layer.bias is not None
    st.testing.assert_close(y, x.numpy() @ layer.weight.numpy().T + layer.bias.numpy())


@pytest.mark.parametrize("shape", [(), (4,), (3, 4), (4, 3, 1)])
def test_a_wrong_last_axis(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"^Linear: x has shape .*, its last axis should be in_features=3$"):
        nn.Linear(3, 2, key=KEY)(st.zeros(shape))


@pytest.mark.parametrize(("inputs", "outputs"), [(0, 2), (3, 0)])
def test_empty_sizes(inputs: int, outputs: int) -> None:
    assert nn.Linear(inputs, outputs, key=KEY)(st.zeros((5, inputs))).shape == (5, outputs)


def test_negative_sizes() -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        nn.Linear(-1, 2, key=KEY)


def test_gradients() -> None:
    layer = nn.Linear(3, 2, key=KEY)
    st.testing.check_grads(lambda m, x: m(x).tanh(), layer, st.random.normal(KEY, (2, 3)))
    st.testing.check_grads(lambda m, x: m(x).tanh(), layer, st.random.normal(KEY, (2, 2, 3)), order=1)


def test_parameters_begin_uniform_as_in_torch() -> None:
    layer = nn.Linear(100, 300, key=KEY)
    bound = 1.0 / math.sqrt(100)
    assert layer.bias is not None
    for values in (layer.weight.numpy(), layer.bias.numpy()):
        assert abs(values).max() <= bound
        assert abs(values).max() > 0.95 * bound
        # uniform: mean 0, deviation bound / sqrt(3); 300 draws of the bias leave an error of about 6 %
        assert abs(values.mean()) < 0.15 * bound
        assert values.std() == pytest.approx(bound / math.sqrt(3.0), rel=0.15)


def test_the_key_decides() -> None:
    one, same, other = (nn.Linear(3, 2, key=st.random.key(seed)) for seed in (0, 0, 1))
    assert one.weight.tolist() == same.weight.tolist() != other.weight.tolist()


def test_vmap_over_examples() -> None:
    layer = nn.Linear(3, 2, key=KEY)
    x = st.random.normal(KEY, (4, 3))
    st.testing.assert_close(st.vmap(layer)(x), layer(x))


@pytest.mark.parametrize("lead", [(), (5,), (5, 2)])
def test_it_is_one_call_for_all_examples(lead: tuple[int, ...]) -> None:
    layer = nn.Linear(3, 2, key=KEY)
    step = st.compile(st.vmap(layer))
    step(st.ones((4, *lead, 3)))
    assert step.programs[0].instructions == 1


def test_vmap_over_an_ensemble() -> None:
    layers = [nn.Linear(3, 2, key=st.random.key(seed)) for seed in range(4)]
    stacked: Any = layers[0].replace(
        weight=st.stack([m.weight for m in layers]), bias=st.stack([m.bias for m in layers if m.bias is not None])
    )
    x = st.random.normal(KEY, (5, 3))
    ys = st.vmap(lambda m: m(x))(stacked)
    st.testing.assert_close(ys, st.stack([m(x) for m in layers]))


def test_a_seed_is_no_key() -> None:
    text = "Linear: key=0 is no random key: make one, as in nn.Linear(64, 10, key=st.random.key(0))"
    with pytest.raises(TypeError, match=f"^{re.escape(text)}$"):
        nn.Linear(3, 2, key=0)  # type: ignore[arg-type]
