"""Source text of elementwise and reduction kernels: one expression in, a kernel for each layout class out.

Numba makes one specialisation for each dtype at its first use. Layout classes of an elementwise kernel:

  contiguous   all operands are flat arrays of the output's size; operands in `scalars` come by value
  strided      four loops over merged axes with a stride per operand and axis; 0 stretches. The inner loop has a form
               of its own for the strides 1 and 0, which is what LLVM vectorises.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

RANK = 4  # loops of a strided kernel: what is left of most shapes after merging axes


def _cast_scalars(names: Sequence[str], scalars: Sequence[bool]) -> str:
    """Scalars arrive as float64 or int64 and become the dtype of the arrays beside them."""
    arrays = ["out", *(n for n, scalar in zip(names, scalars, strict=True) if not scalar and n != "condition")]
    return "".join(
        f"    {n} = {arrays[-1]}.dtype.type({n})\n" for n, scalar in zip(names, scalars, strict=True) if scalar
    )


def _substitute(expression: str, names: Sequence[str], texts: Sequence[str]) -> str:
    """The expression with each name that stands alone (not `math.exp`) replaced."""
    table = dict(zip(names, texts, strict=True))
    return re.sub(r"[A-Za-z_]\w*(\.\w+)*", lambda m: table.get(m[0], m[0]), expression)


def contiguous(name: str, expression: str, names: Sequence[str], scalars: Sequence[bool]) -> str:
    """Kernel for flat arrays: `name(*names, out)`."""
    elements = [n if scalar else f"{n}[i]" for n, scalar in zip(names, scalars, strict=True)]
    return (
        "{kernel}\n"
        f"def {name}({', '.join(names)}, out):\n"
        f"{_cast_scalars(names, scalars)}"
        f"    for i in range(out.size):\n"
        f"        out[i] = {_substitute(expression, names, elements)}\n"
    )


def _inner_loop(expression: str, names: Sequence[str], unit: Sequence[bool | None], indent: str) -> str:
    """The innermost loop; `unit` says of each operand: stride 1, stride 0, or (None) any stride."""
    lines, elements = [], []
    for n, u in zip(names, unit, strict=True):
        if u is None:
            elements.append(f"{n}[{n}o + j * {n}i]")
        elif u:
            elements.append(f"{n}[{n}o + j]")
        else:
            lines.append(f"{n}v = {n}[{n}o]")
            elements.append(f"{n}v")
    body = _substitute(expression, names, elements)
    lines += ["for j in range(n3):", f"    out[o + j] = {body}"]
    return "".join(f"{indent}{line}\n" for line in lines)


def _branches(names: Sequence[str]) -> list[tuple[bool, ...]]:
    """Inner-stride patterns with a loop of their own: all for two operands, only 'all 1' for more."""
    if len(names) == 1:
        return [(True,)]
    if len(names) == 2:
        return [p for p in product((True, False), repeat=2) if any(p)]
    return [(True,) * len(names)]


def strided(name: str, expression: str, names: Sequence[str]) -> str:
    """Kernel for any strides: `name(*names, shape, *strides, out)`, shape and strides of length RANK."""
    text = "{kernel}\n" + f"def {name}({', '.join(names)}, shape, {', '.join(n + 's' for n in names)}, out):\n"
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
        text += f"{indent}{keyword} {test}:\n" + _inner_loop(expression, names, pattern, indent + "    ")
        keyword = "elif"
    text += f"{indent}else:\n" + _inner_loop(expression, names, (None,) * len(names), indent + "    ")
    return text + f"{indent}o += n3\n"


def reduction(name: str, start: str, combine: str, rows: str, *, empty: int = 0) -> str:
    """Kernel that reduces the middle axis: `name(x, outer, n, inner, out)`, x as (outer, n, inner) in C order.

    Args:
        name: name of the kernel.
        start: the accumulator after the first element `v`.
        combine: the accumulator after it was `a` and met `v`.
        rows: lines that reduce the contiguous row `r` of `n` elements to `a`, for inner == 1.
        empty: the value of no elements.
    """
    row = "".join(f"            {line}\n" for line in rows.splitlines())
    return f"""{{kernel}}
def {name}(x, outer, n, inner, out):
    zero = out.dtype.type({empty})
    if inner == 1:
        for p in range(outer):
            r = x[p * n : p * n + n]
{row}            out[p] = a
        return
    for p in range(outer):
        q = out[p * inner : p * inner + inner]
        for j in range(inner):
            q[j] = zero
        for k in range(n):
            first = (p * n + k) * inner
            r = x[first : first + inner]
            if k == 0:
                for j in range(inner):
                    v = r[j]
                    q[j] = {start}
            else:
                for j in range(inner):
                    v = r[j]
                    a = q[j]
                    q[j] = {combine}
"""
