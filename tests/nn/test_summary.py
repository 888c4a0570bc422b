"""summary: shapes, parameters and FLOPs of each module, without a kernel."""

from typing import Any

import pytest

import shapetensor as st
from shapetensor import ShapeError, nn
from shapetensor.tensor import AnyTensor

KEY = st.random.key(0)


class Net(st.Module):
    table: nn.Embedding[Any, Any]
    blocks: list[Any]
    head: nn.Linear[Any, Any]
    unused: nn.ReLU

    def __init__(self) -> None:
        self.table = nn.Embedding(10, 4, key=KEY)
        self.blocks = [nn.Residual(nn.Sequential(nn.LayerNorm(4), nn.GELU())), nn.Dropout(0.5)]
        self.head = nn.Linear(4, 3, key=KEY)
        self.unused = nn.ReLU()

    def __call__(self, ids: AnyTensor, scale: AnyTensor) -> AnyTensor:
        x = self.table(ids)
        for block in (*self.blocks, *self.blocks):
            x = block(x)
        return self.head(x) * scale


def test_rows() -> None:
    net = Net()
    found = net.summary(st.tensor([[1, 2, 3]]), (1, 3, 3))
    rows = {row.name: row for row in found.rows}
    assert [(row.name, row.type) for row in found.rows] == [
        ("", "Net"),
        ("table", "Embedding"),
        ("blocks.0", "Residual"),
        ("blocks.0.inner", "Sequential"),
        ("blocks.0.inner.0", "LayerNorm"),
        ("blocks.0.inner.1", "GELU"),
        ("blocks.1", "Dropout"),
        ("head", "Linear"),
        ("unused", "ReLU"),
    ]
    assert rows[""].output_shape == (1, 3, 3)
    assert rows["blocks.0"].output_shape == rows["table"].output_shape == (1, 3, 4)
    assert rows["unused"].output_shape is None
    assert rows["head"].flops == 2 * 3 * 4 * 3 + 9
    assert rows["blocks.0.inner.1"].flops == 2 * 12  # called twice
    assert rows["blocks.0"].flops == (rows["blocks.0.inner"].flops or 0) + 2 * 12
    assert found.flops == rows[""].flops == (rows["blocks.0"].flops or 0) + (rows["head"].flops or 0) + 9
    assert found.parameters == rows[""].parameters == 40 + 8 + 15
    assert (found.buffers, found.nbytes) == (0, 4 * 63)


def test_the_model_stays_as_it_was() -> None:
    net = Net()
    net.summary((2, 5), (2, 5, 3), dtype=st.I64)
    assert type(net.blocks[0]) is nn.Residual
    assert net(st.zeros((2, 5), dtype=st.I64), st.ones(())).shape == (2, 5, 3)


def test_without_an_input() -> None:
    found = nn.BatchNorm1d(3).summary()
    assert (found.parameters, found.buffers, found.nbytes, found.flops) == (6, 7, 4 * 12 + 8, None)
    assert str(found).splitlines()[0] == "layer  type         output shape  parameters  FLOPs"
    assert str(found).splitlines()[2].split() == ["BatchNorm1d", "6"]
    assert repr(found) == str(found)
    assert str(found).splitlines()[-1] == "6 parameters, 7 in buffers, 56 bytes"


def test_wrong_inputs_raise_as_the_model_does() -> None:
    text = r"^Sequential: layer 0: Linear: x has shape \(2, 5\), its last axis should be in_features=4$"
    with pytest.raises(ShapeError, match=text):
        nn.Sequential(nn.Linear(4, 3, key=KEY)).summary((2, 5))


def test_nothing_is_computed() -> None:
    found = nn.Sequential(nn.ReLU(), nn.Tanh()).summary((10**6, 10**6, 10**6))
    assert found.flops == 2 * 10**18


def test_as_a_table_of_rich() -> None:
    pytest.importorskip("rich")
    table = nn.Sequential(nn.ReLU()).summary((2,)).__rich__()
    assert table.row_count == 2
    assert table.caption == "0 parameters, 0 in buffers, 0 bytes, 2 FLOPs"
