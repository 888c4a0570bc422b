"""The command line: `shapetensor check | reveal | doctor | info | kernels | cache`.

Nothing heavy is loaded before a command needs it: `shapetensor info` works where Numba is broken.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import __version__

_SET = re.compile(r"[0-9a-f]{24}")  # what kernels/cache.py calls a directory: the digest of what its kernels depend on
_MACHINE_CODE = {".nbi", ".nbc", ".pyc"}
_UNFINISHED = 3600.0  # seconds after which a temporary file belongs to no process any more


def _check(options: argparse.Namespace) -> int:
    """Run mypy with the plugin."""
    from .typecheck import check

    return check(options.paths, options.flags)


def _reveal(options: argparse.Namespace) -> int:
    """Print a file with the types that mypy infers."""
    from .typecheck import reveal

    return reveal(options.file, options.flags)


def _doctor(options: argparse.Namespace) -> int:
    """Print the report of `doctor.run`."""
    from .doctor import run

    return run(sys.stdout, as_json=options.json)


def _info(options: argparse.Namespace) -> int:
    """Print the versions that a bug report needs, without loading the packages."""
    from .doctor.packages import OLDEST, version_of

    packages = [f"{name} {version_of(name)}" for name in OLDEST]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(", ".join([f"shapetensor {__version__}", python, *packages, platform.platform()]))
    return 0


# Kernels


@dataclass(frozen=True, slots=True)
class KeptKernel:
    """Machine code on disk: a kernel for one signature."""

    name: str
    signature: str
    size: int


def _type_name(kind: Any) -> str:
    """A Numba type as one would write it: `float32[::1]` is a contiguous array."""
    if not hasattr(kind, "ndim") or not hasattr(kind, "layout"):
        return str(kind)
    axes = [":"] * kind.ndim
    if axes and kind.layout == "C":
        axes[-1] = "::1"
    elif axes and kind.layout == "F":
        axes[0] = "::1"
    return f"{'' if kind.mutable else 'readonly '}{kind.dtype}[{', '.join(axes)}]"


def _signatures(index: Path) -> dict[str, str]:
    """What Numba's index of a kernel says: file of machine code -> signature.

    Unpickling runs code: only for files in our own directory, from which Numba itself runs machine code.
    """
    import pickle

    with index.open("rb") as file:
        pickle.load(file)  # Numba's version, which is part of the directory's name
        _, entries = pickle.load(file)
    return {name: ", ".join(map(_type_name, key[0])) for key, name in entries.items()}


def kept_kernels(directory: Path) -> Iterator[KeptKernel]:
    """The compiled kernels of a directory, sorted by name; an index that cannot be read leaves `?` for signatures."""
    for index in sorted((directory / "__pycache__").glob("*.nbi")):
        base = index.name.removesuffix(".nbi")
        match = re.match(r"(?P<module>.+)_[0-9a-f]{8}\.(?P<function>.+)-\d+\.py", base)
        name = ".".join(dict.fromkeys([match["module"], match["function"]])) if match else base
        try:
            signatures = _signatures(index)
        except Exception:  # whatever a truncated pickle may raise
            signatures = {}
        for code in sorted(index.parent.glob(f"{base}.*.nbc")):
            yield KeptKernel(name, signatures.get(code.name, "?"), code.stat().st_size)


def _kernels(options: argparse.Namespace) -> int:
    """Print the table of the kernels that this Python finds compiled."""
    from ._core.kernels import cache
    from .doctor.compiler import in_bytes

    home = cache.directory()
    rows = list(kept_kernels(home)) if home is not None else []
    if not rows:
        print(f"no compiled kernels in {home}" if home else "no directory in which compiled kernels could be kept")
        return 0
    width = max(len(row.name) for row in rows)
    print(f"{'kernel':<{width}}  {'bytes':>8}  signature")
    for row in rows:
        print(f"{row.name:<{width}}  {row.size:>8}  ({row.signature})")
    names, size = {row.name for row in rows}, sum(row.size for row in rows)
    print(f"\n{len(names)} kernels, {len(rows)} signatures, {in_bytes(size)} of machine code in {home}")
    return 0


# Cache


def _homes() -> tuple[list[Path], Path | None]:
    """The directories that hold sets of kernels, and the set that this Python uses."""
    from ._core.kernels import cache
    from .doctor.compiler import preferred_cache

    try:
        current = cache.directory()
    except ImportError:  # no Numba that could name its set
        current = None
    places = [preferred_cache(), current.parent if current else None]
    usable = [place for place in places if place and os.path.isdir(place) and os.access(place, os.R_OK | os.X_OK)]
    return list(dict.fromkeys(usable)), current


def _is_own(path: Path) -> bool:
    """Whether this is a directory of kernels that only this user can write to: not a link, not somebody else's."""
    from ._core.kernels import cache

    named = _SET.fullmatch(path.name) is not None
    return named and path.is_dir() and not path.is_symlink() and cache.is_private(path)


def _sets(homes: Iterable[Path]) -> list[Path]:
    return [path for home in homes for path in sorted(home.iterdir()) if _is_own(path)]


def _is_ours(file: Path) -> bool:
    """Whether the library, or Numba for it, wrote this file; somebody may have put others there."""
    from ._core.kernels import cache

    if ".tmp" in file.suffixes or file.suffix == ".tmp":
        return time.time() - file.stat().st_mtime > _UNFINISHED
    if file.parent.name == "__pycache__":
        return file.suffix in _MACHINE_CODE
    if file.suffix != ".py":
        return False
    with file.open(encoding="utf-8", errors="replace") as text:
        return text.readline() == cache.HEADER.partition("\n")[0] + "\n"


def _files(directory: Path) -> Iterator[Path]:
    """The regular files of a set of kernels; links are not followed."""
    for place in (directory, directory / "__pycache__"):
        if place.is_dir() and not place.is_symlink():
            with os.scandir(place) as entries:
                yield from sorted(Path(entry.path) for entry in entries if entry.is_file(follow_symlinks=False))


def _clear(directory: Path) -> int:
    """Delete the files of a set of kernels and print what was done; gives how many could not be deleted.

    The directories stay: a running program that meets a new kernel writes it there.
    """
    from .doctor.compiler import in_bytes

    count = size = failed = 0
    for file in _files(directory):
        try:
            if not _is_ours(file):
                print(f"left {file}: not written by shapetensor, or still being written")
                continue
            length = file.stat().st_size
            file.unlink()
        except FileNotFoundError:  # another process was faster
            continue
        except OSError as error:
            print(f"left {file}: {error.strerror}")
            failed += 1
        else:
            count, size = count + 1, size + length
    if count:
        print(f"removed {count} files, {in_bytes(size)}, from {directory}")
    return failed


def _cache(options: argparse.Namespace) -> int:
    """Print where compiled kernels are and how large, or remove them."""
    from .doctor.compiler import in_bytes, kept

    homes, current = _homes()
    sets = _sets(homes)
    if options.clear:
        before = sum(1 for directory in sets for _ in _files(directory))
        failed = sum([_clear(directory) for directory in sets])
        if not before:
            print(f"nothing to remove in {', '.join(map(str, homes)) or 'any directory'}")
        return int(failed > 0)
    print(f"in use: {current or 'none, compiled kernels are not kept'}")
    total = 0
    for directory in sets:
        number, size = kept(directory)
        total += size
        if size or directory == current:
            print(f"{directory}: {number} kernels, {in_bytes(size)}{' (in use)' if directory == current else ''}")
    print(f"total: {in_bytes(total)}; `shapetensor cache --clear` removes it")
    return 0


# Arguments


def _add_type_checking(commands: Any) -> None:
    """The commands that run mypy."""
    text = "check shapes and types without running anything: mypy with the plugin, no configuration needed"
    more = "Options of mypy follow after --. Exit status: 0 nothing found, 1 something found, 2 not checked."
    command = commands.add_parser(
        "check", help=text, description=f"{text.capitalize()}.", epilog=more, usage="%(prog)s [-h] [PATH ...] [-- ...]"
    )
    paths = "files and folders; by default those of mypy's configuration, else the current directory"
    command.add_argument("paths", nargs="*", metavar="PATH", help=paths)
    command.set_defaults(run=_check, takes_flags=True)

    text = "print a file with the type of each assignment beside it, and the errors beneath their lines"
    command = commands.add_parser(
        "reveal", help=text, description=f"{text.capitalize()}.", epilog=more, usage="%(prog)s [-h] FILE [-- ...]"
    )
    command.add_argument("file", metavar="FILE", help="a Python file")
    command.set_defaults(run=_reveal, takes_flags=True)


def parser() -> argparse.ArgumentParser:
    """The arguments of the command line."""
    top = argparse.ArgumentParser(
        prog="shapetensor",
        description="Check the shapes of a program before it runs; look after an installation of shapetensor.",
        epilog="`shapetensor COMMAND --help` says more about each command.",
    )
    top.add_argument("--version", action="version", version=f"shapetensor {__version__}")
    top.set_defaults(takes_flags=False)
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_type_checking(commands)

    text = "check that this machine is set up right, and say how to repair what is not"
    more = "Exit status: 0 if all is well or there are only warnings, 1 if there is a problem."
    command = commands.add_parser("doctor", help=text, description=f"{text.capitalize()}.", epilog=more)
    command.add_argument("--json", action="store_true", help="print the findings as one JSON object")
    command.set_defaults(run=_doctor)

    text = "print one line of versions, for bug reports"
    commands.add_parser("info", help=text, description=f"{text.capitalize()}.").set_defaults(run=_info)

    text = "list the compiled kernels that are kept on disk: name, bytes, signature"
    more = "Kernels are compiled when they are first used, once for each signature; later processes load them."
    command = commands.add_parser("kernels", help=text, description=f"{text.capitalize()}.", epilog=more)
    command.set_defaults(run=_kernels)

    text = "say where compiled kernels are kept and how large they are, or remove them"
    more = "SHAPETENSOR_CACHE_DIR names another directory. Kernels of other versions and processors are kept apart."
    command = commands.add_parser("cache", help=text, description=f"{text.capitalize()}.", epilog=more)
    command.add_argument("--clear", action="store_true", help="remove all compiled kernels without asking")
    command.set_defaults(run=_cache)
    return top


def _parsed(arguments: list[str]) -> argparse.Namespace:
    """The arguments; what stands behind `--` is for mypy, and no other command takes such."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    top = parser()
    options = top.parse_args(arguments[:end])
    options.flags = arguments[end + 1 :]
    if options.flags and not options.takes_flags:
        top.error(f"unrecognized arguments: {' '.join(options.flags)}")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit status; wrong arguments end the program with status 2.

    Args:
        arguments: what stands behind the program's name; by default that of this process.

    Example:
        >>> from shapetensor.cli import main
        >>> main(["info"])  # doctest: +ELLIPSIS
        shapetensor ...
        0
    """
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:  # a path need not fit the terminal's encoding
        reconfigure(errors="backslashreplace")
    options = _parsed(list(sys.argv[1:] if arguments is None else arguments))
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough; what is left goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status
