"""The mistakes that newcomers make, and what exactly they are told: operation, shapes, axis, the way out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import shapetensor as st
from shapetensor import nn

NAMES: dict[str, Any] = {
    "st": st,
    "nn": nn,
    "np": np,
    "x": st.ones((2, 3)),
    "v": st.tensor([1, 2, 3]),
    "key": st.random.key(0),
}
# What they did, the line they wrote, the error and its text.
MISTAKES: list[tuple[str, str, str, str]] = [
    (
        "multiplies matrices whose inner sizes differ",
        "x @ st.ones((2, 4))",
        "ShapeError",
        "matmul: (2, 3) @ (2, 4): inner dimensions differ: 3 != 2",
    ),
    (
        "forgets to transpose the weight",
        "x @ st.ones((4, 3))",
        "ShapeError",
        "matmul: (2, 3) @ (4, 3): inner dimensions differ: 3 != 4; did you mean `w.mT` with shape (3, 4)?",
    ),
    (
        "multiplies a matrix with a vector of the wrong length",
        "x @ st.ones(2)",
        "ShapeError",
        "matmul: (2, 3) @ (2,): inner dimensions differ: 3 != 2",
    ),
    (
        "multiplies with `@` by a number",
        "x @ 2.0",
        "ShapeError",
        "matmul: (2, 3) @ (): a scalar has no axes to multiply along: use x * w",
    ),
    (
        "adds a column as a row",
        "x + st.ones(2)",
        "ShapeError",
        "add: shapes (2, 3) and (2,) do not broadcast: axis -1: 3 != 2",
    ),
    (
        "mixes NumPy arrays and tensors",
        "x + np.ones((2, 3))",
        "DTypeError",
        "add: numpy.ndarray is not a Tensor: convert it with st.tensor(...) or st.from_numpy(...)",
    ),
    (
        "names an axis that is not there",
        "x.sum(axis=2)",
        "ShapeError",
        "sum: axis 2 is out of range for rank 2 (valid: -2..1); the shape is (2, 3)",
    ),
    (
        "reshapes to another number of elements",
        "x.reshape((4, 2))",
        "ShapeError",
        "reshape: (2, 3) has 6 elements, (4, 2) wants 8",
    ),
    (
        "squeezes an axis that is not 1",
        "x.squeeze(0)",
        "ShapeError",
        "squeeze: axis 0 of (2, 3) has size 2, not 1",
    ),
    (
        "puts tensors of different sizes together",
        "st.concat([x, st.ones((2, 2))])",
        "ShapeError",
        "concat: operands 0 and 1, (2, 3) and (2, 2), differ off axis 0: axis 1: 3 != 2",
    ),
    (
        "stacks tensors of different shapes",
        "st.stack([x, st.ones((2, 2))])",
        "ShapeError",
        "stack: operand 1 has shape (2, 2), operand 0 (2, 3): they must be one shape",
    ),
    (
        "transposes a vector",
        "v.T",
        "ShapeError",
        "T: (3,) has 1 axes, not 2: use x.mT or x.permute_dims(...)",
    ),
    (
        "assigns to an element",
        "x[0] = 1.0",
        "TypeError",
        "tensors are immutable: for a changed copy use x.at[key].set(value), or st.where(condition, value, x)",
    ),
    (
        "picks by a mask",
        "x[x > 0]",
        "DTypeError",
        "a Bool tensor as index has a result whose shape depends on data: use st.where(mask, x, other)",
    ),
    (
        "picks by a list",
        "x[[0, 1]]",
        "IndexError",
        "index 0 is of type list: use ints, slices, None, '...' and integer tensors such as "
        "st.tensor([0, 2]), or x.take(indices, axis=0), or st.where(mask, x, other)",
    ),
    (
        "picks an element that is not there",
        "x[2]",
        "IndexError",
        "index 2 is out of range for axis 0 of shape (2, 3)",
    ),
    (
        "picks with too many indices",
        "x[0, 0, 0]",
        "IndexError",
        "3 indices for a tensor of 2 axes, shape (2, 3)",
    ),
    (
        "takes rows that are not there",
        "x[st.tensor([0, 2])]",
        "IndexError",
        "take: index 2 is out of range for axis 0 of size 2",
    ),
    (
        "asks whether a tensor is true",
        "bool(x > 0)",
        "ShapeError",
        "bool: a tensor of shape (2, 3) has 6 elements, not 1: write x.any() or x.all(), and & | ~ for and, or, not",
    ),
    (
        "joins conditions with `and`",
        "(x > 0) and (x < 2)",
        "ShapeError",
        "bool: a tensor of shape (2, 3) has 6 elements, not 1: write x.any() or x.all(), and & | ~ for and, or, not",
    ),
    (
        "joins numbers with `&`",
        "v & 1",
        "DTypeError",
        "logical_and: I64 is not Bool: compare it with something first, as in x != 0",
    ),
    (
        "asks for the number in a tensor of many",
        "float(x)",
        "ShapeError",
        "item: a tensor of shape (2, 3) has 6 elements, not 1",
    ),
    (
        "takes the mean of integers",
        "v.mean()",
        "DTypeError",
        "mean: I64 has no exact mean: write x.astype(F32).mean(...)",
    ),
    (
        "raises integers to a negative power",
        "v ** -1",
        "ValueError",
        "pow: I64 to the power -1 is no integer: write x ** -1.0 for F32, or x.astype(F64) ** -1",
    ),
    (
        "subtracts booleans",
        "(x > 0) - (x < 1)",
        "DTypeError",
        "sub: Bool has no such arithmetic: write x.astype(I32) or F32 first",
    ),
    (
        "computes in half precision",
        "x.astype(st.F16) + 1.0",
        "DTypeError",
        "add: F16 is for storage only: write x.astype(F32) first",
    ),
    (
        "calls the class",
        "st.Tensor([1.0, 2.0])",
        "TypeError",
        "Tensor is not called: use st.tensor(data), st.zeros(shape) or st.from_numpy(array)",
    ),
    (
        "uses torch's name of a function",
        "st.cat([x, x])",
        "AttributeError",
        "module 'shapetensor' has no attribute 'cat': did you mean 'concat'?",
    ),
    (
        "uses torch's name of a method",
        "x.index_select(0, v)",
        "AttributeError",
        "Tensor has no attribute 'index_select': did you mean 'take'?",
    ),
    (
        "asks for a device that there is not",
        "x.to('gpu')",
        "DeviceError",
        "there is no device 'gpu': this version has 'cpu' and 'cuda:0', 'cuda:1', ...",
    ),
    (
        "gives a layer the wrong width",
        "nn.Linear(4, 2, key=key)(x)",
        "ShapeError",
        "Linear: x has shape (2, 3), its last axis should be in_features=4",
    ),
    (
        "gives labels beyond the classes",
        "st.losses.cross_entropy(x, st.tensor([0, 3]))",
        "IndexError",
        "cross_entropy: label 3 of row 1 is no class of 0 to 2",
    ),
    (
        "differentiates something that is no scalar",
        "st.grad(lambda a: a * 2.0)(x)",
        "ShapeError",
        "grad: the loss has shape (2, 3), not (): take .sum() or .mean() of it",
    ),
    (
        "differentiates integers",
        "st.grad(lambda a: a.sum())(v)",
        "ValueError",
        "grad: there is no floating tensor to differentiate with respect to",
    ),
    (
        "calls backward without a tape",
        "x.sum().backward(wrt=x)",
        "ValueError",
        "backward: a tensor in wrt is not on a tape with the others: take them from one st.traced(...)",
    ),
    (
        "looks at a value inside a compiled function",
        "st.compile(lambda a: a if a.sum() > 0 else -a)(x)",
        "CompileError",
        "<lambda>: a tensor on recorder has no value to look at while the function is being transformed: "
        "keep it a tensor, or return it, at script.py:1",
    ),
    (
        "takes the largest of nothing",
        "st.zeros((0, 3)).max(axis=0)",
        "ShapeError",
        "max: axis 0 of (0, 3) is empty: there is no largest element",
    ),
    (
        "adds to bytes beyond their range",
        "v.astype(st.U8) + 300",
        "OverflowError",
        "add: 300 is out of range for U8 (0 to 255)",
    ),
    (
        "splits unevenly",
        "st.split(x, 2, axis=1)",
        "ShapeError",
        "split: axis 1 of (2, 3) has size 3, which 2 equal parts do not make: say where to cut, as in "
        "st.split(x, [1, 3])",
    ),
    (
        "uses float indices",
        "x[st.ones(2)]",
        "DTypeError",
        "take: indices are integers, not F32: write indices.astype(I64)",
    ),
    (
        "counts up to a tensor",
        "st.arange(v)",
        "DTypeError",
        "arange: (0, Tensor[I64, 3]([1, 2, 3]), 1) are not all Python numbers: the size of a tensor "
        "cannot depend on tensors",
    ),
    (
        "loads a state dict with another shape",
        "nn.Linear(3, 2, key=key).load_state_dict({'weight': st.ones((2, 4)), 'bias': st.ones(2)})",
        "ShapeError",
        "load_state_dict of Linear: 'weight' is Tensor[F32, 2, 4], the module has Tensor[F32, 2, 3]",
    ),
]


@pytest.mark.parametrize(("did", "code", "error", "text"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_what_they_are_told(did: str, code: str, error: str, text: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        exec(compile(code, "script.py", "exec"), dict(NAMES))
    assert type(caught.value).__name__ == error
    assert str(caught.value) == text


def test_there_are_thirty() -> None:
    assert len(MISTAKES) >= 30
    assert len({did for did, *_ in MISTAKES}) == len({code for _, code, *_ in MISTAKES}) == len(MISTAKES)
