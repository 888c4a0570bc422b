"""mypy reveals the shape that the run time makes, and reports its mistakes in the same words: for every public call.

The calls are those of tests/core/calls.py and the wrong samples of the ops; mypy checks them all in one run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

import shapetensor as st
from shapetensor._core.dtypes import F32, AnyDType
from shapetensor._core.op import OPS
from tests.core.calls import CASES, EXCEPTIONS, WRONG
from tests.core.test_abstract import public_functions, real
from tests.ops.catalogue import CATALOGUE
from tests.ops.sample import Wrong
from tests.typing.every_call import (
    SPELLINGS,
    NotPublic,
    Page,
    Written,
    complaint,
    others,
    put_in,
    real_values,
    spelled,
    write,
    write_wrong,
)
from tests.typing.harness import CONFIG, Said, run_mypy, said

MISTAKES = (st.DTypeError, ValueError, IndexError, OverflowError)
BT: tuple[tuple[str, ...], AnyDType] = (("B", "T"), F32)
ROW: tuple[tuple[str, ...], AnyDType] = (("T",), F32)
TOTAL = "def f(v: Tensor[F32, B, T]) -> Tensor[F32, B]:\n    return v.sum(axis=1)"
# Functions that nobody can run without elements, and functions of functions where mypy knows the types.
OWN = [
    Written("tensor-0", {}, ("st.tensor([[1.0, 2.0]])", "st.tensor(3)", "st.tensor([True, False])")),
    Written("asarray-0", {"x": BT}, ("st.asarray([[1, 2]])", "st.asarray(x)")),
    Written("Tensor.__deepcopy__-0", {"x": BT}, ("copy.deepcopy(x)",)),
    Written(
        "compile-0",
        {"x": BT, "y": ROW},
        ("fast(x, y)",),
        setup=("@st.compile\ndef fast(v: Tensor[F32, B, T], w: Tensor[F32, T]) -> Tensor[F32, B]:\n    return v @ w",),
    ),
    Written("checked-0", {"x": BT}, ("f(x)",), setup=(f"@st.checked\n{TOTAL}",)),
    Written("vjp-named", {"x": BT, "g": (("B",), F32)}, ("st.vjp(f, x)[0]", "st.vjp(f, x)[1](g)"), setup=(TOTAL,)),
    Written("jvp-named", {"x": BT, "d": BT}, ("st.jvp(f, (x,), (d,))",), setup=(TOTAL,)),
]

# Where mypy can say less than a real run knows: what it says of a call with operands of these axes, and why.
LAMBDA = "mypy does not know what the lambda is called with"
LENGTH = "len() is mypy's own"
IMPRECISE: dict[str, tuple[str, str]] = {
    "len(x) of 2 D": ("int", LENGTH),
    "st.vjp(lambda v: v.sum(axis=1), x)[1](g) of B T; B": ("Any", LAMBDA),
    "st.jvp(lambda v: (v * v).mean(axis=0), (x,), (d,)) of B T; B T": ("tuple[Any, ...]", LAMBDA),
    "st.vmap(lambda v: (v * y).sum())(x) of B T; T": ("Any", LAMBDA),
    "st.vmap(lambda v: v.exp(), in_axes=1, out_axes=1)(x) of T B": ("Any", LAMBDA),
}
ORDER = "depends on which of two sizes is larger"
VALUE = "the value of an int that is a symbol is an int: variables may change"
IMPRECISE_SYMBOLS: dict[str, tuple[str, str]] = IMPRECISE | {
    "st.split(x, [1, 4]) of T B": ("tuple[Tensor[F32, Any, 2], Tensor[F32, Any, 2], Tensor[F32, 2, 2]]", ORDER),
    "x[:, :3] of B T": ("Tensor[F32, 2, Any]", ORDER),
    "x[:, -2:] of B T": ("Tensor[F32, 2, Any]", ORDER),
    "x[:, 3::-1] of B T": ("Tensor[F32, 2, Any]", ORDER),
    "st.arange(0.0, n_T) of ": ("Tensor[F32, Any]", "a float of a symbol is unknown"),
    "st.arange(0, n_T, n_C) of ": ("Tensor[I64, Any]", "a step of a symbol leaves the length unknown"),
    "x.shape of B T 3": ("tuple[int, int, 3]", VALUE),
    "x.size of B T 3": ("int", VALUE),
    "x.nbytes of B T 3": ("int", VALUE),
}

# Mistakes that mypy does not report.
ELEMENTS = "needs the elements"
NUMPY = "numpy's own overload takes anything that is like an array"
KIND = "of a number that is an operand only the kind counts"
SILENT = {
    "st.grad(lambda v: v)(x)": LAMBDA,
    "np.ones((2, 2)) @ st.ones((2, 2))": NUMPY,
    **{f"byte {sign} np.ones(2)": NUMPY for sign in ("+", "-", "*", "//", "%", "**")},
    **{f"byte {sign} 300": KIND for sign in ("+", "-", "*", "//", "%", "**")},
    "st.full(3, 256, dtype=U8)": KIND,
    "st.full((), -129, dtype=I8)": KIND,
    "st.random.fold_in(key, 2 ** 63)": KIND,
    "st.arange(0.0, float('inf'))": "mypy does not know what float() makes",
    "st.ones((0, 2)).take(st.tensor([0]), axis=0)": ELEMENTS,
    "st.ones((3, 0)).take(st.tensor([0, 7, 1]), axis=0)": ELEMENTS,
    "x.take(st.tensor([0, 3, 1]), axis=0)": ELEMENTS,
    "x.take(st.tensor([0, -4, 1]), axis=0)": ELEMENTS,
}
# mypy's own check of the arguments, here of overloads, comes first and says so in its words.
OWN_WORDS = {
    "losses.cross_entropy(x0, 3)",
    "losses.cross_entropy(x0, 0.5)",
    "losses.cross_entropy(x0, True)",
    "st.full(2, st.ones(()))",
    "st.full(2, '3')",
    "losses.mse_loss(x, y, reduction='max')",
    "st.matmul(x0, 0.5)",
    "st.linear(x0, x1, 0.5)",
    "st.where(3, x1, x2)",
    "st.where(0.5, x1, x2)",
}

# Ops that no public call runs with operands that are wrong for them.
NOT_PUBLIC = {
    **dict.fromkeys((name for name in OPS if name.endswith("_backward")), "only gradients call it"),
    **dict.fromkeys((name for name in OPS if name.endswith("_update")), "only optimizers call it"),
    **dict.fromkeys(("standardize", "layer_norm"), "only nn.LayerNorm calls it"),
    "softplus": "only losses call it, on what they have computed",
    "to_device": "any tensor is right for it",
}
# Wrong samples of ops with operands that the public function takes, converts, or cannot be given: by their texts.
NOT_WRONG = [
    ("arange", "*storage only*", "computed in another dtype and converted"),
    ("ceil floor round", "*: [IU]* has no fractions*", "integers stay as they are"),
    ("ceil floor round", "*: [IU]* is for storage only*", "integers stay as they are"),
    ("matmul", "*(3,) has fewer than 2 axes*", "a vector gets an axis"),
    ("scatter_set", "*should have the shape (2, 3)", "updates are broadcast"),
    ("scatter_set", "*the updates are*", "updates are converted where nothing is lost"),
    ("scatter_set", "*the index is a Python number*", "an int is an index of its own"),
    ("scatter_set", "*storage only*", "updates are converted"),
]
NOT_SPELLED = [
    ("scatter_add scatter_set scatter_add_along_axis take_along_axis", "*: index * is out of range*", ELEMENTS),
    ("cross_entropy", "*label* is no class of*", ELEMENTS),
]

Calls = dict[str, list[Written]]


def right(*, symbols: bool) -> Calls:
    """The calls that work, by the public name."""
    found = {name: [write(name, i, c, symbols) for i, c in enumerate(cases)] for name, cases in CASES.items()}
    for call in OWN:
        found.setdefault(call.id.rpartition("-")[0], []).append(call)
    return found


def wrong_samples() -> tuple[Calls, dict[str, list[str]]]:
    """The wrong samples of each op as public calls, and the texts of those that have none."""
    found: Calls = {}
    missing: dict[str, list[str]] = {}
    for name, samples in CATALOGUE.items():
        found[name] = []
        for i, sample in enumerate(samples.wrong):
            try:
                found[name].append(write_wrong(name, i, sample))
            except NotPublic:
                missing.setdefault(name, []).append(sample.text)
    return found, missing


INTS, SYMBOLS = right(symbols=False), right(symbols=True)
TABLE = [write("wrong", i, c, symbols=False) for i, c in enumerate(WRONG)]
SAMPLES, UNSPELLED = wrong_samples()


class Answers:
    """What mypy says of each call."""

    def __init__(self, pages: Mapping[str, Page], messages: Mapping[str, Mapping[int, list[Said]]]) -> None:
        self._pages, self._messages = pages, messages

    def revealed(self, page: str, call: Written) -> list[str]:
        """The type of each result, as SIZES make it."""
        return [put_in(s.text) for line in self._pages[page].lines[call.id] for s in self._said(page, line, "R")]

    def errors(self, page: str, call: Written) -> list[Said]:
        """Errors and notes, wherever in the call."""
        return [s for line in self._pages[page].whole[call.id] for s in self._said(page, line, "EN")]

    def _said(self, page: str, line: int, kinds: str) -> list[Said]:
        return [s for s in self._messages.get(f"{page}.py", {}).get(line, []) if s.kind in kinds]


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """One run of mypy on all calls."""
    folder = tmp_path_factory.mktemp("every_call")
    pages = {"ints": Page(), "symbols": Page(symbols=True), "table": Page(), "samples": Page()}
    several = (("ints", INTS), ("symbols", SYMBOLS), ("table", {"": TABLE}), ("samples", SAMPLES))
    for page, calls in several:
        for call in (c for of_name in calls.values() for c in of_name):
            pages[page].add(call)
        (folder / f"{page}.py").write_text(pages[page].text, encoding="utf-8")
    (folder / "mypy.ini").write_text(CONFIG)
    options = ["--config-file", str(folder / "mypy.ini"), "--cache-dir", str(folder / "cache"), "--show-traceback"]
    output = run_mypy(*options, "--python-version=3.11", *(str(folder / f"{page}.py") for page in pages))
    assert (output.status, output.stderr) == (1, "")
    assert "INTERNAL ERROR" not in output.stdout
    return Answers(pages, said(output.stdout))


def tensors(call: Written) -> dict[str, Any]:
    return {name: real(*operand) for name, operand in call.operands.items()}


# --- what works -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", INTS)
def test_revealed_shapes_are_those_of_the_run_time(name: str, answers: Answers) -> None:
    differ = [d for call in INTS[name] for d in differences("ints", call, IMPRECISE, answers)]
    assert not differ, "\n" + "\n".join(differ)


@pytest.mark.parametrize("name", SYMBOLS)
def test_revealed_symbols_are_right_once_sizes_are_put_in(name: str, answers: Answers) -> None:
    differ = [d for call in SYMBOLS[name] for d in differences("symbols", call, IMPRECISE_SYMBOLS, answers)]
    assert not differ, "\n" + "\n".join(differ)


def differences(page: str, call: Written, imprecise: Mapping[str, tuple[str, str]], answers: Answers) -> Iterator[str]:
    """Results of which mypy says something else than a real run, and errors where there are none."""
    for found in answers.errors(page, call):
        yield f"{call}: {found}"
    revealed = answers.revealed(page, call)
    for result, value, text in zip(call.results, real_values(call, tensors(call)), revealed, strict=True):
        known = imprecise.get(f"{result} of {axes(call)}")
        wanted = spelled(value) if known is None else known[0]
        if text != wanted:
            yield f"{call.id}: {result} of {axes(call)}: mypy says {text}, not {wanted}"


def axes(call: Written) -> str:
    """The axes of the operands, as the table writes them."""
    return "; ".join(" ".join(names) for names, _ in call.operands.values())


def test_every_public_function_is_called() -> None:
    called = {name for name, calls in INTS.items() if calls}
    assert called == set(SYMBOLS)
    assert set(public_functions()) - called - set(EXCEPTIONS) == set()


def test_exceptions_are_of_calls_that_there_are() -> None:
    ints, symbols = (
        {f"{result} of {axes(call)}" for of_name in calls.values() for call in of_name for result in call.results}
        for calls in (INTS, SYMBOLS)
    )
    wrong = {call.results[0] for calls in (TABLE, *SAMPLES.values()) for call in calls}
    assert set(IMPRECISE) <= ints
    assert set(IMPRECISE_SYMBOLS) <= symbols
    assert set(SILENT) | OWN_WORDS <= wrong


# --- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", [pytest.param(call, id=call.results[0]) for call in TABLE])
def test_mistakes_have_one_text(call: Written, answers: Answers) -> None:
    assert list(disagreements("table", call, answers)) == []


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_wrong_samples_have_one_text(name: str, answers: Answers) -> None:
    differ = [d for call in SAMPLES[name] for d in disagreements("samples", call, answers)]
    assert not differ, "\n" + "\n".join(differ)


def disagreements(page: str, call: Written, answers: Answers) -> Iterator[str]:
    """What mypy says otherwise than the run time, in which the call fails."""
    messages, error = answers.errors(page, call), mistake_of(call)
    source, text = call.results[0], complaint(messages)
    if isinstance(error, st.DeviceError):
        return  # which devices there are is no question for mypy
    if error is None:
        if not any(fits(call, pattern) for pattern in NOT_WRONG):
            yield f"{call}: the run time takes it"
    elif not isinstance(error, MISTAKES):
        yield f"{call}: not spelled as meant: {error!r}"
    elif source in OWN_WORDS:
        if text or not any(others(messages)):
            yield f"{call}: mypy says {text!r}, no words of its own"
    elif text != ("" if source in SILENT else str(error)):
        yield f"{source} of {axes(call)}: mypy says {text!r}, the run time {error!r}"


def mistake_of(call: Written) -> Exception | None:
    """What the run time raises."""
    try:
        real_values(call, tensors(call))
    except Exception as error:
        return error
    return None


def fits(call: Written, pattern: tuple[str, str, str]) -> bool:
    """Whether the sample behind a call is one of these."""
    name, _, number = call.id.rpartition("-")
    return name in CATALOGUE and _fits(name, CATALOGUE[name].wrong[int(number)].text, pattern)


def _fits(name: str, text: str, pattern: tuple[str, str, str]) -> bool:
    return name in pattern[0].split() and fnmatchcase(text, pattern[1])


def test_every_op_has_a_spelling() -> None:
    assert set(OPS) == set(SPELLINGS) | set(NOT_PUBLIC)
    assert not set(SPELLINGS) & set(NOT_PUBLIC)
    for name in SPELLINGS:
        assert SAMPLES[name] or not any(isinstance(sample, Wrong) for sample in CATALOGUE[name].wrong)


def test_wrong_samples_without_a_spelling_are_known() -> None:
    rest = [(name, text) for name, texts in UNSPELLED.items() if name not in NOT_PUBLIC for text in texts]
    assert [item for item in rest if not any(_fits(*item, pattern) for pattern in NOT_SPELLED)] == []
    assert all(any(_fits(*item, pattern) for item in rest) for pattern in NOT_SPELLED)


def test_samples_that_the_run_time_takes_are_known() -> None:
    every = [call for calls in SAMPLES.values() for call in calls]
    for pattern in NOT_WRONG:
        assert any(fits(call, pattern) and mistake_of(call) is None for call in every), pattern
