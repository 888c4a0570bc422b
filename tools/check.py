"""The gate: the checks that must pass before a change is merged, each with a budget of seconds.

    python tools/check.py               every leg
    python tools/check.py mypy pytest   only these, in this order
    python tools/check.py --no-budget   on a slow or busy machine

Every tool is the one installed beside the running Python. A leg fails when its command does, or when it takes longer
than its budget: a gate that slowly becomes too slow to use is noticed on the day it does.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Leg(NamedTuple):
    command: tuple[str, ...]
    budget: int  # seconds, on two cores with nothing cached


LEGS = {
    "ruff-format": Leg((sys.executable, "-m", "ruff", "format", "--check", "."), 20),
    "ruff-check": Leg((sys.executable, "-m", "ruff", "check", "."), 20),
    "codespell": Leg((sys.executable, "-m", "codespell_lib"), 20),
    "pyproject": Leg((sys.executable, "-m", "validate_pyproject", "pyproject.toml"), 20),
    "lint-imports": Leg(("lint-imports",), 40),
    "mypy": Leg((sys.executable, "-m", "mypy"), 180),
    "pytest": Leg((sys.executable, "-m", "pytest"), 1050),
}


def environment() -> dict[str, str]:
    """This environment with the scripts beside the running Python first on PATH, active or not."""
    return os.environ | {"PATH": os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])}


def run(leg: Leg, limit: float | None) -> tuple[int, bool]:
    """Run one leg; give its exit status and whether it was stopped at the limit."""
    process = subprocess.Popen(leg.command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL)
    try:
        return process.wait(limit), False
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)  # pytest then still says what it was doing
        try:
            return process.wait(20), True
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(), True


def check(names: list[str], budgets: bool) -> bool:
    """Run the named legs one after the other, print a table of seconds, and say whether all passed."""
    rows: list[tuple[str, float, int, str]] = []
    for name in names:
        leg = LEGS[name]
        print(f"--- {name}", flush=True)
        start = time.monotonic()
        status, stopped = run(leg, leg.budget if budgets else None)
        result = "over budget" if stopped else "ok" if status == 0 else f"failed ({status})"
        rows.append((name, time.monotonic() - start, leg.budget, result))
    print(f"\n{'leg':<14}{'seconds':>8}{'budget':>8}  result")
    for name, seconds, budget, result in rows:
        print(f"{name:<14}{seconds:>8.1f}{budget:>8}  {result}")
    sys.stdout.flush()
    return all(result == "ok" for *_, result in rows)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the checks that a change must pass.")
    parser.add_argument("legs", nargs="*", metavar="leg", help=f"one or more of: {', '.join(LEGS)} (default: all)")
    parser.add_argument("--no-budget", action="store_true", help="let every leg take the time it takes")
    options = parser.parse_args()
    unknown = [name for name in options.legs if name not in LEGS]
    if unknown:
        parser.error(f"no leg called {', '.join(unknown)}; the legs are {', '.join(LEGS)}")
    return 0 if check(options.legs or list(LEGS), budgets=not options.no_budget) else 1


if __name__ == "__main__":
    sys.exit(main())
