"""Break each rule of each op, one at a time, and see whether tests/ops notices.

    python tools/mutate.py                every op
    python tools/mutate.py matmul sum     only these
    python tools/mutate.py --jobs 2       two processes (the default: one for each processor)

A mutant is a rule that answers wrongly: a gradient times 1.5, a shape with a longer axis, an error without its error.
It is installed in memory, in a process of its own that then runs the properties of tests/ops/test_every_op.py for this
op until one fails. A mutant is caught only where a property fails that passes without it; one whose own change cannot
be made is reported as broken, never as caught. Exits 1 if any survives or is broken.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import signal
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from shapetensor._core import ops as _definitions
from shapetensor._core.apply import infer
from shapetensor._core.dtypes import BF16, F16, F32, F64, I8, I32, I64, U8, U32, AnyDType, Bool
from shapetensor._core.errors import DTypeError, ShapeError
from shapetensor._core.op import OPS, Op, Rule, Source
from tests.ops import test_every_op as properties
from tests.ops.catalogue import CATALOGUE
from tests.ops.sample import EVERY, Operand

SECONDS = 120  # for one mutant; more is a hang
Change = Callable[[Any], Any]
Property = Callable[[str], None]
OTHER: dict[AnyDType, AnyDType] = {F32: F64, F64: F32, I32: I64, I64: I32, U8: I32, Bool: U8}
OTHER |= {F16: BF16, BF16: F16, I8: I32, U32: I64}
# Properties that are about a rule are tried first; all others follow.
FIRST = {
    "vjp": ("tape_keeps", "first_derivatives", "second_derivatives", "derivatives_have", "ties"),
    "jvp": ("first_derivatives", "second_derivatives", "derivatives_have", "ties"),
    "batch": ("vmap",),
    "view": ("rules_give", "strides"),
}


class Mutant(NamedTuple):
    """One wrong rule: `fields` of the op's record are replaced."""

    rule: str  # "vjp x"
    change: str  # "times 1.5"
    fields: dict[str, Any]


class Broken(BaseException):
    """The change itself could not be made: this is no mutant."""


def changed(change: Change, value: Any) -> Any:
    try:
        return change(value)
    except Exception as error:
        raise Broken(f"{type(error).__name__}: {error}") from error


# --- gradient and tangent rules ---------------------------------------------------------------------------------------


def each_tensor(change: Change) -> Change:
    """Of one tensor, or of each in a list; None is a tangent that is zero."""

    def apply(result: Any) -> Any:
        if isinstance(result, list):
            return [None if x is None else change(x) for x in result]
        return change(result)

    return apply


def backwards(x: Any) -> Any:
    """The elements in the opposite order."""
    return x.reshape((x.size,))[::-1].reshape(x.shape)


TENSOR_CHANGES: dict[str, Change] = {
    "times 1.5": lambda x: x * 1.5,
    "times 0": lambda x: x * 0.0,
    "negated": lambda x: -x,
    "off by one": lambda x: x + 1.0,
    "elements backwards": backwards,
    "other dtype": lambda x: x.astype(OTHER[x.dtype]),
    "one axis more": lambda x: x.expand_dims(0),
    "without its own derivative": lambda x: x._marked(()),
}


def wrapped(rule: Rule, change: Change) -> Rule:
    return Rule(lambda *args: changed(each_tensor(change), rule.function(*args)), rule.sources)


def hoarding(op: Op, rule: Rule) -> Rule | None:
    """The rule, naming a value that it does not need; None where it needs all."""
    unneeded = [i for i in range(len(op.inputs)) if Source("value", i) not in rule.sources]
    if op.variadic or not unneeded:
        return None
    return Rule(lambda *args: rule.function(*args[:-1]), (*rule.sources, Source("value", unneeded[0])))


def derivative_mutants(op: Op, field: str) -> Iterator[Mutant]:
    rules: tuple[Rule | None, ...] = getattr(op, field)
    for i, rule in enumerate(rules):
        if rule is None:
            continue
        name = f"{field} {op.inputs[i]}"

        def record(new: Rule | None, at: int = i) -> dict[str, Any]:
            return {field: (*rules[:at], new, *rules[at + 1 :])}

        for change, function in TENSOR_CHANGES.items():
            yield Mutant(name, change, record(wrapped(rule, function)))
        yield Mutant(name, "missing", record(None))
        more = hoarding(op, rule) if field == "vjp" else None
        if more is not None:
            yield Mutant(name, "keeps too much", record(more))


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
PROBES = ((), (1,), (2,), (4,), (0,), (2, 3), (4, 2), (3, 0), (2, 3, 4), (1, 1, 1, 1, 1), (1, 1, 1, 1, 1, 1))


def each_shape(op: Op, change: Change) -> Change:
    return (lambda shapes: [change(s) for s in shapes]) if op.many else change


def attributes(op: Op) -> list[dict[str, Any]]:
    """Attributes of the samples, each once."""
    found = [dict(s.attrs) for s in (*CATALOGUE[op.name].valid, *CATALOGUE[op.name].wrong) if hasattr(s, "attrs")]
    return [a for i, a in enumerate(found) if a not in found[:i] and set(a) == set(op.attrs)]


def probe(op: Op) -> tuple[set[Any], bool]:
    """Shapes that the outputs can have, and whether there are operands that the rule does not take."""
    found: set[Any] = set()
    refuses = False
    for attrs, shapes in product(attributes(op), product(PROBES, repeat=len(op.inputs) + op.variadic)):
        try:
            outs = op.shape(*shapes, **attrs)
        except ShapeError:
            refuses = True
        except (IndexError, ValueError):  # an attribute of other operands
            continue
        else:
            found |= set(outs if op.many else [outs])
    return found, refuses


def at_ranks(least: int, most: int) -> Change:
    return lambda s: longer(s) if least <= len(s) <= most else s


def shape_mutants(op: Op) -> Iterator[Mutant]:
    rule = op.shape
    possible, refuses = probe(op)
    changes = SHAPE_CHANGES | {f"wrong for {n} axes only": at_ranks(n, n) for n in range(4)}
    changes["wrong for 4 axes or more only"] = at_ranks(4, 99)
    for name, change in changes.items():

        def wrong(*shapes: Any, change: Change = change, **attrs: Any) -> Any:
            return changed(each_shape(op, change), rule(*shapes, **attrs))

        if any(change(s) != s for s in possible):
            yield Mutant("shape", name, {"shape": wrong})
    if refuses:
        count = len(CATALOGUE[op.name].reference(np.ones((2, 2)), axis=0)) if op.many else 0
        accepts = lenient(rule, ShapeError, lambda xs: [xs[0]] * count if op.many else xs[0])
        yield Mutant("shape", "refuses nothing", {"shape": accepts})
        yield Mutant("shape", "another text", {"shape": reworded(rule, ShapeError)})


def lenient(rule: Callable[..., Any], error: type[Exception], instead: Change) -> Callable[..., Any]:
    """The rule with an answer where it had an error."""

    def wrong(*operands: Any, **attrs: Any) -> Any:
        try:
            return rule(*operands, **attrs)
        except error:
            return instead(operands)

    return wrong


def reworded(rule: Callable[..., Any], error: type[Exception]) -> Callable[..., Any]:
    def wrong(*operands: Any, **attrs: Any) -> Any:
        try:
            return rule(*operands, **attrs)
        except error as raised:
            raise error(f"{raised}!") from None

    return wrong


# --- dtype rules ------------------------------------------------------------------------------------------------------


def each_dtype(change: Change) -> Change:
    return lambda result: tuple(map(change, result)) if isinstance(result, tuple) else change(result)


def bases(op: Op) -> list[tuple[tuple[AnyDType, ...], dict[str, Any]]]:
    """Dtypes of operands that the op takes, and attributes that are dtypes, from the samples."""
    found = []
    for sample in CATALOGUE[op.name].valid:
        if all(isinstance(o, Operand) for o in sample.operands):
            attrs = {name: sample.attrs[name] for name in op.dtype_attrs}
            found.append((tuple(o.dtype for o in sample.tensors), attrs))
    return [pair for i, pair in enumerate(found) if pair not in found[:i]]


def refused(op: Op) -> list[tuple[int, AnyDType]]:
    """Which dtype in which place the rule never takes, whatever the others are."""
    found = []
    for place, dtype in product(range(len(op.inputs)), EVERY):
        tried = [((*b[:place], dtype, *b[place + 1 :]), attrs) for b, attrs in bases(op)]
        if tried and not any(takes(op, dtypes, attrs) for dtypes, attrs in tried):
            found.append((place, dtype))
    return found


def takes(op: Op, dtypes: Sequence[AnyDType], attrs: dict[str, Any]) -> bool:
    try:
        op.dtype(*dtypes, **attrs)
    except DTypeError:
        return False
    return True


def taken(op: Op) -> list[AnyDType]:
    """Dtypes that the first operand can have."""
    return [d for d in EVERY if any(b[0] is d for b, _ in bases(op) if b)] if op.inputs else []


def dtype_mutants(op: Op) -> Iterator[Mutant]:
    rule = op.dtype
    other = each_dtype(lambda d: OTHER[d])
    yield Mutant("dtype", "another", {"dtype": lambda *ds, **attrs: changed(other, rule(*ds, **attrs))})
    for only in taken(op):

        def wrong(*ds: Any, only: AnyDType = only, **attrs: Any) -> Any:
            result = rule(*ds, **attrs)
            return changed(other, result) if ds[0] is only else result

        yield Mutant("dtype", f"another for {only.__name__}", {"dtype": wrong})
    places = refused(op)
    for place, dtype in places:

        def takes_it(*ds: Any, place: int = place, dtype: AnyDType = dtype, **attrs: Any) -> Any:
            return (lenient(rule, DTypeError, lambda xs: F32) if ds[place] is dtype else rule)(*ds, **attrs)

        yield Mutant("dtype", f"takes {dtype.__name__} as {op.inputs[place]}", {"dtype": takes_it})
    if places:
        yield Mutant("dtype", "another text", {"dtype": reworded(rule, DTypeError)})


# --- batching and view rules ------------------------------------------------------------------------------------------


def batch_mutants(op: Op) -> Iterator[Mutant]:
    rule = op.batch
    if rule is None:
        return
    changes: dict[str, Change] = {
        "examples backwards": lambda x: x[::-1],
        "first example for all": lambda x: x[:1].broadcast_to(x.shape),
        "other dtype": lambda x: x.astype(OTHER[x.dtype]),
        "one axis more": lambda x: x.expand_dims(1),
        "elements of an example backwards": lambda x: x.permute_dims((0, *range(x.ndim - 1, 0, -1))),
    }
    for name, change in changes.items():

        def wrong(op: Op, xs: Any, batched: Any, attrs: Any, change: Change = change) -> Any:
            return changed(each_tensor(change), rule(op, xs, batched, attrs))

        yield Mutant("batch", name, {"batch": wrong})
    if len(op.inputs) + op.variadic > 1 or set(op.attrs) - set(op.dtype_attrs) - {"keepdims", "dtype"}:
        straight = {"batch": lambda op, xs, batched, attrs: op(*xs, **attrs)}
        yield Mutant("batch", "no example axis in mind", straight)


def without_steps(view: Any) -> Any:
    offset, strides = view
    return offset, (0,) * len(strides)


def view_mutants(op: Op) -> Iterator[Mutant]:
    rule = op.view
    if rule is None:
        return
    changes: dict[str, Change] = {
        "stands still": without_steps,
        "starts one later": lambda view: (view[0] + 1, view[1]),
        "strides reversed": lambda view: (view[0], view[1][::-1]),
        "strides doubled": lambda view: (view[0], tuple(2 * s for s in view[1])),
    }
    for name, change in changes.items():

        def wrong(*args: Any, change: Change = change) -> Any:
            views = rule(*args)
            return None if views is None else changed(each_shape(op, change), views)

        yield Mutant("view", name, {"view": wrong})
    yield Mutant("view", "none", {"view": lambda *args: None})


def mutants(op: Op) -> list[Mutant]:
    found = [*shape_mutants(op), *dtype_mutants(op), *derivative_mutants(op, "vjp"), *derivative_mutants(op, "jvp")]
    return [*found, *batch_mutants(op), *view_mutants(op)]


# --- running ----------------------------------------------------------------------------------------------------------


def all_properties() -> list[Property]:
    """The tests of one op, in the order of the file."""
    found = [f for name, f in vars(properties).items() if name.startswith("test_") and callable(f)]
    return [f for f in found if list(inspect.signature(f).parameters) == ["name"] and "sampled" not in f.__name__]


def in_order(mutant: Mutant) -> list[Property]:
    """Those about the rule first."""
    hints = FIRST.get(mutant.rule.split()[0], ())
    return sorted(all_properties(), key=lambda f: not any(hint in f.__name__ for hint in hints))


def install(op: Op, mutant: Mutant) -> None:
    for field, value in mutant.fields.items():
        object.__setattr__(op, field, value)
    infer.cache_clear()


def failing(name: str, tests: Sequence[Property]) -> str | None:
    """The first property that fails, with the reason; None if all hold."""
    for test in tests:
        try:
            test(name)
        except Broken:
            raise
        except BaseException as error:  # pytest.fail is no Exception
            text = (str(error).strip().splitlines() or [""])[0]
            return f"{test.__name__}: {type(error).__name__} {text}"[:150]
    return None


def judged(op: Op, mutant: Mutant) -> tuple[str, str]:
    """ "caught", "survived" or "broken" and why; in a process of its own, which may crash."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        signal.alarm(SECONDS)
        try:
            install(op, mutant)
            reason = failing(op.name, in_order(mutant))
            verdict = ("survived", "") if reason is None else ("caught", reason)
        except Broken as error:
            verdict = ("broken", str(error))
        except BaseException:
            verdict = ("broken", traceback.format_exc())
        with os.fdopen(write, "w") as pipe:
            json.dump(verdict, pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    status = os.waitpid(child, 0)[1]
    if not text:  # a test run would have died as well
        return "caught", f"process: died of {signal.Signals(os.WTERMSIG(status)).name}"
    verdict, reason = json.loads(text)
    return verdict, reason


def judge_op(name: str) -> list[tuple[str, str, str, str]]:
    """(rule, change, verdict, reason) of each mutant of an op; one line that says so if the op fails unbroken."""
    warnings.simplefilter("error")
    sound = failing(name, all_properties())
    if sound is not None:
        return [("none", "unbroken", "broken", f"fails without a mutant: {sound}")]
    return [(m.rule, m.change, *judged(OPS[name], m)) for m in mutants(OPS[name])]


def report(found: dict[str, list[tuple[str, str, str, str]]], verbose: bool) -> bool:
    """Print a line for each op and each mutant that was not caught; whether all were."""
    print(f"{'op':<24}{'mutants':>8}{'caught':>8}  caught by")
    for name, rows in found.items():
        caught = [reason.split(":")[0].removeprefix("test_") for *_, verdict, reason in rows if verdict == "caught"]
        most = ", ".join(f"{test[:28]} {n}" for test, n in Counter(caught).most_common(3))
        print(f"{name:<24}{len(rows):>8}{len(caught):>8}  {most}")
    for name, rows in found.items():
        for rule, change, verdict, reason in rows:
            if verdict != "caught" or verbose:
                print(f"{verdict.upper()}: {name}, {rule}: {change}. {reason}".rstrip())
    verdicts = Counter(verdict for rows in found.values() for *_, verdict, _ in rows)
    print(f"{verdicts.total()} mutants, " + ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items()))
    return set(verdicts) == {"caught"}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Break each rule of each op: the tests must notice.")
    parser.add_argument("ops", nargs="*", metavar="op", help="names of ops (default: all)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many processes")
    parser.add_argument("--verbose", action="store_true", help="say of each mutant how it was caught")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.ops) - set(OPS))
    if unknown:
        parser.error(f"no op called {', '.join(unknown)}")
    names = options.ops or sorted(OPS)
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("fork")) as pool:
        found = dict(zip(names, pool.map(judge_op, names), strict=True))
    return 0 if report(found, options.verbose) else 1


assert _definitions.__name__ == "shapetensor._core.ops"  # importing it fills OPS
if __name__ == "__main__":
    sys.exit(main())
