"""Break each rule of each op, one at a time, and see whether tests/ops notices.

    python tools/mutate.py                every op
    python tools/mutate.py matmul sum     only these
    python tools/mutate.py --jobs 2       two processes (the default: one for each processor)
    python tools/mutate.py --verbose      a line for each mutant, not only for each rule

A mutant is a rule that answers wrongly (mutants.py): a gradient times 1.5, a shape with a longer axis, no error where
there should be one. It is installed in memory, in a process of its own, so that no cache outlives it; there the
properties of tests/ops/test_every_op.py run for this op until one fails. It is caught only where a property fails that
passes without it. One whose own change cannot be made, or that takes too long, is reported as broken, never as caught.
Exits 1 if any survives or is broken, or if a property fails without a mutant.
"""

from __future__ import annotations

import argparse
import gc
import inspect
import json
import os
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # there is a process for each processor, and each forks

from shapetensor._core import ops as _definitions
from shapetensor._core.apply import infer
from shapetensor._core.op import OPS, Op
from tests.ops import test_every_op as properties
from tests.ops.catalogue import CATALOGUE
from tools.mutants import Broken, Mutant, mutants

Property = Callable[[str], None]
# Properties that are about a rule are tried first, in this order; then all others, in the order of the file.
DERIVATIVES = ("first_derivatives", "derivatives_have", "ties", "second_derivatives", "tape_keeps")
FIRST = {"vjp": DERIVATIVES, "jvp": DERIVATIVES, "batch": ("vmap",)}


class Verdict(NamedTuple):
    """What became of one mutant."""

    rule: str
    change: str
    result: str  # "caught", "survived" or "broken"
    reason: str  # the property that failed and why


def all_properties() -> list[Property]:
    """The tests of one op, in the order of the file; those that run no kernels come first."""
    tests = [f for name, f in vars(properties).items() if name.startswith("test_") and callable(f)]
    found = [f for f in tests if all(mark.name != "runner" for mark in getattr(f, "pytestmark", ()))]
    return [f for f in found if list(inspect.signature(f).parameters) == ["name"] and "sampled" not in f.__name__]


def in_order(mutant: Mutant) -> list[Property]:
    """Those about the rule first."""
    hints = FIRST.get(mutant.rule.split()[0], ())

    def place(test: Property) -> int:
        return next((i for i, hint in enumerate(hints) if hint in test.__name__), len(hints))

    return sorted(all_properties(), key=place)


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


def install(op: Op, mutant: Mutant) -> None:
    """Calls at fixed specs, with the kernels prepared for them, live in the cache of `infer` and nowhere else."""
    for field, value in mutant.fields.items():
        object.__setattr__(op, field, value)
    infer.cache_clear()


def judge_in_child(op: Op, mutant: Mutant) -> tuple[str, str]:
    try:
        install(op, mutant)
        reason = failing(op.name, in_order(mutant))
    except Broken as error:
        return "broken", str(error)
    except BaseException:
        return "broken", traceback.format_exc()
    return ("survived", "") if reason is None else ("caught", reason)


def judge(op: Op, mutant: Mutant, seconds: int) -> Verdict:
    """Judge a mutant in a process of its own, which may crash."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        signal.alarm(seconds)
        verdict = judge_in_child(op, mutant)
        with os.fdopen(write, "w") as pipe:
            json.dump(verdict, pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    status = os.waitpid(child, 0)[1]
    if text:
        return Verdict(mutant.rule, mutant.change, *json.loads(text))
    died = signal.Signals(os.WTERMSIG(status))
    if died is signal.SIGALRM:
        return Verdict(mutant.rule, mutant.change, "broken", f"nothing failed within {seconds} seconds")
    return Verdict(mutant.rule, mutant.change, "caught", f"process: died of {died.name}")  # as pytest would have


def judge_op(name: str) -> list[Verdict]:
    """All mutants of an op; one line that says so if the op fails unbroken."""
    warnings.simplefilter("error")  # as under pytest
    start = time.monotonic()
    reason = failing(name, all_properties())
    if reason is not None:
        return [Verdict("none", "unbroken", "broken", f"fails without a mutant: {reason}")]
    seconds = 60 + int(10 * (time.monotonic() - start))
    found = mutants(OPS[name])
    gc.freeze()  # else each child's collector writes on, and so copies, all that is here already
    return [judge(OPS[name], mutant, seconds) for mutant in found]


def judge_ops(names: Sequence[str], jobs: int) -> Iterator[tuple[str, list[Verdict]]]:
    """Each op as it is done. It has a process of its own: what is small is forked sooner, and one may die."""
    context = get_context("fork")
    waiting, running = list(names), dict[Connection, Any]()
    while waiting or running:
        while waiting and len(running) < jobs:
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=lambda name=waiting[0], pipe=theirs: pipe.send(judge_op(name)))
            process.start()
            theirs.close()
            running[ours] = waiting.pop(0), process
        for pipe in wait(list(running)):
            assert isinstance(pipe, Connection)
            name, process = running.pop(pipe)
            try:
                yield name, pipe.recv()
            except EOFError:
                yield name, [Verdict("none", "unbroken", "broken", "the process died")]
            process.join()


# --- reporting --------------------------------------------------------------------------------------------------------


def rows(name: str, verdicts: Sequence[Verdict]) -> list[str]:
    """A line for each rule, and one for each of its mutants that was not caught."""
    lines = []
    for rule in dict.fromkeys(v.rule for v in verdicts):
        own = [v for v in verdicts if v.rule == rule]
        caught = Counter(v.reason.split(":")[0].removeprefix("test_")[:28] for v in own if v.result == "caught")
        by = ", ".join(f"{test} {n}" for test, n in caught.most_common(3))
        lines.append(f"{name:<24}{rule:<14}{f'{caught.total()} of {len(own)} caught':<18}{by}")
        lines += [line(name, v) for v in own if v.result != "caught"]
    return lines


def line(name: str, verdict: Verdict) -> str:
    result = "by " + verdict.reason.removeprefix("test_") if verdict.result == "caught" else verdict.result.upper()
    more = f" {verdict.reason}" if verdict.result == "broken" else ""
    return f"{name:<24}{verdict.rule:<14}{verdict.change}: {result}{more}"


def run(names: Sequence[str], jobs: int, verbose: bool) -> bool:
    """Judge and report each op as soon as it is done; whether everything was caught."""
    found: list[Verdict] = []
    start = time.monotonic()
    names = sorted(names, key=lambda name: -len(CATALOGUE[name].valid))  # what takes longest first
    for done, (name, verdicts) in enumerate(judge_ops(names, jobs), 1):
        lines = [line(name, v) for v in verdicts] if verbose else rows(name, verdicts)
        print(*lines, f"[{done}/{len(names)} ops, {time.monotonic() - start:.0f} s]", sep="\n", flush=True)
        found += verdicts
    count = Counter(v.result for v in found)
    print(f"{len(found)} mutants of {len(names)} ops: {count['caught']} caught, {count['survived']} survived, ", end="")
    print(f"{count['broken']} broken, in {time.monotonic() - start:.0f} s")
    return count["caught"] == len(found)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Break each rule of each op: the tests must notice.")
    parser.add_argument("ops", nargs="*", metavar="op", help="names of ops (default: all)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many processes")
    parser.add_argument("--verbose", action="store_true", help="say of each mutant how it was caught")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.ops) - set(OPS))
    if unknown:
        parser.error(f"no op called {', '.join(unknown)}")
    return 0 if run(options.ops or sorted(OPS), options.jobs, options.verbose) else 1


assert _definitions.__name__ == "shapetensor._core.ops"  # importing it fills OPS
if __name__ == "__main__":
    sys.exit(main())
