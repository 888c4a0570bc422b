"""Without the plugin type checkers say nothing of correct programs, and find the mistakes that generics can express."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.typing.portable import correct

FILES = Path(__file__).parent / "portable"
BESIDE = Path(sys.executable).parent
MYPY = [sys.executable, "-m", "mypy", "--cache-dir=cache", "--config-file"]
COMMANDS = {
    "mypy": [*MYPY, "mypy.ini"],
    "plugin": [*MYPY, "plugin.ini"],
    "pyright": ["pyright", "--project=.", f"--pythonpath={sys.executable}"],
    "pyrefly": ["pyrefly", "check", f"--python-interpreter-path={sys.executable}", "--output-format=min-text"],
    "ty": ["ty", "check", f"--python={sys.executable}", "--output-format=concise"],
}
CONFIGS = {
    "mypy.ini": "[mypy]\nstrict = true\n",
    "plugin.ini": "[mypy]\nstrict = true\nplugins = shapetensor.mypy_plugin\n",
    "pyrefly.toml": 'preset = "default"\n',
    "pyrightconfig.json": "{}\n",
}
_MARK = re.compile(r"  # E(?:, not by (\w+))?$")


class Found(NamedTuple):
    """The lines of both files in which a checker finds something."""

    checker: str
    correct: set[int]
    wrong: set[int]


@pytest.fixture(scope="module", params=COMMANDS)
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What each checker finds, in a folder where nothing but its own configuration is."""
    program, *arguments = COMMANDS[request.param]
    path = shutil.which(program, path=str(BESIDE)) if program != sys.executable else program
    if path is None:
        pytest.skip(f"{program} is not in {BESIDE}: pip install shapetensor[checkers]")
    folder = tmp_path_factory.mktemp(request.param)
    for name in ("correct.py", "wrong.py"):
        shutil.copy(FILES / name, folder)
    for name, text in CONFIGS.items():
        (folder / name).write_text(text, encoding="utf-8")
    command = [path, *arguments, "correct.py", "wrong.py"]
    output = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300).stdout
    result = Found(request.param, set(), set())
    for line in output.splitlines():
        place = re.search(r"\b(correct|wrong)\.py:(\d+)", line)
        if place is not None and re.search(r"\b(error|warning)\b", line, re.IGNORECASE):
            getattr(result, place[1]).add(int(place[2]))
    assert result.wrong, output  # else it did not come so far
    return result


def test_nothing_is_reported_in_correct_programs(found: Found) -> None:
    assert found.correct == set()


def test_mistakes_are_reported(found: Found) -> None:
    lines = (FILES / "wrong.py").read_text(encoding="utf-8").splitlines()
    marks = {number: _MARK.search(line) for number, line in enumerate(lines, 1)}
    assert found.wrong == {number for number, mark in marks.items() if mark is not None and mark[1] != found.checker}


def test_the_correct_programs_run() -> None:
    correct.run()
