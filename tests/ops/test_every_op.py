"""Every op on every sample: value, derivatives, specs, memory, batching, symbols, compilation, errors.

Each test is one property of one op and a function of the op's name, which is how tools/mutate.py runs them. Those that
run no kernels come first: with a broken shape rule kernels might write anywhere.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import shapetensor as st
from shapetensor._core import ops as _definitions
from shapetensor._core.apply import infer
from shapetensor._core.cpu import CPU
from shapetensor._core.dims import Atom, Dim, Poly
from shapetensor._core.doubt import Undecidable
from shapetensor._core.dtypes import BF16, F16, F32, F64, Float
from shapetensor._core.op import HOST, OPS, Call, Op
from shapetensor._core.processor import extent
from shapetensor._core.spec import WEAK_SPECS, contiguous_strides, make_spec
from shapetensor.tensor import AnyTensor
from tests.cuda.calls import there
from tests.ops.catalogue import CATALOGUE
from tests.ops.reference import (
    Args,
    assert_same,
    attributes,
    batches,
    call_of,
    difference,
    directions,
    dtypes,
    expected,
    inner,
    materialise,
    of_floats,
    put_in,
    run,
    run_guarded,
    run_in_place,
    size_of,
    specs_of,
    spelled,
    symbols,
    tensor_places,
    to_numpy,
    with_same,
)
from tests.ops.sample import DIFFERENTIABLE, EVERY, Operand, OpSamples, Same, Sample, Symbolic, Wrong, WrongCall

assert _definitions.__name__ == "shapetensor._core.ops"  # importing it fills OPS
NAMES = tuple(sorted(OPS))
by_op = pytest.mark.parametrize("name", NAMES)
# cross_entropy's operands differ in dtype or rank; the key of fold_in has four words, its number one
CANNOT_SHARE = {"cross_entropy", "cross_entropy_backward", "random_fold_in", "arange"}


@cache
def prepared(name: str, number: int) -> tuple[Args, list[Any], list[NDArray[Any]]]:
    """Operands as tensors and arrays, and the reference's results."""
    samples = CATALOGUE[name]
    sample = samples.valid[number]
    args, arrays = materialise(sample)
    return args, arrays, expected(samples, sample, arrays)


def cases(name: str) -> list[tuple[Sample, Args, list[NDArray[Any]], str]]:
    """Each valid sample with its operands, the expected results and a name for messages."""
    found = enumerate(CATALOGUE[name].valid)
    return [(s, prepared(name, i)[0], prepared(name, i)[2], f"{name} {s.named(i)}") for i, s in found]


# --- the samples themselves -------------------------------------------------------------------------------------------


def test_samples_are_of_ops_that_exist() -> None:
    assert set(CATALOGUE) == set(NAMES)


@by_op
def test_op_is_sampled(name: str) -> None:
    """Right and wrong operands, every dtype, empty and single axes, six axes, odd layouts, one tensor twice."""
    op, samples = OPS[name], CATALOGUE[name]
    assert samples.valid
    assert samples.wrong
    operands = [o for s in samples.valid for o in s.operands if isinstance(o, Operand)]
    shapes = [o.shape for o in operands] or [s.attrs.get("shape", (s.attrs.get("n"),)) for s in samples.valid]
    assert any(len(shape) >= 5 for shape in shapes) or op.family == "random" or name == "arange"
    assert any(0 in shape for shape in shapes) or op.family == "random"
    assert any(1 in shape for shape in shapes) or op.family == "random"
    assert any(o.layout != "c" for o in operands) or not operands
    if op.family != "random":
        tried = {o.dtype for o in operands} | {s.outs()[0] for s in samples.valid}
        refused = {d for w in samples.wrong if isinstance(w, Wrong) for _, d in w.operands}
        refused |= {w.attrs["dtype"] for w in samples.wrong if isinstance(w, Wrong) and "dtype" in w.attrs}
        assert tried | refused >= set(EVERY)
    if (op.variadic or len(op.inputs) > 1) and name not in CANNOT_SHARE:
        assert any(isinstance(o, Same) for s in samples.valid for o in s.operands)


# --- rules, without kernels -------------------------------------------------------------------------------------------


@by_op
def test_rules_give_the_specs_of_the_reference(name: str) -> None:
    op = OPS[name]
    for sample, args, want, where in cases(name):
        call = call_of(op, sample, args)
        assert [s.shape for s in call.outs] == [w.shape for w in want], where
        assert [s.dtype for s in call.outs] == dtypes(sample, len(want)), where
        assert all(s.device is CPU for s in call.outs), where
        if call.views is None:
            assert all(s.strides == contiguous_strides(s.shape) for s in call.outs), where
        else:
            whole = extent(call.ins[0].shape, call.ins[0].strides)
            ends = [o + extent(s.shape, s.strides) for o, s in zip(call.views, call.outs, strict=True) if s.size]
            assert all(0 <= end <= whole for end in ends), where
            assert all(o >= 0 for o in call.views), where


def refuse(op: Op, wrong: Wrong | WrongCall) -> None:
    """Make the mistake; a rule alone must notice where it can."""
    if isinstance(wrong, WrongCall):
        wrong.call()
        return
    specs = [WEAK_SPECS[d] if d.weak else make_spec(s, d, CPU) for s, d in wrong.operands]
    infer(op, tuple(wrong.attrs[n] for n in op.attrs), *specs)


@by_op
def test_wrong_operands_are_refused(name: str) -> None:
    for wrong in CATALOGUE[name].wrong:
        with pytest.raises(wrong.error) as caught:
            refuse(OPS[name], wrong)
        assert type(caught.value) is wrong.error
        assert str(caught.value) == wrong.text


@by_op
def test_tape_keeps_only_what_the_rules_name(name: str) -> None:
    op, samples = OPS[name], CATALOGUE[name]
    sample, args, _, _ = cases(name)[0]
    call = call_of(op, sample, args)
    outs = [f"out[{i}]" for i in range(len(call.outs))] if op.many else ["out"]
    inputs = [f"xs[{i}]" for i in range(len(args))] if op.variadic else list(op.inputs)
    for i, x in enumerate(inputs):
        kept = tuple((inputs + outs)[place] for place in call.kept(1 << i))
        assert kept == samples.kept.get(x, ()), f"{name}: for the gradient of {x}"
    assert call.kept(0) == ()


@by_op
def test_shape_rule_agrees_with_itself_on_symbols(name: str) -> None:
    op, samples = OPS[name], CATALOGUE[name]
    spelled_out = {k for s in samples.symbolic for k, v in s.attrs.items() if isinstance(v, str)} | {"bounds", "n"}
    tried = 0
    for sample, args, want, where in cases(name) if op.family != "random" and name != "unstack" else ():
        if spelled_out.isdisjoint(op.attrs) and sample.tensors:
            shapes = op.shape(*(symbols(s.shape) for s in specs_of(args)), **sample.attrs)
            found = [put_in(s) for s in (shapes if op.many else [shapes])]
            assert found == [w.shape for w in want], where
            tried += 1
    for symbolic in samples.symbolic:
        _agrees_on(op, symbolic)
    assert tried or samples.symbolic or name in ("full", "arange")


def _agrees_on(op: Op, symbolic: Symbolic) -> None:
    shapes = [spelled(text, symbolic.sizes) for text in symbolic.shapes]
    attrs = [dict(symbolic.attrs), dict(symbolic.attrs)]
    for key, value in symbolic.attrs.items():
        if isinstance(value, str):
            for i, dims in enumerate(spelled(value, symbolic.sizes)):
                attrs[i][key] = dims[0] if key in symbolic.dim_attrs else dims
    letters = op.shape(*(s[0] for s in shapes), **attrs[0])
    ints = op.shape(*(s[1] for s in shapes), **attrs[1])
    values: dict[Atom, Dim] = {Atom(name, name): size for name, size in symbolic.sizes.items()}
    for a, b in zip(letters, ints, strict=True) if op.many else [(letters, ints)]:
        assert tuple(n.substitute(values) if isinstance(n, Poly) else n for n in a) == b, symbolic


# --- values and memory ------------------------------------------------------------------------------------------------


def is_exact(samples: OpSamples, sample: Sample) -> bool:
    """Whether floats must be equal: not where NumPy computes wider than we do."""
    kinds = {d for d in (*(o.dtype for o in sample.tensors), *sample.outs()) if issubclass(d, Float)}
    weak = any(isinstance(o, float) for o in sample.operands)
    return samples.exact and ((len(kinds) <= 1 and not (weak and F64 not in kinds)) or "dtype" in sample.attrs)


def length_of_sums(args: Sequence[Any], outs: Sequence[Any]) -> float:
    """About how many terms went into an element."""
    return float(max([1.0, *(size_of(x.shape) / max(1, outs[0].size) for x in args if hasattr(x, "shape"))]))


@by_op
def test_value_is_that_of_the_reference(name: str) -> None:
    op, samples = OPS[name], CATALOGUE[name]
    for sample, args, want, where in cases(name):
        outs = run(op, args, attributes(op, sample))
        for got, array in zip(outs, want, strict=True):
            assert_same(got, array, where, exact=is_exact(samples, sample), scale=length_of_sums(args, want))


@by_op
def test_strides_and_memory_are_as_numpy_sees_them(name: str) -> None:
    op = OPS[name]
    for number, (sample, args, _, where) in enumerate(cases(name)):
        arrays = prepared(name, number)[1]
        reference = CATALOGUE[name].reference(*arrays, **sample.attrs) if sample.view else None
        views = reference if isinstance(reference, list) else [reference]
        for i, got in enumerate(run(op, args, attributes(op, sample))):
            if got.dtype is not st.BF16:
                steps = tuple(s // got.dtype.itemsize for s in got.numpy().strides)
                assert steps == got._spec.strides, where
            assert len(got._buffer) == extent(got.shape, got._spec.strides), where
            if got.size and args and hasattr(args[0], "_buffer"):
                assert np.shares_memory(got._buffer, args[0]._buffer) == sample.view, where
            if sample.view and got.size and got.dtype is not st.BF16:
                assert _long(got.numpy()) == _long(views[i]), where


def _long(array: Any) -> tuple[int, list[int]]:
    """Where the first element is, and the strides of axes longer than 1."""
    return array.ctypes.data, [s for n, s in zip(array.shape, array.strides, strict=True) if n > 1]


@by_op
def test_kernel_writes_every_element_and_nothing_else(name: str) -> None:
    """Whatever was in the memory before, and whatever stands around the operands, the output is the same."""
    op = OPS[name]
    for sample, args, want, where in cases(name):
        call = call_of(op, sample, args)
        if call.views is None:
            first, clean = run_guarded(call, args, 0xA5)
            second, still = run_guarded(call, args, 0x01)
            assert clean, where
            assert still, where
            assert first == second, where
            eager = [x._buffer.tobytes() for x in run(op, args, attributes(op, sample))]
            assert first == eager, where
            assert [len(b) for b in first] == [s.nbytes for s in call.outs], (where, want)


@by_op
def test_in_place_form_gives_the_same_bits(name: str) -> None:
    """Where the ordinary form writes outputs, it leaves them in inputs, and writes nothing else."""
    op = OPS[name]
    for sample, args, _, where in cases(name):
        call = call_of(op, sample, args)
        form = CPU.prepare(call).in_place if call.views is None else None
        if form is not None and all(args[i]._spec.contiguous for i, _ in form.pairs):
            eager = [x._buffer.tobytes() for x in run(op, args, attributes(op, sample))]
            after, clean = run_in_place(call, args)
            taken = dict(form.pairs)
            want = [eager[taken[i]] if i in taken else x._buffer.tobytes() for i, x in enumerate(args)]
            assert after == want, where
            assert clean, where


@by_op
def test_f32_is_close_to_f64(name: str) -> None:
    op, samples = OPS[name], CATALOGUE[name]
    for number, sample in enumerate(samples.valid):
        wide_enough = any(o.dtype is F64 for o in sample.tensors) and all(d.computes for d in sample.outs())
        if wide_enough and all(o.data in DIFFERENTIABLE and o.values is None for o in sample.tensors):
            narrow = sample.in_dtype(F64, F32)
            args, _ = materialise(narrow)
            wide = [x.astype(F64) if getattr(x, "dtype", None) is F32 else x for x in args]
            outs = run(op, args, attributes(op, narrow))
            attrs = attributes(op, sample.in_dtype(F32, F64))
            for got, want in zip(outs, run(op, wide, attrs), strict=True):
                where = f"{name} {narrow.named(number)}"
                array = to_numpy(want) if got.dtype is want.dtype else want.numpy().astype(got.dtype.storage)
                assert_same(got, array, where, exact=False, scale=length_of_sums(args, [array]))


@by_op
def test_compiled_is_eager_bit_for_bit(name: str) -> None:
    op = OPS[name]
    for sample, args, _, where in cases(name):
        eager = run(op, args, attributes(op, sample))
        tensors = [x for x in args if hasattr(x, "_spec")]

        def function(*xs: AnyTensor, sample: Sample = sample, args: Args = args) -> list[AnyTensor]:
            given = iter(xs)
            full = [next(given) if hasattr(x, "_spec") else x for x in args]
            return run(op, full, attributes(op, sample))

        compiled = st.compile(function)
        if op.kind == HOST:
            with pytest.raises(st.CompileError, match=f"{name} runs on the host and cannot be part of a compiled"):
                compiled(*tensors)
            continue
        for _ in range(2):
            replayed = compiled(*tensors)
            assert [(x.shape, x.dtype) for x in replayed] == [(x.shape, x.dtype) for x in eager], where
            assert [to_numpy(x).tobytes() for x in replayed] == [to_numpy(x).tobytes() for x in eager], where


# --- other devices ----------------------------------------------------------------------------------------------------

LARGE = 128  # elements: the simulator is slow
BLOCKS = {"fused", "linalg", "reduce"}  # whose threads wait for each other there: a third of the samples
CONVERTS = {"astype", "concat", "full", "slice_backward"}  # what does more than move floats of 16 bits


def converts_halves(call: Call) -> bool:
    """Whether floats of 16 bits become others or come from others, or are made of a number."""
    dtypes = [s.dtype for s in (*call.ins, *call.outs)]
    halves = bool({BF16, F16} & set(dtypes))
    return halves and (len(set(dtypes)) > 1 or call.op.name == "slice_backward")


@pytest.mark.runner
@by_op
def test_cuda_gives_what_the_cpu_gives(name: str, pytestconfig: pytest.Config) -> None:
    """Operands of the same strides; an op without a kernel says so."""
    op, device = OPS[name], st.Cuda(0)
    simulated = pytestconfig.getoption("--runner") == "sim"
    limit = LARGE if simulated else sys.maxsize
    for sample, args, want, where in cases(name)[:: 3 if simulated and op.family in BLOCKS else 1]:
        arrays = [x for x in args if hasattr(x, "_buffer")]
        if max([w.size for w in want] + [x._buffer.size for x in arrays]) > limit:
            continue
        moved = {id(x): there(x, device) for x in args}
        attrs = tuple(device if a is CPU else a for a in attributes(op, sample))
        there_is_none = name == "sort" or (name in CONVERTS and converts_halves(call_of(op, sample, args)))
        if there_is_none:
            with pytest.raises(st.DeviceError, match=f"^{name}: there is no CUDA kernel for "):
                run(op, [moved[id(x)] for x in args], attrs)
            continue
        for got, array in zip(run(op, [moved[id(x)] for x in args], attrs), want, strict=True):
            assert got.device is device, where
            exact = not got.dtype.computes  # what only moves
            assert_same(got.to("cpu"), array, where, exact=exact, scale=length_of_sums(args, want))


# --- derivatives ------------------------------------------------------------------------------------------------------


def smooth_cases(name: str, limit: int = 10_000) -> list[tuple[Sample, Args, str]]:
    op = OPS[name]
    return [
        (s, args, where)
        for s, args, want, where in cases(name)
        if op.vjp and s.smooth and sum(w.size for w in want) <= limit and s.outs()[0] is F64
    ]


def close(got: Any, want: Any, where: str, scale: float = 1.0) -> None:
    np.testing.assert_allclose(got, want, rtol=2e-6, atol=2e-7 * scale, err_msg=where)


@by_op
def test_first_derivatives(name: str) -> None:
    """Reverse and forward, in two random directions of all floating operands together."""
    for sample, args, where in smooth_cases(name):
        function, xs = of_floats(OPS[name], sample, args)
        for seed in (1, 2):
            vs = directions(xs, seed)
            slope = difference(function, xs, vs)
            value, tangent = st.jvp(function, tuple(xs), tuple(vs))
            for out, d, s in zip(value, tangent, slope, strict=True):
                assert (d.shape, d.dtype) == (out.shape, out.dtype), where
                close(d.numpy(), s, where)
            cotangent = directions(value, seed + 10)
            gradients = st.vjp(function, *xs)[1](cotangent)
            assert [(g.shape, g.dtype) for g in gradients] == [(x.shape, x.dtype) for x in xs], where
            close(inner(gradients, vs), inner(cotangent, slope), where, 10.0)


@by_op
def test_second_derivatives(name: str) -> None:
    """Each mode over each mode; gradients also by their cotangents, tangents also by their directions."""
    for sample, args, where in smooth_cases(name, 150):
        function, xs = of_floats(OPS[name], sample, args)
        n = len(xs)
        vs, cotangents = directions(xs, 3), directions(function(*xs), 5)

        def gradient(*ps: AnyTensor, f: Any = function, n: int = n) -> list[AnyTensor]:
            return list(st.vjp(f, *ps[:n])[1](list(ps[n:])))

        def tangent(*ps: AnyTensor, f: Any = function, n: int = n) -> list[AnyTensor]:
            return list(st.jvp(f, ps[:n], ps[n:])[1])

        for derivative, primals in ((gradient, (*xs, *cotangents)), (tangent, (*xs, *vs))):
            us = directions(primals, 7)
            slope = difference(derivative, primals, us)
            for found, want in zip(st.jvp(derivative, primals, tuple(us))[1], slope, strict=True):
                close(found.numpy(), want, where)
            weights = directions(derivative(*primals), 8)
            back = st.vjp(derivative, *primals)[1](weights)
            close(inner(back, us), inner(weights, slope), where, 10.0)


@by_op
def test_check_grads_of_the_library_agrees(name: str) -> None:
    for sample, args, _ in smooth_cases(name, 30)[:3]:
        function, xs = of_floats(OPS[name], sample, args)
        st.testing.check_grads(function, *xs)


@by_op
def test_derivatives_have_the_specs_of_what_they_belong_to(name: str) -> None:
    """Whatever the operands' dtypes: a gradient is like its operand, a tangent like its output."""
    op = OPS[name]
    for sample, args, _, where in cases(name) if op.vjp else ():
        function, xs = of_floats(op, sample, args)
        outs = function(*xs)
        if not xs or not outs or not all(x.dtype.computes for x in (*xs, *outs)):
            continue
        gradients = st.vjp(function, *xs)[1](directions(outs, 6))
        assert [(g.shape, g.dtype) for g in gradients] == [(x.shape, x.dtype) for x in xs], where
        for wanted in range(len(xs)):
            one = [*xs]

            def partial(
                x: AnyTensor, one: list[AnyTensor] = one, at: int = wanted, f: Any = function
            ) -> list[AnyTensor]:
                return f(*one[:at], x, *one[at + 1 :])  # type: ignore[no-any-return]

            tangents = st.jvp(partial, (xs[wanted],), tuple(directions([xs[wanted]], 7)))[1]
            assert [(d.shape, d.dtype) for d in tangents] == [(y.shape, y.dtype) for y in outs], where
            alone = st.vjp(partial, xs[wanted])[1](directions(outs, 6))[0]
            assert to_numpy(alone).tobytes() == to_numpy(gradients[wanted]).tobytes(), where


@by_op
def test_f32_derivatives_are_close_to_f64(name: str) -> None:
    """Finite differences need F64; whatever a rule does otherwise in F32 shows here."""
    op = OPS[name]
    for sample, _, where in smooth_cases(name, 150):
        narrow = sample.in_dtype(F64, F32)
        args, _ = materialise(narrow)
        wide = tuple(x.astype(F64) if getattr(x, "dtype", None) is F32 else x for x in args)
        found, want = derivatives(op, narrow, args), derivatives(op, narrow.in_dtype(F32, F64), wide)
        for a, b in zip(found, want, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-4, err_msg=where)


def derivatives(op: Op, sample: Sample, args: Args) -> list[AnyTensor]:
    """Tangents, then gradients, in directions that are numbers of F32."""
    function, xs = of_floats(op, sample, args)

    def like(tensors: Sequence[AnyTensor], seed: int) -> list[AnyTensor]:
        return [v.astype(F32).astype(x.dtype) for v, x in zip(directions(tensors, seed), tensors, strict=True)]

    value, tangents = st.jvp(function, tuple(xs), tuple(like(xs, 1)))
    return [*tangents, *st.vjp(function, *xs)[1](like(value, 2))]


@by_op
def test_gradients_at_ties_are_as_documented(name: str) -> None:
    op = OPS[name]
    for sample, args, _, where in cases(name):
        if sample.gradients is not None:
            function, xs = of_floats(op, sample, args)
            ones = [st.ones(y.shape).astype(y.dtype) for y in function(*xs)]
            found = st.vjp(function, *xs)[1](ones)
            for x, got, want in zip(xs, found, sample.gradients, strict=True):
                np.testing.assert_allclose(got.numpy(), want, rtol=1e-12, err_msg=where)
                basis = np.asarray(want).reshape(-1)
                simple = len(xs) == 1 and len(ones) == 1 and ones[0].dtype.computes and np.isfinite(basis).all()
                for i in range(x.size) if simple else ():
                    unit = np.zeros(x.size)
                    unit[i] = 1.0
                    tangent = st.jvp(function, (x,), (st.from_numpy(unit.reshape(x.shape)),))[1][0]
                    np.testing.assert_allclose(tangent.numpy().sum(), basis[i], rtol=1e-12, err_msg=where)


# --- batching ---------------------------------------------------------------------------------------------------------


def check_vmap(op: Op, sample: Sample, mapped: Sequence[int], axis: int, size: int, where: str) -> None:
    rows, stacked, axes = batches(sample, mapped, axis, size)
    kept = [i for i, x in enumerate(stacked) if hasattr(x, "_spec") and not isinstance(sample.operands[i], Same)]

    def function(*xs: AnyTensor) -> list[AnyTensor]:
        full: list[Any] = list(stacked)
        for i, x in zip(kept, xs, strict=True):
            full[i] = x
        return run(op, with_same(sample, full), attributes(op, sample))

    found = st.vmap(function, in_axes=tuple(axes[i] for i in kept))(*(stacked[i] for i in kept))
    loop = [run(op, with_same(sample, row), attributes(op, sample)) for row in rows]
    for k, out in enumerate(found):
        assert out.shape[0] == size, where
        for i, row in enumerate(loop):
            example = to_numpy(out)[i]
            want = to_numpy(row[k])
            assert example.shape == want.shape, where
            assert out.dtype is row[k].dtype, where
            np.testing.assert_allclose(example, want, 1e-5 if out.dtype is F32 else 1e-12, 1e-12, err_msg=where)


@by_op
def test_vmap_is_a_loop(name: str) -> None:
    """Each combination of mapped operands, along axis 0 and 1."""
    op = OPS[name]
    plain = [
        (s, where)
        for s, _, want, where in cases(name)
        if s.tensors and all(o.values is None for o in s.tensors) and sum(w.size for w in want) <= 80
    ]
    for number, (sample, where) in enumerate(plain):
        places = tensor_places(sample)
        for choice in product((False, True), repeat=len(places)):
            mapped = [p for p, chosen in zip(places, choice, strict=True) if chosen]
            if mapped:
                check_vmap(op, sample, mapped, number % 2, 3, f"{where} mapped {mapped}")
        if number < 2:
            check_vmap(op, sample, places, 1 - number % 2, 3, where)
            check_vmap(op, sample, places, 0, 1, where)


@by_op
def test_vmap_over_no_examples_gives_none(name: str) -> None:
    op = OPS[name]
    for sample, args, want, where in cases(name)[:3]:
        if sample.tensors:
            places = tensor_places(sample)
            _, stacked, axes = batches(sample, places, 0, 0)

            def function(*xs: AnyTensor, sample: Sample = sample, args: Args = args) -> list[AnyTensor]:
                given = dict(zip(tensor_places(sample), xs, strict=True))
                whole = with_same(sample, [given.get(i, x) for i, x in enumerate(args)])
                return run(op, whole, attributes(op, sample))

            found = st.vmap(function, in_axes=tuple(axes[i] for i in places))(*(stacked[i] for i in places))
            assert [x.shape for x in found] == [(0, *w.shape) for w in want], where
            assert [x.dtype for x in found] == dtypes(sample, len(want)), where


def test_unstack_refuses_a_length_that_is_not_known() -> None:
    """The number of outputs must be an int."""
    shape = symbols((3, 5))
    with pytest.raises(Undecidable) as caught:
        OPS["unstack"].shape(shape, axis=0)
    assert str(caught.value) == "the length n3 of axis 0 of (n3, n5) is the number of outputs"


def test_philox_gives_the_published_words() -> None:
    """Known answers of Random123's kat_vectors."""
    from tests.ops.samples.random import WORD, philox

    assert philox((0,) * 4, (0,) * 2) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    assert philox((WORD,) * 4, (WORD,) * 2) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)
    digits = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)
    assert philox(digits, (0xA4093822, 0x299F31D0)) == (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)
