"""What to say to a name that tensors do not have: the spelling they do have.

The usual spellings of other libraries are descriptors that raise, not a `__getattr__`: with one, CPython 3.11 reads
every attribute, those of kernels' operands included, three times slower. Other typing errors have the suggestions of
Python's own tracebacks, which look at `dir(x)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# What to say, in words, where a name has no counterpart; the code in it is between backticks.
TENSOR_REASONS = {
    "clone": "a tensor never changes, so `x` itself will do",
    "contiguous": "kernels take any layout, so `x` itself will do",
    "cuda": "write `x.to('cuda')`, or `x.to('cuda:1')` for another one",
    "detach": "only what `st.grad`, `st.vjp` or `x.traced()` is asked for is differentiated; a part of it cannot be"
    " left out yet",
    "detach_": "only what `st.grad`, `st.vjp` or `x.traced()` is asked for is differentiated; a part of it cannot be"
    " left out yet",
    "is_contiguous": "kernels take any layout",
    "is_cuda": "write `x.device.name`, which is 'cpu' or, say, 'cuda:0'",
    "retain_grad": "gradients are returned: `x.backward(wrt=...)` or `st.grad(f)`",
    "zero_grad": "gradients are returned and not added up: there is nothing to set to zero",
}
_NO_MODE = "gradients are computed only where you ask for them, with `st.grad` or `x.traced()`: leave it out"
_KEY = "with key = `st.random.key(seed)`"
FUNCTION_REASONS = {
    "Generator": "randomness takes a key: `st.random.key(seed)`, and `st.random.split(key)` for more of them",
    "autograd": "gradients are `st.grad`, `st.value_and_grad`, `st.vjp` and `st.jvp`",
    "bernoulli": f"write `st.random.bernoulli(key, p, shape)`, {_KEY}",
    "cuda": "a device is named by a string, as in `x.to('cuda')`; `shapetensor doctor` says what this machine has",
    "device": "a device is named by a string, as in `x.to('cpu')` or `st.zeros(3, device='cuda:0')`",
    "enable_grad": _NO_MODE,
    "inference_mode": _NO_MODE,
    "load": "write `st.io.load_file(path)`, or `st.io.load_checkpoint` for a whole run",
    "manual_seed": "there is no global state: key = `st.random.key(seed)` goes to each function that is random",
    "no_grad": _NO_MODE,
    "rand": f"write `st.random.uniform(key, shape)`, {_KEY}",
    "randn": f"write `st.random.normal(key, shape)`, {_KEY}",
    "randperm": f"write `st.random.permutation(key, n)`, {_KEY}",
    "save": "write `st.io.save_file(model.state_dict(), path)`, or `st.io.save_checkpoint` for a whole run",
    "set_grad_enabled": _NO_MODE,
}
_MANY = "keep the layers in a field that is a tuple, list or dict"
_NOT_YET = (
    "AvgPool2d BatchNorm2d BatchNorm3d Conv1d Conv2d Conv3d ConvTranspose2d Dropout1d Dropout2d Dropout3d"
    " EmbeddingBag GRU GroupNorm InstanceNorm1d InstanceNorm2d LSTM MaxPool2d MultiheadAttention RMSNorm RNN"
    " Transformer"
)
NN_REASONS = {
    "BCELoss": "write `st.losses.binary_cross_entropy(x, y)`",
    "BCEWithLogitsLoss": "write `st.losses.binary_cross_entropy_with_logits(x, y)`",
    "CrossEntropyLoss": "write `st.losses.cross_entropy(scores, labels)`; classes are the last axis",
    "L1Loss": "write `st.losses.l1_loss(x, y)`",
    "LogSoftmax": "write `st.log_softmax(x)`",
    "MSELoss": "write `st.losses.mse_loss(x, y)`",
    "ModuleDict": _MANY,
    "ModuleList": _MANY,
    "Parameter": "a floating tensor in a field is a parameter, unless the field is `nn.buffer()`",
    "ParameterDict": "keep the tensors in a field that is a dict",
    "ParameterList": "keep the tensors in a field that is a tuple or list",
    "Softmax": "write `st.softmax(x)`",
    "functional": "functions are in `st`, such as `st.softmax`, and losses in `st.losses`, such as"
    " `st.losses.cross_entropy`",
    "utils": "the gradients are clipped by `st.optim.clip_by_global_norm`",
    **dict.fromkeys(_NOT_YET.split(), "it is not there yet"),
}
_MODES = "`model(x)` is inference and `model.training(x, key=key)` is training: there are no modes"
MODULE_REASONS = {
    "cpu": "write `model.to('cpu')`, which returns the module there",
    "cuda": "write `model.to('cuda')`, which returns the module there",
    "eval": _MODES,
    "forward": "write `model(x)`, and `def __call__(self, x)` in the class",
    "register_buffer": "declare a field `mean: st.Tensor = nn.buffer()`, and assign it in __init__",
    "register_parameter": "a floating tensor in a field is a parameter",
    "requires_grad_": "ask for gradients with `st.grad(loss_of)(model)` or `st.traced(model)`",
    "train": _MODES,
    "zero_grad": "gradients are returned and not added up: there is nothing to set to zero",
}
_STATE = "the state is a tree of tensors: `st.io.save_checkpoint(path, (model, state))` and `st.io.load_checkpoint`"
OPTIMIZER_REASONS = {
    "load_state_dict": _STATE,
    "param_groups": "the rate of one step is `optimizer.update(model, gradients, state, lr=lr)`",
    "state_dict": _STATE,
    "step": "write `model, state = optimizer.update(model, gradients, state)`",
    "zero_grad": "gradients are returned and not added up: there is nothing to set to zero",
}
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
    **TENSOR_REASONS,
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
    """A class attribute that is not there, and says what to write; `hasattr` is False, and instances may have it."""

    def __init__(self, name: str, hint: str) -> None:
        self.name, self.hint = name, hint

    def __get__(self, instance: object, owner: type) -> None:
        raise AttributeError(f"{owner.__name__} has no attribute {self.name!r}: {self.hint}")


def install(owner: type) -> None:
    """Answer other libraries' spellings on the class of tensors, once it is complete."""
    for name, advice in METHODS.items():
        setattr(owner, name, Misspelling(name, advice if name in TENSOR_REASONS else f"did you mean {advice!r}?"))


def explain(owner: type, reasons: Mapping[str, str]) -> None:
    """Answer other libraries' names on a class and its subclasses, which may have such an attribute all the same."""

    def __dir__(self: object) -> list[str]:
        return [name for name in object.__dir__(self) if name not in reasons or hasattr(self, name)]

    for name, reason in reasons.items():
        setattr(owner, name, Misspelling(name, reason))
    owner.__dir__ = __dir__  # type: ignore[assignment]


def unknown_function(name: str, known: Iterable[str]) -> str:
    """The text of the error for `shapetensor.<name>`."""
    return _unknown("shapetensor", name, known, FUNCTION_REASONS, FUNCTIONS)


def unknown_layer(name: str, known: Iterable[str]) -> str:
    """The text of the error for `shapetensor.nn.<name>`."""
    return _unknown("shapetensor.nn", name, known, NN_REASONS, {})


def _unknown(
    module: str, name: str, known: Iterable[str], reasons: Mapping[str, str], spellings: Mapping[str, str]
) -> str:
    from difflib import get_close_matches

    text = f"module {module!r} has no attribute {name!r}"
    if name in reasons:
        return f"{text}: {reasons[name]}"
    close = [spellings[name]] if name in spellings else get_close_matches(name, known, 1)
    return f"{text}: did you mean {close[0]!r}?" if close else text
