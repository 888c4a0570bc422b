"""Dropout: which elements stay, how they are scaled, and the ends p = 0 and p = 1."""

import math
import re

import numpy as np
import pytest

import shapetensor as st
from shapetensor import nn

KEY = st.random.key(7)


def test_inference_changes_nothing() -> None:
    x = st.ones(3)
    assert nn.Dropout(0.9)(x) is x


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_what_stays_grows(p: float) -> None:
    x = st.full((100, 100), 3.0)
    y, after = nn.Dropout(p).training(x, key=KEY)
    assert isinstance(after, nn.Dropout)
    kept = y.numpy() != 0.0
    np.testing.assert_allclose(y.numpy()[kept], 3.0 / (1.0 - p), rtol=1e-6)
    # 10,000 draws: 5 standard deviations
    assert abs(kept.mean() - (1.0 - p)) < 5.0 * math.sqrt(p * (1.0 - p) / 10_000)


def test_nothing_is_dropped_at_0() -> None:
    x = st.ones(3)
    assert nn.Dropout(0.0).training(x, key=KEY)[0] is x


def test_everything_is_dropped_at_1() -> None:
    x = st.tensor([1.0, math.inf, math.nan])
    value, gradient = st.value_and_grad(lambda x: nn.Dropout(1.0).training(x, key=KEY)[0].sum())(x)
    assert value.item() == 0.0
    assert gradient.tolist() == [0.0, 0.0, 0.0]


def test_gradient_goes_through_what_stays() -> None:
    dropout, x = nn.Dropout(0.5), st.ones(100)
    y, _ = dropout.training(x, key=KEY)
    gradient = st.grad(lambda x: dropout.training(x, key=KEY)[0].sum())(x)
    assert gradient.tolist() == y.tolist()


def test_the_key_decides() -> None:
    dropout, x = nn.Dropout(0.5), st.ones(100)
    one, same, other = (dropout.training(x, key=st.random.key(s))[0].tolist() for s in (0, 0, 1))
    assert one == same != other


def test_dtype_stays() -> None:
    assert nn.Dropout(0.5).training(st.ones(3, dtype=st.F64), key=KEY)[0].dtype is st.F64


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_p_is_a_probability(p: float) -> None:
    with pytest.raises(ValueError, match=r"^Dropout: p=.* is no probability"):
        nn.Dropout(p)


def test_a_seed_is_no_key() -> None:
    text = "Dropout: key=0 is no random key: make one, as in dropout.training(x, key=st.random.key(0))"
    with pytest.raises(TypeError, match=f"^{re.escape(text)}$"):
        nn.Dropout().training(st.ones(3), key=0)  # type: ignore[arg-type]
