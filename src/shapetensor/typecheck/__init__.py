"""mypy with the plugin and without configuration: what `shapetensor check` and `shapetensor reveal` run.

mypy is an optional package: nothing here is imported by the rest of the library, and mypy only when it is run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ..doctor.packages import check_mypy

__all__ = ["check", "reveal"]

_FAILED = 2  # mypy's own status for "could not check"


def _complain(text: str) -> int:
    print(f"shapetensor: {text}", file=sys.stderr)
    return _FAILED


def _obstacle(paths: Sequence[str]) -> str | None:
    """What is in the way of a run, None if nothing is."""
    try:
        import mypy.api  # noqa: F401
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mypy":
            raise
        return 'checking shapes needs mypy, which is not installed: pip install "shapetensor[mypy]"'
    version, status, fix = check_mypy()
    if status != "ok":
        return f"mypy {version}: {fix}"
    missing = [path for path in paths if not os.path.exists(path)]
    return f"no such file or directory: {', '.join(missing)}" if missing else None


def check(paths: Sequence[str] = (), flags: Sequence[str] = ()) -> int:
    """Run mypy with the plugin, print what it finds, and give mypy's status: 0 clean, 1 errors, 2 not checked.

    The project's own configuration of mypy counts; the plugin is added where it is missing. Without one, functions
    without annotations are checked too, and packages without types are no error.

    Args:
        paths: files and folders; by default what mypy's configuration lists, else the current directory.
        flags: further options of mypy.
    """
    obstacle = _obstacle(paths)
    if obstacle:
        return _complain(obstacle)
    from . import run

    return run.check(paths, flags)


def reveal(path: str, flags: Sequence[str] = ()) -> int:
    """Print the source of a file with the inferred type beside each assignment, and mypy's errors beneath their lines.

    Args:
        path: the file.
        flags: further options of mypy.
    """
    obstacle = _obstacle([path])
    if obstacle is None and not os.path.isfile(path):
        obstacle = f"not a file: {path}"
    if obstacle:
        return _complain(obstacle)
    from . import listing

    return listing.reveal(path, flags)
