"""Subscripts: ints, slices, None and `...` as NumPy has them, integer tensors, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as hyp

import shapetensor as st

M = st.tensor([[1.0, 2.0], [3.0, 4.0]])
V = st.tensor([1, 2, 3])
EMPTY = st.zeros((0, 3))
FLAGS = st.tensor([True, False])


def raises(error: type[Exception], text: str) -> Any:
    """The error with exactly this text."""
    return pytest.raises(error, match=f"^{re.escape(text)}$")


@pytest.mark.parametrize(
    "key",
    [
        0,
        -1,
        (1, 2),
        (0, -1, 1),
        np.int64(1),
        slice(None),
        slice(1, None),
        slice(None, None, 2),
        slice(None, None, -1),
        slice(5, None),
        slice(-2, None),
        (slice(None), 1),
        (slice(None), slice(None, None, -2), 0),
        (..., 0),
        (0, ...),
        (0, ..., slice(1, 2)),
        None,
        (None, 0),
        (..., None),
        (0, None, slice(None), None),
        (),
        ...,
    ],
    ids=str,
)
def test_index_as_numpy(key: Any) -> None:
    array = np.arange(24, dtype=np.int64).reshape(2, 3, 4)
    np.testing.assert_array_equal(st.from_numpy(array)[key].numpy(), array[key])


@given(hyp.data())
def test_slices_as_numpy(data: hyp.DataObject) -> None:
    array = np.arange(20, dtype=np.int64).reshape(4, 5)
    key = tuple(data.draw(hyp.slices(n)) for n in array.shape)
    np.testing.assert_array_equal(st.from_numpy(array)[key].numpy(), array[key])


def test_indices_out_of_range() -> None:
    for i in (3, -4):
        with raises(IndexError, f"index {i} is out of range for axis 0 of shape (3,)"):
            V[i]
    with raises(IndexError, "index 2 is out of range for axis 1 of shape (2, 2)"):
        M[0, 2]
    with raises(IndexError, "index 0 is out of range for axis 0 of shape (0, 3)"):
        EMPTY[0]
    with raises(IndexError, "3 indices for a tensor of 2 axes, shape (2, 2)"):
        M[0, 0, 0]
    with raises(IndexError, "an index can have one '...' only"):
        M[..., ...]
    with raises(ValueError, "slice step cannot be zero"):
        M[::0]
    with raises(IndexError, "take: index 2 is out of range for axis 0 of size 2"):
        M[st.tensor([0, 2])]


def test_what_is_no_index() -> None:
    wrong: list[Any] = [1.0, "a", True, [0, 1], np.array([0, 1]), np.array([True, False]), (0, [0])]
    for key in wrong:
        with pytest.raises(IndexError, match=r"^index \d is of type .*x\.take\(indices, axis=\d\), or st\.where\(mask"):
            M[key]


def test_tensors_as_index_take_rows() -> None:
    assert M[st.tensor([1, 0, -1])].tolist() == [[3.0, 4.0], [1.0, 2.0], [3.0, 4.0]]
    assert M[st.tensor(1)].tolist() == [3.0, 4.0]
    text = "a Bool tensor as index has a result whose shape depends on data: use st.where(mask, x, other)"
    for key in (FLAGS, (0, FLAGS), (..., FLAGS)):
        with raises(st.DTypeError, text):
            M[key]
    with raises(st.DTypeError, "take: indices are integers, not F32: write indices.astype(I64)"):
        M[M]


CUBE = np.arange(60, dtype=np.int64).reshape(3, 4, 5)
I, J, K = st.tensor([2, 0, -1]), st.tensor([[1], [3]]), st.tensor([-2, 1, 0], dtype=st.I32)


def arrays_in(key: Any) -> Any:
    """The same subscript for NumPy."""
    return tuple(k.numpy() if isinstance(k, st.Tensor) else k for k in (key if isinstance(key, tuple) else (key,)))


@pytest.mark.parametrize(
    "key",
    [
        (slice(None), I),
        (slice(1, None), I, slice(None, None, 2)),
        (..., K),
        (..., J),
        (0, I),
        (I, 0),
        (1, I, 2),
        (None, I),
        (I, None),
        (I, ..., slice(1, 3)),
        (st.tensor(1),),
        (slice(None), st.tensor(-1)),
        (I, K),
        (I, J),
        (I, J, K),
        (I, 2, K),
        (slice(None), I, K),
        (slice(None, None, -1), J, K),
        (..., I, J, None),
        (I, K, slice(1, None)),
        (None, I, J),
        (st.zeros((0,), dtype=st.I64), I[:1]),
    ],
    ids=str,
)
def test_integer_tensors_as_numpy(key: Any) -> None:
    np.testing.assert_array_equal(st.from_numpy(CUBE)[key].numpy(), CUBE[arrays_in(key)])


def test_integer_tensors_that_stand_apart() -> None:
    x = st.from_numpy(CUBE)
    for key in ((I, slice(None), K), (0, slice(None), K), (I, None, K), (0, ..., I)):
        with pytest.raises(
            IndexError, match=r"^integer tensors and ints in one subscript must stand beside one another"
        ):
            x[key]


def test_integer_tensors_out_of_range() -> None:
    x = st.from_numpy(CUBE)
    with raises(IndexError, "take: index 4 is out of range for axis 1 of size 4"):
        x[:, st.tensor([0, 4])]
    with raises(IndexError, "take: index -5 is out of range for axis 1 of size 4"):
        x[I, st.tensor([0, 1, -5])]
    with raises(IndexError, "take: index 3 is out of range for axis 0 of size 3"):
        x[st.tensor([0, 1, 3]), st.tensor(0)]
    with raises(IndexError, "the index tensors (3,), (2,): shapes (3,) and (2,) do not broadcast: axis -1: 3 != 2"):
        x[I, st.tensor([0, 1])]
    with raises(st.DTypeError, "take: indices are integers, not F32: write indices.astype(I64)"):
        x[I, st.ones(3)]


def test_gradients_of_subscripts() -> None:
    x = st.random.normal(st.random.key(0), (3, 4, 5), dtype=st.F64)
    for key in ((slice(None), J), (I, K, 1), (0, ..., slice(None, None, -2)), (..., I, J)):
        st.testing.check_grads(lambda v, key=key: v[key] * v[key], x)


def test_subscripts_in_a_program() -> None:
    x = st.from_numpy(CUBE)
    picked = st.compile(lambda v, i: v[i, i, 1:])
    np.testing.assert_array_equal(picked(x, I).numpy(), CUBE[I.numpy(), I.numpy(), 1:])
    with pytest.raises(IndexError, match="index 7 is out of range for axis 0 of size 3"):
        picked(x, st.tensor([0, 1, 7]))
