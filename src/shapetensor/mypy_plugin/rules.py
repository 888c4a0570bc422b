"""The code that the plugin runs: the library's, and the rule modules that a project names.

    [tool.shapetensor]
    ops = ["mypackage.ops"]

in pyproject.toml names modules whose functions are run as the library's own are, instead of being taken at their
annotations. mypy keeps results between runs; it checks again whenever a byte of this code changes.
"""

from __future__ import annotations

import hashlib
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from inspect import isfunction
from pathlib import Path
from types import ModuleType
from typing import Any

from mypy.errors import CompileError

_PACKAGE = Path(__file__).parent.parent
_loaded: dict[str, ModuleType] = {}
_files: set[Path] = set()  # of rule modules, and of what they import from the project


def load(config_file: str | None, mypy_path: list[str]) -> None:
    """Import the rule modules of the project whose configuration mypy reads.

    Raises:
        CompileError: for a module that cannot be imported, and for names that are none; mypy prints it and ends.
    """
    for name in _named(config_file):
        if name not in _loaded:
            _loaded[name] = _imported(name, [str(_home(config_file)), *mypy_path])


def _home(config_file: str | None) -> Path:
    return Path(config_file).resolve().parent if config_file else Path.cwd()


def _named(config_file: str | None) -> list[str]:
    project = _home(config_file) / "pyproject.toml"
    if not project.is_file():
        return []
    try:
        names: Any = tomllib.loads(project.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []  # whoever reads the rest of the file says what is wrong with it
    for key in ("tool", "shapetensor", "ops"):
        names = names.get(key, []) if isinstance(names, dict) else []
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise CompileError([f"{project}: [tool.shapetensor] ops is a list of module names, not {names!r}"])
    return names


def _imported(name: str, places: list[str]) -> ModuleType:
    path, modules = list(sys.path), set(sys.modules)
    sys.path[:0] = places
    try:
        return import_module(name)
    except (Exception, SystemExit) as error:
        raise CompileError([f"pyproject.toml: [tool.shapetensor] ops: {name} cannot be imported: {error}"]) from error
    finally:
        sys.path[:] = path
        _files.update(_sources(set(sys.modules) - modules, places))


def _sources(names: set[str], places: list[str]) -> Iterator[Path]:
    """The files of these modules that belong to the project."""
    for name in names:
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is not None and any(Path(file).is_relative_to(Path(place).resolve()) for place in places):
            yield Path(file)


def user_function(fullname: str) -> Any:
    """The function of a rule module, None for any other name."""
    module, _, name = fullname.rpartition(".")
    found = getattr(_loaded.get(module), name, None)
    return found if isfunction(found) and found.__module__ == module else None


def digest() -> str:
    """What changes whenever a result of the plugin may change."""
    files = sorted(_PACKAGE.rglob("*.py"))
    files += sorted(_files)
    return _digest_of(tuple((str(f), f.stat().st_mtime_ns, f.stat().st_size) for f in files))


@cache
def _digest_of(files: tuple[tuple[str, int, int], ...]) -> str:
    found = hashlib.sha256()
    for path, _, _ in files:
        found.update(Path(path).read_bytes())
    return found.hexdigest()[:16]
