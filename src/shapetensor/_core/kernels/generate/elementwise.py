"""Elementwise kernels: an expression in, a kernel for each layout class out.

  contiguous   all operands are flat arrays of the output's size; operands in `scalars` come by value
  strided      four loops over merged axes with a stride per operand and axis; 0 stretches, so that rows, columns and
               single elements broadcast. The inner loop has a form of its own for strides of 1 and 0, which is what
               LLVM vectorises.

Numba makes one specialisation for each dtype at its first use. Functions such as sin have a fast form for a range of
arguments; loops that use them notice arguments outside of it, and compute these few hundred elements again, exactly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product

from ...dtypes import AnyDType
from .. import vector
from .expression import Expression, functions, rename, typed

RANK = 4  # loops of a strided kernel: what is left of most shapes after merging axes
_BLOCK = 512  # elements that are computed again where one of them is outside of a function's range


def contiguous(name: str, expression: Expression, scalars: Sequence[bool], dtype: AnyDType) -> str:
    """Kernel for flat arrays: `name(*inputs, out)`; `dtype` is computed in."""
    inputs = expression.inputs
    text = _head(expression, dtype) + "{kernel}\n" + f"def {name}({', '.join(inputs)}, out):\n"
    text += _cast_scalars(inputs, scalars)
    blocked = bool(_with_fallback(expression))
    elements = {n: n if s else f"{n}[o + j]" if blocked else f"{n}[j]" for n, s in zip(inputs, scalars, strict=True)}
    if not blocked:
        return text + _loop(expression, elements, "out[j]", "out.size", dtype, "    ")
    text += f"    for first in range(0, out.size, {_BLOCK}):\n        o = np.uint64(first)\n"
    text += f"        n = np.uint64(min({_BLOCK}, out.size - first))\n"
    return text + _loop(expression, elements, "out[o + j]", "n", dtype, " " * 8)


def strided(name: str, expression: Expression, dtype: AnyDType) -> str:
    """Kernel for any strides: `name(*inputs, shape, *strides, out)`, shape and strides of length RANK."""
    names = expression.inputs
    text = _head(expression, dtype)
    text += "{kernel}\n" + f"def {name}({', '.join(names)}, shape, {', '.join(n + 's' for n in names)}, out):\n"
    # Unsigned, since Numba gives signed indices a test for negative ones, which keeps loops from being vectorised;
    # slices would do as well, but counting their references costs more than a short row.
    text += "    n3 = np.uint64(shape[3])\n    o = np.uint64(0)\n"
    text += "".join(f"    {n}i = np.uint64({n}s[3])\n" for n in names)
    for axis in range(RANK - 1):
        text += "    " * (axis + 1) + f"for i{axis} in range(shape[{axis}]):\n"
    indent = "    " * RANK
    for n in names:
        start = " + ".join(f"i{a} * {n}s[{a}]" for a in range(RANK - 1))
        text += f"{indent}{n}o = np.uint64({start})\n"
    keyword = "if"
    for pattern in _branches(names):
        test = " and ".join(f"{n}s[3] == {int(u)}" for n, u in zip(names, pattern, strict=True))
        text += f"{indent}{keyword} {test}:\n" + _inner_loop(expression, pattern, dtype, indent + "    ")
        keyword = "elif"
    text += f"{indent}else:\n" + _inner_loop(expression, (None,) * len(names), dtype, indent + "    ")
    return text + f"{indent}o += n3\n"


def _head(expression: Expression, dtype: AnyDType) -> str:
    """The functions that the expression calls."""
    return vector.sources(functions(expression.texts), dtype)


def _cast_scalars(names: Sequence[str], scalars: Sequence[bool]) -> str:
    """Scalars arrive as float64 or int64 and become the dtype of the arrays beside them."""
    arrays = ["out", *(n for n, scalar in zip(names, scalars, strict=True) if not scalar and n != "condition")]
    return "".join(
        f"    {n} = {arrays[-1]}.dtype.type({n})\n" for n, scalar in zip(names, scalars, strict=True) if scalar
    )


def _branches(names: Sequence[str]) -> list[tuple[bool, ...]]:
    """Inner-stride patterns with a loop of their own: all for two operands, only 'all 1' for more."""
    if len(names) == 1:
        return [(True,)]
    if len(names) == 2:
        return [p for p in product((True, False), repeat=2) if any(p)]
    return [(True,) * len(names)]


def _inner_loop(expression: Expression, unit: Sequence[bool | None], dtype: AnyDType, indent: str) -> str:
    """The innermost loop; `unit` says of each operand: stride 1, stride 0, or (None) any stride."""
    elements, before = {}, ""
    for n, u in zip(expression.inputs, unit, strict=True):
        if u is None:
            elements[n] = f"{n}[{n}o + j * {n}i]"
        elif u:
            elements[n] = f"{n}[{n}o + j]"
        else:
            before += f"{indent}{n}v = {n}[{n}o]\n"
            elements[n] = f"{n}v"
    return before + _loop(expression, elements, "out[o + j]", "n3", dtype, indent)


def _loop(
    expression: Expression, elements: Mapping[str, str], store: str, count: str, dtype: AnyDType, indent: str
) -> str:
    """`for j in range(count): store = expression`, and the same again where a function left its range."""
    table = {n: f"{n}_" for n in expression.inputs}
    loads = [f"{table[n]} = {element}" for n, element in elements.items()]
    lines = [(name, typed(rename(text, table), dtype)) for name, text in expression.lines]
    lines.append((store, typed(rename(expression.result, table), dtype)))
    fallbacks = _with_fallback(expression)
    if not fallbacks:
        return _written(count, [*loads, *(f"{name} = {text}" for name, text in lines)], indent)
    calls = re.compile(rf"\b({'|'.join(fallbacks)})\((\w+)\)")
    fast, exact = list(loads), list(loads)
    for name, text in lines:
        fast += [f"outside |= {f}_outside({x})" for f, x in calls.findall(text)]
        fast.append(f"{name} = {text}")
        exact.append(f"{name} = " + calls.sub(r"\1_exactly(\2)", text))
    again = f"{indent}if outside:\n" + _written(count, exact, indent + "    ")
    return f"{indent}outside = False\n" + _written(count, fast, indent) + again


def _written(count: str, body: Sequence[str], indent: str) -> str:
    return f"{indent}for j in range({count}):\n" + "".join(f"{indent}    {line}\n" for line in body)


def _with_fallback(expression: Expression) -> list[str]:
    return [name for name in functions(expression.texts) if vector.has_fallback(name)]


def contiguous_split(cut: Sequence[bool], size: int) -> tuple[str, str]:
    """Name and text of what cuts arrays of equal length into pieces for several threads; others are handed on whole."""
    names = [f"x{i}" for i in range(len(cut))]
    parts = [f"{n}[first:last]" if c else n for n, c in zip(names, cut, strict=True)]
    name = "elements_" + "".join("c" if c else "w" for c in cut)
    return (
        name,
        f"""\
{{parallel}}
def {name}(kernel, {", ".join(names)}):
    size = {names[list(cut).index(True)]}.size
    for c in prange((size + {size - 1}) // {size}):
        first = c * {size}
        last = min(size, first + {size})
        run_at(kernel, ({", ".join(parts)}))
""",
    )


def strided_split(count: int, size: int) -> tuple[str, str]:
    """Name and text of what cuts the first axis that is longer than 1, for `count` operands."""
    inputs = [f"x{i}" for i in range(count)]
    parts = [f"{n}[first * {n}s[axis]:]" for n in inputs]
    sizes = [f"last - first if axis == {a} else shape[{a}]" for a in range(RANK)]
    strides = [f"{n}s" for n in inputs]
    name = f"strides_{count}"
    return (
        name,
        f"""\
{{parallel}}
def {name}(kernel, {", ".join(inputs)}, shape, {", ".join(strides)}, out):
    axis = 0
    while axis < {RANK - 1} and shape[axis] == 1:
        axis += 1
    inner = out.size // max(1, shape[axis])
    size = max(1, {size} // max(1, inner))
    for c in prange((shape[axis] + size - 1) // size):
        first = c * size
        last = min(shape[axis], first + size)
        sizes = ({", ".join(sizes)})
        run_at(kernel, ({", ".join(parts)}, sizes, {", ".join(strides)}, out[first * inner : last * inner]))
""",
    )
