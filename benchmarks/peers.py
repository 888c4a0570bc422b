"""The same work here and in other libraries, measured side by side.

    python benchmarks/peers.py [--rounds N] [--only TEXT] [--markdown]

All contenders run in this process on one thread of one processor, in turns, so that a noisy moment hits all of them;
the least time of many turns counts. Each turn begins with a call that is not timed, which brings a contender's memory
back into the caches that the others used. torch and jax are optional (pip install -e ".[bench]"). OPENBLAS_CORETYPE and
OPENBLAS_L2_SIZE, which slow NumPy down, are taken out of the environment.

Each row is one of benchmarks/contests; where a bar is set, the multiple of our time that a peer's should be at least,
it stands behind the ratio, and `!` marks what misses it.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_variable] = "1"
for _variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(_variable, None)
if hasattr(os, "sched_setaffinity"):  # jax starts threads for products whatever the flags say
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.contests import dispatch, elementwise, products, reductions, rows, training, updates  # noqa: E402
from benchmarks.contests.row import OURS, Call, Row, is_there  # noqa: E402

CONTESTS = (dispatch, products, rows, reductions, elementwise, updates, training)
PEERS = ("numpy", "torch", "torch fused", "jax")
_TURN = 3e-3  # seconds of a contender's turn, about


def seconds(contenders: dict[str, Call], rounds: int) -> dict[str, float]:
    """Least time of one call of each, from turns of a few calls, in an order that rotates."""
    numbers = {name: _calls_in_a_turn(call) for name, call in contenders.items()}
    best = dict.fromkeys(contenders, float("inf"))
    order = list(contenders.items())
    for i in range(rounds):
        at = i % len(order)  # each comes behind each other one: some leave less of the caches
        for name, call in order[at:] + order[:at]:
            call()
            best[name] = min(best[name], _time(call, numbers[name]))
    return best


def _time(call: Callable[[], Any], number: int) -> float:
    start = time.perf_counter()
    for _ in range(number):
        call()
    return (time.perf_counter() - start) / number


def _calls_in_a_turn(call: Callable[[], Any]) -> int:
    call()
    return max(2, int(_TURN / max(_time(call, 5), 1e-9)))


def measured(row: Row, rounds: int) -> tuple[float, dict[str, str]]:
    """Our microseconds, and for each other contender its own, the ratio, and the bar where there is one."""
    best = seconds(row.contenders(), rounds)
    ours = best.pop(OURS)
    return ours * 1e6, {name: _cell(name, found, ours, row) for name, found in best.items()}


def _cell(name: str, found: float, ours: float, row: Row) -> str:
    ratio, bar = found / ours, row.bars.get(name)
    wanted = "" if bar is None else f" of {bar:g}{'' if ratio >= bar else '!'}"
    return f"{found * 1e6:.4g} ({ratio:.2f}{wanted})"


def machine() -> str:
    """The processor, and the versions of what is compared."""
    cpu = platform.processor() or platform.machine()
    try:
        found = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        found = None
    there = [name for name in ("numpy", "torch", "jax", "numba") if is_there(name)]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in there)
    return f"{found[1] if found else cpu}, one thread, Python {platform.python_version()}, {versions}"


def print_plain(found: Iterator[tuple[Row, float, dict[str, str]]]) -> None:
    for row, ours, cells in found:
        print(f"{row.name:36} {ours:9.2f}   " + "   ".join(f"{k} {v}" for k, v in cells.items()), flush=True)


def print_markdown(found: Iterator[tuple[Row, float, dict[str, str]]]) -> None:
    print(f"| work | ours | {' | '.join(PEERS)} |\n|---|---|{'---|' * len(PEERS)}")
    for row, ours, cells in found:
        print(f"| {row.name} | {ours:.4g} | {' | '.join(cells.get(name, '') for name in PEERS)} |", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=100, help="turns of about 3 ms for each contender")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--markdown", action="store_true", help="print a table for the documentation")
    options = parser.parse_args(arguments)
    if is_there("torch"):
        import torch

        torch.set_num_threads(1)
    wanted = [row for contest in CONTESTS for row in contest.rows() if options.only in row.name]
    print(machine())
    print("microseconds, and in brackets peer / shapetensor (above 1 we are faster) of the bar that is set\n")
    found = ((row, *measured(row, options.rounds)) for row in wanted)
    (print_markdown if options.markdown else print_plain)(found)


if __name__ == "__main__":
    main()
