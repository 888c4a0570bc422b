"""What an error of the library becomes in mypy's output."""

from __future__ import annotations

from mypy.errorcodes import ErrorCode
from mypy.nodes import ConditionalExpr, Expression

SHAPE = ErrorCode("shape", "Check the shapes and dtypes of tensors, and the options of calls", "shapetensor")
_ADVICE = ("did you mean", "use ", "write ")


def split(text: str) -> tuple[str, str]:
    """What is wrong, and what to write instead, where the text ends with that."""
    sentence, _, advice = text.rpartition("; ")
    return (sentence, advice) if sentence and advice.startswith(_ADVICE) else (text, "")


def is_choice(e: Expression | None) -> bool:
    """Whether an expression is a choice that is written in place.

    The type of a name may be narrowed by a test that mypy does not follow, such as one of `x.ndim`.
    """
    return isinstance(e, ConditionalExpr)
