"""Checks of the machine: processor, vectors, cores."""

from __future__ import annotations

import math
import os
import platform
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from .outcome import Outcome, numba_config, ok, problem, warning

_FEATURES = ("avx2", "fma", "avx512f", "neon", "sve")
# A loop that LLVM vectorises as widely as it likes to on the processor it compiles for.
_LOOP = """
define void @scale(ptr noalias %x, ptr noalias %y, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %from = getelementptr float, ptr %x, i64 %i
  %to = getelementptr float, ptr %y, i64 %i
  %a = load float, ptr %from
  %b = load float, ptr %to
  %product = fmul float %a, %b
  store float %product, ptr %to
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}
"""


def check_platform() -> Outcome:
    value = platform.platform()
    if sys.maxsize < 2**32:
        return problem(f"{value}, 32-bit Python", "install a 64-bit Python")
    return ok(value)


def _model() -> str:
    """The processor's name as the system tells it; empty where it tells none."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def check_cpu() -> Outcome:
    from llvmlite import binding

    name = binding.get_host_cpu_name()
    return ok(f"{_model() or platform.machine()}, {name} to LLVM")


def _host_features() -> set[str]:
    from llvmlite import binding

    try:
        return {name for name, present in binding.get_host_cpu_features().items() if present}
    except RuntimeError:  # LLVM cannot tell on this platform
        return set()


def check_cpu_features() -> Outcome:
    """What the processor has; Numba can be told to use less."""
    config, host = numba_config(), _host_features()
    value = " ".join(name for name in _FEATURES if name in host) or "none of " + " ".join(_FEATURES)
    if config.CPU_FEATURES is not None:
        value += f"; NUMBA_CPU_FEATURES={config.CPU_FEATURES}"
    elif config.CPU_NAME is not None:
        value += "; NUMBA_CPU_NAME does not change them, NUMBA_CPU_FEATURES would"
    if platform.machine().lower() in ("x86_64", "amd64") and not {"avx2", "fma"} <= host:
        return warning(value, "in a virtual machine, let it see the host's processor (QEMU: -cpu host)")
    return ok(value)


def vector_bits(cpu: str, features: str) -> int:
    """How wide LLVM makes a simple loop over F32 for this processor, in bits: measured, not looked up.

    A processor that has wide registers need not be given code that uses them: LLVM prefers 256 bits on some with
    AVX-512. For scalable vectors it is the least width.

    Args:
        cpu: a name that LLVM knows, such as "znver4".
        features: as in "+avx2,-avx512f"; empty for those that go with the name.
    """
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_default_triple()
    machine = target.create_target_machine(cpu=cpu, features=features, opt=3)
    module = binding.parse_assembly(_LOOP)
    module.triple = target.triple
    builder = binding.create_pass_builder(machine, binding.create_pipeline_tuning_options(speed_level=3))
    builder.getModulePassManager().run(module, builder)
    return 32 * max(map(int, re.findall(r"(\d+) x float>", str(module))), default=1)


def check_vector_width() -> Outcome:
    from llvmlite import binding

    config, own = numba_config(), import_module("numba.core.codegen").get_host_cpu_features()
    host = binding.get_host_cpu_name()
    name = host if config.CPU_NAME is None else config.CPU_NAME
    bits = vector_bits(name, own if config.CPU_FEATURES is None else config.CPU_FEATURES)
    # Numba itself leaves AVX out on old processors; only where it was told to there is something to undo.
    told = "NUMBA_ENABLE_AVX" in os.environ
    possible = vector_bits(host, binding.get_host_cpu_features().flatten() if told else own)
    value = f"{bits} bits, {bits // 32} x F32, for {name}"
    if bits < possible:
        fix = "unset NUMBA_CPU_NAME NUMBA_CPU_FEATURES NUMBA_ENABLE_AVX"
        return warning(f"{value}; this processor can do {possible}", fix)
    return ok(value)


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return []


def _groups(root: Path, listing: Path) -> Iterator[tuple[Path, bool]]:
    """Directories of this process's control groups that can limit its processors, and whether they are version 2."""
    try:
        lines = listing.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        base = root / controllers if controllers else root
        group = base / path.lstrip("/")
        # A container often sees its own group as the root, under the path that it has outside.
        for directory in (group, *group.parents):
            if directory.is_relative_to(base):
                yield directory, not controllers


def quota(root: Path = Path("/sys/fs/cgroup"), listing: Path = Path("/proc/self/cgroup")) -> float | None:
    """How many processors' time the control groups of Linux allow this process; None without a limit."""
    limits = []
    for directory, unified in _groups(root, listing):
        if unified:
            limit, period = (*_words(directory / "cpu.max"), "", "")[:2]
        else:
            limit = "".join(_words(directory / "cpu.cfs_quota_us"))
            period = "".join(_words(directory / "cpu.cfs_period_us"))
        if limit.isdecimal() and period.isdecimal() and int(period):
            limits.append(int(limit) / int(period))
    return min(limits, default=None)


def usable_cores() -> int:
    """How many processors this process may keep busy: those it is bound to, within its quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = quota()
    return allowed if limit is None else min(allowed, math.ceil(limit))


def check_cores() -> Outcome:
    total, usable, limit = os.cpu_count() or 1, usable_cores(), quota()
    parts = [f"{total} in the machine", f"{usable} usable"]
    if limit is not None:
        parts.append(f"quota {limit:g}")
    threads = os.environ.get("OMP_NUM_THREADS", "")
    if threads.isdecimal() and int(threads) > usable:
        return warning(f"{', '.join(parts)}, OMP_NUM_THREADS={threads}", f"set OMP_NUM_THREADS={usable}")
    return ok(", ".join(parts))
