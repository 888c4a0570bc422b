"""Cold, warm and incremental runs, the daemon, a rule that changes under a warm cache, and rule modules of users."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import shapetensor
from tests.typing.harness import CONFIG, run_mypy, short

PACKAGE = Path(shapetensor.__file__).parent
USER = """\
from typing import reveal_type

import shapetensor as st

x = st.zeros((2, 3))
reveal_type(x.sum(axis=0))
"""
LIBRARY = """\
from typing import Literal, TypeVar

from shapetensor import F32, Tensor

B = TypeVar("B", bound=int)


def first(x: Tensor[F32, B, Literal[3]]) -> Tensor[F32, B]:
    return x[:, 0]
"""
CALLER = """\
from typing import reveal_type

import shapetensor as st
from library import first

reveal_type(first(st.zeros((2, 3))))
"""


def messages(stdout: str) -> list[str]:
    """What mypy said of each line, without places; types without modules."""
    lines = [line.split(": ", 1)[1] for line in stdout.splitlines() if ": error: " in line or ": note: " in line]
    return sorted(short(line) if "Revealed" in line else line for line in lines)


def revealed(*types: str) -> list[str]:
    return sorted(f'note: Revealed type is "{t}"' for t in types)


class Project:
    """A folder with a configuration; `check` runs mypy there, with a cache of its own."""

    def __init__(self, folder: Path, cache: Path, package: Path = PACKAGE) -> None:
        self.folder, self.cache, self._package = folder, cache, package
        self._time = time.time()
        self.write("mypy.ini", f"{CONFIG}mypy_path = {folder}\n")

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self._time += 2  # mypy looks again at files that are of another second
        os.utime(path, (self._time, self._time))
        return path

    def check(self, *names: str) -> list[str]:
        """In this process."""
        paths = [str(self.folder / name) for name in names]
        output = run_mypy("--config-file", str(self.folder / "mypy.ini"), "--cache-dir", str(self.cache), *paths)
        assert output.stderr == ""
        return messages(output.stdout)

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """In a process of its own, with the package that the project uses."""
        environment = {**os.environ, "PYTHONPATH": str(self._package.parent), "NO_COLOR": "1"}
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def check_apart(self, *arguments: str) -> list[str]:
        done = self.python("mypy", "--cache-dir", str(self.cache), "--show-traceback", *arguments)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return messages(done.stdout)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Filled once: the library is read from it by most tests here."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path, cache: Path) -> Project:
    return Project(tmp_path, cache)


@pytest.fixture
def edited(tmp_path: Path) -> Project:
    """A project with a copy of the package, in which tests may change rules."""
    package = tmp_path / "src" / "shapetensor"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder, tmp_path / "cache", package)


def keep_all_axes(project: Project) -> None:
    """The rule of reductions changed so that they always keep their axes."""
    rule = project.folder.parent / "src" / "shapetensor" / "_core" / "ops" / "reduce.py"
    text = rule.read_text(encoding="utf-8")
    wrong = text.replace("    if keepdims:\n", "    if keepdims or axes:\n", 1)
    assert wrong != text
    rule.write_text(wrong, encoding="utf-8")


def test_cold_and_warm_runs_agree(project: Project, tmp_path: Path) -> None:
    project.write("user.py", USER + "x @ x\n")
    fresh = Project(tmp_path, tmp_path / "fresh")
    cold = fresh.check("user.py")
    wrong = "error: matmul: (2, 3) @ (2, 3): inner dimensions differ: 3 != 2  [shape]"
    assert cold == [wrong, *revealed("Tensor[F32, 3]"), "note: did you mean `w.mT` with shape (3, 2)?"]
    assert fresh.check("user.py") == cold
    assert project.check("user.py") == cold


def test_a_changed_file_is_checked_again(project: Project) -> None:
    project.write("user.py", USER)
    assert project.check("user.py") == revealed("Tensor[F32, 3]")
    project.write("user.py", USER.replace("axis=0", "axis=1"))
    assert project.check("user.py") == revealed("Tensor[F32, 2]")
    project.write("user.py", USER.replace("axis=0", "axis=2"))
    reason = "axis 2 is out of range for rank 2 (valid: -2..1); the shape is (2, 3)"
    assert project.check("user.py") == [f"error: sum: {reason}  [shape]", *revealed("Tensor[Any, ...]")]
    project.write("user.py", USER)
    assert project.check("user.py") == revealed("Tensor[F32, 3]")


def test_a_changed_import_is_noticed(project: Project) -> None:
    project.write("library.py", LIBRARY)
    project.write("caller.py", CALLER)
    assert project.check("caller.py", "library.py") == revealed("Tensor[F32, 2]")
    project.write("library.py", LIBRARY.replace("Literal[3]", "Literal[4]"))
    wrong = "error: first: x has shape (2, 3), not (B, 4): axis 1: 3 != 4  [shape]"
    assert project.check("caller.py", "library.py") == [wrong, *revealed("Tensor[Any, ...]")]
    project.write("library.py", LIBRARY)
    assert project.check("caller.py", "library.py") == revealed("Tensor[F32, 2]")


def test_arithmetic_survives_the_cache(project: Project) -> None:
    flat = LIBRARY.replace("-> Tensor[F32, B]", '-> Tensor[F32, Literal["3*B"]]').replace("x[:, 0]", "x.reshape(-1)")
    project.write("library.py", flat)
    project.write("caller.py", CALLER)
    assert project.check("library.py") == []
    assert project.check("caller.py") == revealed("Tensor[F32, 6]")  # `first` comes from the cache
    project.write("caller.py", CALLER.replace("(2, 3)", "(5, 3)"))
    assert project.check("caller.py") == revealed("Tensor[F32, 15]")


def test_errors_in_the_cache_are_said_again(project: Project) -> None:
    project.write("user.py", USER.replace("axis=0", "axis=2"))
    assert project.check("user.py") == project.check("user.py") != []


def test_a_changed_rule_changes_what_is_in_the_cache(edited: Project) -> None:
    edited.write("user.py", USER)
    assert edited.check_apart("user.py") == revealed("Tensor[F32, 3]")
    assert edited.check_apart("user.py") == revealed("Tensor[F32, 3]")
    keep_all_axes(edited)
    assert edited.check_apart("user.py") == revealed("Tensor[F32, 1, 3]")


@pytest.fixture
def daemon(edited: Project) -> Iterator[Project]:
    yield edited
    edited.python("mypy.dmypy", "kill")
    edited.python("mypy.dmypy", "stop")


def daemon_says(project: Project) -> tuple[list[str], str]:
    done = project.python("mypy.dmypy", "run", "--timeout", "60", "--", "user.py", "--cache-dir", str(project.cache))
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return messages(done.stdout), done.stdout


def test_the_daemon_follows_edits_of_files_and_rules(daemon: Project) -> None:
    daemon.write("user.py", USER)
    assert daemon_says(daemon)[0] == revealed("Tensor[F32, 3]")
    daemon.write("user.py", USER.replace("axis=0", "axis=1"))
    said, output = daemon_says(daemon)
    assert said == revealed("Tensor[F32, 2]")
    assert "Restarting" not in output
    daemon.write("user.py", USER)
    assert daemon_says(daemon)[0] == revealed("Tensor[F32, 3]")
    keep_all_axes(daemon)
    said, output = daemon_says(daemon)
    assert "Restarting: plugins changed" in output
    assert said == revealed("Tensor[F32, 1, 3]")


PYPROJECT = """\
[tool.mypy]
plugins = ["shapetensor.mypy_plugin"]
strict = true

[tool.shapetensor]
ops = ["pkg.ops"]
"""
OPS = """\
import shapetensor as st
from shapetensor._core.apply import apply
from shapetensor._core.dims import Shape
from shapetensor._core.dtypes import AnyDType
from shapetensor._core.op import OPAQUE, Op, define
from shapetensor.tensor import AnyTensor


def halves(x: AnyTensor, parts: int = 2) -> AnyTensor:
    \"\"\"Composed of the library's functions.\"\"\"
    if x.ndim != 2:
        raise st.ShapeError(f"halves: x has shape {x.shape}, which are not 2 axes")
    return x[:, : x.shape[1] // parts]


def _pairs(x: Shape, *, apart: int) -> Shape:
    return (*x[:-1], x[-1] - apart)


def _same(x: AnyDType) -> AnyDType:
    return x


_differences: Op = define("pkg_differences", kind=OPAQUE, shape=_pairs, dtype=_same)


def differences(x: AnyTensor, apart: int = 1) -> AnyTensor:
    \"\"\"A record of its own.\"\"\"
    found: AnyTensor = apply(_differences, (x,), (apart,))
    return found
"""
USING_OPS = """\
from typing import Literal, TypeVar, reveal_type

import shapetensor as st
from pkg.ops import differences, halves
from shapetensor import F32, Tensor

B = TypeVar("B", bound=int)


def f(x: Tensor[F32, B, Literal[8]], v: Tensor[F32, B]) -> None:
    reveal_type(halves(x))
    reveal_type(halves(x, parts=4))
    reveal_type(differences(v))
    reveal_type(differences(x, 3) + st.zeros(5))
    halves(v)
    differences(x) + x
"""
OF_USING = [
    "error: add: shapes (B, 7) and (B, 8) do not broadcast: axis -1: 7 != 8  [shape]",
    "error: halves: x has shape (B,), which are not 2 axes  [shape]",
    *revealed("Tensor[F32, B, 4]", "Tensor[F32, B, 2]", "Tensor[F32, B-1]", "Tensor[F32, B, 5]"),
]


@pytest.fixture
def ruled(tmp_path: Path) -> Project:
    """A project that names a module of rules."""
    project = Project(tmp_path, tmp_path / "cache")
    (tmp_path / "mypy.ini").unlink()
    project.write("pyproject.toml", PYPROJECT)
    project.write("pkg/__init__.py", "")
    project.write("pkg/ops.py", OPS)
    project.write("user.py", USING_OPS)
    return project


def test_rule_modules_are_run(ruled: Project) -> None:
    assert ruled.check_apart("user.py") == OF_USING
    assert ruled.check_apart("user.py") == OF_USING
    ruled.write("pkg/ops.py", OPS.replace("x[-1] - apart", "x[-1] + apart").replace("!= 2", "!= 1"))
    said = ruled.check_apart("user.py")
    assert "error: halves: x has shape (B, 8), which are not 2 axes  [shape]" in said
    assert revealed("Tensor[F32, B+1]")[0] in said


def test_what_rule_modules_import_counts_too(ruled: Project) -> None:
    ruled.write("pkg/sizes.py", "def narrow(n: int) -> int:\n    return n // 2\n")
    ruled.write(
        "pkg/ops.py", f"from pkg.sizes import narrow\n{OPS.replace('x.shape[1] // parts', 'narrow(x.shape[1])')}"
    )
    ruled.write("user.py", USING_OPS.replace("halves(x, parts=4)", "halves(x)"))
    assert revealed("Tensor[F32, B, 4]")[0] in ruled.check_apart("user.py")
    ruled.write("pkg/sizes.py", "def narrow(n: int) -> int:\n    return n // 4\n")
    assert revealed("Tensor[F32, B, 2]")[0] in ruled.check_apart("user.py")


def test_rule_modules_are_also_checked(ruled: Project) -> None:
    assert ruled.check_apart("pkg", "user.py") == OF_USING


def test_a_rule_module_without_the_list_is_taken_at_its_word(ruled: Project) -> None:
    ruled.write("pyproject.toml", PYPROJECT.replace('["pkg.ops"]', "[]"))
    assert ruled.check_apart("user.py") == revealed(*["Tensor[Any, ...]"] * 4)


@pytest.mark.parametrize(
    ("ops", "reason"),
    [
        ('["pkg.nothing"]', "[tool.shapetensor] ops: pkg.nothing cannot be imported: No module named 'pkg.nothing'"),
        ('["pkg.broken"]', "[tool.shapetensor] ops: pkg.broken cannot be imported: division by zero"),
        ('"pkg.ops"', "[tool.shapetensor] ops is a list of module names, not 'pkg.ops'"),
    ],
    ids=["missing", "broken", "no list"],
)
def test_a_rule_module_that_cannot_be_used_is_named(ruled: Project, ops: str, reason: str) -> None:
    ruled.write("pkg/broken.py", "1 / 0\n")
    ruled.write("pyproject.toml", PYPROJECT.replace('["pkg.ops"]', ops))
    done = ruled.python("mypy", "--cache-dir", str(ruled.cache), "user.py")
    printed = done.stdout + done.stderr
    assert done.returncode == 2
    assert reason in printed
    assert "INTERNAL ERROR" not in printed
    assert "Traceback" not in printed
