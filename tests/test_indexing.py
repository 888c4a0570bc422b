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
