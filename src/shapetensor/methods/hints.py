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
    "abs": "x.maximum(-x)",
    "add": "x + y",
    "amax": "max",
    "any": "max",
    "append": "st.concat([x, y])",
    "apply": "st.vmap(f)(x)",
    "argsort": "st.argsort(x)",
    "bfloat16": "x.astype(st.BF16)",
    "bmm": "x @ y",
    "bool": "x.astype(st.Bool)",
    "byte": "x.astype(st.U8)",
    "cat": "st.concat([x, y])",
    "clamp": "maximum",
    "clamp_min": "maximum",
    "clip": "maximum",
    "concat": "st.concat([x, y])",
    "concatenate": "st.concat([x, y])",
    "data": "numpy",
    "dim": "ndim",
    "div": "x / y",
    "divide": "x / y",
    "dot": "x @ y",
    "double": "x.astype(st.F64)",
    "element_size": "x.dtype.itemsize",
    "eq": "x == y",
    "equal": "x == y",
    "expand": "broadcast_to",
    "expand_as": "broadcast_to",
    "fill": "st.full_like(x, value)",
    "flatten": "x.reshape(-1)",
    "float": "x.astype(st.F32)",
    "gather": "st.take_along_axis(x, indices)",
    "ge": "x >= y",
    "grad": "st.grad(f)(x)",
    "gt": "x > y",
    "half": "x.astype(st.F16)",
    "index_add": "st.scatter_add(x, indices, axis=axis, size=n)",
    "index_select": "take",
    "int": "x.astype(st.I32)",
    "itemsize": "x.dtype.itemsize",
    "le": "x <= y",
    "log_softmax": "st.log_softmax(x)",
    "long": "x.astype(st.I64)",
    "lt": "x < y",
    "masked_fill": "st.where(condition, value, x)",
    "matmul": "x @ y",
    "matrix_transpose": "x.mT",
    "mm": "x @ y",
    "movedim": "permute_dims",
    "moveaxis": "permute_dims",
    "mul": "x * y",
    "multiply": "x * y",
    "ne": "x != y",
    "neg": "-x",
    "negative": "-x",
    "new_full": "st.full(shape, value)",
    "new_ones": "st.ones(shape)",
    "new_zeros": "st.zeros(shape)",
    "numel": "size",
    "permute": "permute_dims",
    "ravel": "x.reshape(-1)",
    "requires_grad": "traced",
    "requires_grad_": "traced",
    "scatter_add": "st.scatter_add_along_axis(x, indices, size=n)",
    "set": "st.where(condition, value, x)",
    "softmax": "st.softmax(x)",
    "sort": "st.sort(x)",
    "split": "unstack",
    "stack": "st.stack([x, y])",
    "sub": "x - y",
    "subtract": "x - y",
    "swapaxes": "permute_dims",
    "t": "x.T",
    "take_along_axis": "st.take_along_axis(x, indices)",
    "take_along_dim": "st.take_along_axis(x, indices)",
    "to": "astype",
    "to_numpy": "numpy",
    "transpose": "permute_dims",
    "type": "astype",
    "unbind": "unstack",
    "unsqueeze": "expand_dims",
    "view": "reshape",
    "where": "st.where(condition, x, y)",
}
# The same for `st.<spelling>`: a public name.
FUNCTIONS = {
    "amax": "max",
    "array": "tensor",
    "as_tensor": "asarray",
    "bmm": "matmul",
    "bool": "Bool",
    "cat": "concat",
    "clip": "maximum",
    "concatenate": "concat",
    "div": "divide",
    "dot": "matmul",
    "double": "F64",
    "eq": "equal",
    "expand": "broadcast_to",
    "float": "F32",
    "from_torch": "asarray",
    "gather": "take_along_axis",
    "ge": "greater_equal",
    "gt": "greater",
    "half": "F16",
    "index_add": "scatter_add",
    "index_select": "take",
    "int": "I32",
    "jit": "compile",
    "le": "less_equal",
    "long": "I64",
    "lt": "less",
    "masked_fill": "where",
    "mm": "matmul",
    "movedim": "permute_dims",
    "moveaxis": "permute_dims",
    "mul": "multiply",
    "ne": "not_equal",
    "neg": "negative",
    "permute": "permute_dims",
    "rand": "random.uniform",
    "randn": "random.normal",
    "randperm": "random.permutation",
    "scatter": "scatter_add",
    "segment_sum": "scatter_add",
    "sub": "subtract",
    "swapaxes": "permute_dims",
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
