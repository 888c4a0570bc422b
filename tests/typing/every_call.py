"""The calls of tests/core/calls.py and the wrong samples of the ops as source text, for test_every_call.py.

The lambdas of the tables are read from their files: names of operands stay, sizes are written out or become names of
type variables, and a function that a lambda gets from elsewhere is spelled as users would.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import shapetensor
from shapetensor._core.dtypes import DTYPES, AnyDType
from tests.core import calls
from tests.core.calls import SIZES
from tests.typing.harness import Said

st: Any = shapetensor
HEADER = f"""from __future__ import annotations

import copy
from typing import Literal as L, TypeVar, reveal_type

import numpy as np
import shapetensor as st
from shapetensor import {", ".join(d.__name__ for d in DTYPES)}, Float, Integer, Tensor, losses, nn, random
from shapetensor.nn import init

{"".join(f'{letter} = TypeVar("{letter}", bound=int)' + chr(10) for letter in SIZES)}
"""
_INFIX = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "and": "&"}
_INFIX |= {"or": "|", "xor": "^", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=", "matmul": "@"}
_PREFIX = {"neg": "-({})", "invert": "~({})", "abs": "abs({})", "round": "round({})", "copy": "copy.copy({})"}
_MODULES = {"st", "np", "losses", "nn", "random", "init"}
Axes = tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """A call in source text: the operands that it names, statements before it, and what its type is asked of."""

    id: str
    operands: Mapping[str, tuple[Axes, AnyDType]]
    results: tuple[str, ...]
    sizes: tuple[str, ...] = ()  # names of SIZES that it takes as ints
    setup: tuple[str, ...] = ()


class NotPublic(Exception):
    """There is no way to write this call with public names."""


# --- lambdas ----------------------------------------------------------------------------------------------------------


@cache
def _lambda_bodies(path: str) -> list[ast.expr]:
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    return [node.body for node in ast.walk(tree) if isinstance(node, ast.Lambda)]


def body_of(function: Callable[..., Any]) -> ast.expr:
    """The expression that a lambda returns: the smallest one around all places that its instructions come from."""
    code: Any = function.__code__
    places = [p for p in code.co_positions() if None not in p and (p[2], p[3]) != (0, 0)]
    if not places:  # a constant, which Python 3.12 has no place for
        return _expression(repr(function(*[None] * code.co_argcount)))
    first = min((line, column) for line, _, column, _ in places)
    last = max((line, column) for _, line, _, column in places)
    bodies = _lambda_bodies(code.co_filename)
    around = [body for body in bodies if _start(body) <= first and last <= _end(body)]
    return max(around, key=_start)


def _start(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _end(node: ast.expr) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0


def _free(function: Callable[..., Any]) -> dict[str, Any]:
    """What a function gets from around it, and its defaults."""
    found = inspect.getclosurevars(function)
    defaults = {p.name: p.default for p in inspect.signature(function).parameters.values() if p.default is not p.empty}
    return {**found.globals, **found.nonlocals, **defaults}


def parameters(function: Callable[..., Any]) -> list[str]:
    """The names of the operands of a lambda."""
    given = inspect.signature(function).parameters.values()
    return [p.name for p in given if p.default is p.empty and p.name != "n"]


class _Writer(ast.NodeTransformer):
    """Puts in what the names of a lambda stand for; `subject` is the public name that `f` goes by."""

    def __init__(self, free: Mapping[str, Any], subject: str, symbols: bool) -> None:
        self._free, self._subject, self._symbols = free, subject, symbols
        self._arguments: dict[str, ast.expr] = {}
        self.sizes: set[str] = set()
        self.tensors: dict[str, Any] = {}
        self.helpers: list[Callable[..., Any]] = []

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id == "n":
            return self._size(node.attr)
        return ast.Attribute(self.visit(node.value), node.attr, ast.Load())

    def _size(self, name: str) -> ast.expr:
        if not self._symbols:
            return ast.Constant(SIZES[name])
        self.sizes.add(name)
        return ast.Name(f"n_{name}", ast.Load())

    def visit_Call(self, node: ast.Call) -> Any:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "f":
            called = [self.visit(a) for a in node.args]
            return _public_call(self._subject, called, [self.visit(k) for k in node.keywords])
        if name == "getattr":
            return ast.Attribute(self.visit(node.args[0]), self.visit(node.args[1]).value, ast.Load())
        if getattr(self._free.get(name), "__name__", "") == "<lambda>":
            return self._inside(self._free[name], [self.visit(a) for a in node.args])
        return self.generic_visit(node)

    def _inside(self, function: Callable[..., Any], arguments: list[ast.expr]) -> Any:
        """What another lambda makes of these arguments."""
        inner = _Writer(_free(function), "", self._symbols)
        inner.sizes, inner.tensors = self.sizes, self.tensors
        inner._arguments = dict(zip(inspect.signature(function).parameters, arguments, strict=True))
        return inner.visit(_copied(body_of(function)))

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        return ast.Subscript(self.visit(node.value), _as_slices(self.visit(node.slice)), ast.Load())

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._arguments:
            return self._arguments[node.id]
        return self._value(node) if node.id in self._free else node

    def _value(self, node: ast.Name) -> ast.expr:
        value = self._free[node.id]
        if hasattr(value, "_spec"):
            self.tensors[node.id] = value
            return node
        if inspect.isfunction(value) and value.__module__ == calls.__name__:
            self.helpers.append(value)
            return node
        if inspect.ismodule(value) and node.id in _MODULES:
            return node
        if isinstance(value, type) and value.__module__.startswith("shapetensor"):
            return _expression(f"nn.{value.__name__}" if issubclass(value, st.nn.Module) else value.__name__)
        if isinstance(value, (int, float, str, tuple)):
            return _expression(repr(value))
        raise NotPublic(node.id)


def _copied(node: ast.expr) -> ast.expr:
    return _expression(ast.unparse(node))


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _as_slices(node: ast.expr) -> ast.expr:
    """`slice(1, None)` in a subscript as `1:`."""
    if isinstance(node, ast.Tuple):
        return ast.Tuple([_as_slices(item) for item in node.elts], ast.Load())
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "slice":
        return _expression("...") if isinstance(node, ast.Name) and node.id == "Ellipsis" else node
    parts = [None if isinstance(a, ast.Constant) and a.value is None else a for a in node.args]
    if len(parts) == 1:
        return ast.Slice(None, parts[0], None)
    return ast.Slice(*parts, *[None] * (3 - len(parts)))


def _public_call(name: str, args: list[ast.expr], keywords: list[ast.keyword]) -> ast.expr:
    """A call of what is public under this name: a function, a method or an operator."""
    owner, _, method = name.rpartition(".")
    if owner != "Tensor":
        return ast.Call(_expression(f"st.{name}"), args, keywords)
    if not method.startswith("__"):
        return ast.Call(ast.Attribute(args[0], method, ast.Load()), args[1:], keywords)
    operator, texts = method.strip("_"), [ast.unparse(a) for a in args]
    if operator in _PREFIX:
        return _expression(_PREFIX[operator].format(*texts))
    if operator not in _INFIX:
        operator, texts = operator.removeprefix("r"), texts[::-1]
    return _expression(f" {_INFIX[operator]} ".join(f"({t})" for t in texts))


# --- cases of the table -----------------------------------------------------------------------------------------------


def operands_of(text: str) -> list[tuple[Axes, AnyDType]]:
    """Axes and dtype of each operand that `"B T; I64 D"` declares."""
    names = {d.__name__: d for d in DTYPES}
    found = []
    for part in filter(str.strip, text.split(";")):
        words = part.split()
        dtype = names[words.pop(0)] if words[0] in names else st.F32
        found.append((tuple(words), dtype))
    return found


def write(name: str, number: int, case: Any, symbols: bool) -> Written:
    """A case of the table in source text."""
    make = inspect.getclosurevars(case.call).nonlocals.get("make")
    function = make or case.call
    writer = _Writer(_free(function), name, symbols)
    value = ast.unparse(ast.fix_missing_locations(writer.visit(_copied(body_of(function)))))
    names = [*parameters(function), "x"] if make else parameters(function)
    operands = dict(zip(names, operands_of(case.operands), strict=True))
    setup = [_defined(helper, operands, symbols) for helper in writer.helpers]
    results: tuple[str, ...] = (value,)
    if make:
        setup.append(f"layer = {value}")
        results = ("layer(x)", "layer", "layer.training(x, key=k)")
    return Written(f"{name}-{number}", operands, results, tuple(sorted(writer.sizes)), tuple(setup))


def _defined(helper: Callable[..., Any], operands: Mapping[str, tuple[Axes, AnyDType]], symbols: bool) -> str:
    """A function of the table's module, of operands of these names."""
    tree: Any = ast.parse(inspect.getsource(helper)).body[0]
    for argument in tree.args.args:
        argument.annotation = _expression(annotation(operands[argument.arg], symbols))
    tree.returns = _expression("Tensor[F32]")
    return ast.unparse(tree)


# --- mypy's side ------------------------------------------------------------------------------------------------------


def annotation(operand: tuple[Axes, AnyDType], symbols: bool) -> str:
    """`Tensor[F32, L[2], T]`."""
    axes, dtype = operand
    dims = [a if symbols and a in SIZES else f"L[{SIZES.get(a, a)}]" for a in axes]
    return f"Tensor[{', '.join([dtype.__name__, *dims])}]"


@dataclass
class Page:
    """A module that is being written, and the lines that each call has in it."""

    symbols: bool = False
    text: str = HEADER
    lines: dict[str, list[int]] = field(default_factory=dict)
    whole: dict[str, range] = field(default_factory=dict)

    def add(self, call: Written) -> None:
        """A function of the operands, with the call in it."""
        given = [f"n_{s}: {s}" for s in call.sizes]
        given += [f"{name}: {annotation(operand, self.symbols)}" for name, operand in call.operands.items()]
        start = self.text.count("\n") + 1
        self.text += f"def case_{len(self.lines)}({', '.join(given)}) -> None:\n"
        for line in "\n".join(call.setup).splitlines():
            self.text += f"    {line}\n"
        self.lines[call.id] = []
        for result in call.results:
            self.lines[call.id].append(self.text.count("\n") + 1)
            self.text += f"    reveal_type({result})\n"
        self.whole[call.id] = range(start, self.text.count("\n") + 1)
        self.text += "\n\n"


def put_in(text: str) -> str:
    """A revealed type with SIZES in place of the type variables, and dimensions worked out."""
    plain = re.sub(r"def \[\w+\] \(.*?\) -> Tensor\[[^\]]*\]", "function", text)
    return ast.unparse(_PutIn().visit(_expression(plain)))


class _PutIn(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(SIZES[node.id]) if node.id in SIZES else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        return _worked_out(node) if not isinstance(node.op, ast.BitOr) else node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return _worked_out(node)


def _worked_out(node: ast.expr) -> ast.expr:
    text = ast.unparse(node)
    return _expression(str(eval(text, {"__builtins__": {}}))) if text.isascii() and not set(text) - _SIGNS else node


_SIGNS = set("0123456789+-*/() ")


# --- the real side ----------------------------------------------------------------------------------------------------


def real_values(call: Written, tensors: Mapping[str, Any]) -> list[Any]:
    """What the text makes of real tensors."""
    names: dict[str, Any] = {**tensors, **{f"n_{s}": SIZES[s] for s in call.sizes}}
    exec(HEADER + "\n".join(call.setup), names)
    return [eval(result, names) for result in call.results]


_FIELDS = {"Linear": ("in_features", "out_features"), "BatchNorm1d": ("num_features",), "Residual": ("inner",)}
_FIELDS |= {"Embedding": ("num_embeddings", "embedding_dim"), "Flatten": ("start_axis", "end_axis")}
_MORE_FIELDS = {"LayerNorm": "normalized_shape", "Sequential": "layers"}


def spelled(value: Any) -> str:
    """The type that mypy should reveal for a value."""
    if hasattr(value, "_spec"):
        return f"Tensor[{', '.join([value.dtype.__name__, *map(str, value.shape)])}]"
    if isinstance(value, tuple):
        return f"tuple[{', '.join(map(spelled, value)) or '()'}]"
    if isinstance(value, list):
        return f"list[{_together(value)}]"
    if isinstance(value, st.nn.Module):
        return _layer(value)
    if isinstance(value, type):
        return f"type[{value.__name__}]"
    return str(value) if type(value) is int else type(value).__name__


def _layer(layer: Any) -> str:
    kind = type(layer).__name__
    parts = [getattr(layer, name) for name in _FIELDS.get(kind, ())]
    parts += getattr(layer, _MORE_FIELDS[kind]) if kind in _MORE_FIELDS else ()
    if kind == "Sequential":
        return f"Sequential[{', '.join(map(spelled, parts)) or '()'}]"
    return f"{kind}[{', '.join(map(spelled, parts))}]" if parts else kind


def _together(tensors: Sequence[Any]) -> str:
    """The type of tensors of one rank: sizes in which they differ are unknown."""
    shapes = [x.shape for x in tensors]
    dims = [str(sizes[0]) if len(set(sizes)) == 1 else "Any" for sizes in zip(*shapes, strict=True)]
    return f"Tensor[{', '.join([tensors[0].dtype.__name__, *dims])}]"


def complaint(messages: Sequence[Said]) -> str:
    """The error of a line as the run time words it: the sentence, and the advice that mypy prints as a note."""
    errors = [m.text.removesuffix("  [shape]") for m in messages if m.kind == "E" and m.text.endswith("  [shape]")]
    notes = [m.text for m in messages if m.kind == "N"] if errors else []
    return "; ".join([*errors, *notes])


def others(messages: Sequence[Said]) -> Iterator[str]:
    """What mypy says against a line that is not about shapes."""
    return (m.text for m in messages if m.kind == "E" and not m.text.endswith("  [shape]"))


# --- wrong samples of the ops -----------------------------------------------------------------------------------------

_SAME = "abs ceil clip cos erf exp expm1 floor isnan log log1p log2 relu round rsqrt sigmoid silu gelu sign sin sqrt"
_SAME += " tanh where equal not_equal less less_equal greater greater_equal maximum minimum pow floor_divide remainder"
_SAME += " logical_and logical_or logical_xor logical_not matrix_transpose matmul linear"
_REDUCTIONS = "sum max min prod any all logsumexp argmax argmin"
_ALONG = "softmax log_softmax cumulative_sum sort unstack expand_dims take take_along_axis"
# How users write the op: {0} is the first operand, {xs} are all, and attributes go by their names.
SPELLINGS: dict[str, str] = {
    **{name: f"st.{name}({{xs}})" for name in _SAME.split()},
    **{name: f"st.{name}({{xs}}, axis={{axes}}, keepdims={{keepdims}})" for name in _REDUCTIONS.split()},
    **{name: f"st.{name}({{xs}}, axis={{axis}})" for name in _ALONG.split()},
    **{name: f"{{0}} {sign} {{1}}" for name, sign in (("add", "+"), ("sub", "-"), ("mul", "*"), ("div", "/"))},
    "neg": "-{0}",
    "var": "st.var({xs}, axis={axes}, keepdims={keepdims}, correction={correction})",
    "astype": "{0}.astype({dtype})",
    "arange": "st.arange({n}, dtype={dtype})",
    "full": "st.full({shape}, {0}, dtype={dtype})",
    "reshape": "{0}.reshape({shape})",
    "broadcast_to": "{0}.broadcast_to({shape})",
    "permute_dims": "{0}.permute_dims({axes})",
    "concat": "st.concat([{xs}], axis={axis})",
    "slice": "{0}[{bounds}]",
    "scatter_add": "st.scatter_add({xs}, axis={axis}, size={size})",
    "scatter_add_along_axis": "st.scatter_add_along_axis({xs}, axis={axis}, size={size})",
    "scatter_set": "{0}.at[{1}].set({2})",
    "cross_entropy": "losses.cross_entropy({xs})",
    "random_normal": "random.normal({0}, {shape}, dtype={dtype})",
    "random_uniform": "random.uniform({0}, {shape}, dtype={dtype})",
    "random_split": "random.split({0}, {n})",
    "random_fold_in": "random.fold_in({xs})",
}
_WEAK = {"WeakInt": "3", "WeakFloat": "0.5", "WeakBool": "True"}


def write_wrong(name: str, number: int, wrong: Any) -> Written:
    """A wrong sample of an op as a public call.

    Raises:
        NotPublic: if there is none.
    """
    key = f"{name}-{number}"
    if hasattr(wrong, "call"):
        return _write_call(key, wrong.call)
    if name not in SPELLINGS:
        raise NotPublic(name)
    operands: dict[str, tuple[Axes, AnyDType]] = {}
    texts = []
    for i, (shape, dtype) in enumerate(wrong.operands):
        weak = _WEAK.get(dtype.__name__)
        texts.append(weak or f"x{i}")
        if weak is None:
            operands[f"x{i}"] = (tuple(map(str, shape)), dtype)
    attrs = {k: v.__name__ if isinstance(v, type) else v for k, v in wrong.attrs.items()}
    if "bounds" in attrs:
        attrs["bounds"] = ", ".join(":".join("" if n is None else str(n) for n in bound) for bound in attrs["bounds"])
    if name in ("argmax", "argmin"):
        attrs["axes"] = attrs["axes"][0] if len(attrs["axes"]) == 1 else None
    return Written(key, operands, (SPELLINGS[name].format(*texts, xs=", ".join(texts), **attrs),))


def _write_call(key: str, call: Callable[[], Any]) -> Written:
    writer = _Writer(_free(call), "", symbols=False)
    text = ast.unparse(ast.fix_missing_locations(writer.visit(_copied(body_of(call)))))
    operands = {name: (tuple(map(str, x.shape)), x.dtype) for name, x in writer.tensors.items()}
    return Written(key, operands, (text,))
