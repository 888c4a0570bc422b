"""Flatten against torch's rules."""

import pytest

import shapetensor as st
from shapetensor import ShapeError, nn


@pytest.mark.parametrize(
    ("axes", "shape", "expected"),
    [
        ((), (2, 3, 4), (2, 12)),
        ((), (5, 6), (5, 6)),
        ((), (2, 0, 4), (2, 0)),
        ((0,), (2, 3, 4), (24,)),
        ((-2,), (2, 3, 4), (2, 12)),
        ((0, 1), (2, 3, 4), (6, 4)),
        ((1, 2), (2, 3, 4, 5), (2, 12, 5)),
    ],
)
def test_shapes(axes: tuple[int, ...], shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    x = st.random.uniform(st.random.key(0), shape)
    y = nn.Flatten(*axes)(x)
    assert y.shape == expected
    assert y.tolist() == x.reshape(expected).tolist()


def test_wrong_axes() -> None:
    with pytest.raises(ShapeError, match=r"^Flatten: axis 1 .*\(4,\)$"):
        nn.Flatten()(st.ones(4))
    with pytest.raises(ShapeError, match=r"^Flatten: x has shape \(2, 3\), in which axis 0 is before 1$"):
        nn.Flatten(1, 0)(st.ones((2, 3)))


def test_repr() -> None:
    assert repr(nn.Flatten()) == "Flatten(start_axis=1, end_axis=-1)"
