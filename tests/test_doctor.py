"""`shapetensor doctor`: each warning and problem can appear, and no check hides another."""

from __future__ import annotations

import ctypes
import doctest
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import pytest

import shapetensor as st
from shapetensor import doctor
from shapetensor._core.kernels import cache
from shapetensor.doctor import compiler, gpu, machine, packages
from shapetensor.doctor.outcome import Outcome

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONFIG: Any = import_module("numba.core.config")
X86 = platform.machine().lower() in ("x86_64", "amd64")
SETTINGS = ("NUMBA_", "OPENBLAS_", "JAXTYPING_", "OMP_", "PYTHONOPTIMIZE", "SHAPETENSOR_")

needs_x86 = pytest.mark.skipif(not X86, reason="names of x86 processors")
needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="what Windows does not have")


def environment(**settings: str) -> dict[str, str]:
    """This environment without what the doctor looks at, and with these settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)} | settings


def report(*options: str, **settings: str) -> tuple[int, dict[str, dict[str, str]]]:
    """Exit status and findings by name of a doctor in a process of its own."""
    command = [sys.executable, *options, "-m", "shapetensor", "doctor", "--json"]
    place = ROOT / "tests"  # no configuration of mypy there
    done = subprocess.run(command, env=environment(**settings), cwd=place, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, {finding["name"]: finding for finding in json.loads(done.stdout)["checks"]}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory for kernels that the processes of this file share."""
    return str(tmp_path_factory.mktemp("kernels"))


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("OPENBLAS_", "JAXTYPING_", "OMP_")):
            monkeypatch.delenv(name)


# Whole reports


def test_a_machine_in_order(home: str) -> None:
    status, findings = report(SHAPETENSOR_CACHE_DIR=home)
    assert status == 0
    assert list(findings) == [name for name, _ in doctor.CHECKS]
    assert [f for f in findings.values() if f["status"] == "problem"] == []
    for name in ("numba settings", "OPENBLAS_CORETYPE", "kernel cache", "run-time checks", "mypy plugin", "self-test"):
        assert findings[name]["status"] == "ok", findings[name]
    assert "CUDA driver" in findings["gpu"]["value"] or "NVIDIA" in findings["gpu"]["value"]


def test_settings_from_the_environment_reach_the_report(home: str) -> None:
    status, findings = report(
        "-O", SHAPETENSOR_CACHE_DIR=home, NUMBA_OPT="1", OPENBLAS_CORETYPE="Haswell", NUMBA_NUM_THREADS="4096"
    )
    assert status == 0  # warnings only
    assert findings["numba settings"]["status"] == "warning"
    assert findings["numba settings"]["value"].startswith("NUMBA_OPT=1: ")
    assert findings["numba settings"]["fix"] == "unset NUMBA_OPT (also in .numba_config.yaml)"
    assert findings["OPENBLAS_CORETYPE"]["value"].startswith("Haswell: ")
    assert findings["run-time checks"]["value"].startswith("off: python -O")
    assert "4096 threads" in findings["threading layer"]["value"]
    assert findings["self-test"]["status"] == "ok"


@needs_posix
def test_a_cache_that_cannot_be_written_falls_back_then_fails(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    settings = {"SHAPETENSOR_CACHE_DIR": str(file / "kernels"), "TMPDIR": str(tmp_path)}
    status, findings = report(**settings)
    finding = findings["kernel cache"]
    assert (status, finding["status"]) == (0, "warning")
    assert f"{file / 'kernels'} is not writable" in finding["value"]
    fallback = tmp_path / f"shapetensor-{os.getuid()}"
    assert str(fallback) in finding["value"]

    shutil.rmtree(fallback)
    fallback.touch()
    status, findings = report(**settings)
    assert (status, findings["kernel cache"]["status"]) == (1, "problem")
    assert "SHAPETENSOR_CACHE_DIR" in findings["kernel cache"]["fix"]


def test_numba_that_cannot_be_imported_hides_nothing_else(tmp_path: Path, home: str) -> None:
    (tmp_path / "numba").mkdir()
    (tmp_path / "numba" / "__init__.py").write_text("raise ImportError('Numba needs NumPy 1.0 or less')\n")
    status, findings = report(SHAPETENSOR_CACHE_DIR=home, PYTHONPATH=str(tmp_path), OPENBLAS_L2_SIZE="512")
    assert status == 1
    assert list(findings) == [name for name, _ in doctor.CHECKS]
    assert findings["imports"]["value"] == "Numba cannot be imported: Numba needs NumPy 1.0 or less"
    assert findings["self-test"]["value"] == "not checked: Numba needs NumPy 1.0 or less"
    assert findings["numpy"]["status"] == findings["cores"]["status"] == "ok"
    assert findings["OPENBLAS_L2_SIZE"]["status"] == "warning"


def test_the_doctor_does_not_start_the_cuda_support_of_numba(home: str) -> None:
    code = (
        "import io, sys; from shapetensor import doctor; doctor.run(io.StringIO()); print('numba.cuda' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, env=environment(SHAPETENSOR_CACHE_DIR=home), capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


# The report itself


def _broken() -> Outcome:
    raise OSError("no such thing")


def _unimportable() -> Outcome:
    raise ImportError("no such package")


CHECKS: list[tuple[str, Callable[[], Outcome]]] = [
    ("broken", _broken),
    ("unimportable", _unimportable),
    ("slow", lambda: doctor.warning("slow\nand \x1b[31mred", "wait")),
    ("fine", lambda: doctor.ok("as it should be")),
]


def test_a_broken_check_is_a_problem_and_the_others_still_run() -> None:
    out = io.StringIO()
    assert doctor.run(out, checks=CHECKS) == 1
    assert out.getvalue() == (
        "broken        problem  the check itself failed: OSError: no such thing\n"
        "unimportable  problem  not checked: no such package\n"
        "slow          warning  slow and \\x1b[31mred\n"
        "fine          ok       as it should be\n"
        "\n"
        "warning: slow: slow and \\x1b[31mred\n"
        "    fix: wait\n"
        "problem: broken: the check itself failed: OSError: no such thing\n"
        "    fix: report it with the output of `shapetensor info`\n"
        "problem: unimportable: not checked: no such package\n"
        f"    fix: see the versions and imports above; {sys.executable} -m pip check\n"
        "1 warning, 2 problems\n"
    )


@pytest.mark.parametrize(("checks", "status"), [(CHECKS, 1), (CHECKS[2:], 0), (CHECKS[3:], 0), ([], 0)])
def test_exit_status(checks: list[tuple[str, Callable[[], Outcome]]], status: int) -> None:
    assert doctor.run(io.StringIO(), checks=checks) == status
    out = io.StringIO()
    assert doctor.run(out, as_json=True, checks=checks) == status
    found = json.loads(out.getvalue())
    assert found["version"] == st.__version__
    assert found["ok"] is (status == 0)
    assert [finding["name"] for finding in found["checks"]] == [name for name, _ in checks]
    assert all(sorted(finding) == ["fix", "name", "status", "value"] for finding in found["checks"])


def test_all_is_well() -> None:
    out = io.StringIO()
    doctor.run(out, checks=CHECKS[3:])
    assert out.getvalue().endswith("\n\nall is well\n")


def test_lines_appear_while_checks_run() -> None:
    out, seen = io.StringIO(), []

    def look() -> Outcome:
        seen.append(out.getvalue())
        return doctor.ok("")

    doctor.run(out, checks=[("one", lambda: doctor.ok("1")), ("two", look)])
    assert seen == ["one  ok       1\n"]


@pytest.mark.parametrize("module", [doctor, compiler])
def test_examples(module: Any) -> None:
    failed, tried = doctest.testmod(module)
    assert tried
    assert not failed


# Packages


def _versions(monkeypatch: pytest.MonkeyPatch, **versions: str | None) -> None:
    """Let these packages have these versions, None for none."""
    real = metadata.version

    def version(name: str) -> str:
        found = versions[name] if name in versions else real(name)
        if found is None:
            raise metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(metadata, "version", version)


@pytest.mark.parametrize("name", packages.OLDEST)
def test_installed_packages_are_new_enough(name: str) -> None:
    assert packages.check_package(name) == (metadata.version(name), "ok", "")


def test_a_package_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    _versions(monkeypatch, numpy="2.1.9", jaxtyping="0.3.9")
    pip = f"{sys.executable} -m pip install --upgrade"
    wanted = ("2.1.9: too old, 2.2 is needed", "problem", f'{pip} "numpy>=2.2" "numba>=0.68"')
    assert packages.check_package("numpy") == wanted
    wanted = ("0.3.9: too old, 0.3.11 is needed", "problem", f'{pip} "jaxtyping>=0.3.11"')
    assert packages.check_package("jaxtyping") == wanted


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    _versions(monkeypatch, beartype=None)
    value, status, fix = packages.check_package("beartype")
    assert (value, status) == ("not installed", "problem")
    assert fix.endswith('"beartype>=0.23"')


@pytest.mark.parametrize("version", ["2.2", "2.2.0rc1", "2.10.0", "3.0.dev0+local"])
def test_versions_are_compared_as_numbers(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _versions(monkeypatch, numpy=version)
    assert packages.check_package("numpy") == (version, "ok", "")


def test_the_oldest_versions_are_those_of_the_project() -> None:
    ours = {f"{name}>={version}" for name, version in packages.OLDEST.items() if version}
    assert ours == set(PROJECT["dependencies"])
    assert PROJECT["requires-python"] == ">={}.{}".format(*packages.PYTHON)
    extras = PROJECT["optional-dependencies"]
    assert extras["mypy"] == [f"mypy>={packages.MYPY_FROM},<{packages.MYPY_BELOW}"]
    wanted = f">={gpu.NUMBA_CUDA_FROM},<{gpu.NUMBA_CUDA_BELOW}"
    assert extras["cuda"] == [f"numba-cuda[cu13]{wanted}"]
    assert extras["cuda12"] == [f"numba-cuda[cu12]{wanted}"]


def test_python_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    assert packages.check_python()[1] == "ok"
    monkeypatch.setattr(packages, "PYTHON", (99, 0))
    assert packages.check_python()[1:] == ("problem", "install Python 99.0 or newer")


@pytest.mark.parametrize("variable", ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"])
def test_settings_of_openblas(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check = dict(doctor.CHECKS)[variable]
    assert check() == ("not set", "ok", "")
    monkeypatch.setenv(variable, "512")
    assert check() == ("512: slows NumPy's matrix products down (not ours)", "warning", f"unset {variable}")


@pytest.mark.parametrize(
    ("value", "status"), [("0", "ok"), ("false", "ok"), ("1", "warning"), ("True", "warning"), ("yes", "problem")]
)
def test_run_time_checks(value: str, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAXTYPING_DISABLE", value)
    assert packages.check_runtime_checks()[1] == status


@pytest.mark.parametrize(
    ("version", "status"), [("2.3.9", "warning"), ("2.4.0", "ok"), ("2.4.11", "ok"), ("2.5.0", "warning"), (None, "ok")]
)
def test_mypy(version: str | None, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _versions(monkeypatch, mypy=version)
    value, found, fix = packages.check_mypy()
    assert found == status
    assert value.startswith(version or "not installed")
    assert ('"mypy>=2.4,<2.5"' in fix) == (status == "warning")


@pytest.mark.parametrize(
    ("name", "text", "plugins"),
    [
        ("mypy.ini", "[mypy]\nplugins = a.b,\n  shapetensor.mypy_plugin\n", ["a.b", "shapetensor.mypy_plugin"]),
        ("mypy.ini", "", []),
        (".mypy.ini", "[mypy]\nstrict = True\n", []),
        ("pyproject.toml", '[tool.mypy]\nplugins = ["shapetensor.mypy_plugin"]\n', ["shapetensor.mypy_plugin"]),
        ("pyproject.toml", '[tool.mypy]\nplugins = "x"\n', ["x"]),
        ("pyproject.toml", "[tool.mypy]\nplugins = 5\n", []),
        ("setup.cfg", "[mypy]\nx = %(y)s\n", []),
    ],
)
def test_the_configuration_of_mypy(
    name: str, text: str, plugins: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    assert packages.mypy_config(tmp_path) == (name, plugins)
    assert packages.check_mypy_config() == (name, "ok", "")
    listed = "shapetensor.mypy_plugin" in plugins
    assert packages.check_mypy_plugin()[:2] == (
        (f"loads; listed in {name}", "ok")
        if listed
        else (f"loads, but {name} does not list it: mypy checks no shapes", "warning")
    )


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("mypy.ini", "", "plugins = shapetensor.mypy_plugin under [mypy]"),
        ("setup.cfg", "[mypy]\nplugins = a.b\n", "plugins = a.b, shapetensor.mypy_plugin under [mypy]"),
        ("pyproject.toml", "[tool.mypy]\n", 'plugins = ["shapetensor.mypy_plugin"] under [tool.mypy]'),
        (
            "pyproject.toml",
            "[tool.mypy]\nplugins = ['x']\n",
            'plugins = ["x", "shapetensor.mypy_plugin"] under [tool.mypy]',
        ),
    ],
)
def test_the_line_that_makes_mypy_load_the_plugin(
    name: str, text: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    assert packages.check_mypy_plugin()[2] == f"write {line} in {name}; `shapetensor check` does without"


def test_the_plugin_without_configuration_without_mypy_and_when_it_does_not_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert packages.check_mypy_plugin() == ("loads; `shapetensor check` needs no configuration", "ok", "")
    monkeypatch.setitem(sys.modules, packages.MYPY_PLUGIN, None)
    value, status, fix = packages.check_mypy_plugin()
    assert (value.startswith("cannot be imported: "), status) == (True, "problem")
    assert fix == f'{sys.executable} -m pip install --upgrade "mypy>=2.4,<2.5"'
    _versions(monkeypatch, mypy=None)
    assert packages.check_mypy_plugin() == ("not used without mypy (optional)", "ok", "")


def test_mypy_takes_its_own_file_first(tmp_path: Path) -> None:
    assert packages.mypy_config(tmp_path) is None
    (tmp_path / "setup.cfg").write_text("[metadata]\n")
    (tmp_path / "pyproject.toml").write_text("[tool.other]\n")
    assert packages.mypy_config(tmp_path) is None
    (tmp_path / "setup.cfg").write_text("[mypy]\n")
    assert packages.mypy_config(tmp_path) == ("setup.cfg", [])
    (tmp_path / "mypy.ini").write_text("[mypy]\n")
    assert packages.mypy_config(tmp_path) == ("mypy.ini", [])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("pyproject.toml", b"[tool.mypy\n"),
        ("pyproject.toml", b"\xff\xfe"),
        ("pyproject.toml", b"tool = 1\n"),
        ("pyproject.toml", b"x = " + b"[" * 100_000),
        ("setup.cfg", b"no section\n"),
        ("mypy.ini", b"#" * (1 << 20) + b"\n"),
    ],
)
def test_a_configuration_that_cannot_be_read(
    name: str, data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    value, status, _ = packages.check_mypy_config()
    assert status == "warning"
    assert value.startswith(f"cannot be read: {name}: ")
    assert packages.check_mypy_plugin() == ("loads; `shapetensor check` needs no configuration", "ok", "")


@needs_posix
def test_a_named_pipe_is_no_configuration(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "mypy.ini")
    assert packages.mypy_config(tmp_path) is None


def test_wrong_results_are_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    assert packages.check_self_test()[1] == "ok"
    ones = st.ones
    with monkeypatch.context() as patch:
        patch.setattr(st, "ones", lambda shape: ones(shape) * 2.0)
        value, status, _ = packages.check_self_test()
    assert status == "problem"
    assert value.startswith("ones((3, 4)) @ ones((4, 3)) gave [[16.0")
    monkeypatch.setattr(st, "grad", lambda f: lambda x: x)
    value, status, fix = packages.check_self_test()
    assert status == "problem"
    assert value.endswith("came out as [1.0, 2.0, 3.0]")
    assert "shapetensor info" in fix


# Numba and the kernel cache


@pytest.mark.parametrize(
    ("name", "attribute", "value"),
    [
        ("NUMBA_BOUNDSCHECK", "BOUNDSCHECK", 1),
        ("NUMBA_OPT", "OPT", 2),
        ("NUMBA_LOOP_VECTORIZE", "LOOP_VECTORIZE", 0),
        ("NUMBA_DEBUGINFO", "DEBUGINFO_DEFAULT", 1),
        ("NUMBA_CACHE_DIR", "CACHE_DIR", "/somewhere"),
    ],
)
def test_settings_of_numba(name: str, attribute: str, value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CONFIG, attribute, value)
    text, status, fix = compiler.check_numba_settings()
    assert status == "warning"
    assert text.startswith(f"{name}={value}: ")
    assert fix == f"unset {name} (also in .numba_config.yaml)"


def test_numba_that_does_not_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CONFIG, "DISABLE_JIT", 1)
    text, status, fix = compiler.check_numba_settings()
    assert (text, status) == ("NUMBA_DISABLE_JIT=1: kernels cannot be compiled", "problem")
    assert fix == "unset NUMBA_DISABLE_JIT"
    with pytest.raises(RuntimeError, match="NUMBA_DISABLE_JIT is set"):
        cache.load("never", "{kernel}\ndef never(x):\n    return x\n")


PRIORITY = ["tbb", "omp", "workqueue"]


@pytest.mark.parametrize(
    ("setting", "available", "layer"),
    [
        ("default", PRIORITY, "tbb"),
        ("default", ["omp", "workqueue"], "omp"),
        ("default", ["workqueue"], "workqueue"),
        ("safe", ["omp", "workqueue"], None),
        ("threadsafe", ["omp", "workqueue"], "omp"),
        ("threadsafe", ["workqueue"], None),
        ("forksafe", ["workqueue"], "workqueue"),
        ("OMP", PRIORITY, "omp"),
        ("tbb", ["omp"], None),
        ("nonsense", PRIORITY, None),
    ],
)
def test_the_threading_layer_that_numba_takes(setting: str, available: list[str], layer: str | None) -> None:
    assert compiler.chosen_layer(setting, PRIORITY, available) == layer


def test_the_layer_is_the_one_that_numba_then_uses() -> None:
    code = """
import numba
from shapetensor.doctor import compiler
@numba.njit(parallel=True)
def f(n):
    total = 0
    for i in numba.prange(n):
        total += i
    return total
f(10)
print(numba.threading_layer(), compiler.check_threading_layer()[0])
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    used, said = done.stdout.split(" ", 1)
    assert said.startswith(f"{used}, ")


def test_warnings_about_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "usable_cores", lambda: 2)
    monkeypatch.setattr(CONFIG, "NUMBA_NUM_THREADS", 2)
    monkeypatch.setattr(compiler, "_layers", lambda: ["omp", "workqueue"])
    assert compiler.check_threading_layer()[1] == "ok"
    monkeypatch.setattr(CONFIG, "NUMBA_NUM_THREADS", 64)
    value, status, fix = compiler.check_threading_layer()
    assert (status, fix) == ("warning", "set NUMBA_NUM_THREADS=2")
    assert value.endswith("but 2 usable cores")
    monkeypatch.setattr(compiler, "_layers", lambda: ["workqueue"])
    value, status, fix = compiler.check_threading_layer()
    assert value.startswith("workqueue, ")
    assert value.endswith("large calls run on one thread")
    assert (status, fix) == ("warning", f"{sys.executable} -m pip install --upgrade tbb")
    monkeypatch.setattr(CONFIG, "THREADING_LAYER", "safe")
    value, status, fix = compiler.check_threading_layer()
    assert value.startswith("none for NUMBA_THREADING_LAYER=safe")
    assert (status, fix) == ("warning", "unset NUMBA_THREADING_LAYER")


def test_the_kernel_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "digest"
    (home / "__pycache__").mkdir(parents=True)
    (home / "add.py").write_text("x")
    (home / "__pycache__" / "add.1.nbc").write_bytes(b"12345")
    monkeypatch.setattr(cache, "directory", lambda: home)
    monkeypatch.setattr(cache, "user_cache", lambda: tmp_path)
    assert compiler.check_kernel_cache() == (f"{home}: 1 kernel, 6 B", "ok", "")

    def homeless() -> Path:
        raise RuntimeError("no home directory")

    monkeypatch.setattr(cache, "user_cache", homeless)
    assert compiler.check_kernel_cache()[1] == "warning"
    monkeypatch.setattr(cache, "directory", lambda: tmp_path / "missing")  # stands for a full or read-only disk
    value, status, _ = compiler.check_kernel_cache()
    assert (value, status) == (f"{tmp_path / 'missing'} cannot be written: No such file or directory", "problem")
    monkeypatch.setattr(cache, "directory", lambda: None)
    assert compiler.check_kernel_cache()[1] == "problem"


# The machine


@needs_x86
@pytest.mark.parametrize(
    ("cpu", "bits"), [("x86-64", 128), ("x86-64-v3", 256), ("skylake-avx512", 256), ("znver5", 512)]
)
def test_vector_width(cpu: str, bits: int) -> None:
    assert machine.vector_bits(cpu, "") == bits


@needs_x86
def test_a_processor_named_to_numba_that_has_narrower_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CONFIG, "CPU_NAME", None)
    monkeypatch.setattr(CONFIG, "CPU_FEATURES", None)
    assert machine.check_vector_width()[1] == "ok"
    if machine.vector_bits("x86-64", "") == machine.vector_bits(*_host()):
        pytest.skip("this processor has no wider vectors")
    monkeypatch.setattr(CONFIG, "CPU_NAME", "x86-64")
    monkeypatch.setattr(CONFIG, "CPU_FEATURES", "")
    value, status, fix = machine.check_vector_width()
    assert value.startswith("128 bits, 4 x F32, for x86-64; this processor can do ")
    assert (status, fix) == ("warning", "unset NUMBA_CPU_NAME NUMBA_CPU_FEATURES NUMBA_ENABLE_AVX")


def _host() -> tuple[str, str]:
    from llvmlite import binding

    return binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()


def test_features_of_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CONFIG, "CPU_NAME", None)
    monkeypatch.setattr(CONFIG, "CPU_FEATURES", None)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(machine, "_host_features", lambda: {"avx2", "fma", "sse2"})
    assert machine.check_cpu_features() == ("avx2 fma", "ok", "")
    monkeypatch.setattr(machine, "_host_features", lambda: {"sse2"})
    assert machine.check_cpu_features()[:2] == ("none of avx2 fma avx512f neon sve", "warning")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(machine, "_host_features", lambda: {"neon"})
    assert machine.check_cpu_features() == ("neon", "ok", "")
    monkeypatch.setattr(CONFIG, "CPU_NAME", "cortex-a72")
    assert "NUMBA_CPU_NAME does not change them" in machine.check_cpu_features()[0]
    monkeypatch.setattr(CONFIG, "CPU_FEATURES", "+neon")
    assert machine.check_cpu_features()[0] == "neon; NUMBA_CPU_FEATURES=+neon"


@pytest.mark.parametrize(
    ("listing", "files", "limit"),
    [
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/a/b\n", {"cpu.max": "400000 100000\n", "a/cpu.max": "200000 100000\n", "a/b/cpu.max": "max 1\n"}, 2.0),
        ("0::/not/visible/inside\n", {"cpu.max": "50000 100000\n"}, 0.5),
        ("0::/\n", {"cpu.max": "garbage"}, None),
        ("0::/\n", {"cpu.max": "1 0"}, None),
        ("0::/\n", {}, None),
        ("5:cpuset:/\n1:cpu:/x\n", {"cpu/x/cpu.cfs_quota_us": "-1\n", "cpu/x/cpu.cfs_period_us": "100000\n"}, None),
        (
            "2:cpu,cpuacct:/\n0::/\n",
            {"cpu,cpuacct/cpu.cfs_quota_us": "300000\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"},
            3.0,
        ),
    ],
)
def test_the_quota_of_control_groups(listing: str, files: dict[str, str], limit: float | None, tmp_path: Path) -> None:
    for name, text in files.items():
        file = tmp_path / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "listing").write_text(listing)
    assert machine.quota(tmp_path / "cgroup", tmp_path / "listing") == limit


def test_there_is_no_quota_without_control_groups(tmp_path: Path) -> None:
    assert machine.quota(tmp_path, tmp_path / "missing") is None


def test_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(machine, "quota", lambda: None)
    assert machine.check_cores() == ("64 in the machine, 8 usable", "ok", "")
    monkeypatch.setattr(machine, "quota", lambda: 1.5)
    assert machine.check_cores() == ("64 in the machine, 2 usable, quota 1.5", "ok", "")
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    value, status, fix = machine.check_cores()
    assert value.endswith("OMP_NUM_THREADS=8")
    assert (status, fix) == ("warning", "set OMP_NUM_THREADS=2")


HARDWARE = "our kernels are compiled and simulated, not yet run on hardware"
H100 = "NVIDIA H100, 580.65.06"


def _machine(
    monkeypatch: pytest.MonkeyPatch,
    names: str = "",
    driver: bool = False,
    extra: str | None = None,
    toolkit: str | None = None,
    redirected: bool = True,
    simulated: str = "0",
) -> Outcome:
    """What is said of a GPU on a machine with these."""
    _versions(monkeypatch, **{"numba-cuda": extra, "cuda-toolkit": toolkit})
    monkeypatch.setattr(gpu, "_gpu_names", lambda: names)
    monkeypatch.setattr(gpu, "_cuda_driver", lambda: driver)
    monkeypatch.setattr(gpu, "_is_redirected", lambda: redirected)
    monkeypatch.setenv("NUMBA_ENABLE_CUDASIM", simulated)
    return gpu.check_gpu()


def test_a_gpu_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _machine(monkeypatch) == ("no CUDA driver found: computes on the CPU only", "ok", "")
    # Numba's own CUDA support is no matter then.
    wanted = ("no CUDA driver found: computes on the CPU only", "ok", "")
    assert _machine(monkeypatch, redirected=False, simulated="1") == wanted
    hint = 'not used; to use it: pip install "shapetensor[cuda]"'
    assert _machine(monkeypatch, H100, True) == (f"{H100}: {hint}", "ok", "")
    assert _machine(monkeypatch, H100) == (f"{H100}: {hint}", "ok", "")
    assert _machine(monkeypatch, driver=True) == (f"CUDA driver found: {hint}", "ok", "")


def test_a_gpu_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for toolkit in (None, "12.9.1", "13.5.0", "14.0"):
        found = _machine(monkeypatch, H100, True, "0.30.4", toolkit)
        assert found == (f"{H100}; numba-cuda 0.30.4; {HARDWARE}", "ok", "")
    found = _machine(monkeypatch, driver=True, extra="0.30.7", toolkit="13.5.0")
    assert found == (f"CUDA driver found; numba-cuda 0.30.7; {HARDWARE}", "ok", "")


def test_the_extra_without_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    value, status, fix = _machine(monkeypatch, extra="0.30.4")
    assert (value, status) == ("no CUDA driver found; numba-cuda 0.30.4: computes on the CPU only", "warning")
    assert fix.startswith("install NVIDIA's driver; without a GPU, NUMBA_ENABLE_CUDASIM=1 simulates one")
    value, status, _ = _machine(monkeypatch, H100, extra="0.30.4")
    assert (value, status) == (f"{H100}; numba-cuda 0.30.4: the driver's library cannot be loaded", "warning")


@pytest.mark.parametrize("names", ["NVIDIA A100, 570.86.10", f"{H100}; NVIDIA A100, 570.86.10", "Tesla T4, 450.1"])
def test_a_driver_that_is_too_old(names: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value, status, fix = _machine(monkeypatch, names, True, "0.30.4", "13.5.0")
    assert value == f"{names}; numba-cuda 0.30.4: the driver is too old for CUDA 13, which needs 580 or newer"
    assert (status, fix.partition('"')[2]) == ("warning", 'shapetensor[cuda12]"')


def test_an_extra_of_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("0.30.3", "0.31.0", "1.0"):
        value, status, fix = _machine(monkeypatch, H100, True, version)
        assert (value, status) == (f"{H100}; numba-cuda {version}: outside >=0.30.4,<0.31", "warning")
        assert fix.endswith(' "shapetensor[cuda]"')


def test_an_extra_that_did_not_take_the_place_of_numbas_own(monkeypatch: pytest.MonkeyPatch) -> None:
    value, status, fix = _machine(monkeypatch, H100, True, "0.30.4", redirected=False)
    assert (value, status) == (f"{H100}; numba-cuda 0.30.4, but `numba.cuda` is Numba's own", "warning")
    assert fix.endswith(' "shapetensor[cuda]" --force-reinstall')


def test_a_device_that_is_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _machine(monkeypatch, extra="0.30.4", simulated="1")
    text = "no CUDA driver found; numba-cuda 0.30.4: 'cuda:0' is simulated, which is slow"
    assert found == (text, "warning", "unset NUMBA_ENABLE_CUDASIM")


def test_numba_cuda_is_looked_for_and_not_imported() -> None:
    assert gpu._is_redirected() == (packages.version_of("numba-cuda") != "not installed")


@needs_posix
def test_what_nvidia_smi_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu._gpu_names() == ""
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA H100, 550.54'\necho 'NVIDIA H100, 550.54'\n")
    tool.chmod(0o755)
    assert gpu._gpu_names() == "NVIDIA H100, 550.54; NVIDIA H100, 550.54"
    tool.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed'\nexit 9\n")
    assert gpu._gpu_names() == ""


def test_a_driver_is_there_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: name)
    assert gpu._cuda_driver()

    def missing(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert not gpu._cuda_driver()


def test_a_32_bit_python(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.check_platform()[1] == "ok"
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    assert machine.check_platform()[1:] == ("problem", "install a 64-bit Python")
