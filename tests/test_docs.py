"""The pages of docs/ say what is so: their code is run, and what they show is what it gives.

A ```python block is run. A ```pycon block is a session: it is run as well, and has to show exactly what Python prints,
tracebacks without their stack. A block with a title is also written to a file of this name, and a ```console block that
begins with `$ shapetensor check` or `reveal` has to show what this command prints on a terminal. All blocks of a page
share one namespace and a temporary folder. A ```diff block is the difference of the two scripts in docs/scripts.
`python -m tests.test_docs` writes into the pages what they should say.
"""

from __future__ import annotations

import atexit
import contextlib
import difflib
import doctest
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from functools import cache, reduce
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import shapetensor as st
from tests.public import names_in

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PACKAGE = ROOT / "src" / "shapetensor"
PAGES = sorted(DOCS.rglob("*.md"))
NAMES = [str(page.relative_to(DOCS)) for page in PAGES]
TEXTS = [*PAGES, *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]
BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?[^\n]*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
WIDTH = "120"  # columns of the terminal in which mypy's output is shown
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
DIRECTIVE = re.compile(r"^::: shapetensor\.(\S+)$", re.MULTILINE)


class _Transcript(doctest.DocTestRunner):
    """Runs a session whose examples expect nothing, and keeps what each of them prints, by line."""

    def __init__(self) -> None:
        super().__init__(verbose=False)
        self.printed: dict[int, str] = {}

    def report_failure(self, out: Any, test: Any, example: doctest.Example, got: str) -> None:
        self.printed[example.lineno] = got

    def report_unexpected_exception(self, out: Any, test: Any, example: doctest.Example, exc_info: Any) -> None:
        kind, error, _ = exc_info  # by hand, since some versions of Python add suggestions of their own
        name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        self.printed[example.lineno] = f"Traceback (most recent call last):\n{name}: {error}"


def _session(text: str, where: str, namespace: dict[str, Any]) -> str:
    """A session as Python would print it."""
    examples = [doctest.Example(e.source, "", lineno=e.lineno) for e in doctest.DocTestParser().get_examples(text)]
    test = doctest.DocTest(examples, {}, where, where, 0, text)
    test.globs = namespace
    runner = _Transcript()
    runner.run(test, out=lambda _: None, clear_globs=False)
    lines: list[str] = []
    for example in examples:
        first, *rest = example.source.splitlines()
        lines += [f">>> {first}", *(f"... {line}".rstrip() for line in rest)]
        lines += runner.printed.get(example.lineno, "").splitlines()
    assert all(lines), f"{where}: Python prints an empty line, at which a session would end: {lines}"
    return "".join(f"{line}\n" for line in lines)


def _difference() -> str:
    old, new = ((DOCS / "scripts" / name).read_text().splitlines() for name in ("train_torch.py", "train.py"))
    lines = list(difflib.unified_diff(old, new, n=0, lineterm=""))[3:]
    return "".join(f"{'' if line.startswith('@@') else line}\n" for line in lines)


@cache
def _types() -> str:
    """The folder in which mypy keeps what it knows of the library."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _console(text: str) -> str:
    """The first line, a command, with what it prints in a terminal."""
    command = text.partition("\n")[0]
    if not command.startswith(("$ shapetensor check ", "$ shapetensor reveal ")):
        return text
    _, _, verb, *arguments = shlex.split(command)
    environment = {**os.environ, "MYPY_CACHE_DIR": _types(), "MYPY_FORCE_TERMINAL_WIDTH": WIDTH, "NO_COLOR": "1"}
    flags = ["--", "--pretty", "--no-color-output"] if verb == "check" else []
    done = subprocess.run(
        [sys.executable, "-m", "shapetensor", verb, *arguments, *flags],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return "".join(f"{line.rstrip()}\n" for line in (command, *done.stdout.splitlines()))


@contextlib.contextmanager
def _folder() -> Iterator[None]:
    """A new folder to work in, from which modules can be imported."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        sys.path.insert(0, folder)
        try:
            yield
        finally:
            sys.path.remove(folder)
            for file in Path(folder).glob("*.py"):
                sys.modules.pop(file.stem, None)


def rewritten(page: Path) -> str:
    """The page with what its blocks really give."""
    text = page.read_text(encoding="utf-8")
    name = page.relative_to(ROOT).as_posix()
    namespace: dict[str, Any] = {"__name__": "__main__"}

    def run(found: re.Match[str]) -> str:
        language, body = found["language"], found["text"]
        if found["title"]:
            Path(found["title"]).write_text(body, encoding="utf-8")
        if language == "python":
            above = "\n" * text.count("\n", 0, found.start("text"))  # so that tracebacks name the page's own line
            exec(compile(above + body, name, "exec"), namespace)
        elif language == "pycon":
            body = _session(body, name, namespace)
        elif language == "console":
            body = _console(body)
        elif language == "diff":
            body = _difference()
        head = text[found.start() : found.start("text")]
        return f"{head}{body}```"

    with _folder(), np.printoptions(legacy=False):
        return BLOCK.sub(run, text)


def _api() -> str:
    return "".join(page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.md"))


def _names(prefix: str, module: ModuleType) -> Iterator[str]:
    """Public names as users write them behind `st.`; those of submodules too."""
    for name in names_in(module):
        yield prefix + name
        value = getattr(module, name)
        if isinstance(value, ModuleType):
            yield from _names(f"{prefix}{name}.", value)


def _exists(dotted: str) -> bool:
    try:
        reduce(getattr, dotted.split("."), st)
    except AttributeError:
        return False
    return True


@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_what_its_code_gives(name: str) -> None:
    page = DOCS / name
    assert rewritten(page) == page.read_text(encoding="utf-8"), "run: python -m tests.test_docs"


def test_there_are_sessions() -> None:
    for name in ("tour.md", "compile.md", "errors.md"):
        assert "```pycon\n" in (DOCS / name).read_text(encoding="utf-8")


def test_a_session_shows_what_python_prints() -> None:
    text = '>>> def f(x):\n...     return -x\n>>> f(1)\nnonsense\n>>> print("a"); f("b")\n>>> y = f(2)\nmore\n'
    expected = (
        '>>> def f(x):\n...     return -x\n>>> f(1)\n-1\n>>> print("a"); f("b")\n'
        "Traceback (most recent call last):\nTypeError: bad operand type for unary -: 'str'\n>>> y = f(2)\n"
    )
    assert _session(text, "test", {}) == expected


def test_the_script_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setattr(sys, "argv", ["train.py", "3"])
    result = runpy.run_path(str(DOCS / "scripts" / "train.py"), run_name="__main__")
    result["plt"].close("all")
    losses = result["losses"]
    assert losses[-1] < 0.8 * losses[0]
    accuracy = re.search(r"^test accuracy: (.+) %$", capsys.readouterr().out, re.MULTILINE)
    assert accuracy is not None
    assert float(accuracy[1]) > 60.0
    assert {path.name for path in tmp_path.iterdir()} == {"digits.safetensors", "loss.png"}


def test_the_torch_script_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setattr(sys, "argv", ["train.py", "3"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own
        result = runpy.run_path(str(DOCS / "scripts" / "train_torch.py"), run_name="__main__")
    result["plt"].close("all")
    assert result["losses"][-1] < 0.8 * result["losses"][0]


def test_the_api_pages_have_every_public_name() -> None:
    """A page names it, or its module as a whole."""
    text = _api()
    shown = {*DIRECTIVE.findall(text), *(code.removeprefix("st.") for code in CODE.findall(text))}
    homes = {name: st._HOMES.get(name) or name.rpartition(".")[0] for name in _names("", st)}
    assert [name for name, home in homes.items() if not {name, home} & shown] == []


@pytest.mark.parametrize("name", NAMES)
def test_names_in_the_text_exist(name: str) -> None:
    """`st.softmax`, `x.sum(...)` and `opt.update` in running text; those that are said not to be there are not."""
    text, _, absent = BLOCK.sub("", (DOCS / name).read_text(encoding="utf-8")).partition("\n## Not there yet\n")
    if name == "from-torch.md":  # the first cell of a row is torch's
        text = re.sub(r"^\|[^|]*\|", "|", text, flags=re.MULTILINE)
    codes = CODE.findall(text)
    wanted = {found for code in codes for found in re.findall(r"\bst\.([a-zA-Z_][\w.]*\w)", code)}
    wanted |= {found for code in codes for found in re.findall(r"(?<![\w.])((?:nn|optim)\.[\w.]*\w)", code)}
    assert [n for n in sorted(wanted) if not _exists(n)] == []
    methods = {found for code in codes for found in re.findall(r"\bx\.(\w+)", code)}
    assert [n for n in sorted(methods) if not hasattr(st.Tensor, n)] == []
    still_absent = [code.removeprefix("st.") for code in CODE.findall(absent) if code.startswith("st.")]
    assert [n for n in still_absent if _exists(n)] == [], "these exist now: take them off the list"


@pytest.mark.parametrize("name", NAMES)
def test_files_in_the_text_exist(name: str) -> None:
    """`apply` (`_core/apply.py`): the file is there and defines the name."""
    text = BLOCK.sub("", (DOCS / name).read_text(encoding="utf-8"))
    for code in CODE.findall(text):
        if re.fullmatch(r"[\w/.-]+\.(py|toml|md)", code) and "/" in code:
            assert (PACKAGE / code).exists() or (ROOT / code).exists(), code
    for defined, file in re.findall(r"`([\w.]+?)(?:\(.*?\))?`\s+\(`([\w/]+\.py)`\)", text):
        last = defined.rpartition(".")[2]
        source = (PACKAGE / file).read_text(encoding="utf-8")
        assert re.search(rf"\b(def|class) {last}\b|^ *{last}\b.* = ", source, re.MULTILINE), f"{defined} in {file}"


def test_the_readme_shows_what_mypy_says() -> None:
    with _folder():
        blocks = list(BLOCK.finditer((ROOT / "README.md").read_text(encoding="utf-8")))
        for block in blocks:
            if block["title"]:
                Path(block["title"]).write_text(block["text"], encoding="utf-8")
        commands = [block["text"] for block in blocks if block["text"].startswith("$ ")]
        assert commands == [*map(_console, commands)] != []


def test_the_table_of_type_checkers_counts_what_the_tests_find() -> None:
    wrong = (ROOT / "tests/typing/portable/wrong.py").read_text(encoding="utf-8")
    marks = re.findall(r"  # E(?:, not by (\w+))?$", wrong, re.MULTILINE)
    found = [len(marks) - marks.count(checker) for checker in ("mypy", "pyright", "pyrefly", "ty")]
    row = " | ".join(map(str, [f"mistakes found, of {len(marks)}", *found]))
    assert f"\n| {row} |\n" in (DOCS / "types.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_resolve(page: Path) -> None:
    for target in LINK.findall(CODE.sub("", BLOCK.sub("", page.read_text(encoding="utf-8")))):
        path = target.partition("#")[0]
        if path and not re.match(r"[a-z]+:", path):
            assert (page.parent / path).exists(), f"{page.name} links to {target}"


def test_every_page_is_in_the_navigation() -> None:
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    missing = [name for name in NAMES if not re.search(rf"(- |: ){re.escape(name)}$", nav, re.MULTILINE)]
    assert missing == []


if __name__ == "__main__":
    for page in PAGES:
        new = rewritten(page)
        if new != page.read_text(encoding="utf-8"):
            page.write_text(new, encoding="utf-8")
            print(f"rewritten: {page.relative_to(ROOT)}")
