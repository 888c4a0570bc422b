"""What users do on a CUDA device, and every kernel there: with `--runner=sim` or `--runner=device`."""

from __future__ import annotations

import gc
import pickle
import threading
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shapetensor as st
from shapetensor import nn

if find_spec("numba_cuda") is None:
    pytest.skip('CUDA devices need pip install "shapetensor[cuda]"', allow_module_level=True)

from shapetensor._core.kernels.cuda import compat
from shapetensor._core.kernels.cuda.kernel import Kernel
from shapetensor._core.kernels.cuda.registry import kernels
from shapetensor._core.pytree import leaves_of, tree_map
from tests.cuda.calls import all_calls, run
from tests.ops.reference import assert_same, to_numpy

pytestmark = pytest.mark.runner


@pytest.fixture(scope="module")
def device() -> st.Cuda:
    return st.Cuda(0)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The names of the kernels that are started."""
    names: set[str] = set()
    start = Kernel._start

    def noted(self: Kernel, *args: Any) -> Callable[..., None]:
        launch = start(self, *args)

        def launched(*operands: Any) -> None:
            names.add(self.name)
            launch(*operands)

        return launched

    monkeypatch.setattr(Kernel, "_start", noted)
    st.clear_caches()  # of launches that are prepared
    yield names
    st.clear_caches()


def test_every_kernel_gives_what_the_cpu_gives(device: st.Cuda, started: set[str]) -> None:
    """All of the registry is run, and nothing that is not in it, with arguments of the types that are compiled."""
    for name, op, xs, attrs in all_calls():
        want = run(op, xs, attrs)
        for got, here in zip(run(op, xs, attrs, device), want, strict=True):
            assert got.device is device
            assert_same(got.to("cpu"), to_numpy(here), name, exact=not here.dtype.computes)
    registered = [kernel.name for kernel in kernels()]
    assert len(set(registered)) == len(registered)
    assert sorted(set(registered) - started) == []
    assert started <= set(registered)


# --- training ---------------------------------------------------------------------------------------------------------


def digits(device: Any) -> tuple[Any, Any, list[Any]]:
    """A model, the state of its optimizer, and four small batches of digits."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    hidden = nn.Linear(64, 12, key=st.random.key(0))
    model = nn.Sequential(hidden, nn.ReLU(), nn.Linear(12, 10, key=st.random.key(1))).to(device)
    batches = []
    for i in range(0, 32, 8):
        x = st.from_numpy((images[i : i + 8] / 16).astype(np.float32))
        batches.append(st.to_device((x, st.from_numpy(labels[i : i + 8])), device))
    return model, st.optim.Adam(lr=0.01).init(model), batches


def loss_of(model: Any, x: Any, y: Any) -> Any:
    return st.losses.cross_entropy(model(x), y)


def step(model: Any, state: Any, batches: Any) -> Any:
    """One step of Adam on gradients that are added up over several batches."""
    total: Any = None
    for x, y in batches:
        gradients = st.grad(loss_of)(model, x, y)
        total = gradients if total is None else tree_map(lambda a, b: a + b, total, gradients)
    return st.optim.Adam(lr=0.01).update(model, total, state)


def trained(device: Any, one: Any) -> list[Any]:
    model, state, batches = digits(device)
    for pair in (batches[:2], batches[2:]):
        model, state = one(model, state, pair)
    return [x.to("cpu").numpy() for x in leaves_of((model, state))]


@pytest.mark.parametrize("make", [lambda f: f, st.compile, lambda f: st.compile(f, donate_argnums=(0, 1))])
def test_two_steps_of_training_equal_those_on_the_cpu(device: st.Cuda, make: Any) -> None:
    """Backward, accumulation and Adam: run one by one, replayed as a Program, and with the model donated to it."""
    for got, want in zip(trained(device, make(step)), trained("cpu", step), strict=True):
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-5)


def test_sgd_with_momentum_equals_that_on_the_cpu(device: st.Cuda) -> None:
    found = []
    for where in ("cpu", device):
        model, _, batches = digits(where)
        optimizer = st.optim.SGD(lr=0.1, momentum=0.9, weight_decay=0.01)
        state = optimizer.init(model)
        for x, y in batches[:2]:
            model, state = optimizer.update(model, st.grad(loss_of)(model, x, y), state)
        found.append([p.to("cpu").numpy() for p in model.parameters()])
    for want, got in zip(*found, strict=True):
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-5)


def test_a_program_runs_the_kernels_of_its_device(device: st.Cuda) -> None:
    weights = st.tensor([0.5, -1.0, 2.0])

    def f(x: Any, w: Any) -> Any:
        y = st.softmax(x @ w.mT + st.ones(2))
        return y, y[:, ::-1], x[1:], st.full((2,), 3.0)

    compiled = st.compile(f)
    x, w = st.tensor([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]]), st.tensor([[1.0, 0.0, 2.0], [3.0, 1.0, 0.0]]) * weights
    for _ in range(3):
        outs = compiled(*st.to_device((x, w), device))
        for got, want in zip(outs, f(x, w), strict=True):
            assert got.device is device
            np.testing.assert_allclose(got.to("cpu").numpy(), want.numpy(), rtol=1e-6)
    assert [p.device for p in compiled.programs] == [device]
    compiled(x, w)
    assert [p.device.name for p in compiled.programs] == ["cuda:0", "cpu"]


def test_the_results_of_a_program_outlive_its_next_call(device: st.Cuda) -> None:
    double = st.compile(lambda x: (x + x).reshape((2, 1))[1:])
    first = double(st.tensor([1.0, 2.0]).to(device))
    del_later = double(st.tensor([5.0, 6.0]).to(device))
    assert (first.tolist(), del_later.tolist()) == ([[4.0]], [[12.0]])


def test_tensors_of_another_device_are_refused(device: st.Cuda) -> None:
    here, there = st.ones(2), st.ones(2, device=device)
    with pytest.raises(st.DeviceError) as caught:
        st.maximum(here, there)
    assert str(caught.value) == "maximum: operands are on cpu and on cuda:0: move them with x.to(...)"
    compiled = st.compile(lambda x: x + here)
    with pytest.raises(st.DeviceError) as caught:
        compiled(there)
    assert str(caught.value) == (
        "<lambda>: an argument is on cuda:0, a tensor that the function reads from outside on cpu: "
        "move them with x.to(...)"
    )
    with pytest.raises(st.DeviceError, match="an argument is on cpu"):
        st.compile(lambda x, y: (x, y))(here, there)
    assert compiled(here).tolist() == [2.0, 2.0]


def test_ops_without_a_kernel_are_refused(device: st.Cuda) -> None:
    x = st.ones(2, device=device)
    with pytest.raises(st.DeviceError) as caught:
        st.sort(x)
    assert str(caught.value) == "sort: there is no CUDA kernel for this op: compute it on the CPU, x.to('cpu')"
    with pytest.raises(st.DeviceError) as caught:
        x.astype(st.F16)
    text = "astype: there is no CUDA kernel for F32 and F16: convert on the CPU, x.to('cpu').astype(...)"
    assert str(caught.value) == text


# --- moving -----------------------------------------------------------------------------------------------------------


def test_there_and_back(device: st.Cuda) -> None:
    for dtype in (st.F32, st.F64, st.I64, st.U8, st.Bool, st.F16, st.BF16):
        x = st.tensor([[0.0, 1.0], [2.0, 3.0]]).astype(dtype)
        for y in (x, x.mT, x[1:, ::2]):
            moved = y.to(device)
            assert moved.device is device
            assert moved.to(device) is moved
            assert to_numpy(moved.to("cpu")).tolist() == to_numpy(y).tolist()
            assert moved.tolist() == y.tolist()
    assert st.zeros((0, 3)).to("cuda").to("cpu").shape == (0, 3)
    assert st.tensor(1.5, device="cuda:0").item() == 1.5
    assert st.asarray(np.arange(3), device="cuda").tolist() == [0, 1, 2]


def test_it_is_one_object(device: st.Cuda) -> None:
    assert st.Cuda(0) is st.Cuda() is device is st.ones(1, device="cuda").device
    assert repr(device) == device.name == "cuda:0"
    assert pickle.loads(pickle.dumps(device)) is device
    with pytest.raises(st.DeviceError, match="cuda:99: there is no such device: this machine has cuda:0"):
        st.ones(1).to("cuda:99")


def test_gradients_flow_back_to_where_a_tensor_came_from(device: st.Cuda) -> None:
    def f(x: Any) -> Any:
        return (x.to(device) ** 2.0).sum().to("cpu")

    x = st.tensor([1.0, 2.0])
    value, gradient = st.value_and_grad(f)(x)
    assert (value.item(), gradient.tolist(), gradient.device) == (5.0, [2.0, 4.0], x.device)
    assert st.jvp(f, (x,), (st.ones(2),))[1].item() == 6.0
    assert st.grad(lambda v: st.grad(f)(v).sum())(x).tolist() == [2.0, 2.0]


def test_functions_that_are_transformed_move_nothing(device: st.Cuda) -> None:
    x = st.ones(2, device=device)
    assert st.compile(lambda v: v.to(device) + 1.0)(x).tolist() == [2.0, 2.0]
    for transformed in (st.compile(lambda v: v.to("cpu")), st.vmap(lambda v: v.to("cpu"))):
        with pytest.raises(st.CompileError, match="a compiled or mapped function cannot move tensors to cpu"):
            transformed(x)
    assert st.vmap(lambda v: v.to(device) * 2.0)(x).tolist() == [2.0, 2.0]


def test_what_looks_at_elements(device: st.Cuda, tmp_path: Path) -> None:
    x = st.tensor([[1.0, 2.0], [3.0, 4.0]], device=device)
    assert repr(x) == "Tensor[F32, 2, 2]([[1., 2.],\n                   [3., 4.]]) on cuda:0"
    assert repr(x.traced()) == repr(x).replace("])", "], traced)")
    assert "<td>4.</td>" in x._repr_html_()
    assert [float(v) for v in x[0]] == [1.0, 2.0]
    assert bool((x > 0).all())
    assert f"{x.sum():.1f}" == "10.0"
    assert pickle.loads(pickle.dumps(x)).tolist() == x.tolist()
    st.io.save_file({"x": x, "half": x.astype(st.F64)}, tmp_path / "x.safetensors")
    assert st.io.load_file(tmp_path / "x.safetensors")["x"].tolist() == x.tolist()
    st.testing.assert_close(x, st.tensor([[1.0, 2.0], [3.0, 4.0]]))
    st.io.save_checkpoint(tmp_path / "run.safetensors", {"x": x})
    assert st.io.load_checkpoint(tmp_path / "run.safetensors", {"x": x})["x"].device is device
    layer = nn.Linear(2, 2, key=st.random.key(0)).to(device)
    assert layer.load_state_dict({"weight": st.ones((2, 2)), "bias": st.ones(2)}).weight.device is device
    for look in (x.numpy, lambda: np.asarray(x), x.__dlpack__):
        with pytest.raises(st.DeviceError) as caught:
            look()
        text = "the tensor is on cuda:0, where NumPy cannot see it: write x.to('cpu').numpy()"
        assert str(caught.value) == text


def test_random_numbers_are_those_of_the_cpu(device: st.Cuda) -> None:
    here, there = st.random.key(7), st.random.key(7, device=device)
    assert st.random.uniform(there, (9,)).tolist() == st.random.uniform(here, (9,)).tolist()
    assert st.random.split(there, 3).tolist() == st.random.split(here, 3).tolist()
    want, got = (st.random.normal(k, (4001,)).to("cpu").numpy() for k in (here, there))
    np.testing.assert_allclose(got, want, rtol=2e-6, atol=2e-6)
    assert nn.Linear(3, 2, key=there).weight.device is device


# --- errors and memory ------------------------------------------------------------------------------------------------


def test_a_bad_index_is_reported_when_somebody_waits(device: st.Cuda) -> None:
    x = st.ones((3, 2), device=device)
    for bad in (3, -4):
        taken = st.take(x, st.tensor([0, bad], device=device), axis=0)
        more = taken + 1.0  # nothing is known yet
        with pytest.raises(IndexError) as caught:
            more.to("cpu")
        assert str(caught.value) == f"take: index {bad} is out of range for axis 0 of size 3"
        assert st.take(x, st.tensor([2, -3], device=device), axis=0).tolist() == [[1.0, 1.0], [1.0, 1.0]]
    st.losses.cross_entropy(x, st.tensor([0, 1, 2], device=device))
    with pytest.raises(IndexError, match="cross_entropy: label 2 of row 2 is no class of 0 to 1"):
        device.synchronize()
    device.synchronize()
    program = st.compile(lambda v, i: st.take(v, i, axis=0))
    for _ in range(2):
        with pytest.raises(IndexError, match="index 5 is out of range"):
            program(x, st.tensor([5], device=device)).tolist()
        assert program(x, st.tensor([1], device=device)).tolist() == [[1.0, 1.0]]


def test_no_call_loses_its_error_to_another(device: st.Cuda) -> None:
    for bad in (7, 9):
        st.take(st.ones(bad, device=device), st.tensor([bad], device=device), axis=0)
    for bad in (7, 9):
        with pytest.raises(IndexError, match=f"index {bad} is out of range"):
            device.synchronize()
    device.synchronize()


def test_a_thread_that_never_used_a_device_reads_from_it(device: st.Cuda) -> None:
    x = st.tensor([1.0, 2.0], device=device)
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.extend((x.tolist(), (x + x).tolist())))
    thread.start()
    thread.join()
    assert found == [[1.0, 2.0], [2.0, 4.0]]


def test_numbers_beyond_the_range_of_floats_are_infinite(device: st.Cuda) -> None:
    assert (st.ones(1, device=device) * 1e39).item() == float("inf")
    with warnings.catch_warnings():  # which the simulator's arithmetic gives, and this must not
        warnings.simplefilter("error")
        device.constant(2e39, st.F32)


def test_what_other_libraries_read(device: st.Cuda, monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator has no addresses."""
    x = st.ones((2, 3), device=device)
    if compat.SIMULATED:
        monkeypatch.setattr(compat, "pointer", lambda buffer: 4096)
        monkeypatch.setattr(compat, "stream_number", lambda stream: 7)
    found = x.mT.__cuda_array_interface__
    assert {k: found[k] for k in ("shape", "typestr", "strides", "version")} == {
        "shape": (3, 2),
        "typestr": "<f4",
        "strides": (4, 12),
        "version": 3,
    }
    assert (found["data"][0] > 0, found["data"][1], found["stream"] > 2) == (True, False, True)
    assert x.__cuda_array_interface__["strides"] is None
    memory = id(x._buffer)
    del x
    assert id(st.zeros((2, 3), device=device)._buffer) != memory  # somebody may read there still
    with pytest.raises(AttributeError, match="no bfloat16"):
        _ = st.ones(2).astype(st.BF16).to(device).__cuda_array_interface__


def test_memory_is_used_again_and_no_more_of_it(device: st.Cuda) -> None:
    model, state, batches = digits(device)
    for _ in range(2):
        model, state = step(model, state, batches[:1])
    gc.collect()
    before = device.pool.allocated
    gc.disable()
    try:
        for _ in range(3):
            model, state = step(model, state, batches[:1])
    finally:
        gc.enable()
    assert device.pool.allocated == before


def test_memory_that_somebody_sees_is_not_used_again(device: st.Cuda) -> None:
    x = st.tensor([1.0, 2.0, 3.0], device=device)
    part = x[1:]
    kept = x.expand_dims(0)
    del x
    for i in range(4):
        st.full((3,), float(i), device=device)
    assert (part.tolist(), kept.tolist()) == ([2.0, 3.0], [[1.0, 2.0, 3.0]])


def test_donated_memory_must_be_nobody_elses(device: st.Cuda) -> None:
    update = st.compile(lambda w: w * 2.0, donate_argnums=0)
    w = st.ones(3, device=device)
    part = w[1:]
    with pytest.raises(ValueError, match="sees its memory"):
        update(w)
    del part
    assert update(w).tolist() == [2.0, 2.0, 2.0]
    with pytest.raises(RuntimeError, match="was donated"):
        w + 1.0


def test_large_sums_are_exact_enough(device: st.Cuda) -> None:
    x = np.random.default_rng(0).random(40_000).astype(np.float32)
    got = st.from_numpy(x).to(device).sum().item()
    assert abs(got - float(np.sum(x, dtype=np.float64))) < 1e-6 * got
