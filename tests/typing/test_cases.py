"""What mypy says of programs with the plugin: each function in cases/ is a test, its comments are what is expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.typing.harness import CONFIG, Output, cases, differences, expected, run_mypy, said, short

FOLDER = Path(__file__).parent / "cases"
FILES = sorted(FOLDER.glob("*.py"))
NEWER = sorted(FOLDER.glob("*.py312"))  # in syntax that this Python may not know
TEXTS = {path: path.read_text(encoding="utf-8") for path in [*FILES, *NEWER]}
CASES = [
    pytest.param(path, lines, id=f"{path.stem}-{name}")
    for path, text in TEXTS.items()
    for name, lines in cases(text).items()
]


@pytest.fixture(scope="session")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Output]:
    """What mypy prints: one run for each version of the syntax."""
    folder = tmp_path_factory.mktemp("cases")
    (folder / "mypy.ini").write_text(CONFIG)
    for path in NEWER:
        (folder / f"{path.stem}.py").write_text(TEXTS[path], encoding="utf-8")
    newer = [str(folder / f"{path.stem}.py") for path in NEWER]
    options = ["--config-file", str(folder / "mypy.ini"), "--cache-dir", str(folder / "cache"), "--show-traceback"]
    return {
        ".py": run_mypy(*options, "--python-version=3.11", *map(str, FILES)),
        ".py312": run_mypy(*options, "--python-version=3.12", *newer),
    }


@pytest.mark.parametrize(("path", "lines"), CASES)
def test_mypy_says_what_is_expected(path: Path, lines: list[int], outputs: dict[str, Output]) -> None:
    messages = said(outputs[path.suffix].stdout).get(f"{path.stem}.py", {})
    wanted = expected(TEXTS[path])
    wrong = [
        f"{path.name}:{number}: {difference}"
        for number in lines
        for difference in differences(wanted.get(number, []), messages.get(number, []))
    ]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("syntax", [".py", ".py312"])
def test_mypy_ends_as_it_should(syntax: str, outputs: dict[str, Output]) -> None:
    output = outputs[syntax]
    assert (output.status, output.stderr) == (1, "")
    assert "INTERNAL ERROR" not in output.stdout
    known = {f"{path.stem}.py" for path in TEXTS}
    assert said(output.stdout).keys() <= known  # nothing is said of other files


@pytest.mark.parametrize(
    ("long", "wanted"),
    [
        ("shapetensor.tensor.Tensor[shapetensor._core.dtypes.F32, B, Literal[3]?]", "Tensor[F32, B, 3]"),
        ("a.Tensor[a.F32, a.Mul[B, T], a.Add[T, Literal[-1]]]", "Tensor[F32, B*T, T-1]"),
        ("a.Mul[H, a.FloorDiv[D, H]]", "H*(D//H)"),
        ("a.FloorDiv[a.Add[T, Literal[1]], Literal[2]]", "(T+1)//2"),
        ("a.Add[a.Mul[Literal[-1], T], B]", "-T+B"),
        ("a.Tensor[Any, *tuple[Any, ...]] | None", "Tensor[Any, ...] | None"),
        ("a.Tensor[a.F32, Literal['batch'], *S]", "Tensor[F32, batch, *S]"),
    ],
)
def test_types_are_spelled_short(long: str, wanted: str) -> None:
    assert short(long) == wanted
