"""mypy's options with the plugin among them, and a run that ends as mypy's own does.

mypy has no option that names a plugin, so its options are put together by its own functions, the plugin is added, and
the run is started here. All that is used of mypy beyond that is what `mypy.main.main` itself calls.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from mypy import util
from mypy.defaults import RECURSION_LIMIT
from mypy.fscache import FileSystemCache
from mypy.main import process_options, run_build
from mypy.modulefinder import BuildSource
from mypy.options import Options

from .. import __version__

PLUGIN = "shapetensor.mypy_plugin"
_DEFAULTS = ["--check-untyped-defs", "--allow-untyped-globals", "--disable-error-code=import-untyped"]
_REFUSES_REDEFINITION = {"--disallow-redefinition", "--allow-redefinition-old", "--no-local-partial-types"}
_PACKAGE = Path(__file__).parent.parent
_HEADER = "%(prog)s [PATH ...] -- [options of mypy]"


class Setup(NamedTuple):
    """What mypy needs for a run."""

    sources: list[BuildSource]
    options: Options
    files: FileSystemCache


def _process(arguments: list[str], messages: TextIO) -> Setup:
    files = FileSystemCache()
    sources, options = process_options(
        arguments,
        stderr=messages,
        require_targets=False,
        fscache=files,
        program="shapetensor check",
        header=_HEADER,
    )
    return Setup(sources, options, files)


def configured(paths: Sequence[str], flags: Sequence[str]) -> Setup:
    """The project's configuration or, without one, friendly defaults; in either case with the plugin.

    Raises:
        SystemExit: if mypy refuses its options, after it has said why.
    """
    sys.setrecursionlimit(max(RECURSION_LIMIT, sys.getrecursionlimit()))
    setup = _process([*flags, "--", *paths], sys.stderr)
    defaults = [] if setup.options.config_file else _DEFAULTS
    if defaults or not setup.sources:
        targets = paths or ([] if setup.sources else ["."])
        said = io.StringIO()  # what is wrong with a configuration has been said once
        try:
            setup = _process([*defaults, *flags, "--", *targets], said)  # defaults first: the last one wins
        except SystemExit:
            sys.stderr.write(said.getvalue())
            raise
    _add_plugin(setup.options)
    # `x = layer(x)`: what a name stands for changes its shape, and so its type, more often than not.
    refused = _REFUSES_REDEFINITION.intersection(flags) or setup.options.allow_redefinition_old
    setup.options.allow_redefinition = not refused and setup.options.local_partial_types
    setup.options.mypy_path += [str(folder) for folder in _stubs(setup.options.cache_dir)]
    return setup


def _stubs(cache: str) -> list[Path]:
    """Types of Numba, behind the project's own: Numba's are wrong for a bare @njit, and there are none of numba.cuda.

    mypy takes no search path that lies among the installed packages, so that stubs from there are copied to its cache.
    """
    checkout, installed = _PACKAGE.parent.parent / "stubs", _PACKAGE / "_stubs"
    if not installed.is_dir():
        return [checkout] if (checkout / "numba").is_dir() else []
    if cache == os.devnull:
        return []
    copy = Path(cache) / f"stubs-{__version__}"
    if not copy.is_dir():
        copy.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=copy.parent) as made:
            unfinished = shutil.copytree(installed, Path(made) / "stubs")
            with contextlib.suppress(OSError):  # another run was faster
                unfinished.rename(copy)
    return [copy.resolve()]


def _add_plugin(options: Options) -> None:
    if any(name.partition(":")[0] == PLUGIN for name in options.plugins):
        return
    options.plugins.append(PLUGIN)
    # Without the name of a configuration mypy loads no plugins; it stands only in messages.
    options.config_file = options.config_file or "shapetensor"
    # mypy forgets its cache when the plugins change: the project's own runs without this one keep theirs.
    if options.cache_dir != os.devnull:
        options.cache_dir = os.path.join(options.cache_dir, "shapetensor")


def check(paths: Sequence[str], flags: Sequence[str]) -> int:
    """See `shapetensor.typecheck.check`."""
    start = time.time()
    pretty = ["--pretty"] if sys.stdout.isatty() else []
    sources, options, files = configured(paths, ["--show-column-numbers", *pretty, *flags])
    if options.install_types or options.num_workers:
        print("shapetensor: --install-types and --num-workers work only with mypy itself", file=sys.stderr)
        return 2
    _, messages, blockers = run_build(sources, options, files, start, sys.stdout, sys.stderr)
    errors, notes, in_files = util.count_stats(messages)
    clean = notes == len(messages)
    formatter = util.FancyFormatter(sys.stdout, sys.stderr, options.hide_error_codes, hide_success=bool(options.output))
    color = options.color_output
    if options.error_summary and errors:
        print(formatter.format_error(errors, in_files, len(sources), blockers=blockers, use_color=color))
    elif options.error_summary and clean:
        print(formatter.format_success(len(sources), color))
    return 2 if blockers else int(not clean)
