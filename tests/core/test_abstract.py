"""The library run without elements says what a real run makes, for ints, symbols and sizes that nobody knows."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import shapetensor
from shapetensor._core import ops as _definitions
from shapetensor._core.abstract import ABSTRACT, abstract_tensor
from shapetensor._core.device import activate
from shapetensor._core.dims import UNKNOWN, Atom, Dim, Poly
from shapetensor._core.doubt import Undecidable, asking
from shapetensor._core.dtypes import DTYPES, AnyDType, Bool, Float
from shapetensor._core.op import OPS
from shapetensor._core.paths import explore
from tests.core.calls import CASES, EXCEPTIONS, SIZES, WRONG, Case, Wrong
from tests.ops.catalogue import CATALOGUE
from tests.ops.reference import attributes
from tests.ops.sample import Operand, Same, Sample

assert _definitions.__name__ == "shapetensor._core.ops"  # importing it fills OPS
st: Any = shapetensor  # a type checker would not take symbols for ints
losses, nn, random, init = st.losses, st.nn, st.random, st.nn.init
ATOMS = {name: Atom(name, name) for name in SIZES}
VALUES: dict[Atom, Dim] = {ATOMS[name]: size for name, size in SIZES.items()}
Spec = tuple[tuple[str, ...], AnyDType]
ALL = [pytest.param(c, id=f"{name}-{i}") for name, cases in CASES.items() for i, c in enumerate(cases)]
every_case = pytest.mark.parametrize("case", ALL)


def operands(text: str) -> list[Spec]:
    """Axes and dtype of each operand."""
    names = {d.__name__: d for d in DTYPES}
    found = []
    for part in filter(str.strip, text.split(";")):
        words = part.split()
        dtype = names[words.pop(0)] if words[0] in names else st.F32
        found.append((tuple(words), dtype))
    return found


def sized(size: Callable[[str], Any]) -> SimpleNamespace:
    return SimpleNamespace(**{name: size(name) for name in SIZES})


def real(axes: tuple[str, ...], dtype: AnyDType) -> Any:
    shape = tuple(SIZES.get(a) or int(a) for a in axes)
    kept = dtype if dtype.computes else st.F32 if issubclass(dtype, Float) else st.I64
    values = np.random.default_rng(0).integers(0, 2, shape).astype("bool" if kept is Bool else kept.name)
    return st.tensor(values).astype(dtype)


def abstract(axes: tuple[str, ...], dtype: AnyDType, size: Callable[[str], Any]) -> Any:
    return abstract_tensor(tuple(size(a) if a in SIZES else int(a) for a in axes), dtype)


def described(result: Any) -> Any:
    """Shapes and dtypes in place of tensors."""
    if hasattr(result, "_spec"):
        return [("axis", n) for n in result.shape], result.dtype.name
    if isinstance(result, nn.Module):
        return described(result.state_dict())
    if isinstance(result, dict):
        return {name: described(value) for name, value in result.items()}
    if isinstance(result, (tuple, list)):
        return [described(value) for value in result]
    return ("axis", result) if isinstance(result, (int, Poly)) else result


def put_in(found: Any) -> Any:
    """A description with SIZES in place of the symbols."""
    if isinstance(found, tuple) and found[0] == "axis":
        return ("axis", found[1].substitute(VALUES) if isinstance(found[1], Poly) else found[1])
    if isinstance(found, (tuple, list)):
        return type(found)(map(put_in, found))
    return {name: put_in(value) for name, value in found.items()} if isinstance(found, dict) else found


def is_open(found: Any) -> bool:
    return isinstance(found, tuple) and found[0] == "axis" and isinstance(found[1], Poly)


def agrees(found: Any, wanted: Any) -> bool:
    """Whether a description allows another; sizes that it leaves open may be anything."""
    if is_open(found) and isinstance(wanted, tuple) and wanted[0] == "axis":
        return True
    if isinstance(found, (tuple, list)) and isinstance(wanted, (tuple, list)):
        return len(found) == len(wanted) and all(map(agrees, found, wanted))
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(agrees(found[k], wanted[k]) for k in found)
    return bool(found == wanted)


def really(case: Case | Wrong) -> Any:
    return case.call(sized(SIZES.__getitem__), *(real(*spec) for spec in operands(case.operands)))


def explored(case: Case | Wrong, size: Callable[[str], Any], tensors: list[Any]) -> list[Any]:
    with activate(ABSTRACT):
        return [described(found) for found in explore(lambda: case.call(sized(size), *tensors))]


# ---------------------------------------------------------------------------------------------------- public functions


def public_functions() -> Iterator[str]:
    """Every function, method, operator, loss, layer and initialiser."""
    yield from (name for name in st.__all__ if inspect.isfunction(getattr(st, name)))
    for prefix, module in (("random", random), ("losses", losses), ("nn", nn), ("nn.init", init)):
        yield from (f"{prefix}.{name}" for name in module.__all__ if callable(getattr(module, name)))
    for kind in st.Tensor.__mro__:
        if kind.__module__.partition(".")[0] == "shapetensor":
            public = (n for n in vars(kind) if not n.startswith("_") or n.startswith("__"))
            of_class = (n for n in public if callable(vars(kind)[n]) or isinstance(vars(kind)[n], property))
            yield from (f"Tensor.{name}" for name in of_class if name != "__class_getitem__")


def test_every_public_function_is_called() -> None:
    public = set(public_functions())
    assert public - set(CASES) - set(EXCEPTIONS) == set()
    assert set(CASES) | set(EXCEPTIONS) <= public
    assert set(CASES) & set(EXCEPTIONS) == set()


@every_case
def test_ints_give_what_a_real_run_gives(case: Case) -> None:
    wanted = described(really(case))
    tensors = [abstract(axes, dtype, SIZES.__getitem__) for axes, dtype in operands(case.operands)]
    assert explored(case, SIZES.__getitem__, tensors) == [wanted]


@every_case
def test_symbols_are_right_once_they_are_put_in(case: Case) -> None:
    def size(name: str) -> Poly:
        return Poly.of(ATOMS[name])

    wanted = described(really(case))
    tensors = [abstract(axes, dtype, size) for axes, dtype in operands(case.operands)]
    ways = explored(case, size, tensors)
    assert ways
    for found in map(put_in, ways):
        assert agrees(found, wanted) if case.coarse else found == wanted


def unknown(case: Case) -> Iterator[tuple[Callable[[str], Any], list[Any]]]:
    """Sizes and operands with one axis unknown, with one size unknown, and with all."""
    specs = operands(case.operands)
    plain = [abstract(axes, dtype, SIZES.__getitem__) for axes, dtype in specs]
    for i, (axes, dtype) in enumerate(specs):
        for place, axis in enumerate(axes):
            sizes = [SIZES.get(a) or int(a) for a in axes]
            changed = abstract_tensor((*sizes[:place], UNKNOWN, *sizes[place + 1 :]), dtype)
            if (axis, dtype) != ("4", st.U32):
                yield SIZES.__getitem__, [*plain[:i], changed, *plain[i + 1 :]]
    for hidden in (*SIZES, "".join(SIZES)):

        def size(name: str, hidden: str = hidden) -> Any:
            return UNKNOWN if name in hidden else SIZES[name]

        yield size, [abstract(axes, dtype, size) for axes, dtype in specs]


@every_case
def test_what_is_unknown_is_no_mistake(case: Case) -> None:
    wanted = described(really(case))
    for size, tensors in unknown(case):
        try:
            ways = explored(case, size, tensors)
        except Undecidable:
            assert case.open
            continue
        assert any(agrees(found, wanted) for found in ways), ways


@pytest.mark.parametrize("case", [pytest.param(c, id=str(i)) for i, c in enumerate(WRONG)])
def test_mistakes_have_one_text(case: Wrong) -> None:
    with pytest.raises(Exception) as wanted:  # noqa: PT011
        really(case)
    tensors = [abstract(axes, dtype, SIZES.__getitem__) for axes, dtype in operands(case.operands)]
    with pytest.raises(type(wanted.value)) as found, activate(ABSTRACT):
        case.call(sized(SIZES.__getitem__), *tensors)
    assert str(found.value) == str(wanted.value)
    with pytest.raises((type(wanted.value), Undecidable)):
        explored(case, SIZES.__getitem__, tensors)


# ----------------------------------------------------------------------------------------------------------- op rules


def shapes_of(sample: Sample) -> list[tuple[Dim, ...]]:
    """The shapes of the operands; of Python scalars none."""
    found: list[tuple[Dim, ...]] = []
    for o in sample.operands:
        found.append(found[o.place] if isinstance(o, Same) else o.shape if isinstance(o, Operand) else ())
    return found


def hidden(shapes: list[tuple[Dim, ...]]) -> Iterator[list[tuple[Dim, ...]]]:
    """The shapes with one size unknown, and with all."""
    yield [(UNKNOWN,) * len(shape) for shape in shapes]
    for i, place in ((i, p) for i, shape in enumerate(shapes) for p in range(len(shape))):
        yield [(*s[:place], UNKNOWN, *s[place + 1 :]) if i == j else s for j, s in enumerate(shapes)]


@pytest.mark.parametrize("name", sorted(OPS))
def test_rules_do_not_refuse_what_is_unknown(name: str) -> None:
    op = OPS[name]
    for sample in CATALOGUE[name].valid:
        attrs, shapes = dict(zip(op.attrs, attributes(op, sample), strict=True)), shapes_of(sample)
        wanted = described_shapes(op.shape(*shapes, **attrs), op.many)
        for changed in hidden(shapes):
            try:
                found = described_shapes(op.shape(*changed, **attrs), op.many)
            except Undecidable:
                assert name == "unstack"
                assert changed[0][attrs["axis"]] is UNKNOWN
                continue
            assert agrees(found, wanted), (name, shapes, changed, attrs)


def described_shapes(shapes: Any, many: bool) -> list[Any]:
    return [[("axis", n) for n in shape] for shape in (shapes if many else [shapes])]


# ---------------------------------------------------------------------------------------------------- words of its own

B, D, T = (Poly.of(ATOMS[name]) for name in "BDT")


def symbolic(*shape: Dim, dtype: AnyDType = st.F32) -> Any:
    return abstract_tensor(shape, dtype)


def shapes(function: Callable[[], Any]) -> set[Any]:
    """The shapes that come out on all ways."""
    with activate(ABSTRACT):
        return {x.shape for x in explore(function)}


def text_of(function: Callable[[], Any]) -> str:
    with pytest.raises((st.ShapeError, st.DTypeError)) as caught, activate(ABSTRACT):
        explore(function)
    return str(caught.value)


def test_sizes_read_as_they_were_written() -> None:
    x = symbolic(B, T, D)
    assert shapes(lambda: x.flatten(1)) == {(B, T * D)}
    assert shapes(lambda: x[:, 1:]) == {(B, T - 1, D)}
    assert shapes(lambda: st.concat([x, x], axis=1)) == {(B, 2 * T, D)}
    assert shapes(lambda: st.split(x, 2, axis=1)[1]) == {(B, T // 2, D)}
    assert shapes(lambda: st.pad(x, ((0, 0), (1, 2), (0, 0)))) == {(B, T + 3, D)}
    assert shapes(lambda: x.roll(1, axis=1)) == {(B, T, D)}
    assert shapes(lambda: x.argmax()) == {()}
    assert shapes(lambda: st.arange(0, T, 2)) == {((T + 1) // 2,)}


def test_unknown_sizes_learn_from_known_ones() -> None:
    x, y = symbolic(UNKNOWN, 3), symbolic(B, UNKNOWN)
    assert shapes(lambda: x + y) == {(B, 3)}
    assert shapes(lambda: st.stack([x, y])) == {(2, B, 3)}
    assert shapes(lambda: st.concat([y, x], axis=1)) == {(B, UNKNOWN)}
    labels = symbolic(UNKNOWN, dtype=st.I64)
    assert shapes(lambda: losses.cross_entropy(y, labels, reduction="none")) == {(B,)}
    assert shapes(lambda: symbolic(UNKNOWN, 1, 3).squeeze(0)) == {(1, 3)}


def test_mistakes_of_symbols() -> None:
    x, key = symbolic(B, T), symbolic(4, dtype=st.U32)
    assert text_of(lambda: x @ symbolic(D, T)) == (
        "matmul: (B, T) @ (D, T): inner dimensions differ: T and D are not known to be equal"
    )
    assert text_of(lambda: nn.Linear(D, 3, key=key)(x)) == (
        "Linear: x has shape (B, T), its last axis should be in_features=D"
    )
    assert text_of(lambda: losses.mse_loss(x, symbolic(B, D))) == (
        "mse_loss: input (B, T) and target (B, D) have different shapes"
    )
    assert text_of(lambda: x.squeeze(0)) == "squeeze: axis 0 of (B, T) has size B, not 1"
    assert text_of(lambda: st.zeros((B, -1))) == "zeros: (B, -1) has a negative size"


def test_layers_in_a_row_say_which() -> None:
    key = symbolic(4, dtype=st.U32)

    def model() -> Any:
        linear = nn.Linear(D, T, key=key)
        return nn.Sequential(st.tanh, nn.Sequential(nn.Residual(linear)))

    x = symbolic(B, T)
    for call in (lambda: model()(x), lambda: model().training(x, key=key)):
        assert text_of(call) == (
            "Sequential: layer 1: Sequential: layer 0: Residual: inner: "
            "Linear: x has shape (B, T), its last axis should be in_features=D"
        )


def test_tensors_of_the_cpu_can_stand_beside() -> None:
    outside = st.ones((3, 4))
    assert shapes(lambda: symbolic(B, 3) @ outside) == {(B, 4)}


def test_numbers_of_a_tensor_are_out_of_reach() -> None:
    x = symbolic(2)
    for read in (x.tolist, lambda: float(x.sum()), lambda: [0] * int(x.argmax()), lambda: bool(x[0] > 0)):
        with pytest.raises(Undecidable), activate(ABSTRACT):
            explore(read)
    assert text_of(lambda: bool(x)) == (
        "bool: a tensor of shape (2,) has 2 elements, not 1: write x.any() or x.all(), and & | ~ for and, or, not"
    )
    assert repr(symbolic(B, 2)) == "Tensor[F32, B, 2] on abstract"


def test_rules_are_judged_without_questions() -> None:
    with asking(lambda sign, difference, usual: pytest.fail(f"{difference} {sign} 0")):
        assert (symbolic(UNKNOWN, T) @ symbolic(T, UNKNOWN)).shape == (UNKNOWN, UNKNOWN)


def test_nothing_heavy_is_loaded() -> None:
    """A type checker runs this; NumPy alone would take longer to load than all calls together."""
    code = """
import sys
import shapetensor as st
import shapetensor.tensor
from shapetensor._core.abstract import ABSTRACT, abstract_tensor
from shapetensor._core.device import activate
from shapetensor._core.dims import Atom, Poly
from shapetensor._core.paths import explore
B, T = (Poly.of(Atom(n, n)) for n in "BT")
x, i, k = (abstract_tensor(s, d) for s, d in (((B, T), st.F32), ((B,), st.I64), ((4,), st.U32)))
def run():
    y = st.softmax(x @ x.mT, axis=0).mean() + x.var(axis=1, keepdims=True).sqrt() * st.exp(x) / st.ones((B, 1))
    parts = st.concat([x, x[:, 1:], st.zeros((B, 2))], axis=1).reshape((-1,)).sum(), st.pad(x, 1), st.tile(x, 2)
    more = x[0, -1], x[i], x.at[0].set(1.0), st.arange(T), st.eye(3), st.tril(x), st.sort(x), st.roll(x, 1), x.T.max()
    layers = st.nn.Linear(T, 3, key=st.random.key(0)), st.nn.BatchNorm1d(3), st.nn.Dropout(0.5), st.nn.LayerNorm(3)
    model = st.nn.Sequential(*layers, st.nn.Residual(st.nn.GELU()), st.nn.Flatten())
    loss = st.losses.cross_entropy(model.training(x, key=k)[0], i)
    draws = st.random.normal(k, (B,)), st.random.split(k, 3), st.random.permutation(k, T), st.one_hot(i, T)
    return y, parts, more, loss, draws, st.grad(lambda v: (v * v).sum())(x), st.nn.Embedding(3, T, key=k)(i)
with activate(ABSTRACT):
    assert explore(run)
print([m for m in ("numpy", "numba", "jaxtyping", "beartype") if m in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
