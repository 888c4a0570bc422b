"""Tensors in safetensors files: a JSON header and the raw elements, which every framework reads.

Format: https://huggingface.co/docs/safetensors. Files are written and read here, not by the library of that name, which
sets the order of metadata by chance, leaves files of its own names when it is killed, and does not say which
entry of a damaged file is wrong. 16-bit floats go in and out by their bits, since NumPy has no bfloat16.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from .._core.device import cpu
from .._core.dtypes import BF16, F16, F32, F64, I8, I32, I64, U8, U32, AnyDType, Bool, names
from .._core.errors import DTypeError
from .._core.spec import make_spec
from ..tensor import Tensor
from .header import Entry, read_header

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..tensor import AnyTensor

# The format's names of the element types that tensors have.
_CODES: dict[str, AnyDType] = {
    **{d.__name__: d for d in (U8, I8, I32, U32, I64, F16, BF16, F32, F64)},
    "BOOL": Bool,
}
_CODE_OF = {dtype: code for code, dtype in _CODES.items()}
UNFINISHED = ".tmp"


def save_file(
    tensors: Mapping[str, AnyTensor], path: str | os.PathLike[str], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors by name; equal tensors and metadata give equal files, byte for byte.

    The file appears whole or not at all: it is written under another name beside its place, flushed to the disk
    and then renamed.

    Args:
        tensors: such as `model.state_dict()`.
        path: the file; one that is there is replaced.
        metadata: texts to keep in the header.

    Raises:
        TypeError: for an entry that is no tensor, or metadata that is no text.
        OSError: if the file cannot be written.

    Example:
        >>> import shapetensor as st, tempfile, os
        >>> path = os.path.join(tempfile.mkdtemp(), "ones.safetensors")
        >>> st.io.save_file({"a": st.ones(2)}, path, {"made by": "me"})
        >>> st.io.load_file(path), st.io.load_metadata(path)
        ({'a': Tensor[F32, 2]([1., 1.])}, {'made by': 'me'})
    """
    if "__metadata__" in tensors:
        raise ValueError("save_file: '__metadata__' is the name of the metadata, no tensor can have it")
    for key, value in (metadata or {}).items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise TypeError(f"save_file: metadata {key!r}: {value!r} is not a text for a text")
    arrays = {name: stored(name, x) for name, x in tensors.items()}
    # By falling size of the elements, so that all of them are aligned.
    order = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))
    header = _packed({name: tensors[name] for name in order}, metadata or {})
    target = Path(path)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        with open(beside, "xb") as file:
            file.write(header)
            for name in order:
                file.write(arrays[name].data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
        _flush_folder(target.parent)
    finally:
        beside.unlink(missing_ok=True)


def _packed(tensors: Mapping[str, AnyTensor], metadata: Mapping[str, str]) -> bytes:
    """The header before the elements of these, filled up with spaces to a multiple of eight bytes."""
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))} if metadata else {}
    at = 0
    for name, x in tensors.items():
        offsets = [at, at := at + x.nbytes]
        header[name] = {"dtype": _CODE_OF[x.dtype], "shape": list(x.shape), "data_offsets": offsets}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text = text.ljust(-(-len(text) // 8) * 8)
    return len(text).to_bytes(8, "little") + text


def load_file(path: str | os.PathLike[str]) -> dict[str, AnyTensor]:
    """The tensors of a safetensors file, by name.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is cut off or damaged.
        DTypeError: if an entry has an element type that no tensor has.

    Example:
        >>> import shapetensor as st, tempfile, os
        >>> path = os.path.join(tempfile.mkdtemp(), "weights.safetensors")
        >>> layer = st.nn.Linear(3, 2, key=st.random.key(0))
        >>> st.io.save_file(layer.state_dict(), path)
        >>> same = st.nn.Linear(3, 2, key=st.random.key(1)).load_state_dict(st.io.load_file(path))
        >>> bool((same.weight == layer.weight).astype(st.F32).mean() == 1.0)
        True
    """
    return load_whole(path)[0]


def load_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """The metadata of a safetensors file; empty if it has none.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is cut off or damaged.

    Example:
        >>> import shapetensor as st, tempfile, os
        >>> path = os.path.join(tempfile.mkdtemp(), "empty.safetensors")
        >>> st.io.save_file({}, path, {"epoch": "3"})
        >>> st.io.load_metadata(path)
        {'epoch': '3'}
    """
    with open(path, "rb") as file:
        return dict(sorted(read_header(file).metadata.items()))


def load_whole(path: str | os.PathLike[str]) -> tuple[dict[str, AnyTensor], dict[str, str]]:
    """Tensors and metadata of one file, even while another takes its place; see `load_file`."""
    with open(path, "rb") as file:
        entries, metadata = read_header(file)
        return {name: _read(file, name, entry) for name, entry in entries.items()}, metadata


def _read(file: BinaryIO, name: str, entry: Entry) -> AnyTensor:
    """One tensor, read into memory of its own."""
    import numpy as np

    from .._core.buffers import POOL

    if entry.code not in _CODES:
        known = names(_CODES.values())
        raise DTypeError(f"{file.name}: entry {name!r} is {entry.code}, which no tensor can be: tensors are {known}")
    dtype = _CODES[entry.code]
    spec = make_spec(entry.shape, dtype, cpu())
    flat = POOL.take(spec.size, np.dtype(dtype.storage))
    file.seek(entry.first)
    if file.readinto(flat.view(np.uint8)) != entry.last - entry.first:  # type: ignore[attr-defined]
        raise ValueError(f"{file.name}: entry {name!r} ends early: the file became shorter while it was read")
    if dtype is Bool and flat.view(np.uint8).max(initial=0) > 1:
        raise ValueError(f"{file.name}: entry {name!r} is BOOL and has bytes other than 0 and 1")
    return Tensor._make(flat, spec, ())


def _flush_folder(folder: Path) -> None:
    """Have the new name of a file survive a power cut, where the system can do that."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def stored(name: str, x: Any) -> NDArray[Any]:
    """The elements in C order, 16-bit floats as their bits."""
    import numpy as np

    if not isinstance(x, Tensor):
        raise TypeError(f"save_file: entry {name!r} is {type(x).__name__}, not a Tensor")
    x = x._shown()
    if x.dtype is not BF16 or x.device is not cpu():
        return np.ascontiguousarray(x.numpy())
    buffer: NDArray[Any] = x._buffer
    strides = tuple(step * buffer.itemsize for step in x._spec.strides)
    return np.ascontiguousarray(np.ndarray(x.shape, buffer.dtype, buffer, 0, strides))
