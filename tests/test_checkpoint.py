"""Checkpoints: trees there and back, and errors that name the entry, both shapes and dtypes."""

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shapetensor as st
from shapetensor import DTypeError, ShapeError, io, nn, optim
from shapetensor._core.pytree import flatten, leaves_of

KEY = st.random.key(0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.safetensors"


def model(width: int = 3) -> Any:
    return nn.Sequential(nn.Linear(4, width, key=KEY), nn.BatchNorm1d(width), st.relu, nn.LayerNorm(width))


def run() -> dict[str, Any]:
    """All kinds of what a run has."""
    return {
        "model": model(),
        "states": (optim.Adam().init(model()), optim.SGD().init(model())),
        "key": st.random.key(5),
        "half": st.ones(3).astype(st.BF16),
        "none": st.ones((0, 2)),
        "epoch": 3,
        "rate": 0.1,
        "name": "ünicode.dotted",
        "best": None,
        "done": True,
        "losses": [0.1, 1e-300, float("inf"), -0.0],
        "notes": {"a": [1, {"b": "c"}], "empty": []},
        "pair": (1, (2.5, [3])),
        "static": st.relu,
    }


def other() -> dict[str, Any]:
    """The same structure, other contents."""
    new = {
        "epoch": 0,
        "rate": 1,
        "name": "",
        "best": 2,
        "done": False,
        "losses": [],
        "notes": {},
        "pair": (0, (0.0, [])),
    }
    tensors = {"key": st.random.key(6), "half": st.zeros(3).astype(st.BF16)}
    return {**run(), "rate": 1.0, **{k: v for k, v in new.items() if k != "rate"}, **tensors}


def test_there_and_back(path: Path) -> None:
    saved = run()
    io.save_checkpoint(path, saved)
    loaded = io.load_checkpoint(path, other())
    assert list(loaded) == list(saved)
    assert flatten(loaded)[1] == flatten(saved)[1]
    for x, y in zip(leaves_of(loaded), leaves_of(saved), strict=True):
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        assert x._buffer.tobytes() == y._buffer.tobytes()
    assert str(loaded["losses"]) == "[0.1, 1e-300, inf, -0.0]"


def test_a_tree_of_one_tensor(path: Path) -> None:
    io.save_checkpoint(path, st.ones(2))
    assert io.load_checkpoint(path, st.zeros(2)).tolist() == [1.0, 1.0]
    io.save_checkpoint(path, ())
    assert io.load_checkpoint(path, ()) == ()


def test_names_and_metadata(path: Path) -> None:
    io.save_checkpoint(path, {"model": model(), "epoch": 3}, metadata={"made by": "me"})
    assert list(io.load_file(path)) == sorted(
        (f"model.{name}" for name in model().state_dict()), key=lambda name: ("tracked" not in name, name)
    )
    found = io.load_metadata(path)
    assert found["made by"] == "me"
    assert json.loads(found["shapetensor"])["values"] == {"epoch": 3}
    for name in ("shapetensor", "shapetensor.crc32"):
        with pytest.raises(ValueError, match=f"^save_checkpoint: the metadata entry '{name}' is the checkpoint's own$"):
            io.save_checkpoint(path, {}, metadata={name: ""})


def test_static_fields_of_modules_are_the_programs(path: Path) -> None:
    io.save_checkpoint(path, nn.Sequential(nn.Dropout(0.5), nn.LayerNorm((2, 3), eps=1.0)))
    loaded = io.load_checkpoint(path, nn.Sequential(nn.Dropout(0.1), nn.LayerNorm((2, 3))))
    assert loaded[0].p == 0.1
    assert loaded[1].eps == 1e-5


def test_equal_trees_give_equal_files(path: Path) -> None:
    files = set()
    for _ in range(3):
        io.save_checkpoint(path, run())
        files.add(path.read_bytes())
    assert len(files) == 1


def test_tensors_that_differ(path: Path) -> None:
    io.save_checkpoint(path, {"m": model(3)})
    text = r"run\.safetensors: 'm\.0\.weight' is Tensor\[F32, 3, 4\], the tree has Tensor\[F32, 5, 4\]; 'm\.0\.bias' is"
    with pytest.raises(ShapeError, match=text):
        io.load_checkpoint(path, {"m": model(5)})
    io.save_checkpoint(path, (st.ones(2), st.ones(3)))
    text = r"run\.safetensors: '1' is Tensor\[F32, 3\], the tree has Tensor\[I64, 3\]$"
    with pytest.raises(DTypeError, match=text):
        io.load_checkpoint(path, (st.ones(2), st.ones(3, dtype=st.I64)))


def test_names_that_differ(path: Path) -> None:
    io.save_checkpoint(path, {"a": st.ones(2), "b": st.ones(2), "n": 1})
    with pytest.raises(ValueError, match=r"run\.safetensors: 1 missing: c; 1 unexpected: b$"):
        io.load_checkpoint(path, {"a": st.ones(2), "c": st.ones(2), "n": 1})
    with pytest.raises(ValueError, match=r"run\.safetensors: 1 missing: k; 1 unexpected: n$"):
        io.load_checkpoint(path, {"a": st.ones(2), "b": st.ones(2), "k": 1})


@pytest.mark.parametrize("value", [1.5, "1", True, [1]])
def test_values_of_another_type(path: Path, value: Any) -> None:
    io.save_checkpoint(path, {"n": (value,)})
    with pytest.raises(
        ValueError, match=rf"run\.safetensors: 'n\.0' is {type(value).__name__} .*, the tree has int 7$"
    ):
        io.load_checkpoint(path, {"n": (7,)})


def test_places_that_are_not_unique(path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"^save_checkpoint: two tensors have the place 'a\.b': use names without dots$"
    ):
        io.save_checkpoint(path, {"a": {"b": st.ones(1)}, "a.b": st.ones(1)})
    with pytest.raises(ValueError, match=r"^save_checkpoint: two values have the place 'a\.b'"):
        io.save_checkpoint(
            path, {"a": (st.ones(1), {"b": 1}), "a.1": {"b": 1}, "a.b": 1} | {"a": {"b": 1, "t": st.ones(1)}}
        )


def test_other_files(path: Path) -> None:
    io.save_file({"x": st.ones(2)}, path)
    with pytest.raises(ValueError, match=r"run\.safetensors is no checkpoint: it has no metadata entry 'shapetensor'"):
        io.load_checkpoint(path, {"x": st.ones(2)})
    with pytest.raises(FileNotFoundError):
        io.load_checkpoint(path.with_name("none"), {})


def test_every_flipped_bit_is_noticed(path: Path) -> None:
    """In elements, names, values, checksums and the spaces that fill the header up."""
    tree = {"w": st.tensor([1.0, 2.0, 3.0]), "flag": st.tensor([True]), "epoch": 12}
    io.save_checkpoint(path, tree)
    content = path.read_bytes()
    for at in range(len(content)):
        for bit in (0, 6) if at % 3 else (1, 7):
            broken = bytearray(content)
            broken[at] ^= 1 << bit
            path.write_bytes(broken)
            with pytest.raises(ValueError, match=r"run\.safetensors"):
                io.load_checkpoint(path, tree)


def test_every_truncation_is_noticed(path: Path) -> None:
    tree = {"w": st.ones(5), "epoch": 12}
    io.save_checkpoint(path, tree)
    content = path.read_bytes()
    for end in range(len(content)):
        path.write_bytes(content[:end])
        with pytest.raises(ValueError, match=r"run\.safetensors is no whole safetensors file"):
            io.load_checkpoint(path, tree)


def test_damaged_elements_are_named(path: Path) -> None:
    io.save_checkpoint(path, {"w": np_like(3), "v": np_like(2)})
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match=r"run\.safetensors: the elements of 'w' are damaged: their checksum is another$"
    ):
        io.load_checkpoint(path, {"w": np_like(3), "v": np_like(2)})


def np_like(n: int) -> Any:
    return st.from_numpy(np.arange(float(n)))


def test_a_later_format_is_refused(path: Path) -> None:
    from shapetensor.io import checkpoint

    text = json.dumps({"format": 2, "values": {}, "crc32": {}})
    io.save_file({}, path, {"shapetensor": text, "shapetensor.crc32": checkpoint._text_checksum(text)})
    with pytest.raises(ValueError, match=r"run\.safetensors has the checkpoint format 2, and this version reads 1$"):
        io.load_checkpoint(path, {})


def test_unfinished_files_of_killed_runs_go(path: Path) -> None:
    old, new, mine = (path.with_name(name) for name in (".run.safetensors.0a.tmp", ".run.safetensors.0b.tmp", "a.tmp"))
    for left in (old, new, mine):
        left.touch()
    os.utime(old, (time.time() - 7200,) * 2)
    os.utime(mine, (0, 0))
    io.save_checkpoint(path, {})
    assert (old.exists(), new.exists(), mine.exists()) == (False, True, True)
