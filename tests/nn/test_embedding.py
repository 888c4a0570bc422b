"""Embedding: rows of a table, and gradients for those that were looked up."""

import re
from typing import Any

import pytest

import shapetensor as st
from shapetensor import DTypeError, nn

KEY = st.random.key(0)


def table() -> nn.Embedding[Any, Any]:
    weight = st.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0], [9.0, 10.0, 11.0]])
    return nn.Embedding(4, 3, key=KEY).replace(weight=weight)


def test_rows_and_their_gradients_are_torchs() -> None:
    indices = st.tensor([[1, 3], [1, 0]])
    factors = st.tensor([[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], [[6.0, 7.0, 8.0], [9.0, 10.0, 11.0]]])
    assert table()(indices).tolist() == [[[3.0, 4.0, 5.0], [9.0, 10.0, 11.0]], [[3.0, 4.0, 5.0], [0.0, 1.0, 2.0]]]
    gradient = st.grad(lambda m: (m(indices) * factors).sum())(table())
    assert gradient.weight.tolist() == [[9.0, 10.0, 11.0], [6.0, 8.0, 10.0], [0.0, 0.0, 0.0], [3.0, 4.0, 5.0]]


@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3)])
@pytest.mark.parametrize("dtype", [st.I64, st.I32, st.U8])
def test_shapes_and_dtypes(shape: tuple[int, ...], dtype: Any) -> None:
    assert table()(st.zeros(shape, dtype=dtype)).shape == (*shape, 3)


def test_gradients_to_second_order() -> None:
    st.testing.check_grads(lambda m: m(st.tensor([1, 1, 2])).tanh(), table())


def test_compiled() -> None:
    step = st.compile(st.grad(lambda m, i: (m(i) * m(i)).sum()))
    indices = st.tensor([2, 2])
    assert step(table(), indices).weight.tolist() == [[0.0] * 3, [0.0] * 3, [24.0, 28.0, 32.0], [0.0] * 3]
    with pytest.raises(IndexError):
        step(table(), st.tensor([2, 4]))


def test_places_that_are_not_there() -> None:
    with pytest.raises(IndexError):
        table()(st.tensor([4]))
    assert table()(st.tensor(-1)).tolist() == [9.0, 10.0, 11.0]
    with pytest.raises(DTypeError, match="indices are integers, not F32"):
        table()(st.tensor([1.0]))
    with pytest.raises(ValueError, match=r"^Embedding: num_embeddings=-1 and embedding_dim=3 cannot be negative$"):
        nn.Embedding(-1, 3, key=KEY)


def test_it_begins_standard_normal() -> None:
    values = nn.Embedding(300, 100, key=KEY).weight.numpy()
    assert abs(values.mean()) < 0.03
    assert values.std() == pytest.approx(1.0, rel=0.02)
    assert list(table().state_dict()) == ["weight"]
    assert repr(table()) == "Embedding(4, 3)"


def test_a_seed_is_no_key() -> None:
    text = "Embedding: key=0 is no random key: make one, as in nn.Embedding(100, 8, key=st.random.key(0))"
    with pytest.raises(TypeError, match=f"^{re.escape(text)}$"):
        nn.Embedding(3, 2, key=0)  # type: ignore[arg-type]
