"""Wrong versions of an op's rules, one for each way in which somebody could get a rule wrong.

None computes the same as the rule: changes that an op cannot show, such as a scalar's last axis, are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from shapetensor._core.dtypes import DTYPES, F32, AnyDType, WeakBool, WeakFloat, WeakInt, weak_dtype
from shapetensor._core.errors import DTypeError, ShapeError
from shapetensor._core.op import ELEMENTWISE, OPS, Op, Rule, Source
from tests.ops.catalogue import CATALOGUE
from tests.ops.sample import Operand, Same, Sample

Change = Callable[[Any], Any]
OTHER: dict[AnyDType, AnyDType] = dict(zip(DTYPES, (*DTYPES[1:], F32), strict=True))  # F32 and F64 are each other's


class Mutant(NamedTuple):
    """One wrong rule: `fields` of the op's record are replaced."""

    rule: str  # "vjp x"
    change: str  # "times 1.5"
    fields: Mapping[str, Any]


class Broken(BaseException):
    """The change itself could not be made: this is no mutant."""


def changed(change: Change, value: Any) -> Any:
    try:
        return change(value)
    except Exception as error:
        raise Broken(f"{type(error).__name__}: {error}") from error


# Operands that are one number each.
NUMBERS = {"sgd": ("rate",), "momentum": ("rate",), "adam": ("rate", "root", "kept")}
# Changes that compute the same.
EQUAL = {
    ("standardize", "batch", "no example axis in mind"): "axes are counted from the last one, so there is none to mind",
    ("tanh_backward", "jvp y", "operands exchanged"): "a product of both",
    ("var", "vjp x", "wrong for 0 axes only"): "one number does not vary: its gradient is 0",
    **{(f"{op}_update", f"vjp {x}", "elements backwards"): "one number" for op, xs in NUMBERS.items() for x in xs},
}


def mutants(op: Op) -> list[Mutant]:
    rules = [*shape_mutants(op), *dtype_mutants(op), *batch_mutants(op), *view_mutants(op)]
    rules += [*derivative_mutants(op, "vjp"), *derivative_mutants(op, "jvp")]
    return [mutant for mutant in rules if (op.name, mutant.rule, mutant.change) not in EQUAL]


# --- what an op can be asked ------------------------------------------------------------------------------------------

PROBES = ((), (1,), (2,), (4,), (0,), (2, 3), (4, 2), (3, 0), (2, 3, 4), (1, 1, 1, 1, 1), (1, 1, 1, 1, 1, 1))


class Possible(NamedTuple):
    """Shapes that the shape rule takes and gives, and the places in its source where it refuses."""

    inputs: tuple[frozenset[Any], ...]  # by operand; of an op of any number of them, the first two
    outputs: frozenset[Any]
    refusals: frozenset[str]


def attributes(op: Op) -> list[dict[str, Any]]:
    """Attributes of the samples, each once."""
    found = [dict(s.attrs) for s in (*CATALOGUE[op.name].valid, *CATALOGUE[op.name].wrong) if hasattr(s, "attrs")]
    return [a for i, a in enumerate(found) if a not in found[:i] and set(a) == set(op.attrs)]


@cache
def possible(name: str) -> Possible:
    """Tried on small shapes with the attributes of the samples, and on the samples themselves."""
    op = OPS[name]
    count = len(op.inputs) + op.variadic
    tries = list(product(product(PROBES, repeat=count), attributes(op)))
    tries += [(shapes_of(s), dict(s.attrs)) for s in CATALOGUE[name].valid if len(s.operands) == count]
    inputs: list[set[Any]] = [set() for _ in range(count)]
    outputs: set[Any] = set()
    refusals: set[str] = set()
    for shapes, attrs in tries:
        try:
            outs = op.shape(*shapes, **attrs)
        except ShapeError as error:
            refusals.add(raised_at(error))
        except (IndexError, ValueError):  # an attribute of other operands
            continue
        else:
            outputs |= set(outs if op.many else [outs])
            for found, shape in zip(inputs, shapes, strict=True):
                found.add(shape)
    return Possible(tuple(map(frozenset, inputs)), frozenset(outputs), frozenset(refusals))


def shapes_of(sample: Sample) -> tuple[Any, ...]:
    return tuple(getattr(operand_of(sample, i), "shape", ()) for i in range(len(sample.operands)))


def operand_of(sample: Sample, place: int) -> Any:
    operand = sample.operands[place]
    return sample.operands[operand.place] if isinstance(operand, Same) else operand


def raised_at(error: BaseException) -> str:
    """File and line of the `raise`: of the first one, where an error was raised again with a longer text."""
    while error.__context__ is not None:
        error = error.__context__
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).stem}.py:{trace.tb_lineno}"


def at_rank(change: Change, rank: int, x: Any) -> Any:
    shape: Any = getattr(x, "shape", x)
    return change(x) if min(len(shape), 4) == rank else x


def by_rank(change: Change, shapes: frozenset[Any]) -> dict[str, Change]:
    """The change for results of 0, 1, 2, 3, or more axes only, as far as there are such shapes."""
    found: dict[str, Change] = {}
    for rank in sorted({min(len(s), 4) for s in shapes}):
        more = " or more" if rank == 4 else ""
        found[f"wrong for {rank}{more} axes only"] = partial(at_rank, change, rank)
    return found


# --- gradient and tangent rules ---------------------------------------------------------------------------------------


def each_tensor(change: Change) -> Change:
    """Of one tensor, or of each in a list; None is a tangent that is zero."""
    return lambda r: [x if x is None else change(x) for x in r] if isinstance(r, list) else change(r)


def times(x: Any) -> Any:
    return x * 1.5


TENSOR_CHANGES: dict[str, Change] = {
    "times 1.5": times,
    "times 0": lambda x: x * 0.0,
    "negated": lambda x: -x,
    "off by one": lambda x: x + 1.0,
    "elements backwards": lambda x: x.reshape((x.size,))[::-1].reshape(x.shape),
    "other dtype": lambda x: x.astype(OTHER[x.dtype]),
    "one axis more": lambda x: x.expand_dims(0),
    "without its own derivative": lambda x: x._marked(()),
    "wrong in F32 only": lambda x: times(x) if x.dtype is F32 else x,
}


def result_changed(rule: Rule, change: Change) -> Rule:
    return rule._replace(function=lambda *args: changed(change, rule.function(*args)))


def argument_changed(rule: Rule, source: Source, change: Change) -> Rule:
    at = rule.sources.index(source)
    return rule._replace(function=lambda *args: rule.function(*args[:at], changed(change, args[at]), *args[at + 1 :]))


def derivative_mutants(op: Op, field: str) -> Iterator[Mutant]:
    rules: tuple[Rule | None, ...] = getattr(op, field)
    shapes = possible(op.name)
    for i, rule in enumerate(rules):
        if rule is not None:
            ranks = by_rank(times, shapes.inputs[i] if field == "vjp" else shapes.outputs)
            wrong = {name: result_changed(rule, each_tensor(f)) for name, f in (TENSOR_CHANGES | ranks).items()}
            for change, new in (wrong | misread(op, field, i) | {"missing": None}).items():
                yield Mutant(f"{field} {op.inputs[i]}", change, {field: (*rules[:i], new, *rules[i + 1 :])})


def misread(op: Op, field: str, place: int) -> dict[str, Rule]:
    """The rule of another operand, and this one given what it does not want."""
    rules: tuple[Rule | None, ...] = getattr(op, field)
    rule = rules[place]
    assert rule is not None
    found = {f"that of {op.inputs[i]}": other for i, other in enumerate(rules) if other is not None and i != place}
    exchanged = tuple(exchange(s, len(op.inputs)) for s in rule.sources)
    if exchanged != rule.sources:
        found["operands exchanged"] = Rule(rule.function, exchanged)
    if Source("index") in rule.sources:
        found["that of the next operand"] = argument_changed(rule, Source("index"), lambda i: i + 1)
    incoming = Source("g") if field == "vjp" else Source("tangent", place)
    if op.many and field == "vjp":
        found["outputs in the wrong order"] = argument_changed(rule, incoming, lambda gs: gs[::-1])
    if op.many and field == "jvp":
        found["outputs in the wrong order"] = result_changed(rule, lambda tangents: tangents[::-1])
    unneeded = [i for i in range(len(op.inputs)) if Source("value", i) not in rule.sources]
    if field == "vjp" and unneeded and not op.variadic:
        keeping = (*rule.sources, Source("value", unneeded[0]))
        found["keeps too much"] = Rule(lambda *args: rule.function(*args[:-1]), keeping)
    if op.kind == ELEMENTWISE and len(op.inputs) > 1:
        found["wrong where stretched only"] = stretched(rule, incoming)
    return found


def exchange(source: Source, inputs: int) -> Source:
    """The value or spec of the next operand."""
    if source.kind in ("value", "spec") and 0 <= source.place < inputs:
        return Source(source.kind, (source.place + 1) % inputs)
    return source


def stretched(rule: Rule, source: Source) -> Rule:
    """Wrong where the gradient or the tangent that came in is of another size than what goes out."""
    at = rule.sources.index(source)

    def wrong(*args: Any) -> Any:
        result = rule.function(*args)
        return changed(times, result) if result.size != args[at].size else result

    return rule._replace(function=wrong)


# --- shape rules ------------------------------------------------------------------------------------------------------


def longer(shape: Any) -> Any:
    return (*shape[:-1], shape[-1] + 1) if shape else (1,)


SHAPE_CHANGES: dict[str, Change] = {
    "last axis longer": longer,
    "first axis longer": lambda s: (s[0] + 1, *s[1:]) if s else (2,),
    "axes reversed": lambda s: s[::-1],
    "one axis more": lambda s: (*s, 1),
    "one axis less": lambda s: s[:-1],
    "0 becomes 1": lambda s: tuple(1 if isinstance(n, int) and n == 0 else n for n in s),
}


def each_shape(op: Op, change: Change) -> Change:
    return (lambda shapes: [change(s) for s in shapes]) if op.many else change


def shape_mutants(op: Op) -> Iterator[Mutant]:
    rule, shapes = op.shape, possible(op.name)

    def wrong(change: Change) -> Callable[..., Any]:
        return lambda *xs, **attrs: changed(each_shape(op, change), rule(*xs, **attrs))

    for name, change in (SHAPE_CHANGES | by_rank(longer, shapes.outputs)).items():
        if any(change(s) != s for s in shapes.outputs):
            yield Mutant("shape", name, {"shape": wrong(change)})
    if len(shapes.outputs) > 1:
        letters: Change = lambda s: s if all(isinstance(n, int) for n in s) else longer(s)  # noqa: E731
        yield Mutant("shape", "wrong for letters only", {"shape": wrong(letters)})
    for place in sorted(shapes.refusals):
        accepts = lenient(rule, ShapeError, lambda xs, _: [xs[0]] * 2 if op.many else xs[0], place)
        yield Mutant("shape", f"takes what {place} refuses", {"shape": accepts})
    if shapes.refusals:
        yield Mutant("shape", "another text", {"shape": lenient(rule, ShapeError, louder)})


def lenient(rule: Callable[..., Any], error: type[Exception], instead: Any, place: str = "") -> Callable[..., Any]:
    """The rule with an answer, or another error, where it had an error, or had it from this place."""

    def wrong(*operands: Any, **attrs: Any) -> Any:
        try:
            return rule(*operands, **attrs)
        except error as raised:
            if place and place != raised_at(raised):
                raise
            return instead(operands, raised)

    return wrong


def louder(operands: Any, raised: Exception) -> Any:
    raise type(raised)(f"{raised}!")


# --- dtype rules ------------------------------------------------------------------------------------------------------


def slots(op: Op) -> list[str]:
    """What a dtype rule is given: operands (the first two of any number), then attributes."""
    return [*(["xs[0]", "xs[1]"] if op.variadic else op.inputs), *op.dtype_attrs]


def bases(op: Op) -> list[tuple[AnyDType, ...]]:
    """What fills these in the samples, each combination once."""
    count = len(slots(op)) - len(op.dtype_attrs)
    found: dict[tuple[AnyDType, ...], None] = {}
    for sample in CATALOGUE[op.name].valid:
        if len(sample.operands) == count:
            operands = (operand_of(sample, i) for i in range(count))
            dtypes = [o.dtype if isinstance(o, Operand) else weak_dtype(o) for o in operands]
            found[tuple(d for d in (*dtypes, *(sample.attrs[a] for a in op.dtype_attrs)) if d is not None)] = None
    return list(found)


def taken(op: Op, place: int, dtype: AnyDType) -> bool | None:
    """Whether the rule takes this dtype there beside what samples have elsewhere; None where it is never asked."""
    count = len(slots(op)) - len(op.dtype_attrs)
    if dtype.weak and (place >= count or () not in possible(op.name).inputs[place]):
        return None  # a Python scalar has no axes
    results = []
    for base in bases(op):
        tried = (*base[:place], dtype, *base[place + 1 :])
        if all(d.weak for d in tried[:count]) == all(d.weak for d in base[:count]):  # one is a tensor, if ever
            results.append(outcome(op, tried[:count], tried[count:]))
    if any(r is not None and not r.weak for r in results):
        return True
    return False if results and not any(results) else None


def outcome(op: Op, dtypes: Sequence[AnyDType], attrs: Sequence[AnyDType]) -> AnyDType | None:
    """The dtype of the first output, None where the rule refuses."""
    try:
        found: Any = op.dtype(*dtypes, **dict(zip(op.dtype_attrs, attrs, strict=True)))
    except DTypeError:
        return None
    first: AnyDType = found[0] if isinstance(found, tuple) else found
    return first


def only_for(op: Op, place: int, dtype: AnyDType, wrong: Callable[..., Any]) -> Callable[..., Any]:
    """The wrong rule where this dtype is in this place, the right one elsewhere."""
    right = op.dtype

    def rule(*ds: AnyDType, **attrs: AnyDType) -> Any:
        given = (*ds[: len(slots(op)) - len(op.dtype_attrs)], *(attrs[a] for a in op.dtype_attrs))
        return (wrong if place < len(given) and given[place] is dtype else right)(*ds, **attrs)

    return rule


def dtype_mutants(op: Op) -> Iterator[Mutant]:
    rule = op.dtype
    change: Change = lambda r: tuple(OTHER[d] for d in r) if isinstance(r, tuple) else OTHER[r]  # noqa: E731

    def another(*ds: AnyDType, **attrs: AnyDType) -> Any:
        return changed(change, rule(*ds, **attrs))

    yield Mutant("dtype", "another", {"dtype": another})
    refuses = False
    for place, slot in enumerate(slots(op)):
        for dtype in (*DTYPES, WeakBool, WeakInt, WeakFloat):
            takes = taken(op, place, dtype)
            if takes:
                wrong = only_for(op, place, dtype, another)
                yield Mutant("dtype", f"another for {dtype.__name__} as {slot}", {"dtype": wrong})
            elif takes is False:
                refuses = True
                wrong = only_for(op, place, dtype, lenient(rule, DTypeError, lambda xs, _: F32))
                yield Mutant("dtype", f"takes {dtype.__name__} as {slot}", {"dtype": wrong})
    if refuses:
        yield Mutant("dtype", "another text", {"dtype": lenient(rule, DTypeError, louder)})


# --- batching and view rules ------------------------------------------------------------------------------------------

BATCH_CHANGES: dict[str, Change] = {
    "examples backwards": lambda x: x[::-1],
    "first example for all": lambda x: x[:1].broadcast_to(x.shape),
    "other dtype": lambda x: x.astype(OTHER[x.dtype]),
    "one axis more": lambda x: x.expand_dims(1),
    "axes of an example backwards": lambda x: x.permute_dims((0, *range(x.ndim - 1, 0, -1))),
}


def batch_mutants(op: Op) -> Iterator[Mutant]:
    rule = op.batch
    if rule is None:
        return

    def result_of(change: Change) -> Callable[..., Any]:
        return lambda op, xs, batched, attrs: changed(each_tensor(change), rule(op, xs, batched, attrs))

    several = len(op.inputs) + op.variadic > 1
    found = {name: result_of(change) for name, change in BATCH_CHANGES.items()}
    if several or set(op.attrs) - set(op.dtype_attrs) - {"keepdims"}:
        found["no example axis in mind"] = lambda op, xs, batched, attrs: op(*xs, **attrs)
    if several:
        found["first operand in every place"] = lambda op, xs, bs, attrs: rule(
            op, [xs[0]] * len(xs), [bs[0]] * len(xs), attrs
        )
        found["all operands taken for batched"] = lambda op, xs, _, attrs: rule(op, xs, [True] * len(xs), attrs)
    for name, wrong in found.items():
        yield Mutant("batch", name, {"batch": wrong})


VIEW_CHANGES: dict[str, Change] = {
    "stands still": lambda view: (view[0], (0,) * len(view[1])),
    "starts one later": lambda view: (view[0] + 1, view[1]),
    "strides reversed": lambda view: (view[0], view[1][::-1]),
    "strides doubled": lambda view: (view[0], tuple(2 * s for s in view[1])),
}


def view_mutants(op: Op) -> Iterator[Mutant]:
    rule = op.view
    if rule is None:
        return

    def wrong(change: Change) -> Callable[..., Any]:
        many = each_shape(op, change)
        return lambda *args: None if (view := rule(*args)) is None else changed(many, view)

    for name, change in VIEW_CHANGES.items():
        yield Mutant("view", name, {"view": wrong(change)})
    yield Mutant("view", "none", {"view": lambda *args: None})
