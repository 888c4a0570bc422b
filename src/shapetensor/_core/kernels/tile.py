"""What matrix products are made of: tiles of the output that stay in vector registers while the factors stream by.

Files of kernels import these by name and give the sizes of a tile as literals: LLVM then has a register for each vector
of it through the whole inner loop. Elements are addressed by array and offset, so that a build with bounds checking
(NUMBA_BOUNDSCHECK=1) can compare the first and the last address of each array with its size.

Reference: Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, config, types
from numba.extending import intrinsic

_I1, _I32, _I64 = ir.IntType(1), ir.IntType(32), ir.IntType(64)
_BLOCK = 256  # steps whose products are summed before they are added to the output
_UNROLLED = 2  # steps of an inner loop that are written out


@functools.cache
def vector_bytes() -> int:
    """Width of the vector registers of the processor that kernels are compiled for."""
    return 64 if "+avx512f" in _features() else 32 if "+avx2" in _features() else 16


@functools.cache
def registers() -> int:
    """How many vector registers it has."""
    return 32 if vector_bytes() == 64 or _is_arm() else 16


def fuses() -> bool:
    """Whether it has instructions for a * b + c."""
    return not {"+fma", "+avx512f"}.isdisjoint(_features()) or _is_arm()


def _is_arm() -> bool:
    return "aarch64" in binding.get_default_triple() or "arm64" in binding.get_default_triple()


def _features() -> Sequence[str]:
    """The processor's features as Numba tells LLVM; settings of Numba override what the host has."""
    chosen = config.CPU_FEATURES
    features: str = binding.get_host_cpu_features().flatten() if chosen is None else chosen
    return [f for f in features.split(",") if config.ENABLE_AVX or not f.startswith(("+avx", "+fma"))]


class _Vectors:
    """Vectors of the element type of an array, in the function that is being built."""

    def __init__(self, context: Any, builder: Any, dtype: Any) -> None:
        self.builder = builder
        self.real = isinstance(dtype, types.Float)
        self.element = context.get_data_type(dtype)
        self.bytes = dtype.bitwidth // 8
        self.lanes = vector_bytes() // self.bytes
        self.type = ir.VectorType(self.element, self.lanes)
        self.zero = ir.Constant(self.type, [0.0 if self.real else 0] * self.lanes)
        self._name = f"v{self.lanes}{'f' if self.real else 'i'}{dtype.bitwidth}"
        self._mask = ir.VectorType(_I1, self.lanes)

    def at(self, base: Any, offset: Any) -> Any:
        """The address of an element."""
        offset = _I64(offset) if isinstance(offset, int) else offset
        return self.builder.gep(base, [offset])

    def number(self, base: Any) -> Any:
        return self.builder.load(base)

    def load(self, base: Any, mask: Any = None) -> Any:
        """A vector; zeros where the mask is not set, nothing is read there."""
        if mask is None:
            return self.builder.load(self._vector_at(base), align=self.bytes)
        function = self._function("load", self.type, [ir.PointerType(), _I32, self._mask, self.type])
        return self.builder.call(function, [base, _I32(self.bytes), mask, self.zero])

    def store(self, vector: Any, base: Any, mask: Any = None) -> None:
        """Write a vector where the mask is set."""
        if mask is None:
            self.builder.store(vector, self._vector_at(base), align=self.bytes)
            return
        function = self._function("store", ir.VoidType(), [self.type, ir.PointerType(), _I32, self._mask])
        self.builder.call(function, [vector, base, _I32(self.bytes), mask])

    def _vector_at(self, base: Any) -> Any:
        return self.builder.bitcast(base, self.type.as_pointer())

    def _function(self, name: str, result: Any, args: Any) -> Any:
        full = f"llvm.masked.{name}.{self._name}.p0"
        return cgutils.get_or_insert_function(self.builder.module, ir.FunctionType(result, args), full)

    def splat(self, number: Any) -> Any:
        """A vector of one number."""
        return self._repeated(self.type, number)

    def _repeated(self, kind: Any, number: Any) -> Any:
        nothing = ir.Constant(kind, ir.Undefined)
        one = self.builder.insert_element(nothing, number, _I32(0))
        return self.builder.shuffle_vector(one, nothing, ir.Constant(ir.VectorType(_I32, self.lanes), [0] * self.lanes))

    def first(self, count: Any) -> Any:
        """The mask of so many lanes."""
        kind = ir.VectorType(_I32, self.lanes)
        counts = self._repeated(kind, self.builder.trunc(count, _I32))
        return self.builder.icmp_signed(">", counts, ir.Constant(kind, list(range(self.lanes))))

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        """a * b + c, rounded once where the processor can.

        It is said in full, since LLVM, free to contract two products and a sum, may round either one of the products.
        """
        if not self.real:
            return self.builder.add(self.builder.mul(a, b), c)
        if not fuses():
            return self.builder.fadd(self.builder.fmul(a, b), c)
        declared = ir.FunctionType(self.type, [self.type] * 3)
        function = cgutils.get_or_insert_function(self.builder.module, declared, f"llvm.fma.{self._name}")
        return self.builder.call(function, [a, b, c])

    def add(self, a: Any, b: Any) -> Any:
        return self.builder.fadd(a, b) if self.real else self.builder.add(a, b)

    def total(self, vector: Any) -> Any:
        """The sum of the lanes."""
        module = self.builder.module
        if not self.real:
            declared = ir.FunctionType(self.element, [self.type])
            function = cgutils.get_or_insert_function(module, declared, f"llvm.vector.reduce.add.{self._name}")
            return self.builder.call(function, [vector])
        declared = ir.FunctionType(self.element, [self.element, self.type])
        function = cgutils.get_or_insert_function(module, declared, f"llvm.vector.reduce.fadd.{self._name}")
        return self.builder.call(function, [self.element(-0.0), vector], fastmath=("reassoc",))


class _Array:
    """An array argument: where its elements are, and how many."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        struct = context.make_array(kind)(context, builder, value)
        self.dtype, self.size = kind.dtype, struct.nitems
        self._builder, self._data = builder, struct.data

    def at(self, offset: Any) -> Any:
        """The address of an element."""
        return self._builder.gep(self._data, [offset])


def _check(context: Any, builder: Any, name: str, array: _Array, at: Any, *ranges: tuple[Any, Any]) -> None:
    """In a build with bounds checking: raise unless all of the steps (count - 1) * stride stay inside of the array.

    An empty range touches nothing.
    """
    if not config.BOUNDSCHECK:
        return
    last, touched = at, ir.Constant(_I1, 1)
    for count, stride in ranges:
        last = builder.add(last, builder.mul(builder.sub(count, _I64(1)), stride))
        touched = builder.and_(touched, builder.icmp_signed(">", count, _I64(0)))
    outside = builder.or_(builder.icmp_signed("<", at, _I64(0)), builder.icmp_signed(">=", last, array.size))
    with builder.if_then(builder.and_(touched, outside), likely=False):
        context.call_conv.return_user_exc(builder, IndexError, (f"a tile reaches beyond {name}",))


def _apart(builder: Any, name: str, args: Sequence[Any], body: Callable[..., None]) -> None:
    """Call what `body` writes for these arguments: a function, so that loops around it leave it all registers.

    It is there once in a module. LLVM still sees which of its arguments are constants.
    """
    function = builder.module.globals.get(name)
    if function is None:
        function = ir.Function(builder.module, ir.FunctionType(ir.VoidType(), [a.type for a in args]), name)
        function.linkage = "internal"
        function.attributes.add("noinline")
        inside = ir.IRBuilder(function.append_basic_block())
        body(inside, *function.args)
        inside.ret_void()
    builder.call(function, args)


def _loop(builder: Any, count: Any, state: Sequence[Any], body: Callable[[Sequence[Any]], Sequence[Any]]) -> list[Any]:
    """Run the body `count` times on values that stay in registers; what they are in the end."""
    before = builder.block
    inside, behind = builder.append_basic_block("step"), builder.append_basic_block("behind")
    builder.cbranch(builder.icmp_signed(">", count, _I64(0)), inside, behind)
    builder.position_at_end(inside)
    left = builder.phi(_I64)
    values = [builder.phi(value.type) for value in state]
    new = body(values)
    rest = builder.sub(left, _I64(1))
    end = builder.block
    for phi, first, later in zip([left, *values], [count, *state], [rest, *new], strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(later, end)
    builder.cbranch(builder.icmp_signed(">", rest, _I64(0)), inside, behind)
    builder.position_at_end(behind)
    results = []
    for first, later in zip(state, new, strict=True):
        phi = builder.phi(first.type)
        phi.add_incoming(first, before)
        phi.add_incoming(later, end)
        results.append(phi)
    return results


def _unrolled(builder: Any, count: Any, state: Sequence[Any], body: Callable[[Sequence[Any]], Sequence[Any]]) -> Any:
    """The loop with several steps in a row, and the rest one by one."""

    def several(values: Sequence[Any]) -> Sequence[Any]:
        for _ in range(_UNROLLED):
            values = body(values)
        return values

    shift = _UNROLLED.bit_length() - 1
    state = _loop(builder, builder.lshr(count, _I64(shift)), state, several)
    return _loop(builder, builder.and_(count, _I64(_UNROLLED - 1)), state, body)


def _rows(builder: Any, vectors: _Vectors, base: Any, stride: Any, count: int) -> list[Any]:
    """Addresses of rows; every third is computed, which the addressing of x86 reaches the two behind it from."""
    found = []
    for i in range(count):
        if i % 3 == 0:
            origin = vectors.at(base, builder.mul(stride, _I64(i)))
        found.append(vectors.at(origin, builder.mul(stride, _I64(i % 3))))
    return found


def _operands(context: Any, builder: Any, signature: Any, args: Any) -> tuple[list[_Array], list[Any]]:
    """The arrays among the arguments, and the numbers that are no literals."""
    arrays, numbers = [], []
    for kind, value in zip(signature.args, args, strict=True):
        if isinstance(kind, types.Array):
            arrays.append(_Array(context, builder, kind, value))
        elif not isinstance(kind, types.Literal):
            numbers.append(value)
    return arrays, numbers


def _signature(*kinds: Any, literals: int = 0) -> Any:
    """Returns nothing; the first arguments are literals, all other integers int64."""
    given = [k if i < literals or isinstance(k, types.Array) else types.int64 for i, k in enumerate(kinds)]
    return types.none(*given)


@intrinsic(prefer_literal=True)
def multiply_tile(
    typing: Any,
    rows: Any,
    across: Any,
    partial: Any,
    x: Any,
    x_at: Any,
    x_row: Any,
    x_step: Any,
    w: Any,
    w_at: Any,
    w_step: Any,
    out: Any,
    out_at: Any,
    out_row: Any,
    k: Any,
    columns: Any,
    more: Any,
) -> Any:
    """A tile of `rows` by `across` vectors: out = x @ w, or out += x @ w if `more` is not 0.

    Each of k steps multiplies numbers of a column of x by vectors of a row of w. w and out are contiguous along rows;
    only so many `columns` of them are touched, all, or less than all of the last vector if `partial`. The sums of a
    block of steps are added to out when they are done: rounding errors grow with the length of a block and the number
    of blocks, and not with k.
    """
    numbers = (out_at, out_row, k, columns, more)
    kinds = (rows, across, partial, x, x_at, x_row, x_step, w, w_at, w_step, out, *numbers)
    size = rows.literal_value, across.literal_value, bool(partial.literal_value)
    return _signature(*kinds, literals=3), functools.partial(_multiply, *size)


def _multiply(
    height: int, width: int, masked: bool, context: Any, builder: Any, signature: Any, args: Sequence[Any]
) -> Any:
    """The code of `multiply_tile`."""
    (x, w, out), numbers = _operands(context, builder, signature, args)
    x_at, x_row, x_step, w_at, w_step, out_at, out_row, k, columns, more = numbers
    touched = columns if masked else _I64(width * _Vectors(context, builder, out.dtype).lanes)
    _check(context, builder, "x", x, x_at, (_I64(height), x_row), (k, x_step))
    _check(context, builder, "w", w, w_at, (k, w_step), (touched, _I64(1)))
    _check(context, builder, "out", out, out_at, (_I64(height), out_row), (touched, _I64(1)))

    def body(builder: Any, x: Any, x_row: Any, x_step: Any, w: Any, w_step: Any, out: Any, *rest: Any) -> None:
        out_row, k, columns, more = rest
        v = _Vectors(context, builder, kind)
        masks: list[Any] = [None] * (width - 1)
        masks.append(v.first(builder.sub(columns, _I64((width - 1) * v.lanes))) if masked else None)
        lines = _rows(builder, v, out, out_row, height)
        places = [(v.at(line, j * v.lanes), masks[j]) for line in lines for j in range(width)]

        def step(state: Sequence[Any]) -> Sequence[Any]:
            left, right, *sums = state
            row = [v.load(v.at(right, j * v.lanes), masks[j]) for j in range(width)]
            for i, place in enumerate(_rows(builder, v, left, x_row, height)):
                factor = v.splat(v.number(place))
                for j in range(width):
                    sums[i * width + j] = v.multiply_add(factor, row[j], sums[i * width + j])
            return [v.at(left, x_step), v.at(right, w_step), *sums]

        def block(state: Sequence[Any]) -> Sequence[Any]:
            left, right, more, rest = state
            count = builder.select(builder.icmp_signed("<", rest, _I64(_BLOCK)), rest, _I64(_BLOCK))
            left, right, *sums = _unrolled(builder, count, [left, right, *[v.zero] * len(places)], step)
            for total, place in zip(_added(builder, v, sums, places, more), places, strict=True):
                v.store(total, *place)
            return [left, right, _I64(1), builder.sub(rest, count)]

        whole = builder.udiv(builder.add(k, _I64(_BLOCK - 1)), _I64(_BLOCK))
        blocks = builder.select(builder.icmp_signed("==", k, _I64(0)), _I64(1), whole)
        _loop(builder, blocks, [x, w, more, k], block)

    kind = out.dtype
    addresses = (x.at(x_at), x_row, x_step, w.at(w_at), w_step, out.at(out_at), out_row)
    name = f"multiply_tile_{kind}_{height}x{width}{'_partial' if masked else ''}"
    _apart(builder, name, (*addresses, k, columns, more), body)
    return context.get_dummy_value()


def _added(builder: Any, v: _Vectors, sums: Sequence[Any], places: Sequence[tuple[Any, Any]], more: Any) -> list[Any]:
    """The sums, with what is in their places if `more`."""
    before = builder.block
    with builder.if_then(builder.icmp_signed("!=", more, _I64(0))):
        added = [v.add(v.load(*place), total) for place, total in zip(places, sums, strict=True)]
        behind = builder.block
    totals = []
    for alone, together in zip(sums, added, strict=True):
        totals.append(builder.phi(v.type))
        totals[-1].add_incoming(alone, before)
        totals[-1].add_incoming(together, behind)
    return totals


@intrinsic(prefer_literal=True)
def dot_tile(
    typing: Any,
    rows: Any,
    across: Any,
    x: Any,
    x_at: Any,
    x_row: Any,
    w: Any,
    w_at: Any,
    w_row: Any,
    out: Any,
    out_at: Any,
    out_row: Any,
    k: Any,
) -> Any:
    """A tile of `rows` by `across` numbers: out = x @ w.mT, where rows of x and w are contiguous and k long.

    Each number of the tile is a vector of sums until the end.
    """
    kinds = (rows, across, x, x_at, x_row, w, w_at, w_row, out, out_at, out_row, k)
    return _signature(*kinds, literals=2), functools.partial(_dot, rows.literal_value, across.literal_value)


def _dot(height: int, width: int, context: Any, builder: Any, signature: Any, args: Sequence[Any]) -> Any:
    """The code of `dot_tile`."""
    (x, w, out), (x_at, x_row, w_at, w_row, out_at, out_row, k) = _operands(context, builder, signature, args)
    _check(context, builder, "x", x, x_at, (_I64(height), x_row), (k, _I64(1)))
    _check(context, builder, "w", w, w_at, (_I64(width), w_row), (k, _I64(1)))
    _check(context, builder, "out", out, out_at, (_I64(height), out_row), (_I64(width), _I64(1)))

    def body(builder: Any, x: Any, x_row: Any, w: Any, w_row: Any, out: Any, out_row: Any, k: Any) -> None:
        v = _Vectors(context, builder, kind)
        rest = builder.urem(k, _I64(v.lanes))
        mask = v.first(rest)

        def step(state: Sequence[Any], mask: Any = None) -> Sequence[Any]:
            left, right, *sums = state
            others = [v.load(place, mask) for place in _rows(builder, v, right, w_row, width)]
            for i, place in enumerate(_rows(builder, v, left, x_row, height)):
                factor = v.load(place, mask)
                for j in range(width):
                    sums[i * width + j] = v.multiply_add(factor, others[j], sums[i * width + j])
            return [v.at(left, v.lanes), v.at(right, v.lanes), *sums]

        state = _loop(builder, builder.udiv(k, _I64(v.lanes)), [x, w, *[v.zero] * (height * width)], step)
        tail = builder.zext(builder.icmp_signed(">", rest, _I64(0)), _I64)
        sums = _loop(builder, tail, state, functools.partial(step, mask=mask))[2:]
        for i, line in enumerate(_rows(builder, v, out, out_row, height)):
            for j in range(width):
                builder.store(v.total(sums[i * width + j]), v.at(line, j))

    kind = out.dtype
    args = (x.at(x_at), x_row, w.at(w_at), w_row, out.at(out_at), out_row, k)
    _apart(builder, f"dot_tile_{kind}_{height}x{width}", args, body)
    return context.get_dummy_value()


@intrinsic(prefer_literal=True)
def copy_rows(
    typing: Any, across: Any, x: Any, x_at: Any, x_row: Any, rows: Any, columns: Any, out: Any, out_at: Any
) -> Any:
    """Rows of `columns` numbers of x, one behind the other in out as so many vectors `across`; zeros fill them up."""
    width = across.literal_value

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        (x, out), (x_at, x_row, rows, columns, out_at) = _operands(context, builder, signature, args)
        kind = out.dtype
        wide = width * _Vectors(context, builder, kind).lanes
        _check(context, builder, "x", x, x_at, (rows, x_row), (columns, _I64(1)))
        _check(context, builder, "out", out, out_at, (rows, _I64(wide)), (_I64(wide), _I64(1)))

        def body(builder: Any, x: Any, x_row: Any, rows: Any, columns: Any, out: Any) -> None:
            v = _Vectors(context, builder, kind)
            masks = [v.first(builder.sub(columns, _I64(j * v.lanes))) for j in range(width)]

            def step(state: Sequence[Any]) -> Sequence[Any]:
                source, target = state
                for j, mask in enumerate(masks):
                    v.store(v.load(v.at(source, j * v.lanes), mask), v.at(target, j * v.lanes))
                return [v.at(source, x_row), v.at(target, wide)]

            _unrolled(builder, rows, [x, out], step)

        args = (x.at(x_at), x_row, rows, columns, out.at(out_at))
        _apart(builder, f"copy_rows_{kind}_{width}", args, body)
        return context.get_dummy_value()

    return _signature(across, x, x_at, x_row, rows, columns, out, out_at, literals=1), generate


@intrinsic
def transpose_tile(
    typing: Any,
    x: Any,
    x_at: Any,
    x_row: Any,
    rows: Any,
    columns: Any,
    out: Any,
    out_at: Any,
    out_row: Any,
) -> Any:
    """As many rows of out as a vector has lanes, a vector each: the transpose of `rows` by `columns` numbers of x.

    Rows of out beyond `columns` are zeros; in a row, what is beyond `rows` is the last number again.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        (x, out), (x_at, x_row, rows, columns, out_at, out_row) = _operands(context, builder, signature, args)
        kind = out.dtype
        lanes = _I64(_Vectors(context, builder, kind).lanes)
        _check(context, builder, "x", x, x_at, (rows, x_row), (columns, _I64(1)))
        _check(context, builder, "out", out, out_at, (lanes, out_row), (lanes, _I64(1)))

        def body(builder: Any, x: Any, x_row: Any, rows: Any, columns: Any, out: Any, out_row: Any) -> None:
            v = _Vectors(context, builder, kind)
            mask, last = v.first(columns), builder.sub(rows, _I64(1))
            lines = []
            for i in range(v.lanes):
                there = builder.select(builder.icmp_signed("<", _I64(i), last), _I64(i), last)
                lines.append(v.load(v.at(x, builder.mul(there, x_row)), mask))
            places = _rows(builder, v, out, out_row, v.lanes)
            for line, place in zip(_transposed(builder, lines), places, strict=True):
                v.store(line, place)

        _apart(builder, f"transpose_tile_{kind}", (x.at(x_at), x_row, rows, columns, out.at(out_at), out_row), body)
        return context.get_dummy_value()

    return _signature(x, x_at, x_row, rows, columns, out, out_at, out_row), generate


def _transposed(builder: Any, lines: list[Any]) -> list[Any]:
    """Vectors of a square as vectors of its columns: blocks of 1, 2, 4 ... lanes change places in pairs of vectors."""
    lanes = len(lines)
    places = ir.VectorType(_I32, lanes)
    size = 1
    while size < lanes:
        low = [lane + (lanes - size if lane & size else 0) for lane in range(lanes)]
        high = [lane + (lanes if lane & size else size) for lane in range(lanes)]
        swapped = list(lines)
        for i in range(lanes):
            if not i & size:
                pair = lines[i], lines[i + size]
                swapped[i] = builder.shuffle_vector(*pair, ir.Constant(places, low))
                swapped[i + size] = builder.shuffle_vector(*pair, ir.Constant(places, high))
        lines, size = swapped, size * 2
    return lines
