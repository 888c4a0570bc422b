"""What a user of NumPy or torch expects of a tensor, and where it differs on purpose: ARCHITECTURE, "Semantics"."""

from __future__ import annotations

import copy
import math
import operator
import pickle
import re
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import shapetensor as st
from shapetensor._core.device import activate
from shapetensor._core.dtypes import DTYPES
from shapetensor._core.recorder import Recorder
from shapetensor.tensor import AnyTensor

NAN, INF = math.nan, math.inf
M = st.tensor([[1.0, 2.0], [3.0, 4.0]])
V = st.tensor([1, 2, 3])
SCALAR = st.tensor(2.5)
EMPTY = st.zeros((0, 3))
FLAGS = st.tensor([True, False])


def raises(error: type[Exception], text: str) -> Any:
    """The error with exactly this text."""
    return pytest.raises(error, match=f"^{re.escape(text)}$")


# --- the object -------------------------------------------------------------------------------------------------------


def test_attributes() -> None:
    assert (M.shape, M.dtype, M.ndim, M.size, M.nbytes) == ((2, 2), st.F32, 2, 4, 16)
    assert (EMPTY.size, EMPTY.nbytes, SCALAR.shape, SCALAR.size, SCALAR.ndim) == (0, 0, (), 1, 0)
    assert M.dtype is st.float32
    assert repr(M.device) == "cpu"
    assert isinstance(M, st.Tensor)


@pytest.mark.parametrize("arguments", [(), ([1.0],), (M,)])
def test_the_class_is_not_called(arguments: tuple[Any, ...]) -> None:
    with raises(TypeError, "Tensor is not called: use st.tensor(data), st.zeros(shape) or st.from_numpy(array)"):
        st.Tensor(*arguments)


def test_copies_are_the_tensor_itself() -> None:
    assert copy.copy(M) is M
    assert copy.deepcopy(M) is M
    assert copy.deepcopy([M, M])[1] is M


@pytest.mark.parametrize("dtype", DTYPES)
def test_pickle(dtype: type[st.DType]) -> None:
    for x in (st.tensor([[0, 1, 1]], dtype=dtype).mT, st.zeros((2, 0), dtype=dtype), st.ones((), dtype=dtype)):
        y = pickle.loads(pickle.dumps(x))
        assert (y.dtype, y.shape, y.tolist()) == (x.dtype, x.shape, x.tolist())


def test_immutable() -> None:
    x: Any = st.ones(2)
    text = "tensors are immutable: for a changed copy use x.at[key].set(value), or st.where(condition, value, x)"
    with raises(TypeError, text):
        x[0] = 1.0
    with raises(TypeError, "tensors are immutable: use slices and st.concat for one with fewer elements"):
        del x[0]
    for name in ("shape", "dtype", "anything"):
        with pytest.raises(AttributeError):
            setattr(x, name, 1)
    with pytest.raises(ValueError, match="read-only"):
        x.numpy()[0] = 1.0
    y = x
    y += 1.0  # a new tensor under the old name
    assert (x.tolist(), y.tolist()) == ([1.0, 1.0], [2.0, 2.0])


def test_transposes() -> None:
    assert M.T.tolist() == M.mT.tolist() == [[1.0, 3.0], [2.0, 4.0]]
    assert st.ones((2, 3, 4)).mT.shape == (2, 4, 3)
    with raises(st.ShapeError, "T: (2, 3, 4) has 3 axes, not 2: use x.mT or x.permute_dims(...)"):
        _ = st.ones((2, 3, 4)).T
    with raises(st.ShapeError, "T: (3,) has 1 axes, not 2: use x.mT or x.permute_dims(...)"):
        _ = V.T
    with raises(st.ShapeError, "matrix_transpose: (3,) has no last two axes to swap: it needs at least 2 axes"):
        _ = V.mT


# --- Python numbers out of tensors ------------------------------------------------------------------------------------


def test_numbers_of_one_element() -> None:
    assert (bool(SCALAR), int(SCALAR), float(SCALAR), SCALAR.item(), complex(SCALAR)) == (True, 2, 2.5, 2.5, 2.5)
    assert st.ones((1, 1)).item() == 1.0
    assert type(st.tensor(3).item()) is int
    assert type(st.tensor(True).item()) is bool
    assert st.tensor(1.5, dtype=st.BF16).item() == st.tensor(1.5, dtype=st.F16).item() == 1.5
    assert [10, 20, 30][st.tensor(1)] == 20
    assert len(range(st.tensor(3))) == 3


@pytest.mark.parametrize("convert", [int, float, operator.methodcaller("item")])
def test_numbers_of_several_elements(convert: Callable[[Any], Any]) -> None:
    with raises(st.ShapeError, "item: a tensor of shape (3,) has 3 elements, not 1"):
        convert(V)
    with raises(st.ShapeError, "item: a tensor of shape (0, 3) has 0 elements, not 1"):
        convert(EMPTY)


def test_truth_of_several_elements() -> None:
    text = "bool: a tensor of shape (3,) has 3 elements, not 1: write x.any() or x.all(), and & | ~ for and, or, not"
    with raises(st.ShapeError, text):
        bool(V)
    with raises(st.ShapeError, text):
        _ = (V > 1) and (V < 3)
    with pytest.raises(st.ShapeError, match=r"^bool: a tensor of shape \(0, 3\) has 0 elements"):
        bool(EMPTY)


def test_only_integers_are_indices_of_lists() -> None:
    with raises(TypeError, "a tensor of F32 is not an index: use an integer tensor"):
        [10, 20, 30][SCALAR]
    with raises(TypeError, "a tensor of Bool is not an index: use an integer tensor"):
        range(st.tensor(True))


@pytest.mark.parametrize("look", [bool, int, float, str.format, np.asarray, operator.methodcaller("tolist")])
def test_no_value_while_recording(look: Callable[[Any], Any]) -> None:
    with activate(Recorder()):
        x = st.zeros(())
        assert repr(x) == "Tensor[F32] on recorder"
        with pytest.raises(st.CompileError, match=r"^a tensor on recorder has no value to look at while"):
            look(x) if look is not str.format else f"{x:.1f}"


# --- comparison, hashing, iteration -----------------------------------------------------------------------------------


def test_equality_is_elementwise() -> None:
    assert (V == V).tolist() == [True, True, True]
    assert (V != 2).tolist() == [True, False, True]
    assert (st.tensor([[1.0], [3.0]]) == V).tolist() == [[True, False, False], [False, False, True]]
    for other in (None, "a", [1, 2, 3], np.ones(3)):
        with pytest.raises(st.DTypeError, match=r"^equal: .* is not a Tensor: convert it with st\.tensor"):
            _ = other == V


def test_no_hash() -> None:
    assert st.Tensor.__hash__ is None
    with pytest.raises(TypeError, match="unhashable"):
        hash(V)


def test_no_membership() -> None:
    with pytest.raises(TypeError, match=r"^`in` is not defined for tensors"):
        _ = 1 in V


def test_iteration_over_the_first_axis() -> None:
    assert [row.tolist() for row in M] == [[1.0, 2.0], [3.0, 4.0]]
    _, second = M
    assert second.tolist() == [3.0, 4.0]
    assert len(V) == 3
    assert (list(EMPTY), len(EMPTY)) == ([], 0)
    assert [x.item() for x in reversed(V)] == [3, 2, 1]
    with raises(TypeError, "iteration over a 0-d tensor"):
        iter(SCALAR)
    with raises(TypeError, "len() of a 0-d tensor"):
        len(SCALAR)


# --- NumPy beside tensors ---------------------------------------------------------------------------------------------


def test_numpy_scalars_are_weak() -> None:
    twos: list[Any] = [np.float32(2), np.float64(2), np.int64(2), np.float16(2)]
    for two in twos:
        for x in (two * M, M * two):
            assert x.dtype is st.F32
            assert x.tolist() == [[2.0, 4.0], [6.0, 8.0]]
    double, true = np.float64(2), np.bool_(True)
    small: Any = np.int8(2)
    assert (V + double).dtype is st.F32
    assert (V + small).dtype is st.I64
    assert operator.add(true, V).tolist() == [2, 3, 4]


def test_numpy_functions_refuse_tensors() -> None:
    calls: list[Callable[[], Any]] = [lambda: np.add(V, 1), lambda: np.exp(M), lambda: np.matmul(M, M)]
    for call in calls:
        with pytest.raises(TypeError, match="does not support ufuncs"):
            call()


@pytest.mark.parametrize("operation", [operator.add, operator.mul, operator.truediv, operator.matmul, operator.lt])
@pytest.mark.parametrize("array", [np.ones((2, 2)), np.array(2.0)])
def test_arrays_have_to_be_converted(operation: Callable[[Any, Any], Any], array: Any) -> None:
    for pair in ((array, M), (M, array)):
        with pytest.raises(st.DTypeError, match=r"numpy\.ndarray is not a Tensor: .* or st\.from_numpy\(\.\.\.\)$"):
            operation(*pair)


def test_array_protocol() -> None:
    assert np.shares_memory(np.asarray(M), M.numpy())
    assert np.array(M).flags.writeable
    assert np.asarray(M, dtype=np.float64).dtype == np.float64
    with raises(ValueError, "F32 cannot be seen as float64 without a copy"):
        np.asarray(M, dtype=np.float64, copy=False)
    with raises(st.DTypeError, "NumPy has no bfloat16: write x.astype(F32) first"):
        np.asarray(M.astype(st.BF16))


@pytest.mark.parametrize("other", [None, "a", [1, 2], 1j, object()])
def test_operands_that_are_none(other: Any) -> None:
    calls: list[Callable[[], Any]] = [lambda: other + V, lambda: V + other]
    for call in calls:
        with pytest.raises((st.DTypeError, TypeError), match=r"is not a Tensor|not supported|can only concatenate"):
            call()


# --- arithmetic -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "number", "text"),
    [
        (st.tensor([1], dtype=st.U8), 300, "add: 300 is out of range for U8 (0 to 255)"),
        (st.tensor([1], dtype=st.U8), -1, "add: -1 is out of range for U8 (0 to 255)"),
        (st.tensor([1], dtype=st.I32), 2**31, f"add: {2**31} is out of range for I32 ({-(2**31)} to {2**31 - 1})"),
        (V, 2**63, f"add: {2**63} is out of range for I64 ({-(2**63)} to {2**63 - 1})"),
        (V, 2**70, f"add: {2**70} is out of range for I64 ({-(2**63)} to {2**63 - 1})"),
    ],
)
def test_python_ints_outside_of_the_range(x: AnyTensor, number: int, text: str) -> None:
    calls: list[Callable[[], Any]] = [lambda: x + number, lambda: number + x]
    for call in calls:
        with raises(OverflowError, text):
            call()


def test_integers_wrap() -> None:
    small = st.tensor([250, 3], dtype=st.U8)
    assert (small + 10).tolist() == [4, 13]
    assert (small * small).tolist() == [36, 9]
    assert (-small).tolist() == [6, 253]
    assert (st.tensor([2**31 - 1], dtype=st.I32) + 1).tolist() == [-(2**31)]
    assert (st.tensor(2**63 - 1) + 1).item() == -(2**63)
    assert (st.tensor(-(2**63)) - 1).item() == 2**63 - 1
    assert st.tensor([256, -1]).astype(st.U8).tolist() == [0, 255]
    big = st.tensor([[2**62, 2**62]])
    assert (big @ st.tensor([[1], [1]])).item() == -(2**63)


def test_division() -> None:
    assert (1 / st.tensor(0.0)).item() == INF
    assert (st.tensor([1.0, -1.0]) / 0).tolist() == [INF, -INF]
    assert math.isnan((st.tensor(0.0) / 0.0).item())
    assert (st.tensor([1, 2]) / 0).tolist() == [INF, INF]
    halves = V / 2
    assert (halves.dtype, halves.tolist()) == (st.F32, [0.5, 1.0, 1.5])


def test_booleans() -> None:
    assert (FLAGS + FLAGS).tolist() == (FLAGS * FLAGS).tolist() == [True, False]
    assert FLAGS.sum().item() == 1
    assert FLAGS.max().item() is True
    calls: list[tuple[Callable[[], Any], str]] = [(lambda: FLAGS - FLAGS, "sub"), (lambda: -FLAGS, "neg")]
    for call, name in calls:
        with raises(st.DTypeError, f"{name}: Bool has no such arithmetic: write x.astype(I32) or F32 first"):
            call()


@pytest.mark.parametrize("dtype", [d for d in DTYPES if not d.computes])
def test_storage_dtypes_do_not_compute(dtype: type[st.DType]) -> None:
    x = st.ones(2, dtype=dtype)
    calls: list[Callable[[], Any]] = [lambda: x + x, lambda: x + 1, lambda: x.sum(), lambda: x == x]
    for call in calls:
        with pytest.raises(st.DTypeError, match=rf"^\w+: {dtype.__name__} is for storage only: write x\.astype"):
            call()
    assert x.astype(st.F64).tolist() == [1.0, 1.0]
    assert (x[:1].tolist(), x.reshape((2, 1)).mT.tolist()) == ([1], [[1, 1]])


def test_nan_propagates() -> None:
    x = st.tensor([1.0, NAN, 2.0])
    assert math.isnan(x.max().item())
    assert x.argmax().item() == 1
    assert math.isnan(x.sum().item())
    for pair in ((x, st.zeros(3)), (st.zeros(3), x)):
        assert np.isnan(st.maximum(*pair).numpy()).tolist() == [False, True, False]
    assert np.isnan(x.relu().numpy()).tolist() == [False, True, False]
    assert np.isnan(st.softmax(x).numpy()).all()
    assert (x > 0).tolist() == [True, False, True]
    assert x.astype(st.Bool).tolist() == [True, True, True]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_sort_has_numpys_order(axis: int, descending: bool) -> None:
    array = np.array([[3.0, NAN, 1.0, -INF], [NAN, 0.0, -0.0, INF], [2.0, 2.0, 1.0, NAN]])
    x = st.from_numpy(array)
    step = slice(None, None, -1 if descending else 1)
    values = np.sort(array, axis=axis)[(slice(None),) * (axis % 2) + (step,)]
    np.testing.assert_array_equal(st.sort(x, axis=axis, descending=descending).numpy(), values)
    order = st.argsort(x, axis=axis, descending=descending)
    np.testing.assert_array_equal(np.take_along_axis(array, order.numpy(), axis), values)


def test_sort_is_stable_both_ways() -> None:
    x = st.tensor([1, 0, 1, 0])
    assert st.argsort(x).tolist() == [1, 3, 0, 2]
    assert st.argsort(x, descending=True).tolist() == [0, 2, 1, 3]


# --- empty and 0-d tensors --------------------------------------------------------------------------------------------


def test_empty_reductions() -> None:
    assert EMPTY.sum().item() == 0.0
    assert EMPTY.sum(axis=0).tolist() == [0.0, 0.0, 0.0]
    assert EMPTY.sum(axis=1).tolist() == []
    assert math.isnan(EMPTY.mean().item())
    assert np.isnan(EMPTY.mean(axis=0).numpy()).all()
    assert EMPTY.max(axis=1).shape == EMPTY.argmax(axis=1).shape == (0,)
    with raises(st.ShapeError, "max: axis 0 of (0, 3) is empty: there is no largest element"):
        EMPTY.max()
    with raises(st.ShapeError, "argmax: axis 0 of (0, 3) is empty: there is no largest element"):
        EMPTY.argmax(axis=0)
    with pytest.raises(st.ShapeError, match=r"^argmax: .* is empty"):
        EMPTY.argmax()
    assert math.isnan(EMPTY.var().item())
    assert math.isnan(st.ones(1).var(correction=1).item())
    assert math.isnan(st.ones(1).std(correction=2).item())


UNARY: list[Callable[[Any], AnyTensor]] = [
    st.negative,
    st.exp,
    st.log,
    st.sqrt,
    st.tanh,
    st.relu,
    lambda x: x + 1.0,
    lambda x: x * x,
    lambda x: x == x,
    lambda x: x.astype(st.I32),
    lambda x: x.astype(st.BF16).astype(st.F32),
    lambda x: st.where(x > 0, x, 0.0),
    lambda x: st.maximum(x, 0.0),
    lambda x: x.sum(keepdims=True).broadcast_to(x.shape),
]


@pytest.mark.parametrize("f", UNARY)
@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (0, 3), (1, 0, 2)])
def test_zero_size_and_0d_elementwise(f: Callable[[Any], AnyTensor], shape: tuple[int, ...]) -> None:
    x = f(st.ones(shape))
    assert x.shape == shape
    assert x.numpy().shape == shape


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3)])
def test_zero_size_movement(shape: tuple[int, ...]) -> None:
    x = st.zeros(shape)
    assert st.concat([x, x]).shape == (2 * shape[0], *shape[1:])
    assert st.stack([x, x], axis=-1).shape == (*shape, 2)
    assert x.expand_dims(0).squeeze(0).shape == shape
    assert x.permute_dims(tuple(reversed(range(len(shape))))).shape == shape[::-1]
    assert [y.shape for y in st.unstack(x)] == [shape[1:]] * shape[0]
    assert x.reshape(-1).shape == (0,)
    assert st.sort(x).shape == st.argsort(x, descending=True).shape == shape
    assert st.take(x, st.zeros((0,), dtype=st.I64), axis=0).shape == (0, *shape[1:])
    assert x[::-1].shape == shape


def test_zero_size_products() -> None:
    assert (EMPTY @ st.ones((3, 2))).shape == (0, 2)
    assert (st.ones((2, 0)) @ st.ones((0, 3))).tolist() == [[0.0] * 3] * 2
    assert st.softmax(EMPTY).shape == (0, 3)
    with raises(st.ShapeError, "softmax: axis 0 of (0, 3) is empty"):
        st.softmax(EMPTY, axis=0)
    assert st.concat([EMPTY, st.ones((1, 3))]).tolist() == [[1.0, 1.0, 1.0]]
    none = st.zeros((0,), dtype=st.I64)
    assert st.scatter_add(EMPTY, none, axis=0, size=2).tolist() == [[0.0] * 3] * 2


def test_0d() -> None:
    x = SCALAR
    assert x.sum().item() == x.max().item() == x.mean().item() == 2.5
    assert (x.argmax().item(), x.var().item()) == (0, 0.0)
    assert x.reshape(-1).shape == x.reshape((1,)).shape == x.expand_dims(0).shape == x[None].shape == (1,)
    assert x[...].shape == x[()].shape == x.permute_dims(()).shape == ()
    assert x.broadcast_to((2, 2)).tolist() == [[2.5] * 2] * 2
    assert (x + V).shape == (3,)
    assert st.stack([x, x]).tolist() == [2.5, 2.5]
    assert st.take(V, st.tensor(1)).shape == ()
    with raises(IndexError, "1 indices for a tensor of 0 axes, shape ()"):
        x[0]
    with pytest.raises(st.ShapeError, match=r"unstack: axis 0 is out of range for rank 0 \(a scalar has no axes\)"):
        x.unstack()
    with pytest.raises(st.ShapeError, match="a scalar has no axes"):
        st.sort(x)


# --- axes -------------------------------------------------------------------------------------------------------------


def test_axes() -> None:
    x = st.ones((2, 3, 4))
    assert x.sum(axis=-1).shape == (2, 3)
    assert x.sum(axis=(0, -1)).shape == x.sum(axis=(-1, 0)).shape == (3,)
    assert x.sum(axis=(0, -1), keepdims=True).shape == (1, 3, 1)
    assert x.sum(axis=()).shape == (2, 3, 4)
    assert x.sum(axis=None).shape == ()
    assert x.argmax(keepdims=True).shape == (1, 1, 1)
    with raises(st.ShapeError, "sum: axis 3 is out of range for rank 3 (valid: -3..2); the shape is (2, 3, 4)"):
        x.sum(axis=3)
    with raises(st.ShapeError, "sum: axes (0, -3) name axis 0 twice; the shape is (2, 3, 4)"):
        x.sum(axis=(0, -3))
    with pytest.raises(TypeError, match="positional"):
        x.sum(0)  # type: ignore[call-arg]


# --- errors have the classes that Python programmers expect -----------------------------------------------------------


def test_error_classes() -> None:
    assert issubclass(st.ShapeError, ValueError)
    assert issubclass(st.DTypeError, TypeError)
    assert issubclass(st.DeviceError, RuntimeError)
    assert issubclass(st.CompileError, RuntimeError)
    assert issubclass(st.ShapetensorWarning, UserWarning)


def test_tracebacks_name_the_public_class() -> None:
    with pytest.raises(st.ShapeError) as caught:
        _ = st.ones(2) + st.ones(3)
    assert traceback.format_exception_only(caught.value)[0].startswith(
        "shapetensor.ShapeError: add: shapes (2,) and (3,)"
    )


# --- text -------------------------------------------------------------------------------------------------------------


def test_repr() -> None:
    assert repr(M) == "Tensor[F32, 2, 2]([[1., 2.],\n                   [3., 4.]])"
    assert repr(SCALAR) == "Tensor[F32](2.5)"
    assert repr(EMPTY) == "Tensor[F32, 0, 3]([])"
    assert repr(st.tensor([1.5], dtype=st.BF16)) == "Tensor[BF16, 1]([1.5])"
    assert repr(st.tensor([1.5], dtype=st.F16)) == "Tensor[F16, 1]([1.5])"
    assert repr(st.tensor([7], dtype=st.U32)) == "Tensor[U32, 1]([7])"
    assert repr(st.ones(2).traced()) == "Tensor[F32, 2]([1., 1.], traced)"
    assert str(M) == f"{M}" == repr(M)


def test_repr_obeys_printoptions() -> None:
    x = st.tensor([1 / 3, 1e-10])
    with np.printoptions(precision=2, suppress=True):
        assert repr(x) == "Tensor[F32, 2]([0.33, 0.  ])"
    with np.printoptions(threshold=3, edgeitems=1):
        assert repr(st.zeros(2000)) == "Tensor[F32, 2000]([0., ..., 0.])"


def test_format() -> None:
    assert f"{SCALAR:.2f}" == "2.50"
    assert f"{V[0]:d}" == "1"
    with raises(st.ShapeError, "item: a tensor of shape (3,) has 3 elements, not 1"):
        f"{V:.2f}"


def test_exported_arrays_cannot_be_made_writeable() -> None:
    x = st.ones(3)
    for array in (x.numpy(), np.asarray(x), x.reshape(3, 1).numpy(), st.ones((2, 2))[:, 1].numpy()):
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.setflags(write=True)
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_python_errors_name_tensor() -> None:
    with pytest.raises(TypeError, match=r"^Tensor\.sum\(\) got an unexpected keyword argument 'dim'"):
        st.ones(3).sum(dim=0)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"^Tensor\.backward\(\) missing 1 required keyword-only argument: 'wrt'$"):
        st.ones(3).sum().backward()  # type: ignore[call-arg]
