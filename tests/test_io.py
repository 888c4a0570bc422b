"""safetensors: every dtype there and back, whole files or none, and errors that name the file."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

import shapetensor as st
from shapetensor import DTypeError, io, nn
from shapetensor._core.dtypes import DTYPES
from shapetensor._core.errors import CompileError
from shapetensor.tensor import AnyTensor


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.safetensors"


def values(dtype: Any) -> AnyTensor:
    return st.tensor([[0.0, 1.0, 2.0], [3.0, 100.0, 1.0]]).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(path: Path, dtype: Any) -> None:
    tensors = {"matrix": values(dtype), "scalar": values(dtype)[1, 1], "empty": values(dtype)[:0]}
    io.save_file(tensors, path)
    loaded = io.load_file(path)
    assert set(loaded) == set(tensors)
    for name, x in tensors.items():
        assert (loaded[name].dtype, loaded[name].shape) == (dtype, x.shape)
        assert loaded[name].tolist() == x.tolist()


@pytest.mark.parametrize("dtype", DTYPES)
def test_views_are_saved_in_c_order(path: Path, dtype: Any) -> None:
    x = values(dtype)
    tensors = {"transposed": x.mT, "column": x[:, 1], "stepped": x[:, ::2], "stretched": x[0].broadcast_to((4, 3))}
    io.save_file(tensors, path)
    for name, loaded in io.load_file(path).items():
        assert loaded.tolist() == tensors[name].tolist(), name


def test_special_values_keep_their_bits(path: Path) -> None:
    for dtype in (st.F16, st.BF16, st.F32, st.F64):
        x = st.tensor([np.nan, np.inf, -np.inf, -0.0, 1e-40]).astype(dtype)
        io.save_file({"x": x}, path)
        assert io.load_file(path)["x"]._buffer.tobytes() == x._buffer.tobytes()


def test_other_libraries_read_and_write_the_same(path: Path) -> None:
    array = np.arange(6, dtype=np.float16).reshape(2, 3)
    io.save_file({"a": st.from_numpy(array)}, path)
    np.testing.assert_array_equal(safetensors.numpy.load_file(path)["a"], array)
    safetensors.numpy.save_file({"b": array[::-1].copy()}, path)
    np.testing.assert_array_equal(io.load_file(path)["b"].numpy(), array[::-1])


def test_metadata(path: Path) -> None:
    metadata = {"step": "10", "comment": 'quotes " and \\ and\nlines, ümläute, 数'}
    io.save_file({"x": st.ones(2)}, path, metadata)
    assert io.load_metadata(path) == metadata
    assert io.load_file(path)["x"].tolist() == [1.0, 1.0]
    io.save_file({}, path)
    assert io.load_metadata(path) == {}
    assert io.load_file(path) == {}


def test_equal_contents_give_equal_files(path: Path) -> None:
    metadata = {f"key {i}": "é\x01" * i for i in range(20)}
    files = set()
    for _ in range(5):
        io.save_file({"x": st.ones(2), "y": st.zeros(3)}, path, metadata)
        files.add(path.read_bytes())
    assert len(files) == 1
    assert io.load_metadata(path) == metadata


def test_a_model(path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 4, key=st.random.key(0)), nn.BatchNorm1d(4))
    io.save_file(model.state_dict(), path)
    loaded = nn.Sequential(nn.Linear(3, 4, key=st.random.key(1)), nn.BatchNorm1d(4)).load_state_dict(io.load_file(path))
    x = st.random.normal(st.random.key(2), (5, 3))
    assert loaded(x).tolist() == model(x).tolist()


def test_loaded_tensors_do_not_need_the_file(path: Path) -> None:
    io.save_file({"x": st.ones(1000)}, path)
    x = io.load_file(path)["x"]
    path.write_bytes(b"\xff" * path.stat().st_size)
    assert x.sum().item() == 1000.0
    assert st.traced(x).sum().item() == 1000.0


def test_a_failed_save_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    io.save_file({"x": st.ones(2)}, path)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        io.save_file({"x": st.zeros(2)}, path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_files_are_as_readable_as_others(path: Path) -> None:
    io.save_file({"x": st.ones(2)}, path)
    other = path.with_name("other")
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        io.save_file({"x": st.ones(2)}, tmp_path / "no" / "file.safetensors")
    with pytest.raises(FileNotFoundError):
        io.load_file(tmp_path / "none.safetensors")


def test_what_can_be_saved(path: Path) -> None:
    with pytest.raises(TypeError, match="entry 'x' is ndarray, not a Tensor"):
        io.save_file({"x": np.ones(2)}, path)  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="metadata 'step': 3 is not a text for a text"):
        io.save_file({}, path, {"step": 3})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="'__metadata__' is the name of the metadata"):
        io.save_file({"__metadata__": st.ones(1)}, path)
    assert not path.exists()


@pytest.mark.parametrize("dtype", [st.F32, st.BF16])
def test_a_recorded_tensor_has_no_elements_to_save(path: Path, dtype: Any) -> None:
    @st.compile
    def save(x: AnyTensor) -> AnyTensor:
        io.save_file({"x": x}, path)
        return x

    with pytest.raises(CompileError):
        save(st.ones(2).astype(dtype))


@pytest.mark.parametrize("keep", [0, 4, 8, 30, -1, -8])
def test_cut_off_files(path: Path, keep: int) -> None:
    io.save_file({"x": st.ones(4)}, path)
    path.write_bytes(path.read_bytes()[:keep])
    for read in (io.load_file, io.load_metadata):
        with pytest.raises(ValueError, match=r"weights\.safetensors is no whole safetensors file: .+"):
            read(path)


def test_damaged_files(path: Path) -> None:
    io.save_file({"x": st.ones(4)}, path)
    good = path.read_bytes()
    for bad in (good + b"\0", b"\xff" * 100, good.replace(b'"F32"', b'"F99"'), good.replace(b"[4]", b"[5]")):
        path.write_bytes(bad)
        with pytest.raises(ValueError, match="is no whole safetensors file"):
            io.load_file(path)


def test_dtypes_that_no_tensor_has(path: Path) -> None:
    header = json.dumps({"table": {"dtype": "I16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * 4)
    with pytest.raises(DTypeError, match=r"weights\.safetensors: entry 'table' is I16, which no tensor can be"):
        io.load_file(path)
