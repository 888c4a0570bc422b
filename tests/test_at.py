"""`x.at[key].set(values)` and `.add(values)`: what NumPy does in place, as a copy."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import shapetensor as st
from shapetensor._core.dtypes import DTYPES

NAN, INF = float("nan"), float("inf")
KEYS: list[Any] = [
    0,
    -1,
    (1, 2),
    slice(1, None),
    slice(None, None, -2),
    (slice(None), 1),
    (..., slice(0, 2)),
    (None, 0),
    ...,
    (),
    (0, None, slice(None, None, 2)),
    (slice(5, None),),
]


def raises(error: type[Exception], text: str) -> Any:
    """The error with exactly this text."""
    return pytest.raises(error, match=f"^{re.escape(text)}$")


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_slices_as_numpy(key: Any) -> None:
    array = np.array([[1.0, NAN, -0.0], [INF, 2.0, -INF]])
    x = st.from_numpy(array)
    expected, added = array.copy(), array.copy()
    expected[key] = 7.0
    added[key] += 1.0
    for found, want in ((x.at[key].set(7.0), expected), (x.at[key].add(1.0), added)):
        assert found.numpy().tobytes() == want.tobytes()  # negative zeros too
    values = np.arange(array[key].size, dtype=float).reshape(array[key].shape)
    expected[key] = values
    np.testing.assert_array_equal(x.at[key].set(st.from_numpy(values)).numpy(), expected)
    assert x.numpy().tobytes() == array.tobytes()


def test_rows_as_numpy() -> None:
    array = np.array([[1.0, NAN, -0.0], [INF, 2.0, -INF], [-0.0, 0.0, 1.0]])
    x, indices = st.from_numpy(array), st.tensor([2, -3, 2])
    values = np.arange(9.0).reshape(3, 3)
    expected, added = array.copy(), array.copy()
    expected[indices.numpy()] = values
    np.add.at(added, indices.numpy(), values)
    for key in (indices, (indices,), (indices, ...), (indices, slice(None))):
        assert x.at[key].set(st.from_numpy(values)).numpy().tobytes() == expected.tobytes()
        np.testing.assert_array_equal(x.at[key].add(st.from_numpy(values)).numpy(), added)
    assert np.signbit(x.at[indices].add(0.0).numpy()[2, 0]) == np.signbit(-0.0 + 0.0)
    assert np.signbit(x.at[st.tensor([1])].add(1.0).numpy()[2, 0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype: type[st.DType]) -> None:
    x = st.tensor([0, 1, 1], dtype=dtype)
    one = st.ones((), dtype=dtype)
    for key in (0, slice(0, 1), st.tensor([0])):
        changed = x.at[key].set(one)
        assert (changed.dtype, changed.tolist()) == (dtype, [1, 1, 1])
        assert x.at[key].add(one).tolist() == [1, 1, 1]


def test_empty_and_0d() -> None:
    x = st.tensor(1.0)
    assert x.at[()].set(2.0).item() == x.at[...].add(1.0).item() == 2.0
    empty = st.zeros((0, 3))
    assert empty.at[:].set(1.0).shape == empty.at[st.zeros((0,), dtype=st.I64)].add(1.0).shape == (0, 3)


def test_gradients() -> None:
    x = st.random.normal(st.random.key(0), (4, 3), dtype=st.F64)
    v = st.random.normal(st.random.key(1), (2, 3), dtype=st.F64)
    keys: list[Any] = [slice(1, 3), slice(None, None, 2), st.tensor([3, 0]), st.tensor([1, 1])]
    for key in keys:
        st.testing.check_grads(lambda a, b, key=key: a.at[key].set(b * a[:2]) ** 2, x, v)
        st.testing.check_grads(lambda a, b, key=key: a.at[key].add(b) ** 2, x, v)
    infinite = st.tensor([INF, 1.0])
    assert st.grad(lambda a: a.at[0].set(2.0).sum())(infinite).tolist() == [0.0, 1.0]
    assert st.grad(lambda b: infinite.at[0].set(b).sum())(st.tensor(1.0)).item() == 1.0


def test_in_a_program_and_batched() -> None:
    x, i = st.ones((3, 2)), st.tensor([0, 2])
    changed = st.compile(lambda a, j: a.at[j].set(5.0).at[1, 0].add(1.0))
    assert changed(x, i).tolist() == [[5.0, 5.0], [2.0, 1.0], [5.0, 5.0]]
    assert st.vmap(lambda a: a.at[0].set(9.0))(x).tolist() == [[9.0, 1.0]] * 3


def test_what_is_refused() -> None:
    x, whole = st.ones((2, 3)), st.tensor([1, 2])
    text = "at[...].set: F32 does not fit into I64: write value.astype(I64) or x.astype(F32)"
    with raises(st.DTypeError, text):
        whole.at[0].set(st.tensor(1.5))
    with raises(st.DTypeError, text.replace("F32 does", "float scalar does")):
        whole.at[0].set(1.5)
    text = "at[...].add: numpy.ndarray is not a Tensor: convert it with st.tensor(...) or st.from_numpy(...)"
    with raises(st.DTypeError, text):
        x.at[0].add(np.ones(3))  # type: ignore[arg-type]
    with raises(OverflowError, "full: 300 is out of range for U8 (0 to 255)"):
        whole.astype(st.U8).at[0].set(300)
    with raises(st.ShapeError, "broadcast_to: shapes (2,) and (3,) do not broadcast: axis -1: 2 != 3"):
        x.at[0].set(st.ones(2))
    with raises(IndexError, "index 2 is out of range for axis 0 of shape (2, 3)"):
        x.at[2].set(0.0)
    with raises(IndexError, "scatter_set: index 2 is out of range for axis 0 of size 2"):
        x.at[st.tensor([2])].set(0.0)
    with pytest.raises(IndexError, match=r"^at: an integer tensor stands alone, for axis 0"):
        x.at[:, whole].set(0.0)
    with pytest.raises(st.DTypeError, match=r"^a Bool tensor as index"):
        x.at[x > 0].set(0.0)
    with raises(IndexError, "1 indices for a tensor of 0 axes, shape ()"):
        st.tensor(1.0).at[st.tensor([0])].set(0.0)


def test_two_integer_tensors_are_refused_with_the_way_out() -> None:
    i = st.tensor([0, 1])
    with pytest.raises(IndexError, match=r"^at: an integer tensor stands alone, for axis 0"):
        st.ones((3, 3)).at[i, i].set(0.0)
