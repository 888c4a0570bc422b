"""`Tensor[F32, B, L[784]]` at run time."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import sys
from types import UnionType
from typing import Any, Generic, Literal, Optional, TypeVar, TypeVarTuple, Unpack, get_type_hints

import jaxtyping
import pytest
from beartype import beartype

import shapetensor as st
from shapetensor import F32, F64, I32, DType, Float, Integer, Module, Number
from shapetensor._core.dtypes import DTYPES
from shapetensor._core.hints import TensorHint, declared_of

Hint: Any = st.Tensor  # so that mypy does not look at what is wrong on purpose
L: Any = Literal
Mul: Any = st.Mul
Add: Any = st.Add
Sub: Any = st.Sub
FloorDiv: Any = st.FloorDiv
axes: Any = tuple
N = TypeVar("N", bound=int)
variable: Any = TypeVar
B, T, D = (variable(name, bound=int) for name in "BTD")
DT = variable("DT", bound=Float)
DQ = variable("DQ", F32, F64)
EVERY = variable("EVERY", bound=DType)
TEXT = variable("TEXT", bound=str)
S: Any = TypeVarTuple("S")  # type: ignore[misc]


def ones(*shape: int, dtype: Any = F32) -> Any:
    return st.ones(shape).astype(dtype)


def text(*args: Any) -> str:
    """A hint as users read it, and as jaxtyping does."""
    hint = Hint[args]
    return f"{hint!r} = {hint.__mro__[1].__name__}"


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ((F32,), "Tensor[F32] = Float32[Tensor, '']"),
        ((F32, B, L[784]), "Tensor[F32, B, 784] = Float32[Tensor, 'B 784']"),
        ((F32, 3, "B*T"), "Tensor[F32, 3, B*T] = Float32[Tensor, '3 B*T']"),
        ((I32, L["T*B"], L["D//T"]), "Tensor[I32, B*T, D//T] = Int32[Tensor, 'B*T D//T']"),
        ((F64, Mul[B, T], Add[T, L[1]]), "Tensor[F64, B*T, T+1] = Float64[Tensor, 'B*T T+1']"),
        ((F32, Sub[T, L[1]], FloorDiv[D, Mul[B, T]]), "Tensor[F32, T-1, D//(B*T)] = Float32[Tensor, 'T-1 D//(B*T)']"),
        ((F32, L["batch"], Mul["T", B]), "Tensor[F32, batch, B*T] = Float32[Tensor, 'batch B*T']"),
        ((F32, Mul[L[2], L[3]]), "Tensor[F32, 6] = Float32[Tensor, '6']"),
        ((F32, Unpack[S], B), "Tensor[F32, *S, B] = Float32[Tensor, '*S B']"),
        ((F32, *S, B), "Tensor[F32, *S, B] = Float32[Tensor, '*S B']"),
        ((F32, *axes[Any, ...], B), "Tensor[F32, ..., B] = Float32[Tensor, '... B']"),
        ((F32, *axes[int, ...]), "Tensor[F32, ...] = Float32[Tensor, '...']"),
        ((F32, ..., "B"), "Tensor[F32, ..., B] = Float32[Tensor, '... B']"),
        ((F32, *axes[B, L[2]]), "Tensor[F32, B, 2] = Float32[Tensor, 'B 2']"),
        ((F32, int, Any, "_"), "Tensor[F32, ?, ?, ?] = Float32[Tensor, '_ _ _']"),
        ((Any, B), "Tensor[Any, B] = Shaped[Tensor, 'B']"),
        ((DType, B), "Tensor[DType, B] = Shaped[Tensor, 'B']"),
        ((Float, B), "Tensor[Float, B] = Float[Tensor, 'B']"),
        ((Number, B), "Tensor[Number, B] = Num[Tensor, 'B']"),
        ((DT, B), "Tensor[DT: Float, B] = DT[Tensor, 'B']"),
        ((DQ, B), "Tensor[DQ: F32 | F64, B] = DQ[Tensor, 'B']"),
        ((EVERY, B), "Tensor[EVERY, B] = EVERY[Tensor, 'B']"),
        ((F32 | I32, B), "Tensor[F32 | I32, B] = F32 | I32[Tensor, 'B']"),
    ],
)
def test_what_hints_are(args: Any, expected: str) -> None:
    assert text(*args) == expected


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        ((F32, L["B T"]), ValueError, '\'B T\' is no dimension: every axis has an argument of its own, L["B"], L["T"]'),
        ((F32, "B, T"), ValueError, '\'B, T\' is no dimension: every axis has an argument of its own, L["B"], L["T"]'),
        ((F32, "B**2"), ValueError, "not a dimension: 'B ** 2' (use names, ints, + - * // and parentheses)"),
        ((F32, "B//0"), ValueError, "the dimension 'B//0' divides by zero"),
        ((F32, -1), ValueError, "-1 is no dimension: it is negative"),
        ((F32, L["1-2"]), ValueError, "1-2 is no dimension: it is negative"),
        ((F32, L[2, 3]), TypeError, "typing.Literal[2, 3] is no dimension: an axis has one size"),
        ((F32, S), TypeError, "S is no dimension: write *S"),
        ((F32, DT), TypeError, "~DT is no dimension: write TypeVar('DT', bound=int)"),
        ((F32, TEXT), TypeError, "~TEXT is no dimension: write TypeVar('TEXT', bound=int)"),
        (
            (F32, F32),
            TypeError,
            'F32 is no dimension: use a type variable, L[784], L["B*T"], Mul[B, T] or int',
        ),
        ((F32, [2]), TypeError, '[2] is no dimension: use a type variable, L[784], L["B*T"], Mul[B, T] or int'),
        ((F32, True), TypeError, 'True is no dimension: use a type variable, L[784], L["B*T"], Mul[B, T] or int'),
        ((B, T), TypeError, "~B is not for dtypes: write TypeVar('B', bound=DType)"),
        (
            ("F32", B),
            TypeError,
            "Tensor[...] begins with a dtype, one of Bool, U8, I8, I32, U32, I64, F16, BF16, F32, F64 "
            "or a type variable; got 'F32'",
        ),
        ((), TypeError, "Tensor[...] wants a dtype, then one argument for each axis: Tensor[F32, B, L[784]]"),
        (
            (F32, *S, *S),
            TypeError,
            "Tensor[F32, *S, *S] has more than one `*`: which axes belong to which cannot be told",
        ),
    ],
)
def test_what_is_no_hint(args: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        Hint[args]
    assert str(caught.value) == message


def test_equal_arguments_give_the_same_object() -> None:
    assert Hint[F32, B, L[784]] is Hint[F32, B, L[784]]
    assert Hint[F32, B, "T*B"] is Hint[F32, B, L["B*T"]]
    assert Hint[F32, B] is not Hint[F32, "B"]  # a text may be a misspelling, which `checked` has to see


def test_the_class_itself_is_as_before() -> None:
    assert isinstance(ones(2), st.Tensor)
    assert not isinstance(2, st.Tensor)
    assert st.Tensor.__parameters__  # type: ignore[attr-defined]


@pytest.mark.parametrize("dtype", DTYPES)
def test_isinstance_asks_for_the_dtype(dtype: Any) -> None:
    x = ones(2, dtype=dtype)
    assert isinstance(x, Hint[dtype, 2])
    assert isinstance(x, Hint[Any, 2])
    assert isinstance(x, Hint[DT, 2]) == issubclass(dtype, Float)
    assert isinstance(x, Hint[Integer, 2]) == issubclass(dtype, Integer)
    assert not isinstance(x, Hint[F64 if dtype is F32 else F32, 2])


@pytest.mark.parametrize(
    ("dims", "fits"),
    [
        ((L[2], L[3]), True),
        ((L[2], L[4]), False),
        ((L[2],), False),
        ((B, T), True),
        ((B, B), False),
        ((B, L["B+1"]), True),
        ((L["B-1"], B), True),
        ((L["B-2"], B), False),
        ((L["B*T"], B), False),  # 2 is no multiple of 3
        ((L["B*T"], L["B+T"]), True),  # cannot be decided
        ((*S, L[3]), True),
        ((*S, L[2]), False),
        ((..., B), True),
        ((int, Any), True),
    ],
)
def test_isinstance_asks_for_the_shape(dims: Any, fits: bool) -> None:
    assert isinstance(ones(2, 3), Hint[(F32, *dims)]) == fits
    assert not isinstance(ones(2, 3).numpy(), Hint[(F32, *dims)])


def test_pickle_gives_the_same_hint() -> None:
    for args in ((F32, B, L["B*T"]), (DT, *S, int), (Any, ...), (F32,)):
        hint = Hint[args]
        assert pickle.loads(pickle.dumps(hint)) is hint
        assert copy.deepcopy(hint) is hint


def test_aliases_are_given_arguments() -> None:
    images = Hint[DT, B, *S, L[28]]
    assert repr(images[F32, L[2], T, L[3]]) == "Tensor[F32, 2, T, 3, 28]"
    assert images[F32, B] is Hint[F32, B, 28]
    assert repr(Hint[F32, B, T, L["B*T"]][L[2], L[3]]) == "Tensor[F32, 2, 3, 6]"
    with pytest.raises(TypeError, match=r"^Tensor\[F32, B\] has the type variables B; got 2 arguments for them$"):
        Hint[F32, B][L[2], L[3]]
    with pytest.raises(TypeError, match=r"^Tensor\[F32\] has the type variables none; got 1 arguments for them$"):
        Hint[F32][L[2]]


def test_what_typing_does_with_hints() -> None:
    hint: Any = Hint[F32, B]
    assert Optional[hint] == hint | None  # noqa: UP045
    assert isinstance(hint | None, UnionType)
    assert repr(hint | None) == "Tensor[F32, B] | None"
    assert repr(list[hint]) == "list[Tensor[F32, B]]"
    assert repr(tuple[hint, ...]) == "tuple[Tensor[F32, B], ...]"

    class Net(Module, Generic[N]):
        weight: st.Tensor[F32, N]

    assert get_type_hints(Net)["weight"] is Hint[F32, N]
    assert repr(Net[int]).endswith("Net[int]")


def test_variables_of_one_name_and_several_bounds_are_several_hints() -> None:
    """beartype takes hints in containers to be one if they look the same."""
    every, ints = variable("DT", bound=DType), variable("DT", bound=Integer)
    for hint, fits in ((Hint[DT, B], True), (Hint[every, B], True), (Hint[ints, B], False)):

        def f(x: Any) -> None: ...

        f.__annotations__ = {"x": list[hint]}  # type: ignore[valid-type]
        try:
            beartype(f)([ones(2)])
        except Exception:
            assert not fits
        else:
            assert fits


def test_jaxtyping_and_beartype_check_them() -> None:
    def flat(x: Any) -> Any:
        return x.reshape(-1)

    flat.__annotations__ = {"x": Hint[F32, B, T], "return": Hint[F32, L["B*T"]]}
    checked = jaxtyping.jaxtyped(typechecker=beartype)(flat)
    assert checked(ones(2, 3)).shape == (6,)
    with pytest.raises(jaxtyping.TypeCheckError):
        checked(ones(2))
    flat.__annotations__ = {"x": Hint[F32, L["B*T"], B], "return": Any}  # jaxtyping alone raises AnnotationError
    assert jaxtyping.jaxtyped(typechecker=beartype)(flat)(ones(6, 2)).shape == (12,)


def test_dataclass_fields() -> None:
    @dataclasses.dataclass
    class Pair:
        x: Any
        y: Any

    Pair.__init__.__annotations__.update(x=Hint[F32, B], y=Hint[F32, B])
    checked = jaxtyping.jaxtyped(typechecker=beartype)(Pair)
    checked(ones(2), ones(2))
    with pytest.raises(jaxtyping.TypeCheckError):
        checked(ones(2), ones(3))


def test_hints_of_jaxtyping_are_understood() -> None:
    shown = {
        "Float32[B 3 B*T ...]": jaxtyping.Float32[st.Tensor, "B 3 B*T ..."],
        "Shaped[*S _ rows=4]": jaxtyping.Shaped[st.Tensor, "*S _ rows=4"],
        "Float[B]": jaxtyping.Float[st.Tensor, "B"],
    }
    assert {name: str(declared_of(hint)) for name, hint in shown.items()} == {
        "Float32[B 3 B*T ...]": "Tensor[F32, B, 3, B*T, ...]",
        "Shaped[*S _ rows=4]": "Tensor[Any, *S, ?, 4]",
        "Float[B]": "Tensor[F16 | BF16 | F32 | F64, B]",
    }
    assert declared_of(jaxtyping.Float32[st.Tensor, "#B"]) is None
    assert declared_of(jaxtyping.Float32[st.Tensor, "min(B,T)"]) is None
    assert declared_of(int) is None


def test_a_hint_is_not_called() -> None:
    with pytest.raises(RuntimeError):
        Hint[F32, B]()
    assert isinstance(Hint[F32, B], TensorHint)


def test_aliases_of_the_library() -> None:
    assert repr(st.random.Key) == "Tensor[U32, 4]"
    assert isinstance(st.random.key(0), st.random.Key)
    with pytest.raises(AttributeError, match="has no attribute 'Kee'"):
        st.random.Kee  # type: ignore[attr-defined] # noqa: B018
    assert sys.modules["shapetensor.tensor"].AnyTensor is st.Tensor
