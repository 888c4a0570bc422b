"""Nonlinearities as modules."""

import math
from typing import Any

import pytest

import shapetensor as st
from shapetensor import nn


def test_relu() -> None:
    assert nn.ReLU()(st.tensor([-2.0, 0.0, 3.0])).tolist() == [0.0, 0.0, 3.0]


def test_tanh() -> None:
    st.testing.assert_close(nn.Tanh()(st.tensor([-2.0, 0.0, 3.0])), [math.tanh(v) for v in (-2.0, 0.0, 3.0)])


def test_reprs() -> None:
    assert repr([nn.ReLU(), nn.Tanh()]) == "[ReLU(), Tanh()]"
    assert repr([nn.GELU(), nn.GELU("tanh"), nn.Sigmoid(), nn.SiLU(), nn.Identity()]) == (
        "[GELU(approximate='none'), GELU(approximate='tanh'), Sigmoid(), SiLU(), Identity()]"
    )


X = [-3.0, -1.0, 0.0, 0.5, 2.0]
# What torch 2.13 gives for X in double precision.
TORCH: list[tuple[Any, list[float]]] = [
    (nn.GELU(), [-0.00404969409489031, -0.15865525393145702, 0.0, 0.34573123063700656, 1.9544997361036416]),
    (nn.GELU("tanh"), [-0.0036373920817729943, -0.15880800939172324, 0.0, 0.34571400982514394, 1.954597694087775]),
    (nn.Sigmoid(), [0.04742587317756678, 0.2689414213699951, 0.5, 0.6224593312018546, 0.8807970779778823]),
    (nn.SiLU(), [-0.14227761953270035, -0.2689414213699951, 0.0, 0.3112296656009273, 1.7615941559557646]),
    (nn.Identity(), X),
]


@pytest.mark.parametrize(("layer", "expected"), TORCH, ids=lambda v: repr(v) if not isinstance(v, list) else "")
def test_torch(layer: Any, expected: list[float]) -> None:
    x = st.tensor(X, dtype=st.F64)
    st.testing.assert_close(layer(x), expected, rtol=1e-12, atol=1e-15)
    st.testing.assert_close(layer(st.tensor(X)), expected, rtol=1e-5, atol=1e-6)
    y, after = layer.training(x, key=st.random.key(0))
    assert y.tolist() == layer(x).tolist()
    assert after is layer
    st.testing.check_grads(layer, x)


def test_gelu_wants_a_known_word() -> None:
    with pytest.raises(ValueError, match=r"^GELU: approximate is 'none' or 'tanh', not 'erf'$"):
        nn.GELU("erf")  # type: ignore[arg-type]
