"""Checks of Python, the packages and their surroundings: versions, variables, mypy; and a first computation."""

from __future__ import annotations

import configparser
import json
import os
import platform
import re
import sys
import time
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from .. import __version__
from .compiler import in_bytes
from .outcome import Outcome, ok, pip_install, problem, warning

PYTHON = (3, 11)
# The oldest version of each package that works, as in pyproject.toml; Numba itself says which llvmlite it needs.
OLDEST = {
    "numpy": "2.2",
    "numba": "0.68",
    "llvmlite": "",
    "jaxtyping": "0.3.11",
    "beartype": "0.23",
    "safetensors": "0.8",
    "typing_extensions": "4.12",
}
MYPY_FROM, MYPY_BELOW = "2.4", "2.5"
MYPY_PLUGIN = "shapetensor.mypy_plugin"
_CONFIG_LIMIT = 1 << 20  # bytes of a mypy configuration that are read; real ones have a few thousand


def version_of(package: str) -> str:
    """The installed version of a package, "not installed" without one; the package itself is not imported."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(\.\d+)*", version)
    if found is None:
        raise ValueError(f"{version!r} is not a version")
    return tuple(map(int, found[0].split(".")))


def is_within(version: str, oldest: str, below: str) -> bool:
    """Whether oldest <= version < below."""
    return _numbers(oldest) <= _numbers(version) < _numbers(below)


def check_python() -> Outcome:
    value = f"{platform.python_version()} ({platform.python_implementation()}, {sys.executable})"
    if sys.version_info[:2] < PYTHON:
        return problem(f"{value}: too old", "install Python {}.{} or newer".format(*PYTHON))
    return ok(value)


def check_shapetensor() -> Outcome:
    return ok(f"{__version__} ({Path(__file__).parent.parent})")


def check_package(name: str) -> Outcome:
    oldest, found = OLDEST[name], version_of(name)
    # Numba allows certain versions of these only: pip must hear of it to choose one.
    wanted = dict.fromkeys([name, "numba"] if name in ("numpy", "llvmlite") else [name])
    command = " ".join([pip_install(), *(f'"{n}>={OLDEST[n]}"' if OLDEST[n] else n for n in wanted)])
    if found == "not installed":
        return problem(found, command)
    if oldest and _numbers(found) < _numbers(oldest):
        return problem(f"{found}: too old, {oldest} is needed", command)
    return ok(found)


def check_imports() -> Outcome:
    """Numba refuses versions of NumPy, llvmlite and Python that it does not know, when it is imported."""
    start = time.perf_counter()
    try:
        import numba  # noqa: F401
    except Exception as error:
        return problem(f"Numba cannot be imported: {error}", f"{pip_install()} numba numpy llvmlite")
    return ok(f"NumPy and Numba load together ({time.perf_counter() - start:.1f} s)")


def check_openblas(variable: str) -> Outcome:
    value = os.environ.get(variable)
    if not value:
        return ok("not set")
    return warning(f"{value}: slows NumPy's matrix products down (not ours)", f"unset {variable}")


def check_runtime_checks() -> Outcome:
    disabled = os.environ.get("JAXTYPING_DISABLE", "0")
    if disabled.lower() not in ("0", "false", "1", "true"):
        return problem(f"JAXTYPING_DISABLE={disabled}: jaxtyping cannot be imported", "unset JAXTYPING_DISABLE")
    if disabled.lower() in ("1", "true"):
        return warning(f"off: JAXTYPING_DISABLE={disabled}", "unset JAXTYPING_DISABLE")
    if sys.flags.optimize:
        return warning("off: python -O, in which beartype checks nothing", "run without -O and PYTHONOPTIMIZE")
    return ok("not switched off")


def check_mypy() -> Outcome:
    found, supported = version_of("mypy"), f"mypy>={MYPY_FROM},<{MYPY_BELOW}"
    if found == "not installed":
        return ok("not installed beside this Python (optional)")
    if not is_within(found, MYPY_FROM, MYPY_BELOW):
        return warning(f"{found}: outside {supported}", f'{pip_install()} "{supported}"')
    return ok(f"{found}, within {supported}")


def _mypy_section(path: Path) -> dict[str, Any] | None:
    """The settings of mypy in this file, None if there are none.

    Raises:
        ValueError: if the file cannot be read.
    """
    try:
        if not path.is_file():  # a named pipe would never end
            return None
        with path.open("rb") as file:
            data = file.read(_CONFIG_LIMIT + 1)
        if len(data) > _CONFIG_LIMIT:
            raise ValueError(f"larger than {in_bytes(_CONFIG_LIMIT)}")
        if path.suffix == ".toml":
            import tomllib  # here, so that a Python without it can still be told that it is too old

            section = tomllib.loads(data.decode()).get("tool", {}).get("mypy")
        else:
            parser = configparser.RawConfigParser()
            parser.read_string(data.decode())
            # A file of mypy's own counts even when it says nothing.
            section = dict(parser["mypy"]) if "mypy" in parser else None if path.name == "setup.cfg" else {}
    except (configparser.Error, OSError, ValueError, RecursionError, AttributeError) as error:
        raise ValueError(f"{path.name}: {error}") from None
    return section if isinstance(section, dict) else None


def mypy_config(directory: Path) -> tuple[str, list[str]] | None:
    """The file with mypy's settings in this directory, and the plugins it lists; the first that mypy would take.

    Raises:
        ValueError: if a file cannot be read.
    """
    for name in ("mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg"):
        section = _mypy_section(directory / name)
        if section is None:
            continue
        plugins = section.get("plugins", [])
        listed = re.split(r"[,\n]", plugins) if isinstance(plugins, str) else plugins
        names = [str(plugin).strip() for plugin in listed] if isinstance(listed, list) else []
        return name, list(filter(None, names))
    return None


def check_mypy_config() -> Outcome:
    try:
        found = mypy_config(Path.cwd())
    except ValueError as error:
        return warning(f"cannot be read: {error}", "correct the file: mypy reads it too")
    return ok(found[0] if found else "none in this directory (optional)")


def _entry(name: str, plugins: list[str]) -> str:
    """What to write into this file so that mypy loads these plugins."""
    if name.endswith(".toml"):
        return f"write plugins = {json.dumps(plugins)} under [tool.mypy] in {name}"
    return f"write plugins = {', '.join(plugins)} under [mypy] in {name}"


def check_mypy_plugin() -> Outcome:
    if version_of("mypy") == "not installed":
        return ok("not used without mypy (optional)")
    try:
        import_module(MYPY_PLUGIN)
    except Exception as error:
        return problem(f"cannot be imported: {error}", f'{pip_install()} "mypy>={MYPY_FROM},<{MYPY_BELOW}"')
    try:
        found = mypy_config(Path.cwd())
    except ValueError:
        found = None
    if found is None:
        return ok("loads; `shapetensor check` needs no configuration")
    name, plugins = found
    if not any(plugin.partition(":")[0] == MYPY_PLUGIN for plugin in plugins):
        fix = f"{_entry(name, [*plugins, MYPY_PLUGIN])}; `shapetensor check` does without"
        return warning(f"loads, but {name} does not list it: mypy checks no shapes", fix)
    return ok(f"loads; listed in {name}")


def check_self_test() -> Outcome:
    import shapetensor as st

    start = time.perf_counter()
    product = (st.ones((3, 4)) @ st.ones((4, 3))).tolist()
    gradient = st.grad(lambda x: (x * x).sum())(st.tensor([1.0, 2.0, 3.0])).tolist()
    report = "report it with the output of `shapetensor info`; then try again after `shapetensor cache --clear`"
    if product != [[4.0] * 3] * 3:
        return problem(f"ones((3, 4)) @ ones((4, 3)) gave {product}", report)
    if gradient != [2.0, 4.0, 6.0]:
        return problem(f"the gradient of sum(x * x) at [1, 2, 3] came out as {gradient}", report)
    return ok(f"a product and a gradient are right ({time.perf_counter() - start:.1f} s)")
