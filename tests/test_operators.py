"""Operators and methods beyond the free functions, and the lines of "Semantics" about them."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import shapetensor as st

NAN, INF = math.nan, math.inf
X, Y = np.array([-2.5, -1.0, 0.0, 3.5]), np.array([2.0, -3.0, 0.7, 1.5])
N, M = np.array([-7, 7, 0, 5]), np.array([2, -2, 3, 0])
P, Q = np.array([True, True, False, False]), np.array([True, False, True, False])


def raises(error: type[Exception], text: str) -> Any:
    """The error with exactly this text."""
    return pytest.raises(error, match=f"^{re.escape(text)}$")


@pytest.mark.parametrize(
    ("function", "a", "b"),
    [
        (operator.floordiv, X, Y),
        (operator.floordiv, N, M),
        (operator.floordiv, X, 0.3),
        (operator.floordiv, 7.0, Y),
        (operator.mod, X, Y),
        (operator.mod, N, M),
        (operator.mod, N, 3),
        (operator.mod, 7.5, Y),
        (operator.pow, np.abs(X), Y),
        (operator.pow, X, 2),
        (operator.pow, X, 3),
        (operator.pow, np.abs(X), 0.5),
        (operator.pow, 2.0, Y),
        (operator.pow, N, 2),
        (operator.and_, P, Q),
        (operator.and_, P, True),
        (operator.and_, False, Q),
        (operator.or_, P, Q),
        (operator.or_, True, Q),
        (operator.or_, P, False),
        (operator.xor, P, Q),
        (operator.xor, True, Q),
    ],
)
def test_binary_operators(function: Callable[..., Any], a: Any, b: Any) -> None:
    ours = [st.from_numpy(v) if isinstance(v, np.ndarray) else v for v in (a, b)]
    with np.errstate(all="ignore"):
        want = function(a, b)
    np.testing.assert_allclose(function(*ours).numpy(), want, rtol=1e-13)


def test_unary_operators() -> None:
    x = st.from_numpy(X)
    assert abs(x).tolist() == [2.5, 1.0, 0.0, 3.5]
    assert round(x).tolist() == round(x, 0).tolist() == [-2.0, -1.0, 0.0, 4.0]
    assert (~st.from_numpy(P)).tolist() == [False, False, True, True]
    with raises(ValueError, "round: there are no 2 digits to choose: write (x * s).round() / s"):
        round(x, 2)
    with pytest.raises(st.DTypeError, match=r"^logical_not: I64 is not Bool"):
        ~st.from_numpy(N)


def test_integer_division_and_powers() -> None:
    n = st.from_numpy(N)
    assert (n // 0).tolist() == (n % 0).tolist() == [0, 0, 0, 0]
    lowest = st.tensor([-(2**63)])
    assert (lowest // -1).tolist() == (lowest // st.tensor(-1)).tolist() == lowest.tolist()
    assert (lowest % -1).tolist() == [0]
    assert (st.tensor([3, 2, -1]) ** st.tensor([2**40 + 1, 2**40, 2**62 + 1])).tolist() == [
        (pow(3, 2**40 + 1, 2**64) + 2**63) % 2**64 - 2**63,
        0,
        -1,
    ]
    assert (st.tensor([2, 3]) ** st.tensor([-1, -2])).tolist() == [0, 0]
    text = "pow: I64 to the power -1 is no integer: write x ** -1.0 for F32, or x.astype(F64) ** -1"
    with raises(ValueError, text):
        n**-1
    minus_one: Any = np.int64(-1)
    with raises(ValueError, text):
        n**minus_one
    half = st.tensor([2, 4]) ** -1.0
    assert (half.dtype, half.tolist()) == (st.F32, [0.5, 0.25])
    assert (st.tensor([True, False]) ** 2).tolist() == [1, 0]
    assert (st.tensor([1, 2], dtype=st.U8) ** 2).dtype is st.U8


def test_division_of_floats_by_zero() -> None:
    x = st.tensor([1.0, -1.0, 0.0])
    np.testing.assert_array_equal((x // 0.0).numpy(), [INF, -INF, NAN])
    assert np.isnan((x % 0.0).numpy()).all()


def test_nan_propagates() -> None:
    x = st.tensor([1.0, NAN, 2.0])
    for y in (x.min(), x.prod(), x.std(), x.logsumexp(), x.cumulative_sum()[-1]):
        assert math.isnan(y.item())
    assert x.argmin().item() == 1
    for pair in ((x, st.zeros(3)), (st.zeros(3), x)):
        assert np.isnan(st.minimum(*pair).numpy()).tolist() == [False, True, False]
        assert np.isnan(st.maximum(*pair).clip(-1.0, 1.0).numpy()).tolist() == [False, True, False]
    assert np.isnan(st.ones(3).clip(x, 5.0).numpy()).tolist() == [False, True, False]
    assert x.any().item() is x.all().item() is True


@pytest.mark.parametrize(
    ("f", "at", "gradient"),
    [
        (lambda x: abs(x), 0.0, 0.0),
        (lambda x: x**0.5, 0.0, INF),
        (lambda x: x ** st.tensor(0.0), 0.0, 0.0),
        (lambda x: st.tensor(0.0) ** x, 0.0, 0.0),
        (lambda x: x**2, 3.0, 6.0),
        (lambda x: x.clip(1.0, 2.0), 1.0, 1.0),
        (lambda x: x.clip(1.0, 2.0), 0.0, 0.0),
        (lambda x: st.minimum(x, 1.0), 1.0, 0.5),
        (lambda x: st.stack([x, x, x * 2]).min(), 1.0, 1.0),
        (lambda x: x.sign() + x.floor() + x.ceil() + x.round() + x, 1.5, 1.0),
        (lambda x: st.stack([x, x * 0.0]).prod(), 2.0, 0.0),
    ],
)
def test_gradients_at_ties_and_kinks(f: Callable[[Any], Any], at: float, gradient: float) -> None:
    assert st.grad(f)(st.tensor(at)).item() == gradient


def test_empty_reductions() -> None:
    empty = st.zeros((0, 3))
    assert empty.prod().item() == 1.0
    assert (empty.any().item(), empty.all().item()) == (False, True)
    assert empty.cumulative_sum(axis=0).shape == (0, 3)
    for name, missing in (("min", "smallest"), ("argmin", "smallest"), ("logsumexp", "largest")):
        with raises(st.ShapeError, f"{name}: axis 0 of (0, 3) is empty: there is no {missing} element"):
            getattr(empty, name)(axis=0)


def test_torch_names() -> None:
    x: Any = st.from_numpy(np.arange(24.0).reshape(2, 3, 4))
    assert x.permute(2, 0, 1).shape == x.permute((2, 0, 1)).shape == (4, 2, 3)
    assert x.unsqueeze(-1).shape == (2, 3, 4, 1)
    np.testing.assert_array_equal(x.cumsum(1).numpy(), np.cumsum(x.numpy(), 1))
    np.testing.assert_array_equal(x.clamp(3, 7).numpy(), x.numpy().clip(3, 7))
    assert x.masked_fill(x > 3, -1.0).sum().item() == 6.0 - 20.0
    assert [x.flatten().shape, x.flatten(1).shape, x.flatten(0, 1).shape] == [(24,), (2, 12), (6, 4)]
    assert st.tensor(1.0).flatten().shape == (1,)
    assert x.flatten(-2).shape == (2, 12)
    assert x.flip(axis=()).tolist() == x.tolist()


@pytest.mark.parametrize("method", ["abs", "sign", "floor", "ceil", "round", "isnan", "sin", "sigmoid", "erf", "rsqrt"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (1, 0, 2)])
def test_zero_size_and_0d(method: str, shape: tuple[int, ...]) -> None:
    assert getattr(st.ones(shape), method)().numpy().shape == shape


def test_products_with_vectors_in_programs_and_batches() -> None:
    w, v = st.ones((3, 2)), st.tensor([1.0, 2.0, 3.0])
    assert st.compile(lambda a, b: (a @ b) @ b.mT @ a)(v, w).item() == 36.0 * 2
    assert st.vmap(lambda row: row @ v)(st.ones((4, 3))).tolist() == [6.0] * 4
    st.testing.check_grads(lambda a, b: a @ b, v, w)
    st.testing.check_grads(lambda a: a @ a, v)
