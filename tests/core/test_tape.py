"""Tapes and tangents: what is kept, what is run, what nests in what, and who may walk."""

from __future__ import annotations

import gc
import itertools
import threading
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import shapetensor as st
from shapetensor._core.buffers import POOL
from shapetensor._core.op import OPS, Rule
from shapetensor.tensor import AnyTensor, Tensor

F64 = st.F64


def scalar(value: float) -> AnyTensor:
    return st.tensor(value, dtype=F64)


def number(x: AnyTensor) -> float:
    assert x.shape == ()
    return float(x)


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def runs() -> Iterator[Counter[str]]:
    """How often each derivative rule ran: `matmul vjp x`."""
    counts: Counter[str] = Counter()

    def counting(rule: Rule, name: str) -> Rule:
        def function(*args: Any) -> Any:
            counts[name] += 1
            return rule.function(*args)

        return Rule(function, rule.sources)

    before = [(op, field, getattr(op, field)) for op in OPS.values() for field in ("vjp", "jvp")]
    for op, field, rules in before:
        named = zip(rules, op.inputs, strict=False)
        new = tuple(None if r is None else counting(r, f"{op.name} {field} {x}") for r, x in named)
        object.__setattr__(op, field, new)  # the record is frozen
    yield counts
    for op, field, rules in before:
        object.__setattr__(op, field, rules)


def entries(x: AnyTensor) -> list[Any]:
    """What the newest tape of a tensor holds."""
    return x._marks[-1][0]._entries or []


# --- memory -----------------------------------------------------------------------------------------------------------


def live_tensors() -> int:
    return sum(type(x) is Tensor for x in gc.get_objects())


def layers() -> dict[str, AnyTensor]:
    rng = np.random.default_rng(0)
    shapes = {"w1": (8, 256), "b1": (256,), "w2": (256, 4)}
    return {name: st.from_numpy(rng.normal(size=shape).astype(np.float32) * 0.1) for name, shape in shapes.items()}


X = st.from_numpy(np.random.default_rng(1).normal(size=(64, 8)).astype(np.float32))
LABELS = st.from_numpy(np.arange(64) % 4)
ACTIVATION = 64 * 256 * 4  # bytes


def loss_of(w: dict[str, AnyTensor]) -> AnyTensor:
    hidden = (X @ w["w1"] + w["b1"]).relu()
    return st.losses.cross_entropy(hidden @ w["w2"], LABELS)


def with_a_tape(w: dict[str, AnyTensor]) -> dict[str, AnyTensor]:
    traced = st.traced(w)
    gradients = loss_of(traced).backward(wrt=traced)
    return {name: x - 0.1 * gradients[traced[name]] for name, x in w.items()}


def with_grad(w: dict[str, AnyTensor]) -> dict[str, AnyTensor]:
    gradients = st.grad(loss_of)(w)
    return {name: x - 0.1 * gradients[name] for name, x in w.items()}


def with_a_tape_that_nobody_walks(w: dict[str, AnyTensor]) -> dict[str, AnyTensor]:
    loss_of(st.traced(w))
    return {name: x * 0.999 for name, x in w.items()}


def with_second_derivatives(w: dict[str, AnyTensor]) -> dict[str, AnyTensor]:
    def slope(w: dict[str, AnyTensor]) -> AnyTensor:
        return st.jvp(loss_of, (w,), (w,))[1]

    gradients = st.grad(slope)(w)
    return {name: x - 0.01 * gradients[name] for name, x in w.items()}


STEPS = [with_a_tape, with_grad, with_a_tape_that_nobody_walks, with_second_derivatives]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.usefixtures("no_collector")
def test_live_bytes_are_constant_over_100_steps_without_the_collector(
    step: Callable[[dict[str, AnyTensor]], dict[str, AnyTensor]],
) -> None:
    w = layers()
    for _ in range(5):
        w = step(w)
    tensors, objects, allocated = live_tensors(), len(gc.get_objects()), POOL.allocated
    tracemalloc.start()
    try:
        for _ in range(100):
            w = step(w)
        grown = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert live_tensors() == tensors
    assert POOL.allocated == allocated
    assert len(gc.get_objects()) - objects < 100
    assert grown < 100 * ACTIVATION / 10  # Python keeps some thousand small objects itself


def test_what_is_kept_has_no_mark_of_its_own_tape() -> None:
    """A kept value that referred to its tape would keep it alive until the collector runs."""
    x = scalar(2.0).traced()
    y = (x * x).exp() + x.sqrt()
    kept = [value for _, _, _, values in entries(y) for value in values.values()]
    assert len(kept) == 4
    assert all(value._marks == () for value in kept)


@pytest.mark.parametrize(
    ("function", "kept"),
    [
        (lambda x, c: x + c, []),
        (lambda x, c: x - 1.0, []),
        (lambda x, c: -x, []),
        (lambda x, c: x.sum(), []),
        (lambda x, c: x.reshape(-1).expand_dims(0), []),
        (lambda x, c: x.mT[1:], []),
        (lambda x, c: st.concat([x, c], axis=0), []),
        (lambda x, c: x.astype(st.F32), []),
        (lambda x, c: x * c, [(3, 3)]),
        (lambda x, c: x @ c, [(3, 3)]),
        (lambda x, c: x.relu(), [(3, 3)]),
        (lambda x, c: st.where(c > 0, x, c), [(3, 3)]),
        (lambda x, c: (x * 2.0).exp().sum(axis=0), ["scalar", (3, 3)]),
    ],
)
def test_only_what_rules_read_is_kept(function: Callable[[Any, Any], AnyTensor], kept: list[Any]) -> None:
    x, c = st.ones((3, 3), dtype=F64).traced(), st.ones((3, 3), dtype=F64)
    found = [value for _, _, _, values in entries(function(x, c)) for value in values.values()]
    assert [getattr(value, "shape", "scalar") for value in found] == kept


def test_constants_are_not_on_the_tape() -> None:
    x, c = scalar(2.0).traced(), scalar(3.0)
    y = c * c
    assert y._marks == ()
    assert len(entries(x * y)) == 1
    assert (x > y)._marks == ()


# --- what is run ------------------------------------------------------------------------------------------------------


def test_gradient_of_the_first_layers_input_is_never_computed(runs: Counter[str]) -> None:
    w = st.traced(layers())
    loss_of(w).backward(wrt=w)
    assert runs["matmul vjp w"] == 2
    assert runs["matmul vjp x"] == 1


def test_only_what_leads_to_wrt_is_computed(runs: Counter[str]) -> None:
    """Everything is traced, the input too; the gradient of the last layer alone needs one product."""
    tree = st.traced({"x": X, **layers()})
    hidden = (tree["x"] @ tree["w1"] + tree["b1"]).relu()
    gradients = (hidden @ tree["w2"]).sum().backward(wrt=tree["w2"])
    assert len(gradients) == 1
    assert runs == {"sum vjp x": 1, "matmul vjp w": 1}


def test_what_the_loss_does_not_need_is_not_walked(runs: Counter[str]) -> None:
    x = scalar(2.0).traced()
    x.exp().tanh()
    assert number((x * 3.0).backward(wrt=x)[x]) == 3.0
    assert runs == {"mul vjp x": 1}


def test_no_rule_runs_for_a_tangent_that_is_zero(runs: Counter[str]) -> None:
    c = scalar(3.0)

    def function(x: AnyTensor) -> AnyTensor:
        return (c.exp() * x + c * c) / c

    value, tangent = st.jvp(function, (scalar(2.0),), (scalar(1.0),))
    assert number(tangent) == pytest.approx(np.exp(3.0) / 3.0, rel=1e-14)
    assert number(value) == pytest.approx((np.exp(3.0) * 2.0 + 9.0) / 3.0, rel=1e-14)
    assert runs == {"mul jvp y": 1, "add jvp x": 1, "div jvp x": 1}


def test_a_function_without_the_argument_has_the_tangent_zero(runs: Counter[str]) -> None:
    value, tangent = st.jvp(lambda x: scalar(3.0).exp(), (scalar(2.0),), (scalar(1.0),))
    assert number(tangent) == 0.0
    assert tangent.dtype is F64
    assert number(value) == pytest.approx(np.exp(3.0), rel=1e-14)
    assert not runs


# --- who may walk, and from where -------------------------------------------------------------------------------------


def test_a_second_backward_raises() -> None:
    x = scalar(2.0).traced()
    loss = x * x
    loss.backward(wrt=x)
    with pytest.raises(RuntimeError) as caught:
        loss.backward(wrt=x)
    assert str(caught.value) == "this tape was walked backwards already: trace the tensors again"


def test_a_pullback_can_be_called_once() -> None:
    _, pull = st.vjp(lambda x: x * x, scalar(3.0))
    assert number(pull(scalar(1.0))[0]) == 6.0
    with pytest.raises(RuntimeError, match="walked backwards already"):
        pull(scalar(1.0))


def test_what_is_computed_after_the_walk_is_not_recorded() -> None:
    x = scalar(2.0).traced()
    (x * x).backward(wrt=x)
    later = x * x
    assert number(later) == 4.0
    assert later._marks == ()


def in_a_thread(function: Callable[[], Any]) -> BaseException | None:
    """The exception of a function that runs in another thread."""
    found: list[BaseException] = []

    def target() -> None:
        try:
            function()
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    return found[0] if found else None


def test_another_thread_raises() -> None:
    x = scalar(2.0).traced()
    loss = x * x
    text = "this tape belongs to another thread: trace the tensors in the thread that uses them"
    for function in (lambda: x + x, lambda: loss.backward(wrt=x)):
        error = in_a_thread(function)
        assert type(error) is RuntimeError
        assert str(error) == text
    assert number(loss.backward(wrt=x)[x]) == 4.0


def test_threads_with_tapes_of_their_own() -> None:
    x = scalar(2.0)
    found: list[float] = []
    threads = [
        threading.Thread(target=lambda k=k: found.append(number(st.grad(lambda y: y * y * float(k))(x))))
        for k in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [4.0 * k for k in range(8)]


def test_wrt_that_is_not_traced() -> None:
    x, y = scalar(2.0).traced(), scalar(3.0)
    with pytest.raises(ValueError, match=r"^backward: a tensor in wrt is not on a tape with the others"):
        (x * y).backward(wrt=[x, y])
    other = scalar(3.0).traced()
    with pytest.raises(ValueError, match=r"^backward: a tensor in wrt is not on a tape with the others"):
        (x * other).backward(wrt=[x, other])
    gradients = (x * x).backward(wrt=x)
    with pytest.raises(KeyError, match="no gradient with respect to this tensor"):
        gradients[y]


def test_unused_parameters_have_gradients_of_zeros() -> None:
    w = st.traced({"used": scalar(2.0), "unused": st.ones((2, 3))})
    gradients = (w["used"] * 5.0).backward(wrt=w)
    assert number(gradients[w["used"]]) == 5.0
    assert gradients[w["unused"]].tolist() == [[0.0] * 3] * 2
    assert gradients[w["unused"]].dtype is st.F32
    constant = scalar(7.0).backward(wrt=st.traced([scalar(1.0)]))
    assert len(constant) == 1
    assert number(st.grad(lambda x: scalar(7.0))(scalar(1.0))) == 0.0


@pytest.mark.parametrize("shape", [(2,), (1,), (0,), (2, 3)])
def test_a_loss_that_is_no_scalar(shape: tuple[int, ...]) -> None:
    x = st.ones(shape).traced()
    with pytest.raises(st.ShapeError) as caught:
        (x * x).backward(wrt=x)
    assert str(caught.value) == f"backward: the loss has shape {shape}, not (): take loss.sum() or loss.mean()"
    with pytest.raises(st.ShapeError) as caught:
        st.grad(lambda y: y * y)(st.ones(shape))
    assert str(caught.value) == f"grad: the loss has shape {shape}, not (): take .sum() or .mean() of it"


def test_integers_have_no_gradients() -> None:
    with pytest.raises(st.DTypeError, match=r"^a tensor of I64 has no gradient: trace floating tensors only$"):
        st.tensor([1, 2]).traced()
    with pytest.raises(st.DTypeError, match=r"^grad: the loss is I64, which has no gradient$"):
        st.grad(lambda x: x.argmax())(st.ones(3))


# --- the same tensor twice, several uses, several outputs -------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (lambda x: x + x, 2.0),
        (lambda x: x - x, 0.0),
        (lambda x: x * x, 6.0),
        (lambda x: x / x, 0.0),
        (lambda x: st.maximum(x, x), 1.0),
        (lambda x: st.where(x > 0, x, x), 1.0),
        (lambda x: x * x * x, 27.0),
        (lambda x: (x + x) * (x + x), 24.0),
        (lambda x: st.stack([x, x, x]).sum(), 3.0),
    ],
)
def test_the_same_tensor_twice(function: Callable[[AnyTensor], AnyTensor], derivative: float) -> None:
    x = scalar(3.0).traced()
    assert number(function(x).backward(wrt=x)[x]) == pytest.approx(derivative, abs=1e-14)
    assert number(st.jvp(function, (scalar(3.0),), (scalar(1.0),))[1]) == pytest.approx(derivative, abs=1e-14)


def test_an_argument_given_twice_has_two_gradients() -> None:
    x = scalar(3.0)
    first, second = st.grad(lambda a, b: a * a * b, argnums=(0, 1))(x, x)
    assert (number(first), number(second)) == (18.0, 9.0)


def test_outputs_that_are_not_used_count_as_zero() -> None:
    x = st.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype=F64).traced()
    rows = x.unstack()
    gradients = (rows[1] * rows[1]).sum().backward(wrt=x)
    assert gradients[x].tolist() == [[0.0, 0.0], [6.0, 8.0], [0.0, 0.0]]


def test_integer_outputs_carry_no_gradient() -> None:
    x = st.tensor([3.0, 1.0, 2.0], dtype=F64).traced()
    values, order = st.sort(x), st.argsort(x)
    assert order._marks == ()
    loss = (values * st.tensor([1.0, 10.0, 100.0], dtype=F64)).sum()
    assert loss.backward(wrt=x)[x].tolist() == [100.0, 1.0, 10.0]


# --- nesting ----------------------------------------------------------------------------------------------------------


def test_gradients_of_gradients_to_order_three() -> None:
    def f(x: AnyTensor) -> AnyTensor:
        return x * x * x * x

    derivatives = [f, st.grad(f), st.grad(st.grad(f)), st.grad(st.grad(st.grad(f)))]
    assert [number(d(scalar(2.0))) for d in derivatives] == [16.0, 32.0, 48.0, 48.0]


def test_tapes_in_tapes_to_order_three() -> None:
    """The same with `traced` and `backward`: an inner gradient is on the outer tapes."""
    outer = scalar(2.0).traced()
    middle = outer.traced()
    inner = middle.traced()
    first = (inner * inner * inner * inner).backward(wrt=inner)[inner]
    second = first.backward(wrt=middle)[middle]
    third = second.backward(wrt=outer)[outer]
    assert (number(first), number(second), number(third)) == (32.0, 48.0, 48.0)
    assert third._marks == ()


def derivative(f: Callable[..., AnyTensor]) -> Callable[..., AnyTensor]:
    """Reverse mode, of functions that treat elements apart."""
    return st.grad(lambda x: f(x).sum())


def slope(f: Callable[..., AnyTensor]) -> Callable[..., AnyTensor]:
    """Forward mode."""
    return lambda x: st.jvp(f, (x,), (st.ones_like(x),))[1]


def mapped(f: Callable[..., AnyTensor]) -> Callable[..., AnyTensor]:
    return st.vmap(f)


TRANSFORMS = {"grad": derivative, "jvp": slope, "vmap": mapped}
WORDS = [word for length in (1, 2, 3, 4) for word in itertools.product(TRANSFORMS, repeat=length)]


@pytest.mark.parametrize("word", WORDS, ids="-".join)
def test_transforms_nest_in_any_order(word: tuple[str, ...]) -> None:
    """The k-th derivative of x exp(x) is (x + k) exp(x), whichever modes it takes and wherever examples are mapped."""
    function: Callable[..., AnyTensor] = lambda x: x * x.exp()  # noqa: E731
    for name in word:
        function = TRANSFORMS[name](function)
    axes = word.count("vmap")
    k = len(word) - axes
    x = np.linspace(-1.0, 1.0, 2**axes).reshape((2,) * axes)
    np.testing.assert_allclose(function(st.from_numpy(x)).numpy(), (x + k) * np.exp(x), rtol=1e-12)


@pytest.mark.parametrize("outer", [derivative, slope])
@pytest.mark.parametrize("inner", [derivative, slope])
def test_levels_are_not_confused(outer: Any, inner: Any) -> None:
    """d/dx (x d/dy (x + y)) = 1, not 2 (Siskind and Pearlmutter, "Nesting forward-mode AD", 2008)."""
    f = outer(lambda x: x * inner(lambda y: x + y)(scalar(1.0)))
    assert number(f(scalar(1.0))) == 1.0
    g = outer(lambda x: inner(lambda y: x * y * y)(x))  # 2 x^2
    assert number(g(scalar(3.0))) == 12.0


def test_gradients_of_each_example() -> None:
    x = st.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype=F64)
    w = st.tensor([0.5, -1.0], dtype=F64)
    each = st.vmap(st.grad(lambda w, x: (w * x).sum() * (w * x).sum()), in_axes=(None, 0))(w, x)
    want = [2 * (w.numpy() @ row) * row for row in x.numpy()]
    np.testing.assert_allclose(each.numpy(), want, rtol=1e-14)


def test_a_traced_tensor_from_outside_of_vmap() -> None:
    x = st.tensor([1.0, 2.0, 3.0], dtype=F64)
    gradient = st.grad(lambda w: st.vmap(lambda e: e * w * w)(x).sum())(scalar(2.0))
    assert number(gradient) == 24.0
    tangent = st.jvp(lambda w: st.vmap(lambda e: e * w * w)(x), (scalar(2.0),), (scalar(1.0),))[1]
    assert tangent.tolist() == [4.0, 8.0, 12.0]


def test_jacobians_both_ways() -> None:
    """Rows by vmap over vjp, columns by vmap over jvp."""
    x = st.tensor([1.0, 2.0, 3.0], dtype=F64)
    eye = st.from_numpy(np.eye(3))

    def f(x: AnyTensor) -> AnyTensor:
        return x * x.sum()

    rows = st.vmap(lambda e: st.vjp(f, x)[1](e)[0])(eye)
    columns = st.vmap(lambda e: st.jvp(f, (x,), (e,))[1])(eye).mT
    want = np.eye(3) * 6.0 + x.numpy()[:, None]
    np.testing.assert_allclose(rows.numpy(), want, rtol=1e-14)
    np.testing.assert_allclose(columns.numpy(), want, rtol=1e-14)
