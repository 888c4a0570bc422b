"""The shape of the source: small files, small functions, modules that all have their place."""

from __future__ import annotations

import ast
import io
import statistics
import tokenize
import tomllib
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from shapetensor._core import ops as _definitions
from shapetensor._core.op import OPS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "shapetensor"
# Tests are lists of cases: their files may be longer, their functions may not.
FOLDERS = ("src", "tools", "examples", "benchmarks", "docs", "tests")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
FILE, KERNEL_FILE, FUNCTION, MEDIAN = 400, 600, 40, 7
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
assert _definitions.__name__ == "shapetensor._core.ops"  # importing it fills OPS


@cache
def code(path: Path) -> tuple[frozenset[int], list[ast.FunctionDef]]:
    """Lines that hold code, which docstrings, comments and empty lines do not; and the functions."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            lines.difference_update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return frozenset(lines), [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def length(function: ast.FunctionDef, lines: frozenset[int]) -> int:
    return len(lines.intersection(range(function.lineno, (function.end_lineno or 0) + 1)))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_are_small(path: Path) -> None:
    lines, functions = code(path)
    assert {f.name: length(f, lines) for f in functions if length(f, lines) > FUNCTION} == {}
    if "tests" not in path.relative_to(ROOT).parts:
        assert len(lines) <= (KERNEL_FILE if "kernels" in path.parts else FILE)


def test_most_functions_are_tiny() -> None:
    sizes = [length(f, lines) for lines, functions in map(code, PACKAGE.rglob("*.py")) for f in functions]
    assert statistics.median(sizes) <= MEDIAN


def layers(container: str) -> set[str]:
    """The modules that a contract of import-linter puts in order."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    contract = next(c for c in contracts if c.get("containers") == [container])
    assert contract["exhaustive"]
    return {name.strip() for layer in contract["layers"] for name in layer.split("|")}


@pytest.mark.parametrize("container", ["shapetensor", "shapetensor._core"])
def test_layers_are_the_modules_that_exist(container: str) -> None:
    folder = PACKAGE.joinpath(*container.split(".")[1:])
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    modules |= {path.parent.name for path in folder.glob("*/__init__.py")}
    assert layers(container) == modules


@pytest.mark.parametrize("name", sorted(OPS))
def test_kernels_stand_where_the_ops_do(name: str) -> None:
    """ops/<family>.py defines it, kernels/cpu/<family>.py runs it; ops that are always views need no kernel."""
    op = OPS[name]
    assert (PACKAGE / "_core" / "ops" / f"{op.family}.py").is_file()
    kernels = PACKAGE / "_core" / "kernels" / "cpu" / f"{op.family}.py"
    prepared = import_module(f"shapetensor._core.kernels.cpu.{op.family}").PREPARE if kernels.is_file() else {}
    assert name in prepared or op.view is not None


@pytest.mark.parametrize("family", sorted({op.family for op in OPS.values()}))
def test_kernels_are_of_ops_that_exist(family: str) -> None:
    prepared = import_module(f"shapetensor._core.kernels.cpu.{family}").PREPARE
    assert {name for name, op in OPS.items() if op.family == family} >= set(prepared)
