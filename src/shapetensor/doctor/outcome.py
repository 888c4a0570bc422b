"""What a check of the doctor gives, and the words its fixes are made of."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

Status = Literal["ok", "warning", "problem"]
# What a check gives: what was found, how that is to be judged, and what to do about it.
Outcome = tuple[str, Status, str]
Check = Callable[[], Outcome]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `fix` says what to do, and is empty where nothing is wrong."""

    name: str
    value: str
    status: Status
    fix: str


def ok(value: str) -> Outcome:
    """Nothing to do."""
    return value, "ok", ""


def warning(value: str, fix: str) -> Outcome:
    """It works, but slower than it could, or not as it is probably meant."""
    return value, "warning", fix


def problem(value: str, fix: str) -> Outcome:
    """Something does not work."""
    return value, "problem", fix


def pip_install() -> str:
    """The beginning of a command that installs packages."""
    return f"{interpreter()} -m pip install --upgrade"


def interpreter() -> str:
    """This Python, as a shell takes it."""
    return f'"{sys.executable}"' if " " in sys.executable else sys.executable or "python"


def numba_config() -> Any:
    """Numba's settings as it took them from the environment and `.numba_config.yaml`."""
    return import_module("numba.core.config")
