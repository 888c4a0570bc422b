"""Tensors and the arrays of other libraries: DLPack both ways, and HTML for notebooks."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import shapetensor as st
from shapetensor._core.device import activate
from shapetensor._core.dtypes import BF16, DTYPES
from shapetensor._core.recorder import Recorder


def raises(error: type[Exception], text: str) -> Any:
    """The error with exactly this text."""
    return pytest.raises(error, match=f"^{re.escape(text)}$")


EXPORTED = [d for d in DTYPES if d is not BF16]


@pytest.mark.parametrize("dtype", EXPORTED)
def test_numpy_both_ways(dtype: type[st.DType]) -> None:
    for x in (st.tensor([[0, 1, 1], [1, 0, 1]], dtype=dtype), st.tensor(1, dtype=dtype), st.zeros((0, 2), dtype=dtype)):
        array = np.from_dlpack(x)
        assert (array.shape, array.dtype.name, array.tolist()) == (x.shape, dtype.name, x.tolist())
        y = st.from_dlpack(array)
        assert (y.shape, y.dtype, y.tolist()) == (x.shape, dtype, x.tolist())
    view = np.from_dlpack(st.tensor([[0, 1, 1], [1, 0, 1]], dtype=dtype).mT)
    assert view.tolist() == [[0, 1], [1, 0], [1, 1]]


def test_exports_are_copies_unless_asked() -> None:
    x = st.tensor([1.0, 2.0])
    assert not np.shares_memory(np.from_dlpack(x), x.numpy())
    assert not np.shares_memory(np.from_dlpack(x, copy=True), x.numpy())
    shared = np.from_dlpack(x, copy=False)
    assert np.shares_memory(shared, x.numpy())
    assert not shared.flags.writeable
    assert x.__dlpack_device__() == (1, 0)
    with raises(BufferError, "__dlpack__: the tensor is on the CPU, not on (2, 0) with stream None"):
        x.__dlpack__(dl_device=(2, 0))
    with raises(st.DTypeError, "NumPy has no bfloat16: write x.astype(F32) first"):
        np.from_dlpack(x.astype(st.BF16))
    with activate(Recorder()), pytest.raises(st.CompileError, match="has no value to look at"):
        np.from_dlpack(st.zeros(2))


def test_exported_memory_lives_on() -> None:
    arrays = []
    for i in range(20):
        x = st.full((100,), float(i))
        arrays.append(np.from_dlpack(x, copy=False))
        del x
    assert [a[0] for a in arrays] == list(range(20))


def test_imports() -> None:
    array = np.arange(6.0).reshape(2, 3)
    assert not np.shares_memory(st.from_dlpack(array).numpy(), array)
    assert np.shares_memory(st.from_dlpack(array, copy=False).numpy(), array)
    assert st.from_dlpack(array, device="cpu").tolist() == array.tolist()
    x = st.ones(2)
    assert st.from_dlpack(x) is x
    with raises(BufferError, "from_dlpack: strides (-8,) cannot be shared: use copy=True"):
        st.from_dlpack(array[0, ::-1], copy=False)
    with raises(TypeError, "from_dlpack takes an array that speaks DLPack, not list: use st.tensor(data)"):
        st.from_dlpack([1.0])
    with pytest.raises(st.DTypeError, match="complex128 has no tensor"):
        st.from_dlpack(np.ones(2, complex))

    class Elsewhere:
        def __dlpack__(self) -> Any:
            raise AssertionError

        def __dlpack_device__(self) -> tuple[int, int]:
            return (2, 0)

    with raises(st.DeviceError, "from_dlpack: the array is on device (2, 0): move it to the CPU first"):
        st.from_dlpack(Elsewhere())


def test_torch_both_ways() -> None:
    torch = pytest.importorskip("torch")
    x = st.tensor([[1.0, 2.0], [3.0, 4.0]])
    y = torch.from_dlpack(x)
    assert y.tolist() == x.tolist()
    y += 1.0  # a copy: tensors never change
    assert x.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    back = st.from_dlpack(y.T)
    assert (back.dtype, back.tolist()) == (st.F32, [[2.0, 4.0], [3.0, 5.0]])
    assert st.from_dlpack(torch.tensor([True, False])).dtype is st.Bool
    assert st.from_dlpack(torch.arange(3)).tolist() == [0, 1, 2]
    assert st.from_dlpack(torch.ones(2, dtype=torch.float16)).dtype is st.F16
    with pytest.raises((st.DTypeError, BufferError)):
        st.from_dlpack(torch.ones(2, dtype=torch.bfloat16))


def test_to_device() -> None:
    x = st.ones(2)
    assert x.to("cpu") is x.to(x.device) is x
    with raises(st.DeviceError, "there is no device 'gpu': this version has 'cpu' and 'cuda:0', 'cuda:1', ..."):
        x.to("gpu")
    for dtype in (st.F64, "float64"):
        with pytest.raises(st.DeviceError, match=r"^to: (F64|float64) is a dtype, not a device: write x\.astype"):
            x.to(dtype)
    assert st.compile(lambda v: v.to("cpu") + 1.0)(x).tolist() == [2.0, 2.0]


def test_html() -> None:
    assert st.tensor(1.5)._repr_html_() == (
        "<div><strong>Tensor F32 () on cpu</strong><table><tr><td>1.5</td></tr></table></div>"
    )
    assert st.tensor([[1, 2]])._repr_html_() == (
        "<div><strong>Tensor I64 (1, 2) on cpu</strong><table><tr><td>1</td><td>2</td></tr></table></div>"
    )
    assert "<div>[0, 0]</div>" in st.ones((2, 2, 2, 2))._repr_html_()
    assert st.zeros((0, 2))._repr_html_() == "<div><strong>Tensor F32 (0, 2) on cpu</strong></div>"
    assert "traced</strong>" in st.ones(2).traced()._repr_html_()
    assert "<td>1.5</td>" in st.tensor([1.5], dtype=st.BF16)._repr_html_()
    large = st.zeros((1000, 1000))._repr_html_()
    assert len(large) < 3000
    assert large.count("&hellip;") == 10 + 11
    with activate(Recorder()):
        assert st.zeros(2)._repr_html_() == "<div><strong>Tensor F32 (2,) on recorder</strong></div>"
    text = st.vmap(lambda v: _Html.keep(v))(st.ones((2, 3)))
    assert text.shape == (2, 3)
    assert "<cpu>" not in _Html.text


class _Html:
    text = ""

    @classmethod
    def keep(cls, x: Any) -> Any:
        cls.text = x._repr_html_()
        return x
