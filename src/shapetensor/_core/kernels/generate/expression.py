"""Scalar code of one element: the part of a kernel that the layout of its operands does not touch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ...dtypes import F32, AnyDType
from .. import vector

_NAME = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d*)?(?:e[+-]?\d+)?(?![\w.])")
_SLOW = ("math.sqrt", "**", "//", "%", " / ")  # what costs several times as much as a sum
_SLOW_WEIGHT = 4


class Expression(NamedTuple):
    """What one element of the result is, in the names of the inputs.

    Attributes:
        inputs: one name an operand.
        lines: intermediate values in order, (name, text).
        result: text of the value that is stored.
    """

    inputs: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    result: str

    @property
    def texts(self) -> tuple[str, ...]:
        return (*(text for _, text in self.lines), self.result)

    def weight(self) -> int:
        """How much one element costs, in additions, roughly: what decides whether threads pay."""
        slow = sum(text.count(token) for text in self.texts for token in _SLOW)
        return len(self.texts) + _SLOW_WEIGHT * (slow + len(functions(self.texts)))


def functions(texts: Iterable[str]) -> list[str]:
    """The vector functions that these texts call."""
    called = {name for text in texts for name in re.findall(r"(?<![\w.])(\w+)\(", text)}
    return sorted(called & vector.FUNCTIONS)


def names(text: str) -> set[str]:
    """The names that stand alone in a text."""
    return set(_NAME.findall(text))


def rename(text: str, table: Mapping[str, str]) -> str:
    """The text with each name that stands alone (not `math.exp`) replaced."""
    return _NAME.sub(lambda m: table.get(m[0], m[0]), text)


def typed(text: str, dtype: AnyDType) -> str:
    """The text with its numbers in float32 where that is computed in: a plain literal widens what it meets."""
    return _NUMBER.sub(lambda m: f"np.float32({m[0]})", text) if dtype is F32 else text


def compose(inputs: Sequence[str], steps: Sequence[tuple[Expression, Sequence[str]]]) -> Expression:
    """One expression of several: step i takes inputs and the results `t0` to `t{i-1}` of earlier steps by name."""
    lines: list[tuple[str, str]] = []
    for i, (step, operands) in enumerate(steps):
        table = dict(zip(step.inputs, operands, strict=True)) | {name: f"t{i}_{name}" for name, _ in step.lines}
        lines += [(table[name], rename(text, table)) for name, text in step.lines]
        lines.append((f"t{i}", rename(step.result, table)))
    return Expression(tuple(inputs), tuple(lines[:-1]), lines[-1][1])
