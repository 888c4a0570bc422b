"""Optimizers against values that torch.optim 2.13 gave in double precision."""

import dataclasses
import inspect
import pickle
import re
from typing import Any

import pytest

import shapetensor as st
from shapetensor import F32, F64, ShapeError, nn, optim
from shapetensor._core.pytree import flatten, leaves_of, tree_map
from shapetensor.tensor import AnyTensor

KEY = st.random.key(0)
START = [1.0, -2.0, 0.5]

# What 5 steps on the sum of x^4 / 4 from START lead to.
TORCH: list[tuple[Any, list[float]]] = [
    (optim.SGD(lr=0.05), [0.8075957868618955, -1.0815791228802623, 0.47092989077729047]),
    (optim.SGD(lr=0.05, momentum=0.9), [0.5082595561898341, 0.5026144183338275, 0.4244590008745506]),
    (
        optim.SGD(lr=0.05, momentum=0.9, nesterov=True),
        [0.46763894990401605, 0.33766184456999965, 0.4086187326424847],
    ),
    (optim.SGD(lr=0.05, weight_decay=0.5), [0.7208503725849481, -0.9779595726596042, 0.41662589123211097]),
    (
        optim.SGD(lr=0.02, momentum=0.5, weight_decay=0.1, nesterov=True),
        [0.8337903071190456, -1.156569574729223, 0.4699996638417328],
    ),
    (optim.Adam(), [0.9950013204902473, -1.9950006550558692, 0.4950026827732923]),
    (optim.Adam(lr=0.1), [0.5339223823036405, -1.5119663622082746, 0.08712073881020252]),
    (optim.Adam(lr=0.1, betas=(0.5, 0.8), eps=0.01), [0.5756466841313964, -1.5310948831211189, 0.17801352128430956]),
    (optim.Adam(lr=0.1, weight_decay=0.5), [0.5222586648931654, -1.510608154297726, 0.04083411421893278]),
    (optim.Adam(lr=0.1, betas=(0.0, 0.9)), [0.6319939159839146, -1.5687876288223899, 0.22687918055695308]),
    (optim.AdamW(), [0.9949514348784405, -1.9949007702490746, 0.4949777970525442]),
    (optim.AdamW(lr=0.1), [0.5303789306229818, -1.5033121116814776, 0.08600255977112599]),
    (optim.AdamW(lr=0.1, weight_decay=0.5), [0.3774578569906925, -1.12602933576287, 0.03786821643501014]),
    (
        optim.AdamW(lr=0.1, betas=(0.5, 0.8), eps=0.01, weight_decay=0.1),
        [0.5440218811349118, -1.449890816539856, 0.1678774712558408],
    ),
]
OPTIMIZERS = [optim.SGD(lr=0.1), optim.SGD(lr=0.1, momentum=0.9), optim.Adam(lr=0.1), optim.AdamW(lr=0.1)]


def gradient(x: AnyTensor) -> AnyTensor:
    return st.grad(lambda x: (x * x * x * x).sum() * 0.25)(x)  # type: ignore[no-any-return]


def steps(opt: Any, x: AnyTensor, count: int = 5, **options: Any) -> tuple[AnyTensor, Any]:
    state = opt.init(x)
    for _ in range(count):
        x, state = opt.update(x, gradient(x), state, **options)
    return x, state


@pytest.mark.parametrize(("opt", "expected"), TORCH, ids=lambda v: repr(v) if not isinstance(v, list) else "")
def test_torch(opt: Any, expected: list[float]) -> None:
    x, state = steps(opt, st.tensor(START, dtype=F64))
    st.testing.assert_close(x, expected, rtol=1e-12, atol=0.0)
    assert state.step.item() == 5
    assert state.step.dtype is st.I64
    single, _ = steps(opt, st.tensor(START))
    assert single.dtype is F32
    st.testing.assert_close(single, expected, rtol=1e-5)


@pytest.mark.parametrize("opt", OPTIMIZERS, ids=repr)
def test_only_parameters_change(opt: Any) -> None:
    model = nn.Sequential(nn.Linear(3, 2, key=KEY), nn.BatchNorm1d(2))
    tree = {"model": model, "count": st.tensor(3)}
    grads = tree_map(lambda x: x * 0 + 1, tree)
    new, state = opt.update(tree, grads, opt.init(tree))
    assert flatten(new)[1] == flatten(tree)[1]
    changed = {n for n, x in new["model"].state_dict().items() if x is not model.state_dict()[n]}
    assert changed == {"0.weight", "0.bias", "1.weight", "1.bias"}
    assert new["count"] is tree["count"]
    assert all(x.dtype is F32 for x in new["model"].parameters())
    again, _ = opt.update(new, grads, state)
    assert again["model"][0].bias.tolist() != new["model"][0].bias.tolist()


@pytest.mark.parametrize("opt", OPTIMIZERS, ids=repr)
def test_compiled_steps_are_equal_bit_for_bit(opt: Any) -> None:
    step = st.compile(lambda x, state: opt.update(x, gradient(x), state))
    x = st.tensor(START)
    state = opt.init(x)
    for _ in range(20):
        x, state = step(x, state)
    expected, expected_state = steps(opt, st.tensor(START), 20)
    assert x.tolist() == expected.tolist()
    assert [y.tolist() for y in leaves_of(state)] == [y.tolist() for y in leaves_of(expected_state)]
    assert len(step.programs) == 1


@pytest.mark.parametrize("opt", OPTIMIZERS, ids=repr)
def test_the_rate_of_a_step(opt: Any) -> None:
    x = st.tensor(START, dtype=F64)
    expected = steps(type(opt)(lr=0.01), x)[0] if opt != OPTIMIZERS[1] else None
    number, _ = steps(opt, x, lr=0.01)
    for dtype in (F64, F32):
        tensor, _ = steps(opt, x, lr=st.tensor(0.01, dtype=dtype))
        st.testing.assert_close(tensor, number, rtol=1e-7 if dtype is F32 else 1e-15)
    if expected is not None:
        st.testing.assert_close(number, expected, rtol=1e-15, atol=0.0)


def test_a_changing_rate_does_not_record_again() -> None:
    opt = optim.Adam()
    step = st.compile(lambda x, state, lr: opt.update(x, gradient(x), state, lr=lr))
    x = st.tensor(START)
    state = opt.init(x)
    for rate in (0.1, 0.01, 0.001):
        x, state = step(x, state, st.tensor(rate))
    assert len(step.programs) == 1


def test_mixed_dtypes() -> None:
    tree = {"a": st.tensor(START), "b": st.tensor(START, dtype=F64)}
    opt = optim.Adam(lr=0.1)
    new, _ = opt.update(tree, tree, opt.init(tree), lr=st.tensor(0.1))
    assert new["a"].dtype is F32
    assert new["b"].dtype is F64


def test_adam_takes_many_steps() -> None:
    """1 - beta^step in single precision would be 0.0009999871 after the first step, and never quite 1."""
    x = st.tensor([1.0], dtype=F64)
    opt = optim.Adam(lr=1.0)
    state = opt.init(x)
    first, _ = opt.update(x, x, state)
    st.testing.assert_close(first, [1e-8], rtol=1e-6, atol=0.0)  # x - lr * g / (|g| + eps)
    late, _ = opt.update(x, x, state._replace(step=st.tensor(10**6)))
    st.testing.assert_close(late, [1.0 - 0.1 / (0.001**0.5 + 1e-8)], rtol=1e-12, atol=0.0)


def test_states_have_names_to_save_them_by() -> None:
    from shapetensor._core.pytree import paths

    model = nn.Sequential(nn.Linear(3, 2, key=KEY), nn.BatchNorm1d(2))
    names = [name for name, _ in paths(optim.Adam().init(model))]
    assert names[:3] == ["step", "exp_avg.0.weight", "exp_avg.0.bias"]
    assert len(names) == 1 + 2 * 4
    assert [name for name, _ in paths(optim.SGD(momentum=0.9).init(model))][1] == "momentum_buffer.0.weight"
    assert [name for name, _ in paths(optim.SGD().init(model))] == ["step"]


@pytest.mark.parametrize("opt", OPTIMIZERS, ids=repr)
def test_wrong_gradients(opt: Any) -> None:
    x, name = st.tensor(START), type(opt).__name__
    state = opt.init(x)
    with pytest.raises(ValueError, match=rf"^{name}: the gradients have another structure than the model"):
        opt.update(x, (x,), state)
    with pytest.raises(ShapeError, match=rf"^{name}: a gradient has shape \(2,\), its parameter \(3,\)$"):
        opt.update(x, st.ones(2), state)
    with pytest.raises(ShapeError, match=rf"^{name}: lr has shape \(1,\), not \(\)"):
        opt.update(x, x, state, lr=st.ones(1))
    with pytest.raises(ValueError, match=rf"^{name}: lr=-1.0 should be at least 0$"):
        opt.update(x, x, state, lr=-1.0)


def test_nothing_to_optimise() -> None:
    with pytest.raises(ValueError, match=r"^ReLU has no parameters to optimise$"):
        optim.SGD().init(nn.ReLU())


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: optim.SGD(lr=-1.0), "SGD: lr=-1.0 should be at least 0"),
        (lambda: optim.SGD(momentum=float("nan")), "SGD: momentum=nan should be at least 0"),
        (lambda: optim.SGD(nesterov=True), "SGD: nesterov wants momentum > 0"),
        (lambda: optim.Adam(eps=-1.0), "Adam: eps=-1.0 should be at least 0"),
        (lambda: optim.AdamW(weight_decay=-1.0), "AdamW: weight_decay=-1.0 should be at least 0"),
        (lambda: optim.Adam(betas=(0.9, 1.0)), r"Adam: betas=\(0.9, 1.0\) should lie in \[0, 1\)"),
    ],
)
def test_wrong_options(make: Any, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        make()


@pytest.mark.parametrize(
    ("max_norm", "a", "b"),
    [  # torch.nn.utils.clip_grad_norm_
        (1.0, [0.23076921301775288, 0.3076922840236705], [[0.9230768520710115]]),
        (6.5, [1.4999998846153937, 1.9999998461538582], [[5.999999538461575]]),
        (20.0, [3.0, 4.0], [[12.0]]),
    ],
)
def test_clipping_is_torchs(max_norm: float, a: list[float], b: list[list[float]]) -> None:
    grads: Any = {"a": st.tensor([3.0, 4.0], dtype=F64), "b": (st.tensor([[12.0]], dtype=F64), st.tensor(7), None)}
    clipped, norm = optim.clip_by_global_norm(grads, max_norm)
    assert norm.item() == 13.0
    st.testing.assert_close(clipped["a"], a, rtol=1e-14)
    st.testing.assert_close(clipped["b"][0], b, rtol=1e-14)
    assert clipped["b"][1:] == grads["b"][1:]
    compiled = st.compile(lambda grads: optim.clip_by_global_norm(grads, max_norm))(grads)
    assert compiled[0]["a"].tolist() == clipped["a"].tolist()


def test_clipping_the_gradients_of_a_model() -> None:
    model = nn.Sequential(nn.Linear(3, 2, key=KEY), nn.BatchNorm1d(2))
    grads = st.grad(lambda m: (m(st.ones((4, 3))) * 100.0).sum())(model)
    clipped, norm = optim.clip_by_global_norm(grads, 0.5)
    assert type(clipped) is nn.Sequential
    again = optim.clip_by_global_norm(clipped, 1.0)[1]
    assert norm.item() > 1.0
    st.testing.assert_close(again, 0.5, rtol=1e-5)


def test_clipping_special_cases() -> None:
    zero, norm = optim.clip_by_global_norm(st.zeros(3), 1.0)
    assert (zero.tolist(), norm.item()) == ([0.0] * 3, 0.0)
    broken, _ = optim.clip_by_global_norm(st.tensor([1.0, float("nan")]), 1.0)
    assert all(v != v for v in broken.tolist())
    mixed, _ = optim.clip_by_global_norm((st.tensor([3.0]), st.tensor([4.0], dtype=F64)), 1.0)
    assert [x.dtype for x in mixed] == [F32, F64]
    with pytest.raises(ValueError, match=r"^clip_by_global_norm: max_norm=-1.0 should be at least 0$"):
        optim.clip_by_global_norm(st.ones(1), -1.0)


POSITION = (
    "{0} takes options by name, and no model or parameters: write optimizer = optim.{0}(lr=...), "
    "then state = optimizer.init(model)"
)
RATE = "update(..., lr=...) takes a rate that changes"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda o: o.Adam(nn.Linear(3, 2, key=KEY), 1e-3), POSITION.format("Adam")),
        (lambda o: o.AdamW(1e-3), POSITION.format("AdamW")),
        (lambda o: o.SGD([st.ones(3)], lr=0.1), POSITION.format("SGD")),
        (lambda o: o.Adam(lr="a"), "Adam: lr should be a number, not str"),
        (lambda o: o.SGD(lr=[0.1]), "SGD: lr should be a number, not list"),
        (lambda o: o.SGD(lr=st.tensor(0.1)), f"SGD: lr is a tensor, not a number: {RATE}"),
        (lambda o: o.Adam(betas=0.9), "Adam: betas should be two numbers, not 0.9"),
        (lambda o: o.AdamW(betas=(0.9, "b")), "AdamW: betas[1] should be a number, not str"),
    ],
)
def test_options_of_wrong_type(make: Any, text: str) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(text)}$"):
        make(optim)


def test_options_stay_visible() -> None:
    """To help() and editors, and to what copies dataclasses."""
    assert list(inspect.signature(optim.AdamW).parameters) == ["lr", "betas", "eps", "weight_decay"]
    assert dataclasses.replace(optim.AdamW(), lr=0.5) == optim.AdamW(lr=0.5)
    assert pickle.loads(pickle.dumps(optim.SGD(lr=0.5))) == optim.SGD(lr=0.5)


@pytest.mark.parametrize(("name", "state"), [("Adam", "AdamState"), ("AdamW", "AdamState"), ("SGD", "SGDState")])
def test_a_state_that_is_none(name: str, state: str) -> None:
    x, opt = st.tensor(START), getattr(optim, name)()
    for wrong, found in ((None, "None"), ((1, 2), "tuple")):
        text = f"{name}: state is {found}, not {state}: the first one is optimizer.init(model)"
        with pytest.raises(TypeError, match=f"^{re.escape(text)}$"):
            opt.update(x, x, wrong)
    with pytest.raises(TypeError, match=f"^{name}: lr should be a number, not str$"):
        opt.update(x, x, opt.init(x), lr="a")
