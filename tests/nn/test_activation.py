"""Nonlinearities as modules."""

import math

import shapetensor as st
from shapetensor import nn


def test_relu() -> None:
    assert nn.ReLU()(st.tensor([-2.0, 0.0, 3.0])).tolist() == [0.0, 0.0, 3.0]


def test_tanh() -> None:
    st.testing.assert_close(nn.Tanh()(st.tensor([-2.0, 0.0, 3.0])), [math.tanh(v) for v in (-2.0, 0.0, 3.0)])


def test_reprs() -> None:
    assert repr([nn.ReLU(), nn.Tanh()]) == "[ReLU(), Tanh()]"
