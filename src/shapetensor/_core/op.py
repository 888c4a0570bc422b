"""The record of an operation: everything the run time, the tape, the compiler and mypy know of it.

Rules are plain functions that *name* what they need. A gradient rule may name
  g           the gradient of the output (a list of them where the op has several outputs)
  gs          the same list with None for outputs that nothing was derived from, in place of zeros
  out         the output (a list of them where the op has several)
  <input>     the value of an input, such as `x`; for an op of many inputs, `index` is the place of the wanted one
  <thing>_spec   only the spec of an input or of the output, such as `x_spec`: no value is kept for it
  <attribute> an attribute, such as `axis`
and a tangent rule also `d<input>`. What no wanted rule names is not kept on the tape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .spec import Spec

ELEMENTWISE, REDUCE, CONTRACT, MOVE, OPAQUE, HOST = "elementwise", "reduce", "contract", "move", "opaque", "host"

OPS: dict[str, Op] = {}


class Source(NamedTuple):
    """Where one parameter of a rule comes from.

    Kinds: "g", "gs", "value" (of a place in inputs then outputs), "spec" (the same places), "attr", "tangent", "index",
    and the plurals "inputs", "input_specs", "outputs" and "tangents" for ops of many inputs or outputs.
    """

    kind: str
    place: int = 0


class Rule(NamedTuple):
    """A gradient or tangent rule and where its parameters come from."""

    function: Callable[..., Any]
    sources: tuple[Source, ...]

    def reads(self, inputs: int, outputs: int) -> set[int]:
        """Places in (*inputs, *outputs) whose values the rule names; -1 is the only output."""
        places: set[int] = set()
        for kind, place in self.sources:
            if kind == "value":
                places.add(place if place >= 0 else inputs)
            elif kind == "inputs":
                places |= set(range(inputs))
            elif kind == "outputs":
                places |= set(range(inputs, inputs + outputs))
        return places


@dataclass(frozen=True, eq=False, slots=True)
class Op:
    """One operation; see `define` for the fields."""

    name: str
    kind: str
    shape: Callable[..., Any]
    dtype: Callable[..., Any]
    inputs: tuple[str, ...]
    attrs: tuple[str, ...]
    dtype_attrs: tuple[str, ...]
    variadic: bool
    many: bool
    vjp: tuple[Rule | None, ...]
    jvp: tuple[Rule | None, ...]
    batch: Callable[..., Any] | None
    view: Callable[..., Any] | None
    flops: Callable[[Call], int]
    family: str

    def __call__(self, *xs: Any, **attrs: Any) -> Any:
        """Apply the op by way of its operands, so that rules need no import from above."""
        for x in xs:
            if hasattr(x, "_apply"):
                return x._apply(self, xs, tuple(attrs[name] for name in self.attrs))
        raise TypeError(f"{self.name} wants at least one Tensor")

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def rule(self, rules: tuple[Rule | None, ...], index: int) -> Rule | None:
        """The rule for input `index`; an op of any number of inputs has one for all of them."""
        return rules[0 if self.variadic else index] if rules else None


class Call:
    """An op at fixed specs and attributes: what a device runs and a tape remembers."""

    __slots__ = ("_kept", "attrs", "device", "ins", "launch", "many", "op", "out", "outs", "views")

    def __init__(
        self,
        op: Op,
        attrs: tuple[Any, ...],
        ins: tuple[Spec, ...],
        outs: tuple[Spec, ...],
        device: Any,
        views: tuple[int, ...] | None,
    ) -> None:
        self.op, self.attrs, self.ins, self.outs, self.device = op, attrs, ins, outs, device
        self.views = views  # offsets of the outputs in the input's memory; None: they have memory of their own
        self.out: Any = None if op.many else outs[0]
        self.many = op.many
        self.launch: Any = None  # a function of the input buffers, once the device has prepared one
        self._kept: dict[int, tuple[int, ...]] = {}

    def named_attrs(self) -> dict[str, Any]:
        return dict(zip(self.op.attrs, self.attrs, strict=True))

    def kept(self, wanted: int) -> tuple[int, ...]:
        """Places in (*inputs, *outputs) that the gradient rules read of the inputs whose bits are set in `wanted`."""
        found = self._kept.get(wanted)
        if found is None:
            places: set[int] = set()
            for i in range(len(self.ins)):
                rule = self.op.rule(self.op.vjp, i) if wanted >> i & 1 else None
                if rule is not None:
                    places |= rule.reads(len(self.ins), len(self.outs))
            found = self._kept[wanted] = tuple(sorted(places))
        return found

    def flops(self) -> int:
        """Floating point operations of one run."""
        return self.op.flops(self)

    def __repr__(self) -> str:
        shapes = ", ".join(str(s.shape) for s in self.ins)
        return f"{self.op.name}({shapes}) -> {', '.join(str(s.shape) for s in self.outs)}"


def _parameters(function: Callable[..., Any]) -> tuple[tuple[str, ...], tuple[str, ...], str | None]:
    """Positional names, keyword-only names and the name of `*args` of a rule."""
    code = function.__code__
    split = code.co_argcount + code.co_kwonlyargcount
    star = code.co_varnames[split] if code.co_flags & 0x04 else None
    return code.co_varnames[: code.co_argcount], code.co_varnames[code.co_argcount : split], star


def _source(name: str, inputs: tuple[str, ...], attrs: tuple[str, ...], variadic: bool, many: bool) -> Source:
    if name in attrs:
        return Source("attr", attrs.index(name))
    if name in ("g", "gs", "index"):
        return Source(name)
    if name in ("out", "out_spec"):
        return Source("outputs") if many else Source("value" if name == "out" else "spec", -1)
    stem = name.removesuffix("_spec")
    if stem in inputs:
        kind = "value" if stem == name else "spec"
        plural = "inputs" if stem == name else "input_specs"
        return Source(plural) if variadic else Source(kind, inputs.index(stem))
    if name.startswith("d") and name[1:] in inputs:
        return Source("tangents") if variadic else Source("tangent", inputs.index(name[1:]))
    raise TypeError(f"a rule names {name!r}, which is neither an input {inputs} nor an attribute {attrs}")


def _rules(
    functions: Sequence[Callable[..., Any] | None],
    inputs: tuple[str, ...],
    attrs: tuple[str, ...],
    variadic: bool,
    many: bool,
) -> tuple[Rule | None, ...]:
    return tuple(
        None if f is None else Rule(f, tuple(_source(n, inputs, attrs, variadic, many) for n in _parameters(f)[0]))
        for f in functions
    )


def _default_flops(call: Call) -> int:
    """One operation an output element for elementwise ops, one an input element for reductions, else none."""
    if call.op.kind == ELEMENTWISE:
        return call.outs[0].size
    return call.ins[0].size if call.op.kind == REDUCE else 0


def define(
    name: str,
    *,
    kind: str,
    shape: Callable[..., Any],
    dtype: Callable[..., Any],
    vjp: Sequence[Callable[..., Any] | None] = (),
    jvp: Sequence[Callable[..., Any] | None] = (),
    batch: Callable[..., Any] | None = None,
    view: Callable[..., Any] | None = None,
    flops: Callable[[Call], int] = _default_flops,
    many: bool = False,
) -> Op:
    """Write one operation down.

    Args:
        name: unique; its kernels stand under it in kernels/<device>/<the module of the shape rule>.py.
        kind: what fusion and export may do with it.
        shape: `(x_shape, w_shape, *, attributes) -> shape` for ints and symbols alike; its parameters name the inputs
            and the attributes. A list of shapes where `many`.
        dtype: `(x_dtype, w_dtype) -> dtype`; may name attributes as keyword-only parameters.
        vjp: one gradient rule per input (one for all where the inputs are `*xs`); None: no gradient flows there.
        jvp: one tangent rule per input: what that input's tangent adds to the output's.
        batch: `(op, xs, batched, attrs) -> outputs` on operands whose axis 0 is the batch where `batched`.
        view: `(x_spec, attributes) -> (offset, strides)` where the output can share the input's memory, else None.
        flops: floating point operations of a call.
        many: the op has a list of outputs.
    """
    if name in OPS:
        raise ValueError(f"op {name!r} is defined twice")
    positional, attrs, star = _parameters(shape)
    inputs = (star,) if star else positional
    record = Op(
        name=name,
        kind=kind,
        shape=shape,
        dtype=dtype,
        inputs=inputs,
        attrs=attrs,
        dtype_attrs=_parameters(dtype)[1],
        variadic=star is not None,
        many=many,
        vjp=_rules(vjp, inputs, attrs, star is not None, many),
        jvp=_rules(jvp, inputs, attrs, star is not None, many),
        batch=batch,
        view=view,
        flops=flops,
        family=shape.__module__.rpartition(".")[2],
    )
    OPS[name] = record
    return record
