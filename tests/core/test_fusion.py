"""Elementwise operations in the kernel of the product before them: which join it, and that bits stay what they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import shapetensor as st
from shapetensor._core.cpu import CPU
from shapetensor._core.kernels import cache, threads, tile, vector
from shapetensor.compile import compile
from shapetensor.tensor import AnyTensor

Function = Callable[..., Any]
UNARY: tuple[str, ...] = ("negative", "exp", "log", "sqrt", "tanh", "relu", "abs", "sign", "floor", "ceil", "round")
UNARY += ("rsqrt", "log1p", "log2", "expm1", "erf", "sigmoid", "silu", "gelu")
SHAPES = ((7, 5, 9), (7, 5, 1), (1, 40, 33), (64, 64, 64), (70, 90, 100))  # the last has no kernel for its size


def drawn(rng: np.random.Generator, *shape: int) -> AnyTensor:
    return st.from_numpy(rng.standard_normal(shape, np.float32))


def names(function: Any) -> list[str]:
    """What the only Program of a compiled function starts."""
    (program,) = function.programs
    started = [x for x in program._code.instructions if x.launch is not None]
    return [" + ".join([x.call.op.name, *(f.call.op.name for f in x.followers)]) for x in started]


def same(function: Function, *operands: Any) -> list[str]:
    """Compiled and eager have the same bits; the names of what is started."""
    compiled = compile(function)
    expected, got = function(*operands), compiled(*operands)
    for a, b in zip(expected, got, strict=True) if isinstance(expected, tuple) else [(expected, got)]:
        assert a.shape == b.shape
        assert a.numpy().tobytes() == b.numpy().tobytes()
    return names(compiled)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_chain_is_one_kernel_with_the_bits_of_many(shape: tuple[int, int, int], rng: np.random.Generator) -> None:
    m, k, n = shape
    operands = drawn(rng, m, k), drawn(rng, k, n), drawn(rng, n), drawn(rng, m, n), drawn(rng, 1, 1)

    def chain(x: Any, w: Any, bias: Any, rest: Any, one: Any) -> Any:
        return (one * (((x @ w) * 0.5 + bias).tanh() * 2.0 - rest)).relu() / 3.0

    assert same(chain, *operands) == ["matmul + mul + add + tanh + mul + sub + mul + relu + div"]


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_a_product(name: str, rng: np.random.Generator) -> None:
    function = getattr(st, name)
    found = same(lambda x, w: function(x @ w), drawn(rng, 9, 8), drawn(rng, 8, 70))
    assert found == [f"matmul + {'neg' if name == 'negative' else name}"]


@pytest.mark.parametrize("operator", [lambda a, b: a - b, lambda a, b: a / b, st.maximum])
@pytest.mark.parametrize("other", [(9, 70), (70,), (1, 70), (1,), (), (9, 1)], ids=str)
def test_operands_on_either_side(operator: Function, other: tuple[int, ...], rng: np.random.Generator) -> None:
    operands = drawn(rng, 9, 8), drawn(rng, 8, 70), drawn(rng, *other)
    one = 2 if other == (9, 1) else 1  # an operand with one number for each row stays outside
    assert len(same(lambda x, w, y: operator(x @ w, y), *operands)) == one
    assert len(same(lambda x, w, y: operator(y, x @ w), *operands)) == one


def test_numbers_on_either_side(rng: np.random.Generator) -> None:
    operands = drawn(rng, 9, 8), drawn(rng, 8, 70)
    assert same(lambda x, w: 0.1 - x @ w, *operands) == ["matmul + sub"]
    assert same(lambda x, w: x @ w - 0.1, *operands) == ["matmul + sub"]


def test_the_product_in_both_places(rng: np.random.Generator) -> None:
    def square(x: Any, w: Any) -> Any:
        y = x @ w
        return y * y

    assert same(square, drawn(rng, 9, 8), drawn(rng, 8, 70)) == ["matmul + mul"]


def test_linear_and_batches(rng: np.random.Generator) -> None:
    x, weight, bias = drawn(rng, 3, 9, 8), drawn(rng, 17, 8), drawn(rng, 17)
    assert same(lambda x, w, b: st.gelu(st.linear(x, w, b)), x, weight, bias) == ["linear + gelu"]
    found = same(lambda x, w, r: (x @ w + r).relu(), x, drawn(rng, 3, 8, 17), drawn(rng, 3, 9, 17))
    assert found == ["matmul + add + relu"]


def test_the_sum_of_two_products_is_part_of_one(rng: np.random.Generator) -> None:
    operands = drawn(rng, 9, 8), drawn(rng, 8, 70)
    assert same(lambda x, w: x @ w + (x * 2.0) @ w, *operands) == ["matmul", "mul", "matmul + add"]


def test_what_others_read_stays_a_result(rng: np.random.Generator) -> None:
    def returned(x: Any, w: Any) -> Any:
        y = x @ w
        return y, y.relu()

    def read_twice(x: Any, w: Any) -> Any:
        y = x @ w
        return y.relu() + y.exp()

    def viewed(x: Any, w: Any) -> Any:
        y = x @ w
        return y.relu().sum() + y.mT.sum()

    operands = drawn(rng, 9, 8), drawn(rng, 8, 70)
    assert same(returned, *operands) == ["matmul", "relu"]
    assert same(read_twice, *operands) == ["matmul", "relu", "exp", "add"]
    assert same(viewed, *operands)[:2] == ["matmul", "relu"]


def test_what_no_kernel_of_a_product_does(rng: np.random.Generator) -> None:
    x, w = drawn(rng, 9, 8), drawn(rng, 8, 70)
    integers = st.from_numpy(rng.integers(0, 9, (8, 8)))
    assert vector.has_fallback("sin")
    assert same(lambda x, w: (x @ w).sin(), x, w) == ["matmul", "sin"]
    assert same(lambda x, w: x @ w > 0.0, x, w) == ["matmul", "greater"]
    assert same(lambda x, w: (x @ w).astype(st.F64), x, w) == ["matmul", "astype"]
    assert same(lambda x: x @ x + 1, integers) == ["matmul", "add"]
    assert same(lambda x, w, y: (x @ w) + y, x, w, drawn(rng, 2, 9, 70)) == ["matmul", "add"]
    assert same(lambda x, w, y: (x @ w) + y.mT, x, w, drawn(rng, 70, 9)) == ["matmul", "add"]
    assert same(lambda x, w, y: (x @ w) + y, x, w, drawn(rng, 9, 70).astype(st.F64))[-1] == "add"


def test_empty_products(rng: np.random.Generator) -> None:
    assert same(lambda x, w: (x @ w + 1.0).exp(), drawn(rng, 0, 8), drawn(rng, 8, 70)) == ["matmul + add + exp"]
    assert same(lambda x, w: (x @ w + 1.0).exp(), drawn(rng, 3, 0), drawn(rng, 0, 70)) == ["matmul + add + exp"]


@pytest.mark.parametrize("layout", ["nn", "nt"])
def test_large_products_in_pieces(layout: str, rng: np.random.Generator) -> None:
    x, bias, rest = drawn(rng, 300, 520), drawn(rng, 130), drawn(rng, 300, 130)
    w = drawn(rng, 520, 130) if layout == "nn" else drawn(rng, 130, 520).mT
    compiled = compile(lambda x, w, bias, rest: (x @ w + bias).tanh() * rest)
    expected = ((x @ w + bias).tanh() * rest).numpy()
    before = st.get_num_threads()
    try:
        for count in (1, threads.most()):
            st.set_num_threads(count)
            np.testing.assert_array_equal(compiled(x, w, bias, rest).numpy(), expected)
    finally:
        st.set_num_threads(before)
    assert names(compiled) == ["matmul + add + tanh + mul"]


def test_operations_are_still_counted(rng: np.random.Generator) -> None:
    compiled = compile(lambda x, w: (x @ w + 1.0).relu())
    compiled(drawn(rng, 9, 8), drawn(rng, 8, 70))
    assert compiled.programs[0].flops == 2 * 9 * 8 * 70 + 2 * 9 * 70


def test_gradients_of_a_layer(rng: np.random.Generator) -> None:
    def loss(weight: Any, bias: Any, x: Any) -> Any:
        return (st.linear(x, weight, bias).relu() @ weight).sum()

    found = same(st.grad(loss, argnums=(0, 1)), drawn(rng, 12, 8), drawn(rng, 12), drawn(rng, 30, 8))
    assert found[0] == "linear + relu"
    assert "matmul + relu_backward" in found


def test_donated_memory_is_still_written_over(rng: np.random.Generator) -> None:
    """A product that read w behind the update of w would keep w as it was."""
    optimizer = st.optim.SGD(lr=0.1)

    def step(w: Any, state: Any, x: Any) -> tuple[Any, Any, Any]:
        y = x @ w
        new, state = optimizer.update(w, w * 0.5, state)
        return new, state, y + new.sum()

    w, x = drawn(rng, 8, 70), drawn(rng, 9, 8)
    state = optimizer.init(w)
    expected = [t.numpy().copy() for t in step(w, state, x)[::2]]
    compiled = compile(step, donate_argnums=(0,))
    for _ in range(2):
        new, _, y = compiled(st.from_numpy(w.numpy().copy()), state, x)
        np.testing.assert_array_equal(new.numpy(), expected[0])
        np.testing.assert_array_equal(y.numpy(), expected[1])
    assert "in place of" in str(compiled.programs[0])
    assert "matmul + add" not in names(compiled)


def test_sums_of_products_keep_no_products(rng: np.random.Generator) -> None:
    """Each joins the addition that follows it; the first one, at the end of all, would keep all others."""
    x, w = [drawn(rng, 40, 30) for _ in range(6)], drawn(rng, 30, 50)

    def total(w: Any) -> Any:
        result = x[0] @ w
        for part in x[1:]:
            result = result + part @ w
        return result.sin()

    assert same(total, w) == ["matmul", *["matmul + add"] * 5, "sin"]
    compiled = compile(total)
    compiled(w)
    assert compiled.programs[0].arena_bytes <= 3 * 4 * 40 * 50


def test_products_do_not_wait_for_what_keeps_more_memory(rng: np.random.Generator) -> None:
    """The operands of the product are larger than its result, and nobody reads them later."""
    x, w = drawn(rng, 300, 20), drawn(rng, 300, 20)

    def late(x: Any, w: Any) -> Any:
        product = x.sin().mT @ w.sin()
        return product + x.exp().sum()

    def small(x: Any, w: Any) -> Any:
        product = x.sin() @ w.mT
        return product + x.exp().sum()

    assert "matmul + add" not in same(late, x, w)
    assert "matmul + add" in same(small, x, w)


def test_long_chains_are_several_kernels(rng: np.random.Generator) -> None:
    def chain(x: Any, w: Any) -> Any:
        y = x @ w
        for i in range(12):
            y = y * (1 + i)
        return y

    found = same(chain, drawn(rng, 9, 8), drawn(rng, 8, 70))
    assert found == [" + ".join(["matmul", *["mul"] * 8]), *["mul"] * 4]


_TWO_STEPS = """
{kernel}
def two_steps(x, out):
    out[0] = x[0] * x[0]
    SETTLE
    out[0] = out[0] - np.float32(1)
"""


@pytest.mark.skipif(not tile.fuses(), reason="this processor rounds twice in any case")
def test_what_has_settled_is_rounded() -> None:
    """What stands between the steps of a kernel: without it LLVM makes one multiply-add of two of them."""
    x, out = (np.array([v], np.float32) for v in (1 + 2**-12, 0))
    rounded = (x * x - 1)[0]
    found = []
    for text in ("settle()", "pass"):
        cache.load("two_steps", _TWO_STEPS.replace("SETTLE", text)).two_steps(x, out)
        found.append(out[0])
    assert found[0] == rounded
    assert found[1] != rounded


def test_steps_are_work_for_threads(rng: np.random.Generator) -> None:
    """An outer product is little work, but what is done with its elements is not."""
    compiled = compile(lambda x, w: st.gelu(x @ w))
    compiled(drawn(rng, 600, 1), drawn(rng, 1, 600))
    (instruction,) = compiled.programs[0]._code.instructions
    launch = CPU.prepare_compiled(instruction.call, instruction.followers)
    assert isinstance(launch.steps[-1].kernel, threads.Divided)
