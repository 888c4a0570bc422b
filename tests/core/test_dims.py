"""Dimensions: the texts of errors word for word, and symbols against ints, NumPy and brute force."""

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shapetensor._core.dims import (
    UNKNOWN,
    Atom,
    Dim,
    Poly,
    Shape,
    broadcast,
    is_equal,
    normalise_axes,
    normalise_axis,
    product,
    reshape_to,
    same,
    show,
    simplify,
    window,
)
from shapetensor._core.errors import CompileError, DeviceError, DTypeError, ShapeError, ShapetensorWarning
from shapetensor._core.parse import parse_dim
from shapetensor._core.ranges import range_length, slice_length

ATOMS = {name: Atom(name, name) for name in "BDHT"}
B, D, H, T = (Poly.of(ATOMS[name]) for name in "BDHT")
# Dimensions of a callee, which the caller may still choose.
FREE, OTHER = Poly.of(Atom("N", "N", rigid=False)), Poly.of(Atom("M", "M", rigid=False))


def spell(text: str) -> Dim:
    return parse_dim(text, lambda name: Poly.of(ATOMS[name]))


def poly(text: str) -> Poly:
    return Poly.of(spell(text))


def raised(call: Callable[[], object]) -> str:
    with pytest.raises(ShapeError) as caught:
        call()
    return str(caught.value)


# ---------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("error", "base"),
    [
        (ShapeError, ValueError),
        (DTypeError, TypeError),
        (DeviceError, RuntimeError),
        (CompileError, RuntimeError),
        (ShapetensorWarning, UserWarning),
    ],
)
def test_errors_are_printed_under_their_public_name(error: type[Exception], base: type[Exception]) -> None:
    assert issubclass(error, base)
    assert error.__module__ == "shapetensor"


# ----------------------------------------------------------------------------------------------------- polynomials

# An expression is a tree of nested tuples, so that it can be evaluated by Python and by Poly.
Tree = int | str | tuple[str, "Tree", "Tree"]

leaves = st.one_of(st.integers(-6, 6), st.sampled_from(sorted(ATOMS)))
trees = st.recursive(leaves, lambda sub: st.tuples(st.sampled_from(["+", "-", "*", "//"]), sub, sub), max_leaves=7)
ring_trees = st.recursive(leaves, lambda sub: st.tuples(st.sampled_from(["+", "-", "*"]), sub, sub), max_leaves=5)
values = st.fixed_dictionaries({name: st.integers(-7, 30) for name in ATOMS})


def evaluate(tree: Tree, names: dict[str, Dim]) -> Dim:
    if isinstance(tree, int):
        return tree
    if isinstance(tree, str):
        return names[tree]
    sign, left, right = tree
    a, b = evaluate(left, names), evaluate(right, names)
    if sign == "//":
        return a // b
    return a + b if sign == "+" else a - b if sign == "-" else a * b


def symbolic(tree: Tree) -> Dim:
    return evaluate(tree, {name: Poly.of(atom) for name, atom in ATOMS.items()})


def put(dim: Dim, numbers: dict[str, int]) -> Dim:
    return Poly.of(dim).substitute({ATOMS[name]: number for name, number in numbers.items()})


@given(trees, values)
def test_substitution_is_evaluation(tree: Tree, numbers: dict[str, int]) -> None:
    try:
        expected, dim = evaluate(tree, {**numbers}), symbolic(tree)
    except ZeroDivisionError:
        assume(False)
    result = put(dim, numbers)
    assert type(result) is int
    assert result == expected


@given(trees)
def test_text_reads_back(tree: Tree) -> None:
    try:
        dim = symbolic(tree)
    except ZeroDivisionError:
        assume(False)
    assert spell(str(dim)) == dim


@given(trees, values)
def test_text_means_what_python_reads(tree: Tree, numbers: dict[str, int]) -> None:
    try:
        expected, text = evaluate(tree, {**numbers}), str(symbolic(tree))
    except ZeroDivisionError:
        assume(False)
    assert eval(text, {}, {**numbers}) == expected


@given(trees, trees, trees)
def test_ring_laws(one: Tree, two: Tree, three: Tree) -> None:
    try:
        a, b, c = (Poly.of(symbolic(tree)) for tree in (one, two, three))
    except ZeroDivisionError:
        assume(False)
    assume(UNKNOWN not in (a * b * c, (a + b) * c))
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert (a * b) * c == a * (b * c)
    assert a * b == b * a
    assert (a + b) * c == a * c + b * c
    assert a - a == 0
    assert a + -a == 0
    assert a * 1 == a == a + 0
    assert hash(a + b) == hash(b + a)


@given(ring_trees, ring_trees)
def test_a_multiple_divides(a: Tree, b: Tree) -> None:
    left, right = Poly.of(symbolic(a)), Poly.of(symbolic(b))
    assume(right != 0)
    assert left * right // right == left


@given(st.lists(st.lists(st.sampled_from(["D", "H", "B", "D//H", "D//B", "3"]), min_size=1, max_size=4), max_size=3))
def test_exact_agrees_where_the_quotients_are_exact(terms: list[list[str]]) -> None:
    total = spell("+".join("*".join(f"({name})" for name in term) for term in terms) or "0")
    exact = Poly.of(total).exact()
    for h, b in [(2, 3), (3, 5), (7, 1)]:
        numbers = {"H": h, "B": b, "D": h * b}
        assert put(exact, numbers) == put(total, numbers)


def test_text() -> None:
    assert str(T - 1 + B * 2 * T) == repr(2 * B * T + T - 1) == "2*B*T+T-1"
    assert str(-T) == "-T"
    assert str(T - T) == "0"
    assert str(Poly.of(-3)) == "-3"
    assert str((T + 1) // D) == "(T+1)//D"
    assert str(T // (2 * D)) == "T//(2*D)"
    assert str(H * (D // H)) == "D//H*H"
    assert str(B * (D // H)) == "B*(D//H)"
    assert str(2 * (T // 3)) == "2*(T//3)"
    assert str(B + (-T) // D) == "(-T)//D+B"
    assert str(D // (D + 1)) == "D//(D+1)"
    assert str(UNKNOWN) == "?"


def test_floors_are_joined_only_over_ints() -> None:
    assert str(T // 2 // 3) == "T//6"
    assert str(T // 2 // D) == "T//2//D"  # for D = -1 and T = 3 it is -1, but 3//(2*-1) is -2
    assert str(D // H // 2) == "D//H//2"  # so that exact() finds the D//H in 2*(D//H//2)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("(2*T+3)//2", "T+1"),
        ("(B*T*2)//(2*T)", "B"),
        ("(T-1)//2+1", "(T+1)//2"),
        ("T//2//2", "T//4"),
        ("(T//2-1)//2", "(T+2)//4-1"),
        ("T//-2", "T//2-T"),
        ("(B*T+B)//(T+1)", "B"),
        ("(T*T-1)//(T-1)", "T+1"),
        ("D//(D+1)", "D//(D+1)"),
        ("-7//2", "-4"),
        ("B*D//(B*H)", "D//H"),
        ("B*D//(2*B)", "D//2"),
        ("(4*T+2)//(6*D)", "(2*T+1)//(3*D)"),
        ("0//T", "0"),
        ("3*T-T*3", "0"),
    ],
)
def test_normal_form(text: str, normal: str) -> None:
    assert spell(text) == spell(normal)


def test_constants_are_ints() -> None:
    three = T - T + 3
    assert three == 3
    assert hash(three) == hash(3)
    assert len({three, 3}) == 1
    assert three.constant == 3
    assert type(simplify(three)) is int
    assert simplify(T) is T
    assert T.constant is None
    assert T != 3
    assert T != "T"
    assert Poly.of(7) // 2 == 3
    assert Poly.of(-7) // 2 == -4
    assert type(spell("7//2*T-3*T")) is int


def test_division_by_zero() -> None:
    with pytest.raises(ZeroDivisionError, match="T // 0"):
        T // (T - T)


def test_only_dimensions_take_part() -> None:
    with pytest.raises(TypeError, match=r"not a dimension: 2\.5"):
        Poly.of(2.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"unsupported operand"):
        T + "2"  # type: ignore[operator]


def test_atoms_of_one_name_stay_apart() -> None:
    # hash(-1) == hash(-2), and mypy numbers type variables with such keys.
    one, two = Poly.of(Atom("T", -1)), Poly.of(Atom("T", -2))
    assert one != two
    assert one * two == two * one
    assert raised(lambda: same(one, two, "rows")) == "rows: T and T are not known to be equal"


def test_atoms() -> None:
    assert (T * B + 1).atoms() == {ATOMS["T"], ATOMS["B"]}
    assert (D // H + 1).atoms() == {ATOMS["D"], ATOMS["H"]}
    assert Poly.of(3).atoms() == UNKNOWN.atoms() == frozenset()


@pytest.mark.parametrize(
    ("left", "right", "root"),
    [
        ("4*H", "64", "16"),
        ("4*H", "63", None),
        ("D*H", "D*T", "T"),
        ("(D+1)*H", "D*B+B", "B"),
        ("H-T", "1", "T+1"),
        ("-2*H", "6", "-3"),
        ("H*H", "4", None),
        ("H*H", "H*T", None),
        ("H//2", "4", None),
        ("H+H//2", "4", None),
        ("D", "4", None),
    ],
)
def test_solve(left: str, right: str, root: str | None) -> None:
    assert poly(left).solve(ATOMS["H"], spell(right)) == (None if root is None else spell(root))


def test_solve_for_an_unknown_value() -> None:
    assert (2 * H).solve(ATOMS["H"], UNKNOWN) is UNKNOWN
    assert UNKNOWN.solve(ATOMS["H"], 4) is None


@given(ring_trees, ring_trees, values)
def test_a_solution_solves(slope: Tree, offset: Tree, numbers: dict[str, int]) -> None:
    unknown = Atom("X", "X")
    line = Poly.of(symbolic(slope)) * Poly.of(unknown) + symbolic(offset)
    value = line.substitute({unknown: T + 2})
    assume(symbolic(slope) != 0)
    assert line.solve(unknown, value) == T + 2


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("D//H*H", "D"),
        ("B*T*H*(D//H)", "B*T*D"),
        ("3*(T//2)", "T+T//2"),
        ("H*(D//H)+D//H", "D+D//H"),
        ("(D//(H+1))*(H+1)", "D"),
        ("2*(D//H//2)", "D//H"),
        ("((D//B)//H)*H*B", "D"),
        ("B*(D//H)", "B*(D//H)"),
    ],
)
def test_exact(text: str, exact: str) -> None:
    assert poly(text).exact() == spell(exact)


def test_substitute_dimensions() -> None:
    assert (D // H * T).substitute({ATOMS["D"]: 6 * H}) == 6 * T
    assert (D // H).substitute({ATOMS["H"]: 4}) == D // 4
    assert (D // H + 1).substitute({ATOMS["D"]: UNKNOWN}) is UNKNOWN
    assert UNKNOWN.substitute({ATOMS["D"]: 3}) is UNKNOWN


def test_unknown_absorbs() -> None:
    for result in (UNKNOWN + 1, 1 - UNKNOWN, UNKNOWN * T, T * UNKNOWN, T // UNKNOWN, UNKNOWN // T, 7 // UNKNOWN):
        assert result is UNKNOWN
    assert T + UNKNOWN is T - UNKNOWN is -UNKNOWN is UNKNOWN
    assert UNKNOWN == UNKNOWN
    assert UNKNOWN not in (0, 1, T)
    assert UNKNOWN.constant is None
    assert UNKNOWN.exact() is simplify(UNKNOWN) is UNKNOWN


def test_copies() -> None:
    assert pickle.loads(pickle.dumps(D // H + 1)) == D // H + 1
    assert pickle.loads(pickle.dumps(UNKNOWN)) is copy.deepcopy(UNKNOWN) is UNKNOWN


def test_polynomials_are_immutable() -> None:
    with pytest.raises(AttributeError):
        T.terms = {}  # type: ignore[misc]


def test_an_explosion_of_terms_is_unknown() -> None:
    factors = [Poly.of(Atom(f"a{i}", i)) + Poly.of(Atom(f"b{i}", i)) for i in range(12)]
    assert product(tuple(factors)) is UNKNOWN


# --------------------------------------------------------------------------------------------------------- parsing


def test_parse() -> None:
    assert spell("2*T + D//H") == 2 * T + D // H
    assert spell(" (T - 1) * -B ") == B - B * T
    assert type(spell("2*3")) is int
    assert parse_dim("n", lambda name: UNKNOWN) is UNKNOWN


@pytest.mark.parametrize("text", ["T**2", "T/2", "f(T)", "1.5", "True", "'T'", "T.x", "T if B else D", "~T", "T<B"])
def test_parse_refuses_other_syntax(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a dimension: .* \(use names, ints, \+ - \* // and parentheses\)$"):
        spell(text)


@pytest.mark.parametrize("text", ["", " ", "T+", "(T", "T D", "T\0", "T;B", "\u00b2"])
def test_parse_refuses_what_python_cannot_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a dimension: "):
        spell(text)


def test_parse_names_the_part_that_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"^not a dimension: 'D \*\* 2' \(use names, ints"):
        spell("2*T + D**2")


def test_parse_is_bounded() -> None:
    with pytest.raises(ValueError, match=r"^a dimension has at most 200 characters, got 201$"):
        spell("+" * 201)
    with pytest.raises(ValueError, match=r"^a dimension is nested at most 64 deep$"):
        spell("-" * 90 + "T")
    assert spell("(" * 90 + "T" + ")" * 90) == T


def test_parse_division_by_zero() -> None:
    with pytest.raises(ValueError, match=r"^the dimension 'T//\(2-2\)' divides by zero$"):
        spell("T//(2-2)")


def test_parse_passes_the_error_of_a_name_on() -> None:
    def refuse(name: str) -> Dim:
        raise ValueError(f"{name} is not bound here")

    with pytest.raises(ValueError, match=r"^Bt is not bound here$"):
        parse_dim("2*Bt", refuse)


# ------------------------------------------------------------------------------------------------- same and is_equal


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        (3, 3, True),
        (3, 4, False),
        (T, T, True),
        (T * B, B * T, True),
        (Poly.of(3), 3, True),
        (T, T + 1, False),
        (T, D, False),
        (T, 5, False),
        (FREE, 5, None),
        (FREE, FREE + 1, False),
        (FREE, T, None),
        (FREE + T, FREE + D, False),
        (T // 2, D, None),
        (T // 2, T // 2 + 1, False),
        (T // 2, T // 2, True),
        (UNKNOWN, 3, None),
        (UNKNOWN, UNKNOWN, None),
    ],
)
def test_is_equal(a: Dim, b: Dim, verdict: bool | None) -> None:
    assert is_equal(a, b) is verdict
    assert is_equal(b, a) is verdict


@pytest.mark.parametrize(
    ("a", "b", "best"),
    [
        (3, 3, 3),
        (Poly.of(3), 3, 3),
        (T, T, T),
        (UNKNOWN, 3, 3),
        (UNKNOWN, T, T),
        (UNKNOWN, FREE, FREE),
        (FREE, 5, 5),
        (T // 2, 5, 5),
        (FREE, T, T),
        (FREE, T // 2, FREE),
        (UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_same_gives_the_better_known(a: Dim, b: Dim, best: Dim) -> None:
    assert same(a, b, "rows") == best
    assert isinstance(same(a, b, "rows"), int) == isinstance(best, int)
    if a is not FREE or b != T // 2:
        assert same(b, a, "rows") == best


def test_same_texts() -> None:
    assert raised(lambda: same(784, 10, "inner dimensions differ")) == "inner dimensions differ: 784 != 10"
    assert raised(lambda: same(T, T - 1, "rows")) == "rows: T != T-1"
    assert raised(lambda: same(T, D, "rows")) == "rows: T and D are not known to be equal"
    assert raised(lambda: same(B * T, 5, "rows")) == "rows: B*T and 5 are not known to be equal"


# -------------------------------------------------------------------------------------------------------- broadcast

sides = st.integers(0, 3)
int_shapes = st.lists(sides, max_size=4).map(tuple)


@given(st.lists(int_shapes, max_size=3))
def test_broadcast_is_numpy(shapes: list[tuple[int, ...]]) -> None:
    try:
        expected = np.broadcast_shapes(*shapes)
    except ValueError:
        assert "do not broadcast: axis -" in raised(lambda: broadcast(*shapes))
    else:
        assert broadcast(*shapes) == expected


def test_broadcast_texts() -> None:
    def text(*shapes: Shape) -> str:
        return raised(lambda: broadcast(*shapes))

    assert text((32, 784), (32, 10)) == "shapes (32, 784) and (32, 10) do not broadcast: axis -1: 784 != 10"
    assert text((3, 1), (2, 4, 5)) == "shapes (3, 1) and (2, 4, 5) do not broadcast: axis -2: 3 != 4"
    assert text((2, 4, 5), (3, 1)) == "shapes (2, 4, 5) and (3, 1) do not broadcast: axis -2: 4 != 3"
    assert text((B, T), (D,)) == "shapes (B, T) and (D,) do not broadcast: axis -1: T and D are not known to be equal"
    assert text((T,), (5,)) == "shapes (T,) and (5,) do not broadcast: axis -1: T and 5 are not known to be equal"
    assert text((T,), (T + 1,)) == "shapes (T,) and (T+1,) do not broadcast: axis -1: T != T+1"
    assert text((2,), (1,), (3,)) == "shapes (2,), (1,) and (3,) do not broadcast: axis -1: 2 != 3"


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        ((B, 1, D), (T, 1), (B, T, D)),
        ((B, T), (T,), (B, T)),
        ((T, B), (B * T // T,), (T, B)),
        ((UNKNOWN,), (5,), (5,)),
        ((UNKNOWN,), (1,), (UNKNOWN,)),
        ((UNKNOWN,), (T,), (T,)),
        ((UNKNOWN,), (UNKNOWN,), (UNKNOWN,)),
        ((FREE,), (5,), (5,)),
        ((FREE,), (FREE,), (FREE,)),
        ((FREE,), (OTHER,), (UNKNOWN,)),
        ((T // 2,), (D,), (D,)),
        ((T // 2,), (D // 2,), (UNKNOWN,)),
        ((UNKNOWN, 3), (), (UNKNOWN, 3)),
    ],
)
def test_broadcast_symbols(a: Shape, b: Shape, result: Shape) -> None:
    assert broadcast(a, b) == broadcast(b, a) == result


symbolic_shapes = st.lists(st.sampled_from([1, 3, B, T, B * T, T + 1, T // 2]), max_size=3).map(tuple)
sizes = st.fixed_dictionaries({name: st.integers(2, 9) for name in ATOMS})


def put_all(shape: Shape, numbers: dict[str, int]) -> tuple[int, ...]:
    result = []
    for dim in shape:
        number = put(dim, numbers)
        assert isinstance(number, int)
        result.append(number)
    return tuple(result)


@given(symbolic_shapes, symbolic_shapes, sizes)
def test_broadcast_of_symbols_agrees_with_ints(a: Shape, b: Shape, numbers: dict[str, int]) -> None:
    try:
        result = broadcast(a, b)
        expected = broadcast(put_all(a, numbers), put_all(b, numbers))
    except ShapeError:
        assume(False)
    assert put_all(result, numbers) == expected


# --------------------------------------------------------------------------------------------------- axes and window


def test_normalise_axis() -> None:
    assert [normalise_axis(axis, 2) for axis in (-2, -1, 0, 1)] == [0, 1, 0, 1]
    assert raised(lambda: normalise_axis(2, 2)) == "axis 2 is out of range for rank 2 (valid: -2..1)"
    assert raised(lambda: normalise_axis(-3, 2, "source")) == "source -3 is out of range for rank 2 (valid: -2..1)"
    assert raised(lambda: normalise_axis(0, 0)) == "axis 0 is out of range for rank 0 (a scalar has no axes)"


def test_normalise_axes() -> None:
    assert normalise_axes(None, 3) == (0, 1, 2)
    assert normalise_axes(-1, 3) == (2,)
    assert normalise_axes((-1, 0), 3) == (0, 2)
    assert normalise_axes((), 3) == ()
    assert raised(lambda: normalise_axes((0, -2), 2)) == "axes (0, -2) name axis 0 twice"
    assert raised(lambda: normalise_axes((0, 5), 2)) == "axis 5 is out of range for rank 2 (valid: -2..1)"


@given(st.integers(0, 12), st.integers(1, 4), st.integers(1, 4), st.integers(0, 3), st.integers(1, 3))
def test_window_is_brute_force(size: int, kernel: int, stride: int, padding: int, dilation: int) -> None:
    starts = range(-padding, size + padding, stride)
    expected = sum(start + dilation * (kernel - 1) < size + padding for start in starts)
    if expected:
        assert window(size, kernel, stride, padding, dilation) == expected
    else:
        assert "does not fit" in raised(lambda: window(size, kernel, stride, padding, dilation))


@given(st.integers(10, 20), st.integers(1, 4), st.integers(1, 4), st.integers(0, 3), st.integers(1, 3))
def test_window_of_symbols_agrees_with_ints(size: int, kernel: int, stride: int, padding: int, dilation: int) -> None:
    result = window(T, kernel, stride, padding, dilation)
    assert put(result, {"T": size}) == window(size, kernel, stride, padding, dilation)


def test_window_symbols() -> None:
    assert window(T, 3, 1, 1) == T
    assert window(T, 3, 2, 1) == (T + 1) // 2
    assert window(T, 2, 2, 0) == T // 2
    assert window(T, D, 1, 0) == T - D + 1
    assert window(UNKNOWN, 3, 1, 0) is window(8, UNKNOWN, 1, 0) is window(8, 3, UNKNOWN, 0) is UNKNOWN


def test_window_texts() -> None:
    text = raised(lambda: window(3, 5, 1, 0, axis_name="height"))
    assert text == "height: kernel 5 does not fit size 3 with padding 0"
    text = raised(lambda: window(6, 3, 1, 0, 3, "width"))
    assert text == "width: kernel 3 does not fit size 6 with padding 0 and dilation 3"
    assert raised(lambda: window(T, T + 3, 1, 1)) == "axis: kernel T+3 does not fit size T with padding 1"
    assert raised(lambda: window(3, 3, 0, 0)) == "axis: stride must be at least 1, got 0"
    assert raised(lambda: window(3, 3, 1, -1)) == "axis: padding must be at least 0, got -1"
    assert raised(lambda: window(3, 0, 1, 0)) == "axis: kernel must be at least 1, got 0"
    assert raised(lambda: window(3, 2, 1, 0, 0)) == "axis: dilation must be at least 1, got 0"


# ---------------------------------------------------------------------------------------------------------- reshape


@given(int_shapes, st.lists(st.integers(-1, 12), max_size=3).map(tuple))
def test_reshape_is_numpy(shape: tuple[int, ...], target: tuple[int, ...]) -> None:
    try:
        expected = np.empty(shape, np.bool_).reshape(target).shape
    except ValueError:
        assert raised(lambda: reshape_to(shape, target))
    else:
        assert reshape_to(shape, target) == expected


@given(st.permutations([2, 3, 4, 6]), st.integers(0, 4), st.booleans())
def test_reshape_of_factors_is_numpy(factors: list[int], cut: int, hole: bool) -> None:
    merged = (*factors[:cut], int(np.prod(factors[cut:])))
    target = tuple(-1 if hole and i == 0 else size for i, size in enumerate(merged))
    assert reshape_to((2, 3, 4, 6), target) == np.empty((2, 3, 4, 6)).reshape(target).shape


def test_reshape_texts() -> None:
    def text(shape: Shape, target: Shape) -> str:
        return raised(lambda: reshape_to(shape, target))

    assert text((32, 784), (-1, 100)) == ("(32, 784) has 25088 elements, not a multiple of 100 for (-1, 100)")
    assert text((3, 4), (5, 2)) == "(3, 4) has 12 elements, (5, 2) wants 10"
    assert text((3, 4), (-1, -1)) == "only one -1 is allowed in (-1, -1)"
    assert text((3, 4), (-2, 6)) == "-2 in (-2, 6) is not a size"
    assert text((0, 3), (-1, 0)) == "-1 in (-1, 0) could be anything: the other sizes multiply to 0"
    assert text((0, 3), (1,)) == "(0, 3) has 0 elements, (1,) wants 1"
    assert text((B, T), (B, D)) == "(B, T) has B*T elements, (B, D) wants B*D, not known to be equal"
    assert text((T,), (T + 1,)) == "(T,) has T elements, (T+1,) wants T+1"
    assert text((2 * T + 1,), (-1, 2)) == "(2*T+1,) has 2*T+1 elements, not a multiple of 2 for (-1, 2)"


@pytest.mark.parametrize(
    ("shape", "target", "result"),
    [
        ((B, T, D), (B * T, D), (B * T, D)),
        ((B, T, D), (-1, D), (B * T, D)),
        ((B, T, 4), (B, -1), (B, 4 * T)),
        ((B, D), (B, H, D // H), (B, H, D // H)),
        ((B, H, D // H), (B, D), (B, D)),
        ((B, H, D // H), (B, -1), (B, D)),
        ((B, D), (B, H, -1), (B, H, D // H)),
        ((T,), (-1, 2), (T // 2, 2)),
        ((T // 2, 2), (T,), (T,)),
        ((), (1, 1), (1, 1)),
        ((1,), (), ()),
        ((0, 3), (-1, 5), (0, 5)),
        ((UNKNOWN, 4), (-1, 2), (UNKNOWN, 2)),
        ((6, 4), (UNKNOWN, 2), (UNKNOWN, 2)),
        ((FREE,), (T,), (T,)),
        ((6,), (Poly.of(2), 3), (2, 3)),
    ],
)
def test_reshape_symbols(shape: Shape, target: Shape, result: Shape) -> None:
    assert reshape_to(shape, target) == result
    assert [type(dim) for dim in reshape_to(shape, target)] == [type(dim) for dim in result]


@given(st.lists(st.sampled_from([B, T, D, 2, 3]), min_size=1, max_size=4), st.integers(0, 3), sizes)
def test_reshape_of_symbols_agrees_with_ints(shape: list[Dim], keep: int, numbers: dict[str, int]) -> None:
    start, target = tuple(shape), (-1, *shape[len(shape) - keep :])
    expected = reshape_to(put_all(start, numbers), put_all(target, numbers))
    assert put_all(reshape_to(start, target), numbers) == expected


def test_product() -> None:
    assert product(()) == 1
    assert product((3, 0, 4)) == 0
    assert product((B, T, 2)) == 2 * B * T
    assert product((3, UNKNOWN)) is UNKNOWN


# ----------------------------------------------------------------------------------------------------------- slices

bounds = st.none() | st.integers(-12, 12)
steps = st.none() | st.integers(-4, 4).filter(bool)


@given(bounds, bounds, steps, st.integers(0, 10))
def test_slice_length_is_python(start: int | None, stop: int | None, step: int | None, size: int) -> None:
    assert slice_length(start, stop, step, size) == len(range(size)[start:stop:step])


@given(bounds, bounds, steps, st.integers(24, 40))
def test_slice_of_a_symbol_agrees_with_ints(start: int | None, stop: int | None, step: int | None, size: int) -> None:
    result = slice_length(start, stop, step, T)
    if result is not UNKNOWN:
        assert put(result, {"T": size}) == len(range(size)[start:stop:step])


def test_slices_of_a_symbol() -> None:
    assert slice_length(None, None, None, T) == T
    assert slice_length(1, None, None, T) == T - 1
    assert slice_length(None, -1, None, T) == T - 1
    assert slice_length(2, -1, None, T) == T - 3
    assert slice_length(None, None, 2, T) == (T + 1) // 2
    assert slice_length(None, None, -1, T) == T
    for start, stop, step in [(None, 3, None), (-1, None, None), (-3, -1, None), (1, None, -1), (0, 0, None)]:
        assert slice_length(start, stop, step, T) is UNKNOWN
    for low, high in [(UNKNOWN, None), (None, UNKNOWN), (1, UNKNOWN), (UNKNOWN, T)]:
        assert slice_length(low, high, None, 8) is slice_length(low, high, None, T) is UNKNOWN
    assert slice_length(None, None, UNKNOWN, 8) is slice_length(1, None, None, UNKNOWN) is UNKNOWN
    assert raised(lambda: slice_length(None, None, 0, 8)) == "slice step cannot be zero"


@pytest.mark.parametrize(
    ("start", "stop", "size", "length"),
    [
        (None, T, 8, T),
        (T, None, 8, 8 - T),
        (1, T, 8, T - 1),
        (T, -1, 8, 7 - T),
        (T, 100, 8, 8 - T),
        (None, B, T, B),
        (B, None, T, T - B),
        (None, T // 2, T, T // 2),
        (T // 2, None, T, T - T // 2),
        (-B, None, T, B),
        (None, -B, T, T - B),
        (T - 3, None, T, 3),
        (T - B, T - 1, T, B - 1),
        (B, B + 3, T, 3),
        (B + 3, B, T, 0),
        (B, D, T, D - B),
        (None, B, UNKNOWN, B),
        (B, None, UNKNOWN, UNKNOWN),
        (-1 % T, None, T, T - -1 % T),  # a remainder lies within the size
        (None, -B % T, T, -B % T),
        (None, B - D, T, UNKNOWN),  # of unknown sign
        (-1, B, T, UNKNOWN),
        (B, 3, T, UNKNOWN),
    ],
)
def test_symbolic_bounds_lie_within_the_axis(start: Dim | None, stop: Dim | None, size: Dim, length: Dim) -> None:
    assert slice_length(start, stop, None, size) == length
    stepped = slice_length(start, stop, 2, size)
    assert stepped is UNKNOWN if length is UNKNOWN else stepped == (length + 1) // 2
    assert slice_length(start, stop, -1, size) is UNKNOWN


@given(bounds, bounds, steps.filter(lambda step: step != 0))
def test_range_length_is_python(start: int | None, stop: int | None, step: int | None) -> None:
    first, last, by = start or 0, stop or 0, step or 1
    assert range_length(first, last, by) == len(range(first, last, by))
    far = last + T if by > 0 else last - T
    assert put(range_length(first, far, by), {"T": 40}) == len(range(first, last + (40 if by > 0 else -40), by))


def test_show() -> None:
    assert show(()) == "()"
    assert show((3,)) == "(3,)"
    assert show((3, B * T, UNKNOWN)) == "(3, B*T, ?)"


def test_import_is_light() -> None:
    code = "import sys, shapetensor._core.dims; print([m for m in ('numpy', 'numba', 'jaxtyping') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
