"""The header of a safetensors file, with every length checked before it is used.

A file is eight bytes of a length n, n bytes of JSON, and the elements. What the format asks for is checked here in
full, so that whoever reads on may trust every number: entries cover the elements without holes or overlaps, and each
has as many bytes as its shape and dtype say. Format: https://huggingface.co/docs/safetensors.
"""

from __future__ import annotations

import json
import os
from typing import Any, BinaryIO, NamedTuple, NoReturn

LONGEST = 100_000_000  # bytes of a header; the limit of the `safetensors` library
_MOST = 2**63 - 1  # elements and bytes, as array libraries count them
# Bits of one element, also of those element types that no tensor has.
_BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E5M2FNUZ": 8, "F8_E4M3FNUZ": 8}
_BITS |= {"I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32}
_BITS |= {"I64": 64, "U64": 64, "F64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6}


class Entry(NamedTuple):
    """One tensor: the code of its dtype, its shape, and the bytes of the file in which its elements are."""

    code: str
    shape: tuple[int, ...]
    first: int
    last: int


class Header(NamedTuple):
    """All that a file says before the elements; entries in the order of their bytes."""

    entries: dict[str, Entry]
    metadata: dict[str, str]


class _Damaged(Exception):
    """What is wrong with a file, without its name."""


def read_header(file: BinaryIO) -> Header:
    """The checked header of a file that was opened at its beginning.

    Raises:
        ValueError: with the name of the file, the entry and the numbers, if anything is not as the format says.
    """
    try:
        size = os.fstat(file.fileno()).st_size
        if size < 8:
            raise _Damaged(f"it has {size} bytes, and a length alone takes 8")
        length = int.from_bytes(_exactly(file, 8), "little")
        if length > min(size - 8, LONGEST):
            limit = f"at most {LONGEST:,} are read" if length > LONGEST else f"{size - 8:,} follow"
            raise _Damaged(f"its header is said to have {length:,} bytes, and {limit}")
        parsed = _parse(_exactly(file, length))
        metadata = _checked_metadata(parsed.pop("__metadata__", {}))
        entries = [(name, _entry(name, value, 8 + length)) for name, value in parsed.items()]
        entries.sort(key=lambda item: (item[1].first, item[1].last))
        _check_cover(entries, 8 + length, size)
        return Header(dict(entries), metadata)
    except _Damaged as error:
        raise ValueError(f"{file.name} is no whole safetensors file: {error}") from None


def _exactly(file: BinaryIO, count: int) -> bytes:
    found = file.read(count)
    if len(found) != count:
        raise _Damaged("it became shorter while it was read")
    return found


def _parse(text: bytes) -> dict[str, Any]:
    """The JSON object, in which no name stands twice."""
    try:
        if not text.startswith(b"{"):
            raise ValueError("it does not begin with an object")
        return json.loads(text.decode(), object_pairs_hook=_object, parse_constant=_no_number)  # type: ignore[no-any-return]
    except RecursionError:
        raise _Damaged("its header is nested too deeply") from None
    except ValueError as error:  # of the decoder, the parser or int()
        raise _Damaged(f"its header is no JSON: {error}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names differ, and whose texts are texts: escapes such as `\\ud800` can make others."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Damaged(f"the name {_short(name)} stands twice")
        found[name] = value
    "".join(text for pair in pairs for text in pair if isinstance(text, str)).encode()
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _checked_metadata(found: Any) -> dict[str, str]:
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise _Damaged(f"its metadata are no texts: {_short(found)}")
    return found


def _entry(name: str, value: Any, start: int) -> Entry:
    """One entry, whose numbers agree with each other."""
    if not isinstance(value, dict) or not value.keys() >= {"dtype", "shape", "data_offsets"}:
        raise _Damaged(f"entry {_short(name)} should have dtype, shape and data_offsets, and is {_short(value)}")
    code, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(code, str) or code not in _BITS:
        raise _Damaged(f"entry {_short(name)} has the dtype {_short(code)}, which the format does not know")
    if not _are_counts(shape):
        raise _Damaged(f"entry {_short(name)} has the shape {_short(shape)}")
    if not _are_counts(offsets) or len(offsets) != 2 or offsets[1] < offsets[0]:
        raise _Damaged(f"entry {_short(name)} has the data_offsets {_short(offsets)}")
    bits = _BITS[code]
    for n in shape:  # zeros do not make up for sizes that no array can have
        bits *= n or 1
        if bits > 8 * _MOST:
            raise _Damaged(f"entry {_short(name)} has the shape {_short(shape)}, which is too large")
    if 0 in shape:
        bits = 0
    if bits != 8 * (offsets[1] - offsets[0]):
        wanted = f"{code} of shape {_short(tuple(shape))} takes {bits / 8:,.12g}"
        raise _Damaged(f"entry {_short(name)} has {offsets[1] - offsets[0]:,} bytes, and {wanted}")
    return Entry(code, tuple(shape), start + offsets[0], start + offsets[1])


def _are_counts(value: Any) -> bool:
    return isinstance(value, list) and all(type(n) is int and 0 <= n <= _MOST for n in value)


def _check_cover(entries: list[tuple[str, Entry]], start: int, size: int) -> None:
    """Entries follow each other from the first byte to the last."""
    at = start
    for name, entry in entries:
        if entry.first != at:
            what = (
                "overlaps with another" if entry.first < at else f"leaves {entry.first - at:,} bytes before it unused"
            )
            raise _Damaged(f"entry {_short(name)} {what}")
        at = entry.last
        if at > size:
            what = f"{entry.code} of shape {_short(entry.shape)}"
            raise _Damaged(f"entry {_short(name)}, {what}, ends at byte {at:,}, and the file has {size:,}")
    if at != size:
        raise _Damaged(f"{size - at:,} bytes behind the last entry belong to none")


def _short(value: Any) -> str:
    """A value in an error message; it comes from a file and may be as long as that."""
    if isinstance(value, (dict, list, tuple)) and len(value) > 16:
        return f"a {type(value).__name__} of {len(value):,}"
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested deeply, or an integer of more digits than Python prints
        return f"a {type(value).__name__}"
    return text if len(text) <= 200 else f"{text[:200]}..."
