"""What to say to a name that tensors do not have: the spelling they do have.

The usual spellings of other libraries are descriptors that raise, not a `__getattr__`: with one, CPython 3.11 reads
every attribute, those of kernels' operands included, three times slower. Other typing errors have the suggestions of
Python's own tracebacks, which look at `dir(x)`.
"""

from __future__ import annotations

from collections.abc import Iterable

# Spellings of torch, NumPy and others, and what to write for `x.<spelling>`: a method or an expression.
METHODS = {
    "H": "x.mT",
    "absolute": "abs",
    "add": "x + y",
    "add_": "x + y",
    "amax": "max",
    "amin": "min",
    "append": "st.concat([x, y])",
    "apply": "st.vmap(f)(x)",
    "argsort": "st.argsort(x)",
    "bfloat16": "x.astype(st.BF16)",
    "bmm": "x @ y",
    "bool": "x.astype(st.Bool)",
    "byte": "x.astype(st.U8)",
    "cat": "st.concat([x, y])",
    "chunk": "st.split(x, n)",
    "clamp_max": "x.clip(max=value)",
    "clamp_min": "x.clip(min=value)",
    "concat": "st.concat([x, y])",
    "concatenate": "st.concat([x, y])",
    "cpu": 'x.to("cpu")',
    "data": "numpy",
    "dim": "ndim",
    "div": "x / y",
    "div_": "x / y",
    "divide": "x / y",
    "dot": "x @ y",
    "double": "x.astype(st.F64)",
    "element_size": "x.dtype.itemsize",
    "eq": "x == y",
    "equal": "x == y",
    "expand": "broadcast_to",
    "expand_as": "broadcast_to",
    "fill": "st.full_like(x, value)",
    "fill_": "st.full_like(x, value)",
    "float": "x.astype(st.F32)",
    "floor_divide": "x // y",
    "gather": "st.take_along_axis(x, indices)",
    "ge": "x >= y",
    "gelu": "st.gelu(x)",
    "grad": "st.grad(f)(x)",
    "gt": "x > y",
    "half": "x.astype(st.F16)",
    "index_add": "st.scatter_add(x, indices, axis=axis, size=n)",
    "index_copy": "x.at[0].set(value)",
    "index_put": "x.at[0].set(value)",
    "index_select": "take",
    "int": "x.astype(st.I32)",
    "isfinite": "st.isfinite(x)",
    "isinf": "st.isinf(x)",
    "itemsize": "x.dtype.itemsize",
    "le": "x <= y",
    "log_softmax": "st.log_softmax(x)",
    "logical_and": "(x > 0) & (y > 0)",
    "logical_not": "~(x > 0)",
    "logical_or": "(x > 0) | (y > 0)",
    "long": "x.astype(st.I64)",
    "lt": "x < y",
    "matmul": "x @ y",
    "matrix_transpose": "x.mT",
    "mm": "x @ y",
    "mod": "x % y",
    "movedim": "moveaxis",
    "mul": "x * y",
    "mul_": "x * y",
    "multiply": "x * y",
    "ne": "x != y",
    "neg": "-x",
    "negative": "-x",
    "new_full": "st.full(shape, value)",
    "new_ones": "st.ones(shape)",
    "new_zeros": "st.zeros(shape)",
    "norm": "(x * x).sum().sqrt()",
    "numel": "size",
    "outer": "st.outer(x[0], y[0])",
    "pad": "st.pad(x, n)",
    "power": "x ** y",
    "ravel": "flatten",
    "relu_": "relu",
    "remainder": "x % y",
    "repeat": "st.tile(x, shape)",
    "repeat_interleave": "st.repeat(x, n)",
    "requires_grad": "traced",
    "requires_grad_": "traced",
    "scatter_add": "st.scatter_add_along_axis(x, indices, size=n)",
    "set": "x.at[0].set(value)",
    "silu": "st.silu(x)",
    "softmax": "st.softmax(x)",
    "sort": "st.sort(x)",
    "split": "st.split(x, n)",
    "square": "st.square(x)",
    "stack": "st.stack([x, y])",
    "sub": "x - y",
    "sub_": "x - y",
    "subtract": "x - y",
    "swapaxes": "permute_dims",
    "t": "x.T",
    "take_along_axis": "st.take_along_axis(x, indices)",
    "take_along_dim": "st.take_along_axis(x, indices)",
    "tile": "st.tile(x, shape)",
    "to_numpy": "numpy",
    "transpose": "permute_dims",
    "tril": "st.tril(x)",
    "triu": "st.triu(x)",
    "type": "astype",
    "unbind": "unstack",
    "view": "reshape",
    "where": "st.where(condition, x, y)",
    "zero_": "st.zeros_like(x)",
}
# The same for `st.<spelling>`: a public name.
FUNCTIONS = {
    "absolute": "abs",
    "amax": "max",
    "amin": "min",
    "array": "tensor",
    "as_tensor": "asarray",
    "bmm": "matmul",
    "bool": "Bool",
    "cat": "concat",
    "chunk": "split",
    "clamp": "clip",
    "concatenate": "concat",
    "cumsum": "cumulative_sum",
    "div": "divide",
    "dot": "matmul",
    "double": "F64",
    "eq": "equal",
    "expand": "broadcast_to",
    "flatten": "reshape",
    "float": "F32",
    "from_torch": "from_dlpack",
    "gather": "take_along_axis",
    "ge": "greater_equal",
    "gt": "greater",
    "half": "F16",
    "identity": "eye",
    "index_add": "scatter_add",
    "index_select": "take",
    "int": "I32",
    "jit": "compile",
    "le": "less_equal",
    "long": "I64",
    "lt": "less",
    "masked_fill": "where",
    "mm": "matmul",
    "mod": "remainder",
    "movedim": "moveaxis",
    "mul": "multiply",
    "ne": "not_equal",
    "neg": "negative",
    "permute": "permute_dims",
    "power": "pow",
    "rand": "random.uniform",
    "randn": "random.normal",
    "randperm": "random.permutation",
    "ravel": "reshape",
    "repeat_interleave": "repeat",
    "rint": "round",
    "scatter": "scatter_add",
    "segment_sum": "scatter_add",
    "sub": "subtract",
    "swapaxes": "permute_dims",
    "swish": "silu",
    "take_along_dim": "take_along_axis",
    "transpose": "permute_dims",
    "true_divide": "divide",
    "unbind": "unstack",
    "unsqueeze": "expand_dims",
    "view": "reshape",
}


class Misspelling:
    """A class attribute that is not there, and says which one is; `hasattr` is False."""

    def __init__(self, name: str, advice: str) -> None:
        self.name, self.advice = name, advice

    def __get__(self, instance: object, owner: type) -> None:
        raise AttributeError(f"{owner.__name__} has no attribute {self.name!r}: did you mean {self.advice!r}?")


def install(owner: type) -> None:
    """Answer other libraries' spellings on a class, once it is complete."""
    for name, advice in METHODS.items():
        setattr(owner, name, Misspelling(name, advice))


def unknown_function(name: str, known: Iterable[str]) -> str:
    """The text of the error for `shapetensor.<name>`."""
    from difflib import get_close_matches

    close = [FUNCTIONS[name]] if name in FUNCTIONS else get_close_matches(name, known, 1)
    hint = f": did you mean {close[0]!r}?" if close else ""
    return f"module 'shapetensor' has no attribute {name!r}{hint}"
