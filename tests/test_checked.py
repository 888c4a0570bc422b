"""`@checked`: what is refused, with which words, and what it costs to have checked before."""

from __future__ import annotations

import dataclasses
import enum
import importlib
import os
import subprocess
import sys
import threading
import timeit
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Generic, NamedTuple, Protocol, Self, TypeVar, TypeVarTuple
from typing import Literal as L

import jaxtyping
import numpy as np
import pytest
from beartype.vale import Is

import shapetensor as st
from shapetensor import F32, F64, I32, I64, DTypeError, Float, Module, Mul, ShapeError, Tensor, checked, nn, typechecker
from shapetensor import checked as checked_again

if TYPE_CHECKING:
    from shapetensor import Missing  # type: ignore[attr-defined]

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
H = TypeVar("H", bound=int)
K = TypeVar("K", bound=int)
N = TypeVar("N", bound=int)
O = TypeVar("O", bound=int)
DT = TypeVar("DT", bound=Float)
S = TypeVarTuple("S")
KEY = st.random.key(0)


def ones(*shape: int, dtype: Any = F32) -> Any:
    return st.ones(shape).astype(dtype)


def refusal(call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """The error of a call; the same when it is made again."""
    texts = set()
    for _ in range(2):
        with pytest.raises((ShapeError, DTypeError, TypeError, ValueError, NameError)) as caught:
            call(*args, **kwargs)
        texts.add(f"{type(caught.value).__name__}: {caught.value}")
    assert len(texts) == 1
    return texts.pop()


def counting(function: Any) -> tuple[Any, list[int]]:
    """The checked function, and how often its calls were checked in full."""
    count = [0]
    function = checked(function)
    plan = function.__closure__[list(function.__code__.co_freevars).index("memo")].cell_contents.plan
    check = plan._check_arguments

    def counted(*args: Any) -> Any:
        count[0] += 1
        return check(*args)

    plan._check_arguments = counted
    return function, count


@checked
def flat(x: Tensor[F32, B, T, D]) -> Tensor[F32, L["B*T"], D]:
    return x.reshape((-1, x.shape[2]))


@checked
def same(x: Tensor[F32, B, T], y: Tensor[F32, T], *, out: Any = None) -> Tensor[F32, B, T]:
    return x if out is None else out


@checked
def both(x: Tensor[DT, B], y: Tensor[DT, B], out: Any = None) -> Tensor[DT, B]:
    return x if out is None else out


FLAT: Any = flat  # for calls that mypy would refuse as well


def test_calls_that_fit() -> None:
    for _ in range(3):
        assert FLAT(ones(2, 3, 4)).shape == (6, 4)
        assert FLAT(x=ones(5, 1, 4)).shape == (5, 4)
        assert same(ones(2, 3), ones(3)).shape == (2, 3)
        assert both(ones(2, dtype=F64), ones(2, dtype=F64)).dtype is F64


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: FLAT(ones(2, 3)), "ShapeError: flat: x has shape (2, 3), not (B, T, D): it has 2 axes, not 3"),
        (lambda: FLAT(ones(2, 3, 4, dtype=F64)), "DTypeError: flat: x is F64, not F32: write x.astype(F32)"),
        (
            lambda: same(ones(2, 3), ones(4)),
            "ShapeError: same: y has shape (4,), not (T,): axis 0: 4 != 3, where T = 3 comes from x",
        ),
        (
            lambda: same(ones(2, 3), y=ones(4)),
            "ShapeError: same: y has shape (4,), not (T,): axis 0: 4 != 3, where T = 3 comes from x",
        ),
        (
            lambda: same(ones(2, 3), ones(3), out=ones(3, 2)),
            "ShapeError: same: the result has shape (3, 2), not (B, T): axis 0: 3 != 2, where B = 2 comes from x",
        ),
        (
            lambda: same(ones(2, 3), ones(3), out=ones(2, 3, dtype=F64)),
            "DTypeError: same: the result is F64, not F32: write .astype(F32) behind it",
        ),
        (
            lambda: both(ones(2), ones(2, dtype=F64)),
            "DTypeError: both: y is F64, not F32, where DT = F32 comes from x: write y.astype(F32)",
        ),
        (
            lambda: both(ones(2), ones(2), ones(2, dtype=F64)),
            "DTypeError: both: the result is F64, not F32, where DT = F32 comes from x: write .astype(F32) behind it",
        ),
        (
            lambda: both(ones(2, dtype=I32), ones(2)),
            "DTypeError: both: x is I32, not DT, which is Float: write x.astype(F32)",
        ),
        (lambda: FLAT(3), "TypeError: flat: x is 3, not Tensor[F32, B, T, D]"),
        (
            lambda: FLAT(np.ones((2, 3, 4))),
            "TypeError: flat: x is a numpy.ndarray, not Tensor[F32, B, T, D]: write st.from_numpy(x)",
        ),
        (
            lambda: same(ones(2, 3), ones(3), out="text"),
            "TypeError: same: the result is 'text', not Tensor[F32, B, T]",
        ),
        (lambda: FLAT(), "TypeError: flat() missing 1 required positional argument: 'x'"),
        (lambda: FLAT(ones(2, 3, 4), 1), "TypeError: flat() takes 1 positional argument but 2 were given"),
    ],
)
def test_calls_that_do_not_fit(call: Any, text: str) -> None:
    assert refusal(call) == text


def test_errors_name_their_cause() -> None:
    with pytest.raises(ShapeError) as caught:
        FLAT(ones(2, 3))
    assert "violates type hint Tensor[F32, B, T, D]" in str(caught.value.__cause__)


def test_a_result_is_checked_whenever_it_is_new() -> None:
    """The arguments were seen before, this result for them was not."""
    flip = False

    @checked
    def turned(x: Tensor[F32, B, T]) -> Tensor[F32, B, T]:
        return x.mT if flip else x  # type: ignore[return-value] # on purpose

    turned(ones(2, 3))
    turned(ones(2, 3))
    flip = True
    assert "the result has shape (3, 2), not (B, T)" in refusal(turned, ones(2, 3))


def test_an_expression_is_solved_for_its_unknown() -> None:
    @checked
    def heads(x: Tensor[F32, L["H*K"]], h: H) -> Tensor[F32, H, K]:
        return x.reshape((h, -1))

    assert heads(ones(64), 4).shape == (4, 16)
    assert refusal(heads, ones(63), 4) == (
        "ShapeError: heads: x has shape (63,), not (H*K,): axis 0: 63 is not H*K for any K, where H = 4"
    )


def test_ints_are_dimensions_with_their_values() -> None:
    @checked
    def eye(n: N, m: N = 3, out: int = 3) -> Tensor[F32, N]:  # type: ignore[assignment]
        return ones(out)  # type: ignore[no-any-return]

    eye(3)
    assert refusal(eye, 4) == "ShapeError: eye: m is 3, not N: 3 != 4, where N = 4 comes from n"
    assert refusal(eye, 4, 4) == (
        "ShapeError: eye: the result has shape (3,), not (N,): axis 0: 3 != 4, where N = 4 comes from n"
    )
    assert eye(4, 4, 4).shape == (4,)


def test_stars_and_named_axes() -> None:
    @checked
    def scaled(x: Tensor[F32, *S, D], y: Tensor[F32, L["channels"]], z: Tensor[F32, L["channels"], *S]) -> None: ...

    scaled(ones(2, 3, 4), ones(5), ones(5, 2, 3))
    assert refusal(scaled, ones(2, 3, 4), ones(5), ones(5, 2)) == (
        "ShapeError: scaled: z has shape (5, 2), not (channels, *S): *S: (2,) != (2, 3), where *S = (2, 3) comes from x"
    )
    assert refusal(scaled, ones(4), ones(5), ones(6)) == (
        "ShapeError: scaled: z has shape (6,), not (channels, *S): axis 0: 6 != 5, where channels = 5 comes from y"
    )


class Batch(NamedTuple):
    images: Tensor[F32, int, L[64]]
    labels: Any


@dataclasses.dataclass
class Pair(Generic[N]):
    first: Tensor[F32, N]
    second: Tensor[F32, L["N+1"]]


@checked
def containers(
    xs: list[Tensor[F32, B]],
    y: Tensor[F32, B] | None = None,
    z: tuple[Tensor[F32, B], int] | None = None,
    batch: Batch | None = None,
    pair: Pair[B] | None = None,
    table: dict[str, Tensor[F32, B]] | None = None,
    *more: Tensor[F32, B],
    **named: Tensor[F32, B],
) -> tuple[Tensor[F32, B], ...]:
    return tuple(xs)


@pytest.mark.parametrize(
    ("kwargs", "text"),
    [
        ({"xs": [ones(3), ones(4)]}, "xs[1] has shape (4,), not (B,): axis 0: 4 != 3, where B = 3 comes from xs[0]"),
        ({"y": ones(4)}, "y has shape (4,), not (B,): axis 0: 4 != 3, where B = 3 comes from xs[0]"),
        ({"z": (ones(4), 1)}, "z[0] has shape (4,), not (B,): axis 0: 4 != 3, where B = 3 comes from xs[0]"),
        ({"batch": Batch(ones(2, 63), 0)}, "batch.images has shape (2, 63), not (?, 64): axis 1: 63 != 64"),
        (
            {"pair": Pair(ones(3), ones(5))},
            "pair.second has shape (5,), not (B+1,): axis 0: 5 != 4, where B+1 = 4 (B = 3)",
        ),
        (
            {"table": {"a": ones(4)}},
            "table['a'] has shape (4,), not (B,): axis 0: 4 != 3, where B = 3 comes from xs[0]",
        ),
        ({"other": ones(4)}, "other has shape (4,), not (B,): axis 0: 4 != 3, where B = 3 comes from xs[0]"),
    ],
)
def test_tensors_in_containers(kwargs: dict[str, Any], text: str) -> None:
    assert refusal(containers, **{"xs": [ones(3)], **kwargs}) == f"ShapeError: containers: {text}"


def test_tensors_in_containers_that_fit() -> None:
    three, pair = ones(3), Pair(ones(3), ones(4))
    for _ in range(2):
        containers([three, three], three, (three, 1), Batch(ones(2, 64), 0), pair, {"a": three}, three, other=three)
        containers([three])
        containers([])
    assert "more[0] has shape (4,)" in refusal(containers, [three], None, None, None, None, None, ones(4))
    assert refusal(containers, [three], z=(three, "a")) == (
        "TypeError: containers: z is (Tensor[F32, 3], 'a'), not tuple[Tensor[F32, B], int] | None"
    )
    assert refusal(containers, three) == "TypeError: containers: xs is Tensor[F32, 3], not list[Tensor[F32, B]]"


def test_a_list_that_has_changed_is_another_argument() -> None:
    xs = [ones(3), ones(3)]
    containers(xs)
    xs[1] = ones(4)
    assert "xs[1] has shape (4,)" in refusal(containers, xs)
    assert containers([ones(3)] * 100)  # longer than what is remembered


def test_unions() -> None:
    @checked
    def ranks(x: Tensor[F32, B] | Tensor[F32, B, T], y: Tensor[F32, T] | Tensor[I64, T] | int) -> Tensor[F32, B]:
        return ones(3)  # type: ignore[no-any-return]

    ranks(ones(3), 3)
    ranks(ones(3, 2), ones(2, dtype=I64))
    text = "ShapeError: ranks: x is Tensor[F32, 3, 2, 1], not Tensor[F32, B] | Tensor[F32, B, T]"
    assert refusal(ranks, ones(3, 2, 1), 3) == text
    assert refusal(ranks, ones(3), ones(3, dtype=F64)) == (
        "DTypeError: ranks: y is Tensor[F64, 3], not Tensor[F32, T] | Tensor[I64, T] | int"
    )
    assert refusal(ranks, ones(3, 2), ones(3)) == (
        "ShapeError: ranks: y has shape (3,), not (T,): axis 0: 3 != 2, where T = 2 comes from x"
    )


class Dense(Module, Generic[D, O]):
    layer: nn.Linear[L[4], D]
    weight: Tensor[F32, D, O]
    out: O

    @checked
    def __call__(self, x: Tensor[F32, B, L[4]]) -> Tensor[F32, B, O]:
        return self.layer(x) @ self.weight

    @checked
    def result(self, x: Tensor[F32, B, L[4]], result: Any) -> Tensor[F32, B, O]:
        return result  # type: ignore[no-any-return]

    @checked
    def hidden(self, result: Any) -> Tensor[F32, D]:
        return result  # type: ignore[no-any-return]

    @checked
    def itself(self, n: int = 0) -> tuple[Tensor[F32, O], Self]:
        return ones(3), self


class Child(Dense[L[5], O]):
    extra: Tensor[F32, O] | None = None


def dense(**changes: Any) -> Any:
    return Dense(nn.Linear(4, 5, key=KEY), ones(5, 3), 3).replace(**changes)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: dense().result(ones(2, 4), ones(2, 99)),
            "Dense.result: the result has shape (2, 99), not (B, O): axis 1: 99 != 3, "
            "where O = 3 comes from self.weight",
        ),
        (
            lambda: dense().hidden(ones(9)),
            "Dense.hidden: the result has shape (9,), not (D,): axis 0: 9 != 5, "
            "where D = 5 comes from self.layer.out_features",
        ),
        (
            lambda: dense(weight=ones(6, 3))(ones(2, 4)),
            "Dense.__call__: self.weight has shape (6, 3), not (D, O): axis 0: 6 != 5, "
            "where D = 5 comes from self.layer.out_features",
        ),
        (
            lambda: dense(layer=nn.Linear(3, 5, key=KEY))(ones(2, 4)),
            "Dense.__call__: self.layer.in_features is 3, not 4: 3 != 4",
        ),
        (
            lambda: dense(out=7)(ones(2, 4)),
            "Dense.__call__: self.out is 7, not O: 7 != 3, where O = 3 comes from self.weight",
        ),
        (
            lambda: dense()(ones(2, 5)),
            "Dense.__call__: x has shape (2, 5), not (B, 4): axis 1: 5 != 4",
        ),
        (
            lambda: Child(nn.Linear(4, 6, key=KEY), ones(6, 3), 3)(ones(2, 4)),  # type: ignore[arg-type]
            "Dense.__call__: self.layer.out_features is 6, not 5: 6 != 5",
        ),
        (
            lambda: Child(nn.Linear(4, 5, key=KEY), ones(5, 3), 3, ones(2))(ones(2, 4)),
            "Dense.__call__: self.extra has shape (2,), not (O,): axis 0: 2 != 3, where O = 3 comes from self.weight",
        ),
    ],
)
def test_methods_know_the_dimensions_of_their_class(call: Any, text: str) -> None:
    assert refusal(call) == f"ShapeError: {text}"


def test_methods_that_fit() -> None:
    for net in (dense(), Child(nn.Linear(4, 5, key=KEY), ones(5, 3), 3)):
        for _ in range(2):
            assert net(ones(2, 4)).shape == (2, 3)
            assert net.result(ones(2, 4), ones(2, 3)).shape == (2, 3)
            assert net.hidden(ones(5)).shape == (5,)
            assert net.itself(n=1)[1] is net


def test_a_changed_module_is_another_self() -> None:
    net = dense()
    net(ones(2, 4))
    assert "self.weight has shape (6, 3)" in refusal(net.replace(weight=ones(6, 3)), ones(2, 4))


def test_arguments_that_are_generic_modules() -> None:
    @checked
    def apply(layer: nn.Linear[D, O], x: Tensor[F32, B, D], result: Any = None) -> Tensor[F32, B, O]:
        return layer(x) if result is None else result

    layer: Any = nn.Linear(4, 5, key=KEY)
    assert apply(layer, ones(2, 4)).shape == (2, 5)
    assert refusal(apply, layer, ones(2, 3)) == (
        "ShapeError: apply: x has shape (2, 3), not (B, D): axis 1: 3 != 4, where D = 4 comes from layer.in_features"
    )
    assert "where O = 5 comes from layer.out_features" in refusal(apply, layer, ones(2, 4), ones(2, 4))
    assert refusal(apply, ones(2), ones(2, 3)) == "TypeError: apply: layer is Tensor[F32, 2], not Linear[D, O]"


def test_what_is_no_tensor_is_checked_too() -> None:
    class Kind(enum.Enum):
        A = 1

    class Sized(Protocol):
        size: int

    class Plain:
        pass

    @checked
    def f(mode: L["mean", "sum"], rate: float, kind: Kind, to: Callable[[int], int], other: Plain) -> None: ...

    plain = Plain()
    for _ in range(2):
        f("mean", 1, Kind.A, abs, plain)
        f("sum", 0.5, Kind.A, round, plain)
    assert refusal(f, "max", 1, Kind.A, abs, plain) == "TypeError: f: mode is 'max', not Literal['mean', 'sum']"
    assert refusal(f, "sum", "1", Kind.A, abs, plain) == "TypeError: f: rate is '1', not float"
    assert (
        refusal(f, "sum", 1, 1, abs, plain)
        == "TypeError: f: kind is 1, not test_what_is_no_tensor_is_checked_too.<locals>.Kind"
    )
    assert refusal(f, "sum", 1, Kind.A, 2, plain).startswith("TypeError: f: to is 2, not Callable[")
    assert refusal(f, "sum", 1, Kind.A, abs, None).startswith("TypeError: f: other is None, not ")


def test_validators_are_asked_each_time() -> None:
    @checked
    def f(n: Annotated[int, Is[lambda n: n > 0]]) -> None: ...

    f(3)
    f(3)
    assert refusal(f, -3).startswith("TypeError: f: n is -3, not Annotated[int, ")


def test_repeated_calls_are_not_checked_again() -> None:
    def f(x: Tensor[F32, B, T], y: Tensor[F32, T], n: int = 0, **more: Any) -> Tensor[F32, B, T]:
        return x

    g, count = counting(f)
    for n in range(5):
        g(ones(2, 3), ones(3))
        g(ones(2, 3), y=ones(3), n=n)
        g(ones(2, 3), ones(3), n, net=dense(), xs=[ones(2), (ones(3), "a")], flag=True)
    assert count == [3]
    g(ones(2, 4), ones(4))
    g(ones(2, 3), ones(3), net=dense(weight=ones(5, 4), out=4))
    assert count == [5]
    array = np.ones(3)
    for _ in range(3):
        g(ones(2, 3), ones(3), array=array)  # what is in there nobody knows
    assert count == [8]


def test_what_is_remembered_is_bounded() -> None:
    limit = sys.modules["shapetensor.checked"]._LIMIT

    def f(x: Tensor[F32, B]) -> Tensor[F32, B]:
        return x

    g, count = counting(f)
    memo = g.__closure__[list(g.__code__.co_freevars).index("memo")].cell_contents
    for n in range(limit + 10):
        g(ones(n))
    assert count == [limit + 10]
    assert len(memo.seen) == 10


def test_the_size_of_what_is_remembered_does_not_hold_tensors() -> None:
    import weakref

    x = ones(3)
    reference = weakref.ref(x)
    both(x, x)
    del x
    assert reference() is None


def test_threads() -> None:
    """Each thread with shapes of its own, all of them new."""

    @checked
    def turned(x: Tensor[F32, B, T], right: bool) -> Tensor[F32, T, B]:
        y: Any = x.mT if right else x
        return y  # type: ignore[no-any-return]

    failures: list[Any] = []

    def work(first: int) -> None:
        for n in range(first, first + 60):
            x = ones(n, n + 1)
            if turned(x, True).shape != (n + 1, n):
                failures.append(n)
            try:
                turned(x, False)
            except ShapeError as error:
                if f"the result has shape ({n}, {n + 1}), not (T, B)" not in str(error):
                    failures.append(error)
            else:
                failures.append(n)

    threads = [threading.Thread(target=work, args=(100 * i,)) for i in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_the_transforms_go_through() -> None:
    @checked
    def product(x: Tensor[F32, B, L[4]], w: Tensor[F32, L[4], T]) -> Tensor[F32, B, T]:
        return x @ w

    @checked
    def loss(w: Tensor[F32, L[4], T], x: Tensor[F32, B, L[4]]) -> Tensor[F32]:
        return product(x, w).sum()

    w, x = ones(4, 2), ones(3, 4)
    assert st.grad(loss)(w, x).shape == (4, 2)
    assert st.vmap(loss, in_axes=(None, 0))(w, ones(5, 3, 4)).shape == (5,)
    compiled = st.compile(loss)
    assert compiled(w, x).item() == compiled(w, x).item() == loss(w, x).item() == 24.0
    text = "ShapeError: loss: x has shape (4,), not (B, 4): it has 1 axis, not 2"
    assert refusal(st.grad(loss), w, ones(4)) == text
    assert refusal(st.vmap(loss, in_axes=(None, 0)), w, ones(5, 4)) == text
    assert refusal(st.compile(loss), w, ones(4)) == text


def source(text: str, **names: Any) -> Any:
    """A checked function from the text of its parameters and result."""
    scope = {**globals(), **names, "Tensor": Tensor}
    exec(f"def f{text}: ...", scope)
    return checked(scope["f"])


@pytest.mark.parametrize(
    ("signature", "text"),
    [
        (
            '(x: Tensor[F32, B, L["Bt"]])',
            "ValueError: f: 'Bt' in the annotation of x is no type variable of the signature, which has B: "
            "did you mean 'B'?",
        ),
        (
            '(x: Tensor[F32, B, D]) -> Tensor[F32, L["B*X"]]',
            "ValueError: f: 'X' in the annotation of the result is no type variable of the signature, which has B, D: "
            "a variable stands alone in some argument, other axes are in lower case",
        ),
        (
            "(x: Tensor[F32, Mul[B, T]], y: Tensor[F32, B])",
            "ValueError: f: T occurs only in B*T, in the annotation of x, so nothing says what it is: "
            "some axis of an argument has to be T alone",
        ),
        (
            '(x: list[Tensor[F32, L["2*n"]]])',
            "ValueError: f: n occurs only in 2*n, in the annotation of x, so nothing says what it is: "
            "some axis of an argument has to be n alone",
        ),
        (
            '(x: Tensor[F32, L["B T"]])',
            'ValueError: \'B T\' is no dimension: every axis has an argument of its own, L["B"], L["T"]',
        ),
    ],
)
def test_names_that_mean_nothing_are_refused_at_once(signature: str, text: str) -> None:
    assert refusal(source, signature) == text


@pytest.mark.parametrize(
    "signature",
    [
        '(x: Tensor[F32, L["n"], L["2*n"]])',
        "(x: Tensor[F32, Mul[B, T]]) -> Tensor[F32, B, T]",
        '(x: Tensor[F32, L["B*T"]], b: B, t: T)',
        '(layer: nn.Linear[B, T], x: Tensor[F32, L["B*T"]])',
        '(x: Tensor[F32, B], y: "Later")',
        "(*xs: Tensor[F32, *S], **ys: Tensor[F32, *S])",
        "(x, y=1)",
    ],
)
def test_names_that_mean_something(signature: str) -> None:
    source(signature)


def test_a_method_is_looked_at_when_its_class_is_there() -> None:
    class Net(Module, Generic[D]):
        weight: Tensor[F32, D]

        @checked
        def half(self) -> Tensor[F32, L["D//2"]]:
            return ones(2)  # type: ignore[no-any-return]

        @checked
        def wrong(self) -> Tensor[F32, L["Dx"]]:
            return ones(2)  # type: ignore[no-any-return]

    net: Any = Net(ones(4))
    assert net.half().shape == (2,)
    assert "axis 0: 2 != 3, where D//2 = 3 (D = 6)" in refusal(Net(ones(6)).half)
    assert refusal(Net(ones(4)).wrong) == (
        "ValueError: Net.wrong: 'Dx' in the annotation of the result is no type variable of the signature, "
        "which has D: did you mean 'D'?"
    )


def test_names_may_come_later() -> None:
    @checked
    def f(x: Tensor[F32, B], y: Missing) -> None: ...

    assert refusal(f, ones(2), 3) == ("NameError: f: an annotation cannot be evaluated: name 'Missing' is not defined")
    later = source('(x: Tensor[F32, B], y: "list[Later]")', Later=None)
    later.__wrapped__.__globals__.pop("Later")
    later, hint = checked(later.__wrapped__), FLAT.__wrapped__.__globals__["Tensor"][F32, B]
    later.__wrapped__.__globals__["Later"] = hint
    assert "y[0] has shape (3,), not (B,)" in refusal(later, ones(2), [ones(3)])


def test_names_may_be_local() -> None:
    C = TypeVar("C", bound=int)

    class Local(Module, Generic[C]):
        weight: Tensor[F32, C]

        @checked
        def __call__(self, x: Tensor[F32, C]) -> Tensor[F32, C]:
            return x

    @checked
    def f(net: Local[C], x: Tensor[F32, C]) -> None: ...

    assert "where C = 2 comes from self.weight" in refusal(Local(ones(2)), ones(3))
    assert "where C = 2 comes from net.weight" in refusal(f, Local(ones(2)), ones(3))
    f(Local(ones(2)), ones(2))


def test_kinds_of_methods() -> None:
    class Kinds:
        @staticmethod
        @checked
        def static(x: Tensor[F32, B], y: Tensor[F32, B]) -> None: ...

        @checked
        @staticmethod
        def above(x: Tensor[F32, B], y: Tensor[F32, B]) -> None: ...

        @checked
        @classmethod
        def of_class(cls, x: Tensor[F32, B], y: Tensor[F32, B]) -> None: ...

        @checked  # type: ignore[prop-decorator]
        @property
        def two(self) -> Tensor[F32, L[2]]:
            return ones(3)  # type: ignore[no-any-return]

        @checked
        def __init__(self, n: int = 3) -> None:
            self.n = n

    kinds = Kinds()
    for method in (Kinds.static, Kinds.above, Kinds.of_class, kinds.of_class):
        method(ones(2), ones(2))
        assert "y has shape (3,), not (B,)" in refusal(method, ones(2), ones(3))
    assert refusal(lambda: kinds.two) == "ShapeError: Kinds.two: the result has shape (3,), not (2,): axis 0: 3 != 2"
    assert refusal(Kinds, "3") == "TypeError: Kinds.__init__: n is '3', not int"


def test_what_cannot_be_checked_is_refused() -> None:
    async def later() -> None: ...
    def one_by_one() -> Iterator[int]:
        yield 1

    assert refusal(checked, later).endswith("later is a coroutine function: its result is not there when it returns")
    assert refusal(checked, one_by_one).endswith("one_by_one is a generator: its result is not there when it returns")
    assert refusal(checked, Dense) == (
        f"TypeError: checked: {Dense!r} is no function: decorate functions and methods, below other decorators"
    )


def test_the_signature_stays() -> None:
    assert same.__name__ == "same"
    assert same.__wrapped__.__doc__ is same.__doc__  # type: ignore[attr-defined]
    assert checked_again is st.checked is checked
    assert callable(st.checked)


def test_hints_that_beartype_does_not_know_are_left_out() -> None:
    @checked
    def f(x: Tensor[F32, B], net: nn.Sequential[*S], xs: Sequence[Tensor[F32, B]]) -> None: ...

    f(ones(2), nn.Sequential(nn.ReLU()), (ones(2),))
    assert "xs[0] has shape (3,)" in refusal(f, ones(2), nn.Sequential(nn.ReLU()), [ones(3)])


def run(code: str, *options: str, **environment: str) -> str:
    command = [sys.executable, *options, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    return done.stdout.strip()


def test_it_can_be_switched_off() -> None:
    code = "import shapetensor as st\ndef f(x: st.Tensor[st.F32]): ...\n"
    code += "print(st.checked(f) is f, st.typechecker(f) is f)"
    assert run(code) == "False False"
    assert run(code, "-O") == "True True"
    assert run(code, SHAPETENSOR_CHECK="0") == "True True"
    assert run(code, SHAPETENSOR_CHECK="1") == "False False"


def test_typechecker_by_itself() -> None:
    @jaxtyping.jaxtyped(typechecker=typechecker)
    def f(x: Tensor[F32, L["B*T"]], y: Tensor[F32, B]) -> Tensor[F32, T]:
        return x[:2]

    assert f(ones(6), ones(3)).shape == (2,)
    assert refusal(f, ones(8), ones(2)) == (
        "ShapeError: f: the result has shape (2,), not (T,): axis 0: 2 != 4, where T = 4 comes from x"
    )
    with pytest.raises(jaxtyping.TypeCheckError):
        f(3, ones(2))  # type: ignore[arg-type]
    assert typechecker(Dense) is Dense


PACKAGE = """
from __future__ import annotations
from dataclasses import dataclass
from typing import Generic, Literal as L, TypeVar
import shapetensor as st
from shapetensor import F32, Float, Tensor

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
DT = TypeVar("DT", bound=Float)

def flat(x: Tensor[F32, B, T]) -> Tensor[F32, L["B*T"]]:
    return x.reshape(-1)

def lie(x: Tensor[F32, B, T]) -> Tensor[F32, T, B]:
    return x

def both(x: Tensor[DT, B], y: Tensor[DT, B]) -> Tensor[DT, B]:
    return x

@dataclass
class Pair:
    x: Tensor[F32, B, T]
    y: Tensor[F32, T]

class Dense(st.Module, Generic[B, T]):
    weight: Tensor[F32, B, T]
    def right(self, x: Tensor[F32, B]) -> Tensor[F32, T]:
        return x @ self.weight
    def wrong(self, x: Tensor[F32, B]) -> Tensor[F32, T]:
        return x
"""


@pytest.fixture
def hooked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    (tmp_path / "hooked_package").mkdir()
    (tmp_path / "hooked_package" / "__init__.py").write_text(PACKAGE)
    monkeypatch.syspath_prepend(tmp_path)
    with jaxtyping.install_import_hook("hooked_package", "shapetensor.typechecker"):
        yield importlib.import_module("hooked_package")
    del sys.modules["hooked_package"]


def test_the_import_hook_of_jaxtyping(hooked: Any) -> None:
    assert hooked.flat(ones(2, 3)).shape == (6,)
    assert hooked.lie(ones(3, 3)).shape == (3, 3)
    assert hooked.both(ones(2), ones(2)).shape == (2,)
    assert hooked.Pair(ones(2, 3), ones(3)).y.shape == (3,)
    net = hooked.Dense(ones(2, 3))
    assert net.right(ones(2)).shape == (3,)
    assert refusal(hooked.flat, ones(2)) == "ShapeError: flat: x has shape (2,), not (B, T): it has 1 axis, not 2"
    assert "the result has shape (2, 3), not (T, B)" in refusal(hooked.lie, ones(2, 3))
    assert "y is F64, not F32, where DT = F32 comes from x" in refusal(hooked.both, ones(2), ones(2, dtype=F64))
    assert "y has shape (4,), not (T,)" in refusal(hooked.Pair, ones(2, 3), ones(4))
    assert "where T = 3 comes from self.weight" in refusal(net.wrong, ones(2))


NEW_SYNTAX = """
{future}
@checked
def flat[B: int, T: int](x: Tensor[F32, B, T]) -> Tensor[F32, Mul[B, T]]:
    return x.reshape(-1)

@checked
def lead[*S, N: int](x: Tensor[F32, *S, N], y: Tensor[F32, N]) -> Tensor[F32, *S]:
    return (x * y).sum(axis=-1)

type Image[N: int] = Tensor[F32, N, L[28]]

@checked
def image[N: int](x: Image[N], y: Tensor[F32, N], z: Image[L[3]], *, w: Image[L[4]]) -> Image[N]:
    return x

type Tree = list[Tree] | Tensor[F32, L[2]]

@checked
def tree(x: Tree) -> None: ...

class Box[N: int](Module):
    weight: Tensor[F32, N]
    @checked
    def __call__(self, x: Tensor[F32, N]) -> Tensor[F32, N]:
        return x
    @checked
    def wrong(self, x: "Tensor[F32, N]") -> Tensor[F32, N]:
        return ones(9)
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the syntax is that of Python 3.12")
@pytest.mark.parametrize("future", ["", "from __future__ import annotations"])
def test_the_type_parameters_of_python_3_12(future: str) -> None:
    scope: dict[str, Any] = {**globals(), "Mul": Mul}
    exec(compile(NEW_SYNTAX.format(future=future), "new", "exec", dont_inherit=True), scope)
    flat, lead, image, box = (scope[name] for name in ("flat", "lead", "image", "Box"))
    assert flat(ones(2, 3)).shape == (6,)
    assert "it has 1 axis, not 2" in refusal(flat, ones(2))
    assert lead(ones(2, 3, 4), ones(4)).shape == (2, 3)
    assert "where N = 4 comes from x" in refusal(lead, ones(2, 3, 4), ones(3))
    image(ones(2, 28), ones(2), ones(3, 28), w=ones(4, 28))
    assert "y has shape (3,), not (N,)" in refusal(image, ones(2, 28), ones(3), ones(3, 28), w=ones(4, 28))
    assert "z has shape (2, 28), not (3, 28)" in refusal(image, ones(2, 28), ones(2), ones(2, 28), w=ones(4, 28))
    scope["tree"]([ones(2), [ones(2), []]])
    assert refusal(scope["tree"], [ones(2), [ones(3)]]).endswith("x[1][0] has shape (3,), not (2,): axis 0: 3 != 2")
    assert box(ones(3))(ones(3)).shape == (3,)
    assert "where N = 3 comes from self.weight" in refusal(box(ones(3)), ones(2))
    assert "the result has shape (9,), not (N,)" in refusal(box(ones(3)).wrong, ones(3))


def test_a_call_seen_before_is_cheap() -> None:
    """2 arguments and the result add about half a microsecond; the bound is for slow machines."""
    x, y = ones(8, 4), ones(4)
    bare = same.__wrapped__  # type: ignore[attr-defined]
    added = min(timeit.repeat(lambda: same(x, y), number=2000, repeat=9))
    added -= min(timeit.repeat(lambda: bare(x, y), number=2000, repeat=9))
    assert added / 2000 < 10e-6
