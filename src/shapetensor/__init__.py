"""shapetensor: a numerical engine in which tensor shapes are types.

Names are loaded when they are first used: importing the package costs next to nothing and loads no NumPy and no Numba.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .tensor import Tensor  # first: to some checkers it makes `tensor` a module, and the function has to win

    # isort: split
    from . import io, losses, nn, optim, random, testing
    from ._core.cuda import Cuda
    from ._core.dimtypes import Add, FloorDiv, Mul, Sub
    from ._core.dtypes import BF16, F16, F32, F64, I8, I32, I64, U8, U32, Bool, DType, Float, Integer, Number
    from ._core.errors import CompileError, DeviceError, DTypeError, ShapeError, ShapetensorWarning
    from .autodiff import grad, jvp, traced, value_and_grad, vjp, vmap
    from .checked import checked, typechecker
    from .compile import compile
    from .functions.creation import (
        arange,
        asarray,
        eye,
        from_dlpack,
        from_numpy,
        full,
        full_like,
        linspace,
        ones,
        ones_like,
        tensor,
        tril,
        triu,
        zeros,
        zeros_like,
    )
    from .functions.device import to_device
    from .functions.elementwise import (
        add,
        astype,
        clip,
        divide,
        equal,
        exp,
        floor_divide,
        greater,
        greater_equal,
        less,
        less_equal,
        log,
        logical_and,
        logical_not,
        logical_or,
        logical_xor,
        maximum,
        minimum,
        multiply,
        negative,
        not_equal,
        pow,
        relu,
        remainder,
        sqrt,
        subtract,
        tanh,
        where,
    )
    from .functions.fused import log_softmax, softmax
    from .functions.host import argsort, sort
    from .functions.index import one_hot, scatter_add, scatter_add_along_axis, take, take_along_axis
    from .functions.linalg import linear, matmul, outer, tensordot
    from .functions.movement import (
        broadcast_to,
        concat,
        expand_dims,
        flip,
        matrix_transpose,
        moveaxis,
        pad,
        permute_dims,
        repeat,
        reshape,
        roll,
        split,
        squeeze,
        stack,
        tile,
        unstack,
    )
    from .functions.reduce import (
        all,
        any,
        argmax,
        argmin,
        cumulative_sum,
        logsumexp,
        max,
        mean,
        min,
        prod,
        std,
        sum,
        var,
    )
    from .functions.special import (
        abs,
        ceil,
        cos,
        erf,
        expm1,
        floor,
        gelu,
        isfinite,
        isinf,
        isnan,
        log1p,
        log2,
        round,
        rsqrt,
        sigmoid,
        sign,
        silu,
        sin,
        square,
    )
    from .nn import Module
    from .parallel import get_num_threads, set_num_threads

    float16, bfloat16, float32, float64, bool_ = F16, BF16, F32, F64, Bool
    int8, int32, int64, uint8, uint32 = I8, I32, I64, U8, U32

__version__ = "0.1.0.dev0"
# Literal, because type checkers read it; tests/test_public_api.py holds it against the table below.
__all__ = ["Module", "Tensor", "__version__", "checked", "clear_caches", "compile", "typechecker"]
__all__ += ["io", "losses", "nn", "optim", "random", "testing"]
__all__ += ["BF16", "F16", "F32", "F64", "I8", "I32", "I64", "U8", "U32", "Bool", "DType", "Float", "Integer", "Number"]
__all__ += ["Add", "FloorDiv", "Mul", "Sub"]
__all__ += ["Cuda", "to_device"]
__all__ += ["bfloat16", "bool_", "float16", "float32", "float64", "int8", "int32", "int64", "uint8", "uint32"]
__all__ += ["CompileError", "DTypeError", "DeviceError", "ShapeError", "ShapetensorWarning"]
__all__ += ["grad", "jvp", "traced", "value_and_grad", "vjp", "vmap"]
__all__ += ["arange", "asarray", "eye", "from_dlpack", "from_numpy", "full", "full_like", "linspace", "ones"]
__all__ += ["ones_like", "tensor", "tril", "triu", "zeros", "zeros_like"]
__all__ += ["add", "astype", "clip", "divide", "equal", "exp", "floor_divide", "greater", "greater_equal", "less"]
__all__ += ["less_equal", "log", "logical_and", "logical_not", "logical_or", "logical_xor", "maximum", "minimum"]
__all__ += ["multiply", "negative", "not_equal", "pow", "relu", "remainder", "sqrt", "subtract", "tanh", "where"]
__all__ += ["log_softmax", "softmax"]
__all__ += ["argsort", "sort"]
__all__ += ["one_hot", "scatter_add", "scatter_add_along_axis", "take", "take_along_axis"]
__all__ += ["linear", "matmul", "outer", "tensordot"]
__all__ += ["broadcast_to", "concat", "expand_dims", "flip", "matrix_transpose", "moveaxis", "pad", "permute_dims"]
__all__ += ["repeat", "reshape", "roll", "split", "squeeze", "stack", "tile", "unstack"]
__all__ += ["all", "any", "argmax", "argmin", "cumulative_sum", "logsumexp", "max", "mean", "min", "prod", "std", "sum"]
__all__ += ["var"]
__all__ += ["abs", "ceil", "cos", "erf", "expm1", "floor", "gelu", "isfinite", "isinf", "isnan", "log1p", "log2"]
__all__ += ["round", "rsqrt", "sigmoid", "sign", "silu", "sin", "square"]
__all__ += ["get_num_threads", "set_num_threads"]

_NAMES_OF = {
    "_core.dtypes": "BF16 F16 F32 F64 I8 I32 I64 U8 U32 Bool DType Float Integer Number",
    "_core.cuda": "Cuda",
    "_core.dimtypes": "Add FloorDiv Mul Sub",
    "_core.errors": "CompileError DTypeError DeviceError ShapeError ShapetensorWarning",
    "autodiff": "grad jvp traced value_and_grad vjp vmap",
    "checked": "checked typechecker",
    "compile": "compile",
    "functions.creation": "arange asarray eye from_dlpack from_numpy full full_like linspace ones ones_like tensor tril"
    " triu zeros zeros_like",
    "functions.device": "to_device",
    "functions.elementwise": "add astype clip divide equal exp floor_divide greater greater_equal less less_equal log"
    " logical_and logical_not logical_or logical_xor maximum minimum multiply negative not_equal pow relu remainder"
    " sqrt subtract tanh where",
    "functions.fused": "log_softmax softmax",
    "functions.host": "argsort sort",
    "functions.index": "one_hot scatter_add scatter_add_along_axis take take_along_axis",
    "functions.linalg": "linear matmul outer tensordot",
    "functions.movement": "broadcast_to concat expand_dims flip matrix_transpose moveaxis pad permute_dims repeat"
    " reshape roll split squeeze stack tile unstack",
    "functions.reduce": "all any argmax argmin cumulative_sum logsumexp max mean min prod std sum var",
    "functions.special": "abs ceil cos erf expm1 floor gelu isfinite isinf isnan log1p log2 round rsqrt sigmoid sign"
    " silu sin square",
    "nn": "Module",
    "parallel": "get_num_threads set_num_threads",
    "tensor": "Tensor",
}
_HOMES = {name: module for module, names in _NAMES_OF.items() for name in names.split()}
_SUBMODULES = frozenset({"io", "losses", "nn", "optim", "random", "testing"})
_ALIASES = {
    "bfloat16": "BF16",
    "bool_": "Bool",
    "float16": "F16",
    "float32": "F32",
    "float64": "F64",
    "int8": "I8",
    "int32": "I32",
    "int64": "I64",
    "uint8": "U8",
    "uint32": "U32",
}


def clear_caches() -> None:
    """Forget every call that was worked out before, and give the memory that the buffer pool keeps back to the system.

    What tensors hold stays, and so does compiled code; the next calls are slower, and right as before.

    Example:
        >>> import shapetensor as st
        >>> x = st.ones(2)
        >>> st.clear_caches()
        >>> x + x
        Tensor[F32, 2]([2., 2.])
    """
    from ._core.apply import infer
    from ._core.buffers import POOL

    infer.cache_clear()
    POOL.clear()
    for device in (
        import_module("._core.cuda", __name__).Cuda.started() if f"{__name__}._core.cuda" in sys.modules else ()
    ):
        device.pool.clear()


if not TYPE_CHECKING:  # a checker would take every name to exist

    def __getattr__(name: str) -> Any:
        """A public name at its first use (PEP 562)."""
        if name in _SUBMODULES:
            return import_module(f".{name}", __name__)
        target = _ALIASES.get(name, name)
        if target not in _HOMES:
            from .methods.hints import unknown_function

            # With a name and no object, Python adds no guess of its own.
            raise AttributeError(unknown_function(name, __all__), name=name)
        value = globals()[name] = getattr(import_module(f".{_HOMES[target]}", __name__), target)
        return value


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """The import system sets each submodule as an attribute; the functions `tensor` and `compile` have to win."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
