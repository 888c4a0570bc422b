"""What a user of NumPy or torch expects of a tensor, and where it differs on purpose: ARCHITECTURE, "Semantics"."""

from __future__ import annotations

import copy
import math
import operator
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as hyp

import shapetensor as st
from shapetensor._core.device import activate
from shapetensor._core.dtypes import DTYPES
from shapetensor._core.recorder import Recorder
from shapetensor.methods import hints
from shapetensor.tensor import AnyTensor

NAN, INF = math.nan, math.inf
M = st.tensor([[1.0, 2.0], [3.0, 4.0]])
V = st.tensor([1, 2, 3])
SCALAR = st.tensor(2.5)
EMPTY = st.zeros((0, 3))
FLAGS = st.tensor([True, False])


def raises(error: type[Exception], text: str) -> Any:
    """The error with exactly this text."""
    return pytest.raises(error, match=f"^{_escaped(text)}$")


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in "()[]{}.*+?|^$\\" else c for c in text)


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
    assert copy.deepcopy([M, {"x": M}])[1]["x"] is M


@pytest.mark.parametrize("dtype", DTYPES)
def test_pickle(dtype: type[st.DType]) -> None:
    for x in (st.tensor([[0, 1, 1]], dtype=dtype).mT, st.zeros((2, 0), dtype=dtype), st.ones((), dtype=dtype)):
        y = pickle.loads(pickle.dumps(x))
        assert (y.dtype, y.shape, y.tolist()) == (x.dtype, x.shape, x.tolist())


def test_immutable() -> None:
    x: Any = st.ones(2)
    with raises(TypeError, "tensors are immutable: use st.where(condition, new, x) for a changed copy"):
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


@pytest.mark.parametrize("convert", [bool, int, float, operator.methodcaller("item")])
def test_numbers_of_several_elements(convert: Callable[[Any], Any]) -> None:
    with raises(st.ShapeError, "item: a tensor of shape (3,) has 3 elements, not 1"):
        convert(V)
    with raises(st.ShapeError, "item: a tensor of shape (0, 3) has 0 elements, not 1"):
        convert(EMPTY)


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
    first, second = M
    assert second.tolist() == [3.0, 4.0]
    assert len(V) == 3
    assert (list(EMPTY), len(EMPTY)) == ([], 0)
    assert [x.item() for x in reversed(V)] == [3, 2, 1]
    with raises(TypeError, "iteration over a 0-d tensor"):
        iter(SCALAR)
    with raises(TypeError, "len() of a 0-d tensor"):
        len(SCALAR)


# --- indexing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        0,
        -1,
        (1, 2),
        (0, -1, 1),
        np.int64(1),
        slice(None),
        slice(1, None),
        slice(None, None, 2),
        slice(None, None, -1),
        slice(5, None),
        slice(-2, None),
        (slice(None), 1),
        (slice(None), slice(None, None, -2), 0),
        (..., 0),
        (0, ...),
        (0, ..., slice(1, 2)),
        None,
        (None, 0),
        (..., None),
        (0, None, slice(None), None),
        (),
        ...,
    ],
    ids=str,
)
def test_index_as_numpy(key: Any) -> None:
    array = np.arange(24, dtype=np.int64).reshape(2, 3, 4)
    np.testing.assert_array_equal(st.from_numpy(array)[key].numpy(), array[key])


@given(hyp.data())
def test_slices_as_numpy(data: hyp.DataObject) -> None:
    array = np.arange(20, dtype=np.int64).reshape(4, 5)
    key = tuple(data.draw(hyp.slices(n)) for n in array.shape)
    np.testing.assert_array_equal(st.from_numpy(array)[key].numpy(), array[key])


def test_indices_out_of_range() -> None:
    for i in (3, -4):
        with raises(IndexError, f"index {i} is out of range for axis 0 of shape (3,)"):
            V[i]
    with raises(IndexError, "index 2 is out of range for axis 1 of shape (2, 2)"):
        M[0, 2]
    with raises(IndexError, "index 0 is out of range for axis 0 of shape (0, 3)"):
        EMPTY[0]
    with raises(IndexError, "3 indices for a tensor of 2 axes, shape (2, 2)"):
        M[0, 0, 0]
    with raises(IndexError, "an index can have one '...' only"):
        M[..., ...]
    with raises(ValueError, "slice step cannot be zero"):
        M[::0]
    with raises(IndexError, "take: index 2 is out of range for axis 0 of size 2"):
        M[st.tensor([0, 2])]


def test_what_is_no_index() -> None:
    wrong: list[Any] = [1.0, "a", True, [0, 1], np.array([0, 1]), np.array([True, False]), (V, 0), (0, FLAGS)]
    for key in wrong:
        with pytest.raises(IndexError, match=r"^index \d is of type .*x\.take\(indices, axis=\d\), or st\.where\(mask"):
            M[key]


def test_tensors_as_index_take_rows() -> None:
    assert M[st.tensor([1, 0, -1])].tolist() == [[3.0, 4.0], [1.0, 2.0], [3.0, 4.0]]
    assert M[st.tensor(1)].tolist() == [3.0, 4.0]
    text = "a Bool tensor as index has a result whose shape depends on data: use st.where(mask, x, other)"
    with raises(st.DTypeError, text):
        M[FLAGS]
    with raises(st.DTypeError, "indices are integers, not F32: write indices.astype(I64)"):
        M[M]


# --- NumPy beside tensors ---------------------------------------------------------------------------------------------


def test_numpy_scalars_are_weak() -> None:
    for two in (np.float32(2), np.float64(2), np.int64(2), np.float16(2)):
        for x in (two * M, M * two):
            assert x.dtype is st.F32
            assert x.tolist() == [[2.0, 4.0], [6.0, 8.0]]
    assert (np.float64(2) + V).dtype is st.F32
    assert (np.int8(2) + V).dtype is st.I64
    assert (np.bool_(True) + V).tolist() == [2, 3, 4]


def test_numpy_functions_refuse_tensors() -> None:
    for call in (lambda: np.add(V, 1), lambda: np.exp(M), lambda: np.matmul(M, M)):  # type: ignore[arg-type, call-overload]
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
    for call in (lambda: other + V, lambda: V + other):
        with pytest.raises((st.DTypeError, TypeError), match="is not a Tensor|not supported|can only concatenate"):
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
    for call in (lambda: x + number, lambda: number + x):
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
    for call, name in ((lambda: FLAGS - FLAGS, "sub"), (lambda: -FLAGS, "neg")):
        with raises(st.DTypeError, f"{name}: Bool has no such arithmetic: write x.astype(I32) or F32 first"):
            call()


@pytest.mark.parametrize("dtype", [d for d in DTYPES if not d.computes])
def test_storage_dtypes_do_not_compute(dtype: type[st.DType]) -> None:
    x = st.ones(2, dtype=dtype)
    for call in (lambda: x + x, lambda: x + 1, lambda: x.sum(), lambda: x == x):
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
    with raises(st.ShapeError, "var: 0 elements are too few for correction=0"):
        EMPTY.var()


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
        x.sum(0)  # type: ignore[misc]


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


# --- names of other libraries -----------------------------------------------------------------------------------------


def test_did_you_mean() -> None:
    x: Any = M
    with raises(AttributeError, "Tensor has no attribute 'unsqueeze': did you mean 'expand_dims'?"):
        _ = x.unsqueeze
    with raises(AttributeError, "Tensor has no attribute 'mul': did you mean 'x * y'?"):
        x.mul(2)
    with raises(AttributeError, "Tensor has no attribute 'view': did you mean 'reshape'?"):
        _ = st.Tensor.view  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", hints.METHODS)
def test_advice_for_methods_is_true(name: str) -> None:
    """Each name is missing indeed, and what is said instead exists: an attribute, or an expression that runs."""
    x = st.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert not hasattr(x, name)
    assert name not in dir(x)
    advice = hints.METHODS[name]
    if advice.isidentifier():
        assert hasattr(x, advice)
    else:
        indices, condition = st.tensor([[0, 1], [1, 0]]), x > 0
        row = st.tensor([0, 1]) if "st.scatter_add(" in advice else indices
        known = {"indices": row, "condition": condition, "axis": 0, "n": 2, "shape": (2,), "value": 0.0, "f": st.exp}
        known["f"] = (lambda v: v.sum()) if "grad" in advice else st.exp
        eval(advice, {"st": st, "x": x, "y": x, **known})


@pytest.mark.parametrize("name", hints.FUNCTIONS)
def test_advice_for_functions_is_true(name: str) -> None:
    assert not hasattr(st, name)
    assert operator.attrgetter(hints.FUNCTIONS[name])(st) is not None


def test_typing_errors_have_pythons_own_suggestion() -> None:
    x: Any = M
    try:
        _ = x.reshap
    except AttributeError as error:
        assert "Did you mean: 'reshape'?" in "".join(traceback.format_exception(error))
