"""Checkpoints: all that a run needs to go on later as if it had never stopped.

A checkpoint is a safetensors file. Tensors have their place in the tree as name, such as `model.first.weight`. The
metadata entry `shapetensor` is a JSON object: `format`, the version of this layout; `values`, the plain values of the
tree by their places; `crc32`, a checksum of each tensor's bytes. The entry `shapetensor.crc32` is a checksum of that
text, so that a flipped bit is found wherever it is.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from .._core.device import beside
from .._core.pytree import LEAF, STATIC, TreeDef, flatten, paths, unflatten
from ..nn.module import check_entries, check_names
from .safetensors import UNFINISHED, load_whole, save_file, stored

Tree = TypeVar("Tree")

FORMAT = 1
_NAME, _CHECK = "shapetensor", "shapetensor.crc32"
_STALE = 3600  # seconds after which an unfinished file is nobody's
_PLAIN = (bool, int, float, str, type(None))


def save_checkpoint(path: str | os.PathLike[str], tree: Any, *, metadata: Mapping[str, str] | None = None) -> None:
    """Write a tree of tensors and plain values: the model, the optimizer's state, keys, where in the data the run is.

    Numbers, texts, booleans and None are kept, as are lists of them and dicts from texts to them; other static values,
    and the static fields of modules, are those of the program that loads. The file appears whole or not at all: until
    the moment in which it does, the last one stays (see `save_file`).

    Args:
        path: the file; one that is there is replaced.
        tree: tuples, lists, dicts and modules.
        metadata: further texts to keep; `load_metadata` reads them.

    Raises:
        ValueError: if two tensors have the same place, such as "a.b" and b in a; or for metadata of our own names.
        OSError: if the file cannot be written.

    Example:
        >>> import shapetensor as st, tempfile, os
        >>> path = os.path.join(tempfile.mkdtemp(), "last.safetensors")
        >>> st.io.save_checkpoint(path, {"x": st.ones(2), "key": st.random.key(0), "epoch": 3})
        >>> run = st.io.load_checkpoint(path, {"x": st.zeros(2), "key": st.random.key(1), "epoch": 0})
        >>> run["x"], run["epoch"]
        (Tensor[F32, 2]([1., 1.]), 3)
    """
    tensors = _unique("two tensors have", paths(tree))
    values = _unique("two values have", _values(flatten(tree)[1]))
    for name in metadata or ():
        if name in (_NAME, _CHECK):
            raise ValueError(f"save_checkpoint: the metadata entry {name!r} is the checkpoint's own")
    checks = {name: _checksum(name, x) for name, x in tensors.items()}
    _clear_unfinished(Path(path))
    text = json.dumps({"format": FORMAT, "values": values, "crc32": checks}, separators=(",", ":"))
    save_file(tensors, path, {**(metadata or {}), _NAME: text, _CHECK: _text_checksum(text)})


def load_checkpoint(path: str | os.PathLike[str], like: Tree) -> Tree:
    """The tree in a checkpoint.

    Args:
        path: the file.
        like: a tree of the same structure, shapes and dtypes, such as that of a new run; its elements and plain values
            are not looked at. Tensors come to the devices that they have there.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is cut off, damaged or no checkpoint; if names are missing or unexpected; if a value
            has another type. The text names the entries.
        ShapeError: if a tensor has another shape.
        DTypeError: if a tensor has another dtype.

    Example:
        >>> import shapetensor as st, tempfile, os
        >>> os.chdir(tempfile.mkdtemp())
        >>> st.io.save_checkpoint("last.safetensors", {"w": st.ones((2, 3))})
        >>> st.io.load_checkpoint("last.safetensors", {"w": st.ones((2, 4))})
        Traceback (most recent call last):
        shapetensor.ShapeError: last.safetensors: 'w' is Tensor[F32, 2, 3], the tree has Tensor[F32, 2, 4]
    """
    what = os.fspath(path)
    tensors, metadata = load_whole(path)
    values, checks = _described(what, metadata)
    own, definition = dict(paths(like)), flatten(like)[1]
    check_names(what, own, tensors)
    check_entries(what, own, tensors, "the tree")
    for name, x in tensors.items():
        if checks.get(name) != _checksum(name, x):
            raise ValueError(f"{what}: the elements of {name!r} are damaged: their checksum is another")
    expected = dict(_values(definition))
    check_names(what, expected, values)
    for name, value in expected.items():
        if not _is_like(values[name], value):
            kinds = type(values[name]).__name__, type(value).__name__
            raise ValueError(f"{what}: {name!r} is {kinds[0]} {values[name]!r}, the tree has {kinds[1]} {value!r}")
    leaves = [beside(tensors[name], x) for name, x in own.items()]
    return unflatten(_with_values(definition, values), leaves)  # type: ignore[no-any-return]


def _values(definition: TreeDef, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The plain values of a tree and their places."""
    if _is_plain(definition):
        yield prefix, unflatten(definition, [])
    elif _is_open(definition):
        for name, child in zip(definition.names, definition.children, strict=True):
            yield from _values(child, f"{prefix}.{name}" if prefix else str(name))


def _with_values(definition: TreeDef, values: Mapping[str, Any], prefix: str = "") -> TreeDef:
    """The structure with these plain values in place of its own."""
    if _is_plain(definition):
        return TreeDef(STATIC, (values[prefix],))
    if not _is_open(definition):
        return definition
    children = tuple(
        _with_values(child, values, f"{prefix}.{name}" if prefix else str(name))
        for name, child in zip(definition.names, definition.children, strict=True)
    )
    return TreeDef(definition.kind, definition.names, children, definition.rest)


def _is_plain(definition: TreeDef) -> bool:
    """Whether JSON keeps it: a number, text, boolean or None, or a list or dict of them without tensors."""
    if definition.kind == STATIC:
        return type(definition.names[0]) in _PLAIN
    if definition.kind is dict and not all(type(name) is str for name in definition.names):
        return False
    return definition.kind in (list, dict) and all(_is_plain(child) for child in definition.children)


def _is_open(definition: TreeDef) -> bool:
    """Whether plain values are looked for inside; those of a module are part of the program."""
    return definition.kind not in (LEAF, STATIC) and not hasattr(definition.kind, "_unflatten")


def _is_like(value: Any, other: Any) -> bool:
    """Whether one value can stand for another: an int for a float also, and anything for a None or the reverse."""
    if value is None or other is None:
        return True
    return type(value) is type(other) or (type(value) is int and type(other) is float)


def _unique(what: str, pairs: Iterator[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"save_checkpoint: {what} the place {name!r}: use names without dots")
        found[name] = value
    return found


def _clear_unfinished(path: Path) -> None:
    """Remove what runs left that were killed while they wrote this file; others may still be writing for a while."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*{UNFINISHED}"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE:
                left.unlink()


def _checksum(name: str, x: Any) -> int:
    return zlib.crc32(stored(name, x).data)


def _text_checksum(text: str) -> str:
    return str(zlib.crc32(text.encode()))


def _described(what: str, metadata: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, int]]:
    """The values and checksums that a checkpoint has in its metadata.

    Raises:
        ValueError: if they are not there, damaged, or of another version.
    """
    text = metadata.get(_NAME)
    if text is None:
        raise ValueError(f"{what} is no checkpoint: it has no metadata entry {_NAME!r}; load_file reads its tensors")
    if metadata.get(_CHECK) != _text_checksum(text):
        raise ValueError(f"{what}: the metadata entry {_NAME!r} is damaged: its checksum is another")
    found = json.loads(text)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        version = found.get("format") if isinstance(found, dict) else None
        raise ValueError(f"{what} has the checkpoint format {version}, and this version reads {FORMAT}")
    values, checks = found.get("values"), found.get("crc32")
    if not isinstance(values, dict) or not isinstance(checks, dict):
        raise ValueError(f"{what}: the metadata entry {_NAME!r} has no values and checksums")
    return values, checks
