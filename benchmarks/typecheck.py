"""What the mypy plugin costs: an edit in a file of tensor code, checked again with and without it.

Everything but the edited file comes from mypy's cache, as when one works on a program.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

DIGITS = Path(__file__).parent.parent / "examples" / "digits.py"
FUNCTIONS, ROUNDS = 300, 5
_HEAD = """\
from typing import Literal as L
from typing import TypeVar

import shapetensor as st
from shapetensor import F32, Tensor

B = TypeVar("B", bound=int)
"""
_FUNCTION = """

def f{i}(x: Tensor[F32, B, L[{n}]], w: Tensor[F32, L[{n}], L[{m}]], b: Tensor[F32, L[{m}]]) -> Tensor[F32, B, L[{m}]]:
    h = x @ w + b
    y = h.relu()
    e = y.exp()
    scale = e.mean(axis=-1)
    mixed = y * st.expand_dims(scale, axis=-1)
    rows = mixed.reshape((-1, {m}))
    return rows
"""


def generated(functions: int) -> str:
    """A program of ten lines and eight operations on tensors for each function, each with sizes of its own."""
    return _HEAD + "".join(_FUNCTION.format(i=i, n=2 * i + 3, m=i + 2) for i in range(functions))


def cpu_of_children() -> float:
    """Processor time of the processes that ended: what else the machine does counts little in it."""
    times = os.times()
    return times.children_user + times.children_system


class Project:
    """One program and two caches in a folder of its own, one of mypy with the plugin and one of mypy without."""

    def __init__(self, folder: Path, text: str) -> None:
        self.folder, self.text, self.edits = folder, text, 0
        common = "[mypy]\ncheck_untyped_defs = True\ndisable_error_code = import-untyped\n"
        (folder / "without.ini").write_text(common)
        (folder / "with.ini").write_text(f"{common}plugins = shapetensor.mypy_plugin\n")

    def seconds(self, kind: str) -> float:
        """Processor time of a run after an edit that changes no type."""
        self.edits += 1
        # mypy looks at seconds and size: two edits within a second that leave the size as it is would be none to it.
        (self.folder / "program.py").write_text(f"{self.text}\n{'#' * self.edits}\n")
        options = [f"--config-file={kind}.ini", f"--cache-dir={kind}", "--no-error-summary"]
        command = [sys.executable, "-m", "mypy", *options, "program.py"]
        start = cpu_of_children()
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode == 2:  # mypy could not run
            raise RuntimeError(done.stdout + done.stderr)
        return cpu_of_children() - start


def measured(text: str, rounds: int = ROUNDS) -> dict[str, float]:
    """Seconds of the first run and least seconds of later ones, by turns with the plugin and without."""
    with tempfile.TemporaryDirectory() as name:
        project = Project(Path(name), text)
        kinds = ("without", "with")
        cold = {f"cold {kind}": project.seconds(kind) for kind in kinds}
        turns = [{kind: project.seconds(kind) for kind in kinds} for _ in range(rounds)]
    return cold | {kind: min(turn[kind] for turn in turns) for kind in kinds}


class TypeCheck:
    """The example, and a program of 3,000 lines with 2,400 operations."""

    unit = "s"
    params = ("digits", "3000 lines")
    param_names = ("program",)
    timeout = 240

    def setup_cache(self) -> dict[str, dict[str, float]]:
        texts = {"digits": DIGITS.read_text(encoding="utf-8"), "3000 lines": generated(FUNCTIONS)}
        return {name: measured(text) for name, text in texts.items()}

    def track_with_plugin(self, found: dict[str, dict[str, float]], program: str) -> float:
        return found[program]["with"]

    def track_without_plugin(self, found: dict[str, dict[str, float]], program: str) -> float:
        return found[program]["without"]

    def track_ratio(self, found: dict[str, dict[str, float]], program: str) -> float:
        """It should stay below 2."""
        return found[program]["with"] / found[program]["without"]

    track_ratio.unit = "ratio"
