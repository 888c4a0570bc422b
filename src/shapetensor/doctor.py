"""Whether this machine is set up right: independent checks, each with what to do where something is wrong.

`shapetensor doctor` prints them. A check that fails to run is reported as a problem and never hides the others.
"""

from __future__ import annotations

import configparser
import contextlib
import ctypes
import json
import math
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, Literal, TextIO

from . import __version__

Status = Literal["ok", "warning", "problem"]
# What a check gives: what was found, how that is to be judged, and what to do about it.
Outcome = tuple[str, Status, str]
Check = Callable[[], Outcome]

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

_FEATURES = ("avx2", "fma", "avx512f", "neon", "sve")
_CONFIG_LIMIT = 1 << 20  # bytes of a mypy configuration that are read; real ones have a few thousand
# Settings of Numba that change how fast or where kernels are: name, attribute of its config, when it matters, how.
_NUMBA_SETTINGS: tuple[tuple[str, str, Callable[[Any], bool], str], ...] = (
    ("NUMBA_DISABLE_JIT", "DISABLE_JIT", bool, "kernels run as plain Python, far slower"),
    ("NUMBA_BOUNDSCHECK", "BOUNDSCHECK", bool, "every access of a kernel is checked, which is slower"),
    ("NUMBA_OPT", "OPT", lambda level: int(level) < 3, "kernels are compiled with less optimisation"),
    ("NUMBA_LOOP_VECTORIZE", "LOOP_VECTORIZE", lambda on: not on, "loops are not vectorised"),
    ("NUMBA_DEBUGINFO", "DEBUGINFO_DEFAULT", bool, "kernels carry debug information, and may be slower"),
    ("NUMBA_CACHE_DIR", "CACHE_DIR", bool, "Numba keeps machine code there, out of reach of `shapetensor cache`"),
)
# A loop that LLVM vectorises as widely as it likes to on the processor it compiles for.
_LOOP = """
define void @scale(ptr noalias %x, ptr noalias %y, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %from = getelementptr float, ptr %x, i64 %i
  %to = getelementptr float, ptr %y, i64 %i
  %a = load float, ptr %from
  %b = load float, ptr %to
  %product = fmul float %a, %b
  store float %product, ptr %to
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}
"""


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


# Versions


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


def _python() -> Outcome:
    value = f"{platform.python_version()} ({platform.python_implementation()}, {sys.executable})"
    if sys.version_info[:2] < PYTHON:
        return problem(f"{value}: too old", "install Python {}.{} or newer".format(*PYTHON))
    return ok(value)


def _shapetensor() -> Outcome:
    return ok(f"{__version__} ({Path(__file__).parent})")


def _package(name: str) -> Outcome:
    oldest, found = OLDEST[name], version_of(name)
    # Numba allows certain versions of these only: pip must hear of it to choose one.
    wanted = dict.fromkeys([name, "numba"] if name in ("numpy", "llvmlite") else [name])
    pip = " ".join([_pip(), *(f'"{n}>={OLDEST[n]}"' if OLDEST[n] else n for n in wanted)])
    if found == "not installed":
        return problem(found, pip)
    if oldest and _numbers(found) < _numbers(oldest):
        return problem(f"{found}: too old, {oldest} is needed", pip)
    return ok(found)


def _pip() -> str:
    return f"{_interpreter()} -m pip install --upgrade"


def _interpreter() -> str:
    """This Python, as a shell takes it."""
    return f'"{sys.executable}"' if " " in sys.executable else sys.executable or "python"


def _loading() -> Outcome:
    """Numba refuses versions of NumPy, llvmlite and Python that it does not know, when it is imported."""
    start = time.perf_counter()
    try:
        import numba  # noqa: F401
    except Exception as error:
        return problem(f"Numba cannot be imported: {error}", f"{_pip()} numba numpy llvmlite")
    return ok(f"NumPy and Numba load together ({time.perf_counter() - start:.1f} s)")


# The machine


def _platform() -> Outcome:
    value = platform.platform()
    if sys.maxsize < 2**32:
        return problem(f"{value}, 32-bit Python", "install a 64-bit Python")
    return ok(value)


def _model() -> str:
    """The processor's name as the system tells it; empty where it tells none."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _cpu() -> Outcome:
    from llvmlite import binding

    name = binding.get_host_cpu_name()
    return ok(f"{_model() or platform.machine()}, {name} to LLVM")


def _numba_config() -> Any:
    """Numba's settings as it took them from the environment and `.numba_config.yaml`."""
    return import_module("numba.core.config")


def _host_features() -> set[str]:
    from llvmlite import binding

    try:
        return {name for name, present in binding.get_host_cpu_features().items() if present}
    except RuntimeError:  # LLVM cannot tell on this platform
        return set()


def _features() -> Outcome:
    """What the processor has; Numba can be told to use less."""
    config, host = _numba_config(), _host_features()
    value = " ".join(name for name in _FEATURES if name in host) or "none of " + " ".join(_FEATURES)
    if config.CPU_FEATURES is not None:
        value += f"; NUMBA_CPU_FEATURES={config.CPU_FEATURES}"
    elif config.CPU_NAME is not None:
        value += "; NUMBA_CPU_NAME does not change them, NUMBA_CPU_FEATURES would"
    if platform.machine().lower() in ("x86_64", "amd64") and not {"avx2", "fma"} <= host:
        return warning(value, "in a virtual machine, let it see the host's processor (QEMU: -cpu host)")
    return ok(value)


def vector_bits(cpu: str, features: str) -> int:
    """How wide LLVM makes a simple loop over F32 for this processor, in bits: measured, not looked up.

    A processor that has wide registers need not be given code that uses them: LLVM prefers 256 bits on some with
    AVX-512. For scalable vectors it is the least width.

    Args:
        cpu: a name that LLVM knows, such as "znver4".
        features: as in "+avx2,-avx512f"; empty for those that go with the name.
    """
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_default_triple()
    machine = target.create_target_machine(cpu=cpu, features=features, opt=3)
    module = binding.parse_assembly(_LOOP)
    module.triple = target.triple
    builder = binding.create_pass_builder(machine, binding.create_pipeline_tuning_options(speed_level=3))
    builder.getModulePassManager().run(module, builder)
    return 32 * max(map(int, re.findall(r"(\d+) x float>", str(module))), default=1)


def _vectors() -> Outcome:
    from llvmlite import binding

    config, own = _numba_config(), import_module("numba.core.codegen").get_host_cpu_features()
    host = vector_bits(binding.get_host_cpu_name(), own)
    name = binding.get_host_cpu_name() if config.CPU_NAME is None else config.CPU_NAME
    bits = vector_bits(name, own if config.CPU_FEATURES is None else config.CPU_FEATURES)
    value = f"{bits} bits, {bits // 32} x F32, for {name}"
    if bits < host:
        return warning(f"{value}; this processor does {host}", "unset NUMBA_CPU_NAME and NUMBA_CPU_FEATURES")
    return ok(value)


def _number(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return []


def _groups(root: Path, listing: Path) -> Iterator[tuple[Path, bool]]:
    """Directories of this process's control groups that can limit its processors, and whether they are version 2."""
    try:
        lines = listing.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        base = root / controllers if controllers else root
        group = base / path.lstrip("/")
        # A container often sees its own group as the root, under the path that it has outside.
        for directory in (group, *group.parents):
            if directory.is_relative_to(base):
                yield directory, not controllers


def quota(root: Path = Path("/sys/fs/cgroup"), listing: Path = Path("/proc/self/cgroup")) -> float | None:
    """How many processors' time the control groups of Linux allow this process; None without a limit."""
    limits = []
    for directory, unified in _groups(root, listing):
        if unified:
            limit, period = (*_number(directory / "cpu.max"), "", "")[:2]
        else:
            limit = "".join(_number(directory / "cpu.cfs_quota_us"))
            period = "".join(_number(directory / "cpu.cfs_period_us"))
        if limit.isdecimal() and period.isdecimal() and int(period):
            limits.append(int(limit) / int(period))
    return min(limits, default=None)


def usable_cores() -> int:
    """How many processors this process may keep busy: those it is bound to, within its quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = quota()
    return allowed if limit is None else min(allowed, math.ceil(limit))


def _cores() -> Outcome:
    total, usable, limit = os.cpu_count() or 1, usable_cores(), quota()
    parts = [f"{total} in the machine", f"{usable} usable"]
    if limit is not None:
        parts.append(f"quota {limit:g}")
    threads = os.environ.get("OMP_NUM_THREADS", "")
    if threads.isdecimal() and int(threads) > usable:
        return warning(f"{', '.join(parts)}, OMP_NUM_THREADS={threads}", f"set OMP_NUM_THREADS={usable}")
    return ok(", ".join(parts))


# Numba


def _layers() -> list[str]:
    """The threading layers of Numba that can be loaded here."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a TBB that is too old is one that is not there
        for layer, module in ("tbb", "tbbpool"), ("omp", "omppool"), ("workqueue", "workqueue"):
            with contextlib.suppress(ImportError):
                if layer == "tbb":
                    import_module("numba.np.ufunc.parallel")._check_tbb_version_compatible()
                import_module(f"numba.np.ufunc.{module}")
                found.append(layer)
    return found


def chosen_layer(setting: str, priority: Sequence[str], available: Sequence[str]) -> str | None:
    """The layer that Numba takes, by its own rules; None where it would raise.

    Args:
        setting: NUMBA_THREADING_LAYER: "default", a property such as "threadsafe", or the name of a layer.
        priority: NUMBA_THREADING_LAYER_PRIORITY, which counts for "default".
        available: the layers that can be loaded.
    """
    wanted = {
        "default": list(priority),
        "safe": ["tbb"],
        "threadsafe": ["tbb", "omp"],
        # The OpenMP of GCC, which Linux has, ends a child process that was forked.
        "forksafe": ["tbb", "workqueue"] if sys.platform.startswith("linux") else ["tbb", "omp", "workqueue"],
    }.get(setting.lower(), [setting.lower()])
    return next((layer for layer in wanted if layer in available), None)


def _threading() -> Outcome:
    config, available = _numba_config(), _layers()
    setting = str(config.THREADING_LAYER)
    layer = chosen_layer(setting, config.THREADING_LAYER_PRIORITY, available)
    there = f"available: {' '.join(available)}; the kernels of this version run on one thread"
    if layer is None:
        return warning(f"none for NUMBA_THREADING_LAYER={setting} ({there})", "unset NUMBA_THREADING_LAYER")
    threads, usable = int(config.NUMBA_NUM_THREADS), usable_cores()
    value = f"{layer}, {threads} thread{'s' * (threads > 1)} ({there})"
    if layer == "workqueue":
        fix = "unset NUMBA_THREADING_LAYER" if "omp" in available else f"{_pip()} tbb"
        return warning(f"{value}: slow to start, and two threads cannot use it at once", fix)
    if threads > usable:
        return warning(f"{value}, but {usable} usable cores", f"set NUMBA_NUM_THREADS={usable}")
    return ok(value)


def _settings() -> Outcome:
    config = _numba_config()
    found = [
        (name, f"{name}={getattr(config, attribute)}: {effect}")
        for name, attribute, matters, effect in _NUMBA_SETTINGS
        if getattr(config, attribute, None) is not None and matters(getattr(config, attribute))
    ]
    if not found:
        return ok("none that matters is set")
    names, texts = zip(*found, strict=True)
    return warning("; ".join(texts), f"unset {' '.join(names)} (also in .numba_config.yaml)")


def kept(directory: Path) -> tuple[int, int]:
    """How many compiled kernels a directory of them holds, and the bytes of all its files."""
    kernels = size = 0
    for file in directory.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # other processes write, rename and remove
            size += file.stat().st_size if file.is_file() else 0
            kernels += file.suffix == ".nbc"
    return kernels, size


def in_bytes(size: int) -> str:
    """A number of bytes for people.

    Example:
        >>> from shapetensor.doctor import in_bytes
        >>> in_bytes(999), in_bytes(231_400), in_bytes(2_500_000)
        ('999 B', '231.4 kB', '2.5 MB')
    """
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} kB" if size < 999_950 else f"{size / 1_000_000:.1f} MB"


def preferred_cache() -> Path | None:
    """Where compiled kernels should be kept; None for a user without a home directory."""
    from ._core.kernels import cache

    try:
        return cache._user_cache()
    except RuntimeError:
        return None


def _cache() -> Outcome:
    from ._core.kernels import cache

    home, wanted = cache.directory(), preferred_cache()
    own = "set SHAPETENSOR_CACHE_DIR to a directory that you, and nobody else, can write to"
    if home is None:
        return problem("none: every process compiles its kernels again", own)
    try:
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(b"1")
    except OSError as error:
        return problem(f"{home} cannot be written: {error.strerror}", own)
    kernels, size = kept(home)
    value = f"{home}: {kernels} kernel{'s' * (kernels != 1)}, {in_bytes(size)}"
    if home.parent != wanted:
        return warning(f"{value}; {wanted} is not writable, or not by you alone", own)
    return ok(value)


# The surroundings


def _openblas(variable: str) -> Outcome:
    value = os.environ.get(variable)
    if not value:
        return ok("not set")
    return warning(f"{value}: slows NumPy's matrix products down (not ours)", f"unset {variable}")


def _runtime_checks() -> Outcome:
    disabled = os.environ.get("JAXTYPING_DISABLE", "0")
    if disabled.lower() not in ("0", "false", "1", "true"):
        return problem(f"JAXTYPING_DISABLE={disabled}: jaxtyping cannot be imported", "unset JAXTYPING_DISABLE")
    if disabled.lower() in ("1", "true"):
        return warning(f"off: JAXTYPING_DISABLE={disabled}", "unset JAXTYPING_DISABLE")
    if sys.flags.optimize:
        return warning("off: python -O, in which beartype checks nothing", "run without -O and PYTHONOPTIMIZE")
    return ok("on (jaxtyping and beartype)")


def _mypy() -> Outcome:
    found, supported = version_of("mypy"), f"mypy>={MYPY_FROM},<{MYPY_BELOW}"
    if found == "not installed":
        return ok("not installed beside this Python (optional)")
    if not _numbers(MYPY_FROM) <= _numbers(found) < _numbers(MYPY_BELOW):
        return warning(f"{found}: outside {supported}", f'{_pip()} "{supported}"')
    return ok(found)


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
        return name, [str(plugin).strip() for plugin in listed] if isinstance(listed, list) else []
    return None


def _configuration() -> Outcome:
    try:
        found = mypy_config(Path.cwd())
    except ValueError as error:
        return warning(f"cannot be read: {error}", "correct the file: mypy reads it too")
    return ok(found[0] if found else "none in this directory (optional)")


def _plugin() -> Outcome:
    try:
        found = mypy_config(Path.cwd())
    except ValueError:
        found = None
    if found and any(plugin.startswith("shapetensor") for plugin in found[1]):
        fix = f"remove the plugin from {found[0]}: mypy stops at one that it cannot import"
        return warning(f"not in this version, but {found[0]} lists it", fix)
    return ok("not in this version")


def _cuda_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _gpu_names() -> str:
    """What nvidia-smi lists; empty without it. Numba's own CUDA support would start the driver: it stays unloaded."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    query = [tool, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, errors="replace", timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return "; ".join(line.strip() for line in done.stdout.splitlines() if line.strip())


def _gpu() -> Outcome:
    names = _gpu_names() or ("CUDA driver found" if _cuda_driver() else "no CUDA driver found")
    return ok(f"{names}; this version computes on the CPU only")


def _self_test() -> Outcome:
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


# The report

CHECKS: tuple[tuple[str, Check], ...] = (
    ("python", _python),
    ("shapetensor", _shapetensor),
    *((name, partial(_package, name)) for name in OLDEST),
    ("imports", _loading),
    ("platform", _platform),
    ("cpu", _cpu),
    ("cpu features", _features),
    ("vector width", _vectors),
    ("cores", _cores),
    ("threading layer", _threading),
    ("numba settings", _settings),
    ("kernel cache", _cache),
    ("OPENBLAS_CORETYPE", partial(_openblas, "OPENBLAS_CORETYPE")),
    ("OPENBLAS_L2_SIZE", partial(_openblas, "OPENBLAS_L2_SIZE")),
    ("run-time checks", _runtime_checks),
    ("mypy", _mypy),
    ("mypy config", _configuration),
    ("mypy plugin", _plugin),
    ("gpu", _gpu),
    ("self-test", _self_test),
)


def diagnose(checks: Iterable[tuple[str, Check]] = CHECKS) -> Iterator[Finding]:
    """Run the checks, one after the other; one that raises is a problem that says so.

    Example:
        >>> from shapetensor import doctor
        >>> [*doctor.diagnose([("coffee", lambda: doctor.warning("cold", "make new"))])]
        [Finding(name='coffee', value='cold', status='warning', fix='make new')]
    """
    for name, check in checks:
        try:
            outcome = check()
        except ImportError as error:
            outcome = problem(
                f"not checked: {error}", f"see the versions and imports above; {_interpreter()} -m pip check"
            )
        except Exception as error:
            text = f"the check itself failed: {type(error).__name__}: {error}"
            outcome = problem(text, "report it with the output of `shapetensor info`")
        yield Finding(name, *outcome)


def _plain(text: str) -> str:
    """One line without control characters: values come from the environment."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in " ".join(text.split()))


def _print_report(findings: Iterable[Finding], out: TextIO, width: int) -> list[Finding]:
    """Print each finding when it is there, so that a check that never ends can be seen; then the fixes."""
    seen = []
    for finding in findings:
        seen.append(finding)
        print(f"{finding.name:<{width}}  {finding.status:<7}  {_plain(finding.value)}", file=out, flush=True)
    print(file=out)
    told = []
    for kind in ("warning", "problem"):
        found = [finding for finding in seen if finding.status == kind]
        for finding in found:
            print(f"{kind}: {finding.name}: {_plain(finding.value)}\n    fix: {_plain(finding.fix)}", file=out)
        if found:
            told.append(f"{len(found)} {kind}{'s' * (len(found) > 1)}")
    print(", ".join(told) or "all is well", file=out, flush=True)
    return seen


def run(out: TextIO, *, as_json: bool = False, checks: Sequence[tuple[str, Check]] = CHECKS) -> int:
    """Print the report; give the exit status: 1 if there is a problem, 0 if all is well or there are only warnings.

    Args:
        out: where to print to.
        as_json: print one JSON object, `{"version", "ok", "checks": [{"name", "value", "status", "fix"}]}`.
        checks: what to check, as pairs of a name and a function.

    Example:
        >>> import sys
        >>> from shapetensor import doctor
        >>> doctor.run(sys.stdout, checks=[("coffee", lambda: doctor.problem("none", "make some"))])
        coffee  problem  none
        <BLANKLINE>
        problem: coffee: none
            fix: make some
        1 problem
        1
    """
    findings = diagnose(checks)
    if as_json:
        seen = list(findings)
        failed = any(finding.status == "problem" for finding in seen)
        report = {"version": __version__, "ok": not failed, "checks": [asdict(finding) for finding in seen]}
        print(json.dumps(report, indent=2), file=out)
        return int(failed)
    width = max((len(name) for name, _ in checks), default=0)
    return int(any(finding.status == "problem" for finding in _print_report(findings, out, width)))
