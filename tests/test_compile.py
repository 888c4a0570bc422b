"""compile: replays equal eager calls bit for bit, allocate nothing, keep nothing, and fail cleanly."""

import functools
import gc
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

from shapetensor import clear_caches
from shapetensor._core import apply as apply_module
from shapetensor._core.buffers import POOL
from shapetensor._core.cpu import CPU
from shapetensor._core.device import current
from shapetensor._core.dtypes import F32, F64, I64
from shapetensor._core.errors import CompileError, ShapeError, ShapetensorWarning
from shapetensor._core.ops import host
from shapetensor._core.ops import random as random_ops
from shapetensor._core.pytree import flatten
from shapetensor._core.recorder import Recorder
from shapetensor.autodiff import grad, jvp, traced, value_and_grad, vmap
from shapetensor.compile import Compiled, compile
from shapetensor.functions.creation import from_numpy, full, ones, tensor, zeros
from shapetensor.losses import cross_entropy
from shapetensor.tensor import AnyTensor, Tensor

Params = dict[str, AnyTensor]


class Pair(NamedTuple):
    left: Any
    right: Any


def arange(*shape: int, dtype: Any = F32) -> AnyTensor:
    """0, 1, 2, ... in a shape."""
    return tensor(np.arange(np.prod(shape, dtype=int)).reshape(shape), dtype=dtype)


def same_bits(a: Any, b: Any) -> bool:
    """Whether two trees have one structure and, bit for bit, the same tensors."""
    (xs, one), (ys, other) = flatten(a), flatten(b)
    return one == other and all(
        x.dtype is y.dtype and x.shape == y.shape and x.numpy().tobytes() == y.numpy().tobytes()
        for x, y in zip(xs, ys, strict=True)
    )


def check(function: Callable[..., Any], *args: Any, calls: int = 3) -> Compiled[..., Any]:
    """Compile a function and compare with eager calls; all results are kept, so that none may be overwritten."""
    compiled = compile(function)
    expected = function(*args)
    results = [compiled(*args) for _ in range(calls)]
    assert len(compiled.programs) == 1
    for result in results:
        assert same_bits(result, expected)
        assert all(x.device is CPU and not x._marks for x in flatten(result)[0])
    return compiled


@pytest.fixture
def no_apply(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A function after which every op raises, by whatever name `apply` is known."""

    def forbidden(*_: Any) -> Any:
        raise AssertionError("an op was applied during replay")

    def forbid() -> None:
        for name in ("apply", "apply_many", "_apply_any", "infer"):
            original = getattr(apply_module, name)
            for module in [m for n, m in sys.modules.items() if n.startswith("shapetensor")]:
                if getattr(module, name, None) is original:
                    monkeypatch.setattr(module, name, forbidden)

    return forbid


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# ------------------------------------------------------------------------------------------------- a training step


def mlp_loss(p: Params, x: AnyTensor, labels: AnyTensor) -> AnyTensor:
    hidden = (x @ p["w1"] + p["b1"]).relu()
    return cross_entropy(hidden @ p["w2"] + p["b2"], labels)


def sgd_step(p: Params, x: AnyTensor, labels: AnyTensor, rate: AnyTensor) -> tuple[Params, AnyTensor]:
    loss, gradient = value_and_grad(mlp_loss)(p, x, labels)
    return {name: p[name] - rate * gradient[name] for name in p}, loss


def mlp() -> Params:
    draw = np.random.default_rng(0).normal
    return {
        "w1": tensor(draw(0, 0.3, (16, 24)), dtype=F32),
        "b1": zeros(24),
        "w2": tensor(draw(0, 0.3, (24, 5)), dtype=F32),
        "b2": zeros(5),
    }


def batch(seed: int = 0) -> tuple[AnyTensor, AnyTensor]:
    random = np.random.default_rng(seed)
    return tensor(random.normal(size=(12, 16)), dtype=F32), tensor(random.integers(0, 5, 12))


def test_training_equals_eager_over_100_steps_without_apply(no_apply: Callable[[], None]) -> None:
    rate = tensor(0.1)
    batches = [batch(i % 7) for i in range(100)]
    expected, losses = mlp(), []
    for x, labels in batches:
        expected, loss = sgd_step(expected, x, labels, rate)
        losses.append(loss)
    step = compile(sgd_step)
    step(mlp(), *batches[0], rate)
    weights, replayed = mlp(), []
    no_apply()
    for x, labels in batches:
        weights, loss = step(weights, x, labels, rate)
        replayed.append(loss)
    assert same_bits(weights, expected)
    assert same_bits(replayed, losses)
    assert losses[-1].item() < losses[0].item()


def test_training_allocates_nothing_after_the_first_steps(no_collector: None) -> None:
    step = compile(sgd_step)
    weights, (x, labels), rate = mlp(), batch(), tensor(0.1)
    for _ in range(2):
        weights, loss = step(weights, x, labels, rate)
    before = POOL.allocated
    for _ in range(100):
        weights, loss = step(weights, x, labels, rate)
    assert POOL.allocated == before
    assert loss.item() < 1.5


def test_a_rate_in_a_tensor_varies_without_recording() -> None:
    step = compile(sgd_step)
    weights = expected = mlp()
    for i in range(12):
        rate = tensor(0.1 / (i + 1))
        weights, _ = step(weights, *batch(), rate)
        expected, _ = sgd_step(expected, *batch(), rate)
    assert same_bits(weights, expected)
    assert len(step.programs) == 1


def test_arena_is_smaller_than_the_temporaries() -> None:
    step = compile(sgd_step)
    step(mlp(), *batch(), tensor(0.1))
    (program,) = step.programs
    assert 0 < program.arena_bytes < program.temporary_bytes
    assert program.constant_bytes == 0
    assert program.flops > 6 * 12 * 16 * 24
    chain = compile(lambda x: x.exp().sin().exp().sin().sum())
    chain(ones((20, 20)))
    assert 0 < chain.programs[0].arena_bytes < 0.6 * chain.programs[0].temporary_bytes


# --------------------------------------------------------------------------------------------------- trees and keys


def test_arguments_and_results_are_trees() -> None:
    def f(pair: Any, options: dict[str, Any], *rest: Any, scale: float) -> Any:
        a, (b, c) = pair.left, pair.right
        text = options["text"] if options["on"] else "off"
        return Pair({"sum": a + b, "none": None}, [c * scale, (text, rest[0] - a)]), 3

    args = (Pair(ones(3), (arange(3), [arange(2)][0])), {"text": "hello", "on": True}, full(3, 2.0))
    compiled = compile(f)
    for _ in range(2):
        result = compiled(*args, scale=2.5)
        assert same_bits(result, f(*args, scale=2.5))
    assert result[1] == 3
    assert result[0].left["none"] is None
    assert result[0].right[1][0] == "hello"
    assert type(result[0]) is Pair


class Affine:
    """A module as pytree.py asks for one."""

    def __init__(self, weight: Any, power: int) -> None:
        self.weight, self.power = weight, power

    def __call__(self, x: Any) -> Any:
        for _ in range(self.power):
            x = x * self.weight
        return x

    def _flatten(self) -> Any:
        return ("weight",), (self.weight,), (("power", self.power),)

    @classmethod
    def _unflatten(cls, names: Any, values: Any, rest: Any) -> Any:
        return cls(values[0], dict(rest)["power"])


def test_modules_go_in_and_come_out() -> None:
    @compile
    def grow(module: Affine, x: Any) -> tuple[Affine, Any]:
        return Affine(module.weight + 1.0, module.power), module(x)

    module = Affine(full(2, 3.0), 2)
    for _ in range(2):
        grown, y = grow(module, ones(2))
        assert y.tolist() == [9, 9]
        assert type(grown) is Affine
        assert grown.weight.tolist() == [4, 4]
    assert len(grow.programs) == 1
    grow(Affine(full(2, 3.0), 3), ones(2))
    assert len(grow.programs) == 2  # static fields belong to the signature


def test_a_model_can_be_compiled_itself() -> None:
    model = compile(Affine(full(2, 3.0), 2))
    assert model(ones(2)).tolist() == [9, 9]
    assert model.programs[0].constant_bytes == 8
    assert repr(model) == "<compiled Affine: 1 program, 8 bytes of constants>"


def test_new_shapes_dtypes_and_layouts_are_new_programs() -> None:
    double = compile(lambda x: x + x)
    matrix = arange(3, 4)
    for i, x in enumerate([ones(2), ones(3), ones(3, dtype=F64), matrix, matrix.mT, matrix[:, 1:3], matrix[1:]]):
        assert same_bits(double(x), x + x)
        assert len(double.programs) == i + 1
    assert same_bits(double(matrix.mT), matrix.mT + matrix.mT)
    assert len(double.programs) == 7
    double.clear()
    assert double.programs == []
    assert double(ones(2)).tolist() == [2, 2]


@pytest.mark.parametrize(
    ("first", "second"), [(1, 1.0), (1, True), (0.0, -0.0), (2, 3), ("a", "b"), ((1, 2), (1, 2.0)), (None, 0)]
)
def test_static_values_that_differ_are_different_signatures(first: Any, second: Any) -> None:
    shown = compile(lambda x, value: (x, value))
    for value in (first, second, first):
        assert repr(shown(ones(1), value)[1]) == repr(value)
    assert len(shown.programs) == 2


def test_static_fields_of_modules_keep_their_types_apart() -> None:
    scaled = compile(lambda module, x: x * module.power)
    assert scaled(Affine(ones(1), 2), arange(2, dtype=I64)).dtype is I64
    assert scaled(Affine(ones(1), 2.0), arange(2, dtype=I64)).dtype is F32  # type: ignore[arg-type]


def test_nan_is_one_signature() -> None:
    shifted = compile(lambda x, value: x + value)
    for _ in range(3):
        assert np.isnan(shifted(ones(1), float("nan")).item())
    assert len(shifted.programs) == 1


def test_functions_without_tensors() -> None:
    made = compile(lambda n: (zeros(n), "text", n))
    for _ in range(2):
        x, text, n = made(2)
        assert (x.tolist(), text, n) == ([0, 0], "text", 2)
    assert compile(lambda: None)() is None


# --------------------------------------------------------------------------------------------------- memory of outputs


VIEWS: dict[str, Callable[[Any], Any]] = {
    "same": lambda x: x,
    "reshape": lambda x: x.reshape((4, 6)),
    "flat": lambda x: x.reshape((-1,)),
    "transposed": lambda x: x.permute_dims((2, 0, 1)),
    "matrix_transposed": lambda x: x.mT,
    "copying reshape": lambda x: x.mT.reshape((24,)),
    "row": lambda x: x[1],
    "column": lambda x: x[:, 1],
    "steps": lambda x: x[:, ::2, 1::2],
    "backwards": lambda x: x[::-1],
    "empty": lambda x: x[:, 1:1],
    "stretched": lambda x: x[0].broadcast_to((5, 3, 4)),
    "expanded": lambda x: x.expand_dims(1),
    "unstacked": lambda x: x.unstack(axis=1),
    "view of views": lambda x: x[1].mT[1:3].expand_dims(0).reshape((2, 3)),
    "several": lambda x: (x[0], x[1], x, x.mT, x[0]),
    "twice": lambda x: (x, x),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS.keys())
def test_views_of_inputs_and_temporaries(view: Callable[[Any], Any]) -> None:
    x = arange(2, 3, 4)
    check(view, x)
    check(lambda x: view(x + 1.0), x)
    check(lambda x: view(x)[0] if isinstance(view(x), (list, tuple)) else view(x) * 2.0, x)
    check(lambda x: (view(x + 1.0), x + 1.0, view(x * 2.0)), x)
    check(view, x.permute_dims((1, 0, 2)).reshape((2, 3, 4)))
    strided = arange(4, 6, 8)[1:3, ::2, 1:8:2]
    check(view, strided)
    check(lambda x: view(view_back(x)), strided)


def view_back(x: AnyTensor) -> AnyTensor:
    return x.permute_dims((2, 1, 0)).permute_dims((2, 1, 0))


def test_an_output_that_is_an_input_shares_its_memory() -> None:
    passed = compile(lambda x: (x, x.mT, x[1:], x + 1.0))
    for _ in range(2):
        x = arange(3, 4)
        same, transposed, rows, _ = passed(x)
        assert same._buffer is x._buffer
        assert transposed._buffer is x._buffer
        assert np.shares_memory(rows.numpy(), x.numpy())
    assert passed.programs[0].launches == 1


def test_views_are_no_launches() -> None:
    program = check(lambda x: (x.mT.reshape((2, 3, 2)).permute_dims((2, 0, 1)) + 1.0).sum(), arange(3, 4).mT).programs[
        0
    ]
    assert program.instructions > program.launches
    assert "view of %0" in str(program)


def test_results_are_not_overwritten_by_later_calls() -> None:
    doubled = compile(lambda x: (x + x, (x * x).mT))
    results = [doubled(full((2, 3), float(i))) for i in range(20)]
    for i, (a, b) in enumerate(results):
        assert a.tolist() == [[2 * i] * 3] * 2
        assert b.tolist() == [[i * i] * 2] * 3


def test_the_same_result_twice_is_one_buffer() -> None:
    def twice(x: AnyTensor) -> Any:
        y = x + 1.0
        return y, y, {"again": y.reshape((2, 2))}

    first, second, rest = check(twice, arange(4))(arange(4))
    assert first._buffer is second._buffer is rest["again"]._buffer


def test_one_argument_twice() -> None:
    x = arange(3)
    assert compile(lambda a, b: a * b)(x, x).tolist() == [0, 1, 4]


def test_updates_in_place_of_their_argument() -> None:
    decayed = compile(lambda w: w * 0.5)
    w = expected = full((64,), 1024.0)
    w = decayed(w)
    expected = expected * 0.5
    w, expected = decayed(w), expected * 0.5
    before = POOL.allocated
    for _ in range(30):
        w, expected = decayed(w), expected * 0.5
    assert same_bits(w, expected)
    assert POOL.allocated == before


def test_zero_sized_tensors() -> None:
    check(lambda x: (x + 1.0, x.sum(axis=0), x @ ones((3, 2)), x.sum()), zeros((0, 3)))


# ------------------------------------------------------------------------------------------------------------ constants


def test_constants_are_held_and_counted() -> None:
    weight = arange(8)
    unused = ones(1000)
    compiled = compile(lambda x: (x * weight + weight, unused * 2.0)[0])  # noqa: F821 - deleted on purpose
    assert compiled(ones(8)).tolist() == [2 * i for i in range(8)]
    (program,) = compiled.programs
    assert program.constant_bytes == weight.nbytes
    assert "32 bytes of constants" in repr(program)
    assert "= constant" in str(program)
    expected = weight.tolist()
    del weight
    others = [full(8, 7.0) for _ in range(4)]  # would get the buffer if it had been let go
    assert compiled(zeros(8)).tolist() == expected
    assert len(others) == 4


def test_an_output_that_is_a_constant_is_that_constant() -> None:
    held = arange(5)
    constant = compile(lambda x: (x + 1.0, held, held[1:]))
    for _ in range(2):
        _, same, part = constant(ones(2))
        assert same is held
        assert part.tolist() == [1, 2, 3, 4]
    assert constant.programs[0].constant_bytes == 20 + 16
    check(lambda x: (x, traced(held)), ones(2))


def test_a_view_of_a_constant_met_through_vmap() -> None:
    held = arange(2, 3)
    f = compile(lambda x: vmap(lambda row: (held.mT + 0.0 * row.sum(), row))(x))
    x = arange(4, 3)
    for _ in range(2):
        assert same_bits(f(x)[0], held.mT.expand_dims(0).broadcast_to((4, 3, 2)) + zeros((4, 3, 2)))


def test_python_scalars_are_baked_in() -> None:
    program = check(lambda x: 2.0 * x + 1, arange(3)).programs[0]
    assert "mul(2.0, %0)" in str(program)
    integers = check(lambda x: x + 3, arange(3, dtype=I64))
    assert integers(arange(3, dtype=I64)).dtype is I64


def test_a_scalar_out_of_range_raises_as_eager_does() -> None:
    compiled = compile(lambda x: x + 2**40)
    for _ in range(2):
        with pytest.raises(OverflowError, match="out of range for I32"):
            compiled(tensor([1], dtype="int32"))
    assert compiled.programs == []


# ---------------------------------------------------------------------------------------------------------- gradients


def test_gradients_inside() -> None:
    def cube(x: AnyTensor) -> AnyTensor:
        return (x * x * x).sum()

    x = tensor([1.0, -2.0, 0.5])
    check(grad(cube), x)
    check(grad(lambda x: (grad(cube)(x) * x).sum()), x)
    check(lambda x: jvp(grad(cube), (x,), (ones(3),)), x)
    check(lambda w, x: vmap(grad(lambda w, x: (w * x).tanh().sum()), (None, 0))(w, x), x, arange(4, 3))


def test_a_tape_inside() -> None:
    def f(x: AnyTensor, y: AnyTensor) -> Any:
        x, y = traced((x, y))
        loss = (x * y).exp().sum()
        found = loss.backward(wrt=(x, y))
        return loss, found[x], found[y], x

    check(f, arange(3), full(3, 0.25))


def test_gradient_with_respect_to_a_constant() -> None:
    weight = arange(3)
    f = check(lambda x: grad(lambda w: ((w * 2.0) * x * w).sum())(weight), full(3, 2.0))
    assert f.programs[0].constant_bytes > 0


def test_integers_beside_gradients() -> None:
    def loss(x: AnyTensor, rows: AnyTensor) -> AnyTensor:
        return (x.take(rows, axis=0) * 2.0).max(axis=0).sum()

    check(grad(loss), arange(4, 3), tensor([1, 1, 3]))


def test_random_keys_are_arguments() -> None:
    key = tensor(np.array([1, 2, 3, 4], np.uint32))
    check(lambda key: random_ops.random_normal(key, shape=(5,), dtype=F32) + 1.0, key)


# ----------------------------------------------------------------------------------------------------- random programs


BINARY: tuple[Callable[[Any, Any], Any], ...] = (
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a - b,
    lambda a, b: a.maximum(b),
    lambda a, b: a @ b,
    lambda a, b: a._concat([b], 0)[1:5],
)
UNARY: tuple[Callable[[Any], Any], ...] = (
    lambda a: a.tanh(),
    lambda a: a.mT,
    lambda a: a.relu() * 0.5,
    lambda a: a.sum(axis=1, keepdims=True).broadcast_to((4, 4)),
    lambda a: a[::-1].reshape((2, 8)).mT.reshape((4, 4)),
    lambda a: a[1].expand_dims(0).broadcast_to((4, 4)),
    lambda a: 1.0 - a,
)


@settings(max_examples=60, deadline=None)
@given(
    hs.lists(hs.tuples(hs.integers(0, 12), hs.integers(0, 40), hs.integers(0, 40)), min_size=1, max_size=25),
    hs.lists(hs.integers(0, 40), min_size=1, max_size=4),
)
def test_random_programs_equal_eager(code: list[tuple[int, int, int]], wanted: list[int]) -> None:
    def f(x: AnyTensor, y: AnyTensor) -> list[AnyTensor]:
        values = [x, y.mT, y]
        for op, i, j in code:
            a, b = values[i % len(values)], values[j % len(values)]
            values.append(UNARY[op](a) if op < len(UNARY) else BINARY[op - len(UNARY)](a, b))
        return [values[i % len(values)] for i in wanted]

    random = np.random.default_rng(0)
    x, y = (tensor(random.normal(size=(4, 4)), dtype=F32) for _ in range(2))
    check(f, x, y)


# -------------------------------------------------------------------------------------------------- errors of kernels


def test_bad_indices_raise_in_replay_and_leave_the_program_whole() -> None:
    def rows(x: AnyTensor, at: AnyTensor) -> Any:
        y = x * 2.0
        return y.take(at, axis=0) + 1.0, y

    x, good, bad = arange(4, 3), tensor([0, -1, 3]), tensor([0, 4, 3])
    taken = compile(rows)
    for _ in range(3):
        with pytest.raises(IndexError) as eager:
            rows(x, bad)
        with pytest.raises(IndexError) as replayed:
            taken(x, bad)
        assert str(replayed.value) == str(eager.value) == "take: index 4 is out of range for axis 0 of size 4"
        assert same_bits(taken(x, good), rows(x, good))
    assert len(taken.programs) == 1


def test_bad_labels_raise_in_replay() -> None:
    step = compile(sgd_step)
    weights, (x, labels), rate = mlp(), batch(), tensor(0.1)
    wrong = tensor([9, *labels.tolist()[1:]])
    with pytest.raises(IndexError, match="label 9 of row 0 is no class of 0 to 4"):
        step(weights, x, wrong, rate)
    assert same_bits(step(weights, x, labels, rate), sgd_step(weights, x, labels, rate))
    before = POOL.allocated
    for _ in range(5):
        with pytest.raises(IndexError):
            step(weights, x, wrong, rate)
    assert POOL.allocated == before  # outputs that nobody got went back to the pool


# --------------------------------------------------------------------------------------------------------- references


def references(x: AnyTensor) -> tuple[int, int]:
    return sys.getrefcount(x._buffer), sys.getrefcount(x._buffer.base)


def test_nothing_refers_to_inputs_and_outputs_after_a_call(no_collector: None) -> None:
    f = compile(lambda x, at: (x.take(at, axis=0), x[1:] * 2.0, x.mT @ x))
    x, good, bad = arange(4, 3), tensor([0, 1]), tensor([4, 0])
    f(x, good)
    before = references(x), references(good)
    outputs = f(x, good)
    assert (references(x), references(good)) == before
    assert len({references(out) for out in outputs}) == 1
    with pytest.raises(IndexError):
        f(x, bad)
    assert (references(x), references(good)) == before


def test_inputs_die_with_their_last_name(no_collector: None) -> None:
    f = compile(lambda x: x + x)
    x = arange(1234)
    memory = weakref.ref(x._buffer.base)
    tensor_alive = weakref.ref(x)
    stack = POOL.stack(1234, np.dtype(np.float32))
    f(x)
    free = len(stack)
    del x
    assert tensor_alive() is None
    assert memory() is not None  # by the pool
    assert len(stack) == free + 1


def test_recording_leaves_no_cycles_behind(no_collector: None) -> None:
    x = arange(77)
    alive = weakref.ref(x)
    compile(lambda x: grad(lambda y: (y * y).sum())(x))(x)
    del x
    assert alive() is None


def test_a_program_dies_with_its_function(no_collector: None) -> None:
    f = compile(lambda x: (x + 1.0) * 2.0)
    f(ones(3))
    alive = weakref.ref(f.programs[0])
    f.clear()
    assert alive() is None


# ------------------------------------------------------------------------------------------------------------ threads


def in_threads(count: int, work: Callable[[int], object]) -> None:
    errors: list[BaseException] = []

    def guarded(i: int) -> None:
        try:
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if errors:
        raise errors[0]


def test_threads_share_one_program() -> None:
    recordings = []

    @compile
    def f(x: AnyTensor, at: AnyTensor) -> Any:
        recordings.append(threading.get_ident())
        return ((x * x + 1.0) @ x.mT).tanh().sum(axis=0), x.take(at, axis=0)

    def work(i: int) -> None:
        x = full((16, 16), 0.01 * i)
        expected = ((x * x + 1.0) @ x.mT).tanh().sum(axis=0), x.take(at, axis=0)
        for _ in range(50):
            assert same_bits(f(x, at), expected)
            if i == 0:
                with pytest.raises(IndexError):
                    f(x, bad)

    at, bad = tensor([0, 3]), tensor([0, 16])
    in_threads(4, work)
    assert len(recordings) == len(f.programs) == 1


def test_one_call_at_a_time_uses_the_arena() -> None:
    f = compile(lambda x: (x + 1.0) * 2.0)
    f(ones(3))
    (program,) = f.programs
    inside: list[int] = []
    most: list[int] = []

    def watched(kernel: Any) -> Any:
        def run(*args: Any) -> Any:
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.002)
            inside.pop()
            return kernel(*args)

        return run

    program._steps = [(watched(kernel), args, test) for kernel, args, test in program._steps]
    in_threads(4, lambda i: [f(full(3, float(i))) for _ in range(3)])
    assert set(most) == {1}


def test_threads_that_come_at_once_record_once() -> None:
    recordings = []
    start = threading.Barrier(4)

    @compile
    def slow(x: AnyTensor) -> AnyTensor:
        recordings.append(x)
        time.sleep(0.02)
        return x + 1.0

    def work(_: int) -> None:
        start.wait(10)
        assert slow(ones(2)).tolist() == [2, 2]

    in_threads(4, work)
    assert len(recordings) == 1


def test_recording_in_one_thread_does_not_concern_another() -> None:
    inside, done = threading.Event(), threading.Event()
    seen: list[Any] = []

    def elsewhere(_: int) -> None:
        inside.wait(10)
        seen.append((current(), (ones(2) + 1.0).tolist()))
        done.set()

    def f(x: AnyTensor) -> AnyTensor:
        inside.set()
        assert done.wait(10)
        return x + ones(2)

    other = threading.Thread(target=elsewhere, args=(0,))
    other.start()
    compile(f)(ones(2))
    other.join()
    assert seen == [(CPU, [2, 2])]


# --------------------------------------------------------------------------------------------------- warnings, errors


def test_many_recordings_for_a_scalar_warn_once() -> None:
    step = compile(lambda w, rate: w * (1.0 - rate))
    for i in range(7):
        step(ones(2), 0.1 * i)
    with pytest.warns(ShapetensorWarning) as caught:
        step(ones(2), 0.9)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert str(caught[0].message) == (
        "<lambda> was recorded 8 times for arguments that differ only in Python values, such as 0.6000000000000001 and "
        "0.9: each value makes a Program of its own; pass a number that changes as a 0-d tensor, st.tensor(value)"
    )
    for i in range(20):
        step(ones(2), 2.0 + i)  # warnings are errors here
    for n in range(3, 15):
        step(ones(n), 0.5)  # new shapes are no reason to warn


def test_changing_static_fields_warn_as_well() -> None:
    f = compile(lambda module, x: module(x))
    for power in range(7):
        f(Affine(ones(2), power), ones(2))
    with pytest.warns(ShapetensorWarning, match=r"such as \(\('power', 6\),\) and \(\('power', 7\),\)"):
        f(Affine(ones(2), 7), ones(2))


def line_of(function: Callable[..., Any], offset: int) -> str:
    return f"{__file__}:{function.__code__.co_firstlineno + offset}"


def host_call(x: AnyTensor) -> Any:
    y = x + 1.0
    return host.sort(y, axis=0)


def looking(x: AnyTensor) -> AnyTensor:
    if (x.sum() > 0.0).item():
        return x
    return -x


def branching(x: AnyTensor) -> AnyTensor:
    return x if x.sum() > 0.0 else -x


NO_VALUE = (
    "a tensor on recorder has no value to look at while the function is being transformed: "
    "keep it a tensor, or return it"
)


@pytest.mark.parametrize(
    ("function", "text", "offset"),
    [
        (host_call, "sort runs on the host and cannot be part of a compiled function: call it outside", 2),
        (looking, NO_VALUE, 1),
        (branching, NO_VALUE, 1),
    ],
)
def test_what_cannot_be_compiled_names_the_users_line(function: Any, text: str, offset: int) -> None:
    compiled = compile(function)
    for _ in range(2):
        with pytest.raises(CompileError) as caught:
            compiled(ones(3))
        assert str(caught.value) == f"{function.__name__}: {text}, at {line_of(function, offset)}"
    assert compiled.programs == []
    assert current() is CPU


@pytest.mark.parametrize("look", [float, int, bool, np.asarray, lambda x: x.numpy(), lambda x: x.tolist(), list.append])
def test_no_value_while_recording(look: Any) -> None:
    if look is list.append:
        look = lambda x: [0, 1][x.astype(I64)]  # noqa: E731
    with pytest.raises(CompileError, match="has no value to look at"):
        compile(lambda x: (look(x.sum()), x)[1])(ones(3))


def test_repr_works_while_recording() -> None:
    shown: list[str] = []
    compile(lambda x: shown.append(f"{x}"))(ones(3))
    assert shown == ["Tensor[F32, 3] on recorder"]


def test_escaped_tensors() -> None:
    leaked: list[AnyTensor] = []

    def leak(x: AnyTensor) -> AnyTensor:
        leaked.append(x + 1.0)
        return x

    compile(leak)(ones(2))
    escaped = "a tensor escaped from a compiled function; return it from the function instead of storing it"
    uses: list[Callable[[Any], Any]] = [lambda x: x + 1.0, lambda x: x + ones(2), lambda x: ones(2) + x, lambda x: -x]
    for use in uses:
        with pytest.raises(CompileError, match=escaped):
            use(leaked[0])
    uses = [lambda y: leaked[0] + y, lambda y: y + leaked[0], lambda y: y + leaked[0] * 2.0]
    for use in uses:
        compiled = compile(use)
        with pytest.raises(CompileError, match=f"{escaped}, at .*test_compile.py:"):
            compiled(ones(2))
        assert compiled.programs == []
    with pytest.raises(CompileError, match="escaped"):
        compile(lambda y: leaked[0])(ones(2))
    with pytest.raises(CompileError, match="escaped"):
        compile(lambda y: y + 1.0)(leaked[0])


def test_an_exception_leaves_nothing_behind() -> None:
    calls: list[int] = []
    kept: list[AnyTensor] = []

    @compile
    def f(x: AnyTensor) -> AnyTensor:
        calls.append(len(calls))
        kept.append(x)
        if len(calls) == 1:
            raise KeyError("mine")
        if len(calls) == 2:
            return x @ ones((3, 3))
        return x + 1.0

    with pytest.raises(KeyError, match="mine"):
        f(ones(2))
    with pytest.raises(ShapeError):
        f(ones((2, 2)))
    assert f.programs == []
    assert current() is CPU
    with pytest.raises(CompileError, match="escaped"):
        kept[0] + 1.0
    assert f(ones(2)).tolist() == [2, 2]
    assert f(ones(2)).tolist() == [2, 2]
    assert len(calls) == 3


def test_traced_and_mapped_arguments() -> None:
    f = compile(lambda tree: tree["x"] * 2.0)
    expected = (
        "<lambda>: argument 0.x is traced, and no gradient flows through a compiled function: "
        "compile the gradient, st.compile(st.grad(f)), instead of st.grad(st.compile(f))"
    )
    for _ in range(2):  # without a Program, and with one
        with pytest.raises(CompileError) as caught:
            grad(lambda x: f({"x": x}).sum())(ones(3))
        assert str(caught.value) == expected
        f({"x": ones(3)})
    with pytest.raises(CompileError, match=r"argument 0.x is on vmap of cpu: compile the mapped function"):
        vmap(lambda x: f({"x": x}))(ones((2, 3)))
    assert len(f.programs) == 1


def test_a_traced_tensor_from_outside() -> None:
    w = traced(ones(2))
    with pytest.raises(CompileError, match="reads a traced tensor from outside: its gradient would be lost"):
        compile(lambda x: x * w)(ones(2))


def test_results_of_outer_transformations_cannot_leave() -> None:
    def mapped(row: AnyTensor) -> AnyTensor:
        compile(lambda: row)()
        return row

    with pytest.raises(CompileError, match="a result is on vmap of cpu: it escaped"):
        vmap(mapped)(ones((2, 2)))


def test_arguments_that_are_no_tensors() -> None:
    f = compile(lambda tree: None)
    with pytest.raises(CompileError) as caught:
        f({"x": [1, np.ones(2)]})
    assert str(caught.value) == (
        "<lambda>: an argument is a numpy.ndarray, which is no tensor and has no hash: make it a tensor with "
        "st.from_numpy"
    )
    with pytest.raises(CompileError, match=r"is a set, which is no tensor and has no hash: pass a hashable value"):
        f((1, {2}))
    with pytest.raises(TypeError, match=r"^compile takes a function, not int$"):
        compile(3)  # type: ignore[call-overload]


# --------------------------------------------------------------------------------------------------- shape of the API


def test_it_is_a_decorator_that_keeps_the_metadata() -> None:
    @compile
    def documented(x: AnyTensor) -> AnyTensor:
        """Adds one."""
        return x + 1.0

    assert documented.__name__ == "documented"
    assert documented.__doc__ == "Adds one."
    assert documented.__wrapped__(ones(1)).tolist() == [2]  # type: ignore[attr-defined]
    assert repr(documented) == "<compiled documented: 0 programs>"
    documented(ones(1))
    documented(ones(2))
    assert repr(documented) == "<compiled documented: 2 programs>"
    assert repr(compile(functools.partial(documented))) == "<compiled partial: 0 programs>"


def test_methods_can_be_compiled() -> None:
    class Scaler(Affine):
        @compile
        def scaled(self, x: AnyTensor) -> Any:
            return x * self.weight

    scaler = Scaler(full(2, 3.0), 1)
    for _ in range(2):
        assert scaler.scaled(ones(2)).tolist() == [3, 3]
    assert isinstance(Scaler.scaled, Compiled)
    assert len(Scaler.scaled.programs) == 1


def test_compiled_functions_nest() -> None:
    def square(x: AnyTensor) -> AnyTensor:
        return x * x

    def outer(f: Any) -> Callable[..., Any]:
        return lambda x, rows: (grad(lambda x: f(x).sum())(x) + f(held), vmap(f)(rows) + 1.0)

    inner = compile(square)
    compiled = compile(outer(inner))
    held, x, rows = arange(3), arange(3), arange(3, 2)
    for _ in range(2):
        assert same_bits(compiled(x, rows), outer(square)(x, rows))
    assert inner.programs == []
    assert len(compiled.programs) == 1


def test_dead_code_is_removed() -> None:
    def f(x: AnyTensor) -> AnyTensor:
        (x @ x).sum()
        x.take(tensor([99]), axis=0)
        return x + 1.0

    with pytest.raises(IndexError):
        f(ones((2, 2)))
    compiled = compile(f)
    for _ in range(2):
        assert compiled(ones((2, 2))).tolist() == [[2, 2], [2, 2]]
    (program,) = compiled.programs
    assert (program.instructions, program.launches, program.flops) == (1, 1, 4)
    assert (program.arena_bytes, program.temporary_bytes, program.constant_bytes) == (0, 0, 0)


def test_a_program_can_be_read() -> None:
    def affine(x: AnyTensor, w: AnyTensor) -> AnyTensor:
        return ((x @ w.mT) * 2.0 + 1.0).sum(axis=0)

    compiled = compile(affine)
    compiled(ones((3, 4)), ones((2, 4)))
    assert str(compiled.programs[0]) == (
        "<program of affine: 3 instructions, 2 launches, 64 bytes of arena for 24 of temporaries, "
        "0 bytes of constants, 66 flops>\n"
        "  %0: F32[3, 4] = input\n"
        "  %1: F32[2, 4] = input\n"
        "  %2: F32[4, 2] = matrix_transpose(%1)  # view of %1\n"
        "  %5: F32[3, 2] = add(mul(matmul(%0, %2), 2.0), 1.0)  # arena 0 to 24\n"
        "  %6: F32[2] = sum(%5, axes=(0,), keepdims=False)  # returned"
    )


def test_clearing_caches_between_calls() -> None:
    step = compile(sgd_step)
    args = (mlp(), *batch(), tensor(0.1))
    expected = sgd_step(*args)
    for _ in range(3):
        assert same_bits(step(*args), expected)
        clear_caches()
    assert len(step.programs) == 1


def test_creation_functions_record() -> None:
    devices: list[Any] = []

    def f(x: AnyTensor) -> AnyTensor:
        y = zeros(3) + 2.0
        devices.append(y.device)
        return x + y + from_numpy(np.ones(3, np.float32))

    check(f, ones(3))
    assert devices[0] is CPU  # check's own eager call
    assert isinstance(devices[1], Recorder)


def test_results_are_ordinary_tensors() -> None:
    out = compile(lambda x: x + 1.0)(ones(2))
    assert type(out) is Tensor
    assert (out * out).tolist() == [4, 4]
    assert grad(lambda x: (x * out).sum())(ones(2)).tolist() == [2, 2]
