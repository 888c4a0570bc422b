"""Initialisers: bounds, deviations and fans."""

import math
from collections.abc import Callable
from typing import Any

import pytest

import shapetensor as st
from shapetensor import ShapeError
from shapetensor.nn import init

KEY = st.random.key(3)
WIDE = (200, 300)  # fans 300 and 200

CASES: list[tuple[Callable[..., Any], dict[str, Any], float]] = [
    (init.kaiming_uniform, {}, math.sqrt(2.0 / 300)),
    (init.kaiming_uniform, {"a": math.sqrt(5.0)}, math.sqrt(1.0 / 3.0 / 300)),
    (init.kaiming_uniform, {"mode": "fan_out", "nonlinearity": "linear"}, math.sqrt(1.0 / 200)),
    (init.kaiming_normal, {"nonlinearity": "relu"}, math.sqrt(2.0 / 300)),
    (init.kaiming_normal, {"mode": "fan_out", "nonlinearity": "tanh"}, 5.0 / 3.0 / math.sqrt(200)),
    (init.xavier_uniform, {}, math.sqrt(2.0 / 500)),
    (init.xavier_uniform, {"gain": 2.0}, 2.0 * math.sqrt(2.0 / 500)),
    (init.xavier_normal, {"gain": 0.5}, 0.5 * math.sqrt(2.0 / 500)),
    (init.normal, {"std": 0.02}, 0.02),
    (init.uniform, {"low": -0.3, "high": 0.3}, 0.3 / math.sqrt(3.0)),
]


@pytest.mark.parametrize(("initialise", "options", "deviation"), CASES)
def test_deviation(initialise: Callable[..., Any], options: dict[str, Any], deviation: float) -> None:
    values = initialise(KEY, WIDE, **options).numpy()
    assert values.std() == pytest.approx(deviation, rel=0.02)
    assert abs(values.mean()) < 5.0 * deviation / math.sqrt(values.size)
    if "uniform" in initialise.__name__:
        assert abs(values).max() <= deviation * math.sqrt(3.0) * (1.0 + 1e-6)
    else:
        assert abs(values).max() > 3.0 * deviation


def test_further_axes_count_into_the_fans() -> None:
    values = init.kaiming_normal(KEY, (100, 20, 3, 5), nonlinearity="linear").numpy()
    assert values.std() == pytest.approx(1.0 / math.sqrt(20 * 3 * 5), rel=0.02)


@pytest.mark.parametrize("initialise", [init.kaiming_uniform, init.kaiming_normal, init.xavier_uniform])
def test_fans_need_two_axes(initialise: Callable[..., Any]) -> None:
    with pytest.raises(ShapeError, match=r"^a weight of shape \(3,\) has no fans: it needs at least 2 axes"):
        initialise(KEY, (3,))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_empty_weights(shape: tuple[int, ...]) -> None:
    for initialise in (init.kaiming_uniform, init.kaiming_normal, init.xavier_uniform, init.xavier_normal):
        assert initialise(KEY, shape).shape == shape


def test_constants_and_dtypes() -> None:
    assert init.zeros(KEY, (2,)).tolist() == [0.0, 0.0]
    assert init.ones(KEY, (2,), dtype=st.I64).tolist() == [1, 1]
    assert init.constant(KEY, (2,), value=3, dtype=st.I32).tolist() == [3, 3]
    assert init.uniform(KEY, (2,), low=2.0, high=2.0, dtype=st.F64).tolist() == [2.0, 2.0]
    assert init.normal(KEY, (2,), mean=2.0, std=0.0).tolist() == [2.0, 2.0]
    assert init.xavier_uniform(KEY, (2, 2), dtype=st.F64).dtype is st.F64


def test_wrong_words() -> None:
    with pytest.raises(ValueError, match="nonlinearity 'gelu' has no known gain"):
        init.kaiming_uniform(KEY, (2, 2), nonlinearity="gelu")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="mode is 'fan_in' or 'fan_out', not 'fan'"):
        init.kaiming_uniform(KEY, (2, 2), mode="fan")  # type: ignore[arg-type]
