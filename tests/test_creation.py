"""Tensors from data and tensors of one value: dtypes, copies, devices, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as hyp
from numpy.typing import NDArray

import shapetensor as st
from shapetensor._core.device import activate, cpu
from shapetensor._core.dtypes import DTYPES
from shapetensor._core.recorder import Recorder, Slot

NATIVE = [d for d in DTYPES if d is not st.BF16]  # NumPy has no bfloat16


def holds(x: Any, dtype: type[st.DType], values: Any) -> None:
    """The tensor has this dtype and, as nested lists, these elements."""
    assert x.dtype is dtype
    assert x.tolist() == values
    assert x.device is cpu()


@pytest.mark.parametrize(
    ("data", "dtype", "values"),
    [
        (1.5, st.F32, 1.5),
        (3, st.I64, 3),
        (True, st.Bool, True),
        ([1, 2], st.I64, [1, 2]),
        ([1, 2.5], st.F32, [1.0, 2.5]),
        ([True, False], st.Bool, [True, False]),
        ([True, 2], st.I64, [1, 2]),
        ([True, 2.5], st.F32, [1.0, 2.5]),
        (((1, 2), (3, 4)), st.I64, [[1, 2], [3, 4]]),
        ([(1.0,), [2.0]], st.F32, [[1.0], [2.0]]),
        ([], st.F32, []),
        ([[], []], st.F32, [[], []]),
        (range(3), st.I64, [0, 1, 2]),
        ([2**62, -(2**63)], st.I64, [2**62, -(2**63)]),
        (np.float64(2.0), st.F32, 2.0),  # a Python float as well
        ([np.float64(2.0), 1], st.F32, [2.0, 1.0]),
        (np.float32(2.0), st.F32, 2.0),
        (np.int8(2), st.I8, 2),
        (np.bool_(True), st.Bool, True),
    ],
)
def test_literals(data: Any, dtype: type[st.DType], values: Any) -> None:
    holds(st.tensor(data), dtype, values)
    holds(st.asarray(data), dtype, values)


@pytest.mark.parametrize("dtype", NATIVE)
def test_numpy_arrays_keep_their_dtype(dtype: type[st.DType]) -> None:
    array = np.array([[0, 1], [2, 3]]).astype(dtype.name)
    for x in (st.tensor(array), st.asarray(array), st.from_numpy(array), st.from_numpy(array, copy=False)):
        holds(x, dtype, array.tolist())
        assert x.numpy().dtype == array.dtype
    holds(st.tensor([array, array]), dtype, [array.tolist()] * 2)


@pytest.mark.parametrize("dtype", DTYPES)
def test_literals_as_every_dtype(dtype: type[st.DType]) -> None:
    values = [[False, True]] if dtype is st.Bool else [[0, 1]]
    for data in ([[0, 1]], [[0.0, 1.0]], [[False, True]]):
        for wanted in (dtype, dtype.name):
            holds(st.tensor(data, dtype=wanted), dtype, values)


def test_doubles_are_not_rounded_to_single_on_the_way() -> None:
    assert st.tensor([0.1], dtype=st.F64).tolist() == [0.1]
    assert st.tensor(0.1, dtype="float64").item() == 0.1
    assert st.tensor([2**53 + 1], dtype=st.I64).tolist() == [2**53 + 1]
    # float32 would round 2**24 + 1, and NumPy's float64 list of mixed ints does not
    assert st.tensor([2**24 + 1, 0.5], dtype=st.F64).tolist() == [2.0**24 + 1, 0.5]


def test_floats_beyond_single_become_inf_without_a_warning() -> None:
    assert st.tensor([1e300, -1e300]).tolist() == [float("inf"), float("-inf")]


@pytest.mark.parametrize(
    ("data", "dtype", "text"),
    [
        ([300], st.U8, "tensor: 300 is out of range for U8 (0 to 255)"),
        ([1, -1], st.U32, "tensor: -1 is out of range for U32 (0 to 4294967295)"),
        (2**31, st.I32, "tensor: 2147483648 is out of range for I32 (-2147483648 to 2147483647)"),
        ([2**63], None, f"tensor: {2**63} is out of range for I64 ({-(2**63)} to {2**63 - 1})"),
        ([2**63, -1], None, f"tensor: {2**63} is out of range for I64 ({-(2**63)} to {2**63 - 1})"),
        ([1, -(2**70)], None, f"tensor: {-(2**70)} is out of range for I64 ({-(2**63)} to {2**63 - 1})"),
    ],
)
def test_python_ints_outside_of_the_range(data: Any, dtype: type[st.DType] | None, text: str) -> None:
    with pytest.raises(OverflowError) as caught:
        st.tensor(data, dtype=dtype)
    assert str(caught.value) == text


def test_large_ints_as_floats() -> None:
    holds(st.tensor([2**63, 2**70], dtype=st.F64), st.F64, [2.0**63, 2.0**70])
    holds(st.tensor([2**70, 0.5]), st.F32, [2.0**70, 0.5])


@given(hyp.lists(hyp.integers(-(2**80), 2**80), min_size=1, max_size=4))
def test_ints_are_exact_or_refused(values: list[int]) -> None:
    if all(-(2**63) <= v < 2**63 for v in values):
        assert st.tensor(values).tolist() == values
    else:
        with pytest.raises(OverflowError):
            st.tensor(values)


@pytest.mark.parametrize("data", [[[1], [2, 3]], [[1.0], [2.0, 3.0]], [1, [2]]])
def test_ragged_lists(data: Any) -> None:
    with pytest.raises(st.ShapeError, match=r"^tensor: the lists do not nest to one shape: "):
        st.tensor(data)


@pytest.mark.parametrize("data", ["abc", ["a"], [1.0, "a"], [None], None, 1j, [1.0, 1j], {1: 2}, np.array(["a"])])
def test_what_no_tensor_can_hold(data: Any) -> None:
    with pytest.raises(st.DTypeError, match="has no tensor"):
        st.tensor(data)


@pytest.mark.parametrize("kind", [">i4", "u8", "u2", "c8", "M8[s]", "U1"])
def test_arrays_of_other_dtypes(kind: str) -> None:
    array = np.zeros(2, np.dtype(kind))
    for make in (st.tensor, st.from_numpy):
        with pytest.raises(st.DTypeError, match=r"^NumPy dtype .* has no tensor: use array\.astype"):
            make(array)


def test_a_tensor_is_returned_as_it_is() -> None:
    x = st.ones(2)
    assert st.tensor(x) is x
    assert st.asarray(x) is x
    assert st.tensor(x, dtype=st.F32, device="cpu") is x
    holds(st.tensor(x, dtype=st.I32), st.I32, [1, 1])


def test_a_traced_tensor_stays_on_its_tape() -> None:
    x = st.ones(2).traced()
    assert st.asarray(x, dtype=st.F64).sum().backward(wrt=x)[x].tolist() == [1.0, 1.0]


def test_lists_of_tensors_name_stack() -> None:
    x = st.ones(2)
    for data in ([x, x], [[1.0], [x]], (x,)):
        with pytest.raises(TypeError, match=r"^tensor: the list holds tensors: use st\.stack\(\.\.\.\)"):
            st.tensor(data)


def test_data_is_copied() -> None:
    array = np.zeros(3)
    made = [st.tensor(array), st.asarray(array), st.from_numpy(array), st.tensor([array])]
    array[0] = 1.0
    assert all(x.sum().item() == 0.0 for x in made)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4),
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        np.arange(12.0).reshape(3, 4).T,
        np.arange(24.0).reshape(4, 6)[::2, 1::3],
        np.broadcast_to(np.arange(4.0), (3, 4)),
        np.arange(12, dtype=np.float16).reshape(3, 4)[1:],
        np.array(5.0),
    ],
)
@pytest.mark.parametrize("writeable", [True, False])
def test_shared_memory(array: NDArray[Any], writeable: bool) -> None:
    if not writeable:
        array = array.view()
        array.flags.writeable = False
    x = st.from_numpy(array, copy=False)
    assert np.shares_memory(x.numpy(), array)
    np.testing.assert_array_equal(x.numpy(), array)
    if x.dtype.computes:
        np.testing.assert_array_equal((x + 1.0).numpy(), array + 1.0)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(4.0)[::-1],
        np.zeros((0, 3)),
        np.frombuffer(b"\0" * 17, np.uint8)[1:].view(np.float64),  # not aligned
    ],
)
def test_memory_that_kernels_cannot_walk_is_copied(array: NDArray[Any]) -> None:
    x = st.from_numpy(array, copy=False)
    assert not np.shares_memory(x.numpy(), array)
    np.testing.assert_array_equal(x.numpy(), array)


def test_shared_memory_outlives_the_array() -> None:
    array = np.arange(1000.0)
    x = st.from_numpy(array, copy=False)
    del array
    filler = [np.zeros(1000) for _ in range(10)]
    assert x.sum().item() == 499500.0
    del filler


@pytest.mark.parametrize("data", [[1.0], 1.0, np.float64(1.0), "a"])
def test_from_numpy_takes_arrays_only(data: Any) -> None:
    with pytest.raises(TypeError, match=r"^from_numpy takes a NumPy array, not .*: use st\.tensor\(data\)$"):
        st.from_numpy(data)


def test_from_numpy_refuses_tensors() -> None:
    with pytest.raises(TypeError, match="not Tensor"):
        st.from_numpy(st.ones(2))  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (2, 0)])
def test_filled(dtype: type[st.DType], shape: tuple[int, ...]) -> None:
    for x, value in (
        (st.zeros(shape, dtype=dtype), 0),
        (st.ones(shape, dtype=dtype), 1),
        (st.full(shape, 1, dtype=dtype), 1),
        (st.full(shape, True, dtype=dtype.name), 1),
    ):
        assert x.shape == shape
        assert x.dtype is dtype
        np.testing.assert_array_equal(x.astype(st.F64).numpy(), np.full(shape, value))


def test_the_default_dtype_is_single_whatever_the_value() -> None:
    assert [x.dtype for x in (st.zeros(2), st.ones(2), st.full(2, 3), st.full(2, True))] == [st.F32] * 4


def test_an_int_is_a_shape() -> None:
    assert st.zeros(3).shape == st.ones(3).shape == st.full(3, 1.0).shape == (3,)
    assert st.zeros(np.int64(3)).shape == (3,)  # type: ignore[call-overload]
    assert st.zeros([2, 3]).shape == (2, 3)


def test_wrong_shapes() -> None:
    for make in (st.zeros, st.ones):
        with pytest.raises(st.ShapeError, match=rf"^{make.__name__}: \(2, -1\) has a negative size$"):
            make((2, -1))
    with pytest.raises(st.ShapeError, match=r"^full: \(-1,\) has a negative size$"):
        st.full(-1, 0.0)
    with pytest.raises(st.ShapeError, match=r"^a shape is made of ints, not \(2\.5,\)$"):
        st.zeros(2.5)  # type: ignore[call-overload]


def test_wrong_values() -> None:
    with pytest.raises(OverflowError, match=r"^full: 300 is out of range for U8 \(0 to 255\)$"):
        st.full(2, 300, dtype=st.U8)
    with pytest.raises(st.DTypeError, match=r"^full: the value is a tensor, .*: write x\.broadcast_to\(\(2,\)\)$"):
        st.full(2, st.ones(()))  # type: ignore[call-overload]
    with pytest.raises(st.DTypeError, match=r"^full: str is not a Tensor"):
        st.full(2, "a")  # type: ignore[call-overload]


@pytest.mark.parametrize("dtype", ["complex64", "float", "F32", complex])
def test_wrong_dtypes(dtype: Any) -> None:
    with pytest.raises(st.DTypeError, match="is not a dtype of shapetensor: use one of Bool, U8, I8, I32"):
        st.zeros(2, dtype=dtype)


@pytest.mark.parametrize(
    ("given", "dtype"), [(float, st.F32), (int, st.I64), (bool, st.Bool), (np.float64, st.F64), ("bool", st.Bool)]
)
def test_dtypes_by_other_names(given: Any, dtype: type[st.DType]) -> None:
    assert st.zeros(2, dtype=given).dtype is dtype


def test_too_large_names_the_bytes() -> None:
    for shape, size in (((2**20, 2**20), 2**42), ((2**40, 2**40), 2**82)):
        with pytest.raises(
            MemoryError, match=f"^cannot allocate {size:,} bytes for {size // 4:,} elements of float32$"
        ):
            st.zeros(shape)


def test_like() -> None:
    x = st.tensor([[1, 2], [3, 4]])
    holds(st.zeros_like(x), st.I64, [[0, 0], [0, 0]])
    holds(st.ones_like(x), st.I64, [[1, 1], [1, 1]])
    holds(st.full_like(x, 7), st.I64, [[7, 7], [7, 7]])
    holds(st.full_like(x.mT, 0.5, dtype="float64", device="cpu"), st.F64, [[0.5, 0.5], [0.5, 0.5]])
    for make in (st.zeros_like, st.ones_like):
        with pytest.raises(st.DTypeError, match=rf"^{make.__name__}: numpy\.ndarray is not a Tensor"):
            make(np.ones(2))  # type: ignore[arg-type]


def test_devices() -> None:
    assert st.zeros(2, device="cpu").device is cpu()
    assert st.zeros(2, device=cpu()).device is cpu()
    assert st.tensor([1.0], device=cpu()).device is cpu()
    with pytest.raises(st.DeviceError, match=r"^there is no device 'gpu': this version has 'cpu' and 'cuda:0', "):
        st.zeros(2, device="gpu")
    with pytest.raises(st.DeviceError, match=r"^3 is not a device"):
        st.tensor([1.0], device=3)


def test_creation_while_recording() -> None:
    recorder = Recorder()
    with activate(recorder):
        x = st.zeros(3)
        assert x.device is recorder
        assert isinstance(x._buffer, Slot)
        assert st.ones_like(x).device is recorder
        assert st.zeros(3, device="cpu").device is cpu()
        constant = st.tensor([1.0, 2.0, 3.0])
        assert constant.device is cpu()
        assert (x + constant).device is recorder  # lifted when used
        lifted = st.tensor([1.0, 2.0, 3.0], device=recorder)
        assert lifted.device is recorder
    recording = recorder.close()
    assert [call.op.name for call, _, _ in recording.instructions] == ["full", "full", "add"]
    assert len(recording.constants) == 2


@pytest.mark.parametrize(
    "arguments",
    [(5,), (0,), (-3,), (2, 7), (7, 2), (2, 9, 3), (9, 2, -3), (2.5,), (0.0, 1.0, 0.1), (1, 0, -0.3), (0, 1, 0.25)],
    ids=str,
)
def test_arange_as_numpy(arguments: tuple[Any, ...]) -> None:
    found, want = st.arange(*arguments), np.arange(*arguments)
    assert found.dtype is (st.I64 if want.dtype == np.int64 else st.F32)
    np.testing.assert_allclose(found.numpy(), want, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(st.arange(*arguments, dtype=st.F64).numpy(), np.arange(*arguments, dtype=float), 1e-14)


@pytest.mark.parametrize("dtype", [d for d in DTYPES if d is not st.Bool])
def test_arange_of_every_dtype(dtype: type[st.DType]) -> None:
    x = st.arange(1, 8, 3, dtype=dtype)
    assert (x.dtype, x.tolist()) == (dtype, [1, 4, 7])
    assert st.arange(3, 0, -1, dtype=dtype).tolist() == [3, 2, 1]


def test_arange_refuses() -> None:
    text = "arange: the step from 0 to 3 is 0"
    with pytest.raises(ValueError, match=f"^{text}$"):
        st.arange(0, 3, 0)
    with pytest.raises(ValueError, match=r"^arange: \(0, inf, 1\) are not all finite$"):
        st.arange(float("inf"))
    with pytest.raises(OverflowError, match=r"^arange: 256 is out of range for U8 \(0 to 255\)$"):
        st.arange(257, dtype=st.U8)
    with pytest.raises(st.DTypeError, match=r"^arange: .* are not all Python numbers"):
        st.arange(st.tensor(3))  # type: ignore[arg-type]
    with pytest.raises(st.DTypeError, match=r"^linspace: I64 has no fractions"):
        st.linspace(0, 1, 3, dtype=st.I64)


@pytest.mark.parametrize("arguments", [(0.0, 1.0, 7), (3.0, -1.0, 4), (0.0, 1.0, 1), (0.0, 1.0, 0), (0.1, 0.7, 1000)])
@pytest.mark.parametrize("endpoint", [True, False])
def test_linspace_as_numpy(arguments: tuple[Any, ...], endpoint: bool) -> None:
    start, stop, count = arguments
    want = np.linspace(start, stop, count, endpoint=endpoint)
    found = st.linspace(*arguments, endpoint=endpoint, dtype=st.F64).numpy()
    np.testing.assert_allclose(found, want, 1e-15, 1e-15)
    single = st.linspace(*arguments, endpoint=endpoint)
    assert single.dtype is st.F32
    np.testing.assert_array_equal(single.numpy(), found.astype(np.float32))
    if endpoint and len(want) > 1:
        assert (found[0], found[-1]) == arguments[:2]


@pytest.mark.parametrize("k", [-5, -1, 0, 1, 5])
@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (0, 2), (1, 1)])
def test_diagonals_as_numpy(shape: tuple[int, int], k: int) -> None:
    np.testing.assert_array_equal(st.eye(*shape, k=k, dtype=st.I64).numpy(), np.eye(*shape, k=k, dtype=np.int64))
    array = np.full((2, *shape), np.inf)
    x = st.from_numpy(array)
    np.testing.assert_array_equal(st.tril(x, k=k).numpy(), np.tril(array, k))
    np.testing.assert_array_equal(st.triu(x, k=k).numpy(), np.triu(array, k))
    assert st.tril(x.astype(st.I32)).dtype is st.I32


def test_numbers_in_a_program() -> None:
    f = st.compile(lambda x: st.tril(x) + st.arange(2) * st.eye(2) + st.linspace(0.0, 1.0, 2))
    assert f(st.ones((2, 2))).tolist() == [[1.0, 1.0], [1.0, 3.0]]
