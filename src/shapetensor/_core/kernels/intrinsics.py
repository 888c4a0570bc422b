"""What kernels say to LLVM directly, where Numba has no word for it or widens: files of kernels import these by name.

Results have the type of the first argument, which the others are converted to. Of two integers whose bits are worked on
it is the narrower type: Numba's own operators make int64 of int32, and literals are int64. Nothing here has a branch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

_INTEGERS: dict[Any, Any] = {types.float32: types.int32, types.float64: types.int64}  # of the same width
_FLOATS = {integer: real for real, integer in _INTEGERS.items()}
_TYPES = {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}


def _named(name: str, *kinds: Any, flags: tuple[str, ...] = ()) -> Any:
    """Type and code of LLVM's own function of floats; None, by which Numba says that there is none, for other types."""
    kind = kinds[0]
    if kind not in _INTEGERS:
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        declared = ir.FunctionType(_TYPES[kind], [_TYPES[kind]] * len(args))
        full = f"llvm.{name}.f{kind.bitwidth}"
        return builder.call(cgutils.get_or_insert_function(builder.module, declared, full), args, fastmath=flags)

    return kind(*[kind] * len(kinds)), generate


def _chosen(operator: str, x: Any, y: Any) -> Any:
    """Type and code of x where `x operator y`, else y, for integers."""
    kind = types.unliteral(x)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        compare = builder.icmp_signed if getattr(kind, "signed", False) else builder.icmp_unsigned
        return builder.select(compare(operator, *args), *args)

    return kind(kind, kind), generate


def _any_order(x: Any, on_floats: str, on_integers: str) -> Any:
    """Type and code of an operation that may be moved in a chain of the same ones."""
    kind = types.unliteral(x)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if kind in _INTEGERS:
            return getattr(builder, on_floats)(*args, flags=("reassoc", "nsz"))
        return getattr(builder, on_integers)(*args)

    return kind(kind, kind), generate


def _on_bits(n: Any, m: Any, operation: str) -> Any:
    """Type and code of an operation on integers in the narrower width of the two."""
    kind: Any = types.int32 if types.int32 in (types.unliteral(n), types.unliteral(m)) else types.int64

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        width = ir.IntType(kind.bitwidth)
        cut = [builder.trunc(value, width) if value.type.width > width.width else value for value in args]
        return getattr(builder, operation)(*cut)

    return kind(n, m), generate


def _converted(result: Any, x: Any, code: Callable[[Any, Any], Any]) -> Any:
    """Type and code of what makes a `result` of x; None where there is no such type."""
    return None if result is None else (result(x), lambda context, builder, signature, args: code(builder, args[0]))


def _call(result: Any, given: Any) -> Any:
    """Type and code of a call of what was compiled for these arguments and is at an address; integers are int64."""
    kinds = tuple(types.int64 if isinstance(kind, types.Integer) else kind for kind in given)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        convention = context.call_conv
        values = cgutils.unpack_tuple(builder, args[1], len(kinds))
        values = [context.cast(builder, *from_to) for from_to in zip(values, given, kinds, strict=True)]
        function = builder.inttoptr(args[0], convention.get_function_type(result, kinds).as_pointer())
        status, value = convention.call_function(builder, function, result, kinds, values)
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return value

    return result(types.int64, given), generate


@intrinsic
def run_at(typing: Any, address: Any, args: Any) -> Any:
    """Call a kernel that returns nothing."""
    return _call(types.none, args)


@intrinsic
def find_at(typing: Any, address: Any, args: Any) -> Any:
    """Call a kernel that returns an integer."""
    return _call(types.int64, args)


@intrinsic
def settle(typing: Any) -> Any:
    """What was stored is in memory: numbers that are read again are rounded, and not part of what made them."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.fence("seq_cst", "singlethread")  # for the compiler only; no instruction
        return context.get_dummy_value()

    return types.none(), generate


@intrinsic
def fabs(typing: Any, x: Any) -> Any:
    """x without its sign."""
    return _named("fabs", x)


@intrinsic
def copysign(typing: Any, x: Any, y: Any) -> Any:
    """x with the sign of y."""
    return _named("copysign", x, y)


@intrinsic
def sqrt(typing: Any, x: Any) -> Any:
    """The square root; nan below zero."""
    return _named("sqrt", x)


@intrinsic
def maximum(typing: Any, x: Any, y: Any) -> Any:
    """The greater one; nan if one of them is, and either zero of two: telling them apart doubles the time."""
    return _named("maximum", x, y, flags=("nsz",)) or _chosen(">", x, y)


@intrinsic
def larger(typing: Any, x: Any, y: Any) -> Any:
    """The greater of a float x that is not nan and y, which is left out if it is: twice as fast as `maximum`."""
    signature, ignoring = _named("maxnum", x, y)
    _, of_numbers = _named("maxnum", x, y, flags=("nnan", "nsz"))

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number = ignoring(context, builder, signature, (args[1], ir.Constant(_TYPES[x], float("-inf"))))
        return of_numbers(context, builder, signature, (args[0], number))

    return signature, generate


@intrinsic
def minimum(typing: Any, x: Any, y: Any) -> Any:
    """The lesser one; nan if one of them is, and either zero of two."""
    return _named("minimum", x, y, flags=("nsz",)) or _chosen("<", x, y)


@intrinsic
def add_any_order(typing: Any, x: Any, y: Any) -> Any:
    """x + y, where LLVM may add a chain of these in any order; wraps for integers."""
    return _any_order(x, "fadd", "add")


@intrinsic
def multiply_any_order(typing: Any, x: Any, y: Any) -> Any:
    """x * y, where LLVM may multiply a chain of these in any order; wraps for integers."""
    return _any_order(x, "fmul", "mul")


@intrinsic
def bits(typing: Any, x: Any) -> Any:
    """The bits of a float as a signed integer of the same width."""
    return _converted(_INTEGERS.get(x), x, lambda builder, value: builder.bitcast(value, ir.IntType(x.bitwidth)))


@intrinsic
def from_bits(typing: Any, n: Any) -> Any:
    """The float that has these bits."""
    real = _FLOATS.get(n)
    return _converted(real, n, lambda builder, value: builder.bitcast(value, _TYPES[real]))


@intrinsic
def is_odd(typing: Any, n: Any) -> Any:
    """Whether the lowest bit is set."""
    return _converted(types.boolean, n, lambda builder, value: builder.trunc(value, ir.IntType(1)))


@intrinsic
def plus(typing: Any, n: Any, m: Any) -> Any:
    """n + m; wraps."""
    return _on_bits(n, m, "add")


@intrinsic
def minus(typing: Any, n: Any, m: Any) -> Any:
    """n - m; wraps."""
    return _on_bits(n, m, "sub")


@intrinsic
def both(typing: Any, n: Any, m: Any) -> Any:
    """The bits that are set in n and in m."""
    return _on_bits(n, m, "and_")


@intrinsic
def differing(typing: Any, n: Any, m: Any) -> Any:
    """The bits that are set in one of n and m only."""
    return _on_bits(n, m, "xor")


@intrinsic
def shift_left(typing: Any, n: Any, places: Any) -> Any:
    """n shifted to its high end."""
    return _on_bits(n, places, "shl")


@intrinsic
def shift_right(typing: Any, n: Any, places: Any) -> Any:
    """n shifted to its low end; zeros fill the places, that of the sign, too."""
    return _on_bits(n, places, "lshr")
