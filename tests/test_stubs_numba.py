"""stubs/numba: what mypy makes of programs that use Numba, and whether Numba is as the stubs say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

pytest.importorskip("mypy", reason="the extra `mypy`")

ROOT = Path(__file__).parent.parent
STUBS = ROOT / "stubs"
PROGRAMS = Path(__file__).parent / "typing_numba"
COMPARE = PROGRAMS / "compare.py"
RUN = {"correct.py": "0", "kernels.py": "1"}  # the value is NUMBA_ENABLE_CUDASIM

# What is said when compare.py has changed Numba: names, parameters, their kinds and defaults, values, fields, options.
SPOILT = [
    ("numba.core.config.COLOR_SCHEME", "variable differs from runtime type Literal[1]"),
    (
        "numba.core.dispatcher.Dispatcher.get_overload",
        'is inconsistent, stub parameter "sig" differs from runtime parameter "signature"',
    ),
    (
        "numba.core.dispatcher.Dispatcher.parallel_diagnostics",
        'is inconsistent, stub parameter "signature" has a default value but runtime parameter does not',
    ),
    (
        "numba.core.typing.typeof.typeof",
        'is inconsistent, stub parameter "val" should be positional-only (add "/", e.g. "val, /")',
    ),
    (
        "numba.core.typing.typeof.typeof",
        'is inconsistent, stub parameter "purpose" has a default value but runtime parameter does not',
    ),
    ("numba.cuda.atomic.add", 'is inconsistent, stub parameter "idx" differs from runtime parameter "index"'),
    ("numba.cuda.popc", "is not present at runtime"),
    ("numba.cuda.syncthreads", 'is inconsistent, stub does not have parameter "mask"'),
    ("numba.stencils.stencil.StencilFunc.neighborhood", "is no attribute of an instance"),
    ("numba.core.decorators._ModeOptions.nogil", "is no option"),
]


class Results(NamedTuple):
    checked: str
    compared: list[str]
    ran: dict[str, tuple[str, int]]


MESSAGE = re.compile(r"\s*# ((?:error|note): .*)")


def program() -> tuple[str, list[tuple[int, str]]]:
    """The program in reported.txt without what is to be reported, and that, by line."""
    lines: list[str] = []
    messages: list[tuple[int, str]] = []
    for line in (PROGRAMS / "reported.txt").read_text(encoding="utf-8").splitlines():
        if message := MESSAGE.fullmatch(line):
            messages.append((len(lines), message[1]))
        else:
            lines.append(line)
    return "\n".join(lines) + "\n", messages


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Results:
    """What four processes say that run side by side: all of them start mypy or Numba, which takes a second or more."""
    folder = tmp_path_factory.mktemp("numba")
    (folder / "reported.py").write_text(program()[0], encoding="utf-8")

    def start(*arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, *map(str, arguments)]
        variables = os.environ | {"MYPY_FORCE_COLOR": "0"} | environment
        out, err = subprocess.PIPE, subprocess.STDOUT
        return subprocess.Popen(command, cwd=folder, env=variables, text=True, stdout=out, stderr=err)

    cache = os.devnull if pytestconfig.cache is None else pytestconfig.cache.mkdir("mypy_numba")
    flags = ["--strict", "--no-pretty", "--no-error-summary", "--config-file=", f"--cache-dir={cache}"]
    correct = [PROGRAMS / name for name in RUN]
    comparing = start(COMPARE, "--spoilt")
    checking = start("-m", "mypy", *flags, "reported.py", *correct, MYPYPATH=str(STUBS))
    running = {name: start(PROGRAMS / name, NUMBA_ENABLE_CUDASIM=simulated) for name, simulated in RUN.items()}
    ran = {name: (process.communicate()[0], process.returncode) for name, process in running.items()}
    return Results(checking.communicate()[0], comparing.communicate()[0].splitlines(), ran)


def test_what_mypy_reports_of_programs(results: Results) -> None:
    """All of it, but for the lists of overloads that would have fitted."""
    found = [re.fullmatch(r"reported\.py:(\d+): (.*)", line) for line in results.checked.splitlines()]
    assert None not in found, results.checked  # nothing is wrong in the correct programs
    messages = [(int(match[1]), match[2]) for match in found if match]
    assert [said for said in messages if said[1].startswith(("error: ", "note: Revealed"))] == program()[1]


@pytest.mark.parametrize("name", RUN)
def test_the_correct_programs_run(name: str, results: Results) -> None:
    assert results.ran[name] == ("", 0)


def test_numba_is_as_the_stubs_say(results: Results) -> None:
    assert [line for line in results.compared if not line.startswith("spoilt: ")] == []


def test_another_numba_is_not(results: Results) -> None:
    said = [line.removeprefix("spoilt: ") for line in results.compared if line.startswith("spoilt: ")]
    assert said == [f"{name} {message}" for name, message in SPOILT]
