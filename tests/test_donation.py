"""Donated arguments of compiled functions: their memory is used again, they are gone, and nobody else notices."""

import copy
import gc
import pickle
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shapetensor as st
from shapetensor import F32, F64, CompileError, nn, optim
from shapetensor._core.buffers import POOL
from shapetensor._core.cpu import CPU
from shapetensor._core.pytree import flatten, leaves_of, tree_map
from shapetensor.compile import Compiled
from shapetensor.tensor import AnyTensor

KEY = st.random.key(0)
ADAM = optim.Adam(lr=0.1)
GONE = "this tensor was donated to {0}, which may have overwritten it: use what {0} returned in its place, or do not "
SEEN = "is donated, but another tensor, a tape or a NumPy array sees its memory"


def arange(*shape: int, dtype: Any = F32) -> AnyTensor:
    return st.tensor(np.arange(np.prod(shape, dtype=int)).reshape(shape), dtype=dtype)


def address(x: AnyTensor) -> int:
    return int(x._buffer.ctypes.data)


def copied(tree: Any) -> Any:
    """The tree with tensors of their own memory."""
    return tree_map(lambda x: st.from_numpy(x.numpy()), tree)


def bits(tree: Any) -> list[bytes]:
    return [x.numpy().tobytes() for x in leaves_of(tree)]


def step(x: AnyTensor, state: Any, g: AnyTensor) -> Any:
    return ADAM.update(x, g, state)


def donating(function: Callable[..., Any] = step, *places: int) -> Compiled[..., Any]:
    return st.compile(function, donate_argnums=places or (0, 1))


def started(x: AnyTensor | None = None) -> tuple[Any, Any, AnyTensor]:
    x = arange(7) if x is None else x
    return x, ADAM.init(x), st.ones(x.shape)


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# ----------------------------------------------------------------------------------------------------------- results


@pytest.mark.parametrize(
    "opt",
    [
        optim.SGD(lr=0.1, weight_decay=0.1),
        optim.SGD(lr=0.1, momentum=0.9, nesterov=True),
        optim.Adam(lr=0.01, weight_decay=0.1),
        optim.AdamW(lr=0.01),
    ],
    ids=repr,
)
@pytest.mark.parametrize("dtype", [F32, F64])
def test_training_is_eager_bit_for_bit_and_in_place(opt: Any, dtype: Any, no_collector: None) -> None:
    def train(model: Any, state: Any, x: AnyTensor) -> Any:
        loss, grads = st.value_and_grad(lambda m: (m(x) * m(x)).mean())(model)
        return *opt.update(model, grads, state), loss

    model: Any = tree_map(
        lambda x: x.astype(dtype), nn.Sequential(nn.Linear(5, 33, key=KEY), nn.ReLU(), nn.Linear(33, 3, key=KEY))
    )
    model = copied(model)
    expected, expected_state = model, opt.init(model)
    compiled = donating(train)
    x = st.random.normal(KEY, (8, 5), dtype=dtype)
    losses = []
    for _ in range(20):
        expected, expected_state, loss = train(expected, expected_state, x)
        losses.append(loss.item())
    model, state = copied(model), opt.init(model)
    places = [address(x) for x in leaves_of(model)]
    for i in range(20):
        model, state, loss = compiled(model, state, x)
        assert loss.item() == losses[i]
        if i == 2:
            allocated = POOL.allocated
    assert POOL.allocated == allocated
    assert bits((model, state)) == bits((expected, expected_state))
    assert [address(x) for x in leaves_of(model)] == places
    (program,) = compiled.programs
    assert "in place of %0" in str(program)
    assert "%0: F" in str(program).splitlines()[1]
    assert str(program).splitlines()[1].endswith("= input, donated")


def test_nothing_is_asked_for_where_results_take_over(no_collector: None) -> None:
    compiled = donating(step)
    x, state, g = started(arange(4321))
    x, state = compiled(x, state, g)
    free = POOL.stack(4321, np.dtype(np.float32))
    free.clear()
    allocated = POOL.allocated
    for _ in range(20):
        x, state = compiled(x, state, g)
    assert POOL.allocated == allocated
    assert free == []


def test_temporaries_are_overwritten_without_donation() -> None:
    """What the Program itself made, it may write over; the arguments stay."""

    def twice(x: AnyTensor, state: Any, g: AnyTensor) -> Any:
        new, after = step(x, state, g)
        return step(new, after, g)

    compiled = st.compile(twice)
    x, state, g = started(arange(1000))
    before = bits((x, state, g))
    for _ in range(2):
        assert bits(compiled(x, state, g)) == bits(twice(x, state, g))
    assert bits((x, state, g)) == before
    lines = [line for line in str(compiled.programs[0]).splitlines() if "adam_update" in line]
    assert [("in place" in line) for line in lines] == [False, True]
    assert lines[0].endswith("# returned")


def reads_the_old(x: AnyTensor, state: Any, g: AnyTensor) -> Any:
    new, after = step(x, state, g)
    return new, after, x.sum()


def reads_a_view(x: AnyTensor, state: Any, g: AnyTensor) -> Any:
    part = x.reshape((-1,))[1:]
    return (*step(x, state, g), part * 2.0)


def returns_the_old(x: AnyTensor, state: Any, g: AnyTensor) -> Any:
    return (*step(x, state, g), x, x[1:])


def is_its_own_gradient(x: AnyTensor, state: Any, g: AnyTensor) -> Any:
    return step(x, state, x)


def one_buffer_for_both_means(x: AnyTensor, state: Any, g: AnyTensor) -> Any:
    return step(x, state._replace(exp_avg=state.exp_avg_sq), g)


def a_constant(x: AnyTensor, state: Any, g: AnyTensor) -> Any:
    return step(HELD, state, g)


def a_part(x: AnyTensor, state: Any, g: AnyTensor) -> Any:
    return step(x[1:], ADAM.init(x[1:]), g[1:])


def read_and_then_changed(x: AnyTensor, state: Any, g: AnyTensor) -> Any:
    total = (x * x).sum()
    new, after = step(x, state, g * total)
    return new, after, new[1:] * 2.0, total


HELD = arange(7)


@pytest.mark.parametrize(
    ("function", "in_place"),
    [
        (reads_the_old, False),
        (reads_a_view, False),
        (returns_the_old, False),
        (is_its_own_gradient, False),
        (one_buffer_for_both_means, False),
        (a_constant, False),
        (a_part, False),
        (read_and_then_changed, True),
    ],
)
def test_memory_that_is_read_elsewhere_stays(function: Any, in_place: bool) -> None:
    compiled = donating(function)
    for _ in range(3):
        x, state, g = started()
        state = copied(step(x, state, g)[1])
        expected = bits(function(x, state, g))
        held = bits(HELD)
        results = compiled(x, state, g)
        assert bits(results) == expected
        assert bits(HELD) == held
        assert ("in place" in str(compiled.programs[0])) == in_place
        del results


def test_layouts_that_are_not_contiguous_are_copied() -> None:
    compiled = donating(step)
    base = arange(6, 4)
    x = copied(base).mT
    state = ADAM.init(x)
    expected = bits(step(base.mT, state, st.ones((4, 6))))
    assert bits(compiled(x, state, st.ones((4, 6)))) == expected
    assert "in place" not in str(compiled.programs[0])


def test_donated_arguments_that_come_back() -> None:
    """As they are, as a view, twice; and those of which nothing comes back are free again."""
    compiled = donating(lambda x: (x, x[1:], x), 0)
    x = arange(9)
    place = address(x)
    same, part, again = compiled(x)
    assert address(same) == place == address(again)
    assert (same.tolist(), part.tolist()) == ([*range(9)], [*range(1, 9)])
    assert place not in {flat.ctypes.data for flat in POOL.stack(9, np.dtype(np.float32))}
    del same, part, again
    swapped = donating(lambda x, y: (y, x))
    x, y = arange(3), st.ones(3)
    assert [z.tolist() for z in swapped(x, y)] == [[1, 1, 1], [0, 1, 2]]


def test_memory_that_no_result_takes_goes_back_to_the_pool(no_collector: None) -> None:
    total = donating(lambda x: x.sum(), 0)
    free = POOL.stack(7654, np.dtype(np.float32))
    free.clear()
    x = st.ones(7654)
    place = address(x)
    assert total(x).item() == 7654
    assert [flat.ctypes.data for flat in free] == [place]
    del x
    assert len(free) == 1


def test_empty_and_single_elements() -> None:
    for shape in ((0,), (), (1,), (3, 0)):
        compiled = donating(step)
        x, state, g = started(arange(*shape))
        expected = bits(step(x, state, g))
        assert bits(compiled(x, state, g)) == expected


# ---------------------------------------------------------------------------------------------------- dead tensors


def dead(*shape: int) -> AnyTensor:
    x = arange(*(shape or (3,)))
    donating(lambda x: x + 1.0, 0)(x)
    return x


OTHER = st.ones(3)
USES: dict[str, Callable[[Any], Any]] = {
    "negative": lambda x: -x,
    "number": lambda x: x + 1.0,
    "tensor": lambda x: x + OTHER,
    "other tensor": lambda x: OTHER * x,
    "comparison": lambda x: x == x,
    "where": lambda x: st.where(OTHER > 0, x, OTHER),
    "stack": lambda x: st.stack([OTHER, x]),
    "view": lambda x: x[1:],
    "iteration": list,
    "numpy": lambda x: x.numpy(),
    "asarray": np.asarray,
    "tolist": lambda x: x.tolist(),
    "dlpack": lambda x: x.__dlpack__(),
    "pickle": pickle.dumps,
    "copied": lambda x: copy.deepcopy(x) + 1.0,
    "device": lambda x: x.to("cpu"),
    "zeros like it": st.zeros_like,
    "created there": lambda x: st.zeros(3, device=x.device),
    "grad": st.grad(lambda x: x.sum()),
    "traced": lambda x: (x.traced() * 2.0).sum(),
    "jvp": lambda x: st.jvp(lambda x: x * 2.0, (x,), (OTHER,)),
    "vmap": st.vmap(lambda x: x * 2.0),
    "inside vmap": lambda x: st.vmap(lambda y: x * y)(st.ones((2, 3))),
    "compiled": st.compile(lambda x: x + 1.0),
    "inside compiled": lambda x: st.compile(lambda y: x + y)(OTHER),
    "result of compiled": lambda x: st.compile(lambda y: (x, y))(OTHER),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_a_dead_tensor_cannot_be_used(use: Callable[[Any], Any]) -> None:
    with pytest.raises(
        RuntimeError, match=re.escape(GONE.format("<lambda>")) + r"name the argument in donate_argnums$"
    ):
        use(dead())


@pytest.mark.parametrize("number", [float, int, bool, lambda x: x.item(), "{:.2f}".format])
def test_a_dead_tensor_is_no_number(number: Any) -> None:
    with pytest.raises(RuntimeError, match="this tensor was donated to <lambda>"):
        number(dead(1))


def test_a_dead_tensor_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="this tensor was donated to <lambda>"):
        st.io.save_file({"x": dead()}, tmp_path / "x")
    with pytest.raises(RuntimeError, match="this tensor was donated to <lambda>"):
        st.io.save_checkpoint(tmp_path / "x", {"x": dead()})
    assert list(tmp_path.iterdir()) == []


def test_a_dead_tensor_says_what_it_was() -> None:
    x = dead(2, 3)
    assert (x.shape, x.dtype, x.ndim, x.size, x.nbytes, len(x)) == ((2, 3), F32, 2, 6, 24, 2)
    assert repr(x) == f"{x}" == "Tensor[F32, 2, 3] on no device (donated to <lambda>)"
    assert "on no device (donated to &lt;lambda&gt;)" in x._repr_html_()
    with pytest.raises(RuntimeError, match=r"^add: this tensor was donated"):
        x + 1.0


def test_donating_twice() -> None:
    compiled = donating(step)
    x, state, g = started()
    y, after = compiled(x, state, g)
    with pytest.raises(RuntimeError, match=r"^step: argument 0: this tensor was donated to step"):
        compiled(x, after, g)
    with pytest.raises(RuntimeError, match=r"^step: argument 1.step: this tensor was donated to step"):
        compiled(y, state, g)
    compiled(y, after, g)


# -------------------------------------------------------------------------------------- what cannot be given up


def check_refused(compiled: Compiled[..., Any], args: tuple[Any, ...], text: str) -> None:
    """Before anything is changed: all arguments are as they were, and can be used."""
    before = bits(args)
    with pytest.raises(ValueError, match=re.escape(text)):
        compiled(*args)
    assert bits(args) == before


LOOKS: dict[str, Callable[[Any], Any]] = {
    "view": lambda x: x[1:],
    "same elements": lambda x: x.reshape((-1,)),
    "array": lambda x: x.numpy(),
    "part of an array": lambda x: x.numpy()[2:],
    "memoryview": lambda x: memoryview(x.numpy()),
    "dlpack": lambda x: np.from_dlpack(_Lender(x)),
    "traced": lambda x: x.traced(),
    "kept by a tape": lambda x: (lambda v: v * v)(x.traced()),
    "iterator": iter,
    "constant": lambda x: _reading(x),
    "result": lambda x: st.compile(lambda x: x)(x),
}


class _Lender:
    """Lends a tensor's own memory by DLPack."""

    def __init__(self, x: AnyTensor) -> None:
        self.x = x

    def __dlpack__(self, **options: Any) -> Any:
        return self.x.__dlpack__(**{**options, "copy": False})

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.x.__dlpack_device__()


def _reading(x: AnyTensor) -> Any:
    compiled = st.compile(lambda y: x + y)
    compiled(st.ones(7))
    return compiled


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
def test_memory_that_others_see_is_not_given_up(look: Callable[[Any], Any], recorded: bool) -> None:
    compiled = donating(step)
    if recorded:
        compiled(*started())
    x, state, g = started()
    seen = look(x)
    check_refused(
        compiled, (x, state, g), f"step: argument 0 {SEEN}: let go of that first, or donate a copy, st.from_n"
    )
    del seen
    gc.collect()
    y, _ = compiled(x, state, g)
    assert y.tolist()[0] != 0.0


def test_a_tape_that_kept_the_tensor_itself_notices() -> None:
    x, state, g = started()
    traced = g.traced()
    loss = (traced * x).sum()
    donating(step)(x, state, st.ones(7))
    with pytest.raises(RuntimeError, match="this tensor was donated to step"):
        loss.backward(wrt=traced)


def test_memory_of_others_is_not_given_up() -> None:
    array = np.arange(7, dtype=np.float32)
    x = st.from_numpy(array, copy=False)
    check_refused(donating(step), (x, ADAM.init(x), st.ones(7)), f"step: argument 0 {SEEN}")
    assert array.tolist() == [*range(7)]


def test_the_state_is_looked_at_as_well() -> None:
    x, state, g = started()
    array = state.exp_avg_sq.numpy()
    check_refused(donating(step), (x, state, g), f"step: argument 1.exp_avg_sq {SEEN}")
    assert array.tolist() == [0.0] * 7


def test_one_tensor_in_two_places() -> None:
    text = "argument {} is donated, and the same tensor is another argument or part of one: pass a copy there"
    x, state, _ = started()
    check_refused(donating(step), (x, state, x), text.format(0))
    check_refused(donating(step, 2), (x, state, x), text.format(2))
    check_refused(donating(lambda pair: pair, 0), ((x, x),), text.format("0.0"))
    assert bits(donating(lambda x, y, z: x + y, 2)(x, x, st.ones(2))) == bits(x + x)


def test_what_is_left_of_a_larger_tensor_can_be_given_up() -> None:
    compiled = donating(step)
    x = arange(20)[3:10]
    state = ADAM.init(x)
    expected = bits(step(x, state, st.ones(7)))
    assert bits(compiled(x, state, st.ones(7))) == expected


def test_traced_arguments_are_refused() -> None:
    compiled = donating(step)
    for _ in range(2):
        x, state, g = started()
        with pytest.raises(CompileError, match=r"^step: argument 0 is traced"):
            compiled(x.traced(), state, g)
        assert x.tolist() == [*range(7)]
        compiled(x, state, g)


def test_arguments_by_name_and_missing_ones() -> None:
    compiled = donating(step)
    x, state, g = started()
    text = r"^step: argument 1 is donated, and 1 came by position: what is donated cannot be left out or come by name$"
    with pytest.raises(TypeError, match=text):
        compiled(x, state=state, g=g)
    with pytest.raises(TypeError, match=text):
        compiled(x)
    compiled(x, state, g=g)
    assert g.tolist() == [1.0] * 7
    assert "donated" in repr(x)


@pytest.mark.parametrize(
    ("places", "error", "text"),
    [
        ("0", TypeError, "compile: donate_argnums is an int or a tuple of ints, not '0'"),
        (True, TypeError, "compile: donate_argnums is an int or a tuple of ints, not True"),
        (1.0, TypeError, "compile: donate_argnums is an int or a tuple of ints, not 1.0"),
        ((0, None), TypeError, "compile: donate_argnums is an int or a tuple of ints, not (0, None)"),
        (-1, ValueError, "compile: donate_argnums=-1 should be places from 0 on, counted from the left"),
    ],
)
def test_wrong_places(places: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        st.compile(step, donate_argnums=places)


def test_places_that_hold_no_tensors() -> None:
    compiled = st.compile(lambda x, factor, none: x * factor, donate_argnums=[1, 2])
    x = st.ones(2)
    assert compiled(x, 3.0, None).tolist() == [3, 3]
    assert x.tolist() == [1, 1]


# -------------------------------------------------------------------------------------------------------- failures


def taken(x: AnyTensor, state: Any, g: AnyTensor, at: AnyTensor) -> Any:
    new, after = step(x, state, g)
    return new, after, new.take(at, axis=0)


def test_a_call_that_fails_takes_what_was_donated_and_nothing_else() -> None:
    compiled = donating(taken)
    compiled(*started(), st.tensor([0]))
    x, state, g = started()
    bad = st.tensor([7])
    with pytest.raises(IndexError):
        compiled(x, state, g, bad)
    assert (g.tolist(), bad.tolist()) == ([1.0] * 7, [7])
    for gone in leaves_of((x, state)):
        with pytest.raises(RuntimeError, match="this tensor was donated to taken"):
            gone + 1.0
    x, state, g = started()
    expected = bits(taken(x, state, g, st.tensor([3])))
    assert bits(compiled(x, state, g, st.tensor([3]))) == expected


def test_a_function_that_cannot_be_recorded_takes_nothing() -> None:
    compiled = donating(lambda x: float(x.sum()), 0)
    x = arange(3)
    with pytest.raises(CompileError):
        compiled(x)
    assert x.tolist() == [0, 1, 2]


# --------------------------------------------------------------------------------------------------- around compile


def test_inside_a_recording_donating_means_nothing() -> None:
    inner = donating(step)
    outer = st.compile(lambda x, state, g: (inner(x, state, g), x * 2.0))
    x, state, g = started()
    for _ in range(2):
        (new, _), doubled = outer(x, state, g)
        assert doubled.tolist() == [2.0 * i for i in range(7)]
        assert bits(new) == bits(step(x, state, g)[0])
    assert inner.programs == []


def test_new_shapes_are_new_programs_and_donate_as_well() -> None:
    compiled = donating(step)
    for shape in ((3,), (4, 5), (3,)):
        x, state, g = started(arange(*shape))
        compiled(x, state, g)
        assert "donated" in repr(x)
    assert len(compiled.programs) == 2


def test_methods_donate() -> None:
    class Trainer:
        @staticmethod
        def sketch(x: AnyTensor, g: AnyTensor) -> AnyTensor:
            return optim.SGD(lr=0.5).update(x, g, optim.SGD().init(x))[0]

        def __init__(self) -> None:
            self.step = st.compile(self.sketch, donate_argnums=0)

    x = st.ones(2)
    assert Trainer().step(x, st.ones(2)).tolist() == [0.5, 0.5]
    assert "donated to sketch" in repr(x)


def in_threads(work: Callable[[int], object], count: int = 4) -> None:
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


def test_threads_train_models_of_their_own() -> None:
    compiled = donating(step)

    def work(seed: int) -> None:
        x, state, g = started(st.full(500, float(seed)))
        other, other_state = copied(x), copied(state)
        for _ in range(30):
            x, state = compiled(x, state, g)
            other, other_state = step(other, other_state, g)
        assert bits((x, state)) == bits((other, other_state))

    in_threads(work)
    assert len(compiled.programs) == 1


def test_of_two_threads_one_gets_the_tensor() -> None:
    compiled = donating(lambda x: x + 1.0, 0)
    compiled(st.ones(50))
    for _ in range(20):
        x = st.ones(50)
        won: list[Any] = []
        lost: list[Exception] = []
        start = threading.Barrier(2)

        def work(_: int, x: Any = x, won: Any = won, lost: Any = lost, start: Any = start) -> None:
            start.wait(10)
            try:
                won.append(compiled(x))
            except (RuntimeError, ValueError) as error:
                lost.append(error)

        in_threads(work, 2)
        assert [y.tolist() for y in won] == [[2.0] * 50]
        assert len(lost) == 1
        assert "donated" in str(lost[0])


def test_results_of_one_step_outlive_the_next() -> None:
    """What was returned and not donated is nobody else's."""
    compiled = donating(lambda x, y: (optim.SGD(lr=1.0).update(x, y, optim.SGD().init(x))[0], x.sum() + y), 0)
    x, kept = st.full(6, 100.0), []
    for _ in range(10):
        x, side = compiled(x, st.ones(6))
        kept.append(side)
    assert x.tolist() == [90.0] * 6
    assert [side.tolist()[0] for side in kept] == [6 * (100.0 - i) + 1 for i in range(10)]


def test_the_pool_never_holds_what_a_tensor_has() -> None:
    compiled = donating(step)
    x, state, g = started(arange(321))
    for _ in range(5):
        x, state = compiled(x, state, g)
        held = [address(y) for y in (*flatten(state)[0], x, g)]
        free = [f.ctypes.data for kind in ((321, "f4"), (1, "i8")) for f in POOL.stack(kind[0], np.dtype(kind[1]))]
        assert len({*held, *free}) == len(held) + len(free)
    assert x.device is CPU


def test_a_constant_result_can_be_donated_again_and_again() -> None:
    step = st.compile(lambda w, s: (w + s, st.tensor([1.0, 2.0])), donate_argnums=(0, 1))
    w, s = st.zeros((2,)), st.ones((2,))
    for _ in range(4):
        w, s = step(w, s)
    assert (w.tolist(), s.tolist()) == ([4.0, 7.0], [1.0, 2.0])


def test_a_result_that_is_a_constant_of_another_program_is_not_given_up() -> None:
    c = st.ones((2,))
    first, second = st.compile(lambda w: (w + 1.0, c)), st.compile(lambda x: x * 2.0, donate_argnums=(0,))
    for given in (first(st.ones((2,)))[1], c):
        with pytest.raises(ValueError, match="argument 0 is donated, but"):
            second(given)
    assert first(st.ones((2,)))[1].tolist() == c.tolist() == [1.0, 1.0]
