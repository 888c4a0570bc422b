"""Ordinary code run on symbols: which comparisons are open, what one way answers, and what counts as an error."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from shapetensor._core.dims import UNKNOWN, Atom, Poly, as_size, is_identical
from shapetensor._core.doubt import Undecidable, asking
from shapetensor._core.errors import CompileError, DeviceError, DTypeError, ShapeError
from shapetensor._core.paths import explore
from shapetensor.functions.creation import full, linspace
from shapetensor.methods.movement import as_shape

D: Any
T: Any
D, T = (Poly.of(Atom(name, name)) for name in "DT")
FREE, OTHER = (Poly.of(Atom(name, name, rigid=False)) for name in ("N", "M"))
HALF = T // 2


def signs(*questions: tuple[Any, str, Any]) -> list[tuple[bool, ...]]:
    """The answers to `a sign b`, one after the other, on every way."""
    compare: dict[str, Callable[[Any, Any], Any]] = {
        "==": lambda a, b: a == b,
        "!=": lambda a, b: a != b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }
    return explore(lambda: tuple(compare[sign](a, b) for a, sign, b in questions))


# ------------------------------------------------------------------------------------------------------- comparisons


@pytest.mark.parametrize(
    ("a", "sign", "b", "answer"),
    [
        (T, "==", T, True),
        (T, "==", 5, False),  # a variable is a dimension of its own
        (T, "!=", D, True),
        (2 * T, "==", T + T, True),
        (T, "<", 0, False),
        (T, ">=", 0, True),
        (0, "<=", T, True),
        (T, "<", -3, False),
        (T + 1, ">", 0, True),
        (T, "<=", T + D, True),
        (T + D, "<", T, False),
        (-1, "<", T, True),
        (-T - 1, "<", 0, True),
        (HALF, "<", 0, False),
        (HALF, "==", -1, False),
        (HALF + 1, "==", 0, False),
        (FREE, "==", -1, False),
        (UNKNOWN, "==", -1, False),
        (UNKNOWN, "==", UNKNOWN, True),
        (Poly.of(3), "<", 4, True),
        (Poly.of(4), "<=", 3, False),
    ],
)
def test_what_is_decided(a: Any, sign: str, b: Any, answer: bool) -> None:
    assert signs((a, sign, b)) == [(answer,)]


@pytest.mark.parametrize(
    ("a", "sign", "b"),
    [
        (T, "<", 5),
        (5, ">=", T),
        (T, "<", D),
        (HALF, "==", 3),
        (FREE, "==", 3),
        (FREE, "!=", T),
        (UNKNOWN, "==", 3),
        (UNKNOWN, "<", 3),
        (T, ">", UNKNOWN),
        ((-T) // 2, "<", 0),  # a quotient of what is negative is no size
    ],
)
def test_what_is_open(a: Any, sign: str, b: Any) -> None:
    assert sorted(signs((a, sign, b))) == [(False,), (True,)]


def test_truth_of_a_size() -> None:
    assert explore(lambda: bool(T)) == [True]
    assert explore(lambda: bool(Poly.of(0))) == [False]
    assert sorted(explore(lambda: bool(UNKNOWN))) == [False, True]


def test_nobody_is_asked_outside() -> None:
    assert (HALF == 3) is (UNKNOWN == 3) is (FREE == T) is False
    assert HALF == T // 2
    assert (T >= 0) is True
    with pytest.raises(TypeError, match=r"^T < 5 is open: it depends on what the names stand for$"):
        _ = T < 5
    with pytest.raises(TypeError, match=r"^5 < T is open"):
        _ = T <= 5


def test_rules_are_not_asked_inside() -> None:
    def rule() -> bool:
        with asking(None):
            return FREE == 3

    assert explore(rule) == [False]
    assert sorted(explore(lambda: (rule(), FREE == 3))) == [(False, False), (False, True)]


def test_an_answer_ends_with_its_way() -> None:
    explore(lambda: FREE == 3)
    assert (FREE == 3) is False


# ------------------------------------------------------------------------------------------- consistency of one way


@pytest.mark.parametrize(
    ("questions", "ways"),
    [
        ([(FREE, "==", 3), (FREE, "==", 3)], [(False, False), (True, True)]),
        ([(FREE, "==", 3), (3, "==", FREE)], [(False, False), (True, True)]),
        ([(FREE, "==", 3), (FREE, "!=", 3)], [(False, True), (True, False)]),
        ([(FREE, "==", OTHER), (OTHER, "==", FREE)], [(False, False), (True, True)]),
        ([(T, "<", 5), (T, ">=", 5)], [(False, True), (True, False)]),
        ([(T, "<", D), (D, "<", T), (T, "==", D)], [(False, False, False), (False, True, False), (True, False, False)]),
        (
            [(FREE, "<", 5), (FREE, "==", 5), (FREE, ">", 5)],
            [(False, False, True), (False, True, False), (True, False, False)],
        ),
        (
            [(FREE, "==", 5), (FREE, "<", 5), (FREE, "<=", 5)],
            [(False, False, False), (False, True, True), (True, False, True)],
        ),
        (
            [(FREE, "<=", 5), (FREE, ">=", 5), (FREE, "==", 5)],
            [(False, True, False), (True, False, False), (True, True, True)],
        ),
    ],
)
def test_one_way_does_not_contradict_itself(questions: list[Any], ways: list[tuple[bool, ...]]) -> None:
    assert sorted(signs(*questions)) == ways


def test_one_unknown_is_not_the_next() -> None:
    """Else code that refuses 0 and wants 64 of another axis would fail on every way."""
    questions = [(UNKNOWN, "==", 0), (UNKNOWN, "==", 64)]
    assert sorted(signs(*questions)) == [(False, False), (False, True), (True, False), (True, True)]


# ------------------------------------------------------------------------------------------------- errors and results


nothing: Any = None


def refuse(condition: bool, error: type[Exception] = ShapeError) -> None:
    if condition:
        raise error("refused")


def test_ways_that_raise_are_left_out() -> None:
    def f() -> str:
        refuse(FREE == 3)
        return "small" if FREE < 3 else "large"

    assert sorted(explore(f)) == ["large", "small"]


def test_an_error_on_every_way_is_one() -> None:
    def f() -> None:
        if FREE == 3:
            raise ShapeError("it is 3")
        raise DTypeError("it is not")

    with pytest.raises(ShapeError, match=r"^it is 3$"):
        explore(f)


@pytest.mark.parametrize("kind", [ShapeError, DTypeError, CompileError, DeviceError])
def test_our_errors(kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"^refused$"):
        explore(lambda: refuse(True, kind))


def test_our_texts_of_builtin_errors() -> None:
    with pytest.raises(OverflowError, match=r"^arange: 128 is out of range for I8"):
        explore(lambda: __import__("shapetensor").arange(128, 129, dtype="int8"))


@pytest.mark.parametrize(
    "broken",
    [
        lambda: [1, 2][5],
        lambda: int("x"),
        lambda: nothing.shape,
        lambda: range(T),
        lambda: list(zip((1,), (1, 2), strict=True)),
        lambda: nothing["key"],
        lambda: 1 // 0,
        lambda: refuse(True, TypeError),
        lambda: refuse(True, ValueError),  # not in a module of the library
        lambda: refuse(True, IndexError),
        lambda: [0] * 2 ** (UNKNOWN == 3) if T < 5 else range(T),
    ],
)
def test_what_cannot_be_followed_is_no_error(broken: Callable[[], Any]) -> None:
    with pytest.raises(Undecidable):
        explore(broken)


def test_one_way_that_cannot_be_followed_makes_all_undecidable() -> None:
    def f() -> Any:
        refuse(FREE == 3)
        return range(T)

    with pytest.raises(Undecidable) as caught:
        explore(f)
    assert isinstance(caught.value.__cause__, TypeError)
    with pytest.raises(Undecidable):
        explore(lambda: range(T) if FREE == 3 else refuse(True))


def test_too_many_ways() -> None:
    atoms = [Poly.of(Atom(f"n{i}", i, rigid=False)) for i in range(7)]
    assert len(explore(lambda: [n == 3 for n in atoms[:6]])) == 64
    with pytest.raises(Undecidable):
        explore(lambda: [n == 3 for n in atoms])


def test_a_loop_over_an_unknown_size_ends() -> None:
    def f() -> None:
        while UNKNOWN > 1:
            pass

    with pytest.raises(Undecidable):
        explore(f)


# ------------------------------------------------------------------------------------------- arithmetic beyond shapes


def test_sizes_of_shapes() -> None:
    assert as_size(3) == 3
    assert as_size(T) is T
    assert type(as_size(Poly.of(3))) is int
    assert as_shape((T, 2)) == (T, 2)
    assert str(as_shape((2, UNKNOWN))) == "(2, ?)"
    for wrong in (1.0, "2", None):
        with pytest.raises(TypeError):
            as_size(wrong)
    with pytest.raises(ShapeError, match=r"^a shape is made of ints, not \(T, 1\.5\)$"):
        as_shape((T, 1.5))


def test_remainders() -> None:
    assert 2 * T % 2 == 0
    assert is_identical(7 % T, 7 - 7 // T * T)
    assert (T * D) % D == 0
    assert UNKNOWN % 2 is UNKNOWN
    assert 2 % UNKNOWN is UNKNOWN
    assert (7 % T).substitute({Atom("T", "T"): 4}) == 3


def test_floats_of_sizes_are_nobodys_business() -> None:
    floats = [T / 2, 2 / T, T / D, T / 2.0, float(T), math.sqrt(T), T * 0.5, 0.5 * T, T + 1.5, 1.5 - T, UNKNOWN / 3]
    assert all(map(math.isnan, floats))


def test_guards_of_the_library_see_symbols() -> None:
    from shapetensor._core.abstract import ABSTRACT

    assert {x.shape for x in explore(lambda: linspace(0.0, 1.0, T, device=ABSTRACT))} == {(T,)}
    with pytest.raises(ShapeError, match=r"^full: \(-T-1, 2\) has a negative size$"):
        explore(lambda: full((-T - 1, 2), 0.0, device=ABSTRACT))
