"""Assertions that hold, and that fail with a text that says where."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import shapetensor as st
from shapetensor import nn
from shapetensor._core.kernels.cpu import elementwise as kernels
from shapetensor._core.kernels.formulas import elementwise as formulas
from shapetensor._core.op import ELEMENTWISE, OPS, define
from shapetensor._core.ops.elementwise import _unary
from shapetensor.tensor import AnyTensor
from shapetensor.testing import assert_close, check_grads

X = st.tensor([1.0, 2.0, 3.0])


def test_close() -> None:
    assert_close(X, X)
    assert_close(X, [1.0, 2.0, 3.000001])
    assert_close(X, np.array([1.0, 2.0, 3.0]))
    assert_close(st.tensor(2.0), 2.0)
    assert_close(st.tensor([1, 2]), [1, 2])
    assert_close(st.tensor([True]), st.tensor([True]))
    assert_close(X.astype(st.BF16), X.astype(st.BF16))
    assert_close(X.astype(st.F16), [1.001, 2.0, 3.0])
    assert_close(st.zeros((0, 3)), st.zeros((0, 3)))
    assert_close(st.tensor([math.nan]), [math.nan], equal_nan=True)
    assert_close(st.tensor([math.inf]), [math.inf])


@pytest.mark.parametrize(
    ("actual", "expected", "text"),
    [
        (X, [1.0, 2.5, 3.5], r"2 of 3 elements differ .*: most at \(1,\): 2.0, expected 2.5"),
        (X, st.tensor([1.0, 2.0]), r"shape \(3,\), expected \(2,\)"),
        (X, X.astype(st.F64), "dtype F32, expected F64"),
        (st.tensor(1.0), 2.0, r"1 of 1 elements differ \(rtol=1.3e-06, atol=1e-05\): most at \(\): 1.0, expected 2.0"),
        (st.tensor([math.nan]), [math.nan], r"most at \(0,\): nan, expected nan"),
        (st.tensor([math.inf, 1.0]), [1.0, 9.0], r"2 of 2 elements differ .*: most at \(0,\): inf"),
        (st.tensor([1, 2]), [1, 3], r"rtol=0.0, atol=0.0"),
        (st.tensor([True, False]), [True, True], r"most at \(1,\): False, expected True"),
        (X.astype(st.F64), [1.0, 2.0, 3.00001], "rtol=1e-07"),
    ],
)
def test_not_close(actual: AnyTensor, expected: Any, text: str) -> None:
    with pytest.raises(AssertionError, match=text):
        assert_close(actual, expected)


def test_tolerances() -> None:
    assert_close(X, [1.1, 2.1, 3.1], atol=0.2)
    assert_close(X, [1.1, 2.2, 3.3], rtol=0.2)
    with pytest.raises(AssertionError):
        assert_close(X, [1.000001, 2.0, 3.0], rtol=0.0, atol=0.0)


def test_trees() -> None:
    layer = nn.Linear(3, 2, key=st.random.key(0))
    assert_close({"a": layer}, {"a": layer.replace()})
    with pytest.raises(AssertionError, match=r"^a\.weight: 6 of 6 elements differ"):
        assert_close({"a": layer}, {"a": layer.replace(weight=st.full((2, 3), 9.0))})
    with pytest.raises(AssertionError, match="the trees differ in structure"):
        assert_close([X], (X,))


def test_right_gradients() -> None:
    check_grads(lambda x: x * x * x, X, order=3)
    check_grads(lambda x, y: (x * y.exp()).sum(), X, X * 0.1)
    check_grads(lambda tree: {"out": tree["x"] / tree["y"]}, {"x": X, "y": X + 1.0})
    check_grads(lambda x, i: x.take(i, axis=0), X, st.tensor([0, 2, 0]))
    check_grads(lambda x: (x, x.argmax()), X)
    check_grads(lambda m, x: m(x), nn.Linear(3, 2, key=st.random.key(0)), X)


ExpWith = Callable[[Any, Any], Callable[[AnyTensor], AnyTensor]]


@pytest.fixture
def exp_with(monkeypatch: pytest.MonkeyPatch) -> ExpWith:
    """Makes functions whose value is exp and whose gradient rules are given."""

    def make(vjp: Any, jvp: Any) -> Callable[[AnyTensor], AnyTensor]:
        op = define("some_exp", kind=ELEMENTWISE, shape=_unary, dtype=lambda x: x, vjp=(vjp,), jvp=(jvp,))
        del OPS["some_exp"]
        return lambda x: op(x)

    monkeypatch.setitem(formulas.EXPRESSIONS, "some_exp", "math.exp(x)")
    monkeypatch.setitem(kernels.PREPARE, "some_exp", kernels.prepare)
    return make


def right_vjp(g: Any, out: Any) -> Any:
    return g * out


def right_jvp(dx: Any, out: Any) -> Any:
    return dx * out


def test_a_wrong_reverse_rule(exp_with: ExpWith) -> None:
    f = exp_with(lambda g, out: g * out * 1.001, right_jvp)
    check_grads(f, X, modes=["forward"], order=1)
    with pytest.raises(AssertionError, match=r"^reverse, result 0: 1 of 1 elements differ"):
        check_grads(f, X)


def test_a_wrong_forward_rule(exp_with: ExpWith) -> None:
    f = exp_with(right_vjp, lambda dx, out: dx * out * 1.001)
    check_grads(f, X, modes=["reverse"], order=1)
    with pytest.raises(AssertionError, match=r"^forward, result 0: 3 of 3 elements differ"):
        check_grads(f, X)


def test_a_wrong_second_order(exp_with: ExpWith) -> None:
    """The first derivative is right, but hides from the tape that it depends on x."""
    f = exp_with(lambda g, out: g * out._marked(()), right_jvp)
    check_grads(f, X, order=1)
    with pytest.raises(AssertionError, match=r"^(forward|reverse) of reverse, result 0"):
        check_grads(f, X)


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="mode 'backward' is not 'forward' or 'reverse'"):
        check_grads(lambda x: x, X, modes=["backward"])
    with pytest.raises(ValueError, match="there is no floating tensor to differentiate"):
        check_grads(lambda x: x, st.tensor([1, 2]))
