"""A call for each kernel of the registry: every op, dtype and form, on operands as small as the form allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import shapetensor as st
from shapetensor._core.apply import apply
from shapetensor._core.dtypes import BF16, BY_NAME, F16, F32, F64, I8, I32, I64, U8, U32, AnyDType, Bool
from shapetensor._core.kernels.formulas.elementwise import EXPRESSIONS
from shapetensor._core.op import OPS
from shapetensor._core.spec import make_spec
from shapetensor.tensor import AnyTensor, Tensor

STORED = (F32, F64, I32, I64, U8, Bool, I8, U32, F16, BF16)
NUMBERS = (F32, F64, I32, I64, U8)
FLOATS = (F32, F64)
Call = tuple[str, Any, tuple[Any, ...], dict[str, Any]]  # a name, op, operands, attributes


def some(shape: tuple[int, ...], dtype: AnyDType, first: int = 1) -> AnyTensor:
    """Small numbers from 1 to 5, each of which every dtype has, and true and false."""
    array = (np.arange(int(np.prod(shape))) * 7 + first) % (2 if dtype is Bool else 5) + (dtype is not Bool)
    return st.tensor(array.reshape(shape).astype(np.float32)).astype(dtype)


def elementwise() -> Iterator[Call]:
    """Both forms of each op for each dtype that it takes."""
    for name in EXPRESSIONS:
        op = OPS[name]
        for dtype in (*NUMBERS, Bool):
            kinds = [Bool if n == "condition" else dtype for n in op.inputs]
            try:
                op.dtype(*kinds)
            except st.DTypeError:
                continue
            xs = [some((2, 3), kind, i) for i, kind in enumerate(kinds)]
            yield f"{name} {dtype.__name__}", op, tuple(xs), {}
            yield f"{name} {dtype.__name__} transposed", op, (xs[0].mT, *(x.reshape((3, 2)) for x in xs[1:])), {}
    large, small = st.tensor([1e8, 6.0, 1.0, 5.0, -5.0, 7.0]), st.tensor([3.0, 0.1, 0.1, np.inf, np.inf, -2.0])
    for name in ("remainder", "floor_divide"):
        yield f"{name} of what is far apart", OPS[name], (large, small), {}
    yield "astype F32 U8 of negative numbers", OPS["astype"], (st.tensor([-1.5, 2.5, 300.0]),), {"dtype": U8}
    for a in BY_NAME.values():
        for b in BY_NAME.values():
            if a is not b and not {a, b} & {F16, BF16}:
                yield f"astype {a.__name__} {b.__name__}", OPS["astype"], (some((5,), a),), {"dtype": b}


def movement() -> Iterator[Call]:
    for dtype in STORED:
        x, name = some((2, 3), dtype), dtype.__name__
        yield f"reshape {name}", OPS["reshape"], (x.mT,), {"shape": (6,)}
        yield f"concat {name}", OPS["concat"], (x, some((1, 3), dtype)), {"axis": 0}
        if dtype not in (F16, BF16):
            yield f"full {name}", OPS["full"], (1,), {"shape": (2, 3), "dtype": dtype, "device": x.device}
    for dtype in (*NUMBERS, Bool):
        x, name = some((2, 3), dtype), dtype.__name__
        yield f"take {name}", OPS["take"], (x, st.tensor([1, 0, -1])), {"axis": 0}
        yield f"take_along {name}", OPS["take_along_axis"], (x, st.tensor([[1], [-1]])), {"axis": 1}
        yield f"scatter_set {name}", OPS["scatter_set"], (x, st.tensor([1, 1]), some((2, 3), dtype, 2)), {}
    for dtype in NUMBERS:
        x, name = some((3, 2), dtype), dtype.__name__
        yield f"arange {name}", OPS["arange"], (1, 2), {"n": 4, "dtype": dtype, "device": x.device}
        yield f"scatter_add {name}", OPS["scatter_add"], (x, st.tensor([1, 1, 0])), {"axis": 0, "size": 4}
        along = {"axis": 0, "size": 4}
        yield f"scatter_add_along {name}", OPS["scatter_add_along_axis"], (x, st.tensor([[1, 0]] * 3)), along
    nothing = st.zeros((3, 0))
    yield "take of no elements", OPS["take"], (nothing, st.tensor([2])), {"axis": 0}


def reductions() -> Iterator[Call]:
    """Rows of a warp and of a block, columns, and axes that are cut."""
    rows, wide, columns = (2, 3), (1, 1030), (2, 3, 2)
    for name in ("sum", "prod", "max", "min", "any", "all", "argmax", "argmin", "cumulative_sum"):
        for dtype in (*NUMBERS, Bool):
            for shape in (rows, wide, columns):
                attrs = {"axis": 1} if name == "cumulative_sum" else {"axes": (1,), "keepdims": False}
                yield f"{name} {dtype.__name__} {shape}", OPS[name], (some(shape, dtype),), attrs
    for dtype in FLOATS:
        for shape in (rows, wide, columns, (1, 16_400), (2, 300, 2)):
            axes = {"axes": (1,), "keepdims": False}
            yield f"sum {dtype.__name__} {shape}", OPS["sum"], (some(shape, dtype),), axes
            yield f"var {dtype.__name__} {shape}", OPS["var"], (some(shape, dtype),), {**axes, "correction": 0}
            yield f"logsumexp {dtype.__name__} {shape}", OPS["logsumexp"], (some(shape, dtype),), axes


def rows() -> Iterator[Call]:
    """Row kernels, of rows for a warp and for a block."""
    for dtype in FLOATS:
        for shape in ((3, 5), (2, 1030)):
            x, y = some(shape, dtype), some(shape, dtype, 2)
            name, labels = f"{dtype.__name__} {shape}", st.tensor([4, 0, 1][: shape[0]])
            weight, bias = some(shape[1:], dtype), some(shape[1:], dtype, 3)
            for op in ("softmax", "log_softmax"):
                yield f"{op} {name}", OPS[op], (x,), {"axis": 1}
                yield f"{op}_backward {name}", OPS[f"{op}_backward"], (x, y), {"axis": 1}
            p = st.softmax(x)
            yield f"cross_entropy {name}", OPS["cross_entropy"], (x, labels), {}
            yield f"cross_entropy_backward {name}", OPS["cross_entropy_backward"], (x[:, 0] + 0.0, p, labels), {}
            norm = {"count": 1, "eps": 1e-5}
            yield f"standardize {name}", OPS["standardize"], (x,), norm
            yield f"standardize_backward {name}", OPS["standardize_backward"], (x, y), norm
            yield f"layer_norm {name}", OPS["layer_norm"], (x, weight, bias), {"eps": 1e-5}


def products() -> Iterator[Call]:
    """Tiles with an element for each thread, and with sixteen."""
    for dtype in NUMBERS:
        for m, k, n in ((5, 3, 4), (65, 2, 64)):
            x, w = some((m, k), dtype), some((n, k), dtype, 2)
            yield f"matmul {dtype.__name__} {m, k, n}", OPS["matmul"], (x, w.mT), {}
            yield f"linear {dtype.__name__} {m, k, n}", OPS["linear"], (x, w, some((n,), dtype)), {}


def randomness() -> Iterator[Call]:
    key = st.random.key(3)
    for dtype in FLOATS:
        for op in ("random_uniform", "random_normal"):
            yield f"{op} {dtype.__name__}", OPS[op], (key,), {"shape": (7,), "dtype": dtype}
    yield "random_split", OPS["random_split"], (key,), {"n": 3}
    yield "random_fold_in", OPS["random_fold_in"], (key, 5), {}


def updates() -> Iterator[Call]:
    for dtype in FLOATS:
        x, g, m, v = (some((5,), dtype, i) for i in range(4))
        rate, root, kept = (some((), dtype, i) * 0.1 for i in range(3))
        name = dtype.__name__
        yield f"sgd {name}", OPS["sgd_update"], (x, g, rate), {"decay": 0.1}
        momentum = {"momentum": 0.9, "decay": 0.1, "nesterov": True}
        yield f"momentum {name}", OPS["momentum_update"], (x, g, m, rate), momentum
        adam = {"b1": 0.9, "b2": 0.99, "eps": 1e-8, "decay": 0.1}
        yield f"adam {name}", OPS["adam_update"], (x, g, m, v, rate, root, kept), adam


def all_calls() -> Iterator[Call]:
    for family in (elementwise, movement, reductions, rows, products, randomness, updates):
        yield from family()


def run(op: Any, xs: tuple[Any, ...], attrs: dict[str, Any], device: Any = None) -> list[AnyTensor]:
    """The outputs; on this device, if one is given."""
    if device is not None:
        xs = tuple(there(x, device) for x in xs)
        attrs = {k: device if k == "device" else v for k, v in attrs.items()}
    found = apply(op, xs, tuple(attrs[name] for name in op.attrs))
    return found if op.many else [found]  # type: ignore[return-value]


def there(x: Any, device: Any) -> Any:
    """A tensor on a device with the strides that it has here; a number as it is."""
    if not hasattr(x, "_buffer"):
        return x
    spec = make_spec(x.shape, x.dtype, device, x._spec.strides)
    return Tensor._make(device.upload(x._buffer), spec, ())
