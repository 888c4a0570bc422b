"""Correct users of Numba: mypy --strict reports nothing here, and it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, assert_type

import numba
import numpy as np
from numba import (
    TypingError,
    carray,
    cfunc,
    config,
    errors,
    farray,
    float32,
    get_num_threads,
    guvectorize,
    int64,
    jit,
    literal_unroll,
    njit,
    objmode,
    prange,
    set_num_threads,
    stencil,
    threading_layer,
    typeof,
    types,
    vectorize,
    void,
)
from numba.core import cgutils
from numba.core.datamodel import models as same_models
from numba.core.dispatcher import Dispatcher
from numba.core.typing import signature
from numba.core.typing.templates import AbstractTemplate, Signature, infer_global
from numba.experimental import jitclass
from numba.extending import (
    NativeValue,
    as_numba_type,
    box,
    intrinsic,
    is_jitted,
    lower_builtin,
    make_attribute_wrapper,
    models,
    overload,
    overload_attribute,
    overload_method,
    register_jitable,
    register_model,
    type_callable,
    typeof_impl,
    unbox,
)
from numba.np.ufunc.parallel import get_thread_count
from numba.typed import Dict, List
from numba.types import Array, CPointer, UniTuple
from numpy.typing import NDArray

Vector = NDArray[np.float32]


# Decorators: bare, called, with signatures of every kind.
@njit
def bare(x: int, y: float = 0.5) -> float:
    return x + y


@njit(cache=False, parallel=True, nogil=True, fastmath={"contract"}, error_model="numpy", boundscheck=False)
def called(x: Vector, n: int) -> float:
    total = 0.0
    for i in prange(n):
        total += float(x[i])
    return total


@jit
def older(x: float) -> float:
    return x


@jit(nopython=True, inline="always")
def older_called(x: float) -> float:
    return x


@njit("float32(float32)")
def by_text(x: float) -> float:
    return x


@njit([float32(float32), "float64(float64)", (int64,)])
def by_types(x: float) -> float:
    return x


@register_jitable
def helper(x: float) -> float:
    return 2 * x


@register_jitable(inline="always")
def helper_inlined(x: float) -> float:
    return helper(x)


def plain(x: int) -> int:
    return x


def jitted() -> None:
    assert_type(bare(1), float)
    assert_type(bare(x=1, y=2.0), float)
    assert_type(called(np.ones(3, np.float32), 3), float)
    assert_type(older(1.0) + older_called(1.0) + by_text(1.0) + by_types(1.0) + helper_inlined(1.0), float)
    assert_type(njit(plain)(1), int)
    assert_type(njit(plain, cache=False)(1), int)
    assert_type(bare.py_func(1), float)
    assert_type(bare.signatures, list[tuple[types.Type, ...]])
    assert_type(bare.nopython_signatures[0].return_type, types.Type)
    assert_type(bare.inspect_llvm(bare.signatures[0]), str)
    assert_type(older.inspect_asm(), dict[tuple[types.Type, ...], str])
    assert_type(bare.stats.cache_path, str | None)
    assert_type(bare.targetoptions, dict[str, Any])
    assert len(bare.overloads) == 2
    bare.compile("float64(int64, float64)")
    bare.recompile()
    bare.disable_compile()
    dispatcher: Dispatcher[..., float] = older
    function: Callable[[float], float] = older_called
    assert is_jitted(function)
    assert function.py_func(1.0) == dispatcher.py_func(1.0)
    set_num_threads(1)
    assert get_num_threads() == 1 <= get_thread_count()
    assert threading_layer() in ("tbb", "omp", "workqueue")


class Holder:
    @njit
    def method(self: Any, x: int) -> int:  # never compiled: what `self` is, Numba cannot say
        return x

    @staticmethod
    @njit
    def static(x: int) -> int:
        return x


def methods() -> None:
    assert_type(Holder.static(1), int)
    method: Callable[[int], int] = Holder().method
    assert callable(method)
    assert Holder.method.py_func(None, 1) == 1


# Ufuncs and their kin.
@vectorize
def halved(x: float) -> float:
    return x / 2


@vectorize(["float64(float64, float64)"], identity=0)
def added(x: float, y: float) -> float:
    return x + y


@guvectorize(["void(float64[:], float64[:])"], "(n)->()")
def summed(x: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    out[0] = x.sum()


@stencil
def mean(x: NDArray[np.float64]) -> Any:
    return (x[-1] + x[1]) / 2


@cfunc("float64(float64)")
def native(x: float) -> float:
    return -x


def ufuncs() -> None:
    assert_type(halved(3.0), float)
    assert_type(added.nargs, int)
    assert halved(np.ones(2)).sum() == 1.0
    assert added.reduce(np.ones(3)) == 3.0
    assert added(np.ones(2), 1.0, out=np.empty(2)).sum() == 4.0
    assert summed(np.ones(3)) == 3.0
    assert mean(np.ones(3))[1] == 1.0
    assert native.ctypes(1.0) == -1.0


# Types and values.
def values() -> None:
    assert_type(int64(float32, float32), Signature)
    assert_type(signature(types.void, float32), Signature)
    matrix: Array = float32[:, ::1]
    assert matrix.ndim == 2
    assert Array(float32, 2, "C") == matrix
    assert UniTuple(float32, 2).count == 2
    assert CPointer(float32).dtype == float32
    assert void == types.none
    assert_type(typeof(1), types.Type)
    assert as_numba_type(float) == types.float64
    assert_type(config.NUMBA_NUM_THREADS, int)
    assert_type(numba.__version__, str)
    assert carray is not farray
    assert literal_unroll((1, 2)) == (1, 2)
    try:
        njit(lambda x: x.missing)(1)
    except TypingError as error:
        assert_type(error, errors.TypingError)


def containers() -> None:
    """Not run: compiling their methods takes seconds."""
    numbers: List[int] = List([1, 2])
    numbers.append(3)
    assert_type(numbers[0], int)
    assert_type(numbers[1:], List[int])
    ages: Dict[str, int] = Dict.empty(types.unicode_type, types.int64)
    ages["x"] = 1
    assert_type(ages.get("x"), int | None)


@njit
def with_python(x: float) -> float:
    with objmode(y="float64"):
        y = float(repr(x))
    return y


@jitclass([("x", types.float64)])
class Point:
    def __init__(self, x: float) -> None:
        self.x = x

    def doubled(self) -> float:
        return 2 * self.x


def classes() -> None:
    assert_type(Point(1.0).doubled(), float)
    assert_type(with_python(0.5), float)


# Extensions.
@intrinsic
def same(typingctx: Any, x: types.Type) -> tuple[Signature, Callable[..., Any]]:
    def codegen(context: Any, builder: Any, sig: Signature, args: Any) -> Any:
        cgutils.alloca_once_value(builder, args[0])
        return args[0]

    return x(x), codegen


@intrinsic(prefer_literal=True)
def same_literal(typingctx: Any, x: types.Type) -> tuple[Signature, Callable[..., Any]]:
    return x(x), lambda context, builder, sig, args: args[0]


def tripled(x: float) -> float:
    return 3 * x


@overload(tripled, inline="always", jit_options={"nogil": True})
# Numba wants the same annotations in both, and the one takes a type, the other a value of it.
def typed_tripled(x: Any) -> Callable[[float], float] | None:
    def impl(x: Any) -> Any:
        return 3 * x

    return impl if isinstance(x, types.Float) else None


@njit
def uses(x: float) -> float:
    y: float = same(x)
    z: float = same_literal(1.0)
    return tripled(y) + z


class Interval:
    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high


class IntervalType(types.Type):
    def __init__(self) -> None:
        super().__init__(name="Interval")


INTERVAL = IntervalType()


@typeof_impl.register(Interval)
def typeof_interval(val: Interval, c: Any) -> IntervalType:
    return INTERVAL


@type_callable(Interval)
def type_interval(context: Any) -> Callable[[types.Type, types.Type], IntervalType | None]:
    def typer(low: types.Type, high: types.Type) -> IntervalType | None:
        return INTERVAL

    return typer


@register_model(IntervalType)
class IntervalModel(models.StructModel):
    def __init__(self, dmm: Any, fe_type: types.Type) -> None:
        super().__init__(dmm, fe_type, [("low", types.float64), ("high", types.float64)])


make_attribute_wrapper(IntervalType, "low", "low")
make_attribute_wrapper(IntervalType, "high", "high")


@overload_attribute(IntervalType, "width")
def width(interval: Any) -> Callable[[Interval], float]:
    def impl(interval: Any) -> Any:
        return interval.high - interval.low

    return impl


@overload_method(IntervalType, "holds")
def holds(interval: Any, x: Any) -> Callable[[Interval, float], bool]:
    def impl(interval: Any, x: Any) -> Any:
        return interval.low <= x <= interval.high

    return impl


@lower_builtin(Interval, types.Float, types.Float)
def make_interval(context: Any, builder: Any, sig: Signature, args: Any) -> Any:
    interval = cgutils.create_struct_proxy(sig.return_type)(context, builder)
    interval.low, interval.high = args
    return interval._getvalue()


@unbox(IntervalType)
def unbox_interval(typ: IntervalType, obj: Any, c: Any) -> NativeValue:
    interval = cgutils.create_struct_proxy(typ)(c.context, c.builder)
    for name in ("low", "high"):
        field = c.pyapi.object_getattr_string(obj, name)
        setattr(interval, name, c.pyapi.float_as_double(field))
        c.pyapi.decref(field)
    return NativeValue(interval._getvalue(), is_error=cgutils.is_not_null(c.builder, c.pyapi.err_occurred()))


@box(IntervalType)
def box_interval(typ: IntervalType, val: Any, c: Any) -> Any:
    return c.pyapi.from_native_value(types.float64, val)


def doubled(x: float) -> float:
    return 2 * x


@infer_global(doubled)
class Doubled(AbstractTemplate):
    def generic(self, args: tuple[types.Type, ...], kws: dict[str, types.Type]) -> Signature | None:
        return signature(args[0], *args)


@njit
def inside(interval: Any, x: float) -> bool:
    holds: bool = interval.holds(x)
    return holds and interval.width > 0


def extensions() -> None:
    assert uses(1.0) == 4.0
    assert inside(Interval(0.0, 1.0), 0.5)
    assert same_models is models


if __name__ == "__main__":
    for check in (jitted, methods, ufuncs, values, classes, extensions):
        check()
