"""Every example that a user can read is run: those of public docstrings, and the Python blocks of the README."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shapetensor import ShapeError, ones
from tests.public import public_objects, wants_example

PUBLIC = public_objects()
README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def _examples(name: str, value: Any) -> list[doctest.DocTest]:
    return [test for test in doctest.DocTestFinder(exclude_empty=True).find(value, name, globs={}) if test.examples]


def _run(test: doctest.DocTest) -> str:
    """What differs from the docstring, as doctest reports it."""
    report: list[str] = []
    with np.printoptions(legacy=False):
        doctest.DocTestRunner(verbose=False).run(test, out=report.append)
    return "".join(report)


@pytest.mark.parametrize("name", PUBLIC)
def test_examples_give_what_they_say(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for test in _examples(name, PUBLIC[name]):
        assert _run(test) == ""


@pytest.mark.parametrize("name", [name for name, value in PUBLIC.items() if wants_example(value)])
def test_there_is_an_example(name: str) -> None:
    text = PUBLIC[name].__doc__ or ""
    assert re.search(r"^\s*Example:\n\s*>>> ", text, re.MULTILINE), f"{name} has no `Example:` block"


@pytest.mark.parametrize("name", PUBLIC)
def test_the_first_line_is_a_sentence(name: str) -> None:
    first = (PUBLIC[name].__doc__ or "").strip().partition("\n")[0]
    assert len(first) > 10, f"{name} has no docstring"
    assert first[-1] in ".:`", first


def test_readme_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks share their names, as a reader who tries them one after the other has it."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in BLOCKS:
        exec(compile(block, "README.md", "exec"), names)


def test_readme_quotes_the_real_error() -> None:
    (quoted,) = re.findall(r"print\(error\)  # (.*)", README)
    with pytest.raises(ShapeError) as caught:
        ones((3, 2)) @ ones((4, 2))
    assert str(caught.value) == quoted


def test_readme_has_blocks() -> None:
    assert BLOCKS
