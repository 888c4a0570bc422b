"""The examples are proved as they are, and every mistake in them is found: mypy names the line and both values.

What mypy says of a mistake in digits.py is what the run time raises, in the same line, with numbers for the symbols.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import traceback
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from mypy import api

EXAMPLES = Path(__file__).parents[2] / "examples"
CONFIG = """\
[mypy]
plugins = shapetensor.mypy_plugin
strict = True
show_column_numbers = True
explicit_package_bases = True

[mypy-sklearn.*]
ignore_missing_imports = True
"""


class Mistake(NamedTuple):
    """A text of the example, what to write instead, and the first error that this makes, with a mark for its place.

    The error is in the line in which `at` stands behind the change, if it is given, else in that of the change.
    """

    old: str
    new: str
    error: str
    at: str = ""


ENCODER = (
    Mistake(
        "self.key = nn.Linear(width, width,",
        "self.key = nn.Linear(width, heads,",
        "Attention.split: x has shape (B, T, H), not (B, T, D): axis 2: H and D are not known to be equal",
        at="self.split(self.key(x))",
    ),
    Mistake(
        "self.value = nn.Linear(width, width,",
        "self.value = nn.Linear(heads, width,",
        "Linear: x has shape (B, T, D), its last axis should be in_features=H",
        at="self.split(self.value(x))",
    ),
    Mistake(
        "self.out = nn.Linear(width, width,",
        "self.out = nn.Linear(width, 65,",
        "Attention.__call__: the result has shape (B, T, 65), not (B, T, D): axis 2: 65 and D are not known",
        at="return self.out(",
    ),
    Mistake(
        "width // self.heads)).permute_dims((0, 2, 1, 3))",
        "width // self.heads)).permute_dims((0, 1, 2, 3))",
        "Attention.split: the result has shape (B, T, H, D//H), not (B, H, T, D//H): axis 1: T and H are not known",
    ),
    Mistake(
        "(batch, words, self.heads, width // self.heads)",
        "(batch, self.heads, words, width // self.heads)",
        "Attention.split: the result has shape (B, T, H, D//H), not (B, H, T, D//H): axis 1: T and H are not known",
    ),
    Mistake(
        "(batch, words, self.heads, width // self.heads)",
        "(batch, words, self.heads, width)",
        "reshape: (B, T, D) has B*D*T elements, (B, T, H, D) wants B*D*H*T, not known to be equal",
    ),
    Mistake(
        "x.permute_dims((0, 2, 1, 3)).reshape((batch, words,",
        "x.permute_dims((0, 2, 1)).reshape((batch, words,",
        "permute_dims: axes (0, 2, 1) are not a permutation of the 4 axes of (B, H, T, D//H)",
    ),
    Mistake(
        "(batch, words, heads * width)",
        "(batch, heads, words * width)",
        "Attention.join: the result has shape (B, H, D//H*T), not (B, T, D//H*H): axis 1: H and T are not known to be",
    ),
    Mistake(
        "query @ key.mT /",
        "query @ key /",
        'expected "Tensor[F32, B, H, T, T]"',
    ),
    Mistake(
        "axis=-1)",
        "axis=4)",
        "softmax: axis 4 is out of range for rank 4 (valid: -4..3); the shape is (B, H, T, T)",
    ),
    Mistake(
        "self.weights(x) @ self.split(self.value(x))",
        "self.split(self.value(x)) @ self.weights(x)",
        'has incompatible type "Tensor[F32, B, H, T, T]"; expected "Tensor[F32, B, H, T, FloorDiv[D, H]]"',
        at="self.join(mixed)",
    ),
    Mistake(
        "mixed).reshape(x.shape)",
        "mixed).reshape(x.shape[:2])",
        "has B*D*T elements, (B, T) wants B*T, not known to be equal",
    ),
    Mistake(
        "self.up = nn.Linear(width, hidden,",
        "self.up = nn.Linear(hidden, width,",
        "Linear: x has shape (B, T, D), its last axis should be in_features=F",
        at="self.up(x)",
    ),
    Mistake(
        "self.down = nn.Linear(hidden, width,",
        "self.down = nn.Linear(hidden, hidden,",
        "FeedForward.__call__: the result has shape (B, T, F), not (B, T, D): axis 2: F and D are not known",
        at="return self.down(",
    ),
    Mistake(
        "self.down(st.gelu(self.up(x)))",
        "self.up(st.gelu(self.down(x)))",
        "Linear: x has shape (B, T, D), its last axis should be in_features=F",
    ),
    Mistake(
        "self.norm1 = nn.LayerNorm(width)",
        "self.norm1 = nn.LayerNorm(hidden)",
        "LayerNorm: x has shape (B, T, D), its last 1 axes should be normalized_shape=(F,)",
        at="self.norm1(x)",
    ),
    Mistake(
        "self.attention = Attention(width, heads,",
        "self.attention = Attention(heads, width,",
        "Attention.__call__: x has shape (B, T, D), not (B, T, H): axis 2: D and H are not known to be equal",
        at="self.attention(",
    ),
    Mistake(
        "self.feed_forward = FeedForward(width, hidden,",
        "self.feed_forward = FeedForward(hidden, width,",
        "FeedForward.__call__: x has shape (B, T, D), not (B, T, F): axis 2: D and F are not known to be equal",
        at="self.feed_forward(",
    ),
    Mistake(
        "self.attention(self.norm1(x))",
        "self.attention(self.norm1(x)).mT",
        "add: shapes (B, T, D) and (B, D, T) do not broadcast: axis -2: T and D are not known to be equal",
    ),
    Mistake(
        "self.attention(self.norm1(x))",
        "self.attention(self.norm1(x)).sum(axis=1)",
        "add: shapes (B, T, D) and (B, D) do not broadcast: axis -2: T and B are not known to be equal",
    ),
    Mistake(
        "self.embed = nn.Linear(8, width,",
        "self.embed = nn.Linear(7, width,",
        "Linear: x has shape (B, T, 8), its last axis should be in_features=7",
        at="self.embed(images)",
    ),
    Mistake(
        "self.place = nn.Embedding(words, width,",
        "self.place = nn.Embedding(width, words,",
        "add: shapes (B, T, D) and (D, T) do not broadcast: axis -2: T and D are not known to be equal",
        at="self.place.weight",
    ),
    Mistake(
        "self.block2 = Block(width, 128,",
        "self.block2 = Block(128, width,",
        "Block.__call__: x has shape (B, T, D), not (B, T, 128): axis 2: D and 128 are not known to be equal",
        at="self.block2(",
    ),
    Mistake(
        "self.norm = nn.LayerNorm(width)",
        "self.norm = nn.LayerNorm(classes)",
        "LayerNorm: x has shape (B, T, D), its last 1 axes should be normalized_shape=(N,)",
        at="self.norm(",
    ),
    Mistake(
        "self.scores = nn.Linear(width, classes,",
        "self.scores = nn.Linear(classes, width,",
        "Linear: x has shape (B, D), its last axis should be in_features=N",
        at="self.scores(",
    ),
    Mistake(
        ".mean(axis=1))",
        ".mean(axis=2))",
        "Linear: x has shape (B, T), its last axis should be in_features=D",
    ),
    Mistake(
        ".mean(axis=1))",
        ".mean(axis=1, keepdims=True))",
        "Encoder.__call__: the result has shape (B, 1, N), not (B, N): it has 3 axes, not 2",
    ),
    Mistake(
        "cross_entropy(model(images),",
        "cross_entropy(model(images).mT,",
        "cross_entropy: logits (10, B) and labels (B,) differ: axis 0: 10 and B are not known to be equal",
    ),
    Mistake(
        "model(images), labels,",
        "model(images.reshape((-1, 64))), labels,",
        "Encoder.__call__: images has shape (B, 64), not (B, 8, 8): it has 2 axes, not 3",
    ),
    Mistake(
        "scores.argmax(axis=1)",
        "scores.argmax(axis=0)",
        "equal: shapes (N,) and (B,) do not broadcast: axis -1: N and B are not known to be equal",
    ),
    Mistake(
        "model = Encoder(8, 64, 10,",
        "model = Encoder(8, 63, 10,",
        '"Encoder[Literal[8], Literal[63], Literal[10]]"',
        at="step(model, state",
    ),
    Mistake(
        ".reshape((-1, 8, 8))",
        ".reshape((-1, 64))",
        'type "Tensor[F32, Any, Literal[64]]", variable has type "Tensor[F32, Any, Literal[8], Literal[8]]"',
    ),
    Mistake(
        "st.tensor(targets, dtype=I64)",
        "st.tensor(targets, dtype=F32)",
        'expression has type "Tensor[F32, *tuple[Any, ...]]", variable has type "Tensor[I64, Any]"',
    ),
)


def spoilt(source: str, mistake: Mistake) -> tuple[str, int]:
    """The example with the mistake, and the line in which the error must be."""
    assert mistake.old in source, mistake
    place = source.index(mistake.old)
    text = source[:place] + mistake.new + source[place + len(mistake.old) :]
    at = text.index(mistake.at, place) if mistake.at else place
    return text, text[:at].count("\n") + 1


def checked(folder: Path, sources: dict[str, str]) -> dict[str, list[str]]:
    """The errors of each file, `line:column: error: text`: one run of mypy for all."""
    (folder / "mypy.ini").write_text(CONFIG, encoding="utf-8")
    files = {name: folder / f"{name}.py" for name in sources}
    for name, source in sources.items():
        files[name].write_text(source, encoding="utf-8")
    options = ["--config-file", str(folder / "mypy.ini"), "--cache-dir", str(folder / "cache")]
    out, err, _ = api.run([*options, *map(str, files.values())])
    assert not err
    lines = [line.partition(".py:") for line in out.splitlines() if ": error: " in line]
    return {name: [rest for head, _, rest in lines if Path(head).name == name] for name in sources}


# --- encoder.py -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    source = (EXAMPLES / "encoder.py").read_text(encoding="utf-8")
    wrong = {f"wrong{i}": spoilt(source, mistake)[0] for i, mistake in enumerate(ENCODER)}
    return checked(tmp_path_factory.mktemp("encoder"), {"right": source, **wrong})


def test_encoder_is_proved(encoder: dict[str, list[str]]) -> None:
    assert encoder["right"] == []


@pytest.mark.parametrize("number", range(len(ENCODER)))
def test_mistake_in_encoder_is_found(encoder: dict[str, list[str]], number: int) -> None:
    mistake = ENCODER[number]
    _, line = spoilt((EXAMPLES / "encoder.py").read_text(encoding="utf-8"), mistake)
    errors = encoder[f"wrong{number}"]
    assert any(e.startswith(f"{line}:") and mistake.error in e for e in errors), (line, mistake, errors)


# --- digits.py --------------------------------------------------------------------------------------------------------

# Each width, axis and dtype, changed in turn.
DIGITS = (
    ("nn.Linear(64, 128,", "nn.Linear(63, 128,"),
    ("nn.Linear(64, 128,", "nn.Linear(64, 127,"),
    ("nn.BatchNorm1d(128)", "nn.BatchNorm1d(129)"),
    ("nn.Linear(128, 96,", "nn.Linear(127, 96,"),
    ("nn.Linear(128, 96,", "nn.Linear(128, 95,"),
    ("nn.Linear(96, 10,", "nn.Linear(97, 10,"),
    ("nn.Linear(96, 10,", "nn.Linear(96, 11,"),
    ("pick(images: Tensor[F32, N, L[64]]", "pick(images: Tensor[F32, N, L[65]]"),
    ("pick(images: Tensor[F32, N, L[64]]", "pick(images: Tensor[st.F64, N, L[64]]"),
    ("labels: Tensor[I64, N],", "labels: Tensor[I64, N, N],"),
    ("labels: Tensor[I64, N],", "labels: Tensor[st.I32, N],"),
    ("places: Tensor[I64, B]", "places: Tensor[st.I32, B]"),
    ("__call__(self, x: Tensor[F32, B, L[64]]", "__call__(self, x: Tensor[F32, B, L[66]]"),
    ("__call__(self, x: Tensor[F32, B, L[64]]", "__call__(self, x: Tensor[st.F64, B, L[64]]"),
    ("-> Tensor[F32, B, L[10]]:", "-> Tensor[F32, B, L[9]]:"),
    ("-> Tensor[F32, B, L[10]]:", "-> Tensor[st.F64, B, L[10]]:"),
    ("training(self, x: Tensor[F32, B, L[64]]", "training(self, x: Tensor[F32, B, L[65]]"),
    ("training(self, x: Tensor[F32, B, L[64]]", "training(self, x: Tensor[st.F64, B, L[64]]"),
    ("tuple[Tensor[F32, B, L[10]], Self]", "tuple[Tensor[F32, B, L[9]], Self]"),
    ("tuple[Tensor[F32, B, L[10]], Self]", "tuple[Tensor[st.F64, B, L[10]], Self]"),
    ("hidden.relu())", "hidden.relu().mT)"),
    ("accuracy(scores: Tensor[F32, B, L[10]]", "accuracy(scores: Tensor[F32, B, L[11]]"),
    ("accuracy(scores: Tensor[F32, B, L[10]]", "accuracy(scores: Tensor[st.F64, B, L[10]]"),
    ("labels: Tensor[I64, B]) -> Scalar", "labels: Tensor[st.I32, B]) -> Scalar"),
    ("argmax(axis=1)", "argmax(axis=0)"),
    ("argmax(axis=1)", "argmax(axis=2)"),
    (".astype(F32).mean()", ".astype(I64).mean()"),
    ("st.tensor(pixels, dtype=F32)", "st.tensor(pixels, dtype=st.F64)"),
    ("st.tensor(targets, dtype=I64)", "st.tensor(targets, dtype=F32)"),
)


def changed(number: int) -> str:
    """digits.py with one change, and a size of batches that is no width."""
    source = (EXAMPLES / "digits.py").read_text(encoding="utf-8").replace("BATCH = 64", "BATCH = 59")
    old, new = DIGITS[number]
    assert old in source
    return source.replace(old, new, 1)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    folder = tmp_path_factory.mktemp("digits")
    wrong = {f"changed{i}": changed(i) for i in range(len(DIGITS))}
    right = (EXAMPLES / "digits.py").read_text(encoding="utf-8")
    return folder, checked(folder, {"right": right, **wrong})


def raised(path: Path, out: Path) -> tuple[int, str]:
    """The line of the module that an epoch of training fails in, and the text of the error."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look their modules up
    try:
        spec.loader.exec_module(module)
        module.whole(0, 1, out, False)
    except (ValueError, TypeError) as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        assert lines[-1] is not None
        return lines[-1], str(error)
    finally:
        del sys.modules[path.stem]
    raise AssertionError("it ran")


def in_symbols(text: str) -> re.Pattern[str]:
    """What the run time may say where mypy says this: any number for a symbol."""
    sizes = re.escape(text.replace(" and ", " != ").replace(" are not known to be equal", ""))
    return re.compile(re.sub(r"\\\?|\bB\b", r"(\\d+|B)", sizes))


def test_digits_is_proved(digits: tuple[Path, dict[str, list[str]]]) -> None:
    source = (EXAMPLES / "digits.py").read_text(encoding="utf-8")
    assert digits[1]["right"] == []
    assert "Any" not in source
    assert len(set(re.findall(r"nn\.Linear\((\d+), (\d+)", source)[0])) == 2


@pytest.mark.parametrize("number", range(len(DIGITS)))
def test_mypy_and_the_run_time_say_the_same_of_a_change(
    digits: tuple[Path, dict[str, list[str]]], tmp_path: Path, number: int
) -> None:
    folder, errors = digits
    line, text = raised(folder / f"changed{number}.py", tmp_path)
    said = [e.partition(": error: ")[::2] for e in errors[f"changed{number}"]]
    # A wrong result is raised where the function was called; mypy names the line that returns it.
    here = [t for place, t in said if place.startswith(f"{line}:") or "the result" in t]
    plain = text.replace(" and ", " != ")
    assert any(in_symbols(t.removesuffix("  [shape]")).fullmatch(plain) for t in here), (line, text, said)
