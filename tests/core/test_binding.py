"""Matching what is found against what is declared: with ints, as at run time, and with symbols, as in the plugin."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from shapetensor import F32, F64, I64, Bool, DTypeError, Float, Integer, Number, ShapeError
from shapetensor._core.binding import RESULT, Binding, Declared, DTypeVariable, Found, Place, Size, Star, lone_atom
from shapetensor._core.dims import UNKNOWN, Atom, Poly


def _named(name: str, key: str = "") -> Poly:
    return Poly.of(Atom(name, key + name))


B, T, D, H, K = map(_named, "BTDHK")
X, Y = (_named(name, "caller's ") for name in "XY")
S, U, ANY = Star("S"), Star("U", "caller"), Star()
DT = DTypeVariable("DT", (Float,))


def at(where: str, dims: Any, shape: Any, declared: Any = F32, dtype: Any = F32) -> Found:
    return Found(where, Declared(declared, dims), shape, dtype)


def refused(*places: Place) -> str:
    binding = Binding("f")
    with pytest.raises((ShapeError, DTypeError)) as caught:
        binding.match(*places)
    assert not binding.dims
    assert not binding.stars
    assert not binding.dtypes
    return f"{type(caught.value).__name__}: {caught.value}"


def bound(*places: Place) -> dict[str, Any]:
    """The values by name; each is asked for as a result would."""
    binding = Binding("f")
    binding.match(*places)
    return {atom.name: value for atom, (value, _) in binding.dims.items()}


X23 = at("x", (B, T), (2, 3))
CASES: list[tuple[str, list[Place], str]] = [
    ("a number", [at("x", (B, 3), (4, 5))], "x has shape (4, 5), not (B, 3): axis 1: 5 != 3"),
    (
        "another argument",
        [X23, at("y", (B, T), (4, 3))],
        "y has shape (4, 3), not (B, T): axis 0: 4 != 2, where B = 2 comes from x",
    ),
    (
        "the same argument",
        [at("x", (B, B), (4, 3))],
        "x has shape (4, 3), not (B, B): axis 1: 3 != 4, where B = 4 comes from x",
    ),
    ("too few axes", [at("x", (B, T), (4,))], "x has shape (4,), not (B, T): it has 1 axis, not 2"),
    ("too many axes", [at("x", (), (4, 5))], "x has shape (4, 5), not (): it has 2 axes, not 0"),
    ("no axes", [at("x", (B,), ())], "x has shape (), not (B,): it has 0 axes, not 1"),
    (
        "too few for a star",
        [at("x", (S, B, 3), (4,))],
        "x has shape (4,), not (*S, B, 3): it has 1 axis, not at least 2",
    ),
    (
        "behind a star",
        [at("x", (S, 3), (2, 4))],
        "x has shape (2, 4), not (*S, 3): axis -1: 4 != 3",
    ),
    (
        "a star",
        [at("x", (S, D), (2, 3, 4)), at("y", (S,), (2,))],
        "y has shape (2,), not (*S,): *S: (2,) != (2, 3), where *S = (2, 3) comes from x",
    ),
    (
        "a product",
        [at("x", (B, T, D), (2, 3, 5)), at(RESULT, (B * T, D), (4, 5))],
        "the result has shape (4, 5), not (B*T, D): axis 0: 4 != 6, where B*T = 6 (B = 2, T = 3)",
    ),
    (
        "an expression of one unknown",
        [at("x", (H * K,), (63,)), Size("h", H, 4)],
        "x has shape (63,), not (H*K,): axis 0: 63 is not H*K for any K, where H = 4",
    ),
    ("a negative size", [at("x", (T + 3,), (2,))], "x has shape (2,), not (T+3,): axis 0: 2 is not T+3 for any T"),
    (
        "a division by zero",
        [at("x", (D // H,), (2,)), Size("d", D, 4), Size("h", H, 0)],
        "x has shape (2,), not (D//H,): axis 0: D//H divides by zero, where D = 4, H = 0",
    ),
    ("an int", [at("x", (B,), (4,)), Size("n", B, 3)], "n is 3, not B: 3 != 4, where B = 4 comes from x"),
    (
        "an int first",
        [Size("n", B, 3), at("x", (B,), (4,))],
        "x has shape (4,), not (B,): axis 0: 4 != 3, where B = 3 comes from n",
    ),
]


@pytest.mark.parametrize(("what", "places", "text"), CASES, ids=[case[0] for case in CASES])
def test_shapes_that_do_not_fit(what: str, places: list[Place], text: str) -> None:
    assert refused(*places) == f"ShapeError: f: {text}"


@pytest.mark.parametrize(
    ("places", "text"),
    [
        ([at("x", (B,), (4,), F32, F64)], "x is F64, not F32: write x.astype(F32)"),
        ([at("x", (B,), (4,), Float, I64)], "x is I64, not Float: write x.astype(F32)"),
        ([at("x", (B,), (4,), Integer, F32)], "x is F32, not Integer: write x.astype(I64)"),
        ([at("x", (B,), (4,), Number, Bool)], "x is Bool, not Number: write x.astype(F32)"),
        ([at("x", (B,), (4,), DT, I64)], "x is I64, not DT, which is Float: write x.astype(F32)"),
        (
            [at("x", (B,), (4,), DTypeVariable("DQ", (F32, F64)), I64)],
            "x is I64, not DQ, which is F32 or F64: write x.astype(F32)",
        ),
        ([at("x", (B,), (4,), DTypeVariable("", (F32, F64)), I64)], "x is I64, not F32 or F64: write x.astype(F32)"),
        (
            [at("x", (B,), (4,), DT), at("y", (B,), (4,), DT, F64)],
            "y is F64, not F32, where DT = F32 comes from x: write y.astype(F32)",
        ),
        ([at(RESULT, (B,), (4,), F32, F64)], "the result is F64, not F32: write .astype(F32) behind it"),
        (
            [at("x", (B,), (4,), F32, DTypeVariable("CT", (Float,)))],
            "x is CT, not F32: write x.astype(F32)",
        ),
    ],
)
def test_dtypes_that_do_not_fit(places: list[Place], text: str) -> None:
    assert refused(*places) == f"DTypeError: f: {text}"


@pytest.mark.parametrize(
    ("places", "values"),
    [
        ([at("x", (B, 3), (4, 3))], {"B": 4}),
        ([at("x", (B, T), (2, 3)), at("y", (T, B), (3, 2))], {"B": 2, "T": 3}),
        ([at("x", (H * K,), (64,)), Size("h", H, 4)], {"H": 4, "K": 16}),
        ([at("x", (2 * B + 1,), (7,))], {"B": 3}),
        ([at("x", (B * T,), (6,)), at("y", (T - D,), (1,)), at("z", (B, D), (2, 2))], {"B": 2, "D": 2, "T": 3}),
        ([at("x", (B * T,), (6,))], {}),  # nobody knows which of both
        ([at("x", (D // H,), (6,))], {}),
        ([at("x", (UNKNOWN, B), (6, 7))], {"B": 7}),
        ([at("x", (ANY, B), (6, 7)), at("y", (ANY, B), (7,))], {"B": 7}),
        ([at("x", (B, S, T), (6, 7))], {"B": 6, "T": 7}),
        ([at("x", (B,), None)], {}),
        ([at("x", (), ())], {}),
    ],
)
def test_shapes_that_fit(places: list[Place], values: dict[str, int]) -> None:
    assert bound(*places) == values


def test_bare_dimensions_bind_before_expressions_wherever_they_stand() -> None:
    assert bound(at("x", (B * T,), (6,)), at("y", (B,), (2,)))["T"] == 3


def test_a_binding_goes_on_with_what_it_knows() -> None:
    binding = Binding("f")
    binding.match(X23)
    with pytest.raises(ShapeError, match="where B = 2 comes from x"):
        binding.match(at("y", (B,), (5,)))
    binding.match(at("y", (B,), (2,)))


def test_dtypes_that_fit() -> None:
    Binding("f").match(
        at("x", (), (), Float), at("y", (), (), DT, F64), at("z", (), (), DT, F64), at("w", (), (), None)
    )
    either = DTypeVariable("", (F32, F64))
    Binding("f").match(at("x", (), (), either), at("y", (), (), either, F64))
    Binding("f").match(at("x", (), (), Float, DTypeVariable("CT", (Float,))), at("y", (), (), F32, None))


def test_what_is_bound_is_put_into_a_result() -> None:
    binding = Binding("f")
    binding.match(at("x", (S, B), (2, 3, 4), DT, F64))
    result = binding.resolve(Declared(DT, (S, B * 2, T)))
    assert result == Declared(F64, (2, 3, 8, T))
    assert str(result) == "Tensor[F64, 2, 3, 8, T]"
    assert str(Declared(None, (ANY, UNKNOWN))) == "Tensor[Any, ..., ?]"


def test_a_copy_goes_its_own_way() -> None:
    binding = Binding("f")
    twin = binding.copy()
    twin.match(X23)
    assert not binding.dims


def test_which_variables_stand_alone() -> None:
    declared = Declared(F32, (B, T * D, D // H, 3, UNKNOWN, S))
    assert {atom.name for atom in declared.atoms()} == {"B", "T", "D", "H"}
    assert {atom.name for atom in declared.bare()} == {"B"}
    assert [lone_atom(dim) is not None for dim in declared.dims] == [True, False, False, False, False, False]


@pytest.mark.parametrize(
    ("places", "text"),
    [
        (
            [at("x", (B, B), (X, Y))],
            "x has shape (X, Y), not (B, B): axis 1: Y and X are not known to be equal, where B = X comes from x",
        ),
        (
            [at("x", (B, 2 * B), (X, X + 1))],
            "x has shape (X, X+1), not (B, 2*B): axis 1: X+1 and 2*X are not known to be equal, "
            "where 2*B = 2*X (B = X)",
        ),
        ([at("x", (B,), (U, 2, X))], "x has shape (*U, 2, X), not (B,): it has at least 2 axes, not 1"),
        ([at("x", (S, 3), (U, 2))], "x has shape (*U, 2), not (*S, 3): axis -1: 2 != 3"),
    ],
)
def test_symbols_that_do_not_fit(places: list[Place], text: str) -> None:
    assert refused(*places) == f"ShapeError: f: {text}"


@pytest.mark.parametrize(
    ("places", "values"),
    [
        ([at("x", (B, 2 * B), (X, X + X))], {"B": X}),
        ([at("x", (B, B), (UNKNOWN, Y))], {"B": Y}),  # the better known one is kept
        ([at("x", (B, B), (X, UNKNOWN))], {"B": X}),
        ([at("x", (H * K,), (X * Y,)), Size("h", H, Y)], {"H": Y, "K": X}),
        ([at("x", (S, D), (U, 2, X)), at("y", (S,), (U, 2))], {"D": X}),
        ([at("x", (B, T, D), (U, 2, X))], {"T": 2, "D": X}),
        ([at("x", (B, S), (U, 2))], {}),
    ],
)
def test_symbols_that_fit(places: list[Place], values: dict[str, Any]) -> None:
    assert bound(*places) == values


def test_it_loads_no_library() -> None:
    heavy = "'numpy', 'numba', 'jaxtyping', 'beartype'"
    code = f"import sys, shapetensor._core.binding; print([m for m in ({heavy}) if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
