"""The plugin sees every call and annotation of a program: it must be at home in code that has no tensors."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.typing.harness import CONFIG, Output, run_mypy

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("large")
    (folder / "mypy.ini").write_text(f"{CONFIG}check_untyped_defs = True\n")
    return ["--config-file", str(folder / "mypy.ini"), "--cache-dir", str(folder / "cache"), "--show-traceback"]


def assert_nothing_of_ours(output: Output, files: int) -> None:
    assert "INTERNAL ERROR" not in output.stdout + output.stderr
    assert "Traceback" not in output.stdout + output.stderr
    assert re.findall(r".*\[shape\]", output.stdout) == []
    assert output.status in (0, 1), output.stdout[-2000:]
    checked = re.search(r"(?:checked|found in) (\d+) source files", output.stdout)
    assert checked is not None, output.stdout[-2000:]
    assert int(checked[1]) > files


@pytest.mark.parametrize("name", ["rich", "beartype"])
def test_large_packages_are_left_alone(name: str, options: list[str]) -> None:
    spec = find_spec(name)
    assert spec is not None, f"{name} comes with the dev extra"
    assert_nothing_of_ours(run_mypy(*options, "--package", name), files=50)


def test_our_own_code_has_no_wrong_shapes(options: list[str]) -> None:
    assert_nothing_of_ours(run_mypy(*options, "--package", "shapetensor"), files=50)
