"""The command line: exit statuses, what it prints, what it loads, and what `cache --clear` deletes and does not."""

from __future__ import annotations

import doctest
import os
import pickle
import shutil
import subprocess
import sys
import time
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import shapetensor as st
from shapetensor import cli
from shapetensor._core.kernels import cache

ROOT = Path(__file__).parent.parent
COMMANDS = ["check", "reveal", "doctor", "info", "kernels", "cache"]
DIGEST = "0123456789abcdef01234567"

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="what Windows does not have")


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "shapetensor", *arguments]
    return subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the kernels of two additions, compiled by another process; tests must not change it."""
    home = tmp_path_factory.mktemp("kernels")
    code = "import shapetensor as st; x = st.ones(3); x + x; x = x.astype(st.F64); x + x"
    subprocess.run([sys.executable, "-c", code], env=os.environ | {"SHAPETENSOR_CACHE_DIR": str(home)}, check=True)
    return home


@pytest.fixture
def own(tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that directory, which this process takes for its own."""
    home = tmp_path / "kernels"
    shutil.copytree(compiled, home)
    (digest,) = home.iterdir()
    monkeypatch.setattr(cache, "directory", lambda: digest)
    monkeypatch.setattr(cache, "user_cache", lambda: home)
    return digest


# Arguments


@pytest.mark.parametrize(
    "arguments", [["nonsense"], [], ["doctor", "--nonsense"], ["info", "more"], ["info", "--", "--strict"]]
)
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("usage: shapetensor")


def test_an_unknown_command_lists_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["docter"])
    error = capsys.readouterr().err
    assert all(command in error for command in COMMANDS)


@pytest.mark.parametrize("arguments", [["--help"], *([command, "--help"] for command in COMMANDS)])
def test_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith("usage: shapetensor")
    if arguments == ["--help"]:
        assert all(f"\n    {command} " in text for command in COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"shapetensor {st.__version__}\n"


def test_the_console_script() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert EntryPoint("shapetensor", scripts["shapetensor"], "console_scripts").load() is cli.main


def test_examples() -> None:
    failed, tried = doctest.testmod(cli)
    assert tried
    assert not failed


@needs_posix
def test_a_reader_that_stops_early_is_no_error(compiled: Path) -> None:
    command = [sys.executable, "-m", "shapetensor", "doctor"]
    environment = os.environ | {"SHAPETENSOR_CACHE_DIR": str(compiled)}
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, env=environment, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


# info


def test_info(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"shapetensor {st.__version__}, ")
    assert all(f", {name} " in line for name in ("numpy", "numba", "llvmlite", "jaxtyping", "beartype", "safetensors"))


def test_info_loads_no_library() -> None:
    code = """
import sys
from shapetensor.cli import main
main(["info"])
print(sorted({"numpy", "numba", "llvmlite", "jaxtyping", "beartype", "safetensors"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n[]\n")


def test_info_works_where_numba_does_not(tmp_path: Path) -> None:
    (tmp_path / "numba.py").write_text("raise ImportError('broken')\n")
    done = run("info", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("shapetensor ")


# kernels


def test_kernels(compiled: Path) -> None:
    done = run("kernels", SHAPETENSOR_CACHE_DIR=str(compiled))
    assert (done.returncode, done.stderr) == (0, "")
    head, *rows, _, total = done.stdout.splitlines()
    assert head.split() == ["kernel", "bytes", "signature"]
    assert any(row.startswith("add") and row.endswith("(float32[::1], float32[::1], float32[::1])") for row in rows)
    assert any(row.startswith("add") and row.endswith("(float64[::1], float64[::1], float64[::1])") for row in rows)
    size = sum(file.stat().st_size for file in compiled.rglob("*.nbc"))
    assert sum(int(row.split()[1]) for row in rows) == size
    assert f"{len(rows)} signatures" in total
    assert str(compiled) in total


def test_kernels_of_an_empty_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cache, "directory", lambda: tmp_path)
    assert cli.main(["kernels"]) == 0
    assert capsys.readouterr().out == f"no compiled kernels in {tmp_path}\n"
    monkeypatch.setattr(cache, "directory", lambda: None)
    assert cli.main(["kernels"]) == 0
    assert capsys.readouterr().out == "no directory in which compiled kernels could be kept\n"


@pytest.mark.parametrize("data", [b"", b"\x80", pickle.dumps("0.68") + pickle.dumps(5), pickle.dumps([])])
def test_an_index_that_cannot_be_read(data: bytes, own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for index in own.rglob("*.nbi"):
        index.write_bytes(data)
    assert cli.main(["kernels"]) == 0
    _, *rows, _, _ = capsys.readouterr().out.splitlines()
    assert len(rows) == len(list(own.rglob("*.nbc")))
    assert all(row.endswith("  (?)") for row in rows)


def test_names_of_types() -> None:
    from numba import types

    array = types.Array
    assert cli._type_name(types.int64) == "int64"
    assert cli._type_name(array(types.float32, 1, "C")) == "float32[::1]"
    assert cli._type_name(array(types.float64, 2, "F")) == "float64[::1, :]"
    assert cli._type_name(array(types.uint8, 2, "A", readonly=True)) == "readonly uint8[:, :]"
    assert cli._type_name(array(types.boolean, 0, "C")) == "bool[]"


# cache


def test_cache_says_where_and_how_large(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = own.parent / DIGEST
    (other / "__pycache__").mkdir(parents=True, mode=0o700)
    (other / "__pycache__" / "old.1.nbc").write_bytes(b"123")
    assert cli.main(["cache"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"in use: {own}\n")
    assert f"{other}: 1 kernels, 3 B\n" in text
    number = len(list(own.rglob("*.nbc")))
    assert f"{own}: {number} kernels, " in text
    assert text.endswith("`shapetensor cache --clear` removes it\n")


def test_clear(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    number = sum(file.is_file() for file in own.rglob("*"))
    assert cli.main(["cache", "--clear"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"removed {number} files, ")
    assert text.endswith(f", from {own}\n")
    assert [file for file in own.rglob("*") if file.is_file()] == []
    assert cli.main(["cache", "--clear"]) == 0
    assert capsys.readouterr().out == f"nothing to remove in {own.parent}\n"


def test_clear_leaves_what_is_not_ours(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = own.parent
    strangers = [
        root / "notes.txt",
        root / "projects" / "__pycache__" / "thesis.nbc",
        own / "data.csv",
        own / "mine.py",
        own / "__pycache__" / "letter.txt",
        own / "deeper" / "file.py",
    ]
    for file in strangers:
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text("precious")
    assert cli.main(["cache", "--clear"]) == 0
    assert all(file.read_text() == "precious" for file in strangers)
    assert f"left {own / 'mine.py'}: not written by shapetensor" in capsys.readouterr().out
    assert sorted(file for file in own.rglob("*") if file.is_file()) == sorted(strangers[2:])


@needs_posix
def test_clear_follows_no_link(own: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o700)
    precious = outside / "a.nbc"
    precious.write_text("precious")
    (own.parent / DIGEST).symlink_to(outside)
    shutil.rmtree(own / "__pycache__")
    (own / "__pycache__").symlink_to(outside)
    (own / "link.py").symlink_to(precious)
    assert cli.main(["cache", "--clear"]) == 0
    assert precious.read_text() == "precious"
    assert (own / "link.py").is_symlink()


@needs_posix
def test_clear_stays_out_of_directories_that_others_can_write_to(own: Path) -> None:
    own.chmod(0o777)
    before = sorted(own.rglob("*"))
    assert cli.main(["cache", "--clear"]) == 0
    assert sorted(own.rglob("*")) == before


def test_clear_leaves_what_is_being_written(own: Path) -> None:
    fresh, old = own / "tmpabc.tmp", own / "__pycache__" / "add.1.nbc.tmp.0123456789abcdef"
    for file in (fresh, old):
        file.touch()
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    assert cli.main(["cache", "--clear"]) == 0
    assert (fresh.exists(), old.exists()) == (True, False)


def test_a_file_that_cannot_be_deleted(
    own: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unlink(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", unlink)
    assert cli.main(["cache", "--clear"]) == 1
    text = capsys.readouterr().out
    assert "Permission denied" in text
    assert "removed" not in text


def test_a_program_goes_on_after_its_kernels_are_removed(tmp_path: Path) -> None:
    code = """
import shapetensor as st
from shapetensor.cli import main
x = st.ones(3)
x + x
main(["cache", "--clear"])
print((x + x).tolist(), (x / 2.0).tolist(), (x.astype(st.F64) + 1.0).tolist())
"""
    environment = os.environ | {"SHAPETENSOR_CACHE_DIR": str(tmp_path / "kernels")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    removed, results = done.stdout.splitlines()
    assert removed.startswith("removed ")
    assert results == "[2.0, 2.0, 2.0] [0.5, 0.5, 0.5] [2.0, 2.0, 2.0]"


def test_without_any_directory(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def homeless() -> Path:
        raise RuntimeError("no home directory")

    monkeypatch.setattr(cache, "directory", lambda: None)
    monkeypatch.setattr(cache, "user_cache", homeless)
    assert cli.main(["cache"]) == 0
    assert capsys.readouterr().out.startswith("in use: none, compiled kernels are not kept\n")
    assert cli.main(["cache", "--clear"]) == 0
    assert capsys.readouterr().out == "nothing to remove in any directory\n"


def test_a_path_that_the_terminal_cannot_show(tmp_path: Path) -> None:
    home = tmp_path / "größe"
    done = run("cache", SHAPETENSOR_CACHE_DIR=str(home), PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "gr\\xf6\\xdfe" in done.stdout
