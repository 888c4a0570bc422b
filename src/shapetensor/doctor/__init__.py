"""Whether this machine is set up right: independent checks, each with what to do where something is wrong.

`shapetensor doctor` prints them. A check that fails to run is reported as a problem and never hides the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import TextIO

from .. import __version__
from . import compiler, gpu, machine, packages
from .outcome import Check, Finding, interpreter, ok, problem, warning

__all__ = ["CHECKS", "Check", "Finding", "diagnose", "ok", "problem", "run", "warning"]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("python", packages.check_python),
    ("shapetensor", packages.check_shapetensor),
    *((name, partial(packages.check_package, name)) for name in packages.OLDEST),
    ("imports", packages.check_imports),
    ("platform", machine.check_platform),
    ("cpu", machine.check_cpu),
    ("cpu features", machine.check_cpu_features),
    ("vector width", machine.check_vector_width),
    ("cores", machine.check_cores),
    ("threading layer", compiler.check_threading_layer),
    ("numba settings", compiler.check_numba_settings),
    ("kernel cache", compiler.check_kernel_cache),
    ("OPENBLAS_CORETYPE", partial(packages.check_openblas, "OPENBLAS_CORETYPE")),
    ("OPENBLAS_L2_SIZE", partial(packages.check_openblas, "OPENBLAS_L2_SIZE")),
    ("run-time checks", packages.check_runtime_checks),
    ("mypy", packages.check_mypy),
    ("mypy config", packages.check_mypy_config),
    ("mypy plugin", packages.check_mypy_plugin),
    ("gpu", gpu.check_gpu),
    ("self-test", packages.check_self_test),
)


def diagnose(checks: Iterable[tuple[str, Check]] = CHECKS) -> Iterator[Finding]:
    """Run the checks, one after the other; one that raises is a problem that says so.

    Example:
        >>> from shapetensor import doctor
        >>> [*doctor.diagnose([("coffee", lambda: doctor.warning("cold", "make new"))])]
        [Finding(name='coffee', value='cold', status='warning', fix='make new')]
    """
    for name, check in checks:
        try:
            outcome = check()
        except ImportError as error:
            fix = f"see the versions and imports above; {interpreter()} -m pip check"
            outcome = problem(f"not checked: {error}", fix)
        except Exception as error:
            text = f"the check itself failed: {type(error).__name__}: {error}"
            outcome = problem(text, "report it with the output of `shapetensor info`")
        yield Finding(name, *outcome)


def _plain(text: str) -> str:
    """One line without control characters: values come from the environment."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in " ".join(text.split()))


def _print_report(findings: Iterable[Finding], out: TextIO, width: int) -> list[Finding]:
    """Print each finding when it is there, so that a check that never ends can be seen; then the fixes."""
    seen = []
    for finding in findings:
        seen.append(finding)
        print(f"{finding.name:<{width}}  {finding.status:<7}  {_plain(finding.value)}", file=out, flush=True)
    print(file=out)
    told = []
    for kind in ("warning", "problem"):
        found = [finding for finding in seen if finding.status == kind]
        for finding in found:
            print(f"{kind}: {finding.name}: {_plain(finding.value)}\n    fix: {_plain(finding.fix)}", file=out)
        if found:
            told.append(f"{len(found)} {kind}{'s' * (len(found) > 1)}")
    print(", ".join(told) or "all is well", file=out, flush=True)
    return seen


def run(out: TextIO, *, as_json: bool = False, checks: Sequence[tuple[str, Check]] = CHECKS) -> int:
    """Print the report; give the exit status: 1 if there is a problem, 0 if all is well or there are only warnings.

    Args:
        out: where to print to.
        as_json: print one JSON object, `{"version", "ok", "checks": [{"name", "value", "status", "fix"}]}`.
        checks: what to check, as pairs of a name and a function.

    Example:
        >>> import sys
        >>> from shapetensor import doctor
        >>> doctor.run(sys.stdout, checks=[("coffee", lambda: doctor.problem("none", "make some"))])
        coffee  problem  none
        <BLANKLINE>
        problem: coffee: none
            fix: make some
        1 problem
        1
    """
    findings = diagnose(checks)
    if as_json:
        seen = list(findings)
        failed = any(finding.status == "problem" for finding in seen)
        report = {"version": __version__, "ok": not failed, "checks": [asdict(finding) for finding in seen]}
        print(json.dumps(report, indent=2), file=out)
        return int(failed)
    width = max((len(name) for name, _ in checks), default=0)
    return int(any(finding.status == "problem" for finding in _print_report(findings, out, width)))
