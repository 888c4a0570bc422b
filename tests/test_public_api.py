"""The lock on the public surface: a name that is exported by accident becomes a promise."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import shapetensor as st
from shapetensor._core.dtypes import DTYPES

TEXT = """
Add BF16 Bool CompileError Cuda DType DTypeError DeviceError F16 F32 F64 Float FloorDiv I32 I64 I8 Integer Module Mul
Number ShapeError ShapetensorWarning Sub Tensor U32 U8 __version__ abs add all any arange argmax argmin argsort
asarray astype bfloat16 bool_ broadcast_to ceil checked clear_caches clip compile concat cos cumulative_sum divide
equal erf exp expand_dims expm1 eye flip float16 float32 float64 floor floor_divide from_dlpack from_numpy full
full_like gelu get_num_threads grad greater greater_equal int32 int64 int8 io isfinite isinf isnan jvp less less_equal
linear linspace log log1p log2 log_softmax logical_and logical_not logical_or logical_xor logsumexp losses matmul
matrix_transpose max maximum mean min minimum moveaxis multiply negative nn not_equal one_hot ones ones_like optim
outer pad permute_dims pow prod random relu remainder repeat reshape roll round rsqrt scatter_add
scatter_add_along_axis set_num_threads sigmoid sign silu sin softmax sort split sqrt square squeeze stack std subtract
sum take take_along_axis tanh tensor tensordot testing tile to_device traced tril triu typechecker uint32 uint8 unstack
value_and_grad var vjp vmap where zeros zeros_like
"""
NAMES = TEXT.split()
MODULES = ["io", "losses", "nn", "optim", "random", "testing"]
ROOT = Path(__file__).parent.parent


def test_exactly_these_names_are_public() -> None:
    assert sorted(st.__all__) == NAMES
    assert dir(st) == NAMES


def test_there_are_no_other_names_without_underscore() -> None:
    for name in st.__all__:  # loads the submodules, which then are attributes of the package
        getattr(st, name)
    internal = {"annotations", "autodiff", "cli", "doctor", "functions", "methods", "parallel"}
    internal |= {"mypy_plugin", "typecheck"}  # modules that users need not know
    imported = {"Any", "ModuleType", "TYPE_CHECKING", "import_module", "sys"}
    assert {name for name in vars(st) if not name.startswith("_")} - internal - imported <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_name_is_what_it_should_be(name: str) -> None:
    value = getattr(st, name)
    assert isinstance(value, ModuleType) == (name in MODULES)


def test_names_come_from_where_they_are_defined() -> None:
    for name, home in st._HOMES.items():
        value = getattr(st, name)
        assert value.__name__ == name
        # errors say `shapetensor` themselves, so that tracebacks print the public name
        assert value.__module__.removeprefix("shapetensor.").startswith((home, "shapetensor")), name


def test_array_api_names_of_dtypes() -> None:
    for dtype in DTYPES:
        name = {"bool": "bool_"}.get(dtype.name, dtype.name)
        assert getattr(st, name) is dtype


@pytest.mark.parametrize("first", ["tensor", "compile", "checked", "nn", "losses"])
def test_functions_win_against_modules_of_their_name(first: str) -> None:
    """`import shapetensor.tensor` sets an attribute of the package, which must not hide the function."""
    code = f"import shapetensor.{first}, shapetensor as st; print(*map(type, (st.tensor, st.compile, st.checked)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "<class 'function'> <class 'function'> <class 'function'>\n"


def test_star_import() -> None:
    namespace: dict[str, object] = {}
    exec("from shapetensor import *", namespace)
    assert set(NAMES) <= set(namespace)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("cat", "concat"), ("unsqueeze", "expand_dims"), ("array", "tensor"), ("softmx", "softmax"), ("jit", "compile")],
)
def test_wrong_names_are_answered_with_the_right_one(name: str, meant: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(st, name)
    assert str(caught.value) == f"module 'shapetensor' has no attribute {name!r}: did you mean {meant!r}?"


def test_a_name_like_no_other_has_no_suggestion() -> None:
    with pytest.raises(AttributeError, match=r"^module 'shapetensor' has no attribute 'qqqqq'$"):
        _ = st.qqqqq  # type: ignore[attr-defined]


def test_the_version_is_that_of_the_distribution() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert st.__version__ == project["version"]


def test_clear_caches_forgets_calls_and_memory() -> None:
    from shapetensor._core.apply import infer
    from shapetensor._core.buffers import POOL

    x = st.ones((3, 4)) + 1.0
    del x
    assert infer.cache_info().currsize > 0
    st.clear_caches()
    assert infer.cache_info().currsize == 0
    assert not any(POOL._free.values())
    assert (st.ones((3, 4)) + 1.0).tolist() == [[2.0] * 4] * 3
