"""Damaged and hostile safetensors files: each is refused with a ValueError that names the file, and nothing else.

What the `safetensors` library refuses is refused here too, so that no other reader disagrees with ours.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import safetensors.numpy

import shapetensor as st
from shapetensor import io

MATRIX = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
HUGE = 2**63


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bad.safetensors"


def packed(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    """A file with this header, JSON or bytes, and perhaps a wrong length before it."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def refused(path: Path, content: bytes, *, by_the_library: bool = True) -> str:
    """The text of the error; both readers give the same."""
    path.write_bytes(content)
    texts = set()
    for read in (io.load_file, io.load_metadata):
        with pytest.raises(ValueError, match=r"bad\.safetensors is no whole safetensors file: ") as caught:
            read(path)
        texts.add(str(caught.value).partition("file: ")[2])
    assert len(texts) == 1
    text = texts.pop()
    assert len(text) < 1000
    assert accepted(safetensors.numpy.load, content) is not by_the_library
    return text


def entry(**changes: Any) -> dict[str, Any]:
    return {"w": {**MATRIX, **changes}}


def _any(*values: Any) -> tuple[Any, ...]:
    return values


LENGTHS: list[tuple[bytes, str]] = [
    (b"", "it has 0 bytes, and a length alone takes 8"),
    (b"\x02\0\0\0", "it has 4 bytes, and a length alone takes 8"),
    (packed({}, length=3), "its header is said to have 3 bytes, and 2 follow"),
    (packed({}, length=2**31), "its header is said to have 2,147,483,648 bytes, and at most 100,000,000 are read"),
    (packed({}, length=2**64 - 1), "and at most 100,000,000 are read"),
    (b"\xff" * 100, "and at most 100,000,000 are read"),
    (packed(b""), "its header is no JSON: it does not begin with an object"),
    (packed({}, b"\0" * 3), "3 bytes behind the last entry belong to none"),
    (packed(entry(), b"\0" * 23), "entry 'w', F32 of shape (2, 3), ends at byte 97, and the file has 96"),
    (packed(entry(), b"\0" * 25), "1 bytes behind the last entry belong to none"),
    (packed(entry(), b""), "entry 'w', F32 of shape (2, 3), ends at byte 97, and the file has 73"),
]
NO_JSON: list[tuple[bytes, str]] = [
    (b"[]", "it does not begin with an object"),
    (b"{", "its header is no JSON"),
    (b"{}}", "Extra data"),
    (b'{"w":', "its header is no JSON"),
    (b"\xff{}", "it does not begin with an object"),
    (b'{"\xff": 1}', "codec can't decode byte 0xff"),
    (b'{"\xed\xa0\x80": 1}', "codec can't decode byte"),
    (b'{"\\ud800": {"dtype": "F32", "shape": [], "data_offsets": [0, 0]}}', "surrogates not allowed"),
    (b'{"w": NaN}', "NaN is no number"),
    (b'{"w": Infinity}', "Infinity is no number"),
    (b"\xef\xbb\xbf{}", "it does not begin with an object"),
    (b'{"w": "\x01"}', "Invalid control character"),
    (b'{"w":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
    (b'{"w":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    (b'{"w":' + b"9" * 100_000 + b"}", "its header is no JSON: Exceeds the limit"),
    (b'{"w": {"dtype": "F32"}, "w": {"dtype": "F32"}}', "the name 'w' stands twice"),
]
ENTRIES: list[tuple[Any, str]] = [
    *(
        ({"w": value}, "entry 'w' should have dtype, shape and data_offsets, and is ")
        for value in _any(1, None, "x", [], {}, True, [MATRIX], {"dtype": "F32"})
    ),
    *(
        (entry(dtype=value), "entry 'w' has the dtype ")
        for value in _any("F99", "f32", "", "F32 ", 32, None, ["F32"], {}, "x" * 5000)
    ),
    *(
        (entry(shape=value), "entry 'w' has the shape ")
        for value in _any(6, None, "6", [-2, -3], [2.0, 3], [2, None], [True, 6], {}, [HUGE], [2, [3]], [10**400], [-1])
    ),
    *(
        (entry(data_offsets=value), "entry 'w' has the data_offsets ")
        for value in _any(
            0,
            None,
            "0",
            [],
            [0],
            [0, 24, 48],
            [24, 0],
            [-24, 0],
            [0, 24.0],
            [0, HUGE],
            [0, True],
            {},
            [0, "24"],
        )
    ),
    *(
        (entry(shape=value), "which is too large")
        for value in _any([2**61], [2**31, 2**31], [2**40, 2**40, 0], [2**62] * 7, [0, 2**62], [2**62] * 50)
    ),
    *(
        (entry(shape=value), "entry 'w' has 24 bytes, and F32 of shape ")
        for value in _any([], [2], [2, 2], [2, 3, 2], [0], [7], [2**40], [1] * 1000)
    ),
    *(
        (entry(dtype=value), f"entry 'w' has 24 bytes, and {value} of shape (2, 3) takes ")
        for value in _any("F64", "F16", "BF16", "I64", "U8", "BOOL", "I8", "F8_E4M3", "F4", "C64")
    ),
    (entry(data_offsets=[0, 23]), "entry 'w' has 23 bytes, and F32 of shape (2, 3) takes 24"),
    (entry(data_offsets=[8, 32]), "entry 'w' leaves 8 bytes before it unused"),
    (entry(data_offsets=[2**62, 2**62 + 24]), "bytes before it unused"),
    ({"w": MATRIX, "x": MATRIX}, "entry 'x' overlaps with another"),
    ({"w": MATRIX, "x": {**MATRIX, "data_offsets": [12, 36]}}, "entry 'x' overlaps with another"),
    ({"w": MATRIX, "x": {**MATRIX, "data_offsets": [28, 52]}}, "entry 'x' leaves 4 bytes before it unused"),
    ({"w": MATRIX, "x": {**MATRIX, "data_offsets": [24, 48]}}, "entry 'x', F32 of shape (2, 3), ends at byte "),
    *(
        ({"__metadata__": value, "w": MATRIX}, "its metadata are no texts: ")
        for value in _any(1, [], "x", {"a": 1}, {"a": None}, {"a": {"b": "c"}}, {"a": ["b"]})
    ),
]


@pytest.mark.parametrize(("content", "text"), LENGTHS, ids=lambda v: repr(v)[:40])
def test_lengths(path: Path, content: bytes, text: str) -> None:
    assert text in refused(path, content)


@pytest.mark.parametrize(("header", "text"), NO_JSON, ids=lambda v: repr(v)[:40])
def test_headers_that_are_no_json(path: Path, header: bytes, text: str) -> None:
    assert text in refused(path, packed(header))


@pytest.mark.parametrize(("header", "text"), ENTRIES, ids=lambda v: repr(v)[:60])
def test_entries(path: Path, header: Any, text: str) -> None:
    assert text in refused(path, packed(header, b"\0" * 24))


def whole_file(path: Path) -> bytes:
    """Several dtypes, a scalar, an empty tensor and metadata."""
    tensors = {
        "a.weight": st.tensor([[1.0, 2.0], [3.0, 4.0]]),
        "flag": st.tensor([True, False]),
        "empty": st.ones((0, 3)),
        "step": st.tensor(7),
    }
    io.save_file(tensors, path, {"made": "by a test"})
    return path.read_bytes()


def test_every_truncation(path: Path) -> None:
    content = whole_file(path)
    for end in range(len(content)):
        refused(path, content[:end])


def test_many_entries(path: Path) -> None:
    names = {f"x{i}": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for i in range(20_000)}
    path.write_bytes(packed(names))
    assert len(io.load_file(path)) == 20_000
    same = b",".join([b'"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'] * 20_000)
    assert "the name 'x' stands twice" in refused(path, packed(b"{" + same + b"}"), by_the_library=False)


def flipped(content: bytes, count: int) -> Iterator[bytes]:
    """The file with one to three bits flipped at random, mostly in the header; the same in every run."""
    chosen = random.Random(20240229)
    header = 8 + int.from_bytes(content[:8], "little")
    for _ in range(count):
        broken = bytearray(content)
        for _ in range(chosen.choice((1, 1, 2, 3))):
            at = chosen.randrange(header if chosen.random() < 0.9 else len(content))
            broken[at] ^= 1 << chosen.randrange(8)
        yield bytes(broken)


def accepted(read: Any, *args: Any) -> bool:
    """Whether a reader takes a file; any other answer than a result or its own error fails the test."""
    try:
        read(*args)
    except (ValueError, st.DTypeError, safetensors.SafetensorError):
        return False
    return True


def test_flipped_bits(path: Path) -> None:
    """Whatever comes is a result or one of our errors, and we take no file that the library refuses."""
    content = whole_file(path)
    taken = 0
    for broken in flipped(content, 1000):
        path.write_bytes(broken)
        if accepted(io.load_file, path):
            taken += 1
            assert accepted(safetensors.deserialize, broken), broken
    assert 0 < taken < 500  # a flip in a name or an element is no damage that the format can show


def test_a_flag_that_is_neither_true_nor_false(path: Path) -> None:
    path.write_bytes(packed({"flag": {"dtype": "BOOL", "shape": [2], "data_offsets": [0, 2]}}, b"\1\2"))
    with pytest.raises(ValueError, match=r"bad.safetensors: entry 'flag' is BOOL and has bytes other than 0 and 1$"):
        io.load_file(path)


def test_what_is_not_used_may_be_anything_json_is(path: Path) -> None:
    """Spaces, escapes and the order of names say nothing."""
    header = b' { "w" : {"shape":[2 ,3],"data_offsets":[0,24],"dtype":"F32"} , "\\u0061\\n": '
    header += b'{"dtype":"U8","shape":[1,0],"data_offsets":[24,24]}}   '
    path.write_bytes(packed(header[1:], b"\0" * 24))
    assert {name: x.shape for name, x in io.load_file(path).items()} == {"w": (2, 3), "a\n": (1, 0)}


def test_no_files(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        io.load_file(tmp_path)
