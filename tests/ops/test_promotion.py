"""The one promotion table: the function, the docs and the operators agree with it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from itertools import combinations_with_replacement, permutations, product
from pathlib import Path
from typing import Any

import pytest

import shapetensor as st
from shapetensor._core.dtypes import DTYPES, F32, AnyDType, Float, WeakBool, WeakFloat, WeakInt, promote, promote_float

PAGE = Path(__file__).parent.parent.parent / "docs" / "promotion.md"
# Rows and columns: operands of a binary operation. The last rows are Python's bool, int and float.
TABLE = """\
|       | Bool | U8   | I8   | I32  | U32  | I64  | F16  | BF16 | F32  | F64  |
|-------|------|------|------|------|------|------|------|------|------|------|
| Bool  | Bool | U8   | I8   | I32  | U32  | I64  | F16  | BF16 | F32  | F64  |
| U8    | U8   | U8   | I32  | I32  | U32  | I64  | F16  | BF16 | F32  | F64  |
| I8    | I8   | I32  | I8   | I32  | I64  | I64  | F16  | BF16 | F32  | F64  |
| I32   | I32  | I32  | I32  | I32  | I64  | I64  | F16  | BF16 | F32  | F64  |
| U32   | U32  | U32  | I64  | I64  | U32  | I64  | F16  | BF16 | F32  | F64  |
| I64   | I64  | I64  | I64  | I64  | I64  | I64  | F16  | BF16 | F32  | F64  |
| F16   | F16  | F16  | F16  | F16  | F16  | F16  | F16  | F32  | F32  | F64  |
| BF16  | BF16 | BF16 | BF16 | BF16 | BF16 | BF16 | F32  | BF16 | F32  | F64  |
| F32   | F32  | F32  | F32  | F32  | F32  | F32  | F32  | F32  | F32  | F64  |
| F64   | F64  | F64  | F64  | F64  | F64  | F64  | F64  | F64  | F64  | F64  |
| bool  | Bool | U8   | I8   | I32  | U32  | I64  | F16  | BF16 | F32  | F64  |
| int   | I64  | U8   | I8   | I32  | U32  | I64  | F16  | BF16 | F32  | F64  |
| float | F32  | F32  | F32  | F32  | F32  | F32  | F16  | BF16 | F32  | F64  |
"""
ALONE = {("bool", "bool"): "Bool", ("bool", "int"): "I64", ("bool", "float"): "F32"}
ALONE |= {("int", "int"): "I64", ("int", "float"): "F32", ("float", "float"): "F32"}
BY_NAME: dict[str, AnyDType] = {d.__name__: d for d in DTYPES}
WEAK: dict[str, tuple[AnyDType, Any]] = {"bool": (WeakBool, True), "int": (WeakInt, 1), "float": (WeakFloat, 1.0)}


def cells() -> dict[tuple[str, str], str]:
    """(row, column) -> dtype."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.splitlines()]
    return {(row[0], column): value for row in rows[2:] for column, value in zip(rows[0][1:], row[1:], strict=True)}


CELLS = cells()
PAIRS = [(a, b) for a, b in CELLS if a in BY_NAME]
SCALARS = [(a, b) for a, b in CELLS if a in WEAK]


def test_table_is_complete() -> None:
    assert {a for a, _ in CELLS} == {*BY_NAME, *WEAK}
    assert {b for _, b in CELLS} == set(BY_NAME)
    assert len(CELLS) == 130


def test_docs_show_this_table() -> None:
    assert TABLE in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_two_tensors(a: str, b: str) -> None:
    want = BY_NAME[CELLS[a, b]]
    assert promote(BY_NAME[a], BY_NAME[b]) is want
    assert promote_float(BY_NAME[a], BY_NAME[b]) is (want if issubclass(want, Float) else F32)


@pytest.mark.parametrize(("a", "b"), SCALARS)
def test_a_tensor_and_a_python_number(a: str, b: str) -> None:
    weak, strong, want = WEAK[a][0], BY_NAME[b], BY_NAME[CELLS[a, b]]
    assert promote(weak, strong) is promote(strong, weak) is want
    assert promote_float(weak, strong) is (want if issubclass(want, Float) else F32)


@pytest.mark.parametrize(("pair", "want"), list(ALONE.items()))
def test_python_numbers_alone(pair: tuple[str, str], want: str) -> None:
    a, b = (WEAK[name][0] for name in pair)
    assert promote(a, b) is promote(b, a) is BY_NAME[want]


def test_order_does_not_matter() -> None:
    for three in combinations_with_replacement([*DTYPES, WeakBool, WeakInt, WeakFloat], 3):
        assert len({promote(*order) for order in permutations(three)}) == 1, three


def test_two_at_a_time_or_all_at_once() -> None:
    for three in product(DTYPES, repeat=3):
        assert promote(*three) is reduce(promote, three), three


@pytest.mark.parametrize(("a", "b"), [p for p in CELLS if BY_NAME[p[1]].computes])
@pytest.mark.parametrize(
    "function", [operator.add, operator.mul, st.maximum, lambda x, y: st.where(st.tensor(True), x, y)]
)
def test_operators_follow_the_table(a: str, b: str, function: Callable[[Any, Any], Any]) -> None:
    if a in BY_NAME and not BY_NAME[a].computes:
        with pytest.raises(st.DTypeError, match=f"{a} is for storage only: write x.astype"):
            function(st.ones(2).astype(BY_NAME[a]), st.ones(2).astype(BY_NAME[b]))
        return
    x = WEAK[a][1] if a in WEAK else st.ones(2).astype(BY_NAME[a])
    assert function(x, st.ones(2).astype(BY_NAME[b])).dtype is BY_NAME[CELLS[a, b]]
