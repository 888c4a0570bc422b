"""`shapetensor check` and `shapetensor reveal`: exact output, exit statuses, whose configuration counts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest

from shapetensor import cli
from shapetensor.typecheck import check

Run = Callable[..., tuple[int, str, str]]

HEAD = """\
from typing import Literal as L
from typing import TypeVar

import shapetensor as st
from shapetensor import F32, Tensor

B = TypeVar("B", bound=int)
"""
RIGHT = f"""{HEAD}
def scores(x: Tensor[F32, B, L[784]], w: Tensor[F32, L[784], L[10]]) -> Tensor[F32, B, L[10]]:
    return x @ w
"""
WRONG = f"""{HEAD}
def scores(x: Tensor[F32, B, L[784]], w: Tensor[F32, L[10], L[784]]) -> Tensor[F32, B, L[10]]:
    return x @ w
"""
MESSAGE = """\
{0}:10:16: error: matmul: (B, 784) @ (10, 784): inner dimensions differ: 784 != 10  [shape]
{0}:10:16: note: did you mean `w.mT` with shape (784, 10)?
"""
ALL_RIGHT = "Success: no issues found in 1 source file\n"
# The same options for the library as without a configuration: it need not be checked again.
CONFIG = """\
[tool.mypy]
check_untyped_defs = true
disable_error_code = ["import-untyped"]
{plugins}
[[tool.mypy.overrides]]
module = "strictly"
disallow_untyped_defs = true
"""


@pytest.fixture(scope="session")
def types(tmp_path_factory: pytest.TempPathFactory) -> str:
    """mypy's option for a cache that all runs share."""
    return f"--cache-dir={tmp_path_factory.mktemp('types')}"


@pytest.fixture
def run(
    types: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """The command line in an empty directory: exit status, and what it printed."""
    monkeypatch.chdir(tmp_path)
    for name in ("MYPY_CACHE_DIR", "MYPYPATH", "MYPY_NUM_WORKERS"):
        monkeypatch.delenv(name, raising=False)
    limit = sys.getrecursionlimit()

    def command(*arguments: str, flags: tuple[str, ...] = ()) -> tuple[int, str, str]:
        try:
            status = cli.main([*arguments, "--", types, *flags])
        except SystemExit as ended:
            status = int(ended.code or 0)
        return status, *capsys.readouterr()

    yield command
    sys.setrecursionlimit(limit)


# check


def test_a_file(run: Run) -> None:
    Path("right.py").write_text(RIGHT)
    Path("wrong.py").write_text(WRONG)
    assert run("check", "right.py") == (0, ALL_RIGHT, "")
    status, out, err = run("check", "wrong.py")
    assert (status, err) == (1, "")
    assert out == MESSAGE.format("wrong.py") + "Found 1 error in 1 file (checked 1 source file)\n"


def test_a_folder_whose_modules_import_each_other(run: Run) -> None:
    Path("package").mkdir()
    Path("package", "__init__.py").touch()
    Path("package", "model.py").write_text(RIGHT)
    text = "import shapetensor as st\n\nfrom package.model import scores\n\n"
    Path("package", "use.py").write_text(f"{text}scores(st.zeros((32, 10)), st.zeros((784, 10)))\n")
    for arguments in ((), ("package",), (".",)):
        status, out, _ = run("check", *arguments)
        first, last = out.splitlines()
        assert first.startswith("package/use.py:5:8: error: "), out
        assert (status, last) == (1, "Found 1 error in 1 file (checked 3 source files)")


def test_code_without_annotations_and_packages_without_types(run: Run) -> None:
    Path("loose.py").write_text("import sklearn\n\ndef f():\n    return 1 + 'x'\n")
    Path("missing.py").write_text("import no_such_module_anywhere\n")
    out = run("check", "loose.py")[1]
    assert out.splitlines()[0] == 'loose.py:4:16: error: Unsupported operand types for + ("int" and "str")  [operator]'
    assert len(out.splitlines()) == 2
    assert run("check", "loose.py", flags=("--no-check-untyped-defs",))[0] == 0
    assert "[import-not-found]" in run("check", "missing.py")[1]


@pytest.mark.parametrize("plugins", ["", 'plugins = ["shapetensor.mypy_plugin"]\n', "plugins = []\n"])
def test_the_project_has_its_own_configuration(plugins: str, run: Run) -> None:
    Path("pyproject.toml").write_text(CONFIG.format(plugins=plugins) + "\n[project]\nname = 'x'\n")
    Path("strictly.py").write_text(f"{WRONG}\n\ndef untyped():\n    pass\n")
    status, out, err = run("check")
    assert (status, err) == (1, "")
    assert out == MESSAGE.format("strictly.py") + (
        "strictly.py:13:1: error: Function is missing a return type annotation  [no-untyped-def]\n"
        'strictly.py:13:1: note: Use "-> None" if function does not return a value\n'
        "Found 2 errors in 1 file (checked 1 source file)\n"
    )


def test_what_the_configuration_lists_is_checked(run: Run) -> None:
    folder = Path("src", "deep")
    folder.mkdir(parents=True)
    Path("mypy.ini").write_text("[mypy]\nfiles = src/deep/a.py\nmypy_path = $MYPY_CONFIG_FILE_DIR/src\n")
    (folder / "a.py").write_text("import other\n\nother.x + 'x'\n")
    (folder / "b.py").write_text("1 + 'x'\n")
    Path("src", "other.py").write_text("x = 1\n")
    status, out, _ = run("check")
    assert (status, out.splitlines()[-1]) == (1, "Found 1 error in 1 file (checked 1 source file)")
    assert out.startswith("src/deep/a.py:3:11: error: Unsupported operand types")


def test_options_of_mypy(run: Run) -> None:
    Path("untyped.py").write_text("def f(x): return x\n")
    assert run("check", "untyped.py")[0] == 0
    status, out, _ = run("check", "untyped.py", flags=("--strict", "--no-error-summary", "--hide-column-numbers"))
    assert (status, out) == (1, "untyped.py:1: error: Function is missing a type annotation  [no-untyped-def]\n")
    status, out, err = run("check", "untyped.py", flags=("--nonsense",))
    assert (status, out) == (2, "")
    assert err.endswith("\nshapetensor check: error: unrecognized arguments: --nonsense\n")
    status, _, err = run("check", "untyped.py", flags=("--install-types",))
    assert (status, err) == (2, "shapetensor: --install-types and --num-workers work only with mypy itself\n")
    status, out, _ = run("check", "untyped.py", flags=("--output=json", "--disallow-untyped-defs"))
    assert (status, out.count("\n"), out[:1]) == (1, 1, "{")


def test_a_syntax_error(run: Run) -> None:
    Path("broken.py").write_text("x = 1\ny = (\n")
    status, out, err = run("check", "broken.py")
    assert (status, err) == (2, "")
    assert out.splitlines()[0].startswith("broken.py:")
    assert out.splitlines()[0].endswith("[syntax]")
    status, out, err = run("reveal", "broken.py")
    assert (status, err) == (2, "")
    assert out.splitlines()[:2] == ["x = 1", "y = ("]
    assert "^ error: " in out.splitlines()[2]


@pytest.mark.parametrize("command", ["check", "reveal"])
def test_nothing_to_check(command: str, run: Run) -> None:
    assert run(command, "missing.py") == (2, "", "shapetensor: no such file or directory: missing.py\n")
    if command == "reveal":
        assert run(command, ".") == (2, "", "shapetensor: not a file: .\n")
    else:
        assert run(command) == (2, "", "There are no .py[i] files in directory '.'\n")


@pytest.mark.parametrize("command", ["check", "reveal"])
def test_mypy_is_not_installed(command: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("right.py").write_text(RIGHT)
    for name in [name for name in sys.modules if name.partition(".")[0] == "mypy"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mypy", None)
    text = 'shapetensor: checking shapes needs mypy, which is not installed: pip install "shapetensor[mypy]"\n'
    assert run(command, "right.py") == (2, "", text)


@pytest.mark.parametrize("command", ["check", "reveal"])
def test_mypy_of_another_version(command: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("right.py").write_text(RIGHT)
    monkeypatch.setattr(metadata, "version", lambda name: "2.5.1")
    fix = f'{sys.executable} -m pip install --upgrade "mypy>=2.4,<2.5"'
    assert run(command, "right.py") == (2, "", f"shapetensor: mypy 2.5.1: outside mypy>=2.4,<2.5: {fix}\n")


def test_the_cache_is_not_that_of_runs_without_the_plugin(run: Run, tmp_path: Path) -> None:
    Path("plain.py").write_text("x = 1\n")
    assert check(["plain.py"]) == 0
    assert [entry.name for entry in (tmp_path / ".mypy_cache").iterdir()] == ["shapetensor"]
    Path("mypy.ini").write_text("[mypy]\nplugins = shapetensor.mypy_plugin\ncache_dir = own\n")
    assert check(["plain.py"]) == 0
    assert (tmp_path / "own" / f"{sys.version_info[0]}.{sys.version_info[1]}").is_dir()


def test_as_a_module_from_another_process(types: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(WRONG)
    command = [sys.executable, "-m", "shapetensor", "check", "wrong.py", "--", types]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith(MESSAGE.format("wrong.py"))


# reveal

SOURCE = f"""{HEAD}T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)


class Head(st.Module):
    weight: Tensor[F32, L[64], L[10]]

    def __init__(self) -> None:
        self.weight = st.zeros((64, 10))

    def __call__(
        self, x: Tensor[F32, B, L[64]]
    ) -> Tensor[F32, B, L[10]]:
        y = x @ self.weight
        return y.relu()


def flat(x: Tensor[F32, B, T, D]) -> Tensor[F32, int, D]:
    b, t, d = x.shape
    y = x.reshape((b * t, d))  # rows
    y = y + 1.0
    y += y
    for size in x.shape[:2]:
        print(size)
    return y


head = Head()
z = head(st.zeros((32, 64)))
"""
REVEALED = f"""{HEAD}T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)


class Head(st.Module):
    weight: Tensor[F32, L[64], L[10]]

    def __init__(self) -> None:
        self.weight = st.zeros((64, 10))                   # Tensor[F32, 64, 10]

    def __call__(                                          # -> Tensor[F32, B, 10]
        self, x: Tensor[F32, B, L[64]]
    ) -> Tensor[F32, B, L[10]]:
        y = x @ self.weight                                # Tensor[F32, B, 10]
        return y.relu()


def flat(x: Tensor[F32, B, T, D]) -> Tensor[F32, int, D]:  # -> Tensor[F32, ?, D]
    b, t, d = x.shape                                      # B, T, D
    y = x.reshape((b * t, d))  # rows                      # Tensor[F32, B*T, D]
    y = y + 1.0                                            # Tensor[F32, B*T, D]
    y += y                                                 # Tensor[F32, B*T, D]
    for size in x.shape[:2]:                               # int
        print(size)
    return y


head = Head()                                              # Head
z = head(st.zeros((32, 64)))                               # Tensor[F32, 32, 10]
"""


def test_a_listing(run: Run) -> None:
    Path("demo.py").write_text(SOURCE)
    status, out, err = run("reveal", "demo.py")
    assert out.splitlines() == REVEALED.splitlines()
    assert (status, err) == (0, "")
    assert run("reveal", str(Path("demo.py").resolve())) == (status, out, err)  # from the cache


def test_errors_stand_beneath_their_lines(run: Run) -> None:
    Path("wrong.py").write_text(WRONG)
    status, out, _ = run("reveal", "wrong.py")
    assert status == 1
    assert out.splitlines()[-3:] == [
        "    return x @ w",
        "               ^ error: matmul: (B, 784) @ (10, 784): inner dimensions differ: 784 != 10  [shape]",
        "               note: did you mean `w.mT` with shape (784, 10)?",
    ]
    Path("use.py").write_text("import wrong\n\nf = wrong.scores\n")
    status, out, _ = run("reveal", "use.py")
    assert status == 1
    assert out.splitlines()[2:4] == [
        "f = wrong.scores  # (Tensor[F32, B, 784], Tensor[F32, 10, 784]) -> Tensor[F32, B, 10]",
        "wrong.py:10:16: error: matmul: (B, 784) @ (10, 784): inner dimensions differ: 784 != 10  [shape]",
    ]
    assert run("check", "wrong.py")[0] == 1  # what reveal left in the cache holds the error too


def test_all_sorts_of_types_and_targets(run: Run) -> None:
    lines = {
        "import contextlib, typing": "",
        "from shapetensor import Tensor, F32, nn": "",
        "S = typing.TypeVarTuple('S')": "",
        "T = typing.TypeVar('T')": "",
        "class Pair(typing.NamedTuple): x: int": "",
        "one = 1": "int",
        "a, (b, *c) = 1, ('x', 2.0, 3.0)": "int, str, list[float]",
        "anything: typing.Any = one": "?",
        "nothing = None": "None",
        "several = one if one else 'x' if one > 1 else None": "int | str | None",
        "items = [one]": "list[int]",
        "later = []": "list[int]",
        "later.append(1)": "",
        "table = {'x': (one, 2.0), 'y': (3, 4.0)}": "dict[str, tuple[int, float]]",
        "empty = ()": "tuple[()]",
        "run_of: tuple[int, ...] = (1, 2)": "tuple[int, ...]",
        "pair = Pair(1)": "Pair",
        "kind = type(pair)": "type[Pair]",
        "class Box(typing.NamedTuple, typing.Generic[T]): x: T": "",
        "box = Box(one)": "Box[int]",
        "first = second = Pair": "type[Pair]",
        "literal: typing.Literal['a', 3] = 'a'": "a | 3",
        "call = lambda x, y: one": "(?, ?) -> int",
        "with contextlib.nullcontext(one) as inside: pass": "int",
        "def kind_of(x: int) -> type[Pair]: return Pair": "-> type[Pair]",
        "def star(x: Tensor[F32, typing.Unpack[S]]) -> Tensor[F32, typing.Unpack[S]]: y = x; return y": (
            "-> Tensor[F32, *S]; Tensor[F32, *S]"
        ),
        "def loose(x: nn.Linear[typing.Any, int]): y = x": "-> ?; Linear[?, ?]",
        "def sizes(x: Tensor[F32, typing.Literal[3], int, typing.Any]) -> None: y = x": "Tensor[F32, 3, ?, ?]",
        "def rank(x: Tensor[F32, typing.Unpack[tuple[typing.Any, ...]]]) -> None: y = x": "Tensor[F32, ...]",
    }
    Path("sorts.py").write_text("\n".join(lines) + "\n")
    status, out, err = run("reveal", "sorts.py")
    got = {line: text.strip() for line, _, text in (line.partition("  # ") for line in out.splitlines())}
    assert {line.rstrip(): text for line, text in got.items()} == lines
    assert (status, err) == (0, "")


# What is loaded


def test_mypy_with_the_plugin_loads_no_numerical_library(types: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(f"{WRONG}\n\ny = st.ones((2, 3)).reshape((3, -1)).sum(axis=0)\n")
    (tmp_path / "mypy.ini").write_text(
        "[mypy]\nplugins = shapetensor.mypy_plugin\ncheck_untyped_defs = True\ndisable_error_code = import-untyped\n"
    )
    cache = types + "/shapetensor"
    code = f"""
import sys
import shapetensor.mypy_plugin
from mypy import api
out, err, status = api.run(["wrong.py", {cache!r}])
assert "[shape]" in out, (out, err, status)
print(*[name for name in ("numpy", "numba", "jaxtyping", "beartype") if name in sys.modules])
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
